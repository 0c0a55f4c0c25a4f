"""A prompt card in Markdown: what a prompt is, what it takes, what it did and where it fails, to be shared.

No place on this machine and no key stands in it: paths are cut to names, and what looks like a secret is blotted out.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec

from scansion import __version__
from scansion.experiments.evidence.card import Card, InputFact
from scansion.experiments.evidence.evidence import Evidence, short
from scansion.models.keys import redact
from scansion.report import sentences
from scansion.report.figures import NONE, count, plural, seconds, usd
from scansion.report.markdown import fence, safe, sentence
from scansion.report.names import located
from scansion.report.plain import message_text, value_text
from scansion.report.text import cut, one_line
from scansion.report.versions import scale_for, setting_text, who

__all__ = ["document", "render"]

_CELL = 60  # cells of an example or default in a table
_TEMPLATE = 20_000  # characters of a template
_FOLDERS = re.compile(r"(?<![\w.~])(?<!:/)~?/(?:[^/\s?&\"'`|,;:()]+/)+(?=[^/\s])")
_SECRETS = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$")
_SHORTEST_SECRET = 6


def render(card: Card) -> str:
    """The card as Markdown, ended by a newline."""
    prompt = card.side.prompt
    title = prompt.meta.get("name")
    lines = [f"# Prompt card: {safe(title if isinstance(title, str) else prompt.name)}", ""]
    if isinstance(prompt.meta.get("description"), str):
        lines += [safe(prompt.meta["description"]), ""]
    lines += [*_facts(card), "", *_inputs(card), *_template(card), *_shots(card), *_evidence(card), *_failures(card)]
    lines += [f"Written by Scansion {__version__} from what its lab holds; nothing was asked for it."]
    return _shareable("\n".join(lines)) + "\n"


def _facts(card: Card) -> list[str]:
    prompt, meta = card.side.prompt, card.side.prompt.meta
    where = f"commit {short(card.commit)}" if card.commit else "not committed" if card.traced else ""
    facts = {
        "file": _named(prompt.path or card.side.name),
        "version": card.side.version,
        "git": where + (f", {card.committed[:10]}" if card.committed else ""),
        "authors": _listed(meta.get("authors", meta.get("author"))),
        "tags": _listed(meta.get("tags")),
        "kind": "text completion" if prompt.kind == "completion" else "chat",
        "model": _model(prompt.model) if prompt.model else "",
        **{f"model {key}": _value(value) for key, value in card.settings.items()},
        "model settings not shown": ", ".join(card.unshown),
        "reply": "JSON of the declared outputs" if prompt.response_format and meta.get("outputs") else "",
        "tools": ", ".join(tool.name for tool in prompt.tools),
    }
    return ["| | |", "| --- | --- |", *(f"| {name} | {safe(value)} |" for name, value in facts.items() if value)]


def _named(text: str) -> str:
    """Text in which places on this machine are cut to their names: `/home/ana/rows.csv` to `rows.csv`."""
    return _FOLDERS.sub("", text)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _value(value: Any) -> str:
    return cut(one_line(value_text(value)), _CELL)


def _model(spec: str) -> str:
    return _named(located(spec))


def _inputs(card: Card) -> list[str]:
    if not card.inputs:
        return ["## Inputs", "", "None.", ""]
    lines = ["## Inputs", "", "| input | kind | needed | what it is | example |", "| --- | --- | --- | --- | --- |"]
    lines += [_input(fact) for fact in card.inputs]
    return [*lines, "", *([f"Example inputs: {safe(_named(card.sample))}.", ""] if card.sample else [])]


def _input(fact: InputFact) -> str:
    default = "" if fact.default is None else f"default: {_value(fact.default)}"
    about = "; ".join(part for part in (fact.description, default) if part)
    example = "" if fact.example is None else _value(fact.example)
    cells = (fact.name, fact.kind, "yes" if fact.required else "no", about, example)
    return "| " + " | ".join(map(safe, cells)) + " |"


def _template(card: Card) -> list[str]:
    return ["## Prompt", "", fence(card.side.prompt.template, _TEMPLATE), ""]


def _shots(card: Card) -> list[str]:
    if not card.shots:
        return []
    source = f" (put in by {safe(_named(card.shots_from))})" if card.shots_from else ""
    lines = ["## Few-shot examples", "", f"{plural(len(card.shots), 'worked example')}{source}:", ""]
    for shot in card.shots:
        lines += [fence(f"user: {message_text(shot.asked)}\nassistant: {message_text(shot.answered)}"), ""]
    return lines


def _evidence(card: Card) -> list[str]:
    lines = ["## Evidence", ""]
    if not card.side.evidence:
        return [*lines, _no_evidence(card), ""]
    groups: dict[str, list[Evidence]] = {}
    for each in card.side.evidence:
        groups.setdefault(setting_text(each), []).append(each)
    for setting, rows in groups.items():
        said = [f"- {sentence(_named(text))}" for each in rows for text in _said(each)]
        lines += [f"On {safe(_named(setting))}:", "", *_figures(rows), "", *said, *([""] if said else [])]
    if any(sentences.is_pocket(e.model) and e.usd_per_example for e in card.side.evidence):
        lines += ["The prices of pocket models are notional.", ""]
    return lines


def _no_evidence(card: Card) -> str:
    chosen, other = card.side.chosen, card.better_known
    but = f" but on chosen rows ({', '.join(chosen)}), which are no measure of the whole" if chosen else ""
    if other is None:
        return f"This version has not been run{but}."
    runs = ", ".join(dict.fromkeys(e.run for e in other.evidence))
    return f"This version has not been run{but}; version {short(other.version)} was, in {safe(runs)}."


def _figures(rows: list[Evidence]) -> list[str]:
    scale = scale_for(rows)
    titles = ("technique and model", "run", "n", "scored", "wrong", "mean", "interval", "USD/example", "p50/p95")
    lines = ["| " + " | ".join(titles) + " |", "| --- |" + " ---: |" * (len(titles) - 1)]
    for each in rows:
        v = each.figures
        times = NONE if v.latency_p50 is None else f"{seconds(v.latency_p50)}/{seconds(v.latency_p95)}"
        cells = [safe(_named(who(each, located))), each.run, count(v.n), count(v.scored), count(v.wrong)]
        cells += [scale.mean(v.mean), scale.span(v.interval), usd(each.usd_per_example), times]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _said(found: Evidence) -> list[str]:
    """The verdicts on some evidence: against the version before, and against its run's baseline."""
    scale = scale_for([found])
    said = []
    if found.verdict is not None:
        said.append(f"against the version before: {sentences.verdict(found.verdict, scale, found.level)}")
    if found.baseline is not None:
        said.append(f"against the baseline of {found.run}: {sentences.verdict(found.baseline, scale, found.level)}")
    return said


