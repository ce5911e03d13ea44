"""NumPy's windows of signals, polynomials by their coefficients, and functions of entries that are a line of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, is_truth, label, number_of

WIDEST = 100  # windows that are put side by side


def _window(*weights: Any) -> Callable[[Any], Tensor]:
    """w[j] = a_0 - a_1 cos(2 pi j / (M - 1)) + a_2 cos(4 pi j / (M - 1)) - ..."""

    def window(M: Any) -> Tensor:
        n = as_number(M)
        if n == 1:
            return op.ones((1,))
        angle = 2 * sp.pi / (n - 1) * op.arange(n)
        terms = [a * (-1) ** k * TABLE["cos"](k * angle) for k, a in enumerate(weights) if k]
        return sum(terms, as_tensor(weights[0]) + op.zeros((n,)))

    return window


def bartlett(M: Any) -> Tensor:
    """w[j] = 1 - |2 j / (M - 1) - 1|."""
    n = as_number(M)
    return op.ones((1,)) if n == 1 else 1 - TABLE["abs"](2 * op.arange(n) / (n - 1) - 1)


def kaiser(M: Any, beta: Any) -> Tensor:
    """w[j] = I_0(beta sqrt(1 - (2 j / (M - 1) - 1)^2)) / I_0(beta)."""
    n, i0 = as_number(M), TABLE["bessel_i0"]
    if n == 1:
        return op.ones((1,))
    inner = 4 * op.arange(n) * (n - 1 - op.arange(n)) / (n - 1) ** 2
    return i0(as_tensor(beta) * op.sqrt(inner)) / i0(beta)


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Tensor:
    """The windows of a shape along axes, which stand last: y[..., j] = x[i + j]."""
    x = as_tensor(x)
    several = window_shape if isinstance(window_shape, tuple) else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    widths = [number_of(as_tensor(one)) for one in several]
    if len(widths) != len(axes) or not all(width is not None and 1 <= width <= WIDEST for width in widths):
        raise LanguageError(f"sliding_window_view: it takes a whole number up to {WIDEST} for each axis; write axis=0 for one")
    if not all(isinstance(k, int) and -x.ndim <= k < x.ndim for k in axes):
        raise LanguageError(f"sliding_window_view: axis {axis} is out of range: {label(x)} is {shape_text(x.shape)}")
    places = [k % x.ndim for k in axes]
    for width, k in zip(map(int, filter(None, widths)), places, strict=True):
        rest = x.shape[k] - width + 1
        x = op.stack([x[(*(slice(None),) * k, slice(j, rest + j))] for j in range(width)], -1)
    return x


# -- polynomials, the highest power first -------------------------------------------------------------------------------------


def _order(what: str, p: Any) -> tuple[Tensor, int]:
    p = as_tensor(p)
    count = number_of(as_tensor(p.shape[0])) if p.ndim == 1 else None
    if count is None:
        raise LanguageError(f"{what}: {label(p)} is {shape_text(p.shape)}; its order must be known, as of p: parameter[4]")
    return p, int(count)


def poly(roots: Any) -> Tensor:
    """The coefficients of the polynomial with these roots."""
    roots, count = _order("poly", roots)
    found = op.ones((1,))
    for k in range(count):
        found = polymul(found, op.stack([as_tensor(1), -roots[k]]))
    return found


def polymul(a: Any, b: Any) -> Tensor:
    """The coefficients of a product."""
    (a, m), (b, n) = _order("polymul", a), _order("polymul", b)
    return op.convolve(a, b) if m >= n else op.convolve(b, a)


def polyadd(a: Any, b: Any) -> Tensor:
    """The coefficients of a sum."""
    (a, m), (b, n) = _order("polyadd", a), _order("polyadd", b)
    return (op.pad(a, (n - m, 0)) if n > m else a) + (op.pad(b, (m - n, 0)) if m > n else b)


def polysub(a: Any, b: Any) -> Tensor:
    """The coefficients of a difference."""
    return polyadd(a, -as_tensor(b))


def polyder(p: Any) -> Tensor:
    """The coefficients of the derivative."""
    p, count = _order("polyder", p)
    return p[:-1] * (count - 1 - op.arange(count - 1))


def polyint(p: Any) -> Tensor:
    """The coefficients of the integral that is 0 at 0."""
    p, count = _order("polyint", p)
    return op.concatenate([p / (count - op.arange(count)), op.zeros((1,))])


# -- entry by entry -----------------------------------------------------------------------------------------------------------


def _of_truths(name: str, operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Bits of truth values, each of which is one."""

    def function(*given: Any) -> Tensor:
        tensors = list(map(as_tensor, given))
        if not all(map(is_truth, tensors)):
            raise LanguageError(f"{name}: it takes conditions here, as in x > 0; the bits of whole numbers are // and %")
        return operation(*tensors)

    return function


def divmod(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """floor(x / y) and the rest."""
    return TABLE["floor"](as_tensor(x) / y), TABLE["remainder"](x, y)


SIGNALS: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (bartlett, kaiser, sliding_window_view, poly, polymul, polyadd, polysub, polyder, polyint, divmod)},
    "hamming": _window(sp.Rational(54, 100), sp.Rational(46, 100)), "hanning": _window(sp.Rational(1, 2), sp.Rational(1, 2)),
    "blackman": _window(sp.Rational(42, 100), sp.Rational(1, 2), sp.Rational(8, 100)),
    "bitwise_and": _of_truths("bitwise_and", op.logical_and), "bitwise_or": _of_truths("bitwise_or", op.logical_or),
    "bitwise_xor": _of_truths("bitwise_xor", op.logical_xor), "bitwise_not": _of_truths("bitwise_not", op.logical_not),
    "invert": _of_truths("invert", op.logical_not), "signbit": lambda x: as_tensor(x) < 0,
    "dsplit": lambda x, parts: op.split(x, parts, 2),
}  # fmt: skip
"""By NumPy's name."""
