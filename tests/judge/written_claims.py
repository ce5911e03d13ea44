r"""Claims as people write them, about networks of courses: whether each is right, or what it is instead."""

from __future__ import annotations

# wrong: a claim that must not be called right; any other word is the verdict
WRITTEN: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "logreg01": ("""
X: data[n, d]
y: binary[n]
w: parameter[d]
b: parameter[()]
z = X @ w + b
p = sigmoid(z)
J = -mean(y*log(p) + (1 - y)*log(1 - p))""", [
        ("w", r"\frac{\partial J}{\partial w_j} = \frac{1}{n}\sum_{i=1}^{n}\left(p^{(i)} - y^{(i)}\right) x_j^{(i)}", "right"),
        ("b", r"\frac{\partial J}{\partial b} := \frac{1}{m}\sum_{i=1}^{m} (p_i - y_i)", "right"),
        ("w", r"1/n * np.dot(X.T, (p - y))", "right"),
        ("b", r"1/n * np.sum(p - y)", "right"),
        ("w", r"1/m * X.T @ (p - y)", "right"),
        ("w", r"\frac{dJ}{dw} = -\frac1n \sum_{i} \bigl[ y_i (1 - p_i) - (1-y_i) p_i \bigr] \mathbf{x}_i", "right"),
        ("w", r"\nabla_w J = \frac1n X^\top (y - p)", "wrong"),
        ("w", r"\nabla_w J = X^\top (p - y)", "wrong"),
        ("w", r"\nabla_w J = \frac1n X^\top \left[(p - y)\odot p \odot (1-p)\right]", "wrong"),
        ("b", r"p - y", "wrong"),
        ("w", r"1/n * X @ (p - y)", "wrong"),
        ("w", r"\nabla_w J \propto X^\top(p - y)", "open"),
        ("w", r"\nabla_w J \approx \frac1n X^\top(p - y)", "open"),
        ("w", r"\nabla_w J = \frac1n X^\top (p - y) = \frac1n\sum_{i=1}^n (p_i - y_i) x_i", "right"),
        ("w", r"\nabla_w J = \frac1n X^\top (p - y) = \sum_{i=1}^n (p_i - y_i) x_i", "wrong"),
    ]),
    "logregpm": ("""
X: data[n, d]
y: sign[n]
w: parameter[d]
lam: positive[()]
L = mean(log(1 + exp(-y*(X @ w)))) + lam/2*sum(w**2)""", [
        ("w", r"\nabla_w L(w) = -\frac{1}{n}\sum_{i=1}^n \frac{y_i x_i}{1 + \exp(y_i w^\top x_i)} + \lambda w", "right"),
        ("w", r"\nabla L(w) = \lambda w - \frac{1}{n}\sum_{i=1}^n y_i\,\sigma(-y_i\, w^T x_i)\, x_i", "right"),
        ("w", r"-X.T @ (y / (1 + np.exp(y * (X @ w)))) / n + lam*w", "right"),
        ("w", r"\nabla L(w) = \lambda w - \frac{1}{n}\sum_{i=1}^n y_i\,\sigma(y_i\, w^T x_i)\, x_i", "wrong"),
        ("w", r"\nabla L(w) = 2\lambda w - \frac{1}{n}\sum_{i=1}^n y_i\,\sigma(-y_i\, w^T x_i)\, x_i", "wrong"),
        ("w", r"\nabla L(w) = - \frac{1}{n}\sum_{i=1}^n y_i\,\sigma(-y_i\, w^T x_i)\, x_i", "wrong"),
    ]),
    "softmaxrows": ("""
X: data[n, d]
Y: labels[n, k]
W: parameter[d, k]
b: parameter[k]
Z = X @ W + b
P = softmax(Z, axis=1)
L = -sum(Y*log(P))/n""", [
        ("W", r"\nabla_{W} \mathcal{L} = \frac{1}{n} X^{\mathsf T}(P - Y)", "right"),
        ("b", r"\nabla_{b} \mathcal{L} = \frac{1}{n} \sum_{i=1}^{n} (P_{i:} - Y_{i:})", "right"),
        ("b", r"\frac{\partial L}{\partial b} = \frac1n (P - Y)^\top \mathbf{1}", "right"),
        ("b", r"\frac{\partial L}{\partial b_k} = \frac1n \sum_i \left(P_{ik} - Y_{ik}\right)", "right"),
        ("W", r"\frac{\partial L}{\partial W_{:,k}} = \frac1n \sum_{i=1}^n (P_{ik} - Y_{ik}) x_i", "right"),
        ("W", r"\frac{\partial L}{\partial W_{jk}} = \frac1n \sum_{i=1}^n x_{ij}\,(P_{ik} - Y_{ik})", "right"),
        ("b", r"(P - Y).sum(0)/n", "right"),
        ("b", r"(P - Y).mean(axis=0)", "right"),
        ("b", r"np.sum(P - Y, axis=0, keepdims=True)/n", "wrong"),
        ("W", r"np.einsum('ij,ik->jk', X, P - Y)/n", "right"),
        ("b", r"\frac{\partial L}{\partial b} = \frac1n\sum_{i=1}^n P_{i,:} - \bar Y_{i,:}", "open"),
        ("W", r"\frac{\partial L}{\partial W} = \frac1n (P-Y)^\top X", "wrong"),
        ("Z", r"\frac{\partial L}{\partial Z} = \frac1n P \odot (1 - P) \odot (P - Y)", "wrong"),
        ("Z", r"\frac{\partial L}{\partial Z} = -\frac1n Y \odot (1 - P)", "wrong"),
        ("b", r"(P - Y).sum(1)/n", "wrong"),
        ("P", r"\frac{\partial L}{\partial P_{ik}} = -\frac{Y_{ik}}{n P_{ik}}", "right"),
    ]),
    "softmaxint": ("""
X: data[n, d]
y: integers[n, k]
W: parameter[k, d]
Z = X @ W.T
P = softmax(Z, axis=1)
L = -mean(log(P)[arange(n), y])""", [
        ("W", r"\nabla_{w_k} L = \frac1n\sum_{i=1}^n \left(P_{ik} - \mathbb 1\{y_i = k\}\right) x_i", "right"),
        ("W", r"\frac{\partial L}{\partial W_{kj}} = \frac1n\sum_{i} (P_{ik} - \mathbf{1}[y_i = k])\, X_{ij}", "right"),
        ("Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(P_{ij} - \mathds{1}_{[y_i = j]}\right)", "right"),
        ("Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(P_{ij} - \mathbb{I}(y_i = j)\right)", "right"),
        ("Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(P_{ij} - \delta_{y_i j}\right)", "right"),
        ("Z", r"\frac{\partial L}{\partial Z_{ij}} = P_{ij} - \mathbb 1\{y_i = j\}", "wrong"),
        ("Z", r"\frac{\partial L}{\partial Z_{ij}} = \frac1n\left(\mathbb 1\{y_i = j\} - P_{ij}\right)", "wrong"),
    ]),
    "softmaxcols": ("""
X: data[d, m]
Y: labels[m, k]
W: parameter[k, d]
b: parameter[k, 1]
Z = W @ X + b
A = softmax(Z, axis=0)
J = -sum(Y.T*log(A))/m""", [
        ("W", r"\frac{\partial J}{\partial W} = \frac{1}{m}(A - Y^\top) X^\top", "right"),
        ("b", r"db = \frac1m \text{np.sum}(A - Y^T, \text{axis}=1, \text{keepdims}=True)", "open"),
        ("b", r"1/m * np.sum(A - Y.T, axis=1, keepdims=True)", "right"),
        ("b", r"\frac{\partial J}{\partial b} = \frac1m\sum_{i=1}^m (A_{:,i} - Y_{i,:}^\top)", "right"),
        ("b", r"\frac{\partial J}{\partial b} = \frac1m\sum_{i=1}^m (a^{(i)} - y^{(i)})", "right"),
        ("W", r"dW = \frac1m dZ\, X^T", "wrong"),
        ("W", r"dW = dZ\, X^T", "right"),
        ("b", r"np.sum(A - Y.T, axis=1, keepdims=True)", "wrong"),
        ("W", r"\frac{\partial J}{\partial W} = \frac{1}{m} X (A - Y^\top)^\top", "wrong"),
    ]),
    "ridge": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
