"""Programs written by hand, an equation a line: what tests of loops start from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.grammar import check
from symbackprop.core.program import Carry, Equation, Matrix, Op, Program, Reduce, Ref, Signature, Sum, size, slot


def ref(text: str) -> Ref:
    """W[l i j], or a name alone."""
    name, _, rest = text.partition("[")
    return Ref(name, tuple(rest.removesuffix("]").split()))


class Hand:
    """A program as it is written; every letter has one size in all of it.

    net = Hand(l="n", i="h", j="h").inputs("parameter W[l i j] b[l i]", "data x[i] y[i]")
    net.carry("p[l i]", "z[l i]", "x[i]")                                           # p[l] = z[l-1], first x
    net.sum("u[l i]", lambda W, p, b: W * p + b / h, "W[l i j]", "p[l j]", "b[l i]")  # over j
    net.sum("z[l i]", sp.tanh, "u[l i]")
    net.program("z")
    """

    def __init__(self, **letters: str | int) -> None:
        self.extents: dict[str, Expr] = {c: size(n) if isinstance(n, str) else sp.Integer(n) for c, n in letters.items()}
        self.tensors: dict[str, Signature] = {}
        self.equations: list[Equation] = []

    def shape(self, index: tuple[str, ...]) -> tuple[Expr, ...]:
        return tuple(self.extents[c] for c in index)

    def inputs(self, *lines: str) -> Hand:
        """A line is a kind, or a kind and a domain joined by a hyphen, and tensors: "data-positive a[i] c[j] gamma"."""
        for line in lines:
            first, _, rest = line.partition(" ")
            kind, _, domain = first.partition("-")
            for name, letters in re.findall(r"(\w+)(?:\[([\w ]*)\])?", rest):
                self.tensors[name] = Signature(name, self.shape(tuple(letters.split())), kind, domain or None)
        return self

    def write(self, target: str, op: Op, *operands: str) -> Hand:
        own = ref(target)
        self.tensors[own.name] = Signature(own.name, self.shape(own.index))
        self.equations.append(Equation(own, op, tuple(map(ref, operands))))
        return self

    def over(self, target: str, operands: tuple[str, ...], more: str = "") -> tuple[tuple[str, Expr], ...]:
        own = ref(target).index
        letters = dict.fromkeys([*(c for r in map(ref, operands) for c in r.index), *more.split()])
        return tuple((c, self.extents[c]) for c in letters if c not in own)

    def sum(self, target: str, body: Callable[..., Any], *operands: str, over: str = "") -> Hand:
        """The sum of body(operands) over the letters that the target lacks; `over` names those that no operand has."""
        slots = tuple(slot(k) for k in range(len(operands)))
        return self.write(target, Sum(sp.sympify(body(*slots)), slots, self.over(target, operands, over)), *operands)

    def reduce(self, kind: str, target: str, operand: str) -> Hand:
        return self.write(target, Reduce(kind, self.over(target, (operand,))), operand)

    def matrix(self, kind: str, target: str, operand: str) -> Hand:
        return self.write(target, Matrix(kind), operand)

    def carry(self, target: str, value: str, first: str = "", along: str = "", step: int = 1) -> Hand:
        """target = value a step before (after, for step=-1) along a letter, the first of the target; first is 0 where not said."""
        return self.write(target, Carry(along or ref(target).index[0], step), value, *([first] if first else []))

    def program(self, *outputs: str) -> Program:
        return check(self.unchecked(*outputs))

    def unchecked(self, *outputs: str) -> Program:
        return Program(self.tensors, tuple(self.equations), outputs)
