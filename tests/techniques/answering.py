"""A handle that answers subject and judge from two scripts, with other models behind `using`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from scansion.models.base import Capabilities
from scansion.types import Completion, Request, TokenLogprob

Reply = str | Completion | BaseException


class Answering:
    """The n-th request of the subject gets `said[n]`; a judge's question goes to `judge(task, material, model)`.

    A question is a judge's if it is a list of messages: prompts give a Request. `asked` are the questions with the
    model that each went to ("" for the program's own).
    """

    def __init__(self, said: Sequence[Reply], judge: Callable[[str, str, str], Reply] | None = None) -> None:
        self.said, self.judge = list(said), judge
        self.asked: list[tuple[str, Any, Mapping[str, Any]]] = []
        self.trial = 0
        self.model = ""
        self.channel = SimpleNamespace(capabilities=Capabilities())

    def __call__(self, prompt: Any, **sampling: Any) -> Any:
        self.asked.append((self.model, prompt, sampling))
        return self._answer(self._reply(prompt))

    def using(self, model: str) -> Answering:
        other = Answering(self.said, self.judge)
        other.asked, other.model = self.asked, model
        return other

    @property
    def judged(self) -> list[tuple[str, Any]]:
        return [(model, prompt) for model, prompt, _ in self.asked if not self._by_subject(prompt)]

    def _by_subject(self, prompt: Any) -> bool:
        return (
            isinstance(prompt, Request) and bool(prompt.messages) and str(prompt.messages[-1].content).startswith("Q:")
        )

    def _reply(self, prompt: Any) -> Reply:
        if self._by_subject(prompt):
            return self.said.pop(0)
        assert self.judge is not None, "no judge is expected"
        messages = prompt.messages if isinstance(prompt, Request) else prompt
        texts = [m["content"] if isinstance(m, Mapping) else str(m.content) for m in messages]
        return self.judge(texts[0], texts[-1], self.model)

    async def _answer(self, reply: Reply) -> Completion:
        if isinstance(reply, BaseException):
            raise reply
        return reply if isinstance(reply, Completion) else Completion(reply, finish_reason="stop")


def likely(text: str, *logprobs: float) -> Completion:
    """A reply whose tokens have these log-probabilities."""
    return Completion(text, finish_reason="stop", logprobs=tuple(TokenLogprob("t", one) for one in logprobs))
