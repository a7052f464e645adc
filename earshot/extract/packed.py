"""Bodies that are packed files, though nothing in their headers says so. Knows no format of what is inside."""

from __future__ import annotations

import zlib

from earshot.errors import SourceError
from earshot.model import Outcome

_GZIP = b"\x1f\x8b"


def unpacked(body: bytes, max_bytes: int) -> bytes:
    """Return the content of a gzip file, of a torn one what can be read; any other body as it is.

    Several members are one file (RFC 1952); what follows the last one is left out.

    Raises:
        SourceError: larger than `max_bytes` (TOO_LARGE), or no gzip behind its first bytes (NOT_A_FEED).
    """
    if not body.startswith(_GZIP):
        return body
    parts: list[bytes] = []
    size, rest = 0, body
    while rest.startswith(_GZIP):
        inflater = zlib.decompressobj(wbits=31)
        try:
            part = inflater.decompress(rest, max_bytes - size + 1)
        except zlib.error as error:
            if parts:
                break
            raise SourceError(Outcome.NOT_A_FEED, f"a gzip file that cannot be unpacked: {error}") from error
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            raise SourceError(Outcome.TOO_LARGE, f"unpacked it is larger than {max_bytes // 2**20} MB")
        rest = inflater.unused_data
    return b"".join(parts)
