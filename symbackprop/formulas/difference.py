r"""Where two formulas differ: what only one of them holds is marked in it, whatever the order of terms and the form of brackets.

A formula is a sum of signed terms, else a product entry by entry (\odot), else factors side by side. Sums and \odot are compared
in any order; what is left over on both sides is paired with what it is likest, and compared part by part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Literal

from symbackprop.formulas import build as f
from symbackprop.formulas.pieces import Join, Piece, cut, fenced, joined, plainer
from symbackprop.formulas.tree import Atom, Fence, Fraction, Marked, Node, Root, Row, Script, children, items_of, walk

_SAME = {"sigmoid": "σ"}  # two spellings of one name
_LIKE = 0.3  # of what two parts hold in common, from which on they are taken for one part with a fault


def difference(claimed: Node, true: Node, names: Mapping[Node, Node] | None = None) -> tuple[Node, Node]:
    """Both formulas, what differs marked: "bad" in the first, "good" in the second; unmarked where they have nothing in common.

    names   what a name of the first stands for.
    """
    claimed, true = plainer(fenced(claimed)), plainer(fenced(true))
    left, right = _Difference({name: plainer(fenced(meant)) for name, meant in (names or {}).items()}).compared(claimed, true)
    return (claimed, true) if isinstance(left, Marked) and isinstance(right, Marked) else (left, right)


def alike(a: Node, b: Node, names: Mapping[Node, Node] | None = None) -> bool:
    """Whether two formulas differ in the order of terms, the form of brackets and the place of numbers at most."""
    own = _Difference({name: plainer(fenced(meant)) for name, meant in (names or {}).items()})
    return own.key(plainer(fenced(a))) == own.key(plainer(fenced(b)))


class _Difference:
    """One comparison; `names` are names of the first formula with what they stand for."""

    def __init__(self, names: Mapping[Node, Node]) -> None:
        self.names: dict[Node, Hashable] = {}
        for name, meant in names.items():  # a later name may be made of earlier ones
            self.names[name] = self.key(meant)

    def key(self, node: Node | None) -> Hashable:
        """The same for formulas that differ in the order of terms, the form of brackets and the place of numbers only."""
        if node in self.names:
            return self.names[node]
        match node:
            case None:
                return None
            case Atom(text):
                return _SAME.get(text, text)
            case Fence(left, body, right) if node.call or (left, right) not in (("(", ")"), ("[", "]")):
                return "fence", left, self.key(body), right
            case Fence(_, body):
                return self.key(body)
            case Row():
                return self._row_key(node)
            case Script(base, sub, sup):
                return "script", self.key(base), self.key(sub), self.key(sup)
        return (type(node).__name__, *map(self.key, children(node)))

    def _row_key(self, row: Row) -> Hashable:
        join, pieces = cut(row)
        if join == "row" and len(pieces) == 1:
            return ("unit", *map(self.key, items_of(pieces[0].node)))
        keys = [(p.sign, self.key(p.node)) for p in pieces]
        if join == "row":
            numbers = sorted((k for k, p in zip(keys, pieces, strict=True) if _is_number(p.node)), key=repr)
            return (join, *numbers, *(k for k, p in zip(keys, pieces, strict=True) if not _is_number(p.node)))
        return (join, *sorted(keys, key=repr))

    def likeness(self, a: Node, b: Node) -> float:
        """From 0 to 1: how much of what is in them is in both."""
        own, other = (Counter(map(self.key, walk(node))) for node in (a, b))
        return sum((own & other).values()) / max(own.total(), other.total())

    def compared(self, a: Node, b: Node) -> tuple[Node, Node]:
        """Two parts that stand for each other, with what differs marked."""
        if self.key(a) == self.key(b):
            return a, b
        match a, b:
            case Fence(call=first), Fence(call=second) if first == second:
                body, other = self.compared(a.body, b.body)
                return Fence(a.left, body, a.right, a.call), Fence(b.left, other, b.right, b.call)
            case Fraction(), Fraction():
                (over, top), (under, below) = self.compared(a.over, b.over), self.compared(a.under, b.under)
                return Fraction(over, under), Fraction(top, below)
            case Root(), Root() if self.key(a.degree) == self.key(b.degree):
                body, other = self.compared(a.body, b.body)
                return Root(body, a.degree), Root(other, b.degree)
            case Script(Fence() as base), Script(Fence() as other) if self.key(a.sub) == self.key(b.sub) and a.sup == b.sup:
                first, second = self.compared(base, other)
                return Script(first, a.sub, a.sup), Script(second, b.sub, b.sup)
            case Row(), _:
                return self.rows(a, b)
            case _, Row():
                return self.rows(a, b)
        return Marked(a, "bad"), Marked(b, "good")

    def rows(self, a: Node, b: Node) -> tuple[Node, Node]:
        """Two formulas piece by piece."""
        (join, own), (other, theirs) = cut(a), cut(b)
        if join != other:
            loosest: Join = next(j for j in ("sum", "had", "row") if j in (join, other))
            sign = "+" if loosest == "sum" else ""
            own = own if join == loosest else [Piece(sign, a)]
            theirs = theirs if other == loosest else [Piece(sign, b)]
            join = loosest
        if join == "row" and len(own) == len(theirs) == 1:
            return self.units(a, b)
        left, right = self.matched(own, theirs, in_order=join == "row")
        return joined(join, left), joined(join, right)

    def units(self, a: Node, b: Node) -> tuple[Node, Node]:
        """A function with its argument, a sum with what it sums: compared behind a head that they share."""
        (head, *rest), (other, *behind) = items_of(a), items_of(b)
        if not rest or not behind or self.key(head) != self.key(other):
            return Marked(a, "bad"), Marked(b, "good")
        first, second = self.compared(f.beside(*rest), f.beside(*behind))
        return f.beside(head, first), f.beside(other, second)

    def matched(self, own: list[Piece], theirs: list[Piece], in_order: bool) -> tuple[list[Piece], list[Piece]]:
        """The pieces of both sides: equal ones as they are, others compared with the likest, or marked."""
        keys, others = ([(p.sign, self.key(p.node)) for p in several] for several in (own, theirs))
        equal = dict(_equal(keys, others, in_order))
        mine = [k for k in range(len(own)) if k not in equal]
        other = [k for k in range(len(theirs)) if k not in equal.values()]
        if equal and in_order and min(len(mine), len(other)) == 1 < max(len(mine), len(other)) and _go_on(mine) and _go_on(other):
            first, second = self.compared(_product(own, mine), _product(theirs, other))
            return _put(own, mine, first), _put(theirs, other, second)
        left, right = list(own), list(theirs)
        for score, i, j in sorted((-self.likeness(own[i].node, theirs[j].node), i, j) for i in mine for j in other):
            if i in mine and j in other and (-score > _LIKE or len(mine) == len(other) == 1):
                mine.remove(i)
                other.remove(j)
                if own[i].sign == theirs[j].sign:
                    first, second = self.compared(own[i].node, theirs[j].node)
                    left[i], right[j] = Piece(own[i].sign, first), Piece(theirs[j].sign, second)
                else:
                    left[i], right[j] = _toned(own, i, "bad"), _toned(theirs, j, "good")
        for k in mine:
            left[k] = _toned(own, k, "bad")
        for k in other:
            right[k] = _toned(theirs, k, "good")
        return left, right


def _bare(node: Node) -> Node:
    return node.body if isinstance(node, Fence) and not node.call else node


def _is_number(node: Node) -> bool:
    return all(part.kind == "number" for part in walk(node) if isinstance(part, Atom))


def _go_on(places: list[int]) -> bool:
    return places == list(range(places[0], places[0] + len(places)))


def _product(pieces: list[Piece], places: list[int]) -> Node:
    """The factors at some places, without the brackets round a single one."""
    return _bare(pieces[places[0]].node) if len(places) == 1 else joined("row", [pieces[k] for k in places])


def _put(pieces: list[Piece], places: list[int], node: Node) -> list[Piece]:
    """The factors with those at some places replaced, in the brackets that one of them had."""
    one = pieces[places[0]].node
    if len(places) == 1 and isinstance(one, Fence) and not isinstance(node, Marked):
        node = Fence(one.left, node, one.right, one.call)
    return [*pieces[: places[0]], Piece("", node), *pieces[places[-1] + 1 :]]


def _equal(own: list[Any], theirs: list[Any], in_order: bool) -> Iterator[tuple[int, int]]:
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


def _toned(pieces: list[Piece], place: int, tone: Literal["good", "bad"]) -> Piece:
    """A piece marked, with its sign; no plus stands before the first."""
    piece = pieces[place]
    sign = [f.MINUS] if piece.sign == "−" else [f.PLUS] if piece.sign == "+" and place else []
    return Piece("", Marked(f.beside(*sign, piece.node), tone))
