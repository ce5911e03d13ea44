"""A network with units taken apart or put together: `expand="softmax"`, `merge="sigmoid"`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from symbackprop.core.choices import mend
from symbackprop.core.network import Network
from symbackprop.language.lower.nodes import Outputs
from symbackprop.language.lower.tracing import trace
from symbackprop.language.lower.units import Changed, expanded, merged, units
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError

Change = Callable[[Mapping[str, Tensor], tuple[str, ...]], Changed]


def with_units(network: Network, expand: str = "", merge: str = "") -> Network:
    """The same network with some units as their elementary operations, or operations as the units that they define.

    expand, merge   names of units, with commas; "" none.
    Raises NotationError for what is no unit, or stands nowhere in the network, and for one that is asked for both ways.
    """
    apart, together = _names("expand", expand), _names("merge", merge)
    both = [name for name in apart if name in together]
    if both:
        raise NotationError(f"{both[0]} is to be taken apart and put together.", "Name it in one of expand and merge.")
    network = replace(_changed(network, expanded, apart), apart=(*network.apart, *apart))
    return replace(_changed(network, merged, together), together=(*network.together, *together))


def _names(word: str, text: str) -> tuple[str, ...]:
    if not isinstance(text, str):
        raise NotationError(f"{word}: the units are one text.", f'Write {word}="sigmoid, softmax".')
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in found:
        if name not in units():
            near = mend(name, units())
            raise NotationError(
                f"{word}: {name} is no unit with parts.", f"{near[:1].upper()}{near[1:]}{'' if near.endswith('?') else '.'}"
            )
    return found


def _changed(network: Network, change: Change, names: tuple[str, ...]) -> Network:
    if not names:
        return network
    if not network.outputs:
        raise NotationError("this network is a program alone, without units.", "Read it from where it was written.")
    found = change(network.outputs, names)
    missing = [name for name in names if name not in found.found]
    if missing:
        name = missing[0]
        there = change is merged  # its parts would have to stand there
        fault = f"{name} has no parts in this network that could be put together." if there else f"{name} is not in this network."
        raise NotationError(fault, "Leave it out.")
    program = trace(found.outputs, network.declared, network.gates)
    return replace(network, program=program, outputs=Outputs(found.outputs))
