"""The clusters' templates as JSON, and their loader: component templates for fields and settings, one for indices.

Knows no client. OpenSearch and Elasticsearch take the same files. Indices are named `earshot-mentions-*` and read
through the alias `earshot-mentions`; the templates do not set the alias, since a new index must not be read before
it is full. `sort_key` and `gone` are as in the embedded engine, so that order and deletes are the same on all.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

ALIAS = "earshot-mentions"
COMPONENTS = {"earshot-mention-fields": "mention_fields.json", "earshot-mention-settings": "mention_settings.json"}
INDEX_TEMPLATE = ("earshot-mentions", "mention_index.json")


def load_components() -> dict[str, dict[str, Any]]:
    """Return the bodies of the component templates by name, in the order they are to be put."""
    return {name: _load(file) for name, file in COMPONENTS.items()}


def load_index_template() -> tuple[str, dict[str, Any]]:
    """Return name and body of the index template; put after the components it is composed of."""
    name, file = INDEX_TEMPLATE
    return name, _load(file)


def properties() -> dict[str, dict[str, Any]]:
    """Return the mapped fields by name."""
    mapped: dict[str, dict[str, Any]] = load_components()["earshot-mention-fields"]["template"]["mappings"][
        "properties"
    ]
    return mapped


def _load(file: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(files(__name__).joinpath(file).read_text("utf-8"))
    return body
