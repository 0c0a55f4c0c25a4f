"""What a promptfoo configuration sets besides its prompts and tests; what cannot be filled or read is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.errors import InputError
from scansion.interop.promptfoo import Project, load
from scansion.interop.promptfoo_config import Skips
from scansion.interop.promptfoo_providers import map_provider
from scansion.models.capabilities import check
from scansion.models.registry import open_model, parse_model


def written(folder: Path, text: str) -> Path:
    path = folder / "promptfooconfig.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def project(tmp_path: Path, tests: str) -> Project:
    return load(written(tmp_path, f'\nprompts: ["Say {{{{word}}}}"]\nproviders: [echo]\n{tests}'))


def asserts(tmp_path: Path, tests: str) -> list[Any]:
    return [row["inputs"]["assert"] for row in project(tmp_path, tests).rows]


def test_an_assertion_whose_template_cannot_be_filled_is_named(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        """tests:
  - vars: {word: AB, braces: "{{ of no template", other: "{{ word.toLowerCase() }}"}
    assert:
      - {type: equals, value: "{{ word | nofilter }}"}
      - {type: equals, value: "{{ word.toLowerCase() }}"}
      - {type: equals, value: "{{ not a template }}"}
      - {type: contains, value: "{{ gone }}A"}
      - {type: contains, value: "{% in a text"}
""",
    )
    said = "\n".join(found.skipped)
    for what in ("No filter named 'nofilter'", "'toLowerCase'", "'{{ not a template }}'", "the value of other (its"):
        assert what in said
    inputs = found.rows[0]["inputs"]
    assert [a["value"] for a in inputs["assert"] if a["type"] != "left-out"] == ["A", "{% in a text"]
    assert (inputs["braces"], inputs["other"]) == ("{{ of no template", "{{ word.toLowerCase() }}")


def test_prompts_that_no_test_can_fill_are_left_out_and_named(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """prompts:
  - "A {{ word.toUpperCase() }}"
  - "B {{ r.x.y }}"
  - "C {% for k, v in r %}{{ k }}{% endfor %}"
providers: [echo]
tests:
  - vars: {word: a, r: {x: {y: 1}}}
  - vars: {word: b, r: {}}
""",
    )
    found = load(path)
    assert [p.name for p in found.prompts] == ["prompt-2", "prompt-3"]
    assert [line.rpartition(":")[2] for line in found.skipped] == ["2", "4"]
    assert found.skipped[0].startswith("a prompt whose template cannot be filled here")
    assert found.skipped[1].startswith("a prompt whose template cannot be filled in 1 of 2 tests (first: test 1; ")
    assert [v.errors for v in scansion.run(found.plan(), lab=tmp_path / ".scansion").variants] == [0, 1]
    with pytest.raises(InputError, match=r"promptfooconfig\.yaml:1: no prompt can be used; .*toUpperCase"):
        load(
            written(tmp_path, 'prompts: ["{{ word.toUpperCase() }}"]\nproviders: [echo]\ntests: [{vars: {word: a}}]\n')
        )


def test_a_provider_is_never_run_on_a_prompt_that_it_is_not_kept_to(tmp_path: Path) -> None:
    text = """prompts:
  - {id: p1, label: p1, raw: "Say {{word}}"}
  - {id: p2, label: p2, raw: "Item {{ n + 1 }} of {{word}}"}
tests: [{vars: {word: a, n: b}}]
providers:
  - {id: echo, prompts: [p2]}
"""
    with pytest.raises(
        InputError, match=r"promptfooconfig\.yaml:6: no provider has a prompt left to ask; .*filled here"
    ):
        load(written(tmp_path, text))
    found = load(written(tmp_path, text + "  - openai:gpt-4o\n"))
    assert [p.name for p in found.prompts] == ["p1"]
    assert found.models == ("openai/gpt-4o?temperature=0&max_tokens=1024",)
    [line] = [line for line in found.skipped if line.startswith("provider")]
    assert line.startswith("provider echo (none of the prompts it is kept to is left)")
    assert line.endswith(":6")
    assert load(written(tmp_path, text.replace("[p2]", "[p1, p2]"))).variants == (("p1", "p1", "echo"),)


@pytest.mark.parametrize(
    ("settings", "trials", "noted"),
    [
        ("commandLineOptions: {repeat: 3, filterFirstN: 1, maxConcurrency: 2}", 3, ["commandLineOptions.filterFirstN"]),
        ("commandLineOptions: {repeat: 2}\nevaluateOptions: {repeat: 5, delay: 3}", 2, []),
        ('evaluateOptions: {repeat: "4", timeoutMs: 5, cache: false}', 4, ["evaluateOptions.timeoutMs"]),
        ("evaluateOptions:", 1, []),
    ],
)
def test_options_of_the_evaluation(tmp_path: Path, settings: str, trials: int, noted: list[str]) -> None:
    found = project(tmp_path, settings + "\ntests: [{vars: {word: a}}]\n")
    assert found.trials == trials
    assert [line.partition(" ")[0] for line in found.skipped] == noted


def test_numbers_may_stand_as_text(tmp_path: Path) -> None:
    test = 'tests: [{threshold: "0.5", assert: [{type: similar, value: a, threshold: "0.4", weight: "2"}]}]\n'
    leaf = {"type": "similar", "value": "a", "threshold": 0.4, "weight": 2.0}
    assert asserts(tmp_path, test) == [[{"type": "assert-set", "threshold": 0.5, "assert": [leaf]}]]
    found = project(tmp_path, "tests: [{assert: [{type: assert-set, threshold: half, assert: [{type: is-json}]}]}]\n")
    assert "its threshold is 'half', not a number" in found.skipped[0]


def test_a_value_called_key_is_filled_and_a_key_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RV_VALUE", "here")
    found = load(
        written(
            tmp_path,
            """prompts: ["{{key}}"]
