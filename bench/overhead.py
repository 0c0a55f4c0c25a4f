"""What Scansion adds to a call, beside the raw floor and its peers, in one sitting against one stub server.

    bench/peers.sh FOLDER                                 once: environments for the stub server and the peers
    make bench ARGS="--venvs FOLDER --write docs/figures.json"

2,000 samples, one prompt, exact match, store on, 100 calls at once. Every figure is of a whole process as the kernel
counts it. CPU a sample is marginal: (CPU of 2,000 samples - CPU of 20) / 1,980, so that imports and what is done once
drop out, for each contender alike. `warm` repeats the run on what the first one stored. Contenders take turns, the
server is pinned to core 0 and the clients to core 1; the median of the rounds is shown. Peers that are not installed
are left out and named.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from measure import Cost, Pinned, disk_bytes, median, table
from server import Server, certificate, load

SMALL = 20
CONCURRENCY = 100
ROOT = Path(__file__).resolve().parent.parent
PROMPT = """---
name: capital
inputs: [{name: question, kind: string}]
---
system:
You are a careful assistant. Answer the question as briefly as you can.
user:
Answer this question in one sentence.

{{question}}
"""

Command = list[str]
MakeCommand = Callable[[int, str, Path], Command]


@dataclass
class Contender:
    """Something that is timed. `command(n, base, store)` runs n samples and keeps what it stores in `store`."""

    name: str
    command: MakeCommand
    n: int
    rounds: int
    stores: bool = True
    tls: bool = False


@dataclass
class Figures:
    """What was measured, by contender and what was asked of it."""

    costs: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, what: str, value: float) -> None:
        self.costs[name, what].append(value)

    def of(self, name: str, what: str) -> float:
        return median(self.costs[name, what])


def write_data(folder: Path, stub: Path, sizes: list[int]) -> None:
    """Questions of which two thirds have the stub's answer as their target."""
    answer = load(stub).ANSWER
    (folder / "data").mkdir()
    (folder / "capital.prompty").write_text(PROMPT, encoding="utf-8")
    for n in sorted(set(sizes)):
        with (folder / "data" / f"qa_{n}.jsonl").open("w", encoding="utf-8") as file:
            for i in range(n):
                question = f"Question {i}: what is the capital of region number {i * 7919 % 100003}, and why is it so?"
                target = answer if i % 3 else "something else entirely"
                file.write(json.dumps({"question": question, "target": target}) + "\n")


def scansion(n: int, base: str, store: Path) -> Command:
    model = f"openai/stub-model?base_url={base}"
    run = [str(Path(sys.executable).with_name("scansion")), "run", "-p", "capital.prompty", "-d", f"data/qa_{n}.jsonl"]
    return [*run, "-m", model, "-s", "exact", "--lab", str(store), "--concurrency", str(CONCURRENCY), "--json", "--yes"]


def floor(client: str) -> MakeCommand:
    script = str(Path(__file__).with_name("floor.py"))

    def command(n: int, base: str, _: Path) -> Command:
        return [sys.executable, script, "--client", client, "--base", base, "--data", f"data/qa_{n}.jsonl"]

    return command


def dspy(python: Path, harness: Path) -> MakeCommand:
    def command(n: int, base: str, store: Path) -> Command:
        server, latency = base.removesuffix("/v1").split("/lat/")
        run = [str(python), str(harness / "bench_dspy.py"), "--n", str(n), "--latency-ms", latency]
        return [*run, "--server", server, "--threads", str(CONCURRENCY), "--cache-dir", str(store)]

    return command


def inspect(python: Path) -> MakeCommand:
    """Inspect's cache stands in the environment (INSPECT_CACHE_DIR), its log in the store's folder."""
    task = "scripts/inspect_task.py"

    def command(n: int, base: str, store: Path) -> Command:
        run = [str(python.with_name("inspect")), "eval", task, "-T", f"n={n}", "--display", "none"]
        run += ["--temperature", "0", "--model", "openai/stub-model", "-M", "responses_api=false"]
        run += ["--model-base-url", base, "--cache", "7D", "--max-tokens", "256"]
        run += ["--max-connections", str(CONCURRENCY), "--max-samples", str(CONCURRENCY)]
        return [*run, "--log-dir", str(store / "log")]

    return command


