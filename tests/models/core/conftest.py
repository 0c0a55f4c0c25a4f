"""Makes the helpers of these tests importable by name (test folders are no packages), and registers their models."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scansion.models.base import Capabilities
from scansion.models.registry import providers
from scansion.types import Request


def _load(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


_here = Path(__file__).parent
_load("fault_server", _here.parent / "fault_server.py")
_load("core_helpers", _here / "helpers.py")

from core_helpers import Scripted, ScriptedModel, WireModel  # noqa: E402


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Registers `scripted/NAME` models: give a coroutine function of a Request, get the model's spec."""
    models: dict[str, ScriptedModel] = {}

    def register(complete: Callable[[Request], Any], **capabilities: Any) -> str:
        name = f"scripted/m{len(models)}"
        models[name] = ScriptedModel(name, complete, Capabilities(**{"priced": False, **capabilities}))
        return name

    providers("scripted")(lambda spec: models[spec.plain])
    providers("wire")(WireModel)
    yield register
    for name in ("scripted", "wire"):
        del providers.entries[name]
