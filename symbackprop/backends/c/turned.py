"""What loops over entries would read across memory is turned beforehand, in tiles: constants as they are written, values by a copy.

A loop that reads every 512th number takes a line of the cache for each, and no vector instruction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
from numpy import ndarray

from symbackprop.backends.c.entries import TILE, Turned, alike, along, groups
from symbackprop.plan.neighbours import out_of, reads
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import Apply, Buffer, Copy, Loop, Statement, Window

TURNED = "work turned"
HELPERS = {
    "transposed_": f"""OWN void transposed_(
    ptrdiff_t m, ptrdiff_t n, const real *a, ptrdiff_t step, real *restrict c, ptrdiff_t ahead) {{
    for (ptrdiff_t first = 0; first < m; first += {TILE})
        for (ptrdiff_t next = 0; next < n; next += {TILE})
            for (ptrdiff_t i = first; i < m && i < first + {TILE}; i++)
                for (ptrdiff_t j = next; j < n && j < next + {TILE}; j++) c[i * ahead + j] = a[i + j * step];
}}
"""
}


def turned(plan: Plan) -> Plan:
    """The plan where loops over entries read along memory."""
    turning = _Turning(plan)
    statements = tuple(turning.all(plan.statements))
    own = {TURNED: Buffer(turning.length)} if turning.length else {}
    return replace(plan, statements=statements, buffers={**plan.buffers, **own}, fixed={**plan.fixed, **turning.fixed})


@dataclass
class _Turning:
    plan: Plan
    fixed: dict[str, ndarray] = field(default_factory=dict)
    known: dict[Window, Window] = field(default_factory=dict)  # of constants
    length: int = 0

    def all(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        for group in groups(list(alike(statements))):
            for s in group if not isinstance(group[0], Apply | Copy) else ():
                yield replace(s, body=tuple(self.all(s.body))) if isinstance(s, Loop) else s
            if isinstance(group[0], Apply | Copy):
                yield from self._entries(group)

    def _entries(self, group: Sequence[Statement]) -> Iterator[Statement]:
        if isinstance(group[0], Copy) and len(group) == 1 and self._is_turned(group[0]):
            yield Turned(group[0].a, group[0].out)
            return
        outs = list(dict.fromkeys(map(out_of, group)))
        read = dict.fromkeys(w for s in group for w in reads(s))
        partly = {s.out for s in group if isinstance(s, Copy) and s.where is not None}  # elsewhere it keeps what it has
        written = {out.buffer for out in outs}
        found: dict[Window, Window] = {}
        before, after, used = [], [], 0
        for window in (*read, *outs):
            is_out, is_fixed = window in outs, window.buffer in self.plan.fixed
            axis = along(window)
            if axis is None or window in found or (not is_out and window.buffer in written):
                continue
            if is_fixed:
                found |= {} if window.moves else {window: self._constant(window)}
            elif self.plan.buffers[window.buffer].kind == "real" and not (is_out and (window in read or window in partly)):
                found[window] = copy = Window(TURNED, used, _packed(window))
                used += prod(n for n, step in window.dims if step)
                if is_out:
                    order = [*(k for k in range(len(window.dims)) if k != axis), axis]
                    after.append(Turned(*(replace(w, dims=tuple(w.dims[k] for k in order)) for w in (copy, window))))
                else:
                    before.append(Turned(*(replace(w, dims=tuple(d for d in w.dims if d[1])) for w in (window, copy))))
        if any(found.get(out, out).dims[-1:] and found.get(out, out).dims[-1][1] != 1 for out in outs):
            yield from group  # what is written would lie apart all the same
            return
        self.length = max(self.length, used)
        yield from (*before, *(_reading(s, found) for s in group), *after)

    def _is_turned(self, s: Copy) -> bool:
        """Whether a copy does nothing else than turn numbers."""
        if not isinstance(s.a, Window) or s.where is not None or s.a.buffer == s.out.buffer or s.a.buffer in self.plan.fixed:
            return False
        is_real = all(self.plan.buffers[w.buffer].kind == "real" for w in (s.a, s.out))
        is_as_large = [n for n, _ in s.a.dims] == [n for n, _ in s.out.dims]  # else entries are repeated
        return is_real and is_as_large and along(s.a) is not None and s.out.dims[-1][1] == 1

    def _constant(self, window: Window) -> Window:
        if window not in self.known:
            name, places = f"{window.buffer} turned {len(self.fixed)}", np.array(window.offset)
            for n, step in window.dims:
                places = places[..., None] + (np.arange(n) * step if step else 0)
            self.fixed[name] = self.plan.fixed[window.buffer][places.ravel()]
            self.known[window] = Window(name, 0, _packed(window))
        return self.known[window]


def _packed(window: Window) -> tuple[tuple[int, int], ...]:
    """The axes of a window where its entries stand one after the other; along an axis that repeats them, they do."""
    dims = window.dims
    return tuple((n, prod(m for m, other in dims[k + 1 :] if other) if step else 0) for k, (n, step) in enumerate(dims))


def _reading(s: Statement, found: Mapping[Window, Window]) -> Statement:
    """The statement on other windows."""
    if isinstance(s, Apply):
        operands = tuple(found.get(o, o) if isinstance(o, Window) else o for o in s.operands)
        return replace(s, operands=operands, out=found.get(s.out, s.out))
    assert isinstance(s, Copy)
    a = found.get(s.a, s.a) if isinstance(s.a, Window) else s.a
    return replace(s, a=a, out=found.get(s.out, s.out), where=None if s.where is None else found.get(s.where, s.where))
