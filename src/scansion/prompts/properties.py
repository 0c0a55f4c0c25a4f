"""Declared inputs and outputs (Prompty specification, sections 2.7, 4.4 and 7.1.4) and their JSON Schema.

They stand as a list of properties, as a mapping of names to properties or to plain values (the value is then the
default), or either of these under the key `properties`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.prompts.frontmatter import Where

__all__ = ["RICH", "Property", "all_required", "json_schema", "read_properties"]

RICH = frozenset({"thread", "image", "file", "audio"})
"""Kinds that are not text: they become messages or parts of messages."""

_KEYS = frozenset({"kind", "type", "description", "required", "default", "example", "sample", "enumValues", "enum"})
_NESTED = frozenset({"items", "properties"})
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "float", list: "array", dict: "object"}
_ALIASES = {"number": "float", "int": "integer", "bool": "boolean", "str": "string", "list": "array", "dict": "object"}
_SCHEMA_TYPES = {
    "string": "string",
    "integer": "integer",
    "float": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}


class Property(Struct, frozen=True, omit_defaults=True):
    """One declared input or output. A `default` of None is no default; an `example` is never used as a value.

    `items` describes the elements of an array, `properties` the fields of an object.
    """

    name: str
    kind: str = "string"
    description: str = ""
    required: bool = False
    default: Any = None
    example: Any = None
    choices: tuple[Any, ...] = ()
    items: Property | None = None
    properties: tuple[Property, ...] = ()


def read_properties(value: Any, where: Where, *path: str | int) -> tuple[Property, ...]:
    """The properties that a front matter value declares. Raises InputError with file and line."""
    if isinstance(value, dict) and isinstance(value.get("properties"), list | dict):
        value, path = value["properties"], (*path, "properties")
    if value is None or value == "":
        return ()
    if isinstance(value, dict):
        return tuple(_read(name, inner, where, (*path, name)) for name, inner in value.items())
    if not isinstance(value, list):
        raise InputError(f"{where.at(*path)}: {path[-1]} must be a list of properties or a mapping of names to them")
    found = [_listed(item, where, (*path, i)) for i, item in enumerate(value)]
    names = [p.name for p in found]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise InputError(f"{where.at(*path, i)}: {name!r} is declared twice")
    return tuple(found)


def _listed(item: Any, where: Where, path: tuple[str | int, ...]) -> Property:
    if isinstance(item, str):
        return Property(item)
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise InputError(f"{where.at(*path)}: a property in a list needs a name: - name: question")
    return _read(item["name"], {k: v for k, v in item.items() if k != "name"}, where, path)


def _read(name: str, value: Any, where: Where, path: tuple[str | int, ...]) -> Property:
    if not _is_property(value):
        return Property(name, _KINDS.get(type(value), "string"), default=value)
    kind = value.get("kind", value.get("type")) or _KINDS.get(type(value.get("default")), "string")
    if not isinstance(kind, str):
        raise InputError(f"{where.at(*path)}: the kind of {name!r} must be a word such as string or integer")
    choices = value.get("enumValues", value.get("enum")) or ()
    if not isinstance(choices, list | tuple):
        raise InputError(f"{where.at(*path)}: enumValues of {name!r} must be a list")
    items = value.get("items")
    return Property(
        name=name,
        kind=_ALIASES.get(kind, kind),
        description=str(value.get("description") or ""),
        required=value.get("required") is True,
        default=value.get("default"),
        example=value.get("example", value.get("sample")),
        choices=tuple(choices),
        items=None if items is None else _read("", items if isinstance(items, dict) else {"kind": items}, where, path),
        properties=read_properties(value.get("properties"), where, *path, "properties"),
    )


def _is_property(value: Any) -> bool:
    """Whether a mapping describes a property, rather than being the default value of an object."""
    if not isinstance(value, dict):
        return False
    kind = value.get("kind", value.get("type"))
    known = isinstance(kind, str) and (kind in _SCHEMA_TYPES or kind in _ALIASES or kind in RICH)
    return known or value.keys() <= _KEYS | _NESTED


def json_schema(properties: tuple[Property, ...]) -> dict[str, Any]:
    """The JSON Schema of an object with these properties. Nothing else may stand in it."""
    schema: dict[str, Any] = {"type": "object", "properties": {p.name: _schema(p) for p in properties}}
    required = [p.name for p in properties if p.required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    return schema


def _schema(prop: Property) -> dict[str, Any]:
    if prop.kind == "object" and prop.properties:
        schema = json_schema(prop.properties)
    else:
        schema = {"type": _SCHEMA_TYPES[prop.kind]} if prop.kind in _SCHEMA_TYPES else {}
    if prop.kind == "array" and prop.items is not None:
        schema["items"] = _schema(prop.items)
    if prop.description:
        schema["description"] = prop.description
    if prop.choices:
        schema["enum"] = list(prop.choices)
    return schema


def all_required(properties: tuple[Property, ...]) -> bool:
    """Whether every property is required, at every depth, as providers ask of a strict schema."""
    return all(
        p.required and all_required(p.properties) and (p.items is None or all_required(p.items.properties))
        for p in properties
    )
