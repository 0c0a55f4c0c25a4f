"""A promptfoo configuration runs as it stands and is written as a project; what is left out is named with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scansion
from scansion.cli import main
from scansion.errors import InputError
from scansion.experiments.results import RunResult
from scansion.interop.promptfoo import Project, is_config, load
from scansion.interop.promptfoo_asserts import from_text
from scansion.interop.promptfoo_config import Skips
from scansion.interop.promptfoo_prompts import RawPrompt, prompt_file
from scansion.interop.promptfoo_providers import map_provider
from scansion.interop.promptfoo_templates import to_jinja
from scansion.models.registry import open_model, parse_model


def counts(result: RunResult) -> dict[str, tuple[int, int, int]]:
    """Right, wrong, and what could not be told, of each variant."""
    return {v.name: (v.scored - v.wrong, v.wrong, v.errors + v.unscored) for v in result.variants}


def theirs(results: Path) -> dict[str, tuple[int, int, int]]:
    """What promptfoo itself counted."""
    columns = json.loads(results.read_text(encoding="utf-8"))["results"]["prompts"]
    found = {}
    for column in columns:
        figures = column["metrics"]
        name = "chat" if column["label"] == "chat" else "several-2"
        found[f"{name} | {column['provider']}"] = tuple(figures[f"test{k}Count"] for k in ("Pass", "Fail", "Error"))
    return found


@pytest.fixture
def zoo(tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(here / "zoo", tmp_path / "zoo")
    return tmp_path / "zoo"


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "promptfooconfig.yaml"
    path.write_text(text, encoding="utf-8")
    return path


BASE = """
prompts: ["Say {{word}}"]
providers: [echo]
"""


def project(tmp_path: Path, tests: str) -> Project:
    return load(written(tmp_path, BASE + tests))


def asserts(tmp_path: Path, tests: str) -> list[Any]:
    return [row["inputs"]["assert"] for row in project(tmp_path, tests).rows]


def test_the_zoo_counts_as_promptfoo_counted(zoo: Path, stub: Any) -> None:
    found = load(zoo / "promptfooconfig.yaml")
    result = scansion.run(found.plan(), lab=zoo / ".scansion")
    ours, known = counts(result), theirs(zoo / "results.json")
    assert {name: ours[name] for name in known} == known
    assert len(ours) == 6
    assert found.skipped == (
        "numbers has no value in 13 of 14 tests and is left empty: " + f"{zoo / 'promptfooconfig.yaml'}:5",
    )
    assert list(result.notes)[-2:] == ["promptfooconfig.yaml, not carried over, or changed:", f"- {found.skipped[0]}"]


def test_requests_are_those_that_promptfoo_sends(zoo: Path, stub: Any) -> None:
    scansion.run(load(zoo / "promptfooconfig.yaml").plan(limit=1), lab=zoo / ".scansion")
    chat = next(r for r in stub.requests if r["model"] == "stub-b")
    assert chat["messages"] == [
        {"role": "system", "content": "Be plain.\nuser:\nnot a turn"},
        {"role": "user", "content": "Is it France?\n"},
    ]
    assert (chat["temperature"], chat["max_tokens"], chat["top_p"], chat["user"]) == (0, 1024, 0.9, "someone")
    judged = next(r for r in stub.requests if r["model"] == "stub-judge")
    assert "mentions Paris, not France" in judged["messages"][-1]["content"]


def test_the_written_project_gives_the_same(zoo: Path, stub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "zoo/promptfooconfig.yaml", "-o", "mine", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert "mine/experiment.yaml" in said["written"]
    assert len(said["skipped"]) == 1
    assert said["variables"] == ["PF_BASE"]
    result = scansion.run("mine/experiment.yaml", lab="mine/.scansion")
    known = theirs(zoo / "results.json")
    assert {name: counts(result)[name] for name in known} == known
    assert main(["import", "zoo/promptfooconfig.yaml", "-o", "mine"]) == 2
    assert "is there already" in capsys.readouterr().err


def test_results_become_a_project_with_a_recording(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "zoo/results.json", "-o", "zoo/again"]) == 0
    said = capsys.readouterr().out
    assert "latency assertion (a recording does not hold what it needs): zoo/results.json" in said
    result = scansion.run("zoo/again/experiment.yaml", lab="zoo/.scansion")
    known = {name.replace("several-2", "several"): found for name, found in theirs(zoo / "results.json").items()}
    assert counts(result) == known


def test_run_takes_the_file_and_flags_win(zoo: Path, stub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "zoo/promptfooconfig.yaml", "-m", "echo", "-s", "max_words(99)", "--limit", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [v["model"] for v in document["variants"]] == ["echo"] * 5
    assert document["scorers"] == ["max_words(99)"]
    assert main(["run", "zoo/promptfooconfig.yaml", "-t", "as-is", "-t", "cot", "--dry-run", "--limit", "1"]) == 0
    previewed = capsys.readouterr().out
    assert "chat | b | cot" in previewed
    assert "numbers has no value in 13 of 14 tests" in previewed
    assert not stub.requests


def test_each_thing_that_is_skipped_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """prompts:
  - file://make.py
  - "Say {{word}}"
