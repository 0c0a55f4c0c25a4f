"""What a command keeps code of the user's own from doing: ending the process, and printing into a JSON document."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from types import ModuleType

from scansion.cli import _show
from scansion.errors import InputError, fault

__all__ = ["called"]


def called(command: ModuleType, args: Namespace) -> int:
    """The exit code of a command. None of ours ends by itself: what does is code of the user's own that it runs."""
    try:
        with _document() if getattr(args, "json", False) else nullcontext():
            code: int = command.main(args)
    except SystemExit as error:
        if not command.__name__.startswith("scansion."):
            raise
        raise InputError(f"code that the command runs {fault(error)}; it must return or raise") from error
    return code


@contextmanager
def _document() -> Iterator[None]:
    """Within this, what code of the user's own prints goes to standard error: standard output holds one document."""
    before, _show.OUTPUT = _show.OUTPUT, sys.stdout
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _show.OUTPUT = before
