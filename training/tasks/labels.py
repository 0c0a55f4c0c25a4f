"""Labels: sentiment and topic by their names, or by words whose sense only the examples show."""

from __future__ import annotations

from training.noise import noisy
from training.problem import Item, Turn
from training.source import Source, phrases, words

__all__ = ["labels", "text_of"]

GOOD = [
    "great",
    "lovely",
    "superb",
    "fun",
    "bright",
    "charming",
    "clever",
    "moving",
    "warm",
    "perfect",
    "wonderful",
    "excellent",
    "delightful",
    "amazing",
    "brilliant",
    "pleasant",
    "fine",
    "splendid",
    "fantastic",
    "beautiful",
]
BAD = [
    "awful",
    "dull",
    "boring",
    "bad",
    "weak",
    "silly",
    "slow",
    "ugly",
    "cold",
    "broken",
    "terrible",
    "horrible",
    "dreadful",
    "poor",
    "nasty",
    "annoying",
    "disappointing",
    "tedious",
    "useless",
    "miserable",
]
THINGS = words(
    "movie book song meal hotel phone game show play trip concert lamp chair story dress coffee museum train laptop "
    "camera recipe course speech paper tent bike jacket album room lesson",
    coined=0.3,
)
REVIEW = phrases(
    "[The|This|My|That|Our] {t} [was|is|seemed|turned out|looked] {w}[|| and {v}|, even {v}].",
    "[A|What a|Such a|One] {w} {t}[.|!|, {v} too.]",
    "[I|We|They] found [this|the|that] {t} {w}[|| and {v}].",
    "[We|I|Everyone|They] [thought|said|think|say] that [this|the|that] {t} [was|is] {w}[|| and {v}].",
    "It [is|was] a {w} {t}[.|, and I told everyone.| and {v} too.]",
    "The {t} that I [bought|saw|tried] [is|was] {w}.",
    "[Honestly|Well|In short|To be honest], the {t} was {w} and {v}.",
    "{w} {t}[, {v} too.|.|!]",
    "The {t}: {w}, {v}.",
)
TOPICS = {
    "sports": ["goal", "match", "team", "coach", "race", "player", "ball", "tennis", "score", "league"],
    "food": ["soup", "bread", "cheese", "kitchen", "chef", "dinner", "sauce", "salad", "pie", "cook"],
    "weather": ["rain", "storm", "snow", "wind", "cloud", "sun", "frost", "fog", "thunder", "hail"],
    "music": ["guitar", "piano", "choir", "drum", "violin", "opera", "melody", "band", "singer", "flute"],
    "money": ["bank", "loan", "tax", "salary", "price", "debt", "coin", "rent", "budget", "bill"],
    "animals": ["horse", "rabbit", "tiger", "eagle", "whale", "goat", "snake", "otter", "wolf", "bee"],
    "school": ["teacher", "exam", "pupil", "homework", "class", "lesson", "desk", "grade", "essay", "chalk"],
    "travel": ["airport", "ticket", "suitcase", "passport", "hotel", "flight", "map", "tourist", "ferry", "beach"],
}
NEWS = phrases(
    "[Yesterday|Today|Again|At last] we [talked|read|heard] about the {a}[| and the {b}].",
    "The {a} came [first|late|again], then the {b}.",
    "[I|We|They] [saw|found|noticed] a {a}[| near the {b}| and a {b}].",
    "No {a} without a {b}.",
    "[She|He|Someone] [wrote|spoke|asked] [to us |]about the {a}[| and the {b}].",
    "[They|We|I] [forgot|missed|like|need] the {a}[| and the {b}].",
    "What about the {a}[|, or the {b}]?",
    "It was all {a} and {b} this [week|year|morning].",
    "[He|She] [dreams|thinks|talks] of a {a}[| and a {b}].",
    "The {a} again[!|, and a {b}.]",
    "This is about [the|a] {a}[| and a {b}].",
)
NAMED = (("positive", "negative"), ("good", "bad"), ("yes", "no"), ("happy", "unhappy"), ("like", "dislike"))
SIGNS = words(
    "red blue green alpha beta gamma one two three cat dog fox up down left right north south east west hot zig zag "
    "foo bar baz oak elm ash x y z a b c tin iron gold moon star sun dax wug blick fep tove kiki bouba lorp",
    coined=0.5,
)
TASK = phrases(
    "[Label|Classify|Judge|Sort] [the|this] {x}.",
    "[Give|Find|Choose|Write|Say] the [label|class] [of|for] [the|this] {x}.",
    "[Which|What] label [fits|suits|belongs to] [the|this] {x}?",
    "[Choose|Pick|Give] [the|a] label.",
    "Say which kind of {x} this is.",
)
CHOICES = phrases(
    "The [possible |]labels are {all}.",
    "[Label it|Classify it|Mark it] as {all}.",
    "[Choose from|Answer with|Pick one of|Use] {all}.",
    "[Options|Labels|Choices]: {all}[|.]",
)
FRAMES = (
    ("Review", "Label"),
    ("Text", "Label"),
    ("Input", "Output"),
    ("Text", "Class"),
    ("Message", "Answer"),
    ("Sentence", "Category"),
)


