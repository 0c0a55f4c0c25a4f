"""Slices against reading every outcome, and what may be claimed of them."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.slices import slices_of
from scansion.report.slices import render
from scansion.stats.mcnemar import mcnemar
from scansion.stats.multiple import holm
from scansion.stats.slices import against_rest


@pytest.fixture
def lab(project):
    """`direct` is right but for every third number, `think` always; multiples of seven are unreadable in both."""
    rows = [
        {
            "id": f"n{i}",
            "number": i,
            "answer": str(i + 1),
            "tags": ["third" if i % 3 == 0 else "other", "rare"][: 1 + (i < 5)],
        }
        for i in range(240)
    ]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    with project.lab() as found:
        yield found


def test_the_figures_are_those_of_reading_everything(lab):
    found = slices_of(lab, by=["tag"])
    assert [(s.label, s.n) for s in found.slices] == [("tag: other", 160), ("tag: third", 80)]
    assert found.small == 1
    views = list(lab.views())
    for mean in found.means:
        name = mean.slice.removeprefix("tag: ")
        mine = [v for v in views if v.variant == mean.variant and name in v.example.tags]
        values = [v.scores["numeric"].value for v in mine if v.status == "scored"]
        assert (mean.n, mean.scored) == (len(mine), len(values))
        assert mean.unscored == len(mine) - len(values) > 0
        assert mean.mean == pytest.approx(np.mean(values))
        assert mean.bounds == pytest.approx((sum(values) / len(mine), (sum(values) + mean.unscored) / len(mine)))


def test_claims_share_the_runs_alpha_over_all_slices(lab):
    found = slices_of(lab)
    views = {(v.variant, v.example.id): v for v in lab.views()}
    ids = sorted({id for _, id in views})
    tests = {}
    for mean in found.means:
        scored = [i for i in ids if views[mean.variant, i].status == "scored"]
        facet, name = mean.slice.split(": ", 1)
        if facet == "tag":
            inside = [name in views[mean.variant, i].example.tags for i in scored]
            tests[mean.slice, mean.variant] = against_rest(
                [views[mean.variant, i].scores["numeric"].value for i in scored], inside
            ).p
    ps = [1.0 if m.p is None else m.p for m in found.means]
    for mean, adjusted in zip(found.means, holm(ps), strict=True):
        if (mean.slice, mean.variant) in tests:
            assert mean.p == pytest.approx(tests[mean.slice, mean.variant])
        assert mean.p_adjusted is None or mean.p_adjusted == pytest.approx(adjusted)
    compared = [c.found for c in found.comparisons]
    assert all(c.p == pytest.approx(mcnemar(*c.flips)) for c in compared)
    assert [c.p_adjusted for c in compared] == pytest.approx(holm([c.p for c in compared]))


def test_where_a_variant_is_weak_is_found(lab):
    found = slices_of(lab)
    standing = {(m.slice, m.variant): m.standing for m in found.means}
    assert standing["tag: third", "direct"] == "weaker"
    assert standing["tag: other", "direct"] == "stronger"
    assert standing["tag: third", "think"] == "undecided"
    assert found.means[0].standing == "weaker"  # what is claimed comes first
    verdicts = {c.slice: c.found.verdict for c in found.comparisons}
    assert verdicts["tag: third"] == "better"
    assert verdicts["tag: other"] == "undecided"
    text = render(found)
    assert "tag: third: `direct` is weaker than on the rest" in text
    assert max(map(len, text.splitlines())) <= 80


def test_with_too_much_missing_nothing_is_claimed(project):
    rows = [
        {"id": f"n{i}", "number": 7 * i + 6 if i % 2 else 3 * i, "answer": str(3 * i + 1), "tags": f"t{i % 2}"}
        for i in range(80)
    ]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    with project.lab() as lab:
        found = slices_of(lab, by=["tag"])
    unreadable = [m for m in found.means if m.slice == "tag: t1"]
    assert all(m.unscored == 40 and m.mean is None and m.bounds == (0.0, 1.0) for m in unreadable)
    assert all(m.standing == "undecided" for m in found.means)
    assert [c.found.verdict for c in found.comparisons if c.slice == "tag: t1"] == ["undecided"]
    assert render(found).endswith("\n")


def test_two_variants_may_be_named_in_either_order(lab):
    found = slices_of(lab, "r1", by=["tag"], variants=("think", "direct"))
    assert {(c.found.a, c.found.b) for c in found.comparisons} == {("think", "direct")}
    assert {c.slice: c.found.verdict for c in found.comparisons}["tag: third"] == "worse"


def test_a_slice_against_the_whole_comes_first(project):
    """`think` is right where `direct` is wrong on most rows, and the other way round on those tagged."""
    rows = [
        {
            "id": f"n{i}",
            "number": 3 * i,
            "answer": str(3 * i) if i % 4 == 0 else str(3 * i + 1),
            "tags": "odd" if i % 4 == 0 else "",
        }
        for i in range(160)
    ]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    with project.lab() as lab:
        found = slices_of(lab, by=["tag"])
    assert found.overall[0].verdict == "better"
    assert found.comparisons[0].against
    assert found.comparisons[0].found.verdict == "worse"
    assert "against the verdict on all rows" in " ".join(render(found).split())


def test_flips_are_listed_first(lab):
    found = slices_of(lab, by=["tag"])
    [flips] = found.flips
    views = {(v.variant, v.example.id): v for v in lab.views()}
    scored = {key: v for key, v in views.items() if v.status == "scored"}
    both = [v.example.id for (name, id), v in scored.items() if name == "direct" and ("think", id) in scored]
    gained = [id for id in both if scored["direct", id].wrong and not scored["think", id].wrong]
    assert [each.id for each in flips.gained] == gained != []
    assert flips.lost == []
    assert flips.open == 240 - len(both) > 0
    assert found.overall[0].flips == (0, len(gained))
    assert {each.id: each.input for each in flips.gained}[gained[0]] == gained[0].removeprefix("n")
    lines = render(found).splitlines()
    assert lines[2].startswith(
        f"flips, `think` against `direct`: 0 lost, {len(gained)} gained; {flips.open} more may be"
    )
    assert f"  gained {gained[0]}: {gained[0][1:]}" in lines[3:6]


def test_bounds_stand_beside_the_differences(lab):
    found = slices_of(lab, by=["tag"])
    for mean in found.means:
        assert mean.rest_bounds[0] <= mean.difference <= mean.rest_bounds[1]
        assert mean.rest_bounds[0] < mean.rest_bounds[1]
    text = render(found)
    assert "bounds  verdict" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_difference_outside_its_bounds_is_explained(lab):
    found = slices_of(lab, by=["tag"])
    assert "Differences are over" not in render(found)
    one, *others = found.comparisons
    outside = structs.replace(one, found=structs.replace(one.found, difference=0.9, bounds=(0.1, 0.2)))
    assert "Differences are over" in render(structs.replace(found, comparisons=[outside, *others]))


def test_columns_that_no_prompt_shows_are_no_input(project):
    rows = [
        {"id": f"n{i}", "number": i, "answer": str(i + 1), "source": "x" * (1 + i % 2 * 500)} for i in range(100, 200)
    ]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run()
    with project.lab() as lab, pytest.raises(InputError, match="no slice"):
        slices_of(lab, by=["length"])


def test_wrong_input_is_named(lab, project):
    for given, words in [
        ({"by": ["colour"]}, "nothing to slice by"),
        ({"least": 1}, "2 examples"),
        ({"least": 500}, "no slice"),
        ({"variants": ("direct", "direct")}, "both names mean"),
        ({"variants": ("direct", "nobody")}, "no variant is called"),
        ({"run": "r9"}, "no run is called"),
    ]:
        with pytest.raises(InputError, match=words):
            slices_of(lab, **given)
    project.run(scorers=[])
    with pytest.raises(InputError, match="no scores"):
        slices_of(lab)


def test_the_command(lab, project, capsys):
    from scansion.cli import main

    found = {}
    for words in (["slices"], ["slices", "r1", "--by", "tag"], ["slices", "direct", "think", "--run", "r1", "--json"]):
        assert main([*words, "--lab", ".scansion"]) == 0
        found[len(words)] = capsys.readouterr().out
    assert "tag: third" in found[1]
    assert {s["by"] for s in json.loads(found[6])["slices"]} > {"tag"}
    for words in itertools.combinations(["a", "b", "c"], 3):
        assert main(["slices", *words]) == 2
        assert "3 names" in capsys.readouterr().err
