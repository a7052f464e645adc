"""What one robots.txt says to us. Knows no network: it gets a copy and answers for URLs.

2xx is read; 4xx (and a redirect that leads nowhere) allows everything; anything else, and no answer, allows nothing.

Source: RFC 9309 (September 2022), sections 2.2 and 2.3.
"""

from __future__ import annotations

from protego import Protego

from earshot.model import RobotsCopy

AGENT = "earshot"
MAX_BYTES = 500 * 1024
LONGEST_DELAY_S = 30.0


class RobotsRules:
    """One copy of a robots.txt, read once. reason: why it could not be reached, in words for operations."""

    def __init__(self, copy: RobotsCopy, reason: str = "") -> None:
        self._copy, self._reason = copy, reason
        self._read = Protego.parse(without_unknown_lines(copy.body)) if 200 <= copy.status < 300 else None

    @property
    def is_unreachable(self) -> bool:
        """True where the file could not be had, so that nothing may be fetched."""
        return self._read is None and not 300 <= self._copy.status < 500

    def refusal(self, url: str) -> str:
        """Return why `url` may not be fetched, in words for operations; "" where it may."""
        if self.is_unreachable:
            why = f"answers {self._copy.status}" if self._copy.status else "cannot be reached"
            more = f" ({self._reason})" if self._reason else ""
            return f"{self._copy.origin}/robots.txt {why}{more}, so nothing may be fetched there"
        if self._read is not None and not self._read.can_fetch(url, AGENT):
            return f"{self._copy.origin}/robots.txt does not allow it"
        return ""

    @property
    def delay_s(self) -> float:
        """Seconds between two requests that the site asks for, 0 to 30."""
        asked = self._read.crawl_delay(AGENT) if self._read else None
        return min(max(float(asked or 0.0), 0.0), LONGEST_DELAY_S)


def without_unknown_lines(body: str) -> str:
    """Return a robots.txt without the lines that mean nothing.

    Protego takes an unknown line between two User-agent lines for the end of their group, and loses the Disallow
    that follows; RFC 9309 section 2.2.4 says that other records must not interfere. Lines that Protego would still
    understand (misspellings, a missing colon) are kept.
    """
    return "\n".join(line for line in body.splitlines() if not _is_unknown(line))


def _is_unknown(line: str) -> bool:
    plain = line.partition("#")[0].strip().lower()
    name, colon, _ = plain.partition(":")
    if not colon or " " in name.strip():
        return False
    return name.strip() not in _KNOWN


_KNOWN = frozenset(
    {
        "user-agent", "useragent", "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw", "allow",
        "crawl-delay",
    }
)  # fmt: skip
