"""What an HTTP error reply means: from the many shapes of providers' errors to the one taxonomy.

Read are the JSON bodies of OpenAI (`error.message/type/code`), Anthropic (`error.type/message`), Google
(`error.status/message/details`), servers of the OpenAI kind (`message`, `detail`, `error` as text), and plain text.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from scansion.errors import CallError, ErrorKind
from scansion.models.http import Reply
from scansion.models.keys import redact
from scansion.models.waits import asked_wait

__all__ = ["bad_response", "fault"]

LONGEST = 300  # characters of a provider's words that an error repeats

_CONTEXT = re.compile(
    r"context[ _]?(?:length|window|size|limit)|maximum context"
    r"|(?:prompt|input|request)[ _](?:is )?too[ _](?:long|large)"
    r"|too many (?:input )?tokens|token count.{0,40}exceeds|exceeds? the (?:maximum|model).{0,40}tokens"
    r"|reduce the length|max_prompt_length|longer than the model",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"content[ _](?:policy|filter|management)|usage polic|\bsafety\b|moderation|\bflagged\b|prohibited[ _]content"
    r"|responsibleai|harmful|invalid_prompt|content_blocked",
    re.IGNORECASE,
)
_NO_KEY = re.compile(
    r"authentication|unauthorized|invalid[ _]api[ _]key|api[ _]key[ _](?:not valid|invalid)", re.IGNORECASE
)
_NO_ACCESS = re.compile(r"permission[ _]?(?:error|denied)|forbidden", re.IGNORECASE)
_NO_MONEY = re.compile(
    r"insufficient_quota|billing_|credit balance is too low|insufficient (?:balance|credit)", re.IGNORECASE
)
_NO_MODEL = re.compile(
    r"model_not_found|not_found_error|model .{0,80}(?:does not exist|not found)|unknown model", re.IGNORECASE
)
_BUSY = re.compile(r"overloaded|unavailable|no capacity|at capacity", re.IGNORECASE)
_LIMITED = re.compile(r"rate[ _]?limit|too[ _]many[ _]requests|resource_exhausted", re.IGNORECASE)
_REFUSED = re.compile(r"invalid_request|invalid_argument|bad ?request|failed_precondition|unsupported", re.IGNORECASE)
_BROKEN = re.compile(r"server_error|internal|api_error|timeout|upstream|bad gateway", re.IGNORECASE)


class _Words:
    """What an error body says: its code words (`code`, `type`, `status`) apart from its message."""

    def __init__(self, reply: Reply) -> None:
        self.message = ""
        self.number: int | None = None
        self.details: list[Any] = []
        codes: list[str] = []
        for level in _levels(reply.body):
            self._read(level, codes)
        self.codes = " ".join(codes)
        self.message = self.message or _plain(reply.body)
        self.all = f"{self.codes} {self.message}"

    def _read(self, level: Any, codes: list[str]) -> None:
        if isinstance(level, str):
            self.message = level
            return
        for name in ("code", "type", "status", "param", "reason"):
            value = level.get(name)
            if isinstance(value, str):
                codes.append(value)
                if value.isdigit():
                    self.number = int(value)
            elif isinstance(value, int) and not isinstance(value, bool):
                self.number = value
        for name in ("message", "detail", "error_description", "msg"):
            if isinstance(level.get(name), str) and level[name]:
                self.message = level[name]
                break
        if isinstance(level.get("details"), list):
            self.details = level["details"]
            codes += [d["reason"] for d in self.details if isinstance(d, dict) and isinstance(d.get("reason"), str)]


def _levels(body: bytes) -> list[Any]:
    """The JSON objects that describe the error, outermost first."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    if isinstance(value, list) and value:
        value = value[0]
    levels: list[Any] = []
    while isinstance(value, dict) and len(levels) < 4:
        levels.append(value)
        value = value.get("error")
    return [*levels, value] if isinstance(value, str) and value else levels


def _plain(body: bytes) -> str:
    """A body that is not JSON as readable text, markup left out."""
    text = body[:2000].decode("utf-8", "replace")
    title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return title[1] if title else re.sub(r"<[^>]*>", " ", text)


def fault(reply: Reply) -> CallError:
    """The CallError that an error reply stands for; for a 200 with an error body, by what the body says.

    `fatal` is set for a refused key, a refused account and an unknown model. `retry_after` is set for what may pass.
    """
    words = _Words(reply)
    status = reply.status
    if status < 300:
        status = words.number if words.number is not None and 400 <= words.number <= 599 else 0
    kind, fatal, lead = _status_kind(status, words) if status else _spoken_kind(words)
    waits = kind in ("rate_limited", "overloaded", "server")
    asked = asked_wait(reply.headers, words.details) if waits else None
    said = words.message or ("an error without words" if reply.status < 300 else "no reason given")
    where = f"{lead} ({reply.status})" if lead else f"HTTP {reply.status}"
    return CallError(kind, f"{where}: {_line(said)}", retry_after=asked, fatal=fatal)


def bad_response(what: str, body: bytes | str = "") -> CallError:
    """A CallError for a reply that is not what the protocol promises; `body` is quoted in short."""
    text = body[:2000].decode("utf-8", "replace") if isinstance(body, bytes) else body
    return CallError("bad_response", f"{what}: {_line(text)[:120]}" if text else what)


def _line(text: str) -> str:
    return redact(" ".join(text.split()))[:LONGEST]


_Verdict = tuple[ErrorKind, bool, str]


def _status_kind(status: int, words: _Words) -> _Verdict:
    """Kind, whether fatal, and a leading phrase, from the status and then the words."""
    if status in (529, 503):
        return "overloaded", False, "overloaded"
    if status in (408, 409, 425) or status >= 500:
        return "server", False, ""
    if status == 402 or _NO_MONEY.search(words.all):
        return "bad_request", True, "the account has no quota or credit left"
    if status == 429:
        return "rate_limited", False, "rate limited"
    if status == 401 or (status != 404 and _NO_KEY.search(words.all)):
        return "bad_request", True, "the API key is refused"
    if status == 403 and not _POLICY.search(words.all):
        return "bad_request", True, "the API key has no access"
    if status == 404 or _NO_MODEL.search(words.all):
        return "bad_request", True, "unknown model or address"
    return _refusal(status, words)


def _refusal(status: int, words: _Words) -> _Verdict:
    if status == 413 or _CONTEXT.search(words.all):
        return "context_length", False, "the request is too long"
    if _POLICY.search(words.all):
        return "content_policy", False, "refused by content policy"
    if status < 400:
        return "bad_request", True, "redirected; check base_url"
    return "bad_request", False, ""


def _spoken_kind(words: _Words) -> _Verdict:
    """The kind of an error that came under a status of success."""
    found = words.all
    for pattern, status in (
        (_NO_MONEY, 402),
        (_LIMITED, 429),
        (_NO_KEY, 401),
        (_NO_ACCESS, 403),
        (_NO_MODEL, 404),
        (_BUSY, 503),
        (_CONTEXT, 400),
        (_POLICY, 400),
        (_REFUSED, 400),
        (_BROKEN, 500),
    ):
        if pattern.search(found):
            return _status_kind(status, words)
    return "bad_response", False, "an error in place of an answer"
