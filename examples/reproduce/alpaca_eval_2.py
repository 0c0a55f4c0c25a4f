"""AlpacaEval 2 (Li and others 2023; Dubois and others 2024, arXiv 2404.04475): win rates against gpt4_1106.

The judge's preference (0 to 1) of each instruction is recorded; a blank one was not readable and is left out, as the
source does: it is counted in no win rate. The standard error is the standard deviation over the root of n.
`preferences.csv` holds six decimals, so that a win rate is known within 0.00005 points; where the full preferences
are recorded (`outputs_some_models`) they are used, and agreement is to 1e-9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from _published import Figures, Items, Record, find, grouped, records

SKIPPED = {
    "published_lc_win_rate": "needs the length regression over all models of the leaderboard",
    "avg_len": "needs output_lengths.csv",
    "published_avg_length": "needs output_lengths.csv",
}
"""Why a figure is not computed, where it is not."""


def figures(folder: Path) -> Iterator[Figures]:
    """One a model with a column in `preferences.csv`."""
    table = records(find(folder, "preferences.csv"), "alpaca_eval_2/preferences.csv.gz")
    path = find(folder, "output_lengths.csv")
    lengths = {r["item"]: r for r in records(path)} if path else {}
    path = find(folder, "outputs_some_models.jsonl")
    full = grouped(records(path), "model") if path else {}
    for model in [name for name in table[0] if name != "item"]:
        yield _model(model, table, lengths, full.get(model, []))


def _model(model: str, table: list[Record], lengths: Record, full: list[Record]) -> Figures:
    rounded = {r["item"]: float(r[model]) for r in table if r[model] not in (None, "")}
    exact = {str(r["item"]): float(r["preference"]) for r in full if r["preference"] is not None}
    scores = exact if exact.keys() == rounded.keys() else rounded
    values = _rates(np.array(list(scores.values())))
    n = len(scores)
    texts = [float(lengths[i][model]) for i in scores if lengths.get(i, {}).get(model) not in (None, "")]
    if texts:
        values |= {"avg_len": sum(texts) / len(texts), "published_avg_length": str(int(sum(texts) / len(table)))}
    near = sum(abs(exact[i] - rounded[i]) <= 6e-7 for i in exact if i in rounded)
    error = 100.0 * 5.1e-7
    return Figures(
        f"alpaca_eval_2/{model}",
        n,
        values,
        within={} if scores is exact else _within(error, n),
        why="preferences are recorded to six decimals",
        not_recomputed=SKIPPED,
        items=(Items("preferences of both files", near, len(exact)),) if exact else (),
    )


def _within(error: float, n: int) -> dict[str, float]:
    """How far the rounding of the preferences may move each figure, at most."""
    spread = error / np.sqrt(max(1, n - 1))
    return {"win_rate": error, "published_win_rate": error, "standard_error": spread, "published_se": spread}


def _rates(scores: Sequence[float] | np.ndarray) -> Record:
    scores = np.asarray(scores, dtype=np.float64)
    n, wins, losses = len(scores), int((scores > 0.5).sum()), int((scores < 0.5).sum())
    win_rate = 100.0 * float(scores.mean())
    error = 100.0 * float(scores.std(ddof=1)) / float(np.sqrt(n))
    draws = n - wins - losses
    own = {"n": n, "win_rate": win_rate, "standard_error": error, "n_wins": wins, "n_losses": losses, "draws": draws}
    discrete = 100.0 * (wins + 0.5 * draws) / n
    stated = {"win_rate": win_rate, "se": error, "n_wins": str(wins), "discrete": discrete}
    return own | {f"published_{name}": value for name, value in stated.items()}
