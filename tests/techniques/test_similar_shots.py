"""Shots that are like the example: rankings, what is never shown, balance, order, and how many fit."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scansion.data.near import Likeness
from scansion.errors import InputError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.prompts import Prompt, from_text
from scansion.techniques import Context, compose, parse_techniques
from scansion.types import Example, Output

FRUIT = [
    ("the red apple pie with cinnamon was baked by grandmother", "food"),
    ("a green apple pie with nutmeg was baked by uncle", "food"),
    ("the storm over the northern harbour broke two masts", "weather"),
    ("a late storm over the harbour flooded the cellar", "weather"),
    ("the bank lowered its rate for savings", "money"),
    ("The red apple pie, with cinnamon, was baked by grandmothers!", "food"),
]
ROWS = [Example(f"r{i}", {"Text": text, "label": label}, label, row=i) for i, (text, label) in enumerate(FRUIT)]
QUERY = "the apple pie with cinnamon"


def prompt_of(techniques: str, context: Context | None = None) -> Prompt:
    given = context or Context(pool=lambda: ROWS, mapping={"text": "Text"})
    prompt = compose(from_text("Topic of: {{text}}", name="p"), parse_techniques(techniques), given)
    assert isinstance(prompt, Prompt)
    return prompt


def chosen(techniques: str, text: str = QUERY, lm: Any = None, context: Context | None = None) -> list[str]:
    prompt = prompt_of(techniques, context)
    assert prompt.shots is not None
    return [shot.id for shot in asyncio.run(prompt.shots.select({"text": text}, lm, prompt.render))]


@pytest.mark.parametrize("by", ["bm25", "embedding", "hybrid"])
def test_the_nearest_stands_last_unless_told(by: str) -> None:
    near_first = chosen(f"shots(3, by={by}, order=near-first)")
    assert set(near_first) == {"r0", "r1", "r5"}
    assert near_first[0] in ("r0", "r5")
    assert chosen(f"shots(3, by={by})") == near_first[::-1]
    assert chosen(f"shots(3, by={by}, order=data)") == ["r0", "r1", "r5"]
    mixed = chosen(f"shots(3, by={by}, order=random)")
    assert sorted(mixed) == ["r0", "r1", "r5"]
    assert mixed == chosen(f"shots(3, by={by}, order=random)")


@pytest.mark.parametrize(
    "technique", ["shots(5)", "shots(5, by=random)", "shots(5, by=bm25)", "shots(5, by=embedding)"]
)
def test_the_example_and_what_is_nearly_it_are_never_shown(technique: str) -> None:
    assert {"r0", "r5"}.isdisjoint(chosen(technique, FRUIT[0][0]))
    assert {"r0", "r5"}.isdisjoint(chosen(technique, FRUIT[5][0].upper()))


def test_a_file_of_rows_does_not_show_the_example_either(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("text,target\n" + "".join(f'"{t}",{c}\n' for t, c in FRUIT))
    context = Context(mapping={"text": "Text"}, base_dir=str(tmp_path))
    prompt = prompt_of("shots(4, by=bm25, source=s.csv)", context)
    assert prompt.shots is not None
    found = asyncio.run(prompt.shots.select({"text": FRUIT[0][0]}, None))
    assert len(found) == 4
    assert not any("cinnamon" in shot.inputs["text"] for shot in found)


def test_the_target_is_no_part_of_what_is_compared() -> None:
    rows = [Example("a", {"text": "one two"}, "pear"), Example("b", {"text": "three pear"}, "x")]
    context = Context(pool=lambda: rows)
    assert chosen("shots(1, by=bm25)", "pear", context=context) == ["b"]
    assert chosen("shots(1, by=embedding)", "pear", context=context) == ["b"]


def test_equal_numbers_of_each_target() -> None:
    for by in ("first", "random", "bm25", "embedding", "hybrid"):
        found = chosen(f"shots(3, by={by}, balance=label)")
        assert sorted(FRUIT[int(id[1])][1] for id in found) == ["food", "money", "weather"], by
    assert chosen("shots(5, by=bm25, balance=label, order=data)") == ["r0", "r2", "r3", "r4", "r5"]


@pytest.mark.parametrize("by", ["bm25", "embedding", "hybrid"])
def test_diverse_shots_pass_over_what_is_said_already(by: str) -> None:
    texts = ["boil rice in salted water", "boil rice in salted water now", "peel and boil eggs", "a cat", "the dog"]
    rows = [Example(str(i), {"text": text}, "x") for i, text in enumerate(texts)]
    asked, context = "boil rice in water with eggs", Context(pool=lambda: rows)
    assert set(chosen(f"shots(2, by={by})", asked, context=context)) == {"0", "1"}
    diverse = chosen(f"shots(2, by={by}, diverse=mmr, order=near-first)", asked, context=context)
    assert diverse[0] in ("0", "1")
    assert diverse[1] == "2"
    balanced = chosen(f"shots(3, by={by}, diverse=mmr, balance=label)")
    assert sorted(FRUIT[int(id[1])][1] for id in balanced) == ["food", "money", "weather"]


class Embedder:
    """A handle whose embeddings are counts of three words."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []

    def using(self, model: str) -> Embedder:
        assert model == "openai/e"
        return self

    async def embed(self, texts: Any, *, shared: bool = False) -> Any:
        self.asked.append((len(texts), shared))
        return np.array([[text.count(word) for word in ("storm", "bank", "pie")] for text in texts], np.float32)


