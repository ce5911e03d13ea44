r"""Harder claims, in networks that nothing else is about: mostly wrong ones, some with two mistakes at once.

The format is that of `claims`.
"""

from __future__ import annotations

HARD: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "least_squares": ("""
A: data[m, n]
b: data[m]
x: parameter[n]
L = sum((A @ x - b)**2)""", [
        ("x", r"2 A^\top (A x - b)", ""),
        ("x", "2*A.T @ A @ x - A.T @ b", "2 or 1/2|term missing"),
        ("x", "A.T @ (A @ x - b)", "2 or 1/2"),
        ("x", "2*A.T @ A @ x", "path left out|term missing"),
        ("x", "2*A.T @ (A @ x + b)", "wrong sign"),
        ("x", "2*A.T @ b - 2*A.T @ A @ x", "wrong sign"),
        ("x", "2*A.T @ (A @ x - b)/m", "1/N"),
    ]),
    "quadratic": ("""
A: parameter[n, n]
b: data[n]
x: parameter[n]
c: data[()]
L = x @ A @ x - b @ x + c""", [
        ("x", r"(A + A^\top) x - b", ""),
        ("x", "2*A @ x - b", "matrix assumed symmetric"),
        ("x", "A @ x - b", "path left out"),
        ("x", "(A + A.T) @ x + b", "wrong sign"),
        ("x", "(A + A.T) @ x", "path left out|term missing"),
        ("x", "2*A.T @ x - b", "matrix assumed symmetric|transpose missing"),
        ("A", "outer(x, x)/2", "2 or 1/2"),
        ("A", "2*outer(x, x)", "2 or 1/2"),
    ]),
    "half_quadratic": ("""
P: data[n, n]
q: data[n]
w: parameter[n]
L = 0.5*w @ P @ w + q @ w""", [
        ("w", "0.5*(P + P.T) @ w + q", ""),
        ("w", "P @ w + q", "matrix assumed symmetric"),
        ("w", "2*P @ w + q", "matrix assumed symmetric"),
        ("w", "0.5*P @ w + q", "path left out"),
        ("w", "(P + P.T) @ w + q", "2 or 1/2"),
        ("w", "P.T @ w - q", "matrix assumed symmetric|wrong sign"),
    ]),
    "regression_head": ("""
X: data[n, d]
y: labels[n, c]
W: parameter[d, c]
b: parameter[c]
lam: positive[()]
z = X @ W + b
p = softmax(z, axis=1)
L = -mean(sum(y*log(p), axis=1)) + lam/2*sum(W**2)""", [
        ("W", r"\frac1n X^\top (p - y) + \lambda W", ""),
        ("W", "X.T @ (p - y) + lam*W", "1/N"),
        ("W", "X.T @ (p - y)/n", "penalty forgotten"),
        ("W", "X.T @ (p - y)/n + 2*lam*W", "penalty scaled"),
        ("W", "X.T @ (y - p)/n + lam*W", "wrong sign"),
        ("W", "X.T @ ((p - y)*p*(1 - p))/n + lam*W", "slope too many"),
        ("W", "X.T @ (p - y)/n + lam*W/n", "penalty scaled"),
        ("W", "X.T @ (p - y)/n - lam*W", "penalty scaled|wrong sign"),
        ("b", "mean(p - y)*ones(c)", "summed over the wrong axes|1/N"),
        ("b", "sum(p - y, axis=0)", "1/N"),
        ("z", "(1 - y/p)/n", "wrong tensor|term missing|factor missing|chain factor missing|softmax taken entry by entry"),
        ("z", "-y*(1 - p)/n", "softmax taken entry by entry"),
        ("b", "sum(p, axis=0)/n", "path left out|term missing"),
    ]),
    "logistic_weighted": ("""
X: data[n, d]
t: binary[n]
a: positive[()]
w: parameter[d]
s = X @ w
p = sigmoid(s)
L = -sum(a*t*log(p) + (1 - t)*log(1 - p))""", [
        ("s", "(1 - t)*p - a*t*(1 - p)", ""),
        ("s", "p - t", "chain factor missing"),
        ("s", "a*(p - t)", "chain factor missing|wrong tensor|factor too many"),
        ("s", "(1 - t)*p - a*t", "path left out|term missing|factor missing|chain factor missing|slope missing"),
        ("p", "-a*t/p - (1 - t)/(1 - p)", "wrong sign"),
        ("p", "-a*t/p", "path left out"),
        ("s", "((1 - t)*p - a*t*(1 - p))*p*(1 - p)", "slope too many"),
    ]),
    "mlp3": ("""
X: data[n, d]
T: data[n, k]
W_1: parameter[d, h]
W_2: parameter[h, q]
W_3: parameter[q, k]
b_1: parameter[h]
b_2: parameter[q]
Z_1 = X @ W_1 + b_1
A_1 = tanh(Z_1)
Z_2 = A_1 @ W_2 + b_2
A_2 = sigmoid(Z_2)
Y = A_2 @ W_3
L = sum((Y - T)**2)/(2*n)""", [
        ("W_2", "A_1.T @ ((Y - T) @ W_3.T*A_2*(1 - A_2))/n", ""),
        ("W_2", "A_1.T @ ((Y - T) @ W_3.T*A_2*(1 - A_2))", "1/N"),
        ("W_2", "A_1.T @ ((Y - T) @ W_3.T*Z_2*(1 - Z_2))/n", "slope at the wrong place"),
        ("W_2", "A_1.T @ ((Y - T) @ W_3.T*(1 - A_2**2))/n", "wrong slope formula"),
        ("W_2", "Z_1.T @ ((Y - T) @ W_3.T*A_2*(1 - A_2))/n", "wrong tensor|slope missing|shifted index or layer|slope at the wrong place"),
        ("W_2", "A_1.T @ ((Y - T) @ W_3.T)/n", "slope missing"),
        ("W_1", "D = (Y - T) @ W_3.T*A_2*(1 - A_2)/n\nX.T @ (D @ W_2.T*A_1**2)", "wrong slope formula"),
        ("W_1", "D = (Y - T) @ W_3.T*A_2*(1 - A_2)/n\nX.T @ (D @ W_2.T)", "slope missing"),
        ("W_1", "D = (T - Y) @ W_3.T*A_2*(1 - A_2)/n\nX.T @ (D @ W_2.T)", "wrong sign|slope missing"),
        ("W_1", "D = (Y - T) @ W_3.T*A_2/n\nX.T @ (D @ W_2.T*(1 - A_1**2))", "wrong slope formula|slope missing"),
        ("W_1", "D = 2*(Y - T) @ W_3.T/n\nX.T @ (D @ W_2.T*(1 - A_1**2))", "2 or 1/2|slope missing"),
        ("b_1", "D = (Y - T) @ W_3.T*A_2*(1 - A_2)/n\nmean(D @ W_2.T*(1 - A_1**2), axis=0)", "summed over the wrong axes|1/N"),
        ("b_1", "D = (Y - T) @ W_3.T*A_2*(1 - A_2)/n\nsum(D @ W_2.T, axis=0)", "slope missing"),
    ]),
    "square_mlp": ("""
U: parameter[d, d]
V: parameter[d, d]
x: data[d]
t: data[d]
a = U @ x
h = maximum(a, 0)
o = V @ h
y = tanh(o)
L = sum((y - t)**2)/2""", [
        ("U", "outer((V.T @ ((y - t)*(1 - y**2)))*(a > 0), x)", ""),
        ("U", "outer((V @ ((y - t)*(1 - y**2)))*(a > 0), x)", "transpose missing"),
        ("U", "outer((V @ ((y - t)*(1 - y**2))), x)", "transpose missing|indicator missing|slope missing"),
        ("U", "outer(x, (V.T @ ((y - t)*(1 - y**2)))*(a > 0))", "order or layout"),
        ("U", "outer((V.T @ (y - t))*(a > 0), x)", "slope missing"),
        ("U", "outer((V.T @ ((y - t)*(1 - o**2)))*(a > 0), x)", "slope at the wrong place|wrong slope formula"),
        ("V", "outer((y - t)*(1 - y**2), a)", "wrong tensor|slope missing|indicator missing|shifted index or layer"),
        ("V", "outer((y - t)*(1 - y**2), x)", "wrong tensor|shifted index or layer"),
        ("h", "V.T @ ((t - y)*(1 - y**2)*2)", "wrong sign|2 or 1/2"),
        ("a", "(V.T @ ((y - t)*(1 - y**2)))*h", "wrong slope formula|indicator missing|wrong indicator|slope at the wrong place"),
        ("a", "(V.T @ ((y - t)*(1 - y**2)))*(o > 0)", "wrong indicator|slope at the wrong place"),
        ("a", "V.T @ ((y - t)*(1 - y**2)*(a > 0))", "grouping"),
    ]),
    "scaled_attention": ("""
X: data[n, d]
W_q: parameter[d, e]
W_k: parameter[d, e]
W_v: parameter[d, e]
G: data[n, e]
Q = X @ W_q
K = X @ W_k
V = X @ W_v
S = Q @ K.T/sqrt(e)
P = softmax(S, axis=1)
O = P @ V
L = sum(G*O)""", [
        ("V", "P.T @ G", ""),
        ("V", "P @ G", "transpose missing"),
        ("P", "V @ G.T", "order or layout|transpose missing"),
        ("S", "P*(1 - P)*(G @ V.T)", "softmax taken entry by entry"),
        ("S", "D = G @ V.T\nP*(D - sum(P*D))", "wrong axis"),
        ("S", "D = G @ V.T\nP*D - sum(P*D, axis=1, keepdims=True)", "term missing|chain factor missing"),
        ("S", "G @ V.T", "slope missing|chain factor missing"),
        ("Q", "D = G @ V.T\nS1 = P*(D - sum(P*D, axis=1, keepdims=True))\nS1 @ K", "chain factor missing|1/N"),
        ("K", "D = G @ V.T\nS1 = P*(D - sum(P*D, axis=1, keepdims=True))\nS1 @ Q/sqrt(e)", "transpose missing"),
        ("W_q", "D = G @ V.T\nS1 = P*(D - sum(P*D, axis=1, keepdims=True))\nX.T @ S1.T @ K/sqrt(e)", "transpose missing"),
        ("W_q", "D = G @ V.T\nS1 = P*(D - sum(P*D, axis=1, keepdims=True))\nX.T @ S1 @ Q/sqrt(e)", "wrong tensor|shifted index or layer"),
        ("W_k", "D = G @ V.T\nS1 = P*(D - sum(P*D, axis=1, keepdims=True))\nX.T @ S1.T @ Q/e", "chain factor missing|1/N|factor too many|wrong exponent"),
    ]),
    "self_similarity": ("""
X: parameter[n, d]
M: data[n, n]
S = X @ X.T
A = softmax(S, axis=1)
L = sum(M*A)""", [
        ("X", "D = A*(M - sum(A*M, axis=1, keepdims=True))\n(D + D.T) @ X", ""),
        ("X", "D = A*(M - sum(A*M, axis=1, keepdims=True))\nD @ X", "path left out"),
        ("X", "D = A*(M - sum(A*M, axis=1, keepdims=True))\n2*D @ X", "matrix assumed symmetric"),
        ("X", "D = A*(M - sum(A*M, axis=1, keepdims=True))\nD.T @ X", "path left out"),
        ("X", "D = A*(1 - A)*M\n(D + D.T) @ X", "softmax taken entry by entry"),
        ("X", "D = A*(M - sum(A*M, axis=0, keepdims=True))\n(D + D.T) @ X", "wrong axis"),
        ("X", "(M + M.T) @ X", "slope missing"),
    ]),
    "layer_norm_rows": ("""
X: parameter[n, d]
g: parameter[d]
c: parameter[d]
R: data[n, d]
mu = mean(X, axis=1, keepdims=True)
D = X - mu
v = mean(D**2, axis=1, keepdims=True)
s = 1/sqrt(v + 0.00001)
H = D*s
Y = H*g + c
L = sum(R*Y)""", [
        ("X", "E = R*g\ns*(E - mean(E, axis=1, keepdims=True) - H*mean(E*H, axis=1, keepdims=True))", ""),
        ("X", "E = R*g\ns*E", "path left out"),
        ("X", "E = R*g\ns*(E - H*mean(E*H, axis=1, keepdims=True))", "path left out"),
        ("X", "E = R*g\ns*(E - mean(E, axis=1, keepdims=True))", "path left out"),
        ("X", "E = R*g\ns*(E - mean(E, axis=0, keepdims=True) - H*mean(E*H, axis=0, keepdims=True))", "wrong axis|summed over the wrong axes"),
        ("X", "E = R\ns*(E - mean(E, axis=1, keepdims=True) - H*mean(E*H, axis=1, keepdims=True))", "chain factor missing"),
        ("X", "E = R*g\ns*(E - mean(E, axis=1, keepdims=True) + H*mean(E*H, axis=1, keepdims=True))", "wrong sign"),
        ("g", "sum(R*D, axis=0)", "wrong tensor|chain factor missing|term missing"),
        ("g", "mean(R*H, axis=0)", "summed over the wrong axes|1/N"),
        ("c", "R", "summed over the wrong axes"),
        ("v", "-0.5*sum(R*g*D, axis=1, keepdims=True)*s", "wrong exponent"),
        ("v", "sum(R*g*D, axis=1, keepdims=True)*s**3", "2 or 1/2|wrong sign|chain factor missing"),
    ]),
    "batch_norm_train": ("""
Z: parameter[n, d]
gam: parameter[d]
bet: parameter[d]
T: data[n, d]
eps: positive[()]
m = mean(Z, axis=0)
U = Z - m
q = mean(U**2, axis=0)
r = (q + eps)**(-0.5)
N = U*r
A = gam*N + bet
L = sum((A - T)**2)/2""", [
        ("Z", "E = (A - T)*gam\nr*(E - mean(E, axis=0) - N*mean(E*N, axis=0))", ""),
        ("Z", "E = (A - T)*gam\nr*E", "path left out"),
        ("Z", "E = (A - T)*gam\nr*(E - mean(E, axis=0))", "path left out"),
        ("Z", "E = (A - T)*gam\nr*(E - N*mean(E*N, axis=0))", "path left out"),
        ("Z", "E = (A - T)*gam\nr*(E - sum(E, axis=0) - N*sum(E*N, axis=0))", "1/N"),
        ("gam", "sum((A - T)*A, axis=0)", "wrong tensor"),
        ("gam", "sum((A - T)*Z, axis=0)", "wrong tensor"),
        ("bet", "mean(A - T, axis=0)", "summed over the wrong axes|1/N"),
        ("N", "(A - T)/gam", "wrong exponent|slope at the wrong place"),
        ("q", "0.5*sum((A - T)*gam*U, axis=0)*r**3", "wrong sign"),
        ("q", "-0.5*sum((A - T)*gam*U, axis=0)*r**2", "wrong exponent"),
    ]),
    "conv1d": ("""
x: parameter[p + 2]
k: parameter[3]
b: parameter[()]
g: data[p]
z = x[:-2]*k[0] + x[1:-1]*k[1] + x[2:]*k[2] + b
a = maximum(z, 0)
L = sum((a - g)**2)/2""", [
        ("k", "D = (a - g)*(z > 0)\nstack([sum(D*x[:-2]), sum(D*x[1:-1]), sum(D*x[2:])])", ""),
        ("k", "D = a - g\nstack([sum(D*x[:-2]), sum(D*x[1:-1]), sum(D*x[2:])])", "indicator missing|slope missing"),
        ("k", "D = (a - g)*(z > 0)\nstack([sum(D*x[2:]), sum(D*x[1:-1]), sum(D*x[:-2])])", "kernel not flipped"),
        ("k", "D = (a - g)*(z > 0)\nstack([sum(D*x[:-2]), sum(D*x[1:-1]), sum(D*x[2:])])/p", "1/N"),
        ("k", "D = (g - a)*(z > 0)\nstack([sum(D*x[:-2]), sum(D*x[1:-1]), sum(D*x[2:])])", "wrong sign"),
        ("b", "mean((a - g)*(z > 0))", "summed over the wrong axes|1/N"),
        ("b", "sum(a - g)", "indicator missing|slope missing"),
        ("b", "(a - g)*(z > 0)", "summed over the wrong axes|wrong shape"),
    ]),
    "rnn3": ("""
W: parameter[h, h]
U: parameter[h, d]
b: parameter[h]
x_1: data[d]
x_2: data[d]
x_3: data[d]
h_0: data[h]
g: data[h]
h_1 = tanh(W @ h_0 + U @ x_1 + b)
h_2 = tanh(W @ h_1 + U @ x_2 + b)
h_3 = tanh(W @ h_2 + U @ x_3 + b)
L = sum(g*h_3)""", [
        ("U", "d3 = g*(1 - h_3**2)\nd2 = (W.T @ d3)*(1 - h_2**2)\nd1 = (W.T @ d2)*(1 - h_1**2)\nouter(d3, x_3) + outer(d2, x_2) + outer(d1, x_1)", ""),
        ("U", "d3 = g*(1 - h_3**2)\nouter(d3, x_3)", "path left out|assigned for added"),
        ("U", "d3 = g*(1 - h_3**2)\nd2 = (W.T @ d3)*(1 - h_2**2)\nouter(d3, x_3) + outer(d2, x_2)", "path left out"),
        ("U", "d3 = g*(1 - h_3**2)\nd2 = (W.T @ d3)*(1 - h_2**2)\nd1 = (W.T @ d2)*(1 - h_1**2)\n(outer(d3, x_3) + outer(d2, x_2) + outer(d1, x_1))/3", "paths averaged"),
        ("b", "d3 = g*(1 - h_3**2)\nd2 = (W @ d3)*(1 - h_2**2)\nd1 = (W @ d2)*(1 - h_1**2)\nd3 + d2 + d1", "transpose missing"),
        ("b", "d3 = g*(1 - h_3**2)\nd2 = W.T @ d3\nd1 = W.T @ d2\nd3 + d2 + d1", "slope missing"),
        ("b", "d3 = g*(1 - h_3**2)\nd2 = W.T @ (d3*(1 - h_2**2))\nd1 = W.T @ (d2*(1 - h_1**2))\nd3 + d2 + d1", "grouping"),
        ("h_1", "d3 = g*(1 - h_3**2)\nd2 = (W.T @ d3)*(1 - h_2**2)\nd2", "chain factor missing|slope missing"),
        ("h_1", "d3 = g*(1 - h_3**2)\nd2 = (W.T @ d3)*(1 - h_1**2)\nW.T @ d2", "slope at the wrong place|shifted index or layer"),
        ("W", "d3 = g*(1 - h_3**2)\nd2 = (W.T @ d3)*(1 - h_2**2)\nd1 = (W.T @ d2)*(1 - h_1**2)\nouter(d3, h_2) + outer(d2, h_1)", "path left out"),
        ("W", "d3 = g*(1 - h_3**2)\nd2 = d3*(1 - h_2**2)\nd1 = d2*(1 - h_1**2)\nouter(d3, h_2) + outer(d2, h_1) + outer(d1, h_0)", "chain factor missing"),
    ]),
    "lstm_gates": ("""
W_f: parameter[h, d]
W_i: parameter[h, d]
W_o: parameter[h, d]
W_c: parameter[h, d]
x: data[d]
c: parameter[h]
r: data[h]
f = sigmoid(W_f @ x)
i = sigmoid(W_i @ x)
o = sigmoid(W_o @ x)
u = tanh(W_c @ x)
s = f*c + i*u
y = o*tanh(s)
L = sum(r*y)""", [
        ("s", "r*o*(1 - tanh(s)**2)", ""),
        ("s", "r*o*(1 - s**2)", "slope at the wrong place|wrong slope formula"),
        ("s", "r*(1 - tanh(s)**2)", "chain factor missing"),
        ("W_f", "outer(r*o*(1 - tanh(s)**2)*f*(1 - f), x)", "chain factor missing|slope at the wrong place"),
        ("W_f", "outer(r*o*(1 - tanh(s)**2)*c, x)", "slope missing"),
        ("W_f", "outer(r*o*(1 - tanh(s)**2)*s*f*(1 - f), x)", "wrong tensor|shifted index or layer"),
        ("W_i", "outer(r*o*(1 - tanh(s)**2)*u*(1 - i**2), x)", "wrong slope formula"),
        ("W_c", "outer(r*o*(1 - tanh(s)**2)*i*u*(1 - u), x)", "wrong slope formula"),
        ("W_c", "outer(r*(1 - tanh(s)**2)*i*(1 - u**2), x)", "chain factor missing"),
        ("W_o", "outer(r*tanh(s)*(1 - o**2), x)", "wrong slope formula"),
        ("W_o", "outer(r*s*o*(1 - o), x)", "slope missing|wrong tensor"),
        ("c", "r*o*(1 - tanh(s)**2)*i", "wrong tensor|shifted index or layer|chain factor missing"),
    ]),
    "vae": ("""
x: data[d]
W_m: parameter[k, d]
W_s: parameter[k, d]
V: parameter[d, k]
e: data[k]
m = W_m @ x
s = W_s @ x
z = m + exp(s/2)*e
y = sigmoid(V @ z)
R = -sum(x*log(y) + (1 - x)*log(1 - y))
D = -0.5*sum(1 + s - m**2 - exp(s))
L = R + D""", [
        ("m", "V.T @ (y - x) + m", ""),
        ("m", "V.T @ (y - x)", "path left out|penalty forgotten"),
        ("m", "V.T @ (y - x) - m", "wrong sign"),
        ("m", "V.T @ ((y - x)*y*(1 - y)) + m", "slope too many"),
        ("s", "0.5*(V.T @ (y - x))*e*exp(s/2) + 0.5*(exp(s) + 1)", "wrong sign|term missing"),
        ("s", "(V.T @ (y - x))*e*exp(s/2) + 0.5*(exp(s) - 1)", "2 or 1/2"),
        ("s", "0.5*(V.T @ (y - x))*e + 0.5*(exp(s) - 1)", "slope missing|chain factor missing"),
        ("s", "0.5*(exp(s) - 1)", "path left out"),
        ("s", "0.5*(V.T @ (y - x))*e*exp(s/2)", "path left out"),
        ("W_m", "outer(x, V.T @ (y - x) + m)", "order or layout|transpose missing"),
        ("V", "outer(y - x, m)", "wrong tensor|path left out|shifted index or layer"),
    ]),
    "gaussian_nll": ("""
X: data[n, d]
mu: parameter[d]
S: parameter[d, d]
C: data[d, d]
y: data[d]
P = inv(S)
L = 0.5*logdet(S) + 0.5*(y - mu) @ P @ (y - mu)""", [
        ("mu", "-0.5*(P + P.T) @ (y - mu)", ""),
        ("mu", "-P @ (y - mu)", "matrix assumed symmetric"),
        ("mu", "P @ (y - mu)", "wrong sign|matrix assumed symmetric"),
        ("mu", "-0.5*P @ (y - mu)", "2 or 1/2|path left out"),
        ("mu", "-0.5*(S + S.T) @ (y - mu)", "wrong tensor|shifted index or layer"),
        ("S", "0.5*P", "path left out|transpose missing"),
        ("S", "0.5*P.T - 0.5*P @ outer(y - mu, y - mu) @ P", "transpose missing|order or layout"),
        ("S", "0.5*P.T + 0.5*P.T @ outer(y - mu, y - mu) @ P.T", "wrong sign"),
        ("P", "outer(y - mu, y - mu)", "2 or 1/2"),
    ]),
    "log_det_ridge": ("""
A: parameter[n, n]
B: data[n, n]
lam: positive[()]
L = logdet(A.T @ A + B @ B.T + eye(n)) + lam*sum(A**2)""", [
        ("A", "2*A @ inv(A.T @ A + B @ B.T + eye(n)) + 2*lam*A", ""),
        ("A", "A @ inv(A.T @ A + B @ B.T + eye(n)) + 2*lam*A", "path left out|2 or 1/2"),
        ("A", "2*A @ inv(A.T @ A + B @ B.T + eye(n))", "penalty forgotten"),
        ("A", "2*A @ inv(A.T @ A + B @ B.T + eye(n)) + lam*A", "penalty scaled"),
        ("A", "2*inv(A.T @ A + B @ B.T + eye(n)) @ A + 2*lam*A", "order or layout|transpose missing"),
        ("A", "2*A @ (A.T @ A + B @ B.T + eye(n)) + 2*lam*A", "chain factor missing|slope missing|wrong tensor"),
    ]),
    "inverse_trace": ("""
A: parameter[n, n]
B: data[n, n]
M = inv(A)
L = sum(B*M)""", [
        ("A", "-M.T @ B @ M.T", ""),
        ("A", "M.T @ B @ M.T", "wrong sign"),
        ("A", "-M @ B @ M", "transpose missing|order or layout"),
        ("A", "-M.T @ B.T @ M.T", "transpose missing"),
        ("A", "-B*M.T**2", "entrywise for matrix product|quotient for Jacobian|order or layout"),
        ("A", "-M.T @ B", "chain factor missing|factor missing"),
    ]),
    "kalman": ("""
z: parameter[n]
u: data[n]
H: data[m, n]
Q: data[m, m]
R: data[m, m]
y: data[m]
r = y - H @ z
J = sum((z - u)**2)/2
E = 0.5*r @ R @ r
L = J + E""", [
        ("z", "z - u - 0.5*H.T @ (R + R.T) @ r", ""),
        ("z", "z - u - H.T @ R @ r", "matrix assumed symmetric"),
        ("z", "z - u + 0.5*H.T @ (R + R.T) @ r", "wrong sign"),
        ("z", "-0.5*H.T @ (R + R.T) @ r", "path left out|penalty forgotten"),
        ("z", "z - u", "path left out"),
        ("z", "2*(z - u) - 0.5*H.T @ (R + R.T) @ r", "2 or 1/2|penalty scaled"),
        ("z", "z - u - H.T @ (R + R.T) @ r", "2 or 1/2"),
        ("r", "R @ r", "matrix assumed symmetric"),
        ("z", "z - 0.5*H.T @ (R + R.T) @ r", "term missing|path left out"),
    ]),
    "embeddings": ("""
E: parameter[v, d]
w: integers[n, v]
W: parameter[d, c]
T: labels[n, c]
h = E[w]
o = h @ W
p = softmax(o, axis=1)
L = -sum(T*log(p))/n""", [
        ("W", "h.T @ (p - T)/n", ""),
        ("W", "h.T @ (p - T)", "1/N"),
        ("W", "h.T @ (T - p)/n", "wrong sign"),
        ("W", "h.T @ ((p - T)*p*(1 - p))/n", "slope too many"),
        ("h", "(p - T) @ W.T", "1/N"),
        ("h", "(p - T) @ W.T/n**2", "1/N"),
        ("o", "p/n", "path left out|term missing"),
        ("o", "(p - T)/(n*p)", "wrong exponent|wrong tensor|slope too many|factor too many|softmax taken entry by entry"),
    ]),
    "word_pairs": ("""
u: parameter[d]
v: parameter[d]
N: parameter[k, d]
s = u @ v
q = N @ u
L = -log(sigmoid(s)) - sum(log(sigmoid(-q)))""", [
        ("u", "(sigmoid(s) - 1)*v + N.T @ sigmoid(q)", ""),
        ("u", "(sigmoid(s) - 1)*v", "path left out"),
        ("u", "(1 - sigmoid(s))*v + N.T @ sigmoid(q)", "wrong sign"),
        ("u", "(sigmoid(s) - 1)*v - N.T @ sigmoid(q)", "wrong sign"),
        ("u", "(sigmoid(s) - 1)*v + N.T @ (1 - sigmoid(q))", "wrong sign|wrong slope formula|slope at the wrong place"),
        ("v", "sigmoid(s)*u", "term missing|wrong slope formula|path left out|slope at the wrong place"),
        ("N", "outer(u, sigmoid(q))", "order or layout|transpose missing"),
        ("v", "sigmoid(s)*(1 - sigmoid(s))*u", "slope missing|wrong sign|slope too many"),
    ]),
    "info_nce": ("""
Z: parameter[n, d]
Y: parameter[n, d]
tau: positive[()]
S = Z @ Y.T/tau
P = softmax(S, axis=1)
I = eye(n)
L = -sum(I*log(P))/n""", [
        ("Z", "(P - I) @ Y/(n*tau)", ""),
        ("Z", "(P - I) @ Y/n", "chain factor missing"),
        ("Z", "(P - I) @ Y/tau", "1/N"),
        ("Z", "(P - I) @ Y", "1/N|chain factor missing"),
        ("Z", "(I - P) @ Y/(n*tau)", "wrong sign"),
        ("Y", "(P - I) @ Z/(n*tau)", "transpose missing"),
        ("Z", "(P - I) @ Z/(n*tau)", "wrong tensor|shifted index or layer"),
        ("Z", "tau*(P - I) @ Y/n", "wrong exponent|chain factor missing"),
        ("tau", "-sum((P - I)*S)/n", "factor too many|wrong exponent|chain factor missing"),
        ("tau", "sum((P - I)*S)/(n*tau)", "wrong sign"),
        ("tau", "-sum((P - I)*(Z @ Y.T))/(n*tau)", "factor too many|wrong exponent"),
    ]),
    "contrastive_pair": ("""
a: parameter[d]
b: parameter[d]
y: binary[()]
m: positive[()]
D = sqrt(sum((a - b)**2))
L = y*D**2/2 + (1 - y)*maximum(0, m - D)**2/2""", [
        ("D", "y*D - (1 - y)*maximum(0, m - D)", ""),
        ("D", "y*D + (1 - y)*maximum(0, m - D)", "wrong sign"),
        ("D", "y*D - (1 - y)*(m - D)", "indicator missing|wrong region"),
        ("D", "y*D", "path left out"),
        ("D", "2*y*D - 2*(1 - y)*maximum(0, m - D)", "2 or 1/2"),
        ("a", "(y*D - (1 - y)*maximum(0, m - D))*(a - b)", "slope missing|chain factor missing|wrong exponent"),
        ("a", "(y*D - (1 - y)*maximum(0, m - D))*(b - a)/D", "wrong sign"),
        ("a", "2*(y*D - (1 - y)*maximum(0, m - D))*(a - b)/D", "2 or 1/2"),
        ("a", "(y*D - (1 - y)*maximum(0, m - D))*(a - b)/(2*D)", "2 or 1/2"),
    ]),
    "cosine_loss": ("""
u: parameter[d]
v: data[d]
s = u @ v
n_u = sqrt(u @ u)
n_v = sqrt(v @ v)
c = s/(n_u*n_v)
L = (1 - c)**2""", [
        ("u", "-2*(1 - c)*(v/(n_u*n_v) - c*u/n_u**2)", ""),
        ("u", "-2*(1 - c)*v/(n_u*n_v)", "path left out"),
        ("u", "-2*(1 - c)*(v/(n_u*n_v) + c*u/n_u**2)", "wrong sign"),
        ("u", "2*(1 - c)*(v/(n_u*n_v) - c*u/n_u**2)", "wrong sign"),
        ("u", "-2*(1 - c)*(v/(n_u*n_v) - c*u/n_u)", "wrong exponent|chain factor missing"),
        ("n_u", "2*(1 - c)*c", "chain factor missing|wrong exponent"),
        ("c", "-(1 - c)", "2 or 1/2"),
        ("c", "2*(1 - c)", "wrong sign"),
    ]),
    "gated_unit": ("""
W: parameter[h, d]
V: parameter[h, d]
x: parameter[d]
g: data[h]
a = W @ x
b = V @ x
s = sigmoid(a)
y = s*b
L = sum(g*y)""", [
        ("x", "W.T @ (g*b*s*(1 - s)) + V.T @ (g*s)", ""),
        ("x", "V.T @ (g*s)", "path left out"),
        ("x", "W.T @ (g*b*s*(1 - s))", "path left out"),
        ("x", "(W.T @ (g*b*s*(1 - s)) + V.T @ (g*s))/2", "paths averaged|2 or 1/2"),
        ("x", "W.T @ (g*s*(1 - s)) + V.T @ (g*s)", "chain factor missing|slope at the wrong place"),
        ("x", "W.T @ (g*b*s) + V.T @ (g*s)", "wrong slope formula"),
        ("x", "W.T @ (g*b*s*(1 - s)) - V.T @ (g*s)", "wrong sign"),
        ("x", "(W.T @ (g*b*s*(1 - s)))*(V.T @ (g*s))", "paths multiplied"),
        ("W", "outer(g*s*(1 - s), x)", "chain factor missing"),
        ("V", "outer(g*b, x)", "wrong tensor|shifted index or layer|chain factor missing"),
    ]),
    "residual_block": ("""
x: parameter[d]
W_1: parameter[h, d]
W_2: parameter[d, h]
t: data[d]
u = W_1 @ x
v = maximum(0, u)
y = x + W_2 @ v
z = y/sqrt(mean(y**2))
L = sum((z - t)**2)""", [
        ("y", "E = 2*(z - t)\n(E - z*mean(E*z))/sqrt(mean(y**2))", ""),
        ("y", "2*(z - t)/sqrt(mean(y**2))", "path left out"),
        ("y", "E = z - t\n(E - z*mean(E*z))/sqrt(mean(y**2))", "2 or 1/2"),
        ("y", "E = 2*(z - t)\n(E + z*mean(E*z))/sqrt(mean(y**2))", "wrong sign"),
        ("y", "E = 2*(z - t)\n(E - z*sum(E*z))/sqrt(mean(y**2))", "1/N"),
        ("x", "E = 2*(z - t)\nG = (E - z*mean(E*z))/sqrt(mean(y**2))\nW_1.T @ ((W_2.T @ G)*(u > 0))", "path left out"),
        ("x", "E = 2*(z - t)\nG = (E - z*mean(E*z))/sqrt(mean(y**2))\nG", "path left out"),
        ("x", "E = 2*(z - t)\nG = (E - z*mean(E*z))/sqrt(mean(y**2))\nG + W_1.T @ (W_2.T @ G)", "indicator missing|slope missing"),
        ("W_1", "E = 2*(z - t)\nG = (E - z*mean(E*z))/sqrt(mean(y**2))\nouter((W_2.T @ G)*v, x)", "wrong slope formula|wrong indicator|slope at the wrong place|indicator missing"),
    ]),
    "poly_fit": ("""
x: data[n]
y: data[n]
a: parameter[()]
b: parameter[()]
c: parameter[()]
f = a*x**2 + b*x + c
L = mean((f - y)**2)""", [
        ("a", "2*mean((f - y)*x**2)", ""),
        ("a", "2*mean((f - y)*2*x)", "wrong tensor|wrong exponent|chain factor missing|2 or 1/2"),
        ("a", "2*sum((f - y)*x**2)", "1/N"),
        ("a", "mean((f - y)*x**2)", "2 or 1/2"),
        ("b", "2*mean(f - y)", "chain factor missing"),
        ("b", "-2*mean((f - y)*x)", "wrong sign"),
        ("c", "2*(f - y)", "summed over the wrong axes|wrong shape"),
        ("a", "sum((f - y)*x**2)", "1/N|2 or 1/2"),
    ]),
    "policy": ("""
h: parameter[k]
R: data[()]
b: data[()]
y: labels[k]
beta: positive[()]
p = softmax(h)
H = -sum(p*log(p))
L = -(R - b)*sum(y*log(p)) - beta*H""", [
        ("h", "(R - b)*(p - y) + beta*p*(log(p) + H)", ""),
        ("h", "(R - b)*(p - y)", "path left out|penalty forgotten"),
        ("h", "R*(p - y) + beta*p*(log(p) + H)", "term missing|path left out"),
        ("h", "(R - b)*(y - p) + beta*p*(log(p) + H)", "wrong sign"),
        ("h", "(R - b)*(p - y) - beta*p*(log(p) + H)", "wrong sign|penalty scaled"),
        ("h", "(R - b)*(p - y) + beta*p*log(p)", "term missing|path left out|softmax taken entry by entry"),
        ("h", "(p - y) + beta*p*(log(p) + H)", "chain factor missing"),
        ("p", "-(R - b)*y/p + beta*log(p)", "term missing|path left out"),
        ("p", "-(R - b)*y*p + beta*(log(p) + 1)", "wrong exponent|chain factor missing"),
    ]),
}  # fmt: skip

