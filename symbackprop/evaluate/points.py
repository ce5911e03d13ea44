"""Points to test at: sizes that tell axes apart, random arrays of the right kinds, and a person's own arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr, Symbol

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program, Signature, shape_text, size

ATTEMPTS = 4000


class PointError(SymbackpropError):
    """A point at which a program cannot be evaluated; the message names the tensor or the equation, and the mend."""


@lru_cache(maxsize=65536)
def _number(expression: Expr, sizes: tuple[tuple[str, int], ...]) -> sp.Basic:
    return expression.xreplace({size(name): sp.Integer(n) for name, n in sizes})


def extent(expression: Expr, sizes: Mapping[str, int]) -> int:
    """The whole number that a size expression is at concrete sizes.

    Raises PointError where it is none.
    """
    if expression.is_Integer:
        return int(expression)
    if expression.is_Symbol and expression.name in sizes:  # type: ignore[attr-defined]
        return sizes[expression.name]  # type: ignore[attr-defined]
    own = tuple(sorted((s.name, sizes[s.name]) for s in expression.free_symbols if s.name in sizes))  # type: ignore[attr-defined]
    number = _number(expression, own)
    if not number.is_Integer:
        at = ", ".join(f"{name} = {n}" for name, n in own)
        raise PointError(f"the size {expression} is no whole number" + (f" at {at}" if at else ": give its sizes"))
    return int(number)  # type: ignore[arg-type]


def generator(seed: int, *further: int) -> np.random.Generator:
    """The random numbers of a seed. Raises PointError where it is no whole number from 0 on."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise PointError(f"seed={seed!r}: give a whole number from 0 on")
    return np.random.default_rng([seed, *further] if further else seed)


