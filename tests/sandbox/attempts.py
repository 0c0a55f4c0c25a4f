"""What a program may try that wants out, or wants more than its share: names, code, and how it must end.

`{secret}` in the code is a file of the host with a secret in it, `{victim}` one to be spoilt, `{port}` a port on which
the host listens, `{name}` an abstract socket of it, `{pid}` its process; the environment of the host holds the secret
too. `error` is a part of what is reported; `value` is what the code must end with, where it ends well.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from scansion.sandbox import Limits

__all__ = ["PROCESS", "SYSTEM_CALLS", "Attempt"]

UNSEEN = object()
SHORT = Limits(seconds=0.6, memory=64 << 20, output=20_000)
ROOM = Limits(seconds=20, memory=64 << 20, output=20_000)


class Attempt(Struct, frozen=True):
    """One attempt: its name, its code, how it ends, a part of the error, its value, its limits."""

    name: str
    code: str
    ended: str = "error"
    error: str = ""
    value: Any = UNSEEN
    limits: Limits = ROOM


def _stopped(name: str, code: str, ended: str) -> Attempt:
    return Attempt(name, code, ended, limits=SHORT if ended in ("time", "processes") else ROOM)


FILES = [
    Attempt("reads /etc/passwd", "open('/etc/passwd').read()", error="FileNotFoundError"),
    Attempt("reads /etc/shadow", "open('/etc/shadow').read()", error="FileNotFoundError"),
    Attempt("reads the .env of the project", "open('{secret}').read()", error="FileNotFoundError"),
    Attempt("climbs out with ..", "open('/work' + '/..' * 20 + '{secret}').read()", error="FileNotFoundError"),
    Attempt(
        "follows a symbolic link", "import os\nos.symlink('{secret}', 'x')\nopen('x').read()", error="FileNotFound"
    ),
    Attempt("makes a hard link", "import os\nos.link('{secret}', 'x')", error="FileNotFoundError"),
    Attempt("overwrites a file of the host", "open('{victim}', 'w').write('spoilt')", error="FileNotFoundError"),
    Attempt(
        "lists the homes",
        "import os\n[f for p in ('/home', '/var', '/mnt', '/opt', '/srv', '/sys') if os.path.isdir(p) for f in p]",
        "done",
        value=[],
    ),
    Attempt("reads the environment", "import os\nsorted(os.environ)", "done", value=["HOME", "LANG", "PATH", "TMPDIR"]),
    Attempt("reads the environment of process 1", "open('/proc/1/environ').read()", error="FileNotFoundError"),
    Attempt("goes through /proc/self/root", "open('/proc/self/root{secret}').read()", error="FileNotFoundError"),
    Attempt("goes through /proc of the host", "open('/proc/{pid}/root{secret}').read()", error="FileNotFoundError"),
    Attempt("reads its own memory for it", "open('/proc/self/mem', 'rb').read(1)", error="FileNotFoundError"),
    Attempt(
        "looks for open files of the host",
        "import os\nfound = []\nfor n in range(2000):\n    try:\n        os.fstat(n)\n        found.append(n)\n"
        "    except OSError:\n        pass\nfound",
        "done",
        value=[0, 1, 2, 3],
    ),
    Attempt("reads what others say of it", "import os\nos.read(3, 10)", error="Bad file descriptor"),
    Attempt("steps out of an open folder", "import os\nos.fchdir(3)", error="NotADirectoryError"),
    Attempt("changes the library", "import os\nopen(os.__file__, 'a').write('spoilt')", error="(line 2)"),
    Attempt("writes the root", "open('/spoilt', 'w')", error="Read-only file system"),
    Attempt("writes beside the packages", "open('/packages/sitecustomize.py', 'w')", error="Read-only file system"),
    Attempt("makes the library writable", "import os\nos.chmod(os.__file__, 0o777)", error="(line 2)"),
    Attempt(
        "makes a disk", "import os, stat\nos.mknod('disk', stat.S_IFBLK | 0o600, os.makedev(254, 0))", error="Permis"
    ),
    Attempt(
        "makes a device of memory", "import os, stat\nos.mknod('m', stat.S_IFCHR | 0o600, 259)", error="Permission"
    ),
    Attempt("opens a disk", "open('/dev/vda', 'rb').read(1)", error="FileNotFoundError"),
    Attempt("opens /dev/mem", "open('/dev/mem', 'rb').read(1)", error="FileNotFoundError"),
    Attempt("opens the terminal", "open('/dev/tty', 'w')", error="Read-only file system"),
    Attempt("types into the terminal", "import fcntl\nfcntl.ioctl(0, 0x5412, b'x')", error="PermissionError"),
    Attempt(
        "adds to the entropy", "import fcntl\nfcntl.ioctl(open('/dev/random'), 0x5204, 8)", error="PermissionError"
    ),
    Attempt("shuts down by sysrq", "open('/proc/sysrq-trigger', 'w').write('o')", error="FileNotFoundError"),
    Attempt(
        "names a core handler", "open('/proc/sys/kernel/core_pattern', 'w').write('|/x')", error="FileNotFoundError"
    ),
    Attempt(
        "names a release agent", "open('/sys/fs/cgroup/release_agent', 'w').write('/x')", error="FileNotFoundError"
    ),
    Attempt("watches the host's folders", "import fcntl\nfcntl.fcntl(0, 1026, 1)", error="PermissionError"),
    Attempt("holds up who writes", "import fcntl\nfcntl.fcntl(0, 1024, 0)", error="PermissionError"),
    Attempt("asks for the host's name", "import os\nos.uname().nodename", "done", value="sandbox"),
    Attempt(
        "reads how it was started", "import sys\n[sys.argv, sys.orig_argv]", "done", value=[["program.py"], ["python"]]
    ),
    Attempt("hands a core to the host", "import resource as r\nr.getrlimit(r.RLIMIT_CORE)", "done", value=[1, 1]),
    Attempt("shares memory with the host", "open('/dev/shm/{name}').read()", error="FileNotFoundError"),
    Attempt("imports our own packages", "import msgspec", error="ModuleNotFoundError"),
    Attempt("imports Scansion", "import scansion", error="ModuleNotFoundError"),
    Attempt("imports what watches it", "import jail.keeper\njail.keeper.keep(0, 0)", error="(line 2)"),
]

RIGHTS = [
    Attempt("runs a shell", "import os\nos.execv('/bin/sh', ['sh', '-c', 'id'])", error="PermissionError"),
    Attempt("runs a program", "import subprocess\nsubprocess.run(['/usr/bin/id'])", error="PermissionError"),
    Attempt("runs a command", "import os\nos.system('id') != 0", "done", value=True),
    Attempt("spawns a program", "import os\nos.posix_spawn('/usr/bin/su', ['su'], {{}})", error="PermissionError"),
    Attempt("kills the host", "import os, signal\nos.kill({pid}, signal.SIGKILL)", error="ProcessLookupError"),
    Attempt("kills all", "import os, signal\nos.kill(-1, signal.SIGKILL)", error="ProcessLookupError"),
    Attempt("asks who its parent is", "import os\nos.getppid()", "done", value=0),
    Attempt("becomes root", "import os\nos.setuid(0)", error="PermissionError"),
    Attempt("joins groups", "import os\nos.setgroups([0])", error="PermissionError"),
    Attempt("changes the root", "import os\nos.mkdir('x')\nos.chroot('x')", error="PermissionError"),
    Attempt(
        "changes the root twice",
        "import os\nup = os.open('/', os.O_RDONLY)\nos.mkdir('x')\nos.chroot('x')\nos.fchdir(up)\n"
        "for _ in range(99):\n    os.chdir('..')\nos.chroot('.')\nopen('{secret}').read()",
        error="PermissionError",
    ),
    Attempt("raises its limits", "import resource as r\nr.setrlimit(r.RLIMIT_NPROC, (9999, 9999))", error="ValueError"),
    Attempt("limits the host", "import resource as r\nr.prlimit({pid}, r.RLIMIT_NOFILE, (9, 9))", error="Permission"),
    Attempt("goes first", "import os\nos.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))", error="Permission"),
    Attempt("is nicer to itself", "import os\nos.nice(-10)", error="PermissionError"),
    Attempt(
        "calls in 32 bits",
        "import ctypes, mmap, platform\nassert platform.machine() == 'x86_64'\nm = mmap.mmap(-1, 4096, prot=7)\n"
        "m.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
    ),
]

NETWORK = [
    Attempt(
        "connects to the host", "import socket\nsocket.create_connection(('127.0.0.1', {port}))", error="Permission"
    ),
    Attempt("opens a TCP socket", "import socket\nsocket.socket()", error="PermissionError"),
    Attempt("opens a UDP socket", "import socket\nsocket.socket(2, 2)", error="PermissionError"),
    Attempt("opens an IPv6 socket", "import socket\nsocket.socket(10, 1)", error="PermissionError"),
    Attempt("opens a raw socket", "import socket\nsocket.socket(2, 3, 1)", error="PermissionError"),
    Attempt("listens to the wire", "import socket\nsocket.socket(17, 3)", error="PermissionError"),
    Attempt("speaks to the kernel", "import socket\nsocket.socket(16, 3)", error="PermissionError"),
    Attempt("speaks to the hypervisor", "import socket\nsocket.socket(40, 1)", error="PermissionError"),
    Attempt("asks for crypto", "import socket\nsocket.socket(38, 5)", error="PermissionError"),
    Attempt("opens a Unix socket", "import socket\nsocket.socket(1, 1).connect('\\0{name}')", error="PermissionError"),
    Attempt("asks for a name", "import socket\nsocket.getaddrinfo('example.com', 80)", error="gaierror"),
    Attempt("pairs sockets of the net", "import socket\nsocket.socketpair(2, 1)", error="PermissionError"),
    Attempt(
        "sends from a pair",
        "import socket\na, b = socket.socketpair()\na.sendto(b'x', '\\0{name}')",
        error="OSError",
    ),
    Attempt(
        "pairs sockets that other runs could send to", "import socket\nsocket.socketpair(1, 2)", error="Permission"
    ),
    Attempt(
        "takes a name that other runs could reach",
        "import socket\nsocket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)",
        error="PermissionError",
    ),
    Attempt("fetches a page", "import urllib.request as u\nu.urlopen('http://127.0.0.1:{port}')", error="URLError"),
]

TAKES = [
    _stopped("loops", "while True:\n    pass", "time"),
    _stopped("sleeps", "import time\ntime.sleep(1000)", "time"),
    _stopped(
        "ignores signals",
        "import signal\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\nwhile True:\n    pass",
        "time",
    ),
    _stopped(
        "catches all", "while True:\n    try:\n        while True:\n            pass\n    except:\n        pass", "time"
    ),
    _stopped("searches for ever", "import re\nre.match('(a+)+$', 'a' * 50 + 'b')", "time"),
    _stopped("computes for ever", "10 ** 10 ** 9", "time"),
    _stopped(
        "ends for ever", "class A:\n    def __del__(self):\n        while True:\n            pass\ndel A().x", "time"
    ),
    _stopped(
        "is shown for ever", "class A:\n    def __str__(self):\n        while True:\n            pass\nA()", "time"
    ),
    _stopped("waits for itself", "import os\nr, w = os.pipe()\nos.read(r, 1)", "time"),
    _stopped("forks", "import os\nwhile True:\n    os.fork()", "processes"),
    _stopped(
        "forks whatever happens",
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        "processes",
    ),
    _stopped(
        "threads",
        "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(99,)).start()",
        "processes",
    ),
    _stopped("fills memory at once", "x = bytearray(10 ** 10)", "memory"),
    _stopped("fills memory", "x = []\nwhile True:\n    x.append(bytearray(b'1') * (1 << 20))", "memory"),
    _stopped("maps memory", "import mmap\nmmap.mmap(-1, 1 << 34, mmap.MAP_PRIVATE)", "memory"),
    Attempt("shares memory that nobody counts", "import mmap\nmmap.mmap(-1, 4096)", error="PermissionError"),
    Attempt("shares memory of a device", "open('/dev/zero')", error="FileNotFoundError"),
    Attempt(
        "sends memory to swap",
        "import mmap\nmmap.mmap(-1, 4096, mmap.MAP_PRIVATE).madvise(21)",
        error="PermissionError",
    ),
    Attempt(
        "keeps memory in sockets",
        "import socket\nsocket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 26)",
        error="PermissionError",
    ),
    Attempt(
        "keeps memory in pipes", "import fcntl, os\nfcntl.fcntl(os.pipe()[1], 1031, 1 << 20)", error="PermissionError"
    ),
    _stopped(
        "fills memory in many processes",
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(b'1') * (30 << 20)\n"
        "        time.sleep(99)\ntime.sleep(99)",
        "memory",
    ),
    _stopped("writes a large file", "f = open('x', 'wb')\nwhile True:\n    f.write(bytes(1 << 20))", "disk"),
    _stopped("writes many files", "for n in range(10 ** 6):\n    open(str(n), 'w').close()", "disk"),
    _stopped("writes many folders", "import os\nwhile True:\n    os.mkdir('x')\n    os.chdir('x')", "disk"),
    _stopped("writes a file with holes", "open('x', 'w').truncate(1 << 40)", "disk"),
    _stopped(
        "fills the disk through /dev/shm",
        "f = open('/dev/shm/x', 'wb')\nwhile True:\n    f.write(bytes(1 << 20))",
        "disk",
    ),
    _stopped("opens files", "x = [open('/dev/null') for _ in range(10 ** 6)]", "files"),
    _stopped("opens pipes", "import os\nx = [os.pipe() for _ in range(10 ** 6)]", "files"),
    _stopped("prints", "while True:\n    print('x' * 100)", "output"),
    _stopped("prints errors", "import sys\nwhile True:\n    sys.stderr.write('x' * 100)", "output"),
    _stopped("prints past Python", "import os\nwhile True:\n    os.write(1, b'x' * 65536)", "output"),
    _stopped(
        "prints from its children",
        "import os\nif os.fork() == 0:\n    while True:\n        print('x' * 100)\nos.wait()",
        "output",
    ),
    _stopped("gives a large value", "'x' * (1 << 22)", "output"),
    _stopped("says too much of itself", "import os\nwhile True:\n    os.write(3, b'x' * 65536)", "output"),
]

SAYS = [
    Attempt("prints a report", 'print(\'{{"ended": "done", "value": 42, "error": ""}}\')\n7', "done", value=7),
    Attempt("leaves without a word", "import os\nos._exit(0)", error="without giving its value"),
    Attempt("raises with a large message", "raise ValueError('x' * (1 << 22))", error="ValueError: xxx"),
    Attempt("crashes", "import ctypes\nctypes.string_at(1)", error="by signal 11"),
    Attempt("aborts", "import os\nos.abort()", error="by signal"),
    Attempt("recurses", "import sys\nsys.setrecursionlimit(10 ** 9)\nf = lambda: f()\nf()"),
    Attempt(
        "pickles", "class A:\n    def __reduce__(self):\n        return exec, ('1',)\nstr(A())[:1]", "done", value="<"
    ),
    Attempt("puts hooks into imports", "import sys\nsys.meta_path.insert(0, None)\nimport wave"),
    Attempt("ends at the end", "import atexit, time\natexit.register(time.sleep, 99)\n5", "done", value=5),
    Attempt(
        "leaves a thread",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()\n5",
        "done",
        value=5,
    ),
    Attempt(
        "leaves a daemon",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(99)\n"
        "    os._exit(0)\nos.wait()[1]",
        "done",
        value=0,
    ),
    *(
        Attempt(f"reports {what}", f"import os\nos.write(3, {said!r})\nos._exit(0)", error="without giving its value")
        for what, said in {
            "a limit": b'{{"ended": "time", "value": 1, "error": ""}}',
            "an end of its own": b'{{"ended": "paid", "value": 1, "error": ""}}',
            "no number": b'{{"ended": "done", "value": NaN, "error": ""}}',
            "a number without end": b'{{"ended": "done", "value": ' + b"9" * 9000 + b', "error": ""}}',
            "no text": b'{{"ended": "done", "value": 1, "error": 5}}',
            "a pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.",
            "many brackets": b"[" * 9000,
            "nothing": b"",
        }.items()
    ),
]

PROCESS = [*FILES, *RIGHTS, *NETWORK, *TAKES, *SAYS]

_ON_X86_64 = """
ptrace:101 process_vm_readv:310 process_vm_writev:311 pidfd_open:434 pidfd_getfd:438 mount:165 umount2:166
pivot_root:155 fsopen:430 fsmount:432 open_tree:428 move_mount:429 mount_setattr:442 unshare:272 setns:308
chroot:161 bpf:321 perf_event_open:298 keyctl:250 add_key:248 request_key:249 io_uring_setup:425 io_uring_enter:426
userfaultfd:323 memfd_create:319 memfd_secret:447 shmget:29 msgget:68 semget:64 mq_open:240 open_by_handle_at:304
name_to_handle_at:303 fanotify_init:300 seccomp:317 prctl:157 personality:135 kcmp:312 modify_ldt:154 iopl:172
ioperm:173 init_module:175 finit_module:313 kexec_load:246 reboot:169 swapon:167 sethostname:170 settimeofday:164
clock_settime:227 adjtimex:159 syslog:103 acct:163 quotactl:179 mknodat:259 chown:92 setxattr:188 setuid:105
capset:126 execveat:322 mbind:237 move_pages:279 vmsplice:278 timer_create:222 landlock_create_ruleset:444 socket:41
"""
SYSTEM_CALLS = {name: int(number) for name, number in (pair.split(":") for pair in _ON_X86_64.split())}
