"""Results that promptfoo has written (`promptfoo eval -o output.json`, .yaml or .jsonl) in our nouns.

Versions 3 (a list of results), 2 and 1 (a table) of the file are read. An example is known by its values, so that two
files of one test set pair; a test that was repeated is one example with several trials.
Source: promptfoo, output formats (https://www.promptfoo.dev/docs/configuration/outputs/), read from files it wrote.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.types import Example, Output, Score, Usage, canonical, hexdigest

if TYPE_CHECKING:
    from scansion.interop.foreign import ForeignOutcome, ForeignRun

__all__ = [
    "FINISHED",
    "PASS",
    "SCORE",
    "Asked",
    "Results",
    "could_not",
    "is_results",
    "open_results",
    "prompt_names",
    "provider_name",
    "read_promptfoo",
    "text_of",
    "usage_of",
]

PASS, SCORE = "pass", "score"
_JSON = re.compile(r"\s*\{\s*\"(?:evalId|results)\"\s*:")
_YAML = re.compile(r"^(?:evalId|results)\s*:", re.MULTILINE)
_HEAD = 65_536  # characters in which a file shows what it is
_ERROR = 2  # promptfoo's failureReason of what could not be done
FINISHED = {
    "stop": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
}


class Asked(Struct, frozen=True):
    """One result: the places of its prompt and test, the test, what came, and how it was found."""

    prompt: int
    test: int
    case: Mapping[str, Any]
    values: Mapping[str, Any]
    said: Mapping[str, Any]


class Results(Struct, frozen=True):
    """A file's results. `prompts` are its columns: raw text, label, provider of each; `templates` says whether the raw
    texts are the prompts' templates, which a bare list of results does not hold."""

    label: str
    prompts: list[dict[str, Any]]
    asked: list[Asked]
    templates: bool = True

    def ids(self) -> dict[int, tuple[str, int]]:
        """The example's id and the trial of each test, by the test's place.

        Tests that are equal are trials as far as all stand that often; one that stands oftener is several examples.
        """
        tests = {one.test: one for one in self.asked}
        kinds = {test: (_digest(one.values), _digest(one.case.get("assert"))) for test, one in tests.items()}
        demands: dict[str, set[str]] = {}
        for values, wanted in kinds.values():
            demands.setdefault(values, set()).add(wanted)
        named = {t: v if len(demands[v]) == 1 else hexdigest(v, w)[:12] for t, (v, w) in sorted(kinds.items())}
        trials = math.gcd(*Counter(named.values()).values())
        seen: Counter[str] = Counter()
        found: dict[int, tuple[str, int]] = {}
        for test, id in named.items():
            number, trial = divmod(seen[id], trials)
            found[test] = (f"{id}-{number + 1}" if number else id, trial)
            seen[id] += 1
        return found

    def names(self) -> list[str]:
        """What each column is called: its prompt and its provider."""
        prompts = prompt_names(self.prompts)
        return [f"{p} | {provider_name(c)}" for p, c in zip(prompts, self.prompts, strict=True)]


def _digest(value: Any) -> str:
    return hexdigest(canonical(value).decode())[:12]


def is_results(path: str | Path) -> bool:
    """Whether a file holds results of promptfoo, by its beginning."""
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in (".json", ".jsonl", ".yaml", ".yml") or not file.is_file():
        return False
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    if suffix == ".jsonl":
        line = head.partition("\n")[0]
        return '"promptIdx"' in line and '"testIdx"' in line
    if suffix == ".json":
        return _JSON.match(head) is not None and re.search(r"\"results\"\s*:\s*\{", head) is not None
    return _YAML.search(head) is not None and re.search(r"^results\s*:\s*$", head, re.MULTILINE) is not None


def open_results(path: str | Path) -> Results:
    """The results in a file. Raises InputError for a file that holds none."""
    file = Path(path)
    document = _document(file)
    if isinstance(document, list):
        return Results(str(path), _columns_of(document), list(_listed(document)), templates=False)
    results = document.get("results")
    if not isinstance(results, dict):
        raise InputError(f"{path}: no results of promptfoo in it; write them with promptfoo eval -o output.json")
    listed, table = results.get("results"), results.get("table")
    if isinstance(listed, list) and listed and all(isinstance(r, dict) and "promptIdx" in r for r in listed):
        columns = results.get("prompts")
        known = columns if isinstance(columns, list) else []
        prompts = known or _columns_of(listed)
        return _checked(Results(str(path), prompts, list(_listed(listed)), templates=bool(known)))
    if isinstance(table, dict) and isinstance(table.get("body"), list):
        head = table.get("head") or {}
        return _checked(Results(str(path), list(head.get("prompts") or []), list(_tabled(table))))
    raise InputError(f"{path}: neither a list of results nor a table is in it; was the evaluation empty?")


