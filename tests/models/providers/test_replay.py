from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import CallError, InputError
from scansion.models.providers.replay import Recording, RecordWriter
from scansion.models.registry import open_model
from scansion.types import (
    Call,
    Completion,
    ImagePart,
    Message,
    Request,
    ResponseFormat,
    Sampling,
    TextPart,
    TokenLogprob,
    Tool,
    ToolCall,
    Usage,
    call_key,
    digest,
    request_digest,
)


def user(text):
    return Request((Message("user", text),))


def asked(request, **changes):
    return Request(**{f: getattr(request, f) for f in request.__struct_fields__} | changes)


def write(path: Path, *lines) -> Path:
    content = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def replay(path, request, **options):
    model = open_model(f"replay:{path}" + "".join(f"?{k}={v}" for k, v in options.items()))
    try:
        return asyncio.run(model.complete(request))
    finally:
        asyncio.run(model.close())


def refused(path, request, **options) -> str:
    with pytest.raises(CallError) as caught:
        replay(path, request, **options)
    assert caught.value.kind == "no_recording"
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz"])
def test_k_picks_the_completion_and_the_trial_the_list(tmp_path, name):
    path = write(
        tmp_path / name,
        {"prompt": "a", "completions": ["a0", "a1"]},
        b"\n",
        {"messages": [{"role": "user", "content": "b"}], "completions": [["b00"], ["b10", "b11"]]},
        {"prompt": "a", "completion": "a2"},
    )
    assert [replay(path, Request(text="a", k=k)).text for k in range(3)] == ["a0", "a1", "a2"]
    assert replay(path, asked(user("b"), trial=1, k=1)).text == "b11"
    assert refused(path, Request(text="a", k=3)) == f"{path}:1: recorded 3 completions, the 4th was asked"
    assert "recorded 1 trial, the 2nd was asked" in refused(path, Request(text="a", trial=1))
    assert "recorded 1 completion in the 1st trial, the 2nd was asked" in refused(path, asked(user("b"), k=1))


def test_four_recorded_and_five_asked(tmp_path):
    path = write(tmp_path / "r.jsonl", {"prompt": "a", "completions": list("wxyz")})
    assert "recorded 4 completions, the 5th was asked" in refused(path, Request(text="a", k=4))


def test_the_text_must_match_exactly_and_the_nearest_is_named(tmp_path):
    words = ["ant", "bee", "cat", "dog", "emu", "fox", "gnu", "hen"]
    lines = [{"prompt": f"Q: How many legs has the {w}?\nA:", "completion": "4"} for w in words]
    path = write(tmp_path / "r.jsonl", *lines)
    message = refused(path, Request(text="Q: How many legs has the dog? \nA:"))
    assert f"{path}:4" in message
    assert r"from character 30 on recorded '\nA:', asked ' \nA:'" in message
    refused(path, Request((Message("system", lines[0]["prompt"]),)))


def test_nearest_in_an_empty_recording(tmp_path):
    assert "holds no recorded prompt" in refused(write(tmp_path / "r.jsonl"), user("a"))


def test_a_line_may_say_where_its_completions_stand(tmp_path):
    path = write(
        tmp_path / "r.jsonl",
        {"prompt": "a", "completion": "a2", "k": 2},
        {"prompt": "a", "completions": ["a0", "a1", "a3"]},
        {"prompt": "a", "completions": ["a6"], "k": 6},
    )
    assert [replay(path, Request(text="a", k=k)).text for k in (0, 1, 2, 3, 6)] == ["a0", "a1", "a2", "a3", "a6"]
    assert "the 5th completion was not answered when recorded" in refused(path, Request(text="a", k=4))
    assert "recorded 5 completions, the 8th was asked" in refused(path, Request(text="a", k=7))


def test_messages_match_by_role_text_parts_and_tool_calls(tmp_path):
    turns = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
        {"role": "assistant", "tool_calls": [{"id": "1", "name": "f", "arguments": "{}"}]},
        {"role": "user", "content": [{"type": "image", "url": "u"}]},
    ]
    path = write(tmp_path / "r.jsonl", {"messages": turns, "completion": "yes"})
    turned = (
        Message("system", "S"),
        Message("user", (TextPart("xy"),)),
        Message("assistant", tool_calls=(ToolCall("1", "f", "{}"),)),
        Message("user", (ImagePart(url="u"),)),
    )
    assert replay(path, Request(turned)).text == "yes"
    refused(path, Request((*turned[:3], Message("user", (ImagePart(url="v"),)))))
    refused(path, Request((Message("user", "S"), *turned[1:])))


