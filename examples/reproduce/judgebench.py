"""JudgeBench (Tan and others 2024, arXiv 2410.12784): judges of pairs with an objective label, asked in both orders.

The decision of the second order is not mapped back in the records: it is turned round before it is compared. A judge
is right where more of its two decisions name the label than the other response; one decision alone, or a tie beside a
right one, counts so, too. An unreadable decision (None) names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _published import Figures, Record, find, grouped, rate, records

TURNED = {"A>B": "B>A", "B>A": "A>B"}


def figures(folder: Path) -> Iterator[Figures]:
    """One a judge; figures of each source of questions stand in it under the source's name."""
    pairs = {r["pair_id"]: r for r in records(find(folder, "pairs.jsonl"), f"{folder.name}/pairs.jsonl.gz")}
    verdicts = records(find(folder, "verdicts.jsonl"), f"{folder.name}/verdicts.jsonl.gz")
    for judge, asked in grouped(verdicts, "judge").items():
        held = [r for r in asked if r["pair_id"] in pairs]
        decided = [(pairs[r["pair_id"]], mapped(r["decisions"])) for r in held]
        values = _counts(decided)
        parts: dict[str, Any] = {}
        for pair, decisions in decided:
            parts.setdefault(str(pair.get("source")), []).append((pair, decisions))
        sources = {source: _counts(part) | _rates(part) for source, part in parts.items()}
        others = _rates(decided) | sources | {"by_source": sources, "sources": sources}
        yield Figures(f"judgebench/{judge}", len(decided), values, other_names=others)


def mapped(decisions: Any) -> list[str | None]:
    """The decisions in terms of the first order: every second one turned round."""
    said = [d.get("decision") if isinstance(d, dict) else d for d in decisions or []]
    return [TURNED.get(str(d), d) if order % 2 else d for order, d in enumerate(said)]


def right(label: str, decisions: list[str | None]) -> bool:
    """Whether more decisions name the label than the other response."""
    other = TURNED.get(label)
    return sum((d == label) - (d == other) for d in decisions) > 0


Decided = list[tuple[Record, list[str | None]]]


def _counts(decided: Decided) -> Record:
    marks = [[d == pair["label"] for d in decisions] for pair, decisions in decided]
    return {
        "n": len(decided),
        "correct": sum(right(pair["label"], decisions) for pair, decisions in decided),
        "correct_both": sum(bool(m) and all(m) for m in marks),
        "correct_first": sum(m[0] for m in marks if m),
        "correct_second": sum(m[1] for m in marks if len(m) > 1),
        "inconsistent": sum(len(set(decisions)) > 1 for _, decisions in decided),
        "unreadable": sum(None in decisions for _, decisions in decided),
    }


def _rates(decided: Decided) -> Record:
    found = _counts(decided)
    shares = rate(found["correct"], found["n"])
    first = {"first_order": found["correct_first"], "second_order": found["correct_second"]}
    return shares | first | {"both": found["correct_both"], "both_correct": found["correct_both"]}
