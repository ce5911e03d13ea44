r"""Further claims, written before the judge saw any of them, about networks that no test and no other claim is about.

The format is that of `claims`. What the judge makes of these shows how it fares with claims that it was not made for.
"""

from __future__ import annotations

HELD_OUT: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "siren": ("""
W: parameter[h, d]
v: parameter[h]
x: data[d]
t: data[()]
u = W @ x
s = sin(u)
o = sum(v*s)
L = (o - t)**2/2""", [
        ("v", r"\frac{\partial L}{\partial v} = (o - t)\,\sin(u)", ""),
        ("u", r"\frac{\partial L}{\partial u_i} = (o-t)\, v_i \cos(u_i)", ""),
        ("u", "(o - t)*v*(cos(u/2)**2 - sin(u/2)**2)", ""),
        ("u", "2*(o - t)*v*cos(u/2)**2 - (o - t)*v", ""),
        ("W", r"\nabla_W L = (o - t)(v \odot \cos(u)) x^\top", ""),
        ("u", r"-(o - t)\, v \odot \cos u", "wrong sign"),
        ("u", "(o - t)*v*cos(s)", "slope at the wrong place"),
        ("W", "outer((o - t)*v, x)", "slope missing"),
        ("u", "(o - t)*v*s", "wrong slope formula"),
    ]),
    "poisson": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
eta = X @ w
mu = exp(eta)
L = sum(mu - y*eta)/n""", [
        ("w", r"\nabla_w L = \frac{1}{n} X^\top (e^{\eta} - y)", ""),
        ("eta", "(mu - y)/n", ""),
        ("w", r"\frac{\partial L}{\partial w_j} = \frac1n \sum_{i=1}^n (\mu_i - y_i) X_{ij}", ""),
        ("w", "X.T @ (mu - y)", "1/N"),
        ("w", "X.T @ (mu - y*eta)/n", "wrong tensor"),
        ("w", "X.T @ mu/n", "path left out"),
    ]),
    "factorisation": ("""
U: parameter[m, k]
V: parameter[n, k]
R: data[m, n]
M: binary[m, n]
lam: positive[()]
E = U @ V.T - R
L = sum(M*E**2) + lam*(sum(U**2) + sum(V**2))""", [
        ("U", r"\frac{\partial L}{\partial U} = 2 (M \odot E) V + 2\lambda U", ""),
        ("V", "2*((M*E).T @ U + lam*V)", ""),
        ("E", "2*M*E", ""),
        ("U", "2*(M*E) @ V", "penalty forgotten"),
        ("V", "2*(M*E).T @ U + lam*V", "penalty scaled"),
        ("U", "2*E @ V + 2*lam*U", "indicator missing"),
        ("V", "2*(M*E) @ U + 2*lam*V", "transpose missing"),
    ]),
    "cosine": ("""
a: parameter[d]
b: data[d]
p = sum(a*b)
q = sqrt(sum(a**2))
r = sqrt(sum(b**2))
L = 1 - p/(q*r)""", [
        ("a", r"\frac{\partial L}{\partial a} = \frac{p\, a}{q^3 r} - \frac{b}{q r}", ""),
        ("p", "-1/(q*r)", ""),
        ("q", "p/(q**2*r)", ""),
        ("a", "-b/(q*r)", "path left out"),
        ("a", "p*a/(q**3*r) + b/(q*r)", "wrong sign"),
        ("q", "p/(q*r)", "wrong exponent"),
    ]),
    "silu": ("""
w: parameter[d]
x: data[n, d]
g: data[n]
z = x @ w
s = sigmoid(z)
a = z*s
L = sum(g*a)""", [
        ("z", r"\frac{\partial L}{\partial z} = g \odot (s + z \odot s \odot (1 - s))", ""),
        ("z", "g*(a + s*(1 - a))", ""),
        ("w", "x.T @ (g*s*(1 + z*(1 - s)))", ""),
        ("z", "g*s", "path left out"),
        ("z", "g*z*s*(1 - s)", "path left out"),
        ("w", "x.T @ (g*(s + z*s))", "slope missing|wrong slope formula|chain factor missing"),
        ("z", "g*(s + z*s*(1 + s))", "wrong slope formula"),
    ]),
    "rms_norm": ("""
