"""Matrix trees in LaTeX, with as few brackets as the precedence allows: power, matrix product, product entry by entry, sum."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import S, Symbol

from symbackprop.core.functions import MATRIX_FUNCTIONS, reduction
from symbackprop.display import tree as t
from symbackprop.display import tree_algebra as make
from symbackprop.display.body import (
    ATOM,
    HADAMARD,
    POWER,
    PRODUCT,
    RELATIONS,
    SUM,
    BodyPrinter,
    Piece,
    add,
    apply_latex,
    bracket,
    function_name,
    indicator,
    juxtapose,
    scalar,
)
from symbackprop.display.names import Names
from symbackprop.display.reading_order import is_negative


def tree_latex(names: Names, tree: t.Tree) -> str:
    r"""The formula of a tree: \left[W_{2}^{\top}\,2\left(\hat{y} - y\right)\odot a\odot\left(1 - a\right)\right] x^{\top}."""
    return _piece(names, tree).latex


def _within(names: Names, tree: t.Tree, level: int) -> str:
    """The LaTeX of a tree as part of something that binds with `level`."""
    piece = _piece(names, tree)
    return bracket(piece.latex) if piece.level < level else piece.latex


def _piece(names: Names, tree: t.Tree) -> Piece:
    match tree:
        case t.Leaf():
            latex = names.tensor(tree.name)
            return Piece(latex, POWER if names.signature(tree.name).role or "^" in latex else ATOM)
        case t.Number():
            return BodyPrinter().piece(tree.value)
        case t.Ones():
            return Piece(rf"\mathbf{{1}}_{{{scalar(tree.rows)}}}")
        case t.Identity():
            return Piece(rf"I_{{{scalar(tree.rows)}}}")
        case t.Transpose(t.Inverse(x)):
            return Piece(rf"{_within(names, x, ATOM)}^{{-\top}}", POWER)
        case t.Transpose(x):
            return Piece(rf"{_within(names, x, ATOM)}^{{\top}}", POWER)
        case t.Inverse(x):
            return Piece(f"{_within(names, x, ATOM)}^{{-1}}", POWER)
        case t.Scale(x, coefficient):
            return _scaled(names, coefficient, x) if coefficient != 0 else Piece("0")
        case t.Power(x, exponent):
            return _power(names, x, exponent)
        case t.Hadamard(parts):
            return _hadamard(names, parts)
        case t.Product(parts):
            return Piece(juxtapose([_within(names, p, PRODUCT) for p in parts]), PRODUCT)
        case t.Total(parts):
            return Piece(add([_piece(names, p).latex for p in parts]), SUM)
        case t.Apply(parts, function):
            if function is sp.log and isinstance(parts[0], t.Leaf) and not names.signature(parts[0].name).role:
                return Piece(rf"\log {names.tensor(parts[0].name)}", PRODUCT)
            row = getattr(function, "row", None)
            latex = row.latex if row else r"\exp" if function is sp.exp else function_name(function.__name__)
            return Piece(apply_latex(latex, [_piece(names, p).latex for p in parts]))
        case t.Compare((a, b), relation):
            test = f"{_piece(names, a).latex} {RELATIONS[relation.__name__]} {_piece(names, b).latex}"
            return Piece(indicator(test), POWER)
        case t.Scalar(x, "norm"):
            frobenius = "" if 1 in (x.rows, x.cols) else "_{F}"
            return Piece(rf"\left\lVert {_piece(names, x).latex}\right\rVert{frobenius}^{{2}}", POWER)
        case t.Scalar(x, kind) if kind in MATRIX_FUNCTIONS:
            return Piece(apply_latex(MATRIX_FUNCTIONS[kind].latex, [_within(names, x, ATOM)]), PRODUCT)
        case t.Scalar(x, kind):
            latex = r"\operatorname{tr}" if kind == "trace" else reduction(kind).latex
            return Piece(rf"{latex}\left({_piece(names, x).latex}\right)")
        case t.Diag(x) | t.Diagonal(x):
            return Piece(rf"\operatorname{{diag}}\left({_piece(names, x).latex}\right)")
        case t.Softmax(x):
            return Piece(rf"\operatorname{{softmax}}\left({_piece(names, x).latex}\right)")
        case t.Inner(a, b):
            return Piece(rf"\left\langle {_piece(names, a).latex}, {_piece(names, b).latex}\right\rangle_{{F}}")
    raise TypeError(f"no LaTeX for {type(tree).__name__}")


def _scaled(names: Names, coefficient: sp.Expr, x: t.Tree) -> Piece:
    mark = Symbol("s0")
    piece = _piece(names, x)
    printed = BodyPrinter({mark: Piece(_within(names, x, HADAMARD))}).product(coefficient, (mark,))
    return Piece(printed, SUM if is_negative(coefficient) else HADAMARD if piece.level == HADAMARD else PRODUCT)


def _power(names: Names, x: t.Tree, exponent: sp.Expr) -> Piece:
    if exponent.is_number and exponent.is_negative:
        return Piece(rf"\frac{{1}}{{{_piece(names, make.power(x, -exponent)).latex}}}", POWER)
    if exponent == S.Half:
        return Piece(rf"\sqrt{{{_piece(names, x).latex}}}")
    mark = "" if x.is_scalar else r"\odot "
    return Piece(f"{_within(names, x, ATOM)}^{{{mark}{scalar(exponent)}}}", POWER)


def _hadamard(names: Names, parts: Sequence[t.Tree]) -> Piece:
    scalars = [p for p in parts if p.is_scalar]
    rest = [p for p in parts if not p.is_scalar]
    front = _fraction(names, scalars, juxtapose) if scalars else ""
    if not rest:
        return Piece(front, PRODUCT)
    latex = _fraction(names, rest, r"\odot ".join)
    if not front:
        return Piece(latex, HADAMARD if len(rest) > 1 else PRODUCT)
    return Piece(juxtapose([front, latex]), HADAMARD if len(rest) > 1 else PRODUCT)


def _fraction(names: Names, parts: Sequence[t.Tree], join) -> str:
    """The product of the parts, entry by entry; those to a negative power below a line, without fractions inside fractions."""
    below = [make.power(p.x, -p.exponent) for p in parts if isinstance(p, t.Power) and p.exponent.is_negative]
    above = [p for p in parts if not (isinstance(p, t.Power) and p.exponent.is_negative)]
    latex = {id(p): _within(names, p, PRODUCT) for p in above}
    if not below:
        return join([latex[id(p)] for p in above])
    inside = [p for p in above if r"\frac" not in latex[id(p)]]
    outside = [latex[id(p)] for p in above if r"\frac" in latex[id(p)]]
    top = _piece(names, inside[0]).latex if len(inside) == 1 else join([latex[id(p)] for p in inside]) if inside else "1"
    bottom = _piece(names, below[0]).latex if len(below) == 1 else join([_within(names, p, PRODUCT) for p in below])
    return join([*outside, rf"\frac{{{top}}}{{{bottom}}}"])
