"""The forms of a derivative: the words of a textbook, and never another value."""

import mpmath
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Where, derivative, iverson, tidy_sign
from symbackprop.core.functions.where import tidy_where
from symbackprop.core.program import position, size, slot
from tests.functions.evaluators import exact

S0, S1, S2, RESULT = slot(0), slot(1), slot(2), sp.Symbol("_y")
SLOTS = (S0, S1, S2)
SIGMOID = FUNCTIONS["sigmoid"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ((S0 - S1) ** 2, "2*s0 - 2*s1"),
        (1 / S0, "-1/s0**2"),
        (S0 / S1, "1/s1"),
        (sp.log(S0), "1/s0"),
        (S0 * S1, "s1"),
        (S0 * sp.log(S1), "log(s1)"),
        (sp.exp(S0), "_y"),
        (S1 * sp.exp(S0), "_y"),
        (3 * sp.exp(2 * S0), "2*_y"),
        (sp.exp(-((S0 - S1) ** 2) / 2), "_y*(-s0 + s1)"),
        (sp.exp(-S1) / S0, "-_y/s0"),
        (S1 * sp.exp(S2 - S0), "-_y"),
        (sp.sqrt(S0), "1/(2*_y)"),
        (sp.sqrt(S0**2 + S1**2), "s0/_y"),
        (S0**S1, "s0**(s1 - 1)*s1"),
        (2**S0, "_y*log(2)"),
        (sp.tanh(S0), "1 - _y**2"),
        (S1 * sp.tanh(S0), "s1*(1 - tanh(s0)**2)"),
        (SIGMOID(S0), "_y*(1 - _y)"),
        (S0 * SIGMOID(S0), "_y*(1 - sigmoid(s0)) + sigmoid(s0)"),
        (S1 * SIGMOID(S0), "_y*(1 - sigmoid(s0))"),
        (1 / (1 + sp.exp(-S0)), "_y*(1 - _y)"),
        (sp.exp(S0) / (1 + sp.exp(S0)), "_y*(1 - _y)"),
        ((sp.exp(S0) - sp.exp(-S0)) / (sp.exp(S0) + sp.exp(-S0)), "(1 - _y)*(_y + 1)"),
        (sp.log(sp.cosh(S0 - S1)), "tanh(s0 - s1)"),
        (-S1 * sp.log(S0) - (1 - S1) * sp.log(1 - S0), "(s0 - s1)/(s0*(1 - s0))"),
        (S0 / (1 + S0), "(s0 + 1)**(-2)"),
        (Where(S0 > 0, S0, S1 * S0), "Where(s0 > 0, 1, s1)"),
        (Where(S0 > S1, S0**2 / 2, S1 * (S0 - S1 / 2)), "Where(s0 > s1, s0, s1)"),
        (FUNCTIONS["maximum"](S1, S0), "Where(s0 >= s1, 1, 0)"),
        (FUNCTIONS["abs"](S0 - S1), "sign(s0 - s1)"),
        (FUNCTIONS["elu"](S0, 1), "Where(s0 > 0, 1, _y + 1)"),
        (S0 * iverson(sp.Eq(position("i"), size("n"))), "Where(Eq(i, n), 1, 0)"),
        (S1, "0"),
    ],
)
def test_a_derivative_reads_as_in_a_textbook(body: sp.Expr, text: str) -> None:
    found = derivative(body, S0, RESULT)
    assert str(found) in (text, text.replace("s0 >= s1", "s1 <= s0"))


def test_without_a_result_none_is_put_back() -> None:
    assert derivative(sp.exp(S0), S0) == sp.exp(S0)
    assert derivative(sp.tanh(S0), S0) == 1 - sp.tanh(S0) ** 2


def test_cases_are_a_factor_like_any_other() -> None:
    a, b = iverson(S0 > 0), iverson(S0 < S1)
    assert a * b == b * a
    assert (3 * a) * (S1 * b) == S1 * (3 * b) * a
    assert a * b - b * a == 0


