"""JSON objects from bytes, and in plain words why some bytes are not one."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

from scansion.data.files import Where, not_utf8
from scansion.errors import InputError

__all__ = ["FAULTS", "decode", "fault"]

decode = msgspec.json.Decoder(dict[str, Any]).decode
"""One JSON object as a dict; raises one of `FAULTS`."""

FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def fault(
    raw: bytes, where: Where, line: int, error: BaseException, advice: str = "each row must be one JSON object"
) -> InputError:
    """The error for `raw`, which starts on `line` and which `decode` refused: what is wrong, where, what to do."""
    wrong = not_utf8(raw, where, line)
    if wrong:
        return wrong
    skipped, reason = _reason(raw, error, advice)
    return InputError(f"{where(line + skipped)}: {reason}")


def _reason(raw: bytes, error: BaseException, advice: str) -> tuple[int, str]:
    """How many lines down the fault is, and what it is."""
    if isinstance(error, RecursionError):
        return 0, "nested too deeply to be read; flatten it"
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except json.JSONDecodeError as found:
        reason = found.msg[:1].lower() + found.msg[1:].removesuffix(" at")
        return found.lineno - 1, f"not JSON ({reason} at column {found.colno}); {advice}"
    except (ValueError, RecursionError) as found:
        return 0, str(found)
    if not isinstance(value, dict):
        return 0, f'{_kind(value)} where a JSON object is needed, such as {{"question": "..."}}'
    detail = "half of a surrogate pair" if "\\ud" in raw.decode().lower() else str(error).split(" - at")[0]
    return 0, f"not JSON that can be kept ({detail}); mend this row"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON; write null or a number")


def _kind(value: Any) -> str:
    words = {list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return words.get(type(value), "null")
