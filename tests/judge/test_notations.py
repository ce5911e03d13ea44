"""Notations of papers, courses and code: each is read as its writer means it, and what cannot be right is not called right."""

import pytest

import symbackprop as sb

NETWORKS = {
    "softmax": """
X: data[n, d]
Y: labels[n, k]
y: integers[n, k]
W: parameter[d, k]
b: parameter[k]
Z = X @ W + b
P = softmax(Z, axis=1)
L = -sum(Y*log(P))/n""",
    "picked": """
X: data[n, d]
y: integers[n, k]
W: parameter[d, k]
Z = X @ W
P = softmax(Z, axis=1)
L = -mean(log(P)[arange(n), y])""",
    "columns": """
X: data[d, m]
Y: binary[1, m]
W_1: parameter[h, d]
b_1: parameter[h, 1]
W_2: parameter[1, h]
b_2: parameter[1, 1]
Z_1 = W_1 @ X + b_1
A_1 = maximum(0, Z_1)
Z_2 = W_2 @ A_1 + b_2
A_2 = sigmoid(Z_2)
J = -sum(Y*log(A_2) + (1 - Y)*log(1 - A_2))/m""",
    "convolution": """
x: data[n]
w: parameter[3]
y: data[n - 2]
o = x[0:n-2]*w[0] + x[1:n-1]*w[1] + x[2:n]*w[2]
L = sum((o - y)**2)/2""",
    "pair": """
a: parameter[d]
b: parameter[d]
y: binary[()]
m: positive[()]
D = sqrt(sum((a - b)**2))
L = y*D**2 + (1 - y)*maximum(0, m - D)**2""",
    "focal": """
z: parameter[()]
gam: positive[()]
p = sigmoid(z)
L = -(1 - p)**gam*log(p)""",
    "largest": """
X: data[n, d]
w: parameter[d]
s = X @ w
L = max(s)**2/2""",
    "bilinear": """
x: data[m]
y: data[n]
A: parameter[m, n]
t: data[()]
s = x @ A @ y
L = (s - t)**2""",
    "tied": """
X: data[n, d]
W: parameter[d, k]
R = X @ W @ W.T
L = sum((R - X)**2)""",
}

RIGHT = [
    ("softmax", "b", r"\nabla_{b} \mathcal{L} = \frac{1}{n} \sum_{i=1}^{n} (P_{i:} - Y_{i:})"),
    ("softmax", "b", r"\frac1n\sum_i (P_{i,:} - Y_{i\cdot})"),
    ("softmax", "W", r"\frac{\partial L}{\partial W_{:,k}} = \frac1n \sum_{i=1}^n (P_{ik} - Y_{ik}) x_i"),
    ("softmax", "W", r"\frac{\partial L}{\partial W_{jk}} = \frac1n X_{:,j}^\top (P_{:,k} - Y_{:k})"),
    ("softmax", "Z", r"\frac{\partial L}{\partial Z_{i:}} := \frac1n\left(P_{i:} - Y_{i:}\right)"),
    ("picked", "Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(P_{ij} - \delta_{y_i j}\right)"),
    ("picked", "Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(P_{ij} - \delta_{j, y_i}\right)"),
    ("picked", "Z", r"\frac{\partial L}{\partial Z} = \frac1n\left(P - \operatorname{onehot}(y)\right)"),
    (
        "largest",
        "s",
        r"\frac{\partial L}{\partial s_i} = \begin{cases} \max_j s_j & \text{if } s_i = \max_j s_j \\ 0 & \text{otherwise}\end{cases}",
    ),
    ("columns", "b_2", r"db^{[2]} = \frac1m \sum_{i=1}^m (A^{[2](i)} - Y^{(i)})"),
    (
        "columns",
        "W_1",
        r"dW^{[1]} = \frac1m \left(W^{[2]\top} (A^{[2]} - Y) \odot \mathbf{1}_{Z^{[1]} > 0}\right) {A^{[0]}}^{\top}",
    ),
    ("columns", "W_1", "1/m*((W_2.T @ (A_2 - Y))*(Z_1 > 0)) @ A_0.T"),
    ("convolution", "w", r"\frac{\partial L}{\partial w_k} = \sum_{i=0}^{n-3} (o_i - y_i)\, x_{i+k}"),
    ("pair", "a", r"\nabla_a L = 2y(a-b) - 2(1-y)\,[m - \|a-b\|]_+ \frac{a-b}{\|a-b\|_2}"),
    ("focal", "p", r"\frac{dL}{dp} = \gamma (1-p)^{\gamma - 1}\log p - \frac{(1-p)^{\gamma}}{p}"),
]


@pytest.mark.parametrize(("name", "wrt", "claim"), RIGHT)
def test_what_people_write_is_read(name: str, wrt: str, claim: str) -> None:
    assert sb.verify(sb.read(NETWORKS[name]), {wrt: claim}).verdict == "right, identity"


