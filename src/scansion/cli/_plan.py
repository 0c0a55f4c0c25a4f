"""From the words of a command line to a plan and its options: the flags that `run` and `compare` share."""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scansion.cli._parser import Parser, pair, share, whole, whole_from_zero
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.plan import Options, Plan

__all__ = [
    "add_call_options",
    "add_data_options",
    "add_plan_options",
    "add_run_options",
    "add_technique_option",
    "gates_from",
    "options_from",
    "plan_from",
]


def add_data_options(parser: Parser) -> None:
    """Data, its columns, scorers and how to judge."""
    group = parser.add_argument_group("what is measured")
    group.add_argument("-d", "--data", metavar="FILE", help="JSONL, CSV, TSV or Parquet, gzipped too")
    group.add_argument(
        "-s", "--scorer", metavar="SCORER", action="append", help="such as exact or numeric; the first is primary"
    )
    group.add_argument("--input", metavar="VAR=COL", action="append", type=pair, help="a template variable's column")
    group.add_argument("--target", metavar="COL", help="the column of the right answers")
    group.add_argument("--id", metavar="COL", help="the column of the rows' ids")
    group.add_argument("--group", metavar="COL", help="the column that says which rows belong together")
    group.add_argument(
        "--margin", metavar="X", type=share, help="not worse means: worse by less than this; 0.02 is 2 points"
    )
    group.add_argument(
        "--until", choices=["decided"], help="look at examples in a drawn order and stop as soon as it is decided"
    )
    group.add_argument("--alpha", metavar="X", type=share, help="the error level of intervals and verdicts (0.05)")
    group.add_argument("--volume", metavar="N", help="requests a time, such as 2e6/month: shows USD a month")


def add_plan_options(parser: Parser) -> None:
    """What decides the result."""
    add_data_options(parser)
    group = parser.add_argument_group("what is compared")
    add_technique_option(group)
    group.add_argument(
        "-m", "--model", metavar="MODEL", action="append", help="such as pocket/small (no key) or openai/gpt-5-mini"
    )
    group.add_argument("--trials", metavar="N", type=whole, help="independent repeats of each example")
    group.add_argument("--limit", metavar="N", type=whole, help="only the first N rows")
    group.add_argument(
        "--only", metavar="WHICH", action="append", help="only rows wrong@RUN, errors@RUN, tag=TAG or id=A,B"
    )
    group.add_argument("--corrections", action="store_true", help="with the corrected targets that stand in the lab")
    group.add_argument(
        "--split", choices=["dev", "test"], help="the part of the rows to run (halves, unless the plan splits)"
    )
    group.add_argument("--no-answer", choices=["wrong", "unscored"], help="what an output without an answer is")
    group.add_argument(
        "--abstained", choices=["wrong", "unscored"], help="what an output that gives no answer on purpose is"
    )
    group.add_argument("--truncated", choices=["score", "unscored"], help="what an output that was cut off is")
    group.add_argument("--gold-check", choices=["on", "off"], help="whether the scorer must first accept the targets")
    group.add_argument("--seed", metavar="N", type=whole_from_zero, help="of what is drawn at random (0)")


def add_technique_option(group: argparse._ArgumentGroup | Parser) -> None:
    """Which techniques."""
    group.add_argument(
        "-t",
        "--technique",
        metavar="SPEC",
        action="append",
        help='such as "cot | vote(5)"; `scansion gallery` lists them',
    )


def add_call_options(group: argparse._ArgumentGroup | Parser) -> None:
    """How calls are made."""
    group.add_argument("--concurrency", metavar="N", type=whole, help="calls at once, at most (100)")
    group.add_argument("--timeout", metavar="S", type=share, help="seconds for one call (120)")
    group.add_argument("--tries", metavar="N", type=whole, help="attempts for one call (6)")


