"""What a step in the text form means: the program that it starts with, and the techniques on it."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Literal

from msgspec import Struct

from scansion.errors import InputError, nearest
from scansion.models.registry import parse_model, providers
from scansion.specs import Entry, Pipe, Spec, folder, kind_of, load_function, parse_pipe, write
from scansion.techniques._algebra import Edit, Technique, Wrap, check_order, technique
from scansion.techniques._function_steps import FunctionStep, function_step

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = ["Parts", "is_model", "is_prompt_file", "read_step", "stem"]

_PROMPTS = (".prompty", ".txt", ".md")
_AS_IS = ("as-is", "as_is")


class Parts(Struct, frozen=True):
    """A step taken apart. `start` is None for the wrapped program; `texts` are its parts as they are written."""

    start: Prompt | FunctionStep | None
    techniques: tuple[Technique, ...]
    texts: tuple[str, ...]
    name: str


def read_step(spec: Spec | Pipe | str) -> Parts:
    """The parts of a step. What its first part is, is tried in this order: `as-is`; `python:MODULE:FUNCTION`; a model
    written `PROVIDER:NAME`; a prompt file by its suffix; a technique; any other file that is there, a prompt; a model.

    Raises InputError for what is none of these, and for parts behind the first that are no techniques.
    """
    found = _parsed(spec) if isinstance(spec, str) else spec
    first, *others = found.specs if isinstance(found, Pipe) else (found,)
    start = _start(first)
    later = tuple(_later(other, first) for other in others if other.name not in _AS_IS)
    techniques = (*start.techniques, *later)
    check_order(techniques)
    return Parts(start.start, techniques, (*start.texts, *(each.spec for each in later)), start.name)


def is_prompt_file(name: str) -> bool:
    """Whether this is the name of a prompt file: by its suffix, or because there is such a file."""
    if name.lower().endswith(_PROMPTS) and not any(mark in name for mark in "|("):
        return True
    try:
        return (folder() / Path(name).expanduser()).is_file()
    except (OSError, RuntimeError, ValueError):
        return False


def is_model(name: str) -> bool:
    """Whether this is written as a model whose provider is known."""
    return _provider_of(name, ":") or _provider_of(name, "/") or name in providers.files()


def _parsed(text: str) -> Spec | Pipe:
    if is_prompt_file(text):
        return Spec(text)
    parts = parse_pipe(text, "step")
    return parts[0] if len(parts) == 1 else Pipe(parts)


def _start(first: Spec) -> Parts:
    name, plain = first.name, not (first.args or first.kwargs)
    if plain and name in _AS_IS:
        return Parts(None, (), (), "start")
    if name.startswith("python:"):
        return _python(first, plain)
    if plain and _provider_of(name, ":"):  # before prompt files: replay:answers.txt
        return _on_model(name)
    if plain and name.lower().endswith(_PROMPTS):
        return _prompt(name)
    if not any(mark in name for mark in "/:.?") and (built := _known(first)) is not None:
        return Parts(None, (built,), (built.spec,), stem(_model_of(built) or built.name))
    if plain and is_prompt_file(name):
        return _prompt(name)
    if plain and is_model(name):
        return _on_model(name)
    raise InputError(
        f"{write(name)} is neither a prompt file nor a technique nor a model nor a function; {_hint(name)}"
    )


def _known(spec: Spec) -> Technique | None:
    """The technique; None where there is none of that name. Wrong arguments are its own error."""
    try:
        entry = technique.find(spec.name)
    except InputError:
        return None
    return entry.build(spec)


def _model_of(built: Technique) -> str:
    return built.models[0].partition("?")[0] if built.name == "using" and built.models else ""


def _prompt(name: str) -> Parts:
    from scansion.prompts import load

    return Parts(load(name, base_dir=folder()), (), (write(name),), stem(Path(name).stem))


def _on_model(model: str) -> Parts:
    parse_model(model)
    using = technique.build(Spec("using", (model,)))
    return Parts(None, (using,), (write(model),), stem(model.partition("?")[0]))


def _python(spec: Spec, plain: bool) -> Parts:
    """A function as a step, unless it is a factory: called with arguments, registered as one, or said to return one."""
    path = spec.name.removeprefix("python:")
    found = load_function(path)
    said = getattr(found, "__annotations__", {}).get("return")
    factory = isinstance(found, Entry) or said in (Edit, Wrap, "Edit", "Wrap")
    if plain and not factory:
        step = function_step(spec.name, found)
        return Parts(step, (), (spec.name,), stem(path.rpartition(":")[2].rpartition(".")[2]))
    built = technique.build(spec)
    return Parts(None, (built,), (built.spec,), stem(path.rpartition(":")[2].rpartition(".")[2]))


def _later(spec: Spec, first: Spec) -> Technique:
    """A part behind the first: a technique."""
    try:
        return technique.build(spec)
    except InputError as error:
        plain = not (spec.args or spec.kwargs)
        prompt, function = is_prompt_file(spec.name), spec.name.startswith("python:")
        if not plain or not (prompt or function or is_model(spec.name)):
            raise
        right = f"{first.text}, {spec.text}" if prompt or function else f"{first.text} | using({spec.name})"
        why = f" ({error})" if function else ""
        written = f"{first.text} | {spec.text}"
        raise InputError(
            f"{written}: a technique stands behind '|', and {spec.name} is none{why}; write {right}"
        ) from None


def _provider_of(name: str, separator: Literal["/", ":"]) -> bool:
    """Whether a model's provider stands before the first separator."""
    provider, found, rest = name.partition(separator)
    if not (found and rest):
        return False
    if provider in providers.entries or provider.replace("-", "_") in providers.files():
        return True
    return separator == "/" and provider in providers.names()


def _hint(name: str) -> str:
    if (kind := kind_of(name, technique)) is not None:
        return f"it is {kind}"
    try:
        files = [path.name for path in folder().iterdir() if path.suffix in _PROMPTS][:200]
    except OSError:
        files = []
    close = nearest(name, [*technique.names(), *files])
    column = f" (a column is written ${name})" if name.isidentifier() else ""
    usual = f"a step is such as b.prompty, cot, pocket/tiny, python:MODULE:FUNCTION{column}"
    return close if close.startswith("did") else usual


def stem(text: str) -> str:
    """A name that a template can use, from the last part of a path or a model."""
    last = "".join(c if c.isalnum() or c == "_" else "_" for c in text.rstrip("/").rpartition("/")[2])
    return last if last[:1].isalpha() else f"step_{last}".rstrip("_")
