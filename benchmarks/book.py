"""Gradients as books and courses print them, by hand: the Matrix Cookbook, Magnus and Neudecker, lecture notes on networks.

A row is a network and the lines of its box: (name, right side). Names of deltas are free; a line for a name is a definition.
"""

from typing import NamedTuple

Lines = tuple[tuple[str, str], ...]


class Book(NamedTuple):
    """One reference.

    network   as a text.
    lines     the definitions and the gradients, in order.
    """

    network: str
    lines: Lines


def book(text: str, **lines: str) -> Book:
    """A reference by its network and its lines."""
    return Book(text, tuple(lines.items()))


X_N, A_N, B_N = "X: parameter[n, n]\n", "A: data[n, n]\n", "B: data[n, n]\n"
X_MN, AB = "X: parameter[m, n]\n", "a: data[m]\nb: data[n]\n"
REGRESSION = "X: data[N, d]\ny: data[N]\nw: parameter[d]\n"
STEPS = "".join(f"h_{t} = tanh(W @ h_{t - 1} + U @ x_{t})\n" for t in (1, 2, 3))
RNN = (
    "".join(f"x_{t}: data[d]\n" for t in (1, 2, 3))
    + "h_0: data[h]\ny: data[c]\nW: parameter[h, h]\nU: parameter[h, d]\nV: parameter[c, h]\n"
    + STEPS
    + "r = V @ h_3 - y\nL = 0.5*sum(r**2)"
)
LSTM = (
    "x: data[d]\nc: data[k]\ny: data[k]\nW_f: parameter[k, d]\nW_i: parameter[k, d]\nW_o: parameter[k, d]\nW_g: parameter[k, d]\n"
    "f = sigmoid(W_f @ x)\ni = sigmoid(W_i @ x)\no = sigmoid(W_o @ x)\ng = tanh(W_g @ x)\nq = f*c + i*g\nh = o*tanh(q)\n"
    "L = 0.5*sum((h - y)**2)"
)
MLP3 = (
    "x: data[d]\ny: data[c]\nW_1: parameter[h, d]\nW_2: parameter[k, h]\nW_3: parameter[c, k]\n"
    "a_1 = tanh(W_1 @ x)\na_2 = tanh(W_2 @ a_1)\nyhat = W_3 @ a_2\nL = 0.5*sum((yhat - y)**2)"
)
ATTENTION = "Q: parameter[T, d]\nK: parameter[S, d]\nV: parameter[S, e]\nG: data[T, e]\nP = softmax(Q @ K.T / sqrt(d))\nO = P @ V\nL = sum(G * O)"

