"""The documents hold together: links lead somewhere, and the README's commands exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_the_gallery_is_what_its_script_would_write_now() -> None:
    gallery = runpy.run_path(str(ROOT / "docs" / "gallery.py"))
    written = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert written == gallery["page"](), "run: python docs/gallery.py"


def test_every_command_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^ {4}(?:\$ )?scansion ([a-z]+) ", readme, re.MULTILINE))
    files = {path.stem for path in (ROOT / "src" / "scansion" / "cli").glob("[a-z]*.py")}
    assert named
    assert named <= files


def test_the_readmes_session_is_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scansion.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["init", "example"]) == 0
    monkeypatch.chdir(tmp_path / "example")
    capsys.readouterr()
    assert main(["run", "experiment.yaml"]) == 0
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text.index("    run r1 (experiment)")
    shown = text[start : text.index("\nTwo prompts were tried")]
    assert _without_times(shown) == _without_times(capsys.readouterr().out)


def test_the_example_runs_on_a_model_that_refuses_temperature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scansion.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["run", "experiment.yaml", "-m", "openai/gpt-5-mini", "--dry-run"]) == 0
    assert "240 calls" in capsys.readouterr().out


def _without_times(text: str) -> list[str]:
    """The lines without indentation, and without what differs from machine to machine."""
    lines = [re.sub(r"-{5,}|\s+", " ", re.sub(r"\d+ms/\d+ms|p50/p95", "", line)).strip() for line in text.splitlines()]
    return [line for line in lines if line]
