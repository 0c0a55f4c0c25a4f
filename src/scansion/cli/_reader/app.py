"""The reader: it draws the open item, waits for a key, and does what the key means (`commands.py`).

Nothing that was entered waits in memory: an act is in the lab when its key has been dealt with, and what is being typed
is kept as a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scansion.cli._reader.commands import COMMANDS, HINTS, SCROLLS, help_lines
from scansion.cli._reader.keys import Key
from scansion.cli._reader.line import Line
from scansion.cli._reader.terminal import Row, Terminal
from scansion.errors import InputError
from scansion.experiments.people.drafts import Drafts
from scansion.experiments.people.pen import Pen
from scansion.experiments.reading import Reading
from scansion.experiments.results import OutcomeView
from scansion.experiments.selection import Item
from scansion.report.reader import Page, Place, Shown, bar, bottom, in_a_row, message, page, selected, top
from scansion.report.text import one_line, wrap

__all__ = ["Reader"]

_SLICE = 0.03  # seconds that a search works between two looks at the keyboard
_ENDS_HELP = ("q", "?")


class Reader:
    """One sitting. `reading` says which items there are, `pen` writes what is said; `active` is the number of the
    variant that keys act on."""

    def __init__(self, reading: Reading, pen: Pen, terminal: Terminal, folder: Path) -> None:
        self.reading, self.pen, self.terminal = reading, pen, terminal
        self.drafts = Drafts(folder, pen.author)
        self.shots: dict[int, str] = {}
        self.active: int | None = None
        self.calls = False
        self.scroll = 0
        self.over = False
        self.message = ""
        self.line: Line | None = None
        self._entered: Callable[[str], str | None] = lambda _: None
        self._drafting: tuple[str, OutcomeView] | None = None
        self._choices: Mapping[str, Callable[[], str | None]] = {}
        self.helping = False  # whether the page of keys is shown
        self._opened: tuple[Item, dict[int, OutcomeView]] | None = None
        self._page: tuple[int, Page] | None = None
        self._models = tuple({str(v["model"]) for v in reading.run.context["variants"]})

    def read(self) -> None:
        """Go on until the person quits. Raises Hangup where the terminal goes away."""
        self._say_drafts()
        while not self.over:
            self._draw()
            if self._seen():
                self._draw()
            keys = self.terminal.read(0 if self.reading.busy else None)
            for key in keys:
                self._press(key)
            if not keys and self.reading.busy:
                self.reading.work(_SLICE)

    # What commands use.

    def opened(self) -> dict[int, OutcomeView]:
        """The outcomes of the open item by the number of their variant; empty where nothing was selected."""
        item = self.reading.item
        if item is None:
            return {}
        if self._opened is None or self._opened[0] != item:
            self._opened, self._page = (item, self.reading.open()), None
            self.scroll, self.active = 0, self._first(item, self._opened[1])
        return self._opened[1]

    def current(self) -> tuple[int, OutcomeView]:
        """The variant that keys act on, and its outcome. Raises InputError where nothing is open."""
        opened = self.opened()
        if self.active is None or self.active not in opened:
            raise InputError("there is no item here; `f a` shows all")
        return self.active, opened[self.active]

    def changed(self) -> None:
        """Draw the item anew: what is to be seen of it has changed."""
        self._page = None

    def go(self, position: int) -> bool:
        """Open the item at a position from 0; says whether that is another one."""
        return self.reading.go(position)

    def ask(
        self,
        prompt: str,
        entered: Callable[[str], str | None],
        text: str = "",
        *,
        known: Sequence[str] = (),
        draft: str = "",
    ) -> None:
        """Let a text be typed after a prompt and hand it to `entered`, which returns what to say. Where that raises an
        InputError, typing goes on. With `draft` (a kind) the text survives the terminal."""
        self._drafting = None
        if draft:
            self._drafting = (draft, self.current()[1])
            if (unfinished := self.drafts.take(*self._drafting)) is not None:
                text, self.message = unfinished, "this text was not finished the last time; Esc gives it up"
        self.line, self._entered = Line(prompt, text, known), entered

    def choose(self, prompt: str, choices: Mapping[str, Callable[[], str | None]]) -> None:
        """Wait for one of some keys; any other gives up."""
        self.message, self._choices = prompt, choices

    def move(self, lines: int) -> bool:
        """Scroll; says whether there was anything further."""
        before, self.scroll = self.scroll, max(0, min(self.scroll + lines, self._last_scroll()))
        return self.scroll != before

    def show_calls(self) -> None:
        """Show the trace of calls, or hide it."""
        self.calls = not self.calls
        self.changed()
        self.scroll = min(self._lines().calls_at, self._last_scroll()) if self.calls else 0

    def show_help(self) -> None:
        """Show what the keys do."""
        self.helping, self.scroll, self._page = True, 0, None

    @property
    def height(self) -> int:
        """Rows between the bars."""
        return self.terminal.size[1] - 2 - (self.line is not None)

    # Keys.

    def _press(self, key: Key) -> None:
        if self.line is not None:
            self._type(self.line, key)
            return
        said = key.text if key.name == "char" else key.name
        if self.helping and said not in SCROLLS:
            self.helping, self._page, self.scroll = False, None, 0
            if said in (*_ENDS_HELP, "esc"):
                return
        choices, self._choices = self._choices, {}
        self.message = ""
        if key.name == "paste":
            self.message = "pasted text means nothing here; keys are listed with ?"
            return
        if choices:
            if said in choices:
                self._do(choices[said])
            return
        command = COMMANDS.get(said)
        if command is not None:
            self._do(lambda: command(self))

    def _do(self, act: Callable[[], str | None]) -> bool:
        """Do something, and say what it says or why it could not be done."""
        try:
            said = act()
        except InputError as error:
            self.message = str(error)
            return False
        self.message = said or self.message
        return True

    def _type(self, line: Line, key: Key) -> None:
        self.message = ""
        state = line.press(key)
        if state == "typing":
            if self._drafting is not None:
                self.drafts.save(*self._drafting, line.text)
            return
        drafting, self.line = self._drafting, None
        if state == "done" and not self._do(lambda: self._entered(line.text)):
            self.line = line
            return
        if drafting is not None:
            self.drafts.drop(*drafting)

    # Drawing.

    def progress(self, text: str) -> None:
        """Say how far something has come that takes its time."""
        self.message = text
        self._draw()

    def _draw(self) -> None:
        width, height = self.terminal.size
        lines = self._lines().lines
        self.scroll = max(0, min(self.scroll, self._last_scroll()))
        foot, cursor = self._foot(len(lines), width)
        room = max(0, height - 1 - len(foot))
        body = lines[self.scroll : self.scroll + room]
        rows = [Row(top(self._place(), width), bar=True), *map(Row, body), *[Row("")] * (room - len(body)), *foot]
        self.terminal.draw(rows, (height - 1, cursor) if cursor is not None else None)

    def _foot(self, lines: int, width: int) -> tuple[list[Row], int | None]:
        """The rows below the item, and where in the last one the cursor stands."""
        if self.line is not None:
            drawn = self.line.drawn(width - 1)
            return [*self._above(self.line, width), Row(drawn.text)], drawn.cursor
        last = min(lines, self.scroll + self.height)
        place = f"{self.scroll + 1}-{last}/{lines}" if lines > self.height else ""
        return [Row(line, bar=True) for line in bottom(self.message, HINTS, place, width)], None

    def _above(self, line: Line, width: int) -> list[Row]:
        """What stands over the line that is typed: why it was not taken, or the words that Tab goes through."""
        known = [one_line(word) for word in line.matching()]
        usual = f"Tab: {in_a_row(known, width - 8)}" if known else "Enter takes it, Esc gives it up"
        return [Row(bar(f" {text}", width), bar=True) for text in message(self.message or usual, width)]

    def _lines(self) -> Page:
        """What can be scrolled: the open item, or the help."""
        width, _ = self.terminal.size
        opened = self.opened()
        if self.helping:
            lines = help_lines(width)
            return Page(lines, len(lines))
        if not opened:
            none = f"\nnothing to show ({self._selected() or 'no outcomes'}): `f a` shows all, `?` all keys"
            return Page(["searching ..."] if self.reading.busy else wrap(none, width), 0)
        if self._page is None or self._page[0] != width:
            self._page = width, page(self._shown(opened), width)
        return self._page[1]

    def _last_scroll(self) -> int:
        return max(0, len(self._lines().lines) - max(1, self.height))

    def _shown(self, opened: dict[int, OutcomeView]) -> Shown:
        numbers = self._on_screen(opened)
        views = [opened[number] for number in numbers]
        return Shown(
            views=views,
            said=[self.pen.standing(view) for view in views],
            active=numbers.index(self.active) if self.active in numbers else 0,
            based=len(numbers) > 1,
            others=[view for number, view in opened.items() if number not in numbers],
            calls=self.calls,
            models=self._models,
        )

    def _on_screen(self, opened: dict[int, OutcomeView]) -> list[int]:
        """The variants whose outputs stand on the screen: the baseline first, then the one that is read."""
        base = self.reading.base.index if self.reading.base is not None else None
        if base not in opened or base is None:
            return [number for number in opened if number == self.active]
        item = self.reading.item
        wanted = [self.active, *(item.variants if item is not None else ()), *opened]
        other = [number for number in wanted if number is not None and number != base and number in opened]
        return [base, *other[:1]]

    def _first(self, item: Item, opened: dict[int, OutcomeView]) -> int | None:
        """The variant that an item opens with: where it is selected the one before, else one beside the baseline."""
        base = self.reading.base.index if self.reading.base is not None else None
        able = [number for number in item.variants if number in opened] or list(opened)
        if self.active in able and self.active != base:
            return self.active
        return next((number for number in able if number != base), able[0] if able else None)

    def _place(self) -> Place:
        reading = self.reading
        return Place(
            run=f"{reading.run.label} {reading.run.name}",
            selection=self._selected(),
            at=reading.at + 1,
            items=len(reading.items),
            read=reading.read_count,
            progress=reading.progress if reading.busy else None,
        )

    def _selected(self) -> str:
        return selected(self.reading.selection, self.reading.variants)

    def _seen(self) -> bool:
        """Note that what is on the screen was read; says whether that is news."""
        opened = self.opened()
        if self.helping or not opened:
            return False
        before = self.reading.read_count
        self.reading.remember({number: opened[number] for number in self._on_screen(opened)})
        return self.reading.read_count != before

    def _say_drafts(self) -> None:
        waiting = self.drafts.waiting(self.reading.run.label)
        if waiting:
            keys = {"note": "o", "target": "c", "tag": "t"}
            first = waiting[0]
            self.message = (
                f"an unfinished {first.kind} on {first.example} was kept: {keys.get(first.kind, '')} there goes on"
            )
