"""From a file, a git revision or a text to a Prompt."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from scansion.errors import InputError, nearest
from scansion.prompts.frontmatter import Matter, Where, decode, split
from scansion.prompts.markers import has_markers
from scansion.prompts.prompt import Prompt
from scansion.prompts.properties import read_properties
from scansion.prompts.references import resolve
from scansion.prompts.settings import Settings, read_settings
from scansion.prompts.sources import Folder, Source, open_revision
from scansion.specs import kind_of

__all__ = ["assembled", "from_bytes", "from_text", "load"]

_REVISION = re.compile(r"([^:]{2,}):(.+)", re.DOTALL)
_DATA = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}


def load(name: str | Path, base_dir: str | Path | None = None) -> Prompt:
    """The prompt in a file, or in a file of a git revision (`main:prompts/a.prompty`).

    Relative names start from `base_dir` (default: the working directory). Raises InputError, in one line with file and
    line, for a file that is not there or cannot be read.
    """
    folder, text = Path(base_dir or "."), str(name)
    try:
        path = folder / Path(text).expanduser()
        if path.exists() and not path.is_dir():
            if path.suffix.lower() in _DATA:
                raise InputError(f"{text}: a prompt is wanted, and this is data by its name; give data with -d")
            return from_bytes(path.read_bytes(), text, path.stem, Folder(str(path.resolve().parent)))
    except (OSError, RuntimeError) as error:
        raise InputError(f"prompt {text!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    match = _REVISION.fullmatch(text) if isinstance(name, str) else None
    if match and not path.is_dir():
        content, source = open_revision(match[1], match[2], folder)
        return from_bytes(content, text, f"{PurePosixPath(match[2]).stem}@{match[1]}", source)
    raise InputError(_missing(text, path))


def _missing(name: str, path: Path) -> str:
    if path.is_dir():
        return f"prompt {name!r} is a folder; name a file in it"
    try:
        beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    except OSError:
        beside = []
    if (kind := kind_of(name)) is not None:
        return f"prompt {name!r}: no such file; it is {kind}" + (f": -t {name}" if kind.endswith("technique") else "")
    hint = nearest(path.name, beside[:200])
    return f"prompt {name!r}: no such file" + (f"; {hint}" if hint.startswith("did") else "")


def from_text(text: str, name: str) -> Prompt:
    """The prompt in a text, which may have front matter. Raises InputError as `load` does."""
    return _build(split(text, name), name, None, None)


def from_bytes(content: bytes, path: str, stem: str, source: Source) -> Prompt:
    """The prompt in a file's bytes; `path` is what messages call it. Raises InputError as `load` does."""
    return _build(split(decode(content, path), path), stem, path, source)


def _build(matter: Matter, name: str, path: str | None, source: Source | None) -> Prompt:
    if not matter.body.strip():
        raise InputError(f"{path or name}: the prompt is empty")
    if matter.meta is None:
        return _plain(matter, name, path, source)
    meta = resolve(matter.meta, matter.where, source)
    _check_engine(meta, matter.where)
    settings = _settings(meta, matter.where)
    template, first_line = _body(matter, settings.kind)
    prompt = assembled(meta, template, name, matter.where, settings)
    prompt = msgspec.structs.replace(prompt, path=path, first_line=first_line, source=source)
    if not settings.unsupported:
        prompt.check()
    return prompt


def _settings(meta: dict[str, Any], where: Where) -> Settings:
    return read_settings(meta, read_properties(meta.get("outputs"), where, "outputs"), where)


def assembled(meta: dict[str, Any], template: str, name: str, where: Where, settings: Settings | None = None) -> Prompt:
    """The prompt of a front matter whose references are resolved and a template; `settings` are what was read of it.

    Raises InputError for settings that cannot be read.
    """
    settings = settings or _settings(meta, where)
    return Prompt(
        name=name,
        template=template,
        kind=settings.kind,
        meta=meta,
        model=settings.model,
        model_hint=settings.model_hint,
        sampling=settings.sampling,
        response_format=settings.response_format,
        tools=settings.tools,
        inputs=read_properties(meta.get("inputs"), where, "inputs"),
        notes=settings.notes,
        unsupported=settings.unsupported,
    )


def _plain(matter: Matter, name: str, path: str | None, source: Source | None) -> Prompt:
    """A file without front matter: its text, less one final line end, is one user message."""
    notes: tuple[str, ...] = ()
    if has_markers(matter.body):
        notes = ("role markers are not read in a file without front matter: put two lines --- above them",)
    text = matter.body.removesuffix("\n")
    prompt = Prompt(name=name, path=path, template=text, markers=False, notes=notes, source=source)
    prompt.check()
    return prompt


def _body(matter: Matter, kind: str) -> tuple[str, int]:
    """The template, and the line it starts on: as written on a completion prompt, without blank edges on a chat one."""
    if kind == "completion":
        return matter.body.removesuffix("\n"), matter.body_line
    start = re.match(r"(?:[^\S\n]*\n)*", matter.body)
    skipped = start.end() if start else 0
    return matter.body[skipped:].rstrip("\n"), matter.body_line + matter.body.count("\n", 0, skipped)


def _check_engine(meta: dict[str, Any], where: Where) -> None:
    """Raises InputError unless the template engine and parser are those that this package has."""
    template = meta.get("template") or {}
    if isinstance(template, str):
        template = {"format": template}
    if not isinstance(template, dict):
        raise InputError(f"{where.at('template')}: template must be jinja2")
    for part, known in (("format", "jinja2"), ("parser", "prompty")):
        value = template.get(part)
        kind = value.get("kind") if isinstance(value, dict) else value
        if kind in (None, known) or (part == "format" and kind == "jinja"):
            continue
        if str(kind).lower() == "mustache":
            raise InputError(f"{where.at('template', part)}: Mustache is not read; write the template in Jinja2")
        raise InputError(f"{where.at('template', part)}: unknown template {part} {kind!r}; known: {known}")
