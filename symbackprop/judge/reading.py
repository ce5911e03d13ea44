"""What a claim was understood as: programs whose inputs are the truth's tensors, one for each way to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program, Signature, size
from symbackprop.display.closed_form import ClosedForms
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import parsed
from symbackprop.notation.reader import Reader

CLAIM = "claim"  # the output of a claim's program
LONGEST = 120  # nodes of the tree of a claim that is shown in one formula


class NotUnderstoodError(SymbackpropError):
    """A claim that could not be read; the message says why."""


@dataclass(frozen=True)
class Reading:
    """One way to read a claim.

    program      its inputs are tensors of the truth, by name; its output is `claim`.
    cost         how unusual the reading is: 0 for plain linear algebra.
    note         how it is read, where that is not plain.
    assumptions  what must be so for it to stand, such as "g is dL/dY".
    """

    program: Program
    cost: float = 0.0
    note: str = ""
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Understood:
    """A claim, read.

    readings   the ways to read it, the plainest first.
    latex      what was understood.
    left       what its own left side says it is the gradient by, or None.
    unknown    names that stand nowhere.
    """

    readings: tuple[Reading, ...]
    latex: str = ""
    left: str | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What a claim may mention.

    tensors   of the truth, by name: inputs, values and true gradients such as dL/dz.
    aliases   further names of them, as a person spells them.
    of, wrt   what the claim is the derivative of, and by what.
    around    every tensor of the truth, for how gradients are printed.
    """

    tensors: Mapping[str, Signature]
    aliases: Mapping[str, str] = field(default_factory=dict)
    of: str = "L"
    wrt: str = ""
    around: Mapping[str, Signature] = field(default_factory=dict)


def read_claim(claim: Any, context: Context) -> Understood:
    """A claim as a program. Raises NotUnderstoodError, with the reason."""
    if isinstance(claim, Program):
        return Understood((Reading(claim),), latex_of(claim, context.around))
    if isinstance(claim, sp.Basic):
        claim = str(claim)
    if not isinstance(claim, str) or not claim.strip():
        raise NotUnderstoodError(f"a claim is a formula, as text or as a SymPy expression, not {type(claim).__name__}")
    try:
        program = _python(claim, context)
    except (NotationError, LanguageError) as fault:
        raise NotUnderstoodError(str(fault)) from None
    return Understood((Reading(program),), latex_of(program, context.around))


class _Reader(Reader):
    """A reader to whom the truth's tensors are declared already; a name may be written again, as in code."""

    def fresh(self, node: Any, name: str) -> None:
        self.check(node, name)


def _python(text: str, context: Context) -> Program:
    tree, source = parsed(text.strip(), "<claim>")
    reader = _Reader(source)
    for name, tensor in context.tensors.items():
        reader.names[name] = Tensor(tensor.shape, signature=given(tensor))
        for extent in (*tensor.shape, *([tensor.bound] if tensor.bound is not None else [])):
            reader.sizes |= {str(s): size(str(s)) for s in extent.free_symbols}
    for alias, name in context.aliases.items():
        known: Any = reader.names.get(name, reader.sizes.get(name))
        if known is not None and not reader.known(alias):
            reader.names[alias] = known
    *before, last = tree.body
    for statement in before:
        reader.statement(statement)
    value = getattr(last, "value", None)
    if value is None or not type(last).__name__.endswith(("Expr", "Assign")):
        raise NotUnderstoodError("the last line of a claim is its value: write an expression, or name = expression")
    result = as_tensor(reader.evaluator.numeric(value, reader.evaluator.value(value)))
    return lowered(result)


def given(tensor: Signature) -> Signature:
    """A tensor of the truth as an input of a claim."""
    kind = tensor.kind if tensor.kind != "value" else "data"
    return Signature(tensor.name, tensor.shape, kind, tensor.domain, tensor.bound, tensor.value, role=tensor.role)


def lowered(result: Tensor) -> Program:
    """The program that computes one tensor as it was written, called `claim`."""
    if result.name is not None:
        result = result * 1 if result.is_input else result
    return trace({CLAIM: result.named(CLAIM)}, (), "elementary")


def latex_of(program: Program, around: Mapping[str, Signature]) -> str:
    """What a claim says, as LaTeX: its right side in one formula where that can be, else an equation a line.

    around   the tensors that the names of gradients speak of.
    """
    names = Names(replace(program, tensors={**around, **program.tensors}))
    hidden = {e.target.name for e in program.equations} - {CLAIM}
    last = program.equation_of()[CLAIM]
    whole = ClosedForms(names, hidden, LONGEST).latex(CLAIM)
    shown = whole or (None if hidden else matrix_equation(names, last) or index_equation(names, last))
    if shown is not None:
        return shown.partition(" = ")[2] or shown
    return r" \\ ".join(matrix_equation(names, e) or index_equation(names, e) for e in program.equations)


def equal_shapes(a: Sequence[Expr], b: Sequence[Expr]) -> bool:
    """Whether two shapes are equal for all sizes."""
    return len(a) == len(b) and all(sp.expand(x - y) == 0 for x, y in zip(a, b, strict=True))
