"""Cuts a query into tokens with their places. Knows signs and operators, no fields and no meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from earshot.errors import QueryError

QUOTES = '"“”„‟＂«»'
"""Any of them opens a phrase and any closes it: editors turn straight quotes into others."""

_SPACE = re.compile(r"\s+")
_RUN = re.compile(rf"(?:(?!&&)[^\s()|{QUOTES}])+")
_FIELD = re.compile(r"([^\W\d_]\w*):")
_NEAR = re.compile(r"(?:NEAR|(?i:O?NEAR)/\d*[Ff]?|ONEAR)(?!\S)")
_SIGNS = re.compile(r"\|\|?|&&")
_OPERATORS = ("AND", "OR", "NOT")


class Kind(StrEnum):
    """What a token is."""

    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    ONEAR = "ONEAR"
    FIELD = "a field"
    EXACT = "="
    PHRASE = "a phrase"
    RUN = "a word"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query. `at` to `end`: its place.

    text: a phrase without its quotes, a field's name, the number of NEAR or ONEAR, else as written.
    is_value: it follows a field's colon or the sign = without a space, so no sign in it is an operator.
    """

    kind: Kind
    at: int
    end: int
    text: str
    is_value: bool = False

    @property
    def is_operand(self) -> bool:
        """Whether a word, a phrase or a closed bracket ends here: something that an operator can follow."""
        return self.kind in (Kind.RUN, Kind.PHRASE, Kind.CLOSE)


def tokens(query: str) -> list[Token]:
    """Return the tokens of a query, an END last.

    Raises:
        QueryError: a phrase that is not closed.
    """
    found: list[Token] = []
    at = 0
    while at < len(query):
        if space := _SPACE.match(query, at):
            at = space.end()
            continue
        token = _next(query, at, found[-1] if found else None)
        found.append(token)
        at = token.end
    found.append(Token(Kind.END, len(query), len(query), ""))
    return found


def _next(query: str, at: int, before: Token | None) -> Token:
    sign = query[at]
    if sign in "()":
        return Token(Kind(sign), at, at + 1, sign)
    if sign in QUOTES:
        return _phrase(query, at)
    if signs := _SIGNS.match(query, at):
        kind = Kind.AND if signs[0] == "&&" else Kind.OR
        return Token(kind, at, signs.end(), signs[0])
    is_value = before is not None and before.end == at and before.kind in (Kind.FIELD, Kind.EXACT)
    if sign == "=" and not (is_value and before and before.kind is Kind.EXACT):
        return Token(Kind.EXACT, at, at + 1, sign)
    run = _RUN.match(query, at)
    assert run
    if is_value:
        return Token(Kind.RUN, at, run.end(), run[0], is_value=True)
    return _word(query, at, run[0])


def _word(query: str, at: int, run: str) -> Token:
    """Return the token that a run of characters begins with: an operator, a minus, a field, or all of it."""
    end = at + len(run)
    if run.upper() in _OPERATORS:
        return Token(Kind(run.upper()), at, end, run)
    if _NEAR.match(run):
        return _near(at, run)
    after = query[at + 1 : at + 2]
    if run[0] == "-" and after and not after.isspace() and after not in ")-|":
        return Token(Kind.NOT, at, at + 1, "-")
    if field := _FIELD.match(run):
        return Token(Kind.FIELD, at, at + field.end(), field[1])
    return Token(Kind.RUN, at, end, run)


def _near(at: int, run: str) -> Token:
    """Return the token of NEAR/5, ONEAR/5, or NEAR/5f as some write ONEAR/5; without a number its text is empty."""
    name, _, number = run.upper().partition("/")
    kind = Kind.ONEAR if name == "ONEAR" or number.endswith("F") else Kind.NEAR
    return Token(kind, at, at + len(run), number.removesuffix("F"))


def _phrase(query: str, at: int) -> Token:
    end = next((i for i in range(at + 1, len(query)) if query[i] in QUOTES), -1)
    if end < 0:
        raise QueryError(query, at, "this phrase has no end", 'close it with a second "')
    return Token(Kind.PHRASE, at, end + 1, query[at + 1 : end])
