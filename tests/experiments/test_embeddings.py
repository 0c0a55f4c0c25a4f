"""Embeddings in a run: counted, never asked twice, shared by the run, recorded and played back; kill -9 and two
processes lose and double nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import scansion
from scansion.errors import InputError
from scansion.experiments.lab import Lab
from scansion.experiments.plan import Plan
from scansion.experiments.preview import preview
from scansion.models.gateway import Gateway
from scansion.report.plain import example_text

PROGRAM = '''
import sys
import numpy as np
import scansion
from scansion.types import Output

POOL = tuple(f"row {i}" for i in range(%d))

def nearest(embedder):
    async def nearest(inputs, lm):
        """The row of the pool that is nearest to the input."""
        handle = lm.using(embedder)
        pool = await handle.embed(POOL, shared=True)
        (own,) = await handle.embed([inputs["text"]])
        best = int(np.argmax(pool @ own))
        return Output(text=POOL[best])
    return nearest

def go(embedder, lab, **more):
    return scansion.run(prompts=[nearest(embedder)], models=["echo"], data="texts.jsonl", scorers=["exact"],
                        lab=lab, **more)

if __name__ == "__main__":
    import msgspec
    print(msgspec.json.encode(go(sys.argv[1], sys.argv[2])).decode())
'''

ROWS = 6


class Served:
    """An /embeddings server: a one-hot vector by the number in the text; counts what it is asked."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.asked: Counter[str] = Counter()

    def __call__(self, hit: Any) -> Any:
        texts = hit.json()["input"]
        self.asked.update(texts)
        data = [{"index": i, "embedding": self.vector(text)} for i, text in enumerate(texts)]
        tokens = 10 * len(texts)
        body = {"data": data, "model": "served", "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
        return self.module.Answer(body=body, delay=0.02)

    @staticmethod
    def vector(text: str) -> list[float]:
        digest = hashlib.blake2b(text.split()[1].encode(), digest_size=16).digest()
        return [byte / 127.5 - 1 for byte in digest]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    rows = [{"id": f"t{i}", "text": f"input {i}", "target": f"row {i}"} for i in range(ROWS)]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "program.py").write_text(PROGRAM % 20)
    return tmp_path


def spec(server: Any, options: str = "") -> str:
    return f"openai/text-embedding-3-small?base_url={server.url}/v1{options}"


def go(folder: Path, embedder: str, lab: str = "lab", **more: Any) -> Any:
    return program(folder)["go"](embedder, str(folder / lab), **more)


def program(folder: Path) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile((folder / "program.py").read_text(), "program.py", "exec"), space)
    return space


def test_a_pool_is_paid_once_by_the_run_and_inputs_by_their_outcomes(folder: Path, fault_server: ModuleType) -> None:
    told = Served(fault_server)
    with fault_server.FaultServer(answer=told) as server:
        found = go(folder, spec(server))
        (variant,) = found.variants
        assert (variant.mean, variant.calls, variant.input_tokens) == (1.0, ROWS, 10 * ROWS)
        assert variant.cost_usd == pytest.approx(10 * ROWS * 0.02e-6)
        assert variant.spent_usd == pytest.approx(10 * ROWS * 0.02e-6)
        assert found.spent_usd == pytest.approx(10 * (ROWS + 20) * 0.02e-6)
        assert set(told.asked.values()) == {1}
        assert variant.served_models == ()
        again = go(folder, spec(server), trials=2)  # the second trial is new, and asks nothing
        assert again.calls_made == 0
        assert again.variants[0].calls == 2 * ROWS
        assert sum(told.asked.values()) == ROWS + 20
        with Lab(folder / "lab") as lab:
            view = next(lab.views())
            assert [call.request.text for call in view.calls] == ["input 0"]


