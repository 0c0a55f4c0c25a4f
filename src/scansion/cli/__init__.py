"""The command line: one file per command, found by its name; this file only finds, calls, and names the exit code.

Exit codes: 0 done, every gate held; 1 a gate did not hold; 2 the input is wrong; 3 incomplete; 130 interrupted,
resumable; 141 the reader of the output went away; 70 a bug in Scansion. Nothing is imported here that `--help` does not
need.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

__all__ = ["main"]

BUG = 70
INPUT = 2
INTERRUPTED = 130
PIPE = 141

_GARBAGE = 20_000  # new objects between two collections: imports make many, and hardly any garbage


def main(argv: list[str] | None = None) -> int:
    """Runs one command and returns its exit code. `argv` are the words after `scansion` (default: the process's)."""
    if argv is None:
        _settle_process()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except SystemExit as done:  # argparse has printed the help
        return int(done.code or 0)
    except BrokenPipeError:
        _forget_output()
        return PIPE
    except KeyboardInterrupt as stop:
        return _say(f"interrupted: {stop}" if str(stop) else "interrupted", INTERRUPTED)
    except Exception as error:
        return _failed(error, "--debug" in words or bool(os.environ.get("SCANSION_DEBUG")))


def _settle_process() -> None:
    """What only the owner of a process may set, for a quick start and exit.

    One BLAS thread: others spin on a core of their own while numpy loads, and would make the last digits of a sum
    depend on the number of cores. The garbage collector looks less often, and not at all at exit.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_GARBAGE)
    atexit.register(gc.freeze)


def _dispatch(words: list[str]) -> int:
    from scansion.cli import _commands

    if not words or words[0] in ("-h", "--help"):
        print(_commands.overview(), end="")
        return 0
    if words[0] in ("-V", "--version"):
        print(f"scansion {_commands.version()}")
        return 0
    if words[0] == "help":
        return _dispatch([*words[1:2], "--help"])
    return _commands.call(words[0], words[1:])


def _failed(error: Exception, debug: bool) -> int:
    """The one line on standard error for an error, and its exit code."""
    from scansion.errors import Quit, ScansionError

    if debug:
        import traceback

        traceback.print_exc()
    if isinstance(error, Quit):
        return _say(str(error) or "stopped; the same command goes on where it stopped", INTERRUPTED)
    if isinstance(error, ScansionError):
        return _say(str(error), INPUT)
    if isinstance(error, OSError) and error.strerror:
        return _say(f"{error.filename}: {error.strerror}" if error.filename else error.strerror, INPUT)
    text = f"{type(error).__name__}: {error}"
    return _say(f"{text} (this is a bug in scansion; --debug shows where)", BUG)


def _say(text: str, code: int) -> int:
    from scansion.cli._show import complain

    complain(text)
    return code


def _forget_output() -> None:
    """Keeps Python from failing once more when it flushes the closed standard output at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
