from __future__ import annotations

import random
import threading

import numpy as np
import pytest
import random_model
from msgspec.structs import replace

from scansion.errors import CallError
from scansion.models.pocket.draw import Draw, Prompt
from scansion.models.pocket.engine import ROWS, Engine
from scansion.models.pocket.folder import Folder
from scansion.models.pocket.network import Network
from scansion.models.pocket.sampler import Settings, chances
from scansion.models.pocket.weights import load_weights

TOKENS = [3, *(6 + (7 * i * i) % 350 for i in range(75))]


def prompts(count: int, seed: int = 1) -> list[Prompt]:
    """Prompts of all lengths, some with a common beginning, drawn in all ways."""
    r = random.Random(seed)
    ways = [Settings(), Settings(0.7, top_k=20), Settings(1.3, top_p=0.9), Settings(0), Settings(1, 40, 0.8)]
    found = []
    for i in range(count):
        begun = TOKENS[: r.choice([0, 0, 40, 70])]
        body = [r.randrange(6, 350) for _ in range(r.choice([1, 5, 31, 32, 33, 60, 64, 90]))]
        tokens = (3, *begun, *body)
        found.append(Prompt(tokens, r.choice(ways), 7919 * i, r.choice([1, 10, 40]), logprobs=r.choice([None, 0, 3])))
    return found


def test_logits_are_those_of_the_definition(folder: Folder) -> None:
    network = Network(load_weights(folder), folder.shape, 2)
    wanted = random_model.plain_logits(folder.path, TOKENS, folder.shape.heads)
    read = network.logits(network.read(0, TOKENS, 0))
    np.testing.assert_allclose(read, wanted, atol=2e-4)


def test_a_step_continues_what_was_read(folder: Folder) -> None:
    network = Network(load_weights(folder), folder.shape, 4)
    wanted = random_model.plain_logits(folder.path, TOKENS, folder.shape.heads)
    lengths = [20, 33, 64]
    for slot, length in enumerate(lengths):
        network.read(slot, TOKENS[:length], 0)
    for ahead in range(3):
        places = [length + ahead for length in lengths]
        got = network.logits(network.step([0, 1, 2], places, [TOKENS[place] for place in places]))
        np.testing.assert_allclose(got, wanted[places], atol=2e-4)


def test_reading_on_gives_the_same_bits(folder: Folder) -> None:
    network = Network(load_weights(folder), folder.shape, 2)
    whole = network.read(0, TOKENS, 0)
    network.read(1, TOKENS[:64], 0)
    assert (network.read(1, TOKENS, 64) == whole[64:]).all()
    network.read(1, TOKENS[:32], 0)
    assert (network.read(1, TOKENS, 32) == whole[32:]).all()


def test_room_grows_and_slots_keep_what_they_hold(folder: Folder) -> None:
    weights, shape = load_weights(folder), replace(folder.shape, context=1024)
    grown, roomy = Network(weights, shape, 4), Network(weights, shape, 4)
    roomy.reserve(1024)
    stepped = []
    for network in (grown, roomy):
        network.read(0, TOKENS, 0)
        network.put(1, network.keys[:, 0, :, :64].copy(), network.values[:, 0, :, :64].copy())
        network.read(2, TOKENS * 6, 0)
        stepped.append(network.step([0, 1, 2], [76, 64, 456], [20, 21, 22]))
    assert roomy.keys.shape[3] == 1024
    assert 256 < grown.keys.shape[3] < 1024
    assert (stepped[0] == stepped[1]).all()


def test_a_reply_does_not_depend_on_its_company(folder: Folder) -> None:
    asked = prompts(41)
    single = Engine.open(folder)
    alone = [single.generate([prompt])[0] for prompt in asked]
    single.close()
    r = random.Random(2)
    for _ in range(3):
        engine = Engine.open(folder)
        draws: dict[int, Draw] = {}
        for i in r.sample(range(41), 41):
            draws[i] = engine.submit(asked[i])
            if r.random() < 0.3:
                threading.Event().wait(0.002)
        for i, draw in draws.items():
            assert draw.done is not None
            draw.done.wait()
            assert draw.generated() == alone[i]
        engine.close()


