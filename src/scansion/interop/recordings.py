"""Recordings (`replay:PATH`) as what was answered to which example, so that two of them compare without a prompt.

A recorded prompt belongs to the row whose text it is or holds, in one column of the data: the one named, or the one in
which most prompts find their row. What was recorded of several models is a variant for each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct, structs

from scansion.data import Dataset, DataSpec, open_dataset
from scansion.errors import InputError
from scansion.experiments.compare import Terms
from scansion.experiments.people.targets import check_targets
from scansion.experiments.results import RunResult
from scansion.interop._ids import told_apart
from scansion.interop.foreign import ForeignOutcome, ForeignRun, ForeignVariant, compare_foreign
from scansion.models.providers._recording import Line, Places, line_key, readable
from scansion.models.providers.replay import Recording
from scansion.models.registry import parse_model
from scansion.scorers import build_scorer
from scansion.types import Completion, Example, Message, Output

__all__ = ["compare_recordings"]

_COMMON = 20  # prompts that are looked at for what all of them hold


def compare_recordings(
    a: str,
    b: str | None,
    *,
    scorer: str,
    data: DataSpec | None = None,
    names: tuple[str | None, str | None] = (None, None),
    terms: Terms | None = None,
) -> RunResult:
    """The verdict on the recording `b` against `a`, both written `replay:PATH` or `replay:PATH?model=NAME`.

    `scorer` is the text of one of ours and takes targets from `data`; `data.inputs` may name the column that prompts
    hold. Examples are paired by row where a row has one prompt in each recording, else by prompt. Without `b` two
    models of one recording are compared. Raises InputError.
    """
    built = build_scorer(scorer)
    if data is None and (built.needs_target or built.columns):
        what = "targets" if built.needs_target else f"the column {built.columns[0]!r}"
        raise InputError(f"{built.name} needs {what}, and a recording has none; give the data with -d")
    files = [_read(spec) for spec in (a, b) if spec is not None]
    if data is not None:
        table = open_dataset(data)
        check_targets([built], table)
        rows = _Finder(table, [list(file.prompts.values()) for file in files])
        runs = [_placed(file, rows, _once(files, rows)) for file in files]
    else:
        runs = [file.run(lambda key, prompt: [Example(key.hex()[:12], {"prompt": prompt.text})]) for file in files]
    return compare_foreign(runs[0], runs[1] if b is not None else None, names=names, scorer=scorer, terms=terms)


class _Prompt(Struct, frozen=True):
    """A recorded prompt: all of it as one text, and its last message."""

    text: str
    last: str


class _File(Struct, frozen=True):
    """A recording: its prompts by their keys, and by model and prompt the completions by trial and k."""

    label: str
    prompts: dict[bytes, _Prompt]
    answers: dict[str, dict[bytes, dict[tuple[int, int], Completion]]]

    def run(self, examples_of: Callable[[bytes, _Prompt], list[Example]], notes: Sequence[str] = ()) -> ForeignRun:
        """The recording as a run; `examples_of(key, prompt)` are the examples that a prompt was asked for."""
        examples = {key: examples_of(key, prompt) for key, prompt in self.prompts.items()}
        stem = Path(self.label).name.removesuffix(".gz").rpartition(".")[0] or self.label
        variants = [
            ForeignVariant(
                name=model if len(self.answers) > 1 else stem,
                outcomes=list(_outcomes(answers, examples)),
                prompt=stem,
                model=model,
            )
            for model, answers in self.answers.items()
        ]
        return ForeignRun(self.label, variants, notes=notes)


def _read(spec: str) -> _File:
    """A recording, read whole."""
    parsed = parse_model(spec)
    wanted = parsed.options.get("model")
    recording = Recording(Path(parsed.name).expanduser())
    prompts: dict[bytes, _Prompt] = {}
    answers: dict[str, dict[bytes, dict[tuple[int, int], Completion]]] = {}
    places: dict[tuple[str, bytes, int], Places] = {}
    try:
        for at in range(len(recording)):
            line, trials = recording.line(at)
            model = line.model or ""
            if line.embed is not None or (wanted is not None and line.model not in (None, wanted)):
                continue
            key = line_key(line)
            prompts.setdefault(key, _prompt(line))
            found = answers.setdefault(model, {}).setdefault(key, {})
            for trial, completions in enumerate(trials):
                taken = places.setdefault((model, key, trial), Places()).take(len(completions), line.k)
                found.update({(trial, k): c for k, c in zip(taken, completions, strict=True) if c is not None})
    finally:
        recording.close()
    if not answers:
        raise InputError(f"{spec}: the recording holds nothing{f' of model {wanted!r}' if wanted else ''}")
    return _File(str(recording.path), prompts, answers)


def _prompt(line: Line) -> _Prompt:
    if line.prompt is not None:
        return _Prompt(line.prompt, line.prompt)
    messages = line.messages or ()
    return _Prompt(readable(messages), readable((Message("user", messages[-1].content),)) if messages else "")


def _outcomes(
    answers: dict[bytes, dict[tuple[int, int], Completion]], examples: dict[bytes, list[Example]]
) -> Iterator[ForeignOutcome]:
    repeats = 1 + max((k for each in answers.values() for _, k in each), default=0)
    for key, found in answers.items():
        for example in examples[key]:
            for (trial, k), done in found.items():
                yield ForeignOutcome(
                    example=example,
                    trial=trial * repeats + k,
                    output=Output(done.text, finish_reason=done.finish_reason, logprobs=done.logprobs),
                    usage=done.usage,
                    latency=done.latency,
                    served=done.model,
                    asked=key.hex(),
                )


class _Finder:
    """Finds the rows of prompts. Raises InputError where no column of the data is in the prompts."""

    def __init__(self, data: Dataset, files: Sequence[Sequence[_Prompt]]) -> None:
        self.label = data.label
        examples = [row.example for row in data.rows()]
        ids = told_apart([example.id for example in examples])
        self._examples = [structs.replace(e, id=id) for e, id in zip(examples, ids, strict=True)]
        named = list(data.spec.inputs.values())
        roles = {data.target_column, data.id_column, data.group_column, data.weight_column, data.tags_column}
        roles.add(data.rationale_column)
        columns = list(data.match(named).values()) if named else [c for c in data.columns if c not in roles]
        found = [self._by_column(column, files) for column in columns]
        self.rows = max(found, key=len, default={})
        if not self.rows:
            looked = ", ".join(map(repr, columns)) or "none"
            raise InputError(
                f"{self.label}: no recorded prompt holds a row's text (columns looked at: {looked}); name the column "
                "with --input prompt=COL, or use the prompt: scansion run -p PROMPT -m replay:A -m replay:B"
            )

    def examples(self, prompt: _Prompt) -> list[Example]:
        """The rows of a prompt: those that hold one text, none where there is none."""
        return [self._examples[row] for row in self.rows.get(prompt.text, ())]

    def _by_column(self, column: str, files: Sequence[Sequence[_Prompt]]) -> dict[str, list[int]]:
        """The rows of each prompt, by one column."""
        texts: dict[str, list[int]] = {}
        for row, example in enumerate(self._examples):
            value = example.inputs.get(column)
            if value is not None and str(value).strip():
                texts.setdefault(str(value), []).append(row)
        found: dict[str, list[int]] = {}
        for prompts in files:
            search = _Search(texts, prompts)
            missed = [prompt for prompt in prompts if not search.find(prompt)]
            for prompt in missed:  # it is known now what stands around a text
                search.find(prompt)
            found |= {prompt: texts[text] for prompt, text in search.found.items()}
        return found


class _Search:
    """Finds which of some texts the prompts of one recording are or hold; `found` has them by the whole prompt."""

    def __init__(self, texts: Collection[str], prompts: Sequence[_Prompt]) -> None:
        self._texts = texts
        first = [prompt.text for prompt in islice(prompts, _COMMON)]
        self._common = {text for text in texts if all(text in each for each in first)}
        self._around = ("", "")
        self.found: dict[str, str] = {}

    def find(self, prompt: _Prompt) -> bool:
        """Whether the text of a prompt is found."""
        text = self._held(prompt)
        if text is None:
            return False
        before, _, after = prompt.text.rpartition(text)
        self.found[prompt.text], self._around = text, (before, after)
        return True

    def _held(self, prompt: _Prompt) -> str | None:
        for whole in (prompt.text, prompt.last):
            if whole in self._texts:
                return whole
        before, after = self._around
        if self.found and prompt.text.startswith(before) and prompt.text.endswith(after):
            middle = prompt.text[len(before) : len(prompt.text) - len(after)]
            if middle in self._texts:
                return middle
        held = [text for text in self._texts if text in prompt.text]
        return _whole(held) or _whole([text for text in held if text not in self._common])  # all hold the shots


def _whole(texts: Sequence[str]) -> str | None:
    """The one of `texts` that holds all the others; None where none does."""
    longest = max(texts, key=len, default=None)
    return longest if longest is not None and all(text in longest for text in texts) else None


def _once(files: Sequence[_File], rows: _Finder) -> bool:
    """Whether no row has two prompts in one recording."""
    for file in files:
        found = [row for prompt in file.prompts.values() for row in rows.rows.get(prompt.text, ())]
        if len(found) != len(set(found)):
            return False
    return True


def _placed(file: _File, rows: _Finder, once: bool) -> ForeignRun:
    """The recording with its prompts in the places of their rows; each prompt is an example where a row has several."""

    def examples(key: bytes, prompt: _Prompt) -> list[Example]:
        found = rows.examples(prompt)
        if once:
            return found
        return [structs.replace(e, id=f"{e.id} {key.hex()[:8]}", group=e.group or e.id) for e in found]

    lost = sum(prompt.text not in rows.rows for prompt in file.prompts.values())
    of = "1 recorded prompt holds" if lost == 1 else f"{lost} recorded prompts hold"
    return file.run(examples, [f"{of} no row of {rows.label}; left out"] if lost else [])
