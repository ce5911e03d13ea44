"""Small random networks, written with the operators of the language, for property tests."""

from collections.abc import Callable, Sequence

import sympy as sp
from hypothesis import strategies as st

from symbackprop.core.network import Network
from symbackprop.core.program import Program, Signature, size
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply, contract, matmul, reduce, total, where

N, M = size("n"), size("m")
SHAPES = [(), (N,), (M,), (N, M), (M, N), (M, M), (N, 1), (sp.Integer(1), M)]
Way = Callable[[], Tensor]
TWO, THREE, SIX = map(sp.Integer, (2, 3, 6))
SQUARE = [(), (M,), (M, M), (TWO,), (TWO, TWO), (THREE, TWO), (TWO, SIX), (M, TWO), (M, M, M), (THREE, THREE)]
SMOOTH = ["sigmoid", "tanh", "sin", "softplus", "exp", "erf", "arctan"]
KINKED = ["relu", "abs"]


def declare(name: str, shape: tuple = (), kind: str = "parameter", **columns) -> Tensor:
    """An input, its shape in size names, sizes or numbers."""
    sizes = tuple(size(n) if isinstance(n, str) else sp.sympify(n) for n in shape)
    return Tensor(sizes, signature=Signature(name, sizes, kind, **columns))


def network(loss: Tensor, **named: Tensor) -> Network:
    """The network of a loss, which is called L, and of further named values."""
    return Network(trace({**named, "L": loss}), "L")


def _fit(a: tuple[sp.Expr, ...], b: tuple[sp.Expr, ...]) -> bool:
    return all(p == q or 1 in (p, q) for p, q in zip(reversed(a), reversed(b), strict=False))


def _multiply(a: Tensor, b: Tensor) -> bool:
    """Whether `a @ b` is a product: the inner sizes are one, and the axes before the last two fit."""
    meet = a.ndim and b.ndim and a.shape[-1] == b.shape[-2 if b.ndim > 1 else 0]
    return bool(meet) and _fit(a.shape[:-2], b.shape[:-2])


def _bounded(x: Tensor) -> Tensor:
    return apply("tanh", x)


def of_repeated_sizes(draw: st.DrawFn, x: Tensor, pool: Sequence[Tensor]) -> list[Way]:
    """What meets an axis of the same size by chance: divisions by sizes, means, traces, diagonals, outer products, norms."""
    known = x.shape or (TWO,)
    below = st.sampled_from([*known, *(n**2 for n in known), sp.sqrt(known[0]), sp.Mul(*x.shape), TWO, SIX])
    ways: list[Way] = [
        lambda: x / draw(below),
        lambda: total(x, mean=draw(st.booleans())) / draw(below),
        lambda: total(x**2) / draw(below),
    ]
    if x.ndim == 1:
        others = [t for t in pool if t.ndim == 1]
        ways += [
            lambda: contract("i,j->ij", x, draw(st.sampled_from(others))),
            lambda: contract("i,j->", x, _bounded(x)) / draw(below),
        ]
    if x.ndim == 2 and x.shape[0] == x.shape[1]:
        ways += [
            lambda: contract("ii->", x),
            lambda: contract("ii->i", x),
            lambda: x * x.T,
            lambda: matmul(x, x.T),
            lambda: x + x[:, 0],
        ]
    if x.ndim == 2:
        ways += [lambda: x - total(x, 1, keepdims=True, mean=True), lambda: x / draw(below) - total(x, 0, mean=True)]
    return ways


def _nothing(_draw: st.DrawFn, _x: Tensor, _pool: Sequence[Tensor]) -> list[Way]:
    return []


@st.composite
def programs(
    draw: st.DrawFn,
    kinks: bool = True,
    steps: int = 6,
    sizes: Sequence[tuple[sp.Expr, ...]] = SHAPES,
    further: Callable[[st.DrawFn, Tensor, Sequence[Tensor]], list[Way]] = _nothing,
) -> Program:
    """A scalar loss of a few parameters through a few random operations; every value stays of the order of one.

    sizes    the shapes of the parameters.
    further  ways on from a value, beside those of all.
    """
    shapes = draw(st.lists(st.sampled_from(sizes), min_size=2, max_size=4))
    pool = [declare(f"w{k}", shape) for k, shape in enumerate(shapes)]
    for _ in range(draw(st.integers(1, steps))):
        x = draw(st.sampled_from(pool))
        y = draw(st.sampled_from([t for t in pool if _fit(x.shape, t.shape)]))
        inner = [t for t in pool if _multiply(x, t)]
        axis = draw(st.integers(0, x.ndim - 1)) if x.ndim else None
        ways = [
            lambda x=x: apply(draw(st.sampled_from(SMOOTH + KINKED * kinks)), _bounded(x)),
            lambda x=x, y=y: x * _bounded(y),
            lambda x=x, y=y: x - 3 * y,
            lambda x=x, y=y: x / (1 + y**2),
            lambda x=x: (1 + x**2) ** sp.Rational(1, 2),
            lambda x=x: apply("log", 2 + _bounded(x)),
            lambda x=x, axis=axis: total(x, axis, keepdims=draw(st.booleans()), mean=draw(st.booleans())),
            lambda x=x, axis=axis: reduce("logsumexp", x, axis, keepdims=draw(st.booleans())),
        ]
        ways += further(draw, x, pool)
        if inner:
            ways.append(lambda x=x, inner=inner: matmul(x, draw(st.sampled_from(inner))))
        if x.ndim == 2:
            ways += [lambda x=x: x.T, lambda x=x: x[:, 0], lambda x=x: x[::-1, None]]
        if x.ndim and x.shape[0] in (N, M):
            ways += [lambda x=x: x[1:], lambda x=x: x[:-1] * x[1:], lambda x=x: x[::2]]
        if kinks:
            ways += [lambda x=x, y=y: where(x > y, x * y, y), lambda x=x, axis=axis: reduce("max", x, axis)]
        value = draw(st.sampled_from(ways))()
        if value.ndim < 4:
            pool.append(value)
    loss = sum((total(_bounded(t) ** 2 + _bounded(t)) for t in pool[-3:]), start=declare("b"))
    return trace({"L": loss})
