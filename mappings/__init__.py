"""The clusters' templates and roles as JSON, and their loader: components for fields and settings, one for indices.

Knows no client. OpenSearch and Elasticsearch take the same files. Under a name, as `earshot-mentions`, lie indices
`NAME.*`, an alias NAME that is read and an alias `NAME.write` that is written to; the template sets the first, and a
rebuild takes it off again before anything is in its index. The whole mention is kept as source and nothing else
is: an index is filled from the record, never from another index.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Any

NAME = "earshot-mentions"
COMPONENTS = {"earshot-mention-fields": "mention_fields.json", "earshot-mention-settings": "mention_settings.json"}
INDEX_TEMPLATE = "mention_index.json"


def write_alias(name: str = NAME) -> str:
    """Return the alias of what is written."""
    return f"{name}.write"


def load_components() -> dict[str, dict[str, Any]]:
    """Return the bodies of the component templates by name, in the order they are to be put."""
    return {name: _load(file) for name, file in COMPONENTS.items()}


def load_index_template(name: str = NAME, shards: int = 1, replicas: int | None = None) -> tuple[str, dict[str, Any]]:
    """Return name and body of the template of the indices under `name`; put after the components it is composed of.

    It writes the layout into each index, where `layout` finds it again, and lets each be read: whoever begins the next
    index of those in force, Earshot or a lifecycle policy, leaves nothing to add. shards, replicas: of each index that
    is begun from now on; replicas None: one copy as soon as there is a second node.
    """
    body = _load(INDEX_TEMPLATE) | {"index_patterns": [f"{name}.*"]}
    settings: dict[str, Any] = {"number_of_shards": shards}
    if replicas is not None:
        settings |= {"number_of_replicas": replicas, "auto_expand_replicas": "false"}
    body["template"] = {
        "aliases": {name: {}},
        "settings": {"index": settings},
        "mappings": {"_meta": {"layout": layout()}},
    }
    return name, body


def load_roles(engine: str, name: str = NAME) -> dict[str, dict[str, Any]]:
    """Return the least that "reader", "writer" and "admin" need for the index `name`, in the words of an engine.

    reader: dashboards and searches. writer: publish, once the index is there. admin: makes it, and `earshot reindex`.
    engine: "opensearch" (security plugin) or "elasticsearch".
    """
    text = files(__name__).joinpath(f"roles/{engine}.json").read_text("utf-8")
    roles: dict[str, dict[str, Any]] = json.loads(text.replace('"NAME', f'"{name}'))
    return roles


def properties() -> dict[str, dict[str, Any]]:
    """Return the mapped fields by name."""
    mapped: dict[str, dict[str, Any]] = load_components()["earshot-mention-fields"]["template"]["mappings"][
        "properties"
    ]
    return mapped


def layout() -> str:
    """Return a digest that changes with the mapping and with how texts become words; another layout is rebuilt."""
    fields = load_components()["earshot-mention-fields"]
    said = [fields["template"]["mappings"], fields["_meta"]["analysis"]]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _load(file: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(files(__name__).joinpath(file).read_text("utf-8"))
    return body
