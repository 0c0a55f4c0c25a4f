"""Text search in outcomes: which of some items have a text in them.

Looked through are the example's id, inputs and target, the output, the reasons of the outcome and of its scores, and
the tags and notes that stand, ignoring case. An item costs about 30 microseconds, so callers go through large runs in
blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from scansion.experiments.selection import Item
from scansion.experiments.store.annotations import Place
from scansion.experiments.store.codec import unpack
from scansion.experiments.store.outcomes import ScoreDetail

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = ["Search"]

_ASKED = """
    SELECT o.id, o.reason, o.message, o.output,
        (SELECT c.body FROM calls c WHERE c.key = substr(o.calls, -16))
    FROM members m JOIN outcomes o ON o.id = m.outcome
    WHERE m.run = ? AND m.variant = ? AND m.row = ? AND m.trial = ?
"""
_SCORES = "SELECT reason, detail FROM scores WHERE outcome = ? AND example = ? AND scorer IN ({scorers})"
_ROW = "SELECT id, digest, body FROM rows WHERE dataset = ? AND row = ?"


class _Said(Struct):
    """An Output or a Completion, of which the text alone is read."""

    text: str


class _Reply(Struct):
    """A Call, of which the reply's text alone is read."""

    completion: _Said


class _Asked(Struct):
    """An Example, of which inputs and target are read."""

    inputs: dict[str, Any]
    target: Any = None


class Search:
    """A search for `text` in the outcomes of one run."""

    def __init__(self, lab: Lab, run: RunRecord, text: str) -> None:
        self._lab, self._run = lab, run
        self._wanted = text.casefold()
        self._scores = _SCORES.format(scorers=", ".join(str(int(id)) for id in run.context["scorer_ids"]) or "NULL")
        self._roles = set(run.context.get("roles", ()))

    def among(self, items: Iterable[Item]) -> Iterator[Item]:
        """Those items that have the text, with those of their variants that have it: all, where the example does."""
        for item in items:
            id, mark, asked = self._example(item.row)
            if self._in(id, asked):
                yield item
                continue
            variants = tuple(v for v in item.variants if self._in_outcome(item, v, mark))
            if variants:
                yield item._replace(variants=variants)

    @cached_property
    def _noted(self) -> set[Place]:
        """The outcomes on which a note or a tag stands that has the text."""
        from scansion.experiments.people.annotations import standing_in

        standing = standing_in(self._lab, self._run, "note", "tag")
        return {place for place, said in standing.items() if self._in(*said.notes.values(), *said.all_tags)}

    def _example(self, row: int) -> tuple[str, int, str]:
        """An example's id and digest, and its inputs and target as one text."""
        found = self._lab.db.execute(_ROW, (self._run.dataset or 0, row)).fetchone()
        if found is None:
            return "", 0, ""
        id, mark, body = found
        asked = unpack(body, _Asked)
        values = [value for name, value in asked.inputs.items() if name not in self._roles]
        return id, mark, "\n".join(map(_text, [*values, asked.target]))

    def _in_outcome(self, item: Item, variant: int, mark: int) -> bool:
        place = (self._run.id, variant, item.row, item.trial)
        found = self._lab.db.execute(_ASKED, place).fetchone()
        if found is None:
            return False
        outcome, reason, message, output, call = found
        if output is not None:
            said = unpack(output, _Said).text
        else:
            said = unpack(call, _Reply).completion.text if call is not None else ""
        noted = Place(item.row, variant, item.trial) in self._noted
        return noted or self._in(said, reason, message) or self._in(*self._reasons(outcome, mark))

    def _reasons(self, outcome: int, mark: int) -> Iterator[str]:
        for reason, detail in self._lab.db.execute(self._scores, (outcome, mark)):
            yield reason
            if detail is not None:
                found = unpack(detail, ScoreDetail)
                yield found.explanation
                yield _text(found.answer)

    def _in(self, *texts: str) -> bool:
        return any(self._wanted in text.casefold() for text in texts)


def _text(value: Any) -> str:
    """A value as it is shown."""
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()
