"""Mails go on beside the rest: whatever a mail server does, sources are heard, and a run that is to end ends soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from earshot.alerts.smtp import SmtpMailer
from earshot.config.settings import MailSettings
from earshot.errors import MailError, StorageError
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.run import Runner
from tests.alerts.raw_server import ENDLESS, MUTE, RawServer, raw_server
from tests.alerts.servers import Running
from tests.pipeline.world import World, item, rss
from tests.ports.mailer import make_message

MakeWorld = Callable[..., World]


def mails(world: World, server: Running, runners: list[Runner], mailed: threading.Event) -> Callable[[], AlertReport]:
    """Return an alert stage that hands one mail to a mail server."""
    settings = MailSettings(
        host=server.host,
        port=server.port,
        security="none",
        timeout=timedelta(minutes=10),
        greeting=timedelta(minutes=1),
    )

    def alert() -> AlertReport:
        mailed.set()
        try:
            SmtpMailer(settings, world.clock).send(make_message(), lambda: None, lambda: runners[-1].is_ending_mail)
        except MailError as error:
            return AlertReport(problem=error.reason)
        return AlertReport(sent=1)

    return alert


def blog(world: World, number: int) -> None:
    world.web.says(
        world.workspace.sources[0].url, rss(item(f"http://alder.example/{number}", "Pump", "A Halden pump."))
    )


@pytest.mark.fault(
    case="A mail server that drips its greeting, says nothing, or never ends its reply",
    promise="Collecting and reading go on meanwhile, and TERM ends the run within five seconds.",
)
@pytest.mark.parametrize(
    "raw",
    [RawServer(drip_s={"greeting": 1.0}), RawServer({"greeting": MUTE}), RawServer({"EHLO": ENDLESS}),
     RawServer({"dot": MUTE})],
    ids=["drips", "mute", "endless", "mute after the dot"],
)  # fmt: skip
def test_a_bad_mail_server_keeps_nobody_waiting(make_world: MakeWorld, raw: RawServer) -> None:
    world, runners, mailed = make_world(), list[Runner](), threading.Event()
    blog(world, 1)

    def on_change(report: object) -> None:
        if runners[-1].report.ingested.captures and mailed.is_set():
            runners[-1].stop()
            stopped.append(time.monotonic())

    stopped: list[float] = []
    with raw_server(raw) as server:
        world.alert = mails(world, server, runners, mailed)
        runners.append(world.runner(on_change))
        began = time.monotonic()
        runners[-1].forever()
        ended = time.monotonic()
    assert runners[-1].report.ingested.captures == 1
    assert stopped[0] - began < 10, "a post was read while the mail server was waited for"
    assert ended - stopped[0] < 5


def test_a_round_waits_for_its_mails_and_counts_them(make_world: MakeWorld) -> None:
    world, runners = make_world(), list[Runner]()
    blog(world, 1)
    with raw_server(RawServer()) as server:
        world.alert = mails(world, server, runners, threading.Event())
        runners.append(world.runner())
        assert runners[-1].once().sent == 2, "once at the beginning, once at the end"


def test_what_the_mails_raise_reaches_the_runner(make_world: MakeWorld) -> None:
    world, calls = make_world(), list[int]()

    def alert() -> AlertReport:
        calls.append(1)
        raise ZeroDivisionError if len(calls) == 1 else StorageError("the record does not answer")

    world.alert = alert
    runner = world.runner()
    runner.once()
    assert "ZeroDivisionError" in runner.report.broken["alert"]
    with pytest.raises(StorageError):
        world.runner().once()
