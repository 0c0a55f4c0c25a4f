"""The algebra of techniques: what one is, how they are written, ordered and put together."""

from __future__ import annotations

import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.scorers import Extractor
from scansion.specs import Entry, Registry, Spec, found_from, kind_of_object, no_technique, parse_pipe
from scansion.techniques._checked import check_fields, edited, wrapped
from scansion.techniques._made import Made
from scansion.types import Example, Output, Sampling

if typing.TYPE_CHECKING:
    from scansion.prompts import Prompt

__all__ = [
    "Composed",
    "Context",
    "Edit",
    "Pipeline",
    "Program",
    "Technique",
    "Wrap",
    "as_text",
    "calls_per_outcome",
    "compose",
    "parse_techniques",
    "prompt_of",
    "technique",
    "techniques_of",
]


class Program(Protocol):
    """Anything that makes an Output of inputs with the help of a model. A Prompt is the simplest."""

    def __call__(self, inputs: Mapping[str, Any], lm: Any) -> Awaitable[Output]: ...


class Context(Struct, frozen=True, kw_only=True):
    """What a plan hands to techniques.

    `extractor` is how the primary scorer reads an answer. `pool` gives the rows that shots may come from: those of the
    dev part, or of data without a split all; `kept` those of the test part, which may not. `mapping` leads from a
    prompt's variables to the columns of those rows (empty: the names agree). `sampling` is what the prompt itself asks
    for; further calls ask for the same. Files are found from `base_dir`. `further` gives a wrapper the program that it
    wraps with further techniques on it, edits where they belong: at the prompt (None: nothing is known of that program
    but how to run it). `told_of` hears of each prompt that the program sends, with its edits: its own and those of
    steps.
    """

    extractor: Extractor | None = None
    pool: Callable[[], Sequence[Example]] | None = None
    kept: Callable[[], Iterable[Example]] | None = None
    mapping: dict[str, str] = {}
    seed: int = 0
    base_dir: str = "."
    sampling: Sampling = Sampling()
    further: Callable[[Sequence[Technique]], Program] | None = None
    told_of: Callable[[Prompt], None] | None = None


class Wrap(Made, frozen=True):
    """What the factory of a technique returns that runs a program: `apply(program, context) -> program`.

    It makes `times` times the calls of the program and `plus` more. `repeats` says that it asks the same several times
    and so lives from answers that differ; `fewer` that `times` and `plus` are the most, and answers decide how many it
    makes. `models` are the specs of further models that it asks, `variables` the inputs that it reads besides those of
    the program, `optional` those that it reads where the data has them, `source` is the digest of the files that it has
    read: what they say is part of its identity. `gives` are the names of the steps in its `data["steps"]` that a later
    step may read. `embedders` are the specs of models whose embeddings it uses, `ways_out` the words with which its
    outputs say that there is no answer.
    """

    apply: Callable[[Program, Context], Program]
    times: int = 1
    plus: int = 0
    repeats: bool = False
    fewer: bool = False
    models: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    source: str = ""
    asks: Sampling = Sampling()
    optional: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    embedders: tuple[str, ...] = ()
    ways_out: tuple[str, ...] = ()


class Edit(Made, frozen=True):
    """What the factory of a technique returns that changes a prompt: `apply(prompt, context) -> prompt`.

    `then` wraps the prompt with all its edits, before any other wrapper: for an edit whose replies must be read in a
    way of its own.
    """

    apply: Callable[[Prompt, Context], Prompt]
    then: Wrap | None = None
    models: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    source: str = ""
    embedders: tuple[str, ...] = ()


