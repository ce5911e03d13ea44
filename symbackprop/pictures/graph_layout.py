"""Where the boxes and the wires of a graph go: sizes in, positions out. Nothing is drawn.

Ranks follow the wires, each rank is a band, a wire across several ranks keeps a place of its own in each, and between
the bands it runs as a smooth curve: it cannot meet a box. A wire to the next step of a loop goes back along a lane of its own.
Source: E. Gansner, E. Koutsofios, S. North, K.-P. Vo, "A Technique for Drawing Directed Graphs", IEEE Transactions on
Software Engineering 19 (1993), whose steps and weights these are, except for the curves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, copysign
from typing import NamedTuple

from symbackprop.pictures.graph_back import Gap, around, goes_back, level, room
from symbackprop.pictures.graph_order import ordered
from symbackprop.pictures.network_simplex import Arc, levels

Point = tuple[float, float]
Size = tuple[float, float]

_BETWEEN_BOXES, _BESIDE_WIRE, _BETWEEN_RANKS, _BESIDE_LABELS = 22.0, 13.0, 24.0, 14.0  # pixels
_ARROW, _PORT_STEP, _CLEARANCE, _CORNER = 7.0, 11.0, 5.0, 7.0  # pixels
_COMPUTED, _GIVEN = 10, 1  # the weight of a wire from a computed value, whose path is straight, and from an input
_STRAIGHT = 1, 2, 8  # how much a wire weighs between boxes, between a box and a place that it passes, between such


class Wire(NamedTuple):
    """An edge to be laid, with the size that its label needs (None without one); carried to the next step, it may go back."""

    source: str
    target: str
    label: Size | None = None
    carried: bool = False


class Layout(NamedTuple):
    """Positions in pixels, y down, all within (0, 0) and (width, height).

    centres: of each box. curves: for each wire its Bezier curve as start, three points for each piece, and the tip of
    the arrow; two curves where a label stands between them. labels: the centre of each wire's label.
    """

    width: float
    height: float
    centres: dict[str, Point]
    curves: list[list[list[Point]]]
    labels: list[Point | None]


@dataclass
class _Plan:
    """Nodes by number: first the boxes, then a place in each rank that a wire passes. x is across the ranks."""

    breadth: list[float]
    depth: list[float]
    rank: list[int]
    boxes: int
    paths: list[list[int]] = field(default_factory=list)  # of each wire
    back: tuple[int, ...] = ()  # the wires that go back: down from their source, up along a lane, down into their target
    links: dict[tuple[int, int], int] = field(default_factory=dict)  # from rank to rank: the weight
    rows: list[list[int]] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    bands: list[tuple[float, float]] = field(default_factory=list)  # of each rank: where it begins and ends

    def middle(self, node: int) -> float:
        """Where the node's centre stands along the ranks."""
        return sum(self.bands[self.rank[node]]) / 2

    def solid(self, node: int) -> bool:
        """Whether it is a box or a label, not a place that wires pass."""
        return self.breadth[node] > 0.0

    def gaps(self) -> dict[int, Gap]:
        """The wires that turn before each rank, the outermost last; the last of all before a rank that there is not."""
        found: dict[int, Gap] = {}
        for wire in sorted(self.back, key=lambda wire: self.x[self.paths[wire][1]] if self.x else 0.0):
            source, *_, target = self.paths[wire]
            found.setdefault(self.rank[source] + 1, Gap([], [])).leaving.append(wire)
            found.setdefault(self.rank[target], Gap([], [])).entering.append(wire)
        return found


def place(boxes: Mapping[str, Size], wires: Sequence[Wire], sideways: bool) -> Layout:
    """Positions in ranks from left to right, or from top to bottom; the wires must not go round, but for carried ones.

    Wires leave a box in the middle of its side and enter it from the side before; a label stands on its wire, halfway.
    """
    names = {name: at for at, name in enumerate(boxes)}
    turned = [(height, width) if sideways else (width, height) for width, height in boxes.values()]
    ends = [(names[w.source], names[w.target]) for w in wires]
    plan = _ranked(turned, ends, [w.label for w in wires], goes_back(ends, [w.carried for w in wires]), sideways)
    above: list[list[int]] = [[] for _ in plan.rank]
    for upper, lower in plan.links:
        above[lower].append(upper)
    plan.rows = ordered(plan.rank, above)
    plan.x = _across(plan)
    plan.bands = _bands(plan)
    ports = _ports(plan)
    curves = [_back(plan, wire, port) if wire in plan.back else _curves(plan, plan.paths[wire], port)
              for wire, port in enumerate(ports)]  # fmt: skip

    left = min((x - breadth / 2 for x, breadth in zip(plan.x, plan.breadth, strict=True)), default=0.0)
    right = max((x + breadth / 2 for x, breadth in zip(plan.x, plan.breadth, strict=True)), default=0.0)

    def point(x: float, y: float) -> Point:
        return (y, x - left) if sideways else (x - left, y)

    places = [point(x, plan.middle(node)) for node, x in enumerate(plan.x)]
    width, height = point(right, plan.bands[-1][1] + room(plan.gaps().get(len(plan.bands))) if plan.bands else 0.0)
    return Layout(
        width,
        height,
        {name: places[at] for name, at in names.items()},
        [[[point(*at) for at in curve] for curve in parts] for parts in curves],
        [next((places[node] for node in path[1:-1] if plan.solid(node)), None) for path in plan.paths],
    )


