"""The verdicts that judges write, read by named forms: strictly, and never guessed.

    alone       nothing else than the verdict: A, (a), Output (a), **4**, 4/5
    line        the last line, after a word that announces it: Verdict: A, Winner: B, Rating: 4
    brackets    in double brackets: [[A]], [[4]]
    json        an object's field: {"winner": "A"}, {"score": 4}
    stated      a sentence that says it: Therefore, Output (a) is better. I prefer B. The answer is yes. I rate it 4.

`any` looks for the first four, which mark a verdict as such, and only without one for sentences. Two different verdicts
in what a form finds are no verdict, and neither is one that its own sentence takes back ("Yes, but no"). What stands in
a closed <think> block at the start is not read. Brackets are those of Zheng et al. 2023 (arXiv 2306.05685), sentences
those of Zeng et al. 2024 (arXiv 2310.07641).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers._json import find_json
from scansion.scorers._judging import unreadable
from scansion.scorers._texts import as_text
from scansion.types import Completion

__all__ = ["FORMS", "Form", "Reader", "Scale", "label_reader", "numbered", "rating_reader", "read"]

Form = Literal["any", "alone", "line", "brackets", "json", "stated"]
FORMS: tuple[Form, ...] = ("alone", "line", "brackets", "json", "stated")

T = TypeVar("T")

Reader = Callable[[str], T]
"""From a judge's text to its verdict. Raises Unscored (`judge unreadable`) with the words where there is none."""

_SHOWN = 100  # characters of a reply that are quoted
_MARKS = r"(?:[\s*_`'\"“”#>.,;:!]|-(?=\s))*"  # what may stand around a verdict without changing it
_CALLED = (
    r"(?:final[ ]|overall[ ])?(?:verdict|answer|winner|decision|preference|preferred|choice|better|best|judge?ment|"
    r"result|rating|score|grade)(?:[ ](?:one|output|response))?"
)
_FIELDS = ("verdict", "answer", "winner", "decision", "preference", "preferred", "choice", "better", "best", "judgment")
_FIGURES = ("rating", "score", "grade", "verdict")
_NOUN = r"(?:the[ ])?(?:output|response|answer|assistant|option|text|reply|choice|candidate|summary|story|one)"
_BETTER = r"(?:\w+ly[ ]|much[ ]|far[ ])?(?:better|preferred|preferable|superior|best|the[ ]winner)"
_ENDS = r"(?=[\s*_`]*(?:[.!,;)\n]|$|(?:than|because|since|as|overall|here)\b))"
_BUT = r"\b(?:but|yet|however|though|although)\b"
_ALSO = r"(?:[\s,]+(?:also|then|maybe|perhaps|really|actually|rather|still|in|a|way)){0,3}[\s,]+"
_STOP = r"(?=[\s*_`\"'”)\]]*(?:[.!?;,\n]|$))"
_THOUGHT = re.compile(r"\s*<(think|thinking)>.*?</\1>", re.IGNORECASE | re.DOTALL)
_UNSURE = re.compile(r"\b(?:whether|if|unless|neither|nor|not)\s+\Z", re.IGNORECASE)  # no statement follows it


class Scale(Struct, frozen=True):
    """The whole numbers that a judge may give, from the worst to the best."""

    low: int
    high: int

    @staticmethod
    def parse(text: str | int) -> Scale:
        """The scale that `1..5` or `1-5` means. Raises InputError for anything else."""
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:\.\.|-|–)\s*(\d{1,4})\s*", str(text))
        if match is None or int(match[1]) >= int(match[2]):
            raise InputError(f"scale {text}: write the worst and the best mark, such as 1..5")
        return Scale(int(match[1]), int(match[2]))

    @property
    def text(self) -> str:
        """The scale as it is written."""
        return f"{self.low}..{self.high}"

    def share(self, mark: float) -> float:
        """A mark as a score from 0 to 1."""
        return (mark - self.low) / (self.high - self.low)


def read(reply: Completion, reader: Reader[T]) -> T:
    """What a judge's reply says. Raises Unscored (`judge unreadable`) also for one that was cut off."""
    if reply.finish_reason == "length":
        raise unreadable("the judge's reply was cut off at the token limit")
    return reader(_said_aloud(reply.text))


def _said_aloud(text: str) -> str:
    """A reply without the thoughts that it begins with, which may well weigh one verdict against another."""
    thought = _THOUGHT.match(text)
    return text[thought.end() :] if thought is not None else text


def label_reader(labels: Sequence[str], form: Form = "any") -> Reader[str]:
    """Reads one of these words or letters, in any case, and gives it as it stands in `labels`.

    Raises InputError for fewer than two labels, empty ones and two that differ only in case.
    """
    known = {_plain(label): label for label in labels}
    if len(labels) < 2 or len(known) < len(labels) or "" in known:
        raise InputError(f"verdicts {list(labels)}: give two or more different words, such as [yes, no]")
    return _reader(_Labels(known), form, f"none of {', '.join(labels)}")


