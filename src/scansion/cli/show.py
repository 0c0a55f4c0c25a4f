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
from typing import TYPE_CHECKING, Any

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
        run = lab.run_table.find(args.run)
        models = {v["model"] for v in run.context["variants"]}
        by_row = (list(views) for _, views in groupby(views, key=lambda view: view.row))
        groups = islice(by_row if args.prompt else grouped(views), args.n)
        if args.json:
            print_json([each for group in groups for each in (_asked(group) if args.prompt else group)])
        else:
            texts = _requests(groups, models) if args.prompt else _examples(groups, models)
            _page(_or_none(texts, f"{run.label} has no {_wanted(args)}\n"))
    return 0


def _wanted(args: Namespace) -> str:
    """What was asked for, in words."""
    named = {"wrong": "wrong outcomes", "errors": "errors", "unscored": "unscored outcomes"}
    found = f"flips between {args.flips[0]} and {args.flips[1]}" if args.flips else named.get(args.which, "outcomes")
    return f"{found} of {args.variant}" if args.variant else found


def _or_none(texts: Iterable[str], none: str) -> Iterator[str]:
    empty = True
    for text in texts:
        empty = False
        yield text
    if empty:
        yield none


def _asked(views: list[OutcomeView]) -> Iterator[dict[str, Any]]:
    """The requests of one example, equal ones once, each with how often each variant made it."""
    from scansion.report.plain import distinct_requests

    for request, by in distinct_requests(views):
        yield {"row": views[0].row, "example": views[0].example.id, "calls": dict(by), "request": request}


def _views(lab: Lab, args: Namespace) -> Iterable[OutcomeView]:
    if args.flips:
        return lab.views(args.run, variant=args.variant, which="flips", flips=(args.flips[0], args.flips[1]))
    return lab.views(args.run, variant=args.variant, which=args.which or "all")


def _examples(groups: Iterable[list[OutcomeView]], models: set[str]) -> Iterator[str]:
    from scansion.report.plain import example_text

    cells = width()
    return (example_text(group, cells, models=models) for group in groups)


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
