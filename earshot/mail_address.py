"""Mail addresses as people write them: one address, with or without a name. Knows no mail and no setting.

The grammar is narrow, so that what is written has one meaning. A display name may hold anything that a header may:
whoever writes the header quotes it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Source: RFC 5322 section 3.4, narrowed: one address, no quoted local part, no comment outside a display name.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_BARE = rf"{_LOCAL}@[^\s@<>,;:()\"\\]+"
_WRITTEN = re.compile(rf"(?P<bare>{_BARE})|(?P<name>\"[^\"\\]*\"|[^<>\"\\@]*)<(?P<address>{_BARE})>")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 320


class MailAddress(NamedTuple):
    """A display name, which may be empty, and `local@domain` with the domain in ASCII."""

    name: str
    address: str


def read_address(written: str) -> MailAddress:
    """Return the parts of `local@domain` or `Name <local@domain>`; there is exactly one address.

    Raises:
        ValueError: it is not one, with words that fit behind what was written ("is not a mail address").
    """
    found = _WRITTEN.fullmatch(written.strip())
    if found is None or _CONTROL.search(written) or "=?" in written or len(written) > _LONGEST:
        raise ValueError("is not a mail address")
    local, _, domain = (found["address"] or found["bare"]).rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"has no valid domain: {domain[:80]!r}") from error
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"has no valid domain: {domain[:80]!r}")
    return MailAddress((found["name"] or "").strip().strip('"').strip(), f"{local}@{domain}")
