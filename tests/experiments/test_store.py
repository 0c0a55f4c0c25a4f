"""The lab's database: what goes in comes out, files that are no lab are refused, and crowds share a commit."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from scansion.errors import InputError
from scansion.experiments.lab import Lab
from scansion.experiments.store.codec import pack, unpack
from scansion.experiments.store.outcomes import DONE, ERROR, OutcomeRecord, packed_output, plain_output
from scansion.experiments.store.presence import Presence
from scansion.experiments.store.runs import RunLedger
from scansion.models.base import Charge
from scansion.models.budget import Limits
from scansion.types import Call, Completion, Message, Output, Request, Sampling, TokenLogprob, Usage

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, texts, st.integers(0, 2**40), st.none() | st.floats(0, 1e6))
def test_calls_come_back_as_they_were(asked: str, answered: str, tokens: int, cost: float | None) -> None:
    call = Call(
        key=b"k" * 16,
        model="openai/x",
        request=Request((Message("user", asked),), sampling=Sampling(stop=(asked,), extra={"a": [answered]})),
        completion=Completion(answered, "stop", Usage(tokens, tokens)),
        cost_usd=cost,
    )
    assert unpack(pack(call), Call) == call
    output = plain_output(call)
    assert output.messages[-1] == Message("assistant", answered)
    assert unpack(pack(output), Output) == output


@pytest.mark.parametrize("text", [None, "Text: it was warm\nLabel:"])
def test_an_output_keeps_only_what_differs_from_its_last_call(tmp_path: Path, text: str | None) -> None:
    long = "".join(map(str, range(100, 400)))
    asked = Request(text=f"{long}{text}") if text else Request((Message("user", long), Message("user", "and now?")))
    call = Call(b"k" * 16, "m", asked, Completion(" good", "stop", logprobs=(TokenLogprob(" good", -0.5),) * 40))
    plain = plain_output(call)
    others = [
        structs.replace(plain, data={"shots": ["a", "b"]}),
        structs.replace(plain, answer="good", text="good"),
        structs.replace(plain, messages=(Message("user", "other"),)),
        structs.replace(plain, messages=(), logprobs=None, finish_reason=None),
        Output("alone"),
    ]
    with Lab(tmp_path) as lab:
        asyncio.run(lab.journal.put(call))
        for output in [plain, *others]:
            blob = packed_output(output, call)
            record = OutcomeRecord(b"o" * 16, DONE, calls=call.key, output=blob)
            assert lab.outcome_table.output(record) == output
            assert len(blob or b"") < 150
        whole = OutcomeRecord(b"o" * 16, DONE, calls=call.key, output=pack(others[0]))
        assert lab.outcome_table.output(whole) == others[0]
    assert packed_output(plain, None) == pack(plain)


def test_a_completion_prompts_transcript_is_one_text() -> None:
    call = Call(b"k", "m", Request(text="Q: 1\nA:"), Completion(" 2"))
    assert plain_output(call).messages == "Q: 1\nA: 2"


def test_what_is_no_lab_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.db").write_text("this is no database, and long enough to be seen as none" * 20)
    with pytest.raises(InputError, match="not a usable lab"):
        Lab(tmp_path)
    newer = tmp_path / "newer"
    newer.mkdir()
    db = sqlite3.connect(newer / "lab.db")
    db.execute("PRAGMA user_version=999")
    db.close()
    with pytest.raises(InputError, match="newer Scansion"):
        Lab(newer)
    with pytest.raises(InputError, match="there is no lab"):
        Lab.find(tmp_path / "nowhere", create=False)


def test_a_lab_ignores_itself_in_git(tmp_path: Path) -> None:
    with Lab(tmp_path / ".scansion") as lab:
        assert (lab.folder / ".gitignore").read_text() == "*\n"


def test_a_done_outcome_is_not_replaced_by_an_error(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        table = lab.outcome_table
        first = table.save(OutcomeRecord(b"k" * 16, 0, input_tokens=5))
        assert table.save(OutcomeRecord(b"k" * 16, ERROR, reason="server")) == first
        assert table.load(first).status == 0
        other = table.save(OutcomeRecord(b"o" * 16, ERROR, reason="server"))
        assert table.settled([b"o" * 16]) == {}
        assert table.save(OutcomeRecord(b"o" * 16, 0)) == other
        assert table.settled([b"o" * 16]) == {b"o" * 16: (other, True)}


def test_calls_of_one_turn_share_a_commit(tmp_path: Path) -> None:
    async def crowd(lab: Lab) -> int:
        commits: list[str] = []
        lab.db.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
        calls = [Call(bytes([i]) * 16, "m", Request(text=str(i)), Completion("x")) for i in range(50)]
        await asyncio.gather(*(lab.journal.put(call) for call in calls))
        assert all(lab.journal.get(call.key) is not None for call in calls)
        return len(commits)

    with Lab(tmp_path) as lab:
        assert asyncio.run(crowd(lab)) == 1


def test_a_lab_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    async def put(lab: Lab) -> None:
        lab.db.execute("PRAGMA query_only=1")
        await lab.journal.put(Call(b"k" * 16, "m", Request(text="1"), Completion("x")))

    with Lab(tmp_path) as lab, pytest.raises(InputError, match="cannot be written"):
        asyncio.run(put(lab))


def test_claims_are_held_by_the_living_and_taken_from_the_dead(tmp_path: Path) -> None:
    with Lab(tmp_path) as one, Lab(tmp_path) as two:
        first, second = Presence(one.db), Presence(two.db)
        assert first.take(b"key")
        assert first.take(b"key")
        assert not second.take(b"key")
        one.db.execute("UPDATE workers SET beat = 0 WHERE id = ?", (first.id,))
        assert second.take(b"key")
        assert not first.take(b"key")
        second.drop(b"key")
        assert first.take(b"key")
        first.leave()
        assert second.take(b"key")


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), max_size=30))
def test_a_ledger_never_books_more_than_its_limit(tmp_path_factory: Any, attempts: list[tuple[int, int]]) -> None:
    with Lab(tmp_path_factory.mktemp("ledger")) as lab:
        run = lab.run_table.open("x", b"p", {}, {})
        ledgers = [RunLedger(lab.db, run.id, Limits(tokens=100)) for _ in range(2)]
        spent = 0
        for number, (worst, actual) in enumerate(attempts):
            ledger, charge = ledgers[number % 2], Charge(1, worst)
            if ledger.reserve(charge):
                assert spent + worst <= 100
                ledger.settle(charge, Charge(1, min(worst, actual)))
                spent += min(worst, actual)
            else:
                assert spent + worst > 100
