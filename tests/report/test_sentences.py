import pytest
from msgspec import structs

from scansion.experiments.results import Comparison, Gate
from scansion.report.figures import Scale, probability, scale_of, seconds, usd
from scansion.report.names import shortener, shown
from scansion.report.sentences import gates, head, remarks, verdict, verdicts

PERCENT = Scale()


def test_a_verdict_says_what_b_is_with_its_evidence(result):
    assert verdicts(result) == [
        (
            "`steps | vote(5)` is better than `direct`: +12.3 points [4.1, 20.4], p=0.004 (McNemar mid-p), 200 pairs; "
            "34 mended, 10 broken"
        )
    ]


def test_an_undecided_verdict_says_what_would_decide_it():
    found = Comparison(
        "a", "b", 0.03, (-0.04, 0.1), 0.4, 0.8, "McNemar mid-p", "undecided", 20, needed=180, needed_usd=3.1
    )
    assert verdict(found, PERCENT) == (
        "`b` against `a` is undecided: +3.0 points [-4.0, 10.0], p=0.4 (McNemar mid-p, adjusted p=0.8), 20 pairs; "
        "about 180 more rows, 3.10 USD, would decide it"
    )


def test_margin_level_and_bounds_are_told_where_they_matter():
    found = Comparison(
        "a",
        "b",
        -0.01,
        (-0.019, 0.0),
        0.2,
        0.2,
        "permutation",
        "not worse",
        1,
        margin=0.02,
        level=0.975,
        bounds=(-0.02, 0.01),
    )
    assert verdict(found, PERCENT) == (
        "`b` is not worse than `a` within 2.0 points: -1.0 points [-1.9, 0.0] at 97.5%, p=0.2 (permutation), 1 pair; "
        "[-2.0, 1.0] points over all ways the unscored could have gone"
    )


def test_a_difference_outside_its_bounds_is_said_to_be_of_other_examples():
    found = Comparison("a", "b", 0.108, (0.072, 0.143), 0.0, 0.0, "permutation", "better", 300, bounds=(0.097, 0.107))
    outside = verdict(structs.replace(found, pairs=297), PERCENT)
    assert "297 scored pairs of 300 examples; [9.7, 10.7] points over all 300, whichever way" in outside
    assert "over all ways" in verdict(structs.replace(found, pairs=297, difference=0.1), PERCENT)


def test_scores_beyond_one_are_not_percent(build):
    result = build.result(variants=[build.variant("a", mean=3.2, interval=(3.0, 3.4))])
    assert "+0.123 [0.041, 0.204]" in verdicts(result)[0]


def test_the_head_names_run_data_scorers_and_settings(result):
    assert head(result) == [
        "run 3f2a9c01 (word problems): data/questions.jsonl, dev part, 200 examples",
        "scored by numeric, also max_words(80); 95% intervals",
        "model openai/gpt-5-mini",
        "no_answer: wrong",
    ]


def test_the_head_names_a_shared_technique_and_what_was_scored_anew(build):
    votes = [build.variant(name, technique="vote(3)", model=name) for name in ("a", "b")]
    assert head(build.result(variants=votes, run="r4", name="", rescored="r3", split="", head=[])) == [
        "run r4: r3 scored anew, data/questions.jsonl, 200 examples",
        "scored by numeric, also max_words(80); 95% intervals",
        "technique vote(3)",
    ]


def test_remarks_name_reasons_zero_wrong_money_and_notes(build):
    clean = build.variant("clean", wrong=0, zero_wrong_bound=0.0582, scored=50, unscored=0, errors=0)
    mixed = build.variant("mixed", unscored=3, unscored_reasons={"no answer": 1, "truncated": 2})
    judged = build.variant("judged", judge_calls=7, judge_cost_usd=0.5, cost_usd=None, unscored=0, errors=0)
    lines = remarks(build.result(variants=[clean, mixed, judged], complete=False))
    assert lines == [
        "`clean`: 0 wrong of 50; at most 5.8% are wrong (one-sided 95% bound)",
        "`mixed`: 3 unscored (truncated 2, no answer 1)",
        "`mixed`: 1 error (timeout); see `scansion show 3f2a9c01 --errors`",
        "this run made 900 calls for 0.22 USD; 450 more of the variants' were answered from the lab",
        "judges: 7 calls, 0.50 USD; not in the variants' figures",
        "no price is known for openai/gpt-5-mini",
        "errors that may pass are asked again by the same command",
        "12 rows have equal requests and count as 5 clusters",
    ]


@pytest.mark.parametrize(
    ("made", "said"),
    [(300, "USD, all"), (179, "USD if asked afresh, 179"), (0, "USD if asked afresh, none")],
)
def test_the_calls_of_judges_add_up_with_those_of_the_run(build, made, said):
    judged = build.variant("a", recorded_calls=234, judge_calls=300, judge_cost_usd=0.0034, unscored=0, errors=0)
    lines = remarks(build.result(variants=[judged], calls_made=179, judge_calls_made=made, spent_usd=None, notes=[]))
    assert "this run made 179 calls; 234 more of the variants' were answered from the lab" in lines
    assert f"judges: 300 calls, 0.0034 {said} of them made by this run; not in the variants' figures" in lines


