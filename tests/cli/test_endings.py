"""How a command ends when it is interrupted, when its reader goes away, when it fails."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scansion.cli import _commands, main


class Slow(BaseHTTPRequestHandler):
    """A chat server that answers each call after a moment."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.started.set()
        time.sleep(self.server.delay)
        body = json.dumps({"choices": [{"message": {"role": "assistant", "content": "7"}, "finish_reason": "stop"}]})
        with suppress(ConnectionError):  # who asked may have been killed
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as found:
        found.started, found.delay = threading.Event(), 0.1
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def start(project, server, *words):
    """A run of 40 rows on `server`, two calls at once."""
    rows = "".join(json.dumps({"question": f"What is {i} + 3?", "answer": 7}) + "\n" for i in range(40))
    (project / "rows.jsonl").write_text(rows)
    model = f"openai/m?base_url=http://127.0.0.1:{server.server_address[1]}/v1"
    command = [
        sys.executable,
        "-m",
        "scansion",
        "run",
        "-p",
        "direct.txt",
        "-m",
        model,
        "-d",
        "rows.jsonl",
        "-s",
        "numeric",
    ]
    environment = {**os.environ, "OPENAI_API_KEY": "k"}
    return subprocess.Popen(
        [*command, "--concurrency", "2", *words],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_one_ctrl_c_finishes_what_is_in_flight(project, server):
    process = start(project, server, "--json")
    assert server.started.wait(20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "finishing what is in flight" in err
    assert "resume with the same command" in err
    assert "Traceback" not in err
    reached = json.loads(out)["variants"][0]
    assert reached["scored"] >= 1
    assert reached["unreached"] >= 1
    server.delay = 0
    process = start(project, server, "--json")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert json.loads(out)["variants"][0]["scored"] == 40
    assert json.loads(out)["calls_made"] <= 40


def test_two_ctrl_c_stop_now(project, server):
    server.delay = 20
    process = start(project, server)
    assert server.started.wait(20)
    process.send_signal(signal.SIGINT)
    line = process.stderr.readline()
    assert "finishing" in line
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "stopping now" in err
    assert "resume" not in err
    assert out.count("interrupted") == 1
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_error(project):
    scansion = f"{sys.executable} -m scansion"
    command = f"{scansion} run experiment.yaml --json >/dev/null; {scansion} show | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_bug_is_one_line_and_a_traceback_on_request(monkeypatch, capsys):
    def broken(name):
        raise RuntimeError("boom\nbang")

    monkeypatch.setattr(_commands, "module_of", broken)
    assert main(["run"]) == 70
    assert (
        capsys.readouterr().err
        == "scansion: RuntimeError: boom bang (this is a bug in scansion; --debug shows where)\n"
    )
    assert main(["run", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err
