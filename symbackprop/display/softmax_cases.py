"""The derivative of a softmax, for the same index and for different ones."""

from __future__ import annotations

from functools import cache

import sympy as sp

from symbackprop.core.functions import reduction
from symbackprop.core.functions.row import X, Y
from symbackprop.core.letters import fresh
from symbackprop.core.program import Ref, slot, substituted
from symbackprop.display.body import BodyPrinter
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, Name, letter
from symbackprop.formulas.tree import Binds, Node, split


def softmax_cases(names: Names, o: Ref, named: str, k: str) -> Node:
    """dp[k]/do[i] = p[k] (1 - p[k]) where k = i, otherwise -p[k] p[i]; `k` is the letter that the softmax runs over.

    Both follow from p[k] = exp(o[k] - t), where t is the logsumexp of o, by the slope of its row.
    """
    shape = dict(zip(o.index, names.signature(o.name).shape, strict=True))
    other = fresh(1, o.index, names=names.words)[0]

    def at(c: str) -> list[Letter]:
        return [None if shape[x] == 1 else letter(c if x == k else x) for x in o.index]

    p, q = (names.entry(named, at(c)) if named else Name(f.letter("p")).formula(at(c)) for c in (k, other))
    return slope_cases(p, q, names.entry(o.name, at(other)), letter(k), letter(other))


def softmax_quotients(names: Names, o: Ref, named: str, k: str) -> Node:
    """The same by the rule of quotients, of p[k] = e^o[k] / sum_k e^o[k], and what it is then."""
    shape = dict(zip(o.index, names.signature(o.name).shape, strict=True))
    other, summed = fresh(2, o.index, names=names.words)

    def at(c: str) -> Node:
        entry = names.entry(o.name, [None if shape[x] == 1 else letter(c if x == k else x) for x in o.index])
        return f.power(f.letter("e"), entry)

    total = f.over_letters(f.SUM, [letter(summed)], at(summed))
    square = f.power(f.bracket(total), f.number(2))
    same = f.over(f.add([f.juxtapose([at(k), f.within(total, Binds.PRODUCT)]), f.negative(f.power(at(k), f.number(2)))]), square)
    different = f.negative(f.over(f.juxtapose([at(k), at(other)]), square))
    tests = f.equation(letter(k), letter(other)), f.relation(letter(k), f.symbol("ne"), letter(other))
    left, right = split(softmax_cases(names, o, named, k))
    assert right is not None
    return f.beside(f.equation(left, f.cases(same, tests[0], different, tests[1])), right)


def slope_cases(p: Node, q: Node, by: Node, first: Node, second: Node) -> Node:
    """The derivative of an entry p of a softmax by an entry of what it is of; q is the softmax there, the letters are theirs."""
    left = f.over(f.partial(p), f.partial(by))
    same, different = (BodyPrinter({_P: p, _Q: q}).formula(case) for case in _softmax_slopes())
    return f.equation(left, f.cases(same, f.equation(first, second), different, f.relation(first, f.symbol("ne"), second)))


_P, _Q = slot(0), slot(1)


@cache
def _softmax_slopes() -> tuple[sp.Expr, sp.Expr]:
    """The slope of exp(own - total) by the entry itself and by another one; the slots stand for both exponentials."""
    own, entry, total = sp.symbols("own entry total")
    value = sp.exp(own - total)
    through_total = sp.diff(value, total) * substituted(reduction("logsumexp").local, {X: entry, Y: total})
    slope = substituted(through_total, {sp.exp(entry - total): _Q, value: _P})
    same = substituted(slope, {_Q: _P}) + substituted(sp.diff(value, own), {value: _P})
    return _P * sp.cancel(same / _P), slope
