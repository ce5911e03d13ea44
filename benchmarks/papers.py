"""More gradients by hand, as papers and courses print them: matrix calculus, likelihoods, representation learning, layers, estimation."""

from benchmarks.book import REGRESSION, X_MN, X_N, Book, book

LOGITS = "X: data[N, d]\nY: labels[N, c]\nW: parameter[d, c]\n"
KALMAN = (
    "Z: parameter[m, n]\nB: data[n, n]\nP = B @ B.T\na: data[n]\ny: data[m]\ne: positive[()]\nF = Z @ P @ Z.T + e*eye(m)\nv = y - Z @ a\n"
    "L = 0.5*(logdet(F) + v @ inv(F) @ v)"
)

PAPERS: dict[str, Book] = {
    # Matrix Cookbook, Magnus and Neudecker
    "b'X'DXc": book(X_MN + "b: data[n]\nc: data[n]\nD: data[m, m]\nL = b @ X.T @ D @ X @ c", X=r"D^\top X b c^\top + D X c b^\top"),
    "tr(X^3)": book(X_N + "L = trace(X @ X @ X)", X=r"3 X^\top X^\top"),
    "det(AXB)": book(X_N + "A: data[n, n]\nB: data[n, n]\nL = det(A @ X @ B)", X=r"L X^{-\top}"),
    "tr((X+A)^-1)": book(X_N + "A: data[n, n]\nM = X + A\nL = trace(inv(M))", X=r"-M^{-\top} M^{-\top}"),
    "|x - a|": book("x: parameter[n]\na: data[n]\nL = sqrt(sum((x - a)**2))", x=r"\frac{1}{L} (x - a)"),
    "|X| of Frobenius": book(X_MN + "L = sqrt(sum(X**2))", X=r"\frac{X}{L}"),
    "exp(a'x)": book("x: parameter[n]\na: data[n]\nL = exp(a @ x)", x="L a"),
    "tr(XAX'B)": book("X: parameter[m, n]\nA: data[n, n]\nB: data[m, m]\nL = trace(X @ A @ X.T @ B)", X=r"B^\top X A^\top + B X A"),
    "|xx' - A|^2": book("x: parameter[n]\nB: data[n, n]\nA = B + B.T\nL = sum((outer(x, x) - A)**2)", x=r"4 (x x^\top - A) x"),
    "a quotient": book("x: parameter[n]\na: data[n]\nb: data[n]\nL = (a @ x)/(b @ x)", x=r"\frac{1}{b^\top x} (a - L b)"),
    "log det of a diagonal": book("x: parameter[n] & positive\nL = sum(log(x))", x=r"\frac{1}{x}"),
    "rank-one update": book(
        "x: parameter[n]\nB: data[n, n]\ne: positive[()]\nM = B @ B.T + outer(x, x) + e*eye(n)\nL = logdet(M)", x=r"2 M^{-1} x"
    ),
    # Estimation
    "Kalman, the observations": book(KALMAN, Z=r"(F^{-1} - F^{-1} v v^\top F^{-1}) Z P - F^{-1} v a^\top"),
    "metric learning": book("A: parameter[k, n]\nx: data[n]\ny: data[n]\nd = x - y\nL = sum((A @ d)**2)", A=r"2 A d d^\top"),
    "Mahalanobis, the mean": book(
        "X: data[N, d]\nm: parameter[d]\nB: data[d, d]\nS = B @ B.T\nR = X - m\nL = 0.5*trace(R @ S @ R.T)", m=r"-S R^\top \mathbf{1}_N"
    ),
    "ridge, the penalty": book(
        "X: data[N, d]\ny: data[N]\nV: data[M, d]\nu: data[M]\nl: parameter[()] & positive\nA = X.T @ X + l*eye(d)\nw = inv(A) @ X.T @ y\n"
        "r = V @ w - u\nL = 0.5*sum(r**2)", l=r"-w^\top A^{-1} V^\top r",
    ),
    "Gaussian, a log variance": book("x: data[n]\nm: parameter[n]\ns: parameter[n]\nr = x - m\nL = 0.5*sum(r**2*exp(-s) + s)",
                                    m=r"-r \odot \exp(-s)", s=r"0.5 (1 - r^{\odot 2} \odot \exp(-s))"),
    "Student t": book(REGRESSION + "n: positive[()]\nr = X @ w - y\nL = sum(log(1 + r**2/n))", w=r"2 X^\top \frac{r}{r^{\odot 2} + n}"),
    "Laplace": book(REGRESSION + "L = sum(abs(X @ w - y))", w=r"X^\top \operatorname{sign}(X w - y)"),
    "Gamma": book(REGRESSION + "e = X @ w\nL = sum(y*exp(-e) + e)", w=r"X^\top (1 - y \odot \exp(-e))"),
    "kernel ridge": book("a: parameter[n]\nB: data[n, n]\nK = B @ B.T\ny: data[n]\nl: data[()]\nL = 0.5*sum((K @ a - y)**2) + l/2*(a @ K @ a)",
                        a=r"K (K a + l a - y)"),
    "SVM, the dual": book("a: parameter[n]\nB: data[n, n]\nQ = B @ B.T\nL = sum(a) - 0.5*(a @ Q @ a)", a=r"\mathbf{1}_n - Q a"),
    "concordance": book(
        "p: parameter[n]\ny: data[n]\nm = mean(p)\nu = mean(y)\nc = mean((p - m)*(y - u))\nD = var(p) + var(y) + (m - u)**2\nr = 2*c/D\nL = 1 - r",
        p=r"\frac{2}{n D} (r (p - u) + u - y)",
    ),
    "smooth on a graph": book("Y: parameter[n, k]\nB: data[n, m]\nS = B @ B.T\nL = trace(Y.T @ S @ Y)", Y="2 S Y"),
    "non-negative factors": book("X: data[m, n]\nW: parameter[m, k]\nH: parameter[k, n]\nR = W @ H - X\nL = 0.5*sum(R**2)", W=r"R H^\top", H=r"W^\top R"),
    # Losses
    "Brier": book("X: data[N, d]\ny: binary[N]\nw: parameter[d]\np = sigmoid(X @ w)\nL = mean((p - y)**2)",
                 w=r"\frac{2}{N} X^\top ((p - y) \odot p \odot (1 - p))"),
    "Platt": book("s: data[N]\ny: binary[N]\na: parameter[()]\nb: parameter[()]\np = sigmoid(a*s + b)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))",
                 delta="p - y", a=r"\delta^\top s", b=r"\operatorname{sum}(\delta)"),
    "label smoothing": book("z: parameter[c]\ny: labels[c]\ne: data[()]\nq = (1 - e)*y + e/c\np = softmax(z)\nL = -sum(q*log(p))", z="p - q"),
    "KL to a target": book("z: parameter[c]\nq: labels[c] & positive\np = softmax(z)\nL = sum(q*(log(q) - log(p)))", z="p - q"),
    "reverse KL": book("z: parameter[c]\nq: labels[c] & positive\np = softmax(z)\nL = sum(p*(log(p) - log(q)))", z=r"p \odot (\log(p) - \log(q) - L)"),
    "focal, one sample": book("z: parameter[()]\ng: positive[()]\np = sigmoid(z)\nL = -(1 - p)**g*log(p)",
                             z=r"(1 - p)^g (g p \log(p) + p - 1)"),
    "weighted softmax": book(LOGITS + "v: data[N]\nP = softmax(X @ W)\nL = -sum(v*sum(Y*log(P), axis=1))", W=r"X^\top \operatorname{diag}(v) (P - Y)"),
    "policy gradient": book("X: data[N, d]\nY: labels[N, c]\nA: data[N]\nW: parameter[d, c]\nP = softmax(X @ W)\nL = -mean(A*sum(Y*log(P), axis=1))",
                           W=r"\frac{1}{N} X^\top \operatorname{diag}(A) (P - Y)"),
    "temporal difference": book("w: parameter[d]\nx: data[d]\nt: data[()]\ne = t - w @ x\nL = 0.5*e**2", w="-e x"),
    "hinge of a margin": book("x: data[d]\ny: sign[()]\nw: parameter[d]\nm = 1 - y*(w @ x)\nL = relu(m)", w=r"-y \mathbf{1}[m > 0] x"),
    "GloVe": book("w: parameter[d]\nv: parameter[d]\nb: parameter[()]\nf: data[()]\nx: data[()]\nr = w @ v + b - x\nL = f*r**2",
                 delta="2 f r", w=r"\delta v", v=r"\delta w", b=r"\delta"),
    "Bayesian ranking": book("u: parameter[d]\ni: data[d]\nj: data[d]\np = sigmoid(u @ i - u @ j)\nL = -log(p)", u="(1 - p) (j - i)"),
    "pairs at a distance": book("A: parameter[N, d]\nB: data[N, d]\nR = A - B\nL = 0.5*sum(R**2)/N", A=r"\frac{R}{N}"),
    # Representations
    "t-SNE, attraction": book(
        "Y: parameter[n, d]\nP: data[n, n]\nV: data[n, n]\nM = V + V.T\nD = sum((Y[:, None, :] - Y[None, :, :])**2, axis=2)\nL = sum(M*D)",
        Y=r"4 (\operatorname{diag}(M \mathbf{1}_n) - M) Y",
    ),
    "CLIP": book(
        "U: parameter[N, d]\nV: parameter[N, d]\nS = U @ V.T\nP = softmax(S)\nQ = softmax(S.T)\nL = -trace(log_softmax(S))/N - trace(log_softmax(S.T))/N",
        delta=r"\frac{1}{N} (P + Q^\top - 2 I_N)", U=r"\delta V", V=r"\delta^\top U",
    ),
    "variance and covariance": book(
        "Z: parameter[N, d]\nC = (Z - mean(Z, axis=0)).T @ (Z - mean(Z, axis=0))/N\nL = sum(C**2)", Z=r"\frac{4}{N} (Z - \frac{1}{N} \mathbf{1}_N \mathbf{1}_N^\top Z) C"
    ),
    "Hopfield": book("q: parameter[d]\nX: data[N, d]\np = softmax(X @ q)\nL = 0.5*(q @ q) - logsumexp(X @ q)", q=r"q - X^\top p"),
    "PCA, reconstruction": book("X: data[N, d]\nW: parameter[d, k]\nR = X @ W @ W.T - X\nL = 0.5*sum(R**2)", W=r"(X^\top R + R^\top X) W"),
    # Layers
    "RMS norm": book("x: parameter[n]\ng: data[n]\nc: data[n]\ne: positive[()]\ns = sqrt(mean(x**2) + e)\nu = x/s\nL = c @ (g*u)",
                    x=r"\frac{1}{s} (c \odot g - \frac{L}{n} u)"),
    "weight norm": book("v: parameter[n]\ng: parameter[()]\nc: data[n]\nr = sqrt(v @ v)\nu = v/r\nL = g*(c @ u)", g=r"c^\top u", v=r"\frac{1}{r} (g c - L u)"),
    "mixture of experts": book(
        "x: data[d]\nG: parameter[k, d]\nE: parameter[k, d]\nt: data[()]\np = softmax(G @ x)\ne = E @ x\ny = p @ e\nL = 0.5*(y - t)**2",
        delta="y - t", G=r"\delta (p \odot (e - y)) x^\top", E=r"\delta p x^\top",
    ),
    "SwiGLU": book("x: data[d]\nW: parameter[h, d]\nV: parameter[h, d]\nc: data[h]\nu = W @ x\ns = sigmoid(u)\nv = V @ x\nL = c @ (u*s*v)",
                  V=r"(c \odot u \odot s) x^\top", W=r"(c \odot v \odot s \odot (1 + u \odot (1 - s))) x^\top"),
    "dropout": book("x: data[d]\nW: parameter[h, d]\nm: data[h]\nv: data[h]\na = tanh(W @ x)\nL = v @ (m*a)", W=r"(v \odot m \odot (1 - a^{\odot 2})) x^\top"),
    "bilinear": book("x: data[m]\ny: data[n]\nW: parameter[m, n]\ng: data[()]\ns = sigmoid(x @ W @ y)\nL = g*s", W=r"g s (1 - s) x y^\top"),
    "attention, one query": book(
        "q: parameter[d]\nK: parameter[T, d]\nV: parameter[T, e]\ng: data[e]\np = softmax(K @ q)\no = V.T @ p\nL = g @ o",
        V=r"p g^\top", delta=r"p \odot (V g - L)", q=r"K^\top \delta", K=r"\delta q^\top",
    ),
    "attention with a sink": book(
        "s: parameter[T]\nb: parameter[()]\nv: data[T]\nz = exp(b) + sum(exp(s))\np = exp(s)/z\nL = p @ v", s=r"p \odot (v - L)", b=r"-\frac{L}{z} \exp(b)"
    ),
    "leaky rectifier": book("x: data[d]\nW: parameter[h, d]\na: data[()]\nv: data[h]\nz = W @ x\nL = v @ where(z > 0, z, a*z)",
                           W=r"(v \odot (a + (1 - a) \mathbf{1}[z > 0])) x^\top"),
    "a residual block": book(
        "x: data[d]\nW: parameter[h, d]\nV: parameter[d, h]\ng: data[d]\na = relu(W @ x)\ny = x + V @ a\nL = g @ y",
        V=r"g a^\top", W=r"(V^\top g \odot \mathbf{1}[a > 0]) x^\top",
    ),
    "a sum of sets": book("X: parameter[N, d]\nW: data[d, k]\ng: data[k]\nL = g @ (sum(X, axis=0) @ W)", X=r"\mathbf{1}_N (W g)^\top"),
    "supervised contrast": book(
        "Z: parameter[n, d]\nM: labels[n, n]\ntau: positive[()]\nS = Z @ Z.T/tau\nP = softmax(S)\nL = -sum(M*log(P))/n",
        delta=r"\frac{1}{n \tau} (P - M)", Z=r"(\delta + \delta^\top) Z",
    ),
    "transport, one row step": book(
        "C: parameter[n, m]\nD: data[n, m]\ne: positive[()]\nP = softmax(-C/e)\nL = sum(P*D)",
        C=r"-\frac{1}{e} P \odot (D - \operatorname{rowsum}(P \odot D))",
    ),
}  # fmt: skip
