"""Text to tokens and back: chats and raw text as the pocket models were taught to read them.

A chat is `<system>S<user>U<assistant>A<end><user>U<assistant>`, a raw text `<text>T`; nothing stands between a marker
and its text. What looks like a marker in a text is text. Tokens are bytes (byte-level BPE), so that a character may
span several.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scansion.errors import CallError, InputError
from scansion.models.base import joined
from scansion.types import ImagePart, Message, Request

__all__ = ["Vocabulary"]

_MARKERS = ("<pad>", "<end>", "<system>", "<user>", "<assistant>", "<text>")


class Vocabulary:
    """A model's tokens. `end` closes a reply, no reply holds one of `never`, and `pieces` are the bytes of each."""

    def __init__(self, file: Path) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise InputError(f"{file}: no tokenizer: {error}") from None
        self._tokenizer.encode_special_tokens = True
        self._ids = {name: self._id(name, file) for name in _MARKERS}
        self.end = self._ids["<end>"]
        self.never = tuple(number for name, number in self._ids.items() if name != "<end>")
        self.pieces = self._pieces()
        self._longest = max(1, *map(len, self.pieces))  # in bytes, of which a character has at least one

    def _id(self, name: str, file: Path) -> int:
        found = self._tokenizer.token_to_id(name)
        if found is None:
            raise InputError(f"{file}: it has no token {name}")
        return int(found)

    def _pieces(self) -> list[bytes]:
        byte = _bytes_of_characters()
        special = set(self._ids.values())
        found: list[bytes] = []
        for number in range(self._tokenizer.get_vocab_size()):
            token = self._tokenizer.id_to_token(number) or ""
            found.append(b"" if number in special else bytes(byte[c] for c in token if c in byte))
        return found

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; no marker is ever among them."""
        clean = text if text.isascii() else text.encode("utf-8", "replace").decode()
        ids: list[int] = self._tokenizer.encode(clean, add_special_tokens=False).ids
        return ids

    def prompt(self, request: Request) -> list[int]:
        """The tokens that a request stands for, up to where the reply begins.

        A final assistant message is continued. Raises CallError for messages that no chat of this model holds.
        """
        if request.text is not None:
            return [self._ids["<text>"], *self.encode(request.text)]
        return self._chat(request.messages)

    def fewest(self, request: Request) -> int:
        """A number of tokens that a request's prompt has at least, from the length of its texts alone."""
        texts = [request.text or "", *(joined(message.content) for message in request.messages)]
        return sum(map(len, texts)) // self._longest

    def _chat(self, messages: Sequence[Message]) -> list[int]:
        if not messages:
            raise CallError("bad_request", "there are no messages to answer")
        ids: list[int] = []
        for message in messages:
            if message.role == "tool" or message.tool_calls or _pictured(message):
                raise CallError("bad_request", "the pocket models take text only: no tools and no images")
            ids += [self._ids[f"<{message.role}>"], *self.encode(joined(message.content)), self.end]
            if message.role != "assistant":
                ids.pop()
        if messages[-1].role == "assistant":
            return ids[:-1]
        return [*ids, self._ids["<assistant>"]]

    def name(self, token: int) -> str:
        """A token as text; a marker by its name, a part of a character as the replacement character."""
        piece = self.pieces[token]
        return piece.decode("utf-8", "replace") if piece else str(self._tokenizer.id_to_token(token))


def _pictured(message: Message) -> bool:
    return not isinstance(message.content, str) and any(isinstance(p, ImagePart) for p in message.content)


def _bytes_of_characters() -> dict[str, int]:
    """The bytes behind the characters of a byte-level vocabulary (GPT-2's table): printable bytes stand for themselves,
    the others for characters from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in set(plain)]
    return {chr(b): b for b in plain} | {chr(0x100 + i): b for i, b in enumerate(others)}