def text_of(s: Source, meaning: str) -> str:
    """A review that is `good` or `bad`, or a sentence about a topic."""
    if meaning in TOPICS:
        a, b = s.sample(TOPICS[meaning], 2)
        return s.say(NEWS, a=a, b=b)
    w, v = s.sample(GOOD if meaning == "good" else BAD, 2)
    text = s.say(REVIEW, t=s.pick(THINGS), w=w, v=v)
    return text[0].upper() + text[1:]


def labels(s: Source, k: int | None = None, own: bool | None = None) -> Item:
    """One text to label after `k` examples. `own` labels say nothing by themselves: the examples define them."""
    shots = s.weighted({0: 16, 1: 5, 2: 9, 3: 8, 4: 14, 5: 4, 6: 10, 8: 16, 10: 4, 12: 4, 16: 4}) if k is None else k
    meaningless = s.chance(0.72) if own is None else own
    sentiment = s.chance(0.65)
    classes = ["good", "bad"] if sentiment else s.sample(list(TOPICS), s.weighted({2: 6, 3: 2, 4: 1}))
    names = _names(s, classes, meaningless)
    meanings = [str(s.pick(classes)) for _ in range(shots)]
    if shots >= 2 * len(classes):  # every class is shown
        meanings[: len(classes)] = classes
        meanings = s.shuffled(meanings)
    wanted = str(s.pick(classes))
    pairs = [(text_of(s, meaning), names[meaning]) for meaning in meanings]
    text = text_of(s, wanted)
    if s.chance(0.08):
        text = noisy(text, s.rng, 0.1)
    listed = s.chance(0.45 if shots else 0.9)
    turns = _asked(
        s, pairs, text, "review" if sentiment else "text", s.shuffled(list(names.values())) if listed else []
    )
    kind = {"k": shots, "own": int(meaningless), "of": "sentiment" if sentiment else "topic", "classes": len(classes)}
    last = "text" if turns[-1].role == "text" else "assistant"
    return Item("labels", (*turns, Turn(last, (" " if last == "text" else "") + names[wanted])), names[wanted], kind)  # type: ignore[arg-type]


def _names(s: Source, classes: list[str], meaningless: bool) -> dict[str, str]:
    """What each class is called."""
    if meaningless:
        return dict(zip(classes, s.sample(SIGNS, len(classes)), strict=True))
    if classes == ["good", "bad"]:
        return dict(zip(classes, s.rng.choice(NAMED), strict=True))
    return {name: name for name in classes}


def _asked(s: Source, pairs: list[tuple[str, str]], text: str, what: str, choices: list[str]) -> list[Turn]:
    joined = s.rng.choice((" or ", ", ", " / ")).join(choices)
    head = s.say(TASK, x=what) + (f" {s.say(CHOICES, all=joined)}" if choices else "")
    frame = s.rng.choice(FRAMES)
    layout = s.weighted({"turns": 0.45, "inline": 0.4, "text": 0.15})
    if layout == "turns":
        return _turns(s, pairs, text, head, frame[0])
    gap = s.rng.choice(("\n", "\n\n"))
    shown = gap.join(f"{frame[0]}: {one}\n{frame[1]}: {label}" for one, label in pairs)
    last = f"{frame[0]}: {text}\n{frame[1]}:"
    if layout == "text":
        body = gap.join(part for part in (head if s.chance(0.6) else "", shown, last) if part)
        return [Turn("text", body, learned=False)]
    return [Turn("user", gap.join(part for part in (head, shown, last) if part))]


def _turns(s: Source, pairs: list[tuple[str, str]], text: str, head: str, name: str) -> list[Turn]:
    """The examples as turns; the instruction stands in the system turn or in every user turn."""
    in_system = s.chance(0.3)
    frame = s.rng.choice(("{h}\n{n}: {t}", "{h} {t}", "{h}\n\n{t}", "{t}\n\n{h}", "{t}\n{h}"))
    bare = s.rng.choice(("{t}", "{n}: {t}"))

    def put(one: str) -> str:
        return (bare if in_system else frame).replace("{h}", head).replace("{n}", name).replace("{t}", one)

    turns = [Turn("system", head)] if in_system else []
    for one, label in pairs:
        turns += [Turn("user", put(one)), Turn("assistant", label)]
    return [*turns, Turn("user", put(text))]
