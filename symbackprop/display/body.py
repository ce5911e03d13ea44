"""Bodies in LaTeX as a textbook sets them: 2 (yhat - y) and not -2 y + 2 yhat, 1/n in front, guards as 1[k = i]."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, S, Symbol
from sympy.printing.latex import LatexPrinter

from symbackprop.core.functions import Where
from symbackprop.display.names import parse_name
from symbackprop.display.reading_order import (
    content_of,
    indicator_of,
    is_negative,
    side_of,
    split_product,
    split_sum,
    tidy_condition,
)
from symbackprop.formulas.formula import escape_words

SUM, HADAMARD, PRODUCT, POWER, ATOM = range(5)
"""How tightly a piece of LaTeX binds. HADAMARD is a product entry by entry; POWER a fraction or a power: no base of a power."""

_DECIMALS = 9
_LONG_EXPONENT = 40
_NAMES = {
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "Abs": r"\left|{0}\right|",
    **{n: "\\" + n for n in ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
}
RELATIONS = {"Equality": "=", "Unequality": r"\ne", "StrictGreaterThan": ">", "StrictLessThan": "<",
              "GreaterThan": r"\ge", "LessThan": r"\le"}  # fmt: skip


_GROUP = re.compile(r"(?:^|[\s({\[])\\left\(")  # a function's name stands right before its bracket
_WIDE = (r"\frac", r"\mathrm", r"\operatorname", r"\mathbf")
_WORDS = (r"\log", r"\sin", r"\cos", r"\tan", r"\exp", r"\max", r"\min")


class Piece(NamedTuple):
    """LaTeX, and how tightly it binds."""

    latex: str
    level: int = ATOM


class BodyPrinter(LatexPrinter):
    """Prints a body with the given LaTeX in the place of its symbols; symbols that are not given are sizes."""

    def __init__(self, pieces: Mapping[Symbol, Piece] | None = None) -> None:
        super().__init__()
        self.pieces: Mapping[Symbol, Piece] = {} if pieces is None else pieces

    def piece(self, expression: sp.Basic) -> Piece:
        """The LaTeX of an expression, and how tightly it binds."""
        return Piece(self.doprint(expression), self.level(expression))

    def level(self, e: sp.Basic) -> int:
        """How tightly the LaTeX of an expression binds."""
        if isinstance(e, Symbol):
            return self.pieces[e].level if e in self.pieces else ATOM
        if isinstance(e, sp.Number):
            return SUM if e.is_negative else POWER if not e.is_Integer and r"\frac" in _number(e) else ATOM
        if e.is_Add:
            content = content_of(e)[0]
            return SUM if content in (1, -1) or is_negative(content) else PRODUCT
        if isinstance(e, Where):
            side = side_of(e)
            return self.level(side) if side is not None else SUM if indicator_of(e) is None else POWER
        if isinstance(e, Expr) and e.is_Mul:
            coefficient, factors = split_product(e)
            if is_negative(coefficient):
                return SUM
            if coefficient == 1 and len(factors) == 1:
                return self.level(factors[0])
            return PRODUCT
        if isinstance(e, sp.Pow):
            return ATOM if e.exp == S.Half else POWER
        if isinstance(e, sp.log):
            return PRODUCT
        return SUM if type(e).__name__ == "expm1" else POWER if isinstance(e, sp.exp) else ATOM

    def bracketed(self, e: sp.Basic, level: int) -> str:
        """The LaTeX of an expression, in brackets where it binds less tightly than `level`."""
        latex = self.doprint(e)
        return bracket(latex) if self.level(e) < level else latex

    def product(self, coefficient: Expr, factors: Sequence[Expr]) -> str:
        """coefficient * factors, in the given order; negative powers make a fraction."""
        sign = "-" if is_negative(coefficient) else ""
        magnitude = abs(coefficient.as_coeff_Mul()[0])
        decimal = _decimal(magnitude)
        number, over = sp.fraction((-coefficient if sign else coefficient) / (magnitude if decimal else 1))
        below = [f for f in factors if isinstance(f, sp.Pow) and f.exp.is_number and f.exp.is_negative]
        above = [f for f in factors if f not in below]
        front = [decimal] if decimal else []
        if below:
            under = juxtapose(
                [
                    *([self._size(over)] if over != 1 else []),
                    *[self._factor(1 / f, len(below) == 1 == over) for f in below],
                ]
            )
            lone = len(above) == 1 and number == 1  # an indicator alone stands above the line
            inside = [f for f in above if lone or not isinstance(f, Where)]
            inside = [f for f in inside if r"\frac" not in self.doprint(f)]
            outside = [f for f in above if f not in inside]
            top = [*([self._size(number)] if number != 1 else []), *self._factors(inside)]
            alone = len(inside) == 1 and number == 1
            numerator = (self.doprint(inside[0]) if alone else juxtapose(top)) if top else "1"
            fraction = rf"\frac{{{numerator}}}{{{under}}}"
            before = [f for f in outside if not isinstance(f, Where)]
            after = [f for f in outside if isinstance(f, Where)]
            return sign + juxtapose([*front, *self._factors(before, last=False), fraction, *self._factors(after)])
        if over != 1:
            front.append(rf"\frac{{{self._size(number, True)}}}{{{self._size(over, True)}}}")
        elif number != 1 or not (factors or front):
            front.append(self._size(number, not factors and not front))
        return sign + juxtapose([*front, *self._factors(above)])

    def _factors(self, factors: Sequence[Expr], last: bool = True) -> list[str]:
        """Factors as they stand in a product; a bare log x only where it ends the product."""
        return [self._factor(f, alone=last and f is factors[-1] and isinstance(f, sp.log)) for f in factors]

    def _factor(self, factor: Expr, alone: bool = False) -> str:
        if isinstance(factor, sp.log) and not alone:
            return rf"\log\left({self.doprint(factor.args[0])}\right)"
        return self.doprint(factor) if alone else self.bracketed(factor, PRODUCT)

    def _size(self, e: Expr, alone: bool = False) -> str:
        return self.doprint(e) if alone else self.bracketed(e, PRODUCT)

    def _print_Symbol(self, expr: Symbol, style: str = "plain") -> str:
        del style
        return self.pieces[expr].latex if expr in self.pieces else parse_name(expr.name).latex()

    def _print_Number(self, expr: Any) -> str:
        return _number(expr)

    _print_Integer = _print_Rational = _print_Half = _print_One = _print_Zero = _print_NegativeOne = _print_Number

    def _print_Mul(self, expr: Expr) -> str:
        coefficient, factors = split_product(expr)
        if not factors:
            return self._coefficient(expr)
        return self.product(coefficient, factors)

    def _coefficient(self, expr: Expr) -> str:
        """A product of numbers and sizes alone."""
        number, rest = expr.as_coeff_Mul()
        sign = "-" if number.is_negative else ""
        top, bottom = sp.fraction(abs(number) * rest)
        if bottom != 1:
            return rf"{sign}\frac{{{self.doprint(top)}}}{{{self.doprint(bottom)}}}"
        number, rest = top.as_coeff_Mul()
        factors = sorted(sp.Mul.make_args(rest), key=str)
        return sign + juxtapose([*([_number(number)] if number != 1 else []), *[self.bracketed(f, PRODUCT) for f in factors]])

    def _print_Add(self, expr: Expr, order: Any = None) -> str:
        del order
        content, rest = content_of(expr)
        if content not in (1, -1):
            return self.product(content, (rest,))
        return add([self.doprint(term) for term in split_sum(expr)])

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.base, expr.exp
        if exponent.is_number and exponent.is_negative:
            return rf"\frac{{1}}{{{self.doprint(base**-exponent)}}}"
        if exponent == S.Half:
            return rf"\sqrt{{{self.doprint(base)}}}"
        return f"{self.bracketed(base, ATOM)}^{{{self.doprint(exponent)}}}"

    def _print_exp(self, expr: sp.exp, exp: Any = None) -> str:
        argument = self.doprint(expr.args[0])
        if r"\frac" in argument or r"\sum" in argument or r"\begin" in argument or len(argument) > _LONG_EXPONENT:
            return self._powered(rf"\exp\left({argument}\right)", exp)
        return self._powered(f"e^{{{argument}}}", exp)

    def _print_log(self, expr: sp.log, exp: Any = None) -> str:
        (argument,) = expr.args
        if self.level(argument) >= ATOM and not isinstance(argument, sp.Function):
            return self._powered(rf"\log {self.doprint(argument)}", exp)
        return self._powered(rf"\log\left({self.doprint(argument)}\right)", exp)

    def _powered(self, latex: str, exp: Any) -> str:
        return f"{bracket(latex)}^{{{exp}}}" if exp else latex

    def _print_expm1(self, expr: Any) -> str:
        return f"{self.doprint(sp.exp(expr.args[0]))} - 1"

    def _print_log1p(self, expr: Any) -> str:
        return rf"\log\left({add(['1', self.doprint(expr.args[0])])}\right)"

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        row = getattr(expr, "row", None)
        arguments = [self.doprint(a) for a in expr.args]
        return self._powered(apply_latex(row.latex if row else function_name(type(expr).__name__), arguments), exp)

    _print_Abs = _print_Function

    def _print_floor(self, expr: Any, exp: Any = None) -> str:
        return self._powered(rf"\left\lfloor {self.doprint(expr.args[0])}\right\rfloor", exp)

    def _print_Where(self, expr: Where, exp: Any = None) -> str:
        condition, a, b = expr.args
        alone = indicator_of(expr)
        if alone is not None:
            return self._powered(indicator(self.doprint(alone)), exp)
        side = side_of(expr)
        if side is not None:
            return self._powered(self.doprint(side), exp)
        test = self.doprint(tidy_condition(condition))
        a, b = self.doprint(a), self.doprint(b)
        cases = rf"\begin{{cases}} {a} & \text{{if }} {test} \\ {b} & \text{{otherwise}} \end{{cases}}"
        return self._powered(cases, exp)

    def _print_Relational(self, expr: Any) -> str:
        expr = tidy_condition(expr)
        return f"{self.doprint(expr.lhs)} {RELATIONS[type(expr).__name__]} {self.doprint(expr.rhs)}"

    def _print_And(self, e: Any) -> str:
        return r" \wedge ".join(self.doprint(a) for a in sorted(e.args, key=str))

    def _print_Or(self, e: Any) -> str:
        return r" \vee ".join(self.doprint(a) for a in sorted(e.args, key=str))


def scalar(expression: Expr) -> str:
    r"""An expression of numbers and sizes: H - K + 1, \frac{1}{n}."""
    return BodyPrinter().doprint(expression)


def function_name(name: str) -> str:
    """A function's name in LaTeX."""
    return _NAMES.get(name) or rf"\operatorname{{{escape_words(name)}}}"


