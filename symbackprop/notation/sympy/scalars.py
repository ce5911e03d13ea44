"""Rules of reading for the scalar expressions of SymPy: sums, products, powers, functions, cases."""

from __future__ import annotations

from functools import reduce
from typing import Any

import sympy as sp
from sympy import S
from sympy.codegen import cfunctions

from symbackprop.core.functions import FUNCTIONS, TableFunction
from symbackprop.core.program import shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import Tensor
from symbackprop.notation.composed import WORDS
from symbackprop.notation.errors import NotationError
from symbackprop.notation.scipy.special import SPECIAL
from symbackprop.notation.sympy.parts import Read, Rule, Written, arguments, first, without_counterpart
from symbackprop.notation.vocabulary import called, functions

MANY, DEEP = 300, 20  # parts, and parts inside parts, of a sum or product that is read in the order of printing
NAMES: dict[Any, str] = {
    **{function: name for name, function in FUNCTIONS.items()},
    cfunctions.expm1: "expm1", cfunctions.log1p: "log1p",
    sp.Abs: "abs", sp.sign: "sign", sp.erf: "erf", sp.erfc: "erfc", sp.Max: "maximum", sp.Min: "minimum",
    sp.loggamma: "gammaln", sp.erfinv: "erfinv", sp.Ei: "expi", sp.atan2: "arctan2", sp.floor: "floor", sp.ceiling: "ceil",
    sp.polygamma: "polygamma",
}  # fmt: skip
WORDS_OF_SCIPY: dict[Any, str] = {
    sp.besselj: "jv",
    sp.besseli: "iv",
    sp.besselk: "kv",
    sp.erfi: "erfi",
    sp.LambertW: "lambertw",
    sp.expint: "expn",
    sp.gamma: "gamma",
    sp.beta: "beta",
    sp.factorial: "factorial",
}
RECIPROCALS: dict[Any, str] = {
    sp.sec: "cos",
    sp.csc: "sin",
    sp.cot: "tan",
    sp.sech: "cosh",
    sp.csch: "sinh",
    sp.coth: "tanh",
}
INVERSES: dict[Any, str] = {
    sp.asec: "arccos", sp.acsc: "arcsin", sp.acot: "arctan", sp.asech: "arccosh", sp.acsch: "arcsinh", sp.acoth: "arctanh",
}  # fmt: skip
"""Of which reciprocal's inverse each is."""
RELATIONS: dict[Any, Any] = {
    sp.Gt: lambda a, b: a > b, sp.Lt: lambda a, b: a < b, sp.Ge: lambda a, b: a >= b, sp.Le: lambda a, b: a <= b,
    sp.Eq: lambda a, b: a == b, sp.Ne: lambda a, b: a != b,
}  # fmt: skip


def numbers(node: sp.Basic, parts: list[Read]) -> list[Tensor]:
    """The tensors of parts that must be scalars. Raises NotationError for a matrix among them."""
    for part in parts:
        if any(n != 1 for n in part.shape):
            raise NotationError(f"{Written(node)}: a matrix of shape {shape_text(part.shape)} stands where a number must.")
    return [part.tensor for part in parts]


def _number(node: Any, parts: list[Read], _: Any) -> Read:
    if not node.is_real or not node.is_finite:
        raise NotationError(f"{node} is not a real number.")
    exact = node.replace(lambda n: n.is_Float, lambda n: builder.as_number(float(n)))
    return Read(builder.constant(exact))


def _is_small(node: sp.Basic) -> bool:
    """Whether SymPy is asked for the order of printing: it walks the whole tree for it, without end where that is large."""
    stack, count = [(node, 0)], 0
    while stack:
        one, depth = stack.pop()
        count += 1
        if count > MANY or depth > DEEP:
            return False
        stack += [(part, depth + 1) for part in one.args]
    return True


def _terms(node: Any) -> tuple[list[sp.Basic], Any]:
    """The terms in the order in which SymPy prints them, without their signs; and the signs."""
    terms = node.as_ordered_terms() if _is_small(node) else list(node.args)
    signs = tuple(term.as_coeff_Mul()[0].is_negative for term in terms)
    return [-term if minus else term for term, minus in zip(terms, signs, strict=True)], signs


def _add(node: Any, parts: list[Read], signs: tuple[bool, ...]) -> Read:
    total, *others = numbers(node, parts)
    total = -total if signs[0] else total
    for minus, tensor in zip(signs[1:], others, strict=True):
        total = total - tensor if minus else total + tensor
    return Read(total)


def _factors(node: Any) -> tuple[list[sp.Basic], Any]:
    """The factors above and below the line; and the sign, and how many stand above."""
    above: list[sp.Basic] = []
    below: list[sp.Basic] = []
    minus = False
    for factor in node.as_ordered_factors() if _is_small(node) else node.args:
        if factor is S.NegativeOne:
            minus = not minus
        elif factor.is_Rational and factor.is_finite and abs(factor.p) == 1:
            minus ^= factor.p < 0
            below.append(sp.Integer(factor.q))
        elif factor.is_Number and factor.is_extended_negative:
            minus = not minus
            above.append(-factor)
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
            below.append(sp.Pow(factor.base, -factor.exp))
        else:
            above.append(factor)
    return [*above, *below], (minus, len(above))


