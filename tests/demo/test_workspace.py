"""The demonstration's workspace: good to read, good to keep."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from earshot.config.workspace import read_workspace
from earshot.demo.newsstand import Newsstand
from earshot.demo.workspace import LISTENING_FOR, LISTENING_LATE_FOR, Ports, load_beginning, write_workspace
from earshot.errors import ConfigError
from tests.builders import NOW, FakeClock

PORTS = Ports(41001, 41002, 41003)


def test_it_checks_clean(tmp_path: Path) -> None:
    write_workspace(tmp_path, NOW, PORTS)
    workspace, mistakes, warnings = read_workspace(tmp_path, {})
    assert workspace
    assert (mistakes, warnings) == ([], [])
    assert [brand.id for brand in workspace.brands] == ["harbor", "kestrava", "tannwick"]
    assert workspace.settings.mail.port == PORTS.mail
    assert workspace.settings.dashboards.public_url == f"http://127.0.0.1:{PORTS.pages}"


def test_every_site_is_listened_to_where_it_publishes(tmp_path: Path) -> None:
    write_workspace(tmp_path, NOW, PORTS)
    workspace, _, _ = read_workspace(tmp_path, {})
    assert workspace
    sites = Newsstand(NOW, FakeClock()).sites.values()
    assert {source.url for source in workspace.sources} == {
        f"http://{site.host}:{PORTS.web}{site.feed}" for site in sites
    }
    kinds = {source.url.split(".")[0].removeprefix("http://"): source.kind for source in workspace.sources}
    assert all((kinds[site.id] == "sitemap") == site.is_sitemap for site in sites)


def test_most_sources_were_listened_to_all_month_and_one_was_not(tmp_path: Path) -> None:
    write_workspace(tmp_path, NOW, PORTS)
    workspace, _, _ = read_workspace(tmp_path, {})
    assert workspace
    since = [source.listening_since for source in workspace.sources if source.listening_since]
    assert since.count(NOW - LISTENING_FOR) > 15
    assert since.count(NOW - LISTENING_LATE_FOR) == 1


def test_a_second_call_keeps_the_beginning_and_what_was_edited(tmp_path: Path) -> None:
    write_workspace(tmp_path, NOW, PORTS)
    brand = tmp_path / "brands" / "harbor.yaml"
    brand.write_text(brand.read_text().replace("Press desk", "Newsroom"))
    settings = tmp_path / "earshot.yaml"
    settings.write_text(settings.read_text() + "\n# mine\n")
    write_workspace(tmp_path, NOW + timedelta(days=1), Ports(41001, 42002, 41002))
    workspace, mistakes, _ = read_workspace(tmp_path, {})
    assert workspace, mistakes
    assert load_beginning(tmp_path) is not None
    assert load_beginning(tmp_path).born_at == NOW  # type: ignore[union-attr]
    assert (workspace.settings.mail.port, workspace.settings.dashboards.port) == (42002, 41002)
    assert "41001" in workspace.settings.collect.proxy
    assert settings.read_text().endswith("# mine\n")
    assert "Newsroom" in brand.read_text()


def test_a_new_web_port_reaches_every_source(tmp_path: Path) -> None:
    write_workspace(tmp_path, NOW, PORTS)
    write_workspace(tmp_path, NOW, Ports(43001, 41002, 41003))
    workspace, _, _ = read_workspace(tmp_path, {})
    assert workspace
    assert all(":43001/" in source.url for source in workspace.sources)


def test_somebody_elses_workspace_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "earshot.yaml").write_text("name: Mine\n")
    with pytest.raises(ConfigError, match="not the demonstration's"):
        write_workspace(tmp_path, NOW, PORTS)
    assert (tmp_path / "earshot.yaml").read_text() == "name: Mine\n"
