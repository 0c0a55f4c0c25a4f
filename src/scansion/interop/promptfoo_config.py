"""A promptfoo configuration as it stands in its file: found by name or keys, read with the line of everything in it.

Source: promptfoo, configuration reference (https://www.promptfoo.dev/docs/configuration/reference/).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scansion.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scansion.prompts.frontmatter import Where

__all__ = ["Config", "Skips", "is_config", "mapping", "number", "read_config", "repeats"]

_NAME = re.compile(r"promptfooconfig\b.*\.(ya?ml|json|[cm]?[jt]s)$", re.IGNORECASE)
_KEY = re.compile(r"^[\"']?(\w+)[\"']?\s*:", re.MULTILINE)
_OURS = frozenset({"models", "data", "scorers", "variants"})
_MOST = 1e300
_READ = 256_000  # characters in which a configuration shows its keys
_ENV = re.compile(r"""\{\{-?\s*env\.(\w+)\s*(?:\|\s*default\(\s*(['"])(.*?)\2\s*\)\s*)?-?\}\}""")
_SECRET = frozenset({"apiKey", "key", "token", "password", "headers"})
_SETTINGS = frozenset({"providers", "targets", "provider", "config"})  # under these stand keys
_VALUES = frozenset({"vars", "scenarios"})
_HOW = frozenset(  # what says how promptfoo works and shows, not what it asks
    {"maxConcurrency", "delay", "cache", "table", "tableCellMaxLength", "write", "share", "noShare", "progressBar"}
    | {"showProgressBar", "verbose", "silent", "output", "watch", "description", "tags", "interactiveProviders"}
    | {"generateSuggestions", "suggestionsCount", "retryErrors"}
)
_KNOWN = frozenset({"prompts", "providers", "targets", "tests", "defaultTest", "scenarios", "evaluateOptions", "env"})
_QUIET = frozenset(
    {"description", "$schema", "tags", "metadata", "outputPath", "sharing", "commandLineOptions", "writeLatestResults"}
)


class Skips:
    """What was left out and what a person should know, each with its places in the file.

    `variables` are those of the environment whose values were put in.
    """

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}
        self.variables: set[str] = set()

    def add(self, what: str, where: str) -> None:
        """Note that `what` stands at `where` (`file:line`) and is not used."""
        places = self._places.setdefault(what, [])
        if where not in places:
            places.append(where)

    def lines(self) -> list[str]:
        """One line for each thing: what, and where in the file."""
        return [f"{what}: {_listed(places)}" for what, places in self._places.items()]


def _listed(places: list[str]) -> str:
    return ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")


class Config(Struct, frozen=True):
    """A configuration: its values with `{{ env.X }}` and `$ref` put in, where they stand, and the file's folder."""

    values: dict[str, Any]
    where: Where
    folder: Path
    skips: Skips


def is_config(path: str | Path) -> bool:
    """Whether a file is a promptfoo configuration: called promptfooconfig.*, or with the keys of one."""
    file = Path(path)
    if _NAME.match(file.name):
        return file.is_file()
    if file.suffix.lower() not in (".yaml", ".yml", ".json") or not file.is_file():
        return False
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as stream:
            keys = _keys(stream.read(_READ), file.suffix.lower() == ".json")
    except OSError:
        return False
    return "prompts" in keys and bool(keys & {"providers", "targets"}) and not keys & _OURS


def _keys(text: str, is_json: bool) -> set[str]:
    """The keys at the top of a YAML or JSON text."""
    if not is_json:
        return {match[1] for match in _KEY.finditer(text)}
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    return set(found) if isinstance(found, dict) else set()


def read_config(path: str | Path) -> Config:
    """The configuration in a YAML or JSON file. Raises InputError with file and line for what cannot be read."""
    file = Path(path)
    if re.search(r"\.[cm]?[jt]s$", file.name):
        raise InputError(f"{path}: is a program; write the configuration out as YAML or JSON, which are read")
    values, where = _parsed(file, str(path))
    if not isinstance(values, dict) or "prompts" not in values:
        raise InputError(f"{path}: no prompts; a promptfoo configuration has prompts, providers and tests")
    skips = Skips()
    for key in values:
        if key not in _KNOWN | _QUIET and not _referred(values, key):
            skips.add(f"{key} is not read{_meant(key)}", where.at(key))
    own = values.get("env")
    environment = {str(k): str(v) for k, v in own.items()} if isinstance(own, dict) else {}
    filled = _filled(_dereferenced(values, values), environment, skips.variables)
    return Config(filled, where, file.parent, skips)


def _meant(key: Any) -> str:
    """A hint at the known key that an unknown one is near."""
    import difflib

    near = difflib.get_close_matches(str(key), sorted(_KNOWN), n=1, cutoff=0.75)
    return f"; did you mean {near[0]!r}?" if near else ""


def repeats(config: Config) -> int:
    """How often each test is asked, by the options of the command line that stand in the file, else by those of the
    evaluation; options that are not read are noted."""
    found = None
    for name in ("commandLineOptions", "evaluateOptions"):
        options = mapping(config.values.get(name), config.where.at(name), name)
        for key, value in options.items():
            if key == "repeat" and value is not None:
                said = number(value, f"{config.where.at(name, key)}: {name}.repeat")
                found = said if found is None else found
            elif key not in _HOW and value not in (None, False):
                config.skips.add(f"{name}.{key} is not read", config.where.at(name, key))
    return max(1, int(found or 1))


def mapping(value: Any, where: str, what: str) -> Mapping[str, Any]:
    """A value that has to be a mapping, an empty one for null. Raises InputError, beginning with its place."""
    if value is not None and not isinstance(value, dict):
        raise InputError(f"{where}: {what} must be a mapping, not {str(value)[:40]!r}")
    return value or {}


def number(value: Any, what: str) -> float:
    """A number, also one that stands as text. Raises InputError for anything else."""
    try:
        if isinstance(value, bool):
            raise ValueError
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = float("nan")
    if not abs(found) < _MOST:
        raise InputError(f"{what} is {str(value)[:40]!r}, not a number")
    return value if isinstance(value, int) else found


def _parsed(file: Path, name: str) -> tuple[Any, Where]:
    from scansion.prompts.frontmatter import Where, decode, located_yaml

    try:
        text = decode(file.read_bytes(), name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    if file.suffix.lower() != ".json":
        return located_yaml(text, name)
    import json

    try:
        return json.loads(text), Where(name)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None


def _referred(values: Mapping[str, Any], key: str) -> bool:
    """Whether a top-level key only holds what `$ref` points to."""
    return f"#/{key}/" in str({k: v for k, v in values.items() if k != key})


def _dereferenced(value: Any, root: Mapping[str, Any], depth: int = 0) -> Any:
    """`value` with each `{$ref: "#/a/b"}` replaced by what it points to. Raises InputError where that is nothing."""
    if depth > 64:
        raise InputError("$ref: refers to itself")
    if isinstance(value, list):
        return [_dereferenced(v, root, depth + 1) for v in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and set(value) == {"$ref"}:
        found: Any = root
        for step in reference[2:].split("/"):
            if not isinstance(found, dict) or step not in found:
                return value  # of a JSON Schema, which has its own references
            found = found[step]
        return _dereferenced(found, root, depth + 1)
    return {k: _dereferenced(v, root, depth + 1) for k, v in value.items()}


def _filled(value: Any, environment: Mapping[str, str], used: set[str], settings: bool = False) -> Any:
    """`value` with variables of the environment put in; `used` collects their names.

    `settings` are those of a provider: into what holds keys there nothing is put.
    """
    if isinstance(value, str):
        return _ENV.sub(lambda match: _variable(match, environment, used), value) if "env." in value else value
    if isinstance(value, list):
        return [_filled(v, environment, used, settings) for v in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, held in value.items():
        under = key in _SETTINGS or (settings and key not in _VALUES)
        found[key] = held if settings and key in _SECRET else _filled(held, environment, used, under)
    return found


def _variable(match: re.Match[str], environment: Mapping[str, str], used: set[str]) -> str:
    from scansion.environment import find

    used.add(match[1])
    found = environment.get(match[1]) or find(match[1])
    return found if found is not None else match[3] or ""
