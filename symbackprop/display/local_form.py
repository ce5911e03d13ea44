"""The local derivative of one step in index notation: d through / d wrt, with a sum over every letter that neither of them has."""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from dataclasses import replace

import sympy as sp

from symbackprop.core.program import Equation, Ref, Signature, Step, Sum, letter_sizes, position
from symbackprop.display.forms import Printer
from symbackprop.display.index_form import Letters, body_formula, composed
from symbackprop.display.matrix_form import list_form
from symbackprop.display.names import Names
from symbackprop.display.pinned import pinned_body
from symbackprop.formulas.tree import Node

_NAME = "local derivative"


def local_formula(names: Names, equation: Equation, letters: Letters, inline: Collection[str] = ()) -> Node:
    r"""The local derivative of a backward equation: 2 \left(\hat{y}_{k} - y_{k}\right), X_{n,c,k+i,l+j}.

    letters   how the letters of the step are written.
    inline    values that are written out where they are read.
    """
    assert equation.step is not None
    holder, sizes = local_equation(names, equation, equation.step)
    holder = composed(names, holder, inline)
    shape = tuple(sizes[c] for c in holder.target.index)
    program = replace(names.program, tensors={**names.program.tensors, _NAME: Signature(_NAME, shape)})
    return body_formula(names, holder, letters, inline, *pinned_body(program, holder))


def local_list(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node | None:
    r"""The local derivative by a number as the list of its entries, [-\sin\theta, \cos\theta]; None where it is none."""
    step = equation.step
    if step is None or step.through is None or step.wrt is None or step.wrt.index or not step.through.index:
        return None
    holder, sizes = local_equation(names, equation, step)
    own = copy(names)
    shape = tuple(sizes[c] for c in holder.target.index)
    own.program = replace(names.program, tensors={**names.program.tensors, _NAME: Signature(_NAME, shape)})
    form = list_form(own, holder, inline)
    return None if form is None else Printer(own).formula(form)


def local_equation(names: Names, equation: Equation, step: Step) -> tuple[Equation, dict[str, sp.Expr]]:
    """The local derivative as an equation over the letters of `through` and `wrt`, and the sizes of all its letters."""
    through, wrt, local = step.through, step.wrt, step.local
    assert through is not None
    assert wrt is not None
    assert local is not None
    sizes = letter_sizes(names.program, equation)
    for ref in (through, wrt, *step.local_operands):
        sizes |= dict(zip(ref.index, names.signature(ref.name).shape, strict=False))
    index = tuple(dict.fromkeys((*through.index, *wrt.index)))
    used = {c for ref in step.local_operands for c in ref.index} | {c for c in sizes if local.body.has(position(c))}
    over = tuple((c, extent) for c, extent in sizes.items() if c in used and c not in index)
    return Equation(Ref(_NAME, index), Sum(local.body, local.slots, over), step.local_operands, step), sizes
