"""Alpha and Fleiss' kappa against the `krippendorff` package, statsmodels and published tables; intervals by
simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import fleiss_kappa as their_fleiss

from scansion.stats.fleiss import fleiss_kappa
from scansion.stats.krippendorff import SCALES, krippendorff_alpha

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", example C: 4 observers, 12 units, gaps
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
PUBLISHED = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}

# Fleiss (1971): 30 subjects would be long; Wikipedia's worked example of the same method: 10 items, 14 raters, 5 kinds
FLEISS = (
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
)


def in_long(rows):
    """Item and rating of every cell of raters' rows that is not None."""
    cells = [(item, value) for row in rows for item, value in enumerate(row) if value is not None]
    return [item for item, _ in cells], [value for _, value in cells]


@pytest.mark.parametrize("scale", SCALES)
def test_alpha_of_the_published_example(scale):
    found = krippendorff_alpha(*in_long(OBSERVERS), scale)
    assert found.value == pytest.approx(PUBLISHED[scale], abs=0.0005)
    assert (found.items, found.ratings) == (11, 40)  # one unit has one rating
    assert found.interval.lo < found.value < found.interval.hi


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=3, max_size=3), min_size=3, max_size=12).filter(
        lambda items: len({v for i in items if sum(x is not None for x in i) > 1 for v in i if v is not None}) > 1
    ),
    st.sampled_from(SCALES),
)
def test_alpha_is_that_of_the_package(items, scale):
    krippendorff = pytest.importorskip("krippendorff", reason="the krippendorff package is not installed")
    rows = list(zip(*items, strict=True))
    table = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=float)
    with np.errstate(all="ignore"):
        theirs = krippendorff.alpha(reliability_data=table, level_of_measurement=scale)
    assert krippendorff_alpha(*in_long(rows), scale).value == pytest.approx(theirs, abs=1e-9)


def test_fleiss_kappa_of_a_published_table_and_of_statsmodels():
    items = [i for i, row in enumerate(FLEISS) for count in row for _ in range(count)]
    ratings = [kind for row in FLEISS for kind, count in enumerate(row) for _ in range(count)]
    found = fleiss_kappa(items, ratings)
    assert found.value == pytest.approx(0.210, abs=0.0005)
    assert found.value == pytest.approx(their_fleiss(np.array(FLEISS)), abs=1e-12)


def test_no_ratings_and_equal_ratings_have_no_coefficient():
    for measure in (krippendorff_alpha, fleiss_kappa):
        assert measure([], []).value is None
        assert measure([1, 2, 3], ["a", "b", "a"]).items == 0  # nothing was rated twice
        assert measure([1, 1, 2, 2], ["a"] * 4).value is None
        assert measure([1, 1, 2, 2], ["a", "a", "b", "b"]).value == 1.0
        assert measure([1, 1, 2, 2], ["a", "a", "b", "b"]).interval is None  # two items


def test_perfect_agreement_is_not_certainty():
    items = [i for i in range(30) for _ in range(3)]
    found = krippendorff_alpha(items, [i % 2 for i in items])
    assert found.value == found.interval.hi == 1.0
    assert 0.7 < found.interval.lo < 0.95


def test_copies_in_clusters_tell_nothing_new():
    rng = np.random.default_rng(3)
    table = np.where(rng.random((40, 3)) < 0.8, rng.integers(0, 3, 40)[:, None], rng.integers(0, 3, (40, 3)))
    items = np.repeat(np.arange(40), 3)
    once = [measure(items, table.ravel().tolist()) for measure in (krippendorff_alpha, fleiss_kappa)]
    five = np.concatenate([items + 40 * k for k in range(5)])
    for measure, single in zip((krippendorff_alpha, fleiss_kappa), once, strict=True):
        found = measure(five, table.ravel().tolist() * 5, clusters=five % 40)
        width, own = (i.interval.hi - i.interval.lo for i in (found, single))
        assert found.value == pytest.approx(single.value, abs=0.01)
        assert width == pytest.approx(own, rel=0.05)
        free = measure(five, table.ravel().tolist() * 5).interval
        assert free.hi - free.lo < 0.6 * width


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="one length"):
        krippendorff_alpha([1], [])
    with pytest.raises(ValueError, match="one length"):
        fleiss_kappa([1], [])
    with pytest.raises(ValueError, match="scale"):
        krippendorff_alpha([1, 1], [1, 2], "cardinal")
    with pytest.raises(ValueError, match="not negative"):
        krippendorff_alpha([1, 1], [-1, 2], "ratio")
    with pytest.raises(ValueError, match="finite"):
        krippendorff_alpha([1, 1], [float("nan"), 2], "interval")


@pytest.mark.slow
@pytest.mark.parametrize("items", [30, 100])
@pytest.mark.parametrize(
    ("raters", "kinds", "sure", "first"),
    [(2, 2, 0.9, 0.5), (3, 2, 0.9, 0.8), (3, 3, 0.7, 1 / 3), (5, 4, 0.9, 0.6), (3, 2, 0.0, 0.5), (3, 2, 0.95, 0.9)],
)
def test_the_intervals_cover(items, raters, kinds, sure, first):
    rng = np.random.default_rng(5)
    shares = [first] + [(1 - first) / (kinds - 1)] * (kinds - 1)

    def draw(count):
        truth = rng.choice(kinds, count, p=shares)
        guess = rng.choice(kinds, (count, raters), p=shares)
        return np.where(rng.random((count, raters)) < sure, truth[:, None], guess).ravel()

    many = draw(100_000)
    for measure in (krippendorff_alpha, fleiss_kappa):
        truth = measure(np.repeat(np.arange(100_000), raters), many.tolist()).value
        labels, hits, tries = np.repeat(np.arange(items), raters), 0, 0
        for _ in range(200):
            interval = measure(labels, draw(items).tolist()).interval
            if interval is not None:
                tries += 1
                hits += interval.lo <= truth <= interval.hi
        assert hits / tries > 0.895
