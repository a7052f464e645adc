"""Author fields of feeds, which hold names, mail addresses or both, into names. Knows no feed parser."""

from __future__ import annotations

import re

from earshot.extract import clean, markup

_MAX = 1_000
_MAIL = re.compile(r"<?\s*(?:mailto:)?([^\s()<>,;:\"@]{1,64}@[^\s()<>,;:\"@]{1,255})\s*>?")
_IN_BRACKETS = re.compile(r"\(([^()]{0,200})\)")
_AROUND = " \t\r\n,;\"'"


def author_name(said: str) -> str:
    """Return the names in an author field, a mail address only where nothing else stands there.

    Source: RSS 2.0 asks for "ada@news.example (Ada Lund)"; mail programs write "Ada Lund <ada@news.example>".
    """
    plain = markup.strip_tags(said[:_MAX])
    mails = _MAIL.findall(plain)
    if not mails:
        return clean.clean_line(plain, clean.MAX_AUTHOR)
    rest = _MAIL.sub(" ", plain)
    names = [_name(part) for part in re.split(r"[,;]", rest)]
    return clean.clean_line(", ".join(name for name in names if name) or mails[0], clean.MAX_AUTHOR)


def _name(part: str) -> str:
    """Return what stands outside of brackets ("Ada Lund (Desk)"), or, where nothing does, inside."""
    outside = _IN_BRACKETS.sub(" ", part).strip(_AROUND)
    return outside or " ".join(inside.strip(_AROUND) for inside in _IN_BRACKETS.findall(part)).strip()
