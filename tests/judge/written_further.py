r"""Claims as people write them, about networks of courses and papers: whether each is right, or what it is instead."""

from __future__ import annotations

# wrong: a claim that must not be called right; any other word is the verdict
WRITTEN: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "bilinear": ("""
x: data[m]
y: data[n]
A: parameter[m, n]
t: data[()]
s = x @ A @ y
L = (s - t)**2""", [
        ("A", r"\frac{\partial L}{\partial A} = 2(x^\top A y - t)\, x y^\top", "right"),
        ("A", r"\frac{\partial L}{\partial A_{ij}} = 2\left(\sum_{k,l} x_k A_{kl} y_l - t\right) x_i y_j.", "right"),
        ("A", r"\frac{\partial L}{\partial A} = 2(s - t)\; x \otimes y", "right"),
        ("x", r"\nabla_x L = 2(s-t) A y", "right"),
        ("A", r"\frac{\partial L}{\partial A} = 2(s - t) y x^\top", "wrong"),
        ("x", r"\nabla_x L = 2(s-t) A^\top y", "wrong"),
        ("A", r"\frac{\partial L}{\partial A} = 2 (s-t) x^\top y", "wrong"),
    ]),
    "quadform": ("""
A: data[n, n]
x: parameter[n]
b: data[n]
f = x @ A @ x/2 - b @ x""", [
        ("x", r"\nabla f(x) = \tfrac12 (A + A^\top) x - b", "right"),
        ("x", r"\frac{\partial f}{\partial x_k} = \frac12\left(\sum_j A_{kj}x_j + \sum_i A_{ik} x_i\right) - b_k", "right"),
        ("x", r"\nabla f(x) = Ax - b", "wrong"),
        ("x", r"\nabla f(x) = 2Ax - b", "wrong"),
    ]),
    "mahal": ("""
x: data[n, d]
mu: parameter[d]
B: data[d, d]
S = B @ B.T + eye(d)
L = sum(((x - mu) @ inv(S))*(x - mu))/2 + n/2*log(det(S))""", [
        ("mu", r"\frac{\partial L}{\partial \mu} = n\, S^{-1}(\mu - \bar x), \qquad \bar x = \frac1n\sum_i x_i", "right"),
        ("mu", r"-np.linalg.inv(S) @ (x - mu).sum(0)", "right"),
        ("mu", r"-np.linalg.solve(S, (x - mu).sum(axis=0))", "right"),
        ("mu", r"\frac{\partial L}{\partial \mu} = \sum_i S^{-1}(x_i - \mu)", "wrong"),
        ("mu", r"\frac{\partial L}{\partial \mu} = -2\sum_i S^{-1}(x_i - \mu)", "wrong"),
        ("S", r"\frac{\partial L}{\partial S} = \frac{n}{2} S^{-1} - \frac12 \sum_{i} (x_i - \mu)(x_i - \mu)^\top", "wrong"),
    ]),
    "gmm": ("""
x: data[n]
mu: parameter[k]
pi: positive[k]
s: positive[k]
D = x[:, None] - mu
N = pi*exp(-D**2/(2*s**2))/s
r = N/sum(N, axis=1, keepdims=True)
L = -sum(log(sum(N, axis=1)))""", [
        ("mu", r"\frac{\partial L}{\partial \mu_k} = -\sum_{n} r_{nk}\, \frac{x_n - \mu_k}{s_k^2}", "right"),
        ("pi", r"\frac{\partial L}{\partial \pi_k} = -\sum_{i} \frac{r_{ik}}{\pi_k}", "right"),
        ("mu", r"-np.sum(r*D/s**2, axis=0)", "right"),
        ("mu", r"\frac{\partial L}{\partial \mu_k} = \sum_{i} r_{ik}\, \frac{\mu_k - x_i}{s_k^2}", "right"),
        ("mu", r"\frac{\partial L}{\partial \mu_k} = -\sum_{i} \frac{x_i - \mu_k}{s_k^2}", "wrong"),
        ("mu", r"\frac{\partial L}{\partial \mu_k} = -\sum_{i} r_{ik}\, (x_i - \mu_k)", "wrong"),
    ]),
    "w2v": ("""
v: parameter[d]
u: parameter[d]
U: parameter[k, d]
L = -log(sigmoid(u @ v)) - sum(log(sigmoid(-U @ v)))""", [
        ("v", r"\frac{\partial L}{\partial v} = (\sigma(u^\top v) - 1) u + \sum_{j=1}^K \sigma(U_j^\top v)\, U_j", "right"),
        ("U", r"\frac{\partial L}{\partial U_k} = \left(1 - \sigma(-U_k^\top v)\right) v", "right"),
        ("v", r"-(1 - sigmoid(u @ v))*u + U.T @ sigmoid(U @ v)", "right"),
        ("U", r"np.outer(sigmoid(U @ v), v)", "right"),
        ("v", r"\frac{\partial L}{\partial v} = (\sigma(u^\top v) - 1) u", "wrong"),
        ("v", r"\frac{\partial L}{\partial v} = (\sigma(u^\top v) - 1) u - \sum_{j} \sigma(U_j^\top v)\, U_j", "wrong"),
        ("U", r"-np.outer(sigmoid(-U @ v), v)", "wrong"),
    ]),
    "huber": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
