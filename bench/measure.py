"""Times a whole process: wall and CPU seconds (user and system, all threads), peak memory; and gathers such figures."""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds of wall and CPU, peak resident memory in MB (10^6 bytes), what it printed."""

    wall: float
    cpu: float
    peak_mb: float
    output: str = ""


@dataclass
class Pinned:
    """Runs commands, each pinned to `core`, in `folder`, with `env` over the environment of this process."""

    core: int | None
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    limit: float = 900.0

    def run(self, command: Sequence[str | Path], accept: Sequence[int] = (0,)) -> Cost:
        """The cost of a command, as the kernel counts it (wait4).

        Raises RuntimeError with its output if it ends with a code that is not in `accept`.
        """
        log = self.folder / "output.txt"
        begun = time.perf_counter()
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                env={**environment(), **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: pin(self.core),
            )
            status, usage = self._wait(process)
        cost = Cost(
            time.perf_counter() - begun,
            usage.ru_utime + usage.ru_stime,
            rss_mb(usage),
            log.read_text("utf-8", "replace"),
        )
        if status not in accept:
            raise RuntimeError(f"{command[0]} ended with {status}: {cost.output[-2000:]}")
        return cost

    def _wait(self, process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(int(self.limit))
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage


def environment() -> dict[str, str]:
    """This process's environment, with byte code kept: otherwise every start compiles anew."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def pin(core: int | None) -> None:
    """Keep this process on one core, where the system can and there is more than one."""
    cores = os.cpu_count() or 1
    if core is not None and cores > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core % cores})


def rss_mb(usage: resource.struct_rusage) -> float:
    """Peak resident memory in MB; Linux counts it in KiB, macOS in bytes."""
    return usage.ru_maxrss * (1024 if os.uname().sysname == "Linux" else 1) / 1e6


def median(values: Iterable[float]) -> float:
    """The median, NaN of nothing."""
    found = list(values)
    return statistics.median(found) if found else float("nan")


def disk_bytes(folder: Path) -> int:
    """Bytes of all files under a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; floats are shown with three significant digits."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(_shown(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "-" if value is None else str(value)
