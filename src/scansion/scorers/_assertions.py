"""The checks that an assertion of a row may name, on the output's text alone or on what the call measured.

Types, values and thresholds are promptfoo's (https://www.promptfoo.dev/docs/configuration/expected-outputs/), and so is
the way in which values are compared: as JavaScript writes and reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct

from scansion.errors import InputError, Unscored, nearest
from scansion.scorers._javascript import js_pattern, js_text
from scansion.scorers._json import equal_json, objects_within, parse_json
from scansion.scorers._schema import Schema
from scansion.scorers._texts import as_text
from scansion.types import Output, hexdigest

__all__ = [
    "ASKED",
    "CHECKS",
    "LEFT_OUT",
    "SET",
    "Found",
    "base_type",
    "check",
    "every",
    "figure",
    "leaves",
    "text_mark",
]


Leaf = TypeVar("Leaf", bound=Mapping[str, Any])


class Found(Struct, frozen=True):
    """What came of one assertion: whether it passed, its score from 0 to 1, and why not."""

    passed: bool
    score: float
    reason: str = ""


_MOST = 1e300  # above it, and NaN, no figure makes sense

Check = Callable[[Output, Any, Mapping[str, Any]], tuple[bool, str]]
"""(output, value, assertion) -> whether it holds, and what to say where it does not."""

ASKED = frozenset({"llm-rubric", "similar"})
"""Types that ask a model."""

SET = "assert-set"
"""The type that holds a list of assertions of its own."""

LEFT_OUT = "left-out"
"""The type that stands in the place of an assertion which an import could not carry over.

Its value says which; `recorded` holds what is known of it, `[passed, score]` by `text_mark` of the output."""


def base_type(type: str) -> tuple[str, bool]:
    """An assertion's type without `not-`, and whether that stood there."""
    return type.removeprefix("not-"), type.startswith("not-")


def every(listed: Sequence[Leaf]) -> Iterator[Leaf]:
    """The assertions, each set followed by its parts."""
    for one in listed:
        yield one
        if one.get("type") == SET:
            yield from every(one.get("assert") or [])


def leaves(listed: Sequence[Leaf]) -> Iterator[Leaf]:
    """The assertions with those of sets in their sets' place."""
    return (one for one in every(listed) if one.get("type") != SET)


def check(output: Output, assertion: Mapping[str, Any]) -> Found:
    """What a check that asks no model finds. Raises InputError for an unknown type or a value that does not fit it,
    Unscored for what cannot be told of this output."""
    type, inverse = base_type(str(assertion.get("type", "")))
    if type == LEFT_OUT:
        return _recorded(output, assertion)
    if type not in CHECKS:
        raise InputError(f"assertions: unknown type {type!r}; {nearest(type, [*CHECKS, *ASKED])}")
    holds, why = CHECKS[type](output, assertion.get("value"), assertion)
    passed = holds is not inverse
    return Found(passed, float(passed), "" if passed else f"not ({type})" if inverse else why)


def text_mark(text: str) -> str:
    """What an output is known by in `recorded`."""
    return hexdigest(text)[:16]


def _recorded(output: Output, assertion: Mapping[str, Any]) -> Found:
    """What is known of an assertion that was left out. Raises Unscored where nothing is."""
    said = js_text(assertion.get("value"))
    held = (assertion.get("recorded") or {}).get(text_mark(output.text))
    if held is None:
        raise Unscored("assertion left out", f"{said}: left out, so it is not known whether it holds")
    passed, score = held
    return Found(bool(passed), float(score), "" if passed else f"{said}: did not hold when it was recorded")


_ITEM = re.compile(r'[\s,]*(?:"((?:\\["\\]|\\(?!["\\])|""|[^"\\])*)"\s*(?=,|\Z)|([^",][^,]*))')


def _listed(value: Any) -> list[str]:
    """The texts of a list, or of one text with commas (in quotes where a text holds one)."""
    if isinstance(value, list):
        return [js_text(v) for v in value]
    if value in (None, ""):
        raise InputError("assertions: a list of texts is wanted as the value")
    text = js_text(value).rstrip(", \t\n\r")
    found, at = [], 0
    while at < len(text):
        match = _ITEM.match(text, at)
        if match is None:
            raise InputError(f"assertions: a quote is not closed, or no comma follows it, in the value {text[:60]!r}")
        quoted = match[1] is not None
        found.append(re.sub(r'\\(["\\])|""', lambda m: m[1] or '"', match[1]) if quoted else match[2].strip())
        at = match.end()
    return found


def _some(value: Any, type: str) -> str:
    if value in (None, "") or isinstance(value, list | dict):
        raise InputError(f"assertions: {type} needs a text as its value")
    return js_text(value)


def _text(value: Any, type: str) -> str:
    if value in (None, "") or not isinstance(value, str):
        raise InputError(f"assertions: {type} needs a text as its value, in quotes where it is a number")
    return value


