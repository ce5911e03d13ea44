"""What a plan does, as data: windows of buffers, and statements that fill them. A backend prints these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from symbackprop.plan.node import Kind, Move


@dataclass(frozen=True)
class Window:
    """A strided part of a buffer: `dims` are an extent and a stride, in entries, for each axis; with loops it moves by `moves`."""

    buffer: str
    offset: int
    dims: tuple[tuple[int, int], ...]
    moves: tuple[Move, ...] = ()


def reach(window: Window, counts: Mapping[int, int]) -> tuple[int, int]:
    """The first and the last entry of its buffer that a window touches; `counts` are the turns of the loops."""
    axes = [*((m.period or counts[m.loop], m.step) for m in window.moves), *window.dims]
    ends = [(n - 1) * step for n, step in axes]
    return window.offset + sum(end for end in ends if end < 0), window.offset + sum(end for end in ends if end > 0)


@dataclass(frozen=True)
class Buffer:
    """Memory of a plan.

    length   in entries.
    zeroed   whether what is not written must be 0, so that no other value may ever stand there.
    """

    length: int
    kind: Kind = "real"
    zeroed: bool = False


@dataclass(frozen=True)
class Scalar:
    """A number that a statement computes."""

    name: str


Operand = Window | Scalar | float


@dataclass(frozen=True)
class Apply:
    """out = function(operands), entry by entry: a row of `entries.FUNCTIONS`, or add, subtract, multiply, negative, square."""

    function: str
    operands: tuple[Operand, ...]
    out: Window


@dataclass(frozen=True)
class Compute:
    """target = function(operands) of numbers."""

    function: str
    operands: tuple[Operand, ...]
    target: Scalar


@dataclass(frozen=True)
class Combine:
    """target = plus + the sum of scale * operand, or scale * the product of the operands."""

    operands: tuple[Operand, ...]
    target: Scalar
    scales: tuple[float, ...] = ()
    plus: float = 0.0


@dataclass(frozen=True)
class Product:
    """out = a @ b, over leading axes as well; `whole` says that `out` is contiguous."""

    a: Window
    b: Window
    out: Window
    whole: bool


@dataclass(frozen=True)
class WindowProduct:
    """out = a @ b, over `lead` leading axes as well, of a matrix b whose entries are read where they stand, many several times.

    a    (..., m, k).
    b    after the leading axes those that are k together, `over` of them, and then those that are n together.
    out  (..., m, n).
    """

    a: Window
    b: Window
    out: Window
    over: int
    lead: int = 0


@dataclass(frozen=True)
class Inner:
    """target = the sum of a * b, of one axis each."""

    a: Window
    b: Window
    target: Scalar


@dataclass(frozen=True)
class Reduced:
    """out = the sum, the product, the maximum or the minimum over some axes; `function` is the ufunc that joins two entries."""

    function: str
    a: Window
    axes: tuple[int, ...]
    out: Window | Scalar


@dataclass(frozen=True)
class Copy:
    """out = a, where the truth values of `where` hold."""

    a: Operand
    out: Window
    where: Window | None = None


@dataclass(frozen=True)
class Look:
    """out = a[index], along the first axis."""

    a: Window
    index: Window
    out: Window


@dataclass(frozen=True)
class AddAt:
    """out[index] += a, along the first axis; positions may come several times."""

    out: Window
    index: Window
    a: Window


@dataclass(frozen=True)
class Factor:
    """out = a function of the last two axes: a row of `MATRIX_FUNCTIONS`, or its derivative along directions."""

    kind: str
    a: Window
    out: Window | Scalar
    along: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Loop:
    """The statements of `body`, `count` times in turn: what moves with the loop moves on after each. Loops have numbers."""

    number: int
    count: int
    body: tuple[Statement, ...]


Statement = Apply | Compute | Combine | Product | WindowProduct | Inner | Reduced | Copy | Look | AddAt | Factor | Loop


def every(statements: Iterable[Statement]) -> Iterator[Statement]:
    """All statements, those of loops included."""
    for s in statements:
        if isinstance(s, Loop):
            yield from every(s.body)
        else:
            yield s


def windows_of(s: Statement) -> list[Window]:
    """The windows that a statement reads and writes; none of a loop."""
    values = [v for value in vars(s).values() for v in (value if isinstance(value, tuple) else (value,))]
    return [v for v in values if isinstance(v, Window)]
