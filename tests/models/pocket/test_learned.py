"""What the shipped models learned, measured on held-out items: the effects on which demo, docs and tests rest.

The card (docs/pocket.md) measures all of it on 400 items; here each effect must be clear of 0 on fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from training.evaluate import EASY, Measured, measure
from training.measures import MEASURES

from scansion.models.pocket.engine import Engine
from scansion.models.pocket.folder import open_folder, shipped
from scansion.stats.paired import compare

pytestmark = pytest.mark.slow
NAMED = {one.name: one for one in MEASURES}


@pytest.fixture(scope="module")
def small() -> Iterator[Engine]:
    engine = Engine.open(open_folder(shipped("small")))
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("before", "after", "items"),
    [
        (f"{EASY}: bare", f"{EASY}: step by step", 60),
        (f"{EASY}: bare", f"{EASY}: three worked examples", 60),
        ("labels, own words, k=0", "labels, own words, k=8", 80),
        ("extraction, none present: not told", "extraction, none present: told what to say", 80),
        ("passage not given", "passage given", 60),
        ("untrusted instruction obeyed: marked as data", "untrusted instruction obeyed: unmarked", 120),
        ("secret given away: guarded", "secret given away: unguarded", 120),
        ("way out offered, answerable: taken", "way out offered, unanswerable: taken", 60),
    ],
)
def test_an_effect_is_clear_of_zero(small: Engine, before: str, after: str, items: int) -> None:
    one, other = (measure(small, NAMED[name], items) for name in (before, after))
    found = compare(one.marks, other.marks)
    assert found.lo is not None
    assert found.lo > 0, f"{before} {one.shown()}, {after} {other.shown()}"


def test_votes_help_where_the_model_wavers(small: Engine) -> None:
    """At temperature 1.3 one draw is often led astray. (At 0.8 the card's 400 items are needed to see the gain.)"""
    drawn = replace(NAMED[f"{EASY}: step by step, T=0.8"], temperature=1.3)
    one, nine = measure(small, drawn, 100), measure(small, replace(drawn, draws=9), 100)
    found = compare(one.marks, nine.marks)
    assert found.lo is not None
    assert found.lo > 0, f"one {one.shown()}, nine {nine.shown()}"


@pytest.mark.parametrize("form", ["form: bare", "form: tags", "form: JSON"])
def test_the_prompt_decides_the_form(small: Engine, form: str) -> None:
    found: Measured = measure(small, NAMED[form], 60)
    assert found.marks.mean() >= 0.9, found.shown()
