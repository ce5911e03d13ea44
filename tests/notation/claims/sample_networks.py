"""Networks that the tests of claims speak of, and what a claim is worth at a point."""

from functools import cache
from typing import Any

import numpy as np

from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.notation import read
from symbackprop.notation.claims import Context, Reading, Understood, read_claim
from symbackprop.notation.networks import with_gates

TEXTS = {
    "square": """
A: parameter[d, d]
B: parameter[d, d]
x: parameter[d]
e: data[d]
h: data[d]
s: data[()]
L = e @ A @ B @ x + s*sum(h*x)""",
    "gate": """
w: parameter[d]
b: parameter[()]
x: data[d]
t: data[()]
z = sum(w*x) + b
a = tanh(z)
L = (a - t)**2""",
    "two": """
W_1: parameter[h, d]
b_1: parameter[h]
W_2: parameter[k, h]
b_2: parameter[k]
x: data[d]
y: data[k]
z_1 = W_1 @ x + b_1
a_1 = sigmoid(z_1)
yhat = W_2 @ a_1 + b_2
L = 0.5*sum((yhat - y)**2)""",
    "batch": """
X: data[n, d]
Y: data[n, k]
W1: parameter[d, h]
b1: parameter[h]
W2: parameter[h, k]
b2: parameter[k]
Z1 = X @ W1 + b1
H = relu(Z1)
Yhat = H @ W2 + b2
L = sum((Yhat - Y)**2)/(2*n)""",
    "softmax": """
X: data[n, d]
Y: data[n, k]
W: parameter[d, k]
c: parameter[k]
S = X @ W + c
E = exp(S)
P = E / sum(E, axis=1, keepdims=True)
L = -sum(Y*log(P))/n""",
    "ridge": """
X: data[n, d]
y: data[n]
w: parameter[d]
lam: positive[()]
r = X @ w - y
L = sum(r**2)/(2*n) + 0.5*lam*sum(w**2)""",
    "skip": """
x: parameter[d]
W: parameter[m, d]
V: parameter[d, m]
t: data[d]
z = W @ x
h = maximum(0, z)
o = x + V @ h
L = 0.5*sum((o - t)**2)""",
    "form": """
A: parameter[d, d]
x: parameter[d]
L = x @ A @ x""",
    "logistic": """
x: data[d]
w: parameter[d]
b: parameter[()]
y: binary[()]
z = sum(w*x) + b
p = sigmoid(z)
L = -(y*log(p) + (1 - y)*log(1 - p))""",
    "deep": """
x: data[n0]
y: data[n3]
W1: parameter[n1, n0]
b1: parameter[n1]
W2: parameter[n2, n1]
b2: parameter[n2]
W3: parameter[n3, n2]
z1 = W1 @ x + b1
a1 = tanh(z1)
z2 = W2 @ a1 + b2
a2 = tanh(z2)
yhat = W3 @ a2
L = 0.5*sum((yhat - y)**2)""",
    "rnn": """
W_xh: parameter[h, d]
W_hh: parameter[h, h]
x_1: data[d]
x_2: data[d]
x_3: data[d]
h_0: data[h]
s_1 = W_xh @ x_1 + W_hh @ h_0
h_1 = tanh(s_1)
s_2 = W_xh @ x_2 + W_hh @ h_1
h_2 = tanh(s_2)
s_3 = W_xh @ x_3 + W_hh @ h_2
h_3 = tanh(s_3)
L = 0.5*sum(h_3**2)""",
    "product": """
x: parameter[d]
s: data[d]
L = prod(x)*sum(s)""",
    "norm": """
x: parameter[d]
gamma: parameter[d]
beta: parameter[d]
c: data[d]
eps: positive[()]
mu = mean(x)
v = mean((x - mu)**2)
xhat = (x - mu)/sqrt(v + eps)
y = gamma*xhat + beta
L = sum(c*y)""",
    "attention": """
Q: parameter[n, d]
K: parameter[m, d]
V: parameter[m, e]
T: data[n, e]
S = Q @ K.T
A = softmax(S, axis=1)
O = A @ V
L = 0.5*sum((O - T)**2)""",
    "hinge": """
w: parameter[d]
x: data[d]
y: sign[()]
s = sum(w*x)
L = maximum(0, 1 - y*s)""",
    "lookup": """
E: parameter[v, d]
t: integers[n, v]
G: data[n, d]
H = E[t]
L = sum(G*H)""",
    "factor": """
R: data[n, m]
U: parameter[n, k]
V: parameter[m, k]
lam: positive[()]
D = U @ V.T - R
L = sum(D**2) + lam*(sum(U**2) + sum(V**2))""",
    "conv": """
x: data[c, l]
w: parameter[o, c, k]
t: data[o, l-k+1]
y = conv1d(x, w)
L = 0.5*sum((y - t)**2)""",
    "stack": """
Q: parameter[b, n, d]
K: parameter[b, m, d]
T: data[b, n, m]
S = Q @ swapaxes(K, 1, 2)
L = 0.5*sum((S - T)**2)""",
    "gauss": """
X: data[n, d]
mu: parameter[d]
S: parameter[d, d]
P = inverse(S)
L = 0.5*sum((X - mu) @ P * (X - mu))""",
}


@cache
def network(name: str) -> Network:
    """A network of the table."""
    return read(TEXTS[name])


@cache
def written(name: str) -> Program:
    """The same, an equation for each operation: every value is computed from what was written before it."""
    return with_gates(network(name), "elementary").program


def context(name: str, wrt: str | None, **more: Any) -> Context:
    net = network(name)
    return Context(net.program, more.pop("of", net.loss), wrt, **more)


def understood(name: str, wrt: str | None, claim: Any, **more: Any) -> Understood:
    return read_claim(claim, context(name, wrt, **more))


@cache
def point(name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """All values of a network at a generic point, with its sizes."""
    program = written(name)
    sizes = draw_sizes(program, seed=1)
    at = points.point(program, sizes, seed=1)
    return tape.forward(program, at, sizes), sizes


@cache
def gradient(name: str, wrt: str, of: str | None = None) -> np.ndarray:
    """The true derivative at the point, by the tape."""
    values, sizes = point(name)
    at = {t.name: values[t.name] for t in written(name).inputs}
    return tape.gradients(written(name), of or network(name).loss, [wrt], at, sizes)[wrt]


def worth(name: str, reading: Reading, earlier: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """The value of a reading at the point."""
    values, sizes = point(name)
    given = {}
    for t in reading.program.inputs:
        if t.role is not None:
            given[t.name] = gradient(name, t.role.wrt, t.role.of)
        else:
            given[t.name] = (earlier or {}).get(t.name, values.get(t.name))
    own = {str(s): sizes[str(s)] for s in reading.program.sizes()}
    return tape.forward(reading.program, given, own)[reading.program.outputs[0]]
