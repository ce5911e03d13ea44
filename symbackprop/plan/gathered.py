"""Products that are added at overlapping places, read instead: each entry of the result is a product of windows.

    dX[i] = sum of A[k] B[j] where i = j + k      is      dX[i] = sum over k of A[k] B[i - k]

so that the gradient of what a convolution reads is a convolution of what comes from above, and no product is kept whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from symbackprop.plan.contract import total
from symbackprop.plan.graph import Graph
from symbackprop.plan.layout import overlapping
from symbackprop.plan.node import Dot, Multiply, Value
from symbackprop.plan.places import At, read, scatter

MORE = 1.5  # times the products that the scattered form takes, at most


def gathered(graph: Graph, value: Value, places: Mapping[str, At], keep: tuple[str, ...]) -> Value | None:
    """The value at places of some letters, summed over letters that are not in `keep`; None where it is no product of windows."""
    node = value.node
    if "windows" not in graph.passes or node is None or not isinstance(node.op, Dot | Multiply) or len(node.args) != 2:
        return None
    apart = {c: at for c, at in places.items() if not _is_shared(graph, c, places)}
    if apart and len(apart) < len(places):  # letters that are several as one, as a group and a channel in it
        rest = {c: at for c, at in places.items() if c not in apart}
        made = gathered(graph, value, rest, (*keep, *(c for at in apart.values() for c in at.slopes)))
        return None if made is None else scatter(graph, made, apart, (*keep, *rest))
    scale = value.coefficient * (node.op.scale if isinstance(node.op, Multiply) else 1.0)
    over = [f"{k} of {node.number}" for k in range(len(node.over))]
    letters = [*value.letters, *over]
    sides = [tuple(letters[x] for x in arg.at) for arg in node.args]
    summed = {c for c in value.letters if c not in keep}
    used = [c for at in places.values() for c in at.slopes]
    if set(used) != summed or len(used) != len(summed):
        return None
    for k in (0, 1):  # the side that is read at places, and the one that lies still
        here, still = set(sides[k]), set(sides[1 - k])
        data = {c: [d for d in at.slopes if d in here] for c, at in places.items()}
        if any(len(found) != 1 or found[0] in still or abs(places[c].slopes[found[0]]) != 1 for c, found in data.items()):
            continue
        if all(len(at.slopes) == 1 for at in places.values()):
            continue
        own = {c: found[0] for c, found in data.items()}
        if math.prod(graph.shape(own)) > MORE * math.prod(graph.shape(own.values())):
            continue
        graph.extent = {**graph.extent, **dict(zip(over, node.over, strict=True))}
        read_at = {own[c]: _turned(places[c], own[c], c) for c in places}
        windows = read(graph, Value(1.0, node.args[k].node, sides[k]), read_at)
        kernel = Value(1.0, node.args[1 - k].node, sides[1 - k])
        inside = [*over, *(c for c in summed if c not in own.values())]
        return total(graph, [kernel, windows], inside).times(scale)
    return None


def _is_shared(graph: Graph, letter: str, places: Mapping[str, At]) -> bool:
    """Whether several positions of the letters of a place are one, or another place reads one of them."""
    at = places[letter]
    others = {c for other, one in places.items() if other != letter for c in one.slopes}
    axes = tuple(at.slopes)
    return bool(others & set(axes)) or overlapping(tuple(enumerate(at.slopes.values())), graph.shape(axes))


def _turned(at: At, own: str, target: str) -> At:
    """Where `own` is, of target = offset + sum of slope * letter."""
    sign = at.slopes[own]
    slopes = {target: sign} | {c: -sign * slope for c, slope in at.slopes.items() if c != own}
    return At(-sign * at.offset, slopes)
