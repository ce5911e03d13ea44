"""Bodies as a textbook sets them: 2 (yhat - y) and not -2 y + 2 yhat, 1/n in front, guards as 1[k = i]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr, S, Symbol
from sympy.core.relational import Relational

from symbackprop.core.functions import Declared, TableFunction, Where
from symbackprop.core.passes.large import gathered
from symbackprop.display.decimals import decimal_of, decimal_root, exact_number, typed_root
from symbackprop.display.notation import applied
from symbackprop.display.reading_order import (
    content_of,
    indicator_of,
    is_negative,
    negated,
    one_root,
    side_of,
    split_product,
    split_sum,
    tidy_condition,
)
from symbackprop.formulas import build as f
from symbackprop.formulas.names import index, parse_name
from symbackprop.formulas.tree import Atom, Binds, Fence, Fraction, Grid, Node, Row, binds, items_of, kind_of, walk

_LONG_EXPONENT = 16  # characters
_ROOT = Symbol("root", positive=True)
_FUNCTIONS: dict[str, str] = {
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "erf": r"\operatorname{erf}",
    "erfc": r"\operatorname{erfc}",
    "erfinv": r"\operatorname{erf}^{-1}",
    "loggamma": r"\log\Gamma",
    "Ei": r"\operatorname{Ei}",
    "LambertW": "W_0",
    "dawson": "F",
    "scaled_erfc": r"\operatorname{erfcx}",
    "atan2": r"\operatorname{atan2}",
    "exp": r"\exp",
    "Abs": r"\left|{0}\right|",
    "floor": r"\left\lfloor {0}\right\rfloor",
    "ceiling": r"\left\lceil {0}\right\rceil",
    **{n: rf"\operatorname{{{word}}}" for n, word in {"rint": "round", "Mod": "mod", "stop_gradient": "sg"}.items()},
    **{n: "\\" + n for n in ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
}
_RELATIONS = {sp.Eq: "=", sp.Ne: "ne", sp.Gt: ">", sp.Lt: "<", sp.Ge: "ge", sp.Le: "le"}
_CONSTANTS: dict[Any, Node] = {
    S.Pi: f.symbol("pi"),
    S.Exp1: f.letter("e"),
    S.Infinity: f.symbol("infty"),
    S.NegativeInfinity: f.negative(f.symbol("infty")),
    S.NaN: f.word("NaN"),
    S.true: f.word("true"),
    S.false: f.word("false"),
}
_LOG = f.symbol("log")


class BodyPrinter:
    """Writes a body with the given formulas in the place of its symbols; symbols that are not given are sizes."""

    def __init__(self, pieces: Mapping[Symbol, Node] | None = None) -> None:
        self.pieces: Mapping[Symbol, Node] = {} if pieces is None else pieces

    def formula(self, e: sp.Basic) -> Node:
        """The formula of an expression."""
        if e in _CONSTANTS:
            return _CONSTANTS[e]
        if isinstance(e, Symbol):
            return self.pieces[e] if e in self.pieces else parse_name(e.name).formula()
        if isinstance(e, sp.Number):
            return exact_number(e)
        if isinstance(e, sp.Add):
            return self._sum(e)
        if isinstance(e, sp.Mul):
            root = typed_root(e)
            if root is not None:
                radicand, rest, exponent = root
                return BodyPrinter({**self.pieces, _ROOT: decimal_root(radicand)}).formula(rest * _ROOT**exponent)
            coefficient, factors = split_product(e)
            return self.product(coefficient, factors) if factors else self._coefficient(e)
        if isinstance(e, sp.Pow):
            return self._power(e)
        if isinstance(e, Where):
            return self._branch(e)
        if isinstance(e, Relational | sp.logic.boolalg.BooleanFunction):
            return self._condition(e)
        if isinstance(e, sp.Function):
            return self._function(e)
        if isinstance(e, sp.Indexed):  # the width of a layer
            name = parse_name(str(e.base))
            return replace(name, subs=(*name.subs, *map(self.formula, e.indices))).formula()
        raise TypeError(f"{type(e).__name__} has no formula: write a row for it")

    def within(self, e: sp.Basic, level: Binds) -> Node:
        """The formula of an expression, in brackets where it binds less tightly than `level`."""
        return f.within(self.formula(e), level)

    def product(self, coefficient: Expr, factors: Sequence[Expr]) -> Node:
        """coefficient * factors, in the given order; negative powers make a fraction."""
        if is_negative(coefficient):
            return f.negative(self.product(-coefficient, factors))
        magnitude = coefficient.as_coeff_Mul()[0]
        decimal = decimal_of(magnitude)
        number, over = _fraction(coefficient / (magnitude if decimal else 1))
        below = [x for x in factors if isinstance(x, sp.Pow) and x.exp.is_number and x.exp.is_negative]
        above = [x for x in factors if x not in below]
        front = [exact_number(magnitude)] if decimal else []
        if below:
            return f.juxtapose([*front, *self._quotient(number, over, above, below)])
        if over != 1:
            front.append(f.over(self.formula(number), self.formula(over)))
        elif number != 1 or not (factors or front):
            front.append(self.formula(number) if not factors and not front else self.within(number, Binds.PRODUCT))
        return f.juxtapose([*front, *self._factors(above)])

    def _quotient(self, number: Expr, over: Expr, above: Sequence[Expr], below: Sequence[Expr]) -> list[Node]:
        """number * above / (over * below): a fraction, with the factors that stand before and after its line."""
        alone = len(below) == 1 == over
        under = [*([self.within(over, Binds.PRODUCT)] if over != 1 else []), *[self._factor(1 / x, alone) for x in below]]
        lone = len(above) == 1 and number == 1  # an indicator alone stands above the line
        inside = [x for x in above if (lone or not isinstance(x, Where)) and not f.holds(self.formula(x), Fraction)]
        outside = [x for x in above if x not in inside]
        if len(inside) == 1 and number == 1:
            top = self.formula(inside[0])
        else:
            top = f.juxtapose([*([self.within(number, Binds.PRODUCT)] if number != 1 else []), *self._factors(inside)])
        before = [x for x in outside if not isinstance(x, Where)]
        after = [x for x in outside if isinstance(x, Where)]
        return [*self._factors(before, last=False), f.over(top, f.juxtapose(under)), *self._factors(after)]

    def _factors(self, factors: Sequence[Expr], last: bool = True) -> list[Node]:
        """Factors as they stand in a product; a bare log x only where it ends the product."""
        return [self._factor(x, alone=last and x is factors[-1] and isinstance(x, sp.log)) for x in factors]

    def _factor(self, factor: Expr, alone: bool = False) -> Node:
        if isinstance(factor, sp.log) and not alone:
            return f.call(_LOG, [self.formula(factor.args[0])])
        return self.formula(factor) if alone else self.within(factor, Binds.PRODUCT)

    def _coefficient(self, e: Expr) -> Node:
        """A product of numbers and sizes alone."""
        number, rest = e.as_coeff_Mul()
        if number.is_negative:
            return f.negative(self.formula(-e))
        if (over := _fraction(e))[1] != 1:
            return f.over(*map(self.formula, over))
        factors = one_root(sorted(sp.Mul.make_args(rest), key=str))
        return f.juxtapose([*([exact_number(number)] if number != 1 else []), *[self.within(x, Binds.PRODUCT) for x in factors]])

    def _sum(self, e: Expr) -> Node:
        content, rest = content_of(e)
        if content not in (1, -1):
            return self.product(content, (rest,))
        groups = gathered(e)
        if groups:
            terms = [self._large(number, rest) for number, rest in groups[:-1]]
            return f.add([*(self.formula(term) for term in split_sum(groups[-1][1])), *terms])
        *before, last = split_sum(e)
        return f.add([*map(self.formula, before), self._ending(last) if before else self.formula(last)])

    def _ending(self, term: Expr) -> Node:
        """The last term of a sum: what is subtracted needs no brackets where it is a sum over letters, a - sum_i b_i."""
        total = items_of(self.formula(-term)) if isinstance(-term, Symbol) else ()
        is_open = any(kind_of(item) == "big" for item in total) and not {f.PLUS, f.MINUS} & {*total}
        return f.negative(f.beside(*total)) if is_open else self.formula(term)

    def _large(self, number: Expr, rest: Expr) -> Node:
        """A large number and what it stands before: -1e9 (1 - m) rather than 1e9 (m - 1)."""
        turned = rest.as_coeff_Add()[0].is_negative
        term = self.product(number, (-rest if turned else rest,))
        return f.negative(term) if turned else term

    def _power(self, e: sp.Pow) -> Node:
        if e.exp.is_number and e.exp.is_negative:
            return f.over(f.ONE, self.formula(e.base**-e.exp))
        return f.root(self.formula(e.base)) if e.exp == S.Half else f.power(self.formula(e.base), self.formula(e.exp))

    def _function(self, e: sp.Function) -> Node:
        is_line = type(e).__name__ in ("exp", "floor", "ceiling")
        arguments = [self._over_one_line(x) if is_line and isinstance(x, Expr) else self.formula(x) for x in e.args]
        match type(e).__name__:
            case "exp":
                return exponential(arguments[0])
            case "expm1":
                return f.add([exponential(arguments[0]), f.negative(f.ONE)])
            case "log":
                return logarithm(arguments[0])
            case "Turn":
                return f.scripted(f.symbol("varepsilon"), sub=index(arguments))
        return function_formula(type(e), arguments)

    def _over_one_line(self, e: Expr) -> Node:
        """Terms that are halves as the half of their sum: (H - 1)/2."""
        if is_negative(e):
            return f.negative(self._over_one_line(-e))
        top, bottom = sp.fraction(sp.together(e))
        return f.over(self.formula(top), self.formula(bottom)) if bottom.is_Integer and bottom != 1 else self.formula(e)

    def _branch(self, e: Where) -> Node:
        alone = indicator_of(e)
        if alone is not None:
            return f.indicator(self.formula(alone))
        side = side_of(e)
        if side is not None:
            return self.formula(side)
        condition, a, b = e.args
        return f.cases(self.formula(a), self.formula(tidy_condition(condition)), self.formula(b))

    def _between(self, conditions: tuple[Any, ...]) -> Node:
        """0 <= x < n where there are two conditions."""
        first, *more = conditions
        if not more:
            return self._condition(first)
        (other,) = more
        low, x, high = map(self.formula, (first.lhs, first.rhs, other.rhs))
        return f.relation(low, relation_sign(type(first)), x, relation_sign(type(other)), high)

    def _condition(self, e: sp.Basic) -> Node:
        if isinstance(e, Relational):
            e = tidy_condition(e)
            return f.relation(self.formula(e.args[0]), relation_sign(type(e)), self.formula(e.args[1]))
        if isinstance(e, sp.Not):  # of several conditions: one alone is turned round
            inner = e.args[0]
            other = sp.Or if isinstance(inner, sp.And) else sp.And
            return self._condition(other(*map(negated, inner.args)))  # type: ignore[arg-type]
        if isinstance(e, sp.And | sp.Or):
            if isinstance(e, sp.Or):
                return f.joined(f.symbol("vee"), [self._condition(a) for a in sorted(e.args, key=str)])
            return f.joined(f.symbol("wedge"), [self._between(parts) for parts in _bounded(sorted(e.args, key=str))])
        raise TypeError(f"the condition {type(e).__name__} has no formula")


def _fraction(e: Expr) -> tuple[Expr, Expr]:
    """Above and below the line, a root where a person writes it: 1 over sqrt(3), not sqrt(3) over 3."""
    top, bottom = sp.fraction(e)
    for factor in sp.Mul.make_args(top):
        inside = factor.base if isinstance(factor, sp.Pow) and factor.exp == S.Half else S.Zero
        if inside.is_Integer and inside > 1 and (number := bottom.as_coeff_Mul()[0]).is_Integer and number % inside == 0:
            return top / factor, sp.Mul(bottom / inside, factor, evaluate=False) if bottom != inside else factor
    return top, bottom


def _bounded(conditions: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The conditions, one that bounds a value from below together with one that bounds it from above."""
    tidy = [tidy_condition(c) for c in conditions]
    rising: dict[Any, Any] = {
        c: c.reversed if isinstance(c, sp.Ge | sp.Gt) else c for c in tidy if isinstance(c, sp.Le | sp.Lt | sp.Ge | sp.Gt)
    }
    out: dict[Any, tuple[Any, ...]] = {c: (c,) for c in tidy}
    for c, low in rising.items():
        high = next((d for d, other in rising.items() if low.rhs == other.lhs and len(out.get(d, ())) == 1), None)
        if high is not None and len(out.get(c, ())) == 1:
            out[c] = low, rising[high]
            del out[high]
    return list(out.values())


