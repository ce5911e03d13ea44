"""What the functions of a page are: SiLU(x) = x σ(x), as their rows define them, and in words what no formula of a row says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import pairwise

import sympy as sp

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS
from symbackprop.core.functions.row import Row, TableFunction
from symbackprop.core.program import slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.notation import applied, named
from symbackprop.documents.document import Content
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Fence, Node, Script, items_of, walk
from symbackprop.formulas.widths import width

_PLAIN = ("identity", "log_sigmoid")  # activations whose notation says what they are: x, log σ
_ALSO = ("logit", "logaddexp", "erfc")  # which are no activations
_BOUNDS = {"maximum", "minimum"}
_PHI, _DENSITY, _ERF, _GAMMA, _DIGAMMA = map(named, (r"\Phi", r"\phi", r"\operatorname{erf}", r"\Gamma", r"\psi"))
_J, _I, _MODIFIED, _DAWSON, _K, _N, _X = map(f.letter, "JIKFknx")
_EI, _E_1, _ERFCX, _W_0 = map(named, (r"\operatorname{Ei}", "E_1", r"\operatorname{erfcx}", "W_0"))
_IN_X, _IN_T = (BodyPrinter({slot(0): f.letter(name)}) for name in "xt")
_SLOPE = _IN_X.formula(2 * sp.exp(-(slot(0) ** 2)) / sp.sqrt(sp.pi))
_SCALED = f.equation(f.call(_ERFCX, [_X]), _IN_X.formula(sp.exp(slot(0) ** 2) * FUNCTIONS["erfc"](slot(0))))  # type: ignore[operator]
_SLOPE_OF_DAWSON = f.add([f.ONE, f.negative(f.beside(f.number(2), _X, f.call(_DAWSON, [_X])))])
_FACTORIAL = f.equation(f.call(_GAMMA, [_N]), f.beside(Fence("(", f.add([_N, f.negative(f.ONE)]), ")"), f.symbol("!")))
_IN_WORDS: tuple[tuple[Node, Content], ...] = (
    (_PHI, told("{} is the distribution function of the standard normal distribution, {} its density.", _PHI, _DENSITY)),
    (_DENSITY, told("{} is the distribution function of the standard normal distribution, {} its density.", _PHI, _DENSITY)),
    (_ERF, told("{} is the error function: 0 at 0, with the slope {}.", _ERF, _SLOPE)),
    (_GAMMA, told("{} is the gamma function, {} for whole numbers {}.", _GAMMA, _FACTORIAL, _N)),
    (_DIGAMMA, told("{} is the digamma function, the derivative of {}.", _DIGAMMA, f.beside(named(r"\log"), _GAMMA))),
    (_J, told("{} is the Bessel function of the first kind of order {}.", f.scripted(_J, sub=_K), _K)),
    (_I, told("{} is the modified Bessel function of the first kind of order {}.", f.scripted(_I, sub=_K), _K)),
    (_MODIFIED, told("{} is the modified Bessel function of the second kind of order {}.", f.scripted(_MODIFIED, sub=_K), _K)),
    (
        _EI,
        told(
            "{} is the exponential integral: the principal value of the integral of {} up to {}.",
            _EI,
            _IN_T.formula(sp.exp(slot(0)) / slot(0)),
            _X,
        ),
    ),
    (
        _E_1,
        told("{} is the exponential integral: the integral of {} from {} on.", _E_1, _IN_T.formula(sp.exp(-slot(0)) / slot(0)), _X),
    ),
    (_DAWSON, told("{} is Dawson's integral: 0 at 0, with the slope {}.", _DAWSON, _SLOPE_OF_DAWSON)),
    (_ERFCX, told("{}.", _SCALED)),
    (_W_0, told("{} is Lambert's function, the inverse of {}.", _W_0, _IN_X.formula(slot(0) * sp.exp(slot(0))))),
)


def definitions(formulas: Iterable[Node], declared: Collection[str]) -> tuple[Content, ...]:
    """What the functions are that these formulas call, and those that stand in the answers.

    declared   names of functions that the person's own network declares: they are what it says.
    """
    own = {parse_name(name).formula() for name in declared}
    called = {head: None for formula in formulas for head in _called(formula)}
    open_, seen = _rows_of(called), {row.name for head, row in _rows().items() if head in own}
    found: list[Content] = []
    while open_:
        row = open_.pop(0)
        if row.name not in seen:
            seen.add(row.name)
            found.append(told("{}.", f.equation(_left(row), defined(row))))
            within = dict.fromkeys(_called(defined(row)))
            called |= within
            open_ += _rows_of(within)
    return (*found, *dict.fromkeys(sentence for head, sentence in _IN_WORDS if head in called and head not in own))


def defined(row: Row) -> Node:
    """What a row is of its arguments, by max and min where that is shorter than by cases."""
    forms = [row.formula, *([row.stable] if row.stable is not None and _is_bounded(row.stable) else [])]
    forms = [form.xreplace({c: sp.Rational(repr(float(c))) for c in form.atoms(sp.Float)}) for form in forms]
    slots = {arg: slot(len(row.args) - 1 - k) for k, arg in enumerate(row.args)}  # \alpha x: what is further stands in front
    to = BodyPrinter({slots[arg]: node for arg, node in zip(row.args, _arguments(row), strict=True)})
    return min((to.formula(form.xreplace(slots)) for form in forms), key=width)


@cache
def _rows() -> dict[Node, Row]:
    """The rows that a page defines, by the node that begins their notation."""
    return {_head(row): row for row in ELEMENTWISE.values() if row.name in _ALSO or (row.activation and row.name not in _PLAIN)}


def _rows_of(called: Iterable[Node]) -> list[Row]:
    rows = _rows()
    return [rows[head] for head in called if head in rows]


def _left(row: Row) -> Node:
    return applied(row.latex, _arguments(row))


def _arguments(row: Row) -> list[Node]:
    return [parse_name(arg.name).formula() for arg in row.args]


def _head(row: Row) -> Node:
    r"""The name of a row: GELU, or GELU_{\tanh}; what stands below it as an argument is no part of that."""
    first = items_of(_left(row))[0]
    return first.base if isinstance(first, Script) and any(part in _arguments(row) for part in walk(first)) else first


def _called(formula: Node) -> Iterator[Node]:
    """The names before the brackets of calls."""
    for node in walk(formula):
        items = items_of(node)
        for head, bracket in pairwise(items):
            if isinstance(bracket, Fence) and bracket.call:
                yield head
                if isinstance(head, Script) and head.sub != named(r"\tanh"):
                    yield head.base


def _is_bounded(form: sp.Expr) -> bool:
    """Whether a form is made of max and min, and of no other function."""
    return {part.row.name for part in form.atoms(TableFunction)} <= _BOUNDS and not form.has(sp.exp, sp.log)
