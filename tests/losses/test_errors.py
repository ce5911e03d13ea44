"""The words of the losses where something does not fit: the place, the fault, the mend."""

import pytest

from symbackprop.backends.arguments import ArgumentError
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.notation import NotationError, read
from symbackprop.verbs import compile, derive

WORDS = {
    "mse_loss(a, b)": r"mse_loss: a is \(n, 1\), b is \(n,\); they must have one shape. Write a\[:, 0\]",
    "mse_loss(b, a)": r"mse_loss: b is \(n,\), a is \(n, 1\); they must have one shape. Write a\[:, 0\]",
    "mse_loss(S, S.T)": r"mse_loss: S is \(n, c\), S.T is \(c, n\); they must have one shape. Did you mean S\?",
    "hinge_loss(S, b)": r"hinge_loss: S is \(n, c\), b is \(n,\); they must have one shape.",
    "mse_loss(b, b, 'avg')": "mse_loss: there is no reduction 'avg'; write \"sum\", \"mean\" or \"none\"",
    "l2_penalty(b, reduction='max')": "l2_penalty: there is no reduction 'max'",
    "huber_loss(b, b, 0)": "huber_loss: delta must be greater than 0, not 0",
    "huber_loss(b, b, minus)": "huber_loss: delta must be greater than 0, not -1",
    "huber_loss(b, b, b)": r"huber_loss: delta must be one number, b is \(n,\)",
    "huber_loss(b, b, 'x')": "huber_loss: delta must be a number, not 'x'",
    "smooth_l1_loss(b, b, -2)": "smooth_l1_loss: beta must be greater than 0, not -2",
    "quantile_loss(b, b, 1)": "quantile_loss: tau must be greater than 0 and less than 1, not 1",
    "quantile_loss(b, b, 0)": "quantile_loss: tau must be greater than 0 and less than 1, not 0",
    "focal_loss(b, b, gamma=-1)": "focal_loss: gamma must be 0 or more, not -1",
    "focal_loss(b, b, alpha=2)": "focal_loss: alpha must be greater than 0 and less than 1, not 2",
    "binary_cross_entropy_with_logits(b, b, 0)": "positive_weight must be greater than 0, not 0",
    "cross_entropy(S, t, smoothing=1)": "cross_entropy: smoothing must be 0 or more and less than 1, not 1",
    "cross_entropy(S, b)": r"cross_entropy: S is \(n, c\), b is \(n,\); .* or declare b as integers\[n, c\]",
    "cross_entropy(S, S.T)": r"cross_entropy: S is \(n, c\), S.T is \(c, n\); give one-hot rows of the shape \(n, c\)\n",
    "cross_entropy(b[0], t)": "cross_entropy: .* is a scalar; it needs a last axis",
    "cross_entropy(S, v)": r"cross_entropy: S is \(n, c\), v is \(m,\); integers must have the shape \(n,\), one for each row of S",
    "cross_entropy(A, t_10)": "cross_entropy: the labels t_10 go up to 9, A has 3 classes; declare t_10 with values below 3",
    "multiclass_hinge_loss(A, t_10)": "multiclass_hinge_loss: the labels t_10 go up to 9, A has 3 classes",
    "nll_loss(A, t_10)": "nll_loss: the labels t_10 go up to 9, A has 3 classes",
    "cross_entropy(S, t, weights=b)": r"cross_entropy: the class weights b are \(n,\), .*; there must be one .* each class: \(c,\)",
    "multiclass_hinge_loss(S, t, margin=0)": "multiclass_hinge_loss: margin must be greater than 0, not 0",
    "gaussian_nll_loss(b, b, 0)": "gaussian_nll_loss: variance must be greater than 0, not 0",
    "gaussian_nll_loss(b, b, S)": r"gaussian_nll_loss: b is \(n,\), S is \(n, c\); they must have one shape",
    "kl_divergence(1, 2)": "kl_divergence: .* is a scalar; it needs a last axis",
    "multilabel_cross_entropy(b[0], 1)": "is a scalar; it needs a last axis",
    "cosine_loss(S, S, axis=2)": "axis 2 is out of range",
    "contrastive_loss(S, S, v)": r"contrastive_loss: .* is \(n,\), v is \(m,\); they must have one shape",
    "triplet_loss(S, S, b)": r"triplet_loss: S is \(n, c\), b is \(n,\)",
    "info_nce_loss(b, b)": r"info_nce_loss: b is \(n,\), it needs the axes \(N, d\)",
    "info_nce_loss(S, S, 0)": "info_nce_loss: temperature must be greater than 0, not 0",
    "skip_gram_loss(S, S, S)": r"skip_gram_loss: S is \(n, c\), S is \(n, c\); the negatives need the axes \(n, K, c\)",
    "gaussian_kl_divergence(1, 2)": "gaussian_kl_divergence: .* is a scalar; it needs a last axis",
    "sum(reparametrise(S, S, b))": r"reparametrise: S is \(n, c\), b is \(n,\)",
    "vae_loss(S, S, S, S, -1)": "vae_loss: beta must be 0 or more, not -1",
    "l1_penalty(b, -1)": "l1_penalty: lam must be 0 or more, not -1",
    "elastic_net_penalty(b, 1, minus)": "elastic_net_penalty: lam_2 must be 0 or more, not -1",
}  # fmt: skip
HEAD = """a: parameter[n, 1]
b: parameter[n]
S: parameter[n, c]
A: parameter[n, 3]
t: integers[n, c]
t_10: integers[n, 10]
v: integers[m, c]
minus = -1
"""


@pytest.mark.parametrize("call", WORDS)
def test_what_does_not_fit_is_refused_in_words(call: str) -> None:
    with pytest.raises(NotationError, match=WORDS[call]):
        read(f"{HEAD}L = {call}")


def test_more_labels_than_classes_become_a_condition_where_the_sizes_do_not_tell() -> None:
    network = read("S: parameter[n, c]\nt: integers[n, k]\nL = cross_entropy(S, t)")
    assert [str(c) for c in network.program.conditions] == ["c - k"]
    assert all(at["c"] >= at["k"] for at in (draw_sizes(network.program, seed=s) for s in range(5)))


def test_a_label_outside_the_classes_is_refused_at_run_time() -> None:
    function = compile(derive(read("S: parameter[n, 3]\nt: integers[n, 3]\nL = cross_entropy(S, t)")))
    for label in (3, -1):
        with pytest.raises(ArgumentError, match=f"t must hold whole numbers from 0 to below 3, it holds {label}"):
            function.value_and_grad({"S": [[1.0, 2.0, 3.0]], "t": [label]})
