"""Try prompts on a few rows: outputs in full, no statistics.

  scansion try a.txt -d rows.csv -m openai/gpt-5-mini
  scansion try a.txt b.txt -d rows.csv -n 3 --watch       again at each save
  scansion try a.txt --set question="How many feet has an iamb?"
  scansion try experiment.yaml --only wrong@r12

On a terminal it waits for a key then: p shows the prompts as sent, r asks anew, n goes on to
the next rows, q quits. What was asked before is not asked again, here or in a run.
"""

from __future__ import annotations

import argparse
import asyncio
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser, pair, whole, whole_from_zero
from scansion.cli._plan import add_call_options, add_technique_option, options_from, plan_from
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.plan import Options, Plan

_PLANS = {".yaml", ".yml"}


def configure(parser: Parser) -> None:
    """The options of `scansion try`."""
    parser.add_argument("prompts", nargs="+", metavar="PROMPT", help="prompt files, or an experiment.yaml")
    group = parser.add_argument_group("on what")
    group.add_argument("-d", "--data", metavar="FILE", help="JSONL, CSV, TSV or Parquet, gzipped too")
    group.add_argument("-n", type=whole, default=5, metavar="N", help="so many rows, in the data's seeded order (5)")
    group.add_argument("--rows", metavar="ID,ID", type=_ids, help="the rows with these ids")
    group.add_argument(
        "--only", metavar="WHICH", action="append", help="only rows wrong@RUN, errors@RUN, tag=TAG or id=A,B"
    )
    group.add_argument("--set", metavar="VAR=TEXT", action="append", type=_value, help="a variable, in place of rows")
    group.add_argument("--input", metavar="VAR=COL", action="append", type=pair, help="a template variable's column")
    group.add_argument("--target", metavar="COL", help="the column of the right answers")
    group.add_argument("--id", metavar="COL", help="the column of the rows' ids")
    group.add_argument("--corrections", action="store_true", help="with the corrected targets that stand in the lab")
    group.add_argument(
        "--split", type=_part, choices=["dev"], help="the part to work on (half of the rows, unless the plan splits)"
    )
    group.add_argument("--seed", metavar="N", type=whole_from_zero, help="of the rows' order (0)")
    group = parser.add_argument_group("how")
    group.add_argument(
        "-m", "--model", metavar="MODEL", action="append", help="such as pocket/small (no key) or openai/gpt-5-mini"
    )
    add_technique_option(group)
    group.add_argument("-s", "--scorer", metavar="SCORER", action="append", help="says right or wrong beside outputs")
    group.add_argument("--budget", metavar="AMOUNT", help="2usd, 500calls or 1Mtokens; never exceeded")
    add_call_options(group)
    group = parser.add_argument_group("what is shown")
    group.add_argument("--watch", action="store_true", help="again whenever a prompt file is saved")
    group.add_argument("--prompt", action="store_true", help="the requests exactly as sent, too")
    group.add_argument("--json", action="store_true", help="one JSON document on standard output")
    group.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def _ids(text: str) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} names no row; write ID,ID")
    return list(dict.fromkeys(found))


def _part(text: str) -> str:
    if text == "test":
        raise argparse.ArgumentTypeError(
            "rows of the test part are none to work on, and `run --split test` counts its looks; give dev"
        )
    return text


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=TEXT")
    return name.strip(), value


def main(args: Namespace) -> int:
    """Runs the command."""
    if args.json and args.watch:
        raise InputError("try: --json is one document, and --watch has no end; leave out one of them")
    from scansion.experiments.lab import Lab

    plan, values = _plan(args)
    with Lab.find(args.lab) as lab:
        return asyncio.run(_tried(plan, values, lab, options_from(args), args))


class _Given(Namespace):
    """The words of a command; an option that it does not have was not given."""

    def __getattr__(self, name: str) -> None:
        return None


def _plan(args: Namespace) -> tuple[Plan, dict[str, str] | None]:
    """What to try, and the values of the variables where they stand in the place of data."""
    from scansion.cli._trying import ask_values
    from scansion.experiments.trying import variables_of, with_values

    files = [p for p in args.prompts if Path(p).suffix.lower() in _PLANS]
    prompts = [p for p in args.prompts if p not in files]
    if len(files) > 1:
        raise InputError(f"try: one experiment at a time; {files[0]} and {files[1]} are two")
    if files or args.data:
        if args.set:
            raise InputError("try: --set gives variables in the place of rows; leave out --set, or the data")
        return plan_from(_Given(**vars(args)), files[0] if files else None, prompts or None), None
    for flag in ("rows", "only", "input", "target", "id", "split", "corrections"):
        if getattr(args, flag):
            raise InputError(f"try: --{flag} is about rows; name a file of them with -d")
    plan = _unfilled(args, prompts)
    given = dict(args.set or ())
    values = ask_values(variables_of(plan, given), given)
    return with_values(plan, values), values


def _unfilled(args: Namespace, prompts: list[str]) -> Plan:
    """The plan of the flags, on a row that is still to be filled."""
    from scansion.experiments.plan import make_plan

    return make_plan(
        prompts=prompts,
        data=[{}],
        techniques=args.technique,
        models=args.model,
        scorers=args.scorer,
        budget=args.budget,
        seed=args.seed,
    )


async def _tried(plan: Plan, values: dict[str, str] | None, lab: Lab, options: Options, args: Namespace) -> int:
    from scansion.cli._trying import TrySession, at_terminal
    from scansion.experiments.trying import Trying, files_of
    from scansion.experiments.watching import Watched

    watched = Watched(files_of(plan)) if args.watch else None
    if watched is not None and not watched.paths:
        raise InputError("try: there is no prompt file to watch; prompts of a revision do not change")
    trying = Trying(plan, lab, options)
    session = TrySession(trying, args, values, watched)
    try:
        if args.json:
            await session.as_json()
        elif at_terminal():
            await session.with_keys()
        else:
            await session.without_keys()
    finally:
        await trying.close()
    return 3 if session.failed else 0