def test_a_run_with_embeddings_is_recorded_and_played_back(folder: Path, fault_server: ModuleType) -> None:
    told = Served(fault_server)
    with fault_server.FaultServer(answer=told) as server:
        go(folder, spec(server))
        first = go(folder, spec(server), record=str(folder / "tape.jsonl"))  # nothing is asked: all is in the lab
        asked = sum(told.asked.values())
    lines = [json.loads(line) for line in (folder / "tape.jsonl").read_text().splitlines()]
    assert sorted(line["embed"] for line in lines) == sorted(told.asked)
    assert asked == ROWS + 20
    played = go(folder, f"replay:{folder}/tape.jsonl", lab="played", record=str(folder / "again.jsonl"))
    assert played.variants[0].mean == first.variants[0].mean == 1.0
    assert played.spent_usd == 0
    vectors = [
        {line["embed"]: line["vector"] for line in map(json.loads, (folder / name).read_text().splitlines())}
        for name in ("tape.jsonl", "again.jsonl")
    ]
    assert vectors[0] == vectors[1]
    (folder / "tape.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:-1]))
    short = go(folder, f"replay:{folder}/tape.jsonl", lab="short")
    assert "no_recording" in short.variants[0].error_kinds


def test_a_recorded_vector_may_be_written_as_numbers(folder: Path) -> None:
    lines = [
        {"embed": f"{kind} {i}", "vector": Served.vector(f"x {i}")}
        for kind, n in (("row", 20), ("input", ROWS))
        for i in range(n)
    ]
    (folder / "hand.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert go(folder, f"replay:{folder}/hand.jsonl").variants[0].mean == 1.0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"embed": "a"}, "holds both embed, the text, and vector"),
        ({"prompt": "a", "vector": [1]}, "holds both embed, the text, and vector"),
        ({"embed": "a", "prompt": "a", "vector": [1]}, "holds no prompt and no completion"),
        ({"embed": "a", "vector": []}, "vector is a list of numbers"),
        ({"embed": "a", "vector": [1e300]}, "vector is a list of numbers"),
        ({"embed": "a", "vector": "AAA="}, "vector is a list of numbers"),
    ],
)
def test_a_wrong_line_of_a_recording_is_named(tmp_path: Path, line: Any, words: str) -> None:
    (tmp_path / "r.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(InputError, match=f"r.jsonl:1: .*{words}"):
        Gateway().channel(f"replay:{tmp_path}/r.jsonl")


def start(folder: Path, embedder: str) -> subprocess.Popen[str]:
    command = [sys.executable, "program.py", embedder, "lab"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(child: subprocess.Popen[str]) -> Any:
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    return json.loads(out)


def settled(told: Served) -> int:
    """How many texts the server was asked for, once it has answered what was still on its way to it."""
    last = -1
    while (now := sum(told.asked.values())) != last:
        last = now
        time.sleep(0.5)
    return now


def test_a_run_killed_between_batches_asks_for_nothing_that_it_has(folder: Path, fault_server: ModuleType) -> None:
    (folder / "program.py").write_text(PROGRAM % 120)
    told = Served(fault_server)
    with fault_server.FaultServer(answer=told) as server:
        embedder = spec(server, "&batch=2")
        child = start(folder, embedder)
        while sum(told.asked.values()) < 40 and child.poll() is None:
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        before = settled(told)
        db = sqlite3.connect(folder / "lab" / "lab.db")
        held = db.execute("SELECT count(*) FROM calls").fetchone()[0]
        db.close()
        assert 0 < held <= before < 120 + ROWS
        assert finished(start(folder, embedder))["variants"][0]["scored"] == ROWS
        assert sum(told.asked.values()) == before + 120 + ROWS - held
        assert finished(start(folder, embedder))["calls_made"] == 0


def test_two_processes_ask_for_each_text_once(folder: Path, fault_server: ModuleType) -> None:
    (folder / "program.py").write_text(PROGRAM % 60)
    told = Served(fault_server)
    with fault_server.FaultServer(answer=told) as server:
        embedder = spec(server, "&batch=5")
        children = [start(folder, embedder) for _ in range(2)]
        documents = [finished(child) for child in children]
    assert [d["variants"][0]["mean"] for d in documents] == [1.0, 1.0]
    assert set(told.asked.values()) == {1}


TECHNIQUE = """
from scansion.techniques import Wrap

def near(embedder: str) -> Wrap:
    return Wrap(lambda program, context: program, embedders=(embedder,))
"""


def test_a_technique_that_names_a_model_without_vectors_is_refused_before_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "near_technique.py").write_text(TECHNIQUE)
    (folder / "p.txt").write_text("{{text}}")
    plan = {"prompts": ["p.txt"], "models": ["echo"], "data": "texts.jsonl", "scorers": ["exact"], "lab": folder / "l"}
    with pytest.raises(InputError, match="pocket/tiny cannot give embeddings"):
        scansion.run(techniques=["python:near_technique:near(pocket/tiny)"], **plan)
    assert not (folder / "l" / "lab.db").exists() or not Lab(folder / "l").runs()


def test_a_preview_asks_for_no_embedding_and_counts_them(folder: Path, fault_server: ModuleType) -> None:
    told = Served(fault_server)
    rows = [json.loads(line) for line in (folder / "texts.jsonl").read_text().splitlines()]
    with fault_server.FaultServer(answer=told) as server:
        nearest = program(folder)["nearest"](spec(server))
        plan = Plan(prompts=(nearest,), models=("echo",), data=rows, scorers=("exact",))
        found = asyncio.run(preview(plan))
    assert not told.asked
    assert found.calls == ROWS + 20
    assert any("drawn by lot" in note for note in found.notes)
    assert found.cost_usd is not None
    assert found.cost_usd > 0


def test_a_trace_shows_what_was_embedded(folder: Path, fault_server: ModuleType) -> None:
    with fault_server.FaultServer(answer=Served(fault_server)) as server:
        go(folder, spec(server))
        with Lab(folder / "lab") as lab:
            shown = example_text([next(lab.views())])
    assert "--- text to embed" in shown
    assert "[a vector of 16 numbers]" in shown


def shots(embedder: str, lab: str = "lab", **more: Any) -> Any:
    Path("same.txt").write_text("Repeat {{text}}")
    by = f'by=embedding, embedder="{embedder}"'
    plan = {"prompts": ["same.txt"], "models": ["echo"], "techniques": [f"shots(2, {by})"], "scorers": ["includes"]}
    return scansion.run(data="texts.jsonl", lab=lab, **{**plan, **more})


def test_shots_by_an_embedding_model(folder: Path, fault_server: ModuleType) -> None:
    told = Served(fault_server)
    with fault_server.FaultServer(answer=told) as server:
        (short,) = shots(spec(server), "other", budget=f"{ROWS}calls").variants
        assert short.unreached
        assert sum(told.asked.values()) <= ROWS
        told.asked.clear()
        (made,) = shots(spec(server), record="calls.jsonl").variants
        assert (made.errors, made.calls) == (0, 2 * ROWS)
        assert set(told.asked.values()) == {1}
        shots(spec(server))
        assert set(told.asked.values()) == {1}
    with Lab(folder / "lab") as lab:
        shown = {view.example.id: view.output.data["shots"] for view in lab.views() if view.output is not None}
    (replayed,) = shots("replay/calls.jsonl", "again", models=["replay/calls.jsonl"]).variants
    with Lab(folder / "again") as lab:
        assert shown == {v.example.id: v.output.data["shots"] for v in lab.views() if v.output is not None}
    assert len(shown) == ROWS
    assert all(len(ids) == 2 and id not in ids for id, ids in shown.items())
    assert (replayed.errors, replayed.unreached) == (0, 0)


def test_what_fits_an_unknown_model_is_asked_for_before_any_embedding(folder: Path, fault_server: ModuleType) -> None:
    told = Served(fault_server)
    with fault_server.FaultServer(answer=told) as server:
        model = f"openai/mine?base_url={server.url}/v1"
        by = f'by=embedding, embedder="{spec(server)}"'
        with pytest.raises(InputError, match=r"how many tokens openai/mine.* can read is not known"):
            shots(spec(server), models=[model], techniques=[f"shots(max, {by})"])
    assert not told.asked
