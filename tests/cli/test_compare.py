import pytest


def test_two_prompt_files_are_a_run_with_a_baseline(scansion):
    done = scansion(
        "compare", "direct.txt", "steps.txt", "-d", "rows.jsonl", "-m", "replay:demo.jsonl", "-s", "numeric", "--json"
    )
    assert done.code == 0, done.err
    assert done.json["comparisons"][0]["a"] == "direct"
    assert done.json["variants"][1]["mean"] == 0.9


@pytest.fixture
def ran(scansion):
    assert scansion("run", "experiment.yaml").code == 0
    return scansion


def test_two_variants_of_the_last_run(ran):
    done = ran("compare", "steps", "direct", "--json")
    assert done.code == 0, done.err
    [verdict] = done.json["comparisons"]
    assert (verdict["a"], verdict["b"]) == ("steps", "direct")
    assert abs(verdict["difference"] + 0.5) < 1e-12
    assert ran("compare", "steps", "direct", "--run", "r1", "--fail-under", "0.5").code == 1


def test_two_runs(ran):
    assert ran("run", "-p", "steps.txt", "-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "numeric").code == 0
    done = ran("compare", "r1", "r2", "--json")
    assert done.code == 0, done.err
    [found] = done.json["comparisons"]  # the variants that both runs have
    assert (found["a"], found["b"], found["difference"]) == ("steps (r1)", "steps (r2)", 0.0)
    assert "--name has no effect" in ran("compare", "r1", "r2", "--name", "x").err


def test_two_columns_without_a_model(scansion, project):
    rows = "".join(f"q{i},{i if i % 3 else 0},it is {i},{i}\n" for i in range(1, 13))
    (project / "results.csv").write_text("id,v1,v2,gold\n" + rows)
    words = ("compare", "results.csv", "--a", "v1", "--b", "v2", "--target", "gold", "-s", "numeric")
    done = scansion(*words, "--json")
    assert done.code == 0, done.err
    assert [v["mean"] for v in done.json["variants"]] == [pytest.approx(8 / 12), 1.0]
    table = scansion(*words)
    assert table.out.startswith("comparison: results.csv, 12 examples")
    assert "0 wrong of 12" in table.out
    assert not (project / ".scansion").exists()


def test_a_summary_for_a_pull_request(ran, project):
    assert ran("compare", "direct", "steps", "--markdown", "pr.md").code == 0
    assert "`steps`" in (project / "pr.md").read_text()
