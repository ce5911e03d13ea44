"""Backward passes in NumPy as courses write them, each right, with their networks."""

CS = """X: data[N, D]
y: integers[N, C]
W1: parameter[D, H]
b1: parameter[H]
W2: parameter[H, C]
b2: parameter[C]
z1 = X @ W1 + b1
h1 = maximum(0, z1)
scores = h1 @ W2 + b2
probs = softmax(scores)
loss = cross_entropy(scores, y)"""
NG = """X: data[n0, m]
Y: binary[1, m]
W1: parameter[n1, n0]
b1: parameter[n1, 1]
W2: parameter[1, n1]
b2: parameter[1, 1]
Z1 = W1 @ X + b1
A1 = tanh(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
J = -sum(Y*log(A2) + (1-Y)*log(1-A2))/m"""
NIELSEN = """x: data[n0, 1]
y: data[n2, 1]
w1: parameter[n1, n0]
b1: parameter[n1, 1]
w2: parameter[n2, n1]
b2: parameter[n2, 1]
z1 = w1 @ x + b1
a1 = sigmoid(z1)
z2 = w2 @ a1 + b2
a2 = sigmoid(z2)
C = 0.5*sum((a2 - y)**2)"""
VEC = """x: data[d]
t: data[k]
W1: parameter[h, d]
b1: parameter[h]
W2: parameter[k, h]
b2: parameter[k]
z1 = W1 @ x + b1
a1 = tanh(z1)
yhat = W2 @ a1 + b2
L = 0.5*sum((yhat - t)**2)"""
RIDGE = """X: data[n, d]
y: data[n]
w: parameter[d]
b: parameter[()]
lam = 0.3
pred = X @ w + b
err = pred - y
loss = mean(err**2) + lam*sum(w**2)"""
SVM = """X: data[n, d]
y: integers[n, c]
W: parameter[d, c]
reg = 0.1
scores = X @ W
correct = sum(scores*one_hot(y, c), axis=1)
margins = maximum(0, scores - correct[:, None] + 1)
loss = (sum(margins) - n)/n + reg*sum(W**2)"""
LOGIT = """X: data[m, d]
y: binary[m]
w: parameter[d]
b: parameter[()]
z = X @ w + b
p = sigmoid(z)
L = -mean(y*log(p) + (1-y)*log(1-p))"""
DEEP = """X: data[N, D]
Y: data[N, K]
W1: parameter[D, H]
b1: parameter[H]
W2: parameter[H, H2]
b2: parameter[H2]
W3: parameter[H2, K]
b3: parameter[K]
z1 = X @ W1 + b1
a1 = sigmoid(z1)
z2 = a1 @ W2 + b2
a2 = tanh(z2)
out = a2 @ W3 + b3
loss = sum((out - Y)**2)/N"""
BN = """X: data[N, D]
G: data[N, D]
gamma: parameter[D]
beta: parameter[D]
x: parameter[N, D]
eps = 0.00001
mu = mean(x, axis=0)
xmu = x - mu
var = mean(xmu**2, axis=0)
ivar = 1/sqrt(var + eps)
xhat = xmu*ivar
out = gamma*xhat + beta
loss = sum(out*G)"""


