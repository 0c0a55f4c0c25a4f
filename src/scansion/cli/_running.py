"""What `run` and `compare` do once they have a plan: preview it, or run it, show it, report it."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from scansion.cli._show import code_of, print_json, put_out, show_result, write_reports

if TYPE_CHECKING:
    from scansion.experiments.plan import Options, Plan
    from scansion.experiments.preview import Preview

__all__ = ["execute"]


def execute(plan: Plan, options: Options, args: Namespace) -> int:
    """Runs `plan` (or shows what it would ask, with `--dry-run`) and returns the exit code."""
    if args.dry_run:
        return _dry(plan, args)
    from scansion.cli._watch import ask, run_watched

    ask(plan, args.lab, yes=args.yes)
    result = run_watched(plan, options, args.lab)
    show_result(result, args)
    if args.output or args.junit or args.markdown:
        from scansion.experiments.lab import Lab

        with Lab.find(args.lab) as lab:
            write_reports(lab, result, args)
    return code_of(result)


def _dry(plan: Plan, args: Namespace) -> int:
    from scansion.cli._watch import previewed

    found = previewed(plan, args.lab)
    if args.json:
        print_json(found)
    else:
        put_out(_preview_text(found))
    return 0


def _preview_text(found: Preview) -> str:
    from scansion.report.figures import plural, usd
    from scansion.report.plain import request_text
    from scansion.report.text import one_line

    lines = []
    for variant, example, request in found.requests:
        lines += [f"[{one_line(variant)}] example {one_line(example)}", request_text(request), ""]
    cost = "cost unknown" if found.cost_usd is None else f"about {usd(found.cost_usd)} USD"
    lines.append(f"{plural(found.calls, 'call')}, {cost}; nothing was asked")
    return "\n".join([*lines, *map(one_line, found.notes)]) + "\n"
