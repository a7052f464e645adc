"""Links by which a recipient stops the mails of a brand with one click, without signing in (RFC 8058).

Knows neither the record nor a page. A link holds nothing but a signature, made with the workspace's key over who gets
which mails of which brand: nobody can make one for somebody else, and no address stands in any log. Whose it is, is
found by signing the workspace's recipients, who are few.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from earshot.model import Brand

ALERTS, BRIEF = "alerts", "brief"
"""The two kinds of mails about a brand."""

PATH = "/unsubscribe/"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who gets which mails of which brand. mails: "alerts" or "brief"."""

    address: str
    brand: Brand
    mails: str


class Unsubscribing:
    """Makes and reads the links of a workspace."""

    def __init__(self, key: Callable[[], str], public_url: str) -> None:
        """Keep both.

        Args:
            key: returns the workspace's; asked for when the first link is made or read.
            public_url: `dashboards.public_url`; where it is empty there are no links.
        """
        self._key, self._base = key, public_url.rstrip("/")

    def link(self, address: str, brand_id: str, mails: str) -> str:
        """Return the link for one recipient, or "" where the pages have no address that all can reach."""
        return f"{self._base}{PATH}{self.token(address, brand_id, mails)}" if self._base else ""

    def token(self, address: str, brand_id: str, mails: str) -> str:
        """Return 32 letters, digits, `-` and `_`: 192 bits of a signature. The address counts without case."""
        said = "\0".join(("unsubscribe", address.strip().lower(), brand_id, mails))
        signed = hmac.new(self._key().encode("utf-8"), said.encode("utf-8"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(signed[:24]).decode("ascii")

    def find(self, token: str, brands: Iterable[Brand]) -> Subscription | None:
        """Return whose link it is; None where nobody of these brands has it (any more)."""
        given = token.encode("utf-8", "replace")
        for each in _subscriptions(brands):
            mine = self.token(each.address, each.brand.id, each.mails).encode("ascii")
            if hmac.compare_digest(mine, given):
                return each
        return None


def _subscriptions(brands: Iterable[Brand]) -> Iterator[Subscription]:
    for brand in brands:
        named = [*brand.recipients, *(person for rule in brand.rules for person in rule.recipients)]
        for address in dict.fromkeys(person.address for person in named):
            yield Subscription(address, brand, ALERTS)
        for address in dict.fromkeys(person.address for person in (*brand.recipients, *brand.brief_recipients)):
            yield Subscription(address, brand, BRIEF)