WRONG = [
    ("softmax", "b", r"\sum_{i} (P_{i:} - Y_{i:})", "up to convention"),
    ("softmax", "b", r"\frac1n\sum_i (Y_{i:} - P_{i:})", "up to convention"),
    ("softmax", "W", r"\frac{\partial L}{\partial W_{:,k}} = \frac1n \sum_{i=1}^n (P_{ik} + Y_{ik}) x_i", "wrong"),
    ("picked", "Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(P_{ij} + \delta_{y_i j}\right)", "wrong region"),
    ("columns", "W_1", "1/m*((W_2.T @ (A_2 - Y))*(Z_1 > 0)) @ A_1.T", "wrong shape"),
    ("convolution", "w", r"\frac{\partial L}{\partial w_k} = \sum_{i=1}^{n-2} (o_i - y_i)\, x_{i}", "wrong"),
    ("pair", "a", r"2y(a-b) + 2(1-y)\,[m - \|a-b\|]_+ \frac{a-b}{\|a-b\|_2}", "wrong"),
]


@pytest.mark.parametrize(("name", "wrt", "claim", "kind"), WRONG)
@pytest.mark.slow
def test_the_same_notations_are_wrong_where_they_are_wrong(name: str, wrt: str, claim: str, kind: str) -> None:
    result = sb.verify(sb.read(NETWORKS[name]), {wrt: claim})
    assert (result.claims[0].kind, result.exit_code) == (kind, 1)


UNFIT = [
    ("tied", "W", "2*W.T @ (R - X)", "the inner sizes differ"),
    ("tied", "W", "2*X.T @ (R - X) + W", "the shapes do not broadcast"),
    ("tied", "W", r"\nabla_W L = 2 (R - X) R^\top W X", "no bracketing of this product fits the shapes"),
    ("tied", "W", r"\nabla_W L = 2 X^\top (R - X) + 2 W", "a matrix (d, d) and a matrix (d, k) cannot be added"),
]


@pytest.mark.parametrize(("name", "wrt", "claim", "words"), UNFIT)
def test_a_product_that_fits_in_no_way_is_a_wrong_shape(name: str, wrt: str, claim: str, words: str) -> None:
    result = sb.verify(sb.read(NETWORKS[name]), {wrt: claim})
    assert result.verdict.startswith("wrong shape: <claim>:1:")
    assert words in result.verdict
    assert result.exit_code == 1
    assert result.correct


@pytest.mark.slow
def test_a_product_that_does_not_fit_in_a_derivation_stands_for_the_truth_later() -> None:
    steps = [("D", "2*W.T @ (R - X)", "dL/dR"), ("W", "D.T @ X @ W + X.T @ D @ W")]
    result = sb.verify(sb.read(NETWORKS["tied"]), steps)
    assert [c.kind for c in result.claims] == ["wrong shape", "right, identity"]
    assert result.first_wrong_step == 0


def test_an_inner_product_for_an_outer_one_is_right_only_if_vectors_are_rows() -> None:
    """x^T y is a number where vectors are columns, and x y^T where they are rows: neither right nor wrong."""
    result = sb.verify(sb.read(NETWORKS["bilinear"]), {"A": r"2 (s-t)\, x^\top y"})
    assert result.verdict.startswith("undecided: right if read as")
    assert sb.verify(sb.read(NETWORKS["bilinear"]), {"A": r"2 (s-t)\, x y^\top"}).verdict == "right, identity"


def test_a_letter_is_not_taken_for_the_gradient_that_is_claimed() -> None:
    result = sb.verify(sb.read(NETWORKS["focal"]), {"p": r"\frac{dL}{dp} = \eta (1-p)"})
    assert result.claims[0].kind in ("undecided", "not understood")
    assert "eta" in result.verdict