lam: positive[()]
L = sum((X @ w - y)**2) + lam*sum(w**2)""", [
        ("w", r"\nabla_w \|Xw - y\|_2^2 + \lambda \|w\|_2^2 = 2X^\top(Xw - y) + 2\lambda w", "right"),
        ("w", r"\nabla_w L = 2(X^\top X + \lambda I) w - 2X^\top y", "right"),
        ("w", r"\partial_w L = 2\left( X^\top X w - X^\top y + \lambda w \right),", "right"),
        ("w", r"2*(X.T @ X + lam*np.eye(d)) @ w - 2*X.T @ y", "right"),
        ("w", r"X.T @ (X @ w - y) + lam*w", "wrong"),
        ("w", r"\nabla_w L = -2X^\top(Xw - y) + 2\lambda w", "wrong"),
        ("w", r"\nabla_w L = 2X^\top(Xw - y) + \lambda w", "wrong"),
        ("w", r"\nabla_w L = 2X(Xw - y) + 2\lambda w", "wrong"),
        ("w", r"\nabla_w L = 2 X^\top(Xw - y) + 2\lambda \|w\|", "wrong"),
    ]),
    "lasso": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
lam: positive[()]
L = sum((y - X @ w)**2)/(2*n) + lam*sum(abs(w))""", [
        ("w", r"\nabla_w L = -\frac1n X^\top (y - Xw) + \lambda\, \operatorname{sign}(w)", "right"),
        ("w", r"\frac{\partial L}{\partial w_j} = -\frac1n X_{:,j}^\top (y - Xw) + \lambda\,\mathrm{sgn}(w_j)", "right"),
        ("w", r"-X.T @ (y - X @ w)/n + lam*np.sign(w)", "right"),
        ("w", r"-X.T @ (y - X @ w)/n + lam", "wrong"),
        ("w", r"\nabla_w L = \frac1n X^\top (y - Xw) + \lambda\, \operatorname{sign}(w)", "wrong"),
        ("w", r"\nabla_w L = -\frac1n X^\top (y - Xw) + \lambda |w|", "wrong"),
    ]),
    "svm": ("""
X: data[n, d]
y: sign[n]
w: parameter[d]
b: parameter[()]
C: positive[()]
s = X @ w + b
L = sum(w**2)/2 + C*sum(maximum(0, 1 - y*s))""", [
        ("w", r"\nabla_w L = w - C\sum_{i=1}^{n} y_i\, x_i\, \mathbb{1}[y_i(w^\top x_i + b) < 1]", "right"),
        ("w", r"\nabla_w L = w - C\sum_{i:\, y_i s_i < 1} y_i x_i", "right"),
        ("b", r"\frac{\partial L}{\partial b} = -C \sum_i y_i \mathbb 1\{1 - y_i s_i > 0\}", "right"),
        ("w", r"w - C * X.T @ (y * (y*s < 1))", "right"),
        ("w", r"w - C * (X * (y * (y*s < 1))[:, None]).sum(0)", "right"),
        ("w", r"w - C * np.where(y*s < 1, y, 0) @ X", "right"),
        ("w", r"\nabla_w L = w - C\sum_{i=1}^{n} y_i x_i", "wrong"),
        ("w", r"\nabla_w L = w + C\sum_{i=1}^{n} y_i\, x_i\, \mathbb{1}[y_i s_i < 1]", "wrong"),
        ("w", r"\nabla_w L = w - C\sum_{i=1}^{n} y_i\, x_i\, \mathbb{1}[s_i < 1]", "wrong"),
        ("w", r"\nabla_w L = - C\sum_{i=1}^{n} y_i\, x_i\, \mathbb{1}[y_i s_i < 1]", "wrong"),
    ]),
    "tied": ("""
X: data[n, d]
W: parameter[d, k]
H = X @ W
R = H @ W.T
L = sum((R - X)**2)""", [
        ("W", r"\nabla_W L = 2 (R - X)^\top X W + 2 X^\top (R - X) W", "right"),
        ("W", r"\frac{\partial L}{\partial W} = 2\left[ X^\top (X W W^\top - X) + (W W^\top X^\top - X^\top) X \right] W", "right"),
        ("W", r"2*X.T @ (R - X) @ W + 2*(R - X).T @ H", "right"),
        ("W", r"\nabla_W L = 2 (R - X)^\top X W", "wrong"),
        ("W", r"\nabla_W L = 4 X^\top (R - X) W", "wrong"),
        ("W", r"X.T @ (R - X) @ W + (R - X).T @ H", "wrong"),
        ("W", r"2*W.T @ (R - X)", "wrong"),
    ]),
    "mf": ("""
R: data[m, n]
U: parameter[m, k]
V: parameter[n, k]
lam: positive[()]
L = sum((R - U @ V.T)**2)/2 + lam/2*(sum(U**2) + sum(V**2))""", [
        ("V", r"\frac{\partial L}{\partial V_{jf}} = -\sum_i (R_{ij} - \langle u_i, v_j\rangle) U_{if} + \lambda V_{jf}", "right"),
        ("U", r"\nabla_U \mathcal L = (UV^\top - R)V + \lambda U", "right"),
        ("U", r"\nabla_U \mathcal L = (R - UV^\top)V + \lambda U", "wrong"),
        ("V", r"\nabla_V \mathcal L = (UV^\top - R) U + \lambda V", "wrong"),
        ("V", r"\nabla_V \mathcal L = U^\top(UV^\top - R) + \lambda V", "wrong"),
    ]),
    "mlpng": ("""
X: data[n_0, m]
Y: binary[1, m]
W_1: parameter[n_1, n_0]
b_1: parameter[n_1, 1]
W_2: parameter[1, n_1]
b_2: parameter[1, 1]
Z_1 = W_1 @ X + b_1
A_1 = tanh(Z_1)
Z_2 = W_2 @ A_1 + b_2
A_2 = sigmoid(Z_2)
J = -sum(Y*log(A_2) + (1 - Y)*log(1 - A_2))/m""", [
        ("Z_2", r"\frac{\partial J}{\partial Z^{[2]}} = \frac1m (A^{[2]} - Y)", "right"),
        ("W_2", r"dW^{[2]} = \frac{1}{m}(A^{[2]} - Y) A^{[1]T}", "right"),
        ("b_2", r"db^{[2]} = \frac1m \sum_{i=1}^m (A^{[2](i)} - Y^{(i)})", "right"),
        ("b_2", r"db^{[2]} = \frac1m np.sum(A^{[2]} - Y, axis=1, keepdims=True)", "right"),
        ("W_1", r"dW^{[1]} = \frac1m \left(W^{[2]T} (A^{[2]} - Y) \ast (1 - (A^{[1]})^2)\right) X^T", "right"),
        ("W_1", r"1/m * ((W_2.T @ (A_2 - Y)) * (1 - np.power(A_1, 2))) @ X.T", "right"),
        ("b_1", r"1/m * np.sum(np.dot(W_2.T, A_2 - Y) * (1 - A_1**2), axis=1, keepdims=True)", "right"),
        ("W_1", r"dW^{[1]} = \frac1m \left(W^{[2]T} (A^{[2]} - Y) \odot A^{[1]} \odot (1 - A^{[1]})\right) X^T", "wrong"),
        ("W_1", r"dW^{[1]} = \frac1m \left(W^{[2]T} (A^{[2]} - Y)\right) X^T", "wrong"),
        ("W_1", r"dW^{[1]} = \left(W^{[2]T} (A^{[2]} - Y) \odot (1-A^{[1]2})\right) X^T", "wrong"),
        ("b_1", r"1/m * np.sum(np.dot(W_2.T, A_2 - Y) * (1 - A_1**2), axis=0, keepdims=True)", "wrong"),
        ("Z_2", r"\frac{\partial J}{\partial Z^{[2]}} = A^{[2]} - Y", "wrong"),
    ]),
    "rnn": ("""
x_1: data[d]
x_2: data[d]
x_3: data[d]
h_0: data[h]
W: parameter[h, h]
U: parameter[h, d]
v: parameter[h]
y: data[()]
h_1 = tanh(W @ h_0 + U @ x_1)
h_2 = tanh(W @ h_1 + U @ x_2)
h_3 = tanh(W @ h_2 + U @ x_3)
o = v @ h_3
L = (o - y)**2/2""", [
        ("h_2", r"\frac{\partial L}{\partial h_2} = W^\top \left((o-y)\, v \odot (1 - h_3\odot h_3)\right)", "right"),
        ("W", r"\frac{\partial L}{\partial W} = \left((o-y) v \odot (1 - h_3^2)\right) h_2^\top", "wrong"),
        ("h_2", r"\frac{\partial L}{\partial h_2} = W^\top (o-y) v", "wrong"),
    ]),
    "lstm": ("""
c_0: data[h]
W_f: parameter[h, d]
W_i: parameter[h, d]
W_g: parameter[h, d]
W_o: parameter[h, d]
x: data[d]
y: data[h]
f = sigmoid(W_f @ x)
i = sigmoid(W_i @ x)
g = tanh(W_g @ x)
o = sigmoid(W_o @ x)
c = f*c_0 + i*g
h_1 = o*tanh(c)
L = sum((h_1 - y)**2)/2""", [
        ("c", r"\frac{\partial L}{\partial c} = (h_1 - y)\odot o \odot (1 - \tanh^2(c))", "right"),
        ("W_o", r"\frac{\partial L}{\partial W_o} = \left((h_1 - y)\odot\tanh c\odot o\odot(1-o)\right) x^T", "right"),
        ("W_g", r"np.outer((h_1 - y)*o*(1 - np.tanh(c)**2)*i*(1 - g**2), x)", "right"),
        ("W_i", r"np.outer((h_1 - y)*o*(1 - np.tanh(c)**2)*g*i*(1 - i), x)", "right"),
        ("W_g", r"np.outer((h_1 - y)*o*(1 - np.tanh(c)**2)*i*g*(1 - g), x)", "wrong"),
        ("c", r"(h_1 - y)*o*(1 - c**2)", "wrong"),
        ("c", r"\frac{\partial L}{\partial c} = (h_1 - y)\odot o", "wrong"),
        ("W_f", r"np.outer((h_1 - y)*o*(1 - np.tanh(c)**2)*c*f*(1 - f), x)", "wrong"),
    ]),
    "attention": ("""
X: data[n, d]
W_Q: parameter[d, k]
W_K: parameter[d, k]
W_V: parameter[d, k]
G: data[n, k]
Q = X @ W_Q
K = X @ W_K
V = X @ W_V
S = Q @ K.T/sqrt(k)
A = softmax(S, axis=1)
O = A @ V
L = sum(G*O)""", [
        ("V", r"\frac{\partial L}{\partial V} = A^\top G", "right"),
        ("A", r"\frac{\partial L}{\partial A} = G V^\top", "right"),
        ("S", r"\frac{\partial L}{\partial S_{ij}} = A_{ij}\left( (GV^\top)_{ij} - \sum_{l} A_{il} (GV^\top)_{il}\right)", "right"),
        ("S", "dA = G @ V.T\nA*(dA - np.sum(dA*A, axis=1, keepdims=True))", "right"),
        ("Q", r"\frac{\partial L}{\partial Q} = \frac{1}{\sqrt{k}} \frac{\partial L}{\partial S} K", "right"),
        ("K", r"\frac{\partial L}{\partial K} = \frac{1}{\sqrt{k}} \left(\frac{\partial L}{\partial S}\right)^{\!\top} Q", "right"),
        ("W_Q", r"\frac{\partial L}{\partial W^Q} = \frac{1}{\sqrt{k}} X^\top \frac{\partial L}{\partial S} X W^K", "right"),
        ("K", r"\frac{\partial L}{\partial K} = \frac{1}{\sqrt{k}} \frac{\partial L}{\partial S} Q", "wrong"),
        ("Q", r"\frac{\partial L}{\partial Q} = \frac{\partial L}{\partial S} K", "wrong"),
        ("S", r"\frac{\partial L}{\partial S} = A \odot (1 - A) \odot (G V^\top)", "wrong"),
        ("V", r"\frac{\partial L}{\partial V} = A G", "wrong"),
    ]),
    "layernorm": ("""
x: parameter[d]
gamma: parameter[d]
beta: parameter[d]
t: data[d]
mu = mean(x)
s2 = mean((x - mu)**2)
s = sqrt(s2 + 0.001)
xhat = (x - mu)/s
y = gamma*xhat + beta
L = sum((y - t)**2)/2""", [
        ("gamma", r"\frac{\partial L}{\partial \gamma} = (y - t)\odot \hat{x}", "right"),
        ("x", "g = gamma*(y - t)\n(g - g.mean() - xhat*(g*xhat).mean())/s", "right"),
        ("x", "g = gamma*(y - t)\n(d*g - np.sum(g) - xhat*np.sum(g*xhat))/(d*s)", "right"),
        ("x", r"gamma*(y - t)/s", "wrong"),
        ("x", "g = gamma*(y - t)\n(g - g.mean())/s", "wrong"),
        ("x", "g = gamma*(y - t)\n(g - g.mean() + xhat*(g*xhat).mean())/s", "wrong"),
        ("beta", r"\frac{\partial L}{\partial\beta} = \sum_j (y_j - t_j)", "wrong"),
    ]),
    "batchnorm": ("""
X: parameter[n, d]
gamma: parameter[d]
beta: parameter[d]
G: data[n, d]
mu = mean(X, axis=0)
v = mean((X - mu)**2, axis=0)
Xhat = (X - mu)/sqrt(v + 0.001)
Y = gamma*Xhat + beta
L = sum(G*Y)""", [
        ("gamma", r"\frac{\partial L}{\partial\gamma} = \sum_{i=1}^m \frac{\partial L}{\partial y_i}\cdot \hat x_i", "right"),
        ("beta", r"\frac{\partial \ell}{\partial\beta} = \sum_{i=1}^{m} \frac{\partial \ell}{\partial y_i}", "right"),
        ("gamma", r"(G*Xhat).sum(axis=0)", "right"),
        ("X", "dX = gamma*G\n(n*dX - dX.sum(0) - Xhat*(dX*Xhat).sum(0))/(n*np.sqrt(v + 0.001))", "right"),
        ("v", r"np.sum(gamma*G*(X - mu), axis=0)*(-1/2)*(v + 0.001)**(-3/2)", "right"),
        ("X", r"gamma*G/np.sqrt(v + 0.001)", "wrong"),
        ("gamma", r"(G*Xhat).mean(axis=0)", "wrong"),
        ("beta", r"G.sum(axis=1)", "wrong"),
        ("v", r"np.sum(gamma*G*(X - mu), axis=0)*(-1/2)*(v + 0.001)**(-1/2)", "wrong"),
    ]),
    "conv": ("""
x: data[n]
w: parameter[3]
y: data[n - 2]
o = x[0:n-2]*w[0] + x[1:n-1]*w[1] + x[2:n]*w[2]
L = sum((o - y)**2)/2""", [
        ("w", r"\frac{\partial L}{\partial w_k} = \sum_{i=1}^{n-2} (o_i - y_i)\, x_{i+k-1}", "right"),
        ("w", r"\frac{\partial L}{\partial w_k} = \sum_{i=0}^{n-3} (o_i - y_i)\, x_{i+k}", "right"),
        ("w", "e = o - y\nnp.stack([sum(e*x[0:n-2]), sum(e*x[1:n-1]), sum(e*x[2:n])])", "right"),
        ("w", r"\frac{\partial L}{\partial w_k} = \sum_{i=1}^{n-2} (o_i - y_i)\, x_{i}", "wrong"),
        ("w", "e = o - y\nnp.stack([sum(e*x[2:n]), sum(e*x[1:n-1]), sum(e*x[0:n-2])])", "wrong"),
    ]),
}  # fmt: skip
