"""Tree of Thoughts, Game of 24 (Yao and others 2023, arXiv 2305.10601): GPT-4 on 100 puzzles, many samples each.

Each sample is checked again in exact arithmetic: it must use the puzzle's four numbers once each and make 24. pass@k is
the unbiased estimate (`scansion.stats.repeats`); the vote takes a puzzle's most frequent expression.
"""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from _published import Figures, Items, Record, files, mean, records, true

from scansion.stats.repeats import pass_at_k

SIZES = (1, 5, 10, 50, 100)
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
ANSWER = re.compile(r"answer:", re.IGNORECASE)


def figures(folder: Path) -> Iterator[Figures]:
    """One a method."""
    for name, path in files(folder, ".jsonl"):
        puzzles = [r for r in records(path) if r.get("samples")]
        recorded = [[true(mark) for mark in r["recorded_correct"]] for r in puzzles]
        checked = [[solves(s, r["puzzle"]) for s in r["samples"]] for r in puzzles]
        pairs = [pair for a, b in zip(recorded, checked, strict=True) for pair in zip(a, b, strict=True)]
        apart = sum(a != b for a, b in pairs)
        values = _values(recorded) | {
            "recorded_vs_recheck_disagree": apart,
            "recheck_mean": 100 * mean(map(mean, checked)),
            "recheck_best": 100 * mean(map(any, checked)),
            "majority_vote_expr": sum(_vote(r["samples"], marks) for r, marks in zip(puzzles, recorded, strict=True)),
            "total_usage": puzzles[-1].get("usage_so_far"),
        }
        items = (Items("verdicts by exact arithmetic", len(pairs) - apart, len(pairs)),)
        yield Figures(f"tot_game24/{name}", len(puzzles), values, items=items)


def _values(marks: list[list[bool]]) -> Record:
    samples, right = [len(m) for m in marks], [sum(m) for m in marks]
    at = {str(k): 100 * float(pass_at_k(samples, right, k).mean()) for k in SIZES if k <= min(samples)}
    return {
        "puzzles": len(marks),
        "samples": sorted(set(samples)),
        "mean_acc_recorded": 100 * mean(map(mean, marks)),
        "best_of_all": 100 * mean(map(any, marks)),
        "first_sample": 100 * mean(m[0] for m in marks),
        "pass_at": at,
    }


def _vote(samples: list[str], marks: list[bool]) -> bool:
    """Whether the most frequent expression, the first of equals, was right."""
    said = [expression(s) for s in samples]
    return marks[said.index(Counter(said).most_common(1)[0][0])]


def expression(sample: str) -> str:
    """What stands in a sample's last line behind `Answer:` and before the equals sign."""
    lines = sample.strip().splitlines() or [""]
    return ANSWER.split(lines[-1])[-1].split("=")[0].strip()


def solves(sample: str, puzzle: str) -> bool:
    """Whether a sample makes 24 of the puzzle's numbers, each used once."""
    said = expression(sample)
    if sorted(re.findall(r"\d+", said)) != sorted(puzzle.split()):
        return False
    try:
        return _value(ast.parse(said, mode="eval").body) == 24
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return False


def _value(node: ast.expr) -> Fraction:
    """The exact value of whole numbers joined by + - * /; ValueError for anything else."""
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        return Fraction(SIGNS[type(node.op)](_value(node.left), _value(node.right)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Fraction(node.value)
    raise ValueError("no arithmetic")
