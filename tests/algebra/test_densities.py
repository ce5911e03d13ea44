"""One normal density by another: what an option is worth, and where two densities have nothing to do with each other."""

import pytest

import symbackprop as sb

OPTION = (
    "S: parameter[()] & positive\nK: parameter[()] & positive\nT: parameter[()] & positive\nr: parameter[()]\ns: parameter[()] & positive\n"
    "d_1 = (log(S/K) + (r + s**2/2)*T)/(s*sqrt(T))\nd_2 = d_1 - s*sqrt(T)\n"
)
CALL = "L = S*normal_cdf(d_1) - K*exp(-r*T)*normal_cdf(d_2)"
PUT = "L = K*exp(-r*T)*normal_cdf(-d_2) - S*normal_cdf(-d_1)"
FORWARD = (
    "s: parameter[()] & positive\nF: positive[()]\nK: positive[()]\nT: positive[()]\nd = (log(F/K) + 0.5*s**2*T)/(s*sqrt(T))\n"
    "L = F*normal_cdf(d) - K*normal_cdf(d - s*sqrt(T))"
)


@pytest.mark.slow
def test_the_greeks_of_a_call_are_those_of_the_books() -> None:
    box = sb.derive(OPTION + CALL).box()
    found = {line.name: line.latex().split(" = ", 1)[1] for line in box.lines}
    assert not box.missing
    assert found["dL/dS"] == r"\Phi\left(d_{1}\right)"
    assert found["dL/dK"] == r"-\Phi\left(d_{2}\right)\,\exp\left(-T r\right)"
    assert found["dL/ds"] == r"S \sqrt{T} \phi\left(d_{1}\right)"
    assert not any(r"\phi\left(d_{2}" in right for right in found.values())


@pytest.mark.parametrize("text", [OPTION + PUT, FORWARD])
def test_a_slope_by_the_volatility_has_one_density(text: str) -> None:
    box = sb.derive(text, wrt=["s"]).box()
    assert not box.missing
    assert sum(line.latex().count(r"\phi") for line in box.lines) == 1


@pytest.mark.parametrize("d_2", ["d_1 - 2*s*sqrt(T)", "d_1 - s", "S - d_1"])
def test_densities_of_which_none_is_a_power_times_the_other_stay(d_2: str) -> None:
    box = sb.derive(OPTION.replace("d_1 - s*sqrt(T)", d_2) + CALL, wrt=["K"]).box()
    assert not box.missing
    assert any(r"\phi\left(d_{2}" in line.latex() for line in box.lines)
