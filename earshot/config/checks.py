"""What no single field can tell: ids used twice, queries that cannot be read, settings that do not go together.

Knows the files' contents, not how they were found.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit
from zoneinfo import available_timezones

from earshot.config.files import BrandForm
from earshot.config.positions import YamlFile
from earshot.config.settings import IndexSettings, LakeSettings, MailSettings, Settings
from earshot.errors import Mistake, QueryError
from earshot.model import Brand, Source
from earshot.names.spelling import Spelling, read_spelling
from earshot.query.language import Purpose, parse, remarks
from earshot.query.met import signs_in_words
from earshot.query.words import find_words, fold
from earshot.stop_words import stop_words

BrandRow = tuple[YamlFile, Brand, BrandForm]
SourceRow = tuple[YamlFile, int, Source]
_CLUSTERS = ("Celery", "Kubernetes")
_TLS_FROM_THE_START, _TLS_LATER = 465, (25, 587)
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "no", "pl", "ru", "tr")
_INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def cross_file(brands: Sequence[BrandRow], sources: Sequence[SourceRow]) -> list[Mistake]:
    """Return mistakes between and inside brands and sources that a form alone cannot see."""
    found = list(_twice("brand", [(f, ("id",), b.id) for f, b, _ in brands]))
    found += _twice("source", [(f, ("sources", n, "id"), s.id) for f, n, s in sources])
    found += _schedules(sources)
    for file, brand, form in brands:
        found += _twice("rule", [(file, ("rules", n, "id"), r.id) for n, r in enumerate(brand.rules)])
        found += _queries(file, brand)
        found += _names(file, brand)
        found += _recipients(file, form)
    return found


def _twice(what: str, rows: Iterable[tuple[YamlFile, tuple[str | int, ...], str]]) -> Iterator[Mistake]:
    first: dict[str, tuple[YamlFile, tuple[str | int, ...]]] = {}
    for file, path, value in rows:
        known, known_path = first.setdefault(value, (file, path))
        if known is file and known_path == path:
            continue
        line, column = file.where(path)
        before = f"{known.name}:{known.where(known_path)[0]}"
        said = f"{what} {value!r} is there already"
        yield Mistake(file.name, line, column, "id", said, f"first in {before}; choose another id")


def _schedules(sources: Sequence[SourceRow]) -> Iterator[Mistake]:
    """Yield files that give a collection another schedule than an earlier file did."""
    first: dict[str, tuple[str, str]] = {}
    told: set[str] = set()
    for file, _, source in sources:
        name, schedule = first.setdefault(source.collection, (file.name, source.schedule))
        if schedule != source.schedule and file.name not in told:
            told.add(file.name)
            line, column = file.where(("schedule",))
            what = f"collection {source.collection!r} has another one in {name} ({schedule or 'none'})"
            yield Mistake(file.name, line, column, "schedule", what, "write the same in both files, or two collections")


def _queries(file: YamlFile, brand: Brand) -> Iterator[Mistake]:
    asked: list[tuple[tuple[str | int, ...], str, Purpose]] = []
    if brand.query:
        asked.append((("query",), brand.query, Purpose.BRAND))
    asked += [(("exclusions", n), text, Purpose.BRAND) for n, text in enumerate(brand.exclusions)]
    asked += [(("rules", n, "query"), rule.query, Purpose.RULE) for n, rule in enumerate(brand.rules)]
    for path, text, purpose in asked:
        try:
            parse(text, purpose)
        except QueryError as error:
            line, column = file.where_in_text(path, error.at)
            field = ".".join(str(step + 1) if isinstance(step, int) else step for step in path)
            yield Mistake(file.name, line, column, field, error.what, f"{error.advice}\n    {_indented(error)}".strip())


def _remarks(file: YamlFile, brand: Brand) -> Iterator[Mistake]:
    """Yield what a query says otherwise than it looks, such as `C++`, which is searched as `c`."""
    asked: list[tuple[tuple[str | int, ...], str, Purpose]] = [(("query",), brand.query, Purpose.BRAND)]
    asked += [(("exclusions", n), text, Purpose.BRAND) for n, text in enumerate(brand.exclusions)]
    asked += [(("rules", n, "query"), rule.query, Purpose.RULE) for n, rule in enumerate(brand.rules)]
    for path, text, purpose in asked:
        try:
            said = remarks(text, purpose) if text else ()
        except QueryError:
            continue
        for remark in said:
            line, column = file.where_in_text(path, remark.at)
            yield Mistake(file.name, line, column, str(path[-1] if path[0] == "rules" else path[0]), remark.what)


def _moved(file: YamlFile, form: BrandForm) -> Iterator[Mistake]:
    """Yield settings that stand where they had another meaning."""
    for number, rule in enumerate(form.rules):
        if rule.max_per_hour is not None:
            line, column = file.where(("rules", number, "max_per_hour"))
            what = (
                f"counts for each person over all rules of the brand, which is {form.most_per_hour} here; "
                "write it once, beside `recipients:` of the brand"
            )
            yield Mistake(file.name, line, column, f"rules.{number + 1}.max_per_hour", what)


def _name_notes(file: YamlFile, brand: Brand) -> Iterator[Mistake]:
    """Yield names that are easily met by chance, and names whose signs have to stand in a text."""
    if brand.query:
        return
    groups = {"name": (brand.name,), "aliases": brand.aliases, "products": brand.products}
    for field, names in groups.items():
        for number, text in enumerate(names):
            name = read_spelling(text)
            said = _name_note(name, brand) if name else None
            if said:
                line, column = file.where((field,) if field == "name" else (field, number))
                yield Mistake(file.name, line, column, field, f"{text!r} {said[0]}", said[1])


def _name_note(name: Spelling, brand: Brand) -> tuple[str, str] | None:
    """Return what is worth telling of a name, and what to do."""
    if name.before in ("@", "#"):  # who writes a handle or a tag means just that
        return None
    if name.has_signs:
        return signs_in_words(name), f"to hear it without, add an alias: {' '.join(name.words)!r}"
    if brand.context_required:
        return None
    is_common = len(name.words) == 1 and any(fold(name.words[0]) in stop_words(code) for code in _LANGUAGES)
    if is_common and not brand.is_case_exact:
        return "is also an ordinary word", "write `case: exact`, and under `context.required` words that come with it"
    if name.is_short and len(name.words) == 1:
        advice = "write `case: exact`" if not brand.is_case_exact else ""
        context = "name under `context.required` words that come with it"
        return "is short, so it is easily met by chance", f"{advice} or {context}" if advice else context
    return None


def _indented(error: QueryError) -> str:
    return error.pointer().replace("\n", "\n    ")


def _names(file: YamlFile, brand: Brand) -> Iterator[Mistake]:
    groups = {
        "name": (brand.name,),
        "aliases": brand.aliases,
        "products": brand.products,
        "context.required": brand.context_required,
        "context.excluded": brand.context_excluded,
    }
    for field, names in groups.items():
        for number, name in enumerate(names):
            if not find_words(name):
                path = (*field.split("."), *(() if field == "name" else (number,)))
                line, column = file.where(path)
                yield Mistake(file.name, line, column, field, f"{name!r} holds no word", "use letters or digits")


def _recipients(file: YamlFile, form: BrandForm) -> Iterator[Mistake]:
    known = {person.address for person in form.recipients}
    for place, address in enumerate(form.brief.recipients or ()):
        if address not in known:
            line, column = file.where(("brief", "recipients", place))
            what = f"{address!r} is not among the brand's recipients"
            advice = "add it under `recipients:` with its name"
            yield Mistake(file.name, line, column, "brief.recipients", what, advice)
    for number, rule in enumerate(form.rules):
        path = ("rules", number, "recipients")
        for place, address in enumerate(rule.recipients or ()):
            if address not in known:
                line, column = file.where((*path, place))
                yield Mistake(
                    file.name,
                    line,
                    column,
                    f"rules.{number + 1}.recipients",
                    f"{address!r} is not among the brand's recipients",
                    "add it under `recipients:` with its name",
                )
        if rule.recipients == () or (rule.recipients is None and not known):
            line, column = file.where(("rules", number))
            yield Mistake(
                file.name,
                line,
                column,
                f"rules.{number + 1}.recipients",
                "nobody would be told",
                "add a recipient to the brand",
            )


def whole(
    file: YamlFile | None, settings: Settings, brands: Sequence[Brand], environ: Mapping[str, str]
) -> Iterator[Mistake]:
    """Yield mistakes in settings that do not go together, or not with the brands."""

    def mistake(field: str, what: str, advice: str) -> Mistake:
        line, column = file.where(field.split(".")) if file else (0, 0)
        return Mistake("earshot.yaml", line, column, field, what, advice)

    if settings.time_zone not in available_timezones():
        yield mistake(
            "time_zone", f"{settings.time_zone!r} is not an IANA time zone", "write for example Europe/Berlin or UTC"
        )
    boards, mail = settings.dashboards, settings.mail
    if not is_loopback(boards.host) and not boards.token.get_secret_value():
        yield mistake(
            "dashboards.host",
            "pages would be open to everybody",
            "set EARSHOT_DASHBOARDS_TOKEN(_FILE) or host: 127.0.0.1",
        )
    if boards.public_url and urlsplit(boards.public_url).scheme not in ("http", "https"):
        yield mistake(
            "dashboards.public_url",
            f"{boards.public_url!r} is no web address",
            "write for example https://earshot.example.org",
        )
    for proxy in boards.proxies:
        if not _is_network(proxy):
            yield mistake("dashboards.proxies", f"{proxy!r} is no address", "write for example 10.0.0.5 or 10.0.0.0/24")
    if _holds_password(settings.record.url) and not any(name.startswith("EARSHOT_RECORD_URL") for name in environ):
        yield mistake(
            "record.url", "holds a password", "put it into EARSHOT_RECORD_PASSWORD_FILE, and leave it out here"
        )
    yield from _secrets_in_files(settings, environ, mistake)
    yield from _object_storage(settings.lake, mistake)
    has_rules = any(brand.rules for brand in brands)
    if (
        has_rules
        and not boards.public_url
        and not (is_loopback(boards.host) and (not mail.host or is_loopback(mail.host)))
    ):
        yield mistake(
            "dashboards.public_url",
            "is needed for the links in alert mails",
            "write the address under which people reach the pages",
        )
    if mail.host and not mail.sender:
        yield mistake("mail.sender", "is missing", "write the address that alert mails come from")
    if mail.password.get_secret_value() and mail.security == "none" and not is_loopback(mail.host):
        yield mistake("mail.security", "a password would be sent in the clear", "write starttls or tls")
    if settings.index.engine != "embedded":
        yield from _cluster(settings.index, mistake)
    yield from _one_machine(settings, environ, mistake)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _secrets_in_files(
    settings: Settings, environ: Mapping[str, str], mistake: Callable[[str, str, str], Mistake]
) -> Iterator[Mistake]:
    """Yield secrets that stand in earshot.yaml: spiders are handed the environment, and no file of settings."""
    secrets = {
        "record.password": settings.record.password,
        "lake.access_key": settings.lake.access_key,
        "lake.secret_key": settings.lake.secret_key,
    }
    for field, value in secrets.items():
        variable = f"EARSHOT_{field.replace('.', '_').upper()}"
        if value.get_secret_value() and variable not in environ and f"{variable}_FILE" not in environ:
            yield mistake(field, "is read from the environment only", f"name its file in {variable}_FILE")


def _object_storage(lake: LakeSettings, mistake: Callable[[str, str, str], Mistake]) -> Iterator[Mistake]:
    parts = urlsplit(lake.url)
    if "@" in parts.netloc:
        yield mistake(
            "lake.url", "holds a login", "put it into EARSHOT_LAKE_ACCESS_KEY and EARSHOT_LAKE_SECRET_KEY_FILE"
        )
    if parts.scheme == "s3" and (not parts.netloc or parts.query):
        yield mistake("lake.url", f"{lake.url!r} names no bucket", "write for example s3://earshot/captures")
    if bool(lake.access_key.get_secret_value()) != bool(lake.secret_key.get_secret_value()):
        yield mistake("lake.access_key", "only one of access key and secret key is given", "give both or none")
    server = urlsplit(lake.endpoint)
    if lake.endpoint and (server.scheme not in ("http", "https") or not server.hostname or "@" in server.netloc):
        what = "is no address of a server without a login in it"
        yield mistake("lake.endpoint", what, "write for example https://storage.example.org:9000")


def _holds_password(url: str) -> bool:
    parts = urlsplit(url)
    return ("@" in parts.netloc and ":" in parts.netloc.rpartition("@")[0]) or "password" in parse_qs(parts.query)


def _cluster(index: IndexSettings, mistake: Callable[[str, str, str], Mistake]) -> Iterator[Mistake]:
    """Yield mistakes in how a search cluster is reached. What it answers is asked by whoever opens it."""
    example = "write for example [https://search.example.org:9200]"
    if not index.urls:
        yield mistake("index.urls", f"is needed for {index.engine}", example)
    parts = [urlsplit(url) for url in index.urls]
    for url, part in zip(index.urls, parts, strict=True):
        if part.scheme not in ("http", "https") or not part.hostname or "@" in part.netloc:
            yield mistake("index.urls", f"{url!r} is no address of a cluster without a login in it", example)
    password, api_key = index.password.get_secret_value(), index.api_key.get_secret_value()
    if api_key and index.username:
        yield mistake("index.api_key", "a user name is given as well", "give one of the two")
    if bool(password) != bool(index.username):
        yield mistake("index.username", "only one of user name and password is given", "give both or none")
    if (password or api_key) and any(p.scheme == "http" and not is_loopback(p.hostname or "") for p in parts):
        yield mistake("index.urls", "the login would be sent in the clear", "write https")
    if not _INDEX_NAME.fullmatch(index.name):
        yield mistake(
            "index.name", f"{index.name!r} is no name of an index", "use small letters, digits, _ and -, at most 100"
        )


def _one_machine(
    settings: Settings, environ: Mapping[str, str], mistake: Callable[[str, str, str], Mistake]
) -> Iterator[Mistake]:
    executor = environ.get("AIRFLOW__CORE__EXECUTOR", "")
    if not any(name in executor for name in _CLUSTERS):
        return
    local = {
        "record.url": settings.record.url.startswith("sqlite") or not settings.record.url,
        "lake.url": "://" not in settings.lake.url or settings.lake.url.startswith("file:"),
        "index.engine": settings.index.engine == "embedded",
    }
    for field in (name for name, is_local in local.items() if is_local):
        yield mistake(
            field,
            f"lies on one machine, but {executor} runs on several",
            "use PostgreSQL, object storage and a cluster",
        )


def warnings(brands: Sequence[BrandRow], sources: Sequence[SourceRow], settings: Settings) -> list[Mistake]:
    """Return what is allowed but hardly meant."""
    found: list[Mistake] = []
    if sources and not settings.collect.contact:
        found.append(
            Mistake(
                "earshot.yaml",
                0,
                0,
                "collect.contact",
                "is empty",
                "give a mail address or URL, so that a site can reach you",
            )
        )
    if any(brand.rules for _, brand, _ in brands) and not settings.mail.host:
        found.append(
            Mistake(
                "earshot.yaml",
                0,
                0,
                "mail.host",
                "is empty, so alerts wait and nobody is told",
                "name your SMTP server",
            )
        )
    found += _mail_ports(settings.mail)
    if settings.index.engine != "embedded" and not settings.index.verify:
        what, advice = "is off: anybody could pose as the cluster", "give index.ca_file instead"
        found.append(Mistake("earshot.yaml", 0, 0, "index.verify", what, advice))
    seen: dict[str, str] = {}
    for file, number, source in sources:
        if source.url in seen:
            line, column = file.where(("sources", number, "url"))
            found.append(
                Mistake(
                    file.name, line, column, "url", f"is fetched by {seen[source.url]!r} too", "keep one of the two"
                )
            )
        seen.setdefault(source.url, source.id)
    for file, brand, form in brands:
        found += _remarks(file, brand)
        found += _name_notes(file, brand)
        found += _moved(file, form)
    return found


def _mail_ports(mail: MailSettings) -> Iterator[Mistake]:
    """Yield ports and securities that hardly go together.

    Source: RFC 8314 section 3.3 (465 speaks TLS from the first byte).
    """
    if not mail.host:
        return
    if mail.port == _TLS_FROM_THE_START and mail.security != "tls":
        what, advice = f"is {mail.security}, but port 465 speaks TLS from the first byte", "write `security: tls`"
        yield Mistake("earshot.yaml", 0, 0, "mail.security", what, advice)
    if mail.port in _TLS_LATER and mail.security == "tls":
        what = f"is tls, but port {mail.port} begins without TLS on nearly every server"
        yield Mistake("earshot.yaml", 0, 0, "mail.security", what, "write `security: starttls`, or `port: 465`")
