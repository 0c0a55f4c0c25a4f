"""LLMFAO's votes and evalica's golden rankings (Ustalov 2025, arXiv 2412.11314): seven rankings of each set of votes.

For NAME.csv with the votes and NAME-golden.csv with the scores (`simple`, `food`), and for `human_comparisons.csv` with
`golden_rankings.csv`. The published figures are the golden files' own; Scansion's `stats` computes them anew from the
votes. Bradley-Terry's scores are shares that sum to 1, a tie counts as half a win for each side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _published import Figures, Items, Record, Share, find, grouped, records

from scansion.stats.agreement import agreement
from scansion.stats.bradley_terry import bradley_terry
from scansion.stats.elo import elo
from scansion.stats.rankings import average_win_rate, counting, eigen, newman, pagerank
from scansion.stats.votes import LEFT, RIGHT, TIE, Ballot, ballot

OUTCOMES = {"left": LEFT, "right": RIGHT, "tie": TIE}
TABLES = {"simple": "simple-golden.csv", "food": "food-golden.csv", "human_comparisons": "golden_rankings.csv"}
RANKINGS = {
    "average_win_rate": average_win_rate,
    "counting": counting,
    "eigen": eigen,
    "newman": newman,
    "pagerank": pagerank,
}
JUDGES = {"gpt4_vs_human_majority": "gpt4_comparisons.csv", "gpt35_vs_human_majority": "gpt3_comparisons.csv"}


def published(folder: Path) -> Record:
    """The golden scores, as objects of the kind that `expected.json` holds."""
    found: Record = {}
    for name, golden in TABLES.items():
        if path := find(folder, golden):
            scores = found.setdefault(f"llmfao/{name}", {})
            for row in records(path):
                scores.setdefault(row["algorithm"], {})[row["item"]] = float(row["score"])
    return found


def figures(folder: Path) -> Iterator[Figures]:
    """One a set of votes, and one for the whole where the human votes are there."""
    golden = published(folder)
    for name in TABLES:
        path = find(folder, f"{name}.csv")
        if path is None:
            continue
        votes = [r for r in records(path) if r["winner"] in OUTCOMES]
        large = name == "human_comparisons"
        yield Figures(
            f"llmfao/{name}",
            len(votes),
            rankings(votes),
            relative=1e-5 if large else 1e-9,
            why="the golden iterations end at 1e-6, or after 100 steps" if large else "",
        )
        if large:
            yield _whole(folder, votes, len(golden.get(f"llmfao/{name}", {})))


def rankings(votes: list[Record]) -> dict[str, dict[str, float]]:
    """Each ranking's score of each item."""
    items = list(dict.fromkeys(r[side] for r in votes for side in ("left", "right")))
    number = {item: i for i, item in enumerate(items)}
    left, right = ([number[r[side]] for r in votes] for side in ("left", "right"))
    cast = ballot(left, right, [OUTCOMES[r["winner"]] for r in votes], players=len(items))
    return {name: dict(zip(items, map(float, scores), strict=True)) for name, scores in _scores(cast).items()}


def _scores(cast: Ballot) -> dict[str, np.ndarray]:
    counts = cast.counts()
    strengths = np.exp(bradley_terry(counts))
    found = {name: ranking(counts) for name, ranking in RANKINGS.items()}
    return found | {"bradley_terry": strengths / strengths.sum(), "elo": elo(cast)}


def _whole(folder: Path, votes: list[Record], algorithms: int) -> Figures:
    pairs = grouped(votes, "prompt", *_models(votes))
    values: Record = {"n_pairs": len(pairs)}
    majority = {key: _plurality([r["winner"] for r in each]) for key, each in pairs.items()}
    for name, file in JUDGES.items():
        path = find(folder, file) or find(folder, file.replace("gpt3_", "gpt35_"))
        if path is None:
            continue
        judged = {(r["prompt"], *(r[m] for m in _models(votes))): r["winner"] for r in records(path)}
        both = [key for key in majority if key in judged]
        found = agreement([majority[k] for k in both], [judged[k] for k in both])
        values[name] = {
            "n": found.n,
            "agree": None if found.share is None else Share(found.share),
            "kappa": found.kappa,
        }
    others = {"n_votes": len(votes), "votes": len(votes)}
    return Figures(
        "llmfao",
        len(votes),
        values,
        other_names=others,
        digits={"kappa": 4, "agree": 4},
        not_recomputed=dict.fromkeys(
            ("algorithms", "golden_check"), "each score is compared with the golden file here"
        ),
        items=(Items("rankings with golden scores", algorithms, len(RANKINGS) + 2),),
    )


def _models(votes: list[Record]) -> tuple[str, str]:
    return ("model_x", "model_y") if votes and "model_x" in votes[0] else ("left", "right")


def _plurality(winners: list[str]) -> str:
    """The most frequent verdict; a tie where two are equally frequent."""
    ranked = Counter(winners).most_common()
    return "tie" if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else ranked[0][0]
