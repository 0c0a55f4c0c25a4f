"""Runs that stop when decided: what they decide, in which order, with how many calls, and what survives what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.watched_project import SIZE, WatchedProject, looked, path

from scansion.errors import InputError
from scansion.experiments.figures import EFFECTIVE
from scansion.experiments.lab import Lab
from scansion.experiments.progress import Progress, Stop
from scansion.experiments.sequential.looking import counted
from scansion.experiments.store.outcomes import OutcomeRecord, ScoreRecord
from scansion.report.sentences import remarks


def test_a_clear_effect_stops_the_run_early_and_says_what_it_saved(watched: WatchedProject) -> None:
    result = watched.run("plain", "think")
    [found] = result.comparisons
    assert (found.verdict, found.test) == ("better", "confidence sequence (betting)")
    until = found.until
    assert until is not None
    assert until.decided_at == until.looked == found.n < 100
    assert until.of == SIZE
    assert until.calls_used + until.calls_saved == 2 * SIZE
    assert until.calls_used == 2 * until.looked
    assert result.until is not None
    assert (result.until.calls_used, result.until.calls_saved) == (until.calls_used, until.calls_saved)
    assert result.until.ahead <= 2 * 8
    assert until.path[-1] == (found.n, found.difference, *(found.interval or ()))
    assert [v.n for v in result.variants] == [found.n] * 2
    assert result.complete
    assert not result.interrupted
    for v in result.variants:
        assert v.scored + v.unscored + v.errors + v.unreached == v.n * v.trials
        assert v.interval_method == "confidence sequence (betting)"
    assert sum(watched.model.asked.values()) == until.calls_used + result.until.ahead
    assert sum(v.recorded_calls for v in result.variants) == 0


def test_how_many_calls_go_at_once_changes_nothing(watched: WatchedProject) -> None:
    results = [watched.run("plain", "think", "worse", lab=f"lab{n}", concurrency=n) for n in (1, 3, 100)]
    assert looked(results[0]) == looked(results[1]) == looked(results[2])


def test_slow_answers_bias_nothing(watched: WatchedProject) -> None:
    """Wrong answers of one variant come late: had each been counted as it came, the slow one would look better."""
    plain = watched.run("plain", "other", lab="quick", limit=100)
    watched.write("other.txt", "Other slowly {{number}}")
    slow = watched.run("plain", "other", lab="slow", limit=100)
    assert looked(slow) == looked(plain)


def test_examples_are_looked_at_in_the_seeds_order_not_the_files(watched: WatchedProject) -> None:
    with_seed = {seed: watched.run("plain", "think", lab=f"lab{seed}", seed=seed) for seed in (0, 1)}
    orders = []
    for seed in with_seed:
        with Lab.find(watched.folder / f"lab{seed}") as lab:
            orders.append([row for rows, _ in lab.run_table.looked(1) for row in rows])
    assert orders[0] != orders[1]
    assert all(order[:20] != sorted(order[:20]) for order in orders)


def test_at_most_eight_examples_or_a_tenth_run_ahead(watched: WatchedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    from scansion.experiments.sequential import looking

    seen = []
    real = looking.Looking._begin

    def begin(self: Any, *args: Any) -> Any:
        found = real(self, *args)
        seen.append((self._begun - self.watch.rows, self.watch.rows))
        return found

    monkeypatch.setattr(looking.Looking, "_begin", begin)
    result = watched.run("plain", "other")
    assert result.comparisons[0].verdict == "undecided"
    assert len(seen) == SIZE
    assert all(ahead <= max(8, rows // 10) for ahead, rows in seen)
    assert max(ahead for ahead, _ in seen) > 8


def test_a_decided_variant_is_asked_nothing_more_and_stays_decided(watched: WatchedProject) -> None:
    result = watched.run("plain", "think", "other", "worse")
    by_name = {c.b: c for c in result.comparisons}
    assert by_name["think"].verdict == "better"
    assert by_name["worse"].verdict == "worse"
    assert by_name["other"].verdict == "undecided"
    assert by_name["other"].level == pytest.approx(1 - 0.05 / 3)
    asked = watched.model.asked
    assert asked["Plain"] == asked["Other"] == SIZE
    for kind in ("Think", "Worse"):
        at = by_name[kind.lower()].until
        assert at is not None
        assert at.decided_at is not None
        assert asked[kind] <= at.decided_at + max(8, at.decided_at // 10)
        assert at.calls_used + at.calls_saved == SIZE  # the baseline was asked for the others too
        assert at.calls_used == at.decided_at
    assert result.until is not None
    assert result.until.calls_used == sum(asked.values()) - result.until.ahead
    assert result.until.calls_saved == sum(c.until.calls_saved for c in result.comparisons if c.until is not None)
    alone = watched.run("plain", "think", lab="alone", alpha=0.05 / 3)
    assert alone.comparisons[0].n == by_name["think"].n


def test_calls_are_counted_as_if_asked_alone_cold_and_warm(watched: WatchedProject) -> None:
    """The first answer of a vote is its plain prompt's: one call, that both of them use."""
    cold, warm = (watched.run("plain", "think", techniques=["as-is", "vote(3)"]) for _ in range(2))
    found = [[each for each in (r.until, *(c.until for c in r.comparisons)) if each] for r in (cold, warm)]
    counts = [[(each.calls_used, each.calls_saved) for each in of_run] for of_run in found]
    assert counts[0] == counts[1]
    (used, saved), *of_each = counts[0]
    assert cold.until is not None
    assert used > sum(watched.model.asked.values()) - cold.until.ahead  # what two variants share counts for each
    assert cold.variants[0].n == SIZE  # the baseline saved nothing
    assert saved == sum(each for _, each in of_each) > 0


