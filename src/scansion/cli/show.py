"""Show outcomes: page through them and annotate; or print them.

  scansion show --wrong                   what went wrong; ? lists the keys
  scansion show --flips direct steps      where two variants differ
  scansion show RUN --wrong --variant steps -n 5 | cat
  scansion show --search pears --json     any selection as JSON
  scansion show --prompt -n 1             the requests exactly as they were sent

On a terminal it fills the screen: n and p go to the next item and back, t tags, m marks, c corrects the target, k keeps
an example. Through a pipe, and with --prompt, it prints; --prompt on a terminal goes through $PAGER (less).
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
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab
    from scansion.experiments.results import OutcomeView
    from scansion.experiments.selection import Selection
    from scansion.experiments.store.runs import RunRecord

    Groups = Iterator[list[OutcomeView]]


def configure(parser: Parser) -> None:
    """The options of `scansion show`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("--variant", metavar="V", help="only this variant")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--wrong", dest="which", action="store_const", const="wrong", help="only wrong outcomes")
    which.add_argument("--errors", dest="which", action="store_const", const="errors", help="only errors")
    which.add_argument("--unscored", dest="which", action="store_const", const="unscored", help="only the unscored")
    which.add_argument(
        "--abstain", dest="which", action="store_const", const="abstained", help="only those that abstain"
    )
    which.add_argument("--flips", nargs=2, metavar=("A", "B"), help="only where one is right and the other wrong")
    parser.add_argument("--tag", metavar="TAG", help="only outcomes tagged so by anybody, and rows that carry the tag")
    parser.add_argument("--search", metavar="TEXT", help="only those with this text in input, target, output or notes")
    parser.add_argument("--id", metavar="ID", help="only the example of this id")
    parser.add_argument("--against", metavar="V", help="this variant's outputs beside the others, differences marked")
    parser.add_argument("-n", type=whole, metavar="N", help="at most N examples")
    parser.add_argument(
        "--prompt", action="store_true", help="the requests exactly as sent, equal ones once, and nothing else"
    )
    parser.add_argument("--as", dest="author", metavar="NAME", help="who annotates (default: git's user.name)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab

    with Lab.find(args.lab, create=False) as lab:
        run = lab.run_table.find(args.run)
        selection = _selection(args)
        if args.prompt:
            return _show_requests(lab, run, selection, args)
        if args.json:
            print_json([_said(lab, view) for group in _groups(lab, run, selection, args.n) for view in group])
            return 0
        from scansion.cli._reader.terminal import usable

        if not _any(lab, run, selection):
            put_out(f"{run.label} has no {_wanted(selection)}\n")
        elif usable():
            return _read(lab, run, selection, args)
        else:
            texts = _examples(lab, run, selection, args.n)
            _page(_or_none(texts, f"{run.label} has no {_wanted(selection)}\n"))
    return 0


def _selection(args: Namespace) -> Selection:
    from scansion.experiments.selection import Selection

    if args.search is not None and not args.search.strip():
        raise InputError("--search: the text is empty; name what the outcomes must hold")
    return Selection(
        variant=args.variant,
        which="flips" if args.flips else args.which or "all",
        flips=tuple(args.flips) if args.flips else None,
        against=args.against,
        tag=args.tag,
        text=(args.search or "").strip(),
        id=args.id,
    )


def _wanted(selection: Selection) -> str:
    """What was asked for, in words."""
    named = {"wrong": "wrong outcomes", "errors": "errors", "unscored": "unscored outcomes"}
    named["abstained"] = "outcomes that abstain"
    found = "flips between {} and {}".format(*selection.flips) if selection.flips else ""
    found = found or named.get(selection.which, "outcomes")
    if selection.variant:
        found += f" of {selection.variant}"
    found += f" tagged {selection.tag!r}" if selection.tag else ""
    return found + (f" with {selection.text!r} in them" if selection.text else "")


def _any(lab: Lab, run: RunRecord, selection: Selection) -> bool:
    """Whether there is something to read; a text is looked for on the screen."""
    from scansion.experiments.selection import select

    return next(select(lab, run, selection), None) is not None


def _or_none(texts: Iterable[str], none: str) -> Iterator[str]:
    empty = True
    for text in texts:
        empty = False
        yield text
    if empty:
        yield none


def _groups(lab: Lab, run: RunRecord, selection: Selection, most: int | None) -> Groups:
    """The outcomes by example and trial, the one that others stand against first."""
    from scansion.experiments.selection import baseline_of
    from scansion.report.plain import grouped

    base = baseline_of(run, selection) if selection.against else None
    for group in islice(grouped(lab.views(run.label, selection)), most):
        yield sorted(group, key=lambda view: base is None or view.variant != base.name)


def _said(lab: Lab, view: OutcomeView) -> dict[str, Any]:
    """An outcome with what people said of it."""
    from msgspec import structs

    return {**structs.asdict(view), "said": lab.annotations.standing(view)}


def _models(run: RunRecord) -> set[str]:
    return {variant["model"] for variant in run.context["variants"]}


def _examples(lab: Lab, run: RunRecord, selection: Selection, most: int | None) -> Iterator[str]:
    from scansion.experiments.selection import baseline_of
    from scansion.report.plain import example_text

    base = baseline_of(run, selection) if selection.against else None
    against, cells, models = base.name if base is not None else None, width(), _models(run)
    for group in _groups(lab, run, selection, most):
        yield example_text(group, cells, models=models, against=against, said=lab.annotations.standing)


def _read(lab: Lab, run: RunRecord, selection: Selection, args: Namespace) -> int:
    """Let a person page through the outcomes and annotate them; says at the end what was done."""
    from scansion.cli._reader.app import Reader
    from scansion.cli._reader.signals import end
    from scansion.cli._reader.terminal import Hangup, Terminal
    from scansion.experiments.people.pen import Pen, scorers_of
    from scansion.experiments.reading import Reading
    from scansion.experiments.variants import ways_out_of
    from scansion.report.figures import plural
    from scansion.report.text import one_line, wrap

    pen = Pen(lab.annotations.by(args.author), scorers_of(run), ways_out_of(run.context["variants"]))
    reading = Reading(lab, run, selection, annotations=pen.annotations, limit=args.n)
    try:
        with Terminal() as terminal:
            Reader(reading, pen, terminal, lab.folder).read()
    except Hangup as lost:  # the terminal is as it was; end as the signal would have it
        lab.close()
        end(lost.signal)
    said = (
        f"; {plural(pen.acts, 'annotation')} by {one_line(pen.author)}, see `scansion annotations`" if pen.acts else ""
    )
    line = f"{run.label}: read {reading.read_count:,} of {plural(len(reading.items), 'item')}{said}"
    put_out("\n".join(wrap(line, width())) + "\n")
    return 0


def _show_requests(lab: Lab, run: RunRecord, selection: Selection, args: Namespace) -> int:
    from scansion.report.plain import requests_text

    by_row = (list(views) for _, views in groupby(lab.views(run.label, selection), key=lambda view: view.row))
    groups = islice(by_row, args.n)
    if args.json:
        print_json([each for group in groups for each in _asked(group)])
        return 0
    cells, models = width(), _models(run)
    texts = (requests_text(views, cells, models) for views in groups)
    _page(_or_none(texts, f"{run.label} has no {_wanted(selection)}\n"))
    return 0


def _asked(views: list[OutcomeView]) -> Iterator[dict[str, Any]]:
    """The requests of one example, equal ones once, each with how often each variant made it."""
    from scansion.report.plain import distinct_requests

    for request, by in distinct_requests(views):
        yield {"row": views[0].row, "example": views[0].example.id, "calls": dict(by), "request": request}


def _page(texts: Iterable[str]) -> None:
    """Through a pager on a terminal, else straight out."""
    pager = os.environ.get("PAGER") or "less"
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    if not sys.stdout.isatty() or dumb or shutil.which(pager.split()[0]) is None:
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
