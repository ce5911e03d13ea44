r"""Networks in LaTeX as people write them, each equal in loss and gradients to the same network in the network language."""

import contextlib
import re

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.notation import NotationError
from tests.notation.values import point

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
    "norms by two bars": (
        ["W_1: parameter[m, n]", "W_2: parameter[k, m]", "x: data[n]", "y: data[k]", "lam: data"],
        r"L = \frac12||W_2 \tanh(W_1 x) - y||^2 + \lambda ||W_1||_F^2 + \left|\left| x \right|\right| + ||x||_1 + ||\lambda| - 1|",
        "L = sum((W_2 @ tanh(W_1 @ x) - y)**2)/2 + lam*sum(W_1**2) + norm(x) + sum(abs(x)) + abs(abs(lam) - 1)",
    ),
    "norms by a macro": (
        ["W_1: parameter[m, n]", "x: data[n]", "y: data[m]"],
        r"L = \norm{W_1 \frac{x}{\norm{x}} - y}_2^2 + \norm{W_1}_F",
        "L = sum((W_1 @ (x/norm(x)) - y)**2) + sqrt(sum(W_1**2))",
    ),
    "softmax and cross entropy": (
        ["W: parameter[c, n]", "b: parameter[c]", "x: data[n]", "y: labels[c]"],
        r"p = \operatorname{softmax}(W x + b), \quad L = -\sum_k y_k \log p_k",
        "p = softmax(W @ x + b)\nL = -sum(y*log(p))",
    ),
    "a sum over two signs": (
        ["w: parameter[n]", "x: data[n]"],
        r"L = \sum_{y \in \{-1, 1\}} \log(1 + e^{-y w^\top x}) + \sum_{s\in\{+1,-1\}} \sum_i (w_i - 2 s x_i)^2",
        "L = log(1 + exp(w @ x)) + log(1 + exp(-w @ x)) + sum((w + 2*x)**2) + sum((w - 2*x)**2)",
    ),
    "a sum over numbers, and one within it": (
        ["w: parameter", "v: parameter[n]", "x: data[n]"],
        r"L = \sum_{a \in \{0.5, -2\}} \sum_{b \in \{0, 1, 3\}} (a w - b)^2 w^b / (a + 4) + \sum_i \prod_{k \in \{1, 2\}} (x_i - k v_i)",
        "L = sum((x - v)*(x - 2*v))"
        + "".join(f" + (({a})*w - {b})**2 * w**{b} / (({a}) + 4)" for a in (0.5, -2) for b in (0, 1, 3)),
    ),
    "a sum over two classes": (
        ["X: data[n, d]", "w: parameter[d]", "y: integers[n, 2]"],
        r"L = -\frac1n \sum_i \sum_{c \in \{0,1\}} \mathbf{1}[y_i = c] \log \sigma((2c - 1) w^\top x_i)",
        "L = -mean((y == 0)*log(sigmoid(-(X @ w))) + (y == 1)*log(sigmoid(X @ w)))",
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
    "hinge by dots, and pairs": (
        ["X: data[n, d]", "w: parameter[d]", "y: data[n]", "b: parameter"],
        r"L = \tfrac12 w \cdot w + \sum_{i} \max(0, 1 - y_i (w \cdot x_i + b)) + \sum_{i,j} y_i y_j (x_i \cdot x_j)",
        "L = dot(w, w)/2 + sum(maximum(0, 1 - y*(X @ w + b))) + y @ (X @ X.T) @ y",
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


REFUSED = [
    (MLP, r"\hat y = W_2 \sigma(W_3 x), L = \|\hat y - u\|^2", "W_3 and u are not declared. Declare them in lines of their own: W_3: parameter[m, n]; u: parameter[k]."),
    (MLP, r"\hat y = W_2 \phi(W_1 x), L = \|\hat y - y\|^2", r"phi is not declared. Declare it in a line of its own: phi: function. Or write the function out: \phi(z) = \tanh(z)."),
    (MLP, r"\hat y = W_1 W_2 x, L = \|\hat y - y\|^2", "no bracketing of this product fits the shapes"),
    (MLP, r"\hat y = W_2 W_1 x, L = \|\hat y - x\|^2", "cannot be added"),
    (MLP, r"z = W_1 x, \ L = z z", r"L can be read as"),
    (MLP, r"z = W_1 x, z = W_1 x, L = \|z\|^2", "z is defined twice. A name keeps its value: write z_2."),
    (MLP, r"x = W_1 x, L = \|x\|^2", "x is declared, and defined here."),
    (MLP, r"a = \tanh(b), b = \tanh(a), L = a^2", "a is defined by b, in a circle."),
    (MLP, r"s_t = \tanh(s_{t-1}), L = \sum_t s_t^2", r"how far t runs is not said. Write it behind the formula: \text{for } t = 1, \ldots, T."),
    (MLP, r"2 \hat y = W_1 x, L = \|\hat y\|^2", "the left side is no name"),
    (MLP, r"\hat y = W_1 x, L = \frac{\partial \hat y}{\partial x}", "a derivative has no place in a network"),
    (MLP, r"\hat y = W_1 x, \|\hat y\|^2", "this formula is no equation."),
    (MLP, r"(\)02)", "there is no equation."),
    (MLP, r"\hat y = W_1 x, L = \int \hat y", r"\int is not read"),
    (MLP, r"\hat y \geq W_1 x", "a comparison is no claim"),
    (MLP, r"L = \|\softmx(W_1 x)\|^2", r"\softmx is not read"),
    (MLP, r"\mathrm{mean} = \|W_1 x\|^2, L = \mathrm{mean}(x)", r"called as the function. Call the value otherwise, or write"),
    (MLP, r"\mathrm{mean} = \|W_1 x\|^2, L = e^{-\mathrm{mean} \|x\|^2}", r"a product as mean \cdot (...)"),
    (MLP, "\\alpha", "alpha is not declared"),
    (MLP, r"L = \lambda \|W_1 x\|^2 + \sqrt{\epsilon}", "lam: data; eps = 1e-5."),
    (MLP, r"L = \sum_i \alpha_i x_i + \tilde{b}_1^2", "alpha: data[n]; btilde_1: parameter."),
    ([], r"L = \|w x\|^2", "w and x are not declared."),
    ([], r"L = (w^T x - \cos y)^2", "w and x and y are not declared."),
    ([], r"L = \mathrm{tr}(x) + \cos y", "x and y are not declared."),
    ([], r"L = (W + x)^2 - \cos x", "W and x are not declared."),
    (["p: parameter"], r"L = \log p_t", "p is a number: p_t is none of its entries. Declare p_t: data, or p with an axis: p: data[n]."),
    (["X: data[n, d]"], r"L = \mathbb{E}[X]", "an expectation does not say over what."),
    (["x: data[n]", "y: data[m]", "X: data[n, d]"], r"L = \|[x, X]\|^2", "these do not fit beside each other."),
    ([], r"\min_w \|w\|^2, w \in \mathbb{R}^{n + \frac12}", "w is not declared."),
    ([], r"x \in \mathbb{R}^d, W \in \mathbb{R}^{h \times d}", "there is no equation."),
    (["x: data[n]", "w: parameter[n]"], r"L = -\frac1n \sum_{i=1}^n x_i w_i + \log(1 - w_i)", r"i runs in a sum, and stands behind it as well. Put all that the sum is of in brackets: \sum_i \left[ ... \right]."),
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


# LaTeX that says of its inputs itself -> the same in the network language
TOLD = {
    "sets, and what is minimised": (
        r"""\min_{w, b} \frac1n \sum_{i=1}^n \log(1 + \exp(-y_i (w^\top x_i + b))) + \frac{\lambda}{2} \|w\|^2,
            \quad x_i \in \mathbb{R}^d, y_i \in \{-1, 1\}, w \in \mathbb{R}^d, b \in \mathbb{R}, \lambda > 0""",
        "X: data[n, d]\ny: sign[n]\nw: parameter[d]\nb: parameter\nlam: positive\n"
        "L = sum(log(1 + exp(-y*(X @ w + b))))/n + lam*sum(w**2)/2",
    ),
    "several names before one set, the parameters by their names": (
        r"""Let $x, y \in \mathbb{R}^d$ and $W \in \mathbb{R}^{d \times d}$, $L = \|y - W x\|^2$""",
        "x: data[d]\ny: data[d]\nW: parameter[d, d]\nL = sum((y - W @ x)**2)",
    ),
    "labels among classes, line by line": (
        r"""$W \in \mathbb{R}^{K \times d}$, $b \in \mathbb{R}^K$, $x_i \in \mathbb{R}^d$, $y_i \in \{1, \ldots, K\}$
            $z_i = W x_i + b$
            $p_{ik} = \frac{\exp z_{ik}}{\sum_{j=1}^K \exp z_{ij}}$
            $\mathcal{L} = -\frac{1}{N}\sum_{i=1}^{N} \log p_{i y_i}$""",
        "W: parameter[K, d]\nb: parameter[K]\nX: data[N, d]\ny: integers[N, K]\n"
        "z = X @ W.T + b\np = softmax(z)\nL = -sum(log(p)[arange(N), y])/N",
    ),
    "an index over a set that is written out, binary labels, samples above": (
        r"""J(\theta) = -\frac1m \sum_i \left[y^{(i)} \log h^{(i)} + (1 - y^{(i)}) \log(1 - h^{(i)})\right], \quad h^{(i)} = \sigma(\theta^\top x^{(i)}),
            \quad i \in \{1, \dots, m\}, \quad x^{(i)} \in \mathbb{R}^n, y^{(i)} \in \{0, 1\}, \theta \in \mathbb{R}^n""",
        "X: data[m, n]\ny: binary[m]\ntheta: parameter[n]\nh = sigmoid(X @ theta)\n"
        "J = -sum(y*log(h) + (1 - y)*log(1 - h))/m",
    ),
    "names in LaTeX before a colon": (
        """% \\hat{A}: symmetric[n]
           % $W^{(1)}$: parameter[d, h]
           % \\lambda, \\mu_{1,2}: positive
           % \\mathbf{X}: data[n, d]
           L = \\|\\tanh(\\hat A \\mathbf{X} W^{(1)})\\|_F^2 + \\lambda\\|W^{(1)}\\|_F^2 + \\mu_{1,2}""",
        "Ahat: symmetric[n]\nW_1: parameter[d, h]\nlam: positive\nmu_1_2: positive\nX: data[n, d]\n"
        "L = sum(tanh(Ahat @ X @ W_1)**2) + lam*sum(W_1**2) + mu_1_2",
    ),
    "what is sought on the left, matrices in cones, sizes with words": (
        r"""\hat{\Sigma} = \arg\min_{\Sigma} \; \mathrm{tr}(S \Sigma) - \log\det \Sigma,
            \Sigma \in \mathbb{S}^{d_{\text{in}}}_{++}, S \in \mathbb{S}^{d_{\text{in}}}_{+}""",
        "Sigma: parameter[d_in, d_in] & spd\nS: symmetric[d_in]\nL = trace(S @ Sigma) - logdet(Sigma)",
    ),
    "under a word, and a value that is no input": (
        r"""\underset{U, V}{\text{minimize}} \; \|E\|_F^2, \quad E = R - U V^T, \quad E, R \in \mathbb{R}^{m \times n},
            U \in \mathbb{R}^{m \times k}, V \in \mathbb{R}^{n \times k}""",
        "R: data[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nE = R - U @ V.T\nL = sum(E**2)",
    ),
    "vectors below each other, entry by entry": (
        r"""f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f), \quad \tilde{C}_t = \tanh(W_C \cdot [h_{t-1}; x_t]),
            \quad C_t = f_t * C_{t-1} + (1 - f_t) * \tilde{C}_t, \quad L = \sum_j (C_t)_j
            % W_f: parameter[h, h + d]
            % W_C: parameter[h, h + d]
            % b_f: parameter[h]
            % h_{t-1}: data[h]
            % C_{t-1}: data[h]
            % x_t: data[d]""",
        "W_f: parameter[h, h + d]\nW_C: parameter[h, h + d]\nb_f: parameter[h]\nh_prev: data[h]\nC_prev: data[h]\nx_t: data[d]\n"
        "u = concatenate([h_prev, x_t])\nf_t = sigmoid(W_f @ u + b_f)\nctilde = tanh(W_C @ u)\nL = sum(f_t*C_prev + (1 - f_t)*ctilde)",
    ),
    "a document, whose size has the name of a value": (
        r"""\documentclass{article}
            \begin{document}
            \section{Model}
            Note: we are given samples $\{(x_i, y_i)\}_{i=1}^n$ with $x_i \in \mathbb{R}^d$ and $y_i \in \mathbb{R}$. The hidden layer of $x_i$ is
            \begin{equation}\label{eq:h}
            h_i = \sigma(W x_i), \quad W \in \mathbb{R}^{h \times d},
            \end{equation}
            and by \eqref{eq:h} we minimise
            \[ \ell(W, v) = \frac1n \sum_{i=1}^n (v^\top h_i - y_i)^2 \]
            over $W$ and $v \in \mathbb{R}^h$.
            \end{document}""",
        "X: data[n, d]\ny: data[n]\nW: parameter[n_h, d]\nv: parameter[n_h]\nh = sigmoid(X @ W.T)\nL = mean((h @ v - y)**2)",
    ),
    "pairs in a product of sets": (
        r"(x_i, y_i) \in \mathbb{R}^d \times \mathbb{R}, w \in \mathbb{R}^d, L = \sum_{i=1}^n (w^\top x_i - y_i)^2",
        "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)",
    ),
    "samples within a product of sets": (
        r"\mathcal{D} = \{(x_i, y_i)\}_{i=1}^n, \{(x_i, y_i)\}_{i=1}^n \subset \mathbb{R}^d \times \mathbb{R}, w \in \mathbb{R}^d, L = \sum_{i=1}^n (w^\top x_i - y_i)^2",
        "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)",
    ),
    "pairs that are counted": (
        r"(x_1, y_1), \ldots, (x_n, y_n) \in \mathbb{R}^d \times \mathbb{R}, w \in \mathbb{R}^d, L = \sum_{i=1}^n (w^\top x_i - y_i)^2",
        "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)",
    ),
    "samples that are counted": (
        r"x_1, \dots, x_n \in \mathbb{R}^d, y_1, \dots, y_n \in \mathbb{R}, w \in \mathbb{R}^d, L = \sum_i (w^\top x_i - y_i)^2",
        "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)",
    ),
    "numbers, where nothing is declared": (
        r"L = -y\log\hat y - (1-y)\log(1-\hat y), \quad \hat y = \frac{1}{1+e^{-z}}, \quad z = \theta_0 + \theta_1 x + \lambda",
        "theta_0: parameter\ntheta_1: parameter\nx: parameter\nlam: parameter\ny: parameter\n"
        "z = theta_0 + theta_1*x + lam\nyhat = 1/(1 + exp(-z))\nL = -y*log(yhat) - (1 - y)*log(1 - yhat)",
    ),
    "sums in sums, rows of a matrix beside a vector": (
        r"""Z^A, Z^B \in \mathbb{R}^{n \times d}, \quad C_{ij} = \sum_{b=1}^n Z^A_{b,i} Z^B_{b,j},
            \mathcal{L}_{\theta} = \sum_i (1 - C_{ii})^2 + \sum_i \sum_{j \neq i} C_{ij}^2 + \sum_{j=1}^{m} \mathrm{Swish}(W_j v),
            W \in \mathbb{R}^{m \times k}, v \in \mathbb{R}^k""",
        "Z_A: data[n, d]\nZ_B: data[n, d]\nW: parameter[m, k]\nv: parameter[k]\nC = Z_A.T @ Z_B\n"
        "L = sum((1 - diag(C))**2) + sum(C**2) - sum(diag(C)**2) + sum(silu(W @ v))",
    ),
    "expectations over samples": (
        r"""L = \mathbb{E}_{(s, a) \sim \mathcal{D}}\left[|\tau - \mathbb{1}(q - v < 0)| (q - v)^2\right] + \hat{\mathbb{E}}_t[r_t A_t]
            + \mathbb{E}[q]
            % q: data[n]
            % v: parameter[n]
            % r: parameter[T]
            % A: data[T]
            % \tau: unit""",
        "q: data[n]\nv: parameter[n]\nr: parameter[T]\nA: data[T]\ntau: unit\n"
        "L = mean(abs(tau - (q - v < 0))*(q - v)**2) + mean(r*A) + mean(q)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_a_text_says_of_its_inputs_declares_them(name):
    latex, text = TOLD[name]
    ours, theirs = sb.read(latex), sb.read(text)
    assert {(t.name, t.kind, t.domain, t.shape) for t in ours.program.inputs} == {
        (t.name, t.kind, t.domain, t.shape) for t in theirs.program.inputs
    }
    values = point(theirs)
    params = {t.name: values[t.name] for t in theirs.program.parameters}
    data = {n: a for n, a in values.items() if n not in params}
    value, gradients = sb.compile(ours).value_and_grad(params, data)
    true, true_gradients = sb.compile(theirs).value_and_grad(params, data)
    np.testing.assert_allclose(value, true, rtol=1e-10)
    for w, gradient in gradients.items():
        np.testing.assert_allclose(gradient, true_gradients[w], rtol=1e-9, atol=1e-12)


def test_parameters_that_are_guessed_by_their_names_are_said():
    network = sb.read(r"x \in \mathbb{R}^d, w \in \mathbb{R}^d, L = (w^\top x)^2")
    assert network.notes == ("Taken by their names: parameters w; data x. A declaration says otherwise: w: data.",)
    assert not sb.read(r"\min_w (w^\top x)^2, \quad x, w \in \mathbb{R}^d").notes


@pytest.mark.parametrize(
    "latex",
    [
        r"L = \sum_i \|x_i\|^2, \quad x_i \in \mathbb{R}^d",
        r"L = \sum_{i=1}^n \|x_i\|^2 + \sum_{i=1}^m z_i^2, \quad x_i \in \mathbb{R}^d, z_i \in \mathbb{R}",
    ],
)
def test_rows_of_which_nobody_knows_how_many_there_are_are_asked_for(latex):
    with pytest.raises(NotationError) as told:
        sb.read(latex)
    assert "how far is not said, or in two ways. Write \\sum_{i=1}^n, once alike, or declare the tensor: X: data[n, d]." in str(
        told.value
    )


@pytest.mark.parametrize(
    ("latex", "parameters"),
    [
        (
            r"f: \mathbb{R}^d \to \mathbb{R}, f(x) = \|A x - b\|^2, A \in \mathbb{R}^{m \times d}, b \in \mathbb{R}^m, x \in \mathbb{R}^d",
            "x",
        ),
        (
            r"\ell(\mu, \Sigma) = (x - \mu)^\top \Sigma^{-1} (x - \mu), x, \mu \in \mathbb{R}^d, \Sigma \in \mathbb{S}^d_{++}",
            "mu Sigma",
        ),
        (
            r"f(x) = W x + b, L(x, y) = \|f(x) - y\|^2, W \in \mathbb{R}^{k \times d}, b, y \in \mathbb{R}^k, x \in \mathbb{R}^d",
            "W b",
        ),
        (r"f(x) = A x, g(u, v) = u^\top f(v), A \in \mathbb{R}^{k \times d}, u \in \mathbb{R}^k, v \in \mathbb{R}^d", "u v"),
    ],
)
def test_what_a_value_is_a_function_of_is_a_parameter(latex, parameters):
    network = sb.read(latex)
    assert [t.name for t in network.program.parameters] == parameters.split()
    assert sb.check(network).ok


def test_a_declaration_is_above_what_a_set_says():
    network = sb.read(
        r"\hat y = w^\top x, x, w \in \mathbb{R}^d, \hat y \in \mathbb{R}, L = \hat y^2", let=["w: data[d]", "x: parameter[d]"]
    )
    assert [t.name for t in network.program.parameters] == ["x"]


def test_what_is_asked_for_can_be_written():
    text = "x \\in \\mathbb{R}^n, L = \\lambda \\|x\\|^2 + \\sqrt{\\epsilon}"
    with pytest.raises(NotationError) as told:
        sb.read(text)
    asked = re.search(r"own: (.*)\.", told.value.mend)[1]
    assert asked == "lam: data; eps = 1e-5"
    assert sb.check(sb.read("\n".join([*asked.split("; "), text]))).ok


@pytest.mark.parametrize(
    "latex",
    [
        r"f(x) = W x, \quad L = -f_y(x) + \log \sum_j e^{f_j(x)}",
        r"L = -\log \frac{e^{f_y}}{\sum_j e^{f_j}}, \quad f = W x",
        r"L = -\log p_{y}, \quad p = \mathrm{softmax}(W x)",
    ],
)
def test_an_entry_by_a_label_may_be_of_a_function(latex):
    network = sb.read(latex + r", \quad W \in \mathbb{R}^{C \times d}, x \in \mathbb{R}^d, y \in \{1, \dots, C\}")
    label = next(t for t in network.program.inputs if t.name == "y")
    assert (label.kind, str(label.bound)) == ("integers", "C")
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    scores = W @ x
    assert np.isclose(sb.compile(network).value(W=W, x=x, y=2), np.log(np.exp(scores).sum()) - scores[2])


def test_a_limit_that_is_an_index_and_the_name_of_a_size_is_said() -> None:
    f = r"f(x_n) = \sum_{i=1}^n a_i (x_i - x_n)^2, L = \sum_j f(x_j)^2"
    assert "f: a limit n is the index on the left, and not the size n." in sb.read(f, let=["x: data[n]", "a: parameter[n]"]).notes
    assert not sb.read(f, let=["x: data[N]", "a: parameter[N]"]).notes


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


BROKEN = [
    r"X \in \mathbb{R}^{n \times d_}, L = \|X\|_F^2",
    r"f(x) = x^2, L = f(x_1) - f(x_2,), x_1, x_2 \in \mathbb{R}",
    r"\max_{,} w^\top w, w \in \mathbb{R}^d",
    r"C = \sum_{i \neq C} p_i, p \in \mathbb{R}^n",
    r"L = \sum_i \begin{cases} r_i & \text{if } r_i > 0 \\ |r_i| L & \text{otherwise} \end{cases}, r \in \mathbb{R}^n",
    r"J = \sum_{i=1}^m \sum_{k=1}^K 1\{y_i = k\} \log \theta_k^\top x_i, y_i \in \{1, \dots, K\}, x_i \in \mathbb{R}^d",
]


@pytest.mark.parametrize("latex", BROKEN)
def test_a_slip_is_refused(latex):
    with pytest.raises(SymbackpropError):
        sb.read(latex)


@pytest.mark.parametrize("name", TOLD)
def test_a_text_with_slips_is_read_or_refused(name):
    rng = np.random.default_rng(len(name))
    signs = re.findall(r"\\[A-Za-z]+|\\.|\s+|.", TOLD[name][0], re.DOTALL)
    for _ in range(12):
        slipped = list(signs)
        for k in rng.integers(0, len(signs), 2):
            slipped[k] = slipped[rng.integers(0, len(signs))] if rng.random() < 0.5 else ""
        with contextlib.suppress(SymbackpropError):
            sb.read("".join(slipped))
