"""The one tree of errors, shaped by what the caller does next. Knows no adapter.

    EarshotError
    ├── ConfigError        a person edits a file or a setting
    │   ├── WorkspaceError   several mistakes of one workspace, each with file, line and column
    │   └── QueryError       a query that cannot be read; points at a character
    ├── SourceError        this source is skipped this time; carries the outcome
    ├── DocumentError      this capture or item is set aside (quarantined) with its reason
    ├── StorageError       try again later: record, lake or index did not answer
    │   ├── Collided         another writer was at the same: begin the transaction anew, at once
    │   ├── Damaged          a person puts a backup back: nothing is made anew over what is left
    │   ├── IndexDamaged     the embedded index cannot be read: it is rebuilt from the record by itself
    │   ├── Gone             another process took it away since it was seen: this one item ends, the next begins
    │   ├── PartialAnswer    the index answered, but not all of it or not in time: thrown away
    │   └── Untrusted        its certificate is not trusted: work waits, and a check of the settings calls it a mistake
    ├── MailError          one message was not taken; says whether trying again may help
    └── MailUncertain      one message may have been taken: never sent again blindly

Each class carries its facts as fields and builds its own message from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EarshotError(Exception):
    """Base of everything Earshot raises on purpose."""


class ConfigError(EarshotError):
    """Something a person wrote is wrong; `where` names it, `advice` says what would be right."""

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        self.what, self.where, self.advice = what, where, advice
        super().__init__(": ".join(p for p in (where, what) if p) + (f" ({advice})" if advice else ""))


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a workspace file. Line and column count from 1; 0 where there is none."""

    file: str
    line: int
    column: int
    field: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{at}: {self.field}: {self.what}" if self.field else f"{at}: {self.what}"
        return f"{text}\n    {self.advice}" if self.advice else text


class WorkspaceError(ConfigError):
    """A workspace with mistakes; `mistakes` holds every one of them, in order of file and line."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(m) for m in self.mistakes))


class QueryError(ConfigError):
    """A query that cannot be read. `at` is a code point offset into `query`; `advice` says what would be right."""

    def __init__(self, query: str, at: int, what: str, advice: str = "") -> None:
        self.query, self.at = query, at
        super().__init__(what, where=f"character {at + 1}", advice=advice)

    def pointer(self, width: int = 72) -> str:
        """Return the part of the query around the mistake and a caret below it, two lines."""
        start = max(0, self.at - width // 2)
        part = self.query[start : start + width].replace("\n", " ")
        return f"{part}\n{' ' * (self.at - start)}^"


class SourceError(EarshotError):
    """A source gave nothing usable this time. `outcome` is a value of `model.Outcome`."""

    def __init__(self, outcome: str, reason: str) -> None:
        self.outcome, self.reason = outcome, reason
        super().__init__(f"{outcome}: {reason}")


class DocumentError(EarshotError):
    """A capture that cannot be read (too heavy, broken, crashed its reader); it is quarantined with `reason`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class StorageError(EarshotError):
    """Record, lake or index did not do it now; the same call may succeed later."""


class Collided(StorageError):  # noqa: N818 (what happened to two writers)
    """Two writers were at the same, and this one gave way; nothing of it was written.

    The same transaction may succeed at once. is_too_large: only where nobody else writes meanwhile.
    """

    def __init__(self, what: str, *, is_too_large: bool = False) -> None:
        self.is_too_large = is_too_large
        super().__init__(what)


class Damaged(StorageError):  # noqa: N818 (what is left)
    """What is stored cannot be read, and trying again does not help. advice: what a person has to do."""

    def __init__(self, what: str, advice: str) -> None:
        self.what, self.advice = what, advice
        super().__init__(f"{what}. {advice}")


class IndexDamaged(StorageError):  # noqa: N818 (what it is)
    """The index inside cannot be read. Who publishes builds it anew from the record; nothing is lost."""


class Gone(StorageError):  # noqa: N818 (what is not there any more)
    """What was seen a moment ago is not there any more: another process rewrote or removed it.

    The caller ends this one item and goes on with the next; nothing is wrong with the storage.
    """


class PartialAnswer(StorageError):  # noqa: N818 (what arrived, and was thrown away)
    """The search engine answered only in part. why: which part is missing, in its words."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the search engine answered only in part ({why}); try again in a minute")


class Untrusted(StorageError):  # noqa: N818 (what is not trusted, and so was told nothing)
    """A server's certificate is not trusted. where: the setting that names whom to trust.

    What runs waits, as for silence: the server may be given another certificate. Who checks the settings is told of a
    mistake.
    """

    def __init__(self, what: str, *, where: str) -> None:
        self.where = where
        super().__init__(what)


class MailError(EarshotError):
    """A message was not taken. `is_permanent`: trying again does not help; `is_ours`: settings or login are wrong."""

    def __init__(self, reason: str, *, is_permanent: bool = False, is_ours: bool = False) -> None:
        self.reason, self.is_permanent, self.is_ours = reason, is_permanent, is_ours
        super().__init__(reason)


class MailStopped(MailError):  # noqa: N818 (nothing failed)
    """The run was asked to end before the final dot of a message: nothing was sent, the next run sends it."""


class MailUncertain(EarshotError):  # noqa: N818 (a state of knowledge, not a failure)
    """No clear answer came to the final dot: the server may have taken the message, and may not."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
