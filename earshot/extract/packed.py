"""Bodies that are packed files, though nothing in their headers says so. Knows no format of what is inside."""

from __future__ import annotations

import zlib

from earshot.errors import SourceError
from earshot.model import Outcome

_GZIP = b"\x1f\x8b"
_PIECE = 64 * 1024
MOST_MEMBERS = 1000
"""Most members of one file: blocks of 64 KB, as some programs write them, make 240 of 15 MB."""


def unpacked(body: bytes, max_bytes: int) -> bytes:
    """Return the content of a gzip file, of a torn one what can be read; any other body as it is.

    Several members are one file (RFC 1952); what follows the last one is left out.

    Raises:
        SourceError: larger than `max_bytes` (TOO_LARGE), or no gzip behind its first bytes (NOT_A_FEED).
    """
    if not body.startswith(_GZIP):
        return body
    out = bytearray()
    at = members = 0
    while body.startswith(_GZIP, at):
        members += 1
        if members > MOST_MEMBERS:
            raise SourceError(Outcome.NOT_A_FEED, f"a gzip file of more than {MOST_MEMBERS:,} members")
        try:
            at = _member(body, at, out, max_bytes)
        except zlib.error as error:
            if members > 1:
                break
            raise SourceError(Outcome.NOT_A_FEED, f"a gzip file that cannot be unpacked: {error}") from error
    return bytes(out)


def _member(body: bytes, at: int, out: bytearray, max_bytes: int) -> int:
    """Add what one member holds to `out`; return where it ends. Its end costs a copy of one piece, not of the rest."""
    inflater = zlib.decompressobj(wbits=31)
    while at < len(body) and not inflater.eof:
        piece = body[at : at + _PIECE]
        at += len(piece)
        out += inflater.decompress(piece, max_bytes - len(out) + 1)
        if len(out) > max_bytes:
            raise SourceError(Outcome.TOO_LARGE, f"unpacked it is larger than {max_bytes // 2**20} MB")
    return at - len(inflater.unused_data)
