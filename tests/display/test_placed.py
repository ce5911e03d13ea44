"""Equations that are told by the places of entries: only where each place is filled, and once."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Add, Integer

import symbackprop as sb
from symbackprop.core.program import position
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.placed import fills
from symbackprop.formulas.latex import latex


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), min_size=1, max_size=3), st.integers(0, 1), st.integers(1, 27))
@settings(max_examples=200)
def test_a_position_fills_an_axis_where_it_takes_each_value_once(axes: list[tuple[int, int]], first: int, extent: int) -> None:
    letters = "ijk"[: len(axes)]
    at = Add(first, *(stride * position(c) for c, (_, stride) in zip(letters, axes, strict=True)))
    taken = [first + sum(x * s for x, (_, s) in zip(xs, axes, strict=True)) for xs in product(*(range(n) for n, _ in axes))]
    for end in (extent, len(taken)):
        said = fills(at, Integer(end), {c: Integer(n) for c, (n, _) in zip(letters, axes, strict=True)})
        assert not said or sorted(taken) == list(range(end))
        assert said or sorted(taken) != list(range(end)) or any(n == 1 for n, _ in axes)


NETS = {
    "u = P.reshape(N, 6)\nL = sum(exp(u) @ W)": r"u_{n,l+3j} = P_{njl}",  # flattened
    "u = concatenate([P[:, 0], P[:, 0]], axis=1)\nL = sum(exp(u) @ W)": None,  # two parts, each of half the axis
    "u = P.transpose(0, 2, 1).reshape(N, 6)\nL = sum(exp(u) @ W)": r"u_{n,j+2l} = P_{njl}",
}


@pytest.mark.parametrize("net", NETS)
def test_what_is_put_into_another_shape_is_told_by_its_places(net: str) -> None:
    program = sb.read("P: parameter[N, 2, 3]\nW: parameter[6, k]\n" + net).program
    (own,) = [e for e in program.equations if e.target.name == "u"]
    shown = latex(equation_formula(Names(program), own))
    assert shown == NETS[net] if NETS[net] else "+" not in shown.split("=")[0]
