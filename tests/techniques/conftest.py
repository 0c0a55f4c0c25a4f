"""A handle on a model that answers from a script: these tests are about what the code does with given answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.techniques import wind

from scansion.techniques import technique
from scansion.types import Completion, Request

Script = Callable[[Request, int], str | BaseException]


class Scripted:
    """`script(request, number)` gives the text, or the error, of the call with this number, after `delays[number]`
    turns of the event loop. Calls are numbered as they are made, as LM does; with `alike` each request is numbered
    apart, as the k of LM is."""

    def __init__(self, script: Script, delays: list[int] | None = None, alike: bool = False) -> None:
        self.script, self.delays, self.alike = script, delays or [], alike
        self.requests: list[Request] = []
        self.finished = 0

    def __call__(self, prompt: Any, **_sampling: Any) -> Any:
        assert isinstance(prompt, Request)
        number = len(self.requests)
        k = self.requests.count(prompt) if self.alike else number
        self.requests.append(prompt)
        return self._answer(prompt, k, self.delays[number] if number < len(self.delays) else 0)

    async def _answer(self, request: Request, number: int, delay: int) -> Completion:
        for _ in range(delay):
            await asyncio.sleep(0)
        found = self.script(request, number)
        self.finished += 1
        if isinstance(found, BaseException):
            raise found
        return Completion(found, finish_reason="stop")


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    def make(*answers: str | BaseException, delays: list[int] | None = None) -> Scripted:
        return Scripted(lambda _request, number: answers[number], delays)

    return make


@pytest.fixture
def by_request() -> Callable[..., Scripted]:
    """A handle whose answers depend on request and number."""
    return Scripted


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The example in each technique's docstring, by its name, in a folder with the prompt files that they name."""
    monkeypatch.chdir(tmp_path)
    found = {}
    for entry in technique.built_in():
        text = found[entry.name] = (entry.__doc__ or "").rsplit("Example: `", 1)[1].strip().removesuffix("`")
        for name in re.findall(r"[\w./-]+\.(?:prompty|txt|md)", text):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text("{{ previous }}\n")
    return found


@pytest.fixture
def windy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, and the provider `wind`."""
    monkeypatch.chdir(tmp_path)
    with wind.registered():
        yield tmp_path
