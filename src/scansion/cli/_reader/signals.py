"""What a program that has taken the terminal does at signals, once it has handed the terminal back."""

from __future__ import annotations

import os
import signal

__all__ = ["ENDING", "end", "suspend"]

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""The signals that end a program."""


def suspend() -> None:
    """Stop this process as a shell expects of Ctrl-Z; returns when it goes on."""
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, before)


def end(number: int) -> None:
    """End this process by a signal, so that whoever started it sees which."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
