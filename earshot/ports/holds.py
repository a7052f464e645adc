"""Names of what a transaction holds that writes beside others. Knows no database and no row.

Two that hold one name are one after the other. Who holds more than one kind takes them in the order in which they stand
here, all of one kind in one call: else two may wait for each other, and one of them has to begin anew.
"""

from __future__ import annotations

from earshot.model import CaptureRef
from earshot.ports.rows import DocumentKey


def of_capture(ref: CaptureRef) -> str:
    """Return the name of a capture; who holds it ingests it."""
    return f"capture {ref.file} {ref.offset}"


def of_source(source_id: str) -> str:
    """Return the name of a source's state: its runs, its heard hours, where its redirects lead."""
    return f"source {source_id}"


def of_robots(origin: str) -> str:
    """Return the name of the copy of a site's robots.txt."""
    return f"robots {origin}"


def of_key(key: DocumentKey) -> str:
    """Return the name of a document's key, the same under http and https; who holds it may let it lead somewhere."""
    return f"key {key.kind} {key.value.replace('https://', 'http://')}"


def of_document(document_id: str) -> str:
    """Return the name of a document that is there, with its keys, places and mentions."""
    return f"document {document_id}"


def of_band(band: str) -> str:
    """Return the name of what likely tellings of one story have in common (`earshot.stories.bands`)."""
    return f"band {band}"


def of_brand(brand_id: str) -> str:
    """Return the name of a brand's incidents and notices."""
    return f"brand {brand_id}"


LEASES = "leases"
"""All leases: who plans looks at what is due and takes what it finds free."""
