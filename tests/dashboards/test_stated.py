"""Days as their sources stated them, comments under their articles, and pages that were not the article."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import httpx

from earshot import identity
from earshot.model import Outcome, Role, Sentiment
from earshot.ports import FrontierPage
from tests.dashboards import seed
from tests.dashboards.serving import app_of, serving

ARTICLE = "https://notes.example/kettles"
SITE = seed.SITES[0]
BRAND = seed.BRANDS[0].id


def test_days_comments_and_other_pages_are_shown_as_what_they_are(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1)
    at = seed.NOW - timedelta(hours=30)
    made = seed.make_document(ARTICLE, SITE, at, "Kettles recalled", "The kettles are recalled.", "Ada")
    article = dataclasses.replace(made, published_as=f"{at:%Y-%m-%d}")
    made = seed.make_document(f"{ARTICLE}#comment-7", SITE, at, "", "Mine leaks too.", "Bo")
    comment = dataclasses.replace(made, parent=ARTICLE, published_as="2026-11-18T23:30:00-05:00")
    on_article, on_comment = seed.add(world, [(each, BRAND, Sentiment.NEGATIVE, {}) for each in (article, comment)])
    with world.record.write() as writer:
        for number, outcome in enumerate([Outcome.NOT_THE_ARTICLE, Outcome.NOT_THE_ARTICLE, Outcome.OK]):
            name = identity.digest("page", str(number))
            writer.add_pages([FrontierPage(name, f"{ARTICLE}/{number}", Role.PAGE, SITE[0], at)])
            writer.end_page(name, outcome, "sign-in form" if number < 2 else "", seed.NOW, None)
    with serving(app_of(world)) as url, httpx.Client(base_url=url) as client:
        page = client.get(f"/mentions/{on_comment.id}").text
        assert f'Comment on: <a href="/mentions/{on_article.id}' in page
        assert "stated as 18 Nov 2026, 23:30 (UTC-05:00)" in page
        day = f'<time datetime="{at:%Y-%m-%d}" title="The source names the day and no time">{at.day} '
        assert day in client.get(f"/mentions/{on_article.id}").text
        assert "<span>comment</span>" in client.get("/mentions?range=all").text
        assert "2 of 3 were not the article: sign-in form 2." in client.get(f"/sources/{SITE[0]}").text
    world.record.close()
