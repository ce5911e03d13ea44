"""Matrix products: a transpose, an order, an elementwise product, a grouping, a tensor of another layer or time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.functions import Where
from symbackprop.core.program import Equation, Ref, Sum
from symbackprop.judge.mistakes.edit import Backward, Edit, Instead, Values, say

ORDERS: tuple[Callable[[ndarray, ndarray], ndarray], ...] = (
    lambda p, q: p @ q, lambda p, q: q @ p, lambda p, q: p.T @ q, lambda p, q: q.T @ p,
    lambda p, q: p @ q.T, lambda p, q: q @ p.T, np.outer, lambda p, q: np.outer(q, p),
)  # fmt: skip


def products(b: Backward, e: Equation) -> Iterator[Edit]:
    """Another product of the same factors."""
    assert isinstance(e.op, Sum)
    product = e.step is not None and e.step.pattern == "product"
    if len(e.operands) == 2 and product:
        name = e.target.name
        p, q = (r.name for r in e.operands)
        ones = np.ones(b.shape(name))
        said = say("an elementwise product of {} and {} for their matrix product", p, q)
        yield Edit("entrywise for matrix product", name, lambda v: v[p] * v[q] * ones, said, 0.2)
        for order in ORDERS:
            turned = say("{} and {} stand in another order, or one is transposed", p, q)
            label = "order or layout" if name == b.goal else "transpose missing"
            yield Edit(label, name, lambda v, order=order: order(v[p], v[q]), turned, 0.25)
    yield from _grouped(b, e)
    yield from _other_input(b, e)


def _grouped(b: Backward, e: Equation) -> Iterator[Edit]:
    """A (b o c) for (A b) o c."""
    up = b.upstream(e)
    before = b.by_name.get(up) if up and b.activation(e) is not None else None
    if before is None or not isinstance(before.op, Sum) or not before.op.over or len(before.operands) != 2:
        return
    above = b.upstream(before)
    if above is None:
        return

    def regrouped(v: Values) -> ndarray:
        local = b.here(e)({**v, up: np.ones(b.shape(up))})  # type: ignore[dict-item]  # `up` is a name here
        return b.here(before)({**v, above: v[above] * local})

    yield Edit("grouping", e.target.name, regrouped, say("the activation's derivative stands inside the matrix product"), 0.2)


def _other_input(b: Backward, e: Equation) -> Iterator[Edit]:
    """dW of another layer's input, where the shape tells it."""
    assert isinstance(e.op, Sum)
    if e.target.name != b.goal or len(e.operands) != 2 or e.op.body != e.op.slots[0] * e.op.slots[1]:
        return
    letters = list(dict.fromkeys(c for r in (*e.operands, e.target) for c in r.index))
    numbers = {c: k for k, c in enumerate(letters)}
    for k, r in enumerate(e.operands):
        for other in b.forward:
            if b.rank(other) != len(r.index) or b.shape(other) == b.shape(r.name) or not b.named(other):
                continue
            refs = [Ref(other, q.index) if j == k else q for j, q in enumerate(e.operands)]
            label = "shifted index or layer" if other in b.layer_inputs else "wrong tensor"

            def contracted(v: Values, refs: list[Ref] = refs) -> ndarray:
                arguments: list[ndarray | list[int]] = []
                for ref in refs:
                    arguments += [v[ref.name], [numbers[c] for c in ref.index]]
                return np.einsum(*arguments, [numbers[c] for c in e.target.index])

            yield Edit(label, e.target.name, contracted, say("{} stands for {}", other, r.name), 0.3)


def operands(b: Backward, e: Equation) -> Iterator[Edit]:
    """Another tensor of the same shape in the place of one, or the same one turned or shifted."""
    assert isinstance(e.op, Sum)
    above, name = b.upstream(e), e.target.name
    for k, r in enumerate(e.operands):
        shape = b.shape(r.name)
        pool = b.order[: b.position[name]] if r.name == above else b.forward
        for other in pool:
            if other == r.name or b.shape(other) != shape:
                continue
            label, weight = _replaced(b, e, r.name, other, r.name == above)
            alike = f"{_shift(r.name, other)}{' at a slope' if b.activation(e) is not None else ''}"
            yield Edit(label, name, Instead(b, e, k, other), say("{} stands for {} at {}", other, r.name, name), weight, alike)
        if len(shape) == 2 and shape[0] == shape[1]:
            yield from _square(b, e, k)
        if e.op.over:
            yield from _moved(b, e, r.name)


