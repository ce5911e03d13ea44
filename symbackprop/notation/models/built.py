"""Arrays and tensors of a model, put together to a network with its example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.network import Network
from symbackprop.core.program import Signature, shape_text, size
from symbackprop.language import operations as ops
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import LanguageError, Tensor, as_number, number_of
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.names import fresh
from symbackprop.notation.networks import made
from symbackprop.notation.trace.run import DOMAINS


@dataclass(frozen=True)
class Model:
    """A model that was read.

    network  its network, with the arrays of the model and the given data as its example.
    value    the loss that the model itself computes, with other arrays by the names of the network.
    exact    whether the model computes in float64.
    fixed    inputs that stay as they are: constants of the model, and whole numbers.
    """

    network: Network
    value: Callable[[Mapping[str, ndarray]], float]
    exact: bool = True
    fixed: frozenset[str] = frozenset()


class Inputs:
    """The inputs of a network under construction, each with its array in the example.

    below    what the entries of arrays of whole numbers stay below, by name; None while nothing is known of that.
    tensors  the inputs by name; `arrays` the example; `paths` what the model calls them.
    """

    def __init__(self, below: Mapping[str, Expr] | None = None) -> None:
        self.below = below
        self.tensors: dict[str, Tensor] = {}
        self.arrays: dict[str, ndarray] = {}
        self.paths: dict[str, str] = {}

    def parameter(self, name: str, array: ndarray, path: str = "", shape: Sequence[Any] | None = None) -> Tensor:
        """An array that is learnt; `path` is what the model calls it, `shape` its sizes where they are other than numbers."""
        return self._input(name, array, shape, path, "parameter")

    def data(
        self, name: str, array: ndarray, shape: Sequence[Any] | None = None, path: str = "", domain: str | None = None
    ) -> Tensor:
        """An array that is given; whole numbers are positions where something reads them so.

        shape   its sizes, numbers or expressions of `size(...)`; None: those of the array.
        domain  what its entries are, such as "positive"; None: what they are in the example.
        """
        if array.dtype.kind in "iu" and (self.below is None or name in self.below):
            bound = _bound(name) if self.below is None else self.below[name]
            return self._input(name, array, shape, path, "integers", bound=bound)
        entries = set(np.unique(array).tolist())
        flags = "binary" if array.dtype.kind == "b" else None
        domain = domain or flags or next((d for values, d in DOMAINS if entries == values), None)
        return self._input(name, array, shape, path, "data", domain=domain)

    def awaited(
        self, name: str, shape: Sequence[Any], whole: bool = False, bound: Expr | None = None, domain: str | None = None
    ) -> Tensor:
        """Data that is given later, so that the example lacks it: whole numbers where `whole` or `bound` says so."""
        sizes = tuple(map(as_number, shape))
        if whole and bound is None and (self.below is None or name in self.below):
            bound = _bound(name) if self.below is None else self.below[name]
        about: dict[str, Any] = {"domain": domain} if bound is None else {"bound": bound}
        self.tensors[name] = Tensor(sizes, signature=Signature(name, sizes, "data" if bound is None else "integers", **about))
        return self.tensors[name]

    def drop(self, names: Iterable[str]) -> None:
        """Forget inputs that nothing reads, such as means that a model only keeps."""
        for name in names:
            del self.tensors[name], self.arrays[name]
            self.paths.pop(name, None)

    def _input(self, name: str, array: ndarray, shape: Sequence[Any] | None, path: str, kind: str, **about: Any) -> Tensor:
        if not array.size or array.dtype.kind not in "biuf":
            fault = f"{path or name} is an array {array.shape} of {array.dtype}, which holds no real numbers."
            raise NotationError(fault, "Give arrays of floats or whole numbers, none of them empty.")
        sizes = tuple(map(as_number, array.shape if shape is None else shape))
        self.arrays[name] = array if about.get("bound") is not None else array.astype(float)
        self.paths |= {name: path} if path else {}
        self.tensors[name] = Tensor(sizes, signature=Signature(name, sizes, kind, **about))
        return self.tensors[name]


def built(reading: Callable[[Inputs], Tensor], loss: str = "L", notes: Sequence[str] = (), **about: Any) -> Network:
    """The network of the loss that `reading` makes of inputs.

    It is called twice where there are whole numbers: only what reads them tells what they stay below.
    loss   what the loss is called where `reading` did not name it.
    about  further fields of the network: name, title, origin.

    Raises NotationError where the language refuses what is read, or the loss is no number that depends on an input.
    """
    try:
        inputs = Inputs()
        found = reading(inputs)
        if any(t.signature is not None and t.signature.kind == "integers" for t in inputs.tensors.values()):
            inputs = Inputs(_known(inputs, found))
            found = reading(inputs)
    except LanguageError as fault:
        raise NotationError(str(fault)) from None
    if found.shape and all(extent == 1 for extent in found.shape):
        found = ops.reshape(found, ())
    if found.shape:
        fault = f"what the model returns is {shape_text(found.shape)}, which is no loss."
        raise NotationError(fault, 'Say which loss of it is meant, such as loss="mse_loss", and give its targets.')
    if found.is_input or number_of(found) is not None:
        raise NotationError("what the model returns depends on no input.", "")
    needed = ordered([found])
    taken = {
        *inputs.tensors,
        *(t.name for t in needed if t.name),
        *(str(s) for t in needed for n in t.shape for s in n.free_symbols),
    }
    name = found.name or fresh(loss, taken)
    network = made({name: found}, inputs.tensors.values(), name, "whole", remarks=tuple(notes), **about)
    return replace(network, example=inputs.arrays, paths=inputs.paths)


def _bound(name: str) -> Expr:
    """A size that stands for what the entries of an array stay below, while nothing is known of that."""
    return size(f"bound of {name}")


def _known(inputs: Inputs, loss: Tensor) -> dict[str, Expr]:
    """What the arrays of whole numbers stay below: the sizes of the axes that they are positions of, the smallest of several."""
    conditions = [condition for tensor in ordered([loss]) for condition in tensor.conditions]
    known: dict[str, Expr] = {}
    for name in inputs.tensors:
        bound = _bound(name)
        rooms = [sp.expand(condition + bound) for condition in conditions if condition.has(bound)]
        if rooms:
            known[name] = min(rooms, key=lambda extent: (not extent.is_Integer, extent if extent.is_Integer else str(extent)))
    return known
