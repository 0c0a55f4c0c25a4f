"""Writes held-out word problems as a data file: python -m training.held_out FILE --rows 100 --steps 2 3 4 5."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.problem import Problem
from training.source import Source
from training.tasks.word_problem import word_problem

__all__ = ["row"]


def row(problem: Problem, at: int) -> dict[str, object]:
    """One line of the file."""
    reasons = " ".join(problem.steps)
    return {
        "id": f"p{at:03}",
        "question": problem.question,
        "answer": int(problem.answer),
        "rationale": reasons,
        "steps": problem.kind["steps"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--steps", type=int, nargs="+", default=[2, 3, 4, 5])
    parser.add_argument("--seed", default="data")
    args = parser.parse_args()
    rows = (
        row(word_problem(Source(f"{args.seed} {at}", held=True), args.steps[at % len(args.steps)]), at + 1)
        for at in range(args.rows)
    )
    args.file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
