"""Votes from a run: a judge sets the outputs of its variants against each other, row by row.

Every two variants meet on every row and trial of which both have an output. Calls are recorded like any others, so that
asking again costs nothing, and a budget bounds them. Equal outputs are a tie and are not asked about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, groupby
from typing import Any

from msgspec import Struct, structs

from scansion.data.writer import check_target, write_csv, write_jsonl
from scansion.errors import BudgetSpent, InputError
from scansion.experiments.crew import work_off
from scansion.experiments.figures import VariantInfo
from scansion.experiments.judges import check_columns, check_judges
from scansion.experiments.lab import Lab
from scansion.experiments.outcome import held_against
from scansion.experiments.plan import Options
from scansion.experiments.preview import DryGateway, Estimate, Preview
from scansion.experiments.progress import Progress, Stop, Tally
from scansion.experiments.rating.judge_calls import JudgeCalls
from scansion.experiments.rating.ratings import Ratings, RatingTerms, rate_votes
from scansion.experiments.rating.votes import UNREAD, Votes
from scansion.experiments.results import OutcomeView, known_sum
from scansion.experiments.store.outcomes import DONE, ERROR, OutcomeRecord, ScoreRecord
from scansion.experiments.store.runs import RunRecord
from scansion.models.budget import Budget, Limits
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.scorers import Scorer, build_scorer
from scansion.scorers._base import Prefers
from scansion.scorers._function import Asked
from scansion.scorers._judging import asked_of, listed_inputs
from scansion.types import Call, Example, Message, Output, Score, canonical

__all__ = ["JudgedRun", "Judging", "NoVerdict", "Vote", "check_votes_file", "judge_preview", "judge_run", "write_votes"]

_LINES, _TABLES = (".jsonl", ".ndjson"), (".csv", ".tsv")
_SAMPLE = 200  # pairs that a preview's estimate is made from
_OUTCOMES = {0.0: 2, 0.5: 0, 1.0: 1}  # of a score of the left one: which side a vote is for


class Vote(Struct, frozen=True):
    """What the judge said of two variants' outputs for one example: `winner` is left, right, tie, or unreadable;
    `verdict` says of a tie whether it is the judge's own (`tie`), one that changed with the order (`order`), or one of
    `equal` outputs; `why` is what is known of the reason."""

    question: str
    trial: int
    left: str
    right: str
    winner: str
    verdict: str
    why: str


class NoVerdict(InputError):
    """A judge of whose verdicts none could be read; `votes` are what was asked about all the same."""

    def __init__(self, text: str, votes: Sequence[Vote]) -> None:
        super().__init__(text)
        self.votes = votes


class JudgedRun(Struct, frozen=True):
    """The ratings of a run's variants, and the votes that they come from, by row, pair and trial."""

    ratings: Ratings
    votes: list[Vote]


class Judging(Struct, frozen=True):
    """How a judge is asked: within a `budget`, by the `options` of calls, with `watch` told how it goes."""

    budget: str | None = None
    options: Options = Options()
    watch: Callable[[Progress], None] | None = None


class _Pair(Struct, frozen=True):
    """Two variants' outputs for one example; `unit` is what the example stands for in intervals."""

    left: OutcomeView
    right: OutcomeView
    example: Example
    unit: str

    @property
    def texts(self) -> tuple[str, str]:
        return _text(self.left), _text(self.right)

    @property
    def is_equal(self) -> bool:
        """Whether there is nothing to compare."""
        return self.texts[0] == self.texts[1]

    @property
    def asked_alike(self) -> bool:
        """Whether both outputs answer the very same words."""
        left, right = self.left.output, self.right.output
        return left is not None and right is not None and asked_of(left) == asked_of(right)


def _text(view: OutcomeView) -> str:
    return view.output.text if view.output is not None else ""


