"""A traced network against the function that it was traced from: equal at the example, and at a point beside it.

The second point tells what the first cannot: a value that left the trace as a plain number stays what it was in the example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy import ndarray

from symbackprop.core.network import Network
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError, generator
from symbackprop.evaluate.steady import value
from symbackprop.judge.witnesses import symmetric
from symbackprop.judge.witnesses.models import Names, by_jax
from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace import OfJax, Tracing

ROUNDING, SINGLE = 1e-9, 1e-4  # relative: of float64, and of functions that compute in float32
STEPS = (0.01, 1e-4)  # how far the second point lies from the example, relative to the entries


def held(tracing: Tracing, wrt: Names, sizes: Names) -> Network:
    """The network of a function under tracing, equal to it; `wrt` and `sizes` as they were given, where JAX must write it down."""
    try:
        found = tracing.network()
    except OfJax:
        return by_jax(tracing.subject, wrt, sizes)
    try:
        even = require_equal(found, tracing)
    except NotationError:
        if not tracing.masks:
            raise
        found = tracing.as_in_the_example()
        even = require_equal(found, tracing)
    return replace(found, notes=(*found.notes, *symmetric.said(even))) if even else found


def require_equal(network: Network, tracing: Tracing) -> list[str]:
    """The arrays that must stay symmetric for the network to be the function. Raises NotationError where it is not."""
    try:
        here = float(value(network.program, network.loss, network.example))
    except PointError as fault:
        raise NotationError(f"the example: {fault}", "") from None
    own = tracing.subject.value(tracing.example)
    if not np.isfinite(own):
        raise NotationError(f"the loss of the example is {own}.", "Give an example where it is finite.")
    if not _close(here, own, tracing):
        raise NotationError(f"the traced loss is {here:.12g} where the function returns {own:.12g}.{_why(tracing)}")
    for moved in _moved(network, tracing):
        try:
            own = tracing.subject.value(tracing.example | moved)
        except NotationError:  # the function does not take that point
            continue
        there = _loss(network, {**network.example, **{n: a for n, a in moved.items() if n in network.example}})
        if np.isfinite(own) and np.isfinite(there):
            if not _close(there, own, tracing):
                even = symmetric.symmetric(tracing.example, moved)
                if even and _equal_where(symmetric.evened(moved, even), network, tracing):
                    return even
                raise NotationError(
                    f"beside the example the traced loss is {there:.12g}, the function returns {own:.12g}: "
                    f"values of the example stayed as plain numbers.{_why(tracing)}"
                )
            return []
    return []


def _equal_where(moved: dict[str, ndarray], network: Network, tracing: Tracing) -> bool:
    """Whether the network is the function at a point."""
    try:
        own = tracing.subject.value(tracing.example | moved)
    except NotationError:
        return False
    there = _loss(network, {**network.example, **{n: a for n, a in moved.items() if n in network.example}})
    return bool(np.isfinite(own) and np.isfinite(there)) and _close(there, own, tracing)


def _moved(network: Network, tracing: Tracing) -> Iterator[dict[str, ndarray]]:
    """Points beside the example: every array of floats moved, then only those that the loss is differentiated by."""
    floats = {n: a for n, a in tracing.example.items() if a.dtype.kind == "f" and n not in tracing.frozen}
    rng = generator(0)
    for step in STEPS[1:] if tracing.follow else STEPS:  # a large step may take another branch
        for names in (list(floats), [n for n in floats if n in tracing.wrt]):
            yield {n: _beside(floats[n], step, rng) for n in names}


def _beside(array: ndarray, step: float, rng: np.random.Generator) -> ndarray:
    scale = largest_of(array) or 1.0
    return (array + step * scale * rng.uniform(-1, 1, array.shape)).astype(array.dtype)


def _loss(network: Network, arrays: Mapping[str, ndarray]) -> float:
    try:
        return float(value(network.program, network.loss, arrays))
    except PointError:
        return float("nan")


def _close(a: float, b: float, tracing: Tracing) -> bool:
    single = tracing.single or any(array.dtype in (np.float32, np.float16) for array in tracing.example.values())
    return bool(abs(a - b) <= (SINGLE if single else ROUNDING) * max(1.0, abs(a), abs(b)))


def _why(tracing: Tracing) -> str:
    return f" At {tracing.leaks[-1]} one was made; write NumPy's functions there." if tracing.leaks else ""
