"""Scansion: LLM evals for prompt engineers.

from scansion import Experiment, Prompt, run

result = run(prompts=["direct.prompty", "steps.prompty"], models=["openai/gpt-5-mini"], data="test.jsonl",
             scorers=["numeric"])

What a spec names is an attribute of its registry: `technique.cot()`, `scorer.numeric(tolerance=0.01)`,
`extractor.last_number()`; a name that is a word of Python's own gets a `_` (`scorer.not_(...)`). Techniques stand
behind a prompt: `Prompt.load("direct.prompty") | technique.cot() | technique.vote(5)`. `Dataset.open("test.jsonl")` is
data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scansion.data import Dataset
    from scansion.experiments.agreement.agree import agree
    from scansion.experiments.experiment import Experiment
    from scansion.experiments.runner import run
    from scansion.interop.compare import compare
    from scansion.models.registry import providers as provider
    from scansion.prompts import Prompt
    from scansion.scorers import extractor, scorer
    from scansion.techniques import technique

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "Experiment",
    "Prompt",
    "__version__",
    "agree",
    "compare",
    "extractor",
    "provider",
    "run",
    "scorer",
    "technique",
]

_HOMES = {
    "Dataset": ("scansion.data", "Dataset"),
    "Experiment": ("scansion.experiments.experiment", "Experiment"),
    "Prompt": ("scansion.prompts", "Prompt"),
    "agree": ("scansion.experiments.agreement.agree", "agree"),
    "compare": ("scansion.interop.compare", "compare"),
    "extractor": ("scansion.scorers", "extractor"),
    "provider": ("scansion.models.registry", "providers"),
    "run": ("scansion.experiments.runner", "run"),
    "scorer": ("scansion.scorers", "scorer"),
    "technique": ("scansion.techniques", "technique"),
}


def __getattr__(name: str) -> Any:
    """Public names are imported where they are first used, so that `import scansion` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scansion' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
