"""The rules of all brands, compiled once: which of them fire on a mention, and whom each of them tells.

Knows neither the record nor mail; when a rule may speak is the business of `routing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from earshot.alerts.events import Events
from earshot.config.settings import AlertSettings
from earshot.model import Brand, Flag, Mention, Recipient, Rule, Updates
from earshot.query.language import Purpose, parse
from earshot.query.matcher import match
from earshot.query.tree import Node


class RuleBook:
    """Every brand's rules, ready to be asked. Immutable once made; share it between threads as you like.

    events: says which event a flagged mention tells of.
    """

    def __init__(self, brands: Sequence[Brand], time_zone: str = "UTC", settings: AlertSettings | None = None) -> None:
        """Compile the rules.

        Args:
            brands: ids are unique; rule ids are unique within a brand.
            time_zone: IANA zone in which dates of the queries are read (the workspace's).
            settings: whether own voice flags, and from which relevance on a mention does; None means the defaults.

        Raises:
            QueryError: a rule's query cannot be read.
        """
        self._settings = settings or AlertSettings()
        self._time_zone = time_zone
        self._brands = {brand.id: brand for brand in brands}
        self._compiled: dict[str, tuple[tuple[Rule, Node], ...]] = {
            brand.id: tuple((rule, parse(rule.query, Purpose.RULE)) for rule in brand.rules) for brand in brands
        }
        self.events = Events()
        self._rules = {(brand.id, rule.id): rule for brand in brands for rule in brand.rules}

    def brand(self, brand_id: str) -> Brand | None:
        """Return a brand, or None where the workspace no longer has it."""
        return self._brands.get(brand_id)

    def rule(self, brand_id: str, rule_id: str) -> Rule | None:
        """Return a rule, or None where the workspace no longer has it."""
        return self._rules.get((brand_id, rule_id))

    def recipients(self, brand_id: str, rule_id: str) -> tuple[Recipient, ...]:
        """Return whom a rule tells: its own recipients, or the brand's where it names none.

        Each address once, compared without case; empty for a rule that is gone.
        """
        rule = self.rule(brand_id, rule_id)
        if rule is None:
            return ()
        named = rule.recipients or self._brands[brand_id].recipients
        return tuple({recipient.address.casefold(): recipient for recipient in reversed(named)}.values())[::-1]

    def recipient(self, brand_id: str, rule_id: str, address: str) -> Recipient | None:
        """Return the rule's recipient of this address, or None where the rule does not tell it (any more)."""
        folded = address.casefold()
        found = (r for r in self.recipients(brand_id, rule_id) if r.address.casefold() == folded)
        return next(found, None)

    def updates(self, brand_id: str, rule_id: str, address: str) -> Updates:
        """Return when somebody hears again of what grows: as the person says, else the rule, else the brand."""
        brand, rule = self.brand(brand_id), self.rule(brand_id, rule_id)
        person = self.recipient(brand_id, rule_id, address)
        if person is not None and person.updates is not None:
            return person.updates
        if rule is not None and rule.updates is not None:
            return rule.updates
        return brand.updates if brand is not None else Updates()

    @property
    def waits(self) -> tuple[timedelta, ...]:
        """How long after a mail somebody hears again who has asked for a time, whoever that is."""
        brands, rules = self._brands.values(), self._rules.values()
        people = [*(p for each in brands for p in each.recipients), *(p for each in rules for p in each.recipients)]
        said = [*(b.updates for b in brands), *(r.updates for r in rules), *(p.updates for p in people)]
        return tuple(updates.after for updates in said if updates is not None and updates.after is not None)

    def flags(self, mention: Mention) -> tuple[Flag, ...]:
        """Return the rules that fire on a mention, in the order the brand names them.

        What the brand says itself, and what is hardly about the brand, raises no flag (`alerts.own_voice`,
        `alerts.min_relevance`). Whether the news is too old to tell is not asked here: a flag is a fact of the
        mention, an alarm is not.
        """
        if mention.is_own_voice and not self._settings.own_voice:
            return ()
        if mention.relevance < self._settings.min_relevance:
            return ()
        fired = (self._flag(rule, node, mention) for rule, node in self._compiled.get(mention.brand, ()))
        return tuple(flag for flag in fired if flag is not None)

    def _flag(self, rule: Rule, node: Node, mention: Mention) -> Flag | None:
        found = match(node, mention, self._time_zone)
        if found is None:
            return None
        return Flag(rule.id, rule.name, rule.severity, found.clause, tuple(found.words), tuple(found.spans))
