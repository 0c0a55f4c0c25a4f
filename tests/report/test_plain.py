from scansion.report.plain import example_text, grouped, own_message, request_text
from scansion.report.text import cells
from scansion.types import Message, Request, Sampling, Score


def test_two_variants_stand_side_by_side(views):
    text = example_text(views[2:4], 80)
    assert "[direct] wrong                         | [steps | vote(5)] right" in text
    assert all(cells(line) <= 110 for line in text.splitlines())
    assert "numeric: 0 (answer 1; not 7)" in text
    assert "--- user\n  What is 6 + 1?" in text
    assert "\x1b" not in text


def test_more_variants_follow_one_another(views):
    text = example_text([*views[2:4], views[2]], 80, calls=False)
    assert text.index("[direct] wrong") < text.index("[steps | vote(5)] right")
    assert "call 1" not in text


def test_errors_say_what_happened(views):
    assert "[direct] error (timeout)" in example_text(views[4:5])
    assert "no answer in 120 s" in example_text(views[4:5])


def test_views_are_grouped_by_row_and_trial(views):
    assert [len(group) for group in grouped(views)] == [2] * 6


def test_a_request_is_shown_exactly_as_sent():
    chat = Request(messages=(Message("user", "  two\nlines "),), sampling=Sampling(temperature=0.5, stop=("\n",)))
    assert request_text(chat) == '--- user\n  two\nlines \n--- {"temperature":0.5,"stop":["\\n"]}'
    assert request_text(Request(text="Q: x\nA:")) == "--- text\nQ: x\nA:"


def test_a_message_that_a_score_repeats_is_said_once(build):
    said = "scorer boom failed: ValueError"
    view = build.view(
        0, "direct", status="error", message=said, scores={"boom": Score(None, "error", explanation=said)}
    )
    assert example_text([view], calls=False).count(said) == 1
    assert own_message(build.view(0, "direct", status="error", message=said)) == said
