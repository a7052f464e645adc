"""The forms of `brands/*.yaml` and `sources/*.yaml`, as pydantic models. Knows no file and no other brand.

These are what the JSON Schemas for editors are made of, so every field says what it is for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from earshot.config.cron import CronText
from earshot.config.daytimes import ClockTime
from earshot.config.durations import Duration
from earshot.config.updates import UpdatesText
from earshot.model import Brand, QuietHours, Recipient, Rule, Severity, Source, Updates
from earshot.patterns import read_pattern
from earshot.urls import canonical_url

# Source: RFC 5321 section 4.1.2, narrowed to what mail servers accept in practice; no quoted local parts.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def _identifier(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value):
        raise ValueError(
            "not an id; use small letters, digits, '-', '_' and '.', at most 64, for example `harbor-coffee`"
        )
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("not an IANA time zone; write for example Europe/Berlin or UTC")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("not a mail address; write for example mara@example.org")
    return value


def _web(value: str) -> str:
    try:
        canonical_url(value)
    except Exception as error:
        raise ValueError("not an absolute http(s) address; write for example https://blog.example/feed") from error
    return value.strip()


def _domain(value: str) -> str:
    text = value.strip().lower().removeprefix("www.")
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*(:\d+)?", text):
        raise ValueError("not a domain; write it bare, for example harbor.example")
    return text


def _regular_expression(value: str) -> str:
    read_pattern(value)
    return value


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else value


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Identifier = Annotated[str, AfterValidator(_identifier)]
Zone = Annotated[str, AfterValidator(_zone)]
Address = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[str, AfterValidator(_web)]
Domain = Annotated[str, AfterValidator(_domain)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_list)]


_MOST_PER_HOUR = 5
_UPDATES = (
    "When who was told hears again: growth (at 2, 5, 10, 25 mentions ...), numbers of their own, a time, or never."
)


class Form(BaseModel):
    """Base of all forms: an unknown field is a mistake. NOT_BUILT: fields to come, with what to write until then."""

    NOT_BUILT: ClassVar[Mapping[str, str]] = {}

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecipientForm(Form):
    """A person who is told."""

    NOT_BUILT = {"level": "everybody gets the same account; leave it out"}

    address: Address = Field(description="Where the mail goes.")
    name: str = Field("", max_length=120)
    time_zone: Zone | None = Field(None, description="For the times in their mails; the workspace's if absent.")
    updates: UpdatesText | None = Field(None, description=_UPDATES)


class QuietForm(Form):
    """Hours in which nothing is sent; what comes up then is told at their end."""

    start: ClockTime = Field(description="Local time, for example 22:00.")
    end: ClockTime = Field(description="Local time, for example 07:00; may be the next morning.")
    time_zone: Zone | None = None


class RuleForm(Form):
    """When to tell whom."""

    id: Identifier
    name: str = Field("", max_length=120, description="What the mail calls it; the id if absent.")
    query: str = Field(min_length=1, description="In Earshot's query language; may use the verdict's fields.")
    severity: Severity = Severity.WARNING
    recipients: Annotated[tuple[Address, ...], BeforeValidator(_list)] | None = Field(
        None, description="Addresses out of the brand's recipients; all of them if absent."
    )
    quiet_hours: QuietForm | None = None
    max_per_hour: int | None = Field(
        None, ge=1, le=1000, description="Belongs to the brand. Where the brand has none, its rules' smallest counts."
    )
    updates: UpdatesText | None = Field(None, description=_UPDATES)


class BriefForm(Form):
    """The daily account of the brand by mail."""

    enabled: bool = Field(True, description="false: there is none.")
    recipients: Annotated[tuple[Address, ...], BeforeValidator(_list)] | None = Field(
        None, description="Addresses out of the brand's recipients; all of them if absent."
    )


class ContextForm(Form):
    """Words that must, or must not, occur in a document for the name to mean the brand."""

    required: Words = Field((), description="At least one of these words or phrases.")
    excluded: Words = Field((), description="None of these words or phrases.")


class BrandForm(Form):
    """One file in brands/: what is listened for."""

    NOT_BUILT = {
        "images": "pictures are not searched; leave it out",
        "competitors": "describe each rival in a file of its own in brands/; share of voice counts it too",
    }

    id: Identifier = Field(description="Never changes; renaming the file does not matter.")
    name: str = Field(min_length=1, max_length=120)
    aliases: Words = Field((), description="Other names and spellings.")
    products: Words = ()
    query: str = Field("", description="Full control: with it, the query alone decides what is heard.")
    case: Literal["any", "exact"] = Field("any", description="exact: name and aliases count only as written.")
    spelling: Literal["usual", "exact"] = Field(
        "usual", description="exact: names count only as they are spelled here, without their usual forms."
    )
    not_forms: Words = Field((), description="Forms of a name that are not meant, as `earshot brand ID` lists them.")
    context: ContextForm = ContextForm()
    exclusions: Words = Field((), description="Queries; a document that matches one is not about the brand.")
    owned_domains: Annotated[tuple[Domain, ...], BeforeValidator(_list)] = Field(
        (), description="What is published there is the brand's own voice."
    )
    recipients: tuple[RecipientForm, ...] = ()
    rules: tuple[RuleForm, ...] = ()
    brief: BriefForm = BriefForm()
    max_per_hour: int | None = Field(
        None, ge=1, le=1000, description="Most alert mails that one person gets within an hour, over all rules; 5."
    )
    updates: UpdatesText | None = Field(None, description=_UPDATES)
    paused: bool = Field(False, description="true: it is heard and shown as ever, and nobody is told.")

    def brand(self, time_zone: str) -> Brand:
        """Return the brand. Rule recipients that the brand does not know are left out: `checks` names them."""
        people = tuple(_recipient(form, time_zone) for form in self.recipients)
        return Brand(
            id=self.id,
            name=self.name,
            version=self._version(),
            aliases=self.aliases,
            products=self.products,
            query=self.query.strip(),
            is_case_exact=self.case == "exact",
            is_spelling_exact=self.spelling == "exact",
            not_forms=self.not_forms,
            context_required=self.context.required,
            context_excluded=self.context.excluded,
            exclusions=self.exclusions,
            owned_domains=self.owned_domains,
            rules=tuple(_rule(form, people, time_zone) for form in self.rules),
            recipients=people,
            is_paused=self.paused,
            brief_recipients=tuple(p for p in people if self.brief.enabled and _is_among(p, self.brief.recipients)),
            max_per_hour=self.most_per_hour,
            updates=self.updates or Updates(),
        )

    @property
    def most_per_hour(self) -> int:
        """How many mails of this brand a person gets within an hour."""
        of_rules = [rule.max_per_hour for rule in self.rules if rule.max_per_hour is not None]
        return self.max_per_hour or min(of_rules, default=_MOST_PER_HOUR)

    def _version(self) -> str:
        said = self.model_dump(
            mode="json", exclude={"rules", "recipients", "paused", "brief", "max_per_hour", "updates"}
        )
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


class SourceForm(Form):
    """One source."""

    id: Identifier
    kind: Literal["feed", "sitemap"]
    url: WebAddress
    name: str = Field("", max_length=120, description="What pages and mails call it; its host if absent.")
    scope: Literal["public", "internal"] | None = None
    language: str | None = Field(
        None, pattern=r"^([a-z]{2})?$", description="ISO 639-1, a hint for short texts and for dates in words."
    )
    time_zone: Zone | None = Field(None, description="Of the dates that it states without a zone; UTC if absent.")
    pace: Duration | None = Field(None, description="Time between two looks, for example 15m.")
    delay: Duration | None = Field(None, description="Least time between two requests to its host.")
    parallel: int | None = Field(None, ge=1, le=8, description="Requests at a time to its host.")
    pages_per_round: int | None = Field(None, ge=0, le=10_000)
    url_pattern: Annotated[str, AfterValidator(_regular_expression)] | None = Field(
        None, description="Regular expression (RE2) that a sitemap's addresses must match to be fetched."
    )
    robots: Literal["obey", "permitted"] | None = Field(
        None, description="permitted: the site's owner lets you fetch what robots.txt does not (an intranet, your own)."
    )
    listening_since: Annotated[datetime, BeforeValidator(_moment)] | None = Field(
        None, description="From when its hours count as listened to; when Earshot first saw it if absent."
    )


class DefaultsForm(Form):
    """What the sources of one file have in common."""

    scope: Literal["public", "internal"] = "public"
    language: str = Field("", pattern=r"^([a-z]{2})?$")
    time_zone: Zone | None = None
    pace: Duration = Field(timedelta(minutes=15), description="Time between two looks.")
    delay: Duration = timedelta(seconds=1)
    parallel: int = Field(1, ge=1, le=8)
    pages_per_round: int | None = Field(None, ge=0, le=10_000)
    robots: Literal["obey", "permitted"] = "obey"


class SourcesForm(Form):
    """One file in sources/: a collection, its defaults and its sources."""

    collection: Identifier | None = Field(None, description="A name for the group; the file's name if absent.")
    schedule: CronText | None = Field(
        None, description="Cron expression, in the workspace's zone: when its sources are looked at, instead of a pace."
    )
    defaults: DefaultsForm = DefaultsForm()
    sources: tuple[SourceForm, ...] = ()

    def all_sources(self, collection: str, pages_per_round: int, time_zone: str) -> list[Source]:
        """Return the sources with the file's defaults filled in."""
        return [self._source(form, self.collection or collection, pages_per_round, time_zone) for form in self.sources]

    def _source(self, form: SourceForm, collection: str, pages_per_round: int, time_zone: str) -> Source:
        def pick(name: str) -> Any:
            own = getattr(form, name)
            return getattr(self.defaults, name) if own is None else own

        pages = pick("pages_per_round")
        since = form.listening_since
        return Source(
            id=form.id,
            kind=form.kind,
            url=form.url,
            name=form.name or canonical_url(form.url).split("/")[2],
            collection=collection,
            scope=pick("scope"),
            language=pick("language"),
            pace_s=int(pick("pace").total_seconds()),
            schedule=self.schedule or "",
            time_zone=time_zone,
            clock_zone=pick("time_zone") or "",
            delay_s=pick("delay").total_seconds(),
            parallel=pick("parallel"),
            pages_per_round=pages_per_round if pages is None else pages,
            url_pattern=form.url_pattern or "",
            listening_since=since.astimezone(UTC) if since else None,
            obeys_robots=pick("robots") == "obey",
        )


def _recipient(form: RecipientForm, time_zone: str) -> Recipient:
    return Recipient(form.address, form.name, form.time_zone or time_zone, form.updates)


def _is_among(person: Recipient, wanted: tuple[str, ...] | None) -> bool:
    return wanted is None or person.address in wanted


def _rule(form: RuleForm, people: tuple[Recipient, ...], time_zone: str) -> Rule:
    wanted = form.recipients
    quiet = form.quiet_hours
    return Rule(
        id=form.id,
        name=form.name or form.id,
        query=form.query.strip(),
        severity=form.severity,
        recipients=tuple(person for person in people if _is_among(person, wanted)),
        quiet_hours=QuietHours(quiet.start, quiet.end, quiet.time_zone or time_zone) if quiet else None,
        updates=form.updates,
    )
