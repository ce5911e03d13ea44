"""Gradients by hand of optimisation, estimation, kernels, factorisations: each written as its book has it before ours was looked at.

Matrix Cookbook, Magnus and Neudecker, Boyd and Vandenberghe, Bishop, Murphy, Hastie, Rasmussen and Williams.
"""

from benchmarks.book import X_MN, Book, book

LINEAR = "X: data[N, d]\nw: parameter[d]\ny: data[N]\n"

ESTIMATORS: dict[str, Book] = {
    # Matrix calculus
    "tr(AXBX'C)": book(
        "X: parameter[m, n]\nA: data[p, m]\nB: data[n, n]\nC: data[m, p]\nL = trace(A @ X @ B @ X.T @ C)",
        X=r"A^\top C^\top X B^\top + C A X B",
    ),
    "|X'CXB|^2": book(
        "X: parameter[m, n]\nB: data[n, k]\nC: symmetric[m, m]\nM = X.T @ C @ X @ B\nL = sum(M**2)",
        X=r"2 C X (B M^\top + M B^\top)",
    ),
    "tr exp X": book("X: parameter[n, n]\nE = expm(X)\nL = trace(E)", X=r"E^\top"),
    "det(X'AX)": book(X_MN + "A: symmetric[m, m]\nM = X.T @ A @ X\nL = det(M)", X=r"2 L A X M^{-1}"),
    "|X^-1 b|^2": book("X: parameter[n, n]\nb: data[n]\ny = inv(X) @ b\nL = y @ y", X=r"-2 X^{-\top} y y^\top"),
    "(x'Ax)^2": book("x: parameter[n]\nA: symmetric[n, n]\nq = x @ A @ x\nL = q**2", x=r"4 q A x"),
    "exp(-x'Ax/2)": book("x: parameter[n]\nA: symmetric[n, n]\nL = exp(-0.5*(x @ A @ x))", x=r"-L A x"),
    "generalised Rayleigh": book(
        "x: parameter[n]\nA: symmetric[n, n]\nB: symmetric[n, n]\nq = x @ B @ x\nL = (x @ A @ x)/q", x=r"\frac{2}{q} (A x - L B x)"
    ),
    "Brockett": book(X_MN + "A: symmetric[m, m]\nv: data[n]\nL = trace(X.T @ A @ X @ diag(v))", X=r"2 A X \operatorname{diag}(v)"),
    "off the diagonal": book("X: parameter[n, n]\nE = X - diag(diag(X))\nL = sum(E**2)", X=r"2 E"),
    "tr of a Kronecker product": book("X: parameter[n, n]\nA: data[m, m]\nL = trace(kron(A, X))", X=r"\operatorname{tr}(A) I_n"),
    "log det divergence": book(
        "X: parameter[n, n] & spd\nY: spd[n, n]\nL = trace(X @ inv(Y)) - logdet(X) + logdet(Y)", X=r"Y^{-1} - X^{-1}"
    ),
    "strain": book("X: parameter[n, k]\nB: symmetric[n, n]\nE = X @ X.T - B\nL = sum(E**2)", X=r"4 E X"),
    "nuclear norm": book(X_MN + "U, s, V_t = svd(X, full_matrices=False)\nL = sum(s)", X="U V_t"),
    "Sylvester, two powers": book(X_MN + "A: data[m, m]\nL = trace(X.T @ A @ A @ X)", X=r"(A A + (A A)^\top) X"),
    # Convex functions
    "log sum exp of lines": book(
        "A: data[m, n]\nb: data[m]\nx: parameter[n]\nz = exp(A @ x + b)\ns = sum(z)\nL = log(s)", x=r"\frac{1}{s} A^\top z"
    ),
    "geometric mean": book("x: parameter[n] & positive\nL = prod(x)**(1/n)", x=r"\frac{L}{n x}"),
    "negative entropy": book("x: parameter[n] & positive\nL = sum(x*log(x))", x=r"\log(x) + 1"),
    "relative entropy": book("x: parameter[n] & positive\ny: positive[n]\nL = sum(x*log(x/y) - x + y)", x=r"\log(\frac{x}{y})"),
    "quadratic over linear": book(
        "x: parameter[n]\nt: parameter[()] & positive\nL = (x @ x)/t", x=r"\frac{2}{t} x", t=r"-\frac{L}{t}"
    ),
    "matrix fractional": book(
        "x: parameter[n]\nY: parameter[n, n] & spd\nu = solve(Y, x)\nL = x @ u", x="2 u", Y=r"-u u^\top"
    ),
    "barrier of the ball": book("x: parameter[n]\nt: data[()]\ns = t**2 - x @ x\nL = -log(s)", x=r"\frac{2}{s} x"),
    "D-optimal design": book("V: data[m, n]\nx: parameter[m] & positive\nM = V.T @ diag(x) @ V\nL = -logdet(M)", x=r"-\operatorname{diag}(V M^{-1} V^\top)"),
    "A-optimal design": book("V: data[m, n]\nx: parameter[m] & positive\nM = V.T @ diag(x) @ V\nL = trace(inv(M))", x=r"-\operatorname{diag}(V M^{-1} M^{-1} V^\top)"),
    "proximal step": book("x: parameter[n]\nv: data[n]\ng: data[n]\nt: positive[()]\nL = g @ x + sum((x - v)**2)/(2*t)", x=r"g + \frac{1}{t} (x - v)"),
    "augmented Lagrangian": book(
        "x: parameter[n]\nA: data[m, n]\nb: data[m]\nc: data[n]\nl: data[m]\np: positive[()]\nr = A @ x - b\nL = c @ x + l @ r + p/2*(r @ r)",
        x=r"c + A^\top (l + p r)",
    ),
    "Charbonnier": book(LINEAR + "e: positive[()]\nr = X @ w - y\nq = sqrt(r**2 + e**2)\nL = sum(q)", w=r"X^\top \frac{r}{q}"),
    "Geman-McClure": book(LINEAR + "r = X @ w - y\nL = sum(r**2/(1 + r**2))", w=r"2 X^\top \frac{r}{(1 + r^{\odot 2})^{\odot 2}}"),
    "Welsch": book(LINEAR + "r = X @ w - y\nk = exp(-0.5*r**2)\nL = sum(1 - k)", w=r"X^\top (r \odot k)"),
    "Cauchy": book(LINEAR + "c: positive[()]\nr = X @ w - y\nL = sum(log(1 + (r/c)**2))", w=r"2 X^\top \frac{r}{c^2 + r^{\odot 2}}"),
    "expectile": book(
        LINEAR + "t: unit[()]\nr = y - X @ w\na = where(r > 0, t, 1 - t)\nL = sum(a*r**2)", w=r"-2 X^\top (a \odot r)"
    ),
    "Huber by cases": book(
        LINEAR + "t: positive[()]\nr = X @ w - y\nL = sum(where(abs(r) <= t, 0.5*r**2, t*(abs(r) - 0.5*t)))",
        w=r"X^\top \operatorname{clip}(r, -t, t)",
    ),
    "smooth L1, beta": book(
        LINEAR + "b: positive[()]\nr = X @ w - y\nL = sum(where(abs(r) < b, 0.5*r**2/b, abs(r) - 0.5*b))",
        w=r"\frac{1}{b} X^\top \operatorname{clip}(r, -b, b)",
    ),
    "smoothing spline": book(
        "N: data[n, k]\nt: parameter[k]\ny: data[n]\nl: positive[()]\nO: symmetric[k, k]\nr = N @ t - y\nL = r @ r + l*(t @ O @ t)",
        t=r"2 (N^\top r + l O t)",
    ),
    "projection pursuit": book(
        LINEAR + "g: function\nz = X @ w\nr = y - g(z)\nL = 0.5*sum(r**2)", w=r"-X^\top (r \odot g'(z))"
    ),
    "binomial boosting": book("F: parameter[N]\ny: sign[N]\nL = sum(log(1 + exp(-2*y*F)))", F=r"-2 y \odot \sigma(-2 y \odot F)"),
    # Likelihoods
    "MAP of a linear model": book(
        LINEAR + "a: positive[()]\nb: positive[()]\nL = b/2*sum((X @ w - y)**2) + a/2*(w @ w)", w=r"b X^\top (X w - y) + a w"
    ),
    "heteroscedastic": book(
        "m: parameter[N]\nv: parameter[N] & positive\ny: data[N]\nr = y - m\nL = 0.5*sum(r**2/v + log(v))",
        m=r"-\frac{r}{v}", v=r"\frac{1}{2 v} \odot (1 - \frac{r^{\odot 2}}{v})",
    ),
    "multinomial counts": book(
        "x: data[d]\nW: parameter[k, d]\ny: positive[k]\nn = sum(y)\np = softmax(W @ x)\nL = -sum(y*log(p))", W=r"(n p - y) x^\top"
    ),
    "Dirichlet": book(
        "a: parameter[k] & positive\nx: positive[k]\nL = sum(gammaln(a)) - gammaln(sum(a)) - sum((a - 1)*log(x))",
        a=r"\operatorname{digamma}(a) - \operatorname{digamma}(\mathbf{1}_k^\top a) - \log(x)",
    ),
    "Beta": book(
        "a: parameter[()] & positive\nb: parameter[()] & positive\nx: unit[()]\n"
        "L = gammaln(a) + gammaln(b) - gammaln(a + b) - (a - 1)*log(x) - (b - 1)*log(1 - x)",
        a=r"\operatorname{digamma}(a) - \operatorname{digamma}(a + b) - \log(x)", b=r"\operatorname{digamma}(b) - \operatorname{digamma}(a + b) - \log(1 - x)",
    ),
    "von Mises": book("m: parameter[()]\nk: positive[()]\nx: data[N]\nL = -k*sum(cos(x - m))", m=r"-k \mathbf{1}_N^\top \sin(x - m)"),
    "Weibull": book(
        "k: parameter[()] & positive\ns: parameter[()] & positive\nx: positive[N]\nu = (x/s)**k\nL = sum(u - log(u) - log(k))",
        s=r"\frac{k}{s} (N - \mathbf{1}_N^\top u)", k=r"\mathbf{1}_N^\top ((u - 1) \odot \log(\frac{x}{s})) - \frac{N}{k}",
    ),
    "negative binomial": book(
        LINEAR + "r: positive[()]\nm = exp(X @ w)\nL = sum((y + r)*log(r + m) - y*log(m))", w=r"r X^\top \frac{m - y}{r + m}"
    ),
    "Tobit": book(
        "X: data[N, d]\nw: parameter[d]\nu = X @ w\nL = -sum(log(normal_cdf(-u)))", w=r"X^\top \frac{\phi(u)}{\Phi(-u)}"
    ),
    "probabilistic PCA": book(
        "W: parameter[d, k]\ns: parameter[()] & positive\nS: symmetric[d, d]\nC = W @ W.T + s*eye(d)\nL = 0.5*logdet(C) + 0.5*trace(inv(C) @ S)",
        M=r"C^{-1} - C^{-1} S C^{-1}", W=r"M W", s=r"\frac{1}{2} \operatorname{tr}(M)",
    ),
    "inverse Wishart": book("S: parameter[n, n] & spd\nV: symmetric[n, n]\nk: data[()]\nL = k*logdet(S) + trace(V @ inv(S))", S=r"k S^{-1} - S^{-1} V S^{-1}"),
    "natural parameters": book("h: parameter[n]\nP: parameter[n, n] & spd\nm = solve(P, h)\nL = 0.5*(h @ m) - 0.5*logdet(P)", h="m", P=r"-\frac{1}{2} (m m^\top + P^{-1})"),
    "log survival, log-logistic": book(LINEAR + "z = log(y) - X @ w\nL = sum(log(1 + exp(z)))", w=r"-X^\top \sigma(z)"),
    "ridge, augmented mean": book(LINEAR + "b: parameter[()]\nl: positive[()]\nr = X @ w + b - y\nL = mean(r**2) + l*sum(w**2)", w=r"2 (\frac{1}{N} X^\top r + l w)", b=r"2 \operatorname{mean}(r)"),
    "logistic, intercept and weights": book(
        "X: data[N, d]\nw: parameter[d]\nb: parameter[()]\ny: binary[N]\nc: positive[N]\np = sigmoid(X @ w + b)\nL = -sum(c*(y*log(p) + (1 - y)*log(1 - p)))",
        delta=r"c \odot (p - y)", w=r"X^\top \delta", b=r"\mathbf{1}_N^\top \delta",
    ),
    "complementary log-log": book(
        "X: data[N, d]\nw: parameter[d]\nm = exp(X @ w)\nL = -sum(log(1 - exp(-m)))", w=r"-X^\top \frac{m}{\exp(m) - 1}"
    ),
    "mixture of experts, two": book(
        "a: parameter[()]\nl: data[()]\nm: data[()]\np = sigmoid(a)\nq = p*exp(l) + (1 - p)*exp(m)\nL = -log(q)",
        a=r"\frac{1}{q} (\exp(m) - \exp(l)) p (1 - p)",
    ),
    "Ising, pseudo-likelihood": book(
        "J: parameter[n, n]\nx: sign[n]\nz = J @ x\np = sigmoid(2*x*z)\nL = -sum(log(p))", J=r"-2 (x \odot (1 - p)) x^\top"
    ),
    # Kernels
    "GP, noise and signal": book(
        "R: symmetric[N, N]\ny: data[N]\ns: parameter[()] & positive\nv: parameter[()] & positive\nK = s*R + v*eye(N)\n"
        "a = solve(K, y)\nL = 0.5*(y @ a) + 0.5*logdet(K)",
        s=r"\frac{1}{2} (\operatorname{tr}(K^{-1} R) - a^\top R a)", v=r"\frac{1}{2} (\operatorname{tr}(K^{-1}) - a^\top a)",
    ),
    "GP, where to predict": book(
        "x: parameter[d]\nX: data[N, d]\na: data[N]\nk = exp(-0.5*sum((X - x)**2, axis=1))\nL = a @ k", x=r"X^\top (a \odot k) - L x"
    ),
    "RBF network": book(
        "C: parameter[k, d]\nx: data[d]\nw: parameter[k]\nt: data[()]\nh = exp(-0.5*sum((C - x)**2, axis=1))\nr = w @ h - t\nL = 0.5*r**2",
        w="r h", C=r"r \operatorname{diag}(w \odot h) (\mathbf{1}_k x^\top - C)",
    ),
    "polynomial kernel": book("x: parameter[d]\nX: data[N, d]\na: data[N]\nc: data[()]\nL = a @ (X @ x + c)**3", x=r"3 X^\top (a \odot (X x + c)^{\odot 2})"),
    "kernel logistic": book(
        "K: symmetric[N, N]\na: parameter[N]\ny: binary[N]\nl: positive[()]\np = sigmoid(K @ a)\nL = -sum(y*log(p) + (1 - y)*log(1 - p)) + l/2*(a @ K @ a)",
        a=r"K (p - y + l a)",
    ),
    "MMD of means": book(
        "X: parameter[n, d]\nY: data[m, d]\ne = mean(X, axis=0) - mean(Y, axis=0)\nL = e @ e", X=r"\frac{2}{n} \mathbf{1}_n e^\top"
    ),
    "kernel PCA": book("a: parameter[N]\nK: symmetric[N, N]\nq = a @ K @ a\nL = (a @ K @ K @ a)/q", a=r"\frac{2}{q} (K K a - L K a)"),
    # Factorisations
    "weighted factorisation": book(
        "R: data[m, n]\nC: data[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nl: positive[()]\nE = R - U @ V.T\n"
        "L = sum(C*E**2) + l*sum(U**2) + l*sum(V**2)",
        U=r"2 (l U - (C \odot E) V)", V=r"2 (l V - (C \odot E)^\top U)",
    ),
    "Funk SVD": book(
        "p: parameter[k]\nq: parameter[k]\nb: parameter[()]\nc: parameter[()]\nm: data[()]\nr: data[()]\nl: positive[()]\n"
        "e = r - m - b - c - p @ q\nL = 0.5*e**2 + l/2*(p @ p + q @ q + b**2 + c**2)",
        p="l p - e q", q="l q - e p", b="l b - e", c="l c - e",
    ),
    "CP": book(
        "T: data[I, J, K]\nA: parameter[I, r]\nB: data[J, r]\nC: data[K, r]\nE = einsum('ir,jr,kr->ijk', A, B, C) - T\nL = 0.5*sum(E**2)",
        A=r"\frac{\partial L}{\partial A_{ir}} = \sum_j \sum_k E_{ijk} B_{jr} C_{kr}",
    ),
    "Tucker, the core": book(
        "T: data[I, J, K]\nG: parameter[p, q, r]\nA: data[I, p]\nB: data[J, q]\nC: data[K, r]\n"
        "E = einsum('pqr,ip,jq,kr->ijk', G, A, B, C) - T\nL = 0.5*sum(E**2)",
        G=r"\frac{\partial L}{\partial G_{pqr}} = \sum_i \sum_j \sum_k A_{ip} B_{jq} C_{kr} E_{ijk}",
    ),
    "RESCAL": book(
        "X: data[n, n]\nA: parameter[n, k]\nR: parameter[k, k]\nE = X - A @ R @ A.T\nL = 0.5*sum(E**2)",
        A=r"-E A R^\top - E^\top A R", R=r"-A^\top E A",
    ),
    "DistMult": book(
        "h: parameter[d]\nr: parameter[d]\nt: parameter[d]\ny: sign[()]\ns = sum(h*r*t)\np = sigmoid(y*s)\nL = -log(p)",
        delta="y (p - 1)", h=r"\delta r \odot t", r=r"\delta h \odot t", t=r"\delta h \odot r",
    ),
    "TransE": book(
        "h: parameter[d]\nr: parameter[d]\nt: data[d]\nD: data[()]\ng: data[()]\nv = h + r - t\nm = g + v @ v - D\nL = relu(m)",
        delta=r"2 \mathbf{1}[m > 0] v", h=r"\delta", r=r"\delta",
    ),
    "NMF, Itakura-Saito": book(
        "W: parameter[m, k] & positive\nH: parameter[k, n] & positive\nX: positive[m, n]\nV = W @ H\nL = sum(X/V + log(V))",
        delta=r"\frac{V - X}{V^{\odot 2}}", W=r"\delta H^\top", H=r"W^\top \delta",
    ),
    "sparse coding": book(
        "D: parameter[m, k]\na: parameter[k]\nx: data[m]\nl: positive[()]\nr = x - D @ a\nL = 0.5*(r @ r) + l*sum(abs(a))",
        D=r"-r a^\top", a=r"l \operatorname{sign}(a) - D^\top r",
    ),
    "label propagation": book(
        "F: parameter[n, c]\nQ: symmetric[n, n]\nY: data[n, c]\nm: positive[()]\nL = trace(F.T @ Q @ F) + m*sum((F - Y)**2)",
        F=r"2 (Q F + m (F - Y))",
    ),
    "Tucker of a matrix": book(
        "U: parameter[m, p]\nS: parameter[p, q]\nV: parameter[n, q]\nX: data[m, n]\nE = U @ S @ V.T - X\nL = 0.5*sum(E**2)",
        U=r"E V S^\top", S=r"U^\top E V", V=r"E^\top U S",
    ),
    "canonical correlations, whitened": book(
        "a: parameter[p]\nX: data[N, p]\nv: data[N]\ne: positive[()]\nu = X @ a\ns = u @ u + e*(a @ a)\nL = (u @ v)/sqrt(s)",
        a=r"\frac{1}{\sqrt{s}} X^\top v - \frac{L}{s} (X^\top u + e a)",
    ),
}  # fmt: skip
