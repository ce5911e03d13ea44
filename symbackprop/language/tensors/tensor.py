"""A tensor as a person writes with it: an input, or the result of one operation on other tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import INFINITE
from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.core.operand import Operand
from symbackprop.core.program import Op, Signature, Sum, shape_text

Index = tuple[str, ...]
Number = int | float | sp.Number

OPERATORS: dict[str, Callable[..., Tensor]] = {}
"""What the operators of a tensor do: filled in by the modules above, so that a tensor need not know them."""

UFUNCS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@", "negative": "neg", "absolute": "abs",
    "greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
"""NumPy's names of the operators."""


class LanguageError(SymbackpropError):
    """What a person wrote does not stand; the message says the fault and the mend."""


class ShapeError(LanguageError):
    """Shapes do not fit one another: the product or the sum has no value."""


class Inner(NamedTuple):
    """What a derivative inside a network is.

    of, wrt     the derivative of what, by what.
    upstream    what it is multiplied by from the left, entry by entry of `of`; ONES: 1 for every entry, so that it is of their sum.
    vector      what it is multiplied by from the right, entry by entry of `wrt`.
    asked       whether a person asked for it; else it is a value on the way there.
    """

    of: Tensor
    wrt: Tensor
    upstream: Tensor | str = ""
    vector: Tensor | str = ""
    asked: bool = False

    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self if isinstance(t, Tensor))

    def moved(self, new: Callable[[Tensor], Tensor]) -> Inner:
        """The same of other tensors."""
        upstream, vector = (new(v) if isinstance(v, Tensor) else v for v in (self.upstream, self.vector))
        return Inner(new(self.of), new(self.wrt), upstream, vector, self.asked)


