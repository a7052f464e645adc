"""What a workspace holds and what its mail server took: an account of Earshot that Earshot itself does not give.

The record is read as plain SQL (a place knows by which driver), the mails as files.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from email import message_from_bytes
from typing import Any

from earshot.alerts.rules import RuleBook
from earshot.config.workspace import load_workspace
from earshot.model import SearchRequest
from earshot.pipeline.relay import NOTHING_NEW
from tests.kill.place import NothingThereError, Place

UNDONE = {
    "sources never heard of": "SELECT count(*) FROM source WHERE is_active AND last_outcome = ''",
    "pages to fetch": "SELECT count(*) FROM frontier WHERE state = 'waiting'",
    "files to read": "SELECT count(*) FROM lake_file WHERE NOT is_finished",
    "mentions to publish": "SELECT count(*) FROM outbox",
    "documents to judge": "SELECT count(*) FROM document WHERE judged_at IS NULL AND judge_at IS NOT NULL",
    "notices to bind": "SELECT count(*) FROM notice WHERE state = 'pending'",
    "mails to send": "SELECT count(*) FROM delivery WHERE state IN ('pending', 'claimed', 'dot')",
}
_TOLD = """
    SELECT n.key, d.state, d.message_id, d.reason FROM notice n
    JOIN incident i ON i.id = n.incident_id LEFT JOIN delivery d ON d.key = n.delivery_key
"""
_PEOPLE = """
    SELECT CASE WHEN i.merged_into <> '' THEN i.merged_into ELSE i.id END, n.recipient FROM notice n
    JOIN incident i ON i.id = n.incident_id WHERE n.rule_id <> ''
"""
_JOINED = """
    SELECT im.mention_id, im.incident_id, i.brand_id, im.rules FROM incident_mention im
    JOIN incident i ON i.id = im.incident_id
"""


@dataclass(frozen=True)
class Facts:
    """What has to be the same however often Earshot was killed. Times, revisions and attempts are not in it.

    keys: what leads to which document. stories: the partition. told: each flagged mention with everybody who heard of
    its incident and whom one of its rules names. Which mentions share an incident, and so how many mails there are,
    depends on the order in which they came; whether somebody heard of one does not.
    """

    keys: frozenset[Any]
    documents: frozenset[Any]
    mentions: frozenset[Any]
    labels: frozenset[Any]
    stories: frozenset[Any]
    told: frozenset[Any]


def rows(place: Place, query: str) -> list[Any]:
    """Return what the record answers, from a connection of our own that cannot write."""
    return place.rows(query)


def undone(place: Place) -> dict[str, int]:
    """Return what is still to be done; empty when Earshot has nothing left to do but listen."""
    try:
        has_sources = bool(rows(place, "SELECT 1 FROM source LIMIT 1"))  # first: they may appear between two questions
        left = {name: int(rows(place, query)[0][0]) for name, query in UNDONE.items()}
        known = {row[0] for row in rows(place, "SELECT name FROM lake_file")}
    except NothingThereError:
        return {"sources to learn of": 1}
    left["files nobody knows"] = len(place.lake_files() - known)
    left["sources to learn of"] = int(not has_sources)
    return {name: count for name, count in left.items() if count}


def facts(place: Place) -> Facts:
    """Return what the record says."""
    stories = defaultdict(set)
    for document, story in rows(place, "SELECT id, story_id FROM document"):
        stories[story].add(document)
    return Facts(
        keys=frozenset(rows(place, "SELECT digest, document_id FROM document_key")),
        documents=frozenset(rows(place, "SELECT id, text_is, content_hash FROM document")),
        mentions=frozenset(row[0] for row in rows(place, "SELECT id FROM mention")),
        labels=frozenset(rows(place, "SELECT id, state, sentiment, categories, is_own_voice, flags FROM mention")),
        stories=frozenset(frozenset(each) for each in stories.values()),
        told=_told(place),
    )


def _told(place: Place) -> frozenset[Any]:
    book = RuleBook(load_workspace(place.root, {}).brands)
    people = defaultdict(set)
    for incident, recipient in rows(place, _PEOPLE):
        people[incident].add(recipient)
    found = set()
    for mention, incident, brand, rules in rows(place, _JOINED):
        named = {person.address for rule in json.loads(rules) for person in book.recipients(brand, rule)}
        found |= {(mention, address) for address in named & people[incident]}
    return frozenset(found)


def differences(expected: Facts, found: Facts) -> dict[str, str]:
    """Return, of each part that differs, how much was lost and how much is too many."""
    parts = ((name, getattr(expected, name), getattr(found, name)) for name in Facts.__dataclass_fields__)
    return {
        name: f"{len(left - right)} lost, {len(right - left)} too many, of {len(left)}"
        for name, left, right in parts
        if left != right
    }


def sizes(found: Facts) -> dict[str, int]:
    """Return how many of everything there are."""
    return {name: len(value) for name, value in asdict(found).items()}


def mails(place: Place) -> Counter[str]:
    """Return how often each Message-ID lies in the mail server's folder."""
    found: Counter[str] = Counter()
    for folder in ("new", "cur"):
        for file in (place.maildir / folder).iterdir():
            found["".join(str(message_from_bytes(file.read_bytes())["Message-ID"]).split())] += 1
    return found


def mistold(place: Place) -> list[str]:
    """Return everything that contradicts "each notice was told exactly once", a line each."""
    kept, wrong = mails(place), []
    for key, state, message_id, reason in rows(place, _TOLD):
        if state == "dead" and reason == NOTHING_NEW:
            continue  # an update whose mentions were all in the mail before
        if state != "sent":
            wrong.append(f"notice {key} is not told: its delivery is {state}")
        elif kept[message_id] != 1:
            wrong.append(f"notice {key}: its mail lies there {kept[message_id]} times")
    ours = {row[0] for row in rows(place, "SELECT message_id FROM delivery")}
    return wrong + [f"a mail that no delivery knows: {message_id}" for message_id in kept if message_id not in ours]


def misindexed(place: Place) -> list[str]:
    """Return every mention whose revision in the index is not the record's, or that only one of the two holds."""
    recorded = dict(rows(place, "SELECT id, revision FROM mention WHERE state = 'active'"))
    index, indexed, cursor = place.index(), {}, ""
    while True:
        page = index.search(SearchRequest(size=200, cursor=cursor))
        indexed |= {hit.mention.id: hit.mention.revision for hit in page.hits}
        if not (cursor := page.next_cursor):
            break
    names = sorted(recorded.keys() | indexed.keys())
    pairs = ((name, recorded.get(name), indexed.get(name)) for name in names)
    return [f"{name}: record {ours}, index {theirs}" for name, ours, theirs in pairs if ours != theirs]


def is_sound(place: Place) -> bool:
    """Tell whether SQLite finds nothing wrong with the record; PostgreSQL is not asked."""
    return place.database is not None or bool(rows(place, "PRAGMA integrity_check") == [("ok",)])
