"""Points to test at: random arrays of the right kinds, where the network is defined; and a person's own arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import INFINITE
from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.core.program import Program, Signature
from symbackprop.evaluate.arrays import ArrayError, as_numbers, outside
from symbackprop.evaluate.extents import Sizes, extent, shape_of
from symbackprop.evaluate.matrices import of_kind
from symbackprop.evaluate.sizes import sizes_of

EPS = float(np.finfo(float).eps)
COARSE = 2**10  # times a last digit: what moves little by as much is steady, by no chance
_LAST_DIGITS = (1 - EPS) + (2 * EPS) * np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8)  # by the bits of a byte

Jitter = Callable[[tuple[int, ...]], ndarray]  # factors for an array of a shape, all of them nearly 1


class PointError(SymbackpropError):
    """A point at which a program cannot be evaluated; the message names the tensor or the equation, and the mend."""


def generator(seed: int, *further: int) -> np.random.Generator:
    """The random numbers of a seed. Raises PointError where it is no whole number from 0 on."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise PointError(f"seed={shown(seed)}: give a whole number from 0 on")
    return np.random.default_rng([seed, *further] if further else seed)


def point(program: Program, at: Sizes, seed: int = 0) -> dict[str, ndarray]:
    """A random point, generic within each input's kind and domain; labels are one-hot for every other seed.

    at   the sizes by name.
    returns an array for each input, of its shape.
    """
    rng = generator(seed, 7)
    return {tensor.name: _draw(tensor, shape_of(tensor, at), at, rng, seed) for tensor in program.inputs}


def _draw(tensor: Signature, shape: tuple[int, ...], at: Sizes, rng: np.random.Generator, seed: int) -> ndarray:
    if tensor.kind == "constant":
        return np.full(shape, float(tensor.value))  # type: ignore[arg-type]
    if tensor.kind == "integers":
        return rng.integers(0, 1 if tensor.bound is None else extent(tensor.bound, at), shape)
    if tensor.kind == "labels":
        return _labels(shape, rng, one_hot=seed % 2 == 1 or tensor.domain == "binary")
    if tensor.domain == "positive":
        return np.exp(0.5 * rng.standard_normal(shape))
    if tensor.domain == "unit":
        return rng.uniform(0.1, 0.9, shape)
    if tensor.domain == "binary":
        return rng.integers(0, 2, shape).astype(float)
    if tensor.domain == "sign":
        return 2.0 * rng.integers(0, 2, shape) - 1
    scale = np.sqrt(max(shape[-2:])) if tensor.kind == "parameter" and len(shape) > 1 else 1.0
    return of_kind(tensor.domain, rng.standard_normal(shape) / scale)


def _labels(shape: tuple[int, ...], rng: np.random.Generator, one_hot: bool) -> ndarray:
    if not shape:
        return np.ones(())
    if one_hot:
        return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    parts = rng.uniform(0.2, 1, shape)
    return parts / parts.sum(axis=-1, keepdims=True)


def own_point(
    program: Program, arrays: Mapping[str, object], given: Mapping[str, int] | None = None
) -> tuple[dict[str, int], dict[str, ndarray]]:
    """A person's own point: its sizes, and its arrays as arrays of numbers.

    Raises SizeError or ArrayError for an array that is missing, unknown, misshapen, no numbers, not finite, or outside its kind or
    domain.
    """
    known = {t.name: t for t in program.inputs}
    for name in arrays:
        if name not in known:
            raise ArrayError(f"{name} is no input of this network; its inputs are {', '.join(known)}")
    found = {name: as_numbers(name, array).astype(float) for name, array in arrays.items()}
    at = sizes_of(program, found, given)
    for name, array in found.items():
        if known[name].kind == "data" and known[name].domain is None:  # masks hold -inf, which exp and max take as the same
            array = found[name] = np.where(array == -np.inf, -INFINITE, array)
        fault = outside(known[name], array, at)
        if fault:
            raise ArrayError(f"{name} {fault}")
        if known[name].kind == "integers":
            found[name] = array.astype(int)
    return at, found


def last_digit(rng: np.random.Generator) -> Jitter:
    """Ones moved by their last digit, up or down: 1 + eps or 1 - eps, as the bits of random bytes say."""

    def moved(shape: tuple[int, ...]) -> ndarray:
        count = math.prod(shape)
        octets = np.frombuffer(rng.bytes(-(-count // 8)), np.uint8)
        return _LAST_DIGITS[octets].reshape(-1)[:count].reshape(shape)

    return moved


def last_digits(rng: np.random.Generator) -> Jitter:
    """Ones moved by anything up to `COARSE` last digits."""
    return lambda shape: 1 + COARSE * EPS * rng.uniform(-1, 1, shape)
