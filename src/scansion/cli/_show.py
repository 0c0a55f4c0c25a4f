"""What commands put out: the table or the JSON document, report files, the exit code of a run."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.experiments.frontier import Frontier
    from scansion.experiments.lab import Lab
    from scansion.experiments.results import Comparison, OutcomeView, RunResult

__all__ = [
    "check_targets",
    "code_of",
    "complain",
    "flips_of",
    "print_json",
    "put_out",
    "say_written",
    "show_result",
    "width",
    "write_markdown",
    "write_reports",
]

OUTPUT: TextIO | None = None
"""Where commands put out, if not on what is standard output now."""

_PLANS = {".yaml", ".yml"}
_OPENINGS = (b"<!doctype html>", b"<?xml", b"## Scansion", b"# Prompt card: ")
_WIDEST = 160  # cells of a table, on the widest terminal


def width() -> int:
    """The cells of a line: the terminal's, 80 elsewhere."""
    if not sys.stdout.isatty():
        return 80
    import shutil

    return min(shutil.get_terminal_size().columns, _WIDEST)


def print_json(value: Any) -> None:
    """`value` as one JSON document on standard output."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    put_out(text + "\n")


def complain(text: str) -> None:
    """What is wrong, on standard error: one line, on a terminal broken between words."""
    line = "scansion: " + " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if sys.stderr.isatty():
        import shutil

        from scansion.report.text import wrap

        line = "\n".join(wrap(line, shutil.get_terminal_size().columns))
    print(line, file=sys.stderr, flush=True)


def put_out(text: str) -> None:
    """Text on standard output, whatever its encoding can take."""
    stream = OUTPUT or sys.stdout
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def show_result(result: RunResult, args: Namespace) -> None:
    """A run's figures as its JSON document or its table; the summary in Markdown takes the table's place on request."""
    if args.json:
        print_json(result)
        return
    if getattr(args, "markdown", None) == "-":
        return
    from scansion.report.table import render

    put_out(render(result, width()))
    if sys.stdout.isatty() and result.run and not result.interrupted:
        put_out(_next_steps(result))


def _next_steps(result: RunResult) -> str:
    """The commands with which a person at a terminal may go on."""
    import shlex

    steps = [f"scansion report {result.run} -o report.html"]
    if len(result.comparisons) == 1 and any(result.comparisons[0].flips or ()):
        found = result.comparisons[0]
        steps.insert(0, f"scansion show {result.run} --flips {shlex.join([found.a, found.b])}")
    elif any(each.wrong for each in result.variants):
        steps.insert(0, f"scansion show {result.run} --wrong")
    return "".join(f"{'next:' if at == 0 else '':<6}{step}\n" for at, step in enumerate(steps))


def check_targets(args: Namespace) -> None:
    """Raises InputError, before anything is run, for report files that could not be written."""
    from scansion.data import check_target

    for name in ("output", "junit", "markdown"):
        path = getattr(args, name, None)
        if not path or path == "-":
            continue
        if name == "markdown" and Path(path).suffix.lower() in _PLANS and Path(path).is_file():
            raise InputError(f"{path}: --markdown would write over it; put the plan before the flags")
        check_target(path, new=not _is_report(path))


def _is_report(path: str) -> bool:
    """Whether a file is empty or begins as a report does, so that a newer one may take its place."""
    with suppress(OSError), Path(path).open("rb") as stream:
        head = stream.read(200)
        return not head or head.lstrip().startswith(_OPENINGS)
    return False


def say_written(path: str) -> None:
    """Says on standard error that a file was written."""
    from scansion.report.text import one_line

    print(f"wrote {one_line(path)}", file=sys.stderr)


def flips_of(lab: Lab, result: RunResult) -> Iterator[tuple[Comparison, Iterator[OutcomeView]]]:
    """The flips of every comparison of a run."""
    for each in result.comparisons:
        yield each, lab.views(result.run, which="flips", flips=(each.a, each.b))


def write_reports(lab: Lab, result: RunResult, args: Namespace) -> None:
    """Writes the report files that were asked for."""
    if args.output:
        _write_html(lab, result, args.output, getattr(args, "most", None))
        say_written(args.output)
    if args.junit:
        from scansion.report import junit

        with _open(args.junit) as stream:
            junit.write(result, lab.views(result.run), stream)
        say_written(args.junit)
    if args.markdown:
        write_markdown(result, flips_of(lab, result), args)


def write_markdown(
    result: RunResult, flips: Iterable[tuple[Comparison, Iterable[OutcomeView]]], args: Namespace
) -> None:
    """Writes the summary in Markdown to its file, or to standard output where that is not JSON's."""
    from scansion.report import markdown

    text = markdown.render(result, flips)
    if args.markdown != "-":
        Path(args.markdown).write_text(text, encoding="utf-8", errors="backslashreplace")
        say_written(args.markdown)
    elif not args.json:
        put_out(text)


def _write_html(lab: Lab, result: RunResult, path: str, most: int | None) -> None:
    from scansion.report import html

    used = lab.run_table.find(result.run).context["variants"]
    with _open(path) as stream:
        html.write(
            result,
            lab.views(result.run),
            stream,
            flips=chain.from_iterable(views for _, views in flips_of(lab, result)),
            beside=html.Beside(
                [html.PromptUse(v["name"], v["text"], v["version"]) for v in used if v["text"] is not None],
                _frontier(lab, result),
            ),
            most=most,
        )


def _frontier(lab: Lab, result: RunResult) -> Frontier | None:
    """Quality beside cost, where the run has scores and several variants of which it is known."""
    from scansion.experiments.frontier import frontier_of

    with suppress(InputError):
        return frontier_of(lab, result.run) if len(result.variants) > 1 else None
    return None


def _open(path: str) -> TextIO:
    return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n")  # noqa: PTH123


def code_of(result: RunResult, args: Namespace) -> int:
    """The exit code of a run: 130 interrupted, 1 a gate did not hold, 3 incomplete, else 0.

    Where no table has said that the run is interrupted, one line on standard error does.
    """
    if result.interrupted:
        if args.json:
            complain("interrupted; resume with the same command")
        return 130
    if not all(gate.held for gate in result.gates):
        return 1
    return 3 if not result.complete or any(v.errors or v.unreached for v in result.variants) else 0
