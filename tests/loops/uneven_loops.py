"""Functions of Python whose inner loops begin or end at the outer one, that read arrays while they fill them, or fill them entry by entry."""

HEAD = "import numpy as np\n\n\ndef loss({}):\n"

FUNCTIONS = {
    "pairs": ('x: "data[n, d]", W: "parameter[d, d]"', """
    z = x @ W
    total = 0.0
    for i in range(len(z)):
        for j in range(i):
            total += np.exp(-np.sum((z[i] - z[j])**2))
    return total
"""),
    "forward substitution": ('A: "parameter[n, n]", b: "data[n]"', """
    n = len(b)
    x = np.zeros(n)
    for i in range(n):
        s = b[i]
        for j in range(i):
            s = s - A[i, j] * x[j]
        x[i] = s / (A[i, i] + 2)
    return np.sum(x**2)
"""),
    "alignment": ('x: "parameter[n, d]", y: "data[m, d]"', """
    n, m = len(x), len(y)
    R = np.full((n + 1, m + 1), 10.0)
    R[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            c = np.sum((x[i - 1] - y[j - 1])**2)
            R[i, j] = c - np.log(np.exp(-R[i - 1, j]) + np.exp(-R[i, j - 1]) + np.exp(-R[i - 1, j - 1]))
    return R[n, m]
"""),
    "product by hand": ('A: "parameter[n, m]", B: "parameter[m, d]"', """
    n, m = A.shape
    d = B.shape[1]
    C = np.zeros((n, d))
    for i in range(n):
        for j in range(d):
            for k in range(m):
                C[i, j] += A[i, k] * B[k, j]
    return np.sum(np.tanh(C))
"""),
    "borders in loops": ('x: "parameter[n]", y: "parameter[m]", g: "parameter"', """
    n, m = len(x), len(y)
    D = np.zeros((n + 1, m + 1))
    for j in range(1, m + 1):
        D[0, j] = D[0, j - 1] + g * y[j - 1]
    for i in range(n + 1):
        D[i, 0] = i * g
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = (x[i - 1] - y[j - 1])**2 - np.log(np.exp(-D[i - 1, j]) + np.exp(-D[i, j - 1]) + np.exp(-D[i - 1, j - 1]))
    return D[n, m]
"""),
    "two borders in one loop": ('A: "parameter[n, n]", g: "parameter"', """
    n = len(A)
    F = np.zeros((n, n))
    for k in range(1, n):
        F[k, 0] = F[k - 1, 0] + g * A[k, 0]
        F[0, k] = F[0, k - 1] * g + A[0, k]
    for i in range(1, n):
        for j in range(1, n):
            F[i, j] = np.tanh(F[i - 1, j] + F[i, j - 1] * A[i, j])
    return np.sum(F)
"""),
    "from the diagonal": ('A: "parameter[n, n]", B: "parameter[n, n, d]", b: "data[n]"', """
    n = len(b)
    total = 0.0
    for i in range(n):
        s, v = A[i, i], B[i, i]
        for j in range(i):
            s = s * 0.5 + A[i, j] * b[j]
            v = np.tanh(v) + B[i, j]
        total += s * np.sum(v)
    return total
"""),
    "charges": ('q: "data[n]", x: "parameter[n, d]"', """
    n = len(x)
    E = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            r = x[i] - x[j]
            inv = 1 / np.sqrt(np.sum(r**2))
            E += q[i] * q[j] * inv
    return E
"""),
    "attention so far": ('x: "data[n, d]", W: "parameter[d, d]"', """
    n, d = x.shape
    h = np.zeros((n, d))
    for i in range(n):
        num, den = x[i], 1.0
        for j in range(i):
            a = np.exp(np.sum(h[j] * (W @ x[i])))
            num = num + a * h[j]
            den += a
        h[i] = num / den
    return np.sum(h**2)
"""),
    "three loops": ('x: "data[n, d]", w: "parameter[d]"', """
    s = x @ w
    total = 0.0
    for i in range(len(s)):
        for j in range(i):
            for k in range(j):
                total += s[i] * s[j] * np.sin(s[k])
    return total
"""),
    "from the end": ('x: "data[n, d]", W: "parameter[d, d]", A: "parameter[n, n]"', """
    n, d = x.shape
    h = np.zeros((n, d))
    for i in range(n - 1, -1, -1):
        m = x[i]
        for j in range(i + 1, n):
            m = m + A[i, j] * np.tanh(W @ h[j])
        h[i] = m
    return np.sum(h[0]**2)
"""),
    "best so far": ('w: "parameter[n, n]"', """
    n = len(w)
    best = np.zeros(n)
    for i in range(1, n):
        b = -10.0
        for j in reversed(range(i)):
            b = max(b, best[j] + w[j, i])
        best[i] = b
    return best[-1]
"""),
    "all of it so far": ('x: "data[n, d]", W: "parameter[d, d]"', """
    n, d = x.shape
    h = np.zeros((n, d))
    for i in range(n):
        h[i] = np.tanh(W @ x[i] + h.sum(axis=0) + h[0])
    return np.sum(h**2)
"""),
    "rows that grow": ('x: "data[n, d]", A: "parameter[n, n]"', """
    n, d = x.shape
    h = np.zeros((n, d))
    for i in range(n):
        h[i] = x[i]
        for j in range(i):
            h[i] += A[i, j] * np.tanh(h[j])
    return np.sum(h**2)
"""),
    "triangle": ('x: "data[n, d]", W: "parameter[d, d]"', """
    n = len(x)
    A = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            A[i, j] = np.tanh(x[i] @ W @ x[j])
    return np.sum((A @ x)**2)
"""),
    "layers and time": ('x: "data[n, d]", W: "parameter[m, d, d]", U: "parameter[m, d, d]"', """
    n, d = x.shape
    m = len(W)
    h = np.zeros((n + 1, m + 1, d))
    for t in range(1, n + 1):
        h[t, 0] = x[t - 1]
        for l in range(1, m + 1):
            h[t, l] = np.tanh(W[l - 1] @ h[t, l - 1] + U[l - 1] @ h[t - 1, l])
    return np.sum(h[1:, m]**2)
"""),
    "window": ('q: "data[n, d]", v: "parameter[n, d]", W: "parameter[d, d]"', """
    n = len(q)
    total = 0.0
    for i in range(n):
        a = np.zeros_like(v[0])
        s = 0.1
        for j in range(max(0, i - 2), min(n, i + 2)):
            e = np.exp(q[i] @ W @ q[j])
            a = a + e * v[j]
            s += e
        total += np.sum((a / s)**2)
    return total
"""),
    "others": ('x: "data[n, d]", W: "parameter[d, d]"', """
    z = x @ W
    near, far = 0.0, 0.0
    for i in range(len(z)):
        for j in range(len(z)):
            if i == j:
                continue
            k = 1 / np.sum((z[i] - z[j])**2)
            near += np.exp(-k)
            if j <= i and j != 1:
                far -= k
            if j > i:
                far += np.tanh(k)
            else:
                near -= 0.1 * k
    return near + far
"""),
    "what the other side left": ('x: "parameter[n]", w: "parameter[n]"', """
    s, k = 0.0, x[0]
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                k = x[j]
                s += k * w[i]
            else:
                s += np.sin(k) * w[j]
    return s
"""),
    "rotations": ('x: "parameter[n]", W: "parameter[n, n]"', """
    n = len(x)
    v = x * 1.0
    for i in range(n):
        a = v[i]
        for j in range(i + 1, n):
            v = v + 0.1 * W[j] * v[n - 1 - j] - 0.2 * a * v[j]
    return np.sum(v**2)
"""),
    "convolution by hand": ('x: "parameter[n+d, n+m]", w: "parameter[d, n]", v: "parameter[m]"', """
    K, L = w.shape
    rows, columns = x.shape[0] - K + 1, x.shape[1] - L + 1
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            s = 0.0
            for a in range(K):
                for b in range(L):
                    s += w[a, b] * x[i + a, j + b]
            y[i, j] = np.tanh(s)
    return np.sum(y) + np.sum(v**2)
"""),
    "convolution in strides": ('x: "parameter[n+d]", w: "parameter[d]", v: "parameter[n]"', """
    y = np.zeros((len(x) - len(w)) // 2 + 1)
    for i in range((len(x) - len(w)) // 2 + 1):
        for a in range(len(w)):
            y[i] += w[a] * x[2 * i + a]
    return np.sum(np.tanh(y)) + np.sum(v**2)
"""),
    "filter": ('x: "parameter[n, d]", w: "parameter[n]", W: "parameter[d, d]"', """
    total, v = 0.0, 0.3
    for t in range(len(x)):
        s = np.zeros(len(W))
        for k in range(t + 1):
            s = s + w[k] * W @ x[t - k]
        for k in range(len(x)):
            if k < t:
                v = np.tanh(v * x[t - k - 1, 0] + x[k, 0])
        total += np.sum(s**2)
    return total * v
"""),
    "borders": ('S: "parameter[n, m]", g: "parameter"', """
    n, m = S.shape
    F = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        F[i, 0] = -g * i
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            F[i, j] = np.logaddexp(F[i - 1, j - 1] + S[i - 1, j - 1], np.logaddexp(F[i - 1, j], F[i, j - 1]) - g)
    return F[n, m]
"""),
    "every second": ('x: "parameter[2*n]", w: "parameter[n]"', """
    n = len(w)
    h, z = 0.3, np.zeros(n)
    for k in range(n):
        h = np.tanh(h + x[2 * k] * x[2 * k + 1] + w[k] * x[2 * n - 1 - 2 * k])
    for t in range(n - 1, 0, -2):
        h = h * w[t] + w[t - 1]
        z[t] = h
    for i in range(1, n, 3):
        for j in range(0, i, 2):
            h += w[i] * z[j]
    return h
"""),
    "levinson": ('r: "parameter[n]"', """
    n = len(r)
    a, e = np.zeros(n), 5 + r[0]**2
    a[0] = 1
    for k in range(1, n):
        c = 0.0
        for j in range(k):
            c -= a[j] * r[k - j]
        c = c / e
        new = np.zeros(n)
        for j in range(k + 1):
            new[j] = a[j] + c * a[k - j]
        a = new
        e = e * (1 - c**2)
    return e + np.sum(a)
"""),
    "while": ('x: "data[n, d]", W: "parameter[d, d]"', """
    h = np.zeros(len(W))
    t = len(x) - 1
    while t >= 0:
        h = np.tanh(W @ h + x[t])
        t -= 1
    return np.sum(h**2) - t
"""),
    "counted otherwise": ('x: "parameter[n]", y: "data[n]", w: "parameter"', """
    n, a, h, g = len(x), np.zeros(len(x)), 0.0, w
    for t in range(n):
        h = np.tanh(w * h + x[n - 1 - t])
        a[n - 1 - t] = h * y[t]
    for t, s in zip(range(n), reversed(range(n))):
        g = np.tanh(w * g + x[t] - 2 * y[s])
    for k, t in enumerate(reversed(range(n))):
        g = np.sin(g + x[t] * a[k])
    for t in reversed(range(0, n, 3)):
        h = np.tanh(w * h + x[t])
    return np.sum(a**2) + g * h
"""),
    "lists of lists": ('x: "parameter[n]", y: "parameter[m]", w: "parameter"', """
    n, m, top = len(x), len(y), 3
    d = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        d[i][0] = i * w
    for j in range(m + 1):
        d[0][j] = j * w
    for j in range(1, m + 1):
        for i in range(1, n + 1):
            d[i][j] = w * np.tanh(d[i-1][j-1] + (x[i-1] - y[j-1])**2) + np.sin(d[i-1][j] - d[i][j-1])
    E = np.zeros((n + 1, top + 1))
    E[:, 0] = 1
    for i in range(1, n + 1):
        for k in range(1, top + 1):
            E[i, k] = E[i-1, k] + x[i-1] * E[i-1, k-1]
    return d[n][m] + E[n, top]
"""),
    "cholesky": ('B: "parameter[n, n]"', """
    n = len(B)
    A = B @ B.T + 2 * np.eye(n)
    L, R = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, j] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    for i in range(n):
        for j in range(i):
            R[i, j] = (A[i, j] - R[i, :j] @ R[j, :j]) / R[j, j]
        R[i, i] = np.sqrt(A[i, i] - sum(R[i, k]**2 for k in range(i)))
    return np.sum(np.log(np.diag(L))) + np.sum(R)
"""),
    "rows so far": ('A: "parameter[n, m]"', """
    n, m = A.shape
    F, E = np.ones((n, m)), np.full((n, m), np.inf)
    for i in range(n):
        F[i, 0] = A[i, m - 1]
        E[i, m - 1] = A[i, 0]
        for j in range(1, m):
            F[i, j] = np.tanh(A[i, j] + np.sum(F[i]) + F[i, 0] * np.sum(F[:i, j]) - np.sum(F))
            E[i, j - 1] = A[i, j] - np.log(np.sum(np.exp(-E[i])))
        F[i, m - 1] *= np.sum(F[i])
    return np.sum(F**2) + np.sum(np.exp(-E))
"""),
    "borders by conditions": ('x: "parameter[n]", y: "parameter[m]"', """
    n, m = len(x), len(y)
    R, F = np.zeros((n, m)), np.zeros((n + 1, m + 1))
    for i in range(n):
        for j in range(m):
            c = (x[i] - y[j])**2
            if i == 0 and j == 0:
                R[i, j] = c
            elif i == 0:
                R[i, j] = c + R[i, j - 1]
            elif j == 0:
                R[i, j] = c + R[i - 1, j]
            else:
                R[i, j] = c - np.log(np.exp(-R[i - 1, j - 1]) + np.exp(-R[i - 1, j]) + np.exp(-R[i, j - 1]))
    for j in range(m - 1, -1, -1):
        F[n, j] = F[n, j + 1] + y[j]
    for i in range(n - 1, -1, -1):
        for j in range(m):
            for k in range(m):
                F[i, j] += F[i + 1, k] * np.sin(x[i] - y[j])
            F[i, j] *= y[j]
    return R[n - 1, m - 1] + F[0, 0]
"""),
    "rows twice": ('A: "parameter[n, m]", w: "parameter"', """
    n, m = A.shape
    P, F, G = np.zeros((n, m)), np.ones((n, m)), np.ones((n, m))
    for i in range(n):
        for j in range(m):
            P[i, j] = np.exp(A[i, j])
        for j in range(m):
            P[i, j] /= 1 + P[i, 0]
        F[i] = A[i] * w
        for j in range(1, m):
            F[i, j] *= np.tanh(A[i, j]) + np.sum(F[i])
        G[i, 0] = A[i, m - 1]
        for j in range(m):
            G[i, j] += np.sin(A[i, j] + G[i, 0])
        G[i, m - 1] = G[i, 0] - w
    return np.sum(P[:, m - 1]) + np.sum(F**2) + np.sum(G**2)
"""),
}  # fmt: skip


def text(name: str) -> str:
    """A function as a file."""
    arguments, body = FUNCTIONS[name]
    return HEAD.format(arguments) + body.lstrip("\n")