class Technique:
    """A named technique. `kind` is `edit` (Prompt to Prompt) or `wrap` (Program to Program).

    `spec` is its text as typed with the canonical name, `identity` the same with every default written out.
    """

    __slots__ = ("identity", "kind", "name", "raw", "spec")

    def __init__(self, raw: Edit | Wrap, spec: str, identity: str) -> None:
        if not isinstance(raw, Edit | Wrap):
            raise InputError(f"technique {spec}: its factory must return an Edit or a Wrap, not {type(raw).__name__}")
        check_fields(raw, spec)
        self.raw, self.spec = raw, spec
        self.identity = f"{identity}#{raw.source}" if raw.source else identity
        self.name = spec.partition("(")[0]
        self.kind: Literal["edit", "wrap"] = "edit" if isinstance(raw, Edit) else "wrap"

    @property
    def wrap(self) -> Wrap | None:
        """What it wraps a program in: itself, or what an edit brings along."""
        return self.raw if isinstance(self.raw, Wrap) else self.raw.then

    @property
    def repeats(self) -> bool:
        """Whether it asks the same several times, so that a temperature of 0 defeats it."""
        return self.wrap is not None and self.wrap.repeats

    @property
    def fewer(self) -> bool:
        """Whether it may make fewer calls than it says, as the answers are."""
        return self.wrap is not None and self.wrap.fewer

    @property
    def models(self) -> tuple[str, ...]:
        """The specs of the models that it asks besides the variant's own."""
        return self._parts("models")

    @property
    def embedders(self) -> tuple[str, ...]:
        """The specs of the models whose embeddings it uses."""
        return self._parts("embedders")

    @property
    def variables(self) -> tuple[str, ...]:
        """The inputs that it reads besides those of the program."""
        return self._parts("variables")

    @property
    def optional(self) -> tuple[str, ...]:
        """The inputs that it reads where the data has them."""
        return self._parts("optional")

    @property
    def gives(self) -> tuple[str, ...]:
        """The names of its steps that a later step may read."""
        return self._parts("gives")

    @property
    def ways_out(self) -> tuple[str, ...]:
        """The words with which its outputs say that there is no answer."""
        return self._parts("ways_out")

    @property
    def asks(self) -> Sampling:
        """The sampling that it needs of the program's calls."""
        return self.wrap.asks if self.wrap is not None else Sampling()

    def _parts(self, field: str) -> tuple[str, ...]:
        inner = self.wrap if self.wrap is not self.raw else None
        found = (*getattr(self.raw, field, ()), *(getattr(inner, field) if inner is not None else ()))
        return tuple(dict.fromkeys(found))

    def __or__(self, right: Any) -> Pipeline:
        if not isinstance(right, Technique | Entry):
            raise no_technique(f"{self.spec} | ...", right)
        pipe = f"{self.spec} | {right.spec if isinstance(right, Technique) else right.name}"
        start = f"a pipeline starts with a prompt: Prompt.load(FILE) | {pipe}"
        raise InputError(f"{pipe}: {start}; for any prompt write the text '{pipe}'")

    def __ror__(self, left: Any) -> Pipeline:
        if not (isinstance(left, str | Path) or callable(left)):
            what = "a prompt, the name of its file, or a program"
            raise InputError(f"{left!r} | {self.spec}: a pipeline starts with {what}")
        if isinstance(left, Pipeline):
            return Pipeline(left.program, (*left.techniques, self))
        return Pipeline(left, (self,))

    def __repr__(self) -> str:
        return self.spec


class _Techniques(Registry[Technique]):
    """The registry of techniques. What is a program, and no technique, is told where it goes."""

    def build(self, spec: Any) -> Technique:
        """The technique that a spec describes."""
        try:
            return super().build(spec)
        except InputError as error:
            name = getattr(spec, "name", str(spec).partition("(")[0])
            if not name.startswith("python:") or "missing a required argument" not in str(error):
                raise
            raise InputError(f"{error}; a function of inputs or texts is a step: chain({name})") from None

    def _hint(self, name: str) -> str:
        from scansion.techniques._step_text import is_model, is_prompt_file

        if is_prompt_file(name):
            return f"it is a prompt file: -p {name}, or a step: chain({name})"
        if is_model(name):
            return f"it is a model: -m {name}, or using({name})"
        return super()._hint(name)


technique = _Techniques("technique", "scansion.techniques", Technique, Technique)
"""The registry of techniques; `@technique("name", "alias")` registers a factory of an Edit or a Wrap."""

_AS_IS = (Spec("as-is"), Spec("as_is"))


def parse_techniques(text: str, base_dir: str | Path | None = None) -> tuple[Technique, ...]:
    """The techniques of `cot | vote(5)`, in order; none for `as-is`. Modules that the text names are found from
    `base_dir` (default: the working directory).

    Raises InputError for a text that cannot be read, an unknown name, wrong arguments, and an edit behind a wrapper.
    """
    specs = [s for s in parse_pipe(text, "technique") if s not in _AS_IS]
    with found_from(base_dir):
        found = tuple(technique.build(s) for s in specs)
    check_order(found)
    return found


def techniques_of(source: Any, base_dir: str | Path | None = None) -> tuple[Technique, ...]:
    """What a plan lists as one: the techniques of a text, a Technique or its factory, or several of these in order.

    Raises InputError as `parse_techniques` does, and for what is no technique.
    """
    if isinstance(source, str):
        return parse_techniques(source, base_dir)
    if isinstance(source, list | tuple) and source and not any(isinstance(each, str) for each in source):
        found = tuple(each for one in source for each in techniques_of(one, base_dir))
        check_order(found)
        return found
    built = source() if isinstance(source, Entry) and source.registry is technique else source
    if not isinstance(built, Technique):
        kind = kind_of_object(built, technique)
        name = type(built).__name__ if isinstance(built, Made) else _name(built)
        what = f"{name} is {kind}" if kind else f"{name} is none"
        raise InputError(f"techniques: {what}; give a text in quotes, such as 'cot | vote(5)', or a technique")
    return (built,)


