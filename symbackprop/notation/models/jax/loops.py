"""Loops and branches of JAX: scan is a loop of the language; what counts with whole numbers is written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.language import operations as ops
from symbackprop.language.loop import Loop
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.models.jax.values import Fault, Spread, Value

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk

LETTERS = "tlkijpq"


def _scan(walk: Walk, eqn: Any, given: list[Value]) -> list[Value]:
    """carry, y = f(carry, x[i]) for each i: kept as a loop, or written out where it counts with whole numbers."""
    p = eqn.params
    if "num_consts" not in p:
        mend = "Install jax<0.11, or write the loop with range(...) for sb.trace."
        raise walk.refused(eqn, "this version of JAX writes down otherwise what it carries.", mend)
    length, fixed, carried = walk.size(p["length"]), int(p["num_consts"]), int(p["num_carry"])
    constants, starts, rows = given[:fixed], given[fixed : fixed + carried], given[fixed + carried :]
    if all(v.aval.dtype.kind == "f" for v in eqn.invars[fixed : fixed + carried]):
        try:
            return _kept(walk, eqn, length, constants, starts, rows)
        except LanguageError:
            if not length.is_Integer:
                raise
    if not length.is_Integer:
        raise walk.refused(
            eqn, f"it runs over {length} steps, and is unrolled.", "Its number of steps becomes that of the example."
        )
    return _unrolled(walk, eqn, int(length), constants, starts, rows)


def _kept(walk: Walk, eqn: Any, length: sp.Expr, constants: list[Value], starts: list[Value], rows: list[Value]) -> list[Value]:
    """The loop of one step, which is walked once."""
    p = eqn.params
    names = _names(p["jaxpr"])[len(constants) :]
    taken = {*names, *walk.inputs.tensors, *map(str, length.free_symbols), *walk.letters}
    letter = next(c for c in LETTERS if c not in taken)
    loop = Loop(letter, length, -1 if p["reverse"] else 1)
    way = "next" if p["reverse"] else "prev"
    before = [loop.before(walk.tensor(s), f"{name}_{way}", name) for s, name in zip(starts, names, strict=False)]
    entries = [loop.at(walk.tensor(x)) for x in rows]
    walk.letters.append(letter)
    try:
        found = walk.run(p["jaxpr"].jaxpr, p["jaxpr"].consts, [*constants, *before, *entries])
    finally:
        walk.letters.pop()
    values = [TABLE["identity"](t) if t.is_input else t for t in map(walk.tensor, found)]
    for stand_in, value, name in zip(before, values, names, strict=False):
        loop.carry(stand_in, value.called(name) if name and not value.name else value)
    whole = loop.whole(values)
    last = 0 if p["reverse"] else length - 1
    return [*(stack[last] for stack in whole[: len(starts)]), *whole[len(starts) :]]


def _names(closed: Any) -> list[str]:
    """What a person calls the arguments of a step."""
    said = getattr(getattr(closed.jaxpr, "debug_info", None), "arg_names", None) or ()
    words = [re.findall(r"[A-Za-z]\w*", str(name)) for name in said]
    names = [found[-1] if found else "" for found in words]
    return [*names, *[""] * (len(closed.jaxpr.invars) - len(names))]


def _unrolled(walk: Walk, eqn: Any, length: int, constants: list[Value], carry: list[Value], rows: list[Value]) -> list[Value]:
    p = eqn.params
    order = range(length - 1, -1, -1) if p["reverse"] else range(length)
    stacked: dict[int, list[Value]] = {}
    count = len(carry)
    for k in order:
        found = walk.run(p["jaxpr"].jaxpr, p["jaxpr"].consts, [*constants, *carry, *(_entry(walk, x, k) for x in rows)])
        carry, stacked[k] = found[:count], found[count:]
    columns = [[stacked[k][j] for k in range(length)] for j in range(len(eqn.outvars) - count)]
    return [*carry, *(_stack(walk, column) for column in columns)]


def _entry(walk: Walk, x: Value, k: int) -> Value:
    """x[k] along the first axis."""
    match x:
        case ndarray():
            return np.asarray(x[k])
        case Spread() if not x.tensor.shape or x.tensor.shape[0] == 1:
            return Spread(x.tensor[0] if x.tensor.shape else x.tensor, x.shape[1:])
        case Fault():
            return x
    return walk.tensor(x)[k]


def _stack(walk: Walk, values: list[Value]) -> Value:
    fault = next((v for v in values if isinstance(v, Fault)), None)
    if fault is not None:
        return fault
    arrays = [v for v in values if isinstance(v, ndarray)]
    if len(arrays) == len(values):
        return np.stack(arrays)
    return ops.stack([walk.tensor(v) for v in values])


def _while(walk: Walk, eqn: Any, given: list[Value]) -> list[Value]:
    """A loop whose condition is known at each step, such as that of fori_loop."""
    p = eqn.params
    tested, fixed = int(p["cond_nconsts"]), int(p["body_nconsts"])
    of_test, of_body, carry = given[:tested], given[tested : tested + fixed], given[tested + fixed :]
    while True:
        (goes_on,) = walk.run(p["cond_jaxpr"].jaxpr, p["cond_jaxpr"].consts, [*of_test, *carry])
        number = None if isinstance(goes_on, Fault) else walk.number(goes_on)
        if number is None:
            raise walk.refused(eqn, "how often the loop runs depends on data.", "Write lax.scan, or a fixed number of steps.")
        if not number:
            return list(carry)
        carry = walk.run(p["body_jaxpr"].jaxpr, p["body_jaxpr"].consts, [*of_body, *carry])


def _cond(walk: Walk, eqn: Any, given: list[Value]) -> list[Value]:
    """A branch that is known; else all of them, of which the values that count are chosen."""
    index, *operands = given
    branches = eqn.params["branches"]
    if isinstance(index, Fault):
        raise index.error
    number = walk.number(index)
    if number is not None:
        branch = branches[max(0, min(int(number), len(branches) - 1))]
        return walk.run(branch.jaxpr, branch.consts, operands)
    chosen = walk.tensor(index)
    each = [walk.run(branch.jaxpr, branch.consts, operands) for branch in branches]
    return [_chosen(walk, chosen, list(values)) for values in zip(*each, strict=True)]


def _chosen(walk: Walk, index: Tensor, values: list[Value]) -> Value:
    """The value of the branch of that number; the first of numbers below 0, the last of those beyond."""
    fault = next((v for v in values if isinstance(v, Fault)), None)
    if fault is not None or all(v is values[0] for v in values):
        return fault or values[0]
    *before, last = map(walk.tensor, values)
    found: Any = last
    for k, value in reversed(list(enumerate(before))):
        found = ops.where(index <= k, value, found)
    return found


LOOPS: Mapping[str, Callable[[Any, Any, list[Value]], list[Value]]] = {"scan": _scan, "while": _while, "cond": _cond}
