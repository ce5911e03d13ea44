"""A loop is shown by its equations: what is carried is told from what is read, and nothing goes round for ever."""

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.network import Network
from tests.loops.networks import CASES


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
    if name == "mlp":
        full = derived(name).report("markdown", detail="full")
        assert r"p_{li} &= \begin{cases} x_{i} & \text{if } l = 0 \cr z_{l-1,i} & \text{otherwise} \end{cases}" in full
        assert r"& \text{if } l = n - 1 \cr \frac{\partial L}{\partial p_{l+1,i}} & \text{otherwise}" in full
        assert r"z^{(0)} &= x" in text


def test_a_picture_draws_no_circle() -> None:
    assert "svg" in str(sb.draw(derived("mlp")))
