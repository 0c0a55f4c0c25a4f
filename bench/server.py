"""Serves the stub server of `../shared/bench` (or another of the same form), plain or over TLS, pinned to a core.

    python bench/server.py --stub ../shared/bench/stub_server.py --port 8801 [--cert cert.pem --key key.pem] [--core 0]

Needs uvloop and httptools. In a benchmark, `Server` starts it with an interpreter that has them and stops it again.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

from measure import environment, pin


def load(path: Path) -> ModuleType:
    """The stub server as a module."""
    spec = importlib.util.spec_from_file_location("stub_server", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SystemExit(f"{path}: no stub server there; name it with --stub")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def serve(stub: ModuleType, port: int, context: ssl.SSLContext | None) -> None:
    """Serve until cancelled."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(stub.Handler, "127.0.0.1", port, backlog=4096, ssl=context)
    async with server:
        await server.serve_forever()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, made with openssl."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", names, "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    return cert, key


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Server:
    """A running stub server; `base(latency)` is its base URL with that latency in ms. Leave the block to stop it."""

    def __init__(self, python: Path, stub: Path, tls: tuple[Path, Path] | None = None) -> None:
        self.scheme, self.port, self.tls = ("https" if tls else "http"), free_port(), tls
        command = [str(python), __file__, "--stub", str(stub), "--port", str(self.port), "--core", "0"]
        command += ["--cert", str(tls[0]), "--key", str(tls[1])] if tls else []
        self.process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL)

    def __enter__(self) -> Server:
        for _ in range(100):
            if self.process.poll() is not None:
                raise SystemExit("the stub server did not start; it needs: pip install uvloop httptools")
            try:
                self.stats()
            except OSError:
                time.sleep(0.1)
            else:
                return self
        raise SystemExit("the stub server does not answer")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def base(self, latency: int) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/lat/{latency}/v1"

    def stats(self) -> dict[str, Any]:
        """What the server counted: `served`, `peak_in_flight`, `connections`, `cpu_s`."""
        context = ssl.create_default_context(cafile=str(self.tls[0])) if self.tls else None
        with urllib.request.urlopen(
            f"{self.scheme}://127.0.0.1:{self.port}/stats", context=context, timeout=5
        ) as reply:
            found: dict[str, Any] = json.load(reply)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stub", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--core", type=int)
    args = parser.parse_args()
    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
    pin(args.core)
    import uvloop

    uvloop.run(serve(load(args.stub), args.port, context))


if __name__ == "__main__":
    main()
