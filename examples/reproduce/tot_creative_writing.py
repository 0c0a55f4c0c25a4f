"""Tree of Thoughts, creative writing (Yao and others 2023, arXiv 2305.10601): passages judged 1 to 10 by GPT-4.

Means over all passages, and over the first of each input, of the mean of a passage's judgements. An unreadable
judgement left no score: a passage then has fewer than five.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, Items, files, mean, records


def figures(folder: Path) -> Iterator[Figures]:
    """One a method whose passages were judged."""
    for name, path in files(folder, ".jsonl"):
        items = records(path)
        judged = [[j for j in r.get("judge") or [] if j and j.get("rs")] for r in items]
        if not any(judged):
            continue
        scores = [[mean(j["rs"]) for j in each] for each in judged]
        same = sum(abs(mean(j["rs"]) - j["r"]) < 1e-9 for each in judged for j in each)
        passages = sum(len(r["outputs"]) for r in items)
        values = {
            "n_inputs": len(items),
            "n_outputs": passages,
            "mean_score": mean(s for each in scores for s in each),
            "mean_first": mean(each[0] for each in scores if each),
            "usage": items[-1].get("usage_so_far"),
        }
        checked = (Items("recorded means of the judgements", same, sum(map(len, judged))),)
        yield Figures(f"tot_creative_writing/{name}", len(items), values, items=checked)
