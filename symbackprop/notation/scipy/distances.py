"""scipy.spatial.distance: of two vectors, of every row with every other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label
from symbackprop.notation.scipy.special import rel_entr


def _sum(x: Tensor) -> Tensor:
    return op.sum(x, -1)


def euclidean(u: Any, v: Any, w: Any = None) -> Tensor:
    """|u - v|, with weights inside the sum where there are some."""
    return op.sqrt(sqeuclidean(u, v, w))


def sqeuclidean(u: Any, v: Any, w: Any = None) -> Tensor:
    """|u - v|^2, with weights inside the sum where there are some."""
    squares = op.square(as_tensor(u) - v)
    return _sum(squares if w is None else w * squares)


def cityblock(u: Any, v: Any) -> Tensor:
    """sum_i |u[i] - v[i]|."""
    return _sum(TABLE["abs"](as_tensor(u) - v))


def chebyshev(u: Any, v: Any) -> Tensor:
    """max_i |u[i] - v[i]|."""
    return op.max(TABLE["abs"](as_tensor(u) - v), -1)


def minkowski(u: Any, v: Any, p: Any = 2) -> Tensor:
    """(sum_i |u[i] - v[i]|^p)^(1/p)."""
    return op.power(_sum(op.power(TABLE["abs"](as_tensor(u) - v), p)), 1 / as_tensor(p))


def cosine(u: Any, v: Any) -> Tensor:
    """1 - u . v / (|u| |v|)."""
    u, v = as_tensor(u), as_tensor(v)
    return 1 - _sum(u * v) / op.sqrt(_sum(op.square(u)) * _sum(op.square(v)))


def correlation(u: Any, v: Any) -> Tensor:
    """`cosine` of what is left of u and v without their means."""
    u, v = as_tensor(u), as_tensor(v)
    return cosine(u - op.mean(u, -1, keepdims=True), v - op.mean(v, -1, keepdims=True))


def canberra(u: Any, v: Any) -> Tensor:
    """sum_i |u[i] - v[i]| / (|u[i]| + |v[i]|)."""
    return _sum(TABLE["abs"](as_tensor(u) - v) / (TABLE["abs"](u) + TABLE["abs"](v)))


def braycurtis(u: Any, v: Any) -> Tensor:
    """sum_i |u[i] - v[i]| / sum_i |u[i] + v[i]|."""
    u = as_tensor(u)
    return cityblock(u, v) / _sum(TABLE["abs"](u + v))


def mahalanobis(u: Any, v: Any, VI: Any) -> Tensor:
    """sqrt((u - v)^T VI (u - v)), VI the inverse of the covariances."""
    gap = as_tensor(u) - v
    return op.sqrt(op.quadratic_form(gap, VI))


def jensenshannon(p: Any, q: Any, base: Any = None) -> Tensor:
    """sqrt((KL(p, m) + KL(q, m)) / 2), m the mean of p and q, both made to sum to one."""
    p, q = (x / _sum(x) for x in map(as_tensor, (p, q)))
    m = (p + q) / 2
    both = (_sum(rel_entr(p, m)) + _sum(rel_entr(q, m))) / 2
    return op.sqrt(both if base is None else both / TABLE["log"](base))


METRICS: dict[str, Callable[..., Tensor]] = {
    f.__name__: f
    for f in (euclidean, sqeuclidean, cityblock, chebyshev, minkowski, cosine, correlation, canberra, braycurtis)
}  # fmt: skip


def cdist(XA: Any, XB: Any, metric: str = "euclidean", **settings: Any) -> Tensor:
    """Y[i j] = the distance of row i of XA and row j of XB."""
    A, B = _rows("cdist", XA), _rows("cdist", XB)
    return _metric("cdist", metric)(A[:, None, :], B[None, :, :], **settings)


def pdist(X: Any, metric: str = "euclidean", **settings: Any) -> Tensor:
    """y, the distances of each row and every later one: those of the first, of the second, and so on."""
    X = _rows("pdist", X)
    n = X.shape[0]
    if not n.is_Integer or n < 2:
        raise LanguageError(f"pdist: {label(X)} is {shape_text(X.shape)}; the number of rows must be known, or write cdist")
    of = _metric("pdist", metric)
    parts = [of(X[k : k + 1], X[k + 1 :], **settings) for k in range(int(n) - 1)]
    return op.concatenate(parts, 0) if len(parts) > 1 else parts[0]


def squareform(X: Any) -> Tensor:
    """Y[i j] = Y[j i], the matrix of the distances that `pdist` gives, 0 on the diagonal."""
    x = as_tensor(X)
    count = x.shape[0] if x.ndim == 1 else sp.S.Half
    n = (1 + sp.sqrt(1 + 8 * count)) / 2
    if not n.is_Integer:
        raise LanguageError(
            f"squareform: {label(x)} is {shape_text(x.shape)}; it takes the distances of pdist, whose number is known"
        )
    n, start, rows = int(n), 0, []
    for k in range(n - 1):
        rows.append(op.pad(x[start : start + n - 1 - k], (k + 1, 0)))
        start += n - 1 - k
    upper = op.stack([*rows, op.zeros((n,))], 0)
    return upper + upper.T


def _rows(word: str, x: Any) -> Tensor:
    x = as_tensor(x)
    if x.ndim != 2:
        raise LanguageError(f"{word}: {label(x)} is {shape_text(x.shape)}, not a matrix with a point in each row")
    return x


def _metric(word: str, name: Any) -> Callable[..., Tensor]:
    if name not in METRICS:
        raise LanguageError(f"{word}: metric={name!r} is not in the language; there are {', '.join(METRICS)}")
    return METRICS[name]


DISTANCE: dict[str, Callable[..., Any]] = METRICS | {f.__name__: f for f in (mahalanobis, jensenshannon, cdist, pdist, squareform)}
"""scipy.spatial.distance, by name."""
