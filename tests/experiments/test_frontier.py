"""Quality beside cost: the figures of a run, who is dominated and how surely."""

from __future__ import annotations

import pytest
from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.frontier import frontier_of

WORKS = {"prompts": ["direct.txt", "think.txt"], "techniques": ["as-is", "vote(3)"], "no_answer": "wrong"}


def test_a_run_by_calls_tokens_and_latency(project) -> None:
    result = project.run(**WORKS)
    by_name = {v.name: v for v in result.variants}
    with project.lab() as lab:
        calls, latency = frontier_of(lab, by="calls"), frontier_of(lab, by="latency")
    assert {p.name for p in calls.points} == set(by_name)
    assert [p.cost for p in calls.points] == [1.0, 1.0, 3.0, 3.0]
    assert all(p.cost_interval == (p.cost, p.cost) for p in calls.points)
    assert all(p.mean == by_name[p.name].mean and p.interval == by_name[p.name].interval for p in calls.points)
    assert latency.unit == "s"
    assert all(p.cost_interval[0] <= p.cost <= p.cost_interval[1] for p in latency.points)


def test_dominated_as_measured_and_surely(project) -> None:
    project.run(**WORKS)
    with project.lab() as lab:
        found = frontier_of(lab, by="calls")
    points = {p.name: p for p in found.points}
    assert points["think"].dominated_by == []
    assert points["direct"].surely_by == ["think"]  # better, for as many calls
    assert "think" in points["direct | vote(3)"].surely_by
    vote = points["think | vote(3)"]  # the same answers, for three times the calls
    assert vote.dominated_by == ["think"]
    assert vote.surely_by == []  # no margin was stated within which it could be as good


def test_a_margin_lets_as_good_be_enough(project) -> None:
    project.run(**WORKS, margin=0.1)
    with project.lab() as lab:
        points = {p.name: p for p in frontier_of(lab, by="calls").points}
    assert points["think | vote(3)"].surely_by == ["think"]


def test_unscored_outcomes_take_the_sureness_away(project) -> None:
    project.run(prompts=["direct.txt", "think.txt"], limit=14)
    with project.lab() as lab:
        found = frontier_of(lab, by="calls")
    direct = next(p for p in found.points if p.name == "direct")
    assert direct.bounds is not None
    assert direct.dominated_by == ["think"]
    assert direct.surely_by == []


def test_a_run_without_a_price_says_what_takes_its_place(project, monkeypatch) -> None:
    result = project.run(no_answer="wrong")
    unknown = structs.replace(result, variants=[structs.replace(v, cost_usd=None) for v in result.variants])
    with project.lab() as lab:
        free = frontier_of(lab)
        monkeypatch.setattr(lab, "result", lambda name: unknown)
        found = frontier_of(lab)
        with pytest.raises(InputError, match="use --by tokens, calls or latency"):
            frontier_of(lab, by="cost")
        with pytest.raises(InputError, match="is no axis"):
            frontier_of(lab, by="beauty")
    assert (free.by, free.notes) == ("calls", ["no variant costs anything: calls take the place of cost"])
    assert found.by == "calls"
    assert "no price is known" in found.notes[0]
    assert not found.varies


def test_a_run_without_scores_has_no_frontier(project) -> None:
    project.run(scorers=[])
    with project.lab() as lab, pytest.raises(InputError, match="has no scores"):
        frontier_of(lab)


def test_a_runs_table_says_what_is_surely_dominated(project, monkeypatch) -> None:
    """Each variant that surely dominates others has a line; the money of a model without a price is made up here."""
    from scansion.experiments import frontier

    monkeypatch.setattr(frontier, "usd_of", lambda v: float(v.calls))
    monkeypatch.setitem(frontier._COLUMNS, "cost", frontier._COLUMNS["calls"])
    result = project.run(**WORKS)
    [said] = [note for note in result.notes if "dominated" in note]
    assert said.startswith("surely dominated by `think`, better for no more money: `direct`, `direct | vote(3)`; see ")
