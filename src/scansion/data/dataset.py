"""A data set: the examples of a file, streamed, found again, and matched to a template's variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from scansion.data import columns as column_names
from scansion.data.duplicates import Seen
from scansion.data.examples import builder, row_digest, with_targets
from scansion.data.files import DataFile
from scansion.data.formats import open_source, stem
from scansion.data.memory import Memory
from scansion.data.rows import Position, Row, Source
from scansion.data.spec import DataSpec
from scansion.errors import InputError
from scansion.types import Example, hexdigest

__all__ = ["Dataset", "open_dataset", "retargeted"]

_PEEK = 100


class Dataset:
    """Examples in the order of a file. Made by `Dataset.open`.

    `spec` is what the user said, `path` the file (None: rows in memory), `label` its name as the user wrote it, `name`
    its stem. `targets` are those given in place of the file's own, by row (see `with_targets`). `columns` are those
    that inputs may come from: the header's, or those of the first 100 rows, in order. `roles` says which column is the
    target, the id and so on. `inputs` of each example hold every column of its row.
    """

    def __init__(self, source: Source, spec: DataSpec, path: Path | None) -> None:
        self.spec, self.path, self.label = spec, path, source.label
        self.name = stem(path) if path else source.label
        self._source = source
        first = [values for _, _, values in islice(source.records(), _PEEK)]
        if not first:
            raise InputError(f"{source.label} has no rows; a data set needs at least one")
        nested = _is_nested(first[0]) and not source.text
        fields = source.header or _union(first)
        self.roles = column_names.find_roles(spec, fields, nested, source.label)
        self.columns = _union([_as_dict(v.get("inputs")) for v in first]) if nested else fields
        self._build = builder(self.roles, source)
        self.targets: dict[int, Any] = {}

    @staticmethod
    def open(
        source: str | Path | DataSpec | Sequence[Mapping[str, Any]], base_dir: str | Path | None = None
    ) -> Dataset:
        """The data set of a file, of a spec, or of rows in memory; see `open_dataset`."""
        return open_dataset(source, base_dir)

    @property
    def target_column(self) -> str | None:
        return self.roles.target

    @property
    def id_column(self) -> str | None:
        """The column of explicit ids; None where ids are digests of the rows."""
        return self.roles.id

    @property
    def group_column(self) -> str | None:
        return self.roles.group

    @property
    def weight_column(self) -> str | None:
        return self.roles.weight

    @property
    def tags_column(self) -> str | None:
        return self.roles.tags

    @property
    def rationale_column(self) -> str | None:
        return self.roles.rationale

    @property
    def fingerprint(self) -> str:
        """A cheap identity of what this data set reads (32 hexadecimal digits): the file's path, size and time of
        change, and the columns' roles. It says when an index of positions may be used again."""
        if self.path is None:
            own = hexdigest(self.content_digest(), self.roles)
        else:
            stat = DataFile(self.path, self.label).stat()
            own = hexdigest(str(self.path.resolve()), stat.st_size, stat.st_mtime_ns, self.roles)
        return retargeted(own, self.targets)

    def with_targets(self, targets: Mapping[int, Any]) -> Dataset:
        """This data set with other targets in the rows of these numbers (from 0), also in the target's column: a
        version of its own, with its own fingerprint. Ids stay."""
        if not targets:
            return self
        made = copy(self)
        made.targets = {**self.targets, **targets}
        made._build = with_targets(self._build, targets, self.roles)
        return made

    @property
    def size(self) -> int | None:
        """The bytes of a plain file, in which the offsets of rows lie; None for what is packed or in memory."""
        if self.path is None or not self._source.seekable:
            return None
        return DataFile(self.path, self.label).stat().st_size

    def content_digest(self) -> str:
        """The digest of the file's bytes (BLAKE2b, 16 bytes, in hexadecimal), or of the rows in memory."""
        sink = blake2b(digest_size=16)
        if self.path is None:
            for line, _, values in self._source.records():
                sink.update(row_digest(values, self._source.where, line).encode())
            return sink.hexdigest()
        DataFile(self.path, self.label).stat()
        with self.path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                sink.update(chunk)
        return sink.hexdigest()

    def rows(self, start: Position | None = None) -> Iterator[Row]:
        """Stream the rows, from `start` if given, checking each.

        Memory stays constant but for 8 to 16 bytes a row that has an explicit id. Raises InputError naming the line
        of what is wrong; an explicit id that occurs twice is found at the latest at the end of the stream.
        """
        build, seen = self._build, Seen() if self.roles.id is not None else None
        row = start.row if start else 0
        for line, offset, values in self._source.records(start):
            example = build(values, row, line)
            if seen and (twice := seen.add(hash(example.id))):
                self._check_duplicates(start, twice)
            yield Row(example, line, offset)
            row += 1
        if seen and (twice := seen.finish()):
            self._check_duplicates(start, twice)

    def at(self, positions: Sequence[Position]) -> list[Row]:
        """The rows at these positions, in the order asked for; any number of them may be the same.

        Plain files are sought, others read once up to the last row asked for. Positions hold as long as `fingerprint`
        stays the same. Raises InputError for a position at which there is no row.
        """
        if self._source.seekable:
            found = {p.row: self._one(p) for p in positions}
        else:
            found = self._pass(positions)
        for p in positions:
            if p.row not in found:
                raise InputError(f"{self._source.where(p.line)}: no row is there any more; the data changed, run again")
        return [found[p.row] for p in positions]

    def match(self, variables: Sequence[str]) -> dict[str, str]:
        """The column of each variable (see `columns.match`). Raises InputError naming the variable that has none."""
        return column_names.match(variables, self.columns, self.spec, self.label)

    def pick(self, row: Row | Example, mapping: Mapping[str, str]) -> dict[str, Any]:
        """The values of a row for the variables of `mapping`, as `match` gives it.

        Raises InputError naming the line of a row that lacks a column.
        """
        inputs = row.inputs if isinstance(row, Example) else row.example.inputs
        try:
            return {variable: inputs[column] for variable, column in mapping.items()}
        except KeyError as error:
            line = self._line(row.row) if isinstance(row, Example) else row.line
            raise InputError(
                f"{self._source.where(line)}: the row lacks {error.args[0]!r}, which the prompt needs; add it"
            ) from None

    def _one(self, position: Position) -> Row:
        for line, offset, values in self._source.records(position):
            return Row(self._build(values, position.row, line), line, offset)
        raise InputError(f"{self._source.where(position.line)}: no row is there any more; the data changed, run again")

    def _pass(self, positions: Sequence[Position]) -> dict[int, Row]:
        """The rows at these positions, from one reading between the first and the last of them."""
        if not positions:
            return {}
        wanted, start = {p.row for p in positions}, min(positions, key=lambda p: p.row)
        records = islice(self._source.records(start), max(wanted) - start.row + 1)
        return {
            row: Row(self._build(values, row, line), line, offset)
            for row, (line, offset, values) in enumerate(records, start.row)
            if row in wanted
        }

    def _line(self, row: int) -> int:
        return next((line for line, _, _ in islice(self._source.records(), row, None)), row + 1)

    def _check_duplicates(self, start: Position | None, hashes: frozenset[int]) -> None:
        """Read again to see whether ids of these hashes really are the same, and name the lines of the first two."""
        lines: dict[str, int] = {}
        row = start.row if start else 0
        for line, _, values in self._source.records(start):
            id = self._build(values, row, line).id
            row += 1
            if hash(id) not in hashes:
                continue
            if id in lines:
                first = self._source.where(lines[id])
                raise InputError(f"{self._source.where(line)}: id {id!r} is also in {first}; ids must differ")
            lines[id] = line


