"""List the runs of the lab, the newest first.

The mean is that of the first variant, by the scorer that is named last.
"""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from scansion.cli._parser import Parser, whole
from scansion.cli._show import print_json, put_out, width

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab, RunInfo

_READ = 20  # runs whose figures are read, the newest


def configure(parser: Parser) -> None:
    """The options of `scansion runs`."""
    parser.add_argument("-n", type=whole, metavar="N", help="at most N runs")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab

    with Lab.find(args.lab, create=False) as lab:
        infos = lab.runs()[: args.n]
        rows = [{**_row(info), **_figures(lab, info, read=i < _READ)} for i, info in enumerate(infos)]
    if args.json:
        print_json(rows)
    elif rows:
        put_out("\n".join(_table(rows)) + "\n")
    else:
        put_out("no run yet; `scansion run experiment.yaml` makes one, `scansion init` an example\n")
    return 0


def _row(info: RunInfo) -> dict[str, Any]:
    return {
        "run": info.id,
        "name": info.name,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(info.created)),
        "state": "unfinished" if info.finished is None else "done" if info.complete else "incomplete",
        "data": info.data,
        "n": info.n,
        "variants": info.variants,
        "spent_usd": info.spent_usd,
    }


def _figures(lab: Lab, info: RunInfo, *, read: bool) -> dict[str, Any]:
    """The primary scorer of a run and the mean of its first variant; None for what is not `read` or not known."""
    result = lab.result(info.id) if read and info.n is not None else None
    if result is None or not result.variants:
        return {"scorer": None, "mean": None}
    return {"scorer": result.scorers[0] if result.scorers else None, "mean": result.variants[0].mean}


def _table(rows: list[dict[str, Any]]) -> list[str]:
    from scansion.report.figures import NONE, Scale, count, usd
    from scansion.report.table import Column, grid
    from scansion.report.text import one_line

    variants = [one_line(f"{row['data']}: {_names(row['variants']) or NONE}{_scored(row)}") for row in rows]
    columns = [
        Column("run", [one_line(f"{row['run']} {row['name']}") for row in rows], right=False),
        Column("created (UTC)", [row["created"][:16].replace("T", " ") for row in rows]),
        Column("state", [row["state"] for row in rows], right=False),
        Column("examples", [NONE if row["n"] is None else count(row["n"]) for row in rows]),
        Column("mean", [Scale(_is_share(row["mean"])).mean(row["mean"]) for row in rows]),
        Column("USD", [usd(row["spent_usd"]) for row in rows]),
    ]
    head, rule, *body = grid(columns, width())
    if len(body) == len(rows):  # no name had to be wrapped
        body = [part for line, names in zip(body, variants, strict=True) for part in (line, *_indented(names))]
    return [head, rule, *body]


def _is_share(mean: float | None) -> bool:
    return mean is None or 0 <= mean <= 1


def _scored(row: dict[str, Any]) -> str:
    return f"; scored by {row['scorer']}" if row["scorer"] else ""


def _names(variants: list[str]) -> str:
    """The names of variants, without the address of a server that all models share."""
    from scansion.report.names import shortener

    short = shortener({name.split(" | ")[-1] for name in variants})
    return ", ".join(map(short, variants))


def _indented(names: str) -> list[str]:
    from scansion.report.text import wrap

    return ["    " + line for line in wrap(names, width() - 4)]
