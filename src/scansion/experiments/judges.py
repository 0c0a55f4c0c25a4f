"""What scorers need before anything is paid: the models of judges, and columns."""

from __future__ import annotations

from collections.abc import Sequence

from scansion.errors import InputError
from scansion.models.embeddings import check_embeds
from scansion.models.gateway import Gateway
from scansion.scorers import Scorer
from scansion.scorers._check import cell_of
from scansion.types import Example

__all__ = ["check_columns", "check_judges", "open_judges"]


def open_judges(scorers: Sequence[Scorer], gateway: Gateway) -> None:
    """Open the models that scorers ask. Raises InputError for one that is none, or cannot be asked as it says."""
    for each in scorers:
        for model in each.models:
            gateway.channel(model)
        for model in each.embedders:
            check_embeds(gateway.channel(model))


def check_judges(scorers: Sequence[Scorer], gateway: Gateway) -> None:
    """`open_judges`, and raises InputError for one without its key. People need be there only when they are asked."""
    open_judges(scorers, gateway)
    judges = [gateway.channel(model) for each in scorers for model in (*each.models, *each.embedders)]
    gateway.check(judge for judge in judges if not judge.capabilities.patient)


def check_columns(scorer: Scorer, example: Example) -> None:
    """Raise InputError for a column that a scorer reads and the example has not."""
    for column in scorer.columns:
        try:
            cell_of(column, example)
        except InputError as error:
            raise InputError(f"scorer {scorer.name}: {error}") from None
