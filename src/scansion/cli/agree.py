"""How far a judge or people agree; correct a mean for the judge.

  scansion agree labels.csv --human gold --judge gpt     two columns
  scansion agree labels.csv --raters ann,bob,cleo        several
  scansion agree long.csv --item id --rater who --label says
  scansion agree v.csv --a gold --b gpt --swapped gpt2 --length-a x --length-b y
  scansion agree labels.csv --human gold --judge gpt --correct
  scansion agree [RUN] [-s SCORER] [--correct]      the marks of `scansion show`

A blank human label is one not given; a judge's is unscored, as are those that are
not among --labels. --correct gives the mean human label over all rows from a few of
them and the judge's. No model is asked.
"""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scansion.cli._parser import Parser, pair, share
from scansion.cli._show import print_json, put_out, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.agreement.judgements import LabelSpec
    from scansion.experiments.agreement.report import AgreeReport

_SCALES = ["nominal", "ordinal", "interval", "ratio"]
_OF_TABLES = (
    "b",
    "raters",
    "item",
    "rater",
    "label",
    "group",
    "labels",
    "map",
    "swapped",
    "pair",
    "length_a",
    "length_b",
)


def configure(parser: Parser) -> None:
    """The options of `scansion agree`."""
    parser.add_argument("data", nargs="?", metavar="FILE", help="a table of labels; or a run (default: the last)")
    parser.add_argument("--a", "--human", metavar="COL", help="people's labels: what the other is held against")
    parser.add_argument("--b", "--judge", metavar="COL", help="the judge's labels")
    parser.add_argument("--raters", metavar="C1,C2", help="the columns of several raters")
    parser.add_argument("--item", metavar="COL", help="one judgement a row: what was judged")
    parser.add_argument("--rater", metavar="COL", help="and by whom")
    parser.add_argument("--label", metavar="COL", help="and the judgement")
    parser.add_argument("--group", metavar="COL", help="rows of one value here belong together")
    parser.add_argument("--labels", metavar="L1,L2", help="the readable labels; others are unscored")
    parser.add_argument("--map", metavar="OLD=NEW", type=pair, action="append", help="read one label as another")
    parser.add_argument("--scale", choices=_SCALES, default="nominal", help="of the labels, for Krippendorff's alpha")
    parser.add_argument("--swapped", metavar="COL", help="the judge's verdicts with the two outputs swapped")
    parser.add_argument("--mapped", action="store_true", help="these name outputs, not places: flipped back already")
    parser.add_argument("--pair", metavar="L1,L2", help="the labels of the first and the second output [,of a tie]")
    parser.add_argument("--length-a", metavar="COL", help="the first output, or its length")
    parser.add_argument("--length-b", metavar="COL", help="the second output, or its length")
    parser.add_argument("--correct", action="store_true", help="the mean human label, with the judge's help (PPI++)")
    parser.add_argument("--positive", metavar="LABEL", help="with --correct: the label whose share is wanted")
    parser.add_argument("--alpha", metavar="A", type=share, default=0.05, help="intervals at 1 - A (default: 0.05)")
    parser.add_argument("-s", "--scorer", metavar="SCORER", help="of a run: the scorer (default: the primary one)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    spec = _spec(args)
    found = _table(args, spec) if _is_table(args) else _run(args, spec)
    if args.json:
        print_json(found)
    else:
        from scansion.report.agree import render

        put_out(render(found, width()))
    return 0


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


def _spec(args: Namespace) -> LabelSpec:
    from scansion.experiments.agreement.judgements import LabelSpec

    if not 0 < args.alpha < 1:
        raise InputError(f"agree: --alpha lies between 0 and 1, not {args.alpha:g}")
    if args.positive and not args.correct:
        raise InputError("agree: --positive is for --correct; add it")
    if args.mapped and not args.swapped:
        raise InputError("agree: --mapped is about --swapped; name its column")
    lists: dict[str, Any] = {name: _listed(getattr(args, name)) for name in ("raters", "labels", "pair")}
    plain: dict[str, Any] = {n: getattr(args, n) for n in LabelSpec.__struct_fields__ if n not in ("map", *lists)}
    return LabelSpec(**plain, **lists, map=dict(args.map or ()))


def _is_table(args: Namespace) -> bool:
    """Whether a file is meant: it is there, its name ends as one's does, or columns are named."""
    if args.data is None:
        return False
    name = args.data.lower().removesuffix(".gz")
    if name.endswith((".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")) or Path(args.data).is_file():
        return True
    return re.fullmatch(r"r\d+", name) is None and any(getattr(args, each) for each in _OF_TABLES)


def _table(args: Namespace, spec: LabelSpec) -> AgreeReport:
    from scansion.experiments.agreement.agree import agree

    for flag, value in (("--scorer", args.scorer), ("--lab", args.lab)):
        if value:
            raise InputError(f"agree: {flag} is for a run, and {args.data} is a table; leave it out")
    return agree(args.data, spec)


def _run(args: Namespace, spec: LabelSpec) -> AgreeReport:
    from scansion.experiments.agreement.agree import agree_in_run
    from scansion.experiments.lab import Lab

    for name in (*_OF_TABLES, "positive"):
        if getattr(args, name):
            flag = "--judge" if name == "b" else "--" + name.replace("_", "-")
            raise InputError(f"agree: {flag} is for a table of labels; name its file")
    with Lab.find(args.lab, create=False) as lab:
        return agree_in_run(lab, args.data, scorer=args.scorer, spec=spec)