async def judge_run(
    lab: Lab, name: str | None, judge: str, terms: RatingTerms, how: Judging | None = None
) -> JudgedRun:
    """Have a judge (`pairwise(model=...)`) compare the variants of a run (the last unless named), and rate them.

    Raises InputError for a judge that compares no two outputs or names no model, for a run with one variant, where the
    budget ends first (the same with a larger one goes on from there), and where calls could not be done or no verdict
    could be read.
    """
    run, how = lab.run_table.find(name), how or Judging()
    scorer = _judge(judge, run)
    pairs, missing = _pairs_of(lab, run, scorer)
    limits = Budget.parse(how.budget) if how.budget is not None else Limits()
    asked = how.options
    settings = CallSettings(asked.timeout, asked.tries, asked.max_wait, asked.concurrency)
    gateway = Gateway(lab.journal, limits=limits, settings=settings, base_dir=run.plan.get("base_dir"))
    asking = _Asking(run, scorer, gateway)
    try:
        scores = await asking.all(pairs, asked.concurrency, how.watch)
    finally:
        lab.journal.flush()
        await gateway.close()
    found = [_vote(pair, score) for pair, score in zip(pairs, scores, strict=True)]
    told = asking.told(pairs, found, missing, scores)
    if told.pairs > told.equal and told.unreadable == told.pairs - told.equal:
        raise NoVerdict(_nothing_read(told, scores), found)
    names = [info.name for info in VariantInfo.of(run)]
    ratings = rate_votes(_votes(run, names, pairs, scores), terms)
    return JudgedRun(structs.replace(ratings, judge=told), found)


async def judge_preview(lab: Lab, name: str | None, judge: str) -> Preview:
    """What `judge_run` would ask and that is not known yet, estimated from the first pairs. Raises InputError for what
    it would refuse before it asks."""
    run = lab.run_table.find(name)
    scorer = _judge(judge, run)
    pairs = [pair for pair in _pairs_of(lab, run, scorer)[0] if not pair.is_equal]
    gateway = DryGateway(lab.journal, base_dir=run.plan.get("base_dir"))
    asking, estimate = _Asking(run, scorer, gateway), Estimate(gateway.channels)
    try:
        for pair in pairs[:_SAMPLE]:
            asking.calls.clear()
            await asking.one(pair)
            estimate.add(asking.calls)
    finally:
        await gateway.close()
    return estimate.scaled(len(pairs), len(pairs) / max(1, len(pairs[:_SAMPLE])), ())


def check_votes_file(path: str) -> None:
    """Raise InputError for a file that votes cannot be written to."""
    check_target(path)
    if not path.lower().removesuffix(".gz").endswith((*_LINES, *_TABLES)):
        raise InputError(f"{path}: votes are written as .csv, .tsv or .jsonl; name such a file")


def write_votes(path: str, votes: Sequence[Vote]) -> None:
    """Write votes to a file that `scansion rate` and `scansion agree` read. Raises InputError."""
    write = write_jsonl if path.lower().removesuffix(".gz").endswith(_LINES) else write_csv
    write(path, [structs.asdict(vote) for vote in votes])


def _judge(text: str, run: RunRecord) -> Scorer:
    scorer = build_scorer(text, run.plan.get("base_dir"))
    if scorer.prefers is None:
        wanted = "give pairwise(model=...) without a column to compare with, or a panel of these"
        raise InputError(f"--judge: {text} compares no two outputs of a run; {wanted}")
    if scorer.asks_subject:
        whose = "a judge of the panel names no model." if scorer.models else "which model judges?"
        raise InputError(f"--judge: {whose} Name it, such as pairwise(model=openai/gpt-5-mini)")
    return scorer


