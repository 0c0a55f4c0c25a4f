"""`echo`: a model that says back what it is sent, to try prompts, data and scorers without asking anybody.

One user message comes back as it is, a conversation as its turns (`role: text`), a raw text as that text.
"""

from __future__ import annotations

from scansion.models.base import Capabilities
from scansion.models.providers._options import check_options
from scansion.models.providers._recording import readable
from scansion.models.registry import ModelSpec, providers
from scansion.types import Completion, Request

__all__ = ["Echo", "echo"]


class Echo:
    """The model that repeats."""

    capabilities = Capabilities(priced=False)

    def __init__(self, spec: ModelSpec) -> None:
        self.name, self.identity = spec.spec, spec.identity

    async def complete(self, request: Request) -> Completion:
        """What was sent."""
        said = request.text if request.text is not None else readable(request.messages)
        return Completion(said, finish_reason="stop")

    async def close(self) -> None:
        """Nothing to free."""


@providers("echo")
def echo(spec: ModelSpec) -> Echo:
    """A model that says back what it is sent. Raises InputError for options, which it has no use for."""
    check_options(spec, ())
    return Echo(spec)
