"""A try at the terminal: outputs as they come, single keys while it waits, again at each save of a prompt file."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Coroutine
from contextlib import AbstractContextManager, aclosing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scansion.cli._show import complain, print_json, put_out, width
from scansion.cli._single_keys import END, ESC, Keys
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.data import Row
    from scansion.experiments.results import OutcomeView
    from scansion.experiments.trying import Told, Trying
    from scansion.experiments.watching import Watched

__all__ = ["TrySession", "ask_values", "at_terminal"]

_LOOK = 0.15  # seconds between two looks at the watched files
_CLEAR = "\r\x1b[2K"
_QUIT = {"q", "Q", END, ESC}


def at_terminal() -> bool:
    """Whether a person reads what is put out and can type."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask_values(names: list[str], values: dict[str, str]) -> dict[str, str]:
    """`values` with those that are missing asked for on the terminal. Raises InputError where nobody can be asked."""
    missing = [name for name in names if name not in values]
    if missing and not at_terminal():
        given = " ".join(f"--set {name}=TEXT" for name in missing)
        raise InputError(f"try: the prompt needs {', '.join(missing)}; give {given}, or rows with -d FILE")
    for name in missing:
        _say(f"{name}: ")
        line = sys.stdin.readline()
        if not line:
            raise InputError(f"try: no value was typed for {name!r}")
        values = {**values, name: line.rstrip("\n")}
    return values


def _say(text: str) -> None:
    put_out(text)
    sys.stdout.flush()


