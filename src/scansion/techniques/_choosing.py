"""How the best of several candidates is chosen: what a chooser is given, what it gives back, what it costs."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.scorers._judge_prompt import JudgePrompt, read_judge_prompt
from scansion.scorers._judged import asked_with, judge_model
from scansion.scorers._judging import asked_of, listed_inputs
from scansion.scorers._rubric import read_rubric
from scansion.specs import folder
from scansion.types import Example, Output, Sampling, hexdigest

__all__ = ["Case", "Choice", "Chooser", "Criteria", "alike", "best", "read_criteria", "spread"]

T = TypeVar("T")

_SHOWN = ("candidates", "a", "b")  # what judges' prompts show of candidates


class Case(Struct, frozen=True):
    """The candidates of one outcome by the number of their run, in order; there is always one."""

    outputs: dict[int, Output]
    inputs: Mapping[str, Any]
    seed: int = 0

    @property
    def distinct(self) -> list[list[int]]:
        """The numbers of candidates with the same text; see `alike`."""
        return alike(self.outputs)

    @property
    def asked(self) -> str:
        """What all candidates answer: what their transcripts have in common before the reply, else the inputs."""
        outputs = list(self.outputs.values())
        if any(isinstance(output.messages, str) for output in outputs):
            said = _start([asked_of(output) for output in outputs])
        else:
            said = asked_of(Output("", messages=_start([_before(output) for output in outputs])))
        return said or listed_inputs(self.example)

    @property
    def example(self) -> Example:
        """The row as a program may know it: its inputs, and no target."""
        return Example(id="", inputs=dict(self.inputs))

    def random(self, trial: int) -> random.Random:
        """What chance decides, the same whenever this case comes again."""
        return random.Random(f"{self.seed}:{trial}:{hexdigest(dict(self.inputs))}")


def _before(output: Output) -> tuple[Any, ...]:
    """The transcript without the reply that ends it."""
    messages: tuple[Any, ...] = tuple(output.messages)
    return messages[:-1] if messages and messages[-1].role == "assistant" else messages


def _start(sequences: Sequence[Any]) -> Any:
    """What they all begin with."""
    same = 0
    while all(len(each) > same and each[same] == sequences[0][same] for each in sequences):
        same += 1
    return sequences[0][:same]


class Choice(Struct, frozen=True):
    """The number of the run that is chosen, and what the output's `data` tells of the choice."""

    chosen: int
    data: dict[str, Any] = {}


class Chooser(Struct, frozen=True):
    """`choose(case, lm)` chooses; it raises Unscored where it cannot. It makes at most `calls` calls.

    `models`, `embedders`, `variables`, `source`, `asks` are as a Wrap has them. `ready` raises InputError for what
    only a run needs.
    """

    choose: Callable[[Case, Any], Awaitable[Choice]]
    calls: int = 0
    models: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    source: str = ""
    asks: Sampling = Sampling()
    embedders: tuple[str, ...] = ()
    ready: Callable[[], None] | None = None


def best(scores: Mapping[int, float | Unscored]) -> Choice:
    """The candidate with the highest score, the first of equals. Raises the first Unscored where none has a score."""
    found = {number: score for number, score in scores.items() if not isinstance(score, Unscored)}
    if not found:
        raise next(score for score in scores.values() if isinstance(score, Unscored))
    chosen = max(found, key=lambda number: (found[number], -number))
    return Choice(chosen, {"scores": {number: round(score, 9) for number, score in found.items()}})


def spread(groups: Sequence[Sequence[int]], values: Sequence[T]) -> dict[int, T]:
    """The value of each group for each of its members, in their order."""
    found = {number: value for numbers, value in zip(groups, values, strict=True) for number in numbers}
    return dict(sorted(found.items()))


def alike(outputs: Mapping[int, Output]) -> list[list[int]]:
    """The numbers of outputs with the same text. Texts without a word are each their own: they are a preview's, which
    is to show every call."""
    groups: dict[Any, list[int]] = {}
    for number, output in outputs.items():
        groups.setdefault(output.text if output.text.strip() else number, []).append(number)
    return list(groups.values())


class Criteria(Struct, frozen=True):
    """What makes one candidate better, in the user's words; a prompt of the user's own that asks it; the judge's model,
    if it is another one than the program's; the columns that the prompt shows; the digest of the files read."""

    text: str = ""
    prompt: JudgePrompt | None = None
    models: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    source: str = ""

    def judge(self, lm: Any) -> Any:
        """The handle on the judge."""
        return asked_with(lm, self.models)

    def chooser(self, choose: Callable[[Case, Any], Awaitable[Choice]], calls: int) -> Chooser:
        """A chooser that goes by these."""
        return Chooser(choose, calls, self.models, self.variables, self.source)

    def about(self, case: Case) -> JudgePrompt | None:
        """The prompt with what it shows of a case, but for the candidates."""
        if self.prompt is None:
            return None
        given = {"asked": case.asked, "criteria": self.text, **dict.fromkeys(_SHOWN, "")}
        return self.prompt.about(next(iter(case.outputs.values())), case.example, given)


def read_criteria(rubric: str, file: str | None, model: str | None, needs: tuple[str, ...]) -> Criteria:
    """The criteria that `rubric`, a short text or the name of a file, states, and the prompt in `file`, which must show
    `needs`. Raises InputError."""
    text, read = rubric.strip(), []
    if text and (len(text.split()) == 1 or text.lower().endswith((".md", ".txt")) or (folder() / text).is_file()):
        text = read_rubric(folder() / text, text).text
        read.append(text)
    if file is None:
        return Criteria(text, None, judge_model(model, None), source=hexdigest(read) if read else "")
    own = read_judge_prompt(file, needs)
    for name in ("output", *_SHOWN):
        if name not in needs and name in (*own.prompt.variables, *own.prompt.optional):
            wanted = " and ".join(f"{{{{ {each} }}}}" for each in needs)
            raise InputError(f"best_of: the prompt {file!r} shows {{{{ {name} }}}}; the judge is shown {wanted} here")
    if own.needs_target:
        raise InputError(f"best_of: the prompt {file!r} shows the target, which no program may see; take it out")
    columns = own.columns((*needs, "criteria"))
    return Criteria(text, own, judge_model(model, own), columns, hexdigest(read, own.prompt.version))
