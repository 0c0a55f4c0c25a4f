"""Single keys from a terminal while the event loop runs: no Enter, no echo. Ctrl-C works as ever.

The terminal is put back on every way out: the end of the block, an exception, SIGTERM and SIGHUP. Ctrl-Z hands it to
the shell until the process goes on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from scansion.cli._reader.keys import ESCAPE, Key
from scansion.cli._reader.keys import Keys as Bytes
from scansion.cli._reader.signals import ENDING, end, suspend

__all__ = ["AGAIN", "END", "ESC", "Keys"]

AGAIN = "\x0c"
"""What stands for the return of the terminal, on which nothing of what was shown may be left."""

END = "\x04"
"""What stands for the end of input: Ctrl-D, or a terminal that has gone away."""

ESC = "\x1b"
"""What stands for the key Esc."""

_NAMED = {"ctrl-d": END, "esc": ESC}
_SIGNALS = (signal.SIGTSTP, signal.SIGCONT, *ENDING)
_MOST = 64  # keys that are kept while nobody asks for one


class Keys:
    """The keys typed on standard input, for use in a `with` block. `next` waits for one."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._typed: asyncio.Queue[str] = asyncio.Queue()
        self._bytes = Bytes()
        self._later: asyncio.TimerHandle | None = None
        self._before: Any = None  # the settings of the terminal, while it is taken

    def __enter__(self) -> Keys:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._heed, number)
        self._take()
        loop.add_reader(self._input, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        if self._later is not None:
            self._later.cancel()
        loop.remove_reader(self._input)
        self._give_back()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    async def next(self) -> str:
        """The next key as a character."""
        return await self._typed.get()

    @contextmanager
    def lines(self) -> Iterator[None]:
        """Whole lines with echo, as without this class."""
        if self._before is None:
            yield
            return
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def _heed(self, number: int) -> None:
        """Do what a signal asks for. An end needs no more than the terminal put back: replies are in the lab as soon
        as they are used."""
        if number in ENDING:
            self._give_back()
            end(number)
        if number == signal.SIGTSTP:
            self._give_back()
            suspend()
        self._take()
        self._typed.put_nowait(AGAIN)

    def _take(self) -> None:
        import termios
        import tty

        if self._before is None:
            self._before = termios.tcgetattr(self._input)
        tty.setcbreak(self._input)

    def _give_back(self) -> None:
        import termios

        if self._before is not None:
            with suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
        self._before = None

    def _read(self) -> None:
        loop = asyncio.get_running_loop()
        if self._later is not None:
            self._later.cancel()
        try:
            data = os.read(self._input, 256)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(self._input)
            self._put([Key("ctrl-d")])
            return
        self._put(self._bytes.feed(data))
        self._later = loop.call_later(ESCAPE, self._settle) if self._bytes.waiting else None

    def _settle(self) -> None:
        self._put(self._bytes.settle())

    def _put(self, keys: Iterable[Key]) -> None:
        """Keep the characters among some keys; arrows and the like mean nothing here."""
        for key in keys:
            char = key.text if key.name == "char" else _NAMED.get(key.name)
            if char and self._typed.qsize() < _MOST:
                self._typed.put_nowait(char)