def test_more_replies_than_rows(engine: Engine) -> None:
    replies = engine.generate([Prompt((3, 20, 4), key=i, max_tokens=5) for i in range(150)])
    assert len(replies) == 150
    assert len({reply.text for reply in replies}) > 100


def test_equal_keys_equal_texts(engine: Engine) -> None:
    first, again, other = engine.generate([Prompt((3, 20, 30, 4), key=k, max_tokens=30) for k in (5, 5, 6)])
    assert first == again != other


def test_draws_follow_the_models_chances(folder: Folder, engine: Engine) -> None:
    """First tokens of many draws against the probabilities, at two temperatures: a chi-squared statistic near its
    degrees of freedom."""
    network = Network(load_weights(folder), folder.shape, 1)
    logits = network.logits(network.read(0, [3, 20, 4], 0)[-1:])
    logits[:, [*engine.vocabulary.never, *range(len(engine.vocabulary.pieces), 384)]] = -np.inf
    for heat in (1.0, 0.6):
        wanted = np.exp(chances(logits / heat)[0])
        drawn = [Prompt((3, 20, 4), Settings(heat), key * 104_729, 1) for key in range(4000)]
        counts = np.zeros(384)
        for draw in [engine.submit(prompt) for prompt in drawn]:
            assert draw.done is not None
            draw.done.wait()
            counts[draw.tokens[0]] += 1
        often = wanted * 4000 >= 5
        statistic = ((counts - wanted * 4000)[often] ** 2 / (wanted * 4000)[often]).sum()
        assert statistic < often.sum() + 5 * np.sqrt(2 * often.sum())
        assert counts[wanted == 0].sum() == 0


def test_logprobs_and_scores_agree(engine: Engine) -> None:
    prompt = Prompt(tuple(TOKENS[:50]), Settings(0.8), 3, 25, logprobs=4)
    draw = engine.submit(prompt)
    assert draw.done is not None
    draw.done.wait()
    reply = draw.generated()
    assert reply.logprobs is not None
    scored = engine.score(prompt.tokens, draw.tokens, 4)
    for drawn, given in zip(reply.logprobs, scored.logprobs, strict=False):
        assert drawn.token == given.token
        assert drawn.logprob == pytest.approx(given.logprob, abs=1e-4)
        assert len(drawn.top) == 4
        assert drawn.top[0][1] >= drawn.logprob
        assert [value for _, value in drawn.top] == sorted((v for _, v in drawn.top), reverse=True)


def test_the_likeliest_token(engine: Engine) -> None:
    for settings in (Settings(0), Settings(1.0, top_k=1), Settings(1.0, top_p=1e-9)):
        draw = engine.submit(Prompt(tuple(TOKENS[:20]), settings, 11, 6, logprobs=1))
        assert draw.done is not None
        draw.done.wait()
        reply = draw.generated()
        assert reply.logprobs is not None
        assert all(each.top[0][0] == each.token for each in reply.logprobs)


def test_a_reply_ends_where_the_context_ends(engine: Engine) -> None:
    for room in (5, 1):
        replies = engine.generate([Prompt((3, *[20] * (255 - room)), key=key) for key in range(10)])
        cut = [reply for reply in replies if reply.finish == "length"]
        assert cut
        assert all(reply.input_tokens + reply.output_tokens == 256 for reply in cut)


def test_a_prompt_that_is_too_long(engine: Engine) -> None:
    with pytest.raises(CallError, match="256") as caught:
        engine.submit(Prompt((3, *[20] * 255)))
    assert caught.value.kind == "context_length"
    with pytest.raises(CallError):
        engine.score([3] * 200, [20] * 100)


