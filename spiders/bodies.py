"""Content codings taken off a body, never beyond a size. Knows no request and no file."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import brotli  # type: ignore[import-untyped]
from backports import zstd

CHUNK = 64 * 1024
LONGEST_CHAIN = 2


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
        BodyBrokenError: an unknown coding, a chain of more than two, cut off or damaged.
    """
    names = codings(header)
    if len(names) > LONGEST_CHAIN:
        raise BodyBrokenError(f"its Content-Encoding is a chain of {len(names)}: {', '.join(names)[:80]}")
    for name in reversed(names):
        if name not in _DECODERS:
            raise BodyBrokenError(f"its Content-Encoding {name[:40]!r} is unknown")
        body = _DECODERS[name](body, max_bytes)
    if len(body) > max_bytes:
        raise BodyTooLargeError
    return body


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    out = b""
    rest = body
    while rest.startswith(b"\x1f\x8b"):  # several members are one stream (RFC 1952); what follows them is padding
        machine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        out += _inflated(machine, rest, max_bytes - len(out))
        rest = machine.unused_data
    return out


def _inflate(body: bytes, max_bytes: int) -> bytes:
    try:
        zlib.decompressobj().decompress(body[:CHUNK], CHUNK)
    except zlib.error:
        return _inflated(zlib.decompressobj(-zlib.MAX_WBITS), body, max_bytes)  # some servers leave the wrapper out
    return _inflated(zlib.decompressobj(), body, max_bytes)


def _inflated(machine: Any, body: bytes, max_bytes: int) -> bytes:
    out = bytearray()
    rest = body
    try:
        while rest and not machine.eof:
            out += machine.decompress(rest, CHUNK)
            rest = machine.unconsumed_tail
            _check(len(out), max_bytes)
        out += machine.flush() if not machine.eof else b""
    except zlib.error as error:
        raise BodyBrokenError(f"its compressed body is damaged ({error})") from error
    _check(len(out), max_bytes)
    if not machine.eof and body:
        raise BodyBrokenError("its compressed body is cut off")
    return bytes(out)


def _unbrotli(body: bytes, max_bytes: int) -> bytes:
    machine = brotli.Decompressor()
    out = bytearray()
    try:
        piece = machine.process(body, output_buffer_limit=CHUNK)
        while piece or not machine.can_accept_more_data():
            out += piece
            _check(len(out), max_bytes)
            piece = machine.process(b"", output_buffer_limit=CHUNK)
    except brotli.error as error:
        raise BodyBrokenError("its brotli body is damaged") from error
    if body and not machine.is_finished():
        raise BodyBrokenError("its brotli body is cut off")
    return bytes(out)


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    out = bytearray()
    rest = body
    try:
        while rest:
            machine = zstd.ZstdDecompressor()
            out += _zstd_frame(machine, rest, max_bytes - len(out))
            rest = machine.unused_data
    except zstd.ZstdError as error:
        raise BodyBrokenError("its zstd body is damaged") from error
    return bytes(out)


def _zstd_frame(machine: Any, body: bytes, max_bytes: int) -> bytes:
    out = bytearray(machine.decompress(body, CHUNK))
    while not machine.eof and not machine.needs_input:
        _check(len(out), max_bytes)
        out += machine.decompress(b"", CHUNK)
    _check(len(out), max_bytes)
    if not machine.eof:
        raise BodyBrokenError("its zstd body is cut off")
    return bytes(out)


def _check(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise BodyTooLargeError


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
ACCEPTED = ", ".join(_DECODERS)
