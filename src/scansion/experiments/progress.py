"""What can be told of a run while it goes on, and how it is asked to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct

from scansion.models.gateway import Gateway

__all__ = ["Progress", "Stop", "Tally"]


_PAUSE = 0.1  # seconds between two tellings


class Progress(Struct, frozen=True):
    """A moment of a run. `done` of `total` outcomes (None: not known; `guessed`: told from the part of the data that
    was read), calls made and recorded, calls a second, USD spent so far by known prices, seconds left (None: not known
    yet), running means by variant as (mean, outcomes scored), calls that were tried again, whether a person is among
    the models. Of a run that stops when decided, how many of how many examples were `looked` at, and the intervals of
    the undecided differences by variant."""

    done: int
    total: int | None
    calls: int
    recorded: int
    in_flight: int
    rate: float
    spent_usd: float
    eta: float | None
    means: dict[str, tuple[float, int]]
    retries: int = 0
    guessed: bool = False
    person: bool = False
    phase: str = "running"
    looked: tuple[int, int] | None = None
    intervals: tuple[tuple[str, float, float], ...] = ()


class Stop:
    """How a person stops a run: `soft` lets what is in flight finish, `hard` ends it now. Both leave it resumable."""

    def __init__(self, on_soft: Callable[[], None] | None = None, on_hard: Callable[[], None] | None = None) -> None:
        self.requested = False
        self.now = False
        self._on_soft, self._on_hard = on_soft, on_hard
        self._cancel: Callable[[], object] | None = None
        self._hush: Callable[[], object] | None = None
        self._wake: Callable[[], object] | None = None

    def soft(self) -> None:
        """Begin no further outcome."""
        self.requested = True
        if self._on_soft:
            self._on_soft()
        if self._hush:
            self._hush()
        if self._wake:
            self._wake()

    def hard(self) -> None:
        """Give up what is in flight as well."""
        self.requested = self.now = True
        if self._on_hard:
            self._on_hard()
        if self._cancel:
            self._cancel()

    def interrupt(self) -> None:
        """What Ctrl-C does: `soft` first, then `hard`."""
        if self.requested:
            self.hard()
        else:
            self.soft()

    def hushes(self, hush: Callable[[], object]) -> None:
        """Have `soft` call this, so that nobody is asked another question."""
        self._hush = hush

    def wakes(self, wake: Callable[[], object]) -> None:
        """Have `soft` call this, so that nobody waits for a job that will not be begun."""
        self._wake = wake

    def cancels(self, cancel: Callable[[], object]) -> None:
        """Have `hard` call this."""
        self._cancel = cancel
        if self.now:
            cancel()


class Tally:
    """Counts a run as it goes and tells whoever watches."""

    def __init__(self, gateway: Gateway, watch: Callable[[Progress], None] | None, names: list[str]) -> None:
        self._gateway, self._watch = gateway, watch
        self._means = {name: [0.0, 0] for name in names}
        self._start = time.monotonic()
        self.done = 0
        self.asked = 0
        self.total: int | None = None
        self.guessed = False
        self.watch: Callable[[], tuple[tuple[int, int], tuple[tuple[str, float, float], ...]]] | None = None

    def add(self, name: str, value: float | None, *, asked: bool) -> None:
        """Count an outcome of a variant and its primary score, if it has one."""
        self.done += 1
        self.asked += asked
        if value is not None:
            mean = self._means[name]
            mean[0] += value
            mean[1] += 1

    async def keep_telling(self) -> None:
        """Tell the watcher ten times a second, until cancelled."""
        while self._watch is not None:
            self.tell()
            await asyncio.sleep(_PAUSE)

    def tell(self, phase: str = "running") -> None:
        """Tell the watcher, if there is one."""
        if self._watch is not None:
            self._watch(self._progress(time.monotonic() - self._start, phase))

    def _progress(self, seconds: float, phase: str) -> Progress:
        counters = [channel.counters for channel in self._gateway.channels.values()]
        made = sum(c.calls for c in counters)
        speed = self.asked / seconds if seconds > 0 else 0.0
        left = self.total - self.done if self.total is not None else None
        looked, intervals = self.watch() if self.watch is not None else (None, ())
        return Progress(
            done=self.done,
            total=self.total,
            calls=made,
            recorded=sum(c.recorded for c in counters),
            in_flight=sum(c.in_flight for c in counters),
            rate=made / seconds if seconds > 0 else 0.0,
            spent_usd=sum(c.spent_usd for c in counters),
            eta=left / speed if left is not None and speed > 0 and seconds > 1 else None,
            means={name: (total / n, int(n)) for name, (total, n) in self._means.items() if n},
            retries=sum(c.retries for c in counters),
            guessed=self.guessed,
            person=any(channel.model.capabilities.patient for channel in self._gateway.channels.values()),
            phase=phase,
            looked=looked,
            intervals=intervals,
        )
