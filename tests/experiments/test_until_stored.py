"""Runs that stop when decided, read again: stored outcomes, scored anew, gone on with, killed in the middle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.watched_project import SIZE, WatchedProject, looked

import scansion
from scansion.errors import InputError
from scansion.experiments.lab import Lab
from scansion.experiments.progress import Stop
from scansion.experiments.sequential.looking import Looking
from scansion.models.providers.human import Human
from scansion.stats.sequence import ConfidenceSequence
from scansion.types import Completion, Request


def test_stored_outcomes_are_looked_at_as_the_run_would_have(watched: WatchedProject) -> None:
    live = watched.run("plain", "think", lab="live")
    watched.run("plain", "think", until=None)
    calls = sum(watched.model.asked.values())
    lab = watched.folder / ".scansion"
    again = scansion.compare("plain", "think", lab=lab, until="decided")
    assert sum(watched.model.asked.values()) == calls
    mine, theirs = live.comparisons[0], again.comparisons[0]
    assert (theirs.verdict, theirs.n, theirs.interval) == (mine.verdict, mine.n, mine.interval)
    assert theirs.until is not None
    assert theirs.until.replayed
    assert theirs.until.calls_saved == 2 * (SIZE - mine.n)


def test_two_runs_and_a_table_are_looked_at_too(watched: WatchedProject) -> None:
    watched.run("plain", until=None)
    watched.run("think", until=None)
    lab = watched.folder / ".scansion"
    found = scansion.compare("r1", "r2", lab=lab, until="decided").comparisons[0]
    assert (found.verdict, found.until is not None and found.until.of) == ("better", SIZE)
    rng = random.Random(3)
    rows = [{"id": i, "a": int(rng.random() < 0.5), "b": int(rng.random() < 0.85)} for i in range(300)]
    watched.write("marks.csv", "id,a,b\n" + "".join(f"{r['id']},{r['a']},{r['b']}\n" for r in rows))
    table = scansion.compare("a", "b", table=watched.folder / "marks.csv", until="decided").comparisons[0]
    assert table.verdict == "better"
    assert table.until is not None
    assert table.until.looked < 150


def test_variants_of_a_run_that_stopped_are_compared_as_it_looked(watched: WatchedProject) -> None:
    run = watched.run("plain", "think", "other")
    found = scansion.compare("plain", "think", lab=watched.folder / ".scansion").comparisons[0]
    assert found.verdict == "better"
    assert found.n <= run.comparisons[0].n  # alone it need not share the error rate
    assert found.until is not None


def test_a_run_that_stopped_can_be_scored_anew(watched: WatchedProject) -> None:
    import asyncio

    from scansion.experiments.rescore import rescore

    first = watched.run("plain", "think")
    with Lab.find(watched.folder / ".scansion") as lab:
        again = asyncio.run(rescore(lab, first.run, ["exact"]))
    assert again.comparisons[0].verdict == "better"
    assert again.comparisons[0].n == first.comparisons[0].n


def test_a_scorer_that_is_decided_sooner_has_intervals_of_all_that_is_shown(watched: WatchedProject) -> None:
    import asyncio

    from scansion.experiments.rescore import rescore

    watched.write("halves.py", "def halves(output, example):\n    return 0.5 + 0.5 * (output.text == example.target)\n")
    first = watched.run("plain", "think", scorers=["python:halves:halves"])
    with Lab.find(watched.folder / ".scansion") as lab:
        again = asyncio.run(rescore(lab, first.run, ["numeric"]))
        value = {v.row: v.scores["numeric"].value for v in lab.views(again.run) if v.variant == "plain"}
        order = [row for rows, _ in lab.run_table.looked(1) for row in rows]
    assert again.comparisons[0].n < first.comparisons[0].n == again.variants[0].scored
    sequence = ConfidenceSequence(low=0.0, high=1.0, null=0.5, total=SIZE)
    sequence.extend([value[row] for row in order])
    plain = again.variants[0]
    assert plain.interval == pytest.approx(sequence.interval)
    assert plain.mean == pytest.approx(sequence.mean)


def test_runs_in_orders_of_their_own_are_not_compared(watched: WatchedProject) -> None:
    watched.run("plain", "think")
    watched.run("plain", "other", seed=1, limit=SIZE)
    with pytest.raises(InputError, match=r"each in an order of its own \(seeds 0 and 1\)"):
        scansion.compare("r1", "r2", lab=watched.folder / ".scansion")
    watched.rows(5000)  # now they share none of the few that they look at
    watched.run("plain", "think", lab="apart")
    watched.run("plain", "think", lab="apart", seed=3)
    with pytest.raises(InputError, match="so that they looked at different examples: run both with one seed"):
        scansion.compare("r1", "r2", lab=watched.folder / "apart")


def test_undecided_it_says_how_many_rows_would_decide_it(watched: WatchedProject) -> None:
    [found] = watched.run("plain", "think", limit=6).comparisons
    assert found.verdict == "undecided"
    assert found.needed is not None
    assert 1 <= found.needed < 30
    [same] = watched.run("plain", "same", limit=60).comparisons
    assert (same.needed, same.reason) == (None, "no difference seen; a margin would let it be called equivalent")


def test_what_an_earlier_session_looked_at_beyond_the_decision_is_no_part_of_the_run(
    watched: WatchedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first session sees errors that pass; once they are asked again it is decided sooner than it had come."""
    watched.write("plain.txt", "Plain flaky {{number}}")
    stop = Stop()

    look = Looking._look

    def look_and_stop(self: Looking, *unit: Any) -> None:
        look(self, *unit)
        if self.watch.rows >= 100:
            stop.soft()

    monkeypatch.setattr(Looking, "_look", look_and_stop)
    first = watched.run("plain", "think", stop=stop, concurrency=2, tries=1)
    monkeypatch.setattr(Looking, "_look", look)
    assert first.comparisons[0].verdict == "undecided"
    watched.model.flaky = False
    second = watched.run("plain", "think")
    assert second.run == first.run
    [found] = second.comparisons
    assert (found.verdict, found.n < 100) == ("better", True)
    assert looked(second) == looked(watched.run("plain", "think", lab="whole"))


