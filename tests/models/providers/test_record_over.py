"""A recording is never begun over a file that is something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scansion.errors import InputError
from scansion.models.providers.replay import RecordWriter


@pytest.mark.parametrize("held", [b"a,b\n1,2\n", b"a,b\n1,2", b"hello", b'[{"a": 1},\n', b'{"a": 1}\n'])
def test_a_file_that_is_no_recording_is_left_as_it_is(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "s.csv").write_bytes(held)
    with pytest.raises(InputError, match=r"s\.csv: the file is there, and is no recording; give another --record PATH"):
        RecordWriter(tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_bytes() == held
