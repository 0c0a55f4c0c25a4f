"""The documents hold together: links lead somewhere, and what they show runs: every command and every snippet.

Commands and snippets run on the embedded model. A command for a model that needs a key or a server is previewed with
`--dry-run`, one that serves for ever is only parsed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import runpy
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from scansion.cli import main
from scansion.cli._commands import module_of, names
from scansion.cli._parser import Parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = runpy.run_path(str(ROOT / "docs" / "sessions.py"))

# What the commands of the pages take for granted: a reader's own prompts and rows.
OWN = {
    "old.txt": "{{question}}",
    "new.txt": "{{question}} Think step by step.",
    "a.prompty": "user:\n{{question}}",
    "b.prompty": "user:\n{{question}} Answer with a number only.",
    "rows.csv": "question,target,author\nAna has 2 pears and buys 3. How many?,5,a\n",
    "data.jsonl": '{"question": "Ana has 2 pears and buys 3. How many?", "answer": 5}\n',
    "guests.csv": (ROOT / "examples" / "guests" / "guests.csv").read_text(encoding="utf-8"),
    "steps.py": "def clean(previous):\n    return previous.strip().rstrip('.').split()[-1]\n",
    "list.txt": (ROOT / "examples" / "guests" / "list.txt").read_text(encoding="utf-8"),
    "told.txt": (
        "List every name that starts with {{first_letter}}. If there is none, say none.\nNames: {{guest_list}}\n"
    ),
    "old.jsonl": '{"prompt": "Ana has 2 pears and buys 3. How many?", "completion": "She has 6."}\n',
    "new.jsonl": '{"prompt": "Ana has 2 pears and buys 3. How many? Think step by step.", "completion": "5"}\n',
    "labels.csv": "gold,gpt,ann,bob,cleo\n"
    + "good,good,good,bad,good\nbad,good,bad,bad,bad\n,bad,good,good,bad\n" * 20,
    "votes.jsonl": "".join(
        f'{{"id": {i}, "worker": "{w}", "vote": "{v}"}}\n' for i in range(20) for w, v in (("a", i % 2), ("b", i % 3))
    ),
    "verdicts.csv": "gold,judge,judge_swapped,answer_1,answer_2\n" + "1,1,2,short,a longer one\n2,1,1,long,x\n" * 10,
    "votes.csv": "question,left,right,winner\nq1,direct,steps,right\nq1,steps,debate,tie\nq2,debate,direct,left\n",
    "results.csv": "answer_v1,answer_v2,gold\n4,5,5\n5,5,5\n",
    "promptfooconfig.yaml": """prompts: ["Say {{word}}", "Only {{word}}"]
providers: [echo]
tests: [{vars: {word: [a, b]}, assert: [{type: contains, value: "{{word}}"}]}]
""",
    "output.json": (ROOT / "tests" / "interop" / "promptfoo" / "small.json").read_text(encoding="utf-8"),
}
SERVING = {"serve"}  # parsed, not run
QUICKER = {"demo": ["--limit", "4"]}  # the whole demo has a test of its own


class Ran(NamedTuple):
    """A command that was run: what stood on the page, its exit code and standard output."""

    command: str
    code: int
    out: str


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_the_gallery_is_what_its_script_would_write_now() -> None:
    gallery = runpy.run_path(str(ROOT / "docs" / "gallery.py"))
    written = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert written == gallery["page"](), "run: python docs/gallery.py"


def test_the_page_of_techniques_is_what_its_script_would_write_now() -> None:
    techniques = runpy.run_path(str(ROOT / "docs" / "techniques.py"))
    written = (ROOT / "docs" / "techniques.md").read_text(encoding="utf-8")
    assert written == techniques["page"](), "run: python docs/techniques.py"


def commands(page: str) -> list[str]:
    """The commands of a page's blocks, without `$` and comments, in their order."""
    lines = re.findall(r"^(?: {4}(?:\$ )?|\$ )(scansion .+)", page, re.MULTILINE)
    lines += [found for found in re.findall(r"`(scansion [a-z]+(?: [^`]+)?)`", page) if found.split()[1] in SERVING]
    return lines


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:^ {4}(?:\$ )?|`)scansion ([a-z]+)(?=[ `\n])", text, re.MULTILINE)
    assert set(named) <= {*names(), "COMMAND"}