def _pairs_of(lab: Lab, run: RunRecord, scorer: Scorer) -> tuple[list[_Pair], int]:
    """The pairs to compare, by row, then trial, then variants; and how many lack an output on a side. Raises InputError
    where there is none, or a row lacks what the judge is shown."""
    names = [info.name for info in VariantInfo.of(run)]
    if len(names) < 2:
        raise InputError(f"{run.label} has one variant, {names[0]!r}, and rating takes two or more")
    views = lab.views(run.label)
    pairs, missing = list[_Pair](), 0
    for row, group in groupby(views, key=lambda view: view.row):
        kept = lab.run_table.example(run.dataset or 0, row)
        for _, those in groupby(sorted(group, key=lambda view: view.trial), key=lambda view: view.trial):
            for left, right in combinations(those, 2):
                if left.output is None or right.output is None:
                    missing += 1
                    continue
                example = kept[0] if kept is not None else left.example
                pairs.append(_Pair(left, right, example, example.group or canonical(left.example.inputs).decode()))
    if not pairs:
        raise InputError(f"{run.label}: no row has outputs of two variants, so there is nothing to compare")
    for pair in pairs:
        check_columns(scorer, pair.example)
    return pairs, missing


class _Asking:
    """The calls of one judging."""

    def __init__(self, run: RunRecord, scorer: Scorer, gateway: Gateway) -> None:
        self._scorer, self._gateway = scorer, gateway
        check_judges([scorer], gateway)
        self.calls: list[Call] = []
        self._hidden: tuple[str, ...] = tuple(run.context.get("roles", ()))
        self._columns: dict[str, dict[str, str] | None] = {v["name"]: v.get("columns") for v in run.context["variants"]}

    async def all(
        self, pairs: Sequence[_Pair], size: int, watch: Callable[[Progress], None] | None
    ) -> list[ScoreRecord | None]:
        """What the judge says of each pair; None for equal outputs. Raises InputError (see `judge_run`)."""
        found: dict[int, ScoreRecord] = {}

        async def one(number: int) -> None:
            found[number] = await self.one(pairs[number])
            tally.add("", None, asked=True)

        wanted = [number for number, pair in enumerate(pairs) if not pair.is_equal]
        tally = Tally(self._gateway, watch, [])
        tally.total = len(wanted)
        telling = asyncio.create_task(tally.keep_telling())
        try:
            await work_off(iter(wanted), one, size, Stop())
        except BudgetSpent:
            raise InputError(
                f"the budget ended after {len(found)} of {len(wanted)} pairs were judged; the same command with a "
                "larger --budget goes on from there"
            ) from None
        finally:
            telling.cancel()
        if broken := [score for score in found.values() if score.state == ERROR]:
            raise InputError(
                f"{self._scorer.spec} could not judge {len(broken)} of {len(wanted)} pairs "
                f"({broken[0].reason}: {broken[0].detail.explanation}); the same command asks these again"
            )
        return [found.get(number) for number in range(len(pairs))]

    async def one(self, pair: _Pair) -> ScoreRecord:
        """What the judge says of one pair."""
        lms: list[LM] = []

        def handle() -> LM:
            channel = self._gateway.channel(self._scorer.models[0])
            trace = Trace(hidden=self._hidden)
            lms.append(LM(self._gateway, channel, trace, trial=pair.left.trial, purpose="judge"))
            return lms[-1]

        left, other = pair.left, self._shown(pair.right, pair)
        assert self._scorer.prefers is not None
        scorer = Scorer(Asked(_against(self._scorer.prefers, other)), self._scorer.spec, "")
        record = OutcomeRecord(key=bytes.fromhex(left.key), status=DONE, cost=left.cost_usd, latency=left.latency)
        score = await held_against(scorer, (record, self._shown(left, pair)), pair.example, handle)
        self.calls += [call for lm in lms for call in lm.trace.calls]
        return score

    def _shown(self, view: OutcomeView, pair: _Pair) -> Output:
        """An output as the judge is shown it: without what its program says of itself. Where the two answer different
        prompts, what was asked is what both were made of, so that neither is judged by the other's prompt."""
        assert view.output is not None
        shown = structs.replace(view.output, data={})
        if pair.asked_alike:
            return shown
        told = listed_inputs(structs.replace(pair.example, inputs=self._given(pair)))
        return structs.replace(shown, messages=(Message("user", told),) if told else ())

    def _given(self, pair: _Pair) -> dict[str, Any]:
        """The cells of a row that the prompts of the two read; all, but for the target and its like,
        where a program reads what it likes."""
        inputs = pair.left.example.inputs
        columns = [self._columns[view.variant] for view in (pair.left, pair.right)]
        if any(each is None for each in columns):
            return {name: value for name, value in inputs.items() if name not in self._hidden}
        read = {name for each in columns for name in (each or {}).values()}
        return {name: value for name, value in inputs.items() if name in read}

    def told(
        self, pairs: Sequence[_Pair], votes: Sequence[Vote], missing: int, scores: Sequence[ScoreRecord | None]
    ) -> JudgeCalls:
        """What the judging took."""
        return JudgeCalls(
            judge=self._scorer.spec,
            pairs=len(pairs),
            equal=sum(pair.is_equal for pair in pairs),
            missing=missing,
            order=sum(vote.verdict == "order" for vote in votes),
            unreadable=sum(vote.winner == "unreadable" for vote in votes),
            calls=len(self.calls),
            recorded_calls=sum(call.recorded for call in self.calls),
            cost_usd=known_sum(call.cost_usd for call in self.calls),
            spent_usd=known_sum(call.cost_usd for call in self.calls if not call.recorded),
            panel_order=sum(_changed(score) for score in scores if score is not None),
        )


