"""A run's figures, from the outcomes in the lab to the document that is printed, reported and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from scansion.experiments.agreement.people import agreements_of
from scansion.experiments.checklists import checklists_of
from scansion.experiments.companions import on_both_sides
from scansion.experiments.coverage import coverage_of, may_abstain, unanswered_in
from scansion.experiments.figures import (
    Figures,
    Totals,
    VariantInfo,
    are_shares,
    clipped,
    clusters_of,
    counts_of,
    dependencies,
    example_cost,
    exercised,
    read_figures,
    read_latencies,
    read_totals,
)
from scansion.experiments.frontier import dominated_notes
from scansion.experiments.gates import check_gates
from scansion.experiments.lab import Lab
from scansion.experiments.looks import looks_of
from scansion.experiments.notes import notes_of
from scansion.experiments.only import only_head, warned
from scansion.experiments.repeats import Repeats, read_answers, repeats_of
from scansion.experiments.results import Comparison, RunResult, ScorerResult, VariantResult, iso, known_sum
from scansion.experiments.sequential.watched import Spent, Watched, ended, spent_on, watch_run
from scansion.experiments.shown_shots import shots_notes
from scansion.experiments.store.runs import RunRecord
from scansion.experiments.variants import pair_with_baseline
from scansion.experiments.verdicts import Sides, compare_pairs, pair
from scansion.experiments.volume import monthly, savings_of, usd_of

if TYPE_CHECKING:
    from scansion.stats.intervals import Mean

__all__ = [
    "Rules",
    "figures_result",
    "head_of",
    "mark_of",
    "part_of",
    "rules_head",
    "scorer_result",
    "summarize",
    "variant_result",
]


class Rules(Struct, frozen=True):
    """What figures are taken under: the error rate, the seed of what is random, from what value on a score is right
    (None: nothing is said of right and wrong)."""

    alpha: float
    seed: int
    pass_mark: float | None

    @classmethod
    def of(cls, run: RunRecord) -> Rules:
        """The rules of a run's plan."""
        return cls(run.plan["alpha"], run.plan["seed"], run.plan["pass_mark"])


def summarize(lab: Lab, run: RunRecord, planned: int, *, interrupted: bool = False, seconds: float = 0.0) -> RunResult:
    """The figures of `run` over `planned` examples, as the lab holds them now."""
    infos, rules = VariantInfo.of(run), Rules.of(run)
    primary = _primary(run)
    figures = [read_figures(lab, run, v.index, primary) for v in infos]
    totals = [read_totals(lab, run, v.index, primary) for v in infos]
    watched = watch_run(lab, run, figures) if run.plan.get("until") else None
    variants = [
        variant_result(lab, run, info, watched.planned(info.index) if watched else planned, (f, t))
        for info, f, t in zip(infos, figures, totals, strict=True)
    ]
    if volume := run.plan.get("volume"):
        variants = [structs.replace(v, usd_per_month=_per_month(v, volume)) for v in variants]
    pairs = pair_with_baseline(run.plan["baseline"], infos) if primary is not None else []
    looked = None
    if watched is not None:
        spent_on_each = spent_on(lab, run, figures, totals)
        variants = _watched_variants(lab, run, variants, figures, (watched, spent_on_each))
        verdicts = watched.comparisons([info.name for info in infos], spent_on_each)
        looked = watched.looked(spent_on_each)
    else:
        sides = [_sides(infos, figures, totals, a, b) for a, b in pairs]
        verdicts = _verdicts(lab, run, infos, pairs, sides)
    comparisons = [warned(_settled(run, pair, verdict), [run]) for pair, verdict in zip(pairs, verdicts, strict=True)]
    made, spent, judged = paid_by(lab, run)
    rows, unanswered = unanswered_in(lab, run, variants)
    result = RunResult(
        run=run.label,
        name=run.name,
        variants=variants,
        comparisons=comparisons,
        data=str(run.context["data"]),
        split=part_of(run),
        scorers=run.plan["scorers"],
        baseline=infos[pairs[0][0]].name if pairs else "",
        level=1 - rules.alpha,
        seconds=seconds,
        spent_usd=spent,
        calls_made=made,
        judge_calls_made=judged,
        complete=not any(v.unreached or v.errors or any(s.errors for s in v.scores.values()) for v in variants),
        budget=run.plan["budget"] or "",
        rescored=run.context.get("rescored", ""),
        interrupted=interrupted,
        head=head_of(run),
        notes=_notes(lab, run, variants, figures, totals),
        gates=check_gates(run.plan["gates"], variants, comparisons),
        created=iso(run.created),
        looks=looks_of(lab, run),
        agreements=agreements_of(lab, run, infos, primary),
        checklists=checklists_of(lab, run, infos),
        volume=volume or "",
        savings=savings_of(variants, comparisons) if volume or _asks_for_less(run, infos) else [],
        until=looked,
        unanswered=unanswered,
        unanswered_rows=rows,
    )
    return ended(result, "interrupted") if interrupted else result


