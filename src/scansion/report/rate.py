"""Ratings from votes as plain text: a table of players, who is above whom, chances, and pairs to ask about next."""

from __future__ import annotations

from collections.abc import Sequence

from scansion.experiments.rating.judge_calls import JudgeCalls
from scansion.experiments.rating.notes import listed
from scansion.experiments.rating.ratings import PlayerRating, Ratings
from scansion.report.figures import NONE, count, percent, plural, usd
from scansion.report.table import Column, grid
from scansion.report.text import cut, hanging, one_line, wrap

__all__ = ["render"]

_MATRIX = 8  # players whose chances against each other fit a terminal
_SENTENCES = 12  # players whose order is told one by one
_LEAST = 12  # cells of a player's name


def render(found: Ratings, width: int = 80) -> str:
    """The ratings as text for a terminal of `width` cells, ended by a newline."""
    parts = [
        [line for text in _head(found) for line in wrap(text, width)],
        _table(found, width),
        _said([*_order(found), *_remarks(found)], width),
        _matrix(found, width),
        _said(_next(found), width),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(found: Ratings) -> list[str]:
    players = plural(len(found.ratings), "player")
    among = f" on {plural(found.units, found.unit)}" if found.unit != "vote" else ""
    ties = f", {plural(found.ties, 'tie')} among them" if found.ties else ""
    lines = [f"{one_line(found.file)}: {plural(found.votes, 'vote')} between {players}{among}{ties}"]
    if found.judge is not None:
        lines.append(_judged(found.judge))
    lines.append(f"{found.title}. {found.scale[0].upper()}{found.scale[1:]}.")
    if found.rounds:
        drawn = "votes" if found.unit == "vote" else f"whole {found.unit}s"
        lines.append(f"{100 * found.level:.4g}% intervals: {drawn} drawn anew {found.rounds:,} times")
    return lines


def _judged(judge: JudgeCalls) -> str:
    """What the judge was asked, and how often it went by the place."""
    held = f", {count(judge.recorded_calls)} of them answered from the lab" if judge.recorded_calls else ""
    cost = "" if judge.cost_usd is None else f", {usd(judge.cost_usd)} USD"
    asked = judge.pairs - judge.equal
    parts = [f"judged by {one_line(judge.judge)}: {plural(asked, 'pair')}, {plural(judge.calls, 'call')}{held}{cost}"]
    if judge.order:
        share = percent(judge.order / asked)
        parts.append(f"{plural(judge.order, 'verdict')} ({share}) changed with the order and count as ties")
    if judge.panel_order:
        parts.append(f"{plural(judge.panel_order, 'verdict')} of single judges changed with the order")
    if judge.equal:
        parts.append(f"{plural(judge.equal, 'pair')} of equal outputs are ties and were not asked about")
    if judge.missing:
        parts.append(f"{plural(judge.missing, 'pair')} lack an output and are left out")
    return "; ".join(parts)


def _table(found: Ratings, width: int) -> list[str]:
    """Ratings and counts of votes side by side, or one below the other where they do not fit."""
    players = Column("player", [cut(one_line(r.player), 60) for r in found.ratings], right=False)
    ratings, votes = _ratings(found), _votes(found)
    if min(players.width, _LEAST) + sum(c.width + 2 for c in (*ratings, *votes)) <= width:
        return grid([players, *ratings, *votes], width)
    return [*grid([players, *ratings], width), "", *grid([players, *votes], width)]


def _ratings(found: Ratings) -> list[Column]:
    rows, digits = found.ratings, _digits(found)
    columns = [Column("rank", [_rank(r) for r in rows]), Column("rating", [_number(r.rating, digits) for r in rows])]
    if any(r.interval for r in rows):
        columns.append(Column("interval", [_span(r.interval, digits) for r in rows]))
    if any(r.bounds for r in rows):
        columns.append(Column("bounds", [_span(r.bounds, digits) for r in rows]))
    return columns


def _votes(found: Ratings) -> list[Column]:
    rows = found.ratings
    columns = [Column("won", [count(r.wins) for r in rows]), Column("lost", [count(r.losses) for r in rows])]
    if found.ties:
        columns.append(Column("tied", [count(r.ties) for r in rows]))
    if any(r.unreadable for r in rows):
        columns.append(Column("unread", [count(r.unreadable) for r in rows]))
    return columns


def _rank(rating: PlayerRating) -> str:
    first, last = rating.rank
    return str(first) if first == last else f"{first}-{last}"


def _digits(found: Ratings) -> int:
    """Decimals that tell the ratings apart: none for Elo points."""
    largest = max(abs(r.rating) for r in found.ratings)
    return 0 if largest >= 100 else 1 if largest >= 10 else 3


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _span(pair: tuple[float, float] | None, digits: int) -> str:
    return NONE if pair is None else f"[{_number(pair[0], digits)}, {_number(pair[1], digits)}]"


def _order(found: Ratings) -> list[str]:
    """Who is above whom, beyond chance."""
    if len(found.ratings) < 2 or not found.rounds:
        return []
    sure = f"{100 * found.level:.4g}% sure of all of it together"
    claims = [r for r in found.ratings if r.above]
    if not claims:
        return ["no order is decided: every player may hold any rank"]
    if len(found.ratings) > _SENTENCES:
        decided = sum(len(r.above) for r in claims)
        pairs = len(found.ratings) * (len(found.ratings) - 1) // 2
        return [f"the order of {decided:,} of {pairs:,} pairs is decided ({sure}): see the ranks; --json has the pairs"]
    open_ones = [] if all(r.rank[0] == r.rank[1] for r in found.ratings) else ["the order of the others is open"]
    return [
        *(f"{one_line(r.player)} is above {listed([one_line(name) for name in r.above])}" for r in claims),
        *open_ones,
        f"({sure})",
    ]


def _remarks(found: Ratings) -> list[str]:
    lines = list(found.notes)
    if len(found.groups) > 1:
        lines += [
            f"group {at}: {listed([one_line(name) for name in members])}" for at, members in enumerate(found.groups, 1)
        ]
    if found.unreadable:
        said = listed([f"{one_line(what) or 'blank'} {n:,}" for what, n in found.unreadable.items()])
        lines.append(
            f"{plural(sum(found.unreadable.values()), 'vote')} could not be read ({said}); bounds show the ratings if "
            "they were all lost and all won, and an order is claimed only if it holds whatever they said"
        )
    if found.unplaced:
        lines.append(f"{plural(found.unplaced, 'row')} left out: not two different players named")
    return lines


def _matrix(found: Ratings, width: int) -> list[str]:
    """The chances of a few players against each other."""
    chances = found.win_probability
    if chances is None or not 2 < len(chances) <= _MATRIX:
        return []
    names = [one_line(r.player) for r in found.ratings]
    columns = [Column("", [f"{at} {name}" for at, name in enumerate(names, 1)], right=False)]
    for j in range(len(names)):
        values = [percent(None if i == j else row[j]) for i, row in enumerate(chances)]
        columns.append(Column(str(j + 1), values))
    heading = "chance that the row is preferred to the column (a tie counts half)"
    return [*wrap(heading, width), *grid(columns, width)]


def _next(found: Ratings) -> list[str]:
    if not found.next:
        return []
    lines = [
        f"{one_line(p.a)} or {one_line(p.b)}{f', {p.times} votes' if p.times > 1 else ''} "
        f"(asked {plural(p.asked, 'time')}; {100 * p.uncertain:.0f}% that the second is better)"
        for p in found.next
    ]
    return ["ask next:", *(f"  {line}" for line in lines)]


def _said(lines: Sequence[str], width: int) -> list[str]:
    return [line for text in lines for line in hanging(text, width)]
