"""Nothing paid is lost: runs that are killed, and two processes on one plan, against a server on loopback."""

from __future__ import annotations

import json
import random
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

CHILD = """
import sys, msgspec, scansion
url, lab = sys.argv[1:3]
result = scansion.run(prompts=["direct.txt", "think.txt"], models=[f"openai/stub?base_url={url}/v1"],
                      data="rows.jsonl", scorers=["numeric"], lab=lab, concurrency=8)
print(msgspec.json.encode(result).decode())
"""


class Served:
    """Counts what a server is asked; answers the number in the prompt plus one, wrongly for every third."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.asked: list[str] = []

    def __call__(self, hit: Any) -> Any:
        prompt = hit.json()["messages"][-1]["content"]
        self.asked.append(prompt)
        number = int(prompt.rsplit(" ", 1)[1])
        answer = self.module.ok(str(number + (prompt.startswith("Think") or number % 3 > 0)))
        return self.module.Answer(answer.status, answer.body, answer.headers, delay=0.01)


def start(url: str, lab: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, lab], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(child: subprocess.Popen[str]) -> Any:
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return json.loads(out)


def recorded(lab: Path) -> int:
    db = sqlite3.connect(lab / "lab.db")
    try:
        return int(db.execute("SELECT count(*) FROM calls").fetchone()[0])
    finally:
        db.close()


def figures(document: Any) -> Any:
    variants = [{k: v[k] for k in ("name", "n", "scored", "mean", "interval", "calls")} for v in document["variants"]]
    return variants, document["comparisons"]


@pytest.mark.slow
def test_a_run_that_is_killed_fifty_times_ends_as_if_it_never_was(
    project: Any, fault_server: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    project.rows(900)
    served = Served(fault_server)
    rng = random.Random(7)
    lab = project.folder / "killed"
    kills = 0
    with fault_server.FaultServer(answer=served) as server:
        while kills < 50:
            before = len(served.asked)
            known = recorded(lab) if kills else 0
            child = start(server.url, "killed", project.folder)
            while len(served.asked) == before and child.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0.0, 0.05))
            if child.poll() is not None:
                break
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.communicate()
            kills += 1
            again = Counter(served.asked)
            assert sum(n - 1 for n in again.values()) <= 8 * kills  # only what was in flight is asked twice
            assert recorded(lab) >= known
        document = finished(start(server.url, "killed", project.folder))
        total = len(served.asked)
        assert kills >= 40
        assert total <= 1800 + 8 * kills
        assert finished(start(server.url, "killed", project.folder))["calls_made"] == 0
        assert len(served.asked) == total
        plain = finished(start(server.url, "plain", project.folder))
    assert figures(document) == figures(plain)
    assert recorded(lab) == 1800
    db = sqlite3.connect(lab / "lab.db")
    assert db.execute("SELECT count(*), count(DISTINCT key) FROM outcomes").fetchone() == (1800, 1800)
    db.close()


def test_two_processes_on_one_plan_make_each_call_once(
    project: Any, fault_server: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    project.rows(600)
    served = Served(fault_server)
    with fault_server.FaultServer(answer=served) as server:
        first = start(server.url, "shared", project.folder)
        while len(served.asked) < 20:
            time.sleep(0.01)
        second = start(server.url, "shared", project.folder)
        documents = [finished(first), finished(second)]
    assert max(Counter(served.asked).values()) == 1
    assert len(served.asked) == 1200
    assert figures(documents[0]) == figures(documents[1])
    assert [v["unreached"] for v in documents[0]["variants"]] == [0, 0]
    made = [document["calls_made"] for document in documents]
    assert max(made) == 1200  # both report the one run that they share


def test_no_key_is_kept_or_shown(project: Any, fault_server: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-very-secret-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    project.rows(5)
    with fault_server.FaultServer(answer=lambda hit: fault_server.ok("1")) as server:
        child = start(server.url, "kept", project.folder)
        out, err = child.communicate(timeout=60)
    with fault_server.FaultServer(answer=lambda hit: fault_server.refusal(401, f"bad key {secret}")) as server:
        refused = start(server.url, "refused", project.folder)
        refused_out, refused_err = refused.communicate(timeout=60)
    assert refused.returncode != 0
    kept = b"".join(f.read_bytes() for name in ("kept", "refused") for f in (project.folder / name).glob("lab.db*"))
    for text in (out, err, refused_out, refused_err):
        assert secret not in text
    assert secret.encode() not in kept
