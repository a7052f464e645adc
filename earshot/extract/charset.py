"""Bytes of feeds, sitemaps and pages into text, whatever is declared of them. Knows no format but its declaration.

The bytes have the last word. In this order: a byte order mark, UTF-8 (no text of another charset is UTF-8 by chance),
the header's charset, the document's own (its XML declaration or meta element), what charset-normalizer detects. A
declared charset counts only where the bytes fit it; a few broken signs among many are allowed, and replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, to_unicode

_LAST = "cp1252"  # Source: WHATWG Encoding, "locale default" of most languages
_SIGNS_A_BREAK = 12
"""So many signs beyond ASCII stand behind each broken one where a charset fits: a wrong one breaks more."""

_SAMPLE = 1 << 14
_LOOKED_AT = 4_096
_BROKEN = re.compile("\ufffd+|[\x80-\x9f]+")
_LOST = re.compile("\ufffd{2,}")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_BETWEEN = re.compile(rb"[<>\r\n]+")
_HIGH = re.compile(rb"[\x80-\xff]")
_LONG_RUN = re.compile(rb"([\x80-\xff])(?!\1)[\x80-\xff]{3,}")
_BELOW_A0 = re.compile(rb"[\x80-\x9f]")
_MARKED_LANGUAGE = re.compile(rb"""(?:\blang\s*=\s*["']?|<(?:dc:)?language>\s*)([A-Za-z]{2})\b""")
_SHIFTED = re.compile(r"iso2022|hz")

# Source: WHATWG Encoding, section 4.2: the charsets of the web; the rest is another's name or of another age.
_OF_THE_WEB = [
    "cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
_LATIN = frozenset({"cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257"})
_LATIN_DECLARED = re.compile(r"cp125[0247]|iso8859-(?:1|2|3|4|9|10|13|14|15|16)$|mac-?(?:roman|latin)|latin")
_WESTERN = ("de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "nn", "no", "fi", "is", "ga", "ca", "eu", "gl", "af")
_CENTRAL = ("pl", "cs", "sk", "hu", "hr", "sl", "ro", "bs", "sq")
_OF_LANGUAGES = {
    **dict.fromkeys(_WESTERN, _LAST),
    **dict.fromkeys(_CENTRAL, "cp1250"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
}
"""Source: WHATWG HTML, "locale-specific default encoding". English is left out: programs name it unasked."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document's text. note: in words, what was wrong with its charset, or empty."""

    text: str
    note: str = ""


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Return the text of a document that is not packed.

    Args:
        body: a feed, sitemap, page or list, as it was answered.
        content_type: the header; empty where there was none.
    """
    text = _marked(body)
    if text is None:
        text = _utf8(body)
    if text is not None:
        return Decoded(text)
    declared = list(_declared(body, content_type))
    for name in declared:
        if (text := _fitting(body, name)) is not None:
            return Decoded(_LOST.sub("\ufffd", text), _note(declared, name, text))
    name = _detect(body)
    text = _LOST.sub("\ufffd", to_unicode(body, name))
    return Decoded(text, _note(declared, name, text))


def decode_page(body: bytes, content_type: str) -> str:
    """Return the text of `decode` alone."""
    return decode(body, content_type).text


def _marked(body: bytes) -> str | None:
    """Return text behind a byte order mark, or in UTF-16 or UTF-32 that shows by its null bytes; None elsewhere."""
    name, mark = read_bom(body)
    name = name or _wide(body[:400])
    if name is None:
        return None
    if name == "utf-8":
        return _utf8(body[len(mark or b"") :])
    return body[len(mark or b"") :].decode(name, "replace").lstrip("\ufeff")


def _wide(start: bytes) -> str | None:
    """Return UTF-16 or UTF-32 where markup has its null bytes in places that say so."""
    share = [start[place::4].count(0) * 4 / max(1, len(start)) for place in range(4)]
    none, some, all_ = ([part < 0.02 for part in share], [part > 0.2 for part in share], [part > 0.9 for part in share])
    if all_[2] and all_[3] and none[0]:
        return "utf-32-le"
    if all_[0] and all_[1] and none[3]:
        return "utf-32-be"
    if some[1] and some[3] and none[0] and none[2]:
        return "utf-16-le"
    return "utf-16-be" if some[0] and some[2] and none[1] and none[3] else None


def _utf8(body: bytes) -> str | None:
    """Return UTF-8, if need be with a few broken signs; None for other bytes and for what hides in ASCII."""
    if body.isascii():  # may be ISO-2022 or HZ: the declaration's to name
        return None if b"\x1b" in body or b"~{" in body else body.decode("ascii")
    try:
        return body.decode("utf-8-sig").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3 and error.reason == "unexpected end of data":
            return body[: error.start].decode("utf-8-sig")
    return _if_whole(body.decode("utf-8", "replace").lstrip("\ufeff"))


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    """Yield what header and document declare. Latin-1 in a header is what servers say of everything: it comes last."""
    header = http_content_type_encoding(content_type or None)
    own = html_body_declared_encoding(body[:_LOOKED_AT].lstrip())
    found = [header, own]
    if header == _LAST:
        is_usual = _OF_LANGUAGES.get(_language(body), _LAST) == _LAST
        found = [own, header] if is_usual else [own]
    return iter(dict.fromkeys(str(name) for name in found if name))


def _fitting(body: bytes, name: str) -> str | None:
    """Return the text in a declared charset, None where the bytes refute it."""
    if name.startswith(("utf-16", "utf-32")) or name == "utf-8":  # these would have been read before
        return None
    if body.isascii():
        return to_unicode(body, name) if _SHIFTED.search(name) else None
    if _LATIN_DECLARED.search(name) and _is_another_script(body[: 4 * _SAMPLE]):
        return None
    try:
        return _if_whole(to_unicode(body, name))
    except (LookupError, ValueError):
        return None


def _if_whole(text: str) -> str | None:
    broken = len(_BROKEN.findall(text))
    return text if not broken or broken * _SIGNS_A_BREAK <= len(_BEYOND_ASCII.findall(text)) else None


def _detect(body: bytes) -> str:
    """Return what the text between the tags looks like; among Latin charsets its language decides, if it is named."""
    if body.isascii():
        return "iso2022_jp_2" if b"\x1b$" in body else "ascii"
    parts = _BETWEEN.split(body[: 16 * _SAMPLE])
    sample = b"\n".join(part for part in parts if not part.isascii())[:_SAMPLE]
    language = _language(body)
    if language in _OF_LANGUAGES and not _is_another_script(sample):
        return _usual(language, sample)
    found = list(from_bytes(sample, cp_isolation=_OF_THE_WEB))
    if not found:
        return _LAST
    best = found[0]
    if best.encoding not in _LATIN:
        return str(best.encoding)
    western = next((one for one in found if _LAST in (one.encoding, *one.could_be_from_charset)), None)
    is_western = western and western.chaos <= best.chaos and western.coherence >= best.coherence - 0.05
    return _LAST if is_western else str(best.encoding)


def _usual(language: str, sample: bytes) -> str:
    """Return a language's Latin charset.

    ISO 8859-2 has no letters below 0xA0, where cp1250 has some and its quotes. Polish may do without them; there 0xB9
    is a letter in cp1250 only, and 0xB1 in ISO 8859-2.
    """
    name = _OF_LANGUAGES[language]
    is_polish = language == "pl" and b"\xb9" in sample and b"\xb1" not in sample
    return "iso8859_2" if name == "cp1250" and not _BELOW_A0.search(sample) and not is_polish else name


def _is_another_script(sample: bytes) -> bool:
    """Tell whether words consist of signs beyond ASCII: in Latin letters, such signs stand alone or in pairs."""
    return 3 * sum(len(run[0]) for run in _LONG_RUN.finditer(sample)) > len(_HIGH.findall(sample))


def _language(body: bytes) -> str:
    named = _MARKED_LANGUAGE.search(body[:_LOOKED_AT])
    return named[1].decode().lower() if named else ""


def _note(declared: list[str], name: str, text: str) -> str:
    lost = len(_BROKEN.findall(text))
    said = f"its charset is not {declared[0]} as declared but {name}" if declared and declared[0] != name else ""
    some = f"{lost} signs could not be read in {name}" if lost else ""
    return "; ".join(part for part in (said, some) if part)
