"""A loop is shown by its equations: what is carried is told from what is read, and nothing goes round for ever."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.network import Network
from tests.loops.networks import CASES
from tests.loops.texts import TEXTS


def derived(name: str) -> Derivation:
    return sb.derive(Network(CASES[name].program, "L"))


def test_a_gradient_of_a_loop_is_its_line_at_one_step() -> None:
    mlp = derived("mlp")
    assert mlp.gradients["W"].latex() == r"\frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} \left(z^{(l - 1)}\right)^{\top}"
    assert [line.split(" = ")[0] for line in mlp.gradients["W"].definitions] == [r"\delta^{(n)}", r"\delta^{(l)}"]


@pytest.mark.parametrize("name", ["mlp", "layers over time"])
def test_a_report_says_what_is_carried_and_where_it_starts(name: str) -> None:
    text = derived(name).markdown()
    assert "it is computed step by step" not in text
    assert ("vanishes where these factors shrink" in text) == (name == "mlp")  # one value is carried, along one axis
    if name == "mlp":
        full = derived(name).report("markdown", detail="full")
        assert r"p_{li} &= \begin{cases} x_{i} & \text{if } l = 0 \cr z_{l-1,i} & \text{otherwise} \end{cases}" in full
        assert r"& \text{if } l = n - 1 \cr \frac{\partial L}{\partial p_{l+1,i}} & \text{otherwise}" in full
        assert r"z^{(0)} &= x" in text


def drawn(name: str, **about: str) -> str:
    return sb.draw(derived(name), values="none", **about)  # type: ignore[return-value]  # SVG is text


def test_a_picture_draws_a_step_once_with_its_loop() -> None:
    found = drawn("mlp")
    assert "z⁽ˡ⁻¹⁾, z⁽⁰⁾ = x, operation" in found
    assert "z -&gt; p: l − 1" in found
    assert found.count("stroke-dasharray") == 3  # the two halves of the wire back, and the legend
    assert "to the next step of the loop" not in sb.draw("x: parameter\nL = x**2")
    assert "dash pattern" in drawn("mlp", format="tikz")


def test_the_wire_back_says_what_comes_back_from_the_next_step() -> None:
    found = drawn("mlp", edges="gradient")
    assert "z -&gt; p: l − 1, δ⁽ˡ⁺¹⁾" in found
    assert "x -&gt; p: δ⁽¹⁾" in found


def test_a_picture_of_a_recurrence_of_second_order_says_which_step_is_read() -> None:
    assert "z⁽ˡ⁻²⁾, z⁽⁻¹⁾" in sb.draw(TEXTS["second order"], values="none")


def test_the_sum_inside_of_a_softmax_is_no_box_of_its_own() -> None:
    found = sb.draw("x: parameter[T, c]\ny: labels[T, c]\ne = -sum(y*log(softmax(x, axis=1)), axis=1)\nL = sum(e)", values="none")
    assert "softmax" in str(found)
    assert "logsumexp" not in str(found)


@pytest.mark.slow
def test_a_picture_of_a_field_stands_at_its_steps() -> None:
    path = Path(__file__).parents[2] / "examples" / "loops" / "crf_forward.net"
    found = str(sb.draw(path, values="none"))
    assert "sₜ = A_(yₜ₋₁,yₜ) + x_(t,yₜ), operation" in found
    assert "u₁₃ = Σ_(t=2)^T sₜ, operation" in found
    assert "u_(5,t) = yₜ, operation" in str(sb.draw(path, values="none", edges="gradient"))


def test_positions_with_sizes_in_them_are_no_steps() -> None:
    assert "loss" in str(sb.draw("A: parameter[n, m]\nv = vec(A)\nL = sum(v**2)", values="none"))
