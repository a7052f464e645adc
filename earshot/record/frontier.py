"""The frontier: addresses still to fetch. Knows neither what comes out of a page nor its politeness."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, exists, func, or_, select, update

from earshot.identity import digest
from earshot.model import Outcome, Role
from earshot.ports import FrontierPage, PagesRead
from earshot.record import tombstones
from earshot.record.session import Session, WriteSession, add_new, chunks
from earshot.record.tables import document, frontier, source
from earshot.record.types import UtcDateTime

WAITING, DONE, FAILED = "waiting", "done", "failed"
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
MOVED = "moved to "
"""The reason of a page that a redirect led away from begins so; where it led is a row of its own."""

_BOUNDED = ("", Outcome.OK, Outcome.UNCHANGED, Outcome.FAILED, Outcome.THROTTLED, Outcome.NOT_THE_ARTICLE)
"""Outcomes after which a page waits for another try."""


def _is_false() -> ColumnElement[bool]:
    """Its time is later than it can be."""
    latest = case(
        *(
            (frontier.c.outcome == each, bindparam(f"latest_{place}", type_=UtcDateTime()))
            for place, each in enumerate(_BOUNDED)
        )
    )
    return frontier.c.not_before > latest


def _is_due() -> ColumnElement[bool]:
    now = bindparam("now", type_=UtcDateTime())
    return or_(frontier.c.not_before.is_(None), frontier.c.not_before <= now, _is_false())


_SOURCES_DUE = select(source.c.id).where(
    source.c.is_active,
    exists().where(frontier.c.state == WAITING, frontier.c.source_id == source.c.id, _is_due()),
)
_DUE_OF_SOURCE = (
    select(frontier)
    .where(frontier.c.state == WAITING, frontier.c.source_id == bindparam("wanted"), _is_due())
    .order_by(frontier.c.newest_at.desc(), frontier.c.id)
    .limit(bindparam("most"))
)
"""One source's pages by an index; a window over all would sort the whole frontier (100,000 rows of a sitemap)."""


class FrontierReads(Session):
    """What the record says of pages."""

    def page(self, page_id: str) -> FrontierPage | None:
        """Return one frontier row, settled or not, or None."""
        row = self.db.execute(select(frontier).where(frontier.c.id == page_id)).first()
        return None if row is None else _page(row)

    def pages_read(self, source_id: str, since: datetime) -> PagesRead:
        """Return what came of a source's pages that were published or found at `since` or later."""
        named = frontier.c.state.in_((WAITING, DONE, FAILED)), frontier.c.source_id == source_id
        pages = select(frontier.c.reason, func.count().label("pages")).where(
            *named, frontier.c.newest_at >= since, frontier.c.role == Role.PAGE
        )
        is_read = (frontier.c.state == DONE) & ~frontier.c.reason.startswith(MOVED)
        others = pages.where(frontier.c.outcome == Outcome.NOT_THE_ARTICLE).group_by(frontier.c.reason)
        reasons = [(row.reason, int(row.pages)) for row in self.db.execute(others)]
        articles = self.db.execute(pages.with_only_columns(func.count()).where(is_read)).scalar_one()
        reasons.sort(key=lambda reason: (-reason[1], reason[0]))
        return PagesRead(int(articles) + sum(count for _, count in reasons), tuple(reasons))


