"""Word problems of 1 to 9 steps: things gained, lost, doubled, shared, or told of one person after the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from training.problem import Problem
from training.source import Source, phrases, words

__all__ = ["STEPS", "word_problem"]

MOST = 99
SIGNS = {"+": "+", "-": "-", "x": "*", "/": "//"}
STEPS = {1: 14.0, 2: 19.0, 3: 21.0, 4: 20.0, 5: 17.0, 6: 4.0, 7: 2.5, 8: 1.5, 9: 1.0}

THINGS = words(
    "apples books coins eggs cards pens shells cups rocks plums stamps marbles beads buttons candles carrots cookies "
    "flowers keys kites lemons melons mugs nuts olives onions oranges pears pencils plates postcards potatoes pots "
    "ribbons rings roses seeds shirts socks spoons stickers sweets tickets tomatoes toys balls bottles bricks cakes "
    "caps dolls fish forks grapes hats jars leaves muffins peaches photos pins puzzles scarves stones tiles",
    coined=0.35,
    ending="s",
)
BOXES = words("boxes bags packs jars trays nets baskets crates tins rows", coined=0.2, ending="s")
START = phrases(
    "[||At first |To begin with, |In the morning |Today |At the start ]{n} [has|has|owns|starts with|holds|keeps] {t} {i}[||| in a box| on a shelf| in a bag| at home].",
    "There are {t} {i} in {n}'s [room|bag|house|garden].",
    "{n} has [collected|bought|found|made|got] {t} {i}.",
)
GAIN = phrases(
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [buys|finds|gets|receives|picks up|wins|collects|makes|adds] [{k} more|{k} {i}|{k} more {i}|another {k}|another {k} {i}][|| at the market| in town].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [gives|hands|sends|brings|sells|lends] {n} {k} [{i}|more|more {i}].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [gives|hands|sends|brings] {k} [{i}|more {i}] to {n}.",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gets|receives|buys|takes|borrows] {k} [{i}|more] from {f}.",
    "[|Then |Later |Now ]{k} more {i} [arrive|come|appear].",
)
LOSS = phrases(
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gives away|loses|sells|drops|breaks|uses|throws away] {k}[| {i}| of them| of the {i}].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gives|hands|sends|sells|lends|brings] {k} [{i}|of them|of the {i}] to {f}.",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gives|hands|sends|sells] {f} {k} [{i}|of them|of the {i}].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [takes|steals|borrows|buys|gets] {k} [{i}|of them|of the {i}][| from {n}].",
    "[|Then |Later |Now ]{k} of the {i} [get lost|are lost|break|are gone].",
)
TWICE = phrases(
    "[The|Then the|Later the|After that the|Now the] number of {i} doubles.",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} doubles the number of {i}.",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} gets as many {i} again.",
    "[Now|Then|Soon|Later] {n} has twice as many {i}.",
)
HALF = phrases(
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gives|sells|hands|sends] half of [the {i}|them] to {f}.",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [loses|sells|gives away|uses] half of [the {i}|them].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [takes|buys|steals] half of [the {i}|them].",
)
PACKS = phrases(
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [buys|gets|finds|receives] {a} {b} [of {c} {i} each|with {c} {i} each|of {c} {i}|with {c} {i} in each].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [brings|gives|hands|sends] {n} {a} {b} [of {c} {i} each|with {c} {i} each|of {c} {i}|with {c} {i} in each].",
)
ASIDE = phrases(
    "{f} [is {k} years old|has {k} cats|reads {k} pages|waits {k} minutes|walks {k} miles].",
    "[It is {k} degrees outside|The shop is {k} minutes away|The street is {k} metres long|The bus leaves in {k} minutes].",
    "{n} lives in [house|room|street] number {k}.",
)
ASK = phrases(
    "[How many {i} does {n} have|How many {i} are left|How many {i} has {n} got|How many {i} are there][|| now| at the end| in the end| after that]?",
    "[So|Now|In the end,|At the end,|Then] how many {i} [does {n} have|has {n} got|are left|are there]?",
    "What is the number of {i} [that {n} has|at the end|in the end|now]?",
    "[Find|Give|Tell me|Say] [the number of {i}|how many {i}] [{n} has now|are left|there are at the end].",
    "How many {i} does that leave {n} with?",
)
MORE = phrases(
    "{y} [has|owns|holds|keeps] {k} [more|more {i}|{i} more] than {x}.",
)
LESS = phrases(
    "{y} [has|owns|holds|keeps] {k} [fewer|fewer {i}|{i} fewer|less] than {x}.",
)
TIMES = phrases(
    "{y} [has|owns|holds|keeps] [twice|two times|double] as many[| {i}] as {x}.",
    "{y} [has|owns|holds|keeps] [double|twice] what {x} has.",
)
ASK_ONE = phrases(
    "[How many|So how many|Now how many|In the end, how many] {i} [does {n} have|has {n} got]?",
    "What is the number of {i} that {n} [has|owns]?",
)
VAGUE_START = phrases(
    "[||At first |To begin with, |In the morning |Today |At the start ]{n} [has|owns|starts with|holds|keeps] [some|a few|many|a pile of|a lot of] {i}[||| in a box| on a shelf| in a bag| at home].",
    "There are [some|a few|many] {i} in {n}'s [room|bag|house|garden].",
    "{n} has [collected|bought|found|made|got] [some|a few|many] {i}.",
)
VAGUE_GAIN = phrases(
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [buys|finds|gets|receives|picks up|wins|collects] [some more|a few more|some {i}|a few {i}|many {i}].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [gives|hands|sends|brings] {n} [some|a few|many] {i}.",
)
VAGUE_LOSS = phrases(
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gives away|loses|sells|drops|breaks|uses] [some|a few|many][| {i}| of them| of the {i}].",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{n} [gives|hands|sends|sells] [some|a few] [{i}|of them] to {f}.",
    "[||Then |Later |Next, |After that, |Now |Soon |The next day |In the evening |On Monday ]{f} [takes|steals|borrows] [some|a few] [{i}|of them].",
)


@dataclass
class _Story:
    """A problem as it grows: what is told, what is reckoned, and the total so far."""

    s: Source
    name: str
    thing: str
    total: int
    told: list[str]
    steps: list[str]
    code: list[str]
    wordy: bool
    missing: str = ""

    def say(self, pool: object, **values: object) -> str:
        friend = next(name for name in self.s.names(2) if name != self.name)
        others = {"n": self.name, "i": self.thing, "f": friend}
        return self.s.say(pool, **{**others, **values})  # type: ignore[arg-type]

    def reckon(self, sign: str, number: int, who: str = "", packs: tuple[int, int] | None = None) -> None:
        """Take a step from the total; `packs` are the factors of `number`, where it is told as a product."""
        left = self.total
        self.total = {"+": left + number, "-": left - number, "x": left * number, "/": left // number}[sign]
        if packs:
            self.steps.append(f"{packs[0]} x {packs[1]} = {number}.")
        self.steps.append(f"{who}{left} {sign} {number} = {self.total}.")
        right = f"{packs[0]} * {packs[1]}" if packs else str(number)
        self.code.append(f"x = x {SIGNS[sign]} {right}")


def word_problem(s: Source, steps: int | None = None, missing: bool = False) -> Problem:
    """One problem of `steps` steps; with `missing` one number that it needs is not told."""
    count = steps or s.weighted(STEPS)
    chain = count >= 2 and s.chance(0.25)
    name, thing = s.name(), str(s.pick(THINGS))
    story = _Story(s, name, thing, s.start(4, 60), [], [], [], wordy=s.chance(0.25))
    question = _chain(story, count, missing) if chain else _stock(story, count, missing)
    return Problem(
        "word_problem",
        f"{' '.join(story.told)} {question}",
        str(story.total),
        tuple(story.steps),
        code=tuple(story.code),
        missing=story.missing,
        kind={"steps": count},
    )


def _stock(story: _Story, count: int, missing: bool) -> str:
    """One person's things, more and fewer."""
    s = story.s
    vague = s.between(0, count) if missing else -1
    _begin(story, vague == 0)
    for at in range(1, count + 1):
        if s.chance(0.07):
            story.told.append(story.say(ASIDE, k=s.between(2, 40)))
        _vague_change(story) if at == vague else _change(story)
    return story.say(ASK)


