"""Convolutions: the kernel that is not flipped on the way back, or the gradient by a kernel that is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Equation, Ref, Sum, position
from symbackprop.judge.mistakes.edit import Backward, Edit, say


def convolutions(b: Backward, e: Equation) -> Iterator[Edit]:
    """A kernel that runs the other way along all axes by which it slides."""
    assert isinstance(e.op, Sum)
    tied = {s for w in e.op.body.atoms(Where) for c in w.args[0].atoms(sp.Eq) for s in c.free_symbols} - set(e.op.slots)
    here = b.here(e)
    for r in e.operands:
        axes = _slides(r, tied)
        if axes and b.program.tensors[r.name].kind == "parameter":
            said = say("the kernel {} is not flipped where {} is taken", r.name, e.target.name)
            yield Edit("kernel not flipped", e.target.name, lambda v, n=r.name, a=axes: here({**v, n: np.flip(v[n], a)}), said, 0.1)
    role, axes = b.program.tensors[e.target.name].role, _slides(e.target, tied)
    if axes and role is not None and b.program.tensors[role.wrt].kind == "parameter":
        said = say("the gradient {} by a kernel runs the other way, as if the kernel were flipped", e.target.name)
        yield Edit("kernel not flipped", e.target.name, lambda v: np.flip(here(v), axes), said, 0.1)


def _slides(ref: Ref, tied: set[sp.Basic]) -> tuple[int, ...]:
    """The axes whose positions are tied to others."""
    return tuple(k for k, c in enumerate(ref.index) if position(c) in tied)
