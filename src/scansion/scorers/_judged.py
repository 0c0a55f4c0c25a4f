"""What the scorers of a judge's verdict share: its model, its own prompt file, how its reply is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scansion.models.registry import parse_model
from scansion.scorers._base import Extractor
from scansion.scorers._judge_prompt import JudgePrompt
from scansion.scorers._judging import unreadable
from scansion.scorers._texts import as_text
from scansion.scorers._verdicts import Reader, Scale, label_reader, rating_reader, shown
from scansion.types import Completion

__all__ = ["asked_with", "by_labels", "by_rating", "judge_model", "reasons_of"]

_LONGEST = 500  # characters of the judge's reasons that are kept


def judge_model(model: str | None, prompt: JudgePrompt | None) -> tuple[str, ...]:
    """The judge's model: the one named, or else that of its prompt file; none for the model of the variant itself."""
    judge = model or (prompt.prompt.model if prompt is not None else None)
    if judge is None:
        return ()
    parse_model(judge)
    return (judge,)


def asked_with(lm: Any, models: Sequence[str]) -> Any:
    """The handle on the judge."""
    return lm.using(models[0]) if models else lm


def by_labels(labels: Sequence[str], by: Extractor | None) -> Reader[str]:
    """Reads one of `labels`; with `by`, what that reads must be one of them."""
    plain = label_reader(labels)
    return plain if by is None else _through(by, plain)


def by_rating(scale: Scale, by: Extractor | None) -> Reader[float]:
    """Reads a mark of a scale; what `by` reads may lie between two."""
    if by is None:
        return rating_reader(scale)

    def reader(text: str) -> float:
        said = by(text)
        try:
            mark = float(said)  # type: ignore[arg-type]  # what is none is caught
        except (TypeError, ValueError):
            raise unreadable(f"{by.spec} reads no mark in the judge's reply: {shown(text)}") from None
        if not scale.low <= mark <= scale.high:
            raise unreadable(f"{by.spec} reads {mark:g}, and {scale.text} was asked: {shown(text)}")
        return mark

    return reader


def _through(by: Extractor, plain: Reader[str]) -> Reader[str]:
    def reader(text: str) -> str:
        said = by(text)
        if said is None:
            raise unreadable(f"{by.spec} reads no verdict in the judge's reply: {shown(text)}")
        return plain(as_text(said))

    return reader


def reasons_of(reply: Completion) -> str:
    """What a judge wrote before its last line."""
    lines = [line for line in reply.text.splitlines() if line.strip()]
    return " ".join(" ".join(lines[:-1]).split())[:_LONGEST]
