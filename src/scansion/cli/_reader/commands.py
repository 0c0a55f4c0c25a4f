"""What each key of the reader does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo
from scansion.experiments.people.keeping import default_file
from scansion.report.figures import plural
from scansion.report.plain import value_text
from scansion.report.text import wrap

if TYPE_CHECKING:
    from scansion.cli._reader.app import Reader

__all__ = ["COMMANDS", "HINTS", "SCROLLS", "help_lines"]

Do = Callable[["Reader"], str | None]

_PROGRESS = 0.2  # seconds between two looks at the keyboard while a view is exported


_FAR = 10**9  # lines


class _Stopped(Exception):
    """The person stopped an export."""


class _Command(NamedTuple):
    keys: tuple[str, ...]
    does: Do
    shown: str = ""
    help: str = ""
    hint: str = ""
    scrolls: bool = False


def _next(reader: Reader) -> str | None:
    return None if reader.go(reader.reading.at + 1) else "this is the last item"


def _back(reader: Reader) -> str | None:
    return None if reader.go(reader.reading.at - 1) else "this is the first item"


def _page_down(reader: Reader) -> str | None:
    moved = reader.move(max(1, reader.height - 1))
    return None if moved or reader.helping else _next(reader)


def _goto(reader: Reader) -> None:
    def entered(text: str) -> None:
        items = len(reader.reading.items)
        if not text.strip().isdecimal() or not 1 <= int(text) <= items:
            raise InputError(f"{text.strip()!r} is no item; type a number from 1 to {items}")
        reader.go(int(text) - 1)

    reader.ask(f"go to item (1 to {len(reader.reading.items)}): ", entered)


def _tag(reader: Reader) -> None:
    _, view = reader.current()
    known = reader.pen.known_tags()
    own = reader.pen.standing(view).tags.get(reader.pen.author)
    prompt = "tag (one that stands comes off): " if own else "tag: "
    _say(reader, prompt, lambda text: reader.pen.tag(view, text), draft="tag", known=known)


def _mark(reader: Reader) -> None:
    _, view = reader.current()

    def mark(right: bool | None) -> str:
        said = reader.pen.mark(view, right)
        reader.changed()
        return said

    choices = {"r": partial(mark, True), "w": partial(mark, False), "x": partial(mark, None)}
    reader.choose("mark:  r right  w wrong  x take the mark back", choices)


def _correct(reader: Reader) -> None:
    _, view = reader.current()
    said = reader.pen.standing(view)
    target = said.target if said.corrected else view.example.target
    text = "" if target is None else value_text(target)
    _say(reader, "target: ", lambda text: reader.pen.correct(view, text), text, draft="target")


def _note(reader: Reader) -> None:
    _, view = reader.current()
    text = reader.pen.standing(view).notes.get(reader.pen.author, "")
    _say(reader, "note: ", lambda text: reader.pen.note(view, text), text, draft="note")


def _say(reader: Reader, prompt: str, act: Callable[[str], str], text: str = "", **more: Any) -> None:
    def entered(text: str) -> str:
        said = act(text)
        reader.changed()
        return said

    reader.ask(prompt, entered, text, **more)


def _keep(reader: Reader) -> str | None:
    variant, view = reader.current()

    def keep(path: str) -> str:
        if not path.strip():
            raise InputError("name the file to keep examples in, such as prompts/a.shots.jsonl")
        said = reader.pen.keep(reader.reading.run, variant, view, path.strip())
        reader.shots[variant] = path.strip()
        reader.changed()
        return said

    if variant in reader.shots:
        return keep(reader.shots[variant])
    reader.ask("keep examples in: ", keep, default_file(reader.reading.run, variant))
    return None


def _undo(reader: Reader) -> str:
    said = reader.pen.undo()
    reader.changed()
    return said


def _search(reader: Reader) -> None:
    def entered(text: str) -> None:
        reader.reading.choose(reader.reading.selection.but(text=text.strip()))

    reader.ask("search for (empty: end the search): ", entered, reader.reading.selection.text)


def _filter(reader: Reader) -> None:
    chosen = reader.reading.selection

    def choose(**changes: Any) -> None:
        reader.reading.choose(chosen.but(**changes))

    def flips() -> None:
        base = reader.reading.base
        others = [info for info in VariantInfo.of(reader.reading.run) if base is not None and info.index != base.index]
        if base is None or not others:
            raise InputError("flips are between two variants, and the run has one")
        other = next((info for info in others if info.index == reader.active), others[0])
        choose(which="flips", flips=(base.name, other.name))

    def tagged() -> None:
        known = reader.pen.known_tags()
        reader.ask("only those tagged: ", lambda text: choose(tag=text.strip() or None), known=known)

    plain = {key: partial(choose, which=which, flips=None) for key, which in _WHICH.items()}
    every = partial(choose, which="all", flips=None, tag=None, text="")
    reader.choose(
        "only:  w wrong  e errors  u unscored  s abstained  f flips  t tagged  a all",
        {**plain, "f": flips, "t": tagged, "a": every},
    )


_WHICH = {"w": "wrong", "e": "errors", "u": "unscored", "s": "abstained"}


def _other(reader: Reader) -> str | None:
    numbers = list(reader.opened())
    if len(numbers) < 2:
        return "there is no other variant here"
    place = numbers.index(reader.active) if reader.active in numbers else -1
    reader.active = numbers[(place + 1) % len(numbers)]
    reader.changed()
    return None


def _export(reader: Reader) -> None:
    reading = reader.reading
    if reading.busy:
        raise InputError("the search is still under way; export when it is done")

    def write(path: str) -> str:
        from scansion.data.writer import write_jsonl

        try:
            count = write_jsonl(path, _rows(reader))
        except _Stopped:
            return f"stopped; {path} is as it was"
        return f"wrote {plural(count, 'outcome')} to {path}"

    def entered(text: str) -> str | None:
        path = text.strip()
        if not path:
            raise InputError("name the file to write, such as wrong.jsonl")
        reading.check_export(path)
        if not Path(path).exists():
            return write(path)
        reader.choose(
            f"{path} is there already:  y write over it  any other key: leave it", {"y": partial(write, path)}
        )
        return None

    words = reading.selection.which if not reading.selection.of_flips else "flips"
    reader.ask("export to: ", entered, f"{reading.run.label}-{words}.jsonl")


def _rows(reader: Reader) -> Iterator[dict[str, Any]]:
    """The rows of an export; Esc stops it."""
    looked = time.monotonic()
    for count, row in enumerate(reader.reading.rows(), 1):
        yield row
        if time.monotonic() - looked > _PROGRESS:
            looked = time.monotonic()
            reader.progress(f"exporting, {plural(count, 'outcome')} so far; Esc stops")
            if any(key.name in ("esc", "ctrl-c") for key in reader.terminal.read(0)):
                raise _Stopped


def _quit(reader: Reader) -> None:
    reader.over = True


def _scroll(lines: int, reader: Reader) -> None:
    reader.move(lines)


_TABLE = (
    _Command(("n", "right"), _next, "n, p", "the next item, the one before (also → and ←)", "n next"),
    _Command(("p", "left"), _back, hint="p back"),
    _Command(
        (" ", "page-down"), _page_down, "space", "a page down, at the end to the next item; b: a page up", scrolls=True
    ),
    _Command(("b", "page-up"), lambda r: _scroll(-max(1, r.height - 1), r), scrolls=True),
    _Command(("down", "j", "enter"), partial(_scroll, 1), "↓, ↑", "a line down, a line up", scrolls=True),
    _Command(("up",), partial(_scroll, -1), scrolls=True),
    _Command(("home", "<"), partial(_scroll, -_FAR), "Home", "the beginning of the item; End: its end", scrolls=True),
    _Command(("end", ">"), partial(_scroll, _FAR), scrolls=True),
    _Command(("g",), _goto, "g", "go to item N"),
    _Command(("tab",), _other, "Tab", "act on another variant (`>` marks the one that keys act on)"),
    _Command(("v",), lambda r: r.show_calls(), "v", "the trace of calls, with prompts exactly as sent; again: hide it"),
    _Command(("f",), _filter, "f", "only the wrong, errors, unscored, abstained, flips, tagged; all", "f filter"),
    _Command(("/",), _search, "/", "only those with a text", "/ search"),
    _Command(("t",), _tag, "t", "tag the outcome (Tab completes); a tag that stands comes off", "t tag"),
    _Command(("m",), _mark, "m", "mark the outcome right or wrong", "m mark"),
    _Command(("c",), _correct, "c", "correct the example's target (Ctrl-J: a new line)", "c correct"),
    _Command(("o",), _note, "o", "write a note; an empty one takes it back", "o note"),
    _Command(("k",), _keep, "k", "keep as an example: append it to a file of shots", "k keep"),
    _Command(("u",), _undo, "u", "undo the last act of this sitting (by a new one; nothing is erased)", "u undo"),
    _Command(("x",), _export, "x", "export what is selected, as JSON lines", "x export"),
    _Command(("?", "h"), lambda r: r.show_help(), "?", "this help", "? help"),
    _Command(("q", "ctrl-c"), _quit, "q", "quit; everything said is in the lab already", "q quit"),
)

COMMANDS: dict[str, Do] = {key: command.does for command in _TABLE for key in command.keys}
"""What the keys do, by their names."""

SCROLLS = {key for command in _TABLE if command.scrolls for key in command.keys}
"""The keys that only scroll."""

_NOTES = (
    "[-so-] is marked what only the baseline has, {+so+} what it lacks. Text typed can be edited with the arrows, "
    "Home, End, Ctrl-W (a word), Ctrl-U (all before); Enter takes it, Esc gives it up."
)
_FIRST = ("? help", "q quit", "n next", "p back", "t tag", "m mark", "c correct", "o note")
HINTS = (*_FIRST, *(command.hint for command in _TABLE if command.hint and command.hint not in _FIRST))
"""What the bar below reminds of, the most wanted first."""


def help_lines(width: int) -> list[str]:
    """The page that explains the keys."""
    lines = []
    for command in filter(lambda each: each.help, _TABLE):
        first, *more = wrap(command.help, max(8, width - 8))
        lines += [f"{command.shown:<7} {first}", *(f"{'':8}{line}" for line in more)]
    return [*lines, "", *wrap(_NOTES, width)]