def _checked(results: Results) -> Results:
    """The results, each of which has its column. Raises InputError where one has not."""
    for one in results.asked:
        if not 0 <= one.prompt < len(results.prompts):
            raise InputError(
                f"{results.label}: a result is of prompt {one.prompt}, and there are {len(results.prompts)}"
            )
    if not results.asked:
        raise InputError(f"{results.label}: there is no result in it")
    return results


def _document(file: Path) -> Any:
    import msgspec

    try:
        raw = file.read_bytes()
        if file.suffix.lower() == ".jsonl":
            return [msgspec.json.decode(line, type=dict) for line in raw.splitlines() if line.strip()]
        if file.suffix.lower() == ".json":
            document = msgspec.json.decode(raw)
        else:
            import yaml

            document = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except Exception as error:
        raise InputError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(document, dict):
        raise InputError(f"{file}: no results of promptfoo in it; write them with promptfoo eval -o output.json")
    return document


def _listed(listed: list[dict[str, Any]]) -> Iterator[Asked]:
    """The results of version 3."""
    for result in listed:
        case = result.get("testCase") or {}
        values = result.get("vars") or case.get("vars") or {}
        yield Asked(int(result.get("promptIdx", 0)), int(result.get("testIdx", 0)), case, values, result)


def _tabled(table: Mapping[str, Any]) -> Iterator[Asked]:
    """The results of a table: a row a test, a column a prompt and provider."""
    names = (table.get("head") or {}).get("vars") or []
    for place, row in enumerate(table["body"]):
        case = row.get("test") or {}
        given = row.get("vars") or []
        values = case.get("vars") or dict(zip(names, given, strict=False))
        for prompt, cell in enumerate(row.get("outputs") or []):
            if not isinstance(cell, dict):
                continue
            said = {**cell, "success": cell.get("pass"), "response": {"output": cell.get("text"), **_use(cell)}}
            yield Asked(prompt, place, case, values, said)


def _use(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cell[name] for name in ("tokenUsage", "cached") if name in cell}


