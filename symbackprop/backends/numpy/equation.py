"""One equation as lines of NumPy.

A Sum is read in three steps: the operands are read at the positions that its guards pin (views in the place of indicators), the
factors are multiplied and summed (`@` where that says it), and the result is written to the pinned places of the target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.backends.dialect import Dialect
from symbackprop.backends.numpy.arrays import (
    Array,
    Letters,
    aligned,
    contracted,
    elementwise,
    fitted,
    reduced,
)  # fmt: skip
from symbackprop.backends.numpy.body import ATOM, NUMBERS, PRODUCT, as_float, helpers_of
from symbackprop.backends.numpy.views import Pinned, Scope, letters_in, read, ways
from symbackprop.backends.numpy.writes import write
from symbackprop.core.functions import MatrixFunction, Reduction, Where, iverson, matrix_function, reduction
from symbackprop.core.guards import affine, fixed_letters, integers_of, letters_of, overhang, split
from symbackprop.core.loops import refused
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Sum, letter_sizes, position

_CORE = Symbol("core")


@dataclass(frozen=True)
class Recipe:
    """An equation as text, with `{0}`, `{1}`, ... for its operands, `{t}` for its target, `{v[0]}`, ... for its temporaries.

    temporaries   a hint for the name, the text and the shape of what must be computed first.
    lines         the statements that compute the target.
    sizes         the sizes that the text mentions.
    helpers       the helper functions that it calls.
    """

    temporaries: tuple[tuple[str, str, tuple[Expr, ...]], ...]
    lines: tuple[str, ...]
    sizes: frozenset[Symbol]
    helpers: frozenset[str]


@dataclass(frozen=True)
class Setting:
    """What all equations of one function share: the identifiers of sizes and loops, the type, and which tensors hold integers."""

    program: Program
    names: Mapping[Symbol, str]
    loops: Mapping[str, str]
    dialect: Dialect
    integers: frozenset[str]


def recipe(equation: Equation, setting: Setting, output: bool = False) -> Recipe:
    """How to compute an equation; `output` says that its value is handed out, so that it must not share memory."""
    program, op = setting.program, equation.op
    sizes = letter_sizes(program, equation)
    scope = Scope(sizes, program.conditions, setting.names, setting.dialect, set(), {}, [])
    match op:
        case Sum():
            lines, helpers = _sum(equation, op, setting, scope, output), helpers_of(op.body)
        case Reduce():
            row = reduction(op.kind)
            value, helpers = _reduce(equation, op, row, scope, setting), frozenset([row.numpy] if row.helper else [])
            lines = [f"{{t}} = {_finished(value, equation, setting, scope, output)}"]
        case Matrix():
            row = matrix_function(op.kind)
            value, helpers = _matrix(equation, row, scope, setting), frozenset(row.helpers_of(len(equation.operands) - 1))
            lines = [f"{{t}} = {_finished(value, equation, setting, scope, output)}"]
        case Carry():
            raise refused(equation, "one equation of NumPy source")
        case _:
            assert_never(op)
    return Recipe(tuple(scope.temporaries), tuple(lines), frozenset(scope.used), helpers | scope.helpers)


def _operand(equation: Equation, k: int, scope: Scope, setting: Setting, marks: Mapping[str, str]) -> Array:
    """The k-th operand with a letter for each axis: "1" where its size is 1, and a diagonal where a letter stands twice."""
    ref = equation.operands[k]
    letters = tuple(marks.get(c) or ("1" if scope.sizes[c] == 1 else c) for c in ref.index)
    constant = setting.program.tensors[ref.name].kind == "constant"
    kind = "int" if ref.name in setting.integers else "decimal" if constant else "float"
    array = Array(f"{{{k}}}", letters, ATOM, kind, view=True)
    while repeated := [c for c in array.letters if c != "1" and array.letters.count(c) > 1]:
        first = array.letters.index(repeated[0])
        second = array.letters.index(repeated[0], first + 1)
        rest = tuple(c for j, c in enumerate(array.letters) if j not in (first, second))
        where = "" if len(array.letters) == 2 else f", axis1={first}, axis2={second}"
        array = Array(f"{setting.dialect.np}.diagonal({array.text}{where})", (*rest, repeated[0]), ATOM, kind, view=True)
    return array


def _goal(equation: Equation, scope: Scope) -> Letters:
    return tuple("1" if scope.sizes[c] == 1 else c for c in equation.target.index)


def _finished(array: Array, equation: Equation, setting: Setting, scope: Scope, output: bool) -> str:
    """The text of an equation's value: exactly the axes of the target, and floats unless it is a tensor of integers."""
    extents = [scope.sizes[c] for c in equation.target.index]
    array = fitted(array, _goal(equation, scope), extents, scope.show, scope.dialect)
    if equation.target.name in setting.integers:
        cast = array.kind == "float" or (array.kind != "int" and extents)
        return f"{array.atom}.astype(int)" if cast else array.text
    if array.kind in NUMBERS:
        return f"{array.text}.0" if array.text.lstrip("-").isdigit() else array.text
    if array.kind != "float":
        return as_float(array.code, scope.dialect).text
    return f"{array.atom}.copy()" if output and array.view and extents else array.text


