"""Rows that ask the same share an outcome, and what a person says of one of them is not said of the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.people.findings import findings
from scansion.experiments.reading import Reading
from scansion.experiments.selection import Selection

ROWS = [{"id": "x", "number": 1, "answer": "2"}, {"id": "y", "number": 1, "answer": "5"}]


def run_on(project: Any, rows: list[dict[str, Any]]) -> None:
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run(prompts=["direct.txt"])


def views(lab: Any, run: str | None = None) -> dict[Any, Any]:
    return {view.example.target: view for view in lab.views(run)}


@pytest.fixture(params=["ids", "digests", "another column"])
def shared(project: Any, request: pytest.FixtureRequest) -> Any:
    """Two rows with one outcome: told apart by their ids, or by the digests of the rows."""
    rows = ROWS if request.param == "ids" else [{k: v for k, v in row.items() if k != "id"} for row in ROWS]
    more = [{"topic": "a"}, {"topic": "b"}] if request.param == "another column" else [{}, {}]
    run_on(project, [{**row, **extra} for row, extra in zip(rows, more, strict=True)])
    return project


def test_marks_tags_and_notes_are_said_of_one_row(shared: Any) -> None:
    with shared.lab() as lab:
        ann = lab.annotations.by("Ann")
        x, y = views(lab).values()
        assert x.key == y.key
        ann.mark(x, True)
        ann.tag(x, "fine")
        ann.note(x, "as it should be")
        ann.keep(x, "a.jsonl")
        said = ann.standing(x)
        assert (said.marks, said.all_tags, said.kept) == ({"Ann": True}, ("fine",), ("a.jsonl",))
        nothing = ann.standing(y)
        assert (nothing.marks, nothing.all_tags, nothing.notes, nothing.kept) == ({}, (), {}, ())
        found = findings(lab)
        assert [(item.row, item.disputed) for item in found.items] == [(0, False)]
        assert [(p.right, p.tagged, p.noted, p.acts) for p in found.people] == [(1, 1, 1, 4)]
        assert [tag.outcomes for tag in found.tags] == [1]
        assert [v.row for v in lab.views(tag="fine")] == [0]
        assert [v.row for v in lab.views(text="as it should")] == [0]


def test_both_rows_may_be_marked(shared: Any) -> None:
    with shared.lab() as lab:
        ann = lab.annotations.by("Ann")
        x, y = views(lab).values()
        ann.mark(x, True)
        ann.mark(y, False)
        assert (ann.standing(x).marks, ann.standing(y).marks) == ({"Ann": True}, {"Ann": False})
        [person] = findings(lab).people
        assert (person.right, person.wrong) == (1, 1)


def test_what_was_not_opened_is_not_read(shared: Any) -> None:
    with shared.lab() as lab:
        run, ann = lab.run_table.find(None), lab.annotations.by("Ann")
        reading = Reading(lab, run, annotations=ann)
        reading.remember(reading.open())
        assert (reading.read_count, ann.read_count()) == (1, 1)
        assert Reading(lab, run, annotations=ann).read_count == 1
        reading.go(1)
        reading.remember(reading.open())
        reading.remember(reading.open())
        assert (reading.read_count, ann.read_count()) == (2, 2)
        assert Reading(lab, run, annotations=ann).read_count == 2
        assert len(lab.annotations.all("read")) == 2


def test_a_mended_row_keeps_what_was_said_of_it(project: Any) -> None:
    run_on(project, [{"number": 1, "answer": "3"}, {"number": 4, "answer": "5"}])
    with project.lab() as lab:
        first = views(lab)["3"]
        lab.annotations.by("Ann").mark(first, True)
        lab.annotations.by("Ann").read(first)
    run_on(project, [{"number": 1, "answer": "2"}, {"number": 4, "answer": "5"}])
    with project.lab() as lab:
        mended = views(lab)["2"]
        assert mended.example.id != first.example.id
        assert lab.annotations.standing(mended).marks == {"Ann": True}
        assert lab.annotations.by("Ann").read_count() == 1
        assert [item.disputed for item in findings(lab).items] == [False]
        assert [item.disputed for item in findings(lab, "r1").items] == [True]


def test_variants_that_are_equal_share_what_was_said(project: Any) -> None:
    project.write("copy.txt", "Add one to {{number}}")
    project.run(prompts=["direct.txt", "copy.txt"])
    with project.lab() as lab:
        view = next(lab.views(variant="copy"))
        lab.annotations.by("Ann").mark(view, True)
        assert {v.variant for v in lab.views() if lab.annotations.standing(v).marks} == {"direct", "copy"}
        assert [p.right for p in findings(lab).people] == [1]


def test_search_finds_what_stands(project: Any) -> None:
    run_on(project, [{"id": f"n{i}", "number": i, "answer": str(i + 1)} for i in range(4)])
    with project.lab() as lab:
        ann = lab.annotations.by("Ann")
        one, two, three = list(lab.views())[:3]
        ann.tag(one, "slip")
        ann.tag(two, "slip")
        ann.untag(two, "slip")
        ann.note(three, "a slip of the pen")
        assert [v.row for v in lab.views(text="SLIP")] == [0, 2]
        ann.note(three, "")
        assert [v.row for v in lab.views(text="slip")] == [0]
        assert list(lab.views(text="+")) == []


def test_people_of_a_tag_are_those_for_whom_it_stands(project: Any) -> None:
    run_on(project, ROWS)
    with project.lab() as lab:
        view = next(lab.views())
        ann, bob = lab.annotations.by("Ann"), lab.annotations.by("Bob")
        ann.tag(view, "slip")
        bob.tag(view, "Slip")
        ann.untag(view, "slip")
        assert [(tag.tag, tag.people) for tag in findings(lab).tags] == [("Slip", ("Bob",))]


def test_a_tag_of_a_run_is_what_show_finds(project: Any) -> None:
    rows = [{"id": f"n{i}", "number": i, "answer": str(i + 1), "tags": ["hard"] * (i % 2)} for i in range(6)]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run(prompts=["direct.txt"])
    with project.lab() as lab:
        shown = {view.example.id for view in lab.views(tag="Hard")}
    own = project.run(prompts=["direct.txt"], only="tag=hard@r1")
    with project.lab() as lab:
        assert {view.example.id for view in lab.views(own.run)} == shown == {"n1", "n3", "n5"}
        assert not lab.run_table.find(own.run).context["only"]["by_result"]
        lab.annotations.by("Ann").tag(next(lab.views("r1", id="n2")), "HARD")
    given = project.run(prompts=["direct.txt"], only="tag=hard@r1")
    with project.lab() as lab:
        assert [view.example.id for view in lab.views(given.run)] == ["n1", "n2", "n3", "n5"]
        assert lab.run_table.find(given.run).context["only"]["by_result"]
        run = lab.run_table.find("r1")
        assert len(Reading(lab, run, Selection(tag="hard")).items) == 4
    with pytest.raises(InputError, match="no outcome of r1 is tagged 'hart'; did you mean 'hard'"):
        project.run(prompts=["direct.txt"], only="tag=hart@r1")
