"""LLMBar (Zeng and others 2024, arXiv 2310.07641): judges against gold labels, each pair asked in both orders.

`winner_swapped_order` is already mapped back to outputs 1 and 2. A verdict that could not be read is blank: it agrees
with no label, but two blank verdicts are `equal`, as the authors count. Their kappas code the label as 1 or 2 and a
verdict as 1 or 0, so that a right 2 is a disagreement: they are reproduced so, and the right ones stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from _published import Figures, Items, Record, find, grouped, records

from scansion.stats.agreement import agreement

FIRST, SECOND = "winner_noswap", "winner_swapped_order"
ORDERS = ((FIRST, "swap = False"), (SECOND, "swap = True"))


def figures(folder: Path) -> Iterator[Figures]:
    """One a subset and judge."""
    table = records(find(folder, "verdicts.csv"), "llmbar/verdicts.csv.gz")
    path = find(folder, "completions.jsonl")
    full = grouped(records(path), "set", "evaluator") if path else {}
    for (subset, judge), verdicts in grouped(table, "set", "evaluator").items():
        yield _judge(f"llmbar/{subset}|{judge}", verdicts, full.get((subset, judge), []))


def _judge(key: str, verdicts: list[Record], full: list[Record]) -> Figures:
    n = len(verdicts)
    labels, first, second = ([r[name] for r in verdicts] for name in ("label", FIRST, SECOND))
    pairs = list(zip(labels, first, second, strict=True))
    right = (sum(a == b for b, a, _ in pairs), sum(a == b for b, _, a in pairs))
    both, equal = sum(x == y == z for x, y, z in pairs), sum(y == z for _, y, z in pairs)
    values = {"n": n, "correct_noswap": right[0], "correct_swap": right[1], "correct_both": both, "equal": equal}
    texts = {"correct_False": right[0], "correct_True": right[1], "correct_both": both, "equal": equal}
    stated = {name: f"{count} / {n} = {count / n * 100}%" for name, count in texts.items()}
    stated["correct_average"] = f"{sum(right) / 2 / n * 100}%"
    values["statistics_json"] = stated | _their_kappas(labels, first, second)
    ours = {f"kappa_{name}": agreement(labels, found).kappa for name, found in (("noswap", first), ("swap", second))}
    return Figures(key, n, values | ours, items=_beside(verdicts, full))


def _their_kappas(labels: Sequence[str], first: Sequence[str], second: Sequence[str]) -> Record:
    gold = [int(v) for v in labels]
    a, b = ([1 if v == "1" else 0 for v in found] for found in (first, second))
    kappas = {
        name: agreement(a, b).kappa for name, a, b in (("False", a, gold), ("True", b, gold), ("agreement", a, b))
    }
    if kappas["False"] is not None and kappas["True"] is not None:
        kappas["average"] = (kappas["False"] + kappas["True"]) / 2
    return {f"kappa_{name}": value for name, value in kappas.items()}


def _beside(verdicts: list[Record], full: list[Record]) -> tuple[Items, ...]:
    """Whether the table's verdicts are those recorded with the judge's full texts."""
    texts = {str(r["i"]): r["results"] for r in full if isinstance(r.get("results"), dict)}
    shared = [r for r in verdicts if r["i"] in texts]
    same = sum(all(_winner(texts[r["i"]], order) == r[name] for name, order in ORDERS) for r in shared)
    return (Items("verdicts of both files", same, len(shared)),) if shared else ()


def _winner(results: Record, order: str) -> str:
    return str((results.get(order) or {}).get("winner") or "")