def _reduce(equation: Equation, op: Reduce, row: Reduction, scope: Scope, setting: Setting) -> Array:
    """A reduction over some axes."""
    array = _operand(equation, 0, scope, setting, {})
    goal = _goal(equation, scope)
    over = [c for c, extent in op.over if extent != 1]
    if not over:
        return array
    if array.kind == "int" and equation.target.name not in setting.integers:  # products of whole numbers wrap around
        array = replace(array, text=as_float(array.code, scope.dialect).text, level=ATOM, kind="float")
    if not row.helper:
        return reduced(array, over, goal, scope.dialect, row.numpy)
    axes = [k for k, c in enumerate(array.letters) if c in over]
    axis = "" if len(axes) == len(array.letters) else f", axis={axes[0] if len(axes) == 1 else tuple(axes)}"
    return Array(f"{row.numpy}({array.text}{axis})", tuple(c for c in array.letters if c not in over) if axis else ())


def _matrix(equation: Equation, row: MatrixFunction, scope: Scope, setting: Setting) -> Array:
    """A function of the last two axes; the axes before them keep their letters."""
    goal = _goal(equation, scope)
    lead, own = goal[: len(goal) - len(row.axes)], goal[len(goal) - len(row.axes) :]
    arrays = [_operand(equation, k, scope, setting, {}) for k in range(len(equation.operands))]
    if len(arrays) == 1:
        return Array(scope.dialect.worded(row.called(arrays[0].text)), (*arrays[0].letters[:-2], *own))
    found = tuple(c for c in lead if any(c in array.letters[:-2] for array in arrays))
    texts = [aligned(array, (*found, *array.letters[-2:])).text for array in arrays]
    return Array(scope.dialect.worded(row.called(*texts)), (*found, *own))


def _pinned(program: Program, equation: Equation, scope: Scope) -> tuple[dict[str, Pinned], list[sp.Eq]]:
    """The pinned letters with their places, and the guards that remain."""
    fixed, remaining = fixed_letters(program, equation)
    integers = integers_of(program, equation) if fixed else {}
    ones = {position(c): S.Zero for c, extent in scope.sizes.items() if extent == 1}
    result = {}
    for letter, place in fixed.items():
        extent = scope.sizes[letter]
        at: Any = place.xreplace(ones)
        hang = overhang(at, extent, scope.sizes, program.conditions, integers)
        below, above = hang if hang is not None else (S.One, S.One)
        result[letter] = Pinned(at, extent, below, above)
    return result, remaining


def _sum(equation: Equation, op: Sum, setting: Setting, scope: Scope, output: bool) -> list[str]:
    """The lines of a Sum: read at pinned positions, multiply and sum, write to pinned positions."""
    factors = split(op)
    pinned: dict[str, Pinned] = {}
    remaining: list[sp.Eq] = []
    if factors.guards:
        pinned, remaining = _pinned(setting.program, equation, scope)
    arrays, rest = _read_operands(equation, op, setting, scope, pinned, factors.rest)
    goal = _goal(equation, scope)
    for guard in remaining:
        rest = rest * _indicator(guard, goal, arrays, scope)
    if pinned or rest.free_symbols:
        swap = {position(c): p.at for c, p in pinned.items()}
        swap |= {position(c): S.Zero for c, extent in scope.sizes.items() if extent == 1}
        rest = rest.xreplace(swap)
    if factors.guards or rest != factors.rest:
        body = factors.coefficient * sp.Mul(*[op.slots[k] for k in factors.operands]) * rest
    else:
        body = op.body
    scattered = {c: p for c, p in pinned.items() if c in goal}
    keep = tuple(c for c in goal if c not in scattered)
    keep += tuple(dict.fromkeys(c for p in scattered.values() for c in _letters_at(p.at, arrays) if c not in keep))
    summed = [(c, extent) for c, extent in op.over if c not in pinned and extent != 1 and c not in keep]
    body = _named_masks(body, arrays, scope)
    part = _multiplied(body, arrays, summed, keep, scope, goal if not scattered else ())
    if not scattered:
        return [f"{{t}} = {_finished(part, equation, setting, scope, output)}"]
    part = floating(part, scope.dialect)
    extents = [scope.sizes[c] for c in equation.target.index]
    return write(part, "{t}", goal, scattered, extents, scope, setting.loops, output)