def run_all(page: str) -> list[Ran]:
    """Runs the commands of a page one after the other in the working directory."""
    ran = []
    for line in commands(page):
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            if words[0] == "cd":
                os.chdir(words[1])
                own_files()
            else:
                ran.append(Ran(part.strip(), *called(words[1:])))
    return ran


def called(words: list[str]) -> tuple[int, str]:
    """Exit code and output of a command; of one that serves, whether its words can be read."""
    if words[0] in SERVING:
        module = module_of(words[0])
        parser = Parser(words[0], module.__doc__ or "")
        module.configure(parser)
        parser.parse_args(words[1:])
        return 0, ""
    words = [*words, *QUICKER.get(words[0], [])]
    if elsewhere(words) and "--dry-run" not in words:
        words.append("--dry-run")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(words)
    return code, out.getvalue()


def elsewhere(words: list[str]) -> bool:
    """Whether a command asks a model that needs a key or a server."""
    models = [after for word, after in pairwise(words) if word in ("-m", "--model")]
    judged = any("openai/" in word for word in words)
    return judged or any(not model.startswith(("pocket/", "replay:", "python:")) for model in models)


def own_files() -> None:
    for name, text in OWN.items():
        Path(name).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def reader(folder: Path) -> Iterator[None]:
    """A reader's folder and environment, with keys that open nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
            patch.setenv(name, "x")
        own_files()
        yield


@pytest.fixture(scope="module")
def readme(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ran]]:
    """The folder in which all commands of the README were run, and what they did."""
    folder = tmp_path_factory.mktemp("readme")
    with reader(folder):
        ran = run_all(README)
    return folder, ran


def test_every_command_of_the_readme_runs(readme: tuple[Path, list[Ran]]) -> None:
    gates = ("--fail-under", "--fail-if-worse", "--require")
    _, ran = readme
    assert len(ran) > 10
    for each in ran:
        gated = any(gate in each.command for gate in gates)
        assert each.code == 0 or (gated and each.code == 1), each


OTHERS = [
    page for page in PAGES if commands(page.read_text(encoding="utf-8")) and page.stem not in ("README", "extending")
]


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_another_page_runs(page: Path, tmp_path: Path) -> None:
    with reader(tmp_path):
        assert main(["init"]) == 0
        ran = run_all(page.read_text(encoding="utf-8"))
    assert [each for each in ran if each.code] == []


def test_the_readmes_session_is_what_the_commands_print(readme: tuple[Path, list[Ran]]) -> None:
    [step] = [step for step in SESSIONS["steps"](README) if step.output]
    _, ran = readme
    printed = next(each.out for each in ran if each.command == step.command).splitlines()
    shown, now = outline(step.output), outline(printed)
    assert shown.head == now.head
    assert shown.compared == now.compared
    assert shown.calls == now.calls
    assert list(shown.means) == list(now.means)
    for name, mean in shown.means.items():
        assert now.means[name] == pytest.approx(mean, abs=15), f"{name}; run: python docs/sessions.py"


class Outline(NamedTuple):
    """Of a run's table what is the same on every machine, or nearly: the head, who was compared, calls and means.

    Processors round differently, and where two tokens are about as likely another one may be drawn. So the figures of
    forty rows may move a little, and with them p-values, verdicts and the columns for what could not be read.
    """

    head: list[str]
    means: dict[str, float]
    calls: dict[str, int]
    compared: list[tuple[str, ...]]


def outline(lines: list[str]) -> Outline:
    text = "\n".join(line.rstrip() for line in lines).strip()
    head = text.split("\n\n")[0].splitlines()
    means = {n: float(m) for n, m in re.findall(r"^(\S.*?) {2,}(\d+\.\d)%", text, re.MULTILINE)}
    calls = {n: int(c) for n, c in re.findall(r"^(\S.*?) {2,}(\d+) +\d+ +[\d.]+ +\S+/\S+$", text, re.MULTILINE)}
    compared = [
        tuple(re.findall(r"`([^`]+)`", line)) for line in text.splitlines() if re.match(r"`.*` (is|against) ", line)
    ]
    assert means, "the table has no means"
    return Outline(head, means, calls, compared)


def test_the_python_of_the_readme_runs(readme: tuple[Path, list[Ran]], capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = readme
    [snippet] = re.findall(r"^    from scansion .*?(?=^\S)", README, re.MULTILINE | re.DOTALL)
    with reader(folder / "example"):
        exec(re.sub(r"^ {4}", "", snippet, flags=re.MULTILINE), {})
    assert capsys.readouterr().out.strip() in ("better", "undecided", "worse")


def test_the_example_runs_on_a_model_that_refuses_temperature(readme: tuple[Path, list[Ran]]) -> None:
    _, ran = readme
    previews = [each.out for each in ran if "openai/gpt-5-mini" in each.command and "experiment.yaml" in each.command]
    assert previews
    assert all("400 calls" in out for out in previews)


def test_what_extending_shows_runs_in_the_example(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", page, re.DOTALL))
    options = [shlex.split(line) for line in re.findall(r"^ {4}(-[tsm] .+)$", page, re.MULTILINE)]
    assert len(options) > 3
    with reader(tmp_path):
        assert main(["init"]) == 0
        for name, text in files.items():
            Path(name).write_text(text, encoding="utf-8")
        for line in commands(page):
            assert called([*shlex.split(line, comments=True)[1:], "--limit", "2"])[0] == 0, line
        for option in options:
            techniques = [] if "-t" in option else ["-t", "as-is"]
            code, _ = called(["run", "experiment.yaml", "--limit", "2", *techniques, *option])
            assert code == 0, option


def test_what_data_shows_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "formats" / "data.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(python|yaml|json)\n(.*?)```", page, re.DOTALL)
    assert {kind for kind, _ in blocks} == {"python", "yaml", "json"}
    with reader(tmp_path):
        for kind, text in blocks:
            {"python": lambda text: exec(text, {}), "yaml": _plan_part, "json": _row}[kind](text)


def _plan_part(text: str) -> None:
    """Each line that sets a key is a plan's, together with what a plan needs."""
    from scansion.experiments.plan import make_plan

    for line in text.splitlines():
        fields: dict[str, Any] = yaml.safe_load(line)
        make_plan(**{"prompts": ["old.txt"], "data": "rows.csv", **fields})


