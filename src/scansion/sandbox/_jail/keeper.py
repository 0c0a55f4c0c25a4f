"""The keeper of one run: it starts the code in a process namespace of its own, watches what it takes, and reports.

The code can neither see nor signal the keeper. When the first process of its namespace ends, the kernel ends all others
that it has started, whatever they do.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from typing import Any

from . import kernel
from .inmate import live
from .plain import plain

__all__ = ["keep"]

_PIECE = 65536
_LOOK = 0.02  # seconds between two looks at memory and processes
_SLACK = 4096  # bytes that a report may have beside its value
_MAPPED = 1000  # the user that the code believes to be
_CLAIMS = {"done", "error", "memory", "disk", "files", "processes"}


def keep(channel: int, processes: int) -> None:
    """Do the one run that the host asks for on the socket `channel`; `processes` is the host's /proc."""
    kernel.parent_death_kills()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    host = socket.socket(fileno=channel)
    with host.makefile("rb") as stream:
        request = json.loads(stream.readline())
    try:
        report = _Run(request, host, processes).report()
    except Exception as error:
        report = {"ended": "lost", "error": f"the sandbox could not run it: {type(error).__name__}: {error}"}
    host.sendall(json.dumps(report).encode())
    host.close()


class _Run:
    """One run: the code's process, its pipes, and what it has taken so far."""

    def __init__(self, request: dict[str, Any], host: socket.socket, processes: int) -> None:
        self.request, self.host, self.processes = request, host, processes
        self.limits = request["limits"]
        self.printed, self.said = bytearray(), bytearray()
        self.crowded = False

    def report(self) -> dict[str, Any]:
        """Start it, watch it to its end, and say how it went."""
        self._start()
        began = time.monotonic()
        reason = self._watch(began + self.limits["seconds"])
        seconds = time.monotonic() - began
        os.kill(self.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._drain()
        found = self._found(reason or self._too_much(), status)
        printed = bytes(self.printed[: self.limits["output"]]).decode("utf-8", "replace")
        return {"value": None, "error": "", **found, "printed": printed, "seconds": seconds}

    def _start(self) -> None:
        self.out, out = os.pipe()
        self.result, result = os.pipe()
        steps, step = os.pipe()
        go, self.go = os.pipe()
        pages = int(self._text(f"{os.getpid()}/statm").split()[0])
        self.request["space"] = pages * os.sysconf("SC_PAGESIZE") + self.limits["memory"]
        kernel.unshare("pid")
        self.pid = os.fork()
        if self.pid == 0:
            live(self.request, out=out, result=result, step=step, go=go)
        for end in (out, result, step, go):
            os.close(end)
        self.watched = os.pidfd_open(self.pid)
        self._await(steps, b"u")
        self._map()
        os.write(self.go, b"m")
        self._await(steps, b"r")
        os.write(self.go, b"g")
        os.close(self.go)
        os.close(steps)
        self.bare = self._resident(str(self.pid))

    def _await(self, steps: int, expected: bytes) -> None:
        said = os.read(steps, 1)
        if said != expected:
            raise OSError(os.read(steps, 1000).decode("utf-8", "replace") or "the run did not begin")

    def _map(self) -> None:
        """Give the code's namespace one user and one group, which are ours."""
        for name in ("uid_map", "gid_map"):
            self._written(f"{self.pid}/{name}", f"{_MAPPED} 0 1\n")

    def _written(self, path: str, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY, dir_fd=self.processes)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def _watch(self, deadline: float) -> str | None:
        """Read what it says until it ends; the name of the limit that it passed, if it did."""
        poll = select.poll()
        for descriptor in (self.out, self.result, self.watched, self.host.fileno()):
            poll.register(descriptor, select.POLLIN)
        looked = 0.0
        while True:
            now = time.monotonic()
            if now >= deadline:
                return "processes" if self.crowded else "time"
            if now - looked >= _LOOK:
                looked = now
                if self._takes_too_much_memory():
                    return "memory"
            for descriptor, _event in poll.poll(min(_LOOK, deadline - now) * 1000 + 1):
                if descriptor == self.host.fileno():
                    return "time"  # nobody waits for it any more
                if descriptor == self.watched:
                    return None
                self._read(descriptor, poll)
            if self._too_much():
                return None

    def _read(self, descriptor: int, poll: select.poll) -> None:
        piece = os.read(descriptor, _PIECE)
        if not piece:
            poll.unregister(descriptor)
        (self.printed if descriptor == self.out else self.said).extend(piece)

    def _drain(self) -> None:
        """Read what it left in its pipes."""
        for descriptor in (self.out, self.result):
            os.set_blocking(descriptor, False)
            try:
                while not self._too_much() and (piece := os.read(descriptor, _PIECE)):
                    (self.printed if descriptor == self.out else self.said).extend(piece)
            except BlockingIOError:
                continue

    def _too_much(self) -> str | None:
        most = self.limits["output"]
        return "output" if len(self.printed) > most or len(self.said) > most + _SLACK else None

    def _takes_too_much_memory(self) -> bool:
        """Whether all its processes together have more memory than they may, beyond the bare interpreter's."""
        everyone = self._family(str(self.pid))
        self.crowded = self.crowded or len(everyone) >= self.limits["processes"]
        most: int = self.limits["memory"]
        if sum(max(0, self._resident(pid) - self.bare) for pid in everyone) <= most:
            return False
        return sum(self._share(pid) for pid in everyone) > most + self.bare

    def _family(self, pid: str) -> list[str]:
        found = [pid]
        for each in found:
            if len(found) > 4 * self.limits["processes"]:
                break
            for thread in self._listed(f"{each}/task"):
                found += self._text(f"{each}/task/{thread}/children").split()
        return found

    def _listed(self, path: str) -> list[str]:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.processes)
        except OSError:
            return []
        try:
            return os.listdir(descriptor)
        except OSError:
            return []
        finally:
            os.close(descriptor)

    def _text(self, path: str) -> str:
        try:
            descriptor = os.open(path, os.O_RDONLY, dir_fd=self.processes)
        except OSError:
            return ""
        try:
            return os.read(descriptor, _PIECE).decode("ascii", "replace")
        except OSError:  # it has ended meanwhile
            return ""
        finally:
            os.close(descriptor)

    def _resident(self, pid: str) -> int:
        """Bytes of memory that a process has, those that it shares with others too."""
        fields = self._text(f"{pid}/statm").split()
        return int(fields[1]) * os.sysconf("SC_PAGESIZE") if len(fields) > 1 else 0

    def _share(self, pid: str) -> int:
        """Bytes of memory that a process has, what it shares with others counted in part."""
        for line in self._text(f"{pid}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        return self._resident(pid)

    def _found(self, reason: str | None, status: int) -> dict[str, Any]:
        """How it ended, from what we saw, and where we saw nothing amiss from what it says itself."""
        limits = self.limits
        if reason is not None:
            why = {
                "time": f"it ran longer than {limits['seconds']:g} s",
                "memory": f"it took more than {limits['memory']} bytes of memory",
                "output": f"it printed more than {limits['output']} bytes, or gave a longer value",
                "processes": f"it had {limits['processes']} processes or threads, and ran on until its time was up",
            }
            return {"ended": reason, "error": why[reason]}
        try:
            claim = json.loads(self.said, parse_constant=_no_number)
            ended, value, error = claim["ended"], claim["value"], claim["error"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return self._silent(status)
        if not isinstance(ended, str) or ended not in _CLAIMS or not isinstance(error, str):
            return self._silent(status)
        return {"ended": ended, "value": plain(value) if ended == "done" else None, "error": plain(error[:1000])}

    @staticmethod
    def _silent(status: int) -> dict[str, Any]:
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return {"ended": "time" if status == -signal.SIGXCPU else "memory", "error": "the kernel ended it"}
        ending = f"by signal {-status}" if status < 0 else f"with exit code {status}"
        return {"ended": "error", "error": f"it ended {ending} without giving its value"}


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
