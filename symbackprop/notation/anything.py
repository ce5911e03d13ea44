"""The network that a person gave, whatever it was: a text, a path, tensors, an expression of SymPy, a function, a network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from symbackprop.core.machine.garbage import without_collections
from symbackprop.core.network import Network
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.networks import from_tensors
from symbackprop.notation.python_function import read_function
from symbackprop.notation.sources import read


@without_collections()
def network_of(net: Any, loss: str | None, gates: str, let: Iterable[str]) -> Network:
    """The network that `net` stands for; the arguments and what is raised are those of `symbackprop.read`."""
    match net:
        case Network():
            return net if loss is None else replace(net, loss=_value_of(net, loss))
        case str() | os.PathLike():
            return read(net, loss, gates, let)
        case Tensor() | Mapping():
            return from_tensors(net, loss, gates)
        case sp.Basic() | sp.MatrixBase():
            from symbackprop.notation.sympy.input import from_sympy

            return from_sympy(net, gates=gates)
        case _ if callable(net):
            return read_function(net, loss, gates)
    if isinstance(getattr(net, "network", None), Network):
        raise NotationError(f"{shortened(type(net).__name__)} is no network.", "Give the one that it has: .network.")
    raise NotationError(
        f"{shortened(type(net).__name__)} is no network.",
        "Give a text, a path, a tensor, a SymPy expression, or a function decorated with @sb.network.",
    )  # fmt: skip


def _value_of(network: Network, name: str) -> str:
    known = network.aliases.get(name, name)
    if known not in network.program.tensors:
        raise NotationError(f"there is no {name} to be the loss.", f"The values are: {', '.join(network.program.equation_of())}.")
    return known
