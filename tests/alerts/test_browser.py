"""The mail in a real browser: fits a phone, and can be read in light and dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from earshot.alerts.letters import Flagged
from earshot.alerts.samples import samples
from earshot.briefs import Ranked, Volume
from earshot.config.settings import MailSettings, Settings
from earshot.model import Message, Severity
from tests.alerts import test_brief_mail as brief
from tests.alerts.test_render import render, telling
from tests.builders import FakeClock, make_flag, make_mention

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]

# Contrast of every visible text against what is painted behind it. Source: WCAG 2.2, success criterion 1.4.3.
LOWEST_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  let worst = [99, ""];
  for (const e of document.body.querySelectorAll("td, a, b, u, mark, span")) {
    const own = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join("");
    if (!own || own === "\\u00a0") continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, own.slice(0, 40)];
  }
  return worst;
}"""


def mails() -> list[Message]:
    settings = Settings(mail=MailSettings(sender="Earshot <alerts@example.org>"))
    word = "Donaudampfschifffahrtsgesellschaft" * 9
    long = telling(
        title=word, text=f"{word} broke {word}", url=f"http://blog.example/{word}", flag=make_flag(words=(word,))
    )
    hard = brief.render(
        Flagged(brief.told(1), word, make_mention(title=word, site=word)),
        incidents=(brief.told(1),),
        opened={Severity.WARNING: 1_200_300},
        now=Volume(negative=1_200_300, neutral=12, positive=3),
        sites=(Ranked(name=word, count=1_200_300, before=7),),
        voices=(Ranked(name="halden", count=1_200_300, before=1), Ranked(name="other", count=0, before=5)),
        hours=brief.UNHEARD.model_copy(update={"gaps": (brief.GAP,) * 6}),
        brands={"other": word},
    )
    return [*samples("mara@example.org", settings, FakeClock()), render(long), hard, brief.render()]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 700])
def test_a_mail_fits_and_can_be_read(chromium: Any, scheme: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for message in mails():
        page.set_content(message.html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, message.subject
        contrast, text = page.evaluate(LOWEST_CONTRAST)
        assert contrast >= 4.5, (message.subject, scheme, text)
        is_dark = (
            page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(26, 33, 42)"
        )
        assert is_dark == (scheme == "dark")
    assert asked == []
    page.close()
