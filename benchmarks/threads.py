"""Gradients that people ask for by a matrix: the rest of the Cookbook, models of low rank, kernels, graphs, preferences, words, ratings.

Each right side was written by hand, as the book or the answer has it, before ours was looked at.
"""

from benchmarks.book import Book, book

X_N = "X: parameter[n, n]\n"
X_MN = "X: parameter[m, n]\n"
RATINGS = "Y: data[m, n]\nM: binary[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\n"
DATA = "X: data[N, d]\n"

THREADS: dict[str, Book] = {
    # Traces, determinants, inverses
    "tr(AX^-1BX)": book(
        X_N + "A: data[n, n]\nB: data[n, n]\nL = trace(A @ inv(X) @ B @ X)",
        X=r"B^\top X^{-\top} A^\top - X^{-\top} A^\top X^\top B^\top X^{-\top}",
    ),
    "log det(A + XBX')": book(X_MN + "A: spd[m]\nB: spd[n]\nL = logdet(A + X @ B @ X.T)", X=r"2 (A + X B X^\top)^{-1} X B"),
    "det(A + X)": book(X_N + "A: data[n, n]\nL = det(A + X)", X=r"L (A + X)^{-\top}"),
    "det(X'X)": book(X_MN + "L = det(X.T @ X)", X=r"2 L X (X^\top X)^{-1}"),
    "a'(X'X)^-1 a": book(X_MN + "a: data[n]\nM = inv(X.T @ X)\nL = a @ M @ a", X=r"-2 X M a a^\top M"),
    "tr((B+X'CX)^-1 X'AX)": book(
        X_MN + "A: symmetric[m]\nC: spd[m]\nB: spd[n]\nM = inv(B + X.T @ C @ X)\nL = trace(M @ X.T @ A @ X)",
        X=r"2 A X M - 2 C X M X^\top A X M",
    ),
    "tr(AX^3)": book(X_N + "A: data[n, n]\nL = trace(A @ X @ X @ X)", X=r"(X X A + X A X + A X X)^\top"),
    "(Ax+b)'C(Dx+e)": book(
        "x: parameter[n]\nA: data[m, n]\nb: data[m]\nC: data[m, k]\nD: data[k, n]\ne: data[k]\nL = (A @ x + b) @ C @ (D @ x + e)",
        x=r"A^\top C (D x + e) + D^\top C^\top (A x + b)",
    ),
    "|AXB|": book(
        X_MN + "A: data[p, m]\nB: data[n, q]\nN = sqrt(sum((A @ X @ B)**2))\nL = N", X=r"\frac{1}{N} A^\top A X B B^\top"
    ),
    "|X|^4": book(X_MN + "s = sum(X**2)\nL = s**2", X="4 s X"),
    "tr kron(X, X)": book(X_N + "L = trace(kron(X, X))", X=r"2 \operatorname{tr}(X) I"),
    "kron(A, X) vec B": book(
        "A: data[p, q]\nX: parameter[m, n]\nb: data[q, n]\nc: data[p, m]\nL = sum(c * (A @ b @ X.T))", X=r"c^\top A b"
    ),
    "masked quadratic": book(X_MN + "A: data[m, n]\nB: symmetric[m]\nL = trace((A*X).T @ B @ (A*X))", X=r"2 A \odot B (A \odot X)"),
    "solve, both": book(
        "A: parameter[n, n]\nb: parameter[n]\nc: data[n]\nx = solve(A, b)\nL = c @ x", A=r"-A^{-\top} c x^\top", b=r"A^{-\top} c"
    ),
    "log det of an inverse": book(X_N + "A: spd[n]\nL = logdet(A + inv(X))", X=r"-X^{-\top} (A + X^{-1})^{-\top} X^{-\top}"),
    "whitening": book(DATA.replace("data", "parameter") + "C = X.T @ X/N - eye(d)\nL = 0.5*sum(C**2)", X=r"\frac{2}{N} X C"),
    "style transfer": book(
        "F: parameter[c, n]\nA: symmetric[c]\nD = F @ F.T - A\nL = sum(D**2)/(4*c**2*n**2)", F=r"\frac{1}{c^2 n^2} D F"
    ),
    "Kronecker of two, least squares": book(
        "X: parameter[m, n]\nA: data[p, m]\nB: data[q, n]\nC: data[p, q]\nR = A @ X @ B.T - C\nL = 0.5*sum(R**2)", X=r"A^\top R B"
    ),
    "acyclic": book("W: parameter[d, d]\nE = expm(W*W)\nL = trace(E) - d", W=r"2 W \odot E^\top"),
    # Low rank, ratings
    "masked factorisation": book(RATINGS + "R = M*(U @ V.T - Y)\nL = 0.5*sum(R**2)", U=r"R V", V=r"R^\top U"),
    "ratings with biases": book(
        RATINGS + "a: parameter[m]\nb: parameter[n]\nl: data[()]\nR = M*(U @ V.T + a[:, None] + b - Y)\n"
        "L = 0.5*sum(R**2) + 0.5*l*(sum(U**2) + sum(V**2) + sum(a**2) + sum(b**2))",
        U=r"R V + l U",
        V=r"R^\top U + l V",
        a=r"R \mathbf{1}_n + l a",
        b=r"R^\top \mathbf{1}_m + l b",
    ),
    "implicit feedback": book(
        "P: binary[m, n]\nC: positive[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nl: data[()]\nR = U @ V.T - P\n"
        "L = sum(C*R**2) + l*(sum(U**2) + sum(V**2))",
        U=r"2 ((C \odot R) V + l U)",
        V=r"2 ((C \odot R)^\top U + l V)",
    ),
    "Poisson factors": book(
        "Y: data[m, n]\nU: parameter[m, k] & positive\nV: parameter[n, k] & positive\nT = U @ V.T\nL = sum(T - Y*log(T))",
        G=r"1 - \frac{Y}{T}",
        U=r"G V",
        V=r"G^\top U",
    ),
    "Gaussian factors, natural": book(
        "Y: binary[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nS = U @ V.T\nP = sigmoid(S)\nL = sum(softplus(S) - Y*S)",
        U=r"(P - Y) V",
        V=r"(P - Y)^\top U",
    ),
    "NMF on a graph": book(
        "X: data[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nG: symmetric[n]\nl: data[()]\nR = U @ V.T - X\n"
        "L = sum(R**2) + l*trace(V.T @ G @ V)",
        U=r"2 R V",
        V=r"2 (R^\top U + l G V)",
    ),
    "SLIM": book(
        "A: data[m, n]\nW: parameter[n, n]\nb: data[()]\nL = 0.5*sum((A - A @ W)**2) + 0.5*b*sum(W**2)", W=r"A^\top (A W - A) + b W"
    ),
    "topics": book(
        "N: data[D, V]\nT: parameter[D, K] & positive\nB: parameter[K, V] & positive\nP = T @ B\nL = -sum(N*log(P))",
        Q=r"-\frac{N}{P}",
        T=r"Q B^\top",
        B=r"T^\top Q",
    ),
    "reduced rank": book(
        "X: data[N, d]\nY: data[N, c]\nA: parameter[d, k]\nB: parameter[k, c]\nR = X @ A @ B - Y\nL = 0.5*sum(R**2)",
        A=r"X^\top R B^\top",
        B=r"A^\top X^\top R",
    ),
    "tasks, a covariance": book(
        "W: parameter[d, c]\nS: parameter[c, c]\nX: data[N, d]\nY: data[N, c]\nL = 0.5*sum((X @ W - Y)**2) + 0.5*trace(W @ inv(S) @ W.T)",
        W=r"X^\top (X W - Y) + \frac{1}{2} W (S^{-1} + S^{-\top})",
        S=r"-\frac{1}{2} S^{-\top} W^\top W S^{-\top}",
    ),
    "factorisation machine, squared": book(
        "x: data[d]\ny: data[()]\nw: parameter[d]\nV: parameter[d, k]\nb: parameter[()]\ns = V.T @ x\n"
        "f = b + w @ x + 0.5*(s @ s - sum((V**2).T @ x**2))\nL = 0.5*(f - y)**2",
        delta="f - y",
        b=r"\delta",
        w=r"\delta x",
        V=r"\delta (x s^\top - \operatorname{diag}(x^{\odot 2}) V)",
    ),
    # Statistics
    "weighted ridge": book(
        DATA + "y: data[N]\nw: parameter[d]\nV: spd[N]\nl: data[()]\nr = X @ w - y\nL = 0.5*(r @ inv(V) @ r) + 0.5*l*(w @ w)",
        w=r"X^\top V^{-1} r + l w",
    ),
    "Gaussian, many": book(
        DATA + "m: parameter[d]\nS: spd[d]\nR = X - m\nL = 0.5*N*logdet(S) + 0.5*trace(R @ inv(S) @ R.T)",
        m=r"-S^{-1} R^\top \mathbf{1}_N",
        S=r"\frac{1}{2} (N S^{-1} - S^{-1} R^\top R S^{-1})",
    ),
    "graphical lasso": book(
        "T: spd[d]\nS: symmetric[d]\nl: data[()]\nL = trace(S @ T) - logdet(T) + l*sum(abs(T))",
        T=r"S - T^{-1} + l \operatorname{sign}(T)",
    ),
    "Student, a location": book(
        "x: data[d]\nm: parameter[d]\nS: spd[d]\nv: positive[()]\nq = (x - m) @ inv(S) @ (x - m)\nL = 0.5*(v + d)*log(1 + q/v)",
        m=r"-\frac{v + d}{v + q} S^{-1} (x - m)",
    ),
    "regression, correlated outputs": book(
        "X: data[N, d]\nY: data[N, c]\nB: parameter[d, c]\nS: spd[c]\nR = Y - X @ B\nL = 0.5*trace(R @ inv(S) @ R.T)",
        B=r"-X^\top R S^{-1}",
    ),
    "vector autoregression": book(
        "X: data[T, d]\nY: data[T, d]\nA: parameter[d, d]\nb: parameter[d]\nE = X @ A.T + b - Y\nL = 0.5*sum(E**2)",
        A=r"E^\top X",
        b=r"E^\top \mathbf{1}_T",
    ),
    "Cox, partial likelihood": book(
        "X: data[n, d]\nb: parameter[d]\nR: binary[n, n]\nd_i: binary[n]\nt = exp(X @ b)\ns = R @ t\nL = sum(d_i*(log(s) - X @ b))",
        b=r"X^\top (t \odot R^\top \frac{d_i}{s} - d_i)",
    ),
    "Plackett-Luce, features": book(
        "X: data[n, d]\nw: parameter[d]\nM: binary[n, n]\ne = exp(X @ w)\ns = M @ e\nL = sum(log(s)) - sum(X @ w)",
        w=r"X^\top (e \odot M^\top \frac{1}{s} - 1)",
    ),
    "Bradley-Terry, strengths": book(
        "p: parameter[n] & positive\nW: data[n, n]\nS = p[:, None] + p[None, :]\nL = sum(W*(log(S) - log(p)[:, None]))",
        p=r"\frac{W + W^\top}{S} \mathbf{1}_n - \frac{W \mathbf{1}_n}{p}",
    ),
    "Thurstone": book(
        "X: data[N, d]\nw: parameter[d]\nz = X @ w\nL = -sum(log(normal_cdf(z)))",
        w=r"-X^\top \frac{\phi(z)}{\Phi(z)}",
    ),
    "ordinal, one class": book(
        "f: parameter[N]\na: data[N]\nb: data[N]\np = sigmoid(b - f)\nq = sigmoid(a - f)\nL = -sum(log(p - q))", f="1 - p - q"
    ),
    "multi-label": book(
        "X: data[N, d]\nY: binary[N, c]\nW: parameter[d, c]\nb: parameter[c]\nP = sigmoid(X @ W + b)\nL = -mean(Y*log(P) + (1 - Y)*log(1 - P))",
        delta=r"\frac{1}{N c} (P - Y)",
        W=r"X^\top \delta",
        b=r"\delta^\top \mathbf{1}_N",
    ),
    "softmax, weighted and ridge": book(
        "X: data[N, d]\nY: labels[N, c]\nv: data[N]\nl: data[()]\nW: parameter[d, c]\nP = softmax(X @ W)\n"
        "L = -sum(v*sum(Y*log(P), axis=1)) + 0.5*l*sum(W**2)",
        W=r"X^\top \operatorname{diag}(v) (P - Y) + l W",
    ),
    "inverse Gaussian": book(
        DATA + "y: positive[N]\nw: parameter[d]\nm = exp(X @ w)\nL = sum((y - m)**2/(2*m**2*y))",
        w=r"-X^\top \frac{y - m}{m^{\odot 2}}",
    ),
    "inverse Gaussian, a mean": book(
        "m: parameter[n] & positive\ny: positive[n]\nL = sum((y - m)**2/(2*m**2*y))", m=r"\frac{m - y}{m^{\odot 3}}"
    ),
    # Words
    "GloVe, matrices": book(
        "F: data[n, n]\nK: data[n, n]\nW: parameter[n, k]\nC: parameter[n, k]\nb: parameter[n]\nc: parameter[n]\n"
        "E = W @ C.T + b[:, None] + c - K\nL = sum(F*E**2)",
        D=r"2 F \odot E",
        W=r"D C",
        C=r"D^\top W",
        b=r"D \mathbf{1}_n",
        c=r"D^\top \mathbf{1}_n",
    ),
    "skip-gram, negatives": book(
        "v: parameter[d]\nu: parameter[d]\nU: parameter[k, d]\np = sigmoid(u @ v)\nq = sigmoid(U @ v)\nL = -log(p) - sum(log(1 - q))",
        v=r"(p - 1) u + U^\top q",
        u=r"(p - 1) v",
        U=r"q v^\top",
    ),
    "bag of words, softmax": book(
        "C: data[m, d]\nU: parameter[V, d]\ny: labels[V]\nh = mean(C, axis=0)\np = softmax(U @ h)\nL = -sum(y*log(p))",
        U=r"(p - y) h^\top",
        h=r"U^\top (p - y)",
    ),
    # Kernels, graphs, distances
    "Laplacian eigenmaps": book(
        "W: symmetric[n]\ny: parameter[n]\nL = 0.5*sum(W*(y[:, None] - y[None, :])**2)",
        y=r"2 (\operatorname{diag}(W \mathbf{1}_n) - W) y",
    ),
    "squared stress": book(
        "X: parameter[n, d]\nT: symmetric[n]\nD = sum((X[:, None, :] - X[None, :, :])**2, axis=2)\nR = D - T\nL = sum(R**2)",
        X=r"8 (\operatorname{diag}(R \mathbf{1}_n) - R) X",
    ),
    "kernel density": book(
        "x: parameter[d]\nX: data[n, d]\nh: positive[()]\np = softmax(-sum((x - X)**2, axis=1)/(2*h**2))\n"
        "L = -logsumexp(-sum((x - X)**2, axis=1)/(2*h**2))",
        x=r"\frac{1}{h^2} (x - X^\top p)",
    ),
    "phases": book(
        "t: parameter[n]\nJ: data[n, n]\nD = t[:, None] - t[None, :]\nL = -sum(J*cos(D))",
        S=r"J \odot \sin(D)",
        t=r"S \mathbf{1}_n - S^\top \mathbf{1}_n",
    ),
    "HSIC, linear": book("X: parameter[n, d]\nM: symmetric[n]\nL = trace(X @ X.T @ M)", X="2 M X"),
    "normalised cut": book(
        "S: parameter[n, k]\nW: symmetric[n]\nD: spd[n]\nM = inv(S.T @ D @ S)\nL = trace(M @ S.T @ W @ S)",
        S=r"2 (W S M - D S M S^\top W S M)",
    ),
    "modularity": book(
        "S: parameter[n, k]\nA: symmetric[n]\nk_i: data[n]\nm: data[()]\nL = trace(S.T @ (A - outer(k_i, k_i)/(2*m)) @ S)/(2*m)",
        S=r"\frac{1}{m} (A S - \frac{1}{2 m} k_i k_i^\top S)",
    ),
    "maximum margin criterion": book(
        "W: parameter[d, k]\nB: symmetric[d]\nS: symmetric[d]\nL = trace(W.T @ (B - S) @ W)", W=r"2 (B - S) W"
    ),
    "triplet, a metric": book(
        "M: parameter[d, d]\nu: data[d]\nv: data[d]\nh = 1 + u @ M @ u - v @ M @ v\nL = relu(h)",
        M=r"\mathbf{1}[h > 0] (u u^\top - v v^\top)",
    ),
    "metric, pairs of a batch": book(
        "D: data[N, d]\ny: sign[N]\nA: parameter[k, d]\nb: parameter[()]\ns = sum((D @ A.T)**2, axis=1)\np = sigmoid(y*(b - s))\nL = -sum(log(p))",
        g=r"y \odot (1 - p)",
        A=r"2 A D^\top \operatorname{diag}(g) D",
        b=r"-g^\top \mathbf{1}_N",
    ),
    "transport, semi-dual": book(
        "g: parameter[n]\nC: data[m, n]\na: data[m]\nb: data[n]\ne: positive[()]\nP = softmax((g - C)/e)\n"
        "L = b @ g - e*sum(a*logsumexp((g - C)/e, axis=1))",
        g=r"b - P^\top a",
    ),
    "CCA, a trace": book(
        "A: parameter[p, k]\nB: parameter[q, k]\nC: data[p, q]\nS: symmetric[p]\nT: symmetric[q]\n"
        "L = trace(A.T @ C @ B) - 0.5*trace(A.T @ S @ A) - 0.5*trace(B.T @ T @ B)",
        A=r"C B - S A",
        B=r"C^\top A - T B",
    ),
    # Graphs of knowledge
    "TransH": book(
        "w: parameter[d]\nv: data[d]\nt: parameter[d]\ns = w @ v\ne = v - s*w + t\nL = e @ e", w=r"-2 (s e + (w^\top e) v)", t="2 e"
    ),
    "ComplEx": book(
        "a: parameter[d]\nb: parameter[d]\nr: data[d]\ns: data[d]\nu: data[d]\nv: data[d]\n"
        "L = sum(r*a*u) + sum(r*b*v) + sum(s*a*v) - sum(s*b*u)",
        a=r"r \odot u + s \odot v",
        b=r"r \odot v - s \odot u",
    ),
    # Decisions, risks, control
    "CVaR": book(
        "a: parameter[()]\nl: data[N]\nb: unit[()]\nL = a + mean(relu(l - a))/(1 - b)",
        a=r"1 - \frac{1}{N (1 - b)} \mathbf{1}_N^\top \mathbf{1}[l > a]",
    ),
    "Kelly": book(
        "w: parameter[n]\nR: positive[m, n]\np: data[m]\nv = R @ w\nL = -sum(p*log(1 + v))", w=r"-R^\top \frac{p}{1 + v}"
    ),
    "risk parity": book(
        "w: parameter[n]\nS: symmetric[n]\nc: data[()]\nm = S @ w\ne = w*m - c\nL = sum(e**2)", w=r"2 (e \odot m + S (w \odot e))"
    ),
    "a Lagrangian": book(
        "x: parameter[n]\nP: symmetric[n]\nq: data[n]\nA: data[m, n]\nb: data[m]\nl: parameter[m]\nL = 0.5*(x @ P @ x) + q @ x + l @ (A @ x - b)",
        x=r"P x + q + A^\top l",
        l="A x - b",
    ),
    "gradient penalty": book("g: parameter[d]\nr = sqrt(sum(g**2))\nL = (r - 1)**2", g=r"2 \frac{r - 1}{r} g"),
    "hypergradient": book(
        "X: data[N, d]\ny: data[N]\nA: data[M, d]\nb: data[M]\nl: parameter[()] & positive\nH = X.T @ X + l*eye(d)\nw = inv(H) @ X.T @ y\n"
        "r = A @ w - b\nL = 0.5*(r @ r)",
        l=r"-r^\top A H^{-1} w",
    ),
    "barrier of a linear matrix inequality": book(
        "x: parameter[k]\nA: symmetric[n]\nB: symmetric[n]\nt: parameter[()] & positive\nC: spd[n]\nS: spd[n]\nF = S + t*C\nL = -logdet(F)",
        t=r"-\operatorname{tr}(F^{-1} C)",
    ),
    "pairwise square of AUC": book(
        "s: parameter[p]\nt: parameter[q]\nE = 1 - s[:, None] + t\nL = sum(E**2)/(p*q)",
        s=r"-\frac{2}{p q} E \mathbf{1}_q",
        t=r"\frac{2}{p q} E^\top \mathbf{1}_p",
    ),
    "structural equations": book(
        "X: data[N, d]\nW: parameter[d, d]\nR = X - X @ W\nL = 0.5*sum(R**2)/N", W=r"-\frac{1}{N} X^\top R"
    ),
    "linear dynamics, two steps": book(
        "A: parameter[d, d]\nx: data[d]\ny: data[d]\nu = A @ x\ne = A @ u - y\nL = 0.5*(e @ e)", A=r"e u^\top + A^\top e x^\top"
    ),
}
