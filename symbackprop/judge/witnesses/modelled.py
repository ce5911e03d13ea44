"""A network against the model that it was read from: equal at the model's own numbers, and at points beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy import ndarray

from symbackprop.core.network import Network
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.points import PointError, generator
from symbackprop.evaluate.sizes import sizes_of
from symbackprop.evaluate.steady import value
from symbackprop.judge.witnesses import symmetric
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.built import Model

ROUNDING, SINGLE = 1e-9, 1e-4  # relative: of float64, and of models that compute in float32
INFINITE = (
    "Give data where it is finite: a row of a softmax that is masked as a whole, log 0 and 0 / 0 are not; "
    "let each row keep an entry, or mask by a large number, -1e9."
)
STEP = 0.01  # how far beside the example, relative to the largest entry


def held(model: Model) -> Network:
    """The network of a model. Raises NotationError where it is not the model."""
    network, rounding = model.network, ROUNDING if model.exact else SINGLE
    _require_inside(network)
    own = model.value(network.example)
    if not np.isfinite(own):
        raise NotationError(f"the loss of the model is {own} at the given data.", INFINITE)
    _require_close("at", own, _loss(network, network.example), rounding)
    even: list[str] = []
    for arrays in _beside(network, model.fixed):
        try:
            own = model.value(arrays)
        except NotationError:  # the model does not take that point
            continue
        if not np.isfinite(own) or _close(own, here := _loss(network, arrays), rounding):
            continue
        even = symmetric.symmetric(network.example, [t.name for t in network.program.inputs if t.kind == "parameter"])
        arrays = symmetric.evened(arrays, even)
        if not even or not _close(model.value(arrays), _loss(network, arrays), rounding):
            _require_close("beside", own, here, rounding)
    return replace(network, notes=(*network.notes, *symmetric.said(even))) if even else network


def _require_inside(network: Network) -> None:
    """Raise NotationError where a position of the example is none: a model may count it from the end, or move it."""
    at = sizes_of(network.program, network.example)
    for one in network.program.inputs:
        array = network.example.get(one.name)
        if one.kind != "integers" or one.bound is None or array is None or not array.size:
            continue
        end = extent(one.bound, at)
        if array.min() < 0:
            raise NotationError(
                f"{one.name} holds {array.min()}: positions are counted from 0 on.",
                f"Give {one.name} % {end}, which does so from the end.",
            )
        if array.max() >= end:
            raise NotationError(f"{one.name} holds {array.max()}: its positions go to {end - 1}.", "Give positions that are there.")


def _require_close(where: str, own: float, here: float, rounding: float) -> None:
    if not _close(own, here, rounding):
        raise NotationError(f"{where} the given data the loss that was read is {here:.12g}, the model computes {own:.12g}.")


def _close(own: float, here: float, rounding: float) -> bool:
    return abs(own - here) <= rounding * max(1.0, abs(own), abs(here))


def _beside(network: Network, fixed: frozenset[str]) -> Iterator[Mapping[str, ndarray]]:
    """Points beside the example: what is learnt and data of floats that have no domain are moved, then what is learnt alone."""
    rng = generator(0)
    learnt = [t.name for t in network.program.inputs if t.kind == "parameter"]
    free = [t.name for t in network.program.inputs if t.kind == "data" and t.domain is None and t.name not in fixed]
    for moved in ([*learnt, *free], learnt):
        point = dict(network.example)
        for name in moved:
            scale = float(np.abs(point[name]).max()) or 1.0
            point[name] = point[name] + STEP * scale * rng.uniform(-1, 1, point[name].shape)
        yield point


def _loss(network: Network, arrays: Mapping[str, ndarray]) -> float:
    try:
        return float(value(network.program, network.loss, arrays))
    except PointError as fault:
        raise NotationError(f"the given data: {fault}", "") from None
