"""Whatever is declared of its charset, a document is read as what its bytes are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.extract.charset import decode

RUSSIAN = "Насос снова течёт, и продавец не отвечает на письма покупателей. "
JAPANESE = "新しいポンプは三日で止まりました。お店は返金に応じません。"
CHINESE = "新水泵三天后停止工作，商店拒绝退款，客服不接电话。"
FRENCH = "La pompe s’est arrêtée après trois jours, et le vendeur refuse de la reprendre. "
CZECH = "Čerpadlo se po třech dnech zastavilo a prodejce žádosti o vrácení peněz odmítá. "
TEXTS = [
    (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (CHINESE, "gb18030"),
    (FRENCH, "cp1252"),
    ("Η αντλία σταμάτησε μετά από τρεις ημέρες. ", "cp1253"), ("펌프가 사흘 만에 멈췄습니다. ", "cp949"),
]  # fmt: skip


def page(text: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><p>{text * 3}</p></body></html>"


@pytest.mark.parametrize(("text", "charset"), TEXTS)
def test_a_declared_charset_that_the_bytes_refute_never_wins(text, charset):
    own = page(text, f'<meta charset="{charset}">')
    assert decode(own.encode(charset), "text/html; charset=utf-8").text == own
    for head, header in (('<meta charset="utf-8">', "text/html; charset=utf-8"), ("", "")):
        assert decode(page(text, head).encode(charset), header).text == page(text, head)


@pytest.mark.parametrize(("text", "charset"), TEXTS)
def test_latin_1_in_a_header_is_what_servers_say_of_everything(text, charset):
    assert decode(page(text).encode(charset), "text/html; charset=ISO-8859-1").text == page(text)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("header", ["", "text/html; charset=iso-8859-1", "text/html; charset=utf-8"])
def test_unicode_is_known_by_its_bytes(charset, header):
    assert decode(page(RUSSIAN).encode(charset), header).text == page(RUSSIAN)


def test_a_few_broken_signs_are_lost_and_no_more():
    broken = page(CHINESE).encode("gb2312").replace("水".encode("gb2312"), b"\xc8\xff", 1)
    read = decode(b'<?xml version="1.0" encoding="gb2312"?>' + broken)
    assert read.text.endswith("新水泵三天后停止工作，商店拒绝退款，客服不接电话。</p></body></html>")
    assert (read.text.count("\ufffd"), "1 signs could not be read" in read.note) == (1, True)
    torn = page(RUSSIAN).encode()[:-21]  # within a letter
    assert decode(torn, "text/html; charset=iso-8859-1").text == torn[:-1].decode()
    one_stray = page(RUSSIAN).encode().replace(b". ", b".\xa0", 1)
    assert "продавец" in decode(one_stray, "text/html; charset=iso-8859-1").text


def test_words_with_many_accents_are_still_latin():
    polish = page("Zażółć gęślą jaźń, mówią żółci i źdźbła. ", '<meta charset="iso-8859-2">')
    assert decode(polish.encode("iso-8859-2")).text == polish


def test_the_language_of_a_document_decides_between_latin_charsets():
    said = f'<html lang="cs"><p>{CZECH}</p></html>'
    assert decode(said.encode("cp1250"), "text/html; charset=utf-8").text == said
    assert decode(said.encode("cp1250"), "text/html; charset=iso-8859-1").text == said
    assert decode(said.encode("iso-8859-2"), "text/html; charset=utf-8").text == said


def test_what_hides_in_ascii_is_read_as_declared():
    body = page(JAPANESE).encode("iso2022_jp")
    assert decode(body, "text/html; charset=iso-2022-jp").text == decode(body).text == page(JAPANESE)
    assert decode(b"price ~{ 5", "text/html; charset=utf-8").text == "price ~{ 5"


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(["", "text/html; charset=utf-7", "text/xml; charset=gb2312", "a; charset=x"]),
)
def test_any_bytes_are_text(body, header):
    decode(body, header).text.encode("utf-8")
