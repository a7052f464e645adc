"""What waits for too long, and disks that fill up: limits, and that nothing flaps at them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from earshot.config.settings import FreshnessSettings, LakeSettings, Settings, Workspace
from earshot.pipeline.maintain.backlog import GB, Limits, Space, backlog, disk_spaces, full_disks, stuck_relays
from earshot.upkeep import Backlogs, HeldLease, Waiting
from tests.builders import NOW

HOUR = timedelta(hours=1)
LATE = Waiting(3, NOW - HOUR)
FRESH = Waiting(3, NOW - HOUR / 3)


def limits(*open_keys: str, **changes: Any) -> Limits:
    return Limits(FreshnessSettings(), open_keys, NOW, **changes)


def said(*open_keys: str, set_aside: int = 0, has_mail: bool = True, **waiting: Waiting) -> dict[str, str]:
    found = backlog(Backlogs(**waiting), set_aside, limits(*open_keys, has_mail=has_mail))
    return {each.key: each.what for each in found}


def test_nothing_alarms_where_nothing_waits_long() -> None:
    assert said() == {}
    assert said(index=FRESH, notices=FRESH, deliveries=FRESH, unread=FRESH) == {}


def test_what_waits_for_half_an_hour_alarms() -> None:
    assert said(index=LATE, notices=LATE, deliveries=Waiting(1, NOW - 3 * HOUR), unread=LATE) == {
        "index behind": "3 mentions wait for the index, the first for 60 min.",
        "mail waiting": "Due and not sent: 3 notices, the first for 60 min; 1 mail, the first for 3 h.",
        "captures unread": "3 lake files not read, the first for 60 min.",
    }


def test_notices_wait_on_purpose_where_there_is_no_mail_server() -> None:
    assert said(notices=LATE, has_mail=False) == {}


def test_many_mentions_behind_alarm_until_half_of_them_are_through() -> None:
    assert said(index=Waiting(10_000, NOW)) == {}
    assert list(said(index=Waiting(10_001, NOW))) == ["index behind"]
    assert list(said("index behind", index=Waiting(5_001, NOW))) == ["index behind"]
    assert said("index behind", index=Waiting(5_000, NOW)) == {}


def test_quarantine_alarms_when_it_grows() -> None:
    stands = Waiting(500, NOW - 30 * 24 * HOUR)
    assert said(quarantined=stands, set_aside=10) == {}
    grown = said(quarantined=stands, set_aside=11)
    assert grown == {"quarantine growing": "11 captures were set aside within a day, 500 in all."}
    assert list(said("quarantine growing", quarantined=stands, set_aside=6)) == ["quarantine growing"]


def test_one_dead_letter_alarms() -> None:
    assert said(dead_letters=Waiting(1, NOW)) == {"dead letters": "The index refuses 1 mention."}


def test_a_relay_is_stuck_when_its_lease_ran_out_and_its_holder_is_still_there() -> None:
    held = [
        HeldLease("relay:index", "ended", NOW - HOUR),
        HeldLease("relay:mail", "hangs", NOW - HOUR),
        HeldLease("relay:other", "works", NOW - HOUR / 3),
    ]
    found = stuck_relays(held, lambda owner: owner == "ended", limits())
    assert [each.key for each in found] == ["relay stuck: relay:mail"]


def test_a_disk_alarms_below_ten_percent_or_a_gigabyte_and_ends_with_room_to_spare() -> None:
    def keys(free_gb: float, total_gb: float, *open_keys: str) -> list[str]:
        space = Space("workspace", int(free_gb * GB), int(total_gb * GB))
        return [each.key for each in full_disks([space], limits(*open_keys))]

    key = "disk nearly full: workspace"
    assert keys(50, 100) == []
    assert keys(9.9, 100) == [key]
    assert keys(0.9, 2) == [key]
    assert keys(14, 100, key) == [key]
    assert keys(16, 100, key) == []


def test_the_disks_are_those_that_the_workspace_lies_on_each_once(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "not made yet", Settings(), (), ())
    (space,) = disk_spaces(workspace)
    assert space.what == "workspace"
    assert 0 < space.free_bytes <= space.total_bytes
    stored = Workspace(tmp_path, Settings(lake=LakeSettings(url="s3://bucket/lake")), (), ())
    assert len(disk_spaces(stored)) == 1
