"""Run an experiment: a table with intervals, verdicts and cost.

  scansion run experiment.yaml
  scansion run -p a.prompty -p b.prompty -t "cot | vote(5)" -m openai/gpt-5-mini \\
    -d data.jsonl -s numeric

The same command again makes no call twice: an interrupted run goes on, a finished one is shown.
Exit codes: 0 done and every gate held; 1 a gate did not hold; 2 the input is wrong;
3 incomplete (errors or unreached); 130 interrupted.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._plan import add_plan_options, add_run_options, options_from, plan_from
from scansion.cli._show import check_targets


def configure(parser: Parser) -> None:
    """The options of `scansion run`."""
    parser.add_argument(
        "plan", nargs="?", metavar="experiment.yaml", help="the experiment; flags win over what it says"
    )
    parser.add_argument("-p", "--prompt", metavar="PROMPT", action="append", help="a prompt file, or REVISION:FILE")
    parser.add_argument("--baseline", metavar="VARIANT", help="what the others are compared with (default: the first)")
    add_plan_options(parser)
    add_run_options(parser)


def main(args: Namespace) -> int:
    """Runs the command."""
    check_targets(args)
    from scansion.cli._running import execute

    return execute(plan_from(args, args.plan, args.prompt), options_from(args), args)
