"""A network of weighted samples: a weight of k counts a sample as k copies of it would, and need not be whole.

Copies enter by what adds over the samples, and by how many there are: sum_i f_i becomes sum_i w_i f_i, and n becomes sum_i w_i, in
means, variances and regularisers alike. A network that asks where a sample stands has no copies, and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.guards import letters_of
from symbackprop.core.program import Equation, Program, Reduce, Ref, Signature, Sum, letter_sizes, size, slot, substituted
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import Layout

WEIGHT, TOTAL, LOSS = "sample_weight", "sample_weight_total", "sample_weight_loss"
SAME = ("max", "min")  # of copies these are what they are of one


def weighted(program: Program, loss: str, batch: str | None) -> tuple[Program, str, str]:
    """The program with an input of weights, the name of its loss, and that of the input.

    batch   the size that counts samples; None where the network is written for one: its loss is multiplied by its weight then.

    Raises TrainingError where copies of a sample have no meaning.
    """
    weight, total, name = (_fresh(program, own) for own in (WEIGHT, TOTAL, LOSS))
    if batch is None:
        times = Equation(Ref(name), Sum(slot(0) * slot(1), (slot(0), slot(1))), (Ref(loss), Ref(weight)))
        tensors = {weight: Signature(weight, (), "data"), **program.tensors, name: Signature(name, named=False)}
        return replace(program, tensors=tensors, equations=(*program.equations, times), outputs=(name,)), name, weight
    n = size(batch)
    _require_plain(program, n)
    equations = [_weighted(program, equation, n, weight, total) for equation in program.equations]
    tensors = {weight: Signature(weight, (n,), "data"), **program.tensors}
    if any(ref.name == total for equation in equations for ref in equation.operands):
        equations.insert(0, Equation(Ref(total), Sum(slot(0), (slot(0),), (("i", n),)), (Ref(weight, ("i",)),)))
        tensors[total] = Signature(total, named=False)
    return replace(program, tensors=tensors, equations=tuple(equations)), loss, weight


def with_weights(
    arrays: Mapping[str, ndarray], layout: Layout, name: str, weights: Any, dtype: str
) -> tuple[dict[str, ndarray], Layout]:
    """The arrays with that of the weights, and the layout that knows it. Samples beyond the weights, those held out, count once.

    Raises TrainingError where the weights are not as many as the samples, or one is negative or not finite.
    """
    try:
        given = np.asarray(weights)
        if given.dtype.kind == "c":
            raise TypeError(given.dtype)
        given = given.astype(float)
    except (TypeError, ValueError):
        raise TrainingError("sample_weight holds no numbers; give a number for each sample") from None
    if given.shape != (count := layout.samples - layout.further,):
        raise TrainingError(f"sample_weight has the shape {given.shape}; give a number for each of the {count} samples")
    with np.errstate(over="ignore", under="ignore"):
        array = np.concatenate([given, np.ones(layout.further)]).astype(dtype)
    wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if wrong.size:
        k = wrong[0]
        raise TrainingError(f"sample_weight holds {given[k]:g} at ({k}); a weight is 0 or a positive number that {dtype} can hold")
    return {**arrays, name: array}, replace(layout, axes={**layout.axes, name: 0}, weight=name)


def _require_plain(program: Program, n: Any) -> None:
    """Raise TrainingError where a size is made of the number of samples, as that of samples one after another is."""
    for tensor in program.tensors.values():
        if any(extent != n and extent.has(n) for extent in (*tensor.shape, *([tensor.bound] if tensor.bound is not None else []))):
            raise _without_copies(tensor.name)


def _weighted(program: Program, equation: Equation, n: Any, weight: str, total: str) -> Equation:
    """The equation where each letter of samples that it sums over brings its weight."""
    op, letters = equation.op, letter_sizes(program, equation)
    own = [letter for letter, extent in letters.items() if extent == n]
    if isinstance(op, Sum):
        if any(extent != n and extent.has(n) for _, extent in op.over) or letters_of(op.body) & set(own):
            raise _without_copies(equation.target.name)
        added = [Ref(weight, (letter,)) for letter, _ in op.over if letter in own]
        swap: Mapping[Any, Any] = {}
        if op.body.has(n):
            swap, added = {n: slot(len(op.slots))}, [Ref(total), *added]
        if not added:
            return equation
        slots = tuple(slot(len(op.slots) + k) for k in range(len(added)))
        body = sp.Mul(substituted(op.body, swap), *slots[len(swap) :])
        return replace(equation, op=Sum(body, (*op.slots, *slots), op.over), operands=(*equation.operands, *added))
    if isinstance(op, Reduce):
        if op.kind in SAME or not any(letter in own for letter, _ in op.over):
            return equation
        raise TrainingError(
            f"sample_weight: {equation.target.name} is the {op.kind} over the samples, in which a weight has no place; leave the "
            f"weights out, or write them into the loss, as a data input of their own"
        )
    if not any(letter in own for ref in (equation.target, *equation.operands) for letter in ref.index[-2:]):
        return equation
    raise _without_copies(equation.target.name)


def _without_copies(name: str) -> TrainingError:
    return TrainingError(
        f"sample_weight: {name} depends on where a sample stands among the others, so that copies of one have no meaning; leave "
        f"the weights out, or write them into the loss, as a data input of their own"
    )


def _fresh(program: Program, name: str) -> str:
    while name in program.tensors:
        name += "_"
    return name
