"""What stands in the place of an article is doubted, in any language; what is an article is not, however short."""

from __future__ import annotations

import dataclasses

import pytest

from earshot.extract.pages import read_page
from tests.extract.feeds import LONG, article, page, page_capture

SHORT_NEWS = "<p>The pump of Halden stopped again on Friday. The works say that a new one is on its way from Brede.</p>"
NOTICE = "Ihr Zugang ist für Mitglieder. Bitte melden Sie sich mit Ihrem Konto an, um alle Texte zu lesen."
PASSWORD = "<form method=post><input name=user><input type=password name=p><button>OK</button></form>"
DATED = '<meta property="article:published_time" content="2026-11-19T10:00:00+01:00">'
NEWS = '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2026-11-19T08:00:00Z"%s}</script>'


def doubt(body: str, head: str = "", asked: str = "", url: str = "http://blog.example/posts/halden") -> str:
    capture = page_capture(url)
    (entry,) = read_page(dataclasses.replace(capture, url=asked or url), page(body, head)).entries
    return entry.doubt


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (f"<main><h1>Anmelden</h1><p>{NOTICE}</p>{PASSWORD}</main>", "<title>Anmelden</title>"),
        (f"<h1>Entrar</h1><p>Este conteúdo é só para assinantes. Entre com a sua conta.</p>{PASSWORD}", ""),
        (f"<div class=box><h2>ログイン</h2><p>続きを読むには会員登録が必要です。</p>{PASSWORD}</div>", ""),
        ("<main><p>Ihre E-Mail bitte</p><form action='/account/login'><input name=mail></form></main>", ""),
    ],
)
def test_a_sign_in_form_with_little_text_is_doubted(body: str, head: str) -> None:
    assert "sign-in" in doubt(body, head)


def test_a_redirect_to_a_sign_in_page_is_doubted() -> None:
    body = f"<main><h1>Bienvenue</h1><p>{LONG[:400]}</p></main>"
    came = "https://id.blog.example/connexion?next=/posts/halden"
    assert "sign-in" in doubt(body, url=came, asked="http://blog.example/posts/halden")


@pytest.mark.parametrize(
    "body",
    [
        (
            "<main><h1>Before you go on</h1><p>We and our 700 partners use cookies and similar tracking to measure our "
            "audience and to show personalised ads. You may withdraw your consent in our privacy settings.</p>"
            "<button>Accept</button></main>"
        ),
        (
            "<div id=cmpbox><h1>Wir brauchen Ihre Zustimmung</h1><p>Mit Ihrer Zustimmung verwenden wir und unsere "
            "Partner Cookies und verarbeiten Daten. Ihre Einwilligung können Sie dort widerrufen.</p></div>"
        ),
        (
            "<main><h1>Szanujemy Twoją prywatność</h1><p>My i nasi partnerzy używamy plików cookie. Klikając przycisk, "
            "wyrażasz zgodę na przetwarzanie danych; więcej w polityce prywatności i na liście partnerów (cookie).</p>"
            "<form><button>Zgadzam się</button></form></main>"
        ),
        (
            "<section class=consent-page><p>当サイトではクッキーを使用します。クッキーの使用に同意してください。"
            "プライバシー設定はいつでも変更できます。</p><a role=button>同意する</a></section>"
        ),
    ],
)
def test_a_consent_wall_is_doubted(body: str) -> None:
    assert "consent" in doubt(body)


@pytest.mark.parametrize(
    "body",
    [
        "<div id=challenge-stage></div><p>Checking if the connection is secure</p>",
        "<h1>Ещё один шаг</h1><form><div class=g-recaptcha></div><p>Подтвердите, что вы человек.</p></form>",
        "<p>Veuillez recopier les lettres</p><form><img src=/captcha.png><input name=letters></form>",
        "<p>Un momento</p><script src='https://geo.captcha-delivery.com/captcha/'></script>",
    ],
)
def test_a_check_for_robots_is_doubted(body: str) -> None:
    assert "captcha" in doubt(body)


