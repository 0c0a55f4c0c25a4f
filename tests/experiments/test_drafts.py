"""Unfinished texts outlive the terminal, each person's for themselves."""

from __future__ import annotations

from typing import Any

import pytest

from scansion.experiments.people.drafts import Draft, Drafts


@pytest.fixture
def view(project: Any) -> Any:
    project.run()
    with project.lab() as lab:
        yield next(lab.views("r1"))


def test_a_draft_is_kept_until_it_is_entered(project: Any, view: Any) -> None:
    folder = project.folder / ".scansion"
    Drafts(folder, "Ann").save("note", view, "half a no")
    Drafts(folder, "Ann").save("note", view, "half a no\ud800te, ثم")
    Drafts(folder, "Bo").save("note", view, "another")
    found = Drafts(folder, "Ann")
    assert found.take("note", view) is not None
    assert found.take("target", view) is None
    found.save("note", view, "half a note")
    assert found.waiting("r1") == [Draft("note", view.example.id, "half a note")]
    assert found.waiting("r2") == []
    found.drop("note", view)
    found.drop("note", view)
    assert (found.take("note", view), Drafts(folder, "Bo").take("note", view)) == (None, "another")


def test_a_torn_file_and_a_folder_that_takes_none_cost_no_more_than_the_draft(project: Any, view: Any) -> None:
    drafts = Drafts(project.folder / ".scansion", "Ann")
    drafts.save("note", view, "whole")
    [file] = (project.folder / ".scansion" / "drafts").glob("*.json")
    file.write_text('{"author": "Ann"')
    assert (drafts.take("note", view), drafts.waiting("r1")) == (None, [])
    nowhere = Drafts(project.folder / "direct.txt", "Ann")
    nowhere.save("note", view, "lost")
    assert (nowhere.take("note", view), nowhere.waiting("r1")) == (None, [])
