"""Measures what each technique is worth on the embedded model, and writes the figures of docs/techniques.md.

    python -m bench.techniques [--items 400] [--only cot] [--lab FOLDER]

Every effect is an ordinary run on held-out rows, with the figures, intervals and verdicts that any run has: 95%
intervals, adjusted for the comparisons with one baseline. Calls are kept in a lab (`--lab`, by default a temporary
one), so that a run that was interrupted goes on. `--only` measures one technique and leaves the figures of the others
alone. `python docs/techniques.py` writes the page.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from bench.techniques.effects import EFFECTS, Effect

import scansion

FIGURES = Path(__file__).with_name("figures.json")
KEPT = ("name", "technique", "model", "n", "scored", "unscored", "errors", "mean", "interval", "abstained", "coverage")
SAID = ("a", "b", "difference", "interval", "verdict")


def measured(effect: Effect, items: int, lab: Path, folder: Path) -> dict[str, Any]:
    """The figures of one effect."""
    for name, text in effect.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    runs = [_run(effect, base, items, lab, folder) for base in effect.against]
    variants = [_variant(one) for one in runs[0]["variants"]]
    return {
        "technique": effect.technique,
        "title": effect.title,
        "rows": runs[0]["variants"][0]["n"],
        "shows": list(effect.shows),
        "variants": variants,
        "comparisons": list(_comparisons(effect, runs)),
    }


def _run(effect: Effect, base: str, items: int, lab: Path, folder: Path) -> dict[str, Any]:
    variants = [
        {"name": v.name, "prompt": _prompt(v.name, v.prompt, folder), "technique": v.technique, "model": v.model}
        for v in effect.variants
    ]
    part = {"split": {"seed": 0}, "part": "test"} if effect.split else {}
    data = folder / f"{effect.make.__name__}.jsonl"
    rows = effect.make(2 * items if effect.split else items)
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    result = scansion.run(
        variants=variants,
        data={"path": str(data), "target": effect.target},
        scorers=[effect.scorer],
        baseline=base,
        no_answer=effect.no_answer,
        base_dir=folder,
        lab=lab,
        **part,
    )
    found: dict[str, Any] = msgspec.to_builtins(result)
    return found


def _prompt(name: str, prompt: Any, folder: Path) -> Any:
    """A text as the name of its file; a program in Python as it is."""
    if not isinstance(prompt, str):
        return prompt
    path = folder / f"{''.join(c if c.isalnum() else '-' for c in name)}.txt"
    path.write_text(prompt, encoding="utf-8")
    return str(path)


def _variant(found: dict[str, Any]) -> dict[str, Any]:
    outcomes = found["n"] * found["trials"]
    cost = found["cost_usd"]
    return {
        **{key: found[key] for key in KEPT if key in found},
        "calls": round(found["calls"] / outcomes, 3),
        "cost_usd_per_1000": None if cost is None else round(1000 * cost / outcomes, 6),
    }


def _comparisons(effect: Effect, runs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every variant with each of those before it that others are compared with."""
    order = [v.name for v in effect.variants]
    for base, run in zip(effect.against, runs, strict=True):
        for found in run["comparisons"]:
            if found["a"] == base and order.index(found["b"]) > order.index(base):
                yield {key: found[key] for key in SAID}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=400, help="rows that each variant answers")
    parser.add_argument("--only", default="", help="measure the effects of this technique")
    parser.add_argument("--lab", type=Path, help="the folder that keeps calls")
    args = parser.parse_args()
    chosen = [effect for effect in EFFECTS if args.only in ("", effect.technique)]
    old = json.loads(FIGURES.read_text(encoding="utf-8"))["effects"] if FIGURES.exists() else []
    known = {(each["technique"], each["title"]): each for each in old}
    with tempfile.TemporaryDirectory() as folder:
        for effect in chosen:
            figures = measured(effect, args.items, args.lab or Path(folder) / "lab", Path(folder))
            known[effect.technique, effect.title] = figures
            print(json.dumps(figures, indent=1), flush=True)
    wanted = [(effect.technique, effect.title) for effect in EFFECTS]
    effects = [known[each] for each in wanted if each in known]
    told = {"scansion": scansion.__version__, "python": platform.python_version(), "effects": effects}
    FIGURES.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
