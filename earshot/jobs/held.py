"""Jobs of mails that may have been sent, and of which only a person can say whether they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earshot.errors import ConfigError
from earshot.jobs.opening import opened
from earshot.model import Delivery, DeliveryState
from earshot.pipeline.doubt import RELEASED
from earshot.present import plain

_ALL = 100_000


def held(workspace: str) -> list[dict[str, Any]]:
    """Return the mails of unknown fate, latest first, with `key`, `recipient`, `subject`, `reason`, `changed_at`."""
    with opened(workspace) as parts, parts.record.read() as reader:
        return [plain(each) for each in reader.deliveries([DeliveryState.UNKNOWN], limit=_ALL)]


def settle(workspace: str, keys: Sequence[str] = (), *, was_sent: bool, everything: bool = False) -> int:
    """Say of mails of unknown fate that they were sent, or have them sent; return how many.

    Args:
        workspace: its folder.
        keys: beginnings of their keys, each of one mail only.
        was_sent: True: nothing is sent, and they count as told. False: the next run sends them.
        everything: all of them.

    Raises:
        ConfigError: a key is of no such mail, or of several.
    """
    with opened(workspace) as parts:
        with parts.record.read() as reader:
            there = reader.deliveries([DeliveryState.UNKNOWN], limit=_ALL)
        chosen = there if everything else [_one(there, key) for key in keys]
        state, reason = (DeliveryState.SENT, "a person says so") if was_sent else (DeliveryState.PENDING, RELEASED)
        with parts.record.write() as writer:
            for each in chosen:
                writer.change_delivery(each.key, state, parts.clock.now(), reason=reason)
    return len(chosen)


def _one(there: Sequence[Delivery], key: str) -> Delivery:
    found = [each for each in there if key and each.key.startswith(key)]
    if len(found) != 1:
        what = f"{len(found) or 'no'} held mails begin with {key!r}"
        raise ConfigError(what, advice="`earshot alerts held` lists them")
    return found[0]
