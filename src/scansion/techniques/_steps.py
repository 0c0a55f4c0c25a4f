"""A step of a technique that divides the labour: a program of its own, or the wrapped one with techniques on it.

    prompts/b.prompty | cot | vote(5)     a prompt file, with techniques on it
    pocket/tiny                           the wrapped program on this model: `using(pocket/tiny)`
    cot | vote(5)                         the wrapped program with these techniques on it; edits reach its prompt
    as-is                                 the wrapped program
    python:steps:clean                    a function of the user's own

A factory that annotates a parameter with `Step` is given one, also where Python hands over a Prompt, a Pipeline,
Techniques or a callable. `_step_text.read_step` says in which order a name is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from scansion.errors import InputError
from scansion.specs import Entry, Pipe, Registry, Spec, kind_of_object, write
from scansion.techniques._algebra import Context, Pipeline, Program, Technique, check_order, compose, technique
from scansion.techniques._function_steps import FunctionStep, function_step
from scansion.techniques._handles import on_model
from scansion.techniques._step_text import Parts, is_prompt_file, read_step, stem
from scansion.types import Sampling

__all__ = ["AS_IS", "Step", "inputs_of", "named", "shared"]


class Step:
    """One step, built of its text or of Python objects.

    `name` is what later steps call its text. `spec` is its text as typed, `identity` the same with what its files and
    functions are and every default written out. It makes at most `times` the calls of the wrapped program and `plus`
    more.
    """

    def __init__(self, parts: Parts) -> None:
        self.start, self.techniques, self.name = parts.start, parts.techniques, parts.name
        self.spec = " | ".join(parts.texts) or "as-is"

    @property
    def wraps(self) -> bool:
        """Whether it runs the wrapped program."""
        return self.start is None

    @cached_property
    def identity(self) -> str:
        """Its text, with the version of its prompt or the digest of its function."""
        if self.start is None:
            return " | ".join(each.identity for each in self.techniques) or "as-is"
        mark = self.start.digest if isinstance(self.start, FunctionStep) else self.start.version
        first = self.start.name if isinstance(self.start, FunctionStep) else self.name  # wherever the file lies
        return " | ".join([f"{first}#{mark}", *(each.identity for each in self.techniques)])

    @property
    def own_model(self) -> str | None:
        """The model that its prompt's file names, unless the step says another."""
        model = None if self.start is None or isinstance(self.start, FunctionStep) else self.start.model
        return None if any(each.name == "using" for each in self.techniques) else model

    @property
    def asked(self) -> str | None:
        """The model that it asks in the place of the variant's: of two `using`, the first."""
        return next(
            (model for each in self.techniques if each.name == "using" for model in each.models), self.own_model
        )

    @property
    def models(self) -> tuple[str, ...]:
        """The models that it asks besides the variant's own."""
        own = (self.own_model,) if self.own_model else ()
        return tuple(dict.fromkeys([*own, *(m for each in self.techniques for m in each.models)]))

    @property
    def variables(self) -> tuple[str, ...]:
        """The inputs that it cannot do without, those of the wrapped program aside."""
        start = self.start
        own = () if start is None else start.needs if isinstance(start, FunctionStep) else start.variables
        return tuple(dict.fromkeys([*own, *(v for each in self.techniques for v in each.variables)]))

    @property
    def optional(self) -> tuple[str, ...]:
        """The inputs that it takes where there are any."""
        start = self.start
        own = () if start is None else start.knows if isinstance(start, FunctionStep) else start.optional
        return tuple(dict.fromkeys([*own, *(v for each in self.techniques for v in each.optional)]))

    @property
    def gives(self) -> tuple[str, ...]:
        """The names of steps within it that a later step may read."""
        return tuple(dict.fromkeys(name for each in self.techniques for name in each.gives))

    @property
    def ways_out(self) -> tuple[str, ...]:
        """The words with which it says that there is no answer."""
        return tuple(dict.fromkeys(word for each in self.techniques for word in each.ways_out))

    @property
    def open(self) -> bool:
        """Whether it may give inputs whose names are not known before."""
        return isinstance(self.start, FunctionStep) and self.start.open

    @property
    def repeats(self) -> bool:
        """Whether it asks the same several times."""
        return any(each.repeats for each in self.techniques)

    @property
    def fewer(self) -> bool:
        """Whether it may make fewer calls than it says."""
        return any(each.fewer for each in self.techniques)

    @property
    def asks(self) -> Sampling:
        """The sampling that it needs of the wrapped program's calls to the variant's own model."""
        if not self.wraps or self.models:
            return Sampling()
        return reduce(lambda found, each: each.asks.merged(found), self.techniques, Sampling())

    @property
    def times(self) -> int:
        """How many times the calls of the wrapped program it makes at most."""
        return self._calls[0]

    @property
    def plus(self) -> int:
        """How many calls it makes at most besides."""
        return self._calls[1]

    @cached_property
    def _calls(self) -> tuple[int, int]:
        """An edit's wrapper stands at the prompt itself, within all that wraps it already: each call of the wrapped
        program becomes that many."""
        times, plus = (1, 0) if self.wraps else (0, self.start.calls if isinstance(self.start, FunctionStep) else 1)
        for each in self.techniques:
            if each.wrap is not None and each.kind == "edit" and self.wraps:
                times = times * each.wrap.times + each.wrap.plus
            elif each.wrap is not None:
                times, plus = times * each.wrap.times, plus * each.wrap.times + each.wrap.plus
        return times, plus

    def bind(self, program: Program, context: Context) -> Program:
        """The step as a program, where `program` is the wrapped one. Raises InputError for an edit of what is no
        prompt, and for what a technique lacks in the context."""
        if self.start is None:
            if not self.techniques:
                return program
            return context.further(self.techniques) if context.further else compose(program, self.techniques, context)
        found = compose(self.start, self.techniques, context)
        return found if self.own_model is None else on_model(found, self.own_model)

    def __repr__(self) -> str:
        return self.spec


