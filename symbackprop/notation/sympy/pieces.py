"""Rules of reading for SymPy's matrices in pieces: slices of one, blocks of several, Kronecker products."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.slice import MatrixSlice

from symbackprop.language.tensors import Tensor
from symbackprop.notation.sympy.parts import Read, Rule, arguments
from symbackprop.notation.vocabulary import called

WHOLE = slice(None)


def _both(part: Read) -> Tensor:
    """The tensor of a matrix with both of its axes, also those of size 1."""
    tensor = part.upright()
    return tensor[tuple(None if n == 1 else WHOLE for n in part.shape)] if 1 in part.shape else tensor


def _read(tensor: Tensor) -> Read:
    """A matrix of both its axes, without those of size 1."""
    shape = tensor.shape
    return Read(tensor[tuple(0 if n == 1 else WHOLE for n in shape)] if 1 in shape else tensor, shape)


def _slice(node: MatrixSlice, parts: list[Read], _: Any) -> Read:
    ours = dict(zip(node.parent.shape, parts[0].shape, strict=True))  # SymPy's sizes, as the language has them
    pieces = tuple(
        slice(*[n.xreplace(ours) if isinstance(n, sp.Expr) else n for n in bounds]) for bounds in (node.rowslice, node.colslice)
    )
    return _read(_both(parts[0])[pieces])


def _blocks(node: sp.BlockMatrix, parts: list[Read], _: Any) -> Read:
    wide = node.blockshape[1]
    rows = [list(map(_both, parts[k : k + wide])) for k in range(0, len(parts), wide)]
    beside = [called("concatenate", [tuple(row)], {"axis": 1}) if wide > 1 else row[0] for row in rows]
    return _read(called("concatenate", [tuple(beside)], {}) if len(beside) > 1 else beside[0])


def _kronecker(node: sp.KroneckerProduct, parts: list[Read], _: Any) -> Read:
    product = _both(parts[0])
    for part in parts[1:]:
        product = called("kron", [product, _both(part)], {})
    return _read(product)


PIECES: dict[type, Rule] = {
    MatrixSlice: Rule(lambda node: ([node.parent], (node.rowslice, node.colslice)), _slice),
    sp.BlockMatrix: Rule(lambda node: (list(node.blocks), node.blockshape), _blocks),
    sp.KroneckerProduct: Rule(arguments, _kronecker),
}
