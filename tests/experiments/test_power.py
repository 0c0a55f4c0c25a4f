"""Plans from guesses and from runs: what they rest on, and that they are those of the comparison itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scansion.errors import InputError
from scansion.experiments.planning.power import Guess, Terms, call_price, power_of_guess, power_of_run
from scansion.experiments.verdicts import Pairing, Sides, compare_pairs
from scansion.stats.need import pairs_for
from scansion.stats.power import Aim, Graded, paired_shares, power

NOISY = """
def noisy(request):
    text = request.messages[-1].content
    number = int(text.rsplit(" ", 1)[1])
    wrong = number % 4 == 0 if text.startswith("Think") else number % 3 == 0
    return str(number if wrong else number + 1)
"""


def test_a_guess_gives_the_pairs_of_the_formula_and_their_cost() -> None:
    guess = Guess(a=0.7, b=0.76, flips=0.2, calls=4, usd=0.002)
    found = power_of_guess(guess, Terms(n=200))
    [plan] = found.plans
    asked = next(need for need in plan.needs if need.seen)
    table = paired_shares(0.7, 0.76, flips=0.2)
    assert asked.n == pairs_for(table, Aim())
    assert (asked.calls, asked.usd) == (4 * asked.n, pytest.approx(0.002 * asked.n))
    assert asked.power == pytest.approx(power(table, 200, Aim()))
    assert [need.difference for need in plan.needs] == [0.01, 0.02, 0.03, 0.05, 0.06, 0.1]
    assert plan.smallest == pytest.approx(0.094, abs=0.002)
    assert found.notes == []


def test_a_loss_is_planned_for_on_its_own_side() -> None:
    [plan] = power_of_guess(Guess(a=0.9, b=0.85, flips=0.15), Terms(n=300)).plans
    [gain] = power_of_guess(Guess(a=0.1, b=0.15, flips=0.15), Terms(n=300)).plans
    assert all(need.difference < 0 for need in plan.needs)
    assert [n.n for n in plan.needs] == [n.n for n in gain.needs]
    assert plan.smallest == pytest.approx(-(gain.smallest or 0.0))


def test_comparisons_trials_and_unscored_outcomes_cost_examples() -> None:
    def needed(guess: Guess | None = None, **terms: object) -> int:
        guess = guess or Guess(a=0.7, b=0.8, flips=0.2)
        [plan] = power_of_guess(guess, Terms(**terms)).plans  # type: ignore[arg-type]
        return next(need.n or 0 for need in plan.needs if need.seen)

    plain = needed()
    assert needed(comparisons=3) == pairs_for(paired_shares(0.7, 0.8, flips=0.2), Aim(level=1 - 0.05 / 3))
    assert needed(trials=3, icc=1.0) == pytest.approx(plain, abs=1)
    assert needed(trials=3, icc=0.0) == pytest.approx(plain / 3, abs=2)
    lost = Guess(a=0.7, b=0.8, flips=0.2, unscored=0.02)
    assert needed(lost) > 1.3 * plain
    hidden = Guess(a=0.7, b=0.71, flips=0.2, unscored=0.05)
    [plan] = power_of_guess(hidden, Terms(n=500)).plans
    small = next(need for need in plan.needs if need.seen)
    assert (small.n, small.power) == (None, 0.0)


def test_margins_are_listed_for_a_claim_within_one() -> None:
    [plan] = power_of_guess(Guess(a=0.8), Terms(margin=0.04)).plans
    assert plan.claim == "not worse"
    assert [need.margin for need in plan.needs] == [0.01, 0.02, 0.03, 0.04, 0.05, 0.1]
    sizes = [need.n or 0 for need in plan.needs]
    assert sizes == sorted(sizes, reverse=True)
    [even] = power_of_guess(Guess(a=0.8), Terms(claim="equivalent", margin=0.04)).plans
    assert [need.n or 0 for need in even.needs] > sizes


def test_other_scores_are_planned_in_standard_deviations() -> None:
    [plan] = power_of_guess(Guess(sd=2.0), Terms(difference=0.5, n=100)).plans
    asked = next(need for need in plan.needs if need.seen)
    assert asked.n == pairs_for(Graded(0.5, 2.0), Aim())
    assert plan.rates is None
    assert [need.difference for need in plan.needs] == [0.1, 0.2, 0.4, 0.5, 0.6, 1.0]


def test_where_nothing_is_better_losses_are_listed() -> None:
    [plan] = power_of_guess(Guess(a=1.0), Terms(n=300)).plans
    assert [need.difference for need in plan.needs] == [-0.01, -0.02, -0.03, -0.05, -0.1]
    assert plan.smallest is not None
    assert plan.smallest < 0


def test_spreads_beyond_numbers_need_more_than_there_are() -> None:
    [plan] = power_of_guess(Guess(sd=1e300), Terms(difference=1.0)).plans
    assert next(need for need in plan.needs if need.seen).n is None


@pytest.mark.parametrize(
    ("guess", "terms", "said"),
    [
        (Guess(), Terms(), "guess at least the rate of a"),
        (Guess(a=0.7, b=0.8, flips=0.05), Terms(), "0.1 to 0.5 of pairs flip, not 0.05"),
        (Guess(a=0.7, b=0.8), Terms(difference=0.1), "say the same"),
        (Guess(a=0.7, b=0.8, flips=0.2, correlation=0.1), Terms(), "say the same"),
        (Guess(a=0.7, sd=1.0), Terms(), "--sd is for scores"),
        (Guess(sd=1.0, unscored=0.1), Terms(), "rates of right answers"),
        (Guess(a=0.7), Terms(claim="not-worse"), "needs a margin"),
        (Guess(a=0.7), Terms(claim="better"), "no claim"),
        (Guess(a=0.7), Terms(claim="different", margin=0.1), "not of a difference"),
        (Guess(a=0.7), Terms(alpha=1.5), "alpha of 1.5"),
        (Guess(a=0.7), Terms(power=1.0), "power of 1"),
        (Guess(a=0.7), Terms(difference=0.5), "rates lie between 0 and 1"),
    ],
)
def test_what_cannot_be_planned_is_one_line(guess: Guess, terms: Terms, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        power_of_guess(guess, terms)
    assert "\n" not in str(caught.value)


def test_a_price_takes_a_model_and_tokens() -> None:
    assert call_price("openai/gpt-4o-mini", "1000,0") == pytest.approx(0.00015)
    with pytest.raises(InputError, match="no price is known for nobody/nothing"):
        call_price("nobody/nothing", "400,150")
    with pytest.raises(InputError, match="takes a model and its tokens"):
        call_price("openai/gpt-4o-mini", "many")


def test_a_run_is_the_pilot(project) -> None:
    result = project.run(no_answer="wrong")
    with project.lab() as lab:
        found = power_of_run(lab)
        again = power_of_run(lab, result.run, "direct", "think", terms=Terms(difference=0.1, n=500))
        with pytest.raises(InputError, match="both names mean"):
            power_of_run(lab, None, "think", "think")
        with pytest.raises(InputError, match="does not tell how alike"):
            power_of_run(lab, terms=Terms(trials=3))
    [plan], [asked] = found.plans, again.plans
    [comparison] = result.comparisons
    assert (plan.a, plan.b, plan.n, plan.pairs, plan.level) == ("direct", "think", 60, 60, 0.95)
    assert plan.difference == pytest.approx(comparison.difference)
    assert plan.flips == pytest.approx(sum(comparison.flips or ()) / 60)
    seen = next(need for need in plan.needs if need.seen)
    assert seen.power is not None
    assert seen.power > 0.9  # it was decided
    assert seen.further == max(0, (seen.n or 0) - 60)
    assert plan.calls == 2.0
    assert [need.difference for need in asked.needs if need.seen] == [0.1]
    assert asked.n == 500
    careful = [(need.careful or 0, need.n or 0) for need in plan.needs]
    assert all(wide >= n for wide, n in careful)


def test_unscored_outcomes_of_a_run_count_against_the_claim(project) -> None:
    project.run()  # multiples of seven have no answer in either
    with project.lab() as lab:
        [lost] = power_of_run(lab).plans
        project.run(no_answer="wrong", name="all")
        [whole] = power_of_run(lab, "all").plans
    assert lost.unscored == pytest.approx(8 / 60)
    assert whole.unscored == 0.0
    small = lost.needs[0]
    assert (small.difference, small.n) == (0.01, None)  # what is unscored may hide it
    assert whole.needs[0].n is not None


def test_trials_of_a_run_tell_how_alike_they_are(project) -> None:
    project.run(no_answer="wrong", trials=2)
    with project.lab() as lab:
        [two] = power_of_run(lab).plans
        [six] = power_of_run(lab, terms=Terms(trials=6)).plans
    assert two.effect == pytest.approx(2.0, abs=0.15)  # the model answers the same each time
    assert six.effect == pytest.approx(6.0, abs=0.8)
    assert six.calls == pytest.approx(3 * (two.calls or 0))
    for one, other in zip(two.needs, six.needs, strict=True):
        assert one.n == pytest.approx(other.n, rel=0.1)


def test_a_run_of_groups_is_planned_in_groups_that_can_reject(project) -> None:
    """Sign flips of 3 groups, all one way, have a mid-p of 0.125: five are the fewest."""
    lines = [json.dumps({"number": i, "answer": str(i + 1), "doc": f"d{i // 5}"}) for i in range(20)]
    project.write("rows.jsonl", "\n".join(lines) + "\n")
    project.run(no_answer="wrong", data={"path": "rows.jsonl", "group": "doc"}, trials=4)
    with project.lab() as lab:
        found = power_of_run(lab, terms=Terms(difference=0.39, n=24))
        wide = power_of_run(lab, terms=Terms(difference=0.39, n=24, alpha=0.01))
    [plan] = found.plans
    assert plan.fewest == (5, 25)
    assert all((need.n or 25) >= 25 and need.power == 0.0 for need in plan.needs)
    assert plan.smallest is None
    assert "few clusters: the estimate is rough" in found.notes
    assert wide.plans[0].fewest == (7, 35)


def test_a_run_refuses_what_cannot_be_planned(project) -> None:
    result = project.run(no_answer="wrong")
    cases = [
        ((), Terms(margin=2.0), "margin: 2 is not below 1"),
        ((), Terms(difference=0.0), "a difference of 0"),
        ((), Terms(difference=3.0), "difference: 3 is not between -1 and 1"),
        ((), Terms(difference=0.9), "leaves no room for a difference"),
        ((), Terms(icc=0.5), "give --trials"),
        ((), Terms(icc=2.0, trials=2), "an icc lies between 0 and 1, not 2"),
        ((None, result.run, "direct"), Terms(), f"'{result.run}' is a run.* two of its variants.*'direct', 'think'"),
        ((None, "direct", "nothere"), Terms(), f"^{result.run}: no variant is called 'nothere'"),
    ]
    with project.lab() as lab:
        for names, terms, said in cases:
            with pytest.raises(InputError, match=said):
                power_of_run(lab, *names, terms=terms)


def test_a_run_of_one_variant_or_without_scores_is_no_pilot(project) -> None:
    project.run(prompts=["direct.txt"])
    with project.lab() as lab:
        with pytest.raises(InputError, match="has one variant"):
            power_of_run(lab)
        project.run(scorers=[])
        with pytest.raises(InputError, match="has no scores"):
            power_of_run(lab)


def test_the_comparisons_of_a_run_are_planned_at_the_levels_that_they_had(project) -> None:
    project.write("say.txt", "Say {{number}}")
    result = project.run(prompts=["direct.txt", "think.txt", "say.txt"], no_answer="wrong")
    with project.lab() as lab:
        found = power_of_run(lab)
        worst = power_of_run(lab, terms=Terms(comparisons=2))
        [alone] = power_of_run(lab, None, "direct", "say").plans
    assert [plan.level for plan in found.plans] == [each.level for each in result.comparisons]
    assert {each.level for each in result.comparisons} == {0.95, 0.975}
    assert [plan.level for plan in worst.plans] == [0.975, 0.975]
    assert alone.level == 0.95
    assert "Holm's procedure gave it" in found.notes[-1]


def test_a_verdict_and_a_plan_ask_for_about_as_many_rows(project) -> None:
    model = project.folder / f"{project.model_name}.py"
    model.write_text(model.read_text() + NOISY)
    result = project.run(prompts=["direct.txt", "think.txt"], models=[project.model("noisy")])
    with project.lab() as lab:
        [plan] = power_of_run(lab).plans
    [found] = result.comparisons
    assert found.verdict == "undecided"
    seen = next(need for need in plan.needs if need.seen)
    assert found.needed == pytest.approx(seen.further, rel=0.12)


@pytest.mark.parametrize(("missing", "hidden"), [(0, False), (1, False), (40, True)])
def test_a_margin_is_no_remedy_where_what_is_missing_may_hide_more(missing: int, hidden: bool) -> None:
    values, state = np.tile([0.0, 1.0], 50), np.zeros(100)
    other = values.copy()
    other[[0, 1]] = 1.0, 0.0
    state[100 - missing :] = 1
    sides = Sides("a", "b", Pairing(np.zeros(100), state, values, other, 100))
    [found] = compare_pairs([sides], alpha=0.05, margin=None, seed=0)
    assert (found.verdict, found.difference, found.needed) == ("undecided", 0.0, None)
    assert ("a margin would let it be called equivalent" in found.reason) != hidden
    assert ("the 40 pairs with an unscored or error outcome may hide the difference" in found.reason) == hidden


@pytest.mark.parametrize(("missing", "decided"), [(0, True), (2, True), (12, False)])
def test_a_verdict_counts_what_is_missing_against_the_claim(missing: int, decided: bool) -> None:
    """More rows decide a difference of 6 points, but not one that as many unscored rows may hide."""
    a, b = np.tile([0.0] * 5 + [1.0] * 5, 10), np.tile([0.0] * 5 + [1.0] * 5, 10)
    b[[0, 1, 2, 3, 10, 11, 12, 13, 20]] = 1.0
    b[[5, 15, 25]] = 0.0
    state = np.zeros(100)
    state[30 : 30 + missing] = 1
    [found] = compare_pairs(
        [Sides("a", "b", Pairing(np.zeros(100), state, a, b, 100))], alpha=0.05, margin=None, seed=0
    )
    assert found.verdict == "undecided"
    assert (found.needed is not None) == decided
    assert ("may hide the difference" in found.reason) != decided
    if missing == 2:
        [whole] = compare_pairs(
            [Sides("a", "b", Pairing(np.zeros(100), np.zeros(100), a, b, 100))], alpha=0.05, margin=None, seed=0
        )
        assert (found.needed or 0) > (whole.needed or 0)
