"""Published figures beside computed ones: reading the records of a set, and comparing field by field.

A script of a set gives `Figures`, one a part: what was computed from the raw records. `rows` sets them beside the
object of the same key in `expected.json`. Counts must be equal; other numbers agree within 1e-9 of their size, or
within `digits` decimals where the published number was rounded to so many.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from scansion.errors import InputError
from scansion.scorers import Scorer, build_scorer
from scansion.types import Example, Output

Record = dict[str, Any]
Names = tuple[str, ...]

ABOUT = {"dataset", "examples", "field", "judge_keys", "keys", "log_file", "match", "method", "name", "prompt_id"}
"""Fields of `expected.json` that describe a part and are no figures."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


class Row(NamedTuple):
    """One figure. `status`: same, differs, source (the source's own statement contradicts its own records), not
    recomputed (`note` says why), unknown (nothing here computes it), alone (computed, nothing published)."""

    key: str
    field: str
    published: Any
    computed: Any
    n: int | None
    status: str
    note: str = ""


class Items(NamedTuple):
    """On how many of the items our own reading and the recorded verdict say the same."""

    what: str
    same: int
    of: int


class Share(float):
    """A share from 0 to 1, published as such or in per cent, with as many digits as it shows."""


class Phrase(str):
    """A statement with figures in it, to be found in a published text."""

    __slots__ = ()


@dataclass(frozen=True)
class Figures:
    """What was computed for one key of `expected.json`; `other_keys` are names that a source may give it instead.

    `values`: field to figure, nested as published. `other_names`: the same figures under names that a source may use
    for them. `digits`: decimals of published numbers, `within`: absolute tolerances, both by the field's last name
    (`why` says why). `not_recomputed`: last name to reason. `stated`: a field that repeats what a source states, to
    the field with the same figure from its records and how far apart the two may be.
    """

    key: str
    n: int
    values: Record
    other_names: Record = field(default_factory=dict)
    digits: Mapping[str, int] = field(default_factory=dict)
    within: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    not_recomputed: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    items: tuple[Items, ...] = ()
    relative: float = 1e-9
    other_keys: tuple[str, ...] = ()
    spoken: Callable[[str], Record] | None = None


def rows(figures: Figures, published: Record) -> Iterator[Row]:
    """Each field of a published object beside what was computed."""
    values, others = dict(leaves(figures.values)), dict(leaves(figures.other_names))
    if figures.spoken:
        published = {n: (figures.spoken(v) or v) if isinstance(v, str) else v for n, v in published.items()}
    for names, value in leaves(published):
        shown, last = " > ".join(names), names[-1] if names else ""
        computed = values.get(names, others.get(names))
        if value is None or (last in ABOUT and computed is None):
            continue
        if computed is not None:
            status, note = _verdict(figures, names, value, computed, published)
            yield Row(figures.key, shown, value, computed, figures.n, status, note)
        elif reason := _reason(figures, names):
            yield Row(figures.key, shown, value, None, figures.n, "not recomputed", reason)
        else:
            yield Row(figures.key, shown, value, None, figures.n, "unknown", "no script computes this field")
    yield from alone(figures, {names for names, _ in leaves(published)})


def _reason(figures: Figures, names: Names) -> str | None:
    known = figures.not_recomputed
    return next((known[name] for name in reversed(names) if name in known), known.get("*"))


def alone(figures: Figures, published: set[Names] | None = None) -> Iterator[Row]:
    """What was computed where nothing is published."""
    for names, value in leaves(figures.values):
        if value is None or names in (published or set()):
            continue
        yield Row(figures.key, " > ".join(names), None, value, figures.n, "alone")


