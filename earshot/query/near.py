"""Makes a NEAR of its operands, and refuses those that the engines answer differently. Knows no text.

Measured on 20,000 generated documents: for two groups of single words without a common one, tantivy's phrases with
slop and the clusters' intervals give exactly the matcher's answer; with a common word, or three operands, they do not.
"""

from __future__ import annotations

from earshot.errors import QueryError
from earshot.query.lexer import Kind, Token
from earshot.query.tree import Near, Node, Or, Words

MAX_GAP = 100
MAX_PAIRS = 64
_EXAMPLE = "(recall OR defect) NEAR/5 (pump OR valve)"


def make_near(query: str, left: Node, near: Token, right: Node) -> Near:
    """Return `left NEAR/n right`.

    Raises:
        QueryError: no number; an operand that is not a word or words joined by OR; a common word; too many pairs.
    """
    if near.kind is Kind.ONEAR:
        raise QueryError(query, near.at, "ONEAR is not built yet", f"write NEAR/{near.text or 5}")
    if isinstance(left, Near):
        raise QueryError(query, near.at, "NEAR takes two operands, not three", "write a NEAR/5 b AND b NEAR/5 c")
    gap = _gap(query, near)
    lefts, parts = _group(query, left)
    rights, right_parts = _group(query, right)
    if parts != right_parts:
        raise QueryError(query, right.at, "both sides of NEAR stand in the same field", "write title:(a NEAR/5 b)")
    _refuse_common(query, lefts, rights, right)
    if len(lefts) * len(rights) > MAX_PAIRS:
        what = f"{len(lefts)} x {len(rights)} words are more than {MAX_PAIRS} pairs"
        raise QueryError(query, near.at, what, "split a group in two: (a NEAR/5 x) OR (b NEAR/5 x)")
    said = query[left.at : right.end]
    return Near(lefts, rights, gap, parts, at=left.at, end=right.end, said=said)


def _gap(query: str, near: Token) -> int:
    if not near.text:
        raise QueryError(query, near.at, "NEAR needs a number", "write how many words may stand between: NEAR/5")
    gap = int(near.text) if len(near.text) < 6 else MAX_GAP + 1
    if gap > MAX_GAP:
        raise QueryError(query, near.at, f"NEAR/{near.text} is too far", f"write NEAR/{MAX_GAP} or less, or AND")
    return gap


def _group(query: str, node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of an operand, each once, and the parts they stand in."""
    members = node.nodes if isinstance(node, Or) else (node,)
    words: dict[str, None] = {}
    parts: tuple[str, ...] = ()
    for member in members:
        if not isinstance(member, Words) or member.is_cased or len(member.words) > 1:
            what = f"NEAR takes single words, or words joined by OR: {member.said or node.said!r} is none"
            raise QueryError(query, member.at, what, f"write {_EXAMPLE}")
        if parts and member.parts != parts:
            raise QueryError(query, member.at, "all words beside NEAR stand in the same field", f"write {_EXAMPLE}")
        parts = member.parts
        words[member.words[0]] = None
    return tuple(words), parts


def _refuse_common(query: str, lefts: tuple[str, ...], rights: tuple[str, ...], right: Node) -> None:
    common = sorted(set(lefts) & set(rights))
    if common:
        what = f"{common[0]} stands on both sides of NEAR"
        raise QueryError(query, right.at, what, "take it from one side; a word is always near itself")
