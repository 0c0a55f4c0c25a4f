"""The plan of an experiment: everything that decides its result, and nothing else.

A plan comes from a YAML file (`load_plan`), from the words of a command line or from Python (`make_plan`). How it is
run (how many calls at once, how long to wait) is `Options` and never changes a figure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from scansion.data import DataSpec
from scansion.data.split import check_parts, split_of
from scansion.errors import InputError, nearest
from scansion.models.budget import Budget
from scansion.types import Example

__all__ = ["Options", "Plan", "SplitSpec", "VariantSpec", "load_plan", "make_plan"]


class SplitSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of the data, as fractions that sum to at most 1, drawn by digest with a seed."""

    dev: float = 0.5
    test: float = 0.5
    seed: int = 0

    def part_of(self, example: Example) -> str:
        """The name of the part that an example falls in, empty if it is in none."""
        return split_of(example, {"dev": self.dev, "test": self.test}, self.seed)


class VariantSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One variant named by hand, in place of the cross product."""

    prompt: Any
    name: str | None = None
    technique: str = "as-is"
    model: str | None = None


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What decides a result.

    `prompts` are file names or revisions, or in Python also Prompts, pipelines and other Programs. Without `models`
    each prompt's own model is used. The first of `scorers` is primary: verdicts and gates use it. `no_answer: wrong`
    counts outputs without a readable answer as wrong, `abstained: wrong` those that say they cannot answer,
    `truncated: score` scores outputs that were cut off. `part` is the part of the split that is run; where no `split`
    is given it is one in halves. Below `pass_mark` (None: the primary scorer's own) an outcome is wrong. `volume` is
    the number of requests a time (`2e6/month`) for which costs are given. `only` are conditions on the rows that are
    run, all of which must hold (see `experiments.only`). `notes` are lines that stand beside the figures, such as what
    an import left out. `until: decided` looks at the examples in an order drawn by the seed and stops as soon as every
    comparison is decided (see `experiments.until`).
    """

    prompts: tuple[Any, ...] = ()
    techniques: tuple[Any, ...] = ("as-is",)
    models: tuple[str, ...] = ()
    variants: tuple[VariantSpec, ...] | None = None
    data: Any = None
    split: SplitSpec | None = None
    part: Literal["dev", "test"] | None = None
    scorers: tuple[Any, ...] = ()
    trials: int = 1
    baseline: str | None = None
    budget: str | None = None
    no_answer: Literal["unscored", "wrong"] = "unscored"
    abstained: Literal["unscored", "wrong"] = "unscored"
    truncated: Literal["unscored", "score"] = "unscored"
    gold_check: Literal["on", "off"] = "on"
    pass_mark: float | None = None
    margin: float | None = None
    alpha: float = 0.05
    until: Literal["decided"] | None = None
    limit: int | None = None
    only: tuple[Any, ...] = ()
    seed: int = 0
    gates: tuple[str, ...] = ()
    volume: str | None = None
    notes: tuple[str, ...] = ()
    name: str = ""
    base_dir: str = "."


class Options(Struct, frozen=True, kw_only=True):
    """How to run a plan: calls at once, seconds a call may take, tries a call, the longest wait that a server may ask
    for (None: any), a file to record the calls to. Raises InputError for numbers that make no sense."""

    concurrency: int = 100
    timeout: float = 120.0
    tries: int = 6
    max_wait: float | None = None
    record: str | None = None

    def __post_init__(self) -> None:
        for name, least in (("concurrency", 1), ("tries", 1), ("timeout", 1e-9), ("max_wait", 0)):
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise InputError(f"{name}: {value} is too little; give {'1 or more' if least == 1 else 'more'}")


_FILE_FIELDS = [f for f in Plan.__struct_fields__ if f not in ("base_dir", "part")]


