"""A real record with sources, documents and flagged mentions, for tests of routing, binding and the relay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from earshot import identity
from earshot.alerts.renderer import Renderer
from earshot.alerts.routing import Judged, judge
from earshot.alerts.rules import RuleBook
from earshot.config.settings import AlertSettings, DashboardSettings, MailSettings, Settings
from earshot.errors import MailError
from earshot.model import Brand, DeliveryState, Flag, Mention, Message, Outcome
from earshot.pipeline.alert import AlertReport, alert
from earshot.pipeline.alert import judge as judge_late
from earshot.ports import BeforeDot, Clock, Mailer, MailLedger, MentionWrite, RunEnd, never
from earshot.record import SqlRecord
from tests.builders import (
    FakeClock,
    make_brand,
    make_document,
    make_flag,
    make_recipient,
    make_rule,
    make_source,
    make_verdict,
)


@dataclass
class Inbox:
    """A mailer that keeps what it takes. fail: what to raise, by recipient or "*"; lost: the same, after the dot."""

    taken: list[Message] = field(default_factory=list)
    fail: dict[str, list[Exception]] = field(default_factory=dict)
    lost: list[Exception] = field(default_factory=list)

    def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
        for name in (message.recipient, "*"):
            if self.fail.get(name):
                raise self.fail[name].pop(0)
        before_dot()
        if self.lost:
            raise self.lost.pop(0)
        self.taken.append(message)


@dataclass
class Books:
    """A ledger that knows what it is told."""

    ids: set[str] = field(default_factory=set)

    def find(self, message_id: str) -> bool:
        return message_id in self.ids

    def messages(self, limit: int = 100) -> list[Any]:
        return []

    def headers(self, limit: int = 100) -> list[Any]:
        return []

    def message(self, name: str) -> None:
        return None


class Scene:
    """A workspace in a folder, and verbs that set it."""

    def __init__(self, folder: Path, clock: Clock | None = None, brands: tuple[Brand, ...] = (), **mail: Any) -> None:
        self.clock = clock or FakeClock()
        self.brands = brands or (make_brand(),)
        self.settings = Settings(
            mail=MailSettings(**{"host": "mail.example.org", "sender": "Earshot <alerts@example.org>"} | mail),
            dashboards=DashboardSettings(public_url="https://earshot.example.org"),
        )
        self.book = RuleBook(self.brands)
        self.inbox = Inbox()
        self.record = SqlRecord(f"sqlite:///{folder / 'record.db'}", self.clock)

    def begin(self) -> Scene:
        self.record.migrate()
        with self.record.write() as writer:
            writer.put_sources([make_source()], self.clock.now())
        return self

    def end_round(self) -> None:
        with self.record.write() as writer:
            now = self.clock.now()
            writer.end_run(RunEnd("blog", now, Outcome.OK, "", next_due_at=now))

    def find(
        self,
        number: int,
        *,
        flags: tuple[Flag, ...] | None = None,
        story_of: str = "",
        is_teaser_until: datetime | None = None,
        brand: str = "halden",
        **changes: Any,
    ) -> Mention:
        """Store a document and its flagged mention, unjudged."""
        now = self.clock.now()
        url = f"http://blog.example/{number}"
        document = make_document(
            **{
                "url": url,
                "title": f"Halden pump {number} broke",
                "found_at": now,
                "published_at": now - timedelta(hours=1),
            }
            | changes
        )
        write = MentionWrite(
            id=identity.mention_id(document.id, brand),
            document_id=document.id,
            verdict=make_verdict(brand_id=brand),
            flags=(make_flag(),) if flags is None else flags,
            is_own_voice=False,
        )
        with self.record.write() as writer:
            writer.put_document(document, [], "", b"", [])
            writer.join_story(document.id, [story_of] if story_of else [])
            writer.put_mentions(document.id, [write], now)
            if is_teaser_until:
                writer.wait_for_page(document.id, is_teaser_until)
            return writer.mentions_of(document.id)[0]

    def judge(self, mention: Mention, **changes: Any) -> Judged:
        options = {"is_first_round": False, "has_real_date": True, "settings": AlertSettings(), "book": self.book}
        with self.record.write() as writer:
            return judge(writer, mention, self.clock.now(), **{**options, **changes})

    def flag(self, count: int, start: int = 0, **changes: Any) -> None:
        """Find and judge `count` mentions, each a story of its own."""
        for number in range(start, start + count):
            self.judge(self.find(number, **changes))

    def alert(
        self, mailer: Mailer | None = None, ledger: MailLedger | None = None, owner: str = "", brand_id: str = ""
    ) -> AlertReport:
        return alert(
            self.record,
            mailer or self.inbox,
            ledger,
            Renderer(self.settings),
            self.book,
            self.settings,
            self.clock,
            owner or "here/1/0.00",
            brand_id=brand_id,
        )

    def waiting(self) -> list[str]:
        """Judge late teasers; return the brands that a scheduler would start a run for."""
        return judge_late(self.record, self.book, self.settings, self.clock)[1]

    def pause(self, brand_id: str = "halden") -> None:
        with self.record.write() as writer:
            writer.pause_brand(brand_id, "a test", self.clock.now())

    def resume(self, brand_id: str = "halden") -> None:
        with self.record.write() as writer:
            writer.resume_brand(brand_id)

    def use(self, *brands: Brand) -> None:
        """Go on with other brands."""
        self.brands, self.book = brands, RuleBook(brands)

    def reasons(self) -> list[str]:
        """Return why deliveries are dead."""
        with self.record.read() as reader:
            return [delivery.reason for delivery in reader.deliveries([DeliveryState.DEAD])]

    def states(self) -> dict[str, int]:
        with self.record.read() as reader:
            return reader.counts().deliveries

    def notices(self) -> dict[str, int]:
        with self.record.read() as reader:
            return reader.counts().notices


def temporary(reason: str = "450 greylisted") -> MailError:
    return MailError(reason)


def kill_brands() -> tuple[Brand, ...]:
    """Two brands with a mail for each notice and a brief each, and a third whose notices share mails."""
    people = tuple(make_recipient(address=f"p{n}@example.org") for n in range(2))
    each = make_rule(id="each", recipients=people)
    many = make_rule(id="many", recipients=people[:1])
    two = tuple(
        make_brand(id=brand, name=name, rules=(each, many), brief_recipients=people, max_per_hour=10_000)
        for brand, name in (("halden", "Halden"), ("brewlane", "Brewlane"))
    )
    return (*two, make_brand(id="tidewell", name="Tidewell", rules=(many,), max_per_hour=6))
