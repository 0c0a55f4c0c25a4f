"""Rate models or prompts from votes on pairs.

  scansion rate votes.csv
  scansion rate votes.csv --by elo --question prompt
  scansion rate votes.jsonl --left x --right y --winner choice --json
  scansion rate votes.csv --next 10       which pairs to ask about next
  scansion rate r12 --judge "pairwise(model=openai/gpt-5-mini)"

A vote is a row: two players (left and right, or model_a and model_b) and a winner
(left, right, tie, or the player's name). Nothing is asked, but with --judge: that
compares the outputs of a run's variants, in both orders, and its votes are rated.
At a terminal it asks first where that may cost more than 1 USD and no --budget is set.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser, share, whole, whole_from_zero
from scansion.cli._plan import add_call_options, options_from
from scansion.cli._show import print_json, put_out, say_written, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.rating.ratings import Ratings, RatingTerms

_METHODS = ("bradley-terry", "davidson", "newman", "elo", "average-win-rate", "counting", "eigen", "pagerank")

_OF_TABLE = ("left", "right", "winner", "question", "voter")
_OF_JUDGE = ("budget", "yes", "output", "concurrency", "timeout", "tries", "lab")


def configure(parser: Parser) -> None:
    """The options of `scansion rate`."""
    parser.add_argument(
        "votes", metavar="FILE", nargs="?", help="the votes: .csv, .tsv, .jsonl, .json or .parquet; with --judge a run"
    )
    parser.add_argument(
        "--by", metavar="METHOD", choices=_METHODS, default=_METHODS[0], help=f"one of {', '.join(_METHODS)}"
    )
    parser.add_argument("--left", metavar="COL", help="the column of the first player")
    parser.add_argument("--right", metavar="COL", help="the column of the second player")
    parser.add_argument("--winner", metavar="COL", help="the column of the vote")
    parser.add_argument("--question", metavar="COL", help="the column of what was asked; its votes stand together")
    parser.add_argument("--voter", metavar="COL", help="the column of who voted")
    parser.add_argument(
        "--unit",
        metavar="UNIT",
        choices=("question", "voter", "vote"),
        help="what intervals draw anew: question (where there is one), voter or vote",
    )
    parser.add_argument("--level", metavar="L", type=share, default=0.95, help="of the intervals (0.95)")
    parser.add_argument("--rounds", metavar="N", type=whole, default=1000, help="drawings for the intervals (1000)")
    parser.add_argument("--seed", metavar="N", type=whole_from_zero, default=0, help="of the drawings (0)")
    parser.add_argument("--next", metavar="N", type=whole, default=0, help="name the N pairs to ask about next")
    judging = parser.add_argument_group("votes of a judge on a run (default: the last)")
    judging.add_argument("--judge", metavar="SCORER", help='"pairwise(model=...)", or a panel of these')
    judging.add_argument("--budget", metavar="AMOUNT", help="2usd, 500calls or 1Mtokens; never exceeded")
    judging.add_argument("--yes", action="store_true", default=None, help="do not ask before a costly judging")
    judging.add_argument("-o", "--output", metavar="FILE", help="write the votes there (.csv or .jsonl)")
    add_call_options(judging)
    judging.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.rating.ratings import RatingTerms

    terms = RatingTerms(args.by, args.unit, args.level, args.rounds, args.seed, args.next)
    found = _of_table(args, terms) if args.judge is None else _of_judge(args, terms)
    if args.json:
        print_json(found)
    else:
        from scansion.report.rate import render

        put_out(render(found, width()))
    return 0


def _of_table(args: Namespace, terms: RatingTerms) -> Ratings:
    from scansion.experiments.rating.ratings import rate
    from scansion.experiments.rating.votes import VoteColumns

    for name in _OF_JUDGE:
        if getattr(args, name) is not None:
            raise InputError(f"rate: --{name} is for the votes of a judge; add --judge")
    if args.votes is None:
        raise InputError('rate: name a file of votes, or let a judge vote on a run: --judge "pairwise(model=...)"')
    return rate(args.votes, terms, VoteColumns(args.left, args.right, args.winner, args.question, args.voter))


def _of_judge(args: Namespace, terms: RatingTerms) -> Ratings:
    import asyncio

    from scansion.cli._watch import confirm
    from scansion.experiments.lab import Lab
    from scansion.experiments.rating.judged import (
        Judging,
        NoVerdict,
        check_votes_file,
        judge_preview,
        judge_run,
        write_votes,
    )
    from scansion.report.live import Live

    for name in _OF_TABLE:
        if getattr(args, name) is not None:
            raise InputError(f"rate: --{name} names a column of a table of votes, and a run has none; leave it out")
    if args.unit == "voter":
        raise InputError("rate: the votes on a run have one voter; leave --unit out, or say --unit vote")
    if args.output is not None:
        check_votes_file(args.output)
    live = Live(sys.stderr)
    how = Judging(args.budget, options_from(args), live)
    try:
        with Lab.find(args.lab, create=False) as lab:
            if not args.yes and not args.budget:
                confirm(lambda: asyncio.run(judge_preview(lab, args.votes, args.judge)))
            judged = asyncio.run(judge_run(lab, args.votes, args.judge, terms, how))
    except NoVerdict as none:
        if args.output is not None:
            write_votes(args.output, none.votes)
            say_written(args.output)
        raise
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the same command goes on where it stopped") from None
    finally:
        live.close()
    if args.output is not None:
        write_votes(args.output, judged.votes)
        say_written(args.output)
    return judged.ratings