def test_a_person_is_asked_in_the_same_order_and_no_more_once_it_is_decided(
    watched: WatchedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def complete(_: Human, request: Request) -> Completion:
        asked.append(int(str(request.messages[-1].content).split()[-1]))
        return Completion(text=str(asked[-1] + 1), finish_reason="stop")

    monkeypatch.setattr(Human, "ready", lambda _: None)
    monkeypatch.setattr(Human, "complete", complete)
    result = watched.run("worse", models=[f"python:{watched.name}:steps", "human/ann"])
    [found] = result.comparisons
    assert found.verdict == "better"
    with Lab.find(watched.folder / ".scansion") as lab:
        order = [row for rows, _ in lab.run_table.looked(1) for row in rows]
    assert asked == order
    assert watched.model.asked["Worse"] == len(order) == found.n


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_decides_the_same(watched: WatchedProject) -> None:
    script = (
        "import scansion\n"
        f"scansion.run(prompts=['plain.txt', 'other.txt'], models=['python:{watched.name}:steps'], data='rows.jsonl',\n"
        "    scorers=['numeric'], until='decided', lab='.scansion', concurrency=4)\n"
    )
    watched.write("plain.txt", "Plain slowly {{number}}")
    watched.write("go.py", script)
    path = os.pathsep.join([str(Path(scansion.__file__).parents[1]), str(watched.folder)])
    child = subprocess.Popen([sys.executable, "go.py"], cwd=watched.folder, env={**os.environ, "PYTHONPATH": path})
    database = watched.folder / ".scansion" / "lab.db"
    for _ in range(600):
        time.sleep(0.02)
        if database.is_file() and child.poll() is None:
            with Lab.find(watched.folder / ".scansion") as lab:
                if lab.size()["outcomes"] > 30:
                    break
    child.send_signal(signal.SIGKILL)
    child.wait()
    resumed = watched.run("plain", "other")
    assert sum(watched.model.asked.values()) <= 2 * SIZE - 30
    assert resumed.run == "r1"
    whole = watched.run("plain", "other", lab="whole")
    assert looked(resumed) == looked(whole)
