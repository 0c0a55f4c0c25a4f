"""A prompt's tools (Prompty specification, sections 2.9 and 7.1.3). Only functions are offered to a model."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError
from scansion.prompts.frontmatter import Where
from scansion.prompts.properties import json_schema, read_properties
from scansion.types import Tool

__all__ = ["read_tools"]


def read_tools(meta: dict[str, Any], where: Where, notes: list[str]) -> tuple[Tool, ...]:
    """The function tools of a front matter; says in `notes` which others are kept but not sent.

    They stand under `tools` as a list or a mapping of names, or where the first version had them, in
    `model.parameters.tools` as the OpenAI API writes them. Raises InputError with file and line.
    """
    model = meta.get("model")
    parameters = model.get("parameters") if isinstance(model, dict) else None
    value: Any = meta.get("tools")
    path: tuple[str, ...] = ("tools",)
    if value is None and isinstance(parameters, dict):
        value, path = parameters.get("tools"), ("model", "parameters", "tools")
    if isinstance(value, dict):
        value = [{"name": name, **tool} if isinstance(tool, dict) else tool for name, tool in value.items()]
    if not (value is None or isinstance(value, list)):
        raise InputError(f"{where.at(*path)}: tools must be a list")
    found = [_tool(item, where, (*path, i), notes) for i, item in enumerate(value or [])]
    return tuple(tool for tool in found if tool is not None)


def _tool(value: Any, where: Where, path: tuple[str | int, ...], notes: list[str]) -> Tool | None:
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = {"kind": "function", **value["function"]}
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise InputError(f"{where.at(*path)}: a tool needs a name and a kind")
    kind = value.get("kind", value.get("type", "function"))
    if kind != "function":
        notes.append(f"the tool {value['name']!r} of kind {kind} is kept but not offered to the model")
        return None
    schema = _parameters(value.get("parameters"), where, path)
    return Tool(value["name"], str(value.get("description") or ""), _without(schema, value.get("bindings")))


def _parameters(value: Any, where: Where, path: tuple[str | int, ...]) -> dict[str, Any]:
    """The JSON Schema of a tool's parameters, which may be one already."""
    if isinstance(value, dict) and value.get("type") == "object" and isinstance(value.get("properties", {}), dict):
        return dict(value)
    schema = json_schema(read_properties(value, where, *path, "parameters"))
    schema.pop("additionalProperties")
    return schema


def _without(schema: dict[str, Any], bindings: Any) -> dict[str, Any]:
    """The schema without the parameters that the prompt binds itself: the model is not told of them."""
    bound = set(bindings) if isinstance(bindings, dict) else set()
    if not bound:
        return schema
    properties = {k: v for k, v in schema.get("properties", {}).items() if k not in bound}
    required = [name for name in schema.get("required", []) if name not in bound]
    rest = {k: v for k, v in schema.items() if k not in ("properties", "required")}
    return {**rest, "properties": properties, **({"required": required} if required else {})}
