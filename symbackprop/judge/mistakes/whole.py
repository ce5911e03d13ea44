"""Mistakes of the result itself: a quotient for a derivative, the transpose, a step for a gradient, a penalty that is none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from symbackprop.core.program import slot
from symbackprop.judge.mistakes.edit import Backward, Body, Edit, say

POWERS = (sp.S.One, sp.S.NegativeOne, sp.S.Half, -sp.S.Half, sp.Integer(2), sp.Integer(-2))


def whole(b: Backward) -> Iterator[Edit]:
    """Another result in the place of the right one."""
    g = b.goal
    role = b.program.tensors[g].role
    here = b.here(b.by_name[g])
    if b.rank(g) >= 2:
        yield Edit("order or layout", g, lambda v: here(v).swapaxes(-1, -2), say("{} is transposed", g), 0.1)
    for axis in range(b.rank(g)):
        turned = say("{} runs the other way along its axis {}", g, axis)
        yield Edit("kernel not flipped", g, lambda v, axis=axis: np.flip(here(v), axis), turned, 0.6)
    yield from _scaled(b)
    if role is None:
        return
    yield from _quotients(b, role.of, role.wrt)
    yield from _steps(b, role.wrt)
    if b.program.tensors[role.wrt].kind == "parameter":
        yield from _penalised(b, role.wrt)


def _scaled(b: Backward) -> Iterator[Edit]:
    """A power of a number that the network computes as a factor that does not belong, or that is missing."""
    here = b.here(b.by_name[b.goal])
    for s in (n for n in b.forward if not b.shape(n) and n != b.of):
        for power in POWERS:
            times = say("{} is {} times what it should be", b.goal, Body(slot(0) ** power, (s,)))
            yield Edit("factor too many", b.goal, lambda v, s=s, p=float(power): here(v) * v[s] ** p, times, 0.6)


def _quotients(b: Backward, of: str, wrt: str) -> Iterator[Edit]:
    quotient = Body(slot(0) / slot(1), (of, wrt))
    if b.rank(of) and b.rank(wrt):
        said = say("the quotients {} stand for the Jacobian; a derivative is no quotient of values", quotient)
    else:
        said = say("the quotient {} stands for the derivative; a derivative is no quotient of values", quotient)
    yield Edit("quotient for Jacobian", b.goal, lambda v: np.multiply.outer(v[of], 1 / v[wrt]), said)
    if b.shape(of) == b.shape(wrt) and b.rank(of):
        yield Edit("quotient for Jacobian", b.goal, lambda v: v[of] / v[wrt], said, 0.2)


def _steps(b: Backward, wrt: str) -> Iterator[Edit]:
    """The step of a descent, or where it leads, for the gradient."""
    g, here = b.goal, b.here(b.by_name[b.goal])
    read = {r.name for e in b.program.equations[: b.count] for r in e.operands}
    for rate in (n for n in b.rates if n not in read):
        for sign, said in (
            (-1, say("a step, -{} {}, stands for the gradient", rate, g)),
            (1, say("a step, {} {}, stands for the gradient", rate, g)),
        ):
            yield Edit("step for gradient", g, lambda v, c=sign, r=rate: c * v[r] * here(v), said, 0.2)
        if b.shape(g) == b.shape(wrt):
            said = say("the updated {} stands for its gradient", wrt)
            yield Edit("step for gradient", g, lambda v, r=rate: v[wrt] - v[r] * here(v), said, 0.2)


def _penalised(b: Backward, wrt: str) -> Iterator[Edit]:
    here = b.here(b.by_name[b.goal])
    for lam in b.rates:
        for c in (1, 2):
            added = say("a penalty's gradient, {}, stands where it is not", Body(c * slot(0) * slot(1), (lam, wrt)))
            yield Edit("penalty where none is", b.goal, lambda v, c=c, lam=lam: here(v) + c * v[lam] * v[wrt], added, 0.5)