HIDDEN = "dA = W_2.T @ (A_2 - Y)/m\n{}\ndA @ X.T"
SET = [
    ("columns", "W_1", HIDDEN.format("dA[Z_1 <= 0] = 0"), "right, identity"),
    ("columns", "W_1", HIDDEN.format("dA[A_1 <= 0] = 0"), "right, identity"),
    ("columns", "W_1", HIDDEN.format("dead = Z_1 <= 0\ndA[dead] = 0"), "right, identity"),
    ("columns", "W_1", HIDDEN.format("dA[Z_1 <= 0] *= 0"), "right, identity"),
    ("columns", "W_1", HIDDEN.format("dA[Z_1 < 0] = 1"), "wrong"),
    ("columns", "W_1", HIDDEN.format("dA[Z_1 > 0] = 0"), "wrong"),
    ("columns", "W_1", HIDDEN.format("dA[0] = 0"), "not understood"),
    ("columns", "W_1", HIDDEN.format("dA[Z_2 <= 0] = 0"), "not understood"),
    ("picked", "W", "dZ = P\ndZ[np.arange(n), y] -= 1\nX.T @ dZ/n", "right, identity"),
    ("picked", "W", "dZ = P\ndZ[range(n), y] -= 1\ndZ /= n\nX.T @ dZ", "right, identity"),
    ("picked", "W", "dZ = P\ndZ[np.arange(n), y] += 1\nX.T @ dZ/n", "wrong"),
    ("picked", "W", "dZ = P\ndZ[np.arange(d), y] -= 1\nX.T @ dZ/n", "not understood"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wrt", "claim", "kind"), SET)
def test_entries_may_be_set_where_a_comparison_or_a_label_says(name: str, wrt: str, claim: str, kind: str) -> None:
    assert sb.verify(sb.read(NETWORKS[name]), {wrt: claim}).claims[0].kind == kind


MENDS = [
    ("largest", "s", r"\frac{\partial L}{\partial s_i} = \max_{j} s_i", "max over j is not read"),
    ("columns", "b_2", r"\frac1m \text{np.sum}((A_2 - Y), (1, 2))", "Python stands in LaTeX here"),
    ("columns", "b_2", r"\frac1m (A^{[2]} - Y).sum(axis=1, keepdims=True)", "Python stands in LaTeX here"),
    ("largest", "s", r"\max_{2j} s_j", "max over 2j is not read"),
    ("tied", "W", r"\nabla_W \|R - 2X\|^2 = 2 (R - X)", "what is differentiated is written out"),
    ("tied", "W", r"\nabla_W L \propto (R - X)^\top X W", r"\propto is not read in a formula"),
    ("tied", "W", r"\nabla_W L = (R - X)^\tpo X W", r"\tpo is not read in a formula. Did you mean \top?"),
    ("tied", "W", r"\nabla_W L \approx (R - X)^\top X W", r"\approx is not read in a formula"),
    ("tied", "W", r"\nabla_W L =", "nothing stands behind =. Write there what it comes to."),
]


@pytest.mark.parametrize(("name", "wrt", "claim", "words"), MENDS)
def test_what_is_not_understood_says_the_mend(name: str, wrt: str, claim: str, words: str) -> None:
    result = sb.verify(sb.read(NETWORKS[name]), {wrt: claim})
    assert (result.claims[0].kind, result.exit_code) == ("not understood", 3)
    assert words in result.verdict


@pytest.mark.parametrize(
    "units",
    [
        (r"\mathbf{i}", r"\mathbf{j}"),
        (r"\hat{\imath}", r"\hat{\jmath}"),
        (r"\vec i", r"\vec j"),
        (r"\hat{\mathbf{i}}", r"\hat{\mathbf{j}}"),
        (r"\mathbf{e}_1", r"\mathbf{e}_2"),
    ],
)
def test_a_gradient_is_said_along_unit_vectors(units: tuple[str, str]) -> None:
    net = "x: parameter[()]\ny: parameter[()]\nf = x**2*y + sin(y)"
    text = rf"$\nabla f(x, y) = 2xy\,{units[0]} + (x^2 + \cos y)\,{units[1]}$."
    assert sb.verify(net, text).ok
    assert [one.wrong for one in sb.verify(net, text.replace("x^2 +", "x^2 -")).claims] == [False, True]
    assert sb.verify(net, text.replace("$", "$$")).ok


SQUARES = "X: data[n, d]\ny: data[n]\ntheta: parameter[d]\nh = X @ theta\nJ = sum((h - y)**2)/2"


@pytest.mark.slow
@pytest.mark.parametrize(
    "said",
    [
        r"\nabla_\theta J = \nabla_\theta \frac12 (X\theta - y)^\top (X\theta - y) = X^\top X\theta - X^\top y",
        r"\frac{\partial J}{\partial \theta_j} = \frac{\partial}{\partial \theta_j} \frac12 \sum_i (h_i - y_i)^2 = \sum_i (h_i - y_i) x_{ij}",
    ],
)
def test_a_formula_that_is_differentiated_within_a_chain_is_judged(said: str) -> None:
    """It was passed over, whatever it was."""
    assert sb.verify(SQUARES, said).ok
    assert sb.verify(SQUARES, said.replace(r"\frac12", r"\frac13")).claims[-1].wrong


def test_a_gradient_in_code_that_nothing_uses_is_undecided() -> None:
    net = "x: data[n, d]\ng: parameter[d]\nv = mean(x**2, axis=0)\nxh = x/sqrt(v + 1)\nL = sum(g*xh)"
    said = "dxhat = g * np.ones_like(x)\ndvar = np.sum(dxhat * x * -0.5 * (v + 1)**(-1.5), axis=0)"
    assert sb.verify(net, said).ok
    wrong = sb.verify(net, said.replace("-0.5", "-0.5 * g")).claims[-1]
    assert wrong.kind == "undecided"
