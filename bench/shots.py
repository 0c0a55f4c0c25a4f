"""Shots chosen for 1,000 inputs among 100,000 examples, near-duplicates of the input left out: our BM25 beside
rank_bm25, bm25s (numpy and numba) and scikit-learn's sparse TF-IDF, timed in turn in one process.

    python -m venv /some/folder/ir
    /some/folder/ir/bin/pip install . rank-bm25 bm25s numba scikit-learn
    OMP_NUM_THREADS=1 taskset -c 1 /some/folder/ir/bin/python bench/shots.py

`index` is from texts to what can be asked, `rank` the 1,000 queries from their texts to the first k + 4 rows, `choose`
the same and the k of them that are no near-duplicates of the input, by our own rule for each of them. Seconds of CPU,
the least of `--rounds`; `of ours` is a median of the ratios of the rounds. rank_bm25 answers `--few` of the queries,
and its time is scaled up. numba's compiler is warmed up beforehand, which is said apart. Two corpora: the texts of
`../shared/bench/bench_retrieval.py` (a Zipf vocabulary), and recorded questions of GSM8K, each sentence of which was
drawn from them again (`../shared/data/gsm8k_openai_2021`).

Ours is checked against rank_bm25 with the same words and the inverse document frequency that is ours: the share of our
rows whose exact score is among the first k.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.metadata
import json
import math
import platform
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from scansion.data.index import BM25, Hashed, tokens
from scansion.data.near import Likeness

SPARE = 4
Ranking = list[list[int]]


def zipf(n: int, queries: int) -> tuple[list[str], list[str]]:
    """12 to 24 words of a Zipf vocabulary of 30,000; 1% are copies with one word changed. Queries are 8 of a text's
    words in any order, every tenth of them a whole text."""
    rng = np.random.default_rng(0)
    size = 30_000
    vocabulary = np.array([f"w{i * 2654435761 % 2**32:x}" for i in range(size)])
    chance = 1 / np.arange(1, size + 1) ** 0.9
    length = rng.integers(12, 25, n)
    flat = rng.choice(size, length.sum(), p=chance / chance.sum())
    ends = np.cumsum(length)
    rows = [flat[end - of : end] for end, of in zip(ends, length, strict=True)]
    for i in range(99, n, 100):
        rows[i] = rows[i - 50].copy()
        rows[i][0] = rng.integers(size)
    texts = [" ".join(vocabulary[row]) for row in rows]
    asked = [
        texts[i] if j % 10 == 0 else " ".join(vocabulary[rng.choice(rows[i], 8)])
        for j, i in enumerate(rng.integers(0, n, queries))
    ]
    return texts, asked


def questions(n: int, queries: int, data: Path) -> tuple[list[str], list[str]]:
    """Questions of 2 to 4 sentences, each drawn from those of GSM8K's; queries are the questions themselves."""
    with gzip.open(data / "gsm8k_openai_2021" / "solutions.jsonl.gz", "rt") as stream:
        real = list(dict.fromkeys(json.loads(line)["question"] for line in stream))
    rng = np.random.default_rng(1)
    sentences = [s for text in real for s in re.split(r"(?<=[.?!])\s+", text) if s]
    made = [
        " ".join(sentences[i] for i in rng.integers(0, len(sentences), rng.integers(2, 5)))
        for _ in range(n - len(real))
    ]
    return [*real, *made], [real[i % len(real)] for i in range(queries)]


class Ours:
    name = "scansion BM25"
    share = 0  # times `--few` queries that are asked; 0: all
    packages = ("numpy",)

    def index(self, texts: list[str]) -> None:
        self.found = BM25(texts)

    def rank(self, queries: list[str], k: int) -> Ranking:
        return [self.found.top(query, k)[0].tolist() for query in queries]


class OursHashed(Ours):
    name = "scansion hashed embedding"
    share = 5

    def index(self, texts: list[str]) -> None:
        self.found = Hashed(texts)  # type: ignore[assignment]


class Bm25s:
    share = 0
    packages = ("bm25s",)

    def __init__(self, backend: str) -> None:
        self.backend, self.name = backend, f"bm25s ({backend})"

    def index(self, texts: list[str]) -> None:
        import bm25s

        self.found = bm25s.BM25(backend=self.backend)
        self.found.index(self._words(texts), show_progress=False)

    def rank(self, queries: list[str], k: int) -> Ranking:
        rows: Ranking = self.found.retrieve(self._words(queries), k=k, show_progress=False).documents.tolist()
        return rows

    def _words(self, texts: list[str]) -> Any:
        import bm25s

        return bm25s.tokenize(texts, stopwords=None, show_progress=False)


