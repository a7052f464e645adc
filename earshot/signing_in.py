"""The words of signing in to the pages, and what the record keeps of it. Knows no page and no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignIn:
    """That a browser signed in: valid from `since` to `until` (excluded), unless it ended before.

    id: SHA-256 of the cookie's value, which itself is kept nowhere. proof: of access token and cookie together, so
    that another token ends it.
    """

    id: str
    proof: str
    since: datetime
    until: datetime


class SignInReads(Protocol):
    """What the record knows of who signed in. Part of `earshot.ports.RecordReader`."""

    def sign_in(self, sign_in_id: str) -> SignIn | None:
        """Return it, also where its time is over; None where it ended, or never was."""


class SignInWrites(Protocol):
    """What is written of who signs in and out. Part of `earshot.ports.RecordWriter`."""

    def add_sign_in(self, sign_in: SignIn) -> None:
        """Keep a sign-in; those whose time was over when it began are dropped. Twice is once."""

    def end_sign_in(self, sign_in_id: str) -> None:
        """Drop it. Twice is once."""