def _square(b: Backward, e: Equation, k: int) -> Iterator[Edit]:
    """A square factor that is transposed, here or wherever it stands in the equation, or that is missing."""
    r, here = e.operands[k], b.here(e)
    said = say("{} stands transposed, or its transpose is missing", r.name)
    for places in ({k}, {j for j, q in enumerate(e.operands) if q.name == r.name}):
        turned = tuple(Ref(q.name, q.index[::-1]) if j in places else q for j, q in enumerate(e.operands))
        yield Edit("transpose missing", e.target.name, b.here(replace(e, operands=turned)), said, alike=r.name)
    if e.op.over and r.name != b.upstream(e) and len(e.operands) > 1:  # type: ignore[union-attr]  # a sum
        missing = say("the factor {} is missing at {}", r.name, e.target.name)
        one = np.eye(b.shape(r.name)[0])
        yield Edit("chain factor missing", e.target.name, lambda v: here({**v, r.name: one}), missing, 0.2, "passed on")


def _moved(b: Backward, e: Equation, name: str) -> Iterator[Edit]:
    here = b.here(e)
    for axis, n in enumerate(b.shape(name)):
        if n < 2:
            continue
        flipped = say("{} runs the other way along axis {}", name, axis)
        yield Edit("kernel not flipped", e.target.name, lambda v, axis=axis: here({**v, name: np.flip(v[name], axis)}), flipped, 1)
        for d in (1, -1):
            rolled = say("{} is shifted by one along axis {}", name, axis)
            yield Edit(
                "shifted index or layer",
                e.target.name,
                lambda v, axis=axis, d=d: here({**v, name: np.roll(v[name], d, axis)}),
                rolled,
                1,
            )


def _replaced(b: Backward, e: Equation, right: str, wrong: str, upstream: bool) -> tuple[str, float]:
    """What it is called where one tensor stands for another, and how rare it is."""
    if upstream:
        skips = any(x.target.name == right and b.activation(x) is not None for x in b.equations)
        return ("slope missing" if skips else "chain factor missing"), 0.6
    strange = 0.0 if b.named(wrong) else 0.8
    if _bends(b.by_name.get(right), wrong):
        return "indicator missing", 0.3 + strange / 2
    same_stem = _stem(wrong) == _stem(right) and b.named(wrong) and b.named(right)
    if same_stem or (b.layer_inputs >= {wrong, right}):
        return "shifted index or layer", 0.1 + strange
    return ("slope at the wrong place" if b.activation(e) is not None else "wrong tensor"), 0.4 + strange


def _bends(e: Equation | None, operand: str) -> bool:
    """Whether a value is a function of an operand that has kinks, as a rectifier has."""
    if e is None or not isinstance(e.op, Sum) or e.op.over:
        return False
    return any(_has_kinks(e.op.body, s) for s, r in zip(e.op.slots, e.operands, strict=True) if r.name == operand)


@lru_cache(maxsize=4096)
def _has_kinks(body: sp.Basic, s: sp.Symbol) -> bool:
    return sp.diff(body, s).has(Where)


def _shift(right: str, wrong: str) -> str:
    """How far h_2 is from h_1 where both are numbered; what stands for what, where they are not."""
    numbers = [re.fullmatch(r"(.*?)_?(\d+)", name) for name in (right, wrong)]
    if all(numbers) and numbers[0][1] == numbers[1][1]:  # type: ignore[index]  # both matched
        return f"{numbers[0][1]} {int(numbers[1][2]) - int(numbers[0][2]):+}"  # type: ignore[index]
    return f"{wrong} for {right}"


def _stem(name: str) -> str:
    return re.sub(r"\d+", "", name)
