"""Recognises all brands in a text in one pass: the Recogniser port. Knows no record and no classifier."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from earshot.errors import ConfigError, QueryError
from earshot.model import Brand, DocumentKind, Entry, Recognised
from earshot.names.forms import Pattern, patterns_of, surface
from earshot.query.language import Purpose, literal, parse
from earshot.query.links import link_values
from earshot.query.matcher import Subject, merged
from earshot.query.plan import AllOf, Found, Named, NoneOf, Step, make_step
from earshot.query.terms import read_site
from earshot.query.tree import AUTHOR, BOTH, TEXT, TITLE, Node, Or
from earshot.query.vocabulary import Vocabulary
from earshot.urls import host_of, site_of


@dataclass(frozen=True, slots=True)
class _Ear:
    """A brand ready to be heard. main: what says its name; whole: with context and exclusions."""

    brand: Brand
    main: Step
    whole: Step
    domains: tuple[str, ...]


class BrandRecogniser:
    """Hears all brands; made once for a set of brands, which never changes: for others make another and swap.

    100,000 terms take about a second to build and 50 MB. In a process that lives long call `gc.freeze()` afterwards:
    collections over so many objects otherwise pause it for a tenth of a second.
    """

    def __init__(self, brands: Sequence[Brand], time_zone: str = "UTC", languages: Collection[str] = ()) -> None:
        """Read the brands' queries; `time_zone` (the workspace's) is for the dates in them.

        languages: ISO 639-1, in which names may be inflected in texts of which neither anyone nor the letters tell the
        language.

        Raises:
            ConfigError: a query, name or context word that cannot be read; names the brand and its field.
        """
        self._time_zone = time_zone
        self._vocabulary = Vocabulary(languages)
        self._ears = [self._ear(brand) for brand in sorted(brands, key=lambda brand: brand.id)]
        self._gates = [0] * len(self._vocabulary)
        self._always = 0
        for number, ear in enumerate(self._ears):
            if ear.whole.gate is None:
                self._always |= 1 << number
            for term in ear.whole.gate or ():
                self._gates[term] |= 1 << number

    def recognise(self, entry: Entry, url: str, source: str = "") -> list[Recognised]:
        """Return the brands heard in this text, in order of brand id.

        Args:
            entry: an unknown publishing time is taken as now; an unknown language is none.
            url: canonical; for `site:` and owned domains.
            source: the id of its source, for `source:`.
        """
        values = _values(entry, url, source)
        subject = Subject(entry.title, entry.text, entry.author, values, entry.published_at)
        hits = {name: self._vocabulary.walk(subject.part(name).words) for name in (TITLE, TEXT, AUTHOR)}
        names = {
            name: self._vocabulary.walk_names(subject.part(name).text, subject.part(name).words, entry.language, rank)
            for rank, name in enumerate(BOTH)
        }
        found = Found(subject, hits, self._vocabulary.lengths, names)
        host = host_of(url)
        return [
            Recognised(ear.brand.id, ear.brand.version, merged(ear.main.stretches(found)), _is_below(host, ear.domains))
            for ear in self._possible((*hits.values(), *names.values()))
            if ear.whole.holds(found)
        ]

    def _possible(self, hits: Iterable[Iterable[int]]) -> Iterable[_Ear]:
        """Yield the brands of whose gate something was found: a tenth of those that have any term in the text."""
        bits = self._always
        gates = self._gates
        for part in hits:
            for term in part:
                bits |= gates[term]
        while bits:
            lowest = bits & -bits
            yield self._ears[lowest.bit_length() - 1]
            bits ^= lowest

    def _ear(self, brand: Brand) -> _Ear:
        plan = self._step(_read(brand, "query", brand.query)) if brand.query.strip() else self._names(brand)
        steps = [plan]
        if brand.context_required:
            steps.append(self._any(_literals(brand, "context_required", brand.context_required)))
        if brand.context_excluded:
            steps.append(NoneOf(self._any(_literals(brand, "context_excluded", brand.context_excluded))))
        steps += [NoneOf(self._step(_read(brand, "exclusions", query))) for query in brand.exclusions if query.strip()]
        domains = tuple(_domain(brand, domain) for domain in brand.owned_domains)
        return _Ear(brand, plan, AllOf(steps) if len(steps) > 1 else plan, domains)

    def _names(self, brand: Brand) -> Step:
        """Return what a brand without a query is heard under."""
        return Named(frozenset(self._vocabulary.add_name(patterns) for patterns in named_patterns(brand)))

    def _step(self, node: Node) -> Step:
        return make_step(node, self._vocabulary, self._time_zone)

    def _any(self, nodes: list[Node]) -> Step:
        return self._step(Or(tuple(nodes)) if len(nodes) > 1 else nodes[0])


def named_patterns(brand: Brand) -> Iterator[list[Pattern]]:
    """Yield the forms of each of a brand's names, in order of name, aliases, products.

    Raises:
        ConfigError: a name has no letter or digit.
    """
    refused = frozenset(map(surface, brand.not_forms))
    groups = (("name", (brand.name,)), ("aliases", brand.aliases), ("products", brand.products))
    for field, texts in groups:
        is_cased = brand.is_case_exact and field != "products"
        for text in texts:
            patterns = patterns_of(text, is_cased=is_cased, is_exact=brand.is_spelling_exact, refused=refused)
            if not patterns:
                with _told(brand, field):
                    literal(text)
            yield patterns


def _literals(brand: Brand, field: str, texts: Sequence[str]) -> list[Node]:
    with _told(brand, field):
        return [literal(text) for text in texts]


def _read(brand: Brand, field: str, query: str) -> Node:
    with _told(brand, field):
        return parse(query, Purpose.BRAND)


@contextmanager
def _told(brand: Brand, field: str) -> Iterator[None]:
    """Let a QueryError be told with the brand and the field it stands in."""
    try:
        yield
    except QueryError as error:
        raise ConfigError(f"{error.query!r}: {error}", where=f"brand {brand.id}: {field}") from error


def _values(entry: Entry, url: str, source: str) -> Callable[[str], Iterable[str]]:
    kind = DocumentKind.of(entry.parent)
    known = {"site": site_of(url), "language": entry.language, "source": source, "kind": kind}
    links = cache(lambda: link_values(entry.links))  # read once, and only where a query asks for them
    return lambda field: links() if field == "link" else (known.get(field, ""),)


def _domain(brand: Brand, domain: str) -> str:
    """Return an owned domain as the host of a URL would be written."""
    host = site_of(domain) if "://" in domain else domain.strip().rstrip("/")
    site = read_site(host)
    if not site:
        where = f"brand {brand.id}: owned_domains"
        raise ConfigError(f"{domain!r} is no domain", where=where, advice="write halden.example")
    return site


def _is_below(host: str, domains: tuple[str, ...]) -> bool:
    """Tell whether a host is one of the domains or below one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
