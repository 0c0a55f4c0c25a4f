"""`scansion.agree` on tables: forms, labels that cannot be read, swapped orders, lengths, correcting for the judge."""

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scansion
from scansion.errors import InputError
from scansion.experiments.agreement.agree import agree_in_run
from scansion.experiments.agreement.judgements import LabelSpec, Reading, Sides, Unreadable
from scansion.report.agree import render
from scansion.stats.agreement import agreement
from scansion.stats.krippendorff import krippendorff_alpha

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def rows(*pairs, **more):
    return [{"human": h, "judge": j, **more} for h, j in pairs]


def test_two_columns_with_their_table_and_constants():
    found = scansion.agree(rows(*[("yes", "yes")] * 6, *[("no", "yes")] * 2, *[("no", "no")] * 4), a="human", b="judge")
    [pair] = found.pairs
    assert (pair.n, pair.equal, pair.unscored, pair.unlabelled) == (12, 10 / 12, 0, 0)
    assert (pair.kinds, pair.confusion) == (["no", "yes"], [[4, 2], [0, 6]])
    assert pair.kappa == pytest.approx(2 / 3)
    assert pair.equal_bounds == (pair.equal, pair.equal)
    assert [c.answer for c in pair.constants] == ["always yes", "always no"]
    assert pair.constants[0].equal == 0.5
    assert pair.constants[0].difference == pytest.approx(1 / 3)


def test_labels_are_equal_as_people_write_them():
    found = scansion.agree(rows(("Yes", " yes "), (1, "1.0"), (1, 1.0), (True, "true")), human="human", judge="judge")
    [pair] = found.pairs
    assert pair.equal == 0.75  # "1.0" is text and stays
    assert scansion.agree(rows((2, "B"), (1, "A")), a="human", b="judge", map={"A": "1", "b": "2"}).pairs[0].equal == 1


def test_what_cannot_be_read_is_unscored_and_bounds_hold_it():
    given = rows(*[("1", "1")] * 6, *[("2", "2")] * 2, ("2", "1"), ("2", ""), ("1", "garbage"), ("", "1"), (None, None))
    [pair] = scansion.agree(given, a="human", b="judge", labels=("1", "2")).pairs
    assert (pair.n, pair.unscored, pair.unlabelled) == (9, 2, 2)
    assert pair.unreadable == {"blank": 1, "garbage": 1}
    assert pair.equal == 8 / 9
    assert pair.equal_bounds == (8 / 11, 10 / 11)
    assert pair.kappa_bounds[0] < pair.kappa < pair.kappa_bounds[1]
    assert pair.alpha_bounds[0] < pair.alpha < pair.alpha_bounds[1]


def test_strange_labels_of_the_judge_are_named():
    found = scansion.agree(rows(("1", "1"), ("2", "garbage")), a="human", b="judge")
    assert "garbage (1)" in found.notes[0]
    assert not scansion.agree(rows(("1", "1"), ("2", "garbage")), a="human", b="judge", labels=("1", "2")).notes


def test_long_and_wide_forms_are_one():
    random.seed(2)
    wide = [{"id": i, **{who: random.choice("xyz") for who in ("ann", "bob", "cleo")}} for i in range(30)]
    long = [{"id": r["id"], "who": who, "says": r[who]} for r in wide for who in ("ann", "bob", "cleo")]
    one = scansion.agree(wide, raters=("ann", "bob", "cleo"))
    other = scansion.agree(long, item="id", rater="who", label="says")
    assert one.many == other.many
    assert one.pairs == other.pairs
    assert len(one.pairs) == 3
    assert one.many.raters == ["ann", "bob", "cleo"]


def test_missing_and_unreadable_labels_of_several_raters():
    table = [{"a": "x", "b": "x", "c": "x"}, {"a": "y", "b": "y", "c": None}, {"a": "x", "b": "?", "c": "y"}] * 10
    many = scansion.agree(table, raters=("a", "b", "c"), labels=("x", "y")).many
    assert (many.items, many.ratings, many.unscored) == (30, 70, 10)
    assert many.alpha_bounds[0] < many.alpha_bounds[1]


