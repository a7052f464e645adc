"""What judging again changes about a document's mentions, in words. Pure; knows no record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from earshot.model import Flag, Mention
from earshot.ports import MentionWrite


class Fate(StrEnum):
    """What becomes of a mention. RENEWED: what people see of the verdict stays; what it rests on is new."""

    ENTERS = "enters"
    LEAVES = "leaves"
    CHANGES = "changes"
    RENEWED = "renewed"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of one mention. what: what changes about it, a few words each; empty unless fate is CHANGES."""

    mention_id: str
    brand: str
    fate: Fate
    what: tuple[str, ...] = ()


def differences(before: Sequence[Mention], after: Sequence[MentionWrite], brand: str = "") -> list[Difference]:
    """Return what becomes of a document's mentions, by brand.

    Args:
        before: its active mentions.
        after: what it says now, of every brand or of `brand`.
        brand: the one that was asked for, or empty for all; mentions of others are left out.
    """
    old = {mention.id: mention for mention in before if brand in ("", mention.brand)}
    new = {write.id: write for write in after}
    found = [Difference(name, old[name].brand, Fate.LEAVES) for name in old.keys() - new.keys()]
    found += [Difference(name, new[name].verdict.brand_id, Fate.ENTERS) for name in new.keys() - old.keys()]
    found += [_compared(old[name], new[name]) for name in old.keys() & new.keys()]
    return sorted(found, key=lambda each: each.brand)


def _compared(old: Mention, new: MentionWrite) -> Difference:
    what = tuple(_changes(old, new))
    versions = (old.brand_version, old.model_version)
    is_renewed = versions != (new.verdict.brand_version, new.verdict.model_version) or _details(old, new)
    fate = Fate.CHANGES if what else Fate.RENEWED if is_renewed else Fate.STAYS
    return Difference(old.id, old.brand, fate, what)


def _changes(old: Mention, new: MentionWrite) -> Iterator[str]:
    """Yield what is different of what pages show of a verdict, what people look at first."""
    verdict = new.verdict
    for said in (
        _turned("sentiment", old.sentiment, verdict.sentiment),
        _turned("relevance", f"{old.relevance:.2f}", f"{verdict.relevance:.2f}"),
        _listed("category", old.categories, verdict.categories),
        _listed("flag", _names(old.flags), _names(new.flags)),
        _turned("severity", _severities(old.flags), _severities(new.flags)) if old.flags and new.flags else "",
        _turned("own voice", _yes(old.is_own_voice), _yes(new.is_own_voice)),
    ):
        if said:
            yield said


def _details(old: Mention, new: MentionWrite) -> bool:
    """Tell whether anything is different that a verdict rests on."""
    verdict = new.verdict
    before = (old.relevance, old.sentiment_score, old.confidence, old.evidence, old.entities, old.flags)
    after = (verdict.relevance, verdict.sentiment_score, verdict.confidence, verdict.evidence, new.entities, new.flags)
    return before != after or old.categories != verdict.categories


def _turned(name: str, old: str, new: str) -> str:
    return f"{name} {old} → {new}" if old != new else ""


def _listed(name: str, old: Iterable[str], new: Iterable[str]) -> str:
    gone, come = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    said = [*(f"+{each}" for each in come), *(f"-{each}" for each in gone)]
    return f"{name} {' '.join(said)}" if said else ""


def _names(flags: Iterable[Flag]) -> list[str]:
    return [flag.rule_name for flag in flags]


def _severities(flags: Iterable[Flag]) -> str:
    return ", ".join(sorted({flag.severity.value for flag in flags}))


def _yes(value: bool) -> str:
    return "yes" if value else "no"
