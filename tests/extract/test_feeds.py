"""What feeds of every dialect say."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from earshot.errors import SourceError
from earshot.extract.feeds import read_feed
from earshot.model import DateFrom, Outcome, TextIs
from tests.extract.feeds import LONG, atom, feed_capture, item, rss


def read(body: bytes, **changes):
    return read_feed(feed_capture(**{"headers": {}, **changes}), body)


def declared(encoding: str, title: str, real: str) -> bytes:
    """A feed that declares one charset and is written in another."""
    body = rss(item(title=title)).decode()
    return body.replace("?>", f' encoding="{encoding}"?>', 1).encode(real)


RDF = b"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://blog.example/"><title>t</title></channel>
<item rdf:about="http://blog.example/r"><title>Pump</title><link>http://blog.example/r</link>
<dc:date>2026-11-19T10:00:00+01:00</dc:date><dc:creator>Ada</dc:creator></item></rdf:RDF>"""
ATOM_ENTRY = (
    "<title>Pump</title><id>tag:blog.example,2026:1</id><link href='http://blog.example/r'/>"
    "<updated>2026-11-19T09:00:00Z</updated><author><name>Ada</name></author>"
)


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (rss("<title>Pump</title><link>http://blog.example/r</link>", version="0.91"), "rss091u"),
        (rss("<title>Pump</title><link>http://blog.example/r</link>", version="0.92"), "rss092"),
        (rss("<title>Pump</title><link>http://blog.example/r</link>", version="2.0"), "rss20"),
        (RDF, "rss10"),
        (atom(ATOM_ENTRY), "atom10"),
        (atom(ATOM_ENTRY, attributes='version="0.3"').replace(b"www.w3.org/2005/Atom", b"purl.org/atom/ns#"), "atom03"),
    ],
)
def test_every_dialect_gives_its_entry(body, form):
    reading = read(body)
    assert reading.form == form
    assert [(e.url, e.title) for e in reading.entries] == [("http://blog.example/r", "Pump")]


@pytest.mark.parametrize("body", [RDF, atom(ATOM_ENTRY)])
def test_author_and_date_are_read_in_utc(body):
    (entry,) = read(body).entries
    assert entry.author == "Ada"
    assert entry.published_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert entry.published_from is DateFrom.FEED


def test_relative_links_and_images_are_resolved_against_the_answering_address():
    body = rss(item(link="/one", text=f'<img src="p.png"><a href="../two">x</a>{LONG}'))
    (entry,) = read(body, final_url="http://other.example/blog/feed.xml").entries
    assert entry.url == "http://other.example/one"
    assert entry.images == ("http://other.example/blog/p.png",)
    assert entry.links == ("http://other.example/two",)


def test_xml_base_goes_before_the_answering_address():
    entry_xml = "<title>t</title><link href='a'/><content type='html'>&lt;img src='b.png'&gt;x</content>"
    (entry,) = read(atom(entry_xml, attributes='xml:base="http://base.example/x/"')).entries
    assert entry.url == "http://base.example/x/a"
    assert entry.images == ("http://base.example/x/b.png",)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "http://[bad"])
def test_links_of_other_schemes_are_no_links(link):
    (entry,) = read(rss(item(link=link, text=f'<a href="{link}">x</a><img src="{link}">'))).entries
    assert entry.url == ""
    assert entry.links == entry.images == ()


def full(html: str) -> str:
    return f"<content:encoded><![CDATA[{html}]]></content:encoded>"


def test_full_text_goes_before_the_description():
    more = full("<p>The pump stopped.</p><p>Nobody knows <b>why</b>.</p><script>bad()</script>")
    (entry,) = read(rss(item(text="A summary", more=more))).entries
    assert entry.text == "The pump stopped.\nNobody knows why."
    assert entry.text_is is TextIs.FULL


ITUNES = 'xmlns:i="http://www.itunes.com/dtds/podcast-1.0.dtd"'
SUMMARY = "Three pumps of Halden stopped within a week, and readers wrote to us about it. " * 4


