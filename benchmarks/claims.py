r"""Claims of the project's own about small networks: half of them right, in forms that people write, and half wrong in the ways people err.

A network is its text. A claim is (by what, the claim, the mistake): "" for a right one, else the name of the mistake in the
catalogue, or one of several names of the same function, with | between them.
"""

NETWORKS: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "neuron": ("""
w: parameter[d]
b: parameter[()]
x: data[d]
t: data[()]
z = sum(w*x) + b
a = tanh(z)
L = (a - t)**2""", [
        ("w", "2*(a - t)*(1 + a)*(1 - a)*x", ""),
        ("w", r"\nabla_w L = 2(a - t)\,\operatorname{sech}^2(z)\, x", ""),
        ("w", r"\frac{\partial L}{\partial w_i} = \frac{8(a-t)}{(e^{z}+e^{-z})^2} x_i", ""),
        ("b", r"\frac{dL}{db} = -2(t-a)(1-a^2)", ""),
        ("w", r"\frac{\partial L}{\partial w} = 2(a-t)(1-z^2)x", "slope at the wrong place"),
        ("w", "2*(a - t)*x", "slope missing"),
        ("w", "2*(a - t)*(1 + a**2)*x", "wrong slope formula"),
        ("b", "(a - t)*(1 - a**2)", "2 or 1/2"),
    ]),
    "logistic": ("""
X: data[n, d]
y: binary[n]
w: parameter[d]
b: parameter[()]
z = X @ w + b
p = sigmoid(z)
L = -mean(y*log(p) + (1 - y)*log(1 - p))""", [
        ("w", "X.T @ (p - y)/n", ""),
        ("z", r"\frac{\partial L}{\partial z} = \frac1n(\sigma(z) - y)", ""),
        ("p", "((1 - y)/(1 - p) - y/p)/n", ""),
        ("b", "mean(1/(1 + exp(-z)) - y)", ""),
        ("w", "X.T @ (p - y)", "1/N"),
        ("w", "X.T @ ((p - y)*p*(1 - p))/n", "slope too many"),
        ("w", "X.T @ (y - p)/n", "wrong sign"),
        ("b", "(p - y)/n", "summed over the wrong axes"),
    ]),
    "two_layer": ("""
W_1: parameter[h, d]
c_1: parameter[h]
W_2: parameter[k, h]
x: data[d]
t: data[k]
z_1 = W_1 @ x + c_1
a_1 = sigmoid(z_1)
yhat = W_2 @ a_1
L = 0.5*sum((yhat - t)**2)""", [
        ("W_1", r"\frac{\partial L}{\partial W_1} = \left(W_2^\top(\hat y - t)\odot a_1\odot(1-a_1)\right)x^\top", ""),
        ("W_1", "np.outer(W_2.T @ (yhat - t) * np.exp(-z_1)/(1 + np.exp(-z_1))**2, x)", ""),
        ("c_1", "W_2.T @ (yhat - t)*(a_1 - a_1**2)", ""),
        ("W_2", r"\frac{\partial L}{\partial W_2} = (\hat y - t)\, a_1^{\mathsf T}", ""),
        ("W_1", "outer(W_2.T @ (yhat - t), x)", "slope missing"),
        ("W_1", "outer(W_2.T @ (yhat - t)*sigmoid(a_1)*(1 - sigmoid(a_1)), x)", "slope at the wrong place"),
        ("W_2", "outer(yhat - t, z_1)", "wrong tensor"),
        ("W_2", "outer(t - yhat, a_1)", "wrong sign"),
        ("c_1", "W_2.T @ (yhat - t)*a_1", "wrong slope formula|slope missing"),
    ]),
    "rows": ("""
X: data[n, d]
T: data[n, k]
W_1: parameter[d, h]
b_1: parameter[h]
W_2: parameter[h, k]
b_2: parameter[k]
Z = X @ W_1 + b_1
H = maximum(0, Z)
Y = H @ W_2 + b_2
L = sum((Y - T)**2)/n""", [
        ("W_2", "2/n*H.T @ (Y - T)", ""),
        ("b_2", "2*sum(Y - T, axis=0)/n", ""),
        ("W_1", "X.T @ (2/n*(Y - T) @ W_2.T * (Z > 0))", ""),
        ("b_1", "sum(where(H > 0, 2/n*(Y - T) @ W_2.T, 0), axis=0)", ""),
        ("b_2", "2*mean(Y - T, axis=0)/n", "summed over the wrong axes|1/N|mean for sum"),
        ("W_1", "X.T @ (2/n*(Y - T) @ W_2.T)", "slope missing|indicator missing"),
        ("W_1", "X.T @ (2/n*(Y - T) @ W_2.T * (Z < 0))", "wrong indicator"),
        ("W_2", "H.T @ (Y - T)/n", "2 or 1/2"),
    ]),
    "softmax": ("""
X: data[n, d]
Y: labels[n, k]
W: parameter[d, k]
c: parameter[k]
S = X @ W + c
E = exp(S)
P = E / sum(E, axis=1, keepdims=True)
L = -sum(Y*log(P)) / n""", [
        ("S", r"\frac{\partial L}{\partial S} = \frac1n(P-Y)", ""),
        ("W", r"\nabla_W L = \frac{1}{n}X^\top(P-Y)", ""),
        ("c", r"\frac{\partial L}{\partial c} = \frac1n (P-Y)^\top \mathbf 1", ""),
        ("P", "-Y/(n*P)", ""),
        ("S", "-Y*(1 - P)/n", "softmax taken entry by entry"),
        ("W", "X.T @ ((P - Y)*P*(1 - P))/n", "slope too many"),
        ("W", "X.T @ (P - Y)", "1/N"),
        ("c", "(P - Y)/n", "summed over the wrong axes"),
    ]),
    "softmax_vector": ("""
W: parameter[k, d]
x: data[d]
y: labels[k]
z = W @ x
p = softmax(z)
L = -sum(y*log(p))""", [
        ("z", "p - y", ""),
        ("W", r"\frac{\partial L}{\partial W} = (p - y)x^\top", ""),
        ("p", r"\frac{\partial L}{\partial p_i} = -\frac{y_i}{p_i}", ""),
        ("z", "-y*(1 - p)", "softmax taken entry by entry"),
        ("W", "outer(y - p, x)", "wrong sign"),
        ("W", "outer(p, x)", "term missing|path left out"),
    ]),
    "ridge": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
