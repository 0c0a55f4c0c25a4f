"""What the providers that speak HTTP share: a struct sent as JSON, a struct read back, and where the key comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cached_property
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from scansion.errors import CallError, InputError
from scansion.models import keys
from scansion.models.faults import bad_response, fault
from scansion.models.http import Opened, Reply, post, posting
from scansion.models.registry import OPTIONS, ModelSpec
from scansion.types import ImagePart, Message, Part, TextPart

__all__ = [
    "Server",
    "as_object",
    "base_url",
    "body",
    "good",
    "image_url",
    "key_for",
    "parts",
    "read",
    "timeout",
]

T = TypeVar("T", bound="Answer")
V = TypeVar("V")

SECONDS = 3600.0  # the most a call may take unless `?timeout=` says otherwise; the gateway sets its own, shorter

_encode = msgspec.json.Encoder().encode


class Answer(Struct, kw_only=True):
    """What every provider's reply may hold in place of an answer: an error under a status of success."""

    error: Any = None


class Key(Struct, frozen=True):
    """Which API key a server wants: in the first of `variables` that is set, sent as `form` in the header `header`.

    `owner` is named where it is missing; a key that is not `needed` may be.
    """

    variables: tuple[str, ...]
    owner: str
    header: str
    form: str = "{}"
    needed: bool = True

    def read(self) -> tuple[str, str] | None:
        """The variable and the key in it. Raises InputError when a needed key is missing."""
        for variable in self.variables:
            if keys.find(variable):
                return variable, keys.secret(variable, self.owner)
        return (self.variables[0], keys.secret(self.variables[0], self.owner)) if self.needed else None


class Server(Struct, frozen=True, dict=True):
    """Where calls go: the address, the headers, the time in seconds, the key (None: none is sent).

    The key is read at the first call, so that a model can be opened without one.
    """

    url: str
    headers: dict[str, str]
    timeout: float
    key: Key | None = None

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    @cached_property
    def _read(self) -> tuple[str, str] | None:
        return self.key.read() if self.key is not None else None

    @cached_property
    def sent_headers(self) -> dict[str, str]:
        """The headers with the key."""
        if self.key is None or self._read is None:
            return self.headers
        return {**self.headers, self.key.header: self.key.form.format(self._read[1])}

    def ready(self) -> None:
        """Raises InputError when a needed key is missing."""
        _ = self.sent_headers

    async def ask(self, path: str, request: bytes, parse: Callable[[Reply], V]) -> V:
        """What `parse` reads from the reply. Raises CallError; for a refused key it names the variable.

        The latency is left to the caller, who knows when the call left the queue.
        """
        reply = await post(self.url + path, self.sent_headers, request, self.timeout)
        with self.explaining(reply):
            return parse(good(reply))

    def posting(self, path: str, request: bytes) -> AbstractAsyncContextManager[Opened]:
        """The reply to `request` as soon as its head is there; see `http.posting`."""
        return posting(self.url + path, self.sent_headers, request, self.timeout)

    @contextmanager
    def explaining(self, reply: Reply) -> Iterator[None]:
        """A CallError from reading `reply` goes on, with the key's variable named where the key was refused."""
        try:
            yield
        except CallError as error:
            if reply.status in (401, 403) or (error.fatal and "API key" in str(error)):
                raise self._with_key(error) from None
            raise

    def _with_key(self, error: CallError) -> CallError:
        hint = "no key was sent; name its variable with key=VARIABLE"
        if self._read is not None:
            hint = f"check the key in {self._read[0]}"
        return CallError(error.kind, f"{error}; {hint}", retry_after=error.retry_after, fatal=error.fatal)


def good(reply: Reply) -> Reply:
    """The reply itself. Raises the CallError that a status other than success stands for."""
    if not 200 <= reply.status < 300:
        raise fault(reply)
    return reply


def read(reply: Reply, decoder: msgspec.json.Decoder[T]) -> T:
    """The struct that a reply's body holds. Raises CallError: the error it holds instead, or `bad_response`."""
    try:
        answer = decoder.decode(reply.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unreadable(reply, error) from None
    if answer.error:
        raise fault(reply)
    return answer


_any_answer = msgspec.json.Decoder(Answer)


def _unreadable(reply: Reply, error: Exception) -> CallError:
    """A body that is not the answer promised may still be a readable error."""
    try:
        if _any_answer.decode(reply.body).error:
            return fault(reply)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    return bad_response(f"the reply cannot be read ({error})", reply.body)


def body(request: Struct, extra: dict[str, Any]) -> bytes:
    """A request as JSON, with `extra` laid over it: objects are merged key by key, all else is replaced."""
    if not extra:
        return _encode(request)
    return _encode(_merged(msgspec.to_builtins(request), extra))


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def base_url(spec: ModelSpec, default: str) -> str:
    """The server's address without a final slash. Raises InputError for one that is not an http(s) URL."""
    url = spec.options.get("base_url", default).rstrip("/")
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("http", "https") or not rest:
        raise InputError(f"model {spec.spec!r}: base_url must be such as {OPTIONS['base_url'].rpartition(' ')[2]}")
    if "@" in rest.partition("/")[0]:
        raise InputError(f"model {spec.plain!r}: base_url holds a password; name the key's variable with key=VARIABLE")
    return url


def timeout(spec: ModelSpec) -> float:
    """Seconds that one call may take. Raises InputError for a value that is not a positive number."""
    text = spec.options.get("timeout")
    try:
        seconds = SECONDS if text is None else float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise InputError(f"model {spec.spec!r}: timeout must be a number of seconds above 0, not {text!r}")
    return seconds


def key_for(spec: ModelSpec, *variables: str, header: str, form: str = "{}", needed: bool = True) -> Key | None:
    """The key to send: `?key=`'s, else the first of `variables` that is set; None where none shall be sent.

    At a `base_url` of the user's own no key is needed, and the provider's usual key goes there only over https or to
    this machine: elsewhere `?key=` must name it.
    """
    named = spec.options.get("key")
    if named:
        return Key((named,), spec.provider, header, form)
    own = spec.options.get("base_url")
    if own and not _private(own):
        return None
    return Key(variables, spec.provider, header, form, needed and not own)


def _private(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    place = rest.partition("/")[0]
    host = place[: place.index("]") + 1] if place.startswith("[") and "]" in place else place.partition(":")[0]
    local = host in ("localhost", "[::1]") or host.startswith("127.") or host.endswith(".localhost")
    return scheme.lower() == "https" or local


def parts(message: Message) -> tuple[Part, ...]:
    """A message's content as parts; an empty string has none."""
    if isinstance(message.content, str):
        return (TextPart(message.content),) if message.content else ()
    return message.content


def image_url(image: ImagePart) -> str:
    """An image as one URL: its own, or its data as a `data:` URL. Raises InputError for an image without either."""
    if image.url:
        return image.url
    if image.data is None:
        raise InputError("an image part holds neither data nor a url")
    return f"data:{image.media_type or 'image/png'};base64,{image.data}"


def as_object(text: str) -> dict[str, Any] | None:
    """The JSON object that `text` is; None when it is anything else."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
