"""The text form of specs, argument binding, and the registry."""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.scorers import extractor
from scansion.specs import Column, Pipe, Registry, Spec, found_from, load_function, parse, parse_pipe, write


class Thing:
    def __init__(self, raw: Any, spec: str, identity: str) -> None:
        self.raw, self.spec, self.identity = raw, spec, identity


things: Registry[Thing] = Registry("thing", "scansion.scorers.extractors", Thing, Thing)


@things("box", "crate")
def box(
    width: float = 1.0,
    name: str | None = None,
    colour: Literal["red", "blue"] = "red",
    *,
    inside: Thing | None = None,
    tags: list[str] | None = None,
) -> tuple[Any, ...]:
    return width, name, colour, inside, tags


@things("pile")
def pile(*parts: Thing, high: bool = False) -> tuple[Any, ...]:
    return *parts, high


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
keys = st.from_regex(r"\w{1,8}", fullmatch=True)  # a route may be called 2
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.builds(Column, st.text(st.characters(exclude_categories=["Cs"]), min_size=1)),
)


def specs(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    values = st.one_of(children, st.lists(children, max_size=3))
    kwargs = st.dictionaries(keys, values, max_size=3)
    return st.builds(Spec, names, st.lists(values, max_size=3).map(tuple), kwargs)


def values(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Specs, and pipes of them that may begin with a quoted name."""
    lead = st.builds(Spec, st.text(st.characters(exclude_categories=["Cs"])))
    one = specs(children)
    return one | st.builds(lambda a, b: Pipe((a, *b)), lead | one, st.lists(one, min_size=1, max_size=2))


@few
@given(specs(st.recursive(scalars, values, max_leaves=8)))
def test_text_parses_back(spec: Spec) -> None:
    assert parse(spec.text) == spec


@few
@given(st.lists(specs(scalars), min_size=1, max_size=4))
def test_a_chain_parses_back(chain: list[Spec]) -> None:
    assert parse_pipe(" | ".join(s.text for s in chain)) == tuple(chain)


@few
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InputError):
        parse_pipe(text)


@few
@given(st.text(max_size=40))
def test_refusals_are_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_pipe(text + "(")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "a technique name"),
        ("vote(", 6, "an argument"),
        ("vote(5", 7, "',' or ')'"),
        ("vote(5 6)", 8, "',' or ')'"),
        ("vote(5) cot", 9, "'|'"),
        ("cot |", 6, "a technique name"),
        ('cot("x)', 5, 'a closing "'),
        ("cot(+)", 5, "an argument"),
        ("shots(ids=[a b])", 14, "',' or ']'"),
        ("chain(a |)", 10, "a name"),
        ("chain(a | 'b')", 11, "a name"),
        ("chain([a] | b)", 11, "',' or ')'"),
    ],
)
def test_messages_name_the_column(text: str, column: int, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_pipe(text)
    assert f"at column {column}," in str(caught.value)
    assert expected in str(caught.value)


def test_values() -> None:
    spec = parse(
        """f(a/b:c?d=1&e@f, 'it''s', [1, 2.5, -3], $col, $"a b", true, none, "\\n", 1e5)""".replace("''", "\\'")
    )
    assert spec.args == ("a/b:c?d=1&e@f", "it's", [1, 2.5, -3], Column("col"), Column("a b"), True, None, "\n", 1e5)


def test_deep_nesting_and_long_numbers_are_refused_or_text() -> None:
    with pytest.raises(InputError, match="levels of brackets"):
        parse("a(" * 5000)
    assert parse("a(" + "9" * 5000 + ")").args == ("9" * 5000,)


def test_a_value_may_begin_with_an_equals_sign() -> None:
    spec = Spec("a", ("b=c", "=d"), {"e": "=", "f": Pipe((Spec("=g"), Spec("h")))})
    assert parse(spec.text) == spec


def test_what_is_of_another_kind_is_said_so() -> None:
    import scansion.techniques  # noqa: F401 - what nobody has loaded nobody knows
    from scansion.models.registry import parse_model
    from scansion.prompts import load

    with pytest.raises(InputError, match="no such file; it is a technique: -t vote"):
        load("vote")
    with pytest.raises(InputError, match="it is a technique, and a model is wanted here"):
        parse_model("vote")
    with pytest.raises(InputError, match=r"it is a prompt by its name; -p b\.prompty"):
        parse_model("b.prompty")


def test_pipes_are_arguments() -> None:
    spec = parse("""chain("my b.prompty" | cot, p/c.txt | vote(5), then=true | cot, other='cot | vote')""")
    assert spec.args == (
        Pipe((Spec("my b.prompty"), Spec("cot"))),
        Pipe((Spec("p/c.txt"), Spec("vote", (5,)))),
    )
    assert spec.kwargs == {"then": Pipe((Spec("true"), Spec("cot"))), "other": "cot | vote"}
    assert parse_pipe('"my b.prompty" | cot') == (Spec("my b.prompty"), Spec("cot"))


@pytest.mark.parametrize("text", ["a(x=1, 2)", "a(x=1, x=2)", "a | b"])
def test_other_refusals(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


def test_numbers_without_a_text_form() -> None:
    for value in (math.nan, math.inf, object()):
        with pytest.raises(InputError, match="no text form"):
            write(value)


def test_arguments_are_bound_and_converted() -> None:
    thing = things.build("crate(2, colour=blue, inside=crate)")
    assert thing.raw[0] == 2.0
    assert isinstance(thing.raw[0], float)
    assert isinstance(thing.raw[3], Thing)
    assert thing.spec == "box(2, colour=blue, inside=box)"
    code = f"#{box.source}"
    inside = f"box(1.0, none, red, inside=none, tags=none){code}"
    assert thing.identity == f"box(2.0, none, blue, inside={inside}, tags=none){code}"


def test_python_call_and_text_agree() -> None:
    by_call, by_text = box(2, inside=box()), things.build("box(2, inside=box)")
    assert (by_call.spec, by_call.identity) == (by_text.spec, by_text.identity)


def test_variable_arguments_are_built() -> None:
    thing = things.build("pile(box, box(3), high=true)")
    assert [t.spec for t in thing.raw[:2]] == ["box", "box(3)"]
    assert thing.spec == "pile(box, box(3), high=true)"
    assert things.build(thing.spec).identity == thing.identity


def test_what_a_factory_of_the_users_own_raises_is_their_error() -> None:
    @things("torn")
    def torn(width: float = 1.0) -> Any:
        return 1 / width

    with pytest.raises(InputError, match=r"^thing torn: its factory raised ZeroDivisionError: "):
        things.build("torn(0)")


def test_the_code_of_a_factory_of_the_users_own_is_part_of_what_it_makes() -> None:
    known = things.find("box").source
    assert known
    assert things.build("box").identity.endswith(f"#{known}")
    assert extractor.find("text").source == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bax", "did you mean 'box'?"),
        ("box(widht=2)", "takes no argument 'widht'; did you mean 'width'?"),
        ("box(wide)", "width must be a number, not wide"),
        ("box(true)", "width must be a number, not true"),
        ("box(name=3)", "name must be a string, not 3; put it in quotes"),
        ("box(colour=green)", "colour must be red or blue, not green"),
        ("box(inside=3)", "inside must be a thing, not 3"),
        ("box(tags=[1])", "tags must be a list, not [1]"),
        ("box(1, a, red, 4)", "it is box(width=1.0, name=none, colour=red, inside=none, tags=none)"),
        ("box(width=1, width=2)", "'width' is given twice"),
        ("box(inside=crate | box(2))", "'crate | box(2)': one thing is wanted here, not a chain with '|'"),
        ("box(inside='crate | box(2)')", "one thing is wanted here, not a chain with '|'"),
        ("box(crate | box)", "width must be a number, not crate | box"),
        ("pile(box, inside(x))", "unknown thing 'inside'"),
    ],
)
def test_wrong_arguments(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        things.build(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_is_found_without_importing_the_others() -> None:
    import subprocess

    code = (
        "import sys; from scansion.scorers import build_scorer; build_scorer('max_words(3)');"
        "print([m for m in sys.modules if m.startswith('scansion.scorers.') and '._' not in m])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['scansion.scorers.max_words']"


def test_functions_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_for_specs.py").write_text("def one():\n    return 1\nclass A:\n    def two(self): ...\n")
    assert load_function("mine_for_specs:one")() == 1
    assert load_function("mine_for_specs:A.two").__name__ == "two"
    assert load_function("mine_for_specs.py:one")() == 1
    monkeypatch.chdir("/")
    with found_from(tmp_path):
        assert load_function("./mine_for_specs.py:one")() == 1
    monkeypatch.chdir(tmp_path)
    for path, message in [
        ("mine_for_specs:on", "did you mean 'one'"),
        ("mine_for_spex:one", "no module 'mine_for_spex'"),
        ("mine_for_specs", "python:MODULE:FUNCTION"),
        ("none.py:one", "there is no file"),
    ]:
        with pytest.raises(InputError, match=message):
            load_function(path)
    (tmp_path / "broken_for_specs.py").write_text("1 / 0\n")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        load_function("broken_for_specs:x")


def test_an_edit_of_the_function_changes_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "edited_for_specs.py"
    file.write_text("def make(n=1):\n    return n\n")
    before = things.build("python:edited_for_specs:make(n=2)")
    assert (before.raw, before.spec) == (2, "python:edited_for_specs:make(n=2)")
    file.write_text("def make(n=1):\n    return -n\n")
    assert things.build("python:edited_for_specs:make(n=2)").identity != before.identity


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r'regex("a\d+")', r"""regex 'regex("a\d+")': at column 9, \d is no escape; for a backslash write two: \\d"""),
        (r"regex('\w')", r"at column 8, \w is no escape; for a backslash write two: \\w"),
        (r'regex("\u12")', r"\u1 is no escape"),
        (r"""regex("it\'s")""", r"\' is no escape"),
    ],
)
def test_a_wrong_escape_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "regex")
    assert message in str(caught.value)


def test_escapes_that_are_right() -> None:
    assert parse(r'f("\\d\n\u00e9\"\/")').args == ('\\d\n\u00e9"/',)
    assert parse(r"""f('it\'s "q" \\d')""").args == ('it\'s "q" \\d',)


def test_names_are_attributes() -> None:
    from scansion.scorers import extractor, scorer
    from scansion.techniques import technique

    assert technique.cot().spec == "cot"
    assert technique.few_shot(2).spec == "shots(2)"
    assert scorer.numeric(tolerance=0.01).spec == "numeric(tolerance=0.01)"
    assert scorer.all(scorer.not_(scorer.json()), scorer.any("numeric")).spec == "all(not(json), any(numeric))"
    assert extractor.last_number()("5 or 6") == "6"
    with pytest.raises(AttributeError, match="did you mean 'numeric'"):
        _ = scorer.numerc
    assert not hasattr(scorer, "_repr_html_")


def test_the_nearest_alias_is_named() -> None:
    with pytest.raises(InputError, match="unknown thing 'crat'; did you mean 'crate'"):
        things.build("crat")
    from scansion.models.registry import open_model

    with pytest.raises(InputError, match="did you mean 'ollama'"):
        open_model("olama/llama3")
    with pytest.raises(InputError, match=r"known: anthropic.* ollama.* vllm"):
        open_model("zzzz/llama3")
