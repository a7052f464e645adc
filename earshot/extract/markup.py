"""HTML fragments into plain text, images and links. Knows no feed and no page; runs inside bounded children.

Nothing of the markup is kept, so nothing needs sanitizing: what leaves is text and addresses.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HTMLParser

from earshot.extract.clean import MAX_IMAGES, MAX_LINKS, clean_text, clean_url, clean_urls

_SKIPPED = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "head", "title", "iframe", "object", "applet", "select",
     "textarea", "button")
)  # fmt: skip
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "dialog", "div", "dl",
     "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup",
     "hr", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot",
     "thead", "tr", "ul")
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_WHITE = re.compile(r"[ \t\n\r\f]+")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Plain:
    """What an HTML fragment says: text with one newline between paragraphs, absolute addresses."""

    text: str
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def read_fragment(fragment: str, base: str) -> Plain:
    """Return text, images and links of an HTML fragment; relative addresses are resolved against `base`."""
    if not fragment.strip():
        return Plain("")
    if "<" not in fragment:
        return Plain(clean_text(html.unescape(_WHITE.sub(" ", fragment))))
    root = parse_html(fragment)
    return Plain("") if root is None else read_tree(root, base)


def read_tree(root: etree._Element, base: str) -> Plain:
    """Return text, images and links of a parsed element and what is in it."""
    return Plain(clean_text(_text_of(root)), *addresses(root, base_of(root, base)))


def base_of(root: etree._Element, url: str) -> str:
    """Return what relative addresses of a document are resolved against: its `base` element, or its own address."""
    return clean_url(next((base.get("href", "") for base in root.iter("base")), ""), url) or url


def addresses(root: etree._Element, base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return images and links of an element and what is in it: absolute, each once, in order."""
    images = (_image_of(image) for image in root.iter("img", "source") if not _is_pixel(image))
    links = (anchor.get("href", "") for anchor in root.iter("a", "area"))
    links = (link for link in links if not link.startswith("#"))
    return clean_urls(images, base, MAX_IMAGES), clean_urls(links, base, MAX_LINKS)


def parse_html(text: str) -> etree._Element | None:
    """Return the root of parsed HTML, None where there is nothing in it. Any text is HTML."""
    data = _FORBIDDEN.sub("", text).encode("utf-8")
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError:  # an empty document
        return None


def strip_tags(text: str) -> str:
    """Return a title without the markup that some feeds put into it; "a < b" stays as it is."""
    if _TAG.search(text):
        return read_fragment(text, "").text
    return html.unescape(text) if "&" in text else text


def _text_of(root: etree._Element) -> str:
    """Walk without recursion: nesting is the author's to choose."""
    parts: list[str] = []
    skipped = pre = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        is_start = event == "start"
        if tag in _SKIPPED:
            skipped += 1 if is_start else -1
        elif tag == "pre":
            pre += 1 if is_start else -1
        if not skipped:
            if tag in _BLOCKS:
                parts.append("\n")
            elif tag in _CELLS and not is_start:
                parts.append(" ")
        said = element.text if is_start else element.tail
        if said and not (skipped and is_start) and (not skipped or tag in _SKIPPED):
            parts.append(said if pre and (is_start or tag != "pre") else _WHITE.sub(" ", said))
    return "".join(parts)


def _image_of(image: etree._Element) -> str:
    """Return an image's address; where it is loaded late, the one it will have."""
    source = image.get("src") or ""
    if not source or source.startswith("data:"):
        source = image.get("data-src") or image.get("data-lazy-src") or ""
        source = source or (image.get("srcset") or "").strip().split(" ")[0].rstrip(",")
    return str(source)


def _is_pixel(image: etree._Element) -> bool:
    return image.get("width") in ("0", "1") or image.get("height") in ("0", "1")
