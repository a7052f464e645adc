"""Says why a page may be something else than an article: a wall in front of it, a notice in its place.

Structure and markup count first, in any language; words only support them. All signs but an error page's own mark ask
for little text: a page that reads like an article is none of these, whatever hangs around it. Knows no teaser:
whether a page is the article that a teaser spoke of is the pipeline's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from earshot.extract import linked_data
from earshot.extract.lengths import count_words
from earshot.extract.linked_data import Thing
from earshot.extract.page_head import Head

_STUB = 80
"""Words below which the text of a page behind a paywall is no more than a teaser."""
_LITTLE = 200
"""Words below which a text may be a notice: of 1,176 real pages none of the six that are doubted has more than 106."""
_SHORT = 120
"""Words below which a page with a sign-in form in its middle is one: real short posts with one have 164 and more."""
_BARE = 40
"""Words below which a page has hardly any text."""

_LONGEST_HEADING = 150
_SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_AROUND = frozenset({"header", "nav", "aside", "footer", "dialog"})


@dataclass(frozen=True, slots=True)
class Page:
    """What the signs look at. words: of the text that was read. text: that text. asked, url: before and after
    redirects. is_dated: it states for machines when the article was published. scripts: sources and texts of those
    that were taken out of the tree.
    """

    root: etree._Element
    head: Head
    things: tuple[Thing, ...]
    text: str
    words: int
    asked: str
    url: str
    is_dated: bool
    scripts: tuple[str, ...] = ()


def doubt(page: Page) -> str:
    """Return why the page may not be the article, in words for people; empty where nothing speaks for it."""
    for sign in _SIGNS:
        if why := sign(page):
            return why
    return ""


# --- bot checks ----------------------------------------------------------------------------------------

_CHALLENGE = re.compile(
    r"challenges\.cloudflare\.com|/cdn-cgi/challenge-platform/(?:\w/)*orchestrate|cf[-_]chl[-_]|captcha-delivery\.com|"
    r"_incapsula_resource|px-captcha|awswaf\.com|/_sec/cp_challenge|/sgcaptcha/|ddos-guard|geo\.captcha|"
    r"anubis_challenge|within\.website/x/cmd/anubis|kasada|arkoselabs",
    re.IGNORECASE,
)
"""Where the checks lie that stand in front of a whole page, as their makers' pages show them (read 2026-11-30)."""
_CAPTCHA = re.compile(r"captcha|turnstile|geetest", re.IGNORECASE)
_CHALLENGE_MARK = re.compile(
    r"challenge-(?:form|running|stage|error)|\banubis\b|bot-?(?:check|protection)", re.IGNORECASE
)


def _is_bot_check(page: Page) -> str:
    if page.words >= _LITTLE or page.is_dated or _has_article(page):
        return ""
    loaded = [*_loaded(page.root), *page.scripts, *(script.text or "" for script in page.root.iter("script"))]
    marks = list(_marks(page.root, "div", "form", "section", "main", "iframe", "img", "input"))
    challenged = any(map(_CHALLENGE.search, loaded)) or any(map(_CHALLENGE_MARK.search, marks))
    asked = page.words < _STUB and any(map(_CAPTCHA.search, [*marks, *loaded])) and not _has_comment_form(page.root)
    return "the page checks for robots (captcha)" if challenged or asked else ""


# --- sign-in -------------------------------------------------------------------------------------------

_SIGN_IN = re.compile(
    r"(?:^|[/._?&=-])(?:log-?in|sign-?in|logon|sso|oauth2?|authenticate|authori[sz]e|anmelden|einloggen|connexion|"
    r"iniciar-?sesion|acceder|accedi|entrar|logowanie|zaloguj|inloggen|prihlaseni|giris|wp-login\.php|users/sign_in|"
    r"account/login)(?:$|[/.?&=_-])",
    re.IGNORECASE,
)


def _is_sign_in(page: Page) -> str:
    if page.words >= _SHORT:
        return ""
    asks = any(_is_in_the_middle(field) for field in _fields(page.root, "password"))
    if asks and (not page.is_dated or page.words < _STUB):
        return "a sign-in form with little text"
    if _was_sent(page, _SIGN_IN):
        return "the address leads to a sign-in page"
    posts = any(
        _SIGN_IN.search(form.get("action") or "") and _is_in_the_middle(form) for form in page.root.iter("form")
    )
    if posts and page.words < _STUB and not page.is_dated:
        return "a sign-in form with little text"
    return ""


