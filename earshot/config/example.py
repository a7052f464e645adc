"""What `earshot init` writes: a small commented workspace that checks clean, and the JSON Schemas for editors."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from earshot.config.files import BrandForm, SourcesForm
from earshot.config.settings import Settings
from earshot.errors import ConfigError

EARSHOT = """\
# yaml-language-server: $schema=.schemas/earshot.schema.json
# Earshot's settings. Everything here has a default; every setting can also come from the environment
# (EARSHOT_MAIL_HOST, EARSHOT_MAIL_PASSWORD, ...), and every one from a file (EARSHOT_MAIL_PASSWORD_FILE).
# Secrets belong there, never here. `earshot check` tells what is wrong, with line and column.
name: Our brands
time_zone: Europe/Berlin            # for the dates in these files and for people who have not chosen their own

collect:
  contact: listening@example.org    # in the user agent, so that a site's owner can reach you
  # proxy: http://proxy.example.org:3128
  # allow_hosts: [intranet.example.org]   # hosts that may have a private address

alerts:
  max_age: 48h                      # older news does not alert; `none` lifts the limit

briefs:
  at: "07:00"                       # when the account of the day before is mailed

# Without a mail server, flagged mentions are shown on the pages and nobody is told.
# mail:
#   host: smtp.example.org
#   port: 587
#   security: starttls              # or tls, or none
#   username: earshot               # the password comes from EARSHOT_MAIL_PASSWORD(_FILE)
#   sender: Earshot <earshot@example.org>

dashboards:
  host: 127.0.0.1                   # any other address needs EARSHOT_DASHBOARDS_TOKEN(_FILE)
  port: 8080
  # public_url: https://earshot.example.org   # the address people use; needed for the links in alert mails

# index: {engine: embedded}         # or opensearch, elasticsearch with `urls:`
"""

BRAND = """\
# yaml-language-server: $schema=../.schemas/brand.schema.json
# What is listened for. One file a brand; the id never changes, the file's name does not matter.
id: harbor
name: Harbor
aliases: ["Harbor Coffee", "@harborcoffee"]
products: ["Harbor One", "Harbor Pods"]
case: exact                         # "harbor" in small letters is a place for ships

# A common word means the brand only beside words like these ...
context:
  required: [coffee, espresso, machine, pods, grinder, barista, "customer service"]
  excluded: ["harbor master", "pearl harbor"]

# ... or say it all in one query, which then alone decides what is heard:
# query: '(=Harbor NEAR/8 (coffee OR espresso)) OR "Harbor One" NOT "harbor master"'

owned_domains: [harbor.example]     # what is published there is the brand's own voice

recipients:
  - {address: mara@example.org, name: Mara, time_zone: Europe/Berlin}
  - {address: support@example.org, name: Support}

max_per_hour: 5                     # most alert mails for each person; what is more comes together in one mail
updates: growth                     # hear again at 2, 5, 10, 25 ... mentions; or [3, 10], 1h, never
brief:                              # each morning the account of the day before, by mail
  recipients: [mara@example.org]    # all of them if absent; `enabled: false` for none

rules:
  - id: safety
    name: Somebody may get hurt
    query: category:safety OR ((burned OR burnt OR fire OR recall) NEAR/8 (machine OR pod OR pods))
    severity: critical              # told at once, at any hour
  - id: complaints
    name: Complaints
    query: sentiment:negative AND category:complaint
    severity: warning
    recipients: [support@example.org]
    quiet_hours: {start: "22:00", end: "07:00"}
"""

SOURCES = """\
# yaml-language-server: $schema=../.schemas/sources.schema.json
# Where to listen. A file is a collection; `defaults` hold for all of it.
collection: blogs
defaults:
  pace: 15m                         # time between two looks
  delay: 1s                         # least time between two requests to one host
sources:
  - {id: coffee-blog, kind: feed, url: "https://blog.example/feed", name: A coffee blog, language: en}
  - {id: daily-news, kind: sitemap, url: "https://news.example/sitemap-news.xml", pace: 5m, pages_per_round: 50}
"""


def write_example(root: Path) -> list[Path]:
    """Write the example into `root` and return the files; what is there already is left alone.

    Raises:
        ConfigError: the folder holds a workspace already, or cannot be written.
    """
    if (root / "earshot.yaml").exists():
        raise ConfigError("there is a workspace already", where=str(root), advice="`earshot check` reads it")
    files = {"earshot.yaml": EARSHOT, "brands/harbor.yaml": BRAND, "sources/blogs.yaml": SOURCES}
    files[".gitignore"] = "# What Earshot itself writes, and keys.\nvar/\n.secrets/\n"
    files |= {f".schemas/{name}.schema.json": text for name, text in schemas().items()}
    try:
        written = [_write(root / name, text) for name, text in files.items()]
        make_key(root)
    except OSError as error:
        raise ConfigError(f"cannot write: {error.strerror}", where=str(root)) from error
    return written


def schemas() -> dict[str, str]:
    """Return the JSON Schemas of the workspace's files, by name."""
    forms: dict[str, Any] = {"earshot": Settings, "brand": BrandForm, "sources": SourcesForm}
    return {name: json.dumps(form.model_json_schema(), indent=1) + "\n" for name, form in forms.items()}


def make_key(root: Path) -> Path:
    """Make the key for pseudonyms, readable by its owner only, unless it is there."""
    path = root / ".secrets" / "pseudonyms.key"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    return path


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(text, encoding="utf-8")
    return path
