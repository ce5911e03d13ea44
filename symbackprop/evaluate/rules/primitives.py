"""What the tape is made of: array operations, each with its vector-Jacobian products written by hand.

A `Value` is an array and how it came about. For y = f(x_1, ..., x_n), `pulls[k]` takes dL/dy to the part of dL/dx_k.
Nothing here reads a formula or a slope of the tables: their agreement with the chain rule means something.
Functions accept complex arrays, so that a derivative can be taken by a complex step; comparisons look at the real part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.bodies.contraction import Axes, contraction
from symbackprop.evaluate.bodies.windows import Windows
from symbackprop.evaluate.branches import Branches, Held
from symbackprop.evaluate.points import Jitter
from symbackprop.evaluate.rules import primary, special
from symbackprop.evaluate.rules.implicit import PARTS
from symbackprop.evaluate.rules.powers import raised

Pull = Callable[[ndarray], ndarray]


@dataclass(eq=False, slots=True)
class Value:
    """An array on the tape.

    data     the array.
    kind     the operation that made it.
    parents  what it was made from.
    pulls    one vector-Jacobian product for each parent.
    needs    whether a derivative is to reach it.
    exact    whether it is made of numbers, positions and integers alone.
    """

    data: ndarray
    kind: str = "input"
    parents: tuple[Value, ...] = ()
    pulls: tuple[Pull, ...] = ()
    needs: bool = False
    exact: bool = True


class Tape:
    """The values in the order in which they were made.

    jitter   random factors by which the result of every operation that rounds is moved in its last digits, so that runs differ by
             what rounding can do to them (Monte Carlo arithmetic, Parker 1997).
    branches  where the choices are noted or compared, if anybody asks.
    held      where the values that no derivative passes are noted or taken from, if anything moves.
    """

    def __init__(self, jitter: Jitter | None = None, branches: Branches | None = None, held: Held | None = None) -> None:
        self.values: list[Value] = []
        self.jitter, self.branches, self.held = jitter, branches, held

    def choose(self, choice: ndarray) -> None:
        """Tell which way a choice goes."""
        if self.branches is not None:
            self.branches.take(choice)

    def record(self, kind: str, data: ndarray, parents: Sequence[Value], pulls: Sequence[Pull]) -> Value:
        exact, needs = True, False
        for p in parents:
            exact, needs = exact and p.exact, needs or p.needs
        if self.jitter is not None and not exact and kind in ROUNDING:
            data = data * self.jitter(np.shape(data))
        value = Value(np.asarray(data), kind, tuple(parents), tuple(pulls) if needs else (), needs, exact)
        self.values.append(value)
        return value

    def pull(self, of: Value, seed: ndarray, wanted: Sequence[Value]) -> list[ndarray]:
        """seed * d of / d w for each w that is wanted: one walk from the end of the tape to its start."""
        slopes = {id(of): seed}
        found: dict[int, ndarray] = {}
        targets = {id(w) for w in wanted}
        for value in reversed(self.values):
            slope = slopes.pop(id(value), None)
            if slope is None:
                continue
            if id(value) in targets:
                found[id(value)] = slope
            for parent, pull in zip(value.parents, value.pulls, strict=False):  # no pulls where nothing is needed
                if parent.needs:
                    part = fold(np.asarray(pull(slope)), parent.data.shape)
                    slopes[id(parent)] = slopes[id(parent)] + part if id(parent) in slopes else part
        found |= slopes
        return [np.broadcast_to(found.get(id(w), np.float64(0)), w.data.shape) for w in wanted]


def fold(slope: ndarray, shape: tuple[int, ...]) -> ndarray:
    """The slope of an array that was broadcast: summed over the axes along which it was repeated."""
    if slope.shape == shape:
        return slope
    if slope.ndim < len(shape):
        return np.broadcast_to(slope, shape)
    slope = slope.sum(axis=tuple(range(slope.ndim - len(shape))))
    axes = tuple(a for a, n in enumerate(shape) if n == 1 and slope.shape[a] != 1)
    return np.broadcast_to(slope.sum(axis=axes, keepdims=True) if axes else slope, shape)


def times(slope: ndarray, local: ndarray) -> ndarray:
    """slope * local, and 0 where no slope comes: a branch that is not taken may have no derivative."""
    return np.where(slope == 0, 0, slope * local)


# name -> (y = f(x), dy/dx in x and y)
FUNCTIONS: dict[str, tuple[Callable[[ndarray], ndarray], Callable[[ndarray, ndarray], ndarray]]] = {
    "exp": (np.exp, lambda x, y: y),
    "log": (np.log, lambda x, y: 1 / x),
    "expm1": (np.expm1, lambda x, y: np.exp(x)),
    "log1p": (np.log1p, lambda x, y: 1 / (1 + x)),
    "erf": (special.erf, lambda x, y: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
    "erfinv": (special.erfinv, lambda x, y: math.sqrt(math.pi) / 2 * np.exp(y * y)),
    "loggamma": (special.loggamma, lambda x, y: special.polygamma(0, x)),
    "Ei": (special.ei, lambda x, y: np.exp(x) / x),
    "dawson": (special.dawson, lambda x, y: 1 - 2 * x * y),
    "scaled_erfc": (special.scaled_erfc, lambda x, y: 2 * x * y - 2 / math.sqrt(math.pi)),
    "LambertW": (special.lambertw, lambda x, y: np.exp(-y) / (1 + y)),
    "sin": (np.sin, lambda x, y: np.cos(x)),
    "cos": (np.cos, lambda x, y: -np.sin(x)),
    "tan": (np.tan, lambda x, y: 1 / np.cos(x) ** 2),
    "asin": (np.arcsin, lambda x, y: 1 / np.sqrt((1 - x) * (1 + x))),
    "acos": (np.arccos, lambda x, y: -1 / np.sqrt((1 - x) * (1 + x))),
    "atan": (np.arctan, lambda x, y: 1 / (1 + x * x)),
    "sinh": (np.sinh, lambda x, y: np.cosh(x)),
    "cosh": (np.cosh, lambda x, y: np.sinh(x)),
    "tanh": (np.tanh, lambda x, y: 1 / np.cosh(x) ** 2),
    "asinh": (np.arcsinh, lambda x, y: 1 / np.sqrt(x * x + 1)),
    "acosh": (np.arccosh, lambda x, y: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))),
    "atanh": (np.arctanh, lambda x, y: 1 / ((1 - x) * (1 + x))),
    "floor": (lambda x: np.floor(np.real(x)), lambda x, y: np.zeros(x.shape)),
    "ceiling": (lambda x: np.ceil(np.real(x)), lambda x, y: np.zeros(x.shape)),
    "rint": (lambda x: np.rint(np.real(x)), lambda x, y: np.zeros(x.shape)),
    "Abs": (lambda x: np.where(np.real(x) < 0, -x, x), lambda x, y: np.sign(np.real(x))),
    "sign": (lambda x: np.sign(np.real(x)), lambda x, y: np.zeros(x.shape)),
}

# name -> (y = f(a, b), dy/da and dy/db in a and b; None: no derivative comes there)
PAIRS: dict[str, tuple[Callable[..., ndarray], tuple[Callable[..., ndarray] | None, Callable[..., ndarray]]]] = {
    "atan2": (special.atan2, (lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b))),
    "polygamma": (special.polygamma, (None, lambda n, x: special.polygamma(n + 1, x))),
    "besselj": (special.besselj, (None, lambda n, x: (special.besselj(n - 1, x) - special.besselj(n + 1, x)) / 2)),
    "besseli": (special.besseli, (None, lambda n, x: (special.besseli(n - 1, x) + special.besseli(n + 1, x)) / 2)),
    "besselk": (special.besselk, (None, lambda n, x: -(special.besselk(n - 1, x) + special.besselk(n + 1, x)) / 2)),
    "expint": (special.expint, (None, lambda n, x: -special.expint(n - 1, x))),
}


# the operations whose result is rounded
ROUNDING = {
    *FUNCTIONS, *PAIRS, "add", "multiply", "power", "contract", "logsumexp", "prod", "inverse", "pinv", "det", "logdet", *PARTS,
    *primary.VALUES,
}  # fmt: skip
JUMPS = {"floor", "ceiling", "rint", "Abs", "sign"}  # the functions with kinks or jumps, none of which rounds
ROUNDING -= JUMPS


def function(tape: Tape, name: str, x: Value) -> Value:
    """y = f(x), entry by entry."""
    f, slope = FUNCTIONS[name]
    y = np.asarray(f(x.data))
    if name in JUMPS:
        tape.choose(np.sign(np.real(x.data)) if name == "Abs" else y)
    return tape.record(name, y, [x], [lambda g: times(g, slope(x.data, y))])


def pair(tape: Tape, name: str, a: Value, b: Value) -> Value:
    """y = f(a, b), entry by entry."""
    f, slopes = PAIRS[name]
    pulls: list[Pull] = [lambda g, d=d: times(g, d(a.data, b.data)) if d is not None else np.zeros(()) for d in slopes]
    return tape.record(name, np.asarray(f(a.data, b.data)), [a, b], pulls)


def add(tape: Tape, terms: Sequence[Value]) -> Value:
    """y = x_1 + ... + x_n."""
    total = terms[0].data
    for term in terms[1:]:
        total = total + term.data
    return tape.record("add", total, terms, [lambda g: g] * len(terms))


def multiply(tape: Tape, factors: Sequence[Value]) -> Value:
    """y = x_1 ... x_n; the slope of each factor is the product of the others."""

    def product(skip: int | None = None) -> ndarray:
        result = np.float64(1)
        for k, factor in enumerate(factors):
            if k != skip:
                result = result * factor.data
        return np.asarray(result)

    pulls = [lambda g, k=k: times(g, product(k)) for k in range(len(factors))]
    return tape.record("multiply", product(), factors, pulls)


def power(tape: Tape, base: Value, exponent: Value) -> Value:
    """y = a ** b; dy/da = b a**(b - 1), dy/db = y log a."""
    a, b = base.data, exponent.data
    known = float(b) if not exponent.needs and b.ndim == 0 and not np.iscomplexobj(b) else None
    y = a**b if known is None else raised(a, known)

    def to_base(g: ndarray) -> ndarray:
        if known is None:
            return times(g, b * a ** (b - 1.0))
        if known < 0:  # by y first: a ** (b - 1) leaves the range of floats long before y does
            return times(times(g, y), known / a)
        return times(g, known * raised(a, known - 1))

    return tape.record("power", y, [base, exponent], [to_base, lambda g: times(g, y * np.log(a))])


def select(tape: Tape, mask: ndarray, a: Value, b: Value) -> Value:
    """y = a where the mask holds, otherwise b."""
    tape.choose(mask)
    pulls = [lambda g: np.where(mask, g, 0), lambda g: np.where(mask, 0, g)]
    return tape.record("where", np.where(mask, a.data, b.data), [a, b], pulls)


def arrange(order: Sequence[int | None]) -> Callable[[Tape, Value], Value]:
    """y = x with its axes in the order given; None is a new axis of size 1."""
    axes = tuple(a for a in order if a is not None)
    new = tuple(k for k, a in enumerate(order) if a is None)
    back = tuple(sorted(range(len(axes)), key=lambda k: axes[k]))
    moved, at = axes != tuple(range(len(axes))), tuple(None if a is None else slice(None) for a in order)

    def arranged(tape: Tape, x: Value) -> Value:
        y = x.data.transpose(axes) if moved else x.data
        return tape.record("arrange", y[at] if new else y, [x], [lambda g: g.squeeze(new).transpose(back)])

    return arranged if moved or new else lambda tape, x: x


def repeat(tape: Tape, x: Value, shape: tuple[int, ...]) -> Value:
    """y = x repeated along its axes of size 1."""
    if x.data.shape == shape:
        return x
    return tape.record("repeat", np.broadcast_to(x.data, shape), [x], [lambda g: g])


def diagonal(tape: Tape, x: Value, a: int, b: int) -> Value:
    """y = the entries of x at which the axes a and b agree; the axis stands last."""

    def back(g: ndarray) -> ndarray:
        full = np.zeros(x.data.shape, g.dtype)
        view = np.moveaxis(full, (a, b), (-2, -1))
        places = np.arange(x.data.shape[a])
        view[..., places, places] = g
        return full

    return tape.record("diagonal", np.diagonal(x.data, axis1=a, axis2=b), [x], [back])


def take(tape: Tape, x: Value, index: ndarray, shared: int) -> Value:
    """y[s, e, ...] = x[s, index[s, e], ...] with `shared` axes s; an index may name an entry again."""
    lead, count, rest = x.data.shape[:shared], x.data.shape[shared], x.data.shape[shared + 1 :]
    rows = math.prod(lead)
    offsets = np.arange(rows).reshape(lead + (1,) * (index.ndim - shared)) * count
    flat = (index + offsets).ravel()
    y = x.data.reshape(rows * count, -1)[flat].reshape(index.shape + rest)

    def back(g: ndarray) -> ndarray:
        order = np.argsort(flat, kind="stable")
        places = flat[order]
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        full = np.zeros((rows * count, math.prod(rest)), g.dtype)
        full[places[starts]] = np.add.reduceat(g.reshape(len(flat), -1)[order], starts, axis=0)
        return full.reshape(x.data.shape)

    return tape.record("take", y, [x], [back])


def part(tape: Tape, x: Value, axis: int, k: int) -> Value:
    """y = x at the position k of an axis."""
    at = (slice(None),) * axis + (k,)

    def back(g: ndarray) -> ndarray:
        full = np.zeros(x.data.shape, g.dtype)
        full[at] = g
        return full

    return tape.record("part", x.data[at], [x], [back])


def stack(tape: Tape, parts: Sequence[Value], axis: int) -> Value:
    """y = the parts, of one shape, along a new axis."""
    at = [(slice(None),) * axis + (k,) for k in range(len(parts))]
    return tape.record("stack", np.stack([x.data for x in parts], axis), parts, [lambda g, a=a: g[a] for a in at])


def windows(tape: Tape, x: Value, seen: Windows) -> Value:
    """y[a, b, ..., e] = x[start + steps . (a, b, ...), e]; the slope of an entry is the sum over the windows that hold it."""
    return tape.record("take", seen.read(x.data), [x], [lambda g: seen.added(g, len(x.data))])


def contract(tape: Tape, factors: Sequence[tuple[Value, Axes]], result: Axes) -> Value:
    """y = the product of the factors, summed over the numbered axes that the result lacks, as np.einsum means it."""

    def back(k: int) -> Pull:
        value, axes = factors[k]

        def pull(g: ndarray) -> ndarray:
            others = [(v.data, a) for j, (v, a) in enumerate(factors) if j != k]
            known = set(result).union(*[a for _, a in others])
            partial = contraction([(g, result), *others], tuple(a for a in axes if a in known))
            missing = tuple(p for p, a in enumerate(axes) if a not in known)
            return np.broadcast_to(np.expand_dims(partial, missing), value.data.shape)

        return pull

    y = contraction([(v.data, a) for v, a in factors], result)
    return tape.record("contract", y, [v for v, _ in factors], [back(k) for k in range(len(factors))])


def extremum(tape: Tape, kind: str, x: Value, axes: Axes) -> Value:
    """y = max | min of x along the axes; entries that tie share the slope equally."""
    best = (np.max if kind == "max" else np.min)(np.real(x.data), axis=axes, keepdims=True)
    winners = np.real(x.data) == best
    tape.choose(winners)
    share = winners / np.maximum(winners.sum(axis=axes, keepdims=True), 1)
    y = (np.where(winners, x.data, 0) * share).sum(axis=axes) if np.iscomplexobj(x.data) else best.squeeze(axes)
    return tape.record(kind, y, [x], [lambda g: np.expand_dims(g, axes) * share])


def logsumexp(tape: Tape, x: Value, axes: Axes) -> Value:
    """y = log of the sum of exp(x) along the axes, shifted by the largest entry."""
    shift = np.max(np.real(x.data), axis=axes, keepdims=True)
    parts = np.exp(x.data - shift)
    total = parts.sum(axis=axes, keepdims=True)
    y = (np.log(total) + shift).squeeze(axes)
    return tape.record("logsumexp", y, [x], [lambda g: np.expand_dims(g, axes) * (parts / total)])


def prod(tape: Tape, x: Value, axes: Axes) -> Value:
    """y = the product of x along the axes; the slope of an entry is the product before it times the product after it."""
    ends = tuple(range(-len(axes), 0))
    turned = np.moveaxis(x.data, axes, ends)
    flat = turned.reshape(*turned.shape[: -len(axes)], -1)
    one = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([one, flat[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    others = np.moveaxis((before * after).reshape(turned.shape), ends, axes)
    return tape.record("prod", np.prod(x.data, axis=axes), [x], [lambda g: times(np.expand_dims(g, axes), others)])


# The witness's own rules, one for each row of the tables of `core.functions`, from which they read nothing
REDUCTIONS: dict[str, Callable[[Tape, Value, Axes], Value]] = {
    "max": lambda tape, x, axes: extremum(tape, "max", x, axes),
    "min": lambda tape, x, axes: extremum(tape, "min", x, axes),
    "logsumexp": logsumexp,
    "prod": prod,
}
