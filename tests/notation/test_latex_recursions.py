r"""Recursions in LaTeX as papers and books write them, each equal in loss and gradients to the loops of the network language."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError

LSTM = [f"{a}_{g}: parameter[m, {n}]" for g in "ifoc" for a, n in (("W", "d"), ("U", "m"))] + [
    f"b_{g}: parameter[m]" for g in "ifoc"
]
GRU = [f"{a}_{g}: parameter[m, {n}]" for g in "zrh" for a, n in (("W", "d"), ("U", "m"))]

# name: declarations, LaTeX, the same in the network language
NETWORKS = {
    "rabiner": (
        ["pi: data[N]", "a: parameter[N, N]", "b: parameter[N, M]", "o: integers[T, M]"],
        r"""\alpha_1(i) = \pi_i b_i(o_1), \quad \alpha_{t+1}(j) = \left[\sum_{i=1}^N \alpha_t(i) a_{ij}\right] b_j(o_{t+1}), \quad
t = 1, \ldots, T-1 \\ L = -\log \sum_{i=1}^N \alpha_T(i)""",
        """alpha[1] = pi * b[:, o[1]]
for t in 2..T:
    alpha[t] = (a.T @ alpha[t-1]) * b[:, o[t]]
L = -log(sum(alpha[T]))""",
    ),
    "rabiner backward": (
        ["a: parameter[N, N]", "b: parameter[N, M]", "o: integers[T, M]", "p: parameter[N]"],
        r"""\beta_T(i) = 1, \quad \beta_t(i) = \sum_{j=1}^N a_{ij} b_j(o_{t+1}) \beta_{t+1}(j), \quad t = T-1, \ldots, 1 \\
L = -\log \sum_i p_i b_i(o_1) \beta_1(i)""",
        """beta[T] = ones(N)
for t in T-1..1:
    beta[t] = a @ (b[:, o[t+1]] * beta[t+1])
