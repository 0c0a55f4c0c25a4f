"""Settings in place of what a plan says, where its variants are named by hand."""

from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.overrides import with_settings
from scansion.experiments.plan import load_plan, make_plan
from scansion.experiments.trying import try_

PLAN = """variants:
- {name: "direct | mini", prompt: direct.txt, model: openai/gpt-5-mini}
- {name: "direct | large", prompt: direct.txt, model: openai/gpt-5}
- {name: wordy, prompt: think.txt, technique: cot, model: openai/gpt-5-mini}
data: rows.jsonl
scorers: [numeric]
limit: 3
baseline: direct | large
gates: [fail-under direct | mini=0]
"""


@pytest.fixture
def plan(project: Any) -> str:
    project.write("e.yaml", PLAN)
    return "e.yaml"


def test_a_model_replaces_those_of_the_variants_and_equal_ones_fold(project: Any, plan: str) -> None:
    found = project.run(plan=plan, prompts=None, models=[project.model()], data=None)
    assert [(v.name, v.model) for v in found.variants] == [("direct", project.model()), ("wordy", project.model())]
    assert found.baseline == "direct"
    assert [g.rule for g in found.gates] == ["fail-under direct=0"]
    [note] = [n for n in found.notes if "direct | mini" in n]
    assert "'direct | mini' and 'direct | large' differ only in the model" in note
    same = project.run(plan=load_plan(plan), prompts=None, models=[project.model()], data=None)
    assert [v.name for v in same.variants] == ["direct", "wordy"]


def test_several_models_ask_each_variant_on_each(plan: str) -> None:
    loaded = load_plan(plan, models=("echo", "pocket/small"))
    assert loaded.models == ("echo", "pocket/small")
    assert [(v.name, v.model) for v in loaded.variants or ()] == [("direct", None), ("wordy", None)]


def test_a_try_takes_the_model_too(project: Any, plan: str) -> None:
    views = try_(plan, n=1, models=["echo"], lab=project.folder / ".scansion")
    assert [(v.variant, v.calls[0].model) for v in views] == [("direct", "echo"), ("wordy", "echo")]


def test_a_model_beside_variants_is_of_those_without_one() -> None:
    specs = [{"prompt": "a.txt", "model": "echo"}, {"prompt": "b.txt"}]
    found = make_plan(variants=specs, models="pocket/small", data="rows.jsonl")
    assert [v.model for v in found.variants or ()] == ["echo", None]


@pytest.mark.parametrize("technique", ["cot", "as-is"])
def test_a_technique_beside_variants_is_refused(project: Any, plan: str, technique: str) -> None:
    for given in (plan, load_plan(plan)):
        with pytest.raises(InputError, match="techniques: the plan's variants name their own"):
            project.run(plan=given, prompts=None, models=None, data=None, scorers=None, techniques=[technique])
    project.write("t.yaml", PLAN + "techniques: [cot]\n")
    with pytest.raises(InputError, match=r"t.yaml:10: techniques: the plan's variants"):
        load_plan("t.yaml")


def test_a_margin_of_points_is_refused_before_anything_is_asked(project: Any) -> None:
    with pytest.raises(InputError, match=r"margin: 5 .*0\.05 is 5 points"):
        project.run(margin=5.0)
    with pytest.raises(InputError, match=r"fail-under 80.*0\.8 is 80%"):
        project.run(gates=["fail-under 80"])
    with project.lab() as lab:
        assert lab.run_table.list() == []


def test_a_margin_stands_where_scores_are_no_shares(project: Any) -> None:
    def length(output: Any, _example: Any) -> float:
        return float(5 * len(output.text))

    def share(output: Any, _example: Any) -> float:
        return float(len(output.text) > 1)

    found = project.run(margin=5.0, scorers=[length], gates=["fail-under 2"])
    assert found.comparisons[0].margin == 5.0
    own = project.run(margin=5.0, scorers=[share], gates=["require not-worse"]).comparisons[0]
    assert own.margin is None
    assert "the margin of 5 was left out: scores are shares of 1" in own.reason


def test_an_input_that_no_prompt_has_is_refused(project: Any) -> None:
    data = {"path": "rows.jsonl", "inputs": {"nmber": "number"}}
    with pytest.raises(InputError, match=r"no prompt has a variable 'nmber'.*did you mean 'number'"):
        project.run(data=data)
    data["inputs"] = {"number": "number"}
    assert project.run(data=data, limit=2).complete


def test_the_baseline_and_gates_follow_variants_without_names_of_their_own(project: Any) -> None:
    specs = [{"prompt": "direct.txt", "model": "echo"}, {"prompt": "think.txt", "model": project.model()}]
    plan = make_plan(
        variants=specs,
        data="rows.jsonl",
        scorers=["numeric"],
        baseline="direct | echo",
        gates=["fail-under direct | echo=0"],
    )
    found = project.run(plan=with_settings(plan, models=[project.model()]), prompts=None, models=None, data=None)
    assert (found.baseline, [g.rule for g in found.gates]) == ("direct", ["fail-under direct=0"])


def test_on_several_models_the_baseline_is_each_ones_own(project: Any) -> None:
    specs = [{"prompt": "direct.txt", "name": "x"}, {"prompt": "think.txt", "name": "y"}]
    plan = make_plan(variants=specs, models="echo", data="rows.jsonl", scorers=["numeric"], baseline="y", limit=4)
    found = project.run(
        plan=with_settings(plan, models=["echo", project.model()]), prompts=None, models=None, data=None
    )
    assert [(c.a.partition(" | ")[0], c.b.partition(" | ")[0]) for c in found.comparisons] == [("y", "x")] * 2


def test_a_folded_name_is_one_that_is_free() -> None:
    specs = [
        {"prompt": "a.txt", "name": "x", "model": "echo"},
        {"prompt": "a.txt", "name": "y", "model": "pocket/small"},
        {"prompt": "b.txt", "name": "a"},
    ]
    plan = with_settings(make_plan(variants=specs, models="echo", data="rows.jsonl"), models=["echo"])
    assert [v.name for v in plan.variants or ()] == ["a-2", "a"]