def check_order(techniques: Sequence[Technique]) -> None:
    """Raise InputError, with the right order, where an edit stands behind a wrapper."""
    wrapper: Technique | None = None
    for each in techniques:
        if each.kind == "wrap":
            wrapper = each
        elif wrapper is not None:
            edits = [t.spec for t in techniques if t.kind == "edit"]
            right = " | ".join([*edits, *(t.spec for t in techniques if t.kind == "wrap")])
            within = f"; for a prompt in a step, write it there: b.prompty | {each.spec}" if _has_steps(wrapper) else ""
            raise InputError(
                f"{' | '.join(t.spec for t in techniques)}: {each.name} edits a prompt, so it goes before "
                f"{wrapper.name}, which runs one: {right}{within}"
            )


def _has_steps(wrapper: Technique) -> bool:
    entry = technique.entries.get(wrapper.name)
    return entry is not None and any("Step" in str(p.annotation) for p in entry.signature.parameters.values())


class Composed(Struct, frozen=True):
    """A program put together: what runs, the edited prompt at its heart (None: a program in Python), and the calls that
    it makes at most."""

    run: Program
    prompt: Prompt | None
    spec: str
    calls: int = 1

    def __call__(self, inputs: Mapping[str, Any], lm: Any) -> Awaitable[Output]:
        return self.run(inputs, lm)


def compose(program: Any, techniques: Sequence[Technique], context: Context) -> Program:
    """The program that the techniques, applied in their order, make of a prompt or program.

    The result is a Prompt where there are only edits, else a Composed. `program` may also be the name of a prompt
    file. Raises InputError for an edit of what is no prompt, and for what a technique lacks in the context.
    """
    from scansion.prompts import Prompt, load

    check_order(techniques)
    start = load(program, base_dir=Path(context.base_dir)) if isinstance(program, str | Path) else program
    if isinstance(start, Prompt):
        context = msgspec.structs.replace(context, sampling=start.sampling)
    prompt, run = _built(start, techniques, context)
    if run is prompt or not techniques:
        return run
    return Composed(run, prompt, as_text(techniques), calls_per_outcome(techniques))


def _built(start: Any, techniques: Sequence[Technique], context: Context) -> tuple[Prompt | None, Program]:
    """The prompt with all edits, and it in all wrappers, each of which is told how to have more edits within it."""
    from scansion.prompts import Prompt

    prompt = start if isinstance(start, Prompt) else None
    for each in techniques:
        if isinstance(each.raw, Edit):
            if prompt is None:
                raise InputError(f"{each.spec} edits a prompt, and {_name(start)} is a program in Python")
            prompt = edited(each.raw.apply, each.spec, prompt, context)
    if prompt is not None and context.told_of is not None:
        context.told_of(prompt)
    run: Program = start if prompt is None else prompt
    for at, each in enumerate(techniques):
        if each.wrap is not None:
            further = partial(_further, start, techniques[:at], context)
            run = wrapped(each.wrap.apply, each.spec, run, msgspec.structs.replace(context, further=further))
    return prompt, run


def _further(start: Any, before: Sequence[Technique], context: Context, more: Sequence[Technique]) -> Program:
    """The start with the techniques before and more, the edits of both first."""
    return _built(start, sorted([*before, *more], key=lambda each: each.kind == "wrap"), context)[1]


def prompt_of(program: Any) -> Prompt | None:
    """The prompt, with its edits, at the heart of what `compose` gave; None for a program in Python."""
    from scansion.prompts import Prompt

    if isinstance(program, Composed):
        return program.prompt
    return program if isinstance(program, Prompt) else None


def calls_per_outcome(techniques: Sequence[Technique]) -> int:
    """How many calls one outcome of a prompt with these techniques makes at most."""
    calls = 1
    for each in techniques:
        if each.wrap is not None:
            calls = calls * each.wrap.times + each.wrap.plus
    return calls


class Pipeline:
    """`prompt | cot() | vote(5)`: a program and the techniques that shall be applied to it.

    A plan takes it as a prompt and hands its techniques what they need; awaited by itself it is a Program that knows no
    data and no scorer. Raises InputError at once for an edit behind a wrapper.
    """

    def __init__(self, program: Any, techniques: tuple[Technique, ...]) -> None:
        check_order(techniques)
        self.program, self.techniques = program, techniques

    @property
    def spec(self) -> str:
        """The techniques as text."""
        return as_text(self.techniques)

    @cached_property
    def composed(self) -> Program:
        """The program itself, put together without data and scorer."""
        return compose(self.program, self.techniques, Context())

    def __call__(self, inputs: Mapping[str, Any], lm: Any) -> Awaitable[Output]:
        return self.composed(inputs, lm)

    def __or__(self, right: Any) -> Pipeline:
        if isinstance(right, Technique | Entry | Made):
            return typing.cast(Pipeline, NotImplemented)
        raise no_technique(f"{self!r} | ...", right)

    def __repr__(self) -> str:
        return f"{_name(self.program)} | {self.spec}"


def as_text(techniques: Sequence[Technique]) -> str:
    """The techniques as text, `as-is` for none."""
    return " | ".join(t.spec for t in techniques) or "as-is"


def _name(program: Any) -> str:
    return str(getattr(program, "name", None) or getattr(program, "__qualname__", None) or program)
