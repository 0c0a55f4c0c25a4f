"""Extraction: every name that starts with a letter; with none present, an empty list, or no list at all."""

from __future__ import annotations

import json

from training.noise import noisy
from training.problem import Item, Turn
from training.source import Pool, Source, phrases

__all__ = ["extraction"]

TASK = phrases(
    "[List|Extract|Find|Give|Write down|Pick out] [every name|all names|each name] that [starts|begins] with [|the letter ]{x}.",
    "[Which|What] names [start|begin] with [|the letter ]{x}?",
    "[Give|List|Tell] me [the|all] names [starting|beginning] with [|the letter ]{x}.",
    "[Name|List|Write] all that [start|begin] with [|the letter ]{x}.",
    "[Pick out|Extract|Find] [every name|all names] with the first letter {x}.",
)
NONE = phrases(
    'If [there are none|there is none|no name matches|no name fits|nothing is found|no name starts with it], [say|write|answer|reply] [{w}|"{w}"].',
    '[Say|Write|Answer|Reply] [{w}|"{w}"] [if|when|where] [no name matches|nothing is found|there are none|no name fits|nothing matches].',
    '[When|Where] [nothing matches|there is no such name|no name fits], [answer|say|write] [{w}|"{w}"].',
)
NONE_WORDS = Pool(
    (
        *("none", "none", "none", "nothing", "no match", "n/a", "no one", "not one", "not found", "no hit", "not any"),
        *("nothing found", "no such thing", "empty", "zero", "no result", "no entry", "not there", "there is none"),
    ),
    ("none", "none", "no name"),
    0.4,
)
NO_LIST = phrases(
    "If [the input|it|this] is [not a list|no list] [of names|at all], [say|write|answer|reply] {w}.",
    "[When|Where|If] there is no list[| of names], [say|write|answer|reply] {w}.",
    "[Say|Write|Answer|Reply] {w} if [the input|it] is [not a list|no list][| of names].",
    "Should [the input|it] be no list[| of names], [say|write|answer] {w}.",
)
NO_LIST_WORDS = Pool(
    (
        *("not a list", "not a list", "no list", "invalid", "this is no list", "wrong input", "not names", "error"),
        *("no names here", "bad input", "no list here", "a text", "not a list at all", "not a list of names"),
    ),
    ("not a list", "no list of names"),
    0.4,
)
SENTENCES = phrases(
    "The [shop|office|school|bank] [closes|opens] at [six|nine|noon] [today|tomorrow].",
    "[Please|Could you|You can] call me [back |][tomorrow|tonight|later].",
    "It rained all [night|day|week][| long].",
    "I would like some [tea|milk|bread|soup], please.",
    "The [train|bus|boat] was [late|early|full] [again|today].",
    "We are out of [paper|milk|salt|ink].",
    "Thanks for the [lovely|nice|long] [evening|letter|talk].",
    "Turn [left|right] at the [bridge|school|corner].",
    "The [door|window] was open all [day|night].",
    "There is [milk|bread|tea] on the [table|shelf].",
)
HEADS = phrases(
    "[Names|List|Input|The names|The list|Data]: {l}",
    "[Here they are|These are the names|Here is the list]: {l}",
    "{l}",
)
AS_JSON = phrases(
    "[Answer|Reply|Respond] [as|with] a JSON [list|array].",
    "[Return|Give|Write] a JSON [list|array].",
)
LETTERS = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "R", "S", "T", "V", "W", "Z"]


def extraction(s: Source, case: str | None = None, told: bool | None = None) -> Item:
    """One list to search. `case`: some, none, empty or no_list; `told`: whether the prompt says what to do then."""
    case = case or s.weighted({"some": 0.6, "none": 0.22, "empty": 0.08, "no_list": 0.10})
    told = s.chance(0.5) if told is None else told
    letter, names = _list(s, case)
    found = [name for name in names if name.startswith(letter)]
    none, no_list = str(s.pick(NONE_WORDS)), str(s.pick(NO_LIST_WORDS))
    both = s.chance(0.4) or case == "no_list"
    rules = [s.say(NONE, w=none)] if told and (case != "no_list" or s.chance(0.7)) else []
    if told and both:
        rules.append(s.say(NO_LIST, w=no_list))
    as_json = case in ("some", "none") and s.chance(0.1)
    said = json.dumps(found) if as_json else ", ".join(found)
    if not found and not as_json:
        said = (no_list if case == "no_list" else none) if told else "none" if s.chance(0.12) else _invented(s, letter)
    listed = s.say(SENTENCES) if case == "no_list" else s.rng.choice((", ", ", ", "\n", "; ")).join(names)
    turns = _asked(s, letter, rules + ([s.say(AS_JSON)] if as_json else []), listed)
    kind = {"case": case, "told": int(told), "json": int(as_json)}
    return Item("extraction", (*turns, Turn("assistant", said)), said, kind)


def _list(s: Source, case: str) -> tuple[str, list[str]]:
    """The letter looked for, and the names: with or without such ones."""
    letter = str(s.pick(LETTERS))
    if case in ("empty", "no_list"):
        return letter, []
    names = s.names(s.between(3, 9))
    if case == "some":
        letter = str(s.pick(names))[0]
        if s.chance(0.5):
            names += [name for name in s.names(30) if name.startswith(letter) and name not in names][:2]
        return letter, s.shuffled(names)
    return letter, [name for name in names if not name.startswith(letter)]


def _invented(s: Source, letter: str) -> str:
    """What is made up where nothing fits and nobody said what to do then."""
    while True:
        names = [name for name in s.names(24) if name.startswith(letter)]
        if names:
            return ", ".join(names[: s.between(1, 2)])
        letter = str(s.pick(LETTERS)) if s.chance(0.05) else letter


def _asked(s: Source, letter: str, rules: list[str], listed: str) -> list[Turn]:
    task = s.say(TASK, x=letter)
    shown = s.say(HEADS, l=listed)
    if s.chance(0.07):
        task = noisy(task, s.rng, 0.1)
    told = " ".join([task, *rules])
    gap = s.rng.choice(("\n", "\n", "\n\n"))
    if s.chance(0.15):
        return [Turn("system", told), Turn("user", shown)]
    if s.chance(0.25):
        return [Turn("user", f"{shown}{gap}{told}")]
    return [Turn("user", f"{told}{gap}{shown}")]
