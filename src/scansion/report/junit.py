"""JUnit XML of a run: a test case per variant and example; wrong is a failure, an error an error, unscored skipped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TextIO

from scansion.experiments.results import OutcomeView, RunResult
from scansion.report.plain import score_text, value_text

__all__ = ["write"]

_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 20_000  # characters of one output in the file


def _escape(text: str) -> str:
    safe = _INVALID.sub(lambda m: f"\\x{ord(m.group()):02x}", text)
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    plain = _escape(text).replace('"', "&quot;")
    return plain.replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def write(result: RunResult, views: Iterable[OutcomeView], stream: TextIO) -> None:
    """Writes the document to `stream`, one test case at a time as `views` give them, in any order."""
    total = {
        "tests": sum(v.n * v.trials for v in result.variants),
        "failures": sum(v.wrong for v in result.variants),
        "errors": sum(v.errors for v in result.variants),
        "skipped": sum(v.unscored + v.unreached for v in result.variants),
    }
    counts = " ".join(f'{name}="{value}"' for name, value in total.items())
    head = f'name="{_attribute(result.name or result.run)}" {counts} time="{result.seconds:.3f}"'
    stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {head}>\n<testsuite {head}>\n')
    repeated = any(v.trials > 1 for v in result.variants)
    stream.writelines(_case(view, f" trial {view.trial + 1}" if repeated else "") for view in views)
    stream.write("</testsuite>\n</testsuites>\n")


def _case(view: OutcomeView, trial: str) -> str:
    name = _attribute(f"{view.example.id}{trial}")
    start = f'<testcase classname="{_attribute(view.variant)}" name="{name}" time="{view.latency:.3f}"'
    body = _finding(view)
    return f"{start}>{body}</testcase>\n" if body else f"{start}/>\n"


def _finding(view: OutcomeView) -> str:
    if view.status == "error":
        return f'<error type="{_attribute(view.reason)}" message="{_attribute(view.message)}">{_answer(view)}</error>'
    if view.status in ("unscored", "unreached"):
        reason = "; ".join(each for each in (view.reason or view.status, view.message) if each)
        return f'<skipped message="{_attribute(reason)}"/>'
    if not view.wrong:
        return ""
    scores = "; ".join(score_text(name, score) for name, score in view.scores.items())
    return f'<failure type="wrong" message="{_attribute(scores)}">{_answer(view)}</failure>'


def _answer(view: OutcomeView) -> str:
    parts = []
    if view.example.target is not None:
        parts.append(f"target: {value_text(view.example.target)}")
    if view.output is not None:
        parts.append(f"output:\n{view.output.text[:_LONGEST]}")
    return _escape("\n".join(parts))