x: parameter[d]
gamma: parameter[d]
t: data[d]
m = mean(x**2)
r = 1/sqrt(m + 0.01)
y = gamma*x*r
L = sum((y - t)**2)/2""", [
        ("gamma", r"\frac{\partial L}{\partial \gamma} = (y - t)\odot x\, r", ""),
        ("x", "r*gamma*(y - t) - r**3*x*sum((y - t)*gamma*x)/d", ""),
        ("x", "r*gamma*(y - t)", "path left out"),
        ("x", "r*gamma*(y - t) + r**3*x*sum((y - t)*gamma*x)/d", "wrong sign"),
        ("gamma", "(y - t)*x", "chain factor missing"),
        ("x", "r*gamma*(y - t) - r**3*x*sum((y - t)*gamma*x)", "1/N"),
    ]),
    "digits": ("""
X: data[n, d]
Y: labels[n, k]
W_1: parameter[d, h]
b_1: parameter[h]
W_2: parameter[h, k]
b_2: parameter[k]
Z_1 = X @ W_1 + b_1
A_1 = maximum(0, Z_1)
Z_2 = A_1 @ W_2 + b_2
P = softmax(Z_2, axis=1)
L = -sum(Y*log(P))/n""", [
        ("W_2", r"\frac{\partial L}{\partial W_2} = \frac{1}{n} A_1^\top (P - Y)", ""),
        ("W_1", r"\frac{\partial L}{\partial W_1} = \frac{1}{n} X^{\top}\left[\left((P - Y) W_2^{\top}\right) \odot \mathbb{1}[Z_1 > 0]\right]", ""),
        ("b_2", r"\frac{\partial L}{\partial b_2} = \frac{1}{n}\sum_{i} (P_{i:} - Y_{i:})", ""),
        ("b_1", "D = (P - Y)/n\nsum((D @ W_2.T)*(A_1 > 0), axis=0)", ""),
        ("b_2", "sum(P - Y, axis=0)", "1/N"),
        ("W_2", "Z_1.T @ (P - Y)/n", "wrong tensor"),
        ("W_1", "X.T @ ((P - Y)/n @ W_2.T)", "indicator missing|slope missing"),
        ("W_1", "X.T @ ((P - Y)/n @ W_2.T*(X @ W_1 > 0))", "wrong indicator"),
        ("b_1", "mean((P - Y)/n @ W_2.T*(Z_1 > 0), axis=0)", "summed over the wrong axes"),
        ("Z_2", "(P - Y)*P*(1 - P)/n", "slope too many"),
    ]),
    "temperature": ("""
z: parameter[k]
T: positive[()]
y: labels[k]
u = z/T
p = softmax(u)
L = -sum(y*log(p))""", [
        ("z", r"\frac{\partial L}{\partial z} = \frac{1}{T}(p - y)", ""),
        ("T", r"\frac{\partial L}{\partial T} = -\frac{1}{T^2}\, z^\top (p - y)", ""),
        ("u", "p - y", ""),
        ("z", "p - y", "chain factor missing"),
        ("T", "sum(z*(p - y))/T**2", "wrong sign"),
        ("T", "-sum(z*(p - y))/T", "wrong exponent"),
        ("u", "p - p*y", "factor too many|softmax taken entry by entry|slope at the wrong place"),
    ]),
    "lstm_cell": ("""
