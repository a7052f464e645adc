"""Reading a workspace: every mistake with file, line, column and what would be right."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from earshot.config.environment import lake_login
from earshot.config.example import schemas, write_example
from earshot.config.settings import RolloverSettings
from earshot.config.workspace import load_settings, load_workspace, read_workspace
from earshot.errors import ConfigError, Mistake, WorkspaceError
from earshot.model import Hint

SETTINGS = "name: Test\ncollect: {contact: me@example.org}\n"
BRAND = "id: halden\nname: Halden\nrecipients:\n  - {address: mara@example.org}\n"
SOURCES = "sources:\n  - {id: blog, kind: feed, url: 'http://blog.example/feed'}\n"


def write(root: Path, *, settings: str = SETTINGS, brand: str = BRAND, sources: str = SOURCES) -> Path:
    for name, text in {"earshot.yaml": settings, "brands/halden.yaml": brand, "sources/blogs.yaml": sources}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def only_mistake(root: Path, **environ: str) -> Mistake:
    workspace, mistakes, _ = read_workspace(root, environ)
    assert workspace is None
    assert len(mistakes) == 1, [str(m) for m in mistakes]
    return mistakes[0]


def test_the_example_checks_clean(tmp_path: Path) -> None:
    write_example(tmp_path)
    workspace, mistakes, warnings = read_workspace(tmp_path, {})
    assert mistakes == []
    assert workspace is not None
    assert [b.id for b in workspace.brands] == ["harbor"]
    assert {s.id: s.pace_s for s in workspace.sources} == {"coffee-blog": 900, "daily-news": 300}
    assert [w.field for w in warnings] == ["mail.host"]


def test_everybody_gets_the_brief_unless_the_brand_says_otherwise(tmp_path: Path) -> None:
    people = BRAND + "  - {address: bo@example.org}\n"
    said = {
        "": ["mara@example.org", "bo@example.org"],
        "brief: {recipients: bo@example.org}\n": ["bo@example.org"],
        "brief: {enabled: false}\n": [],
        "brief: {recipients: []}\n": [],
    }
    versions = set()
    for brief, addresses in said.items():
        (brand,) = load_workspace(write(tmp_path, brand=people + brief), {}).brands
        assert [person.address for person in brand.brief_recipients] == addresses
        versions.add(brand.version)
    assert len(versions) == 1  # who is told changes nothing of what is heard


def test_a_brief_for_somebody_the_brand_does_not_know_is_a_mistake(tmp_path: Path) -> None:
    mistake = only_mistake(write(tmp_path, brand=BRAND + "brief:\n  recipients: [bo@example.org]\n"))
    assert (mistake.file, mistake.line, mistake.field) == ("brands/halden.yaml", 6, "brief.recipients")


@pytest.mark.parametrize("written", ["06:30", "'06:30'", "390"])
def test_the_hour_of_briefs_is_a_time_of_day(tmp_path: Path, written: str) -> None:
    root = write(tmp_path, settings=f"{SETTINGS}briefs: {{at: {written}}}\n")
    assert load_workspace(root, {}).settings.briefs.at == time(6, 30)
    assert load_workspace(root, {"EARSHOT_BRIEFS_AT": "08:15"}).settings.briefs.at == time(8, 15)
    assert only_mistake(write(tmp_path, settings=f"{SETTINGS}briefs: {{at: breakfast}}\n")).field == "briefs.at"


def test_the_key_for_pseudonyms_is_for_its_owner_only(tmp_path: Path) -> None:
    write_example(tmp_path)
    assert (tmp_path / ".secrets" / "pseudonyms.key").stat().st_mode & 0o777 == 0o600


def test_init_leaves_an_existing_workspace_alone(tmp_path: Path) -> None:
    write_example(tmp_path)
    with pytest.raises(ConfigError, match="there is a workspace already"):
        write_example(tmp_path)


def test_a_folder_without_a_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="earshot init"):
        load_workspace(tmp_path, {})


def test_a_brand_has_all_that_its_file_says(tmp_path: Path) -> None:
    brand = BRAND + (
        "aliases: [Halden Outdoor]\ncase: exact\ncontext: {required: tent, excluded: [prison]}\n"
        "owned_domains: [www.Halden.example]\n"
        "rules:\n  - id: bad\n    query: sentiment:negative\n    quiet_hours: {start: '22:00', end: 07:00}\n"
    )
    found = load_workspace(write(tmp_path, settings=SETTINGS + "time_zone: Europe/Berlin\n", brand=brand), {}).brands[0]
    assert found.aliases == ("Halden Outdoor",)
    assert found.is_case_exact
    assert found.context_required == ("tent",)
    assert found.owned_domains == ("halden.example",)
    rule = found.rules[0]
    assert rule.recipients[0].address == "mara@example.org"
    assert rule.quiet_hours is not None
    assert (rule.quiet_hours.start, rule.quiet_hours.end) == (time(22), time(7))
    assert rule.quiet_hours.time_zone == "Europe/Berlin"


def test_a_brands_version_changes_with_what_is_heard_and_not_with_who_is_told(tmp_path: Path) -> None:
    first = load_workspace(write(tmp_path), {}).brands[0].version
    told = load_workspace(write(tmp_path, brand=BRAND + "rules: [{id: a, query: broken}]\n"), {}).brands[0].version
    heard = load_workspace(write(tmp_path, brand=BRAND + "aliases: [Haldo]\n"), {}).brands[0].version
    assert first == told != heard


def test_language_and_zone_of_a_source_become_its_hint(tmp_path: Path) -> None:
    own = SOURCES.replace("kind: feed", "kind: feed, time_zone: Asia/Tokyo")
    text = f"defaults: {{language: de, time_zone: Europe/Berlin}}\n{own}  - {{id: map, kind: sitemap, url: 'http://b.example/m'}}\n"
    workspace = load_workspace(write(tmp_path, sources=text), {})
    hints = {source.id: source.hint for source in workspace.sources}
    assert hints == {"blog": Hint("de", "Asia/Tokyo"), "map": Hint("de", "Europe/Berlin")}
    assert {source.time_zone for source in workspace.sources} == {"UTC"}  # that of schedules is the workspace's


def test_a_sources_file_gives_its_defaults(tmp_path: Path) -> None:
    text = "collection: news\ndefaults: {pace: 2h, scope: internal}\n" + SOURCES.replace(
        "}", ", delay: 0s, listening_since: 2026-10-01}"
    )
    source = load_workspace(write(tmp_path, sources=text), {}).sources[0]
    assert (source.collection, source.scope, source.pace_s, source.delay_s) == ("news", "internal", 7200, 0.0)
    assert source.listening_since == datetime(2026, 10, 1, tzinfo=UTC)
    assert source.name == "blog.example"


@pytest.mark.parametrize(
    ("file", "text", "line", "column", "says", "advice"),
    [
        ("brand", BRAND + "aliasses: [x]\n", 5, 1, "unknown field", "did you mean `aliases`?"),
        ("brand", BRAND + "images: [logo.png]\n", 5, 1, "is not built yet", "leave it out"),
        ("brand", BRAND + "competitors: [Osprey]\n", 5, 1, "is not built yet", "a file of its own in brands/"),
        ("brand", BRAND.replace("org}", "org, level: team}"), 4, 33, "is not built yet", "leave it out"),
        ("brand", "name: Halden\n", 1, 1, "is missing", "add `id:`"),
        ("brand", "id: Hal den\nname: x\n", 1, 5, "'Hal den'", "small letters"),
        ("brand", BRAND + "case: loud\n", 5, 7, "'loud' is not one of the choices", "'any' or 'exact'"),
        ("brand", BRAND.replace("mara@example.org", "mara"), 4, 15, "'mara' is not a mail address", "mara@example.org"),
        ("brand", BRAND + "name: again\n", 5, 1, "duplicate key", "once"),
        ("brand", BRAND + "query: (a OR\n", 5, 13, "", ""),
        ("brand", BRAND + "rules: [{id: r, query: x, recipients: [no@example.org]}]\n", 5, 40, "not among", "add it"),
        ("sources", "sources:\n  - {id: a, kind: feeed, url: 'http://a.example/'}\n", 2, 19, "'feeed'", "'feed' or 'sitemap'"),  # noqa: E501
        ("sources", "sources:\n  - {id: a, kind: feed, url: blog}\n", 2, 30, "'blog' is not an absolute", "https://"),
        ("sources", "defaults: {pace: soon}\n" + SOURCES, 1, 18, "'soon' is not a duration", "15m"),
        ("sources", SOURCES + "  - {id: blog, kind: feed, url: 'http://b.example/'}\n", 3, 10, "there already", "blogs.yaml:2"),  # noqa: E501
        ("settings", SETTINGS + "time_zone: Berlin\n", 3, 12, "'Berlin' is not an IANA", "Europe/Berlin"),
        ("settings", SETTINGS + "alerts: {max_age: 48}\n", 3, 19, "48 is not a duration without its unit", "48h"),
        ("settings", SETTINGS + "dashboards: {host: 0.0.0.0}\n", 3, 20, "open to everybody", "EARSHOT_DASHBOARDS_TOKEN"),  # noqa: E501
        ("settings", SETTINGS + "mail: {host: smtp.example.org}\n", 3, 7, "is missing", "alert mails come from"),
        ("settings", "name: [\n", 2, 1, "", "indentation"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place_and_what_would_be_right(
    tmp_path: Path, file: str, text: str, line: int, column: int, says: str, advice: str
) -> None:
    mistake = only_mistake(write(tmp_path, **{file: text}))
    assert says in mistake.what
    assert advice in mistake.advice
    assert (mistake.line, mistake.column) == (line, column), str(mistake)


def test_one_broken_file_hides_no_other_mistake(tmp_path: Path) -> None:
    write(tmp_path, brand="id: [", sources="sources: [{id: a}]\n")
    _, mistakes, _ = read_workspace(tmp_path, {"EARSHOT_MAIL_PORT": "many"})
    assert {m.file for m in mistakes} == {"brands/halden.yaml", "sources/blogs.yaml", "EARSHOT_MAIL_PORT"}


def test_a_mistake_in_a_block_query_points_into_the_block(tmp_path: Path) -> None:
    brand = BRAND + "query: >-\n  (recall OR defect)\n  AND AND pump\n"
    mistake = only_mistake(write(tmp_path, brand=brand))
    assert mistake.line == 7
    assert mistake.column > 3


def test_alerts_need_a_public_address_unless_all_is_on_the_loopback(tmp_path: Path) -> None:
    rules = BRAND + "rules: [{id: a, query: broken}]\n"
    mail = SETTINGS + "mail: {host: smtp.example.org, sender: a@example.org}\n"
    assert only_mistake(write(tmp_path, settings=mail, brand=rules)).field == "dashboards.public_url"
    local = mail.replace("smtp.example.org", "127.0.0.1")
    assert load_workspace(write(tmp_path, settings=local, brand=rules), {}).brands
    public = mail + "dashboards: {public_url: 'https://earshot.example.org'}\n"
    assert load_workspace(write(tmp_path, settings=public, brand=rules), {}).brands


def test_the_environment_overrides_the_file_and_secrets_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n", encoding="utf-8")
    environ = {
        "EARSHOT_NAME": "Other",
        "EARSHOT_MAIL_PASSWORD_FILE": str(secret),
        "EARSHOT_COLLECT_ALLOW_HOSTS": "a.localhost, b.localhost",
        "EARSHOT_WORKSPACE": "elsewhere",
        "EARSHOT_ALERTS_MAX_AGE": "none",
    }
    settings = load_workspace(write(tmp_path), environ).settings
    assert settings.name == "Other"
    assert settings.mail.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)
    assert settings.collect.allow_hosts == ("a.localhost", "b.localhost")
    assert settings.alerts.max_age is None
    assert load_workspace(write(tmp_path), {}).settings.alerts.max_age == timedelta(hours=48)


def test_an_unknown_variable_is_a_mistake_with_the_nearest_name(tmp_path: Path) -> None:
    mistake = only_mistake(write(tmp_path), EARSHOT_MAIL_PASWORD="x")
    assert mistake.file == "EARSHOT_MAIL_PASWORD"
    assert "EARSHOT_MAIL_PASSWORD" in mistake.advice


def test_one_machines_storage_is_refused_for_workers_on_several(tmp_path: Path) -> None:
    _, mistakes, _ = read_workspace(write(tmp_path), {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"})
    assert {m.field for m in mistakes} == {"record.url", "lake.url", "index.engine"}


def test_settings_are_read_whatever_is_wrong_with_brands_and_sources(tmp_path: Path) -> None:
    root = write(tmp_path, brand="id: [", sources="sources: 3")
    assert read_workspace(root, {})[0] is None
    assert load_settings(root, {"EARSHOT_NAME": "Ours"}).name == "Ours"
    with pytest.raises(WorkspaceError, match=r"index\.engine"):
        load_settings(root, {"EARSHOT_INDEX_ENGINE": "nowhere"})
    with pytest.raises(WorkspaceError, match="runs on several"):
        load_settings(root, {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"})


def test_the_records_password_stands_in_no_file_of_the_workspace(tmp_path: Path) -> None:
    for url in ("postgresql://me:s3cret@db.example.org/earshot", "postgresql://db.example.org/earshot?password=s3cret"):
        mistake = only_mistake(write(tmp_path, settings=SETTINGS + f"record: {{url: '{url}'}}\n"))
        assert (mistake.field, "s3cret" in str(mistake)) == ("record.url", False)
        workspace, mistakes, _ = read_workspace(write(tmp_path, settings=SETTINGS), {"EARSHOT_RECORD_URL": url})
        assert workspace is not None
        assert mistakes == []


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ("record: {password: s3cret}", "record.password"),
        ("lake: {url: 's3://b/p', access_key: a, secret_key: s3cret}", "lake.secret_key"),
        ("lake: {url: 's3://a:s3cret@b/p'}", "lake.url"),
        ("lake: {url: 's3:///p'}", "lake.url"),
        ("lake: {url: 's3://b/p?endpoint=x'}", "lake.url"),
        ("lake: {url: 's3://b/p', endpoint: 'storage.example.org:9000'}", "lake.endpoint"),
    ],
)
def test_a_secret_in_the_file_or_an_address_that_leads_nowhere_is_a_mistake(
    tmp_path: Path, settings: str, field: str
) -> None:
    workspace, mistakes, _ = read_workspace(write(tmp_path, settings=f"{SETTINGS}{settings}\n"), {})
    assert workspace is None
    assert field in {each.field for each in mistakes}
    assert "s3cret" not in "".join(each.advice for each in mistakes)


def test_a_lake_on_object_storage_is_one_address_without_its_login(tmp_path: Path) -> None:
    environ = {"EARSHOT_LAKE_ACCESS_KEY": "a", "EARSHOT_LAKE_SECRET_KEY": "s3cret"}
    settings = SETTINGS + "lake: {url: 's3://b/p', endpoint: 'https://s.example.org', ca_file: ca.pem, timeout: 5s}\n"
    workspace, _, _ = read_workspace(write(tmp_path, settings=settings), environ)
    assert workspace is not None
    assert workspace.lake_url == (
        f"s3://b/p?endpoint=https%3A%2F%2Fs.example.org&ca_file={quote(str(tmp_path / 'ca.pem'), safe='')}&timeout=5.0"
    )
    assert lake_login(environ) == ("a", "s3cret")
    assert lake_login({}) == ("", "")


@pytest.mark.parametrize(
    ("index", "field"),
    [
        ("{engine: opensearch}", "index.urls"),
        ("{engine: opensearch, urls: ['search.example.org:9200']}", "index.urls"),
        ("{engine: opensearch, urls: ['https://me:secret@search.example.org']}", "index.urls"),
        ("{engine: elasticsearch, urls: ['http://search.example.org'], api_key: k}", "index.urls"),
        (
            "{engine: elasticsearch, urls: ['https://s.example.org'], api_key: k, username: a, password: b}",
            "index.api_key",
        ),
        ("{engine: elasticsearch, urls: ['https://s.example.org'], username: a}", "index.username"),
        ("{engine: opensearch, urls: ['https://s.example.org'], name: 'Mentions.*'}", "index.name"),
    ],
)
def test_a_cluster_that_cannot_be_reached_so_is_a_mistake(tmp_path: Path, index: str, field: str) -> None:
    assert only_mistake(write(tmp_path, settings=SETTINGS + f"index: {index}\n")).field == field


def test_a_cluster_on_this_machine_may_be_reached_in_the_clear(tmp_path: Path) -> None:
    index = "index: {engine: opensearch, urls: ['http://localhost:9200'], username: a, password: b}\n"
    assert load_workspace(write(tmp_path, settings=SETTINGS + index), {}).settings.index.username == "a"


def test_taking_any_certificate_is_worth_a_note(tmp_path: Path) -> None:
    index = "index: {engine: opensearch, urls: ['https://localhost:9200'], verify: false}\n"
    _, mistakes, warnings = read_workspace(write(tmp_path, settings=SETTINGS + index), {})
    assert (mistakes, [w.field for w in warnings if w.field.startswith("index")]) == ([], ["index.verify"])


def test_max_age_is_lifted_by_none_and_by_null(tmp_path: Path) -> None:
    for word in ("none", "null", "off"):
        settings = load_workspace(write(tmp_path, settings=SETTINGS + f"alerts: {{max_age: {word}}}\n"), {}).settings
        assert settings.alerts.max_age is None


def test_rollover_takes_written_sizes_and_is_switched_off_by_one_word(tmp_path: Path) -> None:
    given = "index: {rollover: {max_age: 30d, max_size: 1.5 GB, max_mentions: 7}, retention: 2w}\n"
    index = load_workspace(write(tmp_path, settings=SETTINGS + given), {}).settings.index
    assert index.rollover == RolloverSettings(max_age=timedelta(days=30), max_size=3 * 1024**3 // 2, max_mentions=7)
    assert index.retention == timedelta(days=14)
    environ = {"EARSHOT_INDEX_ROLLOVER": "none", "EARSHOT_INDEX_SHARDS": "3"}
    index = load_workspace(write(tmp_path, settings=SETTINGS + given), environ).settings.index
    assert (index.rollover, index.shards, index.replicas) == (None, 3, None)
    for wrong in ("25", "25 apples", "gb"):
        bad = SETTINGS + f"index: {{rollover: {{max_size: {wrong}}}}}\n"
        with pytest.raises(WorkspaceError, match=r"index\.rollover.*not a size; write for example 25gb|not a size"):
            load_workspace(write(tmp_path, settings=bad), {})


def test_every_field_of_the_schemas_says_what_it_takes() -> None:
    for name, text in schemas().items():
        assert '"properties"' in text, name


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("Q&B", "", "counts only with its &"),
        (".KET", "", "counts only with its ."),
        ("QT", "", "is short"),
        ("QT", "case: exact\n", "is short"),
        ("QT", "context: {required: [store]}\n", ""),
        ("Until", "", "is also an ordinary word"),
        ("Aber", "", "is also an ordinary word"),
        ("Until", "case: exact\n", ""),
        ("Halden", "", ""),
        ("@qt", "", ""),
        ("Q&B", "query: halden\n", ""),
    ],
)
def test_names_met_by_chance_and_names_with_signs_are_told(tmp_path: Path, name: str, more: str, said: str) -> None:
    brand = BRAND.replace("name: Halden", f"name: {name!r}")
    assert f"name: {name!r}" in brand
    _, mistakes, warnings = read_workspace(write(tmp_path, brand=brand + more), {})
    told = [each for each in warnings if each.field == "name"]
    assert (mistakes, [said in each.what for each in told]) == ([], [True] if said else [])
    assert all(each.advice and each.line == 2 for each in told)
