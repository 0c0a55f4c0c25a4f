"""Results of promptfoo as a project that runs again at no cost: its prompts and tests, its outputs as a recording.

What a judge said of a rubric is recorded too, so that the assertions come out as they did. Latency and cost are not in
a recording, embeddings not in the results: assertions on these are left out, and named; of the outputs that were
recorded it is known what promptfoo found, and that stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scansion.errors import InputError, ProgramError
from scansion.interop.promptfoo_config import Config, Skips
from scansion.interop.promptfoo_prompts import PromptFile, RawPrompt, filled, prompt_file
from scansion.interop.promptfoo_providers import Provider
from scansion.interop.promptfoo_results import (
    Asked,
    Results,
    could_not,
    open_results,
    prompt_names,
    provider_name,
    text_of,
)
from scansion.interop.promptfoo_tape import Outcome, Tape, found_of, is_rubric, verdicts
from scansion.interop.promptfoo_tests import Case, row_of
from scansion.models.registry import ModelSpec
from scansion.prompts.frontmatter import Where
from scansion.scorers._assertions import LEFT_OUT, SET, base_type, leaves, text_mark

if TYPE_CHECKING:
    from scansion.interop.promptfoo import Project

__all__ = ["RECORDING", "load_results"]

_JUDGE = "judge"
_UNRECORDED = frozenset({"latency", "cost", "similar"})
RECORDING = "recording.jsonl"
"""The file of the outputs in a project that was made of results."""


def load_results(path: str | Path) -> Project:
    """The project in a results file. Raises InputError for one that cannot be read or holds no prompt."""
    from msgspec.structs import replace

    from scansion.interop.promptfoo import project_of

    results = open_results(path)
    if not results.templates:
        raise InputError(f"{path}: holds what was sent, no templates; import the .json of promptfoo eval -o")
    config = Config({"prompts": []}, Where(results.label), Path(path).parent, Skips())
    prompts = _prompts(results, config)
    if not prompts:
        raise InputError(f"{path}: no prompt of it can be used; {'; '.join(config.skips.lines())}")
    places = results.ids()
    rows = _rows(results, places, config)
    project = project_of(config, list(prompts.values()), _providers(results, prompts), list(rows.values()))
    kept = {p.name for p in project.prompts}
    columns = _columns(results, {raw: p for raw, p in prompts.items() if p.name in kept}, config.skips)
    asked: dict[str, list[tuple[int, Asked]]] = {}
    for one in results.asked:
        id, trial = places[one.test]
        asked.setdefault(id, []).append((trial, one))
    outcomes = {id: list(_outcomes(asked[id], row["inputs"], columns)) for id, row in rows.items()}
    alike = _alike(outcomes)
    for i in alike:
        what = f"column {results.names()[i]} (it asks what an earlier column asks and was answered otherwise)"
        config.skips.add(what, results.label)
    tape = Tape(results.label, config.skips)
    for id, found in outcomes.items():
        tape.add(id, [each for each in found if each.one.prompt not in alike])
    left = tuple(row for row in project.rows if row["id"] not in tape.refused)
    if not left:
        raise InputError(f"{path}: no test of it can be carried over; {'; '.join(config.skips.lines())}")
    return replace(
        _without(project, {(columns[i][0].name, _model(columns[i][1])) for i in alike}),
        rows=left,
        trials=1 + max(trial for _, trial in places.values()),
        recording=tuple(tape.lines(_JUDGE)),
        skipped=tuple(config.skips.lines()),
    )


def _rows(results: Results, places: Mapping[int, tuple[str, int]], config: Config) -> dict[str, dict[str, Any]]:
    """The row of each id."""
    judged = any(verdicts(one) for one in results.asked)
    left_out = _UNRECORDED if judged else _UNRECORDED | {"llm-rubric"}
    rows: dict[str, dict[str, Any]] = {}
    for one in results.asked:
        id, _ = places[one.test]
        if id not in rows:
            rows[id] = {**_row(one, config, left_out), "called": id}
    for row in rows.values():
        for leaf in filter(is_rubric, leaves(row["assert"])):
            leaf["provider"] = _model(_JUDGE)
    for one in results.asked:
        _recall(rows[places[one.test][0]], one)
    return rows


def _recall(row: dict[str, Any], one: Asked) -> None:
    """Note beside assertions that were left out what was found of them; of two findings on one text, neither."""
    response = one.said.get("response")
    listed, found = list(leaves(row["assert"])), found_of(one)
    if could_not(one.said) or not isinstance(response, dict) or len(listed) != len(found):
        return
    mark = text_mark(text_of(response.get("output")))
    for leaf, part in zip(listed, found, strict=True):
        if leaf["type"] == LEFT_OUT and part is not None:
            said = [bool(part.get("pass")), float(part.get("score") or 0)]
            known = leaf.setdefault("recorded", {})
            known[mark] = said if known.get(mark, said) == said else None


def _providers(results: Results, prompts: Mapping[str, PromptFile]) -> list[Provider]:
    """The providers, each kept to the prompts that it was asked."""
    asked: dict[str, list[str]] = {}
    for column in results.prompts:
        made = prompts.get(str(column.get("raw") or ""))
        asked.setdefault(provider_name(column), []).extend([made.name] if made is not None else [])
    return [Provider(_model(name), frozenset({name}), name, tuple(names)) for name, names in asked.items()]


def _model(name: str) -> str:
    return ModelSpec("replay", RECORDING, {"model": name}, separator=":").spec


def _prompts(results: Results, config: Config) -> dict[str, PromptFile]:
    """The prompts by their raw text; those that cannot be written are noted."""
    found: dict[str, PromptFile] = {}
    for column, name in zip(results.prompts, prompt_names(results.prompts), strict=True):
        raw = str(column.get("raw") or "")
        if raw in found or not raw:
            continue
        settings = column.get("config")
        base = RawPrompt(raw, name, f"{results.label} ({name})", config=settings if isinstance(settings, dict) else {})
        made = prompt_file(raw, base, config.skips, {p.name for p in found.values()})
        if made is not None:
            found[raw] = made
    return found


def _row(one: Asked, config: Config, left_out: frozenset[str]) -> dict[str, Any]:
    """The row of a test, whose lists were spread already, without what a recording cannot tell."""
    options = {k: v for k, v in (one.case.get("options") or {}).items() if k != "provider"}
    says = {**one.case, "vars": dict(one.values), "options": {**options, "disableVarExpansion": True}}
    says["assert"] = list(_kept(one.case.get("assert") or [], config, left_out))
    says.pop("description", None)
    case = Case(says, f"{config.where.file} (test {one.test + 1})", config.folder)
    return next(row_of(case, {}, config))


def _kept(asserts: list[Any], config: Config, left_out: frozenset[str]) -> Iterator[Any]:
    for one in asserts:
        type = base_type(str(one.get("type")))[0] if isinstance(one, dict) else ""
        if type.partition(":")[0] in left_out:
            config.skips.add(f"{type} assertion (a recording does not hold what it needs)", config.where.file)
            figures = {name: one[name] for name in ("weight", "metric") if name in one}
            yield {"type": LEFT_OUT, "value": one["type"], **figures}
        elif type == SET:
            yield {**one, "assert": list(_kept(one.get("assert") or [], config, left_out))}
        elif isinstance(one, dict):
            yield {k: v for k, v in one.items() if k != "provider"}


def _columns(results: Results, prompts: Mapping[str, PromptFile], skips: Skips) -> dict[int, tuple[PromptFile, str]]:
    """The prompt and the model of each column that a recording can hold; a second one of both is noted."""
    found: dict[int, tuple[PromptFile, str]] = {}
    for i, (column, name) in enumerate(zip(results.prompts, results.names(), strict=True)):
        made = prompts.get(str(column.get("raw") or ""))
        if made is None:
            continue
        if any(known.name == made.name and model == provider_name(column) for known, model in found.values()):
            skips.add(f"a second column {name}", results.label)
        else:
            found[i] = (made, provider_name(column))
    return found


def _alike(outcomes: Mapping[str, Sequence[Outcome]]) -> list[int]:
    """The columns that in some row ask what an earlier one asks and were answered otherwise: a recording holds one
    answer to a request."""
    by_column: dict[int, dict[tuple[str, str, int], str | None]] = {}
    for id, listed in outcomes.items():
        for each in listed:
            by_column.setdefault(each.one.prompt, {})[id, each.key, each.trial] = each.text
    taken: dict[tuple[str, str, int], str | None] = {}
    found: list[int] = []
    for column, answers in sorted(by_column.items()):
        if any(key in taken and taken[key] != text for key, text in answers.items()):
            found.append(column)
        else:
            taken |= answers
    return found


def _without(project: Project, gone: set[tuple[str, str]]) -> Project:
    """The project without these variants (prompt's name, model), and without the prompts and models only these had."""
    from msgspec.structs import replace

    if not gone:
        return project
    variants = tuple(v for v in project.variants if v[1:] not in gone)
    return replace(
        project,
        variants=variants,
        prompts=tuple(p for p in project.prompts if any(p.name == prompt for _, prompt, _ in variants)),
        models=tuple(m for m in project.models if any(m == model for _, _, model in variants)),
    )


def _outcomes(
    asked: Sequence[tuple[int, Asked]], inputs: Mapping[str, Any], columns: Mapping[int, tuple[PromptFile, str]]
) -> Iterator[Outcome]:
    """What came of a row: of each prompt, provider and trial."""
    for trial, one in asked:
        if one.prompt in columns:
            made, model = columns[one.prompt]
            messages = _messages(made, inputs)
            if messages is not None:
                yield Outcome(messages, model, trial, one, inputs)


def _messages(prompt: PromptFile, inputs: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What the prompt sends for these inputs, None where it cannot be rendered."""
    try:
        request = filled(prompt.prompt, inputs)
    except (InputError, ProgramError):
        return None
    return [{"role": m.role, "content": m.content} for m in request.messages]
