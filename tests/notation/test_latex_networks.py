r"""Networks in LaTeX as people write them, each equal in loss and gradients to the same network in the network language."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.notation import NotationError

MLP = ["W_1: parameter[m, n]", "W_2: parameter[k, m]", "x: data[n]", "y: data[k]"]

# name: declarations, LaTeX, the same in the network language
NETWORKS = {
    "two layers": (
        ["W_1: parameter[h, n]", "W_2: parameter[1, h]", "x: data[n]", "y: data[1]"],
        r"\hat y = W_2\,\sigma(W_1 x),\ L = (\hat y - y)^2",
        "yhat = W_2 @ sigmoid(W_1 @ x)\nL = sum((yhat - y)**2)",
    ),
    "aligned, the loss first": (
        MLP,
        r"""
        \begin{align*}
          L &= \|y - \hat y\|^2 \\
          \hat y &= W_2 h \\
          h &= \tanh(z) \\
          z &= W_1 x
        \end{align*}
        """,
        "z = W_1 @ x\nh = tanh(z)\nyhat = W_2 @ h\nL = sum((y - yhat)**2)",
    ),
    "one half, with biases": (
        [*MLP, "b_1: parameter[m]", "b_2: parameter[k]"],
        r"""$$z^{(1)} = W^{(1)} x + b^{(1)}, \quad a^{(1)} = \sigma(z^{(1)}), \quad z^{(2)} = W^{(2)} a^{(1)} + b^{(2)},$$
        $$\mathcal{L}(W, b) = \frac{1}{2}\lVert z^{(2)} - y\rVert_2^2$$""",
        "z_1 = W_1 @ x + b_1\na_1 = sigmoid(z_1)\nz_2 = W_2 @ a_1 + b_2\nL = sum((z_2 - y)**2)/2",
    ),
    "softmax and cross entropy": (
        ["W: parameter[c, n]", "b: parameter[c]", "x: data[n]", "y: labels[c]"],
        r"p = \operatorname{softmax}(W x + b), \quad L = -\sum_k y_k \log p_k",
        "p = softmax(W @ x + b)\nL = -sum(y*log(p))",
    ),
    "softmax by its entries": (
        ["W: parameter[c, n]", "x: data[n]", "y: labels[c]"],
        r"z_k = \sum_j W_{kj} x_j, \qquad p_k = \frac{e^{z_k}}{\sum_{l} e^{z_l}}, \qquad L = -\sum_{k} y_k \ln p_k",
        "z = W @ x\np = exp(z)/sum(exp(z))\nL = -sum(y*log(p))",
    ),
    "logistic regression": (
        ["w: parameter[d]", "b: parameter", "x: data[d]", "y: binary"],
        r"L = -y \log \hat y - (1 - y)\log(1 - \hat y), \text{ where } \hat y = \sigma(z) \text{ and } z = w^\top x + b",
        "z = dot(w, x) + b\nyhat = sigmoid(z)\nL = -y*log(yhat) - (1 - y)*log(1 - yhat)",
    ),
    "least squares over samples": (
        ["X: data[n, d]", "w: parameter[d]", "y: data[n]"],
        r"L = \frac1n \sum_{i=1}^n (x_i^\top w - y_i)^2",
        "L = sum((X @ w - y)**2)/n",
    ),
    "ridge, as a matrix": (
        ["X: data[n, d]", "w: parameter[d]", "y: data[n]", "lam: data & positive"],
        r"J(w) = \frac{1}{2n}\|X w - y\|^2 + \frac{\lambda}{2}\|w\|_2^2",
        "J = sum((X @ w - y)**2)/(2*n) + lam*sum(w**2)/2",
    ),
    "samples as rows": (
        ["X: data[n, d]", "W: parameter[d, c]", "b: parameter[c]", "Y: labels[n, c]"],
        r"""Z = X W + b \\ P = \mathrm{softmax}(Z) \\ L = -\frac{1}{N} \sum_{n=1}^N \sum_{k} Y_{nk} \log P_{nk}""",
        "Z = X @ W + b\nP = softmax(Z)\nL = -sum(Y*log(P))/n",
    ),
    "samples as superscripts": (
        ["X: data[m, d]", "w: parameter[d]", "b: parameter", "y: data[m]"],
        r"\hat y^{(i)} = w^T x^{(i)} + b \\ J = \frac{1}{2m}\sum_{i=1}^m (\hat y^{(i)} - y^{(i)})^2",
        "yhat = X @ w + b\nJ = sum((yhat - y)**2)/(2*m)",
    ),
    "an activation that is defined": (
        MLP,
        r"\hat y = W_2\,\phi(W_1 x), \quad \text{where } \phi(z) = \max(0, z), \quad L = \frac12 \|\hat y - y\|^2",
        "yhat = W_2 @ relu(W_1 @ x)\nL = sum((yhat - y)**2)/2",
    ),
    "a function of the input": (
        ["w: parameter[d]", "b: parameter", "x: data[d]", "y: data"],
        r"f(x) = w^\top x + b, \quad \ell(w, b) = (f(x) - y)^2",
        "f = dot(w, x) + b\nell = (f - y)**2",
    ),
    "a scalar neuron": (
        ["w: parameter", "x: data", "b: parameter", "t: data"],
        r"E = \tfrac{1}{2}(t - o)^2, \; o = \frac{1}{1 + e^{-s}}, \; s = w x + b",
        "s = w*x + b\no = 1/(1 + exp(-s))\nE = (t - o)**2/2",
    ),
    "hinge": (
        ["X: data[n, d]", "w: parameter[d]", "y: data[n]", "C: data & positive"],
        r"L = \tfrac12 \|w\|^2 + C\sum_{i} \max(0, 1 - y_i\, w^\top x_i)",
        "L = dot(w, w)/2 + C*sum(maximum(0, 1 - y*(X @ w)))",
    ),
    "a residual block": (
        ["W_1: parameter[n, n]", "W_2: parameter[n, n]", "x: data[n]", "y: data[n]"],
        r"""\begin{aligned}
            h &= x + W_2 \tanh(W_1 x) \\
            L &= \sum_i (h_i - y_i)^2
            \end{aligned}""",
        "h = x + W_2 @ tanh(W_1 @ x)\nL = sum((h - y)**2)",
    ),
    "normalisation": (
        ["x: data[n]", "gamma: parameter[n]", "beta: parameter[n]", "y: data[n]"],
        r"""\mu = \frac1n \sum_i x_i, \quad \sigma^2 = \frac1n \sum_i (x_i - \mu)^2, \quad
            \hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + 10^{-5}}}, \quad h = \gamma \odot \hat x + \beta, \quad
            L = \|h - y\|^2""",
        "mu = mean(x)\nsigma_2 = mean((x - mu)**2)\nxhat = (x - mu)/sqrt(sigma_2 + 1e-5)\nh = gamma*xhat + beta\nL = sum((h - y)**2)",
    ),
    "a recurrent network, step by step": (
        ["U: parameter[h, d]", "W: parameter[h, h]", "x_1: data[d]", "x_2: data[d]", "h_0: data[h]", "y: data[h]"],
        r"h_1 = \tanh(U x_1 + W h_0) \\ h_2 = \tanh(U x_2 + W h_1) \\ L = \| h_2 - y \|^2",
        "h_1 = tanh(U @ x_1 + W @ h_0)\nh_2 = tanh(U @ x_2 + W @ h_1)\nL = sum((h_2 - y)**2)",
    ),
    "attention": (
        ["Q: parameter[n, d]", "K: parameter[m, d]", "V: parameter[m, e]", "Y: data[n, e]"],
        r"A = \operatorname{softmax}\left(\frac{Q K^\top}{\sqrt{d}}\right), \quad O = A V, \quad L = \|O - Y\|_F^2",
        "A = softmax(Q @ K.T/sqrt(d))\nO = A @ V\nL = sum((O - Y)**2)",
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_latex_is_the_network_that_it_says(name):
    declared, latex, text = NETWORKS[name]
    ours, theirs = sb.read(latex, let=declared), sb.read("\n".join([*declared, text]))
    assert ours.loss == theirs.loss
    assert [t.name for t in ours.program.inputs] == [t.name for t in theirs.program.inputs]
    assert set(ours.outputs) == set(theirs.outputs)
    compiled, expected = sb.compile(ours), sb.compile(theirs)
    values = point(theirs)
    params = {t.name: values[t.name] for t in theirs.program.parameters}
    data = {n: a for n, a in values.items() if n not in params}
    value, gradients = compiled.value_and_grad(params, data)
    true, true_gradients = expected.value_and_grad(params, data)
    np.testing.assert_allclose(value, true, rtol=1e-10)
    assert gradients.keys() == true_gradients.keys()
    for w, gradient in gradients.items():
        np.testing.assert_allclose(gradient, true_gradients[w], rtol=1e-9, atol=1e-12)


def point(network):
    """A point of the network, of sizes that differ."""
    rng = np.random.default_rng(0)
    sizes = {s: k for k, s in enumerate(network.program.sizes(), 2)}
    found = {}
    for tensor in network.program.inputs:
        if tensor.kind == "constant":
            continue
        shape = tuple(int(n.subs(sizes)) for n in tensor.shape)
        drawn = rng.uniform(0.1, 0.9, shape)
        found[tensor.name] = drawn / drawn.sum(-1, keepdims=True) if tensor.kind == "labels" else drawn
        if tensor.domain == "binary":
            found[tensor.name] = np.round(drawn)
    return found


REFUSED = [
    (MLP, r"\hat y = W_2 \sigma(W_3 x), L = \|\hat y - u\|^2", "W_3 and u are not declared. Declare them in lines of their own: W_3: parameter[h, n]; u: parameter[n]."),
    (MLP, r"\hat y = W_2 \phi(W_1 x), L = \|\hat y - y\|^2", r"A function is written out, \phi(z) = \tanh(z), or declared: phi: function."),
    (MLP, r"\hat y = W_1 W_2 x, L = \|\hat y - y\|^2", "no bracketing of this product fits the shapes"),
    (MLP, r"\hat y = W_2 W_1 x, L = \|\hat y - x\|^2", "cannot be added"),
    (MLP, r"z = W_1 x, \ L = z z", r"L can be read as"),
    (MLP, r"z = W_1 x, z = W_1 x, L = \|z\|^2", "z is defined twice. A name keeps its value: write z_2."),
    (MLP, r"x = W_1 x, L = \|x\|^2", "x is declared, and defined here."),
    (MLP, r"a = \tanh(b), b = \tanh(a), L = a^2", "a is defined by b, in a circle."),
    (MLP, r"s_t = \tanh(s_{t-1}), L = \sum_t s_t^2", "s is defined by itself, in a circle. Write a loop step by step"),
    (MLP, r"2 \hat y = W_1 x, L = \|\hat y\|^2", "the left side is no name"),
    (MLP, r"\hat y = W_1 x, L = \frac{\partial \hat y}{\partial x}", "a derivative has no place in a network"),
    (MLP, r"\hat y = W_1 x, \|\hat y\|^2", "this formula is no equation."),
    (MLP, r"(\)02)", "there is no equation."),
    (MLP, r"\hat y = W_1 x, L = \int \hat y", r"\int is not read"),
    (MLP, r"\hat y \geq W_1 x", "a comparison is no claim"),
    (MLP, r"L = \|\softmx(W_1 x)\|^2", r"\softmx is not read"),
    (MLP, r"\lambda = \|W_1 x\|^2, \mathrm{softmax} = \lambda^2", "softmax is a function of the language and cannot name a tensor"),
    (MLP, "\\alpha", "alpha is not declared"),
    (["W: parameter[h n]"], r"L = \|W\|^2", "sizes stand in square brackets, with commas. Write parameter[h, n]."),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "latex", "words"), REFUSED, ids=[r[1][-30:] for r in REFUSED])
def test_what_cannot_be_read_is_refused_with_the_place_and_the_mend(declared, latex, words):
    with pytest.raises(SymbackpropError) as told:
        sb.read(latex, let=declared)
    assert words in str(told.value)


def test_a_place_is_that_of_the_text():
    text = "# a network\nx: data[n]\n% w: parameter[n]\n\nL = (w^\\top x\n  - \\unknown)^2\n"
    with pytest.raises(NotationError) as told:
        sb.read(text)
    assert (told.value.line, told.value.column) == (6, 5)


def test_declarations_stand_in_the_text_behind_a_percent_sign_or_beside_it(tmp_path):
    text = "% w: parameter[n]\nx: data[n]\nL = \\tfrac12 \\|w - x\\|^2\n"
    path = tmp_path / "distance.tex"
    path.write_text(text)
    by_file, by_text = sb.read(path), sb.read(r"L = \tfrac12 \|w - x\|^2", let=["w: parameter[n]", "x: data[n]"])
    assert by_file.program == by_text.program == sb.read(text).program
    assert by_file.name == "distance"
    assert sb.derive(by_file).gradients["w"].latex() == r"\frac{\partial L}{\partial w} = w - x"


def test_what_is_taken_for_granted_is_said():
    network = sb.read(r"Z = X W + b, L = \frac1N\|Z\|_F^2", let=["X: data[n, d]", "W: parameter[d, c]", "b: parameter[c]"])
    assert "Z: a vector is added to every row" in network.notes
    assert "L: N is read as the number of rows, n" in network.notes


@pytest.mark.parametrize("frame", ["{}", "$${}$$", r"\[{}\]", "${}$", "{}\n"])
def test_a_line_that_is_an_equation_begins_one(frame):
    lines = [r"\hat y = W x", "e = \\hat y\n- y", "z = \\sum_{j=1}^n\nW_{1j} x_j\n+ 1", r"L = \|e\|^2 + z"]
    text = "\n".join(frame.format(line) for line in lines)
    net = sb.read(text, let=["W: parameter[k, n]", "x: data[n]", "y: data[k]"])
    rng = np.random.default_rng(0)
    W, x, y = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3)
    assert np.isclose(sb.compile(net).value(W=W, x=x, y=y), np.sum((W @ x - y) ** 2) + W[0] @ x + 1)
