"""`examples/reproduce/all.py`: published figures from raw records, on the recorded sets and on small ones."""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "examples" / "reproduce"
RECORDS = ROOT.parent / "shared" / "data"
RUN_BY_THE_RUNNER = {"bbh_codex", "zero_shot_cot"}
Ran = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Imports a script of the folder by name."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield importlib.import_module
    for name in [n for n, m in sys.modules.items() if str(getattr(m, "__file__", None)).startswith(str(SCRIPTS))]:
        del sys.modules[name]


@pytest.fixture
def ran(script: Any, capsys: pytest.CaptureFixture[str]) -> Ran:
    """Runs `all.py`: its exit status and JSON document."""

    def run(data: Path, *only: str) -> tuple[int, dict[str, Any]]:
        args = argparse.Namespace(data=data, set=list(only), json=True, verbose=False)
        status = script("all").run(args)
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return status, document

    return run


def recorded() -> tuple[Path, dict[str, Any]]:
    if not (RECORDS / "expected.json").exists():
        pytest.skip("the recorded outputs are not beside the project: ../shared/data")
    return RECORDS, json.loads((RECORDS / "expected.json").read_text())


def rows(document: dict[str, Any], status: str | None = None) -> list[dict[str, Any]]:
    return [r for s in document["sets"] for r in s["rows"] if status in (None, r["status"])]


def lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)


