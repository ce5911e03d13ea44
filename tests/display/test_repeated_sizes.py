"""Sizes that meet by chance, as those of a square matrix do: what is printed is read back, and is the program's value all the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Program
from symbackprop.display.forms import Printer
from symbackprop.display.views import Slices
from symbackprop.formulas.latex import latex
from symbackprop.judge.proofs.proved import proved_box
from tests.display.matrix_value import matrix_value
from tests.display.networks import at_random
from tests.display.test_local_form import chained
from tests.display.test_shown import prove
from tests.formulas.latex_value import Numbered
from tests.random_programs import SQUARE, of_repeated_sizes, programs

REPEATED = programs(steps=4, sizes=SQUARE, further=of_repeated_sizes)


def boxed(derived: Derivation, seed: int = 0) -> int:
    """Compare every line of the box, as it is printed, with the gradient; how many there were."""
    names = Numbered(derived.program)
    arrays, sizes = at_random(derived, seed)
    forms = {line.name: line.form for line in proved_box(derived).lines if line.form is not None and not line.subscripts}
    for name, form in forms.items():
        text, want = latex(Printer(names, Slices(names)).formula(form)), arrays[name]
        found = matrix_value(names.program, text, arrays, sizes, shape=want.shape)
        found = np.full(want.shape, found.item()) if found.size == 1 else found.reshape(want.shape)
        np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-8, err_msg=f"{name} = {text}")
    return len(forms)


@pytest.mark.slow
@settings(max_examples=100)
@given(REPEATED, st.integers(0, 10**6))
def test_equations(program: Program, seed: int) -> None:
    prove(differentiate(program, "L"), seed)


@settings(max_examples=20)
@given(REPEATED, st.integers(0, 10**6))
def test_local_derivatives(program: Program, seed: int) -> None:
    chained(differentiate(program, "L"), seed)


@pytest.mark.slow
@settings(max_examples=20)
@given(REPEATED, st.integers(0, 10**6))
def test_boxes(program: Program, seed: int) -> None:
    boxed(differentiate(program, "L"), seed)


def test_what_is_reduced_along_an_axis_of_size_one_is_no_total() -> None:
    assert prove(differentiate(sb.read("S: parameter[1, 1]\nZ = softmax(sin(S) - S, axis=1)\nL = sum(Z*S)").program, "L"))
