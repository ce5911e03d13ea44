"""Sizes that stay symbols: whole numbers of the example that carry what they are, and which sizes are one.

Every axis of an example array begins as a size of its own. Operations say which are equal: `X @ W` makes the columns of X the
rows of W. What stays apart was apart, whatever the numbers of the example.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.program import size
from symbackprop.language.tensors import LanguageError, as_number


class UnsettledError(Exception):
    """Two sizes were found to be equal in a run that takes the sizes as settled."""


class Sizes:
    """What is known of the sizes of a function, over all its runs.

    plain     whether every size is a number, that of the example.
    numbers   what each symbol is in the run under way.
    learning  whether sizes may still be found to be equal.
    """

    def __init__(self, plain: bool = False) -> None:
        self.plain = plain
        self.numbers: dict[Symbol, int] = {}
        self.learning = True
        self.names: dict[Symbol, str] = {}  # what the person's local variables call a size
        self.pinned: set[Symbol] = set()  # those that are the number of the example, because the function needs one
        self._depths: dict[Symbol, int] = {}  # how deep the frame of that variable was
        self._words: set[str] = set()  # what local variables call sizes, also those that are no symbol
        self._equal: dict[Symbol, Expr] = {}
        self._order: dict[Symbol, int] = {}
        self._known: dict[Expr, Expr] = {}  # what `resolved` has found, as long as nothing new is known
        self._known_at = 0

    def axis(self, key: str, number: int) -> Expr:
        """The size of an axis that nothing is known of; 1 stays 1, and what is first seen when all is learnt is a number."""
        if number <= 1 or self.plain:
            return sp.Integer(number)
        symbol = size(key)
        if not self.learning and symbol not in self._order:
            return sp.Integer(number)  # of an array that was traced, or another, while sizes were learnt
        self._order.setdefault(symbol, len(self._order))
        if symbol not in self._equal:
            self.numbers[symbol] = number
        return self.resolved(symbol)

    def along(self, key: str, number: int) -> Expr:
        """The size of an axis of an array that may be made by the function, as long as in the example, or by other sizes not."""
        extent = self.axis(key, number)
        return extent if self.learning or self.number(extent) == number else sp.Integer(number)

    def is_own(self, extent: Expr, key: str) -> bool:
        """Whether a size is still the one that `axis(key)` made, equal to no other."""
        return self.resolved(extent) == size(key)

    def resolved(self, extent: Expr) -> Expr:
        """The size by the symbols that stand for all that are equal to them."""
        if extent.is_Integer:
            return extent
        if self._known_at != len(self._equal):
            self._known, self._known_at = {}, len(self._equal)
        found = self._known.get(extent)
        if found is None:
            found = self._known[extent] = self._resolved(extent)
        return found

    def _resolved(self, extent: Expr) -> Expr:
        while True:
            known = {s: self._equal[s] for s in extent.free_symbols if isinstance(s, Symbol) and s in self._equal}
            if not known:
                return extent
            extent = _replaced(extent, known)

    def equal_in(self, expression: Expr) -> dict[Symbol, Expr]:
        """The sizes in any expression that are known to be others."""
        return {s: self.resolved(s) for s in expression.free_symbols if isinstance(s, Symbol) and s in self._equal}

    def number(self, extent: Expr) -> int:
        """The size in the run under way."""
        return int(_replaced(self.resolved(extent), {s: sp.Integer(n) for s, n in self.numbers.items()}))

    def known(self) -> Iterable[Symbol]:
        """Every size that was met, in their order."""
        return self._order

    def free(self, extents: Iterable[Expr]) -> set[Symbol]:
        """The symbols of sizes."""
        return {s for e in extents for s in self.resolved(e).free_symbols if isinstance(s, Symbol)}

    def unify(self, a: Expr, b: Expr) -> None:
        """Take two sizes as equal, whatever they are."""
        a, b = self.resolved(a), self.resolved(b)
        if sp.expand(a - b) == 0:
            return
        if not self.learning:
            raise UnsettledError
        symbols = sorted(self.free([a, b]), key=self._order.__getitem__, reverse=True)
        for symbol in symbols:
            found = _solved(a, b, symbol)
            if found is not None and self.number(found) > 0:
                self._equal[symbol] = found
                return
        if not self._factors(a, b):
            self.pin([a, b])

    def follow(self, bound: Expr, extent: Expr) -> None:
        """Take what entries stay below, which the example tells roughly, as the size of the axis that they are positions of."""
        symbol, extent = self.resolved(bound), self.resolved(extent)
        if isinstance(symbol, Symbol) and symbol not in extent.free_symbols:
            self._equal[symbol] = extent
        else:
            self.unify(symbol, extent)

    def _factors(self, a: Expr, b: Expr) -> bool:
        """Whether two products of sizes are equal factor by factor, as N T and N T of another array; then they are made so."""
        left, right = ([part for part in sp.Mul.make_args(side) if isinstance(part, Symbol)] for side in (a, b))
        if len(left) != len(right) or (sp.Mul(*left), sp.Mul(*right)) != (a, b):
            return False
        order = lambda s: (self.numbers[s], self._order[s])  # noqa: E731
        pairs = list(zip(sorted(left, key=order), sorted(right, key=order), strict=True))
        if any(self.numbers[one] != self.numbers[other] for one, other in pairs):
            return False
        for one, other in pairs:
            self.unify(one, other)
        return True

    def pin(self, extents: Iterable[Expr]) -> bool:
        """Give sizes the numbers of the run under way; whether that says anything new."""
        free = self.free(extents)
        if free and not self.learning:
            raise UnsettledError
        for symbol in free:
            self._equal[symbol] = sp.Integer(self.numbers[symbol])
        self.pinned |= free
        return bool(free)

    def meet(self, extents: Iterable[Expr]) -> None:
        """Take sizes as one that are the same number in the run under way."""
        known: dict[int, Symbol] = {}
        for symbol in sorted(self.free(extents), key=self._order.__getitem__):
            self.unify(symbol, known.setdefault(self.numbers[symbol], symbol))

    @contextmanager
    def tried(self) -> Iterator[None]:
        """What is learnt inside is forgotten where it ends in an error."""
        kept = dict(self._equal)
        try:
            yield
        except Exception:
            self._equal, self._known = kept, {}
            raise

    def multiple(self, extent: Expr, count: int) -> Expr:
        """extent // count, where the person divides without a rest: the size is then count times another."""
        extent = self.resolved(extent)
        part = sp.expand(extent / count)
        if part.is_integer if not part.free_symbols else all(c.is_integer for c in sp.Poly(part, *part.free_symbols).coeffs()):
            return part
        if isinstance(extent, Symbol) and self.learning and not self.numbers[extent] % count and self.numbers[extent] > count:
            inner = self.axis(f"{extent}/{count}", self.numbers[extent] // count)
            self._equal[extent] = count * inner
            return inner
        return sp.floor(extent / count)

    def settle(self, taken: set[str]) -> None:
        """Give the free sizes the names that people call them by: those of the local variables, else letters that they leave."""
        given, used = self._given(taken), taken | self._words
        letters = itertools.chain("nmdhkpqrtuvwabcefgjlsxyz", (f"n_{k}" for k in itertools.count()))
        for symbol in sorted(self.numbers.keys() - self._equal.keys(), key=self._order.__getitem__):
            final = size(given.get(symbol) or next(n for n in letters if n not in used))
            if final != symbol:
                self._order[final] = self._order[symbol]
                self.numbers[final] = self.numbers[symbol]
                self._equal[symbol] = final
        self.learning = False

    def _given(self, taken: set[str]) -> dict[Symbol, str]:
        """The names that local variables give the free sizes, each to one: the outermost frame knows best."""
        given: dict[Symbol, str] = {}
        for symbol in sorted(self.names, key=lambda s: (self._depths[s], self._order[s])):
            own, name = self.resolved(symbol), self.names[symbol]
            if isinstance(own, Symbol) and own not in given and name not in taken and name not in given.values():
                given[own] = name
        return given

    def called(self, extent: Expr, name: str, depth: int) -> None:
        """Note what a local variable calls a size, in a frame as deep as that."""
        self._words.add(name)
        symbol = self.resolved(extent)
        if isinstance(symbol, Symbol) and depth < self._depths.get(symbol, 10**6):
            self.names[symbol], self._depths[symbol] = name, depth


def _replaced(extent: Expr, known: dict[Symbol, Any]) -> Expr:
    found: Any = extent.xreplace(known)
    return sp.expand(found) if found.is_polynomial() else found


def _solved(a: Expr, b: Expr, symbol: Symbol) -> Expr | None:
    """The symbol from a = b, where it stands there once, alone, and is a whole number for all others."""
    difference = sp.expand(sp.numer(sp.together(a / b - 1)))  # without the sizes that stand on both sides as factors
    factor = difference.coeff(symbol)
    if factor not in (S.One, S.NegativeOne):
        return None
    rest = sp.expand(difference - factor * symbol)
    if symbol in rest.free_symbols or any(f.has(symbol) for f in rest.atoms(sp.floor)):
        return None
    found = sp.expand(-rest / factor)
    return found if found.is_integer or found.has(sp.floor) else None


class Sized:
    """A number that carries the expression of sizes that it is."""

    expr: Expr
    sizes: Sizes
    __array_priority__ = 500

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """np.sqrt(d) of a size d is a number that carries sqrt(d)."""
        if any(hasattr(x, "tensor") for x in (*inputs, *options.get("out", ()))):
            return NotImplemented
        value = getattr(ufunc, method)(*[_plain(x) for x in inputs], **options)
        made = UFUNCS.get(ufunc.__name__)
        if made is None or method != "__call__" or options or any(isinstance(x, np.ndarray | list | tuple) for x in inputs):
            return value
        return sized(value.item(), made(*[expr_of(x) for x in inputs]), self.sizes)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return value.value if type(value) is Size else float(value) if type(value) is SizedFloat else value


UFUNCS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv, "power": operator.pow,
    "sqrt": sp.sqrt, "log": sp.log, "floor": sp.floor, "ceil": sp.ceiling,
    "square": lambda a: a**2, "reciprocal": lambda a: 1 / a, "negative": operator.neg,
}  # fmt: skip