def contenders(args: argparse.Namespace, folder: Path) -> tuple[list[Contender], list[str]]:
    """Those that can be timed here, and the names of the peers that cannot."""
    found = [
        Contender("Scansion", scansion, args.n, args.rounds, tls=True),
        Contender("pyreqwest alone", floor("pyreqwest"), args.n, args.rounds, stores=False, tls=True),
        Contender("hand-written asyncio", floor("asyncio"), args.n, args.rounds, stores=False),
    ]
    harness = args.stub.resolve().parent
    missing = []
    for name, venv, n, rounds in (("DSPy", "dspy", args.n, args.rounds), ("Inspect", "insp", min(args.n, 500), 1)):
        python = args.venvs / venv / "bin" / "python" if args.venvs else None
        if python is None or not python.exists():
            missing.append(name)
        elif name == "DSPy":
            found.append(Contender(name, dspy(python, harness), n, rounds))
        else:
            (folder / "scripts").mkdir()
            shutil.copy(harness / "inspect_task.py", folder / "scripts")  # it looks for data/ beside its own folder
            found.append(Contender(name, inspect(python), n, rounds))
    return found, missing


def once(figures: Figures, one: Contender, pinned: Pinned, server: Server, kind: str) -> None:
    """One round of a contender: 0 ms cold, warm where it stores, and 50 ms cold."""
    for latency in (0, 50):
        costs: dict[tuple[int, str], Cost] = {}
        for n in (SMALL, one.n):
            store = pinned.folder / "store"
            shutil.rmtree(store, ignore_errors=True)
            pinned.env["INSPECT_CACHE_DIR"] = str(store / "cache")
            command = one.command(n, server.base(latency), store)
            costs[n, "cold"] = pinned.run(command)
            if one.stores and latency == 0:
                if n == one.n:
                    figures.add(one.name, "disk KB", disk_bytes(store) / n / 1000)
                costs[n, "warm"] = pinned.run(command)
        for phase in {phase for _, phase in costs}:
            few, many = costs[SMALL, phase], costs[one.n, phase]
            figures.add(one.name, f"{kind} {phase} {latency} cpu ms", (many.cpu - few.cpu) / (one.n - SMALL) * 1000)
            figures.add(one.name, f"{kind} {phase} {latency} peak MB", many.peak_mb)
            # 20 samples are answered within one latency, the others in rounds of CONCURRENCY
            ideal = (one.n / CONCURRENCY - 1) * latency / 1000
            figures.add(one.name, f"{kind} {phase} {latency} wall", many.wall - few.wall)
            if latency:
                figures.add(one.name, f"{kind} {phase} {latency} wall/ideal", (many.wall - few.wall) / ideal)


def startup(figures: Figures, pinned: Pinned, server: Server, rounds: int) -> None:
    """Bare interpreter, `--help`, and a run of 10 samples in a new lab: wall seconds."""
    commands = {
        "bare": [sys.executable, "-c", "pass"],
        "help": [str(Path(sys.executable).with_name("scansion")), "--help"],
        "ten": scansion(10, server.base(0), pinned.folder / "store"),
    }
    for _ in range(rounds):
        for what, command in commands.items():
            shutil.rmtree(pinned.folder / "store", ignore_errors=True)
            figures.add("start", what, pinned.run(command).wall)


