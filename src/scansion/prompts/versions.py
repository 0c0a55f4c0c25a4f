"""The version of a prompt: the digest of its canonical text; and what is kept of a prompt to show it again later.

Two files that mean the same have one version: white space, comments and the order of keys in the front matter do not
count, nor do the file's name and place. References are digested as what they resolved to, except in connections, which
stand as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.prompts.frontmatter import Where
from scansion.types import Example, canonical, hexdigest

if TYPE_CHECKING:
    from scansion.prompts.prompt import Prompt

__all__ = ["Kept", "KeptShots", "canonical_text", "keep", "masked", "restore", "restore_file", "version_of"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = re.compile(
    "([a-z]*(token|secret|password|passwd|passphrase|authorization|credential|cookie)|"
    "(x?(api|access|auth|account|client|private|subscription))?key|auth|bearer|pwd)s?"
)
_COUNTED = frozenset({"max", "min", "limit", "budget", "count", "number", "per", "stop", "eos", "bos", "pad"})
_REFERENCE = re.compile(r"((Bearer|Basic|Token) )?\$\{(\w+:)?[^{}:]*\}")  # without a default, which may be the secret
_NAMED = frozenset({"value", "default", "example"})  # what a list of named things, `{name: N, value: V}`, says of each
_DECLARES = frozenset({"name", "kind", "type", "description"})  # what an input that is called `password` is, not holds
_PLAIN = frozenset({"key", "keys", "token", "tokens", "secret", "secrets", "cookie", "cookies", "auth", "bearer"})
_MASK = "***"


def canonical_text(prompt: Prompt) -> str:
    """The text that stands for a prompt: its front matter as one line of JSON with sorted keys, then the template."""
    return f"---\n{canonical(prompt.meta).decode()}\n---\n{prompt.template}" if prompt.markers else prompt.template


def version_of(prompt: Prompt) -> str:
    """The version of a prompt with its edits, 32 hexadecimal characters."""
    shots = prompt.shots.identity if prompt.shots is not None else None
    return hexdigest(canonical_text(prompt), prompt.kind, prompt.markers, prompt.cue, shots)


class Kept(Struct, frozen=True, omit_defaults=True):
    """A prompt in plain data: its template, its front matter (None: a file without), and the edits of techniques.

    `version` is that of the prompt as its file has it, without edits; `shots` is the text form of what chose them.
    """

    version: str
    template: str
    meta: dict[str, Any] | None = None
    cue: str = ""
    shots: str = ""


class KeptShots:
    """The shots of a prompt that was kept: the text of what chose them. They cannot be chosen again."""

    fixed = True

    def __init__(self, spec: str) -> None:
        self.spec = self.identity = spec

    def check(self, channel: Any) -> None:
        """Nothing: they are shown to nobody."""

    async def select(self, inputs: Any, lm: Any, render: Any = None) -> Sequence[Example]:  # noqa: ARG002
        """Raises InputError."""
        raise InputError(f"the shots of this version are not kept; run its file with -t {self.spec!r}")


def keep(prompt: Prompt, edited: Prompt | None = None) -> Kept:
    """What is kept of a prompt, and of what techniques made of it (`edited`). Secrets are not."""
    edited = edited or prompt
    return Kept(
        version=prompt.version,
        template=prompt.template,
        meta=masked(prompt.meta) if prompt.markers else None,
        cue=edited.cue,
        shots=edited.shots.spec if edited.shots is not None else "",
    )


def restore(kept: Kept, name: str) -> Prompt:
    """The prompt that was kept, with its cue and the name of its shots. Raises InputError if it cannot be read."""
    from scansion.prompts.load import assembled
    from scansion.prompts.prompt import Prompt

    if kept.meta is None:
        prompt = Prompt(name=name, template=kept.template, markers=False)
    else:
        prompt = assembled(kept.meta, kept.template, name, Where(name))
    shots = KeptShots(kept.shots) if kept.shots else None
    return msgspec.structs.replace(prompt, cue=kept.cue, shots=shots)


def restore_file(kept: Kept, path: str, *, edits: bool = False) -> Prompt:
    """The prompt that was kept, named by the file that it came from, with the edits of techniques only if asked for.

    Raises InputError if it cannot be read.
    """
    plain = kept if edits else msgspec.structs.replace(kept, cue="", shots="")
    return restore(plain, Path(path.rpartition(":")[2]).stem)


def masked(value: Any) -> Any:
    """Front matter in which `***` stands for what looks like a secret; references (`${env:NAME}`) stay."""
    if isinstance(value, dict):
        return {k: _masked_in(value, k, v) for k, v in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def _masked_in(mapping: dict[Any, Any], key: Any, value: Any) -> Any:
    if key == "inputs" and isinstance(value, dict):
        return _inputs(value)
    return _hidden(value) if _is_secret(key, value, mapping) else masked(value)


def _inputs(inputs: dict[Any, Any]) -> dict[Any, Any]:
    """A prompt's inputs: one that is called by a plain word, `key` or `token`, is no secret, `api_key` is."""
    return {k: v if str(k).casefold() in _PLAIN else masked({k: v})[k] for k, v in inputs.items()}


def _is_secret(key: Any, value: Any, beside: dict[Any, Any]) -> bool:
    """Whether a value in the mapping `beside` looks like a secret: by its key, or by the name that stands beside it."""
    if key in _NAMED:
        return _names_secret(beside.get("name", beside.get("key", "")), value)
    return _names_secret(key, value) and not (key == "key" and "value" in beside)


def _names_secret(name: Any, value: Any) -> bool:
    words = {word.casefold() for word in _WORD.findall(str(name))}
    if not words.isdisjoint(_COUNTED) or ("tokens" in words and isinstance(value, int | float)):
        words -= {"token", "tokens"}  # `max_tokens`, `stop_token`: a model's, which are no secret
    return any(map(_SECRET.fullmatch, words))


def _hidden(value: Any) -> Any:
    """A secret's shape without its content, so that the front matter can still be read."""
    if isinstance(value, dict):
        return {k: v if k in _DECLARES else _hidden(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    open_text = isinstance(value, str) and (not value or _REFERENCE.fullmatch(value) is not None)
    return value if value is None or isinstance(value, bool) or open_text else _MASK