L = -log(sum(p * b[:, o[1]] * beta[1]))""",
    ),
    "value iteration of s'": (
        ["R: parameter[S, A]", "P: data[S, S, A]", "pi: parameter[A, S]", "gamma: data", "v: data[S]"],
        r"""V_0(s) = 0, \quad V_{k+1}(s) = \sum_{a} \pi(a|s) \sum_{s'} P(s'|s,a) \left[ R(s,a) + \gamma V_k(s') \right] \\
L = \sum_s (V_K(s) - v(s))^2""",
        """V[0] = zeros(S)
for k in 1..K:
    V[k] = sum(pi.T * (einsum("isa,sa->sa", P, R) + gamma * einsum("isa,i->sa", P, V[k-1])), axis=1)
L = sum((V[K] - v)**2)""",
    ),
    "soft values": (
        ["r: parameter[S, A]", "P: data[S, S, A]", "gamma: data"],
        r"""V_0(s) = 0, Q_k(s, a) = r(s, a) + \gamma \sum_{s'} P(s' \mid s, a) V_{k-1}(s'), V_k(s) = \log \sum_a \exp Q_k(s,a) \\
L = \sum_s V_K(s)""",
        """V[0] = zeros(S)
for k in 1..K:
    Q[k] = r + gamma * einsum("isa,i->sa", P, V[k-1])
    V[k] = log(sum(exp(Q[k]), axis=1))
L = sum(V[K])""",
    ),
    "crf in brackets": (
        ["U: parameter[T, K]", "A: parameter[K, K]"],
        r"""\alpha_1(k) = U_1(k), \alpha_t(k) = U_t(k) + \log\sum_j \exp(\alpha_{t-1}(j) + A(j,k)), L = \log\sum_k \exp \alpha_T(k)""",
        """alpha[1] = U[1]
for t in 2..T:
    alpha[t] = U[t] + logsumexp(alpha[t-1][:, None] + A, axis=0)
L = logsumexp(alpha[T])""",
    ),
    "bptt goodfellow": (
        [
            "x: data[T, d]",
            "y: labels[T, k]",
            "W: parameter[m, m]",
            "U: parameter[m, d]",
            "V: parameter[k, m]",
            "b: parameter[m]",
            "c: parameter[k]",
        ],
        r"""\begin{align}
a^{(t)} &= b + W h^{(t-1)} + U x^{(t)}, \\
h^{(t)} &= \tanh(a^{(t)}), \\
o^{(t)} &= c + V h^{(t)}, \\
\hat y^{(t)} &= \mathrm{softmax}(o^{(t)}),
\end{align}
where $h^{(0)} = 0$ and
$$L = -\sum_{t=1}^{T} \sum_k y_k^{(t)} \log \hat y_k^{(t)}$$""",
        """h[0] = zeros(m)
for t in 1..T:
    a[t] = b + W @ h[t-1] + U @ x[t]
    h[t] = tanh(a[t])
    o[t] = c + V @ h[t]
    yhat[t] = softmax(o[t])
L = -sum(y*log(yhat))""",
    ),
    "ng deep": (
        ["x: data[d]", "y: data[d]", "W: parameter[L, d, d]", "b: parameter[L, d]"],
        r"""a^{[0]} = x \\ z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]} \\ a^{[l]} = \sigma(z^{[l]}) \quad (l = 1, \dots, L) \\ J = \frac{1}{2}\|a^{[L]} - y\|^2""",
        """a[0] = x
for l in 1..L:
    z[l] = W[l] @ a[l-1] + b[l]
    a[l] = sigmoid(z[l])
J = sum((a[L] - y)**2)/2""",
    ),
    "nielsen": (
        ["x: data[d]", "y: data[d]", "w: parameter[n, d, d]", "b: parameter[n, d]"],
        r"""a^l = \sigma(w^l a^{l-1} + b^l), a^0 = x, C = \frac12 \|y - a^n\|^2""",
        """a[0] = x
for l in 1..n:
    a[l] = sigmoid(w[l] @ a[l-1] + b[l])
C = sum((a[n] - y)**2)/2""",
    ),
    "lstm": (
        ["x: data[T, d]", "y: data[m]", *LSTM],
        r"""\begin{aligned}
f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) \\
o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) \\
\tilde c_t &= \tanh(W_c x_t + U_c h_{t-1} + b_c) \\
c_t &= f_t \odot c_{t-1} + i_t \odot \tilde c_t \\
h_t &= o_t \odot \tanh(c_t)
\end{aligned}
with $h_0 = 0$ and $c_0 = 0$; $L = \|h_T - y\|^2$""",
        """h[0] = zeros(m)
c[0] = zeros(m)
for t in 1..T:
    f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1] + b_f)
    i[t] = sigmoid(W_i @ x[t] + U_i @ h[t-1] + b_i)
    o[t] = sigmoid(W_o @ x[t] + U_o @ h[t-1] + b_o)
    g[t] = tanh(W_c @ x[t] + U_c @ h[t-1] + b_c)
    c[t] = f[t]*c[t-1] + i[t]*g[t]
    h[t] = o[t]*tanh(c[t])
L = sum((h[T] - y)**2)""",
    ),
    "gru": (
        ["x: data[T, d]", "y: data[T, m]", "h_0: data[m]", *GRU],
        r"""z_t = \sigma(W_z x_t + U_z h_{t-1}),\quad r_t = \sigma(W_r x_t + U_r h_{t-1}),\\
\tilde h_t = \tanh(W_h x_t + U_h (r_t \odot h_{t-1})),\\
h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t \quad \text{for } t = 1, \ldots, T.\\
L = \frac{1}{T}\sum_{t} \|h_t - y_t\|^2""",
        """h[0] = h_0
for t in 1..T:
    z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1])
    r[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1])
    g[t] = tanh(W_h @ x[t] + U_h @ (r[t]*h[t-1]))
    h[t] = (1 - z[t])*h[t-1] + z[t]*g[t]
L = sum((h - y)**2)/T""",
    ),
    "kalman simple": (
        [
            "F: parameter[n, n]",
            "H: parameter[k, n]",
            "Q: spd[n] & parameter",
            "R: spd[k] & parameter",
            "y: data[T, k]",
            "m_0: data[n]",
            "P_0: spd[n]",
        ],
        r"""\bar m_t = F m_{t-1}, \quad \bar P_t = F P_{t-1} F^\top + Q, \\
