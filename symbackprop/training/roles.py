"""What each parameter is for, as the equations that read it tell.

fan_in is the number of entries of a weight that are summed into one entry of the result, fan_out the number of results that
one entry of the operand goes to. Whether an activation is ReLU's kin is asked of its values, not of its name: it rises on the
right at least twice as steeply as on the left, and not beyond the identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import prod

import sympy as sp
from numpy import ndarray
from sympy import Expr, S, Symbol

from symbackprop.core.functions import TableFunction
from symbackprop.core.guards import letters_of
from symbackprop.core.program import Equation, Program, Sum, letter_sizes
from symbackprop.evaluate.extents import extent, shape_of
from symbackprop.training.initial import Init, Role, drawn

REACH = 3  # where an activation's rise is measured: from -3 to 0 to 3, some three standard deviations
STEEPEST = 1.5  # a function that rises faster than this is no activation

Uses = Mapping[str, list[tuple[Equation, int]]]  # for every tensor, the equations that read it, and as which operand


def _uses(program: Program) -> Uses:
    uses: dict[str, list[tuple[Equation, int]]] = {name: [] for name in program.tensors}
    for equation in program.equations:
        for k, operand in enumerate(equation.operands):
            uses[operand.name].append((equation, k))
    return uses


def initial(
    program: Program, sizes: Mapping[str, int], seed: int = 0, dtype: str = "float64", init: Init = None
) -> dict[str, ndarray]:  # fmt: skip
    """A starting value for every parameter, as `drawn` makes it."""
    return drawn(program, roles_of(program, sizes), sizes, seed, dtype, init)


def roles_of(program: Program, sizes: Mapping[str, int]) -> dict[str, Role]:
    """The role of every parameter."""
    uses = _uses(program)
    return {tensor.name: role_of(program, tensor.name, sizes, uses) for tensor in program.parameters}


def role_of(program: Program, name: str, sizes: Mapping[str, int], uses: Uses | None = None) -> Role:
    """What the first equation that tells says the parameter is for."""
    uses = uses or _uses(program)
    waiting = list(uses[name])
    while waiting:
        equation, k = waiting.pop(0)
        if not isinstance(equation.op, Sum):
            continue
        s, slots = equation.op.slots[k], set(equation.op.slots)
        gate = _gate(equation.op.body, s, slots - {s})
        if gate is sp.Mul:
            return _factor(program, equation, k, sizes, uses)
        if gate is sp.Add:
            return Role("bias")
        if len(slots) == 1 and equation.op.body.is_Mul | (equation.op.body == s):  # a transpose, a slice, a multiple
            waiting += uses[equation.target.name]
    shape = shape_of(program.tensors[name], sizes)
    return Role("other", shape[-2], shape[-1]) if len(shape) > 1 else Role("other", prod(shape))


def _gate(body: Expr, s: Symbol, others: set[Symbol]) -> type | None:
    """The gate in which a slot first meets another one: a product or a sum; None where it does not, or inside a function."""
    part: sp.Basic = s
    while part != body:
        part = next(node for node in sp.preorder_traversal(body) if part in node.args)
        if not isinstance(part, sp.Add | sp.Mul):
            return None
        if part.free_symbols & others:
            return part.func
    return None


def _factor(program: Program, equation: Equation, k: int, sizes: Mapping[str, int], uses: Uses) -> Role:
    """The role of an operand that is multiplied."""
    assert isinstance(equation.op, Sum)
    own = letter_sizes(program, equation)
    over = {letter for letter, _ in equation.op.over}
    letters = list(dict.fromkeys(equation.operands[k].index))
    chosen = _chosen(equation.op.body, over)
    others = {c for j, r in enumerate(equation.operands) if j != k for c in r.index}
    summed = [c for c in letters if c in over and c not in chosen and own[c] != 1]
    kept = [c for c in letters if c not in over]
    if letters and not summed and not chosen and all(c in others for c in letters):
        return Role("gain")
    window = [c for c in summed if c not in others]  # the offsets of a kernel
    fan_in = prod(extent(own[c], sizes) for c in summed)
    fan_out = prod(extent(own[c], sizes) for c in kept + window if c not in others)
    return Role("weight", fan_in, fan_out, _is_rectified(equation.target.name, uses))


def _chosen(body: Expr, over: set[str]) -> set[str]:
    """The summed letters that an equality fixes alone, as W[t[b]] does: nothing is really summed over them."""
    found: set[str] = set()
    for test in body.atoms(sp.Eq):
        mentioned = letters_of(test) & over
        if len(mentioned) == 1:
            found |= mentioned
    return found


def _is_rectified(name: str, uses: Uses) -> bool:
    """Whether the first function that a value goes through is ReLU or its kin."""
    waiting, seen = [name], {name}
    while waiting:
        for equation, k in uses[waiting.pop(0)]:
            if isinstance(equation.op, Sum):
                s = equation.op.slots[k]
                applied = [f for f in equation.op.body.atoms(sp.Function) if s in f.free_symbols]
                if applied:
                    return is_rectifier(min(applied, key=lambda f: f.count_ops()), s)
            if equation.target.name not in seen:
                seen.add(equation.target.name)
                waiting.append(equation.target.name)
    return False


@cache
def is_rectifier(function: Expr, s: Symbol) -> bool:
    """Whether a function of `s` rises on the right at least twice as steeply as on the left, and not beyond the identity."""
    low, middle, high = (_value(function, s, x) for x in (-REACH, 0, REACH))
    left, right = (middle - low) / REACH, (high - middle) / REACH
    return 0.5 <= right <= STEEPEST and abs(left) <= right / 2


def _value(expression: Expr, s: Symbol, x: int) -> float:
    """The function at x, where everything else that it reads, such as a bias, is 0; not a number where it is not real."""
    at = expression.xreplace(dict.fromkeys(expression.free_symbols, S.Zero) | {s: sp.Integer(x)})
    while at.has(TableFunction):
        at = at.xreplace({f: f.row.formula.xreplace(dict(zip(f.row.args, f.args, strict=True))) for f in at.atoms(TableFunction)})
    number = sp.N(at)
    return float(number) if number.is_Float or number.is_Integer else float("nan")
