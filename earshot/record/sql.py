"""SqlRecord: the Record port over SQLAlchemy. Knows no stage; each topic is a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from earshot.model import CaptureRef
from earshot.ports import Clock
from earshot.record import captures, engine, keeping, schema
from earshot.record.beside import refusing
from earshot.record.captures import CaptureReads, CaptureWrites
from earshot.record.counts import CountReads
from earshot.record.deliveries import DeliveryReads, DeliveryWrites
from earshot.record.documents import DocumentReads, DocumentWrites
from earshot.record.frontier import FrontierReads, FrontierWrites
from earshot.record.heard import HeardReads
from earshot.record.incidents import IncidentReads, IncidentWrites
from earshot.record.leases import LeaseWrites
from earshot.record.mentions import MentionReads, MentionWrites
from earshot.record.moving import Moved, OnProgress, move
from earshot.record.operating import OperatingReads, OperatingWrites
from earshot.record.outbox import OutboxReads, OutboxWrites
from earshot.record.restoring import RestoringReads, RestoringWrites
from earshot.record.sign_ins import SignInReads, SignInWrites
from earshot.record.sources import SourceReads, SourceWrites
from earshot.record.stale import StaleReads
from earshot.record.stories import StoryReads, StoryWrites
from earshot.record.tombstones import TombstoneWrites
from earshot.record.upkeep import UpkeepReads, UpkeepWrites
from earshot.record.walks import WalkReads, WalkWrites
from earshot.record.wiping import WipingReads, WipingWrites


class SqlReader(
    SourceReads,
    HeardReads,
    FrontierReads,
    CaptureReads,
    DocumentReads,
    StoryReads,
    MentionReads,
    OutboxReads,
    IncidentReads,
    DeliveryReads,
    CountReads,
    OperatingReads,
    SignInReads,
    UpkeepReads,
    StaleReads,
    WalkReads,
    WipingReads,
    RestoringReads,
):
    """The RecordReader port: one consistent state."""


class SqlWriter(
    SqlReader,
    SourceWrites,
    FrontierWrites,
    LeaseWrites,
    CaptureWrites,
    TombstoneWrites,
    DocumentWrites,
    StoryWrites,
    MentionWrites,
    OutboxWrites,
    IncidentWrites,
    DeliveryWrites,
    RestoringWrites,
    OperatingWrites,
    SignInWrites,
    UpkeepWrites,
    WalkWrites,
    WipingWrites,
):
    """The RecordWriter port: one writing transaction."""


@refusing
class SqlBesideWriter(SqlWriter):
    """A writing transaction beside others; what cannot be written beside others raises RuntimeError."""


class SqlRecord:
    """The Record port on SQLite or PostgreSQL. One object may be used by many threads, not across a fork."""

    def __init__(self, url: str, clock: Clock, secret: Callable[[], bytes] = bytes, password: str = "") -> None:
        """Name the database; nothing is opened yet.

        Args:
            url: SQLAlchemy URL: sqlite:///FILE or postgresql://USER@HOST/DATABASE.
            clock: for what happens at no time that the caller names.
            secret: returns what the names of erased authors are keyed with; asked for only where there are some.
            password: of PostgreSQL's user, where the URL holds none.

        Raises:
            ConfigError: not such a URL.
        """
        self._engine = engine.make_engine(url, password)
        self._clock = clock
        self._secret = secret

    @contextmanager
    def read(self) -> Iterator[SqlReader]:
        """Open a reader; what it sees does not change while it is open.

        Raises:
            StorageError: the database does not answer.
            ConfigError: the record was moved elsewhere.
        """
        with engine.transaction(self._engine, writes=False) as connection:
            schema.look(connection)  # the first look fixes what is seen from here on
            yield SqlReader(connection, self._clock)

    @contextmanager
    def write(self, *, beside: bool = False) -> Iterator[SqlWriter]:
        """Open the writing transaction; commits at the end, rolls back on any exception.

        beside: not alone, but beside others that say so too (on PostgreSQL). It holds what it touches, and may call
        only what `earshot.record.beside` names.

        Raises:
            Collided: another one beside it was at the same.
            StorageError: could not begin or commit within 30 s.
            ConfigError: the record was moved elsewhere.
        """
        with engine.transaction(self._engine, writes=True, beside=beside) as connection:
            schema.look(connection)
            has_others = beside and self._engine.dialect.name == "postgresql"
            kind = SqlBesideWriter if beside else SqlWriter
            writer = kind(connection, self._clock, secret=self._secret, is_beside=has_others)
            yield writer
            writer.link_captures()
        if writer.has_erased:
            engine.forget_deleted(self._engine)

    def migrate(self) -> None:
        """Bring the schema to this version. Twice is once. Other processes may call it at the same time.

        Raises:
            ConfigError: a later version of Earshot wrote this record, or it was moved elsewhere.
            StorageError: the database does not answer.
        """
        engine.make_place(self._engine)
        with engine.transaction(self._engine, writes=True) as connection:
            schema.upgrade(connection)

    def is_there(self) -> bool:
        """Tell whether the database holds a record, of whatever version; changes nothing, and makes nothing.

        Raises:
            StorageError: it does not answer. Damaged: it cannot be read.
        """
        return engine.holds_record(self._engine)

    def forget_deleted(self) -> bool:
        """Let no log of the database hold what was deleted; False where another process keeps it from being emptied.

        Waits up to 30 s for whoever reads. On PostgreSQL the server does it (vacuum).
        """
        return engine.forget_deleted(self._engine)

    def move_captures(self, moved: dict[CaptureRef, CaptureRef], dropped: Sequence[CaptureRef]) -> None:
        """Follow a rewritten lake file, in a transaction of its own. Twice is once."""
        with engine.transaction(self._engine, writes=True) as connection:
            schema.look(connection)
            captures.move(connection, moved, dropped, self._clock.now())

    def move_to(self, other: SqlRecord, on_progress: OnProgress = lambda _done, _total: None) -> Moved:
        """Move everything into another, empty database (`earshot.record.moving`). This one refuses all from then on.

        Raises:
            ConfigError: the other one is not empty.
            StorageError: one of the two does not answer, or somebody else went on writing for 30 s.
        """
        return move(self._engine, other._engine, self._clock.now(), on_progress)

    def save(self, path: Path) -> None:
        """Write one state of the record to a new file (`earshot.record.keeping`); others write on meanwhile.

        Raises:
            StorageError: it does not answer, or the file cannot be written. Damaged: the record is.
        """
        keeping.save(self._engine, path)

    @staticmethod
    def files_known(path: Path) -> set[str]:
        """Return the files of the lake that a saved record knows."""
        return keeping.files_known(path)

    def bring_back(self, path: Path) -> None:
        """Copy a saved record into this one, an empty database of PostgreSQL.

        Raises:
            ConfigError: it holds something.
        """
        keeping.bring_back(path, self._engine)

    def tombstones(self) -> keeping.Kept:
        """Return what must not come back after a restore: tombstones, and who wants no more mails."""
        return keeping.tombstones(self._engine)

    @property
    def server(self) -> str:
        """The product and version that answer; "" for a file.

        Raises:
            ConfigError: it does not let this user in.
            StorageError: it does not answer.
        """
        return engine.server(self._engine)

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()