@pytest.mark.parametrize(
    "more",
    [
        full("<p>Photo: town archive</p>"),
        full("<figure><img src='/p.jpg'><figcaption>A pump. The pump stands in a hall.</figcaption></figure>"),
        full("<p>The post <a href='/one'>A title</a> appeared first on <a href='/'>A blog</a>.</p>"),
        full("<p>Der Beitrag <a href='/one'>A title</a> erschien zuerst auf <a href='/'>A blog</a>.</p>"),
        "<media:description>A picture of the pump. It stands in the hall, and it is blue.</media:description>",
        2 * "<media:content url='/p.jpg'><media:description type='plain'>A hall.</media:description></media:content>",
        full("<p>Too short to be it.</p>") + f"<i:summary {ITUNES}>Short.</i:summary>",
    ],
)
def test_what_is_shorter_than_the_summary_beside_it_is_no_full_text(more):
    (entry,) = read(rss(item(text=SUMMARY, more=more))).entries
    assert entry.text == SUMMARY.strip()
    assert entry.text_is is TextIs.TEASER


def test_a_caption_longer_than_the_summary_is_still_no_text():
    caption = f"<figure><img src='/p.jpg'><figcaption>{LONG[:180]}</figcaption></figure>"
    (entry,) = read(rss(item(text="Three pumps stopped within a week.", more=full(caption)))).entries
    assert (entry.text, entry.text_is) == ("Three pumps stopped within a week.", TextIs.TEASER)
    assert entry.images == ("http://blog.example/p.jpg",)


def test_a_caption_alone_in_the_element_for_the_full_text_lets_the_page_be_asked_for():
    (entry,) = read(rss(item(text="", more=full("<p>Photo: town archive</p>")))).entries
    assert (entry.text, entry.text_is) == ("Photo: town archive", TextIs.TEASER)


def test_a_sentence_in_the_element_for_the_full_text_is_whole_though_it_names_the_title():
    for said in ("Halden makes tents.", "<a href='/x'>Halden makes tents</a>. The tents of Halden are new."):
        (entry,) = read(rss(item(title="Halden", text="", more=full(f"<p>{said}</p>")))).entries
        assert entry.text_is is TextIs.FULL


def test_a_picture_described_is_the_text_where_there_is_no_other():
    more = "<media:group><media:description>A film about the pump of Halden.</media:description></media:group>"
    assert read(rss(item(text="", more=more))).entries[0].text == "A film about the pump of Halden."


def test_a_summary_that_only_repeats_the_full_text_does_not_make_it_a_teaser():
    more = full("".join(f"<p>{part}.</p>" for part in LONG.split(". ")[:3]))
    (entry,) = read(rss(item(text=f"{LONG[:290]} Subscribe to our letter!", more=more))).entries
    assert entry.text_is is TextIs.FULL


def test_a_short_description_with_a_link_is_a_teaser_and_the_reading_says_why():
    reading = read(rss(item(text="Only the beginning.")))
    assert reading.entries[0].text_is is TextIs.TEASER
    assert reading.warnings[0] == "1 of 1 entries are teasers: a short text and no element for the full one"


def test_entry_without_link_and_id_is_known_by_its_words_and_stays_the_same():
    body = rss(item(title="Note", link="", text="Halden broke"), item(title="Note", link="", text="Halden works"))
    first, again = read(body).entries, read(body).entries
    assert [e.own_id for e in first] == [e.own_id for e in again]
    assert len({e.own_id for e in first}) == 2
    assert all(e.own_id.startswith("content:") and e.url == "" for e in first)


def test_two_entries_that_share_a_link_keep_their_own_ids():
    body = rss(*(item(more=f'<guid isPermaLink="false">g{n}</guid>') for n in (1, 2)))
    assert [(e.url, e.own_id) for e in read(body).entries] == [
        ("http://blog.example/one", "g1"),
        ("http://blog.example/one", "g2"),
    ]


def test_a_bare_guid_is_no_link():
    (entry,) = read(rss("<guid>4711</guid><title>t</title>")).entries
    assert (entry.url, entry.own_id) == ("", "4711")


def test_a_permalink_guid_is_the_link():
    (entry,) = read(rss("<guid>http://blog.example/p</guid><title>t</title>")).entries
    assert entry.url == "http://blog.example/p"


def test_the_fragment_of_a_comment_stays_and_a_comment_is_whole():
    (entry,) = read(rss(item(link="http://blog.example/one#comment-7", text="Me too"))).entries
    assert entry.url == "http://blog.example/one#comment-7"
    assert entry.text_is is TextIs.FULL


