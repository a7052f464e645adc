"""Readers' comments below an article are documents of their own, whatever engine wrote the page."""

from __future__ import annotations

import pytest

from earshot.extract import comments, linked_data, markup
from earshot.extract.comments import Comment, take_comments
from earshot.extract.dates import DateReader
from earshot.extract.pages import read_page
from tests.builders import NOW
from tests.extract.feeds import article, page, page_capture

PAGE = "http://blog.example/posts/halden"
SAID = "My pump from Halden leaked after a week and the shop refused a refund."

WORDPRESS = (
    '<ol class="comment-list"><li id="comment-7" class="comment even depth-1"><article id="div-comment-7" '
    'class="comment-body"><footer class="comment-meta"><div class="comment-author vcard"><img class="avatar">'
    '<b class="fn"><a class="url" rel="external">Bo</a></b> <span class="says">says:</span></div>'
    f'<div class="comment-metadata"><a href="{PAGE}/#comment-7"><time datetime="2026-11-18T10:00:00+01:00">x</time></a>'
    "</div></footer>"
    f'<div class="comment-content"><p>{SAID}</p></div><div class="reply"><a class="comment-reply-link">Reply</a></div>'
    "</article>%s</li></ol>"
)
OLD_WORDPRESS = (
    '<ol class="commentlist"><li class="alt" id="comment-7"><cite><a href="http://bo.example">Bo</a></cite> dijo:<br>'
    '<small class="commentmetadata"><a href="#comment-7">November 18, 2026 at 10:00 am</a></small>'
    f"<p>{SAID}</p></li></ol>"
)
DRUPAL = (
    '<section class="comments"><article id="comment-7" class="comment js-comment"><footer class="comment__meta">'
    '<p class="comment__author"><span class="username">Bo</span></p>'
    '<p class="comment__time">18 November 2026, 10:00</p>'
    '<p class="comment__permalink"><a href="/posts/halden#comment-7">Permalink</a></p></footer>'
    f'<div class="content"><div class="field field--name-comment-body"><p>{SAID}</p></div></div></article></section>'
)
BLOGGER = (
    '<div id="comments"><ol><li class="comment" id="c8412345678901234567"><div class="comment-block">'
    '<div class="comment-header"><cite class="user">Bo</cite><span class="datetime">'
    f'<a href="{PAGE}?showComment=1#c8412345678901234567">18 November 2026 at 10:00</a></span></div>'
    f'<p class="comment-content">{SAID}</p></div></li></ol></div>'
)
DISCOURSE = (
    '<div itemscope itemtype="http://schema.org/DiscussionForumPosting"><div id="post_1" class="topic-body">'
    '<span itemprop="author" itemscope><span itemprop="name">Ada</span></span>'
    '<time datetime="2026-11-17T10:00:00Z"></time>'
    f'<div class="post" itemprop="text"><p>{SAID.replace("leaked", "sang")}</p></div></div>'
    '<div id="post_2" itemprop="comment" itemscope itemtype="http://schema.org/Comment" class="topic-body">'
    '<span itemprop="author" itemscope itemtype="http://schema.org/Person"><a itemprop="url" href="/u/bo">'
    '<span itemprop="name">Bo</span></a></span>'
    '<time itemprop="datePublished" datetime="2026-11-18T09:00:00Z">a day</time>'
    f'<div class="post" itemprop="text"><p>{SAID}</p></div></div></div>'
)
PHPBB = (
    '<div class="forumbg"><div id="p6" class="post bg2"><div class="postbody"><h3><a href="#p6">Pumps</a></h3>'
    '<p class="author">by <a class="username">Ada</a> » 17 Nov 2026, 10:00</p>'
    f'<div class="content">{SAID.replace("leaked", "sang")}</div></div></div>'
    '<div id="p7" class="post bg1"><div class="postbody"><h3><a href="#p7">Re: Pumps</a></h3><p class="author">by '
    '<a class="username">Bo</a> » <time datetime="2026-11-18T09:00:00+00:00">18 Nov 2026, 10:00</time></p>'
    f'<div class="content">{SAID}</div></div></div></div>'
)
XENFORO = (
    '<div class="block-body"><article class="message" data-author="Ada" id="js-post-6">'
    '<time datetime="2026-11-17T10:00:00+0100">17 Nov</time>'
    f'<div class="bbWrapper">{SAID.replace("leaked", "sang")}</div></article><article class="message message--post" '
    'data-author="Bo" id="js-post-7"><h4 class="message-name">Bo</h4>'
    '<time datetime="2026-11-18T10:00:00+0100">18 Nov</time>'
    f'<div class="message-content"><div class="bbWrapper">{SAID}</div></div></article></div>'
)
MICRODATA = (
    '<div itemprop="comment" itemscope itemtype="https://schema.org/UserComments" id="k7"><meta itemprop="creator" '
    'content="Bo"><meta itemprop="commentTime" content="2026-11-18T10:00:00+01:00">'
    f'<p itemprop="commentText">{SAID}</p></div>'
)
MICROFORMATS = (
    '<div class="u-comment h-cite" id="reply-7"><a class="u-author h-card">Bo</a><time class="dt-published" '
    f'datetime="2026-11-18T10:00:00+01:00">18 Nov</time><div class="p-content e-content">{SAID}</div></div>'
)
DISQUS = (
    '<div id="dsq-content"><ul id="dsq-comments"><li id="dsq-comment-7"><div class="dsq-comment-header">'
    '<cite id="dsq-cite-7"><span>Bo</span></cite></div><div class="dsq-comment-body"><div class="dsq-comment-message">'
    f"<p>{SAID}</p></div></div></li></ul></div>"
)
LINKED = """<script type="application/ld+json">{"@type": "NewsArticle", "comment": [{"@type": "Comment", "text": "SAID",
"dateCreated": "2026-11-18T10:00:00+01:00", "author": {"@type": "Person", "name": "Bo"}, "url": "#comment-7"}]}</script>
""".replace("SAID", SAID)
FORUMS = {'id="p6"': 'id="phpbb"', "bbWrapper": 'class="template-thread_view xenforo"'}


