"""When to try again, and when to stop."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import PASSING, CallError
from scansion.models.retry import Retry


def most(_low: float, high: float) -> float:
    return high


def test_backoff_doubles_up_to_the_cap_with_full_jitter() -> None:
    policy = Retry(tries=20, uniform=most)
    error = CallError("server", "x")
    assert [policy.wait(error, n, 0.0) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert Retry(uniform=lambda low, high: low).wait(error, 3, 0.0) == 0.0


def test_tries_are_counted() -> None:
    policy = Retry(tries=3)
    assert policy.wait(CallError("timeout", "x"), 2, 0.0) is not None
    assert policy.wait(CallError("timeout", "x"), 3, 0.0) is None


def test_what_cannot_pass_is_not_tried_again() -> None:
    for kind in ("context_length", "content_policy", "bad_request", "no_recording"):
        assert Retry().wait(CallError(kind, "x"), 1, 0.0) is None
    assert Retry().wait(CallError("server", "x", fatal=True), 1, 0.0) is None
    assert {"connection", "timeout", "rate_limited", "overloaded", "server", "bad_response"} == PASSING


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 100), st.floats(0, 100), st.floats(0.1, 100))
def test_a_wish_is_waited_out_or_given_up(asked: float, waited: float, limit: float) -> None:
    error = CallError("rate_limited", "x", retry_after=asked)
    wait = Retry(max_wait=limit).wait(error, 1, waited)
    if waited + asked > limit:
        assert wait is None
    else:
        assert wait is not None
        assert asked <= wait <= asked + 0.5


def test_all_waits_together_stay_below_max_wait() -> None:
    policy = Retry(tries=100, max_wait=10, uniform=most)
    waited, tried = 0.0, 1
    while (wait := policy.wait(CallError("server", "x"), tried, waited)) is not None:
        waited, tried = waited + wait, tried + 1
    assert 3 < waited <= 10