def _columns_of(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns that a bare list of results shows."""
    found: dict[int, dict[str, Any]] = {}
    for result in listed:
        prompt = result.get("prompt") or {}
        provider = result.get("provider") or {}
        label = prompt.get("label") or f"prompt {result.get('promptIdx', 0)}"
        name = provider if isinstance(provider, str) else provider.get("label") or provider.get("id") or ""
        found[int(result.get("promptIdx", 0))] = {"raw": label, "label": label, "provider": name}
    return [
        found.get(i, {"raw": "", "label": f"prompt {i}", "provider": ""}) for i in range(max(found, default=-1) + 1)
    ]


def provider_name(column: Mapping[str, Any]) -> str:
    """What a column's provider is called."""
    provider = column.get("provider")
    if isinstance(provider, dict):
        return str(provider.get("label") or provider.get("id") or "")
    return str(provider or "")


def prompt_names(columns: list[dict[str, Any]]) -> list[str]:
    """A short name for each column's prompt: its label, the stem of its file, or its number."""
    from scansion.interop.promptfoo_prompts import slug

    raws = list(dict.fromkeys(str(c.get("raw")) for c in columns))
    labels = {str(c.get("raw")): str(c.get("label") or c.get("display") or "") for c in columns}
    stems = [_stem(raw, labels[raw]) for raw in raws]
    names: dict[str, str] = {}
    for place, (raw, stem) in enumerate(zip(raws, stems, strict=True), 1):
        number = stems[:place].count(stem)
        names[raw] = f"prompt-{place}" if not stem else slug(stem) + (f"-{number}" if stems.count(stem) > 1 else "")
    return [names[str(c.get("raw"))] for c in columns]


def _stem(raw: str, label: str) -> str:
    """The name in a label; "" where it is the prompt's text."""
    head, colon, rest = label.partition(": ")
    if colon and re.search(r"\.\w+$", head) and raw.startswith(rest.removesuffix("...").strip()):
        return Path(head).stem
    plain = label.strip()
    return "" if plain == raw.strip() or "\n" in plain or len(plain) > 48 else plain


def read_promptfoo(path: str | Path) -> ForeignRun:
    """The run in a results file: a variant a column, with promptfoo's own pass, score and metrics as its scores."""
    from scansion.interop.foreign import ForeignRun, ForeignVariant

    results = open_results(path)
    ids, names = results.ids(), results.names()
    prompts = prompt_names(results.prompts)
    outcomes: list[list[ForeignOutcome]] = [[] for _ in results.prompts]
    for one in results.asked:
        outcomes[one.prompt].append(_outcome(one, *ids[one.test]))
    metrics = dict.fromkeys(name for column in outcomes for each in column for name in each.scores)
    variants = [
        ForeignVariant(name, found, prompt=prompts[i], model=provider_name(results.prompts[i]))
        for i, (name, found) in enumerate(zip(names, outcomes, strict=True))
        if found
    ]
    scorers = [PASS, SCORE, *(name for name in metrics if name not in (PASS, SCORE))]
    return ForeignRun(results.label, _apart(variants), scorers, data=results.label)


def _apart(variants: list[Any]) -> list[Any]:
    """Variants of one name told apart by a number."""
    from msgspec.structs import replace

    names = [v.name for v in variants]
    seen: Counter[str] = Counter()
    found = []
    for variant in variants:
        seen[variant.name] += 1
        twice = names.count(variant.name) > 1
        found.append(replace(variant, name=f"{variant.name} {seen[variant.name]}") if twice else variant)
    return found


def _outcome(one: Asked, id: str, trial: int) -> ForeignOutcome:
    from scansion.interop.foreign import ForeignOutcome

    said = one.said
    raw = said.get("response")
    response: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    failed = could_not(said)
    text = text_of(response.get("output"))
    finish = FINISHED.get(str(response.get("finishReason")))
    example = Example(id, dict(one.values), target=_target(one), tags=(), row=one.test)
    return ForeignOutcome(
        example=example,
        trial=trial,
        output=None if failed else Output(text, finish_reason=finish),  # type: ignore[arg-type]
        scores={} if failed else _scores(said),
        error=("server" if response.get("error") else "program") if failed else "",
        message=_first_line(said.get("error") or response.get("error")) if failed else "",
        usage=usage_of(response.get("tokenUsage") or said.get("tokenUsage")),
        cost_usd=_cost(said, response),
        latency=float(said.get("latencyMs") or 0) / 1000,
    )


def _first_line(error: Any) -> str:
    """An error's words, without the stack of calls that follows them."""
    lines = str(error or "").strip().splitlines()
    return lines[0].removeprefix("Error: ")[:500] if lines else ""


def could_not(said: Mapping[str, Any]) -> bool:
    """Whether a result is an error: the question could not be asked, or the answer not be checked."""
    reason, response = said.get("failureReason"), said.get("response")
    if isinstance(reason, int) and not isinstance(reason, bool):
        return reason == _ERROR
    return not isinstance(response, dict) or response.get("output") is None


def text_of(output: Any) -> str:
    """An output as text."""
    return output if isinstance(output, str) else "" if output is None else canonical(output).decode()


def usage_of(counted: Any) -> Usage | None:
    """The tokens of a call, None where none were counted."""
    if not isinstance(counted, dict) or not (counted.get("prompt") or counted.get("completion")):
        return None
    details = counted.get("completionDetails") or {}
    return Usage(
        int(counted.get("prompt") or 0),
        int(counted.get("completion") or 0),
        reasoning_tokens=int(details.get("reasoning") or 0),
    )


def _cost(said: Mapping[str, Any], response: Mapping[str, Any]) -> float | None:
    """The price that the provider gave; of a result alone, 0 says that it gave none."""
    given = response.get("cost")
    found = given if isinstance(given, int | float) else said.get("cost") or None
    return float(found) if isinstance(found, int | float) else None


def _scores(said: Mapping[str, Any]) -> dict[str, Score]:
    graded = said.get("gradingResult") or {}
    reason = "" if said.get("success") else str(graded.get("reason") or said.get("error") or "")[:500]
    found = {PASS: Score(float(bool(said.get("success"))), explanation=reason)}
    metrics = {f"metric-{k}" if k in (PASS, SCORE) else k: v for k, v in (said.get("namedScores") or {}).items()}
    for name, value in {SCORE: said.get("score"), **metrics}.items():
        if isinstance(value, int | float):
            found[name] = Score(float(value))
    return found


def _target(one: Asked) -> Any:
    from scansion.interop.promptfoo_asserts import target_of
    from scansion.interop.promptfoo_templates import rendered

    value = target_of([a for a in one.case.get("assert") or [] if isinstance(a, dict)])
    with suppress(InputError):
        return rendered(value, one.values) if isinstance(value, str) else value
    return value