def take(body: str) -> tuple[tuple[Comment, ...], str]:
    attributes = next((name for mark, name in FORUMS.items() if mark in body), "")
    root = markup.parse_html(f"<html><body {attributes}>{article()}{body}</body></html>")
    assert root is not None
    found = take_comments(root, linked_data.things(root), PAGE, DateReader(NOW, "en"))
    return found, markup.read_tree(root, PAGE).text


@pytest.mark.parametrize(
    ("body", "fragment", "day"),
    [
        (WORDPRESS % "", "/#comment-7", "2026-11-18T10:00:00+01:00"),
        (OLD_WORDPRESS, "#comment-7", "2026-11-18T10:00:00"),
        (DRUPAL, "#comment-7", "2026-11-18T10:00:00"),
        (BLOGGER, "?showComment=1#c8412345678901234567", "2026-11-18T10:00:00"),
        (DISCOURSE, "#post_2", "2026-11-18T09:00:00+00:00"),
        (PHPBB, "#p7", "2026-11-18T09:00:00+00:00"),
        (XENFORO, "#js-post-7", "2026-11-18T10:00:00+01:00"),
        (MICRODATA, "#k7", "2026-11-18T10:00:00+01:00"),
        (MICROFORMATS, "#reply-7", "2026-11-18T10:00:00+01:00"),
        (DISQUS, "#dsq-comment-7", ""),
        (LINKED, "#comment-7", "2026-11-18T10:00:00+01:00"),
    ],
)
def test_a_comment_is_read_and_taken_out_of_the_page(body: str, fragment: str, day: str) -> None:
    (comment,), left = take(body)
    assert (comment.text, comment.author) == (SAID, "Bo")
    assert comment.url == f"{PAGE}{fragment}"
    assert (comment.stated.as_stated if comment.stated else "") == day
    assert SAID not in left
    assert "Paragraph 5" in left


def test_an_answer_to_a_comment_is_another_one() -> None:
    answer = (
        '<ul class="children"><li id="comment-8" class="comment depth-2"><cite class="fn">Ada</cite>'
        '<p>Mine too, alas.</p><p><a href="http://ada.example/#comment-9">See mine</a></p></li></ul>'
    )
    found, _ = take(WORDPRESS % answer)
    assert [(comment.author, comment.text) for comment in found] == [("Bo", SAID), ("Ada", "Mine too, alas.\nSee mine")]
    assert found[1].url == f"{PAGE}#comment-8"


@pytest.mark.parametrize("around", ["comments", "comments-wrapper", "comment-box", "comments comment-list"])
def test_what_holds_the_comments_is_none(around: str) -> None:
    one = '<%s class="comment"><cite>%s</cite><time datetime="2026-11-18"></time><div class="comment-box">%s</div></%s>'
    said = "".join(one % ("div", name, f"{name} says so.", "div") for name in ("Ada", "Bo"))
    found, left = take(f'<section class="{around}" id="comments"><h2>2 comments</h2>{said}<p>Say more</p></section>')
    assert [(comment.author, comment.text) for comment in found] == [("Ada", "Ada says so."), ("Bo", "Bo says so.")]
    assert "says so" not in left