def add_run_options(parser: Parser) -> None:
    """How to run it, what it may cost, what must hold, and what is shown."""
    group = parser.add_argument_group("how it is run")
    group.add_argument("--budget", metavar="AMOUNT", help="2usd, 500calls or 1Mtokens; never exceeded")
    group.add_argument("--yes", action="store_true", help="do not ask before a costly run")
    group.add_argument("--dry-run", action="store_true", help="show the first requests, calls and cost; ask no model")
    add_call_options(group)
    group.add_argument("--max-wait", metavar="S", type=share, help="give up where a server asks to wait longer")
    group.add_argument(
        "--name", metavar="NAME", help="what the run is called (default: the plan's file, or the prompt)"
    )
    group.add_argument("--record", metavar="PATH", help="write the calls to a recording for replay:PATH")
    group.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")
    group = parser.add_argument_group("what must hold, else exit code 1")
    group.add_argument(
        "--fail-under",
        metavar="X",
        action="append",
        help="every variant's mean is at least X; or VARIANT=X; repeatable",
    )
    group.add_argument("--fail-if-worse", action="store_true", help="no variant is worse than the baseline")
    group.add_argument(
        "--require",
        choices=["not-worse", "better", "equivalent"],
        help="every variant is shown to be that; not-worse and equivalent within --margin",
    )
    group = parser.add_argument_group("what is shown")
    group.add_argument("--json", action="store_true", help="one JSON document on standard output")
    group.add_argument("--markdown", metavar="FILE", nargs="?", const="-", help="a summary for a pull request")
    group.add_argument("--junit", metavar="FILE", help="JUnit XML: a test case per variant and example")
    group.add_argument("-o", "--output", metavar="FILE", help="an HTML report")


def gates_from(args: Namespace) -> list[str] | None:
    """The gates that the flags set, in the words of a plan."""
    rules = [f"fail-under {limit}" for limit in args.fail_under or ()]
    rules += ["fail-if-worse"] if args.fail_if_worse else []
    rules += [f"require {args.require}"] if args.require else []
    return rules or None


def _columns(args: Namespace) -> dict[str, Any]:
    named = {"target": args.target, "id": args.id, "group": args.group, "inputs": dict(args.input or ()) or None}
    named["corrections"] = getattr(args, "corrections", False) or None
    return {key: value for key, value in named.items() if value is not None}


def _fields(args: Namespace) -> dict[str, Any]:
    return {
        "name": args.name,
        "techniques": args.technique,
        "models": args.model,
        "scorers": args.scorer,
        "trials": args.trials,
        "baseline": getattr(args, "baseline", None),
        "budget": args.budget,
        "limit": args.limit,
        "only": args.only,
        "part": args.split,
        "margin": args.margin,
        "alpha": args.alpha,
        "until": getattr(args, "until", None),
        "no_answer": args.no_answer,
        "abstained": args.abstained,
        "gold_check": args.gold_check,
        "truncated": args.truncated,
        "seed": args.seed,
        "volume": args.volume,
        "gates": gates_from(args),
    }


def plan_from(args: Namespace, file: str | None, prompts: list[str] | None) -> Plan:
    """The plan in `file` with the flags in place of what it says, or the plan that the flags alone describe."""
    from scansion.experiments.plan import load_plan, make_plan

    columns = _columns(args)
    if file is None:
        data = {"path": args.data, **columns} if args.data else None
        return make_plan(prompts=prompts, data=data, **_fields(args))
    from scansion.interop.promptfoo_config import is_config

    base = Path(file).parent
    fields = _fields(args)
    if prompts:
        fields["prompts"] = [_relative(p, base) for p in prompts]
    if args.data:
        fields["data"] = {"path": _relative(args.data, base), **columns}
    plan = _foreign_plan(file, fields) if is_config(file) else load_plan(file, **fields)
    return plan if args.data or not columns else _with_columns(plan, columns)


def _foreign_plan(file: str, fields: dict[str, Any]) -> Plan:
    """The plan in a promptfoo configuration; what it leaves out stands in its notes."""
    from scansion.interop.promptfoo import load

    return load(file).plan(**fields)


def _relative(path: str, base: Path) -> str:
    """A path typed in the working directory as the plan's folder sees it, also that of `REVISION:FILE`; what is no file
    stays as it is."""
    revision, colon, file = path.rpartition(":")
    if colon and not Path(path).exists() and file and Path(file).exists():
        return f"{revision}:{os.path.relpath(file, base)}"
    return os.path.relpath(path, base) if Path(path).exists() else path


def _with_columns(plan: Plan, columns: dict[str, Any]) -> Plan:
    from msgspec.structs import replace

    from scansion.data import DataSpec

    spec = plan.data
    if not isinstance(spec, DataSpec):
        raise InputError("the plan has no data file whose columns could be named; name one with -d")
    return replace(plan, data=replace(spec, **{**columns, "inputs": {**spec.inputs, **columns.get("inputs", {})}}))


def options_from(args: Namespace) -> Options:
    """How to run, from the flags that were given."""
    from scansion.experiments.plan import Options

    names = [name for name in Options.__struct_fields__ if hasattr(args, name)]
    given = {name: getattr(args, name) for name in names}
    return Options(**{name: value for name, value in given.items() if value is not None})
