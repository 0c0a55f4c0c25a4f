from scansion.experiments.results import Comparison
from scansion.report.figures import Scale, probability, seconds, usd
from scansion.report.sentences import head, remarks, verdict, verdicts

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


def test_scores_beyond_one_are_not_percent(build):
    result = build.result(variants=[build.variant("a", mean=3.2, interval=(3.0, 3.4))])
    assert "+0.123 [0.041, 0.204]" in verdicts(result)[0]


def test_the_head_names_run_data_scorers_and_settings(result):
    assert head(result) == [
        "run 3f2a9c01 (word problems): data/questions.jsonl, dev part, 200 examples",
        "scored by numeric, also max_words(80); 95% intervals",
        "no_answer: wrong",
    ]


def test_remarks_name_reasons_zero_wrong_money_and_notes(build):
    clean = build.variant("clean", wrong=0, zero_wrong_bound=0.0582, scored=50, unscored=0, errors=0)
    mixed = build.variant("mixed", unscored=3, unscored_reasons={"no answer": 1, "truncated": 2})
    judged = build.variant("judged", judge_calls=7, judge_cost_usd=0.5, cost_usd=None, unscored=0, errors=0)
    lines = remarks(build.result(variants=[clean, mixed, judged], complete=False))
    assert lines == [
        "`clean`: 0 wrong of 50; at most 5.8% are wrong (one-sided 95% bound)",
        "`mixed`: 3 unscored (truncated 2, no answer 1), 1 error (timeout)",
        "this run made 900 calls for 0.22 USD; 450 calls came from recordings",
        "no price is known for openai/gpt-5-mini",
        "judges: 7 calls, 0.50 USD, not in the figures above",
        "this run is incomplete: the same command goes on where it stopped",
        "12 rows have equal requests and count as 5 clusters",
    ]


def test_figures():
    assert [usd(x) for x in (None, 0, 0.0042, 0.00001, 3.1, 1234.5)] == [
        "-",
        "0",
        "0.0042",
        "1.0e-05",
        "3.10",
        "1,234.50",
    ]
    assert [seconds(x) for x in (None, 0.34, 1.21, 125, 11400)] == ["-", "340ms", "1.2s", "2m05s", "3h10m"]
    assert [probability(x) for x in (0.0004, 0.004, 0.25, 1.0)] == ["p<0.001", "p=0.004", "p=0.25", "p=1"]
