"""Whether and when to try again: exponential backoff with full jitter, and the provider's own wish before it.

Full jitter: the wait before retry n is uniform between 0 and min(cap, base * 2**n) (AWS Architecture Blog,
"Exponential Backoff And Jitter", 2015).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec import Struct

from scansion.errors import CallError

__all__ = ["Retry"]


class Retry(Struct, frozen=True):
    """A policy: at most `tries` attempts of a call; waits in seconds, all of them together at most `max_wait`."""

    tries: int = 6
    base: float = 0.5
    cap: float = 30.0
    max_wait: float | None = None
    uniform: Callable[[float, float], float] = random.uniform

    def wait(self, error: CallError, tried: int, waited: float) -> float | None:
        """Seconds to wait before the next attempt after `tried` attempts and `waited` seconds; None: give up.

        Only errors that may pass are tried again. A Retry-After is waited out in full, plus a jitter of up to `base`
        so that the callers that were turned away together do not come back together.
        """
        if tried >= self.tries or error.fatal or not error.passing:
            return None
        asked = error.retry_after
        if asked is not None and asked > 0:
            seconds = asked + self.uniform(0.0, min(self.base, asked))
            asked_total = waited + asked
        else:
            seconds = self.uniform(0.0, min(self.cap, self.base * 2.0 ** (tried - 1)))
            asked_total = waited + seconds
        if self.max_wait is not None and asked_total > self.max_wait:
            return None
        return seconds
