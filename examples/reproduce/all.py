"""Recomputes the published figures of recorded experiments from their raw records, for whichever sets a folder holds.

    python examples/reproduce/all.py --data ../shared/data [--set NAME] [--verbose] [--json]

A set is a folder of DIR with a script of its name beside this one; `expected.json` in DIR holds the published figures.
Shown are, published beside computed, the main figure of each key (`--verbose`: every figure); a line a set with how
many are the same; then each difference, each figure that is not recomputed with the reason, and each key or field that
nothing here knows. Exit 1: a figure differs; 2: DIR or records cannot be read; else 0.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from _published import Figures, Items, Record, Row, alone, rows

from scansion.errors import InputError

SCRIPTS = {"bbh_codex": "bbh"}
"""Sets whose script has another name than their folder."""

HEADLINES = ("win_rate", "accuracy", "acc", "correct_both", "best_of_all", "recorded_pass_at_1", "kappa", "mean_score")
STANDING = ("differs", "same", "source", "alone", "not recomputed", "unknown")
STATUSES = ("same", "differs", "source", "not recomputed", "unknown")
HERE = Path(__file__).parent
NO_SET = re.compile(r"^_|^all$")


class Outcome(NamedTuple):
    """One set: its figures beside the published ones, what was checked item by item, what kept it from being read."""

    name: str
    rows: list[Row]
    items: list[tuple[str, Items]]
    seconds: float
    trouble: str = ""

    def count(self, status: str) -> int:
        """How many figures ended so."""
        return sum(row.status == status for row in self.rows)


def reproduce(data: Path, expected: Record, only: list[str]) -> Iterator[Outcome]:
    """Each set that the folder holds or `expected` names, in alphabetical order."""
    held = {p.name for p in data.iterdir() if p.is_dir()}
    for name in sorted(held | {key.split("/")[0] for key in expected}):
        if not only or name in only:
            yield _set(data / name, {k: v for k, v in expected.items() if k.split("/")[0] == name})


def _set(folder: Path, expected: Record) -> Outcome:
    start = time.perf_counter()
    script = HERE / f"{SCRIPTS.get(folder.name, folder.name)}.py"
    if not script.exists() or NO_SET.search(script.stem):
        return Outcome(folder.name, _missing(expected, "no script knows this set", "unknown"), [], 0.0)
    if not folder.is_dir():
        return Outcome(folder.name, _missing(expected, "the set's folder is not here"), [], 0.0)
    found, trouble = _figures(script.stem, folder)
    golden = getattr(importlib.import_module(script.stem), "published", None)
    compared = list(_compare(found, expected | (golden(folder) if golden and not trouble else {}), trouble))
    items = [(f.key, checked) for f in found for checked in f.items]
    return Outcome(folder.name, compared, items, time.perf_counter() - start, trouble)


def _figures(script: str, folder: Path) -> tuple[list[Figures], str]:
    """What a set's script computes, and what kept it from computing more."""
    found: list[Figures] = []
    try:
        found.extend(importlib.import_module(script).figures(folder))
    except InputError as error:
        return found, str(error)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        return (
            found,
            f"{folder.name}: records are not of the form that the script reads ({type(error).__name__}: {error})",
        )
    return found, ""


def _compare(found: list[Figures], expected: Record, trouble: str) -> Iterator[Row]:
    published = _spread(expected, found)
    plain = {_plain(key): key for key in published}
    taken = set()
    for figures in found:
        names = (figures.key, *figures.other_keys)
        key = next((n for n in names if n in published), None) or next(
            (plain[n] for n in map(_plain, names) if n in plain), None
        )
        if key is None or not isinstance(published[key], dict):
            yield from alone(figures)
            continue
        taken.add(key)
        yield from rows(figures, published[key])
    reason = trouble or "no records of this part are here"
    yield from _missing({k: v for k, v in published.items() if k not in taken}, reason)


def _spread(expected: Record, found: list[Figures]) -> Record:
    """Published objects by the keys of the figures: a set's one object of objects becomes one a part."""
    whole = {f.key for f in found if "/" not in f.key}
    parted = {f.key.split("/")[0] for f in found if "/" in f.key}
    spread: Record = {}
    for key, value in expected.items():
        if key in whole or key not in parted or not isinstance(value, dict):
            spread[key] = value
            continue
        spread |= {f"{key}/{part}": inner for part, inner in value.items()}
    return spread


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _missing(expected: Record, reason: str, status: str = "not recomputed") -> list[Row]:
    return [Row(key, "", None, None, None, status, reason) for key in expected]


def show(outcomes: list[Outcome], verbose: bool) -> None:
    """Published beside computed, one figure a key or all of them; the table of sets; what a reader must know."""
    for o in outcomes:
        _headlines(o)
    if verbose:
        _listed("Figures", [_line(row) for o in outcomes for row in o.rows])
    heads = ("same", "differ", "source", "not done", "unknown", "s")
    print(f"\n{'set':<26}" + "".join(f"{head:>9}" for head in heads))
    for o in outcomes:
        print(f"{o.name[:26]:<26}" + "".join(f"{o.count(s):>9}" for s in STATUSES) + f"{o.seconds:>9.1f}")
    _below(outcomes)
    print(_summary(outcomes))


