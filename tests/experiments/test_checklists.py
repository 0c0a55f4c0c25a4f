"""A checklist in a run: every instruction of each prompt with its counts, also when a run is scored anew."""

import asyncio

import pytest

from scansion.experiments.rescore import rescore
from scansion.experiments.trying import try_

JUDGE = '''
import re

def judge(request):
    """Reads one kind of output not at all; says that short numbers break the second instruction."""
    asked = request.messages[-1].content
    count = len(re.findall(r"^\\d+\\. ", asked.split("</instructions>")[0], re.MULTILINE))
    text = asked.split("<text>\\n")[1].split("\\n</text>")[0]
    if text == "no idea":
        return "All is well."
    words = ["obeyed", "violated" if len(text) < 2 else "obeyed", "not exercised"]
    return "\\n".join(f"{i}: {words[i - 1]}" for i in range(1, count + 1))
'''


@pytest.fixture
def judged(project):
    project.write(f"judge_{project.model_name}.py", JUDGE)
    rules = "Answer with a number. Use two digits at least.\n\nIf asked for a joke, refuse.\n\nNumber: {{number}}"
    project.write("rules.txt", rules)
    return f"checklist(python:judge_{project.model_name}:judge)"


def counts(found):
    return {i.text: (i.obeyed, i.violated, i.not_exercised) for i in found.instructions}


def test_each_instruction_has_its_counts(project, judged):
    result = project.run(prompts=["rules.txt"], scorers=[judged, "numeric"], limit=20)
    [found] = result.checklists
    unread = sum(n % 7 == 6 for n in range(20))
    assert (found.outputs, found.unreadable) == (20, unread)
    assert result.variants[0].unscored_reasons == {"judge unreadable": unread}
    short = sum(n % 7 != 6 and len(str(n + bool(n % 3))) < 2 for n in range(20))
    read = 20 - unread
    assert counts(found) == {
        "Answer with a number.": (read, 0, 0),
        "Use two digits at least.": (read - short, short, 0),
        "If asked for a joke, refuse.": (0, 0, read),
    }
    second = found.instructions[1]
    assert second.share == pytest.approx((read - short) / read)
    assert second.interval[0] < second.share < second.interval[1]
    assert found.instructions[2].share is None
    assert result.variants[0].mean == pytest.approx((2 * read - short) / (2 * read))


def test_scoring_anew_reads_the_prompt_that_was_kept(project, judged):
    project.run(prompts=["rules.txt"], limit=5)
    (project.folder / "rules.txt").unlink()
    with project.lab() as lab:
        result = asyncio.run(rescore(lab, None, [judged]))
    assert result.checklists[0].instructions[0].text == "Answer with a number."
    assert result.variants[0].scored == 5


def test_a_try_reads_the_prompt_too(project, judged):
    [view] = try_(
        prompts=["rules.txt"],
        models=[project.model()],
        data="rows.jsonl",
        scorers=[judged],
        rows=["n10"],
        lab=project.folder / ".scansion",
    )
    assert (view.status, next(iter(view.scores.values())).value) == ("scored", 1.0)


def test_runs_without_one_have_none(project):
    assert project.run().checklists == []
