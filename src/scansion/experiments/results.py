"""What a run found, as structs: the JSON document of a run, and the view of one outcome that reports page through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from scansion.types import Call, Example, Output, Score

__all__ = ["Comparison", "Gate", "OutcomeView", "RunResult", "ScorerResult", "VariantResult", "known_sum"]

Status = Literal["scored", "unscored", "error", "unreached"]
VerdictName = Literal["better", "worse", "not worse", "equivalent", "undecided"]


class ScorerResult(Struct, frozen=True):
    """One scorer's figures for one variant; `mean` and `interval` are over scored outcomes, None if there are none."""

    mean: float | None
    interval: tuple[float, float] | None
    scored: int
    unscored: int
    errors: int


class VariantResult(Struct, frozen=True):
    """One variant's figures. `n` examples times `trials` outcomes = scored + unscored + errors + unreached.

    `mean`, `interval` and `bounds` are the primary scorer's (None without scorers); `bounds` count the unscored and
    errors as all wrong and all right. `cost_usd` is what the outcomes cost if asked afresh, `spent_usd` what this run
    paid (None: no price known). Latencies and `seconds` are in seconds.
    """

    name: str
    prompt: str
    technique: str
    model: str
    n: int
    trials: int
    scored: int
    unscored: int
    errors: int
    unreached: int
    mean: float | None
    interval: tuple[float, float] | None
    bounds: tuple[float, float] | None
    scores: dict[str, ScorerResult]
    calls: int
    recorded_calls: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: float | None
    spent_usd: float | None
    judge_calls: int
    judge_cost_usd: float | None
    latency_p50: float | None
    latency_p95: float | None
    seconds: float
    wrong: int = 0
    interval_method: str = ""
    unscored_reasons: dict[str, int] = {}
    error_kinds: dict[str, int] = {}
    error_examples: dict[str, str] = {}
    zero_wrong_bound: float | None = None
    served_models: tuple[str, ...] = ()


class Comparison(Struct, frozen=True):
    """`b` against the baseline `a`: difference = mean(b) - mean(a) over the `pairs` (row and trial) that are scored on
    both sides, of the `n` examples that both sides have reached.

    `reason` says in words why a verdict is undecided, or what it rests on; `needed` estimates the further rows that
    would decide it and `needed_usd` their cost. `bounds` is the difference's range over all ways the unscored and
    error outcomes could have gone. `flips` are pairs right in a and wrong in b, and the other way round.
    """

    a: str
    b: str
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None
    p_adjusted: float | None
    test: str
    verdict: VerdictName
    n: int
    bounds: tuple[float, float] | None = None
    reason: str = ""
    needed: int | None = None
    needed_usd: float | None = None
    flips: tuple[int, int] | None = None
    pairs: int = 0
    margin: float | None = None
    level: float = 0.95


class Gate(Struct, frozen=True):
    """A condition that the run had to meet, and whether it held."""

    rule: str
    held: bool
    detail: str = ""


class RunResult(Struct, frozen=True):
    """A run's document. `notes` are lines a person must read (repeated rows, mixed served models, truncations, ...).

    `budget` is the run's budget as text, `budget_spent` says that it stopped outcomes; `rescored` names the run whose
    outcomes were scored anew. `head` are the settings that the table's head shows because they change what figures
    mean (`no_answer: wrong`).
    """

    run: str
    variants: list[VariantResult]
    comparisons: list[Comparison]
    name: str = ""
    data: str = ""
    split: str = ""
    scorers: list[str] = []
    baseline: str = ""
    level: float = 0.95
    seconds: float = 0.0
    spent_usd: float | None = None
    calls_made: int = 0
    complete: bool = True
    interrupted: bool = False
    budget: str = ""
    budget_spent: bool = False
    rescored: str = ""
    head: list[str] = []
    notes: list[str] = []
    gates: list[Gate] = []
    created: str = ""


class OutcomeView(Struct, frozen=True):
    """One outcome with everything a person reads: the example, the output, the scores, the calls.

    `reason` is the unscored reason or the error's kind, `message` its words. `wrong` is True for a scored outcome below
    the pass mark of the primary scorer. `example` holds what is known when the data file is gone: its id alone.
    """

    row: int
    trial: int
    variant: str
    example: Example
    status: Status
    reason: str
    message: str
    wrong: bool
    output: Output | None
    scores: dict[str, Score]
    calls: list[Call]
    cost_usd: float | None
    latency: float
    judge_calls: list[Call] = []


def known_sum(values: Iterable[float | None]) -> float | None:
    """The sum, or None where one of the terms is not known."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total
