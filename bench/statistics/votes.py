"""Adaptive votes against votes of a fixed number: calls saved, points lost, rounds of calls, time.

    python bench/statistics/votes.py [--quick] [--from FILE ...] [--data DIR] [--record FILE [--items 2000]]

Recorded answers are put in 20 random orders. In each, `vote(n)` takes all n calls of an item and `vote(n,
stop=adaptive(threshold))` stops where its rule says; what the first gets right and the second does not is lost. "One by
one" is the published criterion asked after every single call (Aggarwal et al. 2023, arXiv 2305.11860), which needs as
many rounds as calls. Intervals (95%) are over items, each averaged over the orders.

Sets: every file in the folder of recordings with 10 or more calls an item of which it says what each answered and
whether that is right (CRUXEval, Game of 24 with equations as written, programs with the answer that each gave); of
others one line says why not. Then what `--record` made: held-out word problems of 6 to 9 steps, step by step, 40 calls
at temperature 0.8 by the embedded model, numbered as `vote(40)` numbers them. A record that was begun is gone on with;
80,000 calls take half an hour on two idle cores (give `--items 0:1000` and `--items 1000:2000` to two processes with a
file each).

`--quick` takes 3 orders, and of the record as much as there is.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from scansion.stats.intervals import mean_interval  # noqa: E402
from scansion.stats.leader import lead_probability, stay_probability  # noqa: E402
from scansion.techniques._answers import answer_key  # noqa: E402
from scansion.techniques.stops.adaptive import THRESHOLD, adaptive  # noqa: E402

THRESHOLDS = (0.8, 0.85, 0.9, 0.92, 0.935, 0.95, 0.97, 0.99)
CALLS, HEAT, MOST_TOKENS = 40, 0.8, 300
Item = tuple[Sequence[Any], Sequence[bool]]
"""The answers of an item's calls (None: no answer), and whether each is right."""
Next = Callable[[int, int, bool, int, int], int]
"""`next(first, second, whether the first was reached first, asked, n)`: how many calls to ask, 0 for no more."""


class Recorded:
    """A set as arrays of items x calls: which answer each call gave (-1: none), and whether that is right."""

    def __init__(self, name: str, items: Iterable[Item]) -> None:
        rows = list(items)
        self.name, self.n = name, max(len(answers) for answers, _ in rows)
        self.answers = np.full((len(rows), self.n), -1)
        self.right = np.zeros((len(rows), self.n), dtype=bool)
        for row, (answers, right) in enumerate(rows):
            known: dict[Any, int] = {}
            for at, (answer, good) in enumerate(zip(answers, right, strict=True)):
                if answer is not None:
                    self.answers[row, at], self.right[row, at] = known.setdefault(answer, len(known)), good

    def polls(self, orders: int, seed: int = 0) -> Iterator[Polls]:
        """The calls of each item in random orders."""
        rng = np.random.default_rng(seed)
        for _ in range(orders):
            order = rng.permuted(np.tile(np.arange(self.n), (len(self.answers), 1)), axis=1)
            yield Polls(np.take_along_axis(self.answers, order, 1), np.take_along_axis(self.right, order, 1))


class Polls:
    """Where each vote stands after 0 .. n calls: counts of the two leading answers, whether the leader was reached
    first, whether it is right."""

    def __init__(self, answers: Any, right: Any) -> None:
        items, n = answers.shape
        rows, kinds = np.arange(items), int(answers.max()) + 2
        votes, reached = np.zeros((items, kinds), dtype=int), np.full((items, kinds), n)
        good = np.zeros((items, kinds), dtype=bool)
        self.first, self.second, self.right = (np.zeros((items, n + 1), dtype=int) for _ in range(3))
        self.ahead = np.ones((items, n + 1), dtype=bool)
        for at in range(n):
            said = np.flatnonzero(answers[:, at] >= 0)
            answer = answers[said, at]
            votes[said, answer] += 1
            reached[said, answer] = np.minimum(reached[said, answer], at)
            good[said, answer] = right[said, at]
            leading = np.argpartition(votes * (n + 1) - reached, kinds - 2, axis=1)  # the first reached of equals
            leader, second = leading[:, -1], leading[:, -2]
            self.first[:, at + 1], self.second[:, at + 1] = votes[rows, leader], votes[rows, second]
            self.ahead[:, at + 1] = reached[rows, leader] < reached[rows, second]
            self.right[:, at + 1] = good[rows, leader] & (votes[rows, leader] > 0)

    def state(self, rows: Any, asked: Any) -> Iterator[tuple[int, int, bool, int]]:
        """The two leading counts of each row after `asked` calls, whether the first was reached first, and `asked`."""
        columns = (self.first[rows, asked], self.second[rows, asked], self.ahead[rows, asked], asked)
        return zip(*(column.tolist() for column in columns), strict=True)

    def asked(self, following: Next) -> tuple[Any, Any]:
        """How many calls each item takes under a rule, and in how many rounds."""
        items, n = len(self.first), self.first.shape[1] - 1
        rows, asked, rounds = np.arange(items), np.zeros(items, dtype=int), np.zeros(items, dtype=int)
        while True:
            more = np.array([following(*state, n) for state in self.state(rows, asked)])
            if not more.any():
                return asked, rounds
            asked, rounds = asked + more, rounds + (more > 0)


