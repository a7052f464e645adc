"""Mistakes that YAML, env files and mail servers invite, told in the words of whoever made them."""

from __future__ import annotations

from pathlib import Path

import pytest

from earshot.config.workspace import read_workspace
from tests.config.test_workspace import BRAND, SETTINGS, only_mistake, write

MAIL = "mail: {host: mail.example.org, sender: 'Listening <a@example.org>', "


@pytest.mark.parametrize(
    ("written", "field", "words"),
    [
        ("name: 4711", "name", ("number", '"4711"')),
        ("name: 3.5", "name", ("number", '"3.5"')),
        ("name: Halden\naliases: [One, 360]", "aliases.2", ("number", '"360"')),
        ("name: Halden\naliases: [true]", "aliases.1", ("switch", '"true"')),
        ("name: Halden\naliases: [2026-11-29]", "aliases.1", ("date", '"2026-11-29"')),
        ("name: Halden\nproducts:\n  - #Halden", "products.1", ("nothing stands here", "begins with #")),
    ],
)
def test_what_yaml_takes_for_something_else_than_text_is_told_to_be_quoted(
    tmp_path: Path, written: str, field: str, words: tuple[str, str]
) -> None:
    root = write(tmp_path, brand=f"id: halden\n{written}\n")
    mistake = only_mistake(root)
    assert (mistake.file, mistake.field) == ("brands/halden.yaml", field)
    assert all(word in f"{mistake.what} {mistake.advice}" for word in words), str(mistake)


def test_a_brand_with_a_mistake_is_not_said_to_be_missing(tmp_path: Path) -> None:
    _, mistakes, notes = read_workspace(write(tmp_path, brand="id: halden\nname: 4711\n"), {})
    assert len(mistakes) == 1
    assert not [note for note in notes if "holds no brand" in note.what]
    (tmp_path / "brands" / "halden.yaml").unlink()
    _, _, notes = read_workspace(tmp_path, {})
    assert [note.file for note in notes if "holds no brand" in note.what] == ["brands/"]


@pytest.mark.parametrize(
    ("port", "security", "advice"),
    [
        (465, "starttls", "security: tls"),
        (465, "none", "security: tls"),
        (587, "tls", "security: starttls"),
        (25, "tls", "security: starttls"),
        (465, "tls", ""),
        (587, "starttls", ""),
        (2525, "tls", ""),
    ],
)
def test_a_port_and_a_security_that_hardly_go_together_are_noted(
    tmp_path: Path, port: int, security: str, advice: str
) -> None:
    root = write(tmp_path, settings=f"{SETTINGS}{MAIL}port: {port}, security: {security}}}\n", brand=BRAND)
    workspace, mistakes, notes = read_workspace(root, {})
    assert (workspace is not None, mistakes) == (True, [])
    found = [note.advice for note in notes if note.field == "mail.security"]
    assert len(found) == bool(advice)
    assert advice in "".join(found)


@pytest.mark.parametrize("sender", ["Listening", "a@", "a@example.org, b@example.org", "A <a@exa mple.org>"])
def test_a_sender_that_is_no_address_is_a_mistake_before_the_first_mail(tmp_path: Path, sender: str) -> None:
    mistake = only_mistake(write(tmp_path, settings=f"{SETTINGS}mail: {{host: localhost, sender: '{sender}'}}\n"))
    assert mistake.field == "mail.sender"
    assert "Earshot <alerts@example.org>" in mistake.advice


def test_a_sender_with_commas_brackets_and_umlauts_is_fine(tmp_path: Path) -> None:
    said = "Hörer, Stadt (Team) <a@bücher.example>"
    workspace, _, _ = read_workspace(write(tmp_path, settings=f"{SETTINGS}mail: {{sender: '{said}'}}\n"), {})
    assert workspace is not None
    assert workspace.settings.mail.sender == said


@pytest.mark.parametrize("value", ['"mail.example.org"', "'mail.example.org'"])
def test_quotes_that_an_env_file_handed_on_are_a_mistake(tmp_path: Path, value: str) -> None:
    mistake = only_mistake(write(tmp_path), EARSHOT_MAIL_LEDGER=value)
    assert mistake.file == "EARSHOT_MAIL_LEDGER"
    assert "quotes" in mistake.what


def test_a_byte_order_mark_belongs_to_no_secret_and_no_setting(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_bytes(b"\xef\xbb\xbfgeheim\r\n")
    root = write(tmp_path, settings=f"\ufeff{SETTINGS}")
    workspace, mistakes, _ = read_workspace(root, {"EARSHOT_MAIL_PASSWORD_FILE": str(secret)})
    assert mistakes == []
    assert workspace is not None
    assert workspace.settings.mail.password.get_secret_value() == "geheim"


def test_what_a_query_reads_otherwise_than_it_looks_is_noted_where_it_stands(tmp_path: Path) -> None:
    brand = (
        "id: halden\nname: Halden\nquery: halden and pump\nexclusions: [garden or toy]\n"
        "recipients: [{address: mara@halden.example}]\nrules: [{id: leaks, query: 'leak, burst'}]\n"
    )
    _, mistakes, notes = read_workspace(write(tmp_path, brand=brand), {})
    assert not mistakes
    told = [(note.line, note.field, note.what.partition(":")[0]) for note in notes if note.file == "brands/halden.yaml"]
    assert told == [
        (3, "query", "and is read as AND"),
        (4, "exclusions", "or is read as OR"),
        (6, "query", "a comma counts for nothing"),
    ]


def test_a_url_pattern_with_a_lookahead_is_told_with_its_line_and_what_is_possible(tmp_path: Path) -> None:
    feed = "{id: blog, kind: sitemap, url: 'http://blog.example/map.xml', url_pattern: '/news/(?!sport)'}"
    mistake = only_mistake(write(tmp_path, sources=f"sources:\n  - {feed}\n"))
    assert (mistake.file, mistake.line, mistake.field) == ("sources/blogs.yaml", 2, "sources.1.url_pattern")
    assert "lookahead" in f"{mistake.what} {mistake.advice}"
