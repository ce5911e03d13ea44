"""A network whose layers have widths of their own, read with one width and at given ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.core.network import Network
from symbackprop.notation.errors import NotationError

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

TRIED = 3  # steps at which the shapes are held against each other


def with_widths(network: Network, reader: Reader) -> Network:
    """The network with what is known of its widths. Raises NotationError where they do not fit from step to step."""
    if reader.numbers is not None or not reader.steps.widths.names:
        return network
    assert network.written_out is not None
    network.written_out(numbers=dict.fromkeys(reader.steps.bounds, TRIED))
    return replace(network, widths=dict(reader.steps.widths.last))


def at_widths(network: Network, widths: Mapping[str, Sequence[int]]) -> Network:
    """The network at these widths, {"h": [4, 5, 3]}: every step is written out, with arrays of its own, W_1, W_2.

    Raises NotationError where the network has no such widths, or there are as many as no number of steps asks for.
    """
    numbers: dict[str, int | Sequence[int]] = {}
    for name, several in widths.items():
        last = network.widths.get(name)
        if last is None:
            near = nearest(name, network.widths)
            known = f"Did you mean {near}?" if near else "Declare W[l]: parameter[h[l], h[l-1]] for widths h that differ."
            raise NotationError(f"{name} is no size of each layer.", known)
        if not several or not all(type(one) is int and one > 0 for one in several):
            raise NotationError(
                f"{name} = {list(several)}: widths are whole numbers from 1.", f'Write widths={{"{name}": [4, 5, 3]}}.'
            )
        numbers[name] = several
        for size, steps in _steps(last, len(several) - 1).items():
            if steps < 1 or numbers.setdefault(size, steps) != steps:
                fault = (
                    f"{name} = {list(several)} is {name}[0] to {name}[{len(several) - 1}], and the last width is {name}[{last}]."
                )
                raise NotationError(fault, f"Give one more than there are steps: {name} = 4, 5, 3 for two layers.")
    return network.written_out(numbers=numbers) if widths and network.written_out is not None else network


def _steps(last: Expr, number: int) -> dict[str, int]:
    """How many steps there are where the last width has this number."""
    symbols = sorted(last.free_symbols, key=str)
    if len(symbols) != 1:
        return {}
    found = sp.solve(last - number, symbols[0])
    return {str(symbols[0]): int(found[0]) if found and found[0].is_Integer else 0}
