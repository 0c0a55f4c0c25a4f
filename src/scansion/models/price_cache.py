"""Prices that were looked up before, kept for the next process: loading the tables takes longer than a small run.

One JSON file in the user's cache folder (`$XDG_CACHE_HOME/scansion` or `~/.cache/scansion`), valid for the tables that
it was made from. It may be deleted at any time, and where it cannot be read or written the tables are loaded instead.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from scansion.environment import cache_folder

__all__ = ["PriceCache"]

R = TypeVar("R")


class _Kept(Struct, Generic[R]):
    """The file: which tables its prices are from, and each model's (null: none is known)."""

    tables: str
    models: dict[str, R | None]


class PriceCache(Generic[R]):
    """Prices of type `kind` by model."""

    def __init__(self, kind: type[R]) -> None:
        self._decoder = msgspec.json.Decoder(_Kept[kind])  # type: ignore[valid-type]
        self._models: dict[str, R | None] | None = None

    def get(self, model: str) -> tuple[R | None] | None:
        """The price of a model in a tuple of one; None where it was not looked up before."""
        models = self._read()
        return (models[model],) if model in models else None

    def put(self, model: str, price: R | None) -> None:
        """Keep the price of a model."""
        models = self._read()
        models[model] = price
        try:
            self._write(msgspec.json.encode(_Kept(_tables(), models)))
        except OSError:
            return  # the next process loads the tables again

    def _read(self) -> dict[str, R | None]:
        if self._models is None:
            try:
                kept = self._decoder.decode(_file().read_bytes())
                self._models = kept.models if kept.tables == _tables() else {}
            except (OSError, msgspec.MsgspecError, RuntimeError):  # RuntimeError: there is no home
                self._models = {}
        return self._models

    @staticmethod
    def _write(data: bytes) -> None:
        try:
            file = _file()
        except RuntimeError:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(file)


def _file() -> Path:
    return cache_folder() / "prices.json"


def _tables() -> str:
    """What tells the installed price tables from others, without loading them."""
    found = importlib.util.find_spec("genai_prices")
    if found is None or found.origin is None:
        return ""
    stat = Path(found.origin).with_name("data.py").stat()
    return f"{stat.st_size}.{stat.st_mtime_ns}"
