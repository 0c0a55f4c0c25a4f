"""Show where a variant is weak, and where one beats another.

  scansion slices                           the last run, all slices
  scansion slices RUN --by tag --by length
  scansion slices A B [--run RUN]           two variants of the last run

Slices are the rows' tags, and what can be seen of input and target: length, language,
digits, kind of question, kind and length of the target. Claims allow for all of them.
Nothing is asked. `scansion show --flips A B` pages through the rows that flipped.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser, whole
from scansion.cli._show import print_json, put_out, width
from scansion.errors import InputError


def configure(parser: Parser) -> None:
    """The options of `scansion slices`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a run (default: the last), or two variants")
    parser.add_argument("--run", metavar="RUN", help="the run of the two variants (default: the last)")
    parser.add_argument(
        "--by", action="append", metavar="FACET", help="tag, length, language, digits, question, target, target length"
    )
    parser.add_argument("--least", type=whole, metavar="N", help="examples that a slice must have (default: 20)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab
    from scansion.experiments.slices import LEAST, slices_of
    from scansion.report.slices import render

    run, variants = _asked(args)
    least = LEAST if args.least is None else args.least
    with Lab.find(args.lab, create=False) as lab:
        found = slices_of(lab, run, by=tuple(args.by or ()), variants=variants, least=least)
    if args.json:
        print_json(found)
    else:
        put_out(render(found, width()))
    return 0


def _asked(args: Namespace) -> tuple[str | None, tuple[str, str] | None]:
    """The run and the two variants that are meant."""
    names = args.names
    if len(names) > 2 or (len(names) == 1 and args.run):
        raise InputError(f"slices: name a run, or two variants (and --run RUN); {len(names)} names are given")
    if len(names) == 2:
        return args.run, (names[0], names[1])
    return (names[0] if names else args.run), None
