"""What a reader must know beside the equations, in words: zeros and their reasons, uses that add, layers that collapse, kinks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import assert_never

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.functions import TableFunction, Where, held, kinks, matrix_function, reduction, stop_gradient
from symbackprop.core.program import Equation, Matrix, Program, Reduce, Ref, Sum, describe, is_product
from symbackprop.core.strides import unread

SG = "stop_gradient"


def remarks(derivation: Derivation) -> tuple[str, ...]:
    """What a reader must know beside the equations, one paragraph each."""
    return tuple(_remarks(derivation))


def _remarks(derivation: Derivation) -> Iterator[str]:
    program = derivation.forward
    yield from derivation.network.notes if derivation.network else ()
    yield from _zeros(derivation)
    yield from _held(program)
    yield from _copies(derivation)
    yield from _collapses(program)
    yield from unread(program)
    chosen: dict[str, None] = {}
    for equation in program.equations:
        op = equation.op
        match op:
            case Sum():
                chosen |= dict.fromkeys(kinks(op.body))
            case Reduce():
                kink = reduction(op.kind).kink
                chosen |= {kink: None} if kink else {}
            case Matrix():  # a matrix without an inverse is refused, not given a slope
                matrix_function(op.kind)
            case _:
                assert_never(op)
    if chosen:
        yield f"Where a function has no slope, a subgradient is chosen: {'; '.join(chosen)}."


def _zeros(derivation: Derivation) -> Iterator[str]:
    program, of = derivation.forward, derivation.of
    by_name = derivation.program.equation_of()
    flat = _flat_functions(program, of)
    for name in derivation.wrt:
        stopping = [f for f in flat.get(name, ()) if f != SG]
        stopped, are = _and(stopping), "are" if len(stopping) > 1 else "is"
        if not _is_zero(by_name[derivation.gradient(name)]):
            if stopped:
                yield (
                    f"No gradient comes to {name} through {stopped}, which {are} flat almost everywhere; what is shown comes by "
                    f"the other paths."
                )
        elif SG in flat.get(name, ()):
            yield f"{of} reaches {name} only through what {SG} holds: the gradient is zero."
        elif stopped:
            yield (
                f"{of} reaches {name} only through {stopped}, which {are} flat: the gradient is zero wherever it exists, so "
                f"gradient descent never moves {name}. To train it, replace {stopped} by a function with a slope, such as sigmoid."
            )
        else:
            yield f"{of} does not depend on {name}: its gradient is zero."


def _held(program: Program) -> Iterator[str]:
    """What stop_gradient holds, and estimators whose slope is that of another function than their value."""
    holding = [e for e in program.equations if isinstance(e.op, Sum) and e.op.body.has(stop_gradient)]
    if holding:
        yield "sg(x) is x, and a constant to the chain rule: nothing comes back through it (stop_gradient)."
    for equation in holding:
        value, slope = _straight_through(equation.op.body)  # type: ignore[union-attr]
        if slope != 0:
            forward, backward = (describe(_with_body(equation, body)) for body in (value, slope))
            yield (
                f"{equation.target.name} is a straight-through estimator: forwards it is {forward}, backwards it has the slope of "
                f"{backward} (Bengio, Leonard and Courville 2013)."
            )


def _straight_through(body: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The value of a body, and what its slope is the slope of where nothing of that is left in the value; 0 elsewhere."""
    value: sp.Expr = sp.expand(body.xreplace({part: part.args[0] for part in held(body)}))
    slope: sp.Expr = sp.expand(body.xreplace(dict.fromkeys(held(body), sp.S.Zero)))
    left = set(sp.Add.make_args(value)) & set(sp.Add.make_args(slope))
    return value, sp.S.Zero if left or not body.is_Add else slope


def _with_body(equation: Equation, body: sp.Expr) -> Equation:
    assert isinstance(equation.op, Sum)
    return replace(equation, op=replace(equation.op, body=body))


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names)


def _is_zero(equation: Equation) -> bool:
    return isinstance(equation.op, Sum) and equation.op.body == 0


def _flat_functions(program: Program, of: str) -> dict[str, dict[str, None]]:
    """For each tensor, the flat functions between it and `of`, whose slope is zero almost everywhere."""
    above = {of}
    found: dict[str, dict[str, None]] = {}
    for equation in reversed(program.equations):
        if equation.target.name not in above:
            continue
        passed = found.get(equation.target.name, {})
        for k, operand in enumerate(equation.operands):
            above.add(operand.name)
            stopping = _stopping(equation.op.body, equation.op.slots[k]) if isinstance(equation.op, Sum) else ()
            if stopping or passed:
                found.setdefault(operand.name, {}).update(dict.fromkeys(stopping) | passed)
    return found


@cache
def _stopping(body: sp.Expr, s: sp.Symbol) -> tuple[str, ...]:
    """The flat functions through which alone a body reads a slot."""
    if not body.has(TableFunction, Where, stop_gradient) or sp.diff(body, s) != 0:
        return ()
    if any(part.has(s) for part in held(body)):
        return (SG,)
    names = sorted(f.row.name for f in body.atoms(TableFunction) if f.row.flat)
    return tuple(names) or ("a comparison",)


def _copies(derivation: Derivation) -> Iterator[str]:
    tensors, of = derivation.forward.tensors, derivation.of
    copies = (e.step for e in derivation.program.equations if e.step and e.step.rule == "copy")
    shared = [s.wrt.name for s in copies if s.wrt is not None and s.wrt.name in tensors and tensors[s.wrt.name].named]
    if shared:
        names = ", ".join(shared[:6]) + (", ..." if len(shared) > 6 else "")
        yield (
            f"{names} {'is' if len(shared) == 1 else 'are'} used more than once. The gradients of the uses add: a small change "
            f"moves {of} along every path at once, and to first order the changes sum. They are not averaged."
        )


def _collapses(program: Program) -> Iterator[str]:
    """Two linear layers with nothing between them are one linear layer."""
    affine: dict[str, tuple[str, str]] = {}
    for equation in program.equations:
        name, op = equation.target.name, equation.op
        if not isinstance(op, Sum):
            continue
        weights = [r for r in equation.operands if program.tensors[r.name].kind == "parameter" and len(r.index) > 1]
        others = [r for r in equation.operands if r not in weights]
        if is_product(op) and len(weights) == 1 and len(others) == 1:
            before = affine.get(others[0].name)
            if before is not None:
                first, second = before[0], weights[0].name
                side = before[1] if before[1] == _side(weights[0], op) else ""
                factors = {"left": f" {second} {first}", "right": f" {first} {second}"}.get(side, "")
                yield (
                    f"{second} follows {first} with no activation between them: together they are one linear layer, whose matrix "
                    f"is the product{factors or ' of the two'}. The second layer adds no expressive power; put an activation "
                    f"between them."
                )
            affine[name] = weights[0].name, _side(weights[0], op)
        elif not op.over and op.body.is_Add and all(t in op.slots for t in op.body.args):  # a bias is added
            linear = [r for r in equation.operands if r.name in affine]
            biases = [r for r in equation.operands if program.tensors[r.name].kind == "parameter"]
            if len(linear) == 1 and len(linear) + len(biases) == len(equation.operands):
                affine[name] = affine[linear[0].name]


def _side(weight: Ref, op: Sum) -> str:
    """Where a matrix stands in a product: "left" in W x, "right" in x W, "" elsewhere."""
    summed = [letter for letter, _ in op.over]
    if len(weight.index) != 2 or len(summed) != 1 or summed[0] not in weight.index:
        return ""
    return "left" if weight.index[1] == summed[0] else "right"
