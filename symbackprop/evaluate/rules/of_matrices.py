"""The witness's own rules for functions of the last two axes, a matrix: a value and its slope, written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.rules import implicit, primary
from symbackprop.evaluate.rules.implicit import PARTS
from symbackprop.evaluate.rules.primitives import Tape, Value


def inverse(tape: Tape, x: Value) -> Value:
    """Y = X^-1 for the last two axes; d tr(G' Y) = -tr(Y G' Y dX) (Petersen and Pedersen 2012)."""
    turned = _inverse(x.data)
    return tape.record("inverse", turned.swapaxes(-1, -2), [x], [lambda g: -(turned @ g @ turned)])


def pinv(tape: Tape, x: Value) -> Value:
    """Y = (X^T X)^-1 X^T for the last two axes; dY = (X^T X)^-1 dX^T (1 - X Y) - Y dX Y (Golub and Pereyra 1973)."""
    turned = x.data.swapaxes(-1, -2)
    if np.iscomplexobj(x.data):
        y = _inverse(turned @ x.data).swapaxes(-1, -2) @ turned
    else:
        q, r = np.linalg.qr(x.data)
        y = _inverse(r).swapaxes(-1, -2) @ q.swapaxes(-1, -2)
    back = y.swapaxes(-1, -2)
    beside = np.eye(x.data.shape[-2]) - x.data @ y
    return tape.record("pinv", y, [x], [lambda g: beside @ g.swapaxes(-1, -2) @ y @ back - back @ g @ back])


def det(tape: Tape, x: Value) -> Value:
    """y = det X for the last two axes; d det X = det X tr(X^-1 dX)."""
    y = np.linalg.det(x.data)
    return tape.record("det", y, [x], [lambda g: (g * y)[..., None, None] * _inverse(x.data)])


def logdet(tape: Tape, x: Value) -> Value:
    """y = log |det X| for the last two axes, by the sign of the real part where X is complex; dy = tr(X^-1 dX)."""
    sign, size = np.linalg.slogdet(x.data)
    y = np.log(sign * np.sign(np.real(sign))) + size
    return tape.record("logdet", y, [x], [lambda g: g[..., None, None] * _inverse(x.data)])


def factor(tape: Tape, kind: str, x: Value) -> Value:
    """Y, a factor of X in the last two axes, and its slope by the equations that define it."""
    return tape.record(kind, implicit.factor(kind, x.data), [x], [lambda g: implicit.pulled(kind, x.data, g)])


def _inverse(x: ndarray) -> ndarray:
    """The inverse of each matrix, transposed; not-a-number where there is none."""
    try:
        return np.linalg.inv(x).swapaxes(-1, -2)
    except np.linalg.LinAlgError:
        return np.full(x.shape, np.nan)


def primary_function(tape: Tape, kind: str, x: Value) -> Value:
    """Y = f(X) for the last two axes, by what defines it, and its slope by an integral or by the equations that it solves."""
    y = primary.VALUES[kind](x.data, lambda a: _inverse(a).swapaxes(-1, -2))
    return tape.record(kind, y, [x], [lambda g: primary.pulled(kind, x.data, y, g)])


def bordered(tape: Tape, x: Value, along: Sequence[Value]) -> Value:
    """The matrix in whose corner the derivatives of functions of X along some directions stand."""
    pulls = [lambda g, k=k: primary.from_bordered(g, k, len(along)) for k in range(len(along) + 1)]
    return tape.record("bordered", primary.bordered(x.data, [d.data for d in along]), [x, *along], pulls)


def corner(tape: Tape, y: Value, n: int) -> Value:
    """The corner of a matrix in which a derivative stands."""
    return tape.record("corner", primary.corner(y.data, n), [y], [lambda g: primary.in_corner(g, y.data.shape)])


MATRIX_FUNCTIONS: dict[str, Callable[[Tape, Value], Value]] = {
    "inverse": inverse,
    "pinv": pinv,
    "det": det,
    "logdet": logdet,
    **{kind: lambda tape, x, kind=kind: factor(tape, kind, x) for kind in PARTS},
    **{kind: lambda tape, x, kind=kind: primary_function(tape, kind, x) for kind in primary.VALUES},
}
"""One rule for each row of the table of `core.functions`, from which they read nothing."""
