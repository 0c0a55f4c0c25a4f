"""Boilerplate of a run: phrases that recur across outputs to unrelated inputs, the sign of an over-trained model.

Rewarded for sounding safe or kind, models come to say the same of everything ("you are valid, valued, and cared for";
Bai et al. 2022, Constitutional AI, arXiv 2212.08073, section 4.3). What is found is written to a file of phrases, which
the scorer `no_boilerplate` holds later outputs against.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.data.facets import input_text
from scansion.data.phrases import Recurring, recurring
from scansion.errors import InputError
from scansion.experiments.figures import VariantInfo
from scansion.experiments.store.codec import unpack
from scansion.experiments.variants import find_variant

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.store.runs import RunRecord

__all__ = ["Boilerplate", "Phrase", "boilerplate_of", "written"]

_LEAST, _SHARE = 5, 0.01  # a phrase must stand in the outputs of so many inputs, and of such a share of them
_QUERY = """
    SELECT m.variant, m.row, o.output, (SELECT c.body FROM calls c WHERE c.key = substr(o.calls, -16))
    FROM members m JOIN outcomes o ON o.id = m.outcome
    WHERE m.run = ? AND o.status = 0 ORDER BY m.row, m.variant, m.trial
"""


class Phrase(Struct, frozen=True):
    """A phrase in lower case: in how many outputs it stands, the inputs that these are of, its share of all outputs
    with the interval, the share by variant, and the ids of a few of the examples."""

    text: str
    outputs: int
    inputs: int
    share: float
    interval: tuple[float, float] | None
    by_variant: dict[str, float]
    examples: list[str]


class Boilerplate(Struct, frozen=True):
    """The phrases of a run's outputs. `least` is how many inputs a phrase had to be of; `marked` counts the outputs
    that have any of the phrases, `share` is theirs."""

    run: str
    variants: list[str]
    outputs: int
    inputs: int
    least: int
    words: int
    phrases: list[Phrase]
    marked: int
    share: float
    interval: tuple[float, float] | None
    level: float


class _Said(Struct):
    text: str
    messages: Any = ()


class _Asked(Struct):
    messages: Any = ()
    text: str | None = None


class _Call(Struct):
    request: _Asked
    completion: _Said


class _Output(Struct, frozen=True):
    """An output: its variant's number, its row, what it says and what was asked."""

    variant: int
    row: int
    text: str
    prompt: str


def boilerplate_of(
    lab: Lab,
    run: str | None,
    *,
    variant: str | None = None,
    words: int = 5,
    least: int | None = None,
) -> Boilerplate:
    """The phrases that recur in the outputs of a run, or of one variant. Raises InputError.

    A phrase has at least `words` words and stands in the outputs of at least `least` inputs (by default 5, and 1 in 100
    of all). Outputs that were cut off count as they are; errors have none.
    """
    if words < 2:
        raise InputError(f"boilerplate: --words is {words}; a phrase has at least 2 words")
    if least is not None and least < 2:
        raise InputError(f"boilerplate: --least is {least}; what stands in the output of one input does not recur")
    record = lab.run_table.find(run)
    infos = VariantInfo.of(record)
    chosen = [find_variant(variant, infos)] if variant is not None else infos
    numbers = {info.index for info in chosen}
    outputs = [each for each in _outputs(lab, record) if each.variant in numbers]
    if not outputs:
        raise InputError(f"run {record.label}: there are no outputs to look for phrases in")
    examples = _examples(lab, record, {each.row for each in outputs})
    least = least if least is not None else max(_LEAST, round(_SHARE * len(examples)))
    found = recurring(
        [each.text for each in outputs],
        about=[examples[each.row][1] for each in outputs],
        prompts=[each.prompt for each in outputs],
        words=words,
        least=least,
    )
    level = 1 - record.plan["alpha"]
    rows = [each.row for each in outputs]
    marked = {place for phrase in found for place in phrase.where}
    share, interval = _share(marked, rows, level)
    names = {info.index: info.name for info in chosen}
    return Boilerplate(
        run=record.label,
        variants=list(names.values()),
        outputs=len(outputs),
        inputs=len(examples),
        least=least,
        words=words,
        phrases=[_phrase(each, outputs, examples, names, level) for each in found],
        marked=len(marked),
        share=share,
        interval=interval,
        level=level,
    )


def written(found: Boilerplate) -> str:
    """The phrases as a file for `no_boilerplate`: a phrase a line, its figures behind `#`."""
    head = (
        f"# Phrases that recur in run {found.run}, of at least {found.least} inputs; delete what is no boilerplate.\n"
    )
    return head + "".join(f"{p.text}  # {p.outputs} outputs, {100 * p.share:.1f}%\n" for p in found.phrases)


def _phrase(
    found: Recurring,
    outputs: Sequence[_Output],
    examples: dict[int, tuple[str, str]],
    names: dict[int, str],
    level: float,
) -> Phrase:
    share, interval = _share(set(found.where), [each.row for each in outputs], level)
    ids = dict.fromkeys(examples[outputs[place].row][0] for place in found.where)
    return Phrase(
        text=found.text,
        outputs=len(found.where),
        inputs=found.inputs,
        share=share,
        interval=interval,
        by_variant=_by_variant(found, outputs, names),
        examples=list(ids)[:3],
    )


def _by_variant(found: Recurring, outputs: Sequence[_Output], names: dict[int, str]) -> dict[str, float]:
    """The share of each variant's outputs that have a phrase."""
    import numpy as np

    variants = np.array([each.variant for each in outputs])
    have, of = np.bincount(variants[list(found.where)], minlength=variants.max() + 1), np.bincount(variants)
    return {name: float(have[index] / of[index]) for index, name in names.items() if of[index]}


def _share(places: set[int], rows: Sequence[int], level: float) -> tuple[float, tuple[float, float] | None]:
    """The share of the outputs at these places and its interval; outputs of one row depend on each other."""
    import numpy as np

    from scansion.stats.intervals import mean_interval

    values = np.zeros(len(rows))
    values[list(places)] = 1.0
    found = mean_interval(values, clusters=np.array(rows), level=level)
    return float(values.mean()), (found.lo, found.hi) if found.lo is not None and found.hi is not None else None


def _outputs(lab: Lab, run: RunRecord) -> Iterator[_Output]:
    """The outputs of a run, each with what was asked last."""
    for variant, row, output, body in lab.db.execute(_QUERY, (run.id,)):
        call = unpack(body, _Call) if body is not None else None
        prompt = _text(call.request.messages) + (call.request.text or "") if call is not None else ""
        if output is not None:
            text = unpack(output, _Said).text
        else:
            text = call.completion.text if call is not None else ""
        yield _Output(variant, row, text, prompt)


def _text(messages: Any) -> str:
    """The texts of a transcript."""
    found = []
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content", "") if isinstance(message, dict) else ""
        parts = [content] if isinstance(content, str) else content
        found += [part if isinstance(part, str) else str(part.get("text", "")) for part in parts]
    return "\n".join(found)


def _examples(lab: Lab, run: RunRecord, rows: set[int]) -> dict[int, tuple[str, str]]:
    """The id and the input text of each row; rows of one group are one input."""
    roles = set(run.context.get("roles", ()))
    found: dict[int, tuple[str, str]] = {}
    for row in rows:
        kept = lab.run_table.example(run.dataset or 0, row)
        if kept is None:
            found[row] = (f"row {row + 1}", f"row {row}")
            continue
        example = kept[0]
        text = input_text(example, [name for name in example.inputs if name not in roles])
        found[row] = (example.id, example.group or text)
    return found
