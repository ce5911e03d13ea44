r"""Derivations of several steps in one line, about networks of courses: all right."""

from __future__ import annotations

DERIVATIONS: list[tuple[str, list[str]]] = [
    (
        """
X: data[T, d]
W_Q: parameter[d, k]
W_K: parameter[d, k]
W_V: parameter[d, v]
Y: data[T, v]
Q = X @ W_Q
K = X @ W_K
V = X @ W_V
S = Q @ K.T / sqrt(k)
P = softmax(S, axis=1)
O = P @ V
L = 1/2*sum((O - Y)**2)""",
        [
            r"dO = O - Y, \quad dV = P^T dO, \quad dP = dO V^T, \quad dS = P \odot (dP - \mathrm{rowsum}(dP \odot P)), \quad dQ = dS K/\sqrt{k}, \quad dK = dS^T Q/\sqrt{k}",
            r"dO = O - Y \\ dV = P^T dO \\ dP = dO V^T \\ dS_{ij} = P_{ij}(dP_{ij} - \sum_l P_{il} dP_{il}) \\ dW_Q = X^T dS K/\sqrt{k}",
            r"\frac{\partial L}{\partial S} = P \odot \left(dP - D\mathbf 1^T\right), D_i = dO_i^T O_i, dP = dO V^T, dO = O - Y",
        ],
    ),
    (
        """
x: data[d]
h: data[n]
c: data[n]
W_i: parameter[n, d]
U_i: parameter[n, n]
b_i: parameter[n]
W_f: parameter[n, d]
U_f: parameter[n, n]
b_f: parameter[n]
W_o: parameter[n, d]
U_o: parameter[n, n]
b_o: parameter[n]
W_g: parameter[n, d]
U_g: parameter[n, n]
b_g: parameter[n]
y: data[n]
i = sigmoid(W_i @ x + U_i @ h + b_i)
f = sigmoid(W_f @ x + U_f @ h + b_f)
o = sigmoid(W_o @ x + U_o @ h + b_o)
g = tanh(W_g @ x + U_g @ h + b_g)
c_1 = f*c + i*g
h_1 = o*tanh(c_1)
L = 1/2*sum((h_1 - y)**2)""",
        [
            r"\delta h = h_1 - y \\ \delta o = \delta h \odot \tanh(c_1) \\ \delta c = \delta h \odot o \odot (1 - \tanh^2(c_1)) \\ \delta f = \delta c \odot c \\ \delta i = \delta c \odot g \\ \delta g = \delta c \odot i",
            r"\frac{\partial L}{\partial W_f} = \left[\delta c \odot c \odot f \odot (1-f)\right] x^T, \quad \delta c = (h_1 - y)\odot o\odot(1-\tanh^2 c_1)",
        ],
    ),
    (
        """
mu: parameter[d]
sigma: parameter[d] & positive
D = 1/2*sum(mu**2 + sigma**2 - 1 - log(sigma**2))""",
        [
            r"\nabla_\mu D_{KL} = \mu, \quad \nabla_\sigma D_{KL} = \sigma - \frac1\sigma",
        ],
    ),
    (
        """
R: data[m, n]
P: parameter[m, k]
Q: parameter[n, k]
lam: data
E = R - P @ Q.T
L = 1/2*sum(E**2) + lam/2*(sum(P**2) + sum(Q**2))""",
        [
            r"\frac{\partial L}{\partial P} = -EQ + \lambda P, \quad \frac{\partial L}{\partial Q} = -E^TP + \lambda Q",
        ],
    ),
    (
        """
x: parameter[n]
f = log(sum(exp(x)))""",
        [
            r"\nabla f(x) = \mathrm{softmax}(x), \nabla^2 f(x) = \mathrm{diag}(p) - pp^T, p = \mathrm{softmax}(x)",
        ],
    ),
    (
        """
x: data[n]
w0: parameter
w: parameter[n]
V: parameter[n, k]
f = w0 + w @ x + 1/2*(sum((V.T @ x)**2) - sum((V**2).T @ (x**2)))""",
        [
            r"\frac{\partial f}{\partial w_i} = x_i, \frac{\partial f}{\partial w_0} = 1",
        ],
    ),
    (
        """
x: data[n]
y: data[n]
W: parameter[N, n, n]
b: parameter[N, n]
z[0] = x
for l in 1..N:
    u[l] = W[l] @ z[l-1] + b[l]
    z[l] = sigmoid(u[l])
C = 1/2*sum((z[N] - y)**2)""",
        [
            r"\delta^{(N)} = (z^{(N)} - y)\odot z^{(N)}\odot(1 - z^{(N)}) \\ \delta^{(l)} = W^{(l+1)\top}\delta^{(l+1)}\odot z^{(l)}\odot(1-z^{(l)}) \\ \frac{\partial C}{\partial W^{(l)}} = \delta^{(l)}z^{(l-1)\top} \\ W^{(l)} \leftarrow W^{(l)} - \eta\,\delta^{(l)}z^{(l-1)\top}",
        ],
    ),
    (
        """
x: data[d]
y: labels[c]
W_1: parameter[h, d]
W_2: parameter[h, h]
W_3: parameter[c, h]
b_1: parameter[h]
b_2: parameter[h]
b_3: parameter[c]
z_1 = W_1 @ x + b_1
a_1 = relu(z_1)
z_2 = W_2 @ a_1 + b_2
a_2 = relu(z_2)
z_3 = W_3 @ a_2 + b_3
p = softmax(z_3)
L = -sum(y*log(p))""",
        [
            r"\delta^{(3)} = p - y \\ \delta^{(l)} = (W^{(l+1)})^\top\delta^{(l+1)} \odot \sigma'(z^{(l)}) \\ \frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top",
        ],
    ),
    (
        """
x: data[d]
W: parameter[k, d]
b: parameter[k]
c: parameter[d]
h = sigmoid(W @ x + b)
xhat = W.T @ h + c
L = sum((xhat - x)**2)""",
        [
            r"\frac{\partial L}{\partial c} = 2(\hat x - x), \frac{\partial L}{\partial b} = 2 W(\hat x - x)\odot h\odot(1-h)",
        ],
    ),
    (
        """
E: parameter[V, d]
t: integers[T, V]
w: parameter[d]
h = mean(E[t], axis=0)
s = w @ h
L = log(1 + exp(-s))""",
        [
            r"\frac{\partial L}{\partial h} = -\sigma(-s)w, \quad \frac{\partial L}{\partial E_v} = -\frac{1}{T}\sum_{i: t_i = v}\sigma(-s)w",
        ],
    ),
    (
        """
x: parameter
y: parameter
f = sin(x*y) + x**2*y""",
        [
            r"f_x = y\cos(xy) + 2xy, f_y = x\cos(xy) + x^2",
            r"\nabla f(\pi, 1) = (2\pi - 1, \pi^2 - \pi)",
            r"\left.\nabla f\right|_{(0, 0)} = (0, 0)",
        ],
    ),
    (
        """
t: parameter
a: data
f = a*exp(-a*t)""",
        [
            r"\frac{df}{dt} = -a^2e^{-at}, \frac{d^2f}{dt^2} = a^3e^{-at}",
        ],
    ),
    (
        """
X: data[n, d]
y: data[n]
w: parameter[d]
J = 1/(2*n) * sum((X @ w - y)**2)""",
        [
            r"\nabla J(w) = \frac1n\left(X^\top X w - X^\top y\right) = 0 \implies X^\top X\hat w = X^\top y \implies \hat w = (X^\top X)^{-1}X^\top y",
            r"J(w) = \frac{1}{2n}(Xw - y)^T(Xw - y) = \frac{1}{2n}(w^TX^TXw - 2w^TX^Ty + y^Ty) \\ \nabla J = \frac{1}{2n}(2X^TXw - 2X^Ty)",
        ],
    ),
    (
        """
X: data[N, D]
y: data[N]
w: parameter[D]
b: parameter
z = X @ w + b
p = sigmoid(z)
L = -mean(y*log(p) + (1-y)*log(1-p))""",
        [
            r"\frac{\partial L}{\partial p} = \frac{1}{N}\frac{p - y}{p(1-p)}, \frac{\partial p}{\partial z} = p(1-p), \frac{\partial L}{\partial z} = \frac1N(p - y)",
            r"dz = \frac1N(p - y), dw = X^T dz, db = \sum dz",
            r"dz = p - y, dw = \frac1N X^T dz, db = \frac1N\sum dz",
        ],
    ),
    (
        """
x: data[n]
y: data[n]
a: parameter
b: parameter
S = sum((y - a*x - b)**2)""",
        [
            r"\frac{\partial S}{\partial a} = -2\sum x_i(y_i - ax_i - b), \quad \frac{\partial S}{\partial b} = -2\sum(y_i - ax_i - b)",
            r"\hat a = \frac{\sum(x_i - \bar x)(y_i - \bar y)}{\sum(x_i - \bar x)^2}, \hat b = \bar y - \hat a\bar x",
            r"\sum y_i = a\sum x_i + nb, \quad \sum x_iy_i = a\sum x_i^2 + b\sum x_i",
        ],
    ),
    (
        """
x: data[n] & positive
lam: parameter & positive
l = n*log(lam) - lam*sum(x)""",
        [
            r"\frac{dl}{d\lambda} = \frac{n}{\lambda} - \sum x_i = 0 \implies \hat\lambda = \frac{1}{\bar x}",
        ],
    ),
    (
        """
X: data[n, d]
mu: parameter[d]
S: spd[d, d]
L = n/2*log(det(S)) + 1/2*trace((X - mu) @ inv(S) @ (X - mu).T)""",
        [
            r"\frac{\partial L}{\partial\mu} = -S^{-1}\sum_i(x_i - \mu), \hat\mu = \bar x",
        ],
    ),
    (
        """
x: parameter
y: parameter
lam: parameter
L = x*y - lam*(x + y - 10)""",
        [
            r"L_x = y - \lambda, L_y = x - \lambda, L_\lambda = -(x + y - 10)",
            r"\frac{\partial L}{\partial x} = y - \lambda = 0, \frac{\partial L}{\partial y} = x - \lambda = 0, \frac{\partial L}{\partial \lambda} = 10 - x - y = 0 \implies x = y = 5",
        ],
    ),
    (
        """
x: parameter
f = tanh(x)""",
        [
            r"f'(0) = 1, f''(x) = -2\tanh x(1 - \tanh^2x)",
        ],
    ),
    (
        """
X: data[n, d]
y: data[n]
w: parameter[d]
lam: data & positive
J = sum((X @ w - y)**2) + lam*sum(w**2)""",
        [
            r"\nabla J = 2X^T(Xw - y) + 2\lambda w = 0 \Rightarrow (X^TX + \lambda I)w = X^Ty \Rightarrow w = (X^TX + \lambda I)^{-1}X^Ty",
        ],
    ),
    (
        """
A: symmetric[n, n]
x: parameter[n]
b: data[n]
f = 1/2*x @ A @ x - b @ x""",
        [
            r"\frac{\partial f}{\partial x_k} = \sum_jA_{kj}x_j - b_k, \frac{\partial^2f}{\partial x_k\partial x_l} = A_{kl}",
        ],
    ),
    (
        """
X: data[n, d]
t: data[n]
w: parameter[d]
p = sigmoid(X @ w)
E = -sum(t*log(p) + (1-t)*log(1-p))""",
        [
            r"\nabla E = X^\top(p - t), H = X^\top RX, R_{nn} = p_n(1-p_n)",
        ],
    ),
    (
        """
x: parameter
y: parameter
f = x**2*y + sin(x*y) + exp(y)""",
        [
            r"f_{xx} = 2y - y^2\sin(xy), f_{xy} = 2x + \cos(xy) - xy\sin(xy), f_{yy} = -x^2\sin(xy) + e^y",
            r"\frac{\partial^2 f}{\partial x^2}= 2y - y^2\sin(xy), \frac{\partial^3 f}{\partial x^3} = -y^3\cos(xy)",
        ],
    ),
    (
        """
w: parameter
b: parameter
x: data
y: data
a = sigmoid(w*x + b)
C = (a - y)**2/2""",
        [
            r"\frac{\partial C}{\partial w} = (a - y)\sigma'(z)x, \frac{\partial C}{\partial b} = (a-y)\sigma'(z)",
        ],
    ),
    (
        """
q: parameter[d]
K: data[n, d]
V: data[n, m]
y: data[m]
s = K @ q / sqrt(d)
a = softmax(s)
o = V.T @ a
L = sum((o - y)**2)/2""",
        [
            r"\frac{\partial L}{\partial o} = o - y, \frac{\partial L}{\partial a} = V(o - y), \frac{\partial L}{\partial s} = (\mathrm{diag}(a) - aa^\top)V(o-y), \frac{\partial L}{\partial q} = \frac{1}{\sqrt d}K^\top\frac{\partial L}{\partial s}",
        ],
    ),
    (
        """
x: data[n]
w: parameter[k]
y: data[n-k+1]
z = correlate(x, w)
L = sum((z - y)**2)/2""",
        [
            r"\frac{\partial L}{\partial w_j} = \sum_i\delta_ix_{i+j-1}, \delta = z - y",
            r"\frac{\partial L}{\partial w} = x \star \delta, \delta = z - y",
        ],
    ),
    (
        """
R: data[n, m]
U: parameter[n, k]
V: parameter[m, k]
lam: data & positive
L = 1/2*sum((R - U @ V.T)**2) + lam/2*(sum(U**2) + sum(V**2))""",
        [
            r"\frac{\partial L}{\partial U} = -(R - UV^\top)V + \lambda U, \frac{\partial L}{\partial V} = -(R - UV^\top)^\top U + \lambda V",
        ],
    ),
    (
        """
x: data[n]
y: data[n] & unit
w: parameter
b: parameter
p = sigmoid(w*x + b)
L = -mean(y*log(p) + (1-y)*log(1-p))""",
        [
            r"\frac{\partial L}{\partial w} = \frac1n\sum_i(p_i - y_i)x_i, \frac{\partial L}{\partial b} = \overline{p - y}",
            r"\frac{\partial^2L}{\partial w^2} = \frac1n\sum_ip_i(1-p_i)x_i^2, \frac{\partial^2L}{\partial w\partial b} = \frac1n\sum_ip_i(1-p_i)x_i",
        ],
    ),
    (
        """
x: parameter[d]
g: parameter[d]
b: parameter[d]
t: data[d]
mu = mean(x)
s = sqrt(mean((x - mu)**2) + 0.00001)
xhat = (x - mu)/s
y = g*xhat + b
L = sum((y - t)**2)/2""",
        [
            r"\frac{\partial L}{\partial g} = (y - t)\odot\hat x, \frac{\partial L}{\partial b} = y - t",
        ],
    ),
    (
        """
z: data[k]
w: parameter[k]
v: parameter
g = w @ z
D = sigmoid(v*g)
L = -log(D)""",
        [
            r"\nabla_wL = -(1 - D)vz, \frac{\partial L}{\partial v} = (D-1)g",
        ],
    ),
    (
        """
mu: parameter
sigma: parameter & positive
KL = log(1/sigma) + (sigma**2 + mu**2)/2 - 1/2""",
        [
            r"\frac{\partial KL}{\partial\sigma} = \sigma - \frac1\sigma, \frac{\partial KL}{\partial\mu} = \mu",
        ],
    ),
    (
        """
x: data[T, d]
W: parameter[H, d]
U: parameter[H, H]
v: parameter[H]
y: data
h0: data[H]
h = h0
for t in range(T):
    h = tanh(W @ x[t] + U @ h)
L = (v @ h - y)**2/2""",
        [
            r"\delta_T = (v^\top h_T - y)v\odot(1 - h_T^2), \delta_t = U^\top\delta_{t+1}\odot(1 - h_t^2), \frac{\partial L}{\partial U} = \sum_t\delta_th_{t-1}^\top",
        ],
    ),
    (
        """
x: parameter & positive
f = log(x)/x""",
        [
            r"f'(x) = \frac{1 - \ln x}{x^2}, f''(x) = \frac{2\ln x - 3}{x^3}",
        ],
    ),
    (
        """
x: parameter
y: parameter
f = x**3 + y**3 - 3*x*y""",
        [
            r"H = \begin{pmatrix}6x & -3\\ -3 & 6y\end{pmatrix}, \det H = 36xy - 9",
        ],
    ),
    (
        """
A: data[m, n]
b: data[m]
x: parameter[n]
f = 1/2*sum((A @ x - b)**2)""",
        [
            r"\nabla f(x) = A^\top(Ax - b), \nabla^2f(x) = A^\top A",
        ],
    ),
    (
        """
x: data[d]
y: data[k]
W1: parameter[h, d]
W2: parameter[k, h]
L = 1/2*sum((W2 @ W1 @ x - y)**2)""",
        [
            r"e = W_2W_1x - y, \frac{\partial L}{\partial W_2} = e(W_1x)^\top, \frac{\partial L}{\partial W_1} = W_2^\top ex^\top",
        ],
    ),
    (
        """
A: parameter[m, n]
B: data[n, p]
C: data[m, p]
f = sum((A @ B - C)**2)""",
        [
            r"\nabla_Af = 2(AB - C)B^\top, A^* = CB^\top(BB^\top)^{-1}",
        ],
    ),
    (
        """
X: parameter[n, k]
A: symmetric[n, n]
f = trace(X.T @ A @ X)""",
        [
            r"\nabla_Xf = 2AX, df = 2\mathrm{tr}(X^\top A\,dX)",
        ],
    ),
    (
        """
si: parameter
sj: parameter
L = log(1 + exp(-(si - sj)))""",
        [
            r"\frac{\partial L}{\partial s_i} = -\sigma(s_j - s_i) = -\frac{1}{1+e^{s_i - s_j}}, \frac{\partial L}{\partial s_j} = -\frac{\partial L}{\partial s_i}",
        ],
    ),
]
