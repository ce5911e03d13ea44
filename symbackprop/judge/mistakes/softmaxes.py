"""Softmax: its Jacobian taken as diagonal, its normaliser lost, the wrong axis, targets that are taken to sum to one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symbackprop.core.program import Equation, slot
from symbackprop.judge.mistakes.edit import Backward, Body, Edit, say


def softmaxes(b: Backward, e: Equation) -> Iterator[Edit]:
    """What is done wrong on the way back through a softmax, which is known by its values: rows that sum to one."""
    role = b.program.tensors[e.target.name].role
    if role is None or role.of != b.of or role.via is not None or not b.shape(role.wrt):
        return
    name, here = e.target.name, b.here(e)
    for p in b.forward:
        if p not in b.by_name or b.shape(p) != b.shape(role.wrt) or p == role.wrt or b.shape(name) != b.shape(p):
            continue
        kind = _made_of(b.values[p], b.values[role.wrt])
        dp = b.gradient_by(p)
        if kind == "log-softmax" and dp is not None:
            diagonal = say("the Jacobian of the log-softmax {} is taken as diagonal", p)
            yield Edit("softmax taken entry by entry", name, lambda v, p=p, d=dp: v[d] * (1 - np.exp(v[p])), diagonal)
            yield Edit("slope missing", name, lambda v, d=dp: v[d], say("the Jacobian of the log-softmax {} is missing", p), 0.1)
        if kind != "softmax":
            continue
        yield Edit("slope too many", name, lambda v, p=p: here(v) * v[p] * (1 - v[p]), b.too_many(p, _own(p), name), 0.1)
        for y in b.program.inputs:
            if b.shape(y.name) == b.shape(p):
                given = say("the targets {} are taken to sum to 1", y.name)
                yield Edit("targets assumed to sum to one", name, lambda v, p=p, y=y.name: v[p] - v[y], given, 0.3)
        if dp is not None:
            yield from _jacobian(b, name, p, dp)


def _made_of(a: np.ndarray, z: np.ndarray) -> str:
    """Whether values are the softmax of others along their last axis, its logarithm, or neither."""
    if a.max(initial=0.0) > 1.001:
        return ""
    with np.errstate(all="ignore"):
        logs = z - z.max(-1, keepdims=True)
        logs = logs - np.log(np.exp(logs).sum(-1, keepdims=True))
        return "log-softmax" if _near(a, logs) else "softmax" if _near(a, np.exp(logs)) else ""


def _near(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((np.abs(a - b) <= 1e-8 + 1e-5 * np.abs(b)).all())


def _own(p: str) -> Body:
    """p (1 - p)."""
    return Body(slot(0) * (1 - slot(0)), (p,))


def jacobians(b: Backward) -> Iterator[Edit]:
    """A Jacobian of which the diagonal alone is given, where an entry depends on others too."""
    g, here = b.goal, b.here(b.by_name[b.goal])
    role = b.program.tensors[g].role
    if role is None or b.shape(role.of) != b.shape(role.wrt) or b.rank(role.of) != 1:
        return
    p, k = role.of, b.shape(role.of)[0]
    a = b.values[p]
    softmax = bool((a > 0).all() and np.isclose(a.sum(), 1))
    name = "softmax taken entry by entry" if softmax else "Jacobian taken as diagonal"
    only = say("only the diagonal of the Jacobian of {} is given; every entry of {} depends on every one of {}", p, p, role.wrt)
    yield Edit(name, g, lambda v: here(v) * np.eye(k), only)
    yield Edit(name, g, lambda v: np.diagonal(here(v)), only, 0.1)
    if softmax:
        constant = say("the normaliser of the softmax {} is taken as a constant", p)
        yield Edit(name, g, lambda v: np.diag(v[p]), constant, 0.1)
        ones = say("the Jacobian of the softmax {} has a 1 everywhere that belongs on its diagonal alone", p)
        yield Edit(name, g, lambda v: np.outer(v[p], 1 - v[p]), ones)
        yield Edit(name, g, lambda v: np.outer(1 - v[p], v[p]), ones)
        everywhere = say("the diagonal of the Jacobian of the softmax {}, {}, is given for all of it", p, _own(p))
        yield Edit(name, g, lambda v: np.outer(v[p] * (1 - v[p]), np.ones(k)), everywhere)
        yield Edit(name, g, lambda v: np.outer(np.ones(k), v[p] * (1 - v[p])), everywhere)


def _jacobian(b: Backward, name: str, p: str, dp: str) -> Iterator[Edit]:
    diagonal = say("the Jacobian of the softmax {} is taken as diagonal, {}; every output depends on every input", p, _own(p))
    yield Edit("softmax taken entry by entry", name, lambda v: v[dp] * v[p] * (1 - v[p]), diagonal)
    constant = say("the normaliser of the softmax {} is taken as a constant", p)
    yield Edit("softmax taken entry by entry", name, lambda v: v[dp] * v[p], constant, 0.1)
    yield Edit("slope missing", name, lambda v: v[dp], say("the Jacobian of the softmax {} is missing", p), 0.1)
    if b.rank(p) > 1:
        axis = say("the sum in the Jacobian of the softmax {} runs over the wrong axis", p)
        yield Edit("wrong axis", name, lambda v: v[p] * (v[dp] - (v[p] * v[dp]).sum(0, keepdims=True)), axis)
    sign = say("the sum in the Jacobian of the softmax {} has the wrong sign", p)
    yield Edit("wrong sign", name, lambda v: v[p] * (v[dp] + (v[p] * v[dp]).sum(-1, keepdims=True)), sign, 0.2)
    factor = say("the factor {} of the softmax's Jacobian is missing", p)
    yield Edit("term missing", name, lambda v: v[dp] - (v[p] * v[dp]).sum(-1, keepdims=True), factor, 0.4)