def _ranked(
    sizes: Sequence[Size], ends: Sequence[tuple[int, int]], labels: Sequence[Size | None], back: tuple[int, ...], sideways: bool
) -> _Plan:  # fmt: skip
    """The rank of each box, and the places in the ranks that each wire passes; a label widens one of them."""
    onward = [pair for wire, pair in enumerate(ends) if wire not in back]
    computed = {target for _, target in onward}
    weights = [_COMPUTED if source in computed else _GIVEN for source, _ in ends]
    arcs = [Arc(*ends[k], 2 if labels[k] else 1, weights[k]) for k in range(len(ends)) if k not in back]
    rank = _without_gaps(levels(len(sizes), arcs), onward)
    plan = _Plan([size[0] for size in sizes], [size[1] for size in sizes], rank, len(sizes), back=back)
    shared: dict[tuple[int, int], int] = {}  # the place in a rank where a source's wires pass as one until they part
    for wire, ((source, target), label, weight) in enumerate(zip(ends, labels, weights, strict=True)):
        path, halfway = [source], (rank[source] + rank[target]) // 2
        ranks = range(rank[source], rank[target] - 1, -1) if wire in back else range(rank[source] + 1, rank[target])
        for at in ranks:
            if label or wire in back or (source, at) not in shared:
                width, height = (label[0] + 8.0, label[1] + 6.0) if label and at == halfway else (0.0, 0.0)
                path.append(len(plan.rank))
                plan.rank.append(at)
                plan.breadth.append(height if sideways else width)
                plan.depth.append(width if sideways else height)
                if not label and wire not in back:
                    shared[source, at] = path[-1]
            else:
                path.append(shared[source, at])
        plan.paths.append([*path, target])
        links = [(lower, upper) for upper, lower in pairwise(path[1:])] if wire in back else pairwise(plan.paths[-1])
        for link in links:
            plan.links[link] = plan.links.get(link, 0) + weight
    return plan


def _without_gaps(rank: Sequence[int], ends: Sequence[tuple[int, int]]) -> list[int]:
    """The ranks without those that no box stands in and no wire passes: parts that no wire joins may lie far apart."""
    used = {*rank, *(at for source, target in ends for at in range(rank[source], rank[target]))}
    place = {at: k for k, at in enumerate(sorted(used))}
    return [place[at] for at in rank]


def _across(plan: _Plan) -> list[float]:
    """The centre of each node across the ranks: wires are as straight as the widths let them be."""
    arcs = []
    for row in plan.rows:
        for one, two in pairwise(row):
            gap = _BETWEEN_BOXES if plan.solid(one) and plan.solid(two) else _BESIDE_WIRE
            arcs.append(Arc(one, two, ceil((plan.breadth[one] + plan.breadth[two]) / 2 + gap), 0))
    count = len(plan.rank)
    for (one, two), weight in plan.links.items():
        cost = weight * _STRAIGHT[(one >= plan.boxes) + (two >= plan.boxes)]
        arcs += [Arc(count, one, 0, cost), Arc(count, two, 0, cost)]  # the distance between the two
        count += 1
    for source, first, *_, last, target in ([*path[:2], *path[-2:]] for path in map(plan.paths.__getitem__, plan.back)):
        for box, lane in ((source, first), (target, last)):
            arcs += [Arc(count, box, 0, _GIVEN), Arc(count, lane, 0, _GIVEN)]
            count += 1
    return [float(x) for x in levels(count, arcs, centred=True)[: len(plan.rank)]]


def _bands(plan: _Plan) -> list[tuple[float, float]]:
    """Where each rank begins and ends; the farther a wire goes across, the more room it has to turn."""
    reach = [0.0] * len(plan.rows)
    for upper, lower in plan.links:
        reach[plan.rank[lower]] = max(reach[plan.rank[lower]], abs(plan.x[lower] - plan.x[upper]))
    bands, end, bare_before, gaps = [], 0.0, False, plan.gaps()
    for at, (row, far) in enumerate(zip(plan.rows, reach, strict=True)):
        bare = all(node >= plan.boxes for node in row)  # labels alone stand nearer to their boxes
        gap = (_BESIDE_LABELS if bare or bare_before else _BETWEEN_RANKS) if bands else 0.0
        start = end + max(gap + (min(0.1 * far, 0.8 * _BETWEEN_RANKS) if bands else 0.0), room(gaps.get(at)))
        bare_before = bare
        end = start + max(plan.depth[node] for node in row)
        bands.append((start, end))
    return bands


