"""Positions that NumPy makes for an index: triangles, diagonals, rows by columns, and what is chosen or counted by positions."""

from __future__ import annotations

from functools import reduce
from typing import Any

from symbackprop.core.errors import shown
from symbackprop.language import operations as op
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, number_of
from symbackprop.notation.composed.shapes import array

MOST = 400  # positions that are written one by one

Pair = tuple[Tensor, ...]


def tril_indices(n: Any, k: Any = 0, m: Any = None) -> Pair:
    """The rows and the columns of a lower triangle, row by row."""
    return _where("tril_indices", n, m, lambda i, j: j <= i + int(k))


def triu_indices(n: Any, k: Any = 0, m: Any = None) -> Pair:
    """The rows and the columns of an upper triangle, row by row."""
    return _where("triu_indices", n, m, lambda i, j: j >= i + int(k))


def diag_indices(n: Any, ndim: Any = 2) -> Pair:
    """The positions of a diagonal."""
    return (op.arange(n),) * int(ndim)


def ix_(*parts: Any) -> Pair:
    """Positions of which each stands along an axis of its own: x[ix_(i, j)] is the rows i at the columns j."""
    given = [array(list(part)) if isinstance(part, tuple | list) else as_tensor(part) for part in parts]
    return tuple(part[tuple(slice(None) if k == axis else None for k in range(len(given)))] for axis, part in enumerate(given))


def _where(what: str, n: Any, m: Any, holds: Any) -> Pair:
    rows, columns = (number_of(as_tensor(extent)) for extent in (n, n if m is None else m))
    if rows is None or columns is None:
        raise LanguageError(
            f"{what}: how many there are must be a number here; write {what[:4]}(x), which keeps the triangle as a matrix"
        )
    found = [(i, j) for i in range(int(rows)) for j in range(int(columns)) if holds(i, j)]
    if not 0 < len(found) <= MOST:
        raise LanguageError(f"{what}: it has {len(found)} positions, from 1 to {MOST} are written out; write {what[:4]}(x)")
    return tuple(array(list(part)) for part in zip(*found, strict=True))


def choose(a: Any, choices: Any) -> Tensor:
    """y = choices[a], entry by entry."""
    a, given = as_tensor(a), [as_tensor(one) for one in choices]
    return reduce(lambda y, k: op.where(a == k, given[k], y), reversed(range(len(given) - 1)), given[-1])


def bincount(x: Any, weights: Any = None, minlength: Any = None) -> Tensor:
    """y[k] = sum_i w[i] 1[x[i] = k], for as many k as minlength says; the ones where no weights are given."""
    if minlength is None:
        raise LanguageError("bincount: how many there are depends on values; write minlength=K, and declare x: integers[n, K]")
    hot = op.one_hot(as_tensor(x), as_number(minlength))
    return op.sum(hot, 0) if weights is None else as_tensor(weights) @ hot


def lcm(a: Any, b: Any) -> Any:
    """The least common multiple of two whole numbers."""
    return _whole("lcm", a).lcm(_whole("lcm", b))


def gcd(a: Any, b: Any) -> Any:
    """The greatest common divisor of two whole numbers."""
    return _whole("gcd", a).gcd(_whole("gcd", b))


def _whole(what: str, value: Any) -> Any:
    number = number_of(as_tensor(value))
    if number is None or not number.is_Integer:
        raise LanguageError(f"{what}: it takes whole numbers, not {shown(value)}")
    return number


INDICES = {f.__name__: f for f in (tril_indices, triu_indices, diag_indices, ix_, choose, bincount, lcm, gcd)}
