"""From a plan to its variants: every prompt x technique x model, opened, named, and identified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from scansion.data import Dataset, Row
from scansion.errors import InputError
from scansion.experiments.plan import Plan
from scansion.models.channel import Channel
from scansion.models.embeddings import check_embeds
from scansion.models.gateway import Gateway
from scansion.prompts import Prompt, load
from scansion.prompts.versions import keep
from scansion.scorers import Scorer
from scansion.specs import function_digest
from scansion.techniques import Context, Pipeline, Technique, as_text, compose, prompt_of, techniques_of
from scansion.types import Example, Request, Sampling, canonical, digest

__all__ = [
    "Variant",
    "build_variants",
    "described",
    "find_variant",
    "inputs_digest",
    "optional_columns",
    "outcome_key",
    "pair_with_baseline",
    "ways_out_of",
]


class Variant(Struct, frozen=True):
    """What is compared: a program with a model.

    `columns` maps the program's variables to columns of the data, `optional` those that a row may lack; None stands
    for a program that takes the whole row without its target, `optional` then for what its techniques call otherwise.
    `identity` is the digest of all that makes its outcomes but the example and the trial. `plain` says that the prompt
    stands as it is, `repeats` that a technique asks the same several times, `fewer` that one may make fewer calls than
    it says, as the answers are. `source` is the prompt with its edits, `written` as its file has it. `ways_out` are the
    words with which it abstains, `prompts` all that it sends, those of steps too, `models` the further ones asked.
    """

    index: int
    name: str
    prompt: str
    technique: str
    model: str
    program: Any
    columns: dict[str, str] | None
    optional: dict[str, str]
    identity: bytes
    source: Prompt | None
    written: Prompt | None
    sampling: Sampling
    channel: Channel
    plain: bool
    repeats: bool
    fewer: bool
    ways_out: tuple[str, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    models: tuple[str, ...] = ()

    def inputs(self, row: Row, data: Dataset) -> dict[str, Any]:
        """What the program is given of a row; columns that hold or explain the answer only if it names them.

        Raises InputError, with the file's line, for a row that lacks a column.
        """
        values = row.example.inputs
        if self.columns is None:
            hidden = (data.target_column, data.rationale_column)
            whole = {name: value for name, value in values.items() if name not in hidden}
            return whole | {v: values[column] for v, column in self.optional.items() if column in whole}
        found = {variable: values[column] for variable, column in self.optional.items() if column in values}
        try:
            for variable, column in self.columns.items():
                found[variable] = values[column]
        except KeyError:
            return data.pick(row, self.columns)
        return found


def ways_out_of(variants: Sequence[Variant | Mapping[str, Any]]) -> tuple[str, ...]:
    """The words with which any of these variants, or of those that a lab kept (`described`), abstains."""
    told = [v.ways_out if isinstance(v, Variant) else v.get("ways_out", ()) for v in variants]
    return tuple(dict.fromkeys(word for words in told for word in words))


def outcome_key(variant: Variant, inputs: bytes, trial: int) -> bytes:
    """The key of an outcome: the digest of its variant, of the inputs given to it (their digest), of its trial."""
    return blake2b(variant.identity + inputs + b"%d" % trial, digest_size=16).digest()


def inputs_digest(inputs: dict[str, Any]) -> bytes:
    """The digest of the inputs that a program is given."""
    return blake2b(canonical(inputs), digest_size=16).digest()


class _Draft(Struct, frozen=True):
    """A variant before it is opened: its program, techniques and model spec, and how each was written."""

    name: str | None
    program: Any
    label: str
    techniques: tuple[Technique, ...]
    model: str


def build_variants(
    plan: Plan, data: Dataset, gateway: Gateway, scorers: Sequence[Scorer], pool: Callable[..., Sequence[Example]]
) -> list[Variant]:
    """The plan's variants by prompt, then technique, then model; `pool(part)` gives rows. Raises InputError."""
    drafts, kept = _drafts(plan), partial(pool, "test")
    extractor = scorers[0].extractor if scorers else None
    context = Context(extractor=extractor, pool=pool, kept=kept, seed=plan.seed, base_dir=str(plan.base_dir))
    return [
        _opened(draft, index, name, context, (data, gateway))
        for index, (draft, name) in enumerate(zip(drafts, _names(drafts), strict=True))
    ]


