"""Which pages are taken for the article that was announced. All texts and hosts are invented."""

from __future__ import annotations

import dataclasses

import pytest

from earshot.model import Document
from earshot.pipeline.same_article import (
    FRONT_PAGE,
    LESS_TEXT,
    OTHER_TEXT,
    PAGE_ABOVE,
    UNLIKE,
    Answer,
    why_none,
    why_not,
)
from tests.builders import make_document

URL = "http://paper.example/2026/kettle-recall"
TITLE = "Owners angry about leaking kettles"
TEASER = "Owners of the Halden kettle are angry: it leaks after a week, and the maker does not answer."
ARTICLE = (
    "Owners of the Halden kettle are angry. It leaks after a week of use, says Mara Quill, who bought two of them, and "
    "the maker has not answered any of her letters. A spokeswoman said that the seal would be looked at in spring. "
    "Until then the shops take the kettles back and give the money to whoever still has the receipt of the purchase."
)
WALLS = {
    "consent": (
        "Before you go on",
        (
            "We and our partners store cookies and use data to measure audiences and to show "
            "advertising that fits you. If you accept, we also use them to develop new services after "
            "your visit."
        ),
    ),
    "sign-in": (
        "Sign in",
        (
            "This content is for members. Please sign in with your account to read it, or create one, "
            "it takes a minute and costs nothing for the first month of reading with us."
        ),
    ),
    "soft 404": (
        "Nothing here",
        (
            "We are sorry, but the page that you are looking for does not exist any more. Perhaps it "
            "was moved. Please use the search or go back to the start and look there."
        ),
    ),
    "bot check": (
        "One moment",
        (
            "We are checking that you are not a robot. Please turn on JavaScript and cookies and load "
            "this page again. Your address and the number of this request are shown below: 84 11 02."
        ),
    ),
    "German": (
        "Einwilligung",
        (
            "Wir und unsere Partner speichern Cookies und verarbeiten Daten, um Inhalte und Anzeigen zu "
            "messen. Sie können Ihre Auswahl jederzeit in den Einstellungen ändern oder alles ablehnen."
        ),
    ),
    "French": (
        "Abonnez-vous",
        (
            "Cet article est réservé à nos abonnés. Pour lire la suite, connectez-vous ou choisissez "
            "une offre sans engagement. Le premier mois est offert à tous les nouveaux lecteurs."
        ),
    ),
    "Spanish": (
        "Página no encontrada",
        (
            "Lo sentimos, la página que busca ya no existe o ha cambiado de dirección. Puede volver a "
            "la portada o usar el buscador para encontrar lo que necesita."
        ),
    ),
    "Polish": (
        "Zaloguj się",
        (
            "Aby przeczytać ten tekst, zaloguj się na swoje konto albo wykup dostęp. Pierwszy miesiąc "
            "nic nie kosztuje, a zrezygnować można w każdej chwili bez podania przyczyny."
        ),
    ),
    "Russian": (
        "Страница не найдена",
        (
            "К сожалению, такой страницы больше нет или адрес набран с ошибкой. Вернитесь на главную "
            "или воспользуйтесь поиском по сайту, чтобы найти нужный материал."
        ),
    ),
    "Japanese": (
        "ログイン",
        (
            "この記事は会員限定です。続きを読むにはログインするか、新しく登録してください。初"
            "月は無料でご利用いただけます。"
        ),
    ),
}
WALL_LANGUAGES = {"German": "de", "French": "fr", "Spanish": "es", "Polish": "pl", "Russian": "ru", "Japanese": "ja"}

STAYS = Answer(URL, URL)
KNOWN = make_document(url=URL, title=TITLE, text=TEASER, language="en")


def judge(known: Document, one: Document, answer: Answer = STAYS, *, is_losing: bool) -> str:
    return why_not(known, one, dataclasses.replace(answer, title=one.title), is_losing=is_losing)


def page(title: str, text: str, language: str = "en") -> Document:
    return dataclasses.replace(KNOWN, title=title, text=text, language=language)


def alone(one: Document, answer: Answer) -> str:
    return why_none(one, dataclasses.replace(answer, title=one.title))


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_in_any_language_never_takes_the_place_of_a_teaser(name: str) -> None:
    title, text = WALLS[name]
    assert judge(KNOWN, page(title, text, WALL_LANGUAGES.get(name, "en")), is_losing=True) in (OTHER_TEXT, UNLIKE)


def test_the_article_is_told_by_its_text_also_under_another_headline() -> None:
    assert judge(KNOWN, page("Kettle maker stays silent", ARTICLE), is_losing=False) == ""


def test_the_article_is_told_by_its_headline_also_where_it_begins_otherwise() -> None:
    live = "11:40 A third shop has stopped the sale. 11:20 The fire brigade asks everyone to unplug it. " * 3
    assert judge(KNOWN, page(f"{TITLE} - live", live), is_losing=False) == ""