def _equals(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    if isinstance(value, dict | list):
        found, wrong = parse_json(output.text)
        return not wrong and equal_json(found, value), f"is not the JSON {as_text(value)[:100]}"
    return output.text == js_text(value), f"is not {js_text(value)[:100]!r}"


def _contains(fold: bool) -> Check:
    def run(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
        wanted = _some(value, "contains")
        held = wanted.lower() in output.text.lower() if fold else wanted in output.text
        return held, f"does not contain {wanted[:100]!r}"

    return run


def _contains_list(need: Callable[[list[bool]], bool], word: str, fold: bool) -> Check:
    def run(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
        text = output.text.lower() if fold else output.text
        wanted = _listed(value)
        there = [(one.lower() if fold else one) in text for one in wanted]
        missing = ", ".join(one for one, found in zip(wanted, there, strict=True) if not found)
        return need(there), f"does not contain {word} of: {missing[:150]}"

    return run


def _starts_with(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    wanted = _text(value, "starts-with")
    return output.text.startswith(wanted), f"does not start with {wanted[:100]!r}"


def _regex(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    pattern = _text(value, "regex")
    return js_pattern(pattern).search(output.text) is not None, f"does not match {pattern[:100]!r}"


def _is_json(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    found, wrong = parse_json(output.text)
    return (False, f"not JSON: {wrong}") if wrong else _fits(found, value)


def _contains_json(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    held, why = False, "holds no JSON object"
    for found in objects_within(output.text):
        held, why = _fits(found, value)
        if held:
            break
    return held, why


def _fits(found: Any, schema: Any) -> tuple[bool, str]:
    if schema is None or schema == "":
        return True, ""
    problem = _schema(as_text(schema)).problem(found)
    return problem is None, problem or ""


@lru_cache(maxsize=256)
def _schema(text: str) -> Schema:
    schema, wrong = parse_json(text)
    if wrong:
        raise InputError(f"assertions: the schema is not JSON: {wrong}")
    return Schema(schema, "assertions")


def _measured(name: str, unit: float, said: str) -> Check:
    def run(output: Output, _value: Any, assertion: Mapping[str, Any]) -> tuple[bool, str]:
        found, most = output.data.get(name), figure(assertion, "threshold")
        if most is None:
            raise InputError(f"assertions: {said.split()[0]} needs a threshold")
        if found is None:
            raise Unscored("skipped", f"the {name} of this output is not known")
        return found * unit <= most, said.format(found * unit, most)

    return run


def figure(assertion: Mapping[str, Any], name: str) -> float | None:
    """The number that an assertion gives under a name, None where it gives none. Raises InputError for what is none."""
    value = assertion.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        raise InputError(f"assertions: {name} must be a number, not {str(value)[:40]!r}")
    return float(value)


def _words(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    count = len(output.text.split())
    wanted = value if isinstance(value, dict) else {"min": value, "max": value}
    if not wanted or wanted.keys() - {"min", "max"}:
        raise InputError("assertions: word-count needs a number, or min and max, as its value")
    try:
        least, most = (float(wanted.get(k, d)) for k, d in (("min", 0), ("max", "inf")))
    except (TypeError, ValueError):
        raise InputError("assertions: word-count needs a number, or min and max, as its value") from None
    return least <= count <= most, f"has {count} words"


def _finish(output: Output, value: Any, _assertion: Mapping[str, Any]) -> tuple[bool, str]:
    if output.finish_reason is None:
        raise Unscored("skipped", "the provider gave no finish reason")
    return output.finish_reason == _some(value, "finish-reason").lower(), f"finished by {output.finish_reason}"


def _levenshtein(output: Output, value: Any, assertion: Mapping[str, Any]) -> tuple[bool, str]:
    most = figure(assertion, "threshold")
    most = 5.0 if most is None else most
    distance = _distance(output.text, _some(value, "levenshtein"), most)
    return distance <= most, f"more than {most:g} edits away"


def _distance(a: str, b: str, most: float) -> float:
    """The number of edits between two texts (Levenshtein 1966), or something above `most` where it is more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
        if min(row) > most:
            return most + 1
    return row[-1]


CHECKS: dict[str, Check] = {
    "equals": _equals,
    "contains": _contains(fold=False),
    "icontains": _contains(fold=True),
    "contains-all": _contains_list(all, "all", fold=False),
    "contains-any": _contains_list(any, "any", fold=False),
    "icontains-all": _contains_list(all, "all", fold=True),
    "icontains-any": _contains_list(any, "any", fold=True),
    "starts-with": _starts_with,
    "regex": _regex,
    "is-json": _is_json,
    "contains-json": _contains_json,
    "latency": _measured("latency", 1000.0, "latency {:.0f} ms is above {:g} ms"),
    "cost": _measured("cost_usd", 1.0, "cost {:.6g} USD is above {:g} USD"),
    "levenshtein": _levenshtein,
    "word-count": _words,
    "finish-reason": _finish,
}
"""Every check that asks no model, by its type."""