def one_by_one(threshold: float) -> Next:
    """The published rule."""

    @lru_cache(None)
    def following(first: int, second: int, _ahead: bool, asked: int, n: int) -> int:
        return int(asked < n and lead_probability(first, second) < threshold)

    return following


def in_batches(threshold: float) -> Next:
    """The rule of `vote(n, stop=adaptive(threshold))`."""
    rule = adaptive(threshold)

    @lru_cache(None)
    def following(first: int, second: int, ahead: bool, asked: int, n: int) -> int:
        votes = [first, second] if ahead else [second, first]
        return min(n - asked, rule(votes, asked, n)) if asked < n else 0

    return following


def line(polls: Sequence[Polls], n: int, following: Next) -> tuple[str, ...]:
    """The cells of a rule: times fewer calls, points lost, rounds."""
    taken, lost, rounds = [], [], []
    for each in polls:
        asked, turns = each.asked(following)
        taken.append(asked)
        rounds.append(turns)
        lost.append(each.right[:, n] - each.right[np.arange(len(asked)), asked])
    calls, loss = mean_interval(np.mean(taken, axis=0)), mean_interval(100.0 * np.mean(lost, axis=0))
    fewer = f"{n / calls.mean:.2f} [{n / calls.hi:.2f}, {n / calls.lo:.2f}]"
    points = f"{loss.mean:.2f}" + (f" [{loss.lo:.2f}, {loss.hi:.2f}]" if loss.lo is not None else "")
    return fewer, points, f"{np.mean(rounds):.1f} ({np.max(rounds)})"


def table(found: Recorded, orders: int) -> None:
    """The table of one set."""
    polls = list(found.polls(orders))
    n, items = found.n, len(found.answers)
    fixed = 100 * np.mean([each.right[:, n].mean() for each in polls])
    single = 100 * found.right.mean()
    print(
        f"\n{found.name}: {items:,} items x {n} calls, {orders} orders; "
        f"one call {single:.1f}%, vote({n}) {fixed:.1f}%\n"
    )
    print("| threshold | fewer calls | points lost | rounds (most) | one by one: fewer calls | points lost |")
    print("| --- | --- | --- | --- | --- | --- |")
    for threshold in THRESHOLDS:
        ours, theirs = (line(polls, n, rule(threshold)) for rule in (in_batches, one_by_one))
        usual = " (default)" if threshold == THRESHOLD else ""
        print(f"| {threshold}{usual} | {' | '.join(ours)} | {' | '.join(theirs[:2])} |")


def calibration(found: Recorded, orders: int) -> None:
    """How often the answer is that of all n calls, where the rule stops at a stated confidence."""
    said, kept = [], []
    for each in found.polls(orders):
        asked, _ = each.asked(in_batches(THRESHOLD))
        rows = np.arange(len(asked))
        state = each.state(rows, asked)
        said.append([stay_probability(first, second, found.n - at, ahead) for first, second, ahead, at in state])
        kept.append(each.right[rows, asked] == each.right[:, found.n])
    print(f"\n{found.name}: mean confidence {np.mean(said):.3f}; as right or wrong as all calls {np.mean(kept):.3f}")


def wall(found: Recorded, at_once: int = 64, latency: float = 0.02, items: int = 100) -> None:
    """Seconds that real votes take where a call takes `latency` and `at_once` may be made side by side."""
    from scansion.scorers import build_extractor
    from scansion.techniques import Context, compose, parse_techniques
    from scansion.types import Output

    async def voted(technique: str) -> tuple[float, int]:
        gate, made = asyncio.Semaphore(at_once), 0

        def asking(row: int) -> Any:
            calls = iter(found.answers[row].tolist())

            async def program(_inputs: Any, _lm: Any) -> Output:
                nonlocal made
                answer, made = next(calls), made + 1
                async with gate:
                    await asyncio.sleep(latency)
                return Output(f"{answer}" if answer >= 0 else "none")

            context = Context(extractor=build_extractor("text"))
            return compose(program, parse_techniques(technique), context)({}, None)

        start = time.perf_counter()
        await asyncio.gather(*(asking(row) for row in range(min(items, len(found.answers)))))
        return time.perf_counter() - start, made

    n = found.n
    print(f"\n{items} items, calls of {1000 * latency:g} ms, {at_once} at once ({found.name})\n")
    print("| technique | calls | seconds |\n| --- | --- | --- |")
    for technique in (f"vote({n})", f"vote({n}, stop=adaptive)"):
        took, made = asyncio.run(voted(technique))
        print(f"| {technique} | {made:,} | {took:.2f} |")


