"""A part of the work on another model."""

from __future__ import annotations

from scansion.errors import InputError
from scansion.models.registry import parse_model
from scansion.techniques._algebra import Wrap, technique
from scansion.techniques._handles import on_model
from scansion.techniques._step_text import is_prompt_file

__all__ = ["using"]


@technique("using", "on_model")
def using(model: str) -> Wrap:
    """Runs what stands before it on `model`, with whatever options the model's text has; what stands behind it stays
    on the variant's own. In a step it goes before the model that the step's prompt file names. Of two, the one that
    stands first holds.

    The model is opened and checked before the run. Raises InputError for a text that names no model.

    Example: `using(pocket/tiny?temperature=0.7) | vote(5)`
    """
    if is_prompt_file(model):
        raise InputError(f"using: {model} is a prompt file, and a model is wanted here, such as pocket/tiny")
    if model in technique.entries or model.replace("-", "_") in technique.files():
        raise InputError(f"using: {model} is a technique, and a model is wanted here, such as pocket/tiny")
    parse_model(model)
    return Wrap(lambda program, _context: on_model(program, model), models=(model,))
