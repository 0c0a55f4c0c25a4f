"""Write a prompt's card in Markdown: what it is, did, and fails at.

  scansion card prompts/a.prompty -o card.md

The figures are those of the lab's runs of this version; nothing is asked. No path of this machine and no key stands
in it; the examples are your data's, so read it before you pass it on.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from scansion.cli._labs import lab_or_none
from scansion.cli._parser import Parser
from scansion.cli._show import check_targets, print_json, put_out, say_written


def configure(parser: Parser) -> None:
    """The options of `scansion card`."""
    parser.add_argument("prompt", metavar="PROMPT", help="a prompt file, REVISION:FILE, or a version's first digits")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it to a file")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.evidence.card import card
    from scansion.report.card import document, render

    check_targets(args)
    with lab_or_none(args.lab) as lab:
        found = card(args.prompt, lab)
    if args.output:
        Path(args.output).write_text(render(found), encoding="utf-8", errors="backslashreplace")
        say_written(args.output)
    if args.json:
        print_json(document(found))
    elif not args.output:
        put_out(render(found))
    return 0