class Tensor:
    """An input, or the result of one operation on other tensors, with NumPy's operators.

    shape       sizes, one an axis.
    op          the operation; None for an input.
    operands    the tensors that it reads, each with its letters.
    index       the letters of the result.
    signature   what an input was declared as.
    name        the name that a person gave, or None.
    stem        the name that a layer proposes where no person gave one, or None.
    role        what a loss or a layer calls what it is given; a name only where the value has an equation of its own, or None.
    written     the text that a person wrote for it, for error messages; anything that `str` turns into that text.
    conditions  size expressions that must not be negative.
    parts       what was put together along the first axis, a loop's steps and what stands beside them, each with whether it is a
                single entry; else None.
    inner       for a derivative that the network asks for, and for the values on the way there: of what, by what; else None.
    """

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Tensor:
        """What NumPy asks for np.float64(2) * x, for ndarray + x, and for np.exp(x)."""
        if any(getattr(value, "shape", ()) for value in inputs if not isinstance(value, Tensor)):
            raise LanguageError("an array stands beside a tensor; declare it as data, and give it to the compiled function")
        operator = UFUNCS.get(ufunc.__name__)
        if operator is None or method != "__call__" or options:
            raise LanguageError(f"np.{ufunc.__name__} computes with arrays; write the function of symbackprop: sb.{ufunc.__name__}")
        return OPERATORS[operator](*inputs)

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
        self.role: str | None = None
        self.below: Expr | None = signature.bound if signature else None  # entries are whole numbers from 0, below this size
        self.written: object = None
        self.inner: Inner | None = None
        self.parts: tuple[tuple[Tensor, bool], ...] | None = None
        self.swept: list[Tensor] = []  # the values that derivatives of this one have

    def named(self, name: str) -> Tensor:
        """Give this value the name that reports print it by."""
        self.name = name
        return self

    def called(self, stem: str) -> Tensor:
        """Propose a name for this value: `stem`, or stem_1, stem_2, ... where several values propose it or it is taken."""
        self.stem = stem
        return self

    def taken_as(self, role: str) -> Tensor:
        """Say what a loss or a layer calls this value: its name where nobody gave one and no equation that reads it holds it."""
        if self.name is None and self.role is None:
            self.role = role
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
        return OPERATORS["+"](self, other)

    def __radd__(self, other: Any) -> Tensor:
        return OPERATORS["+"](other, self)

    def __sub__(self, other: Any) -> Tensor:
        return OPERATORS["-"](self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return OPERATORS["-"](other, self)

    def __mul__(self, other: Any) -> Tensor:
        return OPERATORS["*"](self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return OPERATORS["*"](other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return OPERATORS["/"](self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return OPERATORS["/"](other, self)

    def __pow__(self, other: Any) -> Tensor:
        return OPERATORS["**"](self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return OPERATORS["**"](other, self)

    def __mod__(self, other: Any) -> Tensor:
        return OPERATORS["%"](self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return OPERATORS["%"](other, self)

    def __neg__(self) -> Tensor:
        return OPERATORS["neg"](self)

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return OPERATORS["abs"](self)

    def __matmul__(self, other: Any) -> Tensor:
        return OPERATORS["@"](self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return OPERATORS["@"](other, self)

    def __gt__(self, other: Any) -> Tensor:
        return OPERATORS[">"](self, other)

    def __lt__(self, other: Any) -> Tensor:
        return OPERATORS["<"](self, other)

    def __ge__(self, other: Any) -> Tensor:
        return OPERATORS[">="](self, other)

    def __le__(self, other: Any) -> Tensor:
        return OPERATORS["<="](self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # entry by entry, as in NumPy
        return OPERATORS["=="](self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return OPERATORS["!="](self, other)

    def __bool__(self) -> bool:
        raise LanguageError("a tensor has no truth value here; write where(condition, a, b)")

    def __getitem__(self, items: Any) -> Tensor:
        return OPERATORS["[]"](self, items)

    def __setitem__(self, items: Any, value: Any) -> None:
        raise LanguageError("an entry cannot be set; write the whole tensor, with where or concatenate")

    def __len__(self) -> int:
        if not self.shape or not self.shape[0].is_Integer:
            raise LanguageError(f"{label(self)} is {shape_text(self.shape)}: its length is no number; write {label(self)}.shape[0]")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        """The entries along the first axis, whose size is a number: q, k, v = W."""
        if not self.shape or not self.shape[0].is_Integer:
            raise LanguageError(
                f"{label(self)} is {shape_text(self.shape)}: it has no number of entries to go through; sum over an axis instead"
            )
        return (self[k] for k in range(int(self.shape[0])))

    @property
    def T(self) -> Tensor:
        return OPERATORS["T"](self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return OPERATORS["sum"](self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return OPERATORS["mean"](self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return OPERATORS["max"](self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return OPERATORS["min"](self, axis, keepdims)


def label(tensor: Tensor) -> str:
    """How an error message calls a tensor."""
    return tensor.name or str(tensor.written or "the expression")


def turned(tensor: Tensor) -> str:
    """How an error message calls the transpose of a tensor: W of W.T."""
    said = label(tensor)
    return said.removesuffix(".T") if said.endswith(".T") else f"{said}.T"


def as_number(value: Any) -> Expr:
    """A Python number as an exact one: 0.1 is one tenth, as the person meant it.

    Raises LanguageError for infinity and not-a-number.
    """
    if isinstance(value, bool):
        return sp.Integer(int(value))
    if isinstance(value, Expr):
        return value
    if isinstance(value, int):
        return sp.Integer(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # of NumPy
        value = value.item()
    if not isinstance(value, Real) or not math.isfinite(value):
        raise LanguageError(f"{shown(value)} is no number to compute with")
    return sp.Rational(repr(float(value)))


def constant(value: Any) -> Tensor:
    """A number, or an expression of sizes, as a tensor without axes; infinity is a number that exp and max take as the same."""
    if isinstance(value, float | Expr) and value in (math.inf, -math.inf):
        value = INFINITE if value == math.inf else -INFINITE
    return Tensor((), Sum(as_number(value)))


def as_tensor(value: Any) -> Tensor:
    """The value as a tensor; numbers become tensors without axes."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Operand):
        return value.tensor
    if isinstance(value, (bool, int, float, Expr)) or (hasattr(value, "__float__") and not getattr(value, "shape", ())):
        return constant(value)
    if isinstance(value, LanguageError):  # of several results the one that has no meaning
        raise value
    raise LanguageError(f"{type(value).__name__} is not a tensor or a number; declare it as data")


def number_of(tensor: Tensor) -> Expr | None:
    """The number that a tensor without operands is, or None."""
    if tensor.op is not None and not tensor.operands and not tensor.shape and tensor.name is None:
        assert isinstance(tensor.op, Sum)
        return tensor.op.body
    return None
