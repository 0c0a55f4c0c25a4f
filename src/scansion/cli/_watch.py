"""Running with a live line on standard error, two-stage Ctrl-C, and the question before a costly run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.plan import Options, Plan
    from scansion.experiments.preview import Preview
    from scansion.experiments.results import RunResult

__all__ = ["ask", "confirm", "previewed", "run_watched"]

_ASK_ABOVE = 1.0  # USD


def run_watched(plan: Plan, options: Options, lab: str | None) -> RunResult:
    """Runs `plan`, showing how it goes on standard error."""
    from scansion.experiments.progress import Stop
    from scansion.experiments.runner import run
    from scansion.report.live import Live

    live = Live(sys.stderr)
    stop = Stop(
        on_soft=lambda: live.say("scansion: finishing what is in flight; Ctrl-C again stops now"),
        on_hard=lambda: live.say("scansion: stopping now"),
    )
    try:
        return run(plan, lab=lab, watch=live, stop=stop, **msgspec.structs.asdict(options))
    finally:
        live.close()


def previewed(plan: Plan, lab: str | None) -> Preview:
    """What `plan` would ask beyond what the lab holds; no lab is made for that."""
    import asyncio

    from scansion.experiments.lab import Lab
    from scansion.experiments.preview import preview

    try:
        opened = Lab.find(lab, create=False)
    except InputError:
        return asyncio.run(preview(plan))
    with opened:
        return asyncio.run(preview(plan, opened))


def ask(plan: Plan, lab: str | None = None, *, yes: bool = False) -> None:
    """Asks a person at a terminal before a run without a budget that may cost more than 1 USD. Raises InputError
    for a no."""
    if not yes and not plan.budget:
        confirm(lambda: previewed(plan, lab))


def confirm(preview: Callable[[], Preview]) -> None:
    """Asks a person at a terminal before what may cost more than 1 USD by `preview`, made only where one is there.
    Raises InputError for a no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    found = preview()
    if found.cost_usd is None or found.cost_usd <= _ASK_ABOVE:
        return
    from scansion.report.figures import plural, usd

    most = "at most " if found.at_most else ""
    print(
        f"{most}{plural(found.calls, 'call')}, about {usd(found.cost_usd)} USD, and no --budget. Go on? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("nothing was asked; --budget bounds the cost, --yes skips this question")