delta: positive[()]
r = y - X @ w
L = sum(where(abs(r) <= delta, r**2/2, delta*(abs(r) - delta/2)))""", [
        ("w", r"-X.T @ np.clip(r, -delta, delta)", "right"),
        ("r", r"\frac{\partial L}{\partial r_i} = \max(-\delta, \min(\delta, r_i))", "right"),
        ("r", r"np.where(np.abs(r) <= delta, r, delta)", "wrong"),
        ("w", r"-X.T @ r", "wrong"),
        ("w", r"X.T @ np.clip(r, -delta, delta)", "wrong"),
    ]),
    "quantile": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
tau: unit[()]
e = y - X @ w
L = mean(maximum(tau*e, (tau - 1)*e))""", [
        ("w", r"\nabla_w L = -\frac1n \sum_{i=1}^n x_i\left(\tau - \mathbb{1}\{y_i < x_i^\top w\}\right)", "right"),
        ("w", r"X.T @ ((e < 0) - tau)/n", "right"),
        ("w", r"\nabla_w L = -\frac1n \sum_{i=1}^n x_i\left(\tau - \mathbb{1}\{y_i > x_i^\top w\}\right)", "wrong"),
        ("w", r"-X.T @ (tau*np.sign(e))/n", "wrong"),
    ]),
    "focal": ("""
z: parameter[()]
gam: positive[()]
p = sigmoid(z)
L = -(1 - p)**gam*log(p)""", [
        ("p", r"\frac{dL}{dp} = \gamma (1-p)^{\gamma - 1}\log p - \frac{(1-p)^{\gamma}}{p}", "right"),
        ("z", r"\frac{dL}{dz} = (1-p)^{\gamma}\left(\gamma\, p \log p + p - 1\right)", "right"),
        ("z", r"(1 - p)**gam*(gam*p*log(p) + p - 1)", "right"),
        ("z", r"\frac{dL}{dz} = (1-p)^{\gamma}(p - 1)", "wrong"),
        ("p", r"\frac{dL}{dp} = -\gamma (1-p)^{\gamma - 1}\log p - \frac{(1-p)^{\gamma}}{p}", "wrong"),
    ]),
    "smooth": ("""
z: parameter[K]
y: labels[K]
eps: unit[()]
p = softmax(z)
q = (1 - eps)*y + eps/K
L = -sum(q*log(p))""", [
        ("z", r"\frac{\partial L}{\partial z_k} = p_k - (1-\epsilon) y_k - \frac{\epsilon}{K}", "right"),
        ("z", r"\nabla_z L = p - q", "right"),
        ("z", r"\nabla_z L = p - y", "wrong"),
        ("z", r"\frac{\partial L}{\partial z_k} = p_k - (1-\epsilon) y_k - \epsilon", "wrong"),
    ]),
    "klgauss": ("""
m: parameter[d]
s: parameter[d] & positive
n: data[d]
t: positive[d]
L = sum(log(t/s) + (s**2 + (m - n)**2)/(2*t**2) - 0.5)""", [
        ("m", r"\frac{\partial L}{\partial m} = \frac{m - n}{t^2}", "right"),
        ("s", r"\frac{\partial L}{\partial s_i} = \frac{s_i}{t_i^2} - \frac1{s_i}", "right"),
        ("s", r"(s**2 - t**2)/(s*t**2)", "right"),
        ("s", r"\frac{\partial L}{\partial s_i} = \frac{s_i}{t_i^2} + \frac1{s_i}", "wrong"),
        ("s", r"s/t**2", "wrong"),
        ("m", r"(n - m)/t**2", "wrong"),
    ]),
    "vae": ("""
mu: parameter[k]
lv: parameter[k]
eps: data[k]
W: parameter[d, k]
x: data[d]
z = mu + exp(lv/2)*eps
xh = W @ z
L = sum((x - xh)**2)/2 - sum(1 + lv - mu**2 - exp(lv))/2""", [
        ("mu", r"\nabla_\mu L = W^\top(Wz - x) + \mu", "right"),
        ("lv", r"0.5*(W.T @ (xh - x))*eps*np.exp(lv/2) + 0.5*(np.exp(lv) - 1)", "right"),
        ("lv", r"0.5*(np.exp(lv) - 1)", "wrong"),
        ("mu", r"\nabla_\mu L = W^\top(Wz - x)", "wrong"),
        ("lv", r"(W.T @ (xh - x))*eps*np.exp(lv/2) + 0.5*(np.exp(lv) - 1)", "wrong"),
    ]),
    "contrastive": ("""
a: parameter[d]
b: parameter[d]
y: binary[()]
m: positive[()]
D = sqrt(sum((a - b)**2))
L = y*D**2 + (1 - y)*maximum(0, m - D)**2""", [
        ("a", r"\frac{\partial L}{\partial a} = 2y(a - b) - 2(1-y)\,\max(0, m - D)\,\frac{a - b}{D}", "right"),
        ("a", r"\nabla_a L = 2y(a-b) - 2(1-y)\,[m - \|a-b\|]_+ \frac{a-b}{\|a-b\|_2}", "right"),
        ("D", r"\frac{\partial L}{\partial D} = 2yD - 2(1-y)\max(m - D, 0)", "right"),
        ("a", r"\frac{\partial L}{\partial a} = 2y(a - b) + 2(1-y)\,\max(0, m - D)\,\frac{a - b}{D}", "wrong"),
        ("a", r"\frac{\partial L}{\partial a} = 2y(a - b) - 2(1-y)\,\max(0, m - D)(a - b)", "wrong"),
        ("b", r"\frac{\partial L}{\partial b} = 2y(a - b) - 2(1-y)\,\max(0, m - D)\,\frac{a - b}{D}", "wrong"),
    ]),
    "triplet": ("""
a: parameter[d]
p: parameter[d]
n: parameter[d]
alpha: positive[()]
L = maximum(0, sum((a - p)**2) - sum((a - n)**2) + alpha)""", [
        ("a", r"\nabla_a L = 2(n - p)\cdot\mathbb{1}\left[\|a-p\|_2^2 - \|a-n\|_2^2 + \alpha > 0\right]", "right"),
        ("a", r"2*(n - p)*(L > 0)", "right"),
        ("a", r"2*(n - p)", "wrong"),
        ("a", r"2*(p - n)*(L > 0)", "wrong"),
    ]),
    "deep": ("""
x: data[d]
y: data[k]
W_1: parameter[h, d]
b_1: parameter[h]
W_2: parameter[k, h]
b_2: parameter[k]
z_1 = W_1 @ x + b_1
a_1 = maximum(z_1, 0)
z_2 = W_2 @ a_1 + b_2
yhat = sigmoid(z_2)
L = sum((yhat - y)**2)/2""", [
        ("W_2", r"np.outer((yhat - y)*yhat*(1 - yhat), a_1)", "right"),
        ("W_2", r"((yhat - y)*yhat*(1 - yhat))[:, None] @ a_1[None, :]", "right"),
        ("W_2", r"((yhat - y)*yhat*(1 - yhat)).reshape(-1, 1) * a_1", "right"),
        ("W_1", "d2 = (yhat - y)*yhat*(1 - yhat)\nd1 = W_2.T.dot(d2)\nd1[z_1 <= 0] = 0\nnp.outer(d1, x)", "right"),
        ("W_2", r"np.outer(yhat - y, a_1)", "wrong"),
        ("b_2", r"\frac{\partial L}{\partial b_2} = (\hat y - y)\odot\sigma'(\hat y)", "wrong"),
        ("W_1", r"2*W_2.T @ (yhat - y)", "wrong"),
        ("W_1", r"W_2 @ ((yhat - y)*yhat*(1 - yhat))", "wrong"),
    ]),
    "logdet": ("""
A: parameter[n, n]
B: data[n, n]
L = log(det(A @ A.T + eye(n))) + trace(A.T @ B)""", [
        ("A", r"\nabla_A L = 2 (AA^\top + I)^{-1} A + B", "right"),
        ("A", r"\frac{\partial L}{\partial A} = 2\,(A A^{\mathsf T} + \mathbf{I})^{-1}\mathbf{A} + \mathbf{B}.", "right"),
        ("A", r"2*np.linalg.inv(A @ A.T + np.eye(n)) @ A + B", "right"),
        ("A", r"\nabla_A L = (AA^\top + I)^{-1} A + B", "wrong"),
        ("A", r"\nabla_A L = 2 (AA^\top + I)^{-1} A + B^\top", "wrong"),
        ("A", r"\nabla_A L = 2 A (AA^\top + I)^{-1} + B", "wrong"),
    ]),
    "temperature": ("""
z: parameter[k]
T: positive[()]
y: labels[k]
p = softmax(z/T)
L = -sum(y*log(p))""", [
        ("z", r"\frac{\partial L}{\partial z_i} = \frac{1}{T}\left(\frac{e^{z_i/T}}{\sum_j e^{z_j/T}} - y_i\right)", "right"),
        ("T", r"\frac{\partial L}{\partial T} = \frac{1}{T^2}\sum_i (y_i - p_i) z_i", "right"),
        ("z", r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}} - y_i", "wrong"),
        ("z", r"\frac{\partial L}{\partial z_i} = \frac{1}{T}\left(\frac{e^{z_i}}{\sum_j e^{z_j}} - y_i\right)", "wrong"),
    ]),
    "kalman": ("""
B: data[n, n]
P = B @ B.T
H: data[m, n]
C: data[m, m]
R = C @ C.T
K: parameter[n, m]
S = H @ P @ H.T + R
L = trace((eye(n) - K @ H) @ P @ (eye(n) - K @ H).T + K @ R @ K.T)""", [
        ("K", r"\frac{\partial L}{\partial K} = -2 (I - KH) P H^\top + 2 K R", "right"),
        ("K", r"\nabla_K L = -2 P H^\top + 2 K (H P H^\top + R)", "right"),
        ("K", r"\nabla_K L = -2 H P + 2 K S", "wrong"),
        ("K", r"\nabla_K L = -2 P H^\top + K S", "wrong"),
    ]),
    "tl": ("""
W_1: parameter[h, d]
c_1: parameter[h]
W_2: parameter[k, h]
x: data[d]
t: data[k]
z_1 = W_1 @ x + c_1
a_1 = sigmoid(z_1)
yhat = W_2 @ a_1
L = 0.5*sum((yhat - t)**2)""", [
        ("W_1", r"$$\frac{\partial L}{\partial W_1} = \big(W_2^{T}(\hat{y}-t)\big)\circ a_1\circ(1-a_1)\;x^{T}$$", "right"),
        ("W_1", r"(W_2.T @ (yhat - t) * a_1 * (1 - a_1))[:, None] * x[None, :]", "right"),
        ("W_1", r"np.einsum('i,j->ij', W_2.T @ (yhat - t) * a_1 * (1 - a_1), x)", "right"),
        ("W_1", r"np.dot(np.diag(a_1*(1-a_1)), np.dot(W_2.T, yhat - t)).reshape(-1,1) @ x.reshape(1,-1)", "right"),
        ("z_1", r"\frac{\partial L}{\partial z_1} = \frac{e^{-z_1}}{(1+e^{-z_1})^2} \odot W_2^\top(\hat y - t)", "right"),
        ("a_1", r"\frac{\partial L}{\partial a_1} = \left(\frac{\partial \hat y}{\partial a_1}\right)^\top (\hat y - t)", "right"),
        ("W_2", r"\frac{\partial L}{\partial W_2} = (\hat y - t) \otimes a_1", "right"),
        ("W_2", r"\frac{\partial L}{\partial W_2} = a_1 \otimes (\hat y - t)", "wrong"),
        ("W_2", r"\frac{\partial L}{\partial W_2} = a_1 (\hat y - t)^T", "wrong"),
        ("W_1", r"\frac{\partial L}{\partial W_1} = x\, \big(W_2^{T}(\hat{y}-t)\odot a_1\odot(1-a_1)\big)^T", "wrong"),
        ("c_1", r"\frac{\partial L}{\partial c_1} = W_2^\top(\hat y - t)\odot a_1 \odot (a_1 - 1)", "wrong"),
        ("c_1", r"\frac{\partial L}{\partial c_1} = W_2^\top(\hat y - t)\odot z_1 \odot (1 - z_1)", "wrong"),
        ("c_1", r"\frac{\partial L}{\partial c_1} = W_2(\hat y - t)\odot a_1 \odot (1 - a_1)", "wrong"),
        ("W_2", r"\frac{\partial L}{\partial W_2} = (\hat y - t)^2 a_1^\top", "wrong"),
        ("yhat", r"\frac{\partial L}{\partial\hat y} = (t - \hat y)", "wrong"),
    ]),
    "meanmse": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
