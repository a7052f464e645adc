"""The pace of long work: it takes a share of the time and leaves the rest to the live run. Knows no work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from earshot.errors import ConfigError
from earshot.ports import Clock


def checked_share(share: float) -> float:
    """Return `share` if it is one.

    Raises:
        ConfigError: not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"{share:g} is no share of the time", advice="above 0 and at most 1; 0.5 rests half of it")
    return share


@contextmanager
def paced(clock: Clock, share: float) -> Iterator[None]:
    """Rest after the work inside, so that it takes this share of the time; 1.0 means no rest.

    Work that raises is not rested from.
    """
    began = clock.monotonic()
    yield
    rest_s = (clock.monotonic() - began) * (1 - share) / share
    if rest_s > 0:
        clock.sleep(rest_s)
