"""See the main job done, offline: prompts, a vote, two models.

  scansion demo

Three prompts for word problems and a vote, on both embedded models: no key, no network, less than a
minute. It runs in a lab of its own, in your cache folder, which keeps what was asked: the second time
nothing is asked again. --fresh forgets it first. Exit codes are those of `scansion run`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from scansion.cli._parser import Parser, whole
from scansion.cli._show import check_targets, code_of, put_out, show_result, width, write_reports

_PLAN = Path(__file__).with_name("_demo") / "demo.yaml"


def configure(parser: Parser) -> None:
    """The options of `scansion demo`."""
    parser.add_argument("--limit", metavar="N", type=whole, help="only the first N problems (default: all 100)")
    parser.add_argument("--fresh", action="store_true", help="ask everything again")
    parser.add_argument("--json", action="store_true", help="the run's JSON document on standard output")
    parser.add_argument("-o", "--output", metavar="FILE", help="the HTML report (default: beside the demo's lab)")


def main(args: Namespace) -> int:
    """Runs the command."""
    check_targets(args)
    from scansion.cli._watch import run_watched
    from scansion.experiments.lab import Lab
    from scansion.experiments.plan import Options, load_plan
    from scansion.report.demo import closing

    home = _home()
    lab = home / "lab"
    if args.fresh:
        shutil.rmtree(lab, ignore_errors=True)
    print("three prompts and a vote on two embedded models; offline, less than a minute", file=sys.stderr)
    result = run_watched(load_plan(_PLAN, limit=args.limit), Options(), str(lab))
    show_result(result, args)
    if not result.interrupted:
        args.output = args.output or str(home / "report.html")
        args.junit = args.markdown = None
        with Lab.find(lab) as opened:
            write_reports(opened, result, args)
        if not args.json:
            put_out(closing(result, str(lab), args.output, width()))
    return code_of(result, args)


def _home() -> Path:
    """The folder of the demo's lab and report: in the user's cache, else a new one among the temporary files."""
    from scansion.cli._commands import version
    from scansion.environment import cache_folder

    try:
        folder = cache_folder() / f"demo-{version()}"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        pass
    return Path(tempfile.mkdtemp(prefix="scansion-demo-"))
