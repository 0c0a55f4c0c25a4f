"""The shape of a screen: what stands on it whatever the weights of the embedded model and the speed of the machine.

Figures become `#`, ids of examples `ID`, digests `DIGEST`, times `TIME` and `DATE`, what a model wrote `OUTPUT`. A
sentence that was broken over lines is one line again; a table of variants is their names and its columns. Remarks that
depend on what the model happened to say (none wrong, an output cut off, rows that would decide, what trials tell) are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["shape"]

_BY_CHANCE = re.compile(
    r"`[^`]+`: (0 wrong of|\d+ unscored|\d+ outputs? |of the variance of|all trials of)"
    r"|surely dominated by |Differences are over "
)
_SENTENCE = re.compile(r"`|this run |the prices |no scorer: |surely dominated by |Differences are over ")
_CHANCE_COLUMNS = {"bounds", "unscored"}
_PIECES = [
    (r"; (?:about|roughly) [\d,]+ more rows?[^;]* would decide it", ""),
    (r"; (few|no) rows? differs?: the interval is on the wide side", ""),
    (r"; \[[^]]*\] points over all (ways the unscored could have gone|[\d,]+, whichever way the unscored went)", ""),
    (r"[\d,]+ scored pairs of [\d,]+ examples", "# pairs"),
    (r"(right|wrong); (\S+): [\d.]+( \(.*\))?", r"right or wrong; \2: #"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"\d\d:\d\d( UTC)?", "TIME"),
    (r"\b[0-9a-f]{12}\b", "ID"),
    (r"\b[0-9a-f]{8}\b", "DIGEST"),
    (r"\b(\d+h)?(\d+m)?\d+(\.\d+)?m?s\b", "TIME"),
    (r"\bp[=<][\d.]+ \(([^()]|\([^()]*\))*\)", "p#"),
    (r"(?<![\w.])[+-]?\d+(,\d{3})*(\.\d+)?%?", "#"),
    (r"([-=])\1{5,}", r"\1\1\1"),
    (r"(?<=\S) {2,}", "  "),
]


def shape(screen: str) -> str:
    """The shape of a screen."""
    lines = [_general(line) for line in _masked(_whole(screen.split("\n"))) if not _BY_CHANCE.match(line)]
    text = re.sub(r"^    ID(,\s+(ID|\.\.\.))*$", "    IDS", "\n".join(_tables(lines)), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _whole(lines: Iterable[str]) -> list[str]:
    """Lines with those joined that are one sentence, whose further lines are indented by two."""
    found: list[str] = []
    for line in lines:
        if re.match(r"  \S", line) and found and _SENTENCE.match(found[-1]):
            found[-1] += line[1:]
        else:
            found.append(line)
    return found


def _masked(lines: Iterable[str]) -> Iterator[str]:
    """Lines with OUTPUT for those between the head of an output and what is said of it."""
    inside = False
    for line in lines:
        inside = inside and not re.match(r"  \S", line)
        if not inside:
            yield line
        if re.fullmatch(r"(> )?\[[^]|]+\]( right| wrong)?( \(baseline\))?( known already)?", line):
            inside = True
            yield "OUTPUT"


def _general(line: str) -> str:
    for pattern, text in _PIECES:
        line = re.sub(pattern, text, line)
    return line.rstrip()


def _tables(lines: Iterable[str]) -> Iterator[str]:
    """Lines with one for tables of variants that follow each other: their names, and the columns of all of them."""
    names: list[str] = []
    columns: set[str] = set()
    inside = False
    for line in [*lines, "end"]:
        first, *others = re.split(r" {2,}", line)
        if first == "variant":
            columns |= {*others} - _CHANCE_COLUMNS
            inside = True
        elif inside and line:
            names += [first] if line != "---" and first not in names else []
        elif line or not columns:
            if columns:
                yield f"TABLE of {', '.join(names)}: {', '.join(sorted(columns))}\n"
                names, columns = [], set()
            yield line if line != "end" else ""
        inside = inside and bool(line)
