"""The only place where ports meet adapters. Each adapter is imported inside its factory, so that a command pays
for what it uses and nothing happens at import.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from earshot import __version__
from earshot.clock import SystemClock
from earshot.config.settings import RolloverSettings, Workspace
from earshot.config.workspace import load_workspace
from earshot.errors import ConfigError, EarshotError
from earshot.lost import refuse_lost
from earshot.model import Brand, CollectLimits
from earshot.ports import (
    Classifier,
    Clock,
    Collector,
    Extractor,
    Lake,
    Mailer,
    MailLedger,
    MentionIndex,
    Recogniser,
    Record,
)
from earshot.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from fastapi import FastAPI

    from earshot.alerts.renderer import Renderer
    from earshot.alerts.rules import RuleBook
    from earshot.alerts.unsubscribing import Unsubscribing
    from earshot.index.cluster.index import ClusterIndex
    from earshot.lake import WarcLake
    from earshot.pipeline.ingest import Ingest
    from earshot.pipeline.reading import Reader
    from earshot.record import SqlRecord


def make_lake(workspace: Workspace, clock: Clock, url: str = "") -> WarcLake:
    """Return a workspace's lake, or one elsewhere that its login is for; nothing is asked of it yet.

    Raises:
        ConfigError: the storage's client is not installed.
    """
    from earshot.lake import Login, WarcLake

    settings = workspace.settings.lake
    login = Login(settings.access_key.get_secret_value(), settings.secret_key.get_secret_value())
    return WarcLake(workspace.lake_at(url) if url else workspace.lake_url, clock, login)


def make_record(workspace: Workspace, clock: Clock, secret: Callable[[], bytes] = bytes, url: str = "") -> SqlRecord:
    """Return a workspace's record, or one elsewhere that its login is for; nothing is opened yet.

    Raises:
        ConfigError: the URL is of no database that Earshot keeps its record in, or its driver is missing.
    """
    from earshot.record import SqlRecord

    return SqlRecord(url or workspace.record_url, clock, secret, workspace.settings.record.password.get_secret_value())


def make_index(workspace: Workspace, clock: Clock) -> MentionIndex:
    """Return the index that a workspace names. A cluster is not asked for anything before it is first used.

    Raises:
        ConfigError: the cluster's client is not installed, or the certificates cannot be read.
    """
    if workspace.settings.index.engine == "embedded":
        from earshot.index.embedded import EmbeddedIndex

        return EmbeddedIndex(workspace.var / "index", clock=clock)
    return make_cluster_index(workspace, clock)


def make_cluster_index(workspace: Workspace, clock: Clock) -> ClusterIndex:
    """Return the index on the cluster that a workspace names; errors as `make_index`."""
    settings = workspace.settings.index
    try:
        from earshot.index.cluster.plan import Plan
        from earshot.index.cluster.reading import Connection

        if settings.engine == "opensearch":
            from earshot.index import opensearch

            adapter: Callable[..., ClusterIndex] = opensearch.OpenSearchIndex
        else:
            from earshot.index import elasticsearch

            adapter = elasticsearch.ElasticsearchIndex
    except ModuleNotFoundError as error:
        advice = f"install earshot[{settings.engine}]"
        raise ConfigError(f"{error.name} is not installed", where="index.engine", advice=advice) from error
    connection = Connection(
        urls=settings.urls,
        username=settings.username,
        password=settings.password.get_secret_value(),
        api_key=settings.api_key.get_secret_value(),
        ca_file=str(workspace.root / settings.ca_file) if settings.ca_file else "",
        verify=settings.verify,
        timeout=settings.timeout,
    )
    rollover = settings.rollover or RolloverSettings(max_size=None)
    plan = Plan(settings.shards, settings.replicas, rollover.max_age, rollover.max_size, rollover.max_mentions)
    return adapter(connection, settings.name, clock=clock, plan=plan)


@dataclass
class Parts:
    """All the parts of one workspace, each made when it is first asked for. `close` lets go of them."""

    workspace: Workspace
    environ: Mapping[str, str]
    clock: Clock = field(default_factory=SystemClock)

    def brand(self, brand_id: str) -> Brand:
        """Return a brand of the workspace.

        Raises:
            ConfigError: there is none of this id.
        """
        found = next((brand for brand in self.workspace.brands if brand.id == brand_id), None)
        if found is None:
            known = ", ".join(brand.id for brand in self.workspace.brands) or "none"
            raise ConfigError(f"there is no brand {brand_id!r}", advice=f"known: {known}")
        return found

    @cached_property
    def record(self) -> Record:
        """The record, migrated. One that was lost is not begun anew."""
        refuse_lost(self.workspace)
        self.workspace.var.mkdir(parents=True, exist_ok=True)
        record = make_record(self.workspace, self.clock, lambda: self._key.encode("ascii"))
        record.migrate()
        return record

    @cached_property
    def lake(self) -> Lake:
        """The lake."""
        return make_lake(self.workspace, self.clock)

    @cached_property
    def index(self) -> MentionIndex:
        """The index that the workspace names."""
        return make_index(self.workspace, self.clock)

    @cached_property
    def extractor(self) -> Extractor:
        """The bounded readers."""
        from earshot.extract import BoundedExtractor

        return BoundedExtractor(self.clock)

    @cached_property
    def recogniser(self) -> Recogniser:
        """All brands, compiled."""
        from earshot.query.recognise import BrandRecogniser

        settings = self.workspace.settings
        recogniser = BrandRecogniser(self.workspace.brands, settings.time_zone, settings.languages)
        gc.collect()
        gc.freeze()  # large and unchanging: left to the collector it costs pauses of 70 to 170 ms
        return recogniser

    @cached_property
    def classifier(self) -> Classifier:
        """What judges."""
        from nlp.classifier import SpacyClassifier
        from nlp.language import JUDGED

        said = self.workspace.settings.languages
        hinted = (source.language for source in self.workspace.sources if source.language)
        return SpacyClassifier(said or (*hinted, *JUDGED))

    @cached_property
    def book(self) -> RuleBook:
        """All rules, compiled."""
        from earshot.alerts.rules import RuleBook

        settings = self.workspace.settings
        return RuleBook(self.workspace.brands, settings.time_zone, settings.alerts)

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        """Names for people inside."""
        return Pseudonyms(self._key)

    @cached_property
    def _key(self) -> str:
        """Return the workspace's key; it is made where it is missing."""
        from earshot.config.example import make_key

        return make_key(self.workspace.root).read_text(encoding="ascii").strip()

    @cached_property
    def model_version(self) -> str:
        """The name of what judges now; does not load it."""
        from nlp.version import model_version

        return model_version()

    @cached_property
    def reader(self) -> Reader:
        """What judges documents."""
        from earshot.pipeline.reading import Reader

        return Reader(self.recogniser, self.classifier, self.book, self.workspace.brands, self.pseudonyms)

    @cached_property
    def ingest(self) -> Ingest:
        """The ingest stage."""
        from earshot.pipeline.ingest import Ingest

        return Ingest(self.record, self.lake, self.extractor, self.reader, self.book, self.workspace, self.clock)

    @cached_property
    def collector(self) -> Collector:
        """Scrapy, in child processes."""
        from spiders.collector import ScrapyCollector

        return ScrapyCollector(self.clock, proxy=self.limits.proxy)

    @cached_property
    def mailer(self) -> Mailer | None:
        """The mail server, or None where the workspace names none."""
        from earshot.alerts.smtp import SmtpMailer

        mail = self.workspace.settings.mail
        return SmtpMailer(mail, self.clock) if mail.host else None

    @cached_property
    def ledger(self) -> MailLedger | None:
        """What the mail server accepted, or None where it shows nobody."""
        from earshot.alerts.ledger import MaildirLedger

        path = self.workspace.settings.mail.ledger
        return MaildirLedger(self.workspace.root / path) if path else None

    @cached_property
    def renderer(self) -> Renderer:
        """What writes the mails."""
        from earshot.alerts.renderer import Renderer

        return Renderer(self.workspace.settings, self.unsubscribing)

    @cached_property
    def unsubscribing(self) -> Unsubscribing:
        """Makes and reads the links that stop a person's mails."""
        from earshot.alerts.unsubscribing import Unsubscribing

        return Unsubscribing(lambda: self._key, self.workspace.settings.dashboards.public_url)

    @cached_property
    def limits(self) -> CollectLimits:
        """What one request may cost, and who asks."""
        return collect_limits(self.workspace, self.environ)

    def make_app(self) -> FastAPI:
        """Return the dashboards."""
        from dashboards.app import make_app
        from earshot.acting import ChildActions
        from earshot.config.rereading import Rereading

        return make_app(
            record=self.record,
            index=self.index,
            workspace=self.workspace,
            clock=self.clock,
            ledger=self.ledger,
            actions=ChildActions(self.workspace.root, self.environ),
            mistakes=Rereading(self.workspace.root, self.environ).mistakes,
            unsubscribing=self.unsubscribing,
        )

    def close(self) -> None:
        """End children and connections of the parts that were made."""
        for name in ("extractor", "record"):
            part = self.__dict__.get(name)
            if part is not None:
                part.close()
        if (close := getattr(self.__dict__.get("index"), "close", None)) is not None:
            close()  # only a cluster has connections


