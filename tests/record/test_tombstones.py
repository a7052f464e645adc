"""Who was forgotten is known to the workspace alone, and stays forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC
from pathlib import Path

import pytest

from earshot.errors import ConfigError
from earshot.identity import digest
from earshot.ports import DocumentKey
from earshot.record import SqlRecord
from earshot.record.tables import tombstone
from earshot.wiring import open_parts
from tests.builders import NOW, FakeClock

KEYS = [DocumentKey("guid", "new")]


Opened = Callable[[str, bytes], SqlRecord]


@pytest.fixture
def opened() -> Iterator[Opened]:
    with ExitStack() as stack:

        def make(url: str, secret: bytes) -> SqlRecord:
            record = stack.enter_context(closing(SqlRecord(url, FakeClock(), lambda: secret)))
            record.migrate()
            return record

        yield make


def is_erased(record: SqlRecord, author: str) -> bool:
    with record.write() as writer:
        return writer.is_erased(KEYS, author, "blog.example")


def test_the_digest_of_an_erased_name_cannot_be_guessed_without_the_secret(sqlite_url: str, opened: Opened) -> None:
    stored = []
    for name, secret in (("one", b"a secret"), ("two", b"another")):
        record = opened(sqlite_url.replace("record.db", f"{name}.db"), secret)
        with record.write() as writer:
            writer.erase(author="Ada Lovelace", now=NOW)
        assert is_erased(record, "ada  LOVELACE")
        assert not is_erased(record, "Bo")
        with sqlite3.connect(sqlite_url.removeprefix("sqlite:///").replace("record.db", f"{name}.db")) as database:
            stored.append({row[0] for row in database.execute("SELECT digest FROM tombstone WHERE kind = 'author'")})
    assert [len(digests) for digests in stored] == [1, 1]
    assert stored[0] != stored[1]
    assert digest("tombstone", "author", "ada lovelace") not in stored[0] | stored[1]


def test_another_secret_is_refused_before_anybody_comes_back(url: str, opened: Opened) -> None:
    with opened(url, b"a secret").write() as writer:
        writer.erase(author="Ada", now=NOW)
    record = opened(url, b"another")
    with pytest.raises(ConfigError, match="bring the file back"):
        is_erased(record, "Ada")
    with pytest.raises(ConfigError, match="bring the file back"), record.write() as writer:
        writer.erase(author="Bo", now=NOW)


def test_the_secret_is_not_asked_for_where_nobody_was_erased(url: str) -> None:
    def secret() -> bytes:
        raise AssertionError("asked for")

    record = SqlRecord(url, FakeClock(), secret)
    record.migrate()
    assert not is_erased(record, "Ada")
    record.close()


def test_who_was_erased_before_names_were_keyed_stays_erased(url: str, opened: Opened) -> None:
    record = opened(url, b"a secret")
    with record.write() as writer:
        row = {"digest": digest("tombstone", "author", "ada"), "kind": "author", "at": NOW.astimezone(UTC)}
        writer.db.execute(tombstone.insert(), [row])
    assert is_erased(record, "Ada")


def test_a_workspace_keys_them_with_the_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    (tmp_path / "earshot.yaml").write_text("name: Here\n", encoding="utf-8")
    with open_parts(tmp_path, {}).record.write() as writer:
        writer.erase(author="Ada", now=NOW)
    key = tmp_path / ".secrets" / "pseudonyms.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert is_erased(open_parts(tmp_path, {}).record, "Ada")
    key.write_text("0" * 64, encoding="ascii")
    with pytest.raises(ConfigError):
        is_erased(open_parts(tmp_path, {}).record, "Ada")
