"""HTML fragments into plain text, images and links. Knows no feed and no page; runs inside bounded children.

Nothing of the markup is kept, so nothing needs sanitizing: what leaves is text and addresses.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement, defs

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
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s<>/]*)((?:\s[^<>]*)?)/?>|<!--.{0,2000}?-->", re.DOTALL)
_HTML = frozenset(defs.tags) | {"bdi", "dialog", "main", "picture", "portal", "slot", "template"}
"""Names of HTML elements, of all ages."""

_BRACKET = re.compile(r"<([a-zA-Z][^\s<>/]*)(\s[^<>]*)?/?>")
_START = re.compile(r"<([a-zA-Z][^\s<>/]*)")
_END = re.compile(r"</([a-zA-Z][^\s<>/]*)")
_VOID = frozenset({"br", "hr", "img", "wbr", "input", "link", "meta", "source", "embed", "area", "base", "col"})
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
_ENTITY = re.compile(r"&(?:amp|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip|#\d{2,6}|#[xX][0-9a-fA-F]{2,5});")
_CODE = re.compile(r"<(?:pre|code)\b", re.IGNORECASE)
_UNSEEN = ("style", "svg", "canvas", "option")
_FIGURES = ("figure", "figcaption")
_ELEMENTS = etree.ElementDefaultClassLookup(element=HtmlElement)
"""All elements alike. lxml.html's own look-up, which tells forms and labels apart, asks Python for each of them: a
twentieth of the time that a page takes."""
_CAPTION = 1_000
_LONGEST_LINE = 100_000
_WHITE = re.compile(r"[ \t\n\r\f]+")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Plain:
    """What an HTML fragment says: text with one newline between paragraphs, absolute addresses.

    is_caption: all of the text belongs to figures.
    """

    text: str
    images: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    is_caption: bool = False


def read_fragment(fragment: str, base: str) -> Plain:
    """Return text, images and links of an HTML fragment; relative addresses are resolved against `base`.

    Markup that was escaped once too often is still markup. What stands in angle brackets and is no element of HTML
    ("<Halden>", "List<String>", "<ada@news.example>") is text.
    """
    if not fragment.strip():
        return Plain("")
    if "<" not in fragment:
        said = html.unescape(_WHITE.sub(" ", fragment))
        if is_markup(said) or _has_pair(said):
            return read_fragment(said, base)
        return Plain(clean_text(unescaped(said)))
    root = parse_html(_with_words_in_brackets(fragment))
    plain = Plain("") if root is None else read_tree(root, base)
    if not plain.text.startswith("<") or _CODE.search(fragment) or not is_markup(plain.text):
        return plain
    again = parse_html(plain.text)
    inner = plain if again is None else read_tree(again, base)
    return Plain(inner.text, plain.images or inner.images, plain.links or inner.links, inner.is_caption)


def is_markup(text: str) -> bool:
    """Tell whether a text is evidently HTML: it begins with an element that ends, or has links or pictures."""
    start = text.lstrip()[:10_000]
    first = _TAG.match(start)
    name = (first[2] or "").lower() if first else ""
    if name in _HTML and (name in _VOID or f"</{name}" in text.lower()):
        return True
    return bool(re.search(r"<(?:a\s[^<>]*href|img\s[^<>]*src)\s*=", start, re.IGNORECASE))


def read_tree(root: etree._Element, base: str) -> Plain:
    """Return text, images and links of a parsed element and what is in it."""
    text = text_of(root)
    images, links = addresses(root, base_of(root, base))
    return Plain(text, images, links, _is_caption(root, text))


def text_of(root: etree._Element) -> str:
    """Return the text of a parsed element and what is in it."""
    return clean_text(unescaped(_text_of(root)))


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
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    parser.set_element_class_lookup(_ELEMENTS)
    try:
        return etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError:  # an empty document
        return None


def take_unseen(root: etree._Element) -> tuple[str, ...]:
    """Take out of a page what nobody sees and no reader asks for; return sources and texts of its scripts.

    JSON in scripts stays. An eighth of the elements goes, which every later search would pass.
    """
    scripts: list[str] = []
    for script in root.iter("script"):
        if "json" not in (script.get("type") or "").lower():
            scripts += (script.get("src") or "", script.text or "")
            script.tag = "style"
    etree.strip_elements(root, *_UNSEEN, with_tail=False)
    return tuple(filter(None, scripts))


def strip_tags(text: str) -> str:
    """Return a title without the markup that some feeds put into it, also where it was escaped twice.

    Only elements of HTML that begin and end are markup: "a < b", "why <Halden> failed" and "the <b> element" stay.
    """
    text = text[:_LONGEST_LINE]
    for _ in range(2):
        if "<" not in text and "&" not in text:
            return text
        text = _REFERENCE.sub(lambda reference: html.unescape(reference[0]), _strip_once(text))
    return text


def _strip_once(text: str) -> str:
    counts: dict[str, int] = {}
    for match in _TAG.finditer(text):
        name = (match[2] or "").lower()
        counts[name] = counts.get(name, 0) + (-1 if match[1] else 1)
    begun = {name for name, count in counts.items() if name in _HTML and not count}
    plain = {(match[2] or "").lower() for match in _TAG.finditer(text) if "=" in (match[3] or "")} & _HTML
    ended = {"", *(_VOID & counts.keys()), *begun, *plain}
    hidden = ended & {"script", "style"}
    for name in hidden:
        text = re.sub(rf"<{name}\b.*?</{name}\s*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return _TAG.sub(lambda match: _instead(match, ended), text)


def _instead(match: re.Match[str], ended: set[str]) -> str:
    name = (match[2] or "").lower()
    if name not in ended:
        return match[0]
    return " " if name in _BLOCKS else ""


def unescaped(text: str) -> str:
    """Return a text without the character references that were escaped once too often."""
    return html.unescape(text) if "&" in text and _ENTITY.search(text) else text


def _has_pair(text: str) -> bool:
    """Tell whether an element of HTML begins and ends in a text."""
    begun: set[str] = set()
    for match in _TAG.finditer(text):
        name = (match[2] or "").lower()
        if match[1] and name in begun and name in _HTML:
            return True
        begun.add(name)
    return False


def _with_words_in_brackets(fragment: str) -> str:
    """Return a fragment in which angle brackets around other things than elements are text.

    An element whose content is no text ("<title>") and that never ends would take all that follows it: it is a word.
    """
    begun = {name.lower() for name in _START.findall(fragment)}
    if begun <= _HTML and not begun & _SKIPPED:
        return fragment
    ended = {name.lower() for name in _END.findall(fragment)}
    elements = _HTML - (_SKIPPED - ended)
    return _BRACKET.sub(
        lambda match: match[0] if _is_element(match, elements, ended) else f"&lt;{match[0][1:]}", fragment
    )


def _is_element(match: re.Match[str], elements: frozenset[str], ended: set[str]) -> bool:
    """Tell an element from a word: by its name, its attributes, a namespace, or an end that it has."""
    name, more = match[1].lower(), match[2] or ""
    if name in elements or "=" in more:
        return True
    if "@" in name or "://" in name:
        return False
    return ":" in name or "-" in name or name in ended


def _is_caption(root: etree._Element, text: str) -> bool:
    if not text or len(text) > _CAPTION or next(root.iter(*_FIGURES), None) is None:
        return False
    inside = sum(len(clean_text(_text_of(figure))) for figure in root.iter("figure", "figcaption") if _is_outer(figure))
    return inside >= len(text) - 1


def _is_outer(element: etree._Element) -> bool:
    return not any(above.tag in _FIGURES for above in element.iterancestors())


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
