"""One name, many spellings: what a word names, which scripts are indices, and what is left as a power."""

import pytest

from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import plain, tokens
from symbackprop.notation.claims.words import Names

DECLARED = {
    "W_1": 2, "W2": 2, "b_1": 1, "yhat": 1, "y": 1, "X": 2, "T": 2, "lam": 0, "eps": 0, "h_prev": 1, "W_hh": 2, "W_xh": 2, "z_1": 1, "z_2": 1,
    "a1": 1, "xhat": 1, "mu": 1, "theta": 1, "gamma": 1, "loss": 0, "x_bar": 1, "v_tilde": 1, "A": 2, "W_Q": 2, "p": 1, "Yhat_2": 2,
    "xi": 1, "q": 1, "C": 3,
}  # fmt: skip

SPELLINGS = [
    *((text, "W_1", "", "") for text in (
        "W_1", "W_{1}", "W^{(1)}", "W^{[1]}", "W^1", "W^{1}", r"\mathbf{W}_1", r"\mathbf{W}^{(1)}", r"\boldsymbol{W}_{1}", r"\bm W_1", r"{W}_1",
        r"\mathrm{W}_1", r"\mathcal{W}_1", r"W_{\text{1}}", r"W_\mathrm{1}", "W₁", "W1", r"W^{\left(1\right)}",
        r"W^{ [ 1 ] }", r"\mathbf{W_1}", r"\vec{W}_1", r"\mathit{W}_1",
    )),
    *((text, "W_1", "", power) for text, power in (
        (r"W_1^\top", "top"), ("W_1^T", "T"), (r"W_1^{\top}", "top"), (r"W^{(1)\top}", "top"), ("W^{[1]T}", "T"), (r"W_1^{\mathsf T}", "T"),
        (r"W_1^{\mathsf{T}}", "T"), (r"{W_1}^\top", "top"), (r"W^{(1)}{}^\top", "top"), (r"W_1^\intercal", "top"), (r"W_1^{-1}", "-1"),
        (r"W_1^2", "2"), (r"W_1^{\mathrm T}", "T"), ("W₁ᵀ", "top"), (r"W1^\top", "top"), (r"\mathbf{W}_1^{\top}", "top"), (r"W^{[1]}{}^{T}", "T"), (r"W_1^{-\top}", "-top"),
    )),
    *((text, "W_1", index, "") for text, index in (
        ("W_{1,ij}", "ij"), ("W_{1ij}", "ij"), ("W^{(1)}_{ij}", "ij"), ("W^{[1]}_{i,j}", "i,j"), ("W_{ij}^{(1)}", "ij"), ("W_{1,i,j}", "i,j"),
        ("W_{ij}^{[1]}", "ij"), ("W^{1}_{ij}", "ij"), (r"\mathbf{W}^{(1)}_{ij}", "ij"), ("W_{1,i}", "i"), ("W_{i,1}", "i"), ("W^{(1)}_{12}", "12"),
        ("W^{[1]}_{i+1,j}", "i+1,j"), (r"W^{(1)}_{\ell k}", "ellk"),
    )),
    *((text, "W2", "", "") for text in ("W_2", "W2", "W^{(2)}", "W^{[2]}", "W₂", r"\mathbf W_2", "W^2")),
    *((text, "b_1", index, "") for text, index in (
        ("b_1", ""), ("b^{(1)}", ""), ("b^{[1]}_i", "i"), ("b_{1,i}", "i"), ("b_{1i}", "i"), (r"\mathbf b_1", ""), (r"b^1_i", "i"),
    )),
    *((text, "yhat", "", "") for text in (
        r"\hat y", r"\hat{y}", r"\widehat{y}", "ŷ", r"\hat{\mathbf y}", r"\mathbf{\hat y}", r"\mathbf{\hat{y}}", r"\mathrm{yhat}", r"\text{yhat}",
        r"y_{\text{hat}}", r"\operatorname{yhat}",
    )),
    (r"\hat y_k", "yhat", "k", ""), (r"\hat{y}_{k}^2", "yhat", "k", "2"), (r"\hat{y}^{\top}", "yhat", "", "top"), (r"\hat y_{k-1}", "yhat", "k-1", ""),
    ("y", "y", "", ""), ("y_i", "y", "i", ""), ("y^T", "y", "", "T"), ("y^2", "y", "", "2"), ("y_i^2", "y", "i", "2"), (r"\vec y", "y", "", ""),
    ("X", "X", "", ""), ("X^T", "X", "", "T"), ("X_{ni}", "X", "ni", ""), ("x_n", "X", "n", ""), ("X_n", "X", "n", ""), ("x_{ij}", "X", "ij", ""),
    (r"\mathbf x_n", "X", "n", ""), (r"x_n^\top", "X", "n", "top"),
    ("T", "T", "", ""), ("T^T", "T", "", "T"), ("T_{nk}", "T", "nk", ""), ("t_n", "T", "n", ""),
    *((text, "lam", "", "") for text in (r"\lambda", "λ", r"\mathrm{lam}", r"{\lambda}")),
    *((text, "eps", "", "") for text in (r"\epsilon", r"\varepsilon", "ε", "ϵ", r"\mathrm{eps}")),
    *((text, "h_prev", "", "") for text in (r"h_{prev}", r"h_{\text{prev}}", r"h_{\mathrm{prev}}", r"h_{t-1}")),
    ("W_{hh}", "W_hh", "", ""), (r"W_{hh}^\top", "W_hh", "", "top"), ("W_{xh}", "W_xh", "", ""), ("W_{hh,ij}", "W_hh", "ij", ""),
    (r"\mathbf{W}_{hh}", "W_hh", "", ""), (r"W_{\text{hh}}", "W_hh", "", ""),
    ("z_1", "z_1", "", ""), ("z_{1,i}", "z_1", "i", ""), ("z^{[1]}_i", "z_1", "i", ""), ("z_i^{(2)}", "z_2", "i", ""), ("z_{2i}", "z_2", "i", ""),
    ("a_1", "a1", "", ""), ("a^{[1]}", "a1", "", ""), ("a^{(1)T}", "a1", "", "T"), ("a^1", "a1", "", ""), ("a^1_j", "a1", "j", ""), ("a_{1,j}", "a1", "j", ""),
    (r"\hat x", "xhat", "", ""), (r"\hat{x}_i", "xhat", "i", ""), (r"\hat{\mathbf{x}}", "xhat", "", ""),
    (r"\mu", "mu", "", ""), (r"\boldsymbol{\mu}", "mu", "", ""), (r"\mu_j", "mu", "j", ""), ("μ", "mu", "", ""),
    (r"\theta", "theta", "", ""), (r"\theta_j", "theta", "j", ""), ("θ", "theta", "", ""), (r"\gamma", "gamma", "", ""),
    (r"\mathrm{loss}", "loss", "", ""), (r"\text{loss}", "loss", "", ""), (r"\bar x", "x_bar", "", ""), (r"\bar{x}_i", "x_bar", "i", ""),
    (r"\tilde v", "v_tilde", "", ""), (r"\tilde{v}_i", "v_tilde", "i", ""), ("W_Q", "W_Q", "", ""), ("W^Q", "W_Q", "", ""), (r"W_Q^\top", "W_Q", "", "top"),
    ("A_{ij}", "A", "ij", ""), ("A_{i,j}", "A", "i,j", ""), ("A_{12}", "A", "12", ""), ("A^{-1}", "A", "", "-1"), (r"A^{\top}", "A", "", "top"),
    ("p_k", "p", "k", ""), ("p_{i+1}", "p", "i+1", ""), (r"\xi", "xi", "", ""), (r"\hat Y_2", "Yhat_2", "", ""), ("C_{ijk}", "C", "ijk", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "index", "power"), SPELLINGS, ids=[f"{k}-{s[0]}" for k, s in enumerate(SPELLINGS)])