class FrontierWrites(WriteSession):
    """What plans and settles pages."""

    def due_pages(
        self,
        now: datetime,
        per_source: int,
        limit: int,
        waits: Mapping[str, timedelta] | None = None,
        leave_out: Container[str] = (),
    ) -> list[FrontierPage]:
        """Return pages to fetch of active sources, newest (published_at, else found_at) first, `per_source` at most.

        waits: by outcome of the last try ("" before the first) how long a page may wait for the next at most; one that
        waits longer got its time from a clock that ran ahead, and is due. leave_out: ids of sources.
        """
        most: dict[str, Any] = {"now": now, "most": min(per_source, limit)}
        waits = waits or {}
        most |= {f"latest_{n}": now + waits[each] if each in waits else _NEVER for n, each in enumerate(_BOUNDED)}
        sources = [each for each in self.db.execute(_SOURCES_DUE, most).scalars() if each not in leave_out]
        rows = [row for each in sources for row in self.db.execute(_DUE_OF_SOURCE, {"wanted": each} | most)]
        rows.sort(key=lambda row: row.id)
        rows.sort(key=lambda row: row.newest_at, reverse=True)
        return [_page(row) for row in rows[:limit]]

    def put_off_pages(self, page_ids: Sequence[str], until: datetime) -> None:
        """Let waiting pages not be due before `until`."""
        for part in chunks(page_ids):
            meant = frontier.c.id.in_(part) & (frontier.c.state == WAITING)
            self.db.execute(update(frontier).where(meant).values(not_before=until))

    def add_pages(self, pages: Sequence[FrontierPage]) -> int:
        """Add addresses that were never in the frontier (by URL and role); return how many were new.

        A settled row of role SITEMAP opens again if published_at (its lastmod) is None or later than its end:
        a child sitemap changes, a page is fetched once. An erased address does not come back.
        """
        wanted = {digest("page", page.url, page.role): page for page in reversed(pages)}
        known: dict[str, Any] = {}
        for part in chunks(list(wanted)):
            rows = self.db.execute(select(frontier.c.key, frontier.c.ended_at).where(frontier.c.key.in_(part)))
            known |= {row.key: row.ended_at for row in rows}
        for key, ended_at in sorted(known.items()):
            if wanted[key].role is Role.SITEMAP and ended_at is not None:
                self._open_again(key, wanted[key], ended_at)
        new = {key: page for key, page in wanted.items() if key not in known}
        erased = tombstones.erased_urls(self.db, [page.url for page in new.values()])
        added = [_row(key, new[key]) for key in sorted(new) if new[key].url not in erased]
        return add_new(self.db, frontier, added)  # another beside us may have added one since we looked

    def _open_again(self, key: str, page: FrontierPage, ended_at: datetime) -> None:
        if page.published_at is None or page.published_at > ended_at:
            opened = {"state": WAITING, "ended_at": None, "not_before": page.not_before, "attempts": 0, "failures": 0}
            dated = {
                "published_at": page.published_at,
                "published_as": page.published_as,
                "newest_at": page.published_at or page.found_at,
            }
            settled = (frontier.c.key == key) & (frontier.c.ended_at == ended_at)
            self.db.execute(update(frontier).where(settled).values(**opened, **dated))

    def end_page(self, page_id: str, outcome: Outcome, reason: str, now: datetime, retry_at: datetime | None) -> None:
        """Settle a page: done, or tried again at `retry_at`.

        A failed end of a page, and one that was not the article, mark its teaser as to be judged now.
        """
        state = WAITING if retry_at is not None else DONE if outcome.is_heard else FAILED
        row = self.db.execute(
            update(frontier)
            .where(frontier.c.id == page_id, frontier.c.state == WAITING)
            .values(
                state=state,
                outcome=outcome,
                reason=reason,
                attempts=frontier.c.attempts + 1,
                failures=frontier.c.failures + 1 if outcome is Outcome.FAILED else 0,
                not_before=retry_at,
                ended_at=now if retry_at is None else None,
            )
            .returning(frontier.c.document_id, frontier.c.role)
        ).first()
        is_lost = (state == FAILED or outcome is Outcome.NOT_THE_ARTICLE) and row is not None and row.role == Role.PAGE
        if row is not None and row.document_id and is_lost:
            waits = (document.c.id == row.document_id) & document.c.judged_at.is_(None)
            self.db.execute(update(document).where(waits).values(judge_at=now))


def _page(row: Any) -> FrontierPage:
    return FrontierPage(
        id=row.id,
        url=row.url,
        role=Role(row.role),
        source_id=row.source_id,
        found_at=row.found_at,
        published_at=row.published_at,
        title=row.title,
        document_id=row.document_id,
        attempts=row.attempts,
        hops=row.hops,
        not_before=row.not_before,
        published_as=row.published_as,
        failures=row.failures,
    )


def _row(key: str, page: FrontierPage) -> dict[str, Any]:
    return {
        "id": page.id,
        "key": key,
        "url": page.url,
        "role": page.role,
        "source_id": page.source_id,
        "found_at": page.found_at,
        "published_at": page.published_at,
        "published_as": page.published_as,
        "newest_at": page.published_at or page.found_at,
        "title": page.title,
        "document_id": page.document_id,
        "attempts": page.attempts,
        "failures": page.failures,
        "hops": page.hops,
        "not_before": page.not_before,
        "state": WAITING,
        "outcome": "",
        "reason": "",
        "ended_at": None,
    }
