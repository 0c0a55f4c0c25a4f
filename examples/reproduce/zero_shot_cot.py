"""Reproduces table 1 of Kojima et al. 2022, "Large Language Models are Zero-Shot Reasoners" (arXiv 2205.11916).

    python examples/reproduce/zero_shot_cot.py --data ../shared/data/zero_shot_cot [--json] [--keep DIR]

The authors' recorded completions of text-davinci-002 (files SET.METHOD.jsonl.gz) become a `replay:` recording, and the
ordinary runner runs both methods over each set that the folder holds. `zero_shot` asks for the answer at once;
`zero_shot_cot` lets the model reason first (`cot`) and then asks for the answer (`extract`). Shown per set and method:
items, correct ones, correct ones in the authors' log, items whose mark differs from the log's, the paper's figure in
per cent; and the paired verdict on the two methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _common import (
    Record,
    compare_marks,
    comparison_row,
    main,
    rounds,
    run_recorded,
    workplace,
    write_lines,
    write_prompt,
)
from _published import Figures, Items, find, records

from scansion.experiments.results import Comparison
from scansion.specs import write

METHODS = ("zero_shot", "zero_shot_cot")
CUE = "Let's think step by step."
NUMBERS = ("The answer (arabic numerals) is", r'then(drop(","), regex("-?\\d+\\.?\\d*"), trim("."))')
YES_NO = ("The answer (Yes or No) is", "word(yes, no)")
TO_C = ("Among A through C, the answer is", 'regex("[A-C]")')
TO_E = ("Among A through E, the answer is", 'regex("[A-E]")')
TO_F = ("Among A through F, the answer is", 'regex("[A-F]")')
LETTERS = ("The answer is", 'drop("\\"\'.", spaces=true)')

# set: the cue that asks for the answer and the extractor that reads it as the authors' code does; the paper's
# accuracies of METHODS in per cent
SETS = {
    "singleeq": (NUMBERS, (74.6, 78.0)),
    "addsub": (NUMBERS, (72.2, 69.6)),
    "multiarith": (NUMBERS, (17.7, 78.7)),
    "gsm8k": (NUMBERS, (10.4, 40.7)),
    "aqua": (TO_E, (22.4, 33.5)),
    "svamp": (NUMBERS, (58.8, 62.1)),
    "commonsensqa": (TO_E, (68.8, 64.6)),
    "strategyqa": (YES_NO, (12.7, 54.8)),
    "bigbench_date": (TO_F, (49.3, 67.5)),
    "object_tracking": (TO_C, (31.3, 52.4)),
    "last_letters": (LETTERS, (0.2, 57.6)),
    "coin_flip": (YES_NO, (12.8, 91.4)),
}


def reproduce(data: Path, work: Path) -> Record:
    """The document of all sets whose files stand in `data`."""
    document: Record = {"rows": [], "comparisons": []}
    for dataset, ((ask, extractor), paper) in SETS.items():
        logs = {m: records(path) for m in METHODS if (path := find(data, f"{dataset}.{m}.jsonl"))}
        if not logs:
            continue
        marks, comparison = run_set(work / dataset, logs, ask, f"exact(by={extractor}, strip=false)")
        for method, log in logs.items():
            document["rows"].append(row(dataset, method, log, marks[method], paper[METHODS.index(method)]))
        if comparison is not None:
            document["comparisons"].append(comparison_row(dataset, comparison))
    return document


def figures(data: Path) -> Iterator[Figures]:
    """One a set and method, for `all.py`."""
    with workplace(None) as work:
        found = reproduce(data, work)["rows"]
    for r in found:
        accuracy = 100 * r["correct"] / r["n"]
        values = {"n": r["n"], "correct": r["correct"], "accuracy": accuracy, "log_accuracy": accuracy}
        yield Figures(
            f"zero_shot_cot/{r['dataset']}/{r['method']}",
            r["n"],
            values | {"paper_table1": accuracy},
            digits={"paper_table1": 1},
            stated={"paper_table1": ("accuracy", 1.0)},
            items=(Items("the log's verdicts", r["n"] - r["items_differing"], r["n"]),),
        )


def row(dataset: str, method: str, log: list[Record], marks: dict[str, bool], paper: float) -> Record:
    """One line of the table."""
    return {
        "dataset": dataset,
        "method": method,
        "n": len(log),
        "correct": sum(marks[r["item_id"]] for r in log),
        "recorded_correct": sum(r["correct"] for r in log),
        "items_differing": sum(marks[r["item_id"]] != r["correct"] for r in log),
        "paper": paper,
    }


def run_set(
    work: Path, logs: dict[str, list[Record]], ask: str, scorer: str
) -> tuple[dict[str, dict[str, bool]], Comparison | None]:
    """Whether each item was right, by method, and the verdict where both methods are there."""
    items: dict[str, Record] = {}
    for method, log in logs.items():
        for r in log:
            item = items.setdefault(r["item_id"], {"id": r["item_id"], "question": r["question"], "answer": r["gold"]})
            item[method] = r
    marks: dict[str, dict[str, bool]] = {method: {} for method in logs}
    parts = rounds(list(items.values()), lambda i: i["question"], lambda i: [i[m]["pred"] for m in logs])
    for at, part in enumerate(parts):
        folder = work / f"round_{at}"
        build(folder, part, ask)
        result, found = run_recorded(folder, [variant(method, ask) for method in logs], scorer)
        for method in logs:
            marks[method] |= found[method]
    if len(logs) < len(METHODS):
        return marks, None
    if len(parts) == 1:
        return marks, result.comparisons[0]
    pairs = [(i["question"], *(marks[method][i["id"]] for method in METHODS)) for i in items.values()]
    return marks, compare_marks(work, *METHODS, pairs)


def second_cue(ask: str) -> str:
    """The text between the reasoning and the answer."""
    return f"\nTherefore, {ask[0].lower()}{ask[1:]}"


def variant(method: str, ask: str) -> Record:
    """A method as Scansion names it."""
    technique = "as-is" if method == "zero_shot" else f"cot | extract({write(second_cue(ask))})"
    return {"name": method, "prompt": f"{method}.prompty", "technique": technique}


def build(folder: Path, items: list[Record], ask: str) -> None:
    """Prompts, data and recording of a set."""
    write_prompt(folder / "zero_shot.prompty", f"Q: {{{{question}}}}\nA: {ask}")
    write_prompt(folder / "zero_shot_cot.prompty", "Q: {{question}}\nA:")
    write_lines(folder / "rows.jsonl", [{key: i[key] for key in ("id", "question", "answer")} for i in items])
    calls = [call for item in items for call in recorded_calls(item, ask)]
    write_lines(folder / "recording.jsonl", [{"prompt": prompt, "completion": text} for prompt, text in calls])


def recorded_calls(item: Record, ask: str) -> list[tuple[str, str]]:
    """What was sent and what came back, for each call made for an item."""
    calls = []
    start = f"Q: {item['question']}\nA:"
    if direct := item.get("zero_shot"):
        calls.append((f"{start} {ask}", direct["completion_1"]))
    if cot := item.get("zero_shot_cot"):
        reasoned = f"{start} {CUE}{cot['completion_1']}"
        calls += [(f"{start} {CUE}", cot["completion_1"]), (f"{reasoned}{second_cue(ask)}", cot["completion_2"])]
    return calls


if __name__ == "__main__":
    main(__doc__ or "", "../shared/data/zero_shot_cot", reproduce)
