"""Data sets: read as streams, matched to a template's variables, split, written.

`open_dataset` opens a file (JSON Lines, a JSON list, CSV, TSV, Parquet) or a list of rows; `Dataset.rows` streams its
examples. `docs/formats/data.md` describes the formats.
"""

from __future__ import annotations

from scansion.data.dataset import Dataset, open_dataset
from scansion.data.rows import Position, Row
from scansion.data.spec import DataSpec
from scansion.data.split import split_of
from scansion.data.writer import check_target, write_jsonl, write_parquet

__all__ = [
    "DataSpec",
    "Dataset",
    "Position",
    "Row",
    "check_target",
    "open_dataset",
    "split_of",
    "write_jsonl",
    "write_parquet",
]
