"""The example networks against the numbers and the forms that textbooks give for them."""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.documents.formats.text import Text
from symbackprop.documents.titles import typeset
from tests.exact import exact

EXAMPLES = Path(__file__).parent.parent / "examples"
NETWORKS = sorted(EXAMPLES.glob("*.net"))
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def example(name: str, **options: Any) -> Derivation:
    return sb.derive(sb.read(EXAMPLES / f"{name}.net", **options))


def point(name: str) -> dict[str, Any]:
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def plain(latex: str) -> str:
    """LaTeX without braces and without what only moves or sizes its signs."""
    return re.sub(r"\\left|\\right|\\,|[{}\s]", "", latex)


def draws(**shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_every_example_is_derived_and_passes_its_check(path: Path):
    network = sb.read(path)
    derivation = sb.derive(network, of=network.loss)
    assert derivation.check().ok
    assert network.title
    assert Text().line(typeset(network.title, network.program.tensors)) in derivation.text()


def test_the_product_of_a_sum():
    derivation = example("gates")
    values = exact(derivation.program, point("gates"))
    assert values["f"] == {(): -12}
    assert [values[derivation.gradient(name)] for name in "xyz"] == [{(): -4}, {(): -4}, {(): 3}]
    assert sb.compile(derivation).value_and_grad(point("gates")) == (-12, {"x": -4, "y": -4, "z": 3})


NEURON = {"w_0": -0.20, "w_1": -0.39, "w_2": 0.20, "x_0": 0.39, "x_1": -0.59}  # as lecturers print it, in two digits


@pytest.mark.parametrize(("name", "gates"), [*product(("sigmoid_neuron", "sigmoid_gates"), ("whole", "elementary", "auto"))])
def test_a_sigmoid_neuron_has_the_same_numbers_in_fine_and_in_coarse_gates(name: str, gates: str):
    derivation = example(name, gates=gates)
    value, gradients = sb.compile(derivation).value_and_grad(point(name))
    assert round(value, 2) == 0.73
    assert {key: round(float(gradient), 2) for key, gradient in gradients.items()} == NEURON
    values = exact(derivation.program, point(name))
    s = 1 / (1 + sp.exp(-1))
    slopes = {"w_0": -1, "w_1": -2, "w_2": 1, "x_0": 2, "x_1": -3}  # d(w_0 x_0 + w_1 x_1 + w_2)
    assert sp.simplify(values["f"][()] - s) == 0
    for key, slope in slopes.items():
        assert sp.simplify(values[derivation.gradient(key)][()] - slope * s * (1 - s)) == 0
        np.testing.assert_allclose(gradients[key], float(slope * s * (1 - s)), **CLOSE)


def test_the_report_shows_the_sigmoid_as_gates_or_whole():
    fine, coarse = example("sigmoid_gates", gates="elementary"), example("sigmoid_gates", gates="whole")
    shown = [str(equation) for equation in fine.forward.equations[-4:]]
    assert shown == ["u_5 = -u_4", "u_6 = exp(u_5)", "u_7 = u_6 + 1", "f = 1/u_7"]
    assert [str(equation) for equation in coarse.forward.equations[-1:]] == ["f = 1/(exp(-w_0*x_0 - w_1*x_1 - w_2) + 1)"]
    assert "f = 1/u₇" in fine.text()
    assert "∂f/∂u₇ = −1/u₇²" in fine.text()
    assert "∂f/∂w₂ = f(1 − f)" in coarse.text()


def test_the_squared_length_of_a_linear_map():
    derivation = example("squared_norm")
    values = exact(derivation.program, point("squared_norm"), {"m": 2, "n": 2})
    rational = sp.Rational
    assert values["f"] == {(): rational("0.116")}
    assert list(values["df/dW"].values()) == [rational(n) for n in ("0.088", "0.176", "0.104", "0.208")]
    assert list(values["df/dx"].values()) == [rational("-0.112"), rational("0.636")]
    value, gradients = sb.compile(derivation).value_and_grad(point("squared_norm"))
    np.testing.assert_allclose(value, 0.116, **CLOSE)
    np.testing.assert_allclose(gradients["W"], [[0.088, 0.176], [0.104, 0.208]], **CLOSE)
    np.testing.assert_allclose(gradients["x"], [-0.112, 0.636], **CLOSE)


def test_the_jacobians_of_a_linear_map():
    derivation = sb.derive(EXAMPLES / "linear_map.net", of="q")
    assert derivation.gradients["W"].latex() == r"\frac{\partial q_{k}}{\partial W_{ij}} = \mathbf{1}[k = i]\,x_{j}"
    assert derivation.gradients["x"].index() == r"\frac{\partial q_{k}}{\partial x_{j}} = W_{kj}"
    assert derivation.gradients["x"].latex() == r"\frac{\partial q}{\partial x} = W"
    assert [str(gradient.shape) for gradient in derivation.gradients.values()] == ["(m, m, n)", "(m, n)"]


def test_the_softmax_has_one_derivative_for_the_same_index_and_one_for_different_ones():
    derivation = sb.derive(EXAMPLES / "softmax.net", of="p")
    assert r"\operatorname{diag}\left(p\right) - p p^{\top}" in derivation.gradients["o"].latex()
    cases = r"\begin{cases} p_i (1 - p_i) & \text{if } i = j \\ -p_i p_j & \text{if } i \ne j \end{cases}"
    assert plain(r"\frac{\partial p_i}{\partial o_j} &=" + cases) in plain(derivation.latex())
    p, gradients = sb.compile(derivation).value_and_grad({"o": [0.3, -1.2, 2.0]})
    np.testing.assert_allclose(gradients["o"], np.diag(p) - np.outer(p, p), **CLOSE)


def test_the_box_of_the_two_layer_network():
    form = r"\frac{\partial L}{\partial W_1} = \left[W_2^\top\delta_{\hat y}\odot a\odot(1-a)\right]x^\top"
    gradient = example("two_layer").gradients["W_1"]
    assert plain(gradient.latex()) == plain(form)
    assert [plain(line) for line in gradient.definitions] == [plain(r"\delta_{\hat y} = 2(\hat y - y)")]
    assert plain(form) in plain(example("two_layer").latex()).replace("&", "")


SIDES = {
    "columns": ("X: data[d, n]\nY: data[c, n]\nW_1: parameter[h, d]\nW_2: parameter[c, h]", "W_1 @ X", "W_2 @ A", "[:, None]"),
    "rows": ("X: data[n, d]\nY: data[n, c]\nW_1: parameter[d, h]\nW_2: parameter[h, c]", "X @ W_1", "A @ W_2", ""),
}  # fmt: skip


@pytest.mark.parametrize(("side", "biases", "mean", "n"), [*product(SIDES, (True, False), (True, False), (1, 7))])
def test_the_two_layer_network_in_every_convention(side: str, biases: bool, mean: bool, n: int):
    """Rows, columns, biases, mean and sum, a batch and one sample: all are one computation, by hand in rows."""
    declarations, first, second, stretched = SIDES[side]
    plus = (f" + b_1{stretched}", f" + b_2{stretched}") if biases else ("", "")
    net = f"""{declarations}
b_1: parameter[h]
b_2: parameter[c]

A = sigmoid({first}{plus[0]})
Yhat = {second}{plus[1]}
L = {"mean" if mean else "sum"}((Yhat - Y)**2)
"""
    v = draws(X=(n, 4), Y=(n, 2), W_1=(4, 3), W_2=(3, 2), b_1=(3,), b_2=(2,))
    hidden = sigmoid(v["X"] @ v["W_1"] + (v["b_1"] if biases else 0))
    error = hidden @ v["W_2"] + (v["b_2"] if biases else 0) - v["Y"]
    back = 2 * error / (error.size if mean else 1)
    through = back @ v["W_2"].T * hidden * (1 - hidden)
    expected = {"W_1": v["X"].T @ through, "W_2": hidden.T @ back}
    expected |= {"b_1": biases * through.sum(0), "b_2": biases * back.sum(0)}

    def turned(arrays):
        return {name: a.T if side == "columns" else a for name, a in arrays.items()}

    value, gradients = sb.compile(net).value_and_grad(turned(v))
    np.testing.assert_allclose(value, (error**2).mean() if mean else (error**2).sum(), **CLOSE)
    for name, array in turned(expected).items():
        np.testing.assert_allclose(gradients[name], array, err_msg=name, **CLOSE)


def test_the_3_4_4_1_network_by_hand():
    v = draws(x=(3,), y=(1,), W_1=(4, 3), b_1=(4,), W_2=(4, 4), b_2=(4,), W_3=(1, 4), b_3=(1,))
    a_1 = sigmoid(v["W_1"] @ v["x"] + v["b_1"])
    a_2 = sigmoid(v["W_2"] @ a_1 + v["b_2"])
    yhat = sigmoid(v["W_3"] @ a_2 + v["b_3"])
    d_3 = (yhat - v["y"]) * yhat * (1 - yhat)
    d_2 = v["W_3"].T @ d_3 * a_2 * (1 - a_2)
    d_1 = v["W_2"].T @ d_2 * a_1 * (1 - a_1)
    expected = {
        "W_1": np.outer(d_1, v["x"]),
        "b_1": d_1,
        "W_2": np.outer(d_2, a_1),
        "b_2": d_2,
        "W_3": np.outer(d_3, a_2),
        "b_3": d_3,
    }
    value, gradients = sb.compile(EXAMPLES / "mlp_3_4_4_1.net").value_and_grad(v)
    np.testing.assert_allclose(value, ((yhat - v["y"]) ** 2).sum() / 2, **CLOSE)
    assert gradients.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(gradients[name], array, err_msg=name, **CLOSE)


def test_the_image_classifier_by_hand():
    v = draws(X=(6, 3072), W_1=(3072, 100), b_1=(100,), W_2=(100, 10), b_2=(10,))
    v["W_1"] /= 50
    v["Y"] = np.eye(10)[[3, 1, 4, 1, 5, 9]]
    hidden = np.maximum(v["X"] @ v["W_1"] + v["b_1"], 0)
    scores = hidden @ v["W_2"] + v["b_2"]
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    back = (chances - v["Y"]) / 6
    through = back @ v["W_2"].T * (hidden > 0)
    expected = {"W_1": v["X"].T @ through, "b_1": through.sum(0), "W_2": hidden.T @ back, "b_2": back.sum(0)}
    value, gradients = sb.compile(EXAMPLES / "classifier.net").value_and_grad(v)
    np.testing.assert_allclose(value, -np.log(chances[v["Y"] == 1]).mean(), **CLOSE)
    for name, array in expected.items():
        np.testing.assert_allclose(gradients[name], array, rtol=1e-10, atol=1e-13, err_msg=name)


def test_softmax_with_cross_entropy_is_the_difference():
    scores = sb.derive(EXAMPLES / "classifier.net", wrt="S").gradients["S"]
    assert plain(scores.latex()) == plain(r"\frac{\partial L}{\partial S} = \frac{1}{N} (P - Y)")


def test_the_data_loss_and_the_regulariser_of_the_svm_are_two_paths_that_add():
    v: dict[str, Any] = draws(X=(8, 5), W=(5, 3))
    v["t"] = np.array([0, 1, 2, 0, 1, 2, 2, 2])
    loss, gradient = 0.0, np.zeros((5, 3))  # the two loops of a lecture
    for x, right in zip(v["X"], v["t"], strict=True):
        scores = x @ v["W"]
        for k in range(3):
            margin = scores[k] - scores[right] + 1
            if k != right and margin > 0:
                loss += margin / 8
                gradient[:, k] += x / 8
                gradient[:, right] -= x / 8
    whole = sb.derive(EXAMPLES / "svm.net")
    value, gradients = sb.compile(whole).value_and_grad(v)
    np.testing.assert_allclose(value, loss + 0.1 * (v["W"] ** 2).sum(), **CLOSE)
    np.testing.assert_allclose(gradients["W"], gradient + 0.2 * v["W"], **CLOSE)
    parts = [sb.compile(sb.read(EXAMPLES / "svm.net", loss=name)).value_and_grad(v)[1]["W"] for name in ("L_data", "R")]
    np.testing.assert_allclose(parts[0], gradient, **CLOSE)
    np.testing.assert_allclose(parts[1], 0.2 * v["W"], **CLOSE)
    assert "W acts through R and S: the gradients of the uses add" in " ".join(whole.text().split())


def test_the_marginal_likelihood_of_a_gaussian_process_has_the_gradient_of_books():
    """Rasmussen and Williams 2006, equation 5.9: of the log likelihood, tr((alpha alpha^T - K^-1) dK/dtheta) / 2; here its opposite."""
    derivation = example("gaussian_process")
    box = derivation.box()
    assert not box.missing
    assert [line.latex() for line in box.lines] == [
        r"\delta_{K} = \frac{1}{2} \left(K^{-1} - \alpha \alpha^{\top}\right)",
        r"\frac{\partial L}{\partial n} = 2\,\exp\left(2 n\right)\,\operatorname{tr}\left(\delta_{K}\right)",
        r"\frac{\partial L}{\partial l} = \exp\left(-2 l\right)\,\operatorname{sum}\left(\delta_{K}\odot D\odot R\right)",
        r"\frac{\partial L}{\partial a} = 2 \left\langle \delta_{K}, R\right\rangle_{F}",
    ]
    at = draws(X=(6, 2), y=(6,)) | {"a": 0.3, "l": -0.2, "n": -1.0}
    X, y = at["X"], at["y"]
    D = ((X[:, None] - X[None]) ** 2).sum(2)
    R = np.exp(2 * 0.3 - np.exp(0.4) * D / 2)
    K = R + np.exp(-2.0) * np.eye(6)
    alpha = np.linalg.solve(K, y)
    by_theta = {"a": 2 * R, "l": R * D * np.exp(0.4), "n": 2 * np.exp(-2.0) * np.eye(6)}
    value, gradients = sb.compile(derivation).value_and_grad(at)
    np.testing.assert_allclose(value, (y @ alpha + np.linalg.slogdet(K)[1] + 6 * np.log(2 * np.pi)) / 2, **CLOSE)
    for name, slope in by_theta.items():
        book = np.trace((np.outer(alpha, alpha) - np.linalg.inv(K)) @ slope) / 2
        np.testing.assert_allclose(gradients[name], -book, rtol=1e-10, err_msg=name)


def test_a_gaussian_process_learns_its_noise():
    rng = np.random.default_rng(0)
    X = np.linspace(-3, 3, 24)[:, None]
    y = np.sin(X[:, 0]) + 0.1 * rng.standard_normal(24)
    options = {"epochs": 120, "rate": 0.05, "batch": 24, "held_out": 0, "seed": 0, "progress": False}
    trained = sb.train(sb.read(EXAMPLES / "gaussian_process.net"), {"X": X, "y": y}, **options)
    assert 0.05 < np.exp(trained.parameters["n"]) < 0.2


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{1}{2} \operatorname{tr}((K^{-1} - \alpha\alpha^\top) 2 R)", "right"),
        (r"\langle K^{-1} - \alpha\alpha^\top, R \rangle_F", "right"),
        (r"\frac{1}{2} \operatorname{tr}((K^{-1} - \alpha y^\top) 2 R)", "wrong"),
    ],
)
def test_a_claim_of_the_books_form_is_judged(claim: str, verdict: str):
    assert sb.verify(sb.read(EXAMPLES / "gaussian_process.net"), {"a": claim}).verdict.startswith(verdict)
