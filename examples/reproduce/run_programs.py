"""Runs the recorded programs of Program of Thoughts in the sandbox, and compares with the recorded answers.

    python examples/reproduce/run_programs.py --data ../shared/data/program_of_thoughts [--every N] [--json]

Every program of each file (of a list of samples the first), or each N-th; the answer is the variable `ans`. The same
are numbers that are equal and texts that are. All others are listed with the cause, as far as it can be told. The
programs need `pip install sympy numpy`. Exit 2: the records cannot be read, or programs cannot be run here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _published import Record, files, records
from _sandboxed import SOLVE_IT, missing, run_all

from scansion.errors import InputError
from scansion.sandbox import Ran

PACKAGES = ("sympy", "numpy")
FIELDS = ("executed", "generated_prediction")

SIGN = "the record holds the value without its sign"
SYMBOLS = "the record holds no answer, and the program gives an expression with a variable in it"
ROUNDED = "numbers that differ in the last decimal recorded"
NAMELESS = "the program uses a name that neither it nor its prompt defines; the record's run had one"
ENDED = "the program does not end well here"
OTHER = "another value"


def main() -> int:
    """Run what the command line names. Exit 1: a program gives another answer than recorded, for no known cause."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        found = [compared(name, path, args.every) for name, path in recorded(args.data)]
    except (InputError, OSError) as error:
        print(f"run_programs: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(found))
    else:
        show(found)
    return int(any(cause in (OTHER, ENDED) for one in found for cause in one["causes"]))


def recorded(folder: Path) -> list[tuple[str, Path]]:
    """The files of programs in a folder. Raises InputError where there is none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the set's folder with --data")
    if not (found := files(folder, ".jsonl")):
        raise InputError(f"{folder}: holds no .jsonl file of programs; name the folder of the set with --data")
    return found


def compared(name: str, path: Path, every: int = 1) -> Record:
    """One file: how many programs gave the recorded answer, and each that did not. Raises InputError without a
    sandbox."""
    if lacks := missing(PACKAGES):
        raise InputError(lacks)
    items = [(at, r) for at, r in enumerate(r for r in records(path) if "answer" in r)][::every]
    field = next((f for f in FIELDS if items and f in items[0][1]), None)
    if field is None or "generated" not in items[0][1]:
        raise InputError(f"{path}: holds no recorded program; name the folder of Program of Thoughts with --data")
    aqua = field == "generated_prediction"
    start = time.perf_counter()
    ran = run_all([SOLVE_IT + _program(r) for _, r in items], "in_words(ans)" if aqua else "ans", PACKAGES)
    seconds = time.perf_counter() - start
    different = list(_differences(items, ran, field))
    causes = Counter(each["cause"] for each in different)
    return {
        "file": name,
        "n": len(items),
        "same": len(items) - len(different),
        "causes": causes,
        "different": different,
        "per_second": round(len(items) / seconds, 1),
    }


def _program(item: Record) -> str:
    made = item["generated"]
    return str(made[0] if isinstance(made, list) else made)


def _differences(items: list[tuple[int, Record]], ran: list[Ran], field: str) -> Iterator[Record]:
    for (at, item), one in zip(items, ran, strict=True):
        recorded, computed = item[field], one.value if one.ended == "done" else None
        computed = _single(computed) if field == "executed" else computed
        if not _same(recorded, computed):
            cause = _cause(recorded, computed, one)
            yield {"item": at, "recorded": recorded, "computed": computed, "error": one.error, "cause": cause}


def _single(value: Any) -> Any:
    """The first of several values, None of an empty list: what the records hold."""
    while isinstance(value, dict) and value:
        value = next(iter(value.values()))
    return None if value == [] else value


def _same(recorded: Any, computed: Any) -> bool:
    if isinstance(recorded, float) and isinstance(computed, list) and computed:
        computed = computed[0]
    one, other = _number(recorded), _number(computed)
    if one is not None and other is not None:
        return abs(one - other) <= 1e-9 * max(1.0, abs(one))
    return _plain(recorded) == _plain(computed)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _plain(value: Any) -> str:
    """A value as text without what differs between a list and a tuple."""
    return str(value).translate(str.maketrans("()", "[]", "' \"")).replace(",]", "]")


def _cause(recorded: Any, computed: Any, ran: Ran) -> str:
    one, other = _number(recorded), _number(computed)
    if one is not None and other is not None:
        return SIGN if one == -other else ROUNDED if abs(one - other) <= 0.011 else OTHER
    if ran.ended != "done":
        return NAMELESS if "NameError" in ran.error else ENDED
    return SYMBOLS if recorded in (None, "None") and computed is not None else OTHER


def show(found: list[Record]) -> None:
    """A line a file, then each cause with its items."""
    for one in found:
        print(f"{one['file']}: {one['same']} of {one['n']} as recorded, {one['per_second']} programs/s")
        for cause, count in one["causes"].items():
            print(f"  {count} x {cause}:")
            for each in one["different"]:
                if each["cause"] == cause:
                    print(f"    {each['item']}: {each['recorded']!r} -> {each['computed']!r} {each['error']}"[:110])


if __name__ == "__main__":
    sys.exit(main())
