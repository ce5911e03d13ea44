"""What stop_gradient holds is a constant to every reader: the chain rule, the tape, differences, complex steps, compiled code."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Program
from symbackprop.display.remarks import remarks
from symbackprop.evaluate.differences import central, complex_step
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward, gradients
from symbackprop.judge.witnesses.crosscheck import check

D = "x: parameter[n]\nw: data[n]\n"
STRAIGHT = f"{D}y = x + stop_gradient(round(3*x) - x)\nL = sum(w*y**2)"
NETWORKS = {
    "straight through": STRAIGHT,
    "a factor": f"{D}L = sum(w*sin(x)*stop_gradient(exp(x)))",
    "an equation of its own": f"{D}y = stop_gradient(sin(x))\nL = sum(w*y**2*x)",
    "within itself": f"{D}L = sum(x**2*stop_gradient(x*stop_gradient(x)))",
    "below a sum": f"{D}L = sum(outer(x, stop_gradient(x**2)) @ w) + log(sum(exp(x)))",
    "in a condition": f"{D}L = sum(where(stop_gradient(x) > 0, x**2, x*w))",
    "a quantiser": "z: parameter[n]\ne: parameter[n]\nL = sum((stop_gradient(z) - e)**2) + sum((z - stop_gradient(e))**2)/4",
    "a soft one below a hard one": f"{D}p = softmax(x)\ny = stop_gradient((p > 0.2)*1 - p) + p\nL = sum(w*y)",
    "shifted values": f"{D}a = x**2\nL = sum(a*stop_gradient(a)*w)",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_witness_agrees(name: str) -> None:
    derivation = sb.derive(NETWORKS[name])
    assert derivation.check(), derivation.check()


@pytest.mark.parametrize("name", NETWORKS)
def test_second_derivatives_hold_it_as_well(name: str) -> None:
    first = sb.derive(NETWORKS[name])
    for wrt in first.wrt:
        second = differentiate(first.program, first.gradient(wrt), [wrt], jacobian=True)
        assert check(second, seed=1), str(check(second, seed=1))


def _moved(program: Program, wrt: str) -> tuple[Any, Any, Any]:
    sizes, at = defined(program, {"n": 4}, 1)
    direction = {wrt: np.eye(4)}
    taped = gradients(program, "L", [wrt], at, sizes)[wrt]
    return taped, central(program, "L", at, sizes, direction).value, complex_step(program, "L", at, sizes, direction)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "a quantiser"])
def test_a_moving_point_leaves_it_where_it_is(name: str) -> None:
    program = sb.read(NETWORKS[name]).program
    taped, by_differences, by_complex_steps = _moved(program, "x")
    np.testing.assert_allclose(by_differences, taped, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(by_complex_steps, taped, rtol=1e-12, atol=1e-14)


def test_a_value_that_moves_moves_what_is_held_of_it_not_at_all() -> None:
    program = sb.read(NETWORKS["shifted values"]).program
    taped, by_differences, by_complex_steps = _moved(program, "a")
    np.testing.assert_allclose(by_differences, taped, rtol=1e-8)
    np.testing.assert_allclose(by_complex_steps, taped, rtol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_that_of_jax(jax: ModuleType, name: str) -> None:
    from tests.jax_words import value_and_gradients

    derivation = sb.derive(NETWORKS[name])
    sizes, at = defined(derivation.program, {"n": 4}, 1)
    value, expected = value_and_gradients(NETWORKS[name], "L", derivation.wrt, at, sizes)
    compiled_value, compiled = sb.compile(derivation).value_and_grad(at)
    np.testing.assert_allclose(compiled_value, value, rtol=1e-12)
    values = forward(derivation.program, at, sizes)
    for wrt in derivation.wrt:
        np.testing.assert_allclose(values[derivation.gradient(wrt)], expected[wrt], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(compiled[wrt], expected[wrt], rtol=1e-12, atol=1e-14)


def test_the_report_says_what_is_held_and_what_goes_straight_through() -> None:
    said = " ".join(map(str, remarks(sb.derive(STRAIGHT))))
    assert "sg(x) is x, and a constant to the chain rule" in said
    assert "y is a straight-through estimator: forwards it is round(3*x[i]), backwards it has the slope of x[i]" in said
    assert r"\operatorname{sg}" in sb.derive(STRAIGHT).report("latex")
    for other in ("a factor", "a quantiser", "within itself"):
        assert "straight-through" not in " ".join(map(str, remarks(sb.derive(NETWORKS[other]))))


def test_a_gradient_that_is_held_back_alone_is_zero_and_the_report_says_why() -> None:
    derivation = sb.derive(f"{D}L = sum(w*stop_gradient(x**2))")
    assert "L reaches x only through what stop_gradient holds: the gradient is zero." in map(str, remarks(derivation))


def test_flat_functions_are_told_once() -> None:
    (said,) = map(str, remarks(sb.derive(f"{D}L = sum(x*w) + sum(floor(x)*ceil(x)*trunc(x))")))
    assert said.startswith("No gradient comes to x through ceil, floor and trunc, which are flat almost everywhere")
    (said,) = map(str, remarks(sb.derive(f"{D}L = sum(x*w) + sum(floor(x)*ceil(x)*trunc(w))")))  # that of w holds no x
    assert said.startswith("No gradient comes to x through ceil and floor, which are flat almost everywhere")


def test_a_claim_is_held_against_it() -> None:
    for claims, right in (({"z": "(z - e)/2", "e": "2*(e - z)"}, True), ({"z": "2.5*(z - e)"}, False)):
        assert sb.verify(NETWORKS["a quantiser"], claims).verdict.startswith("right") == right


@pytest.mark.parametrize(
    "text",
    [
        "sum(x*x.detach())", "sum(x*torch.detach(x))", "sum(x*jax.lax.stop_gradient(x))", "sum(x*lax.stop_gradient(x))",
        "sum(x*sb.stop_gradient(x))",
    ],
)  # fmt: skip
def test_it_has_the_words_of_the_libraries(text: str) -> None:
    assert str(sb.read(f"{D}L = {text}")) == str(sb.read(f"{D}L = sum(x*stop_gradient(x))"))


def test_in_latex_it_is_sg() -> None:
    network = sb.read(r"L = \sum_i (z_i - \operatorname{sg}(e_i))^2", let=["z: parameter[n]", "e: parameter[n]"])
    written = sb.read("z: parameter[n]\ne: parameter[n]\nL = sum((z - stop_gradient(e))**2)")
    assert [str(e.op) for e in network.program.equations] == [str(e.op) for e in written.program.equations]
