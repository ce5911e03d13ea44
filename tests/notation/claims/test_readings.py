r"""What a formula means: operators, brackets, indices and conventions, each held against NumPy at a generic point."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.notation.claims.sample_networks import gradient, point, understood, worth

V = dict[str, Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


MEANINGS: list[tuple[str, str, str, Callable[[V], Any]]] = [
    # juxtaposition binds before a Hadamard product, an outer product after it
    ("square", "A", r"B^\top e \odot h\, x^\top", lambda v: np.outer((v["B"].T @ v["e"]) * v["h"], v["x"])),
    ("square", "A", r"h\odot(1-h)x^\top", lambda v: np.outer(v["h"] * (1 - v["h"]), v["x"])),
    ("square", "x", r"B^\top e \odot h", lambda v: (v["B"].T @ v["e"]) * v["h"]),
    ("square", "x", r"B^\top(e \odot h)", lambda v: v["B"].T @ (v["e"] * v["h"])),
    ("square", "x", r"A B x", lambda v: v["A"] @ v["B"] @ v["x"]),
    ("square", "x", r"A \odot B\, x", lambda v: (v["A"] * v["B"]) @ v["x"]),
    ("square", "A", r"A \odot B A", lambda v: v["A"] * (v["B"] @ v["A"])),
    ("square", "A", r"A * B", lambda v: v["A"] @ v["B"]),
    ("square", "A", r"A^2", lambda v: v["A"] ** 2),
    ("square", "A", r"A^{-1}", lambda v: np.linalg.inv(v["A"])),
    ("square", "A", r"A^{-\top}", lambda v: np.linalg.inv(v["A"]).T),
    ("square", "A", r"A^{\odot 2}", lambda v: v["A"] ** 2),
    ("square", "A", r"A^{\odot -1}", lambda v: 1 / v["A"]),
    ("square", "A", r"(A + B)^\top", lambda v: (v["A"] + v["B"]).T),
    ("square", "A", r"I - A", lambda v: np.eye(len(v["x"])) - v["A"]),
    ("square", "A", r"\operatorname{tr}(A)\,I", lambda v: np.trace(v["A"]) * np.eye(len(v["x"]))),
    ("square", "A", r"\operatorname{diag}(x) A", lambda v: np.diag(v["x"]) @ v["A"]),
    ("square", "x", r"\operatorname{diag}(A)", lambda v: np.diag(v["A"])),
    ("square", "A", r"e \otimes x", lambda v: np.outer(v["e"], v["x"])),
    ("square", "A", r"e x^\top + x e^\top", lambda v: np.outer(v["e"], v["x"]) + np.outer(v["x"], v["e"])),
    # dots and inner products
    ("square", "s", r"e \cdot x", lambda v: v["e"] @ v["x"]),
    ("square", "s", r"e^\top x", lambda v: v["e"] @ v["x"]),
    ("square", "s", r"\langle e, x\rangle", lambda v: v["e"] @ v["x"]),
    ("square", "s", r"e^\top A x", lambda v: v["e"] @ v["A"] @ v["x"]),
    ("square", "x", r"2 \cdot x", lambda v: 2 * v["x"]),
    ("square", "x", r"s \cdot x", lambda v: v["s"] * v["x"]),
    ("square", "x", r"x \cdot (-\tfrac12) \cdot s", lambda v: -0.5 * v["x"] * v["s"]),
    ("square", "x", r"e^\top x\, x", lambda v: (v["e"] @ v["x"]) * v["x"]),
    ("square", "x", r"x x^\top e", lambda v: v["x"] * (v["x"] @ v["e"])),
    ("square", "x", r"x(1-x)", lambda v: v["x"] * (1 - v["x"])),
    # norms, magnitudes, roots
    ("square", "s", r"\|x\|", lambda v: np.linalg.norm(v["x"])),
    ("square", "s", r"\|x\|_2^2", lambda v: v["x"] @ v["x"]),
    ("square", "s", r"\lVert A\rVert_F^2", lambda v: np.sum(v["A"] ** 2)),
    ("square", "s", r"\|x\|_1", lambda v: np.abs(v["x"]).sum()),
    ("square", "s", r"\|A\|_{op}", lambda v: np.linalg.norm(v["A"], 2)),
    ("square", "s", r"\|A\|_*", lambda v: np.linalg.norm(v["A"], "nuc")),
    (
        "square",
        "s",
        r"\sigma_{\max}(A B) - \sigma_{\min}(A)^2",
        lambda v: np.linalg.norm(v["A"] @ v["B"], 2) - np.linalg.norm(v["A"], -2) ** 2,
    ),
    ("square", "s", r"\left\|A x - e\right\|^2", lambda v: np.sum((v["A"] @ v["x"] - v["e"]) ** 2)),
    ("square", "s", r"||x||_2", lambda v: np.linalg.norm(v["x"])),
    ("square", "s", r"||A x - e||^2", lambda v: np.sum((v["A"] @ v["x"] - v["e"]) ** 2)),
    ("square", "s", r"\left|\left| A \right|\right|_F^2", lambda v: np.sum(v["A"] ** 2)),
    ("square", "s", r"||x||\,||e||", lambda v: np.linalg.norm(v["x"]) * np.linalg.norm(v["e"])),
    ("square", "s", r"|x|_1 + |x - e|_2", lambda v: np.abs(v["x"]).sum() + np.linalg.norm(v["x"] - v["e"])),
    ("square", "s", r"||s - 2| - |s + 1||", lambda v: abs(abs(v["s"] - 2) - abs(v["s"] + 1))),
    ("square", "x", r"|x|", lambda v: np.abs(v["x"])),
    ("square", "x", r"\frac{x}{\|x\|}", lambda v: v["x"] / np.linalg.norm(v["x"])),
    ("square", "x", r"x/\sqrt{1+s^2}", lambda v: v["x"] / np.sqrt(1 + v["s"] ** 2)),
    ("square", "x", r"\sqrt[3]{s^2}\,x", lambda v: np.cbrt(v["s"] ** 2) * v["x"]),
    ("square", "x", r"\operatorname{sign}(x)", lambda v: np.sign(v["x"])),
    ("square", "x", r"\mathrm{sgn}\,x", lambda v: np.sign(v["x"])),
    # functions
    ("square", "x", r"\tanh x", lambda v: np.tanh(v["x"])),
    ("square", "x", r"\tanh^2 x", lambda v: np.tanh(v["x"]) ** 2),
    ("square", "x", r"\tanh(x)^2", lambda v: np.tanh(v["x"]) ** 2),
    ("square", "x", r"1-\tanh^2(A x)", lambda v: 1 - np.tanh(v["A"] @ v["x"]) ** 2),
    ("square", "x", r"\sigma(x)", lambda v: sigmoid(v["x"])),
    ("square", "x", r"\sigma'(x)", lambda v: sigmoid(v["x"]) * (1 - sigmoid(v["x"]))),
    ("square", "x", r"\sigma^{\prime}(x)", lambda v: sigmoid(v["x"]) * (1 - sigmoid(v["x"]))),
    ("square", "x", r"\tanh'(x)", lambda v: 1 - np.tanh(v["x"]) ** 2),
    ("square", "x", r"\exp(-x)", lambda v: np.exp(-v["x"])),
    ("square", "x", r"\ln(1+x^2)", lambda v: np.log(1 + v["x"] ** 2)),
    ("square", "x", r"\max(0, x)", lambda v: np.maximum(v["x"], 0)),
    ("square", "x", r"\operatorname{ReLU}(x)", lambda v: np.maximum(v["x"], 0)),
    ("square", "x", r"\operatorname{softmax}(x)", lambda v: np.exp(v["x"]) / np.exp(v["x"]).sum()),
    ("square", "x", r"\sin x\cos x", lambda v: np.sin(v["x"]) * np.cos(v["x"])),
    # indicators
    ("square", "x", r"\mathbf 1[x>0]", lambda v: 1.0 * (v["x"] > 0)),
    ("square", "x", r"\mathbb{1}_{\{x>0\}}", lambda v: 1.0 * (v["x"] > 0)),
    ("square", "x", r"\mathbb{1}\{x \geq 0\}\odot e", lambda v: (v["x"] >= 0) * v["e"]),
    ("square", "x", r"1\{x>0\}\odot e", lambda v: (v["x"] > 0) * v["e"]),
    ("square", "x", r"[x>0]\odot e", lambda v: (v["x"] > 0) * v["e"]),
    ("square", "x", r"\tfrac12[e + B^\top(e\odot\mathbb 1[x>0])]", lambda v: 0.5 * (v["e"] + v["B"].T @ (v["e"] * (v["x"] > 0)))),
    ("square", "x", r"\mathbf{1}(0<x<1)", lambda v: 1.0 * ((v["x"] > 0) & (v["x"] < 1))),
    ("square", "x", r"\begin{cases} e & x > 0 \\ 0.1 e & x \le 0\end{cases}", lambda v: np.where(v["x"] > 0, v["e"], 0.1 * v["e"])),
    (
        "square",
        "x",
        r"\begin{cases} e, & \text{if } x > 0, \\ -e, & \text{else}\end{cases}",
        lambda v: np.where(v["x"] > 0, v["e"], -v["e"]),
    ),
    # ones and sums
    ("square", "s", r"\mathbf{1}^\top x", lambda v: v["x"].sum()),
    ("square", "x", r"A\mathbf{1}", lambda v: v["A"].sum(axis=1)),
    ("square", "s", r"\sum_i x_i e_i", lambda v: v["x"] @ v["e"]),
    ("square", "s", r"\sum_{i=1}^{d} x_i^2", lambda v: v["x"] @ v["x"]),
    ("square", "s", r"\sum_{i,j} A_{ij} B_{ij}", lambda v: np.sum(v["A"] * v["B"])),
    ("square", "s", r"\sum_i \sum_j A_{ij}", lambda v: v["A"].sum()),
    ("square", "s", r"\sum_{ij} x_i A_{ij} e_j", lambda v: v["x"] @ v["A"] @ v["e"]),
    ("square", "x_i", r"\sum_{j\neq i} A_{ij} x_j", lambda v: v["A"] @ v["x"] - np.diag(v["A"]) * v["x"]),
    ("square", "x_i", r"\sum_{j<i} x_j", lambda v: np.cumsum(v["x"]) - v["x"]),
    ("square", "x_i", r"\sum_{j=1}^{i} x_j", lambda v: np.cumsum(v["x"])),
    ("square", "x_i", r"\sum_k A_{ki} e_k", lambda v: v["A"].T @ v["e"]),
    ("square", "x_i", r"(A x)_i", lambda v: v["A"] @ v["x"]),
    ("square", "x_i", r"[A^\top e]_i x_i", lambda v: (v["A"].T @ v["e"]) * v["x"]),
    ("square", "A_{ij}", r"\delta_{ij} x_j", lambda v: np.diag(v["x"])),
    ("square", "A_{ij}", r"x_i(\delta_{ij} - x_j)", lambda v: np.diag(v["x"]) - np.outer(v["x"], v["x"])),
    ("square", "A_{ij}", r"A_{ji}", lambda v: v["A"].T),
    ("square", "A_{ij}", r"e_i x_j", lambda v: np.outer(v["e"], v["x"])),
    ("square", "A_{ij}", r"\mathbf 1[i=j]", lambda v: np.eye(len(v["x"]))),
    ("square", "A_{ij}", r"e_i", lambda v: np.outer(v["e"], np.ones(len(v["x"])))),
    ("square", "s", r"x_1 + x_2", lambda v: v["x"][0] + v["x"][1]),
    ("square", "s", r"A_{12}", lambda v: v["A"][0, 1]),
    ("square", "x", "0", lambda v: 0 * v["x"]),
    # names that the claim defines
    ("square", "x", r"u \odot x,\ u = A e", lambda v: (v["A"] @ v["e"]) * v["x"]),
    ("square", "x", r"u_i x_i,\ u_i = \sum_j A_{ij}e_j", lambda v: (v["A"] @ v["e"]) * v["x"]),
    ("square", "x", r"\mathbb 1[G>0]\odot e,\quad G = A x", lambda v: (v["A"] @ v["x"] > 0) * v["e"]),
    ("square", "x", r"u + w,\ u = w \odot w,\ w = A e", lambda v: (v["A"] @ v["e"]) ** 2 + v["A"] @ v["e"]),
    # rows of data
    ("ridge", "w", r"\sum_n x_n", lambda v: v["X"].sum(axis=0)),
    ("ridge", "w", r"\sum_i r_i X_i", lambda v: v["X"].T @ v["r"]),
    ("ridge", "w", r"\frac{1}{N}\sum_{i=1}^{N} x_i y_i", lambda v: v["X"].T @ v["y"] / len(v["y"])),
    ("ridge", "w", r"\sum_{i} y^{(i)} x^{(i)}", lambda v: v["X"].T @ v["y"]),
    ("ridge", "w", r"m\, w", lambda v: len(v["y"]) * v["w"]),
    ("batch", "b2", r"\bar Y", lambda v: v["Y"].mean(axis=0)),
    ("batch", "Z1", r"X W_1 + b_1", lambda v: v["X"] @ v["W1"] + v["b1"]),
    ("batch", "Z1", r"X W_1 + \mathbf 1 b_1^\top", lambda v: v["X"] @ v["W1"] + v["b1"]),
    (
        "batch",
        "Yhat",
        r"\operatorname{softmax}(\hat Y)",
        lambda v: np.exp(v["Yhat"]) / np.exp(v["Yhat"]).sum(axis=1, keepdims=True),
    ),
    # gradients on the right, in several spellings
    ("two", "b_1", r"\frac{\partial L}{\partial z_1}", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\nabla_{z_1}L", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"dz_1", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\mathrm{d}z_1", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\mathrm{dz}_1", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\partial L/\partial z_1", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\frac{\partial}{\partial z_1} L", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\frac{dL}{dz^{[1]}}", lambda v: gradient("two", "z_1")),
    ("two", "b_1", r"\left(\frac{\partial \hat y}{\partial z_1}\right)^\top(\hat y-y)", lambda v: gradient("two", "z_1")),
    ("two", "a_1_i", r"\sum_k\frac{\partial\hat y_k}{\partial a_{1,i}}(\hat y_k-y_k)", lambda v: gradient("two", "a_1")),
]


@pytest.mark.parametrize(("name", "left", "right", "value"), MEANINGS, ids=[f"{k}-{m[0]}-{m[2]}" for k, m in enumerate(MEANINGS)])
def test_a_formula_is_worth_what_numpy_computes(name: str, left: str, right: str, value: Callable[[V], Any]) -> None:
    wrt = left.removesuffix("_{ij}").removesuffix("_i")
    reading = understood(name, wrt, rf"\frac{{\partial L}}{{\partial {left}}} = {right}").readings[0]
    assert reading.fits
    np.testing.assert_allclose(worth(name, reading), value(point(name)[0]), rtol=1e-9, atol=1e-12)
