"""Where the inputs of a plan and its gradients stand: what is handed in and out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symbackprop.core.program import Program
from symbackprop.plan.node import Kind, Shape

ALIGNED = 16  # entries: every array of the flat parameters begins at a multiple of it
PARAMETERS, GRADIENTS = "parameters", "gradients"
SIDE_BY_SIDE = 8  # inputs of one shape: so many are one buffer, as the steps of a sequence that was handed in one by one


@dataclass(frozen=True)
class Flat:
    """Arrays one after the other in one buffer: where each begins, and its shape."""

    places: Mapping[str, tuple[int, Shape]]
    length: int

    @property
    def end(self) -> int:
        """Where the last array ends."""
        return max((at + math.prod(shape) for at, shape in self.places.values()), default=0)

    @classmethod
    def of(cls, shapes: Mapping[str, Shape]) -> Flat:
        places, end = {}, 0
        for name, shape in shapes.items():
            places[name] = end, shape
            end += -(-math.prod(shape) // ALIGNED) * ALIGNED
        return cls(places, end)


@dataclass(frozen=True)
class Layout:
    """Where what is handed in and out stands.

    parameters, gradients   one after the other; parameters that are differentiated by come first, at the places of their gradients.
    data                    the shape of every other input that is read, and `kinds` what its entries are.
    held                    the buffers of data, each with the inputs in it, one after the other as they are read.
    """

    parameters: Flat
    gradients: Flat
    data: Mapping[str, Shape]
    kinds: Mapping[str, Kind]
    held: Mapping[str, Flat]

    @property
    def places(self) -> Iterator[tuple[str, str, int]]:
        """Every input of `data`, the buffer that holds it, and where it begins there."""
        for buffer, flat in self.held.items():
            yield from ((name, buffer, at) for name, (at, _) in flat.places.items())

    def kind(self, buffer: str) -> Kind:
        """What the entries of a buffer of data are."""
        return self.kinds[next(iter(self.held[buffer].places))]


def layout_of(program: Program, wrt: Mapping[str, str]) -> Layout:
    """The layout of a program whose sizes are all numbers; `wrt`: for each name the tensor of its gradient."""
    shape = {t.name: tuple(map(int, t.shape)) for t in program.inputs if t.kind != "constant"}
    own = dict.fromkeys(w for w in wrt if program.tensors[w].kind == "parameter")
    moved = own | dict.fromkeys(t.name for t in program.parameters)
    read = {operand.name for equation in program.equations for operand in equation.operands}
    data = [name for name in shape if name not in moved and (name in read or name in wrt)]
    kinds: dict[str, Kind] = {name: "integer" if program.tensors[name].kind == "integers" else "real" for name in data}
    gradients = {w: tuple(map(int, program.shape(wrt[w]))) for w in sorted(wrt, key=lambda w: w not in own)}
    flat = Flat.of({name: shape[name] for name in moved})
    return Layout(flat, Flat.of(gradients), {name: shape[name] for name in data}, kinds, _held(program, data, shape))


def _held(program: Program, data: Sequence[str], shape: Mapping[str, Shape]) -> dict[str, Flat]:
    """The buffers of data, many inputs of one shape and kind side by side, in the order in which the first of each is declared."""
    read = {name: k for k, name in reversed(list(enumerate(r.name for e in program.equations for r in e.operands)))}
    alike: dict[tuple[Shape, bool], list[str]] = {}
    for name in data:
        alike.setdefault((shape[name], program.tensors[name].kind == "integers"), []).append(name)
    together = {name: names for names in alike.values() if len(names) >= SIDE_BY_SIDE for name in names}
    held: dict[str, Flat] = {}
    for name in data:  # in the order of their declarations: so a caller in C counts them
        names = sorted(together.get(name, [name]), key=lambda n: read.get(n, len(read)))
        mark = " and on" if name in together else ""
        held.setdefault(f"data {names[0]}{mark}", Flat.of({n: shape[n] for n in names}))
    return held
