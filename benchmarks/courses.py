"""More gradients as books and courses print them, by hand: inverses and symmetric matrices, losses, layers, entries by position."""

from benchmarks.book import A_N, REGRESSION, X_MN, X_N, Book, book

COURSES: dict[str, Book] = {
    # Matrix Cookbook, Magnus and Neudecker
    "tr(X'AXB)": book("X: parameter[n, m]\nA: data[n, n]\nB: data[m, m]\nL = trace(X.T @ A @ X @ B)", X=r"A X B + A^\top X B^\top"),
    "tr(AXBX)": book("X: parameter[m, n]\nA: data[n, m]\nB: data[n, m]\nL = trace(A @ X @ B @ X)", X=r"A^\top X^\top B^\top + B^\top X^\top A^\top"),
    "x'Sx, S symmetric": book("x: parameter[n]\nB: data[n, k]\nS = B @ B.T\nL = x @ S @ x", x="2 S x"),
    "(x-m)'S^-1(x-m)": book("x: parameter[n]\nm: data[n]\nB: data[n, k]\ne: positive[()]\nS = B @ B.T + e*eye(n)\nL = (x - m) @ inv(S) @ (x - m)", x=r"2 S^{-1} (x - m)"),
    "(x-As)'W(x-As)": book("s: parameter[k]\nA: data[n, k]\nx: data[n]\nB: data[n, m]\nW = B @ B.T\nr = x - A @ s\nL = r @ W @ r", s=r"-2 A^\top W r"),
    "a'XX'b": book("X: parameter[m, n]\na: data[m]\nb: data[m]\nL = a @ X @ X.T @ b", X=r"(a b^\top + b a^\top) X"),
    "(Xb+c)'D(Xb+c)": book("X: parameter[m, n]\nb: data[n]\nc: data[m]\nB: data[m, k]\nD = B @ B.T\nL = (X @ b + c) @ D @ (X @ b + c)", X=r"2 D (X b + c) b^\top"),
    "tr(A X^-1 B)": book(X_N + A_N + "B: data[n, n]\nL = trace(A @ inv(X) @ B)", X=r"-X^{-\top} A^\top B^\top X^{-\top}"),
    "log det(I + XX')": book(X_MN + "L = logdet(eye(m) + X @ X.T)", X=r"2 (X X^\top + I_m)^{-1} X"),
    "|AX - B|^2": book("X: parameter[n, k]\nA: data[m, n]\nB: data[m, k]\nR = A @ X - B\nL = sum(R**2)", X=r"2 A^\top R"),
    "|AXB - C|^2": book("X: parameter[n, k]\nA: data[m, n]\nB: data[k, p]\nC: data[m, p]\nR = A @ X @ B - C\nL = 0.5*sum(R**2)", X=r"A^\top R B^\top"),
    "Gaussian, precision": book("x: data[n]\nm: parameter[n]\nB: data[n, k]\nK = B @ B.T\nr = x - m\nL = 0.5*(r @ K @ r)", m="-K r"),
    "Gaussian, covariance": book("x: data[n]\nS: parameter[n, n]\nL = logdet(S) + x @ inv(S) @ x", S=r"S^{-\top} - S^{-\top} x x^\top S^{-\top}"),
    "unit vector": book("x: parameter[n]\na: data[n]\nr = sqrt(x @ x)\ny = x/r\nL = a @ y", x=r"\frac{1}{r} (a - L y)"),
    "cosine": book("x: parameter[n]\ny: data[n]\nr = sqrt(x @ x)\ns = sqrt(y @ y)\nc = (x @ y)/(r*s)\nL = c", x=r"\frac{y}{r s} - \frac{c}{r^2} x"),
    "nuclear surrogate": book(X_MN + "e: positive[()]\nL = logdet(X.T @ X + e*eye(n))", X=r"2 X (X^\top X + e I_n)^{-1}"),
    # Regression and losses
    "elastic net": book(REGRESSION + "l: data[()]\nm: data[()]\nr = X @ w - y\nL = 0.5*sum(r**2) + l*sum(abs(w)) + m/2*(w @ w)", w=r"X^\top r + l \operatorname{sign}(w) + m w"),
    "log-cosh": book(REGRESSION + "r = X @ w - y\nL = sum(log(cosh(r)))", w=r"X^\top \tanh(r)"),
    "pinball": book(REGRESSION + "q: data[()]\nr = y - X @ w\nL = sum(maximum(q*r, (q - 1)*r))", w=r"X^\top (\mathbf{1}[-r > 0] - q)"),
    "squared hinge": book("X: data[N, d]\ny: sign[N]\nw: parameter[d]\nm = relu(1 - y*(X @ w))\nL = sum(m**2)", w=r"-2 X^\top (y \odot m)"),
    "probit": book("x: data[d]\nw: parameter[d]\nz = w @ x\nL = -log(sigmoid(z))", w=r"(\sigma(z) - 1) x"),
    "exponential loss": book("X: data[N, d]\ny: sign[N]\nw: parameter[d]\ne = exp(-y*(X @ w))\nL = sum(e)", w=r"-X^\top (e \odot y)"),
    "negative binomial mean": book(REGRESSION + "mu = exp(X @ w)\nL = sum(y/mu + log(mu))", w=r"X^\top (1 - \frac{y}{\mu})"),
    "Bradley-Terry": book("s: parameter[n]\na: data[n]\np = sigmoid(a @ s)\nL = -log(p)", s="(p - 1) a"),
    "DPO": book("w: parameter[d]\na: data[d]\nb: data[d]\nbeta: data[()]\nm = beta*(w @ a - w @ b)\np = sigmoid(m)\nL = -log(p)", w=r"\beta (p - 1) (a - b)"),
    "distillation": book("z: parameter[c]\nq: labels[c]\nT: positive[()]\np = softmax(z/T)\nL = -T**2*sum(q * log(p))", z="T (p - q)"),
    "entropy": book("z: parameter[c]\np = softmax(z)\nH = -sum(p * log(p))\nL = H", z=r"-p \odot (\log(p) + H)"),
    "KL of a Gaussian": book("mu: parameter[k]\ns: parameter[k]\nL = 0.5*sum(mu**2 + exp(s) - s - 1)", mu=r"\mu", s=r"0.5 (\exp(s) - 1)"),
    "contrastive, InfoNCE": book(
        "U: parameter[N, d]\nV: parameter[N, d]\ntau: positive[()]\nS = U @ V.T/tau\nP = softmax(S)\nL = -trace(log_softmax(S))/N",
        delta=r"\frac{1}{N \tau} (P - I_N)", U=r"\delta V", V=r"\delta^\top U",
    ),
    "word2vec, one pair": book("u: parameter[d]\nv: parameter[d]\np = sigmoid(u @ v)\nL = -log(p)", u="(p - 1) v", v="(p - 1) u"),
    "matrix factorisation": book(
        "R: data[m, n]\nM: data[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nl: data[()]\nE = M*(U @ V.T - R)\n"
        "L = 0.5*sum(E**2) + l/2*sum(U**2) + l/2*sum(V**2)",
        G=r"M \odot E", U=r"G V + l U", V=r"G^\top U + l V",
    ),
    "PCA": book("X: data[N, d]\nw: parameter[d]\nz = X @ w\nL = sum(z**2)", w=r"2 X^\top z"),
    "ridge, many outputs": book(
        "X: data[N, d]\nY: data[N, c]\nW: parameter[d, c]\nl: data[()]\nR = X @ W - Y\nL = sum(R**2)/N + l*sum(W**2)",
        W=r"\frac{2}{N} X^\top R + 2 l W",
    ),
    "softmax of rows": book(
        "S: parameter[n, m]\nG: data[n, m]\nP = softmax(S)\nL = sum(G * P)", S=r"P \odot (G - \operatorname{rowsum}(G \odot P))"
    ),
    "Kalman, the state": book(
        "a: parameter[n]\ny: data[m]\nZ: data[m, n]\nB: data[m, k]\ne: positive[()]\nF = B @ B.T + e*eye(m)\nv = y - Z @ a\n"
        "L = logdet(F) + v @ inv(F) @ v", a=r"-2 Z^\top F^{-1} v",
    ),
    "mean of rows": book("X: parameter[T, d]\ng: data[d]\nL = g @ mean(X, axis=0)", X=r"\frac{1}{T} \mathbf{1}_T g^\top"),
    "centred": book("X: parameter[N, d]\nG: data[N, d]\nL = sum(G * (X - mean(X, axis=0)))", X=r"G - \frac{1}{N} \mathbf{1}_N \mathbf{1}_N^\top G"),
    "a look-up": book("E: parameter[v, d]\nt: integers[N, v]\nG: data[N, d]\nL = sum(G * E[t])", E=r"\operatorname{onehot}(t)^\top G"),
    "covariance": book("X: parameter[N, d]\nA: data[d, d]\nL = trace(A @ X.T @ X)/N", X=r"\frac{1}{N} X (A + A^\top)"),
    "triplet": book(
        "a: parameter[d]\np: data[d]\nn: data[d]\nm: data[()]\nL = relu(sum((a - p)**2) - sum((a - n)**2) + m)",
        a=r"2 \mathbf{1}[L > 0] (n - p)",
    ),
    "Barlow-like": book("A: parameter[N, d]\nB: data[N, d]\nC = A.T @ B/N\nL = sum((C - eye(d))**2)", A=r"\frac{2}{N} B (C^\top - I_d)"),
    # Networks
    "ReLU layer": book("x: data[d]\nW: parameter[h, d]\nv: data[h]\na = relu(W @ x)\nL = v @ a", W=r"(v \odot \mathbf{1}[a > 0]) x^\top"),
    "gated linear unit": book(
        "x: data[d]\nW: parameter[h, d]\nV: parameter[h, d]\nc: data[h]\na = W @ x\ng = sigmoid(V @ x)\nL = c @ (a*g)",
        W=r"(c \odot g) x^\top", V=r"(c \odot a \odot g \odot (1 - g)) x^\top",
    ),
    "tied embedding": book(
        "x: data[v]\ny: labels[v]\nE: parameter[v, d]\nh = E.T @ x\np = softmax(E @ h)\nL = -sum(y * log(p))",
        delta="p - y", E=r"\delta h^\top + x \delta^\top E",
    ),
    "linear attention": book(
        "Q: parameter[T, d]\nK: parameter[T, d]\nV: parameter[T, e]\nG: data[T, e]\nL = sum(G * (Q @ (K.T @ V)))",
        V=r"K Q^\top G", K=r"V G^\top Q", Q=r"G V^\top K",
    ),
    "highway": book(
        "x: data[d]\nW: parameter[d, d]\nt: data[d]\ny: data[d]\nh = tanh(W @ x)\nr = t*h + (1 - t)*x - y\nL = 0.5*sum(r**2)",
        W=r"(r \odot t \odot (1 - h^{\odot 2})) x^\top",
    ),
    "LoRA": book(
        "x: data[d]\nW: data[k, d]\nA: parameter[r, d]\nB: parameter[k, r]\ny: data[k]\ne = W @ x + B @ (A @ x) - y\nL = 0.5*sum(e**2)",
        B=r"e (A x)^\top", A=r"B^\top e x^\top",
    ),
    "a graph convolution": book("A: data[n, n]\nS = A + A.T\nX: data[n, d]\nW: parameter[d, k]\nG: data[n, k]\nH = tanh(S @ X @ W)\nL = sum(G * H)",
                               W=r"X^\top S (G \odot (1 - H^{\odot 2}))"),
    # Positions
    "differences": book("x: parameter[3]\nL = 0.5*((x[1] - x[0])**2 + (x[2] - x[1])**2)",
                       x=r"\begin{bmatrix} x_1 - x_2 \\ 2 x_2 - x_1 - x_3 \\ x_3 - x_2 \end{bmatrix}"),
    "two heads in one matrix": book(
        "x: data[d]\nW: parameter[2*h, d]\na: data[h]\nb: data[h]\nz = W @ x\nL = a @ tanh(z[:h]) + b @ z[h:]",
        delta=r"\begin{bmatrix} a \odot (1 - \tanh(z_{:h})^{\odot 2}) \\ b \end{bmatrix}", W=r"\delta x^\top",
    ),
    "rotation": book("q: parameter[2]\nk: data[2]\nt: data[()]\nL = (q[0]*cos(t) - q[1]*sin(t))*k[0] + (q[0]*sin(t) + q[1]*cos(t))*k[1]",
                    q=r"\begin{bmatrix} \cos(t) k_1 + \sin(t) k_2 \\ \cos(t) k_2 - \sin(t) k_1 \end{bmatrix}"),
}  # fmt: skip
