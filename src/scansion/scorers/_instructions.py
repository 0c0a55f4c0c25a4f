"""The instructions in a prompt's text, sentence by sentence."""

from __future__ import annotations

import re

__all__ = ["instructions_in"]

_MARKER = re.compile(r"^\s*(?:system|user|assistant|developer|tool)(?:\[[^\]\n]*\])?:\s*$", re.IGNORECASE)
_CODE = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*+•–]|#+|\(?(?:\d{1,3}|[A-Za-z])[.)])\s+")
_END = re.compile(r"(?<=[.!?。！？])[\"'”’)\]]*(?:\s+|(?<=[。！？])|$)")
_ABBREVIATED = re.compile(r"(?:^|\s|\()(?:e\.g|i\.e|cf|vs|approx|Mr|Mrs|Ms|Dr|St)\.$", re.IGNORECASE)
_NUMBER = re.compile(r"(?:^|\s|\()no\.$", re.IGNORECASE)
_OPEN = re.compile(r"(?:^|\s|\()(?:etc|[A-Z])\.$", re.IGNORECASE)
_INITIAL, _INITIALS = re.compile(r"[A-Z]\.\s"), re.compile(r"(?:^|\s|\()[A-Z]\.\s+[A-Z]\.$")
_AT_THE_EDGE = re.compile(r"^(?:\{\{.*?\}\}\s*)+|(?:\s*\{\{.*?\}\})+$", re.DOTALL)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+")
_LEAST, _LEAST_BEFORE_VALUE = 2, 5  # words that make an instruction, and not a label such as `Your question:`


def instructions_in(text: str) -> list[str]:
    """The sentences of a template that tell the model something, in order, each once.

    Role markers, template code and labels of values (`Question: {{question}}`) are left out; a value within a sentence
    stays as it is written. Items of lists are sentences of their own, other lines of one paragraph are read as one
    text.
    """
    found: dict[str, None] = {}
    for block in _blocks(_CODE.sub("", text)):
        for sentence in map(_telling, _sentences(block)):
            if sentence:
                found.setdefault(sentence)
    return list(found)


def _blocks(text: str) -> list[str]:
    """Paragraphs and items of lists, each on one line; a line that ends in a colon ends its block."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line.strip() or _MARKER.match(line):
            blocks.append([])
            continue
        if _BULLET.match(line):
            blocks.append([])
        blocks[-1].append(_BULLET.sub("", line).strip())
        if line.rstrip().endswith(":") or _VALUE.search(line):
            blocks.append([])
    return [" ".join(block) for block in blocks if block]


def _sentences(block: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for match in _END.finditer(block):
        piece = block[start : match.end()].strip()
        if piece and not _goes_on(piece, block[match.end() :]):
            sentences.append(piece)
            start = match.end()
    rest = block[start:].strip()
    return [*sentences, rest] if rest else sentences


def _goes_on(piece: str, rest: str) -> bool:
    """Whether the stop that `piece` ends in is that of a short form, and its sentence goes on with `rest`."""
    if _ABBREVIATED.search(piece) or _INITIALS.search(piece):
        return True
    if _NUMBER.search(piece):
        return rest[:1].isdigit()
    return _OPEN.search(piece) is not None and (not rest[:1].isupper() or _INITIAL.match(rest) is not None)


def _telling(sentence: str) -> str:
    """The sentence without values at its edges; empty if what is left tells nothing."""
    kept = _AT_THE_EDGE.sub("", sentence).strip()
    least = _LEAST_BEFORE_VALUE if kept != sentence and kept.endswith(":") else _LEAST
    return kept if len(_WORD.findall(_VALUE.sub(" ", kept))) >= least else ""