def _row(text: str) -> None:
    from scansion.data import open_dataset

    Path("own.jsonl").write_text(text, encoding="utf-8")
    [row] = open_dataset("own.jsonl").rows()
    assert row.example.id == json.loads(text)["id"]


def test_what_the_formats_of_a_run_show_can_be_read(tmp_path: Path) -> None:
    from scansion.experiments.plan import load_plan

    page = (ROOT / "docs" / "formats" / "run.md").read_text(encoding="utf-8")
    plan = re.search(r"^    prompts: .*?(?=\n\n)", page, re.MULTILINE | re.DOTALL)
    recording = re.findall(r'^    (\{"(?:prompt|messages)": .*\})$', page, re.MULTILINE)
    assert plan
    assert len(recording) == 3
    with reader(tmp_path):
        Path("experiment.yaml").write_text(re.sub(r"^ {4}", "", plan[0], flags=re.MULTILINE), encoding="utf-8")
        assert load_plan("experiment.yaml").baseline == "direct"
        Path("said.jsonl").write_text("\n".join(recording) + "\n", encoding="utf-8")
        Path("sum.txt").write_text("{{question}}", encoding="utf-8")
        Path("sums.jsonl").write_text('{"question": "Q: 2 + 2?\\nA:", "answer": 4}\n', encoding="utf-8")
        assert main(["run", "-p", "sum.txt", "-d", "sums.jsonl", "-m", "replay:said.jsonl", "-s", "numeric"]) == 0


def test_the_prompt_that_the_page_shows_can_be_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "formats" / "prompts.md").read_text(encoding="utf-8")
    prompt = re.search(r"^    ---\n.*?(?=\n\S)", page, re.MULTILINE | re.DOTALL)
    assert prompt
    with reader(tmp_path):
        Path("capitals.prompty").write_text(re.sub(r"^ {4}", "", prompt[0], flags=re.MULTILINE), encoding="utf-8")
        Path("countries.csv").write_text("country,target\nChad,N'Djamena\n", encoding="utf-8")
        words = [
            "run",
            "-p",
            "capitals.prompty",
            "-d",
            "countries.csv",
            "-s",
            "exact",
            "--dry-run",
            "-m",
            "openai/gpt-4.1",
        ]
        assert main(words) == 0
    assert "What is the capital of Chad?" in capsys.readouterr().out
