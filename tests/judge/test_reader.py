"""Claims of several lines, and code that changes arrays in their place."""

import pytest

import symbackprop as sb

ROWS = """
X: data[n, d]
Y: data[n, k]
t: integers[n, k]
W: parameter[d, k]
Z = X @ W
P = softmax(Z, axis=1)
L = -sum(log(P[arange(n), t]))/n + 0*sum(Y)"""
TWO = """
X: data[n, d]
Y: data[n, k]
W: parameter[d, h]
V: parameter[h, k]
A = tanh(X @ W)
S = A @ V
L = 0.5*sum((S - Y)**2)"""


def verdict(network: str, wrt: str, claim: str) -> str:
    return sb.verify(sb.read(network.strip()), {wrt: claim}).claims[0].verdict


RIGHT = [
    "D = P.copy()\nD[np.arange(n), t] -= 1\nD /= n\ndW = X.T.dot(D)",
    "D = np.copy(P)\nD[range(len(t)), t] -= 1\nD /= len(t)\ndW = X.T @ D",
    "D = P\nD[np.arange(n), t] -= 1\ndW = X.T @ P / n",
    "D = P\nP[np.arange(n), t] -= 1\ndW = X.T @ D / n",
    "D = P\nP = P/n\nD[np.arange(n), t] -= 1\ndW = X.T @ D / n",
    "D = P.T\nD -= (np.arange(k)[:, None] == t[None, :])\ndW = X.T @ D.T / n",
    "dW = X.T @ (P - (t[:, np.newaxis] == np.arange(k)).astype(float)) / n",
]
WRONG = [
    "D = P\nD[np.arange(n), t] -= 1\ndW = X.T @ (P - np.eye(k)[t]) / n",
    "D = P\nD -= np.eye(k)[t]\nD -= P\ndW = X.T @ D / n",
    "D = P.copy()\nD[np.arange(n), t] -= 1\ndW = X.T @ P / n",
]


@pytest.mark.parametrize("code", RIGHT)
def test_one_array_has_one_value_under_all_its_names(code: str) -> None:
    assert verdict(ROWS, "W", code).startswith("right")


@pytest.mark.parametrize("code", WRONG)
def test_what_is_written_through_one_name_is_written_for_all(code: str) -> None:
    assert verdict(ROWS, "W", code).startswith(("wrong", "up to convention"))


def test_what_was_changed_through_a_view_is_refused_by_name() -> None:
    said = verdict(ROWS, "W", "D = P.T\nD -= 1/k\ndW = X.T @ P / n")
    assert said.startswith("not understood")
    assert "P was changed when D was written" in said


def test_numbers_are_not_changed_in_their_place() -> None:
    code = "a = n\nb = a\nb *= 2\ndW = X.T @ (P - np.eye(k)[t]) / a"
    assert verdict(ROWS, "W", code).startswith("right")


def test_conversions_that_round_are_refused() -> None:
    assert ".astype" in verdict(ROWS, "W", "dW = X.T @ (P.astype(int) - np.eye(k)[t]) / n")


LINES = [
    (r"\begin{aligned} dS &= S - Y \\ dA &= dS\,V^\top \\ dW &= X^\top(dA \odot (1 - A^2)) \end{aligned}", "right"),
    (
        r"\frac{\partial L}{\partial S} = S - Y,\quad \frac{\partial L}{\partial A} = \frac{\partial L}{\partial S}V^\top,\quad"
        r"\frac{\partial L}{\partial W} = X^\top\left(\frac{\partial L}{\partial A}\odot(1 - A\odot A)\right)",
        "right",
    ),
    (r"\frac{\partial L}{\partial W} = X^\top(dA \odot (1 - A^2)), \text{ where } dA = (S - Y)V^\top", "right"),
    (
        r"\frac{\partial L}{\partial A} = 2(S - Y)V^\top,\quad"
        r"\frac{\partial L}{\partial W} = X^\top\left(\frac{\partial L}{\partial A}\odot(1 - A\odot A)\right)",
        "up to convention",
    ),
    (
        r"\frac{\partial L}{\partial A} = \frac{\partial L}{\partial S}V^\top,\quad \frac{\partial L}{\partial S} = S,\quad"
        r"\frac{\partial L}{\partial W} = X^\top\left(\frac{\partial L}{\partial A}\odot(1 - A\odot A)\right)",
        "wrong",
    ),
    (r"\frac{\partial L}{\partial S} = S,\quad \frac{\partial L}{\partial W} = X^\top(((S - Y)V^\top)\odot(1 - A\odot A))", "not understood"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "expected"), LINES)
def test_the_line_that_says_the_gradient_is_the_claim(claim: str, expected: str) -> None:
    assert verdict(TWO, "W", claim).startswith(expected)