def test_nothing_is_asked_after_the_last_decision(watched: WatchedProject) -> None:
    """With one call at a time, those that wait for their turn when it is decided are not made."""
    result = watched.run("plain", "think", concurrency=1)
    assert sum(watched.model.asked.values()) == 2 * result.comparisons[0].n
    assert result.until is not None
    assert result.until.ahead == 0


def test_a_warm_run_asks_nothing_and_decides_the_same(watched: WatchedProject) -> None:
    first = watched.run("plain", "think", "other")
    calls = sum(watched.model.asked.values())
    second = watched.run("plain", "think", "other")
    assert sum(watched.model.asked.values()) == calls
    assert second.run != first.run
    assert looked(second) == looked(first)
    with Lab.find(watched.folder / ".scansion") as lab:
        assert looked(lab.result(first.run)) == looked(first)


def test_undecided_at_the_end_is_said_so(watched: WatchedProject) -> None:
    result = watched.run("plain", "other", limit=60)
    [found] = result.comparisons
    assert found.verdict == "undecided"
    assert found.until is not None
    assert (found.until.looked, found.until.of, found.until.decided_at, found.until.stopped) == (60, 60, None, "")
    assert result.complete


def test_a_budget_stops_it_and_a_larger_one_goes_on(watched: WatchedProject) -> None:
    short = watched.run("plain", "other", budget="61calls")
    [found] = short.comparisons
    assert found.until is not None
    assert found.until.stopped == "budget"
    assert found.until.looked == 30
    assert short.budget_spent
    assert not short.complete
    assert all(v.n == SIZE and v.unreached == SIZE - 30 for v in short.variants)
    more = watched.run("plain", "other", budget="100calls")
    assert sum(watched.model.asked.values()) == 161
    assert more.comparisons[0].until is not None
    assert more.comparisons[0].until.looked == 80
    assert path(more.comparisons[0])[:20] == path(found)[:20]


