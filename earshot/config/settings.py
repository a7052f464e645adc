"""What a workspace may set, as frozen pydantic models. Knows neither YAML nor the environment (`workspace` does).

Every field has a default that works on one machine. Secrets have a `_FILE` twin in the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from earshot.config.cron import CronText
from earshot.config.daytimes import ClockTime
from earshot.config.durations import Duration, OptionalDuration
from earshot.config.sizes import OptionalSize
from earshot.mail_address import read_address
from earshot.model import Brand, Source


def _sender(value: str) -> str:
    """Return a written sender; an empty one is asked for where it is needed."""
    if value.strip():
        try:
            read_address(value)
        except ValueError as error:
            raise ValueError(f"{error}; write for example `Earshot <alerts@example.org>`") from error
    return value


class Section(BaseModel):
    """Base of all sections: frozen, and an unknown name is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordSettings(Section):
    """url: SQLAlchemy URL, without a password; empty means SQLite in the workspace's var/ folder."""

    url: str = ""
    password: SecretStr = Field(SecretStr(""), description="Of PostgreSQL's user; the environment's, never in a file.")


class LakeSettings(Section):
    """url: folder or object storage (universal-pathlib); empty means var/lake. Everything else is for S3."""

    url: str = ""
    endpoint: str = Field("", description="Address of a server that speaks like S3; empty means AWS.")
    region: str = ""
    access_key: SecretStr = Field(SecretStr(""), description="Login; empty means the machine's own, as AWS's tools.")
    secret_key: SecretStr = Field(SecretStr(""), description="Login; the environment's, never in a file.")
    ca_file: str = Field("", description="PEM file in the workspace or elsewhere, for an authority of your own.")
    timeout: Duration = Field(timedelta(seconds=30), description="Longest wait for an answer.")


class RolloverSettings(Section):
    """When `earshot maintain index` begins a new index on a cluster: as soon as one of these is reached."""

    max_age: OptionalDuration = Field(None, description="Since it was begun.")
    max_size: OptionalSize = Field(25 * 1024**3, description="Bytes of one primary shard.")
    max_mentions: int | None = Field(None, ge=1, description="Mentions in it, remembered deletes counted.")


def _rollover(value: object) -> object:
    """Return None for a written `none`: the indices are begun by somebody else, or never."""
    return None if isinstance(value, str) and value.strip().lower() in ("none", "off", "never") else value


class IndexSettings(Section):
    """engine: which search engine. Everything else is for the clusters."""

    engine: Literal["embedded", "opensearch", "elasticsearch"] = "embedded"
    urls: tuple[str, ...] = ()
    name: str = Field("earshot-mentions", description="Alias of the index; one for each workspace of a cluster.")
    username: str = ""
    password: SecretStr = SecretStr("")
    api_key: SecretStr = SecretStr("")
    ca_file: str = Field("", description="PEM file in the workspace or elsewhere, for an authority of your own.")
    verify: bool = Field(True, description="False takes any certificate, and is for trials only.")
    timeout: Duration = Field(timedelta(seconds=30), description="Longest wait for an answer.")
    shards: int = Field(1, ge=1, le=1024, description="Primary shards of an index that is begun from now on.")
    replicas: int | None = Field(None, ge=0, le=20, description="Further copies; None: one where there are two nodes.")
    rollover: Annotated[RolloverSettings | None, BeforeValidator(_rollover)] = RolloverSettings()
    retention: OptionalDuration = Field(None, description="What was published longer ago need not be found any more.")


class CollectSettings(Section):
    """How politely and how widely to fetch."""

    contact: str = Field("", description="Mail address or URL in the user agent, so that a site can reach you.")
    timeout: Duration = Field(timedelta(seconds=30), description="One request in all, redirects included.")
    max_mb: float = Field(15.0, gt=0, le=100, description="Largest body, decompressed, in MB.")
    memory_mb: int = Field(512, ge=128, description="Memory of one spider process.")
    max_redirects: int = Field(10, ge=0, le=10)
    concurrency: int = Field(16, ge=1, le=256, description="Requests at a time over all hosts.")
    processes: int = Field(1, ge=1, le=16, description="Spider processes at a time.")
    pages_per_round: int = Field(200, ge=0, description="Most pages fetched for one source in one round.")
    proxy: str = Field("", description="Outgoing proxy; http_proxy of the environment counts where this is empty.")
    no_proxy: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = Field((), description="Hosts that may have a private or loopback address.")


class AlertSettings(Section):
    """max_age: older news does not alert; None (`none` or null in YAML) lifts the limit."""

    max_age: OptionalDuration = timedelta(hours=48)
    min_relevance: float = Field(0.5, ge=0, le=1)
    own_voice: bool = Field(False, description="Whether what the brand itself publishes may alert.")
    teaser_wait: Duration = Field(timedelta(minutes=10), description="How long a teaser waits for its page.")


class BriefSettings(Section):
    """When the account of the day before is mailed."""

    at: ClockTime = Field(time(7), description="Time of day, on the clock of the workspace's time zone.")


class MailSettings(Section):
    """The SMTP server that takes the mails. ledger: Maildir in which every accepted mail shows up, if there is one."""

    host: str = ""
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, AfterValidator(_sender)] = ""
    timeout: Duration = Field(timedelta(minutes=10), description="Longest wait for the answer to a whole mail.")
    greeting: Duration = Field(timedelta(seconds=10), description="Longest wait for the server's first word.")
    ledger: str = ""
    ledger_wait: Duration = timedelta(minutes=10)


