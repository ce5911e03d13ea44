"""Functions that a network names and nobody defines: sigma, with its slopes sigma', sigma'' and so on, each a row of its own.

What is derived holds for every such function. Numbers need one function, so that each name stands for a sum of sines and a line,
drawn from the name: the same on every machine, and unlike any function in which a wrong formula might be right by accident.
"""

from __future__ import annotations

import random
from functools import cache, lru_cache, partial
from typing import Any

import sympy as sp
from sympy import Expr, Rational, S

from symbackprop.core.functions.row import TableFunction, X, define

WAVES = 4
AMPLITUDES, FREQUENCIES, PHASES, TILTS = (300, 900), (500, 1600), (0, 6000), (200, 700)  # in thousandths


class Declared(TableFunction):
    """An application of a function that a network names.

    title   the function's name.
    order   0: the function itself, 1: its slope, and so on.
    """

    title: str
    order: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _applied, (self.title, self.order, *self.args)


@cache
def declared(name: str, order: int = 0) -> type[Declared]:
    """The function that a network names, or its slope of some order."""
    row = f"_d{order}_{name}"  # no tensor's name begins so
    slope = partial(_applied, name, order + 1, X)
    found: Any = define(row, partial(_waves, name, order), row, slope=slope, base=Declared, activation=order == 0)
    found.title, found.order = name, order
    return found


@lru_cache(maxsize=8192)  # equations of long networks share their bodies
def declared_names(body: Expr) -> tuple[str, ...]:
    """The functions of a body that nobody defines."""
    return tuple(sorted({f.title for f in body.atoms(Declared)}))


def _applied(name: str, order: int, *arguments: Expr) -> Expr:
    return declared(name, order)(*arguments)


def _waves(name: str, order: int) -> Expr:
    """The derivative of that order of a x + sum_k c_k sin(w_k x + p_k)."""
    rng = random.Random(f"symbackprop {name}")
    total: Any = (_drawn(rng, TILTS) * X).diff(X, order) if order else _drawn(rng, TILTS) * X
    for _ in range(WAVES):
        c, w, p = (_drawn(rng, between) for between in (AMPLITUDES, FREQUENCIES, PHASES))
        turned = (sp.sin, sp.cos)[order % 2](w * X + p)
        total += c * w**order * (S.NegativeOne if order % 4 > 1 else S.One) * turned
    return total


def _drawn(rng: random.Random, between: tuple[int, int]) -> Expr:
    return Rational(rng.randint(*between), 1000)