f: parameter[h]
i: parameter[h]
g: parameter[h]
o: parameter[h]
c_0: data[h]
t: data[h]
F = sigmoid(f)
I = sigmoid(i)
G = tanh(g)
O = sigmoid(o)
c_1 = F*c_0 + I*G
h_1 = O*tanh(c_1)
L = sum((h_1 - t)**2)/2""", [
        ("o", "(h_1 - t)*tanh(c_1)*O*(1 - O)", ""),
        ("c_1", "(h_1 - t)*O*(1 - tanh(c_1)**2)", ""),
        ("g", "(h_1 - t)*O*(1 - tanh(c_1)**2)*I*(1 - G**2)", ""),
        ("f", r"\frac{\partial L}{\partial f} = (h_1 - t)\odot O\odot(1-\tanh^2(c_1))\odot c_0\odot F\odot(1-F)", ""),
        ("f", "(h_1 - t)*O*(1 - tanh(c_1)**2)*c_1*F*(1 - F)", "shifted index or layer"),
        ("c_1", "(h_1 - t)*O*(1 - c_1**2)", "slope at the wrong place"),
        ("g", "(h_1 - t)*O*(1 - tanh(c_1)**2)*(1 - G**2)", "chain factor missing"),
        ("i", "(h_1 - t)*O*(1 - tanh(c_1)**2)*G", "slope missing"),
        ("o", "(h_1 - t)*O*(1 - O)", "chain factor missing"),
    ]),
    "autoencoder": ("""
W: parameter[h, d]
x: data[d]
z = W @ x
a = tanh(z)
r = W.T @ a
L = sum((r - x)**2)""", [
        ("W", "e = 2*(r - x)\nouter(a, e) + outer((W @ e)*(1 - a**2), x)", ""),
        ("a", r"\frac{\partial L}{\partial a} = 2 W (r - x)", ""),
        ("W", "outer(a, 2*(r - x))", "path left out"),
        ("W", "outer((W @ (2*(r - x)))*(1 - a**2), x)", "path left out"),
        ("W", "(outer(a, 2*(r - x)) + outer((W @ (2*(r - x)))*(1 - a**2), x))/2", "paths averaged"),
        ("a", "2*W.T @ (r - x)", "wrong shape|transpose missing"),
    ]),
    "sgd_step": ("""
W_1: parameter[h, d]
W_2: parameter[k, h]
x: data[d]
t: data[k]
eta: positive[()]
z = W_1 @ x
a = sigmoid(z)
y = W_2 @ a
L = sum((y - t)**2)/2""", [
        ("W_2", "outer(y - t, a)", ""),
        ("a", "W_2.T @ (y - t)", ""),
        ("W_1", "V = W_2 - eta*outer(y - t, a)\nouter((V.T @ (y - t))*a*(1 - a), x)", "weights already updated"),
        ("a", "(W_2 - eta*outer(y - t, a)).T @ (y - t)", "weights already updated"),
        ("W_2", "-eta*outer(y - t, a)", "step for gradient|chain factor missing|factor too many|wrong sign"),
    ]),
    "kernel": ("""
c: parameter[d]
x: data[n, d]
y: data[n]
a: parameter[n]
D = x - c
q = sum(D**2, axis=1)
k = exp(-q/2)
L = sum((a*k - y)**2)""", [
        ("c", "sum(2*(a*k - y)[:, None]*(a*k)[:, None]*D, axis=0)", ""),
        ("a", "2*(a*k - y)*k", ""),
        ("q", r"\frac{\partial L}{\partial q} = -(a\odot k - y)\odot a\odot k", ""),
        ("c", "-D.T @ (2*(a*k - y)*a*k)", "wrong sign"),
        ("q", "-2*(a*k - y)*a*k", "2 or 1/2"),
        ("c", "D.T @ (2*(a*k - y)*a)", "slope missing"),
    ]),
    "filter": ("""
