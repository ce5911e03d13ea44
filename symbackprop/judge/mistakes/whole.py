"""Mistakes of the result itself: a quotient for a derivative, the transpose, a step for a gradient, a penalty that is none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symbackprop.judge.mistakes.edit import Backward, Edit


def whole(b: Backward) -> Iterator[Edit]:
    """Another result in the place of the right one."""
    g = b.goal
    role = b.program.tensors[g].role
    here = b.here(b.by_name[g])
    if b.rank(g) >= 2:
        yield Edit("order or layout", g, lambda v: here(v).swapaxes(-1, -2), f"{g} is transposed", 0.1)
    for axis in range(b.rank(g)):
        turned = f"{g} runs the other way along its axis {axis}"
        yield Edit("kernel not flipped", g, lambda v, axis=axis: np.flip(here(v), axis), turned, 0.6)
    if role is None:
        return
    yield from _quotients(b, role.of, role.wrt)
    yield from _steps(b, role.wrt)
    if b.program.tensors[role.wrt].kind == "parameter":
        yield from _penalised(b, role.wrt)


def _quotients(b: Backward, of: str, wrt: str) -> Iterator[Edit]:
    if b.rank(of) and b.rank(wrt):
        said = f"the quotients {of}_i / {wrt}_j stand for the Jacobian; a derivative is no quotient of values"
    else:
        said = f"the quotient {of} / {wrt} stands for the derivative; a derivative is no quotient of values"
    yield Edit("quotient for Jacobian", b.goal, lambda v: np.multiply.outer(v[of], 1 / v[wrt]), said)
    if b.shape(of) == b.shape(wrt) and b.rank(of):
        yield Edit("quotient for Jacobian", b.goal, lambda v: v[of] / v[wrt], said, 0.2)


def _steps(b: Backward, wrt: str) -> Iterator[Edit]:
    """The step of a descent, or where it leads, for the gradient."""
    g, here = b.goal, b.here(b.by_name[b.goal])
    read = {r.name for e in b.program.equations[: b.count] for r in e.operands}
    for rate in (n for n in b.rates if n not in read):
        for sign, minus in ((-1, "-"), (1, "")):
            said = f"a step, {minus}{rate} {g}, stands for the gradient"
            yield Edit("step for gradient", g, lambda v, c=sign, r=rate: c * v[r] * here(v), said, 0.2)
        if b.shape(g) == b.shape(wrt):
            said = f"the updated {wrt} stands for its gradient"
            yield Edit("step for gradient", g, lambda v, r=rate: v[wrt] - v[r] * here(v), said, 0.2)


def _penalised(b: Backward, wrt: str) -> Iterator[Edit]:
    here = b.here(b.by_name[b.goal])
    for lam in b.rates:
        for c, text in ((1, ""), (2, "2 ")):
            added = f"a penalty's gradient, {text}{lam} {wrt}, stands where it is not"
            yield Edit("penalty where none is", b.goal, lambda v, c=c, lam=lam: here(v) + c * v[lam] * v[wrt], added, 0.5)
