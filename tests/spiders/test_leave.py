"""What a batch may do beyond its items: go where redirects are known to lead, and where the owner has allowed it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from earshot.batches import load_batch, save_batch
from earshot.clock import SystemClock
from earshot.model import Fetched, HandedBack, Outcome
from spiders.collector import ScrapyCollector
from tests.spiders.batches import make_item, run, save
from tests.spiders.server import BAN, serving


def test_an_owner_who_allows_it_is_asked_in_spite_of_robots_txt(tmp_path: Path) -> None:
    with serving() as server:
        server.robots[server.hosts[0]] = (200, BAN.encode())
        url = server.url("/private", 0)
        obeying, permitted = run(tmp_path, [make_item(url)]), run(tmp_path, [make_item(url, obeys_robots=False)])
        assert obeying.of(url).outcome == Outcome.BLOCKED
        assert permitted.of(url).outcome != Outcome.BLOCKED
        assert permitted.robots == []


def test_a_host_that_is_leased_for_redirects_is_followed_to(tmp_path: Path) -> None:
    with serving() as server:
        item = make_item(server.url(f"/to?{server.url('/page', 1)}", 0))
        path = save(tmp_path, [item])
        alone = list(ScrapyCollector(SystemClock()).collect(path))
        save_batch(dataclasses.replace(load_batch(path), hosts=(server.hosts[1],)), path)
        leased = list(ScrapyCollector(SystemClock()).collect(path))
    assert [type(e) for e in alone if isinstance(e, Fetched | HandedBack)] == [HandedBack]
    assert [e.outcome for e in leased if isinstance(e, Fetched)] == [Outcome.OK]
