"""Jacobians and second derivatives as textbooks print them: matrices where they are some, else entry by entry; each is read back."""

import pytest

import symbackprop as sb

JACOBIANS = {
    "softmax": ("S: parameter[n]\np = softmax(S)", ["∂p/∂S = diag(p) − p pᵀ"]),
    "softmax of rows": ("S: parameter[N, c]\nP = softmax(S)", ["∂Pₖₗ/∂Sₙᵢ = 1[k = n] Pₖᵢ(1[l = i] − Pₖₗ)"]),
    "layer norm": (
        "x: parameter[n]\nmu = mean(x)\ns = sqrt(mean((x - mu)**2) + 0.1)\ny = (x - mu)/s",
        ["∂y/∂x = (1/s)[Iₙ − (1/n)(1ₙ 1ₙᵀ + y yᵀ)]"],
    ),
    "a direction": ("x: parameter[n]\ny = x/sqrt(sum(x**2))", ["∂y/∂x = (1/‖x‖)(Iₙ − y yᵀ)"]),
    "gates": ("z: parameter[n]\na = sigmoid(z)", ["∂a/∂z = diag(a ⊙ (1 − a))"]),
    "a linear layer": (
        "W: parameter[m, n]\nx: parameter[n]\nb: parameter[m]\nz = W @ x + b",
        ["∂zₖ/∂Wᵢⱼ = 1[k = i] xⱼ", "∂z/∂x = W", "∂z/∂b = Iₘ"],
    ),
    "two products": ("A: data[p, m]\nX: parameter[m, n]\nB: data[n, q]\nY = A @ X @ B", ["∂Yₗᵣ/∂Xₖⱼ = Aₗₖ Bⱼᵣ"]),
    "a square": ("X: parameter[n, n]\nY = X @ X", ["∂Yₗₘ/∂Xᵢₖ = 1[l = i] Xₖₘ + 1[m = k] Xₗᵢ"]),
    "a Gram matrix": ("X: parameter[n, d]\nG = X.T @ X", ["∂Gₗₘ/∂Xₖᵢ = 1[m = i] Xₖₗ + 1[l = i] Xₖₘ"]),
    "an outer product": ("x: parameter[n]\nA = outer(x, x)", ["∂Aₖₗ/∂xᵢ = 1[l = i] xₖ + 1[k = i] xₗ"]),
    "differences": ("x: parameter[n]\ny = x[1:] - x[:-1]", ["∂yₖ/∂xⱼ = 1[j = k + 1] − 1[k = j]"]),
    "sums so far": ("x: parameter[n]\ny = cumsum(x)", ["∂yₖ/∂xⱼ = 1[j ≤ k]"]),
    "a linear system": ("A: parameter[n, n]\nb: parameter[n]\nx = solve(A, b)", ["∂xₘ/∂Aₖₗ = −xₗ(A⁻¹)ₘₖ", "∂x/∂b = A⁻¹"]),
}
DEAR = ("a Gram matrix", "factors")  # to judge
HESSIANS = {
    "log det": ("X: parameter[n, n]\nL = logdet(X)", "X", "∂²L/∂Xₘₚ ∂Xₖₗ = −(X⁻¹)ₗₘ(X⁻¹)ₚₖ"),
    "det": ("X: parameter[n, n]\nL = det(X)", "X", "∂²L/∂Xₘₚ ∂Xₖₗ = L[(X⁻¹)ₗₖ(X⁻¹)ₚₘ − (X⁻¹)ₗₘ(X⁻¹)ₚₖ]"),
    "a trace": ("X: parameter[m, n]\nA: symmetric[m]\nL = trace(X.T @ A @ X)", "X", "∂²L/∂Xₖᵢ ∂Xₗₚ = 2 Aₖₗ 1[p = i]"),
    "softmax regression": (
        "W: parameter[c, d]\nx: data[d]\ny: labels[c]\np = softmax(W @ x)\nL = -sum(y*log(p))", "W",
        "∂²L/∂Wᵢⱼ ∂Wₖₗ = xⱼ xₗ pᵢ(1[k = i] − pₖ)",
    ),
    "a Gram matrix": (
        "X: parameter[m, n]\nL = sum((X.T @ X)**2)", "X",
        "∂²L/∂Xₗᵢ ∂X_(pq) = 4(X_(lq) Xₚᵢ + 1[q = i] Σ_j Xₗⱼ Xₚⱼ + 1[p = l] Σ_j Xⱼᵢ X_(jq))",
    ),
    "factors": (
        "U: parameter[m, k]\nV: data[n, k]\nX: data[m, n]\nR = U @ V.T - X\nL = 0.5*sum(R**2)", "U", "∂²L/∂Uᵢₗ ∂U_(pq) = 1[p = i] Σ_j Vⱼₗ V_(jq)",
    ),
    "softplus": ("z: parameter[n]\nL = sum(softplus(z))", "z", "∂²L/∂z ∂z = diag(σ(z) ⊙ (1 − σ(z)))"),
    "a quadratic form": ("x: parameter[n]\nA: data[n, n]\nL = x @ A @ x", "x", "∂²L/∂x ∂x = A + Aᵀ"),
}  # fmt: skip


@pytest.mark.parametrize(("network", "lines"), JACOBIANS.values(), ids=JACOBIANS)
def test_a_jacobian_is_that_of_a_textbook(network: str, lines: list[str]) -> None:
    of = network.rsplit("\n", 1)[-1].split(" =")[0]
    derivation = sb.derive(network, of=of)
    box = derivation.box()
    assert not box.missing
    assert sorted(map(str, box.lines)) == sorted(lines)
    wrt = {derivation.gradient(w): w for w in derivation.wrt}
    claims = sb.verify(network, [(wrt[line.name], line.latex()) for line in box.lines], of=of).claims
    assert all(claim.right for claim in claims)


@pytest.mark.parametrize(
    ("network", "wrt", "line"),
    [pytest.param(*row, id=name, marks=[pytest.mark.slow] if name in DEAR else []) for name, row in HESSIANS.items()],
)
def test_a_hessian_is_that_of_a_textbook(network: str, wrt: str, line: str) -> None:
    box = sb.derive(sb.derive(network, [wrt]), [wrt]).box()
    assert not box.missing
    assert str(box.lines[-1]) == line
    assert all(claim.right for claim in sb.verify(network, [(wrt, box.lines[-1].latex())]).claims)


def test_what_is_differentiated_three_times_is_g_and_h() -> None:
    derivation = sb.derive("z: parameter[n]\nL = sum(softplus(z))", ["z"])
    for _ in range(2):
        derivation = sb.derive(derivation, ["z"])
    lines = list(map(str, derivation.box().lines))
    assert lines == ["g = σ(z)", "H = diag(g ⊙ (1 − g))", "∂³L/∂zᵢ ∂zₗ ∂zₖ = 1[k = i] 1[l = i] gᵢ(2 gᵢ² − 3 gᵢ + 1)"]
