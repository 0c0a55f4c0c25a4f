"""The tests of a promptfoo configuration as rows of data: values, files, lists that stand for several, defaults.

Source: promptfoo, test cases and scenarios (https://www.promptfoo.dev/docs/configuration/test-cases/).
"""

from __future__ import annotations

import base64
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.errors import InputError
from scansion.interop.promptfoo_asserts import Context, from_text, ready, target_of
from scansion.interop.promptfoo_config import Config, Skips, mapping, number
from scansion.interop.promptfoo_files import expand, expand_all, is_program, load_value, named, read_text
from scansion.interop.promptfoo_templates import rendered, shown_as
from scansion.types import hexdigest

__all__ = ["Case", "numbered", "read_cases", "row_of", "test_of"]

_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_IGNORED = frozenset({"description", "vars", "assert", "options", "threshold", "metadata", "id"})
_OPTIONS = frozenset({"provider", "disableVarExpansion", "disableDefaultAsserts", "rubricPrompt", "prefix", "suffix"})
_SPECIAL = re.compile(r"__(expected\d*|prefix|suffix|description|providerOutput|metric|threshold|metadata.*|config.*)")


class Case(Struct, frozen=True):
    """One test before its lists are spread: what it says, where it stands, and the folder of its files."""

    says: dict[str, Any]
    where: str
    folder: Path
    at: tuple[str | int, ...] = ()


def read_cases(config: Config) -> list[Case]:
    """All tests, scenarios included; one empty test where the configuration has none."""
    values = config.values
    cases = list(_cases(values.get("tests"), ("tests",), config))
    for i, scenario in enumerate(values.get("scenarios") or []):
        cases += _scenario(scenario, ("scenarios", i), config)
    if not cases and not values.get("scenarios"):
        cases = [Case({}, config.where.at("prompts"), config.folder)]
    if not cases:
        raise InputError(f"{config.where.at('scenarios')}: no test to run")
    return cases


def _cases(listed: Any, at: tuple[str | int, ...], config: Config) -> Iterator[Case]:
    if isinstance(listed, str) or (isinstance(listed, dict) and "path" in listed):
        listed = [listed]
    for i, one in enumerate(listed if isinstance(listed, list) else []):
        where = config.where.at(*at, i)
        path = one.get("path") if isinstance(one, dict) and set(one) <= {"path", "config"} else one
        if isinstance(path, str):
            yield from _of_file(path, where, config)
        elif isinstance(one, dict):
            yield Case(one, where, config.folder, (*at, i))
        else:
            config.skips.add("a test that is no mapping", where)


def _of_file(path: str, where: str, config: Config) -> Iterator[Case]:
    """The tests in a file or glob."""
    if is_program(path) or re.match(r"(https?|huggingface|az|sharepoint)://", path):
        config.skips.add("tests that a program or a server gives", where)
        return
    for file in expand_all(path, config.folder, where):
        held = load_value(file)
        table = file.suffix.lower() in (".csv", ".tsv")
        for nth, row in enumerate(held if isinstance(held, list) else [held], 1):
            place = f"{_shown(file, config.folder)} row {nth}"
            if not isinstance(row, dict):
                config.skips.add("a test that is no mapping", place)
                continue
            flat = table or any(key.startswith("__expected") for key in row)
            yield Case(test_of(row, place, config.skips) if flat else row, place, file.parent)


