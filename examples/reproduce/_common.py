"""What the reproductions share: reading records, writing data and recordings, running them, showing the figures.

A reproduction turns the records of a published experiment into a data file and a `replay:` recording and hands both to
the ordinary runner. No model is asked and no network is used.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from scansion.data import DataSpec
from scansion.errors import InputError
from scansion.experiments.compare import compare_table
from scansion.experiments.lab import Lab
from scansion.experiments.results import Comparison, RunResult
from scansion.experiments.runner import run

Record = dict[str, Any]


def write_lines(path: Path, lines: Iterable[Record]) -> None:
    """A JSONL file, in a folder that is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def write_prompt(path: Path, body: str) -> None:
    """A prompt for a base model; what is sent is the body exactly as it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {path.stem}\nmodel:\n  apiType: completion\n---\n{body}\n", encoding="utf-8")


def rounds(
    items: Sequence[Record], asked: Callable[[Record], Any], answered: Callable[[Record], Any]
) -> list[list[Record]]:
    """The items in as few rounds as let each keep its own answer.

    Equal requests of one run share one call. An item that asks what an earlier one asked and was answered otherwise
    goes to a later round, which is run on its own.
    """
    seen: dict[Any, list[Any]] = {}
    found: list[list[Record]] = []
    for item in items:
        answers = seen.setdefault(asked(item), [])
        if answered(item) not in answers:
            answers.append(answered(item))
        at = answers.index(answered(item))
        found += [[] for _ in range(at + 1 - len(found))]
        found[at].append(item)
    return found


def run_recorded(folder: Path, variants: Sequence[Record], scorer: str) -> tuple[RunResult, dict[str, dict[str, bool]]]:
    """Run `rows.jsonl` of a folder on its `recording.jsonl`: the figures, and per variant whether each row was right.

    An answer that cannot be read counts as wrong, as in the papers. Raises InputError if an outcome is missing.
    """
    lab = folder / ".scansion"
    result = run(
        lab=lab,
        variants=list(variants),
        models=["replay:recording.jsonl"],
        data={"path": "rows.jsonl", "target": "answer", "id": "id"},
        scorers=[scorer],
        no_answer="wrong",
        baseline=variants[0]["name"],
        base_dir=folder,
    )
    marks: dict[str, dict[str, bool]] = {str(variant["name"]): {} for variant in variants}
    with Lab.find(lab) as opened:
        for view in opened.views(result.run):
            if view.status != "scored":
                raise InputError(
                    f"{folder.name}: {view.example.id} ended as {view.status}: {view.message or view.reason}"
                )
            marks[view.variant][view.example.id] = not view.wrong
    return result, marks


def compare_marks(folder: Path, a: str, b: str, rows: Iterable[tuple[str, bool, bool]]) -> Comparison:
    """The verdict on marks from several runs: each row is a question and whether `a` and `b` were right on it."""
    path = folder / "marks.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", a, b])
        writer.writerows((question, int(right_a), int(right_b)) for question, right_a, right_b in rows)
    return compare_table(DataSpec(path=str(path), group="question"), a, b).comparisons[0]


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder for what is built: `keep`, or one that is deleted afterwards."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def comparison_row(dataset: str, comparison: Comparison) -> Record:
    """A comparison as the JSON document has it."""
    return {"dataset": dataset, **msgspec.to_builtins(comparison)}


def show(document: Record, as_json: bool) -> None:
    """Print the document as JSON, or as two tables for a person."""
    if as_json:
        print(json.dumps(document, indent=1))
        return
    head = ("dataset", "method", "n", "correct", "recorded_correct", "items_differing", "paper")
    _table(head, [[row[name] for name in head] for row in document["rows"]])
    print()
    verdicts = [_verdict(c) for c in document["comparisons"]]
    _table(("dataset", "compared", "difference", "interval", "p", "verdict"), verdicts)


def _verdict(c: Record) -> list[Any]:
    low, high = c["interval"] or (float("nan"), float("nan"))
    difference = float("nan") if c["difference"] is None else c["difference"]
    p = "-" if c["p"] is None else f"{c['p']:.2g}"
    span = f"{low:+.3f} to {high:+.3f}"
    return [c["dataset"], f"{c['b']} with {c['a']}", f"{difference:+.3f}", span, p, c["verdict"]]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [[*head], *[["-" if cell is None else str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def main(description: str, default: str, reproduce: Callable[[Path, Path], Record]) -> None:
    """The command line of a reproduction: `reproduce(data folder, work folder)` gives the document."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(default), help=f"folder of the records (default: {default})")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="build the files here and leave them there")
    args = parser.parse_args()
    try:
        if not args.data.is_dir():
            raise InputError(f"{args.data}: no such folder; name it with --data")
        with workplace(args.keep) as folder:
            show(reproduce(args.data, folder), args.json)
    except InputError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(2)
