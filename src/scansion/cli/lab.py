"""The lab's size, and its vacuum.

  scansion lab size      how much it holds
  scansion lab vacuum    give space that is not used back to the disk

Nothing that was asked or said is removed.
"""

from __future__ import annotations

from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out
from scansion.errors import InputError

_ACTIONS = ["size", "vacuum"]


def configure(parser: Parser) -> None:
    """The options of `scansion lab`."""
    parser.add_argument("action", nargs="?", choices=_ACTIONS)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab

    if args.action is None:
        raise InputError(f"lab: say what to do: {' or '.join(_ACTIONS)}")
    with Lab.find(args.lab, create=False) as lab:
        found = lab.size() if args.action == "size" else lab.vacuum()
    if args.json:
        print_json(found)
    else:
        put_out("".join(f"{_words(name)}: {_amount(name, value)}\n" for name, value in found.items()))
    return 0


def _words(name: str) -> str:
    return name.replace("_", " ")


def _amount(name: str, value: object) -> str:
    if isinstance(value, int) and name in ("bytes", "before", "after"):
        return f"{value / 2**20:,.1f} MiB"
    return f"{value:,}" if isinstance(value, int) else str(value)