POISSON = """
X: data[n, d]
y: data[n]
w: parameter[d]
b: parameter[()]
r = exp(X @ w + b)
L = sum(r - y*(X @ w))"""
SECOND = [
    ("w", r"\nabla^2 L = X^\top\operatorname{diag}(r)X", "right"),
    ("w", r"\nabla_w^2 L(w) = \sum_{i=1}^n r_i x_i x_i^\top", "right"),
    ("w", r"H = \frac{\partial^2 L}{\partial w\,\partial w^\top} = X^\top\operatorname{diag}(r)X", "right"),
    ("w", r"\frac{\partial^2 L}{\partial w_i\partial w_j} = \sum_n r_n X_{ni}X_{nj}", "right"),
    ("w", r"\frac{\partial^2}{\partial w\partial w^T} L = X^T(r \odot X)", "right"),
    ("w", r"\frac{\partial^2 L}{\partial w_j^2} = \sum_n r_n X_{nj}^2", "right"),
    ("b", r"\frac{d^2 L}{db^2} = \sum_n r_n", "right"),
    ("b", r"\frac{\partial^2 L}{\partial w \partial b} = X^\top r", "right"),
    ("w", r"\frac{\partial^2 L}{\partial w_j^2} = \sum_n r_n X_{nj}", "wrong"),
    ("w", r"\nabla^2 L = X^\top X", "wrong"),
    ("w", r"\nabla^2 L = X\operatorname{diag}(r)X^\top", "wrong shape"),
    ("w", r"\frac{\partial^2 L}{\partial w_i\partial w_j} = \sum_n r_n X_{ni}", "wrong"),
    ("w", r"\nabla^3 L = 0", "not understood"),
]


@pytest.mark.parametrize(("wrt", "claim", "expected"), SECOND)
def test_second_derivatives_are_claimed_as_books_write_them(wrt: str, claim: str, expected: str) -> None:
    assert verdict(POISSON, wrt, claim).startswith(expected)


def test_a_step_may_say_by_itself_that_it_is_a_second_derivative() -> None:
    steps = [("g", r"\nabla_w L = X^\top (r - y)"), ("H", r"\nabla^2_w L = X^\top\operatorname{diag}(r)X")]
    assert [c.what for c in sb.verify(sb.read(POISSON.strip()), steps).claims] == ["dL/dw", "ddL/dw/dw"]


def test_indices_count_as_they_make_a_claim_right_and_it_is_said() -> None:
    network = "x: data[n]\nw: parameter[2]\nL = sum((w[0]*x[:-1] + w[1]*x[1:])**2)/2"
    claim = r"\frac{\partial L}{\partial w_k} = \sum_{i=0}^{n-2} (w_0 x_i + w_1 x_{i+1})\, x_{i+k}"
    judged = sb.verify(sb.read(network), {"w": claim}).claims[0]
    assert judged.verdict == "right, identity"
    assert any("indices count from 0" in note for note in judged.notes)


def test_a_missing_transpose_is_told() -> None:
    said = verdict("x: data[d]\nt: data[k]\nW: parameter[k, d]\ny = W @ x\nL = 0.5*sum((y - t)**2)", "W", r"(y - t)\, x")
    assert said.startswith("undecided: right if read as")
    assert r"x^{\top}" in said


def test_a_star_between_a_vector_and_a_matrix_is_no_product_in_python() -> None:
    network = "X: data[n, d]\nw: parameter[d]\ny: data[n]\nr = X @ w - y\nL = sum(r**2)/2"
    assert verdict(network, "w", "r*X").startswith("undecided: right if read as r^{")
    assert verdict(network, "w", "r @ X") == "right, identity"
    assert verdict(network, "w", "X.T*r").startswith("wrong shape")


@pytest.mark.parametrize("claim", [r"r \times e", r"-e \times r", r"r \times (w \times r - v)"])
def test_a_cross_between_two_vectors_of_three_entries_is_their_cross_product(claim: str) -> None:
    body = "w: parameter[3]\nr: data[3]\nv: data[3]\ne = cross(w, r) - v\nL = 0.5*sum(e**2)"
    assert verdict(body, "w", claim) == "right, identity"


@pytest.mark.parametrize("size", ["d", "k", "4"])
def test_a_cross_between_other_vectors_is_a_product_entry_by_entry(size: str) -> None:
    assert verdict(f"w: parameter[{size}]\nr: data[{size}]\nL = sum(w*r*r)", "w", r"r \times r") == "right, identity"


SOFT = """
Q: parameter[n, k]
K: data[n, k]
g: parameter[n]
S = Q @ K.T / sqrt(k)
L = sum(S**2)/2 + sum((g - mean(g))**2)/2"""


@pytest.mark.parametrize(
    ("wrt", "claim", "expected"),
    [
        ("Q", r"dQ = \frac{1}{\sqrt{d_k}}\, dS\, K", "right"),
        ("g", r"\frac{\partial L}{\partial g} = g - \operatorname{mean}(g)", "right"),
        ("g", r"\nabla_g \mathcal{L}_{\text{MSE}} = g - \bar g", "right"),
        ("g", r"\frac{\partial L}{\partial g} = g - \operatorname{mean}(S)", "wrong"),
        ("g", r"\frac{\partial L}{\partial g} = g - \bar g, \quad g \in \mathbb{R}^n, K \in \mathbb{R}^{n \times k}", "right"),
    ],
)
def test_sizes_means_and_losses_have_the_names_that_papers_give_them(wrt: str, claim: str, expected: str) -> None:
    assert verdict(SOFT, wrt, claim).startswith(expected)
