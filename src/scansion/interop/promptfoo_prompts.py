"""The prompts of a promptfoo configuration as prompt files of our own.

A prompt is text, a file or glob of files, or a chat in JSON or YAML; files with several prompts are cut at `---`.
Source: promptfoo, prompts (https://www.promptfoo.dev/docs/configuration/prompts/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.errors import InputError, ProgramError
from scansion.interop.promptfoo_config import Config, Skips
from scansion.interop.promptfoo_files import expand_all, is_program, load_value, named, read_text
from scansion.interop.promptfoo_providers import sampling_from
from scansion.interop.promptfoo_templates import to_jinja
from scansion.prompts import Prompt
from scansion.types import Request

__all__ = ["PromptFile", "RawPrompt", "fillable", "filled", "prompt_file", "read_prompts", "slug"]

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_DUMPED = re.compile(r"([:,\[]\s*)\{\{-?\s*([\w.]+)\s*\|\s*(?:dump|tojson)(?:\(\s*\d*\s*\))?\s*-?\}\}(?=\s*[,}\]])")
_MARKER = re.compile(
    r"^([^\S\n]*#?[^\S\n]*)(system|user|assistant)(?=(?:\[[^\]\n]*\])?[^\S\n]*:[^\S\n]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_FILES = (".txt", ".md", ".json", ".jsonl", ".yaml", ".yml", ".j2", ".jinja", ".jinja2", ".csv", ".prompt")


class PromptFile(Struct, frozen=True):
    """A prompt as it would be written: its name (the file's stem), its text, what the configuration calls it, and its
    place there."""

    name: str
    text: str
    calls: frozenset[str]
    prompt: Prompt
    where: str = ""


class RawPrompt(Struct, frozen=True):
    """A prompt as it was found: its text, its label, its place, what it is called there, and its settings."""

    text: str
    label: str
    where: str
    calls: frozenset[str] = frozenset()
    config: dict[str, Any] = {}


def read_prompts(config: Config, around: tuple[str, str] = ("", "")) -> list[PromptFile]:
    """The prompts, `around` them what stands before and after each. Raises InputError if none can be used."""
    listed = config.values["prompts"]
    entries: list[tuple[Any, str]] = []
    if isinstance(listed, dict):
        entries = [({"id": path, "label": label}, config.where.at("prompts", path)) for path, label in listed.items()]
    else:
        values = listed if isinstance(listed, list) else [listed]
        entries = [(value, config.where.at("prompts", i)) for i, value in enumerate(values)]
    found: list[PromptFile] = []
    for value, where in entries:
        for raw in _raws(value, where, config):
            made = prompt_file(around[0] + raw.text + around[1], raw, config.skips, {p.name for p in found})
            found += [made] if made is not None else []
    if not found:
        skipped = config.skips.lines()
        raise InputError(
            f"{config.where.at('prompts')}: no prompt can be used" + (f"; {skipped[-1]}" if skipped else "")
        )
    return found


def _raws(value: Any, where: str, config: Config) -> Iterator[RawPrompt]:
    """The prompts that one entry stands for."""
    label, calls = "", set()
    settings: Any = {}
    if isinstance(value, dict):
        label, settings = str(value.get("label") or ""), value.get("config") or {}
        calls = {str(value[k]) for k in ("id", "label") if value.get(k)}
        value = value.get("raw", value.get("id"))
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str) or not value.strip():
        config.skips.add("a prompt that is no text", where)
        return
    calls.add(value)
    settings = settings if isinstance(settings, dict) else {}
    path = named(value) or (value if _looks_like_file(value) else None)
    if path is None:
        yield RawPrompt(value, label, where, frozenset(calls), settings)
        return
    if is_program(path) or path.startswith(("exec:", "langfuse:")):
        config.skips.add("a prompt that a program makes", where)
        return
    for file in expand_all(path, config.folder, where):
        yield from _of_file(file, RawPrompt("", label, where, frozenset({*calls, file.name, str(file)}), settings))


def _looks_like_file(text: str) -> bool:
    return "\n" not in text and "{{" not in text and text.lower().endswith((*_FILES, *(".js", ".py", ".ts")))


def _of_file(file: Path, base: RawPrompt) -> Iterator[RawPrompt]:
    """The prompts in one file."""
    suffix, label = file.suffix.lower(), base.label or file.stem
    if suffix in (".yaml", ".yml"):
        texts = [json.dumps(load_value(file), ensure_ascii=False)]
    elif suffix == ".jsonl":
        texts = [line for line in read_text(file).splitlines() if line.strip()]
    elif suffix == ".csv":
        texts = [row["prompt"] for row in load_value(file) if row.get("prompt")]
    elif suffix in (".json", ".md", ".j2", ".jinja", ".jinja2"):
        texts = [read_text(file)]
    else:
        texts = [
            t.strip() for t in re.split(r"^[^\S\n]*---[^\S\n]*$", read_text(file), flags=re.MULTILINE) if t.strip()
        ]
    for number, text in enumerate(texts, 1):
        name = f"{label}-{number}" if len(texts) > 1 else label
        yield RawPrompt(text, name, f"{base.where} ({file.name})", base.calls, base.config)


def prompt_file(text: str, raw: RawPrompt, skips: Skips, taken: set[str]) -> PromptFile | None:
    """The prompt file for one prompt, None (and noted) for one that cannot be written as one."""
    name = _free(slug(raw.label) if raw.label else f"prompt-{len(taken) + 1}", taken)
    try:
        turns = _turns(text)
    except InputError as error:
        skips.add(str(error), raw.where)
        return None
    body = "\n".join(f"{role}:\n{_body(content)}\n" for role, content in turns)
    options = sampling_from(raw.config, raw.where, skips)
    if isinstance(raw.config.get("response_format"), dict):
        options["response_format"] = raw.config["response_format"]
    import yaml

    meta: dict[str, Any] = {"name": name} | ({"model": {"options": options}} if options else {})
    written = f"---\n{yaml.safe_dump(meta, sort_keys=False, allow_unicode=True)}---\n{body}"
    try:
        prompt = Prompt.from_text(written, name)
    except InputError as error:
        skips.add(f"a prompt whose template is not Jinja2 ({str(error).partition(': ')[2]})", raw.where)
        return None
    return PromptFile(name, written, frozenset({*raw.calls, raw.label, name} - {""}), prompt, raw.where)


def filled(prompt: Prompt, inputs: Mapping[str, Any]) -> Request:
    """What a prompt sends for a row's values. Raises InputError or ProgramError where it cannot be filled."""
    names = (*prompt.variables, *prompt.optional)
    return prompt.render({name: inputs[name] for name in names if name in inputs})


def fillable(prompts: Sequence[PromptFile], rows: Sequence[Mapping[str, Any]], skips: Skips) -> list[PromptFile]:
    """The prompts that a row can fill; others, and rows that cannot fill one, are noted."""
    found = []
    for each in prompts:
        problems = {k: p for k, row in enumerate(rows, 1) if (p := _problem(each.prompt, row["inputs"]))}
        first, problem = next(iter(problems.items()), (0, ""))
        if problems and len(problems) == len(rows):
            skips.add(f"a prompt whose template cannot be filled here ({problem})", each.where)
            continue
        found.append(each)
        if problems:
            part = f"{len(problems)} of {len(rows)} tests (first: test {first}; {problem})"
            skips.add(f"a prompt whose template cannot be filled in {part}", each.where)
    return found


def _problem(prompt: Prompt, inputs: Mapping[str, Any]) -> str | None:
    try:
        filled(prompt, inputs)
    except (InputError, ProgramError) as error:
        return str(error).partition(": ")[2].partition("; inputs: ")[0] or str(error)
    return None


def _turns(text: str) -> list[tuple[str, str]]:
    """The turns of a prompt: those of a chat in JSON or YAML, else one of the user."""
    chat = _chat(text)
    if chat is None:
        return [("user", text)]
    turns = []
    for message in chat:
        role = _ROLES.get(str(message.get("role")).lower())
        if role is None:
            raise InputError(f"a chat prompt with a message of the role {message.get('role')}")
        turns.append((role, _content(message.get("content", message.get("parts")))))
    return turns


def _chat(text: str) -> list[dict[str, Any]] | None:
    """The messages of a chat prompt, None for a prompt that is none."""
    stripped = text.strip()
    if re.match(r"-\s+role\s*:", stripped):
        from scansion.prompts.frontmatter import plain_yaml

        try:
            return _messages(plain_yaml(text, "prompt"))
        except InputError:
            raise InputError("a chat prompt in YAML that only its values complete") from None
    if not stripped.startswith(("[", "{")):
        return None
    for attempt in (stripped, _DUMPED.sub(r'\1"{{ \2 }}"', stripped)):
        try:
            return _messages(json.loads(attempt, strict=False))
        except (ValueError, RecursionError):
            continue
    if re.search(r"[\"']role[\"']\s*:", stripped):
        raise InputError("a chat prompt in JSON that only its template completes")
    return None


def _messages(value: Any) -> list[dict[str, Any]] | None:
    value = value.get("messages", value.get("contents")) if isinstance(value, dict) else value
    fits = isinstance(value, list) and value and all(isinstance(m, dict) and "role" in m for m in value)
    return value if fits else None


def _content(value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    texts = [p if isinstance(p, str) else p.get("text") for p in parts if isinstance(p, str | dict)]
    if not parts or not all(isinstance(t, str) for t in texts) or len(texts) < len(parts):
        raise InputError("a chat prompt with parts other than text")
    return "".join(map(str, texts))


def _body(content: str) -> str:
    """A turn's text as a template: what would be read as a marker, or trimmed, is put in as a value."""
    text = _MARKER.sub(r"\1{{ '\2' }}", to_jinja(content).replace("\r\n", "\n"))
    core = text.strip("\n")
    if not core:
        return "{{ '' }}" if not text else _ends(len(text))
    before, after = len(text) - len(text.lstrip("\n")), len(text) - len(text.rstrip("\n"))
    return _ends(before) + core + _ends(after)


def _ends(count: int) -> str:
    return "{{ '" + "\\n" * count + "' }}" if count else ""


def slug(label: str) -> str:
    """A label as the stem of a file."""
    return re.sub(r"[^\w.-]+", "-", label).strip("-.")[:48].strip("-.") or "prompt"


def _free(name: str, taken: set[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
