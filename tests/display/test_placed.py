"""Equations that are told by the places of entries: only where each place is filled, and once."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Add, Integer

import symbackprop as sb
from symbackprop.core.program import position
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.placed import fills
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from tests.display.matrix_value import matrix_value
from tests.formulas.latex_value import Numbered


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


HEADS = {
    "put together": ("Y = P.transpose(0, 2, 1, 3).reshape(N, T, 6)", r"Y_\{(\w),:,3(\w):3\2\+3\} = P_\{\1\2\}"),
    "taken apart": ("Y = X.reshape(N, T, 2, 3).transpose(0, 2, 1, 3)", r"Y_\{(\w)(\w)\} = X_\{\1,:,3\2:3\2\+3\}"),
    "every second": ("Y = X.reshape(N, T, 3, 2).transpose(0, 3, 1, 2)", ""),  # no blocks
}


@pytest.mark.parametrize(("line", "shown"), HEADS.values(), ids=HEADS)
def test_heads_are_blocks_of_columns(line: str, shown: str) -> None:
    """The printed blocks are cut out of arrays with as many letters as stand below the names, and are equal."""
    network = sb.read(f"P: parameter[N, 2, T, 3]\nX: parameter[N, T, 6]\n{line}\nL = sum(Y**2) + sum(P) + sum(X)")
    (own,) = [e for e in network.program.equations if e.target.name == "Y"]
    names = Names(network.program)
    text = latex(equation_formula(names, own))
    if not shown:
        assert ":" not in text
        return
    found = re.fullmatch(shown, text)
    assert found, text
    rng = np.random.default_rng(0)
    sizes = {"N": 2, "T": 4}
    arrays = walk(network.program, {"P": rng.normal(size=(2, 2, 4, 3)), "X": rng.normal(size=(2, 4, 6))}, sizes)
    left, _, right = latex(equation_formula(Numbered(network.program), own)).partition(" = ")
    for places in product(range(2), range(2)):
        at = dict(zip(found.groups(), places, strict=True))
        sides = [matrix_value(network.program, side, arrays, sizes, at) for side in (left, right)]
        np.testing.assert_array_equal(*sides)