lam: positive[()]
r = X @ w - y
L = sum(r**2)/(2*n) + 0.5*lam*sum(w**2)""", [
        ("w", r"\frac{\partial L}{\partial w} = \frac1n\left(X^\top X w - X^\top y\right)+\lambda w", ""),
        ("w", "X.T @ r/n + lam*w", ""),
        ("w", "mean(X*r[:, None], axis=0) + lam*w", ""),
        ("w", "X.T @ r/n", "penalty forgotten"),
        ("w", "X.T @ r/n + 2*lam*w", "penalty scaled"),
        ("w", "X.T @ r/n - lam*w", "penalty scaled|wrong sign"),
    ]),
    "skip": ("""
x: parameter[d]
W: parameter[m, d]
V: parameter[d, m]
t: data[d]
z = W @ x
h = maximum(0, z)
o = x + V @ h
L = 0.5*sum((o - t)**2)""", [
        ("x", r"\frac{\partial L}{\partial x} = e + W^\top(V^\top e\odot\mathbf 1[z>0]),\quad e = o-t", ""),
        ("x", "e = o - t\n(eye(d) + W.T @ diag(where(z > 0, 1, 0)) @ V.T) @ e", ""),
        ("V", "outer(o - t, maximum(z, 0))", ""),
        ("W", "outer((h > 0)*(V.T @ (o - t)), x)", ""),
        ("x", "W.T @ (V.T @ (o - t)*(z > 0))", "path left out"),
        ("x", "(o - t + W.T @ (V.T @ (o - t)*(z > 0)))/2", "paths averaged"),
        ("x", "o - t", "path left out"),
        ("W", "outer(V.T @ (o - t), x)", "slope missing|indicator missing"),
    ]),
    "form": ("""
