"""A value of a program as one SymPy expression: one entry, written out in the inputs, with sums over whole axes.

An input with axes is an `IndexedBase`, an axis is an index from 0; functions stand by their definitions, which SymPy differentiates
and simplifies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.derivation import DerivationError
from symbackprop.core.functions import Declared, TableFunction, Where, X, known, matrix_function
from symbackprop.core.letters import fresh
from symbackprop.core.program import Carry, Equation, Matrix, Program, Range, Reduce, Ref, Sum, letter_sizes, position, slot

LARGEST = 4_000  # parts of an expression: a value that is read again is written out again
MOST = 64  # entries of a maximum

Limits = list[tuple[Symbol, Expr, Expr]]
Value = Any  # an Expr: SymPy says of what it returns less than it is


class _NoFormulaError(Exception):
    """Something stands in a value that SymPy has no formula of entries for."""


def sympy_form(program: Program, name: str, whole: bool = False) -> Any:
    """One entry of a value, at indices of its own, as a SymPy expression in the inputs; or the whole as a SymPy matrix.

    Raises DerivationError for what has no entry as a formula, and for one of too many parts.
    """
    try:
        if _parts(program, name, whole) > LARGEST:
            raise _NoFormulaError(f"written out in the inputs it has more than {LARGEST:,} parts")
        entries = _Entries(program)
        return entries.matrix(name) if whole else entries.of(name).replace(Where, _case)
    except RecursionError:
        why = "it lies too many equations from the inputs"
    except _NoFormulaError as found:
        why = str(found)
    raise DerivationError(f"{name} has no form of SymPy: {why}; evaluate(...) computes it, latex() prints it") from None


def _parts(program: Program, name: str, whole: bool) -> Any:
    """About how many parts a value written out has; of the whole, with the terms of its sums and all its entries."""
    found: dict[str, Any] = {}
    for equation in program.equations:
        inner = [found.get(r.name, 1) for r in equation.operands]
        terms = sp.prod([extent for _, extent in equation.op.over]) if whole else 1
        if isinstance(equation.op, Sum):
            body = list(sp.preorder_traversal(equation.op.body))
            several = (body.count(s) * parts for s, parts in zip(equation.op.slots, inner, strict=True))
            found[equation.target.name] = terms * (len(body) + sum(several))
        else:
            found[equation.target.name] = terms * (1 + sum(inner))
    entries = sp.prod(program.tensors[name].shape) if whole else 1
    total = entries * found.get(name, 1)
    if whole and not (S.One * total).is_Integer:
        raise _NoFormulaError(f"a size is no number, {', '.join(sorted(map(str, total.free_symbols)))}; sympy() is one entry")
    return total


class _Entries:
    """The entries of a program's values, each worked out once; cases stand in them as `Where`."""

    def __init__(self, program: Program) -> None:
        self.program, self.equations = program, program.equation_of()
        self.taken = {*program.tensors, *(s.name for s in program.sizes())}
        self.done: dict[Ref, Value] = {}

    def of(self, name: str) -> Value:
        own = self.equations[name].target.index if name in self.equations else ()
        return self._at(Ref(name, self._letters(own)))

    def matrix(self, name: str) -> Value:
        """Every entry, its sums written out; a vector is a column."""
        shape = self.program.tensors[name].shape
        if len(shape) > 2:
            raise _NoFormulaError(f"it has {len(shape)} axes, and a matrix of SymPy has two; sympy() is one entry")
        own = self.equations[name].target.index if name in self.equations else tuple(f"i{k}" for k in range(len(shape)))
        letters = self._letters(own)
        entry = self._at(Ref(name, letters)).replace(Where, _case)
        rows, columns = (*map(int, shape), 1, 1)[:2]

        def at(*place: int) -> Value:
            return entry.xreplace({position(c): sp.Integer(k) for c, k in zip(letters, place, strict=False)}).doit()

        return sp.ImmutableDenseMatrix([[at(i, j) for j in range(columns)] for i in range(rows)])

    def _letters(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """A letter for each, its own where nothing is called so; none is given out twice, so that no sum binds another's."""
        found = []
        for letter in wanted:
            found.append(fresh(1, self.taken)[0] if letter in self.taken else letter)
            self.taken.add(found[-1])
        return tuple(found)

    def _at(self, ref: Ref) -> Value:
        if ref not in self.done:
            equation = self.equations.get(ref.name)
            self.done[ref] = self._input(ref) if equation is None else self._value(equation, ref)
        return self.done[ref]

    def _input(self, ref: Ref) -> Value:
        tensor = self.program.tensors[ref.name]
        if not tensor.shape:
            return Symbol(ref.name) if tensor.value is None else tensor.value
        base: Value = sp.IndexedBase(ref.name, shape=tensor.shape)
        return base[tuple(map(_place, ref.index, tensor.shape))]

    def _value(self, equation: Equation, ref: Ref) -> Value:
        """The right side at the letters of `ref`, its summed letters replaced by new ones."""
        over = equation.op.over
        own = self._letters(tuple(c for c, _ in over))
        letters = dict(zip([*equation.target.index, *(c for c, _ in over)], [*ref.index, *own], strict=True))

        def operands() -> list[Value]:
            return [self._at(Ref(r.name, tuple(letters[c] for c in r.index))) for r in equation.operands]

        match equation.op:
            case Sum(body):
                sizes = letter_sizes(self.program, equation)
                swap: dict[Any, Any] = {position(c): _place(new, sizes[c]) for c, new in letters.items()}
                if any(swap.keys() & e.args[0].free_symbols for e in body.atoms(Where)):
                    raise _NoFormulaError("it takes entries by their position")
                limits = _limits(over, letters)
                found = plain(body).xreplace({**swap, **{slot(k): one for k, one in enumerate(operands())}})
                return sp.Sum(found, *limits) if limits and found != 0 else found
            case Reduce(kind):
                reduced: Callable[[Value, Limits], Value] = known(_REDUCED, kind, "the form of SymPy")
                return reduced(operands()[0], _limits(over, letters))
            case Matrix(kind):
                raise _NoFormulaError(f"{matrix_function(kind).name} of a matrix stands in it")
            case Carry():
                raise _NoFormulaError("a loop stands in it")
            case _:
                assert_never(equation.op)


def _place(letter: str, extent: Expr) -> Expr:
    return S.Zero if extent == 1 else position(letter)


def _limits(over: tuple[Range, ...], letters: dict[str, str]) -> Limits:
    return [(position(letters[c]), S.Zero, extent - 1) for c, extent in over if extent != 1]


def _largest(function: Any, entry: Value, limits: Limits) -> Value:
    """The largest or smallest of entries that are few."""
    numbers = [int(last) + 1 if last.is_Integer else MOST + 1 for _, _, last in limits]
    if sp.prod(numbers) > MOST:
        raise _NoFormulaError(f"the largest of more than {MOST} entries, or of a number of them that is not known, stands in it")
    entries: list[Any] = [entry]
    for (letter, _, _), number in zip(limits, numbers, strict=True):
        entries = [e.xreplace({letter: sp.Integer(k)}) for e in entries for k in range(number)]
    try:
        return function(*entries)
    except ValueError:
        raise _NoFormulaError("the largest of entries that SymPy does not know to be real stands in it") from None


_REDUCED: dict[str, Callable[[Value, Limits], Value]] = {
    "prod": lambda entry, limits: sp.Product(entry, *limits) if limits else entry,
    "logsumexp": lambda entry, limits: sp.log(sp.Sum(sp.exp(entry), *limits)) if limits else entry,
    "max": lambda entry, limits: _largest(sp.Max, entry, limits),
    "min": lambda entry, limits: _largest(sp.Min, entry, limits),
}


def plain(body: Value) -> Value:
    """A body in SymPy's own functions and `Where`: a row of the table by its definition, what nobody defines by its name."""
    while rows := [e for e in body.atoms(TableFunction) if not isinstance(e, Declared)]:
        body = body.xreplace({e: e.row.formula.xreplace(dict(zip(e.row.args, e.args, strict=True))) for e in rows})
    return body.replace(lambda e: isinstance(e, Declared), _declared)


def _declared(applied: Any) -> Expr:
    function: Any = sp.Function(applied.title)
    return sp.Subs(function(X).diff(X, applied.order), X, applied.args[0]) if applied.order else function(*applied.args)


def _case(condition: Any, a: Expr, b: Expr) -> Expr:
    """Cases as Piecewise, put in last and as they stand."""
    if condition.has(sp.Piecewise):  # SymPy folds cases out of a condition, and out of the sum that they stand in
        raise _NoFormulaError("cases of what has cases itself stand in it")
    return sp.Piecewise((a, condition), (b, True), evaluate=False)
