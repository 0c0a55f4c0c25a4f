"""Budgets: how they are written, and that no mix of retries, timeouts and losses ever exceeds one."""

from __future__ import annotations

import asyncio
import random

import fault_server
import pytest
from core_helpers import Scripted, run
from fault_server import FaultServer
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import BudgetSpent, CallError, InputError
from scansion.models.base import Capabilities, Charge
from scansion.models.budget import Budget, Limits, MemoryLedger, actual, refused, worst_case
from scansion.models.gateway import CallSettings, Gateway
from scansion.models.lm import LM, Trace
from scansion.models.prices import rates
from scansion.models.retry import Retry
from scansion.types import Completion, ImagePart, Message, Request, Sampling, TextPart, Usage


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("2usd", Limits(usd=2)),
        ("$2", Limits(usd=2)),
        ("$0.50", Limits(usd=0.5)),
        ("0.5 USD", Limits(usd=0.5)),
        ("500calls", Limits(calls=500)),
        ("1 call", Limits(calls=1)),
        ("1_000calls", Limits(calls=1000)),
        ("1Mtokens", Limits(tokens=1_000_000)),
        ("500ktokens", Limits(tokens=500_000)),
        ("1.5Mtokens", Limits(tokens=1_500_000)),
        ("2usd,500calls, 1Mtokens", Limits(500, 1_000_000, 2)),
    ],
)
def test_written_forms(text: str, limits: Limits) -> None:
    assert Budget.parse(text) == limits
    assert Budget.parse(limits.text) == limits


@pytest.mark.parametrize(
    "text",
    ["", "2", "-2usd", "$-2", "0usd", "0calls", "usd", "2eur", "1.5calls", "2usd,3usd", "2usd,", "nan usd", "$2calls"],
)
def test_wrong_forms_are_one_line(text: str) -> None:
    with pytest.raises(InputError) as error:
        Budget.parse(text)
    assert repr(text) in str(error.value)
    assert "\n" not in str(error.value)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10**9), st.integers(1, 10**12), st.decimals(min_value="0.01", max_value=1000, places=2))
def test_limits_read_back(calls: int, tokens: int, usd: object) -> None:
    limits = Limits(calls, tokens, float(str(usd)))
    assert Budget.parse(limits.text) == limits


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=50), max_size=4), st.integers(1, 1000))
def test_the_worst_case_bounds_bytes_and_output(texts: list[str], most: int) -> None:
    request = Request(tuple(Message("user", t) for t in texts), sampling=Sampling(max_tokens=most))
    worst = worst_case(request, Capabilities(), None)
    sent = sum(len(t.encode("utf-8", "surrogatepass")) for t in texts)
    assert worst.calls == 1
    assert worst.tokens >= sent + most


def test_images_tools_and_extra_are_counted() -> None:
    image = Request((Message("user", (TextPart("a"), ImagePart(url="http://x"))),), sampling=Sampling(max_tokens=1))
    assert worst_case(image, Capabilities(image_tokens=7000), None).tokens > 7000
    wide = Request((Message("user", "a"),), sampling=Sampling(max_tokens=10, extra={"n": 3, "max_tokens": 100}))
    assert worst_case(wide, Capabilities(), None).tokens >= 300


def test_what_is_charged() -> None:
    worst = Charge(1, 1000, 0.5)
    price = rates("openai/gpt-5-mini")
    assert actual(None, price, worst) == worst
    assert actual(Usage(1000, 100), price, worst) == Charge(1, 1100, pytest.approx(0.00045))  # type: ignore[arg-type]
    assert refused(CallError("connection", "refused", sent=False), worst) == Charge()
    assert refused(CallError("rate_limited", "429"), worst) == Charge(1)
    for kind in ("connection", "timeout", "bad_response", "server"):
        assert refused(CallError(kind, "x"), worst) == worst  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.floats(0, 1), st.floats(0, 1)), max_size=40))
def test_the_ledger_never_exceeds_its_limits(bookings: list[tuple[int, int, float, float]]) -> None:
    ledger = MemoryLedger(Limits(10, 100, 2.0))
    open_: list[tuple[Charge, float]] = []
    for calls, tokens, usd, part in bookings:
        worst = Charge(calls, tokens, usd)
        if ledger.reserve(worst):
            open_.append((worst, part))
        elif open_:
            booked, share = open_.pop(0)
            ledger.settle(booked, Charge(booked.calls, int(booked.tokens * share), booked.usd * share))
        spent = ledger.spent
        assert spent.calls <= 10
        assert spent.tokens <= 100
        assert spent.usd <= 2.0 + 1e-9


