"""What every page is given: the ports, the workspace and the templates. Knows no page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboards import jobwords, wording
from dashboards.assets import Assets
from dashboards.bounds import MAX_QUERY
from dashboards.view import View, read_view, time_zones
from earshot.config.settings import Workspace
from earshot.errors import Mistake
from earshot.model import Brand
from earshot.operating import JobRun
from earshot.ports import Clock, MailLedger, MentionIndex, Record

ZONE_COOKIE = "earshot_tz"
"""Set by the first script of every page: a browser without it shows no charts, and is given their tables open."""
_DIRECTION = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Characters that turn the writing direction of what follows, also of our own words beside a foreign title.
Source: Unicode Standard Annex 9, explicit directional formatting characters (read 2026-11)."""


class Board:
    """The ports and the workspace, and how a page is made of them. One per app; holds no state of a request."""

    def __init__(
        self,
        record: Record,
        index: MentionIndex,
        workspace: Workspace,
        clock: Clock,
        ledger: MailLedger | None,
        mistakes: Callable[[], Sequence[Mistake]] = tuple,
    ) -> None:
        """Keep the ports; nothing is read yet. mistakes: asks for those of the workspace's files as they stand now."""
        self.record, self.index, self.workspace, self.clock, self.ledger = record, index, workspace, clock, ledger
        self.mistakes = mistakes
        self.assets = Assets(workspace.var / "cache")

    @cached_property
    def brands(self) -> Mapping[str, Brand]:
        """The workspace's brands by id."""
        return {brand.id: brand for brand in self.workspace.brands}

    def brand_name(self, brand_id: str) -> str:
        """Return a brand's name; its id where the workspace no longer has it."""
        brand = self.brands.get(brand_id)
        return brand.name if brand else brand_id

    def rule_name(self, rule_id: str, *brand_ids: str) -> str:
        """Return a rule's name; its id where no brand has it any more.

        Brands may call rules of one id differently: all names of these brands are given, without any those of all.
        """
        brands = [brand for brand in self.workspace.brands if not brand_ids or brand.id in brand_ids]
        names = dict.fromkeys(rule.name for brand in brands for rule in brand.rules if rule.id == rule_id)
        return " / ".join(names) or rule_id

    def source_name(self, source_id: str) -> str:
        """Return a source's name, or its id."""
        return self._sources.get(source_id) or source_id

    @cached_property
    def _sources(self) -> Mapping[str, str]:
        return {source.id: source.name for source in self.workspace.sources}

    @cached_property
    def source_ids(self) -> frozenset[str]:
        """Ids of the workspace's sources."""
        return frozenset(self._sources)

    @cached_property
    def collections(self) -> frozenset[str]:
        """Names of the workspace's collections."""
        return frozenset(source.collection for source in self.workspace.sources)

    def subject_name(self, run: JobRun) -> str:
        """Return what a run was about, as people call it; empty where it was about everything."""
        return self.brand_name(run.subject) if run.subject in self.brands else run.subject

    def zone_of(self, request: Request) -> str:
        """Return the reader's zone as their browser told it, else the workspace's."""
        told = request.cookies.get(ZONE_COOKIE, "")
        return told if told in time_zones() else self.workspace.settings.time_zone

    def view(self, request: Request) -> View:
        """Return the view that a request's URL asks for."""
        return read_view(
            request.query_params.multi_items(),
            now=self.clock.now(),
            default_zone=self.zone_of(request),
            known={"brand": self.brands} if self.brands else {},
        )

    def label(self, param: str, value: str, brand_ids: Sequence[str] = ()) -> str:
        """Return what a value of a parameter is called; a rule, by the brands that a view is about."""
        namers: dict[str, Callable[[str], str]] = {
            "brand": self.brand_name,
            "flag": lambda value: self.rule_name(value, *brand_ids),
            "source": self.source_name,
        }
        if param in namers:
            return namers[param](value)
        tables: dict[str, Mapping[str, Any]] = {"category": wording.CATEGORIES, "lang": wording.LANGUAGES}
        if param in ("sentiment", "severity"):
            table = wording.SENTIMENTS if param == "sentiment" else wording.SEVERITIES
            return table[value][0] if value in table else value
        return str(tables.get(param, {}).get(value, value))

    @cached_property
    def templates(self) -> Environment:
        """The templates; every one escapes, whatever its name, and an unknown name is an error."""
        environment = Environment(
            loader=PackageLoader("dashboards", "templates"),
            autoescape=True,
            finalize=_without_direction,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "number": wording.number,
            "web_url": wording.web_url,
            "host_of": wording.host_of,
            "hex_id": lambda text: text[:8],
            "as_code": _as_code,
        }
        environment.globals |= {
            "asset": self.assets.url,
            "label": self.label,
            "words": wording,
            "jobs": jobwords,
            "subject_name": self.subject_name,
            "workspace_name": self.workspace.settings.name,
            "rule_name": self.rule_name,
            "longest_query": MAX_QUERY,
            "has_mails": self.ledger is not None,
            "wants_token": bool(self.workspace.settings.dashboards.token.get_secret_value()),
        }
        return environment

    def page(
        self, request: Request, template: str, view: View | None = None, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """Return a page. Times in it are in the view's zone, else in the reader's."""
        now = self.clock.now()
        zone = view.zone if view else ZoneInfo(self.zone_of(request))
        html = self.templates.get_template(template).render(
            path=request.url.path,
            view=view,
            clock=Times(now, zone),
            zone=zone.key,
            runs_scripts=ZONE_COOKIE in request.cookies,
            **context,
        )
        return HTMLResponse(html, status)


def _as_code(text: str) -> Markup:
    """Return text with what stands between backticks set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them stands alone: no pair can be told
        return escape(text)
    pieces = (Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("").join(pieces)


def _without_direction(value: Any) -> Any:
    return value.translate(_DIRECTION) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Times:
    """The time of a look and the reader's zone, for templates."""

    now: datetime
    zone: ZoneInfo

    def ago(self, at: datetime) -> str:
        """Return a time as people say it."""
        return wording.ago(at, self.now, self.zone)

    def day(self, since: datetime, until: datetime) -> str:
        """Return the day that most of a stretch of about a day falls on; of a longer one its first and last day."""
        quarter = (until - since) / 4  # its own midnights are those of another zone than the reader's
        first, last = (at.astimezone(self.zone) for at in (since + quarter, until - quarter))
        if until - since <= timedelta(hours=26):
            first = last = (since + 2 * quarter).astimezone(self.zone)
        return f"{first:%a} {wording.day(first)}" + ("" if first == last else f" to {last:%a} {wording.day(last)}")

    def exact(self, at: datetime) -> str:
        """Return a time in full."""
        return wording.exact(at, self.zone)
