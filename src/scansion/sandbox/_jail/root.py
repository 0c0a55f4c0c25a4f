"""The root that the code sees: the interpreter, the libraries that it links to, the packages asked for, three devices,
and an empty folder to work in (`/work`, also `/tmp`). Nothing of the host besides; all else is read-only."""

from __future__ import annotations

import os
import re
import sys
import sysconfig

from . import kernel

__all__ = ["PACKAGES", "WORK", "Root"]

PACKAGES, WORK = "/packages", "/work"
_DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")
_LINKS = ("/lib", "/lib32", "/lib64", "/usr/lib32", "/usr/lib64")
_SINGLE = ("/etc/ld.so.cache", "/usr/share/zoneinfo")
_SITES = ("site-packages", "dist-packages")
_STAGES = ("/tmp", "/dev", "/var", "/etc")
_SYSTEM = ("/lib", "/usr/lib", "/usr/local/lib", "/nix/store/", "/gnu/store/")
_LIBRARY = re.compile(r"/\S*\.so[.\d]*$", re.MULTILINE)


class Root:
    """Copies of the host's mounts, taken while they may be read, and then put together to a root.

    `packages` are paths of the host that go to `/packages`. Raises OSError that says what could not be done.
    """

    def __init__(self, packages: list[str]) -> None:
        self._links = {at: os.readlink(at) for at in _LINKS if os.path.islink(at)}
        paths = _interpreter()
        outermost = [p for p in paths if not any(p.startswith(f"{other}/") for other in paths)]
        self._hidden = [f"{path}/{name}" for path in paths for name in _SITES if os.path.isdir(f"{path}/{name}")]
        kept = {at: at for at in (*outermost, *_SINGLE, *_DEVICES) if os.path.exists(at)}
        kept |= {f"{PACKAGES}/{os.path.basename(at)}": at for at in packages}
        self._mounts = {at: (kernel.clone_of(of), os.path.isdir(of)) for at, of in kept.items()}

    def entered(self) -> None:
        """Build it, and make it the root."""
        stage = next(at for at in _STAGES if os.path.isdir(at))
        kernel.separated()
        kernel.mount("tmpfs", stage, kernel.NO_SUID | kernel.NO_DEVICES, "mode=755,size=1m")
        for folder in (WORK, PACKAGES, "/dev"):
            os.makedirs(stage + folder, 0o755, exist_ok=True)
        for at, (mounted, is_folder) in self._mounts.items():
            _placed(stage, at, mounted, is_folder)
        for at in self._hidden:
            kernel.mount("tmpfs", stage + at, kernel.NO_SUID | kernel.NO_DEVICES | kernel.READ_ONLY, "size=4k")
        for at, target in {**self._links, "/dev/shm": WORK, "/tmp": WORK}.items():
            if not os.path.lexists(stage + at):
                os.makedirs(os.path.dirname(stage + at), exist_ok=True)
                os.symlink(target, stage + at)
        kernel.pivoted(stage)
        top = os.open("/", os.O_PATH | os.O_DIRECTORY)
        kernel.read_only(top, kernel.READ_ONLY, below=False)
        os.close(top)


def _placed(stage: str, at: str, mounted: int, is_folder: bool) -> None:
    os.makedirs(stage + (at if is_folder else os.path.dirname(at)), exist_ok=True)
    if not is_folder:
        os.close(os.open(stage + at, os.O_CREAT | os.O_WRONLY, 0o444))
    device = at in _DEVICES
    kernel.read_only(mounted, kernel.NO_SUID | (kernel.NO_EXEC if device else kernel.READ_ONLY | kernel.NO_DEVICES))
    kernel.attach(mounted, stage + at)
    os.close(mounted)


def _interpreter() -> set[str]:
    """The folders of Python's own modules, and of the libraries that they are linked to."""
    names = ("stdlib", "platstdlib")
    found = {os.path.realpath(sysconfig.get_path(name)) for name in names}
    found |= {sysconfig.get_path(name) for name in names}
    found |= {*sys.path, *({f"{sys.base_prefix}/lib"} if sys.base_prefix != "/usr" else ())}
    _loaded()
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        libraries = {os.path.dirname(line) for line in _LIBRARY.findall(maps.read())}
    found |= {path for path in libraries if path.startswith(_SYSTEM)}  # those of elsewhere are loaded by now
    return {path for path in found if os.path.isdir(path)}


def _loaded() -> None:
    """Load the modules whose libraries lie in folders of their own, where they are there."""
    for name in ("_ctypes", "_ssl", "_hashlib", "_sqlite3", "_bz2", "_lzma", "zlib", "readline"):
        try:
            __import__(name)
        except ImportError:
            continue