def _failures(card: Card) -> list[str]:
    found = card.failures
    scored = sum(e.figures.scored for e in card.side.evidence)
    if not scored:
        return []
    lines = ["## Known failures", ""]
    if found.tags:
        lines += ["Outcomes that people tagged:", "", "| tag | outcomes |", "| --- | ---: |"]
        lines += [*(f"| {safe(tag)} | {count(number)} |" for tag, number in found.tags.items()), ""]
    if found.source is None:
        return [*lines, _none_wrong(card.side.evidence), ""]
    v = found.source.figures
    about = f"{count(v.wrong)} of {count(v.scored)} scored outcomes are wrong"
    lines += [f"{about} in {found.source.run} ({safe(_named(who(found.source, located)))}), such as:", ""]
    for view in found.wrong:
        inputs = "\n".join(f"{name}: {value_text(value)}" for name, value in view.example.inputs.items())
        target = "" if view.example.target is None else f"\ntarget: {value_text(view.example.target)}"
        output = view.output.text if view.output is not None else view.message
        lines += [f"**{safe(view.example.id)}**", "", fence(f"{inputs}{target}\noutput: {output}"), ""]
    return lines


def _none_wrong(evidence: list[Evidence]) -> str:
    """That no outcome is wrong, with the bound of the run that has the most."""
    most = max(evidence, key=lambda each: each.figures.scored)
    bound = most.figures.zero_wrong_bound
    if bound is None:  # on a scale of its own there is no saying how many are wrong
        return f"No outcome among {count(most.figures.scored)} scored in {most.run} is below the pass mark."
    least = f"; at most {100 * bound:.2g}% are wrong (one-sided bound)"
    others = " Nor is one wrong in the others above." if len(evidence) > 1 else ""
    return f"No wrong outcome among {count(most.figures.scored)} scored in {most.run}{least}.{others}"


def _shareable(text: str) -> str:
    """`text` without keys and without places on this machine."""
    for name, value in os.environ.items():
        if _SECRETS.search(name.upper()) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "[key]")
    for folder in {str(Path.cwd()), str(Path.home())}:
        if len(folder) > 1:
            text = text.replace(f"{folder}/", "").replace(folder, ".")
    return redact(text)


def document(card: Card) -> dict[str, Any]:
    """The card as plain data, with no more of this machine in it than the text has."""
    prompt, failures = card.side.prompt, card.failures
    found = {
        "name": prompt.name,
        "file": card.side.name,
        "version": card.side.version,
        "commit": card.commit,
        "committed": card.committed,
        "template": prompt.template,
        "model": prompt.model,
        "settings": card.settings,
        "settings_not_shown": card.unshown,
        "inputs": card.inputs,
        "shots": card.shots,
        "shots_from": card.shots_from,
        "evidence": card.side.evidence,
        "tags": failures.tags,
        "wrong": [
            {"inputs": v.example.inputs, "target": v.example.target, "output": v.output.text if v.output else None}
            for v in failures.wrong
        ],
    }
    plain: dict[str, Any] = _cleared(msgspec.to_builtins(found))
    return plain


def _cleared(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _cleared(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_cleared(v) for v in value]
    return _shareable(_named(value)) if isinstance(value, str) else value
