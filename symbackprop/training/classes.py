"""What a classifier predicts: which input holds the classes, which value answers, and how often the answer is right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.program import Equation, Program, Signature, Sum, same_size, shape_text
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import data_inputs
from symbackprop.training.mapped import everywhere, parts

if TYPE_CHECKING:
    from sympy import Expr

SQUASHING = {"sigmoid", "softplus", "exp"}  # what turns a log-odds into a probability, or into a loss
ENTRY = "[]"  # an entry at one position, h[T]


@dataclass(frozen=True)
class Classes:
    """The input that holds the classes, and how.

    kind   "one-hot", "integers", "binary" (0 or 1) or "sign" (-1 or 1).
    axis   of one-hot entries, counted in the array of the whole data.
    each   the class of every sample, for a split that gives both parts their share; None where a sample has several.
    """

    name: str
    kind: str
    axis: int
    each: ndarray | None


@dataclass(frozen=True)
class Prediction:
    """The value whose answer is compared with the classes.

    axis       along which the largest entry is the answer; None where the answer is whether the value is above `threshold`.
    """

    name: str
    classes: Classes
    axis: int | None
    threshold: float = 0.0

    def named(self, value: ndarray, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """The classes that the columns of a value are, and that of each sample: a row of scores, or one score for the second."""
        if self.axis is None:
            return [names[1]], [names[int(above)] for above in value > self.threshold]
        columns = [names[k] if k < len(names) else str(k) for k in range(value.shape[1])]
        return columns, [columns[k] for k in value.argmax(axis=1)]

    def right(self, value: ndarray, truth: ndarray) -> tuple[int, int]:
        """How many answers are right, and of how many."""
        if self.axis is None:
            answer, true = value > self.threshold, truth > (0 if self.classes.kind == "sign" else 0.5)
        else:
            answer = value.argmax(axis=self.axis)
            true = truth if self.classes.kind == "integers" else truth.argmax(axis=self.axis)
        return int((answer == true).sum()), int(np.size(true))


def class_inputs(program: Program, arrays: Mapping[str, ndarray], axes: Mapping[str, int]) -> list[Classes]:
    """The inputs that hold classes, the one that is read last first: the truth comes in at the loss.

    axes   for each input that differs from sample to sample, the axis of its samples.
    """
    first_read: dict[str, int] = {}
    for k, equation in enumerate(program.equations):
        for operand in equation.operands:
            first_read.setdefault(operand.name, k)
    inputs = [t for t in data_inputs(program) if t.name in axes and t.name in first_read]
    found = (_classes(t, arrays[t.name], axes[t.name]) for t in sorted(inputs, key=lambda t: -first_read[t.name]))
    return [c for c in found if c]


def _classes(tensor: Signature, array: ndarray, sample_axis: int) -> Classes | None:
    if tensor.kind == "integers":
        return Classes(tensor.name, "integers", 0, array if array.ndim == 1 else None)
    others = [axis for axis in range(array.ndim) if axis != sample_axis]
    binary = everywhere(array, lambda part: (part == 0) | (part == 1))
    if tensor.kind == "labels":
        return _one_hot(tensor, array, array.ndim - 1, len(others))
    if binary and len(others) == 1 and array.shape[others[0]] > 1 and (array.sum(axis=others[0]) == 1).all():
        return _one_hot(tensor, array, others[0], 1)
    alone = array.size == array.shape[sample_axis]
    if binary:
        return Classes(tensor.name, "binary", 0, array.ravel().astype(int) if alone else None)
    if everywhere(array, lambda part: (part == -1) | (part == 1)):
        return Classes(tensor.name, "sign", 0, array.ravel().astype(int) if alone else None)
    return None


def _one_hot(tensor: Signature, array: ndarray, axis: int, others: int) -> Classes:
    return Classes(tensor.name, "one-hot", axis, array.argmax(axis=axis) if others == 1 else None)


def find_prediction(program: Program, inputs: Iterable[Classes], batch: str | None, named: str | None = None) -> Prediction | None:
    """The last named value that has the shape of the classes and does not read them; None where the network is no classifier.

    inputs   what `class_inputs` found.
    batch    the size that counts samples; None where the network is written for one sample.
    named    the value that a person chose.

    Raises TrainingError where that value is not there, or has the shape of no classes.
    """
    needs = needs_of(program)
    values = [e.target.name for e in program.equations]
    values = [v for v in values if not program.tensors[v].named] + [v for v in values if program.tensors[v].named]
    if named is not None:
        if named not in values:
            raise TrainingError(f"predict: the network computes no {named}; {mend(str(named), values)}")
        values = [named]
    for classes in inputs:
        for value in reversed(values):
            if classes.name in needs[value] or not needs[value]:
                continue
            truth = program.tensors[classes.name]
            if classes.kind == "integers":
                axis = _class_axis(program.shape(value), truth)
            else:
                axis = classes.axis - (batch is None) if _same(program.shape(value), truth.shape) else None
            if axis is None:
                continue
            if classes.kind in ("one-hot", "integers"):
                return Prediction(value, classes, axis)
            odds = classes.kind == "sign" or is_applied(program, value, SQUASHING)
            return Prediction(value, classes, None, 0.0 if odds else 0.5)
    if named is not None:
        raise TrainingError(
            f"predict: {named} has the shape {shape_text(program.shape(named))}, and no input of classes that it does not read "
            f"fits it; name a value with the shape of the labels, or of integers with one axis more for the classes"
        )
    return None


def require_counted(program: Program, classes: Classes, array: ndarray, settled: Collection[str], in_table: bool) -> None:
    """See that the classes count from 0, where they alone tell how many there are.

    settled    sizes that somebody said, or that parameters have.
    in_table   whether the array is made of a column of a table; rows that a person wrote have the columns that they are to have.

    Raises TrainingError where no sample is of class 0: the network would have a class more, which nothing is of.
    """
    tensor = program.tensors[classes.name]
    count = tensor.bound if tensor.kind == "integers" else tensor.shape[-1] if tensor.kind == "labels" and in_table else None
    if count is None or not count.is_Symbol or str(count) in settled or not array.size:
        return
    numbers = array if classes.kind == "integers" else array.argmax(axis=classes.axis)
    least = int(min(part.min() for part in parts(numbers)))
    if least > 0:
        most = int(max(part.max() for part in parts(numbers)))
        name, how = classes.name, "or write names in the table" if in_table else f"give {classes.name} - {least}"
        size = str(count)
        raise TrainingError(
            f"{name} counts classes from {least}, and the network counts them from 0: there would be a class 0 without a sample. "
            f"Count from 0, {how}, or say how many there are with it, sizes={{{size!r}: {most + 1}}}, on the command line --size "
            f"{size}={most + 1}"
        )


def scores_of(program: Program, given: Collection[str]) -> str | None:
    """The last value with an entry for each class of an input, of those that some data are enough for; None without one."""
    needs = needs_of(program)
    values = [e.target.name for e in program.equations if needs[e.target.name] and needs[e.target.name] <= set(given)]
    for truth in (t for t in data_inputs(program) if t.kind in ("integers", "labels") and t.name not in given):
        for value in reversed(values):
            shape = program.shape(value)
            if _class_axis(shape, truth) is not None if truth.kind == "integers" else _same(shape, truth.shape):
                return value
    return None


def needs_of(program: Program) -> dict[str, frozenset[str]]:
    """For every tensor, the data inputs that it depends on."""
    needs = {t.name: frozenset[str]() for t in program.inputs} | {t.name: frozenset((t.name,)) for t in data_inputs(program)}
    needs |= {e.target.name: frozenset() for e in program.equations}
    before: dict[str, frozenset[str]] = {}
    while needs != before:  # a value of another step is read before it is written
        before = dict(needs)
        for equation in program.equations:
            needs[equation.target.name] = frozenset().union(*(needs[r.name] for r in equation.operands))
    return needs


def _same(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> bool:
    return len(a) == len(b) and all(map(same_size, a, b))


def _class_axis(shape: tuple[Expr, ...], truth: Signature) -> int | None:
    """The axis of a value that runs over the classes of an input of integers: without it, both have one shape."""
    for axis in reversed(range(len(shape))):
        if truth.bound is not None and same_size(shape[axis], truth.bound) and _same(shape[:axis] + shape[axis + 1 :], truth.shape):
            return axis
    return None


def is_applied(program: Program, value: str, functions: Collection[str]) -> bool:
    """Whether an equation that reads a value applies one of these functions to it: names of rows, or "exp"."""
    readers = (e for e in program.equations if any(r.name == value for r in e.operands))
    return any(not set(functions).isdisjoint(applied(equation, value)) for equation in readers)


def applied(equation: Equation, value: str) -> set[str]:
    """The functions that an equation applies to a value that it reads: names of rows, "exp", or ENTRY."""
    op = equation.op
    if not isinstance(op, Sum):
        return set(getattr(op, "applied", {}).get(value, ()))
    import sympy as sp

    from symbackprop.core.functions import TableFunction
    from symbackprop.core.loops.recursion import picked

    own = [s for s, operand in zip(op.slots, equation.operands, strict=False) if operand.name == value]
    found = (f for f in op.body.atoms(sp.exp, TableFunction) if not f.free_symbols.isdisjoint(own))
    return {f.row.name if isinstance(f, TableFunction) else "exp" for f in found} | ({ENTRY} if picked(equation) else set())


def entry_of(program: Program, value: str) -> str:
    """What stands for a value: the entry h[T], where that is all that is read of it but by what it is made of; else itself."""
    made: set[str] = set()
    waiting = {value}
    written = program.equation_of()
    while waiting:
        made |= waiting
        waiting = {r.name for name in waiting if name in written for r in written[name].operands} - made
    readers = [e for e in program.equations if e.target.name not in made and any(r.name == value for r in e.operands)]
    named = any(program.tensors[e.target.name].named for e in readers)
    return readers[0].target.name if len(readers) == 1 and not named and ENTRY in applied(readers[0], value) else value