class Size(Sized):
    """A whole number of the example that carries the size that it is.

    It is no int, since 1.0 / N would then be a float that has forgotten N; Python takes it wherever it takes an index.
    """

    def __init__(self, value: int, expr: Expr, sizes: Sizes) -> None:
        self.value, self.expr, self.sizes = int(value), expr, sizes

    @property
    def __class__(self) -> type:  # type: ignore[override]  # isinstance(N, int) holds
        return int

    def __index__(self) -> int:
        return self.value

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return repr(self.value)

    def __format__(self, how: str) -> str:
        return format(self.value, how)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (self.value,)

    def __copy__(self) -> Size:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Size:
        return self

    def __neg__(self) -> Any:
        return sized(-self.value, -self.expr, self.sizes)

    def __abs__(self) -> Any:
        return self if self.value >= 0 else -self

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __floordiv__(self, other: Any) -> Any:
        if type(other) is int and other > 0:
            value = self.value // other
            exact = not self.value % other
            return sized(value, self.sizes.multiple(self.expr, other) if exact else sp.floor(self.expr / other), self.sizes)
        if type(other) is Size:
            quotient = sp.cancel(self.sizes.resolved(self.expr) / self.sizes.resolved(other.expr))
            whole = sp.denom(sp.together(quotient)) == 1
            return sized(self.value // other.value, quotient if whole else sp.floor(quotient), self.sizes)
        return self.value // other


class SizedFloat(Sized, float):
    """A float of the example that carries the expression of sizes that it is."""

    def __new__(cls, value: float, expr: Expr, sizes: Sizes) -> SizedFloat:
        made = float.__new__(cls, value)
        made.expr, made.sizes = expr, sizes
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)

    def __floor__(self) -> Any:
        return sized(math.floor(float(self)), sp.floor(expr_of(self)), self.sizes)

    def __ceil__(self) -> Any:
        return sized(math.ceil(float(self)), sp.ceiling(expr_of(self)), self.sizes)