def relations(condition: Any) -> list[Any]:
    """The comparisons in a condition, in the order of their text."""
    return sorted(condition.atoms(sp.core.relational.Relational), key=str)


def _named_masks(body: Any, arrays: dict[Symbol, Array], scope: Scope) -> Expr:
    """The body with a name for every condition on positions alone: computed once, however often it is read."""
    for place in sorted(body.atoms(Where), key=str):
        condition = place.args[0]
        if isinstance(condition, Symbol) or not letters_of(condition) or condition.free_symbols & arrays.keys():
            continue
        found = scope.positions(condition)
        letters = tuple(c for c in scope.sizes if position(c) in found)
        test: Any = condition
        for k, side in enumerate(dict.fromkeys(side for part in relations(condition) for side in part.args)):
            if side.is_Add and letters_of(side):  # a sum of positions, which has a lower and an upper limit
                places = elementwise(side, found, letters, scope.dialect.of("float64"))
                places = replace(places, text=scope.keep("place", places.text, scope.shape(places.letters)), level=ATOM)
                found[Symbol(f"place {k}")] = places
                test = test.xreplace({side: Symbol(f"place {k}")})
        mask = elementwise(test, found, letters, scope.dialect.of("float64"))
        symbol = Symbol(f"mask {len(arrays)}")
        name = scope.keep("mask", mask.text, scope.shape(mask.letters))
        arrays[symbol] = Array(name, mask.letters, ATOM, "bool")
        body = body.xreplace({condition: symbol})
    return body


def _indicator(guard: Any, goal: Letters, arrays: dict[Symbol, Array], scope: Scope) -> Expr:
    """1 where a guard that fixes no letter: [i = l + c] is an identity matrix, moved by c."""
    if guard is S.false:
        return S.Zero
    form = affine(guard.lhs - guard.rhs)
    if len(form.slopes) == 2 and set(form.slopes.values()) == {-1, 1} and form.opaque == 0 and set(form.slopes) <= set(goal):
        row, column = sorted(form.slopes, key=goal.index)
        rows, columns = scope.show(scope.sizes[row]), scope.show(scope.sizes[column])
        offset = "" if form.offset == 0 else f", {scope.show(-form.offset / form.slopes[column])}"
        shape = rows if rows == columns and not offset else f"{rows}, {columns}{offset}"
        symbol = Symbol(f"eye {row} {column}")
        kind = f", dtype={scope.dialect.floats}" if scope.dialect.narrow else ""
        arrays[symbol] = Array(f"{scope.dialect.np}.eye({shape}{kind})", (row, column))
        return symbol
    return iverson(guard)


def _letters_at(at: Expr, arrays: Mapping[Symbol, Array]) -> list[str]:
    """The letters that a position depends on, through the integers in it as well."""
    slots = [s for s in sorted(at.free_symbols, key=str) if s in arrays]
    own = letters_in(at)
    return own + [c for s in slots for c in arrays[s].free if c not in own]  # type: ignore[index]


