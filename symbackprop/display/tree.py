r"""Formulas of vectors and matrices as trees whose shapes are checked: W_{2}^{\top} \frac{\partial L}{\partial \hat{y}} \odot a.

Conventions: a vector is a column; functions, powers and fractions act entry by entry; \odot is the product entry by entry and binds
less tightly than the matrix product; \mathbf{1}_{n} is the column of n ones. A tree whose sizes do not fit cannot be built.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr, S

from symbackprop.core.program import same_size


class Misfit(ValueError):
    """Sizes that do not fit: there is no such matrix formula."""


class Tree:
    """A matrix with `rows` and `cols` (a vector has one column, a number has one row and one column)."""

    rows: Expr
    cols: Expr

    @property
    def children(self) -> tuple[Tree, ...]:
        return ()

    @property
    def is_scalar(self) -> bool:
        return self.rows == 1 and self.cols == 1

    @cached_property
    def weight(self) -> int:
        """The number of nodes."""
        return 1 + sum(child.weight for child in self.children)


@dataclass(frozen=True)
class Leaf(Tree):
    """A tensor of at most two axes, by name."""

    name: str
    rows: Expr
    cols: Expr


@dataclass(frozen=True)
class Number(Tree):
    """A number, or an expression of sizes. In a sum with a matrix it is added to every entry."""

    value: Expr
    rows: Expr = S.One
    cols: Expr = S.One


@dataclass(frozen=True)
class Ones(Tree):
    """The column of ones."""

    rows: Expr
    cols: Expr = S.One


@dataclass(frozen=True)
class Identity(Tree):
    """The identity matrix."""

    rows: Expr

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return self.rows


@dataclass(frozen=True)
class Unary(Tree):
    """A node over one tree, of its shape where nothing else is said."""

    x: Tree

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.x,)

    @property
    def rows(self) -> Expr:  # type: ignore[override]
        return self.x.rows

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return self.x.cols


@dataclass(frozen=True)
class Transpose(Unary):
    """Rows and columns exchanged."""

    @property
    def rows(self) -> Expr:  # type: ignore[override]
        return self.x.cols

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return self.x.rows


@dataclass(frozen=True)
class Scale(Unary):
    """coefficient * x, with a coefficient of numbers and sizes."""

    coefficient: Expr


@dataclass(frozen=True)
class Power(Unary):
    """Every entry to the power of a number."""

    exponent: Expr


@dataclass(frozen=True)
class Scalar(Unary):
    """A number that is made of a matrix: "trace", "norm" (the sum of the squares), "det", "logdet", "max", "min", "logsumexp"."""

    kind: str

    @property
    def rows(self) -> Expr:  # type: ignore[override]
        return S.One

    cols = rows  # type: ignore[assignment]


@dataclass(frozen=True)
class Diag(Unary):
    """The diagonal matrix of a vector."""

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return self.x.rows


@dataclass(frozen=True)
class Diagonal(Unary):
    """The diagonal of a matrix, as a vector."""

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return S.One


@dataclass(frozen=True)
class Inverse(Unary):
    """The inverse matrix."""


@dataclass(frozen=True)
class Softmax(Unary):
    """softmax of a vector, or of every row of a matrix."""


@dataclass(frozen=True)
class Entrywise(Tree):
    """A node over trees of one shape; a scalar among them goes with every entry."""

    parts: tuple[Tree, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.parts

    def _extent(self, axis: str) -> Expr:
        return next((getattr(p, axis) for p in self.parts if getattr(p, axis) != 1), S.One)

    @property
    def rows(self) -> Expr:  # type: ignore[override]
        return self._extent("rows")

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return self._extent("cols")

    def __post_init__(self) -> None:
        for part in self.parts:
            if not (part.is_scalar or (same_size(part.rows, self.rows) and same_size(part.cols, self.cols))):
                raise Misfit(f"({part.rows}, {part.cols}) beside ({self.rows}, {self.cols})")


@dataclass(frozen=True)
class Total(Entrywise):
    """A sum. Only a Number may be smaller than the rest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.rows == 1 and self.cols == 1) and any(p.is_scalar and not isinstance(p, Number) for p in self.parts):
            raise Misfit("a scalar tensor beside a matrix")


@dataclass(frozen=True)
class Hadamard(Entrywise):
    """The product entry by entry; a scalar among the factors multiplies every entry."""


@dataclass(frozen=True)
class Apply(Entrywise):
    """A function, entry by entry; `function` is its name in LaTeX with its arguments' places."""

    function: type[sp.Function]


@dataclass(frozen=True)
class Compare(Entrywise):
    """1 where the relation holds between the entries of the two parts, otherwise 0."""

    relation: type[sp.core.relational.Relational]


@dataclass(frozen=True)
class Product(Tree):
    """The matrix product."""

    parts: tuple[Tree, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.parts

    @property
    def rows(self) -> Expr:  # type: ignore[override]
        return self.parts[0].rows

    @property
    def cols(self) -> Expr:  # type: ignore[override]
        return self.parts[-1].cols

    def __post_init__(self) -> None:
        for a, b in zip(self.parts, self.parts[1:], strict=False):
            if not same_size(a.cols, b.rows):
                raise Misfit(f"({a.rows}, {a.cols}) times ({b.rows}, {b.cols})")


@dataclass(frozen=True)
class Inner(Tree):
    """The sum of the products of the entries of two matrices."""

    a: Tree
    b: Tree
    rows: Expr = S.One
    cols: Expr = S.One

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.a, self.b)

    def __post_init__(self) -> None:
        if not (same_size(self.a.rows, self.b.rows) and same_size(self.a.cols, self.b.cols)):
            raise Misfit(f"({self.a.rows}, {self.a.cols}) with ({self.b.rows}, {self.b.cols})")
