"""The pages of incidents: what was flagged, and who was notified of it; of one, its course step by step.

Knows no adapter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from dashboards.board import Board
from earshot.model import Delivery, Incident, Joined, Mention, Notice, NoticeState, Occasion
from earshot.ports import RecordReader

_INCIDENTS = 50
_MOST_READ = 500
_MOST_LISTED = 100
"""Of each incident of a list so many mentions are read: a wave has thousands, with their whole texts."""


@dataclass(frozen=True, slots=True)
class Told:
    """An incident with its first mentions that are still active, and who was or is to be notified of it.

    count: how many mentions; beyond the first _MOST_LISTED those that were withdrawn count, too. people: each person
    once, with the latest notice; mails: how many each was sent.
    """

    incident: Incident
    mentions: tuple[Mention, ...]
    count: int
    people: tuple[Notice, ...]
    mails: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an incident's course: a mention that joined, or a mail about it.

    mention: None where it is a mail, or was withdrawn or erased since. joined: why it is there. notice, delivery: the
    mail; a notice without a delivery waits.
    """

    at: datetime
    mention: Mention | None = None
    joined: Joined | None = None
    notice: Notice | None = None
    delivery: Delivery | None = None


def make_router(board: Board) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/incidents")
    def show_incidents(request: Request) -> Response:
        brand = request.query_params.get("brand", "")
        with board.record.read() as record:
            incidents = record.incidents(_INCIDENTS, brand if brand in board.brands else "")
            known = {m.id: m for m in record.mentions([i for one in incidents for i in one.mention_ids[:_MOST_LISTED]])}
            told = [_told(incident, known, record.notices_of(incident.id)) for incident in incidents]
        return board.page(
            request,
            "incidents.html",
            told=told,
            brand=brand,
            brand_id=brand if brand in board.brands else "",
            brands=list(board.brands.values()),
            limit=_INCIDENTS,
        )

    @router.get("/incidents/{incident_id}")
    def show_incident(incident_id: str, request: Request) -> Response:
        with board.record.read() as record:
            incident = record.incident(incident_id)
            if incident is None:
                raise HTTPException(404)
            if incident.id != incident_id:  # it became part of another
                return RedirectResponse(f"/incidents/{incident.id}", 307)
            mentions = {mention.id: mention for mention in record.mentions(incident.mention_ids[-_MOST_READ:])}
            steps = sorted(_steps(record, incident, mentions), key=lambda step: (step.at, step.notice is not None))
        hidden = max(0, len(steps) - _MOST_READ)
        return board.page(
            request,
            "incident.html",
            incident=incident,
            mentions=list(mentions.values()),
            sites=len({mention.site for mention in mentions.values()}),
            steps=steps[hidden:],
            hidden=hidden,
            what_mailed=what_mailed,
            why_joined=why_joined,
            shared_rules=lambda joined, brand_id: [board.rule_name(rule, brand_id) for rule in joined.why.rules],
        )

    return router


def _told(incident: Incident, known: dict[str, Mention], notices: Sequence[Notice]) -> Told:
    mentions = tuple(known[mention] for mention in incident.mention_ids[:_MOST_LISTED] if mention in known)
    in_order = sorted(notices, key=lambda notice: (notice.created_at, notice.key))
    people = {notice.recipient: notice for notice in in_order}
    mails: dict[str, set[str]] = {}
    for notice in notices:
        mails.setdefault(notice.recipient, set()).update({notice.delivery_key} if notice.delivery_key else set())
    count = len(mentions) + len(incident.mention_ids[_MOST_LISTED:])
    return Told(incident, mentions, count, tuple(people.values()), {name: len(keys) for name, keys in mails.items()})


def _steps(record: RecordReader, incident: Incident, mentions: Mapping[str, Mention]) -> Iterator[Step]:
    for joined in record.joined(incident.id):
        yield Step(joined.at, mentions.get(joined.mention_id), joined)
    deliveries = {delivery.key: delivery for delivery in record.deliveries_of(incident.id)}
    for notice in record.notices_of(incident.id):
        delivery = deliveries.get(notice.delivery_key)
        at = (delivery.sent_at or delivery.changed_at) if delivery else None
        yield Step(at or notice.created_at, notice=notice, delivery=delivery)


def why_joined(joined: Joined, rules: Sequence[str]) -> str:
    """Say why a mention is in its incident. rules: names of those that it shares with the others."""
    why = joined.why
    rule = f"same rule ({', '.join(rules)})" if rules else "same category"
    words = f"; both say {', '.join(why.words)}" if why.words else ""
    return {
        "opened": "Opened the incident.",
        "story": "Joined: it tells the same story.",
        "words": f"Joined: {rule}{words}.",
        "wave": f"Joined: {rule}, which fired again and again at that time{words}.",
    }.get(why.kind, "Joined.")


def what_mailed(notice: Notice, delivery: Delivery | None) -> str:
    """Say what a notice told its recipient, or why it has not."""
    count = "1 mention" if notice.shown == 1 else f"{notice.shown} mentions"
    kind = {
        Occasion.FIRST: "first mail",
        Occasion.RISE: f"mail because it became {notice.severity.value if notice.severity else 'more severe'}",
        Occasion.UPDATE: "update",
    }[notice.occasion]
    if notice.state is NoticeState.SUPPRESSED:
        return f"{kind}, not sent: the address was struck off or has unsubscribed"
    if delivery is None:
        return f"{kind} waits" if notice.not_before else f"{kind} is due"
    state = {"sent": "", "dead": ", not sent", "unknown": ", nobody knows whether it arrived"}
    ending = state.get(delivery.state.value, ", on its way")
    reason = (
        f": {delivery.reason}" if delivery.reason and delivery.state.value in ("dead", "unknown", "pending") else ""
    )
    return f"{kind}, {count}{ending}{reason}"
