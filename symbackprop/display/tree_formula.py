"""Matrix trees as formulas, with as few brackets as `Binds` allows: power, matrix product, product entry by entry, sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp
from sympy import S

from symbackprop.core.functions import MATRIX_FUNCTIONS, reduction
from symbackprop.display import tree as t
from symbackprop.display import tree_algebra as make
from symbackprop.display.body import BodyPrinter, function_formula, logarithm, relation_sign, scalar
from symbackprop.display.names import Names
from symbackprop.display.notation import applied
from symbackprop.display.reading_order import is_negative
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Binds, Fence, Fraction, Node, Script, binds


def tree_formula(names: Names, tree: t.Tree) -> Node:
    r"""The formula of a tree: \left[W_{2}^{\top}\,2\left(\hat{y} - y\right)\odot a\odot\left(1 - a\right)\right] x^{\top}."""

    def of(x: t.Tree) -> Node:
        return tree_formula(names, x)

    match tree:
        case t.Leaf():
            return names.tensor(tree.name)
        case t.Number():
            return scalar(tree.value)
        case t.Ones():
            return Script(f.bold("1"), scalar(tree.rows))
        case t.Identity():
            return Script(f.letter("I"), scalar(tree.rows))
        case t.Transpose(t.Inverse(x)):
            return f.power(of(x), f.negative(f.TOP))
        case t.Transpose(x):
            return f.power(of(x), f.TOP)
        case t.Inverse(x):
            return f.power(of(x), f.number(-1))
        case t.Scale(x, coefficient):
            return _scaled(of(x), coefficient) if coefficient != 0 else f.ZERO
        case t.Power(x, exponent):
            return _power(of, x, exponent)
        case t.Hadamard(parts):
            return _hadamard(of, parts)
        case t.Product(parts):
            return f.juxtapose([f.within(of(p), Binds.PRODUCT) for p in parts])
        case t.Total(parts):
            return f.add([of(p) for p in parts])
        case t.Apply(parts, function):
            name_of = [of(p) for p in parts]
            is_log = function is sp.log and isinstance(parts[0], t.Leaf)
            return logarithm(name_of[0]) if is_log else function_formula(function, name_of)
        case t.Compare((a, b), relation):
            return f.indicator(f.relation(of(a), relation_sign(relation), of(b)))
        case t.Scalar(x, kind):
            return _scalar(of(x), x, kind)
        case t.Diag(x) | t.Diagonal(x):
            return f.call(f.function("diag"), [of(x)])
        case t.Softmax(x):
            return f.call(f.function("softmax"), [of(x)])
        case t.Inner(a, b):
            return Script(Fence("⟨", f.listed([of(a), of(b)]), "⟩"), f.letter("F"))
    raise TypeError(f"no formula for {type(tree).__name__}")


def _scaled(x: Node, coefficient: sp.Expr) -> Node:
    if is_negative(coefficient):
        return f.negative(_scaled(x, -coefficient))
    x = f.within(x, Binds.HADAMARD)
    front = f.within(BodyPrinter().product(coefficient, ()), Binds.PRODUCT)
    return x if coefficient == 1 else f.juxtapose([front, x], min(binds(x), Binds.PRODUCT))


def _power(of: Callable[[t.Tree], Node], x: t.Tree, exponent: sp.Expr) -> Node:
    if exponent.is_number and exponent.is_negative:
        return f.over(f.ONE, of(make.power(x, -exponent)))
    if exponent == S.Half:
        return f.root(of(x))
    return f.power(of(x), scalar(exponent) if x.is_scalar else f.beside(f.ODOT, scalar(exponent)))


def _scalar(node: Node, x: t.Tree, kind: str) -> Node:
    if kind == "norm":
        bars = Fence("‖", node, "‖")
        return Script(bars, None if 1 in (x.rows, x.cols) else f.letter("F"), f.number(2))
    if kind == "trace":
        return f.call(f.function("tr"), [node])
    return applied(MATRIX_FUNCTIONS[kind].latex if kind in MATRIX_FUNCTIONS else reduction(kind).latex, [node])


def _hadamard(of: Callable[[t.Tree], Node], parts: Sequence[t.Tree]) -> Node:
    scalars = [p for p in parts if p.is_scalar]
    rest = [p for p in parts if not p.is_scalar]
    front = [_fraction(of, scalars, f.juxtapose)] if scalars else []
    if not rest:
        return front[0]
    level = Binds.HADAMARD if len(rest) > 1 else Binds.PRODUCT
    return f.juxtapose([*front, _fraction(of, rest, f.hadamard)], level)


def _fraction(of: Callable[[t.Tree], Node], parts: Sequence[t.Tree], join: Callable[[Sequence[Node]], Node]) -> Node:
    """The product of the parts, entry by entry; those to a negative power below a line, without fractions inside fractions."""

    def joined(trees: Sequence[t.Tree]) -> Node:
        return of(trees[0]) if len(trees) == 1 else join([f.within(of(p), Binds.PRODUCT) for p in trees]) if trees else f.ONE

    below = [make.power(p.x, -p.exponent) for p in parts if isinstance(p, t.Power) and p.exponent.is_negative]
    above = [p for p in parts if not (isinstance(p, t.Power) and p.exponent.is_negative)]
    if not below:
        return join([f.within(of(p), Binds.PRODUCT) for p in above])
    tall = {id(p): f.holds(of(p), Fraction) for p in above}
    outside = [f.within(of(p), Binds.PRODUCT) for p in above if tall[id(p)]]
    return join([*outside, f.over(joined([p for p in above if not tall[id(p)]]), joined(below))])
