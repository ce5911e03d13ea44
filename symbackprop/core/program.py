"""A program: a straight line of named equations about shaped tensors.

Grammar (the invariant that `grammar.check` enforces):

    program   = tensors, equations, outputs
    equation  = target "=" op(operands)            every name is written once, and read only after it is written (but by a Carry)
    target    = name[letters]                      distinct letters, one for each axis
    operand   = name[letters]                      letters may repeat (a diagonal)
    op        = Sum(body, slots, over)             sum over the letters `over` of body(operands); over = () is entry by entry
              | Reduce(kind, over)                 a row of REDUCTIONS over the letters `over` of one operand
              | Matrix(kind)                       a row of MATRIX_FUNCTIONS over the last two axes of one operand; along others
              | Carry(letter, step)                one operand read a step before or after along the letter; `loops` says more

A body is a SymPy expression in the slots s0, s1, ... (one for each operand), the positions of the equation's letters
(so that `[i = o + k]` is a factor of the body, not a tensor) and the sizes. Letters belong to the equation, sizes to the tensor.
A letter of the target that no operand has repeats the value along that axis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, assert_never

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.expressions import expanded, factors, one, symbol, symbols_in

if TYPE_CHECKING:  # who only computes numbers, with a function that was derived before, needs no SymPy
    from sympy import Expr, Symbol


@cache
def size(name: str) -> Symbol:
    """The size `name`: a positive integer symbol. All sizes come from here, so that equal names are equal symbols."""
    return symbol(name, integer=True, positive=True)


def beside(name: str) -> tuple[str, ...]:
    """What a size may be called that was written as a value is, the first that is free."""
    return f"n_{name}", f"d_{name}"


@cache
def slot(k: int) -> Symbol:
    """The slot s_k of a body: it stands for the k-th operand's entry."""
    return symbol(f"s{k}")


@cache
def position(letter: str) -> Symbol:
    """The position that `letter` stands at, counted from 0, as a body may mention it."""
    return symbol(letter, integer=True, nonnegative=True)


def substituted(expression: Expr, swap: Mapping[Any, Expr]) -> Expr:
    """The expression with all replacements made at once, so that names can be swapped."""
    if not swap:
        return expression
    return _substituted(expression, tuple(swap.items()))


@lru_cache(maxsize=8192)  # layers and steps that were written out are the same bodies again and again
def _substituted(expression: Expr, swap: tuple[tuple[Any, Expr], ...]) -> Expr:
    from symbackprop.core.renaming import is_renaming, renamed

    new = dict(swap)
    if is_renaming(new, symbols_in(expression)):
        return renamed(expression, new)  # type: ignore[return-value]  # SymPy promises a Basic only
    return expression.xreplace(new)  # type: ignore[return-value]


def same_size(a: Expr | int, b: Expr | int) -> bool:
    """Whether two sizes are equal for every value of their symbols."""
    if a == b:
        return True
    if all(isinstance(n, int) or n.is_Symbol or n.is_Integer for n in (a, b)):
        return False
    return expanded(a - b) == 0


_size_text = lru_cache(10_000)(str)


def shape_text(shape: Sequence[Expr]) -> str:
    """A shape as NumPy writes it: (h, d), (n,), ()."""
    return f"({', '.join(map(_size_text, shape))}{',' if len(shape) == 1 else ''})"


class Ref(NamedTuple):
    """A tensor as it stands in one equation, such as W_1[i j]."""

    name: str
    index: tuple[str, ...] = ()  # type: ignore[assignment]  # the letters, not the method of tuples

    def __str__(self) -> str:
        return f"{self.name}[{' '.join(self.index)}]" if self.index else self.name


Range = tuple[str, "Expr"]  # a letter and the size that it runs over


@dataclass(frozen=True)
class Sum:
    """y = sum over `over` of body(operands), entry by entry where `over` is empty.

    Matrix products, transposes, traces, broadcasting, masks, slices, convolutions, one-hot vectors and every elementwise
    function are this one operation, and its derivative is made of it as well.
    """

    body: Expr
    slots: tuple[Symbol, ...] = ()
    over: tuple[Range, ...] = ()

    @cached_property
    def _hash(self) -> int:  # SymPy's own takes a call of Python for each symbol, and operations are looked up at every turn
        return hash((self.body, self.slots, self.over))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:  # another process has other hashes
        return Sum, (self.body, self.slots, self.over)

    @property
    def adds(self) -> bool:
        """Whether entries are added up: an axis of size 1 has one."""
        return any(extent != 1 for _, extent in self.over)


@dataclass(frozen=True)
class Reduce:
    """y = max | min | logsumexp | prod of the operand over the letters `over`; `kind` names a row of `functions.REDUCTIONS`."""

    kind: str
    over: tuple[Range, ...]