def test_verdicts_in_swapped_order_are_mapped_back():
    places = [{"gold": "a", "j": "A", "s": "B"}, {"gold": "b", "j": "A", "s": "A"}, {"gold": "b", "j": "tie", "s": "A"}]
    found = scansion.agree(places, a="gold", b="j", swapped="s").swapped
    assert (found.n, found.first, found.second, found.mixed) == (3, 1, 0, 1)
    assert (found.labelled, found.right_given, found.right_swapped, found.right_both) == (3, 1, 3, 1)
    mapped = [{**row, "s": {"A": "B", "B": "A"}[row["s"]]} for row in places]
    assert scansion.agree(mapped, a="gold", b="j", swapped="s", mapped=True).swapped == found


def test_unreadable_swapped_verdicts_widen_bounds():
    table = [{"gold": "1", "j": "1", "s": "2"}] * 8 + [
        {"gold": "1", "j": "1", "s": ""},
        {"gold": "1", "j": "no", "s": "2"},
    ]
    found = scansion.agree(table, a="gold", b="j", swapped="s", pair=("1", "2")).swapped
    assert (found.n, found.unscored, found.consistent) == (8, 2, 1.0)
    assert found.consistent_bounds == (0.8, 1.0)


def test_lengths_may_be_numbers_or_the_outputs():
    random.seed(3)
    table = [
        {"gold": random.choice("12"), "x": "w" * random.randint(1, 50), "y": "w" * random.randint(1, 50)}
        for _ in range(60)
    ]
    table = [{**row, "judge": "1" if len(row["x"]) >= len(row["y"]) else "2"} for row in table]
    sized = [{**row, "x": len(row["x"]), "y": str(len(row["y"]))} for row in table]
    settings = {"a": "gold", "b": "judge", "length_a": "x", "length_b": "y"}
    found, again = (scansion.agree(t, **settings) for t in (table, sized))
    assert found.lengths == again.lengths
    judge, people = found.lengths
    assert (judge.rater, judge.longer_share) == ("judge", 1.0)
    assert people.longer_share < 0.8
    longer = found.pairs[0].constants[-1]
    assert longer.answer == "the longer"
    assert longer.difference == 0.0  # this judge does nothing else


def corrected_rows(labelled=60, count=400):
    random.seed(4)
    table = []
    for i in range(count):
        truth = random.random() < 0.4
        said = truth if random.random() < 0.9 else not truth
        table.append(
            {"human": ("good" if truth else "bad") if i < labelled else "", "judge": "good" if said else "bad"}
        )
    table[0]["judge"] = table[200]["judge"] = "???"
    return table


def test_correcting_for_the_judge():
    found = scansion.agree(
        corrected_rows(), human="human", judge="judge", correct=True, positive="GOOD", labels=("good", "bad")
    )
    [mean] = found.corrected
    assert (mean.n, mean.labelled, mean.unreadable) == (400, 60, 2)
    assert mean.of == "share of GOOD"
    assert mean.interval[0] < 0.4 < mean.interval[1]
    assert mean.narrower > 0.1
    assert mean.worth > 60
    assert mean.bounds[0] <= mean.interval[0]
    assert mean.judge_bounds[0] < mean.judge < mean.judge_bounds[1]


