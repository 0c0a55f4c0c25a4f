"""Settings in place of what a plan says, such as the flags of a command.

Models replace those of a plan's variants: each variant is asked on each of them, and variants that differed only in
the model become one, with a note. Techniques in place of those of variants are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.gates import parse_gate
from scansion.experiments.plan import OWN_TECHNIQUES, Plan, VariantSpec, make_plan

__all__ = ["override", "with_settings"]


def with_settings(plan: Plan, **settings: Any) -> Plan:
    """`plan` with `settings` (fields of Plan; None is ignored) in place of what it says. Raises InputError."""
    given = {key: value for key, value in settings.items() if value is not None}
    return override(structs.asdict(plan), given) if given else plan


def override(fields: Mapping[str, Any], given: Mapping[str, Any]) -> Plan:
    """The plan of `fields` with those that are `given` in place of its own. Raises InputError."""
    if fields.get("variants") is None or "variants" in given:
        return make_plan(**{**fields, **given})
    if "techniques" in given:
        raise InputError(OWN_TECHNIQUES)
    kept = make_plan(**{**fields, **{key: value for key, value in given.items() if key != "models"}})
    return _on_models(kept, given["models"]) if "models" in given else kept


def _on_models(plan: Plan, models: Any) -> Plan:
    """A plan's variants on other models than their own. What names one of them (the baseline, a gate) names the one
    that it became."""
    groups = _alike(plan.variants or ())
    own = [str(group[0].name) for group in groups if not _tells_model(group)]
    named = []
    for group in groups:
        name = _free(_name(group[0], groups), own) if _tells_model(group) else str(group[0].name)
        named.append((name, group))
    new = {variant.name: name for name, group in named for variant in group if variant.name}
    names = [name for name, _ in named]
    changed = {
        "models": models,
        "variants": [VariantSpec(group[0].prompt, name, group[0].technique) for name, group in named],
        "baseline": _became(plan.baseline, new, names) if plan.baseline else None,
        "gates": [_renamed(gate, new, names) for gate in plan.gates],
        "notes": [*plan.notes, *(_folded(name, group) for name, group in named if len(group) > 1)],
    }
    return make_plan(**{**structs.asdict(plan), **changed})


def _alike(variants: Sequence[VariantSpec]) -> list[list[VariantSpec]]:
    """The variants in groups that differ only in the model."""
    groups: list[list[VariantSpec]] = []
    for variant in variants:
        made = (variant.prompt, variant.technique)
        for group in groups:
            if (group[0].prompt, group[0].technique) == made:
                group.append(variant)
                break
        else:
            groups.append([variant])
    return groups


def _tells_model(group: Sequence[VariantSpec]) -> bool:
    """Whether the name of a variant may tell its model: `a | mini`, or there are several."""
    return len(group) > 1 or not group[0].name or " | " in group[0].name


def _name(variant: VariantSpec, groups: Sequence[Sequence[VariantSpec]]) -> str:
    """Prompt and technique: the prompt's stem, or as it is written where two have one stem."""
    stem = _stem(variant.prompt)
    clash = any(_stem(g[0].prompt) == stem and g[0].prompt != variant.prompt for g in groups)
    name = str(variant.prompt) if clash and isinstance(variant.prompt, str | Path) else stem
    return name if variant.technique == "as-is" else f"{name} | {variant.technique}"


def _free(name: str, taken: Sequence[str]) -> str:
    """A name that is not taken."""
    return next(each for each in chain([name], (f"{name}-{at}" for at in count(2))) if each not in taken)


def _stem(prompt: Any) -> str:
    if isinstance(prompt, str | Path):
        return Path(str(prompt).rpartition(":")[2]).stem
    return str(getattr(prompt, "name", None) or getattr(prompt, "__name__", type(prompt).__name__))


def _became(name: str, new: Mapping[str, str], names: Sequence[str]) -> str:
    """The name of the variant that a named one became; one without a name of its own was called `NAME | MODEL`."""
    head = name.rpartition(" | ")[0]
    return new.get(name, head if name not in names and head in names else name)


def _renamed(gate: str, new: Mapping[str, str], names: Sequence[str]) -> str:
    rule, name, _ = parse_gate(gate)
    if rule != "fail-under" or not name:
        return gate
    return f"{rule} {_became(name, new, names)}={gate.rpartition('=')[2]}"


def _folded(name: str, group: Sequence[VariantSpec]) -> str:
    *most, last = (repr(variant.name or variant.model) for variant in group)
    return f"{', '.join(most)} and {last} differ only in the model, which is replaced: they are one variant, {name!r}"
