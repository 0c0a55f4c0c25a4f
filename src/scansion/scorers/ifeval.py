"""IFEval: rows that say themselves which instructions their output must obey."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from scansion.errors import InputError
from scansion.scorers._base import scorer
from scansion.scorers._check import value_of
from scansion.scorers._verifying import Mode, Verifier, verifier
from scansion.scorers.follows import Level, Obeyed
from scansion.specs import Column, Spec
from scansion.types import Example, canonical

__all__ = ["ifeval"]

_INSTRUCTIONS = Column("instruction_id_list")
_KWARGS = Column("kwargs")


@scorer("ifeval")
def ifeval(
    instructions: Column = _INSTRUCTIONS, kwargs: Column = _KWARGS, mode: Mode = "strict", level: Level = "prompt"
) -> Obeyed:
    """1 if the output obeys all instructions of its row, else 0; with `level=instruction` the share that it obeys.

    The columns hold what IFEval publishes: the instructions' ids (`punctuation:no_comma`) and the arguments of each,
    where null is none. `mode` and the answer are those of `follows`. Of 381 recorded verdicts on GPT-4's answers 379
    agree strictly and 378 loosely. Two things differ by intent: IFEval draws a letter at random where
    `letter_frequency` asks for a sign such as `#`, which is counted here, and tells languages with langdetect, which
    takes names for German. The paper's rate by instruction counts each instruction once, the mean of shares each prompt
    once.

    Source: Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models (arXiv 2311.07911).

    Example: `ifeval($instruction_id_list, $kwargs, mode=loose)`
    """
    return Obeyed(partial(_named, instructions, kwargs), (instructions.name, kwargs.name), mode, level)


def _named(instructions: Column, kwargs: Column, example: Example) -> list[tuple[str, Verifier]]:
    """The verifiers of a row, each with its instruction's id. Raises InputError for what cannot be read."""
    ids, given = (_read(value_of(column, example), column) for column in (instructions, kwargs))
    given = given or [{}] * len(ids)
    if len(ids) != len(given):
        raise InputError(f"${instructions.name} has {len(ids)} instructions, ${kwargs.name} {len(given)} arguments")
    found = []
    for id, arguments in zip(ids, given, strict=True):
        if not isinstance(id, str) or not isinstance(arguments or {}, Mapping):
            raise InputError("an instruction is a text and its arguments are named values")
        plain = {name: value for name, value in (arguments or {}).items() if value is not None}
        found.append((id, _built(id, canonical(plain))))
    return found


def _read(value: Any, column: Column) -> list[Any]:
    """A list, also where the data has it as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = [value]
    if value is None or isinstance(value, list | tuple):
        return list(value or ())
    raise InputError(f"${column.name} must hold a list")


@lru_cache(maxsize=10_000)
def _built(id: str, arguments: bytes) -> Verifier:
    given = _Taken(json.loads(arguments))
    if id not in _KINDS:
        raise InputError(f"unknown instruction {id!r}; known: {', '.join(_KINDS)}")
    name, read = _KINDS[id]
    try:
        wanted = read(given)
    except KeyError as error:
        raise InputError(f"{id} lacks its argument {error}") from None
    if unknown := given.keys() - given.taken:
        takes = f"; it takes {', '.join(sorted(given.taken))}" if given.taken else ", nor any other"
        raise InputError(f"{id} takes no argument {min(unknown)!r}{takes}")
    return verifier.build(Spec(name, (), wanted))


class _Taken(dict[str, Any]):
    """Arguments that know which of them were asked for."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.taken: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.taken.add(name)
        return super().__getitem__(name)


def _limits(number: str, relation: str = "relation") -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The limit of a count, written as a relation and a number."""

    def read(given: Mapping[str, Any]) -> dict[str, Any]:
        names = {"at least": "at_least", "less than": "less_than"}
        said = given[relation]
        if said not in names:
            raise InputError(f"{relation} is {said!r}, neither 'at least' nor 'less than'")
        return {names[said]: given[number]}

    return read


def _same(**names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Arguments under their names here."""
    return lambda given: {mine: given[theirs] for mine, theirs in names.items()}


def _counted(name: str, theirs: str, number: str, relation: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda given: {name: given[theirs], **_limits(number, relation)(given)}


_KINDS: dict[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "change_case:capital_word_frequency": ("capital_words", _limits("capital_frequency", "capital_relation")),
    "change_case:english_capital": ("capitals", _same()),
    "change_case:english_lowercase": ("lowercase", _same()),
    "combination:repeat_prompt": ("repeats", _same(request="prompt_to_repeat")),
    "combination:two_responses": ("two_responses", _same()),
    "detectable_content:number_placeholders": ("placeholders", _same(at_least="num_placeholders")),
    "detectable_content:postscript": ("postscript", _same(mark="postscript_marker")),
    "detectable_format:constrained_response": ("answers", _same()),
    "detectable_format:json_format": ("json", _same()),
    "detectable_format:multiple_sections": ("sections", _same(at_least="num_sections", mark="section_spliter")),
    "detectable_format:number_bullet_lists": ("bullets", _same(n="num_bullets")),
    "detectable_format:number_highlighted_sections": ("highlights", _same(at_least="num_highlights")),
    "detectable_format:title": ("title", _same()),
    "keywords:existence": ("keywords", _same(words="keywords")),
    "keywords:forbidden_words": ("forbidden", _same(words="forbidden_words")),
    "keywords:frequency": ("keyword", _counted("word", "keyword", "frequency", "relation")),
    "keywords:letter_frequency": ("letter", _counted("letter", "letter", "let_frequency", "let_relation")),
    "language:response_language": ("language", _same(name="language")),
    "length_constraints:nth_paragraph_first_word": (
        "nth_paragraph",
        _same(nth="nth_paragraph", of="num_paragraphs", starts="first_word"),
    ),
    "length_constraints:number_paragraphs": ("paragraphs", _same(n="num_paragraphs")),
    "length_constraints:number_sentences": ("sentences", _limits("num_sentences")),
    "length_constraints:number_words": ("words", _limits("num_words")),
    "punctuation:no_comma": ("no_comma", _same()),
    "startend:end_checker": ("ends_with", _same(phrase="end_phrase")),
    "startend:quotation": ("quoted", _same()),
}
"""IFEval's instructions: the verifier of each, and its arguments from those that IFEval publishes."""
