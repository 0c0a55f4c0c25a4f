"""Code of the user's own that ends the process, prints, raises or forgets to return harms nothing but what it is of."""

from __future__ import annotations

from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.runner import run

RUN = ("run", "-p", "direct.txt", "-m", "replay:demo.jsonl", "-d", "rows.jsonl")
GATE = ("--fail-under", "0.01")

CODE = """
import asyncio
import sys
from scansion.scorers import scorer
from scansion.scorers._check import Check
from scansion.scorers._verifying import verifier, Rule
from scansion.techniques import Wrap, technique
from scansion.types import Output

def leaves(output, example):
    sys.exit(0)

async def waits_and_leaves(output, example):
    sys.exit(0)

def prints(output, example):
    print("hello")
    return True

def divides(answer, wanted):
    return 1 / 0

def quits(answer, wanted):
    sys.exit(0)

@scorer("dividing")
def dividing():
    return Check(divides)

@scorer("quitting")
def quitting():
    return Check(quits)

@scorer("seven")
def seven():
    return 7

@scorer("nothing")
def nothing():
    pass

@scorer("factory-leaves")
def factory_leaves():
    sys.exit(0)

def wide(output, example):
    return 5.0 + example.row % 2

def _away(program, context):
    async def away(inputs, lm):
        sys.exit(0)
    return away

@technique("away")
def away():
    return Wrap(_away)

def _aside(program, context):
    async def aside(inputs, lm):
        async def leave():
            sys.exit(0)
        await asyncio.gather(leave())
    return aside

@technique("aside")
def aside():
    return Wrap(_aside)

@technique("never-made")
def never_made():
    sys.exit(0)

def forgets(text):
    len(text) < 80

def two(text, most):
    return len(text) < most

async def later(text):
    return True

def breaks(text):
    return {}[text]

def exits(text):
    sys.exit(0)

@verifier("at_most_lines")
def at_most_lines(n: int = 3):
    return Rule(lambda text, _: "")

async def reads(text):
    return text
"""


@pytest.fixture
def own(project: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module's name, which no other test has."""
    monkeypatch.syspath_prepend(str(project))
    name = f"own_{abs(hash(request.node.name))}"
    (project / f"{name}.py").write_text(CODE, encoding="utf-8")
    (project / f"{name}_gone.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    return name


@pytest.mark.parametrize(
    "scorer", ["python:{}:leaves", "python:{}:waits_and_leaves", "all(python:{}:leaves, python:{}:waits_and_leaves)"]
)
def test_a_scorer_that_calls_sys_exit_gives_errors_and_passes_no_gate(scansion: Any, own: str, scorer: str) -> None:
    done = scansion(*RUN, "-s", scorer.replace("{}", own), *GATE, "--json")
    assert done.code != 0
    [variant] = done.json["variants"]
    assert (variant["errors"], variant["scored"]) == (10, 0)
    assert "called sys.exit" in variant["error_examples"]["program"]


def test_a_verifier_that_calls_sys_exit_or_forgets_to_return_or_raises_is_named(scansion: Any, own: str) -> None:
    for name, said in (("exits", "called sys.exit"), ("forgets", "returned None"), ("breaks", "raised KeyError")):
        done = scansion(*RUN, "-s", f"follows(python:{own}:{name})", *GATE, "--json")
        [variant] = done.json["variants"]
        assert (variant["errors"], variant["scored"]) == (10, 0)
        error = variant["error_examples"]["program"]
        assert said in error
        assert name in error


@pytest.mark.parametrize("technique", ["python:{}:away", "python:{}:away | vote(3)"])
def test_a_technique_whose_program_calls_sys_exit_gives_errors(scansion: Any, own: str, technique: str) -> None:
    done = scansion(*RUN, "-s", "numeric", "-t", technique.replace("{}", own), *GATE, "--json")
    assert done.code != 0
    [variant] = done.json["variants"]
    assert variant["errors"] == 10
    assert "called sys.exit" in variant["error_examples"]["program"]


def test_a_task_of_ones_own_that_calls_sys_exit_ends_no_process(scansion: Any, own: str) -> None:
    done = scansion(*RUN, "-s", "numeric", "-t", f"python:{own}:aside", *GATE)
    assert done.code == 2
    assert "called sys.exit" in done.err
    settings: dict[str, Any] = {"prompts": ["direct.txt"], "models": ["replay:demo.jsonl"], "data": "rows.jsonl"}
    with pytest.raises(InputError, match=r"called sys\.exit"):
        run(scorers=["numeric"], techniques=[f"python:{own}:aside"], **settings)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-s", "python:{}_gone:any"), ["{}_gone:any: importing it called sys.exit"]),
        (("-s", "python:{}:factory_leaves"), ["factory_leaves: its factory called sys.exit"]),
        (("-s", "numeric", "-t", "python:{}:never_made"), ["never_made: its factory called sys.exit"]),
        (("-s", "numeric", "-m", "python:{}_gone:any"), ["{}_gone cannot be loaded: SystemExit"]),
        (("-s", "python:{}:dividing"), ["dividing", "row 1", "raised ZeroDivisionError: division by zero"]),
        (("-s", "all(numeric, python:{}:dividing)"), ["scorer python:{}:dividing", "row 1", "ZeroDivisionError"]),
        (("-s", "python:{}:quitting"), ["quitting", "row 1", "called sys.exit"]),
        (("-s", "python:{}:seven"), ["seven: its factory must return", "not int"]),
        (("-s", "python:{}:nothing"), ["nothing: its factory must return", "not None"]),
        (("-s", "python:{}:at_most_lines"), ["at_most_lines: it is a verifier, and a scorer is wanted here"]),
        (("-s", "follows(python:{}:two)"), ["verifier two must take the text alone"]),
        (("-s", "follows(python:{}:later)"), ["verifier later is async"]),
        (("-s", "numeric(by=python:{}:reads)"), ["extractor python:{}:reads is async"]),
    ],
)
def test_what_is_wrong_before_the_run_is_one_line(
    scansion: Any, own: str, flags: tuple[str, ...], said: list[str]
) -> None:
    done = scansion(*RUN, *(flag.replace("{}", own) for flag in flags), *GATE)
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    missing = [part for part in said if part.replace("{}", own) not in line]
    assert not missing, line
    assert "bug in scansion" not in line


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_what_ones_own_code_prints_is_in_no_document(scansion: Any, own: str, flags: tuple[str, ...]) -> None:
    done = scansion(*RUN, "-s", f"python:{own}:prints", *flags, "--json")
    assert done.code == 0
    assert done.json
    assert ("hello" in done.err) == (not flags)


def test_a_scale_of_ones_own_without_a_pass_mark_knows_no_wrong(scansion: Any, project: Any, own: str) -> None:
    assert "wrong" not in scansion(*RUN, "-s", f"python:{own}:wide").out
    plan = (
        "prompts: [direct.txt]\nmodels: ['replay:demo.jsonl']\ndata: rows.jsonl\n"
        f"scorers: ['python:{own}:wide']\npass_mark: 4\n"
    )
    (project / "plan.yaml").write_text(plan, encoding="utf-8")
    assert "0 wrong of 10" in scansion("run", "plan.yaml").out