PASSES: dict[str, tuple[str, str]] = {
    "cs231n_inplace": (
        CS,
        """
dscores = probs
dscores[range(N), y] -= 1
dscores /= N
dW2 = np.dot(h1.T, dscores)
db2 = np.sum(dscores, axis=0)
dh1 = np.dot(dscores, W2.T)
dh1[h1 <= 0] = 0
dW1 = np.dot(X.T, dh1)
db1 = np.sum(dh1, axis=0)""",
    ),
    "alias": (
        CS,
        """
dz2 = (probs - np.eye(C)[y]) / N
dW2 = h1.T @ dz2
db2 = np.sum(dz2, axis=0)
dh = dz2 @ W2.T
dz1 = dh
dz1 *= (z1 > 0)
dW1 = X.T @ dz1
db1 = dz1.sum(0)""",
    ),
    "reuse": (
        CS,
        """
d = (probs - np.eye(C)[y])
d /= N
dW2 = h1.T @ d
db2 = d.sum(axis=0)
d = d @ W2.T
d = d * (h1 > 0)
dW1 = X.T @ d
db1 = d.sum(axis=0)""",
    ),
    "ng": (
        NG,
        """
dZ2 = A2 - Y
dW2 = (1/m) * np.dot(dZ2, A1.T)
db2 = (1/m) * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
dW1 = (1/m) * np.dot(dZ1, X.T)
db1 = (1/m) * np.sum(dZ1, axis=1, keepdims=True)""",
    ),
    "ng_dA": (
        NG,
        """
dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2)) / m
dZ2 = dA2 * A2 * (1 - A2)
dW2 = dZ2 @ A1.T
db2 = np.sum(dZ2, axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dZ1 = dA1 * (1 - A1**2)
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)""",
    ),
    "ng_update": (
        NG,
        """
dZ2 = A2 - Y
dW2 = 1./m * np.dot(dZ2, A1.T)
db2 = 1./m * np.sum(dZ2, axis=1, keepdims=True)
dA1 = np.dot(W2.T, dZ2)
dZ1 = dA1 * (1 - A1*A1)
dW1 = 1./m * np.dot(dZ1, X.T)
db1 = 1./m * np.sum(dZ1, axis=1, keepdims=True)
W1 = W1 - 0.1 * dW1
b1 = b1 - 0.1 * db1
W2 = W2 - 0.1 * dW2
b2 = b2 - 0.1 * db2""",
    ),
    "nielsen_nabla": (
        NIELSEN,
        """
delta2 = (a2 - y) * a2 * (1 - a2)
nabla_b2 = delta2
nabla_w2 = np.dot(delta2, a1.T)
delta1 = np.dot(w2.T, delta2) * a1 * (1 - a1)
nabla_b1 = delta1
nabla_w1 = np.dot(delta1, x.T)""",
    ),
    "vec_outer": (
        VEC,
        """
dyhat = yhat - t
dW2 = np.outer(dyhat, a1)
db2 = dyhat
da1 = W2.T @ dyhat
dz1 = da1 * (1 - a1**2)
dW1 = np.outer(dz1, x)
db1 = dz1""",
    ),
    "vec_reshape": (
        VEC,
        """
e = yhat - t
dW2 = e[:, None] * a1[None, :]
db2 = e
dz1 = (e @ W2) * (1 - a1 ** 2)
dW1 = dz1[:, np.newaxis] @ x[np.newaxis, :]
db1 = dz1.copy()""",
    ),
    "vec_einsum": (
        VEC,
        """
e = yhat - t
dW2 = np.einsum('i,j->ij', e, a1)
db2 = e
da1 = np.einsum('kh,k->h', W2, e)
dz1 = da1 - da1 * np.square(a1)
dW1 = np.einsum('i,j->ij', dz1, x)
db1 = dz1""",
    ),
    "ridge": (
        RIDGE,
        """
dw = 2 * X.T @ err / n
db = 2 * np.mean(err)
dw += 2 * lam * w""",
    ),
    "ridge2": (
        RIDGE,
        """
dpred = 2 * (pred - y) / len(y)
dw = X.T.dot(dpred) + 2 * lam * w
db = dpred.sum()""",
    ),
    "svm": (
        SVM,
        """
binary = (margins > 0) * 1.0
binary[np.arange(n), y] = 0
row_sum = np.sum(binary, axis=1)
binary[np.arange(n), y] = -row_sum
dW = X.T @ binary / n
dW += 2 * reg * W""",
    ),
    "logit": (
        LOGIT,
        """
dz = (p - y) / m
dw = X.T @ dz
db = np.sum(dz)""",
    ),
    "logit_mean": (
        LOGIT,
        """
error = p - y
dw = X.T.dot(error) / len(X)
db = error.mean()""",
    ),
    "deep": (
        DEEP,
        """
delta3 = 2 * (out - Y) / N
dW3 = a2.T @ delta3
db3 = delta3.sum(axis=0)
delta2 = delta3 @ W3.T * (1 - a2**2)
dW2 = a1.T @ delta2
db2 = delta2.sum(axis=0)
delta1 = delta2 @ W2.T * a1 * (1 - a1)
dW1 = X.T @ delta1
db1 = delta1.sum(axis=0)""",
    ),
    "deep_trask": (
        DEEP,
        """
out_error = 2 * (out - Y) / N
W3_grad = a2.T.dot(out_error)
a2_error = out_error.dot(W3.T)
a2_delta = a2_error * (1 - a2**2)
a1_error = a2_delta.dot(W2.T)
a1_delta = a1_error * (a1 * (1 - a1))
dW3 = W3_grad
dW2 = a1.T.dot(a2_delta)
dW1 = X.T.dot(a1_delta)
db3 = np.sum(out_error, axis=0)
db2 = np.sum(a2_delta, axis=0)
db1 = np.sum(a1_delta, axis=0)""",
    ),
    "deep_aug": (
        DEEP,
        """
dout = out - Y
dout *= 2.0
dout /= N
dW3 = np.zeros_like(W3)
dW3 += a2.T @ dout
db3 = np.zeros(K)
db3 += dout.sum(axis=0)
da2 = dout @ W3.T
dz2 = da2 * (1 - np.tanh(z2)**2)
dW2 = np.zeros_like(W2)
dW2 += a1.T @ dz2
db2 = np.zeros_like(b2)
db2 += dz2.sum(0)
da1 = dz2 @ W2.T
dz1 = da1.copy()
dz1 *= a1
dz1 *= 1 - a1
dW1 = np.zeros(W1.shape)
dW1 += X.T @ dz1
db1 = np.sum(dz1, 0)""",
    ),
    "bn_short": (
        BN,
        """
dbeta = np.sum(G, axis=0)
dgamma = np.sum(G * xhat, axis=0)
dx_hat = G * gamma
dx = (ivar / N) * (N * dx_hat - np.sum(dx_hat, axis=0) - xhat * np.sum(dx_hat * xhat, axis=0))""",
    ),
    "nielsen_def": (
        NIELSEN,
        """
def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))
def sigmoid_prime(z):
    return sigmoid(z)*(1-sigmoid(z))
delta = (a2 - y) * sigmoid_prime(z2)
db2 = delta
dw2 = np.dot(delta, a1.transpose())
sp = sigmoid_prime(z1)
delta = np.dot(w2.transpose(), delta) * sp
db1 = delta
dw1 = np.dot(delta, x.transpose())""",
    ),
    "probs_inplace": (
        CS,
        """
probs[range(N), y] -= 1
probs /= N
dW2 = h1.T @ probs
db2 = probs.sum(axis=0)
dh1 = probs @ W2.T
dh1[z1 <= 0] = 0
dW1 = X.T @ dh1
db1 = dh1.sum(axis=0)""",
    ),
    "tuple": (
        DEEP,
        """
dout = 2 * (out - Y) / N
dW3, db3 = a2.T @ dout, dout.sum(axis=0)
dz2 = (dout @ W3.T) * (1 - a2**2)
dW2, db2 = a1.T @ dz2, dz2.sum(axis=0)
dz1 = (dz2 @ W2.T) * a1 * (1 - a1)
dW1, db1 = X.T @ dz1, dz1.sum(axis=0)""",
    ),
    "chain_assign": (
        NIELSEN,
        """
db2 = delta = (a2 - y) * a2 * (1 - a2)
dw2 = delta @ a1.T
db1 = delta = w2.T @ delta * a1 * (1 - a1)
dw1 = delta @ x.T""",
    ),
    "l_h1": (
        CS,
        """
d = (probs - np.eye(C)[y]) / N
dW2 = h1.T @ d
db2 = d.sum(axis=0)
h1 = d @ W2.T
h1 = h1 * (z1 > 0)
dW1 = X.T @ h1
db1 = h1.sum(0)""",
    ),
    "l_z": (
        LOGIT,
        """
z = p - y
dw = X.T @ z / m
db = z.mean()""",
    ),
    "l_a": (
        DEEP,
        """
z = 2 * (out - Y) / N
dW3 = a2.T @ z
db3 = z.sum(0)
z2 = z @ W3.T * (1 - a2**2)
dW2 = a1.T @ z2
db2 = z2.sum(0)
a1 = a1 * (1 - a1)
z1 = z2 @ W2.T * a1
dW1 = X.T @ z1
db1 = z1.sum(0)""",
    ),
    "l_fwd": (
        DEEP,
        """
z1 = X @ W1 + b1
a1 = 1/(1+np.exp(-z1))
z2 = a1 @ W2 + b2
a2 = np.tanh(z2)
out = a2 @ W3 + b3
out = 2 * (out - Y) / N
dW3 = a2.T @ out
dz2 = out @ W3.T * (1 - a2**2)
dW2 = a1.T @ dz2
db2 = dz2.sum(0)""",
    ),
    "l_err": (
        RIDGE,
        """
err = y - X @ w - b
dw = -2 * X.T @ err / n + 2*lam*w
err = err.mean()
db = -2*err""",
    ),
}