A: parameter[d, d]
x: parameter[d]
L = x @ A @ x""", [
        ("x", r"\nabla_x L = (A + A^\top)x", ""),
        ("x", "x @ A + A @ x", ""),
        ("A", "outer(x, x)", ""),
        ("x", "2*A @ x", "matrix assumed symmetric"),
        ("x", "A @ x", "path left out"),
        ("x", "(A + A.T) @ x/2", "paths averaged|2 or 1/2"),
    ]),
    "hinge": ("""
w: parameter[d]
x: data[d]
y: sign[()]
s = sum(w*x)
L = maximum(0, 1 - y*s)""", [
        ("s", "-y*(y*s < 1)", ""),
        ("w", "where(1 - y*s > 0, -y, 0)*x", ""),
        ("s", r"\frac{\partial L}{\partial s} = -y\,\mathbf 1[ys<1]", ""),
        ("w", "-y*x", "indicator missing|slope missing"),
        ("s", "y*(y*s < 1)", "wrong sign"),
        ("s", "-1*(y*s < 1)", "chain factor missing"),
    ]),
    "branches": ("""
x: parameter[d]
u: parameter[d]
v: parameter[d]
p = tanh(u*x)
q = sin(v*x)
L = sum(p) + sum(q)""", [
        ("x", "u*(1 - p**2) + v*cos(v*x)", ""),
        ("u", "x/cosh(u*x)**2", ""),
        ("v", "x*cos(v*x)", ""),
        ("x", "(u*(1 - p**2) + v*cos(v*x))/2", "paths averaged"),
        ("x", "u*(1 - p**2)*v*cos(v*x)", "paths multiplied"),
        ("x", "u*(1 - p**2) - v*cos(v*x)", "wrong sign"),
    ]),
    "layer_norm": ("""
x: parameter[d]
g: data[d]
mu = mean(x)
u = x - mu
s = mean(u**2)
r = 1/sqrt(s + 0.1)
h = u*r
L = sum(g*h)""", [
        ("x", "r*(g - mean(g) - h*mean(g*h))", ""),
        ("h", "g", ""),
        ("x", "r/d*(d*g - sum(g) - h*sum(g*h))", ""),
        ("x", "r*(g - mean(g))", "path left out"),
        ("x", "r*g", "path left out|term missing"),
        ("u", "g*r", "path left out"),
    ]),
    "batch_norm": ("""
X: parameter[n, d]
gamma: parameter[d]
beta: parameter[d]
G: data[n, d]
mu = mean(X, axis=0)
C = X - mu
v = mean(C**2, axis=0)
H = C / sqrt(v + 0.1)
Y = gamma*H + beta
L = sum(G*Y)""", [
        ("gamma", "sum(G*H, axis=0)", ""),
        ("beta", r"\frac{\partial L}{\partial \beta_j} = \sum_i G_{ij}", ""),
        ("X", "gamma/sqrt(v + 0.1)*(G - mean(G, axis=0) - H*mean(G*H, axis=0))", ""),
        ("gamma", "sum(G*Y, axis=0)", "wrong tensor"),
        ("beta", "mean(G, axis=0)", "summed over the wrong axes|1/N"),
        ("H", "G", "chain factor missing"),
    ]),
    "attention": ("""
Q: parameter[m, d]
K: parameter[n, d]
V: parameter[n, e]
G: data[m, e]
S = Q @ K.T
A = softmax(S, axis=1)
O = A @ V
L = sum(G*O)""", [
        ("V", "A.T @ G", ""),
        ("A", "G @ V.T", ""),
        ("S", "A*(G @ V.T - sum(A*(G @ V.T), axis=1, keepdims=True))", ""),
        ("Q", "(A*(G @ V.T) - A*sum(G*O, axis=1, keepdims=True)) @ K", ""),
        ("S", "A*(1 - A)*(G @ V.T)", "softmax taken entry by entry"),
        ("S", "G @ V.T", "slope missing"),
        ("V", "A.T @ G/m", "1/N"),
        ("S", "A*(G @ V.T)", "softmax taken entry by entry|path left out"),
    ]),
    "tied": ("""
