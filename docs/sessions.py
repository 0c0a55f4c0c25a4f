"""Runs the sessions that pages show and writes down what they print.

python docs/sessions.py            rewrites README.md
python docs/sessions.py PAGE ...   other pages

A session is an indented block with lines `$ scansion ...`; what follows such a line is what it printed. All sessions of
a page run one after the other in one new folder, with a lab and a cache of their own. A command whose output is not
shown is run only where the next ones need it (`init`, `cd`).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scansion.cli import main as scansion

ROOT = Path(__file__).resolve().parents[1]
INDENT = "    "


class Step(NamedTuple):
    """A command as it stands on the page, and what it printed, without the indent; `start` and `end` are the lines of
    the page that the output takes."""

    command: str
    output: list[str]
    start: int
    end: int


def steps(page: str) -> Iterator[Step]:
    """The commands of a page's sessions, in their order."""
    lines = page.split("\n")
    at = 0
    while at < len(lines):
        command = re.match(rf"{INDENT}\$ (.+)", lines[at])
        at += 1
        if command is None:
            continue
        end = at
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(INDENT)):
            if lines[end].startswith(f"{INDENT}$ "):
                break
            end += 1
        while end > at and not lines[end - 1].strip():
            end -= 1
        shown = [line.removeprefix(INDENT) for line in lines[at:end]]
        if all(re.match(r"\s*#", line) for line in shown if line.strip()):
            shown = []  # the rest of the command's comment
        yield Step(command[1], shown, at, end)
        at = end


def words(command: str) -> list[list[str]]:
    """A line as the commands that it holds (`a && b  # comment`), each in its words."""
    return [shlex.split(part, comments=True) for part in command.split("&&")]


def call(command: list[str]) -> str:
    """What a command prints on standard output, run in this process. Raises SystemExit where it fails."""
    if command[0] == "cd":
        os.chdir(command[1])
        return ""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = scansion(command[1:])
    if code:
        raise SystemExit(f"{shlex.join(command)}: exit code {code}")
    return out.getvalue()


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """A new folder to work in, which is the home and holds the cache too; the old one again at the end."""
    before, place = dict(os.environ), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HOME=folder, XDG_CACHE_HOME=f"{folder}/.cache")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(place)
            os.environ.clear()
            os.environ.update(before)


def rewritten(page: str) -> str:
    """The page with what its sessions print now."""
    lines, shift = page.split("\n"), 0
    with apart():
        for step in steps(page):
            commands = words(step.command)
            if not step.output and not any(each[:2] == ["scansion", "init"] or each[0] == "cd" for each in commands):
                continue
            printed = "".join(call(each) for each in commands).rstrip("\n").split("\n")
            if not step.output:
                continue
            shown = [f"{INDENT}{line}".rstrip() for line in ["", *printed]]
            lines[step.start + shift : step.end + shift] = shown
            shift += len(shown) - (step.end - step.start)
    return "\n".join(lines)


def main() -> None:
    """Runs the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, default=[ROOT / "README.md"], metavar="PAGE")
    for path in parser.parse_args().pages:
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
