"""Text that comes piece by piece, made safe to show and broken into lines as it comes.

What has been shown does not move: a word is held back until it is known to fit on its line. The lines are those that
`text.wrap` would make of the whole.
"""

from __future__ import annotations

import re

from scansion.report.text import cells, clusters, visible

__all__ = ["Flow"]

_TAB = 4
_OPEN = re.compile("(?:\r|\U0001f3f4[\U000e0020-\U000e007e]*)\\Z")  # a newline or the flag of a region, perhaps


class Flow:
    """Lines of at most `width` terminal cells. Write what `feed` gives, then what `end` gives."""

    def __init__(self, width: int) -> None:
        self._width = max(2, width)
        self._used = 0  # cells of the line that are shown
        self._begun = False  # whether anything of it is: what has no width begins a line, too
        self._column = 0  # of the unbroken line, for tabs
        self._space = self._word = ""  # not yet shown: blanks, and the word behind them
        self._filling = False  # whether a word that had to begin on a line of its own goes on
        self._sign = ""  # of such a word the last sign, which a mark may yet join and widen
        self._last = ""  # character of what came before
        self._open = ""  # what is a part of something else, or not, by what comes after it

    def feed(self, text: str) -> str:
        """What can be shown now that `text` has come."""
        text = self._open + text
        held = _OPEN.search(text)
        self._open = held.group() if held is not None else ""
        text = text.removesuffix(self._open)
        before, self._last = self._last, text[-1:] or self._last  # a character is hidden or not by the one before it
        shown = visible(before + text).removeprefix(visible(before))
        return "".join(map(self._take, shown))

    def end(self) -> str:
        """What was held back."""
        left = visible(self._open)
        self._open = ""
        return "".join(map(self._take, left)) + self._placed()

    def _take(self, char: str) -> str:
        if char == "\n":
            shown = self._placed() + "\n"
            self._space, self._used, self._column, self._begun = "", 0, 0, False
            return shown
        if char == "\t":
            return "".join(map(self._take, " " * (_TAB - self._column % _TAB)))
        self._column += 1
        if char.isspace():
            shown = self._placed()
            self._space += char
            return shown
        if self._filling:
            return self._fill(char)
        self._word += char
        return self._overflow() if self._used + cells(self._space + self._word) > self._width else ""

    def _placed(self) -> str:
        """The word that is complete, with the blanks before it; blanks at the end of a line are left out."""
        if self._filling:
            self._filling = False
            return self._filled("")
        if not self._word:
            return ""
        shown = self._space + self._word
        self._used += cells(shown)
        self._begun = True
        self._space = self._word = ""
        return shown

    def _overflow(self) -> str:
        """A new line for a word that does not fit on this one; what comes of it from now on fills its lines."""
        shown = "\n" if self._begun else ""
        word, self._space, self._word, self._used = self._word, "", "", 0
        self._filling, self._begun = True, False
        return shown + "".join(map(self._fill, word))

    def _fill(self, char: str) -> str:
        """A character of a word that may be longer than a line."""
        if next(clusters(self._sign + char)) == self._sign + char:
            self._sign += char
            return ""
        return self._filled(char)

    def _filled(self, after: str) -> str:
        """The sign that is complete, now that it is known what comes after it."""
        sign, self._sign = self._sign, after
        if not sign:
            return ""
        size = cells(sign)
        full = self._begun and self._used + size > self._width
        self._used = size if full else self._used + size
        self._begun = True
        return "\n" + sign if full else sign