b: parameter[()]
yhat = X @ w + b
L = mean((yhat - y)**2)""", [
        ("w", r"\frac{\partial L}{\partial \mathbf w} = \frac{2}{n}\mathbf X^\top(\hat{\mathbf y} - \mathbf y)", "right"),
        ("w", r"\frac{\partial L}{\partial w_j} = \frac{2}{N}\sum_{i=1}^{N}(w^\top x^{(i)} + b - y^{(i)})\,x^{(i)}_j", "right"),
        ("w", r"\frac{\partial L}{\partial w} = -\frac{2}{n}\sum_{i=1}^{n}x_i(y_i - (w\cdot x_i + b))", "right"),
        ("b", r"\frac{\partial L}{\partial b} = 2(\bar{\hat y} - \bar y)", "right"),
        ("b", r"\frac{\partial L}{\partial b} = \frac2n \mathbf 1^\top (Xw + b\mathbf 1 - y)", "right"),
        ("b", r"2*np.mean(yhat - y)", "right"),
        ("w", r"2/len(y) * X.T.dot(X.dot(w) + b - y)", "right"),
        ("w", r"(2/X.shape[0]) * ((yhat - y) @ X)", "right"),
        ("w", r"\frac{\partial L}{\partial w} = \mathbb{E}[2(\hat y - y)x]", "open"),
        ("w", r"\frac{\partial L}{\partial w} = \frac{1}{n} X^\top(\hat y - y)", "wrong"),
        ("b", r"\frac{\partial L}{\partial b} = 2\sum_i(\hat y_i - y_i)", "wrong"),
        ("b", r"\frac{\partial L}{\partial b} = \frac{2}{n}(\hat y - y)", "wrong"),
        ("w", r"\frac{\partial L}{\partial w} = \frac{2}{n}\sum_i (\hat y_i - y_i) \sum_i x_i", "wrong"),
    ]),
    "elbo": ("""
