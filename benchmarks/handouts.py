"""More gradients by hand, as handouts of courses, papers and textbooks print them: optimisation, estimation, losses, layers."""

from benchmarks.book import Book, book

VECTOR = "x: parameter[n]\n"
CELL = "x: data[d]\nh: data[k]\ny: data[k]\nU: parameter[k, d]\nV: parameter[k, d]\n"

HANDOUTS: dict[str, Book] = {
    # Optimisation
    "Tikhonov": book(VECTOR + "A: data[m, n]\nb: data[m]\nD: data[k, n]\nl: data[()]\nL = sum((A @ x - b)**2) + l*sum((D @ x)**2)",
                    x=r"2 (A^\top (A x - b) + l D^\top D x)"),
    "total least squares": book(VECTOR + "A: data[m, n]\nb: data[m]\nr = A @ x - b\nq = 1 + x @ x\nL = (r @ r)/q", x=r"\frac{2}{q} (A^\top r - L x)"),
    "a log barrier": book(VECTOR + "A: data[m, n]\nb: data[m]\ns = b - A @ x\nL = -sum(log(s))", x=r"A^\top \frac{1}{s}"),
    "entropy of a plan": book("x: parameter[n] & positive\nc: data[n]\nm: data[()]\nL = c @ x + m*sum(x*log(x))", x=r"c + m (\log(x) + 1)"),
    "a portfolio": book("w: parameter[n]\nm: data[n]\nS: symmetric[n, n]\nl: data[()]\nL = m @ w - l/2*(w @ S @ w)", w="m - l S w"),
    "Sharpe": book("w: parameter[n]\nm: data[n]\nB: data[n, n]\nS = B @ B.T\ns = sqrt(w @ S @ w)\nL = (m @ w)/s", w=r"\frac{1}{s} (m - \frac{L}{s} S w)"),
    "Fisher's ratio": book("w: parameter[n]\nd: data[n]\nB: data[n, n]\nS = B @ B.T\nq = w @ S @ w\np = d @ w\nL = p**2/q",
                          w=r"\frac{2}{q} (p d - L S w)"),
    "two branches": book(VECTOR + "y: data[n]\nL = sum(where(x > y, exp(x), x*y))",
                        x=r"\begin{cases} \exp(x) & \text{if } x > y \\ y & \text{otherwise} \end{cases}"),
    # Estimation
    "matrix normal": book(
        "M: parameter[m, n]\nX: data[m, n]\nB: data[m, m]\nC: data[n, n]\nU = B @ B.T\nV = C @ C.T\nR = X - M\nL = 0.5*trace(inv(V) @ R.T @ inv(U) @ R)",
        M=r"-U^{-1} R V^{-1}",
    ),
    "Gaussian process": book(
        "B: data[n, m]\ny: data[n]\ns: parameter[()] & positive\nK = B @ B.T + s*eye(n)\na = inv(K) @ y\nL = 0.5*(y @ a) + 0.5*logdet(K)",
        s=r"0.5 (\operatorname{tr}(K^{-1}) - \lVert a\rVert^2)",
    ),
    "factor analysis": book(
        "W: parameter[n, k]\nB: data[n, n]\nS = B @ B.T\ne: positive[()]\nK = W @ W.T + e*eye(n)\nL = logdet(K) + trace(inv(K) @ S)",
        W=r"2 (K^{-1} - K^{-1} S K^{-1}) W",
    ),
    "logistic factors": book("U: parameter[m, k]\nV: parameter[n, k]\nY: binary[m, n]\nP = sigmoid(U @ V.T)\nL = -sum(Y*log(P) + (1 - Y)*log(1 - P))",
                            U="(P - Y) V", V=r"(P - Y)^\top U"),
    "an exponential rate": book("X: data[N, d]\nt: data[N]\nw: parameter[d]\nr = exp(X @ w)\nL = sum(r*t - X @ w)", w=r"X^\top (r \odot t - 1)"),
    "autoregression": book("u: data[n]\nv: data[n]\na: parameter[()]\nr = v - a*u\nL = 0.5*sum(r**2)", a=r"-u^\top r"),
    # Losses
    "temperature": book("z: data[c]\ny: labels[c]\nb: parameter[()]\np = softmax(b*z)\nL = -sum(y*log(p))", b=r"(p - y)^\top z"),
    "Dice": book("p: parameter[n]\ny: data[n]\nD = sum(p) + sum(y)\nI = p @ y\nL = 1 - 2*I/D", p=r"\frac{2}{D} (\frac{I}{D} - y)"),
    "Jaccard": book("p: parameter[n]\ny: data[n]\nI = p @ y\nU = sum(p) + sum(y) - I\nL = 1 - I/U", p=r"\frac{1}{U} (\frac{I}{U} (1 - y) - y)"),
    "negative samples": book(
        "v: parameter[d]\nu: data[d]\nN: data[k, d]\np = sigmoid(u @ v)\nq = sigmoid(N @ v)\nL = -log(p) - sum(log(1 - q))", v=r"(p - 1) u + N^\top q"
    ),
    "a ranking margin": book("w: parameter[d]\na: data[d]\nb: data[d]\nm = 1 - w @ a + w @ b\nL = relu(m)", w=r"\mathbf{1}[m > 0] (b - a)"),
    "predictive coding": book(
        "W: parameter[c, d]\nC: data[N, c]\nZ: data[N, d]\nS = C @ W @ Z.T\nP = softmax(S)\nL = -trace(log_softmax(S))/N", W=r"\frac{1}{N} C^\top (P - I_N) Z"
    ),
    "a ratio of policies": book("l: parameter[N]\nq: data[N]\nA: data[N]\nr = exp(l - q)\nL = -mean(A*r)", l=r"-\frac{1}{N} A \odot r"),
    "affine coupling": book("x: data[n]\ns: parameter[n]\nt: parameter[n]\ny = x*exp(s) + t\nL = 0.5*sum(y**2) - sum(s)",
                           t="y", s=r"y \odot (y - t) - 1"),
    "a kernel's width": book("D: data[n, n]\na: data[n]\nb: parameter[()]\nK = exp(-b*D)\nL = a @ K @ a", b=r"-a^\top (D \odot K) a"),
    # Layers
    "ELU": book("x: data[d]\nW: parameter[h, d]\ng: data[h]\nz = W @ x\na = elu(z)\nL = g @ a",
               W=r"(g \odot \begin{cases} 1 & \text{if } z > 0 \\ a + 1 & \text{otherwise} \end{cases}) x^\top"),
    "GRU gates": book(CELL + "z = sigmoid(U @ x)\nn = tanh(V @ x)\nc = (1 - z)*n + z*h\nL = 0.5*sum((c - y)**2)",
                     delta="c - y", U=r"(\delta \odot (h - n) \odot z \odot (1 - z)) x^\top", V=r"(\delta \odot (1 - z) \odot (1 - n^{\odot 2})) x^\top"),
    "a forget gate": book(CELL + "f = sigmoid(U @ x)\ng = tanh(V @ x)\nq = f*h + g\nL = 0.5*sum((q - y)**2)",
                         delta="q - y", U=r"(\delta \odot h \odot f \odot (1 - f)) x^\top", V=r"(\delta \odot (1 - g^{\odot 2})) x^\top"),
    "mean pooling": book("X: parameter[T, d]\nW: data[d, c]\ny: labels[c]\np = softmax(mean(X, axis=0) @ W)\nL = -sum(y*log(p))",
                        X=r"\frac{1}{T} \mathbf{1}_T (W (p - y))^\top"),
    "additive attention": book(
        "X: data[T, d]\nW: parameter[d, h]\nv: parameter[h]\ng: data[d]\nH = tanh(X @ W)\np = softmax(H @ v)\nc = X.T @ p\nL = g @ c",
        delta=r"p \odot (X g - L)", v=r"H^\top \delta", W=r"X^\top (\delta v^\top \odot (1 - H^{\odot 2}))",
    ),
    "feature-wise modulation": book("x: data[d]\nc: data[k]\nA: parameter[d, k]\nB: parameter[d, k]\ng: data[d]\ny = (A @ c)*x + B @ c\nL = g @ y",
                                   A=r"(g \odot x) c^\top", B=r"g c^\top"),
    "bilinear pooling": book("x: data[m]\ny: data[n]\nU: parameter[k, m]\nV: parameter[k, n]\ng: data[k]\nu = U @ x\nv = V @ y\nL = g @ (u*v)",
                            U=r"(g \odot v) x^\top", V=r"(g \odot u) y^\top"),
    "batch norm": book(
        "X: parameter[N, d]\nG: data[N, d]\ng: data[d]\ne: positive[()]\nm = mean(X, axis=0)\ns = sqrt(mean((X - m)**2, axis=0) + e)\n"
        "H = (X - m)/s\nL = sum(G*(g*H))",
        X=r"\frac{1}{N} (N G - \mathbf{1}_N \mathbf{1}_N^\top G - H \odot \mathbf{1}_N \mathbf{1}_N^\top (G \odot H)) \operatorname{diag}(\frac{g}{s})",
    ),
}  # fmt: skip
