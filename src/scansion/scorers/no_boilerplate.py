"""Does the output do without phrases that a model says of everything?"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from scansion.data.phrases import words_of
from scansion.errors import InputError
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._judging import asked_of
from scansion.scorers._texts import EMPTY
from scansion.specs import folder
from scansion.types import Example, Output, Score

__all__ = ["no_boilerplate"]


@scorer("no_boilerplate")
def no_boilerplate(phrases: str | Sequence[str]) -> Unmarked:
    """1 if the output has none of the phrases, else 0; the explanation names those that it has.

    `phrases` is a file, or a list of them. `scansion boilerplate -o phrases.txt` finds the phrases that recur across a
    run's outputs to unrelated inputs and writes the file: a phrase a line, what stands behind `#` is no part of it.
    Case and punctuation do not matter, and a phrase that the prompt itself has does not count. An empty output is
    unscored (`no answer`).

    Source: Bai et al. 2022, Constitutional AI (arXiv 2212.08073), section 4.3, on boilerplate of over-trained models.

    Example: `no_boilerplate(["as an AI language model", "I hope this helps"])`
    """
    lines = _read(phrases) if isinstance(phrases, str) else phrases
    normal = (" ".join(words_of(line)) for line in lines)
    found = tuple(dict.fromkeys(line for line in normal if line))
    if not found:
        raise InputError(f"no_boilerplate: {phrases!r} has no phrase; write one a line, or give a list")
    source = blake2b("\n".join(found).encode(), digest_size=8).hexdigest() if isinstance(phrases, str) else ""
    return Unmarked(found, source)


def _read(file: str) -> list[str]:
    """The lines of a file of phrases, without comments. Raises InputError."""
    try:
        text = (folder() / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"no_boilerplate: {file!r} cannot be read: {why}; `scansion boilerplate -o {file}` writes it"
        ) from None
    return [line.partition("#")[0] for line in text.splitlines()]


class Unmarked(Struct, frozen=True):
    """Looks for phrases: words in lower case with a space between. `source` is the digest of those in a file."""

    phrases: tuple[str, ...]
    source: str
    needs_target: bool = False
    uses_model: bool = False
    extractor: Extractor | None = None
    columns: tuple[str, ...] = ()
    pass_mark: float = 1.0

    def score(self, output: Output, example: Example) -> Score:  # noqa: ARG002
        if not output.text.strip():
            return EMPTY
        text = _plain(output.text)
        found = [phrase for phrase in self.phrases if f" {phrase} " in text]
        if found:
            asked = _plain(asked_of(output))
            found = [phrase for phrase in found if f" {phrase} " not in asked]
        return Score(float(not found), explanation="; ".join(found)[:500])

    async def ask(self, output: Output, example: Example, lm: Any) -> Score:  # noqa: ARG002
        return self.score(output, example)

    def refuses_gold(self, example: Example) -> str | None:  # noqa: ARG002
        return None


def _plain(text: str) -> str:
    return f" {' '.join(words_of(text))} "
