r"""One equation in matrix notation, wherever it has one: z = W_{1} x + b_{1}.

The factors of a body are vectors and matrices over the equation's letters. Equal letters multiply entry by entry, a summed letter
contracts: v and M give M^T v, two matrices give their product, a vector alone gives a sum or an inner product. What has no such
form (three axes, windows, lookups) has none here, and only its index form is printed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

import sympy as sp
from sympy import Expr, S, Symbol
from sympy.core.relational import Relational

from symbackprop.core.functions import Where, matrix_function, reduction
from symbackprop.core.program import Equation, Matrix, Reduce, Ref, Sum, letter_sizes, position, same_size
from symbackprop.display import tree as t
from symbackprop.display import tree_algebra as make
from symbackprop.display.names import Names
from symbackprop.display.reading_order import negated, split_product, split_sum, swapped, tidy_condition
from symbackprop.display.softmax import with_softmax
from symbackprop.display.tree import Misfit, Tree, tree_formula
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Node

Letter = str | None


def matrix_form(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node | None:
    """The right side in matrix notation, or None where the equation has no matrix form.

    names    the names of the equation's program.
    inline   values to be written out where they stand, each by its own equation.
    """
    tree = matrix_tree(names, equation, inline)
    return None if tree is None else tree_formula(names, tree)


def matrix_equation(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node | None:
    r"""The whole equation in matrix notation: z = W_{1} x + b_{1}."""
    right = matrix_form(names, equation, inline)
    return None if right is None else f.equation(names.tensor(equation.target.name), right)


def matrix_tree(names: Names, equation: Equation, inline: Collection[str] = ()) -> Tree | None:
    """The right side as a tree of vectors and matrices with checked shapes, or None."""
    tree = _own_tree(names, equation)
    if tree is None or not inline:
        return tree
    leaves = {name: matrix_tree(names, names.written[name], inline) for name in make.leaves_of(tree) if name in inline}
    if None in leaves.values():
        return None
    try:
        return make.replaced(tree, leaves) if leaves else tree  # type: ignore[arg-type]
    except Misfit:
        return None


@lru_cache(maxsize=8)
def _known(names: Names) -> dict[str, Tree | None]:
    """The forms that were found already for the program that is named."""
    del names
    return {}


def _own_tree(names: Names, equation: Equation) -> Tree | None:
    name = equation.target.name
    own = names.written.get(name) is equation
    known = _known(names)
    if own and name in known:
        return known[name]
    try:
        tree = _Builder(names, equation).tree()
    except Misfit:
        tree = None
    if own:
        known[name] = tree
    return tree


@dataclass(frozen=True)
class _Part:
    """A factor: a tree whose rows and columns run over letters (None: an axis of size 1), and its place in reading order."""

    tree: Tree
    row: Letter = None
    col: Letter = None
    order: int = 0

    @property
    def letters(self) -> frozenset[str]:
        return frozenset(c for c in (self.row, self.col) if c is not None)

    def turned(self, row: Letter) -> Tree:
        """The tree with `row` along its rows."""
        return self.tree if self.row == row else make.transpose(self.tree)


class _Builder:
    def __init__(self, names: Names, equation: Equation) -> None:
        self.names, self.equation = names, equation
        self.sizes = letter_sizes(names.program, equation)
        self.refs: dict[Symbol, Ref] = {}
        self.softmax: dict[Symbol, tuple[Ref, str, str]] = {}

    def tree(self) -> Tree:
        """The right side, in the shape of the target."""
        op, target = self.equation.op, self.equation.target
        if any(len(ref.index) > 2 for ref in (target, *self.equation.operands)):
            raise Misfit("more than two axes")
        row, col = self.axes(target)
        if isinstance(op, Sum):
            body, self.softmax = with_softmax(self.names, self.equation, op.body)
            self.refs = dict(zip(op.slots, self.equation.operands, strict=True))
            body = swapped(body, {position(c): S.Zero for c, extent in self.sizes.items() if extent == 1})
            tree = self.build(body, row, col, {c for c, extent in op.over if extent != 1})
        else:
            tree = self.special(op, self.equation.operands[0])
        shape = self.shape(target.name)
        if not (same_size(tree.rows, shape[0]) and same_size(tree.cols, shape[1])):
            raise Misfit(f"{target}: the form is ({tree.rows}, {tree.cols})")
        return tree

    def special(self, op: Reduce | Matrix, operand: Ref) -> Tree:
        """A reduction over all entries, or an inverse or determinant."""
        leaf = self.leaf(operand.name)
        match op:
            case Matrix():
                if not matrix_function(op.kind).scalar and op.kind not in t.OPS:
                    raise Misfit(f"a matrix form of {op.kind}")
            case Reduce():
                kept = any(self.sizes[c] != 1 for c in self.equation.target.index)
                if not reduction(op.kind).latex or kept or len(set(operand.index)) != len(operand.index):
                    raise Misfit(f"{op.kind} as a function of a whole tensor, or along one axis")
            case _:
                assert_never(op)
        return t.made(op.kind, [leaf])

    def shape(self, name: str) -> tuple[Expr, Expr]:
        """Rows and columns: a vector is a column."""
        shape = self.names.program.shape(name)
        if len(shape) > 2:
            raise Misfit("more than two axes")
        rows, cols, *_ = (*shape, S.One, S.One)
        return rows, cols

    def leaf(self, name: str) -> Tree:
        return t.leaf(name, *self.shape(name))

    def axes(self, ref: Ref) -> tuple[Letter, Letter]:
        found: list[Letter] = [None if self.sizes[c] == 1 else c for c in ref.index]
        row, col = (*found, None, None)[:2]
        return row, col

    def letters(self, expression: sp.Basic) -> set[str]:
        """The letters that an expression varies with."""
        found: set[str] = set()
        for s in expression.free_symbols:
            if s in self.softmax:
                found |= set(self.softmax[s][0].index)  # type: ignore[index]
            elif s in self.refs:
                found |= set(self.refs[s].index)  # type: ignore[index]
            elif str(s) in self.sizes and s == position(str(s)):
                found.add(str(s))
        return {c for c in found if self.sizes[c] != 1}

    def build(self, expression: Expr, row: Letter, col: Letter, over: set[str]) -> Tree:
        """The sum of an expression over the letters `over`, with `row` along its rows and `col` along its columns."""
        if expression.is_Add:
            terms = split_sum(expression)
            own = self.letters(expression)
            if not over or len(own) > 2 or any(self.letters(term) not in (own, set()) for term in terms):
                return make.total([self.term(term, row, col, over) for term in terms])
        coefficient, factors = split_product(expression)
        parts = [self.factor(f, k) for k, f in enumerate(factors)]
        return make.scale(coefficient, _Contraction(parts, self.sizes).result(row, col, over))

    def term(self, expression: Expr, row: Letter, col: Letter, over: set[str]) -> Tree:
        """A term of a sum; a number stays a number, and is added to every entry."""
        if not over and not expression.free_symbols & (self.refs.keys() | self.softmax.keys()) and not self.letters(expression):
            return t.number(expression)
        return self.build(expression, row, col, over)

    def factor(self, expression: sp.Basic, order: int) -> _Part:
        """A factor as a matrix over its own letters."""
        if isinstance(expression, Symbol):
            tree, row, col = self.operand(expression)
            if row is None and col is not None:
                return _Part(make.transpose(tree), col, None, order)
            if row is not None and row == col:
                return _Part(t.made("diagonal", [tree]), row, None, order)
            return _Part(tree, row, col, order)
        letters = self.letters(expression)
        if len(letters) > 2:
            raise Misfit("a factor with more than two letters")
        row, col = self.orientation(expression, letters)
        return _Part(self.entrywise(expression, row, col), row, col, order)

    def operand(self, s: Symbol) -> tuple[Tree, Letter, Letter]:
        if s in self.softmax:
            ref, _, named = self.softmax[s]
            row, col = self.axes(ref)
            leaf = self.leaf(named or ref.name)
            return (leaf if named else t.made("softmax", [leaf])), row, col
        if s not in self.refs:
            raise Misfit(f"the position {s} as a number")
        return self.leaf(self.refs[s].name), *self.axes(self.refs[s])

    def orientation(self, expression: sp.Basic, letters: Collection[str]) -> tuple[Letter, Letter]:
        """Rows and columns of a factor, as its first matrix has them."""
        slots = sorted((s for s in expression.free_symbols if s in self.refs or s in self.softmax), key=lambda s: int(str(s)[1:]))
        for s in slots:
            _, row, col = self.operand(s)  # type: ignore[arg-type]
            if row is not None and col is not None and row != col:
                return row, col
        row, col = (*sorted(letters), None, None)[:2]
        return row, col

    def entrywise(self, e: sp.Basic, row: Letter, col: Letter) -> Tree:
        """A function, a power or a comparison of matrices, entry by entry."""
        if isinstance(e, Where):
            return self.guard(e, row, col)
        if isinstance(e, sp.Pow) and e.exp.is_number:
            return make.power(self.grid(e.base, row, col), e.exp)
        if isinstance(e, sp.Function):
            return t.made("apply", [self.grid(a, row, col) for a in e.args], type(e))  # type: ignore[arg-type]
        if isinstance(e, Expr) and e.is_Add:
            return self.build(e, row, col, set())
        raise Misfit(f"no matrix form for {type(e).__name__}")

    def grid(self, e: Expr, row: Letter, col: Letter) -> Tree:
        """An argument of an entrywise function: over all letters, or a single number."""
        return self.build(e, row, col, set()) if self.letters(e) else self.term(e, None, None, set())

    def guard(self, e: Where, row: Letter, col: Letter) -> Tree:
        """A branch: its sides, each times the indicator of its condition."""
        condition, *sides = e.args
        condition = tidy_condition(condition)
        if not isinstance(condition, Relational):
            raise Misfit("a condition of several parts")
        terms = []
        for test, side in zip((condition, negated(condition)), sides, strict=True):
            if side != 0:
                one = self.indicator(test, row, col)  # type: ignore[arg-type]
                terms.append(one if side == 1 else make.hadamard([self.grid(side, row, col), one]))  # type: ignore[arg-type]
        return make.total(terms)

    def indicator(self, condition: Relational, row: Letter, col: Letter) -> Tree:
        """1 where a condition holds, otherwise 0; 1[i = k] is the identity."""
        if {str(x) for x in condition.args if x.is_Symbol} == {row, col} and isinstance(condition, sp.Eq):
            if not same_size(self.sizes[str(row)], self.sizes[str(col)]):
                raise Misfit("a part of an identity")
            return t.identity(self.sizes[str(row)])
        condition = tidy_condition(condition)
        return t.made("compare", [self.grid(x, row, col) for x in condition.args], type(condition))  # type: ignore[arg-type]


class _Contraction:
    """Factors that become one: entry by entry where their letters are equal, by matrix products along summed letters."""

    def __init__(self, parts: Iterable[_Part], sizes: dict[str, Expr]) -> None:
        self.sizes = sizes
        self.parts: dict[frozenset[str], _Part] = {}
        self.scalars: list[_Part] = []
        for part in parts:
            self.put(part)

    def put(self, part: _Part) -> None:
        """Add a factor, multiplying it with the one that has the same letters."""
        if not part.letters:
            self.scalars.append(part)
            return
        other = self.parts.pop(part.letters, None)
        if other is not None:
            first, second = sorted((other, part), key=lambda p: p.order)
            part = _Part(make.hadamard([first.tree, second.turned(first.row)]), first.row, first.col, first.order)
        self.parts[part.letters] = part

    def vector(self, letter: Letter) -> Tree | None:
        part = self.parts.pop(frozenset((letter,)), None) if letter else None
        return part.tree if part else None

    def result(self, row: Letter, col: Letter, over: set[str]) -> Tree:
        left = set(over)
        while left:
            letter = min(sorted(left), key=lambda c: (self.count(c) != 1, self.count(c)))
            self.eliminate(letter, row, col, left)
        return self.shaped(row, col)

    def count(self, letter: str) -> int:
        """How many matrices have the letter."""
        return sum(letter in letters and len(letters) == 2 for letters in self.parts)

    def eliminate(self, letter: str, row: Letter, col: Letter, left: set[str]) -> None:
        """Sum over a letter."""
        matrices = sorted((p for k, p in self.parts.items() if letter in k and len(k) == 2), key=lambda p: p.order)
        left.discard(letter)
        if len(matrices) > 2:
            raise Misfit("a letter in three matrices")
        order = min((p.order for k, p in self.parts.items() if letter in k), default=0)
        for m in matrices:
            del self.parts[m.letters]
        others = [next(iter(m.letters - {letter})) for m in matrices]
        if len(matrices) == 1 and others[0] in left and not any(letter in k or others[0] in k for k in self.parts):
            left.discard(others[0])
            self.put(_Part(make.entry_sum(matrices[0].tree), order=order))
            return
        vector = self.vector(letter)
        if not matrices:
            size = t.number(self.sizes[letter])
            self.put(_Part(size if vector is None else make.entry_sum(vector), order=order))
        elif len(matrices) == 1:
            column = t.ones(self.sizes[letter]) if vector is None else vector
            self.put(_Part(make.product([matrices[0].turned(others[0]), column]), others[0], None, order))
        else:
            if others[0] == col or others[1] == row:
                matrices.reverse()
                others.reverse()
            middle = [] if vector is None else [make.diag(vector)]
            tree = make.product([matrices[0].turned(others[0]), *middle, matrices[1].turned(letter)])
            self.put(_Part(tree, others[0], others[1], order))

    def shaped(self, row: Letter, col: Letter) -> Tree:
        """What is left as a matrix over the target's letters; a letter that no factor has repeats the value."""
        matrix = self.parts.pop(frozenset((row, col)), None) if row and col else None  # type: ignore[arg-type]
        down, across = self.vector(row), self.vector(col)
        if self.parts:
            raise Misfit("letters that are neither summed nor in the target")
        if matrix is not None:
            tree = make.product(
                [*([make.diag(down)] if down else []), matrix.turned(row), *([make.diag(across)] if across else [])]
            )
        elif row or col:
            sides = [*([down or t.ones(self.sizes[row])] if row else [])]
            sides += [make.transpose(across or t.ones(self.sizes[col]))] if col else []
            tree = make.product(sides)
        else:
            tree = t.number(S.One)
        return make.hadamard([*[p.tree for p in sorted(self.scalars, key=lambda p: p.order)], tree])
