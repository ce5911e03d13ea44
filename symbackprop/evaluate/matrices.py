"""Square matrices of a declared kind: made of any matrix, and recognised."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.magnitude import largest_of


def of_kind(domain: str | None, array: ndarray) -> ndarray:
    """The array as it is declared: "symmetric" keeps its lower triangle, "spd" is A A^T + 1, "orthogonal" A's Q of A = Q R."""
    if domain == "spd":
        array = array @ array.swapaxes(-1, -2) + np.eye(array.shape[-1])
    if domain == "orthogonal":
        return rotation(array)
    return mirrored(array) if domain in ("symmetric", "spd") else array


def rotation(array: ndarray) -> ndarray:
    """The orthogonal Q of A = Q R with a positive diagonal of R: evenly distributed where the entries of A are normal."""
    q, r = np.linalg.qr(array)
    return q * np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0, -1.0, 1.0)[..., None, :]


def is_orthogonal(array: ndarray) -> bool:
    """Whether the columns of each matrix are orthonormal, to the digits of single precision."""
    return bool(np.allclose(array.swapaxes(-1, -2) @ array, np.eye(array.shape[-1]), atol=1e-5))


def mirrored(array: ndarray) -> ndarray:
    """The lower triangle, and above it the same; of numbers of any kind."""
    out = array.copy()
    rows, columns = np.triu_indices(array.shape[-1], 1)
    out[..., rows, columns] = array[..., columns, rows]
    return out


def is_symmetric(array: ndarray) -> bool:
    """Whether each matrix is its own transpose, to the digits of single precision."""
    return bool(np.allclose(array, array.swapaxes(-1, -2), rtol=1e-6, atol=1e-6 * largest_of(array)))


def is_positive(array: ndarray) -> bool:
    """Whether all eigenvalues of each symmetric matrix are positive."""
    return bool((np.linalg.eigvalsh(array) > 0).all())
