"""Kept experiments once more with a new model: prompts as they were, verdicts then and now."""

import pytest

import scansion
from scansion.errors import InputError
from scansion.experiments.evidence.rerun import changes, replan, rerun, worth_repeating
from scansion.report.rerun import render

STEADY = """
def steady(request):
    return str(int(request.messages[-1].content.rsplit(" ", 1)[1]) + 1)
"""


@pytest.fixture
def steady(project):
    project.write(f"steady_{project.model_name}.py", STEADY)
    return f"python:steady_{project.model_name}:steady"


def test_verdicts_then_and_now(project, steady):
    old = project.run(name="sums", no_answer="wrong")
    [found] = rerun(["sums"], steady)
    assert (found.old_run, found.name, found.model) == (old.run, "sums", steady)
    [change] = found.verdicts
    assert (change.old.verdict, change.new.verdict, change.changed) == ("better", "undecided", True)
    assert found.means["direct"] == (old.variants[0].mean, 1.0)
    assert [c.verdict for c in found.models] == ["better", "better"]
    with project.lab() as lab:
        kept = lab.result(found.new_run)
        assert [v.name for v in kept.variants] == ["direct", "think"]
        assert {v.model for v in kept.variants} == {steady}
        assert kept.baseline == old.baseline


def test_the_prompts_are_those_of_then(project, steady):
    old = project.run()
    project.write("direct.txt", "Something else: {{number}}")
    (project.folder / "think.txt").unlink()
    with project.lab() as lab:
        plan = replan(lab, old.run, steady)
    assert [v.prompt.template for v in plan.variants] == ["Add one to {{number}}", "Think. Add one to {{number}}"]
    result = scansion.run(plan, lab=project.folder / ".scansion")
    assert result.variants[0].mean == 1.0


def test_several_models_become_one(project, steady):
    adder, fails = project.model(), project.model("fails")
    old = project.run(models=[adder, fails], techniques=["as-is", "cot"], baseline="direct")
    with project.lab() as lab:
        plan = replan(lab, old.run, steady)
    assert len(plan.variants) == 4
    result = scansion.run(plan, lab=project.folder / ".scansion")
    assert len({v.name for v in result.variants}) == 4
    with project.lab() as lab:
        found = changes(lab, old.run, result, steady)
    assert found.models == []
    assert all(then is None for then, _ in found.means.values())
    assert found.old_models == [adder, fails]
    assert found.between_models == 0
    thens = {(c.a, c.b): c.verdict for c in old.comparisons}
    assert {(v.b, v.model) for v in found.verdicts} == {
        (name, model) for name in ("direct | cot", "think", "think | cot") for model in (adder, fails)
    }
    for each in found.verdicts:
        assert each.old.verdict == thens["direct | " + each.model, f"{each.b} | {each.model}"]
        assert (each.a, each.model in each.old.a, each.model in each.old.b) == ("direct", True, True)


@pytest.mark.parametrize("baseline", [None, "think | adder", "think"])
def test_a_comparison_between_models_is_no_verdict_on_prompts(project, steady, baseline):
    adder, fails = project.model(), project.model("fails")
    named = [
        {"name": f"{p} | {m.rpartition(':')[2]}", "prompt": f"{p}.txt", "model": m}
        for p in ("direct", "think")
        for m in (adder, fails)
    ]
    project.run(variants=named, prompts=None, models=None, baseline=baseline)
    [found] = rerun(["r1"], steady)
    first, other = ("direct", "think") if baseline is None else ("think", "direct")
    per_model = baseline == "think"
    assert [(v.a, v.b, v.model) for v in found.verdicts] == [
        (first, other, model) for model in ((adder, fails) if per_model else (adder,))
    ]
    assert (found.verdicts[0].old.a, found.verdicts[0].old.b) == (f"{first} | adder", f"{other} | adder")
    assert found.between_models == (0 if per_model else 2)
    said = " ".join(render([found]).split())
    assert ("2 comparisons between models are left out" in said) != per_model
    assert f"`{other}` against `{first}`, with {adder} then: " in said


