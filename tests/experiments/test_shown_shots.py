"""That no shot found room is said with the figures."""

from __future__ import annotations

from pathlib import Path

import pytest

import scansion

NONE = "no shot fitted in any example"


@pytest.mark.parametrize(
    ("technique", "told"),
    [("shots(max, tokens=10)", True), ("shots(3, fit=true, tokens=10)", True), ("shots(2)", False), ("as-is", False),
     ("shots(max, tokens=200)", False)],
)  # fmt: skip
def test_that_no_shot_was_shown_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, technique: str, told: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"r{i},What is {i} + 1?,{i + 1}\n" for i in range(8))
    Path("rows.csv").write_text("id,question,target\n" + rows)
    Path("ask.txt").write_text("Q: {{question}}")
    result = scansion.run(
        data="rows.csv", prompts=["ask.txt"], models=["pocket/tiny"], techniques=[technique], scorers=["numeric"]
    )
    assert any(NONE in note and note.startswith(result.variants[0].name) for note in result.notes) == told
