"""Find phrases that a model says whatever it is asked.

  scansion boilerplate                      the last run, all variants
  scansion boilerplate RUN --variant A
  scansion boilerplate -o phrases.txt       for -s "no_boilerplate(phrases.txt)"

A phrase recurs in the outputs of unrelated inputs: the sign of an over-trained model. What a
prompt says itself does not count. Nothing is asked.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser, whole
from scansion.cli._show import print_json, put_out, say_written, width


def configure(parser: Parser) -> None:
    """The options of `scansion boilerplate`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("--variant", metavar="NAME", help="one variant's outputs alone")
    parser.add_argument("--words", type=whole, default=5, metavar="N", help="words of a phrase at least (default: 5)")
    parser.add_argument(
        "--least", type=whole, metavar="N", help="inputs that must have it (default: 5, and 1 in 100 of all)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the phrases, for the scorer no_boilerplate")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from scansion.experiments.boilerplate import boilerplate_of, written
    from scansion.experiments.lab import Lab
    from scansion.experiments.outputs import check_output
    from scansion.report.boilerplate import render

    with Lab.find(args.lab, create=False) as lab:
        if args.output:
            check_output(lab, args.output)
        found = boilerplate_of(lab, args.run, variant=args.variant, words=args.words, least=args.least)
    if args.output:
        Path(args.output).write_text(written(found), encoding="utf-8", errors="backslashreplace")
        say_written(args.output)
    if args.json:
        print_json(found)
    else:
        put_out(render(found, width()))
    return 0