def _changed(score: ScoreRecord) -> int:
    """How many verdicts of a panel's judges changed with the order."""
    return int(score.detail.answer.get("order", 0)) if isinstance(score.detail.answer, dict) else 0


def _nothing_read(told: JudgeCalls, scores: Sequence[ScoreRecord | None]) -> str:
    """That no verdict could be read, what the calls cost, what was said instead, and what to do."""
    why = next(score.detail.explanation for score in scores if score is not None)
    asked = f"{told.calls} call{'' if told.calls == 1 else 's'}"
    cost = f"{asked}, {told.cost_usd:.4f} USD" if told.cost_usd else asked
    mend = "ask in words that the model knows (prompt=FILE), or name another model"
    return (
        f"{told.judge} gave no readable verdict on any of {told.pairs - told.equal} pairs ({cost}): "
        f"{' '.join(why.split())[:200]}; {mend}"
    )


def _against(prefers: Prefers, other: Output) -> Any:
    async def rate(output: Output, example: Example, lm: Any) -> Score:
        return await prefers((output, other), example, lm)

    return rate


def _winner(score: ScoreRecord | None) -> int:
    """0 a tie, 1 the left one, 2 the right one; between these where several judges' mean says no more than that."""
    if score is None:
        return 0
    if score.value is None:
        return UNREAD
    return _OUTCOMES.get(score.value, 1 if score.value > 0.5 else 2)


def _vote(pair: _Pair, score: ScoreRecord | None) -> Vote:
    said = {0: "tie", 1: "left", 2: "right", UNREAD: "unreadable"}[_winner(score)]
    answer = score.detail.answer if score is not None else "equal"
    return Vote(
        question=pair.example.id,
        trial=pair.left.trial,
        left=pair.left.variant,
        right=pair.right.variant,
        winner=said,
        verdict=answer if answer in ("order", "tie", "equal") else "",
        why=score.detail.explanation if score is not None else "the outputs are equal",
    )


def _votes(run: RunRecord, names: Sequence[str], pairs: Sequence[_Pair], scores: Sequence[ScoreRecord | None]) -> Votes:
    import numpy as np

    def numbered(values: Iterator[str]) -> Any:
        known: dict[str, int] = {}
        return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)

    place = {name: at for at, name in enumerate(names)}
    unread = sum(_winner(score) == UNREAD for score in scores)
    return Votes(
        label=f"run {run.label}",
        players=tuple(names),
        left=np.array([place[pair.left.variant] for pair in pairs], dtype=np.int64),
        right=np.array([place[pair.right.variant] for pair in pairs], dtype=np.int64),
        outcome=np.array([_winner(score) for score in scores], dtype=np.int64),
        question=numbered(pair.unit for pair in pairs),
        voter=None,
        unreadable={"judge unreadable": unread} if unread else {},
        unplaced=0,
    )
