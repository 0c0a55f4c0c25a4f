import json

import yaml

from scansion.cli.init import _FILES


def test_the_example_runs_at_once_and_offline(scansion):
    assert scansion("init", "mine").code == 0
    done = scansion("run", "mine/experiment.yaml", "-t", "as-is", "--json")
    assert done.code == 0, done.err
    variants = {v["name"]: v for v in done.json["variants"]}
    assert list(variants) == ["direct", "steps"]
    assert all(v["n"] == 40 and v["scored"] > 36 and v["model"] == "pocket/small" for v in variants.values())
    assert [c["verdict"] for c in done.json["comparisons"]] == ["better"]


def test_one_line_turns_it_to_another_model(scansion, project):
    assert scansion("init", "mine").code == 0
    plan = project / "mine" / "experiment.yaml"
    lines = plan.read_text().splitlines(keepends=True)
    [line] = [line for line in lines if line.startswith("models:")]
    (project / "mine" / "mine.py").write_text("async def says(prompt: str) -> str:\n    return '7'\n")
    plan.write_text(plan.read_text().replace(line, "models: ['python:mine:says']\n"))
    done = scansion("run", "mine/experiment.yaml", "--json")
    assert done.code == 0, done.err
    assert {v["model"] for v in done.json["variants"]} == {"python:mine:says"}


def test_nothing_is_overwritten(scansion, project):
    (project / "prompts").mkdir()
    (project / "prompts" / "steps.prompty").write_text("mine")
    done = scansion("init")
    assert done.code == 2
    assert "steps.prompty" in done.err or "experiment.yaml" in done.err
    assert (project / "prompts" / "steps.prompty").read_text() == "mine"
    assert not (project / "data").exists()


def test_its_data_are_forty_different_questions_within_the_budget():
    rows = [json.loads(line) for line in (_FILES / "data" / "questions.jsonl").read_text().splitlines()]
    assert len(rows) == len({row["id"] for row in rows}) == len({row["question"] for row in rows}) == 40
    plan = yaml.safe_load((_FILES / "experiment.yaml").read_text())
    assert plan["models"] == ["pocket/small"]
    assert plan["budget"] == "500calls"  # more than 40 rows x 2 prompts x (1 + 5)
