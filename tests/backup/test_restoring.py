"""A backup brought back: whole, without what was erased since, and into an empty place only."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earshot import identity, jobs
from earshot.backup import journal as journals
from earshot.backup.settings_files import without_secrets
from earshot.config.example import write_example
from earshot.errors import ConfigError, Damaged, IndexDamaged
from earshot.lake import WarcLake
from earshot.model import DeliveryState
from earshot.ports import DocumentKey, MentionWrite
from earshot.record import SqlRecord
from tests.builders import FakeClock, make_capture, make_document, make_flag, make_source, make_verdict
from tests.ports.record_alerts import make_delivery, make_notice

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


class Installation:
    """A workspace with documents, mentions and captures, and a folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.root, self.vault = folder / "here", folder / "vault"
        write_example(self.root)
        (self.root / "var").mkdir()
        self.clock = FakeClock()
        key = (self.root / ".secrets" / "pseudonyms.key").read_bytes().strip()
        self.record = SqlRecord(f"sqlite:///{self.root / 'var' / 'record.db'}", self.clock, lambda: key)
        self.record.migrate()
        self.lake = WarcLake(str(self.root / "var" / "lake"), self.clock)

    def tell(self, number: int, author: str = "Ada Quill") -> str:
        """Store a capture, what it says, and its mention; return the document's id."""
        url, text = self.url(number), f"The secret of number {number}. "
        lake_writer = self.lake.open_writer()
        capture = lake_writer.add(make_capture(url=url, final_url=url, source_id="coffee-blog"), text.encode())
        file = lake_writer.publish()
        document = make_document(url=url, title=f"Title {number}", text=text, author=author, source_id="coffee-blog")
        name, verdict = identity.mention_id(document.id, "harbor"), make_verdict(brand_id="harbor")
        write = MentionWrite(name, document.id, verdict, (make_flag(),), is_own_voice=False)
        with self.record.write() as writer:
            writer.put_sources([make_source(id="coffee-blog")], self.clock.now())
            writer.add_file(file, self.clock.now())
            writer.put_document(document, [DocumentKey("url", url)], "", b"", [])
            writer.join_story(document.id, [])
            writer.put_mentions(document.id, [write], self.clock.now())
            writer.add_capture(capture, "ok")  # type: ignore[arg-type]
            writer.finish_file(file)
        return document.id

    def url(self, number: int) -> str:
        return f"http://blog.example/{number}"

    def backup(self) -> str:
        return str(jobs.backup(str(self.root), str(self.vault))["name"])

    def restore(self, into: Path, **options: object) -> dict[str, object]:
        keys = str(self.root / ".secrets")
        return jobs.restore(str(self.vault), str(into), **{"secrets_from": keys, **options})  # type: ignore[arg-type]

    def lose(self) -> None:
        """The disk with the workspace is gone; only its key was kept elsewhere."""
        self.record.close()
        shutil.rmtree(self.root / "var")


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def ids(root: Path) -> set[str]:
    with sqlite3.connect(root / "var" / "record.db") as connection:
        return {row[0] for row in connection.execute("SELECT id FROM document")}