def test_the_vectors_of_a_model_and_the_rows_embedded_once() -> None:
    prompt, lm = prompt_of("shots(2, by=embedding, embedder=openai/e)"), Embedder()
    assert prompt.shots is not None
    for _ in range(3):
        found = asyncio.run(prompt.shots.select({"text": "storm"}, lm, prompt.render))
        assert [shot.id for shot in found] == ["r3", "r2"]
    assert lm.asked == [(1, False), (6, True), (1, False), (1, False)]
    (technique,) = parse_techniques("shots(2, by=hybrid, embedder=openai/e)")
    assert technique.raw.embedders == ("openai/e",)  # type: ignore[union-attr]


def handle(context: int | None) -> Any:
    takes = SimpleNamespace(context=context, image_tokens=0)
    effective = lambda sampling: sampling  # noqa: E731
    return SimpleNamespace(channel=SimpleNamespace(name="m", capabilities=takes, model=object(), effective=effective))


def test_as_many_as_fit() -> None:
    few, more, all_ = (len(chosen("shots(max, by=bm25)", lm=handle(n))) for n in (100, 200, 10_000))
    assert 0 < few < more < all_ == 6
    assert len(chosen("shots(max)", lm=handle(100))) == few
    assert len(chosen("shots(5, fit=true)", lm=handle(100))) == few
    assert len(chosen("shots(max, tokens=10000)", lm=handle(100))) == few
    assert len(chosen("shots(max, tokens=100)", lm=handle(10_000))) == few
    assert len(chosen("shots(5, by=random, fit=true, tokens=10000)")) == 5
    prompt = prompt_of("shots(5, fit=true)")
    assert prompt.shots is not None
    found: Any = asyncio.run(prompt.shots.select({"text": QUERY}, handle(100), prompt.render))
    assert found.told == {"shots_left_out": 5 - few}


def test_what_fits_the_pocket_model_is_counted_by_it_and_answered() -> None:
    rows = [Example(f"{i}", {"text": f"Row {i} tells of {i * 7919} boats."}, "boats") for i in range(200)]
    context = Context(pool=lambda: rows)

    async def run(techniques: str) -> Output:
        prompt, gateway = prompt_of(techniques, context), Gateway()
        lm = LM(gateway, gateway.channel("pocket/tiny?max_tokens=30"), Trace())
        try:
            return await prompt({"text": "Row 3 tells of nothing."}, lm)
        finally:
            await gateway.close()

    output = asyncio.run(run("shots(max, by=bm25)"))
    shown = len(output.data["shots"])
    assert 20 < shown < 200
    assert output.data["shots_at"] == 0
    assert len(output.messages) == 2 * shown + 2
    assert asyncio.run(run("shots(max)")).data["shots"][:2] == ["0", "1"]


