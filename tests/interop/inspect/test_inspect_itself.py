"""Side by side with Inspect's own package: its logs of its mock model compare, and its reader opens our exports."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.interop.exports import export_run
from scansion.interop.inspect_logs import read_inspect

inspect_ai = pytest.importorskip("inspect_ai", reason="Inspect is not installed: pip install inspect-ai")


def evaluated(name: str, right: Any, *, form: str, folder: Path, epochs: int = 1) -> str:
    """A log that Inspect makes of its mock model, which is right where `right(n)` is, and fails where that is None."""
    from inspect_ai import Task
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes, match
    from inspect_ai.solver import generate, system_message

    def answer(input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:
        number = int(input[-1].text.split()[2].partition("+")[0])
        if right(number) is None:
            raise RuntimeError("boom")
        output = ModelOutput.from_content("mockllm/model", str(number + 1) if right(number) else "zero")
        output.usage = ModelUsage(
            input_tokens=10, output_tokens=2, total_tokens=15, input_tokens_cache_read=3, reasoning_tokens=1
        )
        return output

    samples = [Sample(id=i + 1, input=f"What is {i}+1?", target=str(i + 1), metadata={"n": i}) for i in range(20)]
    task = Task(
        name=name,
        dataset=samples,
        solver=[system_message("Add."), generate()],
        scorer=[match(numeric=True), includes()],
    )
    model = get_model("mockllm/model", custom_outputs=answer)
    [log] = inspect_ai.eval(
        task, model=model, log_dir=str(folder), log_format=form, display="none", fail_on_error=False, epochs=epochs
    )
    return str(log.location)


@pytest.mark.parametrize("form", ["eval", "json"])
def test_two_logs_of_inspects_mock_model_compare(tmp_path: Path, form: str) -> None:
    from inspect_ai.log import read_eval_log

    a = evaluated("half", lambda n: n % 2, form=form, folder=tmp_path)
    b = evaluated("all", lambda n: None if n == 3 else True, form=form, folder=tmp_path)
    result = scansion.compare(a, b)
    [found] = result.comparisons
    assert (found.a, found.b, found.verdict, found.flips) == ("half", "all", "better", (0, 10))
    assert [(v.scored, v.errors) for v in result.variants] == [(20, 0), (19, 1)]
    for path, variant in ((a, result.variants[0]), (b, result.variants[1])):
        log = read_eval_log(path)
        assert log.results is not None
        assert log.results.scores[0].metrics["accuracy"].value == variant.mean
        usage = log.stats.model_usage["mockllm/model"]
        assert usage.input_tokens + (usage.input_tokens_cache_read or 0) == variant.input_tokens
        assert usage.output_tokens == variant.output_tokens
    assert scansion.compare(a, b, scorer="exact").comparisons[0].flips == (0, 10)


def test_epochs_are_trials(tmp_path: Path) -> None:
    path = evaluated("twice", lambda n: True, form="eval", folder=tmp_path, epochs=2)
    [variant] = read_inspect(path).variants
    assert sorted((o.example.id, o.trial) for o in variant.outcomes)[:2] == [("1", 0), ("1", 1)]


def same_score(mine: Any, theirs: Any) -> bool:
    if mine.value is None:
        return math.isnan(theirs.value) and theirs.reason == mine.unscored
    return bool(mine.value == theirs.value and mine.answer == theirs.answer)


def test_inspects_reader_opens_an_export_with_equal_samples_scores_and_usage(ran: Any, lab: Any) -> None:
    from inspect_ai.log import read_eval_log, read_eval_log_sample, read_eval_log_sample_summaries

    for written, variant in zip(export_run(lab, "run.eval"), ran.variants, strict=True):
        log = read_eval_log(written.path)
        assert (log.status, log.eval.task, log.eval.model) == ("success", "sums", variant.model)
        assert log.samples is not None
        samples = {(s.id, s.epoch): s for s in log.samples}
        views = list(lab.views(variant=variant.name))
        assert len(views) == len(samples) == written.outcomes
        for view in views:
            read = samples[view.example.id, view.trial + 1]
            assert (read.target, read.metadata) == (view.example.target, view.example.inputs)
            assert (read.error is not None) == (view.status == "error")
            if view.output is None:
                continue
            assert read.output.completion == view.output.text
            assert [m.text for m in read.messages] == [m.content for m in view.output.messages]
            assert [m.role for m in read.messages] == ["user", "assistant"]
            assert [e.event for e in read.events] == ["model"]
            scores = {} if view.reason == "truncated" else view.scores
            assert all(same_score(score, (read.scores or {})[name]) for name, score in scores.items())
            [usage] = read.model_usage.values()
            assert usage.input_tokens + (usage.input_tokens_cache_read or 0) == 20
            assert (usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (5, 2, 25)
        cut = samples["q9", 1]
        assert (cut.output.stop_reason, (cut.scores or {})["numeric"].reason) == ("max_tokens", "truncated")
        [total] = log.stats.model_usage.values()
        assert total.input_tokens + (total.input_tokens_cache_read or 0) == variant.input_tokens
        assert log.results is not None
        assert log.results.scores[0].metrics["mean"].value == variant.mean
        assert len(read_eval_log_sample_summaries(written.path)) == len(samples)
        assert read_eval_log_sample(written.path, "q3", 2).output.completion == samples["q3", 2].output.completion


def test_inspects_reader_finds_equal_rows_as_samples_of_their_own(repeated: Any, lab: Any) -> None:
    from inspect_ai.log import read_eval_log, read_eval_log_sample, read_eval_log_sample_summaries

    for written, variant in zip(export_run(lab, "twins.eval"), repeated.variants, strict=True):
        log = read_eval_log(written.path)
        views = list(lab.views(variant=variant.name))
        assert log.samples is not None
        assert len(log.samples) == len(read_eval_log_sample_summaries(written.path)) == len(views) == 12
        assert len({(s.id, s.epoch) for s in log.samples}) == 12
        known = sorted((v.example.id, v.trial + 1, v.scores["numeric"].value) for v in views)
        assert known == sorted(
            (s.metadata.get("example_id", s.id), s.epoch, (s.scores or {})["numeric"].value) for s in log.samples
        )
        for sample in log.samples:
            assert read_eval_log_sample(written.path, sample.id, sample.epoch).output == sample.output
        [total] = log.stats.model_usage.values()
        assert total.output_tokens == variant.output_tokens == 12 * 5


def test_a_log_that_inspect_writes_anew_gives_the_same_verdict(ran: Any, lab: Any) -> None:
    from inspect_ai.log import read_eval_log, write_eval_log

    export_run(lab, "run.eval")
    for name in ("sum", "think"):
        write_eval_log(read_eval_log(f"run-{name}.eval"), f"again-{name}.eval")
        write_eval_log(read_eval_log(f"run-{name}.eval"), f"again-{name}.json")
    for form in ("eval", "json"):
        assert scansion.compare(f"again-sum.{form}", f"again-think.{form}").comparisons == ran.comparisons
