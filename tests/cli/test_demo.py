import shlex
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from scansion.cli import demo
from scansion.experiments.results import Comparison, RunResult, VariantResult, VerdictName
from scansion.report.demo import meaning

BASE = "steps | pocket/small"
MEANS = {"bare": 0.3, "examples": 0.9, "steps": 0.94, "steps | vote(5)": 0.97}
OTHERS = [
    f"{way} | pocket/{size}" for way, size in product(MEANS, ["small", "tiny"]) if f"{way} | pocket/{size}" != BASE
]


def variant(name, cost=0.001, **more):
    way, _, model = name.rpartition(" | ")
    figures = {"n": 100, "trials": 1, "scored": 100, "unscored": 0, "errors": 0, "unreached": 0, "mean": MEANS[way]}
    nothing = dict.fromkeys(f for f in VariantResult.__struct_fields__[:30])
    given = {"name": name, "prompt": way, "technique": "as-is", "model": model, "cost_usd": cost, "scores": {}}
    return VariantResult(**{**nothing, "seconds": 1.0, **figures, **given, **more})


def comparison(name, verdict, difference=-0.1, **more):
    found = {"interval": (-0.2, 0.2), "p": 0.04, "p_adjusted": 0.04, "test": "t", "verdict": verdict, "n": 100}
    return Comparison(a=BASE, b=name, difference=difference, **{**found, **more})


def result(verdicts, cost=0.001, **more):
    names = [f"{way} | pocket/{size}" for way, size in product(MEANS, ["small", "tiny"])]
    return RunResult(
        run="r1",
        variants=[variant(name, cost) for name in names],
        comparisons=[comparison(name, verdicts[name], **more) for name in OTHERS],
        baseline=BASE,
    )


def test_the_sentences_of_the_usual_run():
    usual = dict.fromkeys(OTHERS, "worse") | {
        "examples | pocket/small": "undecided",
        "steps | vote(5) | pocket/small": "better",
    }
    reasoning, voting, size = meaning(result(usual))
    assert reasoning == (
        "Let the model work in steps: 30.0% of the bare numbers are right, 94.0% with steps; whether worked examples "
        "in place of the instruction do as well is open (90.0%)."
    )
    assert voting == (
        "A vote adds to that: what most of five answers say is right on 97.0% for 0.001 USD, one alone on 94.0% for "
        "0.001 USD."
    )
    assert size == (
        "The larger model is better: with steps pocket/small is right on 94.0% for 0.001 USD, pocket/tiny on 94.0% "
        "for 0.001 USD; with five votes pocket/tiny gets 97.0% for 0.001 USD, which is worse than a single answer of "
        "the larger one."
    )


FIRST = {
    "bare | pocket/small": {
        "worse": "Let the model work in steps:",
        "better": "Do not let the model work in steps here:",
        "equivalent": "It makes no difference that counts whether",
        "not worse": "Working in steps gains nothing that counts:",
        "undecided": "Whether it helps to let the model work in steps is open:",
    },
    "steps | vote(5) | pocket/small": {
        "worse": "A vote does harm:",
        "better": "A vote adds to that:",
        "equivalent": "A vote makes no difference that counts:",
        "not worse": "A vote does no harm that counts:",
        "undecided": "Whether a vote adds to that is open:",
    },
    "steps | pocket/tiny": {
        "worse": "The larger model is better:",
        "better": "The smaller model is better:",
        "equivalent": "The two models are equally good for what counts:",
        "not worse": "The smaller model is not worse:",
        "undecided": "Which of the two models is better is open:",
    },
}


@pytest.mark.parametrize("verdict", get_args(VerdictName))
@pytest.mark.parametrize("at", range(3))
def test_a_sentence_says_what_its_verdict_says(at, verdict):
    name = list(FIRST)[at]
    sentences = meaning(result(dict.fromkeys(OTHERS, "worse") | {name: verdict}))
    assert sentences[at].startswith(FIRST[name][verdict])
    unchanged = meaning(result(dict.fromkeys(OTHERS, "worse")))
    assert [s for i, s in enumerate(sentences) if i != at] == [s for i, s in enumerate(unchanged) if i != at]


@pytest.mark.parametrize("verdict", get_args(VerdictName))
@pytest.mark.parametrize("more", [{}, {"needed": 120}, {"difference": None}, {"cost": None}, {"cost": 0.0}])
def test_every_sentence_is_one(verdict, more):
    sentences = meaning(result(dict.fromkeys(OTHERS, verdict), **more))
    assert len(sentences) == 3
    for sentence in sentences:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "None" not in sentence
        assert "  " not in sentence
    assert ("about 120 more rows" in sentences[1]) == ("needed" in more)
    assert ("USD" in " ".join(sentences)) == ("cost" not in more and "difference" not in more)
    assert all("could not be" in sentence for sentence in sentences) == ("difference" in more)


