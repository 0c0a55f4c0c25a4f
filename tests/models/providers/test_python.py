from __future__ import annotations

import asyncio
import itertools
import sys

import pytest

from scansion.errors import CallError, InputError, Unscored
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.models.providers.replay import RecordWriter
from scansion.models.registry import open_model
from scansion.types import Message, Request, Usage

names = (f"model_for_test_{n}" for n in itertools.count())


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = next(names)
    (tmp_path / f"{name}.py").write_text(
        "import threading\n"
        "from scansion.errors import Unscored\n"
        "from scansion.types import Completion, Request, Usage\n"
        "def shout(prompt): return prompt.upper()\n"
        "async def echo(text): return text\n"
        "async def whole(request): return Completion(request.messages[-1].content, usage=Usage(3, 1))\n"
        "def annotated(x: 'Request') -> Completion: return Completion(str(x.k) + str(x.trial))\n"
        "def thread(prompt): return threading.current_thread().name\n"
        "def broken(prompt): raise ValueError('two\\nlines')\n"
        "def skipped(prompt): raise Unscored('skipped')\n"
        "def number(prompt): return 3\n"
        "def stops(prompt): return next(iter([]))\n"
        "def leaves(prompt): raise SystemExit(3)\n"
        "def none(): return ''\n"
        "class Caller:\n"
        "    async def __call__(self, prompt): return 'called ' + prompt\n"
        "    def method(self, prompt): return 'method ' + prompt\n"
        "caller = Caller()\n"
        "value = 3\n"
    )
    yield name
    sys.modules.pop(name, None)


def ask(spec, request, base_dir=None):
    model = open_model(spec, base_dir)
    return asyncio.run(model.complete(request))


HI = Request((Message("user", "hi"),))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("shout", "HI"),
        ("echo", "hi"),
        ("whole", "hi"),
        ("annotated", "00"),
        ("caller", "called hi"),
        ("caller.method", "method hi"),
    ],
)
def test_functions_of_every_kind(module, function, text):
    assert ask(f"python:{module}:{function}", HI).text == text


def test_what_the_function_is_given(module):
    turns = Request((Message("system", "S"), Message("user", "U")))
    assert ask(f"python:{module}:echo", turns).text == "system: S\n\nuser: U"
    assert ask(f"python:{module}:echo", Request(text=" raw\n")).text == " raw\n"
    assert ask(f"python:{module}:whole", HI).usage == Usage(3, 1)
    assert ask(f"python:{module}:thread", HI).text != "MainThread"


def test_a_file_by_its_path_and_beside_the_plan(module, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert ask(f"python:{module}.py:shout", HI, tmp_path).text == "HI"
    assert ask(f"python:{module}:shout", HI, tmp_path).text == "HI"
    assert ask("python:textwrap:dedent", Request(text="  a")).text == "a"


def test_the_identity_follows_the_source(module, tmp_path):
    first = open_model(f"python:{module}:shout").identity
    with (tmp_path / f"{module}.py").open("a") as file:
        file.write("# changed\n")
    assert open_model(f"python:{module}:shout").identity != first
    assert str(tmp_path) not in first


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("broken", r"ValueError: two lines \(model_for_test_\d+.py:9\)"),
        ("number", "returned int"),
        ("stops", "StopIteration"),
        ("leaves", "SystemExit: 3"),
    ],
)
def test_a_failing_function_is_a_program_error(module, function, message):
    with pytest.raises(CallError, match=message) as caught:
        ask(f"python:{module}:{function}", HI)
    assert caught.value.kind == "program"


def test_errors_on_purpose_pass_through(module):
    with pytest.raises(Unscored):
        ask(f"python:{module}:skipped", HI)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("python:no_such_module_here:f", "no module 'no_such_module_here'"),
        ("python:no_such_file.py:f", "no file"),
        ("python:MODULE:shoot", "did you mean 'shout'"),
        ("python:MODULE:value", "no function"),
        ("python:MODULE:none", "no argument"),
        ("python:MODULE", "MODULE:FUNCTION"),
        ("python:bad:f", r"bad cannot be loaded: SyntaxError"),
        ("python:needs:f", r"needs cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_found_or_loaded(module, tmp_path, spec, message):
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "needs.py").write_text("import no_such_module_here\n")
    with pytest.raises(InputError, match=message) as caught:
        open_model(spec.replace("MODULE", module) if "FUNCTION" not in message else spec)
    assert "\n" not in str(caught.value)


def test_a_run_recorded_and_replayed_through_the_handle(module, tmp_path):
    """Votes and trials through the gateway: what the recording plays is what the function said."""

    async def run(spec: str, writer: RecordWriter | None = None) -> list[list[str]]:
        gateway = Gateway()
        found = []
        for trial in range(2):
            lm = LM(gateway, gateway.channel(spec), Trace(), trial=trial)
            votes = await asyncio.gather(*(lm("hi", temperature=0.5) for _ in range(3)))
            votes.append(await lm("other"))
            for call in reversed(lm.trace.calls) if writer else ():
                writer.add(call)
            found.append([vote.text for vote in votes])
        await gateway.close()
        return found

    path = tmp_path / "run.jsonl.gz"
    with RecordWriter(path) as writer:
        said = asyncio.run(run(f"python:{module}:annotated", writer))
    assert said == [["00", "10", "20", "00"], ["01", "11", "21", "01"]]
    assert asyncio.run(run(f"replay:{path}")) == said
