"""The calls of Linux that Python has no words for. Each raises OSError with what was tried."""

from __future__ import annotations

import ctypes
import os
import struct

__all__ = [
    "NAMESPACES",
    "attach",
    "capabilities_dropped",
    "clone_of",
    "control",
    "dumpable",
    "filtered",
    "machine",
    "mount",
    "no_new_privileges",
    "parent_death_kills",
    "pivoted",
    "read_only",
    "separated",
    "unshare",
]

_NUMBERS = {  # of system calls, by machine
    "x86_64": {"pivot_root": 155, "capset": 126, "open_tree": 428, "move_mount": 429, "mount_setattr": 442},
    "aarch64": {"pivot_root": 41, "capset": 91, "open_tree": 428, "move_mount": 429, "mount_setattr": 442},
}
NAMESPACES = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8  # the same as mount flags and as mount attributes
_PRIVATE = 0x4000 | (1 << 18)  # MS_REC | MS_PRIVATE
_DETACH = 2
_HERE = -100  # AT_FDCWD
_EMPTY_PATH, _RECURSIVE = 0x1000, 0x8000
_CLONE, _CLOEXEC = 1, os.O_CLOEXEC
_FROM_EMPTY_PATH = 4
_DUMPABLE, _PARENT_DEATH, _DROP_BOUND, _NO_NEW, _SECCOMP = 4, 1, 24, 38, 22
_SECUREBITS, _AMBIENT, _AMBIENT_CLEAR = 28, 47, 4
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def machine() -> str | None:
    """The machine's name, None where its system calls are not known here."""
    name = os.uname().machine
    return name if name in _NUMBERS and struct.calcsize("P") == 8 else None


def _checked(result: int, tried: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{tried}: {os.strerror(number)}")
    return result


def _call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    number = _NUMBERS[os.uname().machine][name]
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(int(_libc.syscall(ctypes.c_long(number), *passed)), name)


def unshare(*namespaces: str) -> None:
    """Leave these namespaces for new ones."""
    flags = 0
    for name in namespaces:
        flags |= NAMESPACES[name]
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare " + ", ".join(namespaces))


def control(option: int, *values: int) -> None:
    """`prctl`."""
    filled = [ctypes.c_ulong(v) for v in (*values, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(ctypes.c_int(option), *filled), f"prctl {option}")


def dumpable() -> None:
    """Let those who may read our entries in /proc do so again, after a change of user namespace."""
    control(_DUMPABLE, 1)


def parent_death_kills() -> None:
    """Die with the parent. To be said after the last change of user and capabilities, which forget it."""
    control(_PARENT_DEATH, 9)


def no_new_privileges() -> None:
    """Never again gain a right by running a program."""
    control(_NO_NEW, 1)


def capabilities_dropped() -> None:
    """Give up every capability, and the means to get one back."""
    control(_AMBIENT, _AMBIENT_CLEAR)
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            control(_DROP_BOUND, capability)
        except OSError:  # the kernel has no more of them
            break
    control(_SECUREBITS, 0b11101111)  # root is a user like any other, and that is locked
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    nothing = ctypes.create_string_buffer(struct.pack("=6I", 0, 0, 0, 0, 0, 0))
    _call("capset", header, nothing)


def filtered(program: bytes) -> None:
    """Let a filter (instructions of classic BPF, eight bytes each) decide on every system call from now on."""
    body = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(body))
    holder = ctypes.create_string_buffer(head, len(head))
    _checked(_libc.prctl(ctypes.c_int(_SECCOMP), ctypes.c_ulong(2), ctypes.byref(holder), ctypes.c_ulong(0)), "seccomp")


def mount(kind: str, at: str, flags: int, options: str = "") -> None:
    """Mount a new file system of a kind."""
    done = _libc.mount(kind.encode(), at.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _checked(done, f"mount {kind}")


def separated() -> None:
    """Let no mount of ours be seen outside, nor one of outside here."""
    _checked(_libc.mount(None, b"/", None, ctypes.c_ulong(_PRIVATE), None), "mount private")


def clone_of(path: str) -> int:
    """A descriptor of a copy of the mount at a path, not yet seen anywhere."""
    return _call("open_tree", _HERE, os.fsencode(path), _CLONE | _CLOEXEC | _RECURSIVE)


def read_only(mounted: int, flags: int, *, below: bool = True) -> None:
    """Set attributes of a mount, and of all below it."""
    attributes = ctypes.create_string_buffer(struct.pack("=4Q", flags, 0, 0, 0))
    _call("mount_setattr", mounted, b"", _EMPTY_PATH | (_RECURSIVE if below else 0), attributes, 32)


def attach(mounted: int, at: str) -> None:
    """Put a copied mount in its place."""
    _call("move_mount", mounted, b"", _HERE, os.fsencode(at), _FROM_EMPTY_PATH)


def pivoted(root: str) -> None:
    """Make a mounted folder the root, and let go of the one before."""
    os.chdir(root)
    _call("pivot_root", b".", b".")
    _checked(_libc.umount2(b".", ctypes.c_int(_DETACH)), "umount of the old root")
    os.chdir("/")