def test_a_soft_stop_ends_it_and_the_same_goes_on(watched: WatchedProject) -> None:
    stop = Stop()

    def watch(progress: Progress) -> None:
        if progress.looked is not None and progress.looked[0] >= 10:
            stop.soft()

    watched.write("plain.txt", "Plain slowly {{number}}")
    first = watched.run("plain", "other", stop=stop, watch=watch, concurrency=1)
    assert first.interrupted
    assert first.comparisons[0].until is not None
    assert first.comparisons[0].until.stopped == "interrupted"
    second = watched.run("plain", "other")
    assert second.run == first.run
    asked = sum(watched.model.asked.values())
    assert (first.calls_now, second.calls_made, second.calls_now) == (None, asked, asked - first.calls_made)
    assert f"this run made {asked} calls in all, {second.calls_now} of them by this command" in " ".join(
        remarks(second)
    )
    with Lab.find(watched.folder / ".scansion") as lab:
        assert lab.result("r1").calls_now is None  # it was of that command alone
    whole = watched.run("plain", "other", lab="whole")
    assert looked(second) == looked(whole)


def test_errors_and_unreadable_answers_are_held_as_bounds(watched: WatchedProject) -> None:
    watched.write("think.txt", "Think mute {{number}}")
    watched.write("plain.txt", "Plain gaps {{number}}")
    result = watched.run("plain", "think", alpha=0.01)  # it takes the more rows
    whole = watched.run("plain", "think", alpha=0.01, until=None)
    [found], [fixed] = result.comparisons, whole.comparisons
    assert found.verdict == fixed.verdict == "better"
    a, b = result.variants
    assert a.errors
    assert b.unscored
    assert found.pairs < found.n
    assert found.bounds is not None
    assert found.difference is not None
    assert found.bounds[0] < found.difference < found.bounds[1]
    wrong = watched.run("plain", "think", no_answer="wrong", alpha=0.01)
    assert wrong.variants[1].unscored == 0


RECORDS = [
    OutcomeRecord(b"k", 0),
    OutcomeRecord(b"k", 0, truncated=True),
    OutcomeRecord(b"k", 1, "no answer"),
    OutcomeRecord(b"k", 1, "abstained"),
    OutcomeRecord(b"k", 1, "skipped", truncated=True),
    OutcomeRecord(b"k", 2, "program", truncated=True),
]
SCORES = [
    ScoreRecord(0, 0.5),
    ScoreRecord(1, None, "no answer"),
    ScoreRecord(1, None, "abstained"),
    ScoreRecord(1, None, "no target"),
    ScoreRecord(2, None, "program"),
]


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("cut", [False, True])
def test_what_counts_live_is_what_the_lab_says(tmp_path: Path, wrong: bool, cut: bool, silent: bool) -> None:
    """`counted` and the query that all figures come from agree on every kind of outcome."""
    state = EFFECTIVE[EFFECTIVE.index("CASE") : EFFECTIVE.index("AS state")]
    value = EFFECTIVE[EFFECTIVE.index("CASE WHEN o.status = 0 AND") : EFFECTIVE.index("AS value")]
    outcome = "(SELECT :status AS status, :why AS reason, :truncated AS truncated) o"
    score = "(SELECT :state AS state, :reason AS reason, :value AS value) s"
    cases = [(record, found) for record in RECORDS for found in (None, *SCORES) if found is None or not record.status]
    with Lab.find(tmp_path) as lab:
        for record, found in cases:
            given = {"status": record.status, "why": record.reason, "truncated": record.truncated}
            given |= {name: getattr(found, name, None) for name in ("state", "reason", "value")}
            given |= {"wrong": wrong, "cut": cut, "silent": silent, "scorer": 1}
            counts, number = lab.db.execute(f"SELECT {state}, {value} FROM {outcome}, {score}", given).fetchone()
            expected = (counts, number or 0.0) if counts == 0 else (1 if counts == 3 else counts, 0.0)
            assert counted(record, found, lenient=wrong, cut=cut, silent=silent) == expected