def _read_operands(
    equation: Equation, op: Sum, setting: Setting, scope: Scope, pinned: dict[str, Pinned], rest: Expr
) -> tuple[dict[Symbol, Array], Expr]:
    """The operands at their pinned positions, and the other factors of the body, made 0 where a position is out of range."""
    arrays: dict[Symbol, Array] = {}
    for k, s in enumerate(op.slots):
        if equation.operands[k].name in setting.integers and not set(equation.operands[k].index) & set(pinned):
            arrays[s] = scope.integers[s] = _operand(equation, k, scope, setting, {})
    sure = {c for c, p in pinned.items() if not p.hangs}
    unsafe: set[str] = set()
    factors = {op.slots[k] for k in split(op).operands}
    for k, s in enumerate(op.slots):
        if s in arrays:
            continue
        index = equation.operands[k].index
        marks = {c: f"@{c}" for c in index if c in pinned}
        array = _operand(equation, k, scope, setting, marks)
        if marks:
            own = {f"@{c}": pinned[c] for c in marks}
            by = ways(array.letters, own, scope.sizes)
            inside = {c for c, mark in marks.items() if by[mark] != "take" and s in factors and s not in rest.free_symbols}
            sure |= inside
            unsafe |= set(marks) - inside
            array = read(array, own, scope, f"{{{k}}}")
        arrays[s] = array
    goal = set(equation.target.index)
    targets = {c: p for c, p in pinned.items() if c in goal}
    by = ways(_goal(equation, scope), targets, scope.sizes)
    if "take" not in by.values():  # otherwise every axis is written at an array of positions
        sure |= targets.keys()
    tests = []
    for c, p in pinned.items():
        if p.hangs and (c not in sure or c in unsafe):
            tests += [p.at >= 0] if p.below != 0 else []
            tests += [p.at <= p.extent - 1] if p.above != 0 else []
    if tests:
        inside: Any = Where(sp.And(*tests), rest, S.Zero)
        rest = inside
    return arrays, rest


def floating(array: Array, dialect: Dialect) -> Array:
    """The array with floats for entries."""
    code = as_float(array.code, dialect)
    return replace(array, text=code.text, level=code.level, kind=code.kind)


def _multiplied(
    body: Expr,
    arrays: dict[Symbol, Array],
    summed: Sequence[tuple[str, Expr]],
    keep: Letters,
    scope: Scope,
    goal: Letters,
) -> Array:
    """The sum of body(arrays) over the letters `summed`."""
    arrays = arrays | scope.positions(body)
    if not summed:
        return elementwise(body, arrays, goal or keep, scope.dialect)
    over = {c for c, _ in summed}
    inner: dict[frozenset[str], list[Expr]] = {}
    outer: list[Expr] = []
    for factor in sp.Mul.make_args(body):
        letters = frozenset(c for s in factor.free_symbols if s in arrays for c in arrays[s].free)  # type: ignore[index]
        if letters & over:
            inner.setdefault(letters, []).append(factor)
        else:
            outer.append(factor)
    found = frozenset().union(*inner)
    outer += [extent for c, extent in summed if c not in found]
    scale = sp.Mul(*outer)
    if not inner:
        return elementwise(scale, arrays | scope.positions(scale), goal or keep, scope.dialect)
    core, scale = _core(inner, arrays, [(c, e) for c, e in summed if c in found], scale, keep, scope, goal)
    return elementwise(scale * _CORE, {_CORE: core, **arrays, **scope.positions(scale)}, goal or keep, scope.dialect)


def _core(
    inner: dict[frozenset[str], list[Expr]], arrays: dict[Symbol, Array], summed: Sequence[tuple[str, Expr]], scale: Expr,
    keep: Letters, scope: Scope, goal: Letters,
) -> tuple[Array, Expr]:  # fmt: skip
    """The sum of the products themselves, and what still has to be multiplied to it."""
    over = [c for c, _ in summed]
    if len(inner) > 1:
        parts = [elementwise(sp.Mul(*group), arrays, (), scope.dialect) for group in inner.values()]
        parts = [floating(part, scope.dialect) for part in parts]
        return contracted(parts, tuple(c for c in keep if any(c in p.free for p in parts)), scope.dialect), scale
    (group,) = inner.values()
    vectors = [arrays[s] for s in group if isinstance(s, Symbol) and len(arrays[s].letters) == 1]
    if len(vectors) == len(group) == 2 and all(v.kind == "float" for v in vectors):
        a, b = vectors
        return Array(f"{a.atom} @ {b.atom}", (), PRODUCT), scale
    array = elementwise(sp.Mul(*group), arrays, (), scope.dialect)
    count = sp.Mul(*[extent for _, extent in summed])
    if scale * count in (1, -1) and array.kind == "float":
        return reduced(array, over, goal, scope.dialect, "mean"), scale * count
    return reduced(array, over, goal, scope.dialect, "sum", f"dtype={scope.dialect.floats}" if array.kind != "float" else ""), scale
