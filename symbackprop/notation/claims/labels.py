r"""Labels that stand as indices: \theta_{y_i}, P_{i,y_i} and u_o are the entries that whole numbers pick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.bracketed import between_commas
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.nodes import Node
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.claims.words import indices

_FRESH = "vcuwqpkjab"


def places(state: State, several: Sequence[Token]) -> list[Tokens | Word] | None:
    """Subscript tokens as indices, of which labels are words; None where they are neither."""
    found = indices(several)
    if found is not None:
        return [_word(part[0]) if len(part) == 1 and is_label(state, part[0].text) else part for part in found]
    own: list[Tokens | Word] = []
    for part in between_commas(_braced(_unbraced(several))):
        try:
            node = syntax(part)
        except Fault:
            return None
        factors = node.factors if isinstance(node, sx.Product) and not any(node.ops) else (node,)
        for factor in factors:
            one = _place(state, factor, part)
            if one is None:
                return None
            own.append(one)
    return own


def _unbraced(several: Sequence[Token]) -> Tokens:
    """Tokens without the one pair of braces around all of them."""
    own = tuple(several)
    if own and own[0].text == "{" and own[-1].text == "}":
        return own[1:-1]
    return own


def _braced(several: Tokens) -> Tokens:
    """The tokens with braces around the (i) of y^{(i)}, which lose theirs with those around all."""
    out: list[Token] = []
    for k, token in enumerate(several):
        opened = token.text == "(" and k > 0 and several[k - 1].text == "^"
        out += [Token("{", token.at), token] if opened else [token]
        if token.text == ")" and any(t.text == "{" for t in out[-4:-1]) and out[-3].text == "(":
            out.append(Token("}", token.at))
    return tuple(out)


def is_label(state: State, letter: str) -> bool:
    """Whether a letter below a name is a label, and no index that is bound or stands on the left-hand side."""
    name = state.names.named(letter.lstrip("\\"))
    return name is not None and letter not in state.ranges and letter not in state.outer and state.is_integer(name)


def is_last(state: State, letter: str) -> bool:
    """Whether a letter below a name of a network is a size, the n of x_n, and no index."""
    taken = letter in state.ranges or letter in state.outer or state.loose
    return state.context.is_network and letter in state.names.sizes and not taken


def labels_below(state: State, several: Sequence[Token]) -> Iterator[Word]:
    """The labels among subscript tokens, whose own indices have ranges."""
    if any(t.text in ("_", "^") for t in several):
        yield from (part for part in places(state, several) or () if isinstance(part, Word))


def at_label(state: State, node: Node, axis: str, word: Word) -> Node:
    """The entry along an axis that a label says. Raises Fault for labels that are several here."""
    labels = [sense.node for sense in state.read(word) if not sense.node.matrix]
    if not labels:
        raise Fault(f"{word.base} holds several labels.", f"Say which one is meant: {word.base}_i.", word.at)
    taken = {*node.axes, *state.ranges, *state.outer, *labels[0].axes}
    letter = next(c for c in _FRESH if c not in taken)
    extent = node.extent(axis)
    here = nd.compared("==", nd.positions(letter, extent, 0), labels[0])
    return nd.summed(nd.arithmetic("*", nd.renamed(node, [(axis, letter)]), here), letter)


def _place(state: State, node: Syntax, part: Tokens) -> Tokens | Word | None:
    if isinstance(node, Word):
        found = state.names.lookup(node)
        if found is not None and state.is_integer(found.name) and (node.sub or node.sup or is_label(state, node.base)):
            return node
        if not (node.sub or node.sup or node.accent or node.primes):
            return (Token(node.base, node.at),)
        return None
    if isinstance(node, sx.Number):
        return (Token(node.text, node.at),)
    inner = indices(part)
    return inner[0] if inner is not None and len(inner) == 1 else None


def _word(token: Token) -> Word:
    return Word(token.text.lstrip("\\"), token.at)