mu: parameter[k]
logvar: parameter[k]
L = -0.5*sum(1 + logvar - mu**2 - exp(logvar))""", [
        ("mu", r"\partial L/\partial \mu = \mu", "right"),
        ("logvar", r"0.5*(exp(logvar) - 1)", "right"),
        ("logvar", r"-0.5*(1 - exp(logvar))", "right"),
        ("logvar", r"0.5*exp(logvar)", "wrong"),
        ("mu", r"2*mu", "wrong"),
    ]),
    "gru": ("""
h_0: data[h]
x: data[d]
U_z: parameter[h, h]
U_r: parameter[h, h]
U_n: parameter[h, h]
W_z: parameter[h, d]
W_r: parameter[h, d]
W_n: parameter[h, d]
g: data[h]
z = sigmoid(W_z @ x + U_z @ h_0)
r = sigmoid(W_r @ x + U_r @ h_0)
n = tanh(W_n @ x + U_n @ (r*h_0))
h_1 = (1 - z)*n + z*h_0
L = g @ h_1""", [
        ("z", r"\frac{\partial L}{\partial z} = g \odot (h_0 - n)", "right"),
        ("n", r"\frac{\partial L}{\partial n} = g \odot (1 - z)", "right"),
        ("W_n", r"\frac{\partial L}{\partial W_n} = \left[g \odot (1-z) \odot (1 - n^2)\right] x^\top", "right"),
        ("U_n", r"\frac{\partial L}{\partial U_n} = \left[g \odot (1-z) \odot (1 - n^2)\right] (r \odot h_0)^\top", "right"),
        ("r", r"\frac{\partial L}{\partial r} = U_n^\top\left[g \odot (1-z) \odot (1 - n^2)\right] \odot h_0", "right"),
        ("W_z", r"np.outer(g*(h_0 - n)*z*(1 - z), x)", "right"),
        ("z", r"g \odot (n - h_0)", "wrong"),
        ("r", r"U_n\left[g \odot (1-z) \odot (1 - n^2)\right] \odot h_0", "wrong"),
    ]),
    "maxpool": ("""
