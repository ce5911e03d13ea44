"""Values that a derivation names and the network does not: eta = X w of a loss of exp(X w). They take the person's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from symbackprop.notation.claims.words import latex_of

TRIED = 40  # values of the shape of a person's that are held against it
PLACES = 12  # where they are: at few of them a sign may be 1 by chance


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


def called_otherwise(truth: Truth, written: Mapping[str, tuple[Program | str, Bindings]]) -> dict[str, str]:
    r"""What a derivation calls values that the network names, \hat y = z_2: each such name, as LaTeX, with the value.

    written   the names by which the derivation differentiates, with what they were given as.
    """
    found: dict[str, str] = {}
    for name, (program, bindings) in written.items() if not has_loops(truth.program) else ():
        if not isinstance(program, str) and (own := _equal_to(truth, program, bindings)) is not None:
            found[latex_of(name)] = own
    return found


def is_in_network(truth: Truth, program: Program) -> bool:
    """Whether a program over the network is one of its values, named or not."""
    tensors = truth.program.tensors
    if not all(tensor.name in tensors for tensor in program.inputs):
        return False
    return _equal_to(truth, program, (), [name for name, tensor in tensors.items() if tensor.kind == "value"]) is not None


def _equal_to(truth: Truth, program: Program, bindings: Bindings, among: Sequence[str] | None = None) -> str | None:
    """The value that a program is, among some, or those that the network names; None where it is none."""
    shape, tensors = program.shape(CLAIM), truth.program.tensors
    values = among or [n for n in truth.named if tensors[n].kind == "value"]
    alike = [n for n in values if equal_shapes(tensors[n].shape, shape)]
    try:
        places = truth.places.first(PLACES) if alike else ()
        wanted = [value(truth, program, bindings, place, place.values, FLOATS) for place in places]
    except PointError:
        return None
    tried = [n for n in alike if all(n in place.values for place in places)] if wanted else []
    return next((n for n in tried if all(_equal(place.values[n], one) for place, one in zip(places, wanted, strict=True))), None)


def _named(network: Network, truth: Truth, name: str, program: Program, bindings: Bindings) -> Network | None:
    places = truth.places.first(PLACES)
    shape = program.shape(CLAIM)
    try:
        wanted = [value(truth, program, bindings, place, place.values, FLOATS) for place in places]
    except PointError:
        return None
    outputs, declared = deepcopy((dict(network.outputs), network.declared))  # a name stays with its tensor
    numbered = [(k, t) for k, t in enumerate(ordered(outputs.values())) if t.name is None and equal_shapes(t.shape, shape)]
    tried = {f"{name}_{k}": tensor.named(f"{name}_{k}") for k, tensor in numbered[:TRIED]}
    everything = trace({**tried, **outputs}, declared, network.gates)
    found = [walk(everything, place.point, place.sizes) for place in places]
    for sign in (1.0, -1.0):
        alike = [
            k
            for k, _ in numbered[:TRIED]
            if all(_equal(sign * there[f"{name}_{k}"], one) for there, one in zip(found, wanted, strict=True))
        ]
        if alike:
            return _with_value(network, name, alike, is_negated=sign < 0)
    return None


def _with_value(network: Network, name: str, alike: Sequence[int], is_negated: bool) -> Network:
    """The network in which what reads one of some equal tensors reads a value of that name, or what it is with the other sign."""
    outputs, declared = deepcopy((dict(network.outputs), network.declared))
    tensors = ordered(outputs.values())
    same, kept = [tensors[k] for k in alike], {id(tensors[k]) for k in alike}
    own = (-same[0] if is_negated else same[0]).named(name)
    read = -own if is_negated else own
    for tensor in tensors:
        if id(tensor) not in kept:
            tensor.operands = tuple((read if id(one) in kept else one, index) for one, index in tensor.operands)
    program = trace({name: own, **outputs}, declared, network.gates)
    return replace(network, program=program, outputs=Outputs({name: own, **outputs}), declared=declared)


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(largest_of(a - b) <= AGREES * (largest_of(a) or 1.0))
