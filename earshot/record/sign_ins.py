"""Who is signed in to the pages. Knows no cookie and no token."""

from __future__ import annotations

from sqlalchemy import delete, select

from earshot.record.session import Session, WriteSession, add_new
from earshot.record.tables import sign_in as table
from earshot.signing_in import SignIn


class SignInReads(Session):
    """What is known of who signed in."""

    def sign_in(self, sign_in_id: str) -> SignIn | None:
        """Return it, or None."""
        row = self.db.execute(select(table).where(table.c.id == sign_in_id)).first()
        return SignIn(row.id, row.proof, row.since, row.until) if row else None


class SignInWrites(WriteSession):
    """What is written of who signs in and out."""

    def add_sign_in(self, sign_in: SignIn) -> None:
        """Keep a sign-in, and drop those whose time was over before. Twice is once."""
        self.db.execute(delete(table).where(table.c.until <= sign_in.since))
        row = {"id": sign_in.id, "proof": sign_in.proof, "since": sign_in.since, "until": sign_in.until}
        add_new(self.db, table, [row])

    def end_sign_in(self, sign_in_id: str) -> None:
        """Drop it. Twice is once."""
        self.db.execute(delete(table).where(table.c.id == sign_in_id))
