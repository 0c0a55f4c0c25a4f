"""Every scorer on given outputs: values, reasons, refusals of gold, and their text forms."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.errors import InputError, ProgramError
from scansion.scorers import Scorer, build_scorer, scorer
from scansion.scorers.f1 import tokens
from scansion.types import Example, Output, Score

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found(spec: str, text: str, target: Any = None, **inputs: Any) -> Score:
    score = build_scorer(spec).score(Output(text), Example("1", inputs, target))
    assert score is not None
    return score


def value(spec: str, text: str, target: Any = None, **inputs: Any) -> float | str | None:
    """The value, or the reason why there is none."""
    score = found(spec, text, target, **inputs)
    return score.unscored if score.value is None else score.value


@pytest.mark.parametrize(
    ("spec", "text", "target", "wanted"),
    [
        ("exact", " Paris\n", "Paris", 1),
        ("exact", "paris", "Paris", 0),
        ("exact(ignore_case=true)", "STRASSE", "straße", 1),
        ("exact(strip=false)", "Paris ", "Paris", 0),
        ("exact", "b", ["a", "b"], 1),
        ("exact", "5", 5, 1),
        ("exact", "true", True, 1),
        ("exact", "", "", 1),
        ("exact", "x", None, "no target"),
        ("exact", "x", [], "no target"),
        ("exact", "x", {"a": 1}, "gold refused"),
        ("exact(by=after(so))", "x", "y", "no answer"),
        ("exact(yes)", "yes", None, 1),
        ("exact(by=word(yes, no))", '"Yes", he said', "yes", 1),
        ("contains", "in Paris now", "Paris", 1),
        ("contains(a, b)", "xbx", None, 1),
        ("contains(a, b, need=all)", "xbx", None, 0),
        ("contains(PARIS, ignore_case=true)", "paris", None, 1),
        ('regex("^a+$")', "aaa", None, 1),
        ('regex("b", full=true)', " ab ", None, 0),
        ('regex("a(?=b)", ignore_case=true)', "AB", None, 1),
        ("max_words(2)", "a b", None, 1),
        ("max_words(2)", "a b c", None, 0),
        ("min_words(2)", "a", None, 0),
        ("f1", "the cat sat", "A cat stood", 0.5),
        ("f1", "The.", "an", 1),
        ("f1", "cat", "the", 0),
        ("f1", "cat", ["dog", "cat"], 1),
        ("not(contains(x))", "y", None, 1),
        ("not(exact(by=after(so)))", "y", "y", "no answer"),
        ("all(exact, max_words(1))", "a b", "a b", 0),
        ("all(exact, numeric)", "3", "3", 1),
        ("all(numeric, max_words(9))", "none", "3", "no answer"),
        ("all(numeric, contains(never))", "none", "3", 0),
        ("any(exact, numeric)", "it is 3", "3", 1),
        ("any(exact, numeric)", "it is", "3", "no answer"),
        ("any(exact, numeric)", "two", "3", "no answer"),
    ],
)
def test_values(spec: str, text: str, target: Any, wanted: float | str) -> None:
    assert value(spec, text, target) == wanted


@pytest.mark.parametrize(
    ("text", "target", "wanted"),
    [
        ("It costs $1,234.50.", "1234.5", 1),
        ("It costs $1,234.50.", 1234.5, 1),
        ("-3", "\u22123", 1),
        ("about 3/4 of it", 0.75, 1),
        ("1 1/2 cups", "1.5", 1),
        ("\\boxed{\\frac{3}{4}}", "3/4", 1),
        ("1.5e3", 1500, 1),
        ("1.5 \u00d7 10^3", 1500, 1),
        ("50%", 0.5, 1),
        ("50%", "50", 1),
        ("0.5%", "50%", 0),
        ("0.5", "50%", 1),
        ("12 - 5 = 7", 7, 1),
        ("from 5-3", 3, 1),
        ("9007199254740993", 9007199254740992, 0),
        ("0.1", 0.1, 1),
        (".5", 0.5, 1),
        ("version 3.14.15", 15, 1),
        ("H2O", 2, "no answer"),
        ("12", ["eleven", "12"], 1),
        ("7", "eleven", "gold refused"),
        ("7", "7 or 8", "gold refused"),
        ("7", True, "gold refused"),
        ("1e999999", 5, "no answer"),
        ("7", float("inf"), "gold refused"),
        ("5 apples", "5 pears", 1),
    ],
)
def test_numbers(text: str, target: Any, wanted: float | str) -> None:
    assert value("numeric", text, target) == wanted


def test_tolerance_is_exact_and_inclusive() -> None:
    assert value("numeric(tolerance=0.1)", "1.3", 1.2) == 1
    assert value("numeric(tolerance=0.1)", "1.3000001", 1.2) == 0
    assert value("numeric(rel=0.01)", "101", 100) == 1
    assert value("numeric(rel=0.01)", "101.1", 100) == 0


@quick
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.sampled_from(["", "$", "so ", "= "]))
def test_a_written_number_is_read_back(number: Any, before: str) -> None:
    assert value("numeric", f"{before}{number:,f} in all", str(number)) == 1


@pytest.mark.parametrize(
    ("spec", "text", "target", "wanted"),
    [
        ("choice", "The answer is (B).", "B", 1),
        ("choice", "b", "(B)", 1),
        ("choice", "Answer: **C**", "c.", 1),
        ("choice", "B. Because A is wrong", "B", 1),
        ("choice", "A good answer would be C", "C", 1),
        ("choice", "A is correct", "A", 1),
        ("choice", "I can't say", "A", "no answer"),
        ("choice(letters=A-C)", "D", "A", "no answer"),
        ("choice", "A", "Paris", "gold refused"),
        ("choice(options=$o)", "(B)", "Paris", 1),
        ("choice(options=$o, by=text)", "paris ", "B", 1),
        ("choice(options=$o)", "B", "Rome", "gold refused"),
        ("choice(options=$d)", "B", "Paris", 1),
        ("boolean", "Yes, it is not false.", "true", 1),
        ("boolean", "No wait. So the answer is yes", True, 1),
        ("boolean", "perhaps", "yes", "no answer"),
        ("boolean", "know", "yes", "no answer"),
        ("boolean", "yes", "maybe", "gold refused"),
        ("boolean(by=after(so))", "so: well", "yes", "no answer"),
        ("boolean", "no", 0, 1),
    ],
)
def test_choices(spec: str, text: str, target: Any, wanted: float | str) -> None:
    assert value(spec, text, target, o=["London", "Paris"], d={"a": "London", "b": "Paris"}) == wanted


@pytest.mark.parametrize(
    ("spec", "text", "target", "wanted"),
    [
        ("json", '{"a": 1}', None, 1),
        ("json", "{'a': 1}", None, 0),
        ("json", "NaN", None, 0),
        ("json", '```json\n{"a": 1}\n```', None, 0),
        ("json(by=json)", 'Here: {"a": 1}.', None, 1),
        ("json(by=code)", '```json\n{"a": 1}\n```', None, 1),
        ("json(equal=true)", '{"b": 1.0, "a": [true]}', {"a": [True], "b": 1}, 1),
        ("json(equal=true)", '{"a": 1}', '{"a": 1.0}', 1),
        ("json(equal=true)", '{"a": true}', {"a": 1}, 0),
        ("json(equal=true)", '"Paris"', "Paris", 1),
        ("json(equal=true, path=a.0.b)", '{"a": [{"b": 5}]}', "5", 1),
        ("json(equal=true, path=a.1)", '{"a": [1]}', 1, 0),
        ("json(equal=$c)", "[1, 2]", None, 1),
        ("json(path=a)", '{"b": 1}', None, 0),
        ("json(equal=true)", "1", None, "no target"),
    ],
)
def test_json(spec: str, text: str, target: Any, wanted: float | str) -> None:
    assert value(spec, text, target, c=[1, 2]) == wanted


def test_json_schema_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.json").write_text('{"type": "object", "required": ["name"]}')
    assert value("json(schema=s.json)", '{"name": 1}') == 1
    assert found("json(schema=s.json)", "{}").explanation == "$: 'name' is missing"
    assert build_scorer("json(schema=s.json, equal=true)").refuses_gold(Example("1", {}, {"a": 1})) is not None


@pytest.mark.parametrize(
    ("spec", "target", "message"),
    [
        ("exact", "x", None),
        ("exact(by=after(so))", "x", None),
        ("exact", {"a": 1}, "object"),
        ("numeric", "12", None),
        ("numeric", "twelve", "does not hold exactly one number"),
        ("numeric", ["12", "twelve"], None),
        ("numeric", None, None),
        ("choice", "Paris", "none of the letters A, B, C, D, E"),
        ("boolean", "maybe", "neither yes nor no"),
        ("f1", "the", None),
        ("contains", ["a", "b"], None),
        ("json(equal=true)", "{'a'}", None),
        ("max_words(1)", "a b c", None),
        ("not(exact)", {"a": 1}, None),
        ("all(max_words(2), numeric)", "x", "does not hold"),
        ("any(exact, numeric)", "x", None),
        ("any(numeric, boolean)", "x", "does not hold"),
    ],
)
def test_scorers_prove_themselves_on_targets(spec: str, target: Any, message: str | None) -> None:
    refusal = build_scorer(spec).refuses_gold(Example("1", {}, target))
    assert (refusal is None) if message is None else (refusal is not None and message in refusal)


def test_columns() -> None:
    scorer = build_scorer("all(contains($a, $b), exact($c))")
    assert scorer.columns == ("a", "b", "c")
    assert not scorer.needs_target
    assert value("contains($a, need=all)", "x y", a=["x", "y"]) == 1
    assert value("contains($a)", "x y", a=None) == "no target"
    assert value("exact($a)", "2", a=2) == 1
    with pytest.raises(InputError, match=r"\$b is not in row 1; it has a"):
        found("exact($b)", "x", a=1)


def test_an_answer_of_the_program_counts_unless_the_scorer_reads_its_own() -> None:
    output = Output("A or B", answer="B")
    example = Example("1", {}, "B")
    assert build_scorer("exact").score(output, example) == Score(1.0, answer="B")
    assert build_scorer("exact(by=letter(which=first))").score(output, example) == Score(0.0, answer="A")
    assert build_scorer("contains").score(Output("A", answer="B"), example) == Score(0.0, explanation="missing: B")


def test_attributes() -> None:
    numeric = build_scorer("num(tolerance=1)")
    assert numeric.spec == numeric.name == "numeric(tolerance=1)"
    assert numeric.needs_target
    assert numeric.extractor is not None
    assert numeric.extractor.spec == "last_number"
    assert numeric.pass_mark == 1.0
    assert build_scorer("all(max_words(3), numeric)").extractor is not None
    assert build_scorer("max_words(3)").extractor is None
    assert build_scorer(numeric) is numeric


@pytest.mark.parametrize(
    "spec",
    [
        "numric",
        "numeric(tolerance=-1)",
        "exact(by=lettr)",
        "exact(by=3)",
        "not(3)",
        "all",
        "json(schema=nofile.json)",
        'json(schema="{")',
        "json(path=a..b)",
        'regex("(")',
        "max_words",
        "max_words(-1)",
        "choice(letters=1-3)",
        "word()",
        "exact(by=word())",
        "exact(by=then())",
        "exact(by=either())",
        'exact(by=after(""))',
        'exact(by=regex("a", group=1))',
        'exact(by=regex("a", group=x))',
        "python:nowhere:f",
        "python:math:nope",
        "python:math:pi",
    ],
)
def test_wrong_specs(spec: str) -> None:
    with pytest.raises(InputError) as caught:
        build_scorer(spec)
    assert "\n" not in str(caught.value)


def test_every_example_in_a_docstring_is_a_spec_and_parses_back() -> None:
    for entry in scorer.built_in():
        example = (entry.__doc__ or "").rsplit("Example: `", 1)[1].strip().removesuffix("`")
        built = build_scorer(example)
        again = build_scorer(built.spec)
        assert (again.spec, again.identity) == (built.spec, built.identity)
        assert build_scorer(built.identity).identity == built.identity
        for alias in entry.aliases:
            assert scorer.find(alias) is entry


@quick
@given(st.text(), st.text())
def test_f1_is_symmetric_and_between_0_and_1(a: str, b: str) -> None:
    one, other = value("f1", a, b), value("f1", b, a)
    assert one == other
    assert isinstance(one, float)
    assert 0 <= one <= 1
    assert (one == 1) == (sorted(tokens(a)) == sorted(tokens(b)))


@quick
@given(st.text())
def test_exact_accepts_its_own_target(text: str) -> None:
    assert value("exact", text, text) == 1
    assert build_scorer("exact").refuses_gold(Example("1", {}, text)) is None


OWN = """
import asyncio
from scansion.scorers import Check, NOTHING, scorer
from scansion.types import Score

