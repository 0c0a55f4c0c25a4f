"""Show what people said of outcomes: kinds of failure, new targets.

  scansion annotations                               of the last run
  scansion annotations RUN --by tag                  kinds of failure, examples
  scansion annotations -o said.jsonl                 every act (--all: all runs)
  scansion annotations --corrected -o rows.v2.jsonl  the data with new targets

The outcomes on which people and the scorer disagree come first. Annotations are
made in `scansion show`.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab

_TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")  # for rows of data; acts do not all have the same fields


def configure(parser: Parser) -> None:
    """The options of `scansion annotations`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("--by", choices=["kind", "tag", "person"], help="count acts, kinds of failure, or people alone")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write them as rows: .jsonl, .parquet; data also .csv, .tsv"
    )
    parser.add_argument("--all", action="store_true", help="with -o: the annotations of every run")
    parser.add_argument("--corrected", action="store_true", help="with -o: the run's data with the corrected targets")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab

    _check(args)
    with Lab.find(args.lab, create=False) as lab:
        if args.output:
            return _write(lab, args)
        from scansion.experiments.people.findings import findings

        found = findings(lab, args.run)
    if args.json:
        print_json(found)
    else:
        from scansion.report.annotations import render

        put_out(render(found, width(), args.by))
    return 0


def _check(args: Namespace) -> None:
    if args.output is None:
        if args.corrected or args.all:
            flag = "--corrected" if args.corrected else "--all"
            name = "rows.v2.jsonl" if args.corrected else "annotations.jsonl"
            raise InputError(f"annotations: {flag} needs a file to write; give -o {name}")
        return
    known = [".jsonl", ".jsonl.gz", ".parquet", *(_TABLES if args.corrected else ())]
    if not args.output.lower().endswith(tuple(known)):
        raise InputError(f"{args.output}: the name must end in {', '.join(known[:-1])} or {known[-1]}")
    if args.all and (args.run or args.corrected):
        raise InputError("annotations: --all is about every run; leave RUN and --corrected out")


def _write(lab: Lab, args: Namespace) -> int:
    from scansion.experiments.outputs import check_output

    check_output(lab, args.output)
    count, more = (_corrected if args.corrected else _acts)(lab, args)
    what = "row" if args.corrected else "annotation"
    if args.json:
        print_json({"rows": count, "path": args.output, **more})
    else:
        from scansion.report.figures import plural
        from scansion.report.text import one_line

        tail = f", {plural(more['corrected'], 'target')} corrected" if more else ""
        put_out(f"{plural(count, what)}{tail}; written to {one_line(args.output)}\n")
    return 0


def _acts(lab: Lab, args: Namespace) -> tuple[int, dict[str, int]]:
    from scansion.experiments.people.annotations import flat_annotations

    acts = lab.annotations.all() if args.all else lab.annotations.of_run(args.run)
    if not acts:
        where = "the lab" if args.all else lab.run_table.find(args.run).label
        raise InputError(f"{where} has no annotation; {args.output} was not written")
    return _rows(args.output, flat_annotations(acts)), {}


def _corrected(lab: Lab, args: Namespace) -> tuple[int, dict[str, int]]:
    from scansion.experiments.people.corrections import corrected_data, version_rows

    run = lab.run_table.find(args.run)
    data = corrected_data(lab, run)
    if not data.targets:
        raise InputError(f"no corrected target stands for {data.label}; correct one in `scansion show {run.label}`")
    if data.roles.nested and args.output.lower().endswith(_TABLES):
        raise InputError(f"{args.output}: {data.label} has its inputs in an object of their own; write .jsonl")
    return _rows(args.output, version_rows(data)), {"corrected": len(data.targets)}


def _rows(path: str, rows: object) -> int:
    from scansion.data.writer import write_csv, write_jsonl, write_parquet

    name = path.lower()
    write: Any = write_csv if name.endswith(_TABLES) else write_parquet if name.endswith(".parquet") else write_jsonl
    return int(write(path, rows))
