"""Gradients of code with loops, followed at the judge's points in Python's order: the second opinion on how such code is read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.loops import has_loops
from symbackprop.formulas.told import told
from symbackprop.judge.followed.statements import Follower
from symbackprop.judge.followed.words import LANGUAGE, NotFollowed
from symbackprop.judge.functions.numbered import Values, judged_numbers, numbers_agree
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth

STEPS = 100_000  # of one point
ALL_STEPS = 3_000_000  # of all points of one gradient
_ROWS = ("N", "m", "M", "B")


def in_order(judge: Judge, read: Sequence[Judged], claims: Iterable[tuple[str, Any]]) -> tuple[Judged, ...]:
    """The verdicts; on gradients of code by inputs as they are read where following the code agrees, and else by its numbers.

    read    the verdicts on claims as they are read, which prove more and say more.
    claims  their names and what they say.
    """
    code = {(name, str(claim)): claim.whole for name, claim in claims if isinstance(claim, Code) and claim.whole}
    if not code or has_loops(judge.truth.program):
        return tuple(read)
    return tuple(_by_numbers(judge, one, code.get((one.name, one.given), "")) for one in read)


def _by_numbers(judge: Judge, read: Judged, code: str) -> Judged:
    what, truth = read.asked, judge.truth
    if not code or what is None or what.of != truth.of or truth.program.tensors[what.wrt].kind == "value":
        return read
    taken = Followed(truth, what, code)
    agrees, fits = numbers_agree(truth, what, taken, (NotFollowed,))
    if agrees is None or (agrees and read.right) or (not agrees and read.wrong and fits == (read.kind != "wrong shape")):
        return read
    if read.right and not fits:  # a row for a column, as the reading takes it
        return read
    found = judged_numbers(judge, what, taken, read.given, (NotFollowed,))
    return replace(found, given=read.given, stands=read.stands, remarks=(*found.remarks, told("followed line by line, at numbers")))


class Followed:
    """What code gives for a gradient where the network has the values."""

    def __init__(self, truth: Truth, what: Asked, code: str) -> None:
        self.truth, self.what = truth, what
        self.body = ast.parse(code).body
        self.left = ALL_STEPS

    def __call__(self, values: Values) -> ndarray:
        """Its numbers. Raises NotFollowed."""
        follower = Follower(
            values_of(self.truth, values), LANGUAGE.get, min(STEPS, self.left)
        )  # dz that no line gives is no number
        before = follower.steps
        try:
            found = np.asarray(follower.follow(self.body))
        finally:
            self.left -= before - follower.steps
        if found.dtype.kind not in "fiub":
            raise NotFollowed("it gives no numbers")
        found = found if found.dtype.kind == "f" else found.astype(float)
        shape = np.shape(values[self.what.wrt])
        return found.reshape(shape) if plain_shape(found.shape) == plain_shape(shape) else found


def values_of(truth: Truth, values: Values) -> dict[str, Any]:
    """The tensors of the network and its sizes, by their names."""
    own = {name: _held(truth, name, values[name]) for name in truth.named if name in values}
    sizes = {
        str(n): int(k)
        for name in own
        for n, k in zip(truth.program.shape(name), np.shape(values[name]), strict=True)
        if n.is_Symbol
    }
    rows = [len(values[t.name]) for t in truth.program.inputs if t.kind in ("data", "labels", "integers") and t.shape]
    several = dict.fromkeys(_ROWS, rows[0]) if rows else {}
    aliases = {name: own[of] for name, of in truth.network.aliases.items() if of in own}
    return {**several, **sizes, **own, **aliases}


def _held(truth: Truth, name: str, value: ndarray) -> Any:
    """A copy of a tensor's array, of whole numbers where it holds such."""
    whole = truth.program.tensors[name].kind == "integers"
    return np.array(value, dtype=int if whole else float)[()]


def plain_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its axes of size 1."""
    return tuple(n for n in shape if n != 1)
