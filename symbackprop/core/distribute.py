"""Sums of outer products, apart: what multiplies a sum of products of tensors multiplies each, as equations of their own.

y[k l] = sum_{a q} (V[a k] V[q l] + V[q k] V[a l]) P[a q]     has four axes before it is summed; a term by itself is two products.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, position, slot
from symbackprop.core.simplify import shrunk


def distributed(program: Program) -> Program:
    """The program with an equation for each term of such sums; every value is the same."""
    tensors, done = dict(program.tensors), list[Equation]()
    for equation in program.equations:
        terms = _terms(equation)
        if not terms:
            done.append(equation)
            continue
        assert isinstance(equation.op, Sum)
        target, parts = equation.target, list[Ref]()
        for k, term in enumerate(terms, 1):
            part = Ref(f"{target.name} [{k}]", target.index)
            op, operands = shrunk(Sum(term, equation.op.slots, equation.op.over), equation.operands)
            tensors[part.name] = Signature(part.name, program.shape(target.name), named=False)
            done.append(Equation(part, op, operands, equation.step))
            parts.append(part)
        slots = tuple(map(slot, range(len(parts))))
        done.append(Equation(target, Sum(sp.Add(*slots), slots), tuple(parts), equation.step))
    return Program(tensors, tuple(done), program.outputs, program.conditions)


def _terms(equation: Equation) -> list[Expr]:
    """The terms of a body that multiplies a sum of outer products; none where it does not."""
    op = equation.op
    if not isinstance(op, Sum) or not op.over:
        return []
    letters = {s: set(ref.index) for s, ref in zip(op.slots, equation.operands, strict=True)}
    letters |= {position(c): {c} for c in (*equation.target.index, *[c for c, _ in op.over])}

    def is_outer(term: Any) -> bool:
        own = [letters[s] for s in term.free_symbols if s in op.slots]  # type: ignore[index]
        return bool(own) and set().union(*own) not in own

    def apart(body: Any) -> list[Expr]:
        factors = sp.Mul.make_args(body)
        wide = [f for f in factors if f.is_Add and any(is_outer(term) for term in f.args)]
        others = [f for f in factors if f not in wide]
        if len(wide) != 1 or not any(f.free_symbols & letters.keys() for f in others):
            return [body]
        return [part for term in wide[0].args for part in apart(sp.Mul(*others, term))]  # type: ignore[arg-type]

    found = apart(op.body)
    return found if len(found) > 1 else []