def record(path: Path, first: int, last: int) -> None:
    """Ask the embedded model for the items `first` to `last` that the file does not hold yet; one line an item."""
    from training.measures import MEASURES
    from training.source import Source

    from scansion.models.pocket.draw import Prompt
    from scansion.models.pocket.engine import Engine
    from scansion.models.pocket.folder import open_folder
    from scansion.models.pocket.sampler import Settings, draw_key
    from scansion.scorers import build_extractor
    from scansion.types import Message, Request, Sampling

    engine = Engine.open(open_folder(ROOT / "src/scansion/models/pocket/weights/small"))
    make = next(m.make for m in MEASURES if m.name == "word problems, 6 to 9 steps: step by step, T=0.8")
    read = build_extractor("last_number")
    held = {json.loads(each)["item"] for each in path.read_text().splitlines()} if path.exists() else set()
    for at in (at for at in range(first, last) if at not in held):
        item = make(Source(f"hard {at}", held=True), at)
        request = Request(tuple(Message(turn.role, turn.text) for turn in item.turns[:-1]))  # type: ignore[arg-type]
        sampling = Sampling(temperature=HEAT)
        tokens = engine.tokens(request)
        keys = [draw_key(Request(request.messages, sampling=sampling, k=k)) for k in range(CALLS)]
        replies = engine.generate([Prompt(tokens, Settings(HEAT), key, MOST_TOKENS) for key in keys])
        row = {"item": at, "target": item.target, "answers": [read(reply.text) for reply in replies]}
        with path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def recorded(paths: Sequence[Path]) -> Iterator[Item]:
    """The items of files that `record` wrote."""
    for path in paths:
        for row in map(json.loads, path.read_text().splitlines()):
            yield row["answers"], [answer == row["target"] for answer in row["answers"]]


NAMES = {"cruxeval_codellama7b": "CRUXEval", "tot_game24": "Game of 24"}
JUDGED = {"generations": "passed", "samples": "recorded_correct"}
"""Fields of the calls' answers, and beside each that of their marks."""

ANSWERED = ("executed", "generated_prediction", "prediction")
"""Fields of the answers that an item's programs gave, to compare with its `answer`."""

LEAST = 10


def sets(data: Path, files: Sequence[Path]) -> Iterator[Recorded]:
    """The sets that are there; of those without answers one line says why they are none."""
    if files:
        yield Recorded("word problems, 6 to 9 steps, pocket/small", recorded(files))
    for path in sorted(data.rglob("*.jsonl.gz")):
        calls = max(map(most_calls, rows_of(path, first=5)), default=0)
        if calls < LEAST:
            continue
        items = [item for item in map(voted_item, rows_of(path)) if item is not None]
        name = f"{NAMES.get(path.parent.name, path.parent.name)}, {path.name.split('.')[0]}"
        if items:
            yield Recorded(name, items)
        else:
            print(f"\n{name}: {calls} calls an item, without an answer and a mark of each: nothing to vote on")


def rows_of(path: Path, first: int | None = None) -> Iterator[dict[str, Any]]:
    """The objects of a file, or of its `first` lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from (row for row in map(json.loads, islice(file, first)) if isinstance(row, dict))


def most_calls(row: dict[str, Any]) -> int:
    """The length of the longest list of texts of a row: how many calls its item had."""
    lists = (value for value in row.values() if isinstance(value, list) and all(isinstance(v, str) for v in value))
    return max(map(len, lists), default=0)


def voted_item(row: dict[str, Any]) -> Item | None:
    """The answers of an item's calls and their marks; None where a row has none, or fewer than 10."""
    for field, marks in JUDGED.items():
        answers, right = row.get(field), row.get(marks)
        if isinstance(answers, list) and isinstance(right, list) and len(answers) == len(right) >= LEAST:
            return answers, right
    for field in ANSWERED:
        answers = row.get(field)
        if isinstance(answers, list) and len(answers) >= LEAST and "answer" in row:
            keys = [None if answer in (None, "", "None") else answer_key(str(answer)) for answer in answers]
            return keys, [key is not None and key == answer_key(str(row["answer"])) for key in keys]
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--from", dest="files", type=Path, nargs="+", default=[])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--items", default="2000", help="how many, or FIRST:LAST")
    args = parser.parse_args()
    if args.record:
        first, _, last = args.items.rpartition(":")
        record(args.record, int(first or 0), int(last))
        return
    orders = 3 if args.quick else 20
    print(f"numpy {np.__version__}, Python {platform.python_version()}")
    first = None
    for each in sets(args.data, args.files):
        table(each, orders)
        calibration(each, orders)
        first = first or each
    if first is not None:
        wall(first)


if __name__ == "__main__":
    main()
