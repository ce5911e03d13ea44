"""The order in which tensors stand in products and sums: that of writing, and that in which the loss speaks of them."""

from __future__ import annotations

from collections.abc import Collection

from symbackprop.core.program import Program


def reading_ranks(program: Program, values: Collection[str]) -> dict[str, int]:
    """The place of each tensor in sums: that of writing, but u before b where an author's first word of u is u + b; then gradients.

    values   those that are no derivatives.
    """
    values = set(values)
    place: dict[str, tuple[float, int]] = {n: (k, k) for k, n in enumerate(program.tensors)}
    met = set[str]()
    for equation in program.equations:
        names = [r.name for r in equation.operands]
        for k, n in enumerate(names):
            if n in values and n not in met:  # its first reader
                met.add(n)
                beside = [place[other][0] for other in names[k + 1 :] if other not in values]
                place[n] = (min([place[n][0], *(spot - 0.5 for spot in beside)]), place[n][1])
    for n, tensor in program.tensors.items():  # of gradients, that by what is written first
        if tensor.role is not None and tensor.role.wrt in place:
            place[n] = (len(place), place[tensor.role.wrt][1])
    return {n: k for k, n in enumerate(sorted(place, key=place.__getitem__))}


def mentions(program: Program) -> dict[str, int]:
    """Where what is differentiated speaks of each tensor first, written out as far as arrays that have a name.

    What such an array is made of is spoken of where it is, and a gradient where what it is by.
    """
    equations, tensors, met = program.equation_of(), program.tensors, dict[str, int]()
    arrays = list[tuple[str, int]]()
    waiting = [role.of for tensor in tensors.values() if (role := tensor.role) is not None and role.of in tensors][:1]
    while waiting:
        name = waiting.pop()
        if name in met:
            continue
        tensor, inner = tensors[name], [r.name for r in equations[name].operands][::-1] if name in equations else []
        met[name] = len(met)
        if tensor.shape and (tensor.called or (tensor.named and not tensor.counted)):
            arrays += [(n, met[name]) for n in inner]
        else:
            waiting += inner
    while arrays:
        name, place = arrays.pop(0)
        if name not in met:
            met[name] = place
            arrays += [(r.name, place) for r in equations[name].operands] if name in equations else []
    last = len(met)
    return {n: met.get(n if tensor.role is None else tensor.role.wrt, last) for n, tensor in tensors.items()}
