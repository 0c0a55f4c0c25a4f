"""Small exact tasks: last letters, coin flips, sorting, counting, days and dates."""

from __future__ import annotations

from training.problem import Problem
from training.source import Source, phrases, words

__all__ = ["coin_flip", "counting", "date_shift", "last_letters", "sorting"]

LETTERS = phrases(
    "[Take|Find|Get] the last letter of each [word|name] in {w} and [join|concatenate|combine] them.",
    "[Join|Concatenate|Combine|Write together] the last letters of [the words in|the words|the names|] {w}.",
    "What do you get if you [join|concatenate|combine] the last letter of each of these [words|names]: {w}?",
    "[Write|Give] the last letters of {w} [one after the other|joined together|in one word].",
)
COIN = phrases(
    "A coin [is|lies with|shows|starts] heads[| up].",
    "There is a coin[, heads up| with heads up| that shows heads].",
)
FLIPS = phrases(
    "[|Then |Next, ]{n} [flips|turns] [the coin|it][| over].",
)
STAYS = phrases(
    "[|Then |Next, ]{n} does not [flip|turn] [the coin|it][| over].",
    "[|Then |Next, ]{n} [leaves the coin alone|leaves it alone|leaves the coin as it is].",
)
STILL = phrases(
    "[Is|So is|Now is|At the end, is] [it|the coin] [still |]heads up[| now| at the end]?",
    "Does [it|the coin] [still |]show heads[| now| at the end]?",
)
SORT = phrases(
    "[Sort|Order|Arrange] [these|the following|the] {what}: {w}[|.]",
    "[Put|Write|Bring] [these|the following|the] {what} in order: {w}[|.]",
    "{w}\n[Sort|Order|Arrange] these {what}.",
)
COUNT = phrases(
    "How [many times|often] [does|did] {x} [appear|stand|occur] in [this list|the list]: {w}?",
    "[Count|Say|Find] how [many times|often] {x} [appears|stands|occurs] in [this list|the list][:|] {w}.",
    "In [the|this] list {w}, how [many times|often] is {x} there?",
)
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = {
    "January": 31,
    "February": 28,
    "March": 31,
    "April": 30,
    "May": 31,
    "June": 30,
    "July": 31,
    "August": 31,
    "September": 30,
    "October": 31,
    "November": 30,
    "December": 31,
}
DAY = phrases(
    "[What|Which] day [is it|comes|will it be] {k} days after {d}?",
    "[Today is|If today is|It is] {d}[. What|. Which|: what|: which] day [is it|will it be] in {k} days?",
    "[Count|Go] {k} days [on|forward] from {d}. [What|Which] day is it?",
)
DATE = phrases(
    "[What date|Which date|What day] [is it|is|comes] {k} days after {d}?",
    "[Today is|If today is|It is] {d}[. What|. Which|: what|: which] date [is it|will it be] in {k} days?",
    "Add {k} days to {d}. [What|Which] [is the date|date is it]?",
)
ITEMS = words(
    "apple pear fig plum cat dog fox owl red blue green gold sun moon star rain bread milk salt tea cup fork knife "
    "spoon bus train car boat oak elm pine ash ring lamp chair table door wall roof king queen duke",
    coined=0.35,
)


def last_letters(s: Source) -> Problem:
    """Names of which the last letters are to be joined."""
    names = s.names(s.between(3, 7))
    steps = tuple(f"{name} ends with {name[-1]}." for name in names)
    return Problem(
        "last_letters",
        s.say(LETTERS, w=" ".join(names)),
        "".join(name[-1] for name in names),
        steps,
        "word",
        noisy=False,
        kind={"words": len(names)},
    )


def coin_flip(s: Source) -> Problem:
    """A coin that some people flip and others do not."""
    told, steps, heads = [s.say(COIN)], [], True
    for name in s.names(s.between(3, 9)):
        flips = s.chance(0.5)
        heads ^= flips
        told.append(s.say(FLIPS if flips else STAYS, n=name))
        steps.append(f"{name} {'flips' if flips else 'waits'}: {'heads' if heads else 'tails'}.")
    question = f"{' '.join(told)} {s.say(STILL)}"
    return Problem(
        "coin_flip", question, "yes" if heads else "no", tuple(steps), "yes or no", kind={"people": len(steps)}
    )


def sorting(s: Source) -> Problem:
    """Numbers from small to large, or words by the alphabet."""
    count = s.between(3, 8)
    if s.chance(0.6):
        things = [str(n) for n in s.rng.sample(range(1, 100), count)]
        ordered, what = sorted(things, key=int), "numbers from small to large"
    else:
        things = s.sample(ITEMS, count)
        ordered, what = sorted(things), "words by the alphabet"
    steps = tuple(f"{'First' if at == 0 else 'Then'} {thing}." for at, thing in enumerate(ordered))
    return Problem(
        "sorting",
        s.say(SORT, what=what, w=", ".join(things)),
        ", ".join(ordered),
        steps,
        "list",
        noisy=False,
        kind={"things": count},
    )


def counting(s: Source) -> Problem:
    """How often one word stands in a list."""
    kinds = s.sample(ITEMS, s.between(2, 4))
    things = [str(s.pick(kinds)) for _ in range(s.between(4, 12))]
    wanted = str(s.pick(things) if s.chance(0.9) else s.pick(ITEMS))
    steps, count = [], 0
    for thing in things:
        count += thing == wanted
        steps.append(f"{thing} {count}.")
    return Problem(
        "counting",
        s.say(COUNT, x=wanted, w=", ".join(things)),
        str(count),
        tuple(steps),
        noisy=False,
        kind={"things": len(things)},
    )


def date_shift(s: Source) -> Problem:
    """A weekday or a date some days later."""
    if s.chance(0.5):
        day, shift = s.between(0, 6), s.between(2, 20)
        rest = shift % 7
        later = [DAYS[(day + n) % 7] for n in range(1, rest + 1)]
        weeks = (f"{shift - rest} days are {shift // 7} weeks: {DAYS[day]}.",) if shift >= 7 else ()
        steps = (*weeks, *(f"{n} day{'s' * (n > 1)} later: {name}." for n, name in enumerate(later, 1)))
        return Problem(
            "date_shift", s.say(DAY, k=shift, d=DAYS[day]), DAYS[(day + shift) % 7], steps, "day", kind={"of": "week"}
        )
    month = s.between(0, 11)
    name, length = list(MONTHS.items())[month]
    day, shift = s.between(1, length), s.between(2, 28)
    total = day + shift
    steps = (f"{name} has {length} days.", f"{day} + {shift} = {total}.")
    if total > length:
        name, steps = list(MONTHS)[(month + 1) % 12], (*steps, f"{total} - {length} = {total - length}.")
        total -= length
    question = s.say(DATE, k=shift, d=f"{day} {list(MONTHS)[month]}")
    return Problem("date_shift", question, f"{total} {name}", steps, "date", kind={"of": "month"})