@pytest.mark.parametrize(
    "body",
    [
        "<div id=root></div><noscript>Bitte schalten Sie JavaScript ein.</noscript>",
        "<div id=app></div><noscript>このアプリを使うには有効にしてください JavaScript</noscript>",
        "<div class=note>Musisz włączyć JavaScript, aby uruchomić tę aplikację.</div>",
        "<main><p>Votre navigateur n'exécute pas JavaScript : cette page en a besoin.</p></main>",
    ],
)
def test_a_page_that_needs_scripts_is_doubted(body: str) -> None:
    assert "JavaScript" in doubt(body)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (SHORT_NEWS, NEWS % ', "isAccessibleForFree": false'),
        (SHORT_NEWS, NEWS % ', "isAccessibleForFree": "False"'),
        (SHORT_NEWS, NEWS % ', "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": "false"}'),
        (SHORT_NEWS, f'{DATED}<meta property="article:content_tier" content="locked">'),
        (f"<article><h1>x</h1>{SHORT_NEWS}</article><div class='paywall-box'>Abo</div>", DATED),
    ],
)
def test_a_stub_before_a_paywall_is_doubted(body: str, head: str) -> None:
    assert "paywall" in doubt(body, head)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("<h1>404</h1><p>Perhaps you were looking for one of these.</p>", ""),
        ("<p>Diese Seite gibt es nicht mehr.</p>", "<title>Fehler 404 – Haldener Bote</title>"),
        ("<p>Volte à página inicial.</p>", "<title>Página não encontrada | O Farol</title>"),
        ("<main><h1>Sivua ei löytynyt</h1><p>Tarkista osoite.</p></main>", ""),
        ("<main><h1>ページが見つかりません</h1></main>", "<title>灯台新聞</title>"),
        ("<h1>Access Denied</h1><p>You don't have permission to access this. Reference #18.2</p>", ""),
        ("<p>Upstream is gone.</p>", "<title>502 Bad Gateway</title>"),
        ("<div><p>Qualcosa è andato storto.</p></div>", "<title>Ops</title><meta name=robots content='noindex'>"),
        ("<section class='error-404'><p>Ajoj, tady nic není.</p></section>", "<title>Maják</title>"),
    ],
)
def test_an_error_that_came_as_a_page_is_doubted(body: str, head: str) -> None:
    assert doubt(body, head)


def test_a_redirect_to_the_front_page_is_doubted() -> None:
    asked = "http://blog.example/posts/halden"
    for came in ("http://blog.example/", "https://www.blog.example/en/", "http://blog.example/index.php"):
        assert "front page" in doubt(article(), url=came, asked=asked)
    assert doubt(article(), url="http://blog.example/news/halden", asked=asked) == ""


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (article(), ""),
        (f"<article><h1>Pump stops</h1>{SHORT_NEWS}</article>", ""),
        (f"<h1>Pump stops</h1>{SHORT_NEWS}", ""),
        (f"<header>{PASSWORD}</header><h1>Pump stops</h1>{SHORT_NEWS}", ""),
        (f"<h1>Pump stops</h1>{SHORT_NEWS}<div class='login modal'>{PASSWORD}</div>", ""),
        (f"<h1>Pump stops</h1>{SHORT_NEWS}<div id=onetrust-banner>We use cookies</div>", ""),
        (f"<h1>Pump stops</h1>{SHORT_NEWS}<form><textarea></textarea><div class=g-recaptcha></div></form>", ""),
        (f"<h1>Pump stops</h1>{SHORT_NEWS}<noscript><img src=/count.gif></noscript>", ""),
        (f"<h1>Missing pump not found</h1>{SHORT_NEWS * 5}", ""),
        (f"<h1>The Brede 404: a first drive</h1>{SHORT_NEWS}", "<title>The Brede 404: a first drive</title>"),
        (f"<h1>Brede</h1>{SHORT_NEWS}", "<title>Jeans | 501 | Brede</title>"),
        (article(), NEWS % ', "isAccessibleForFree": false'),
        (article(), "<meta name=robots content=noindex>"),
        (f"<article><h1>Cookie law: what changes for consent and privacy</h1>{SHORT_NEWS}</article>", DATED),
        ("<article><h1>New JavaScript release</h1><p>JavaScript gets a pipe, says Halden.</p></article>", DATED),
    ],
)
def test_an_article_is_not_doubted(body: str, head: str) -> None:
    assert doubt(body, head) == ""
