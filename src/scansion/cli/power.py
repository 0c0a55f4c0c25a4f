"""How many examples a difference needs, and what they cost.

  scansion power --a 0.7 --b 0.76             guesses: rates of right answers
  scansion power --a 0.7 --b 0.76 --flips 0.2 --n 200
  scansion power --a 0.7 --margin 0.02        to show that b is not worse
  scansion power --sd 1.2 --difference 0.3    scores that are not 0/1
  scansion power                              the last run as the pilot
  scansion power RUN [A B] --difference 0.03  a run's, or two of its variants

A run also tells the smallest true difference that it could have seen. Nothing is asked.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser, number, rate, share, whole
from scansion.cli._show import print_json, put_out, width
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.planning.power import Guess, PowerResult, Terms

_CLAIMS = ["different", "not-worse", "equivalent"]
_GUESSES = ("a", "b", "flips", "correlation", "sd", "unscored", "calls", "model", "tokens")


def configure(parser: Parser) -> None:
    """The options of `scansion power`."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="RUN, A B, or RUN A B (default: the last run)")
    group = parser.add_argument_group("what is planned for")
    group.add_argument("--claim", choices=_CLAIMS, help="different, or within --margin not-worse or equivalent")
    group.add_argument("--difference", metavar="X", type=number, help="the true difference, b less a; 0.03 is 3 points")
    group.add_argument("--margin", metavar="X", type=share, help="not worse means: worse by less than this")
    group.add_argument("--power", metavar="X", type=rate, default=0.8, help="how surely it is to be decided (0.8)")
    group.add_argument("--alpha", metavar="X", type=rate, help="the error level of verdicts (the run's, or 0.05)")
    group.add_argument("--comparisons", metavar="M", type=whole, help="how many share the alpha (the run's, or 1)")
    group.add_argument("--n", metavar="N", type=whole, help="also what so many examples can show")
    group.add_argument("--trials", metavar="K", type=whole, help="repeats of each example (the run's, or 1)")
    group.add_argument("--icc", metavar="X", type=_icc, help="how alike two trials of one example are, 0 to 1")
    group = parser.add_argument_group("guesses, in place of a run")
    group.add_argument("--a", metavar="X", type=rate, help="the share of right answers of a")
    group.add_argument("--b", metavar="X", type=rate, help="that of b")
    group.add_argument("--flips", metavar="X", type=rate, help="the share of examples right in one of them alone")
    group.add_argument("--correlation", metavar="X", type=number, help="of right answers in a and in b")
    group.add_argument("--sd", metavar="X", type=share, help="the standard deviation of paired differences of scores")
    group.add_argument("--unscored", metavar="X", type=rate, help="the share of b's outcomes without a score")
    group.add_argument("--calls", metavar="N", type=whole, help="calls for one example and variant (1)")
    group.add_argument("-m", "--model", metavar="MODEL", help="whose price a call has, such as openai/gpt-5-mini")
    group.add_argument("--tokens", metavar="IN,OUT", help="the tokens of one call, for its price")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    found = _planned(args)
    if args.json:
        print_json(found)
        return 0
    from scansion.report.power import render

    put_out(render(found, width()))
    return 0


def _icc(text: str) -> float:
    value = number(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"an icc lies between 0 and 1, not {text}")
    return value


def _planned(args: Namespace) -> PowerResult:
    from scansion.experiments.planning.power import power_of_guess, power_of_run

    if args.a is not None or args.sd is not None:
        if args.words:
            raise InputError(f"power: guesses and a run ({args.words[0]!r}) were given; leave out one of them")
        return power_of_guess(_guess(args), _terms(args))
    for name in _GUESSES:
        if getattr(args, name) is not None:
            raise InputError(f"power: --{name} is a guess, and guesses begin with --a or --sd")
    from scansion.experiments.lab import Lab

    run, a, b = _named(args.words)
    with Lab.find(args.lab, create=False) as lab:
        return power_of_run(lab, run, a, b, terms=_terms(args))


def _named(words: list[str]) -> tuple[str | None, str | None, str | None]:
    """The run and the two variants that the words name; two words are variants of the last run."""
    if len(words) > 3:
        raise InputError(f"power: {words[3]!r} is one word too many; give RUN, A B, or RUN A B")
    run = words[0] if len(words) in (1, 3) else None
    a, b = words[-2:] if len(words) > 1 else (None, None)
    return run, a, b


def _terms(args: Namespace) -> Terms:
    from scansion.experiments.planning.power import Terms

    fields = ("claim", "power", "alpha", "margin", "difference", "n", "comparisons", "trials", "icc")
    return Terms(**{name: getattr(args, name) for name in fields})


def _guess(args: Namespace) -> Guess:
    from scansion.experiments.planning.power import Guess, call_price

    calls = args.calls or 1
    usd = call_price(args.model, args.tokens) if args.model or args.tokens else None
    return Guess(
        a=args.a,
        b=args.b,
        flips=args.flips,
        correlation=args.correlation,
        sd=args.sd,
        unscored=args.unscored or 0.0,
        calls=2 * calls,
        usd=None if usd is None else 2 * calls * usd,
    )
