"""Integers as near to each other as their least differences allow: the linear programme behind ranks and positions."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

_TRIED = 30  # candidates compared before each exchange
_EFFORT = 10_000_000  # nodes looked at: some seconds


class Arc(NamedTuple):
    """level[head] - level[tail] is at least `length`, and each unit of it costs `weight`."""

    tail: int
    head: int
    length: int
    weight: int


def levels(count: int, arcs: Sequence[Arc], centred: bool = False) -> list[int]:
    """Minimise sum of weight * (level[head] - level[tail]), where level[head] - level[tail] >= length.

    Arguments: count of the variables 0, 1, ...; arcs without a cycle, weights >= 0; centred, whether what may move
    freely at no cost stands in the middle of its room.
    Returns: the levels, the lowest 0.
    Source: E. Gansner, E. Koutsofios, S. North, K.-P. Vo, "A Technique for Drawing Directed Graphs", IEEE Transactions
    on Software Engineering 19 (1993), sections 2.3 and 4.2.
    """
    if not count:
        return []
    tree = _Tree(count, arcs)
    tree.improve()
    if centred:
        tree.centre()
    lowest = min(tree.level)
    return [level - lowest for level in tree.level]


class _Tree:
    """A spanning tree of arcs without slack, which fixes all levels; an exchange of one arc lowers the cost."""

    def __init__(self, count: int, arcs: Sequence[Arc]) -> None:
        self.out: list[list[Arc]] = [[] for _ in range(count)]
        self.into: list[list[Arc]] = [[] for _ in range(count)]
        for arc in arcs:
            self.out[arc.tail].append(arc)
            self.into[arc.head].append(arc)
        self.level = self._longest_paths()
        self.parent, self.children = [-1] * count, [[] for _ in range(count)]
        self.upward = [False] * count  # whether the arc between a node and its parent leaves the node
        # What one unit upwards for the branch below a node saves: the weight that leaves it less the weight that enters.
        self.pull = [0] * count
        for arc in arcs:
            self.pull[arc.tail] += arc.weight
            self.pull[arc.head] -= arc.weight
        for node in reversed(self._grow()):
            self.pull[self.parent[node]] += self.pull[node]

    def _longest_paths(self) -> list[int]:
        level, waiting = [0] * len(self.out), [len(arcs) for arcs in self.into]
        ready = [node for node, arcs in enumerate(waiting) if not arcs]
        for node in ready:  # grows on the way
            for _, head, length, _ in self.out[node]:
                level[head] = max(level[head], level[node] + length)
                waiting[head] -= 1
                if not waiting[head]:
                    ready.append(head)
        return level

    def _grow(self) -> list[int]:
        """Join node after node to the tree of node 0, which moves as a whole until the next arc has no slack.

        Returns: the nodes but 0, each after its parent.
        """
        level, moved = self.level, 0  # a node of the tree stands at level + moved
        joined = [False] * len(level)
        joined[0] = True
        above: list[tuple[int, int, int]] = []  # (slack + moved, node to join, node of the tree)
        below: list[tuple[int, int, int]] = []  # (slack - moved, node to join, node of the tree)
        node, unseen, grown = 0, 1, []
        while len(grown) + 1 < len(level):
            for _, head, length, _ in self.out[node]:
                if not joined[head]:
                    heappush(above, (level[head] - level[node] - length, head, node))
            for tail, _, length, _ in self.into[node]:
                if not joined[tail]:
                    heappush(below, (level[node] - level[tail] - length, tail, node))
            for heap in (above, below):
                while heap and joined[heap[0][1]]:
                    heappop(heap)
            if above and (not below or above[0][0] - moved <= below[0][0] + moved):
                slack, new, old = heappop(above)
                moved, upward = slack, False
            elif below:
                slack, new, old = heappop(below)
                moved, upward = -slack, True
            else:  # another component, which hangs on node 0 by nothing that pulls
                while joined[unseen]:
                    unseen += 1
                new, old, upward = unseen, 0, False
            joined[new] = True
            level[new] -= moved
            self.parent[new], self.upward[new] = old, upward
            self.children[old].append(new)
            grown.append(new)
            node = new
        return grown

    def improve(self) -> None:
        """Exchange arcs until none lowers the cost, or until it has taken long: every state on the way is valid."""
        count, at, effort = len(self.level), 0, _EFFORT
        while effort > 0:
            best, gain, found, step = -1, 0, 0, 0
            for step in range(count):
                node = (at + step) % count
                saved = -self.pull[node] if self.upward[node] else self.pull[node]
                if saved > 0 and self.parent[node] >= 0:
                    found += 1
                    if saved > gain:
                        best, gain = node, saved
                    if found == _TRIED:
                        break
            if best < 0:
                return
            at = (at + step + 1) % count
            effort -= step + self._exchange(best)

    def centre(self) -> None:
        """Move each branch that nothing pulls into the middle of its room."""
        for node, parent in enumerate(self.parent):
            if parent >= 0 and not self.pull[node]:
                side, sign = self._branch(node)
                slack, inner, _ = self._obstacle(side, sign)
                if inner >= 0:
                    self._move(side, sign * (slack // 2))

    def _branch(self, top: int) -> tuple[list[int], int]:
        """The branch below `top` and the way that leads it from its parent, 1 for up; or the rest, which goes the other way.

        The smaller of the two.
        """
        branch = [top]
        for node in branch:  # grows on the way
            branch += self.children[node]
        sign = -1 if self.upward[top] else 1
        if 2 * len(branch) <= len(self.level):
            return branch, sign
        inside = set(branch)
        return [node for node in range(len(self.level)) if node not in inside], -sign

    def _obstacle(self, side: list[int], sign: int) -> tuple[int, int, int]:
        """What these nodes meet first when they move up (1) or down (-1): the slack, which of them, and what; or -1."""
        inside, level = set(side), self.level
        slack, inner, outer = 1 << 60, -1, -1
        for node in side:
            for arc in self.out[node] if sign > 0 else self.into[node]:
                other = arc.head if sign > 0 else arc.tail
                if other not in inside:
                    room = level[arc.head] - level[arc.tail] - arc.length
                    if room < slack:
                        slack, inner, outer = room, node, other
        return slack, inner, outer

    def _move(self, side: list[int], distance: int) -> None:
        for node in side:
            self.level[node] += distance

    def _exchange(self, top: int) -> int:
        """Move the branch below `top` until an arc holds it, and hang it on that one; returns how many nodes it took."""
        side, sign = self._branch(top)
        slack, inner, outer = self._obstacle(side, sign)
        self._move(side, sign * slack)
        if side[0] != top:
            inner, outer, sign = outer, inner, -sign
        pull, above = self.pull[top], [outer]
        while above[-1] >= 0:
            above.append(self.parent[above[-1]])
        ancestors = set(above)
        common = self.parent[top]
        while common not in ancestors:
            self.pull[common] -= pull
            common = self.parent[common]
        for node in above[: above.index(common)]:
            self.pull[node] += pull
        node, parent, upward, rest = inner, outer, sign > 0, pull
        while True:  # the path from `inner` up to `top` turns round
            old_parent, old_upward, old_pull = self.parent[node], self.upward[node], self.pull[node]
            self.children[old_parent].remove(node)
            self.parent[node], self.upward[node], self.pull[node] = parent, upward, rest
            self.children[parent].append(node)
            if node == top:
                return 3 * len(side) + len(above)
            node, parent, upward, rest = old_parent, node, not old_upward, pull - old_pull
