"""Versions of a prompt with their evidence: which runs used which, verdicts between them, the card."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scansion.data import DataSpec
from scansion.errors import InputError
from scansion.experiments.evidence.card import card
from scansion.experiments.evidence.difference import diff
from scansion.experiments.evidence.evidence import Shelf
from scansion.experiments.evidence.lineage import log
from scansion.prompts import load
from scansion.report.card import render
from scansion.report.versions import diff_text, log_text

DIRECT, THINK = "Add one to {{number}}", "Think. Add one to {{number}}"


def git(*words: str) -> None:
    author = ["-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *words], capture_output=True, check=True)


def run(project: Any, **fields: Any) -> Any:
    return project.run(**{"prompts": ["a.txt"], **fields})


@pytest.fixture
def versions(project: Any) -> Any:
    """A file of which two versions were run one after the other: the first misses every third number."""
    project.write("a.txt", DIRECT)
    run(project)
    project.write("a.txt", THINK)
    run(project)
    return project


def test_each_version_has_its_runs_and_the_newer_its_verdict(versions: Any) -> None:
    with versions.lab() as lab:
        found = log("a.txt", lab)
    new, old = found.versions
    assert (new.working, old.working) == (True, False)
    assert [e.run for v in (new, old) for e in v.evidence] == ["r2", "r1"]
    [evidence] = new.evidence
    assert (evidence.technique, evidence.scorer, evidence.data) == ("as-is", "numeric", "rows.jsonl")
    assert evidence.against == old.version
    assert evidence.verdict is not None
    assert evidence.verdict.flips == (0, 17)
    assert old.evidence[0].verdict is None


def test_the_verdict_is_that_of_comparing_the_runs(versions: Any) -> None:
    from scansion.experiments.compare import compare_runs

    with versions.lab() as lab:
        verdict = log("a.txt", lab).versions[0].evidence[0].verdict
        [compared] = compare_runs(lab, "r1", "r2").comparisons
    assert verdict is not None
    assert (verdict.difference, verdict.interval, verdict.verdict) == (
        compared.difference,
        compared.interval,
        compared.verdict,
    )


def test_a_run_on_chosen_rows_stands_for_no_version(versions: Any) -> None:
    versions.write("a.txt", "Think twice. Add one to {{number}}")
    run(versions, only="wrong@r1")
    versions.write("a.txt", THINK)
    run(versions, only="id=n1,n2")
    with versions.lab() as lab:
        found = {v.version: v for v in log("a.txt", lab).versions}
        texts = log_text(log("a.txt", lab)), render(card("a.txt", lab))
        shelf = Shelf(lab)
        chosen = next(use.version for use in shelf.uses if use.run.label == "r3")
        difference = diff(chosen, "a.txt", lab)
    assert (found[chosen].evidence, found[chosen].chosen) == ([], ["r3"])
    [evidence] = found[shelf.of_version(load("a.txt").version)[0].version].evidence
    assert (evidence.runs, evidence.figures.n) == (["r2"], 60)
    assert "no run in the lab but on chosen rows (r3)" in texts[0]
    assert "| r4 |" not in texts[1]
    assert (difference.pairs, difference.a.chosen, difference.b.chosen) == ([], ["r3"], ["r4"])
    assert "the lab has no run of a but on chosen rows (r3)" in " ".join(diff_text(difference).split())


def test_equal_runs_stand_once(versions: Any) -> None:
    run(versions)
    run(versions, limit=5)
    with versions.lab() as lab:
        [evidence] = log("a.txt", lab).versions[0].evidence
    assert evidence.run == "r3"
    assert evidence.runs == ["r4", "r3", "r2"]
    assert evidence.figures.n == 60


def test_other_techniques_models_and_scorers_are_not_compared(versions: Any) -> None:
    versions.write("a.txt", THINK + " now, and it is 1")
    run(versions, models=[versions.model("fails")])
    versions.write("a.txt", THINK + " now, and it is 2")
    run(versions, scorers=["exact"])
    with versions.lab() as lab:
        found = log("a.txt", lab).versions
    assert [e.verdict for v in found[:2] for e in v.evidence] == [None, None]


def test_a_version_is_compared_with_the_nearest_that_was_run_on_its_rows(versions: Any) -> None:
    versions.write("a.txt", THINK + ", number {{number}}")
    versions.write("other.jsonl", '{"number": 3, "answer": "4"}\n')
    run(versions, data="other.jsonl")
    versions.write("a.txt", "Think hard. Add one to {{number}}")
    run(versions)
    with versions.lab() as lab:
        newest, _, second, _ = log("a.txt", lab).versions
    assert newest.evidence[0].against == second.version


def test_rows_that_are_not_the_same_any_more_are_not_paired(versions: Any) -> None:
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    rows[3]["answer"], rows[4]["answer"] = "9", "9"
    versions.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    versions.write("a.txt", "Think hard. Add one to {{number}}")
    run(versions)
    with versions.lab() as lab:
        [evidence] = log("a.txt", lab).versions[0].evidence
    assert evidence.verdict is None
    assert evidence.apart == "2 rows of r2 had another target or input than in r3"


def test_rows_that_were_added_leave_the_others_to_pair(versions: Any) -> None:
    versions.rows(70)
    versions.write("a.txt", "Think hard. Add one to {{number}}")
    run(versions)
    with versions.lab() as lab:
        [evidence] = log("a.txt", lab).versions[0].evidence
    assert evidence.verdict is not None
    assert evidence.verdict.n == 60


def test_versions_come_from_git_and_from_runs_in_one_order(versions: Any) -> None:
    versions.write("a.txt", DIRECT)
    git("init", "-q")
    git("add", "a.txt")
    git("commit", "-q", "-m", "begin")
    git("mv", "a.txt", "b.txt")
    git("commit", "-q", "-m", "rename")
    versions.write("b.txt", THINK + "!")
    git("commit", "-q", "-a", "-m", "louder")
    versions.write("b.txt", THINK + "!!")
    with versions.lab() as lab:
        found = log("b.txt", lab).versions
        [one] = log("b.txt", lab, most=1).versions
    assert [(v.subject, v.working) for v in found] == [("", True), ("louder", False), ("begin", False)]
    assert [e.run for e in found[2].evidence] == ["r1"]
    assert log("b.txt", None, most=1).older == 2
    assert one.version == found[0].version


def test_a_version_that_came_back_stands_where_it_is_newest(versions: Any) -> None:
    git("init", "-q")
    for text, subject in ((DIRECT, "begin"), (THINK, "think"), (DIRECT, "back")):
        versions.write("a.txt", text)
        git("add", "a.txt")
        git("commit", "-q", "-m", subject)
    with versions.lab() as lab:
        back, think, begin = log("a.txt", lab).versions
    assert (back.working, begin.again) == (True, back.commit)
    assert begin.evidence == []
    assert [e.against for v in (back, think) for e in v.evidence] == [think.version, begin.version]


def test_diff_takes_files_and_digests(versions: Any) -> None:
    with versions.lab() as lab:
        old = log("a.txt", lab).versions[1].version
        found = diff(old[:6], "a.txt", lab, data=DataSpec(path="rows.jsonl"), id="n7")
        [(mine, theirs)] = found.pairs
        assert found.a.prompt.template == DIRECT
        assert (mine.run, theirs.run) == ("r1", "r2")
        assert theirs.verdict is not None
        assert (theirs.verdict.a, theirs.verdict.b) == (old[:6], "a.txt")
        assert found.rendered is not None
        assert found.rendered.b is not None
        assert found.rendered.b.messages[0].content == "Think. Add one to 7"
        with pytest.raises(InputError, match="no version that begins so"):
            diff("abcdef", "a.txt", lab)


def test_diff_renders_a_row_of_the_last_run_where_none_is_given(versions: Any) -> None:
    with versions.lab() as lab:
        old = log("a.txt", lab).versions[1].version
        found = diff(old, "a.txt", lab)
    assert found.rendered is not None
    assert found.rendered.label == "n0 of rows.jsonl (run r2)"


def test_a_variable_that_rows_lack_is_said(versions: Any) -> None:
    versions.write("b.txt", "Add {{step}} to {{number}}")
    with versions.lab() as lab:
        assert diff("a.txt", "b.txt", lab).rendered is None
        with pytest.raises(InputError, match="step"):
            diff("a.txt", "b.txt", lab, data=DataSpec(path="rows.jsonl"))


def test_a_beginning_of_several_versions_is_refused(versions: Any) -> None:
    with versions.lab() as lab:
        shelf = Shelf(lab)
        with pytest.raises(InputError, match="begins several versions"):
            shelf.find("")


def test_a_version_is_found_by_the_digest_with_a_techniques_edits(versions: Any) -> None:
    run(versions, techniques=["shots(2)"])
    with versions.lab() as lab:
        shelf = Shelf(lab)
        edited = shelf.uses[0].edited
        found = diff("a.txt", edited[:8], lab)
    assert edited != shelf.uses[0].version
    assert [(c.key, c.kind, c.b) for c in found.changes] == [("shots", "added", "shots(2, by=first)")]


def test_the_card_tells_what_the_lab_knows(versions: Any) -> None:
    run(versions, techniques=["as-is", "shots(2)"])
    with versions.lab() as lab:
        views = list(lab.views("r1", which="wrong", limit=3))
        lab.annotations.by("ana").tag(views[0], "off by one")
        lab.annotations.by("bo").tag(views[1], "Off by one")
        new = card("a.txt", lab)
        old = card(log("a.txt", lab).versions[1].version[:8], lab)
    assert [(i.name, i.kind, i.example) for i in new.inputs] == [("number", "text", 0)]
    assert [e.technique for e in new.side.evidence] == ["as-is", "shots(2)"]
    assert next((s.asked.content, s.answered.content) for s in new.shots) == ("Think. Add one to 1", "2")
    assert new.shots_from == "shots(2) in r3"
    assert new.failures.wrong == []
    assert old.failures.tags == {"off by one": 2}
    assert len(old.failures.wrong) == 3


def test_a_card_of_a_version_that_was_not_run_names_the_last_that_was(versions: Any) -> None:
    versions.write("a.txt", "Something new about {{number}}")
    with versions.lab() as lab:
        found = card("a.txt", lab)
    assert found.side.evidence == []
    assert found.better_known is not None
    assert [e.run for e in found.better_known.evidence] == ["r2"]
