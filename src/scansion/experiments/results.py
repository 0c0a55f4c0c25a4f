"""What a run found, as structs: the JSON document of a run, and the view of one outcome that reports page through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from scansion.experiments.repeats import Repeats
from scansion.types import Call, Example, Output, Score

__all__ = [
    "Agreement",
    "ChecklistResult",
    "Comparison",
    "Coverage",
    "Gate",
    "InstructionResult",
    "Looked",
    "Looks",
    "OutcomeView",
    "PathPoint",
    "RunResult",
    "Saving",
    "ScorerResult",
    "Unanswered",
    "Until",
    "VariantResult",
    "iso",
    "known_sum",
]

Status = Literal["scored", "unscored", "error", "unreached"]
VerdictName = Literal["better", "worse", "not worse", "equivalent", "undecided"]


class ScorerResult(Struct, frozen=True):
    """One scorer's figures for one variant; `mean` and `interval` are over scored outcomes, None if there are none."""

    mean: float | None
    interval: tuple[float, float] | None
    scored: int
    unscored: int
    errors: int


class Coverage(Struct, frozen=True):
    """How many questions a variant that may abstain answered, and how well: `answered` is the `share` of these and
    those that abstained; `mean` is that of the answered alone, of which some may not be `scored` (no target). Both with
    intervals (None: nothing to tell, or a run that stopped when decided)."""

    answered: int
    scored: int
    share: float
    interval: tuple[float, float] | None
    mean: float | None
    mean_interval: tuple[float, float] | None


class Unanswered(Struct, frozen=True):
    """A row on which all `outcomes` of the variants that abstain anywhere abstained: its id, its position in the file
    from 0, and the first words of its input."""

    id: str
    row: int
    words: str
    outcomes: int


class VariantResult(Struct, frozen=True):
    """One variant's figures. `n` examples times `trials` outcomes = scored + unscored + errors + unreached.

    `mean`, `interval` and `bounds` are the primary scorer's (None without scorers); `bounds` count the unscored and
    errors as all wrong and all right. `cost_usd` is what the outcomes cost if asked afresh, `spent_usd` what this run
    paid (None: no price known). Latencies and `seconds` are in seconds. `usd_per_month` is what the run's volume would
    cost at `cost_usd` an outcome (None: no volume stated, or no price known). `repeats` is what its trials tell (None:
    no example has two). `abstained` counts the outcomes that say they cannot answer, by the primary scorer; `coverage`
    is what that comes to (None: there is none). `unpriced` are the models that no price is known for.
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
    usd_per_month: float | None = None
    repeats: Repeats | None = None
    caution: str = ""
    abstained: int = 0
    coverage: Coverage | None = None
    unpriced: tuple[str, ...] = ()

    @property
    def without_price(self) -> tuple[str, ...]:
        """The models that make its cost unknown; empty where that is known."""
        return () if self.cost_usd is not None else self.unpriced or (self.model,)


PathPoint = tuple[int, float, float, float]
"""A look: examples looked at, the difference so far, and its interval."""


class Until(Struct, frozen=True):
    """What watching a comparison came to: `looked` of the `of` examples were looked at, and it was decided after
    `decided_at` (None: undecided). `path` are some of the looks, the first and the last among them. `calls_used` are
    the calls up to then and those begun ahead, of both sides, or of b alone where its baseline is that of others too;
    `calls_saved` is how many fewer that is than all examples would have taken (estimated by the calls an outcome took).
    `stopped` says what ended an undecided one before the end
    of the data: `budget`, `interrupted`, or `no more outcomes`. `replayed` says that outcomes which were there already
    were looked at again, so that the calls would have been saved."""

    looked: int
    of: int
    decided_at: int | None
    path: list[PathPoint]
    calls_used: int
    calls_saved: int
    stopped: str = ""
    replayed: bool = False


class Looked(Struct, frozen=True):
    """How far a run that is watched has come: `looked` of `of` examples, the calls of all its variants that took and
    those that all examples would have taken besides; `ahead` outcomes were begun beyond the last look, and are kept in
    the lab without being part of any figure."""

    looked: int
    of: int
    calls_used: int
    calls_saved: int
    ahead: int = 0


class Comparison(Struct, frozen=True):
    """`b` against the baseline `a`: difference = mean(b) - mean(a) over the `pairs` (row and trial) that are scored on
    both sides, of the `n` examples that both sides have reached.

    `reason` says in words why a verdict is undecided, or what it rests on; `needed` estimates the further rows that
    would decide it and `needed_usd` their cost. `bounds` is the difference's range over all ways the unscored and
    error outcomes could have gone. `flips` are pairs right in a and wrong in b, and the other way round. `by_result`
    says that the rows were chosen by their results, so that the verdict holds for them alone. `until` is how a
    comparison that was watched until it was decided came about (None: it was not). `caution` says where the interval,
    made by `interval_method`, is known to miss its level (empty: nothing to say).
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
    by_result: bool = False
    until: Until | None = None
    interval_method: str = ""
    caution: str = ""


