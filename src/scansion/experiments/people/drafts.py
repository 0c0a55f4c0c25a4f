"""What is being typed and not yet said, on disk after each key: a terminal that dies takes no half-written note along.

One file a text in the lab's folder `drafts/`, gone when the text is entered or given up.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from scansion.experiments.results import OutcomeView
from scansion.types import hexdigest

__all__ = ["Draft", "Drafts"]


class Draft(NamedTuple):
    """An unfinished text: what it is (`note`, `target`, `tag`), about which example, and the text so far."""

    kind: str
    example: str
    text: str


class Drafts:
    """The unfinished texts of one person in one lab. A disk that takes none costs no more than these."""

    def __init__(self, lab: Path, author: str) -> None:
        self._folder, self._author = lab / "drafts", author

    def save(self, kind: str, view: OutcomeView, text: str) -> None:
        """Keep what is typed so far."""
        file = self._file(kind, view)
        draft = {"author": self._author, "kind": kind, "example": view.example.id, "run": view.run, "text": text}
        with suppress(OSError):
            file.parent.mkdir(exist_ok=True)
            fresh = file.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(draft), encoding="utf-8")
            fresh.replace(file)

    def take(self, kind: str, view: OutcomeView) -> str | None:
        """The unfinished text of this kind on an outcome, None without one."""
        with suppress(OSError, ValueError, KeyError):
            return str(json.loads(self._file(kind, view).read_text(encoding="utf-8"))["text"])
        return None

    def drop(self, kind: str, view: OutcomeView) -> None:
        """Forget it."""
        with suppress(OSError):
            self._file(kind, view).unlink(missing_ok=True)

    def waiting(self, run: str) -> list[Draft]:
        """The unfinished texts on outcomes of a run."""
        found = []
        for file in sorted(self._folder.glob("*.json")):
            with suppress(OSError, ValueError, KeyError):
                draft = json.loads(file.read_text(encoding="utf-8"))
                if draft["author"] == self._author and draft["run"] == run:
                    found.append(Draft(draft["kind"], draft["example"], draft["text"]))
        return found

    def _file(self, kind: str, view: OutcomeView) -> Path:
        return self._folder / f"{hexdigest(self._author, kind, view.key, view.row, view.run)}.json"