providers: [{id: "openai:x", config: {apiKey: "{{env.RV_VALUE}}", token: "{{env.RV_VALUE}}"}}]
tests: [{vars: {key: "{{env.RV_VALUE}}"}}]
scenarios: [{config: [{vars: {token: "{{env.RV_VALUE}}"}}]}]
""",
        )
    )
    assert [row["inputs"].get("key") or row["inputs"]["token"] for row in found.rows] == ["here", "here"]
    assert "key=RV_VALUE" in found.models[0]
    assert "here" not in found.models[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tests: [{options: [x]}]", "promptfooconfig.yaml:4: options of a test must be a mapping"),
        ("defaultTest: {options: x}", "options of defaultTest must be a mapping"),
        ("defaultTest: {vars: x}", "vars of defaultTest must be a mapping"),
        ("evaluateOptions: 3", "promptfooconfig.yaml:4: evaluateOptions must be a mapping"),
        ("evaluateOptions: {repeat: often}", "evaluateOptions.repeat is 'often', not a number"),
        ("tests: [{threshold: 50%, assert: [{type: equals, value: a}]}]", "the threshold of a test is '50%'"),
        ("tests: t.csv", "t.csv row 1: __threshold is '50%', not a number"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.csv").write_text("word,__expected,__threshold\na,a,50%\n", encoding="utf-8")
    with pytest.raises(InputError) as found:
        project(tmp_path, text + "\n")
    assert said in str(found.value)


def test_long_cells_and_odd_settings(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"word\n{'a' * 200_000}\n", encoding="utf-8")
    assert len(project(tmp_path, "tests: t.csv\n").rows[0]["inputs"]["word"]) == 200_000
    skips = Skips()
    assert map_provider({"id": "google:m", "config": {"generationConfig": "x"}}, "x:1", skips) is not None
    assert skips.lines() == ["config.generationConfig is 'x': x:1"]


@pytest.mark.parametrize(
    ("id", "settings", "spec", "left"),
    [
        ("openai:chat:gpt-5-mini", {"temperature": 0.3, "seed": 1}, "openai/gpt-5-mini?seed=1", "temperature=0.3"),
        ("openai:gpt-5.1", {"temperature": 0.3, "reasoning_effort": "low"}, "openai/gpt-5.1?effort=low", "temperature"),
        ("openai:gpt-4o", {"max_tokens": 99999}, "openai/gpt-4o?temperature=0&max_tokens=16384", "max_tokens=99999"),
        ("openai:gpt-4o", {"reasoning_effort": "low"}, "openai/gpt-4o?temperature=0&max_tokens=1024", "effort=low"),
        (
            "anthropic:claude-3-haiku-20240307",
            {"max_tokens": 9999},
            "anthropic/claude-3-haiku-20240307?temperature=0&max_tokens=4096",
            "max_tokens=9999",
        ),
        ("openai:gpt-4o", {"top_k": 3}, "openai/gpt-4o?temperature=0&max_tokens=1024", "top_k=3"),
        ("openai:gpt-5", {"reasoning": {"effort": "none"}}, "openai/gpt-5", "effort=none"),
    ],
)
def test_settings_that_the_model_refuses_are_left_out_and_named(
    id: str, settings: dict[str, Any], spec: str, left: str
) -> None:
    skips = Skips()
    found = map_provider({"id": id, "config": settings}, "c.yaml:4", skips)
    assert found is not None
    model, asked = parse_model(found.spec), open_model(found.spec)
    assert model == parse_model(spec)
    check(model.spec, asked.capabilities, model.sampling)
    [line] = skips.lines()
    assert line.startswith(left)
    assert line.endswith(": c.yaml:4")
