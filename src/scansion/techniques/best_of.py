"""Best of n: ask several times and keep the best reply, chosen without the target."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from scansion.errors import CallError, InputError, Unscored
from scansion.sandbox import Sandbox, build_sandbox
from scansion.scorers import Scorer
from scansion.specs import Column
from scansion.techniques._algebra import Context, Program, Wrap, technique
from scansion.techniques._branches import Result, check_most, repeats, side_by_side
from scansion.techniques._by_judge import by_judge
from scansion.techniques._by_pairs import by_pairs
from scansion.techniques._by_scores import by_back_translation, by_logprob, by_scorer
from scansion.techniques._by_tests import by_tests
from scansion.techniques._choosing import Case, Choice, Chooser
from scansion.techniques._handles import Sampled
from scansion.types import Output, Sampling

__all__ = ["best_of"]

By = Literal["judge", "pairs", "tests", "logprob", "backtranslate"]

_GOES_WITH: Mapping[str, Sequence[str]] = {
    "rubric": ("judge", "pairs"),
    "prompt": ("judge", "pairs"),
    "knockout": ("pairs",),
    "tests": ("tests",),
    "sandbox": ("tests",),
    "like": ("backtranslate",),
    "model": ("judge", "pairs", "tests", "backtranslate", "a scorer that asks a model"),
}


@technique("best_of", "best_of_n", "bon", "rejection_sampling", "rerank")
def best_of(
    n: int = 5,
    by: By | Scorer = "judge",
    *,
    min: int | None = None,
    rubric: str | None = None,
    prompt: str | None = None,
    model: str | None = None,
    knockout: bool | None = None,
    tests: Column | None = None,
    sandbox: Sandbox | None = None,
    like: str | None = None,
) -> Wrap:
    """Runs the program `n` times and gives the output that `by` finds best; of equals the first.

    - `judge`: one call that sees all candidates, in an order drawn anew for every example, and names the best.
    - `pairs`: a judge compares two at a time in both orders; where the orders disagree the two tie. Up to 5 candidates
      all meet (n (n - 1) calls) and are rated by Bradley and Terry; more play a knockout (2 (n - 1) calls), which
      `knockout=true` or `false` decides otherwise. A comparison that cannot be read decides nothing.
    - `tests`: candidates are Python code (the last block of Python, else all), run in the `sandbox` (`monty`, or
      `process` for full Python) against the assertions in the column `tests=$column`; the score is the share that hold.
      Without it the model writes assertions (one call), and the candidates that hold the same ones count together: how
      many they are times how many they hold.
    - `logprob`: the mean log-probability of the reply's tokens, for which every call asks.
    - `backtranslate`: a model guesses the request from the reply; the score is how `like` (`ngrams`, `judge`, or an
      embedding model) the guess is to the real one.
    - a scorer that needs no target, such as `rubric("Is it polite?")` or `max_words(80)`: the highest score. It is told
      the inputs and never the target.

    `rubric`, a short text or a file, tells the judge what is better, `prompt` is a prompt file of your own to ask it
    with: it shows `{{ candidates }}`, or for pairs `{{ a }}` and `{{ b }}`, and may show `asked` and `criteria`.
    `model` is the judge (default: the program's own model). Equal texts are judged as one. An unscored candidate loses
    against a scored one; one that abstains, is cut off or empty is chosen only where all are. Where nothing can be
    chosen the outcome is unscored: `judge unreadable`, or the reason of the first candidate. A call that fails makes it
    an error, unless at least `min` runs succeed and no judge's call fails. Sampling is not changed. `data` holds
    `chosen` (the number of the run, from 0), `by`, `asked`, `failed`, `scores` where there are any (one a run), with
    pairs `unread`, the comparisons that could not be read, with tests `tests`, how many there were.

    Follows Nakano et al. 2021, WebGPT (arXiv 2112.09332), for rejection sampling; Zheng et al. 2023, Judging
    LLM-as-a-Judge (arXiv 2306.05685), for judges and both orders; Chen et al. 2022, CodeT (arXiv 2207.10397), for tests
    that the model writes.

    Example: `best_of(4, by=pairs, rubric="Which reply is more polite?")`
    """
    if n < 1:
        raise InputError(f"best_of: n is {n}; ask at least once")
    check_most("best_of", "n", n)
    if min is not None and not 1 <= min <= n:
        raise InputError(f"best_of: min is {min}; it must be from 1 to {n}, the number of runs")
    given = {"rubric": rubric, "prompt": prompt, "model": model, "knockout": knockout, "tests": tests}
    chooser = _chooser(n, by, {**given, "sandbox": sandbox, "like": like})
    said = by.identity if isinstance(by, Scorer) else by
    least = n if min is None else min

    def wrap(program: Program, context: Context) -> Program:
        if chooser.ready is not None:
            chooser.ready()

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            handle = Sampled(lm, **msgspec.to_builtins(chooser.asks)) if chooser.asks != Sampling() else lm
            runs = await side_by_side(repeats(program, n, inputs), handle)
            case = Case(_candidates(runs, least), inputs, context.seed)
            choice = await chooser.choose(case, lm)
            return _chosen(runs, choice, said)

        return run

    return Wrap(
        wrap,
        times=n,
        plus=chooser.calls,
        repeats=n > 1,
        fewer=chooser.calls > 0,
        models=chooser.models,
        variables=chooser.variables,
        source=chooser.source,
        asks=chooser.asks,
        embedders=chooser.embedders,
    )


def _chooser(n: int, by: By | Scorer, options: dict[str, Any]) -> Chooser:
    """The way of choosing. Raises InputError for an option that does not go with it."""
    kind = "a scorer that asks a model" if isinstance(by, Scorer) else by
    for name, value in options.items():
        if value is not None and kind not in _GOES_WITH[name]:
            ways = " or ".join(f"by={way}" if " " not in way else f"by {way}" for way in _GOES_WITH[name])
            raise InputError(f"best_of: {name}= goes with {ways}, not with by={getattr(by, 'spec', by)}")
    model, rubric, prompt = options["model"], options["rubric"] or "", options["prompt"]
    if model is not None:
        from scansion.models.registry import parse_model

        parse_model(model)
    if isinstance(by, Scorer):
        return by_scorer(n, by, model)
    choosers: dict[str, Any] = {
        "judge": lambda: by_judge(n, rubric, prompt, model),
        "pairs": lambda: by_pairs(n, rubric, prompt, model, options["knockout"]),
        "tests": lambda: by_tests(options["tests"], options["sandbox"] or build_sandbox("monty"), model),
        "logprob": by_logprob,
        "backtranslate": lambda: by_back_translation(n, options["like"] or "ngrams", model),
    }
    return typing.cast(Chooser, choosers[by]())


def _candidates(runs: Sequence[Result], least: int) -> dict[int, Output]:
    """The outputs that may be chosen, by the number of their run. Raises the first failed call where too many failed,
    and the first Unscored where no run gave an output."""
    failures = [one for one in runs if isinstance(one, CallError)]
    if len(failures) > len(runs) - least:
        raise failures[0]
    outputs = {number: one for number, one in enumerate(runs) if isinstance(one, Output)}
    if not outputs:
        raise next(one for one in runs if isinstance(one, Unscored | CallError))
    for fit in (_answers, _whole, _speaks):
        outputs = {number: one for number, one in outputs.items() if fit(one)} or outputs
    return outputs


def _answers(output: Output) -> bool:
    return output.data.get("abstained") is not True


def _whole(output: Output) -> bool:
    return output.finish_reason != "length"


def _speaks(output: Output) -> bool:
    return bool(output.text.strip())


def _chosen(runs: Sequence[Result], choice: Choice, by: str) -> Output:
    output = typing.cast(Output, runs[choice.chosen])
    found = dict(choice.data)
    if "scores" in found:
        found["scores"] = [found["scores"].get(number) for number in range(len(runs))]
    failed = sum(isinstance(one, CallError) for one in runs)
    data = {**output.data, "chosen": choice.chosen, "by": by, "asked": len(runs), "failed": failed, **found}
    return msgspec.structs.replace(output, data=data)
