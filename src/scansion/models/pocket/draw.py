"""One reply in the making: its tokens, the text that they spell, and whether it has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable

from msgspec import Struct

from scansion.models.pocket.sampler import Settings
from scansion.models.pocket.vocabulary import Vocabulary
from scansion.types import TokenLogprob

__all__ = ["Draw", "Generated", "Prompt", "Scored"]


class Prompt(Struct, frozen=True):
    """What one reply is asked for: the prompt's tokens and how to answer.

    `key` is the key of its random numbers. The reply ends before any of the texts in `stop`, with the token `<end>`, or
    after `max_tokens` (None: where the context ends). `logprobs` asks for the log-probabilities of the drawn tokens and
    so many alternatives each.
    """

    tokens: tuple[int, ...]
    settings: Settings = Settings()
    key: int = 0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None


class Generated(Struct, frozen=True):
    """A reply. `finish` is `stop` or `length`; `output_tokens` counts `<end>` and what was cut off at a stop text;
    `logprobs` are those of the tokens of `text`."""

    text: str
    finish: str
    input_tokens: int
    output_tokens: int
    logprobs: tuple[TokenLogprob, ...] | None = None


class Scored(Struct, frozen=True):
    """A given text as the model would have drawn it: its tokens and their log-probabilities, the context's length."""

    logprobs: tuple[TokenLogprob, ...]
    input_tokens: int


class Draw:
    """A reply in the making. `heard` is called in the engine's thread after every token, and once at the end.

    Set `dropped` when nobody waits for it any more. `error` is set if it could not be finished. A `heard` that raises
    is not called again and its reply is dropped; what it raised is reported as any thread's uncaught exception is.
    """

    def __init__(
        self, prompt: Prompt, vocabulary: Vocabulary, context: int, heard: Callable[[Draw], None] | None = None
    ) -> None:
        self.prompt = prompt
        self.tokens: list[int] = []
        self.dropped = False
        self.error: BaseException | None = None
        self.finish: str | None = None
        self.done = threading.Event() if heard is None else None
        self._heard = heard
        self._vocabulary = vocabulary
        self._room = min(prompt.max_tokens or context, context - len(prompt.tokens))
        self._stops = [text.encode("utf-8", "replace") for text in prompt.stop if text]
        self._bytes = bytearray()
        self._end: int | None = None  # where a stop text begins
        self._logprobs: list[tuple[int, TokenLogprob]] = []

    @property
    def text(self) -> str:
        """What is said so far."""
        return bytes(self._bytes[: self._end]).decode("utf-8", "replace")

    def settled(self) -> str:
        """What is said so far and can no longer be cut off: no part of a character, no beginning of a stop text."""
        if self.finish is not None:
            return self.text
        data = bytes(self._bytes)
        begun = max((_overlap(data, stop) for stop in self._stops), default=0)
        return _whole(data[: len(data) - begun])

    def add(self, token: int, logprob: TokenLogprob | None) -> None:
        """Take the next token."""
        self.tokens.append(token)
        if token == self._vocabulary.end:
            self.finish = "stop"
            return
        before = len(self._bytes)
        self._bytes += self._vocabulary.pieces[token]
        if logprob is not None:
            self._logprobs.append((before, logprob))
        self._stop(before)
        if self.finish is None and len(self.tokens) >= self._room:
            self.finish = "length"

    def _stop(self, before: int) -> None:
        found = [at for stop in self._stops if (at := self._bytes.find(stop, max(0, before - len(stop) + 1))) >= 0]
        if found:
            self._end, self.finish = min(found), "stop"

    def tell(self) -> None:
        """Tell whoever waits. Raises nothing: the thread that draws goes on for the others."""
        if self._heard is not None:
            try:
                self._heard(self)
            except BaseException as error:
                self._heard, self.dropped = None, True
                about = (type(error), error, error.__traceback__, threading.current_thread())
                threading.excepthook(threading.ExceptHookArgs(about))
        elif self.done is not None and (self.finish is not None or self.error is not None):
            self.done.set()

    def generated(self) -> Generated:
        """The finished reply. Raises what kept it from being finished."""
        if self.error is not None:
            raise self.error
        end = len(self._bytes) if self._end is None else self._end
        kept = tuple(each for at, each in self._logprobs if at < end or end == len(self._bytes))
        asked = self.prompt.logprobs is not None
        finish = self.finish or "length"
        return Generated(self.text, finish, len(self.prompt.tokens), len(self.tokens), kept if asked else None)


def _overlap(data: bytes, stop: bytes) -> int:
    """How many bytes at the end of `data` may begin `stop`."""
    longest = min(len(stop) - 1, len(data))
    return next((n for n in range(longest, 0, -1) if data.endswith(stop[:n])), 0)


def _whole(data: bytes) -> str:
    """The text of `data` without a character that has only begun."""
    for cut in range(1, min(4, len(data) + 1)):
        lead = data[-cut]
        if lead >= 0xC0:  # the first byte of a character of 2, 3 or 4 bytes
            wanted = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return (data if cut >= wanted else data[:-cut]).decode("utf-8", "replace")
        if lead < 0x80:
            break
    return data.decode("utf-8", "replace")
