"""A prompt file of the user's own that asks a judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from scansion.errors import InputError, Unscored
from scansion.prompts import Prompt, load
from scansion.scorers._check import cell_of
from scansion.scorers._judging import listed_inputs, question_of, reference_of
from scansion.scorers._verdicts import Reader
from scansion.specs import folder
from scansion.types import Example, Output

__all__ = ["JudgePrompt", "read_judge_prompt"]

_GIVEN = ("output", "target", "reference", "asked", "inputs")
_TARGETS = ("target", "reference")


class JudgePrompt(Struct, frozen=True):
    """A judge's prompt. `values` are bound already; `reader` reads its verdicts (None: the usual ones of who asks)."""

    prompt: Prompt
    values: dict[str, Any] = {}
    reader: Reader[Any] | None = None

    @property
    def needs_target(self) -> bool:
        """Whether it shows the row's target."""
        return any(name in _TARGETS for name in self.prompt.variables)

    def columns(self, given: Sequence[str]) -> tuple[str, ...]:
        """The columns that it shows besides what every judge's prompt may, and what is `given` here."""
        return tuple(name for name in self.prompt.variables if name not in (*_GIVEN, *given))

    def about(self, output: Output, example: Example, given: Mapping[str, Any], lm: Any = None) -> JudgePrompt:
        """This prompt with the values of one output and its row, as the judge `lm` may see it. Raises Unscored for a
        target, and InputError for a column, that is not there."""
        known = {
            "output": output.text,
            "asked": question_of(output, example, lm),
            "inputs": listed_inputs(example, lm),
            **{name: reference_of(example.target) for name in _TARGETS if example.target is not None},
            **given,
        }
        wanted = (*self.prompt.variables, *(n for n in self.prompt.optional if n in known))
        return replace(self, values={n: known[n] if n in known else _of_row(n, example) for n in wanted})

    def render(self, inputs: Mapping[str, Any] = {}) -> Any:
        """The request, with these values over the bound ones."""
        return self.prompt.render({**self.values, **inputs})


def read_judge_prompt(file: str, needed: Sequence[str], reader: Reader[Any] | None = None) -> JudgePrompt:
    """The prompt in a file, which must show all that is `needed`. Raises InputError."""
    prompt = load(file, base_dir=folder())
    prompt.check()
    shown = {*prompt.variables, *prompt.optional}
    for name in needed:
        if name not in shown:
            raise InputError(f"judge's prompt {file!r} does not show {{{{ {name} }}}}; write it where that is to stand")
    return JudgePrompt(prompt, reader=reader)


def _of_row(name: str, example: Example) -> Any:
    if name in _TARGETS:
        raise Unscored("no target", f"the row has no target, and the judge's prompt shows it as {name}")
    return cell_of(name, example)