def test_rows_of_one_group_or_with_equal_inputs_are_looked_at_together(watched: WatchedProject) -> None:
    watched.rows(300, group=lambda i: f"g{i // 3}")
    result = watched.run("plain", "think", data={"path": "rows.jsonl", "group": "group"})
    with Lab.find(watched.folder / ".scansion") as lab:
        units = [list(rows) for rows, _ in lab.run_table.looked(1)]
    assert all(len(rows) == 3 and rows[0] % 3 == 0 for rows in units)
    assert result.comparisons[0].n == 3 * len(units)
    watched.rows(300, number=lambda i: i // 2, answer=lambda i: str(i // 2 + 1))
    watched.run("plain", "think", lab="twice")
    with Lab.find(watched.folder / "twice") as lab:
        assert all(len(rows) == 2 for rows, _ in lab.run_table.looked(1))


def test_trials_of_an_example_are_one_look(watched: WatchedProject) -> None:
    result = watched.run("plain", "think", trials=3)
    [found] = result.comparisons
    assert found.verdict == "better"
    assert found.pairs == 3 * found.n
    assert all(v.scored == 3 * v.n for v in result.variants)


def test_weights_count(watched: WatchedProject) -> None:
    watched.rows(SIZE, weight=lambda i: 3.0 if i % 2 else 1.0)
    result = watched.run("plain", "think", data={"path": "rows.jsonl", "weight": "weight"})
    [found] = result.comparisons
    assert found.verdict == "better"
    a, b = result.variants
    assert found.difference == pytest.approx((b.mean or 0) - (a.mean or 0))
    assert found.interval is not None
    assert found.interval[0] > 0


def test_a_variant_compared_with_itself_needs_no_call(watched: WatchedProject) -> None:
    watched.write("twin.txt", "Plain {{number}}")
    result = watched.run("plain", "twin")
    assert result.comparisons[0].verdict == "equivalent"
    assert not sys.modules.get(watched.name) or not watched.model.asked


def test_scores_outside_0_to_1_are_refused_and_nothing_is_lost(watched: WatchedProject) -> None:
    watched.write("marks.py", "def words(output, example):\n    return 3.0 * len(output.text.split())\n")
    with pytest.raises(InputError, match=r"until: .* a score of 3 is outside 0 to 1"):
        watched.run("plain", "think", scorers=["python:marks:words"])
    calls = sum(watched.model.asked.values())
    assert calls <= 20
    watched.run("plain", "think", until=None)
    assert sum(watched.model.asked.values()) == 2 * SIZE


def test_a_new_scorer_outside_0_to_1_over_known_answers_ends_the_run(watched: WatchedProject) -> None:
    """Nothing is asked, so that a worker is done before others have begun: none may wait for it at a gate."""
    watched.write("minus.py", "def below(output, example):\n    return -1.0\n")
    watched.run("plain", "think", until=None)
    calls = sum(watched.model.asked.values())
    for concurrency in (64, 1):
        with pytest.raises(InputError, match=r"until: .* a score of -1 is outside 0 to 1"):
            watched.run("plain", "think", scorers=["python:minus:below"], concurrency=concurrency)
    assert sum(watched.model.asked.values()) == calls


@pytest.mark.parametrize(
    ("prompts", "fields", "message"),
    [
        (["plain"], {}, "until: decided waits for a verdict, and the run has one variant: 'plain'"),
        (["plain", "think"], {"scorers": []}, "until: decided needs a scorer"),
        (["plain", "think"], {"until": "done"}, "until: there is no 'done'; known: decided"),
        (["plain", "think"], {"margin": 2.0}, "margin: 2 is not below 1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_call(
    watched: WatchedProject, prompts: list[str], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        watched.run(*prompts, **fields)
    assert "\n" not in str(caught.value)


def test_a_margin_lets_equal_prompts_be_called_equivalent(watched: WatchedProject) -> None:
    result = watched.run("plain", "same", margin=0.1)
    assert result.comparisons[0].verdict in ("equivalent", "not worse")
    assert result.comparisons[0].n < SIZE
    held = watched.run("plain", "same", margin=0.1, gates=["require not-worse"])
    assert all(gate.held for gate in held.gates)
