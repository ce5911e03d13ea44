"""Mistakes of the result itself: a quotient for a derivative, the transpose, a penalty where there is none."""

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
    of, wrt = role.of, role.wrt
    if b.rank(of) and b.rank(wrt):
        said = f"the quotients {of}_i / {wrt}_j stand for the Jacobian; a derivative is no quotient of values"
    else:
        said = f"the quotient {of} / {wrt} stands for the derivative; a derivative is no quotient of values"
    yield Edit("quotient for Jacobian", g, lambda v: np.multiply.outer(v[of], 1 / v[wrt]), said)
    if b.shape(of) == b.shape(wrt) and b.rank(of):
        yield Edit("quotient for Jacobian", g, lambda v: v[of] / v[wrt], said, 0.2)
    if b.program.tensors[wrt].kind == "parameter":
        for lam in (t.name for t in b.program.inputs if not t.shape and t.kind not in ("parameter", "constant")):
            for c in (1, 2):
                added = f"a penalty's gradient, {c if c > 1 else ''} {lam} {wrt}, stands where it is not".replace("  ", " ")
                yield Edit("penalty where none is", g, lambda v, c=c, lam=lam: here(v) + c * v[lam] * v[wrt], added, 0.5)
