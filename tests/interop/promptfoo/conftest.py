"""A server of OpenAI's protocol on loopback, with answers that depend on what is asked alone."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CAPITALS = {"France": "Paris", "Spain": "Madrid", "Italy": "Rome", "Json": '{"name": "Json", "size": 3}'}


GRADED = re.compile(
    r"<(?:output|text)>\n(.*)\n</(?:output|text)>\s*<rubric>\s*(.*?)\s*</rubric>", re.IGNORECASE | re.DOTALL
)


class Stub:
    """The server's address and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []


def answered(body: dict[str, Any]) -> str:
    """The reply to a chat: a judge's verdict, a capital, or the last turn said back."""
    said = "\n".join(str(m["content"]) for m in body["messages"])
    text = str(body["messages"][-1]["content"])
    graded = GRADED.search(text)
    if graded and "rubric" in said:
        word = re.search(r"mentions (\w+)", graded[2])
        held = word is not None and word[1] in graded[1]
        return json.dumps({"reason": f"it says {graded[1]!r}"[:60], "pass": held, "score": 1.0 if held else 0.25})
    return next((v for k, v in CAPITALS.items() if k in text), text)


def vector(text: str) -> list[float]:
    """An embedding: how often each letter stands in the text."""
    return [float(text.lower().count(chr(97 + i))) + 0.01 for i in range(26)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/embeddings"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            data = [{"index": i, "object": "embedding", "embedding": vector(t)} for i, t in enumerate(texts)]
            reply: dict[str, Any] = {"object": "list", "model": body["model"], "data": data}
            reply["usage"] = {"prompt_tokens": 1, "total_tokens": 1}
        else:
            self.stub.requests.append(body)
            text = answered(body)
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            usage = {"prompt_tokens": len(str(body["messages"])) // 4, "completion_tokens": len(text) // 4 + 1}
            usage["total_tokens"] = sum(usage.values())
            reply = {
                "id": "x",
                "object": "chat.completion",
                "model": body["model"],
                "choices": [choice],
                "usage": usage,
            }
        sent = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """The server, its address in PF_BASE."""
    found = Stub("")
    handler = type("Handler", (_Handler,), {"stub": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        monkeypatch.setenv("PF_BASE", found.url)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def here() -> Path:
    """The folder of these tests, with the configuration `zoo` and the results that promptfoo wrote of it."""
    return Path(__file__).parent