# --- consent -------------------------------------------------------------------------------------------

_CONSENT_PLACE = re.compile(
    r"(?:^|[/._-])(?:consent|cookie-?(?:wall|consent|hinweis)|gdpr|dsgvo|rgpd|privacy-?(?:gate|wall|consent)|guce|"
    r"collectconsent|zustimmung|einwilligung|myprivacy|choices)(?:$|[/._?-])",
    re.IGNORECASE,
)
_CONSENT_MARK = re.compile(
    r"onetrust|didomi|qc-cmp2?|sp_message|sourcepoint|usercentrics|cybot|fc-consent|truste|iubenda|cookieyes|cky-|"
    r"klaro|cmpbox|cmpwrapper|cmp-|tarteaucitron|axeptio|quantcast|borlabs|complianz|osano|termly|cookie|consent|"
    r"gdpr|privacy",
    re.IGNORECASE,
)
"""Names of the platforms that ask for consent, in ids and classes of their boxes, and what others call such a box."""
_CONSENT_WORD = re.compile(
    r"cookie|consent|gdpr|dsgvo|rgpd|avg-wet|tracking|privacy|datenschutz|einwillig|zustimm|personalis|partners?\b|"
    r"partnern\b|partenaires|socios|partnerzy|consentim|confidentialit|privacidad|prywatno|ciasteczk|toestemming|"
    r"samtyck|samtykke|evästee|suostumus|souhlas|súhlas|soukrom|hozzájárul|sütik|adatvéd|consimț|бисквит|съгласи|"
    r"cookie-файл|файлы? cookie|куки|соглас|конфиденц|персонал|партн[её]р|згод|çerez|gizlilik|rıza|ملفات تعريف|"
    r"الخصوصية|موافق|עוגיות|פרטיות|کوکی|クッキー|同意|プライバシー|隐私|隱私|쿠키|동의|개인정보|คุกกี้|ยินยอม|"
    r"kolačić|piškot|slapuk|sīkdat|küpsis|vafrakök|συγκατάθεσ|απορρήτ|συναίνεσ",
    re.IGNORECASE,
)
_WORDS_A_CONSENT_WORD = 12
"""A notice about consent names it about every tenth word; an article about cookie law every fortieth."""


def _is_consent_wall(page: Page) -> str:
    if page.words < _LITTLE and _was_sent(page, _CONSENT_PLACE):
        return "the address leads to a page that asks for consent"
    if page.is_dated or page.words >= _LITTLE or not page.words:
        return ""
    said = len(_CONSENT_WORD.findall(page.text))
    is_about_it = said >= 3 and said * _WORDS_A_CONSENT_WORD >= page.words
    boxed = any(_CONSENT_MARK.search(mark) for mark in _marks(page.root, "div", "form", "section", "dialog", "main"))
    if is_about_it and (boxed or _has_button(page.root)):
        return "a page that asks for consent to cookies"
    return ""


# --- scripts -------------------------------------------------------------------------------------------

_NEEDS_SCRIPT = re.compile(r"java\s?script|джаваскрипт|自바스크립트|자바스크립트|ジャバスクリプト", re.IGNORECASE)


def _needs_script(page: Page) -> str:
    if page.words >= _LITTLE or page.is_dated:
        return ""
    hidden = " ".join(" ".join(one.itertext()) for one in page.root.iter("noscript"))
    shown = _shown(page.root)
    asks = _NEEDS_SCRIPT.search(hidden) is not None or count_words(hidden) >= 3
    if asks and count_words(shown) < _BARE and "<img" not in hidden:
        return "the page needs JavaScript to show its text"
    if _NEEDS_SCRIPT.search(page.text or shown) and count_words(page.text or shown) < _STUB and not _has_article(page):
        return "the page needs JavaScript to show its text"
    return ""


# --- paywalls ------------------------------------------------------------------------------------------

_PAYWALL_MARK = re.compile(
    r"pay-?wall|regwall|registration-?wall|subscri(?:be|ption)-?wall|piano-|tp-modal", re.IGNORECASE
)
_LOCKED = frozenset({"locked", "metered", "paid", "premium", "subscriber", "subscription", "plus"})


