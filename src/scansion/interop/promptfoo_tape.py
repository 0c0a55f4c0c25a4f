"""The lines of a recording of what promptfoo was answered: of the models that were asked, and of the judges."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.interop.promptfoo_asserts import Context, ready
from scansion.interop.promptfoo_config import Skips
from scansion.interop.promptfoo_results import FINISHED, Asked, could_not, text_of, usage_of
from scansion.scorers._assertions import leaves
from scansion.scorers._graders import rubric_turns

__all__ = ["Outcome", "Tape", "found_of", "is_rubric", "verdicts"]

Messages = list[dict[str, Any]]


class Outcome(Struct, frozen=True):
    """One result as our run would ask for it: the messages, the model, the trial, and the values of its row."""

    messages: Messages
    model: str
    trial: int
    one: Asked
    inputs: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What a run knows the request by, the trial apart."""
        return json.dumps([self.messages, self.model])

    @property
    def text(self) -> str | None:
        """The answer, None where there is none."""
        return None if could_not(self.one.said) else _answer(self.one)


class Tape:
    """What was answered, by request and trial. `refused` are the rows whose answers it could not take."""

    def __init__(self, label: str, skips: Skips) -> None:
        self.label = label
        self.skips = skips
        self.refused: set[str] = set()
        self._answers: dict[str, dict[int, Outcome]] = {}
        self._verdicts: dict[str, dict[int, list[dict[str, Any]]]] = {}

    def add(self, id: str, outcomes: Sequence[Outcome]) -> None:
        """Take the outcomes of a row, all or, where one request and trial has another answer already, none."""
        taken: dict[tuple[str, int], Outcome] = {}
        for each in outcomes:
            known = taken.get((each.key, each.trial)) or self._answers.get(each.key, {}).get(each.trial)
            if known is not None and known.text != each.text:
                self.refused.add(id)
                what = "not carried over: a test that asks what another asks and was answered otherwise"
                self.skips.add(what, self._place(each))
                return
            taken.setdefault((each.key, each.trial), each)
        for (key, trial), each in taken.items():
            self._answers.setdefault(key, {}).setdefault(trial, each)
        for each in outcomes:
            if each.text is not None:
                self._judge(each)

    def _place(self, outcome: Outcome) -> str:
        return f"{self.label} (test {outcome.one.test + 1})"

    def _judge(self, outcome: Outcome) -> None:
        """Take what judges said of one output."""
        found: dict[str, list[dict[str, Any]]] = {}
        context = Context(outcome.inputs, Path(self.label).parent, Skips())
        pairs = verdicts(outcome.one)
        if not pairs and _rubrics(outcome.one):
            self.skips.add("rubrics without a verdict for each", self._place(outcome))
        for rubric, part in pairs:
            leaf = ready({k: v for k, v in rubric.items() if k != "provider"}, "", context)
            if is_rubric(leaf):
                found.setdefault(json.dumps(rubric_turns(outcome.text or "", leaf)), []).append(_reply(leaf, part))
        for key, said in found.items():
            held = self._verdicts.setdefault(key, {}).setdefault(outcome.trial, [])
            if list(map(_held, held[: len(said)])) != list(map(_held, said[: len(held)])):
                what = "a judge said two things of one text; the first is kept"
                self.skips.add(what, self._place(outcome))
            held += said[len(held) :]

    def lines(self, judge: str) -> Iterator[dict[str, Any]]:
        """The recording: a line a request with its trials, then what judges said, as of the model `judge`."""
        for asked in self._answers.values():
            answered = {trial: each.one for trial, each in asked.items() if each.text is not None}
            if answered:
                first = next(iter(asked.values()))
                yield _line(first.messages, first.model, answered)
        for messages, said in self._verdicts.items():
            listed = [[json.dumps(v) for v in said[t]] if t in said else [None] for t in range(max(said) + 1)]
            yield {"messages": json.loads(messages), "model": judge, "completions": listed}


def _line(messages: Messages, model: str, asked: Mapping[int, Asked]) -> dict[str, Any]:
    """A line of the recording, its answers by trial; what no answer says is left out."""
    answers: dict[str, list[list[Any]]] = {"completions": [], "usage": [], "finish_reason": []}
    for trial in range(max(asked) + 1):
        said = asked[trial].said if trial in asked else {}
        response = said.get("response") or {}
        answers["completions"].append([text_of(response.get("output")) if said else None])
        answers["usage"].append([usage_of(response.get("tokenUsage") or said.get("tokenUsage"))])
        answers["finish_reason"].append([FINISHED.get(str(response.get("finishReason")))])
    held = {name: each for name, each in answers.items() if any(value is not None for (value,) in each)}
    return {"messages": messages, "model": model, **held}


def _answer(one: Asked) -> str:
    return text_of((one.said.get("response") or {}).get("output"))


def verdicts(one: Asked) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The rubrics of a result's test with what was found of each; none where these do not stand one to one."""
    parts = [part for part in _parts(one) if is_rubric(part["assertion"])]
    rubrics = _rubrics(one)
    return list(zip(rubrics, parts, strict=True)) if len(rubrics) == len(parts) else []


def found_of(one: Asked) -> list[Mapping[str, Any] | None]:
    """What was found of each of a test's assertions, those of sets in the sets' place; None where it is not told."""
    listed = [str(a.get("type")) for a in leaves([a for a in one.case.get("assert") or [] if isinstance(a, dict)])]
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for part in _parts(one):
        parts.setdefault(str(part["assertion"].get("type")), []).append(part)
    whole = {type for type, found in parts.items() if len(found) == listed.count(type)}
    return [parts[type].pop(0) if type in whole else None for type in listed]


def _parts(one: Asked) -> list[Mapping[str, Any]]:
    """What was found of single assertions, sets among them, in their order."""
    graded = one.said.get("gradingResult") or {}
    parts = graded.get("componentResults") or []
    return [p for p in parts if isinstance(p, dict) and isinstance(p.get("assertion"), dict)]


def _rubrics(one: Asked) -> list[dict[str, Any]]:
    listed = [a for a in one.case.get("assert") or [] if isinstance(a, dict)]
    return [leaf for leaf in leaves(listed) if is_rubric(leaf)]


def _reply(leaf: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """What the judge would have said for this to be found."""
    passed, score = bool(part.get("pass")), float(part.get("score") or 0)
    if str(leaf["type"]).startswith("not-"):
        passed, score = not passed, 1 - score
    return {"reason": str(part.get("reason") or ""), "pass": passed, "score": score}


def _held(verdict: Mapping[str, Any]) -> tuple[Any, Any]:
    return verdict["pass"], verdict["score"]


def is_rubric(assertion: Any) -> bool:
    """Whether an assertion is a rubric that a judge holds the output against."""
    return isinstance(assertion, dict) and str(assertion.get("type")) in ("llm-rubric", "not-llm-rubric")
