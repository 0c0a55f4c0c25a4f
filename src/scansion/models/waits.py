"""How long a provider asks to wait: Retry-After and rate-limit headers, in seconds.

`Retry-After` (RFC 9110, section 10.2.3: seconds or a date), `retry-after-ms`, `x-ratelimit-*` (OpenAI's kind:
durations such as `1m0.5s`, seconds, or an epoch time), `anthropic-ratelimit-*` (RFC 3339 times), and Google's
RetryInfo detail in an error body.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = ["asked_wait", "used_up"]

_RESOURCES = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
)

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def asked_wait(headers: Mapping[str, str], details: Sequence[Any] = ()) -> float | None:
    """Seconds that an error reply asks to wait, None if it says nothing; `details` are Google's error details."""
    milliseconds = _plain_number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    after = headers.get("retry-after")
    if after is not None:
        seconds = _plain_number(after)
        return seconds if seconds is not None else _until_date(after)
    for detail in details:
        if isinstance(detail, dict) and isinstance(detail.get("retryDelay"), str):
            return _span(detail["retryDelay"])
    empty = used_up(headers)
    if empty is not None:
        return empty
    stated = [_span(headers[reset]) for remaining, reset in _RESOURCES if reset in headers and remaining not in headers]
    return max((s for s in stated if s is not None), default=None)


def used_up(headers: Mapping[str, str]) -> float | None:
    """Seconds until a rate limit that these headers call used up is reset; None if none is."""
    waits = []
    for remaining, reset in _RESOURCES:
        left = headers.get(remaining)
        if left is not None and _plain_number(left) == 0:
            waits.append(_span(headers.get(reset) or ""))
    return max((w for w in waits if w is not None), default=None)


def _plain_number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        return None
    return float(text)


def _span(text: str) -> float | None:
    """Seconds from now that a reset header names."""
    number = _plain_number(text)
    if number is not None:
        epoch = number / 1000 if number > 1e11 else number
        return max(0.0, epoch - time.time()) if epoch > 1e8 else epoch
    match = _DURATION.fullmatch(text.strip())
    if match and text.strip():
        hours, minutes, seconds, milliseconds = (float(g or 0) for g in match.groups())
        return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
    return _until_date(text)


def _until_date(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = (
            datetime.fromisoformat(text.strip()) if "T" in text and "," not in text else parsedate_to_datetime(text)
        )
    except (ValueError, TypeError):
        return None
    return max(0.0, moment.timestamp() - time.time())