def _mul(node: Any, parts: list[Read], setting: tuple[bool, int]) -> Read:
    minus, count = setting
    tensors = numbers(node, parts)
    above, below = tensors[:count], tensors[count:]
    result = reduce(lambda a, b: a * b, above) if above else builder.constant(1)
    if below:
        result = result / reduce(lambda a, b: a * b, below)
    return Read(-result if minus else result)


def _power_parts(node: Any) -> tuple[list[sp.Basic], Any]:
    return ([node.base], node.exp) if node.exp.is_number else ([node.base, node.exp], None)


def _power(node: Any, parts: list[Read], exponent: Any) -> Read:
    tensors = numbers(node, parts)
    if exponent is None:
        return Read(tensors[0] ** tensors[1])
    return Read(1 / tensors[0] if exponent == -1 else tensors[0] ** exponent)


def _function(node: Any, parts: list[Read], _: Any) -> Read:
    name = NAMES.get(node.func) or getattr(node.func, "name", None) or node.func.__name__
    tensors = numbers(node, parts)
    if node.func in RECIPROCALS:
        return Read(1 / called(RECIPROCALS[node.func], tensors, {}))
    if node.func in WORDS_OF_SCIPY:
        return Read(SPECIAL[WORDS_OF_SCIPY[node.func]](*tensors))
    if node.func in INVERSES:
        return Read(called(INVERSES[node.func], [1 / tensors[0]], {}))
    if name not in functions() or (node.func not in NAMES and not isinstance(node, sp.core.function.AppliedUndef)):
        raise without_counterpart(node, node.func.__name__)
    return Read(called(name, tensors, {}))


def _extreme(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(reduce(lambda a, b: called(NAMES[node.func], [a, b], {}), numbers(node, parts)))


def _heaviside(node: Any, parts: list[Read], _: Any) -> Read:
    """1 above 0, 0 below, and at 0 what its second argument says: SymPy's Heaviside(0) is 1/2."""
    x, at_zero = numbers(node, parts)
    if builder.number_of(at_zero) == 0:
        return Read(called("step", [x], {}))
    return Read(builder.where(x > 0, 1, builder.where(x < 0, 0, at_zero)))


def _case_parts(node: Any) -> tuple[list[sp.Basic], Any]:
    return [part for case in node.args for part in case.args], None


def _cases(node: Any, parts: list[Read], _: Any) -> Read:
    tensors = numbers(node, parts)
    values, conditions = tensors[0::2], tensors[1::2]
    if node.args[-1].args[1] is not S.true:
        raise NotationError(f"{Written(node)} has no value everywhere.", "End it with (value, True).")
    result = values[-1]
    for value, condition in zip(reversed(values[:-1]), reversed(conditions[:-1]), strict=True):
        result = builder.where(condition, value, result)
    return Read(result)


def _relation(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(RELATIONS[node.func](*numbers(node, parts)))


def _and(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(reduce(lambda a, b: a * b, numbers(node, parts)))


def _or(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(reduce(lambda a, b: called("maximum", [a, b], {}), numbers(node, parts)))


def _xor(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(reduce(lambda a, b: a + b - 2 * a * b, numbers(node, parts)))


def _remainder(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(called("remainder", [*numbers(node, parts), 1][:2], {}))


def _delta(node: Any, parts: list[Read], _: Any) -> Read:
    a, b, *_limits = numbers(node, parts)
    return Read(a == b)


def _not(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(1 - numbers(node, parts)[0])


def _truth(node: Any, parts: list[Read], _: Any) -> Read:
    return Read(builder.constant(int(node is S.true)))


def _none(node: sp.Basic) -> tuple[list[sp.Basic], Any]:
    return [], node


RULES: dict[type, Rule] = {
    sp.Add: Rule(_terms, _add),
    sp.Mul: Rule(_factors, _mul),
    sp.Pow: Rule(_power_parts, _power),
    sp.Number: Rule(_none, _number),
    sp.NumberSymbol: Rule(_none, _number),
    sp.Max: Rule(arguments, _extreme),
    sp.Min: Rule(arguments, _extreme),
    sp.Heaviside: Rule(arguments, _heaviside),
    sp.Piecewise: Rule(_case_parts, _cases),
    **dict.fromkeys((sp.conjugate, sp.re), Rule(first, lambda node, parts, _: parts[0])),  # numbers are real
    sp.im: Rule(_none, lambda node, parts, _: Read(builder.constant(0))),
    sp.UnevaluatedExpr: Rule(first, lambda node, parts, _: parts[0]),
    sp.core.relational.Relational: Rule(arguments, _relation),
    sp.And: Rule(arguments, _and),
    sp.Or: Rule(arguments, _or),
    sp.Xor: Rule(arguments, _xor),
    sp.Mod: Rule(arguments, _remainder),
    sp.frac: Rule(arguments, _remainder),
    sp.sinc: Rule(arguments, lambda node, parts, _: Read(WORDS["sinc"](numbers(node, parts)[0] / sp.pi))),
    sp.KroneckerDelta: Rule(arguments, _delta),
    sp.Not: Rule(arguments, _not),
    sp.logic.boolalg.BooleanAtom: Rule(_none, _truth),
    TableFunction: Rule(arguments, _function),
    sp.Function: Rule(arguments, _function),
}
