"""Does the output answer its own input, or repeat what the shots in its prompt say?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from scansion.data.near import words as words_of
from scansion.errors import InputError
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._texts import as_text, said_in
from scansion.types import Example, Message, Output, Score

__all__ = ["copied_from_shots"]


@scorer("copied_from_shots")
def copied_from_shots(words: int = 8, *, answers: bool = False) -> Uncopied:
    """1 if nothing is copied from the shots, else the share of the output's words that are not.

    Copied is a run of at least `words` words (case and punctuation do not matter) that stands in a shot, its input or
    its answer, and neither in the example's own inputs nor in another shot: what several shots share is the form that
    they are to show. The explanation quotes the longest run and names its shot. With `answers=true` an output that is a
    shot's whole answer counts too, however short: for tasks whose answers do not recur, not for labels. No target is
    needed.

    Shots are those that the output's data tells of (`shots`, see the technique of that name), wherever they stand in
    the prompt. An output whose program tells of none is unscored (`skipped`).

    Example: `copied_from_shots(6)`
    """
    if words < 2:
        raise InputError(f"copied_from_shots: words is {words}; a run of at least 2 words can be told from chance")
    return Uncopied(words, answers)


class Uncopied(Struct, frozen=True):
    """A scorer that looks for what an output shares with its shots alone."""

    words: int
    answers: bool = False

    needs_target = False
    uses_model = False
    extractor: Extractor | None = None
    columns: tuple[str, ...] = ()
    pass_mark: float = 1.0

    def score(self, output: Output, example: Example) -> Score:
        if "shots" not in output.data:
            return Score(None, "skipped", "the program tells of no shots")
        ids = [str(id) for id in output.data["shots"]]
        texts, own = _shot_texts(output, len(ids)), _own_texts(output, example, len(ids))
        said = words_of(output.text)
        if self.answers:
            for id, shot in zip(ids, texts, strict=False):
                if said and words_of(shot[-1]) == said:
                    return Score(0.0, explanation=f"the answer of shot {id}: {' '.join(said)!r}")
        return self._counted(said, ids, list(map(self._runs, texts)), self._runs(own))

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG002
        return self.score(output, example)

    def refuses_gold(self, example: Example) -> str | None:  # noqa: ARG002
        return None

    def _runs(self, texts: Iterable[str]) -> set[tuple[str, ...]]:
        words = map(words_of, texts)
        return {tuple(each[at : at + self.words]) for each in words for at in range(len(each) - self.words + 1)}

    def _counted(
        self, said: Sequence[str], ids: Sequence[str], shown: Sequence[set[tuple[str, ...]]], own: set[tuple[str, ...]]
    ) -> Score:
        """The share of the words that stand in no copied run."""
        held = Counter(run for runs in shown for run in runs)
        copied, longest, whose = [False] * len(said), (0, 0), ""
        for id, runs in zip(ids, shown, strict=False):
            begun = 0
            for at in range(len(said) - self.words + 1):
                run = tuple(said[at : at + self.words])
                if run not in runs or run in own or held[run] > 1:
                    begun = at + 1
                    continue
                copied[at : at + self.words] = [True] * self.words
                if at + self.words - begun > longest[1] - longest[0]:
                    longest, whose = (begun, at + self.words), id
        if not any(copied):
            return Score(1.0)
        quoted = " ".join(said[longest[0] : longest[1]])
        return Score(1 - sum(copied) / len(said), explanation=f"from shot {whose}: {quoted!r}")


def _shot_texts(output: Output, count: int) -> list[list[str]]:
    """What is shown of each shot, its answer last."""
    texts = output.data.get("shots_text")
    if isinstance(texts, list | tuple):
        return [list(map(str, shot)) for shot in texts]
    turns = _turns(output, count)
    return [[said_in(asked), said_in(reply)] for asked, reply in zip(turns[::2], turns[1::2], strict=False)]


def _turns(output: Output, count: int) -> Sequence[Message]:
    """The messages that are shots; none where they stand in a text."""
    first, messages = output.data.get("shots_at"), output.messages
    if not isinstance(first, int) or isinstance(messages, str):
        return ()
    return messages[first : first + 2 * count]


def _own_texts(output: Output, example: Example, count: int) -> list[str]:
    """What the prompt says besides its shots: other turns than theirs, and the inputs that it was given."""
    messages = output.messages
    if isinstance(messages, str):
        sent, others = messages.removesuffix(output.text), []
    else:
        sent = "\n".join(map(said_in, messages[:-1]))
        shots = {id(message) for message in _turns(output, count)}
        others = [said_in(m) for m in messages[:-1] if shots and id(m) not in shots and m.role != "assistant"]
    return [*others, *(text for text in map(as_text, example.inputs.values()) if text in sent)]
