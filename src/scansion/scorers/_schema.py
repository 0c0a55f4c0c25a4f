"""JSON Schema: the part of draft 2020-12 that schemas for model output use.

Keywords that only describe (title, description, default, examples ...) are passed over, `format` among them, as the
specification lets validators do. A keyword that would change what is valid and is not supported is refused when the
schema is read, never passed over. Source: json-schema.org, Core and Validation, draft 2020-12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from scansion.errors import InputError, nearest
from scansion.scorers._json import equal_json
from scansion.scorers._patterns import compiled
from scansion.scorers._texts import as_text

__all__ = ["Schema"]

_DESCRIBING = {
    *("$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "example"),
    *("deprecated", "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType", "contentSchema"),
}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "integer": lambda v: (isinstance(v, int) and not isinstance(v, bool)) or (isinstance(v, float) and v.is_integer()),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
_DEEPEST = 200


class Schema:
    """A schema that is ready to check values. Raises InputError, naming the place, for what it cannot be true to."""

    def __init__(self, schema: Any, where: str = "schema") -> None:
        self.root, self.where = schema, where
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._read(schema, "#")

    def problem(self, value: Any) -> str | None:
        """The first way in which `value` does not fit, with its place (`$.items[0]: ...`); None where it fits."""
        return next(self._problems(value, self.root, "$", 0), None)

    def _read(self, schema: Any, at: str) -> None:
        """Check that every keyword is known and well-formed, in this schema and those within."""
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict):
            raise InputError(f"json: {self.where}: {at}: a schema is an object, true or false")
        for keyword, wanted in schema.items():
            if keyword not in _DESCRIBING and keyword not in _KEYWORDS:
                hint = nearest(keyword, _KEYWORDS)
                raise InputError(f"json: {self.where}: {at}: keyword {keyword!r} is not supported; {hint}")
            form = _FORMS.get(keyword)
            if form is not None and not form(wanted):
                raise InputError(f"json: {self.where}: {at}: the value of {keyword!r} is not of the right form")
        self._read_references(schema, at)
        for place, part in _parts(schema):
            self._read(part, f"{at}/{place}")

    def _read_references(self, schema: dict[str, Any], at: str) -> None:
        for pattern in (schema.get("pattern"), *schema.get("patternProperties", {})):
            if pattern is not None:
                self._patterns[pattern] = compiled(pattern)
        if "$ref" in schema:
            self.resolve(schema["$ref"], at)

    def resolve(self, reference: str, at: str = "#") -> Any:
        """The schema that a reference within the document names."""
        if reference != "#" and not reference.startswith("#/"):
            raise InputError(f"json: {self.where}: {at}: $ref {reference!r} is not of the form '#/$defs/name'")
        part = self.root
        for name in reference[1:].split("/")[1:]:
            key = name.replace("~1", "/").replace("~0", "~")
            inside = isinstance(part, list) and key.isdigit() and int(key) < len(part)
            if not inside and not (isinstance(part, dict) and key in part):
                raise InputError(f"json: {self.where}: {at}: $ref {reference!r} names nothing in the document")
            part = part[int(key)] if inside else part[key]
        return part

    def _problems(self, value: Any, schema: Any, at: str, depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            yield f"{at}: nested deeper than {_DEEPEST} levels"
        elif isinstance(schema, bool):
            if not schema:
                yield f"{at}: nothing is allowed here"
        else:
            for keyword, wanted in schema.items():
                check = _KEYWORDS.get(keyword)
                if check is not None:
                    yield from check(_At(self, schema, at, depth), value, wanted)

    def pattern(self, text: str) -> re.Pattern[str]:
        return self._patterns[text]


class _At:
    """Where a check stands: the schema around the keyword, the place of the value, the depth."""

    __slots__ = ("depth", "place", "root", "schema")

    def __init__(self, root: Schema, schema: dict[str, Any], place: str, depth: int) -> None:
        self.root, self.schema, self.place, self.depth = root, schema, place, depth

    def within(self, value: Any, schema: Any, step: str = "") -> Iterator[str]:
        return self.root._problems(value, schema, self.place + step, self.depth + 1)

    def fits(self, value: Any, schema: Any) -> bool:
        return next(self.within(value, schema), None) is None


_Check = Callable[[_At, Any, Any], Iterator[str]]


def _short(value: Any) -> str:
    text = as_text(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _type(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if not any(_TYPES[n](value) for n in names):
        yield f"{at.place}: {_short(value)} is not of type {' or '.join(names)}"


def _enum(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if not any(equal_json(value, w) for w in wanted):
        yield f"{at.place}: {_short(value)} is not one of {_short(wanted)}"


def _const(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if not equal_json(value, wanted):
        yield f"{at.place}: {_short(value)} is not {_short(wanted)}"


def _measured(kind: str, words: str, measure: Callable[[Any], Any], fits: Callable[[Any, Any], bool]) -> _Check:
    def check(at: _At, value: Any, wanted: Any) -> Iterator[str]:
        if _TYPES[kind](value) and not fits(measure(value), wanted):
            yield f"{at.place}: {_short(value)} {words} {wanted}"

    return check


def _multiple(value: Any, wanted: Any) -> bool:
    from fractions import Fraction

    return Fraction(repr(value)) % Fraction(repr(wanted)) == 0


def _pattern(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if isinstance(value, str) and at.root.pattern(wanted).search(value) is None:
        yield f"{at.place}: {_short(value)} does not match {wanted}"


def _unique(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if wanted and isinstance(value, list):
        plain = [as_text(_unified(v)) for v in value]
        if len(set(plain)) < len(plain):
            yield f"{at.place}: two members are the same"


def _unified(value: Any) -> Any:
    """The value with whole floats as integers, so that equal values are written alike."""
    if isinstance(value, dict):
        return {k: _unified(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_unified(v) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _required(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{at.place}: {name!r} is missing" for name in wanted if name not in value)


def _properties(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, schema in wanted.items():
            if name in value:
                yield from at.within(value[name], schema, f".{name}")


def _pattern_properties(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    for pattern, schema in wanted.items() if isinstance(value, dict) else ():
        for name in value:
            if at.root.pattern(pattern).search(name):
                yield from at.within(value[name], schema, f".{name}")


def _additional(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    known, patterns = at.schema.get("properties", {}), at.schema.get("patternProperties", {})
    for name in value if isinstance(value, dict) else ():
        if name not in known and not any(at.root.pattern(p).search(name) for p in patterns):
            if wanted is False:
                yield f"{at.place}: {name!r} is not allowed"
            else:
                yield from at.within(value[name], wanted, f".{name}")


def _names(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    for name in value if isinstance(value, dict) else ():
        yield from at.within(name, wanted, f".{name}")


def _items(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    start = len(at.schema.get("prefixItems", ()))
    for index, one in enumerate(value[start:] if isinstance(value, list) else (), start):
        yield from at.within(one, wanted, f"[{index}]")


def _prefix(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    for index, (one, schema) in enumerate(zip(value, wanted, strict=False) if isinstance(value, list) else ()):
        yield from at.within(one, schema, f"[{index}]")


def _contains(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if isinstance(value, list) and not any(at.fits(v, wanted) for v in value):
        yield f"{at.place}: no member fits what it must contain"


def _all_of(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    for schema in wanted:
        yield from at.within(value, schema)


def _any_of(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if not any(at.fits(value, schema) for schema in wanted):
        yield f"{at.place}: {_short(value)} fits none of {len(wanted)} alternatives"


def _one_of(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    fitting = sum(at.fits(value, schema) for schema in wanted)
    if fitting != 1:
        yield f"{at.place}: {_short(value)} fits {fitting} of {len(wanted)} alternatives, not one"


def _not(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    if at.fits(value, wanted):
        yield f"{at.place}: {_short(value)} is what is ruled out"


def _ref(at: _At, value: Any, wanted: Any) -> Iterator[str]:
    yield from at.within(value, at.root.resolve(wanted))


_KEYWORDS: dict[str, _Check] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _measured("number", "is below", lambda v: v, lambda v, w: v >= w),
    "maximum": _measured("number", "is above", lambda v: v, lambda v, w: v <= w),
    "exclusiveMinimum": _measured("number", "is not above", lambda v: v, lambda v, w: v > w),
    "exclusiveMaximum": _measured("number", "is not below", lambda v: v, lambda v, w: v < w),
    "multipleOf": _measured("number", "is not a multiple of", lambda v: v, _multiple),
    "minLength": _measured("string", "is shorter than", len, lambda v, w: v >= w),
    "maxLength": _measured("string", "is longer than", len, lambda v, w: v <= w),
    "minItems": _measured("array", "has fewer members than", len, lambda v, w: v >= w),
    "maxItems": _measured("array", "has more members than", len, lambda v, w: v <= w),
    "minProperties": _measured("object", "has fewer keys than", len, lambda v, w: v >= w),
    "maxProperties": _measured("object", "has more keys than", len, lambda v, w: v <= w),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "required": _required,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "prefixItems": _prefix,
    "contains": _contains,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "$ref": _ref,
}


def _is_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(n, str) and n in _TYPES for n in names)


_is_number, _is_object, _is_text = _TYPES["number"], _TYPES["object"], _TYPES["string"]
_FORMS: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": _TYPES["array"],
    "required": _is_texts,
    "pattern": _is_text,
    "$ref": _is_text,
    "multipleOf": lambda v: _is_number(v) and v > 0,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_number),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), _is_object),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _is_schemas),
}


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas directly within a schema, with their places."""
    for keyword in ("properties", "patternProperties", "$defs", "definitions"):
        yield from ((f"{keyword}/{name}", part) for name, part in schema.get(keyword, {}).items())
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        yield from ((f"{keyword}/{index}", part) for index, part in enumerate(schema.get(keyword, ())))
    for keyword in ("items", "additionalProperties", "propertyNames", "contains", "not"):
        if keyword in schema:
            yield keyword, schema[keyword]
