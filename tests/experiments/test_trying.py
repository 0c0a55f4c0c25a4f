"""A try asks a few rows, keeps what it asked for the run that follows, and says right or wrong; and nothing more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import scansion
from scansion.errors import InputError
from scansion.experiments.lab import Lab
from scansion.experiments.plan import make_plan
from scansion.experiments.results import OutcomeView
from scansion.experiments.trying import Told, Trying, try_, variables_of


@pytest.fixture
def attempt(project: Any) -> Any:
    def call(**fields: Any) -> list[OutcomeView]:
        settings = {"prompts": ["direct.txt"], "models": [project.model()], "data": "rows.jsonl", **fields}
        return try_(lab=project.folder / ".scansion", **settings)

    return call


def test_a_few_rows_of_each_prompt_row_by_row(attempt: Any) -> None:
    views = attempt(prompts=["direct.txt", "think.txt"], n=3)
    assert [v.variant for v in views] == ["direct", "think"] * 3
    assert [v.row for v in views[::2]] == [v.row for v in views[1::2]]
    assert all(set(v.example.inputs) == {"number"} for v in views)
    assert all(len(v.calls) == 1 for v in views)


def test_rows_of_the_test_part_are_not_tried(attempt: Any) -> None:
    assert attempt(part="dev")
    with pytest.raises(InputError, match=r"try shows rows to work on.*leave out --split test"):
        attempt(part="test")


def test_rows_come_in_seeded_order_and_new_rows_hardly_move_them(attempt: Any, project: Any) -> None:
    first = [v.example.id for v in attempt(n=10)]
    assert first == [v.example.id for v in attempt(n=20)][:10]
    assert first != [f"n{i}" for i in range(10)]
    assert first != [v.example.id for v in attempt(n=10, seed=1)]
    project.rows(66)
    more = [v.example.id for v in attempt(n=10)]
    assert [each for each in more if int(each[1:]) < 60] == first[: sum(int(each[1:]) < 60 for each in more)]


def test_what_was_tried_is_not_asked_again_by_a_try_or_a_run(attempt: Any, project: Any) -> None:
    views = attempt(n=60)
    assert not any(call.recorded for view in views for call in view.calls)
    asked = sum(project.asked.values())
    assert all(call.recorded for view in attempt(n=60) for call in view.calls)
    assert project.run(prompts=["direct.txt"]).calls_made == 0
    assert sum(project.asked.values()) == asked == 60
    assert all(not call.recorded for view in attempt(n=2, trial=1) for call in view.calls)
    with project.lab() as lab:
        assert [run.id for run in lab.runs()] == ["r1"]


def test_right_and_wrong_by_the_scorer_that_fits_the_targets(attempt: Any) -> None:
    [right, wrong, none] = attempt(rows=["n1", "n3", "n6"])
    assert [(v.status, v.wrong) for v in (right, wrong, none)] == [
        ("scored", False),
        ("scored", True),
        ("unscored", False),
    ]
    assert list(right.scores) == ["numeric"]
    [words] = attempt(data=[{"number": 1, "answer": "two"}])
    assert list(words.scores) == ["contains(ignore_case=true)"]
    [essay] = attempt(data=[{"number": 1, "answer": "two " * 40}])
    assert (essay.status, essay.reason, essay.scores) == ("unscored", "no scorer", {})
    [stated] = attempt(data=[{"number": 1, "answer": "two"}], scorers=["max_words(3)", "exact"])
    assert (stated.wrong, list(stated.scores)) == (False, ["max_words(3)", "exact"])


def test_values_stand_in_the_place_of_data(attempt: Any, project: Any) -> None:
    [view] = attempt(data=None, values={"number": "7", "target": "8"})
    assert (view.output.text, view.wrong, view.example.target) == ("8", False, "8")
    plan = make_plan(prompts=["direct.txt", "think.txt"], models=[project.model()], data=[{}])
    assert variables_of(plan, {"target": "1"}) == ["number"]
    with pytest.raises(InputError, match="no prompt has a variable 'nmber'; did you mean 'number'"):
        variables_of(plan, {"nmber": "1"})


def test_failures_are_shown_and_a_budget_stops(attempt: Any, project: Any) -> None:
    [failed] = attempt(models=[project.model("fails")], rows=["n3"])
    assert (failed.status, failed.reason, failed.message) == ("error", "content_policy", "not that")
    [cut] = attempt(models=[project.model("cut")], rows=["n3"])
    assert (cut.status, cut.reason) == ("unscored", "truncated")
    views = attempt(models=[project.model()], n=3, budget="1calls")
    assert sorted(v.status == "unreached" for v in views) == [False, True, True]


def test_only_and_unknown_rows(attempt: Any, project: Any) -> None:
    run = project.run()
    wrong = attempt(only=f"wrong@{run.run}", n=3, scorers=["numeric"])
    assert [v.wrong for v in wrong] == [True] * 3
    with pytest.raises(InputError, match="no row has the id 'n333'; did you mean 'n33'"):
        attempt(rows=["n1", "n333"])
    with pytest.raises(InputError, match="only: id=n333"):
        attempt(only="id=n333")


def opened(project: Any, **fields: Any) -> Trying:
    plan = make_plan(**{"prompts": ["direct.txt"], "models": [project.model()], "data": "rows.jsonl", **fields})
    return Trying(plan, Lab.find(project.folder / ".scansion"))


def test_outcomes_are_told_in_reading_order_whichever_is_done_first(project: Any) -> None:
    project.write(
        "slow.py",
        "import asyncio\nasync def slow(request):\n    number = int(request.messages[-1].content.rsplit(' ', 1)[1])\n"
        "    await asyncio.sleep(0.03 / (number + 1))\n    return str(number)\n",
    )

    async def main() -> list[Told]:
        trying = opened(project, models=["python:slow:slow"])
        found = [each async for each in trying.follow(trying.named(["n0", "n5", "n3"]))]
        await trying.close()
        return found

    told = asyncio.run(main())
    assert [each.row.example.id for each in told if each.view is not None] == ["n0", "n5", "n3"]
    assert [each.piece.text for each in told if each.piece is not None] == ["0", "5", "3"]


def test_a_changed_prompt_is_read_again_and_a_broken_one_changes_nothing(project: Any) -> None:
    async def main() -> None:
        trying = opened(project, prompts=["direct.txt", "think.txt"])
        row = trying.rows(1)[0]
        await trying.ask(row, trying.variants[0])
        project.write("direct.txt", "Think well. Add one to {{number}}")
        [changed] = trying.reopen()
        assert (changed.name, changed) == ("direct", trying.variants[0])
        view = await trying.ask(row, changed)
        assert view.calls[0].request.messages[0].content.startswith("Think well.")
        assert [each.messages for each in await trying.requests(view)] == [view.calls[0].request.messages]
        before = trying.variants
        for broken in ("{% if", "{{nobody}}", ""):
            project.write("direct.txt", broken)
            with pytest.raises(InputError):
                trying.reopen()
        assert trying.variants is before
        await trying.close()

    asyncio.run(main())


def test_the_request_of_an_outcome_that_failed_is_the_one_that_would_be_sent(project: Any) -> None:
    async def main() -> None:
        trying = opened(project, models=[project.model("fails")])
        [row] = trying.named(["n3"])
        view = await trying.ask(row, trying.variants[0])
        [request] = await trying.requests(view)
        assert (view.status, request.messages[0].content) == ("error", "Add one to 3")
        await trying.close()

    asyncio.run(main())


def test_a_streaming_model_is_heard_piece_by_piece(project: Any, fault_server: Any) -> None:
    import json

    words = ["4", "2"]
    chunks = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in words]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    body = "".join(f"data: {json.dumps(each)}\n\n" for each in [*chunks, end]) + "data: [DONE]\n\n"
    answer = fault_server.Answer(body=body.encode(), headers={"content-type": "text/event-stream"})
    with fault_server.FaultServer(answer=lambda _: answer) as server:

        async def main() -> list[Told]:
            trying = opened(project, models=[f"openai/m?base_url={server.url}/v1"])
            found = [each async for each in trying.follow(trying.named(["n41"]))]
            await trying.close()
            return found

        told = asyncio.run(main())
        assert [each.piece.text for each in told if each.piece is not None] == ["4", "2", ""]
        assert told[-1].view is not None
        assert told[-1].view.wrong is False
        result = scansion.run(
            prompts=["direct.txt"],
            models=[f"openai/m?base_url={server.url}/v1"],
            data=[{"id": "n41", "number": 41, "answer": "42"}],
            scorers=["numeric"],
            lab=project.folder / ".scansion",
        )
        assert (result.calls_made, len(server.hits)) == (0, 1)
