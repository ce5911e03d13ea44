"""Values that a derivation names and the network does not: eta = X w of a loss of exp(X w). They take the person's name."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace

import numpy as np

from symbackprop.core.loops import has_loops
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.judge.weighing.reading import CLAIM, equal_shapes
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import AGREES, Bindings, value
from symbackprop.language.lower.nodes import Outputs, ordered
from symbackprop.language.lower.tracing import trace

TRIED = 40  # values of the shape of a person's that are held against it


def with_own_values(truth: Truth, written: Mapping[str, tuple[Program | str, Bindings]]) -> Network | None:
    """The network in which values that nobody named have the names of a derivation; None where it has none of these values.

    written   the names by which the derivation differentiates, with what they were given as.
    """
    network = truth.network
    if has_loops(truth.program):
        return None
    for name, (program, bindings) in written.items():
        found = None if isinstance(program, str) else _named(network, truth, name, program, bindings)
        if found is None:
            return None
        network = found
    return network if written else None


def _named(network: Network, truth: Truth, name: str, program: Program, bindings: Bindings) -> Network | None:
    places = truth.places.first(2)
    try:
        wanted = [value(truth, program, bindings, place, place.values, FLOATS) for place in places]
    except PointError:
        return None
    tried = [k for k, tensor in enumerate(ordered(network.outputs.values())) if tensor.name is None]
    shape = program.shape(CLAIM)
    for k in tried[:TRIED]:
        outputs, declared = deepcopy((dict(network.outputs), network.declared))  # a name stays with its tensor
        tensor = ordered(outputs.values())[k]
        if not equal_shapes(tensor.shape, shape):
            continue
        tensor.named(name)
        own = trace({name: tensor, **outputs}, declared, network.gates)
        if all(_equal(walk(own, place.point, place.sizes)[name], one) for place, one in zip(places, wanted, strict=True)):
            return replace(network, program=own, outputs=Outputs({name: tensor, **outputs}), declared=declared)
    return None


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(largest_of(a - b) <= AGREES * (largest_of(a) or 1.0))