def test_the_date_is_kept_as_stated_beside_its_moment():
    body = rss(item(more="<pubDate>Sun, 29 Nov 2026 23:30:00 -0500</pubDate>"))
    (entry,) = read(body).entries
    assert (entry.published_at, entry.published_as) == (
        datetime(2026, 11, 30, 4, 30, tzinfo=UTC),
        "2026-11-29T23:30:00-05:00",
    )


def test_a_date_that_can_be_read_in_two_ways_is_absent_until_another_one_shows_the_order():
    either = item(more="<pubDate>05/11/2026 10:00</pubDate>")
    assert read(rss(either)).entries[0].published_at is None
    shown = rss(either, item(link="/two", more="<pubDate>23/10/2026 10:00</pubDate>"))
    assert read(shown).entries[0].published_at == datetime(2026, 11, 5, 10, tzinfo=UTC)
    other = rss(either, head="<lastBuildDate>11/25/2026 10:00</lastBuildDate>")
    assert read(other).entries[0].published_at == datetime(2026, 5, 11, 10, tzinfo=UTC)


def test_a_date_in_words_is_read_in_the_feeds_language():
    body = rss(item(more="<pubDate>7 listopada 2026, 18:30</pubDate>"))
    assert read(body).entries[0].published_at is None  # November in Polish, October in Croatian
    named = {
        code: read(body.replace(b"<link>http://blog", f"<language>{code}</language><link>http://blog".encode(), 1))
        for code in ("pl", "hr")
    }
    assert [reading.entries[0].published_as for reading in named.values()] == [
        "2026-11-07T18:30:00",
        "2026-10-07T18:30:00",
    ]


def test_many_dates_that_nobody_understands_cost_little_and_spoil_none():
    strange = (item(link=f"/{n}", more=f"<pubDate>29 {'qx' * (n + 1)} 2026</pubDate>") for n in range(600))
    last = item(link="/last", more="<pubDate>Sun, 29 Nov 2026 10:00:00 GMT</pubDate>")
    started = time.process_time()
    entries = read(rss(*strange, last)).entries
    assert time.process_time() - started < 3
    assert entries[-1].published_as == "2026-11-29T10:00:00+00:00"


THREAD = 'xmlns:thr="http://purl.org/syndication/thread/1.0"'


@pytest.mark.parametrize(
    ("link", "more", "parent"),
    [
        ("/one#comment-7", "", "http://blog.example/one"),
        ("/one?p=3#li-comment-7", "", "http://blog.example/one?p=3"),
        ("/one#c4711", "", "http://blog.example/one"),
        ("/one#chapter-2", "", ""),
        ("/c9", f'<thr:in-reply-to {THREAD} ref="urn:1" href="/one"/>', "http://blog.example/one"),
        ("/c9", f'<thr:in-reply-to {THREAD} ref="http://blog.example/one"/>', "http://blog.example/one"),
        ("/c9", f'<thr:in-reply-to {THREAD} ref="post-1"/>', "http://blog.example/post"),
        ("/c9", f'<thr:in-reply-to {THREAD} ref="urn:unknown"/>', ""),
    ],
)
def test_a_comment_names_the_article_that_it_answers(link, more, parent):
    article = item(link="/post", more='<guid isPermaLink="false">post-1</guid>')
    answered, comment = read(rss(article, item(link=link, text="Me too …", more=more))).entries
    assert (answered.parent, comment.parent) == ("", parent)
    assert comment.text_is is (TextIs.FULL if parent or "#" in link else TextIs.TEASER)


@pytest.mark.parametrize("declared", ["Mon, 01 Jan 0001 00:00:00 +0000", "Fri, 01 Jan 2999 00:00:00 GMT", "soon",
    "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 10000 00:00:00 GMT", ""])  # fmt: skip
def test_dates_that_cannot_be_true_are_absent(declared):
    reading = read(rss(item(more=f"<pubDate>{declared}</pubDate>")))
    assert reading.entries[0].published_at is None
    assert reading.entries[0].published_from is DateFrom.FOUND
    assert reading.oldest_at is None


