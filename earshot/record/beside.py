"""What may be written beside others, and what only alone. Knows no table.

Of each part of the writer one of two things is true: it is named here, and holds what it reads before it changes it
(docs/developers/record.md says what and why), or it needs to be alone.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isfunction
from typing import Any, NoReturn, TypeVar

from earshot.record.session import WriteSession

T = TypeVar("T", bound=type)

BESIDE = frozenset(
    {
        *("hold", "link_captures"),
        *("put_off", "due_sources", "due_pages", "put_off_pages", "end_run", "add_pages", "add_host", "end_page"),
        *("lease", "free", "rest_host", "host_rests", "robots", "put_robots"),
        *("add_file", "open_files", "finish_file", "add_capture", "add_quarantined", "condemn"),
        *("is_erased", "find_document", "find_documents", "put_document", "put_details", "add_keys", "add_found_in"),
        *("story_candidates", "join_story", "documents_to_judge", "set_judged", "wait_for_page", "put_mentions"),
        *("open_incident", "join_incident", "merge_incidents", "add_notice", "raise_notice"),
        *("is_suppressed", "is_unsubscribed"),
        *("ack", "add_dead_letter", "begin_job", "end_job"),
    }
)
"""Methods of the writer that may be called beside others."""


def refusing(kind: T) -> T:
    """Let a class of writers refuse what is not in BESIDE."""
    for name in writing_methods(kind) - BESIDE:
        setattr(kind, name, _refusal(name))
    return kind


def writing_methods(kind: type) -> set[str]:
    """Return the names of the public methods that a class of writers has from its writing parts."""
    parts = [part for part in kind.__mro__ if issubclass(part, WriteSession) and part is not kind]
    return {
        name for part in parts for name, value in vars(part).items() if isfunction(value) and not name.startswith("_")
    }


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(f"{name} is not written beside others: open the transaction alone")

    return refuse