def test_a_run_without_comparisons_measures_nothing():
    assert all("could not be" in sentence for sentence in meaning(RunResult(run="r1", variants=[], comparisons=[])))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scansion"


def test_it_runs_shows_and_asks_nothing_twice(scansion, project, cache, monkeypatch):
    done = scansion("demo", "--limit", "5")
    assert done.code == 0, done.err
    assert "this run made 70 calls" in done.out
    assert all(f"\n{number}. " in done.out for number in (1, 2, 3))
    assert "no forecast for your own model" in " ".join(done.out.split())
    assert not (project / ".scansion").exists()

    def load(*_):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("scansion.models.pocket.model.hold", load)
    again = scansion("demo", "--limit", "5")
    assert again.code == done.code
    assert "this run made 0 calls" in again.out
    meant, same = (each.out[each.out.index("What it means") :] for each in (done, again))
    assert meant == same


def test_what_it_prints_leads_somewhere(scansion, project, cache, monkeypatch):
    out = scansion("demo", "--limit", "5").out
    lines = [line.strip() for line in out.splitlines()]
    report = Path(lines[lines.index("The report, with every answer:") + 1])
    assert "steps | vote(5) | pocket/tiny" in report.read_text(encoding="utf-8")
    assert not report.is_relative_to(report.parent / "lab")
    show, own, data = (line for line in lines if line.startswith("scansion "))
    shown = scansion(*shlex.split(show)[1:])
    assert shown.code == 0, shown.err
    assert " wrong" in shown.out
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    for command in own.split(" && "):
        words = shlex.split(command)[1:]
        made = scansion(*words, *(["--dry-run"] if words[0] == "run" else []))
        assert made.code == 0, made.err
    for name in ("old.txt", "new.txt"):
        (project / name).write_text(f"{name}: {{{{question}}}}")
    (project / "rows.csv").write_text("question,target\nWhat?,this\n")
    previewed = scansion(*shlex.split(data)[1:], "--dry-run")
    assert previewed.code == 0, previewed.err


def test_json_is_one_document_and_fresh_asks_again_and_gets_the_same(scansion, cache):
    first = scansion("demo", "--limit", "3", "--json")
    again = scansion("demo", "--limit", "3", "--json", "--fresh", "-o", "mine.html")
    assert first.json["calls_made"] == again.json["calls_made"] == 42
    assert [v["mean"] for v in first.json["variants"]] == [v["mean"] for v in again.json["variants"]]
    assert [v["output_tokens"] for v in first.json["variants"]] == [v["output_tokens"] for v in again.json["variants"]]
    assert Path("mine.html").exists()
    assert len(first.json["variants"]) == 8
    assert {c["a"] for c in first.json["comparisons"]} == {BASE}


def test_without_a_cache_folder_it_runs_among_the_temporary_files(scansion, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    done = scansion("demo", "--limit", "1")
    assert done.code == 0, done.err
    assert str(tmp_path / "tmp" / "scansion-demo-") in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "0"], "--limit: 0 is too few"),
        (["here"], "'here' is one word too many"),
        (["-o", "."], "is a folder"),
        (["--frsh"], "did you mean '--fresh'"),
    ],
)
def test_wrong_input_is_one_line(scansion, cache, words, said):
    done = scansion("demo", *words)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not cache.exists()


@pytest.mark.slow
def test_the_whole_demo_shows_what_steps_and_size_do(scansion, cache):
    done = scansion("demo", "--json")
    assert done.code == 0, done.err
    verdicts = {c["b"]: c["verdict"] for c in done.json["comparisons"]}
    assert verdicts["bare | pocket/small"] == verdicts["bare | pocket/tiny"] == "worse"
    assert verdicts["steps | pocket/tiny"] == "worse"
    assert done.json["complete"]
    assert done.json["calls_made"] == 1400
    assert all(v["scored"] >= 90 for v in done.json["variants"])


def test_its_problems_are_a_hundred_and_none_is_an_example():
    text = (demo._PLAN.parent / "problems.jsonl").read_text()
    assert len(text.splitlines()) == 100
    shots = (demo._PLAN.parent / "prompts" / "examples.prompty").read_text().split("\nuser:\n")[1:4]
    assert not any(shot.splitlines()[0] in text for shot in shots)