def polite(output, example):
    return "please" in output.text

async def slow(output, example):
    await asyncio.sleep(0)
    return 0.5

async def asked(output, example, lm):
    return Score(float((await lm("?")).text))

def broken(output, example):
    return output.nothing

def silent(output, example):
    return None

def many(output, example, lm, more):
    return 1

@scorer("starts_with")
def starts_with(text: str) -> Check:
    return Check(lambda output, _: output.startswith(text), wanted=NOTHING)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_scorers.py").write_text(OWN)


class Reply:
    text = "0.25"


def ask(scorer: Scorer, text: str) -> Score:
    async def lm(_prompt: str) -> Reply:
        return Reply()

    async def run() -> Score:
        return await scorer(Output(text), Example("1", {}), lm)

    return asyncio.run(run())


@pytest.mark.usefixtures("own")
def test_functions_of_the_users_own() -> None:
    assert value("python:own_scorers:polite", "yes please") == 1
    assert build_scorer("python:own_scorers:polite").spec == "python:own_scorers:polite"
    slow = build_scorer("all(python:own_scorers:slow, max_words(3))")
    assert slow.score(Output("a"), Example("1", {})) is None
    assert ask(slow, "a").value == 0.5
    asked = build_scorer("not(python:own_scorers:asked)")
    assert asked.uses_model
    assert ask(asked, "a").value == 0.75
    assert value('python:own_scorers:starts_with("He")', "Hello") == 1
    with pytest.raises(ProgramError, match="broken: AttributeError"):
        value("python:own_scorers:broken", "a")
    with pytest.raises(ProgramError, match="returned None"):
        value("python:own_scorers:silent", "a")
    with pytest.raises(InputError, match="not 4 arguments"):
        build_scorer("python:own_scorers:many")


