"""The one taxonomy of errors.

`InputError`      what the user gave is wrong; the command says so in one line and exits with 2
`CallError`       a call to a model could not be done; the outcome that needed it becomes an error of that kind
`ProgramError`    a program, technique or scorer failed on its own; likewise an error outcome
`Unscored`        an output cannot be scored, with the reason; the outcome is unscored
`Unreached`       a call was not made, and the outcome that needed it is unreached:
`BudgetSpent`     the budget does not allow it
`Withdrawn`       nobody needs the outcome any more
`Quit`            the person wants to stop; exit code 130

Only `experiments` turns these into outcomes, and only `cli` into exit codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

__all__ = [
    "BudgetSpent",
    "CallError",
    "ErrorKind",
    "InputError",
    "ProgramError",
    "Quit",
    "ScansionError",
    "Unreached",
    "Unscored",
    "Withdrawn",
    "fault",
    "nearest",
]

ErrorKind = Literal[
    "connection",  # refused, reset, unreachable, TLS
    "timeout",  # no full answer in time
    "rate_limited",  # 429 and still so after all tries, or longer than --max-wait
    "overloaded",  # 529, 503
    "server",  # other 5xx, 408, 409, 425
    "bad_response",  # an answer that is not what the protocol promises
    "context_length",  # the request is longer than the model takes
    "content_policy",  # the provider refused the content
    "bad_request",  # any other refusal of this very request
    "no_recording",  # the recording does not hold this call
    "program",  # the program or scorer itself failed
]

PASSING: frozenset[str] = frozenset({"connection", "timeout", "rate_limited", "overloaded", "server", "bad_response"})
"""Kinds that may pass by themselves: an equal re-run asks these again."""


class ScansionError(Exception):
    """The base of all errors that Scansion raises on purpose."""


class InputError(ScansionError):
    """What the user gave is wrong. The message is one line: what, where, and what to do."""


class CallError(ScansionError):
    """A call could not be done.

    `retry_after` is the provider's wish in seconds, where it gave one. `fatal` means that no other call of this
    model can succeed either (wrong key, unknown model), so that the run stops. `sent` is False where it is certain
    that the request never reached the provider. `begun` is set where the reply had begun, which may be charged.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retry_after: float | None = None,
        fatal: bool = False,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.fatal = fatal
        self.sent = sent
        self.begun = False

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed later."""
        return self.kind in PASSING


class ProgramError(ScansionError):
    """A program, technique or scorer failed on this example for a reason of its own."""


class Unscored(ScansionError):
    """There is no score to give for this output; `reason` is one of the reasons that `Score.unscored` names."""

    def __init__(self, reason: str, explanation: str = "") -> None:
        super().__init__(explanation or reason)
        self.reason = reason


class Unreached(ScansionError):
    """A call was not made on purpose, so that its outcome is not there."""


class BudgetSpent(Unreached):
    """The next call could exceed the budget, so it was not made."""


class Withdrawn(Unreached):
    """The comparison is decided that the next call was for, so it was not made."""


class Quit(ScansionError):
    """The person at the keyboard wants to stop."""


def fault(error: BaseException) -> str:
    """What code of the user's own did wrong, in one line: that it raised this error, or called sys.exit."""
    if isinstance(error, SystemExit):
        return "called sys.exit"
    said = " ".join(str(error).split())
    return f"raised {type(error).__name__}{': ' if said else ''}{said}"


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown `name`: the likeliest known one, or else all that are known."""
    names = sorted(set(known))
    import difflib

    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known: " + ", ".join(names) if names else "none is known"
