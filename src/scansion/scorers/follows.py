"""Instructions that a program can check: does the output obey them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._verifying import Mode, Verifier
from scansion.types import Example, Output, Score

__all__ = ["Level", "Obeyed", "follows", "verdict"]

Level = Literal["prompt", "instruction"]
Named = Sequence[tuple[str, Verifier]]


@scorer("follows", "obeys")
def follows(*verifiers: Verifier, mode: Mode = "strict", level: Level = "instruction") -> Obeyed:
    """The share of the verifiers that the output obeys; with `level=prompt` 1 if it obeys all, else 0.

    Verifiers are listed in the gallery: `words(at_least=300)`, `keywords([tea, cup])`, `bullets(3)`, `no_comma` ...
    `mode=loose` also accepts an output that obeys without its first or last line or without asterisks, as IFEval does
    for a greeting or for markup around what was asked. The answer lists each verifier and whether it was obeyed, the
    explanation names those that were not and what was found.

    Source: Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models (arXiv 2311.07911).

    Example: `follows(words(less_than=80), no_comma, mode=loose)`
    """
    if not verifiers:
        raise InputError("follows: no verifier is given; name some, such as follows(words(less_than=80), no_comma)")
    columns = tuple(dict.fromkeys(c for one in verifiers for c in one.columns))
    named = [(one.spec, one) for one in verifiers]
    return Obeyed(lambda _: named, columns, mode, level)


class Obeyed(Struct, frozen=True):
    """Holds the whole output against the verifiers that `of` gives for its row, each with a name."""

    of: Any
    columns: tuple[str, ...]
    mode: Mode
    level: Level
    needs_target: bool = False
    uses_model: bool = False
    extractor: Extractor | None = None
    pass_mark: float = 1.0

    def score(self, output: Output, example: Example) -> Score:
        try:
            named = self.of(example)
        except InputError as error:
            raise InputError(f"row {example.row + 1}: {error}") from None
        return verdict(named, output.text, example, self.mode, self.level)

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG002
        return self.score(output, example)

    def refuses_gold(self, example: Example) -> str | None:
        """None: a target says nothing of instructions. Raises InputError for instructions that cannot be read."""
        self.of(example)
        return None


def verdict(named: Named, text: str, example: Example, mode: Mode, level: Level) -> Score:
    """The score of a text under these verifiers; unscored where there is none."""
    if not named:
        return Score(None, "no target", "the row has no instructions")
    broken = [(name, one.broken(text, example, mode)) for name, one in named]
    obeyed = sum(not why for _, why in broken)
    value = obeyed / len(broken) if level == "instruction" else float(obeyed == len(broken))
    said = "; ".join(f"{name}: {why}" for name, why in broken if why)
    answer = [{"instruction": name, "obeyed": not why} for name, why in broken]
    return Score(value, explanation=said[:500], answer=answer)