def table(path: Path, head: list[str], values: Iterable[Iterable[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", newline="") as file:
        csv.writer(file).writerows([head, *values])


def expect(data: Path, expected: dict[str, Any]) -> Path:
    (data / "expected.json").write_text(json.dumps(expected))
    return data


def quick(data: Path) -> list[str]:
    return [p.name for p in data.iterdir() if p.is_dir() and p.name not in RUN_BY_THE_RUNNER]


def test_every_published_figure_of_the_recorded_sets_is_recomputed(ran: Ran) -> None:
    data, expected = recorded()
    status, document = ran(data, *quick(data))
    assert (status, rows(document, "differs"), rows(document, "unknown")) == (0, [], [])
    assert not [s["trouble"] for s in document["sets"] if s["trouble"]]
    same = {r["key"].split("/")[0]: r for r in rows(document, "same")}
    assert {k.split("/")[0] for k in expected} - RUN_BY_THE_RUNNER <= same.keys()
    assert {r["key"] for r in rows(document, "same")} >= {k for k in expected if k.startswith(("llmbar", "alpaca"))}
    assert all(r["note"] for r in rows(document, "not recomputed"))
    assert all("sandbox" in r["note"] for r in rows(document, "not recomputed") if r["field"] == "my_passed")
    checked = [i for s in document["sets"] for i in s["items"]]
    assert sum(i["same"] for i in checked) > 0.9999 * sum(i["of"] for i in checked)


@pytest.mark.slow
def test_the_whole_folder_from_the_command_line() -> None:
    data, expected = recorded()
    done = subprocess.run([sys.executable, SCRIPTS / "all.py", "--data", data], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    for name in {key.split("/")[0] for key in expected}:
        assert f"\n{name}" in done.stdout
    assert "Differs" not in done.stdout
    assert "Unknown" not in done.stdout


def altered(value: Any, at: list[str]) -> str:
    """Changes the first count or share among an object's figures; says where."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            if found := altered(inner, [*at, name]):
                return found
        elif isinstance(inner, int | float) and not isinstance(inner, bool) and name not in SKIPPED:
            value[name] = inner + 1
            return " > ".join([*at, name])
    return ""


SKIPPED = {"published_lc_win_rate"}


def test_a_changed_figure_of_any_set_is_found(ran: Ran, tmp_path: Path) -> None:
    data, expected = recorded()
    names = quick(data)
    changed = {}
    for key in expected:
        name = key.split("/")[0]
        if name in names and name not in changed:
            changed[name] = (key, altered(expected[key], []))
    for name in names:
        (tmp_path / name).symlink_to(data / name)
    status, document = ran(expect(tmp_path, expected), *names)
    found = {r["key"].split("/")[0]: (r["key"], r["field"]) for r in rows(document, "differs")}
    assert status == 1
    assert len(rows(document, "differs")) == len(changed)
    assert changed.pop("gsm8k_openai_2021")[1].endswith(found.pop("gsm8k_openai_2021")[1])
    assert found == changed


def test_a_changed_record_is_found(ran: Ran, tmp_path: Path) -> None:
    data, expected = recorded()
    source = data / "pandalm" / "testset.jsonl.gz"
    if not source.exists():
        pytest.skip("pandalm is not here")
    items = [json.loads(line) for line in gzip.decompress(source.read_bytes()).splitlines()]
    items[0]["annotator1"] = 1 if items[0]["annotator1"] == 2 else 2
    lines(tmp_path / "pandalm" / "testset.jsonl.gz", items)
    status, document = ran(expect(tmp_path, {"pandalm": expected["pandalm"]}))
    assert status == 1
    assert {"k12 > kappa", "k13 > kappa"} <= {r["field"] for r in rows(document, "differs")}


def test_tau_bench_has_all_of_k_trials_right(ran: Ran, tmp_path: Path) -> None:
    rewards = {"a": [1, 1, 1, 1], "b": [1.0, 0, 1, 0], "c": [0, 0, 0, 0.0]}
    trials = [
        {"task_id": t, "trial": i, "reward": r, "messages": []}
        for t, each in rewards.items()
        for i, r in enumerate(each)
    ]
    lines(tmp_path / "tau_bench_airline_gpt4o" / "trials.jsonl.gz", trials)
    right = {"pass^1": 0.5, "pass^2": (1 + 1 / 6) / 3, "pass^3": 1 / 3, "pass^4": 1 / 3}
    for published in (
        right,
        {k: 100 * v for k, v in right.items()},
        "pass^1 0.500, pass^2 0.389, pass^4: 0.333",
        "see there",
    ):
        expected = {"tau_bench_airline_gpt4o": {"tasks": 3, **right, "published": published}}
        status, document = ran(expect(tmp_path, expected))
        assert (status, rows(document, "differs"), rows(document, "unknown")) == (0, [], [])
        assert len(rows(document, "same")) == 5 + (
            3 if "0.389" in published else 4 if isinstance(published, dict) else 0
        )
    wrong = {"tau_bench_airline_gpt4o": {**right, "published": "pass^1 0.51"}}
    status, document = ran(expect(tmp_path, wrong))
    assert (status, [r["field"] for r in rows(document, "differs")]) == (1, ["published > pass^1"])


def test_model_written_code_runs_in_the_sandbox(ran: Ran, tmp_path: Path) -> None:
    escaped = tmp_path / "escaped"
    sample = {
        "task_id": "HumanEval/0",
        "entry_point": "twice",
        "prompt": "def twice(x):\n",
        "test": "def check(f):\n    assert f(2) == 4 and f(3) == 6\n",
        "samples": ["    return 2 * x", "    return x * x", "raise SystemExit(0)", f"    open({str(escaped)!r}, 'w')"],
    }
    folder = tmp_path / "codet_humaneval_codegen16b"
    lines(folder / "samples.jsonl.gz", [sample])
    texts = [
        " twice(2) == 4\nassert twice(0) == 0\nassert twice(5) == 10",
        " twice(1) == 2",
        " twice(",
        " twice(3) == 9",
    ]
    lines(folder / "generated_tests.jsonl.gz", [{"task_id": "HumanEval/0", "samples": texts}])
    figures = {"n": 1, "recomputed_pass_at": {"1": 25.0, "2": 50.0}, "passed": 1, "codet_pass_at_1": 100.0}
    expected = {"codet_humaneval_codegen16b": {**figures, "published": "29.7"}}
    status, document = ran(expect(tmp_path, expected))
    reasons = [(r["field"], "sandbox" in r["note"]) for r in rows(document, "not recomputed")]
    if reasons and all(sandbox for _, sandbox in reasons):
        pytest.skip(rows(document, "not recomputed")[0]["note"])
    assert (status, rows(document, "differs"), [field for field, _ in reasons]) == (0, [], ["published"])
    assert not escaped.exists()
    lines(folder / "samples.jsonl.gz", [{**sample, "passed": [True, True, False, False]}])  # taken as it stands
    expected["codet_humaneval_codegen16b"] |= {"recomputed_pass_at": {"1": 50.0}, "passed": 2}
    status, document = ran(expect(tmp_path, expected))
    assert (status, rows(document, "differs")) == (0, [])


JUDGED = [  # label, the two decisions as recorded: the second is of the swapped order
    ("p1", "A>B", ["A>B", "B>A"]),  # right in both orders
    ("p2", "B>A", ["B>A", "B>A"]),  # always the second place: once right, once wrong
    ("p3", "A>B", ["A=B", "B>A"]),  # a tie and a right one
    ("p4", "B>A", ["A>B", None]),  # wrong, and unreadable
]


@pytest.mark.parametrize("nested", [True, False])
def test_judgebench_turns_the_second_order_back(ran: Ran, tmp_path: Path, nested: bool) -> None:
    folder = tmp_path / "judgebench"
    lines(folder / "pairs.jsonl.gz", [{"pair_id": i, "source": "s-math", "label": label} for i, label, _ in JUDGED])
    lines(folder / "verdicts.jsonl.gz", [{"judge": "o1", "pair_id": i, "decisions": d} for i, _, d in JUDGED])
    figures = {
        "n": 4,
        "correct": 2,
        "accuracy": 50.0,
        "s-math": {"accuracy": 0.5},
        "correct_both": 1,
        "inconsistent": 3,
    }
    status, document = ran(expect(tmp_path, {"judgebench": {"o1": figures}} if nested else {"judgebench/o1": figures}))
    assert (status, rows(document, "unknown")) == (0, [])
    assert len(rows(document, "same")) == 6
    figures["correct"] = 3
    assert ran(expect(tmp_path, {"judgebench/o1": figures}))[0] == 1


def test_rankings_of_human_votes_are_those_of_evalica(ran: Ran, tmp_path: Path) -> None:
    evalica = pytest.importorskip("evalica")
    votes = [("a", "b", "left"), ("b", "c", "left"), ("c", "a", "tie"), ("a", "c", "left"), ("b", "a", "right")]
    votes += [("c", "b", "left"), ("d", "a", "tie"), ("b", "d", "right"), ("d", "c", "left"), ("a", "d", "right")]
    winners = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    sides = [v[0] for v in votes], [v[1] for v in votes], [winners[v[2]] for v in votes]
    golden = []
    for name in ("average_win_rate", "bradley_terry", "counting", "eigen", "elo", "newman", "pagerank"):
        options = {} if name in ("average_win_rate", "counting", "elo") else {"tolerance": 1e-13, "limit": 10_000}
        scores = dict(getattr(evalica, name)(*sides, **options).scores)
        total = sum(scores.values()) if name == "bradley_terry" else 1.0
        golden += [(name, item, score / total) for item, score in scores.items()]
    folder = tmp_path / "llmfao"
    head = ["id", "prompt", "worker", "winner", "left", "right"]
    asked = [(i, i % 3, f"w{i}", winner, left, right) for i, (left, right, winner) in enumerate(votes)]
    table(folder / "human_comparisons.csv.gz", head, asked)
    table(folder / "golden_rankings.csv.gz", ["algorithm", "item", "score"], golden)
    status, document = ran(expect(tmp_path, {"llmfao": {"n_pairs": 10, "golden_check": {"elo": 0.0}}}))
    assert (status, len(rows(document, "same"))) == (0, 7 * 4 + 1)
    table(folder / "golden_rankings.csv.gz", ["algorithm", "item", "score"], [("elo", "a", 1001.0)])
    assert ran(tmp_path)[0] == 1


def test_tora_reads_the_box_and_jailbreakbench_counts_labels(ran: Ran, tmp_path: Path) -> None:
    solved = [
        {"question": "q", "gold": "18", "response": "```output\n18\n```\nSo it is $\\boxed{18}$."},
        {"question": "q", "gold": "1,000", "response": "\\boxed{\\$1000.00}"},
        {"question": "q", "gold": 3, "response": "\\boxed{4}"},
        {"question": "q", "gold": "5", "response": "no answer"},
    ]
    lines(tmp_path / "tora_gsm8k" / "tora-7b.jsonl.gz", solved)
    labels = [
        {"method": "PAIR", "model": "vicuna", "response_head": "Sure", "jailbroken": m} for m in (True, False, None)
    ]
    lines(tmp_path / "jailbreakbench_labels" / "labels.jsonl.gz", labels)
    expected = {
        "tora_gsm8k": {"tora-7b": {"n": 4, "correct": 2, "accuracy": 50.0}},
        "jailbreakbench_labels/vicuna|PAIR": {"n": 3, "jailbroken": 1, "rate": 0.3333},
    }
    status, document = ran(expect(tmp_path, expected))
    assert (status, rows(document, "unknown"), len(rows(document, "same"))) == (0, [], 6)


def test_other_parts_of_known_sets(ran: Ran, tmp_path: Path) -> None:
    table(
        tmp_path / "routellm_paired" / "gsm8k_responses.csv.gz",
        ["prompt", "gpt", "mix", "gpt_response", "mix_response"],
        [("q1", True, False, "a\nb", "c"), ("q2", True, True, "a", "1"), ("q3", False, False, "x", "y")],
    )
    lines(
        tmp_path / "abel_gsm8k" / "GSM8K_robust_7b.jsonl.gz",
        [{"response": "so #### 1,200", "pred": "1200", "gold": "1200", "result": True}],
    )
    program = {"question": "q", "generated": ["a", "b"], "executed": [2.0, None, 2.0], "answer": 2}
    lines(tmp_path / "program_of_thoughts" / "gsm8K_sc.jsonl.gz", [{"prompt": "p"}, program])
    output = {"id": "s", "mode": "output", "code": "", "input": "", "output": "[1, 2]"}
    lines(
        tmp_path / "cruxeval_codellama7b" / "output.jsonl.gz",
        [{**output, "generations": ["3", "[1,2]", "[1, 2]"], "passed": [False, True, True]}],
    )
    expected = {
        "routellm_paired/gsm8k|gpt": {"n": 3, "correct": 2, "acc": 200 / 3},
        "routellm_paired/gsm8k paired": {"both": 1, "only gpt": 1, "only mix": 0, "neither": 1},
        "abel_gsm8k/robust/7b": {"n": 1, "correct": 1, "hash_extract": 1},
        "program_of_thoughts/gsm8K_sc": {"n": 1, "strict_equal": 1, "published_readme_EM": 1.0},
        "cruxeval_codellama7b/output": {"majority_vote": 100.0, "majority_vote_exact_string": 0.0},
    }
    status, document = ran(expect(tmp_path, expected))
    assert (status, rows(document, "unknown"), rows(document, "not recomputed")) == (0, [], [])
    assert len(rows(document, "same")) == 15


def test_what_nothing_knows_is_named(ran: Ran, tmp_path: Path) -> None:
    lines(tmp_path / "gsm8k_openai_2021" / "solutions.jsonl.gz", [])
    lines(tmp_path / "tensor_trust" / "extraction_detection.jsonl.gz", [{"is_prompt_extraction": True}])
    (tmp_path / "xstest").mkdir()
    (tmp_path / "new_set").mkdir()
    lines(
        tmp_path / "plan_and_solve" / "AQuA.jsonl.gz",
        [{"ID": 1, "pred": "A", "answer": "A", "ans": True}],
    )
    expected = {
        "plan_and_solve/AQuA": {"n": 1, "recorded_true": 1, "brier": 0.25, "prompt_id": "301"},
        "plan_and_solve/GSM8K": {"n": 5},
        "xstest/gpt4/safe": {"n": 250},
        "new_set/part": {"n": 1},
        "elsewhere": {"n": 1},
    }
    status, document = ran(expect(tmp_path, expected))
    assert status == 2  # two sets cannot be read
    assert {(r["key"], r["field"]) for r in rows(document, "unknown")} == {
        ("plan_and_solve/AQuA", "brier"),
        ("new_set/part", ""),
        ("elsewhere", ""),
    }
    notes = {r["key"]: r["note"] for r in rows(document, "not recomputed")}
    assert notes["plan_and_solve/GSM8K"] == "no records of this part are here"
    assert notes["xstest/gpt4/safe"].startswith("xstest/completions.jsonl.gz: no such file")
    troubles = [s["trouble"] for s in document["sets"] if s["trouble"]]
    assert any("tensor_trust: records are not of the form" in t and "access_code" in t for t in troubles)
    assert not any("\n" in t for t in troubles)


def command(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPTS / "all.py", *arguments], capture_output=True, text=True, check=False)


def test_wrong_inputs_are_one_line(tmp_path: Path) -> None:
    lines(tmp_path / "plan_and_solve" / "AQuA.jsonl.gz", [{"ID": 1, "pred": "A", "answer": "A", "ans": True}])
    assert command("--data", tmp_path).stderr.count("no such file; figures are computed") == 1
    for options in (["--data", tmp_path / "none"], ["--data", tmp_path, "--set", "nothing"]):
        done = command(*options)
        assert done.returncode == 2
        assert "no such" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    (tmp_path / "expected.json").write_text("[1]")
    done = command("--data", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is no JSON object" in done.stderr


def test_figures_are_compared_by_what_they_show(script: Any) -> None:
    published = script("_published")
    same, share = published.same, published.Share
    assert same("40 / 66 = 60.60606060606061%", "40 / 66 = 60.60606060606061%")
    assert not same("40 / 66 = 60.60606060606061%", "41 / 66 = 62.12121212121212%")
    assert not same("40 of 66", "40 / 66")
    assert same(33, share(0.33))
    assert same(0.33, share(1 / 3))
    assert not same(0.34, share(1 / 3))
    assert not same(0.3333333, share(1 / 3))
    assert not same(100, 101)
    assert not same(True, 1)
    assert same([100], [100])


@pytest.mark.parametrize(
    ("sample", "makes"),
    [
        ("Answer: (10 - 6) * (5 + 4 - 4) + 4 = 24", False),
        ("Answer: 4 * (10 - 5) + 6 - 2 = 24", False),
        ("steps\nanswer: 6 / (10 / 5 - 4) * 4 = 24", False),
        ("Answer: 4 * 6 * (10 / 5) = 24", False),
        ("4 * 5 + 10 - 6 = 24", True),
        ("Answer: 10 - 6 + 5 * 4", True),
        ("Answer: __import__('os').system('4 5 6 10')", False),
        ("Answer: 10 / (6 - 6) * 5 * 4", False),
        ("", False),
    ],
)
def test_a_game_of_24_is_checked_in_exact_arithmetic(script: Any, sample: str, makes: bool) -> None:
    assert script("tot_game24").solves(sample, "4 5 6 10") is makes


def test_records_that_are_not_packed_are_read(script: Any, tmp_path: Path) -> None:
    data, _ = recorded()
    for name, files in {"zero_shot_cot": ["multiarith.zero_shot.jsonl"], "bbh_codex": ["prompt_prefixes.json"]}.items():
        if not all((data / name / f"{file}.gz").exists() for file in files):
            pytest.skip(f"{name} is not here")
        (tmp_path / name).mkdir()
        for file in files:
            text = gzip.decompress((data / name / f"{file}.gz").read_bytes())
            (tmp_path / name / file).write_bytes(b"".join(text.splitlines(keepends=True)[:20]))
    task = gzip.decompress((data / "bbh_codex" / "direct.jsonl.gz").read_bytes()).splitlines(keepends=True)[:5]
    (tmp_path / "bbh_codex" / "direct.jsonl").write_bytes(b"".join(task))
    assert [f.n for f in script("zero_shot_cot").figures(tmp_path / "zero_shot_cot")] == [20]
    assert [f.n for f in script("bbh").figures(tmp_path / "bbh_codex")] == [5]


def test_a_damaged_file_is_named(ran: Ran, tmp_path: Path) -> None:
    folder = tmp_path / "pandalm"
    lines(folder / "testset.jsonl.gz", [{"a": str(i)} for i in range(1000)])
    whole = (folder / "testset.jsonl.gz").read_bytes()
    (folder / "testset.jsonl.gz").write_bytes(whole[:200] + b"xxxxxxxx" + whole[208:])
    status, document = ran(expect(tmp_path, {"pandalm": {"n": 1}}))
    assert status == 2
    assert "testset.jsonl.gz: cannot be read" in document["sets"][0]["trouble"]
