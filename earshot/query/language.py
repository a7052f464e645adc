"""Reads a query into its tree, and refuses what one of the three meanings could not do. Knows no engine.

    recall defect          both words            recall AND defect      the same
    recall OR defect       one of them           pump -garden           without (also NOT)
    "pump broke"           a phrase              complain*              words that begin so
    =Apple                 with its case         #tag @handle           tags and handles
    (recall OR defect) NEAR/5 (pump OR valve)    at most five words between, in either order; ONEAR: in this order
    title:pump  site:blog.example  after:2026-11-20

NEAR binds tighter than NOT, NOT tighter than AND, AND tighter than OR.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from earshot.errors import QueryError
from earshot.query import terms
from earshot.query.foreign import refuse_foreign
from earshot.query.lexer import Kind, Token, tokens
from earshot.query.near import cost_of, make_near
from earshot.query.terms import Purpose, Remark
from earshot.query.tree import And, Everything, Near, Node, Not, Or, Prefix

MAX_LENGTH = 10_000
MAX_TERMS = 500
"""Each term is looked for in title and text: two clauses. OpenSearch and Elasticsearch take 1,024 by default."""
MAX_DEPTH = 20
"""Elasticsearch refuses bool queries nested deeper than 30 by default."""
MAX_PREFIXES = 100
"""Of a search: the embedded engine looks for each among all the words that it knows."""
MAX_NEAR_PAIRS = 256
"""Of all NEARs of a search together: the embedded engine asks for each pair in both orders, in title and text."""

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_TERMS", "Purpose", "Remark", "literal", "parse", "remarks"]

literal = terms.literal


def parse(text: str, purpose: Purpose = Purpose.SEARCH) -> Node:
    """Return the tree of a query. A query of white space only is an Everything.

    Args:
        text: at most 10,000 characters and 500 terms.
        purpose: what the query is for; decides which fields it may use.

    Raises:
        QueryError: at the character that cannot be read, with what to write instead.
    """
    return _Parser(text, purpose).read()


def remarks(text: str, purpose: Purpose = Purpose.SEARCH) -> tuple[Remark, ...]:
    """Return what is worth telling the writer of a query that can be read, in order: `C++` is searched as `c`.

    Raises:
        QueryError: as `parse`.
    """
    parser = _Parser(text, purpose)
    parser.read()
    return tuple(parser.reader.remarks)


@dataclass(slots=True)
class _Place:
    """Where the parser stands: inside which field's brackets, and how many brackets deep."""

    field: str = ""
    depth: int = 0


