"""Score a run anew with other scorers; the model is not asked.

  scansion score -s "numeric(tolerance=0.01)"
  scansion score RUN -s exact -s f1

The first scorer is primary. Only scorers that ask a model themselves make calls.
"""

from __future__ import annotations

import sys
from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._plan import add_call_options, options_from
from scansion.cli._show import code_of, show_result


def configure(parser: Parser) -> None:
    """The options of `scansion score`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("-s", "--scorer", metavar="SCORER", action="append", required=True, help="such as numeric")
    parser.add_argument("--corrections", action="store_true", help="hold them against the corrected targets that stand")
    add_call_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    import asyncio

    from scansion.experiments.lab import Lab
    from scansion.experiments.rescore import rescore
    from scansion.report.live import Live

    live = Live(sys.stderr)
    try:
        with Lab.find(args.lab, create=False) as lab:
            options = options_from(args)
            result = asyncio.run(rescore(lab, args.run, args.scorer, options, live, corrections=args.corrections))
    finally:
        live.close()
    show_result(result, args)
    return code_of(result, args)