# Derivations, as in `claims`: the right steps, and wrong ones that may stand in them.
HARD_DERIVATIONS: dict[str, tuple[list[tuple[str, str, str]], list[tuple[int, str]]]] = {
    "mlp3": ([
        ("dY", "(Y - T)/n", "dL/dY"),
        ("dW3", "A_2.T @ dY", "dL/dW_3"),
        ("dA2", r"dY W_3^\top", "dL/dA_2"),
        ("dZ2", "dA2*A_2*(1 - A_2)", "dL/dZ_2"),
        ("dW2", "A_1.T @ dZ2", "dL/dW_2"),
        ("db2", "sum(dZ2, axis=0)", "dL/db_2"),
        ("dZ1", "(dZ2 @ W_2.T)*(1 - A_1**2)", "dL/dZ_1"),
        ("dW1", "X.T @ dZ1", "dL/dW_1"),
    ], [(0, "Y - T"), (1, "dY.T @ A_2"), (2, "dY @ W_3"), (3, "dA2*(1 - A_2**2)"), (4, "A_2.T @ dZ2"), (5, "dZ2"), (6, "dZ2 @ W_2.T"), (7, "X.T @ dZ2")]),
    "scaled_attention": ([
        ("dV", "P.T @ G", "dL/dV"),
        ("dP", "G @ V.T", "dL/dP"),
        ("dS", "P*(dP - sum(P*dP, axis=1, keepdims=True))", "dL/dS"),
        ("dQ", "dS @ K/sqrt(e)", "dL/dQ"),
        ("dK", "dS.T @ Q/sqrt(e)", "dL/dK"),
        ("dW", "X.T @ dQ", "dL/dW_q"),
    ], [(0, "P @ G"), (1, "V @ G.T"), (2, "P*(1 - P)*dP"), (3, "dS @ K"), (4, "dS @ Q/sqrt(e)"), (5, "X.T @ dK")]),
    "lstm_gates": ([
        (r"\delta_o", "r*tanh(s)*o*(1 - o)", ""),
        ("ds", "r*o*(1 - tanh(s)**2)", "dL/ds"),
        ("df", "ds*c", "dL/df"),
        ("W_f", "outer(df*f*(1 - f), x)", "dL/dW_f"),
        ("W_c", "outer(ds*i*(1 - u**2), x)", "dL/dW_c"),
    ], [(1, "r*(1 - tanh(s)**2)"), (2, "ds*s"), (3, "outer(df, x)"), (4, "outer(ds*u*(1 - u**2), x)"), (4, "outer(ds*i*u, x)")]),
    "rnn3": ([
        ("d3", "g*(1 - h_3**2)", "abbreviation"),
        ("h2", "W.T @ d3", "dL/dh_2"),
        ("d2", "h2*(1 - h_2**2)", "abbreviation"),
        ("h1", "W.T @ d2", "dL/dh_1"),
        ("d1", "h1*(1 - h_1**2)", "abbreviation"),
        ("U", "outer(d3, x_3) + outer(d2, x_2) + outer(d1, x_1)", "dL/dU"),
        ("b", "d3 + d2 + d1", "dL/db"),
    ], [(1, "W @ d3"), (3, "W.T @ d3"), (5, "outer(d3, x_3)"), (5, "(outer(d3, x_3) + outer(d2, x_2) + outer(d1, x_1))/3"), (6, "d1"), (6, "d3 + d2")]),
    "layer_norm_rows": ([
        ("dH", "R*g", "dL/dH"),
        ("dg", "sum(R*H, axis=0)", "dL/dg"),
        ("ds", "sum(dH*D, axis=1, keepdims=True)", "dL/ds"),
        ("dv", "-0.5*ds*s**3", "dL/dv"),
        ("dD", "dH*s + 2*dv*D/d", "dL/dD"),
        ("dX", "dD - mean(dD, axis=1, keepdims=True)", "dL/dX"),
    ], [(0, "R"), (1, "mean(R*H, axis=0)"), (2, "dH*D"), (3, "0.5*ds*s**3"), (4, "dH*s"), (4, "dH*s + dv*D/d"), (5, "dD")]),
    "vae": ([
        ("dy", "y - x", "abbreviation"),
        ("dV", "outer(dy, z)", "dL/dV"),
        ("dz", "V.T @ dy", "dL/dz"),
        ("dm", "dz + m", "dL/dm"),
        ("ds", "0.5*dz*e*exp(s/2) + 0.5*(exp(s) - 1)", "dL/ds"),
    ], [(1, "outer(dy, m)"), (2, "V @ dy"), (3, "dz"), (4, "dz*e*exp(s/2) + 0.5*(exp(s) - 1)"), (4, "0.5*dz*e*exp(s/2)")]),
    "word_pairs": ([
        ("ds", "sigmoid(s) - 1", "dL/ds"),
        ("dq", "sigmoid(q)", "dL/dq"),
        ("du", "ds*v + N.T @ dq", "dL/du"),
        ("dN", "outer(dq, u)", "dL/dN"),
    ], [(0, "1 - sigmoid(s)"), (1, "-sigmoid(q)"), (1, "sigmoid(q)*(1 - sigmoid(q))"), (2, "ds*v"), (2, "(ds*v + N.T @ dq)/2"), (3, "outer(u, dq)")]),
}  # fmt: skip
