"""No hot path walks through a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from earshot.model import CaptureRef, DeliveryState, Outcome, Severity
from earshot.operating import JobState
from earshot.ports import DocumentKey, Walk
from earshot.record import SqlRecord
from earshot.record.engine import transaction
from tests.builders import NOW, make_capture, make_source
from tests.ports.record import make_delivery, make_end, make_notice, make_page, put

SMALL = {"source", "suppression", "condemned", "quarantine", "alembic_version", "last_pause"}
"""Tables that hold tens of rows; walking through them costs nothing."""

Said = list[tuple[str, Any]]


@pytest.fixture
def said(record: SqlRecord) -> Iterator[Said]:
    """Every statement that the record sends."""
    statements: Said = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    event.listen(record._engine, "before_cursor_execute", note)
    yield statements
    event.remove(record._engine, "before_cursor_execute", note)


def walks(record: SqlRecord, said: Said) -> set[str]:
    """Return the steps of plans that scan a table which grows."""
    found = set()
    with transaction(record._engine, writes=False) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            _forbid_shortcuts(connection)
        explain, scan = (
            ("EXPLAIN QUERY PLAN", r"SCAN (\w+)\b(?! USING (COVERING )?INDEX)")
            if is_sqlite
            else ("EXPLAIN", r"[\s>-]*Seq Scan on (\w+)")
        )
        for statement, parameters in list(said):
            if not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement):
                continue
            for row in connection.exec_driver_sql(f"{explain} {statement}", parameters):
                step = re.match(scan, row[-1])
                if step and step[1] not in SMALL:
                    found.add(f"{row[-1]}: {statement}")
    return found


def _forbid_shortcuts(connection: Connection) -> None:
    """Let PostgreSQL plan for large tables: scan one only where no index serves, as it would not with a few rows."""
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")


def test_ingest_walks_through_no_table(record: SqlRecord, said: Said) -> None:
    for turn in range(2):
        with record.write() as writer:
            writer.put_sources([make_source()], NOW)
            ids = [put(writer, n, brands=("halden",), text=f"text {turn}") for n in range(3)]
            writer.story_candidates(["band-1"], NOW, 7, ids[0])
            writer.join_story(ids[0], ids[1:])
            writer.find_document([DocumentKey("guid", "guid-1"), DocumentKey("url", "u")])
            writer.is_erased([DocumentKey("guid", "guid-1")], "Ada", "")
            writer.wait_for_page(ids[0], NOW)
            writer.open_incident(writer.mentions_of(ids[0])[0], "complaints", Severity.INFO, NOW)
            writer.add_pages([make_page()])
            writer.end_page(make_page().id, Outcome.GONE, "", NOW, None)
            writer.documents_to_judge(NOW)
            writer.add_capture(make_capture(ref=CaptureRef("f", turn, 1, "d")), Outcome.OK)
            writer.end_run(make_end(at=NOW + timedelta(minutes=turn), heard_since=NOW - timedelta(days=1)))
    assert len(said) > 40
    assert walks(record, said) == set()


def test_plan_and_relays_walk_through_no_table(record: SqlRecord, said: Said) -> None:
    with record.write() as writer:
        writer.due_sources(NOW, 10)
        writer.due_pages(NOW, 200, 1000)
        writer.lease(["host:a"], "me", NOW, NOW)
        writer.free(["host:a"], "me")
        writer.open_files()
        writer.known_files(["f"])
        put(writer, 1, brands=("halden",))
        rows = writer.outbox("index")
        writer.ack(rows)
        writer.add_notice(make_notice())
        writer.pending_notices(NOW)
        writer.bind(make_delivery(make_notice()))
        for state in (DeliveryState.CLAIMED, DeliveryState.DOT, DeliveryState.SENT):
            writer.change_delivery(make_delivery(make_notice()).key, state, NOW)
        writer.told_since("halden", "mara@example.org", NOW)
        writer.deliveries([DeliveryState.PENDING])
        writer.deliveries([DeliveryState.PENDING], brand_id="halden")
        writer.pending_notices(NOW, "halden")
        writer.brands_waiting(NOW, NOW)
        writer.last_paused()
    assert walks(record, said) == set()


def test_pages_walk_through_no_table(record: SqlRecord, said: Said) -> None:
    with record.write() as writer:
        document_id = put(writer, 1, brands=("halden",))
        (mention,) = writer.mentions_of(document_id)
    with record.read() as reader:
        reader.sources()
        reader.source_runs("blog")
        reader.mentions([mention.id])
        list(reader.revisions())
        reader.mention_history(mention.id)
        reader.story_mentions(mention.story_id)
        reader.found_in(document_id)
        reader.incidents()
        reader.incidents(brand_id="halden", since=NOW - timedelta(days=1), until=NOW)
        reader.mention_counts(NOW - timedelta(days=1), NOW)
        reader.sources_heard(NOW - timedelta(days=1), NOW)
        reader.notices_of("i")
        reader.hours_heard(NOW - timedelta(days=30), NOW)
        reader.stale({"halden": "v2"}, "m1")
        reader.job_runs()
        reader.job_runs(states=[JobState.FAILED, JobState.LOST], since=NOW - timedelta(days=3))
        reader.job_runs(job="alert", until=NOW)
        reader.job_ends()
        reader.levels("index behind", NOW - timedelta(days=7))
        reader.briefs(limit=10)
    assert walks(record, said) == set()


def test_judging_again_walks_through_no_table(record: SqlRecord, said: Said) -> None:
    with record.write() as writer:
        document_id = put(writer, 1, brands=("halden",))
        writer.put_mentions(document_id, [], NOW, brand="halden")
        writer.is_waiting(document_id)
        writer.put_walk(Walk("one", NOW, {}))
    with record.read() as reader:
        reader.documents(NOW - timedelta(days=1), NOW, below=(NOW, "x"))
        reader.count_documents(NOW - timedelta(days=1), NOW)
        reader.captures(NOW - timedelta(days=1), NOW, ["blog"])
        reader.walk("one")
    assert walks(record, said) == set()


def test_a_plan_that_walks_is_noticed(record: SqlRecord, said: Said) -> None:
    with transaction(record._engine, writes=False) as connection:
        connection.execute(text("SELECT * FROM document WHERE title = 'x'")).all()
    assert len(walks(record, said)) == 1