def test_what_stands_in_markup_and_in_linked_data_is_one_comment() -> None:
    found, _ = take(DISQUS + LINKED)
    assert [(comment.author, comment.url) for comment in found] == [("Bo", f"{PAGE}#dsq-comment-7")]
    assert found[0].stated


@pytest.mark.parametrize(
    "body",
    [
        '<pre><code><span class="comment">// by Bo</span></code></pre>',
        '<ul><li class="recentcomments"><span class="comment-author-link">Bo</span> on x</li></ul>',
        '<div id="comments" class="comments-area"><h2>3 comments</h2></div>',
        '<div id="comments-3" class="widget"><h2>3 comments</h2></div>',
        '<div id="respond" class="comment-respond"><form><textarea name="comment"></textarea></form></div>',
        '<div class="comment-box"><p class="author">Name *</p><form><textarea></textarea></form><p>Be kind.</p></div>',
        '<div class="comment-count"><span class="date">18 November 2026</span> 3 comments</div>',
        '<li id="comment-7" class="pingback">Pingback: <a href="http://x.example">Elsewhere</a></li>',
        '<div itemscope itemtype="https://schema.org/FAQPage"><p itemscope itemtype="https://schema.org/Answer">x</p></div>',
        '<div id="c4711" class="frame"><span class="author">Bo</span><p>A part of the page.</p></div>',
    ],
)  # fmt: skip
def test_what_is_no_readers_word_is_no_comment(body: str) -> None:
    assert take(body)[0] == ()


def test_an_article_in_a_box_named_like_a_comment_stays() -> None:
    root = markup.parse_html(f'<div class="comment">{article()}<time>18 Nov</time></div>')
    assert root is not None
    assert take_comments(root, (), PAGE, DateReader(NOW)) == ()
    assert "Paragraph 5" in markup.read_tree(root, PAGE).text


def test_links_of_a_comment_are_kept() -> None:
    said = WORDPRESS.replace(SAID, f'{SAID} See <a href="/pump">this</a>.', 1)
    assert read_page(page_capture(PAGE), page(article() + said % "")).entries[1].links == ("http://blog.example/pump",)


def test_of_many_comments_the_newest_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "MAX_COMMENTS", 3)
    body = "".join(
        f'<li id="comment-{day}"><cite>Bo</cite><time datetime="2026-11-{day}"></time><p>Day {day}.</p></li>'
        for day in (14, 11, 13, 12, 10)
    )
    found, left = take(f"<ol>{body}</ol>")
    assert [comment.text for comment in found] == ["Day 14.", "Day 13.", "Day 12."]
    assert "Day" not in left


def test_the_dates_of_other_comments_tell_day_from_month() -> None:
    body = "".join(
        f'<li id="comment-{number}"><cite>Bo</cite><p class="date">On {date} at 9:02 AM</p><p>Said {number}.</p></li>'
        for number, date in enumerate(("07/03/2026", "07/31/2026"))
    )
    assert [one.stated and one.stated.as_stated for one in take(f"<ol>{body}</ol>")[0]] == [
        "2026-07-03T09:02:00",
        "2026-07-31T09:02:00",
    ]


def test_a_page_is_its_article_and_then_its_comments() -> None:
    said = page(article() + WORDPRESS % "", f'<link rel="canonical" href="{PAGE}">')
    entry, comment = read_page(page_capture(f"{PAGE}?from=feed"), said).entries
    assert SAID not in entry.text
    assert (comment.text, comment.author, comment.published_as) == (SAID, "Bo", "2026-11-18T10:00:00+01:00")
    assert (comment.url, comment.parent, comment.language) == (f"{PAGE}/#comment-7", PAGE, "en")
    assert (entry.parent, comment.title, comment.doubt) == ("", "", "")


@pytest.mark.parametrize("thread", [DISCOURSE, PHPBB, XENFORO])
def test_the_first_post_of_a_thread_is_the_page_and_the_others_answer_it(thread: str) -> None:
    attributes = next((name for mark, name in FORUMS.items() if mark in thread), "")
    body = f"<html lang=en><head><title>Pumps</title></head><body {attributes}><h1>Pumps</h1>{thread}</body></html>"
    entry, *posts = read_page(page_capture(PAGE), body.encode()).entries
    assert SAID.replace("leaked", "sang") in entry.text
    assert [(post.text, post.parent) for post in posts] == [(SAID, PAGE)]


def test_a_comment_without_an_address_is_the_same_one_each_time() -> None:
    body = page(article() + f'<div class="comment"><cite>Bo</cite><p>{SAID}</p></div>')
    one, other = (read_page(page_capture(PAGE), body).entries[1] for _ in range(2))
    assert one.url == ""
    assert one.own_id == other.own_id != ""
