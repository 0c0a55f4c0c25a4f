"""Shots: which rows are shown, and never the example itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.prompts import Prompt, from_text
from scansion.techniques import Context, compose, parse_techniques
from scansion.types import Example

ROWS = [Example(f"r{i}", {"Question": f"q{i}", "answer": str(i)}, str(i), row=i) for i in range(30)]
ROWS[1] = Example("r1", {"Question": "q1"}, None, row=1)


def context(rows: list[Example] = ROWS, seed: int = 0) -> Context:
    return Context(pool=lambda: rows, mapping={"question": "Question"}, seed=seed)


def chosen(techniques: str, question: str = "new", given: Context | None = None) -> list[str]:
    prompt = compose(from_text("Q: {{question}}", name="p"), parse_techniques(techniques), given or context())
    assert isinstance(prompt, Prompt)
    assert prompt.shots is not None
    return [shot.id for shot in asyncio.run(prompt.shots.select({"question": question}, None))]


def test_first_rows_with_a_target() -> None:
    assert chosen("shots(3)") == ["r0", "r2", "r3"]
    assert chosen("shots(3)", "q2") == ["r0", "r3", "r4"]


def test_named_rows_in_their_order() -> None:
    assert chosen("shots(ids=[r9, r2])") == ["r9", "r2"]
    assert chosen("shots(ids=[r9, r2])", "q9") == ["r2"]
    numbered = Context(pool=lambda: [Example("7", {"question": "a"}, "b")])
    assert chosen("shots(ids=[7])", given=numbered) == ["7"]


def test_random_rows_are_fixed_by_the_seed() -> None:
    first = chosen("shots(4, by=random)")
    assert len(set(first)) == 4
    assert "r1" not in first
    assert chosen("shots(4, by=random)") == first
    assert chosen("shots(4, by=random, seed=0)", given=context(seed=9)) == first
    assert len({tuple(chosen("shots(4, by=random)", given=context(seed=s))) for s in range(5)}) > 1
    itself = next(r.inputs["Question"] for r in ROWS if r.id == first[0])
    other = chosen("shots(4, by=random)", itself)
    assert other[:3] == first[1:]
    assert len(other) == 4


def test_shots_are_shown_under_the_prompts_own_names(scripted: Callable[..., Any]) -> None:
    program = compose(from_text("Q: {{question}}", name="p"), parse_techniques("shots(2) | cot"), context())
    lm = scripted("ok")
    asyncio.run(program({"question": "new"}, lm))
    said = [(m.role, m.content) for m in lm.requests[0].messages]
    assert said[:-1] == [("user", "Q: q0"), ("assistant", "0"), ("user", "Q: q2"), ("assistant", "2")]
    assert said[-1] == ("user", "Q: new\n\nLet's think step by step.")


def test_rows_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("QUESTION,target\na,1\nb,2\n")
    given = Context(mapping={"question": "Question"}, base_dir=str(tmp_path))
    prompt = compose(from_text("Q: {{question}}", name="p"), parse_techniques("shots(2, source=s.csv)"), given)
    assert isinstance(prompt, Prompt)
    assert prompt.shots is not None
    found = asyncio.run(prompt.shots.select({"question": "new"}, None))
    assert [(s.inputs["question"], s.target) for s in found] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    ("techniques", "given", "message"),
    [
        ("shots(2)", Context(), "no data to take rows from"),
        ("shots(30)", context(), "30 are wanted, and there are 29 rows with a target"),
        ("shots(ids=[r77])", context(), "no row for shots has the id 'r77'"),
        ("shots(ids=[r1])", context(), "'r1', a target and all inputs"),
        ("shots(2, seed=3)", context(), "seed goes with by=random or order=random"),
        ("shots(many)", context(), "k must be a whole number or max, not many"),
        ("shots(1) | shots(1)", context(), "has shots already"),
        ("shots(1, source=none.csv)", context(), "none.csv"),
    ],
)
def test_what_is_wrong(techniques: str, given: Context, message: str) -> None:
    with pytest.raises(InputError) as caught:
        chosen(techniques, given=given)
    assert message in str(caught.value)


def test_other_rows_make_another_identity() -> None:
    def identity(rows: list[Example]) -> Any:
        prompt = compose(from_text("Q: {{question}}", name="p"), parse_techniques("shots(2)"), context(rows))
        assert isinstance(prompt, Prompt)
        return prompt.shots.identity  # type: ignore[union-attr]

    assert identity(ROWS) == identity(list(ROWS))
    assert identity(ROWS) != identity(ROWS[2:])


def test_a_named_row_of_the_test_part_is_told_apart_from_none() -> None:
    given = Context(pool=lambda: ROWS[:5], kept=lambda: iter(ROWS[5:]), mapping={"question": "Question"})
    with pytest.raises(InputError, match="the row 'r9' is in the test part, which is never shown"):
        chosen("shots(ids=[r2, r9])", given=given)
    with pytest.raises(InputError, match="no row for shots has the id 'r77'"):
        chosen("shots(ids=[r77])", given=given)
