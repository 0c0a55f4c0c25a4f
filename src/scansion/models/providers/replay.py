"""A recording as a model: `replay:PATH`, for a file as `_recording` describes.

The rendered text must match exactly. k picks the completion and the trial the list; a call that is not there is a
`no_recording` error that says what is: too few completions, other sampling, or the nearest recorded prompt. Where one
prompt was recorded of several models, `?model=NAME` says which is played; where at several settings, so does a sampling
field such as `?temperature=0.5`.

The file stays on disk: memory holds a digest and an offset for each line. What is compressed is unpacked to a
temporary file.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from scansion.errors import CallError, InputError, nearest
from scansion.models.base import Capabilities, Embedded
from scansion.models.providers._nearest import Shortlist, difference
from scansion.models.providers._options import check_options
from scansion.models.providers._record_writer import RecordWriter
from scansion.models.providers._recording import Line, Places, asked_text, content_key, line_key, parse_line, readable
from scansion.models.registry import ModelSpec, providers
from scansion.models.vectors import unpacked
from scansion.types import Completion, Request, Sampling, Usage

__all__ = ["RecordWriter", "Recording", "Replay", "replay"]

GZIP = b"\x1f\x8b"
Trials = list[list[Completion | None]]


class Recording:
    """An opened recording: which lines answer which request. Raises InputError for a file that is wrong.

    `digest` is that of the unpacked content, in hexadecimal; `models` are the names that lines were recorded under.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.models: set[str] = set()
        self._file = _opened(path)
        self._lines: dict[bytes, int | list[int]] = {}
        self._starts, self._numbers = array("Q"), array("Q")
        self._shortlist: Shortlist | None = None
        content = blake2b(digest_size=16)
        start = 0
        for number, raw in enumerate(self._file, 1):
            content.update(raw)
            if not raw.isspace():
                self._add(raw, start, number)
            start += len(raw)
        self.digest = content.hexdigest()

    def _add(self, raw: bytes, start: int, number: int) -> None:
        line, _ = parse_line(raw, self.path, number)
        if line.model is not None:
            self.models.add(line.model)
        at, key = len(self._starts), line_key(line)
        self._starts.append(start)
        self._numbers.append(number)
        known = self._lines.get(key)
        if known is None:
            self._lines[key] = at
        elif isinstance(known, list):
            known.append(at)
        else:
            self._lines[key] = [known, at]

    def __len__(self) -> int:
        return len(self._starts)

    def line(self, at: int) -> tuple[Line, Trials]:
        """The line of that index, with its completions by trial and k."""
        self._file.seek(self._starts[at])
        return parse_line(self._file.readline(), self.path, self._numbers[at])

    def lines(self, request: Request) -> list[int]:
        """The indexes of the lines with the text of `request`, in file order."""
        found = self._lines.get(content_key(request.text, request.messages, embeds=request.embeds), [])
        return [found] if isinstance(found, int) else found

    def answer(self, request: Request, model: str | None = None) -> Completion:
        """The recorded completion. Raises CallError of the kind `no_recording`, InputError for an ambiguous model."""
        at = self.lines(request)
        if not at:
            raise CallError("no_recording", self._nearest(request))
        lines = [self.line(each) for each in at]
        reasons = [line.mismatch(request, model) for line, _ in lines]
        fitting = _closest([pair for pair, reason in zip(lines, reasons, strict=True) if reason is None], request)
        where = self.place(at[0])
        if not fitting:
            raise CallError("no_recording", f"{where} holds this prompt, but {reasons[0]}")
        models = {line.model for line, _ in fitting if line.model is not None}
        if len(models) > 1:
            names = ", ".join(sorted(models))
            raise InputError(f"{where} holds this prompt for models {names}; say which with replay:PATH?model=NAME")
        unsaid = _unsaid([line.beyond(request) for line, _ in fitting])
        if unsaid is not None:
            raise InputError(f"{where} holds this prompt {unsaid} to the model")
        return _chosen(fitting, request, where)

    def place(self, at: int) -> str:
        """File and line of an index."""
        return f"{self.path}:{self._numbers[at]}"

    def _nearest(self, request: Request) -> str:
        asked = request.text if request.text is not None else readable(request.messages)
        if self._shortlist is None:
            self._shortlist = Shortlist(self._text(at) for at in range(len(self)))
        at = self._shortlist.nearest(asked, self._text)
        if at is None:
            return f"{self.path} holds no recorded prompt"
        recorded = self._text(at)
        shown = " ".join(recorded[:200].split())[:100]
        return f"not recorded; nearest is {self.place(at)} {shown!r}: {difference(recorded, asked)}"

    def _text(self, at: int) -> str:
        self._file.seek(self._starts[at])
        return asked_text(self._file.readline())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _opened(path: Path) -> IO[bytes]:
    """The recording as a seekable file, unpacked if it is compressed."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"no recording at {path}: {error.strerror or error}") from None
    packed = file.read(2) == GZIP
    file.seek(0)
    return _unpacked(file, path) if packed else file


def _unpacked(file: IO[bytes], path: Path) -> IO[bytes]:
    import gzip
    import shutil
    import tempfile
    import zlib

    unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - the recording holds it open until it is closed
    try:
        with file, gzip.GzipFile(fileobj=file) as stream:
            shutil.copyfileobj(stream, unpacked)
    except (OSError, EOFError, zlib.error) as error:
        unpacked.close()
        raise InputError(f"{path}: damaged gzip file ({error})") from None
    unpacked.seek(0)
    return unpacked


def _closest(lines: list[tuple[Line, Trials]], request: Request) -> list[tuple[Line, Trials]]:
    """The lines that state the fewest sampling fields which the request leaves unset."""
    counts = [len(line.beyond(request)) for line, _ in lines]
    return [pair for pair, count in zip(lines, counts, strict=True) if count == min(counts)]


def _unsaid(beyond: list[dict[str, Any]]) -> str | None:
    """Where lines differ in what the request leaves unset: between which values, and what to add; None if nowhere."""
    for field in dict.fromkeys(name for each in beyond for name in each):
        values: dict[str, Any] = {repr(each.get(field)): each.get(field) for each in beyond}
        if len(values) > 1:
            named = ", ".join("none" if v is None else repr(v) for v in values.values())
            stated = next(v for v in values.values() if v is not None)
            return f"with {field}={named}; say which: add ?{_query(field, stated)}"
    return None


def _query(field: str, value: Any) -> str:
    """A sampling field as an option of a model spec."""
    options: dict[str, Any] = {field: tuple(value) if isinstance(value, list) else value}
    return ModelSpec("x", sampling=Sampling(**options)).spec.partition("?")[2]


def _chosen(lines: list[tuple[Line, Trials]], request: Request, where: str) -> Completion:
    """The completion of a request's trial and k among the lines that answer it."""
    trial, k = request.trial, request.k
    trials = max(len(each) for _, each in lines)
    if trial >= trials:
        raise CallError("no_recording", f"{where}: recorded {_count(trials, 'trial')}, the {_nth(trial)} was asked")
    places, found = Places(), dict[int, Completion | None]()
    for line, each in lines:
        if trial < len(each):
            found.update(zip(places.take(len(each[trial]), line.k), each[trial], strict=True))
    completion = found.get(k)
    if completion is not None:
        return completion
    within = f" in the {_nth(trial)} trial" if trials > 1 else ""
    if k < max(found, default=-1) or k in found:
        raise CallError("no_recording", f"{where}: the {_nth(k)} completion{within} was not answered when recorded")
    held = _count(len(found), "completion")
    raise CallError("no_recording", f"{where}: recorded {held}{within}, the {_nth(k)} was asked")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _nth(index: int) -> str:
    """An index from 0 as an ordinal: 1st, 2nd ..."""
    number = index + 1
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class Replay:
    """A recording that answers as the model it was recorded from did."""

    capabilities = Capabilities(priced=False, recorded=True)

    def __init__(self, name: str, recording: Recording, model: str | None = None) -> None:
        self.name, self._recording, self._model = name, recording, model
        self.identity = f"replay:{recording.digest}" + (f"?model={model}" if model else "")

    async def complete(self, request: Request) -> Completion:
        """The recorded answer. Raises CallError of the kind `no_recording`, InputError for an ambiguous model."""
        return self._recording.answer(request, self._model)

    async def embed(self, texts: tuple[str, ...]) -> Embedded:
        """The recorded vectors. Raises as `complete` does."""
        found = [self._recording.answer(Request(text=text, embeds=True), self._model) for text in texts]
        tokens = [done.usage.input_tokens for done in found if done.usage is not None]
        usage = Usage(input_tokens=sum(tokens)) if len(tokens) == len(found) else None
        return Embedded([unpacked(done.vector) for done in found], usage, found[0].model if found else "")

    async def close(self) -> None:
        """Close the file."""
        self._recording.close()


@providers("replay")
def replay(spec: ModelSpec) -> Replay:
    """A recording. Raises InputError for a missing file, a wrong line, or a model that is not in it."""
    check_options(spec, ("model",))
    if not spec.name:
        raise InputError("replay needs a file; write replay:PATH")
    recording = Recording(spec.path)
    model = spec.options.get("model")
    if model is not None and recording.models and model not in recording.models:
        raise InputError(f"{spec.path} holds nothing of model {model!r}; {nearest(model, recording.models)}")
    return Replay(spec.spec, recording, model)
