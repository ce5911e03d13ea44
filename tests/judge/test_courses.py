"""Derivations as courses, papers and students write them: what is right is right, and its slip is wrong at its step."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.texts.code import ClaimsError
from tests.judge.backward_passes import LOGIT, NG, RIDGE, VEC

POLICY = """theta: parameter[d, K]
s: data[T, d]
a: integers[T, K]
R: data[T]
pi = softmax(s @ theta, axis=1)
J = sum(R*log(pi)[arange(T), a])/T"""
LINEAR = "X: data[n, d]\nW: parameter[d, k]\nb: parameter[k]\nT: data[n, k]\nY = X @ W + b\nL = 0.5*sum((Y - T)**2)"
CLASSES = "X: data[N, D]\ny: integers[N, C]\nW: parameter[D, C]\nS = X @ W\nP = softmax(S)\nL = cross_entropy(S, y)"
NEURON = "x: data[d]\nt: data[()]\nw: parameter[d]\nb: parameter[()]\nz = w @ x + b\ny = sigmoid(z)\nE = (t - y)**2/2"
UNNAMED = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nmu = exp(X @ w)\nL = sum(mu - y*log(mu))"
LARGEST = "X: parameter[n, d]\nm = max(X, axis=1)\nL = sum(m**2)"
LENGTH = "A: parameter[m, n]\nx: data[n]\nr = A @ x\nL = norm(r)"
CONV = "x: data[N, 6]\nw: parameter[3]\nT: data[N, 4]\nout = x[:, :-2]*w[0] + x[:, 1:-1]*w[1] + x[:, 2:]*w[2]\nL = 0.5*sum((out - T)**2)"
PROSE = """First, dE/dy = -(t - y). Since y = sigmoid(z), dy/dz = y(1 - y).
Also dz/dw = x. Putting it together:

dE/dw = -(t - y) y (1 - y) x and dE/db = -(t - y) y (1 - y)"""
COLUMNS = """d = out - T
cols = np.zeros((3, N*4))
for k in range(3):
    cols[k] = x[:, k:k+4].reshape(-1)
dw = cols @ d.reshape(-1)"""
ENTRIES = """dw = np.zeros(d)
db = 0.0
for i in range(n):
    e = np.dot(X[i, :], w) + b - y[i]
    for j in range(d):
        dw[j] += 2 * e * X[i, j] / n
    db += 2 * e / n
