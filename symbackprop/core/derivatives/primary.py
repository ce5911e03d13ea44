"""The derivative of a primary function of a matrix, Y = f(X), and of its derivatives Y = L_f(X, D), by Frechet's derivative.

With G from above, <G, L_f(X, dX)> = <L_f(X^T, G), dX>: what comes back to X is the derivative of f at X^T along G. So is what comes
back to a matrix or a direction of a derivative: every matrix that it keeps is turned, and G is one direction more, or stands in the
place of the direction (Higham 2008, Functions of Matrices, section 3.2; Higham and Relton 2014 for higher orders).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symbackprop.core.functions import matrix_function
from symbackprop.core.program import Equation, Matrix, Ref, Signature, Step, Sum, slot

Letters = Callable[[int, set[str]], tuple[str, ...]]


def is_primary(equation: Equation) -> bool:
    """Whether an equation is a primary function of a matrix, or a derivative of one."""
    return isinstance(equation.op, Matrix) and matrix_function(equation.op.kind).primary


def came_back(
    tensors: Mapping[str, Signature], equation: Equation, k: int, upstream: Ref, letters: Letters
) -> tuple[Ref, list[tuple[Signature, Equation]]]:
    """What comes back to the k-th operand, with the letters of what came from above first, and the equations that it needs.

    upstream   the gradient of the equation's target.
    letters    gives fresh letters.
    """
    operands, needs = equation.operands, list[tuple[Signature, Equation]]()
    turned = [ref for j, ref in enumerate(operands) if j != k or k == 0]
    rows = letters(2, {c for ref in (*operands, upstream) for c in ref.index})
    reads = list[Ref]()
    for ref in turned:
        signature, written = _transpose(tensors, ref, equation.target, letters)
        needs.append((signature, written))
        reads.append(Ref(signature.name, (*ref.index[:-2], *rows)))
    reads.append(Ref(upstream.name, (*upstream.index[:-2], *rows)))
    name, count = f"along({operands[k].name})", 1
    while name in tensors:
        name, count = f"along({operands[k].name}_{count})", count + 1
    found = Ref(name, (*upstream.index[:-2], *operands[k].index[-2:]))
    shape = tensors[upstream.name].shape
    step = Step("function", through=equation.target)
    needs.append((Signature(found.name, shape, named=False), Equation(found, equation.op, tuple(reads), step)))
    return found, needs


def _transpose(tensors: Mapping[str, Signature], ref: Ref, through: Ref, letters: Letters) -> tuple[Signature, Equation]:
    """X^T of all the matrices in a tensor."""
    shape = tensors[ref.name].shape
    index = letters(len(shape), set())
    name = f"transpose({ref.name})"
    source = Ref(ref.name, (*index[:-2], index[-1], index[-2]))
    written = Equation(Ref(name, index), Sum(slot(0), (slot(0),)), (source,), Step("function", through=through))
    return Signature(name, (*shape[:-2], shape[-1], shape[-2]), named=False), written