def _notes(
    lab: Lab,
    run: RunRecord,
    variants: Sequence[VariantResult],
    figures: Sequence[Figures],
    totals: Sequence[Totals],
) -> list[str]:
    """The lines that a person must read with these figures."""
    by_index = {info.index: found for info, found in zip(VariantInfo.of(run), figures, strict=True)}
    told = notes_of(run, variants, figures, totals)
    return [*told, *shots_notes(lab, run), *dominated_notes(lab, run, variants, by_index)]


def _verdicts(
    lab: Lab, run: RunRecord, infos: Sequence[VariantInfo], pairs: Sequence[tuple[int, int]], sides: Sequence[Sides]
) -> list[Comparison]:
    """What each pair of variants is to the other, companions of the primary scorer heard too."""
    margin = run.plan["margin"]
    found = compare_pairs(sides, alpha=run.plan["alpha"], margin=margin, seed=run.plan["seed"])
    return on_both_sides(lab, [((run, infos[a]), (run, infos[b])) for a, b in pairs], found, margin)


def _watched_variants(
    lab: Lab,
    run: RunRecord,
    variants: Sequence[VariantResult],
    figures: Sequence[Figures],
    seen: tuple[Watched, Sequence[Spent]],
) -> list[VariantResult]:
    """The variants of a run that stops when decided, with intervals that allow for that."""
    found = []
    for index, (variant, primary, spent) in enumerate(zip(variants, figures, seen[1], strict=True)):
        others = zip(run.plan["scorers"][1:], run.context["scorer_ids"][1:], strict=True)
        scorers = {name: read_figures(lab, run, index, id) for name, id in others}
        scorers |= dict.fromkeys(run.plan["scorers"][:1], primary)
        found.append(seen[0].variant(variant, primary, scorers, spent))
    return found


def _asks_for_less(run: RunRecord, infos: Sequence[VariantInfo]) -> bool:
    """Whether a run looks like the question for the same quality at less cost: several models within a margin."""
    return run.plan["margin"] is not None and len({info.model for info in infos}) > 1


def _settled(run: RunRecord, pair: tuple[int, int], found: Comparison) -> Comparison:
    """The comparison of a variant with itself, such as an unchanged prompt with its last revision, needs no test."""
    a, b = (run.context["variants"][i]["identity"] for i in pair)
    if a != b:
        return found
    reason = "both are the same: prompt, technique and model"
    return structs.replace(found, verdict="equivalent", reason=reason, needed=None, needed_usd=None, caution="")


def _per_month(variant: VariantResult, volume: str) -> float | None:
    usd = usd_of(variant)
    return None if usd is None else usd * monthly(volume)


def _primary(run: RunRecord) -> int | None:
    return run.context["scorer_ids"][0] if run.context["scorer_ids"] else None


def rules_head(no_answer: str) -> list[str]:
    """What the head says of how unreadable answers count."""
    return ["no_answer: wrong (outputs without a readable answer count as wrong)"] if no_answer == "wrong" else []


