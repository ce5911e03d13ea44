"""How matrix trees are put together: in normal form, with few transposes, and simplified where a textbook would.

Signs and fractions come to the front, scalars before matrices; y / p times p is y, W + W is 2 W, a sum of squares is a norm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import is_
from typing import assert_never

import sympy as sp
from sympy import Expr, S

from symbackprop.core.program import same_size
from symbackprop.display.reading_order import is_negative
from symbackprop.display.tree import Misfit, Tree, identity, made, number, ones, row

ONE = number(S.One)


def scale(coefficient: Expr, x: Tree) -> Tree:
    """coefficient * x, with numbers merged."""
    if x.op == "scale":
        coefficient, x = coefficient * x.given, x.parts[0]
    if x.op == "number":
        return number(coefficient * x.given)
    if coefficient != 1 and row(x.op).linear:  # a number inside comes to the one in front
        inner, parts = _unscaled(x.parts)
        if inner:
            coefficient, x = coefficient * sp.Mul(*inner), made(x.op, parts, x.given)
    return x if coefficient == 1 else made("scale", [x], coefficient)


def _unscaled(parts: Sequence[Tree]) -> tuple[list[Expr], list[Tree]]:
    """The coefficients in front of the parts, and the parts without them."""
    return [p.given for p in parts if p.op == "scale"], [p.parts[0] if p.op == "scale" else p for p in parts]


def _opened(op: str, parts: Sequence[Tree]) -> list[Tree]:
    """The parts, with the parts of each that is made by the op itself."""
    return [q for p in parts for q in (p.parts if p.op == op else (p,))]


def transpose(x: Tree) -> Tree:
    """x with rows and columns exchanged, written with as few transposes as can be."""
    turned = "itself" if x.is_scalar else row(x.op).turned
    match turned:
        case "itself":
            return x
        case "part":
            return x.parts[0]
        case "within":
            return made(x.op, [transpose(p) for p in x.parts], x.given)
        case "reversed":
            return with_parts(x, [transpose(p) for p in reversed(x.parts)])
        case "spared":
            parts = [transpose(p) for p in x.parts]
            return with_parts(x, parts) if _transposes(parts) < _transposes(x.parts) else made("transpose", [x])
        case "wrapped":
            return made("transpose", [x])
        case _:
            assert_never(turned)


def _transposes(trees: Sequence[Tree]) -> int:
    return sum((t.op == "transpose") + _transposes(t.parts) for t in trees)


def _pulled(parts: Sequence[Tree]) -> tuple[Expr, list[Tree]]:
    """The coefficient that goes in front of a product, and the factors without it.

    A whole number stays with a sum in brackets, as in W^T 2 (yhat - y).
    """
    found, rest = _unscaled(parts)
    stays = len(found) == 1 and found[0].is_Integer and found[0] > 0
    if stays and any(p.op == "scale" and p.parts[0].op == "sum" for p in parts):
        return S.One, list(parts)
    return sp.Mul(*found), rest


def product(parts: Sequence[Tree]) -> Tree:
    """The matrix product, with products inside it opened and identities left out. Scalars among the factors multiply entries."""
    coefficient, flat = _pulled(_opened("product", parts))
    kept = [p for p in flat if p.op != "identity"] or flat[:1]
    if len(kept) == 2 and kept[0].rows == 1 and kept[1].cols == 1:  # an inner product in which something cancels
        joined = _opened("hadamard", (transpose(kept[0]), kept[1]))
        if len(_cancelled(joined)) < len(joined):
            return scale(coefficient, entry_sum(hadamard(joined)))
    return scale(coefficient, kept[0] if len(kept) == 1 else made("product", kept))


def hadamard(parts: Sequence[Tree]) -> Tree:
    """The product entry by entry, opened; numbers go in front, 1 is left out."""
    coefficient, parts = _pulled(parts)
    flat = _cancelled(_opened("hadamard", parts))
    coefficient *= sp.Mul(*[p.given for p in flat if p.op == "number"])
    flat = [p for p in flat if p.op != "number"]
    if len(flat) < 2:
        return scale(coefficient, flat[0]) if flat else number(coefficient)
    return scale(coefficient, made("hadamard", flat))


def _cancelled(parts: Sequence[Tree]) -> list[Tree]:
    """Factors without those that a negative power of the same tree takes away: y / p times p is y."""
    left = list(parts)
    for part in parts:
        if part.op == "power" and part.given.is_negative and part in left and part.parts[0] in left:
            left[left.index(part)] = power(part.parts[0], part.given + 1) if part.given != -1 else ONE
            left.remove(part.parts[0])
    left = [p for p in left if p != ONE]
    lost = [p for p in parts if not p.is_scalar]
    if lost and all(p.is_scalar for p in left):  # what is left no longer has the shape
        left.append(_ones(lost[0].rows, lost[0].cols))
    return left or [ONE]


def _ones(rows: Expr, cols: Expr) -> Tree:
    """The matrix of ones."""
    if cols == 1:
        return ONE if rows == 1 else ones(rows)
    across = made("transpose", [ones(cols)])
    return across if rows == 1 else made("product", [ones(rows), across])


def diag(x: Tree) -> Tree:
    """The diagonal matrix of a vector, with its coefficient in front."""
    if x.op == "scale":
        return scale(x.given, diag(x.parts[0]))
    return identity(x.rows) if x.op == "ones" else made("diag", [x])


def total(parts: Sequence[Tree]) -> Tree:
    """The sum, opened; a coefficient that all terms have goes in front, the positive terms come first."""
    flat = _collected([p for p in _opened("sum", parts) if not (p.op == "number" and p.given == 0)])
    if len(flat) < 2:
        return flat[0] if flat else number(S.Zero)
    factors = [p.given if p.op == "scale" else S.One for p in flat]
    common = -factors[0] if is_negative(factors[0]) else factors[0]
    if common != 1 and all(f in (common, -common) for f in factors):
        return scale(common, total([scale(f / common, p.parts[0]) for f, p in zip(factors, flat, strict=True)]))
    plain = any(p.op != "number" and not is_negative(factor_of(p)) for p in flat)  # x - y + 1, but 1 - a
    return made("sum", sorted(flat, key=lambda p: (p.op == "number" and plain, is_negative(factor_of(p)))))


def _collected(terms: Sequence[Tree]) -> list[Tree]:
    """Terms that differ in their coefficient alone become one: W + W is 2 W."""
    count: dict[Tree, Expr] = {}
    for term in terms:
        own = ONE if term.op == "number" else term.parts[0] if term.op == "scale" else term
        count[own] = count.get(own, S.Zero) + factor_of(term)
    return [scale(factor, own) for own, factor in count.items() if factor != 0]


def factor_of(x: Tree) -> Expr:
    """The coefficient in front of a tree."""
    return x.given if x.op in ("scale", "number") else S.One


def power(x: Tree, exponent: Expr) -> Tree:
    """Every entry of x to a power."""
    if exponent == 1:
        return x
    return number(x.given**exponent) if x.op == "number" else made("power", [x], exponent)


def entry_sum(x: Tree) -> Tree:
    """The sum of all entries of x: a norm, an inner product or a trace where it is one."""
    if x.is_scalar:
        return x
    match x.op:
        case "scale":
            return scale(x.given, entry_sum(x.parts[0]))
        case "transpose":
            return entry_sum(x.parts[0])
        case "power" if x.given == 2:
            return made("norm", x.parts)
        case "diagonal":
            return made("trace", x.parts)
        case "hadamard":
            return _inner(x)
    left = [] if x.rows == 1 else [transpose(ones(x.rows))]
    return product([*left, x, *([] if x.cols == 1 else [ones(x.cols)])])


def _inner(x: Tree) -> Tree:
    """The sum of the entries of a product entry by entry."""
    scalars, rest = [p for p in x.parts if p.is_scalar], [p for p in x.parts if not p.is_scalar]
    if scalars:
        return hadamard([*scalars, entry_sum(hadamard(rest))])
    a, b = hadamard(x.parts[:-1]), x.parts[-1]
    if x.cols == 1:
        return product([transpose(a), b])
    return product([a, transpose(b)]) if x.rows == 1 else made("inner", [a, b])


def with_parts(x: Tree, parts: Sequence[Tree]) -> Tree:
    """The same op of other parts, in normal form again."""
    match x.op:
        case "product":
            return product(parts)
        case "hadamard":
            return hadamard(parts)
        case "sum":
            return total(parts)
        case "scale":
            return scale(x.given, parts[0])
        case "power":
            return power(parts[0], x.given)
        case "transpose":
            return transpose(parts[0])
        case "diag":
            return diag(parts[0])
    return made(x.op, parts, x.given)


def replaced(x: Tree, leaves: Mapping[str, Tree]) -> Tree:
    """x with trees in the place of its leaves.

    Raises Misfit where a tree has another shape than the leaf.
    """
    if x.op == "leaf":
        tree = leaves.get(x.given, x)
        if not (same_size(tree.rows, x.rows) and same_size(tree.cols, x.cols)):
            raise Misfit(x.given)
        return tree
    parts = [replaced(part, leaves) for part in x.parts]
    return x if all(map(is_, parts, x.parts)) else with_parts(x, parts)


def leaves_of(x: Tree) -> Counter[str]:
    """The tensors of a tree and how often each stands in it."""
    return Counter([x.given]) if x.op == "leaf" else sum(map(leaves_of, x.parts), Counter())
