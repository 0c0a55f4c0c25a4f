"""Prompts: the `.prompty` format, rendering, versions. Asks models only through the handle that it is given."""

from scansion.prompts.load import from_text, load
from scansion.prompts.prompt import Prompt

__all__ = ["Prompt", "from_text", "load"]
