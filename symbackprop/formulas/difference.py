r"""Where two formulas differ: what only one of them holds is marked in it, whatever the order of terms and the form of brackets.

A formula is a sum of signed terms, else a product entry by entry (\odot), else factors side by side. Sums and \odot are compared
in any order; what is left over on both sides is paired with what it is likest, and compared part by part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from symbackprop.formulas import build as f
from symbackprop.formulas.tree import (
    Atom,
    Binds,
    Fence,
    Fraction,
    Marked,
    Node,
    Root,
    Row,
    Script,
    children,
    is_sign,
    items_of,
    kind_of,
    rebuilt,
    walk,
)

_SAME = {"sigmoid": "σ"}  # two spellings of one name
_LIKE = 0.3  # of what two parts hold in common, from which on they are taken for one part with a fault
Join = Literal["sum", "had", "row"]


class Piece(NamedTuple):
    """A term with its sign, or a factor, whose sign is empty."""

    sign: Literal["", "+", "−"]
    node: Node


def difference(claimed: Node, true: Node) -> tuple[Node, Node]:
    """Both formulas, what differs marked: "bad" in the first, "good" in the second; unmarked where they have nothing in common."""
    claimed, true = plainer(claimed), plainer(true)
    left, right = _compared(claimed, true)
    return (claimed, true) if isinstance(left, Marked) and isinstance(right, Marked) else (left, right)


def plainer(node: Node) -> Node:
    """The formula without brackets that change nothing: round a product within a product, and within \\odot."""
    node = rebuilt(node, plainer)
    if not isinstance(node, Row):
        return node
    join, pieces = _cut(node)
    if join == "sum" or len(pieces) == 1:
        return node
    return _joined(join, [Piece(p.sign, _opened(p.node, join)) for p in pieces])


def _opened(node: Node, join: Join) -> Node:
    if not isinstance(node, Fence) or node.call or (node.left, node.right) not in (("(", ")"), ("[", "]")):
        return node
    inner, pieces = _cut(node.body)
    plain = not any(kind_of(i) in ("big", "limit", "relation", "punctuation") for p in pieces for i in items_of(p.node))
    return node.body if plain and (inner == join or (inner == "row" and join == "had")) else node


# ---- a formula in pieces


def _cut(node: Node) -> tuple[Join, list[Piece]]:
    """The formula as signed terms, else as factors of \\odot, else as factors side by side."""
    units = list(_units(items_of(node)))
    signs = [k for k, unit in enumerate(units) if unit in (f.PLUS, f.MINUS) and (k == 0 or not is_sign(units[k - 1]))]
    if signs:
        ends = [*signs, len(units)]
        terms = [Piece("", Row(tuple(units[: signs[0]])))] if signs[0] else []
        terms += [Piece("", Row(tuple(units[a:b]))) for a, b in zip(signs, ends[1:], strict=True)]
        return "sum", [_term(term.node) for term in terms]
    if f.ODOT in units:
        factors: list[list[Node]] = [[]]
        for unit in units:
            if unit == f.ODOT:
                factors.append([])
            else:
                factors[-1].append(unit)
        return "had", [Piece("", f.beside(*several)) for several in factors if several]
    return "row", [Piece("", unit) for unit in units] or [Piece("", node)]


def _term(node: Node) -> Piece:
    first, *rest = items_of(node)
    if first in (f.PLUS, f.MINUS):
        return Piece("−" if first == f.MINUS else "+", f.beside(*rest) if rest else Row(()))
    return Piece("+", f.beside(first, *rest))


def _units(items: tuple[Node, ...]) -> Iterator[Node]:
    """The items without spaces; a function with its argument, 1[...] and a sum with what it sums are one."""
    own = [item for item in items if kind_of(item) != "space"]
    k = 0
    while k < len(own):
        end = k + 1
        if kind_of(own[k]) == "big":
            while end < len(own) and own[end] not in (f.PLUS, f.MINUS):
                end += 1
        elif kind_of(own[k]) in ("function", "limit") or own[k] == f.bold("1"):
            end = _after(own, end) if end < len(own) and (own[k] != f.bold("1") or kind_of(own[end]) == "open") else end
        elif kind_of(own[k]) == "open":
            end = _after(own, k)
        yield f.beside(*own[k:end])
        k = end


def _after(own: list[Node], k: int) -> int:
    """The place after the item at k, or after the brackets that open there."""
    depth, start = 0, k
    while k < len(own):
        depth += (kind_of(own[k]) == "open") - (kind_of(own[k]) == "close")
        k += 1
        if depth == 0:
            return k
    return start + 1


def _joined(join: Join, pieces: list[Piece]) -> Node:
    match join:
        case "sum":
            items: list[Node] = []
            for piece in pieces:
                sign = f.MINUS if piece.sign == "−" else f.PLUS
                items += [piece.node] if not piece.sign or (not items and sign == f.PLUS) else [sign, piece.node]
            return f.beside(*items)
        case "had":
            return f.hadamard([p.node for p in pieces])
        case "row":
            return f.juxtapose([p.node for p in pieces], Binds.PRODUCT)


# ---- equal, like, different


def _key(node: Node | None) -> Hashable:
    """The same for formulas that differ in the order of terms, the form of brackets and the place of numbers only."""
    match node:
        case None:
            return None
        case Atom(text):
            return _SAME.get(text, text)
        case Fence(left, body, right):
            return "fence", "(" if left == "[" else left, _key(body), ")" if right == "]" else right
        case Row():
            join, pieces = _cut(node)
            if join == "row" and len(pieces) == 1:
                return ("unit", *map(_key, items_of(pieces[0].node)))
            keys = [(p.sign, _key(p.node)) for p in pieces]
            if join == "row":
                numbers = sorted((k for k, p in zip(keys, pieces, strict=True) if _is_number(p.node)), key=repr)
                keys = numbers + [k for k, p in zip(keys, pieces, strict=True) if not _is_number(p.node)]
            return (
                keys[0][1] if len(keys) == 1 and join != "sum" else (join, tuple(keys if join == "row" else sorted(keys, key=repr)))
            )
        case Script(base, sub, sup):
            return "script", _key(base), _key(sub), _key(sup)
    return (type(node).__name__, *map(_key, children(node)))


def _is_number(node: Node) -> bool:
    return all(part.kind == "number" for part in walk(node) if isinstance(part, Atom))


def _likeness(a: Node, b: Node) -> float:
    own, other = (Counter(map(_key, walk(node))) for node in (a, b))
    return sum((own & other).values()) / max(own.total(), other.total())


def _compared(a: Node, b: Node) -> tuple[Node, Node]:
    """Two parts that stand for each other, with what differs marked."""
    if _key(a) == _key(b):
        return a, b
    match a, b:
        case Fence(call=first), Fence(call=second) if first == second:
            body, other = _compared(a.body, b.body)
            return Fence(a.left, body, a.right, a.call), Fence(b.left, other, b.right, b.call)
        case Fraction(), Fraction():
            (over, top), (under, below) = _compared(a.over, b.over), _compared(a.under, b.under)
            return Fraction(over, under), Fraction(top, below)
        case Root(), Root() if _key(a.degree) == _key(b.degree):
            body, other = _compared(a.body, b.body)
            return Root(body, a.degree), Root(other, b.degree)
        case Script(Fence() as base), Script(Fence() as other) if (_key(a.sub), _key(a.sup)) == (_key(b.sub), _key(b.sup)):
            first, second = _compared(base, other)
            return Script(first, a.sub, a.sup), Script(second, b.sub, b.sup)
        case Row(), _:
            return _rows(a, b)
        case _, Row():
            return _rows(a, b)
    return Marked(a, "bad"), Marked(b, "good")


def _rows(a: Node, b: Node) -> tuple[Node, Node]:
    (join, own), (other, theirs) = _cut(a), _cut(b)
    if join != other:
        loosest: Join = next(j for j in ("sum", "had", "row") if j in (join, other))
        sign = "+" if loosest == "sum" else ""
        own = own if join == loosest else [Piece(sign, a)]
        theirs = theirs if other == loosest else [Piece(sign, b)]
        join = loosest
    if join == "row" and len(own) == len(theirs) == 1:
        return _units_compared(a, b)
    left, right = _matched(own, theirs, in_order=join == "row")
    return _joined(join, left), _joined(join, right)


def _units_compared(a: Node, b: Node) -> tuple[Node, Node]:
    """A function with its argument, a sum with what it sums: compared behind a head that they share."""
    (head, *rest), (other, *behind) = items_of(a), items_of(b)
    if not rest or not behind or _key(head) != _key(other):
        return Marked(a, "bad"), Marked(b, "good")
    first, second = _compared(f.beside(*rest), f.beside(*behind))
    return f.beside(head, first), f.beside(other, second)


def _matched(own: list[Piece], theirs: list[Piece], in_order: bool) -> tuple[list[Piece], list[Piece]]:
    """The pieces of both sides: equal ones as they are, others compared with the likest, or marked."""
    left, right = list(own), list(theirs)
    equal = dict(_equal([(p.sign, _key(p.node)) for p in own], [(p.sign, _key(p.node)) for p in theirs], in_order))
    mine, other = [k for k in range(len(own)) if k not in equal], [k for k in range(len(theirs)) if k not in equal.values()]
    scored = sorted((-_likeness(own[i].node, theirs[j].node), i, j) for i in mine for j in other)
    for score, i, j in scored:
        if i in mine and j in other and (-score > _LIKE or len(mine) == len(other) == 1):
            mine.remove(i)
            other.remove(j)
            if own[i].sign == theirs[j].sign:
                first, second = _compared(own[i].node, theirs[j].node)
                left[i], right[j] = Piece(own[i].sign, first), Piece(theirs[j].sign, second)
            else:
                left[i], right[j] = _toned(own[i], "bad"), _toned(theirs[j], "good")
    for k in mine:
        left[k] = _toned(own[k], "bad")
    for k in other:
        right[k] = _toned(theirs[k], "good")
    return left, right


def _equal(own: list[Hashable], theirs: list[Hashable], in_order: bool) -> Iterator[tuple[int, int]]:
    if in_order:
        for a, b, size in SequenceMatcher(None, own, theirs, autojunk=False).get_matching_blocks():
            yield from ((a + k, b + k) for k in range(size))
        return
    free = list(range(len(theirs)))
    for k, key in enumerate(own):
        place = next((j for j in free if theirs[j] == key), None)
        if place is not None:
            free.remove(place)
            yield k, place


def _toned(piece: Piece, tone: Literal["good", "bad"]) -> Piece:
    """A piece marked, with its sign."""
    sign = [f.MINUS] if piece.sign == "−" else [f.PLUS] if piece.sign == "+" else []
    return Piece("", Marked(f.beside(*sign, piece.node), tone))
