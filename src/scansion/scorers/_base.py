"""What a scorer and an extractor are, and the registries that find them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Protocol

from scansion.errors import InputError, ProgramError, ScansionError, fault
from scansion.specs import Registry, found_from, is_async
from scansion.types import Example, Output, Score

__all__ = ["Extractor", "Scorer", "Scoring", "build_extractor", "build_scorer", "extractor", "scorer"]


class Extractor:
    """Reads an answer out of a text. Pure: the same text gives the same answer, None where there is none.

    `spec` is its text as typed, `identity` the same with every default written out.
    """

    __slots__ = ("_read", "identity", "spec")

    def __init__(self, read: Callable[[str], Any], spec: str, identity: str) -> None:
        self._read, self.spec, self.identity = read, spec, identity

    def __call__(self, text: str) -> Any | None:
        return self._read(text)

    def __repr__(self) -> str:
        return self.spec


class Scoring(Protocol):
    """What the factory of a scorer returns: a `Check`, an `Asked`, or several scorers `Combined`.

    `score` is the synchronous path and returns None where the scorer has to be asked; `ask` then does the work. It may
    also have `refuses_rows(examples)`, why none of the data is what it is meant for, `calls` (without it 1 where it
    asks a model), `measured`, `models`, `prefers` and `companions` (see `Scorer`), `source`, the digest of files that
    it has read, which is part of its identity, and `known_as`, which stands in the place of the identity that its
    arguments give it.
    """

    @property
    def needs_target(self) -> bool: ...

    @property
    def uses_model(self) -> bool: ...

    @property
    def extractor(self) -> Extractor | None: ...

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def pass_mark(self) -> float: ...

    def score(self, output: Output, example: Example) -> Score | None: ...

    async def ask(self, output: Output, example: Example, lm: Any) -> Score: ...

    def refuses_gold(self, example: Example) -> str | None: ...


Prefers = Callable[[tuple[Output, Output], Example, Any], Coroutine[Any, Any, Score]]
"""(two outputs, their example, lm) -> the score of the first against the second, from 0 to 1."""


class Scorer:
    """Says how good an output is: higher is better, and an output below `pass_mark` is wrong.

    `needs_target` says that rows without a target are unscored, `uses_model` that it asks a model, `columns` which
    columns of the data it reads. `extractor` is how it reads the answer, None where it looks at the whole text. One
    that is `measured` is shown what the output took: `latency` in seconds and `cost_usd`, in the output's `data`.
    One `of_prompt` is held against the prompt of the whole outcome.
    `calls` is how many calls one score takes at most, `models` are the specs of the models that it asks besides the one
    whose output it scores, `embedders` of those whose embeddings it uses; `asks_subject` says that it, or a part of it,
    has no model of its own and asks the one whose output it scores. `prefers(outputs, example, lm)`, where it has it,
    says which of two outputs a judge prefers. `companions` are the specs of scorers that are always shown beside it,
    since its figures alone mislead.
    """

    __slots__ = (
        *("_scoring", "calls", "columns", "companions", "embedders", "extractor", "identity", "measured", "models"),
        *("asks_subject", "needs_target", "of_prompt", "pass_mark", "prefers", "spec", "uses_model"),
    )

    def __init__(self, scoring: Scoring, spec: str, identity: str) -> None:
        self._scoring, self.spec, self.identity = scoring, spec, identity
        self.needs_target, self.uses_model = scoring.needs_target, scoring.uses_model
        self.extractor, self.columns, self.pass_mark = scoring.extractor, scoring.columns, scoring.pass_mark
        self.measured = bool(getattr(scoring, "measured", False))
        self.of_prompt = bool(getattr(scoring, "of_prompt", False))
        self.models: tuple[str, ...] = tuple(getattr(scoring, "models", ()))
        self.embedders: tuple[str, ...] = tuple(getattr(scoring, "embedders", ()))
        self.calls = int(getattr(scoring, "calls", 1)) if self.uses_model else 0
        self.asks_subject = self.uses_model and bool(getattr(scoring, "asks_subject", not self.models))
        self.prefers: Prefers | None = getattr(scoring, "prefers", None)
        self.companions: tuple[str, ...] = tuple(getattr(scoring, "companions", ()))

    @property
    def name(self) -> str:
        """What tables call it: its spec."""
        return self.spec

    def score(self, output: Output, example: Example) -> Score | None:
        """The score, or None where the scorer must be awaited instead."""
        try:
            return self._scoring.score(output, example)
        except SystemExit as error:
            raise self._left(error) from error

    async def __call__(self, output: Output, example: Example, lm: Any) -> Score:
        """The score. Raises CallError for a judge's call that could not be done, ProgramError for a broken function."""
        try:
            found = self._scoring.score(output, example)
            return found if found is not None else await self._scoring.ask(output, example, lm)
        except SystemExit as error:  # here, since many are awaited in tasks of their own, which it would not end alone
            raise self._left(error) from error

    def refuses_gold(self, example: Example) -> str | None:
        """Why the comparison would not accept the example's own target; None where it does, or has no say.

        Raises InputError, which names the scorer and the row, where the comparison itself is at fault."""
        try:
            return self._scoring.refuses_gold(example)
        except ScansionError:
            raise
        except (Exception, SystemExit) as error:
            row = f"row {example.row + 1}"
            raise InputError(f"scorer {self.spec}: held against the target of {row}, it {fault(error)}") from error

    def refuses_rows(self, examples: Iterable[Example]) -> str | None:
        """Why these rows together cannot be what it is meant for; None where they can, or it has no say."""
        refuses = getattr(self._scoring, "refuses_rows", None)
        return refuses(examples) if refuses is not None else None

    def _left(self, error: SystemExit) -> ProgramError:
        return ProgramError(f"{self.spec} {fault(error)}")

    def __repr__(self) -> str:
        return self.spec


