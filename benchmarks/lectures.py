r"""Claims as a lecture, a paper, a sheet of exercises write them, over networks of many kinds: rows and columns of batches, recurrence,
attention, normalisation, convolution, matrix calculus, second derivatives. Right ones and wrong ones, in the form of claims.py.
"""

LECTURES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "mean_square": ("""
X: data[N, d]
y: data[N]
w: parameter[d]
b: parameter[()]
yhat = X @ w + b
L = mean((yhat - y)**2)""", [
        ("w", r"\nabla_{\mathbf{w}} L = \frac{2}{N} \mathbf{X}^{\top} (\mathbf{X}\mathbf{w} + b\mathbf{1} - \mathbf{y})", ""),
        ("w", r"\dfrac{\partial L}{\partial w_j} = \dfrac{2}{N}\sum_{i=1}^{N} (\hat{y}_i - y_i)\, x_{ij}", ""),
        ("b", r"$$\frac{\partial L}{\partial b} = \frac{2}{N}\sum_{i=1}^N\left(w^Tx_i + b - y_i\right)$$", ""),
        ("b", r"\partial L/\partial b = 2\,\overline{(\hat y - y)}", ""),
        ("w", r"\frac{\partial}{\partial w} L = -\frac{2}{m} \sum_{i=1}^m x^{(i)} (y^{(i)} - \hat y^{(i)})", ""),
        ("w", r"\frac{\partial L}{\partial w} = \frac{1}{N} X^T(\hat y - y)", "2 or 1/2"),
        ("w", r"\nabla_w L = \frac{2}{N}\sum_n (y_n - \hat y_n) x_n", "wrong sign"),
        ("b", r"\frac{\partial L}{\partial b} = 2\sum_{i}(\hat y_i - y_i)", "1/N"),
        ("w", r"\nabla^2_w L = \frac2N X^\top X", ""),
        ("w", r"H = \frac{\partial^2 L}{\partial w\,\partial w^\top} = \frac{2}{N}X^TX", ""),
        ("w", r"\frac{\partial^2 L}{\partial w_i\partial w_j} = \frac2N\sum_{n=1}^N X_{ni}X_{nj}", ""),
    ]),
    "logistic_sign": ("""
X: data[n, d]
y: sign[n]
w: parameter[d]
lam: positive[()]
L = sum(log(1 + exp(-y*(X @ w)))) / n + lam/2*sum(w**2)""", [
        ("w", r"\nabla L(w) = -\frac{1}{n}\sum_{i=1}^n \frac{y_i x_i}{1 + e^{y_i w^\top x_i}} + \lambda w", ""),
        ("w", r"\nabla_w L = \lambda w - \frac1n \sum_{i=1}^n \sigma(-y_i \langle w, x_i\rangle)\, y_i x_i", ""),
        (
            "w",
            r"\frac{\partial L}{\partial w_j} = \frac{1}{n}\sum_{i=1}^{n} \left(\sigma(y_i w^T x_i) - 1\right) y_i "
            r"x_{ij} + \lambda w_j",
            "",
        ),
        ("w", r"\nabla_w L = -\frac{1}{n}\sum_i \frac{y_i x_i}{1+\exp(y_i w^T x_i)}", "penalty forgotten"),
        ("w", r"\nabla^2 L(w) = \frac1n\sum_{i=1}^n \sigma(y_iw^\top x_i)(1-\sigma(y_iw^\top x_i))\,x_ix_i^\top + \lambda I", ""),
    ]),
    "softmax_one": ("""
x: data[d]
y: labels[k]
W: parameter[k, d]
b: parameter[k]
z = W @ x + b
p = softmax(z)
L = -sum(y*log(p))""", [
        ("W", r"\frac{\partial L}{\partial W} = (p-y)x^\top", ""),
        ("W", r"\frac{\partial L}{\partial W_{ij}} = (p_i - y_i) x_j", ""),
        (
            "z",
            r"\frac{\partial L}{\partial z_i} = -\sum_{k} y_k \frac{\partial \log p_k}{\partial z_i} = -\sum_k "
            r"y_k\frac{1}{p_k}\frac{\partial p_k}{\partial z_i} = p_i - y_i",
            "",
        ),
        ("z", r"\frac{\partial L}{\partial z_j} = -\sum_i y_i (\delta_{ij} - p_j)", ""),
        ("b", r"\nabla_b L = \mathrm{softmax}(Wx+b) - y", ""),
        ("z", r"\frac{\partial L}{\partial z} = (\operatorname{diag}(p) - pp^\top)^\top \left(-\frac{y}{p}\right)", ""),
        ("p", r"\frac{\partial L}{\partial p_i} = -\frac{y_i}{p_i}", ""),
        ("W", r"\frac{\partial L}{\partial W} = x(p-y)^\top", "order or layout"),
        ("z", r"\nabla_z^2 L = \operatorname{diag}(p) - pp^\top", ""),
    ]),
    "batch_mlp": ("""
X: data[N, D]
Y: labels[N, C]
W1: parameter[D, H]
b1: parameter[H]
W2: parameter[H, C]
b2: parameter[C]
Z1 = X @ W1 + b1
A1 = maximum(Z1, 0)
Z2 = A1 @ W2 + b2
P = softmax(Z2, axis=1)
L = -sum(Y*log(P))/N""", [
        ("W2", r"\frac{\partial L}{\partial W^{[2]}} = \frac{1}{N} A^{[1]\top}(P - Y)", ""),
        ("b2", r"\frac{\partial L}{\partial b^{(2)}_c} = \frac1N\sum_{n=1}^N (P_{nc} - Y_{nc})", ""),
        (
            "b1",
            r"\frac{\partial L}{\partial b_1} = "
            r"\frac{1}{N}\mathbf{1}^\top\left[\left((P-Y)W_2^\top\right)\odot\mathbb{1}\{Z_1>0\}\right]",
            "",
        ),
        (
            "W1",
            r"\begin{aligned} dZ_2 &= \frac{1}{N}(P - Y) \\ dA_1 &= dZ_2 W_2^T \\ dZ_1 &= dA_1 \odot \mathbf{1}[Z_1 > "
            r"0] \\ dW_1 &= X^T dZ_1 \end{aligned}",
            "",
        ),
        ("W1", r"\nabla_{W_1}L = \frac1N X^{\mathsf T}\Big(\big[(P-Y)W_2^{\mathsf T}\big]\circ \mathrm{ReLU}'(Z_1)\Big)", ""),
        ("W1", "X.T @ (((P - Y)/N) @ W2.T * (Z1 > 0))", ""),
        ("W1", r"\frac{\partial L}{\partial W_{1}} = \frac1N X^T((P-Y)W_2^T)", "indicator missing"),
        ("b1", r"\frac{\partial L}{\partial b_1} = \frac1N \left((P-Y)W_2^T\right) \odot [Z_1>0]", "summed over the wrong axes"),
        ("W2", "dW_2 = A_1^T (P-Y)", "1/N"),
        ("W2", r"dW_2 = \frac1N Z_1^T (P-Y)", "wrong tensor"),
        ("W1", "dZ2 = P - Y\ndZ2 /= N\ndA1 = dZ2 @ W2.T\ndZ1 = dA1 * (Z1 > 0)\ndW1 = X.T @ dZ1", ""),
        ("W1", "dZ2 = (P - Y)/N\ndA1 = dZ2 @ W2.T\ndZ1 = dA1.copy()\ndZ1[Z1 <= 0] = 0\ndW1 = np.dot(X.T, dZ1)", ""),
        ("b2", "(P - Y).mean(axis=0)", ""),
        (
            "W1",
            r"\begin{align} \frac{\partial L}{\partial Z_2} &= \frac{1}{N}(P - Y) \\ \frac{\partial L}{\partial A_1} &= "
            r"\frac{\partial L}{\partial Z_2} W_2^T \\ \frac{\partial L}{\partial Z_1} &= \frac{\partial L}{\partial "
            r"A_1} \odot \mathbf{1}[Z_1 > 0] \\ \frac{\partial L}{\partial W_1} &= X^T \frac{\partial L}{\partial Z_1} "
            r"\end{align}",
            "",
        ),
        (
            "W1",
            r"\begin{align} \frac{\partial L}{\partial Z_2} &= P - Y \\ \frac{\partial L}{\partial A_1} &= "
            r"\frac{\partial L}{\partial Z_2} W_2^T \\ \frac{\partial L}{\partial Z_1} &= \frac{\partial L}{\partial "
            r"A_1} \odot \mathbf{1}[Z_1 > 0] \\ \frac{\partial L}{\partial W_1} &= X^T \frac{\partial L}{\partial Z_1} "
            r"\end{align}",
            "1/N",
        ),
        (
            "W1",
            r"\delta_2 = \frac1N(P - Y),\quad \delta_1 = \delta_2 W_2^T \odot \mathbf{1}[Z_1 > 0],\quad \frac{\partial "
            r"L}{\partial W_1} = X^T \delta_1",
            "",
        ),
        (
            "W2",
            r"\frac{\partial L}{\partial W_2} = A_1^T\frac{\partial L}{\partial Z_2}, \text{ where } \frac{\partial "
            r"L}{\partial Z_2} = \frac1N (P-Y)",
            "",
        ),
        (
            "W2",
            r"\frac{\partial L}{\partial W_2} = A_1^T\frac{\partial L}{\partial Z_2}, \text{ where } \frac{\partial "
            r"L}{\partial Z_2} = (P-Y)",
            "1/N",
        ),
    ]),
    "columns": ("""
X: data[n, m]
Y: binary[1, m]
W1: parameter[h, n]
b1: parameter[h, 1]
W2: parameter[1, h]
b2: parameter[1, 1]
Z1 = W1 @ X + b1
A1 = tanh(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
J = -sum(Y*log(A2) + (1 - Y)*log(1 - A2))/m""", [
        ("Z2", r"dZ^{[2]} = \frac{1}{m}(A^{[2]} - Y)", ""),
        ("W1", r"\frac{\partial J}{\partial W^{[1]}} = \frac{1}{m} \left( W^{[2]T}(A^{[2]}-Y) * (1 - A^{[1]2}) \right) X^T", ""),
        (
            "W1",
            r"\frac{\partial J}{\partial W^{[1]}} = \frac{1}{m} \left( W^{[2]T}(A^{[2]}-Y) \odot (1 - (A^{[1]})^2) "
            r"\right) X^T",
            "",
        ),
        ("b1", r"db^{[1]} = \frac{1}{m}\sum_{i=1}^{m} W^{[2]T}(a^{[2](i)} - y^{(i)}) \odot (1 - (a^{[1](i)})^2)", ""),
        ("b2", "np.sum(A2 - Y, axis=1, keepdims=True)/m", ""),
        ("b1", "1/m*np.sum(np.dot(W2.T, A2 - Y)*(1 - np.power(A1, 2)), axis=1, keepdims=True)", ""),
        ("W1", "np.dot(np.dot(W2.T, A2 - Y)*(1 - np.power(Z1, 2)), X.T)/m", "slope at the wrong place"),
        ("W1", r"\frac{\partial J}{\partial W^{[1]}} = \frac1m W^{[2]T}(A^{[2]}-Y) X^T", "slope missing"),
        (
            "b1",
            r"\frac{\partial J}{\partial b^{[1]}} = \frac{1}{m} W^{[2]T}(A^{[2]}-Y) \odot (1 - A^{[1]} \odot A^{[1]})",
            "summed over the wrong axes",
        ),
    ]),
    "rnn3": ("""
x_1: data[d]
x_2: data[d]
x_3: data[d]
h_0: data[h]
y_1: data[k]
y_2: data[k]
y_3: data[k]
W: parameter[h, d]
U: parameter[h, h]
V: parameter[k, h]
h_1 = tanh(W @ x_1 + U @ h_0)
h_2 = tanh(W @ x_2 + U @ h_1)
h_3 = tanh(W @ x_3 + U @ h_2)
o_1 = V @ h_1
o_2 = V @ h_2
o_3 = V @ h_3
L = 0.5*sum((o_1 - y_1)**2) + 0.5*sum((o_2 - y_2)**2) + 0.5*sum((o_3 - y_3)**2)""", [
        ("V", r"\frac{\partial L}{\partial V} = \sum_{t=1}^{3} (o_t - y_t) h_t^\top", ""),
        (
            "U",
            r"\frac{\partial L}{\partial U} = \sum_{t=1}^3 \operatorname{diag}(1 - h_t^2) \frac{\partial L}{\partial "
            r"h_t} h_{t-1}^\top",
            "",
        ),
        ("W", r"\nabla_W L = \sum_{t} \mathrm{diag}\left(1-(h_t)^2\right)(\nabla_{h_t} L) x_t^\top", ""),
        ("h_2", r"\nabla_{h_2} L = U^\top \mathrm{diag}(1 - h_3^2)(\nabla_{h_3} L) + V^\top (\nabla_{o_2} L)", ""),
        (
            "h_2",
            r"\frac{\partial L}{\partial h_2} = V^\top(o_2 - y_2) + U^\top\left(\frac{\partial L}{\partial "
            r"h_3}\odot(1-h_3\odot h_3)\right)",
            "",
        ),
        ("h_2", r"\frac{\partial L}{\partial h_2} = V^T(o_2-y_2)", "path left out"),
        ("V", r"\frac{\partial L}{\partial V} = (o_3 - y_3) h_3^\top", "path left out"),
        (
            "h_2",
            r"\frac{\partial L}{\partial h_2} = V^\top(o_2 - y_2) + U\left(\frac{\partial L}{\partial "
            r"h_3}\odot(1-h_3^2)\right)",
            "transpose missing",
        ),
    ]),
    "lstm_cell": ("""
i: parameter[n]
f: parameter[n]
g: parameter[n]
o: parameter[n]
c0: data[n]
t: data[n]
it = sigmoid(i)
ft = sigmoid(f)
gt = tanh(g)
ot = sigmoid(o)
c = ft*c0 + it*gt
h = ot*tanh(c)
L = 0.5*sum((h - t)**2)""", [
        ("c", r"\frac{\partial L}{\partial c} = (h - t) \odot o_t \odot (1 - \tanh^2(c))", ""),
        ("f", r"\frac{\partial L}{\partial f} = \frac{\partial L}{\partial c} \odot c_0 \odot f_t \odot (1 - f_t)", ""),
        ("o", r"\delta o = (h-t)\odot\tanh(c)\odot o_t\odot(1-o_t)", ""),
        ("g", r"\frac{\partial L}{\partial g} = \delta c \odot i_t \odot (1 - g_t^2)", ""),
        ("c", r"\frac{\partial L}{\partial c} = (h-t)\odot o_t", "slope missing"),
    ]),
    "attention": ("""
X: data[T, d]
R: data[T, e]
WQ: parameter[d, k]
WK: parameter[d, k]
WV: parameter[d, e]
Q = X @ WQ
K = X @ WK
V = X @ WV
S = Q @ K.T / sqrt(k)
A = softmax(S, axis=1)
O = A @ V
L = 0.5*sum((O - R)**2)""", [
        ("V", r"\frac{\partial L}{\partial V} = A^\top (O - R)", ""),
        ("A", r"dA = dO\, V^\top", ""),
        ("S", r"dS_{ij} = A_{ij}\left(dA_{ij} - \sum_{l} dA_{il} A_{il}\right)", ""),
        ("S", r"dS = A \odot \left(dA - \mathrm{rowsum}(dA \odot A)\right)", ""),
        (
            "S",
            r"\frac{\partial L}{\partial S_{i:}} = \left(\mathrm{diag}(A_{i:}) - A_{i:}^\top "
            r"A_{i:}\right)\frac{\partial L}{\partial A_{i:}}",
            "",
        ),
        ("Q", r"dQ = \frac{1}{\sqrt{d_k}}\, dS\, K", ""),
        ("K", r"\frac{\partial L}{\partial K} = \frac{1}{\sqrt{k}} \left(\frac{\partial L}{\partial S}\right)^{\top} Q", ""),
        ("WQ", r"\nabla_{W^Q} L = \frac{X^\top\, dS\, K}{\sqrt{k}}", ""),
        ("WV", r"\frac{\partial L}{\partial W_V} = X^\top A^\top (O-R)", ""),
        ("K", r"dK = \frac{1}{\sqrt{k}} dS\, Q", "transpose missing"),
        ("V", "dV = A (O-R)", "transpose missing"),
        ("S", "dA = (O - R) @ V.T\ndS = A*(dA - (dA*A).sum(axis=-1, keepdims=True))", ""),
    ]),
    "layernorm": ("""
x: parameter[n]
gamma: parameter[n]
beta: parameter[n]
t: data[n]
eps: positive[()]
mu = mean(x)
s = sqrt(mean((x - mu)**2) + eps)
xhat = (x - mu)/s
y = gamma*xhat + beta
L = 0.5*sum((y - t)**2)""", [
        ("gamma", r"\frac{\partial L}{\partial \gamma} = (y - t)\odot\hat x", ""),
        ("xhat", r"\frac{\partial L}{\partial \hat x_i} = \frac{\partial L}{\partial y_i}\gamma_i", ""),
        (
            "x",
            r"\frac{\partial L}{\partial x_i} = \frac{1}{n s}\left(n \frac{\partial L}{\partial\hat x_i} - \sum_j "
            r"\frac{\partial L}{\partial\hat x_j} - \hat x_i \sum_j \frac{\partial L}{\partial \hat x_j}\hat x_j\right)",
            "",
        ),
        (
            "x",
            r"\nabla_x L = \frac{1}{s}\left(I - \frac{1}{n}\mathbf{1}\mathbf{1}^\top - \frac{1}{n}\hat x\hat "
            r"x^\top\right)(\gamma\odot(y-t))",
            "",
        ),
        (
            "x",
            r"dx = \frac1s \left(g - \mathrm{mean}(g) - \hat{x}\,\mathrm{mean}(g\odot\hat x)\right),\quad g = \gamma "
            r"\odot (y-t)",
            "",
        ),
        ("x", r"\frac{\partial L}{\partial x} = \frac{\gamma}{s}\odot(y-t)", "path left out"),
        ("s", r"\frac{\partial L}{\partial s} = -\frac{1}{s}\sum_i \frac{\partial L}{\partial y_i}\gamma_i \hat x_i", ""),
    ]),
    "batchnorm": ("""
X: data[m, d]
T: data[m, h]
W: parameter[d, h]
gamma: parameter[h]
beta: parameter[h]
eps: positive[()]
Z = X @ W
mu = mean(Z, axis=0)
v = mean((Z - mu)**2, axis=0)
Zhat = (Z - mu)/sqrt(v + eps)
Y = gamma*Zhat + beta
L = 0.5*sum((Y - T)**2)""", [
        ("beta", r"\frac{\partial L}{\partial\beta} = \sum_{i=1}^m \frac{\partial L}{\partial Y_i}", ""),
        ("gamma", r"\frac{\partial L}{\partial\gamma} = \sum_{i=1}^{m} \frac{\partial L}{\partial y_i}\cdot\hat{z}_i", ""),
        (
            "v",
            r"\frac{\partial L}{\partial v} = \sum_{i=1}^m \frac{\partial L}{\partial \hat Z_i}\cdot(Z_i - "
            r"\mu)\cdot\frac{-1}{2}(v+\epsilon)^{-3/2}",
            "",
        ),
        (
            "Z",
            r"\frac{\partial L}{\partial Z_{ij}} = \frac{\gamma_j}{m\sqrt{v_j+\epsilon}}\left(m\,\frac{\partial "
            r"L}{\partial Y_{ij}} - \sum_{k=1}^m \frac{\partial L}{\partial Y_{kj}} - \hat "
            r"Z_{ij}\sum_{k=1}^m\frac{\partial L}{\partial Y_{kj}}\hat Z_{kj}\right)",
            "",
        ),
        (
            "Z",
            "dZhat = (Y - T)*gamma\nivar = 1/np.sqrt(v + eps)\ndZ = ivar/m*(m*dZhat - dZhat.sum(0) - "
            "Zhat*(dZhat*Zhat).sum(0))",
            "",
        ),
        ("W", r"\frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial Z}", ""),
        ("Z", r"\frac{\partial L}{\partial Z} = \frac{\gamma}{\sqrt{v+\epsilon}}\odot(Y-T)", "path left out"),
        ("gamma", r"\frac{\partial L}{\partial\gamma} = \frac{1}{m}\sum_{i=1}^m (Y_i - T_i)\odot\hat Z_i", "1/N"),
        ("gamma", r"\frac{\partial L}{\partial\gamma} = \sum_{i=1}^m (Y_i - T_i)\odot Z_i", "wrong tensor"),
    ]),
    "conv": ("""
x: parameter[n]
w: parameter[3]
b: parameter[()]
t: data[n - 2]
z = conv1d(reshape(x, (1, 1, n)), reshape(w, (1, 1, 3)))
y = reshape(z, (n - 2,)) + b
L = 0.5*sum((y - t)**2)""", [
        ("w", r"\frac{\partial L}{\partial w_k} = \sum_{i} (y_i - t_i) x_{i+k}", ""),
        ("b", r"\frac{\partial L}{\partial b} = \sum_i \frac{\partial L}{\partial y_i}", ""),
        ("x", r"\frac{\partial L}{\partial x_j} = \sum_{k} (y_{j-k} - t_{j-k}) w_k", ""),
        ("x", r"\frac{\partial L}{\partial x_j} = \sum_{k=0}^{2} \frac{\partial L}{\partial y_{j-k}}\, w_k", ""),
    ]),
    "ridge_matrix": ("""
A: data[m, n]
B: data[m, k]
X: parameter[n, k]
lam: positive[()]
L = sum((A @ X - B)**2) + lam*sum(X**2)""", [
        ("X", r"\nabla_X \|AX-B\|_F^2 + \lambda\|X\|_F^2 = 2A^\top(AX-B) + 2\lambda X", ""),
        ("X", r"\frac{\partial L}{\partial X} = 2(A^TA + \lambda I)X - 2A^TB", ""),
        ("X", r"\frac{\partial L}{\partial X_{ij}} = 2\sum_{k}A_{ki}\Big(\sum_l A_{kl}X_{lj} - B_{kj}\Big) + 2\lambda X_{ij}", ""),
        ("X", r"\nabla_X L = 2\left(A^{\mathrm T}(AX-B)+\lambda X\right)", ""),
        ("X", r"\nabla_X L = 2A^T(AX-B) + \lambda X", "penalty scaled"),
    ]),
    "gaussian": ("""
x: data[n, d]
mu: parameter[d]
A: parameter[d, d]
S = A @ A.T
L = 0.5*n*logdet(S) + 0.5*sum(((x - mu) @ inv(S)) * (x - mu))""", [
        ("mu", r"\frac{\partial L}{\partial\mu} = -S^{-1}\sum_{i=1}^n (x_i-\mu)", ""),
        ("mu", r"\nabla_\mu L = \sum_{i=1}^{n} \Sigma^{-1}(\mu - x_i)", ""),
        (
            "S",
            r"\frac{\partial L}{\partial S} = \frac n2 S^{-1} - \frac12 "
            r"S^{-1}\left(\sum_{i=1}^n(x_i-\mu)(x_i-\mu)^\top\right)S^{-1}",
            "",
        ),
        ("mu", r"\frac{\partial L}{\partial\mu} = S^{-1}\sum_{i=1}^n (x_i-\mu)", "wrong sign"),
    ]),
    "kalman": ("""
A: data[n, n]
H: data[m, n]
B: data[m, m]
K: parameter[n, m]
P = A @ A.T
R = B @ B.T
F = eye(n) - K @ H
Pp = F @ P @ F.T + K @ R @ K.T
J = trace(Pp)""", [
        ("K", r"\frac{\partial\,\mathrm{tr}(P^+)}{\partial K} = -2(I-KH)PH^\top + 2KR", ""),
        ("K", r"\frac{\partial J}{\partial K} = -2(HP)^T + 2K(HPH^T + R)", ""),
        ("K", r"\nabla_K J = 2K(HPH^{\top}+R) - 2PH^{\top}", ""),
    ]),
    "logdet": ("""
A: parameter[n, n]
B: data[n, n]
L = log(det(A)**2)/2 + trace(A.T @ B @ A)""", [
        ("A", r"\frac{\partial L}{\partial A} = A^{-\top} + (B + B^\top)A", ""),
        ("A", r"\nabla_A L = (A^{-1})^T + BA + B^TA", ""),
    ]),
    "factorise": ("""
R: data[m, n]
M: binary[m, n]
U: parameter[m, k]
V: parameter[n, k]
lam: positive[()]
E = M*(R - U @ V.T)
L = 0.5*sum(E**2) + 0.5*lam*(sum(U**2) + sum(V**2))""", [
        ("U", r"\frac{\partial L}{\partial U} = -E V + \lambda U", ""),
        ("V", r"\frac{\partial L}{\partial V} = -E^\top U + \lambda V", ""),
        ("U", r"\frac{\partial L}{\partial u_i} = -\sum_{j} M_{ij}(R_{ij} - u_i^\top v_j) v_j + \lambda u_i", ""),
        ("V", r"\frac{\partial L}{\partial V_{jk}} = -\sum_{i} E_{ij} U_{ik} + \lambda V_{jk}", ""),
        ("U", r"\frac{\partial L}{\partial U} = -EV", "penalty forgotten"),
    ]),
    "autoencoder": ("""
X: data[n, d]
W: parameter[d, k]
Z = X @ W
Xhat = Z @ W.T
L = sum((Xhat - X)**2)/n""", [
        ("W", r"\frac{\partial L}{\partial W} = \frac2n\left[X^\top(\hat X - X)W + (\hat X-X)^\top X W\right]", ""),
        ("Z", r"\frac{\partial L}{\partial Z} = \frac{2}{n}(\hat X-X)W", ""),
        ("W", r"\frac{\partial L}{\partial W} = \frac2n X^\top(\hat X - X)W", "path left out"),
    ]),
    "kl": ("""
mu: parameter[k]
s: parameter[k]
L = -0.5*sum(1 + s - mu**2 - exp(s))""", [
        ("mu", r"\nabla_\mu D_{KL} = \mu", ""),
        ("s", r"\frac{\partial L}{\partial s_i} = \frac12\left(e^{s_i}-1\right)", ""),
        ("s", r"\frac{\partial L}{\partial s} = \frac12(1 - e^{s})", "wrong sign"),
        ("s", r"\frac{\partial^2 L}{\partial s_i^2} = \frac12 e^{s_i}", ""),
    ]),
    "skipgram": ("""
U: parameter[V, d]
v: parameter[d]
y: labels[V]
z = U @ v
p = softmax(z)
J = -sum(y*log(p))""", [
        ("v", r"\frac{\partial J}{\partial v} = U^\top(\hat y - y)", ""),
        ("v", r"\frac{\partial J}{\partial v_c} = U^T(p - y)", ""),
        (
            "v",
            r"\frac{\partial J}{\partial v} = -\sum_{w=1}^{V} y_w u_w + \sum_{w=1}^V \frac{\exp(u_w^\top "
            r"v)}{\sum_{x=1}^V\exp(u_x^\top v)}u_w",
            "",
        ),
        ("U", r"\frac{\partial J}{\partial u_w} = (p_w - y_w) v", ""),
        ("U", r"\frac{\partial J}{\partial U} = (p - y) v^\top", ""),
        ("U", r"\frac{\partial J}{\partial U} = v(p-y)^\top", "order or layout"),
    ]),
    "hinge": ("""
X: data[N, d]
y: sign[N]
w: parameter[d]
C: positive[()]
m = y*(X @ w)
L = 0.5*sum(w**2) + C*sum(maximum(0, 1 - m))""", [
        ("w", r"\nabla_w L = w - C\sum_{i:\, y_i w^\top x_i < 1} y_i x_i", ""),
        ("w", r"\nabla_w L = w - C\sum_{i=1}^N \mathbb{1}[y_i w^\top x_i < 1]\, y_i x_i", ""),
        (
            "w",
            r"\frac{\partial L}{\partial w} = w + C\sum_i \begin{cases} 0 & \text{if } y_i(w\cdot x_i) \ge 1 \\ -y_i "
            r"x_i & \text{otherwise}\end{cases}",
            "",
        ),
        ("w", r"\nabla_w L = w - C\sum_{i=1}^N y_i x_i", "indicator missing"),
    ]),
    "chain": ("""
x: data[()]
y: data[()]
w_1: parameter[()]
w_2: parameter[()]
b: parameter[()]
z_1 = w_1*x + b
a_1 = sigmoid(z_1)
z_2 = w_2*a_1
C = (z_2 - y)**2""", [
        (
            "w_1",
            r"\frac{\partial C}{\partial w_1} = \frac{\partial C}{\partial z_2}\frac{\partial z_2}{\partial "
            r"a_1}\frac{\partial a_1}{\partial z_1}\frac{\partial z_1}{\partial w_1} = 2(z_2-y)\, w_2\, \sigma'(z_1)\, "
            r"x",
            "",
        ),
        ("w_1", r"\frac{\mathrm{d} C}{\mathrm{d} w_1} = 2\,(z_2-y)\,w_2\,\sigma(z_1)\bigl(1-\sigma(z_1)\bigr)\,x", ""),
        ("b", r"\frac{\partial C}{\partial b} = 2(z_2-y) w_2 a_1(1-a_1)", ""),
        ("w_1", r"\frac{\partial C}{\partial w_1} = 2(z_2-y)w_2\,\sigma'(a_1)x", "slope at the wrong place"),
        ("w_2", r"\frac{\partial C}{\partial w_2} = 2(z_2-y)z_1", "wrong tensor"),
    ]),
    "swish": ("""
x: data[d]
w: parameter[d]
t: data[()]
z = w @ x
a = z*sigmoid(z)
L = 0.5*(a - t)**2""", [
        ("w", r"\frac{\partial L}{\partial w} = (a-t)\left(\sigma(z) + z\,\sigma(z)(1-\sigma(z))\right)x", ""),
        ("w", r"\nabla_w L = (a-t)\cdot\left[a + \sigma(z)(1-a)\right]\cdot x", ""),
        ("w", r"\nabla_w L = (a - t)\,\frac{1 + e^{-z} + z e^{-z}}{(1+e^{-z})^2}\, x", ""),
    ]),
    "cosine": ("""
u: parameter[d]
v: data[d]
s = (u @ v)/(sqrt(u @ u)*sqrt(v @ v))
L = 1 - s""", [
        ("u", r"\frac{\partial L}{\partial u} = -\frac{v}{\|u\|\|v\|} + \frac{(u^\top v)\,u}{\|u\|^3\|v\|}", ""),
        ("u", r"\nabla_u L = -\frac{1}{\lVert u\rVert}\left(\frac{v}{\lVert v\rVert} - s\frac{u}{\lVert u\rVert}\right)", ""),
        ("u", r"\nabla_u L = -\frac{1}{\|u\|_2}\left(I - \frac{uu^T}{\|u\|_2^2}\right)\frac{v}{\|v\|_2}", ""),
        ("u", r"\nabla_u L = -\frac{v}{\|u\|\|v\|}", "path left out"),
    ]),
    "poisson": ("""
X: data[n, d]
y: data[n]
w: parameter[d]
lam = exp(X @ w)
L = sum(lam - y*(X @ w))""", [
        ("w", r"\nabla_w L = \sum_{i=1}^n (\lambda_i - y_i)x_i = X^\top(\lambda - y)", ""),
        ("w", r"\nabla_w L = \sum_{i=1}^{n}\left(e^{x_i^\top w} - y_i\right)x_i", ""),
        ("w", r"\nabla_w L = X^T(e^{Xw} - y)", ""),
        ("w", r"\nabla^2_w L = X^\top\operatorname{diag}(\lambda)X", ""),
        ("w", r"\nabla^2_w L = \sum_i \lambda_i x_i x_i^\top", ""),
    ]),
    "policy": ("""
theta: parameter[k]
a: integers[k]
R: data[()]
pi = softmax(theta)
J = R*log(pi[a])""", [
        ("theta", r"\nabla_\theta J = R\,(e_a - \pi)", ""),
        ("theta", r"\frac{\partial J}{\partial\theta_i} = R\left(\mathbb{1}[i=a] - \pi_i\right)", ""),
        ("theta", r"\frac{\partial J}{\partial\theta_i} = R(\delta_{ia} - \pi(i))", ""),
        ("theta", r"\frac{\partial J}{\partial\theta_i} = R(\pi_i - \mathbb{1}[i=a])", "wrong sign"),
    ]),
    "integer_classes": ("""
X: data[n, d]
y: integers[n, c]
W: parameter[d, c]
S = X @ W
P = softmax(S, axis=1)
L = -sum(log(P[arange(n), y]))/n""", [
        ("S", r"\frac{\partial L}{\partial S_{ij}} = \frac1n\left(P_{ij} - \mathbf 1\{y_i = j\}\right)", ""),
        ("W", r"\nabla_{W_k} L = \frac1n\sum_{i=1}^n x_i\left(p_{ik} - 1\{y_i=k\}\right)", ""),
        ("W", "dS = P.copy()\ndS[np.arange(n), y] -= 1\ndS /= n\ndW = X.T.dot(dS)", ""),
        ("W", "dS = P\ndS[range(n), y] -= 1\ndS /= n\ndW = X.T @ dS", ""),
        ("W", "dS = P.copy()\ndS[np.arange(n), y] -= 1\ndW = X.T.dot(dS)", "1/N"),
        ("S", r"\frac{\partial L}{\partial S_{ij}} = \frac1n\left(\mathbf 1\{y_i = j\} - P_{ij}\right)", "wrong sign"),
    ]),
}  # fmt: skip