def _drafts(plan: Plan) -> list[_Draft]:
    base = plan.base_dir
    if plan.variants is not None:
        found = []
        for v in plan.variants:
            program, label, extra = _program(v.prompt, base)
            techniques = (*extra, *techniques_of(v.technique, base))
            models = _models(program, label, (v.model,) if v.model else plan.models)
            names = [f"{v.name} | {model}" if v.name and len(models) > 1 else v.name for model in models]
            found += [_Draft(n, program, label, techniques, m) for n, m in zip(names, models, strict=True)]
        return found
    listed = [techniques_of(t, base) for t in plan.techniques]
    return [
        _Draft(None, program, label, (*extra, *techniques), model)
        for program, label, extra in [_program(p, base) for p in plan.prompts]
        for techniques in listed
        for model in _models(program, label, plan.models)
    ]


def _models(program: Any, label: str, models: Sequence[str]) -> Sequence[str]:
    if models:
        return models
    own = program.model if isinstance(program, Prompt) else None
    if own is None:
        why = f" ({program.model_hint})" if isinstance(program, Prompt) and program.model_hint else ""
        raise InputError(
            f"{label}: no model to run it on{why}; name one with -m (pocket/small needs no key), models: [...] or in "
            "the prompt file"
        )
    return (own,)


def _program(source: Any, base_dir: str) -> tuple[Any, str, tuple[Technique, ...]]:
    """What a plan lists as a prompt: the program, the name it goes by, and the techniques that it brings along."""
    if isinstance(source, str | Path):
        return load(source, base_dir=base_dir), str(source), ()
    if isinstance(source, Prompt):
        return source, source.name, ()
    if isinstance(source, Pipeline):
        program, label, _ = _program(source.program, base_dir)
        return program, label, tuple(source.techniques)
    if callable(source):
        return source, getattr(source, "__name__", type(source).__name__), ()
    raise InputError(f"prompts: {source!r} is neither a file name nor a Prompt nor a program")


def _stem(draft: _Draft) -> str:
    return draft.program.name if isinstance(draft.program, Prompt) else draft.label


def _names(drafts: Sequence[_Draft]) -> list[str]:
    """Prompt stem, technique, model, without what does not vary; the name as written where stems clash."""
    stems = {d.label: _stem(d) for d in drafts}
    clash = len(set(stems.values())) < len(stems)
    parts = [
        ((d.label if clash else _stem(d)), "" if not d.techniques else as_text(d.techniques), d.model) for d in drafts
    ]
    varies = [len({part[i] for part in parts}) > 1 for i in range(3)]
    varies[0] = varies[0] or not any(varies)
    shows_prompt = varies[0] or not all(technique for _, technique, _ in parts)
    names = []
    for draft, (stem, technique, model) in zip(drafts, parts, strict=True):
        pieces = [stem] if shows_prompt else []
        pieces += [technique] if varies[1] and technique else []
        pieces += [model] if varies[2] else []
        names.append(draft.name or " | ".join(pieces))
    doubles = {n for n in names if names.count(n) > 1}
    if doubles:
        raise InputError(f"variants: two are called {min(doubles)!r}; name them apart, or drop the repeated one")
    return names


