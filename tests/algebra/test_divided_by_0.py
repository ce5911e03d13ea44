"""Networks that divide by what is 0 everywhere, where the branch is not taken: a table of definitions, or why there is none."""

import pytest

import symbackprop as sb
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ZERO

BELOW = {
    "a difference": ("y - y", "u = 0"),
    "a difference of sums": ("(sum(2*y) - 2*sum(y))", "u = 0"),
    "a difference of forms": ("(x @ B @ y - y @ B.T @ x)", ""),
}


@pytest.mark.parametrize(("below", "zero"), BELOW.values(), ids=BELOW)
def test_what_is_divided_by_0_in_another_case_is_no_fault_of_the_program(below: str, zero: str) -> None:
    text = f"x: parameter[n]\ny: data[n]\nB: data[n, n]\nL = sum(where(y > 0, x**2, x/({below})))"
    box = sb.derive(text).box()
    if zero:
        assert str(box.lines[0]) == zero
        assert "{2 x, if y > 0; 1/u" in str(box)
    else:
        assert not box.lines
        assert box.missing


@pytest.mark.parametrize("e", [-1, -2])
def test_a_power_of_nothing_has_no_factors(e: int) -> None:
    (term,) = Algebra().power(ZERO, e).terms
    assert [f.exponent for f in term] == [e]
    assert not term[0].atom.args[0].terms


def test_what_is_1_over_0_is_not_written_into_what_reads_it() -> None:
    network = str(sb.derive("x: parameter[n]\ny: data[n]\nL = sum(x/(y - y))").forward)
    assert "u[i] = 0" in network
    assert "x[i]/u[i]" in network
