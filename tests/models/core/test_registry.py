"""Specs of models: read, written back, refused with a useful line."""

from __future__ import annotations

from pathlib import Path

import pytest
from core_helpers import Scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.models.registry import ModelSpec, open_model, parse_model, sampling_of
from scansion.types import Completion, Sampling

text = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
number = st.floats(allow_nan=False, allow_infinity=False)
samplings = st.builds(
    Sampling,
    temperature=st.none() | number,
    top_p=st.none() | number,
    top_k=st.none() | st.integers(1, 1000),
    max_tokens=st.none() | st.integers(1, 10**6),
    stop=st.lists(text, max_size=3).map(tuple),
    seed=st.none() | st.integers(),
    logprobs=st.none() | st.integers(0, 20),
    effort=st.none() | text,
    extra=st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), text | st.integers(-9, 9) | st.booleans()),
)
options = st.dictionaries(st.sampled_from(["base_url", "key", "timeout"]), text)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["openai", "replay", "x-ai"]), text, options, samplings, st.sampled_from("/:"))
def test_a_spec_reads_back_as_it_was(
    provider: str, name: str, options: dict[str, str], sampling: Sampling, separator: str
) -> None:
    spec = ModelSpec(provider, name, options, sampling, separator)
    assert parse_model(spec.spec) == spec


def test_the_parts_of_a_spec() -> None:
    spec = parse_model(
        "openai/gpt-5-mini?effort=low&temperature=0.2&base_url=http://localhost:1/v1&stop=%0A&stop=b"
        "&max_tokens=5&seed=-1&extra.tier=flex&extra.depth=2"
    )
    assert (spec.provider, spec.name, spec.options) == ("openai", "gpt-5-mini", {"base_url": "http://localhost:1/v1"})
    assert sampling_of(spec) == Sampling(
        temperature=0.2, effort="low", stop=("\n", "b"), max_tokens=5, seed=-1, extra={"tier": "flex", "depth": 2}
    )
    assert spec.identity == "openai/gpt-5-mini?base_url=http://localhost:1/v1"
    assert spec.plain == "openai/gpt-5-mini"


def test_identity_leaves_out_what_changes_no_answer() -> None:
    assert parse_model("openai/x?key=MY_KEY&timeout=5&temperature=1").identity == "openai/x"


def test_other_forms() -> None:
    replay = parse_model("replay:runs/a%20b.jsonl.gz", base_dir="/data")
    assert (replay.provider, replay.name, replay.path) == (
        "replay",
        "runs/a b.jsonl.gz",
        Path("/data/runs/a b.jsonl.gz"),
    )
    function = parse_model("python:my_models:echo")
    assert (function.provider, function.name) == ("python", "my_models:echo")
    assert parse_model("openrouter/meta-llama/llama-3.1-8b:free").name == "meta-llama/llama-3.1-8b:free"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gpt-5-mini", "did you mean 'openai/gpt-5-mini'"),
        ("claude-sonnet-5", "did you mean 'anthropic/claude-sonnet-5'"),
        ("llama3", "ollama/llama3"),
        ("runs.jsonl", "replay:runs.jsonl"),
        ("", "PROVIDER/NAME"),
        ("openai/", "nothing stands after 'openai/'"),
        ("openai/x?tempreture=1", "did you mean 'temperature'"),
        ("openai/x?temperature=hot", "temperature must be a number, not 'hot'"),
        ("openai/x?temperature=nan", "temperature must be a number"),
        ("openai/x?max_tokens=0", "max_tokens must be a whole number from 1"),
        ("openai/x?seed", "option 'seed' has no value"),
        ("openai/x?seed=1&seed=2", "given twice"),
        ("open ai/x", "expected '/' or ':'"),
    ],
)
def test_wrong_specs_are_one_clear_line(spec: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_model(spec)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_provider_names_the_nearest(scripted: Scripted) -> None:
    with pytest.raises(InputError, match="did you mean 'scripted'"):
        open_model("scriptd/x")


def test_a_registered_factory_is_opened(scripted: Scripted) -> None:
    async def complete(_request: object) -> Completion:
        return Completion("x")

    assert open_model(scripted(complete)).name == "scripted/m0"
