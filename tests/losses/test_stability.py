"""Logits of -1000 and 1000: the compiled value and gradient are finite and right."""

import numpy as np
import pytest
from numpy import ndarray

from symbackprop.notation import read
from symbackprop.verbs import compile, derive

Z = np.array([-1000.0, 1000.0, -1000.0, 1000.0, 0.0, 30.0])
BITS = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
S = np.array([[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 1000.0], [0.0, 1000.0, -1000.0]])
CLASSES = np.array([0, 1, 2])
Y = np.eye(3)[CLASSES]
HALF = np.log(2)
SHARES = np.array([[1, 0, 0], [0, 0.5, 0.5], [0, 1, 0]])  # softmax(S)
COST = np.array([0, HALF, 2000])  # logsumexp(S) - S[n, t[n]]


def run(text: str, **point: ndarray) -> tuple[float, dict[str, ndarray]]:
    return compile(derive(read(text))).value_and_grad(point)


@pytest.mark.parametrize(
    "way",
    [
        "L = binary_cross_entropy_with_logits(z, y, reduction='sum')",
        "p = sigmoid(z)\nL = binary_cross_entropy(p, y, 'sum')",
    ],
)
def test_binary_cross_entropy(way: str) -> None:
    value, gradients = run("z: parameter[n]\ny: data[n] & binary\n" + way, z=Z, y=BITS)
    np.testing.assert_allclose(value, 1000 + 1000 + HALF + np.exp(-30.0), rtol=1e-15)
    np.testing.assert_allclose(gradients["z"], [0, 1, -1, 0, -0.5, -np.exp(-30.0)], atol=1e-13)


def test_the_weighted_one_and_the_focal_one() -> None:
    head = "z: parameter[n]\ny: data[n] & binary\n"
    value, gradients = run(head + "L = binary_cross_entropy_with_logits(z, y, 3, 'sum')", z=Z, y=BITS)
    np.testing.assert_allclose(value, 1000 + 3000 + 3 * HALF + 3 * np.exp(-30.0), rtol=1e-15)
    np.testing.assert_allclose(gradients["z"], [0, 1, -3, 0, -1.5, -3 * np.exp(-30.0)], rtol=1e-12)
    value, gradients = run(head + "L = focal_loss(z, y, reduction='sum')", z=Z, y=BITS)
    np.testing.assert_allclose(value, 750 + 250 + HALF / 16, rtol=1e-15)
    np.testing.assert_allclose(gradients["z"], [0, 0.75, -0.25, 0, -(HALF + 0.5) / 16, 0], atol=1e-15)


@pytest.mark.parametrize(
    "way",
    [
        "L = cross_entropy(S, Y, reduction='sum')",
        "L = cross_entropy(S, t, reduction='sum')",
        "P = softmax(S)\nL = nll_loss(log(P), t, reduction='sum')",
        "P = softmax(S)\nL = nll_loss(log(P), Y, reduction='sum')",
        "P = softmax(S)\nL = -sum(Y * log(P))",
    ],
)
def test_cross_entropy(way: str) -> None:
    head = "S: parameter[n, c]\nY: labels[n, c]\nt: integers[n, c]\n"
    value, gradients = run(head + way, S=S, Y=Y, t=CLASSES)
    assert value == pytest.approx(COST.sum(), rel=1e-15)
    np.testing.assert_allclose(gradients["S"], SHARES - Y, atol=1e-15)


def test_smoothing() -> None:
    head = "S: parameter[n, c]\nt: integers[n, c]\n"
    value, gradients = run(head + "L = cross_entropy(S, t, smoothing=0.3, reduction='sum')", S=S, t=CLASSES)
    tops = np.array([1000, 1000 + HALF, 1000])
    assert value == pytest.approx(0.7 * COST.sum() + 0.3 * (tops - S.mean(axis=1)).sum(), rel=1e-14)
    np.testing.assert_allclose(gradients["S"], SHARES - 0.7 * Y - 0.1, atol=1e-14)


def test_divergence_of_softmaxes() -> None:
    text = "S: parameter[n, c]\nO: data[n, c]\nP = softmax(O)\nQ = softmax(S)\nL = kl_divergence(P, Q, 'sum')"
    value, gradients = run(text, S=S, O=S[:, ::-1].copy())
    assert value == pytest.approx(2000 + 0.5 * 2000, rel=1e-13)
    other = np.array([[0, 0, 1], [0.5, 0.5, 0], [0, 1, 0]])
    np.testing.assert_allclose(gradients["S"], SHARES - other, atol=1e-13)


def test_differences_of_a_thousand() -> None:
    head = "yhat: parameter[n]\ny: data[n]\n"
    far = np.array([-1000.0, 1000.0, 0.0])
    value, gradients = run(head + "L = log_cosh_loss(yhat, y, 'sum')", yhat=far, y=0 * far)
    assert value == pytest.approx(2000 - 2 * HALF, rel=1e-15)
    np.testing.assert_array_equal(gradients["yhat"], [-1, 1, 0])
    value, gradients = run(head + "L = huber_loss(yhat, y, 2, 'sum')", yhat=far, y=0 * far)
    assert value == 2 * 2 * 999
    np.testing.assert_array_equal(gradients["yhat"], [-2, 2, 0])


def test_vectors_of_a_thousand() -> None:
    text = "u: parameter[n, d]\nv: data[n, d]\nq: data[n, K, d]\nL = skip_gram_loss(u, v, q, 'sum')"
    u, v = np.array([[1000.0], [1000.0]]), np.array([[1.0], [-1.0]])
    value, gradients = run(text, u=u, v=v, q=np.array([[[1.0], [-1.0]], [[-1.0], [-1.0]]]))
    assert value == 1000 + 1000
    np.testing.assert_array_equal(gradients["u"], [[1.0], [1.0]])
    text = "Q: parameter[n, d]\nK: data[n, d]\nL = info_nce_loss(Q, K, 0.01, 'sum')"
    value, gradients = run(text, Q=np.array([[30.0], [-30.0]]), K=np.array([[1.0], [2.0]]))
    assert value == pytest.approx(3000 + 3000)
    np.testing.assert_allclose(gradients["Q"], [[100.0], [-100.0]])


def test_equal_vectors_have_a_slope() -> None:
    text = "a: parameter[n, d]\nb: parameter[n, d]\ny: data[n] & binary\nL = contrastive_loss(a, b, y, reduction='sum')"
    point = {"a": np.ones((2, 3)), "b": np.ones((2, 3)), "y": np.array([1.0, 0.0])}
    value, gradients = run(text, **point)
    assert value == 0.5
    assert not gradients["a"].any()


def test_a_likelihood_of_a_tiny_variance() -> None:
    text = "mu: parameter[n]\ns: parameter[n]\ny: data[n]\nL = gaussian_nll_loss(mu, y, exp(s), reduction='sum')"
    value, gradients = run(text, mu=np.zeros(2), s=np.array([-700.0, 600.0]), y=np.zeros(2))
    assert value == -50
    np.testing.assert_array_equal(gradients["s"], [0.5, 0.5])
