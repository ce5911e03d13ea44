"""Matrix formulas as data: what a form is made of, what it costs in printed tokens.

A vector is a column. A form may be smaller than its place in three ways, as on paper: a summand (g - mean(g)), what stands below a
line, a sum of rows or columns. Functions, powers and fractions act entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from itertools import chain
from typing import Any, Literal

from sympy import Expr

from symbackprop.algebra.poly import Number
from symbackprop.algebra.positions import View
from symbackprop.core.functions import known
from symbackprop.core.passes.large import is_cut


class MisfitError(Exception):
    """There is no such matrix formula."""


class Level(IntEnum):
    """How tightly a form binds; it needs brackets where something tighter is expected."""

    SUM = 1
    HADAMARD = 2
    PRODUCT = 3
    POWER = 4
    ATOM = 5


@dataclass(frozen=True)
class Form:
    """A matrix made of matrices.

    op      the name of its row in OPS.
    parts   what it is made of.
    given   what it has beside its parts: a name with its subscripts, a number, a size, an exponent, a function.
    level   how tightly it binds.
    tokens  what it costs on paper: every name, number, operator, function, fraction line, exponent, pair of brackets is one.
    is_turned   whether a transpose is in it, so that its own transpose may be shorter.
    """

    op: str
    parts: tuple[Form, ...] = ()
    given: Any = None
    level: Level = field(init=False, compare=False, repr=False)
    tokens: int = field(init=False, compare=False, repr=False)
    is_turned: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        row, own = known(OPS, self.op, "the forms of matrices (algebra.matrix.OPS)"), self.__dict__
        own["level"] = row.level(self) if callable(row.level) else row.level
        own["tokens"] = row.tokens(self)
        own["is_turned"] = self.op == "transpose" or True in [part.is_turned for part in self.parts]

    @property
    def negative(self) -> bool:
        """Whether it begins with a minus."""
        match self.op:
            case "number":
                return self.given < 0
            case "scaled":
                return self.given.coefficient < 0
            case "sum" | "product" | "hadamard":
                return self.parts[0].negative and self.parts[0].level >= self.level
        return False

    def within(self, level: Level) -> int:
        """Its tokens as part of something that binds with `level`."""
        return self.tokens + (self.level < level)


@dataclass(frozen=True)
class Front:
    """What stands before a form: coefficient * tops / bottoms, all of them scalars."""

    coefficient: Number = 1
    tops: tuple[Form, ...] = ()
    bottoms: tuple[Form, ...] = ()

    @property
    def is_line(self) -> bool:
        """Whether it has a fraction line."""
        return bool(self.bottoms) or (self.coefficient.denominator != 1 and not is_decimal(self.coefficient))

    @property
    def is_bare(self) -> bool:
        """Whether nothing but 1 or -1 stands above."""
        return abs(self.coefficient.numerator) == 1 and not self.tops

    @property
    def is_sign(self) -> bool:
        return self.is_bare and not self.is_line and self.coefficient.denominator == 1


PLAIN = Front()  # nothing stands before it


@dataclass(frozen=True)
class Op:
    """A row.

    tokens  what a form of it costs.
    level   how tightly it binds.
    turned  what its transpose is: "wrapped" (written with a mark), "itself", "part" (its only part), "reversed" (its parts turned,
            the last first), "within" (its parts turned), "spared" (its parts turned where that costs no more), "mirrored" (its part
            turned, the other triangle), "negated" (with a minus).
    """

    tokens: Callable[[Form], int]
    level: Level | Callable[[Form], Level] = Level.ATOM
    turned: Literal["wrapped", "itself", "part", "reversed", "within", "spared", "mirrored", "negated"] = "wrapped"


@dataclass(frozen=True)
class Leaf:
    """A tensor by name, or a view of one, with the letters that stand as its subscripts; `flat`: its transpose is itself."""

    name: str | View
    subscripts: tuple[str, ...] = ()
    flat: bool = False


@dataclass(frozen=True)
class OneHot:
    """The one-hot columns or rows of an integer tensor: e_t, or one row for each of its entries."""

    name: str
    subscripts: tuple[str, ...]
    size: Expr
    matrix: bool

    @property
    def flat(self) -> bool:
        return False


def leaves(x: Form) -> Iterator[Leaf]:
    """The tensors in a form, those before it included."""
    return iter(_leaves(x))


def _leaves(x: Form) -> tuple[Leaf, ...]:
    own = x.__dict__
    if "leaves" not in own:
        front = (*x.given.tops, *x.given.bottoms) if x.op == "scaled" else ()
        first = (x.given,) if x.op in ("leaf", "shifted") else ()
        own["leaves"] = tuple(chain(first, *map(_leaves, (*front, *x.parts))))
    return own["leaves"]


def is_decimal(c: Number) -> bool:
    """Whether a fraction is written as a decimal number."""
    bottom = c.denominator
    if is_cut(c):
        return True
    if bottom % 10:
        return False
    for prime in (2, 5):
        while bottom % prime == 0:
            bottom //= prime
    return bottom == 1


def number(value: Number) -> Form:
    """A number."""
    return Form("number", (), value if isinstance(value, Fraction) else Fraction(value))


def sized(n: Any) -> Form:
    """A size, or any expression of sizes."""
    return Form("size", (), n)


def front_of(x: Form) -> tuple[Front, Form | None]:
    """What stands before a form, and the form without it; None where nothing is left but scalars."""
    if x.op == "scaled":
        return x.given, x.parts[0] if x.parts else None
    return (Front(x.given), None) if x.op == "number" else (PLAIN, x)


def scaled(front: Front, body: Form | None) -> Form:
    """A form with scalars before it; those of the form itself are taken along."""
    if body is not None:
        own, body = front_of(body)
        front = both(front, own)
    if body is None and not front.tops and not front.bottoms:
        return number(front.coefficient)
    if body is not None and body.op == "over" and front.is_line and (front.is_bare or body.parts[0] == number(1)):
        c, (over, below) = front.coefficient, body.parts  # L/(n x), not L/n 1/x
        top = over if front.is_bare else scaled(Front(Fraction(abs(c.numerator)), front.tops), None)
        bottom = scaled(Front(Fraction(c.denominator), front.bottoms), below)
        return scaled(Front(Fraction(1 if c > 0 else -1)), Form("over", (top, bottom)))
    if body is not None and body.op == "over" and _stands_above(front, body.parts[0]):  # K e/(s + K)
        c, (over, below) = front.coefficient, body.parts
        top = scaled(Front(abs(c), front.tops), None if over == number(1) else over)
        return scaled(Front(Fraction(1 if c > 0 else -1)), Form("over", (top, below)))
    if body is None and len(front.tops) == 1 and not front.bottoms and front.coefficient == 1:
        return front.tops[0]
    return body if body is not None and front == PLAIN else Form("scaled", () if body is None else (body,), front)


def _stands_above(front: Front, over: Form) -> bool:
    """Whether what stands before a fraction stands above its line: names and whole numbers before no sum."""
    plain = all(top.op in ("leaf", "size", "number", "scalarpower") for top in front.tops)
    return plain and not front.is_line and not front.is_sign and over.level > Level.SUM


def both(front: Front, own: Front) -> Front:
    """What stands before a form, and what stands before that."""
    if own is PLAIN:
        return front
    return Front(front.coefficient * own.coefficient, (*front.tops, *own.tops), (*front.bottoms, *own.bottoms))


def negated(x: Form) -> Form:
    """-x, by the number before it."""
    front, body = front_of(x)
    return scaled(Front(-front.coefficient, front.tops, front.bottoms), body)


def is_swallowed(x: Form) -> bool:
    """Whether what is scaled stands on the fraction line itself: G/s, but 1/N X^T (P - Y)."""
    return x.given.is_bare and x.parts[0].op in ("leaf", "hadamard", "function", "ones", "size")


# Tokens


def _one(x: Form) -> int:
    return 1


def _number_tokens(x: Form) -> int:
    return (1 if x.given.denominator == 1 or is_decimal(x.given) else 3) + (x.given < 0)


def _size_tokens(x: Form) -> int:
    return sum(1 for _ in _atoms_of(x.given))


def _atoms_of(e: Any) -> Any:
    if not e.args:
        yield e
    for part in e.args:
        yield from _atoms_of(part)


def _joined_tokens(level: Level, sign: int) -> Callable[[Form], int]:
    return lambda x: sum(p.within(level) for p in x.parts) + sign * (len(x.parts) - 1)


def _sum_tokens(x: Form) -> int:
    return sum(p.tokens for p in x.parts) + sum(not p.negative for p in x.parts[1:])


def _scaled_tokens(x: Form) -> int:
    front: Front = x.given
    c = front.coefficient
    whole = is_decimal(c) and not front.bottoms
    n = sum(p.within(Level.PRODUCT) for p in (*front.tops, *front.bottoms)) + (c < 0)
    n += (abs(c.numerator) != 1 or whole) + (c.denominator != 1 and not whole) + front.is_line
    n += front.is_line and any(front_of(part)[0].is_line for top in front.tops if top.op == "sum" for part in top.parts)
    if not x.parts:
        return n + (front.is_line and front.is_bare)
    (body,) = x.parts
    if front.is_line and is_swallowed(x):
        return n + body.tokens
    return n + (front.is_line and front.is_bare) + body.within(Level.HADAMARD if front.is_sign else Level.PRODUCT)


def _scaled_level(x: Form) -> Level:
    front: Front = x.given
    if front.coefficient < 0:
        return Level.SUM
    if front.is_line and (not x.parts or is_swallowed(x)):
        return Level.POWER
    return Level.PRODUCT


def _mark_tokens(x: Form) -> int:
    if x.op == "transpose" and x.parts[0].op == "inverse":  # one mark for both
        return x.parts[0].tokens
    return x.parts[0].within(Level.ATOM) + 1


def _power_tokens(x: Form) -> int:
    if x.given == Fraction(1, 2):
        return 1 + x.parts[0].tokens
    return x.parts[0].within(Level.ATOM) + 1


def _slide_tokens(x: Form) -> int:
    marks = (any(n != 1 for n in x.given.steps), any(n != 1 for n in x.given.spreads), any(n != 0 for n in x.given.offsets))
    return sum(p.within(Level.PRODUCT) for p in x.parts) + 1 + 2 * sum(marks)


def _called(extra: int) -> Callable[[Form], int]:
    return lambda x: extra + sum(p.tokens for p in x.parts)


CALL = Op(_called(2))
OPS: dict[str, Op] = {
    "leaf": Op(lambda x: 1 + len(x.given.subscripts) + isinstance(x.given.name, View)),
    "shifted": Op(lambda x: 2 + len(x.given.subscripts), turned="itself"),  # outside of its tensor it is 0
    "onehot": Op(lambda x: 1 + len(x.given.subscripts)),
    "number": Op(_number_tokens, lambda x: Level.SUM if x.given < 0 else Level.ATOM, "itself"),
    "size": Op(_size_tokens, lambda x: Level.SUM if x.given.is_Add else Level.ATOM, "itself"),
    "positions": Op(lambda x: 2 + len(x.given.letters) + (x.given.offset != 0), turned="itself"),
    "count": Op(lambda x: 2 * len(x.given.letters) + sum(1 for _ in _atoms_of(x.given.offset)), Level.SUM, "itself"),
    "entry": Op(lambda x: x.parts[0].within(Level.ATOM) + len(x.given), turned="itself"),
    "ones": Op(_one),
    "identity": Op(_one, turned="itself"),
    "zeros": Op(_one),
    "blocks": Op(_called(1)),
    "grid": Op(_called(1)),
    "tril": Op(lambda x: 2 + abs(x.given) + sum(p.tokens for p in x.parts), turned="mirrored"),
    "triu": Op(lambda x: 2 + abs(x.given) + sum(p.tokens for p in x.parts), turned="mirrored"),
    "transpose": Op(_mark_tokens, Level.POWER, "part"),
    "inverse": Op(_mark_tokens, Level.POWER),
    "matrixpower": Op(lambda x: 1 + x.parts[0].within(Level.ATOM), Level.POWER),
    "power": Op(_power_tokens, lambda x: Level.ATOM if x.given == Fraction(1, 2) else Level.POWER, "spared"),
    "scalarpower": Op(_power_tokens, lambda x: Level.ATOM if x.given == Fraction(1, 2) else Level.POWER, "itself"),
    "raised": Op(lambda x: 1 + x.parts[0].within(Level.ATOM) + x.parts[1].tokens, Level.POWER, "spared"),
    "product": Op(_joined_tokens(Level.PRODUCT, 0), Level.PRODUCT, "reversed"),
    "hadamard": Op(_joined_tokens(Level.PRODUCT, 1), Level.HADAMARD, "spared"),
    "over": Op(lambda x: 1 + sum(p.tokens for p in x.parts), Level.POWER, "spared"),
    "scaled": Op(_scaled_tokens, _scaled_level, "within"),
    "sum": Op(_sum_tokens, Level.SUM, "spared"),
    "function": Op(_called(2), turned="spared"),
    "compare": Op(lambda x: len(x.parts) + sum(p.tokens for p in x.parts), Level.POWER, "spared"),
    "cases": Op(_called(3), Level.SUM, "spared"),  # a brace, "if" and "otherwise"
    "diag": Op(_called(2), turned="itself"),
    "diagonal": Op(lambda x: 2 + x.parts[0].tokens + 2 * (x.parts[0].op == "product")),  # most of a product is for nothing
    "rowsum": CALL,
    "colsum": CALL,
    "rowmean": CALL,
    "colmean": CALL,
    "total": Op(_called(2), turned="itself"),
    "mean": Op(_called(2), turned="itself"),
    "trace": Op(_called(2), turned="itself"),
    "norm": Op(_called(2), Level.POWER, "itself"),
    "length": Op(_called(1), turned="itself"),
    "inner": Op(_called(2), Level.POWER, "itself"),
    "factor": CALL,
    "correlation": Op(_slide_tokens, Level.HADAMARD),
    "convolution": Op(_slide_tokens, Level.HADAMARD),
    "cross": Op(_joined_tokens(Level.PRODUCT, 1), Level.HADAMARD),
    "skew": Op(_called(4), Level.POWER, "negated"),  # a x b is read more easily
    "indexsum": Op(lambda x: 1 + len(x.given) + x.parts[0].within(Level.HADAMARD), Level.PRODUCT, "within"),
}
