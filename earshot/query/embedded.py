"""What a query means to tantivy. Knows the fields of the index, not how they are filled."""

from __future__ import annotations

from tantivy import FieldType, Occur, Query, Schema

from earshot.query.fields import words_field
from earshot.query.pairs import pairs_field, pairs_of
from earshot.query.times import instant
from earshot.query.tree import BOTH, And, Handle, Is, Near, Node, Not, Or, Prefix, Tag, When, Words

_Term = Words | Prefix


def to_tantivy(node: Node, schema: Schema, time_zone: str = "UTC") -> Query:
    """Return the tantivy query that finds what `matcher.match` matches.

    Args:
        node: as `language.parse` returns it: at most 20 levels deep.
        schema: of the index; has the fields of `earshot.query.fields` and `earshot.query.pairs` under their names.
        time_zone: IANA, the reader's, for dates.

    Raises:
        ConfigError: no such time zone.
    """
    return _Translation(schema, time_zone).query(node)


class _Translation:
    def __init__(self, schema: Schema, time_zone: str) -> None:
        self._schema = schema
        self._time_zone = time_zone

    def query(self, node: Node) -> Query:
        match node:
            case And():
                return Query.boolean_query([self._clause(child) for child in node.nodes])
            case Or():
                return _any([self.query(child) for child in node.nodes])
            case Not():
                return Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, self.query(node.node))])
            case Words():
                return _any([self._in_a_row(part, node) for part in node.parts])
            case Prefix():
                return _any([self._prefix(words_field(part), node.prefix) for part in node.parts])
            case Near():
                return _any([query for part in node.parts for query in self._near(words_field(part), node)])
            case Tag():
                return self._term("tags", node.tag)
            case Handle():
                return self._term("handles", node.handle)
            case Is():
                return Query.const_score_query(self._term(node.field, node.value), 0.0)
            case When():
                return Query.const_score_query(self._when(node), 0.0)
        return Query.all_query()

    def _clause(self, node: Node) -> tuple[Occur, Query]:
        if isinstance(node, Not):
            return Occur.MustNot, self.query(node.node)
        return Occur.Must, self.query(node)

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)

    def _in_a_row(self, part: str, node: Words) -> Query:
        """Return the query for words in a row.

        Two short ones are one token. Of more, the tokens of pairs choose the texts whose places are then compared: with
        common words that takes a fifth of the time.
        """
        field, words = words_field(part, is_cased=node.is_cased), node.words
        if len(words) == 1:  # tantivy panics at a phrase of one word
            return self._term(field, words[0])
        pairs = [] if node.is_cased or part not in BOTH else pairs_of(words)
        if pairs and len(words) == 2:
            return self._term(pairs_field(part), pairs[0])
        phrase = Query.phrase_query(self._schema, field, list(words))
        necessary = [Query.const_score_query(self._term(pairs_field(part), pair), 0.0) for pair in dict.fromkeys(pairs)]
        return Query.boolean_query([(Occur.Must, one) for one in (*necessary, phrase)]) if necessary else phrase

    def _prefix(self, field: str, prefix: str) -> Query:
        # A folded word has no character that means anything in a pattern. phrase_prefix_query stops at 50 words.
        return Query.regex_query(self._schema, field, f"{prefix}.*")

    def _near(self, field: str, node: Near) -> list[Query]:
        pairs = list(node.pairs)
        if not node.is_ordered:
            pairs += [(right, left) for left, right in pairs]
        return [query for pair in pairs for query in self._one_before_other(field, pair, node)]

    def _one_before_other(self, field: str, pair: tuple[_Term, _Term], node: Near) -> list[Query]:
        """Return queries for the first of a pair, at most `node.gap` words, and the second.

        Slop is shared by all words of a phrase, and finds two words in the other order too where it is 2 or more. So
        it serves for two single words in either order; all else is asked for once with each number of words between.
        """
        first, second = pair
        ones, twos = _patterns(first), _patterns(second)
        is_pattern = isinstance(first, Prefix) or isinstance(second, Prefix)
        make = Query.regex_phrase_query if is_pattern else Query.phrase_query
        if len(ones) == len(twos) == 1 and not node.is_ordered:
            return [make(self._schema, field, [*ones, *twos], node.gap)]
        return [
            make(self._schema, field, [*enumerate(ones), *enumerate(twos, len(ones) + between)])
            for between in range(node.gap + 1)
        ]

    def _when(self, node: When) -> Query:
        moment = instant(node.moment, self._time_zone)
        if node.is_since:
            return Query.range_query(self._schema, "published_at", FieldType.Date, lower_bound=moment)
        return Query.range_query(self._schema, "published_at", FieldType.Date, upper_bound=moment, include_upper=False)


def _patterns(term: _Term) -> list[str]:
    """Return the words of a term as patterns; a folded word has no character that means anything in one."""
    return list(term.words) if isinstance(term, Words) else [f"{term.prefix}.*"]


def _any(queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])
