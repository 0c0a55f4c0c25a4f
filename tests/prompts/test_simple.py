"""Templates without template code are rendered as Jinja2 renders them, without it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import InputError, ProgramError
from scansion.prompts import simple, template

pieces = st.sampled_from(
    ["{{ a }}", "{{b}}", "{{\n  a  }}", "}}", "{", "}", "{ {", "%}", "\n", "text", "#}", "\ufdd0", " ", "{{ range }}"]
)
values = st.text(max_size=6) | st.integers() | st.booleans() | st.none() | st.lists(st.text(max_size=2), max_size=2)


@given(parts=st.lists(pieces, max_size=8), a=values, b=values, chat=st.booleans())
def test_equal_to_jinja(parts: list[str], a: object, b: object, chat: bool) -> None:
    source = "".join(parts)
    names = simple.names_of(source)
    if names is None:
        return
    compiled = template._compile(source, "f", 1, chat=chat, fixed=False)
    assert sorted(names) == sorted(compiled.required)
    given_values = {"a": a, "b": b}
    evaluate = simple.evaluator(source, "f", 1, chat)
    if any(given_values[name] is None for name in names):
        for each in (evaluate, compiled.evaluate):
            with pytest.raises(ProgramError, match=r"the row's value of '[ab]'.* is null"):
                each(given_values)
        return
    assert evaluate(given_values) == compiled.evaluate(given_values)


@pytest.mark.parametrize("source", ["{{ a }}\n\n{{ b }}", "{{ b }}"])
def test_equal_errors(source: str) -> None:
    messages = set()
    for evaluate in (
        simple.evaluator(source, "f", 3, True),
        template._compile(source, "f", 3, chat=True, fixed=False).evaluate,
    ):
        with pytest.raises(InputError) as caught:
            evaluate({"a": 1})
        messages.add(str(caught.value))
    assert messages == {f"f:{3 + source.count(chr(10))}: 'b' is undefined; inputs: a"}


@pytest.mark.parametrize(
    "source", ["{{ a.b }}", "{{- a }}", "{% if a %}{% endif %}", "{# x #}", "{{ a", "{{ none }}", "{{ é }}"]
)
def test_what_needs_jinja(source: str) -> None:
    assert simple.names_of(source) is None


def test_a_value_that_has_no_text() -> None:
    class Bad:
        def __str__(self) -> str:
            raise ValueError("no text")

    with pytest.raises(ProgramError, match="f:2: the template fails: ValueError: no text"):
        simple.evaluator("\n{{ a }}", "f", 1, False)({"a": Bad()})


def test_neither_loading_nor_rendering_imports_jinja() -> None:
    code = (
        "import sys, scansion.prompts as p\n"
        "p.from_text('{{ q }}', 'x').render({'q': 1})\n"
        "assert not {'jinja2', 'yaml', 'subprocess'} & set(sys.modules), sorted(sys.modules)\n"
        "p.from_text('---\\nname: x\\n---\\nuser:\\n{{ q }}', 'x').with_cue('c').render({'q': 1})\n"
        "assert 'jinja2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
