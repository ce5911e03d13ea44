"""A program in JAX: its equations over whole frames of letters, so that JAX's own derivatives judge the chain rule."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, assert_never

import jax
import jax.numpy as jnp
import sympy as sp
from jax import lax
from jax.scipy.special import erf, logsumexp

from symbackprop.core.functions import TableFunction
from symbackprop.core.program import Equation, Matrix, Program, Reduce, Ref, Sum, letter_sizes, position
from symbackprop.evaluate.extents import extent
from tests.jax_words.activations import ACTIVATIONS
from tests.jax_words.traced import run

REDUCTIONS: dict[str, Callable[..., Any]] = {"max": jnp.max, "min": jnp.min, "prod": jnp.prod, "logsumexp": logsumexp}
MATRICES: dict[str, Callable[[Any], Any]] = {
    "inverse": jnp.linalg.inv,
    "det": jnp.linalg.det,
    "logdet": lambda x: jnp.log(jnp.linalg.det(x)),
}
WORDS: dict[str, Any] = {**ACTIVATIONS, "Where": jnp.where, "erf": erf, "Abs": jnp.abs, "asin": jnp.arcsin, "acos": jnp.arccos,
                         "atan": jnp.arctan, "asinh": jnp.arcsinh, "acosh": jnp.arccosh, "atanh": jnp.arctanh}  # fmt: skip


def values(program: Program, point: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Every tensor of the program at a point, as arrays of JAX."""
    found = {name: jnp.asarray(array) for name, array in point.items()}
    for tensor in program.inputs:
        if tensor.name not in found:
            found[tensor.name] = jnp.full([extent(n, sizes) for n in tensor.shape], float(tensor.value))  # type: ignore[arg-type]
    for equation in program.equations:
        found[equation.target.name] = _equation(program, equation, found, sizes)
    return found


def _equation(program: Program, equation: Equation, found: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    extents = {c: extent(n, sizes) for c, n in letter_sizes(program, equation).items()}
    target, op = equation.target.index, equation.op
    match op:
        case Sum():
            letters = (*target, *(c for c, _ in op.over))
            body = _body(op, equation, found, letters, extents, sizes)
            return jnp.sum(body, axis=tuple(range(len(target), len(letters)))) if op.over else body
        case Reduce():
            letters = (*target, *(c for c, _ in op.over))
            whole = jnp.broadcast_to(_spread(found, equation.operands[0], letters), [extents[c] for c in letters])
            return REDUCTIONS[op.kind](whole, axis=tuple(range(len(target), len(letters))))
        case Matrix():
            return MATRICES[op.kind](found[equation.operands[0].name])
        case _:
            assert_never(op)


def _body(op: Sum, equation: Equation, found: Mapping[str, Any], letters: tuple[str, ...], extents: Any, sizes: Any) -> Any:
    arguments: dict[sp.Symbol, Any] = {s: _spread(found, ref, letters) for s, ref in zip(op.slots, equation.operands, strict=True)}
    for k, letter in enumerate(letters):
        arguments[position(letter)] = jnp.arange(extents[letter]).reshape([-1 if k == j else 1 for j in range(len(letters))])
    body: Any = op.body
    for symbol in body.free_symbols - arguments.keys():
        arguments[symbol] = sizes[str(symbol)]
    return jnp.broadcast_to(_compiled(body, tuple(arguments))(*arguments.values()), [extents[c] for c in letters])


@cache  # random programs have few bodies, again and again
def _compiled(body: Any, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """A body as a function of JAX's arrays, in the order of its symbols."""
    names = sp.numbered_symbols("argument")
    plain = {symbol: next(names) for symbol in symbols}
    return sp.lambdify(list(plain.values()), _spelled(body).xreplace(plain), modules=[WORDS, jnp], cse=False)


def _spelled(body: Any) -> Any:
    """The body with the functions of the table as functions of a name alone, which JAX's words have."""
    return body.replace(lambda e: isinstance(e, TableFunction), lambda e: sp.Function(type(e).__name__)(*e.args))


def _spread(found: Mapping[str, Any], ref: Ref, letters: tuple[str, ...]) -> Any:
    """A tensor with an axis for each letter, of size 1 where it does not have it."""
    used = tuple(c for c in letters if c in ref.index)
    array = found[ref.name]
    if sorted(used) == sorted(ref.index):  # a primitive of JAX is traced much faster than einsum
        array = array if used == ref.index else lax.transpose(array, [ref.index.index(c) for c in used])
    else:
        codes = {c: k for k, c in enumerate(dict.fromkeys(ref.index))}
        array = jnp.einsum(array, [codes[c] for c in ref.index], [codes[c] for c in used])
    return array if used == letters else lax.expand_dims(array, [k for k, c in enumerate(letters) if c not in used])


def value_and_derivatives(
    program: Program, of: str, point: Mapping[str, Any], sizes: Mapping[str, int], wrt: tuple[str, ...], order: int = 1
) -> tuple[Any, Any]:
    """A scalar and its derivatives by each input of `wrt`; of order 2, again by each."""

    def forward(chosen: Mapping[str, Any], others: Mapping[str, Any]) -> Any:
        value = values(program, {**others, **chosen}, sizes)[of]
        return value, value

    derive = jax.grad(forward, has_aux=True)
    for _ in range(order - 1):
        derive = jax.jacrev(derive, has_aux=True)
    chosen = {name: jnp.asarray(point[name]) for name in wrt}
    others = {name: jnp.asarray(array) for name, array in point.items() if name not in chosen}
    derivatives, value = run(derive, chosen, others)
    return value, derivatives