def test_a_spelling_names_its_tensor(text: str, name: str, index: str, power: str) -> None:
    word = syntax(tokens(text))
    while not isinstance(word, Word):
        (word,) = word.items  # type: ignore[union-attr]
    found = Names(DECLARED, ["n"], {}, {}).lookup(word)
    assert found is not None
    assert (found.name, plain(found.index), plain(found.power)) == (name, index, power)


@pytest.mark.parametrize("text", ["U", r"\hat z", "W_3", "x", r"\rho", "W", r"\bar y", "b_2", "z"])
def test_a_word_that_is_no_name_is_none(text: str) -> None:
    word = syntax(tokens(text))
    assert isinstance(word, Word)
    assert Names(DECLARED, ["n"], {}, {}).lookup(word) is None


def test_a_person_names_what_the_claim_calls_otherwise() -> None:
    names = Names(DECLARED, ["n"], {r"\mathbf{w}": "theta", r"\delta^{(2)}": "z_2", "m": "n"}, {"out": "yhat"})

    def symbol(text: str) -> object:
        word = syntax(tokens(text))
        assert isinstance(word, Word)
        found = names.symbol(word)
        return found and (found[0], plain(found[1]), plain(found[2]))

    assert symbol("w_i") == ("theta", "i", "")
    assert symbol(r"\mathbf w^\top") == ("theta", "", "top")
    assert symbol(r"\delta^{(2)}_k") == ("z_2", "k", "")
    assert symbol("m") == ("n", "", "")
    assert symbol("v") is None
    assert names.named("out") == "yhat"


def test_two_tensors_whose_spellings_fall_together_are_told_apart() -> None:
    names = Names({"W_1": 2, "W1": 1}, [], {}, {})
    assert names.named("W_1") == "W_1"
    assert names.named("W1") == "W1"
