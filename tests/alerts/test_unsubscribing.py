"""The link that stops a person's mails: found by whoever has it, made by nobody else, and in every mail."""

from __future__ import annotations

from pathlib import Path

from earshot.alerts.letters import Letter
from earshot.alerts.render import AlertRenderer
from earshot.alerts.unsubscribing import ALERTS, BRIEF, Unsubscribing
from earshot.config.settings import MailSettings, Settings
from tests.alerts.scene import Scene
from tests.alerts.test_render import DELIVERY, SETTINGS, telling
from tests.builders import make_brand, make_recipient, make_rule

MARA, TOM = make_recipient(), make_recipient(address="tom@example.org")
BRANDS = (make_brand(recipients=(MARA, TOM)), make_brand(id="brewlane", recipients=(MARA,), rules=()))
LINKS = Unsubscribing(lambda: "key", "https://earshot.example.org/")


def test_a_link_leads_to_its_person_brand_and_mails() -> None:
    for address, brand, mails in (("mara@example.org", 0, ALERTS), ("tom@example.org", 0, BRIEF)):
        link = LINKS.link(address, BRANDS[brand].id, mails)
        found = LINKS.find(link.rpartition("/")[2], BRANDS)
        assert found is not None
        assert (found.address, found.brand, found.mails) == (address, BRANDS[brand], mails)
        assert address.partition("@")[0] not in link


def test_a_link_of_another_key_or_of_somebody_gone_leads_nowhere() -> None:
    other = Unsubscribing(lambda: "other", "https://earshot.example.org")
    assert LINKS.find(other.token("mara@example.org", "halden", ALERTS), BRANDS) is None
    assert LINKS.find(LINKS.token("gone@example.org", "halden", ALERTS), BRANDS) is None
    assert LINKS.find("", BRANDS) is None


def test_a_mail_offers_one_click_where_the_pages_can_be_reached_and_a_mail_address_always() -> None:
    letter = Letter(DELIVERY, make_recipient(), (telling(),))
    link = LINKS.link("mara@example.org", "halden", ALERTS)
    message = AlertRenderer(SETTINGS, LINKS).render(letter)
    headers = dict(message.headers)
    assert headers["List-Unsubscribe"].startswith(f"<{link}>, <mailto:alerts@example.org?")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in message.text
    assert link in message.html
    private = Settings(mail=MailSettings(sender="alerts@example.org"))
    headers = dict(AlertRenderer(private, Unsubscribing(lambda: "key", "")).render(letter).headers)
    assert headers["List-Unsubscribe"].startswith("<mailto:")
    assert "List-Unsubscribe-Post" not in headers


def test_who_unsubscribed_while_a_mail_was_on_its_way_does_not_get_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, brands=(make_brand(rules=(make_rule(),)),)).begin()
    scene.flag(1)
    scene.inbox.fail["*"] = [_busy()]
    assert scene.alert().postponed == 1
    with scene.record.write() as writer:
        writer.unsubscribe("mara@example.org", "halden", ALERTS, scene.clock.now())
    scene.clock.advance(hours=1)
    assert scene.alert().dead == 1
    assert scene.reasons() == ["the recipient has unsubscribed"]
    assert scene.inbox.taken == []
    scene.record.close()


def _busy() -> Exception:
    from tests.alerts.scene import temporary

    return temporary()