x: data[n + 2]
k: parameter[3]
t: data[n]
y = x[2:]*k[0] + x[1:-1]*k[1] + x[:-2]*k[2]
e = y - t
L = sum(e**2)/2""", [
        ("k", "stack([sum(e*x[2:]), sum(e*x[1:-1]), sum(e*x[:-2])])", ""),
        ("e", "y - t", ""),
        ("k", "stack([sum(e*x[:-2]), sum(e*x[1:-1]), sum(e*x[2:])])", "kernel not flipped"),
        ("k", "stack([sum(e*x[1:-1]), sum(e*x[1:-1]), sum(e*x[1:-1])])", "shifted index or layer"),
    ]),
    "elastic": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
b: parameter[()]
alpha: positive[()]
beta: positive[()]
r = X @ w + b - y
L = mean(r**2) + alpha*sum(abs(w)) + beta*sum(w**2)""", [
        ("w", r"\nabla_w L = \frac2n X^\top r + \alpha \operatorname{sign}(w) + 2\beta w", ""),
        ("b", r"\frac{\partial L}{\partial b} = \frac{2}{n}\sum_{i=1}^{n} r_i", ""),
        ("w", "2*X.T @ r/n + 2*beta*w", "penalty forgotten"),
        ("w", "2*X.T @ r/n + alpha*sign(w) + beta*w", "penalty scaled"),
        ("w", "2*X.T @ r/n + alpha + 2*beta*w", "indicator missing|slope missing|chain factor missing"),
        ("b", "2*sum(r)", "1/N"),
        ("b", "2*r/n", "summed over the wrong axes"),
    ]),
    "jacobians": ("""
W: parameter[m, d]
x: parameter[d]
c: data[m]
y = W @ x
a = exp(y)
p = a/sum(a)
L = sum(c*p)""", [
        ("dy/dx", r"\frac{\partial y}{\partial x} = W", ""),
        ("dp/dy", r"\frac{\partial p_i}{\partial y_j} = p_i(\delta_{ij} - p_j)", ""),
        ("dp/dy", "diag(p) - outer(p, p)", ""),
        ("da/dy", "diag(a)", ""),
        ("dy/dx", r"\frac{\partial y_i}{\partial x_j} = \frac{y_i}{x_j}", "quotient for Jacobian"),
        ("dp/dy", "diag(p*(1 - p))", "softmax taken entry by entry"),
        ("dp/dy", "diag(p)", "softmax taken entry by entry|path left out"),
        ("dp/dy", "diag(p) + outer(p, p)", "wrong sign"),
    ]),
    "triplet": ("""
a: parameter[d]
p: data[d]
q: data[d]
m: positive[()]
u = sum((a - p)**2)
v = sum((a - q)**2)
L = maximum(0, u - v + m)""", [
        ("a", r"\frac{\partial L}{\partial a} = 2(q - p)\,\mathbb{1}[u - v + m > 0]", ""),
        ("a", "where(u + m > v, 2*(a - p) - 2*(a - q), 0)", ""),
        ("u", "where(u - v + m > 0, 1, 0)", ""),
        ("a", "2*(q - p)", "indicator missing|slope missing"),
        ("a", "2*(a - p)*(u - v + m > 0)", "path left out"),
        ("a", "2*((a - p) + (a - q))*(u - v + m > 0)", "wrong sign"),
    ]),
    "residual_stack": ("""
W_1: parameter[d, d]
W_2: parameter[d, d]
x: data[d]
g: data[d]
a_1 = tanh(W_1 @ x)
h_1 = x + a_1
a_2 = tanh(W_2 @ h_1)
h_2 = h_1 + a_2
L = sum(g*h_2)""", [
        ("h_1", "g + W_2.T @ (g*(1 - a_2**2))", ""),
        ("W_1", r"\frac{\partial L}{\partial W_1} = \left[(g + W_2^\top(g\odot(1-a_2\odot a_2)))\odot(1-a_1\odot a_1)\right]x^\top", ""),
        ("W_2", "outer(g*(1 - a_2)*(1 + a_2), h_1)", ""),
        ("W_1", "outer((W_2.T @ (g*(1 - a_2**2)))*(1 - a_1**2), x)", "path left out"),
        ("h_1", "(g + W_2.T @ (g*(1 - a_2**2)))/2", "paths averaged"),
        ("h_1", "g + W_2 @ (g*(1 - a_2**2))", "transpose missing"),
        ("W_2", "outer(g*(1 - a_2**2), a_1)", "wrong tensor|shifted index or layer"),
        ("W_2", "outer(g*(1 - a_1**2), h_1)", "slope at the wrong place|shifted index or layer"),
    ]),
    "leaky": ("""
X: data[n, d]
w: parameter[d]
t: data[n]
z = X @ w
a = where(z > 0, z, 0.1*z)
L = mean((a - t)**2)""", [
        ("z", "2/n*(a - t)*where(z > 0, 1, 0.1)", ""),
        ("w", r"\frac{\partial L}{\partial w} = \frac{2}{n} X^\top\left((a - t)\odot(0.1 + 0.9\,\mathbf{1}[z > 0])\right)", ""),
        ("z", "2/n*(a - t)*(z > 0)", "wrong region|term missing"),
        ("w", "2/n*X.T @ (a - t)", "indicator missing|slope missing"),
        ("w", "X.T @ ((a - t)*where(z > 0, 1, 0.1))/n", "2 or 1/2"),
        ("z", "2/n*(a - t)*where(z > 0, 0.1, 1)", "wrong indicator"),
    ]),
}  # fmt: skip

