"""How much each judging term says where it stands: negation, degree, contrast, questions, irony. Knows no brand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nlp.components import Analysis, Clause, Sentence, Word

REACH = 4
"""Words before a term in which a negator counts."""
REACH_AFTER = 3
"""Words behind a term in which one counts, in languages that put it there (German, French)."""
TURNED, SOFTENED = -0.7, -0.35
"""What negation makes of a good word ("not good") and of a bad one ("not bad", which is faint praise)."""


GRIEVANCE, COURTESY = -0.6, 0.3


@dataclass(frozen=True, slots=True)
class Hit:
    """A judging term in its place. value: -5..5, after all that stands around it. plain: as the lexicon has it."""

    start: int
    end: int
    value: float
    plain: float
    sentence: int
    clause: int


def weigh(analysis: Analysis) -> list[Hit]:
    """Return the judging terms of a passage with what they say, in order."""
    hits: list[Hit] = []
    terms = iter(analysis.sentiments)
    found = next(terms, None)
    for number, sentence in enumerate(analysis.sentences):
        tone = _tone(sentence)
        for place, clause in enumerate(sentence.clauses):
            while found is not None and found[0].start < clause.end:
                term, plain = found
                value = _in_place(analysis, clause, sentence, term.start, term.end, plain) * tone
                value *= _contrast(analysis, sentence, place)
                hits.append(Hit(term.start, term.end, value, plain, number, place))
                found = next(terms, None)
    return _with_courtesy(analysis, _with_irony(analysis, hits))


def _tone(sentence: Sentence) -> float:
    """Return what the sentence's closing signs do: shouting strengthens, a question mark weakens."""
    signs = sentence.ends_with
    tone = 1.0 + 0.1 * min(3, signs.count("!"))
    return tone * 0.65 if "?" in signs else tone


def _in_place(analysis: Analysis, clause: Clause, sentence: Sentence, start: int, end: int, plain: float) -> float:
    """Return a term's weight after negators and words of degree around it."""
    marks, words = analysis.marks, analysis.words
    value = plain
    if any(words[at].is_shouted for at in range(start, end)) and not _is_all_shouted(words, sentence):
        value *= 1.2
    first = max(clause.start, start - 2)
    for at in range(first, start):
        if at in marks.get("intensifiers", ()):
            value *= 1.25
        elif at in marks.get("dampers", ()):
            value *= 0.7
    if _is_negated(marks, clause, start, end, plain):
        value *= TURNED if plain > 0 else SOFTENED
    return value


def _is_all_shouted(words: list[Word], sentence: Sentence) -> bool:
    shouted = sum(word.is_shouted for word in words[sentence.start : sentence.end])
    return shouted * 2 > sentence.end - sentence.start


def _is_negated(marks: dict[str, dict[int, int]], clause: Clause, start: int, end: int, plain: float) -> bool:
    """Tell whether a negator rules a term; a clause's border ends its rule."""
    before = marks.get("negators", {})
    if any(at in before for at in range(start, end)):
        return False  # the term holds its own
    low = max(clause.start, start - REACH)
    count = sum(1 for at in range(low, start) if at in before and before[at] <= start)
    after = marks.get("negators_after", {})
    if not count and after and plain > 0:
        count = sum(1 for at in range(end, min(clause.end, end + REACH_AFTER)) if at in after)
    return count > 0


def _contrast(analysis: Analysis, sentence: Sentence, place: int) -> float:
    """Return how much a clause counts beside "but": what comes before it less, what follows more."""
    contrast, concession = analysis.marks.get("contrast", {}), analysis.marks.get("concession", {})
    clauses = sentence.clauses
    if clauses[place].start in concession:
        return 0.6
    turns = [at for at, clause in enumerate(clauses) if clause.start in contrast and clause.start not in concession]
    if not turns or turns[-1] == 0:
        return 1.0
    return 0.55 if place < turns[-1] else 1.25


def _with_courtesy(analysis: Analysis, hits: list[Hit]) -> list[Hit]:
    """Let thanks and hopes weigh little beside a grievance or a question: "thanks, now my bag is missing"."""
    polite = analysis.marks.get("gratitude", {})
    asks = any("?" in sentence.ends_with for sentence in analysis.sentences)
    if not polite or not (asks or any(hit.value <= GRIEVANCE for hit in hits)):
        return hits
    return [replace(hit, value=COURTESY * hit.value) if hit.value > 0 and hit.start in polite else hit for hit in hits]


def _with_irony(analysis: Analysis, hits: list[Hit]) -> list[Hit]:
    """Turn praise round where a sentence carries a mark of irony, as "thanks for nothing" is one."""
    marked = _sentences_with(analysis, "irony")
    if not marked:
        return hits
    return [replace(hit, value=-0.8 * hit.value) if hit.value > 0 and hit.sentence in marked else hit for hit in hits]


def _sentences_with(analysis: Analysis, group: str) -> set[int]:
    places = analysis.marks.get(group, {})
    return {
        number
        for number, sentence in enumerate(analysis.sentences)
        if any(sentence.start <= at < sentence.end for at in places)
    }
