"""List techniques, scorers, extractors, models; or explain one.

    scansion gallery               every kind with its names
    scansion gallery techniques    each with what it does
    scansion gallery vote          one in full: arguments, source, example
    scansion gallery python:my_scorers:polite      one of your own

What installed packages add is listed with the rest.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out


def configure(parser: Parser) -> None:
    """The options of `scansion gallery`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a kind, or the name of a technique, scorer, ...")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.report import gallery

    kinds = list(gallery.KINDS) if args.name is None else [args.name] if args.name in gallery.KINDS else []
    found = [] if kinds else gallery.find(args.name)
    if args.json:
        print_json(found or [one for kind in kinds for one in gallery.listed(kind)])
    elif found:
        put_out("\n".join(map(gallery.described, found)))
    else:
        put_out(gallery.overview() if args.name is None else gallery.listing(args.name))
    return 0
