"""A terminal for tests: a program on a pseudo-terminal, and the screen that its output draws.

The screen knows the few sequences that commands use and fails on any other, so that whatever a model wrote cannot have
reached the terminal as a control character. Nothing here waits for a time to pass: always for what is to be seen.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import scansion
from scansion.report.text import cells, clusters

SOURCE = str(Path(scansion.__file__).parents[1])
WAIT = 30.0  # seconds after which what is waited for has failed to come
_SEQUENCE = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])")
_LAST = "9999"  # a mode that no terminal has: this end sets it to see that all before it has come


class Screen:
    """What a terminal of some columns and rows shows. `modes` are the private modes that are set, `sent` are all the
    characters that were written, without sequences."""

    def __init__(self, columns: int, rows: int) -> None:
        self.modes: set[str] = set()
        self.sent: list[str] = []
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._lines, self._at = self._empty(), (0, 0)
        self._under = self._empty(), (0, 0)  # what the alternate screen covers

    def _empty(self) -> list[list[str]]:
        return [[" "] * self.columns for _ in range(self.rows)]

    @property
    def text(self) -> str:
        """The lines, without the blanks at their ends."""
        return "\n".join("".join(line).rstrip() for line in self._lines)

    def feed(self, text: str) -> str:
        """Draw; returns a sequence that is cut off at the end."""
        while text:
            if text[0] == "\x1b":
                match = _SEQUENCE.match(text)
                if match is None:
                    assert re.fullmatch(r"\x1b(\[\??[\d;]*)?", text), f"sent to the terminal: {text[:20]!r}"
                    return text
                self._obey(*match.groups())
                text = text[match.end() :]
            else:
                self._put(text[0])
                text = text[1:]
        return ""

    def _obey(self, private: str, given: str, final: str) -> None:
        row, column = self._at
        if private:
            self._set(given, final == "h")
        elif final == "H":
            at = [int(n or 1) - 1 for n in (given or "1;1").split(";")]
            self._at = (min(at[0], self.rows - 1), min(at[1], self.columns - 1))
        elif final == "K":
            first = 0 if given == "2" else min(column, self.columns - 1)  # after a full line it stands on the last cell
            self._lines[row][first:] = [" "] * (self.columns - first)
        elif final == "J":
            first = 0 if given == "2" else row
            self._lines[first:] = [[" "] * self.columns for _ in range(self.rows - first)]
        else:
            assert final == "m", f"sent to the terminal: {given}{final}"

    def _set(self, mode: str, on: bool) -> None:
        if mode == "1049" and on != (mode in self.modes):
            here = self._lines, self._at
            (self._lines, self._at), self._under = (self._empty(), (0, 0)) if on else self._under, here
        (self.modes.add if on else self.modes.discard)(mode)

    def _put(self, char: str) -> None:
        self.sent.append(char)
        row, column = self._at
        if char == "\r":
            self._at = (row, 0)
        elif char == "\n":
            if row + 1 == self.rows:
                self._lines = [*self._lines[1:], [" "] * self.columns]
            self._at = (min(row + 1, self.rows - 1), column)
        else:
            assert char.isprintable() or ord(char) >= 0x300, f"sent to the terminal: {char!r}"
            line = self._lines[row]
            before = column - 1 if column and line[column - 1] else column - 2  # a wide sign has an empty cell after it
            if column and len(list(clusters(line[before] + char))) == 1:
                char, column = line[before] + char, before
            size = cells(char)
            if column + size <= self.columns:
                line[column : column + size] = [char, ""][:size]
                self._at = (row, column + size)


class Session:
    """`scansion WORDS`, or another program, on a terminal; `stdout` may lead elsewhere, as `subprocess.PIPE`."""

    def __init__(
        self,
        words: Sequence[str],
        columns: int = 80,
        rows: int = 24,
        program: Sequence[str] = (sys.executable, "-m", "scansion"),
        stdout: int | None = None,
        **env: str,
    ) -> None:
        self.screen = Screen(columns, rows)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._cut = ""
        self._seen = 0
        self.master, slave = pty.openpty()
        self.slave = os.dup(slave)
        self._size(columns, rows)
        self.before = termios.tcgetattr(slave)
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [*program, *words],
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**inherited, "TERM": "xterm-256color", "PYTHONPATH": SOURCE, "PYTHONUTF8": "1", **env},
        )
        os.close(slave)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    @property
    def sent(self) -> str:
        """All that was written to the terminal, without sequences."""
        return "".join(self.screen.sent).replace("\r\n", "\n")

    def press(self, *keys: str, until: str = "") -> str:
        """Type keys one after another, and wait for a text on the screen if one is given; returns the screen."""
        for key in keys:
            os.write(self.master, key.encode())
        return self.wait(until) if until else self.screen.text

    def wait(self, text: str) -> str:
        """Read until the screen holds a text; returns the screen."""
        self._read_until(lambda: text in self.screen.text, text)
        return self.screen.text

    def becomes(self, text: str, seen_as: Callable[[str], str] = str) -> None:
        """Read until the screen, as `seen_as` makes of it, is this."""
        self._read_until(lambda: seen_as(self.screen.text) == text, text)

    def until(self, text: str) -> str:
        """What was written since the last call, up to a text."""
        self._read_until(lambda: text in self.sent[self._seen :], text)
        end = self.sent.index(text, self._seen) + len(text)
        shown, self._seen = self.sent[self._seen : end], end
        return shown

    def later(self, seconds: float) -> str:
        """The screen after some time: to keep it, not to test it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._read()
        return self.screen.text

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size, as a terminal does."""
        self.screen.resize(columns, rows)
        self._size(columns, rows)

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As a terminal that dies without a word."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """The exit code, once the program has ended and its last words are on the screen."""
        until = time.monotonic() + WAIT
        while self.process.poll() is None:
            assert time.monotonic() < until, f"still there:\n{self.screen.text}"
            self._read()
        self._read_all()
        return self.process.returncode

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was found: its settings, the screen, the cursor, wrapping, pasting."""
        return self.untouched and self.screen.modes == {"25", "7"}

    @property
    def untouched(self) -> bool:
        """Whether the terminal has the settings that it was found with."""
        return termios.tcgetattr(self.slave) == self.before

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read_until(self, done: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + WAIT
        while not done():
            if self.process.poll() is not None:
                self._read_all()
                assert done(), f"ended before {what!r}:\n{self.screen.text}"
            assert time.monotonic() < until, f"{what!r} has not come:\n{self.screen.text}"
            self._read()

    def _read_all(self) -> None:
        """Read all that an ended program has written."""
        os.write(self.slave, f"\x1b[?{_LAST}h".encode())
        while _LAST not in self.screen.modes:
            self._read()
        self.screen.modes.discard(_LAST)

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.05)[0]:
            data = os.read(self.master, 65536)
            self._cut = self.screen.feed(self._cut + self._decode(data))