class _Parser:
    """Recursive descent; as deep as the brackets, which are at most MAX_DEPTH."""

    def __init__(self, query: str, purpose: Purpose) -> None:
        if len(query) > MAX_LENGTH:
            raise QueryError(query, MAX_LENGTH, f"a query has at most {MAX_LENGTH:,} characters", "split it in two")
        self._query, self._purpose = query, purpose
        self._tokens = tokens(query)
        refuse_foreign(query, self._tokens, terms.FIELDS)
        self._next = 0
        self._terms = 0
        self.reader = terms.TermReader(query, purpose)

    def read(self) -> Node:
        if self._token.kind is Kind.END:
            return Everything()
        node = self._any(_Place())
        if self._token.kind is Kind.CLOSE:
            raise self._error("this bracket closes nothing", 'take it away, or write "(" before it')
        self._refuse_negative(node)
        _refuse_deep(self._query, node)
        if self._purpose is Purpose.SEARCH:
            _refuse_dear(self._query, node)
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _operator(self, meaning: str) -> None:
        """Take AND or OR; in small letters its writer may have meant the word, and is told."""
        token = self._take()
        if token.text.isalpha() and token.text != token.kind.value:
            what = f'{token.text} is read as {token.kind.value}: {meaning}; to find the word, write "{token.text}"'
            self.reader.remark(token, what)

    def _error(self, what: str, advice: str, at: int | None = None) -> QueryError:
        return QueryError(self._query, self._token.at if at is None else at, what, advice)

    def _any(self, place: _Place) -> Node:
        """Read alternatives: all OR all OR ..."""
        nodes = [self._all(place)]
        while self._token.kind is Kind.OR:
            self._operator("one of them is enough")
            nodes.append(self._all(place))
        if len(nodes) == 1:
            return nodes[0]
        for node in nodes:
            self._refuse_negative(node)
        return self._made(Or, nodes)

    def _all(self, place: _Place) -> Node:
        """Read what stands side by side, with AND between or without."""
        nodes = [self._one(place)]
        while self._token.kind not in (Kind.OR, Kind.CLOSE, Kind.END):
            if self._token.kind is Kind.AND:
                self._operator("both have to be there")
            nodes.append(self._one(place))
        if len(nodes) == 1:
            return nodes[0]
        made = self._made(And, nodes)
        if isinstance(made, And) and all(isinstance(node, Not) for node in made.nodes):
            # A group of nothing but NOTs is one NOT of alternatives; whoever holds it decides whether it may stand.
            return Not(
                self._made(Or, [n.node for n in made.nodes if isinstance(n, Not)]),
                at=made.at,
                end=made.end,
                said=made.said,
            )
        return made

    def _one(self, place: _Place) -> Node:
        """Read one member, negated or not, near another or not."""
        at = self._token.at
        is_negative = False
        while self._token.kind is Kind.NOT:
            self._take()
            is_negative = not is_negative
        node = self._primary(place)
        while self._token.kind in (Kind.NEAR, Kind.ONEAR):
            near = self._take()
            node = make_near(self._query, node, near, self._primary(place))
        if not is_negative:
            return node
        if isinstance(node, Not):
            return node.node
        return Not(node, at=at, end=node.end, said=self._query[at : node.end])

    def _primary(self, place: _Place) -> Node:
        token = self._token
        if token.kind is Kind.OPEN:
            return self._group(place)
        if token.kind is Kind.FIELD:
            return self._field(place)
        if token.kind in (Kind.RUN, Kind.PHRASE, Kind.EXACT):
            return self._term(place.field, token.at)
        raise self._missing()

    def _missing(self) -> QueryError:
        """Return what to say where a word should stand."""
        token = self._token
        before = self._tokens[self._next - 1] if self._next else None
        if before and before.kind is Kind.OPEN and token.kind is Kind.CLOSE:
            return self._error("these brackets are empty", "write words between them", before.at)
        if before and before.kind is Kind.OPEN and token.kind is Kind.END:
            return self._error("this bracket is never closed", 'write ")" after what belongs together', before.at)
        if token.kind in (Kind.END, Kind.CLOSE):
            after = f"after {before.text or before.kind.value}" if before else "here"
            return self._error(f"something is missing {after}", "write a word there, or take the operator away")
        name = token.text if token.kind in (Kind.AND, Kind.OR, Kind.NOT) else token.kind.value
        what = f"{name} has nothing before it" if not before else f"{name} cannot stand here"
        return self._error(what, f'write a word on each side of it; to find the word itself, "{name}"')

    def _group(self, place: _Place) -> Node:
        opened = self._take()
        if place.depth >= MAX_DEPTH:
            raise self._error(f"brackets are at most {MAX_DEPTH} deep", "take some of them away", opened.at)
        node = self._any(_Place(place.field, place.depth + 1))
        if self._token.kind is not Kind.CLOSE:
            raise self._error("this bracket is never closed", 'write ")" after what belongs together', opened.at)
        closed = self._take()
        return replace(node, at=opened.at, end=closed.end, said=self._query[opened.at : closed.end])

    def _field(self, place: _Place) -> Node:
        token = self._take()
        if place.field:
            is_address = token.text.lower() in ("http", "https")
            advice = "put each address in double quotes" if is_address else "close the bracket first"
            raise self._error(f"{token.text}: cannot stand within {place.field}:( )", advice, token.at)
        follows = self._token
        is_there = follows.kind in (Kind.OPEN, Kind.RUN, Kind.PHRASE, Kind.EXACT)
        value = self._query[follows.at : follows.end] if is_there and follows.kind is not Kind.OPEN else ""
        name = self.reader.field(token, value)
        if follows.at != token.end or not is_there:
            advice = f"write its value without a space: {name}:{value or '...'}"
            raise self._error(f"nothing stands after {name}:", advice, token.at)
        if follows.kind is Kind.OPEN:
            node = self._group(_Place(name, place.depth))
            return replace(node, at=token.at, said=self._query[token.at : node.end])
        return self._term(name, token.at)

    def _term(self, field: str, at: int) -> Node:
        token = self._take()
        exact = token.kind is Kind.EXACT
        if exact:
            follows = self._token
            if follows.at != token.end or follows.kind not in (Kind.RUN, Kind.PHRASE):
                raise self._error("nothing stands after =", "write the word without a space: =Apple", token.at)
            token = self._take()
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self._error(f"a query has at most {MAX_TERMS} terms", "split it in two", at)
        return self.reader.term(token, field, is_exact=exact, at=at)

    def _made(self, kind: type[And] | type[Or], nodes: list[Node]) -> Node:
        """Return an And or Or of `nodes`, with those of the same kind taken in."""
        first, last = nodes[0], nodes[-1]
        said = self._query[first.at : last.end]
        flat: list[Node] = []
        for node in nodes:
            flat += node.nodes if isinstance(node, kind) else (node,)
        return kind(tuple(flat), at=first.at, end=last.end, said=said)

    def _refuse_negative(self, node: Node) -> None:
        if isinstance(node, Not):
            what = "NOT says only what must not be there" if node.said.startswith("NOT") else "only what must not be"
            raise self._error(what, "write first what to look for, then what to leave out: pump NOT garden", node.at)


def _refuse_deep(query: str, node: Node) -> None:
    level, depth = [node], 1
    while level:
        if depth > MAX_DEPTH:
            raise QueryError(query, level[0].at, f"a query is at most {MAX_DEPTH} levels deep", "write it flatter")
        level = [child for parent in level for child in _children(parent)]
        depth += 1


def _refuse_dear(query: str, node: Node) -> None:
    """Refuse a search that would cost an engine seconds: on all of them, since it may be asked of any."""
    prefixes = pairs = 0
    left = [node]
    while left:
        one = left.pop()
        left += reversed(_children(one))
        prefixes += isinstance(one, Prefix)
        pairs += cost_of(one) if isinstance(one, Near) else 0
        if isinstance(one, Near):
            prefixes += sum(isinstance(term, Prefix) for term in (*one.left, *one.right))
        if prefixes > MAX_PREFIXES:
            what = f"a search has at most {MAX_PREFIXES} words with *"
            raise QueryError(query, one.at, what, "write the words themselves, or split it in two")
        if pairs > MAX_NEAR_PAIRS:
            what = f"the NEARs of a search have at most {MAX_NEAR_PAIRS} pairs of words together"
            raise QueryError(query, one.at, what, "take words out of the groups, write AND, or split it in two")


def _children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Not):
        return (node.node,)
    return node.nodes if isinstance(node, And | Or) else ()
