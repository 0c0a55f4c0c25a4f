"""A million rows: how soon the first call leaves, and whether memory stays where it is at 10,000.

    python bench/million.py [--full] [--rows 10000 1000000]

Rows are asked of a function that answers at once (`python:` model), exact match, store on. By default a budget of 200
calls ends the asking, the rest of the file is read and counted; `--full` asks every row. Seconds to the first call
count from the start of the process, imports and the pass over the file included; peak memory is the kernel's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from measure import Pinned, disk_bytes, table

MODEL = '''"""Answers at once, and notes when it was first asked."""

import os
import time
from pathlib import Path


async def answer(request):
    if not answer.asked:
        answer.asked = True
        Path(os.environ["FIRST_CALL"]).write_text(str(time.monotonic()))
    return "4"


answer.asked = False
'''
ACCEPTED = (0, 3)  # done, or incomplete because of the budget


def write_rows(path: Path, n: int) -> None:
    """n different questions, about 90 bytes each."""
    with path.open("w", encoding="utf-8") as file:
        for i in range(n):
            question = f"A box holds {i} pens and a bag holds {i * 7919 % 100003}. How many?"
            file.write(json.dumps({"id": f"row-{i}", "question": question, "answer": "4" if i % 2 else "5"}) + "\n")


def measure(folder: Path, n: int, full: bool) -> list[object]:
    """One row of the table."""
    work = folder / str(n)
    work.mkdir()
    (work / "ask.txt").write_text("{{question}}\n", encoding="utf-8")
    (work / "instant.py").write_text(MODEL, encoding="utf-8")
    write_rows(work / "rows.jsonl", n)
    command = [str(Path(sys.executable).with_name("scansion")), "run", "-p", "ask.txt", "-d", "rows.jsonl"]
    command += ["-m", "python:instant:answer", "-s", "exact", "--lab", str(work / "lab"), "--json", "--yes"]
    command += [] if full else ["--budget", "200calls"]
    note = work / "first"
    begun = time.monotonic()
    cost = Pinned(1, work, {"FIRST_CALL": str(note), "PYTHONPATH": str(work)}, limit=7200).run(command, ACCEPTED)
    first = float(note.read_text()) - begun
    size = (work / "rows.jsonl").stat().st_size / 1e6
    return [f"{n:,}", size, first, cost.wall, cost.cpu / n * 1000, cost.peak_mb, disk_bytes(work / "lab") / 1e6]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="ask every row")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(Path(folder), n, args.full) for n in args.rows]
    head = ["rows", "file MB", "first call s", "all s", "CPU ms a row", "peak MB", "lab MB"]
    print("every row asked" if args.full else "200 calls", table(head, rows), sep="\n\n")


if __name__ == "__main__":
    main()
