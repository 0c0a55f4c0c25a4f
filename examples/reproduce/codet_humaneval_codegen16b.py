"""CodeT (Chen and others 2022, arXiv 2207.10397): 100 programs an item of HumanEval, and tests that the model wrote.

Whether a program passes is known by running it, each by itself in the sandbox; where the records hold that mark
(`passed`) nothing is run. pass@k is computed from it (`scansion.stats.repeats`). With `generated_tests.jsonl` a program
an item is chosen by agreement, as section 2 of the paper has it: programs that hold the same tests are one group, and
the group with the most programs times tests is chosen; `codet_pass_at_1` is the mean share of it that passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from _published import Figures, Record, Share, find, mean, records, true
from _sandboxed import held, missing, passed

from scansion.stats.repeats import pass_at_k

SIZES = (1, 2, 5, 10, 100)
TESTS_A_SAMPLE = 5


def figures(folder: Path) -> Iterator[Figures]:
    """One for the folder."""
    items = records(find(folder, "samples.jsonl"), f"{folder.name}/samples.jsonl.gz")
    samples = [len(r["samples"]) for r in items]
    values: Record = {"n": len(items), "samples": sorted(set(samples))}
    others = {"items": len(items), "tasks": len(items), "n_samples": sum(samples)}
    marked = all(isinstance(r.get("passed"), list) for r in items)
    lacks = missing()
    if lacks and not marked:
        yield Figures(folder.name, len(items), values, other_names=others, not_recomputed={"*": lacks})
        return
    marks = [list(map(true, r["passed"])) if marked else _passed(r) for r in items]
    right = [sum(each) for each in marks]
    at = {str(k): Share(pass_at_k(samples, right, k).mean()) for k in SIZES if k <= min(samples)}
    values |= {"recomputed_pass_at": at, "passed": sum(right)}
    written = find(folder, "generated_tests.jsonl")
    if written is not None and not lacks:
        tests = {r["task_id"]: assertions(r["samples"], r.get("entry_point", "")) for r in records(written)}
        chosen = [_chosen(item, each, tests.get(item["task_id"], [])) for item, each in zip(items, marks, strict=True)]
        values["codet_pass_at_1"] = Share(mean(chosen))
    reason = "worded in the source's own way; the figures beside it are computed"
    yield Figures(folder.name, len(items), values, other_names=others, not_recomputed={"*": reason})


def _passed(item: Mapping[str, Any]) -> list[bool]:
    """Whether each program passes; equal programs are run once."""
    distinct = list(dict.fromkeys(item["samples"]))
    found = dict(zip(distinct, passed([item] * len(distinct), distinct), strict=True))
    return [found[each] for each in item["samples"]]


def assertions(samples: list[str], entry: str = "") -> list[str]:
    """The different assertions in texts that go on after the word `assert`: the first few of each."""
    found: dict[str, None] = {}
    for sample in samples:
        lines = [line.strip() for line in re.split(r"^assert\b", sample, flags=re.MULTILINE)]
        kept = [f"assert {line.splitlines()[0]}" for line in lines if line and entry in line.splitlines()[0]]
        found |= dict.fromkeys(kept[:TESTS_A_SAMPLE])
    return list(found)


def _chosen(item: Mapping[str, Any], marks: list[bool], tests: list[str]) -> float:
    """The share of the chosen group that passes."""
    distinct = list(dict.fromkeys(item["samples"]))
    ran = dict(zip(distinct, held([item["prompt"] + code for code in distinct], tests), strict=True))
    groups: dict[frozenset[int], list[bool]] = {}
    for code, mark in zip(item["samples"], marks, strict=True):
        groups.setdefault(ran[code], []).append(mark)
    best = max(len(tests_held) * len(members) for tests_held, members in groups.items())
    return mean(mean(m) for t, m in groups.items() if len(t) * len(m) == best)
