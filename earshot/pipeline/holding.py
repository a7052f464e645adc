"""What the transaction of a capture holds, so that others may be written beside it. Knows no table.

First what can be told before the transaction opens: the capture, the source whose run ends with it, every key that may
lead to one of its documents. Then, when nobody else can let these keys lead elsewhere, the documents they lead to, and
the bands of what may join a story. Brands are held last, where a document is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from earshot.model import Capture, Role, Source, TextIs
from earshot.pipeline.reading import Prepared
from earshot.ports import DocumentKey, FrontierPage, RecordWriter, StoredDocument, holds


def hold_keys(writer: RecordWriter, capture: Capture, source: Source | None, prepared: Sequence[Prepared] = ()) -> None:
    """Hold a capture, its source, and the keys of its documents.

    Raises:
        Collided: it has too many documents to be written beside others.
    """
    names = {holds.of_capture(ref) for ref in (capture.ref, capture.came_from) if ref is not None}
    if source is not None and capture.role is not Role.PAGE:
        names.add(holds.of_source(source.id))
    names |= {holds.of_key(key) for each in prepared for key in _keys(each)}
    writer.hold(names)


def hold_documents(writer: RecordWriter, prepared: Sequence[Prepared], page: FrontierPage | None = None) -> None:
    """Hold the documents that are known of these, and what the others may have in common with another telling.

    Raises:
        Collided: they are too many to be written beside others.
    """
    found = writer.find_documents({key for each in prepared for key in _keys(each)})
    names = {holds.of_document(document.id) for document in found.values()}
    names |= {holds.of_document(each.document.id) for each in prepared}
    names |= {holds.of_document(page.document_id)} if page is not None and page.document_id else set()
    names |= {holds.of_band(band) for each in prepared if not _is_known(each, found) for band in each.bands}
    writer.hold(names)


def _keys(prepared: Prepared) -> Iterator[DocumentKey]:
    yield from (*prepared.keys, *prepared.twins, *prepared.shared)


def _is_known(prepared: Prepared, found: dict[DocumentKey, StoredDocument]) -> bool:
    """Tell whether the document stands there with this text, so that it joins no story again."""
    known = [found[key] for key in _keys(prepared) if key in found]
    return any(each.text_is is TextIs.FULL and each.content_hash == prepared.content_hash for each in known)
