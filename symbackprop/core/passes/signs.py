"""Which values are positive for certain: where a formula divides by such a one, or takes its logarithm, it has no pole."""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import permutations
from typing import Any

from sympy import Function, Symbol, cosh, exp, sinh
from sympy.core.function import AppliedUndef

from symbackprop.core.functions import Where, defined_everywhere
from symbackprop.core.passes.reached import in_entries, tensor_of
from symbackprop.core.program import Equation, Program, Reduce, Signature, Sum

POSITIVE, AT_LEAST_0, ANY = 2, 1, 0
KEPT = ("max", "min", "prod")  # reductions of positive entries that are positive
DOMAINS = {"positive": POSITIVE, "unit": AT_LEAST_0, "binary": AT_LEAST_0}


OVERFLOWING = (exp, sinh, cosh)  # infinite in floats from an argument of 710 on


@lru_cache(maxsize=4096)
def _is_plain(body: Any) -> bool:
    """Whether a body has a value at all floats, whatever its entries are: most do, and entries are slow to ask."""
    return not body.has(*OVERFLOWING) and defined_everywhere(body)


class Signs:
    """The signs of a program's values, found when the first is asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def is_finite(self, expression: Any) -> bool:
        """Whether an expression of entries has a value wherever its entries have one, in floats as well."""
        large = [part for part in expression.atoms(*OVERFLOWING) if not self._is_shifted(part.args[0])]
        if not large and defined_everywhere(expression):
            return True
        signed = {e: _signed(str(e), self.of[tensor_of(e)]) for e in expression.atoms(AppliedUndef)}
        bounded = all(part.args[0].xreplace(signed).is_nonpositive for part in large)
        return bounded and defined_everywhere(_floored(expression.xreplace(signed)))

    def has_value(self, equation: Equation) -> bool:
        """Whether an equation has a value wherever its operands have one, as far as that is a matter of the body of a Sum."""
        op = equation.op
        return not isinstance(op, Sum) or _is_plain(op.body) or self.is_finite(in_entries(equation))

    def _is_shifted(self, argument: Any) -> bool:
        """Whether an argument is an entry without the greatest of its row, or the logsumexp: o - u, at most 0."""
        for one, other in permutations(argument.args) if argument.is_Add and len(argument.args) == 2 else ():
            row = -other
            if isinstance(one, AppliedUndef) and isinstance(row, AppliedUndef):
                writer = self.program.equation_of().get(tensor_of(row))
                if writer and isinstance(writer.op, Reduce) and writer.op.kind in ("max", "logsumexp"):
                    operand, at = writer.operands[0], dict(zip(writer.target.index, row.args, strict=True))
                    places = zip(operand.index, one.args, strict=False)
                    return operand.name == tensor_of(one) and all(at.get(letter, p) == p for letter, p in places)
        return False

    @cached_property
    def of(self) -> dict[str, int]:
        found = {t.name: _declared(t) for t in self.program.inputs}
        for equation in self.program.equations:
            op, signs = equation.op, tuple(found.get(ref.name, ANY) for ref in equation.operands)  # a Carry reads ahead
            if equation.step is not None and equation.step.rule == "count":  # of what is greatest: one is
                found[equation.target.name] = POSITIVE
            elif isinstance(op, Sum):
                found[equation.target.name] = _sign(op.body, op.slots, signs)
            else:
                found[equation.target.name] = signs[0] if isinstance(op, Reduce) and op.kind in KEPT else ANY
        return found


def has_poles(program: Program) -> bool:
    """Whether an equation of a program may have no value where its operands have one."""
    return not all(map(Signs(program).has_value, program.equations))


def leaves_out(program: Program) -> bool:
    """Whether a condition stands in a program."""
    return any(isinstance(e.op, Sum) and e.op.body.has(Where) for e in program.equations)


def _declared(tensor: Signature) -> int:
    if tensor.kind == "constant" and tensor.value is not None:
        return POSITIVE if tensor.value > 0 else AT_LEAST_0 if tensor.value == 0 else ANY
    return AT_LEAST_0 if tensor.kind == "integers" else DOMAINS.get(tensor.domain or "", ANY)


@lru_cache(maxsize=4096)
def _sign(body: Any, slots: tuple[Symbol, ...], signs: tuple[int, ...]) -> int:
    signed = body.xreplace({s: _signed(str(s), sign) for s, sign in zip(slots, signs, strict=True)})
    signed = _floored(signed)
    return POSITIVE if signed.is_positive else AT_LEAST_0 if signed.is_nonnegative else ANY


def _floored(expression: Any) -> Any:
    """An expression in which functions that are positive are not less than 0 alone: in floats exp(-1000) is 0."""

    def may_be_0(part: Any) -> bool:
        is_known = isinstance(part, Function) and not isinstance(part, AppliedUndef)
        return is_known and bool(part.is_positive) and all(map(defined_everywhere, part.args))

    return expression.replace(may_be_0, lambda part: Symbol(f"|{part}|", nonnegative=True))


def _signed(name: str, sign: int) -> Symbol:
    if sign == ANY:
        return Symbol(name, real=True)
    return Symbol(name, positive=True) if sign == POSITIVE else Symbol(name, nonnegative=True)
