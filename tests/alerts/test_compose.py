"""Headers: nothing from outside becomes a header, a recipient or a command, on the interpreter that runs this."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earshot.alerts.compose import to_bytes
from earshot.alerts.plain import is_unsafe, one_line, paragraphs, shorten
from earshot.errors import MailError
from tests.builders import NOW
from tests.ports.mailer import make_message

INJECTIONS = (
    "hit\r\nBcc: victim@example.org",
    "hit\nBcc: victim@example.org",
    "hit\rBcc: victim@example.org",
    "=?utf-8?q?hit=0D=0ABcc=3A_victim=40example=2Eorg?=",
    "=?utf-8?b?aGl0DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw==?=",
    "=?utf-8?q?a?= =?utf-8?q?=0ABcc:_x=40example.org?=",
    "=?utf-16?q?=00=0A=00B?=",
    "hit\u2028Bcc: q@example.org",
    "hit\x85Bcc: q@example.org",
    "\u202egro.elpmaxe@mitciv\u202c",
    "hit\x00\x1b[31m",
    "\r\n\r\n<script>alert(1)</script>",
    "x" * 3000,
    "=?utf-8?q?" + "=0D=0A" * 500 + "?=",
)
HOSTILE = st.one_of(
    st.sampled_from(INJECTIONS),
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            ["=?", "utf-8", "?q?", "?b?", "=0D=0A", "?=", "\r\n", "\n", "Bcc: x@example.org", " ", "é", "DQo="]
        ),
        max_size=14,
    ).map("".join),
)
CALM = settings(deadline=None)
NAMES = ["From", "To", "Subject", "Message-ID", "Date", "MIME-Version", "Content-Type"]


def headers(raw: bytes) -> list[str]:
    return list(message_from_bytes(raw, policy=policy.compat32).keys())


@CALM
@given(HOSTILE)
@example(INJECTIONS[3])
def test_a_cleaned_title_is_one_subject_and_nothing_else(title: str) -> None:
    subject = one_line(f"[Halden] Warning: {title}", 110)
    raw = to_bytes(make_message(subject=subject), NOW)
    assert headers(raw) == NAMES
    mail = message_from_bytes(raw, policy=policy.default)
    assert [address.addr_spec for address in mail["to"].addresses] == ["mara@example.org"]
    # the library may lose a space where it folds text between encoded words; never a character
    assert "".join(mail["subject"].split()) == "".join(subject.split())
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@CALM
@given(HOSTILE, st.sampled_from(["subject", "sender", "recipient", "message_id", "List-Unsubscribe"]))
def test_an_uncleaned_header_is_sent_unchanged_in_shape_or_not_at_all(text: str, place: str) -> None:
    if place == "List-Unsubscribe":
        message = make_message(headers=((place, f"<mailto:{text}>"),))
    elif place in ("sender", "recipient"):
        message = make_message(**{place: f"{text} <mara@example.org>"})
    else:
        message = make_message(**{place: text})
    try:
        raw = to_bytes(message, NOW)
    except MailError:
        return
    expected = sorted([*NAMES, *(name for name, _ in message.headers)])
    assert sorted(headers(raw)) == expected
    addressed = message_from_bytes(raw, policy=policy.default)["to"].addresses
    assert [address.addr_spec for address in addressed] == ["mara@example.org"]


@pytest.mark.parametrize("text", [text for text in INJECTIONS if len(text) < 1000])
@pytest.mark.fault(
    case="A title that holds further mail headers",
    promise="No header is added; the mail is refused where it was not cleaned",
)
def test_known_injections_are_refused_where_nobody_cleaned_them(text: str) -> None:
    with pytest.raises(MailError):
        to_bytes(make_message(subject=text), NOW)


def test_a_title_of_a_megabyte_is_one_short_subject() -> None:
    subject = one_line("x\r\n" * 250_000, 110)
    assert len(subject) <= 110
    assert headers(to_bytes(make_message(subject=subject), NOW)) == NAMES


def test_a_header_name_cannot_carry_another() -> None:
    with pytest.raises(MailError):
        to_bytes(make_message(headers=(("X: y\r\nBcc", "victim@example.org"),)), NOW)


def test_a_message_id_stays_what_it_is_at_full_length() -> None:
    message_id = f"<{'a' * 64}@{'sub.' * 20}example.org>"
    mail = message_from_bytes(to_bytes(make_message(message_id=message_id), NOW), policy=policy.compat32)
    assert mail["Message-ID"].strip() == message_id


@CALM
@given(HOSTILE)
def test_one_line_is_clean_and_cleaning_twice_is_once(text: str) -> None:
    clean = one_line(text, 200)
    assert not is_unsafe(clean)
    assert len(clean) <= 200
    assert "=?" not in clean
    assert one_line(clean) == clean
    assert [part for part, charset in decode_header(clean) if charset] == []


@CALM
@given(HOSTILE)
def test_paragraphs_keep_line_breaks_and_nothing_else_that_controls(text: str) -> None:
    assert not any(is_unsafe(line) for line in paragraphs(text).split("\n"))


def test_direction_overrides_and_stacked_marks_do_not_survive() -> None:
    assert one_line("a\u202eb\u2066c\u200fd") == "a b c d"
    assert len(one_line("Z" + "\u0301" * 500)) == 4


def test_shortening_ends_after_a_word() -> None:
    assert shorten("one two three", 20) == "one two three"
    assert shorten("one two three four", 12) == "one two…"
    assert len(shorten("x" * 200, 50)) == 50
