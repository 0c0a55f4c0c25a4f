"""The lab's size, its vacuum, and the export of a run to JSONL or Parquet.

  scansion lab size
  scansion lab vacuum
  scansion lab export RUN -o outcomes.jsonl

An export has a row for each outcome; .jsonl.gz and .parquet are written too.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.lab import Lab


_ACTIONS = ["size", "vacuum", "export"]


def configure(parser: Parser) -> None:
    """The options of `scansion lab`."""
    parser.add_argument("action", nargs="?", choices=_ACTIONS)
    parser.add_argument("run", nargs="?", metavar="RUN", help="for export: a run's id or name (default: the last)")
    parser.add_argument("-o", "--output", metavar="FILE", help="for export: the file to write")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--lab", metavar="DIR", help="the lab's folder (default: the nearest .scansion/)")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.experiments.lab import Lab

    if args.action is None:
        raise InputError(f"lab: say what to do: {', '.join(_ACTIONS[:-1])} or {_ACTIONS[-1]}")
    if args.action != "export" and (args.run or args.output):
        raise InputError(f"lab: {args.action} takes no run and no file")
    if args.action == "export":
        _check_name(args.output)
    with Lab.find(args.lab, create=False) as lab:
        if args.action == "export":
            return _export(lab, args)
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


def _check_name(output: str | None) -> None:
    if not output:
        raise InputError("lab: export needs a file; give -o outcomes.jsonl or -o outcomes.parquet")
    if not output.lower().endswith((".parquet", ".jsonl", ".jsonl.gz")):
        raise InputError(f"{output}: the name must end in .jsonl, .jsonl.gz or .parquet")


def _export(lab: Lab, args: Namespace) -> int:
    """Writes every outcome of a run as a row."""
    from scansion.data import write_jsonl, write_parquet

    if args.output.lower().endswith(".parquet"):
        count = write_parquet(args.output, map(_flat, lab.rows_for_export(args.run)))
    else:
        count = write_jsonl(args.output, lab.rows_for_export(args.run))
    if args.json:
        print_json({"rows": count, "path": args.output})
    else:
        from scansion.report.figures import plural

        put_out(f"{plural(count, 'outcome')} written to {args.output}\n")
    return 0


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose nested values are JSON texts, since a column of a table has one type."""
    import msgspec

    return {k: msgspec.json.encode(v).decode() if _mixed(k, v) else v for k, v in row.items()}


def _mixed(name: str, value: Any) -> bool:
    return isinstance(value, dict | list | tuple) or (name in ("target", "answer") and value is not None)
