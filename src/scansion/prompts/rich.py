"""Inputs that are not text (Prompty specification, sections 5.2, 6.7 and 12.6): threads of messages, and images.

A thread is a list of messages, each `{"role": ..., "content": ...}`, or the JSON text of one (as a CSV cell holds it).
An image is a URL (http, https or data), base64 text of a PNG, JPEG, GIF or WebP file, or a mapping with `source` (or
`url`, `data`), `mediaType` and `detail`. A path is refused: data cannot read files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scansion.errors import ProgramError
from scansion.prompts.markers import Marker, expanded, message, trimmed
from scansion.types import ImagePart, Message, Part, TextPart, ToolCall

__all__ = ["Slot", "as_image", "as_thread", "with_rich"]

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w-]+=[\w.+-]+)*;base64,(.*)", re.DOTALL)
_STARTS = {"iVBORw0KGgo": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}


class Slot:
    """What a template sees of a thread or an image: its sentinel as text, and a thread's messages to loop over."""

    __slots__ = ("sentinel", "value")

    def __init__(self, sentinel: str, value: Any) -> None:
        self.sentinel, self.value = sentinel, value

    def __str__(self) -> str:
        return self.sentinel

    def __bool__(self) -> bool:
        return bool(self.value)

    def __len__(self) -> int:
        return len(self.value) if isinstance(self.value, tuple) else 1

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value if isinstance(self.value, tuple) else (self.value,))

    def __getitem__(self, index: Any) -> Any:
        return self.value[index]


def with_rich(marker: Marker, text: str, values: tuple[Any, ...]) -> list[Message]:
    """The messages of a turn whose text holds slots: a thread's own messages stand where its slot is."""
    found: list[Message] = []
    parts: list[Part] = []

    def close() -> None:
        if len(parts) == 1 and isinstance(parts[0], TextPart):
            found.append(message(marker, parts[0].text))
        elif parts:
            found.append(Message(marker.role, tuple(parts), name=marker.name))
        parts.clear()

    pieces = expanded(text, values)
    if not pieces:
        return [message(marker, trimmed(text))]
    for piece in pieces:
        if isinstance(piece, tuple):
            close()
            found.extend(piece)
        else:
            parts.append(TextPart(piece) if isinstance(piece, str) else piece)  # type: ignore[arg-type]
    close()
    return found


def as_thread(value: Any, name: str) -> tuple[Message, ...]:
    """The messages of a thread input. Raises ProgramError that names the input and the message."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else ()
        except (ValueError, RecursionError):
            raise ProgramError(f"the thread {name!r} is text that is not JSON; give a list of messages") from None
    if isinstance(value, Mapping):
        value = value.get("messages", value)
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ProgramError(f"the thread {name!r} must be a list of messages, not {type(value).__name__}")
    return tuple(_message(item, f"message {i} of the thread {name!r}") for i, item in enumerate(value, 1))


def _message(value: Any, place: str) -> Message:
    if isinstance(value, Message):
        return value
    role = _ROLES.get(str(value.get("role")).lower()) if isinstance(value, Mapping) else None
    if role is None:
        raise ProgramError(f"{place} needs a role (system, user, assistant or tool) and a content")
    content = value.get("content", value.get("parts"))
    call = value.get("tool_call_id")
    return Message(
        role=role,  # type: ignore[arg-type]
        content=_content(content, place),
        tool_calls=tuple(_tool_call(c, place) for c in value.get("tool_calls") or ()),
        tool_call_id=None if call is None else str(call),
        name=value.get("name"),
    )


def _content(value: Any, place: str) -> str | tuple[Part, ...]:
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, Sequence):
        raise ProgramError(f"the content of {place} must be text or a list of parts")
    parts = tuple(_part(p, place) for p in value)
    return parts[0].text if len(parts) == 1 and isinstance(parts[0], TextPart) else parts


def _part(value: Any, place: str) -> Part:
    if isinstance(value, TextPart | ImagePart):
        return value
    kind = value.get("kind", value.get("type")) if isinstance(value, Mapping) else None
    if kind == "text":
        return TextPart(str(value.get("value", value.get("text", ""))))
    if kind in ("image", "image_url"):
        inner = value.get("image_url", value)
        return as_image(inner, place, f"an image of {place}")
    raise ProgramError(f"{place} has a part of kind {kind!r}; text and image are known")


def _tool_call(value: Any, place: str) -> ToolCall:
    inner = value.get("function", value) if isinstance(value, Mapping) else {}
    arguments = inner.get("arguments", "")
    if "name" not in inner:
        raise ProgramError(f"a tool call of {place} needs an id, a name and arguments")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(str(value.get("id", "")), str(inner["name"]), text)


def as_image(value: Any, name: str, said: str = "") -> ImagePart:
    """The image part of an image input. Raises ProgramError that names the input, or what is `said` of it."""
    said = said or f"the image {name!r}"
    if isinstance(value, ImagePart):
        return value
    media_type = detail = None
    if isinstance(value, Mapping):
        media_type, detail = value.get("mediaType", value.get("media_type")), value.get("detail")
        value = next((value[k] for k in ("source", "url", "value", "data") if value.get(k)), None)
    if not isinstance(value, str):
        found = "null" if value is None else type(value).__name__
        raise ProgramError(f"{said} must be a URL or base64 text, not {found}")
    if value.startswith(("http://", "https://")):
        return ImagePart(url=value, detail=detail)
    match = _DATA_URL.fullmatch(value)
    if match:
        return ImagePart(match[2], match[1], detail=detail)
    media_type = media_type or next((t for start, t in _STARTS.items() if value.startswith(start)), None)
    if media_type is None or not re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}\s*", value):
        raise ProgramError(f"{said} is no http(s) or data URL and no base64 image; files are not read")
    return ImagePart("".join(value.split()), media_type, detail=detail)
