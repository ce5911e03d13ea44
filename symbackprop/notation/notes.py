"""What a person should know of a network beside its equations: inputs that nothing reads, and sizes that met by accident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations

import sympy as sp

from symbackprop.core.choices import INFINITE
from symbackprop.core.expressions import parts_in
from symbackprop.core.program import Program, Sum, same_size, shape_text, slot
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Index, Tensor, is_truth, label

INFINITY = f"{INFINITE:,} is in the place of infinity, which exp, softmax, maximum and minimum take as the same."

ORDER = (
    "Entries are put in order by their ranks, equal ones as they stand: what comes back to a place of the order goes to the entry "
    "that stands there."
)


def notes(program: Program, loss: str, outputs: Iterable[Tensor]) -> tuple[str, ...]:
    """The notes of a network, one sentence or two each.

    outputs   the tensors that the program computes.
    """
    read = {operand.name for equation in program.equations for operand in equation.operands}
    unread = [f"{t.name}: nothing reads it." for t in program.inputs if t.name not in read and t.name != loss]
    numbers = {n for e in program.equations if isinstance(e.op, Sum) for n in parts_in(e.op.body, sp.Integer)}
    infinite = any(abs(int(n)) == INFINITE for n in numbers)
    order = ordered(outputs)
    ranked = any(t.stem == "rank" and t.below is not None for t in order)
    compares = any(t.name == loss and is_truth(t) for t in order)
    flat = [f"{loss} is a comparison, 0 or 1: its slope is 0 everywhere. Write = once to name a value."] if compares else []
    return (*unread, *flat, *[INFINITY] * infinite, *[ORDER] * ranked, *dict.fromkeys(_accidents(order)))


def _accidents(order: Iterable[Tensor]) -> Iterator[str]:
    """(n, 1) beside (n,) is (n, n): every entry of one with every entry of the other, which is rarely meant."""
    for tensor in order:
        if not isinstance(tensor.op, Sum):
            continue
        summed = {c for c, extent in tensor.op.over if extent == 1}
        for (a, own), (b, other) in permutations(tensor.operands, 2):
            if _meet_by_accident(tensor, a, own, b, other, summed):
                A, B = label(a), label(b)
                yield (
                    f"{label(tensor)}: {A} is {shape_text(a.shape)} and {B} is {shape_text(b.shape)}, so that the result is "
                    f"{shape_text(tensor.shape)}: every entry of one meets every entry of the other. If entries of the same place "
                    f"are meant, write {A}[:, 0]."
                )


def _meet_by_accident(tensor: Tensor, a: Tensor, own: Index, b: Tensor, other: Index, summed: set[str]) -> bool:
    """Whether a column (n, 1) stands beside a vector (n,), and nobody wrote the column with None."""
    if len(own) != 2 or len(other) != 1 or tensor.index[-2:] != (own[0], other[0]):
        return False
    return own[1] in summed and same_size(a.shape[0], b.shape[0]) and a.shape[0] != 1 and not _is_written_so(a)


def _is_written_so(a: Tensor) -> bool:
    """Whether an axis of size 1 was asked for: x[:, None] only reads x, and has a letter that x lacks."""
    if not isinstance(a.op, Sum) or a.op != Sum(slot(0), (slot(0),)):
        return False
    return not set(a.index) <= set(a.operands[0][1])