def test_the_ids_stand_in_the_output(scripted: Callable[..., Any]) -> None:
    def data(template: str, techniques: str) -> dict[str, Any]:
        context = Context(pool=lambda: ROWS, mapping={"text": "Text"})
        program = compose(from_text(template, name="p"), parse_techniques(techniques), context)
        output: Output = asyncio.run(program({"text": "new"}, scripted("ok")))  # type: ignore[arg-type]
        return output.data

    assert data("Topic of: {{text}}", "shots(2) | cot") == {"shots": ["r0", "r1"], "shots_at": 0}
    placed = data("{% for s in shots %}{{s.text}} -> {{s.target}}\n{% endfor %}{{text}}", "shots(1)")
    assert placed == {"shots": ["r0"], "shots_text": [[FRUIT[0][0], "food"]]}
    assert data("{{text}}", "cot") == {}


def test_the_choice_is_fixed_where_it_does_not_depend_on_the_example() -> None:
    def fixed(techniques: str) -> bool:
        shots = prompt_of(techniques).shots
        assert shots is not None
        return shots.fixed

    assert fixed("shots(2)")
    assert fixed("shots(2, by=random, balance=label, order=data)")
    assert not any(map(fixed, ["shots(2, by=bm25)", "shots(2, order=random)", "shots(max)", "shots(2, fit=true)"]))


def test_variants_of_a_run_share_the_rows_and_other_rows_are_another_identity() -> None:
    context = Context(pool=lambda: ROWS, mapping={"text": "Text"})
    one, other = (prompt_of(t, context).shots for t in ("shots(2, by=bm25)", "shots(3, by=hybrid) | cot"))
    assert one.rows is other.rows  # type: ignore[union-attr]
    fewer = prompt_of("shots(2, by=bm25)", Context(pool=lambda: ROWS[1:], mapping={"text": "Text"})).shots
    assert one.identity != fewer.identity  # type: ignore[union-attr]


def test_made_up_shots(tmp_path: Path) -> None:
    (tmp_path / "form.csv").write_text("text,target\na purple lamp on a shelf,things\n")
    (tmp_path / "real.csv").write_text(f"text,target\nsome lamp,things\n{FRUIT[0][0]}!,food\n")
    context = Context(pool=lambda: ROWS, mapping={"text": "Text"}, base_dir=str(tmp_path))
    prompt = prompt_of("shots(illustrative=form.csv)", context)
    assert prompt.shots is not None
    assert prompt.shots.spec == "shots(illustrative=form.csv)"
    assert [s.target for s in asyncio.run(prompt.shots.select({"text": "x"}, None))] == ["things"]
    with pytest.raises(InputError, match=r"row 2 of real.csv is the same as row r0 of the data"):
        prompt_of("shots(illustrative=real.csv)", context)


