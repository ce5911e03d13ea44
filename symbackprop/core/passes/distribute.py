"""Sums of outer products, apart: what multiplies a sum of products of tensors multiplies each, as equations of their own.

y[k l] = sum_{a q} (V[a k] V[q l] + V[q k] V[a l]) P[a q]     has four axes before it is summed; a term by itself is two products.

A comparison of two tensors, [t[i] = t[j]], is no product. Beside a mask by a large number, S - 1e9 [i = j], terms that cancel
where it stands are not parted: their sum is 0 there, and each alone is 1e9, which leaves seven digits of all else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.passes.large import LARGE
from symbackprop.core.passes.simplify import shrunk
from symbackprop.core.program import Equation, Program, Reduce, Ref, Signature, Sum, position, slot


def distributed(program: Program) -> Program:
    """The program with an equation for each term of such sums; every value is the same."""
    tensors, done = dict(program.tensors), list[Equation]()
    large: set[str] = set()
    for equation in program.equations:
        if _is_large(equation, large):
            large.add(equation.target.name)
        terms = [] if any(r.name in large for r in equation.operands) else _terms(equation)
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


def _is_large(equation: Equation, large: set[str]) -> bool:
    """Whether a value holds large numbers: its body has one, or adds, scales or copies what holds them."""
    op = equation.op
    if isinstance(op, Reduce):
        return equation.operands[0].name in large
    if not isinstance(op, Sum):
        return False
    if _names_large(op.body):
        return True
    own = large and {s for s, ref in zip(op.slots, equation.operands, strict=True) if ref.name in large}
    return bool(own) and any(own & set(sp.Mul.make_args(term)) for term in sp.Add.make_args(op.body))  # type: ignore[operator]


@lru_cache(maxsize=1000)
def _names_large(body: Expr) -> bool:
    """Whether a large number stands in a body, which many layers have."""
    return any(abs(number) >= LARGE for number in body.atoms(sp.Number) if number.is_finite)


def _terms(equation: Equation) -> list[Expr]:
    """The terms of a body that multiplies a sum of outer products; none where it does not."""
    op = equation.op
    if not isinstance(op, Sum) or not op.over:
        return []
    letters = {s: set(ref.index) for s, ref in zip(op.slots, equation.operands, strict=True)}
    letters |= {position(c): {c} for c in (*equation.target.index, *[c for c, _ in op.over])}

    def is_outer(term: Any) -> bool:
        slots = [[letters[s] for s in factor.free_symbols if s in op.slots] for factor in sp.Mul.make_args(term)]  # type: ignore[index]
        own = [set[str]().union(*found) for found in slots if found]
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