@dataclass(frozen=True)
class Matrix:
    """y = inverse | det | ... of the operand's last two axes; `kind` names a row of `functions.MATRIX_FUNCTIONS`.

    Further operands of a primary function are the directions along which it is differentiated, one after the other: L_f(X, D).
    """

    kind: str
    over: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Carry:
    """p[.. l ..] = z[.. l - step ..], and `first`[..] where there is no such step: 0 where there is no second operand.

    letter   the letter l, one of the target's; z has the letters of p, `first` has some of them but l.
    step     1: read from the step before; -1: from the step after.
    origin   the number that the first place along the letter has on paper, where a loop goes from 2 on.

    A Carry may stand before the equation that writes z. Its derivative is a Carry that goes the other way.
    """

    letter: str
    step: int
    over: tuple[Range, ...] = ()
    origin: Expr = field(default_factory=one)


Op = Sum | Reduce | Matrix | Carry


def rewritten(op: Op, over: tuple[Range, ...], body: Callable[[Expr], Expr], rename: Mapping[str, str] | None = None) -> Op:
    """The same operation over other letters; `body` says what becomes of the body of a Sum, `rename` of a Carry's letter."""
    match op:
        case Sum():
            return Sum(body(op.body), op.slots, over)
        case Reduce():
            return Reduce(op.kind, over)
        case Matrix():
            return Matrix(op.kind, over)
        case Carry():
            return replace(op, letter=(rename or {}).get(op.letter, op.letter))
        case _:
            assert_never(op)


