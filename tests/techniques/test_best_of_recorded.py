"""Best of n over recorded samples, through the technique: the samples of Constitutional AI with the scores that their
preference model gave, played from a recording, chosen by a scorer that looks the score up.

Seven texts have two scores there, so the recording marks each sample by its number, in place of a token.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.prompts import from_text
from scansion.stats.repeats import best_of_k
from scansion.techniques import Context, compose, parse_techniques
from scansion.types import Output, TokenLogprob

RECORDS = Path(__file__).resolve().parents[3] / "shared" / "data"
SAMPLES = RECORDS / "constitutional_ai" / "rl_samples.jsonl.gz"
SCORER = """
import json
SCORES = json.load(open({path!r}))

def pm(output, example):
    assert example.target is None
    return SCORES[example.inputs["prompt"]][int(output.logprobs[0].token)]
"""
PROMPT = "---\nname: p\napiType: completion\n---\n{{ prompt }}"
MODELS = ("HRLHF", "HHRLHF", "RLMADISON", "RLMADISON_COT")

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_file(), reason="the recorded samples are not beside the project: ../shared/data/constitutional_ai"
)


def records(model: str) -> list[dict[str, Any]]:
    with gzip.open(SAMPLES, "rt") as lines:
        return [record for record in map(json.loads, lines) if record["model"] == model]


def expected(model: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((RECORDS / "expected.json").read_text())
    found: dict[str, Any] = figures[f"constitutional_ai/best_of_n/PALMS|{model}"]
    return found


def technique(folder: Path, model: str, n: int) -> Any:
    """`best_of(n)` by the recorded scores of one model's samples."""
    scores = folder / "scores.json"
    scores.write_text(json.dumps({row["prompt"]: row["pm_scores"] for row in records(model)}))
    name = f"pm_{model.lower()}_{n}"  # a module is imported once
    (folder / f"{name}.py").write_text(SCORER.format(path=str(scores)))
    return parse_techniques(f"best_of({n}, by=python:{name}:pm)", folder)


def played(folder: Path, model: str) -> list[Output]:
    """What `best_of(17)` gives for each prompt, its samples played from a recording."""
    rows, marks = records(model), [[{"token": str(i), "logprob": 0.0}] for i in range(17)]
    lines = [{"prompt": row["prompt"], "completions": row["samples"], "logprobs": marks} for row in rows]
    (folder / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    program = compose(from_text(PROMPT, name="p"), technique(folder, model, 17), Context())

    async def main() -> list[Output]:
        gateway = Gateway(base_dir=folder)
        channel = gateway.channel("replay:r.jsonl")
        return [await program({"prompt": row["prompt"]}, LM(gateway, channel, Trace())) for row in rows]

    return asyncio.run(main())


@pytest.mark.parametrize("model", MODELS)
def test_the_best_of_all_samples_is_the_recorded_best(tmp_path: Path, model: str) -> None:
    rows, cell = records(model), expected(model)
    outputs = played(tmp_path, model)
    assert len(outputs) == cell["prompts"]
    for row, output in zip(rows, outputs, strict=True):
        scores = row["pm_scores"]
        assert output.data["chosen"] == scores.index(max(scores))
        assert output.text == row["samples"][output.data["chosen"]]
        assert output.data["scores"] == pytest.approx(scores, abs=1e-8)
    told = [output.data["scores"] for output in outputs]
    assert fmean(map(fmean, told)) == pytest.approx(cell["mean_pm"], abs=1e-8)
    for k, value in cell["expected_best_of"].items():
        assert fmean(float(best_of_k(scores, int(k))) for scores in told) == pytest.approx(value, abs=1e-8), k


@pytest.mark.parametrize(("model", "k"), [(model, k) for model in MODELS for k in (1, 2, 16)])
def test_the_mean_over_all_subsets_is_the_expected_best(tmp_path: Path, model: str, k: int) -> None:
    rows = {row["prompt"]: row for row in records(model)}
    drawn: list[int] = []

    async def program(inputs: Any, _lm: Any) -> Output:
        number = drawn.pop(0)
        return Output(rows[inputs["prompt"]]["samples"][number], logprobs=(TokenLogprob(str(number), 0.0),))

    best = compose(program, technique(tmp_path, model, k), Context())

    async def mean_of(prompt: str) -> float:
        found = []
        for subset in combinations(range(17), k):
            drawn[:] = subset
            data = (await best({"prompt": prompt}, None)).data
            found.append(data["scores"][data["chosen"]])
        return fmean(found)

    async def main() -> float:
        return fmean([await mean_of(prompt) for prompt in rows])

    assert asyncio.run(main()) == pytest.approx(expected(model)["expected_best_of"][str(k)], abs=1e-8)
