"""The file of a rubric: its text, and what was measured of it, in YAML between two lines of `---` at its top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.types import hexdigest

__all__ = ["RubricFile", "read_rubric", "write_rubric"]


class RubricFile(Struct, frozen=True):
    """A rubric: the `text` that a judge is given, and the `facts` that stand above it (empty: written by hand)."""

    text: str
    facts: dict[str, Any] = {}

    @property
    def drafted(self) -> bool:
        """Whether a model drafted it (`scansion rubric`)."""
        return "drafted_by" in self.facts

    @property
    def measured(self) -> bool:
        """Whether the text is still the one whose agreement with a person was measured."""
        return self.facts.get("measured") == hexdigest(self.text)

    @property
    def judge(self) -> str | None:
        """The model whose agreement was measured."""
        judge = self.facts.get("judge")
        return judge if isinstance(judge, str) else None


def read_rubric(path: Path, name: str) -> RubricFile:
    """The rubric in a file; `name` is what the user calls it. Raises InputError for one that cannot be read or is
    empty."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        hint = "name a text file, or draft one with `scansion rubric`"
        raise InputError(f"rubric {name!r} cannot be read: {why}; {hint}") from None
    facts, body = _parted(text, name)
    if not body.strip():
        raise InputError(f"rubric {name!r} is empty; say in it what makes an output right")
    return RubricFile(body.strip(), facts)


def write_rubric(path: Path, rubric: RubricFile) -> None:
    """Write a rubric with its facts and the digest of its text. Raises InputError if the file cannot be written."""
    import yaml

    facts = {**rubric.facts, "measured": hexdigest(rubric.text)}
    head = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100)
    try:
        path.write_text(f"---\n{head}---\n{rubric.text}\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _parted(text: str, name: str) -> tuple[dict[str, Any], str]:
    """The facts and the rest."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in (line.rstrip() for line in lines[1:]):
        return {}, text
    import yaml

    end = next(i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---")
    try:
        facts = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError:
        raise InputError(f"rubric {name!r}: what stands between its first lines of --- is not valid YAML") from None
    return (facts, "\n".join(lines[end + 1 :])) if isinstance(facts, dict) else ({}, text)