def part_of(run: RunRecord) -> str:
    """The part of its data's split that a run is on; empty without a split."""
    return (run.plan["part"] or "dev") if run.plan["split"] else ""


def head_of(run: RunRecord) -> list[str]:
    """The settings that change what figures mean, for the head of the table."""
    plan = run.plan
    head = [*only_head(run), *rules_head(plan["no_answer"]), *run.context.get("companions", [])]
    if plan["abstained"] == "wrong":
        head.append("abstained: wrong (outputs that say they cannot answer count as wrong)")
    if plan["truncated"] == "score":
        head.append("truncated: score (outputs that were cut off are scored)")
    if plan["gold_check"] == "off":
        head.append("gold_check: off (the scorers were not proved on the targets)")
    if run.context.get("corrections"):
        count = run.context["corrections"]
        what = "1 target is a corrected one" if count == 1 else f"{count} targets are corrected ones"
        head.append(f"corrections: yes ({what})")
    if plan["pass_mark"] != 1.0:
        head.append(f"pass_mark: {plan['pass_mark']:g}")
    return head


def variant_result(
    lab: Lab, run: RunRecord, info: VariantInfo, planned: int, read: tuple[Figures, Totals]
) -> VariantResult:
    """One variant's figures over `planned` examples, from what was read of it under the primary scorer."""
    from scansion.stats.quantiles import p50_p95

    rules, trials, primary = Rules.of(run), run.plan["trials"], _primary(run)
    figures, totals = read
    middle, high = p50_p95(read_latencies(lab, run, info.index))
    base = figures_result(info.name, figures, rules)
    others = {
        scorer: scorer_result(read_figures(lab, run, info.index, id), rules)
        for scorer, id in zip(run.plan["scorers"][1:], run.context["scorer_ids"][1:], strict=True)
    }
    primary_result = ScorerResult(base.mean, base.interval, base.scored, base.unscored, base.errors)
    first = dict.fromkeys(run.plan["scorers"][:1], primary_result)
    abstained, coverage = 0, None
    if may_abstain(run, totals):
        abstained, coverage = coverage_of(lab, run, info, figures, lambda found: scorer_result(found, rules))
    return structs.replace(
        base,
        prompt=info.prompt,
        technique=info.technique,
        model=info.model,
        n=planned,
        trials=trials,
        unreached=planned * trials - base.scored - base.unscored - base.errors,
        bounds=base.bounds if primary is not None else None,
        scores={**first, **others},
        calls=totals.calls,
        recorded_calls=max(0, totals.calls - totals.fresh),  # calls of unreached outcomes are no outcome's
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        reasoning_tokens=totals.reasoning_tokens,
        cost_usd=totals.cost_usd,
        spent_usd=totals.spent_usd,
        judge_calls=totals.judge_calls,
        judge_cost_usd=totals.judge_cost_usd,
        latency_p50=middle,
        latency_p95=high,
        seconds=totals.seconds,
        unscored_reasons=totals.reasons,
        error_kinds=totals.kinds,
        error_examples=totals.examples,
        served_models=totals.served,
        unpriced=totals.unpriced,
        repeats=_repeats(lab, run, info, figures),
        abstained=abstained,
        coverage=coverage,
    )


def _repeats(lab: Lab, run: RunRecord, info: VariantInfo, figures: Figures) -> Repeats | None:
    """What trials tell; not of a run that stops when decided, whose intervals would have to allow for that."""
    if run.plan["trials"] < 2 or run.plan.get("until") or _primary(run) is None:
        return None
    return repeats_of(figures, Rules.of(run), read_answers(lab, run, info.index, _primary(run)))


