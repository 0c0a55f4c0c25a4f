"""Proof in a pull request: two revisions of a prompt, the summary for a comment, the script, hook and workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scansion.cli import _commands
from scansion.cli._parser import Parser

ROOT = Path(__file__).resolve().parents[2]
BOTH = ["-p", "main:direct.prompty", "-p", "direct.prompty"]


def git(folder, *words):
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(project):
    """The project under git, on branch main, with one prompt file committed as `direct` asks."""
    (project / "direct.prompty").write_text("---\nname: direct\n---\nuser:\n{{question}}\n")
    (project / "experiment.yaml").write_text(
        "prompts: [direct.prompty]\nmodels: ['replay:demo.jsonl']\ndata: rows.jsonl\nscorers: [numeric]\n"
    )
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "direct.prompty", "experiment.yaml", "rows.jsonl", "demo.jsonl")
    git(project, "commit", "-q", "-m", "x")
    return project


def mend(folder):
    """Changes the prompt in the working tree to what `steps` asks: that is better."""
    (folder / "direct.prompty").write_text("---\nname: direct\n---\nuser:\nThink. {{question}}\n")


def test_an_unchanged_prompt_is_not_worse(scansion, repository):
    done = scansion("run", "experiment.yaml", *BOTH, "--require", "not-worse", "--json")
    assert done.code == 0
    [comparison] = done.json["comparisons"]
    assert (comparison["a"], comparison["b"]) == ("direct@main", "direct")
    assert (comparison["verdict"], comparison["reason"]) == (
        "equivalent",
        "both are the same: prompt, technique and model",
    )


def test_the_comment_says_the_verdict_first(scansion, repository):
    mend(repository)
    done = scansion("run", "experiment.yaml", *BOTH, "--require", "not-worse", "--markdown")
    lines = done.out.splitlines()
    assert lines[0] == "## Scansion: run r1 (experiment): rows.jsonl, 10 examples"
    assert lines[2].startswith("- `direct` is better than `direct@main`: +50.0 points")
    assert "mended" in lines[2]
    assert lines[3] == "- gate held: require not-worse"
    assert "| variant | mean | interval |" in done.out
    assert "<summary>" in done.out
    assert done.code == 0


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("gone:direct.prompty", "git knows no revision 'gone'"),
        ("main:gone.prompty", "revision 'main' has no file 'gone.prompty'"),
        ("main:../../etc/passwd", "has no file"),
        ("direct.prompty", "two are called 'direct'"),
    ],
)
def test_a_wrong_revision_is_one_line(scansion, repository, prompt, said):
    done = scansion("run", "experiment.yaml", "-p", prompt, "-p", "direct.prompty")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_outside_of_git_it_says_so(scansion, project):
    done = scansion("run", "experiment.yaml", "-p", "main:direct.txt")
    assert done.code == 2
    assert "in no git repository" in done.err


def test_paths_are_typed_where_one_stands(scansion, repository, monkeypatch):
    (repository / "sub").mkdir()
    mend(repository)
    monkeypatch.chdir(repository / "sub")
    words = ["run", "../experiment.yaml", "-p", "main:../direct.prompty", "-p", "../direct.prompty", "--json"]
    assert scansion(*words).json["comparisons"][0]["verdict"] == "better"


@pytest.fixture
def script(repository, tmp_path_factory):
    """Runs the documented script in the repository; gives its exit code and output."""
    bin = tmp_path_factory.mktemp("bin")
    (bin / "scansion").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scansion "$@"\n')
    (bin / "scansion").chmod(0o755)

    def run(*words):
        done = subprocess.run(
            [shutil.which("sh"), str(ROOT / "examples" / "ci" / "check-prompts.sh"), *words],
            cwd=repository,
            env={**os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    run.bin = bin
    return run


def test_the_script_proves_every_changed_prompt(repository, script):
    assert script() == (0, "", "")
    mend(repository)
    code, out, err = script("main", "--markdown")
    assert (code, err) == (0, "")
    assert "`direct` is better than `direct@main`" in out
    git(repository, "commit", "-q", "-a", "-m", "mended")
    (repository / "direct.prompty").write_text("---\nname: direct\n---\nuser:\n{{question}}\n")
    code, out, err = script()
    assert code == 1
    assert "gate NOT held: require not-worse (direct is worse against direct@HEAD)" in " ".join(out.split())


WORSE = "---\nname: direct\n---\nuser:\n{{question}}\n"
BETTER = "---\nname: direct\n---\nuser:\nThink. {{question}}\n"


def test_the_script_finds_prompts_by_any_name(repository, script):
    (repository / "prompts").mkdir()
    names = ["prüfung *.prompty", 'a "b".prompty', "prompts/plain.txt", "notes.txt"]
    for commit, text in ((True, BETTER), (False, WORSE)):
        for name in names:
            (repository / name).write_text(text if name.endswith("prompty") else text.split("user:\n")[1])
        if commit:
            git(repository, "add", ".")
            git(repository, "commit", "-q", "-m", "more")
    code, out, err = script("HEAD", "--markdown")
    assert (code, err) == (1, "")
    assert re.findall(r"- `(.*?)` is worse than `(.*?)`", out) == [
        ('a "b"', 'a "b"@HEAD'),
        ("plain", "plain@HEAD"),
        ("prüfung *", "prüfung *@HEAD"),
    ]


def test_the_script_holds_a_renamed_prompt_against_its_old_name(repository, script):
    git(repository, "mv", "direct.prompty", "renamed.prompty")
    (repository / "renamed.prompty").write_text(BETTER)
    code, out, err = script("HEAD", "--markdown")
    assert (code, err) == (0, "")
    assert "- `renamed` is better than `direct" in out


@pytest.mark.parametrize(
    ("codes", "worst"), [("00", 0), ("13", 1), ("31", 1), ("12", 1), ("32", 2), ("23", 2), ("03", 3), ("30", 3)]
)
def test_the_script_keeps_the_worst_code(repository, script, codes, worst):
    for name in ("a.prompty", "b.prompty"):
        (repository / name).write_text(BETTER)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "two")
    for name in ("a.prompty", "b.prompty"):
        (repository / name).write_text(WORSE)
    fake = f'#!/bin/sh\ncase "$*" in *a.prompty*) exit {codes[0]} ;; esac\nexit {codes[1]}\n'
    (script.bin / "scansion").write_text(fake)
    assert script()[0] == worst


def test_the_script_knows_a_wrong_revision(script):
    assert script("nowhere") == (2, "", "check-prompts: git knows no revision 'nowhere' here\n")


def parsed(words):
    """Whether a command's words can be read."""
    module = _commands.module_of(words[0])
    parser = Parser(words[0], "")
    module.configure(parser)
    parser.parse_args(words[1:])


def test_the_hook_and_the_workflow_can_be_read():
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["language"] == "python"
    parsed([*hook["entry"].split()[1:], *hook["args"]])
    workflow = yaml.safe_load((ROOT / "examples" / "ci" / "workflow.yml").read_text(encoding="utf-8"))
    [job] = workflow["jobs"].values()
    commands = " ".join(step.get("run", "") for step in job["steps"])
    assert "check-prompts.sh" in commands
    assert "${{" not in commands, "what a pull request says must not be put into a shell's words"
