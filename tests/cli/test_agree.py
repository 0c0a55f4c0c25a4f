"""`scansion agree` as a user types it."""

import csv
import random

import pytest


@pytest.fixture
def labels(project):
    """A table: 40 of 300 rows labelled by a person, all by a judge, three of these unreadably; verdicts and lengths."""
    random.seed(6)
    with (project / "labels.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "gold", "judge", "swapped", "la", "lb"])
        for i in range(300):
            gold = random.choice("12")
            said = gold if random.random() < 0.9 else random.choice("12")
            again = "2" if random.random() < 0.2 else {"1": "2", "2": "1"}[said]
            row = [
                i,
                gold if i < 40 else "",
                said if i % 100 else "n/a",
                again,
                random.randint(1, 90),
                random.randint(1, 90),
            ]
            writer.writerow(row)
    return project


def test_everything_about_a_judge_in_80_columns(scansion, labels):
    words = ("agree", "labels.csv", "--human", "gold", "--judge", "judge", "--labels", "1,2", "--swapped", "swapped")
    done = scansion(*words, "--length-a", "la", "--length-b", "lb", "--correct", "--positive", "1")
    assert (done.code, done.err) == (0, "")
    for said in (
        "Cohen's kappa",
        "Krippendorff's alpha",
        "unscored: 1, n/a (1)",
        "without a judge",
        "the longer",
        "always 1",
    ):
        assert said in done.out
    for said in ("same output both times", "at equal length", "corrected", "narrower than the labels' alone"):
        assert said in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "not labelled by gold, and not counted: 260 rows" in done.out


def test_the_document_is_what_python_gets(scansion, labels):
    import scansion as package

    found = scansion("agree", "labels.csv", "--a", "gold", "--b", "judge", "--labels", "1,2", "--json").json
    own = package.agree("labels.csv", a="gold", b="judge", labels=("1", "2"))
    assert found["pairs"][0]["kappa"] == own.pairs[0].kappa
    assert found["pairs"][0]["unreadable"] == {"n/a": 1}
    assert found["rows"] == 300


def test_several_raters_and_the_long_form(scansion, labels):
    rows = [f"{i},{who},{(i * k) % 3}" for i in range(12) for k, who in enumerate(("ann", "bob", "cleo"), 1)]
    (labels / "long.csv").write_text("item,who,mark\n" + "\n".join(rows) + "\n")
    words = ("agree", "long.csv", "--item", "item", "--rater", "who", "--label", "mark")
    done = scansion(*words, "--scale", "ordinal")
    assert done.code == 0
    for said in ("ann with bob", "3 raters", "Fleiss' kappa", "Krippendorff's alpha, ordinal", "12 items: below 20"):
        assert said in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["labels.csv"], "whose labels are compared"),
        (["labels.csv", "--a", "gold", "--b", "judg"], "did you mean 'judge'?"),
        (["lables.csv", "--a", "gold", "--b", "judge"], "did you mean 'labels.csv'?"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--alpha", "2"], "--alpha lies between 0 and 1"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--positive", "1"], "--positive is for --correct"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--mapped"], "--mapped is about --swapped"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--map", "x"], "NAME=VALUE"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--swapped", "la"], "--pair"),
        (["labels.csv", "--a", "gold", "--b", "judge", "-s", "exact"], "--scorer is for a run"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--correct", "--positive", "3"], "no label in gold"),
        (["labels.csv", "--a", "gold", "--b", "judge", "--correct", "--group", "swapped"], "clusters have a"),
        (["labels.csv", "--raters", "gold"], "two or more different columns"),
        (["--swapped", "x"], "--swapped is for a table"),
        ([], "no lab"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(scansion, labels, words, said):
    done = scansion("agree", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_the_marks_of_a_run(scansion, project):
    scansion("run", "experiment.yaml")
    done = scansion("agree")
    assert done.code == 2
    assert "mark some in `scansion show r1` with m" in done.err
    assert scansion("agree", "nosuch").code == 2
    from scansion.experiments.lab import Lab

    with Lab.find(project / ".scansion") as lab:
        for view in lab.views(variant="direct"):
            lab.annotations.by("ann").mark(view, view.row < 5)
    done = scansion("agree", "r1", "--correct", "--human", "ann")
    assert done.code == 0
    for said in (
        "agreement in r1",
        "numeric agrees with ann on 9 of 10",
        "marked by chance",
        "10 items have a human label",
    ):
        assert said in done.out


def test_names_and_options_that_nothing_uses_are_refused_in_one_line(scansion, labels):
    from scansion.experiments.lab import Lab

    assert scansion("run", "experiment.yaml").code == 0
    with Lab.find() as lab:
        for view in lab.views(variant="direct"):
            lab.annotations.by("Ann").mark(view, True)
    table = ("agree", "labels.csv", "--human", "gold", "--judge", "judge")
    for words, said in [
        (("agree", "r1", "--human", "nobody"), "no outcome is marked by 'nobody'; known: Ann"),
        (("agree", "r1", "--judge", "x"), "--judge is for a table of labels"),
        ((*table, "--pair", "1,2"), "--pair names the labels of two outputs for --swapped"),
        ((*table, "--map", "x=1"), "--map x=1 changes nothing: no such label is there; there are"),
        (("agree", "labels.csv", "--raters", "gold,judge", "--pair", "1,2"), "--pair is for two columns"),
    ]:
        done = scansion(*words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
        assert len(done.err.splitlines()) == 1
    assert scansion("agree", "r1", "--human", "Ann").code == 0
