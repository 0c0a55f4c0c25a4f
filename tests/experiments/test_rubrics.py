"""A rubric is drafted from one half of the marks and measured on the other."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.people.rubrics import RubricTerms, draft_rubric
from scansion.experiments.plan import Options
from scansion.experiments.rescore import rescore
from scansion.scorers._rubric import write_rubric

JUDGE = '''
import re
from scansion.errors import CallError
from scansion.types import Completion

shown, judged = [], []

def model(request):
    """Drafts; judges as the person does, but for the rows 8 (wrongly) and 5 (unreadably)."""
    text = request.messages[-1].content
    if "<outcome number" in text:
        shown.append(text)
        return "```markdown\\n- Is it one more?\\n```"
    number = int(re.search(r"Add one to (\\d+)", text)[1])
    judged.append(text)
    if number == 5:
        return "I cannot say."
    said = re.search(r"\\d+", text.rsplit("<output>", 1)[1])
    right = bool(said) and int(said[0]) == number + 1
    return f"So.\\nVERDICT: {'PASS' if right != (number == 8) else 'FAIL'}"

def silent(request):
    return " "

def cut(request):
    return Completion("- Is", finish_reason="length")

def vague(request):
    return "- Is it one more?" if "<outcome number" in request.messages[-1].content else "Perhaps."

def broken(request):
    if "<outcome number" in request.messages[-1].content:
        return "- Is it one more?"
    raise CallError("content_policy", "not that")
'''


@pytest.fixture
def marked(project: Any) -> Any:
    """The outcomes of `direct` marked by Ann as the scorer does."""
    project.write(f"judge_{project.model_name}.py", JUDGE)
    project.run()
    mark(project, 60)
    return project


def mark(project: Any, count: int, author: str = "Ann") -> None:
    with project.lab() as lab:
        for view in lab.views("r1", variant="direct", limit=count):
            lab.annotations.by(author).mark(view, view.status == "scored" and not view.wrong)


def terms(project: Any, model: str = "model", **fields: Any) -> RubricTerms:
    return RubricTerms(model=f"python:judge_{project.model_name}:{model}", person="Ann", **fields)


def draft(project: Any, *words: str, name: str | None = None, **fields: Any) -> Any:
    with project.lab() as lab:
        return asyncio.run(draft_rubric(lab, name, terms(project, *words, **fields), Options(tries=1)))


def judge_of(project: Any) -> Any:
    import importlib

    return importlib.import_module(f"judge_{project.model_name}")


def test_agreement_is_measured_on_outcomes_that_the_draft_was_not_shown(marked):
    report = draft(marked)
    module = judge_of(marked)
    [shown] = module.shown
    assert (report.right, report.wrong, report.shown, report.held_out) == (35, 25, 30, 30)
    assert shown.count("<outcome number") == 30
    asked = {line for line in shown.splitlines() if line.startswith("user: Add one")}
    held = {line for text in module.judged for line in text.splitlines() if line.startswith("user: Add one")}
    assert len(asked) == len(held) == 30
    assert not asked & held
    assert report.text == "- Is it one more?"
    differing = {d.example: (d.person, d.judge) for d in report.disagreements}
    expected = {"n8": ("right", "wrong"), "n5": ("right", "unreadable")}
    assert differing.items() <= expected.items()
    assert report.unreadable == ("n5" in differing)
    assert report.agreement.n == 30 - report.unreadable
    assert report.agreement.equal == 1 - ("n8" in differing) / report.agreement.n
    assert report.agreement.kappa is not None
    assert not report.by_chance
    assert report.calls == 31


def test_calls_are_recorded_and_no_run_is_made(marked):
    first = draft(marked)
    again = draft(marked)
    assert (again.text, again.agreement) == (first.text, first.agreement)
    assert len(judge_of(marked).shown) == 1
    assert len(judge_of(marked).judged) == 30
    with marked.lab() as lab:
        assert [run.id for run in lab.runs()] == ["r1"]


def test_the_rubric_is_a_scorer_that_reuses_what_was_judged(marked):
    report = draft(marked)
    write_rubric(marked.folder / "rubric.md", report.file())
    with marked.lab() as lab:
        result = asyncio.run(rescore(lab, "r1", ["rubric(rubric.md)"]))
    assert result.calls_made == 120 - 30
    assert result.variants[0].judge_calls == 60
    assert result.variants[0].unscored_reasons == {"judge unreadable": 1}
    assert result.variants[0].wrong == 26


def test_a_mended_rubric_is_measured_on_what_the_draft_was_not_shown(marked):
    kept = draft(marked).file()
    mended = type(kept)(kept.text + " Be strict.", kept.facts)
    report = draft(marked, rubric=mended)
    assert (report.shown, report.held_out, report.text) == (0, 30, "- Is it one more? Be strict.")
    assert report.file().facts["shown"] == kept.facts["shown"]
    by_hand = draft(marked, rubric=type(kept)("Is it one more?"))
    assert (by_hand.drafted_by, by_hand.file().drafted) == ("", False)
    assert by_hand.held_out == 60


@pytest.mark.parametrize("right", [115, 160, 190])
def test_a_draft_is_shown_both_marks(project, right):
    """However many there are of each, up to half of what it is shown is of one."""
    project.write(f"judge_{project.model_name}.py", JUDGE)
    project.rows(200)
    project.run(prompts=["think.txt"])
    with project.lab() as lab:
        for view in lab.views("r1"):
            lab.annotations.by("Ann").mark(view, view.row < right)
    report = draft(project)
    [shown] = judge_of(project).shown
    wrong = min(15, (200 - right) // 2)
    assert (report.shown, report.held_out) == (30, 100)
    assert (shown.count('mark="RIGHT"'), shown.count('mark="WRONG"')) == (30 - wrong, wrong)
    marks = re.findall(r'mark="(\w+)"', shown)
    assert marks not in (sorted(marks), sorted(marks, reverse=True))


def test_a_draft_is_shown_the_prompts_that_were_marked(project):
    project.write(f"judge_{project.model_name}.py", JUDGE)
    project.run()
    with project.lab() as lab:
        for view in lab.views("r1", variant="think"):
            lab.annotations.by("Ann").mark(view, view.row % 2 == 0)
    draft(project)
    with project.lab() as lab:
        for view in lab.views("r1", variant="direct", limit=12):
            lab.annotations.by("Ann").mark(view, view.row % 2 == 0)
    draft(project)
    alone, both = judge_of(project).shown
    prompts = [re.findall(r"<prompt>\n(.*)\n</prompt>", text) for text in (alone, both)]
    assert prompts == [["Think. Add one to {{number}}"], ["Think. Add one to {{number}}", "Add one to {{number}}"]]
    parts = [re.findall(r"^user: (Think)?", part, re.MULTILINE) for part in both.split("<prompt>")[1:]]
    assert [set(part) for part in parts] == [{"Think"}, {""}]
    numbers = [int(number) for number in re.findall(r'<outcome number="(\d+)"', both)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_check_leaves_out_what_was_shown_in_whatever_run(marked):
    kept = draft(marked).file()
    shown = {each["id"] for each in kept.facts["shown"]}
    assert len(shown) == 30
    marked.write("new.txt", "Once more. Add one to {{number}}")
    lines = [json.loads(line) for line in (marked.folder / "rows.jsonl").read_text().splitlines()]
    marked.write("others.jsonl", "".join(json.dumps({**line, "topic": "sums"}) + "\n" for line in lines))
    marked.run(prompts=["new.txt"], data="others.jsonl")
    with marked.lab() as lab:
        for view in lab.views("r2"):
            lab.annotations.by("Ann").mark(view, not view.wrong)
        [one] = [view for view in lab.views("r1", variant="direct") if view.example.id == min(shown)]
        lab.annotations.by("Ann").mark(one, None)
    assert {len(judge_of(marked).judged), draft(marked, rubric=kept).held_out} == {30}
    assert draft(marked, rubric=kept, name="r2").held_out == 30
    asked = "".join(judge_of(marked).judged)
    assert not [id for id in shown if f"Add one to {id[1:]}\n" in asked]


def test_rows_of_equal_inputs_stand_on_one_side(project):
    project.write(f"judge_{project.model_name}.py", JUDGE)
    rows = [{"id": f"{side}{i}", "number": i, "answer": str(i + 1)} for i in range(20) for side in "ab"]
    project.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    project.run(prompts=["direct.txt"])
    with project.lab() as lab:
        for view in lab.views("r1"):
            lab.annotations.by("Ann").mark(view, view.row % 4 > 1)
    shown = {each["id"][1:] for each in draft(project).file().facts["shown"]}
    judged = {re.search(r"Add one to (\d+)", text)[1] for text in judge_of(project).judged}
    assert len(shown) == len(judged) == 10
    assert not shown & judged


def test_a_rubric_whose_examples_were_changed_is_one_line(marked):
    kept = draft(marked).file()
    for shown in (["0" * 32], "all", [{"id": "n1"}]):
        with pytest.raises(InputError, match="`shown` is not as `scansion rubric` wrote it"):
            draft(marked, rubric=type(kept)(kept.text, {**kept.facts, "shown": shown}))


@pytest.mark.parametrize(("count", "missing"), [(0, 30), (29, 1)])
def test_too_few_marks_are_counted(project, count, missing):
    project.write(f"judge_{project.model_name}.py", JUDGE)
    project.run()
    mark(project, count)
    with pytest.raises(
        InputError, match=f"Ann marked {count} outcomes of r1, and a rubric needs 30: {missing} are missing"
    ):
        draft(project)


def test_both_marks_are_needed(marked):
    with marked.lab() as lab:
        for view in lab.views("r1", variant="direct"):
            lab.annotations.by("Ann").mark(view, True)
    with pytest.raises(InputError, match="marked 0 wrong, and a rubric needs 4 of each: 4 are missing"):
        draft(marked)


def test_whose_marks_count_is_said_where_several_marked(marked):
    mark(marked, 40, "Bob")
    with (
        marked.lab() as lab,
        pytest.raises(InputError, match=r"Ann, Bob marked outcomes of r1; say whose .* --as NAME"),
    ):
        asyncio.run(draft_rubric(lab, None, RubricTerms(model="pocket/small")))


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("silent", "drafted nothing"),
        ("cut", "was cut off"),
        ("vague", "no readable verdict on any of 30 held-out outcomes .*'Perhaps.'.*; try another judge"),
        ("broken", "could not judge 30 of 30 held-out outcomes .content_policy: .*; the same command asks these again"),
    ],
)
def test_a_model_that_fails_is_one_line(marked, model, why):
    with pytest.raises(InputError, match=why):
        draft(marked, model)


def test_a_budget_holds_and_what_it_paid_for_is_kept(marked):
    with pytest.raises(InputError, match="after 9 of 30 held-out outcomes were judged, and nothing was written"):
        draft(marked, budget="10calls")
    assert len(judge_of(marked).judged) == 9
    assert draft(marked, budget="21calls").held_out == 30
    assert len(judge_of(marked).judged) == 30