def _headlines(outcome: Outcome) -> None:
    keys: dict[str, list[Row]] = {}
    for row in outcome.rows:
        keys.setdefault(row.key, []).append(row)
    print(f"\n{outcome.name[:37]:<37} {'figure':<18}{'published':>12}{'computed':>12}" if keys else f"\n{outcome.name}")
    for key, rows_ in keys.items():
        row = min(rows_, key=_telling)
        name = key.removeprefix(f"{outcome.name}/")
        name = name if len(name) <= 35 else f"..{name[-33:]}"
        computed = _short(row.computed) if row.computed is not None else row.status.replace("recomputed", "done")
        print(f"  {name:<35} {row.field.split(' > ')[-1][-18:]:<18}{_short(row.published):>12}{computed:>12}")


def _telling(row: Row) -> tuple[int, int]:
    """Lowest for the figure that says most of a key: one that differs, else its rate, else a count other than n."""
    last = row.field.split(" > ")[-1]
    place = HEADLINES.index(last) if last in HEADLINES else len(HEADLINES) + (last in ("n", "prompts", "puzzles"))
    return STANDING.index(row.status), place


def _short(value: Any) -> str:
    return (f"{value:.5g}" if isinstance(value, float) else "-" if value is None else str(value))[:11]


def _below(outcomes: list[Outcome]) -> None:
    rows_ = [row for o in outcomes for row in o.rows]
    _listed("Differs", [_line(r) for r in rows_ if r.status == "differs"])
    _listed(
        "The source's own statement is not what its records give", [_line(r) for r in rows_ if r.status == "source"]
    )
    _listed("Not recomputed", _reasons(outcomes, "not recomputed"))
    _listed("Unknown", _reasons(outcomes, "unknown"))
    _listed("Recorded verdicts that our own reading contradicts", list(_contradicted(outcomes)))
    _listed("Could not be read", [o.trouble for o in outcomes if o.trouble])


def _listed(title: str, lines: list[str]) -> None:
    if lines:
        print(f"\n{title}:")
        for line in lines:
            print(
                textwrap.fill(
                    line,
                    80,
                    initial_indent="  ",
                    subsequent_indent="    ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )


def _reasons(outcomes: list[Outcome], status: str) -> list[str]:
    """One line a set, field and reason, with the number of keys."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for o in outcomes:
        for row in o.rows:
            if row.status == status:
                found.setdefault((o.name, row.field, row.note), []).append(row.key)
    return [
        f"{keys[0] if len(keys) == 1 else f'{name} ({len(keys)} keys)'}{f' {field}' if field else ''}: {note}"
        for (name, field, note), keys in found.items()
    ]


def _contradicted(outcomes: list[Outcome]) -> Iterator[str]:
    for o in outcomes:
        for key, checked in o.items:
            if checked.same < checked.of:
                yield f"{key}: {checked.of - checked.same} of {checked.of} ({checked.what})"


def _line(row: Row) -> str:
    parts = [row.key + (f" > {row.field}" if row.field else ""), f"published {_number(row.published)}"]
    parts.append(f"computed {_number(row.computed)}")
    return ", ".join(parts) + f": {row.status}" + (f" ({row.note})" if row.note else "")


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _summary(outcomes: list[Outcome]) -> str:
    same, differs, bare = (sum(o.count(s) for o in outcomes) for s in ("same", "differs", "alone"))
    items = [checked for o in outcomes for _, checked in o.items]
    agreeing, of = sum(i.same for i in items), sum(i.of for i in items)
    said = [f"{same:,} of {same + differs:,} figures are the published ones."]
    if of:
        said.append(f"{agreeing:,} of {of:,} items agree with the verdict recorded for them.")
    if bare:
        said.append(f"{bare:,} figures more have no published one beside them.")
    return "\n" + textwrap.fill(" ".join(said), 80)


def document(outcomes: list[Outcome]) -> Record:
    """All of it for a program."""
    return {
        "sets": [
            {
                "set": o.name,
                "seconds": round(o.seconds, 3),
                "trouble": o.trouble or None,
                "rows": [row._asdict() for row in o.rows],
                "items": [{"key": key, **checked._asdict()} for key, checked in o.items],
            }
            for o in outcomes
        ],
        "same": sum(o.count("same") for o in outcomes),
        "differs": sum(o.count("differs") for o in outcomes),
    }


def read_expected(data: Path) -> Record:
    """The published figures of a folder; none, with a word on standard error, where there is no such file."""
    path = data / "expected.json"
    if not path.exists():
        print(f"{path}: no such file; figures are computed and compared with nothing", file=sys.stderr)
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); it must be one JSON object") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: is no JSON object; its keys name sets and parts")
    return found


def run(args: argparse.Namespace) -> int:
    """Reproduce, show, and say how it went."""
    if not args.data.is_dir():
        raise InputError(f"{args.data}: no such folder; name it with --data")
    if not (args.data / "expected.json").exists() and not any(p.is_dir() for p in args.data.iterdir()):
        raise InputError(f"{args.data}: holds no set and no expected.json; name the folder of the sets with --data")
    expected = read_expected(args.data)
    known = {p.name for p in args.data.iterdir() if p.is_dir()} | {key.split("/")[0] for key in expected}
    if unknown := [name for name in args.set if name not in known]:
        raise InputError(f"--set {unknown[0]}: {args.data} holds no such set; it holds {', '.join(sorted(known))}")
    outcomes = list(reproduce(args.data, expected, args.set))
    if args.json:
        print(json.dumps(document(outcomes), indent=1))
    else:
        show(outcomes, args.verbose)
    if any(o.count("differs") for o in outcomes):
        return 1
    return 2 if any(o.trouble for o in outcomes) else 0


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder of the sets and expected.json"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME", help="only this set; may be repeated")
    parser.add_argument("--verbose", action="store_true", help="each figure, published beside computed")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    try:
        sys.exit(run(parser.parse_args()))
    except InputError as error:
        print(f"all.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
