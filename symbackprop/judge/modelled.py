"""A network against the model that it was read from: equal at the model's own numbers, and at points beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy import ndarray

from symbackprop.core.network import Network
from symbackprop.evaluate.points import PointError, generator
from symbackprop.evaluate.tape import forward
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.built import Model

ROUNDING, SINGLE = 1e-9, 1e-4  # relative: of float64, and of models that compute in float32
POINTS, STEP = 2, 0.01  # beside the example, and how far from it, relative to the largest entry


def held(model: Model) -> Network:
    """The network of a model. Raises NotationError where it is not the model."""
    network, rounding = model.network, ROUNDING if model.exact else SINGLE
    for arrays in (network.example, *_beside(network)):
        own, here = model.value(arrays), _loss(network, arrays)
        if arrays is network.example and not np.isfinite(own):
            raise NotationError(f"the loss of the model is {own} at the given data.", "Give data where it is finite.")
        if np.isfinite(own) and not abs(own - here) <= rounding * max(1.0, abs(own), abs(here)):
            where = "at the given data" if arrays is network.example else "beside the given data"
            raise NotationError(f"{where} the loss that was read is {here:.12g}, the model computes {own:.12g}.", "")
    return network


def _beside(network: Network) -> Iterator[Mapping[str, ndarray]]:
    """Points beside the example: what is learnt is moved, and data of floats that have no domain."""
    rng = generator(0)
    moved = [t.name for t in network.program.inputs if t.kind == "parameter" or (t.kind == "data" and t.domain is None)]
    for _ in range(POINTS):
        point = dict(network.example)
        for name in moved:
            scale = float(np.abs(point[name]).max()) or 1.0
            point[name] = point[name] + STEP * scale * rng.uniform(-1, 1, point[name].shape)
        yield point


def _loss(network: Network, arrays: Mapping[str, ndarray]) -> float:
    try:
        return float(forward(network.program, arrays)[network.loss])
    except PointError as fault:
        raise NotationError(f"the given data: {fault}", "") from None