def _begin(story: _Story, vague: bool) -> None:
    story.code.append(f"x = {story.total}")
    start = f"{story.name} starts with {story.total} {story.thing}."
    story.told.append(story.say(VAGUE_START if vague else START, t=story.total))
    story.steps.append(start)
    if vague:
        story.missing = f"It does not say how many {story.thing} {story.name} has at first."


def _change(story: _Story) -> None:
    """One thing that happens to the things."""
    s, total = story.s, story.total
    kinds = {
        "gain": 4.0 if total <= MOST - 4 else 0.0,
        "loss": 4.0 if total >= 4 else 0.0,
        "twice": 1.0 if 2 <= total <= MOST // 2 else 0.0,
        "half": 1.0 if total >= 4 and total % 2 == 0 else 0.0,
        "packs": 0.7 if total <= MOST - 12 else 0.0,
    }
    kind = s.weighted(kinds)
    if kind == "twice":
        story.told.append(story.say(TWICE))
        story.reckon("x", 2)
    elif kind == "half":
        story.told.append(story.say(HALF))
        story.reckon("/", 2)
    elif kind == "packs":
        _packs(story)
    else:
        number = s.between(2, min(40, MOST - total)) if kind == "gain" else s.between(2, min(40, total - 1))
        told = story.say(GAIN if kind == "gain" else LOSS, k=number)
        story.told.append(told)
        story.reckon("+" if kind == "gain" else "-", number, f"{told[:-1]}: " if story.wordy else "")


def _packs(story: _Story) -> None:
    s, total = story.s, story.total
    each = s.between(2, 6)
    packs = s.between(2, min(6, (MOST - total) // each))
    story.told.append(story.say(PACKS, a=packs, b=s.pick(BOXES), c=each))
    story.reckon("+", packs * each, packs=(packs, each))


def _vague_change(story: _Story) -> None:
    """A change whose number is not told; a guesser takes a small one."""
    more = story.total < MOST // 2
    story.told.append(story.say(VAGUE_GAIN if more else VAGUE_LOSS))
    story.missing = f"It does not say how many {story.thing} {'come' if more else 'go'} then."
    story.reckon("+" if more else "-", story.s.between(2, 9))


def _chain(story: _Story, count: int, missing: bool) -> str:
    """People who each have more or fewer than the one before."""
    s = story.s
    names = s.names(count + 1)
    story.name = names[0]
    _begin(story, missing)
    for before, after in pairwise(names):
        total, who = story.total, f"{after}: "
        if total <= MOST // 2 and s.chance(0.2):
            story.told.append(story.say(TIMES, x=before, y=after))
            story.reckon("x", 2, who)
        elif total >= 6 and (total > MOST - 6 or s.chance(0.5)):
            number = s.between(2, min(40, total - 1))
            story.told.append(story.say(LESS, x=before, y=after, k=number))
            story.reckon("-", number, who)
        else:
            number = s.between(2, min(40, MOST - total))
            story.told.append(story.say(MORE, x=before, y=after, k=number))
            story.reckon("+", number, who)
    return s.say(ASK_ONE, i=story.thing, n=names[-1])