def rating_reader(scale: Scale, form: Form = "any") -> Reader[int]:
    """Reads a whole number of a scale, also as `4/5` or `4 out of 5` where 5 is its best mark."""
    return _reader(_Ratings(scale), form, f"no mark of {scale.text}")


class _Kind(Protocol):
    """What verdicts of one kind look like. `pattern` is one verdict with one group, `prose` are sentences around it,
    `contrary` what may come behind one on its line and take it back."""

    pattern: str
    prose: tuple[str, ...]
    contrary: tuple[str, ...] = ()
    fields: tuple[str, ...]

    def value(self, said: str) -> Any:
        """The verdict that these words are, None for none of this kind."""


class _Labels(_Kind):
    def __init__(self, known: Mapping[str, str]) -> None:
        self._known, self.fields = known, _FIELDS
        each = "|".join(_spelled(label) for label in sorted(known, key=len, reverse=True))
        self.pattern = rf"(?:{_NOUN}[ ])?[\[(]*({each})[\])]*"
        letters = "|".join(re.escape(k) for k in known if len(k) == 1)
        words = "|".join(_spelled(k) for k in known if len(k) > 1)
        self.prose = tuple(_sentences(letters, words))
        self.contrary = tuple(_contrary(letters, words))

    def value(self, said: str) -> Any:
        return self._known.get(_plain(said))


class _Ratings(_Kind):
    def __init__(self, scale: Scale) -> None:
        self._scale, self.fields = scale, _FIGURES
        self.pattern = r"[\[(]*(?<![.\d-])(-?\d+(?:\.\d+)?(?:[ ]?(?:/|(?:out[ ])?of)[ ]?\d+)?)[\])]*"
        mark = r"[*_`(\[]*(\d+(?:\.\d+)?(?:[ ]?(?:/|(?:out[ ])?of)[ ]?\d+)?)(?![\w%]|[.,]\d|[ ]?[-–][ ]?\d)"
        self.prose = (
            rf"\bI(?:[ ]would)?[ ](?:rate|score|grade|give)[ ](?:it|this|the[ ]\w+)[ ](?:as[ ]|an?[ ]){{0,2}}{mark}",
            rf"\b(?:rating|score|grade|mark)[ ](?:is|of)[ ](?:an?[ ])?{mark}",
            rf"(?<![\d/.])(\d+(?:\.\d+)?[ ]?(?:/|out[ ]of)[ ]?{scale.high})(?![\d/]|\.\d)",
        )

    def value(self, said: str) -> Any:
        number, _, best = re.sub(r"\s*(?:/|(?:out )?of)\s*", "/", said.lower()).partition("/")
        if best and int(best) != self._scale.high:
            return None
        mark = float(number)
        return int(mark) if mark.is_integer() and self._scale.low <= mark <= self._scale.high else None


def _spelled(label: str) -> str:
    return r"[\s_-]+".join(re.escape(word) for word in label.split(" "))


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", text.strip().casefold()))


def _sentences(letters: str, words: str) -> Iterator[str]:
    """The sentences that name a label. A letter counts in brackets, as a capital, or after what it is a letter of; a
    word only where a sentence begins or ends with it."""
    if letters:
        marked = (
            rf"(?:{_NOUN}[ ][\[(*]*({letters})|[\[(]({letters})|(?-i:({letters.upper()})))[\])*]*(?!\w|[ ](?:or|and)\b)"
        )
        yield rf"(?<![\w(\[]){marked}[ ](?:is|was)[ ](?:the[ ])?{_BETTER}(?:[ ]{_NOUN})?{_ENDS}"
        yield rf"\b(?:better|best|preferred|superior)(?:[ ]{_NOUN})?[ ]is[ ]{marked}"
        yield rf"\bI(?:[ ]would|['’]d)?[ ](?:prefer|choose|pick|select)[ ]{marked}"
        yield rf"\b(?:verdict|answer|choice|winner|decision|preference)[ ]is:?[ ]{marked}"
    if words:
        yield rf"\b(?:verdict|answer|choice|winner|decision)[ ]is:?[ ][\"'“*_`]*({words})(?!\w)"
        yield rf"\A{_MARKS}({words})(?=[\s*_`\"']*(?:[.,;:!\n]|$))"


def _contrary(letters: str, words: str) -> Iterator[str]:
    """What names a label after a "but": a letter where that is all, since it may be mentioned; a word also at the end
    of the clause, since "but it has no ..." is no verdict."""
    quoted = r"[\"'“*_`(\[]*"
    if letters:
        yield rf"{_BUT}{_ALSO}{quoted}(?-i:({letters.upper()})){_STOP}"
    if words:
        yield rf"{_BUT}{_ALSO}{quoted}({words})(?!\w)"
        yield rf"{_BUT}[^\n]*?[\s,]{quoted}({words}){_STOP}"