W: parameter[d, d]
x: data[d]
t: data[d]
a = tanh(W @ x)
o = W @ a
L = sum((o - t)**2)""", [
        ("W", "outer(2*(o - t), a) + outer(W.T @ (2*(o - t))*(1 - a**2), x)", ""),
        ("a", "2*W.T @ (o - t)", ""),
        ("W", "outer(2*(o - t), a)", "path left out"),
        ("W", "outer(W.T @ (2*(o - t))*(1 - a**2), x)", "path left out"),
        ("a", "2*W @ (o - t)", "transpose missing"),
    ]),
    "deep": ("""
W_1: parameter[h, d]
W_2: parameter[h, h]
W_3: parameter[k, h]
x: data[d]
t: data[k]
z_1 = W_1 @ x
a_1 = tanh(z_1)
z_2 = W_2 @ a_1
a_2 = tanh(z_2)
y = W_3 @ a_2
L = 0.5*sum((y - t)**2)""", [
        ("W_3", "outer(y - t, a_2)", ""),
        ("W_2", "outer(W_3.T @ (y - t)*(1 - a_2**2), a_1)", ""),
        ("W_1", "outer(W_2.T @ (W_3.T @ (y - t)*(1 - a_2**2))*(1 - a_1**2), x)", ""),
        ("W_1", "outer(W_2 @ (W_3.T @ (y - t)*(1 - a_2**2))*(1 - a_1**2), x)", "transpose missing"),
        ("W_2", "outer(W_3.T @ (y - t)*(1 - a_1**2), a_1)", "slope at the wrong place|shifted index or layer"),
        ("W_2", "outer(W_3.T @ (y - t)*(1 - a_2**2), a_2)", "shifted index or layer|wrong tensor"),
        ("W_1", "outer(W_2.T @ (W_3.T @ (y - t)), x)", "slope missing"),
        ("W_1", "outer(W_2.T @ (W_3.T @ (y - t)*(1 - a_2**2)), x)", "slope missing"),
    ]),
    "recurrent": ("""
U: parameter[h, h]
x_1: data[h]
x_2: data[h]
t: data[h]
h_1 = tanh(x_1)
h_2 = tanh(U @ h_1 + x_2)
h_3 = tanh(U @ h_2)
L = 0.5*sum((h_3 - t)**2)""", [
        ("h_2", "U.T @ ((h_3 - t)*(1 - h_3**2))", ""),
        ("U", "g = (h_3 - t)*(1 - h_3**2)\nouter(g, h_2) + outer(U.T @ g*(1 - h_2**2), h_1)", ""),
        ("U", "outer((h_3 - t)*(1 - h_3**2), h_2)", "path left out"),
        ("h_2", "U @ ((h_3 - t)*(1 - h_3**2))", "transpose missing"),
        ("h_2", "U.T @ (h_3 - t)", "slope missing"),
    ]),
    "embedding": ("""
E: parameter[v, d]
i: integers[n, v]
G: data[n, d]
R = E[i]
L = sum(G*R)""", [
        ("R", "G", ""),
        ("E", "one_hot(i, v).T @ G", ""),
        ("R", "G/n", "1/N"),
        ("R", "-G", "wrong sign"),
    ]),
    "log_likelihood": ("""
m: parameter[()]
s: parameter[()]
x: data[n]
L = sum((x - m)**2)/(2*exp(2*s)) + n*s""", [
        ("m", "-sum(x - m)*exp(-2*s)", ""),
        ("s", "n - sum((x - m)**2)/exp(2*s)", ""),
        ("m", "(n*m - sum(x))/exp(s)**2", ""),
        ("m", "sum(x - m)*exp(-2*s)", "wrong sign"),
        ("s", "-sum((x - m)**2)*exp(-2*s)", "path left out|term missing"),
        ("s", "1 - sum((x - m)**2)*exp(-2*s)", "1/N|chain factor missing"),
    ]),
    "product": ("""
