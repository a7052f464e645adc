"""One capture as one WARC record, and back. Knows bytes and streams, no folder and no storage.

Every record is a gzip member of its own, so that (offset, length) addresses it. A record states what it holds: the
decoded body, its real Content-Length, no codings. What WARC has no name for stands in `WARC-Earshot-*` fields.

Source: WARC 1.1 (ISO 28500:2017), sections 5 (named fields) and annex D.2 (one record at a time).
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from earshot.errors import DocumentError
from earshot.model import Capture, CaptureRef, Role

_GONE = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "trailer", "te"})
_NOT_A_NAME = re.compile(r"[^!#$%&'*+.^_`|~0-9a-z-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_BROKEN = (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, ValueError, KeyError, TypeError, zlib.error)


class _Utf8Headers(StatusAndHeaders):  # type: ignore[misc]
    """HTTP headers written as UTF-8: warcio would %-encode what is not ASCII, and reads UTF-8 anyway."""

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        return bytes(self.to_bytes(filter_func))


def body_digest(body: bytes) -> str:
    """Return SHA-256 of a body in hex."""
    return hashlib.sha256(body).hexdigest()


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return headers with lower-case names, codings and lengths taken off, on one line each."""
    named = ((name.strip().lower(), " ".join(_CONTROL.sub(" ", value).split())) for name, value in headers.items())
    return {name: value for name, value in named if name and name not in _GONE and not _NOT_A_NAME.search(name)}


def write_record(out: BinaryIO, capture: Capture, body: bytes) -> Capture:
    """Append a response record at the end of `out`; return the capture as it will be read, `ref.file` as given."""
    offset = out.tell()
    digest = body_digest(body)
    kept = replace(capture, headers=kept_headers(capture.headers))
    plain = BytesIO()
    writer = WARCWriter(plain, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        _line(capture.url),
        "response",
        payload=BytesIO(body),
        length=len(body),
        warc_headers_dict=_fields(kept, digest),
        http_headers=_http_headers(kept, len(body)),
    )
    writer.write_record(record)
    out.write(zlib.compress(plain.getvalue(), level=6, wbits=zlib.MAX_WBITS | 16))  # level 9 costs half as much again
    return replace(kept, ref=CaptureRef(capture.ref.file, offset, out.tell() - offset, digest))


def read_records(stream: BinaryIO, file: str, start: int = 0) -> Iterator[tuple[Capture, bytes]]:
    """Yield captures with bodies, in order.

    file: name for the refs. start: offset of the stream's first byte in that file.

    Raises:
        DocumentError: a broken record; what was yielded before is good.
    """
    records = ArchiveIterator(stream)
    number = end = 0
    while True:
        number += 1
        try:
            record = next(records, None)
            if record is None:
                break
            body = record.content_stream().read()
            ref = (records.get_record_offset() + start, records.get_record_length())
            capture = _capture(record, CaptureRef(file, ref[0], ref[1], body_digest(body)))
        except _BROKEN as error:
            raise DocumentError(f"{file}: record {number} cannot be read: {error or type(error).__name__}") from error
        end = sum(ref)
        if record.rec_headers.get_header("WARC-Payload-Digest") != f"sha256:{capture.ref.digest}":
            raise DocumentError(f"{file}: record {number} is damaged: its body does not have its digest")
        yield capture, body
    if stream.seek(0, SEEK_END) + start != end:  # warcio takes a record cut off in its headers for the end
        raise DocumentError(f"{file}: record {number} is cut off")


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _fields(capture: Capture, digest: str) -> dict[str, str]:
    fields = {
        "WARC-Date": capture.fetched_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "WARC-Payload-Digest": f"sha256:{digest}",
        "WARC-Earshot-URL": _line(capture.url),
        "WARC-Earshot-Final-URL": _line(capture.final_url),
        "WARC-Earshot-Item": _line(capture.item_id),
        "WARC-Earshot-Source": _line(capture.source_id),
        "WARC-Earshot-Role": capture.role.value,
    }
    if old := capture.came_from:
        fields["WARC-Earshot-Came-From"] = f"{old.file} {old.offset} {old.length}"
    return fields


def _http_headers(capture: Capture, length: int) -> _Utf8Headers:
    known = {status.value: status.phrase for status in HTTPStatus}
    line = f"{capture.status} {known.get(capture.status, '')}".strip()
    pairs = [*capture.headers.items(), ("content-length", str(length))]
    return _Utf8Headers(line, pairs, protocol="HTTP/1.1")


def _capture(record: Any, ref: CaptureRef) -> Capture:
    fields = record.rec_headers
    if fields.get_header("WARC-Type") != "response" or record.http_headers is None:
        raise ValueError("not a response record")
    return Capture(
        ref=ref,
        url=fields.get_header("WARC-Earshot-URL"),
        final_url=fields.get_header("WARC-Earshot-Final-URL"),
        status=int(record.http_headers.get_statuscode()),
        headers={name.lower(): value for name, value in record.http_headers.headers if name.lower() not in _GONE},
        fetched_at=datetime.fromisoformat(fields.get_header("WARC-Date")).astimezone(UTC),
        item_id=fields.get_header("WARC-Earshot-Item", ""),
        source_id=fields.get_header("WARC-Earshot-Source", ""),
        role=Role(fields.get_header("WARC-Earshot-Role")),
        came_from=_came_from(record),
    )


def _came_from(record: Any) -> CaptureRef | None:
    written = record.rec_headers.get_header("WARC-Earshot-Came-From")
    if not written:
        return None
    file, offset, length = written.split(" ")
    digest = record.rec_headers.get_header("WARC-Payload-Digest").removeprefix("sha256:")
    return CaptureRef(file, int(offset), int(length), digest)
