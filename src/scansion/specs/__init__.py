"""The text form of everything a user can name, and the registries that turn names into objects.

    technique   cot | vote(5, min=3)
    scorer      numeric(tolerance=0.01)
    column      contains($must_mention)

Arguments are literals (numbers, true, false, none, lists), quoted strings with \\n escapes, bare words (letters,
digits, `_ - . / : ? = & @`), column references, nested specs, or pipes of these (`chain(prompts/b.prompty | cot)`),
the first part of which may be a quoted file name. Nothing is evaluated as code. `parse` and `Spec.text` are inverse to
each other.

A registry finds a name by the file of that name in its package, then by the aliases that the package's files declare,
then by entry points; `python:module:function` is a function of the user's own. Nothing is imported before it is asked
for.
"""

from __future__ import annotations

from scansion.specs.functions import folder, found_from, function_digest, is_async, load_function, no_technique
from scansion.specs.registry import Entry, Registry, kind_of, kind_of_object
from scansion.specs.text import Column, Pipe, Spec, parse, parse_pipe, shown, write

__all__ = [
    "Column",
    "Entry",
    "Pipe",
    "Registry",
    "Spec",
    "folder",
    "found_from",
    "function_digest",
    "is_async",
    "kind_of",
    "kind_of_object",
    "load_function",
    "no_technique",
    "parse",
    "parse_pipe",
    "shown",
    "write",
]