class TrySession:
    """What is being tried: which rows, in which trial, what came of them.

    `values` are the variables where they stand in the place of data. Raises InputError as Trying does.
    """

    def __init__(
        self, trying: Trying, args: Namespace, values: dict[str, str] | None, watched: Watched | None = None
    ) -> None:
        self._trying, self._args, self._values, self._watched = trying, args, values, watched
        self._start = self._trial = 0
        self._views: list[OutcomeView] = []
        self._before: dict[tuple[str, str, int], str] = {}
        self._keys: Keys | None = None

    @property
    def failed(self) -> bool:
        """Whether an outcome of the last round could not be done."""
        return any(view.status in ("error", "unreached") for view in self._views)

    async def as_json(self) -> None:
        """One JSON document of all outcomes."""
        async with aclosing(self._trying.follow(self._rows(), self._trial)) as news:
            self._views = [each.view async for each in news if each.view is not None]
        print_json(self._views)

    async def without_keys(self) -> None:
        """One round, and where files are watched another at each save, for ever."""
        await self._round()
        while self._watched is not None:
            await self._again(await self._saved(self._watched))

    async def with_keys(self) -> None:
        """One round, and what the keys say, until one says that it is enough."""
        with Keys() as self._keys:
            try:
                going = await self._stoppable(self._round())
                while going:
                    going = await self._next()
            except asyncio.CancelledError:  # Ctrl-C: what is said of it begins a line of its own
                _say("\n")
                raise

    def _rows(self) -> list[Row]:
        if self._args.rows:
            return self._trying.named(self._args.rows)
        return self._trying.rows(self._args.n, self._start)

    async def _next(self) -> bool:
        """Wait for a key or a save and do what it says; whether to go on."""
        _say(self._help())
        key, saved = await self._key_or_save()
        _say(_CLEAR)
        if saved:
            return await self._stoppable(self._again(saved))
        if key in _QUIT:
            return False
        if key == "p":
            await self._prompts()
        elif key == "r":
            self._trial += 1
            return await self._stoppable(self._round())
        elif key == "n":
            if self._args.rows or not self._trying.rows(1, self._start + self._args.n):
                _say("there are no more rows\n")
                return True
            self._start, self._trial = self._start + self._args.n, 0
            return await self._stoppable(self._round())
        return True

    def _help(self) -> str:
        watching = "; again at each save" if self._watched is not None else ""
        more = "" if self._values is not None or self._args.rows else "n next rows, "
        return f"p prompt, r ask anew, {more}q quit{watching} "

    async def _key_or_save(self) -> tuple[str, list[Path]]:
        if self._keys is None:
            raise AssertionError("there is no terminal")
        typed = asyncio.ensure_future(self._keys.next())
        saved = asyncio.ensure_future(self._saved(self._watched)) if self._watched is not None else None
        waiting: set[asyncio.Future[Any]] = {typed, saved} if saved is not None else {typed}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return (typed.result() if typed.done() else ""), (saved.result() if saved and saved.done() else [])
        finally:
            for each in waiting:
                each.cancel()

    async def _saved(self, watched: Watched) -> list[Path]:
        """The watched files that have new content, as soon as there are any."""
        while not (paths := watched.changed()):  # noqa: ASYNC110  (files tell nobody)
            await asyncio.sleep(_LOOK)
        return paths

    async def _stoppable(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work`; False where a key stopped it on the way. A person who is asked types lines, not keys."""
        if any(variant.channel.capabilities.patient for variant in self._trying.variants):
            with self._lines():
                await work
            return True
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                key = asyncio.ensure_future(self._keys.next()) if self._keys is not None else task
                await asyncio.wait({task, key}, return_when=asyncio.FIRST_COMPLETED)
                if key is not task and key.done() and key.result() in _QUIT:
                    _say("\n")
                    return False
                if key is not task:
                    key.cancel()
            await task
            return True
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _lines(self) -> AbstractContextManager[None]:
        """Whole lines can be typed, on a terminal as elsewhere."""
        return self._keys.lines() if self._keys is not None else nullcontext()

    async def _again(self, saved: list[Path]) -> None:
        """Read the prompts again and show the same rows; a prompt that is broken is named, and that is all."""
        from scansion.experiments.trying import variables_of
        from scansion.report.text import one_line

        _say(f"\n-- {one_line(', '.join(path.name for path in saved))} saved\n")
        try:
            if self._values is not None:
                with self._lines():
                    self._values = ask_values(variables_of(self._trying.plan, {}), self._values)
                self._trying.values(self._values)
            self._trying.reopen()
            await self._round()
        except InputError as error:
            sys.stdout.flush()
            complain(str(error))

    async def _round(self) -> None:
        """Show the rows that are to be tried now, each output as it comes."""
        self._before |= {(v.variant, v.example.id, v.trial): v.output.text for v in self._views if v.output}
        self._views = []
        async with aclosing(self._trying.follow(self._rows(), self._trial)) as news:
            screen = _Screen(self._trying, self._before, self._trial, titled=self._values is None)
            async for each in news:
                screen.show(each)
                if each.view is not None:
                    self._views.append(each.view)
        _say("\n")
        for note in self._trying.notes:
            from scansion.report.text import wrap

            _say("\n".join([*wrap(note, width()), "", ""]))
        if self._args.prompt:
            await self._prompts()

    async def _prompts(self) -> None:
        """The requests of what is shown, exactly as sent."""
        from scansion.report.names import shortener
        from scansion.report.tried import requests_text

        asked = [(view, await self._trying.requests(view)) for view in self._views]
        _say(requests_text(asked, width(), shortener(v.model for v in self._trying.variants)))


class _Screen:
    """One round as it is shown. `before` are outputs that were shown already, by variant, example and trial."""

    def __init__(self, trying: Trying, before: dict[tuple[str, str, int], str], trial: int, *, titled: bool) -> None:
        from scansion.report.names import shortener

        self._trying, self._before, self._trial, self._titled = trying, before, trial, titled
        self._short = shortener(v.model for v in trying.variants)
        self._cells, self._live = width(), sys.stdout.isatty()
        self._row: Row | None = None
        self._name = ""

    def show(self, news: Told) -> None:
        """Show what is newly known."""
        from scansion.report.tried import example_head, result_text, steps_text

        if news.row is not self._row:
            _say("\n" if self._row is not None else "")
            self._row, self._name = news.row, ""
            _say(example_head(self._trying.shown(news.row), self._cells, titled=self._titled))
        if news.variant.name != self._name:
            self._name = news.variant.name
            self._begin(news)
        if news.piece is not None and self._live:
            _say(self._reply.hear(news.slot, news.piece))
        if news.view is not None:
            view = news.view
            text = view.output.text if view.output is not None else None
            same = text is not None and self._before.get((view.variant, view.example.id, view.trial)) == text
            ended = self._reply.end(view)
            steps = steps_text(view, self._cells, heard=self._live)
            told = ended + steps if self._live else steps + ended
            _say(told + result_text(view, self._cells, same=same))

    def _begin(self, news: Told) -> None:
        from scansion.prompts import Prompt
        from scansion.report.tried import Reply

        alone = isinstance(news.variant.program, Prompt)
        self._reply = Reply(self._short(news.variant.name), self._cells, alone=alone, trial=self._trial)
        _say(self._reply.begin())
