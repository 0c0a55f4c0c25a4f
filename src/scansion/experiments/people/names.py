"""Who is at work: the name that annotations are signed with."""

from __future__ import annotations

from scansion.errors import InputError
from scansion.prompts.sources import git

__all__ = ["current_author"]


def current_author() -> str:
    """The name in git's settings (`git config user.name`), else the login name. Raises InputError without either."""
    return _git_name() or _login() or _nobody()


def _git_name() -> str:
    try:
        found = git(".", "config", "user.name", seconds=2)
    except InputError:  # there is no git
        return ""
    return " ".join((found or b"").decode("utf-8", "replace").split())


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _nobody() -> str:
    raise InputError("who annotates is not known; say it with --as NAME, or set `git config user.name`")
