"""One door to every comparison: what experiments compare, and the files that other tools wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scansion.data import DataSpec
from scansion.errors import InputError
from scansion.experiments.compare import Terms
from scansion.experiments.results import RunResult
from scansion.interop.foreign import ForeignRun, compare_foreign

__all__ = ["compare", "compare_files", "is_foreign", "is_recording", "open_foreign"]

_RECORDING = "replay:"


def is_foreign(side: Any) -> bool:
    """Whether a word names results that stand for themselves: a recording, an Inspect log, promptfoo's results."""
    if not isinstance(side, str | Path):
        return False
    return is_recording(side) or Path(side).suffix.lower() == ".eval" or _reader(side) is not None


def is_recording(side: str | Path) -> bool:
    """Whether a word names a recording."""
    return str(side).startswith(_RECORDING)


def open_foreign(path: str | Path) -> ForeignRun:
    """The run in a file of another tool. Raises InputError for a file that is of none that is known."""
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such file")
    reader = _reader(path)
    if reader is None:
        raise InputError(f"{path}: is neither an Inspect log nor promptfoo's results (promptfoo eval -o FILE.json)")
    run: ForeignRun = reader(path)
    return run


def _reader(path: str | Path) -> Any:
    """What reads a file; None for one that is of no known tool."""
    from scansion.interop import inspect_logs, promptfoo_results

    if inspect_logs.is_log(path):
        return inspect_logs.read_inspect
    return promptfoo_results.read_promptfoo if promptfoo_results.is_results(path) else None


def compare_files(
    a: str | Path,
    b: str | Path | None = None,
    *,
    scorer: str | None = None,
    data: DataSpec | None = None,
    names: tuple[str | None, str | None] = (None, None),
    terms: Terms | None = None,
) -> RunResult:
    """The verdict on the results in `b` against those in `a`: Inspect logs, promptfoo results, recordings
    (`replay:PATH`, which need a `scorer`, and `data` for its targets).

    Without `b`, on variants of one file. `names` name variants in the files; `scorer` is one of the scores in them or
    the text of one of ours. Raises InputError.
    """
    sides = [str(side) for side in (a, b) if side is not None]
    recorded = [is_recording(side) for side in sides]
    if any(recorded):
        from scansion.interop.recordings import compare_recordings

        if not all(recorded):
            other = sides[recorded.index(False)]
            raise InputError(f"compare: {other} is no recording; a recording is compared with one (replay:PATH)")
        if scorer is None:
            raise InputError("compare: recordings hold no scores; name a scorer with -s, such as -s exact")
        second = sides[1] if len(sides) > 1 else None
        return compare_recordings(sides[0], second, scorer=scorer, data=data, names=names, terms=terms)
    if data is not None:
        raise InputError("compare: these results have their own examples; data (-d) is for prompts and recordings")
    runs = [open_foreign(side) for side in sides]
    return compare_foreign(runs[0], runs[1] if len(runs) > 1 else None, names=names, scorer=scorer, terms=terms)


def compare(a: Any, b: Any = None, **settings: Any) -> RunResult:
    """The verdict on `b` against `a`: two prompts, two columns of a results `table`, two runs, two variants, or two
    files of others' results (Inspect logs, promptfoo results, recordings `replay:PATH`).

    With `data` two prompts are run, and the rest are what `scansion.run` takes; else nothing is asked of any model.
    `settings` are then `margin` and `until` ("decided": where would looking in a drawn order have stopped?); for files
    and a table also `scorer`, `alpha`, `no_answer`; for files `names` and, of
    recordings, `data`; for a table what a DataSpec takes (`target`, `group` ...); for variants `run` (the last unless
    named).
    """
    from scansion.experiments.experiment import check_settings
    from scansion.experiments.experiment import compare as compare_own

    if not (is_foreign(a) or is_foreign(b)) or "table" in settings:
        return compare_own(a, b, **settings)
    terms = Terms(**{name: settings.pop(name) for name in Terms.__struct_fields__ if name in settings})
    check_settings(
        settings, ("scorer", "names", "data"), "files; they are scorer, names, data, margin, alpha, no_answer, until"
    )
    data = settings.pop("data", None)
    spec = DataSpec(path=str(data)) if isinstance(data, str | Path) else data
    return compare_files(a, b, data=spec, terms=terms, **settings)
