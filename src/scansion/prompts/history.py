"""The versions of a prompt file that git holds, through renames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct

from scansion.errors import InputError
from scansion.prompts.load import from_bytes, load
from scansion.prompts.prompt import Prompt
from scansion.prompts.sources import Revision, git

__all__ = ["Commit", "at_head", "commits"]

_SHORT = 8  # digits of a commit's digest in a prompt's name
_LOG = (
    *("--literal-pathspecs", "log", "--no-show-signature"),  # `a[1].txt` is a name and not a pattern
    *("--follow", "-c", "-z", "--name-status", "--format=%H%x00%ct%x00%s"),
)
_LISTED = re.compile(
    r"([0-9a-f]{40,64})\0(\d+)\0([^\0]*)\0"  # digest, time, subject
    r"[\0\n]*([RC]\d+\0[^\0]+|[A-Z]+)\0([^\0]+)\0"  # what was done (and the old name), the name
)


class Commit(Struct, frozen=True):
    """A commit that changed a prompt file.

    `time` is the committer's, in seconds since 1970; `path` the file's then, from the repository's root. `prompt` is
    None where the file could not be read as a prompt, and `problem` says why.
    """

    id: str
    time: float
    subject: str
    path: str
    prompt: Prompt | None
    problem: str = ""


def commits(file: str | Path, most: int | None = None) -> list[Commit]:
    """The commits that changed this file, the newest first, `most` at most. Empty where git does not know the file.

    The file need not be there any more. Raises InputError where git is not installed.
    """
    path = _resolved(Path(file))
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    limit = ("--max-count", str(most)) if most is not None else ()
    listed = git(folder, *_LOG, *limit, "--", path.relative_to(folder).as_posix())
    top = git(folder, "rev-parse", "--show-toplevel") if listed else None
    if not listed or top is None:
        return []
    root = top.decode().rstrip("\n")
    changed = list(_listed(listed.decode("utf-8", "replace")))
    contents = _contents(root, [f"{id}:{path}" for id, _, _, path in changed])
    return [_read(root, content, *change) for content, change in zip(contents, changed, strict=True)]


def at_head(file: str | Path) -> Prompt:
    """The prompt as HEAD has it. Raises InputError where HEAD has no such file."""
    path = _resolved(Path(file))
    return load(f"HEAD:{path.name}", base_dir=path.parent)


def _resolved(path: Path) -> Path:
    """The file's place without links on the way to it: git knows a link as itself."""
    return path.parent.resolve() / path.name


def _listed(text: str) -> Iterator[tuple[str, float, str, str]]:
    """The digest, time, subject and path of each commit in git's output, but for those that removed the file."""
    for id, time, subject, change, path in _LISTED.findall(text):
        if not change.startswith("D"):
            yield id, float(time), subject, path


def _contents(root: str, names: list[str]) -> list[bytes]:
    """The files of `COMMIT:PATH` names, read by one process; a name that git does not know is an empty file."""
    given = "".join(f"{name}\n" for name in names).encode()
    out = git(root, "cat-file", "--batch", given=given) or b""
    found, at = [], 0
    for _ in names:
        end = out.find(b"\n", at)
        words = out[at:end].split(b" ")
        at = end + 1
        size = int(words[2]) if len(words) == 3 and words[1] == b"blob" else -1
        found.append(out[at : at + size] if size >= 0 else b"")
        at += size + 1
    return found


def _read(root: str, content: bytes, id: str, time: float, subject: str, path: str) -> Commit:
    place = PurePosixPath(path)
    source = Revision(root, id, str(place.parent))
    try:
        prompt = from_bytes(content, f"{id[:_SHORT]}:{path}", f"{place.stem}@{id[:_SHORT]}", source)
    except InputError as error:
        return Commit(id, time, subject, path, None, str(error))
    return Commit(id, time, subject, path, prompt)
