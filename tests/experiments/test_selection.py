"""What is selected is what reading every outcome would select; reading."""

import itertools
import json

import pytest

from scansion.errors import InputError
from scansion.experiments.reading import Reading
from scansion.experiments.selection import Selection, select


@pytest.fixture
def lab(project):
    project.rows(30)
    project.run(models=[project.model("adder"), project.model("fails")], trials=2, scorers=["numeric", "max_words(1)"])
    with project.lab() as found:
        yield found


FITS = {
    "all": lambda view: True,
    "wrong": lambda view: view.wrong,
    "errors": lambda view: view.status == "error" or any(s.unscored == "error" for s in view.scores.values()),
    "unscored": lambda view: view.status == "unscored",
}


def places(lab, selection):
    run = lab.run_table.find(None)
    names = [v["name"] for v in run.context["variants"]]
    return [(i.row, i.trial, names[v]) for i in select(lab, run, selection) for v in i.variants]


@pytest.mark.parametrize("which", FITS)
def test_a_choice_is_that_of_reading_everything(lab, which):
    expected = sorted((v.row, v.trial, v.variant) for v in lab.views() if FITS[which](v))
    assert sorted(places(lab, Selection(which=which))) == expected
    assert expected
    assert [(v.row, v.trial, v.variant) for v in lab.views(which=which)] == [
        (v.row, v.trial, v.variant) for v in lab.views() if FITS[which](v)
    ]


def test_flips_are_one_right_and_one_wrong_in_a_trial(lab):
    views = {(v.row, v.trial, v.variant): v for v in lab.views() if v.status == "scored"}
    names = sorted({name for _, _, name in views})
    for a, b in itertools.combinations(names, 2):
        pairs = [(row, trial) for row, trial, name in views if name == a and (row, trial, b) in views]
        flips = [p for p in pairs if views[*p, a].wrong != views[*p, b].wrong]
        found = places(lab, Selection(which="flips", flips=(b, a)))
        assert [place[:2] for place in found[::2]] == sorted(flips)
        assert {place[2] for place in found} <= {a, b}


def test_the_one_beside_comes_with_them(lab):
    first, second = [v["name"] for v in lab.run_table.find(None).context["variants"]][:2]
    views = list(lab.views(which="wrong", variant=first, against=second))
    assert {v.variant for v in views} == {first, second}
    assert len({(v.row, v.trial) for v in views}) == len(views) / 2


def test_a_text_is_found_wherever_it_stands(lab):
    view = next(v for v in lab.views() if v.status == "scored")
    lab.annotations.note(view, "Counts PEARS")
    assert [v.key for v in lab.views(text="pears")] == [view.key]
    assert {v.row for v in lab.views(text="no idea")} == {6, 13, 20, 27}
    assert {v.status for v in lab.views(text="not that")} == {"error"}
    assert {v.row for v in lab.views(text="29")} >= {29}
    assert list(lab.views(text="nowhere")) == []
    assert {v.example.id for v in lab.views(id="n7", text="7")} == {"n7"}


def test_tags_of_people_and_of_rows(project):
    lines = [{"id": f"n{i}", "number": i, "answer": str(i + 1), "tags": ["odd"] if i % 2 else []} for i in range(6)]
    project.write("rows.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    project.run()
    with project.lab() as lab:
        view = next(lab.views(id="n2", variant="think"))
        lab.annotations.tag(view, "Wrong unit")
        assert [(v.row, v.variant) for v in lab.views(tag="wrong  UNIT")] == [(2, "think")]
        assert {v.row for v in lab.views(tag="odd")} == {1, 3, 5}
        with pytest.raises(InputError, match="'wrong units'; did you mean 'Wrong unit'"):
            lab.views(tag="wrong units")
        lab.annotations.untag(view, "wrong unit")
        with pytest.raises(InputError, match="tagged 'Wrong unit'; "):
            lab.views(tag="Wrong unit")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"variant": "nobody"}, "no variant is called 'nobody'"),
        ({"against": "nobody"}, "no variant is called 'nobody'"),
        ({"id": "nobody"}, "has no example with the id 'nobody'"),
        ({"tag": "nothing"}, "is tagged 'nothing'"),
        ({"which": "wrongly"}, "no choice of outcomes"),
        ({"flips": ("direct", "direct")}, "both names mean 'direct'"),
    ],
)
def test_what_is_not_there_is_said_at_once(project, wanted, message):
    project.rows(3)
    project.run()
    with project.lab() as lab, pytest.raises(InputError, match=message):
        lab.views(**wanted)


def test_a_reading_remembers_what_was_read(project):
    project.rows(12)
    project.run()
    with project.lab() as lab:
        run = lab.run_table.find(None)
        ann = lab.annotations.by("Ann")
        reading = Reading(lab, run, annotations=ann)
        for position in (0, 1, 1, 11):
            reading.go(position)
            reading.remember(reading.open())
        assert reading.read_count == 3
        assert len(reading.items) == 12
        assert Reading(lab, run, annotations=ann).read_count == 3
        assert Reading(lab, run, annotations=lab.annotations.by("Bo")).read_count == 0
        assert ann.read_count(run.label) == 3
        reading.choose(Selection(which="wrong"))
        assert reading.item is not None
        assert reading.item.row >= 0
        assert [row["id"] for row in reading.rows()] == [f"n{i}" for i in (0, 3, 9)]


def test_an_item_is_read_when_all_its_outputs_were_shown(project):
    project.rows(6)
    project.run()
    with project.lab() as lab:
        reading = Reading(lab, lab.run_table.find(None), annotations=lab.annotations.by("Ann"))
        first, second = reading.open().items()
        reading.remember(dict([first]))
        assert reading.read_count == 0
        reading.remember(dict([first, second]))
        assert reading.read_count == 1
        reading.choose(Selection(variant="direct"))
        assert reading.read_count == 1


def test_a_search_goes_on_a_little_at_a_time(project):
    project.run()
    with project.lab() as lab:
        reading = Reading(lab, lab.run_table.find(None), Selection(text="no idea"))
        assert reading.busy
        while reading.busy:
            reading.work(0.0005)
        assert reading.progress == 1
        assert [item.row % 7 for item in reading.items] == [6] * 8
        limited = Reading(lab, lab.run_table.find(None), Selection(text="no idea"), limit=3)
        while limited.busy:
            limited.work(1)
        assert len(limited.items) == 3


def test_the_place_is_kept_when_the_selection_changes(project):
    project.rows(12)
    project.run()
    with project.lab() as lab:
        reading = Reading(lab, lab.run_table.find(None))
        reading.go(9)
        reading.choose(Selection(which="wrong"))
        assert reading.item.row == 9
        reading.choose(Selection(which="errors"))
        assert reading.item is None
        assert reading.open() == {}
        reading.choose(Selection())
        assert reading.item.row == 9
        with pytest.raises(InputError):
            reading.choose(Selection(variant="nobody"))
        assert len(reading.items) == 12
