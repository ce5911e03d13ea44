"""Differences where there is a derivative, and where there is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.evaluate.differences import central, complex_step
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply, total
from tests.along import directional
from tests.random_programs import declare

Q = declare("q", ("n",))


def at(*entries: float) -> tuple[dict[str, np.ndarray], dict[str, int], dict[str, np.ndarray]]:
    return {"q": np.array(entries)}, {"n": len(entries)}, {"q": np.eye(len(entries))}


@given(st.floats(-3, 3))
def test_smooth(q: float) -> None:
    program = trace({"L": total(apply("sin", 2 * Q))})
    exact = 2 * math.cos(2 * q)
    estimate = central(program, "L", *at(q))
    assert abs(estimate.value[0] - exact) <= max(10 * estimate.error[0], 1e-11)
    assert estimate.error[0] < 1e-9
    assert not estimate.kink.any()
    assert complex_step(program, "L", *at(q))[0] == pytest.approx(exact, rel=1e-14)


def test_a_kink_is_told_from_a_curve() -> None:
    program = trace({"L": total(apply("relu", Q))})
    estimate = central(program, "L", *at(0.0, 1e-6, -1e-6, 0.3, -0.3))
    assert estimate.kink.tolist() == [True, False, False, False, False]
    np.testing.assert_allclose(estimate.value[1:], [1, 0, 1, 0], atol=1e-8)


def test_a_kink_beside_the_point_is_stepped_over() -> None:
    program = trace({"L": total(apply("abs", Q))})
    for q in 10.0 ** -np.arange(1, 9):
        estimate = central(program, "L", *at(q))
        assert abs(estimate.value[0] - 1) <= 1e-9 + 10 * estimate.error[0]


@pytest.mark.parametrize("name", ["abs", "relu", "sign", "step"])
def test_at_a_kink_or_a_jump_there_is_no_difference(name: str) -> None:
    program = trace({"L": total(apply(name, Q))})
    assert central(program, "L", *at(0.0)).kink.all()
    assert not central(program, "L", *at(0.25)).kink.any()


def test_steps_beyond_the_domain_are_left_out() -> None:
    program = trace({"L": total(apply("log", Q))})
    estimate = central(program, "L", *at(0.01))
    assert abs(estimate.value[0] - 100) <= 10 * estimate.error[0] < 1e-3


def test_a_function_without_a_complex_form_takes_central_differences() -> None:
    program = trace({"L": total(apply("erf", Q))})
    assert complex_step(program, "L", *at(0.5)) is None
    slope = 2 / math.sqrt(math.pi) * math.exp(-0.25)
    np.testing.assert_allclose(directional(program, "L", *at(0.5)), [slope], rtol=1e-10)


@pytest.mark.parametrize("exponent", [2, 3, 7, -1, -2])
def test_the_complex_step_knows_powers_of_negative_numbers(exponent: int) -> None:
    program = trace({"L": total(Q**exponent)})
    got = complex_step(program, "L", *at(-1.5, 2.5))
    np.testing.assert_allclose(got, exponent * np.array([-1.5, 2.5]) ** (exponent - 1.0), rtol=1e-14)


def test_many_shifts_are_portioned(monkeypatch: pytest.MonkeyPatch) -> None:
    program = trace({"L": total(apply("sin", Q))})
    whole = complex_step(program, "L", *at(0.1, 0.2, 0.3))
    monkeypatch.setattr("symbackprop.evaluate.differences.AT_ONCE", 10)
    np.testing.assert_array_equal(complex_step(program, "L", *at(0.1, 0.2, 0.3)), whole)
