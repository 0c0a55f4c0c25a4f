"""What the tests of the sandboxes share: secrets and victims on the host, and the sandboxes themselves."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.sandbox import Limits, Ran, Sandbox, build_sandbox

SECRET = "tell-nobody-7f3a"


def require(spec: str) -> Sandbox:
    """The sandbox, or a skip with the reason why it is not to be had; in CI (`CI` is set) that is an error."""
    place = build_sandbox(spec)
    try:
        place.ready()
    except InputError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return place


def run(place: Sandbox, code: str, value: str | None = None, limits: Limits | None = None, **inputs: Any) -> Ran:
    return asyncio.run(place.run(code, inputs=inputs, value=value, limits=limits))


@pytest.fixture(scope="package")
def process() -> Iterator[Sandbox]:
    place = require("process")
    yield place
    asyncio.run(place.close())


@pytest.fixture(scope="package")
def monty() -> Iterator[Sandbox]:
    place = require("monty")
    yield place
    asyncio.run(place.close())


class Host:
    """What a program would like to reach: a secret in a file and in the environment, a file, and two listeners."""

    def __init__(self, folder: Path) -> None:
        self.secret, self.victim = folder / ".env", folder / "victim.txt"
        self.secret.write_text(f"KEY={SECRET}\n")
        self.victim.write_text("whole")
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"scansion-{os.getpid()}"
        self.unix.bind(f"\0{self.name}")
        self.tcp.setblocking(False)
        self.unix.setblocking(False)
        self.shared = Path("/dev/shm") / self.name
        if self.shared.parent.is_dir():
            self.shared.write_text(SECRET)

    def filled(self, code: str) -> str:
        return code.format(
            secret=self.secret, victim=self.victim, port=self.tcp.getsockname()[1], name=self.name, pid=os.getpid()
        )

    def assert_untouched(self) -> None:
        assert self.victim.read_text() == "whole"
        assert self.secret.read_text() == f"KEY={SECRET}\n"
        for listener in (self.tcp, self.unix):
            with pytest.raises(BlockingIOError):
                listener.recv(1) if listener is self.unix else listener.accept()

    def close(self) -> None:
        self.tcp.close()
        self.unix.close()
        self.shared.unlink(missing_ok=True)


@pytest.fixture(scope="package")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    found = Host(tmp_path_factory.mktemp("project"))
    os.environ["SCANSION_TEST_KEY"] = SECRET
    yield found
    del os.environ["SCANSION_TEST_KEY"]
    found.close()
