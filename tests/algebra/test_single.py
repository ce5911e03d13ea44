"""Axes of size 1 are no letters: what keepdims=True leaves is met as what it leaves away, and sums are known over several axes at once."""

import pytest

import symbackprop as sb
from symbackprop.algebra.lines import Lines
from symbackprop.algebra.single import without_single

LAYER = """X: data[n, d]
gamma: parameter[d]
beta: parameter[d]
mu = mean(X, axis=1, keepdims=True)
v = {variance}
xhat = (X - mu) / sqrt(v + 1e-5)
Y = gamma * xhat + beta"""
PAIRS = {
    "a length": ("r = sqrt(sum(X**2, axis=1{}))\nY = X / r{}"),
    "a root of a mean": ("r = sqrt(mean(X**2, axis=1{}) + 1e-6)\nY = X / r{}"),
    "a softmax by hand": ("s = sum(exp(X), axis=1{})\nY = exp(X) / s{}"),
    "a mean taken away": ("m = mean(X, axis=1{})\nY = tanh(X - m{})"),
    "a sum that has a name": ("m = max(X, axis=1{0})\nE = exp(X - m{1})\ns = sum(E, axis=1{0})\nY = log(s{1}) + m{1} - X"),
    "a greatest entry": ("m = max(X, axis=1{})\nY = X - m{}"),
}
THREE_TERMS = {
    "a layer": (LAYER.format(variance="mean((X - mu)**2, axis=1, keepdims=True)"),
                ["d x̂ = dY diag(γ)", "dX = (d x̂ − rowmean(d x̂) − x̂ ⊙ rowmean(d x̂ ⊙ x̂))/√(v + 10⁻⁵)"]),
    "a layer by var": (LAYER.format(variance="var(X, axis=1, keepdims=True)"),
                       ["d x̂ = dY diag(γ)", "dX = (d x̂ − rowmean(d x̂) − x̂ ⊙ rowmean(d x̂ ⊙ x̂))/√(v + 10⁻⁵)"]),
    "groups": ("X: data[n, g, c]\nmu = mean(X, axis=2, keepdims=True)\nv = var(X, axis=2, keepdims=True)\nxhat = (X - mu)/sqrt(v + 1e-5)\n"
               "Y = xhat", ["dXᵢ = (dYᵢ − rowmean(dYᵢ) − x̂ᵢ ⊙ rowmean(dYᵢ ⊙ x̂ᵢ))/√(vᵢ + 10⁻⁵)"]),
    "instances": ("X: data[n, c, h, w]\nmu = mean(X, axis=(2,3), keepdims=True)\nv = var(X, axis=(2,3), keepdims=True)\n"
                  "xhat = (X - mu)/sqrt(v + 1e-5)\nY = xhat", ["dXᵢⱼ = (1/√(vᵢⱼ + 10⁻⁵))(dYᵢⱼ − mean(dYᵢⱼ) − (⟨dYᵢⱼ, x̂ᵢⱼ⟩_F/(h w)) x̂ᵢⱼ)"]),
}  # fmt: skip


@pytest.mark.parametrize("text", PAIRS.values(), ids=PAIRS)
def test_an_axis_of_size_one_changes_no_line(text: str) -> None:
    kept, left = (f"X: data[n, d]\n{text.format(*ends)}" for ends in ((", keepdims=True", ""), ("", "[:, None]")))
    assert str(sb.derive(kept, of="Y", upstream="dY").box()) == str(sb.derive(left, of="Y", upstream="dY").box())


@pytest.mark.slow
@pytest.mark.parametrize(("text", "lines"), THREE_TERMS.values(), ids=THREE_TERMS)
def test_what_is_normalised_goes_back_in_three_terms(text: str, lines: list[str]) -> None:
    derived = sb.derive(text, of="Y", upstream="dY", wrt="X")
    assert str(derived.box()).splitlines() == lines
    assert derived.check().ok


def test_columns_and_rows_of_one_are_factored_and_summed_as_they_lie() -> None:
    text = "X: data[d, m]\nW: parameter[1, d]\nb: parameter[1, 1]\nZ = W @ X + b\nA = sigmoid(Z)"
    lines = str(sb.derive(text, of="A", upstream="dA").box()).splitlines()
    assert lines == ["dZ = dA ⊙ A ⊙ (1 − A)", "db = sum(dZ)", "dW = dZ Xᵀ", "dX = Wᵀ dZ"]


@pytest.mark.parametrize(("activation", "slope"), [("sigmoid", "yhat*(1 - yhat)"), ("exp", "yhat")])
def test_powers_of_one_output_are_put_together(activation: str, slope: str) -> None:
    text = f"x: data[n]\ny: data[1]\nV: parameter[h, n]\nW: parameter[1, h]\na = tanh(V @ x)\nyhat = {activation}(W @ a)\nL = sum((yhat - y)**2)/2"
    assert sb.verify(text, f"dV = np.outer(W.T @ ((yhat - y)*{slope})*(1 - a**2), x)").ok


def test_a_program_without_such_axes_stays_as_it_is() -> None:
    program = sb.derive("x: data[n]\nW: parameter[m, n]\nL = sum((W @ x)**2)").program
    assert without_single(program) is program


def test_a_sum_is_known_along_the_fewest_axes_together() -> None:
    text, _ = THREE_TERMS["instances"]
    algebra = Lines(sb.derive(text, of="Y", upstream="dY", wrt="X").program, {}).algebra
    assert {(atom.name, axes, total) for atom, own in algebra.wide.items() for axes, total in own.items()} == {("xhat", (2, 3), 0)}


@pytest.mark.parametrize(
    ("summed", "said"),
    [("a*b*c", "aᵀ(b ⊙ c)"), ("a*b", "aᵀ b"), ("a*a", "‖a‖²"), ("a*b*c*a", "(b ⊙ c)ᵀ a^(⊙2)"), ("a", "sum(a)")],
)
def test_the_sum_of_a_product_of_entries_keeps_every_factor(summed: str, said: str) -> None:
    text = f"a: data[n]\nb: data[n]\nc: data[n]\ns: parameter\nL = s*sum({summed})"
    assert str(sb.derive(text).box()) == f"∂L/∂s = {said}"
