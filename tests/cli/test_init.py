import json

import yaml

from scansion.cli.init import _FILES


def test_the_example_runs_at_once_and_offline(scansion):
    assert scansion("init", "mine").code == 0
    done = scansion("run", "mine/experiment.yaml", "--json")
    assert done.code == 0, done.err
    variants = {v["name"]: v for v in done.json["variants"]}
    assert list(variants) == ["direct", "direct | vote(5)", "steps", "steps | vote(5)"]
    assert all(v["scored"] == v["n"] == 20 for v in variants.values())
    assert variants["direct"]["mean"] == 0.45
    assert variants["steps"]["mean"] == 0.9
    assert [c["verdict"] for c in done.json["comparisons"] if c["b"].startswith("steps")] == ["better", "better"]


def test_nothing_is_overwritten(scansion, project):
    (project / "prompts").mkdir()
    (project / "prompts" / "steps.prompty").write_text("mine")
    done = scansion("init")
    assert done.code == 2
    assert "steps.prompty" in done.err or "experiment.yaml" in done.err
    assert (project / "prompts" / "steps.prompty").read_text() == "mine"
    assert not (project / "data").exists()


def test_the_recording_holds_five_draws_for_every_question():
    rows = [json.loads(line) for line in (_FILES / "data" / "questions.jsonl").read_text().splitlines()]
    lines = [json.loads(line) for line in (_FILES / "recordings" / "demo.jsonl").read_text().splitlines()]
    assert len(rows) == 20
    assert len({row["id"] for row in rows}) == 20
    asked = [line["messages"][-1]["content"] for line in lines]
    assert all(asked.count(row["question"]) == 2 for row in rows)
    assert all(len(line["completions"]) == 5 for line in lines)
    assert yaml.safe_load((_FILES / "experiment.yaml").read_text())["baseline"] == "direct"
