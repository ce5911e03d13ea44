"""What a network must be for a compiled form: a number for a step, whole derivatives for a change, no function without numbers."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.backends.arguments import CompileError
from symbackprop.core.functions import declared_names
from symbackprop.core.program import Program, Sum


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


def require_defined(program: Program) -> None:
    """See that every function of a program has numbers.

    Raises CompileError for one that is declared alone: source that takes it as an argument could not be checked before it is used.
    """
    names = sorted({name for e in program.equations if isinstance(e.op, Sum) for name in declared_names(e.op.body)})
    if names:
        first = names[0]
        raise CompileError(
            f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} declared and defined nowhere: no numbers come of that. "
            f'Write "{first} = tanh", or another function of the language, in the place of "{first}: function"'
        )