def shouts(output: Output, example: Example) -> bool:
    return output.text.isupper()


def test_a_function_in_python() -> None:
    scorer = build_scorer(shouts)
    assert scorer.spec.startswith("python:")
    assert scorer.score(Output("A"), Example("1", {})) == Score(1.0)
    with pytest.raises(InputError):
        build_scorer(3)


@pytest.mark.parametrize(
    ("spec", "read_by", "wanted"),
    [
        ("numeric", None, 1),  # the program's own answer counts
        ("numeric", "last_number", 1),
        ("numeric", "first_number", 0),  # read by another than the scorer's own: the text counts
        ("exact", None, 1),
        ("exact", "last_number", 0),
        ("f1", None, 1),
        ("f1", "last_number", 0.5),
        ("numeric(by=last_number)", None, 0),
    ],
)
def test_one_text_has_one_score_whoever_read_an_answer_before(spec: str, read_by: str | None, wanted: float) -> None:
    data = {} if read_by is None else {"extractor": read_by}
    score = build_scorer(spec).score(Output("5 then 6", answer="5", data=data), Example("1", {}, "5"))
    assert score is not None
    assert score.value == pytest.approx(wanted)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_an_error(value: float) -> None:
    made = build_scorer(lambda output, example: Score(value))
    with pytest.raises(ProgramError, match="finite"):
        made.score(Output("x"), Example("1", {}))


def test_the_letters_of_a_choice_are_named() -> None:
    refusal = build_scorer("choice(letters=A-C)").refuses_gold(Example("1", {}, "D"))
    assert refusal is not None
    assert refusal.startswith("the target 'D' is none of the letters A, B, C; name other letters (letters=A-G)")


@pytest.mark.parametrize("spec", ["max_words(0)", "max_words(-1)", "min_words(0)"])
def test_lengths_that_make_no_sense(spec: str) -> None:
    with pytest.raises(InputError, match="at least 1 word"):
        build_scorer(spec)
