"""Answers to plain questions, in every report: looks at a test set, the cheapest, agreement, each instruction."""

import io

import pytest

from scansion.experiments.results import Agreement, ChecklistResult, InstructionResult, Looks, Saving
from scansion.report import html, markdown, sentences, table


def everywhere(result):
    """The reports of a result, each as one line."""
    page = io.StringIO()
    html.write(result, (), page)
    return [" ".join(text.split()) for text in (table.render(result), markdown.render(result), page.getvalue())]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "first"),
        (3, "third"),
        (10, "tenth"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (22, "22nd"),
        (23, "23rd"),
        (111, "111th"),
        (1002, "1002nd"),
    ],
)
def test_looks_are_counted_in_words(count, said):
    assert sentences.looks(Looks(count, True)) == [f"{said} look at this test set"]


def test_looks_stand_in_every_report(build):
    for text in everywhere(build.result(looks=Looks(3, True))):
        assert "third look at this test set" in text
    for text in everywhere(build.result(looks=Looks(1, False))):
        assert "no new look at this test set: 1 look so far" in text
    for text in everywhere(build.result()):
        assert "look at" not in text


def test_the_cheapest_is_named_with_what_it_saves(build):
    from msgspec import structs

    made = build.result(volume="2e6/month", savings=[Saving("direct", 5.0, "steps | vote(5)", 1.25)])
    costs = zip(made.variants, (10_000.0, 2_500.0), strict=True)
    result = structs.replace(made, variants=[structs.replace(v, usd_per_month=usd) for v, usd in costs])
    said = "1.25 USD per 1,000 outcomes instead of 5.00, 75% less; at 2e6/month: 2,500 USD a month instead of 10,000"
    for text in everywhere(result):
        assert "is the cheapest that is not worse than" in text
        assert said in text
        assert "USD/month" in text


def test_that_nothing_is_cheaper_is_said(build):
    for text in everywhere(build.result(savings=[Saving("direct", 5.0)])):
        assert "nothing cheaper than" in text


def test_the_agreement_of_people(build):
    found = Agreement("direct", "steps | vote(5)", 40, 0.8, (0.65, 0.9), 0.612, (0.35, 0.87))
    for text in everywhere(build.result(agreements=[found])):
        assert "80.0%" in text
        assert "of 40 answers equal, Cohen's kappa 0.61" in text.replace("&#x27;", "'")
    alike = Agreement("a", "b", 3, 1.0, None, None, None)
    assert sentences.remarks(build.result(agreements=[alike]))[0].endswith(
        "Cohen's kappa is not defined (both gave one same answer throughout)"
    )


def test_each_instruction_stands_in_every_report(build):
    items = [
        InstructionResult("Answer with a *number* | only.", 18, 2, 0, 0.9, (0.7, 0.97)),
        InstructionResult("Refuse <b>rude</b> questions, and say in a few words why you do so.", 0, 0, 20, None, None),
    ]
    checklist = ChecklistResult("checklist(pocket/small)", "steps | vote(5)", 25, 5, items)
    result = build.result(checklists=[checklist])
    for text in everywhere(result):
        assert "5 of 25 judgements unreadable" in text
        assert "90.0%" in text
    assert not any("<b>" in text for text in everywhere(result)[1:])
    assert max(map(len, table.render(result).splitlines())) <= 80
    assert r"| Answer with a \*number\* \| only. | 18 | 2 | 0 | 90.0% | [70.0, 97.0] |" in markdown.render(result)
