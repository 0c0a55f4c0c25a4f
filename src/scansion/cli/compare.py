"""Compare two prompts, two variants, two runs, or two columns of a file.

  scansion compare a.txt b.txt -d rows.csv -m MODEL -s exact     a run; the first is the baseline
  scansion compare A B                     two variants of the last run (or of --run)
  scansion compare RUN1 RUN2               two runs
  scansion compare results.csv --a answer_v1 --b answer_v2 --target gold -s numeric

The last form asks no model. The verdict says what the second is.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser
from scansion.cli._plan import add_plan_options, add_run_options, gates_from, options_from, plan_from
from scansion.cli._show import check_targets, code_of, show_result, write_markdown
from scansion.errors import InputError, nearest

if TYPE_CHECKING:
    from scansion.data import DataSpec
    from scansion.experiments.results import RunResult


def configure(parser: Parser) -> None:
    """The options of `scansion compare`."""
    parser.add_argument("sides", nargs="*", metavar="A B", help="prompt files, variants, runs; or one file of results")
    parser.add_argument("--run", metavar="RUN", help="the run whose variants are compared (default: the last)")
    parser.add_argument("--a", metavar="COL", help="the column of the first answers, in a file of results")
    parser.add_argument("--b", metavar="COL", help="the column of the second answers")
    add_plan_options(parser)
    add_run_options(parser)


def main(args: Namespace) -> int:
    """Runs the command."""
    check_targets(args)
    if not (args.a or args.b):
        if len(args.sides) != 2:
            raise InputError(f"compare: two are compared, {len(args.sides)} given; see `scansion compare --help`")
        if args.data or all(Path(side).is_file() for side in args.sides):
            return _prompts(args)
    result = _columns(args) if args.a or args.b else _known(args)
    result = _gated(result, gates_from(args))
    show_result(result, args)
    if args.markdown:
        write_markdown(result, (), args)
    return code_of(result, args)


def _prompts(args: Namespace) -> int:
    """Two prompt files: an ordinary run in which the first is the baseline."""
    if not args.data:
        raise InputError("compare: two prompts need data to run on; give it with -d")
    from scansion.cli._running import execute

    return execute(plan_from(args, None, args.sides), options_from(args), args)


def _columns(args: Namespace) -> RunResult:
    """Two columns of a file of results."""
    if not (args.a and args.b):
        raise InputError(f"compare: {'--b' if args.a else '--a'} is missing; two columns are compared")
    if len(args.sides) != 1:
        raise InputError("compare: give one file of results with --a and --b")
    if args.scorer and len(args.scorer) > 1:
        raise InputError("compare: one scorer judges two columns; give -s once")
    _refuse(args, ["data", "lab", "run"])
    from scansion.data import DataSpec
    from scansion.experiments.compare import Terms, compare_table

    table = DataSpec(path=args.sides[0], target=args.target, group=args.group)
    _has_columns(table, {"--a": args.a, "--b": args.b})
    terms = Terms(args.margin, args.alpha or 0.05, args.no_answer or "unscored")
    return compare_table(table, args.a, args.b, scorer=args.scorer[0] if args.scorer else None, terms=terms)


def _has_columns(table: DataSpec, wanted: dict[str, str]) -> None:
    """Raises InputError that names the flag whose column the file lacks."""
    from scansion.data import open_dataset

    data = open_dataset(table)
    for flag, name in wanted.items():
        try:
            data.match([name])
        except InputError:
            hint = nearest(name, data.columns)
            raise InputError(f"{data.label}: {flag} names {name!r}, and no column is called so; {hint}") from None


def _known(args: Namespace) -> RunResult:
    """Two variants of one run, or else two runs."""
    _refuse(args, ["scorer", "target", "group", "alpha", "no_answer"])
    from scansion.experiments.compare import compare_runs, compare_variants
    from scansion.experiments.lab import Lab

    a, b = args.sides
    with Lab.find(args.lab, create=False) as lab:
        are_runs = [args.run is None and lab.is_run(side) for side in (a, b)]
        if all(are_runs):
            return compare_runs(lab, a, b, margin=args.margin)
        try:
            return compare_variants(lab, args.run, a, b, margin=args.margin)
        except InputError:
            if not any(are_runs):
                raise
        strange, run = (b, a) if are_runs[0] else (a, b)
        known = [info.id for info in lab.runs()]
        raise InputError(f"compare: {run!r} is a run and {strange!r} is none; {nearest(strange, known)}")


_NEW_RUN = [
    "model",
    "technique",
    "input",
    "id",
    "trials",
    "limit",
    "split",
    "truncated",
    "gold_check",
    "seed",
    "name",
    "budget",
]
_NEW_RUN += ["dry_run", "concurrency", "timeout", "tries", "max_wait", "record", "junit", "output"]


def _refuse(args: Namespace, more: list[str]) -> None:
    """Raises InputError for a flag that would have no effect because nothing is run."""
    for name in [*_NEW_RUN, *more]:
        if getattr(args, name) not in (None, False):
            flag = "--" + name.replace("_", "-")
            raise InputError(f"compare: {flag} has no effect here; it is for two prompt files with data (-d)")


def _gated(result: RunResult, rules: list[str] | None) -> RunResult:
    if not rules:
        return result
    from msgspec.structs import replace

    from scansion.experiments.gates import check_gates

    return replace(result, gates=check_gates(rules, result.variants, result.comparisons))