def test_comparisons_of_models_alone_leave_nothing_to_change(project, steady):
    project.run(prompts=["direct.txt"], models=[project.model(), project.model("fails")])
    [found] = rerun(["r1"], steady)
    assert (found.verdicts, found.between_models) == ([], 1)
    assert "1 comparison between models is left out" in render([found])


def test_settings_are_kept(project, steady):
    split = {"dev": 0.5, "test": 0.5, "seed": 3}
    project.run(split=split, part="test", trials=2, margin=0.05, no_answer="wrong", limit=7, volume="5/day")
    [found] = rerun(["r1"], steady)
    with project.lab() as lab:
        new, old = (lab.run_table.find(name) for name in (found.new_run, "r1"))
    for key in ("split", "part", "trials", "margin", "no_answer", "limit", "volume", "alpha", "seed", "scorers"):
        assert new.plan[key] == old.plan[key], key
    assert found.looks is not None
    assert (found.looks.count, found.looks.new) == (2, True)


def test_what_cannot_be_repeated_is_said(project, steady):
    project.run(data=[{"number": 1, "answer": "2"}])
    with project.lab() as lab, pytest.raises(InputError, match="r1: its data was given in Python"):
        replan(lab, "r1", steady)

    async def program(inputs, lm):
        return (await lm(f"Add one to {inputs['number']}")).text

    project.run(prompts=[program])
    with project.lab() as lab:
        with pytest.raises(InputError, match="r2: program is a program in Python"):
            replan(lab, "r2", steady)
        with pytest.raises(InputError, match="no run is called 'r9'"):
            replan(lab, "r9", steady)


def test_all_are_the_last_runs_of_experiments_on_other_models(project, steady):
    project.run()
    project.run()
    project.run(prompts=["think.txt"], name="one")
    project.run(models=[steady], name="new")
    with project.lab() as lab:
        assert worth_repeating(lab, steady) == ["r2", "r3"]


def test_budget_and_gates_are_kept(project, steady):
    project.run(budget="1000calls", gates=["require better", "fail-under direct=0.2"])
    with project.lab() as lab:
        plan = replan(lab, "r1", steady, budget=None)
        assert (plan.budget, plan.gates) == ("1000calls", ("require better", "fail-under direct=0.2"))
        assert replan(lab, "r1", steady, budget="7calls").budget == "7calls"
    [found] = rerun(["r1"], steady)
    assert [(g.rule, g.held) for g in found.gates] == [("require better", False), ("fail-under direct=0.2", True)]
    said = render([found]).splitlines()
    assert "gate held: fail-under direct=0.2" in said
    assert any(line.startswith("gate NOT held: require better") for line in said)


def test_gates_that_one_model_cannot_repeat_are_named(project, steady):
    models = [project.model(), project.model("fails")]
    gates = ["fail-if-worse", f"fail-under {models[0]}=0", "fail-under 0.5"]
    project.run(prompts=["direct.txt"], models=models, gates=gates)
    [found] = rerun(["r1"], steady)
    assert [g.rule for g in found.gates] == ["fail-under 0.5"]
    assert found.gates_left == gates[:2]
    assert "gate left out: fail-if-worse is about variants that one model does not have" in render([found])


def test_a_budget_that_ends_is_said(project, steady):
    project.run()
    [found] = rerun(["r1"], steady, budget="5calls")
    assert found.missing > 0
    assert f"{found.new_run} lacks {found.missing} outcomes" in render([found])


def test_nothing_is_asked_before_all_can_be_repeated(project, steady):
    project.run()
    rows = (project.folder / "rows.jsonl").read_text()
    project.write("other.jsonl", rows)
    project.run(data="other.jsonl")
    (project.folder / "other.jsonl").unlink()
    with pytest.raises(InputError, match=r"^r2: data file other\.jsonl not found"):
        rerun(["r1", "r2"], steady)
    with project.lab() as lab:
        assert [info.id for info in lab.runs()] == ["r2", "r1"]
    project.write("other.jsonl", rows)
    rerun(["r2"], steady)
    with pytest.raises(InputError, match=f"^r3 was made with {steady} already; name another model"):
        rerun(["r3"], steady)
