"""Quality beside cost: the variants, and which are dominated.

  scansion frontier                        the last run, in USD an outcome
  scansion frontier RUN --by latency       or calls, or tokens
  scansion frontier RUN -o frontier.svg    a plot; .html and .png as well

A variant is dominated where another one is at least as good and costs no more; surely so where
the paired evidence shows both. Nothing is asked.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out, say_written, width

_AXES = ["cost", "latency", "calls", "tokens"]


def configure(parser: Parser) -> None:
    """The options of `scansion frontier`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("--by", choices=_AXES, help="what a variant costs (default: USD where prices are known)")
    parser.add_argument("-o", "--output", metavar="FILE", help="a plot: .svg, .html or .png")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.frontier import frontier_of
    from scansion.experiments.lab import Lab
    from scansion.report import frontier_files
    from scansion.report.frontier import render

    if args.output:
        frontier_files.check(args.output)
    with Lab.find(args.lab, create=False) as lab:
        found = frontier_of(lab, args.run, by=args.by)
    if args.output:
        frontier_files.write(found, args.output)
        say_written(args.output)
    if args.json:
        print_json(found)
    elif not args.output:
        put_out(render(found, width()))
    return 0
