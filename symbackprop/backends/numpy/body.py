"""Bodies as NumPy text: SymPy expressions of slots, positions and sizes become expressions of array names.

An expression is printed once for each pattern of kinds and binding strengths, with `{0}`, `{1}`, ... in the place of its symbols;
helper functions that it calls are found by `helpers_of`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.backends.dialect import NUMPY as NUMPY_WORDS
from symbackprop.backends.dialect import Dialect
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions import ELEMENTWISE, TableFunction, Where, stop_gradient
from symbackprop.core.functions.flat import ceiling, floor, rint
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.guards import is_position, is_size
from symbackprop.core.passes.large import gathered

# how tightly a text binds: an atom needs no parentheses anywhere, a comparison nearly everywhere
ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON = range(6)


class SourceError(SymbackpropError):
    """A program that cannot be written as a function; the message says what is missing."""


class Code(NamedTuple):
    """A piece of NumPy: its text, how tightly it binds, and its kind.

    kind   of the entries: "float", "bool" or "int"; or that of a Python number: "whole" or "decimal".
    """

    text: str
    level: int = ATOM
    kind: str = "float"


class Shown(NamedTuple):
    """What the printer must know of a symbol: how tightly its text binds and what it holds."""

    symbol: Symbol
    level: int
    kind: str


NUMBERS = ("whole", "decimal")  # kinds of Python numbers, which take the type of the arrays that they meet

NUMPY = {
    sp.exp: "exp", sp.log: "log", expm1: "expm1", log1p: "log1p",
    sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.asin: "arcsin", sp.acos: "arccos", sp.atan: "arctan",
    sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh", sp.asinh: "arcsinh", sp.acosh: "arccosh", sp.atanh: "arctanh",
    sp.Abs: "abs", sp.sign: "sign", floor: "floor", ceiling: "ceil", rint: "rint", sp.atan2: "arctan2",
}  # fmt: skip
HELPED = {sp.erf: "erf", sp.loggamma: "gammaln", sp.polygamma: "polygamma"}  # functions of helpers of their own
NUMPY_ROWS = {name: name for name in ("remainder", "abs", "sign", "maximum", "minimum")}  # rows that NumPy has by name
COMPARE = {sp.Eq: "==", sp.Ne: "!=", sp.Gt: ">", sp.Ge: ">=", sp.Lt: "<", sp.Le: "<="}


def stable_form(name: str) -> Expr:
    """The form of a row that is compiled."""
    row = ELEMENTWISE[name]
    return row.stable if row.stable is not None else row.formula


@cache
def inlined(name: str) -> bool:
    """Whether a row is written out where it is used, because each argument stands once in its stable form."""
    form = stable_form(name)
    nodes = list(sp.preorder_traversal(form))
    return all(nodes.count(symbol) == 1 for symbol in ELEMENTWISE[name].args)


@cache
def helpers_of(expression: sp.Basic) -> frozenset[str]:
    """The names of the helper functions that the text of an expression calls, and those that they call."""
    found: set[str] = {helper for function, helper in HELPED.items() if expression.has(function)}
    for name in {application.row.name for application in expression.atoms(TableFunction)} - set(NUMPY_ROWS):
        found |= helpers_of(stable_form(name)) | (set() if inlined(name) else {name})
    return frozenset(found)


@cache
def printed(expression: Expr, shown: tuple[Shown, ...], dialect: Dialect = NUMPY_WORDS) -> Code:
    """The NumPy text of an expression.

    expression   of the symbols in `shown`.
    shown        for each symbol the pattern of its text; the k-th stands as `{k}` in the result.
    dialect      how a library spells it.
    """
    atoms: dict[sp.Basic, Code] = {s.symbol: Code(f"{{{k}}}", s.level, s.kind) for k, s in enumerate(shown)}
    return _Printer(atoms, dialect).show(expression)


def wrapped(code: Code, level: int) -> str:
    """The text, in parentheses where it binds less tightly than `level`."""
    return code.text if code.level <= level else f"({code.text})"


def number_text(value: Any) -> Code:
    """A number: exact where a short decimal is, otherwise a fraction."""
    if value.is_Integer:
        digits = str(abs(int(value))).rstrip("0")
        zeros = len(str(abs(int(value)))) - len(digits)
        if zeros > 6:
            return Code(f"{'-' if value < 0 else ''}{digits}e{zeros}", ATOM if value >= 0 else UNARY, "decimal")
        return Code(str(int(value)), ATOM if value >= 0 else UNARY, "whole")
    short = repr(float(value))
    if value.is_Float or (len(short) <= 8 and sp.Rational(short) == value):
        return Code(short, ATOM if value >= 0 else UNARY, "decimal")
    return Code(f"{value.p} / {value.q}", PRODUCT, "decimal")


def as_float(code: Code, dialect: Dialect) -> Code:
    """Truth values and whole numbers as floats of the type."""
    if code.kind == "bool":
        one, zero = (f"{dialect.floats}(1)", f"{dialect.floats}(0)") if dialect.narrow else ("1.0", "0.0")
        return Code(f"{dialect.np}.where({code.text}, {one}, {zero})")
    if code.kind != "int":
        return code
    count = re.fullmatch(r"\w+\.arange\(([^()]*)\)(\[.*\])?", code.text)
    if count:
        return Code(f"{dialect.np}.arange({count[1]}, dtype={dialect.floats}){count[2] or ''}")
    return Code(f"{wrapped(code, ATOM)}.astype({dialect.floats})")


@cache
def common_factor(e: Any) -> tuple[Any, Any]:
    """2 and a - b for 2 a - 2 b; 1 and the expression itself where its terms have different coefficients."""
    if not e.is_Add:
        return sp.Integer(1), e
    content, rest = e.primitive()  # type: ignore[attr-defined]
    same = content != 1 and all(abs(term.as_coeff_Mul()[0]) == 1 for term in rest.args)
    return (content, rest) if same else (sp.Integer(1), e)


class _Printer:
    """Prints one expression; `atoms` holds the text of its symbols."""

    def __init__(self, atoms: dict[sp.Basic, Code], dialect: Dialect) -> None:
        self.atoms, self.dialect, self.np = atoms, dialect, dialect.np
        self.order = {symbol: k for k, symbol in enumerate(atoms)}

    def show(self, e: sp.Basic) -> Code:
        if e in self.atoms:
            return self.atoms[e]
        if isinstance(e, sp.Rational | sp.Float):
            return number_text(e)
        for kind, method in METHODS:
            if isinstance(e, kind):
                return method(self, e)
        raise SourceError(f"NumPy source cannot show {type(e).__name__}: {e}")

    def number(self, e: Any) -> Code:
        return Code(f"{self.np}.{'pi' if e == sp.pi else 'e'}", ATOM, "decimal")

    def key(self, e: sp.Basic) -> tuple[int, int, int]:
        """Numbers first, then by the first symbol, simple things before those built of them."""
        places = [self.order[s] for s in e.free_symbols if s in self.order]
        return (0 if not places else 1, min(places, default=0), e.count_ops() if hasattr(e, "count_ops") else 0)  # type: ignore[attr-defined]

    def ends_with(self, term: Any) -> bool:
        """Whether a number stands at the end of its sum: n + 1 and v + 1e-05, but 1 + x."""
        return term.is_number and (term != 1 or all(code.kind == "whole" for code in self.atoms.values()))

    def floats(self, codes: list[Code]) -> list[Code]:
        """What can be added and multiplied: no truth values without a float beside them, and nothing that widens the type."""
        found = any(c.kind == "float" for c in codes)
        result = []
        for code in codes:
            if code.kind == "bool" and not found:
                code, found = self.as_float(code), True
            elif code.kind == "int" and self.dialect.narrow:
                code = self.as_float(code)
            result.append(code)
        return result

    def as_float(self, code: Code) -> Code:
        return as_float(code, self.dialect)

    @staticmethod
    def joint(codes: list[Code]) -> str:
        """What the entries of an expression of several parts are."""
        kinds = {c.kind for c in codes}
        if kinds <= set(NUMBERS):
            return "decimal" if "decimal" in kinds else "whole"
        return "int" if kinds <= {"whole", "int"} else "float"

    def add(self, e: Any) -> Code:
        content, rest = common_factor(e)
        if content != 1:
            return self.mul(sp.Mul(content, rest, evaluate=False))
        groups = gathered(e)
        if groups:
            e = sp.Add(*[sp.Mul(n, r, evaluate=False) for n, r in groups[:-1]], *sp.Add.make_args(groups[-1][1]), evaluate=False)
        terms = [(term.as_coeff_Mul()[0].is_negative, term) for term in sorted(e.args, key=self.key)]
        if self.ends_with(terms[0][1]) and not all(negative for negative, _ in terms[1:]):
            terms.append(terms.pop(0))
        if terms[0][0]:  # yhat - y rather than -y + yhat
            positive = next((k for k, (negative, _) in enumerate(terms) if not negative), 0)
            terms.insert(0, terms.pop(positive))
        raw = [self.show(-term if negative else term) for negative, term in terms]
        for k, code in enumerate(raw):  # True + True is True: one stays only beside a float
            if code.kind == "bool" and not any(c.kind == "float" for c in (raw[:k] if k else raw[1:2])):
                raw[k] = self.as_float(code)
        codes = self.floats(raw)
        if terms[0][0]:
            codes[0] = self.as_float(codes[0]) if codes[0].kind == "bool" else codes[0]
        text = ("-" + wrapped(codes[0], POWER) if terms[0][0] else wrapped(codes[0], SUM)) + "".join(
            f" - {wrapped(c, PRODUCT)}" if negative else f" + {wrapped(c, PRODUCT)}"
            for (negative, _), c in zip(terms[1:], codes[1:], strict=True)
        )
        return Code(text, SUM, self.joint(codes))

    def mul(self, e: Any) -> Code:
        coefficient, rest = e.as_coeff_Mul(rational=True)
        factors = []
        for factor in sp.Mul.make_args(rest):
            content, inner = common_factor(factor)
            coefficient *= content
            factors.append(inner)
        negative, coefficient = coefficient.is_negative, abs(coefficient)
        above, below = [], []
        for factor in sorted(factors, key=self.key):
            base, exponent = factor.as_base_exp()
            if exponent.is_number and exponent.is_negative:
                below.append(base**-exponent)
            elif factor != 1:
                above.append(factor)
        if coefficient.is_Rational and number_text(coefficient).level == PRODUCT:
            above, below = [sp.Integer(coefficient.p), *above], [sp.Integer(coefficient.q), *below]
        elif coefficient != 1:
            above = [coefficient, *above]
        above = [factor for factor in above if factor != 1]
        top = [self.show(factor) for factor in above]
        bottom = [self.as_float(self.show(factor)) for factor in below]
        top.sort(key=lambda c: c.kind == "bool")
        if negative and top and top[0].kind == "bool":  # NumPy has no minus for truth values
            top[0] = self.as_float(top[0])
        if sum(c.kind == "int" for c in top) > 2:  # of two factors below 2^31 the product fits, of more it wraps around
            top = [self.as_float(c) for c in top]
        both = self.floats(top + bottom)
        top, bottom = both[: len(top)], both[len(top) :]
        text = wrapped(top[0], POWER if negative else PRODUCT) if top else "1"
        text += "".join(f" * {wrapped(c, UNARY)}" for c in top[1:])
        if bottom:
            under = " * ".join(wrapped(c, UNARY) for c in bottom)
            text += f" / {under if len(bottom) == 1 else f'({under})'}"
        if bottom:
            both.append(Code("", ATOM, "decimal"))
        return Code(("-" if negative else "") + text, PRODUCT, self.joint(both))

    def pow(self, e: Any) -> Code:
        base, exponent = e.as_base_exp()
        if exponent.is_number and exponent.is_negative:
            code = self.as_float(self.show(base**-exponent))
            return Code(f"1 / {wrapped(code, UNARY)}", PRODUCT, "decimal" if code.kind in NUMBERS else "float")
        code = self.as_float(self.show(base))
        if code.kind in NUMBERS:
            return self.number_power(code, base, exponent)
        if exponent == sp.Rational(1, 2):
            return Code(f"{self.np}.sqrt({code.text})")
        if exponent.is_Rational and exponent.q == 2 and exponent <= 16:
            whole = self.show(base ** (exponent - sp.Rational(1, 2)))
            return Code(f"{wrapped(whole, PRODUCT)} * {self.np}.sqrt({code.text})", PRODUCT)
        if exponent.is_Integer and exponent <= 16:
            return self.whole_power(code, int(exponent))
        return Code(f"{wrapped(code, ATOM)}**{wrapped(self.floats([self.show(exponent)])[0], ATOM)}", POWER)

    def number_power(self, code: Code, base: Any, exponent: Any) -> Code:
        """A power of a number of sizes: never a complex one, as Python has, nor a whole one that is too large for an array."""
        power = self.show(exponent)
        if power.kind == "int":  # NumPy's whole powers wrap around, and there are none below 0
            power = self.as_float(power)
        if not (exponent.is_integer or base.is_nonnegative):
            root = exponent == sp.Rational(1, 2)
            return self.call(f"{self.np}.{'sqrt' if root else 'power'}", [base] if root else [base, exponent])
        if code.kind == "whole" and not (exponent.is_number and exponent < 4):
            text, level = (f"{code.text}.0", code.level) if base.is_Integer else (f"float({code.text})", ATOM)
            code = Code(text, level, "decimal")
        return Code(f"{wrapped(code, ATOM)}**{wrapped(power, ATOM)}", POWER, self.joint([code, power]))

    def whole_power(self, base: Code, exponent: int) -> Code:
        """Squares and products: a power with a larger exponent is a hundred times slower."""
        if exponent == 1:
            return base
        if exponent == 2:
            return Code(f"{wrapped(base, ATOM)}**2", POWER)
        if exponent % 2:
            return Code(f"{wrapped(self.whole_power(base, exponent - 1), PRODUCT)} * {wrapped(base, UNARY)}", PRODUCT)
        return Code(f"({self.whole_power(base, exponent // 2).text})**2", POWER)

    def where(self, e: Any) -> Code:
        test, yes, no = e.args
        condition = self.show(test)
        if (yes, no) == (1, 0):
            return condition._replace(kind="bool")
        branches = [self.as_float(self.show(branch)) for branch in (yes, no)]
        if all(c.kind in NUMBERS for c in branches):
            narrow = self.dialect.floats if self.dialect.narrow else ""
            branches = [Code(f"{narrow}({c.text})" if narrow else f"{c.text}.0" if c.text.lstrip("-").isdigit() else c.text)
                        for c in branches]  # fmt: skip
        return Code(f"{self.np}.where({condition.text}, {branches[0].text}, {branches[1].text})")

    def relation(self, e: Any) -> Code:
        left, right = (self.as_float(c) if c.kind == "bool" else c for c in map(self.show, e.args))
        return Code(f"{wrapped(left, SUM)} {COMPARE[type(e)]} {wrapped(right, SUM)}", COMPARISON, "bool")

    def connective(self, e: Any) -> Code:
        sign = " & " if isinstance(e, sp.And) else " | "
        parts = sorted((self.show(arg) for arg in e.args), key=lambda c: c.text)
        return Code(sign.join(wrapped(c, ATOM) for c in parts), COMPARISON, "bool")

    def negation(self, e: Any) -> Code:
        return Code(f"~{wrapped(self.show(e.args[0]), ATOM)}", UNARY, "bool")

    def truth(self, e: Any) -> Code:
        return Code(str(bool(e)), ATOM, "bool")

    def floor(self, e: Any) -> Code:
        if all(is_size(s) or is_position(s) for s in e.free_symbols):  # type: ignore[arg-type]
            above, below = sp.fraction(sp.together(e.args[0]))
            codes = [self.show(above), self.show(below)]
            return Code(f"{wrapped(codes[0], UNARY)} // {wrapped(codes[1], UNARY)}", PRODUCT, self.joint(codes))
        return Code(f"{self.np}.floor({self.show(e.args[0]).text})")

    def modulo(self, e: Any) -> Code:
        codes = [self.show(arg) for arg in e.args]
        return Code(f"{wrapped(codes[0], UNARY)} % {wrapped(codes[1], UNARY)}", PRODUCT, self.joint(codes))

    def extremum(self, e: Any) -> Code:
        codes = sorted((self.show(arg) for arg in e.args), key=lambda c: (c.kind not in NUMBERS, c.text))
        name = "max" if isinstance(e, sp.Max) else "min"
        if all(c.kind in NUMBERS for c in codes):
            return Code(f"{name}({', '.join(c.text for c in codes)})", ATOM, self.joint(codes))
        text = codes[0].text
        for code in codes[1:]:
            text = f"{self.np}.{name}imum({text}, {code.text})"
        return Code(text, ATOM, self.joint(codes))

    def table(self, e: Any) -> Code:
        name = e.row.name
        if name in NUMPY_ROWS:
            return self.call(f"{self.np}.{NUMPY_ROWS[name]}", e.args)
        form = stable_form(name)
        if type(form) in HELPED and form.args[-1] in e.row.args:  # SymPy would write the gamma function of whole numbers
            return self.call(HELPED[type(form)], [*form.args[:-1], *e.args])
        if inlined(name):
            return self.show(stable_form(name).xreplace(dict(zip(e.row.args, e.args, strict=True))))
        return self.call(name, e.args)

    def stopped(self, e: Any) -> Code:
        return self.show(e.args[0])

    def function(self, e: Any) -> Code:
        if type(e) in HELPED:
            return self.call(HELPED[type(e)], e.args)
        if type(e) not in NUMPY:
            raise SourceError(f"NumPy source cannot show the function {type(e).__name__}")
        return self.call(f"{self.np}.{NUMPY[type(e)]}", e.args)

    def call(self, name: str, args: Iterable[sp.Basic]) -> Code:
        codes = [self.as_float(self.show(arg)) for arg in args]
        own = not name.startswith(f"{self.np}.")  # a helper hands back what it is given: whole numbers would be cut
        if own and codes[-1].kind == "whole":
            codes[-1] = Code(f"float({codes[-1].text})", ATOM, "decimal")
        text = f"{name}({', '.join(c.text for c in codes)})"
        if all(c.kind in NUMBERS for c in codes):
            return Code(self.dialect.number(text), ATOM, "decimal")
        return Code(text)


METHODS: tuple[tuple[type, Callable[[_Printer, Any], Code]], ...] = (
    (sp.NumberSymbol, _Printer.number),
    (sp.Add, _Printer.add),
    (sp.Mul, _Printer.mul),
    (sp.Pow, _Printer.pow),
    (Where, _Printer.where),
    (TableFunction, _Printer.table),
    (sp.core.relational.Relational, _Printer.relation),
    (sp.Or, _Printer.connective),
    (sp.And, _Printer.connective),
    (sp.Not, _Printer.negation),
    (sp.logic.boolalg.BooleanAtom, _Printer.truth),
    (sp.floor, _Printer.floor),
    (sp.Mod, _Printer.modulo),
    (sp.Max, _Printer.extremum),
    (sp.Min, _Printer.extremum),
    (stop_gradient, _Printer.stopped),
    (sp.Function, _Printer.function),
)
