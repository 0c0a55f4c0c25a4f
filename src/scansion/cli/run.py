"""Run an experiment: a table with intervals, verdicts and cost.

  scansion run experiment.yaml
  scansion run -p a.prompty -p b.prompty -t "cot | vote(5)" \\
    -m openai/gpt-5-mini -d data.jsonl -s numeric

The same command again makes no call twice: an interrupted run goes on, a finished one is shown.
Exit codes: 0 done and every gate held; 1 a gate did not hold; 2 the input is wrong;
3 incomplete (errors or unreached); 130 interrupted.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from scansion.cli._parser import Parser
from scansion.cli._plan import add_plan_options, add_run_options, options_from, plan_from
from scansion.cli._show import check_targets
from scansion.errors import InputError


def configure(parser: Parser) -> None:
    """The options of `scansion run`."""
    parser.add_argument(
        "plan", nargs="*", metavar="experiment.yaml", help="the experiment; flags win over what it says"
    )
    parser.add_argument("-p", "--prompt", metavar="PROMPT", action="append", help="a prompt file, or REVISION:FILE")
    parser.add_argument("--baseline", metavar="VARIANT", help="what the others are compared with (default: the first)")
    add_plan_options(parser)
    add_run_options(parser)


def main(args: Namespace) -> int:
    """Runs the command."""
    check_targets(args)
    from scansion.cli._running import execute

    return execute(plan_from(args, _one_plan(args.plan, args.prompt), args.prompt), options_from(args), args)


def _one_plan(files: list[str], prompts: list[str] | None) -> str | None:
    """The experiment's file, if there is one. Raises InputError for several, for a prompt in its place, for nothing."""
    misplaced = [file for file in files if Path(file).suffix.lower() in (".txt", ".md", ".prompty")]
    if misplaced:
        raise InputError(f"run: prompts are given with -p: -p {' -p '.join(misplaced)}")
    if len(files) > 1:
        raise InputError(f"run: one experiment at a time; {files[1]!r} is one word too many")
    if not files and not prompts:
        raise InputError("run: there is nothing to run; give an experiment.yaml, or prompts with -p and data with -d")
    return files[0] if files else None
