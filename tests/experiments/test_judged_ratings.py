"""A judge votes on the variants of a run, and the votes are rated."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scansion.cli import main
from scansion.errors import InputError
from scansion.experiments.rating.judged import JudgedRun, Judging, judge_preview, judge_run, write_votes
from scansion.experiments.rating.ratings import RatingTerms, rate
from scansion.report.rate import render

JUDGE = '''
import re
from scansion.errors import CallError

asked = []

def judge(request):
    """Prefers the right sum, whichever stands first; says A of those it does not like, and nothing of row 9."""
    text = request.messages[-1].content
    asked.append(text)
    number = int(re.search(r"(?:to|number:) (\\d+)", text)[1])
    a, b = (re.search(rf"<{side}>\\n(.*?)\\n", text)[1] for side in "AB")
    if number == 9:
        return "I cannot say."
    if number == 12:
        return "VERDICT: A"
    right = [answer == str(number + 1) for answer in (a, b)]
    return f"VERDICT: {'A' if right[0] and not right[1] else 'B' if right[1] and not right[0] else 'TIE'}"

def silent(request):
    return "Hm."

def broken(request):
    raise CallError("content_policy", "not that")
'''
TERMS = RatingTerms(rounds=100)


class Votes:
    """A run of two prompts on sums, of which `direct` gets every third wrong, and its judge."""

    def __init__(self, project: Any) -> None:
        self.project, self.name = project, f"judge_{project.model_name}"
        project.write(f"{self.name}.py", JUDGE)
        project.rows(30)
        project.run()

    def spec(self, name: str = "judge") -> str:
        return f"pairwise(model=python:{self.name}:{name})"

    def rate(self, spec: str | None = None, **more: Any) -> JudgedRun:
        with self.project.lab() as lab:
            return asyncio.run(judge_run(lab, None, spec or self.spec(), TERMS, Judging(**more)))

    @property
    def asked(self) -> list[str]:
        return list(sys.modules[self.name].asked)


@pytest.fixture
def judging(project: Any) -> Votes:
    return Votes(project)


def test_every_two_outputs_meet_in_both_orders(judging):
    found = judging.rate()
    told = found.ratings.judge
    # `direct` gets 8 sums wrong: of one of them the judge says nothing, and one it gives to whichever stands first
    assert (told.pairs, told.equal, told.missing, told.order, told.unreadable, told.calls) == (30, 22, 0, 1, 1, 16)
    assert {r.player: (r.wins, r.losses, r.ties) for r in found.ratings.ratings} == {
        "think": (6, 0, 23),
        "direct": (0, 6, 23),
    }
    assert found.ratings.ratings[0].player == "think"
    assert (found.ratings.unit, found.ratings.unreadable) == ("question", {"judge unreadable": 1})
    verdicts = {v.question: (v.winner, v.verdict) for v in found.votes}
    assert verdicts["n9"] == ("unreadable", "")
    assert verdicts["n12"] == ("tie", "order")
    assert verdicts["n1"] == ("tie", "equal")
    assert verdicts["n3"] == ("right", "")


def test_asking_again_asks_nothing(judging):
    first = judging.rate()
    before = len(judging.asked)
    again = judging.rate()
    assert len(judging.asked) == before
    assert again.votes == first.votes
    assert again.ratings.judge.recorded_calls == again.ratings.judge.calls == first.ratings.judge.calls


def asked_in(text: str) -> str:
    return text.partition("<asked>")[2].partition("</asked>")[0].strip()


def test_neither_prompt_is_shown_as_what_the_other_was_asked(judging):
    judging.rate()
    assert {asked_in(text) for text in judging.asked} == {f"user: number: {n}" for n in (0, 3, 9, 12, 15, 18, 21, 24)}


def test_a_prompt_that_both_answer_is_shown_as_it_was_sent(judging):
    judging.project.run(prompts=["direct.txt"], models=[judging.project.model(), f"python:{judging.name}:silent"])
    judging.rate()
    assert {asked_in(text) for text in judging.asked} == {f"user: Add one to {n}" for n in range(30)}


def test_votes_that_are_written_are_rated_alike(judging, tmp_path):
    found = judging.rate()
    for name in ("votes.csv", "votes.jsonl"):
        write_votes(str(tmp_path / name), found.votes)
        read = rate(tmp_path / name, TERMS)
        assert [(r.player, r.rating, r.wins, r.ties, r.unreadable) for r in read.ratings] == [
            (r.player, r.rating, r.wins, r.ties, r.unreadable) for r in found.ratings.ratings
        ]


def test_a_budget_ends_the_asking_and_more_goes_on(judging):
    with pytest.raises(InputError, match=r"the budget ended after \d+ of 8 pairs .* goes on from there"):
        judging.rate(budget="6calls")
    assert len(judging.asked) == 6
    judging.rate(budget="10calls")
    assert len(judging.asked) == 16


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("numeric", "compares no two outputs"),
        ("pairwise($number, model=a/b)", "without a column"),
        ("panel(pairwise($number, model=a/b), pairwise(model=a/b))", "without a column"),
        ("pairwise", "which model judges. Name it"),
        ("panel(pairwise(model=pocket/small), pairwise)", "a judge of the panel names no model. Name it"),
        ("pairwise(model=openai/gpt-5-mini)", "no key for openai"),
        (
            "silent",
            r"8 pairs \(16 calls\): the judge gives none of A, B, tie: 'Hm.'.*; ask .* \(prompt=FILE\), or",
        ),
        ("broken", "could not judge 8 of 8 pairs .content_policy: not that."),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_line(judging, monkeypatch, spec, why):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError, match=why) as found:
        judging.rate(judging.spec(spec) if spec in ("silent", "broken") else spec)
    assert "\n" not in str(found.value)


def test_a_preview_counts_the_calls_to_come(judging):
    with judging.project.lab() as lab:
        before = asyncio.run(judge_preview(lab, None, judging.spec()))
        assert (before.rows, before.calls, before.held) == (8, 16, 0)
        many = asyncio.run(judge_preview(lab, None, f"panel({judging.spec()}, {judging.spec('silent')})"))
        assert many.calls == 32
    assert judging.name not in sys.modules or not judging.asked
    judging.rate()
    with judging.project.lab() as lab:
        after = asyncio.run(judge_preview(lab, None, judging.spec()))
        assert (after.calls, after.held) == (0, 16)
        priced = asyncio.run(judge_preview(lab, None, "pairwise(model=pocket/small)"))
        assert priced.cost_usd > 0


class Keyboard(io.StringIO):
    def isatty(self):
        return True


def test_a_costly_judging_asks_first(judging, monkeypatch):
    monkeypatch.setattr("scansion.cli._watch._ASK_ABOVE", 0.0)
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    monkeypatch.setattr("sys.stderr", said := Keyboard())
    assert main(["rate", "--judge", "pairwise(model=pocket/small)"]) == 2
    assert "16 calls, about" in said.getvalue()
    assert "nothing was asked; --budget bounds the cost, --yes skips this question" in said.getvalue()
    monkeypatch.setattr("sys.stderr", said := Keyboard())
    assert main(["rate", "--judge", judging.spec(), "--yes"]) == 0
    assert "Go on?" not in said.getvalue()


def test_who_watches_hears_how_far_it_is(judging):
    told = []
    judging.rate(watch=told.append)
    assert told
    assert {each.total for each in told} == {8}


def test_a_panel_of_judges_votes_too(judging):
    found = judging.rate(f"panel({judging.spec()}, {judging.spec()}, {judging.spec('silent')})")
    assert found.ratings.ratings[0].player == "think"
    assert found.ratings.judge.unreadable == 1
    # of each of the two that can be read one verdict changes
    assert found.ratings.judge.panel_order == 2
    assert "2 verdicts of single judges changed with the order" in " ".join(render(found.ratings).split())


def test_votes_are_written_though_no_verdict_was_readable(judging, capsys):
    assert main(["rate", "--judge", judging.spec("silent"), "-o", "votes.csv"]) == 2
    said = capsys.readouterr().err
    assert "votes.csv" in said
    assert "no readable verdict" in said
    assert Path("votes.csv").read_text(encoding="utf-8").count("unreadable") == 8


def test_an_interrupted_judging_says_how_it_goes_on(judging, capsys, monkeypatch):
    async def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scansion.experiments.rating.judged.judge_run", stopped)
    assert main(["rate", "--judge", judging.spec()]) == 130
    assert "interrupted: the same command goes on where it stopped" in capsys.readouterr().err


def test_one_variant_cannot_be_rated(judging):
    judging.project.run(prompts=["direct.txt"])
    with pytest.raises(InputError, match="has one variant, 'direct', and rating takes two"):
        judging.rate()


def test_the_command_tells_what_the_judge_was_asked(judging, capsys):
    assert main(["rate", "--judge", judging.spec(), "-o", "votes.csv", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["judge"]["order"] == 1
    assert main(["rate", "votes.csv"]) == 0
    assert "judged by" not in capsys.readouterr().out
    text = " ".join(render(judging.rate().ratings).split())
    assert "8 pairs, 16 calls, 16 of them answered from the lab" in text
    assert "1 verdict (12%) changed with the order and count as ties" in text


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "name a file of votes"),
        (["votes.csv", "--budget", "1usd"], "--budget is for the votes of a judge"),
        (["votes.csv", "--yes"], "--yes is for the votes of a judge"),
        (["--judge", "pairwise(model=a/b)", "--left", "x"], "--left names a column"),
        (["--judge", "pairwise(model=a/b)", "-o", "votes.txt"], "written as .csv, .tsv or .jsonl"),
        (["--judge", "pairwise(model=a/b)", "--unit", "voter"], "one voter"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_asked(judging, capsys, arguments, why):
    assert main(["rate", *arguments]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1
