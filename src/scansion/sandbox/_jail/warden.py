"""The process that lives in the sandbox from the first run to the last, and forks a keeper for each.

It is started with a socket to the host and a list of packages. It says "unshared" and waits until the host has mapped
its user, then "ready", or what went wrong. From then on each message brings the socket of one run; the end of the
messages is its own end.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import socket
import sys

from . import kernel
from .keeper import keep
from .root import PACKAGES, Root

__all__ = ["main"]

_NAMESPACES = ("user", "mount", "net", "ipc", "uts", "cgroup")
_USUAL = (  # modules that programs ask for most, loaded once for all runs
    *("abc", "array", "ast", "base64", "bisect", "calendar", "cmath", "collections", "collections.abc", "contextlib"),
    *("copy", "csv", "dataclasses", "datetime", "decimal", "enum", "errno", "fractions", "functools", "hashlib"),
    *("heapq", "inspect", "io", "itertools", "json", "math", "numbers", "operator", "os", "pprint", "queue", "random"),
    *("re", "statistics", "string", "struct", "sys", "textwrap", "threading", "time", "traceback", "typing"),
    *("types", "unicodedata", "uuid", "warnings", "_strptime", "encodings.idna"),
)


def main(channel: int, packages: str, names: str) -> None:
    """Serve the host on the socket `channel`; `packages` and `names` (paths, modules) are lists in JSON."""
    host = socket.socket(fileno=channel)
    try:
        processes = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        root = _apart(host, json.loads(packages))
        root.entered()
        socket.sethostname("sandbox")
        _settled(json.loads(names))
    except (OSError, ImportError, AssertionError) as error:
        host.send(json.dumps({"error": f"{type(error).__name__}: {error}"[:1000]}).encode())
        return
    gc.collect()
    gc.freeze()  # what is loaded is shared by all runs; a collection in one would copy it
    host.send(b'{"ready": true}')
    _serve(host, processes)


def _apart(host: socket.socket, packages: list[str]) -> Root:
    """Leave the host's namespaces. What the root is made of is taken while we are still who we were."""
    assert kernel.machine() is not None, f"no list of system calls for {os.uname().machine}"
    kernel.unshare(*_NAMESPACES)
    kernel.dumpable()
    root = Root(packages)
    host.send(b'{"unshared": true}')
    if host.recv(64) != b"mapped":
        raise OSError("the host could not map a user")
    if os.getuid() != 0:
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        kernel.dumpable()
    return root


def _settled(names: list[str]) -> None:
    """Load what programs may want, so that each run has it from the start."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [path for path in sys.path if path != here and os.path.isdir(path)] + [PACKAGES]
    sys.dont_write_bytecode = True
    sys.argv[:], sys.orig_argv[:] = ["program.py"], ["python"]
    for name in _USUAL:
        __import__(name)
    for name in names:
        __import__(name)
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def _serve(host: socket.socket, processes: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the host's to answer
    while True:
        message, descriptors, _, _ = socket.recv_fds(host, 16, 1)
        if not message:
            os._exit(0)
        try:
            child = os.fork()
        except OSError:  # no more processes just now: this run gets no report, which its host will see
            child = -1
        if child == 0:
            try:
                host.close()
                keep(descriptors[0], processes)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