def _adapt(function: Callable[..., Any]) -> Scoring:
    from scansion.scorers._function import adapt

    return adapt(function)


_PARTS = ("needs_target", "uses_model", "extractor", "columns", "pass_mark", "score", "ask", "refuses_gold")


def _scorer(raw: Any, spec: str, identity: str) -> Scorer:
    missing = [part for part in _PARTS if not hasattr(raw, part)]
    if missing:
        what = "None" if raw is None else type(raw).__name__
        lacks = f", which has no {missing[0]!r}" if len(missing) < len(_PARTS) else ""
        raise InputError(f"scorer {spec}: its factory must return a Scoring, such as a Check, not {what}{lacks}")
    source, identity = getattr(raw, "source", ""), getattr(raw, "known_as", "") or identity
    return Scorer(raw, spec, f"{identity}#{source}" if source else identity)


def _extractor(raw: Any, spec: str, identity: str) -> Extractor:
    if not callable(raw):
        what = "None" if raw is None else type(raw).__name__
        raise InputError(f"extractor {spec}: its factory must return a function from a text to an answer, not {what}")
    if is_async(raw):
        raise InputError(f"extractor {spec} is async, and nothing waits for an extractor; write it with a plain def")
    return Extractor(raw, spec, identity)


scorer = Registry("scorer", "scansion.scorers", Scorer, _scorer, _adapt)
"""The registry of scorers; `@scorer("name", "alias")` registers a factory of a `Scoring`."""

extractor = Registry("extractor", "scansion.scorers.extractors", Extractor, _extractor, lambda function: function)
"""The registry of extractors; `@extractor("name")` registers a factory of a function from text to answer or None."""


def build_scorer(spec: Any, base_dir: str | Path | None = None) -> Scorer:
    """The scorer that a spec's text describes; a Scorer stays as it is, a function of the user's own becomes one.

    Files and modules that the text names are found from `base_dir` (default: the working directory). Raises InputError
    for an unknown name or arguments that do not fit.
    """
    with found_from(base_dir):
        return spec if isinstance(spec, Scorer) else _build(scorer, spec)


def build_extractor(spec: Any, base_dir: str | Path | None = None) -> Extractor:
    """The extractor that a spec's text describes, in the manner of `build_scorer`."""
    with found_from(base_dir):
        return spec if isinstance(spec, Extractor) else _build(extractor, spec)


def _build(registry: Registry[Any], spec: Any) -> Any:
    if isinstance(spec, str):
        return registry.build(spec)
    if callable(spec):
        return registry.own(spec)
    raise InputError(f"{spec!r} is no {registry.kind}; give its text, such as 'numeric', or a function")
