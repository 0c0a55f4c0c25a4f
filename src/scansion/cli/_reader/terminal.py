"""A terminal as a screen: lines drawn in place, keys read one by one, everything put back at the end.

The alternate screen, no wrapping at the right edge, bracketed paste and raw input are set on entry and undone on every
way out: the end of the block, an exception, SIGTERM and SIGHUP. Ctrl-Z and SIGTSTP hand the terminal back to the shell
until the process goes on. Only lines that changed are sent.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

from scansion.cli._reader.keys import ESCAPE, Key, Keys
from scansion.cli._reader.signals import ENDING, suspend

__all__ = ["Hangup", "Row", "Terminal", "usable"]

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[2J"
_LEAVE = "\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
_PASTE = 1.0  # seconds after which a paste whose end does not come is over
_SMALLEST = (20, 4)  # columns and rows that are drawn even in a smaller window


class Hangup(Exception):
    """A signal or the loss of the terminal ends the program; `signal` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.signal = number


class Row(NamedTuple):
    """A line of the screen; a `bar` stands out."""

    text: str
    bar: bool = False


def usable() -> bool:
    """Whether standard input and output are a terminal that can draw."""
    try:
        import termios  # noqa: F401
    except ImportError:
        return False
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")


class Terminal:
    """The terminal of standard input and output, for use in a `with` block. Raises Hangup out of `read` and `draw`."""

    def __init__(self) -> None:
        self._input, self._output = sys.stdin.fileno(), sys.stdout.fileno()
        self._encoding = sys.stdout.encoding or "ascii"
        self._keys = Keys()
        self._rows: list[Row] = []
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}
        self._wake: tuple[int, int] = (-1, -1)
        self._old_wake = -1
        self._signals: list[int] = []
        self._drawn_on = (0, 0)

    def __enter__(self) -> Terminal:
        sys.stdout.flush()
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        self._old_wake = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT, *ENDING):
            self._handlers[number] = signal.signal(number, self._note)
        try:
            self._take()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()
        signal.set_wakeup_fd(self._old_wake)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for end in self._wake:
            os.close(end)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        with suppress(OSError):
            columns, rows = os.get_terminal_size(self._output)
            if columns and rows:
                return max(columns, _SMALLEST[0]), max(rows, _SMALLEST[1])
        return 80, 24

    def draw(self, rows: Sequence[Row], cursor: tuple[int, int] | None = None) -> None:
        """Show these rows from the top; a cursor at (row, column), from 0, or none."""
        size = self.size
        if size != self._drawn_on:
            self._rows, self._drawn_on = [], size
        out = [] if self._rows else ["\x1b[2J"]
        for at, row in enumerate(rows):
            if at >= len(self._rows) or self._rows[at] != row:
                # Cleared first: after a full line the cursor stands on its last cell, which would be cleared with it.
                start, end = ("\x1b[7m", "\x1b[0m") if row.bar else ("\x1b[K", "")
                out.append(f"\x1b[{at + 1};1H{start}{row.text}{end}")
        if len(rows) < len(self._rows):
            out.append(f"\x1b[{len(rows) + 1};1H\x1b[J")
        self._rows = list(rows)
        if cursor is not None:
            out.append(f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H\x1b[?25h")
        if out or cursor is not None:
            self._send("\x1b[?25l" + "".join(out))

    def read(self, timeout: float | None = None) -> list[Key]:
        """The keys typed, at least one unless `timeout` seconds pass first or the window changes. Ctrl-Z is dealt with.

        Raises Hangup.
        """
        found = self._waited(timeout)
        self._heed()
        keys = [key for key in found if key.name != "ctrl-z"]
        if len(keys) < len(found):
            self._pause()
        return keys

    def _waited(self, timeout: float | None) -> list[Key]:
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            if self._keys.waiting and (left is None or left > ESCAPE):
                left = ESCAPE
            ready, _, _ = select.select([self._input, self._wake[0]], [], [], left)
            if self._wake[0] in ready or self._signals:
                with suppress(BlockingIOError):
                    os.read(self._wake[0], 512)
                return []
            if self._input in ready:
                if keys := self._keys.feed(self._typed()):
                    return keys
            elif self._keys.waiting:
                return self._settled()
            if until is not None and time.monotonic() >= until:
                return []

    def _typed(self) -> bytes:
        try:
            data = os.read(self._input, 65536)
        except OSError:
            data = b""
        if not data:
            raise Hangup(signal.SIGHUP)
        return data

    def _settled(self) -> list[Key]:
        """What is held back as keys, once nothing more has come for long enough."""
        if self._keys.pasting and select.select([self._input], [], [], _PASTE)[0]:
            return []
        return self._keys.settle()

    def _note(self, number: int, _: FrameType | None) -> None:
        self._signals.append(number)

    def _heed(self) -> None:
        """Do what the signals that came ask for."""
        came, self._signals = self._signals, []
        for number in came:
            if number in ENDING:
                raise Hangup(number)
            if number == signal.SIGTSTP:
                self._pause()
            elif number == signal.SIGCONT:
                self._take()

    def _pause(self) -> None:
        """Hand the terminal back and stop, as the shell expects; take it again when the process goes on."""
        self._give_back()
        suspend()
        self._signals = [number for number in self._signals if number != signal.SIGCONT]
        self._take()

    def _take(self) -> None:
        import termios
        import tty

        if not self._before:
            self._before = termios.tcgetattr(self._input)
        tty.setraw(self._input, termios.TCSADRAIN)
        self._rows = []
        self._send(_ENTER)

    def _give_back(self) -> None:
        import termios

        with suppress(OSError, Hangup):
            self._send(_LEAVE)
        with suppress(termios.error):
            if self._before:
                termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
        self._before = []

    def _send(self, text: str) -> None:
        data = text.encode(self._encoding, "replace")
        while data:
            try:
                data = data[os.write(self._output, data) :]
            except BlockingIOError:
                select.select([], [self._output], [])
            except OSError:
                raise Hangup(signal.SIGHUP) from None
