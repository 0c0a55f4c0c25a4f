"""Least-to-most: the model names the smaller questions first, then answers them one after the other."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.models.lm import as_request
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._own_text import filled, own_text
from scansion.techniques._way_out import renewed
from scansion.types import Completion, Message, Output, Request, hexdigest

__all__ = ["decompose"]

_LIST = (
    "Do not answer yet. Which smaller questions have to be answered first? List them, at most {most}, the easiest "
    "first, one on each line, numbered 1., 2., 3. and so on, and write nothing else."
)
_STEP = "First answer this: {question}"
_LAST = "Now answer the question itself."
_LINE = re.compile(r"\s*(?:[-*]\s+)?\**(\d+)\s*[.):]\**\s*(.+?)\s*")


@technique("decompose", "least_to_most")
def decompose(most: int = 4, ask: str | None = None, step: str | None = None, last: str | None = None) -> Wrap:
    """Has the question parted into at most `most` smaller ones, these answered in turn, each with the answers before
    it, and then the question itself: its answer is the output.

    The first call is the prompt with the wish for a list at its end. The list is read strictly, as lines numbered 1, 2,
    3 and so on; what is above `most` is left out, and so is a last one that is the question itself. From a reply
    without such a list, or with an empty one, the question is asked at once. The texts that are sent may be files of
    your own: `ask` for the list (with `{most}` in it), `step` before each smaller question (`{question}`), `last`
    before the question itself. On a chat prompt each question is a turn; on a completion prompt `Q:` and `A:` part
    them. At most `most` + 2 times the calls of the program. `data["steps"]` holds the list (`unread`: no smaller
    question could be read from it) and each answer (`about`: its question), `data["subquestions"]` the questions.

    Follows Zhou et al. 2022, Least-to-Most Prompting Enables Complex Reasoning (arXiv 2205.10625), without its worked
    examples; these are `shots`.

    Example: `decompose(3)`
    """
    if not 1 <= most <= 20:
        raise InputError(f"decompose: most is {most}; give 1 to 20 smaller questions")
    texts = _Texts(
        filled(own_text(ask, _LIST, "decompose: ask", ("most",)), {"most": str(most)}),
        own_text(step, _STEP, "decompose: step", ("question",)),
        own_text(last, _LAST, "decompose: last", ()),
    )

    def wrap(program: Program, _context: Context) -> Program:
        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            return await _decomposed(program, inputs, lm, _Talk(texts, most))

        return run

    own = [text for text in (ask, step, last) if text is not None]
    return Wrap(wrap, times=most + 2, fewer=True, source=hexdigest(msgspec.structs.astuple(texts)) if own else "")


class _Texts(Struct, frozen=True):
    """What is sent: the wish for a list, what stands before a smaller question, and before the question itself."""

    ask: str
    step: str
    last: str


async def _decomposed(program: Program, inputs: Mapping[str, Any], lm: Any, talk: _Talk) -> Output:
    listed = await program(inputs, _Recast(lm, talk.asking))
    questions = talk.take(listed.text)
    first: dict[str, Any] = {"step": "questions", "text": listed.text, **({} if questions else {"unread": True})}
    steps = [first]
    for question in questions:
        answer = await program(inputs, _Recast(lm, partial(talk.next, question)))
        talk.answered(question, answer.text)
        steps.append({"step": "answer", "about": question, "text": answer.text})
    output = await program(inputs, _Recast(lm, talk.closing))
    steps.append({"step": "answer", "text": output.text})
    return renewed(msgspec.structs.replace(output, data={**output.data, "subquestions": questions, "steps": steps}))


class _Talk:
    """What has been asked and answered so far, put behind the program's own request."""

    def __init__(self, texts: _Texts, most: int) -> None:
        self._texts, self._most = texts, most
        self._asked = ""
        self._primed = False
        self._done: list[tuple[str, str]] = []

    def take(self, reply: str) -> list[str]:
        """The smaller questions of a reply, without the question itself."""
        found = read_list(f"1.{reply}" if self._primed else reply)[: self._most]
        return found[:-1] if found and _is_within(found[-1], self._asked) else found

    def answered(self, question: str, answer: str) -> None:
        """Note an answer."""
        self._done.append((question, answer))

    def asking(self, request: Request) -> Request:
        """The wish for a list behind the question."""
        self._asked = request.text or _last_user(request.messages)
        self._primed = request.text is not None  # a base model goes on with the list where it is begun
        return self._behind(request, self._texts.ask, "\nA: 1.")

    def next(self, question: str, request: Request) -> Request:
        """A smaller question behind those before."""
        return self._behind(request, filled(self._texts.step, {"question": question}))

    def closing(self, request: Request) -> Request:
        """The question itself, behind all smaller ones; without any the request as it is."""
        return self._behind(request, self._texts.last) if self._done else request

    def _behind(self, request: Request, text: str, end: str = "\nA:") -> Request:
        asked = [filled(self._texts.step, {"question": question}) for question, _ in self._done]
        said = [answer for _, answer in self._done]
        turns = [*asked, text]
        if request.text is not None:
            pairs = "".join(f"\n\nQ: {q}\nA: {a.strip()}" for q, a in zip(asked, said, strict=True))
            return msgspec.structs.replace(request, text=f"{request.text}{pairs}\n\nQ: {text}{end}")
        messages = _with_turn(request.messages, turns[0])
        for answer, turn in zip(said, turns[1:], strict=True):
            messages = (*messages, Message("assistant", answer), Message("user", turn))
        return msgspec.structs.replace(request, messages=messages)


def read_list(text: str) -> list[str]:
    """The items of the first list in a text whose lines are numbered 1, 2, 3 and so on. Any other line ends it."""
    found: list[str] = []
    for line in text.strip().split("\n"):
        match = _LINE.fullmatch(line)
        if match is not None and int(match[1]) == len(found) + 1:
            found.append(match[2].strip("*").strip())
        elif found and line.strip():
            break
    return found


def _with_turn(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    """The messages with a text at the end of the last user turn, after a blank line; as a turn of its own where the
    last one is not the user's."""
    from scansion.prompts.shots import with_cue

    if messages and messages[-1].role == "user":
        return (*messages[:-1], with_cue(messages[-1], text))
    return (*messages, Message("user", text))


def _last_user(messages: Sequence[Message]) -> str:
    last = next((m.content for m in reversed(messages) if m.role == "user"), "")
    return last if isinstance(last, str) else "\n".join(getattr(part, "text", "") for part in last)


def _is_within(question: str, asked: str) -> bool:
    """Whether a question stands, word by word, in what was asked; a word or two may do so by chance."""
    words, others = ([*re.findall(r"\w+", text.casefold())] for text in (question, asked))
    return len(words) > 2 and f" {' '.join(words)} " in f" {' '.join(others)} "


class _Recast:
    """The outcome's own handle, which changes each request before it is made."""

    def __init__(self, lm: Any, change: Callable[[Request], Request]) -> None:
        self._lm, self._change = lm, change

    def __call__(self, prompt: Any, **sampling: Any) -> Awaitable[Completion]:
        reply: Awaitable[Completion] = self._lm(self._change(as_request(prompt)), **sampling)
        return reply

    def using(self, model_spec: str) -> _Recast:
        """A handle on another model that changes requests likewise."""
        return _Recast(self._lm.using(model_spec), self._change)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lm, name)