class Biller:
    """What a provider would bill: each answer's tokens, also those whose answer never arrived."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.billed = 0.0
        self.tokens = 0

    def answer(self, hit: fault_server.Hit) -> fault_server.Answer:
        body = hit.json()
        sent = sum(len(m["content"]) for m in body["messages"])
        usage = {"input_tokens": sent, "output_tokens": self.random.randint(1, body["max_tokens"])}
        fate = self.random.random()
        if fate < 0.2:
            return fault_server.FAULTS[self.random.choice(["429", "529", "400 policy"])]
        self.billed += sent * 0.25e-6 + usage["output_tokens"] * 2e-6
        self.tokens += sent + usage["output_tokens"]
        good = fault_server.ok("x", **usage)
        if fate < 0.4:
            return fault_server.Answer(body=good.body, how=self.random.choice(["half", "reset"]))
        if fate < 0.5:
            return fault_server.Answer(body=good.body, delay=0.3)
        return good


@pytest.mark.parametrize("budget", ["40calls", "60ktokens", "$0.05", "30calls,0.04usd"])
def test_a_budget_holds_by_the_servers_own_count(budget: str, scripted: Scripted) -> None:
    biller = Biller(seed=7)
    limits = Budget.parse(budget)

    async def main() -> tuple[int, int]:
        async with FaultServer(answer=biller.answer) as server:
            spec = f"openai/gpt-5-mini?base_url={server.url}"
            gateway = Gateway(limits=limits, settings=CallSettings(timeout=0.1, tries=3, concurrency=20))
            gateway.retry = Retry(3, uniform=lambda low, high: 0.0)
            channel = gateway.channel(spec)
            asked = [LM(gateway, channel, Trace())(f"question {n}", max_tokens=1000) for n in range(120)]
            found = await asyncio.gather(*asked, return_exceptions=True)
            await asyncio.sleep(0.35)  # late answers are billed too
            assert {type(f) for f in found} <= {Completion, CallError, BudgetSpent}
            assert gateway.till is not None
            return len(server.hits), sum(isinstance(f, BudgetSpent) for f in found)

    hits, stopped = run(main)
    assert stopped > 0
    assert hits > 15
    assert limits.calls is None or hits <= limits.calls
    assert limits.tokens is None or biller.tokens <= limits.tokens
    assert limits.usd is None or biller.billed <= limits.usd


def test_a_call_waits_while_others_may_give_back_and_all_of_the_budget_is_used(scripted: Scripted) -> None:
    async def complete(_request: Request) -> Completion:
        await asyncio.sleep(0.001)
        return Completion("x", usage=Usage(10, 10))

    async def main() -> None:
        spec = scripted(complete)
        gateway = Gateway(limits=Limits(tokens=3000))  # the worst case of one call is above 1,000 tokens
        channel = gateway.channel(spec)
        asked = [LM(gateway, channel, Trace())(f"{n}", max_tokens=1000) for n in range(50)]
        found = await asyncio.gather(*asked)
        assert len(found) == 50

    run(main)


def test_the_budget_bounds_the_output_and_refuses_what_has_no_price(scripted: Scripted) -> None:
    seen: list[int | None] = []

    async def complete(request: Request) -> Completion:
        seen.append(request.sampling.max_tokens)
        return Completion("x", usage=Usage(1, 1))

    async def main() -> None:
        for limits in (Limits(tokens=10**6), Limits(usd=1.0)):
            gateway = Gateway(limits=limits)
            channel = gateway.channel(scripted(complete))
            await LM(gateway, channel, Trace())("a", max_tokens=7)
            await LM(gateway, channel, Trace())("a")
        small = Gateway(limits=Limits(usd=1.0))
        await LM(small, small.channel(scripted(complete, max_output=100)), Trace())("a")
        free = Gateway(limits=Limits(calls=1))
        await LM(free, free.channel(scripted(complete)), Trace())("a")
        assert seen == [7, 4096, 7, 4096, 100, None]
        with pytest.raises(InputError, match="no price is known for scripted/"):
            Gateway(limits=Limits(usd=1.0)).channel(scripted(complete, priced=True))

    run(main)


def test_a_spent_budget_says_which(scripted: Scripted) -> None:
    async def complete(_request: Request) -> Completion:
        return Completion("x", usage=Usage(1, 1))

    async def main() -> None:
        gateway = Gateway(limits=Limits(calls=1))
        channel = gateway.channel(scripted(complete))
        await LM(gateway, channel, Trace())("a")
        with pytest.raises(BudgetSpent, match="the budget of 1calls"):
            await LM(gateway, channel, Trace())("b")

    run(main)
