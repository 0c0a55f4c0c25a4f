"""What a program may try in monty. See `attempts.py`."""

from __future__ import annotations

from tests.sandbox.attempts import ROOM, Attempt

from scansion.sandbox import Limits

__all__ = ["MONTY"]

SHORT = Limits(seconds=0.3, memory=32 << 20, output=2000)

MONTY = [
    Attempt("reads a secret", "open('{secret}').read()", error="PermissionError"),
    Attempt("reads through a path", "from pathlib import Path\nPath('{secret}').read_text()", error="PermissionError"),
    Attempt("writes a file", "open('{victim}', 'w').write('spoilt')", error="PermissionError"),
    Attempt("lists a folder", "import os\nos.listdir('/')", error="PermissionError"),
    Attempt("looks for a file", "from pathlib import Path\nPath('{secret}').exists()", error="PermissionError"),
    Attempt("reads the environment", "import os\nos.environ['SCANSION_TEST_KEY']", "refused", error="sandbox=process"),
    Attempt("asks for a variable", "import os\nos.getenv('SCANSION_TEST_KEY')", "refused", error="os.getenv"),
    Attempt("runs a command", "import os\nos.system('id')", "refused", error="no attribute"),
    Attempt("runs a program", "import subprocess", "refused", error="in the standard library; use sandbox=process"),
    Attempt("opens a socket", "import socket", "refused", error="No module named 'socket'"),
    Attempt("calls C", "import ctypes", "refused", error="No module named 'ctypes'"),
    Attempt("imports by name", "__import__('os').listdir('/')", "refused", error="__import__"),
    Attempt("imports at run time", "import importlib", "refused", error="importlib"),
    Attempt("looks at the machine", "import sys\nsys.modules['os']", "refused"),
    Attempt("walks to object", "().__class__.__base__.__subclasses__()", error="__class__"),
    Attempt("walks by getattr", "getattr((), '__cl' + 'ass__').__mro__", error="__class__"),
    Attempt("walks from a function", "(lambda: 0).__globals__", error="__globals__"),
    Attempt("walks from code", "def f():\n    pass\nf.__code__.co_consts", error="__code__"),
    Attempt("walks from a built-in", "print.__self__", error="__self__"),
    Attempt("walks in a format", "'{{0.__class__.__base__}}'.format(1)", error="__class__"),
    Attempt("walks in a mapping", "'{{x.__class__}}'.format_map({{'x': 1}})", error=""),
    Attempt("reads globals", "globals()['__builtins__']", "refused", error="globals"),
    Attempt("evaluates", "eval('open(\"{secret}\").read()')", error="PermissionError"),
    Attempt("executes", "exec('import socket')", "refused", error="socket"),
    Attempt("takes a frame", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    e.__traceback__.tb_frame", error=""),
    Attempt("loops", "while True:\n    pass", "time", limits=SHORT),
    Attempt(
        "catches all",
        "while True:\n    try:\n        1 / 0\n    except BaseException:\n        pass",
        "time",
        limits=SHORT,
    ),
    Attempt("sleeps", "import time\ntime.sleep(1000)", "time", limits=SHORT),
    Attempt("waits", "import asyncio\nawait asyncio.sleep(1000)", "time", limits=SHORT),
    Attempt("recurses", "def f():\n    return f()\nf()", error="RecursionError"),
    Attempt("fills memory at once", "[0] * 10 ** 10", "memory", limits=SHORT),
    Attempt("fills memory", "x = []\nwhile True:\n    x.append('x' * 100000 + str(len(x)))", "memory", limits=SHORT),
    Attempt("grows a text", "x = 'x'\nwhile True:\n    x += x", "memory", limits=SHORT),
    Attempt("grows a number", "2 ** 10 ** 10", "memory", limits=SHORT),
    Attempt("shifts a number", "1 << 10 ** 12", "memory", limits=SHORT),
    Attempt("fills by replacing", "('x' * 10000).replace('x', 'y' * 10 ** 6)", "memory", limits=SHORT),
    Attempt("formats wide", "f'{{1:>{{10 ** 10}}}}'", "memory"),
    Attempt("prints", "while True:\n    print('x' * 100)", "output", limits=SHORT),
    Attempt("prints at once", "print('x' * 10 ** 6)", "output", limits=SHORT),
    Attempt("gives a large value", "'x' * 10 ** 5", "output", limits=ROOM),
    Attempt("searches for ever", "import re\nre.match('(a+)+$', 'a' * 5000 + 'b')", "done", value=None),
    Attempt("prints to the host", "print('seen by nobody')", "done", value=None),
    Attempt("nests deeply", "x = []\nfor _ in range(10 ** 5):\n    x = [x]\nx", "done"),
    Attempt("refers to itself", "x = []\nx.append(x)\nx", "done"),
    Attempt("gives what grows outside", "x = 'x'\nfor _ in range(30):\n    x = [x] * 10\nx", "output", limits=SHORT),
    Attempt(
        "hides what grows outside",
        "class A:\n    pass\na = A()\na.x = 'x'\nfor _ in range(30):\n    a.x = [a.x] * 10\nstr(type(a.x)) and a",
        "done",
    ),
]