def _reader(kind: _Kind, form: Form, missing: str) -> Reader[Any]:
    forms = {"alone": _alone, "line": _line, "brackets": _brackets, "json": _json, "stated": _stated}
    if form not in ("any", *forms):
        raise InputError(f"form {form!r}: one of {', '.join(('any', *forms))}")

    def reader(text: str) -> Any:
        text = _said_aloud(text)
        said = [(words, kind.value(words)) for words in _found(kind, text, form, forms)]
        if not said:
            raise unreadable(f"the judge gives {missing}: {shown(text)}")
        if strange := [words for words, value in said if value is None]:
            raise unreadable(f"the judge gives {missing}: {shown(strange[0])}")
        if len(values := list(dict.fromkeys(value for _, value in said))) > 1:
            raise unreadable(f"the judge gives two verdicts, {values[0]} and {values[1]}: {shown(text)}")
        return values[0]

    return reader


def _found(kind: _Kind, text: str, form: Form, forms: Mapping[str, Callable[[_Kind, str], list[str]]]) -> list[str]:
    if form != "any":
        return forms[form](kind, text)
    marked = [words for name in ("alone", "line", "brackets", "json") for words in forms[name](kind, text)]
    return marked or _stated(kind, text)


def _alone(kind: _Kind, text: str) -> list[str]:
    match = re.fullmatch(rf"{_MARKS}{kind.pattern}{_MARKS}", text, re.IGNORECASE)
    return [match[1]] if match else []


def _line(kind: _Kind, text: str) -> list[str]:
    """The verdicts of all lines that announce one, where the last line is such or is nothing else than a verdict."""
    announced = re.compile(rf"{_MARKS}{_CALLED}[\s*_`]*(?::|=|[ ]is)[\s]*{_MARKS}{kind.pattern}{_MARKS}", re.IGNORECASE)
    lines = [line for line in text.splitlines() if line.strip()]
    found = [match[1] for line in lines if (match := announced.fullmatch(line))]
    last = lines[-1] if lines else ""
    bare = _alone(kind, last) and [words for line in lines for words in _alone(kind, line)]
    return found + bare if bare or announced.fullmatch(last) else []


def _brackets(_kind: _Kind, text: str) -> list[str]:
    return [" ".join(words.split()) for words in re.findall(r"\[\[([^\[\]]{1,60})\]\]", text)]


def _json(kind: _Kind, text: str) -> list[str]:
    there, found = find_json(text)
    if not there or not isinstance(found, dict):
        return []
    named = {str(name).casefold(): value for name, value in found.items()}
    given = [as_text(named[name]) for name in kind.fields if named.get(name) is not None]
    matches = [re.fullmatch(kind.pattern, each.strip(), re.IGNORECASE) for each in given]
    return [match[1] if match else each for match, each in zip(matches, given, strict=True)]


def _stated(kind: _Kind, text: str) -> list[str]:
    found = []
    for sentence in kind.prose:
        for match in re.finditer(sentence, text, re.IGNORECASE):
            if _UNSURE.search(text, max(0, match.start() - 12), match.start()):
                continue
            rest = text[match.end() :].partition("\n")[0]
            found.append(next(group for group in match.groups() if group is not None))
            found += [back[1] for pattern in kind.contrary for back in re.finditer(pattern, rest, re.IGNORECASE)]
    return found


def shown(text: str) -> str:
    """The end of a reply, quoted."""
    plain = " ".join(text.split())
    return repr(plain if len(plain) <= _SHOWN else "..." + plain[-_SHOWN:])


def numbered(reply: str, count: int, words: Sequence[str], what: str, *, only: bool = True) -> list[str]:
    """What a judge's lines `1: word` say of each of `count` things, in their order, as it stands in `words`.

    With `only` the reply may hold nothing else, and otherwise the last line must be such a one; `what` is a thing's
    name. Raises Unscored unless the judge says one thing of every one.
    """
    known = {_plain(word): word for word in words}
    pattern = re.compile(rf"\W*(\d+)\W+({'|'.join(_spelled(w) for w in known)})\W*", re.IGNORECASE)
    said: dict[int, str] = {}
    lines = [line.strip() for line in reply.splitlines() if line.strip()]
    for line in lines:
        match = pattern.fullmatch(line)
        if match is None:
            if only or line is lines[-1]:
                raise unreadable(f"the judge wrote {line[:100]!r}")
            continue
        index, word = int(match[1]), known[_plain(match[2])]
        if said.setdefault(index, word) != word:
            raise unreadable(f"the judge says two things of {what} {index}")
    numbers = range(1, count + 1)
    if missing := [i for i in numbers if i not in said]:
        raise unreadable(f"the judge says nothing of {_listed(missing, what)} of {count}")
    if strange := sorted(said.keys() - set(numbers)):
        raise unreadable(f"the judge speaks of {_listed(strange, what)}, and there are {count}")
    return [said[i] for i in numbers]


def _listed(numbers: Sequence[int], what: str) -> str:
    """Things by their numbers, the first few."""
    several = {"criterion": "criteria"}.get(what, f"{what}s") if len(numbers) > 1 else what
    return f"{several} {', '.join(map(str, numbers[:5]))}{' ...' if len(numbers) > 5 else ''}"
