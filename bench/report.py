"""The HTML report of a large run in a real browser: how soon it is there, how long a filter and a search take.

    python bench/report.py [--outcomes 10000] [--words 80] [--screenshot FOLDER]

A run of two prompts on a model in Python is reported, and the page opened in Chromium (headless, 1280 x 900), which is
told what to do over its debugging pipe. `open` is from the navigation to the first examples painted; `filter` from a
choice to the list painted, the median and the slowest of all choices; `search` from the last of eight keys to the list
painted; `longest` is the longest time in which the page could not answer a key, after it had opened.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import median, table

import scansion
from scansion.cli import main as command

WORDS = ["the", "of", "a", "to", "cat", "dog", "runs", "twelve", "is", "answer", "box", "pens", "holds", "bag", "many"]
MODEL = """
import random

WORDS = {words!r}

def reply(request):
    asked = request.messages[-1].content
    drawn = random.Random(asked)
    return " ".join(drawn.choices(WORDS, k={count})) + f" is {{drawn.randrange(2)}}."
"""
CHOICES = [("which", "flip"), ("which", "wrong"), ("which", "error"), ("which", ""), ("variant", "1"), ("variant", "")]
PAINTED = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"
LISTED = "document.readyState === 'complete' && document.querySelectorAll('.example').length > 0"
COUNTED = "document.getElementById('count').textContent"
WATCH = """window.longest = 0;
new PerformanceObserver((seen) => { longest = Math.max(longest, ...seen.getEntries().map((task) => task.duration)); })
  .observe({type: "longtask"})"""
CHOOSE = """(async () => {{
  const from = performance.now(), e = document.getElementById("{}");
  e.value = "{}";
  e.dispatchEvent(new Event("change"));
  return await {} - from;
}})()"""
WAIT = 60.0  # seconds after which what does not come has failed


class Browser:
    """Chromium on its debugging pipe (the DevTools protocol: JSON, each message ended by a zero byte)."""

    def __init__(self, folder: Path) -> None:
        commands, answers = os.pipe(), os.pipe()
        self._commands, self._answers = commands[1], os.fdopen(answers[0], "rb", buffering=0)
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands[0], answers[1])]
        flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
        command = [str(found()), *flags.split(), "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}"]
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}', "bash", *command],
            pass_fds=ends,
            stderr=subprocess.DEVNULL,
        )
        for end in (commands[0], answers[1], *ends):
            os.close(end)
        self._number, self._rest, self._session = 0, b"", ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        for answer in self._messages():
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
        raise RuntimeError("the browser is gone")

    def value(self, script: str) -> Any:
        """What an expression, or its promise, comes to in the page."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(str(done["exceptionDetails"]))
        return done["result"].get("value")

    def until(self, script: str) -> None:
        """Wait for an expression to hold. Raises TimeoutError."""
        end = time.monotonic() + WAIT
        while not self.value(script):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.002)

    def type(self, text: str) -> None:
        """Press the keys of a text."""
        for char in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", text=char, key=char)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=char)

    def picture(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        os.close(self._commands)
        self._process.wait()
        self._answers.close()

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            *whole, self._rest = self._rest.split(b"\0")
            yield from map(json.loads, whole)
            data = self._answers.read(1 << 20)
            if not data:
                return
            self._rest += data


def found() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    opened = Browser(folder)
    try:
        yield opened
    finally:
        opened.close()


def build(folder: Path, rows: int, words: int) -> tuple[Path, float]:
    """The report of a run of two prompts over so many rows, and the seconds that writing it took."""
    drawn = random.Random(0)
    (folder / "bench_replies.py").write_text(MODEL.format(words=WORDS, count=words))
    for name in ("direct", "steps"):
        (folder / f"{name}.txt").write_text(f"{name.capitalize()}. {{{{question}}}}")
    lines = (
        json.dumps({"id": f"row-{row}", "question": " ".join(drawn.choices(WORDS, k=60)), "answer": row % 2})
        for row in range(rows)
    )
    (folder / "rows.jsonl").write_text("\n".join(lines))
    os.chdir(folder)
    scansion.run(
        prompts=["direct.txt", "steps.txt"],
        models=["python:bench_replies:reply"],
        data="rows.jsonl",
        scorers=["numeric"],
    )
    begun = time.perf_counter()
    command(["report", "-o", "report.html"])
    return folder / "report.html", time.perf_counter() - begun


def measure(page: Path, pictures: Path | None) -> list[float]:
    """Milliseconds: to open, of a filter (median, slowest), of a search, the longest task."""
    with browser(page.parent) as it:
        begun = time.perf_counter()
        it.call("Page.navigate", url=page.as_uri())
        it.until(LISTED)
        it.value(PAINTED)
        opened = 1000 * (time.perf_counter() - begun)
        if pictures:
            it.picture(pictures / "opened.png")
        it.value(WATCH)
        times = [it.value(CHOOSE.format(name, value, PAINTED)) for name, value in CHOICES * 3]
        it.value("document.querySelector('.bar').scrollIntoView(); document.getElementById('search').focus()")
        before = it.value(COUNTED)
        it.type("row-1234")
        typed = it.value("performance.now()")
        it.until(f"{COUNTED} !== {json.dumps(before)}")
        searched = it.value(PAINTED) - typed
        if pictures:
            it.picture(pictures / "searched.png")
        return [opened, median(times), max(times), searched, it.value("longest")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--words", type=int, default=80, help="of an output, about")
    parser.add_argument("--screenshot", type=Path, metavar="FOLDER", help="keep pictures of the page there")
    args = parser.parse_args()
    rows = []
    for outcomes in args.outcomes:
        with tempfile.TemporaryDirectory() as folder:
            page, seconds = build(Path(folder), outcomes // 2, args.words)
            size = page.stat().st_size / 1e6
            pictures = args.screenshot.absolute() if args.screenshot else None
            rows.append([f"{outcomes:,}", seconds, size, *measure(page, pictures)])
    head = ["outcomes", "write s", "MB", "open ms", "filter ms", "slowest ms", "search ms", "longest ms"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
