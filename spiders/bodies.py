"""Content codings taken off a body, never beyond a size, a number of parts and a time. Knows no request and no file.

Every byte is looked at once: a part that ends inside a piece costs a copy of that piece, not of the whole body.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import brotli  # type: ignore[import-untyped]
from backports import zstd

CHUNK = 64 * 1024
LONGEST_CHAIN = 2
MOST_PARTS = 1000
"""Most gzip members or zstd frames, empty and skippable ones too, in one body: blocks of 64 KB make 240 of 15 MB."""
LONGEST_S = 2.0
"""Most processor time for all the codings of one body; 15 MB take 0.1 s."""
WINDOW_LOG = 23
"""Largest window of a zstd frame, 8 MB. Source: RFC 9659 section 3, read 2026-11-30."""


class BodyTooLargeError(Exception):
    """More bytes come out than are allowed; nothing beyond them was produced."""


class BodyBrokenError(Exception):
    """The body is not what its Content-Encoding says; the message says why, for operations."""


def codings(header: str) -> list[str]:
    """Return the codings of a Content-Encoding header in the order they were put on, lower case, without identity."""
    names = (part.strip().lower() for part in header.split(","))
    return [name.removeprefix("x-") for name in names if name and name != "identity"]


def decoded(body: bytes, header: str, max_bytes: int) -> bytes:
    """Return a body without its content codings.

    A body whose coding is announced but was not put on (plain text under "gzip") is returned as it came: servers do
    that, and browsers read it.

    Raises:
        BodyTooLargeError: more than `max_bytes`, before or after.
        BodyBrokenError: an unknown coding, a chain of more than two, cut off or damaged; too many parts, or too slow.
    """
    names = codings(header)
    if len(names) > LONGEST_CHAIN:
        raise BodyBrokenError(f"its Content-Encoding is a chain of {len(names)}: {', '.join(names)[:80]}")
    meter = _Meter(max_bytes)
    for name in reversed(names):
        if name not in _DECODERS:
            raise BodyBrokenError(f"its Content-Encoding {name[:40]!r} is unknown")
        body = _DECODERS[name](body, meter)
    meter.check(len(body))
    return body


class _Meter:
    """What one body may still cost."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._until = time.thread_time() + LONGEST_S

    def check(self, size: int) -> None:
        if size > self._max_bytes:
            raise BodyTooLargeError
        if time.thread_time() > self._until:
            raise BodyBrokenError(f"its compressed body takes more than {LONGEST_S:g} s to read")


def _gunzip(body: bytes, meter: _Meter) -> bytes:
    """Several members are one stream (RFC 1952); what follows them is padding."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    return _parts(body, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), b"\x1f\x8b", meter)


def _inflate(body: bytes, meter: _Meter) -> bytes:
    try:
        zlib.decompressobj().decompress(body[:CHUNK], CHUNK)
        bits = zlib.MAX_WBITS
    except zlib.error:
        bits = -zlib.MAX_WBITS  # some servers leave the wrapper out
    out = bytearray()
    _part(zlib.decompressobj(bits), _inflated, body, 0, out, meter)
    return bytes(out)


def _unzstd(body: bytes, meter: _Meter) -> bytes:
    options = {int(zstd.DecompressionParameter.window_log_max): WINDOW_LOG}
    return _parts(body, lambda: zstd.ZstdDecompressor(options=options), b"", meter)


def _unbrotli(body: bytes, meter: _Meter) -> bytes:
    machine = brotli.Decompressor()
    out = bytearray()
    try:
        for at in range(0, len(body), CHUNK):
            piece = machine.process(body[at : at + CHUNK], output_buffer_limit=CHUNK)
            while piece or not machine.can_accept_more_data():
                out += piece
                meter.check(len(out))
                piece = machine.process(b"", output_buffer_limit=CHUNK)
    except brotli.error as error:
        raise BodyBrokenError("its brotli body is damaged") from error
    if body and not machine.is_finished():
        raise BodyBrokenError("its brotli body is cut off")
    return bytes(out)


def _parts(body: bytes, make: Callable[[], Any], start: bytes, meter: _Meter) -> bytes:
    """Read parts that follow each other, each of which begins with `start`."""
    out = bytearray()
    at = parts = 0
    while at < len(body) and body.startswith(start, at):
        parts += 1
        if parts > MOST_PARTS:
            raise BodyBrokenError(f"its compressed body has more than {MOST_PARTS:,} parts")
        machine = make()
        feed = _unframed if isinstance(machine, zstd.ZstdDecompressor) else _inflated
        at = _part(machine, feed, body, at, out, meter)
    return bytes(out)


def _part(machine: Any, feed: _Feed, body: bytes, at: int, out: bytearray, meter: _Meter) -> int:
    """Add what one part holds to `out`; return where in `body` it ends."""
    try:
        while at < len(body) and not machine.eof:
            piece = body[at : at + CHUNK]
            at += len(piece)
            for some in feed(machine, piece):
                out += some
                meter.check(len(out))
        if not machine.eof and hasattr(machine, "flush"):
            out += machine.flush()
    except (zlib.error, zstd.ZstdError) as error:
        raise BodyBrokenError(f"its compressed body is damaged ({error})") from error
    meter.check(len(out))
    if not machine.eof and body:
        raise BodyBrokenError("its compressed body is cut off")
    return at - len(machine.unused_data)


def _inflated(machine: Any, piece: bytes) -> Iterator[bytes]:
    while piece and not machine.eof:
        yield machine.decompress(piece, CHUNK)
        piece = machine.unconsumed_tail


def _unframed(machine: Any, piece: bytes) -> Iterator[bytes]:
    yield machine.decompress(piece, CHUNK)
    while not machine.eof and not machine.needs_input:
        yield machine.decompress(b"", CHUNK)


_Feed = Callable[[Any, bytes], Iterator[bytes]]
_DECODERS: dict[str, Callable[[bytes, _Meter], bytes]] = {
    "gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
ACCEPTED = ", ".join(_DECODERS)
