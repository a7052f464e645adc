"""The calls of docs/operations/roles.md, as a person sends them: what the manual says is what is tried."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mappings

PAGE = Path(__file__).parent.parent.parent / "docs" / "operations" / "roles.md"
HEADINGS = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}


@dataclass(frozen=True)
class Call:
    """A call of a product's API. path: from the first slash on."""

    method: str
    path: str
    body: Any


def calls(product: str, name: str = mappings.NAME, password: str = "...") -> list[Call]:
    """Return what the page says for a product, in its order, with an index name and a password of one's own."""
    page = PAGE.read_text(encoding="utf-8").replace(mappings.NAME, name).replace('"..."', json.dumps(password))
    (section,) = re.findall(rf"(?ms)^## {HEADINGS[product]}$(.*?)(?=^## |\Z)", page)
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```$", section)
    found = (re.fullmatch(r"(?s)(PUT|POST) (\S+)\n(.*)", each) for block in blocks for each in block.split("\n\n"))
    return [Call(one[1], f"/{one[2]}", json.loads(one[3])) for one in found if one]


def role(call: Call) -> str:
    """Return the role that a call makes, as "reader"; nothing where it makes none."""
    found = re.fullmatch(r"/_(?:plugins/_security/api/roles|security/role)/earshot-(\w+)", call.path)
    return found[1] if found else ""
