"""Rows that lost an assertion on the way are unscored, and never right for want of what they demand."""

from __future__ import annotations

from pathlib import Path

import pytest

import scansion
from scansion.cli import main
from scansion.interop.promptfoo import load

LEFT_OUT = """prompts: ["{{word}}"]
providers: [echo]
defaultTest: {assert: [{type: latency, threshold: 60000}]}
tests:
  - {vars: {word: a}, assert: [{type: javascript, value: "false"}]}
  - {vars: {word: b}, assert: [{type: python, value: "1"}, {type: equals, value: c}]}
  - {vars: {word: c}, assert: [{type: equals, value: c}]}
  - {vars: {word: d}, assert: [{type: javascript, value: "false", weight: 0}]}
  - {vars: {word: e}, threshold: 0.5, assert: [{type: assert-set, assert: [{type: contans, value: e}]}]}
"""


def test_a_row_that_lost_an_assertion_is_unscored_unless_another_fails_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "promptfooconfig.yaml").write_text(LEFT_OUT, encoding="utf-8")
    assert main(["run", "promptfooconfig.yaml"]) == 0
    said = capsys.readouterr().out
    assert "2 unscored (assertion left out)" in said
    assert "promptfooconfig.yaml, not carried over, or changed:\n- javascript assertion: promptfooconfig.yaml:5" in said
    assert main(["import", "promptfooconfig.yaml", "-o", "mine"]) == 0
    for plan in (load("promptfooconfig.yaml").plan(), "mine/experiment.yaml"):
        ran = scansion.run(plan)
        assert [(v.scored, v.wrong, v.unscored) for v in ran.variants] == [(3, 1, 2)]
        assert ran.variants[0].unscored_reasons == {"assertion left out": 2}
