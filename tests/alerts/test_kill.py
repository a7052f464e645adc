"""SIGKILL at any moment loses no notice and doubles none, by the mail server's own ledger."""

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
from pathlib import Path

import pytest

from earshot.clock import SystemClock
from tests.alerts.scene import Scene, kill_brand
from tests.builders import make_flag

AT_ONCE = 30
KILLS, HITS = 24, 10
"""Kills at least, and how many of them must have struck a delivery on its way."""

DEADLINE_S = 150.0


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


def test_sigkill_at_random_moments_tells_every_notice_exactly_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    scene = Scene(tmp_path, SystemClock(), (kill_brand(),)).begin()
    flags = tuple(make_flag(rule_id=rule.id, rule_name=rule.name) for rule in scene.brands[0].rules)
    for number in range(AT_ONCE):
        scene.judge(scene.find(number, flags=flags))
    later, kills, competed, hits = 0, 0, 0, 0
    box = tmp_path / "box"
    with process("tests.alerts.post_office", box) as office:
        port = int(office.stdout.readline())
        with process("tests.alerts.zygote", tmp_path, port, box) as zygote:

            def start() -> int:
                zygote.stdin.write("go\n")
                zygote.stdin.flush()
                return int(zygote.stdout.readline())

            started = time.monotonic()
            while (kills < KILLS or hits < HITS) and time.monotonic() - started < DEADLINE_S / 3:
                scene.judge(scene.find(AT_ONCE + later, flags=flags[:1]))
                later += 1
                pids = [start(), start()] if chance.random() < 0.3 else [start()]
                time.sleep(chance.uniform(0.05, 0.4))
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                kills += len(pids)
                competed += len(pids) == 2
                hits += bool({"claimed", "dot"} & set(scene.states()))
            told_early = scene.notices().get("told", 0)
            last = start()
            while set(scene.notices()) != {"told"} and time.monotonic() - started < DEADLINE_S:
                time.sleep(0.1)
            time.sleep(0.3)
            os.kill(last, signal.SIGKILL)
    arrived = Counter(str(mail["Message-ID"]).strip() for mail in mailbox.Maildir(box))
    with scene.record.read() as reader:
        deliveries, notices = reader.deliveries(limit=10_000), reader.all_notices()
    scene.record.close()
    print(
        f"{kills} kills ({competed} times two relays at once; {hits} struck a delivery; {told_early} told by then),"
        f" {len(notices)} notices, {len(arrived)} mails, {sum(d.attempts > 1 for d in deliveries)} tried again"
    )
    assert len(notices) == AT_ONCE * 3 + later * 2
    assert {str(notice.state) for notice in notices} == {"told"}
    assert any(len(delivery.notice_keys) > 1 for delivery in deliveries)
    assert set(arrived.values()) == {1}
    assert set(arrived) == {delivery.message_id for delivery in deliveries}
    carried = Counter(key for delivery in deliveries for key in delivery.notice_keys)
    assert carried == Counter(notice.key for notice in notices)
    assert kills >= 20
    assert hits >= 5


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked and killed")
