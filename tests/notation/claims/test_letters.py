"""Names whose last letters are indices, and functions along rows and columns, as the box prints them."""

import pytest

import symbackprop as sb

BATCH = "X: data[N, T, d]\nW: parameter[d, k]\nG: data[N, T, k]\nL = sum(G*(X @ W)**2)"
ROWS = "S: parameter[n, m]\nG: data[n, m]\nL = sum(G*(S - mean(S, axis=0))**2)"
LOOKED_UP = "E: parameter[v, d]\nt: integers[N, v]\nG: data[N, d]\nL = sum(G*E[t])"


def test_a_name_ends_in_indices_that_its_right_side_has() -> None:
    steps = [
        ("line 1", r"\delta_{2,n} = 2 G_n \odot X_n W"),
        ("W", r"\frac{\partial L}{\partial W} = \sum_n X_n^\top \delta_{2,n}"),
    ]
    assert [c.right or c.verdict for c in sb.verify(BATCH, steps).claims] == ["abbreviation", True]


def test_letters_that_the_right_side_lacks_stay_in_the_name() -> None:
    steps = [("line 1", r"\delta_{b} = 2 G_n \odot X_n W")]
    (found,) = sb.verify(BATCH, steps).claims
    assert found.kind == "not understood"
    assert "n stands on one side only" in found.verdict


def test_a_name_with_letters_is_used_at_other_letters() -> None:
    steps = [("line 1", r"\delta_{nt} = 2 X_n W"), ("W", r"\frac{\partial L}{\partial W} = \sum_m X_m^\top (G_m \odot \delta_m)")]
    assert [c.right or c.verdict for c in sb.verify(BATCH, steps[1:]).claims] != [True]
    again = [("line 1", r"\delta_{n} = 2 X_n W"), steps[1]]
    assert [c.right or c.verdict for c in sb.verify(BATCH, again).claims] == ["abbreviation", True]


def test_a_name_with_an_accent_is_read_again() -> None:
    steps = [("line 1", r"\hat{x} = S - \mathbf{1}_n \operatorname{colmean}(S)"),
             ("S", r"\frac{\partial L}{\partial S} = 2 (G \odot \hat{x} - \operatorname{colmean}(G \odot \hat{x}))")]  # fmt: skip
    assert [c.right or c.verdict for c in sb.verify(ROWS, steps).claims] == ["abbreviation", True]


@pytest.mark.parametrize(("claim", "right"), [
    (r"\sum_n e_{t_n} G_n^\top", True), (r"\operatorname{onehot}(t)^\top G", True), (r"\sum_n e_{t_n} e_{t_n}^\top E", False),
])  # fmt: skip
def test_a_unit_vector_is_at_a_label(claim: str, right: bool) -> None:
    assert sb.verify(LOOKED_UP, {"E": claim}).claims[0].right == right


def test_a_triangle_keeps_one_side() -> None:
    network = "A: parameter[n, n]\nB: data[n, n]\nL = sum(B*tril(A))"
    assert sb.verify(network, {"A": r"\operatorname{tril}(B)"}).claims[0].right
    assert not sb.verify(network, {"A": r"\operatorname{triu}(B)"}).claims[0].right
    assert sb.verify(network, {"A": r"\operatorname{triu}(B^\top)^\top"}).claims[0].right
    network = "A: parameter[n, n]\nB: data[n, n]\nL = sum(B*triu(A, 1))"
    assert sb.verify(network, {"A": r"\operatorname{triu}(B, 1)"}).claims[0].right
    assert not sb.verify(network, {"A": r"\operatorname{triu}(B, -1)"}).claims[0].right


def test_phi_beside_a_gelu_is_the_density() -> None:
    network = "z: parameter[n]\nc: data[n]\nL = c @ gelu(z)"
    assert sb.verify(network, {"z": r"c \odot (\Phi(z) + z \odot \phi(z))"}).claims[0].right
    assert sb.verify(network, {"z": r"c \odot \phi'(z)"}).claims[0].right


def test_psi_is_the_digamma_of_a_network_with_the_gamma_function() -> None:
    network = "a: parameter[k] & positive\nL = sum(gammaln(a)) - gammaln(sum(a))"
    verdict = sb.verify(network, {"a": r"\psi(a) - \psi(\mathbf{1}_k^\top a)"})
    assert verdict.claims[0].right
    assert not sb.verify(network, {"a": r"\psi(a)"}).claims[0].right


def test_pi_beside_a_tensor_of_that_name_is_either() -> None:
    net = "s: parameter[n]\npi: parameter[n]\nL = sum(pi*s**2)*sqrt(2*np.pi)"
    said = {"s": r"2 \sqrt{2 \pi} \boldsymbol{\pi} \odot s", "pi": r"\sqrt{2 \pi} s^{\odot 2}"}
    assert sb.verify(net, said).ok
    assert sb.verify(net, {"s": r"2 \sqrt{2 \pi} \pi \odot s"}).claims[0].verdict != "wrong"
    assert not sb.verify(net, {"s": r"2 \sqrt{2 \boldsymbol{\pi}} \odot s", "pi": r"\sqrt{2 \pi}"}).ok
