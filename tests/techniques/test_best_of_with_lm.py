"""Best of n and weighted votes in real runs: on the embedded model, from its recording, and refused before any call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.errors import InputError

WHICH = "Which reply is more polite?\nA: {{ a }}\nB: {{ b }}\nAnswer with A or B."
RATE = "Rate from 1 to 5 how polite this reply is: {{ output }}"
RUDE = ["You clown, send the report!", "Close the door now. Hurry up!"]
WARM, COLD = "pocket/tiny?temperature=1.2&max_tokens=60", "pocket/tiny?temperature=0&max_tokens=8"
POLITE = "def polite(output, example):\n    return 'please' in output.text.lower()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.txt").write_text("Rewrite this reply politely: {{ reply }}")
    (tmp_path / "which.txt").write_text(WHICH)
    (tmp_path / "rate.txt").write_text(RATE)
    (tmp_path / "kind_words.py").write_text(POLITE)
    rows = [{"reply": reply, "tests": "assert True", "answer": "x"} for reply in RUDE]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def run(folder: Path, technique: str, model: str = WARM, **more: Any) -> Any:
    settings: dict[str, Any] = {"scorers": ["python:kind_words:polite"], **more}
    found = scansion.run(
        prompts=["p.txt"],
        techniques=[technique],
        models=[model],
        data={"path": "rows.jsonl", "target": "answer"},
        base_dir=folder,
        lab=folder / "lab",
        **settings,
    )
    [variant] = found.variants
    return variant


def test_choosing_is_the_same_from_the_lab_and_its_calls_are_counted(folder: Path) -> None:
    pairs = f'best_of(3, by=pairs, prompt=which.txt, model="{COLD}")'
    first = run(folder, pairs)
    assert (first.scored, first.errors) == (2, 0)
    assert 6 < first.calls <= 18
    again = run(folder, pairs)
    assert (again.mean, again.calls, again.recorded_calls) == (first.mean, first.calls, first.calls)
    rated = run(folder, f'best_of(3, by=rubric(prompt=rate.txt, scale=1..5, model="{COLD}"))')
    assert (rated.scored, rated.recorded_calls) == (2, 6)  # the candidates are those of before
    likeliest = run(folder, "best_of(3, by=logprob)")
    assert (likeliest.scored, likeliest.calls) == (2, 6)
    weighed = run(folder, "vote(3, by=text, weight=logprob)")
    assert (weighed.scored, weighed.recorded_calls) == (2, 6)


@pytest.mark.parametrize(
    ("technique", "model", "message"),
    [
        ("best_of(2, by=logprob)", "anthropic/claude-haiku-4-5", "does not take logprobs"),
        ("vote(2, by=text, weight=logprob)", "openai/o3", "does not take logprobs"),
        ("best_of(2, by=contains($missing))", WARM, "missing"),
        ("best_of(2, by=tests, tests=$answer)", WARM, "holds the target, which no technique may see"),
        ("best_of(2, by=contains($answer))", WARM, "holds the target, which no technique may see"),
        ("best_of(2, model=nobody/here)", WARM, "nobody"),
        ('best_of(2, by=rubric("Is it polite?", model=nobody/here))', WARM, "nobody"),
    ],
)
def test_what_cannot_be_chosen_by_is_said_before_any_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, technique: str, model: str, message: str
) -> None:
    for key in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(key, "none")
    with pytest.raises(InputError, match=message) as caught:
        run(folder, technique, model)
    assert "\n" not in str(caught.value)
