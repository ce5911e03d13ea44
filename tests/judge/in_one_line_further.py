r"""More derivations in one line, to best values and what the loss and its curvature are there: all right."""

from __future__ import annotations

DERIVATIONS: list[tuple[str, list[str]]] = [
    (
        """
X: data[n, d]
y: data[n]
w: parameter[d]
lam: data & positive
J = sum((X @ w - y)**2) + lam*sum(w**2)""",
        [
            r"\nabla J(w) = 2X^\top(Xw - y) + 2\lambda w = 0 \implies (X^\top X + \lambda I)w = X^\top y \implies w^* = (X^\top X + \lambda I)^{-1}X^\top y",
            r"\frac{\partial J}{\partial w_j} = 2\sum_{i=1}^n x_{ij}\left(\sum_k x_{ik}w_k - y_i\right) + 2\lambda w_j",
            r"\nabla^2J = 2(X^\top X + \lambda I) \succ 0",
            r"\nabla J = 2X^\top(Xw - y) + 2\lambda w, H = 2X^\top X + 2\lambda I",
            r"J(w^*) = y^\top y - y^\top X(X^\top X + \lambda I)^{-1}X^\top y",
            r"J(w^*) = y^\top y - y^\top Xw^*",
        ],
    ),
    (
        """
X: data[n, d]
y: data[n] & binary
w: parameter[d]
p = sigmoid(X @ w)
l = sum(y*log(p) + (1-y)*log(1-p))""",
        [
            r"\nabla_w l = X^\top(y - p), \quad \nabla^2_w l = -X^\top S X, \quad S = \mathrm{diag}(p\odot(1-p))",
            r"\frac{\partial l}{\partial w} = \sum_{i=1}^n (y_i - p_i)x_i, \quad \frac{\partial^2 l}{\partial w\partial w^\top} = -\sum_i p_i(1-p_i)x_ix_i^\top",
            r"w^{new} = w^{old} + (X^\top SX)^{-1}X^\top(y - p), S = \mathrm{diag}(p_i(1-p_i))",
        ],
    ),
    (
        """
x: data[d]
t: labels[k]
W: parameter[k, d]
b: parameter[k]
z = W @ x + b
p = softmax(z)
L = -sum(t*log(p))""",
        [
            r"\frac{\partial L}{\partial z_i} = p_i - t_i, \frac{\partial L}{\partial W} = (p - t)x^\top, \frac{\partial L}{\partial b} = p - t",
            r"\frac{\partial L}{\partial p_i} = -\frac{t_i}{p_i}, \frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j), \frac{\partial L}{\partial z_j} = \sum_i -\frac{t_i}{p_i}p_i(\delta_{ij} - p_j) = p_j - t_j",
            r"\frac{\partial L}{\partial z_j} = -t_j(1 - p_j) + \sum_{i\neq j}t_ip_j = p_j - t_j",
            r"\frac{\partial^2L}{\partial z_i\partial z_j} = p_i\delta_{ij} - p_ip_j",
        ],
    ),
    (
        """
x: data[d]
y: data[m]
W_1: parameter[h, d]
b_1: parameter[h]
W_2: parameter[m, h]
b_2: parameter[m]
z_1 = W_1 @ x + b_1
a_1 = tanh(z_1)
yhat = W_2 @ a_1 + b_2
L = sum((yhat - y)**2)/2""",
        [
            r"\delta_2 = \hat y - y, \delta_1 = (W_2^\top\delta_2)\odot(1 - a_1^2), \nabla_{W_2}L = \delta_2a_1^\top, \nabla_{b_2}L = \delta_2, \nabla_{W_1}L = \delta_1x^\top, \nabla_{b_1}L = \delta_1",
            r"\frac{\partial L}{\partial W_{1,ij}} = \sum_k(\hat y_k - y_k)W_{2,ki}(1 - a_{1,i}^2)x_j",
        ],
    ),
    (
        """
k: data[n]
lam: parameter & positive
l = sum(k*log(lam)) - n*lam""",
        [
            r"\frac{dl}{d\lambda} = \frac{1}{\lambda}\sum_i k_i - n = 0 \Rightarrow \hat\lambda = \bar k",
            r"\frac{dl}{d\lambda} = \frac{\sum_i k_i}{\lambda} - n, \frac{d^2l}{d\lambda^2} = -\frac{\sum_i k_i}{\lambda^2} < 0, \hat\lambda = \frac1n\sum_ik_i",
            r"l(\hat\lambda) = n\bar k\log\bar k - n\bar k",
            r"l''(\hat\lambda) = -\frac{n}{\bar k}",
            r"-l''(\hat\lambda) = \frac{n}{\bar k}",
            r"I(\hat\lambda) = -l''(\hat\lambda) = \frac{n}{\hat\lambda}",
        ],
    ),
    (
        """
t: data[n]
theta: parameter & positive
l = -n*log(theta) - sum(t)/theta""",
        [
            r"\frac{\partial l}{\partial\theta} = -\frac n\theta + \frac{n\bar t}{\theta^2}, \hat\theta = \bar t, \left.\frac{\partial^2l}{\partial\theta^2}\right|_{\hat\theta} = -\frac{n}{\bar t^2}",
        ],
    ),
    (
        """
x: data[n]
p: parameter & unit
l = sum(x*log(p) + (1-x)*log(1-p))""",
        [
            r"\frac{dl}{dp} = \frac{\sum x_i}{p} - \frac{n - \sum x_i}{1-p} = \frac{\sum x_i - np}{p(1-p)}, \hat p = \bar x",
            r"\frac{d^2l}{dp^2}\Big|_{p=\hat p} = -\frac{n}{\bar x(1-\bar x)}",
        ],
    ),
    (
        """
x: parameter
y: parameter
f = (1 - x)**2 + 100*(y - x**2)**2""",
        [
            r"\nabla f = \begin{pmatrix}-2(1-x) - 400x(y - x^2)\\ 200(y - x^2)\end{pmatrix}, H = \begin{pmatrix}2 - 400y + 1200x^2 & -400x\\ -400x & 200\end{pmatrix}",
            r"\nabla f(1,1) = 0, H(1,1) = \begin{pmatrix}802 & -400\\-400 & 200\end{pmatrix}",
            r"\det H(1,1) = 400",
        ],
    ),
    (
        """
x: parameter
y: parameter
f = x**2*y + exp(x*y)""",
        [
            r"f_x = 2xy + ye^{xy}, f_y = x^2 + xe^{xy}, f_{xy} = 2x + e^{xy} + xye^{xy}",
            r"f_{xx} = 2y + y^2e^{xy}, f_{yy} = x^2e^{xy}, f_{xy} = f_{yx} = 2x + (1 + xy)e^{xy}",
        ],
    ),
    (
        """
A: symmetric[n, n]
b: data[n]
c: data
x: parameter[n]
f = x @ A @ x/2 + b @ x + c""",
        [
            r"\nabla f = Ax + b, x^* = -A^{-1}b, f(x^*) = c - \frac12b^\top A^{-1}b",
            r"x_{k+1} = x_k - \alpha(Ax_k + b)",
            r"x_{k+1} = x_k - (\nabla^2f)^{-1}\nabla f = -A^{-1}b",
        ],
    ),
    (
        """
x: data[d]
W: parameter[h, d]
h_1 = sigmoid(W @ x)
r = W.T @ h_1
L = sum((r - x)**2)/2""",
        [
            r"\frac{\partial L}{\partial W} = h_1(r-x)^\top + (W(r-x)\odot h_1\odot(1-h_1))x^\top",
        ],
    ),
    (
        """
x: data[d]
mu: parameter[d]
S: spd[d, d]
D = (x - mu) @ inv(S) @ (x - mu)/2""",
        [
            r"\nabla_\mu D = -S^{-1}(x - \mu) = S^{-1}(\mu - x)",
            r"\frac{\partial D}{\partial S} = -\frac12S^{-1}(x-\mu)(x-\mu)^\top S^{-1}",
        ],
    ),
    (
        """
X: data[n, d]
mu: parameter[d]
P: parameter & spd[d, d]
l = n/2*log(det(P)) - 1/2*sum((X - mu) * ((X - mu) @ P))""",
        [
            r"\frac{\partial l}{\partial\mu} = P\sum_i(x_i - \mu) = 0 \Rightarrow \hat\mu = \frac1n\sum_ix_i",
        ],
    ),
    (
        """
u: parameter[d]
v: data[d]
s = u @ v/(norm(u)*norm(v))""",
        [
            r"\nabla_us = \frac{v}{\|u\|\|v\|} - s\frac{u}{\|u\|^2}",
            r"\frac{\partial s}{\partial u} = \frac{1}{\|u\|}(I - \hat u\hat u^\top)\hat v, \hat u = u/\|u\|, \hat v = v/\|v\|",
        ],
    ),
    (
        """
c: data[n]
zi: parameter[n]
zf: parameter[n]
zg: parameter[n]
zo: parameter[n]
i = sigmoid(zi)
f = sigmoid(zf)
g = tanh(zg)
o = sigmoid(zo)
c_t = f*c + i*g
h_t = o*tanh(c_t)
L = sum(h_t)""",
        [
            r"\frac{\partial L}{\partial o} = \tanh(c_t), \frac{\partial L}{\partial c_t} = o\odot(1 - \tanh^2(c_t)), \frac{\partial L}{\partial z_f} = \frac{\partial L}{\partial c_t}\odot c\odot f\odot(1-f)",
            r"dc_t = o\odot(1 - \tanh^2 c_t), di = dc_t\odot g, dg = dc_t\odot i, dz_i = di\odot i\odot(1 - i), dz_g = dg\odot(1 - g^2)",
        ],
    ),
    (
        """
x: data[n]
y: data[n]
a: parameter
e = a*x - y
L = sum(e**2)/n""",
        [
            r"\frac{dL}{da} = \frac2n\sum_ie_ix_i = \frac2n x^\top e, a^* = \frac{x^\top y}{x^\top x}",
            r"L(a^*) = \frac1n\left(y^\top y - \frac{(x^\top y)^2}{x^\top x}\right)",
        ],
    ),
    (
        """
x: parameter
y: parameter
lam: parameter
L = x*y + lam*(10 - 2*x - y)""",
        [
            r"L_x = y - 2\lambda = 0, L_y = x - \lambda = 0, L_\lambda = 10 - 2x - y = 0 \Rightarrow x = 2.5, y = 5, \lambda = 2.5",
            r"L_x = y - 2\lambda = 0, L_y = x - \lambda = 0 \Rightarrow y = 2x",
            r"L_x = y - 2\lambda = 0, L_y = x - \lambda = 0 \Rightarrow \lambda = x = \frac y2",
        ],
    ),
    (
        """
M: data[m, n]
u: parameter[m]
v: parameter[n]
E = sum((M - outer(u, v))**2)/2""",
        [
            r"\frac{\partial E}{\partial u} = -(M - uv^\top)v = u\|v\|^2 - Mv, u^* = \frac{Mv}{\|v\|^2}",
            r"\frac{\partial E}{\partial u_i} = -\sum_j(M_{ij} - u_iv_j)v_j",
        ],
    ),
]
