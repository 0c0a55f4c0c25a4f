"""What `scansion demo` says after its table: what the run means, from its own verdicts, and what to try next."""

from __future__ import annotations

import shlex

from scansion.experiments.results import Comparison, RunResult, VariantResult
from scansion.report.figures import plural, scale_of, usd
from scansion.report.text import wrap

__all__ = ["WIND_TUNNEL", "closing", "meaning"]

WIND_TUNNEL = (
    "These are figures of a wind tunnel: two small models, trained from scratch on synthetic tasks, with real "
    "randomness and notional prices. They show what Scansion measures and are no forecast for your own model."
)

FEW = 3  # wrong outcomes that the first command to try pages through
LARGE, SMALL = "pocket/small", "pocket/tiny"
_STEPS, _VOTES = "steps", "steps | vote(5)"

_REASONING = {
    "worse": "Let the model work in steps",
    "better": "Do not let the model work in steps here",
    "equivalent": "It makes no difference that counts whether the model works in steps",
    "not worse": "Working in steps gains nothing that counts",
    "undecided": "Whether it helps to let the model work in steps is open",
}
_EXAMPLES = {
    "worse": "worked examples in place of the instruction do less",
    "better": "worked examples in place of the instruction do even better",
    "equivalent": "worked examples in place of the instruction do as well",
    "not worse": "worked examples in place of the instruction are not worse",
    "undecided": "whether worked examples in place of the instruction do as well is open",
}
_VOTING = {
    "worse": "A vote does harm",
    "better": "A vote adds to that",
    "equivalent": "A vote makes no difference that counts",
    "not worse": "A vote does no harm that counts",
    "undecided": "Whether a vote adds to that is open",
}
_SIZE = {
    "worse": "The larger model is better",
    "better": "The smaller model is better",
    "equivalent": "The two models are equally good for what counts",
    "not worse": "The smaller model is not worse",
    "undecided": "Which of the two models is better is open",
}
_MADE_UP = {
    "worse": "which is worse than a single answer of the larger one",
    "better": "which is better than a single answer of the larger one",
    "equivalent": "which is as good as a single answer of the larger one",
    "not worse": "which is not worse than a single answer of the larger one",
    "undecided": "and how that compares with a single answer of the larger one is open",
}
"""What each verdict on a variant, held against the larger model's single answer in steps, says in words."""


def closing(result: RunResult, lab: str, report: str, cells: int) -> str:
    """What follows the table: what it means, what it is not, where the report is, and what to do next, in lines of
    `cells` characters."""
    lines = ["", "What it means", ""]
    for number, sentence in enumerate(meaning(result), 1):
        first, *more = wrap(sentence, cells - 3)
        lines += [f"{number}. {first}", *(f"   {line}" for line in more)]
    lines += ["", *wrap(WIND_TUNNEL, cells), "", "The report, with every answer:", f"  {report}", "", "Try next"]
    for about, command in _next(result, lab):
        lines += ["", f"  # {about}", f"  {command}"]
    return "\n".join(lines) + "\n"


def _next(result: RunResult, lab: str) -> list[tuple[str, str]]:
    """Three commands to try, each with what it does."""
    [base] = [v for v in result.variants if v.name == result.baseline]
    variant = f" --variant {shlex.quote(base.name)}" if base.wrong else ""
    return [
        (
            "the wrong ones, with the steps that led there",
            f"scansion show --wrong -n {FEW}{variant} --lab {shlex.quote(lab)}",
        ),
        (
            "your own key: OPENAI_API_KEY in the environment or in .env; any other provider likewise",
            "scansion init example && scansion run example/experiment.yaml -m openai/gpt-5-mini --budget 1usd",
        ),
        (
            "your own data: two prompts, and rows with a column for each {{variable}} and one for the target",
            "scansion compare old.txt new.txt -d rows.csv -m openai/gpt-5-mini -s exact",
        ),
    ]


def meaning(result: RunResult) -> list[str]:
    """What the demo's run says of working in steps, of votes and of the size of the model, a sentence each.

    A part whose outcomes could not be compared is said to be unmeasured.
    """
    told = _Told(result)
    return [told.reasoning(), told.voting(), told.size()]


class _Told:
    """The figures and verdicts of the demo's run by variant, as words."""

    def __init__(self, result: RunResult) -> None:
        self._variants = {v.name: v for v in result.variants}
        self._verdicts = {c.b: c for c in result.comparisons if c.a == f"{_STEPS} | {LARGE}"}
        self._scale = scale_of(result)

    def _variant(self, way: str, model: str) -> VariantResult | None:
        return self._variants.get(f"{way} | {model}")

    def _verdict(self, way: str, model: str) -> Comparison | None:
        found = self._verdicts.get(f"{way} | {model}")
        return found if found is not None and found.difference is not None else None

    def _share(self, way: str, model: str) -> str:
        found = self._variant(way, model)
        return self._scale.mean(found.mean if found else None)

    def _at(self, way: str, model: str) -> str:
        """The share of right answers, and what they cost where a price is known."""
        found = self._variant(way, model)
        price = f" for {usd(found.cost_usd)} USD" if found and found.cost_usd else ""
        return self._share(way, model) + price

    def reasoning(self) -> str:
        """Steps against the bare number, and examples in place of the instruction."""
        bare, examples = self._verdict("bare", LARGE), self._verdict("examples", LARGE)
        if bare is None:
            return "Working in steps could not be measured: too few answers could be scored."
        facts = f"{self._share('bare', LARGE)} of the bare numbers are right, {self._share(_STEPS, LARGE)} with steps"
        more = f"; {_EXAMPLES[examples.verdict]} ({self._share('examples', LARGE)})" if examples else ""
        return f"{_REASONING[bare.verdict]}: {facts}{more}."

    def voting(self) -> str:
        """Five votes against one answer."""
        found = self._verdict(_VOTES, LARGE)
        if found is None:
            return "Votes could not be measured: too few answers could be scored."
        voted, alone = self._at(_VOTES, LARGE), self._at(_STEPS, LARGE)
        needed = f"; about {plural(found.needed, 'more row')} would decide it" if found.needed else ""
        facts = f"what most of five answers say is right on {voted}, one alone on {alone}"
        return f"{_VOTING[found.verdict]}: {facts}{needed}."

    def size(self) -> str:
        """The smaller model against the larger one, alone and with five votes."""
        found, voted = self._verdict(_STEPS, SMALL), self._verdict(_VOTES, SMALL)
        if found is None:
            return "The models could not be compared: too few answers could be scored."
        shares = f"with steps {LARGE} is right on {self._at(_STEPS, LARGE)}, {SMALL} on {self._at(_STEPS, SMALL)}"
        more = f"; with five votes {SMALL} gets {self._at(_VOTES, SMALL)}, {_MADE_UP[voted.verdict]}" if voted else ""
        return f"{_SIZE[found.verdict]}: {shares}{more}."
