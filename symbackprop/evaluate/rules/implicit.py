"""Factors of a matrix as what solves their defining equations: the witness's own rule for them, in which no derivative is written.

A factorisation is residual(X, y) = 0 with a residual that is linear in X and at most quadratic in the unknown numbers y. LAPACK
finds y at real numbers; at others Newton's steps lead there from the real part. The residual's own slopes are differences, which
are exact for quadratic functions, and by the theorem of implicit functions

    dy = -(d residual / dy)^-1 (d residual / dX) dX.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

STEPS = 4  # of Newton's, each of which brings 15 digits

Parts = tuple[ndarray, ...]


@dataclass(frozen=True)
class Factorisation:
    """A row.

    solve     the factors of a real matrix.
    residual  what is zero: of a matrix and its factors.
    free      which entries of each factor are unknown: by the shape of the matrix.
    """

    solve: Callable[[ndarray], Parts]
    residual: Callable[[ndarray, Parts], Parts]
    free: Callable[[tuple[int, int]], Parts]

    def packed(self, parts: Parts, shape: tuple[int, int]) -> ndarray:
        """The unknown entries of all factors."""
        return np.concatenate([part[mask] for part, mask in zip(parts, self.free(shape), strict=True)])

    def parts(self, y: ndarray, shape: tuple[int, int]) -> Parts:
        """The factors that some entries are of."""
        found, start = [], 0
        for mask in self.free(shape):
            part = np.zeros(mask.shape, y.dtype)
            end = start + int(mask.sum())
            part[mask] = y[start:end]
            found.append(part)
            start = end
        return tuple(found)

    def gap(self, x: ndarray, y: ndarray) -> ndarray:
        """The residual as one vector."""
        return np.concatenate([np.ravel(r) for r in self.residual(x, self.parts(y, x.shape))])

    def slopes(self, x: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
        """d residual / dy and d residual / dX, one column for each entry."""
        by_y = [(self.gap(x, y + e) - self.gap(x, y - e)) / 2 for e in np.eye(len(y))]
        by_x = [self.gap(e.reshape(x.shape), y) - self.gap(0 * x, y) for e in np.eye(x.size)]
        return np.stack(by_y, axis=1), np.stack(by_x, axis=1)


def _lower(n: int) -> ndarray:
    return np.tri(n, dtype=bool)


def _whole(*shape: int) -> ndarray:
    return np.ones(shape, dtype=bool)


def _orthonormal(q: ndarray) -> ndarray:
    """What is zero where columns are orthonormal."""
    return (q.T @ q - np.eye(q.shape[1]))[_lower(q.shape[1])]


def _cholesky() -> Factorisation:
    return Factorisation(
        lambda x: (np.linalg.cholesky((x + x.T) / 2),),
        lambda x, y: ((y[0] @ y[0].T - (x + x.T) / 2)[_lower(len(x))],),
        lambda shape: (_lower(shape[0]),),
    )


def _eigh() -> Factorisation:
    return Factorisation(
        lambda x: tuple(np.linalg.eigh((x + x.T) / 2)),
        lambda x, y: ((x + x.T) / 2 @ y[1] - y[1] * y[0], _orthonormal(y[1])),
        lambda shape: (_whole(shape[0]), _whole(*shape)),
    )


def _between(w: ndarray) -> ndarray:
    return w - w[:, None]


def _with_gaps(plain: Factorisation, numbers: Callable[[Parts], ndarray], free: Callable[[tuple[int, int]], int]) -> Factorisation:
    """F (w_j - w_i) = 1 where i != j beside a factorisation with the numbers w."""

    def solve(x: ndarray) -> Parts:
        parts = plain.solve(x)
        same = np.eye(len(numbers(parts)))
        return *parts, (1 - same) / (_between(numbers(parts)) + same)

    def residual(x: ndarray, y: Parts) -> Parts:
        w = numbers(y)
        return *plain.residual(x, y[:-1]), y[-1] * _between(w) - (1 - np.eye(len(w)))

    return Factorisation(solve, residual, lambda shape: (*plain.free(shape), ~np.eye(free(shape), dtype=bool)))


def _svd() -> Factorisation:
    """U, s, V with X V = U diag(s) and X^T U = V diag(s), and the squares of s."""

    def solve(x: ndarray) -> Parts:
        left, s, right = np.linalg.svd(x, full_matrices=False)
        return left, s, right.T, s**2

    def residual(x: ndarray, y: Parts) -> Parts:
        left, s, right, squares = y
        return x @ right - left * s, x.T @ left - right * s, _orthonormal(left), _orthonormal(right), squares - s**2

    return Factorisation(
        solve, residual, lambda shape: (_whole(*shape), _whole(shape[1]), _whole(shape[1], shape[1]), _whole(shape[1]))
    )


def _svd_over() -> Factorisation:
    """r s = 1 beside them."""
    plain = _svd()
    return Factorisation(
        lambda x: (*plain.solve(x), 1 / plain.solve(x)[1]),
        lambda x, y: (*plain.residual(x, y[:-1]), y[-1] * y[1] - 1),
        lambda shape: (*plain.free(shape), _whole(shape[1])),
    )


def _qr() -> Factorisation:
    return Factorisation(
        lambda x: tuple(np.linalg.qr(x)),
        lambda x, y: (y[0] @ y[1] - x, _orthonormal(y[0])),
        lambda shape: (_whole(*shape), _lower(shape[1]).T),
    )


FACTORISATIONS: dict[str, Factorisation] = {
    "cholesky": _cholesky(),
    "eigh": _eigh(),
    "eigh gaps": _with_gaps(_eigh(), lambda parts: parts[0], lambda shape: shape[0]),
    "svd": _svd(),
    "svd gaps": _with_gaps(_svd(), lambda parts: parts[3], lambda shape: shape[1]),
    "svd over": _svd_over(),
    "qr": _qr(),
}
"""Factorisations by name."""

PARTS = {
    "cholesky": ("cholesky", 0), "eigenvalues": ("eigh", 0), "eigenvectors": ("eigh", 1), "gaps": ("eigh gaps", 2),
    "svdvals": ("svd", 1), "svd_left": ("svd", 0), "svd_right": ("svd", 2), "svd_gaps": ("svd gaps", 4),
    "svd_over": ("svd over", 4),
    "qr_q": ("qr", 0), "qr_r": ("qr", 1),
}  # fmt: skip
"""The functions of a matrix that are factors: of which factorisation, and which."""

EQUAL = 1e-10  # slopes of the equations that are smaller, relative to the largest, are none


def factor(kind: str, x: ndarray, lift: Callable[[ndarray], ndarray] = lambda y: y) -> ndarray:
    """A factor of each matrix in an array of real or complex numbers, or of objects that compute; not-a-number where there is none.

    lift   floats in the arithmetic of x.
    """
    name, place = PARTS[kind]
    return _each(x, lambda one: _solved(FACTORISATIONS[name], one, lift)[place])


def _each(x: ndarray, rule: Callable[[ndarray], Any]) -> ndarray:
    """A function of each matrix in an array."""
    lead = x.shape[:-2]
    found = [rule(x[place]) for place in np.ndindex(lead)]
    return np.stack(found).reshape(*lead, *found[0].shape)


def _solved(row: Factorisation, x: ndarray, lift: Callable[[ndarray], ndarray]) -> Parts:
    near = np.asarray(np.real(x) if np.iscomplexobj(x) else x, dtype=float)
    try:
        start = row.packed(row.solve(near), near.shape)
    except np.linalg.LinAlgError:
        return tuple(lift(np.full(mask.shape, np.nan)) for mask in row.free(near.shape))
    if x.dtype == float:
        return row.parts(start, near.shape)
    back, y = lift(np.linalg.pinv(row.slopes(near, start)[0], EQUAL)), lift(start)
    for _ in range(STEPS):
        y = y - back @ row.gap(x, y)
    return row.parts(y, near.shape)


def pulled(kind: str, x: ndarray, slope: ndarray) -> ndarray:
    """The slope of each matrix from that of a factor, which has one array of each shape."""
    name, place = PARTS[kind]
    row, lead, shape = FACTORISATIONS[name], x.shape[:-2], x.shape[-2:]
    found = np.empty(x.shape)
    for at in np.ndindex(lead):
        try:
            y = row.packed(row.solve(x[at]), shape)
        except np.linalg.LinAlgError:
            found[at] = np.nan
            continue
        by_y, by_x = row.slopes(x[at], y)
        masks = row.free(shape)
        g = row.packed(tuple(slope[at] if k == place else np.zeros(mask.shape) for k, mask in enumerate(masks)), shape)
        found[at] = -(by_x.T @ (np.linalg.pinv(by_y, EQUAL).T @ g)).reshape(shape)
    return found
