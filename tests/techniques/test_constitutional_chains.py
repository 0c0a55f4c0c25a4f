"""The recorded chains of Bai et al. 2022 come back step by step, with the principles named in the recorded order."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scansion.errors import CallError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.prompts import from_text
from scansion.techniques import Context, compose, parse_techniques
from scansion.types import Output

CHAINS = Path(__file__).resolve().parents[3] / "shared" / "data" / "constitutional_ai"
CHAINS /= "critique_revision_chains.jsonl.gz"
BASE = "---\nmodel:\n  apiType: completion\n---\n{{prompt}}"
Chain = dict[str, Any]


@pytest.fixture(scope="module")
def chains() -> list[Chain]:
    if not CHAINS.is_file():
        pytest.skip("the recorded chains are not beside the project: ../shared/data/constitutional_ai")
    return [json.loads(line) for line in gzip.decompress(CHAINS.read_bytes()).splitlines()]


def recorded(chain: Chain) -> list[tuple[str, str]]:
    """What was sent and said, as the record has it: each request behind all that was before."""
    said = [chain["initial_response"][0]["sample"]]
    asked = [chain["prompt"]]
    for step in chain["steps"]:
        for request, reply in (
            (step["critique_request"][0], step["critique"]),
            (step["revision_request"], step["revision"]),
        ):
            asked.append(asked[-1] + said[-1] + request)
            said.append(reply)
    return list(zip(asked, said, strict=True))


def write(folder: Path, chains: list[Chain]) -> None:
    """The recording of all chains, and their principles as a constitution."""
    lines = [{"prompt": asked, "completions": [said]} for chain in chains for asked, said in recorded(chain)]
    (folder / "chains.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    principles = {}
    for step in (step for chain in chains for step in chain["steps"]):
        critique = step["critique_request"][0].removeprefix("\n\nCritiqueRequest: ").removesuffix("\n\nCritique:")
        revision = step["revision_request"].removeprefix("\n\nRevisionRequest: ").removesuffix("\n\nRevision:")
        principles[step["key"]] = {"critique": critique, "revision": revision}
    text = yaml.safe_dump({"principles": principles}, allow_unicode=True)
    (folder / "recorded.yaml").write_text(text, encoding="utf-8")


def replay(folder: Path, chain: Chain, gateway: Gateway) -> tuple[Output, Trace]:
    keys = ", ".join(step["key"] for step in chain["steps"])
    techniques = parse_techniques(f"revise(recorded.yaml, principles=[{keys}])", folder)
    program, trace = compose(from_text(BASE, name="p"), techniques, Context()), Trace()
    lm = LM(gateway, gateway.channel("replay:chains.jsonl"), trace)
    return asyncio.run(_asked(program, {"prompt": chain["prompt"]}, lm)), trace


async def _asked(program: Any, inputs: dict[str, Any], lm: LM) -> Output:
    output: Output = await program(inputs, lm)
    return output


def test_each_critique_and_revision_lands_at_its_step(chains: list[Chain], tmp_path: Path) -> None:
    assert len(chains) == 40
    write(tmp_path, chains)
    gateway = Gateway(base_dir=tmp_path)
    steps = 0
    for chain in chains:
        output, trace = replay(tmp_path, chain, gateway)
        found = output.data["steps"]
        assert found[0] == {"step": "draft", "text": chain["initial_response"][0]["sample"]}
        for at, step in enumerate(chain["steps"]):
            critique, revision = found[1 + 2 * at : 3 + 2 * at]
            assert (critique["step"], critique["about"], critique["text"]) == (
                "critique",
                step["key"],
                step["critique"],
            )
            assert (revision["step"], revision["about"], revision["text"]) == (
                "revision",
                step["key"],
                step["revision"],
            )
            assert revision["revises"] is True
            steps += 2
        assert len(found) == len(trace.calls) == 1 + 2 * len(chain["steps"])
        assert output.text == chain["steps"][-1]["revision"]
        assert output.messages == chain["prompt"] + output.text
    assert steps == 320


def test_in_another_order_the_record_has_no_such_call(chains: list[Chain], tmp_path: Path) -> None:
    write(tmp_path, chains)
    swapped = next(c for c in chains if c["steps"][0]["key"] != c["steps"][1]["key"])
    swapped = {**swapped, "steps": [*swapped["steps"][1::-1], *swapped["steps"][2:]]}
    with pytest.raises(CallError, match="nearest"):
        replay(tmp_path, swapped, Gateway(base_dir=tmp_path))
