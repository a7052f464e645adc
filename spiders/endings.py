"""How a request can end, in words for operations. Knows which failure of Scrapy and Twisted means what."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    StopDownload,
)

from earshot.model import CollectLimits, Outcome
from spiders.budget import CrumbsError
from spiders.headers import TOO_MANY

_BLOCKED = {
    401: "the server asks for a login (401)",
    403: "the server refuses us (403)",
    407: "the proxy asks for a login (407)",
    451: "not available for legal reasons (451)",
}
_GONE = {404: "there is nothing at this address (404)", 410: "the server says it is gone for good (410)"}
THROTTLING = (429, 503)


class EndedError(Exception):
    """A request came to an end that is no new body. status 0: no answer."""

    def __init__(
        self, outcome: Outcome, reason: str, status: int = 0, retry_after_s: float | None = None, size_bytes: int = 0
    ) -> None:
        self.outcome, self.reason, self.status = outcome, reason, status
        self.retry_after_s, self.size_bytes = retry_after_s, size_bytes
        super().__init__(reason)


def end_of_status(status: int) -> EndedError:
    """Return the end that an answer with a status other than 200, 203, 304 and redirects is."""
    if status in _BLOCKED:
        return EndedError(Outcome.BLOCKED, _BLOCKED[status], status)
    if status in _GONE:
        return EndedError(Outcome.GONE, _GONE[status], status)
    if status in (204, 205):
        return EndedError(Outcome.FAILED, f"the server answers with nothing ({status})", status)
    whose = "the server is in trouble" if status >= 500 else "the server did not give the page"
    return EndedError(Outcome.FAILED, f"{whose} ({status})", status)


def end_of_failure(error: BaseException, limits: CollectLimits, refused: str) -> EndedError:
    """Return the end that a failure to get an answer is. refused: the guard's word on the host's addresses, or ""."""
    if isinstance(error, CannotResolveHostError):
        if refused:
            return EndedError(Outcome.BLOCKED, refused)
        return EndedError(Outcome.FAILED, "the host's name cannot be resolved")
    if isinstance(error, IgnoreRequest):
        return EndedError(Outcome.BLOCKED, str(error))
    if isinstance(error, DownloadCancelledError):
        return too_large(limits)
    if isinstance(error, CrumbsError):
        return EndedError(Outcome.FAILED, "its body came in too many too small pieces")
    if isinstance(error, StopDownload | MemoryError):
        return EndedError(Outcome.FAILED, f"too much came at a time for the spider's memory ({limits.memory_mb} MB)")
    if isinstance(error, DownloadTimeoutError | TimeoutError):
        return EndedError(Outcome.FAILED, f"no whole answer within {limits.timeout_s:g} s")
    if isinstance(error, DownloadConnectionRefusedError):
        return EndedError(Outcome.FAILED, "the connection was refused")
    if isinstance(error, ResponseDataLossError):
        return EndedError(Outcome.FAILED, "the answer was cut off")
    if isinstance(error, TunnelError):
        return EndedError(Outcome.FAILED, f"the proxy did not open the way: {_short(error)}")
    if isinstance(error, DownloadFailedError):
        return EndedError(Outcome.FAILED, _broken(error))
    return EndedError(Outcome.FAILED, f"the request failed: {_short(error)}")


def too_large(limits: CollectLimits) -> EndedError:
    """Return the end of a body beyond the limit."""
    return EndedError(Outcome.TOO_LARGE, f"more than {limits.max_bytes / 1024 / 1024:g} MB")


def _broken(error: BaseException) -> str:
    text = _all_words(error)
    if TOO_MANY in text:
        return f"the server sent {TOO_MANY}"
    if "certificate verify failed" in text or "VerificationError" in text:
        return "the server's certificate is not valid"
    if "SSL" in text or "TLS" in text:
        return "no secure connection could be made"
    return "the connection broke before the answer was whole"


def _all_words(error: BaseException) -> str:
    """Return what an error says, and what Twisted says made it fail."""
    reasons = getattr(error.__cause__, "reasons", None) or ()
    return " ".join([str(error), *(str(getattr(reason, "value", reason)) for reason in reasons)])


def _short(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
