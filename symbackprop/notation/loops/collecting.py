"""[f(h) for h in hs] of a list as long as a size: a loop that carries nothing and leaves one value a step."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.arrays import copied
from symbackprop.notation.grown import Grown
from symbackprop.notation.loops.header import header
from symbackprop.notation.loops.leaving import Leaving
from symbackprop.notation.loops.several import parts, rebuilt
from symbackprop.notation.rounds import Comprehension

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def collected(steps: Steps, node: Comprehension) -> Grown | None:
    """What a comprehension holds; None where it goes over a number of values, which are written out."""
    reader, (first, *others) = steps.reader, node.generators
    loop = ast.copy_location(ast.For(target=first.target, iter=first.iter, body=[], orelse=[]), node)
    head = header(reader, loop)
    if head is None or head.extent.is_Integer:
        return None
    if first.ifs or others or isinstance(node, ast.DictComp):
        if first.ifs:
            fault = "a condition picks among as many values as a size."
            raise reader.evaluator.unread(node, fault, "Weigh what is left out with 0, or use np.where.")
        raise reader.evaluator.unread(node, "there are as many values as a size.", "Write one `for`, in a list.")
    names = reader.names
    frame = steps.entered(head)
    value = reader.evaluator.value(node.elt)
    value = value.array() if isinstance(value, Grown) else value
    leaves = parts("", value)
    own = {leaf: _of_step(as_tensor(reader.evaluator.numeric(node.elt, one))) for leaf, one in leaves.items()}
    whole = Leaving(steps, frame).leave(list(own.values()))
    reader.names = names
    return Grown(rebuilt("", value, dict(zip(own, whole, strict=True))))


def _of_step(value: Tensor) -> Tensor:
    """A value that the step makes: of one that it only reads a copy."""
    return value if value.operands and value.name is None else copied(value)
