"""Visits that come by standard input, a line each, for as long as it is open. Knows no request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from earshot.batches import read_visit
from earshot.model import Visit

_LONGEST_LINE = 64 * 1024 * 1024


async def arriving() -> AsyncIterator[Visit]:
    """Yield visits as they come; end when standard input is closed. What comes faster than it is taken waits there."""
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield read_visit(line.decode("utf-8"))
