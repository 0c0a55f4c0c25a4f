"""The subset of JSON Schema: what fits, what does not, and what is refused when the schema is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.scorers._schema import Schema

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LIST = {"$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["v"]}}}


@pytest.mark.parametrize(
    ("schema", "fitting", "others"),
    [
        ({"type": "integer"}, [1, 1.0, -3], [1.5, True, "1", None]),
        ({"type": ["string", "null"]}, ["", None], [1]),
        ({"type": "number"}, [1, 1.5], [True, "1"]),
        ({"enum": [1, "a", [True]]}, [1.0, "a", [True]], [True, [1]]),
        ({"const": {"a": 1}}, [{"a": 1.0}], [{"a": True}]),
        ({"minimum": 1, "exclusiveMaximum": 3}, [1, 2.9, "text"], [0, 3]),
        ({"exclusiveMinimum": 1, "maximum": 3}, [3], [1, 4]),
        ({"multipleOf": 0.1}, [0.3, 1], [0.35]),
        ({"minLength": 2, "maxLength": 3}, ["ab", "abc", 5], ["a", "abcd"]),
        ({"pattern": "^a"}, ["ab", 1], ["ba"]),
        ({"minItems": 1, "maxItems": 2, "uniqueItems": True}, [[1], [1, 2], [1, True]], [[], [1, 1.0], [1, 2, 3]]),
        ({"items": {"type": "string"}}, [[], ["a"], "x"], [[1]]),
        ({"prefixItems": [{"type": "string"}], "items": False}, [["a"], []], [["a", 1], [1]]),
        ({"contains": {"const": 1}}, [[2, 1]], [[2], []]),
        ({"required": ["a"]}, [{"a": None}, 5], [{}]),
        ({"properties": {"a": {"type": "string"}}, "additionalProperties": False}, [{}, {"a": ""}], [{"b": 1}]),
        (
            {"patternProperties": {"^x": {"type": "null"}}, "additionalProperties": {"type": "string"}},
            [{"xa": None, "b": ""}],
            [{"xa": 1}, {"b": 1}],
        ),
        ({"propertyNames": {"maxLength": 1}}, [{"a": 1}], [{"ab": 1}]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}], [{}, {"a": 1, "b": 2}]),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, ["a"], ["", 1]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ["a", None], [1]),
        ({"oneOf": [{"minimum": 1}, {"maximum": 5}]}, [0, 6], [3]),
        ({"not": {"type": "null"}}, [1], [None]),
        ({**LIST, "$ref": "#/$defs/node"}, [{"v": 1, "next": {"v": 2}}], [{"v": 1, "next": {}}]),
        ({"title": "t", "description": "d", "format": "date", "default": 1}, [1, "x"], []),
        (True, [1], []),
        (False, [], [1]),
        ({"$defs": {"a/b": {"type": "null"}}, "$ref": "#/$defs/a~1b"}, [None], [1]),
    ],
)
def test_fits(schema: Any, fitting: list[Any], others: list[Any]) -> None:
    checked = Schema(schema)
    for value in fitting:
        assert checked.problem(value) is None, value
    for value in others:
        assert checked.problem(value) is not None, value


def test_problems_name_the_place() -> None:
    schema = Schema({"properties": {"items": {"items": {"type": "string"}}}})
    assert schema.problem({"items": ["a", 5]}) == "$.items[1]: 5 is not of type string"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "strin"}, "#: the value of 'type'"),
        (
            {"properties": {"a": {"minimun": 1}}},
            "#/properties/a: keyword 'minimun' is not supported; did you mean 'minimum'",
        ),
        ({"if": {}, "then": {}}, "'if' is not supported"),
        ({"$ref": "other.json#/a"}, "is not of the form"),
        ({"$ref": "#/$defs/none"}, "names nothing"),
        ({"pattern": "("}, "not a regular expression"),
        ({"items": [{}]}, "a schema is an object, true or false"),
        ([], "a schema is an object"),
        ({"required": "a"}, "right form"),
        ({"multipleOf": 0}, "right form"),
        ({"nullable": True}, "not supported"),
    ],
)
def test_refused(schema: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Schema(schema)
    assert message in str(caught.value)


def test_endless_references_end() -> None:
    problem = Schema({"$ref": "#"}).problem(1)
    assert problem is not None
    assert "nested deeper" in problem


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(json_values, json_values)
def test_const_is_equality_and_not_its_opposite(a: Any, b: Any) -> None:
    const, opposite = Schema({"const": a}), Schema({"not": {"const": a}})
    assert const.problem(a) is None
    assert (const.problem(b) is None) != (opposite.problem(b) is None)