def test_sampling_and_model_are_matched_where_present(tmp_path):
    path = write(
        tmp_path / "r.jsonl",
        {"prompt": "a", "completion": "cold", "sampling": {"temperature": 0, "stop": ["x"]}, "model": "m"},
        {"prompt": "a", "completion": "hot", "sampling": {"temperature": 1}, "model": "m"},
        {"prompt": "b", "completion": "any"},
        {"prompt": "c", "completion": "m", "model": "m"},
        {"prompt": "c", "completion": "n", "model": "n"},
        {"prompt": "d", "completion": "unset", "sampling": {"temperature": None}},
    )
    cold = Request(text="a", sampling=Sampling(temperature=0.0, stop=("x",), max_tokens=5))
    assert replay(path, cold).text == "cold"
    assert replay(path, Request(text="a", sampling=Sampling(temperature=1.0))).text == "hot"
    message = refused(path, Request(text="a", sampling=Sampling(temperature=0.5)))
    assert message == f"{path}:1 holds this prompt, but recorded with temperature=0, asked with temperature=0.5"
    assert replay(path, Request(text="b", sampling=Sampling(temperature=0.5))).text == "any"
    assert replay(path, Request(text="c"), model="n").text == "n"
    assert replay(path, Request(text="d")).text == "unset"
    refused(path, Request(text="d", sampling=Sampling(temperature=0.0)))
    with pytest.raises(InputError, match=r"models m, n; say which with replay:PATH\?model=NAME"):
        replay(path, Request(text="c"))
    with pytest.raises(InputError, match="holds nothing of model 'o'"):
        open_model(f"replay:{path}?model=o")


def test_what_is_recorded_beside_the_text(tmp_path):
    path = write(
        tmp_path / "r.jsonl",
        {
            "prompt": "a",
            "completions": [["x"], ["y", None, "z"]],
            "usage": [[{"input_tokens": 3, "output_tokens": 1}], [None, None, {"input_tokens": 4}]],
            "finish_reason": "length",
            "logprobs": [[None], [[{"token": "y", "logprob": -1.0, "top": [["y", -1.0]]}], None, None]],
            "model": "m",
        },
        {
            "prompt": "b",
            "completion": "x",
            "usage": {"input_tokens": 3},
            "finish_reason": "stop",
            "logprobs": [{"token": "x", "logprob": -0.5}],
            "served": "m-2025",
        },
    )
    first = replay(path, Request(text="a"))
    assert first == Completion("x", "length", Usage(3, 1), model="m")
    assert replay(path, Request(text="a", trial=1)).logprobs == (TokenLogprob("y", -1.0, (("y", -1.0),)),)
    assert replay(path, Request(text="a", trial=1, k=2)).usage == Usage(4)
    assert "2nd completion in the 2nd trial was not answered" in refused(path, Request(text="a", trial=1, k=1))
    single = replay(path, Request(text="b"))
    assert (single.usage, single.finish_reason, single.model) == (Usage(3), "stop", "m-2025")
    assert single.logprobs == (TokenLogprob("x", -0.5),)


