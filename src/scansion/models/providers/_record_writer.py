"""Writing calls to a recording that `replay:PATH` plays back exactly."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from scansion.errors import InputError
from scansion.models.providers._recording import Line, Places, encode_line, parse_line
from scansion.types import Call, Completion, Request, Sampling, digest, request_digest

__all__ = ["RecordWriter"]

_Key = tuple[bytes, int]  # digest of model and request, trial


class RecordWriter:
    """Appends calls to the recording at `path`, in the order of their k whatever order they finish in.

    A call is written at once, as a line of its own, if all lower k of its request and trial are written; otherwise it
    is held until they are, or until `close`, which writes it with its `k`. What is written survives the end of the
    process; held calls do not, but the lab has them, and a resumed run adds them: a file that is there is continued,
    and calls that it holds are not written again. A gzipped recording (`.gz`) is written plain beside its place
    (`PATH.part`) and packed at `close`.

    Left out are latencies, and calls that were not answered. Raises InputError for a file that cannot be written, is
    no recording, or is being written by another run.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.packed = self.path.suffix == ".gz"
        self._working = self.path.with_name(self.path.name + ".part") if self.packed else self.path
        self._places: dict[_Key, Places] = {}
        self._held: dict[_Key, dict[int, Call]] = {}
        self._file = self._open()
        self._continue()

    def add(self, call: Call) -> None:
        """Record a call; one that is recorded already is passed over."""
        key = (digest(call.model, request_digest(call.request)), call.request.trial)
        places, k = self._places.setdefault(key, Places()), call.request.k
        if k in places:
            return
        if k > places.next:
            self._held.setdefault(key, {})[k] = call
            return
        self._write(_line(call))
        places.take(1)
        held = self._held.get(key)
        while held and places.next in held:
            self._write(_line(held.pop(places.next)))
            places.take(1)

    def close(self) -> None:
        """Write what is still held, and pack a gzipped recording."""
        if self._file < 0:
            return
        for held in self._held.values():
            for k in sorted(held):
                self._write(_line(held[k], k))
        self._held.clear()
        if self.packed:
            self._pack()
        os.close(self._file)
        self._file = -1

    def _pack(self) -> None:
        import gzip
        import shutil

        packed = self.path.with_name(self.path.name + ".packing")
        with self._working.open("rb") as plain, gzip.GzipFile(packed, "wb", mtime=0) as stream:
            shutil.copyfileobj(plain, stream)
        packed.replace(self.path)
        self._working.unlink()

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> int:
        try:
            file = os.open(self._working, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise InputError(f"cannot record to {self.path}: {error.strerror or error}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise InputError(f"another run is recording to {self.path}; give another --record PATH") from None
        return file

    def _continue(self) -> None:
        """Take up a file that is there: unpack it, cut off a torn last line, count what it holds."""
        try:
            if self.packed and self.path.exists() and not os.fstat(self._file).st_size:
                self._unpack()
            with self._working.open("rb") as file:
                self._count(file.readlines())
        except BaseException:
            os.close(self._file)
            raise

    def _unpack(self) -> None:
        import gzip

        try:
            with gzip.open(self.path) as stream:
                self._write(stream.read())
        except (OSError, EOFError) as error:
            self._working.unlink()
            raise InputError(f"cannot record to {self.path}: it is no gzipped recording ({error})") from None

    def _count(self, lines: list[bytes]) -> None:
        torn = bool(lines) and _is_torn(lines[-1])
        whole = lines[:-1] if torn else lines
        for number, raw in enumerate(whole, 1):
            if not raw.isspace():
                line, trials = self._parsed(raw, number)
                asked = digest(line.model or "", request_digest(_request(line)))
                for trial, completions in enumerate(trials):
                    self._places.setdefault((asked, trial), Places()).take(len(completions), line.k)
        if torn:
            os.ftruncate(self._file, sum(map(len, whole)))
        elif lines and not lines[-1].endswith(b"\n"):
            self._write(b"\n")

    def _parsed(self, raw: bytes, number: int) -> tuple[Line, Any]:
        """A line of the file that is there. Raises InputError, with the file as it was, where it is none."""
        try:
            return parse_line(raw, self.path, number)
        except InputError:
            if self._places:
                raise
        raise InputError(
            f"cannot record to {self.path}: the file is there, and is no recording; give another --record PATH"
        )

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]


def _is_torn(line: bytes) -> bool:
    """Whether the last line of a file is the beginning of a recorded one."""
    if line.endswith(b"\n") or not line.startswith(b"{"):
        return False
    try:
        msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return True
    return False


def _request(line: Line) -> Request:
    """The request that an exact line answers."""
    return Request(
        messages=line.messages or (),
        text=line.prompt if line.embed is None else line.embed,
        embeds=line.embed is not None,
        sampling=msgspec.convert(line.sampling or {}, Sampling),
        tools=line.tools or (),
        tool_choice=line.tool_choice,
        response_format=line.response_format,
    )


def _line(call: Call, k: int | None = None) -> bytes:
    """The line of a call, with its `k` where that does not follow from the lines before."""
    request, completion = call.request, call.completion
    line = Line(
        prompt=None if request.embeds else request.text,
        messages=None if request.text is not None else request.messages,
        embed=request.text if request.embeds else None,
        vector=completion.vector or None,
        model=call.model,
        sampling=msgspec.to_builtins(request.sampling) or None,
        exact=True,
        k=k,
        tools=request.tools or None,
        tool_choice=request.tool_choice,
        response_format=request.response_format,
        served=completion.model,
    )
    values = _answered(completion)
    if request.embeds:
        pass
    elif request.trial:
        line.completions = _placed(completion.text, request.trial)
        values = {name: _placed(value, request.trial) for name, value in values.items()}
    else:
        line.completion = completion.text
    for name, value in values.items():
        setattr(line, name, value)
    return encode_line(line)


def _placed(value: Any, trial: int) -> list[Any]:
    """A value in the list of its trial."""
    return [*([[]] * trial), [value]]


def _answered(completion: Completion) -> dict[str, Any]:
    values = {
        "usage": completion.usage,
        "finish_reason": completion.finish_reason,
        "logprobs": completion.logprobs,
        "reasoning": completion.reasoning or None,
        "tool_calls": completion.tool_calls or None,
    }
    return {name: value for name, value in values.items() if value is not None}