X: data[n, d]
w: parameter[d]
s = X @ w
m = max(s)
L = m**2/2""", [
        ("s", r"\frac{\partial L}{\partial s_i} = m\,\mathbb{1}[s_i = m]", "right"),
        ("w", r"m * (s == m) @ X", "right"),
    ]),
    "lse": ("""
x: parameter[n]
L = log(sum(exp(x)))""", [
        ("x", r"\frac{\partial L}{\partial x_i} = \frac{e^{x_i}}{\sum_{j=1}^{n} e^{x_j}}", "right"),
        ("x", r"\nabla_x L = \mathrm{softmax}(x)", "right"),
        ("x", r"np.exp(x - x.max())/np.sum(np.exp(x - x.max()))", "right"),
        ("x", r"np.exp(x - L)", "right"),
        ("x", r"\frac{\partial L}{\partial x_i} = \frac{1}{\sum_{j} e^{x_j}}", "wrong"),
    ]),
    "hess": ("""
A: data[n, n]
x: parameter[n]
b: data[n]
r = A @ x - b
L = sum(r**2)""", [
        ("x", r"\nabla L(x) = 2A^\top A x - 2 A^\top b", "right"),
        ("x", r"2\,A^{\top}r", "right"),
        ("x", r"\frac{\partial L}{\partial x_k} = 2\sum_{i}\left(\sum_j a_{ij}x_j - b_i\right)a_{ik}", "right"),
        ("x", r"2 A r", "wrong"),
    ]),
    "siam": ("""