x: parameter[()]
y: parameter[()]
z: parameter[()]
q = x + y
f = q*z""", [
        ("x", "z", ""),
        ("z", "x + y", ""),
        ("q", r"\frac{\partial f}{\partial q} = z", ""),
        ("x", "q", "wrong tensor"),
        ("x", "2*z", "2 or 1/2"),
        ("x", "-z", "wrong sign"),
    ]),
    "matrix_norm": ("""
A: parameter[m, n]
B: data[m, n]
L = sum((A - B)**2)/(m*n)""", [
        ("A", "2*(A - B)/(m*n)", ""),
        ("A", r"\frac{\partial L}{\partial A_{ij}} = \frac{2}{mn}(A_{ij} - B_{ij})", ""),
        ("A", "2*(A - B)/m", "1/N"),
        ("A", "2*(B - A)/(m*n)", "wrong sign"),
        ("A", "2*(A - B).T/(m*n)", "order or layout"),
    ]),
    "gate": ("""
u: parameter[d]
v: parameter[d]
g: data[d]
s = sigmoid(u)
h = s*v
L = sum(g*h)""", [
        ("v", "g*s", ""),
        ("u", "g*v*s*(1 - s)", ""),
        ("u", r"\frac{\partial L}{\partial u} = g\odot v\odot \sigma(u)\odot\sigma(-u)", ""),
        ("u", "g*v", "slope missing"),
        ("u", "g*v*u*(1 - u)", "slope at the wrong place"),
        ("u", "g*s*(1 - s)", "chain factor missing"),
        ("v", "g", "chain factor missing"),
    ]),
    "softplus": ("""
w: parameter[d]
x: data[d]
y: sign[()]
s = y*sum(w*x)
L = log(1 + exp(-s))""", [
        ("s", "-1/(1 + exp(s))", ""),
        ("w", "-y*x*sigmoid(-s)", ""),
        ("w", "y*(sigmoid(s) - 1)*x", ""),
        ("w", "-y*x*sigmoid(s)", "slope missing|slope at the wrong place|wrong slope formula|wrong sign|path left out"),
        ("w", "y*x*sigmoid(-s)", "wrong sign"),
        ("w", "-x*sigmoid(-s)", "chain factor missing"),
    ]),
    "huber": ("""
r: parameter[n]
L = sum(where(abs(r) < 1, 0.5*r**2, abs(r) - 0.5))""", [
        ("r", "where(abs(r) < 1, r, sign(r))", ""),
        ("r", "clip(r, -1, 1)", ""),
        ("r", "r", "wrong region"),
        ("r", "sign(r)", "wrong region"),
    ]),
    "conv": ("""
x: data[n]
k: parameter[3]
y = x[:-2]*k[0] + x[1:-1]*k[1] + x[2:]*k[2]
L = sum(y**2)""", [
        ("y", "2*y", ""),
        ("k", "stack([sum(2*y*x[:-2]), sum(2*y*x[1:-1]), sum(2*y*x[2:])])", ""),
        ("k", "stack([sum(2*y*x[2:]), sum(2*y*x[1:-1]), sum(2*y*x[:-2])])", "kernel not flipped|shifted index or layer"),
        ("y", "y", "2 or 1/2"),
    ]),
    "bilinear": ("""
x: parameter[m]
W: parameter[m, n]
y: parameter[n]
t: data[()]
s = x @ W @ y
L = (s - t)**2""", [
        ("W", "2*(s - t)*outer(x, y)", ""),
        ("x", r"\nabla_x L = 2(s-t)Wy", ""),
        ("y", "2*(s - t)*x @ W", ""),
        ("W", "2*(s - t)*outer(y, x)", "order or layout"),
        ("x", "2*s*W @ y", "term missing"),
        ("y", "(s - t)*W.T @ x", "2 or 1/2"),
    ]),
    "scaled_dot": ("""
