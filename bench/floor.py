"""The raw floor: N chat completions by 100 workers, and nothing else; no store, no scores, no statistics.

    python bench/floor.py --client pyreqwest|asyncio --base http://127.0.0.1:8801/lat/0/v1 --data qa.jsonl

Each call builds its own messages, encodes them, sends them, decodes the reply and compares it with the target.
`asyncio` is a hand-written HTTP/1.1 client on asyncio's own loop, without TLS: the least that Python can do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

SYSTEM = "You are a careful assistant. Answer the question as briefly as you can."
HEADERS = {"authorization": "Bearer sk-stub", "content-type": "application/json"}

Send = Callable[[bytes], Awaitable[bytes]]
Make = Callable[[str, int], AbstractAsyncContextManager[Send]]


def payload(question: str) -> bytes:
    """The request's body."""
    user = f"Answer this question in one sentence.\n\n{question}"
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]
    return msgspec.json.encode({"model": "stub-model", "messages": messages, "temperature": 0.0, "max_tokens": 256})


class Connection(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection that reads replies with a content-length."""

    reply: asyncio.Future[bytes]

    def connection_made(self, transport: Any) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().index(b"content-length:") + 15
        body = head + 4
        if len(self.buffer) >= body + int(self.buffer[at : self.buffer.index(b"\r\n", at)]):
            reply, self.buffer = self.buffer[body:], b""
            self.reply.set_result(reply)


@asynccontextmanager
async def by_asyncio(base: str, concurrency: int) -> AsyncIterator[Send]:
    """A sender over hand-written connections."""
    url, loop = urlsplit(base), asyncio.get_running_loop()
    pool = [(await loop.create_connection(Connection, url.hostname, url.port))[1] for _ in range(concurrency)]
    lines = "".join(f"{key}: {value}\r\n" for key, value in HEADERS.items())
    head = f"POST {url.path}/chat/completions HTTP/1.1\r\nhost: {url.netloc}\r\n{lines}content-length: ".encode()

    async def send(body: bytes) -> bytes:
        connection = pool.pop()
        connection.reply = loop.create_future()
        connection.transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        reply = await connection.reply
        pool.append(connection)
        return reply

    yield send
    for connection in pool:
        connection.transport.close()


@asynccontextmanager
async def by_pyreqwest(base: str, concurrency: int) -> AsyncIterator[Send]:
    """A sender over pyreqwest, which is what Scansion uses."""
    from pyreqwest.client import ClientBuilder

    client = ClientBuilder().http1_only().tcp_nodelay(True).pool_max_idle_per_host(concurrency).no_proxy().build()
    url = f"{base}/chat/completions"

    async def send(body: bytes) -> bytes:
        response = await client.post(url).headers(HEADERS).body_bytes(body).build().send()
        return (await response.bytes()).to_bytes()

    yield send
    await client.close()
    await asyncio.sleep(0.05)  # its threads must be done with Python before the interpreter ends, or the process aborts


async def run(make: Make, base: str, rows: list[dict[str, str]], concurrency: int) -> int:
    """How many of the rows were answered with their target."""
    waiting, right = iter(rows), 0

    async def worker(send: Send) -> None:
        nonlocal right
        for row in waiting:
            reply = msgspec.json.decode(await send(payload(row["question"])))
            right += reply["choices"][0]["message"]["content"] == row["target"]

    async with make(base, concurrency) as send:
        await asyncio.gather(*(worker(send) for _ in range(concurrency)))
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", choices=["pyreqwest", "asyncio"], default="pyreqwest")
    parser.add_argument("--base", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--concurrency", type=int, default=100)
    args = parser.parse_args()
    rows = [msgspec.json.decode(line) for line in args.data.read_bytes().splitlines()]
    make: Make = {"pyreqwest": by_pyreqwest, "asyncio": by_asyncio}[args.client]
    right = asyncio.run(run(make, args.base, rows, min(args.concurrency, len(rows))))
    print(json.dumps({"n": len(rows), "right": right}))


if __name__ == "__main__":
    main()
