"""The assertions of a promptfoo test, made ready for the scorer `assertions`: values rendered, files read, all checked.

What cannot be checked here is noted, and a `left-out` stands in its place, so that its row does not count as right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.interop.promptfoo_config import Skips, number
from scansion.interop.promptfoo_files import expand, is_program, load_value, named, read_text
from scansion.interop.promptfoo_providers import map_provider
from scansion.interop.promptfoo_templates import rendered
from scansion.scorers._assertions import ASKED, CHECKS, LEFT_OUT, SET, base_type, check, leaves
from scansion.types import Output

__all__ = ["Context", "from_text", "ready", "target_of"]

_SCHEMAS = frozenset({"is-json", "contains-json"})
_LEGACY = {"javascript:": "javascript", "fn:": "javascript", "eval:": "javascript", "python:": "python"}
_CELL = re.compile(r"((?:not-)?[a-z][a-z0-9:-]*?)(?:\((\d+(?:\.\d+)?)\))?(?::(.*))?", re.DOTALL)
_MEASURES = Output("", finish_reason="stop", data={"latency": 0.0, "cost_usd": 0.0})
_NAMES = frozenset({*CHECKS, *ASKED})
_TARGETS = ("equals", "contains", "icontains", "contains-any", "icontains-any")
_UNKNOWN = frozenset(
    {"is-sql", "contains-sql", "is-xml", "contains-xml", "is-html", "contains-html", "is-refusal", "javascript"}
    | {"python", "ruby", "webhook", "g-eval", "factuality", "model-graded-closedqa", "model-graded-factuality"}
    | {"answer-relevance", "classifier", "context-faithfulness", "context-recall", "context-relevance", "moderation"}
    | {"rouge-n", "bleu", "gleu", "meteor", "perplexity", "perplexity-score", "select-best", "max-score", "f-score"}
    | {"is-valid-function-call", "is-valid-openai-function-call", "is-valid-openai-tools-call", "tool-call-f1"}
    | {"conversation-relevance", "guardrails", "search-rubric", "pi", "human", "agent-rubric", "trace-span-count"}
)


class Context(Struct, frozen=True):
    """What assertions are made ready with: the test's values, the folder of its files, its grader, and the notes."""

    values: Mapping[str, Any]
    folder: Path
    skips: Skips
    grader: Any = None


def ready(assertion: Any, where: str, context: Context) -> dict[str, Any]:
    """An assertion as the scorer reads it; one that it cannot check is noted, and is a `left-out`."""
    if not isinstance(assertion, dict) or not assertion.get("type"):
        context.skips.add("an assertion without a type", where)
        return {"type": LEFT_OUT, "value": "an assertion without a type"}
    if assertion["type"] == LEFT_OUT:  # noted already
        return _left_out(assertion, str(assertion.get("value")), context)
    type = re.sub(r"^((?:not-)?similar):cosine$", r"\1", str(assertion["type"]))
    base, _ = base_type(type)
    if base not in _NAMES and type != SET:
        context.skips.add(f"{type} assertion", where)
        return _left_out(assertion, type, context)
    for name in ("transform", "contextTransform"):
        if assertion.get(name):
            context.skips.add(f"{type} assertion with a {name}", where)
            return _left_out(assertion, type, context)
    try:
        return _set(assertion, where, context) if type == SET else _made(type, base, assertion, where, context)
    except InputError as error:
        context.skips.add(f"{type} assertion ({str(error).removeprefix('assertions: ').removeprefix('json: ')})", where)
        return _left_out(assertion, type, context)


def _left_out(assertion: Mapping[str, Any], type: str, context: Context) -> dict[str, Any]:
    """What stands in the place of an assertion of that type, with its figures where they can be read."""
    found: dict[str, Any] = {"type": LEFT_OUT, "value": type}
    with suppress(InputError):
        found |= _figures(assertion, context)
    found.pop("threshold", None)
    return found


def _set(assertion: Mapping[str, Any], where: str, context: Context) -> dict[str, Any]:
    parts = assertion.get("assert")
    if not isinstance(parts, list) or not parts:
        raise InputError("it holds no assertion")
    made = [ready(part, where, context) for part in parts]
    return {"type": SET, **_figures(assertion, context), "assert": made}