def test_oldest_at_is_the_oldest_date():
    dates = ("Thu, 19 Nov 2026 10:00:00 GMT", "Wed, 18 Nov 2026 10:00:00 +0200", "nonsense")
    reading = read(rss(*(item(more=f"<pubDate>{date}</pubDate>") for date in dates)))
    assert reading.oldest_at == datetime(2026, 11, 18, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("<ttl>30</ttl>", 1800),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800),
        ("<sy:updatePeriod> daily </sy:updatePeriod>", 86_400),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 3600),
        ("", None),
    ],
)
def test_update_period(head, seconds):
    assert read(rss(item(), head=head)).update_period_s == seconds


def test_language_of_feed_and_entry():
    assert read(rss(item(), head="<language>de-AT</language>")).entries[0].language == "de"
    assert read(atom("<title xml:lang='fr'>t</title>")).entries[0].language == "fr"


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("<b>Bold</b> pump", "Bold pump"),
        ("&lt;b&gt;Bold&lt;/b&gt; pump", "Bold pump"),
        ("a < b", "a < b"),
        ("&#8220;Quoted&#8221;", "“Quoted”"),
        ("Why <Halden> is written in brackets", "Why <Halden> is written in brackets"),
        ("The <dl> element, explained", "The <dl> element, explained"),
        ("List<String> or <em>nothing</em>", "List<String> or nothing"),
        ('<span class="kicker">Pumps</span> stop<br/>', "Pumps stop"),
        ("R&D at AT&T: what &notify means", "R&D at AT&T: what &notify means"),
    ],
)
def test_markup_in_titles_is_taken_off_and_words_in_brackets_stay(written, title):
    assert read(rss(item(title=written))).entries[0].title == title


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("&lt;p&gt;Halden is &lt;b&gt;late&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Again.&lt;/p&gt;", "Halden is late.\nAgain."),
        ("Halden is &lt;em&gt;late&lt;/em&gt; &amp;amp; closed", "Halden is late & closed"),
        ("<div>&lt;p&gt;Halden is late.&lt;/p&gt;</div>", "Halden is late."),
        ("<p>Halden&amp;nbsp;is &amp;#8220;late&amp;#8221;</p>", "Halden is “late”"),
        ("Use the &lt;p&gt; element", "Use the <p> element"),
        ("<pre>&lt;p&gt;x&lt;/p&gt;</pre><p>is a paragraph</p>", "<p>x</p>\nis a paragraph"),
        ("<p>Mail <ada@blog.example> about <Halden></p>", "Mail <ada@blog.example> about <Halden>"),
        ("How the <title> element came to Halden", "How the <title> element came to Halden"),
        ("<p>In a <o:p>word</o:p> <my-box>file</my-box></p>", "In a word file"),
    ],
)
def test_texts_escaped_twice_and_words_in_brackets(written, text):
    assert read(rss(item(text=written))).entries[0].text == text


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("<author>ada@quill.example (Ada Lund)</author>", "Ada Lund"),
        ("<author>Ada Lund (ada@quill.example)</author>", "Ada Lund"),
        ("<author>Ada Lund &lt;ada@quill.example&gt;</author>", "Ada Lund"),
        ('<author>"Lund, Ada" &lt;mailto:ada@quill.example&gt;</author>', "Lund, Ada"),
        ("<author>ada@quill.example</author>", "ada@quill.example"),
        ("<author>ada@quill.example (Ada Lund), bo@quill.example (Bo Ek)</author>", "Ada Lund, Bo Ek"),
        ("<author>Ada Lund (Desk)</author>", "Ada Lund (Desk)"),
        ("<dc:creator>Ada Lund</dc:creator><dc:creator>Bo Ek</dc:creator>", "Ada Lund, Bo Ek"),
    ],
)
def test_authors_are_names_and_addresses_only_where_nothing_else_is_known(written, author):
    assert read(rss(item(more=written))).entries[0].author == author


def test_an_atom_author_is_the_name_beside_the_address():
    author = "<author><name>Ada Lund</name><email>ada@quill.example</email></author>"
    assert read(atom(f"<title>t</title>{author}")).entries[0].author == "Ada Lund"


def test_atom_plain_text_is_not_taken_for_markup():
    (entry,) = read(atom("<title>if a &lt;b&gt; c</title><content type='text'>x &lt;i&gt; y</content>")).entries
    assert entry.text == "x <i> y"


def test_counts_that_a_feed_gives_are_engagement():
    more = "<slash:comments>12</slash:comments>"
    assert read(rss(item(more=more))).entries[0].engagement == {"comments": 12}