def test_a_square_is_not_multiplied_out() -> None:
    body = S2 * (S0 - S1) ** 2 / (1 + S2) + sp.log(1 + S2)
    assert (S0 - S1) ** 2 in derivative(body, S2, RESULT).atoms(sp.Pow)


def test_signs_and_cases() -> None:
    x = sp.Symbol("x")
    assert str(tidy_sign(-x * (x - 1))) == "x*(1 - x)"
    assert str(tidy_sign(-1 / (x * (x - 1)))) == "1/(x*(1 - x))"
    assert tidy_sign(-x * sp.exp(x)) == -x * sp.exp(x)
    assert tidy_where(Where(x > 0, Where(x < 1, 3, 0), 0)) == 3 * iverson(x > 0) * iverson(x < 1)
    assert tidy_where(Where(x > 0, 0, 2)) == 2 * iverson(x <= 0)
    assert tidy_where(Where(x > 0, x, 0)) == Where(x > 0, x, 0)  # 0 times an overflow is no 0


SMOOTH = [
    "exp",
    "sin",
    "tanh",
    "sigmoid",
    "softplus",
    "gelu",
    "silu",
    "gaussian",
    "mish",
    "erf",
    "softsign",
    "log_sigmoid",
]
BENT = ["relu", "abs", "relu6", "hard_swish", "selu"]


def bodies() -> st.SearchStrategy[sp.Expr]:
    leaves = st.sampled_from([*SLOTS, *SLOTS, sp.Integer(2), sp.Rational(1, 3), size("n")])

    def grow(inner: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
        return st.one_of(
            st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
            st.tuples(inner, st.sampled_from([2, 3, -1, -2])).map(lambda p: (p[0] ** 2 + 1) ** p[1]),
            inner.map(lambda e: 1 / (1 + sp.exp(-e))),
            inner.map(lambda e: sp.sqrt(1 + e**2)),
            inner.map(lambda e: sp.log(2 + sp.cos(e))),
            inner.map(lambda e: sp.log(sp.cosh(e))),
            inner.map(lambda e: (1 + e**2) ** sp.Symbol("s1")),
            st.tuples(st.sampled_from([*SMOOTH, *BENT]), inner).map(lambda p: FUNCTIONS[p[0]](p[1])),
            st.tuples(inner, inner).map(lambda p: FUNCTIONS["swish"](*p)),
            st.tuples(inner, inner).map(lambda p: FUNCTIONS["logaddexp"](*p)),
            st.tuples(inner, inner, inner).map(lambda p: Where(S0 > S1, *p[:2]) * p[2]),
        )

    return st.recursive(leaves, grow, max_leaves=6)


@pytest.mark.slow
@settings(max_examples=150)
@given(bodies(), st.sampled_from(SLOTS), st.tuples(*[st.integers(-200, 200)] * 3))
def test_no_form_has_another_value(body: sp.Expr, s: sp.Symbol, point: tuple[int, ...]) -> None:
    with mpmath.workdps(200):
        at: dict[sp.Basic, mpmath.mpf] = {size("n"): mpmath.mpf(5)}
        at |= {q: mpmath.mpf(n) / 101 + mpmath.mpf(k + 1) / 1009 for k, (q, n) in enumerate(zip(SLOTS, point, strict=True))}
        value = exact(body, at)
        assume(abs(value) < mpmath.mpf(10) ** 30)
        expected = exact(sp.diff(body, s), at)
        found = exact(derivative(body, s, RESULT), {**at, RESULT: value})
        assert abs(found - expected) <= mpmath.mpf(10) ** -40 * max(1, abs(expected))


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_a_row_alone_has_its_slope(name: str) -> None:
    row = ELEMENTWISE[name]
    places = tuple(slot(k) for k in range(len(row.args)))
    for k, s in enumerate(places):
        found = derivative(FUNCTIONS[name](*places), s, RESULT)
        assert not found.has(FUNCTIONS[name]) or name in ("sign", "abs"), (k, found)
