"""The live line of a run on standard error: calls, rate, cost so far, time left, running means.

On a terminal one line is redrawn, at most ten times a second; elsewhere a plain line comes about every ten seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from scansion.report.figures import count, plural, seconds, usd
from scansion.report.text import cut, one_line, wrap

if TYPE_CHECKING:
    from scansion.experiments.progress import Progress

__all__ = ["Live", "describe"]

_CLEAR = "\r\x1b[2K"
_ECHO = "^C"  # what a terminal writes at Ctrl-C; on a line below it would keep this one from being cleared
_REDRAW = 0.1  # seconds between two drawings on a terminal
_PLAIN = 10.0  # seconds between two lines elsewhere


def describe(progress: Progress) -> str:
    """The state of a run in one line."""
    total = "" if progress.total is None else f"{' of about ' if progress.guessed else '/'}{count(progress.total)}"
    parts = [f"{count(progress.done)}{total} done", plural(progress.calls, "call")]
    if progress.recorded:
        parts[-1] += f" + {count(progress.recorded)} known already"
    if progress.rate:
        parts.append(f"{progress.rate:.3g}/s")
    if progress.spent_usd:
        parts.append(f"{usd(progress.spent_usd)} USD")
    if progress.eta is not None and progress.eta >= 1:  # the last calls may take longer than the others did
        parts.append(f"{seconds(progress.eta)} left")
    if progress.retries:
        parts.append(f"{count(progress.retries)} tried again")
    if progress.looked is not None:
        looked, of = progress.looked
        parts.append(f"looked at {count(looked)} of {count(of)}")
        parts += [_interval(*found) for found in progress.intervals]
    elif progress.means:
        parts.append("  ".join(_mean(name, *found) for name, found in progress.means.items()))
    phase = f"{one_line(progress.phase)}: " if progress.phase not in ("", "running") else ""
    return phase + ", ".join(parts)


def _mean(name: str, mean: float | None, scored: int) -> str:
    if mean is None or not scored:
        return f"{one_line(name)} -"
    return f"{one_line(name)} {100 * mean:.1f}%" if 0 <= mean <= 1 else f"{one_line(name)} {mean:.3g}"


def _interval(name: str, low: float, high: float) -> str:
    return f"{one_line(name)} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns


class Live:
    """Shows the progress it is called with on `stream`, unless a person is among the models. `say` prints a line of its
    own, `close` clears the live line.

    `now` gives the time in seconds.
    """

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._now = stream, now
        self._terminal = stream.isatty()
        self._last = now() - (_REDRAW if self._terminal else 0.0)
        self._drawn = False

    def __call__(self, progress: Progress) -> None:
        if progress.person:  # whose the terminal is
            return
        now = self._now()
        if now - self._last < (_REDRAW if self._terminal else _PLAIN):
            return
        self._last = now
        text = describe(progress)
        if self._terminal:
            self._stream.write(_CLEAR + cut(text, _columns() - len(_ECHO) - 1))
            self._drawn = True
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Prints `text` above the live line: one line, on a terminal broken between words."""
        self.close()
        if self._terminal:
            text = "\n".join(wrap(text, _columns()))
        self._stream.write(text + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Clears the live line, if one is drawn."""
        if self._drawn:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._drawn = False