@pytest.mark.parametrize(
    ("table", "columns", "said"),
    [
        (rows(("1", "1")), {}, "whose labels"),
        (rows(("1", "1")), {"a": "human", "b": "jugde"}, "--b names 'jugde', and no column is called so; did you mean"),
        (rows(("1", "1")), {"a": "human", "b": "Human"}, "same column"),
        (rows(("1", "1")), {"a": "human", "b": "judge", "scale": "cardinal"}, "agree: "),
        (rows(("1", "1")), {"a": "human", "b": "judge", "colour": "red"}, "colour"),
        (rows(("1", "x")), {"a": "human", "b": "judge", "scale": "ordinal"}, "'x' is none"),
        (rows(("1", "-1")), {"a": "human", "b": "judge", "scale": "ratio"}, "starts at 0"),
        (rows(("1", "1")), {"raters": ("human",)}, "two or more"),
        (rows(("1", "1")), {"a": "human", "b": "judge", "labels": ("z", "y")}, "no row has a readable label of both"),
        (rows(("1", "1")), {"raters": ("human", "judge"), "a": "human"}, "--a is for two columns"),
        (rows(("1", "1")), {"item": "human", "rater": "judge"}, "--item, --rater and --label"),
        (
            rows(("1", "ann"), ("1", "ann"), ("1", "bob")),
            {"item": "human", "rater": "judge", "label": "human"},
            "keep one",
        ),
        (rows(("x", "y")), {"a": "human", "b": "judge", "swapped": "judge"}, "--pair"),
        (rows(("1", "2")), {"a": "human", "b": "judge", "length_a": "human"}, "--length-b is missing"),
        (
            corrected_rows(29),
            {"a": "human", "b": "judge", "correct": True, "positive": "good"},
            "29 items .* 30 are needed",
        ),
        (
            corrected_rows(),
            {"a": "human", "b": "judge", "correct": True},
            "row 1: human holds '(good|bad)', which is no mark",
        ),
        (corrected_rows(), {"a": "human", "b": "judge", "correct": True, "positive": "fine"}, "no label in human"),
        (rows(*[("1", "1")] * 40), {"a": "human", "b": "judge", "correct": True}, "every item has a human label"),
        (
            rows(*[("", "good")] * 3),
            {"a": "human", "b": "judge", "correct": True, "positive": "good"},
            "the column human is empty",
        ),
        (rows(("good", "good"), ("bad", "good")), {"a": "human", "b": "judge", "labels": ("good",)}, "two or more"),
        (
            rows(("1", "2"), ("2", "2"), text="an answer", size=9),
            {"a": "human", "b": "judge", "length_a": "text", "length_b": "size"},
            "size holds numbers and text text",
        ),
        ([], {"a": "human", "b": "judge"}, "no rows"),
    ],
)
def test_wrong_inputs_are_one_line(table, columns, said):
    with pytest.raises(InputError, match=said) as caught:
        scansion.agree(table, **columns)
    assert "\n" not in str(caught.value)


@given(st.lists(st.one_of(st.none(), st.text(max_size=5), st.integers(), st.floats(allow_nan=True), st.booleans())))
def test_any_cell_is_a_label_blank_or_unreadable(cells):
    free, bound = Reading(LabelSpec()), Reading(LabelSpec(labels=("1", "tie")))
    for cell in cells:
        label = free(cell)
        assert label is None or (isinstance(label, str) and label.strip() and free(label) == label)
        again = bound(cell)
        assert again is None or isinstance(again, Unreadable) or again.casefold() in ("1", "tie")
        assert (again is None) == (label is None)


@given(st.sampled_from(["1", "2", "tie", "0", "x", None]))
def test_flipping_twice_changes_nothing(label):
    sides = Sides("1", "2")
    assert sides.flipped(sides.flipped(label)) == label
    assert (sides.code(label) in (1, 2)) == (sides.flipped(label) != label)


@pytest.mark.skipif(not (DATA / "pandalm").is_dir(), reason="../shared/data/pandalm is not here")
def test_pandalms_published_kappas():
    expected = json.loads((DATA / "expected.json").read_text())["pandalm"]
    found = scansion.agree(DATA / "pandalm" / "testset.jsonl.gz", raters=("annotator1", "annotator2", "annotator3"))
    for pair, key in zip(found.pairs, ("k12", "k13", "k23"), strict=True):
        assert round(pair.equal, 4) == expected[key]["agree"]
        assert round(pair.kappa, 4) == expected[key]["kappa"]


def test_a_runs_scorer_against_peoples_marks(project):
    project.run()
    with project.lab() as lab:
        with pytest.raises(InputError, match="marked by a person"):
            agree_in_run(lab)
        ann = lab.annotations.by("ann")
        for view in list(lab.views(variant="direct"))[:40]:
            ann.mark(view, (view.status == "scored" and not view.wrong) != (view.row == 8))
        found = agree_in_run(lab, spec=LabelSpec(correct=True))
        unscored = sum(view.status != "scored" for view in list(lab.views(variant="direct"))[:40])
        with pytest.raises(InputError, match="was not scored by f1"):
            agree_in_run(lab, scorer="f1")
    [pair] = found.pairs
    assert (pair.a, pair.b, pair.n, pair.unscored) == ("ann", "numeric", 40 - unscored, unscored)
    assert unscored
    assert pair.equal == (pair.n - 1) / pair.n
    [mean] = found.corrected
    assert (mean.variant, mean.labelled, mean.n) == ("direct", 40, 60)
    assert any("think: cannot correct for the scorer: 0 items" in note for note in found.notes)


