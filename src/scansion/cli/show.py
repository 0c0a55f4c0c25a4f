"""Show outcomes: input, target, outputs side by side, scores, calls.

  scansion show --flips direct steps      where two variants of the last run differ
  scansion show RUN --wrong --variant steps -n 5
  scansion show --prompt -n 1             the requests exactly as they were sent

On a terminal the output goes through $PAGER (less).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser, whole
from scansion.cli._show import print_json, put_out, width

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.results import OutcomeView


def configure(parser: Parser) -> None:
    """The options of `scansion show`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("--variant", metavar="V", help="only this variant")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--wrong", dest="which", action="store_const", const="wrong", help="only wrong outcomes")
    which.add_argument("--errors", dest="which", action="store_const", const="errors", help="only errors")
    which.add_argument("--unscored", dest="which", action="store_const", const="unscored", help="only the unscored")
    which.add_argument("--flips", nargs=2, metavar=("A", "B"), help="only where one is right and the other wrong")
    parser.add_argument("-n", type=whole, metavar="N", help="at most N examples")
    parser.add_argument(
        "--prompt", action="store_true", help="the requests exactly as sent, equal ones once, and nothing else"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab
    from scansion.report.plain import grouped

    with Lab.find(args.lab, create=False) as lab:
        views = _views(lab, args)
        models = {v["model"] for v in lab.run_table.find(args.run).context["variants"]}
        if args.prompt and not args.json:
            rows = (list(views) for _, views in groupby(views, key=lambda view: view.row))
            _page(_requests(islice(rows, args.n), models))
            return 0
        groups = islice(grouped(views), args.n)
        if args.json:
            print_json([view for group in groups for view in group])
        else:
            _page(_examples(groups, models))
    return 0


def _views(lab: Lab, args: Namespace) -> Iterable[OutcomeView]:
    if args.flips:
        return lab.views(args.run, variant=args.variant, which="flips", flips=(args.flips[0], args.flips[1]))
    return lab.views(args.run, variant=args.variant, which=args.which or "all")


def _examples(groups: Iterable[list[OutcomeView]], models: set[str]) -> Iterator[str]:
    from scansion.report.plain import example_text

    cells = width()
    empty = True
    for group in groups:
        empty = False
        yield example_text(group, cells, models=models)
    if empty:
        yield "there is none\n"


def _requests(examples: Iterable[list[OutcomeView]], models: set[str]) -> Iterator[str]:
    from scansion.report.plain import requests_text

    cells = width()
    return (requests_text(views, cells, models) for views in examples)


def _page(texts: Iterable[str]) -> None:
    """Through a pager on a terminal, else straight out."""
    pager = os.environ.get("PAGER") or "less"
    if not sys.stdout.isatty() or shutil.which(pager.split()[0]) is None:
        for text in texts:
            put_out(text)
        return
    settings = {"LESS": "FRX", **os.environ}
    process = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=settings, encoding="utf-8")  # noqa: S602
    try:
        with process.stdin as pipe:  # type: ignore[union-attr]
            pipe.writelines(texts)
    except BrokenPipeError:
        pass  # the reader has seen enough
    finally:
        process.wait()
