"""Writes gallery.md: every technique, scorer, extractor, provider and the like, as the registries describe them.

python docs/gallery.py
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from msgspec.structs import fields

from scansion.models.providers._compatible import SERVERS
from scansion.models.registry import OPTIONS, providers
from scansion.report.gallery import KINDS, Kind
from scansion.specs import Entry
from scansion.types import Sampling

PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# Gallery

Written by `python docs/gallery.py` from the registries; edit the docstrings, not this page. A name, its arguments and
their defaults stand as they are written in `experiment.yaml` and after `-t` and `-s`; in Python they are
`technique.vote(5)`, `scorer.numeric()`, `extractor.regex(...)`, with `_` behind a word of Python's own (`scorer.not_`).
"""


def page() -> str:
    """The text of gallery.md."""
    sections = [
        HEAD,
        *(line for name, kind in KINDS.items() if name != "models" for line in _section(kind)),
        *_models(),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(sections)).rstrip() + "\n"


def _section(kind: Kind) -> Iterator[str]:
    yield f"## {kind.title}\n\n{kind.use}\n"
    for entry in kind.registry.built_in():
        yield f"### {entry.name}\n\n    {entry.usage}\n{_aliases(entry.aliases)}\n{_described(entry)}\n"


def _aliases(names: Iterable[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return f"\nAlso called {listed}.\n" if listed else ""


def _described(entry: Entry[..., Any]) -> str:
    return inspect.cleandoc(entry.__doc__ or "")


def _models() -> Iterator[str]:
    yield "## Models\n"
    yield "Written `PROVIDER/NAME?option=value&option=value`, `replay:PATH`, `python:MODULE:FUNCTION`, `human`."
    yield "The format of recordings is in [formats/run.md](formats/run.md#recordings).\n"
    for entry in providers.built_in():
        aliases = [name for name in entry.aliases if name not in SERVERS]
        yield f"### {entry.name}\n{_aliases(aliases)}\n{_module_words(entry)}\n"
    yield "### Servers that speak OpenAI's protocol\n"
    yield "Any other is reached by `openai/NAME?base_url=URL`. A key is the environment variable of that name.\n"
    rows = [(f"`{n}/…`", s.url, f"`{s.key}`" + ", not needed" * s.local) for n, s in SERVERS.items()]
    yield _table(("server", "where", "key"), rows)
    yield "### Options\n\nOf the provider; each takes those that it has a use for.\n"
    yield _table(("option", "what it is"), [(f"`{name}`", words) for name, words in OPTIONS.items()])
    sampling = fill(", ".join(f"`{f.name}`" for f in fields(Sampling) if f.name != "extra"), 120)
    yield f"Of sampling, sent with every request:\n{sampling}."
    yield "`stop` may be repeated. `extra.NAME` is sent to the provider as it is. What is unset is not sent."


def _module_words(entry: Entry[..., Any]) -> str:
    """What the provider's file says of it."""
    return inspect.cleandoc(sys.modules[entry.factory.__module__].__doc__ or "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