def _shown(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def test_of(row: Mapping[str, Any], where: str, skips: Skips) -> dict[str, Any]:
    """The test that a row of a table stands for: `__expected` columns are assertions, plain ones values."""
    found: dict[str, Any] = {"vars": {k: v for k, v in row.items() if not _SPECIAL.fullmatch(k)}}
    asserts = [from_text(str(v)) for k, v in row.items() if k.startswith("__expected") and str(v).strip()]
    for key, value in row.items():
        text = str(value).strip()
        match = re.fullmatch(r"__config:__expected(\d*):threshold", key)
        index = int(match[1] or 1) - 1 if match else -1
        if match and text and 0 <= index < len(asserts):
            asserts[index]["threshold"] = number(text, f"{where}: {key}")
        elif key == "__metric" and text:
            asserts = [{**a, "metric": text} for a in asserts]
        elif key == "__threshold" and text:
            found["threshold"] = number(text, f"{where}: {key}")
        elif key in ("__prefix", "__suffix", "__providerOutput") and text:
            skips.add(f"column {key}", where)
        elif key == "__description":
            found["description"] = text
    return {**found, "assert": asserts}


def _scenario(scenario: Any, at: tuple[str | int, ...], config: Config) -> Iterator[Case]:
    """Every test of a scenario with each of its sets of values."""
    where = config.where.at(*at)
    if not isinstance(scenario, dict):
        config.skips.add("a scenario in a file", where)
        return
    data = list(_cases(scenario.get("config"), (*at, "config"), config))
    tests = list(_cases(scenario.get("tests"), (*at, "tests"), config)) or [Case({}, where, config.folder)]
    for one, test in itertools.product(data, tests):
        says = {**one.says, **test.says, "vars": {**_vars(one, config), **_vars(test, config)}}
        says["assert"] = [*(one.says.get("assert") or []), *(test.says.get("assert") or [])]
        yield Case(says, test.where, test.folder)


def _vars(case: Case, config: Config) -> dict[str, Any]:
    """A test's values; they may stand in files of their own."""
    given = case.says.get("vars")
    if isinstance(given, dict):
        return dict(given)
    found: dict[str, Any] = {}
    for path in [given] if isinstance(given, str) else given if isinstance(given, list) else []:
        for file in expand(str(path), case.folder):
            held = load_value(file)
            found |= held if isinstance(held, dict) else {}
    if given and not found:
        config.skips.add("vars that no file gives", case.where)
    return found


def row_of(case: Case, default: Mapping[str, Any], config: Config) -> Iterator[dict[str, Any]]:
    """The rows of a test: one for each combination of its lists, with the assertions that hold for it."""
    place = config.where.at("defaultTest")
    options = {
        **mapping(default.get("options"), place, "options of defaultTest"),
        **mapping(case.says.get("options"), case.where, "options of a test"),
    }
    _note(case, config)
    values = {**mapping(default.get("vars"), place, "vars of defaultTest"), **_vars(case, config)}
    threshold = case.says.get("threshold", default.get("threshold"))
    asserts = [] if options.get("disableDefaultAsserts") is True else _placed(default, ("defaultTest",), config, "")
    asserts += _placed(case.says, case.at, config, case.where)
    for chosen in [values] if options.get("disableVarExpansion") else _spread(values, case.folder):
        inputs = _filled(chosen, case, config)
        context = Context(inputs, case.folder, config.skips, options.get("provider"))
        made = [ready(a, where, context) for a, where in asserts]
        if threshold is not None and made:
            least = number(threshold, f"{case.where}: the threshold of a test")
            made = [{"type": "assert-set", "threshold": least, "assert": made}]
        yield {"inputs": inputs, "assert": made, "called": case.says.get("description")}


def _placed(says: Mapping[str, Any], at: tuple[str | int, ...], config: Config, where: str) -> list[tuple[Any, str]]:
    """A test's assertions with their places."""
    listed = says.get("assert")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise InputError(f"{config.where.at(*at, 'assert')}: assert must be a list of assertions")
    return [(one, config.where.at(*at, "assert", i) if at else where) for i, one in enumerate(listed)]


def _note(case: Case, config: Config) -> None:
    """Note what a test says and no row can."""
    for key in case.says:
        if key not in _IGNORED and case.says[key]:
            config.skips.add(f"{key} of a test", config.where.at(*case.at, key) if case.at else case.where)
    for key, value in (case.says.get("options") or {}).items():
        if key not in _OPTIONS and value:
            config.skips.add(f"options.{key} of a test", case.where)


def _spread(values: Mapping[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Every combination of the values of lists of texts, and of files that a glob names."""
    choices: list[list[Any]] = []
    for value in values.values():
        path = named(value)
        if path is not None and any(c in path for c in "*?["):
            choices.append([f"file://{file.absolute()}" for file in expand(path, folder)] or [value])
        else:
            choices.append(value if isinstance(value, list) and value and isinstance(value[0], str) else [value])
    for chosen in itertools.product(*choices):
        yield dict(zip(values, chosen, strict=True))


def _filled(values: Mapping[str, Any], case: Case, config: Config) -> dict[str, Any]:
    """The values as prompts get them: files read, one final line end cut, other values put in."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        path = named(value)
        try:
            read = value if path is None else _read(path, case.folder)
        except InputError as error:
            config.skips.add(f"the value of {name} ({error})", case.where)
            read = ""
        found[name] = re.sub(r"\n\Z", "", read) if isinstance(read, str) else read
    for _ in range(3):  # a value may hold one that holds one
        before = dict(found)
        found = {n: _value(n, v, before, (case, config)) for n, v in before.items()}
        if found == before:
            break
    return {name: value if isinstance(value, dict | list) else shown_as(value) for name, value in found.items()}


def _value(name: str, value: Any, values: dict[str, Any], place: tuple[Case, Config]) -> Any:
    """A value with others put in; what cannot be filled stays as it stands, and is noted."""
    if not isinstance(value, str):
        return value
    try:
        return rendered(value, _others(name, value, values))
    except InputError as error:
        case, config = place
        config.skips.add(f"the value of {name} ({error})", case.where)
        return value


def _others(name: str, text: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values that a text may hold: all but its own, those that are missing as they are written."""
    missing = {n: "{{" + n + "}}" for n in re.findall(r"\{\{\s*(\w+)\s*\}\}", text) if n not in values or n == name}
    return {**values, **missing}


def _read(path: str, folder: Path) -> str:
    """The text of a value's file; a table or document as JSON, an image as a data URL."""
    if is_program(path):
        raise InputError("a program gives it")
    files = expand(path, folder)
    if not files:
        raise InputError(f"no file {path}")
    suffix = files[0].suffix.lower()
    if suffix in (".yaml", ".yml"):
        return str(shown_as(load_value(files[0])))
    if suffix in _IMAGES:
        return f"data:{_IMAGES[suffix]};base64,{base64.b64encode(files[0].read_bytes()).decode()}"
    return read_text(files[0]).strip()


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with ids and targets in the layout of our own exports. An id is the test's description where that is its
    alone, else the digest of its values; the target is the first text that an output must be or hold."""
    called = [str(row["called"] or "") for row in rows]
    often = Counter(called)
    clash = any("assert" in row["inputs"] for row in rows)
    column = "assertions" if clash else "assert"
    taken: set[str] = set()
    found = []
    for row, name in zip(rows, called, strict=True):
        id = name if name and often[name] == 1 else hexdigest(row["inputs"])[:12]
        base, number = id, 2
        while id in taken:
            id, number = f"{base}-{number}", number + 1
        taken.add(id)
        target = target_of(row["assert"])
        listed = {column: row["assert"]}
        found.append(
            {"id": id, "inputs": {**row["inputs"], **listed}, **({} if target is None else {"target": target})}
        )
    return found
