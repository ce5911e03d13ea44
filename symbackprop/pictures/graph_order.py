"""In which order the nodes of a rank stand: few wires cross, and operands keep the order of the formula."""

from bisect import bisect_left, insort
from collections.abc import Sequence

Neighbours = Sequence[Sequence[int]]

_SWEEPS, _IN_VAIN = 24, 8  # sweeps downwards and upwards in turn, at most, and those without a better order
_EFFORT = 50_000  # nodes sorted in all sweeps: a second or two


def ordered(rank: Sequence[int], above: Neighbours) -> list[list[int]]:
    """The nodes of each rank in their order.

    Arguments: rank of each node; above, for each node its neighbours in the rank before its own, operands in the order
    of the formula.
    Returns: a list of nodes for each rank.
    Source: E. Gansner, E. Koutsofios, S. North, K.-P. Vo, "A Technique for Drawing Directed Graphs", IEEE Transactions
    on Software Engineering 19 (1993), section 3: medians of the neighbours, then exchanges of those side by side.
    """
    below: list[list[int]] = [[] for _ in rank]
    for node, parents in enumerate(above):
        for parent in parents:
            below[parent].append(node)
    rows = _reading_order(rank, above, below)
    best, fewest = rows, _crossings(rows, above)
    in_vain = 0
    for sweep in range(min(_SWEEPS, 2 + _EFFORT // max(len(rank), 1))):
        if not fewest or in_vain == _IN_VAIN:
            break
        rows = [list(row) for row in rows]
        # Of equal medians the later one goes first in every second pair of sweeps: ties do not block an exchange.
        _sweep(rows, above, below, downwards=sweep % 2 == 0, later_first=sweep % 4 > 1)
        _exchange(rows, above, below)
        crossings = _crossings(rows, above)
        in_vain += 1
        if crossings < fewest:
            best, fewest, in_vain = [list(row) for row in rows], crossings, 0
    return best


def _reading_order(rank: Sequence[int], above: Neighbours, below: Neighbours) -> list[list[int]]:
    """Each node after its operands, from the last results backwards: a tree gets no crossing."""
    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    seen: set[int] = set()
    for sink in range(len(rank)):
        stack = [] if below[sink] else [sink]
        while stack:
            node = stack.pop()
            if node >= 0 and node not in seen:
                seen.add(node)
                rows[rank[node]].append(node)
                stack.extend(reversed(above[node]))
    return rows


def _places(rows: list[list[int]]) -> dict[int, int]:
    return {node: at for row in rows for at, node in enumerate(row)}


def _crossings(rows: list[list[int]], above: Neighbours) -> int:
    places, count = _places(rows), 0
    for row in rows:
        seen: list[int] = []
        for node in row:
            ends = sorted(places[parent] for parent in above[node])
            count += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _sweep(rows: list[list[int]], above: Neighbours, below: Neighbours, downwards: bool, later_first: bool) -> None:
    """Sort row after row by the medians of the neighbours in the row before; nodes without any keep their places."""
    neighbours = above if downwards else below
    places = _places(rows)
    for row in rows if downwards else reversed(rows):
        medians = {node: _median(sorted(places[other] for other in neighbours[node])) for node in row if neighbours[node]}
        sign = -1 if later_first else 1
        movable = iter(sorted(medians, key=lambda node: (medians[node], sign * places[node])))
        row[:] = [next(movable) if node in medians else node for node in row]
        places.update((node, at) for at, node in enumerate(row))


def _median(places: list[int]) -> float:
    """The median, which leans to the side where neighbours are closer together."""
    middle = len(places) // 2
    if len(places) % 2:
        return places[middle]
    if len(places) == 2:
        return (places[0] + places[1]) / 2
    left, right = places[middle - 1] - places[0], places[-1] - places[middle]
    return (places[middle - 1] * right + places[middle] * left) / (left + right)


def _exchange(rows: list[list[int]], above: Neighbours, below: Neighbours) -> None:
    """Exchange nodes side by side, row after row and back, while that removes crossings there."""
    places = _places(rows)
    for row in [*rows, *reversed(rows)]:
        near = {node: [sorted(places[other] for other in side[node]) for side in (above, below)] for node in row}
        changed = True
        while changed:
            changed = False
            for left in range(len(row) - 1):
                one, two = row[left], row[left + 1]
                pairs = list(zip(near[one], near[two], strict=True))
                if sum(_inversions(a, b) for a, b in pairs) > sum(_inversions(b, a) for a, b in pairs):
                    row[left], row[left + 1] = two, one
                    changed = True
        places.update((node, at) for at, node in enumerate(row))


def _inversions(first: list[int], second: list[int]) -> int:
    """How many pairs (a of the first, b of the second) have b before a; both are sorted."""
    return sum(bisect_left(second, a) for a in first)
