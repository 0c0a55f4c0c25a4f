"""Calls of tools: read from an output or a target, and matched by structure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from scansion.scorers._json import equal_json, objects_within, parse_json
from scansion.scorers._texts import as_text
from scansion.types import Message, Output

__all__ = ["Arguments", "Made", "calls_made", "calls_wanted", "differences", "matched"]

Arguments = Literal["exact", "subset", "names"]

_TAGGED = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
_NAMES = ("name", "function", "tool")
_ARGUMENTS = ("arguments", "parameters", "args", "input")
_SHOWN = 80  # characters of a value that are shown


class Made(Struct, frozen=True):
    """A call: the tool's name and its arguments as JSON values; `unread` says what is wrong with arguments that are no
    JSON."""

    name: str
    arguments: Any = {}
    unread: str = ""

    @property
    def text(self) -> str:
        """The call as it is shown: `get_weather(city="Paris")`."""
        if isinstance(self.arguments, dict) and not self.unread:
            inner = ", ".join(f"{key}={_shown(value)}" for key, value in self.arguments.items())
        else:
            inner = _shown(self.arguments)
        return f"{self.name}({inner})"


def calls_made(output: Output) -> list[Made]:
    """The calls that an output ends in: those of its last message, or else those that its text writes as JSON."""
    messages: Sequence[Message] | str = output.messages
    if not isinstance(messages, str) and messages and messages[-1].role == "assistant" and messages[-1].tool_calls:
        return [_made(call.name, call.arguments) for call in messages[-1].tool_calls]
    return list(_written(output.text))


def calls_wanted(value: Any) -> list[Made] | str:
    """The calls that a target names, or what is wrong with it: a list of `{"name", "arguments"}`, one such, or either
    as JSON text; an empty list for no call."""
    if isinstance(value, str):
        value, wrong = parse_json(value.strip())
        if wrong:
            return f"the target is not JSON ({wrong})"
    listed = list(_listed(value))
    if not listed and value not in ([], {"tool_calls": []}):
        return 'the target names no call; write [{"name": "...", "arguments": {...}}], or [] for no call'
    found: list[Made] = []
    for each in listed:
        call = _call_of(each)
        if call is None:
            return f"the target holds what is no call: {_shown(each)}"
        if call.unread:
            return f"the arguments of {call.name} are not JSON ({call.unread})"
        found.append(call)
    return found


def _made(name: str, arguments: Any) -> Made:
    if not isinstance(arguments, str):
        return Made(name, {} if arguments is None else arguments)
    if not arguments.strip():
        return Made(name)
    value, wrong = parse_json(arguments)
    return Made(name, arguments, wrong) if wrong else Made(name, {} if value is None else value)


def _written(text: str) -> Iterator[Made]:
    """The calls that stand in a text as JSON: in `<tool_call>` tags, or one object after the other."""
    tagged = _TAGGED.findall(text)
    if tagged:
        for body in tagged:
            value, wrong = parse_json(body.strip())
            call = None if wrong else _call_of(value)
            yield call if call is not None else Made("?", body.strip(), wrong or "it names no tool")
        return
    for found in objects_within(text):
        for each in _listed(found):
            call = _call_of(each, bare=False)
            if call is not None:
                yield call


def _listed(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
        yield from value["tool_calls"]
    elif isinstance(value, list | tuple):
        yield from value
    elif isinstance(value, dict):
        yield value


def _call_of(value: Any, *, bare: bool = True) -> Made | None:
    """The call that an object is, in the forms that providers and models write; None for any other. A `bare` name is a
    call without arguments."""
    if not isinstance(value, dict):
        return None
    inner = value.get("function")
    if isinstance(inner, dict):
        value = inner
    name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
    held = [key for key in _ARGUMENTS if key in value]
    if name is None or not (held or (bare and value.keys() <= {*_NAMES, "id", "type"})):
        return None
    return _made(name, value[held[0]] if held else None)


def fits(wanted: Made, made: Made, arguments: Arguments) -> bool:
    """Whether a call is the one that is wanted."""
    if wanted.name != made.name or arguments == "names":
        return wanted.name == made.name
    if made.unread:
        return False
    if arguments == "subset" and isinstance(wanted.arguments, dict) and isinstance(made.arguments, dict):
        given = made.arguments
        return all(key in given and equal_json(value, given[key]) for key, value in wanted.arguments.items())
    return equal_json(wanted.arguments, made.arguments)


def matched(wanted: Sequence[Made], made: Sequence[Made], arguments: Arguments, *, ordered: bool) -> dict[int, int]:
    """Which wanted call (by its place) is which of those made: as many as can be, in one order where it counts."""
    can = [[fits(want, did, arguments) for did in made] for want in wanted]
    return _in_order(can, len(made)) if ordered else _in_any(can, len(made))


def _in_order(can: list[list[bool]], width: int) -> dict[int, int]:
    """The longest common subsequence."""
    best = [[0] * (width + 1) for _ in range(len(can) + 1)]
    for i in reversed(range(len(can))):
        for j in reversed(range(width)):
            best[i][j] = 1 + best[i + 1][j + 1] if can[i][j] else max(best[i + 1][j], best[i][j + 1])
    pairs, i, j = dict[int, int](), 0, 0
    while i < len(can) and j < width:
        if can[i][j]:
            pairs[i] = j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _in_any(can: list[list[bool]], width: int) -> dict[int, int]:
    """A largest matching, by augmenting paths."""
    holder: dict[int, int] = {}

    def place(i: int, seen: set[int]) -> bool:
        for j in range(width):
            if can[i][j] and j not in seen:
                seen.add(j)
                if j not in holder or place(holder[j], seen):
                    holder[j] = i
                    return True
        return False

    for i in range(len(can)):
        place(i, set())
    return {i: j for j, i in holder.items()}


def differences(wanted: Sequence[Made], made: Sequence[Made], pairs: dict[int, int], *, extra: bool) -> list[str]:
    """What differs, in words: a wanted call beside one of its name, or as missing; then calls that are not wanted,
    where `extra` ones count."""
    said: list[str] = []
    left = [j for j in range(len(made)) if j not in pairs.values()]
    for i, want in enumerate(wanted):
        if i in pairs:
            continue
        alike = next((j for j in left if made[j].name == want.name), None)
        if alike is None:
            said.append(f"missing: {want.text}")
        else:
            left.remove(alike)
            said.append(_apart(want, made[alike]))
    return said + ([f"not wanted: {made[j].text}" for j in left] if extra else [])


def _apart(want: Made, did: Made) -> str:
    if did.unread:
        return f"{did.name}: its arguments are not JSON ({did.unread})"
    if not (isinstance(want.arguments, dict) and isinstance(did.arguments, dict)):
        return f"{did.name}: {_shown(did.arguments)}, and {_shown(want.arguments)} is wanted"
    keys = [*want.arguments, *(key for key in did.arguments if key not in want.arguments)]
    told = [text for key in keys if (text := _told(key, want.arguments, did.arguments))]
    return f"{did.name}: {'; '.join(told)}" if told else f"{did.name} stands in another place"


def _told(key: str, want: dict[str, Any], did: dict[str, Any]) -> str:
    if key not in did:
        return f"{key} is missing, {_shown(want[key])} is wanted"
    if key not in want:
        return f"{key}={_shown(did[key])} is not wanted"
    if equal_json(want[key], did[key]):
        return ""
    return f"{key} is {_shown(did[key])}, {_shown(want[key])} is wanted"


def _shown(value: Any) -> str:
    text = as_text([value])[1:-1] if isinstance(value, str) else as_text(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