u: parameter[d]
v: data[d]
y: sign[()]
c = sum(u*v)/(sqrt(sum(u**2))*sqrt(sum(v**2)))
L = (c - y)**2""", [
        ("u", r"\frac{\partial L}{\partial u} = 2(c - y)\left(\frac{v}{\|u\|\|v\|} - c\,\frac{u}{\|u\|^2}\right)", "right"),
        ("u", r"\nabla_u L = \frac{2(c-y)}{\|u\|}\left(I - \frac{uu^\top}{\|u\|^2}\right)\frac{v}{\|v\|}", "right"),
        ("u", r"2(c - y)\frac{v}{\|u\|\|v\|}", "wrong"),
        ("u", r"2(c - y)\left(\frac{v}{\|u\|\|v\|} + c\,\frac{u}{\|u\|^2}\right)", "wrong"),
    ]),
    "dropout": ("""
x: data[d]
M: binary[h]
W: parameter[h, d]
v: parameter[h]
y: binary[()]
h_1 = maximum(0, W @ x)
h_2 = M*h_1/0.8
o = sum(v*h_2)
L = log(1 + exp(o)) - y*o""", [
        ("o", r"\frac{\partial L}{\partial o} = \sigma(o) - y", "right"),
        ("v", r"(\sigma(o) - y) h_2", "right"),
    ]),
    "beside": ("""
