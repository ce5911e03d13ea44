"""Labels, cases and the largest of others in LaTeX: their values by hand, and what is asked where nothing is said of a name."""

from collections.abc import Callable

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation import NotationError
from tests.notation.values import value

CLASSES, SAMPLES, WIDTH = 4, 5, 3
VECTORS = r"w_1, \dots, w_K \in \mathbb{R}^d"

FORMULAS: dict[str, tuple[str, Callable[..., float]]] = {
    "a hinge of classes": (
        rf"L = \sum_{{i=1}}^n \max(0, 1 + \max_{{k \ne y_i}} w_k^\top x_i - w_{{y_i}}^\top x_i), {VECTORS}, x_1, \dots, x_n \in \mathbb{{R}}^d, y_i \in \{{1, \dots, K\}}",
        lambda W, X, y: sum(max(0, 1 + max(W[k] @ x for k in range(CLASSES) if k != c) - W[c] @ x) for x, c in zip(X, y, strict=True)),
    ),
    "the term of a largest": (
        r"L = \sum_{i=1}^n \max_k W_{ki} a_k x_i + 2, W \in \mathbb{R}^{K \times n}, a \in \mathbb{R}^K, x \in \mathbb{R}^n",
        lambda W, a, x: sum((W * a[:, None] * x).max(0)) + 2,
    ),
    "cases by the value": (
        r"r_i = \begin{cases} x_i^2, & \text{if } x_i > 1 \\ 3 x_i, & \text{otherwise} \end{cases}, L = \sum_{i=1}^n i r_i, x \in \mathbb{R}^n",
        lambda x: sum((i + 1) * (v**2 if v > 1 else 3 * v) for i, v in enumerate(x)),
    ),
    "a label that nobody declared": (
        rf"L = -\log \frac{{e^{{w_y^\top x}}}}{{\sum_j e^{{w_j^\top x}}}}, {VECTORS}, x \in \mathbb{{R}}^d",
        lambda W, x, y: np.log(sum(np.exp(W @ x))) - W[y] @ x,
    ),
    "a margin that nobody declared": (
        r"L = 1 + \max_{k \neq c} s_k - s_c, s \in \mathbb{R}^K",
        lambda s, c: 1 + max(np.delete(s, c)) - s[c],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_the_value_is_that_by_hand(name: str) -> None:
    text, by_hand = FORMULAS[name]
    network = sb.read(text)
    sizes, rng = {"K": CLASSES, "n": SAMPLES, "d": WIDTH}, np.random.default_rng(0)
    arrays = {}
    for t in network.program.inputs:
        shape = tuple(sizes[str(n)] for n in t.shape)
        arrays[t.name] = rng.integers(0, CLASSES, shape) if t.kind == "integers" else rng.uniform(0.2, 2, shape)
    np.testing.assert_allclose(value(network, arrays, sizes), by_hand(**arrays), rtol=1e-12)
    assert sb.check(sb.derive(network)).ok


def test_a_label_that_is_taken_is_told() -> None:
    network = sb.read(r"L = -\log p_y, p = \mathrm{softmax}(W x), W \in \mathbb{R}^{K \times d}, x \in \mathbb{R}^d")
    assert "Nothing says what y is: it is taken to be a label, one of K." in network.notes
    assert sb.read(r"L = x_i - y_i, x, y \in \mathbb{R}^n").program.shape("L") != ()  # an index is none


@pytest.mark.parametrize(("text", "declarations"), [
    (r"J = \sum_{i=1}^n \sum_{k=1}^K r_{ik} \|x_i - \mu_k\|^2, x_i, \mu_k \in \mathbb{R}^d", "r: data[n, K]"),
    (r"J = \sum_i \sum_k r_{ik} (x_i - m_k)^2", "r: data[n, K]; x: data[n]; m: data[K]"),
    (rf"L = \sum_i (w_{{y_i}}^\top x_i)^2, {VECTORS}, x_1, \dots, x_n \in \mathbb{{R}}^d", "y: integers[n, K]"),
    (r"L = \sum_{i=1}^n \log p_{i y_i}, p \in \mathbb{R}^{n \times K}", "y: integers[n, K]"),
])  # fmt: skip
def test_what_is_not_declared_is_declared_as_asked(text: str, declarations: str) -> None:
    with pytest.raises(NotationError) as error:
        sb.read(text)
    where = "them in lines of their own" if ";" in declarations else "it in a line of its own"
    assert error.value.mend == f"Declare {where}: {declarations}."
    assert sb.read(text, let=declarations.split("; ")).program.shape(text[0]) == ()


UNDECLARED = {
    r"J = \sum_{i=1}^n (\theta^\top x^{(i)} - y^{(i)})^2, \theta \in \mathbb{R}^h, x^{(i)} \in \mathbb{R}^h": (
        "y: data[n]", lambda y, theta, x: ((x @ theta - y) ** 2).sum()),
    r"R = \frac{x^\top A x}{x^\top x}, A \in \mathbb{R}^{n \times n}": ("x: parameter[n]", lambda x, A: x @ A @ x / (x @ x)),
    r"L = \frac12 x^T Q x + c^T x + d, Q \in \mathbb{R}^{n\times n}": (
        "x: parameter[n]; c: parameter[n]; d: parameter", lambda x, c, d, Q: x @ Q @ x / 2 + c @ x + d),
    r"L = \frac{1}{2} \sum_i (w^\top x_i - y_i)^2": ("w: parameter[d]; x: data[n, d]; y: data[n]", lambda w, x, y: ((x @ w - y) ** 2).sum() / 2),
    r"L = \sum_i (y_i - x_i^T \beta)^2": ("y: data[n]; x: data[n, d]; beta: parameter[d]", lambda y, x, beta: ((y - x @ beta) ** 2).sum()),
    r"L = \sum_i \|W x_i - y_i\|^2": ("W: parameter[h, d]; x: data[n, d]; y: data[n, h]", lambda W, x, y: ((x @ W.T - y) ** 2).sum()),
    r"L = \sum_i \max(0, 1 - y_i (w^\top x_i + b))": (
        "y: data[n]; w: parameter[d]; x: data[n, d]; b: parameter", lambda y, w, x, b: np.maximum(0, 1 - y * (x @ w + b)).sum()),
    r"L = \frac{1}{n} \sum_{i=1}^n \log(1 + e^{-y_i w^\top x_i}) + \frac{\lambda}{2} \|w\|^2": (
        "y: data[n]; w: parameter[d]; x: data[n, d]; lam: data",
        lambda y, w, x, lam: np.log1p(np.exp(-y * (x @ w))).mean() + lam / 2 * (w @ w)),
    r"L = \sum_{i,j} (x_i^\top A x_j)^2": ("x: data[n, d]; A: data[d, d]", lambda x, A: ((x @ A @ x.T) ** 2).sum()),
}  # fmt: skip


@pytest.mark.parametrize("formula", UNDECLARED)
def test_samples_in_a_product_are_asked_for_as_vectors_and_the_answer_is_enough(formula: str) -> None:
    declarations, expected = UNDECLARED[formula]
    with pytest.raises(sb.NotationError) as refused:
        sb.read(formula)
    assert f": {declarations}." in str(refused.value)
    network = sb.read("\n".join([*declarations.split("; "), formula]))
    rng = np.random.default_rng(0)
    extent = {"n": 4, "d": 3, "h": 2}
    at = {t.name: rng.standard_normal([extent[str(size)] for size in t.shape]) for t in network.program.inputs}
    assert tape.forward(network.program, at)[network.loss] == pytest.approx(expected(*at.values()), rel=1e-12)


SOFTMAX = r"$p = \mathrm{softmax}(Wx)$, $L = -\sum_k y_k\log p_k$ with $W\in\mathbb{R}^{c\times d}$, $x\in\mathbb{R}^d$"
ONE_HOT = [
    r", $y\in\mathbb{R}^c$ one-hot",
    r", $y\in\{0,1\}^c$, where $\mathbf{y}$ is a one-hot encoded vector.",
    r" and a one-hot label $y\in\mathbb{R}^c$.",
    r", $y\in\{0,1\}^c$ with $\sum_{k=1}^c y_k = 1$.",
    r", $y\in\mathbb{R}^c$, \text{ where } y \text{ is one-hot}",
    r", $y\in\{0,1\}^c \text{ one-hot}$",
    ", where $y$ is one-hot\ny: data[c]",
]
NOT_READ = {
    r", $y\in\mathbb{R}^c$. When $y$ is one-hot, this is short.": "what is one-hot is not read here",
    r", $y\in\mathbb{R}^c$. We use a one-hot encoding.": "what is one-hot is not read here",
    r", $y\in\mathbb{R}^c$, and $\sum_k p_k = 1$.": "p is no vector that is given",
}


@pytest.mark.parametrize("words", ONE_HOT)
def test_what_is_said_to_be_one_hot_is_labels(words: str) -> None:
    kinds = {t.name: (t.kind, t.domain, str(t.shape)) for t in sb.read(SOFTMAX + words).program.inputs}
    assert kinds["y"] == ("labels", None, "(c,)")
    assert kinds["x"][0] == "data"


def test_a_one_hot_row_makes_labels_of_the_matrix() -> None:
    rows = r"$L = -\sum_{i=1}^n \sum_k y_{ik}\log p_{ik}$, $p_i = \mathrm{softmax}(W x_i)$, $x_i\in\mathbb{R}^d$, $W\in\mathbb{R}^{c\times d}$"
    network = sb.read(rows + r", $y_i\in\{0,1\}^c$ one-hot")
    assert {t.name: (t.kind, str(t.shape)) for t in network.program.inputs}["Y"] == ("labels", "(n, c)")


def test_one_hot_is_asked_for_as_labels() -> None:
    with pytest.raises(NotationError, match=r"y: labels\[c\]"):
        sb.read(SOFTMAX + ", where $y$ is one-hot")


@pytest.mark.parametrize("words", NOT_READ)
def test_one_hot_of_what_is_no_vector_is_refused_and_its_mend_works(words: str) -> None:
    with pytest.raises(NotationError, match=NOT_READ[words]) as refused:
        sb.read(SOFTMAX + words)
    assert words in getattr(refused.value.place, "text", "")
    if "p_k" not in words:
        assert sb.read(SOFTMAX + words.replace(r", $y\in\mathbb{R}^c$", "") + "\ny: labels[c]").loss == "L"


def test_a_matrix_that_is_one_hot_along_an_axis_that_nobody_said_is_refused() -> None:
    text = r"$P = \mathrm{softmax}(XW)$, $L = -\sum_{i,k} Y_{ik}\log P_{ik}$, $X \in\mathbb{R}^{n\times d}$, $W\in\mathbb{R}^{d\times c}$"
    with pytest.raises(NotationError, match="Y is no vector that is given"):
        sb.read(text + r", $Y\in\mathbb{R}^{n \times c}$, where $Y$ is one-hot")
    assert sb.read(text + ", where $Y$ is one-hot\nY: labels[n, c]").loss == "L"
