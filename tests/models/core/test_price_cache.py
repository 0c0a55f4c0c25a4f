"""Prices of the process before: used if they are of the same tables, and never a reason to fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scansion.models.price_cache import PriceCache
from scansion.models.prices import FREE, Rates

LOOK_UP = """
import sys
from scansion.models import prices
print(prices.rates("openai/gpt-4o").tiers[0].output, prices.rates("openai/none-such"), "genai_prices" in sys.modules)
"""


def test_a_second_process_knows_prices_without_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = [subprocess.check_output([sys.executable, "-c", LOOK_UP], text=True).split() for _ in range(2)]
    assert said[0][:2] == said[1][:2]
    assert float(said[0][0]) > 0
    assert (said[0][2], said[1][2]) == ("True", "False")


def test_prices_of_other_tables_or_of_no_form_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = PriceCache(Rates)
    assert cache.get("a/b") is None
    cache.put("a/b", FREE)
    cache.put("a/none", None)
    assert PriceCache(Rates).get("a/b") == (FREE,)
    assert PriceCache(Rates).get("a/none") == (None,)
    file = tmp_path / "scansion" / "prices.json"
    kept = file.read_text()
    file.write_text(kept.replace('"tables":"', '"tables":"other'))
    assert PriceCache(Rates).get("a/b") is None
    file.write_text(kept[:-3])
    assert PriceCache(Rates).get("a/b") is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache = PriceCache(Rates)
    cache.put("a/b", FREE)
    assert cache.get("a/b") == (FREE,)
