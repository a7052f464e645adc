"""What every mail of a workspace has in common: sender, headers, foot, and HTML that mail programs let through.

Knows nothing of what a mail tells. The HTML is tables of 600 px with inline styles, as Outlook's Word engine needs
them, and a `prefers-color-scheme` block for those that keep it; it needs no picture and no other host.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import quote

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined

from earshot.alerts.compose import bare_address
from earshot.alerts.plain import one_line
from earshot.config.settings import Settings

Headers = tuple[tuple[str, str], ...]

SUBJECT_MOST = 110
"""Longest subject; phones show about 40 characters, desktops about 70."""


class Frame:
    """Sender and foot of a workspace's mails."""

    def __init__(self, settings: Settings) -> None:
        """Keep what is the same in every mail.

        Args:
            settings: `mail.sender` and the workspace's name.
        """
        self.sender = settings.mail.sender
        name = one_line(settings.name, 60)
        self.signature = "Sent by Earshot." if name == "Earshot" else f"Sent by Earshot for {name}."

    @property
    def sender_address(self) -> str:
        """The sender's bare address.

        Raises:
            MailError: the sender is no address; it is ours to mend.
        """
        return bare_address(self.sender, is_ours=True)

    def stop_link(self, subject: str) -> str:
        """Return the address that writes to the sender with this subject."""
        return f"mailto:{self.sender_address}?subject={quote(subject, safe='')}"

    def headers(self, list_id: str, stop_subject: str, stop_page: str = "") -> Headers:
        """Return headers beside the usual ones.

        Args:
            list_id: labels and dots, without our domain.
            stop_subject: of the mail by which a recipient asks for no more of these.
            stop_page: takes a POST that does it at once, or empty.

        Source: RFC 3834 section 5 (Auto-Submitted), RFC 2369 section 3.2 (List-Unsubscribe), RFC 2919 (List-Id),
        RFC 8058 section 3.1 (List-Unsubscribe-Post).
        """
        domain = self.sender_address.rpartition("@")[2]
        by_mail = f"<{self.stop_link(stop_subject)}>"
        one_click = (("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),) if stop_page else ()
        return (
            ("List-Id", f"<{list_id}.earshot.{domain}>"),
            ("List-Unsubscribe", f"<{stop_page}>, {by_mail}" if stop_page else by_mail),
            *one_click,
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        )


def label(text: str) -> str:
    """Return an id as it may stand in a domain name or a subject: letters, digits, hyphens."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)[:60].strip("-") or "x"


def to_html(template: str, page: Any) -> str:
    """Return an HTML part, everything from outside escaped, styles inline, the dark ones kept in a block."""
    return _inliner().inline(_environment().get_template(template).render(page=page))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("earshot.alerts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
