"""Operators and signs as other tools write them: refused with what to write here. Knows no tree and no meaning.

Whoever comes from another tool finds nothing, or the opposite, where such a sign is searched as a word.

Source: the query guides of Brandwatch, Talkwalker, Meltwater, Factiva, LexisNexis, ProQuest, Ovid, Google, Bing and
Lucene, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from earshot.errors import QueryError
from earshot.query.lexer import Kind, Token
from earshot.query.words import find_words

Told = tuple[str, str]
"""What is wrong, and what to write instead."""

_LOOK = 20
"""Tokens behind a single quote among which its other one is looked for: a phrase is short."""
_AS_TEXT = "to find the text itself, put it in quotes"
_DASHES = "–—−‐‑"
_OPENING = "'‘‚‹`´"
_CLOSING = "'’‘›`´"
_SENTENCE = re.compile(r"[\w\s'’.,;!?-]*")
_MEASURED = re.compile(r"(?i)(?:w|n|p|pre|adj|within|around|near|onear|fby)/(\d+)\S*|w/[sp]|o?near/\S+")
_JOINED = re.compile(r"(?i)(?:near|onear|around)[~:=-]?(\d+)\S*|(?:pre|within)(\d+)")
_ADJACENT = re.compile(r"(?i)adj(\d*)")
_FUZZY = re.compile(r"\S*\w~\d*(\.\d+)?")
_WEIGHT = re.compile(r"\S*\w\^\d+(\.\d+)?")
_ADDRESS = re.compile(r"(?i)https?://")
_INNER_MARK = re.compile(r"\w\?+\w|^\?+\w")
_EXPRESSION = re.compile(r"/\S.*/|/\d+|/[sp]")
_COMPARED = re.compile(r"([^\W\d_]\w*)(?:[<>]=?|=)(\S*)")
_POINTED = re.compile(r"(?i)<(?:and|or|not|o?near\S*|in|phrase|paragraph|sentence)>")
_NO_OPERATORS = {
    "SENTENCE": "write NEAR/15, which is about a sentence",
    "PARAGRAPH": "write NEAR/50, which is about a paragraph",
    "XOR": "write (a OR b) NOT (a AND b)",
    "ANDNOT": "write NOT",
    "AND_NOT": "write NOT",
    "AND-NOT": "write NOT",
    "BUTNOT": "write NOT",
    "UND": "write AND",
    "ODER": "write OR",
    "NICHT": "write NOT",
    "OU": "write OR",
    "SAUF": "write NOT",
}
_COUNTED = ("AROUND", "WITHIN", "NEAR", "ONEAR", "ADJ", "PRE")
_CALLED = ("around", "within", "near", "onear", "before", "atleast", "sentence", "paragraph")


def refuse_foreign(query: str, tokens: Sequence[Token], fields: Sequence[str]) -> None:
    """Refuse the first sign or operator of another tool.

    Args:
        query: as written.
        tokens: of `query`, an END last.
        fields: all names of fields; others follow them with = or >.

    Raises:
        QueryError: at its character, with what to write instead.
    """
    for number, token in enumerate(tokens[:-1]):
        before = tokens[number - 1] if number else None
        here = _Here(query, token, before, tokens[number + 1 : number + 1 + _LOOK], fields)
        for rule in _RULES.get(token.kind, ()):
            if told := rule(here):
                raise QueryError(query, token.at, *told)


@dataclass(frozen=True, slots=True)
class _Here:
    """A token with what stands around it; `rest`: the next few."""

    query: str
    token: Token
    before: Token | None
    rest: Sequence[Token]
    fields: Sequence[str]

    @property
    def run(self) -> str:
        return self.token.text

    @property
    def after(self) -> Token:
        return self.rest[0]

    @property
    def is_between(self) -> bool:
        """Whether an operator could stand here: between two things to look for."""
        no_operand = (Kind.END, Kind.CLOSE, Kind.AND, Kind.OR)
        return bool(self.before and self.before.is_operand and self.after.kind not in no_operand)

    @property
    def is_called(self) -> bool:
        """Whether a bracket follows without a space."""
        return self.after.kind is Kind.OPEN and self.after.at == self.token.end

    @property
    def is_address(self) -> bool:
        """Whether this is a whole address behind a field, whose signs are its own."""
        return self.token.is_value and bool(_ADDRESS.match(self.run))

    @property
    def is_joined(self) -> bool:
        """Whether what stands before ends where this begins."""
        return bool(self.before and self.before.end == self.token.at)


# --- operators -----------------------------------------------------------------------------------------


def _small_not(here: _Here) -> Told | None:
    """AND and OR in small letters lose nothing; a NOT that was meant as a word would find the opposite."""
    if here.run in ("NOT", "-"):
        return None
    quoted = here.query.strip() if _SENTENCE.fullmatch(here.query) else here.run
    advice = f'to leave something out write NOT in capitals; to find the words write "{quoted}"'
    return f"{here.run} may be a word or the operator NOT", advice


def _bar_behind_value(here: _Here) -> Told | None:
    if here.run in ("|", "||") and here.is_joined and here.before and here.before.is_value:
        return f"{here.run} is not read after a field or =", "write several values as title:(recall OR defect)"
    return None


def _near_with_brackets(here: _Here) -> Told | None:
    if not here.run and here.is_called:
        return f"{here.token.kind.value} takes no brackets", "write a NEAR/5 b"
    return None


def _equals_behind_field(here: _Here) -> Told | None:
    is_apart = here.after.at > here.token.end
    if is_apart and here.before and here.before.kind is Kind.RUN and here.before.text.lower() in here.fields:
        field = here.before.text.lower()
        return "= is not read behind a field", f"write its name, a colon and the value: {field}:{here.after.text}"
    return None


def _slop(here: _Here) -> Told | None:
    if here.token.is_value or not here.run.startswith("~"):
        return None
    digits = "".join(char for char in here.run if char.isdigit()) or "5"
    if here.is_joined and here.before and here.before.kind is Kind.PHRASE:
        words = [word.text for word in find_words(here.before.text)]
        near = " AND ".join(f"{one} NEAR/{digits} {two}" for one, two in pairwise(words))
        return f"{here.run} behind a phrase is not read", f"write {near or 'a NEAR/5 b'}"
    return f"{here.run} is no operator here", f"for nearness write a NEAR/{digits} b; {_AS_TEXT}"


def _nearness(here: _Here) -> Told | None:
    """Refuse W/5, PRE/5, NEAR5, ADJ: some count the words otherwise, some mean an order and some do not."""
    run = here.run
    found = None if here.token.is_value else _MEASURED.fullmatch(run) or _JOINED.fullmatch(run)
    if not found and here.is_between:
        found = _ADJACENT.fullmatch(run)
    if not found:
        return None
    number = next((group for group in found.groups() if group), "")
    if run.lower().startswith("adj"):
        advice = f"write a ONEAR/{number} b" if number else 'write the phrase "a b", or a ONEAR/0 b'
    elif number:
        advice = f"write NEAR/{number} (at most {number} words between), or ONEAR/{number} where the order counts"
    else:
        advice = "write NEAR/15, which is about a sentence, or NEAR/5, which is narrower"
    return f"{run} is no operator here", f'{advice}; to find the text itself, "{run}"'


def _named(here: _Here) -> Told | None:
    run = here.run
    if here.token.is_value:
        return None
    if run in _NO_OPERATORS and (here.is_between or here.is_called):
        return f"{run} is no operator here", f'{_NO_OPERATORS[run]}; to find the word, "{run}"'
    if run.lower() in _CALLED and here.is_called:
        number = re.match(r"\(\s*(\d+)", here.query[here.after.at :])
        return f"{run}( ) is not read here", f"write a NEAR/{number[1] if number else 5} b; {_AS_TEXT}"
    if run in _COUNTED and here.is_between and here.after.text.isdecimal():
        counted = f"{run} {here.after.text}"
        advice = f'write a NEAR/{here.after.text} b; to find the text itself, "{counted}"'
        return f"{counted} is no operator here", advice
    if run.lower() in ("and/or", "or/and"):
        return f"{run} is no operator here", f'write OR, which finds one of them or both; to find the words, "{run}"'
    if _POINTED.fullmatch(run):
        return f"{run} is no operator here", f"write {run.strip('<>').upper()} without < and >"
    return None


def _ampersand(here: _Here) -> Told | None:
    if here.run != "&":
        return None
    one = here.before.text if here.before and here.before.is_operand else "a"
    two = here.after.text or "b"
    advice = f'write {one} AND {two}, or put the name in quotes: "{one} & {two}"'
    return "& may belong to a name or be an operator", advice


def _compared(here: _Here) -> Told | None:
    found = None if here.token.is_value else _COMPARED.fullmatch(here.run)
    if not found or found[1].lower() not in here.fields:
        return None
    advice = f"write its name, a colon and the value: {found[1].lower()}:{found[2] or '...'}"
    return f"{here.run} is not read as a field", advice


# --- signs before, in and behind a word ----------------------------------------------------------------


def _sign_before(here: _Here) -> Told | None:
    """Refuse +word, !word, and a word behind a dash that an editor made of a minus."""
    run = here.run
    is_joined = here.after.at == here.token.end and here.after.kind in (Kind.OPEN, Kind.PHRASE)
    word = run[1:] or (_shown(here.after) if is_joined else "")
    if here.token.is_value or not word or not (word[0].isalnum() or word[0] in "#@=\"(“'"):
        return None
    if run[0] == "+" and not word[0].isdigit():
        return "+ says nothing here: every word has to be there", f"take the + away: {word}"
    if run[0] == "!":
        return "! before a word is no operator here", f"to leave it out write -{word} or NOT {word}"
    if run[0] in _DASHES:
        return f"{run[0]} is a dash, not a minus", f"to leave it out write -{word} or NOT {word}"
    return None


def _shown(after: Token) -> str:
    return "(...)" if after.kind is Kind.OPEN else f'"{after.text}"'


def _expression(here: _Here) -> Told | None:
    if here.token.is_value or not _EXPRESSION.fullmatch(here.run):
        return None
    what = "regular expressions are not read" if len(here.run) > 3 else f"{here.run} is no operator here"
    return what, f"write the words with OR, the beginning of one as complain*, or NEAR/5; {_AS_TEXT}"


def _cut_address(here: _Here) -> Told | None:
    """Refuse an address that a bracket or the like cuts short: its rest would be searched as words."""
    if not here.is_address or here.after.at > here.token.end or here.after.kind in (Kind.CLOSE, Kind.END):
        return None
    return f"an address ends before {here.query[here.after.at]}", "put the whole address in double quotes"


def _sign_within(here: _Here) -> Told | None:
    if here.is_address:
        return None
    if _INNER_MARK.search(here.run):
        return "? does not stand for a letter here", f"write the spellings: (adviser OR advisor); {_AS_TEXT}"
    if _FUZZY.fullmatch(here.run):
        return "~ does not find similar spellings here", f"write the spellings: (color OR colour); {_AS_TEXT}"
    if _WEIGHT.fullmatch(here.run):
        return "^ gives a word no weight here", f"write {here.run.partition('^')[0]}; {_AS_TEXT}"
    return None


def _brackets(here: _Here) -> Told | None:
    run = here.run
    if run.startswith("{"):
        return "{ } mean nothing here", f"to keep the case write ={run.strip('{}') or 'Apple'}, to group write ( )"
    if run.startswith("[") and "]" not in run:
        return "[ ] mean nothing here", "to group write ( ); for days write after:2026-11-20 before:2026-11-21"
    return None


def _single_quotes(here: _Here) -> Told | None:
    """Refuse words between single quotes; one word between them is that word, and an apostrophe is none."""
    if here.run[0] not in _OPENING or here.run[-1] in _CLOSING:
        return None
    for other in here.rest:
        if other.kind is not Kind.RUN:
            return None
        if other.text[-1] in _CLOSING:
            inner = here.query[here.token.at + 1 : other.end - 1]
            return "single quotes make no phrase", f'write "{inner}"'
    return None


_RULES: dict[Kind, tuple[Callable[[_Here], Told | None], ...]] = {
    Kind.NOT: (_small_not,),
    Kind.OR: (_bar_behind_value,),
    Kind.NEAR: (_near_with_brackets,),
    Kind.ONEAR: (_near_with_brackets,),
    Kind.EXACT: (_equals_behind_field,),
    Kind.RUN: (
        *(_slop, _nearness, _named, _ampersand, _compared),
        *(_sign_before, _expression, _cut_address, _sign_within, _brackets, _single_quotes),
    ),
}
