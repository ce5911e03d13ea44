"""Letters that stand as subscripts in a form: conditions on their positions, sums over them."""

from __future__ import annotations

from typing import NamedTuple

from sympy import Expr

from symbackprop.algebra.matrix import Form, Front, front_of, scaled


class Positions(NamedTuple):
    """sum of slope * position of a letter + offset, which is 0 or at least 0."""

    relation: type
    letters: tuple[str, ...]
    slopes: tuple[Expr, ...]
    offset: Expr
    sizes: tuple[Expr, ...]


class Count(NamedTuple):
    """sum of slope * position of a letter + offset, as a number: how many positions there are, n - j."""

    letters: tuple[str, ...]
    slopes: tuple[Expr, ...]
    offset: Expr
    sizes: tuple[Expr, ...]


def letters_below(x: Form) -> set[str]:
    """The letters that stand below names in a form."""
    match x.op:
        case "leaf" | "shifted" | "onehot":
            own = x.given.subscripts
        case "positions" | "count":
            own = x.given.letters
        case _:
            own = x.given if x.op == "entry" else ()
    front = (*x.given.tops, *x.given.bottoms) if x.op == "scaled" else ()
    return {*own}.union(*map(letters_below, (*front, *x.parts)))


def summed_over(form: Form, letters: tuple[tuple[str, Expr], ...]) -> Form:
    """The sum over subscripts, with numbers and sizes before it."""
    front, body = front_of(form)
    own = {letter for letter, _ in letters}

    def plain(parts: tuple[Form, ...], wanted: bool) -> tuple[Form, ...]:
        return tuple(x for x in parts if (x.op in ("size", "scalarpower") and not letters_below(x) & own) == wanted)

    if body is None:
        return Form("indexsum", (form,), letters)
    inner = scaled(Front(1, plain(front.tops, False), plain(front.bottoms, False)), body)
    return scaled(
        Front(front.coefficient, plain(front.tops, True), plain(front.bottoms, True)), Form("indexsum", (inner,), letters)
    )
