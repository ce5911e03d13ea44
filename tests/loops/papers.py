"""Recurrent networks of the literature, as people write them: one text for each."""

PAPERS = {
    "peephole": """# LSTM with peepholes: Gers and Schmidhuber 2000
x: data[T, d]
y: data[T, k]
W_i: parameter[m, d]
R_i: parameter[m, m]
p_i: parameter[m]
b_i: parameter[m]
W_f: parameter[m, d]
R_f: parameter[m, m]
p_f: parameter[m]
b_f: parameter[m]
W_z: parameter[m, d]
R_z: parameter[m, m]
b_z: parameter[m]
W_o: parameter[m, d]
R_o: parameter[m, m]
p_o: parameter[m]
b_o: parameter[m]
V: parameter[k, m]
c[0] = zeros(m)
h[0] = zeros(m)
for t in 1..T:
    z[t] = tanh(W_z @ x[t] + R_z @ h[t-1] + b_z)
    i[t] = sigmoid(W_i @ x[t] + R_i @ h[t-1] + p_i * c[t-1] + b_i)
    f[t] = sigmoid(W_f @ x[t] + R_f @ h[t-1] + p_f * c[t-1] + b_f)
    c[t] = z[t] * i[t] + c[t-1] * f[t]
    o[t] = sigmoid(W_o @ x[t] + R_o @ h[t-1] + p_o * c[t] + b_o)
    h[t] = tanh(c[t]) * o[t]
    yhat[t] = V @ h[t]
L = sum((yhat - y)**2) / 2
""",
    "birnn": """# bidirectional RNN: Schuster and Paliwal 1997
x: data[T, d]
y: data[T, k]
W_f: parameter[m, d]
U_f: parameter[m, m]
W_b: parameter[m, d]
U_b: parameter[m, m]
V_f: parameter[k, m]
V_b: parameter[k, m]
c: parameter[k]
f[0] = zeros(m)
for t in 1..T:
    f[t] = tanh(W_f @ x[t] + U_f @ f[t-1])
b[T+1] = zeros(m)
for t in T..1:
    b[t] = tanh(W_b @ x[t] + U_b @ b[t+1])
for t in 1..T:
    o[t] = V_f @ f[t] + V_b @ b[t] + c
L = sum((o - y)**2) / 2
""",
    "crf2": """# CRF with emissions of a linear layer
x: data[T, d]
W: parameter[c, d]
A: parameter[c, c]
y: integers[T, c]
o = x @ W.T
alpha[1] = o[1]
s[1] = o[1, y[1]]
for t in 2..T:
    alpha[t] = o[t] + logsumexp(alpha[t-1][:, None] + A, axis=0)
    s[t] = s[t-1] + A[y[t-1], y[t]] + o[t, y[t]]
L = logsumexp(alpha[T]) - s[T]
""",
    "gae": """# generalised advantage estimation: Schulman et al. 2016
r: data[T]
V: parameter[T]
logp: parameter[T]
gamma: data
lam: data
A[T+1] = 0
for t in T..1:
    delta[t] = r[t] - V[t]
    A[t] = delta[t] + gamma * lam * A[t+1]
L = -sum(logp * A)
""",
    "sinkhorn": """# Sinkhorn: Cuturi 2013
C: parameter[m, k]
a: data[m]
b: data[k]
eps: data
K = exp(-C / eps)
v[0] = ones(k)
for t in 1..n:
    r[t] = a / (K @ v[t-1])
    v[t] = b / (K.T @ r[t])
P = diag(r[n]) @ K @ diag(v[n])
L = sum(P * C)
""",
    "node": """# neural ODE with Euler steps
x: data[d]
y: data[d]
W: parameter[h, d]
b: parameter[h]
V: parameter[d, h]
dt: data
z[0] = x
for k in 1..K:
    a[k] = tanh(W @ z[k-1] + b)
    z[k] = z[k-1] + dt * V @ a[k]
L = sum((z[K] - y)**2) / 2
""",
    "maml": """# MAML with K steps on linear regression
X: data[N, d]
y: data[N]
X_q: data[M, d]
y_q: data[M]
w: parameter[d]
alpha: data
theta[0] = w
for k in 1..K:
    g[k] = X.T @ (X @ theta[k-1] - y) / N
    theta[k] = theta[k-1] - alpha * g[k]
L = sum((X_q @ theta[K] - y_q)**2) / (2*M)
""",
    "realnvp": """# affine coupling layers (RealNVP), halves exchanged
x: data[d]
u: data[d]
S: parameter[K, d, d]
R: parameter[K, d, d]
a[0] = x
b[0] = u
for k in 1..K:
    s[k] = tanh(S[k] @ a[k-1])
    t[k] = R[k] @ a[k-1]
    a[k] = b[k-1] * exp(s[k]) + t[k]
    b[k] = a[k-1]
    ld[k] = sum(s[k])
L = (sum(a[K]**2) + sum(b[K]**2)) / 2 - sum(ld)
""",
    "deq": """# DEQ: fixed point iterations unrolled
x: data[d]
y: data[m]
W: parameter[m, m]
U: parameter[m, d]
b: parameter[m]
z[0] = zeros(m)
for k in 1..K:
    z[k] = tanh(W @ z[k-1] + U @ x + b)
L = sum((z[K] - y)**2) / 2
""",
    "gnn": """# K rounds of message passing
A: data[N, N]
X: data[N, d]
y: labels[N, c]
W: parameter[d, d]
M: parameter[d, d]
V: parameter[d, c]
H[0] = X
for k in 1..K:
    H[k] = relu(H[k-1] @ W + A @ H[k-1] @ M)
P = softmax(H[K] @ V, axis=1)
L = -sum(y * log(P)) / N
""",
    "pagerank": """# personalised PageRank (APPNP)
A: data[N, N]
X: data[N, d]
y: labels[N, c]
W: parameter[d, c]
beta: data
H = X @ W
Z[0] = H
for k in 1..K:
    Z[k] = (1 - beta) * A @ Z[k-1] + beta * H
P = softmax(Z[K], axis=1)
L = -sum(y * log(P))
""",
    "momentum": """# unrolled heavy ball
A: data[d, d]
b: data[d]
w: parameter[d]
eta: parameter
mu: parameter
x[0] = w
v[0] = zeros(d)
for k in 1..K:
    v[k] = mu * v[k-1] - eta * (A @ x[k-1] - b)
    x[k] = x[k-1] + v[k]
L = x[K] @ A @ x[K] / 2 - b @ x[K]
""",
    "ctc": """# CTC forward variables in log space, labels without repeats, Graves 2006
o: parameter[T, S]
U: data[S, S]
p = log(softmax(o, axis=1))
alpha[1] = p[1]
for t in 2..T:
    alpha[t] = p[t] + logsumexp(alpha[t-1][:, None] + U, axis=0)
L = -logsumexp(alpha[T])
""",
    "linattn": """# linear attention (Katharopoulos 2020)
x: data[T, d]
y: data[T, d]
W_q: parameter[m, d]
W_k: parameter[m, d]
W_v: parameter[d, d]
S[0] = zeros((d, m))
for t in 1..T:
    q[t] = W_q @ x[t]
    k[t] = W_k @ x[t]
    v[t] = W_v @ x[t]
    S[t] = S[t-1] + outer(v[t], k[t])
    o[t] = S[t] @ q[t]
L = sum((o - y)**2) / 2
""",
    "mamba": """# selective SSM (Mamba), one channel
x: data[T]
y: data[T]
a: parameter[m]
w_d: parameter
b_d: parameter
B: parameter[m]
C: parameter[m]
h[0] = zeros(m)
for t in 1..T:
    D[t] = softplus(w_d * x[t] + b_d)
    h[t] = exp(D[t] * a) * h[t-1] + D[t] * B * x[t]
    o[t] = C @ h[t]
L = sum((o - y)**2) / 2
""",
    "ssm": """# linear state space model (S4)
u: data[T]
y: data[T]
A: parameter[m, m]
B: parameter[m]
C: parameter[m]
D: parameter
x[0] = zeros(m)
for k in 1..T:
    x[k] = A @ x[k-1] + B * u[k]
    o[k] = C @ x[k] + D * u[k]
L = sum((o - y)**2) / 2
""",
    "esn": """# leaky echo state network, ridge readout
u: data[T, d]
y: data[T, k]
W_in: data[m, d]
W: data[m, m]
W_out: parameter[k, m]
alpha: parameter
x[0] = zeros(m)
for n in 1..T:
    x[n] = (1 - alpha) * x[n-1] + alpha * tanh(W_in @ u[n] + W @ x[n-1])
    o[n] = W_out @ x[n]
L = sum((o - y)**2) / 2
""",
    "hopfield": """# modern Hopfield iterations (Ramsauer 2020)
X: parameter[N, d]
xi: data[d]
y: data[d]
beta: data
q[0] = xi
for k in 1..K:
    p[k] = softmax(beta * X @ q[k-1])
    q[k] = X.T @ p[k]
L = sum((q[K] - y)**2) / 2
""",
    "em": """# EM for a mixture of unit Gaussians in one dimension, K steps unrolled
x: data[N]
mu: parameter[k]
y: data[k]
m[0] = mu
for t in 1..K:
    R[t] = softmax(-(x[:, None] - m[t-1])**2 / 2, axis=1)
    m[t] = (R[t].T @ x) / sum(R[t], axis=0)
L = sum((m[K] - y)**2)
""",
    "tbptt": """# RNN with loss at each step and softmax, batch of sequences
X: data[T, B, d]
Y: labels[T, B, k]
W: parameter[d, m]
U: parameter[m, m]
b: parameter[m]
V: parameter[m, k]
c: parameter[k]
H[0] = zeros((B, m))
for t in 1..T:
    H[t] = tanh(X[t] @ W + H[t-1] @ U + b)
    P[t] = softmax(H[t] @ V + c, axis=1)
L = -sum(Y * log(P)) / B
""",
    "highway": """# highway network
x: data[h]
y: data[h]
W: parameter[n, h, h]
W_t: parameter[n, h, h]
b: parameter[n, h]
b_t: parameter[n, h]
z[0] = x
for l in 1..n:
    g[l] = sigmoid(W_t[l] @ z[l-1] + b_t[l])
    c[l] = tanh(W[l] @ z[l-1] + b[l])
    z[l] = g[l] * c[l] + (1 - g[l]) * z[l-1]
L = sum((z[n] - y)**2) / 2
""",
    "hmm": """# HMM forward through log-softmax
o: integers[T, m]
A: parameter[k, k]
B: parameter[k, m]
p: parameter[k]
lA = log(softmax(A, axis=1))
lB = log(softmax(B, axis=1))
lp = log(softmax(p))
alpha[1] = lp + lB[:, o[1]]
for t in 2..T:
    alpha[t] = logsumexp(alpha[t-1][:, None] + lA, axis=0) + lB[:, o[t]]
L = -logsumexp(alpha[T])
""",
    "hmm_prob": """# HMM forward in probabilities (Rabiner 1989)
o: integers[T, m]
A: parameter[k, k]
B: parameter[k, m]
p: parameter[k]
alpha[1] = p * B[:, o[1]]
for t in 2..T:
    alpha[t] = (A.T @ alpha[t-1]) * B[:, o[t]]
L = -log(sum(alpha[T]))
""",
    "rnn_e": """# RNN with squared errors: a loss for each step
x: data[T, d]
y: data[T, c]
W: parameter[h, d]
U: parameter[h, h]
V: parameter[c, h]
s[0] = zeros(h)
for t in 1..T:
    s[t] = tanh(W @ x[t] + U @ s[t-1])
    e[t] = sum((V @ s[t] - y[t])**2)
L = sum(e)
""",
    "gru": """# GRU, Cho et al. 2014
x: data[T, d]
y: data[m]
W_z: parameter[m, d]
U_z: parameter[m, m]
b_z: parameter[m]
W_r: parameter[m, d]
U_r: parameter[m, m]
b_r: parameter[m]
W_h: parameter[m, d]
U_h: parameter[m, m]
b_h: parameter[m]
h[0] = zeros(m)
for t in 1..T:
    z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
    r[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1] + b_r)
    n[t] = tanh(W_h @ x[t] + U_h @ (r[t] * h[t-1]) + b_h)
    h[t] = (1 - z[t]) * h[t-1] + z[t] * n[t]
L = sum((h[T] - y)**2) / 2
""",
    "adds": """# two adds per step
x: data[T, d]
y: data[T]
W: parameter[m, d]
U: parameter[m, m]
v: parameter[m]
s = zeros(m)
L = 0
for t in 1..T:
    s = tanh(W @ x[t] + U @ s)
    L += (v @ s - y[t])**2
    L += sum(s**2)
""",
    "viterbi": """# Viterbi score of an HMM
e: data[T, k]
A: parameter[k, k]
p: parameter[k]
v[1] = p + e[1]
for t in 2..T:
    v[t] = e[t] + max(v[t-1][:, None] + A, axis=0)
L = max(v[T])
""",
    "seq2seq": """# encoder-decoder with attention: Luong 2015 (dot)
x: data[S, d]
q: data[T, d]
y: labels[T, v]
W: parameter[m, d]
U: parameter[m, m]
W_d: parameter[m, d]
U_d: parameter[m, m]
C: parameter[v, m]
V: parameter[v, m]
h[0] = zeros(m)
for s in 1..S:
    h[s] = tanh(W @ x[s] + U @ h[s-1])
g[0] = h[S]
for t in 1..T:
    g[t] = tanh(W_d @ q[t] + U_d @ g[t-1])
    a[t] = softmax(h @ g[t])
    c[t] = h.T @ a[t]
    p[t] = softmax(V @ g[t] + C @ c[t])
L = -sum(y * log(p))
""",
    "tdlambda": """# lambda returns: Sutton and Barto 12.2
r: data[T]
X: data[T, d]
z: data[d]
w: parameter[d]
gamma: data
lam: data
v = X @ w
u: data[T]
G[T+1] = z @ w
for t in T..1:
    G[t] = r[t] + gamma * ((1 - lam) * u[t] + lam * G[t+1])
L = sum((G - v)**2)
""",
}
