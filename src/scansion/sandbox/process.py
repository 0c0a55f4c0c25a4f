"""Full Python in a process with namespaces, a root and limits of its own. Linux only."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError, ProgramError
from scansion.sandbox._base import Ended, Limits, Ran, sandbox
from scansion.sandbox._packages import Package, found_package

__all__ = ["process"]

_BEGIN = (
    "import sys, types; jail = types.ModuleType('jail'); jail.__path__ = [sys.argv[1]]; sys.modules['jail'] = jail; "
    "from jail.warden import main; main(int(sys.argv[2]), sys.argv[3], sys.argv[4])"
)
_PROBE = """
import os, socket
found = []
if os.getpid() != 1:
    found.append("processes of the host can be seen")
if os.path.exists("/etc/passwd") or os.path.exists("/proc/1") or os.path.exists("/sys/kernel"):
    found.append("files of the host can be seen")
try:
    socket.socket()
    found.append("sockets can be opened")
except PermissionError:
    pass
try:
    open("/mark", "w")
    found.append("the root can be written")
except OSError:
    pass
for _ in range(3):
    try:
        if os.fork() == 0:
            import time; time.sleep(60)
    except BlockingIOError:
        break
else:
    found.append("processes are not limited")
"""
_OLDEST = (5, 14)  # limits on processes are counted by user namespace since then
_PATIENCE = 60.0  # seconds that the start may take: packages are loaded then
_GRACE = 20.0  # seconds beyond its limit after which a run is given up
_REPLY = 4 * 1024 * 1024  # bytes that a report may have beside what was printed and the value


@sandbox("process")
def process(packages: list[str] | None = None) -> _Process:
    """Runs code in full Python, with the standard library and the installed `packages` (and what they need), in a
    process that has its own user, mount, process, network, IPC, UTS and cgroup namespaces, no network, a root with the
    interpreter and nothing of yours, no right to anything and a filter on system calls. It cannot start programs.
    Linux 5.14 or later on x86-64 or ARM64; elsewhere it refuses. A run takes some 10 ms.

    Random numbers begin at one seed, environment and standard input are empty, the working folder is an empty one.

    Follows the manual pages namespaces(7), user_namespaces(7), seccomp(2) and mount_setattr(2).

    Example: `program_of_thought(sandbox=process(packages=[sympy]))`
    """
    return _Process(tuple(found_package(name) for name in packages or ()))


class _Report(Struct):
    """What a keeper says of a run."""

    ended: Ended | str
    value: Any = None
    error: str = ""
    printed: str = ""
    seconds: float = 0.0


class _Process:
    """A warden that waits for code, started by the first run; it ends with this object, the interpreter, or `close`."""

    def __init__(self, packages: tuple[Package, ...]) -> None:
        self._packages = packages
        self._warden: _Warden | None = None
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]
        self._turns = weakref.WeakKeyDictionary()

    def ready(self) -> None:
        self._started()

    def _started(self) -> _Warden:
        if self._warden is None or not self._warden.alive:
            _require_linux()
            self._warden = _Warden(self._packages)
        return self._warden

    async def run(self, code: str, inputs: Mapping[str, Any], value: str | None, limits: Limits) -> Ran:
        warden = self._started()
        loop = asyncio.get_running_loop()
        turns = self._turns.setdefault(loop, asyncio.Semaphore(max(2, os.cpu_count() or 1)))
        request = {"code": code, "inputs": _data(inputs), "value": value, "limits": msgspec.structs.asdict(limits)}
        async with turns:
            found = await _asked(warden.channel(), json.dumps(request).encode() + b"\n", limits)
        if found.ended == "lost":
            raise ProgramError(found.error)
        ended: Ended = found.ended  # type: ignore[assignment]
        return Ran(ended, found.value, found.printed, found.error, found.seconds)

    async def close(self) -> None:
        if self._warden is not None:
            self._warden.end()
            self._warden = None


def _data(inputs: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(msgspec.json.decode(msgspec.json.encode(dict(inputs))))
    except (TypeError, ValueError) as error:
        raise InputError(f"sandbox process: an input is no plain data: {error}") from None


async def _asked(channel: socket.socket, request: bytes, limits: Limits) -> _Report:
    """Send a request and read the report. Raises ProgramError where none came."""
    reader, writer = await asyncio.open_unix_connection(sock=channel, limit=1 << 20)
    try:
        async with asyncio.timeout(limits.seconds + _GRACE):
            writer.write(request)
            said = await reader.read(1) and await _all(reader, 16 * limits.output + _REPLY)
            return msgspec.json.decode(said, type=_Report)
    except (TimeoutError, OSError, msgspec.MsgspecError, RecursionError) as error:
        raise ProgramError(f"the sandbox gave no report: {type(error).__name__}: {error}") from None
    finally:
        writer.close()


async def _all(reader: asyncio.StreamReader, most: int) -> bytes:
    parts, length = [b"{"], 1
    while piece := await reader.read(1 << 16):
        parts.append(piece)
        length += len(piece)
        if length > most:
            raise ProgramError("the sandbox gave a report that is too long")
    return b"".join(parts)


def _require_linux() -> None:
    """Raise InputError where namespaces are not to be had at all."""
    instead = "use sandbox=monty, or Linux in a virtual machine"
    if sys.platform != "linux":
        raise InputError(f"sandbox process needs Linux, and this is {sys.platform}; {instead}")
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2] if part.isdigit())
    if release < _OLDEST:
        raise InputError(f"sandbox process needs Linux 5.14 or later, and this is {os.uname().release}; {instead}")


class _Warden:
    """The process in the sandbox that forks a keeper for each run. Raises InputError where it cannot be isolated."""

    def __init__(self, packages: tuple[Package, ...]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        paths = sorted({path for package in packages for path in package.paths})
        names = [package.module for package in packages]
        folder = Path(__file__).parent / "_jail"
        python = getattr(sys, "_base_executable", None) or sys.executable
        with theirs:
            given = (str(folder), str(theirs.fileno()), json.dumps(paths), json.dumps(names))
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                [python, "-I", "-S", "-B", "-X", "utf8", "-c", _BEGIN, *given],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket = ours
        self.end = weakref.finalize(self, _ended, self._process, ours)
        try:
            self._settle()
        except BaseException:
            self.end()
            raise

    @property
    def alive(self) -> bool:
        return self.end.alive and self._process.poll() is None

    def _settle(self) -> None:
        """Answer the warden until it is ready."""
        self._socket.settimeout(_PATIENCE)
        for expected in ("unshared", "ready"):
            try:
                said = json.loads(self._socket.recv(4096) or "{}")
            except OSError as error:
                said = {"error": f"it did not start: {error}"}
            if expected not in said:
                raise InputError(_refusal(said.get("error", "it ended at once")))
            if expected == "unshared":
                self._mapped()
        self._probed()
        self._socket.settimeout(None)

    def _probed(self) -> None:
        """Make sure of what keeps code in, by code that tries it. Raises InputError for what does not hold."""
        channel = self.channel()
        with channel:
            channel.settimeout(_PATIENCE)
            limits = msgspec.structs.asdict(Limits(processes=2))
            request = {"code": _PROBE, "inputs": {}, "value": "found", "limits": limits}
            try:
                channel.sendall(json.dumps(request).encode() + b"\n")
                with channel.makefile("rb") as stream:
                    said = msgspec.json.decode(stream.read(_REPLY), type=_Report)
            except (OSError, msgspec.MsgspecError) as error:
                raise InputError(_refusal(f"a first run gave no report: {error}")) from None
        if said.ended != "done" or said.value != []:
            raise InputError(_refusal(f"not confined: {said.error or ', '.join(map(str, said.value or ()))}"))

    def _mapped(self) -> None:
        """Give the warden's namespace one user and one group: nobody's where we are root, else our own."""
        folder = Path(f"/proc/{self._process.pid}")
        user, group = (65534, 65534) if _maps_nobody() else (os.geteuid(), os.getegid())
        try:
            if user == os.geteuid():
                (folder / "setgroups").write_text("deny")
            (folder / "uid_map").write_text(f"0 {user} 1\n")
            (folder / "gid_map").write_text(f"0 {group} 1\n")
        except OSError as error:
            raise InputError(_refusal(f"a user could not be mapped: {error}")) from None
        self._socket.send(b"mapped")

    def channel(self) -> socket.socket:
        """A socket to the keeper of a new run. Raises ProgramError where the warden has ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._socket, [b"run"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise ProgramError(f"the sandbox has ended: {error}") from None
        ours.setblocking(False)
        return ours


def _ended(process: subprocess.Popen[bytes], channel: socket.socket) -> None:
    """End a warden, and with it all that runs in it."""
    channel.close()
    process.kill()
    process.wait()


def _maps_nobody() -> bool:
    """Whether we are root, and may give our rights away to the user `nobody`."""
    if os.geteuid() != 0:
        return False
    ranges = [[int(n) for n in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(first <= 65534 < first + length for first, _outside, length in ranges)


def _refusal(error: str) -> str:
    """What is missing, and what to do about it."""
    return f"sandbox process cannot isolate code here: {' '.join(error.split())}; {_advice(error)}"


def _advice(error: str) -> str:
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if os.geteuid() != 0 and restricted.exists() and restricted.read_text().strip() == "1":
        return "AppArmor forbids user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    if "unshare" in error or "mapped" in error:
        return (
            "user namespaces are forbidden: allow them (in a container, --security-opt seccomp=unconfined; on a host, "
            "sysctl user.max_user_namespaces), or use sandbox=monty"
        )
    return "allow what it names, or use sandbox=monty"
