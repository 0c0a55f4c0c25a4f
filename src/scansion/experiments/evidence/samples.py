"""An example to show prompts on: of a data file, of what the prompt's file gives, or of the last run that used it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from scansion.data import Dataset, DataSpec, Row, open_dataset
from scansion.data.columns import match
from scansion.errors import InputError, nearest
from scansion.experiments.evidence.evidence import Use
from scansion.experiments.lab import Lab
from scansion.experiments.variants import optional_columns
from scansion.prompts import Prompt

__all__ = ["Sample", "find_sample", "row_sample"]


class Sample(Struct, frozen=True):
    """Inputs for each of some prompts, from one example; `label` says which: `q7 of rows.csv`."""

    label: str
    inputs: list[dict[str, Any]]


def row_sample(prompts: Sequence[Prompt], spec: DataSpec, id: str | None = None) -> Sample:
    """The row of a data file with this id, or its first. Raises InputError for a row or column that is not there."""
    data = open_dataset(spec)
    row = _row(data, id)
    return Sample(f"{row.example.id} of {data.label}", [_picked(prompt, data, row) for prompt in prompts])


def find_sample(prompts: Sequence[Prompt], lab: Lab | None, uses: Iterable[Use] = ()) -> Sample | None:
    """The inputs that the last prompt's file gives as samples, or another's; else an example of the newest run among
    `uses`, which are of these prompts. None where neither fits all prompts."""
    if not any(prompt.variables for prompt in prompts):
        return Sample("no inputs", [{} for _ in prompts])
    for prompt in reversed(prompts):
        given = _declared(prompt)
        if given and all(_complete(each, given) for each in prompts):
            return Sample(f"the sample inputs of {prompt.file}", [_only(each, given) for each in prompts])
    if lab is not None:
        for use in uses:
            with suppress(InputError):
                return _of_run(prompts, lab, use)
    return None


def _row(data: Dataset, id: str | None) -> Row:
    others = []
    for row in data.rows():
        if id is None or row.example.id == id:
            return row
        others.append(row.example.id)
    hint = nearest(str(id), others[:1000])
    raise InputError(f"{data.label}: no row has the id {id!r}; {hint if hint.startswith('did') else 'see the data'}")


def _picked(prompt: Prompt, data: Dataset, row: Row) -> dict[str, Any]:
    values = row.example.inputs
    extra = {v: values[c] for v, c in optional_columns(prompt, data).items() if c in values}
    return {**extra, **data.pick(row, data.match(prompt.variables))}


def _declared(prompt: Prompt) -> dict[str, Any]:
    """The values that a prompt's file gives as samples: the first version's `sample`, examples, defaults."""
    sample = prompt.meta.get("sample")
    given = {p.name: p.default if p.example is None else p.example for p in prompt.inputs}
    given = {name: value for name, value in given.items() if value is not None}
    return {**given, **sample} if isinstance(sample, dict) else given


def _complete(prompt: Prompt, given: Mapping[str, Any]) -> bool:
    return all(name in given for name in prompt.variables)


def _only(prompt: Prompt, given: Mapping[str, Any]) -> dict[str, Any]:
    names = (*prompt.variables, *prompt.optional)
    return {name: given[name] for name in names if name in given}


def _of_run(prompts: Sequence[Prompt], lab: Lab, use: Use) -> Sample:
    """The first row of a run. Raises InputError where a prompt has a variable that the row lacks."""
    first = lab.db.execute("SELECT min(row) FROM members WHERE run = ?", (use.run.id,)).fetchone()[0]
    kept = lab.run_table.example(use.run.dataset or 0, first) if first is not None else None
    if kept is None:
        raise InputError(f"{use.run.label} holds no row")
    example, label = kept[0], use.run.context["data"]
    spec = DataSpec(path=label, inputs=use.columns)
    inputs = []
    for prompt in prompts:
        columns = match(prompt.variables, list(example.inputs), spec, label)
        for name in prompt.optional:
            with suppress(InputError):
                columns |= match([name], list(example.inputs), spec, label)
        inputs.append({name: example.inputs[column] for name, column in columns.items()})
    return Sample(f"{example.id} of {label} (run {use.run.label})", inputs)