def test_identity_is_the_content(tmp_path):
    one = write(tmp_path / "a.jsonl", {"prompt": "a", "completion": "1"})
    packed = write(tmp_path / "b.jsonl.gz", {"prompt": "a", "completion": "1"})
    other = write(tmp_path / "c.jsonl", {"prompt": "a", "completion": "2"})
    identities = [open_model(f"replay:{path}").identity for path in (one, packed, other)]
    assert identities[0] == identities[1] != identities[2]
    model = open_model("replay:a.jsonl", tmp_path)
    assert model.capabilities.recorded
    assert not model.capabilities.priced


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "Input data was truncated"),
        (b'"a"\n', "Expected `object`"),
        ({"completion": "a"}, "either prompt or messages"),
        ({"prompt": "a", "messages": [], "completion": "a"}, "either prompt or messages"),
        ({"prompt": "a"}, "either completion or completions"),
        ({"prompt": 3, "completion": "a"}, r"\$.prompt"),
        ({"messages": [{"role": "bot", "content": ""}], "completion": "a"}, r"\$.messages\[0\].role"),
        ({"prompt": "a", "completions": [1]}, "text"),
        ({"prompt": "a", "completions": ["a", ["b"]]}, "mixes texts and lists"),
        ({"prompt": "a", "completions": ["a"], "usage": [{}, {}]}, "usage does not have the shape"),
        ({"prompt": "a", "completions": ["a"], "usage": {"input_tokens": "x"}}, "usage"),
        ({"prompt": "a", "completion": "a", "finish_reason": "tired"}, "finish_reason"),
        ({"prompt": "a", "completions": ["a"], "logprobs": {}}, "logprobs must be a list"),
        ({"prompt": "a", "completion": "a", "k": -1}, "k counts from 0"),
        ({"prompt": "a", "completion": "a", "sampling": {"temprature": 1}}, "did you mean 'temperature'"),
        (b'{"prompt": "\xff", "completion": "a"}\n', "tf-8|UTF-8"),
    ],
)
def test_errors_in_the_file_name_their_line(tmp_path, line, message):
    path = write(tmp_path / "r.jsonl", {"prompt": "z", "completion": "z"}, b"\n", line)
    with pytest.raises(InputError, match=message) as caught:
        Recording(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no recording at"):
        open_model("replay:missing.jsonl", tmp_path)
    with pytest.raises(InputError, match="no recording at"):
        open_model(f"replay:{tmp_path}")
    (tmp_path / "r.gz").write_bytes(gzip.compress(b'{"prompt": "a"' * 1000)[:60])
    with pytest.raises(InputError, match="damaged gzip"):
        open_model("replay:r.gz", tmp_path)


def call(request: Request, completion: Completion, model: str = "openai/m") -> Call:
    return Call(call_key(digest(model), request_digest(request), request.trial, request.k), model, request, completion)


texts = st.text(max_size=5)
part = st.builds(TextPart, texts) | st.builds(ImagePart, url=texts)
message = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant"]),
    texts | st.lists(part, max_size=2).map(tuple),
    st.lists(st.builds(ToolCall, texts, texts, texts), max_size=1).map(tuple),
)
sampling = st.builds(
    Sampling,
    temperature=st.sampled_from([None, 0.0, 1.0]),
    stop=st.sampled_from([(), ("a",), ("a", "b")]),
    seed=st.sampled_from([None, 0]),
    extra=st.sampled_from([{}, {"x": [1, {"y": None}]}]),
)
request_ = st.builds(
    Request,
    messages=st.lists(message, min_size=1, max_size=2).map(tuple),
    sampling=sampling,
    tools=st.sampled_from([(), (Tool("t"),)]),
    tool_choice=st.sampled_from([None, "auto"]),
    response_format=st.sampled_from([None, ResponseFormat(), ResponseFormat({"type": "object"})]),
) | st.builds(Request, text=texts, sampling=sampling)
completion = st.builds(
    Completion,
    texts,
    st.sampled_from([None, "stop", "length"]),
    st.none() | st.builds(Usage, st.integers(0, 9), st.integers(0, 9), reasoning_tokens=st.integers(0, 2)),
    st.none() | st.lists(st.builds(TokenLogprob, texts, st.floats(-9, 0)), max_size=2).map(tuple),
    st.lists(st.builds(ToolCall, texts, texts, texts), max_size=1).map(tuple),
    texts,
    st.sampled_from(["m-1", "m-2"]),
)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_recorded_run_replays_exactly(tmp_path_factory, data):
    """Requests of two models, several trials and repeats, finishing in any order, some never answered."""
    calls: dict[bytes, Call] = {}
    requests = data.draw(st.lists(request_, min_size=1, max_size=4))
    for request in requests:
        for trial in range(data.draw(st.integers(1, 2))):
            for k in range(data.draw(st.integers(1, 3))):
                for model in ("openai/m", "openai/n"):
                    made = call(asked(request, trial=trial, k=k), data.draw(completion), model)
                    calls[made.key] = made
    shuffled = data.draw(st.permutations(list(calls.values())))
    answered = shuffled[data.draw(st.integers(0, 1)) :]
    name = data.draw(st.sampled_from(["r.jsonl", "r.jsonl.gz"]))
    path = tmp_path_factory.mktemp("run") / name
    cut = data.draw(st.integers(0, len(answered)))
    for stretch in (answered[:cut], answered):  # a run that was stopped, and the same run resumed
        with RecordWriter(path) as writer:
            for each in stretch:
                writer.add(each)
    recording = Recording(path)
    for each in answered:
        played = recording.answer(each.request, each.model)
        expected = each.completion
        assert (played.text, played.finish_reason, played.usage) == (
            expected.text,
            expected.finish_reason,
            expected.usage,
        )
        assert (played.logprobs, played.tool_calls) == (expected.logprobs, expected.tool_calls)
        assert (played.reasoning, played.model) == (expected.reasoning, expected.model)
    for each in calls.values():
        if each not in answered:
            with pytest.raises(CallError, match=r"recorded|not answered"):
                recording.answer(each.request, each.model)
    recording.close()


def test_what_is_written_is_there_at_once_and_in_order(tmp_path):
    path = tmp_path / "r.jsonl"
    writer = RecordWriter(path)
    made = [call(asked(user("a"), k=k), Completion(f"a{k}")) for k in range(4)]
    for k in (2, 0):
        writer.add(made[k])
    assert [json.loads(line)["completion"] for line in path.open()] == ["a0"]
    writer.add(made[1])
    assert [json.loads(line)["completion"] for line in path.open()] == ["a0", "a1", "a2"]
    assert json.loads(path.read_text().splitlines()[0]) == {
        "messages": [{"role": "user", "content": "a"}],
        "completion": "a0",
        "model": "openai/m",
        "exact": True,
    }


