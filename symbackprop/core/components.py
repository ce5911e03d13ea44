"""What reads each other in a circle: the strongly connected components of a graph."""

from __future__ import annotations

from collections.abc import Sequence


def components(reads: Sequence[Sequence[int]]) -> list[list[int]]:
    """The components, each after those that it reads, in the order of their numbers where there is a choice.

    reads   for each member, by its number, those that it reads.
    Tarjan 1972, "Depth-first search and linear graph algorithms", without recursion: networks are deep.
    """
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    open_: set[int] = set()
    found: list[list[int]] = []
    for root in range(len(reads)):
        work = [(root, iter(reads[root]))] if root not in number else []
        while work:
            k, rest = work[-1]
            if k not in number:
                number[k] = low[k] = len(number)
                stack.append(k)
                open_.add(k)
            for j in rest:
                if j not in number:
                    work.append((j, iter(reads[j])))
                    break
                if j in open_:
                    low[k] = min(low[k], number[j])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[k])
                if low[k] == number[k]:
                    at = len(stack) - 1
                    while stack[at] != k:
                        at -= 1
                    members = stack[at:]
                    del stack[at:]
                    open_.difference_update(members)
                    found.append(sorted(members))
    return found
