"""What `run` and `compare` do once they have a plan: preview it, or run it, show it, report it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from scansion.cli._show import code_of, print_json, put_out, say_written, show_result, width, write_reports

if TYPE_CHECKING:
    from scansion.experiments.plan import Options, Plan

__all__ = ["execute"]


def execute(plan: Plan, options: Options, args: Namespace) -> int:
    """Runs `plan` (or shows what it would ask, with `--dry-run`) and returns the exit code."""
    if args.dry_run:
        return _dry(plan, args)
    from scansion.cli._watch import ask, run_watched

    ask(plan, args.lab, yes=args.yes)
    result = run_watched(plan, options, args.lab)
    show_result(result, args)
    if args.record and Path(args.record).exists():
        say_written(args.record)
    if args.output or args.junit or args.markdown:
        from scansion.experiments.lab import Lab

        with Lab.find(args.lab) as lab:
            write_reports(lab, result, args)
    return code_of(result, args)


def _dry(plan: Plan, args: Namespace) -> int:
    from scansion.cli._watch import previewed

    found = previewed(plan, args.lab)
    if args.json:
        fields = {name: getattr(found, name) for name in found.__struct_fields__}
        requests = [dict(zip(("variant", "example", "request"), each, strict=True)) for each in found.requests]
        print_json({**fields, "requests": requests})
    else:
        from scansion.report.preview import render

        put_out(render(found, width()))
    return 0
