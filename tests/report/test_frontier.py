"""The frontier as text and pictures: names long and nasty, points on one another, sizes from two to twelve."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from scansion.errors import InputError
from scansion.experiments.frontier import Frontier, FrontierPoint
from scansion.report.frontier import render
from scansion.report.frontier_axes import Axis
from scansion.report.frontier_files import page, write
from scansion.report.frontier_svg import alone, inline, place_labels
from scansion.report.text import cells

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

LONG = "prompts/" + "long name " * 12 + "| vote(40) | openai/gpt-5-mini"


def frontier(count: int, name: str = "variant", *, apart: float = 1.0) -> Frontier:
    points = []
    for i in range(count):
        cost, mean = 0.001 * (1 + apart * i), 0.5 + apart * 0.04 * i
        interval = (cost * 0.9, cost * 1.2)
        points.append(FrontierPoint(f"{name} {i}", mean, (mean - 0.05, mean + 0.04), None, cost, interval))
    return Frontier("r3", "cost", "USD", 0.95, None, points)


@pytest.mark.parametrize("count", [2, 5, 12])
@pytest.mark.parametrize("apart", [0.0, 0.01, 1.0])
def test_numbers_cover_neither_points_nor_each_other(count: int, apart: float) -> None:
    places = [(100.0 + 40 * apart * i, 100.0 + 9 * apart * i) for i in range(count)]
    spots = place_labels(places)
    for i, (x, y) in enumerate(spots):
        assert all(abs(x - a) > 12 or abs(y - b) > 10 for a, b in places)
        assert all(abs(x - a) > 17 or abs(y - b) > 13 for a, b in spots[:i])


@pytest.mark.parametrize("count", [2, 12])
@pytest.mark.parametrize("apart", [0.0, 1.0])
@pytest.mark.parametrize(
    "name", ["a", "prompts/" + "long name " * 12 + "| vote(40) | openai/gpt-5-mini", "日本語 <b>&\x1b[31m"]
)
def test_text_and_svg_take_any_names(count: int, apart: float, name: str) -> None:
    found = frontier(count, name, apart=apart)
    text = render(found, 80)
    assert max(map(cells, text.splitlines())) <= 80
    assert "\x1b" not in text
    root = ET.fromstring(alone(found))
    assert root.get("role") == "img"
    numbers = [
        each.text for each in root.iter() if each.get("class") == "number" and each.get("text-anchor") == "middle"
    ]
    assert numbers == [str(i + 1) for i in range(count)]
    assert "<b>" not in page(found)


def test_one_cost_for_all_is_no_frontier() -> None:
    assert inline(frontier(3, apart=0.0)) == ""
    assert inline(frontier(3)).startswith("<svg viewBox")


def test_axes_go_by_ratio_where_costs_differ_many_times() -> None:
    near, far = Axis.of([1.0, 5.0], ratio=True), Axis.of([0.001, 5.0], ratio=True)
    assert (near.ratio, far.ratio) == (False, True)
    assert far.share(0.1) == pytest.approx(0.5, abs=0.05)
    assert near.low <= 1.0 < 5.0 <= near.high
    flat = Axis.of([3.0, 3.0])
    assert 0.0 <= flat.share(3.0) <= 1.0
    assert Axis.of([0.0, 9.0], ratio=True).ratio is False


def test_files_are_written_and_foreign_ones_kept(tmp_path) -> None:
    found = frontier(3)
    for suffix in ("svg", "html"):
        path = tmp_path / f"plot.{suffix}"
        write(found, str(path))
        write(found, str(path))  # its own is written anew
        assert "viewBox" in path.read_text(encoding="utf-8")
    mine = tmp_path / "notes.html"
    mine.write_text("my notes", encoding="utf-8")
    with pytest.raises(InputError, match="written over"):
        write(found, str(mine))
    assert mine.read_text(encoding="utf-8") == "my notes"


def test_png_by_matplotlib(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "plot.png"
    write(frontier(12, "costs $5 | long " * 8), str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_draws_it(tmp_path) -> None:
    (tmp_path / "plot.svg").write_text(alone(frontier(12)), encoding="utf-8")
    shot = tmp_path / "shot.png"
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--screenshot={shot}"]
    subprocess.run([*command, (tmp_path / "plot.svg").as_uri()], check=True, capture_output=True, timeout=120)
    assert shot.stat().st_size > 10_000
