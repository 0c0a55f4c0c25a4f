"""Outcomes and their scores in the database.

An outcome is keyed by what made it; a score by the outcome, the scorer and the example that it was held against, so
that a corrected target or another scorer makes new scores and no new calls.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from msgspec import Struct, structs

from scansion.errors import PASSING
from scansion.experiments.store.codec import pack, unpack
from scansion.types import Call, FinishReason, Message, Output, TokenLogprob

__all__ = [
    "DONE",
    "ERROR",
    "UNSCORED",
    "Member",
    "OutcomeRecord",
    "OutcomeTable",
    "ScoreDetail",
    "ScoreRecord",
    "packed_output",
    "plain_output",
]

DONE, UNSCORED, ERROR = 0, 1, 2
"""The states of an outcome and of a score: done, unscored with a reason, error of a kind."""

_CHUNK = 500  # keys a query


class OutcomeRecord(Struct, frozen=True):
    """One outcome as stored. `reason` is the unscored reason or the error's kind; `calls` the keys of its calls in
    order, 16 bytes each; `cluster` the label of equal requests; `cost` None where a call has no price.

    `made` is when it was stored, in seconds since 1970. `output` is the packed Output beside its last call (see
    `packed_output`), None when there is none, and also when it is just the reply of the last call.
    """

    key: bytes
    status: int
    reason: str = ""
    message: str = ""
    truncated: bool = False
    cluster: int = 0
    calls: bytes = b""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = 0.0
    latency: float = 0.0
    served: str = ""
    made: float = 0.0
    output: bytes | None = None


class ScoreDetail(Struct, frozen=True, omit_defaults=True):
    """What a reader of a score wants beside its value: the words for it, the answer read, the judge's calls."""

    explanation: str = ""
    answer: Any = None
    calls: bytes = b""


class ScoreRecord(Struct, frozen=True):
    """One score as stored; `reason` is the unscored reason or the error's kind."""

    state: int
    value: float | None = None
    reason: str = ""
    detail: ScoreDetail = ScoreDetail()
    judge_calls: int = 0
    judge_cost: float | None = 0.0