def _is_paywall(page: Page) -> str:
    if page.words >= _STUB:
        return ""
    closed = any(str(thing.get("isAccessibleForFree", "")).strip().lower() == "false" for thing in page.things)
    tier = page.head.meta("article:content_tier", "content_tier", "cxenseparse:recs:paywall", "paywall")
    locked = any(said.strip().lower() in _LOCKED for said in tier)
    if closed or locked:
        return "a paywall with no more than a teaser"
    if any(_PAYWALL_MARK.search(mark) for mark in _marks(page.root, "div", "section", "aside", "form")):
        return "a paywall with no more than a teaser"
    return ""


# --- errors --------------------------------------------------------------------------------------------

_NUMBER = r"(?:40[01345]|410|429|451|50[0234]|52[0-6])"
"""Source: RFC 9110, section 15; 52x as Cloudflare answers them."""
_ERROR = (
    r"(?:https?|status|code|error|fehler|erreur|errore|erro|fout|fel|feil|fejl|virhe|hiba|błąd|chyba|eroare|hata|"
    r"ошибка|помилка|грешка|σφάλμα|خطأ|שגיאה|エラー|错误|錯誤|오류|lỗi|page|seite|página|pagina|strona|страница|site)"
)
_STATUS = re.compile(rf"(?:{_ERROR}\W*){{1,3}}{_NUMBER}\b.*|{_NUMBER}\W*(?:{_ERROR}\b.*)?", re.IGNORECASE)
_SERVERS_WORDS = re.compile(
    rf"(?:{_NUMBER}\W*)?(?:(?:page|file|site|resource|document)?\s*not found|access denied|forbidden|bad gateway|"
    r"service (?:temporarily )?unavailable|internal server error|gateway time-?out|too many requests|unauthori[sz]ed|"
    r"bad request|gone|just a moment|attention required|are you (?:a )?(?:human|robot)|one more step)\b.{0,20}",
    re.IGNORECASE,
)
"""What servers write in English whatever the site's language."""
_BETWEEN = re.compile(r"\s+[-–—|·•:»«/]+\s+|:\s+")
_NOT_FOUND = re.compile(
    r"not (?:be )?found|no longer (?:available|exists?)|does(?: not|n.t) exist|nicht gefunden|nicht (?:mehr )?"
    r"(?:verfügbar|vorhanden)|existiert nicht|introuvable|n.existe p(?:as|lus)|no encontrad|no existe|"
    r"no se (?:ha )?encontr|não (?:foi )?encontrad|não existe|non (?:è stata )?trovat|non esiste|niet gevonden|"
    r"bestaat niet|nie znaleziono|nie istnieje|nebyla nalezena|neexistuje|nenájden|hittades inte|finns inte|"
    r"ikke fundet|findes ikke|ikke funnet|finnes ikke|ei löyt|ei ole olemassa|nem található|nu a fost găsit|"
    r"не найден|не существует|не знайден|не існує|не е намерена|bulunamadı|δεν βρέθηκε|nije pronađen|ni najden|"
    r"nerasta|nav atrasta|ei leitud|غير موجود|لم يتم العثور|לא נמצא|یافت نشد|見つかりません|存在しません|"
    r"找不到|未找到|不存在|찾을 수 없|존재하지 않|ไม่พบ|không tìm thấy|không tồn tại|tidak ditemukan",
    re.IGNORECASE,
)
_ERROR_MARK = re.compile(
    r"(?:^|\s|[-_])(?:error-?(?:page|404|50\d)?|page-?404|(?:http|status)-?404|not-?found)(?:$|\s)", re.IGNORECASE
)
_ERROR_BOX = re.compile(r"(?:^|\s|[-_])(?:error|page)-?404(?:$|\s|[-_])", re.IGNORECASE)
_ERROR_PLACE = re.compile(
    r"(?:^|[/._-])(?:404|error(?:page)?|not-?found|page-?not-?found|50[03])(?:$|[/._?-])", re.IGNORECASE
)


def _is_error(page: Page) -> str:
    if page.is_dated or page.words >= _LITTLE:
        return ""
    named = [title for title in (page.head.title, *page.head.meta("og:title"), *_headings(page.root)) if title]
    parts = [part.strip() for title in named for part in (title, *_BETWEEN.split(title))]
    if any(_STATUS.fullmatch(part) or _SERVERS_WORDS.fullmatch(part) for part in parts):
        return "an error page"
    body = next(page.root.iter("body"), page.root)
    marked = page.words < _STUB and any(map(_ERROR_BOX.search, _marks(page.root, "section", "main", "div", "article")))
    if marked or _ERROR_MARK.search(f"{body.get('class', '')} {body.get('id', '')}") or _was_sent(page, _ERROR_PLACE):
        return "an error page"
    is_unlisted, is_article = _is_unlisted(page.head), _has_article(page)
    if any(map(_NOT_FOUND.search, named)) and (is_unlisted or (page.words < _STUB and not is_article)):
        return "an error page"
    if is_unlisted and page.words < _BARE and not is_article:
        return "a notice that search engines are told to leave out"
    return ""


