"""Costs a month, and the cheapest variant that is not worse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.plan import load_plan
from scansion.experiments.results import Comparison, Saving, VariantResult
from scansion.experiments.volume import monthly, savings_of, usd_of


def variant(name, cost, scored=100, unscored=0):
    zeros = dict.fromkeys(["calls", "recorded_calls", "input_tokens", "output_tokens", "reasoning_tokens"], 0)
    return VariantResult(
        name=name,
        prompt="a.txt",
        technique="as-is",
        model=f"openai/{name}",
        n=scored + unscored,
        trials=1,
        scored=scored,
        unscored=unscored,
        errors=0,
        unreached=0,
        mean=0.5,
        interval=None,
        bounds=None,
        scores={},
        cost_usd=cost,
        spent_usd=0.0,
        judge_calls=0,
        judge_cost_usd=0.0,
        latency_p50=None,
        latency_p95=None,
        seconds=0.0,
        **zeros,
    )


def verdict(a, b, name):
    return Comparison(a, b, 0.0, None, None, None, "", name, 100)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2e6/month", 2e6),
        ("2e6", 2e6),
        ("50k/day", 50_000 * 30.4375),
        ("1M", 1e6),
        ("1.5m / month", 1.5e6),
        ("12 per hour", 12 * 24 * 30.4375),
        ("1200/year", 100),
        ("7/week", 30.4375),
        ("1_000/month", 1000),
    ],
)
def test_volumes(text, wanted):
    assert monthly(text) == pytest.approx(wanted)


@pytest.mark.parametrize("text", ["", "x", "0/day", "-5/day", "5/", "1e999", "..", "5//day"])
def test_what_is_no_volume(text):
    with pytest.raises(InputError, match=r"volume: .* is no number of requests"):
        monthly(text)


def test_an_unknown_time_names_the_known():
    with pytest.raises(InputError, match="'months' is no time; did you mean 'month'"):
        monthly("5/months")


@given(st.text(max_size=20))
def test_any_text_is_a_volume_or_one_clear_error(text):
    try:
        found = monthly(text)
    except InputError as error:
        found = float(str(error).startswith("volume: "))
    assert found > 0


def test_an_outcomes_cost_counts_all_that_were_reached():
    assert usd_of(variant("a", 2.0, scored=90, unscored=10)) == pytest.approx(0.02)
    assert usd_of(variant("a", None)) is None
    assert usd_of(variant("a", 1.0, scored=0)) is None


def test_the_cheapest_that_is_not_worse():
    variants = [variant("big", 10.0), variant("mid", 4.0), variant("small", 2.0), variant("tiny", 1.0)]
    comparisons = [verdict("big", "mid", "equivalent"), verdict("big", "small", "not worse")]
    comparisons.append(verdict("big", "tiny", "undecided"))
    [found] = savings_of(variants, comparisons)
    assert found == Saving("big", 100.0, "small", 20.0)


def test_nothing_cheaper_is_said_too():
    variants = [variant("big", 10.0), variant("dear", 20.0), variant("tiny", 1.0)]
    [found] = savings_of(variants, [verdict("big", "dear", "better"), verdict("big", "tiny", "worse")])
    assert found == Saving("big", 100.0)


def test_rows_chosen_by_their_results_show_no_saving():
    found = structs.replace(verdict("big", "small", "better"), by_result=True)
    assert savings_of([variant("big", 10.0), variant("small", 2.0)], [found]) == []


def test_what_costs_nothing_or_has_no_price_saves_nothing():
    for cost in (0.0, None):
        assert savings_of([variant("a", cost), variant("b", 1.0)], [verdict("a", "b", "better")]) == []


def test_a_plan_with_a_volume_gives_usd_a_month(project):
    result = project.run(volume="1k/month", margin=0.1)
    assert result.volume == "1k/month"
    assert [v.usd_per_month for v in result.variants] == [0.0, 0.0]
    assert project.run().variants[0].usd_per_month is None
    with pytest.raises(InputError, match="volume"):
        project.run(volume="many")


def test_the_flag_is_at_fault_and_not_the_file(tmp_path):
    path = tmp_path / "e.yaml"
    path.write_text("prompts: [a.txt]\ndata: d.csv\nvolume: 1k/month\ngates: [fail-under 0.5]\n")
    with pytest.raises(InputError, match=r"^volume: 'lots'"):
        load_plan(path, volume="lots", gates=["fail-if-worse"])
    path.write_text(path.read_text().replace("0.5", "2x"))
    with pytest.raises(InputError, match=r"e\.yaml: gates: "):
        load_plan(path, gates=["fail-if-worse"])
    with pytest.raises(InputError, match=r"e\.yaml:4: gates: "):
        load_plan(path)