def _opened(draft: _Draft, index: int, name: str, context: Context, parts: tuple[Dataset, Gateway]) -> Variant:
    data, gateway = parts
    channel = gateway.channel(draft.model)
    others = [gateway.channel(model) for t in draft.techniques for model in t.models]
    embedders = [gateway.channel(model) for t in draft.techniques for model in t.embedders]
    for each in embedders:
        check_embeds(each)
    prompt = draft.program if isinstance(draft.program, Prompt) else None
    needed, present = _further(draft.techniques, data)
    columns = {**needed, **_columns(prompt, data, draft.label)} if prompt is not None else None
    optional = {**present, **(optional_columns(prompt, data) if prompt is not None else needed)}
    prompts: list[Prompt] = []
    context = msgspec.structs.replace(context, mapping={**optional, **(columns or {})}, told_of=prompts.append)
    if prompt is not None:
        text = "" if prompt.kind == "completion" else None
        channel.accepts(Request(text=text, tools=prompt.tools, response_format=prompt.response_format))
    program = compose(draft.program, draft.techniques, context)
    edited = prompt_of(program)
    if edited is not None and edited.shots is not None and not others:
        edited.shots.check(channel)
    return Variant(
        index=index,
        name=name,
        prompt=draft.label if prompt is None or prompt.path is None else prompt.path,
        technique=as_text(draft.techniques),
        model=draft.model,
        program=program,
        columns=columns,
        optional=optional,
        identity=_identity(draft, program, (channel, *others, *embedders), context, prompts),
        source=edited,
        written=prompt,
        sampling=channel.effective(_stated(prompt, draft.techniques)),
        channel=channel,
        plain=not draft.techniques,
        repeats=any(t.repeats for t in draft.techniques),
        fewer=any(t.fewer for t in draft.techniques),
        ways_out=tuple(word for t in draft.techniques for word in t.ways_out),
        prompts=tuple({each.version: each for each in prompts}.values()),
        models=tuple(dict.fromkeys(model for t in draft.techniques for model in t.models)),
    )


def _stated(prompt: Prompt | None, techniques: Sequence[Technique]) -> Sampling:
    """The sampling that the program's calls state: that of the prompt, and what techniques need besides."""
    stated = prompt.sampling if prompt is not None else Sampling()
    for each in techniques:
        stated = each.asks.merged(stated)
    return stated


def _columns(prompt: Prompt, data: Dataset, label: str) -> dict[str, str]:
    try:
        return data.match(prompt.variables)
    except InputError as error:
        raise InputError(f"{label}: {error}") from None


def _further(techniques: Sequence[Technique], data: Dataset) -> tuple[dict[str, str], dict[str, str]]:
    """The columns that techniques read besides the prompt, and those that they read where they are there. Raises
    InputError for one that is not there, or holds the target: a technique is a part of the program, and no program
    sees that."""
    hidden = (data.target_column, data.rationale_column)
    needed: dict[str, str] = {}
    present: dict[str, str] = {}
    for each in techniques:
        try:
            found = data.match(each.variables)
            present |= {v: column for v, column in _present(each.optional, data).items() if column not in hidden}
        except InputError as error:
            raise InputError(f"{each.spec}: {error}") from None
        for column in found.values():
            if column in hidden:
                raise InputError(f"{each.spec}: the column {column!r} holds the target, which no technique may see")
        needed |= found
    return needed, present


def optional_columns(prompt: Prompt, data: Dataset) -> dict[str, str]:
    """The columns of those optional variables that the data has."""
    return _present(prompt.optional, data)


def _present(variables: Sequence[str], data: Dataset) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable in variables:
        try:
            found |= data.match([variable])
        except InputError:
            if variable in data.spec.inputs:
                raise
    return found


def _identity(
    draft: _Draft, program: Any, channels: Sequence[Channel], context: Context, prompts: Sequence[Prompt]
) -> bytes:
    channel, *others = channels
    edited = prompt_of(program)
    shots = [each.shots.identity for each in prompts if each is not edited and each.shots is not None]
    return digest(
        edited.version if edited is not None else [function_digest(draft.program), draft.label],
        [t.identity for t in draft.techniques],
        context.extractor.identity if context.extractor is not None and draft.techniques else None,
        channel.identity.hex(),
        channel.sampling,
        channel.output_limit,
        *([other.identity.hex(), other.sampling, other.output_limit] for other in others),
        *([shots] if shots else []),
    )


