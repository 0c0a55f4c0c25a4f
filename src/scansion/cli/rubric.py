"""Draft a judge's rubric from marked outcomes; measure the judge.

  scansion rubric -m openai/gpt-5-mini          from the last run, to rubric.md
  scansion rubric RUN -m MODEL --judge MODEL    another model will judge
  scansion rubric RUN --check rubric.md         measure one that was mended

It takes 30 outcomes marked right or wrong (`scansion show`, m). The draft is made
from one half, the judge's agreement is measured on the other. The rubric is then
a scorer: -s "rubric(rubric.md)".
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser
from scansion.cli._plan import add_call_options, options_from
from scansion.cli._show import print_json, put_out, say_written, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.people.rubrics import RubricReport, RubricTerms

_FILE = "rubric.md"


def configure(parser: Parser) -> None:
    """The options of `scansion rubric`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id or name (default: the last)")
    parser.add_argument("-m", "--model", metavar="MODEL", help="the model that drafts, and judges unless --judge")
    parser.add_argument("--judge", metavar="MODEL", help="the model that will judge by the rubric")
    parser.add_argument("--check", metavar="FILE", help="measure this rubric instead of drafting one")
    parser.add_argument("--as", dest="person", metavar="NAME", help="whose marks count (default: yours)")
    parser.add_argument("-o", "--output", metavar="FILE", help=f"the file to write (default: {_FILE})")
    parser.add_argument("--budget", metavar="AMOUNT", help="2usd, 500calls or 1Mtokens; never exceeded")
    add_call_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    import asyncio

    from scansion.experiments.lab import Lab
    from scansion.experiments.people.rubrics import draft_rubric
    from scansion.scorers.rubric import write_rubric

    terms = _terms(args)
    target = _target(args, terms)
    with Lab.find(args.lab, create=False) as lab:
        report = asyncio.run(draft_rubric(lab, args.run, terms, options_from(args)))
    if target is not None:  # before anything is shown, since it is paid for
        write_rubric(target, report.file())
    _show(report, args)
    if target is not None:
        say_written(str(target))
    return 0


def _terms(args: Namespace) -> RubricTerms:
    from scansion.experiments.people.rubrics import RubricTerms
    from scansion.scorers.rubric import read_rubric

    if args.check is None and args.model is None:
        raise InputError("rubric: no model to draft with; name one with -m, or measure a rubric with --check FILE")
    rubric = read_rubric(Path(args.check), args.check) if args.check is not None else None
    return RubricTerms(model=args.model, judge=args.judge, person=args.person, budget=args.budget, rubric=rubric)


def _target(args: Namespace, terms: RubricTerms) -> Path | None:
    """The file to write: none for one that was written by hand and is only measured."""
    if args.output is None and terms.rubric is not None:
        return Path(args.check) if terms.rubric.drafted else None
    target = Path(args.output or _FILE)
    if target.exists() and not (terms.rubric is not None and target == Path(args.check)):
        raise InputError(f"{target}: is there already; name another file with -o, or measure it with --check {target}")
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.parent}; make it first")
    return target


def _show(report: RubricReport, args: Namespace) -> None:
    if args.json:
        print_json(report)
        return
    from scansion.report.rubric import render

    put_out(render(report, width()))