def scalar(expression: Expr) -> Node:
    r"""An expression of numbers and sizes: H - K + 1, \frac{1}{n}."""
    return BodyPrinter().formula(expression)


def relation_sign(relation: type) -> Node:
    """The sign of one of SymPy's relations."""
    return f.symbol(_RELATIONS[relation])


def exponential(argument: Node) -> Node:
    """e to a power, or exp(argument) where that would be too small to read."""
    tall = f.holds(argument, Fraction, Grid) or any(kind_of(part) == "big" for part in walk(argument))
    long = sum(isinstance(part, Atom) for part in walk(argument)) > _LONG_EXPONENT
    return f.call(f.symbol("exp"), [argument], Binds.POWER) if tall or long else f.power(f.letter("e"), argument)


def logarithm(argument: Node) -> Node:
    """log x of a name or a number, otherwise log(argument)."""
    if binds(argument) == Binds.ATOM and not isinstance(argument, Row | Fence):
        return f.beside(_LOG, argument, binds=Binds.PRODUCT)
    return f.call(_LOG, [argument], Binds.PRODUCT)


def function_formula(function: type, arguments: Sequence[Node]) -> Node:
    """A function by its name, whatever its arguments: of matrices, entry by entry."""
    if issubclass(function, Declared):
        return f.call(f.primed(parse_name(function.title).formula(), function.order), arguments)
    if issubclass(function, TableFunction):
        return applied(function.row.latex, arguments)
    match function.__name__:
        case "expm1":
            return f.add([applied(_FUNCTIONS["exp"], arguments), f.negative(f.ONE)])
        case "polygamma":
            order, x = arguments
            psi = f.symbol("psi") if order == f.number(0) else f.power(f.symbol("psi"), f.bracket(order))
            return f.call(psi, [x])
        case "besselj" | "besseli" | "besselk" | "expint":
            order, x = arguments
            return f.call(f.scripted(f.letter("E" if function.__name__ == "expint" else function.__name__[-1].upper()), order), [x])
        case "log1p":
            return f.call(_LOG, [f.add([f.ONE, *arguments])])
        case name if name in _FUNCTIONS:
            return applied(_FUNCTIONS[name], arguments)
    raise TypeError(f"the function {function.__name__} has no formula: write a row for it")


def slope_formula(function: type, argument: Node) -> Node | None:
    r"""The slope of a function of one argument by its name, \sigma'(z); None where the function is not written name(argument)."""
    match function_formula(function, [argument]):
        case Row((name, Fence(call=True) as argued)):
            return f.beside(f.scripted(name, sup=f.symbol("prime")), argued, binds=Binds.ATOM)
    return None
