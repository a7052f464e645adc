"""Kinds of names, each by an invented one: what it is heard in, and what it is not."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from earshot.query.recognise import BrandRecogniser
from tests.builders import make_brand, make_entry


class Kind(NamedTuple):
    name: str
    heard: tuple[str, ...]
    not_heard: tuple[str, ...] = ()
    language: str = ""


KINDS = [
    # --- accents ---
    Kind(
        "Bréllo",
        ("Bréllo is back", "bréllo soap", "Brello is back", "BRELLO RECALLS", "Bréllo's plan", "#brello", "@Brello hi"),
        ("to brello in the hay", "Brelloni sings", "umbrello"),
    ),
    Kind("Aurélienne", ("aurelienne crème", "Aurelienne cream"), ("aurelien", "Aurel")),
    Kind("Brello", ("Bréllo soap", "brello soap"), ("a bréllo of sheep",)),
    Kind(
        "Kühl Möwe",
        ("Kühl Möwe streikt", "Kuehl Moewe streikt", "KÜHL MÖWE", "Kuhl Mowe", "kühlmöwe", "kuehlmoewe", "Kühl-Möwe"),
        ("Kühl und Möwe", "kühl. Möwe", "Kühle Möwen", "Kühl, Möwe"),
        "de",
    ),
    Kind("Grüßner", ("Grüßner hat", "GRÜSSNER", "Gruessner", "Grussner"), ("Gruss")),
    Kind("Moebes", ("Möbes", "Moebes", "MÖBES"), ("Mobes",)),
    Kind("Łękotka", ("Łękotka", "Lekotka", "LEKOTKA", "w Łękotce", "Lekotki"), ("lekotka", "lekot"), "pl"),
    Kind("Işıldak", ("Işıldak bozuk", "IŞILDAK", "ışıldak", "Isildak", "Işıldak'ın", "Işıldaktan"), ("ışılda",), "tr"),
    Kind("Söderholm", ("Soderholm", "Soederholm", "söderholms butik"), ("soder holme",), "sv"),
    # --- apostrophes ---
    Kind(
        "Barnaby's",
        ("Barnaby's fries", "Barnaby’s fries", "Barnabys fries", "BARNABYS fries", "@Barnabys help", "Barnaby`s"),
        ("old Mr. Barnaby", "Barnaby so", "the Barnaby"),
    ),
    Kind("Fendlers", ("Fendler's shop", "Fendlers shop", "FENDLER'S"), ("Fendler", "Fendler S")),
    Kind("L'Avéro", ("L'Avéro cream", "L’Avero cream", "Lavero cream", "#lavero", "l'avéro"), ("avero", "la vero")),
    Kind("Avéro", ("l'Avéro", "d’Avero", "dell'Avéro", "qu'Avéro"), ("d'avero",), "fr"),
    # --- joined, hyphenated, spaced ---
    Kind(
        "Zola-Kola",
        ("Zola-Kola zero", "Zola Kola zero", "ZolaKola zero", "zola\u2011kola's zero", "zolakola", "ZOLA KOLA"),
        ("zola leaves, kola nuts", "Zola. Kola", "zola or kola", "Kola Zola", "zola? kola", "Zola – Kola"),
    ),
    Kind(
        "K-Vox",
        ("K-Vox outage", "KVox outage", "K Vox outage", "@KVox", "kvox"),
        ("I don'k vox", "ask vox", "talK vox"),
    ),
    Kind("8-Mart", ("8-Mart coffee", "8 Mart coffee", "8mart coffee", "#8mart", "8Mart"), ("eight of mart", "18 mart")),
    Kind("SunPanel", ("Sun Panel roofs", "Sun-Panel", "sunpanel", "SunPanels"), ("a sun panel", "the sun, panel")),
    Kind("Marlow and Sons", ("Marlow & Sons", "Marlow and Sons", "marlow&sons"), ("Marlow, Sons", "Marlow or Sons")),
    Kind("New Ballro", ("My New Ballro shoes", "NewBallro", "#newballro"), ("Is it new? Ballro drives", "new. Ballro")),
    Kind("Knot.js", ("KnotJS", "knotjs 20", "Knot.js"), ("knot. js", "knot js", "Knot")),
    Kind("Web 7.0", ("Web 7.0",), ("Web 70", "web 7")),
    Kind('Boots "Q" More', ("Boots Q More", "Boots 'Q' More", "BootsQMore", "Boots “Q” More"), ("boots, q, more",)),
    Kind("Boots Q More", ("BootsQMore", "Boots QMore", "#bootsqmore"), ("boots. Q more",)),
    Kind("Tom & Larry's", ("Tom and Larrys", "Tom & Larrys", "Tom und Larry’s", "#TomAndLarrys"), ("Tom, Larrys",)),
    Kind("K7Z", ("k7z is", "K7Z"), ("k7",)),
    Kind("Z7", ("Z7 is down", "#z7"), ("z7 is down",)),
    Kind("z7", ("z7 is down", "Z7 is down")),
    Kind("U.R.G.", ("U.R.G. said", "URG said", "U. R. G."), ("urg", "u r g")),
    Kind("Dr. Ottken", ("Dr. Ottken", "Dr Ottken", "DrOttken", "Dr.Ottken"), ("Ottken", "dr, ottken")),
    Kind("AB/CD", ("AB/CD plays", "ABCD", "AB CD", "AB-CD"), ("AB. CD", "ab, cd")),
    Kind("Grabbing.com", ("Grabbing.com is down", "#grabbingcom", "www.grabbing.com"), ("grabbing com", "grabbing")),
    # --- signs ---
    Kind("D++", ("D++ is hard", "modern D++20", "I like d++.", "#dplusplus"), ("D is hard", "vitamin D", "D+", "D+++")),
    Kind("W#", ("W# rocks", "w# code", "WSharp"), ("W is", "W sharp", "W ##", "W##")),
    Kind(
        "Q&B", ("A Q&B store", "the Q & B store", "Q and B store", "q&b"), ("options Q, B and C", "Q or B", "q and b")
    ),
    Kind("HQ&L", ("HQ&L shop", "#HQL", "#hqandl", "@HQL help"), ("HQL query", "HQ L")),
    Kind(
        ".KET",
        (".KET is fast", "ASP.KET Core", "I love .ket 9", "#dotket"),
        ("the ket", "example.ket", "KET", "a..KET"),
    ),
    Kind(
        "5M", ("5M recalls tape", "5M's tape", "#5m"), ("a 5m long tape", "5 m deep", "$5M", "1.5M users", "5 M", "15M")
    ),
    Kind("1&3", ("My 1&3 line", "1 & 3", "1und3"), ("the match ended 1:3", "version 1.3", "1-3", "1 3", "1 and 3")),
    Kind("Hooy!", ("Hooy! is down", "hooy!", "@Hooy", "Hooy！"), ("hooy there", "Hooy, we won")),
    Kind("Celebrate!", ("Celebrate is down", "Celebrate! is down"), ("celebrated",)),
    Kind("Brello+", ("Brello+ is", "Brello plus", "#brelloplus", "BRELLO+"), ("Brello is", "Brello++", "#brello")),
    Kind("@halda", ("thanks @halda", "@Halda!"), ("halda", "mail ada@halda.example", "#halda")),
    Kind("QT", ("my QT broke", "QT's", "qt"), ("QT&T", "QT+", "A&QT", "QT#")),
    Kind("Q", ("ask Q now",), ("a q", "don'q", "Q&A", "Q+")),
    # --- endings and compounds ---
    Kind(
        "Haldenwagen",
        ("Haldenwagens Pläne", "Haldenwagenhändler schließt", "Haldenwagen-Händler", "#Haldenwagenskandal"),
        ("Haldenwag", "Altenhaldenwagen"),
        "de",
    ),
    Kind("Haldenwagen", ("Haldenwagens",), ("the Haldenwagenry", "Haldenwagenhaus"), "en"),
    Kind("Zarno", ("Zarnos", "Zarno's", "Zarnos’"), ("two zarnos", "Zarnose", "Zarnosh"), "en"),
    Kind("Amazor", ("Amazorbericht",), ("Amazoras", "Amazoren", "amazorbericht"), "de"),
    Kind("Amazor", (), ("Amazorbericht",)),
    Kind("Intol", (), ("Intolligenz",), "de"),
    Kind("Targol", ("TargolStore",), ("targolPort",)),
    Kind("Бразпром", ("Бразпром растёт", "акции Бразпрома", "в Бразпроме", "БРАЗПРОМОМ", "бразпрому"), ("Бразпромыш",)),
    Kind("Ромашинка", ("Ромашинки", "Ромашинке", "Ромашинку", "РОМАШИНКОЙ"), ("ромашин", "Ромашинкин")),
    Kind("Сибирский Лён", ("Сибирского Лёна", "сибирским лёном", "Сибирский Лен"), ("Сибирь лён",)),
    Kind("Торбель", ("Торбеля", "Торбелю"), ("торбеля", "Торб")),
    Kind("Пані Зірка", ("Пані Зірки", "Пані Зірці", "пані зірку"), ("пані зір",)),
    Kind("Nokkeli", ("Nokkelin", "Nokkelissa", "Nokkelia"), ("nokkelissa", "Nokkelintö"), "fi"),
    Kind("Nokkeli", (), ("Nokkelissa",), "en"),
    Kind("Tescova", ("v Tescově", "Tescovy", "Tescovou"), ("tescovy",), "cs"),
    Kind("Bravon", ("Bravonban", "Bravonnak", "Bravont"), ("bravonban",), "hu"),
    Kind("Torbat", ("Torbattal", "Torbattá", "Torbatnak"), ("torbattal",), "hu"),
    Kind("Mozsalcs", ("Mozsalccsal", "Mozsalccsá"), ("Mozsal",), "hu"),
    Kind("Merukko", ("Merukon kauppa", "Merukossa", "Merukkoa"), ("merukon", "Meruko"), "fi"),
    Kind("Merukko", (), ("Merukon",), "en"),
    Kind("Pelvanen", ("Pelvasen tehdas", "Pelvasella"), ("Pelva",), "fi"),
    Kind("Zupek", ("Zupka", "w Zupku", "Zupkowi"), ("zupka",), "pl"),
    Kind("Bielna Rzepa", ("Bielnej Rzepy", "Bielną Rzepę"), ("Bielna rzepami",), "pl"),
    Kind("Neue Molde", ("der Neuen Molde", "Neuer Molde"), ("Neue Molden", "Neues"), "de"),
    Kind("Мошорок", ("Мошорка", "Мошорком"), ("мошорка", "Мошорк")),
    Kind("Torbelka", ("ve městě Torbelky", "s Torbelkou přišel"), ("with Torbelkou", "chez Torbelkou à Nîmes")),
    Kind("Žorka", ("Žorky Auto", "w Żorki"), ("in Zorky",)),
    # --- tags and handles ---
    Kind(
        "Nivelda",
        ("#BoycottNivelda", "#NiveldaFail", "@NiveldaHelp", "#boycottnivelda", "#niveldafail", "#stop_nivelda"),
        ("boycottnivelda", "niveldafail"),
    ),
    Kind(
        "Zaro",
        ("#BoycottZaro", "#boycottzaro", "@zarohelp", "ZaroStore opens", "zaro.example", "#Zaro2026"),
        ("#balthazaro", "#zarogoza", "unZaro", "snzaro", "Zarogoza"),
    ),
    Kind("Donnel", ("#Donnel", "#teamdonnel"), ("McDonnel", "#McDonnel", "MacDonnelStore")),
    Kind(
        "Zaro",
        ("zaro.com is down", "https://zaro.com/x", "www.zaro.de", "Z\u200baro", "Za\u00adro", "Ｚａｒｏ"),
        ("zaros.",),
    ),
    # --- other scripts ---
    Kind("花玉", ("花玉の洗剤", "花\n玉", "#花玉"), ("白い花。玉は丸い", "花、玉")),
    Kind("ซาโรมะ", ("ชอบซาโรมะมาก", "ซาโรมะ", "ไปซาโรมะ ที่"), ("ซาโรม", "ดาโรมะ")),
    Kind("ซาร", ("ร้านซารปิด",), ("ซาระ", "ซาริ")),
    Kind("Zaro", ("ซื้อZaroที่ร้าน", "买Zaro吧", "Zaroの靴"), ("ซื้อZarogoที่ร้าน",)),
    Kind("ジロ・スミ", ("ジロ・スミ", "ジロスミ", "ｼﾞﾛｽﾐ"), ("ジロ。スミ",)),
    Kind("نورما", ("نورما", "نـــورما", "نُورْما", "والنورما", "بنورما"), ("نور",)),
    Kind("אורמה", ("אורמה", "באורמה", "אוּרְמָה"), ("אור",)),
    Kind("Ζαρος", ("Ζάρος", "του Ζάρου", "ΖΑΡΟΣ"), ("ζάρου",)),
    Kind("나이코", ("나이코가 좋다", "나이코는"), ("나이 코끼리가 나이,코",)),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.name} {kind.language}".strip())
def test_a_name_is_heard_as_people_write_it_and_in_nothing_else(kind: Kind) -> None:
    recogniser = BrandRecogniser([make_brand(name=kind.name)])

    def is_heard(text: str) -> bool:
        return bool(recogniser.recognise(make_entry(title="", text=text, language=kind.language), "http://a.example/"))

    assert [text for text in kind.heard if not is_heard(text)] == []
    assert [text for text in kind.not_heard if is_heard(text)] == []


def test_a_name_that_is_an_ordinary_word_is_not_heard_in_its_plural_where_a_sentence_begins() -> None:
    recogniser = BrandRecogniser([make_brand(name="Harbro", is_case_exact=True)])
    heard = {
        text: bool(recogniser.recognise(make_entry(title="", text=text), "http://a.example/"))
        for text in (
            "Harbro fell. It is",
            "Harbros do not move",
            "All is well. Harbros are wet",
            "the new Harbros",
            "harbro",
        )
    }
    assert list(heard.values()) == [True, False, False, True, False]


def test_exact_spelling_has_no_other_forms() -> None:
    texts = (
        "Zola-Bélo is",
        "zola-bélo",
        "Zola Bélo",
        "Zola-Belo",
        "ZolaBélo",
        "Zola-Bélos",
        "#ZolaBélo",
        "Zola‑Bélo's",
    )
    recogniser = BrandRecogniser([make_brand(name="Zola-Bélo", is_spelling_exact=True)])
    heard = [t for t in texts if recogniser.recognise(make_entry(title="", text=t), "http://a.example/")]
    assert heard == ["Zola-Bélo is", "zola-bélo", "Zola‑Bélo's"]


def test_single_forms_can_be_left_out() -> None:
    texts = ("Zarno is", "Zarnos is", "#BoycottZarno", "Zarno's", "#ZarnoFail")
    recogniser = BrandRecogniser([make_brand(name="Zarno", not_forms=("zarnos", "#boycottzarno"))])
    heard = [t for t in texts if recogniser.recognise(make_entry(title="", text=t), "http://a.example/")]
    assert heard == ["Zarno is", "Zarno's", "#ZarnoFail"]


def test_what_was_heard_is_shown_with_its_signs() -> None:
    entry = make_entry(title="Modern D++20", text="ASP.KET Core, and Zola\u2011Kola at night")
    (found,) = BrandRecogniser([make_brand(name="D++", aliases=(".KET", "Zola Kola"))]).recognise(
        entry, "http://a.example/"
    )
    assert [getattr(entry, s.part)[s.start : s.end] for s in found.spans] == ["D++", ".KET", "Zola\u2011Kola"]


def test_endings_of_the_expected_languages_are_heard_where_nobody_knows_the_language() -> None:
    text, brand = "Nokkelin puhelin", make_brand(name="Nokkeli")
    asked = [((), ""), (("fi",), ""), (("fi",), "en"), ((), "fi"), (("pl", "tr"), "")]
    heard = [
        bool(
            BrandRecogniser([brand], languages=expected).recognise(
                make_entry(title="", text=text, language=language), "http://a.example/"
            )
        )
        for expected, language in asked
    ]
    assert heard == [False, True, False, True, False]


def test_a_name_in_a_run_without_spaces_is_shown_without_the_rest_of_it() -> None:
    entry = make_entry(title="", text="ไปซื้อZaroที่ร้านซาโรมะในเมือง")
    (found,) = BrandRecogniser([make_brand(name="Zaro", aliases=("ซาโรมะ",))]).recognise(entry, "http://a.example/")
    assert [entry.text[span.start : span.end] for span in found.spans] == ["Zaro", "ซาโรมะ"]
