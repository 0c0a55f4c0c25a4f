"""Tables that count votes: a row says how often its first player won, its second won, and how often they tied.

Of such tables are those with `wins`, `losses` and `ties`, and those with one column a verdict that is 0 or 1
(`winner_model_a`, `winner_model_b`, `winner_tie`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from scansion.data.columns import normal
from scansion.data.rows import Source
from scansion.errors import InputError

__all__ = ["CountColumns", "Row", "count_columns", "counted"]

_WINS = (
    ("win", "loss"),
    ("wins", "losses"),
    ("won", "lost"),
    ("wina", "winb"),
    ("winsa", "winsb"),
    ("leftwins", "rightwins"),
    ("modelawins", "modelbwins"),
    ("winnermodela", "winnermodelb"),
)
_TIES = ("tie", "ties", "tied", "draw", "draws", "winnertie")
_MOST = 10_000_000

Row = tuple[Any, ...]


class CountColumns(Struct, frozen=True):
    """The columns of the first player's wins, the second's, and of ties, where there is one."""

    first: str
    second: str
    ties: str | None

    @property
    def title(self) -> str:
        """Their names."""
        return ", ".join(name for name in (self.first, self.second, self.ties) if name)


def count_columns(header: Sequence[str]) -> CountColumns | None:
    """The columns of `header` that count votes, if there are such."""
    by_name = {normal(column): column for column in reversed(header)}
    ties = next((by_name[name] for name in _TIES if name in by_name), None)
    pairs = ((by_name.get(first), by_name.get(second)) for first, second in _WINS)
    return next((CountColumns(first, second, ties) for first, second in pairs if first and second), None)


def counted(table: Source, rows: Iterable[tuple[Row, Row]], columns: CountColumns) -> Iterator[Row]:
    """Votes as rows (line, left, right, winner, question, voter), from such rows with their counts (first, second,
    ties) beside them.

    Where no row counts two votes, each is a vote, and one without any was not read. Raises InputError for what is no
    count.
    """
    found = [(row, [_whole(table, row[0], cell, columns) for cell in cells]) for row, cells in rows]
    is_vote = all(sum(many) <= 1 for _, many in found)
    for row, many in found:
        for word, times in zip(("left", "right", "tie"), many, strict=True):
            yield from [(*row[:3], word, *row[4:])] * times
        if is_vote and not any(many):
            yield (*row[:3], None, *row[4:])


def _whole(table: Source, line: int, cell: Any, columns: CountColumns) -> int:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        value = -1.0
    if not (0 <= value <= _MOST and value.is_integer()):
        said = repr("" if cell is None else cell)
        raise InputError(
            f"{table.where(line)}: {columns.title} count votes, and {said} is no whole number from 0 to {_MOST:,}; "
            "write one, or say --winner COLUMN"
        )
    return int(value)
