"""Judgements in a table: which column or row holds whose label of what, read so that they compare as people write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from scansion.data.columns import normal
from scansion.data.formats import open_source
from scansion.data.memory import Memory
from scansion.data.rows import Source
from scansion.errors import InputError, nearest
from scansion.scorers._texts import as_text

__all__ = [
    "Cell",
    "LabelSpec",
    "Reading",
    "Sides",
    "Table",
    "TableData",
    "Unreadable",
    "is_blank",
    "number_of",
    "read_table",
    "scaled",
]

TableData = str | Path | Sequence[Mapping[str, Any]]

_TRUE = {"true", "yes", "right", "correct", "pass", "passed"}
_FALSE = {"false", "no", "wrong", "incorrect", "fail", "failed"}
_PAIRS = (("1", "2"), ("a", "b"), ("left", "right"), ("first", "second"), ("model_a", "model_b"), ("a>b", "b>a"))
_TIES = frozenset({"0", "tie", "draw", "equal", "same", "both", "neither", "a=b", "c"})


class LabelSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the columns of a table of labels are.

    Two raters: the columns `a` (people, what the other is held against) and `b` (the judge). Several: `raters`. One
    judgement a row: `item`, `rater`, `label`. `group` is the column of what belongs together.

    `labels` are those that are readable (none given: all); `map` gives others another name (`{"Tie": "0"}`). On
    `scale` Krippendorff's alpha is taken. Verdicts on two outputs: `swapped` is the judge's column in swapped order,
    `mapped` says that it names outputs and not places, `pair` the two labels, first output first; `length_a` and
    `length_b` are the lengths of the outputs, or the outputs. With `correct` the mean of the human labels is estimated
    with the judge's help, of marks as they are, or of how often the label is `positive`.
    """

    a: str | None = None
    b: str | None = None
    raters: tuple[str, ...] = ()
    item: str | None = None
    rater: str | None = None
    label: str | None = None
    group: str | None = None
    labels: tuple[str, ...] = ()
    map: dict[str, str] = {}
    scale: Literal["nominal", "ordinal", "interval", "ratio"] = "nominal"
    swapped: str | None = None
    mapped: bool = False
    pair: tuple[str, ...] = ()
    length_a: str | None = None
    length_b: str | None = None
    correct: bool = False
    positive: str | None = None
    alpha: float = 0.05


class Unreadable(Struct, frozen=True):
    """A cell that holds something else than a label, as it was written."""

    text: str


Cell = str | Unreadable | None
"""A label; or what stood in its place; or nothing, where the rater was not asked."""


class Table(Struct, frozen=True):
    """The rows of a table, `label` being its name and `lines` where they start; `where` names a line in messages."""

    label: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    lines: list[int]
    source: Any

    def where(self, row: int) -> str:
        """A row as messages name it."""
        return str(self.source.where(self.lines[row]))

    def column(self, name: str, option: str) -> str:
        """The column called `name`, ignoring case, spaces, underscores and hyphens. Raises InputError without one."""
        if name in self.columns:
            return name
        alike = [each for each in self.columns if normal(each) == normal(name)]
        if len(alike) == 1:
            return alike[0]
        hint = nearest(name, self.columns)
        raise InputError(f"{self.label}: {option} names {name!r}, and no column is called so; {hint}")

    def cells(self, name: str, option: str) -> list[Any]:
        """The cells of a column."""
        found = self.column(name, option)
        return [row.get(found) for row in self.rows]

    def groups(self, name: str | None) -> list[int] | None:
        """The number of each row's group; None without a column. An empty cell is a group of its own."""
        if name is None:
            return None
        numbers: dict[Hashable, int] = {}
        return [
            numbers.setdefault(("row", at) if is_blank(cell) else as_text(cell), len(numbers))
            for at, cell in enumerate(self.cells(name, "--group"))
        ]


def read_table(data: TableData) -> Table:
    """The rows of a file (CSV, TSV, JSON Lines, a JSON list, Parquet) or of a list of mappings.

    Raises InputError for what cannot be read and for a table without rows.
    """
    source: Source = open_source(Path(data).expanduser(), str(data)) if isinstance(data, str | Path) else Memory(data)
    lines, rows = [], []
    for line, _, values in source.records():
        lines.append(line)
        rows.append(values)
    if not rows:
        raise InputError(f"{source.label} has no rows; labels need at least one")
    return Table(source.label, source.header or tuple(dict.fromkeys(k for r in rows for k in r)), rows, lines, source)


def is_blank(cell: Any) -> bool:
    """Whether nothing was said: no value, NaN, or blank text."""
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())


