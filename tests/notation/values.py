"""The values of a network at numbers, as the tests of the ways in need them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from symbackprop import verbs
from symbackprop.core.network import Network
from symbackprop.evaluate.tape import forward


def value(thing: Any, point: Mapping[str, Any], at: Mapping[str, int] | None = None, of: str | None = None) -> np.ndarray:
    """The loss (or the value called `of`) of a network."""
    network = thing if isinstance(thing, Network) else verbs.read(thing)
    arrays = {name: np.asarray(array) for name, array in point.items()}
    known = {str(s) for s in network.program.sizes()}
    found = forward(network.program, arrays, {name: number for name, number in (at or {}).items() if name in known})
    return np.asarray(found[of or network.loss])


def point(network: Network) -> dict[str, np.ndarray]:
    """A point of a network that is in the domains of its inputs, of sizes that differ."""
    rng = np.random.default_rng(0)
    sizes = {s: k for k, s in enumerate(network.program.sizes(), 2)}
    found = {}
    for t in network.program.inputs:
        if t.kind == "constant":
            continue
        drawn = rng.uniform(0.2, 0.8, tuple(int(n.subs(sizes)) for n in t.shape))
        drawn = drawn / drawn.sum(-1, keepdims=True) if t.kind == "labels" else drawn
        drawn = np.round(drawn) if t.domain == "binary" else np.sign(drawn - 0.5) if t.domain == "sign" else drawn
        drawn = drawn @ drawn.T + np.eye(len(drawn)) if t.domain == "spd" else drawn + drawn.T if t.domain == "symmetric" else drawn
        found[t.name] = rng.integers(0, int(t.bound.subs(sizes)), drawn.shape) if t.bound is not None else drawn
    return found
