"""The recorded judges of LLMBar (Zeng et al. 2024, arXiv 2310.07641): every text is read to the recorded verdict."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scansion.errors import Unscored
from scansion.scorers._verdicts import Reader, Scale, label_reader, rating_reader, read
from scansion.types import Completion

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "llmbar"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded data of ../shared/data are not here")

ORDERS = {"swap = False": ("winner_noswap", "12"), "swap = True": ("winner_swapped_order", "21")}
"""The order in which a judge was shown outputs 1 and 2: the column of the recorded verdict, and who was called a, b."""

READERS = {"Vanilla": label_reader(["a", "b"], "alone"), "Rating": rating_reader(Scale(0, 10), "alone")}
STATED = label_reader(["a", "b"])


@pytest.fixture(scope="module")
def found() -> dict[str, Counter[tuple[str, str]]]:
    """For each evaluator how often a reading met a recorded verdict; both name outputs, a tie, or nothing."""
    recorded = {(r["set"], r["evaluator"], r["i"]): r for r in _rows()}
    counts: dict[str, Counter[tuple[str, str]]] = {}
    with gzip.open(DATA / "completions.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            verdicts = recorded[item["set"], item["evaluator"], str(item["i"])]
            for order, (column, places) in ORDERS.items():
                reading = _reading(item["evaluator"].rpartition("/")[2], item["results"], order, places)
                counts.setdefault(item["evaluator"], Counter())[reading, verdicts[column]] += 1
    return counts


def _rows() -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / "verdicts.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _reading(setting: str, results: dict[str, Any], order: str, places: str) -> str:
    if setting == "Rating":
        one, two = (_read(*results[name], READERS["Rating"]) for name in ("score_1", "score_2"))
        return "" if one is None or two is None else "tie" if one == two else "1" if one > two else "2"
    said = _read(*results[order]["completion"], READERS.get(setting, STATED))
    return "" if said is None else places["ab".index(said)]


def _read(text: str, finish: str, reader: Reader[Any]) -> Any:
    try:
        return read(Completion(text, finish_reason="length" if finish == "length" else "stop"), reader)
    except Unscored:
        return None


def test_every_comparison_is_read_as_recorded(found):
    """Also those without a verdict: two that end in none, one that was cut off."""
    compared = {name: counts for name, counts in found.items() if not name.endswith("/Rating")}
    assert {name: counts.total() for name, counts in compared.items()} == dict.fromkeys(compared, 468)
    assert len(compared) == 6
    wrong = {name: pair for name, counts in compared.items() for pair in counts if pair[0] != pair[1]}
    assert wrong == {}
    unread = {name: counts["", ""] for name, counts in compared.items() if counts["", ""]}
    assert unread == {"ChatGPT/CoT": 2, "LLaMA2/CoT": 1}


def test_every_rating_is_read_as_recorded_but_what_the_authors_coded(found):
    """Equal ratings, and one that a filter kept back, were coded as won by the output of the second place: 2, and with
    the order swapped 1. For the one that was kept back it was the other way round."""
    rated = {name: counts for name, counts in found.items() if name.endswith("/Rating")}
    assert {name: counts.total() for name, counts in rated.items()} == {"ChatGPT/Rating": 468, "GPT-4/Rating": 468}
    coded = {name: {p: n for p, n in counts.items() if p[0] != p[1]} for name, counts in rated.items()}
    assert coded["ChatGPT/Rating"] == {("tie", "2"): 109, ("tie", "1"): 109}
    assert coded["GPT-4/Rating"] == {("tie", "2"): 38, ("tie", "1"): 38, ("", "1"): 1, ("", "2"): 1}
