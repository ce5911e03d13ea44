r"""Formulas of vectors and matrices as trees whose shapes are checked: W_{2}^{\top} \frac{\partial L}{\partial \hat{y}} \odot a.

Conventions: a vector is a column; functions, powers and fractions act entry by entry; \odot is the product entry by entry and binds
less tightly than the matrix product; \mathbf{1}_{n} is the column of n ones. A tree whose sizes do not fit cannot be built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from sympy import Expr, S, log

from symbackprop.core.functions import MATRIX_FUNCTIONS, reduction
from symbackprop.core.program import same_size
from symbackprop.display.body import BodyPrinter, function_formula, logarithm, relation_sign, scalar
from symbackprop.display.names import Names
from symbackprop.display.notation import applied
from symbackprop.display.reading_order import is_negative
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Binds, Fence, Fraction, Node, Script, binds

Shape = tuple[Expr, Expr]
SCALAR: Shape = (S.One, S.One)


class Misfit(ValueError):
    """Sizes that do not fit: there is no such matrix formula."""


@dataclass(frozen=True)
class Tree:
    """A matrix made of matrices; a vector has one column, a number has one row and one column.

    op      the name of its row.
    parts   what it is made of.
    given   what the op has beside its parts: a name, a number, an exponent, a function, a relation.
    """

    op: str
    parts: tuple[Tree, ...]
    rows: Expr
    cols: Expr
    given: Any = None

    @property
    def is_scalar(self) -> bool:
        return self.rows == 1 and self.cols == 1

    @cached_property
    def weight(self) -> int:
        """The number of nodes."""
        return 1 + sum(part.weight for part in self.parts)


@dataclass(frozen=True)
class Op:
    """A row: one way to make a matrix.

    arity     how many parts it has; None: any number.
    shape     its rows and columns by its parts, which must fit. One without parts is made with its sizes.
    formula   how it is written, with as few brackets as `Binds` allows.
    turned    what its transpose is: "wrapped" (written with a mark), "itself", "part" (its only part), "within" (the same of its
              part turned), "reversed" (the same of its parts turned, the last first), "spared" (the same of its parts turned, where
              that saves transposes).
    linear    whether a number in front of a part may stand in front of the whole.
    """

    arity: int | None
    shape: Callable[[Sequence[Tree]], Shape] | None
    formula: Callable[[Names, Tree], Node]
    turned: Literal["wrapped", "itself", "part", "within", "reversed", "spared"] = "wrapped"
    linear: bool = False


def leaf(name: str, rows: Expr, cols: Expr) -> Tree:
    """A tensor of at most two axes, by name."""
    return Tree("leaf", (), rows, cols, name)


def number(value: Expr) -> Tree:
    """A number, or an expression of sizes. In a sum with a matrix it is added to every entry."""
    return Tree("number", (), *SCALAR, value)


def ones(rows: Expr) -> Tree:
    """The column of ones."""
    return Tree("ones", (), rows, S.One)


def identity(rows: Expr) -> Tree:
    """The identity matrix."""
    return Tree("identity", (), rows, rows)


def made(op: str, parts: Sequence[Tree], given: Any = None) -> Tree:
    """op of the parts, as it stands.

    Raises Misfit where the sizes of the parts do not fit, UnknownOperationError where the op has no row.
    """
    own = row(op)
    if own.shape is None or own.arity not in (None, len(parts)):
        raise TypeError(f"{op} is not made of {len(parts)} parts")
    return Tree(op, tuple(parts), *own.shape(parts), given)


def row(op: str) -> Op:
    """The row of an op, here or among the functions that make a number of a matrix."""
    if op in OPS:
        return OPS[op]
    latex = MATRIX_FUNCTIONS[op].latex if op in MATRIX_FUNCTIONS else reduction(op).latex
    return Op(1, _scalar, lambda names, x: applied(latex, _formulas(names, x)))


def tree_formula(names: Names, x: Tree) -> Node:
    r"""The formula of a tree: \left[W_{2}^{\top}\,2\left(\hat{y} - y\right)\odot a\odot\left(1 - a\right)\right] x^{\top}."""
    return row(x.op).formula(names, x)


# Shapes


def _same(parts: Sequence[Tree]) -> Shape:
    return parts[0].rows, parts[0].cols


def _flipped(parts: Sequence[Tree]) -> Shape:
    return parts[0].cols, parts[0].rows


def _scalar(parts: Sequence[Tree]) -> Shape:
    del parts
    return SCALAR


def _square(parts: Sequence[Tree]) -> Shape:
    return parts[0].rows, parts[0].rows


def _column(parts: Sequence[Tree]) -> Shape:
    return parts[0].rows, S.One


def _fit(a: Shape, b: Shape, word: str) -> None:
    if not all(map(same_size, a, b)):
        raise Misfit(f"({a[0]}, {a[1]}) {word} ({b[0]}, {b[1]})")


def _entrywise(parts: Sequence[Tree]) -> Shape:
    """One shape; a scalar among the parts goes with every entry."""
    rows, cols = (next((n for n in extents if n != 1), S.One) for extents in zip(*[(p.rows, p.cols) for p in parts], strict=True))
    for part in parts:
        if not part.is_scalar:
            _fit((part.rows, part.cols), (rows, cols), "beside")
    return rows, cols


def _sum(parts: Sequence[Tree]) -> Shape:
    """One shape; only a number may be smaller than the rest."""
    shape = _entrywise(parts)
    if shape != SCALAR and any(p.is_scalar and p.op != "number" for p in parts):
        raise Misfit("a scalar tensor beside a matrix")
    return shape


def _chain(parts: Sequence[Tree]) -> Shape:
    for a, b in pairwise(parts):
        if not same_size(a.cols, b.rows):
            raise Misfit(f"({a.rows}, {a.cols}) times ({b.rows}, {b.cols})")
    return parts[0].rows, parts[-1].cols


def _pair(parts: Sequence[Tree]) -> Shape:
    a, b = parts
    _fit((a.rows, a.cols), (b.rows, b.cols), "with")
    return SCALAR


# Formulas


def _formulas(names: Names, x: Tree) -> list[Node]:
    return [tree_formula(names, part) for part in x.parts]


def _inner(names: Names, x: Tree) -> Node:
    """The formula of the only part."""
    return tree_formula(names, x.parts[0])


def _called(name: str) -> Callable[[Names, Tree], Node]:
    return lambda names, x: f.call(f.function(name), _formulas(names, x))


def _transposed(names: Names, x: Tree) -> Node:
    (part,) = x.parts
    return f.power(_inner(names, part), f.negative(f.TOP)) if part.op == "inverse" else f.power(_inner(names, x), f.TOP)


def _scaled(x: Node, coefficient: Expr) -> Node:
    if coefficient == 0:
        return f.ZERO
    if is_negative(coefficient):
        return f.negative(_scaled(x, -coefficient))
    x = f.within(x, Binds.HADAMARD)
    front = f.within(BodyPrinter().product(coefficient, ()), Binds.PRODUCT)
    return x if coefficient == 1 else f.juxtapose([front, x], min(binds(x), Binds.PRODUCT))


def _power(names: Names, x: Tree) -> Node:
    below = _below(names, x)
    return _raised(names, x, x.given) if below is None else f.over(f.ONE, below)


def _raised(names: Names, x: Tree, exponent: Expr) -> Node:
    """The base of a power, to an exponent."""
    base = _inner(names, x)
    if exponent == S.One:
        return base
    if exponent == S.Half:
        return f.root(base)
    return f.power(base, scalar(exponent) if x.is_scalar else f.beside(f.ODOT, scalar(exponent)))


def _below(names: Names, x: Tree) -> Node | None:
    """What stands below the line of a power with a negative exponent; None for anything else."""
    return _raised(names, x, -x.given) if x.op == "power" and x.given.is_negative else None


def _norm(names: Names, x: Tree) -> Node:
    bars = Fence("‖", _inner(names, x), "‖")
    return Script(bars, None if 1 in _same(x.parts) else f.letter("F"), f.number(2))


def _applied(names: Names, x: Tree) -> Node:
    bare = x.given is log and x.parts[0].op == "leaf"  # log p of a name needs no brackets
    return logarithm(_inner(names, x)) if bare else function_formula(x.given, _formulas(names, x))


def _compare(names: Names, x: Tree) -> Node:
    a, b = _formulas(names, x)
    return f.indicator(f.relation(a, relation_sign(x.given), b))


def _hadamard(names: Names, x: Tree) -> Node:
    scalars, rest = [p for p in x.parts if p.is_scalar], [p for p in x.parts if not p.is_scalar]
    front = [_fraction(names, scalars, f.juxtapose)] if scalars else []
    if not rest:
        return front[0]
    level = Binds.HADAMARD if len(rest) > 1 else Binds.PRODUCT
    return f.juxtapose([*front, _fraction(names, rest, f.hadamard)], level)


def _fraction(names: Names, parts: Sequence[Tree], join: Callable[[Sequence[Node]], Node]) -> Node:
    """The product of the parts, entry by entry; those to a negative power below a line, without fractions inside fractions."""

    def tight(nodes: Sequence[Node]) -> list[Node]:
        return [f.within(node, Binds.PRODUCT) for node in nodes]

    def joined(nodes: Sequence[Node]) -> Node:
        return nodes[0] if len(nodes) == 1 else join(tight(nodes)) if nodes else f.ONE

    pairs = [(part, _below(names, part)) for part in parts]
    below = [node for _, node in pairs if node is not None]
    above = [tree_formula(names, part) for part, node in pairs if node is None]
    if not below:
        return join(tight(above))
    tall = [f.holds(node, Fraction) for node in above]
    outside = [node for node, is_tall in zip(above, tall, strict=True) if is_tall]
    inside = [node for node, is_tall in zip(above, tall, strict=True) if not is_tall]
    return join([*tight(outside), f.over(joined(inside), joined(below))])


OPS: dict[str, Op] = {
    "leaf": Op(0, None, lambda names, x: names.tensor(x.given)),
    "number": Op(0, None, lambda _, x: scalar(x.given), "itself"),
    "ones": Op(0, None, lambda _, x: Script(f.bold("1"), scalar(x.rows))),
    "identity": Op(0, None, lambda _, x: Script(f.letter("I"), scalar(x.rows)), "itself"),
    "transpose": Op(1, _flipped, _transposed, "part"),
    "inverse": Op(1, _same, lambda names, x: f.power(_inner(names, x), f.number(-1))),
    "scale": Op(1, _same, lambda names, x: _scaled(_inner(names, x), x.given), "within"),
    "power": Op(1, _same, _power, "spared"),
    "apply": Op(None, _entrywise, _applied, "spared"),
    "compare": Op(2, _entrywise, _compare, "spared"),
    "softmax": Op(1, _same, _called("softmax")),
    "hadamard": Op(None, _entrywise, _hadamard, "spared", linear=True),
    "sum": Op(None, _sum, lambda names, x: f.add(_formulas(names, x)), "spared"),
    "product": Op(
        None,
        _chain,
        lambda names, x: f.juxtapose([f.within(part, Binds.PRODUCT) for part in _formulas(names, x)]),
        "reversed",
        linear=True,
    ),
    "inner": Op(
        2, _pair, lambda names, x: Script(Fence("⟨", f.listed(_formulas(names, x)), "⟩"), f.letter("F")), "itself", linear=True
    ),
    "diag": Op(1, _square, _called("diag"), "itself", linear=True),
    "diagonal": Op(1, _column, _called("diag"), linear=True),
    "trace": Op(1, _scalar, _called("tr"), "itself", linear=True),
    "norm": Op(1, _scalar, _norm, "itself"),
}