def test_a_blank_of_one_of_several_raters_is_a_label_not_given():
    table = [{"a": "x", "b": "x", "c": "y"}, {"a": "y", "b": "", "c": "y"}, {"a": "", "b": "x", "c": "?"}] * 10
    found = scansion.agree(table, raters=("a", "b", "c"), labels=("x", "y"))
    assert [(p.n, p.unlabelled, p.unscored) for p in found.pairs] == [(10, 20, 0), (20, 10, 0), (10, 10, 10)]
    assert found.pairs[2].equal_bounds == (0.0, 0.5)


def test_bounds_reach_to_the_far_end_of_the_scale():
    given = rows(*[(str(k), str(k)) for k in (1, 2, 3, 4, 5)] * 4, ("1", "?"), ("?", "?"))
    labels = ("1", "2", "3", "4", "5")
    [pair] = scansion.agree(given, a="human", b="judge", labels=labels, scale="interval").pairs
    far = rows(*[(str(k), str(k)) for k in (1, 2, 3, 4, 5)] * 4, ("1", "5"), ("1", "5"))
    [worst] = scansion.agree(far, a="human", b="judge", scale="interval").pairs
    assert (pair.n, pair.unscored) == (20, 2)
    assert pair.alpha_bounds == (pytest.approx(worst.alpha), 1.0)
    assert pair.equal_bounds == (20 / 22, 1.0)
    assert pair.kappa_bounds[0] < pair.kappa_bounds[1] == 1.0


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_bounds_of_one_label_throughout(scale):
    given = rows(*[("1", "1")] * 9, ("1", "?"))
    [pair] = scansion.agree(given, a="human", b="judge", labels=("1", "2"), scale=scale).pairs
    assert pair.equal_bounds == (0.9, 1.0)


def test_bounds_of_two_raters_are_over_everything_that_can_be():
    rng = random.Random(4)
    given = [(rng.choice("xyz"), rng.choice("xyyz")) for _ in range(40)]
    unread = ["x", "y", "z", "x"]
    [pair] = scansion.agree(
        rows(*given, *((label, "?") for label in unread)), a="human", b="judge", labels=("x", "y", "z")
    ).pairs
    a, b = map(list, zip(*given, strict=True))
    found = [agreement([*a, *unread], [*b, *fill]) for fill in itertools.product("xyz", repeat=4)]
    assert pair.equal_bounds == (min(f.share for f in found), max(f.share for f in found))
    assert pair.kappa_bounds == pytest.approx((min(f.kappa for f in found), max(f.kappa for f in found)))


def test_bounds_of_several_raters_are_over_everything_that_can_be():
    table = [("1", "1", "2"), ("2", "2", "3"), ("3", "?", "3"), ("1", "3", "?"), ("2", "2", "2")]
    for scale in ("nominal", "interval"):
        given = [dict(zip("abc", each, strict=True)) for each in table]
        many = scansion.agree(given, raters=("a", "b", "c"), labels=("1", "2", "3"), scale=scale).many
        values = []
        for said in itertools.product((1, 2, 3), repeat=2):
            left = iter(said)
            labels = [int(x) if x != "?" else next(left) for each in table for x in each]
            values.append(krippendorff_alpha([i for i in range(5) for _ in "abc"], labels, scale).value)
        assert many.alpha_bounds == pytest.approx((min(values), max(values)), abs=0.025)


