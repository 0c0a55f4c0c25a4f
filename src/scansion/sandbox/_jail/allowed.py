"""Which system calls the code may make: a list of what Python needs for itself; all others are not permitted.

Left out, and so refused: `execve` and its kin (no other program runs), `socket` (only pairs of connected streams),
`mount`, `unshare`, `setns`, `chroot`, `pivot_root`, `ptrace`, `process_vm_*`, `bpf`, `perf_event_open`, `keyctl`,
`io_uring_*`, `userfaultfd`, `memfd_create`, shared memory and queues of System V, `mknod`, `chown`, `set*id`, `prctl`,
`seccomp`, `open_by_handle_at`, extended attributes, modules, clocks that are set. `clone` may start processes and
threads, not namespaces; `clone3`, whose flags cannot be looked at, is not there (libraries then use `clone`).

Memory that no process has mapped cannot be counted, and so cannot be had: no anonymous memory that processes share, no
pages sent to swap on purpose, no larger buffers of pipes and sockets. `setsockopt` would besides give a socket a name
by which other runs could reach it, and `fcntl` could watch folders of the host or hold up who writes there.

Follows the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import struct

from .kernel import NAMESPACES, machine

__all__ = ["program"]

_ALLOWED = """
read:0:63 write:1:64 open:2:- close:3:57 stat:4:- fstat:5:80 lstat:6:- newfstatat:262:79 statx:332:291 poll:7:-
ppoll:271:73 select:23:- pselect6:270:72 lseek:8:62 mprotect:10:226 munmap:11:215 mremap:25:216
msync:26:227 brk:12:214 rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139
rt_sigpending:127:136 rt_sigtimedwait:128:137 rt_sigsuspend:130:133 sigaltstack:131:132 pread64:17:67 pwrite64:18:68
readv:19:65 writev:20:66 preadv:295:69 pwritev:296:70 preadv2:327:286 pwritev2:328:287 access:21:- faccessat:269:48
faccessat2:439:439 pipe:22:- pipe2:293:59 sched_yield:24:124 sched_getaffinity:204:123 sched_getparam:143:121
sched_getscheduler:145:120 sched_get_priority_max:146:125 sched_get_priority_min:147:126 dup:32:23 dup2:33:-
dup3:292:24 pause:34:- nanosleep:35:101 clock_nanosleep:230:115 clock_gettime:228:113 clock_getres:229:114
gettimeofday:96:169 time:201:- times:100:153 getitimer:36:102 setitimer:38:103 alarm:37:- getpid:39:172 gettid:186:178
getppid:110:173 getpgid:121:155 getpgrp:111:- setpgid:109:154 getsid:124:156 setsid:112:157 getuid:102:174
geteuid:107:175 getgid:104:176 getegid:108:177 getgroups:115:158 getresuid:118:148 getresgid:120:150 sendfile:40:71
sendto:44:206 recvfrom:45:207 sendmsg:46:211 recvmsg:47:212 shutdown:48:210 getsockname:51:204 getpeername:52:205
getsockopt:55:209 fork:57:- vfork:58:- exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95
kill:62:129 tgkill:234:131 tkill:200:130 uname:63:160 flock:73:32 fsync:74:82 fdatasync:75:83
truncate:76:45 ftruncate:77:46 fallocate:285:47 copy_file_range:326:285 getdents:78:- getdents64:217:61 getcwd:79:17
chdir:80:49 fchdir:81:50 rename:82:- renameat:264:38 renameat2:316:276 mkdir:83:- mkdirat:258:34 rmdir:84:- creat:85:-
link:86:- linkat:265:37 unlink:87:- unlinkat:263:35 symlink:88:- symlinkat:266:36 readlink:89:- readlinkat:267:78
chmod:90:- fchmod:91:52 fchmodat:268:53 umask:95:166 utime:132:- utimes:235:- utimensat:280:88 futimesat:261:-
openat:257:56 getrlimit:97:163 getrusage:98:165 sysinfo:99:179 statfs:137:43 fstatfs:138:44 futex:202:98
set_tid_address:218:96 set_robust_list:273:99 get_robust_list:274:100 rseq:334:293 restart_syscall:219:128
epoll_create:213:- epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22 eventfd:284:-
eventfd2:290:19 getrandom:318:278 close_range:436:436 membarrier:324:283 getcpu:309:168 sync_file_range:277:84
fadvise64:221:223
"""
_LOOKED_AT = {
    "mmap": (9, 222),
    "madvise": (28, 233),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "clone": (56, 220),
    "clone3": (435, 435),
    "socketpair": (53, 199),
    "prlimit64": (302, 261),
}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE, _ABSENT = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
_LOAD, _MASK, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_UNIX, _STREAM, _KIND = 1, 1, 0xF
_SHARED_NOWHERE = 0x21  # MAP_SHARED | MAP_ANONYMOUS
_SWAPS = (20, 21)  # MADV_COLD, MADV_PAGEOUT
_FCNTLS = (*range(8), 36, 37, 38, 1030, 1032)  # descriptors, flags and locks; no leases, watches, sizes
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX


def program() -> bytes:
    """The filter for this machine."""
    name = machine()
    assert name is not None
    column = list(_ARCHITECTURE).index(name)
    lines = [_load(_MACHINE), _line(_EQUAL, 1, 0, _ARCHITECTURE[name]), _answer(_KILL), _load(_NUMBER)]
    for entry in _ALLOWED.split():
        number = entry.split(":")[1 + column]
        if number != "-":
            lines += [_line(_EQUAL, 0, 1, int(number)), _answer(_ALLOW)]
    for call, rule in _rules().items():
        lines += [_line(_EQUAL, 0, len(rule), _LOOKED_AT[call][column]), *rule]
    return b"".join([*lines, _answer(_REFUSE)])


def _rules() -> dict[str, list[bytes]]:
    """For the calls whose arguments decide, the instructions from the first look to the answer."""
    return {
        "mmap": [
            _argument(3),
            _line(_MASK, 0, 0, _SHARED_NOWHERE),
            _line(_EQUAL, 0, 1, _SHARED_NOWHERE),
            _answer(_REFUSE),
            _answer(_ALLOW),
        ],
        "madvise": [_argument(2), *_one_of(_SWAPS), _answer(_ALLOW), _answer(_REFUSE)],
        "fcntl": [_argument(1), *_one_of(_FCNTLS), _answer(_REFUSE), _answer(_ALLOW)],
        "ioctl": [_argument(1), *_one_of(_IOCTLS), _answer(_REFUSE), _answer(_ALLOW)],
        "clone": [_argument(0), _line(_ANY_BIT, 0, 1, sum(NAMESPACES.values())), _answer(_REFUSE), _answer(_ALLOW)],
        "clone3": [_answer(_ABSENT)],
        "socketpair": [
            _argument(0),
            _line(_EQUAL, 0, 3, _UNIX),
            _argument(1),
            _line(_MASK, 0, 0, _KIND),
            _line(_EQUAL, 1, 0, _STREAM),
            _answer(_REFUSE),
            _answer(_ALLOW),
        ],
        "prlimit64": [_argument(0), _line(_EQUAL, 1, 0, 0), _answer(_REFUSE), _answer(_ALLOW)],
    }


def _one_of(values: tuple[int, ...]) -> list[bytes]:
    """Pass over the next answer, to the one behind it, where the argument is one of these."""
    return [_line(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]


def _line(code: int, then: int, otherwise: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _load(offset: int) -> bytes:
    return _line(_LOAD, 0, 0, offset)


def _argument(position: int) -> bytes:
    """Load the lower half of an argument: none of these calls reads more of it."""
    return _load(_ARGUMENTS + 8 * position)


def _answer(action: int) -> bytes:
    return _line(_RETURN, 0, 0, action)