def main_table(figures: Figures, found: list[Contender]) -> str:
    head = ["", "samples", "CPU ms a sample, cold", "warm", "to Scansion", "CPU ms at 50 ms", "wall / ideal at 50 ms"]
    head += ["peak MB", "disk KB a sample"]
    ours = figures.of("Scansion", "plain cold 0 cpu ms")
    rows = []
    for one in found:
        cold = figures.of(one.name, "plain cold 0 cpu ms")
        rows.append([
            one.name, one.n, cold, figures.of(one.name, "plain warm 0 cpu ms"), cold / ours,
            figures.of(one.name, "plain cold 50 cpu ms"), figures.of(one.name, "plain cold 50 wall/ideal"),
            figures.of(one.name, "plain cold 0 peak MB"), figures.of(one.name, "disk KB"),
        ])  # fmt: skip
    return table(head, rows)


def tls_table(figures: Figures, found: list[Contender]) -> str:
    head = ["over TLS", "CPU ms a sample, cold", "CPU ms at 50 ms", "wall / ideal at 50 ms", "peak MB"]
    keys = ["tls cold 0 cpu ms", "tls cold 50 cpu ms", "tls cold 50 wall/ideal", "tls cold 0 peak MB"]
    return table(head, [[one.name, *(figures.of(one.name, key) for key in keys)] for one in found if one.tls])


def start_table(figures: Figures) -> str:
    bare = figures.of("start", "bare")
    names = {"bare": "bare interpreter", "help": "scansion --help", "ten": "a run of 10 samples, 0 ms"}
    rows = [[name, figures.of("start", key) * 1000, figures.of("start", key) / bare] for key, name in names.items()]
    return table(["start-up", "wall ms", "bare interpreters"], rows)


def versions(args: argparse.Namespace) -> str:
    """Interpreter and packages that were timed."""
    found = [
        f"Python {platform.python_version()}",
        *(f"{p} {version(p)}" for p in ("scansion", "pyreqwest", "msgspec")),
    ]
    for venv, package in (("dspy", "dspy"), ("insp", "inspect_ai")):
        python = args.venvs / venv / "bin" / "python" if args.venvs else Path("none")
        if python.exists():
            ask = f"from importlib.metadata import version; print(version({package!r}))"
            got = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
            found.append(f"{package} {got.stdout.strip()}")
    return ", ".join(found)


def measure(args: argparse.Namespace, folder: Path) -> tuple[Figures, list[Contender], list[str]]:
    figures = Figures()
    found, missing = contenders(args, folder)
    write_data(folder, args.stub, [10, SMALL, *(one.n for one in found)])
    python = args.venvs / "stub" / "bin" / "python" if args.venvs else Path(sys.executable)
    cert = certificate(folder)
    env = {"OPENAI_API_KEY": "sk-stub", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with Server(python, args.stub) as plain, Server(python, args.stub, cert) as tls:
        pinned = Pinned(1, folder, env)
        secure = Pinned(1, folder, {**env, "SSL_CERT_FILE": str(cert[0])})
        for turn in range(args.rounds):
            for one in found:
                if turn < one.rounds:
                    once(figures, one, pinned, plain, "plain")
                if one.tls:
                    once(figures, one, secure, tls, "tls")
            startup(figures, pinned, plain, 5)
            print(f"round {turn + 1} of {args.rounds} done", file=sys.stderr)
    return figures, found, missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stub", type=Path, default=ROOT.parent / "shared" / "bench" / "stub_server.py")
    parser.add_argument("--venvs", type=Path, help="folder made by peers.sh; without it only Scansion and the floor")
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, help="also write every figure to this JSON file")
    args = parser.parse_args()
    args.stub = args.stub.resolve()
    args.venvs = args.venvs.resolve() if args.venvs else None
    with tempfile.TemporaryDirectory() as folder:
        figures, found, missing = measure(args, Path(folder))
    print(main_table(figures, found), tls_table(figures, found), start_table(figures), versions(args), sep="\n\n")
    if missing:
        print(f"\nleft out, not installed (bench/peers.sh): {', '.join(missing)}")
    if args.write:
        values = [{"contender": name, "what": what, "values": v} for (name, what), v in figures.costs.items()]
        args.write.write_text(json.dumps({"versions": versions(args), "figures": values}, indent=1) + "\n")


if __name__ == "__main__":
    main()
