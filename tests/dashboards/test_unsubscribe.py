"""Unsubscribing by the link of a mail: without signing in, once, and from anywhere. Over a real server."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from earshot.alerts.unsubscribing import ALERTS, Unsubscribing
from earshot.config.settings import DashboardSettings
from tests.builders import make_brand, make_recipient
from tests.dashboards.seed import World, make_world
from tests.dashboards.serving import app_of, serving

LINKS = Unsubscribing(lambda: "key", "https://earshot.example.org")
TOKEN = LINKS.token("mara@example.org", "halden", ALERTS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(tmp_path_factory.mktemp("unsubscribe"))
    yield made
    made.record.close()


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    boards = DashboardSettings(token=SecretStr("secret"), public_url="https://earshot.example.org")
    settings = world.workspace.settings.model_copy(update={"dashboards": boards})
    brand = make_brand(recipients=(make_recipient(),))
    workspace = dataclasses.replace(world.workspace, settings=settings, brands=(brand,))
    app = app_of(dataclasses.replace(world, workspace=workspace), unsubscribing=LINKS)
    with serving(app) as url, httpx.Client(base_url=url) as made:
        yield made


def unsubscribed(world: World) -> list[tuple[str, str, str]]:
    with world.record.read() as reader:
        return [(each.recipient, each.brand_id, each.mails) for each in reader.unsubscriptions()]


def test_a_mail_program_unsubscribes_with_one_post_and_twice_is_once(client: httpx.Client, world: World) -> None:
    page = client.get(f"/unsubscribe/{TOKEN}")
    assert "m…@example.org gets alerts about Halden" in page.text
    assert "mara@" not in page.text
    assert unsubscribed(world) == []  # who only looks is not unsubscribed
    for _ in range(2):
        done = client.post(
            f"/unsubscribe/{TOKEN}",
            data={"List-Unsubscribe": "One-Click"},
            headers={"origin": "https://mail.example", "sec-fetch-site": "cross-site"},
        )
        assert (done.status_code, "You are unsubscribed" in done.text) == (200, True)
    assert unsubscribed(world) == [("mara@example.org", "halden", "alerts")]
    assert "You are unsubscribed" in client.get(f"/unsubscribe/{TOKEN}").text
    signed_in = client.get("/operations", headers={"authorization": "Bearer secret"})
    assert "mara@example.org" in signed_in.text


def test_a_forged_link_is_not_found_and_nothing_else_is_open(client: httpx.Client, tmp_path: Path) -> None:
    assert client.get("/unsubscribe/forged").status_code == 404
    assert client.post("/unsubscribe/forged").status_code == 404
    for path in ("/operations", "/unsubscribe", "/unsubscribed", "/unsubscribe/../operations"):
        assert client.get(path, follow_redirects=False).status_code in (303, 401), path
