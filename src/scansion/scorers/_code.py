"""The program in what a model wrote, and whether it holds its tests."""

from __future__ import annotations

import ast
import re
import secrets

from msgspec import structs

from scansion.sandbox import Limits, Ran, Sandbox
from scansion.scorers._base import build_extractor

__all__ = ["holds_test", "is_python", "program_in", "reaches_end"]

_READERS = tuple(f"code({language}which=last)" for language in ("python, ", "py, ", ""))
_OPEN = re.compile(r"^[ ]{0,3}(?:`{3,}|~{3,})[ \t]*(?:python|py)?[ \t]*\n", re.IGNORECASE | re.MULTILINE)
_HARNESSES = ("unittest", "pytest", "doctest")
_CLOSING = re.compile(r"\n[ ]{0,3}(?:`{3,}|~{3,})[ \t]*\Z")


def program_in(text: str) -> str:
    """The last block of Python in a reply; else its last block of code, what follows a fence that nothing closes, or
    all of it as it is."""
    if "```" not in text and "~~~" not in text:
        return text
    for spec in _READERS:
        found = build_extractor(spec)(text)
        if found is not None:
            return str(found)
    opening = _OPEN.search(text)
    return text[opening.end() :] if opening else _CLOSING.sub("", text)


def is_python(text: str) -> bool:
    """Whether a text can be read as Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def holds_test(text: str) -> bool:
    """Whether Python holds anything that could find a program wrong: an assertion, an exception that it raises itself,
    a function `check` or `test_...`, a call of such a function, or a module for tests."""
    return any(map(_tests, ast.walk(ast.parse(text))))


def _tests(node: ast.AST) -> bool:
    match node:
        case ast.Assert() | ast.Raise():
            return True
        case ast.FunctionDef(name=name) | ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.lower().startswith(("assert", "check", "test"))
        case ast.Import(names=names):
            return any(each.name in _HARNESSES for each in names)
        case ast.ImportFrom(module=module):
            return module in _HARNESSES
    return False


async def reaches_end(program: str, place: Sandbox, limits: Limits) -> tuple[bool, Ran]:
    """Whether a program with its tests comes to its end, and how it ran. The end is told by a name that it cannot know
    before, so that a program which leaves early (`exit(0)`) does not reach it."""
    mark = f"_ended_{secrets.token_hex(8)}"
    ran = await place.run(f"{program}\n{mark} = True\n", value=mark, limits=limits)
    if ran.ended == "error" and mark in ran.error:
        ran = structs.replace(ran, error="it left before its tests ended")
    return ran.ended == "done" and ran.value is True, ran