providers:
  - echo
  - bedrock:something
  - id: openai:gpt-4o
    config:
      apiKey: sk-secret
      tools: []
nunjucksFilters: {x: y}
tests:
  - vars: {word: a}
    options: {transform: output.trim()}
    assert:
      - {type: javascript, value: "output == 'a'"}
      - type: contains
        value: a
      - {type: is-json, value: {type: objekt}}
  - vars: {word: file://no.txt}
    provider: openai:gpt-4
""",
    )
    found = load(path)
    said = "\n".join(found.skipped).replace(str(tmp_path) + "/", "")
    for line in (
        "a prompt that a program makes: promptfooconfig.yaml:2",
        "provider bedrock:something (it cannot be asked from here): promptfooconfig.yaml:6",
        "config.tools of a provider or prompt: promptfooconfig.yaml:7",
        "apiKey as text (keys are read from the environment or .env only): promptfooconfig.yaml:7",
        "nunjucksFilters is not read: promptfooconfig.yaml:11",
        "options.transform of a test: promptfooconfig.yaml:13",
        "javascript assertion: promptfooconfig.yaml:16",
        "the value of word (no file no.txt): promptfooconfig.yaml:20",
        "provider of a test: promptfooconfig.yaml:21",
    ):
        assert line in said
    assert "is-json assertion" in said
    assert "sk-secret" not in said
    assert found.models == ("echo", "openai/gpt-4o?temperature=0&max_tokens=1024")
    assert [a["type"] for a in found.rows[0]["inputs"]["assert"]] == ["left-out", "contains", "left-out"]


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        ("promptfooconfig.yaml", "anything: 1", True),
        ("promptfooconfig.dev.yml", "", True),
        ("evals.yaml", "prompts: [a]\nproviders: [echo]\n", True),
        ("evals.json", '{"prompts": ["a"], "targets": ["echo"]}', True),
        ("experiment.yaml", "prompts: [a.txt]\nmodels: [echo]\nproviders: [x]\n", False),
        ("experiment.yaml", "prompts: [a.txt]\ndata: rows.csv\n", False),
        ("nested.yaml", "a:\n  prompts: [a]\n  providers: [b]\n", False),
        ("rows.json", "[1, 2", False),
        ("evals.txt", "prompts: [a]\nproviders: [echo]\n", False),
    ],
)
def test_a_configuration_is_known_by_name_or_keys(tmp_path: Path, name: str, text: str, known: bool) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert is_config(tmp_path / name) is known
    assert not is_config(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prompts: [a\n", "not valid YAML"),
        ("providers: [echo]\n", "no prompts"),
        ("prompts: [file://gone.txt]\nproviders: [echo]\n", "promptfooconfig.yaml:1: no file 'gone.txt'"),
        ("prompts: [a]\nproviders: [file://gone.yaml]\n", "promptfooconfig.yaml:2: no file 'gone.yaml'"),
        ("prompts: [a]\nproviders: [echo]\ntests: file://gone.csv\n", "no file 'file://gone.csv'"),
        ("prompts: [a]\nproviders: [echo]\ntests: [{assert: yes}]\n", "assert must be a list"),
        ("prompts: [a]\nproviders: [echo]\ndefaultTest: 5\n", "promptfooconfig.yaml:3: defaultTest must be a mapping"),
        ("prompts: [file://p.js]\nproviders: [echo]\n", "no prompt can be used"),
        ("prompts: [a]\nprovider: [echo]\n", "provider is not read; did you mean 'providers'?: promptfooconfig.yaml:2"),
        (
            "prompts: [a]\nproviders: [bedrock:x]\n",
            "promptfooconfig.yaml:2: no provider is left; name a model with -m (provider bedrock",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, text)
    assert main(["run", "promptfooconfig.yaml"]) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1


def test_import_of_what_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "x.json"
    other.write_text("{}", encoding="utf-8")
    assert main(["import", str(other)]) == 2
    assert "neither a promptfoo configuration" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "no.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err
    (tmp_path / "promptfooconfig.js").write_text("module.exports = {}", encoding="utf-8")
    assert main(["import", str(tmp_path / "promptfooconfig.js")]) == 2
    assert "is a program" in capsys.readouterr().err


def test_values_spread_and_fill_each_other(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("from a file\n", encoding="utf-8")
    found = project(
        tmp_path,
        """tests:
  - vars: {word: [a, b], other: ["{{word}}1", "{{word}}2"]}
  - vars: {word: [1, 2], flag: true, none: null, whole: 2.0}
  - vars: {word: file://w.txt}
    options: {disableVarExpansion: true}
""",
    )
    inputs = [{k: v for k, v in row["inputs"].items() if k != "assert"} for row in found.rows]
    assert inputs[:4] == [{"word": w, "other": f"{w}{i}"} for w in "ab" for i in (1, 2)]
    assert inputs[4:] == [{"word": [1, 2], "flag": "true", "none": "", "whole": 2}, {"word": "from a file"}]
    assert found.scorers == ()


def test_tables_of_tests(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("word,__expected,__threshold\na,icontains:A,\nb,b,0.5\n", encoding="utf-8")
    (tmp_path / "t.jsonl").write_text('{"vars": {"word": "c"}, "assert": [{"type": "contains", "value": "{{word}}"}]}')
    assert asserts(tmp_path, "tests: [file://t.csv, 't.json*']") == [
        [{"type": "icontains", "value": "A"}],
        [{"type": "assert-set", "threshold": 0.5, "assert": [{"type": "equals", "value": "b"}]}],
        [{"type": "contains", "value": "c"}],
    ]
    assert [row.get("target") for row in load(tmp_path / "promptfooconfig.yaml").rows] == ["A", "b", "c"]


def test_ids_are_descriptions_that_stand_alone_or_the_values_digest(tmp_path: Path) -> None:
    tests = "tests:\n  - {description: one, vars: {word: a}}\n" + "  - {description: two, vars: {word: b}}\n" * 2
    ids = [row["id"] for row in project(tmp_path, tests).rows]
    assert ids[0] == "one"
    assert ids[2] == f"{ids[1]}-2"
    assert len(ids[1]) == 12


def test_a_rubric_without_a_provider_is_judged_by_the_first_and_says_so(tmp_path: Path) -> None:
    found = project(tmp_path, "tests:\n  - assert: [{type: llm-rubric, value: polite}]\n")
    assert found.scorers == ("assertions(judge=echo)",)
    assert any("judged by echo" in line for line in found.skipped)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Paris", {"type": "equals", "value": "Paris"}),
        ("contains-all: a, b", {"type": "contains-all", "value": "a, b"}),
        ("not-regex:\\d", {"type": "not-regex", "value": "\\d"}),
        ("levenshtein(3): Lima", {"type": "levenshtein", "value": "Lima", "threshold": 3.0}),
        ("similar:x", {"type": "similar", "value": "x", "threshold": 0.8}),
        ("similar(0.6):x", {"type": "similar", "value": "x", "threshold": 0.6}),
        ("is-json", {"type": "is-json"}),
        ("grade: polite", {"type": "llm-rubric", "value": "polite"}),
        ("fn: output", {"type": "javascript", "value": "output"}),
        ("file://a.py:f", {"type": "python", "value": "file://a.py:f"}),
        ("note: this is text", {"type": "equals", "value": "note: this is text"}),
    ],
)
def test_cells_of_expected_columns(cell: str, found: dict[str, Any]) -> None:
    assert from_text(cell) == found


@pytest.mark.parametrize(
    ("given", "spec"),
    [
        ("openai:gpt-4o", "openai/gpt-4o?temperature=0&max_tokens=1024"),
        ("openai:responses:gpt-5-mini", "openai/gpt-5-mini"),
        ("anthropic:messages:claude-3-haiku-20240307", None),
        ("ollama:chat:llama3:8b", "ollama/llama3:8b"),
        ("openrouter:meta/llama-3", "openrouter/meta/llama-3?temperature=0&max_tokens=1024"),
        ("google:gemini-2.0-flash", "google/gemini-2.0-flash"),
        ("echo", "echo"),
        ("promptfoo:manual-input", "human"),
        ({"id": "openai:x", "config": {"omitDefaults": True, "apiKeyEnvar": "MINE"}}, "openai/x?key=MINE"),
        ({"id": "openai:x", "config": {"apiKey": "{{env.MINE}}", "temperature": 1}}, None),
        ({"id": "azure:chat:d", "config": {"apiHost": "h.example"}}, None),
        ({"openai:x": {"config": {"reasoning": {"effort": "low"}}}}, "openai/x?effort=low"),
    ],
)
def test_providers_as_model_specs(given: Any, spec: str | None) -> None:
    skips = Skips()
    found = map_provider(given, "x:1", skips)
    assert found is not None
    assert skips.lines() == []
    assert spec is None or found.spec == spec
    assert parse_model(open_model(found.spec).name) == parse_model(found.spec)


@pytest.mark.parametrize(
    "given", ["openai:completion:x", "openai:image:x", "vertex:x", "python:p.py", "https://x.y", "", 5]
)
def test_providers_without_an_equal_are_noted(given: Any) -> None:
    skips = Skips()
    assert map_provider(given, "x:1", skips) is None
    assert "cannot be asked from here" in skips.lines()[0]


PLAIN = st.text(st.characters(exclude_characters="{}\r", exclude_categories=["Cs", "Cn"]), min_size=1, max_size=60)
ROLES = st.sampled_from(["system:", "user:", " Assistant :", "# user:", "user[name=x]:", "---", "text"])


@given(st.lists(st.one_of(PLAIN, ROLES), min_size=1, max_size=4).map("\n".join).filter(lambda t: t.strip()))
def test_any_text_is_sent_as_it_stands(text: str) -> None:
    if text.strip().startswith(("[", "{", "- role")):
        return
    made = prompt_file(text, RawPrompt(text, "", "x:1"), Skips(), set())
    assert made is not None
    (message,) = made.prompt.render({}).messages
    assert (message.role, message.content) == ("user", text)


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), PLAIN), min_size=1, max_size=4))
def test_any_chat_keeps_its_turns(turns: list[tuple[str, str]]) -> None:
    text = json.dumps([{"role": role, "content": content} for role, content in turns])
    made = prompt_file(text, RawPrompt(text, "", "x:1"), Skips(), set())
    assert made is not None
    assert [(m.role, m.content) for m in made.prompt.render({}).messages] == turns


@pytest.mark.parametrize(
    ("nunjucks", "jinja"),
    [
        ("{{ a | dump }} a.length === b", "{{ a | tojson }} a.length === b"),
        ("{% if a.length !== 2 %}x{% elseif b === 'a === b' %}y{% endif %}", None),
        (
            "{{ user.name }} {{ xs[0] }} {{ a.b | upper }}",
            "{{ user.name | default('') }} {{ xs[0] | default('') }} {{ a.b | upper }}",
        ),
        ("{{ r.x[0].y }}", "{{ ((r.x | default({}))[0] | default({})).y | default('') }}"),
        ("{% raw %}{{ a.length }}{% endraw %}", "{% raw %}{{ a.length }}{% endraw %}"),
    ],
)
def test_templates(nunjucks: str, jinja: str | None) -> None:
    found = to_jinja(nunjucks)
    assert found == (jinja or "{% if a | length != 2 %}x{% elif b == 'a === b' %}y{% endif %}")


def test_a_column_cannot_be_named_without_a_file(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "zoo/promptfooconfig.yaml", "--target", "x"]) == 2
    assert "no data file whose columns could be named" in capsys.readouterr().err


def test_a_loop_of_references_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="refers to itself"):
        load(written(tmp_path, 'prompts: [a]\nproviders: [echo]\nx: {$ref: "#/x"}\n'))