dw += 2 * lam * w"""
DESCENT = """w = np.zeros(d)
for i in range(100):
    e = X @ w + b - y
    dw = 2/n * X.T @ e + 2*lam*w
    w = w - 0.1 * dw
    b -= 0.1 * 2 * e.mean()"""
MOMENTUM = """w = np.zeros(d)
m, v, t = 0, np.zeros_like(w), 0
vb = 0.0
for _ in range(epochs):
    e = X @ w + b - y
    dw = 2/n * X.T @ e + 2*lam*w
    db = 2 * e.mean()
    t += 1
    m = 0.9 * m + 0.1 * dw
    v = 0.999 * v + 0.001 * dw**2
    w -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    vb = mu * vb - lr * db
    b += vb
    losses.append(np.mean(e**2) + lam * np.sum(w**2))"""
PACKED = """def grad(theta, x, t):
    W1 = theta[0:h*d].reshape((h, d))
    b1 = theta[h*d:h*d+h]
    W2 = theta[h*d+h:h*d+h+k*h].reshape((k, h))
    b2 = theta[h*d+h+k*h:]
    a = np.tanh(W1 @ x + b1)
    r = W2 @ a + b2 - t
    s = (W2.T @ r) * (1 - a**2)
    return np.hstack([np.outer(s, x).flatten(), s, np.outer(r, a).flatten(), r])"""
STAR = "e = X @ w + b - y\ndw = 2/n * X.T @ e + 2*lam*w\ndb = 2*e.mean()"
CASES = {  # network, claims, what is typed, a slip in its place
    "the columns of a matrix": (
        POLICY, r"\frac{\partial J}{\partial \theta_k} = \frac1T \sum_{t} R_t (\mathbb{1}\{a_t = k\} - \pi_{t,k}) s_t", r"- \pi", r"+ \pi",
    ),
    "Einstein": (LINEAR, r"\frac{\partial L}{\partial W_{ij}} = X_{ai} (X_{ak} W_{kj} + b_j - T_{aj})", "X_{ai}", "2 X_{ai}"),
    "Kronecker": (LINEAR, r"\frac{\partial L}{\partial W_{ij}} = (Y_{ab} - T_{ab}) X_{ai} \delta_{bj}", "(Y", "(2 Y"),
    "one-hot below": (
        CLASSES, r"$$\frac{\partial L}{\partial S} = \frac1N (P - Y)$$ where $Y_{ij} = 1$ if $y_i = j$ and 0 otherwise.", r"\frac1N", "",
    ),
    "samples": (NG, r"$$dZ^{[2]} = A^{[2]} - Y$$ $$db^{[2]} = \frac1m \sum_{i=1}^m dZ^{[2](i)}$$", r"\frac1m", r"\frac2m"),
    "sentences": (NEURON, PROSE, "y (1 - y) x", "y (1 + y) x"),
    "values of its own": (
        UNNAMED, "eta_i = w . x_i\nmu_i = exp(eta_i)\ndmu_i/deta_i = mu_i\ndL/deta_i = mu_i - y_i\ndL/dw_j = sum_i (mu_i - y_i) x_ij",
        "deta_i = mu_i\n", "deta_i = mu_i^2\n",
    ),
    "a slope": (NEURON, "sigma'(z) = sigma(z)(1 - sigma(z))\ndE/dw = (y - t) sigma'(z) x", "(1 - sigma(z))", "(1 + sigma(z))"),
    "where the largest stands": (LARGEST, r"\frac{\partial L}{\partial X_{ij}} = 2 m_i \mathbf{1}[j = \arg\max_k X_{ik}]", "2 m", "m"),
    "a place by name": (
        "x: parameter[n]\nL = max(x)", r"k = \arg\max_j x_j, \quad \frac{\partial L}{\partial x_i} = \delta_{ik}", r"\arg\max", r"\arg\min",
    ),
    "differentials beside": (LENGTH, r"dr = dA\, x, \quad dL = \frac{r^\top dr}{\|r\|}", r"dr = dA\, x", r"dr = 2 dA\, x"),
    "a differential of no number": (LENGTH, r"dL = \frac{r^\top dr}{\|r\|}", r"\frac{r^\top dr}{\|r\|}", r"\|r\|\, dA\, x"),
    "columns of a convolution": (CONV, COLUMNS, "k:k+4", "0:4"),
    "a loop that adds to two": (RIDGE, ENTRIES, "db += 2", "db = 2"),
    "a loop of descent": (RIDGE, DESCENT, "2*lam*w", "lam*w"),
    "moments of Adam and momentum": (RIDGE, MOMENTUM, "2*lam*w", "lam*w"),
    "one vector of parameters": (VEC, PACKED, "1 - a**2", "1 - a"),
    "a star is no product of matrices": (RIDGE, STAR, "X @ w", "X * w"),
    "indices by signs": (
        "z: parameter[k]\ny: labels[k]\np = softmax(z)\nL = -sum(y*log(p))", "∂p_i/∂z_j = p_i (δ_ij − p_j)", "− p_j", "− p_i",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_derivation_is_judged_and_so_is_its_slip(case: str) -> None:
    network, claims, right, slip = CASES[case]
    found = sb.verify(network, claims)
    assert found.ok, str(found)
    assert right in claims
    wrong = sb.verify(network, claims.replace(right, slip))
    assert any(one.wrong or one.kind in ("wrong shape", "up to convention") for one in wrong.claims), str(wrong)


def test_of_a_loop_of_descent_one_turn_is_judged_which_is_told() -> None:
    *_, dw, db = sb.verify(RIDGE, MOMENTUM).claims
    assert dw.right
    assert db.right
    assert "of its loop one turn is judged, without its steps" in dw.notes
    with pytest.raises(ClaimsError, match="updates what it reads"):  # its gradient is made of what is kept: no turn stands alone
        sb.verify(RIDGE, MOMENTUM.replace("X @ w", "X @ (w - m)"))


@pytest.mark.slow
def test_where_a_formula_stands_is_told(tmp_path: Path) -> None:
    (tmp_path / "work.tex").write_text(r"""Let us begin.
\begin{align}
  \frac{\partial E}{\partial z} &= (y - t) y (1 + y) \\
  \frac{\partial E}{\partial w}
    &= \frac{\partial E}{\partial z} q r
\end{align}""")
    first, second = sb.verify(NEURON, tmp_path / "work.tex").claims
    assert first.where == f"{tmp_path}/work.tex:3"
    assert f"{tmp_path}/work.tex:4: q stands nowhere" in second.verdict  # nor does r: neither is guessed


def test_digits_that_code_loses_are_told() -> None:
    found = sb.verify(LOGIT, "r = np.float32(p - y)\ndw = X.T @ r / m")
    assert found.ok
    assert "float32 in it loses digits, which is passed over" in found.claims[1].notes


def test_code_that_python_stops_at_has_the_wrong_shape() -> None:
    code = "e = p - y\nparts = [X[i] * e for i in range(m)]\ndw = sum(parts)"
    assert any(one.kind == "wrong shape" for one in sb.verify(LOGIT, code).claims)
