"""A project of another tool written as files: prompts, data, experiment.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scansion.data.writer import write_jsonl
from scansion.errors import InputError
from scansion.interop.promptfoo_recorded import RECORDING

if TYPE_CHECKING:
    from scansion.interop.promptfoo import Project

__all__ = ["write_project"]


def write_project(project: Project, folder: Path) -> list[Path]:
    """The files of a project in `folder`. Raises InputError, with nothing written, if one is there already."""
    prompts = {folder / "prompts" / f"{p.name}.prompty": p.text for p in project.prompts}
    data, plan, recording = folder / "data.jsonl", folder / "experiment.yaml", folder / RECORDING
    there = [p for p in (*prompts, data, plan, *([recording] if project.recording else [])) if p.exists()]
    if there:
        raise InputError(f"{there[0]}: is there already; nothing was written (name a new folder with -o)")
    (folder / "prompts").mkdir(parents=True, exist_ok=True)
    for path, text in prompts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    write_jsonl(data, project.rows)
    if project.recording:
        write_jsonl(recording, project.recording)
    plan.write_text(_experiment(project), encoding="utf-8", newline="\n")
    return [*prompts, data, *([recording] if project.recording else []), plan]


def _experiment(project: Project) -> str:
    import yaml

    values: dict[str, Any] = {}
    files = {p.name: f"prompts/{p.name}.prompty" for p in project.prompts}
    if project.variants:
        values["variants"] = [{"name": n, "prompt": files[p], "model": m} for n, p, m in project.variants]
    else:
        values |= {"prompts": list(files.values()), "models": list(project.models)}
    if not project.models:
        values.pop("models", None)
    values["data"] = {"path": "data.jsonl"}
    values |= {"scorers": list(project.scorers)} if project.scorers else {}
    values |= {"trials": project.trials} if project.trials > 1 else {}
    head = [f"# from {project.source} (promptfoo)", *(f"# not carried over or changed: {s}" for s in project.skipped)]
    return "\n".join(head) + "\n" + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)
