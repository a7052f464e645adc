"""Leases with growing fences, and the copies of robots.txt that a batch takes along. Knows no batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from earshot.leases import is_gone
from earshot.model import RobotsCopy
from earshot.ports import holds
from earshot.record.session import WriteSession, chunks, put
from earshot.record.tables import host_rest, lease, robots_copy

LONGEST_LEASE = timedelta(hours=24)
"""No lease is longer; that of a host is minutes long."""
LONGEST_REST = timedelta(hours=24)
"""No host rests longer, whatever it asked for."""
GOOD_COPY = timedelta(days=30)
"""How long an unreachable robots.txt does not replace a good one. Source: RFC 9309, section 2.3.1.4."""


class LeaseWrites(WriteSession):
    """What is taken and given back."""

    def lease(self, names: Sequence[str], owner: str, now: datetime, until: datetime) -> dict[str, int]:
        """Lease these names and return the granted ones with their fence.

        A name is free if nobody holds it, its lease ran out, or its holder was a process of this machine that
        is gone, or its lease reaches further than it can: then the clock had run ahead. Taking what one
        holds renews it and keeps its fence; every other grant has a higher one.
        """
        self.hold([holds.LEASES])
        held: dict[str, Any] = {}
        for part in chunks(names):
            held |= {row.name: row for row in self.db.execute(select(lease).where(lease.c.name.in_(part)))}
        granted: dict[str, int] = {}
        for name in names:
            row = held.get(name)
            if row is None:
                granted[name] = 1
            elif row.owner == owner:
                granted[name] = row.fence
            elif not row.owner or row.until <= now or _is_false(row, now, until) or is_gone(row.owner):
                granted[name] = row.fence + 1
        rows = [{"name": name, "owner": owner, "fence": fence, "until": until} for name, fence in granted.items()]
        put(self.db, lease, rows)
        return granted

    def free(self, names: Sequence[str], owner: str) -> None:
        """Give leases back; the row stays, so that fences only grow. Twice is once."""
        self.hold([holds.LEASES])
        for part in chunks(names):
            mine = lease.c.name.in_(part) & (lease.c.owner == owner)
            self.db.execute(update(lease).where(mine).values(owner=""))

    def rest_host(self, host: str, until: datetime, reason: str) -> None:
        """Note that a host asked to be left alone until then. A later time that is noted already stays."""
        self.hold([holds.LEASES])
        now = self.clock.now()
        self.db.execute(delete(host_rest).where(or_(host_rest.c.until <= now, host_rest.c.until > now + LONGEST_REST)))
        known = self.db.execute(select(host_rest.c.until).where(host_rest.c.host == host)).scalar()
        if known is None or known < until:
            put(self.db, host_rest, [{"host": host, "until": until, "reason": reason}])

    def host_rests(self, hosts: Sequence[str], now: datetime) -> dict[str, datetime]:
        """Return until when those of the hosts rest that do. A time beyond the longest rest is not believed."""
        rests: dict[str, datetime] = {}
        for part in chunks(hosts):
            still = host_rest.c.host.in_(part) & (host_rest.c.until > now) & (host_rest.c.until <= now + LONGEST_REST)
            rests |= {row.host: row.until for row in self.db.execute(select(host_rest).where(still))}
        return rests

    def robots(self, origins: Sequence[str], since: datetime) -> list[RobotsCopy]:
        """Return copies fetched at or after `since`, by origin."""
        found: list[RobotsCopy] = []
        for part in chunks(origins):
            fresh = robots_copy.c.origin.in_(part) & (robots_copy.c.fetched_at >= since)
            rows = self.db.execute(select(robots_copy).where(fresh))
            found += [RobotsCopy(row.origin, row.status, row.body, row.fetched_at) for row in rows]
        return sorted(found, key=lambda copy: copy.origin)

    def put_robots(self, copy: RobotsCopy) -> None:
        """Keep the newest copy of an origin. An unreachable one does not replace a good one younger than 30 days."""
        self.hold([holds.of_robots(copy.origin)])
        known = self.db.execute(select(robots_copy).where(robots_copy.c.origin == copy.origin)).first()
        if known is not None:
            if copy.fetched_at < known.fetched_at:
                return
            is_young = copy.fetched_at - known.fetched_at < GOOD_COPY
            if _is_unreachable(copy.status) and not _is_unreachable(known.status) and is_young:
                return
        row = {"origin": copy.origin, "status": copy.status, "body": copy.body, "fetched_at": copy.fetched_at}
        put(self.db, robots_copy, [row])


def _is_false(row: Any, now: datetime, until: datetime) -> bool:
    """Tell whether a lease reaches further than it can: twice as far as the one that is asked for now, or a day."""
    longest = (until - now) * 2 if row.name.startswith("host:") else LONGEST_LEASE
    return bool(row.until > now + longest)


def _is_unreachable(status: int) -> bool:
    """Tell whether nothing is known: no answer, or a server error. Source: RFC 9309, section 2.3.1.4."""
    return status == 0 or status >= 500
