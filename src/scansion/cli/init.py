"""Write a working example project that runs at once.

Two prompts, forty word problems, and an experiment on the embedded model.

  scansion init                in this folder
  scansion init my-project     in a new one

It runs offline, with no key; one line of experiment.yaml turns it to another model.
Files that are there already are never overwritten.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from scansion.cli._parser import Parser
from scansion.cli._show import put_out
from scansion.errors import InputError

_FILES = Path(__file__).with_name("_init")


def configure(parser: Parser) -> None:
    """The options of `scansion init`."""
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="where to write (default: here)")


def main(args: Namespace) -> int:
    """Runs the command."""
    folder = Path(args.folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give a folder")
    sources = sorted(p for p in _FILES.rglob("*") if p.is_file())
    targets = {source: folder / source.relative_to(_FILES) for source in sources}
    there = [target for target in targets.values() if target.exists()]
    if there:
        raise InputError(f"{there[0]}: is there already; nothing was written (name a new folder: scansion init DIR)")
    for source, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    put_out("".join(f"wrote {target}\n" for target in targets.values()))
    step = "" if args.folder == "." else f"cd {folder} && "
    put_out(f"\nnow: {step}scansion run experiment.yaml\n")
    return 0
