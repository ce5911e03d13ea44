"""Operations entry by entry, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.expressions import parts_in
from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, TableFunction, Where
from symbackprop.core.program import Range, Sum, same_size, shape_text, slot
from symbackprop.language.tensors.tensor import Index, LanguageError, ShapeError, Tensor, as_tensor, label, number_of, turned

LARGEST = sp.Integer(10) ** 300  # the numbers of a program stay below


def divide(a: Expr, b: Expr) -> Expr:
    """a / b; a zero that can be seen is refused."""
    if b.is_zero:
        raise LanguageError("division by zero")
    return a / b


def power(a: Expr, b: Expr) -> Expr:
    """a ** b; numbers that would fill the memory are refused."""
    if b.is_comparable and abs(b) > 1000:
        raise LanguageError(f"the exponent {b} is beyond 1000")
    if a.is_comparable and b.is_comparable and abs(a) > 10**12:
        raise LanguageError(f"{a} to the power {b} is too large a number")
    return a**b


def letters(count: int, start: int = 0) -> Index:
    """`count` letters of an operation under construction."""
    return tuple(str(k) for k in range(start, start + count))


def broadcast(what: str, *tensors: Tensor) -> tuple[tuple[Expr, ...], list[Index], tuple[Range, ...]]:
    """NumPy's broadcasting: the shape of the result, each operand's letters, and the letters of its axes of size 1.

    Letters are "0", "1", ... for the axes of the result. A symbolic size is never taken to be 1.
    Raises LanguageError where NumPy would.
    """
    rank = max((t.ndim for t in tensors), default=0)
    shape: list[Expr] = [S.One] * rank
    for tensor in tensors:
        for axis, extent in enumerate(tensor.shape, rank - tensor.ndim):
            if shape[axis] == 1:
                shape[axis] = extent
            elif extent != 1 and not same_size(extent, shape[axis]):
                raise ShapeError(_misfit(what, tensors))
    indices, over, fresh = [], [], rank
    for tensor in tensors:
        index = []
        for axis, extent in enumerate(tensor.shape, rank - tensor.ndim):
            if extent == 1 and shape[axis] != 1:
                over.append((str(fresh), S.One))
                index.append(str(fresh))
                fresh += 1
            else:
                index.append(str(axis))
        indices.append(tuple(index))
    return tuple(shape), indices, tuple(over)


def _misfit(what: str, tensors: Sequence[Tensor]) -> str:
    shapes = " and ".join(f"{label(t)} is {shape_text(t.shape)}" for t in tensors if t.ndim)
    text = f"{what}: the shapes do not broadcast: {shapes}."
    a, b = [t for t in tensors if t.ndim][:2]
    if a.ndim == b.ndim == 2 and all(map(same_size, a.shape, reversed(b.shape))):
        return f"{text} Did you mean {turned(b)}?"
    for one in (a, b):
        if product := _entry_by_entry(one):
            A, x = map(label, product)
            return f"{text} {A} * {x} multiplies entry by entry: for the product of a matrix write {A} @ {x}."
    if "*" in what and a.ndim == 2 and b.ndim == 2 and same_size(a.shape[1], b.shape[0]):
        return f"{text} Did you mean {label(a)} @ {label(b)}?"
    for vector, matrix in ((a, b), (b, a)):
        if vector.ndim == 1 and matrix.ndim == 2 and same_size(vector.shape[0], matrix.shape[0]):
            return f"{text} Did you mean {label(vector)}[:, None]?"
    if any(n.has(sp.floor) for n in (*a.shape, *b.shape)):
        return f"{text} The halves of a size are equal only where it is even: declare it as 2*m, and its half as m."
    aligned = zip(reversed(a.shape), reversed(b.shape), strict=False)
    if said := next(filter(None, (capitals(one, other) for one, other in aligned)), ""):
        return text + said
    return f"{text} NumPy aligns shapes at the right; sizes must be equal, or one of them 1."


def capitals(one: Expr, other: Expr) -> str:
    """What to say of sizes that differ in their capitals alone, N and n; "" of others."""
    if one == other or str(one).lower() != str(other).lower():
        return ""
    return f" {one} and {other} are two sizes: write one of them in both places."


def _entry_by_entry(result: Tensor) -> tuple[Tensor, Tensor] | None:
    """The matrix W and the vector x of W * x, which is rarely meant; None for anything else."""
    op = result.op
    if isinstance(op, Sum) and not op.over and len(op.slots) == 2 and op.body == op.slots[0] * op.slots[1]:
        for (a, own), (b, other) in permutations(result.operands):
            if a.ndim == 2 and b.ndim == 1 and own == result.index and other == own[1:]:
                return a, b
    return None


def elementwise(what: str, body: Any, *arguments: Any) -> Tensor:
    """y = body(arguments), entry by entry, with NumPy's broadcasting.

    what       how an error message calls the operation.
    body       a Python function of SymPy expressions.
    arguments  tensors and numbers; equal tensors with equal letters share a slot, and numbers stand in the body.
    """
    tensors = [as_tensor(a) for a in arguments]
    shape, indices, over = broadcast(what, *tensors)
    operands: list[tuple[Tensor, Index]] = []
    entries: list[Expr] = []
    for tensor, index in zip(tensors, indices, strict=True):
        number = number_of(tensor)
        if number is not None:
            entries.append(number)
            continue
        place = next((k for k, (t, i) in enumerate(operands) if t is tensor and i == index), len(operands))
        if place == len(operands):
            operands.append((tensor, index))
        entries.append(slot(place))
    try:
        expression = body(*entries)
    except RecursionError:
        raise LanguageError(f"{what}: the expression is nested too deep; name its parts on lines of their own") from None
    except TypeError:  # SymPy compares real numbers only
        raise LanguageError(f"{what} of {', '.join(map(_brief, entries))} is not a real number") from None
    if expression.has(S.NaN, S.ComplexInfinity, S.ImaginaryUnit) or (not operands and not _is_sound(expression)):
        raise LanguageError(f"{what} of {', '.join(map(_brief, entries))} is not a real number that a float64 holds")
    return Tensor(shape, Sum(expression, tuple(slot(k) for k in range(len(operands))), over), tuple(operands), letters(len(shape)))


def raised(x: Any, exponent: Any) -> Tensor:
    """x^exponent; a negative number to a power that is learnt, which takes values between whole numbers, is refused."""
    base, exponent = as_tensor(x), as_tensor(exponent)
    number = number_of(base)
    if number is not None and number.is_negative and _is_learnt(exponent):
        raise LanguageError(f"{number} to the power {label(exponent)} is no real number between whole exponents")
    return elementwise("**", power, base, exponent)


def _is_learnt(tensor: Tensor) -> bool:
    """Whether a parameter moves the entries, not through steps alone."""
    stack, seen = [tensor], set[int]()
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.signature is not None and one.signature.kind == "parameter":
            return True
        flat = isinstance(one.op, Sum) and any(f.row.flat for f in parts_in(one.op.body, TableFunction))
        stack += [] if flat else [operand for operand, _ in one.operands]
    return False


def _brief(number: Expr) -> str:
    """A number for a message: its first digits where it has many."""
    text = str(number)
    return text if len(text) <= 40 else f"{text[:20]}..."


def _is_sound(number: Expr) -> bool:
    """Whether a number is real and within the range of float64; of sizes, nothing is said."""
    if not number.is_number:
        return True
    value = number if number.is_Rational else number.evalf(15)
    return value.is_real is not False and not (value.is_comparable and bool(abs(value) >= LARGEST))


def apply(name: str, *arguments: Any, **further: Any) -> Tensor:
    """The elementwise function `name` of the tables, with its further arguments by position or by name."""
    row = ELEMENTWISE.get(name)
    given = list(arguments)
    if row is not None:
        for symbol in row.args[len(given) :]:
            key = symbol.name
            if key in further:
                given.append(further.pop(key))
            elif symbol in row.defaults:
                given.append(row.defaults[symbol])
            else:
                raise LanguageError(f"{name} needs its argument {key}")
    if further:
        raise LanguageError(f"{name} has no argument {sorted(further)[0]}")
    expected = len(row.args) if row else 1
    if len(given) != expected:
        raise LanguageError(f"{name} takes {expected} argument{'s' * (expected > 1)}, not {len(given)}")
    if name in ("maximum", "minimum") and number_of(as_tensor(given[0])) is not None:
        given.reverse()  # where both are equal the slope goes to the second: with the number there, max(0, x) is relu
    return elementwise(name, FUNCTIONS[name], *given)


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition is not zero, otherwise b; broadcast as NumPy does."""

    def body(c: Expr, x: Expr, y: Expr) -> Expr:
        if isinstance(c, Where) and c.args[1:] == (S.One, S.Zero):
            return Where(c.args[0], x, y)
        return Where(sp.Ne(c, 0), x, y)

    tensor = as_tensor(condition)
    if tensor.name is None and tensor.operands and isinstance(tensor.op, Sum) and not tensor.op.over:
        inner = tensor.op.body  # the comparison is written into the branch, as a person reads it
        if isinstance(inner, Where) and inner.args[1:] == (S.One, S.Zero) and len({len(i) for _, i in tensor.operands}) == 1:
            own = [t for t, _ in tensor.operands]
            if all(t.shape == tensor.shape for t in own):

                def joined(*entries: Expr) -> Expr:
                    test = inner.args[0].xreplace({slot(k): entries[k] for k in range(len(own))})
                    return Where(test, entries[-2], entries[-1])

                return elementwise("where", joined, *own, a, b)
    return elementwise("where", body, tensor, a, b)