def sizes(program: Program, given: Mapping[str, int] | None = None, seed: int = 0) -> dict[str, int]:
    """Small sizes for the free size symbols: distinct where that can be, so that a transposition shows.

    given   sizes that are settled.
    Raises PointError where `given` names no size of the program, or no sizes meet the program's conditions.
    """
    settled = {str(name): n for name, n in (given or {}).items()}
    symbols = {str(s) for s in program.sizes()} | {str(s) for c in program.conditions for s in c.free_symbols}
    _check_given(settled, symbols)
    free = sorted(symbols - set(settled))
    rng = generator(seed)
    demands = _demands(program)
    for attempt in range(ATTEMPTS if free else 1):
        first = 2 if attempt < ATTEMPTS // 2 else 1
        pool = [n for n in range(first, first + min(len(free), 12) + 3 + attempt // 20) if n not in settled.values()]
        drawn = rng.permutation(pool) if attempt % 4 < 3 else rng.choice(pool, len(pool))
        found = settled | {name: int(drawn[k % len(drawn)]) for k, name in enumerate(free)}
        if all(_holds(demand, least, found) for demand, least in demands):
            return found
    unmet = ", ".join(f"{demand} >= {least}" for demand, least in demands if not _sure(demand, least))
    if settled:
        unmet += " with " + ", ".join(f"{name} = {n}" for name, n in settled.items())
    example = ", ".join(f"{name!r}: 8" for name in free)
    raise PointError(f"no sizes meet {unmet}; give the sizes yourself, such as sizes={{{example}}}")


def _check_given(given: Mapping[str, int], symbols: set[str]) -> None:
    for name, n in given.items():
        if name not in symbols:
            known = ", ".join(sorted(symbols)) or "all numbers"
            raise PointError(f"{name} is no size of this network; its sizes are {known}")
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise PointError(f"the size {name} must be a whole number from 1 on, not {n}")


def _demands(program: Program) -> list[tuple[Expr, int]]:
    """Expressions with the least value that each must have."""
    demands = dict.fromkeys((c, 0) for c in program.conditions)
    for tensor in program.tensors.values():
        demands |= dict.fromkeys((n, 1) for n in tensor.shape if not n.is_Symbol)
        if tensor.bound is not None:
            demands[tensor.bound, 1] = None
    return list(demands)


def _sure(demand: Expr, least: int) -> bool:
    return bool((demand - least).is_nonnegative)


def _holds(demand: Expr, least: int, at: Mapping[str, int]) -> bool:
    try:
        return extent(demand, at) >= least
    except PointError:
        return False


def point(program: Program, at: Mapping[str, int], seed: int = 0) -> dict[str, ndarray]:
    """A random point, generic within each input's kind and domain; labels are one-hot for every other seed.

    at   the sizes by name.
    returns an array for each input, of its shape.
    """
    rng = generator(seed, 7)
    return {tensor.name: _draw(tensor, shape_of(tensor, at), at, rng, seed) for tensor in program.inputs}


def shape_of(tensor: Signature, at: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of a tensor at concrete sizes."""
    return tuple(extent(n, at) for n in tensor.shape)


def _draw(tensor: Signature, shape: tuple[int, ...], at: Mapping[str, int], rng: np.random.Generator, seed: int) -> ndarray:
    if tensor.kind == "constant":
        return np.full(shape, float(tensor.value))  # type: ignore[arg-type]
    if tensor.kind == "integers":
        return rng.integers(0, 1 if tensor.bound is None else extent(tensor.bound, at), shape)
    if tensor.kind == "labels":
        return _labels(shape, rng, one_hot=seed % 2 == 1)
    if tensor.domain == "positive":
        return np.exp(0.5 * rng.standard_normal(shape))
    if tensor.domain == "unit":
        return rng.uniform(0.1, 0.9, shape)
    if tensor.domain == "binary":
        return rng.integers(0, 2, shape).astype(float)
    if tensor.domain == "sign":
        return 2.0 * rng.integers(0, 2, shape) - 1
    scale = np.sqrt(max(shape[-2:])) if tensor.kind == "parameter" and len(shape) > 1 else 1.0
    return rng.standard_normal(shape) / scale


def _labels(shape: tuple[int, ...], rng: np.random.Generator, one_hot: bool) -> ndarray:
    if not shape:
        return np.ones(())
    if one_hot:
        return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    parts = rng.uniform(0.2, 1, shape)
    return parts / parts.sum(axis=-1, keepdims=True)


def sizes_of(program: Program, arrays: Mapping[str, ndarray], given: Mapping[str, int] | None = None) -> dict[str, int]:
    """The sizes that arrays have, together with the given ones.

    Raises PointError where an array is missing, has another number of axes, or two disagree on a size.
    """
    found = {str(name): int(n) for name, n in (given or {}).items()}
    origin = dict.fromkeys(found, "the sizes given")
    for tensor in program.inputs:
        if tensor.name not in arrays:
            if tensor.kind == "constant":
                continue
            raise PointError(f"{tensor.name} is missing: give an array of shape {shape_text(tensor.shape)}")
        array = np.asarray(arrays[tensor.name])
        if array.ndim != tensor.rank:
            raise PointError(f"{tensor.name} has shape {array.shape}, but it is declared as {shape_text(tensor.shape)}")
        for symbol, n in zip(tensor.shape, array.shape, strict=True):
            if isinstance(symbol, Symbol) and found.setdefault(symbol.name, n) != n:
                raise PointError(
                    f"{tensor.name} has shape {array.shape}, so {symbol} = {n}, "
                    f"but {symbol} = {found[symbol.name]} by {origin[symbol.name]}"
                )
            if isinstance(symbol, Symbol):
                origin.setdefault(symbol.name, tensor.name)
    return found


def _shape(shape: Sequence[Expr], at: Mapping[str, int]) -> str:
    """A shape by its sizes and in numbers: (h, d) = (3, 4)."""
    names = shape_text(shape)
    return f"{names} = {tuple(extent(n, at) for n in shape)}" if any(n.free_symbols for n in shape) else names


def own_point(
    program: Program, arrays: Mapping[str, object], given: Mapping[str, int] | None = None
) -> tuple[dict[str, int], dict[str, ndarray]]:
    """A person's own point: its sizes, and its arrays as arrays of numbers.

    Raises PointError for an array that is missing, unknown, misshapen, not finite, or outside its kind or domain.
    """
    known = {t.name: t for t in program.inputs}
    for name in arrays:
        if name not in known:
            raise PointError(f"{name} is no input of this network; its inputs are {', '.join(known)}")
    found: dict[str, ndarray] = {}
    for name, array in arrays.items():
        try:
            found[name] = np.asarray(array, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise PointError(f"{name} is no array of real numbers") from None
    at = sizes_of(program, found, given)
    _check_given(at, {s.name for s in program.sizes()} | set(at))
    for symbol in program.sizes():
        if symbol.name not in at:
            raise PointError(f"the arrays do not tell the size {symbol}; give it, such as sizes={{{symbol.name!r}: 8}}")
    for condition in program.conditions:
        if not _holds(condition, 0, at):
            found_sizes = ", ".join(f"{n} = {v}" for n, v in at.items())
            raise PointError(f"the network needs {condition} >= 0, but {found_sizes}")
    for name, array in found.items():
        tensor = known[name]
        if array.shape != shape_of(tensor, at):
            raise PointError(f"{name} has shape {array.shape}, but it must be {_shape(tensor.shape, at)}")
        fault = outside(tensor, array, at)
        if fault:
            raise PointError(f"{name} {fault}")
        if tensor.kind == "integers":
            found[name] = array.astype(int)
    return at, found


def outside(tensor: Signature, array: ndarray, at: Mapping[str, int]) -> str | None:
    """What is wrong with the entries of an array, or None."""
    bad = ~np.isfinite(array)
    if bad.any():
        kind = "NaN" if np.isnan(array).any() else "an infinite number"
        where = f" at {tuple(map(int, np.argwhere(bad)[0]))}" if array.ndim else ""
        return f"holds {kind}{where}; mend the data"
    if tensor.kind == "integers":
        if (array != np.rint(array)).any():
            return "must hold whole numbers"
        if array.size and (array.min() < 0 or (tensor.bound is not None and array.max() >= extent(tensor.bound, at))):
            return f"must hold whole numbers from 0 to {tensor.bound} - 1; it holds {array.min():g} to {array.max():g}"
    if tensor.kind == "labels" and array.ndim and not np.allclose(array.sum(axis=-1), 1, atol=1e-6):
        return "is declared as labels: it must sum to one along its last axis; declare it as data if it need not"
    inside = {
        "positive": (array > 0, "positive numbers"),
        "unit": ((array >= 0) & (array <= 1), "numbers from 0 to 1"),
        "binary": (np.isin(array, (0, 1)), "zeros and ones"),
        "sign": (np.isin(array, (-1, 1)), "numbers -1 and 1"),
    }
    if tensor.domain in inside and not inside[tensor.domain][0].all():
        return f"must hold {inside[tensor.domain][1]} as declared"
    return None


def summary(array: ndarray, digits: int = 3, entries: int = 6) -> str:
    """An array in a few characters: all entries where they are few, otherwise its mean and its largest modulus."""
    array = np.asarray(array)
    if array.ndim == 0:
        return f"{float(array):.{digits}g}"
    if array.size <= entries:
        text = np.array2string(array, formatter={"all": lambda x: f"{x:.{digits}g}"}, separator=" ")
        return text.replace("\n", "")
    mean, largest = array.mean(), abs(array).max()
    mean = 0 if abs(mean) < 1e-12 * largest else mean  # what is left of terms that cancel
    return f"mean {mean:.{digits}g}, |max| {largest:.{digits}g}"
