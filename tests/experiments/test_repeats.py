"""What trials tell of a variant: figures by hand, bounds, and the document and table of a run."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np
import pytest

from scansion.experiments.figures import Figures
from scansion.experiments.repeats import repeats_of
from scansion.experiments.results import RunResult
from scansion.experiments.summary import Rules
from scansion.stats.intervals import mean_interval

RULES = Rules(alpha=0.05, seed=0, pass_mark=1.0)
WRONG, RIGHT, MISSING = 0.0, 1.0, None


def figures(rows: list[list[float | None]], groups: list[int] | None = None) -> Figures:
    """Trials by example; None could not be scored."""
    cells = [(row, trial, value) for row, values in enumerate(rows) for trial, value in enumerate(values)]
    row = np.array([each[0] for each in cells])
    return Figures(
        row=row,
        trial=np.array([each[1] for each in cells]),
        state=np.array([int(each[2] is None) for each in cells]),
        value=np.array([each[2] or 0.0 for each in cells]),
        request=row.astype(np.int64) + 1,
        group=np.array(groups)[row] if groups else None,
        weight=None,
    )


def by_k(found: list[Any]) -> dict[int, Any]:
    return {each.k: each for each in found}


def test_figures_are_means_over_examples_of_all_subsets() -> None:
    rows = np.random.default_rng(1).integers(0, 2, size=(12, 4)).astype(float).tolist()
    found = repeats_of(figures(rows), RULES)
    assert found is not None
    assert (found.trials, found.majority, found.best_of) == (4, None, [])
    for k, (any_right, all_right) in enumerate(zip(found.pass_at, found.pass_hat, strict=True), 1):
        subsets = [list(itertools.combinations(row, k)) for row in rows]
        expected = mean_interval([np.mean([max(s) for s in each]) for each in subsets])
        assert (any_right.k, any_right.examples) == (k, 12)
        assert any_right.mean == pytest.approx(expected.mean)
        assert any_right.interval == pytest.approx((max(0, expected.lo or 0), min(1, expected.hi or 0)))
        assert all_right.mean == pytest.approx(np.mean([np.mean([min(s) for s in each]) for each in subsets]))
        assert any_right.bounds == pytest.approx((any_right.mean, any_right.mean))


def test_what_could_not_be_scored_widens_the_bounds_and_is_in_no_mean() -> None:
    rows = [[RIGHT, RIGHT, RIGHT], [RIGHT, MISSING, WRONG], [MISSING, MISSING, MISSING]]
    found = repeats_of(figures(rows), RULES)
    assert found is not None
    one, two, three = found.pass_at
    assert (one.mean, one.examples) == (0.75, 2)
    assert one.bounds == pytest.approx(((1 + 1 / 3 + 0) / 3, (1 + 2 / 3 + 1) / 3))
    assert (two.mean, two.examples) == (1.0, 2)
    assert two.bounds == pytest.approx(((1 + 2 / 3 + 0) / 3, 1.0))
    assert (three.mean, three.examples) == (1.0, 1)
    assert by_k(found.pass_hat)[3].bounds == pytest.approx((1 / 3, 2 / 3))


def test_a_mean_is_possible() -> None:
    """An example with too few scored trials is in no mean, but what is known of it is not forgotten."""
    found = repeats_of(figures([[RIGHT, MISSING], [WRONG, WRONG], [WRONG, WRONG]]), RULES)
    assert found is not None
    _, two = found.pass_at
    assert two.bounds == pytest.approx((1 / 3, 1 / 3))
    assert two.mean == pytest.approx(1 / 3)  # of the other two it is 0
    assert two.interval[0] <= two.mean <= two.interval[1]  # type: ignore[index]


def test_majorities() -> None:
    rows = [[RIGHT, WRONG, WRONG], [RIGHT, RIGHT, WRONG], [WRONG, WRONG, MISSING]]
    answers = {(0, 0): "a", (0, 1): "b", (0, 2): "c", (1, 0): "a", (1, 1): "a", (1, 2): "b", (2, 0): "b"}
    found = repeats_of(figures(rows), RULES, answers)
    assert found is not None
    assert found.majority is not None
    majority = by_k(found.majority)
    assert majority[2].mean == pytest.approx((1 / 3 + 2 / 3 + 0) / 3)
    low, high = majority[3].bounds
    assert low == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert high == pytest.approx((1 / 3 + 1 + 1 / 2) / 3)
    assert majority[3].mean == high  # (1/3 + 1) / 2 over a tie of three and a majority; the third has no three
    assert repeats_of(figures(rows), RULES, {(0, 0): "a"}).majority is None  # type: ignore[union-attr]


def test_graded_scores_have_a_best_of_k() -> None:
    found = repeats_of(figures([[0.2, 0.8], [0.5, 0.1], [0.4, None]]), Rules(0.05, 0, None))
    assert found is not None
    assert (found.pass_at, found.majority) == ([], None)
    one, two = found.best_of
    assert one.mean == pytest.approx((0.5 + 0.3 + 0.4) / 3)
    assert (two.mean, two.examples) == (pytest.approx(0.65), 2)
    assert two.bounds == pytest.approx(((0.8 + 0.5 + 0.4) / 3, (0.8 + 0.5 + 1.0) / 3))


def test_groups_of_examples_widen_the_interval() -> None:
    rows = [[float(i // 6 % 2)] * 2 for i in range(60)]
    alone, grouped = repeats_of(figures(rows), RULES), repeats_of(figures(rows, [1 + i // 6 for i in range(60)]), RULES)
    assert alone is not None
    assert grouped is not None
    narrow, wide = (each.pass_at[1].interval for each in (alone, grouped))
    assert narrow is not None
    assert wide is not None
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


def test_the_split_says_where_the_variance_is() -> None:
    always = repeats_of(figures([[float(i % 2)] * 3 for i in range(20)]), RULES)
    assert always is not None
    assert always.split is not None
    assert (always.split.icc, always.split.share_of_trials) == (1.0, 0.0)
    never = repeats_of(figures([[0.0, 1.0] for _ in range(20)]), RULES)
    assert never is not None
    assert never.split is not None
    assert (never.split.icc, never.split.best_trials[-1]) == (0.0, (100.0, None))
    assert repeats_of(figures([[1.0, None], [None, 0.0]]), RULES).split is None  # type: ignore[union-attr]
    assert repeats_of(figures([[1.0], [0.0]]), RULES) is None


LUCK = """
def lucky(request):
    number = int(request.messages[-1].content.rsplit(" ", 1)[1])
    return str(number + 1) if number % 3 and (number % 3 == 1 or request.trial < 2) else "no" if number == 0 else "7"
