"""The versions of a prompt file in their order, from git and from the lab's runs, each with its evidence."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from scansion.errors import InputError
from scansion.experiments.evidence.evidence import Evidence, Shelf, Use
from scansion.experiments.lab import Lab
from scansion.experiments.results import iso
from scansion.prompts import load
from scansion.prompts.history import Commit, commits

__all__ = ["Lineage", "Version", "log"]


class Version(Struct, frozen=True):
    """One version of a prompt file.

    `seen` is when it was first seen, committed or run (ISO 8601, UTC). `commit`, `committed` and `subject` are those of
    the commit that brought it, empty for what was never committed; `path` is the file's name then. `working` says that
    the file holds it now. `again` names the newer commit that brought the same version back, under which its evidence
    stands. `problem` says why a commit's file is no prompt, and `version` is then empty. `chosen` are the runs on rows
    that were chosen, which are no evidence.
    """

    version: str
    path: str
    seen: str
    commit: str = ""
    committed: str = ""
    subject: str = ""
    working: bool = False
    again: str = ""
    problem: str = ""
    evidence: list[Evidence] = []
    chosen: list[str] = []


class Lineage(Struct, frozen=True):
    """The versions of a file, the newest first; `older` counts those that were left out at the end."""

    path: str
    versions: list[Version]
    older: int = 0


def log(path: str | Path, lab: Lab | None = None, *, most: int | None = None) -> Lineage:
    """The versions of a prompt file, `most` at most, each with what the lab knows of it.

    Versions are found in git's history of the file, through renames, in the lab's runs of the file, and in the file as
    it stands. Each verdict is against the version before it that shares its rows; it stands alone, at the level of its
    run. Raises InputError where neither git nor the lab nor the disk knows the file.
    """
    file, shelf = Path(path).expanduser(), Shelf(lab) if lab is not None else None
    uses = shelf.of_file(file) if shelf is not None else []
    history = commits(file)
    if file.is_dir() or not (uses or history):
        load(path)  # says what is wrong with the name, or with the file
        if not file.is_file():
            raise InputError(f"{str(path)!r} names one revision; give the file, whose versions are listed")
    found = _timeline(str(path), history, _first_runs(shelf, uses, history))
    found = _with_working(file, found)
    kept = found if most is None else found[:most]
    if shelf is not None:
        kept = [_with_evidence(shelf, version, found[i + 1 :]) for i, version in enumerate(kept)]
    return Lineage(str(path), kept, len(found) - len(kept))


def _first_runs(shelf: Shelf | None, uses: list[Use], history: list[Commit]) -> dict[str, float]:
    """When each version was first run, of those that stood in the file or that git holds."""
    committed = {commit.prompt.version for commit in history if commit.prompt is not None}
    known = [use for use in shelf.uses if use.version in committed] if shelf is not None else []
    first: dict[str, float] = {}
    for use in [*uses, *known]:
        first[use.version] = min(use.run.created, first.get(use.version, use.run.created))
    return first


def _timeline(path: str, history: list[Commit], first_runs: dict[str, float]) -> list[Version]:
    """Commits in git's order, equal neighbours once, and between them by time what was run and never committed."""
    found: list[tuple[float, Version]] = []
    latest, before = 0.0, ""
    last = {c.prompt.version: c.id for c in reversed(history) if c.prompt is not None}
    known: set[str] = set()
    for commit in reversed(history):
        version = commit.prompt.version if commit.prompt is not None else ""
        if version == before and version:
            continue
        fresh = version not in known and version in first_runs
        latest = max(latest, min(commit.time, first_runs[version]) if fresh else commit.time)
        found.append((latest, _committed(commit, version, latest)))
        before = version
        known.add(version)
    newest = {version.version: version.commit for _, version in found}
    found = [(time, _marked(version, newest)) for time, version in found]
    loose = [(time, Version(v, path, iso(time))) for v, time in first_runs.items() if v not in last]
    return [version for _, version in sorted([*found, *loose], key=lambda each: each[0])][::-1]


def _committed(commit: Commit, version: str, seen: float) -> Version:
    return Version(
        version=version,
        path=commit.path,
        seen=iso(seen),
        commit=commit.id,
        committed=iso(commit.time),
        subject=commit.subject,
        problem=commit.problem,
    )


def _marked(version: Version, newest: dict[str, str]) -> Version:
    """The version with the commit that brought it back, where one did."""
    back = newest[version.version] if version.version else version.commit
    return version if back == version.commit else msgspec.structs.replace(version, again=back)


def _with_working(file: Path, found: list[Version]) -> list[Version]:
    """The versions with what the file holds now first, whether it was committed, only run, or neither."""
    if not file.is_file():
        return found
    try:
        version = load(file).version
    except InputError as error:
        return [Version("", str(file), iso(file.stat().st_mtime), working=True, problem=str(error)), *found]
    at_top = found and found[0].version == version
    committed = next((v for v in found if v.commit), None)
    if at_top or (committed is not None and committed.version == version):
        at = 0 if at_top else found.index(committed)  # type: ignore[arg-type]
        return [msgspec.structs.replace(v, working=True) if i == at else v for i, v in enumerate(found)]
    rest = [v for v in found if v.version != version or v.commit]
    run = next((v for v in found if v.version == version and not v.commit), None)
    rest = [v if v.version != version else msgspec.structs.replace(v, again="working copy") for v in rest]
    return [Version(version, str(file), run.seen if run else iso(file.stat().st_mtime), working=True), *rest]


def _with_evidence(shelf: Shelf, version: Version, older: list[Version]) -> Version:
    if not version.version or version.again:
        return version
    before = list(dict.fromkeys(v.version for v in older if v.version and v.version != version.version))
    found, chosen = shelf.against(version.version, before), shelf.on_chosen_rows(version.version)
    return msgspec.structs.replace(version, evidence=found, chosen=chosen)
