"""What courses write by hand reads as what it is: a rectifier as max(0, z), a softmax as a quotient, shifted or not."""

import pytest

import symbackprop as sb

NETWORK = "X: data[N, D]\nW: parameter[D, C]\ny: integers[N, C]\nS = X @ W\n{}\nL = -mean(log(P[arange(N), y]))"
SOFTMAXES = {
    "a quotient": "P = exp(S) / sum(exp(S), axis=1, keepdims=True)",
    "in two lines": "E = exp(S)\nP = E / sum(E, axis=1, keepdims=True)",
    "shifted": "s = S - max(S, axis=1, keepdims=True)\nP = exp(s) / sum(exp(s), axis=1, keepdims=True)",
    "shifted twice": "P = exp(S - max(S, axis=1, keepdims=True)) / sum(exp(S - max(S, axis=1, keepdims=True)), axis=1, keepdims=True)",
    "without keepdims": "E = exp(S - max(S, axis=1)[:, None])\nP = E / sum(E, axis=1)[:, None]",
}


@pytest.mark.slow
@pytest.mark.parametrize("text", SOFTMAXES.values(), ids=SOFTMAXES)
def test_a_softmax_by_hand_leaves_the_prediction_minus_the_label(text: str) -> None:
    derived = sb.derive(NETWORK.format(text))
    assert str(derived.box()) == "∂L/∂W = (1/N) Xᵀ(P − onehot(y))"
    assert derived.check().ok


@pytest.mark.parametrize("rectified", ["maximum(0, {})", "maximum({}, 0)", "relu({})"])
def test_a_rectifier_by_hand_has_a_delta_of_its_own(rectified: str) -> None:
    hidden = rectified.format("X @ V + c")
    derived = sb.derive(
        "X: data[N, D]\ny: integers[N, C]\nV: parameter[D, H]\nc: parameter[H]\nW: parameter[H, C]\nb: parameter[C]\n"
        f"h = {hidden}\nS = h @ W + b\nL = cross_entropy(S, y)"
    )
    assert str(derived.box()).splitlines() == [
        "P = softmax(S)", "δ₂ = (1/N)(P − onehot(y))", "∂L/∂b = δ₂ᵀ 1_N", "∂L/∂W = hᵀ δ₂", "δ₁ = δ₂ Wᵀ ⊙ 1[h > 0]", "∂L/∂c = δ₁ᵀ 1_N", "∂L/∂V = Xᵀ δ₁",
    ]  # fmt: skip
    assert derived.check().ok


SPREADS = {
    "a column's": ("X: data[n, d]\nY = (X - mean(X, axis=0)) / std(X, axis=0)",
                   ["μ = colmean(X)ᵀ", "v = colmean((X − 1ₙ μᵀ)^(⊙2))ᵀ", "dX = (dY − colmean(dY) − Y ⊙ colmean(dY ⊙ Y))/√(vᵀ)"]),
    "a row's": ("X: data[n, d]\nY = (X - mean(X, axis=1, keepdims=True)) / std(X, axis=1, keepdims=True)",
                ["μ = rowmean(X)", "v = rowmean((X − μ 1_dᵀ)^(⊙2))", "dX = (dY − rowmean(dY) − Y ⊙ rowmean(dY ⊙ Y))/√v"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), SPREADS.values(), ids=SPREADS)
def test_a_variance_that_nobody_named_is_a_mean_of_squares(text: str, lines: list[str]) -> None:
    derived = sb.derive(text, of="Y", upstream="dY")
    assert str(derived.box()).splitlines() == lines
    assert derived.check().ok


def test_what_is_no_deviation_is_no_square() -> None:
    derived = sb.derive("X: data[n, d]\nw: data[d]\nb: parameter\nL = b * sum(w * X * (X - mean(X, axis=1, keepdims=True)))")
    assert "^(⊙2)" not in str(derived.box())
