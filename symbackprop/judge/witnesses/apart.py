"""Layers whose widths differ, written out at several widths: the loop is kept with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.network import Network
from symbackprop.evaluate.extents import SizeError
from symbackprop.notation.errors import NotationError
from symbackprop.notation.loops.widened import at_widths

STEPS = (1, 2, 3)
WIDTHS = (3, 2, 4, 3, 5, 2, 4)  # of the layers, one after the other; a list begins anew at another one
Widths = dict[str, list[int]]


def written_apart(derived: Derivation) -> Iterator[tuple[Widths, Derivation, dict[str, str]]]:
    """The derivation of the same text at several widths, and what each input there is an entry of.

    Nothing for a network whose layers have one width, and where another value than its loss is differentiated, or by another.
    """
    network = derived.network
    inputs = {t.name for t in derived.forward.inputs}
    is_plain = not (derived.upstream or derived.vector or derived.first) and set(derived.wrt) <= inputs
    if network is None or not network.widths or not is_plain or derived.of != network.loss:
        return
    for k, steps in enumerate(STEPS):
        widths = _drawn(network, steps, k)
        try:
            apart = at_widths(network, widths)
        except (NotationError, SizeError):  # some widths are too narrow, or are bound to one another
            continue
        of = {t.name: _entry_of(t.name, inputs) for t in apart.program.inputs}
        by = [name for name, own in of.items() if own in derived.wrt]
        yield widths, replace(differentiate(apart.program, apart.loss, by), network=replace(apart, widths={})), of


def _drawn(network: Network, steps: int, start: int) -> Widths:
    found: Widths = {}
    for k, (name, last) in enumerate(network.widths.items()):
        number = int(last.subs(dict.fromkeys(last.free_symbols, sp.Integer(steps))))
        found[name] = [WIDTHS[(start + k + j) % len(WIDTHS)] for j in range(max(number, 1) + 1)]
    return found


def _entry_of(name: str, inputs: set[str]) -> str:
    """W of W_2, where W is an input of the loop."""
    stem = name
    while stem not in inputs and (shorter := re.sub(r"_\d+$", "", stem)) != stem:
        stem = shorter
    return stem