e_t = y_t - H \bar m_t, \quad S_t = H \bar P_t H^\top + R, \quad K_t = \bar P_t H^\top S_t^{-1}, \\
m_t = \bar m_t + K_t e_t, \quad P_t = \bar P_t - K_t S_t K_t^\top, \quad t = 1, \dots, T \\
L = \frac12 \sum_{t=1}^T (\log\det S_t + e_t^\top S_t^{-1} e_t)""",
        """m[0] = m_0
P[0] = P_0
for t in 1..T:
    a[t] = F @ m[t-1]
    B[t] = F @ P[t-1] @ F.T + Q
    e[t] = y[t] - H @ a[t]
    S[t] = H @ B[t] @ H.T + R
    K[t] = B[t] @ H.T @ inv(S[t])
    m[t] = a[t] + K[t] @ e[t]
    P[t] = B[t] - K[t] @ S[t] @ K[t].T
    l[t] = logdet(S[t]) + dot(e[t], inv(S[t]) @ e[t])
L = sum(l)/2""",
    ),
    "value iteration": (
        ["R: parameter[s]", "P: parameter[s, s]", "gamma: data & positive", "v: data[s]"],
        r"""V_0 = 0, V_{k+1} = R + \gamma P V_k, k = 0, \ldots, K-1, L = \|V_K - v\|^2""",
        """V[0] = zeros(s)
for k in 1..K:
    V[k] = R + gamma*P @ V[k-1]
L = sum((V[K] - v)**2)""",
    ),
    "resnet": (
        ["x: data[d]", "y: data[d]", "W: parameter[n, d, d]", "V: parameter[n, d, d]"],
        r"""z_0 = x, \quad z_{l} = z_{l-1} + V_l \max(0, W_l z_{l-1}), \quad l = 1, \ldots, n, \quad L = \tfrac12 \|z_n - y\|_2^2""",
        """z[0] = x
for l in 1..n:
    z[l] = z[l-1] + V[l] @ relu(W[l] @ z[l-1])
L = sum((z[n] - y)**2)/2""",
    ),
    "neural ode": (
        ["x: data[d]", "y: data[d]", "W: parameter[d, d]", "b: parameter[d]", "h: data"],
        r"""z_{k+1} = z_k + h \tanh(W z_k + b), \qquad z_0 = x, \qquad k = 0, \ldots, K - 1 \\ \mathcal L = \frac12 \| z_K - y \|^2""",
        """z[0] = x
for k in 1..K:
    z[k] = z[k-1] + h*tanh(W @ z[k-1] + b)
L = sum((z[K] - y)**2)/2""",
    ),
    "momentum": (
        ["A: spd[d] & parameter", "b: data[d]", "theta_0: parameter[d]", "mu: parameter", "eta: parameter"],
        r"""g_k = A \theta_k - b, \quad v_{k+1} = \mu v_k - \eta g_k, \quad \theta_{k+1} = \theta_k + v_{k+1}, \quad v_0 = 0, \quad k = 0, \ldots, K-1 \\
L = \frac12 \theta_K^\top A \theta_K - b^\top \theta_K""",
        """theta[0] = theta_0
v[0] = zeros(d)
for k in 1..K:
    g[k] = A @ theta[k-1] - b
    v[k] = mu*v[k-1] - eta*g[k]
    theta[k] = theta[k-1] + v[k]
L = dot(theta[K], A @ theta[K])/2 - dot(b, theta[K])""",
    ),
    "adam": (
        ["g: data[T, d]", "theta_0: parameter[d]", "beta_1: parameter", "beta_2: parameter", "alpha: parameter"],
        r"""m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, v_t = \beta_2 v_{t-1} + (1-\beta_2) g_t^2, \hat m_t = \frac{m_t}{1 - \beta_1^t}, \hat v_t = \frac{v_t}{1 - \beta_2^t}, \theta_t = \theta_{t-1} - \alpha \frac{\hat m_t}{\sqrt{\hat v_t} + 10^{-8}}, m_0 = 0, v_0 = 0, L = \|\theta_T\|^2""",
        """m[0] = zeros(d)
