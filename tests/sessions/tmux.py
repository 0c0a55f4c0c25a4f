"""A real terminal for tests: tmux with a shell in it, typed into and read as a person would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import scansion
from scansion.report.text import cells

__all__ = ["Terminal", "missing"]

SOURCE = str(Path(scansion.__file__).parents[1])
PROMPT = re.compile(r"^\[(\d+)\] \$$")
_FOREIGN = ("TMUX", "SCANSION_", "NO_COLOR", "COLUMNS", "LINES", "PAGER")  # what would change the screens
WAIT = 60.0  # seconds after which a screen that does not come has failed


def missing() -> str:
    """Why there can be no such terminal here; empty where there can."""
    absent = [name for name in ("tmux", "bash") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not installed; the sessions need a real terminal" if absent else ""


class Terminal:
    """A window of some size with a shell in `folder`, whose prompt `[CODE] $` shows the last exit code.

    `scansion` is a command there; the home folder holds nothing but git's name of the user. For use in a `with` block.
    """

    def __init__(self, folder: Path, columns: int = 80, rows: int = 24) -> None:
        self.columns = columns
        self._own = Path(tempfile.mkdtemp(prefix="tmux"))  # the name of a socket may not be long
        self._size = [f"-x{columns}", f"-y{rows}"]
        self._folder, self._command = folder, ""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        self._env = {**kept, "LC_ALL": "C.UTF-8"}

    def __enter__(self) -> Terminal:
        home = self._own / "home"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Ann\n")
        command = home / "scansion"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scansion "$@"\n')
        command.chmod(0o755)
        self._env |= {"HOME": str(home), "PATH": f"{home}:{os.environ['PATH']}", "PYTHONPATH": SOURCE, "PS1": "[$?] $ "}
        shell = ["bash", "--norc", "--noprofile", "-i"]
        try:
            self._tmux("new-session", "-d", *self._size, "-c", str(self._folder), *shell)
            self._until(lambda: PROMPT.match(self.screen()), "the shell")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")
        shutil.rmtree(self._own, ignore_errors=True)

    def screen(self) -> str:
        """What the window shows, without blank lines at the end."""
        return self._tmux("capture-pane", "-p").rstrip()

    def run(self, command: str) -> tuple[int, str]:
        """Types a command; its exit code and all that it put out, once the prompt is back."""
        self.start(command)
        return self.end()

    def start(self, command: str) -> None:
        """Types a command and does not wait for its end."""
        self._command = command
        self.type(command)
        self._until(lambda: self._lines()[-1].endswith(command), command)
        self.press("Enter")

    def end(self) -> tuple[int, str]:
        """The exit code of what was started and all that it put out, once the prompt is back.

        What was put out must fit the window: a line that the terminal had to break is an error.
        """
        self._until(lambda: PROMPT.match(self._lines()[-1]), f"the end of {self._command}")
        *lines, last = self._lines()
        typed = f"] $ {self._command}"
        at = max(n for n, line in enumerate(lines) if typed in line)
        rest = lines[at].partition(typed)[2]  # of a command that filled its line, the line below it
        lines = [rest, *lines[at + 1 :]] if rest else lines[at + 1 :]
        broken = [line for line in lines if cells(line) > self.columns]
        assert not broken, f"wider than {self.columns}: {broken}"
        found = PROMPT.match(last)
        return int(found[1]) if found else -1, "\n".join(lines)

    def type(self, text: str) -> None:
        """Types a text as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Presses keys by tmux's names: `Enter`, `C-c`, `n`."""
        self._tmux("send-keys", *keys)

    def wait(self, pattern: str) -> str:
        """The screen, once it holds what `pattern` says."""
        self._until(lambda: re.search(pattern, self.screen(), re.MULTILINE), pattern)
        return self.screen()

    def resize(self, columns: int, rows: int) -> None:
        """Gives the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))
        self.columns = columns

    def _lines(self) -> list[str]:
        """All lines, with those that have left the window, and those that the window broke joined again."""
        text = self._tmux("capture-pane", "-p", "-J", "-S", "-")
        return [line.rstrip() for line in text.rstrip().split("\n")]

    def _until(self, done: Callable[[], object], what: str) -> None:
        until = time.monotonic() + WAIT
        while not done():
            assert time.monotonic() < until, f"{what} has not come:\n{self.screen()}"
            time.sleep(0.03)

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self._own / "socket"), "-f", "/dev/null", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=self._env).stdout
