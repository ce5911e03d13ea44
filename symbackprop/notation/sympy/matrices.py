"""Rules of reading for SymPy's matrix expressions, each of which checks the shapes, which SymPy lets pass.

An axis of size 1 is not there in the tensor; whether a vector stood as a column or as a row is kept in the shape. A transpose is
kept as well, so that x.T * A.T, into which SymPy rewrites (A * x).T, is the same product as A * x.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import sympy as sp
from sympy import Expr
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct

from symbackprop.core.program import same_size, shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import Tensor, label
from symbackprop.notation.errors import NotationError
from symbackprop.notation.sympy.parts import Read, Rule, Written, arguments, first, kept, without_counterpart
from symbackprop.notation.sympy.pieces import PIECES
from symbackprop.notation.vocabulary import called, functions

POWERS = 16  # the largest exponent of a matrix, which is written as products


class Matrices:
    """The products and sums that one expression has brought, so that an equal one, or its transpose, is found again."""

    def __init__(self) -> None:
        self.products: dict[Any, Read] = {}
        self.entrywise: dict[Any, Tensor] = {}

    def times(self, a: Read, b: Read) -> Read:
        """The product of two matrices: y[r c] = sum_m a[r m] b[m c]. Raises NotationError where the inner sizes differ."""
        if not same_size(a.shape[1], b.shape[0]):
            x, y = label(a.tensor), label(b.tensor)
            raise NotationError(
                f"{x} * {y}: the inner sizes differ: {x} is {shape_text(a.shape)}, {y} is {shape_text(b.shape)}.",
                _mend(a, b),
            )
        turned = self.products.get(_key(b.T, a.T))
        if turned is not None:
            return turned.T
        return self.products.setdefault(_key(a, b), _product(a, b))

    def together(self, node: sp.Basic, parts: list[Read]) -> Read:
        """A sum or an elementwise product of matrices of one shape."""
        one, *others = parts
        for part in others:
            if len(part.shape) != len(one.shape) or not all(map(same_size, one.shape, part.shape)):
                x, y = label(one.tensor), label(part.tensor)
                raise NotationError(
                    f"{Written(node)}: the shapes differ: {x} is {shape_text(one.shape)}, {y} is {shape_text(part.shape)}.",
                    "SymPy does not broadcast: write b * OneMatrix(1, n) to repeat a column b.",
                )
        flipped = all(part.flipped for part in parts)
        tensors = [part.tensor if flipped else part.upright() for part in parts]
        product = isinstance(node, HadamardProduct)
        key = (product, tuple(sorted(map(id, tensors))))
        if key not in self.entrywise:
            self.entrywise[key] = reduce(lambda a, b: a * b if product else a + b, tensors)
        return Read(self.entrywise[key], one.shape, flipped)

    def scaled(self, factor: Tensor, part: Read) -> Read:
        """The product of a number and a matrix."""
        key = (id(factor), id(part.tensor))
        if key not in self.entrywise:
            minus = builder.number_of(factor) == -1
            self.entrywise[key] = -part.tensor if minus else factor * part.tensor
        return part._replace(tensor=self.entrywise[key])

    def matmul(self, node: Any, parts: list[Read], _: Any) -> Read:
        result = reduce(self.times, [part for part in parts if part.shape])
        return reduce(lambda read, part: self.scaled(part.tensor, read), [part for part in parts if not part.shape], result)

    def power(self, node: Any, parts: list[Read], setting: tuple[Expr, ...]) -> Read:
        part, exponent = square(node, parts[0]), setting[0]
        if exponent == -1:
            return _inverse(node, parts, None)
        if not exponent.is_Integer or not 1 <= exponent <= POWERS:
            raise NotationError(f"{Written(node)}: the exponent of a matrix is -1 or a whole number from 1 to {POWERS}.")
        return reduce(self.times, [part] * int(exponent))

    def rules(self) -> dict[type, Rule]:
        return {
            sp.MatMul: Rule(arguments, self.matmul),
            sp.MatAdd: Rule(arguments, lambda node, parts, _: self.together(node, parts)),
            HadamardProduct: Rule(arguments, lambda node, parts, _: self.together(node, parts)),
            HadamardPower: Rule(arguments, _entrywise_power),
            sp.Adjoint: Rule(first, lambda node, parts, _: parts[0].T),
            sp.Transpose: Rule(first, lambda node, parts, _: parts[0].T),
            sp.Trace: Rule(first, _trace),
            sp.Inverse: Rule(first, _inverse),
            sp.MatPow: Rule(first, self.power),
            sp.Determinant: Rule(first, _determinant),
            sp.DotProduct: Rule(arguments, lambda node, parts, _: self.times(_row(parts[0]), _row(parts[1]).T)),
            sp.DiagMatrix: Rule(first, _diagonal),
            **PIECES,
        }


def written_out(node: Any, parts: list[Read], shape: tuple[int, int]) -> Read:
    """A matrix of written entries, each a number."""
    if any(part.shape for part in parts):
        raise NotationError(f"{Written(node)}: an entry is a matrix.", "Write the entries as numbers, x[0, 0].")
    extents = tuple(map(sp.Integer, shape))
    stacked = called("stack", [tuple(part.tensor for part in parts)], {})
    return Read(called("reshape", [stacked, kept(extents)], {}), extents)


def _key(a: Read, b: Read) -> tuple[Any, ...]:
    return id(a.tensor), a.shape, a.flipped, id(b.tensor), b.shape, b.flipped


def _product(a: Read, b: Read) -> Read:
    shape = (a.shape[0], b.shape[1])
    terms = ["".join(c for c, n in zip(letters, r.shape, strict=True) if n != 1) for letters, r in (("rm", a), ("mc", b))]
    if not all(terms):
        part, factor = (b, a) if not terms[0] else (a, b)
        return Read(factor.tensor * part.tensor, shape, part.flipped)
    left, right = (term[::-1] if r.flipped else term for term, r in zip(terms, (a, b), strict=True))
    result = "".join(c for c, n in zip("rc", shape, strict=True) if n != 1)
    if a.tensor is b.tensor and not result:
        return Read(builder.total(a.tensor**2), shape)  # r.T * r, as sum(r**2)
    return Read(builder.contract(f"{left},{right}->{result}", a.tensor, b.tensor), shape)


def _mend(a: Read, b: Read) -> str:
    x, y = label(a.tensor), label(b.tensor)
    if same_size(a.shape[1], b.shape[1]):
        return f"Did you mean {x} * {y}.T?"
    if same_size(a.shape[0], b.shape[0]):
        return f"Did you mean {x}.T * {y}?"
    if same_size(b.shape[1], a.shape[0]):
        return f"Did you mean {y} * {x}?"
    return ""


def _row(part: Read) -> Read:
    return part if part.shape[0] == 1 else part.T


def _diagonal(node: Any, parts: list[Read], _: Any) -> Read:
    (part,) = parts
    tensor = part.tensor
    if 1 not in part.shape:
        raise NotationError(f"{Written(node)}: {label(tensor)} is {shape_text(part.shape)}, no vector.")
    return Read(called("diag", [tensor], {}) if tensor.ndim else tensor, (*tensor.shape, *tensor.shape) or part.shape)


def square(node: sp.Basic, part: Read) -> Read:
    """The matrix, which must have as many rows as columns. Raises NotationError where it has not."""
    if not part.shape or not same_size(*part.shape):
        raise NotationError(f"{Written(node)}: {label(part.tensor)} is {shape_text(part.shape)}, not square.")
    return part


def _trace(node: Any, parts: list[Read], _: Any) -> Read:
    tensor = square(node, parts[0]).tensor
    return Read(called("trace", [tensor], {}) if tensor.ndim else tensor)


def _inverse(node: Any, parts: list[Read], _: Any) -> Read:
    part = square(node, parts[0])
    if not part.tensor.ndim:
        return Read(1 / part.tensor, part.shape)
    return part._replace(tensor=_linear(node, "inv", part))


def _determinant(node: Any, parts: list[Read], _: Any) -> Read:
    part = square(node, parts[0])
    return Read(_linear(node, "det", part) if part.tensor.ndim else part.tensor)


def _linear(node: sp.Basic, name: str, part: Read) -> Tensor:
    if name not in functions():
        raise without_counterpart(node, type(node).__name__)
    return called(name, [part.tensor], {})


def _entrywise_power(node: Any, parts: list[Read], _: Any) -> Read:
    base, exponent = parts
    if exponent.shape:
        raise NotationError(f"{Written(node)}: the exponent is a matrix.", "Write a number.")
    return base._replace(tensor=base.tensor**exponent.tensor)