def test_pictures_of_media_rss_and_enclosures_are_images():
    more = (
        '<media:content url="http://i.example/a.jpg" medium="image"/><media:thumbnail url="http://i.example/b.jpg"/>'
        '<enclosure url="http://i.example/c.png" type="image/png" length="1"/>'
        '<enclosure url="http://i.example/d.mp3" type="audio/mpeg" length="1"/>'
    )
    images = read(rss(item(more=more))).entries[0].images
    assert set(images) == {"http://i.example/a.jpg", "http://i.example/b.jpg", "http://i.example/c.png"}


def test_the_publishers_link_goes_before_the_one_of_a_feed_service():
    more = "<feedburner:origLink>http://blog.example/real</feedburner:origLink>"
    assert read(rss(item(link="http://feeds.example/~r/1", more=more))).entries[0].url == "http://blog.example/real"


ALTERNATE = "<link rel='alternate' type='text/html' href='/page'/>"
IANA = "http://www.iana.org/assignments/relation/alternate"


@pytest.mark.parametrize(
    "links",
    [
        f"{ALTERNATE}<link rel='enclosure' type='image/jpeg'>http://blog.example/p.jpg</link>",
        f"<link rel='alternate' type='application/json' href='/page.json'/>{ALTERNATE}",
        f"<link rel='self' href='/self'/><link rel='replies' href='/replies'/>{ALTERNATE}",
        f"<link rel='{IANA}' href='/page'/><link rel='enclosure' href='/p.mp3'/>",
        "<link href='/page'/>",
    ],
)
def test_the_link_of_an_entry_is_the_page_it_names_whatever_else_it_links(links):
    (entry,) = read(atom(f"<title>t</title><id>urn:x</id>{links}")).entries
    assert entry.url == "http://blog.example/page"


@pytest.mark.parametrize(
    "link",
    ["<link>\n http://blog.example/page \n</link>", "<link><![CDATA[//blog.example/page]]></link>",
     "<link>www.blog.example/page</link>", "<link href='/page'/>", "<guid>http://blog.example/page</guid>",
     "<link/><a:link xmlns:a='http://www.w3.org/2005/Atom' rel='alternate' href='/page'/>"],
)  # fmt: skip
def test_the_link_of_an_item_however_it_is_written(link):
    url = read(rss(f"<title>t</title>{link}")).entries[0].url
    assert url.replace("//www.", "//") == "http://blog.example/page"


def test_an_episode_without_a_page_is_its_file_and_whole():
    more = "<enclosure url='/cover.jpg' type='image/jpeg' length='9'/><guid isPermaLink='false'>cast-12</guid>"
    more += "<enclosure url='/ep12.mp3' type='audio/mpeg' length='9'/>"
    (entry,) = read(rss(item(link="", text="We talk about the pump of Halden.", more=more))).entries
    assert (entry.url, entry.own_id) == ("http://blog.example/ep12.mp3", "cast-12")
    assert entry.text_is is TextIs.FULL  # no page holds more


@pytest.mark.parametrize("inner", ["http://localhost:8080", "http://127.0.0.1", "https://10.0.3.7", "http://web01"])
def test_links_to_the_sites_own_machine_are_read_at_the_feeds_host_and_told(inner):
    body = rss(item(link=f"{inner}/one?a=1"), item(link="http://other.example/two"))
    reading = read(body, final_url="https://blog.example/feed")
    assert [entry.url for entry in reading.entries] == ["https://blog.example/one?a=1", "http://other.example/two"]
    assert any("1 of 2 entries link to a machine that only the site itself" in note for note in reading.warnings)
    at_home = read(body, final_url="http://127.0.0.1:9000/feed")
    assert at_home.entries[0].url == f"{inner}/one?a=1"


@pytest.mark.parametrize("junk", [b"\n\n  ", b"<!-- cached -->\n", b"Warning: include() failed\n", b"\xef\xbb\xbf \n"])
def test_junk_before_the_declaration_costs_no_entry(junk):
    assert len(read(junk + rss(item(), item(link="/two"))).entries) == 2


def test_a_broken_declaration_costs_no_entry():
    broken = b"<!-- a --><!-- b --><?xml version='1.0' encoding='utf-8' <rss version='2.0'><channel>"
    assert len(read(broken + f"<item>{item()}</item></channel></rss>".encode()).entries) == 1


