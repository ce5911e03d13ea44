"""Data that functions of entries read more than once across its order is turned once, and then read along memory.

Labels stand as they were declared, the scores that meet them as they were computed: one copy costs less than two readings across.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from symbackprop.plan.made import Plan
from symbackprop.plan.statements import Apply, Buffer, Copy, Operand, Statement, Window


def turned_once(plan: Plan) -> Plan:
    """The plan with a copy before the first of several readers."""
    readers = Counter(key for s in plan.statements for key in _across(plan, s))
    turned = {key: f"work turned {k}" for k, key in enumerate(key for key, count in readers.items() if count > 1)}
    own = {name: Buffer(math.prod(n for n, _ in out.dims), plan.buffers[w.buffer].kind) for (w, out), name in turned.items()}

    def all_of() -> Iterator[Statement]:
        copied = set()
        for s in plan.statements:
            found = {key: replace(key[1], buffer=turned[key]) for key in _across(plan, s) if key in turned}
            for (w, _), copy in found.items():
                if copy.buffer not in copied:
                    copied.add(copy.buffer)
                    yield Copy(w, copy)
            swap: dict[Operand, Window] = {w: copy for (w, _), copy in found.items()}
            yield replace(s, operands=tuple(swap.get(o, o) for o in s.operands)) if isinstance(s, Apply) and swap else s

    return replace(plan, statements=tuple(all_of()), buffers={**plan.buffers, **own}) if turned else plan


def _across(plan: Plan, s: Statement) -> set[tuple[Window, Window]]:
    """The data that a function of entries reads across the order of what it writes, and the window of a copy in that order."""
    if not isinstance(s, Apply) or s.out.moves or len(s.out.dims) < 2:
        return set()
    extents = [n for n, _ in s.out.dims]
    steps = [math.prod(extents[k + 1 :]) for k in range(len(extents))]
    if [step for _, step in s.out.dims] != steps:
        return set()
    copy = Window("", 0, tuple(zip(extents, steps, strict=True)))
    return {
        (w, copy)
        for w in s.operands
        if isinstance(w, Window) and w.buffer in plan.layout.held and [n for n, _ in w.dims] == extents and w.dims[-1][1] > 1
        and all(step for _, step in w.dims)
    }  # fmt: skip
