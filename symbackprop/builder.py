"""How a program is written: tensors with operators, NumPy's broadcasting, and the error messages of the language.

A `Tensor` is an input or the result of one operation on other tensors; nothing is computed and nothing is shared behind the
scenes. `trace.trace` turns the tensors that a loss needs into a `Program`. Inside one operation the letters are "0", "1", ...;
`trace` renames them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.errors import SymbackpropError
from symbackprop.functions import ELEMENTWISE, FUNCTIONS, Where, iverson
from symbackprop.program import Op, Range, Reduce, Signature, Sum, position, same_size, slot

Index = tuple[str, ...]
Number = int | float | sp.Number
LARGEST = sp.Integer(10) ** 300  # the numbers of a program stay below


class LanguageError(SymbackpropError):
    """What a person wrote does not stand; the message says the fault and the mend."""


class Tensor:
    """An input, or the result of one operation on other tensors, with NumPy's operators.

    shape       sizes, one an axis.
    op          the operation; None for an input.
    operands    the tensors that it reads, each with its letters.
    index       the letters of the result.
    signature   what an input was declared as.
    name        the name that a person gave, or None.
    stem        the name that a layer proposes where no person gave one, or None.
    written     the text that a person wrote for it, for error messages; anything that `str` turns into that text.
    conditions  size expressions that must not be negative.
    """

    __array_priority__ = 1000  # so that ndarray + Tensor comes here

    def __init__(
        self,
        shape: tuple[Expr, ...],
        op: Op | None = None,
        operands: tuple[tuple[Tensor, Index], ...] = (),
        index: Index = (),
        signature: Signature | None = None,
        conditions: tuple[Expr, ...] = (),
    ) -> None:
        self.shape, self.op, self.operands, self.index = shape, op, operands, index
        self.signature, self.conditions = signature, conditions
        self.name: str | None = signature.name if signature else None
        self.stem: str | None = None
        self.written: object = None

    def named(self, name: str) -> Tensor:
        """Give this value the name that reports print it by."""
        self.name = name
        return self

    def called(self, stem: str) -> Tensor:
        """Propose a name for this value: `stem`, or stem_1, stem_2, ... where several values propose it or it is taken."""
        self.stem = stem
        return self

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def is_input(self) -> bool:
        return self.op is None

    def __repr__(self) -> str:
        return f"{self.name or 'tensor'}{shape_text(self.shape)}"

    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Tensor:
        return elementwise("+", lambda a, b: a + b, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return elementwise("+", lambda a, b: a + b, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return elementwise("-", lambda a, b: a - b, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return elementwise("-", lambda a, b: a - b, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return elementwise("*", lambda a, b: a * b, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return elementwise("*", lambda a, b: a * b, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return elementwise("/", divide, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return elementwise("/", divide, other, self)

    def __pow__(self, other: Any) -> Tensor:
        return elementwise("**", power, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return elementwise("**", power, other, self)

    def __neg__(self) -> Tensor:
        return elementwise("-", lambda a: -a, self)

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return apply("abs", self)

    def __matmul__(self, other: Any) -> Tensor:
        return matmul(self, as_tensor(other))

    def __rmatmul__(self, other: Any) -> Tensor:
        return matmul(as_tensor(other), self)

    def __gt__(self, other: Any) -> Tensor:
        return elementwise(">", lambda a, b: iverson(sp.Gt(a, b)), self, other)

    def __lt__(self, other: Any) -> Tensor:
        return elementwise("<", lambda a, b: iverson(sp.Lt(a, b)), self, other)

    def __ge__(self, other: Any) -> Tensor:
        return elementwise(">=", lambda a, b: iverson(sp.Ge(a, b)), self, other)

    def __le__(self, other: Any) -> Tensor:
        return elementwise("<=", lambda a, b: iverson(sp.Le(a, b)), self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # entry by entry, as in NumPy
        return elementwise("==", lambda a, b: iverson(sp.Eq(a, b)), self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return elementwise("!=", lambda a, b: iverson(sp.Ne(a, b)), self, other)

    def __bool__(self) -> bool:
        raise LanguageError("a tensor has no truth value here; write where(condition, a, b)")

    def __getitem__(self, items: Any) -> Tensor:
        from symbackprop.indexing import take

        return take(self, items)

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        return permute(self, tuple(reversed(range(self.ndim))))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return total(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return total(self, axis, keepdims, mean=True)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reduce("max", self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return reduce("min", self, axis, keepdims)


def shape_text(shape: Sequence[Expr]) -> str:
    """A shape as NumPy writes it: (h, d), (n,), ()."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def label(tensor: Tensor) -> str:
    """How an error message calls a tensor."""
    return tensor.name or str(tensor.written or "the expression")


