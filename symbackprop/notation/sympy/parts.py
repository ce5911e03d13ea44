"""What the readers of SymPy expressions share: a subexpression as read, its words in a message, and a rule of reading."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr
from sympy.core.function import AppliedUndef

from symbackprop.core.choices import nearest
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.signs import typed
from symbackprop.notation.vocabulary import KEYWORDS, functions
from symbackprop.notation.words import MEANT

Shape = tuple[Expr, ...]
PRINTED = 2_000  # nodes of an expression that is printed
MOST = 1_000_000  # nodes of an expression that is read


class Read(NamedTuple):
    """A subexpression as read.

    tensor   its tensor; of a matrix, without the axes of size 1.
    shape    the two sizes that SymPy gives a matrix; () for a scalar.
    flipped  whether the matrix is the transpose of the tensor.
    labels   for an expression under a Sum: the index that each axis of the tensor runs over.
    """

    tensor: Tensor
    shape: Shape = ()
    flipped: bool = False
    labels: tuple[sp.Basic, ...] = ()

    @property
    def T(self) -> Read:
        return Read(self.tensor, self.shape[::-1], self.tensor.ndim == 2 and not self.flipped)

    def upright(self) -> Tensor:
        """The tensor with its axes in the order of the matrix."""
        return self.tensor.T if self.flipped else self.tensor


class Written(NamedTuple):
    """A subexpression for an error message, printed when one asks for it."""

    expression: sp.Basic

    def __str__(self) -> str:
        text = printed(self.expression)
        if text is None:
            return "the expression"
        atom = self.expression.is_Atom or self.expression.is_Function or isinstance(self.expression, sp.MatrixSymbol)
        return shortened(text, 60) if atom else f"({shortened(text, 60)})"


def nodes(expression: sp.Basic) -> list[sp.Basic]:
    """Every subexpression once, however often it stands in the tree, parts first."""
    done: dict[int, sp.Basic] = {}
    stack = [expression]
    while stack:
        node = stack[-1]
        missing = [part for part in node.args if id(part) not in done]
        if missing and len(stack) < MOST:
            stack += missing
        else:
            stack.pop()
            done[id(node)] = node
    return list(done.values())


def refuse_numbers(every: Iterable[sp.Basic]) -> None:
    """Raises NotationError for NaN, and for a number that no float comes near: SymPy would work it out to the last digit."""
    known: dict[int, float | None] = {}
    for node in every:
        if node is sp.nan:
            raise NotationError(f"{node} is not a real number.")
        parts = [known.get(id(part)) for part in node.args]
        try:
            known[id(node)] = _magnitude(node, parts)
        except OverflowError:
            raise NotationError(f"{Written(node)} is a number that no float comes near.", "Write its logarithm.") from None


def _magnitude(node: Any, parts: list[float | None]) -> float | None:
    """The size of a number that is made by sums, products and powers; None for anything else."""
    if isinstance(node, sp.Rational):
        return abs(int(node.p)) / int(node.q) if node.is_finite else None
    if isinstance(node, sp.Float):
        return abs(float(node))
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    match node:
        case sp.Add():
            return math.fsum(known)
        case sp.Mul():
            return math.prod(known)
        case sp.Pow():
            return known[0] ** abs(known[1]) if known[0] else 0.0
    return None


def printed(expression: sp.Basic) -> str | None:
    """The expression as SymPy prints it, or None where that text would be too long to read."""
    lengths: dict[int, int] = {}
    for node in nodes(expression):
        lengths[id(node)] = 1 + sum(lengths.get(id(part), 0) for part in node.args)
    if lengths[id(expression)] > PRINTED:
        return None
    try:
        return str(expression)
    except RecursionError:
        return None


class Rule(NamedTuple):
    """How one kind of node is read.

    parts   node -> its subexpressions in the order of reading, and what else distinguishes it from its like.
    make    the node, the read subexpressions and that distinction -> the node as read.
    """

    parts: Callable[[Any], tuple[list[sp.Basic], Any]]
    make: Callable[[Any, list[Read], Any], Read]


def arguments(node: sp.Basic) -> tuple[list[sp.Basic], Any]:
    """All arguments, and nothing else."""
    return list(node.args), None


def first(node: sp.Basic) -> tuple[list[sp.Basic], Any]:
    """The first argument; the others distinguish."""
    return [node.args[0]], node.args[1:]


def name_of(symbol: Any) -> str:
    r"""The name of a symbol as the language spells it: lam for lambda and λ, w_1 for w_{1}, yhat for \hat{y}."""
    name = symbol if isinstance(symbol, str) else symbol.name if isinstance(symbol, sp.Symbol) else str(symbol)
    if not name.isidentifier() and any(sign in name for sign in "\\{}^"):
        from symbackprop.notation.latex.naming import name_in

        name = name_in(name) or name
    return KEYWORDS.get(name, typed(name))


def without_counterpart(node: sp.Basic, what: str) -> NotationError:
    """The error for a node that the language has nothing for."""
    mend = f"It stands in {Written(node)}."
    if isinstance(node, sp.Derivative | sp.Integral | sp.Limit | sp.Subs):
        if node.atoms(AppliedUndef):
            mend += " SymPy does not know the function in it either: write its formula."
        else:
            mend += " Let SymPy work it out first: expression.doit()."
    elif isinstance(node, AppliedUndef):
        near = MEANT.get(what) or (nearest(what, functions()) if len(what) > 2 else None)
        if near in functions():
            mend += f' Did you mean Function("{near}")?'
        elif all(one.is_Symbol or one.is_Integer for one in node.args):
            where = ", ".join(map(str, node.args))
            mend += f' Write Symbol("{what}") for one number, IndexedBase("{what}")[{where}] for an entry.'
        else:
            mend += f" Write its formula: expression.replace(Function('{what}'), lambda x: ...)."
    return NotationError(f"{what} has no counterpart in the language.", mend)


def kept(shape: Shape) -> Shape:
    """The axes of a matrix that its tensor has: those whose size is not 1."""
    return tuple(n for n in shape if n != 1)