def open_parts(root: Path, environ: Mapping[str, str]) -> Parts:
    """Load a workspace and return its parts.

    Raises:
        EarshotError: the workspace has mistakes, or is none.
    """
    return Parts(load_workspace(root, environ), environ)


def collect_limits(workspace: Workspace, environ: Mapping[str, str]) -> CollectLimits:
    """Return the limits of a request; a proxy of the environment counts where the workspace names none."""
    settings = workspace.settings.collect
    found = (environ.get(name, "") for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"))
    no_proxy = tuple(part.strip() for part in environ.get("no_proxy", "").split(",") if part.strip())
    contact = settings.contact or "no contact given"
    return CollectLimits(
        user_agent=f"earshot/{__version__} (+{contact})",
        timeout_s=settings.timeout.total_seconds(),
        max_bytes=int(settings.max_mb * 1024 * 1024),
        memory_mb=settings.memory_mb,
        max_redirects=settings.max_redirects,
        concurrency=settings.concurrency,
        proxy=settings.proxy or next(filter(None, found), ""),
        no_proxy=settings.no_proxy or no_proxy,
        allow_hosts=settings.allow_hosts,
    )


__all__ = [
    "EarshotError",
    "Parts",
    "collect_limits",
    "make_cluster_index",
    "make_index",
    "make_lake",
    "make_record",
    "open_parts",
]
