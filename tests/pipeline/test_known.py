"""What is known of a document is not replaced by something weaker, and one text is one document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from earshot import identity
from earshot.model import DateFrom, Document, Entry, Reading, Role, TextIs
from earshot.pipeline.known import improved, is_improving, merged
from earshot.pipeline.reading import Origin, shared_names
from earshot.ports import StoredDocument
from tests.builders import NOW, make_capture, make_document, make_entry, make_source
from tests.pipeline.test_round import LONG
from tests.pipeline.world import World, item, page, rss, teaser

FEED = "http://blog.example/feed"
MAP = "http://blog.example/map.xml"
URL = "http://blog.example/one"
MakeWorld = Callable[..., World]
TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def as_stored(document: Document) -> StoredDocument:
    return StoredDocument(
        id=document.id, text_is=document.text_is, content_hash="", revisions=0, story_id="", judged_at=None,
        text_at=document.found_at, text_source=document.source_id, source_id=document.source_id,
        found_at=document.found_at, title=document.title, author=document.author, language=document.language,
        published_at=document.published_at, published_from=document.published_from,
        published_as=document.published_as, parent=document.parent,
    )  # fmt: skip


def dated(word: DateFrom, hours: float, source: str = "blog", stated: str = "") -> Document:
    at = NOW - timedelta(hours=hours)
    return make_document(published_at=at, published_from=word, source_id=source, published_as=stated)


@pytest.mark.parametrize(
    ("known", "new", "is_new"),
    [
        (DateFrom.FEED, DateFrom.FOUND, False),
        (DateFrom.FEED, DateFrom.URL, False),
        (DateFrom.FEED, DateFrom.PAGE, False),
        (DateFrom.PAGE, DateFrom.FEED, False),
        (DateFrom.PAGE, DateFrom.URL, False),
        (DateFrom.URL, DateFrom.FOUND, False),
        (DateFrom.URL, DateFrom.PAGE, True),
        (DateFrom.FOUND, DateFrom.URL, True),
        (DateFrom.FOUND, DateFrom.FEED, True),
        (DateFrom.FOUND, DateFrom.FOUND, False),
    ],
)
def test_a_date_never_falls_to_a_weaker_word(known: DateFrom, new: DateFrom, is_new: bool) -> None:
    stored, other = dated(known, 200), dated(new, 1)
    assert merged(other, as_stored(stored)).published_at == (other if is_new else stored).published_at


def test_of_two_words_that_are_as_strong_only_its_own_source_may_correct_the_first() -> None:
    stored = as_stored(dated(DateFrom.FEED, 200))
    assert merged(dated(DateFrom.FEED, 1, "planet"), stored).published_at == stored.published_at
    assert merged(dated(DateFrom.FEED, 1), stored).published_at == NOW - timedelta(hours=1)


def test_a_moment_takes_the_place_of_its_day_and_a_day_not_that_of_its_moment() -> None:
    day = dated(DateFrom.FEED, 24, stated="2026-11-19")
    moment = dated(DateFrom.PAGE, 30, stated="2026-11-19T06:00:00+00:00")
    assert merged(moment, as_stored(day)).published_as == moment.published_as
    assert merged(day, as_stored(moment)).published_as == moment.published_as
    assert is_improving(moment, as_stored(day))


def test_author_title_and_language_are_not_replaced_by_nothing() -> None:
    blank = make_document(author="", title="", language="")
    kept = merged(blank, as_stored(make_document()))
    assert (kept.author, kept.title, kept.language) == ("Ada", "Halden pump broke", "en")
    filled = improved(blank, make_document(), as_stored(blank))
    assert (filled.author, filled.title, filled.language) == ("Ada", "", "en")


def stored(world: World, url: str = URL) -> Document:
    with world.record.read() as reader:
        document = reader.document(identity.document_id(url))
    assert document is not None
    return document


def test_a_second_source_without_a_date_makes_no_story_new_and_tells_nobody(make_world: MakeWorld) -> None:
    world = make_world(sources=[make_source(), make_source(id="map", kind="sitemap", url=MAP)])
    world.web.says(FEED, rss(item(URL, "Halden pump", LONG, date="Tue, 10 Nov 2026 10:00:00 GMT")))
    world.web.says(MAP, b"<urlset></urlset>")
    world.round()
    world.web.says(MAP, f"<urlset><url><loc>{URL}</loc></url></urlset>".encode())
    world.web.says(URL, page("Halden pump", f"{LONG} And it broke once more, as it does every week of the year."))
    report = world.round()
    document = stored(world)
    assert (document.published_at, document.published_from) == (TEN - timedelta(days=10), DateFrom.FEED)
    assert "once more" in document.text
    assert (report.ingested.incidents, report.ingested.notices) == (0, 0)


def test_a_feed_that_comes_later_dates_a_page_that_had_no_date(make_world: MakeWorld) -> None:
    world = make_world(sources=[make_source(), make_source(id="map", kind="sitemap", url=MAP)])
    world.web.says(FEED, rss())
    world.web.says(MAP, f"<urlset><url><loc>{URL}</loc></url></urlset>".encode())
    world.web.says(URL, page("Halden pump", LONG))
    world.round()
    assert stored(world).published_from is DateFrom.FOUND
    world.web.says(FEED, rss(teaser(URL, "Halden pump", "The Halden pump broke again last night ...")))
    world.round()
    document = stored(world)
    assert (document.published_at, document.published_from) == (TEN, DateFrom.FEED)
    assert document.text == LONG
    with world.record.read() as reader:
        assert [mention.published_at for mention in reader.mentions_of(document.id)] == [TEN]


def test_entries_that_share_link_and_id_are_told_apart_by_what_they_say(make_world: MakeWorld) -> None:
    world = make_world()
    one = item("http://blog.example/", "Halden 1", "Halden tents are cheaper now.", guid="N/A")
    two = item("http://blog.example/", "Halden 2", "Halden pumps are dearer now.", guid="N/A")
    world.web.says(FEED, rss(one))
    world.round()
    world.web.says(FEED, rss(two, one))
    assert world.round().ingested.new_documents == 1
    assert world.round().ingested.new_documents == 0
    three = item("http://blog.example/", "Halden 3", "Halden stoves stay as they are.", guid="N/A")
    world.web.says(FEED, rss(three, two, one))
    assert world.round().ingested.new_documents == 1
    with world.record.read() as reader:
        assert {d.title for d in reader.documents()} == {"Halden 1", "Halden 2", "Halden 3"}


def test_a_feed_that_gives_its_newest_entry_always_the_same_link_and_id_loses_none(make_world: MakeWorld) -> None:
    world = make_world()
    said = [
        ("Halden pumps recalled", "Two thousand garden pumps go back to the shops after a fire in a shed.", "Thu, 19"),
        (
            "Tents for the fair",
            "Halden lends forty white tents to the harbour fair and takes nothing for them.",
            "Fri, 20",
        ),
    ]
    for title, text, day in [*said, said[1], said[0]]:
        again = item("http://blog.example/now", title, text, date=f"{day} Nov 2026 08:00:00 GMT", guid="now")
        world.web.says(FEED, rss(again))
        world.round()
    with world.record.read() as reader:
        assert {d.title: d.text[:12] for d in reader.documents()} == {t: text[:12] for t, text, _ in said}


def test_a_rewritten_entry_stays_one(make_world: MakeWorld) -> None:
    world = make_world()
    for title, text, hour in [
        ("Halden pumps recalled", "Two thousand garden pumps go back to the shops after a fire in a shed.", "08"),
        (
            "Fire: pumps go back",
            "After a fire in a garden shed Halden calls two thousand pumps back to the shops.",
            "09",
        ),
    ]:
        edited = item(URL, title, text, date=f"Fri, 20 Nov 2026 {hour}:00:00 GMT")
        world.web.says(FEED, rss(edited))
        world.round()
    with world.record.read() as reader:
        assert [d.title for d in reader.documents()] == ["Fire: pumps go back"]


def test_an_entry_and_an_edited_copy_of_it_are_one() -> None:
    first = make_entry(text="My Halden pump broke after two days, and the shop did not take it back from me.")
    edited = replace(first, text=f"{first.text} Update: they did.")
    other = replace(first, title="Another pump", text="A tent of theirs was torn by the wind on its first day.")
    assert shared_names(Reading("rss20", (first, edited))) == {}
    assert shared_names(Reading("rss20", (first, other))).keys() == {f"url {first.url}", f"id {first.own_id}"}


def test_a_site_that_moves_to_https_doubles_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item(URL, "Halden", "Halden pumps are recalled.", guid=URL)))
    world.round()
    secure = URL.replace("http:", "https:")
    world.web.says(FEED, rss(item(secure, "Halden", "Halden pumps are recalled.", guid=secure)))
    assert world.round().ingested.new_documents == 0
    assert stored(world).url == URL


def test_what_was_erased_under_http_does_not_come_back_under_https(make_world: MakeWorld) -> None:
    world = make_world()
    with world.record.write() as writer:
        writer.erase(url=URL, now=NOW)
    secure = URL.replace("http:", "https:")
    world.web.says(FEED, rss(item(secure, "Halden", "Halden pumps are recalled.")))
    assert world.round().ingested.erased == 1


def test_a_twin_without_a_date_is_the_article_that_it_names(make_world: MakeWorld) -> None:
    world = make_world(sources=[make_source(), make_source(id="map", kind="sitemap", url=MAP)])
    canonical = page("Halden pump", LONG).replace(b"<head>", f"<head><link rel='canonical' href='{URL}'>".encode())
    world.web.says(FEED, rss(teaser(URL, "Halden pump", "Short.")))
    world.web.says(MAP, b"<urlset><url><loc>http://blog.example/amp/one</loc></url></urlset>")
    world.web.says(URL, canonical)
    world.web.says("http://blog.example/amp/one", canonical)
    world.round()
    with world.record.read() as reader:
        assert reader.counts().documents == 1
    assert (stored(world).published_at, stored(world).text_is) == (TEN, TextIs.FULL)


def comment(number: int, **changes: object) -> Entry:
    made = Entry(f"{URL}#comment-{number}", text=f"My Halden broke too, number {number}.", author="Bo", parent=URL)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_comment_is_a_document_of_its_own_and_no_teaser(make_world: MakeWorld) -> None:
    world = make_world()
    capture = make_capture(url=URL, final_url=f"{URL}?page=2", role=Role.PAGE, item_id="page:x")
    origin = Origin(capture, make_source())
    made = world.reader.prepare(comment(7, text_is=TextIs.TEASER), origin, {})
    assert (made.document.url, made.document.parent) == (f"{URL}#comment-7", URL)
    assert (made.document.text_is, made.page_url, made.answer) == (TextIs.FULL, "", None)
    assert URL not in {key.value for key in made.keys}
    assert f"{URL}?page=2" not in {key.value for key in made.keys}


def test_a_comment_on_another_page_of_its_article_is_the_same_comment(make_world: MakeWorld) -> None:
    world = make_world()
    capture = make_capture(url=f"{URL}/comments/feed", final_url=f"{URL}/comments/feed")
    origin = Origin(capture, make_source())
    paged = comment(7, url=f"{URL}/comment-page-1#comment-7")
    names = [{key.value for key in world.reader.prepare(one, origin, {}).keys} for one in (comment(7), paged)]
    assert names[0] & names[1] == {f"{URL}#comment-7"}


def test_comments_without_an_address_of_their_own_are_told_apart_from_their_article(make_world: MakeWorld) -> None:
    world = make_world()
    origin = Origin(make_capture(url=URL, final_url=URL, role=Role.PAGE, item_id="page:x"), make_source())
    ids = {world.reader.prepare(comment(n, url=URL), origin, {}).document.id for n in (1, 2)}
    assert len(ids) == 2
    assert identity.document_id(URL) not in ids


def test_a_brand_that_stands_only_in_a_caption_is_found_at_the_end_of_the_text(make_world: MakeWorld) -> None:
    world = make_world()
    origin = Origin(make_capture(url=URL, final_url=URL, role=Role.PAGE, item_id="page:x"), make_source())
    made = world.reader.prepare(Entry(URL, text="It stopped.", captions=("The yard.", "A Halden pump.")), origin, {})
    assert made.document.text.split("\n") == ["It stopped.", "The yard.", "A Halden pump."]
    assert [write.verdict.brand_id for write in made.writes] == ["halden"]
