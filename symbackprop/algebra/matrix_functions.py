"""Functions of a matrix as tensor polynomials: inverses, and functions along directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from sympy import Expr

from symbackprop.algebra.kronecker import inverse_of_kronecker
from symbackprop.algebra.normal import REDUCED, Algebra
from symbackprop.algebra.poly import ZERO, Factor, Poly
from symbackprop.core.functions.matrices import MatrixFunction

Letters = tuple[str, ...]
Shape = tuple[Expr, ...]


def matrix_of(a: Algebra, row: MatrixFunction, matrices: Sequence[Poly], letters: Letters, target: Letters, shape: Shape) -> Poly:
    """A function of a matrix, perhaps along directions."""
    i, j = letters
    only = matrices[0].only()
    if only is not None and only.atom.orthogonal and only.exponent == 1 and sorted(only.letters) == sorted(letters):
        if row.name == "inverse":
            return a.factor(only.atom, target[::-1] if only.letters == letters else target)
        if row.name == "logdet":
            return ZERO
    if row.primary:
        return _primary(a, row.name, matrices, letters, target, shape)
    if row.name != "inverse":
        return _factor(a, row.name, matrices, letters, target, shape)
    (p,) = matrices
    found = _inverse_of_product(a, p, i, j, target) or inverse_of_kronecker(a, p, letters, target, _inverse)
    return found if found is not None else _inverse(a, p, letters, target, shape)


def _factor(a: Algebra, kind: str, matrices: Sequence[Poly], letters: Letters, target: Letters, shape: Shape) -> Poly:
    i, j = letters
    inner = tuple(a.renamed(p, {i: f"{REDUCED}0", j: f"{REDUCED}1"}) for p in matrices)
    return a.factor(a.atom("factor", kind, inner, shape), target)


def _inverse(a: Algebra, p: Poly, letters: Letters, target: Letters, shape: Shape) -> Poly:
    scale = _multiple_of_identity(a, p, letters)
    if scale is not None:
        return a.times(a.power(scale, -1), a.delta(shape[0], *target))
    i, j = letters
    inner = a.renamed(p, {i: "0", j: "1"})
    atom = a.atom("inverse", "", (inner,), shape)
    atom.symmetric = inner == a.renamed(p, {i: "1", j: "0"})
    return a.factor(atom, target)


SLOPES: dict[str, Callable[[Algebra, Poly, Letters, Letters, Shape], Poly]] = {
    "expm": lambda a, p, letters, target, shape: _primary(a, "expm", (p,), letters, target, shape),
    "logm": lambda a, p, letters, target, shape: _inverse(a, p, letters, target, shape),
    "sqrtm": lambda a, p, letters, target, shape: _inverse(
        a, _primary(a, "sqrtm", (p,), letters, letters, shape), letters, target, shape
    ).scaled(Fraction(1, 2)),
}
"""f'(X) of each primary function f: its derivative at X along the identity."""


def _primary(a: Algebra, kind: str, matrices: Sequence[Poly], letters: Letters, target: Letters, shape: Shape) -> Poly:
    """f(X) and its derivatives along directions, by one of X and its transpose: f(X^T) = f(X)^T, L_f(X, c I) = c f'(X)."""
    i, j = letters
    turned = tuple(a.renamed(p, {i: j, j: i}) for p in matrices)
    is_symmetric = turned == tuple(matrices)
    if [p.key() for p in turned] < [p.key() for p in matrices]:
        matrices, target = turned, target[::-1]
    if len(matrices) == 2:
        scale = _multiple_of_identity(a, matrices[1], letters)
        if scale is not None:
            return a.times(scale, SLOPES[kind](a, matrices[0], letters, target, shape))
    made = _factor(a, kind, matrices, letters, target, shape)
    found = made.only()
    if found is not None and is_symmetric:
        found.atom.symmetric = True
    return made


def _multiple_of_identity(a: Algebra, p: Poly, letters: Letters) -> Poly | None:
    """c where p is c times the identity over its two letters; None where it is not."""
    found = p.single()
    if found is None:
        return None
    term, c = found
    ties = [f for f in term if f.atom.kind == "delta" and sorted(f.letters) == sorted(letters)]
    rest = [f for f in term if f not in ties]
    if len(ties) != 1 or any(x in letters for f in rest for x in f.letters):
        return None
    return a.make(c, rest)


def _inverse_of_product(a: Algebra, p: Poly, i: str, j: str, target: tuple[str, ...]) -> Poly | None:
    """(A B C)^-1 = C^-1 B^-1 A^-1 where all are square matrices."""
    found = p.single()
    if found is None or len(found[0]) < 2:
        return None
    left, at, chain = list(found[0]), i, []
    while left:
        f = next((f for f in left if at in f.letters and len(f.letters) == 2 and f.exponent == 1), None)
        if f is None or f.atom.shape[0] != f.atom.shape[1] or f.atom.kind != "leaf":
            return None
        left.remove(f)
        chain.append((f, at))
        at = f.letters[1] if f.letters[0] == at else f.letters[0]
    if at != j:
        return None
    factors: list[Factor] = []
    end = target[1]
    for n, (f, start) in enumerate(chain):
        to = target[0] if n == len(chain) - 1 else f"~v{n}"
        inner = a.factor(f.atom, ("0", "1") if f.letters[0] == start else ("1", "0"))
        factors.append(Factor(a.atom("inverse", "", (inner,), f.atom.shape), (to, end), 1))
        end = to
    return a.make(1 / Fraction(found[1]), factors)
