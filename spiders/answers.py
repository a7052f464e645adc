"""What is asked of a server and what its answer means. Knows responses, but not how they come."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from earshot.model import CollectLimits, FetchItem, Outcome, Role
from spiders.bodies import ACCEPTED, BodyBrokenError, BodyTooLargeError, decoded
from spiders.endings import EndedError, end_of_status, too_large

LONGEST_ETAG = 1024
SMALL_BYTES = 16 * 1024
"""A body up to here is decoded and hashed at once: to hand it to a thread would take longer."""
T = TypeVar("T")
_REDIRECTS = (301, 302, 303, 307, 308)
_PRINTABLE = re.compile(r"[\x20-\x7e\x80-\xff]+")
_ACCEPT = {
    Role.FEED: "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8",
    Role.SITEMAP: "application/xml, text/xml, */*;q=0.8",
    Role.PAGE: "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
}
_threads = ThreadPoolExecutor(2, "bodies")
_NOT_KEPT = ("set-cookie", "set-cookie2")


def request_headers(item: FetchItem) -> dict[str, str]:
    """Return the headers to ask for an item with; conditional ones where the record holds usable validators.

    Source: RFC 9110 sections 13.1.2 and 13.1.3. An ETag beyond 1 KB is not sent: some servers then refuse us.
    """
    headers = {"Accept": _ACCEPT[item.role], "Accept-Encoding": ACCEPTED}
    if is_usable(item.etag):
        headers["If-None-Match"] = item.etag
    if is_usable(item.last_modified):
        headers["If-Modified-Since"] = item.last_modified
    return headers


def is_usable(validator: str) -> bool:
    """Tell whether a validator can be sent in a header."""
    return 0 < len(validator) <= LONGEST_ETAG and _PRINTABLE.fullmatch(validator) is not None


def is_redirect(response: Any) -> bool:
    """Tell whether an answer sends us elsewhere. 304 does not."""
    return response.status in _REDIRECTS


async def body_of(item: FetchItem, response: Any, limits: CollectLimits) -> bytes:
    """Return the decoded body of an answer that has news for us.

    Raises:
        EndedError: it has none, whatever the reason.
    """
    if response.status == 304:
        raise _not_modified(item)
    if response.status not in (200, 203):
        raise end_of_status(response.status)
    body = await plain_body(response, limits)
    if not body:
        raise EndedError(Outcome.FAILED, f"the server answers {response.status} with an empty body", response.status)
    if item.body_hash and await _beside(len(body), _digest, body) == item.body_hash:
        raise EndedError(Outcome.UNCHANGED, "the same body as last time", response.status, None, len(body))
    return body


async def plain_body(response: Any, limits: CollectLimits) -> bytes:
    """Return a body without its content codings. A large one is decoded in a thread, and keeps no other host waiting.

    Raises:
        EndedError: too large, or damaged.
    """
    coding = b",".join(response.headers.getlist(b"Content-Encoding")).decode("latin-1")
    try:
        if not coding:
            return decoded(response.body, coding, limits.max_bytes)
        return await _beside(len(response.body), decoded, response.body, coding, limits.max_bytes)
    except BodyTooLargeError:
        end = too_large(limits)
        raise EndedError(end.outcome, end.reason, response.status) from None
    except BodyBrokenError as error:
        raise EndedError(Outcome.FAILED, str(error), response.status) from error


async def _beside(size: int, work: Callable[..., T], *arguments: Any) -> T:
    """Return what `work` returns, done in a thread where it takes a body of some size."""
    if size <= SMALL_BYTES:
        return work(*arguments)
    return await asyncio.get_running_loop().run_in_executor(_threads, work, *arguments)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def headers_of(response: Any) -> dict[str, str]:
    """Return an answer's headers: lower-case names, several of one name joined by commas, no cookies."""
    names = {name.decode("latin-1").lower(): name for name in response.headers}
    return {
        name: ", ".join(_text(value) for value in response.headers.getlist(raw))
        for name, raw in names.items()
        if name not in _NOT_KEPT
    }


def _not_modified(item: FetchItem) -> EndedError:
    if is_usable(item.etag) or is_usable(item.last_modified):
        return EndedError(Outcome.UNCHANGED, "not modified since last time (304)", 304)
    return EndedError(Outcome.FAILED, "the server says not modified (304) though nothing was asked of the kind", 304)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