@dataclass(frozen=True)
class Step:
    """Why a backward equation stands.

    rule      the name of the rule: "seed", "zero", "chain" (one use of a tensor), "copy" (several uses, which add); "onward" (one
              operand, in forward mode), "both" (several operands, which add); for a value that a rule needs: "count" (of ties),
              "function" (of a matrix), "without" and "others" (the entries but one, and their reduction).
    through   the forward tensor that the gradient came back through; None for a seed or a sum of uses.
    wrt       the operand that it went to, with its letters in the forward equation.
    upstream  the gradient that came from above (None where it is the number 1); in forward mode the operand's own change.
    local     the local derivative d through / d wrt as an operation, with its operands.
    pattern   the gate's pattern: "add", "multiply", "scale", "max", "map", "product", "repeat", "select" or "".
    """

    rule: str
    through: Ref | None = None
    wrt: Ref | None = None
    upstream: Ref | None = None
    local: Sum | None = None
    local_operands: tuple[Ref, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Equation:
    """target = op(operands); `step` says why a backward equation stands."""

    target: Ref
    op: Op
    operands: tuple[Ref, ...] = ()
    step: Step | None = None

    def __repr__(self) -> str:
        return f"{self.target} = {describe(self)}"


@dataclass(frozen=True)
class Gradient:
    """The role of a tensor that is a derivative: d `of` / d `wrt`, the part through the `nth` use in `via` (None: all of it).

    upstream  the tensor that it is multiplied by from the left, entry by entry of `of`: a vector-Jacobian product; "": none.
    vector    the tensor that it is multiplied by from the right, entry by entry of `wrt`: a directional derivative; "": none.
    """

    of: str
    wrt: str
    via: str | None = None
    nth: int = 0  # 0: the only use
    upstream: str = ""
    vector: str = ""

    @property
    def name(self) -> str:
        """The canonical name: dL/dx; dL/dx|q for the part through q, dL/dx|q (2) for the second use; dY dY/dx, dY/dx v."""
        of, wrt, through = (f"({name})" if "/" in name else name for name in (self.of, self.wrt, self.via or ""))
        whole = " ".join(part for part in (self.upstream, f"d{of}/d{wrt}", self.vector) if part)
        return whole + (f"|{through}" if through else "") + (f" ({self.nth})" if self.nth else "")


@dataclass(frozen=True)
class Signature:
    """What is known of a tensor.

    shape    sizes, one an axis.
    kind     "parameter", "data", "labels", "integers", "constant" or "value" (written by an equation).
    domain   "positive", "unit" (0 to 1), "binary" (0 or 1), "sign" (-1 or 1); of square matrices "symmetric", "spd" (symmetric and
             positive definite), "orthogonal"; or None.
    bound    for "integers": the size that its entries stay below.
    value    for "constant": its number.
    named    whether a person gave the name (a generated name may be printed away).
    called   whether a layer gave the name, as books do: mu, v, xhat; it is known once it is defined.
    counted  whether the name is a number that was given to a gate: it says something beside the network alone.
    role     for a derivative: of what, with respect to what.
    inner    for a derivative that the network itself asks for, an ordinary value: of what, with respect to what.
    widths   of an input, by axis: its size on paper where layers differ in width, h[l-1]; None, or nothing at all: as in the shape.
    """

    name: str
    shape: tuple[Expr, ...] = ()
    kind: str = "value"
    domain: str | None = None
    bound: Expr | None = None
    value: Expr | None = None
    named: bool = True
    called: bool = False
    counted: bool = False
    role: Gradient | None = None
    inner: Gradient | None = None
    widths: tuple[Expr | None, ...] = ()

    @property
    def has_name(self) -> bool:
        """Whether a person or a layer gave the name."""
        return self.named or self.called

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_symmetric(self) -> bool:
        """Whether it is declared as a matrix that is its own transpose."""
        return self.domain in ("symmetric", "spd")

    @property
    def is_orthogonal(self) -> bool:
        """Whether it is declared as a matrix whose inverse is its transpose."""
        return self.domain == "orthogonal"


class ProgramError(SymbackpropError):
    """A program that breaks the grammar; the message names the equation and the fault."""


@dataclass(frozen=True)
class Program:
    """Tensors by name, the equations in order, and the names of the outputs.

    conditions   size expressions that must not be negative for the program to stand, such as n - 3 for x[:3].
    """

    tensors: Mapping[str, Signature]
    equations: tuple[Equation, ...]
    outputs: tuple[str, ...]
    conditions: tuple[Expr, ...] = ()

    @property
    def inputs(self) -> list[Signature]:
        """The tensors that no equation writes, in the order of their declaration."""
        return [t for t in self.tensors.values() if t.kind != "value"]

    @property
    def parameters(self) -> list[Signature]:
        return [t for t in self.tensors.values() if t.kind == "parameter"]

    def shape(self, name: str) -> tuple[Expr, ...]:
        return self.tensors[name].shape

    def sizes(self) -> tuple[Symbol, ...]:
        """The free sizes, sorted by name."""
        return self._sizes

    @cached_property
    def _sizes(self) -> tuple[Symbol, ...]:
        extents = {n for tensor in self.tensors.values() for n in (*tensor.shape, tensor.bound) if n is not None}
        extents |= {n for equation in self.equations for _, n in equation.op.over}  # some that no tensor has
        symbols = {s for n in extents for s in symbols_in(n) if s.is_Symbol}
        return tuple(sorted(symbols, key=str))

    def equation_of(self) -> dict[str, Equation]:
        """The equation that writes each value."""
        return self._writers

    @cached_property
    def _writers(self) -> dict[str, Equation]:
        return {equation.target.name: equation for equation in self.equations}

    def uses(self) -> dict[str, int]:
        """How often each tensor is read by the equations (an output counts as one more reading)."""
        read = [operand.name for equation in self.equations for operand in equation.operands]
        return {**dict.fromkeys(self.tensors, 0), **Counter([*read, *self.outputs])}

    def __str__(self) -> str:
        return listing(self)

    def __repr__(self) -> str:
        return f"<Program of {len(self.equations)} equations>"


def is_product(op: Op) -> bool:
    """Whether an operation sums a product of two operands or more: a matrix product, never to be repeated entry by entry."""
    return isinstance(op, Sum) and bool(op.over) and sum(f in op.slots for f in factors(op.body)) > 1


def letter_sizes(program: Program, equation: Equation) -> dict[str, Expr]:
    """The size of every letter of an equation: from its target, its summed ranges and its operands."""
    sizes = dict(zip(equation.target.index, program.shape(equation.target.name), strict=True))
    sizes.update(equation.op.over)
    for operand in equation.operands:
        for letter, extent in zip(operand.index, program.shape(operand.name), strict=True):
            sizes.setdefault(letter, extent)
    return sizes


def describe(equation: Equation) -> str:
    """The right-hand side of an equation as one line of plain text."""
    from symbackprop.core.naming import named

    op = equation.op
    match op:
        case Sum():
            word, what = "sum" if op.over else "", named(op.body, op.slots, tuple(map(str, equation.operands)))
        case Reduce() | Matrix():
            word, what = op.kind, ", ".join(map(str, equation.operands))
        case Carry():
            z, *first = equation.operands
            word, what = "", str(Ref(z.name, tuple(f"{c}{-op.step:+d}" if c == op.letter else c for c in z.index)))
            what += f", first {first[0]}" if first else ", first 0"
        case _:
            assert_never(op)
    below = f"_{{{' '.join(letter for letter, _ in op.over)}}}" if op.over else ""
    return f"{word}{below} {what}" if word else what


def listing(program: Program) -> str:
    """The program as text: a line for each declaration and each equation."""
    lines = []
    for tensor in program.inputs:
        shape = ", ".join(map(str, tensor.shape))
        lines.append(f"{tensor.name}: {tensor.kind}[{shape}]" if shape else f"{tensor.name}: {tensor.kind}")
    lines += [str(equation) for equation in program.equations]
    return "\n".join(lines)
