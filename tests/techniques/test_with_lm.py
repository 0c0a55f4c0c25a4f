"""Techniques on the real handle and a recording: five votes are five calls, and a missing fifth is an error."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from scansion.errors import CallError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.prompts import from_text
from scansion.scorers import build_extractor
from scansion.techniques import Context, compose, parse_techniques
from scansion.types import Output

CONTEXT = Context(extractor=build_extractor("last_number"))


def run(folder: Path, techniques: str, completions: list[str]) -> tuple[Output, Trace]:
    line = {"messages": [{"role": "user", "content": "Q: 1+1"}], "completions": completions}
    (folder / "r.jsonl").write_text(json.dumps(line) + "\n")
    program = compose(from_text("Q: {{x}}", name="p"), parse_techniques(techniques), CONTEXT)

    async def main() -> tuple[Output, Trace]:
        gateway = Gateway(base_dir=folder)
        trace = Trace()
        return await program({"x": "1+1"}, LM(gateway, gateway.channel("replay:r.jsonl"), trace)), trace

    return asyncio.run(main())


def test_five_votes_are_five_repeats(tmp_path: Path) -> None:
    output, trace = run(tmp_path, "vote(5)", ["2", "3", "3", "2", "it is 3"])
    assert (output.answer, output.data["votes"]) == ("3", {"2": 2, "3": 3})
    assert [call.request.k for call in trace.calls] == [0, 1, 2, 3, 4]


def test_four_recorded_are_an_error_unless_they_suffice(tmp_path: Path) -> None:
    with pytest.raises(CallError) as caught:
        run(tmp_path, "vote(5)", ["2", "3", "3", "2"])
    assert caught.value.kind == "no_recording"
    output, _ = run(tmp_path, "vote(5, min=4)", ["2", "3", "3", "2"])
    assert (output.text, output.data["failed"]) == ("2", 1)
