"""Writes techniques.md: what each technique does, where it comes from, what it costs, and what it was measured to do.

    python docs/techniques.py

The words are those of the docstrings, the calls those that the technique itself states for its example, the figures
those that `python -m bench.techniques` found last.
"""

from __future__ import annotations

import inspect
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from scansion.specs import Entry
from scansion.techniques import calls_per_outcome, parse_techniques, technique

PAGE = Path(__file__).with_suffix(".md")
FIGURES = Path(__file__).parents[1] / "bench" / "techniques" / "figures.json"
SOURCE = re.compile(r"(Follows|After|Source:)\s")
EXAMPLE = re.compile(r"^Example: `(.+)`$", re.MULTILINE)

HEAD = """\
# Techniques and what they do

Written by `python docs/techniques.py`. Techniques stand behind a prompt and are joined by `|`, the first innermost:
`-t "cot | vote(5)"`. Their arguments are in the [gallery](gallery.md#techniques), how to write one of your own in
[extending.md](extending.md).

**The figures are wind-tunnel figures, not a forecast for your model.** They were measured on the
[embedded model](pocket.md), which knows a few synthetic tasks, with `python -m bench.techniques`: held-out items, each
variant on the same rows, 95% intervals (differences: adjusted for the comparisons with one baseline). They show that a
technique does what it says, what it costs, and how an effect looks when it is there, and when it is not. For your
prompt, model and data one run says more than any of them. Prompts, rows and scorers stand in
[effects.py](../bench/techniques/effects.py); `as-is` for word problems asks for the number alone. Cost is in notional
dollars per 1,000 inputs (nobody is paid); calls are those made on average.
"""


def page() -> str:
    """The text of techniques.md."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    entries = list(technique.built_in())
    sections = [_section(entry, [f for f in figures["effects"] if f["technique"] == entry.name]) for entry in entries]
    versions = f"Measured with Scansion {figures['scansion']}, Python {figures['python']}.\n"
    return "\n".join([HEAD, _overview(entries, figures["effects"]), *sections, versions]).rstrip() + "\n"


def _overview(entries: list[Entry[..., Any]], effects: list[dict[str, Any]]) -> str:
    lines = [_row(["technique", "calls an input", "measured"]), _row(["---"] * 3)]
    for entry in entries:
        found = [f for f in effects if f["technique"] == entry.name]
        told = "; ".join(_headline(f) for f in found) or "not measured"
        example = _example(entry)
        lines.append(_row([f"[{entry.name}](#{entry.name})", f"`{example}`: {_calls(example)}", told]))
    return "\n".join(lines) + "\n"


def _headline(effect: dict[str, Any]) -> str:
    """The comparison that stands for an effect, with what it costs."""
    b, a = effect["shows"]
    found = next(c for c in effect["comparisons"] if (c["a"], c["b"]) == (a, b))
    cost = {v["name"]: v["cost_usd_per_1000"] for v in effect["variants"]}
    times = f" for {cost[b] / cost[a]:.2g} times the cost" if cost[a] else ""
    return f"{effect['title']}: {b} against {a} {_points(found)}, {found['verdict']},{times}"


def _section(entry: Entry[..., Any], effects: list[dict[str, Any]]) -> str:
    words = inspect.cleandoc(entry.__doc__ or "").split("\n\n")
    source = "\n\n".join(part for part in words if SOURCE.match(part))
    example = _example(entry)
    lines = [f"## {entry.name}\n", words[0] + "\n", source + "\n" if source else ""]
    lines.append(f"Example: `{example}`, {_calls(example)} an input.\n")
    lines += [_measured(effect) for effect in effects] or ["No effect of its own was measured.\n"]
    return "\n".join(line for line in lines if line)


def _example(entry: Entry[..., Any]) -> str:
    found = EXAMPLE.search(inspect.cleandoc(entry.__doc__ or ""))
    if found is None:
        raise SystemExit(f"{entry.name}: its docstring has no line Example: `...`")
    return found[1]


def _calls(example: str) -> str:
    """The calls of one outcome. Files that the example names are made empty: only their number counts."""
    with tempfile.TemporaryDirectory() as folder:
        for name in re.findall(r"[\w./-]+\.(?:prompty|txt|md|jsonl)", example):
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{{ previous }}\n", encoding="utf-8")
        techniques = parse_techniques(example, folder)
    calls = calls_per_outcome(techniques)
    return f"{'at most ' if any(t.fewer for t in techniques) else ''}{calls} call{'s' if calls != 1 else ''}"


def _measured(effect: dict[str, Any]) -> str:
    abstains = any(v.get("abstained") for v in effect["variants"])
    head = ["variant", "mean", *(["coverage"] if abstains else []), "calls", "cost"]
    lines = [f"**Measured: {effect['title']}**, {effect['rows']} rows.\n"]
    lines += [_row(head), _row(["---"] * len(head))]
    for v in effect["variants"]:
        covered = [_share(v["coverage"]["share"], v["coverage"]["interval"]) if v.get("coverage") else ""]
        cells = [v["name"], _share(v["mean"], v["interval"]), *(covered if abstains else [])]
        lines.append(_row([*cells, f"{v['calls']:.3g}", f"{v['cost_usd_per_1000']:.3g}"]))
    lines += ["", *(f"- {c['b']} against {c['a']}: {_points(c)}, {c['verdict']}" for c in effect["comparisons"]), ""]
    return "\n".join(lines)


def _share(mean: float | None, interval: list[float] | None) -> str:
    if mean is None or interval is None:
        return "-"
    return f"{100 * mean:.1f}% [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def _points(found: dict[str, Any]) -> str:
    if found["difference"] is None or found["interval"] is None:
        return "no difference to tell"
    low, high = found["interval"]
    return f"{100 * found['difference']:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
