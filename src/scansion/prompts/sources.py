"""Where a prompt's files are read from: a folder on disk, or a revision in git.

A source gives the files that a prompt's `${file:}` may name: those inside the prompt's own folder and nothing else
(Prompty specification, section 2.11). Absolute paths, `..` and links that lead outside are refused.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from msgspec import Struct

from scansion.errors import InputError
from scansion.prompts.frontmatter import decode

__all__ = ["Folder", "Revision", "Source", "git", "open_revision"]


class Folder(Struct, frozen=True):
    """A folder on disk, as an absolute path."""

    root: str

    def read(self, relative: str, place: str) -> str:
        """The text of a file in this folder. Raises InputError, which starts with `place`."""
        _check(relative, place)
        root = Path(self.root).resolve()
        target = (root / relative).resolve()
        if not target.is_relative_to(root):
            raise InputError(f"{place}: ${{file:{relative}}} leads outside the prompt's folder; move the file into it")
        try:
            return decode(target.read_bytes(), relative)
        except OSError as error:
            raise InputError(f"{place}: cannot read ${{file:{relative}}}: {error.strerror}") from None


class Revision(Struct, frozen=True):
    """A folder as it was in a git revision; `folder` is relative to the repository's root."""

    repository: str
    commit: str
    folder: str

    def read(self, relative: str, place: str) -> str:
        """The text of a file in this folder at this revision. Raises InputError, which starts with `place`."""
        _check(relative, place)
        path = str(PurePosixPath(self.folder) / relative)
        listed = git(self.repository, "ls-tree", "-z", "--full-tree", self.commit, "--", path)
        if listed is None or not listed.startswith(b"100"):
            what = "is a link" if listed and listed.startswith(b"120") else "is not there"
            raise InputError(f"{place}: ${{file:{relative}}} {what} in revision {self.commit[:12]}")
        return decode(git(self.repository, "cat-file", "blob", f"{self.commit}:{path}") or b"", relative)


Source = Folder | Revision


def open_revision(revision: str, path: str, base_dir: Path) -> tuple[bytes, Revision]:
    """The bytes of the file `path` in a git revision, and its source.

    `path` is taken from `base_dir` or else from the repository's root. Raises InputError that says whether git, the
    repository, the revision or the file is missing.
    """
    name = f"{revision}:{path}"
    top = git(base_dir, "rev-parse", "--show-toplevel")
    if top is None:
        raise InputError(f"{name}: no such file, and {str(base_dir)!r} is in no git repository to read a revision from")
    commit = git(base_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise InputError(f"{name}: git knows no revision {revision!r}; see `git branch -a` and `git log`")
    root, digest = top.decode().rstrip("\n"), commit.decode().strip()
    for start in (_within(root, base_dir), PurePosixPath()):
        full = _flat(start / path)
        content = git(root, "cat-file", "blob", f"{digest}:{full}") if full else None
        if content is not None and full is not None:
            return content, Revision(root, digest, str(PurePosixPath(full).parent))
    raise InputError(
        f"{name}: revision {revision!r} has no file {path!r}; `git ls-tree -r --name-only {revision}` lists"
    )


def _check(relative: str, place: str) -> None:
    parts = PurePosixPath(relative.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or relative[1:2] == ":" or not relative.strip() or "\0" in relative:
        raise InputError(f"{place}: ${{file:{relative}}} must name a file inside the prompt's folder")


def _within(root: str, folder: Path) -> PurePosixPath:
    try:
        return PurePosixPath(folder.resolve().relative_to(Path(root).resolve()).as_posix())
    except ValueError:
        return PurePosixPath()


def _flat(path: PurePosixPath) -> str | None:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and not parts:
            return None
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def git(folder: str | Path, *args: str, given: bytes | None = None, seconds: float | None = None) -> bytes | None:
    """What git prints on standard output, `given` on its input; None if it fails or takes longer than `seconds`.

    Raises InputError without git.
    """
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *args],  # noqa: S607
            input=given,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError:
        raise InputError("git is not installed, so a prompt cannot be read from a revision") from None
    except (ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