v[0] = zeros(d)
theta[0] = theta_0
for t in 1..T:
    m[t] = beta_1*m[t-1] + (1 - beta_1)*g[t]
    v[t] = beta_2*v[t-1] + (1 - beta_2)*g[t]**2
    p[t] = m[t]/(1 - beta_1**t)
    q[t] = v[t]/(1 - beta_2**t)
    theta[t] = theta[t-1] - alpha*p[t]/(sqrt(q[t]) + 1e-8)
L = sum(theta[T]**2)""",
    ),
    "returns": (
        ["r: data[T]", "V: parameter[T]", "gamma: data"],
        r"""G_{T+1} = 0, G_t = r_t + \gamma G_{t+1}, \quad t = T, T-1, \ldots, 1, L = \frac1T \sum_t (G_t - V_t)^2""",
        """G[T+1] = 0
for t in T..1:
    G[t] = r[t] + gamma*G[t+1]
L = sum((G - V)**2)/T""",
    ),
    "stacked rnn": (
        ["x: data[T, d]", "y: data[d]", "W: parameter[n, d, d]", "U: parameter[n, d, d]"],
        r"""h_t^{(l)} = \tanh(W^{(l)} h_t^{(l-1)} + U^{(l)} h_{t-1}^{(l)}), h_t^{(0)} = x_t, h_0^{(l)} = 0, t = 1, \ldots, T, l = 1, \ldots, n, L = \|h_T^{(n)} - y\|^2""",
        """h[0] = x
for l in 1..n:
    h[l, 0] = zeros(d)
    for t in 1..T:
        h[l, t] = tanh(W[l] @ h[l-1, t] + U[l] @ h[l, t-1])
L = sum((h[n, T] - y)**2)""",
    ),
    "linear ssm": (
        ["u: data[T]", "y: data[T]", "A: parameter[n, n]", "B: parameter[n]", "C: parameter[n]"],
        r"""x_{t} = A x_{t-1} + B u_t, \quad \hat y_t = C^\top x_t, \quad x_0 = 0 \\ L = \sum_{t=1}^{T} (\hat y_t - y_t)^2""",
        """x[0] = zeros(n)
for t in 1..T:
    x[t] = A @ x[t-1] + B*u[t]
    p[t] = dot(C, x[t])
L = sum((p - y)**2)""",
    ),
    "ema": (
        ["x: data[T]", "y: data[T]", "a: parameter"],
        r"""s_t = a x_t + (1 - a) s_{t-1}, s_0 = 0, L = \sum_t (s_t - y_t)^2""",
        """s[0] = 0
for t in 1..T:
    s[t] = a*x[t] + (1 - a)*s[t-1]
