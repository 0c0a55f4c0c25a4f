"""Tool calls matched by structure: where they are read from, what counts as the same, what is said to differ."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scansion
from scansion.errors import InputError
from scansion.scorers import build_scorer
from scansion.scorers._tool_calls import Made, calls_made, calls_wanted, fits, matched
from scansion.types import Example, Message, Output, Score, ToolCall

PARIS = {"name": "get_weather", "arguments": {"city": "Paris", "days": 2}}
ROME = {"name": "get_weather", "arguments": {"city": "Rome", "days": 2}}
TIME = {"name": "get_time", "arguments": {}}


def native(*calls: Any, text: str = "") -> Output:
    made = tuple(
        ToolCall(f"c{i}", c["name"], c["arguments"] if isinstance(c["arguments"], str) else json.dumps(c["arguments"]))
        for i, c in enumerate(calls)
    )
    return Output(text, messages=(Message("user", "q"), Message("assistant", text, tool_calls=made)))


def score(output: Output, target: Any, spec: str = "tool_calls") -> Score:
    found = build_scorer(spec).score(output, Example("x", {}, target))
    assert found is not None
    return found


@pytest.mark.parametrize("target", [[PARIS], PARIS, json.dumps([PARIS]), json.dumps(PARIS), {"tool_calls": [PARIS]}])
def test_a_target_is_a_list_an_object_or_either_as_text(target: Any) -> None:
    assert score(native(PARIS), target).value == 1
    assert score(native(ROME), target).value == 0


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PARIS),
        json.dumps([PARIS]),
        json.dumps({"tool_calls": [{"id": "1", "function": {**PARIS, "arguments": json.dumps(PARIS["arguments"])}}]}),
        f"I will look.\n<tool_call>\n{json.dumps(PARIS)}\n</tool_call>",
        f"```json\n{json.dumps(PARIS)}\n```",
        f"Calling {json.dumps({'name': 'get_weather', 'parameters': PARIS['arguments']})} now.",
        json.dumps({"tool": "get_weather", "args": PARIS["arguments"]}),
    ],
)
def test_calls_that_a_model_writes_as_text_are_read(text: str) -> None:
    assert score(Output(text), [PARIS]).value == 1


def test_two_objects_in_a_text_are_two_calls() -> None:
    assert [call.name for call in calls_made(Output(f"{json.dumps(PARIS)}\nand {json.dumps(TIME)}"))] == [
        "get_weather",
        "get_time",
    ]


@pytest.mark.parametrize(
    "text", ["", "Paris is nice.", '{"city": "Paris"}', '{"name": "Ann", "age": 3}', '{"name": "Ann"}', "[1, 2]"]
)
def test_other_text_is_no_call(text: str) -> None:
    assert calls_made(Output(text)) == []
    found = score(Output(text), [PARIS])
    assert found.value == 0
    assert found.explanation == 'no call; wanted: get_weather(city="Paris", days=2)'
    assert score(Output(text), []).value == 1


def test_native_calls_win_over_the_text() -> None:
    assert score(native(PARIS, text=json.dumps(ROME)), [PARIS]).value == 1


@pytest.mark.parametrize(
    ("wanted", "made", "same"),
    [
        ({"a": 5}, {"a": 5.0}, True),
        ({"a": 1e3}, {"a": 1000}, True),
        ({"a": 5}, {"a": "5"}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": 1, "b": {"c": [1, 2]}}, {"b": {"c": [1, 2]}, "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
    ],
)
def test_arguments_are_compared_by_value(wanted: Any, made: Any, same: bool) -> None:
    assert score(native({"name": "f", "arguments": made}), [{"name": "f", "arguments": wanted}]).value == float(same)


def test_subset_allows_more_arguments_and_names_looks_at_names() -> None:
    more = {"name": "get_weather", "arguments": {**PARIS["arguments"], "unit": "C"}}
    assert score(native(more), [PARIS]).value == 0
    assert score(native(more), [PARIS], "tool_calls(arguments=subset)").value == 1
    assert score(native(PARIS), [more], "tool_calls(arguments=subset)").value == 0
    assert score(native(ROME), [PARIS], "tool_calls(arguments=names)").value == 1


def test_order_counts_only_when_said() -> None:
    assert score(native(ROME, PARIS), [PARIS, ROME]).value == 1
    found = score(native(ROME, PARIS), [PARIS, ROME], "tool_calls(order=same)")
    assert found.value == 0
    assert "another place" in found.explanation


def test_further_calls_are_wrong_unless_allowed() -> None:
    found = score(native(PARIS, TIME), [PARIS])
    assert (found.value, found.explanation) == (0, "not wanted: get_time()")
    assert score(native(PARIS, TIME), [PARIS], "tool_calls(extra=allowed)").value == 1
    assert score(native(TIME, PARIS, TIME), [TIME, PARIS], "tool_calls(extra=allowed, order=same)").value == 1
    assert score(native(PARIS), []).value == 0


@pytest.mark.parametrize(
    ("made", "spec", "share"),
    [
        ([PARIS, ROME], "tool_calls(partial=true)", 2 / 3),
        ([PARIS, ROME, TIME, TIME], "tool_calls(partial=true)", 3 / 4),
        ([PARIS, ROME, TIME, TIME], "tool_calls(partial=true, extra=allowed)", 1),
        ([TIME, ROME, PARIS], "tool_calls(partial=true, order=same)", 1 / 3),
        ([], "tool_calls(partial=true)", 0),
    ],
)
def test_partial_credit_is_the_share_of_right_calls(made: list[Any], spec: str, share: float) -> None:
    assert score(native(*made), [PARIS, ROME, TIME], spec).value == pytest.approx(share)


def test_what_differs_is_said() -> None:
    found = score(native({"name": "get_weather", "arguments": {"city": "London", "unit": "C"}}), [PARIS, TIME])
    assert found.explanation == (
        'get_weather: city is "London", "Paris" is wanted; days is missing, 2 is wanted; unit="C" is not wanted; '
        "missing: get_time()"
    )
    assert found.answer == [{"name": "get_weather", "arguments": {"city": "London", "unit": "C"}}]


def test_arguments_that_are_no_json_make_a_wrong_call() -> None:
    broken = native({"name": "get_weather", "arguments": '{"city": "Par'})
    found = score(broken, [PARIS])
    assert found.value == 0
    assert found.unscored is None
    assert "its arguments are not JSON" in found.explanation
    assert score(broken, [PARIS], "tool_calls(arguments=names)").value == 1
    tagged = score(Output('<tool_call>{"name": </tool_call>'), [PARIS])
    assert tagged.value == 0
    assert "missing: get_weather" in tagged.explanation
    assert score(native({"name": "get_time", "arguments": ""}), [TIME]).value == 1


@pytest.mark.parametrize("target", [None, "", "  "])
def test_a_row_without_target_is_unscored(target: Any) -> None:
    found = score(native(PARIS), target)
    assert (found.value, found.unscored) == (None, "no target")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("get_weather", "not JSON"),
        ("3", "names no call"),
        ({"city": "Paris"}, "what is no call"),
        ([PARIS, 4], "what is no call"),
        ([{"name": "f", "arguments": "{"}], "arguments of f are not JSON"),
    ],
)
def test_a_target_that_names_no_calls_is_refused_before_the_run(target: Any, words: str) -> None:
    refused = build_scorer("tool_calls").refuses_gold(Example("x", {}, target))
    assert refused is not None
    assert words in refused
    assert score(native(PARIS), target).unscored == "gold refused"


def test_good_targets_are_not_refused() -> None:
    for target in ([PARIS], [], "[]", None, json.dumps(PARIS)):
        assert build_scorer("tool_calls").refuses_gold(Example("x", {}, target)) is None


def test_the_wanted_calls_may_stand_in_a_column() -> None:
    scorer = build_scorer("tool_calls($calls)")
    assert (scorer.needs_target, scorer.columns) == (False, ("calls",))
    assert scorer.score(native(PARIS), Example("x", {"calls": json.dumps([PARIS])})) == Score(1.0, answer=[PARIS])


@pytest.mark.parametrize("spec", ["tool_calls(order=random)", "tool_calls(arguments=some)", "tool_calls(3)"])
def test_wrong_arguments_are_refused_at_once(spec: str) -> None:
    with pytest.raises(InputError, match="tool_calls"):
        build_scorer(spec)


names = st.sampled_from("fgh")
arguments = st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2)
calls = st.lists(st.builds(Made, names, arguments), max_size=4)


@given(calls, calls, st.sampled_from(["exact", "subset", "names"]))
def test_as_many_calls_are_matched_as_can_be(wanted: list[Made], made: list[Made], how: Any) -> None:
    pairs = matched(wanted, made, how, ordered=False)
    assert all(fits(wanted[i], made[j], how) for i, j in pairs.items())
    assert len(set(pairs.values())) == len(pairs)
    short, long, turned = (wanted, made, False) if len(wanted) <= len(made) else (made, wanted, True)
    most = max(
        sum(fits(*((b, a) if turned else (a, b)), how) for a, b in zip(short, chosen, strict=True))
        for chosen in permutations(long, len(short))
    )
    assert len(pairs) == most
    kept = matched(wanted, made, how, ordered=True)
    assert len(kept) <= most
    assert list(kept.values()) == sorted(kept.values())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_target_and_no_text_breaks_it(value: Any) -> None:
    text = json.dumps(value)
    assert isinstance(calls_wanted(value), list | str)
    assert isinstance(calls_wanted(text), list | str)
    assert isinstance(score(Output(text), [PARIS]).value, float)


MODEL = """
import json
from scansion.types import Completion, ToolCall

def caller(request):
    city = request.messages[-1].content.rsplit(" ", 1)[1]
    wanted = city if city != "Rome" else "Paris"
    return Completion("", "tool_calls", tool_calls=(ToolCall("1", "look", json.dumps({"city": wanted})),))
"""


def test_calls_of_a_model_are_scored_in_a_run_and_again_from_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calling_model.py").write_text(MODEL)
    (tmp_path / "p.txt").write_text("The weather in {{city}}")
    rows = [{"city": city, "calls": [{"name": "look", "arguments": {"city": city}}]} for city in ("Oslo", "Rome")]
    plan = {"prompts": ["p.txt"], "models": ["python:calling_model:caller"], "data": rows, "lab": tmp_path / "lab"}
    for _ in range(2):
        found = scansion.run(scorers=["tool_calls($calls)"], **plan)
        assert found.variants[0].mean == 0.5
    again = scansion.run(scorers=["tool_calls($calls, arguments=names)"], **plan)
    assert (again.variants[0].mean, again.calls_made) == (1.0, 0)