def test_a_wall_under_the_headline_of_its_article_does_not_take_a_brand_away() -> None:
    for title, text in WALLS.values():
        assert judge(KNOWN, page(f"{TITLE} | The Paper", text), is_losing=True) != "", title
    assert judge(KNOWN, page(f"{TITLE} | The Paper", ARTICLE.replace("Halden", "new")), is_losing=True) == ""


def test_a_page_that_only_quotes_the_headline_is_not_the_article() -> None:
    missed = f"Nothing was found for “{TITLE}”. Please use the search or go back to the start page of this paper."
    assert judge(KNOWN, page("Search", missed), is_losing=True) != ""


def test_a_teaser_of_a_few_words_is_replaced_unless_it_named_a_brand_that_the_page_does_not() -> None:
    short = make_document(url=URL, title="News", text="Read it.", language="")
    assert judge(short, page("Neue Kessel", ARTICLE, "de"), is_losing=False) == ""
    assert judge(short, page("Neue Kessel", ARTICLE, "de"), is_losing=True) == UNLIKE


def test_a_teaser_in_another_language_is_replaced_unless_a_brand_is_lost_by_it() -> None:
    german = make_document(
        url=URL, title="Kunden verärgert über undichte Kessel", text="Der Kessel von Halden tropft.", language="de"
    )
    wall = page(*WALLS["consent"])
    assert judge(german, page("Owners angry", ARTICLE), is_losing=False) == ""
    assert judge(german, page("Owners angry", ARTICLE), is_losing=True) == UNLIKE
    assert judge(german, wall, is_losing=False) == UNLIKE
    assert judge(german, wall, dataclasses.replace(STAYS, canonical=URL), is_losing=False) == ""


def test_a_redirect_to_the_front_page_is_no_article_though_it_shows_the_teaser() -> None:
    home = page("The Paper", f"{TITLE}. {TEASER} And many other stories of the day, from the harbour to the hills.")
    for address in (
        "http://paper.example/",
        "http://www.paper.example/en/",
        "http://paper.example/index.html?from=2026",
    ):
        assert judge(KNOWN, home, Answer(URL, address), is_losing=False) == FRONT_PAGE
        assert alone(home, Answer(URL, address)) == FRONT_PAGE
    assert judge(KNOWN, home, Answer("http://short.example/a1", "http://paper.example/"), is_losing=False) == ""


def test_a_redirect_to_a_page_above_is_no_article_unless_it_has_its_headline() -> None:
    above = Answer(URL, "http://paper.example/2026/")
    assert judge(KNOWN, page("All of 2026", f"{TITLE}. {TEASER}" * 4), above, is_losing=False) == PAGE_ABOVE
    assert judge(KNOWN, page(TITLE, ARTICLE), above, is_losing=False) == ""
    assert judge(KNOWN, page("Paper", ARTICLE), Answer(f"{URL}/amp/", URL), is_losing=False) == ""


def test_a_doubt_counts_unless_the_page_holds_the_teaser_and_much_more() -> None:
    doubtful = dataclasses.replace(STAYS, doubt="sign-in form")
    assert judge(KNOWN, page(TITLE, f"{TEASER} Sign in to go on."), doubtful, is_losing=False) == "sign-in form"
    assert judge(KNOWN, page(TITLE, f"{TEASER} {ARTICLE}"), doubtful, is_losing=False) == ""
    assert alone(page(TITLE, ARTICLE), doubtful) == "sign-in form"


def test_a_page_with_less_text_than_the_feed_takes_nothing_away() -> None:
    assert judge(KNOWN, page(TITLE, "Owners of the kettle are angry."), is_losing=False) == LESS_TEXT


def test_a_page_without_a_teaser_is_held_against_the_title_that_the_sitemap_gave_it() -> None:
    announced = dataclasses.replace(STAYS, announced=TITLE)
    assert alone(page("Kettles", ARTICLE), announced) == ""
    assert alone(page(*WALLS["bot check"]), announced) == OTHER_TEXT
    assert alone(page(*WALLS["bot check"]), STAYS) == ""


@pytest.mark.parametrize(
    ("title", "teaser", "article"),
    [
        (
            "กาต้มน้ำรั่ว",
            "เจ้าของกาต้มน้ำฮัลเดนโกรธเพราะมันรั่วหลังจากใช้ไปหนึ่งสัปดาห์",
            "เจ้าของกาต้มน้ำฮัลเดนโกรธมากเพราะมันรั่วหลังจากใช้ไปหนึ่งสัปดาห์และผู้ผลิตไม่ตอบจดหมายของลูกค้า",
        ),
        (
            "電気ケトルの水漏れ",
            "ハルデンの電気ケトルが一週間で水漏れし、購入者が怒っている。",
            "ハルデンの電気ケトルが一週間で水漏れし、購入者が怒っている。メーカーは問い合わせに答えていない。",
        ),
    ],
)
def test_scripts_without_spaces_are_compared_too(title: str, teaser: str, article: str) -> None:
    known = make_document(url=URL, title=title, text=teaser, language="")
    assert judge(known, page("", article, ""), is_losing=True) == ""
    assert judge(known, page(*WALLS["Japanese"], ""), is_losing=True) == OTHER_TEXT