_COLUMNS = [f for f in OutcomeRecord.__struct_fields__ if f != "key"]
_SAVE = (
    f"INSERT INTO outcomes (key, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)}) "
    f"ON CONFLICT (key) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS)} "
    f"WHERE status = {ERROR} OR excluded.status != {ERROR}"
)
_SAVE_SCORE = (
    "INSERT OR REPLACE INTO scores (outcome, scorer, example, state, value, reason, detail, judge_calls, judge_cost) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_EMPTY_DETAIL = ScoreDetail()


def plain_output(call: Call) -> Output:
    """The output of a program that gives the reply of its one request as it came."""
    request, done = call.request, call.completion
    messages: tuple[Message, ...] | str
    if request.text is not None:
        messages = request.text + done.text
    else:
        reply = Message(role="assistant", content=done.text, tool_calls=done.tool_calls)
        messages = (*request.messages, reply)
    return Output(text=done.text, messages=messages, logprobs=done.logprobs, finish_reason=done.finish_reason)


class _Kept(Struct, frozen=True, omit_defaults=True):
    """An output as it is stored: `last` are the fields left out because they are those of the last call's reply. The
    text is always there, for those who read nothing else."""

    text: str
    answer: Any = None
    messages: tuple[Message, ...] | str = ()
    logprobs: tuple[TokenLogprob, ...] | None = None
    finish_reason: FinishReason | None = None
    data: dict[str, Any] = {}
    last: tuple[str, ...] = ()


_LEFT_OUT: dict[str, Any] = {"messages": (), "logprobs": None}


def packed_output(output: Output, last: Call | None) -> bytes | None:
    """An output as it is stored beside its last call: what differs from that call's reply, None where nothing does.

    Raises TypeError, OverflowError, ValueError for an answer or data that cannot be stored.
    """
    plain = plain_output(last) if last is not None else None
    if output == plain:
        return None
    kept = _Kept(**structs.asdict(output))
    same = [
        n for n in _LEFT_OUT if plain is not None and getattr(output, n) and getattr(output, n) == getattr(plain, n)
    ]
    return pack(structs.replace(kept, last=tuple(same), **{n: _LEFT_OUT[n] for n in same}) if same else kept)


def _unpacked_output(kept: _Kept, last: Call | None) -> Output:
    """The output again; without the call what was left out stays empty."""
    found = {name: getattr(kept, name) for name in Output.__struct_fields__}
    if kept.last and last is not None:
        plain = plain_output(last)
        found |= {name: getattr(plain, name) for name in kept.last if name in _LEFT_OUT}
    return Output(**found)


Member = tuple[int, int, int, int]
"""An outcome's place in a run: variant, row, trial, outcome."""


class OutcomeTable:
    """Reads and writes outcomes, scores and the membership of outcomes in runs."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def settled(self, keys: Sequence[bytes], since: float = math.inf) -> dict[bytes, tuple[int, bool]]:
        """Those outcomes that are there and need not be asked again: the id of each, and whether it has an output that
        can be scored. Errors that may pass are asked again, unless they were made after `since`."""
        found: dict[bytes, tuple[int, bool]] = {}
        for chunk in _chunks(keys):
            query = f"SELECT key, id, status, reason, made FROM outcomes WHERE key IN ({_marks(chunk)})"
            for key, id, status, reason, made in self._db.execute(query, chunk):
                if status != ERROR or reason not in PASSING or made > since:
                    found[key] = id, status == DONE
        return found

    def scored(self, outcomes: Collection[int], scorers: Collection[int]) -> dict[tuple[int, int, int], float | None]:
        """The scores that need not be asked again: their values by (outcome, scorer, example)."""
        found: dict[tuple[int, int, int], float | None] = {}
        if not scorers:
            return found
        names = ", ".join(str(int(s)) for s in scorers)
        for chunk in _chunks(list(outcomes)):
            query = (
                "SELECT outcome, scorer, example, state, reason, value FROM scores "
                f"WHERE outcome IN ({_marks(chunk)}) AND scorer IN ({names})"
            )
            for outcome, scorer, example, state, reason, value in self._db.execute(query, chunk):
                if state != ERROR or reason not in PASSING:
                    found[outcome, scorer, example] = value
        return found

    def save(self, record: OutcomeRecord) -> int:
        """Store an outcome, in place of one of the same key unless it would put an error there; returns its id."""
        self._db.execute(_SAVE, (record.key, *(getattr(record, column) for column in _COLUMNS)))
        return int(self._db.execute("SELECT id FROM outcomes WHERE key = ?", (record.key,)).fetchone()[0])

    def save_score(self, outcome: int, scorer: int, example: int, score: ScoreRecord) -> None:
        """Store a score, in place of one for the same outcome, scorer and example."""
        detail = pack(score.detail) if score.detail != _EMPTY_DETAIL else None
        row = (score.state, score.value, score.reason, detail, score.judge_calls, score.judge_cost)
        self._db.execute(_SAVE_SCORE, (outcome, scorer, example, *row))

    def join(self, run: int, members: Iterable[Member]) -> None:
        """Enter outcomes into a run."""
        self._db.executemany(
            "INSERT OR REPLACE INTO members (run, variant, row, trial, outcome) VALUES (?, ?, ?, ?, ?)",
            [(run, *member) for member in members],
        )

    def load(self, outcome: int) -> OutcomeRecord:
        """The outcome of that id."""
        query = f"SELECT key, {', '.join(_COLUMNS)} FROM outcomes WHERE id = ?"
        row = self._db.execute(query, (outcome,)).fetchone()
        values = dict(zip(("key", *_COLUMNS), row, strict=True))
        return OutcomeRecord(**{**values, "truncated": bool(values["truncated"])})

    def calls(self, keys: bytes) -> list[Call]:
        """The calls whose keys stand one after another in `keys`, in that order; a vacuumed one is left out."""
        found = []
        for i in range(0, len(keys), 16):
            row = self._db.execute("SELECT body FROM calls WHERE key = ?", (keys[i : i + 16],)).fetchone()
            if row is not None:
                found.append(unpack(row[0], Call))
        return found

    def output(self, record: OutcomeRecord) -> Output | None:
        """What the program of this outcome produced, None if nothing."""
        kept = unpack(record.output, _Kept) if record.output is not None else None
        if kept is None and record.status != DONE:
            return None
        calls = self.calls(record.calls[-16:]) if kept is None or kept.last else []
        last = calls[0] if calls else None
        if kept is not None:
            return _unpacked_output(kept, last)
        return plain_output(last) if last is not None else None

    def scorer_id(self, identity: str) -> int:
        """The number by which scores name a scorer."""
        self._db.execute("INSERT OR IGNORE INTO scorers (identity) VALUES (?)", (identity,))
        return int(self._db.execute("SELECT id FROM scorers WHERE identity = ?", (identity,)).fetchone()[0])

    def scores(self, outcome: int, example: int) -> dict[int, ScoreRecord]:
        """All scores of an outcome against an example, by scorer."""
        rows = self._db.execute(
            "SELECT scorer, state, value, reason, detail, judge_calls, judge_cost FROM scores "
            "WHERE outcome = ? AND example = ?",
            (outcome, example),
        )
        return {
            scorer: ScoreRecord(state, value, reason, unpack(detail, ScoreDetail) if detail else _EMPTY_DETAIL, n, cost)
            for scorer, state, value, reason, detail, n, cost in rows
        }


def _chunks(keys: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (keys[i : i + _CHUNK] for i in range(0, len(keys), _CHUNK))


def _marks(chunk: Sequence[Any]) -> str:
    return ", ".join("?" * len(chunk))
