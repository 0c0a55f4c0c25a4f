"""Settings of all tests: no deadline for a property test (machines stall), the same examples at every CI run, and no
file outside the tests' own folders."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("scansion", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("scansion")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
