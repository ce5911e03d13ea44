"""Networks with loops, as texts in the language; the numbers of steps are n, T and K."""

TEXTS = {
    "a constant": """
w: parameter[d]
z[0] = w
for l in 1..n:
    z[l] = tanh(pi * z[l-1])
L = sum(z[n])
""",
    "mlp": """
x: data[h]
y: data[h]
W: parameter[n, h, h]
b: parameter[n, h]
z[0] = x
for l in 1..n:
    u[l] = W[l] @ z[l-1] + b[l]
    z[l] = sigmoid(u[l])
L = sum((z[n] - y)**2)
""",
    "rnn": """
x: data[T, N, d]
y: data[T, N, c]
h0: data[N, m]
W: parameter[d, m]
U: parameter[m, m]
V: parameter[m, c]
h[0] = h0
for t in 1..T:
    h[t] = tanh(x[t] @ W + h[t-1] @ U)
    e[t] = sum((h[t] @ V - y[t])**2)
L = sum(e)
""",
    "lstm": """
x: data[T, d]
y: data[m]
W: parameter[d, 4*m]
U: parameter[m, 4*m]
h[0] = zeros(m)
c[0] = zeros(m)
for t in 1..T:
    a[t] = x[t] @ W + h[t-1] @ U
    i[t], f[t], o[t] = sigmoid(a[t][:m]), sigmoid(a[t][m:2*m]), sigmoid(a[t][3*m:])
    c[t] = f[t] * c[t-1] + i[t] * tanh(a[t][2*m:3*m])
    h[t] = o[t] * tanh(c[t])
L = sum((h[T] - y)**2)
""",
    "tower": """
x: data[h]
y: data[h]
W[l]: parameter[h, h]
V[l]: parameter[h, h]
z[0] = x
for l in 1..n:
    a = tanh(W[l] @ z[l-1])
    z[l] = z[l-1] + V[l] @ a
L = sum((z[n] - y)**2)
""",
    "returns": """
r: parameter[T]
V: data
gamma: parameter
G[T+1] = V
for t in T..1:
    G[t] = r[t] + gamma * G[t+1]
L = sum(G**2) + G[1]
""",
    "grid": """
x: data[T, m]
y: data[m]
k: data[n, m]
W: parameter[n, m, m]
U: parameter[n, m, m]
h[0] = x
for l in 1..n:
    h[l, 0] = k[l]
    for t in 1..T:
        h[l, t] = tanh(W[l] @ h[l-1, t] + U[l] @ h[l, t-1])
    q[l] = sum((h[l] - y)**2) + sum(h[l, T])
L = sum(q) + sum(h[n, 1] * y)
""",
    "corners": """
x: data[T, m]
k: data[n, m]
c: parameter[m]
W: parameter[n, m, m]
h[0] = x
h[0, 0] = c
for l in 1..n:
    h[l, 0] = k[l]
    for t in 1..T:
        h[l, t] = tanh(W[n+1-l] @ h[l-1, t-1] + h[l, t-1] * x[T+1-t])
L = sum(h[n]**2)
""",
    "second order": """
x: data[h]
y: data[h]
A: parameter[h, h]
z[-1] = x
z[0] = y
for l in 1..n:
    z[l] = tanh(A @ z[l-1]) - z[l-2] / l
L = sum(z[n]**2) + sum(z[0] * z[1])
""",
    "attention": """
x: data[T, d]
y: data[K, m]
W: parameter[m, d]
U: parameter[m, m]
h[0] = zeros(m)
for t in 1..T:
    h[t] = tanh(W @ x[t] + U @ h[t-1])
s[0] = h[T]
for k in 1..K:
    r = softmax(h @ s[k-1])
    s[k] = tanh(U @ s[k-1] + h.T @ r)
L = sum((s - y)**2)
""",
    "crf": """
x: parameter[T, c]
A: parameter[c, c]
p: parameter[c]
y: integers[T, c]
alpha[0] = p
for t in 1..T:
    alpha[t] = x[t] + logsumexp(alpha[t-1][:, None] + A, axis=0)
    s[t] = x[t, y[t]]
L = logsumexp(alpha[T]) - sum(s)
""",
    "kalman": """
y: data[T, c]
F: parameter[m, m]
H: parameter[c, m]
Q: parameter[m, m]
P0: parameter[m, m]
mu[0] = zeros(m)
P[0] = P0 @ P0.T
for t in 1..T:
    M = F @ P[t-1] @ F.T + Q @ Q.T
    S = H @ M @ H.T + eye(c)
    e = y[t] - H @ (F @ mu[t-1])
    K = M @ H.T @ inv(S)
    mu[t] = F @ mu[t-1] + K @ e
    P[t] = M - K @ H @ M
    l[t] = logdet(S) + e @ (inv(S) @ e)
L = sum(l) / 2
""",
    "other numbers": """
x: data[N, T, d]
w: parameter[T, d]
W: parameter[n, d, d]
s[1] = x[:, 0]
for t in range(1, T):
    s[t+1] = tanh(s[t] + x[:, t] * w[t])
z[0] = s[T]
for l in range(n):
    z[l+1] = z[l] @ W[l]
for j in 0..n-1:
    g[j] = sum(W[j] * (z[j+1].T @ z[j+1]))
L = sum(z[n]) + sum(g) + sum(s[1] * w[0])
""",
    "carried names": """
x: data[T, d]
W: parameter[d, d]
v: parameter[K, d]
s = zeros(d)
loss = 0
for t in range(T):
    s = tanh(W @ s + x[t])
    for k, w in enumerate(v):
        old = s
        s = s + tanh(w * s) / (k + 1)
        loss = loss + sum(old * s)
L = loss + sum(s)
""",
    "gradient steps": """
X: data[N, d]
y: data[N]
w0: parameter[d]
eta: parameter
w[0] = w0
for k in 1..K:
    f = mean((X @ w[k-1] - y)**2)
    w[k] = w[k-1] - eta * grad(f, w[k-1])
L = sum((X @ w[K] - y)**2)
""",
    "sums over steps": """
x: data[T, d]
W: parameter[d, d]
b: parameter[d]
a0: parameter[d]
s[0] = tanh(b)
a = a0
c = 1
e = 0
f = 0
for t in 1..T:
    s[t] = tanh(W @ s[t-1] + x[t])
    l = sum(s[t]**2)
    a = a - s[t] * b
    c = c + 1
    e += l
    e += sum(a0 * x[t])
    for k in 1..K:
        f = f + sum(b * s[t]) / k
L = e * f + sum(a**2) / c
""",
    "what is added is read between the steps": """
x: data[T, d]
b: parameter[d]
a = b
L = 0
for t in 1..T:
    a = a + tanh(x[t] * b)
    L += sum(a**2)
""",
}