def test_truncated_xml_keeps_its_good_entries_and_says_so():
    whole = rss(item(), item(link="/two"), item(link="/three"))
    reading = read(whole[: whole.rindex(b"<item>") + 40])
    assert [e.url for e in reading.entries][:2] == ["http://blog.example/one", "http://blog.example/two"]
    assert any("not well-formed" in warning for warning in reading.warnings)


def test_a_valid_feed_without_entries_is_a_reading_without_entries():
    reading = read(rss())
    assert (reading.form, reading.entries) == ("rss20", ())


def test_an_item_of_a_feed_may_hold_nothing_at_all():
    (entry,) = read(rss("")).entries
    assert (entry.url, entry.title, entry.text) == ("", "", "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no body"),
        (b"  \n ", "no body"),
        (b"<html><head><title>Log in</title></head><body><input type='password'></body></html>", "asks for a password"),
        (b"<!DOCTYPE html><title>404</title><p>not here", "titled “404”"),
        (b"%PDF-1.7 ...", "a PDF file"),
        (b"just words", "begins with “just words”"),
        (b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>', "kind: sitemap"),
    ],
)
def test_what_is_no_feed_is_named(body, words):
    with pytest.raises(SourceError) as caught:
        read(body)
    assert caught.value.outcome == Outcome.NOT_A_FEED
    assert words in caught.value.reason


def test_a_page_that_announces_feeds_tells_their_addresses():
    head = '<link rel="alternate" type="application/rss+xml" href="/feed.xml"><link rel="stylesheet" href="/x.css">'
    with pytest.raises(SourceError, match=r"announces http://blog\.example/feed\.xml$"):
        read(f"<html><head><title>Blog</title>{head}</head></html>".encode())


@pytest.mark.parametrize(
    ("body", "kind", "title"),
    [
        (rss(item(title="café")).decode().encode("latin-1"), "application/rss+xml; charset=utf-8", "café"),
        (rss(item(title="café")), "text/xml; charset=iso-8859-1", "café"),
        (rss(item(title="pump")), "application/xml; charset=bogus-9", "pump"),
        (rss(item(title="pump")).decode().encode("utf-16"), "application/xml", "pump"),
        (rss(item(title="pump")).decode().encode("utf-32-le"), "application/xml", "pump"),
        (declared("utf-8", "“q”", "cp1252"), "text/xml", "“q”"),
        (b"\n\n" + declared("windows-1251", "Насос течёт", "cp1251"), "text/xml", "Насос течёт"),
        (declared("utf-8", "Насос опять течёт", "cp1251"), "text/xml; charset=utf-8", "Насос опять течёт"),
        (declared("utf-16", "pump", "utf-8"), "text/xml", "pump"),
    ],
)
def test_charset_lies_cost_no_entry(body, kind, title):
    (entry,) = read(body, headers={"content-type": kind}).entries
    assert entry.title == title


def test_a_charset_that_was_not_the_declared_one_is_told():
    body = declared("utf-8", "Насос опять течёт", "cp1251")
    assert "its charset is not utf-8 as declared but cp1251" in read(body).warnings


@pytest.mark.parametrize("sign", ["\x07", "\x00", "&#x1b;", "&#0;", "&#xFFFF;", "&#999999;", "&#9999999;"])
def test_signs_that_xml_does_not_have_break_no_feed(sign):
    reading = read(rss(item(title="one", link="/1"), f"<title>two{sign}</title><link>/2</link>"))
    assert [entry.title[:3] for entry in reading.entries] == ["one", "two"]
    assert not any("not well-formed" in warning for warning in reading.warnings)


def test_small_entities_of_the_feed_itself_are_read():
    declared = b'<!DOCTYPE rss [<!ENTITY firm "Halden">]>'
    body = rss("<title>&firm; pump</title>").replace(b"<rss", declared + b"<rss", 1)
    assert "pump" in read(body).entries[0].title


@pytest.mark.parametrize("reference", ["&#xD800;", "&#55296;", "&#xdfff;"])
def test_a_lone_surrogate_never_raises(reference):
    (entry,) = read(rss(f"<title>a{reference}b</title>")).entries
    entry.title.encode("utf-8")


def test_external_entities_open_nothing(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    declared = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>'.encode()
    body = rss("<title>a&x;b</title>").replace(b"<rss", declared + b"<rss", 1)
    assert "hidden" not in str(read(body))
