"""Functions as their author wrote them: of numbers by latexify, of arrays by what they were read as, with our own printer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.network import Network
from symbackprop.display.equations import equations
from symbackprop.formulas.tree import Node
from symbackprop.notation.networks import with_gates
from symbackprop.notation.python_function import read_values
from symbackprop.notation.written import as_written


def of_function(function: Callable[..., Any], given: Mapping[str, str | float] | None) -> tuple[Node, ...]:
    """The formulas of a function; () where no formula shows it.

    given   of its arguments, the declarations or the numbers; None: they are neither arrays nor numbers.
    """
    found = as_written(function)
    if found or given is None:
        return found
    try:
        return of_network(read_values(function, given))
    except SymbackpropError:  # it is more than straight-line equations over arrays
        return ()


def of_network(network: Network) -> tuple[Node, ...]:
    """The formulas of a network that a function was read as; () for any other network."""
    if network.origin != "function":
        return ()
    found = as_written(network.function) if network.function is not None else ()
    return found or equations(with_gates(network, "whole").program)
