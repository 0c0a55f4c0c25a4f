"""Rate models or prompts from votes on pairs.

  scansion rate votes.csv
  scansion rate votes.csv --by elo --question prompt
  scansion rate votes.jsonl --left x --right y --winner choice --json
  scansion rate votes.csv --next 10       which pairs to ask about next

A vote is a row: two players (left and right, or model_a and model_b) and a winner
(left, right, tie, or the player's name). Nothing is asked.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser, share, whole, whole_from_zero
from scansion.cli._show import print_json, put_out, width

_METHODS = ("bradley-terry", "davidson", "newman", "elo", "average-win-rate", "counting", "eigen", "pagerank")


def configure(parser: Parser) -> None:
    """The options of `scansion rate`."""
    parser.add_argument("votes", metavar="FILE", help="the votes: .csv, .tsv, .jsonl, .json or .parquet")
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
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.rating.ratings import RatingTerms, rate
    from scansion.experiments.rating.votes import VoteColumns

    terms = RatingTerms(args.by, args.unit, args.level, args.rounds, args.seed, args.next)
    columns = VoteColumns(args.left, args.right, args.winner, args.question, args.voter)
    found = rate(args.votes, terms, columns)
    if args.json:
        print_json(found)
    else:
        from scansion.report.rate import render

        put_out(render(found, width()))
    return 0