def retargeted(fingerprint: str, targets: Mapping[int, Any]) -> str:
    """The fingerprint of a data set with other targets in some of its rows."""
    return hexdigest(fingerprint, sorted(targets.items())) if targets else fingerprint


def open_dataset(
    source: str | Path | DataSpec | Sequence[Mapping[str, Any]], base_dir: str | Path | None = None
) -> Dataset:
    """The data set of a file, of a spec, or of rows in memory.

    A relative path is taken from `base_dir` (default: the working directory). Only the first 100 rows are read here.
    Raises InputError for data that cannot be read, is empty, or whose columns do not fit the spec.
    """
    if not isinstance(source, str | Path | DataSpec):
        return Dataset(Memory(source), DataSpec("data"), None)
    spec = source if isinstance(source, DataSpec) else DataSpec(str(source))
    if not spec.path:
        raise InputError("the data's path is empty; name a data file")
    path = Path(base_dir or ".") / Path(spec.path).expanduser()
    return Dataset(open_source(path, spec.path), spec, path)


def _is_nested(row: dict[str, Any]) -> bool:
    """Whether a row has the layout of our own exports."""
    return isinstance(row.get("inputs"), dict) and ("target" in row or column_names.FIELDS.issuperset(row))


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _union(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The keys of all rows, in order of first appearance."""
    return tuple(dict.fromkeys(key for row in rows for key in row))