class DashboardSettings(Section):
    """Where the pages are served, and under which address people reach them."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = ""
    token: SecretStr = SecretStr("")
    names: tuple[str, ...] = Field((), description="Further host names the pages answer to.")
    proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks of proxies in front; only theirs may say who a reader is."
    )


class AirflowSettings(Section):
    """Where operations watch the DAGs, if Airflow drives this workspace."""

    url: str = Field("", description="Address under which people reach Airflow, for links from pages and mails.")
    failure_mail: tuple[str, ...] = Field((), description="The older place of `operations.mail`; both count.")


class OperationsSettings(Section):
    """Who looks after this installation."""

    mail: tuple[str, ...] = Field((), description="Addresses that hear of failed jobs and new alarms.")


class ScheduleSettings(Section):
    """When each job comes, as cron expressions in the workspace's time zone. `earshot run` keeps the last two."""

    collect: CronText = Field("* * * * *", description="Looks for what is due; each source keeps its own pace.")
    publish: CronText = Field("* * * * *", description="Indexes what changed, calls up brands with something to tell.")
    maintain_freshness: CronText = "*/5 * * * *"
    maintain_nightly: CronText = Field("30 3 * * *", description="Retention and integrity.")


class RetentionSettings(Section):
    """How long what is kept beside documents and mentions is kept; None (`none` in YAML) means for ever."""

    captures: OptionalDuration = Field(None, description="What was fetched, in the lake, for replays.")
    internal_captures: OptionalDuration = Field(
        timedelta(0), description="The same of internal sources; 0s: cut out of the lake as soon as it is read."
    )
    runs: OptionalDuration = Field(timedelta(days=90), description="Runs of sources and jobs, and ended alarms.")
    levels: OptionalDuration = Field(timedelta(days=90), description="The numbers over time.")


class BackupSettings(Section):
    """Where the night's maintenance puts a backup; nowhere where no folder is named."""

    folder: str = Field("", description="Folder of all backups, on another disk.")
    keep: int = Field(14, ge=1, le=10_000, description="Whole backups that stay.")


class FreshnessSettings(Section):
    """From when on operations are alarmed."""

    times: float = Field(4.0, ge=1, le=1000, description="Not heard for this many times its pace or schedule.")
    floor: Duration = Field(timedelta(hours=1), description="No source alarms before it was not heard for this long.")
    stopped: Duration = Field(timedelta(minutes=30), description="Sources are due and none is looked at for this long.")
    waiting: Duration = Field(timedelta(minutes=30), description="Index, mails or captures wait for this long.")
    index_behind: int = Field(10_000, ge=1, description="Mentions that wait for the index.")
    quarantined: int = Field(10, ge=1, description="Captures set aside within a day.")
    disk_percent: float = Field(10.0, ge=0, le=100, description="Free space of a disk, in percent of it.")
    disk_gb: float = Field(1.0, ge=0, description="Free space of a disk, in GB.")


class Settings(Section):
    """All of earshot.yaml."""

    name: str = "Earshot"
    time_zone: str = "UTC"
    languages: tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...] = Field(
        (), description="ISO 639-1 codes of the languages that short texts are expected in."
    )
    record: RecordSettings = RecordSettings()
    lake: LakeSettings = LakeSettings()
    index: IndexSettings = IndexSettings()
    collect: CollectSettings = CollectSettings()
    alerts: AlertSettings = AlertSettings()
    briefs: BriefSettings = BriefSettings()
    mail: MailSettings = MailSettings()
    dashboards: DashboardSettings = DashboardSettings()
    airflow: AirflowSettings = AirflowSettings()
    operations: OperationsSettings = OperationsSettings()
    schedules: ScheduleSettings = ScheduleSettings()
    retention: RetentionSettings = RetentionSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    backup: BackupSettings = BackupSettings()

    @property
    def operations_mail(self) -> tuple[str, ...]:
        """Who hears of failed jobs and new alarms, each once."""
        return tuple(dict.fromkeys((*self.operations.mail, *self.airflow.failure_mail)))


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder and all that was read from it. root is absolute."""

    root: Path
    settings: Settings
    brands: tuple[Brand, ...]
    sources: tuple[Source, ...]

    @property
    def var(self) -> Path:
        """The folder of what Earshot itself writes: record, lake, index, batches."""
        return self.root / "var"

    @property
    def record_url(self) -> str:
        """SQLAlchemy URL of the record."""
        return self.settings.record.url or f"sqlite:///{self.var / 'record.db'}"

    @property
    def lake_url(self) -> str:
        """Address of the lake with all that is needed to reach it but the login."""
        return self.lake_at(self.settings.lake.url)

    def lake_at(self, url: str) -> str:
        """Return a lake's address with all that is needed to reach it; empty: in the workspace."""
        lake = self.settings.lake
        if not url.startswith("s3://"):
            return url or str(self.var / "lake")
        ca_file = str(self.root / lake.ca_file) if lake.ca_file else ""
        options = {"endpoint": lake.endpoint, "region": lake.region, "ca_file": ca_file}
        chosen = {name: value for name, value in options.items() if value}
        return f"{url}?{urlencode(chosen | {'timeout': lake.timeout.total_seconds()})}"

    @property
    def pages_url(self) -> str:
        """Address under which people reach the pages, without a slash at its end."""
        pages = self.settings.dashboards
        return (pages.public_url or f"http://{pages.host}:{pages.port}").rstrip("/")
