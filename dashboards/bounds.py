"""How much a request may ask for. Every link of a page repeats the page's parameters, so that an answer grows with the
square of what is asked: it is bounded before anything is read.

Knows no page. What is over a bound is refused with the field, the limit and what to do; nothing is cut in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fastapi import Request

MAX_ADDRESS = 8192
"""Bytes of path and parameters as they are sent: what proxies in front take, too.
Source: nginx, `large_client_header_buffers 4 8k`, https://nginx.org/en/docs/http/ngx_http_core_module.html
(read 2026-11)."""
MAX_PARAMETERS = 100
MAX_OF_ONE_NAME = 40
MAX_VALUE = 500
"""Characters of a value."""
MAX_QUERY = 2000
"""Characters of a search on the pages. A longer one belongs into a brand's file, which takes 10,000."""
_LONGER = {"q": MAX_QUERY, "next": MAX_ADDRESS}


class Excess(Exception):  # noqa: N818 (a state, answered with its status)
    """More than is taken. field: the parameter, or what else it is; limit: in what `what` names; advice: what to do."""

    def __init__(self, status: int, field: str, limit: int, what: str, advice: str) -> None:
        self.status, self.field, self.limit, self.what, self.advice = status, field, limit, what, advice
        super().__init__(f"{what}. {advice}")


async def bounded(request: Request) -> None:
    """Let a request pass whose address is within the bounds; a dependency of every route.

    Raises:
        Excess: it is not.
    """
    length = len(request.scope.get("raw_path", b"")) + len(request.scope["query_string"])
    if length > MAX_ADDRESS:
        raise Excess(
            414,
            "address",
            MAX_ADDRESS,
            f"This address has {length:,} characters; {MAX_ADDRESS:,} are the most",
            "Choose fewer things at once, or a shorter search.",
        )
    check(request.query_params.multi_items())


def check(pairs: Sequence[tuple[str, str]]) -> None:
    """Let parameters pass that are few and short enough.

    Raises:
        Excess: too many, too many of one name, or one too long.
    """
    if len(pairs) > MAX_PARAMETERS:
        what = f"This address has {len(pairs):,} parameters; {MAX_PARAMETERS} are the most"
        raise Excess(400, "parameters", MAX_PARAMETERS, what, "Choose fewer things at once.")
    name, count = next(iter(Counter(name for name, _ in pairs).most_common(1)), ("", 0))
    if count > MAX_OF_ONE_NAME:
        what = f"“{name[:80]}” stands {count} times in this address; {MAX_OF_ONE_NAME} are the most"
        raise Excess(400, name[:80], MAX_OF_ONE_NAME, what, "Take some of its values away.")
    for name, value in pairs:
        longest = _LONGER.get(name, MAX_VALUE)
        if len(value) > longest:
            raise _too_long(name, len(value), longest)
        if len(name) > MAX_VALUE:
            what = f"The name “{name[:80]}…” has {len(name):,} characters; {MAX_VALUE:,} are the most"
            raise Excess(400, name[:80], MAX_VALUE, what, "Take it away.")


def _too_long(name: str, length: int, longest: int) -> Excess:
    if name == "q":
        what = f"This search has {length:,} characters; {longest:,} are the most"
        return Excess(400, name, longest, what, "Make two of it, or write it as a rule or the query of a brand's file.")
    what = f"The value of “{name[:80]}” has {length:,} characters; {longest:,} are the most"
    return Excess(400, name[:80], longest, what, "Take it away or shorten it.")
