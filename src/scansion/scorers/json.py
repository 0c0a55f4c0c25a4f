"""JSON output: it parses, fits a schema, equals a target."""

from __future__ import annotations

from typing import Any

from scansion.errors import InputError
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._check import NOTHING, TARGET, Check
from scansion.scorers._json import equal_json, parse_json, path_of, step
from scansion.scorers._schema import Schema
from scansion.scorers._texts import as_text
from scansion.specs import Column, folder
from scansion.types import Score, canonical

__all__ = ["json_"]


@scorer("json", "valid_json")
def json_(
    schema: str | None = None,
    path: str | None = None,
    equal: bool | Column = False,
    by: Extractor | None = None,
) -> Check:
    """1 if the output is JSON, and fits `schema`, has something at `path` and equals the target where asked; else 0.

    `schema` is a file with a JSON Schema, or the schema itself. `path` leads to the part that is compared, such as
    `items.0.price`. `equal=true` wants it to equal the row's target, `equal=$column` that column: as values, so that
    key order and white space do not matter and 1 is 1.0. A target that is text is read as JSON if it is an object or
    list, and where it is not, as the text it is. By default the whole output must be JSON; `by=json` or `by=code`
    takes it out of what stands around it.

    Example: `json(schema="{\\"type\\": \\"object\\", \\"required\\": [\\"name\\"]}")`
    """
    checked = Schema(*_read(schema)) if schema is not None else None
    steps = path_of(path)

    def compare(answer: Any, wanted: Any) -> Score:
        value, wrong = parse_json(answer.strip()) if isinstance(answer, str) else (answer, "")
        if wrong:
            return Score(0.0, explanation=f"not JSON: {wrong}")
        problem = checked.problem(value) if checked is not None else None
        if problem:
            return Score(0.0, explanation=problem)
        found, part = step(value, steps)
        if not found:
            return Score(0.0, explanation=f"nothing at {path}")
        if wanted is not NOTHING and not equal_json(part, _value(wanted, part)):
            return Score(0.0, explanation=f"{as_text(part)[:100]} is not {as_text(wanted)[:100]}")
        return Score(1.0)

    wanted: Any = equal if isinstance(equal, Column) else TARGET if equal else NOTHING
    return Check(compare, by=by, wanted=wanted, each=False, gold=None if steps else _document)


def _document(target: Any) -> str:
    """The output that a target itself would be."""
    value = _value(target, {})
    return canonical(value if isinstance(value, dict | list) else target).decode()


def _value(wanted: Any, part: Any) -> Any:
    """The wanted value: a text that holds an object or list is that, and where a text is not compared with a text,
    any JSON that it holds."""
    if not isinstance(wanted, str):
        return wanted
    value, wrong = parse_json(wanted.strip())
    structured = isinstance(value, dict | list) or not isinstance(part, str)
    return value if structured and not wrong else wanted


def _read(schema: str) -> tuple[Any, str]:
    """The schema and where it stands. Raises InputError for what is no file and no JSON."""
    text, where = schema, "schema"
    if not schema.lstrip().startswith(("{", "true", "false")):
        where = schema
        try:
            text = (folder() / schema).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise InputError(f"json: schema {schema!r} cannot be read: {getattr(error, 'strerror', error)}") from None
    value, wrong = parse_json(text)
    if wrong:
        raise InputError(f"json: {where}: not JSON: {wrong}")
    return value, where
