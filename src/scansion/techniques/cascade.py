"""A cascade: the cheap program first, the next one only where that one cannot be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.models.capabilities import lookup
from scansion.models.registry import parse_model
from scansion.scorers import Extractor
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._answers import answer_key, answer_text
from scansion.techniques._branches import check_most, needed, repeats, side_by_side
from scansion.techniques._handles import Sampled, mean_logprob, no_logprobs
from scansion.techniques._said import answer_of, entries, finished
from scansion.techniques._steps import Step, inputs_of, named, shared
from scansion.types import Output, Sampling

__all__ = ["cascade"]

When = Literal["abstains", "disagrees", "unsure"]

_AGREEMENT = 0.8
_LOGPROB = -0.1


@technique("cascade", "frugal")
def cascade(
    *steps: Step,
    when: When = "abstains",
    n: int | None = None,
    threshold: float | None = None,
    by: Extractor | None = None,
) -> Wrap:
    """Runs `steps` in turn, cheapest first, until one can be relied on; the last one's word is final.

    `when` says what sends an input on. `abstains`: the output says that it does not know (`data["abstained"]`), has no
    answer, or was cut off. `disagrees`: each step but the last is asked `n` times (5), and fewer than `threshold` (0.8)
    of the runs have the same answer; else that is the answer, as in `vote`. `unsure`: the mean log-probability of the
    reply's tokens is below `threshold` (-0.1), or it abstains; a step without log-probabilities leaves the outcome
    unscored. Answers are read by `by`, else by the primary scorer's extractor. Steps are what they are in `chain`:
    `cascade(pocket/tiny, pocket/small)` is the wrapped program on each model.

    `data` holds `level`, the step that answered, and `steps`, what each that was asked said, with `why` it was not
    relied on, `agreement` or `logprob`. A call that fails makes the outcome an error. Calls: at most those of all
    steps, each but the last `n` times where they vote.

    Follows Chen et al. 2023, FrugalGPT (arXiv 2305.05176), with the consistency of the answers as the sign of Yue et
    al. 2023, Large Language Model Cascades with Mixture of Thought Representations (arXiv 2310.03094).

    Example: `cot | cascade(pocket/tiny, pocket/small, when=disagrees, n=3, threshold=1)`
    """
    sign = _sign(when, n, threshold)
    if len(steps) < 2:
        raise InputError(
            "cascade: name at least two steps, the cheapest first, such as cascade(pocket/tiny, pocket/small)"
        )
    if when == "unsure":
        _check_logprobs(steps[:-1])
    parts = named(steps)

    def wrap(program: Program, context: Context) -> Program:
        read = by or context.extractor
        if read is None and when == "disagrees":
            raise InputError("cascade must know how to read an answer; give by=, such as by=last_number")
        return _Cascade([_Level(name, s, s.bind(program, context)) for name, s in parts.items()], sign, read)

    times = [sign.n] * (len(steps) - 1) + [1]
    told = shared(steps)
    if when == "unsure" and steps[0].wraps and not steps[0].models:
        told["asks"] = Sampling(logprobs=0).merged(told["asks"])
    return Wrap(
        wrap,
        times=sum(step.times * each for step, each in zip(steps, times, strict=True)),
        plus=sum(step.plus * each for step, each in zip(steps, times, strict=True)),
        **{**told, "fewer": True, "repeats": told["repeats"] or sign.n > 1},
        **inputs_of(steps),
    )


class _Cascade:
    """The levels as one program."""

    def __init__(self, levels: Sequence[_Level], sign: _Sign, read: Extractor | None) -> None:
        self._levels, self._sign, self._read = levels, sign, read

    async def __call__(self, inputs: Mapping[str, Any], lm: Any) -> Output:
        said: list[dict[str, Any]] = []
        for level in self._levels[:-1]:
            found = await self._sign.judged(level, inputs, lm, self._read)
            if found.output is None:
                said.append({"step": level.name, "text": "", **found.told})
                continue
            said += entries(level.name, found.output, level.step, **found.told)
            if not found.why:
                return finished(found.output, said, level=level.name)
        last = self._levels[-1]
        output = await last.program(inputs, lm)
        return finished(output, [*said, *entries(last.name, output, last.step)], level=last.name)


class _Level(Struct, frozen=True):
    name: str
    step: Step
    program: Program


class _Found(Struct, frozen=True):
    """What a level gave: its output (None: unscored), why that is not relied on (empty: it is), and its measure."""

    output: Output | None
    why: str = ""
    measure: dict[str, float] = {}

    @property
    def told(self) -> dict[str, Any]:
        return {**self.measure, **({"why": self.why} if self.why else {})}


class _Sign(Struct, frozen=True):
    """What shows that a level cannot be relied on."""

    when: When
    n: int
    threshold: float

    async def judged(self, level: _Level, inputs: Mapping[str, Any], lm: Any, read: Extractor | None) -> _Found:
        """Run a level and say whether its word is relied on. Raises CallError where a call fails."""
        if self.when == "disagrees" and read is not None:
            results = await side_by_side(repeats(level.program, self.n, inputs), lm)
            return self._voted([each for each in results if not isinstance(each, Unscored)], read)
        try:
            output = await level.program(inputs, Sampled(lm, logprobs=0) if self.when == "unsure" else lm)
        except Unscored as error:
            return _Found(None, error.reason)
        why = _abstains(output, read)
        return self._sure(output, why) if self.when == "unsure" else _Found(output, why)

    def _sure(self, output: Output, why: str) -> _Found:
        logprob = mean_logprob(output)
        if logprob is None:
            if not output.text:
                return _Found(output, why or "empty")
            raise no_logprobs()
        why = why or ("unsure" if logprob < self.threshold else "")
        return _Found(output, why, {"logprob": round(logprob, 6)})

    def _voted(self, results: Sequence[Any], read: Extractor) -> _Found:
        outputs = needed(results)
        groups: dict[Any, list[Output]] = {}
        for output in outputs:
            if not _abstains(output, read):
                groups.setdefault(answer_key(answer_of(output, read)), []).append(output)
        if not groups:
            return _Found(outputs[0] if outputs else None, "no answer", {"agreement": 0.0})
        best = max(groups.values(), key=len)  # the first of equals
        share = len(best) / self.n
        return _Found(best[0], "" if share >= self.threshold else "disagrees", {"agreement": round(share, 6)})


def _abstains(output: Output, read: Extractor | None) -> str:
    """Why an output is no answer; empty where it is one."""
    if output.data.get("abstained") is True:
        return "abstained"
    if output.finish_reason == "length":
        return "cut off"
    answer = answer_of(output, read)
    said = output.text.strip() if answer is None and read is None else answer
    return "no answer" if said is None or answer_text(said) == "" else ""


def _check_logprobs(steps: Sequence[Step]) -> None:
    """Raises InputError for a step on a model that is known to give no log-probabilities. (Of the variant's own model
    `asks` says it.)"""
    for step in steps:
        spec = parse_model(step.asked) if step.asked else None
        if spec is not None and "logprobs" in lookup(spec.provider, spec.name).refuses:
            raise InputError(
                f"cascade: {step.asked} gives no log-probabilities, which when=unsure goes by; take when=abstains or "
                "when=disagrees"
            )


def _sign(when: When, n: int | None, threshold: float | None) -> _Sign:
    if n is not None and when != "disagrees":
        raise InputError(f"cascade: n is how often a step is asked where when=disagrees, and when is {when}")
    if n is not None and n < 2:
        raise InputError(f"cascade: n is {n}; one answer cannot disagree, ask at least twice")
    check_most("cascade", "n", n or 0)
    if when == "abstains" and threshold is not None:
        raise InputError("cascade: threshold belongs to when=disagrees (a share) or when=unsure (a log-probability)")
    if when == "disagrees":
        share = _AGREEMENT if threshold is None else threshold
        if not 0 < share <= 1:
            raise InputError(
                f"cascade: threshold is {share:g}; with when=disagrees it is a share, above 0 and at most 1"
            )
        return _Sign(when, n or 5, share)
    mean = _LOGPROB if threshold is None else threshold
    if mean > 0:
        raise InputError(f"cascade: threshold is {mean:g}; with when=unsure it is a mean log-probability, at most 0")
    return _Sign(when, 1, mean)