"""


def test_a_run_of_several_trials_shows_them(project: Any) -> None:
    from scansion.report.table import render

    project.write("luck.py", LUCK)
    result = project.run(prompts=["direct.txt"], models=["python:luck:lucky"], trials=4)
    [variant] = result.variants
    found = variant.repeats
    assert found is not None
    assert variant.unscored == 4
    assert by_k(found.pass_at)[1].mean == pytest.approx(variant.mean)
    assert found.majority is not None
    assert [each.examples for each in found.majority] == [59] * 4
    assert by_k(found.pass_hat)[4].mean == pytest.approx(21 / 59)  # a third of the rows, and 6, for which "7" is right
    decoded = msgspec.json.decode(msgspec.json.encode(result), type=RunResult)
    assert decoded.variants[0].repeats == found
    text = render(result)
    assert max(map(len, text.splitlines())) <= 80
    for part in ("pass@k", "pass^k", "majority@k", "intraclass correlation", "bounds"):
        assert part in text
    assert project.run(prompts=["direct.txt"], models=["python:luck:lucky"]).variants[0].repeats is None


def test_the_html_and_markdown_show_them_too(project: Any) -> None:
    from io import StringIO

    from scansion.report import html, markdown

    project.write("luck.py", LUCK)
    result = project.run(prompts=["direct.txt"], models=["python:luck:lucky"], trials=2)
    page = StringIO()
    html.write(result, [], page)
    assert "pass@k" in page.getvalue()
    assert "intraclass correlation" in page.getvalue()
    assert "intraclass correlation" in markdown.render(result)


def test_a_preview_counts_adaptive_votes_in_full(project: Any) -> None:
    import asyncio

    from scansion.experiments.experiment import Experiment
    from scansion.experiments.preview import preview
    from scansion.report.preview import render

    fields: dict[str, Any] = {
        "prompts": ["direct.txt"],
        "models": [project.model()],
        "data": "rows.jsonl",
        "scorers": ["numeric"],
        "techniques": ["vote(9, stop=adaptive)"],
    }
    found = asyncio.run(preview(Experiment(**fields).plan))
    assert (found.calls, found.at_most) == (60 * 9, True)
    assert "at most 540 calls" in render(found, 80)
    plain = asyncio.run(preview(Experiment(**{**fields, "techniques": ["vote(9)"]}).plan))
    assert (plain.calls, plain.at_most) == (540, False)


def test_adaptive_and_fixed_votes_share_their_calls(project: Any) -> None:
    """Half of the calls of a divided question: those that both votes ask are paid once."""
    both = project.run(prompts=["direct.txt"], techniques=["vote(9)", "vote(9, stop=adaptive)"])
    fixed, adaptive = both.variants
    assert fixed.calls == 540
    assert both.calls_made == 540
    assert adaptive.calls < 250
    assert adaptive.mean == fixed.mean
