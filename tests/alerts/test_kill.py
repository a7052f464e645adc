"""SIGKILL at any moment loses no notice and doubles none, by the mail server's own ledger, also with relays of two
brands at once, beside one of all brands, while briefs are made.
"""

from __future__ import annotations

import mailbox
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from earshot.clock import SystemClock
from tests.alerts.scene import Scene, kill_brands
from tests.builders import make_flag

AT_ONCE = 15
"""Mentions of each brand to begin with."""

KILLS, HITS = 24, 10
"""Kills at least, and how many of them must have struck a delivery on its way."""

DEADLINE_S = 150.0
FIRST_DAY = date(2026, 1, 1)


@contextmanager
def process(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()


@pytest.mark.fault(
    case="The process that sends mail is killed at random moments",
    promise="Each notice arrives exactly once",
)
def test_sigkill_at_random_moments_tells_every_notice_exactly_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    scene = Scene(tmp_path, SystemClock(), kill_brands()).begin()
    flags = tuple(make_flag(rule_id=rule.id, rule_name=rule.name) for rule in scene.brands[0].rules)
    *ids, shared = [brand.id for brand in scene.brands]
    for number in range(AT_ONCE * 2):
        scene.judge(scene.find(number, flags=flags, brand=ids[number % 2]))
    for number in range(AT_ONCE):
        scene.judge(scene.find(1_000 + number, flags=flags[1:], brand=shared))
    mixtures = cycle([ids, ["brief", "brief"], [ids[0], shared], [*ids, "all"], ["all", "all"]])
    later, days, kills, competed, hits, misses = 0, 0, 0, 0, 0, 0
    box = tmp_path / "box"
    with process("tests.alerts.post_office", box) as office:
        port = int(office.stdout.readline())
        with process("tests.alerts.zygote", tmp_path, port, box) as zygote:

            def start(order: str) -> int:
                zygote.stdin.write(f"{order}\n")
                zygote.stdin.flush()
                return int(zygote.stdout.readline())

            started = time.monotonic()
            while (kills < KILLS or hits < HITS) and time.monotonic() - started < DEADLINE_S / 3:
                scene.judge(scene.find(AT_ONCE * 2 + later, flags=flags[:1], brand=ids[later % 2]))
                later += 1
                orders = next(mixtures)
                if orders[0] == "brief":  # a day of its own, so that the briefs are made while somebody is killed
                    orders = [f"brief {FIRST_DAY + timedelta(days=days)}"] * 2
                    days += 1
                pids = [start(order) for order in orders]
                time.sleep(chance.uniform(0.05, 0.8) * (1 + misses / 4))  # a busy machine comes less far in a second
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                kills += len(pids)
                competed += len(pids) > 1
                is_hit = bool({"claimed", "dot"} & set(scene.states()))
                hits, misses = hits + is_hit, 0 if is_hit else misses + 1
            told_early = scene.notices().get("told", 0)
            days = max(days, 1)
            last = [start(f"brief {FIRST_DAY + timedelta(days=day)}") for day in range(days)]
            while _is_open(scene, days) and time.monotonic() - started < DEADLINE_S:
                time.sleep(0.1)
            time.sleep(0.3)
            for pid in last:
                os.kill(pid, signal.SIGKILL)
    arrived = Counter(str(mail["Message-ID"]).strip() for mail in mailbox.Maildir(box))
    with scene.record.read() as reader:
        deliveries, notices, briefs = reader.deliveries(limit=10_000), reader.all_notices(), reader.briefs(limit=1000)
    scene.record.close()
    print(
        f"{kills} kills ({competed} times several relays at once; {hits} struck a delivery; {told_early} told by then),"
        f" {len(notices)} notices, {len(briefs)} briefs, {len(arrived)} mails,"
        f" {sum(d.attempts > 1 for d in deliveries)} tried again"
    )
    assert len(briefs) == days * 2
    assert len(notices) == AT_ONCE * 2 * 2 + AT_ONCE + later * 2 + days * 4
    assert {str(notice.state) for notice in notices} == {"told"}
    assert any(len(delivery.notice_keys) > 1 for delivery in deliveries)
    assert set(arrived.values()) == {1}
    assert set(arrived) == {delivery.message_id for delivery in deliveries}
    carried = Counter(key for delivery in deliveries for key in delivery.notice_keys)
    assert carried == Counter(notice.key for notice in notices)
    brand_of = {notice.key: notice.brand_id for notice in notices}
    assert all(len({brand_of[key] for key in delivery.notice_keys}) == 1 for delivery in deliveries)
    assert kills >= 20
    assert hits >= 5


def _is_open(scene: Scene, days: int) -> bool:
    with scene.record.read() as reader:
        return len(reader.briefs(limit=1000)) < days * 2 or set(reader.counts().notices) != {"told"}


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked and killed")
