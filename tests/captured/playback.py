"""The captured web as a workspace: its playback as a child process, its feeds and sitemaps as sources, and brands
that are talked about in it. Used by the captured tests and by the benchmarks; nothing of it is in the project.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser

import feedparser
from ruamel.yaml import YAML

from earshot.urls import host_of

BRANDS: dict[str, dict[str, Any]] = {
    "apple": {"name": "Apple", "query": 'Apple OR アップル OR 苹果 OR iPhone OR iPad OR MacBook OR "App Store"'},
    "microsoft": {"name": "Microsoft", "query": 'Microsoft OR Xbox OR Azure OR "Windows 10" OR "Windows 7"'},
    "amazon": {"name": "Amazon", "query": '(Amazon OR AWS OR Kindle) NOT ("Amazon Associate" OR rainforest)'},
    "facebook": {"name": "Facebook", "query": "Facebook OR WhatsApp OR Instagram"},
    "uber": {"name": "Uber", "query": "Uber OR UberX"},
    "mclaren": {"name": "McLaren"},
    "google": {"name": "Google", "products": ["Gmail", "Chrome", "Android"]},
}


def shared_folder() -> Path | None:
    """Return the folder that EARSHOT_SHARED names, or None."""
    named = os.environ.get("EARSHOT_SHARED")
    return Path(named) if named else None


@contextmanager
def playback(shared: Path, *options: str) -> Iterator[str]:
    """Play the captured web back; yield the proxy's address."""
    command = [sys.executable, str(shared / "web" / "serve.py"), "--zips", str(shared / "web" / "dev"), "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            yield re.search(r"http://[\d.]+:\d+", line)[0]  # type: ignore[index]
        finally:
            server.terminate()


def manifest(shared: Path) -> list[dict[str, Any]]:
    """Return the sites of the capture."""
    return json.loads((shared / "web" / "dev" / "manifest.json").read_text(encoding="utf-8"))


def feed_urls(shared: Path) -> dict[str, str]:
    """Return every feed of every site: a source id and its address."""
    found = {}
    for site in manifest(shared):
        for number, path in enumerate(sorted(site["feeds"], key=lambda p: (p.count("/"), p))):
            found[f"{site['host']}-{number}"] = f"http://{site['host']}{path}"
    return found


def sitemap_urls(shared: Path) -> dict[str, str]:
    """Return the sitemaps that the capture holds, of sites without a feed."""
    found = {}
    for site in manifest(shared):
        with zipfile.ZipFile(shared / "web" / "dev" / f"{site['host']}.zip") as archive:
            if not site["feeds"] and "sitemap.xml" in archive.namelist():
                found[f"{site['host']}-sitemap"] = f"http://{site['host']}/sitemap.xml"
    return found


def forbidden_feeds(shared: Path) -> dict[str, str]:
    """Return those of `feed_urls` that the site's robots.txt forbids, as Python's own reader of robots.txt sees it."""
    rules = {site["host"]: _rules(shared, site["host"]) for site in manifest(shared)}
    return {name: url for name, url in feed_urls(shared).items() if not rules[host_of(url)].can_fetch("Earshot", url)}


def _rules(shared: Path, host: str) -> RobotFileParser:
    rules = RobotFileParser()
    with zipfile.ZipFile(shared / "web" / "dev" / f"{host}.zip") as archive:
        text = archive.read("robots.txt") if "robots.txt" in archive.namelist() else b""
    rules.parse(text.decode(errors="replace").splitlines())
    return rules


def distinct_entries(shared: Path) -> set[tuple[str, str]]:
    """Return (host, link or id) of every entry that feedparser finds in the capture's feeds."""
    found = set()
    for site in manifest(shared):
        with zipfile.ZipFile(shared / "web" / "dev" / f"{site['host']}.zip") as archive:
            names = set(archive.namelist())
            for path in site["feeds"]:
                name = path.lstrip("/")
                name = next((n for n in (name, f"{name}index.xml", f"{name}index.html") if n in names), "")
                if name:
                    for entry in feedparser.parse(io.BytesIO(archive.read(name))).entries:
                        found.add((site["host"], entry.get("link") or entry.get("id") or entry.get("title", "")))
    return found


def write_workspace(
    root: Path,
    shared: Path,
    proxy: str,
    *,
    settings: dict[str, Any] | None = None,
    sources: dict[str, str] | None = None,
    permitted: Collection[str] = (),
) -> Path:
    """Write a workspace over the capture into `root`.

    sources: by default all feeds and sitemaps. permitted: hosts whose owner lets us fetch what their robots.txt
    forbids. Here we are the owner: the playback is ours.
    """
    yaml = YAML(typ="safe")
    (root / "brands").mkdir(parents=True, exist_ok=True)
    (root / "sources").mkdir(exist_ok=True)
    whole = {"collect": {"contact": "tests@example.org", "proxy": proxy, "concurrency": 8}, **(settings or {})}
    with (root / "earshot.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(whole, file)
    for name, brand in BRANDS.items():
        rule = {"id": "all", "name": "Every mention", "query": "", "severity": "info"}
        rule["query"] = "sentiment:negative OR sentiment:neutral OR sentiment:positive"
        told = [{"address": f"{name}@example.org", "name": name.title()}]
        with (root / "brands" / f"{name}.yaml").open("w", encoding="utf-8") as file:
            yaml.dump({"id": name, **brand, "recipients": told, "rules": [rule]}, file)
    feeds = feed_urls(shared) if sources is None else {n: u for n, u in sources.items() if "sitemap" not in n}
    maps = sitemap_urls(shared) if sources is None else {n: u for n, u in sources.items() if "sitemap" in n}
    rows = [{"id": n, "kind": "feed", "url": u} for n, u in feeds.items()]
    rows += [{"id": n, "kind": "sitemap", "url": u} for n, u in maps.items()]
    for row in rows:
        row["robots"] = "permitted" if host_of(row["url"]) in permitted else "obey"
    with (root / "sources" / "captured.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(
            {"collection": "captured", "defaults": {"delay": "0s", "pages_per_round": 1000}, "sources": rows}, file
        )
    return root