def _figures(assertion: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The weight, the threshold and the metric, where they are given."""
    found: dict[str, Any] = {}
    for name in ("threshold", "weight"):
        if assertion.get(name) is not None:
            found[name] = number(assertion[name], f"its {name}")
    if assertion.get("metric"):
        found["metric"] = rendered(str(assertion["metric"]), context.values)
    return found


def _made(type: str, base: str, assertion: Mapping[str, Any], where: str, context: Context) -> dict[str, Any]:
    value = _value(assertion.get("value"), context)
    if base in _SCHEMAS and isinstance(value, str):
        from scansion.prompts.frontmatter import plain_yaml

        value = plain_yaml(value, "the schema") if value.strip() else None
    found: dict[str, Any] = {
        "type": type,
        **({} if value is None else {"value": value}),
        **_figures(assertion, context),
    }
    if base in ASKED:
        return {**found, **_grader(base, assertion, where, context)}
    with suppress(Unscored):
        check(_probe(base), found)
    return found


def _probe(base: str) -> Output:
    """An output on which an assertion shows whether it can be checked at all."""
    return Output("{}") if base in _SCHEMAS else _MEASURES


def _value(value: Any, context: Context) -> Any:
    """The value with its file read and its template filled."""
    path = named(value)
    if path is not None:
        if is_program(path):
            raise InputError("a program gives its value")
        files = expand(path, context.folder)
        if not files:
            raise InputError(f"no file {path}")
        plain = files[0].suffix.lower() in (".txt", ".md", "")
        return read_text(files[0]).strip() if plain else load_value(files[0])
    if isinstance(value, str):
        return rendered(value, context.values)
    if isinstance(value, list):
        return [_value(v, context) if isinstance(v, str) else v for v in value]
    return value


def _grader(base: str, assertion: Mapping[str, Any], where: str, context: Context) -> dict[str, str]:
    """The model that grades, where the assertion or its test names one."""
    if assertion.get("rubricPrompt"):
        context.skips.add("rubricPrompt (rubrics are put in Scansion's words)", where)
    given = assertion.get("provider") or context.grader
    kinds = ("text",) if base == "llm-rubric" else ("embedding",)
    if isinstance(given, dict) and "id" not in given and given.keys() & {"text", "embedding", "classification"}:
        given = next((given[k] for k in kinds if k in given), None)
    elif base == "similar" and given is context.grader and "embedding" not in str(given):
        given = None  # a grader that writes text cannot embed it
    if not given:
        return {}
    mapped = map_provider(given, where, context.skips)
    if mapped is None:
        raise InputError("its provider cannot be asked from here")
    return {"provider": mapped.spec}


def target_of(asserts: Sequence[Mapping[str, Any]]) -> Any:
    """The first text that an output must be or hold, by assertions as they stand; None where none says it."""
    flat = list(leaves(asserts))
    return next((one["value"] for type in _TARGETS for one in flat if one.get("type") == type and "value" in one), None)


def from_text(cell: str) -> dict[str, Any]:
    """The assertion that a cell of an `__expected` column states: `TYPE(THRESHOLD):VALUE`, or a text to equal."""
    cell = cell.strip()
    for start, type in _LEGACY.items():
        if cell.startswith(start):
            return {"type": type, "value": cell.removeprefix(start).strip()}
    if cell.startswith("grade:"):
        return {"type": "llm-rubric", "value": cell.removeprefix("grade:").strip()}
    if cell.startswith("file://") and is_program(cell):
        return {"type": "python" if ".py" in cell else "javascript", "value": cell}
    match = _CELL.fullmatch(cell)
    if match is None or base_type(match[1])[0] not in _NAMES | _UNKNOWN:
        return {"type": "equals", "value": cell}
    found: dict[str, Any] = {"type": match[1]}
    if match[3] is not None:
        found["value"] = match[3].strip()
    if match[2]:
        found["threshold"] = float(match[2])
    elif base_type(match[1])[0] in ("similar", "latency", "cost", "levenshtein"):
        found["threshold"] = 0.8 if "similar" in match[1] else 0.75
    return found
