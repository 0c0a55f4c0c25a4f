"""Votes from a table: two players a row and which of them was preferred, read and counted, with what could not be read.

The columns are found by name, ignoring case, spaces and underscores: the two players under `left` and `right`,
`model_a` and `model_b`, `winner` and `loser` and so on; the vote under `winner`, `preferred`, `preference` or `vote`,
or counted (`vote_counts`); where there are such, the question under `question`, `prompt`, `item` or `question_id`, the
voter under `voter`, `worker`, `judge`, `annotator` or `rater`. `docs/rate.md` describes what a vote may say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.data.columns import normal
from scansion.data.formats import open_source
from scansion.data.memory import Memory
from scansion.data.rows import Source
from scansion.errors import InputError, nearest
from scansion.experiments.rating.tables import CountColumns, Row, count_columns, counted

if TYPE_CHECKING:
    from scansion.stats.votes import Whole

__all__ = ["UNREAD", "VoteColumns", "Votes", "read_votes"]

UNREAD = -1
"""The outcome of a vote that could not be read."""

_PLAYERS = (
    ("left", "right"),
    ("modela", "modelb"),
    ("modelx", "modely"),
    ("playera", "playerb"),
    ("generator1", "generator2"),
    ("a", "b"),
    ("x", "y"),
    ("winner", "loser"),
)
_WINNER = ("winner", "preferred", "preference", "vote")
_QUESTION = ("question", "prompt", "item", "instruction", "questionid", "promptid", "itemid")
_VOTER = ("voter", "worker", "judge", "annotator", "rater")
_TIE, _LEFT, _RIGHT = 0, 1, 2
_SAYS = {
    **dict.fromkeys(("left", "a", "modela", "x", "modelx", "playera", "1", "first"), _LEFT),
    **dict.fromkeys(("right", "b", "modelb", "y", "modely", "playerb", "2", "second"), _RIGHT),
    **dict.fromkeys(("tie", "draw", "equal", "both", "bothbad", "bothgood", "neither", "0", "1.5", "="), _TIE),
}
_TIED = re.compile(r"tie[sd]?(?![a-z0-9])", re.IGNORECASE)  # "tie (both bad)"; not a player called tier-1
_SHOWN = 40  # characters of a vote that is quoted
_PEEK = 100


class VoteColumns(Struct, frozen=True):
    """The names of columns that are not to be found by themselves; None: look for the usual ones."""

    left: str | None = None
    right: str | None = None
    winner: str | None = None
    question: str | None = None
    voter: str | None = None


class Votes(Struct, frozen=True):
    """Votes of a table, in its order. `left` and `right` number `players`, `outcome` is 0 (tie), 1 (left), 2 (right) or
    `UNREAD`; `question` and `voter` number those of each vote, None where there is no such column. `unreadable` counts
    what votes said that could not be read, `unplaced` the rows that name no two different players."""

    label: str
    players: tuple[str, ...]
    left: Whole
    right: Whole
    outcome: Whole
    question: Whole | None
    voter: Whole | None
    unreadable: dict[str, int]
    unplaced: int


def read_votes(source: str | Path | Sequence[Mapping[str, Any]], columns: VoteColumns | None = None) -> Votes:
    """The votes of a file (CSV, TSV, JSON, JSON Lines or Parquet), or of rows in memory.

    A vote that is blank or not understood is kept as unread, with its players. Raises InputError for a file that cannot
    be read, columns that are not there, a vote that can be understood in two ways, and a table without one vote.
    """
    table = (
        Memory(source) if not isinstance(source, str | Path) else open_source(Path(source).expanduser(), str(source))
    )
    named = columns or VoteColumns()
    found = _columns(table, named)
    rows = list(_rows(table, found))
    if named.question is not None and isinstance(found[2], CountColumns) and len({row[0] for row in rows}) < len(rows):
        raise InputError(
            f"{table.label}: --question is for a vote a row, and {found[2].title} count several; leave it out"
        )
    return _Reader(table).votes(rows, found)


Found = tuple[str, str, str | CountColumns, str | None, str | None]
"""The columns of left, right, winner, question and voter."""


def _rows(table: Source, found: Found) -> Iterator[Row]:
    """The line of each vote and its cells of the columns."""
    winner, names = found[2], [name if isinstance(name, str) else None for name in found]
    cells = (((line, *(values.get(n) if n else None for n in names)), values) for line, _, values in table.records())
    if winner == found[0]:  # a table of winners and losers
        return ((*row[:3], "left", *row[4:]) for row, _ in cells)
    if isinstance(winner, str):
        return (row for row, _ in cells)
    parts = winner.first, winner.second, winner.ties
    return counted(table, ((row, tuple(v.get(n) if n else 0 for n in parts)) for row, v in cells), winner)


def _columns(table: Source, named: VoteColumns) -> Found:
    header = table.header or tuple(dict.fromkeys(k for _, _, v in islice(table.records(), _PEEK) for k in v))
    if not header:
        raise InputError(f"{table.label} has no rows; a vote is a row with two players and a winner")
    left, right = _players(table, header, named)
    winner = _named(table, header, named.winner, "winner") or _usual(header, _WINNER) or count_columns(header)
    if winner is None:
        raise _missing(table, header, "which player won", "a column `winner`", "--winner COLUMN")
    question = _named(table, header, named.question, "question") or _usual(header, _QUESTION)
    voter = _named(table, header, named.voter, "voter") or _usual(header, _VOTER)
    return left, right, winner, question, voter


def _players(table: Source, header: Sequence[str], named: VoteColumns) -> tuple[str, str]:
    left, right = _named(table, header, named.left, "left"), _named(table, header, named.right, "right")
    if (left is None) != (right is None):
        raise InputError(f"{table.label}: two players a row: name both columns, --left and --right")
    if left is not None and right is not None:
        return left, right
    for pair in _PLAYERS:
        a, b = (_usual(header, (name,)) for name in pair)
        if a is not None and b is not None:
            return a, b
    raise _missing(table, header, "who was compared", "columns `left` and `right`", "--left COLUMN --right COLUMN")


def _named(table: Source, header: Sequence[str], name: str | None, flag: str) -> str | None:
    if name is None or name in header:
        return name
    alike = [column for column in header if normal(column) == normal(name)]
    if len(alike) == 1:
        return alike[0]
    raise InputError(f"{table.label}: --{flag} names {name!r}, and no column is called so; {nearest(name, header)}")


def _usual(header: Sequence[str], names: Sequence[str]) -> str | None:
    by_name = {normal(column): column for column in reversed(header)}
    return next((by_name[name] for name in names if name in by_name), None)


def _missing(table: Source, header: Sequence[str], what: str, usual: str, flag: str) -> InputError:
    have = ", ".join(header)
    return InputError(f"{table.label}: no column says {what} (columns: {have}); give it {usual}, or say {flag}")


class _Reader:
    """Reads votes, each distinct one once."""

    def __init__(self, table: Source) -> None:
        self.table = table
        self.players: dict[str, int] = {}
        self.unreadable: dict[str, int] = {}
        self.codes: dict[str, int] = {}
        self.known: dict[tuple[Any, ...], tuple[int, int, int] | None] = {}

    def votes(self, rows: Sequence[Row], columns: Found) -> Votes:
        import numpy as np

        kept, said = [], []
        for row in rows:
            key = tuple(map(_text, row[1:4]))
            if key not in self.known:
                self.known[key] = self._vote(row[0], *key)
            vote = self.known[key]
            if vote is None:
                continue
            if vote[2] == UNREAD:
                self.unreadable[key[2][:_SHOWN]] = self.unreadable.get(key[2][:_SHOWN], 0) + 1
            kept.append(row)
            said.append(vote)
        self._check(len(rows), said, columns[2] if isinstance(columns[2], str) else columns[2].title)
        left, right, outcome = np.array(said, dtype=np.int64).T
        question, voter = (_numbered(kept, at) if columns[at - 1] else None for at in (4, 5))
        apart = len(rows) - len(kept)
        return Votes(
            self.table.label, tuple(self.players), left, right, outcome, question, voter, self.unreadable, apart
        )

    def _vote(self, line: int, left: str, right: str, winner: str) -> tuple[int, int, int] | None:
        """A row's players and outcome; None where it names no two different players."""
        if not left or not right or left == right:
            return None
        i, j = (self.players.setdefault(name, len(self.players)) for name in (left, right))
        return i, j, self._outcome(line, left, right, winner)

    def _outcome(self, line: int, left: str, right: str, winner: str) -> int:
        said = winner if winner.startswith("-") else normal(winner)  # -1 is not 1
        code = _TIE if _TIED.match(winner) else _SAYS.get(said, UNREAD)
        named = _named_player(left, right, winner)
        if named != UNREAD and code not in (UNREAD, named):
            raise InputError(
                f"{self.table.where(line)}: the vote {winner!r} is a player's name and also means "
                f"{('a tie', 'the first player', 'the second player')[code]}; write left, right or tie"
            )
        if named == UNREAD and code != UNREAD:
            self.codes.setdefault(said, line)
        return code if named == UNREAD else named

    def _check(self, rows: int, votes: Sequence[tuple[int, int, int]], winner: str) -> None:
        """Raises InputError where not one vote is there, or 0, 1 and -1 may mean two things."""
        label = self.table.label
        if not rows:
            raise InputError(f"{label} has no rows; a vote is a row with two players and a winner")
        if not votes:
            raise InputError(f"{label}: no row names two different players; name the columns with --left and --right")
        if all(outcome == UNREAD for _, _, outcome in votes):
            examples = ", ".join(map(repr, islice(self.unreadable, 3)))
            raise InputError(f"{label}: {winner} holds {examples}, which is no vote; write left, right or tie")
        if "0" in self.codes and "2" not in self.codes and "-1" not in self.unreadable:
            line = self.table.where(self.codes["0"])
            said = "holds 0 but no 2, so 0 may be a tie or the second player"
            raise InputError(f"{line}: {winner} {said}; write left, right or tie")
        if "-1" in self.unreadable and self.codes.keys() & {"0", "1"}:
            raise InputError(f"{label}: {winner} holds -1, which may be either player; write left, right or tie")


def _named_player(left: str, right: str, winner: str) -> int:
    """The side whose player the vote names: as it is written, or else as it is written but for case and spaces."""
    if winner in (left, right):
        return _LEFT if winner == left else _RIGHT
    said, first, second = normal(winner), normal(left), normal(right)
    if not said or first == second or said not in (first, second):
        return UNREAD
    return _LEFT if said == first else _RIGHT


def _text(value: Any) -> str:
    """A cell as text; a whole number that was read as a float, as of a column with gaps, is written as one."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _numbered(rows: Sequence[Row], at: int) -> Whole:
    """The labels in a column as numbers; a row without one stands alone."""
    import numpy as np

    numbers: dict[Any, int] = {}
    labels: Iterator[Any] = ((_text(row[at]) or (row[0],)) for row in rows)
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)
