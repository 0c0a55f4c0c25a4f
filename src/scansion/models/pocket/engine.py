"""The engine: a thread that draws many replies at once. A reply joins at the next step and leaves when it has ended.

What a reply says depends on its prompt, its settings and its key alone, never on what is drawn beside it.

    engine = Engine.open(open_folder(shipped("small")))
    replies = engine.generate([Prompt(engine.tokens(request), Settings(0.8), key=7)])
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from scansion.errors import CallError, InputError
from scansion.models.pocket.blas import one_thread
from scansion.models.pocket.draw import Draw, Generated, Prompt, Scored
from scansion.models.pocket.folder import Folder
from scansion.models.pocket.network import CHUNK, Network
from scansion.models.pocket.prefixes import Prefixes, Read
from scansion.models.pocket.sampler import chances, draw_tokens, likeliest, uniform
from scansion.models.pocket.vocabulary import Vocabulary
from scansion.models.pocket.weights import Matrix, load_weights
from scansion.types import Request, TokenLogprob

__all__ = ["Engine"]

Added = TypeVar("Added")

ROWS = 64  # replies drawn at once; more gain little and take memory


class Engine:
    """A loaded model. Its methods may be called from any thread; `close` ends its own.

    `vocabulary` turns requests into tokens; `context` is the most tokens of a prompt and its reply together.
    """

    def __init__(self, network: Network, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.context = network.shape.context
        self._network = network
        self._prefixes = Prefixes()
        self._never = [*vocabulary.never, *range(len(vocabulary.pieces), network.shape.vocabulary)]
        self._free = list(range(ROWS))
        self._rows: list[tuple[Draw, int]] = []
        self._waiting: deque[Draw] = deque()
        self._jobs: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._run, name="scansion-pocket", daemon=True).start()

    @classmethod
    def open(cls, folder: Folder) -> Engine:
        """Load a model. Raises InputError for files that do not fit each other."""
        vocabulary = Vocabulary(folder.path / "tokenizer.json")
        if len(vocabulary.pieces) > folder.shape.vocabulary:
            raise InputError(f"{folder.path}: tokenizer.json has more tokens than config.json says")
        return cls(Network(load_weights(folder), folder.shape, ROWS + 1), vocabulary)

    def tokens(self, request: Request) -> tuple[int, ...]:
        """The tokens of a request's prompt. Raises CallError `context_length` for one that is too long by its bytes
        already, before they are read, and as `Vocabulary.prompt`."""
        self._check(self.vocabulary.fewest(request))
        return tuple(self.vocabulary.prompt(request))

    @property
    def busy(self) -> int:
        """How many replies are being drawn or wait to be. One that was dropped counts until the next step."""
        return len(self._waiting) + len(self._rows)

    def submit(self, prompt: Prompt, heard: Callable[[Draw], None] | None = None) -> Draw:
        """Start a reply; see Draw for `heard`. Raises CallError `context_length` for a prompt that leaves no room."""
        self._check(len(prompt.tokens) + 1)
        draw = Draw(prompt, self.vocabulary, self.context, heard)
        self._add(self._waiting, draw)
        return draw

    def generate(self, prompts: Sequence[Prompt]) -> list[Generated]:
        """The replies to `prompts`, in their order; blocks until all are there. Raises CallError as `submit`."""
        draws = [self.submit(prompt) for prompt in prompts]
        for draw in draws:
            if draw.done is not None:
                draw.done.wait()
        return [draw.generated() for draw in draws]

    def score(self, context: Sequence[int], tokens: Sequence[int], top: int = 0) -> Scored:
        """The log-probabilities of `tokens` after `context` (at least one token), with `top` alternatives each.

        Blocks. Raises CallError `context_length` where both together are too long.
        """
        self._check(len(context) + len(tokens))
        results: list[Scored | BaseException] = []
        done = threading.Event()

        def job() -> None:
            try:
                results.append(self._score([*context, *tokens], len(context), top))
            except BaseException as error:
                results.append(error)
            done.set()

        self._add(self._jobs, job)
        done.wait()
        if isinstance(results[0], BaseException):
            raise results[0]
        return results[0]

    def close(self) -> None:
        """End the engine's thread after what it has begun."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _add(self, queue: deque[Added], item: Added) -> None:
        """Put work into one of the queues. Raises CallError `program` where the thread has been told to end."""
        with self._changed:
            if self._closed:
                raise CallError("program", "the pocket engine is closed")
            queue.append(item)
            self._changed.notify()

    def _check(self, tokens: int) -> None:
        if tokens > self.context:
            raise CallError(
                "context_length",
                f"the prompt is too long: with its reply it has at least {tokens:,} tokens, "
                f"and the model takes {self.context:,}",
            )

    def _run(self) -> None:
        while self._await_work():
            with one_thread():
                while self._rows or self._waiting or self._jobs:
                    self._work()

    def _await_work(self) -> bool:
        """Wait until there is something to do; False when the engine is closed and there is not."""
        with self._changed:
            while not (self._waiting or self._jobs or self._closed):
                self._changed.wait()
            return bool(self._waiting or self._jobs)

    def _work(self) -> None:
        while self._jobs:
            self._jobs.popleft()()
        try:
            self._step()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """What broke a step broke all that took part in it."""
        rows, self._rows = self._rows, []
        for draw, slot in rows:
            self._free.append(slot)
            draw.error = CallError("program", f"the pocket engine failed: {type(error).__name__}: {error}")
            draw.tell()

    def _step(self) -> None:
        """One token for every reply: those that go on, and those that join now."""
        for row in [row for row in self._rows if row[0].dropped]:
            self._leave(row)
        going = list(self._rows)
        states = []
        if going:
            slots = [slot for _, slot in going]
            places = [len(draw.prompt.tokens) + len(draw.tokens) - 1 for draw, _ in going]
            states.append(self._network.step(slots, places, [draw.tokens[-1] for draw, _ in going]))
        while self._waiting and self._free:
            draw = self._waiting.popleft()
            if not draw.dropped:
                self._rows.append((draw, self._free.pop()))
                states.append(self._read(draw.prompt.tokens, self._rows[-1][1]))
        if states:
            self._draw(self._network.logits(np.concatenate(states)))

    def _draw(self, logits: Matrix) -> None:
        """Give every row its next token; those that ended leave."""
        logits[:, self._never] = -np.inf
        rows = list(self._rows)
        numbers = [uniform(draw.prompt.key, len(draw.tokens)) for draw, _ in rows]
        drawn = draw_tokens(logits, [draw.prompt.settings for draw, _ in rows], numbers)
        asked = [row for row, (draw, _) in enumerate(rows) if draw.prompt.logprobs is not None]
        logprobs = dict(zip(asked, chances(logits[asked]), strict=True)) if asked else {}
        for row, (draw, slot) in enumerate(rows):
            token = int(drawn[row])
            draw.add(token, self._logprob(logprobs[row], token, draw.prompt.logprobs or 0) if row in logprobs else None)
            if draw.finish is not None:
                self._leave((draw, slot))
            draw.tell()

    def _leave(self, row: tuple[Draw, int]) -> None:
        self._rows.remove(row)
        self._free.append(row[1])

    def _logprob(self, row: Matrix, token: int, top: int) -> TokenLogprob:
        name = self.vocabulary.name
        best = tuple((name(other), value) for other, value in likeliest(row, top)) if top else ()
        return TokenLogprob(name(token), float(row[token]), best)

    def _read(self, tokens: tuple[int, ...], slot: int) -> Matrix:
        """Read a prompt into a slot, or take it from where it was read before; its last state [1, width]."""
        network = self._network
        network.reserve(len(tokens) + 1)
        known = self._prefixes.whole(tokens)
        if known is not None:
            self._copy(known, slot, len(tokens))
            return known.last
        last = network.read(slot, tokens, self._begun(tokens, slot, len(tokens) - 1))[-1:].copy()
        keys, values = network.keys[:, slot, :, : len(tokens)].copy(), network.values[:, slot, :, : len(tokens)].copy()
        self._prefixes.keep(Read(tokens, keys, values, last))
        return last

    def _begun(self, tokens: Sequence[int], slot: int, most: int) -> int:
        """Copy the beginning of `tokens` that was read before into a slot; how many positions."""
        start, known = self._prefixes.part(tokens, most)
        if known is not None:
            self._copy(known, slot, start)
        return start

    def _copy(self, known: Read, slot: int, end: int) -> None:
        self._network.put(slot, known.keys[:, :, :end], known.values[:, :, :end])

    def _score(self, tokens: list[int], known: int, top: int) -> Scored:
        """Log-probabilities of the tokens from position `known` on, read in the slot that no reply uses."""
        start = self._begun(tokens, ROWS, (known - 1) // CHUNK * CHUNK)
        states = self._network.read(ROWS, tokens[:-1], start)[known - 1 - start :] if len(tokens) > known else None
        if states is None:
            return Scored((), known)
        logits = self._network.logits(states)
        logits[:, self._never] = -np.inf
        rows = chances(logits)
        found = [self._logprob(row, token, top) for row, token in zip(rows, tokens[known:], strict=True)]
        return Scored(tuple(found), known)