def test_a_dropped_reply_is_drawn_no_further(engine: Engine) -> None:
    """Those that are drawn and those that wait. The engine stands still at the first token, while they are dropped."""
    heard, may_go_on = threading.Event(), threading.Event()

    def hold(_: Draw) -> None:
        heard.set()
        may_go_on.wait()

    draws = [engine.submit(Prompt((3, 20), key=i), hold) for i in range(200)]
    heard.wait()
    for draw in draws:
        draw.dropped = True
    assert 100 < engine.busy <= 200
    may_go_on.set()
    assert engine.generate([Prompt((3, 21), key=1, max_tokens=3)])[0].output_tokens <= 3
    assert engine.busy == 0
    counts = [len(draw.tokens) for draw in draws]
    assert max(counts) == 1
    assert sum(counts) <= ROWS
    assert len(engine.generate([Prompt((3, 22), key=i, max_tokens=2) for i in range(ROWS)])) == ROWS
    assert [len(draw.tokens) for draw in draws] == counts


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[type[BaseException]]:
    """What threads raised and nobody caught."""
    found: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda about: found.append(about.exc_type))
    return found


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_listener_that_raises_is_told_no_more(
    folder: Folder, raised: list[type[BaseException]], error: type[BaseException]
) -> None:
    engine = Engine.open(folder)
    told = []

    def broken(draw: Draw) -> None:
        told.append(len(draw.tokens))
        if len(draw.tokens) == 2:
            raise error

    beside = [Prompt((3, 20 + i), key=i, max_tokens=20) for i in range(5)]
    alone = engine.generate(beside)
    draw = engine.submit(Prompt((3, 20), Settings(0), key=9), broken)
    assert engine.generate(beside) == alone
    draw.tell()  # as for a failure later in the same step
    assert (told, len(draw.tokens), draw.dropped, engine.busy) == ([1, 2], 2, True, 0)
    assert raised == [error]
    engine.close()


def test_a_listener_that_raises_at_a_failure(folder: Folder, raised: list[type[BaseException]]) -> None:
    """It hears of the failure once; all others that took part hear of it too."""
    engine = Engine.open(folder)
    told: list[Draw] = []
    heard, may_go_on = threading.Event(), threading.Event()

    def hold(_: Draw) -> None:
        heard.set()
        may_go_on.wait()

    def broken(draw: Draw) -> None:
        told.append(draw)
        raise ZeroDivisionError

    engine.submit(Prompt((3, 20), max_tokens=1), hold)
    heard.wait()  # so that the three begin with the same step
    first = engine.submit(Prompt((3, 20), max_tokens=9), broken)
    wrong = engine.submit(Prompt((3, 999_999)))
    may_go_on.set()
    assert wrong.done is not None
    wrong.done.wait()
    assert told == [first]
    assert isinstance(first.error, CallError)
    assert isinstance(wrong.error, CallError)
    assert raised == [ZeroDivisionError]
    assert len(engine.generate([Prompt((3, 20), key=i, max_tokens=2) for i in range(ROWS)])) == ROWS
    assert engine.busy == 0
    engine.close()


def test_a_closed_engine_takes_nothing(folder: Folder) -> None:
    engine = Engine.open(folder)
    engine.close()
    with pytest.raises(CallError, match="closed"):
        engine.generate([Prompt((3, 20), max_tokens=2)])
    with pytest.raises(CallError, match="closed"):
        engine.score([3], [20])


def test_what_breaks_a_step_is_told(folder: Folder) -> None:
    engine = Engine.open(folder)
    with pytest.raises(CallError, match="engine failed") as caught:
        engine.generate([Prompt((3, 999_999))])
    assert caught.value.kind == "program"
    assert engine.generate([Prompt((3, 20), max_tokens=2)])
    with pytest.raises(IndexError):
        engine.score([3], [999_999, 1])
    engine.close()
