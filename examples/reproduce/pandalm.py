"""PandaLM (Wang and others 2024, arXiv 2306.05087): three annotators and two judges on 999 pairs of responses.

Cohen's kappa of each two annotators (`scansion.stats.agreement`); the judges against the annotators' majority, an
unreadable judgement agreeing with nobody; precision, recall and F1 are means over the labels 0 (tie), 1 and 2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _published import Figures, Phrase, Record, counts, files, mean, records

from scansion.errors import InputError
from scansion.stats.agreement import agreement

LABELS = ("0", "1", "2")
PAIRS = ((1, 2), (1, 3), (2, 3))


def figures(folder: Path) -> Iterator[Figures]:
    """One for the folder."""
    items = [r for _, path in files(folder, ".jsonl") for r in records(path)]
    if not items:
        raise InputError("pandalm/testset.jsonl.gz: no such file; nothing of it can be recomputed")
    people = {i: [str(r[f"annotator{i}"]) for r in items] for i in (1, 2, 3)}
    majority = [Counter(labels).most_common(1)[0][0] for labels in zip(*people.values(), strict=True)]
    values: Record = {f"k{a}{b}": _agreed(people[a], people[b]) for a, b in PAIRS}
    values["majority_counts"] = counts(majority)
    for judge in ("gpt35_result", "pandalm_result"):
        values[judge] = _judged(majority, [str(r[judge]) for r in items])
    values["published"] = _statement(values, len(items))
    yield Figures("pandalm", len(items), values, digits={"agree": 4, "kappa": 4})


def _agreed(a: Sequence[Any], b: Sequence[Any]) -> Record:
    found = agreement(a, b)
    return {"n": found.n, "agree": found.share, "kappa": found.kappa}


def _judged(majority: list[str], judged: list[str]) -> Record:
    read = ["0" if label.lower() == "tie" else label for label in judged]
    scores = [_scores(majority, read, label) for label in LABELS]
    macro = {f"macro_{n}": mean(s[i] for s in scores) for i, n in enumerate(("precision", "recall", "f1"))}
    return _agreed(majority, read) | macro | {"values": counts(judged)}


def _scores(wanted: list[str], found: list[str], label: str) -> tuple[float, float, float]:
    hits = sum(a == b == label for a, b in zip(wanted, found, strict=True))
    precision = hits / found.count(label) if label in found else 0.0
    recall = hits / wanted.count(label) if label in wanted else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def _statement(values: Record, n: int) -> Phrase:
    """What the source's page says of it, in its words."""
    kappas = ", ".join(f"{values[f'k{a}{b}']['kappa']:.2f} ({a}-{b})" for a, b in PAIRS)
    majority = "/".join(str(values["majority_counts"].get(label, 0)) for label in LABELS)
    return Phrase(f"Cohen kappa {kappas}; majority label counts {majority}; {n} items")
