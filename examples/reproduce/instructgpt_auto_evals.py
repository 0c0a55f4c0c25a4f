"""InstructGPT (Ouyang and others 2022, arXiv 2203.02155): TruthfulQA by model and prompt style.

Shares of answers that the classifiers hold for true, and for true and informative (score above one half).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _published import Figures, files, grouped, mean, records


def figures(folder: Path) -> Iterator[Figures]:
    """One a model and prompt style of each table that has the classifiers' scores."""
    for name, path in files(folder, ".csv"):
        items = records(path)
        if not items or "true" not in items[0]:
            continue
        for (model, prompt), answers in grouped(items, "model_type", "prompt_type").items():
            scored = [(float(r["true"]), float(r["info"])) for r in answers if r["true"] != "" and r["info"] != ""]
            n = len(scored)
            both = sum(t > 0.5 and i > 0.5 for t, i in scored)
            values = {"n": len(answers), "true": mean(t for t, _ in scored)}
            values |= {"true_frac": sum(t > 0.5 for t, _ in scored) / n, "true_and_info_frac": both / n}
            yield Figures(f"instructgpt_auto_evals/{name}|{model}|{prompt}", n, values, digits={"true": 4})
