"""`scansion show` on a large run: how soon it is on the screen, how long a page takes, a filter, a search.

    python bench/show.py [--outcomes 100000] [--words 80]

A lab of two variants is made by direct SQL, then read through a pseudo-terminal of 100 x 40, as a person would. `open`
is from the start of the process to the first screen; `page` from a key (n) to the next item's screen, the median and
the slowest of 200, half of them across the run (g); `wrong` from the last key of the filter to its first item; `search`
from Enter to the first item found and to the end, for a text in every hundredth outcome.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import random
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from measure import environment, median, table

from scansion.experiments.lab import Lab
from scansion.experiments.store.codec import pack
from scansion.types import Call, Completion, Example, Message, Request, Usage

WORDS = ["the", "of", "a", "to", "cat", "dog", "runs", "twelve", "is", "answer", "box", "pens", "holds", "bag", "many"]
PLAN = {
    "baseline": None,
    "scorers": ["numeric"],
    "pass_mark": 1.0,
    "no_answer": "unscored",
    "truncated": "unscored",
    "trials": 1,
    "split": None,
    "part": None,
    "base_dir": ".",
}
PAGES = 200


def variant(name: str) -> dict[str, object]:
    return {
        "name": name,
        "prompt": f"{name}.txt",
        "technique": "as-is",
        "model": "openai/gpt-5-mini",
        "plain": True,
        "columns": {"question": "question"},
        "text": "{{question}}",
    }


def build(folder: Path, rows: int, words: int) -> None:
    """A finished run of two variants over `rows` rows, with outputs of about `words` words."""
    drawn = random.Random(0)

    def text(count: int) -> str:
        return " ".join(drawn.choices(WORDS, k=count))

    context = {
        "variants": [variant("direct"), variant("steps")],
        "scorer_ids": [1],
        "data": "rows.jsonl",
        "fingerprint": "x",
        "roles": [],
    }
    with Lab(folder) as lab:
        db = lab.db
        db.execute("BEGIN")
        db.execute("INSERT INTO scorers (id, identity) VALUES (1, 'numeric')")
        db.execute("INSERT INTO datasets (id, path, fingerprint) VALUES (1, 'rows.jsonl', 'x')")
        db.execute(
            "INSERT INTO runs (id, name, plan_digest, plan, context, dataset, created, finished, planned) "
            "VALUES (1, 'big', x'00', ?, ?, 1, 0, 1, ?)",
            (pack(PLAN), pack(context), rows),
        )
        for row in range(rows):
            example = Example(f"row-{row}", {"question": text(60)}, row % 100, row=row)
            values = (row, example.id, row, row * 100, row * 7919, pack(example))
            db.execute("INSERT INTO rows VALUES (1, ?, ?, ?, ?, ?, 0, 1.0, ?)", values)
            shared = text(words)
            for index in (0, 1):
                id = 2 * row + index + 1
                key = id.to_bytes(16, "big")
                reply = Completion(
                    f"{shared} {text(words // 10)} is {row % 100}.", "stop", Usage(80, words), latency=0.3
                )
                request = Request(messages=(Message("user", example.inputs["question"]),))
                call = Call(key, "openai/gpt-5-mini", request, reply, 0.0004)
                db.execute("INSERT INTO calls (id, key, body, created) VALUES (?, ?, ?, 0)", (id, key, pack(call)))
                outcome = (id, key, 2 if id % 97 == 0 else 0, key)
                db.execute("INSERT INTO outcomes (id, key, status, calls, cost) VALUES (?, ?, ?, ?, 0.0004)", outcome)
                score = (id, row * 7919, float(drawn.random() > 0.4))
                db.execute("INSERT INTO scores (outcome, scorer, example, state, value) VALUES (?, 1, ?, 0, ?)", score)
                db.execute("INSERT INTO members VALUES (1, ?, ?, 0, ?)", (index, row, id))
        db.execute("COMMIT")


class Reader:
    """`scansion show` on a pseudo-terminal."""

    def __init__(self, lab: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("scansion")), "show", "--as", "bench", "--lab", str(lab)],
            stdin=slave,
            stdout=slave,
            start_new_session=True,
            env={**environment(), "TERM": "xterm"},
        )
        os.close(slave)

    def seconds(self, keys: str, until: str) -> float:
        """How long it takes from some keys until a text is sent to the screen."""
        os.write(self.master, keys.encode())
        begun, seen = time.perf_counter(), b""
        while until.encode() not in seen:
            seen += os.read(self.master, 65536)
        return time.perf_counter() - begun

    def searched(self) -> None:
        """Wait for a bar above that speaks of no search under way."""
        bar = "searching"
        while "searching" in bar:
            drawn = os.read(self.master, 65536).decode(errors="replace")
            bar = drawn.rpartition("\x1b[1;1H")[2].partition("\x1b[0m")[0] if "\x1b[1;1H" in drawn else bar

    def close(self) -> None:
        os.write(self.master, b"q")
        self.process.wait()
        os.close(self.master)


def measure(lab: Path, rows: int) -> list[object]:
    """One row of the table; times in ms but for the search."""
    begun = time.perf_counter()
    reader = Reader(lab)
    reader.seconds("", "read 1 of")
    opened = time.perf_counter() - begun
    pages = [reader.seconds("n", f"item {at + 2:,} of") for at in range(PAGES // 2)]
    for at in range(1, PAGES // 2 + 1):
        place = at * (rows // (PAGES // 2 + 1))
        reader.seconds(f"g{place}", f"): {place}")
        pages.append(reader.seconds("\r", f"item {place:,} of"))
    reader.seconds("f", "w wrong")
    wrong = reader.seconds("w", "wrong  read")
    reader.seconds("f", "a all")
    reader.seconds("a", f"of {rows:,}")
    reader.seconds("/is 77.", "is 77.")
    begun = time.perf_counter()
    first = reader.seconds("\r", "item 1 of")
    reader.searched()
    searched = time.perf_counter() - begun
    reader.close()
    ms = [1000 * value for value in (opened, median(pages), max(pages), wrong, first)]
    return [f"{2 * rows:,}", *ms, searched]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, nargs="+", default=[2_000, 100_000])
    parser.add_argument("--words", type=int, default=80, help="of an output, about")
    args = parser.parse_args()
    found = []
    for outcomes in args.outcomes:
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder), outcomes // 2, args.words)
            found.append(measure(Path(folder), outcomes // 2))
    head = ["outcomes", "open ms", "page ms", "slowest ms", "wrong ms", "first found ms", "search s"]
    print(table(head, found))


if __name__ == "__main__":
    main()