class Reading:
    """Reads cells as labels: None for a blank one, `Unreadable` for one that is not among the labels given.

    Labels are equal without regard to case and white space; they are shown as first written.
    """

    def __init__(self, spec: LabelSpec) -> None:
        self.spec = spec
        self.shown: dict[str, str] = {}
        self.renamed = {_plain(old): new for old, new in spec.map.items()}
        self.met: set[str] = set()
        self.known = {_plain(self._named(each)) for each in spec.labels}
        if len(self.known) == 1:
            raise InputError(
                f"agree: --labels names the labels that can be read, two or more, not {','.join(spec.labels)} alone; "
                "with one, all others would be set aside"
            )
        for each in spec.labels:
            self.shown.setdefault(_plain(each), each)

    def _named(self, text: str) -> str:
        return self.renamed.get(_plain(text), text)

    def __call__(self, cell: Any) -> str | Unreadable | None:
        if is_blank(cell):
            return None
        written = _written(cell)
        if self.renamed:
            self.met.add(_plain(written))
        text = self._named(written)
        plain = _plain(text)
        if self.known and plain not in self.known:
            return Unreadable(text)
        return self.shown.setdefault(plain, " ".join(text.split()))

    def notes(self) -> list[str]:
        """Which labels of --map no cell held. Raises InputError where that is all of them."""
        idle = [f"{old}={new}" for old, new in self.spec.map.items() if _plain(old) not in self.met]
        if idle and len(idle) == len(self.spec.map):
            there = ", ".join(list(self.shown.values())[:5])
            raise InputError(f"agree: --map {idle[0]} changes nothing: no such label is there; there are {there}")
        return [f"--map {each} changed nothing: no such label is there" for each in idle]


def _written(cell: Any) -> str:
    """A cell as text, a whole number as such however it was read."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return as_text(cell)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def number_of(label: str) -> float | None:
    """A mark as a number: a finite one, or a word such as right and wrong; None for anything else."""
    plain = _plain(label)
    if plain in _TRUE or plain in _FALSE:
        return float(plain in _TRUE)
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def scaled(labels: Sequence[str], spec: LabelSpec) -> list[Any]:
    """Labels as the scale takes them. Raises InputError for one that is no number where it must be."""
    if spec.scale == "nominal":
        return list(labels)
    found = []
    for each in labels:
        value = number_of(each)
        if value is None:
            raise InputError(
                f"agree: the {spec.scale} scale takes numbers, and {each[:40]!r} is none; "
                "name the readable labels with --labels"
            )
        if value < 0 and spec.scale == "ratio":
            raise InputError(f"agree: the ratio scale starts at 0, and {each} lies below; use --scale interval")
        found.append(value)
    return found


class Sides(Struct, frozen=True):
    """The labels by which a verdict names the first and the second output."""

    first: str
    second: str
    tie: str | None = None

    def code(self, label: Any) -> int | None:
        """1 for the first output, 2 for the second, 0 for a tie, None for what is none of these."""
        if not isinstance(label, str):
            return None
        plain = _plain(label)
        if plain in (_plain(self.first), _plain(self.second)):
            return 1 if plain == _plain(self.first) else 2
        tied = plain == _plain(self.tie) if self.tie is not None else plain in _TIES
        return 0 if tied else None

    def flipped(self, label: Any) -> Any:
        """A verdict that names places in swapped order, as one that names outputs."""
        code = self.code(label)
        return {1: self.second, 2: self.first}[code] if code else label

    @staticmethod
    def of(spec: LabelSpec, labels: Sequence[Any], table: str) -> Sides:
        """The sides that were named, else those found among the labels. Raises InputError where they cannot be told."""
        if spec.pair:
            if len(spec.pair) not in (2, 3) or len({_plain(each) for each in spec.pair}) != len(spec.pair):
                raise InputError(
                    f"--pair names the labels of the first and the second output, not {','.join(spec.pair)}"
                )
            return Sides(*spec.pair)
        given = Counter(_plain(each) for each in labels if isinstance(each, str))
        shown = {_plain(each): each for each in labels if isinstance(each, str)}
        for pair in _PAIRS:
            known = given[pair[0]] + given[pair[1]]
            if pair == ("1", "2") and given["0"] and not (given["1"] and given["2"]):
                continue  # 0 and 1 may be the two outputs, or a tie and an output
            if known and 2 * (known + sum(given[tie] for tie in _TIES - {*pair})) >= given.total():
                return Sides(*(shown.get(each, each) for each in pair))
        common = ", ".join(shown[plain] for plain, _ in given.most_common(5))
        raise InputError(
            f"{table}: which label is the first output and which the second? There are {common}; "
            "say --pair FIRST,SECOND"
        )
