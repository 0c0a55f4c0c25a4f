"""A run with two variants, flips, an unscored and an error outcome, and outputs that try to break out of a report."""

from __future__ import annotations

from typing import Any

import pytest

from scansion.experiments.results import Comparison, Gate, OutcomeView, RunResult, ScorerResult, VariantResult
from scansion.types import Call, Completion, Example, Message, Output, Request, Sampling, Score, Usage

NASTY = '</script><script>alert(1)</script> <img src=x onerror=alert(2)> \u202egnp.exe \x00\x1b[31mred ``` ]]> "&amp;'


def variant(name: str, **changes: Any) -> VariantResult:
    fields: dict[str, Any] = dict(  # noqa: C408
        name=name,
        prompt=name,
        technique="as-is",
        model="openai/gpt-5-mini",
        n=200,
        trials=1,
        scored=197,
        unscored=2,
        errors=1,
        unreached=0,
        mean=0.715,
        interval=(0.649, 0.773),
        bounds=(0.705, 0.72),
        scores={"max_words(80)": ScorerResult(0.9, (0.85, 0.94), 200, 0, 0)},
        calls=200,
        recorded_calls=150,
        input_tokens=20000,
        output_tokens=9000,
        reasoning_tokens=0,
        cost_usd=0.42,
        spent_usd=0.11,
        judge_calls=0,
        judge_cost_usd=None,
        latency_p50=0.34,
        latency_p95=1.21,
        seconds=12.0,
        wrong=56,
        interval_method="Wilson",
        unscored_reasons={"no answer": 2},
        error_kinds={"timeout": 1},
    )
    return VariantResult(**{**fields, **changes})


def make_result(**changes: Any) -> RunResult:
    first = variant("direct", mean=0.592, interval=(0.52, 0.66), bounds=(0.58, 0.6))
    fields: dict[str, Any] = dict(  # noqa: C408
        run="3f2a9c01",
        name="word problems",
        variants=[first, variant("steps | vote(5)", calls=1000)],
        comparisons=[
            Comparison(
                "direct", "steps | vote(5)", 0.123, (0.041, 0.204), 0.004, 0.004, "McNemar mid-p", "better", 200,
                flips=(10, 34),
            )
        ],
        data="data/questions.jsonl",
        split="dev",
        scorers=["numeric", "max_words(80)"],
        baseline="direct",
        spent_usd=0.22,
        calls_made=900,
        head=["no_answer: wrong"],
        notes=["12 rows have equal requests and count as 5 clusters"],
        gates=[Gate("fail-under 0.6", False, "`direct` 59.2%")],
        created="2026-01-02T03:04:05Z",
    )  # fmt: skip
    return RunResult(**{**fields, **changes})


def make_view(row: int, name: str, **changes: Any) -> OutcomeView:
    text = changes.pop("text", f"Six and {row} is {6 + row}.\nThe answer is {6 + row}.")
    request = Request(
        messages=(Message("system", "You are terse."), Message("user", f"What is 6 + {row}?")),
        sampling=Sampling(temperature=0.0),
    )
    done = Completion(text, "stop", Usage(20, 9), latency=0.3)
    fields: dict[str, Any] = dict(  # noqa: C408
        row=row,
        trial=0,
        variant=name,
        example=Example(f"q{row}", {"question": f"What is 6 + {row}?"}, 6 + row, row=row),
        status="scored",
        reason="",
        message="",
        wrong=False,
        output=Output(text),
        scores={"numeric": Score(1.0, answer=6 + row)},
        calls=[Call(b"k" * 16, "openai/gpt-5-mini", request, done, 0.0004, recorded=True)],
        cost_usd=0.0004,
        latency=0.3,
    )
    return OutcomeView(**{**fields, **changes})


def make_views(rows: int = 6) -> list[OutcomeView]:
    views = []
    for row in range(rows):
        wrong = {"wrong": True, "scores": {"numeric": Score(0.0, answer=1, explanation="not 7")}, "text": NASTY}
        lost = {"status": "error", "reason": "timeout", "message": "no answer in 120 s", "output": None, "scores": {}}
        blank = {"status": "unscored", "reason": "no answer", "scores": {"numeric": Score(None, "no answer")}}
        first: dict[str, Any] = {1: wrong, 2: lost, 3: blank}.get(row, {})
        views.append(make_view(row, "direct", **first))
        views.append(make_view(row, "steps | vote(5)"))
    return views


@pytest.fixture
def result() -> RunResult:
    return make_result()


@pytest.fixture
def views() -> list[OutcomeView]:
    return make_views()


@pytest.fixture
def nasty() -> str:
    return NASTY


@pytest.fixture
def build() -> Any:
    """The makers, for tests that need other figures: `build.result`, `build.variant`, `build.view`, `build.views`."""

    class Build:
        result = staticmethod(make_result)
        variant = staticmethod(variant)
        view = staticmethod(make_view)
        views = staticmethod(make_views)

    return Build
