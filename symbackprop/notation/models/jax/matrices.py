"""Primitives of jax.lax.linalg, those that put entries in order, and JAX's own functions of a matrix, which are one word here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.jax.elementwise import Row
from symbackprop.notation.models.jax.values import Value

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk


def _cholesky(walk: Walk, eqn: Any, x: Value) -> Value:
    return ops.cholesky(walk.tensor(x))


def _eigh(walk: Walk, eqn: Any, x: Value) -> list[Value]:
    if eqn.params.get("subset_by_index") is not None:
        raise walk.refused(eqn, "it takes some of the eigenvalues.", "Take all, and a slice of them.")
    values, vectors = ops.eigh(walk.tensor(x))
    return [vectors, values]


def _svd(walk: Walk, eqn: Any, x: Value) -> list[Value]:
    if eqn.params.get("subset_by_index") is not None:
        raise walk.refused(eqn, "it takes some of the singular values.", "Take all, and a slice of them.")
    if not eqn.params["compute_uv"]:
        return [ops.svdvals(walk.tensor(x))]
    left, values, right = ops.svd(walk.tensor(x), bool(eqn.params["full_matrices"]))
    return [values, left, right]


def _qr(walk: Walk, eqn: Any, x: Value) -> list[Value]:
    if eqn.params.get("pivoting"):
        raise walk.refused(eqn, "its pivots depend on values.", "Leave pivoting out.")
    tensor = walk.tensor(x)
    whole = eqn.params["full_matrices"] and tensor.shape[-1] != tensor.shape[-2]
    return list(ops.qr(tensor, "complete" if whole else "reduced"))


def _triangular_solve(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
    """A X = B, or X A = B, with the lower or the upper triangle of a."""
    p = eqn.params
    part, off = (ops.tril, -1) if p["lower"] else (ops.triu, 1)
    A, B = walk.tensor(a), walk.tensor(b)
    A = part(A, off) + ops.eye(A.shape[-1]) if p["unit_diagonal"] else part(A)
    A = _turned(A) if p["transpose_a"] else A
    return ops.solve(A, B) if p["left_side"] else _turned(ops.solve(_turned(A), _turned(B)))


def _turned(x: Tensor) -> Tensor:
    return ops.swapaxes(x, -1, -2)


def _sort(walk: Walk, eqn: Any, *given: Value) -> list[Value]:
    """The first sorted, and the others in its order."""
    if eqn.params["num_keys"] != 1:
        raise walk.refused(eqn, "it sorts by several keys.", "Sort by one, and take the others along with jnp.argsort.")
    axis, key = int(eqn.params["dimension"]), walk.tensor(given[0])
    order = ops.argsort(key, axis)
    found: list[Value] = [ops.take_along_axis(key, order, axis)]
    return found + [order if _counts(x, axis) else ops.take_along_axis(walk.tensor(x), order, axis) for x in given[1:]]


def _counts(x: Value, axis: int) -> bool:
    """Whether the entries are 0, 1, 2, ... along an axis."""
    if isinstance(x, ndarray):
        return bool(
            np.array_equal(np.moveaxis(x, axis, -1), np.broadcast_to(np.arange(x.shape[axis]), np.moveaxis(x, axis, -1).shape))
        )
    return False


def _top_k(walk: Walk, eqn: Any, x: Value) -> list[Value]:
    return list(ops.topk(walk.tensor(x), int(eqn.params["k"]), int(eqn.params.get("axis", -1))))


def _position(operation: Callable[..., Tensor]) -> Row:
    def row(walk: Walk, eqn: Any, x: Value) -> Value:
        (axis,) = eqn.params["axes"]
        return operation(walk.tensor(x), int(axis))

    return row


ROWS: dict[str, Row] = {
    "cholesky": _cholesky, "eigh": _eigh, "svd": _svd, "qr": _qr, "triangular_solve": _triangular_solve, "sort": _sort,
    "top_k": _top_k, "argmax": _position(ops.argmax), "argmin": _position(ops.argmin),
}  # fmt: skip
"""From the values that a primitive reads to what it makes of them."""

WORDS: dict[str, tuple[int, Callable[..., Any]]] = {
    "inv": (1, ops.inv), "det": (1, ops.det), "_det": (1, ops.det), "solve": (2, ops.solve), "_solve": (2, ops.solve),
    "slogdet": (1, lambda x: [TABLE["sign"](ops.det(x)), ops.logdet(x)]), "expm": (1, ops.expm), "_pinv": (1, ops.pinv),
}  # fmt: skip
"""JAX's own functions by the names that they have in a jaxpr: how many arrays they take, and what they are here."""


def word(name: str, given: list[Value]) -> Callable[..., Any] | None:
    """The function of the language that one of JAX's own is; None where it is none."""
    count, function = WORDS.get(name, (-1, None))
    return function if count == len(given) else None
