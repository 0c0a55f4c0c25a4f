"""What a person at work says of outcomes, and takes back again: each undo is a new act, nothing is ever removed.

    pen = Pen(lab.annotations)
    pen.tag(view, "wrong unit")
    pen.undo()

Every method returns what was done, in words, for the person to see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.people.annotations import Annotations, Standing, tag_key
from scansion.experiments.people.keeping import append_shot, remove_shot, shot_of
from scansion.experiments.people.targets import as_target, same_value
from scansion.experiments.results import OutcomeView
from scansion.experiments.store.runs import RunRecord
from scansion.scorers import Scorer, build_scorer
from scansion.techniques._way_out import wanted
from scansion.types import Example

__all__ = ["Pen", "scorers_of"]


def scorers_of(run: RunRecord) -> list[Scorer]:
    """The scorers of a run, without those that cannot be opened here."""
    found = []
    for spec in run.plan["scorers"]:
        with suppress(InputError):
            found.append(build_scorer(spec, run.plan["base_dir"]))
    return found


class Pen:
    """The acts of one person in one sitting, the last of which can be undone. `scorers` are those of the run,
    `ways_out` the words with which its variants abstain."""

    def __init__(self, annotations: Annotations, scorers: Sequence[Scorer] = (), ways_out: Sequence[str] = ()) -> None:
        self.annotations, self._scorers, self._ways_out = annotations, scorers, ways_out
        self.acts = 0
        self._undo: list[tuple[str, Callable[[], object]]] = []

    @property
    def author(self) -> str:
        """Who annotates."""
        return self.annotations.author

    def standing(self, view: OutcomeView) -> Standing:
        """What stands of an outcome and its example."""
        return self.annotations.standing(view)

    def known_tags(self) -> list[str]:
        """The tags of the lab, the most used first."""
        used = Counter[str]()
        spelt: dict[str, str] = {}
        for each in self.annotations.all("tag"):
            if each.value.startswith("+"):
                used[spelt.setdefault(tag_key(each.value[1:]), each.value[1:])] += 1
        return [tag for tag, _ in used.most_common()]

    def mark(self, view: OutcomeView, right: bool | None) -> str:
        """Mark an outcome right or wrong, or take one's mark back with None."""
        before = self.standing(view).marks.get(self.author)
        if right == before:
            return "that is how it is marked" if right is not None else "you have not marked it"
        self.annotations.mark(view, right)
        done = "mark taken back" if right is None else f"marked {'right' if right else 'wrong'}"
        return self._done(done, partial(self.annotations.mark, view, before))

    def tag(self, view: OutcomeView, text: str) -> str:
        """Tag an outcome, or take a tag of one's own off where it stands. Raises InputError for no such tag."""
        text = " ".join(text.split())
        own = self.standing(view).tags.get(self.author, ())
        if tag_key(text) in map(tag_key, own):
            self.annotations.untag(view, text)
            return self._done(f"tag {text!r} taken off", partial(self.annotations.tag, view, text))
        self.annotations.tag(view, text)
        return self._done(f"tagged {text!r}", partial(self.annotations.untag, view, text))

    def note(self, view: OutcomeView, text: str) -> str:
        """Write one's note on an outcome, in place of the one before; an empty text takes it back."""
        before = self.standing(view).notes.get(self.author, "")
        if text.strip() == before:
            return "the note is as it was"
        self.annotations.note(view, text)
        return self._done(
            "note written" if text.strip() else "note taken back", partial(self.annotations.note, view, before)
        )

    def correct(self, view: OutcomeView, text: str) -> str:
        """Correct the example's target as typed. Its own target again takes one's correction back; where another's
        stands, it is said against that one.

        Raises InputError for an empty text, and for a number that is none.
        """
        own, said = view.example.target, self.standing(view)
        target = as_target(text, own)
        mine = self.author in said.targets
        stands = said.target if said.corrected else own
        if same_value(target, stands) and (not mine or same_value(target, said.targets[self.author])):
            return "the target is as it was"
        before = partial(self.annotations.uncorrect, view)
        if mine:
            before = partial(self.annotations.correct, view, said.targets[self.author])
        if same_value(target, own) and not said.targets.keys() - {self.author}:
            self.annotations.uncorrect(view)
            return self._done("the corrected target is taken back", before)
        self.annotations.correct(view, target)
        back = "the example's own target put back" if same_value(target, own) else "target corrected"
        return self._done(back + self._refusal(structs.replace(view.example, target=target)), before)

    def _refusal(self, example: Example) -> str:
        """What is to be said of a target that a scorer would not accept."""
        for scorer in self._scorers:
            if (why := scorer.refuses_gold(example)) is not None and not wanted(example.target, self._ways_out):
                return f", but {scorer.name} does not accept it: {why}"
        return ""

    def keep(self, run: RunRecord, variant: int, view: OutcomeView, path: str) -> str:
        """Append an outcome to a shots file as an example. Raises InputError as `keeping` does."""
        line, row = append_shot(path, shot_of(run, variant, view, self.standing(view)))
        self.annotations.keep(view, path)
        return self._done(f"kept in {path}, line {line}", partial(self._take_out, view, path, row))

    def _take_out(self, view: OutcomeView, path: str, row: dict[str, Any]) -> None:
        remove_shot(path, row)
        self.annotations.unkeep(view, path)

    def undo(self) -> str:
        """Undo the last act of this sitting that stands. Raises InputError where it cannot be; it stands then."""
        if not self._undo:
            return "nothing to undo: what was said before this sitting is changed by saying something else"
        done, back = self._undo[-1]
        back()
        self._undo.pop()
        self.acts += 1
        return f"undone: {done}"

    def _done(self, done: str, back: Callable[[], object]) -> str:
        self.acts += 1
        self._undo.append((done, back))
        return done
