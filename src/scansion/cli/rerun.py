"""Repeat kept experiments with a new model: which verdicts change?

  scansion rerun -m openai/gpt-5-mini          the last run
  scansion rerun r12 r15 -m openai/gpt-5-mini
  scansion rerun --all -m openai/gpt-5-mini    the last run of each experiment

Prompts are taken as they were then, settings, budget and gates too. Each repetition is an
ordinary run in the lab. All are opened before the first is made; with --all, one that cannot
be repeated is named and left out.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser
from scansion.cli._plan import add_call_options, options_from
from scansion.cli._show import code_of, complain, print_json, put_out, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.evidence.rerun import Rerun
    from scansion.experiments.plan import Plan
    from scansion.experiments.results import RunResult


def configure(parser: Parser) -> None:
    """The options of `scansion rerun`."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="runs by id or name (default: the last)")
    parser.add_argument("-m", "--model", metavar="MODEL", required=True, help="the new model")
    parser.add_argument("--all", action="store_true", help="the last run of every experiment in the lab")
    parser.add_argument("--budget", metavar="AMOUNT", help="2usd, 500calls or 1Mtokens a run (default: as it was)")
    parser.add_argument("--yes", action="store_true", help="do not ask before a costly run")
    add_call_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.evidence.rerun import repeat

    if args.all and args.runs:
        raise InputError("rerun: give runs or --all, not both")
    runs, left_out = (None, _left_out) if args.all else (args.runs or [None], None)
    found, codes = [], []
    try:
        for each, result in repeat(runs, args.model, _maker(args), lab=args.lab, left_out=left_out, budget=args.budget):
            found.append(each)
            codes.append(code_of(result, args))
    except InputError as error:
        if not found:  # else what was found so far is shown
            raise
        complain(str(error))
        codes.append(2)
    _show(found, args)
    return next((code for code in (130, 1, 2, 3) if code in codes), 0)


def _left_out(why: str) -> None:
    complain(f"left out: {why}")


def _maker(args: Namespace) -> Callable[[Plan], RunResult]:
    """Runs a plan as `scansion run` does."""
    from scansion.cli._watch import ask, run_watched

    options = options_from(args)

    def make(plan: Plan) -> RunResult:
        ask(plan, args.lab, yes=args.yes)
        return run_watched(plan, options, args.lab)

    return make


def _show(found: list[Rerun], args: Namespace) -> None:
    if args.json:
        print_json(found)
        return
    from scansion.report.rerun import render

    put_out(render(found, width()))
