"""Measures the models and writes the card: python -m training.evaluate docs/pocket.md [--items 400] [--only TEXT].

Runs the models as the package runs them. The card's tables stand between the page's two marker lines; without a page
they are printed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

import numpy as np

from scansion.models.pocket.draw import Prompt
from scansion.models.pocket.engine import Engine
from scansion.models.pocket.folder import open_folder
from scansion.models.pocket.sampler import Settings
from scansion.stats.intervals import wilson
from scansion.stats.paired import compare
from scansion.types import Message, Request
from training.measures import MEASURES, Measure, final
from training.problem import Item
from training.source import Source

BEGIN, END = "<!-- the card: written by training/evaluate.py -->", "<!-- end of the card -->"
WEIGHTS = Path("src/scansion/models/pocket/weights")
MOST_TOKENS = 300

EASY, HARD = "word problems, 1 to 5 steps", "word problems, 6 to 9 steps"
CLAIMS: Sequence[tuple[str, str, str]] = (
    ("reasoning helps", f"{EASY}: bare", f"{EASY}: step by step"),
    ("worked examples help", f"{EASY}: bare", f"{EASY}: three worked examples"),
    ("votes help on hard ones", f"{HARD}: step by step, T=0.8", f"{HARD}: step by step, T=0.8, vote of 9"),
    ("examples define the labels", "labels, own words, k=0", "labels, own words, k=8"),
    (
        "an instruction for the empty case helps",
        "extraction, none present: not told",
        "extraction, none present: told what to say",
    ),
    ("typing noise harms", f"{EASY}: step by step", f"{EASY}: step by step, typing noise"),
    ("a passage helps", "passage not given", "passage given"),
    (
        "marking text as data protects",
        "untrusted instruction obeyed: unmarked",
        "untrusted instruction obeyed: marked as data",
    ),
    ("a guard protects a secret", "secret given away: unguarded", "secret given away: guarded"),
)


@dataclass(frozen=True)
class Measured:
    """One measure of one model: a mark (0 or 1) for each item, and the replies to the first few."""

    marks: np.ndarray
    replies: tuple[str, ...]

    def shown(self) -> str:
        """The share with its interval, in percent."""
        n = len(self.marks)
        found = wilson(float(self.marks.sum()), n)
        return f"{100 * self.marks.mean():.1f} [{100 * found.lo:.1f}, {100 * found.hi:.1f}]"


def measure(engine: Engine, one: Measure, items: int) -> Measured:
    """Ask for every item and mark what comes."""
    made = [one.make(Source(f"{one.seed or one.name} {at}", held=True), at) for at in range(items)]
    prompts = [
        Prompt(
            engine.tokens(_request(item)),
            Settings(one.temperature),
            crc32(f"{one.name} {at} {draw}".encode()),
            MOST_TOKENS,
        )
        for at, item in enumerate(made)
        for draw in range(one.draws)
    ]
    texts = [reply.text.strip() for reply in engine.generate(prompts)]
    if one.draws > 1:
        groups = (texts[at : at + one.draws] for at in range(0, len(texts), one.draws))
        texts = [Counter(final(text) for text in group).most_common(1)[0][0] for group in groups]
    marks = np.array([one.mark(text, item) for text, item in zip(texts, made, strict=True)], float)
    return Measured(marks, tuple(texts[:5]))


def _request(item: Item) -> Request:
    asked = item.turns[:-1]
    if asked[-1].role == "text":
        return Request(text="".join(turn.text for turn in asked))
    return Request(tuple(Message(turn.role, turn.text) for turn in asked))  # type: ignore[arg-type]


def both_orders(found: dict[str, Measured]) -> tuple[float, float]:
    """Of the pairs that are judged alike in both orders: how many there are, and how many of them rightly."""
    one, other = found["judge, the politer of two"].marks, found["judge, in the other order"].marks
    same = one == other  # both right or both wrong name the same reply
    return float(same.mean()), float(one[same].mean()) if same.any() else 0.0


def card(found: dict[str, dict[str, Measured]], items: int) -> str:
    """The tables, in Markdown."""
    every = list(found.values())
    measured = [one.name for one in MEASURES if all(one.name in each for each in every)]
    claims = [one for one in CLAIMS if all(one[1] in each and one[2] in each for each in every)]
    lines = [
        f"{items} held-out items a line; percent with 95% Wilson intervals.",
        "",
        *_table("measured", found, [(name, [each[name].shown() for each in every]) for name in measured]),
        "",
        "What follows from it, pair by pair (points, 95% Newcombe intervals):",
        "",
        *_table("effect", found, [(claim, [_effect(e[one], e[two]) for e in every]) for claim, one, two in claims]),
    ]
    if all("judge, in the other order" in each for each in every):
        same, right = zip(*(both_orders(each) for each in every), strict=True)
        lines.append(_line(["judged alike in both orders", *(f"{share:.1%} of pairs" for share in same)]))
        lines.append(_line(["of these, rightly", *(f"{share:.1%}" for share in right)]))
    return "\n".join(lines)


def _table(head: str, names: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> list[str]:
    heads = [head, *(f"pocket/{name}" for name in names)]
    return [_line(heads), _line(["---"] * len(heads)), *(_line([name, *cells]) for name, cells in rows)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _effect(before: Measured, after: Measured) -> str:
    found = compare(before.marks, after.marks)
    return f"{100 * (found.difference or 0):+.1f} [{100 * (found.lo or 0):.1f}, {100 * (found.hi or 0):.1f}]"


def _measured(args: argparse.Namespace, name: str) -> dict[str, Measured]:
    """All measures of one model, told as they come."""
    engine, found = Engine.open(open_folder(args.weights / name)), {}
    for one in (each for each in MEASURES if args.only in each.name):
        found[one.name] = measure(engine, one, args.items)
        print(f"{name:6} {one.name:65} {found[one.name].shown()}", flush=True)
        if args.replies:
            print("".join(f"    {reply!r}\n" for reply in found[one.name].replies), end="")
    engine.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, nargs="?")
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--only", default="")
    parser.add_argument("--models", nargs="+", default=["small", "tiny"])
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--replies", action="store_true", help="print some replies")
    args = parser.parse_args()
    with ProcessPoolExecutor(len(args.models), get_context("spawn")) as pool:  # a model keeps one core busy
        found = dict(zip(args.models, pool.map(partial(_measured, args), args.models), strict=True))
    tables = card(found, args.items)
    if args.page is None:
        print(f"\n{tables}")
        return
    text = args.page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    args.page.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
