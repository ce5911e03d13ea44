"""What a page says its functions are, read back from what is printed, and only what the page shows."""

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.functions import ELEMENTWISE
from symbackprop.core.functions.row import X, slope
from symbackprop.documents import definitions
from symbackprop.documents.definitions import defined
from symbackprop.formulas.latex import latex


def bullets(net: str) -> list[str]:
    """What a report says of its notation."""
    page = sb.derive(net).text()
    head = page.split("How to read it")[-1].split("3  The backward pass")[0]
    return [" ".join(part.split()) for part in head.split("•")[1:]]


NUMBERS = {"low": "low = -1\n", "high": "high = 1\n"}  # one is below the other


@pytest.mark.parametrize("name", [row.name for row in definitions._rows().values()])
def test_a_definition_is_what_its_row_computes(name: str) -> None:
    args = [arg.name for arg in ELEMENTWISE[name].args]
    declared = "".join(NUMBERS.get(arg, f"{arg}: data & positive\n") for arg in args)
    network = f"{declared}w: parameter\nL = w * {name}({', '.join(args)})"
    [judged] = sb.verify(network, [("dL/dw", latex(defined(ELEMENTWISE[name])))]).claims
    assert judged.right or r"right if read as x\,\operatorname{sigmoid}" in judged.verdict  # of SiLU itself, sigma might be SiLU


def test_the_slope_of_erf_in_words_is_its_slope() -> None:
    x = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(sp.lambdify(X, slope("erf"))(x), 2 * np.exp(-(x**2)) / np.sqrt(np.pi), rtol=1e-14)
    assert "erf is the error function: 0 at 0, with the slope (2/√π) e^(−x²)." in bullets("x: parameter[n]\nL = sum(erf(x))")


def test_functions_of_the_network_and_of_its_gradients_are_defined_once_and_what_they_are_made_of_as_well() -> None:
    found = bullets("x: parameter[n]\nL = sum(mish(x)) + sum(gelu(x)) + sum(softplus(x))")
    for said in ("mish(x) = x tanh(softplus(x)).", "softplus(x) = log(1 + eˣ).", "σ(x) = 1/(1 + e⁻ˣ).", "GELU(x) = x Φ(x)."):
        assert found.count(said) == 1
    assert "Φ is the distribution function of the standard normal distribution, ϕ its density." in found
    assert not any("tanh(x) =" in line or "SiLU" in line for line in found)


def test_gelu_by_tanh_is_not_gelu() -> None:
    found = bullets("x: parameter[n]\nL = sum(gelu_tanh(x))")
    assert any(line.startswith("GELU_tanh(x) = ") for line in found)
    assert not any(line.startswith("GELU(x)") for line in found)


def test_a_function_that_the_network_declares_is_what_it_says() -> None:
    assert not any("σ(x) =" in line for line in bullets("x: parameter[n]\nsigma: function\nL = sum(sigma(x))"))
    assert not any("σ(x) =" in line for line in bullets("x: parameter[n]\nsigma: parameter\nL = sum(sigma*(x + 1)**2)"))


def test_numbers_whose_digits_were_cut_are_decimals() -> None:
    assert sb.derive("x: parameter[n]\nL = sum(selu(x))").box().lines
    assert "1.0507009873554805" in str(sb.derive("x: parameter[n]\nL = sum(selu(x))").box())
