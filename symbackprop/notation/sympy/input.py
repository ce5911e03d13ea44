"""Networks from SymPy expressions: read into a program, never differentiated by SymPy as a whole.

A matrix of SymPy has two axes. An axis of size 1 is dropped here: a column of shape (n, 1) is a vector of shape (n,), which
prints as the vector that a person means, and gives the same program as the other ways of writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp
from sympy import Expr, MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.program import Signature, shape_text, size
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.networks import made
from symbackprop.notation.sympy import scalars as sympy_scalars
from symbackprop.notation.sympy.bound import OVER, apart
from symbackprop.notation.sympy.matrices import Matrices, written_out
from symbackprop.notation.sympy.parts import (
    Read,
    Rule,
    Written,
    first,
    kept,
    name_of,
    nodes,
    printed,
    refuse_numbers,
    without_counterpart,
)
from symbackprop.notation.sympy.sums import Ranges, aligned, ours
from symbackprop.notation.vocabulary import called, name_fault

FILLED = (sp.Identity, sp.ZeroMatrix, sp.OneMatrix)


def from_sympy(expression: Any, wrt: Iterable[Any] | str | None = None, name: str = "L", gates: str = "auto") -> Network:
    """The network of a scalar Expr or of a MatrixExpr.

    expression   its symbols become inputs. Of matrices: MatrixSymbol, products, sums, transposes, traces, elementwise products
                 and powers, applyfunc, whole powers, Identity, ZeroMatrix, OneMatrix. Symbols among the sizes are sizes.
                 Sum and Product over axes of Indexed names and of entries of matrices, or over parts of them: places such as
                 x[i + 1] and x[i + k], limits such as (j, i + 1, n - 1). An axis that is read up to its size is counted from 1.
    wrt          the symbols (or their names) that are parameters, the others are data; None: all are parameters.
    name         what to call the result.
    gates        as for `read`.

    A SymPy expression keeps no order of writing: terms and factors are read in the order in which SymPy prints them.
    Raises NotationError for what has no counterpart in the language, and for shapes that do not fit, which SymPy lets pass.
    """
    if isinstance(expression, sp.MatrixBase):
        if expression.shape != (1, 1):
            fault = f"a matrix of {shape_text(tuple(map(sp.Integer, expression.shape)))} written entries is no loss."
            raise NotationError(fault, "Write one network for each entry, or their sum: sum(A).")
        expression = expression[0, 0]
    if not isinstance(expression, Expr | MatrixExpr):
        raise NotationError(f"{shown(expression)} is no expression of SymPy.", _instead(expression))
    fault = name_fault(name)
    if fault:
        raise NotationError(*fault)
    several = wrt.split(",") if isinstance(wrt, str) else wrt
    wanted = None if several is None else {name_of(w.strip() if isinstance(w, str) else w) for w in several}
    try:
        named = apart(expression)
        reading = Reading(named, wanted, name)
        tensor = reading.read(named).tensor
        if builder.number_of(tensor) is not None:
            raise NotationError("the expression is a number; nothing is to be derived.")
        shaped = {str(s) for t in reading.inputs.values() for extent in t.shape for s in extent.free_symbols}
        for stray in sorted(reading.sizes - shaped):
            raise NotationError(f"the size {stray} stands in the shape of no tensor.", "Its value would not be known.")
        missing = sorted((wanted or set()) - reading.inputs.keys())
        if missing:
            raise NotationError(f"the expression has no symbol {missing[0]}.", f"Its symbols are {', '.join(reading.inputs)}.")
    except LanguageError as error:
        raise NotationError(str(error)) from None
    except RecursionError:
        raise NotationError("the expression is nested too deep.", "Write it as text, with names for its parts.") from None
    return made({tensor.name or name: tensor}, reading.inputs.values(), None, gates, source=printed(expression), origin="sympy")


class Reading:
    """The reading of one expression: from the leaves up, in a loop, equal subexpressions once."""

    def __init__(self, expression: sp.Basic, wanted: set[str] | None, name: str) -> None:
        self.wanted, self.result = wanted, name
        self.inputs: dict[str, Tensor] = {}
        self.symbols: dict[str, sp.Basic] = {}
        self.shared: dict[Any, Read] = {}
        every = nodes(expression)
        refuse_numbers(every)
        shapes = [node.shape or () for node in every if isinstance(node, (sp.MatrixSymbol, sp.IndexedBase, *FILLED))]
        shaped = {str(s) for shape in shapes for extent in shape for s in extent.free_symbols}
        self.ranges = Ranges(every, shaped)
        self.sizes = self.ranges.known
        over = Rule(first, self.ranges.over)
        self.rules = {**Matrices().rules(), **sympy_scalars.RULES, **dict.fromkeys(OVER, over)}

    def read(self, expression: sp.Basic, bound: Mapping[sp.Basic, Read] | None = None) -> Read:
        """The expression as a tensor; the symbols in `bound` stand for tensors."""
        done: dict[int, Read] = {}
        parts: dict[int, tuple[list[sp.Basic], Any]] = {}  # keeps the parts alive, whose identity `done` goes by
        stack = [expression]
        while stack:
            node = stack[-1]
            if id(node) not in parts:
                parts[id(node)] = self.rule(node).parts(node) if not (bound and node in bound) else ([], None)
            below, setting = parts[id(node)]
            missing = [part for part in below if id(part) not in done]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            done[id(node)] = bound[node] if bound and node in bound else self.once(node, [done[id(p)] for p in below], setting)
        return done[id(expression)]

    def once(self, node: sp.Basic, parts: list[Read], setting: Any) -> Read:
        """The node as read; one that equals a node before it, but for the names of its indices, is that node."""
        labels = tuple(dict.fromkeys(label for part in parts for label in part.labels))
        over = node.limits if isinstance(node, OVER) else ()
        number = setting
        if over:
            nested = any(bound.has(*self.ranges.limits) for _, *bounds in over for bound in bounds)
            number = over if nested else tuple(labels.index(i) if i in labels else self.ranges.extent(i) for i, *_ in over)
        key = (
            node.func,
            tuple((id(p.tensor), p.shape, p.flipped, tuple(map(labels.index, p.labels))) for p in parts),
            number,
        )
        if key not in self.shared:
            try:
                read = self.rule(node).make(node, parts if over else aligned(parts, labels), setting)
            except LanguageError as error:
                raise NotationError(f"{Written(node)}: {error}") from None
            if read.tensor.name is None and read.tensor.written is None:
                read.tensor.written = Written(node)
            self.shared[key] = read
        read = self.shared[key]
        if over and number is not over:
            return read._replace(labels=tuple(one for one in labels if one not in {index for index, *_ in over}))
        return read if over or not labels else read._replace(labels=labels)

    def rule(self, node: sp.Basic) -> Rule:
        """How the node is read. Raises NotationError where it has no counterpart."""
        if isinstance(node, sp.Symbol):
            return Rule(_leaf, self.symbol)
        if isinstance(node, sp.MatrixSymbol):
            return Rule(_leaf, self.matrix)
        if isinstance(node, FILLED):
            return Rule(_leaf, self.filled)
        if isinstance(node, sp.MatrixBase):
            return Rule(lambda n: (list(n), n.shape), written_out)
        if isinstance(node, ElementwiseApplyFunction):
            return Rule(lambda n: ([n.expr], n.function), self.applied)
        if isinstance(node, MatrixElement):
            return Rule(lambda n: ([n.args[0]], n.args[1:]), lambda n, parts, _: self.ranges.entry(n, parts[0].upright()))
        if isinstance(node, sp.Indexed):
            return Rule(_leaf, self.indexed)
        for kind in type(node).__mro__:
            if kind in self.rules:
                return self.rules[kind]
        raise without_counterpart(node, type(node).__name__)

    def symbol(self, node: Any, parts: list[Read], _: Any) -> Read:
        if node in self.ranges.limits:
            return self.ranges.position(node)
        if not node.is_commutative:
            raise NotationError(
                f"{node} is a symbol that does not commute; numbers do.",
                f'Write Symbol("{node}"), or MatrixSymbol("{node}", n, m).',
            )
        if str(node) in self.sizes:
            return Read(builder.constant(size(str(node))))
        return Read(self.input(node, (), "positive" if node.is_positive else None))

    def matrix(self, node: Any, parts: list[Read], _: Any) -> Read:
        shape = tuple(_extent(extent) for extent in node.shape)
        return Read(self.input(node, kept(shape)), shape)

    def input(self, node: Any, shape: tuple[Expr, ...], domain: str | None = None) -> Tensor:
        name = name_of(node)
        fault = name_fault(name)
        if name in self.sizes:
            fault = (f"{name} is a symbol and a size.", "Rename one.")
        if self.symbols.setdefault(name, node) != node:
            fault = (f"two symbols are called {name}.", "Rename one; symbols with different assumptions are different.")
        if name == self.result:
            fault = (f"{name} is a symbol and the name of the result.", 'Name the result: from_sympy(..., name="f").')
        if fault:
            raise NotationError(*fault)
        if name not in self.inputs:
            kind = "parameter" if self.wanted is None or name in self.wanted else "data"
            self.inputs[name] = Tensor(shape, signature=Signature(name, shape, kind, domain=domain))
        return self.inputs[name]

    def filled(self, node: Any, parts: list[Read], _: Any) -> Read:
        shape = tuple(_extent(extent) for extent in node.shape)
        value = 0 if isinstance(node, sp.ZeroMatrix) else 1
        if not kept(shape):
            return Read(builder.constant(value), shape)
        tensor = called("eye", [shape[0]], {}) if isinstance(node, sp.Identity) else called("full", [kept(shape), value], {})
        return Read(tensor, shape)

    def indexed(self, node: Any, parts: list[Read], _: Any) -> Read:
        array = node.base
        rank = {len(one.args) - 1 for one, _ in self.ranges.read[array, 0]}
        if len(rank) > 1 or (array.shape is not None and rank != {len(array.shape)}):
            raise NotationError(f"{Written(node)}: {array} has {' and '.join(map(str, sorted(rank)))} indices elsewhere.")
        extents = tuple(_extent(self.ranges.axis(array, k).extent) for k in range(len(node.indices)))
        return self.ranges.entry(node, self.input(array, extents))

    def applied(self, node: Any, parts: list[Read], function: Any) -> Read:
        """f(X) entry by entry: the body of f with its argument bound to X."""
        (part,) = parts
        if not isinstance(function, sp.Lambda) or len(function.variables) != 1:
            raise NotationError(f"{Written(node)}: applyfunc needs a function of one number.")
        tensor = self.read(function.expr, {function.variables[0]: Read(part.tensor)}).tensor
        if tensor.ndim != part.tensor.ndim:
            tensor = tensor + called("zeros_like", [part.tensor], {})
        return part._replace(tensor=tensor)


def _instead(given: Any) -> str:
    """What to give in the place of something that is no expression of numbers."""
    if isinstance(given, sp.Eq):
        return "An equation is no number: give its right side, equation.rhs, or (equation.lhs - equation.rhs)**2."
    if isinstance(given, sp.Poly):
        return "Give polynomial.as_expr()."
    if isinstance(given, list | tuple | sp.Tuple | sp.NDimArray):
        return "Give one expression for each network, or their sum."
    return "Give an Expr or a MatrixExpr."


def _leaf(node: sp.Basic) -> tuple[list[sp.Basic], Any]:
    return [], node


def _extent(extent: Expr) -> Expr:
    """A size of SymPy as one of ours."""
    for symbol in extent.free_symbols:
        fault = name_fault(str(symbol))
        if fault:
            raise NotationError(*fault)
    extent = ours(extent)
    if (extent - 1).is_negative or not extent.is_integer:
        raise NotationError(f"{extent} is no size.", "A size is a whole number from 1, or made of names by + - *.")
    return extent