class TfIdf:
    name = "scikit-learn TF-IDF"
    share = 0
    packages = ("scikit-learn", "scipy")

    def index(self, texts: list[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.words = TfidfVectorizer(dtype=np.float32)
        self.found = self.words.fit_transform(texts).tocsr().T.tocsr()

    def rank(self, queries: list[str], k: int) -> Ranking:
        asked, rows = self.words.transform(queries), []
        for at in range(0, len(queries), 100):
            scores = asked[at : at + 100] @ self.found
            for row in range(scores.shape[0]):
                part = slice(scores.indptr[row], scores.indptr[row + 1])
                best = (
                    np.argsort(-scores.data[part])[:k]
                    if part.stop - part.start <= k
                    else self._best(scores.data[part], k)
                )
                rows.append(scores.indices[part][best].tolist())
        return rows

    @staticmethod
    def _best(values: Any, k: int) -> Any:
        best = np.argpartition(values, -k)[-k:]
        return best[np.argsort(-values[best])]


class RankBm25:
    name = "rank_bm25"
    share = 1
    packages = ("rank-bm25",)

    def index(self, texts: list[str]) -> None:
        from rank_bm25 import BM25Okapi

        self.found = BM25Okapi([text.split() for text in texts])

    def rank(self, queries: list[str], k: int) -> Ranking:
        rows = []
        for query in queries:
            scores = self.found.get_scores(query.split())
            best = np.argpartition(scores, -k)[-k:]
            rows.append(best[np.argsort(-scores[best])].tolist())
        return rows


def chosen(queries: list[str], ranking: Ranking, texts: list[str], k: int) -> Ranking:
    """The first `k` rows of each that are no near-duplicates of the query."""
    found = []
    for query, rows in zip(queries, ranking, strict=True):
        likeness, kept = Likeness(query), []
        for row in rows:
            if not likeness.alike(texts[row]):
                kept.append(row)
                if len(kept) == k:
                    break
        found.append(kept)
    return found


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def measured(
    systems: list[Any], texts: list[str], queries: list[str], args: argparse.Namespace
) -> dict[str, list[Any]]:
    """Seconds of index, rank and choose of each system, a list of rounds; the systems take turns."""
    figures: dict[str, list[Any]] = {system.name: [] for system in systems}
    for number in range(args.rounds):
        for system in systems:
            few = queries[: args.few * system.share] if system.share else queries
            if number == 0 or not system.share:
                index, _ = timed(lambda s=system: s.index(texts))
            else:
                index = figures[system.name][0][0]
            rank, ranking = timed(lambda s=system, f=few: s.rank(f, args.k + SPARE))
            drop, _ = timed(lambda f=few, r=ranking: chosen(f, r, texts, args.k))
            scale = len(queries) / len(few)
            figures[system.name].append((index, rank * scale, (rank + drop) * scale))
    return figures


def table(figures: dict[str, list[Any]]) -> list[str]:
    ours = figures[Ours.name]
    lines = [
        "| | index, s | rank, s | choose, s | index and choose, s | rank: of ours | choose: of ours | all: of ours |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    for name, rounds in figures.items():
        index, rank, choose = (min(each[i] for each in rounds) for i in range(3))
        pairs = list(zip(rounds, ours, strict=True))
        ratios = [
            statistics.median(theirs[1] / mine[1] for theirs, mine in pairs),
            statistics.median(theirs[2] / mine[2] for theirs, mine in pairs),
            statistics.median((theirs[0] + theirs[2]) / (mine[0] + mine[2]) for theirs, mine in pairs),
        ]
        cells = [f"{index:.2f}", f"{rank:.3f}", f"{choose:.3f}", f"{index + choose:.2f}", *(f"{r:.2f}" for r in ratios)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def agreement(texts: list[str], queries: list[str], k: int) -> list[str]:
    """How our first k rows stand with exact scores of rank_bm25, with our inverse document frequency and with its."""
    from rank_bm25 import BM25Okapi

    class Lucene(BM25Okapi):  # type: ignore[misc]
        def _calc_idf(self, nd: dict[str, int]) -> None:
            self.idf = {word: math.log(1 + (self.corpus_size - n + 0.5) / (n + 0.5)) for word, n in nd.items()}

    words = [tokens(text) for text in texts]
    ours, lines = BM25(texts), []
    for name, peer in (("our inverse document frequency", Lucene(words)), ("its own", BM25Okapi(words))):
        right = same = 0.0
        for query in queries:
            scores = peer.get_scores(tokens(query))
            least = np.partition(scores, -k)[-k]
            rows = ours.top(query, k)[0]
            right += float(np.mean(scores[rows] >= least - 1e-4))
            same += len(set(np.argsort(-scores, kind="stable")[:k].tolist()) & set(rows.tolist())) / k
        n = len(queries)
        lines.append(f"With rank_bm25 by {name}: {right / n:.2%} of our rows are among its first {k} (ties counted), ")
        lines.append(f"{same / n:.2%} are the very same; {n} queries.")
    return lines


def warmed(system: Bm25s, texts: list[str]) -> float:
    """The seconds that numba's compiler takes."""
    system.index(texts[:1000])
    return timed(lambda: system.rank(texts[:20], 8))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--k", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--few", type=int, default=20)
    args = parser.parse_args()
    versions = [
        f"{p} {importlib.metadata.version(p)}" for p in ("numpy", "rank-bm25", "bm25s", "numba", "scikit-learn")
    ]
    print(f"Python {platform.python_version()}, {', '.join(versions)}; one thread; k = {args.k}")
    corpora = {"Zipf vocabulary": zipf(args.n, args.queries)}
    if args.data.exists():
        corpora["GSM8K questions, sentences drawn again"] = questions(args.n, args.queries, args.data)
    for name, (texts, queries) in corpora.items():
        numba = Bm25s("numba")
        systems = [Ours(), numba, Bm25s("numpy"), TfIdf(), RankBm25(), OursHashed()]
        print(f"\n## {name}: {len(texts):,} rows, {len(queries):,} queries\n")
        print(f"numba compiled for {warmed(numba, texts):.1f} s beforehand.\n")
        print("\n".join(table(measured(systems, texts, queries, args))), "\n", flush=True)
        print("\n".join(agreement(texts, queries[:30], args.k)), flush=True)


if __name__ == "__main__":
    main()
