"""Show what differs between two prompts, and what the evidence says.

  scansion diff prompts/a.prompty                     the file against HEAD's
  scansion diff main:prompts/a.prompty prompts/a.prompty
  scansion diff 3f2a9c01 prompts/a.prompty -d rows.csv    a version that was run

[-old-] is in the first only, {+new+} in the second only. Nothing is asked.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from scansion.cli._labs import lab_or_none
from scansion.cli._parser import Parser, pair
from scansion.cli._show import print_json, put_out, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.data import DataSpec
    from scansion.experiments.evidence.difference import Difference, Side


def configure(parser: Parser) -> None:
    """The options of `scansion diff`."""
    parser.add_argument("a", metavar="A", help="a prompt file, REVISION:FILE, or the first digits of a version")
    parser.add_argument("b", metavar="B", nargs="?", help="another (default: A is compared with HEAD's)")
    parser.add_argument("-d", "--data", metavar="FILE", help="rows to render both prompts for")
    parser.add_argument("--id", metavar="ID", help="the id of the row (default: the first)")
    parser.add_argument("--input", metavar="VAR=COL", action="append", type=pair, help="a template variable's column")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.evidence.difference import diff

    with lab_or_none(args.lab) as lab:
        found = diff(args.a, args.b, lab, data=_spec(args), id=args.id)
    if args.json:
        print_json(_document(found))
    else:
        from scansion.report.versions import diff_text

        put_out(diff_text(found, width()))
    return 0


def _spec(args: Namespace) -> DataSpec | None:
    if args.data is None:
        if args.id or args.input:
            raise InputError(f"diff: {'--id' if args.id else '--input'} is about rows; give them with -d")
        return None
    from scansion.data import DataSpec

    return DataSpec(path=args.data, inputs=dict(args.input or ()))


def _document(found: Difference) -> dict[str, Any]:
    from scansion.report.words import inline

    return {
        "a": _side(found.a),
        "b": _side(found.b),
        "changes": found.changes,
        "template": inline(found.a.prompt.template, found.b.prompt.template),
        "rendered": found.rendered,
        "verdicts": [b.verdict for _, b in found.pairs],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "version": side.version,
        "template": side.prompt.template,
        "evidence": side.evidence,
    }