def as_number(value: Any) -> Expr:
    """A Python number as an exact one: 0.1 is one tenth, as the person meant it.

    Raises LanguageError for infinity and not-a-number.
    """
    if isinstance(value, bool):
        return sp.Integer(int(value))
    if isinstance(value, Expr):
        return value
    number = sp.Integer(value) if isinstance(value, int) else sp.Rational(repr(float(value)))
    if number in (S.NaN, S.Infinity, S.NegativeInfinity, S.ComplexInfinity):
        raise LanguageError(f"{value} is no number to compute with")
    return number


def constant(value: Any) -> Tensor:
    """A number, or an expression of sizes, as a tensor without axes."""
    return Tensor((), Sum(as_number(value)))


def as_tensor(value: Any) -> Tensor:
    """The value as a tensor; numbers become tensors without axes."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (bool, int, float, Expr)) or hasattr(value, "__float__"):
        return constant(value)
    raise LanguageError(f"{type(value).__name__} is not a tensor or a number; declare it as data")


def number_of(tensor: Tensor) -> Expr | None:
    """The number that a tensor without operands is, or None."""
    if tensor.op is not None and not tensor.operands and not tensor.shape and tensor.name is None:
        assert isinstance(tensor.op, Sum)
        return tensor.op.body
    return None


def divide(a: Expr, b: Expr) -> Expr:
    if b.is_zero:
        raise LanguageError("division by zero")
    return a / b


def power(a: Expr, b: Expr) -> Expr:
    if b.is_number and abs(b) > 1000:
        raise LanguageError(f"the exponent {b} is beyond 1000")
    if a.is_number and b.is_number and abs(a) > 10**12:
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
                raise LanguageError(_misfit(what, tensors))
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
        return f"{text} Did you mean {label(b)}.T?"
    for vector, matrix in ((a, b), (b, a)):
        if vector.ndim == 1 and matrix.ndim == 2 and same_size(vector.shape[0], matrix.shape[0]):
            return f"{text} Did you mean {label(vector)}[:, None]?"
    return f"{text} NumPy aligns shapes at the right; sizes must be equal, or one of them 1."


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


def _brief(number: Expr) -> str:
    """A number for a message: its first digits where it has many."""
    text = str(number)
    return text if len(text) <= 40 else f"{text[:20]}..."


def _is_sound(number: Expr) -> bool:
    """Whether a number is real and within the range of float64; of sizes, nothing is said."""
    if not number.is_number:
        return True
    value = number if number.is_Rational else number.evalf(15)
    return not value.is_number or not value.is_comparable or (value.is_real is not False and bool(abs(value) < LARGEST))


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


def contract(pattern: str, *tensors: Tensor) -> Tensor:
    """y = the product of the tensors, summed over the letters that the result lacks, as np.einsum writes it.

    pattern   such as "ij,jk->ik"; one letter an axis; without "->" the result has the letters that stand once, sorted.
    Raises LanguageError where the pattern does not fit the shapes.
    """
    left, arrow, right = pattern.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        raise LanguageError(f'einsum "{pattern}" names {len(terms)} operands, {len(tensors)} are given')
    if not all(c.isalpha() for c in left.replace(",", "") + right):
        raise LanguageError(f'einsum "{pattern}": one letter an axis; "..." is not read, name the axes')
    if not arrow:
        joined = "".join(terms)
        right = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    sizes: dict[str, Expr] = {}
    for term, tensor in zip(terms, tensors, strict=True):
        if len(term) != tensor.ndim:
            raise LanguageError(f'einsum "{pattern}": "{term}" has {len(term)} letters, {label(tensor)} is {shape_text(tensor.shape)}')
        for c, extent in zip(term, tensor.shape, strict=True):
            if not same_size(sizes.setdefault(c, extent), extent):
                raise LanguageError(f'einsum "{pattern}": the letter {c} runs over {sizes[c]} and over {extent}')
    stray = [c for c in right if c not in sizes or right.count(c) > 1]
    if stray:
        raise LanguageError(f'einsum "{pattern}": the letter {stray[0]} of the result must stand once, and in an operand')
    operands = tuple((t, tuple(term)) for t, term in zip(tensors, terms, strict=True))
    return product(operands, tuple(right), sizes)


def product(
    operands: Sequence[tuple[Tensor, Index]], index: Index, sizes: dict[str, Expr], factor: Expr = S.One,
    conditions: tuple[Expr, ...] = (), shape: tuple[Expr, ...] | None = None,
) -> Tensor:  # fmt: skip
    """y[index] = the sum over the other letters of factor * the product of the operands."""
    slots = tuple(slot(k) for k in range(len(operands)))
    over = tuple((c, extent) for c, extent in sizes.items() if c not in index)
    shape = tuple(sizes[c] for c in index) if shape is None else shape
    return Tensor(shape, Sum(sp.Mul(factor, *slots), slots, over), tuple(operands), index, conditions=conditions)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """y = a @ b with NumPy's rules: vectors, matrices, and stacks of matrices that broadcast.

    Raises LanguageError where the inner sizes differ or an operand has no axes.
    """
    if not a.ndim or not b.ndim:
        raise LanguageError(f"{label(a)} @ {label(b)}: a scalar has no axes to multiply along; write * instead")
    inner_a, inner_b = a.shape[-1], b.shape[-2] if b.ndim > 1 else b.shape[0]
    if not same_size(inner_a, inner_b):
        raise LanguageError(
            f"{label(a)} @ {label(b)}: the inner sizes differ: {label(a)} is {shape_text(a.shape)}, "
            f"{label(b)} is {shape_text(b.shape)}.{_matmul_mend(a, b)}"
        )
    lead_a, lead_b = a.shape[:-2], b.shape[:-2]
    rank = max(len(lead_a), len(lead_b))
    _, (index_a, index_b), ones = broadcast(f"{label(a)} @ {label(b)}", Tensor(lead_a), Tensor(lead_b))
    shape, _, _ = broadcast(f"{label(a)} @ {label(b)}", Tensor(lead_a), Tensor(lead_b))
    rows = ("r",) if a.ndim > 1 else ()
    columns = ("c",) if b.ndim > 1 else ()
    index = letters(rank) + rows + columns
    sizes = dict(zip(letters(rank), shape, strict=True)) | dict(ones)
    sizes |= dict(zip(rows, a.shape[-2:-1], strict=True)) | dict(zip(columns, b.shape[-1:], strict=False)) | {"m": inner_a}
    return product([(a, index_a + rows + ("m",)), (b, index_b + ("m",) + columns)], index, sizes)


def _matmul_mend(a: Tensor, b: Tensor) -> str:
    if b.ndim == 2 and same_size(a.shape[-1], b.shape[-1]):
        return f" Did you mean {label(a)} @ {label(b)}.T?"
    if a.ndim == 2 and same_size(a.shape[0], b.shape[0 if b.ndim == 1 else -2]):
        return f" Did you mean {label(a)}.T @ {label(b)}?"
    if b.ndim and a.ndim and same_size(b.shape[-1], a.shape[0]):
        return f" Did you mean {label(b)} @ {label(a)}?"
    return f" The last axis of {label(a)} must have the size of the {'first' if b.ndim == 1 else 'next to last'} axis of {label(b)}."


def permute(x: Tensor, axes: Sequence[int]) -> Tensor:
    """y = x with its axes in the order `axes`."""
    if sorted(axes) != list(range(x.ndim)):
        raise LanguageError(f"transpose: the axes {tuple(axes)} are no order of the {x.ndim} axes of {label(x)}")
    if list(axes) == list(range(x.ndim)):
        return x
    index = letters(x.ndim)
    return product([(x, index)], tuple(index[a] for a in axes), dict(zip(index, x.shape, strict=True)))


def normal_axes(what: str, x: Tensor, axis: Any) -> tuple[int, ...]:
    """The axes that `axis` (None, an integer or several) means, from 0.

    Raises LanguageError for an axis that x does not have.
    """
    if axis is None:
        return tuple(range(x.ndim))
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    result = []
    for a in several:
        if isinstance(a, bool) or not isinstance(a, (int, sp.Integer)):
            raise LanguageError(f"{what}: axis must be a whole number, not {a}")
        if not -x.ndim <= a < x.ndim:
            raise LanguageError(
                f"{what}: axis {a} is out of range: {label(x)} is {shape_text(x.shape)}, its axes are "
                + (f"0 to {x.ndim - 1}" if x.ndim else "none")
            )
        result.append(int(a) % x.ndim)
    if len(set(result)) != len(result):
        raise LanguageError(f"{what}: an axis is named twice in {axis}")
    return tuple(result)


def _reduced(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> tuple[Index, tuple[Expr, ...], tuple[Range, ...]]:
    index = letters(x.ndim)
    over = tuple((index[a], x.shape[a]) for a in axes)
    if keepdims:
        kept = tuple(str(x.ndim + a) if a in axes else index[a] for a in range(x.ndim))
        return kept, tuple(S.One if a in axes else x.shape[a] for a in range(x.ndim)), over
    rest = [a for a in range(x.ndim) if a not in axes]
    return tuple(index[a] for a in rest), tuple(x.shape[a] for a in rest), over


def total(x: Tensor, axis: Any = None, keepdims: bool = False, mean: bool = False) -> Tensor:
    """y = the sum (or the mean) of x along one, several or all axes."""
    axes = normal_axes("mean" if mean else "sum", x, axis)
    index, shape, over = _reduced(x, axes, keepdims)
    if not over:
        return x
    factor = 1 / sp.Mul(*[extent for _, extent in over]) if mean else S.One
    return Tensor(shape, Sum(factor * slot(0), (slot(0),), over), ((x, letters(x.ndim)),), index)


def reduce(kind: str, x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """y = max | min | logsumexp of x along one, several or all axes."""
    axes = normal_axes(kind, x, axis)
    index, shape, over = _reduced(x, axes, keepdims)
    if not over:
        return x
    return Tensor(shape, Reduce(kind, over), ((x, letters(x.ndim)),), index)