q: parameter[d]
K: data[n, d]
c: data[n]
e = K @ q/sqrt(d)
p = softmax(e)
L = sum(c*p)""", [
        ("q", "K.T @ (p*(c - sum(p*c)))/sqrt(d)", ""),
        ("e", "(diag(p) - outer(p, p)) @ c", ""),
        ("e", r"\frac{\partial L}{\partial e_i} = p_i\left(c_i - \sum_j p_j c_j\right)", ""),
        ("q", "K.T @ (p*(c - sum(p*c)))", "1/N|chain factor missing"),
        ("e", "p*(1 - p)*c", "softmax taken entry by entry"),
        ("e", "p*c", "softmax taken entry by entry"),
    ]),
}  # fmt: skip

# A right derivation of a network, and wrong steps that may stand in it: (position from 0, the claim).
DERIVATIONS: dict[str, tuple[list[tuple[str, str, str]], list[tuple[int, str]]]] = {
    "two_layer": ([
        ("e", "yhat - t", "dL/dyhat"),
        ("W_2", "outer(e, a_1)", "dL/dW_2"),
        ("g", "W_2.T @ e", "dL/da_1"),
        ("delta", "g*a_1*(1 - a_1)", "dL/dz_1"),
        ("W_1", "outer(delta, x)", "dL/dW_1"),
        ("c_1", "delta", "dL/dc_1"),
    ], [(0, "t - yhat"), (1, "outer(e, z_1)"), (2, "sum(e)*W_2[0]"), (3, "g*(1 - a_1)"), (3, "g*z_1*(1 - z_1)"), (4, "outer(x, delta)"), (5, "2*delta")]),
    "deep": ([
        ("e", "y - t", "dL/dy"),
        ("d_2", "W_3.T @ e*(1 - a_2**2)", "dL/dz_2"),
        ("W_2", "outer(d_2, a_1)", "dL/dW_2"),
        ("d_1", "W_2.T @ d_2*(1 - a_1**2)", "dL/dz_1"),
        ("W_1", "outer(d_1, x)", "dL/dW_1"),
    ], [(0, "2*(y - t)"), (1, "W_3.T @ e*(1 - z_2**2)"), (1, "W_3.T @ e"), (2, "outer(d_2, a_2)"), (3, "W_2 @ d_2*(1 - a_1**2)"), (3, "W_2.T @ d_2*(1 - a_2**2)")]),
    "rows": ([
        ("D", "2*(Y - T)/n", "dL/dY"),
        ("W_2", "H.T @ D", "dL/dW_2"),
        ("b_2", "sum(D, axis=0)", "dL/db_2"),
        ("G", "D @ W_2.T*(Z > 0)", "dL/dZ"),
        ("W_1", "X.T @ G", "dL/dW_1"),
    ], [(0, "2*(Y - T)"), (1, "Z.T @ D"), (2, "mean(D, axis=0)"), (3, "D @ W_2.T"), (3, "D @ W_2.T*(Z < 0)"), (4, "2*X.T @ G")]),
    "softmax": ([
        ("Q", "-Y/(n*P)", "dL/dP"),
        ("D", "P*(Q - sum(P*Q, axis=1, keepdims=True))", "dL/dS"),
        ("W", "X.T @ D", "dL/dW"),
        ("c", "sum(D, axis=0)", "dL/dc"),
    ], [(0, "Y/(n*P)"), (1, "P*(1 - P)*Q"), (1, "P*Q"), (2, "X.T @ Q"), (3, "mean(D, axis=0)")]),
    "skip": ([
        ("e", "o - t", "dL/do"),
        ("s", "V.T @ e*(z > 0)", "dL/dz"),
        ("x", "e + W.T @ s", "dL/dx"),
    ], [(0, "2*(o - t)"), (1, "V.T @ e"), (1, "V.T @ e*(z < 0)"), (2, "W.T @ s"), (2, "(e + W.T @ s)/2")]),
}  # fmt: skip
