"""The bulk loop: what each answer means, what is tried again, and that one bad operation harms no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from earshot.errors import StorageError
from earshot.index.cluster import bulk
from earshot.index.cluster.bulk import BulkWriter, Fate, Operation, chunks, fate_of, make_operation
from earshot.index.cluster.errors import ClusterError
from tests.builders import FakeClock

CREATED = {"status": 201}
FULL = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "rejected execution"}}
NEWER = {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "current version [5]"}}
BAD = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "failed to parse field [relevance]"}}
BLOCKED = {"status": 403, "error": {"type": "cluster_block_exception", "reason": "index [x] blocked by: [8/write]"}}
GONE = {"status": 404, "error": {"type": "index_not_found_exception", "reason": "no such index [x]"}}
TOO_LARGE = ClusterError("the index was not written", 413, "")


def operations(count: int, size: int = 10) -> list[Operation]:
    return [make_operation(f"m{n}", 1, {"text": "x" * size}) for n in range(count)]


class Cluster:
    """Answers by the id of the operation, and notes what it was sent."""

    def __init__(self, answer: Callable[[str], Any] = lambda _: CREATED) -> None:
        self.sent: list[list[str]] = []
        self._answer = answer

    def __call__(self, index: str, lines: bytes) -> Sequence[Any]:
        ids = [json.loads(line)["index"]["_id"] for line in lines.splitlines()[::2]]
        self.sent.append(ids)
        answers = [self._answer(one) for one in ids]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers


def written(cluster: Cluster, count: int, clock: FakeClock) -> list[Fate]:
    return BulkWriter(cluster, clock).write("x", operations(count))


@pytest.mark.parametrize(
    ("answer", "done", "refused"),
    [
        ({"status": 200}, True, False),
        (CREATED, True, False),
        (NEWER, True, False),
        (BAD, False, True),
        ({"status": 413, "error": "too large"}, False, True),
        (FULL, False, False),
        ({"status": 503, "error": {"type": "unavailable_shards_exception", "reason": "primary"}}, False, False),
        (BLOCKED, False, False),
        (GONE, False, False),
        ({"status": 401, "error": {"type": "security_exception", "reason": "who?"}}, False, False),
    ],
)
def test_each_answer_means_done_refused_or_later(answer: Any, done: bool, refused: bool) -> None:
    fate = fate_of(answer)
    assert (fate.is_done, fate.is_refused) == (done, refused)
    assert done == (not fate.reason)


def test_a_request_holds_at_most_1000_operations_or_5_mb(clock: FakeClock) -> None:
    assert [len(chunk) for chunk in chunks(operations(2500))] == [1000, 1000, 500]
    assert [len(chunk) for chunk in chunks(operations(5, size=2_400_000))] == [2, 2, 1]
    assert [len(chunk) for chunk in chunks(operations(2, size=6_000_000))] == [1, 1]
    assert list(chunks([])) == []


def test_an_operation_says_its_version_and_is_two_lines() -> None:
    action, document = make_operation("m1", 7, {"text": "a\r\nb\u2028c"}).lines.splitlines()
    assert json.loads(action) == {"index": {"_id": "m1", "version": 7, "version_type": "external_gte"}}
    assert json.loads(document) == {"text": "a\r\nb\u2028c"}


@pytest.mark.fault(case="The cluster refuses one mention of many", promise="The others are written")
def test_one_refused_operation_stops_no_other(clock: FakeClock) -> None:
    fates = written(Cluster(lambda one: BAD if one == "m1500" else CREATED), 2500, clock)
    assert [n for n, fate in enumerate(fates) if not fate.is_done] == [1500]
    assert fates[1500].is_refused
    assert "relevance" in fates[1500].reason


def test_what_is_pushed_back_is_tried_again_alone_and_with_time_between(clock: FakeClock) -> None:
    pushed = {"m1": 2, "m3": 1}

    def answer(one: str) -> Any:
        if pushed.get(one):
            pushed[one] -= 1
            return FULL
        return CREATED

    cluster = Cluster(answer)
    assert all(fate.is_done for fate in written(cluster, 5, clock))
    assert cluster.sent == [["m0", "m1", "m2", "m3", "m4"], ["m1", "m3"], ["m1"]]
    assert clock.monotonic() == sum(bulk._WAITS_S[:2])


@pytest.mark.fault(
    case="The cluster keeps pushing a mention back",
    promise="It waits with its reason and is tried later",
)
def test_what_stays_pushed_back_is_left_for_later_with_its_reason(clock: FakeClock) -> None:
    fates = written(Cluster(lambda one: FULL if one == "m1" else CREATED), 3, clock)
    assert [(fate.is_done, fate.is_refused) for fate in fates] == [(True, False), (False, False), (True, False)]
    assert "rejected execution" in fates[1].reason


def test_a_full_cluster_that_refuses_the_whole_request_is_asked_again(clock: FakeClock) -> None:
    full = iter([ClusterError("not written", 429, ""), ClusterError("not written", 503, "")])
    assert all(fate.is_done for fate in written(Cluster(lambda _: next(full, CREATED)), 1, clock))


def test_a_request_that_is_too_large_is_halved_until_the_culprit_is_alone(clock: FakeClock) -> None:
    cluster = Cluster(lambda one: TOO_LARGE if one == "m6" else CREATED)
    fates = written(cluster, 8, clock)
    assert [n for n, fate in enumerate(fates) if fate.is_refused] == [6]
    assert sum(fate.is_done for fate in fates) == 7


def test_no_answer_to_the_first_request_is_an_error(clock: FakeClock) -> None:
    with pytest.raises(StorageError, match="silent"):
        written(Cluster(lambda _: StorageError("silent")), 3, clock)


def test_no_answer_to_a_later_request_leaves_what_was_done_done(clock: FakeClock) -> None:
    cluster = Cluster(lambda one: StorageError("silent") if one == "m1000" else CREATED)
    fates = written(cluster, 2500, clock)
    assert [fate.is_done for fate in fates] == [True] * 1000 + [False] * 1500
    assert not any(fate.is_refused for fate in fates)
    assert len(cluster.sent) == 2


@pytest.mark.fault(case="The login may not write to the cluster", promise="Mentions wait; none is lost")
def test_a_login_that_may_not_write_loses_no_mention(clock: FakeClock) -> None:
    with pytest.raises(StorageError, match="may not"):
        written(Cluster(lambda _: ClusterError("not written", 403, {"error": {"reason": "no"}})), 2, clock)


def test_fewer_answers_than_operations_are_an_error(clock: FakeClock) -> None:
    with pytest.raises(StorageError, match="2 operations were sent, 1 answered"):
        BulkWriter(lambda _index, _lines: [CREATED], clock).write("x", operations(2))
