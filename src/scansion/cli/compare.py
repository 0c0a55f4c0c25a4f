"""Compare two prompts, variants, runs, columns, or others' logs.

  scansion compare a.txt b.txt -d rows.csv -m MODEL -s exact    a run
  scansion compare A B            two variants of the last run (or of --run)
  scansion compare RUN1 RUN2      two runs
  scansion compare A B --until decided       where would it have stopped?
  scansion compare results.csv --a v1 --b v2 --target gold -s numeric
  scansion compare a.eval b.eval [-s SCORE]      two logs of Inspect (or .json)
  scansion compare results.json [--a X --b Y]    columns of promptfoo's results
  scansion compare replay:a.jsonl replay:b.jsonl -d rows.csv -s exact

The first named is the baseline. All forms but the first ask no model. The verdict says what the second is.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser
from scansion.cli._plan import add_plan_options, add_run_options, gates_from, options_from, plan_from
from scansion.cli._show import check_targets, code_of, show_result, write_markdown
from scansion.errors import InputError, nearest

if TYPE_CHECKING:
    from scansion.data import DataSpec
    from scansion.experiments.compare import Terms
    from scansion.experiments.plan import Plan
    from scansion.experiments.results import RunResult


_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")


def configure(parser: Parser) -> None:
    """The options of `scansion compare`."""
    parser.add_argument(
        "sides",
        nargs="*",
        metavar="A B",
        help="prompt files, variants, runs, logs, replay:FILE; or one file of results",
    )
    parser.add_argument("--run", metavar="RUN", help="the run whose variants are compared (default: the last)")
    parser.add_argument("--a", metavar="COL", help="of a file of results, the first column or variant")
    parser.add_argument("--b", metavar="COL", help="the second column or variant")
    add_plan_options(parser)
    add_run_options(parser)


def main(args: Namespace) -> int:
    """Runs the command."""
    check_targets(args)
    from scansion.interop.compare import is_foreign

    if any(is_foreign(side) for side in args.sides):
        return _shown(_foreign(args), args)
    if not (args.a or args.b):
        if len(args.sides) != 2:
            raise _not_two(args.sides)
        if args.data or all(Path(side).is_file() for side in args.sides):
            return _prompts(args)
    return _shown(_columns(args) if args.a or args.b else _known(args), args)


def _shown(result: RunResult, args: Namespace) -> int:
    """Shows a comparison that asked nothing, and gives the exit code."""
    result = _gated(result, gates_from(args))
    show_result(result, args)
    if args.markdown:
        write_markdown(result, (), args)
    return code_of(result, args)


def _foreign(args: Namespace) -> RunResult:
    """Files of other tools, or recordings."""
    if len(args.sides) > 2:
        raise _not_two(args.sides)
    from scansion.interop.compare import compare_files, is_recording

    recorded = all(map(is_recording, args.sides))
    _refuse(args, ["lab", "run", *([] if recorded else ["target", "group"])], but=["id", "input"] * recorded)
    second = args.sides[1] if len(args.sides) > 1 else None
    return compare_files(
        args.sides[0], second, scorer=_one_scorer(args), data=_data(args), names=(args.a, args.b), terms=_terms(args)
    )


def _not_two(sides: Sequence[str]) -> InputError:
    tables = [side for side in sides if Path(side).suffix.lower() in _TABLES]
    if tables and len(sides) == 1:
        return InputError(f"compare: which two columns of {tables[0]}? Name them with --a and --b")
    if tables:
        return InputError(f"compare: {tables[0]} is data; give it with -d {tables[0]}")
    return InputError(f"compare: two are compared, {len(sides)} given; see `scansion compare --help`")


def _data(args: Namespace) -> DataSpec | None:
    from scansion.data import DataSpec

    if not args.data:
        return None
    named = {"target": args.target, "id": args.id, "group": args.group, "inputs": dict(args.input or ())}
    return DataSpec(path=args.data, **named)


def _one_scorer(args: Namespace) -> str | None:
    if args.scorer and len(args.scorer) > 1:
        raise InputError("compare: one scorer judges what is there already; give -s once")
    return args.scorer[0] if args.scorer else None


def _terms(args: Namespace) -> Terms:
    from scansion.experiments.compare import Terms

    return Terms(args.margin, args.alpha or 0.05, args.no_answer or "unscored", args.until)


def _prompts(args: Namespace) -> int:
    """Two prompt files: an ordinary run in which the first is the baseline."""
    if not args.data:
        raise _no_data(args.sides)
    from scansion.cli._running import execute

    plan = plan_from(args, None, args.sides)
    if not plan.scorers:
        raise InputError(f"compare: nothing says which output is right; {_scorer_for(plan)}")
    return execute(plan, options_from(args), args)


def _no_data(sides: Sequence[str]) -> InputError:
    """What to do about two files that are compared without data, by what they seem to be."""
    for side in sides:
        suffix = Path(side).suffix.lower()
        if suffix in _TABLES:
            return InputError(f"compare: {side} is a table; give one and name two of its columns with --a and --b")
        if suffix in (".json", ".yaml", ".yml"):
            return InputError(
                f"compare: {side} is neither an Inspect log nor promptfoo's results (promptfoo eval -o FILE.json)"
            )
    return InputError("compare: two prompts need data to run on; give it with -d")


def _scorer_for(plan: Plan) -> str:
    """A hint at the scorer that fits the targets of a plan's data."""
    from msgspec.structs import replace

    from scansion.experiments.trying import usual_scorers

    found = usual_scorers(replace(plan, only=()))
    if not found:
        return "name the column of the right answers with --target and a scorer with -s, such as exact or numeric"
    if found == ("numeric",):
        return "give a scorer; the targets are numbers: -s numeric"
    return "give a scorer; for short texts: -s exact, or -s contains where a reply says more than the answer"


def _columns(args: Namespace) -> RunResult:
    """Two columns of a file of results."""
    if not (args.a and args.b):
        raise InputError(f"compare: {'--b' if args.a else '--a'} is missing; two columns are compared")
    if len(args.sides) != 1:
        raise InputError("compare: give one file of results with --a and --b")
    _refuse(args, ["data", "lab", "run"])
    from scansion.data import DataSpec
    from scansion.experiments.compare import compare_table

    table = DataSpec(path=args.sides[0], target=args.target, group=args.group)
    _has_columns(table, {"--a": args.a, "--b": args.b})
    return compare_table(table, args.a, args.b, scorer=_one_scorer(args), terms=_terms(args))


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
            return compare_runs(lab, a, b, margin=args.margin, until=args.until)
        try:
            return compare_variants(lab, args.run, a, b, margin=args.margin, until=args.until)
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
    "only",
    "corrections",
    "split",
    "abstained",
    "truncated",
    "gold_check",
    "seed",
    "name",
    "budget",
    "volume",
]
_NEW_RUN += ["dry_run", "concurrency", "timeout", "tries", "max_wait", "record", "junit", "output"]


def _refuse(args: Namespace, more: Sequence[str], but: Sequence[str] = ()) -> None:
    """Raises InputError for a flag that would have no effect because nothing is run."""
    for name in [*_NEW_RUN, *more]:
        given = getattr(args, name)
        if name not in but and given is not None and given is not False:
            flag = "--" + name.replace("_", "-")
            raise InputError(f"compare: {flag} has no effect here; it is for two prompt files with data (-d)")


def _gated(result: RunResult, rules: list[str] | None) -> RunResult:
    if not rules:
        return result
    from msgspec.structs import replace

    from scansion.experiments.gates import check_gates

    return replace(result, gates=check_gates(rules, result.variants, result.comparisons))
