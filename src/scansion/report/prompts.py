"""The prompts of a run in its HTML report: each template once, with what the techniques made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from msgspec import Struct

from scansion.experiments.results import OutcomeView, VariantResult
from scansion.report.names import joined
from scansion.report.plain import distinct_requests, request_text
from scansion.report.text import one_line, visible

__all__ = ["PromptUse", "section"]

_VERSION = 12  # characters of a version's digest that are shown


class PromptUse(Struct, frozen=True):
    """The prompt of one variant: its template, and the version (a digest) of the prompt with the technique's edits."""

    variant: str
    text: str
    version: str = ""


def section(
    uses: Sequence[PromptUse], variants: Mapping[str, VariantResult], rows: Iterable[Iterable[OutcomeView]]
) -> str:
    """The section's markup. `variants` are the figures, with names as they are shown, by the name in the lab; `rows`
    are outcomes row by row, of which the first with calls shows what a variant sends."""
    asked: dict[str, OutcomeView] = {}
    for views in rows:
        for view in views:
            if view.calls:
                asked.setdefault(view.variant, view)
        if len(asked) >= len(variants):
            break
    templates: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {}
    for use in uses:
        if use.variant in variants:
            variant = variants[use.variant]
            versions = templates.setdefault((variant.prompt, use.text), {})
            versions.setdefault((variant.technique, use.version), []).append(use.variant)
    parts = []
    for (prompt, text), versions in templates.items():
        parts.append(f"<h3><bdi>{escape(one_line(prompt))}</bdi></h3>{_folded('template', text)}")
        parts += [_version(*key, names, variants, asked) for key, names in versions.items()]
    return "".join(parts)


def _version(
    technique: str, version: str, names: list[str], variants: Mapping[str, VariantResult], asked: dict[str, OutcomeView]
) -> str:
    facts = [f"technique {technique}" if technique else "", f"version {version[:_VERSION]}" if version else ""]
    who = joined([one_line(variants[name].name) for name in names], []).replace("`", "")
    line = ", ".join(fact for fact in facts if fact)
    about = f"<p><bdi>{escape(who)}</bdi>{': ' if line else ''}{escape(one_line(line))}</p>"
    view = next((asked[name] for name in names if name in asked), None)
    if view is None:
        return about
    sent = "\n\n".join(request_text(request) for request, _ in distinct_requests([view]))
    return about + _folded(f"as sent for example {one_line(view.example.id)}", sent)


def _folded(title: str, text: str) -> str:
    return f"<details><summary><bdi>{escape(title)}</bdi></summary><pre>{escape(visible(text))}</pre></details>"
