"""What JAX traced, run by NumPy: JAX derives, and nothing is compiled, which takes most of the time of small programs."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from scipy.special import erf, expit

REDUCTIONS: dict[str, Any] = {"reduce_sum": np.sum, "reduce_max": np.max, "reduce_min": np.min, "reduce_prod": np.prod}
ELEMENTS: dict[str, Callable[..., Any]] = {
    "mul": np.multiply, "add": np.add, "add_any": np.add, "sub": np.subtract, "div": np.divide, "neg": np.negative, "sign": np.sign,
    "abs": np.abs, "max": np.maximum, "min": np.minimum, "square": np.square, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
    "log1p": np.log1p, "expm1": np.expm1, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh, "atan": np.arctan,
    "logistic": expit, "erf": erf, "is_finite": np.isfinite, "eq": np.equal, "ne": np.not_equal, "gt": np.greater, "lt": np.less,
    "ge": np.greater_equal, "le": np.less_equal, "and": np.bitwise_and, "or": np.bitwise_or, "not": np.invert,
    "stop_gradient": np.asarray, "copy": np.asarray, "pow": np.power, "sinh": np.sinh, "cosh": np.cosh, "floor": np.floor,
}  # fmt: skip
SHAPED: dict[str, Callable[..., Any]] = {
    "reshape": lambda p, x: np.reshape(x if p["dimensions"] is None else np.transpose(x, p["dimensions"]), p["new_sizes"]),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
    "squeeze": lambda p, x: np.squeeze(x, p["dimensions"]),
    "split": lambda p, x: np.split(x, np.cumsum(p["sizes"])[:-1], p["axis"]),
    "convert_element_type": lambda p, x: np.asarray(x, p["new_dtype"]),
    "integer_pow": lambda p, x: np.power(x, float(p["y"])),
    "select_n": lambda p, which, *cases: np.choose(np.broadcast_to(which, np.shape(cases[0])).astype(int), cases),
    "dot_general": lambda p, a, b: _product(p, a, b),
    "slice": lambda p, x: x[tuple(map(slice, p["start_indices"], p["limit_indices"], p["strides"] or (None,) * np.ndim(x)))],
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
    "pad": lambda p, x, filling: _padded(x, filling, p["padding_config"]),
    "iota": lambda p: np.broadcast_to(
        _placed(np.arange(p["shape"][p["dimension"]]), len(p["shape"]), (p["dimension"],)), p["shape"]
    ),
    "broadcast_in_dim": lambda p, x: np.broadcast_to(_placed(x, len(p["shape"]), p["broadcast_dimensions"]), p["shape"]),
}


def _product(params: dict[str, Any], a: Any, b: Any) -> Any:
    """A product summed over pairs of axes, one matrix for each of the places that both have."""
    (summed_a, summed_b), (both_a, both_b) = params["dimension_numbers"]
    letters_a, free = list(range(np.ndim(a))), np.ndim(a)
    pairs = dict(zip((*summed_b, *both_b), (*summed_a, *both_a), strict=True))
    letters_b = [pairs.get(k, free + k) for k in range(np.ndim(b))]
    rest = [k for k in letters_a if k not in (*summed_a, *both_a)]
    return np.einsum(a, letters_a, b, letters_b, [*both_a, *rest, *(k for k in letters_b if k >= free)])


def _padded(x: Any, filling: Any, around: Sequence[tuple[int, int, int]]) -> Any:
    """An array with so many entries before, behind and between its own along each axis; what is less than none is cut off."""
    lengths = [n + max(n - 1, 0) * between for n, (_, _, between) in zip(np.shape(x), around, strict=True)]
    whole = np.full([max(low, 0) + n + max(high, 0) for n, (low, high, _) in zip(lengths, around, strict=True)], filling)
    starts = [max(low, 0) for low, _, _ in around]
    whole[tuple(slice(s, s + n, a[2] + 1) for s, n, a in zip(starts, lengths, around, strict=True))] = x
    return whole[tuple(slice(max(-low, 0), n - max(-high, 0)) for n, (low, high, _) in zip(whole.shape, around, strict=True))]


def _placed(x: Any, ndim: int, axes: Sequence[int]) -> Any:
    """An array with its axes at the given places among `ndim`, of size 1 at the others."""
    sizes = dict(zip(axes, np.shape(x), strict=True))
    return np.reshape(x, [sizes.get(k, 1) for k in range(ndim)])


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    """`function(*arguments)`, traced by JAX as a whole and run by NumPy, an operation that is not in the tables by JAX."""
    traced, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    found = _run(traced.jaxpr, traced.consts, jax.tree.leaves(arguments))
    return jax.tree.unflatten(jax.tree.structure(shapes), found)


def _run(jaxpr: Jaxpr, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    values: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *arguments), strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for step in jaxpr.eqns:
        results = _step(step.primitive, step.params, [read(atom) for atom in step.invars])
        for atom, result in zip(step.outvars, results, strict=True):
            # NumPy has types of its own for what numbers of two types give
            values[atom] = np.asarray(result, atom.aval.dtype) if isinstance(result, np.ndarray | np.generic) else result
    return [read(atom) for atom in jaxpr.outvars]


def _step(primitive: Any, params: dict[str, Any], operands: list[Any]) -> Sequence[Any]:
    name = primitive.name
    if name in ELEMENTS:
        return [ELEMENTS[name](*operands)]
    if name in SHAPED:
        found = SHAPED[name](params, *operands)
        return found if primitive.multiple_results else [found]
    if name in REDUCTIONS:
        return [REDUCTIONS[name](operands[0], axis=params["axes"])]
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    if name in ("jit", "pjit", "custom_jvp_call", "custom_vjp_call") and isinstance(inner, ClosedJaxpr):
        return _run(inner.jaxpr, inner.consts, operands)
    results = primitive.bind(*map(jax.numpy.asarray, operands), **params)
    return results if primitive.multiple_results else [results]
