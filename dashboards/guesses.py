"""How often an address may guess the access token. Nobody's guessing keeps anybody else out. Knows no token."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

MOST, WITHIN = 10, timedelta(minutes=1)
_ADDRESSES = 10_000
"""So many are remembered; of more, those that guessed least recently are forgotten."""


class Guesses:
    """Wrong tokens of the last minute, by address: an IPv4 address, or the /64 that an IPv6 address lies in, which is
    what one customer is given (RIPE-690, section 4.2, read 2026-11). Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def are_too_many(self, address: str, now: datetime) -> bool:
        """Tell whether an address guessed wrong ten times within a minute; its next token is not looked at."""
        with self._lock:
            wrong = self._wrong.get(_block(address))
            return wrong is not None and len(wrong) == MOST and now - wrong[0] < WITHIN

    def note(self, address: str, now: datetime) -> None:
        """Note a wrong token."""
        with self._lock:
            block = _block(address)
            self._wrong.setdefault(block, deque(maxlen=MOST)).append(now)
            self._wrong.move_to_end(block)
            if len(self._wrong) > _ADDRESSES:
                self._wrong.popitem(last=False)


def _block(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:80]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
