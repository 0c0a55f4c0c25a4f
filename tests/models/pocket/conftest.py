"""A random model for the engine's tests, and what helps them importable by name (test folders are no packages)."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name in ("random_model", "bare_client"):
    _spec = importlib.util.spec_from_file_location(_name, Path(__file__).with_name(f"{_name}.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules[_name] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_name])

import random_model  # noqa: E402

from scansion.models.pocket.engine import Engine  # noqa: E402
from scansion.models.pocket.folder import Folder, open_folder  # noqa: E402


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A random model: 48 wide, 2 layers, 3 heads, a context of 256."""
    return open_folder(random_model.build(tmp_path_factory.mktemp("models") / "random"))


@pytest.fixture(scope="session")
def engine(folder: Folder) -> Iterator[Engine]:
    found = Engine.open(folder)
    yield found
    found.close()
