"""A person as a model: `human`, or `human/NAME` to tell several people's answers apart.

The messages are shown on the terminal, on standard error so that standard output stays free, and nothing else of where
they come from: no variant, no target. The person answers in one line, or in several between two lines of `\"\"\"`. The
latency is the time from question to answer; `/pause` stops that clock. `/skip` leaves the outcome unscored, `/quit` and
Ctrl-D stop the run: nothing more is asked then, and the same command goes on. A line that begins with another `/` is
asked again: `//x` answers `/x`. One question at a time.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from queue import SimpleQueue
from typing import TextIO
from urllib.parse import unquote

from scansion.errors import InputError, Quit, Unscored
from scansion.models.base import Capabilities
from scansion.models.providers._options import check_options
from scansion.models.registry import ModelSpec, providers
from scansion.types import Completion, ImagePart, Message, Request

__all__ = ["Human", "human"]

FENCE = '"""'
STOPPED = "the person stopped"
LAST = "(stopping after this answer, which is typed anew; Ctrl-C again stops now)"
HINT = f"(one line; {FENCE} before and after several; /skip, /pause, /quit)"
NO_COMMAND = "(no command: /skip, /pause, /quit; type // for an answer that begins with /)"
PAUSED = "(paused, and the clock with it; Enter goes on)"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_Asker = tuple[asyncio.AbstractEventLoop, asyncio.Future[str]]


class Human:
    """A person who reads from `shown` and types into `typed`, which must be a terminal if `terminal` says so."""

    def __init__(self, spec: str, typed: TextIO, shown: TextIO, *, terminal: bool = False) -> None:
        self.name, self.identity = _visible(unquote(spec)), spec
        self.capabilities = Capabilities(at_once=1, priced=False, patient=True)
        self._typed, self._shown, self._terminal = typed, shown, terminal
        self._lines = _Lines(typed)
        self._turn = asyncio.Lock()
        self._mark = ""  # what stands before the line that is being typed
        self._stopped = False
        self._total = self._number = 0  # questions in all, and the number of the last one shown
        self._paused = 0.0  # seconds of the question at hand that do not count

    def expect(self, questions: int, answered: int) -> None:
        """Show how many questions are to come, of which `answered` were answered in an earlier session."""
        self._total, self._number = questions, answered
        if questions > answered:
            before = f", {answered} answered before" if answered else ""
            self._show(f"\n{self.name}: {questions} question{'s' if questions > 1 else ''}{before}")

    def ready(self) -> None:
        """Raises InputError where there is no terminal."""
        if self._terminal and (self._typed is None or not self._typed.isatty()):
            raise InputError(f"model {self.name!r} needs a person at a terminal, but standard input is none")

    def hush(self) -> None:
        """Ask no further question; the one that is shown may still be answered."""
        self._stopped = True
        if self._mark:
            self._show(f"\n{LAST}")
            self._prompt(self._mark)

    async def complete(self, request: Request) -> Completion:
        """The person's answer. Raises Unscored for a skipped question, Quit once the person stopped."""
        self.ready()
        async with self._turn:
            if self._stopped:
                raise Quit(STOPPED)
            self._number += 1
            self._paused, start = 0.0, time.monotonic()
            question = self._heading() + _shown(request)
            self._show(question)
            text = await self._answer(question)
            seconds = time.monotonic() - start - self._paused
        return Completion(text, finish_reason="stop", latency=seconds)

    def _heading(self) -> str:
        return f"\n--- {self._number} of {self._total}" if self._number <= self._total else ""

    async def _answer(self, question: str) -> str:
        while True:
            line = await self._line("> ")
            word = line.strip()
            if word == FENCE:
                return await self._several()
            if word.startswith("//"):
                return line.replace("//", "/", 1)
            if word and not word.startswith("/"):
                return line
            await self._command(word.casefold(), question)

    async def _command(self, word: str, question: str) -> None:
        """Do what a line says that is no answer."""
        if word == "/skip":
            raise Unscored("skipped")
        if word == "/quit":
            self._stopped = True
            raise Quit(STOPPED)
        if word == "/pause":
            await self._pause(question)
        else:
            self._show(NO_COMMAND if word else HINT)

    async def _pause(self, question: str) -> None:
        """Wait for a line, on nobody's time, and show the question again."""
        start = time.monotonic()
        self._show(PAUSED)
        await self._line("")
        self._paused += time.monotonic() - start
        self._show(question)

    async def _several(self) -> str:
        """The lines up to the closing fence."""
        lines: list[str] = []
        while (line := await self._line("| ")).strip() != FENCE:
            lines.append(line)
        return "\n".join(lines)

    async def _line(self, mark: str) -> str:
        self._prompt(mark)
        self._mark, line = mark, ""
        try:
            line = await self._lines.next()
        finally:
            self._mark = ""
            if not line:  # what is shown next shall not stand behind the mark
                self._show("")
        if not line:
            self._stopped = True
            raise Quit(STOPPED)
        return line.rstrip("\r\n")

    def _prompt(self, mark: str) -> None:
        self._shown.write(mark)
        self._shown.flush()

    def _show(self, text: str) -> None:
        self._shown.write(text + "\n")
        self._shown.flush()

    async def close(self) -> None:
        """Nothing to free: the streams are the terminal's."""


class _Lines:
    """Lines of a stream, read on demand by a thread that does not keep the process alive.

    A line typed after its asker was cancelled goes to the next asker.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._asked: SimpleQueue[_Asker] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def next(self) -> str:
        """The next line with its newline; empty at the end of the stream."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="scansion-human", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        self._asked.put((loop, future))
        return await future

    def _read(self) -> None:
        while True:
            asker = self._asked.get()
            line = self._stream.readline()
            while not self._hand(asker, line):
                asker = self._asked.get()

    @staticmethod
    def _hand(asker: _Asker, line: str) -> bool:
        """Give a line to its asker in the asker's loop; False if the asker has gone."""
        loop, future = asker
        taken: SimpleQueue[bool] = SimpleQueue()

        def give() -> None:
            gone = future.done()
            if not gone:
                future.set_result(line)
            taken.put(not gone)

        try:
            loop.call_soon_threadsafe(give)
        except RuntimeError:  # the loop is closed
            return False
        return taken.get()


def _shown(request: Request) -> str:
    """A request for a person to read; control characters, which could rewrite the terminal, are made visible."""
    turns = [request.text] if request.text is not None else [_turn(m) for m in request.messages]
    return _visible("\n\n".join(["", *turns])) + f"\n\n{HINT}"


def _visible(text: str) -> str:
    """`text` with control characters written out."""
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}", text)


def _turn(message: Message) -> str:
    text = message.content if isinstance(message.content, str) else "".join(_part(p) for p in message.content)
    return f"{message.role}:\n{text}"


def _part(part: object) -> str:
    if isinstance(part, ImagePart):
        shown_url = part.url if part.url and not part.url.startswith("data:") else part.media_type or "data"
        return f"[image: {shown_url}]"
    return getattr(part, "text", "")


@providers("human")
def human(spec: ModelSpec) -> Human:
    """The person at this terminal."""
    check_options(spec, ())
    return Human(spec.plain, sys.stdin, sys.stderr, terminal=True)