BOOKS: dict[str, Book] = {
    # Matrix Cookbook, Magnus and Neudecker
    "a'x": book("x: parameter[n]\na: data[n]\nL = a @ x", x="a"),
    "x'Bx": book("x: parameter[n]\nB: data[n, n]\nL = x @ B @ x", x=r"(B + B^\top) x"),
    "|x-a|^2": book("x: parameter[n]\na: data[n]\nL = sum((x - a)**2)", x="2 (x - a)"),
    "|x|": book("x: parameter[n]\nr = sqrt(sum(x**2))\nL = r", x=r"\frac{x}{r}"),
    "a'Xb": book(X_MN + AB + "L = a @ X @ b", X=r"a b^\top"),
    "b'X'a": book(X_MN + AB + "L = b @ X.T @ a", X=r"a b^\top"),
    "b'X'Xc": book(X_MN + "b: data[n]\nc: data[n]\nL = b @ X.T @ X @ c", X=r"X (b c^\top + c b^\top)"),
    "tr(AX)": book(X_N + A_N + "L = trace(A @ X)", X=r"A^\top"),
    "tr(X'A)": book(X_N + A_N + "L = trace(X.T @ A)", X="A"),
    "tr(AXB)": book(X_N + A_N + B_N + "L = trace(A @ X @ B)", X=r"A^\top B^\top"),
    "tr(X^2)": book(X_N + "L = trace(X @ X)", X=r"2 X^\top"),
    "tr(X^4)": book(X_N + "L = trace(X @ X @ X @ X)", X=r"4 (X^3)^\top"),
    "tr(X'X)": book(X_MN + "L = trace(X.T @ X)", X="2 X"),
    "tr(X'BX)": book("X: parameter[n, m]\nB: data[n, n]\nL = trace(X.T @ B @ X)", X=r"(B + B^\top) X"),
    "tr(XBX')": book(X_MN + "B: data[n, n]\nL = trace(X @ B @ X.T)", X=r"X (B + B^\top)"),
    "tr(AXBX')": book(X_N + A_N + B_N + "L = trace(A @ X @ B @ X.T)", X=r"A^\top X B^\top + A X B"),
    "|X'X|^2": book(X_MN + "L = sum((X.T @ X)**2)", X=r"4 X X^\top X"),
    "det X": book(X_N + "L = det(X)", X=r"L X^{-\top}"),
    "log det X": book(X_N + "L = logdet(X)", X=r"X^{-\top}"),
    "det X^3": book(X_N + "L = det(X @ X @ X)", X=r"3 L X^{-\top}"),
    "tr(X^-1 A)": book(X_N + A_N + "L = trace(inv(X) @ A)", X=r"-X^{-\top} A^\top X^{-\top}"),
    "a'X^-1 b": book(X_N + "a: data[n]\nb: data[n]\nL = a @ inv(X) @ b", X=r"-X^{-\top} a b^\top X^{-\top}"),
    "log det X'X": book(X_MN + "L = logdet(X.T @ X)", X=r"2 X (X^\top X)^{-1}"),
    "|Ax-b|^2": book("x: parameter[n]\nA: data[m, n]\nb: data[m]\nL = sum((A @ x - b)**2)", x=r"2 A^\top (A x - b)"),
    "|X-UV'|^2": book(
        "X: data[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nR = U @ V.T - X\nL = sum(R**2)", U="2 R V", V=r"2 R^\top U"
    ),
    "Rayleigh": book("x: parameter[n]\nA: data[n, n]\nr = (x @ A @ x)/(x @ x)\nL = r", x=r"\frac{1}{\left\lVert x \right\rVert^2} (A x + A^\top x - 2 r x)"),
    "log sum exp": book("x: parameter[n]\np = softmax(x)\nL = logsumexp(x)", x="p"),
    # Regression
    "least squares": book(REGRESSION + "L = 0.5*sum((X @ w - y)**2)", w=r"X^\top (X w - y)"),
    "mean squared error": book(REGRESSION + "r = X @ w - y\nL = mean(r**2)", w=r"\frac{2}{N} X^\top r"),
    "ridge": book(REGRESSION + "lam: data[()]\nr = X @ w - y\nL = sum(r**2) + lam*sum(w**2)", w=r"2 (X^\top r + \lambda w)"),
    "weighted least squares": book(REGRESSION + "v: data[N]\nr = X @ w - y\nL = 0.5*sum(v*r**2)", w=r"X^\top (v \odot r)"),
    "Poisson": book(REGRESSION + "mu = exp(X @ w)\nL = sum(mu - y*(X @ w))", w=r"X^\top (\mu - y)"),
    "logistic": book(
        "X: data[N, d]\ny: binary[N]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))",
        w=r"\frac{1}{N} X^\top (p - y)",
    ),
    "logistic, logits": book(
        "X: data[N, d]\ny: binary[N]\nw: parameter[d]\nz = X @ w\np = sigmoid(z)\nL = mean(softplus(z) - y*z)",
        w=r"\frac{1}{N} X^\top (p - y)",
    ),
    "logistic, signs": book(
        "X: data[N, d]\ny: sign[N]\nw: parameter[d]\nm = y*(X @ w)\nL = sum(softplus(-m))", w=r"-X^\top (y \odot (1 - \sigma(m)))"
    ),
    "logistic and ridge": book(
        "X: data[N, d]\ny: binary[N]\nw: parameter[d]\nlam: data[()]\np = sigmoid(X @ w)\n"
        "L = -mean(y*log(p) + (1 - y)*log(1 - p)) + lam/2*sum(w**2)",
        w=r"\frac{1}{N} X^\top (p - y) + \lambda w",
    ),
    "softmax": book(
        "X: data[N, d]\nY: labels[N, c]\nW: parameter[d, c]\nb: parameter[c]\nP = softmax(X @ W + b)\nL = -sum(Y * log(P)) / N",
        delta=r"\frac{1}{N} (P - Y)", W=r"X^\top \delta", b=r"\delta^\top \mathbf{1}_N",
    ),
    "softmax, one sample": book(
        "x: data[d]\ny: labels[c]\nW: parameter[c, d]\np = softmax(W @ x)\nL = -sum(y * log(p))", W=r"(p - y) x^\top"
    ),
    "Huber": book(
        REGRESSION + "t: positive[()]\nr = X @ w - y\nL = sum(where(abs(r) <= t, 0.5*r**2, t*(abs(r) - 0.5*t)))",
        w=r"X^\top \operatorname{clip}(r, -t, t)",
    ),
    "hinge": book(
        "X: data[N, d]\ny: sign[N]\nw: parameter[d]\nl: data[()]\nm = 1 - y*(X @ w)\nL = sum(relu(m))/N + l*(w @ w)",
        w=r"2 l w - \frac{1}{N} X^\top (y \odot \mathbf{1}[m > 0])",
    ),
    # Networks
    "two layers": book(
        "x: data[d]\ny: data[c]\nW_1: parameter[h, d]\nW_2: parameter[c, h]\na = sigmoid(W_1 @ x)\nyhat = W_2 @ a\nL = sum((yhat - y)**2)",
        delta_2=r"2 (\hat{y} - y)", W_2=r"\delta_2 a^\top", W_1=r"(W_2^\top \delta_2 \odot a \odot (1 - a)) x^\top",
    ),
    "two layers, batch": book(
        "X: data[N, d]\nY: data[N, c]\nW_1: parameter[d, h]\nb_1: parameter[h]\nW_2: parameter[h, c]\nb_2: parameter[c]\n"
        "A = sigmoid(X @ W_1 + b_1)\nYhat = A @ W_2 + b_2\nL = sum((Yhat - Y)**2)/N",
        delta_2=r"\frac{2}{N} (\hat{Y} - Y)", W_2=r"A^\top \delta_2", b_2=r"\delta_2^\top \mathbf{1}_N",
        delta_1=r"\delta_2 W_2^\top \odot A \odot (1 - A)", W_1=r"X^\top \delta_1", b_1=r"\delta_1^\top \mathbf{1}_N",
    ),
    "three layers": book(
        MLP3, delta_3=r"\hat{y} - y", W_3=r"\delta_3 a_2^\top", delta_2=r"W_3^\top \delta_3 \odot (1 - a_2^{\odot 2})",
        W_2=r"\delta_2 a_1^\top", W_1=r"(W_2^\top \delta_2 \odot (1 - a_1^{\odot 2})) x^\top",
    ),
    "softmax and squared error": book(
        "x: data[d]\ny: data[c]\nW: parameter[c, d]\np = softmax(W @ x)\nL = 0.5*sum((p - y)**2)",
        delta="p - y", W=r"(p \odot (\delta - p^\top \delta)) x^\top",
    ),
    "autoencoder, tied": book(
        "x: data[d]\nW: parameter[h, d]\na = sigmoid(W @ x)\nxhat = W.T @ a\nr = xhat - x\nL = 0.5*sum(r**2)",
        W=r"(W r \odot a \odot (1 - a)) x^\top + a r^\top",
    ),
    "residual": book(
        "x: data[d]\ny: data[d]\nW: parameter[d, d]\nh = tanh(W @ x)\nr = x + h - y\nL = 0.5*sum(r**2)",
        W=r"(r \odot (1 - h^{\odot 2})) x^\top",
    ),
    "layer norm": book(
        "x: parameter[n]\na: data[n]\ng: data[n]\ne: positive[()]\ns = sqrt(mean((x - mean(x))**2) + e)\nu = (x - mean(x))/s\nL = a @ (g*u)",
        delta=r"a \odot g", x=r"\frac{1}{s} (\delta - \operatorname{mean}(\delta) - \operatorname{mean}(\delta \odot u) u)",
    ),
    "attention": book(
        ATTENTION, V=r"P^\top G", D=r"G V^\top", delta=r"P \odot (D - \operatorname{rowsum}(D \odot P))",
        Q=r"\frac{1}{\sqrt{d}} \delta K", K=r"\frac{1}{\sqrt{d}} \delta^\top Q",
    ),
    "recurrent": book(
        RNN, V=r"r h_3^\top", delta_3=r"V^\top r \odot (1 - h_3^{\odot 2})", delta_2=r"W^\top \delta_3 \odot (1 - h_2^{\odot 2})",
        delta_1=r"W^\top \delta_2 \odot (1 - h_1^{\odot 2})",
        U=r"\delta_1 x_1^\top + \delta_2 x_2^\top + \delta_3 x_3^\top", W=r"\delta_1 h_0^\top + \delta_2 h_1^\top + \delta_3 h_2^\top",
    ),
    "LSTM cell": book(
        LSTM, delta_h="h - y", W_o=r"(\delta_h \odot \tanh(q) \odot o \odot (1 - o)) x^\top",
        delta_q=r"\delta_h \odot o \odot (1 - \tanh(q)^{\odot 2})", W_f=r"(\delta_q \odot c \odot f \odot (1 - f)) x^\top",
        W_i=r"(\delta_q \odot g \odot i \odot (1 - i)) x^\top", W_g=r"(\delta_q \odot i \odot (1 - g^{\odot 2})) x^\top",
    ),
    "Gaussian mixture": book(
        "x: data[d]\nM: parameter[K, d]\na: data[K]\ns = a - 0.5*sum((x - M)**2, axis=1)\np = softmax(s)\nL = -logsumexp(s)",
        M=r"\operatorname{diag}(p) (M - \mathbf{1}_K x^\top)",
    ),
}  # fmt: skip
