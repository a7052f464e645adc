"""Earshot is killed, ended and doubled while it works; afterwards nothing is lost and nobody was told twice.

The web is the demonstration's, as it is at its beginning. It and the mail servers are never killed: a mail server's
folder is its own ledger of what it took.
"""

from __future__ import annotations

import dataclasses
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.busy import by_load
from tests.kill.account import Facts, differences, facts, is_sound, mails, misindexed, mistold, rows, sizes, undone
from tests.kill.outside import HESITATES_S
from tests.kill.place import INTERRUPT, TERM, Place, Run, world
from tests.postgresql.server import PASSWORD, Server

pytestmark = pytest.mark.kill

KILLS, KILLS_WHILE_STARTING = 30, 6
SHARE = 0.3
"""A kill strikes at most after this share of the work that the whole web is, counted from the run's first write."""
KILLED = tuple(f"killed-{number}" for number in range(6))
"""As soon as nothing is left to be done in a workspace, the next kills strike in a fresh one."""
CHILDREN = {"spider": "-m spiders", "reader": "-m earshot.extract.zygote"}
ON_POSTGRESQL = ("postgresql", "moving")
WORKS_S = 3.0
PATIENCE_S = 600.0
ENDS_WITHIN_S = 5.0


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody disturbed. start_s: from its start to its first row."""

    facts: Facts
    start_s: float
    seconds: float


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    with world(
        tmp_path_factory.mktemp("kill"),
        "undisturbed",
        *KILLED,
        *CHILDREN,
        "mailing",
        "ended",
        "doubled",
        *ON_POSTGRESQL,
    ) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(places: dict[str, Place]) -> Undisturbed:
    place, began = places["undisturbed"], time.monotonic()
    with place.start("run") as run:
        _wait_while(place, run, lambda left: "sources to learn of" in left)
        start_s = time.monotonic() - began
        _wait_until_quiet(place, run)
        seconds = time.monotonic() - began
        assert run.end(TERM) < by_load(ENDS_WITHIN_S)
    found = facts(place)
    assert len(found.told) >= 20
    assert min(sizes(found).values()) > 0
    assert not _wrong_with(place, found)
    return Undisturbed(found, start_s, seconds)


@pytest.mark.fault(
    case="Earshot is killed at thirty random moments",
    promise="The next start goes on; nothing is lost, doubled or sent twice",
)
def test_killed_at_thirty_random_points_it_ends_as_if_nothing_had_happened(
    places: dict[str, Place], undisturbed: Undisturbed
) -> None:
    seed = int(os.environ.get("EARSHOT_TEST_SEED", random.SystemRandom().randrange(10**6)))
    dice, began, struck, fresh = (
        random.Random(seed),
        time.monotonic(),
        Counter[str](),
        [places[name] for name in KILLED],
    )
    used = [fresh.pop(0)]
    for number in dice.sample(range(KILLS), KILLS):
        left = _kill(used[-1], dice, undisturbed, is_starting=number < KILLS_WHILE_STARTING)
        struck[left or "nothing"] += 1
        if not left and fresh:
            used.append(fresh.pop(0))
    killing_s = time.monotonic() - began
    wrong = [line for place in used if place.record.exists() for line in _wrong_when_done(place, undisturbed.facts)]
    print(
        f"\nEARSHOT_TEST_SEED={seed}: {KILLS} kills in {killing_s:.0f} s on {len(used)} workspaces, all done after "
        f"{time.monotonic() - began:.0f} s (undisturbed {undisturbed.seconds:.0f} s); {sizes(undisturbed.facts)}, "
        f"mails {[mails(place).total() for place in used]}"
    )
    print(*(f"  {count} kills with still to be done: {left}" for left, count in struck.most_common()), sep="\n")
    assert not wrong
    assert len(struck) > 2, "the kills all struck at one and the same stage"


def _kill(place: Place, dice: random.Random, undisturbed: Undisturbed, *, is_starting: bool) -> str:
    """Start, kill at a random moment, and return what was still to be done then."""
    before = _last_write(place)
    with place.start("run") as run:
        if is_starting:
            time.sleep(dice.uniform(0, undisturbed.start_s))
        else:
            _wait_while(place, run, lambda _: _last_write(place) == before)
            time.sleep(dice.uniform(0, SHARE * (undisturbed.seconds - undisturbed.start_s)))
        left = undone(place)
        assert run.process.poll() is None, place.said()
        run.kill()
        assert not run.left()
    return ", ".join(left)


def _last_write(place: Place) -> object:
    if place.database is not None:
        return rows(place, "SELECT pg_current_wal_lsn()::text")
    log = place.record.with_name("record.db-wal")
    return log.stat().st_mtime_ns if log.exists() else 0


def _wrong_when_done(place: Place, expected: Facts) -> list[str]:
    """Let the work be done, and return everything that is wrong then."""
    with place.start("run") as run:
        _wait_until_quiet(place, run)
        run.end(TERM)
        assert not run.left()
    return _wrong_with(place, expected)


@pytest.mark.postgresql
@pytest.mark.fault(
    case="Earshot and its PostgreSQL are killed in turn",
    promise="It ends with the same mentions and mails as an undisturbed run",
)
def test_on_postgresql_it_ends_as_on_sqlite_whatever_falls_meanwhile(
    places: dict[str, Place], undisturbed: Undisturbed, own_postgresql: Server
) -> None:
    """Earshot is killed, and its database falls and comes back under it: it goes on by itself."""
    dice = random.Random(7)
    with own_postgresql.database() as url:
        place = dataclasses.replace(places["postgresql"], database=url)
        struck = [_kill(place, dice, undisturbed, is_starting=False) for _ in range(3)]
        with place.start("run") as run:
            for _ in range(2):
                _wait_for_a_write(place, run)
                own_postgresql.crash()
                time.sleep(dice.uniform(0, 1))
                own_postgresql.start()
            _wait_until_quiet(place, run)
            assert run.end(TERM) < by_load(ENDS_WITHIN_S)
        assert not _wrong_with(place, undisturbed.facts)
    assert any(struck), "no kill struck while there was work"


@pytest.mark.postgresql
@pytest.mark.fault(case="The record moves to another database in mid-work", promise="Work goes on where it was")
def test_a_record_that_moves_in_the_middle_goes_on_where_it_was(
    places: dict[str, Place], undisturbed: Undisturbed, postgresql: Server
) -> None:
    place = places["moving"]
    assert _kill(place, random.Random(3), undisturbed, is_starting=False), "there was nothing left to be done"
    with postgresql.database() as url:
        moved = dataclasses.replace(place, database=url)
        target = url.render_as_string().replace(":***@", "@")
        with dataclasses.replace(place, environ={"EARSHOT_RECORD_PASSWORD": PASSWORD}).start(
            "record", "move", "--to", target
        ) as moving:
            assert moving.process.wait(PATIENCE_S) == 0, place.said()
        assert PASSWORD not in place.said()
        with place.start("run", "--once") as run:
            assert run.process.wait(PATIENCE_S) == 3, "the old record is still taken"
        with moved.start("run") as run:
            _wait_until_quiet(moved, run)
            assert run.end(TERM) < by_load(ENDS_WITHIN_S)
        assert not _wrong_with(moved, undisturbed.facts)


@pytest.mark.fault(
    case="Earshot is killed just after the mail server took a mail",
    promise="The mail is found in the ledger and not sent again",
)
def test_killed_whenever_a_mail_has_just_been_taken_it_tells_nobody_twice(places: dict[str, Place]) -> None:
    place, dice, caught = places["mailing"], random.Random(1), 0
    for name in ("continent", "troubled", "own-voice"):
        (place.root / "sources" / f"{name}.yaml").unlink()
    slow = place.maildir / "slow"
    slow.touch()
    for _ in range(5):
        before = mails(place).total()
        with place.start("run") as run:
            end = time.monotonic() + PATIENCE_S
            while mails(place).total() == before:
                assert run.process.poll() is None, place.said()
                assert time.monotonic() < end, place.said()
                time.sleep(0.01)
            time.sleep(dice.uniform(0, HESITATES_S))
            run.kill()
            assert not run.left()
        caught += len(rows(place, "SELECT key FROM delivery WHERE state = 'dot'"))
    slow.unlink()
    with place.start("run") as run:
        _wait_until_quiet(place, run)
        assert run.end(TERM) < by_load(ENDS_WITHIN_S)
    assert not _wrong_with(place, facts(place))
    assert caught > 1, "no kill struck between the server's folder and its yes"


@pytest.mark.parametrize("number", [TERM, INTERRUPT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.fault(case="TERM arrives while Earshot is at work", promise="It ends within five seconds")
def test_it_ends_within_five_seconds_whatever_it_is_doing(places: dict[str, Place], number: int) -> None:
    place, dice, took_s = places["ended"], random.Random(number), []
    for share in (0.1, 0.4, 0.7):
        with place.start("run") as run:
            _wait_until_it_works(place, run)
            time.sleep(dice.uniform(share - 0.1, share + 0.2) * WORKS_S)
            assert run.process.poll() is None, place.said()
            took_s.append(run.end(number, is_for_all=number == INTERRUPT))
            assert run.process.returncode == 0, place.said()
            assert not run.left(by_load(0.5))
    print(f"\nended after {', '.join(f'{each:.1f}' for each in took_s)} s")
    assert max(took_s) < by_load(ENDS_WITHIN_S)
    assert "Traceback" not in place.said()


@pytest.mark.parametrize("child", CHILDREN)
def test_ctrl_c_while_a_child_is_starting_is_no_failure(places: dict[str, Place], child: str) -> None:
    place = places[child]
    with place.start("run") as run:
        _wait_while(place, run, lambda _: not any(CHILDREN[child] in line for line in run.family().values()))
        assert run.end(INTERRUPT, is_for_all=True) < by_load(ENDS_WITHIN_S)
        assert run.process.returncode == 0, place.said()
        assert not run.left(by_load(0.5))
    assert "Traceback" not in place.said()
    assert rows(place, "SELECT source_id, reason FROM source_run WHERE reason LIKE '%ended early%'") == []


@pytest.mark.fault(case="TERM arrives again and again", promise="Nothing is lost, doubled or sent twice")
def test_what_was_ended_again_and_again_is_whole_as_well(places: dict[str, Place], undisturbed: Undisturbed) -> None:
    place = places["ended"]
    with place.start("run") as run:
        _wait_until_quiet(place, run)
        assert run.end(TERM) < by_load(ENDS_WITHIN_S)
    assert not _wrong_with(place, undisturbed.facts)


@pytest.mark.fault(case="`earshot run` is started twice on one workspace", promise="Nothing is doubled")
def test_two_runs_beside_each_other_double_nothing(places: dict[str, Place], undisturbed: Undisturbed) -> None:
    place = places["doubled"]
    with place.start("run") as one, place.start("run") as other:
        _wait_until_quiet(place, one)
        assert other.process.poll() is None, place.said()
        assert max(one.end(TERM), other.end(TERM)) < by_load(ENDS_WITHIN_S)
        assert one.process.returncode == other.process.returncode == 0
    assert not _wrong_with(place, undisturbed.facts)


def _wait_until_it_works(place: Place, run: Run) -> None:
    """Wait until this very process holds a lease."""
    lease = f"SELECT 1 FROM lease WHERE owner LIKE '%/{run.process.pid}/%'"
    _wait_while(place, run, lambda left: "sources to learn of" in left or not rows(place, lease))


def _wait_for_a_write(place: Place, run: Run) -> None:
    before = _last_write(place)
    _wait_while(place, run, lambda _: _last_write(place) == before)


def _wait_until_quiet(place: Place, run: Run) -> None:
    _wait_while(place, run, bool)


def _wait_while(place: Place, run: Run, is_waiting: Callable[[dict[str, int]], bool]) -> None:
    """Wait until nothing, or nothing of this, is left to be done. is_waiting: asked with what still is."""
    end = time.monotonic() + PATIENCE_S
    while is_waiting(left := undone(place)):
        assert run.process.poll() is None, place.said()
        assert time.monotonic() < end, f"still to be done: {left}\n{place.said()}"
        time.sleep(0.05)


def _wrong_with(place: Place, expected: Facts) -> list[str]:
    """Return everything that is not as it should be in a workspace where nothing is left to be done."""
    wrong = [f"{name}: {what}" for name, what in differences(expected, facts(place)).items()]
    wrong += mistold(place) + misindexed(place)
    wrong += [] if is_sound(place) else ["the record is damaged"]
    ended = "SELECT id || ': ' || last_reason FROM source WHERE last_reason LIKE '%ended early%'"
    wrong += [f"held against the source: {row[0]}" for row in rows(place, ended)]
    return wrong + [line for line in place.said().splitlines() if "Traceback" in line]