# Derivations, as in `claims`: the right steps, and wrong ones that may stand in them.
HELD_OUT_DERIVATIONS: dict[str, tuple[list[tuple[str, str, str]], list[tuple[int, str]]]] = {
    "digits": ([
        ("D_2", r"\frac{1}{n}(P - Y)", "dL/dZ_2"),
        ("W_2", "A_1.T @ D_2", "dL/dW_2"),
        ("b_2", "sum(D_2, axis=0)", "dL/db_2"),
        ("G", r"D_2 W_2^\top", "dL/dA_1"),
        ("D_1", "G*(Z_1 > 0)", "dL/dZ_1"),
        ("W_1", r"X^\top D_1", "dL/dW_1"),
    ], [(0, "P - Y"), (1, "Z_1.T @ D_2"), (2, "mean(D_2, axis=0)"), (3, "2*D_2 @ W_2.T"), (4, "G*A_1"), (4, "G"), (5, "X.T @ G")]),
    "lstm_cell": ([
        ("dh", "h_1 - t", "dL/dh_1"),
        ("dO", "dh*tanh(c_1)", "dL/dO"),
        ("dc", "dh*O*(1 - tanh(c_1)**2)", "dL/dc_1"),
        ("dG", "dc*I", "dL/dG"),
        ("dg", "dG*(1 - G**2)", "dL/dg"),
        ("df", "dc*c_0*F*(1 - F)", "dL/df"),
    ], [(0, "t - h_1"), (1, "dh*c_1"), (2, "dh*(1 - tanh(c_1)**2)"), (3, "dc*G"), (4, "dG*(1 - g**2)"), (5, "dc*c_1*F*(1 - F)"), (5, "dc*c_0*F")]),
    "siren": ([
        ("do", "o - t", "dL/do"),
        ("v", "do*s", "dL/dv"),
        ("du", r"(o - t) v \odot \cos(u)", "dL/du"),
        ("W", "outer(du, x)", "dL/dW"),
    ], [(0, "2*(o - t)"), (1, "do*u"), (2, "do*v*sin(u)"), (2, "-do*v*cos(u)"), (3, "outer(x, du)")]),
    "residual_stack": ([
        ("dh2", "g", "dL/dh_2"),
        ("u", "g*(1 - a_2**2)", "abbreviation"),
        ("dh1", "dh2 + W_2.T @ u", "dL/dh_1"),
        ("W_2", "outer(u, h_1)", "dL/dW_2"),
        ("W_1", "outer(dh1*(1 - a_1**2), x)", "dL/dW_1"),
    ], [(0, "2*g"), (2, "W_2.T @ u"), (2, "(dh2 + W_2.T @ u)/2"), (3, "outer(u, a_1)"), (4, "outer(dh1, x)"), (4, "outer(dh1*(1 - a_2**2), x)")]),
}  # fmt: skip
