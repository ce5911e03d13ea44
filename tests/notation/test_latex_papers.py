r"""Marks in names, functions that count, the largest of some entries: losses as papers print them, against their values by hand."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import expit, gammaln, logsumexp
from scipy.stats import multivariate_normal, norm

import symbackprop as sb
from symbackprop.notation import NotationError
from tests.notation.values import point, value

LOSSES: dict[str, tuple[str, Callable[..., float]]] = {
    "a policy before": (
        r"L = \sum_{t=1}^T r_t A_t, r_t = \exp(\ell_t - \ell_t^{old}), \ell_t, \ell_t^{old}, A_t \in \mathbb{R}",
        lambda ell, ell_old, A: np.exp(ell - ell_old) @ A,
    ),
    "a pair of scores": (r"L = \log(1 + e^{-(s^+ - s^-)}), s^+, s^- \in \mathbb{R}", lambda s_plus, s_minus: np.log1p(np.exp(s_minus - s_plus))),
    "an optimum": (
        r"L = (w - w^\star)^\top A (w - w^{*}), w, w^\star \in \mathbb{R}^d, A \in \mathbb{R}^{d \times d}",
        lambda w, w_star, A: (w - w_star) @ A @ (w - w_star),
    ),
    "a step further": (
        r"\theta' = \theta - \alpha A\theta, L = \|\theta' - c\|^2, \theta, c \in \mathbb{R}^d, A \in \mathbb{R}^{d \times d}, \alpha \in \mathbb{R}",
        lambda theta, alpha, A, c: sum((theta - alpha * A @ theta - c) ** 2),
    ),
    "a next state": (
        r"L = (r + \gamma q' - q)^2, q = w^\top x, q' = w^\top x', w, x, x' \in \mathbb{R}^d, r, \gamma \in \mathbb{R}",
        lambda w, x, x_prime, r, gamma: (r + gamma * w @ x_prime - w @ x) ** 2,
    ),
    "negatives": (
        r"L = -\log\frac{e^{z^\top z^+}}{e^{z^\top z^+} + \sum_{k=1}^K e^{z^\top z_k^-}}, z, z^+, z_k^- \in \mathbb{R}^d",
        lambda z, z_plus, Z_minus: logsumexp([z @ z_plus, *(Z_minus @ z)]) - z @ z_plus,
    ),
    "a prime that is a transpose": (
        r"L = \frac1n (y - X\beta)'(y - X\beta), X \in \mathbb{R}^{n \times p}, y \in \mathbb{R}^n, \beta \in \mathbb{R}^p",
        lambda X, y, beta: np.mean((y - X @ beta) ** 2),
    ),
    "a prime that is a slope": (r"L = \sigma'(z) t, z, t \in \mathbb{R}", lambda z, t: expit(z) * (1 - expit(z)) * t),
    "positive numbers": (r"L = x\log x - a, x \in \mathbb{R}^+, a \in \mathbb{R}", lambda x, a: x * np.log(x) - a),
    "counts": (
        r"L = -\sum_{i=1}^n \left(y_i x_i^\top\beta - e^{x_i^\top\beta} - \log y_i!\right), \beta, x_i \in \mathbb{R}^p, y_i \in \mathbb{R}_{>0}",
        lambda X, y, beta: -sum(y * (X @ beta) - np.exp(X @ beta) - gammaln(y + 1)),
    ),
    "a beta density": (
        r"L = \log\frac{\Gamma(\alpha + \beta)}{\Gamma(\alpha)\Gamma(\beta)} + (\alpha - 1)\log x, \alpha, \beta > 0, x \in (0, 1)",
        lambda alpha, beta, x: gammaln(alpha + beta) - gammaln(alpha) - gammaln(beta) + (alpha - 1) * np.log(x),
    ),
    "a Dirichlet density": (
        r"L = \log\Gamma\left(\sum_k \alpha_k\right) - \sum_k \log\Gamma(\alpha_k), \alpha \in \mathbb{R}_{>0}^K",
        lambda alpha: gammaln(sum(alpha)) - sum(gammaln(alpha)),
    ),
    "ways to choose": (
        r"L = -\log\binom{n}{k} - k\log p - (n - k)\log(1 - p), n > 0, k > 0, p \in (0, 1)",
        lambda n, k, p: gammaln(k + 1) + gammaln(n - k + 1) - gammaln(n + 1) - k * np.log(p) - (n - k) * np.log(1 - p),
    ),
    "powers over factorials": (r"L = \frac{1}{0!} + x + \frac{x^2}{2!} + \frac{x^3}{3!}, x \in \mathbb{R}", lambda x: 1 + x + x**2 / 2 + x**3 / 6),
    "a normal density of samples": (
        r"L = -\sum_{i=1}^n \log \mathcal{N}(y_i \mid w^\top x_i, \sigma^2), w, x_i \in \mathbb{R}^d, y_i \in \mathbb{R}, \sigma > 0",
        lambda w, X, y, sigma: -norm(X @ w, sigma).logpdf(y).sum(),
    ),
    "a normal density of a vector": (
        r"L = -\log \mathcal N(x; \mu, \Sigma), x, \mu \in \mathbb{R}^d, \Sigma \in \mathbb{S}_{++}^d",
        lambda x, mu, Sigma: -multivariate_normal(mu, Sigma).logpdf(x),
    ),
    "a mixture of normal densities": (
        r"L = -\sum_{n=1}^N \log \sum_{k=1}^K p_k \mathcal{N}(x_n | \mu_k, \sigma_k^2), x_n, \mu_k \in \mathbb{R}, \sigma_k > 0, "
        r"p \in \Delta^{K-1}",
        lambda x, mu, sigma, p: -sum(np.log(sum(q * norm(m, s).pdf(x) for q, m, s in zip(p, mu, sigma, strict=True)))),
    ),
    "two lists of points": (
        r"L = \frac{1}{n^2} \sum_{i,j} k(x_i, x_j) - \frac{2}{nm} \sum_{i=1}^n \sum_{j=1}^m k(x_i, y_j), k(x, y) = e^{-\|x - y\|^2}, "
        r"x_1, \dots, x_n, y_1, \dots, y_m \in \mathbb{R}^d",
        lambda X, Y: np.mean(np.exp(-cdist(X, X) ** 2)) - 2 * np.mean(np.exp(-cdist(X, Y) ** 2)),
    ),
    "the best other class": (
        r"L = \max(0, 1 - s_y + \max_{j \neq y} s_j), s = W x, W \in \mathbb{R}^{K \times d}, x \in \mathbb{R}^d, y \in \{1, \dots, K\}",
        lambda W, x, y: max(0, 1 - (W @ x)[y] + np.delete(W @ x, y).max()),
    ),
    "the best other class of samples": (
        r"L = \sum_{i=1}^n [1 - s_{i,y_i} + \max_{j \ne y_i} s_{ij}]_+, s = X W, X \in \mathbb{R}^{n \times d}, W \in \mathbb{R}^{d \times K}, "
        r"y_i \in \{1, \dots, K\}",
        lambda X, W, y: sum(max(0, 1 - s[c] + np.delete(s, c).max()) for s, c in zip(X @ W, y, strict=True)),
    ),
    "the farthest of the nearest": (
        r"L = \max_i \min_{j \ne i} d_{ij}, d \in \mathbb{R}^{n \times n}",
        lambda d: max(np.delete(row, i).min() for i, row in enumerate(d)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_a_paper_has_its_value(name: str) -> None:
    text, of = LOSSES[name]
    network = sb.read(text)
    where = point(network)
    assert value(network, where) == pytest.approx(of(**where), rel=1e-9)


RESPELLED: dict[str, Callable[[str], str]] = {
    "transposes": lambda t: re.sub(r"\^\\top", r"^{\\intercal}", t),
    "brackets that do not grow": lambda t: t.replace(r"\left", "").replace(r"\right", ""),
    "fractions as quotients": lambda t: re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\\left(\\left(\1\\right)/\\left(\2\\right)\\right)", t),
    "norms": lambda t: re.sub(r"\\\|(.*?)\\\|", r"\\left\\lVert \1\\right\\rVert ", t),
    "bold": lambda t: re.sub(r"(?<![\\a-zA-Z{])([xwW])(?![a-zA-Z])", r"\\mathbf{\1}", t),
    "a display": lambda t: "\\begin{equation}\\label{loss}\n" + t + "\n\\end{equation}",
    "a sentence": lambda t: "We minimise $" + t + "$ by gradient descent.",
    "exponentials": lambda t: re.sub(r"(?<![a-zA-Z\\])e\^\{([^{}]*)\}", r"\\exp\\left(\1\\right)", t),
    "limits and styles": lambda t: r"\displaystyle " + t.replace(r"\sum", r"\sum\limits").replace(r"\frac", r"\dfrac"),
    "lines": lambda t: t.replace(", ", ",\n"),
    "braces": lambda t: re.sub(r"([_^])([a-zA-Z0-9])(?![a-zA-Z])", r"\1{\2}", t),
    "typed": lambda t: re.sub(r"\\in(?![a-z])", "∈", t).replace(r"\mathbb{R}", "ℝ").replace(r"\sum", "∑").replace(r"\mu", "μ").replace(r"\sigma", "σ"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("how", RESPELLED)
def test_a_spelling_changes_nothing(how: str) -> None:
    changed = 0
    for name, (text, of) in LOSSES.items():
        other = RESPELLED[how](text)
        changed += other != text
        network = sb.read(other)
        where = point(network)
        assert value(network, where) == pytest.approx(of(**where), rel=1e-9), (name, other)
    assert changed


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_its_box_is_read_back_and_right(name: str) -> None:
    network = sb.read(LOSSES[name][0])
    derivation = sb.derive(network, wrt=[t.name for t in network.program.inputs if t.kind in ("parameter", "data")])
    assert not derivation.box().missing
    names = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    claims = [(names.get(line.name, f"line {k}"), line.latex()) for k, line in enumerate(derivation.box().lines)]
    for judged in sb.verify(network, claims).claims:
        assert judged.right or judged.verdict == "abbreviation", f"{judged.name}: {judged.verdict}: {judged.given}"


def test_what_counts_is_of_any_size() -> None:
    """Gamma of 300 is no float, and its logarithm is."""
    network = sb.read(r"L = \log\frac{\Gamma(a)}{\Gamma(b)} + \log\binom{a}{b}, a, b > 0")
    at = {"a": np.array(400.0), "b": np.array(300.0)}
    want = gammaln(400) - gammaln(300) + gammaln(401) - gammaln(301) - gammaln(101)
    assert value(network, at) == pytest.approx(want, rel=1e-12)


def test_a_letter_may_be_called_gamma() -> None:
    network = sb.read(r"L = x^\top \Gamma x, x \in \mathbb{R}^d, \Gamma \in \mathbb{R}^{d \times d}")
    where = point(network)
    assert value(network, where) == pytest.approx(where["x"] @ where["Gamma"] @ where["x"])


@pytest.mark.parametrize(
    "text",
    [
        r"L = \max_{j < } s_j, s \in \mathbb{R}^n",
        r"L = \binom{n}, n > 0",
        r"L = !x, x > 0",
        r"L = \max_{1 \le 2} s_j, s \in \mathbb{R}^n",
        r"L = \Gamma, x > 0",
        r"f(x, y) = x y, L = f(x, ) + f(x, y), x, y \in \mathbb{R}",
        r"L = w^{*}^{*}, w \in \mathbb{R}",
    ],
)
def test_slips_are_refused(text: str) -> None:
    with pytest.raises(NotationError):
        sb.read(text)


@pytest.mark.parametrize(("text", "fault"), [
    (r"L = \sum_{i=1}^n \sum_{j \in N_i} (s_i - s_j)^2, s \in \mathbb{R}^n", "which j are in N_i is not said"),
    (r"L = \sum_{j \in S} s_j, s \in \mathbb{R}^n", "which j are in S is not said"),
    (r"L = \sum_{j \in [m]} s_j^2 + a^\top a, s \in \mathbb{R}^n, a \in \mathbb{R}^m", "j runs to n, and the sum goes to m"),
    (r"L = \prod_{j=1}^m s_j + a^\top a, s \in \mathbb{R}^n, a \in \mathbb{R}^m", "j runs to n, and the sum goes to m"),
    (r"L = \max_{j=1, \dots, 3} s_j, s \in \mathbb{R}^n", "max over j=1,dots,3 is not read"),
])  # fmt: skip
def test_a_sum_over_others_than_all_is_asked_about(text: str, fault: str) -> None:
    """Each was the sum over all, without a word."""
    with pytest.raises(NotationError, match=re.escape(fault)):
        sb.read(text)


def test_a_sum_over_some_that_are_told() -> None:
    network = sb.read(r"L = \sum_{j \in \{1, \dots, 3\}} s_j, s \in \mathbb{R}^n")
    assert value(network, {"s": np.array([1.0, 2, 4, 8, 16])}) == 7
