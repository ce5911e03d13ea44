"""numpy.linalg: what its words mean where NumPy's own of the same name mean something else, and equations of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.core.errors import shown
from symbackprop.core.program import shape_text
from symbackprop.language import operations as op
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, label


def trace(x: Any, offset: Any = 0) -> Tensor:
    """y = sum_i x[... i i + offset], of the matrices along the last two axes."""
    return op.trace(x, offset, -2, -1)


def diagonal(x: Any, offset: Any = 0) -> Tensor:
    """y[... i] = x[... i i + offset], of the matrices along the last two axes."""
    return op.diagonal(x, offset, -2, -1)


def outer(a: Any, b: Any) -> Tensor:
    """y[i j] = a[i] b[j] of vectors alone."""
    a, b = as_tensor(a), as_tensor(b)
    if (a.ndim, b.ndim) != (1, 1):
        raise LanguageError(f"linalg.outer: it takes vectors, not {shape_text(a.shape)} and {shape_text(b.shape)}; write np.outer")
    return op.outer(a, b)


def tensorinv(a: Any, ind: int = 2) -> Tensor:
    """The inverse of the map from the tensors of the last axes to those of the first `ind`, of as many entries."""
    a = as_tensor(a)
    if not isinstance(ind, int | sp.Integer) or not 0 < ind < a.ndim:
        raise LanguageError(f"tensorinv: ind says how many axes come first, from 1 to {a.ndim - 1}, not {shown(ind)}")
    rows, columns = a.shape[: int(ind)], a.shape[int(ind) :]
    return op.reshape(op.inverse(_square("tensorinv", a, rows, columns)), (*columns, *rows))


def tensorsolve(a: Any, b: Any) -> Tensor:
    """x with a x = b, summed over the last axes of a, which are those of x."""
    a, b = as_tensor(a), as_tensor(b)
    unknown = a.shape[b.ndim :]
    return op.reshape(op.solve(_square("tensorsolve", a, b.shape, unknown), op.ravel(b)), unknown)


def _square(what: str, a: Tensor, rows: Any, columns: Any) -> Tensor:
    many, few = sp.Mul(*rows), sp.Mul(*columns)
    if sp.expand(many - few) != 0:
        raise LanguageError(f"{what}: {label(a)} is {shape_text(a.shape)}, which is no square of {many} by {few} entries")
    return op.reshape(a, (many, few))


LINALG: dict[str, Callable[..., Tensor]] = {"trace": trace, "diagonal": diagonal, "outer": outer}
"""By the name in numpy.linalg."""
EQUATIONS: dict[str, Callable[..., Tensor]] = {"tensorinv": tensorinv, "tensorsolve": tensorsolve}
"""By NumPy's name, which nothing else has."""