def figures_result(name: str, figures: Figures, rules: Rules) -> VariantResult:
    """What the figures alone tell of a variant; all else is left at nothing."""
    from scansion.stats.zero_bound import zero_bound

    scored, unscored, errors = counts_of(figures)
    result, mean = _scorer_result(figures, rules)
    passing = rules.pass_mark
    wrong = int((figures.value[figures.state == 0] < passing).sum()) if passing is not None else 0
    marked = passing is not None and (passing != 1.0 or are_shares(figures))  # 1 is nobody's mark on a wider scale
    perfect = mean if marked and not wrong else None
    return VariantResult(
        name=name,
        prompt="",
        technique="",
        model="",
        n=int(figures.row.size),
        trials=1,
        scored=scored,
        unscored=unscored,
        errors=errors,
        unreached=0,
        mean=result.mean,
        interval=result.interval,
        bounds=_bounds(figures),
        scores={},
        calls=0,
        recorded_calls=0,
        input_tokens=0,
        output_tokens=0,
        reasoning_tokens=0,
        cost_usd=None,
        spent_usd=0.0,
        judge_calls=0,
        judge_cost_usd=0.0,
        latency_p50=None,
        latency_p95=None,
        seconds=0.0,
        wrong=wrong,
        interval_method=mean.method if mean is not None else "",
        caution=mean.caution if mean is not None else "",
        zero_wrong_bound=zero_bound(perfect.effective_n or scored, 1 - rules.alpha) if perfect else None,
    )


def mark_of(sides: Iterable[Figures]) -> float | None:
    """The pass mark of scores of which none is stated: 1 on a scale of 0 to 1, else None."""
    return 1.0 if all(map(are_shares, sides)) else None


def scorer_result(figures: Figures, rules: Rules) -> ScorerResult:
    """What a scorer's figures tell: mean, interval and counts."""
    return _scorer_result(figures, rules)[0]


def _scorer_result(figures: Figures, rules: Rules) -> tuple[ScorerResult, Mean | None]:
    """A scorer's figures, and the mean that they come from (None: nothing is scored)."""
    from scansion.stats.intervals import mean_interval

    counts = counts_of(figures)
    if not counts[0]:
        return ScorerResult(None, None, *counts), None
    keep = slice(None) if counts[0] == figures.state.size else figures.state == 0  # a slice copies nothing
    clusters = clusters_of(labels[keep] for labels in dependencies(figures))
    weights = figures.weight[keep] if figures.weight is not None else None
    mean = mean_interval(
        figures.value[keep], weights=weights, clusters=clusters, level=1 - rules.alpha, seed=rules.seed
    )
    interval = (mean.lo, mean.hi) if mean.lo is not None and mean.hi is not None else None
    if interval is not None and are_shares(figures):
        interval = clipped(interval, 0.0, 1.0)
    return ScorerResult(mean.mean, interval, *counts), mean


def _bounds(figures: Figures) -> tuple[float, float] | None:
    """The mean if all that could not be scored were wrong, and if all were right."""
    import numpy as np

    figures = exercised(figures)
    if not figures.state.size:
        return None
    keep = figures.state == 0
    known = figures.value[keep]
    worst, best = (min(0.0, float(known.min())), max(1.0, float(known.max()))) if known.size else (0.0, 1.0)
    filled = [np.average(np.where(keep, figures.value, end), weights=figures.weight) for end in (worst, best)]
    return float(filled[0]), float(filled[1])


def _sides(infos: Sequence[VariantInfo], figures: Sequence[Figures], totals: Sequence[Totals], a: int, b: int) -> Sides:
    costs = [example_cost(totals[i], figures[i]) for i in (a, b)]
    return Sides(infos[a].name, infos[b].name, pair(figures[a], figures[b]), known_sum(costs))


def paid_by(lab: Lab, run: RunRecord) -> tuple[int, float | None, int]:
    """The calls that a run made, judges' included, what it paid for them in USD (None: no price known), and how many of
    them were judges'."""
    query = "SELECT count(*), sum(cost), count(*) - count(cost), total(judge) FROM calls WHERE run = ?"
    made, spent, unknown, judged = lab.db.execute(query, (run.id,)).fetchone()
    return made, None if unknown else spent or 0.0, int(judged)