def apply_latex(function: str, arguments: Sequence[str]) -> str:
    r"""function(arguments), or the notation of the row, in which {0} stands for the first argument: \left|{0}\right|."""
    if "{0}" in function:
        return re.sub(r"\{(\d)\}", lambda place: arguments[int(place[1])], function)
    return rf"{function}\left({', '.join(arguments)}\right)"


def indicator(condition: str) -> str:
    """1[condition]."""
    return rf"\mathbf{{1}}[{condition}]"


def bracket(latex: str) -> str:
    """Round brackets, or square ones round round ones; the brackets of a function's arguments do not count."""
    if _GROUP.search(latex) and r"\left[" not in latex:
        return rf"\left[{latex}\right]"
    return rf"\left({latex}\right)"


def add(terms: Sequence[str]) -> str:
    """Terms with plus between them; a term that begins with a minus is subtracted."""
    latex = terms[0]
    for term in terms[1:]:
        latex += f" - {term[1:].lstrip()}" if term.startswith("-") else f" + {term}"
    return latex


def juxtapose(factors: Sequence[str]) -> str:
    """Factors beside each other, with a thin space where they would run together."""
    latex = factors[0] if factors else "1"
    for before, factor in pairwise(factors):
        wide = any(mark in part for part in (before, factor) for mark in _WIDE)
        opens = factor.startswith((r"\left(", r"\left[", r"\sum"))
        latex += (r"\," if factor[0].isdigit() or ((wide or factor.startswith(_WORDS)) and not opens) else " ") + factor
    return latex


def _decimal(number: Any) -> str:
    """A number as a decimal where that is how a person wrote it: 0.01, but not 0.5 or 0.333."""
    bottom = int(number.q) if number.is_Rational else 1
    if bottom % 10:
        return ""
    while bottom % 2 == 0:
        bottom //= 2
    while bottom % 5 == 0:
        bottom //= 5
    if bottom != 1:
        return ""
    text = format(sp.Float(number, 30), f".{_DECIMALS}f").rstrip("0")
    return text if sp.Rational(text) == number else ""


def _number(number: Any) -> str:
    if not number.is_Rational:
        return LatexPrinter().doprint(number)
    sign = "-" if number < 0 else ""
    if number.is_Integer:
        zeros = len(str(number)) - 1 - len(sign)
        return f"{sign}10^{{{zeros}}}" if zeros > 6 and abs(number) == 10**zeros else str(number)
    return sign + (_decimal(abs(number)) or rf"\frac{{{abs(number.p)}}}{{{number.q}}}")
