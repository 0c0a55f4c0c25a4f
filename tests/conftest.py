"""Settings of all tests: no deadline for a property test (machines stall), and the same examples at every CI run."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("scansion", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("scansion")
