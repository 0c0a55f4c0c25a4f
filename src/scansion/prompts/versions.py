"""The version of a prompt: the digest of its canonical text.

Two files that mean the same have one version: white space, comments and the order of keys in the front matter do not
count, nor do the file's name and place. References are digested as what they resolved to, except in connections, which
stand as they are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scansion.types import canonical, hexdigest

if TYPE_CHECKING:
    from scansion.prompts.prompt import Prompt

__all__ = ["canonical_text", "version_of"]


def canonical_text(prompt: Prompt) -> str:
    """The text that stands for a prompt: its front matter as one line of JSON with sorted keys, then the template."""
    return f"---\n{canonical(prompt.meta).decode()}\n---\n{prompt.template}" if prompt.markers else prompt.template


def version_of(prompt: Prompt) -> str:
    """The version of a prompt with its edits, 32 hexadecimal characters."""
    shots = prompt.shots.identity if prompt.shots is not None else None
    return hexdigest(canonical_text(prompt), prompt.kind, prompt.markers, prompt.cue, shots)
