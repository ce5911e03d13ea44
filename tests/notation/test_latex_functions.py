r"""Functions, labels and limits in LaTeX networks, D(x) = ..., c_{y_i}, \sum_{j<i}: each is the network that its paper means."""

import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.evaluate.domains import defined

GAN = ["x: data[m, d]", "z: data[m, k]", "w: parameter[d]", "W: parameter[d, k]"]
VECTORS = ["a: parameter[n]", "b: data[n]", "c: data[n]"]
SERIES = ["s: parameter[n]", "c: data[n]"]
# name: declarations, LaTeX, the same in the network language
MEANT = {
    "a letter that names data": (
        GAN,
        r"D(x) = \sigma(w^\top x), G(z) = \tanh(W z), L = -\frac1m\sum_{i=1}^m \left[\log D(x^{(i)}) + \log(1 - D(G(z^{(i)})))\right]",
        "L = -mean(log(sigmoid(x @ w)) + log(1 - sigmoid(tanh(z @ W.T) @ w)))",
    ),
    "a value where it is called so": (
        ["x: data[d]", "w: parameter[d]", "y: data"],
        r"f(x) = w^\top x, L = (f(x) - y)^2 + f^2",
        "f = dot(w, x)\nL = (f - y)**2 + f**2",
    ),
    "an index behind the brackets": (
        ["z: parameter[n]", "y: data[n]"],
        r"f(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}, L = -\sum_i y_i \log f(z)_i",
        "f = exp(z) / sum(exp(z))\nL = -sum(y * log(f))",
    ),
    "a softmax of one's own": (
        ["z: parameter[n]", "y: data[n]"],
        r"\sigma(z)_{k} = \frac{e^{z_k}}{\sum_j e^{z_j}}, L = -\sum_k y_k \log \sigma(z)_k",
        "L = -sum(y * log(exp(z) / sum(exp(z))))",
    ),
    "a logarithm that is given": (
        ["x: data[n]", "W: parameter[n, k]", "z: parameter[k]"],
        r"\log p(x|z) = -\frac{1}{2} \|x - Wz\|^2, L = -\log p(x|z)",
        "L = sum((x - W @ z)**2)/2",
    ),
    "logarithms of two densities of one letter": (
        ["x: data[n]", "W: parameter[n, k]", "z: parameter[k]"],
        r"\log p_\theta(x \mid z) = -\frac{1}{2} \|x - Wz\|^2, \ln p_\theta(z) = -\|z\|^2, "
        r"L = -\log p_\theta(x \mid z) - \ln p_\theta(z)",
        "L = sum((x - W @ z)**2)/2 + sum(z**2)",
    ),
    "entries of a matrix by a small letter": (
        ["D: data[n, n]", "x: parameter[n, k]"],
        r"L = \sum_{i<j} (\|x_i - x_j\|^2 - d_{ij})^2",
        "L = sum(triu((sum((x[:, None] - x[None])**2, axis=-1) - D)**2, 1))",
    ),
    "an entry": (["x: parameter[n]"], r"f(x) = \tanh(x), L = \sum_i f(x_i)", "L = sum(tanh(x))"),
    "two arguments": (
        ["X: parameter[n, d]", "alpha: data[n]"],
        r"k(x, y) = \exp(-\|x - y\|^2), L = \sum_{i,j} \alpha_i \alpha_j k(X_i, X_j)",
        "L = alpha @ exp(-sum((X[:, None] - X[None])**2, axis=-1)) @ alpha",
    ),
    "values that are called as functions are": (
        VECTORS,
        r"\mathrm{mean} = \frac1n \sum_i a_i, \mathrm{var} = \frac1n \sum_i (a_i - \mathrm{mean})^2, L = \mathrm{var} \cdot \sum_i b_i^2",
        "L = var(a)*sum(b**2)",
    ),
    "a largest whose letter another sum has": (
        ["A: parameter[n, m]"],
        r"P_{ij} = \frac{e^{A_{ij} - \max_k A_{ik}}}{\sum_k e^{A_{ik} - \left(\max_l A_{il}\right)}}, L = \sum_{i,j} P_{ij}^2",
        "L = sum(softmax(A)**2)",
    ),
    "arguments that change places": (VECTORS, r"f(a, b) = a^\top (b \odot b), L = f(b, a)", "L = dot(b, a*a)"),
    "accents and alphabets": (
        [*VECTORS, "w: parameter[n]"],
        r"\ell(\hat{\mathbf{y}}, y) = \|\hat{\mathbf y} - y\|^2, L = \ell(a \odot w, b)",
        "L = sum((a*w - b)**2)",
    ),
    "a sum whose letter is the argument's": (
        VECTORS,
        r"f(z) = \sum_j (z - c_j)^2, L = \sum_j b_j f(a_j)",
        "L = dot(b, sum((a[:, None] - c[None])**2, axis=1))",
    ),
    "a function of an index": (
        VECTORS, r"p(k) = \frac{e^{a_k}}{\sum_j e^{a_j}}, L = -\sum_j b_j \log p(j)", "L = -sum(b*log(softmax(a)))",
    ),
    "a function in its own argument": (["x: parameter"], r"f(x) = \sin(x), L = f(f(x))", "L = sin(sin(x))"),
    "a fraction of its argument": (VECTORS, r"f(z) = \frac{z}{1 + |z|}, L = \sum_i f(a_i)", "L = sum(a/(1 + abs(a)))"),
    "parameters behind a semicolon": (VECTORS, r"f(x; b) = b^\top x, L = f(a; b)^2", "L = dot(a, b)**2"),
    "a name below a letter": (
        ["a: parameter", "W_z: parameter"], r"f(z) = W_z z + \tanh z, L = f(a)^2", "L = (W_z*a + tanh(a))**2",
    ),
    "transmittance": (
        SERIES, r"T_i = \exp\left(-\sum_{j=1}^{i-1} s_j\right), L = \sum_i T_i c_i", "L = dot(exp(-(cumsum(s) - s)), c)",
    ),
    "entries before": (SERIES, r"T_i = \sum_{j<i} s_j, L = \sum_i T_i^2", "L = sum((cumsum(s) - s)**2)"),
    "entries from its own on": (SERIES, r"T_i = \sum_{j=i}^{n} s_j, L = \sum_i T_i^2", "L = sum(cumsum(s[::-1])**2)"),
    "center loss": (
        ["x: parameter[m, d]", "c: parameter[k, d]", "y: integers[m, k]"],
        r"L = \frac12\sum_{i=1}^m\|x_i - c_{y_i}\|_2^2",
        "L = sum((x - c[y])**2)/2",
    ),
    "a label in a superscript": (
        ["x: parameter[m]", "c: parameter[k]", "y: integers[m, k]"], r"L = \sum_i (x^{(i)} - c_{y^{(i)}})^2", "L = sum((x - c[y])**2)",
    ),
    "the entry of the label": (
        ["S: parameter[n, k]", "y: integers[n, k]"],
        r"L = \frac1n\sum_i \sum_{j \neq y_i} \max(0, S_{ij} - S_{i y_i} + 1)",
        "s = S[arange(n), y]\nL = (sum(maximum(0, S - s[:, None] + 1)) - n)/n",
    ),
    "arcface": (
        ["theta: parameter[n]", "s: positive", "m: positive", "y: integers[N, n]"],
        r"L = -\frac1N\sum_{i=1}^N\log\frac{e^{s\cos(\theta_{y_i} + m)}}{e^{s\cos(\theta_{y_i}+m)} + \sum_{j=1,j\neq y_i}^n e^{s\cos\theta_j}}",
        "a = exp(s*cos(theta[y] + m))\nL = -mean(log(a/(a + sum(exp(s*cos(theta))) - exp(s*cos(theta[y])))))",
    ),
    "word2vec": (
        ["v_c: parameter[d]", "u: parameter[w, d]", "o: integers[w]"],
        r"J = -\log \frac{\exp(u_o^\top v_c)}{\sum_{k} \exp(u_k^\top v_c)}",
        "J = -dot(u[o], v_c) + log(sum(exp(u @ v_c)))",
    ),
    "a size with a subscript": (
        ["Q: parameter[n, d_k]", "K: data[n, d_k]"],
        r"A = \mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right), L = \|A K\|_F^2",
        "L = sum((softmax(Q @ K.T/sqrt(d_k)) @ K)**2)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANT)
def test_it_is_the_network_that_is_meant(name: str) -> None:
    declared, latex, text = MEANT[name]
    ours, theirs = sb.read(latex, let=declared), sb.read("\n".join([*declared, text]))
    _, values = defined(theirs.program, seed=1)
    found, expected = (sb.compile(net).value_and_grad(values) for net in (ours, theirs))
    assert found[0] == pytest.approx(expected[0], rel=1e-9)
    for w, gradient in expected[1].items():
        assert found[1][w] == pytest.approx(gradient, rel=1e-8, abs=1e-10), w


REFUSED = [
    (r"f(a) = \sin(a), L = f(1 - f)", "f stands alone as well as before (1-f)"),
    (r"f(a) = \sin(a), L = f(a, b)", "f is defined at (a) and stands before (a, b)"),
    (r"f(a_1) = \sin(a), L = f(b)", "Define it with a letter for each argument"),
    (r"L = \sum_i (b_i - c_y)^2", "y holds several labels. Say which one is meant: y_i."),
    (r"L = \sum_i c_{a_i}", "a is not declared."),
    (r"T_i = \sum_{j=1}^{h-1} c_j, L = \sum_i T_i", "h is not declared"),
]


@pytest.mark.parametrize(("latex", "words"), REFUSED)
def test_what_may_mean_two_things_is_refused(latex: str, words: str) -> None:
    with pytest.raises(SymbackpropError) as told:
        sb.read(latex, let=["a: parameter", "b: data[n]", "c: data[k]", "y: integers[n, k]"])
    assert words in str(told.value)


OF_PAPERS = {
    "a policy": (
        r"J = \frac1N\sum_{i=1}^N \log \pi(a_i | s_i) G_i, \pi(a|s) = \frac{\exp(\theta_a^\top s)}{\sum_{b=1}^K \exp(\theta_b^\top s)}, "
        r"s_i \in \mathbb{R}^d, a_i \in \{1,\dots,K\}, \theta_b \in \mathbb{R}^d, G \in \mathbb{R}^N",
        "S: data[N, d]\na: integers[N, K]\ntheta: parameter[K, d]\nG: data[N]\n"
        "Z = S @ theta.T\nJ = mean(log_softmax(Z, axis=1)[arange(N), a] * G)",
    ),
    "values of actions": (
        r"L = \sum_{i=1}^N (r_i - Q(s_i, a_i))^2, Q(s, a) = w_a^\top s, s_i \in \mathbb{R}^d, a_i \in \{1, \dots, K\}, "
        r"w_1, \dots, w_K \in \mathbb{R}^d, r \in \mathbb{R}^N",
        "S: data[N, d]\na: integers[N, K]\nW: parameter[K, d]\nr: data[N]\nL = sum((r - (S @ W.T)[arange(N), a])**2)",
    ),
    "a likelihood": (
        r"L = -\sum_{i=1}^n \log p(y_i | x_i), p(y|x) = \sigma(w^\top x)^y (1 - \sigma(w^\top x))^{1-y}, x_i \in \mathbb{R}^d, "
        r"y_i \in \{0,1\}, w \in \mathbb{R}^d",
        "X: data[n, d]\ny: binary[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))",
    ),
    "a kernel": (
        r"L = \sum_{i=1}^n \sum_{j=1}^n c_i c_j k(x_i, x_j), k(x, x') = (x^\top x' + 1)^2 \exp(-\|x - x'\|^2), x_i \in \mathbb{R}^d, "
        r"c \in \mathbb{R}^n",
        "X: data[n, d]\nc: data[n]\nD = sum((X[:, None] - X[None])**2, axis=2)\nL = c @ ((X @ X.T + 1)**2 * exp(-D)) @ c",
    ),
}


@pytest.mark.parametrize("name", OF_PAPERS)
def test_functions_as_papers_write_them(name: str) -> None:
    latex, text = OF_PAPERS[name]
    ours, theirs = sb.read(latex), sb.read(text)
    _, values = defined(theirs.program, seed=2)
    for wrt in ([t.name for t in theirs.program.inputs if t.kind == "parameter"] or ["c"], ["S"] if "S" in values else ["X"]):
        found, expected = (sb.compile(net, wrt=wrt).value_and_grad(values) for net in (ours, theirs))
        assert found[0] == pytest.approx(expected[0], rel=1e-9)
        for w, gradient in expected[1].items():
            assert found[1][w] == pytest.approx(gradient, rel=1e-8, abs=1e-10), w


ENDLESS = [
    (
        r"K_{ij} = \exp(-\|x_i - x_j\|^2){}, L = y^\top K y, x_i \in \mathbb{R}^d, y \in \mathbb{R}^n",
        "i and j run",
        {"X": 2, "y": 1},
    ),
    (r"r_i = y_i - x_i^\top w{}, L = \|r\|^2, x_i, w \in \mathbb{R}^d, y_i \in \mathbb{R}", "i runs", {"X": 2, "w": 1, "y": 1}),
    (
        r"\hat y_i = w^\top x_i{}, L = (y_1 - \hat y_1)^2, x_i, w \in \mathbb{R}^d, y_i \in \mathbb{R}",
        "i runs",
        {"X": 2, "w": 1, "y": 1},
    ),
]


@pytest.mark.parametrize(("latex", "run", "axes"), ENDLESS)
def test_indices_that_nothing_ends_are_asked_for(latex: str, run: str, axes: dict[str, int]) -> None:
    with pytest.raises(SymbackpropError, match=f"how far {run} is not said") as told:
        sb.read(latex.replace("{}", "", 1))
    said = str(told.value).partition("behind the formula: ")[2].partition(".\n")[0]
    assert {t.name: len(t.shape) for t in sb.read(latex.replace("{}", f" {said}", 1)).program.inputs} == axes


def test_matrices_of_a_domain_for_each_index_are_told_what_to_write() -> None:
    mixture = (
        r"L = \sum_{i=1}^N \log \sum_{k=1}^K \pi_k \mathcal{N}(x_i; \mu_k, \Sigma_k), x_i, \mu_k \in \mathbb{R}^d, \pi \in \mathbb{R}^K, "
        r"\Sigma_k \in {}"
    )
    with pytest.raises(SymbackpropError, match="a matrix for each k has no set of its own") as told:
        sb.read(mixture.replace("{}", r"\mathbb{S}^d_{++}"))
    said = str(told.value).partition("Write ")[2].partition(".\n")[0]
    assert {t.name: len(t.shape) for t in sb.read(mixture.replace("{}", said)).program.inputs}["Sigma"] == 3


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\log p(x) = -x^2, L = p(x)", "p is known by its logarithm alone"),
        (r"\log x_i = y_i, L = \sum_i \log x_i", "the left side is no name"),
    ],
)
def test_a_left_side_that_is_a_logarithm_names_no_declared_value(latex: str, words: str) -> None:
    with pytest.raises(SymbackpropError, match=words):
        sb.read(f"x: parameter{'[n]' if 'x_i' in latex else ''}\ny: data[n]\n{latex}")