def _ports(plan: _Plan) -> list[float]:
    """Where across the ranks each wire enters its target: below where it comes from, and apart from the others."""
    entering: dict[int, list[int]] = {}
    for wire, path in enumerate(plan.paths):
        entering.setdefault(path[-1], []).append(wire)
    ports = [0.0] * len(plan.paths)
    for target, found in entering.items():
        found.sort(key=lambda wire: (plan.x[plan.paths[wire][-2]], wire))
        side = max(plan.breadth[target] / 2 - _CORNER, 0.0)
        low, high = plan.x[target] - side, plan.x[target] + side
        step = min(_PORT_STEP, side / max(len(found) - 1, 1))  # so small that one may stay in the middle
        came = [plan.x[plan.paths[wire][-2]] for wire in found]
        straight = [low <= x <= high for x in came]
        wishes = [
            x if right else plan.x[target] + copysign(0.6 * side, x - plan.x[target])
            for x, right in zip(came, straight, strict=True)
        ]
        # What can be straight stays so; the others make room.
        firm = [1e6 if right else 1.0 for right in straight]
        for wire, port in zip(found, _apart(wishes, firm, step, low, high), strict=True):
            ports[wire] = port
    return ports


def _apart(wishes: list[float], weights: list[float], step: float, low: float, high: float) -> list[float]:
    """The places nearest to the sorted wishes, by weighted squares, that are a step apart and between low and high."""
    pools: list[tuple[float, float, int]] = []  # mean of what is left of the wishes without the steps, weight, count
    for at, (wish, weight) in enumerate(zip(wishes, weights, strict=True)):
        pools.append((wish - at * step, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (one, heavy, many), (two, light, few) = pools[-2:]
            pools[-2:] = [((one * heavy + two * light) / (heavy + light), heavy + light, many + few)]
    most = high - (len(wishes) - 1) * step
    flat = [min(max(mean, low), most) for mean, _, count in pools for _ in range(count)]
    return [mean + at * step for at, mean in enumerate(flat)]


def _curves(plan: _Plan, path: list[int], port: float) -> list[list[Point]]:
    """The wire's curves: straight through the bands, bent between them; a label begins a new one."""
    curves, curve = [], [(plan.x[path[0]], plan.middle(path[0]) + plan.depth[path[0]] / 2)]
    for upper, lower in pairwise(path):
        start, x = curve[-1][0], port if lower == path[-1] else plan.x[lower]
        edge = plan.middle(lower) - plan.depth[lower] / 2
        stop = edge - _ARROW if lower == path[-1] else edge
        bend, straight = _room(plan, upper, lower, start, x, stop)
        _line_to(curve, bend)
        if x != start:
            turn = (bend + straight) / 2
            curve += [(start, turn), (x, turn), (x, straight)]
        _line_to(curve, stop)
        if plan.solid(lower):
            curves.append(curve)
            curve = [(x, plan.middle(lower) + plan.depth[lower] / 2)]
    curves[-1].append((port, plan.middle(path[-1]) - plan.depth[path[-1]] / 2))
    return curves


def _back(plan: _Plan, wire: int, port: float) -> list[list[Point]]:
    """The curves of a wire that goes back: below its source's rank, along its lane, over its target's rank."""
    source, *lane, target = plan.paths[wire]
    gaps, down, up = plan.gaps(), plan.rank[source], plan.rank[target]
    below = plan.bands[down][1] + level(gaps[down + 1].leaving, wire, leaving=True)
    above = plan.bands[up][0] - level(gaps[up].entering, wire, leaving=False)
    corners = [(plan.x[source], plan.middle(source) + plan.depth[source] / 2), (plan.x[source], below), (plan.x[lane[0]], below)]
    ways = [corners]
    for node in lane:
        high, low = plan.bands[plan.rank[node]]
        if plan.solid(node):
            half = plan.depth[node] / 2
            ways[-1] += [(plan.x[node], low), (plan.x[node], plan.middle(node) + half)]
            ways.append([(plan.x[node], plan.middle(node) - half), (plan.x[node], high)])
        else:
            ways[-1] += [(plan.x[node], low), (plan.x[node], high)]
    tip = plan.middle(target) - plan.depth[target] / 2
    ways[-1] += [(plan.x[lane[-1]], above), (port, above), (port, tip - _ARROW)]
    curves = [around(way) for way in ways]
    curves[-1].append((port, tip))
    return curves


def _room(plan: _Plan, upper: int, lower: int, start: float, x: float, stop: float) -> tuple[float, float]:
    """From where to where a wire between two ranks may bend: no box beside its ends is in the way."""
    low, high = min(start, x) - _CLEARANCE, max(start, x) + _CLEARANCE

    def beside(node: int) -> list[float]:
        return [
            plan.depth[other] / 2
            for other in plan.rows[plan.rank[node]]
            if other != node
            and plan.x[other] - plan.breadth[other] / 2 < high
            and plan.x[other] + plan.breadth[other] / 2 > low
            and plan.solid(other)
        ]

    first = plan.middle(upper) + max([plan.depth[upper] / 2, *beside(upper)])
    last = plan.middle(lower) - max([0.0, *beside(lower)])
    return first, min(last, stop)


def _line_to(curve: list[Point], y: float) -> None:
    """Go on straight along the ranks, as a piece of the Bezier curve."""
    x, start = curve[-1]
    if y > start:
        curve += [(x, start + (y - start) / 3), (x, start + 2 * (y - start) / 3), (x, y)]