def _is_unlisted(head: Head) -> bool:
    return any("noindex" in said.lower() or said.lower() == "none" for said in head.meta("robots", "googlebot"))


# --- front pages ---------------------------------------------------------------------------------------

_FRONT = re.compile(r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:index\.\w+|home/?|default\.aspx)?", re.IGNORECASE)


def _is_front_page(page: Page) -> str:
    asked, came = urlsplit(page.asked), urlsplit(page.url)
    if _FRONT.fullmatch(came.path) and not came.query and not _FRONT.fullmatch(asked.path):
        return "the address leads to the front page"
    return ""


# --- what signs ask of a page --------------------------------------------------------------------------


def _was_sent(page: Page, to: re.Pattern[str]) -> bool:
    """Tell whether a redirect led from an article's address to one of this kind."""
    return page.asked != page.url and to.search(_place(page.url)) is not None and not to.search(_place(page.asked))


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"


def _marks(root: etree._Element, *tags: str) -> Iterable[str]:
    """Yield ids, classes and sources of pictures."""
    for element in root.iter(*tags):
        source = element.get("src", "") if element.tag == "img" else ""
        if mark := f"{element.get('id', '')} {element.get('class', '')} {source}".strip():
            yield mark


def _loaded(root: etree._Element) -> Iterable[str]:
    for element in root.iter("script", "iframe", "form", "meta"):
        yield element.get("src") or element.get("action") or ""


def _fields(root: etree._Element, kind: str) -> list[etree._Element]:
    return [field for field in root.iter("input") if (field.get("type") or "").lower() == kind]


def _is_in_the_middle(element: etree._Element) -> bool:
    """Tell whether an element stands in the page's middle, shown: not in its head, menu, side, foot or a box."""
    for one in (element, *element.iterancestors()):
        is_hidden = (
            "hidden" in one.attrib or "none" in (one.get("style") or "").replace(" ", "").partition("display:")[2][:4]
        )
        if one.tag in _AROUND or is_hidden or one.get("role") in ("banner", "navigation", "dialog", "contentinfo"):
            return False
        if one.get("aria-hidden") == "true" or re.search(
            r"modal|popup|dropdown|header|sidebar|offcanvas", f"{one.get('id')} {one.get('class')}"
        ):
            return False
    return True


def _has_button(root: etree._Element) -> bool:
    kinds = ("submit", "button")
    is_button = any(field.get("type") in kinds for field in root.iter("input"))
    return (
        is_button
        or any(True for _ in root.iter("button"))
        or any(one.get("role") == "button" for one in root.iter("a", "div"))
    )


def _has_comment_form(root: etree._Element) -> bool:
    return any(True for _ in root.iter("textarea"))


def _has_article(page: Page) -> bool:
    """Tell whether the page says itself that it holds an article."""
    named = any(linked_data.types_of(thing) & linked_data.ARTICLES for thing in page.things)
    return named or "article" in page.head.meta("og:type") or sum(1 for _ in page.root.iter("article")) == 1


def _headings(root: etree._Element) -> list[str]:
    """Return the first headings that are short enough to be one."""
    found = (" ".join("".join(h1.itertext()).split()) for h1 in root.iter("h1"))
    return [heading for heading in found if len(heading) < _LONGEST_HEADING][:3]


def _shown(root: etree._Element) -> str:
    """Return the words that the page shows without scripts."""
    parts: list[str] = []
    skipped = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_start = event == "start"
        if element.tag in _SKIPPED:
            skipped += 1 if is_start else -1
        said = element.text if is_start else element.tail
        if said and not (skipped and (is_start or element.tag not in _SKIPPED)):
            parts.append(said)
    return " ".join(parts)


_SIGNS: tuple[Callable[[Page], str], ...] = (
    _is_bot_check,
    _is_consent_wall,
    _is_sign_in,
    _is_error,
    _is_paywall,
    _needs_script,
    _is_front_page,
)
