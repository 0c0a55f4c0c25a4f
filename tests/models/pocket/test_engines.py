from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scansion.errors import CallError
from scansion.models.pocket import engines
from scansion.models.pocket.draw import Prompt
from scansion.models.pocket.folder import Folder, open_folder


def copies(folder: Folder, to: Path, count: int) -> list[Folder]:
    """Models that differ in their files: some spaces more in the configuration."""
    found = []
    for number in range(count):
        copy = Path(shutil.copytree(folder.path, to / str(number)))
        with (copy / "config.json").open("a") as stream:
            stream.write(" " * (number + 1))
        found.append(open_folder(copy))
    return found


def test_a_model_is_loaded_once(folder: Folder) -> None:
    assert engines.hold(folder) is engines.hold(folder)
    engines.release(folder)
    engines.release(folder)
    assert engines.held(folder)


def test_engines_that_nobody_holds_are_let_go(folder: Folder, tmp_path: Path) -> None:
    folders = copies(folder, tmp_path, 6)
    loaded = [engines.hold(each) for each in folders]
    assert all(engines.held(each) for each in folders)
    for each in folders[1:]:
        engines.release(each)
    assert [engines.held(each) for each in folders] == [True, False, False, False, True, True]
    assert loaded[0].submit(Prompt((5, 9, 9), max_tokens=1)) is not None
    with pytest.raises(CallError, match="closed"):
        loaded[1].submit(Prompt((5, 9, 9)))
    assert engines.hold(folders[1]) is not loaded[1]
    for each in folders[:2]:
        engines.release(each)


def test_what_was_never_taken_can_be_given_back(folder: Folder, tmp_path: Path) -> None:
    other = copies(folder, tmp_path, 7)[6]
    engines.release(other)
    assert not engines.held(other)
