import io

from scansion.experiments.progress import Progress
from scansion.report.live import Live, describe


class Screen(io.StringIO):
    def isatty(self):
        return True


def progress(done=50, **changes):
    fields = {"total": 200, "calls": 40, "recorded": 10, "in_flight": 5, "rate": 12.5, "spent_usd": 0.12, "eta": 95.0}
    return Progress(done=done, means={"direct": (0.5, 20), "steps": (0.75, 20)}, **{**fields, **changes})


def test_the_line_says_where_a_run_stands():
    assert describe(progress()) == (
        "50/200 done, 40 calls + 10 known already, 12.5/s, 0.12 USD, 1m35s left, direct 50.0%  steps 75.0%"
    )


def test_a_total_that_is_not_known_yet_is_about():
    assert describe(progress(guessed=True)).startswith("50 of about 200 done, ")


def test_a_terminal_is_redrawn_ten_times_a_second_at_most():
    screen, clock = Screen(), iter([0.0, 0.0, 0.05, 0.09, 0.11, 0.12])
    live = Live(screen, lambda: next(clock))
    for done in range(5):
        live(progress(done))
    assert screen.getvalue().count("\x1b[2K") == 2
    live.close()
    assert screen.getvalue().endswith("\r\x1b[2K")


def test_nothing_is_written_over_a_question_to_a_person():
    screen = Screen()
    Live(screen, iter([0.0, 1.0]).__next__)(progress(person=True))
    assert screen.getvalue() == ""


def test_elsewhere_a_plain_line_comes_every_ten_seconds():
    stream, clock = io.StringIO(), iter([0.0, 1.0, 9.0, 10.5, 12.0, 21.0])
    live = Live(stream, lambda: next(clock))
    for done in range(5):
        live(progress(done))
    live.close()
    assert [line.split("/")[0] for line in stream.getvalue().splitlines()] == ["2", "4"]
    assert "\x1b" not in stream.getvalue()


def test_less_than_a_second_left_is_no_promise():
    assert "left" not in describe(progress(done=199, eta=0.008))
    assert "1.0s left" in describe(progress(done=190, eta=1.0))


def test_the_live_line_leaves_room_for_the_echo_of_ctrl_c(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    screen = Screen()
    live = Live(screen, iter([0.0, 1.0]).__next__)
    live(progress())
    drawn = screen.getvalue().removeprefix("\r\x1b[2K")
    assert len(drawn) == 47  # with ^C the cursor is still on the line that is to be cleared
