"""Embeddings on this machine: `sentence-transformers/NAME`, or a folder: `sentence-transformers/./my-model`.

NAME is a model of the Hugging Face hub, such as `all-MiniLM-L6-v2` or `BAAI/bge-small-en-v1.5`. It is taken from the
hub's cache on this machine, and only with `?download=true` fetched where it is not there. `?device=cuda` says what it
runs on. Code that a model brings along is never run. What is longer than the model takes is cut off by it.

Needs the extra `scansion[embed]`. Follows Reimers and Gurevych 2019, Sentence-BERT (arXiv 1908.10084), by way of the
library sentence-transformers (https://sbert.net).
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from scansion.errors import CallError, InputError
from scansion.models.base import Capabilities, Embedded
from scansion.models.providers._options import batch_of, check_options, yes_or_no
from scansion.models.registry import ModelSpec, providers
from scansion.types import Completion, Request

__all__ = ["SentenceTransformers", "sentence_transformers"]

_TAKES = ("batch", "download", "device", "timeout")
_HUB = "sentence-transformers"  # who owns the models that are named without an owner
_CHUNK = 1 << 20


class SentenceTransformers:
    """A sentence encoder in this process, loaded at its first use."""

    def __init__(self, spec: ModelSpec, place: str, version: str) -> None:
        self.name, self.identity = spec.spec, f"{spec.identity}@{version}" if version else spec.identity
        self.capabilities = Capabilities(
            completions=False, chat=False, images=False, tools=False, priced=False, at_once=1, batch=batch_of(spec)
        )
        self._place, self._known = place, bool(version)
        self._download, self._device = yes_or_no(spec, "download"), spec.options.get("device")
        self._model: Any = None
        self._loading = threading.Lock()

    def ready(self) -> None:
        """Raises InputError where the model is not on this machine and may not be downloaded."""
        if not self._known and not self._download:
            raise InputError(
                f"model {self.name!r} is not on this machine; add ?download=true to have it fetched, or name its folder"
            )

    async def complete(self, request: Request) -> Completion:  # noqa: ARG002
        """Never an answer: raises InputError."""
        raise InputError(f"{self.name} gives embeddings and answers no prompt; name a model that does")

    async def embed(self, texts: tuple[str, ...]) -> Embedded:
        """The vectors of `texts`. Raises InputError for a model that cannot be loaded, CallError where it breaks."""
        self.ready()
        return await asyncio.to_thread(self._encoded, texts)

    def _encoded(self, texts: tuple[str, ...]) -> Embedded:
        model = self._loaded()
        try:
            return Embedded(model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False))
        except Exception as error:
            why = " ".join(str(error).split())[:200]
            raise CallError("program", f"{self.name}: {type(error).__name__}: {why}") from error

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = self._load()
            return self._model

    def _load(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # it would stand in the middle of the run's own line
            return SentenceTransformer(
                self._place, device=self._device, local_files_only=not self._download, trust_remote_code=False
            )
        except Exception as error:
            why = " ".join(str(error).split())[:200]
            raise InputError(f"model {self.name!r} cannot be loaded: {type(error).__name__}: {why}") from error

    async def close(self) -> None:
        """Free the model."""
        self._model = None


@providers("sentence-transformers")
def sentence_transformers(spec: ModelSpec) -> SentenceTransformers:
    """A sentence encoder. Raises InputError for a wrong option, a folder that is none, or without the package."""
    check_options(spec, _TAKES)
    if not spec.name:
        raise InputError(f"model {spec.spec!r} names no model; write {spec.provider}/all-MiniLM-L6-v2")
    if importlib.util.find_spec("sentence_transformers") is None:
        raise InputError(f"model {spec.spec!r} needs a package: pip install 'scansion[embed]'")
    if spec.name.startswith((".", "/", "~")):
        folder = spec.path.resolve()
        if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
            raise InputError(f"model {spec.spec!r}: no sentence-transformers model in {folder}")
        return SentenceTransformers(spec, str(folder), _digest(folder))
    return SentenceTransformers(spec, spec.name, _revision(spec.name, fetch=yes_or_no(spec, "download")))


def _digest(folder: Path) -> str:
    """The digest of a folder's files, so that another model in its place is another model."""
    found = blake2b(digest_size=16)
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
    return found.hexdigest()


def _revision(name: str, *, fetch: bool) -> str:
    """The revision of a hub's model that is in the cache on this machine; empty where it is not there.

    With `fetch` one small file is fetched where there is none, so that the model is called the same before and after
    its weights are here.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    repositories = (name,) if "/" in name else (f"{_HUB}/{name}", name)
    files = [(repository, file) for repository in repositories for file in ("modules.json", "config.json")]
    for look in (try_to_load_from_cache, hf_hub_download) if fetch else (try_to_load_from_cache,):
        for repository, file in files:
            with suppress(Exception):  # none of that name, or no network: what is missing is said when it is loaded
                found = look(repository, file)
                if isinstance(found, str):
                    return Path(found).parent.name
    return ""
