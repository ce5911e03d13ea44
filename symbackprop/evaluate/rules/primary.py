"""Primary functions of a matrix by what defines them: the witness's own rules for them, in any arithmetic.

The exponential is its series, the root solves Y Y = X, the logarithm is 2^k that of a root. Their slopes are an integral,

    d exp(X) = integral from 0 to 1 of exp(s X) dX exp((1 - s) X) ds,

and what solves it for the logarithm, Y dY + dY Y = dX for the root (Higham 2008, chapters 6, 10 and 11). A derivative along
directions, of any order, stands in a corner of the function of a larger matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.magnitude import largest_of

Inverse = Callable[[ndarray], ndarray]

NODES = 24  # of the quadrature, and more for a large matrix
MOST = 60  # iterations, and roots


def _floats(x: ndarray) -> ndarray:
    return np.asarray(x, dtype=complex) if np.iscomplexobj(x) else np.asarray(x, dtype=float)


def _size(x: ndarray) -> float:
    """A norm of the largest matrix that a direction in its corner hardly moves."""
    near = _floats(x)
    fourth = near @ near @ near @ near
    return largest_of(fourth) ** 0.25 * x.shape[-1] ** 0.25


def _eye(x: ndarray) -> ndarray:
    return 0 * x + np.eye(x.shape[-1], dtype=int)


def _tiny(x: ndarray) -> float:
    return 1e-52 if x.dtype == object else 1e-17


def exponential(x: ndarray, inverse: Inverse) -> ndarray:
    """The series of a fraction 2^-s of X, squared s times."""
    size = _size(x)
    if not np.isfinite(size):
        return x * np.nan
    squarings = max(0, int(np.ceil(np.log2(max(size, 1)))))
    x = x / 2**squarings
    term, total, left = _eye(x), _eye(x), 1.0
    k = 0
    while left > _tiny(x) or k < 5:  # beyond the fourth power, `size` bounds what a direction does as well
        k += 1
        left /= k
        term = x @ term / k
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def root(x: ndarray, inverse: Inverse) -> ndarray:
    """The limit of Y = (Y + Z^-1) / 2 and Z = (Z + Y^-1) / 2 from X and 1; not-a-number where it has none."""
    y, z = x, _eye(x)
    for _ in range(MOST):
        y, z, before = (y + inverse(z)) / 2, (z + inverse(y)) / 2, y
        gap, size = (float(np.max(np.abs(a))) for a in (y - before, y))
        if not gap > _tiny(x) ** 0.52 * size:
            return y
    return x * np.nan


def logarithm(x: ndarray, inverse: Inverse) -> ndarray:
    """2^k log(A) of a root A of order 2^k, by 2 artanh(Z) = log(A) with Z = (A - 1) (A + 1)^-1."""
    one, roots = _eye(x), 0
    while not _size(x - one) < 0.25:
        if roots == MOST or not np.isfinite(_size(x)):
            return x * np.nan
        x, roots = root(x, inverse), roots + 1
    z = (x - one) @ inverse(x + one)
    power, total, k, left = z, z, 1, 1.0
    while left > _tiny(x) or k < 9:
        k += 2
        left /= 49  # |z| is below 1/7
        power = power @ z @ z
        total = total + power / k
    return 2 ** (roots + 1) * total


VALUES: dict[str, Callable[[ndarray, Inverse], ndarray]] = {"expm": exponential, "sqrtm": root, "logm": logarithm}
"""By name: from matrices of numbers of any kind, and what inverts them."""


def _moved(x: ndarray, d: ndarray) -> ndarray:
    """The derivative of the exponential at one X along D, by the quadrature of Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES + int(2 * _size(x)))
    s = ((nodes + 1) / 2)[:, None, None]
    inverse: Any = None
    before, after = exponential(s * x, inverse), exponential((1 - s) * x, inverse)
    return np.einsum("k,...kij->...ij", weights / 2, before @ d[..., None, :, :] @ after)


def _operator(rule: Callable[[ndarray], ndarray], n: int) -> ndarray:
    """The matrix of a linear map of matrices."""
    return rule(np.eye(n * n).reshape(n * n, n, n)).reshape(n * n, n * n).T


def _pulled(kind: str, x: ndarray, y: ndarray, g: ndarray) -> ndarray:
    n = len(x)
    if kind == "expm":
        return _moved(x.T, g)
    rule = _operator(lambda d: y @ d + d @ y, n) if kind == "sqrtm" else _operator(lambda d: _moved(y, d), n)
    return np.linalg.solve(rule.T, g.ravel()).reshape(n, n)


def pulled(kind: str, x: ndarray, y: ndarray, g: ndarray) -> ndarray:
    """The slope of each matrix X from that of Y = f(X)."""
    found = np.empty(x.shape)
    for at in np.ndindex(x.shape[:-2]):
        found[at] = _pulled(kind, x[at], y[at], g[at]) if np.isfinite(y[at]).all() else np.nan
    return found


def bordered(x: ndarray, along: Sequence[ndarray]) -> ndarray:
    """[X, D; 0, X], and the same of that with every further direction."""
    for d in along:
        size, n = x.shape[-1], d.shape[-1]
        out = np.zeros((*np.broadcast_shapes(x.shape[:-2], d.shape[:-2]), 2 * size, 2 * size), np.result_type(x, d))
        out[..., :size, :size] = out[..., size:, size:] = x
        for k in range(0, size, n):
            out[..., k : k + n, size + k : size + k + n] = d
        x = out
    return x


def from_bordered(g: ndarray, k: int, count: int) -> ndarray:
    """The slope of X (k = 0) or of the k-th direction from that of `bordered`."""
    for j in range(count, 0, -1):
        size = g.shape[-1] // 2
        if j == k:
            n = size >> (j - 1)
            return np.sum([g[..., a : a + n, size + a : size + a + n] for a in range(0, size, n)], axis=0)
        g = g[..., :size, :size] + g[..., size:, size:]
    return g


def corner(y: ndarray, n: int) -> ndarray:
    """The derivative of the highest order in a function of a bordered matrix."""
    return y[..., :n, -n:]


def in_corner(g: ndarray, shape: tuple[int, ...]) -> ndarray:
    """The slope of the whole matrix from that of its corner."""
    out = np.zeros(shape, g.dtype)
    out[..., : g.shape[-1], -g.shape[-1] :] = g
    return out