def find_variant(name: str, variants: Sequence[Any]) -> Any:
    """The one variant of that name, or whose name has it among its parts. Raises InputError that lists the matches."""
    wanted = _squeezed(name)
    exact = [v for v in variants if v.name == name]
    loose = exact or [v for v in variants if _squeezed(v.name) == wanted]
    if not loose:
        parts = [(v, (*v.name.split(" | "), v.prompt, v.technique, v.model)) for v in variants]
        loose = [v for v, named in parts if wanted in map(_squeezed, named)]
    if exact or len(loose) == 1:
        return loose[0]
    if loose:
        raise InputError(f"{name!r} is ambiguous: it matches " + ", ".join(repr(v.name) for v in loose))
    raise InputError(f"no variant is called {name!r}; there are " + ", ".join(repr(v.name) for v in variants))


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def pair_with_baseline(baseline: str | None, variants: Sequence[Any]) -> list[tuple[int, int]]:
    """The comparisons of a run as pairs (index of the baseline, index of what is compared with it).

    The baseline is the first variant unless named. Where the name is that of a prompt, or of a variant that is on
    several models, its variant as it stands is the baseline of the variants on the same model. Raises InputError for
    names that fit none or several.
    """
    if len(variants) < 2 and baseline is None:
        return []
    if baseline is not None:
        of_prompt = [v for v in variants if v.plain and baseline in (v.prompt, Path(v.prompt).stem)]
        named = [v for v in variants if v.name.rpartition(" | ")[0] == baseline]  # a plan's variant on each model
        for found in (of_prompt, named):
            if len(found) < 2 or len({v.model for v in found}) < len(found):
                continue
            bases = {v.model: v for v in found}
            chosen = {v.index for v in found}
            return [(bases[v.model].index, v.index) for v in variants if v.index not in chosen and v.model in bases]
    base = variants[0] if baseline is None else _the_baseline(baseline, variants)
    return [(base.index, v.index) for v in variants if v.index != base.index]


def _the_baseline(name: str, variants: Sequence[Any]) -> Any:
    of_prompt = [v for v in variants if name in (v.prompt, Path(v.prompt).stem)]
    plain = [v for v in of_prompt if v.plain]
    if len(plain) == 1 and not any(v.name == name for v in variants):
        return plain[0]
    try:
        return find_variant(name, variants)
    except InputError as error:
        advice = "; add -t as-is, or name one with --baseline" if of_prompt and not plain else ""
        raise InputError(f"baseline: {error}{advice}") from None


def described(variant: Variant) -> dict[str, Any]:
    """What the lab keeps of a variant, as plain data."""
    return {
        "name": variant.name,
        "prompt": variant.prompt,
        "technique": variant.technique,
        "model": variant.model,
        "patient": variant.channel.capabilities.patient,
        "identity": variant.identity.hex(),
        "plain": variant.plain,
        "columns": variant.columns,
        "sampling": msgspec.to_builtins(variant.sampling),
        "ways_out": list(variant.ways_out),
        "further_models": list(variant.models),
        "notes": _notes(variant),
        "version": variant.source.version if variant.source else None,
        "text": variant.source.template if variant.source else None,
        "kept": msgspec.to_builtins(keep(variant.written, variant.source)) if variant.written else None,
    }


def _notes(variant: Variant) -> list[str]:
    """What a person should know of a variant before reading its figures."""
    prompt, channel = variant.source, variant.channel
    notes = list(prompt.notes) if prompt is not None else []
    if prompt is not None and not variant.columns and not variant.optional:
        notes.append("the prompt uses no column of the data; a column's place is written {{ name }}")
    stated = (prompt.sampling if prompt is not None else Sampling()).merged(channel.sampling)
    if channel.output_limit is not None and stated.max_tokens is None:
        notes.append(f"max_tokens is set to {channel.output_limit} because of the budget")
    if variant.sampling.temperature == 0 and variant.repeats:
        notes.append("repeats at temperature 0 mostly agree; raise the temperature for them to differ")
    return notes
