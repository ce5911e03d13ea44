"""Which kind of derivative a compiled form can hand back: a step those of a number, a change along vectors whole ones."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.backends.arguments import CompileError
from symbackprop.core.program import Program


def require_number(program: Program, value: str) -> None:
    """That the value has no axes. Raises CompileError."""
    if program.shape(value):
        mend = "compile a loss of it, or call value_and_grad (as a file: the NumPy source in the readable style)"
        raise CompileError(f"{value} has axes, and a step hands back the gradients of a number; {mend}")


def require_whole(what: str, program: Program, gradients: Iterable[str]) -> None:
    """That no derivative is a product with a vector, which says nothing of another direction. Raises CompileError."""
    for name in gradients:
        role = program.tensors[name].role
        if role is not None and (by := role.upstream or role.vector):
            raise CompileError(f"{what}: {name} is a product with {by} already; compile the network, and ask that for its {what}")
