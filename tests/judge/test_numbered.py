r"""From where entries are numbered: \theta_0 beside \theta_1, and x_1, x_2 of what it is multiplied with."""

from __future__ import annotations

import pytest

import symbackprop as sb

LINE = "x: data[n]\ny: data[n]\nth: parameter[2]\nh = th[0] + th[1]*x\nJ = sum((h - y)**2)/(2*n)"
PLANE = "X: data[n, 2]\ny: data[n]\nth: parameter[3]\nh = th[0] + X @ th[1:]\nJ = sum((h - y)**2)/(2*n)"
PLAIN = r"\frac1n\sum_{i=1}^n(h_i - y_i)"


def derived(*claims: str, first: int) -> str:
    return "\n".join(rf"\frac{{\partial J}}{{\partial\theta_{k}}} = {said}" for k, said in enumerate(claims, start=first))


def moved(*claims: str, first: int) -> str:
    return "\n".join(rf"\theta_{k} := \theta_{k} - \alpha {said}" for k, said in enumerate(claims, start=first))


@pytest.mark.slow
@pytest.mark.parametrize("form", [derived, moved])
@pytest.mark.parametrize("first", [0, 1])
def test_one_number_says_where_all_of_a_tensor_begin(form, first: int) -> None:  # type: ignore[no-untyped-def]
    r"""\theta_1 without x_i, beside \theta_0, was right as the first entry."""
    right, by_x = PLAIN, rf"{PLAIN}x_i"
    assert sb.verify(LINE, form(right, by_x, first=first)).ok
    for claims, kinds in (((right, right), [True, False]), ((by_x, by_x), [False, True]), ((by_x, right), [False, False])):
        assert [one.right for one in sb.verify(LINE, form(*claims, first=first)).claims] == kinds


@pytest.mark.slow
@pytest.mark.parametrize("form", [derived, moved])
def test_parameters_are_numbered_from_0_beside_data_from_1(form) -> None:  # type: ignore[no-untyped-def]
    r"""\theta_1 with x_1 was told wrong: both were the first, or both the second."""
    claims = PLAIN, f"{PLAIN}x_{{i1}}", f"{PLAIN}x^{{(i)}}_2"
    assert sb.verify(PLANE, form(*claims, first=0)).ok
    assert [one.right for one in sb.verify(PLANE, form(*claims[:2], claims[1], first=0)).claims] == [True, True, False]


@pytest.mark.slow
def test_where_nothing_tells_entries_are_numbered_as_it_is_right() -> None:
    found = sb.verify(PLANE, derived(f"{PLAIN}x_{{i2}}", first=2))
    assert found.ok
    assert "numbered from 0" in str(found)
    assert sb.verify(LINE, derived(rf"{PLAIN}x_i", first=1)).ok
    assert not sb.verify(PLANE, derived(f"2{PLAIN}x_{{i2}}", first=2)).ok


def test_letters_and_tensors_of_their_own_are_no_numbers_of_entries() -> None:
    assert (
        sb.verify(
            PLANE,
            r"\frac{\partial J}{\partial\theta_0} = \frac1n\sum_i(h_i - y_i)"
            + "\n"
            + r"\frac{\partial J}{\partial\theta} = \begin{pmatrix}1 & X\end{pmatrix}^\top(h - y)/n",
        )
        .claims[0]
        .right
    )
    two = "x: data[d]\nw_0: parameter\nw_1: parameter[d]\nL = (w_0 + w_1 @ x)**2"
    assert sb.verify(
        two, r"\frac{\partial L}{\partial w_0} = 2(w_0 + w_1^\top x), \frac{\partial L}{\partial w_1} = 2(w_0 + w_1^\top x)x"
    ).ok