def sized(value: Any, expr: Expr, sizes: Sizes) -> Any:
    """The number, carrying its expression where that holds a size."""
    if not expr.free_symbols:
        return value
    return Size(value, expr, sizes) if type(value) is int else SizedFloat(value, expr, sizes)


def expr_of(number: Any) -> Expr:
    """What a number is: the expression of sizes that it carries, or itself as an exact number."""
    if type(number) in (Size, SizedFloat):
        return number.sizes.resolved(number.expr)
    if isinstance(number, np.generic):
        number = number.item()
    if isinstance(number, float) and np.isinf(number):
        return S.Infinity if number > 0 else S.NegativeInfinity
    if isinstance(number, float):
        short = float(f"{number:.12g}")  # 0.9 * 0.8 is 0.72 in all but the last bits
        number = short if abs(short - number) <= 4 * np.spacing(abs(number)) else number
    return as_number(number)


def _operator(name: str, swapped: bool) -> Callable[[Any, Any], Any]:
    """The operator of sized numbers: the number is computed, the expression goes along."""
    function = getattr(operator, name)

    def method(self: Sized, other: Any) -> Any:
        if type(other) not in (int, float, bool, Size, SizedFloat) and not issubclass(type(other), np.generic):
            return NotImplemented
        a, b = (other, self) if swapped else (self, other)
        value = function(_plain(a), _plain(b))
        if type(value) not in (int, float):
            return value
        try:
            return sized(value, function(expr_of(a), expr_of(b)), self.sizes)
        except LanguageError:
            return value

    return method


for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _kind in (Size, SizedFloat):
        setattr(_kind, f"__{_name}__", _operator(_name, swapped=False))
        setattr(_kind, f"__r{_name}__", _operator(_name, swapped=True))


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    """A comparison, or an operator whose result is a plain number."""
    function = getattr(operator, name)

    def method(self: Size, other: Any) -> Any:
        known = type(other) in (int, float, bool, Size, SizedFloat) or issubclass(type(other), np.generic)
        return function(self.value, _plain(other)) if known else NotImplemented

    return method


for _name in ("lt", "le", "gt", "ge", "eq", "ne", "mod"):
    setattr(Size, f"__{_name}__", _comparison(_name))
for _name in ("mod", "floordiv"):
    setattr(Size, f"__r{_name}__", lambda self, other, _name=_name: getattr(operator, _name)(other, self.value))
