"""Sizes that must be equal are made one, and choices that are tried, the cheapest first."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

ONE = 0  # the size 1


class Misfit(Exception):
    """These axes do not fit the program."""


class Unified:
    """Which sizes are equal: a forest of numbers, of which some have names; customary ones give way to others."""

    def __init__(self) -> None:
        self.above: list[int] = [ONE]
        self.called: dict[int, str] = {ONE: "1"}
        self.customary: set[str] = set()
        self._named: dict[str, int] = {"1": ONE}
        self._joined: dict[int, list[int]] = {}

    def new(self, name: str = "") -> int:
        if name in self._named:
            return self._named[name]
        self.above.append(len(self.above))
        if name:
            self.called[self.above[-1]] = name
            self._named[name] = self.above[-1]
        return self.above[-1]

    def joined(self, several: list[int]) -> int:
        """A size that is the sum of several."""
        whole = self.new()
        self._joined[whole] = several
        return whole

    def sums(self) -> dict[int, list[int]]:
        """The sizes that are sums, and what of."""
        return {self.root(n): [*map(self.root, parts)] for n, parts in self._joined.items()}

    def with_sums(self, called: dict[int, str]) -> dict[int, str]:
        """The names of sizes, and those of sums, n + d, whose parts have names."""
        named = {n: " + ".join(called[k] for k in parts) for n, parts in self.sums().items() if {*parts} <= {*called}}
        return {**named, **called}

    def root(self, size: int) -> int:
        while self.above[size] != size:
            size = self.above[size]
        return size

    def equal(self, a: int, b: int) -> None:
        a, b = self.root(a), self.root(b)
        if a == b:
            return
        if a in self.called and b in self.called:
            soft = [n for n in (a, b) if self.called[n] in self.customary]
            if len(soft) != 1:
                raise Misfit
            del self.called[soft[0]]
        self.above[b if a in self.called else a] = a if a in self.called else b


def cheapest(costs: list[list[int]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """A choice from each row, the cheapest first; rows are in order of cost."""
    first: tuple[int, ...] = (0,) * len(costs)
    heap: list[tuple[int, tuple[int, ...]]] = [(sum(row[0] for row in costs), first)]
    seen: set[tuple[int, ...]] = {first}
    while heap:
        cost, chosen = heappop(heap)
        yield cost, chosen
        for k, row in enumerate(costs):
            if chosen[k] + 1 < len(row):
                after = (*chosen[:k], chosen[k] + 1, *chosen[k + 1 :])
                if after not in seen:
                    seen.add(after)
                    heappush(heap, (cost - row[chosen[k]] + row[chosen[k] + 1], after))
