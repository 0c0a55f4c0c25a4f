"""List the versions of a prompt file with their evidence.

  scansion log prompts/a.prompty

Versions come from git, through renames, and from the lab's runs of the file. Each stands with the runs that used it
and the verdict against the version before it that shares its rows. Nothing is asked.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._labs import lab_or_none
from scansion.cli._parser import Parser, whole
from scansion.cli._show import print_json, put_out, width

_MOST = 20  # versions, unless more are asked for


def configure(parser: Parser) -> None:
    """The options of `scansion log`."""
    parser.add_argument("prompt", metavar="PROMPT", help="a prompt file")
    parser.add_argument("-n", type=whole, metavar="N", default=_MOST, help=f"at most N versions ({_MOST})")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.evidence.lineage import log

    with lab_or_none(args.lab) as lab:
        found = log(args.prompt, lab, most=args.n)
    if args.json:
        print_json(found)
    else:
        from scansion.report.versions import log_text

        put_out(log_text(found, width()))
    return 0
