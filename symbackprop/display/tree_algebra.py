"""How matrix trees are put together: in normal form, with few transposes, and simplified where a textbook would.

Signs and fractions come to the front, scalars before matrices; y / p times p is y, W + W is 2 W, a sum of squares is a norm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp
from sympy import Expr, S

from symbackprop.core.program import same_size
from symbackprop.display.reading_order import is_negative
from symbackprop.display.tree import (
    Apply,
    Compare,
    Diag,
    Diagonal,
    Entrywise,
    Hadamard,
    Identity,
    Inner,
    Inverse,
    Leaf,
    Misfit,
    Number,
    Ones,
    Power,
    Product,
    Scalar,
    Scale,
    Softmax,
    Total,
    Transpose,
    Tree,
)  # fmt: skip


def scale(coefficient: Expr, x: Tree) -> Tree:
    """coefficient * x, with numbers merged."""
    if isinstance(x, Scale):
        coefficient, x = coefficient * x.coefficient, x.x
    if isinstance(x, Number):
        return Number(coefficient * x.value)
    if coefficient != 1 and isinstance(x, Product | Hadamard):  # a number inside comes to the one in front
        inner = [p.coefficient for p in x.parts if isinstance(p, Scale)]
        if inner:
            coefficient *= sp.Mul(*inner)
            x = type(x)(tuple(p.x if isinstance(p, Scale) else p for p in x.parts))
    return x if coefficient == 1 else Scale(x, coefficient)


def transpose(x: Tree) -> Tree:
    """x with rows and columns exchanged, written with as few transposes as can be."""
    if x.is_scalar or isinstance(x, (Identity, Diag)):
        return x
    if isinstance(x, Transpose):
        return x.x
    if isinstance(x, Scale):
        return Scale(transpose(x.x), x.coefficient)
    if isinstance(x, Product):
        return product([transpose(p) for p in reversed(x.parts)])
    if isinstance(x, Entrywise):
        turned = [transpose(p) for p in x.children]
        if _transposes(turned) < _transposes(x.children):
            return with_children(x, turned)
    if isinstance(x, Power) and isinstance(x.x, Transpose):
        return Power(x.x.x, x.exponent)
    return Transpose(x)


def _transposes(trees: Sequence[Tree]) -> int:
    return sum(isinstance(t, Transpose) + _transposes(t.children) for t in trees)


def _pulled(parts: Sequence[Tree]) -> tuple[Expr, list[Tree]]:
    """The coefficient that goes in front of a product, and the factors without it.

    A whole number stays with a sum in brackets, as in W^T 2 (yhat - y).
    """
    found = [p.coefficient for p in parts if isinstance(p, Scale)]
    if (
        len(found) == 1
        and found[0].is_Integer
        and found[0] > 0
        and any(isinstance(p, Scale) and isinstance(p.x, Total) for p in parts)
    ):
        return S.One, list(parts)
    return sp.Mul(*found), [p.x if isinstance(p, Scale) else p for p in parts]


def product(parts: Sequence[Tree]) -> Tree:
    """The matrix product, with products inside it opened and identities left out. Scalars among the factors multiply entries."""
    flat = [q for p in parts for q in (p.parts if isinstance(p, Product) else (p,))]
    coefficient, flat = _pulled(flat)
    kept = [p for p in flat if not isinstance(p, Identity)] or flat[:1]
    if len(kept) == 2 and kept[0].rows == 1 and kept[1].cols == 1:  # an inner product in which something cancels
        joined = [q for p in (transpose(kept[0]), kept[1]) for q in (p.parts if isinstance(p, Hadamard) else (p,))]
        if len(_cancelled(joined)) < len(joined):
            return scale(coefficient, entry_sum(hadamard(joined)))
    tree = kept[0] if len(kept) == 1 else Product(tuple(kept))
    return scale(coefficient, tree)


def hadamard(parts: Sequence[Tree]) -> Tree:
    """The product entry by entry, opened; numbers go in front, 1 is left out."""
    coefficient, parts = _pulled(parts)
    flat = _cancelled([q for p in parts for q in (p.parts if isinstance(p, Hadamard) else (p,))])
    numbers = [p.value for p in flat if isinstance(p, Number)]
    flat = [p for p in flat if not isinstance(p, Number)]
    coefficient *= sp.Mul(*numbers)
    if len(flat) < 2:
        return scale(coefficient, flat[0]) if flat else Number(coefficient)
    if coefficient != 1:
        coefficient *= sp.Mul(*[p.coefficient for p in flat if isinstance(p, Scale)])
        flat = [p.x if isinstance(p, Scale) else p for p in flat]
        return scale(coefficient, Hadamard(tuple(flat)))
    return Hadamard(tuple(flat))


def _cancelled(parts: Sequence[Tree]) -> list[Tree]:
    """Factors without those that a negative power of the same tree takes away: y / p times p is y."""
    left = list(parts)
    for part in parts:
        if isinstance(part, Power) and part.exponent.is_negative and part in left and part.x in left:
            left[left.index(part)] = power(part.x, part.exponent + 1) if part.exponent != -1 else Number(S.One)
            left.remove(part.x)
    left = [p for p in left if p != Number(S.One)]
    lost = [p for p in parts if not p.is_scalar]
    if lost and all(p.is_scalar for p in left):  # what is left no longer has the shape
        left.append(_ones(lost[0].rows, lost[0].cols))
    return left or [Number(S.One)]


def _ones(rows: Expr, cols: Expr) -> Tree:
    """The matrix of ones."""
    if cols == 1:
        return Number(S.One) if rows == 1 else Ones(rows)
    return transpose(Ones(cols)) if rows == 1 else Product((Ones(rows), Transpose(Ones(cols))))


def diag(x: Tree) -> Tree:
    """The diagonal matrix of a vector, with its coefficient in front."""
    if isinstance(x, Scale):
        return scale(x.coefficient, diag(x.x))
    return Identity(x.rows) if isinstance(x, Ones) else Diag(x)


def total(parts: Sequence[Tree]) -> Tree:
    """The sum, opened; a coefficient that all terms have goes in front, the positive terms come first."""
    flat = [q for p in parts for q in (p.parts if isinstance(p, Total) else (p,))]
    flat = [p for p in flat if not (isinstance(p, Number) and p.value == 0)]
    flat = _collected(flat)
    if len(flat) < 2:
        return flat[0] if flat else Number(S.Zero)
    factors = [p.coefficient if isinstance(p, Scale) else S.One for p in flat]
    common = -factors[0] if is_negative(factors[0]) else factors[0]
    if common != 1 and all(f in (common, -common) for f in factors):
        flat = [scale(f / common, p.x) for f, p in zip(factors, flat, strict=True)]  # type: ignore[attr-defined]
        return scale(common, total(flat))
    plain = any(not isinstance(p, Number) and not is_negative(factor_of(p)) for p in flat)  # x - y + 1, but 1 - a
    return Total(tuple(sorted(flat, key=lambda p: (isinstance(p, Number) and plain, is_negative(factor_of(p))))))


def _collected(terms: Sequence[Tree]) -> list[Tree]:
    """Terms that differ in their coefficient alone become one: W + W is 2 W."""
    count: dict[Tree, Expr] = {}
    for term in terms:
        own = term.x if isinstance(term, Scale) else term
        if isinstance(own, Number):
            own, factor = Number(S.One), factor_of(own)
        else:
            factor = factor_of(term)
        count[own] = count.get(own, S.Zero) + factor
    return [scale(factor, own) for own, factor in count.items() if factor != 0]


def factor_of(x: Tree) -> Expr:
    """The coefficient in front of a tree."""
    return x.coefficient if isinstance(x, Scale) else x.value if isinstance(x, Number) else S.One


def power(x: Tree, exponent: Expr) -> Tree:
    """Every entry of x to a power."""
    if exponent == 1:
        return x
    return Number(x.value**exponent) if isinstance(x, Number) else Power(x, exponent)


def entry_sum(x: Tree) -> Tree:
    """The sum of all entries of x: a norm, an inner product or a trace where it is one."""
    if x.is_scalar:
        return x
    if isinstance(x, Scale):
        return scale(x.coefficient, entry_sum(x.x))
    if isinstance(x, Transpose):
        return entry_sum(x.x)
    if isinstance(x, Power) and x.exponent == 2:
        return Scalar(x.x, "norm")
    if isinstance(x, Diagonal):
        return Scalar(x.x, "trace")
    if isinstance(x, Hadamard):
        scalars, rest = [p for p in x.parts if p.is_scalar], [p for p in x.parts if not p.is_scalar]
        if scalars:
            return hadamard([*scalars, entry_sum(hadamard(rest))])
        a, b = hadamard(x.parts[:-1]), x.parts[-1]
        if x.cols == 1:
            return product([transpose(a), b])
        return product([a, transpose(b)]) if x.rows == 1 else Inner(a, b)
    left = [] if x.rows == 1 else [transpose(Ones(x.rows))]
    return product([*left, x, *([] if x.cols == 1 else [Ones(x.cols)])])


def with_children(x: Tree, children: Sequence[Tree]) -> Tree:
    """The same node over other children, in normal form again."""
    match x:
        case Product():
            return product(children)
        case Hadamard():
            return hadamard(children)
        case Total():
            return total(children)
        case Apply():
            return Apply(tuple(children), x.function)
        case Compare():
            return Compare(tuple(children), x.relation)
        case Transpose():
            return transpose(children[0])
        case Scale():
            return scale(x.coefficient, children[0])
        case Power():
            return power(children[0], x.exponent)
        case Scalar():
            return Scalar(children[0], x.kind)
        case Inner():
            return Inner(children[0], children[1])
        case Diag():
            return diag(children[0])
        case Diagonal() | Inverse() | Softmax():
            return type(x)(children[0])
    return x


def replaced(x: Tree, leaves: Mapping[str, Tree]) -> Tree:
    """x with trees in the place of its leaves.

    Raises Misfit where a tree has another shape than the leaf.
    """
    if isinstance(x, Leaf):
        tree = leaves.get(x.name, x)
        if not (same_size(tree.rows, x.rows) and same_size(tree.cols, x.cols)):
            raise Misfit(x.name)
        return tree
    if not x.children:
        return x
    children = [replaced(child, leaves) for child in x.children]
    return x if all(a is b for a, b in zip(children, x.children, strict=True)) else with_children(x, children)


def leaves_of(x: Tree) -> dict[str, int]:
    """The tensors of a tree and how often each stands in it."""
    if isinstance(x, Leaf):
        return {x.name: 1}
    counts: dict[str, int] = {}
    for child in x.children:
        for name, count in leaves_of(child).items():
            counts[name] = counts.get(name, 0) + count
    return counts
