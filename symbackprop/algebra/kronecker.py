"""The inverse of a Kronecker product, digit by digit: (A x B)^-1 = A^-1 x B^-1, and so of I x B and of more than two.

Its entries are A_kl B_pq at the position m k + p, m l + q: equations of positions, and factors that have digits of one place each.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import count

from sympy import Expr, S, expand

from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import Factor, Poly, Term, is_summed
from symbackprop.algebra.positions import Part, spot_of
from symbackprop.algebra.powers import apart
from symbackprop.core.program import same_size

Letters = tuple[str, ...]
Inverse = Callable[[Algebra, Poly, Letters, Letters, tuple[Expr, ...]], Poly]


def inverse_of_kronecker(a: Algebra, p: Poly, letters: Letters, target: Letters, inverse: Inverse) -> Poly | None:
    """The inverse of a matrix over two letters that is a Kronecker product; None where it is none."""
    found = p.single()
    digits = [_digits(a, found[0], x) for x in letters] if found is not None else []
    if found is None or None in digits or not digits:
        return None
    (row, one), (col, other) = ((f, parts) for f, parts in digits)  # type: ignore[misc]
    if [(part.stride, part.size) for part in one] != [(part.stride, part.size) for part in other]:
        return None
    rest = [f for f in found[0] if f not in (row, col)]
    pairs = [(x.letter, y.letter, x.size) for x, y in zip(one, other, strict=True)]
    names = map("^k{}".format, count())
    out = a.make(1 / Fraction(found[1]), ())
    ends: list[tuple[str, str]] = []
    for x, y, n in pairs:
        own = [part for part in _components(rest) if {x, y} & _letters(part)]
        if any(_letters(part) & {z for pair in pairs for z in pair[:2]} - {x, y} for part in own):
            return None
        u, v = next(names), next(names)
        ends.append((u, v))
        matrix = _matrix(a, own, x, y, (u, v), n)
        rest = [f for f in rest if not any(f in part for part in own)]
        out = a.times(out, inverse(a, matrix, (u, v), (u, v), (n, n)))
    out = a.times(out, a.power(a.make(1, rest), -1))
    for end, x, parts in zip((0, 1), target, (one, other), strict=True):
        slopes = {ends[k][end]: part.stride for k, part in enumerate(parts)}
        sizes = {ends[k][end]: part.size for k, part in enumerate(parts)}
        whole = row.atom.shape[row.letters.index(letters[0])]
        out = a.times(out, a.tie({x: S.NegativeOne, **slopes}, S.Zero, {x: whole, **sizes}))
    for k, part in enumerate(one):
        for end in ends[k]:
            out = a.summed(out, end, part.size)
    return out


def _digits(a: Algebra, term: Term, x: str) -> tuple[Factor, tuple[Part, ...]] | None:
    """The equation that says a letter by summed ones, its digits, and these, where they count all of its axis."""
    for f in term:
        if f.atom.kind == "tie" and x in f.letters and all(is_summed(y) for y in f.letters if y != x):
            k = f.letters.index(x)
            spot = spot_of(f.atom.name, f.letters, f.atom.shape, k, a.conditions)
            extent = S.One
            for part in reversed(spot.parts if spot is not None and spot.offset == 0 else ()):
                if not same_size(part.stride, extent):
                    return None
                extent = expand(part.stride * part.size)
            if spot is not None and len(spot.parts) > 1 and same_size(extent, f.atom.shape[k]):
                return f, spot.parts
    return None


def _components(factors: list[Factor]) -> list[list[Factor]]:
    return list(apart(tuple(factors)))


def _letters(factors: list[Factor]) -> set[str]:
    return {x for f in factors for x in f.letters}


def _matrix(a: Algebra, components: list[list[Factor]], x: str, y: str, own: tuple[str, str], n: Expr) -> Poly:
    """What stands at one place of the digits as a matrix: of a digit that both ends share, a diagonal one."""
    u, v = own
    swap = {x: u, y: v} if x != y else {x: u}
    out = a.make(1, [f.renamed(swap) for part in components for f in part])
    return a.times(out, a.delta(n, u, v)) if x == y else out