L = sum((s - y)**2)""",
    ),
}
QUICK = ["ng deep", "nielsen", "momentum", "returns", "stacked rnn"]


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS])
def test_a_recursion_is_the_loop_that_it_says(name):
    declared, latex, text = NETWORKS[name]
    ours, theirs = sb.read(latex, let=declared), sb.read("\n".join([*declared, text]))
    assert ours.loss == theirs.loss
    assert not ours.notes
    sizes = {s: 3 if str(s) in "KLn" else k for k, s in enumerate(theirs.program.sizes(), 4)}
    rng = np.random.default_rng(0)
    values = {}
    for tensor in theirs.program.inputs:
        shape = tuple(int(n.subs(sizes)) for n in tensor.shape)
        drawn = rng.uniform(0.1, 0.9, shape)
        drawn = drawn / drawn.sum(-1, keepdims=True) if tensor.kind == "labels" else drawn
        drawn = rng.integers(0, 4, shape) if tensor.kind == "integers" else drawn
        values[tensor.name] = drawn @ drawn.T + np.eye(shape[0]) if tensor.domain == "spd" else drawn
    given = {"sizes": {str(s): n for s, n in sizes.items() if not any(s in t.shape for t in theirs.program.inputs)}}
    params = {t.name: values.pop(t.name) for t in theirs.program.parameters}
    value, gradients = sb.compile(ours, **given).value_and_grad(params, values)
    true, true_gradients = sb.compile(theirs, **given).value_and_grad(params, values)
    np.testing.assert_allclose(value, true, rtol=1e-10)
    for w, gradient in gradients.items():
        np.testing.assert_allclose(gradient, true_gradients[w], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "name", ["nielsen", *(pytest.param(n, marks=pytest.mark.slow) for n in ("adam", "stacked rnn", "kalman simple"))]
)
def test_a_recursion_passes_its_check_against_its_steps_written_out(name):
    declared, latex, _ = NETWORKS[name]
    assert sb.derive(sb.read(latex, let=declared)).check().ok


def test_the_lines_are_those_of_the_book():
    declared, latex, _ = NETWORKS["nielsen"]
    lines = [str(line) for line in sb.derive(sb.read(latex, let=declared)).box().lines]
    assert lines == [
        "δ⁽ⁿ⁾ = (a⁽ⁿ⁾ − y) ⊙ a⁽ⁿ⁾ ⊙ (1 − a⁽ⁿ⁾)",
        "δ⁽ˡ⁾ = (w⁽ˡ⁺¹⁾)ᵀ δ⁽ˡ⁺¹⁾ ⊙ a⁽ˡ⁾ ⊙ (1 − a⁽ˡ⁾)",
        "∂C/∂w⁽ˡ⁾ = δ⁽ˡ⁾(a⁽ˡ⁻¹⁾)ᵀ",
        "∂C/∂b⁽ˡ⁾ = δ⁽ˡ⁾",
    ]


def test_a_layer_below_is_read_at_its_own_step():
    declared, latex, _ = NETWORKS["stacked rnn"]
    box = sb.derive(sb.read(latex.replace("h_T^{(n)} - y", "h_T^{(n)}"), let=declared)).box()
    line = next(str(line) for line in box.lines if str(line).startswith("δₜ⁽ˡ⁾"))
    assert line == "δₜ⁽ˡ⁾ = [(W⁽ˡ⁺¹⁾)ᵀ δₜ⁽ˡ⁺¹⁾ + (U⁽ˡ⁾)ᵀ δₜ₊₁⁽ˡ⁾] ⊙ [1 − (hₜ⁽ˡ⁾)^(⊙2)]"


def test_a_sum_over_other_steps_than_those_of_a_loop_has_lines_of_its_own():
    declared = ["E: parameter[v, d]", "w: integers[T, v]", "W: parameter[m, m]", "U: parameter[m, d]", "V: parameter[v, m]"]
    latex = r"""h_t = \tanh(W h_{t-1} + U E_{w_{t-1}}), \quad p_t = \mathrm{softmax}(V h_t), \quad h_1 = 0, \quad t = 2, \ldots, T,
        \quad L = -\sum_{t=2}^T \log p_{t,w_t}"""
    ours = sb.compile(sb.read(latex, let=declared))
    rng = np.random.default_rng(1)
    params = {n: rng.normal(size=s) for n, s in {"E": (5, 2), "W": (3, 3), "U": (3, 2), "V": (5, 3)}.items()}
    words, h, loss = np.array([1, 4, 0, 2]), np.zeros(3), 0.0
    for t in range(1, 4):
        h = np.tanh(params["W"] @ h + params["U"] @ params["E"][words[t - 1]])
        o = params["V"] @ h
        loss -= o[words[t]] - np.log(np.exp(o).sum())
    assert np.isclose(ours.value_and_grad(params, {"w": words})[0], loss, rtol=1e-12)


def test_what_a_text_says_of_sets_declares_what_a_recursion_reads():
    latex = r"""$h_t = \tanh(W h_{t-1} + U x_t)$ for $t = 1, \dots, T$, where $h_0 = 0$, $x_t \in \mathbb{R}^d$, $y \in \mathbb{R}^m$,
        $W \in \mathbb{R}^{m \times m}$, $U \in \mathbb{R}^{m \times d}$, and we minimise $L = \|h_T - y\|^2$"""
    network = sb.read(latex)
    assert {t.name: str(t.shape) for t in network.program.inputs} == {"x": "(T, d)", "y": "(m,)", "W": "(m, m)", "U": "(m, d)"}
    assert sb.derive(network).check().ok


def test_a_paragraph_of_a_book_has_the_lines_of_a_book():
    latex = r"""A network of $L$ layers is $a^{(0)} = x$ and $z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}$, $a^{(l)} = \sigma(z^{(l)})$ for $l = 1, \dots, L$,
        with $W^{(l)} \in \mathbb{R}^{n \times n}$ and $b^{(l)} \in \mathbb{R}^n$. Its cost is
        \[ C = \tfrac12 \|a^{(L)} - y\|^2, \quad x, y \in \mathbb{R}^n. \]"""
    derivation = sb.derive(sb.read(latex))
    assert str(derivation.box()).splitlines() == [
        "δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y) ⊙ a⁽ᴸ⁾ ⊙ (1 − a⁽ᴸ⁾)",
        "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾)ᵀ δ⁽ˡ⁺¹⁾ ⊙ a⁽ˡ⁾ ⊙ (1 − a⁽ˡ⁾)",
        "∂C/∂W⁽ˡ⁾ = δ⁽ˡ⁾(a⁽ˡ⁻¹⁾)ᵀ",
        "∂C/∂b⁽ˡ⁾ = δ⁽ˡ⁾",
    ]
    assert derivation.check().ok


def test_what_is_told_by_the_steps_before_has_a_name_of_its_own():
    declared = ["F: parameter[n, n]", "H: parameter[k, n]", "y: data[T, k]", "x_0: data[n]", "K: parameter[n, k]"]
    latex = r"""\hat x_{t|t-1} = F \hat x_{t-1|t-1}, \quad e_t = y_t - H \hat x_{t \mid t-1}, \quad
        \hat x_{t|t} = \hat x_{t|t-1} + K e_t, \quad \hat x_{0|0} = x_0, \quad L = \sum_{t=1}^T \|e_t\|^2"""
    text = """xhat[0] = x_0
