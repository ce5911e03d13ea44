"""The cross products of a network: a x b, and the matrix [v]_x by which v x b is a product, [v]_x b."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sympy import Expr, S

from symbackprop.algebra.contract import Contraction, Placed
from symbackprop.algebra.matrix import PLAIN, Form, MisfitError, both, front_of, negated, scaled
from symbackprop.algebra.nets import Entry, Inner
from symbackprop.core.crossed import parity

Item = Entry | Inner


class Side(NamedTuple):
    """What is crossed: its factors, and the letter of its three entries."""

    items: tuple[Item, ...]
    letter: str


class Crossed(NamedTuple):
    """Factors as sign * (first x second) at the letter `out`, row by row where they have the letter `row`; and the others.

    second   None: the matrix of the first, of which `out` are the letters of rows and columns.
    """

    sign: int
    out: tuple[str, ...]
    row: str | None
    first: Side
    second: Side | None
    rest: tuple[Item, ...]


class Without(NamedTuple):
    """A network's factors without its cross products, these as forms, and the letters that they use up."""

    rest: list[Item]
    forms: list[Placed]
    inner: set[str]


class Crossing:
    """Takes the cross products of one network out.

    sizes   of its letters.
    place   a factor at its letters.
    order   the place of a factor in reading order.
    """

    def __init__(self, sizes: Mapping[str, Expr], place: Callable[[Item], Placed], order: Callable[[Item], Any]) -> None:
        self.sizes, self.place, self.order = dict(sizes), place, order

    def without(self, items: Sequence[Item], free: Iterable[str | None], negative: bool) -> Without:
        """The factors without their cross products.

        free       the letters that are not summed.
        negative   whether a number below 0 stands before them: -(a x b) is b x a.
        Raises MisfitError where there is an e_ijk that is no cross product of vectors.
        """
        rest, forms, inner, outside = list(items), list[Placed](), set[str](), {x for x in free if x is not None}
        while (found := crossed(rest, outside, self.order)) is not None:
            exchanged = found.second is not None and (found.sign < 0) != negative
            placed, sign = self._placed(found, exchanged, outside), -found.sign if exchanged else found.sign
            forms.append(placed if sign > 0 else placed._replace(form=negated(placed.form)))
            inner |= {x for side in (found.first, found.second) if side for item in side.items for x in item.letters}
            inner -= {*found.out} | outside
            outside |= {*found.out}
            rest, negative = list(found.rest), False
        return Without(rest, forms, inner)

    def _placed(self, found: Crossed, exchanged: bool, free: set[str]) -> Placed:
        """The form at its letters, its sides exchanged or not."""
        front, parts, rows = PLAIN, [], [found.row] if found.row else []
        for side in (found.second, found.first) if exchanged else (found.first, found.second):
            if side is None:
                continue
            own, body = front_of(self._side(side, rows, free))
            if body is None:
                raise MisfitError("a number in a cross product")
            parts.append(body)
            front = both(front, own)
        at = (*rows, *found.out)
        form = Form("skew" if found.second is None else "cross", tuple(parts))
        return Placed(scaled(front, form), at[0], at[1] if len(at) > 1 else None)

    def _side(self, side: Side, rows: list[str], free: set[str]) -> Form:
        """One of the vectors, or of the matrices whose rows are crossed."""
        at = [*rows, side.letter]
        contraction = Contraction(at[0], at[1] if rows else None, self.sizes, 1)
        items = sorted(side.items, key=self.order)
        within = self.without(items, {*free, side.letter}, negative=False)
        for placed in (*within.forms, *map(self.place, within.rest)):
            contraction.add(placed)
        letters = {x for item in items for x in item.letters} - within.inner - {*at} - free
        return contraction.result({x for x in letters if self.sizes[x] is not S.One})


def crossed(items: Sequence[Item], free: set[str], order: Callable[[Item], Any]) -> Crossed | None:
    """The first cross product of a network; None where it has none.

    free    the letters that are not summed.
    order   what comes first of what may be on either side.
    Raises MisfitError where it holds an e_ijk that is no cross product of vectors.
    """
    turns = [item for item in items if isinstance(item, Entry) and item.atom.kind == "turn"]
    if not turns:
        return None
    turn = max(turns, key=lambda item: sum(x in free for x in item.letters))
    own, others = turn.letters, [item for item in items if item is not turn]
    groups = _connected(others, free)
    held = {x: [g for g in groups if any(x in item.letters for item in g)] for x in own if x not in free}
    if turn.exponent != 1 or not held or any(len(found) != 1 for found in held.values()):
        raise MisfitError("a cross product of no two vectors")
    if len({id(group) for (group,) in held.values()}) < len(held):
        raise MisfitError("both sides of a cross product in one")
    sides = [Side(tuple(group), x) for x, (group,) in held.items()]
    if len(sides) == 3:  # a (b x c)
        sides = sorted(sides, key=lambda side: min(map(order, side.items)))[1:]
    along = [{x for item in side.items for x in item.letters if x in free} for side in sides]
    if len(sides) == 2 and along[0] == along[1] and len(along[0]) < 2:
        (first, second), (out,) = sides, {*own} - {side.letter for side in sides}
        sign = _sign((out, first.letter, second.letter), own)
        rest = tuple(item for item in others if item not in (*first.items, *second.items))
        return Crossed(sign, (out,), next(iter(along[0]), None), first, second, rest)
    for side, letters in zip(sides, along, strict=True):
        if not letters:
            i, j = (x for x in own if x != side.letter)
            rest = tuple(item for item in others if item not in side.items)
            return Crossed(_sign((i, side.letter, j), own), (i, j), None, side, None, rest)
    raise MisfitError("a cross product along no rows")


def _sign(letters: tuple[str, ...], own: Sequence[str]) -> int:
    """Of e with its letters in another order."""
    return parity(letters) * parity(tuple(own))


def _connected(items: Iterable[Item], free: set[str]) -> list[list[Item]]:
    """Factors in groups that share no summed letter."""
    groups: list[tuple[set[str], list[Item]]] = []
    for item in items:
        letters, group = {x for x in item.letters if x not in free}, [item]
        apart = []
        for other, members in groups:
            if other & letters:
                letters, group = letters | other, [*members, *group]
            else:
                apart.append((other, members))
        groups = [*apart, (letters, group)]
    return [group for _, group in groups]
