"""The change of a value as several tensors move at once, from derivatives that are there: the Jacobian times a vector.

The gradient of that change is the Hessian times the vector: s = sum of dL/dw * v over the entries of every w, then ds/dw.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symbackprop.core.letters import LETTERS, fresh
from symbackprop.core.program import Equation, Program, Ref, Signature, Step, Sum, slot

CHANGE = "the change"  # no name that a person may give


def vector_of(name: str) -> str:
    """What the input is called that holds the direction in which a tensor moves."""
    return f"the direction of {name}"


def along(program: Program, of: str, gradients: Mapping[str, str]) -> Program:
    """The program with one equation more, CHANGE: that of `of` as every w of `gradients` moves along the input `vector_of(w)`.

    gradients   for each w the tensor of d `of` / d w, of the shape of `of` followed by that of w.
    """
    tensors, equations, parts = dict(program.tensors), list(program.equations), []
    taken = set(map(str, program.sizes()))
    own = fresh(len(program.shape(of)), taken, LETTERS)
    for w, gradient in gradients.items():
        shape = program.shape(w)
        vector, part = Signature(vector_of(w), shape, "data"), Signature(f"{CHANGE} by {w}", program.shape(of))
        tensors = {vector.name: vector, **tensors, part.name: part}
        letters = fresh(len(shape), {*taken, *own}, LETTERS)
        product = Sum(slot(0) * slot(1), (slot(0), slot(1)), tuple(zip(letters, shape, strict=True)))
        operands = (Ref(gradient, own + letters), Ref(vector.name, letters))
        equations.append(
            Equation(Ref(part.name, own), product, operands, Step("onward", wrt=Ref(w, letters), upstream=operands[1]))
        )
        parts.append(Ref(part.name, own))
    slots = tuple(map(slot, range(len(parts))))
    equations.append(Equation(Ref(CHANGE, own), Sum(sp.Add(*slots), slots), tuple(parts), Step("both", pattern="copy")))
    tensors[CHANGE] = Signature(CHANGE, program.shape(of))
    return Program(tensors, tuple(equations), (CHANGE,), program.conditions)