def test_a_torn_line_is_cut_off_and_a_run_is_continued(tmp_path):
    path = tmp_path / "r.jsonl"
    made = [call(asked(user("a"), k=k), Completion(f"a{k}")) for k in range(3)]
    with RecordWriter(path) as writer:
        writer.add(made[0])
        writer.add(made[1])
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    with RecordWriter(path) as writer:
        for each in made:
            writer.add(each)
    assert path.read_bytes().startswith(content)
    assert [replay(path, each.request).text for each in made] == ["a0", "a1", "a2"]


def test_a_gzipped_recording_survives_a_kill(tmp_path):
    path = tmp_path / "r.jsonl.gz"
    made = [call(asked(user("a"), k=k), Completion(f"a{k}")) for k in range(2)]
    killed = RecordWriter(path)
    killed.add(made[0])
    assert not path.exists()
    os.close(killed._file)
    with RecordWriter(path) as writer:
        writer.add(made[0])
        writer.add(made[1])
    assert [replay(path, each.request).text for each in made] == ["a0", "a1"]
    assert [p.name for p in tmp_path.iterdir()] == ["r.jsonl.gz"]


def test_two_runs_cannot_record_to_one_file(tmp_path):
    with RecordWriter(tmp_path / "r.jsonl"), pytest.raises(InputError, match="another run"):
        RecordWriter(tmp_path / "r.jsonl")
    with pytest.raises(InputError, match="cannot record to"):
        RecordWriter(tmp_path / "no" / "r.jsonl")


def test_many_prompts_are_found_and_missed_quickly(tmp_path):
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghij", k=6)) for _ in range(3000)]
    prompts = [" ".join(rng.choices(words, k=30)) for _ in range(5000)]
    path = write(tmp_path / "r.jsonl", *({"prompt": p, "completion": str(i)} for i, p in enumerate(prompts)))
    recording = Recording(path)
    assert [recording.answer(Request(text=prompts[i])).text for i in (0, 17, 4999)] == ["0", "17", "4999"]
    for i in (3, 4000):
        with pytest.raises(CallError, match=rf"r.jsonl:{i + 1} "):
            recording.answer(Request(text=prompts[i].replace(" ", "  ", 3)))
    recording.close()


def test_a_recording_of_a_model_with_sampling_replays_without(tmp_path):
    path = tmp_path / "r.jsonl"
    sent = asked(user("a"), sampling=Sampling(temperature=0.5, max_tokens=4096))  # the spec's, and the budget's own
    with RecordWriter(path) as writer:
        for k in range(2):
            writer.add(call(asked(sent, k=k), Completion(f"a{k}"), "openai/x?temperature=0.5"))
    assert [replay(path, asked(user("a"), k=k)).text for k in range(2)] == ["a0", "a1"]
    assert replay(path, asked(user("a"), sampling=Sampling(temperature=0.5))).text == "a0"
    message = refused(path, asked(user("a"), sampling=Sampling(temperature=1.0)))
    assert message.endswith("holds this prompt, but recorded with temperature=0.5, asked with temperature=1.0")
    assert "recorded with top_p=none" in refused(path, asked(user("a"), sampling=Sampling(top_p=0.5)))


@pytest.mark.parametrize("exact", [True, False])
def test_where_lines_differ_the_request_must_say(tmp_path, exact):
    def line(text: str, sampling: dict, **more) -> dict:
        return {"prompt": "a", "completion": text, "sampling": sampling, "exact": exact, **more}

    path = write(
        tmp_path / "r.jsonl",
        line("cold", {"temperature": 0, "max_tokens": 9}),
        line("hot", {"temperature": 1, "max_tokens": 9}),
        line("m", {"temperature": 0.5}, prompt="b", model="m"),
        line("n", {"temperature": 1}, prompt="b", model="n"),
        line("plain", {"max_tokens": 9}, prompt="c"),
        line("warm", {"max_tokens": 9, "temperature": 1}, prompt="c"),
        line("x", {"stop": ["a b"]}, prompt="d"),
        line("y", {"stop": ["c"]}, prompt="d"),
    )
    with pytest.raises(InputError) as caught:
        replay(path, Request(text="a"))
    said = f"{path}:1 holds this prompt with temperature=0, 1; say which: add ?temperature=0 to the model"
    assert str(caught.value) == said
    assert replay(path, Request(text="a", sampling=Sampling(temperature=1.0))).text == "hot"
    assert replay(path, Request(text="b"), model="m").text == "m"
    assert replay(path, Request(text="c")).text == "plain"
    assert replay(path, Request(text="c", sampling=Sampling(temperature=1.0))).text == "warm" or not exact
    with pytest.raises(InputError, match=r"add \?stop=a%20b to"):
        replay(path, Request(text="d"))