for t in 1..T:
    xhat_pred[t] = F @ xhat[t-1]
    e[t] = y[t] - H @ xhat_pred[t]
    xhat[t] = xhat_pred[t] + K @ e[t]
L = sum(e**2)"""
    ours, theirs = sb.read(latex, let=declared), sb.read("\n".join([*declared, text]))
    assert [str(line) for line in sb.derive(ours).box().lines] == [str(line) for line in sb.derive(theirs).box().lines]


def test_one_step_alone_is_none_where_the_state_before_is_declared():
    network = sb.read(r"h_t = \tanh(W h_{t-1}), L = \|h_t\|^2", let=["W: parameter[n, n]", "h_prev: data[n]"])
    assert not any(e.op.__class__.__name__ == "Carry" for e in network.program.equations)


REFUSED = [
    (r"h_t = \tanh(W h_{t-1} + x_t), L = \|h_T\|^2", "h is read before its first step, and no start of it is given. Write h_0 = 0, or declare h_0: data[n]"),
    (r"h_t = \tanh(W h_{t-1}), h_0 = 0, L = \sum_t \|h_t\|^2", r"how far t runs is not said. Write it behind the formula: \text{for } t ="),
    (r"h_t = h_{t-1} + h_{t+1}, h_0 = 0, t = 1, \ldots, T, L = \|h_T\|^2", "a recursion goes one way"),
    (r"h_t = W g_t, g_t = W h_t + g_{t-1}, g_0 = 0, h_0 = 0, t = 1, \ldots, T, L = \|h_T\|^2", "at the same step, in a circle"),
    (r"h_t = W h_{t-1}, h_0 = 0, h_t = W h_{t-1} + x_t, L = \|h_T\|^2", "h is defined twice"),
    (r"h_t = h_{t-1} + x_t, h_0 = x_s, L = \|h_T\|^2", "x"),
    (r"L = \frac12 \log 2 \pi s^2", r"where the argument of \log ends is not said. Put it in brackets"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "words"), REFUSED, ids=[r[1][:30] for r in REFUSED])
def test_what_is_no_recursion_is_refused_with_the_place_and_the_mend(latex, words):
    with pytest.raises(SymbackpropError) as told:
        sb.read(latex, let=["x: data[T, d]", "W: parameter[d, d]", "s: parameter"])
    assert words in str(told.value)


@pytest.mark.parametrize(
    "said", [
        "t = 1, \\ldots, T", "\\text{for } t = 1, 2, \\dots, T", "\\forall t \\in \\{1, \\ldots, T\\}", "1 \\leq t \\leq T", "(t = 1, ..., T)",
        "t \\in [T]", "0 < t \\leq T",
    ],
)  # fmt: skip
def test_how_far_a_step_runs_is_said_in_many_ways(said):
    latex = rf"h_t = W h_{{t-1}} + x_t, \quad {said}, \quad h_0 = 0, \quad L = \|h_T\|^2"
    plain = r"h_t = W h_{t-1} + x_t, h_0 = 0, L = \|h_T\|^2"  # as far as x goes
    declared = ["x: data[T, d]", "W: parameter[d, d]"]
    assert sb.read(latex, let=declared).program == sb.read(plain, let=declared).program


def test_indices_in_brackets_are_told_as_the_paper_counts_them():
    declared, latex, _ = NETWORKS["crf in brackets"]
    text = sb.derive(sb.read(latex, let=declared)).report("text", detail="brief")
    assert "α₁ = U₁" in text
    assert "αₜ = Uₜ + log(exp(αₜ₋₁ 1_Kᵀ + A)ᵀ 1_K)    K, t = 2, …, T" in text
    assert "α₀" not in text


def test_brackets_without_indices_stay_what_they_are():
    declared = ["w: parameter", "u: data[n]"]
    at = {"w": np.asarray(0.5), "u": np.array([0.1, 0.7])}
    for latex, value in ((r"\phi(z) = z^2, L = \phi(w) + \phi(2 w)", 1.25), (r"L = \sum_i (w - u_i)(w + 1), i = 1, \dots, n", 0.3)):
        network = sb.read(latex, let=declared)
        assert sb.compile(network).value({n: at[n] for n in at if n in network.program.tensors}) == pytest.approx(value)


UNSAID = {
    "a recurrent network": (
        r"h_t = \tanh(W h_{t-1} + U x_t){}, h_0 = 0, L = \|h_T\|^2, W \in \mathbb{R}^{m \times m}, U \in \mathbb{R}^{m \times d}, "
        r"x_t \in \mathbb{R}^d",
        r" \text{ for } t = 1, \ldots, T",
    ),
    "layers": (
        r"a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)}){}, a^{(0)} = x, L = \|a^{(3)} - y\|^2, W^{(l)} \in \mathbb{R}^{d \times d}, "
        r"b^{(l)}, x, y \in \mathbb{R}^d",
        r" \text{ for } l = 1, \ldots, 3",
    ),
    "a cross network": (
        r"x_{l+1} = x_0 x_l^\top w_l + b_l + x_l{}, L = \|x_3 - y\|^2, x_0, y \in \mathbb{R}^d, w_l, b_l \in \mathbb{R}^d",
        r" \text{ for } l = 0, \ldots, 2",
    ),
    "descent": (
        r"\theta_{k+1} = \theta_k - \eta g_k{}, L = \|\theta_K\|^2, g_k, \theta_0 \in \mathbb{R}^d, \eta > 0",
        r" \text{ for } k = 0, \ldots, K - 1",
    ),
}


@pytest.mark.parametrize("name", UNSAID)
def test_what_a_recursion_reads_at_each_step_has_a_row_for_each_where_the_last_step_alone_tells_them(name: str) -> None:
    text, said = UNSAID[name]
    unsaid = sb.read(text.replace("{}", "", 1))
    assert unsaid.program == sb.read(text.replace("{}", said, 1)).program
    assert len([t for t in unsaid.program.inputs if t.shape and len(t.shape) > 1]) >= 1


def test_rows_of_a_recursion_whose_steps_nobody_tells_are_asked_for() -> None:
    text = r"h_t = \tanh(W h_{t-1} + x_t), h_0 = 0, L = \|h_T\|^2 + \|h_3\|^2, W \in \mathbb{R}^{d \times d}, x_t \in \mathbb{R}^d"
    with pytest.raises(sb.NotationError, match=r"how far t runs is not said, so that x_t has no number of steps\. Write it behind"):
        sb.read(text)


def test_a_recursion_that_falls_is_asked_how_far_it_runs() -> None:
    text = (
        r"\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)}, \delta^{(3)} = e, L = \|\delta^{(1)}\|^2, "
        r"W^{(l)} \in \mathbb{R}^{d \times d}, e \in \mathbb{R}^d"
    )
    with pytest.raises(sb.NotationError, match="how far l runs is not said, so that W_l has no number of steps"):
        sb.read(text)