class Gate(Struct, frozen=True):
    """A condition that the run had to meet, and whether it held."""

    rule: str
    held: bool
    detail: str = ""


class Looks(Struct, frozen=True):
    """How often the test part that a run is about was looked at, this run included; `new` says that it showed outcomes
    that no earlier look had shown."""

    count: int
    new: bool


class Saving(Struct, frozen=True):
    """The cheapest variant that is not worse than a baseline, with what 1,000 outcomes of each cost in USD.

    `variant` is empty where nothing cheaper than the baseline is shown to be not worse.
    """

    baseline: str
    baseline_usd: float
    variant: str = ""
    usd: float | None = None

    @property
    def less(self) -> float | None:
        """The share of the baseline's cost that is saved."""
        return None if self.usd is None else 1 - self.usd / self.baseline_usd


class Agreement(Struct, frozen=True):
    """How far two people agree: the share of equal answers among the `n` that both gave, and Cohen's kappa, which is 0
    where they agree no more than by chance (None: not defined), each with its interval."""

    a: str
    b: str
    n: int
    equal: float
    equal_interval: tuple[float, float] | None
    kappa: float | None
    kappa_interval: tuple[float, float] | None

    @property
    def agreed(self) -> int:
        """How many of the `n` are equal."""
        return round(self.equal * self.n)


class InstructionResult(Struct, frozen=True):
    """How often outputs obeyed or violated one instruction, and how often it was not exercised.

    `share` is that of obeyed among obeyed and violated, with its interval; None where it was never exercised.
    """

    text: str
    obeyed: int
    violated: int
    not_exercised: int
    share: float | None
    interval: tuple[float, float] | None


class ChecklistResult(Struct, frozen=True):
    """What a checklist scorer found in the outputs of one variant, instruction by instruction.

    `outputs` were read by the judge, `unreadable` are those for which its reply could not be read.
    """

    scorer: str
    variant: str
    outputs: int
    unreadable: int
    instructions: list[InstructionResult]


class RunResult(Struct, frozen=True):
    """A run's document. `notes` are lines a person must read (repeated rows, mixed served models, truncations, ...).

    `budget` is the run's budget as text, `budget_spent` says that it stopped outcomes; `rescored` names the run whose
    outcomes were scored anew. `calls_made` are the calls of the run, `calls_now` those of them that the command at hand
    made (None: no other made any, or the run was read later), `judge_calls_made` those that judges made (None: not
    counted). `head` are the settings that the table's head shows
    because they change what figures mean (`no_answer: wrong`). `volume` is the stated number of requests a time,
    `looks` counts the looks at a test part (None: the run is not about one), `savings` are the answers to "same
    quality, cheaper?", a line a baseline, `agreements` those between people, `checklists` what checklist scorers found.
    `until` is how far a run that stops when decided has come (None: it is no such run). `unanswered` are the first of
    the `unanswered_rows` rows that no variant answered which abstains anywhere.
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
    calls_now: int | None = None
    judge_calls_made: int | None = None
    complete: bool = True
    interrupted: bool = False
    budget: str = ""
    budget_spent: bool = False
    rescored: str = ""
    head: list[str] = []
    notes: list[str] = []
    gates: list[Gate] = []
    created: str = ""
    volume: str = ""
    looks: Looks | None = None
    savings: list[Saving] = []
    agreements: list[Agreement] = []
    checklists: list[ChecklistResult] = []
    until: Looked | None = None
    unanswered: list[Unanswered] = []
    unanswered_rows: int = 0


class OutcomeView(Struct, frozen=True):
    """One outcome with everything a person reads: the example, the output, the scores, the calls.

    `reason` is the unscored reason or the error's kind, `message` its words. `wrong` is True for a scored outcome below
    the pass mark of the primary scorer. `example` holds what is known when the data file is gone: its id alone.
    `key` is the outcome's key (32 hexadecimal digits), `run` the run it was read from (`r12`).
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
    key: str = ""
    run: str = ""


def known_sum(values: Iterable[float | None]) -> float | None:
    """The sum, or None where one of the terms is not known."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def iso(time: float) -> str:
    """Seconds since 1970 as UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")
