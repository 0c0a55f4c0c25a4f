"""A watched file has changed when it holds new content that stays; however an editor has written it."""

from __future__ import annotations

import os
from pathlib import Path

from scansion.experiments.watching import Watched


def looks(watched: Watched, times: int = 3) -> list[list[Path]]:
    return [watched.changed() for _ in range(times)]


def test_a_save_is_seen_once_and_a_touch_is_none(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    watched = Watched([file])
    assert looks(watched) == [[], [], []]
    file.write_text("two")
    assert looks(watched) == [[], [file], []]
    os.utime(file, (1, 1))
    assert looks(watched) == [[], [], []]
    file.write_text("three")
    file.write_text("two")
    assert looks(watched) == [[], [], []]


def test_a_file_that_is_replaced_or_gone_for_a_moment(tmp_path: Path) -> None:
    file, other, new = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / ".a.txt.swp"
    file.write_text("one")
    other.write_text("same")
    watched = Watched([file, other])
    new.write_text("two")
    new.replace(file)
    assert looks(watched) == [[], [file], []]
    file.unlink()
    assert looks(watched) == [[], [], []]
    file.write_text("two")
    assert looks(watched) == [[], [], []]
    file.unlink()
    watched.changed()
    file.write_text("three")
    assert looks(watched) == [[], [file], []]


def test_a_save_in_several_writes_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    watched = Watched([file])
    seen = []
    for text in ("", "t", "tw", "two"):
        file.write_text(text)
        seen += watched.changed()
    assert seen == []
    assert looks(watched) == [[file], [], []]