def load_plan(path: str | Path, **overrides: Any) -> Plan:
    """The plan in a YAML file, with `overrides` (fields of Plan; None is ignored) in place of what it says; gates are
    added to its own, and models replace those of its variants (see `overrides`).

    Raises InputError with the file's line for everything that is wrong in it.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{path}: no such file; give an experiment.yaml, or prompts with -p and data with -d")
    values, lines = _read_yaml(file)
    unknown = [str(key) for key in values if key not in _FILE_FIELDS]
    if unknown:
        raise InputError(f"{path}:{lines[unknown[0]]}: unknown key {unknown[0]!r}; {nearest(unknown[0], _FILE_FIELDS)}")
    from scansion.experiments.overrides import override

    given = {key: value for key, value in overrides.items() if value is not None}
    if given.get("gates") and values.get("gates"):  # a build must not lose the gates of its file to a flag
        given["gates"] = (*_listed(values["gates"]), *_listed(given["gates"]))
    try:
        return override({"name": file.stem, "base_dir": str(file.parent), **values}, given)
    except InputError as error:
        field = str(error).split(":", 1)[0].split("[")[0].split(".")[0]
        if field in given and not (field == "gates" and values.get("gates")):
            raise
        where = f"{path}:{lines[field]}" if field in lines and field not in given else str(path)
        raise InputError(f"{where}: {error}{_parted(values.get(field))}") from None


_QUOTED = "put single quotes around the whole of it, such as 'NAME(\"so: this, that\")'"


def _parted(given: Any) -> str:
    """A hint where YAML has parted a text in two at its comma or colon; else nothing."""
    parts = given if isinstance(given, list) else [given]
    texts = [text for part in parts for text in (part if isinstance(part, dict) else [part]) if isinstance(text, str)]
    open_one = any(text.count("(") > text.count(")") for text in texts)
    return f"; a comma parts a list in [...], and a colon a text: {_QUOTED}" if open_one else ""


def _read_yaml(file: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The top-level mapping of a YAML file, and the line of each of its keys."""
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        values = yaml.load(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 (byte {error.start}); save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        colon = "mapping values" in problem and "(" in text.splitlines()[line - 1]
        hint = f"; a colon parts a text: {_QUOTED}" if colon else ""
        raise InputError(f"{file}:{line}: not valid YAML: {problem}{hint}") from None
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        raise InputError(f"{file}:1: a mapping is wanted (prompts: [...], data: ..., scorers: [...])")
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if key.value in lines:
            raise InputError(f"{file}:{key.start_mark.line + 1}: {key.value!r} stands there twice; keep one")
        lines[str(key.value)] = key.start_mark.line + 1
    return values, lines


def make_plan(**fields: Any) -> Plan:
    """A checked plan. Single values are taken for lists of one; paths stay as given, relative to `base_dir`.

    Raises InputError that begins with the field's name.
    """
    for field in fields:
        if field not in Plan.__struct_fields__:
            raise InputError(f"unknown setting {field!r}; {nearest(field, Plan.__struct_fields__)}")
    values = {key: value for key, value in fields.items() if value is not None}
    for field in ("prompts", "techniques", "models", "scorers", "variants", "gates", "only", "notes"):
        if field in values:
            values[field] = _listed(values[field])
    for each in values.get("scorers", ()):
        if isinstance(each, Mapping):
            raise InputError(f"scorers: {each} is no scorer; give its text, such as 'numeric', or a function")
    values["data"] = _data(values.get("data"))
    if "models" in values:
        values["models"] = tuple(_model(m) for m in values["models"])
    values["base_dir"] = str(values.get("base_dir", "."))
    if "part" in values:
        values.setdefault("split", {})  # halves: a person who names a part need not write a plan first
    for field in ("budget", "volume"):
        if field in values:
            values[field] = str(values[field])
    try:
        plan = msgspec.convert(values, Plan, strict=True)
    except msgspec.ValidationError as error:
        raise InputError(_plainly(str(error))) from None
    _check(plan)
    return plan


def _listed(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (value,)
    return tuple(value)


def _model(value: Any) -> Any:
    """A function as the spec of a model; anything else as it is."""
    if not callable(value):
        return value
    if "<" in value.__qualname__:
        raise InputError(f"models: {value.__qualname__} has no name to find it by; define it at a module's top level")
    return f"python:{value.__module__}:{value.__qualname__}"


def _data(value: Any) -> Any:
    if isinstance(value, Path):
        return DataSpec(path=str(value))
    if isinstance(value, str):
        return DataSpec(path=value)
    if isinstance(value, Mapping):
        try:
            return msgspec.convert({k: v for k, v in value.items() if v is not None}, DataSpec)
        except msgspec.ValidationError as error:
            raise InputError(_plainly(str(error), "data")) from None
    return value


_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_MAPPINGS: dict[str, type[Struct]] = {"data": DataSpec, "split": SplitSpec, "variants": VariantSpec}


def _named(types: str) -> str:
    """msgspec's name of a type, `int | null`, in a user's words."""
    return " or ".join(_TYPES.get(name, name) for name in types.split(" | ") if name != "null")


def _plainly(message: str, field: str = "") -> str:
    """A msgspec message, of a plan or of a field of it, as `field: what is wrong`."""
    match = re.search(r" - at `\$\.?(.*?)`$", message)
    text = message[: match.start()] if match else message
    place = ".".join(part for part in (field, match.group(1) if match else "") if part)
    if unknown := re.search(r"unknown field `(.*)`", text):
        known = _MAPPINGS.get(re.split(r"[.\[]", place)[0])
        hint = f"; {nearest(unknown[1], known.__struct_fields__)}" if known is not None else ""
        return f"{place}: there is no {unknown[1]!r}{hint}"
    if (wrong := re.match(r"Invalid enum value '(.*)'", text)) and place in Plan.__annotations__:
        choices = re.findall(r"['\"]([\w-]+)['\"]", str(Plan.__annotations__[place]))
        return f"{place}: there is no {wrong[1]!r}; {nearest(wrong[1], choices)}"
    text = re.sub(r"`([\w| ]+)`", lambda types: _named(types[1]), text)
    text = text.replace("Expected", "wanted").replace("Object", "the mapping").replace("`", "'")
    return f"{place}: {text}" if place else text


OWN_TECHNIQUES = "techniques: the plan's variants name their own; write it there (technique: cot)"
"""What is wrong with techniques beside variants."""


def _check(plan: Plan) -> None:
    """Raise InputError for values that are of the right type and make no sense."""
    twice = next((t for t in plan.techniques if isinstance(t, str) and plan.techniques.count(t) > 1), "")
    rules: list[tuple[bool, str]] = [
        (plan.variants is None and not plan.prompts, "prompts: there are none; name at least one prompt file"),
        (plan.variants is not None and not plan.variants, "variants: the list is empty"),
        (plan.variants is not None and bool(plan.prompts), "variants: they replace prompts; give one or the other"),
        (plan.variants is not None and plan.techniques != ("as-is",), OWN_TECHNIQUES),
        (plan.data is None, "data: there is none; name a JSONL, CSV or Parquet file (with -d on a command line)"),
        (plan.trials < 1, f"trials: {plan.trials} is too few; give 1 or more"),
        (not 0 < plan.alpha < 1, f"alpha: {plan.alpha} is not between 0 and 1"),
        (plan.margin is not None and not 0 < plan.margin < math.inf, f"margin: {plan.margin} is not above 0"),
        (plan.until is not None and not plan.scorers, "until: decided needs a scorer whose verdicts it waits for"),
        (plan.limit is not None and plan.limit < 1, f"limit: {plan.limit} is too few; give 1 or more"),
        (bool(twice), f"techniques: {twice!r} is named twice; drop one"),
        (not plan.techniques, "techniques: the list is empty; 'as-is' is the prompt as it stands"),
    ]
    for broken, message in rules:
        if broken:
            raise InputError(message)
    if plan.split is not None:
        check_parts({"dev": plan.split.dev, "test": plan.split.test})
    _check_texts(plan)


def _check_texts(plan: Plan) -> None:
    """Raise InputError for texts that do not say what they should: techniques, scorers, gates, the budget."""
    from scansion.experiments.gates import parse_gate
    from scansion.experiments.only import parse_only
    from scansion.experiments.volume import monthly
    from scansion.scorers import build_scorer
    from scansion.techniques import parse_techniques, techniques_of

    for field, read in (("techniques", parse_techniques), ("scorers", build_scorer)):
        for text in getattr(plan, field):
            if isinstance(text, str):
                _read(field, text, partial(read, base_dir=plan.base_dir))
            elif field == "techniques":
                techniques_of(text)
    for variant in plan.variants or ():
        _read("variants", variant.technique, partial(parse_techniques, base_dir=plan.base_dir))
    for gate in plan.gates:
        _read("gates", gate, parse_gate)
    for text in plan.only:
        if isinstance(text, str):
            _read("only", text, parse_only)
    if plan.budget is not None:
        _read("budget", plan.budget, Budget.parse)
    if plan.volume is not None:
        _read("volume", plan.volume, monthly)


def _read(field: str, text: str, read: Callable[[str], Any]) -> None:
    if not text.strip():
        raise InputError(f"{field}: one of them is empty")
    try:
        read(text)
    except InputError as error:
        raise InputError(f"{field}: {str(error).removeprefix(f'{field}: ')}") from None