def leaves(value: Any, names: Names = ()) -> Iterator[tuple[Names, Any]]:
    """The figures of nested objects, each with the names that lead to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*names, str(name)))
    else:
        yield names, value


def _verdict(figures: Figures, names: Names, value: Any, computed: Any, published: Record) -> tuple[str, str]:
    last = names[-1]
    if isinstance(computed, Phrase):
        return _stated(str(value), computed)
    within = figures.within.get(last, 0.5 * 10.0 ** -figures.digits[last] if last in figures.digits else 0.0)
    if same(value, computed, within, figures.relative):
        return "same", figures.why if last in figures.within or figures.relative > 1e-9 else ""
    if published.get("match") is False and last.startswith("published_"):
        return "source", "the published figures are said not to match the records"
    if last in figures.stated:
        own, apart = figures.stated[last]
        if own in published and same(value, published[own], apart):
            return "source", f"its own records give {own} = {published[own]:.10g}"
    return "differs", ""


def _stated(text: str, phrase: Phrase) -> tuple[str, str]:
    if phrase in text:
        return "same", "found in the published text"
    worded = NUMBER.sub("#", phrase) in NUMBER.sub("#", text)
    return ("differs", "") if worded else ("not recomputed", "a text that is worded otherwise")


def same(published: Any, computed: Any, within: float = 0.0, relative: float = 1e-9) -> bool:
    """Whether a published figure is the computed one. Of text, every number in it and all that is between them."""
    if isinstance(published, bool) or isinstance(computed, bool):
        return published is computed
    if isinstance(published, int | float) and isinstance(computed, int | float):
        return _near(published, computed, within, relative)
    if isinstance(published, list | tuple) and isinstance(computed, list | tuple):
        return len(published) == len(computed) and all(map(same, published, computed))
    one, other = str(published), str(computed)
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    return all(
        _near(float(a), float(b), within) for a, b in zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    )


def _near(published: float, computed: float, within: float, relative: float = 1e-9) -> bool:
    if isinstance(computed, Share):
        computed = float(computed) * (100.0 if abs(published) > 1.0 else 1.0)
        decimals = len(str(published).partition(".")[2])
        within = max(within, 0.5 * 10.0**-decimals if 0 < decimals <= 4 else 0.0)
    if isinstance(published, int) and isinstance(computed, int):
        return published == computed
    return math.isclose(published, computed, rel_tol=relative, abs_tol=within + 1e-12)


def find(folder: Path, name: str) -> Path | None:
    """A file of a folder, packed with gzip or not."""
    return next((p for p in (folder / f"{name}.gz", folder / name) if p.exists()), None)


def files(folder: Path, ending: str) -> list[tuple[str, Path]]:
    """The files with an ending such as `.jsonl`, packed or not: each with its name without the ending."""
    found = [p for p in sorted(folder.iterdir()) if p.name.removesuffix(".gz").endswith(ending)]
    return [(p.name.removesuffix(".gz").removesuffix(ending), p) for p in found]


def records(path: Path | None, wanted: str = "") -> list[Record]:
    """The records of a JSONL file in file order, or the rows of a CSV file. Raises InputError where it is not there
    (`wanted` names it) or cannot be read."""
    text = packed(path, wanted)
    assert path is not None
    try:
        if path.name.removesuffix(".gz").endswith(".csv"):
            csv.field_size_limit(sys.maxsize)
            return list(csv.DictReader(io.StringIO(text, newline="")))
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, csv.Error) as error:
        raise _unread(path, error) from None


def packed(path: Path | None, wanted: str = "") -> str:
    """The text of a file, packed with gzip or not. Raises InputError as `records` does."""
    if path is None:
        raise InputError(f"{wanted}: no such file; nothing of it can be recomputed")
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _unread(path, error) from None


def _unread(path: Path, error: Exception) -> InputError:
    return InputError(f"{path.parent.name}/{path.name}: cannot be read ({error}); fetch it again")


def grouped(items: Iterable[Record], *by: str) -> dict[Any, list[Record]]:
    """Records by the value of a field, or by the tuple of several, in order of appearance."""
    found: dict[Any, list[Record]] = {}
    for item in items:
        key = item[by[0]] if len(by) == 1 else tuple(item[name] for name in by)
        found.setdefault(key, []).append(item)
    return found


def mean(values: Iterable[float]) -> float:
    """The mean, summed without loss. Raises InputError without values."""
    numbers = [float(v) for v in values]
    if not numbers:
        raise InputError("no records to take a mean of")
    return math.fsum(numbers) / len(numbers)


def true(value: Any) -> bool:
    """A recorded mark as it stands in JSON or CSV."""
    return value is True or str(value).strip().lower() in {"1", "1.0", "true", "yes", "pass", "passed"}


def counts(values: Iterable[Any]) -> dict[str, int]:
    """How often each value occurs, by the name that it has as a key of JSON."""
    found: dict[str, int] = {}
    for value in values:
        name = value if isinstance(value, str) else json.dumps(value)
        found[name] = found.get(name, 0) + 1
    return found


def rate(right: int, n: int) -> Record:
    """A count and its share under the names that sources use: for sets whose field names are not known."""
    share = Share(right / n) if n else None
    names = (
        "accuracy",
        "acc",
        "rate",
        "share",
        "frac",
        "fraction",
        "mean",
        "asr",
        "attack_success_rate",
        "success_rate",
    )
    return {"count": right, "correct": right, "n_correct": right, "successes": right, **dict.fromkeys(names, share)}


@lru_cache
def _numeric(rel: float) -> Scorer:
    return build_scorer(f"numeric(rel={rel!r})")


def same_number(answer: Any, wanted: Any, rel: float = 0.0) -> bool:
    """Whether an answer is the wanted number, by Scansion's scorer `numeric`; False where there is none."""
    if answer is None:
        return False
    score = _numeric(rel).score(Output(str(answer), answer=answer), Example("", {}, target=wanted))
    return score is not None and score.value == 1.0