def test_what_a_judge_left_out_bounds_constants_and_lengths():
    table = [{"gold": "12"[i % 2], "judge": "12"[i % 2] if i % 5 else "", "x": 10 + i, "y": 30 - i} for i in range(20)]
    found = scansion.agree(table, a="gold", b="judge", length_a="x", length_b="y")
    [pair] = found.pairs
    assert (pair.n, pair.unscored) == (16, 4)
    first = pair.constants[0]
    assert first.difference == pytest.approx(0.5)
    assert first.difference_bounds == pytest.approx(((16 - 10) / 20, (20 - 10) / 20))
    judge, people = found.lengths
    assert (judge.unscored, people.unscored) == (4, 0)
    assert judge.win_bounds == (8 / 20, 12 / 20)
    uneven = sum(row["x"] != row["y"] for row in table if not row["judge"])
    most = judge.decided + uneven
    assert judge.longer_bounds == (judge.longer / most, (judge.longer + uneven) / most)
    assert judge.controlled_bounds[0] < judge.controlled < judge.controlled_bounds[1]
    assert people.longer_bounds == (people.longer_share, people.longer_share)


def test_unreadable_swapped_verdicts_bound_the_lean():
    table = [{"gold": "1", "j": "1", "s": "1"}] * 8 + [
        {"gold": "1", "j": "1", "s": ""},
        {"gold": "1", "j": "", "s": ""},
    ]
    found = scansion.agree(table, a="gold", b="j", swapped="s").swapped
    assert (found.first, found.follows, found.lean) == (8, 1.0, 1.0)
    assert found.follows_bounds == (0.8, 1.0)
    assert found.lean_bounds == (pytest.approx((16 + 1 - 1 - 2) / 20), 1.0)


def test_verdicts_of_0_and_1_alone_are_not_guessed():
    table = [{"gold": str(i % 2), "j": str(i % 2), "s": str(1 - i % 2)} for i in range(10)]
    with pytest.raises(InputError, match="--pair"):
        scansion.agree(table, a="gold", b="j", swapped="s")
    found = scansion.agree(table, a="gold", b="j", swapped="s", pair=("0", "1")).swapped
    assert found.consistent == 1.0


def test_a_label_of_its_own_for_each_row_is_no_trouble():
    table = [{"human": f"{i}.5", "judge": f"{i}.5" if i % 2 else f"{i}.25", "twin": i // 2} for i in range(3000)]
    table[7]["judge"] = "?"
    [pair] = scansion.agree(table, a="human", b="judge", scale="ratio", labels=[r["human"] for r in table]).pairs
    found = scansion.agree(table[:2000] + table[2002:], a="human", b="judge", group="twin")
    assert (found.pairs[0].kappa, found.pairs[0].confusion) == (None, [])
    assert "too many different labels" in render(found)
    assert pair.equal == 1.0


def test_few_groups_are_said_to_be_few():
    table = [{"human": "12"[i % 2], "judge": "12"[i % 3 == 0], "g": i // 10} for i in range(200)]
    assert scansion.agree(table, a="human", b="judge", group="g").notes == [
        "20 groups: few clusters: the interval is rough"
    ]
    assert not scansion.agree(table * 2, a="human", b="judge", group="human").pairs[0].unscored


def test_a_scorer_that_is_not_the_primary_one_has_the_same_mark_everywhere(project):
    project.run(scorers=["numeric", "exact"], pass_mark=2)
    with project.lab() as lab:
        ann = lab.annotations.by("ann")
        for view in list(lab.views(variant="direct"))[:40]:
            ann.mark(view, not view.wrong)
        found = agree_in_run(lab, scorer="exact", spec=LabelSpec(correct=True))
    [pair], [mean] = found.pairs, found.corrected
    assert pair.b == "exact"
    said = dict(zip(pair.kinds, map(sum, zip(*pair.confusion, strict=True)), strict=True))
    assert said.get("right", 0) > 0
    assert mean.judge > 0


def test_a_map_of_a_label_that_is_not_there_is_told():
    table = rows(("good", "fine"), ("bad", "bad"))
    found = scansion.agree(table, a="human", b="judge", map={"Fine": "good", "Zzz": "good"})
    told = [note for note in found.notes if "--map" in note]
    assert told == ["--map Zzz=good changed nothing: no such label is there"]
    with pytest.raises(InputError, match="--map Zzz=good changes nothing: no such label is there; there are good, bad"):
        scansion.agree(table, raters=("human", "judge"), map={"Zzz": "good"})