def holding(root: Path, text: str) -> list[str]:
    found = subprocess.run(["grep", "-rla", text, str(root)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def lake_texts(root: Path) -> str:
    lake = WarcLake(str(root / "var" / "lake"), FakeClock())
    return " ".join(body.decode() for file in lake.iter_files() for _, body in lake.iter_captures(file))


def test_what_is_brought_back_is_what_was_saved(here: Installation, tmp_path: Path) -> None:
    saved = {here.tell(number) for number in range(3)}
    here.backup()
    later = here.tell(9)
    here.lose()
    there = tmp_path / "there"
    done = here.restore(there)
    assert ids(there) == saved
    assert later not in ids(there)
    assert done["index"] == 3
    assert jobs.verify(str(there), repair=False)["left"] == 0
    assert [each["title"] for each in jobs.search(str(there), "secret")] != []
    assert (there / "brands" / "harbor.yaml").read_bytes() == (here.root / "brands" / "harbor.yaml").read_bytes()
    assert all(f"number {number}" in lake_texts(there) for number in range(3))
    assert jobs.maintain(str(there), "integrity")["findings"] == []


@pytest.mark.fault(
    case="A backup from before an erasure is brought back",
    promise="What was erased since is erased again from record, lake and index before anybody sees it",
)
@pytest.mark.parametrize("what", ["url", "author", "document"])
def test_what_was_erased_since_does_not_come_back(here: Installation, tmp_path: Path, what: str) -> None:
    erased, stays = here.tell(1, author="Bo Lindqvist"), here.tell(2)
    here.backup()
    by = {"url": here.url(1), "author": "bo  LINDQVIST", "document": erased}[what]
    jobs.erase(str(here.root), **{what: by})
    here.lose()
    there = tmp_path / "there"
    done = here.restore(there)
    assert (done["documents"], done["mentions"]) == (1, 1)
    assert ids(there) == {stays}
    assert holding(there, "secret of number 1") == []
    assert "number 1" not in lake_texts(there)
    assert "number 2" in lake_texts(there)
    assert [each["document_id"] for each in jobs.search(str(there), "")] == [stays]
    again = SqlRecord(f"sqlite:///{there / 'var' / 'record.db'}", here.clock, lambda: key_of(there))
    with again.write() as writer:
        names = [DocumentKey("url", here.url(1))]
        assert writer.is_erased(names if what != "author" else [], "Bo Lindqvist", "blog.example")
    again.close()


def key_of(root: Path) -> bytes:
    return (root / ".secrets" / "pseudonyms.key").read_bytes().strip()


def test_a_list_of_erasures_from_a_lost_workspace_counts_too(here: Installation, tmp_path: Path) -> None:
    here.tell(1)
    here.backup()
    jobs.erase(str(here.root), url=here.url(1))
    (here.vault / journals.NAME).unlink()
    kept = tmp_path / "kept.jsonl"
    shutil.copy(here.root / "var" / journals.NAME, kept)
    here.lose()
    assert here.restore(tmp_path / "there", erased_in=str(kept))["documents"] == 1


def test_who_unsubscribed_since_stays_unsubscribed(here: Installation, tmp_path: Path) -> None:
    here.tell(1)
    here.backup()
    with here.record.write() as writer:
        writer.unsubscribe("mara@example.org", "harbor", "alerts", NOW)
    jobs.maintain(str(here.root), "freshness")
    here.lose()
    here.restore(tmp_path / "there")
    with jobs.opened(tmp_path / "there") as parts, parts.record.read() as reader:
        assert [each.recipient for each in reader.unsubscriptions()] == ["mara@example.org"]


def test_a_workspace_with_a_record_is_refused_and_set_aside_only_where_asked(here: Installation) -> None:
    before = {here.tell(1)}
    here.backup()
    now = before | {here.tell(2)}
    here.record.close()
    with pytest.raises(ConfigError, match="--replace"):
        here.restore(here.root)
    assert ids(here.root) == now
    done = here.restore(here.root, is_replacing=True)
    assert ids(here.root) == before
    assert "number 2" in lake_texts(here.root), "what the lake still has is read again"
    with sqlite3.connect(Path(str(done["set_aside"])) / "record.db") as connection:
        assert connection.execute("SELECT count(*) FROM document").fetchone() == (2,)


@pytest.mark.fault(
    case="A restore that is cut off at any step",
    promise="There is no half record: the next call goes on and ends with the whole one",
)
@pytest.mark.parametrize("step", ["Bringing the lake back", "Bringing the record back", "Building the index"])
def test_a_restore_that_is_cut_off_is_called_again(here: Installation, tmp_path: Path, step: str) -> None:
    saved = {here.tell(1)}
    here.backup()
    here.lose()
    there = tmp_path / "there"

    def break_off(now: str) -> None:
        if now == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        here.restore(there, on_step=break_off)
    assert not (there / "var" / "record.db").exists() or ids(there) == saved
    here.restore(there, is_replacing=True)
    assert ids(there) == saved


def test_a_backup_that_is_damaged_is_not_brought_back(here: Installation, tmp_path: Path) -> None:
    here.tell(1)
    name = here.backup()
    record = here.vault / name / "record.db"
    body = bytearray(record.read_bytes())
    body[len(body) // 2] ^= 0xFF
    record.write_bytes(body)
    with pytest.raises(Damaged, match=r"record\.db is not what was saved"):
        here.restore(tmp_path / "there")
    assert not (tmp_path / "there" / "var").exists()


def test_the_key_is_not_in_it_and_another_one_is_refused(here: Installation, tmp_path: Path) -> None:
    here.tell(1)
    here.backup()
    there = tmp_path / "there"
    assert not list(here.vault.rglob("pseudonyms.key"))
    with pytest.raises(ConfigError, match="is missing, and not in the backup"):
        jobs.restore(str(here.vault), str(there))
    write_example(there)
    with pytest.raises(ConfigError, match="another key"):
        here.restore(there, secrets_from="")
    assert here.restore(there, secrets_from="", is_new_key=True)["index"] == 1


def test_with_secrets_it_brings_them_back(here: Installation, tmp_path: Path) -> None:
    here.tell(1)
    jobs.backup(str(here.root), str(here.vault), with_secrets=True)
    jobs.restore(str(here.vault), str(tmp_path / "there"))
    assert key_of(tmp_path / "there") == key_of(here.root)


def test_values_of_settings_that_are_secrets_are_left_out_and_named() -> None:
    text = b"name: x  # ours\nmail:\n  host: mail.example.org\n  password: hunter2\ndashboards: {token: abc}\n"
    left, fields = without_secrets(text)
    assert sorted(fields) == ["dashboards.token", "mail.password"]
    assert b"hunter2" not in left
    assert b"abc" not in left
    assert b"mail.example.org" in left
    assert without_secrets(b"name: x\n") == (b"name: x\n", [])


def test_leases_of_the_old_record_are_free_and_check_says_what_is_missing(here: Installation, tmp_path: Path) -> None:
    here.tell(1)
    with here.record.write() as writer:
        writer.lease(["host:blog.example"], "elsewhere/1/2.0", NOW, NOW + timedelta(days=900))
        writer.add_notice(make_notice())
        writer.bind(make_delivery(make_notice()))
    here.backup()
    here.lose()
    there = tmp_path / "there"
    here.restore(there)
    with jobs.opened(there) as parts:
        said = jobs.restored(parts.workspace)
        with parts.record.write() as writer:
            assert writer.lease(["host:blog.example"], "me/1/2.0", NOW, NOW + timedelta(minutes=1))
            assert len(writer.deliveries([DeliveryState.PENDING])) == 1
    assert said.startswith("Restored from the backup of 20")
    assert "Sources are fetched again: 0 of 1 so far." in said
    assert any("Restored from the backup" in each["what"] for each in jobs.alarms(str(there))["alarms"])


@pytest.mark.fault(
    case="The embedded index is deleted, or its files are damaged, while there is a record",
    promise="The next who publishes builds it anew from the record; nobody has to call anything",
)
@pytest.mark.parametrize("is_deleted", [True, False])
def test_an_index_that_is_lost_is_built_anew_by_whoever_publishes(here: Installation, *, is_deleted: bool) -> None:
    for number in range(3):
        here.tell(number)
    jobs.publish(str(here.root))
    folder = here.root / "var" / "index"
    if is_deleted:
        shutil.rmtree(folder)
    else:
        for path in folder.glob("gen-*/*.store"):
            path.write_bytes(path.read_bytes()[:-50])
        with pytest.raises(IndexDamaged):
            list(jobs.search(str(here.root), "secret"))
    jobs.publish(str(here.root))
    assert len(list(jobs.search(str(here.root), "secret"))) == 3


def test_a_folder_inside_var_is_refused(here: Installation) -> None:
    with pytest.raises(ConfigError, match="lies in var/"):
        jobs.backup(str(here.root), str(here.root / "var" / "backups"))


def test_the_night_makes_one_where_a_folder_is_named(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    here.tell(1)
    assert "backup" not in [part["part"] for part in jobs.maintain_due(str(here.root))["parts"]]
    monkeypatch.setenv("EARSHOT_BACKUP_FOLDER", str(here.vault))
    assert "backup" in [part["part"] for part in jobs.maintain_due(str(here.root))["parts"]]
    jobs.maintain(str(here.root), "backup")
    assert len(jobs.backups(str(here.root))["backups"]) == 1
    assert "backup" not in [part["part"] for part in jobs.maintain_due(str(here.root))["parts"]]