def test_errors_are_told_in_words_with_what_the_first_one_said(build):
    failed = build.variant(
        "a",
        unscored=0,
        errors=5,
        error_kinds={"rate_limited": 1, "program": 4},
        error_examples={"rate_limited": "Rate limited for 60 s", "program": "KeyError: `x`\nin f"},
    )
    lines = remarks(build.result(variants=[failed], run="r2"))
    assert lines[0] == (
        "`a`: 5 errors (4 x program error: KeyError: 'x' in f; 1 x Rate limited for 60 s); "
        "see `scansion show r2 --errors`"
    )
    assert "errors that may pass are asked again by the same command; others stay" in lines


def test_what_stopped_a_run_is_told_once(build):
    cut = build.variant("a", unscored=0, errors=0, unreached=3)
    spent = remarks(build.result(variants=[cut], complete=False, budget="10calls", budget_spent=True))
    assert "the budget of 10calls stopped the run; give a larger one and run the same again" in spent
    assert not [line for line in spent if "goes on" in line]
    [stopped] = [s for s in remarks(build.result(variants=[cut], complete=False, interrupted=True)) if "run is" in s]
    assert stopped == "this run is interrupted: the same command goes on where it stopped"


def test_recordings_and_the_lab_are_told_apart(build):
    both = [
        build.variant("a", model="replay:x.jsonl", recorded_calls=3, unscored=0, errors=0),
        build.variant("b", recorded_calls=1, unscored=0, errors=0),
    ]
    assert remarks(build.result(variants=both, calls_made=1, spent_usd=0.00006, notes=[])) == [
        "this run made 1 call for 0.00006 USD; 1 more was answered from the lab; 3 more were answered from a recording"
    ]


def test_equal_notes_are_merged_and_addresses_left_out(build):
    models = [f"openai/{n}?base_url=http://127.0.0.1:8/v1&temperature=0" for n in "mn"]
    variants = [build.variant(f"p | {m}", model=m, unscored=0, errors=0) for m in models]
    notes = [f"{v.name}: max_tokens is set" for v in variants] + [f"{variants[1].name}: odd", "all is well"]
    found = shown(build.result(variants=variants, notes=notes, comparisons=[]))
    assert [v.name for v in found.variants] == ["p | openai/m?temperature=0", "p | openai/n?temperature=0"]
    assert found.notes == ["all variants: max_tokens is set", "`p | openai/n?temperature=0`: odd", "all is well"]


def test_an_address_that_tells_models_apart_stays(build):
    models = ["openai/m", "openai/m?base_url=http://127.0.0.1:8/v1"]
    assert shortener(models)(models[1]) == models[1]
    models = [f"openai/{n}?base_url=http://{n}/v1" for n in "mn"]
    assert shortener(models)(models[1]) == models[1]


def test_a_gate_that_a_margin_would_help_says_so(build):
    gate = Gate("require not-worse", held=False, detail="b is undecided against a")
    assert gates(build.result(gates=[gate]))[0].endswith("; give --margin to let small differences pass)")
    gate = Gate("require equivalent", held=False, detail="b is undecided against a")
    assert gates(build.result(gates=[gate]))[0].endswith("; give --margin to say how much equivalent ones may differ)")


def test_figures():
    written = {
        None: "-",
        0: "0",
        0.0042: "0.0042",
        0.00001: "0.00001",
        0.000123: "0.00012",
        0.00996: "0.01",
        3.1: "3.10",
        123.44: "123.4",
        1234.6: "1,235",
    }
    assert {x: usd(x) for x in written} == written
    assert [seconds(x) for x in (None, 0.34, 1.21, 125, 11400)] == ["-", "340ms", "1.2s", "2m05s", "3h10m"]
    assert [probability(x) for x in (0.0004, 0.004, 0.25, 1.0)] == ["p<0.001", "p=0.004", "p=0.25", "p=1"]


def test_pairs_that_are_fewer_or_more_than_the_examples_are_told(build):
    scale = scale_of(build.result())
    [found] = build.result().comparisons
    assert ", 200 pairs;" in verdict(structs.replace(found, pairs=200), scale)
    assert ", 25 scored pairs of 200 examples;" in verdict(structs.replace(found, pairs=25), scale)
    none = structs.replace(found, pairs=0, difference=None)
    assert ", 0 scored pairs of 200 examples" in verdict(none, scale)
    assert ", 200 pairs;" in verdict(found, scale)


def test_the_head_names_the_host_of_the_models(build):
    def lines(*models):
        variants = [build.variant(f"p{i}", model=model) for i, model in enumerate(models)]
        return head(shown(build.result(variants=variants, comparisons=[])))

    at = "openai/gpt-5-mini?base_url=http://user:key@127.0.0.1:9001/v1"
    assert "model openai/gpt-5-mini at 127.0.0.1:9001" in lines(at, at)
    assert "models at 127.0.0.1:9001" in lines(at, at.replace("mini", "nano"))
    assert not [line for line in lines(at, "openai/gpt-5-mini") if line.startswith("model")]
    assert "model openai/m?base_url=http://[/" in lines("openai/m?base_url=http://[/")
