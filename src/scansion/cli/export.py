"""Export a run: an Inspect log, JSON Lines, CSV, Parquet.

  scansion export -o run.eval        opens in Inspect's viewer; a file a variant
  scansion export RUN -o rows.csv --only wrong --variant steps
  scansion export RUN -o rows.parquet

The name's end says the format: .eval, .jsonl, .csv, .tsv (each but .eval also .gz), .parquet.
A row is an outcome: a variant, an example and a trial.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out
from scansion.errors import InputError


def configure(parser: Parser) -> None:
    """The options of `scansion export`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("-o", "--output", metavar="FILE", help="the file to write")
    parser.add_argument("--variant", metavar="V", help="only this variant")
    parser.add_argument("--only", metavar="WHICH", help="only wrong, errors, unscored, flips, tag=TAG or id=A,B")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    if not args.output:
        raise InputError("export: name the file to write: -o run.eval, -o rows.csv, -o rows.jsonl or -o rows.parquet")
    from scansion.experiments.lab import Lab
    from scansion.experiments.only import selection_of
    from scansion.experiments.selection import Selection
    from scansion.interop.exports import check_format, export_run
    from scansion.report.figures import plural
    from scansion.report.text import one_line

    check_format(args.output)
    with Lab.find(args.lab, create=False) as lab:
        run = lab.run_table.find(args.run)
        chosen = Selection(variant=args.variant)
        if args.only is not None:
            chosen = selection_of(lab, run, args.only, args.variant)
        written = export_run(lab, args.output, run=run.label, selection=chosen)
    if args.json:
        print_json(written)
    else:
        put_out("".join(f"{plural(each.outcomes, 'outcome')} written to {one_line(each.path)}\n" for each in written))
    return 0
