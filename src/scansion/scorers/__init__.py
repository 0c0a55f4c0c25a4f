"""Scorers and extractors: each one file, found by name.

A scorer says how good an output is, an extractor reads the answer out of a text. `docs/extending.md` shows how to add
either; both may also be plain functions of the user's own, written `python:module:function`.
"""

from __future__ import annotations

from scansion.scorers._base import Extractor, Scorer, build_extractor, build_scorer, extractor, scorer
from scansion.scorers._check import NOTHING, TARGET, Check
from scansion.scorers._function import Asked
from scansion.scorers._verifying import Rule, verifier

__all__ = [
    "NOTHING",
    "TARGET",
    "Asked",
    "Check",
    "Extractor",
    "Rule",
    "Scorer",
    "build_extractor",
    "build_scorer",
    "extractor",
    "scorer",
    "verifier",
]