AS_IS = Step(Parts(None, (), (), "start"))
"""The wrapped program as it stands."""


def named(steps: Sequence[Step], given: Mapping[str, Step] | None = None) -> dict[str, Step]:
    """The steps by their names, with a number behind one that has been taken; `given` have names of their own."""
    found: dict[str, Step] = {}
    for step in steps:
        name, number = step.name, 2
        while name in found or name in (given or {}):
            name, number = f"{step.name}_{number}", number + 1
        found[name] = step
    return {**found, **(given or {})}


def shared(steps: Sequence[Step]) -> dict[str, Any]:
    """What a Wrap that runs these steps says of them, but for its calls and inputs."""
    return {
        "repeats": any(step.repeats for step in steps),
        "fewer": any(step.fewer for step in steps),
        "models": tuple(dict.fromkeys(model for step in steps for model in step.models)),
        "ways_out": tuple(dict.fromkeys(word for step in steps for word in step.ways_out)),
        "asks": reduce(lambda found, step: step.asks.merged(found), steps, Sampling()),
    }


def inputs_of(steps: Sequence[Step], given: Sequence[str] = ()) -> dict[str, Any]:
    """The inputs that steps which see the same need and take, but for those that they are `given`."""
    needed = [name for step in steps for name in step.variables if name not in given]
    taken = [name for step in steps for name in step.optional if name not in (*given, *needed)]
    return {"variables": tuple(dict.fromkeys(needed)), "optional": tuple(dict.fromkeys(taken))}


class _Steps(Registry[Step]):
    """Builds steps. A step has no names of its own: what it is made of has."""

    def files(self) -> list[str]:
        """None: steps are no files."""
        return []

    def takes(self, value: Any) -> bool:
        """Whether a Python object can be a step."""
        from scansion.prompts import Prompt

        return (
            isinstance(value, Step | Prompt | Pipeline | Technique | Path) or callable(value) or _all_techniques(value)
        )

    def build(self, spec: Any) -> Step:
        """The step of a spec, a text, or an object that `takes` accepts."""
        if isinstance(spec, Step):
            return spec
        if (kind := kind_of_object(spec, technique)) is not None:
            name = spec.name if isinstance(spec, Entry) else write(spec)
            raise InputError(f"{name} is {kind}, and a step is wanted here: a prompt, techniques or a function")
        value = spec() if isinstance(spec, Entry) else spec  # technique.cot, without brackets
        return Step(read_step(value) if isinstance(value, Spec | Pipe | str) else _of_object(value))


def _all_techniques(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Technique) for v in value)


def _of_object(value: Any) -> Parts:
    from scansion.prompts import Prompt

    if isinstance(value, Technique | list | tuple):
        techniques = (value,) if isinstance(value, Technique) else tuple(value)
        check_order(techniques)
        first = techniques[0]
        model = first.models[0].partition("?")[0] if first.name == "using" else first.name
        return Parts(None, techniques, tuple(each.spec for each in techniques), stem(model))
    if isinstance(value, Pipeline):
        begun = _of_start(value.program)
        return Parts(begun.start, value.techniques, (*begun.texts, *(t.spec for t in value.techniques)), begun.name)
    if isinstance(value, Prompt):
        return Parts(value, (), (write(value.file),), stem(Path(value.name).stem))
    return _of_start(value)


def _of_start(value: Any) -> Parts:
    """A prompt, the name of its file, or a callable."""
    from scansion.prompts import Prompt

    if isinstance(value, Prompt):
        return _of_object(value)
    if isinstance(value, Path) or (isinstance(value, str) and is_prompt_file(value)):
        return read_step(str(value))
    if not callable(value):
        raise InputError(f"{value!r} is no step: give a prompt, the name of its file, techniques or a function")
    name = write(value) if hasattr(value, "__qualname__") else type(value).__name__
    return Parts(function_step(name, value), (), (name,), stem(getattr(value, "__name__", type(value).__name__)))


steps = _Steps("step", "scansion.techniques", Step, lambda raw, _spec, _identity: Step(raw))
"""The registry that builds steps for factories that annotate a parameter with `Step`."""