g: data[d]
h: data[d]
gh: data[d]
c: data[d]
cn = c*h
r = sqrt(mean(cn**2) + 0.5)
y = g*tanh(cn)/r
L = sum(gh*y)""", [
        ("y", r"\frac{\partial L}{\partial y} = gh", "right"),
        ("g", r"gh \odot \tanh(cn) / r", "right"),
        ("y", r"\frac{\partial L}{\partial y} = g h", "open"),
        ("c", r"\frac1r h\odot gh\odot g\odot(1-\tanh^2(cn)) - \frac{L}{d r^2} h\odot cn", "right"),
        ("c", r"\frac1r h\odot gh\odot g\odot(1-\tanh^2(cn)) - \frac{L}{dr^2} h\odot cn", "right"),
        ("c", r"\frac1r h\odot gh\odot g\odot(1-\tanh^2(cn)) - \frac{2L}{dr^2} h\odot cn", "wrong"),
    ]),
    "gelu by erf": ("""
x: parameter[n]
y = x*(1 + erf(x/sqrt(2)))/2
L = sum(y)""", [
        ("x", r"\frac{\partial L}{\partial x_i} = \Phi(x_i) + x_i\,\phi(x_i)", "right"),
        ("x", r"\frac{\partial L}{\partial x_i} = \Phi(x_i) - x_i\,\phi(x_i)", "wrong"),
    ]),
    "polynomial": ("""
x: data[n]
c: parameter[4]
y: data[n]
f = c[0] + c[1]*x + c[2]*x**2 + c[3]*x**3
L = sum((f - y)**2)/n""", [
        ("c", r"\frac{\partial L}{\partial c_k} = \frac2n \sum_i (f_i - y_i) x_i^k", "right"),
        ("c", r"\frac{\partial L}{\partial c_k} = \frac2n \sum_{i=1}^n (f_i - y_i) x_i^{k-1}", "right"),
        ("c", r"\frac{\partial L}{\partial c_k} = \frac2n \sum_i (f_i - y_i) x_i^{k+1}", "wrong"),
        ("c", r"\frac{\partial L}{\partial c_k} = \frac2n \sum_i k (f_i - y_i) x_i^{k-1}", "wrong"),
    ]),
    "discounted": ("""
r: data[T]
p: parameter[T]
g: positive[()]
L = -sum(p*r*g**arange(T))""", [
        ("p", r"\frac{\partial L}{\partial p_t} = -g^t r_t", "right"),
        ("g", r"\frac{\partial L}{\partial g} = -\sum_{t=0}^{T-1} t\, g^{t-1} p_t r_t", "right"),
        ("g", r"\frac{\partial L}{\partial g} = -\sum_{t=0}^{T-1} g^{t-1} p_t r_t", "wrong"),
    ]),
}  # fmt: skip