@pytest.mark.parametrize(
    ("techniques", "message"),
    [
        ("shots(2, diverse=mmr)", "it goes with by=bm25"),
        ("shots(2, order=near-last)", "by likeness to the example"),
        ("shots(2, by=bm25, embedder=openai/e)", "embedder goes with by=embedding"),
        ("shots(2, tokens=100)", "goes with k=max or fit=true"),
        ("shots(max, tokens=0)", "tokens is 0"),
        ("shots(0, by=bm25)", "at least one"),
        ("shots(by=bm25)", "say how many"),
        ("shots(most)", "k must be a whole number or max"),
        ("shots(2, by=tfidf)", "by must be"),
        ("shots(ids=[r1], balance=label)", "leave one of them out"),
        ("shots(2, illustrative=form.csv)", "leave all else out"),
        ("shots(by=first, illustrative=form.csv)", "leave all else out"),
    ],
)
def test_what_does_not_go_together_is_refused_when_it_is_read(techniques: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_techniques(techniques)
    assert message in str(caught.value)


def test_what_is_wrong_with_data_and_model() -> None:
    with pytest.raises(InputError, match="7 are wanted, and there are 6 rows"):
        prompt_of("shots(7, by=bm25)")
    with pytest.raises(InputError, match=r"shots\(max\): how many tokens m can read is not known; .*tokens=8192"):
        chosen("shots(max)", lm=handle(None))
    with pytest.raises(InputError, match="the prompt has none; use by=random"):
        compose(from_text("Say it.", name="p"), parse_techniques("shots(2, by=bm25)"), Context(pool=lambda: ROWS))
    assert chosen("shots(6, by=bm25)", "nothing known") == ["r5", "r4", "r3", "r2", "r1", "r0"]


ALL_WAYS = ["first", "random", "bm25", "embedding", "hybrid"]


@pytest.mark.parametrize("by", ALL_WAYS)
def test_another_question_about_the_same_text_is_no_near_duplicate(by: str) -> None:
    text = " ".join(f"The {word} was built before the wall and after the road." for word, _ in FRUIT)
    asked = ["Who built the wall?", "Who built the WALL", "What came after the road?"]
    rows = [Example(f"{i}", {"text": text, "asked": each}, "x") for i, each in enumerate(asked)]
    prompt = compose(
        from_text("{{text}} {{asked}}", name="p"), parse_techniques(f"shots(2, by={by})"), Context(pool=lambda: rows)
    )
    found: Any = asyncio.run(prompt.shots.select(rows[0].inputs, None))  # type: ignore[union-attr]
    assert [shot.id for shot in found] == ["2"]


@pytest.mark.parametrize("by", ALL_WAYS)
def test_rows_that_lack_what_the_prompt_needs_are_passed_over(by: str) -> None:
    lacking = [Example("a", {"Text": None}, "food"), Example("b", {"label": "x"}, "food"), Example("c", {"Text": "y"})]
    context = Context(pool=lambda: [*lacking, *ROWS[2:5]], mapping={"text": "Text"})
    assert sorted(chosen(f"shots(3, by={by})", context=context)) == ["r2", "r3", "r4"]
    with pytest.raises(InputError, match="4 are wanted, and there are 3 rows with a target and all inputs"):
        prompt_of(f"shots(4, by={by})", context)


@pytest.mark.parametrize("labels", [1, 2, 5, 40])
@pytest.mark.parametrize("more", ["", ", diverse=mmr"])
def test_balance_among_many_rows_looks_closely_at_few(labels: int, more: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Example(f"{i}", {"text": f"{FRUIT[i % 6][0]} {i}"}, f"l{min(i % 47, labels - 1)}") for i in range(3000)]
    seen = []
    alike = Likeness.alike
    monkeypatch.setattr(Likeness, "alike", lambda self, text: seen.append(text) or alike(self, text))
    spec = f"shots(8, by=bm25, balance=label, order=near-first{more})"
    prompt = prompt_of(spec, Context(pool=lambda: rows))
    found: Any = asyncio.run(prompt.shots.select({"text": QUERY}, None))  # type: ignore[union-attr]
    counts = Counter(shot.target for shot in found)
    assert len(found) == 8
    assert len(counts) == min(labels, 8)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(seen) < 300


def test_balance_takes_more_of_others_where_a_target_gives_out() -> None:
    rows = [Example(f"{i}", {"text": f"{FRUIT[i % 6][0]} {i}"}, "rare" if i in (7, 60) else "often") for i in range(99)]
    prompt = prompt_of("shots(10, by=bm25, balance=label)", Context(pool=lambda: rows))
    found: Any = asyncio.run(prompt.shots.select(rows[7].inputs, None))  # type: ignore[union-attr]
    assert Counter(shot.target for shot in found) == {"rare": 1, "often": 9}
