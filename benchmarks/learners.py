"""Gradients by hand of losses, layers, attention, policies, physics: each written as its paper has it before ours was looked at."""

from benchmarks.book import Book, book

TWO = "X: data[N, d]\nw: parameter[d]\ny: binary[N]\n"
ONE = "x: data[d]\n"
HEAD = "Q: parameter[T, d]\nK: parameter[S, d]\nV: parameter[S, e]\nG: data[T, e]\n"
ROWS = "X: data[N, d]\nY: labels[N, c]\nW: parameter[d, c]\n"

LEARNERS: dict[str, Book] = {
    # Losses
    "binary, as a branch": book(TWO + "p = sigmoid(X @ w)\nq = y*p + (1 - y)*(1 - p)\nL = -sum(log(q))", w=r"X^\top (p - y)"),
    "binary, by where": book(TWO + "p = sigmoid(X @ w)\nq = where(y == 1, p, 1 - p)\nL = -sum(log(q))", w=r"X^\top (p - y)"),
    "binary, a power": book(TWO + "p = sigmoid(X @ w)\nq = p**y*(1 - p)**(1 - y)\nL = -sum(log(q))", w=r"X^\top (p - y)"),
    "focal": book(
        TWO + "g: positive[()]\np = sigmoid(X @ w)\nq = y*p + (1 - y)*(1 - p)\nL = -sum((1 - q)**g*log(q))",
        w=r"X^\top ((1 - q)^{\odot g} \odot (2 y - 1) \odot (g q \odot \log(q) + q - 1))",
    ),
    "focal, balanced": book(
        "z: parameter[N]\ny: binary[N]\na: unit[()]\np = sigmoid(z)\nL = -sum(a*y*(1 - p)**2*log(p) + (1 - a)*(1 - y)*p**2*log(1 - p))",
        z=r"a y \odot (1 - p)^{\odot 2} \odot (2 p \odot \log(p) + p - 1)"
        r" - (1 - a) (1 - y) \odot p^{\odot 2} \odot (2 (1 - p) \odot \log(1 - p) - p)",
    ),
    "soft margin, mean": book("X: data[N, d]\nw: parameter[d]\ny: sign[N]\nm = y*(X @ w)\nL = mean(softplus(-m))", w=r"-\frac{1}{N} X^\top (y \odot \sigma(-m))"),
    "savage": book(
        "X: data[N, d]\nw: parameter[d]\ny: sign[N]\ns = sigmoid(-y*(X @ w))\nL = sum(s**2)", w=r"-2 X^\top (y \odot s^{\odot 2} \odot (1 - s))"
    ),
    "generalised cross-entropy": book(
        "z: parameter[c]\ny: labels[c]\nq: unit[()]\np = softmax(z)\nu = y @ p\nL = (1 - u**q)/q", z=r"-u^{q - 1} p \odot (y - u)"
    ),
    "poly-1": book(
        "z: parameter[c]\ny: labels[c]\ne: data[()]\np = softmax(z)\nu = y @ p\nL = -sum(y*log(p)) + e*(1 - u)", z=r"p - y + e p \odot (u - y)"
    ),
    "CosFace": book(
        "x: parameter[d]\nW: data[c, d]\ny: labels[c]\ns: positive[()]\nm: positive[()]\np = softmax(s*(W @ x - m*y))\nL = -sum(y*log(p))",
        x=r"s W^\top (p - y)",
    ),
    "uncertainty weights": book("s: parameter[k]\nl: positive[k]\nL = 0.5*sum(exp(-s)*l + s)", s=r"\frac{1}{2} (1 - \exp(-s) \odot l)"),
    "ListNet": book("s: parameter[n]\nq: labels[n]\np = softmax(s)\nL = -sum(q*log(p))", s="p - q"),
    "RankNet": book(
        "s: parameter[n]\nA: data[n, n]\nP = sigmoid(s[:, None] - s[None, :])\nL = -sum(A*log(P))",
        Q=r"A \odot (P - 1)", s=r"Q \mathbf{1}_n - Q^\top \mathbf{1}_n",
    ),
    "RankNet of a linear score": book(
        "X: data[n, d]\nw: parameter[d]\nA: data[n, n]\ns = X @ w\nP = sigmoid(s[:, None] - s[None, :])\nL = -sum(A*log(P))",
        Q=r"A \odot (P - 1)", w=r"X^\top (Q \mathbf{1}_n - Q^\top \mathbf{1}_n)",
    ),
    "ListMLE": book(
        "s: parameter[n]\nM: data[n, n]\ne = exp(s)\nc = M @ e\nL = sum(log(c) - s)", s=r"e \odot M^\top \frac{1}{c} - 1"
    ),
    "MoCo": book(
        "q: parameter[d]\nK: data[m, d]\ny: labels[m]\nt: positive[()]\np = softmax(K @ q/t)\nL = -sum(y*log(p))", q=r"\frac{1}{t} K^\top (p - y)"
    ),
    "N pairs": book(
        "f: parameter[d]\na: data[d]\nN: data[m, d]\nD = N - a\ne = exp(D @ f)\ns = 1 + sum(e)\nL = log(s)", f=r"\frac{1}{s} D^\top e"
    ),
    "large margin neighbours": book(
        "M: parameter[k, d]\nu: data[d]\nv: data[d]\np = M @ u\nq = M @ v\nh = 1 + p @ p - q @ q\nL = relu(h)",
        M=r"2 \mathbf{1}[h > 0] (p u^\top - q v^\top)",
    ),
    "center loss": book(
        "X: parameter[N, d]\nC: parameter[c, d]\nt: integers[N, c]\nD = X - C[t]\nL = 0.5*sum(D**2)",
        X="D", C=r"-\operatorname{onehot}(t)^\top D",
    ),
    "CBOW": book(
        "E: parameter[C, d]\nU: parameter[v, d]\ny: labels[v]\nh = mean(E, axis=0)\np = softmax(U @ h)\nL = -sum(y*log(p))",
        delta="p - y", U=r"\delta h^\top", E=r"\frac{1}{C} \mathbf{1}_C (U^\top \delta)^\top",
    ),
    "hierarchical softmax": book(
        "h: parameter[d]\nU: parameter[m, d]\ns: sign[m]\np = sigmoid(s*(U @ h))\nL = -sum(log(p))",
        delta=r"s \odot (p - 1)", h=r"U^\top \delta", U=r"\delta h^\top",
    ),
    "graph autoencoder": book(
        "Z: parameter[n, k]\nA: symmetric[n, n]\nP = sigmoid(Z @ Z.T)\nL = -sum(A*log(P) + (1 - A)*log(1 - P))", Z=r"2 (P - A) Z"
    ),
    "discriminator": book(
        "X: data[N, d]\nZ: data[N, d]\nw: parameter[d]\np = sigmoid(X @ w)\nq = sigmoid(Z @ w)\nL = -mean(log(p)) - mean(log(1 - q))",
        w=r"\frac{1}{N} (Z^\top q - X^\top (1 - p))",
    ),
    "generator": book(
        "z: data[k]\nW: parameter[d, k]\nw: data[d]\nx = tanh(W @ z)\np = sigmoid(w @ x)\nL = -log(p)",
        W=r"(p - 1) (w \odot (1 - x^{\odot 2})) z^\top",
    ),
    "least-squares GAN": book(
        "X: data[N, d]\nZ: data[N, d]\nw: parameter[d]\nL = 0.5*mean((X @ w - 1)**2) + 0.5*mean((Z @ w)**2)",
        w=r"\frac{1}{N} (X^\top (X w - 1) + Z^\top Z w)",
    ),
    "denoising scores": book(
        "X: data[N, d]\nE: data[N, d]\nW: parameter[d, d]\ns: positive[()]\nS = (X + s*E) @ W + E/s\nL = mean(sum(S**2, axis=1))",
        W=r"\frac{2}{N} (X + s E)^\top S",
    ),
    "noise prediction": book(
        "x: data[d]\ne: data[d]\na: unit[()]\nW: parameter[d, d]\nz = sqrt(a)*x + sqrt(1 - a)*e\nr = e - W @ z\nL = sum(r**2)", W=r"-2 r z^\top"
    ),
    "IPO": book(
        "w: parameter[()]\nl: parameter[()]\na: data[()]\nb: data[()]\nt: positive[()]\nh = (w - a) - (l - b)\ne = h - 1/(2*t)\nL = e**2",
        w="2 e", l="-2 e",
    ),
    "importance weighted bound": book(
        "l: parameter[K]\nL = -log(mean(exp(l)))", l=r"-\operatorname{softmax}(l)"
    ),
    "predictive coding, contrastive": book(
        "Z: data[m, k]\nW: parameter[k, d]\nc: data[d]\ny: labels[m]\np = softmax(Z @ W @ c)\nL = -sum(y*log(p))", W=r"Z^\top (p - y) c^\top"
    ),
    "off-diagonal covariance": book(
        "Z: parameter[N, d]\nX = Z - mean(Z, axis=0)\nC = X.T @ X/N\nE = C - diag(diag(C))\nL = sum(E**2)", Z=r"\frac{4}{N} X E"
    ),
    "variance hinge": book(
        "Z: parameter[N, d]\nX = Z - mean(Z, axis=0)\ns = sqrt(mean(X**2, axis=0) + 0.0001)\nL = sum(relu(1 - s))",
        Z=r"-\frac{1}{N} X \operatorname{diag}(\frac{\mathbf{1}[s < 1]}{s})",
    ),
    "soft F1": book(
        "p: parameter[n]\ny: data[n]\ns = sum(p) + sum(y)\nf = 2*(p @ y)/s\nL = 1 - f", p=r"\frac{1}{s} (f - 2 y)"
    ),
    "Bures": book("A: parameter[n, n] & spd\nR = sqrtm(A)\nL = trace(A) - 2*trace(R)", A=r"I_n - R^{-1}"),
    "symmetric InfoNCE, one side": book(
        "U: parameter[N, d]\nV: data[N, d]\nP = softmax(U @ V.T)\nL = -mean(log(diag(P)))", U=r"\frac{1}{N} (P - I_N) V"
    ),
    # Layers
    "graph isomorphism": book(
        "X: data[n, d]\nA: symmetric[n, n]\ne: parameter[()]\nW: parameter[d, h]\nG: data[n, h]\nZ = (1 + e)*X + A @ X\nH = relu(Z @ W)\nL = sum(G*H)",
        delta=r"G \odot \mathbf{1}[H > 0]", W=r"Z^\top \delta", e=r"\operatorname{sum}(\delta \odot X W)",
    ),
    "GraphSAGE": book(
        "x: data[d]\nN: data[m, d]\nA: parameter[h, d]\nB: parameter[h, d]\ng: data[h]\nu = mean(N, axis=0)\na = relu(A @ x + B @ u)\nL = g @ a",
        delta=r"g \odot \mathbf{1}[a > 0]", A=r"\delta x^\top", B=r"\delta u^\top",
    ),
    "simple graph convolution": book(
        "S: symmetric[n, n]\nX: data[n, d]\nW: parameter[d, c]\nY: labels[n, c]\nP = softmax(S @ S @ X @ W)\nL = -sum(Y*log(P))",
        W=r"X^\top S S (P - Y)",
    ),
    "unit rows": book(
        "X: parameter[N, d]\nG: data[N, d]\nr = sqrt(sum(X**2, axis=1))\nY = X/r[:, None]\nL = sum(G*Y)",
        X=r"\operatorname{diag}(\frac{1}{r}) (G - Y \odot \operatorname{rowsum}(G \odot Y))",
    ),
    "ScaleNorm": book(
        "x: parameter[d]\ng: parameter[()]\nc: data[d]\nr = sqrt(x @ x)\nu = x/r\nL = c @ (g*u)", g=r"c^\top u", x=r"\frac{g}{r} (c - g^{-1} L u)"
    ),
    "layer norm, rows": book(
        "X: parameter[N, d]\nG: data[N, d]\ng: parameter[d]\nb: parameter[d]\ne: positive[()]\nm = mean(X, axis=1)\n"
        "s = sqrt(mean((X - m[:, None])**2, axis=1) + e)\nH = (X - m[:, None])/s[:, None]\nY = H*g + b\nL = sum(G*Y)",
        g=r"(G \odot H)^\top \mathbf{1}_N", b=r"G^\top \mathbf{1}_N", D=r"G \operatorname{diag}(g)",
        X=r"\operatorname{diag}(\frac{1}{s}) (D - \operatorname{rowmean}(D) - H \odot \operatorname{rowmean}(D \odot H))",
    ),
    "instance norm": book(
        "X: parameter[N, C, T]\nG: data[N, C, T]\ne: positive[()]\nm = mean(X, axis=2)\ns = sqrt(mean((X - m[:, :, None])**2, axis=2) + e)\n"
        "H = (X - m[:, :, None])/s[:, :, None]\nL = sum(G*H)",
        X=r"\frac{\partial L}{\partial X_n} = \operatorname{diag}(\frac{1}{s_n}) (G_n - \operatorname{rowmean}(G_n) - H_n \odot \operatorname{rowmean}(G_n \odot H_n))",
    ),
    "capsule, squash": book(
        "s: parameter[d]\ng: data[d]\nq = s @ s\nv = sqrt(q)/(1 + q)*s\nL = g @ v",
        s=r"\frac{\sqrt{q}}{1 + q} g + \frac{1 - q}{q (1 + q)} L s",
    ),
    "maxout": book(
        "x: data[d]\nA: parameter[h, d]\nB: parameter[h, d]\ng: data[h]\nu = A @ x\nv = B @ x\nL = g @ maximum(u, v)",
        A=r"(g \odot \mathbf{1}[u > v]) x^\top", B=r"(g \odot \mathbf{1}[u < v]) x^\top",
    ),
    "mish": book(
        "z: parameter[n]\ng: data[n]\nt = tanh(softplus(z))\nL = g @ (z*t)", z=r"g \odot (t + z \odot (1 - t^{\odot 2}) \odot \operatorname{sigmoid}(z))"
    ),
    "peephole": book(
        "x: data[d]\nc: data[k]\nW: parameter[k, d]\np: parameter[k]\nq: data[k]\ng: data[k]\ni = sigmoid(W @ x + p*c)\nL = g @ (i*q)",
        delta=r"g \odot q \odot i \odot (1 - i)", W=r"\delta x^\top", p=r"\delta \odot c",
    ),
    "IndRNN": book(
        "x: data[d]\nh: data[k]\nW: parameter[k, d]\nu: parameter[k]\ng: data[k]\na = relu(W @ x + u*h)\nL = g @ a",
        delta=r"g \odot \mathbf{1}[a > 0]", W=r"\delta x^\top", u=r"\delta \odot h",
    ),
    "BatchEnsemble": book(
        "X: data[N, d]\nW: parameter[d, k]\nr: parameter[d]\ns: parameter[k]\nG: data[N, k]\nZ = (X*r) @ W\nL = sum(G*(Z*s))",
        s=r"(G \odot Z)^\top \mathbf{1}_N", W=r"\operatorname{diag}(r) X^\top G \operatorname{diag}(s)", r=r"\operatorname{rowsum}(X^\top G \odot W \operatorname{diag}(s))",
    ),
    "hypernetwork": book(
        "x: data[d]\nU: parameter[h, k]\nV: parameter[k, d]\nz: parameter[k]\ng: data[h]\nL = g @ (U @ diag(z) @ V @ x)",
        U=r"g (z \odot V x)^\top", z=r"U^\top g \odot V x", V=r"(z \odot U^\top g) x^\top",
    ),
    "neural tensor": book(
        "a: data[d]\nb: data[d]\nW: parameter[d, d]\nV: parameter[d]\nu: parameter[()]\nh = tanh(a @ W @ b + V @ a)\nL = u*h",
        u="h", delta=r"u (1 - h^2)", W=r"\delta a b^\top", V=r"\delta a",
    ),
    "Mixer, tokens": book(
        "X: data[T, d]\nW: parameter[h, T]\nV: parameter[T, h]\nG: data[T, d]\nA = relu(W @ X)\nY = X + V @ A\nL = sum(G*Y)",
        V=r"G A^\top", W=r"(V^\top G \odot \mathbf{1}[A > 0]) X^\top",
    ),
    "Siamese": book(
        "W: parameter[h, d]\nx: data[d]\ny: data[d]\na = tanh(W @ x)\nb = tanh(W @ y)\ne = a - b\nL = 0.5*(e @ e)",
        W=r"(e \odot (1 - a^{\odot 2})) x^\top - (e \odot (1 - b^{\odot 2})) y^\top",
    ),
    "dense connection": book(
        "x: data[d]\nW: parameter[h, d]\nA: parameter[c, d]\nB: parameter[c, h]\ng: data[c]\na = relu(W @ x)\nL = g @ (A @ x + B @ a)",
        A=r"g x^\top", B=r"g a^\top", W=r"(B^\top g \odot \mathbf{1}[a > 0]) x^\top",
    ),
    "adapter": book(
        "x: data[d]\nA: parameter[k, d]\nB: parameter[d, k]\ng: data[d]\nz = relu(A @ x)\ny = x + B @ z\nL = g @ y",
        B=r"g z^\top", A=r"(B^\top g \odot \mathbf{1}[z > 0]) x^\top",
    ),
    "VQ, codes": book(
        "Z: data[N, d]\nE: parameter[K, d]\nt: integers[N, K]\nD = Z - E[t]\nL = mean(sum(D**2, axis=1))", E=r"-\frac{2}{N} \operatorname{onehot}(t)^\top D"
    ),
    # Attention
    "multi-query": book(
        "Q: parameter[g, T, d]\nK: parameter[S, d]\nV: parameter[S, e]\nG: data[g, T, e]\nP = softmax(Q @ K.T)\nO = P @ V\nL = sum(G*O)",
        delta=r"\delta_g = P_g \odot (G_g V^\top - \operatorname{rowsum}(G_g \odot O_g))", Q=r"\frac{\partial L}{\partial Q_g} = \delta_g K", K=r"\sum_g \delta_g^\top Q_g", V=r"\sum_g P_g^\top G_g",
    ),
    "causal": book(
        HEAD.replace("S", "T") + "M: binary[T, T]\nP = softmax(where(M > 0, Q @ K.T/sqrt(d), -np.inf))\nO = P @ V\nL = sum(G*O)",
        V=r"P^\top G", delta=r"\frac{1}{\sqrt{d}} P \odot (G V^\top - \operatorname{rowsum}(G \odot O))", Q=r"\delta K", K=r"\delta^\top Q",
    ),
    "gated attention": book(
        HEAD + "Z: parameter[T, e]\nP = softmax(Q @ K.T)\nO = P @ V\na = sigmoid(Z)\nY = a*O\nL = sum(G*Y)",
        Z=r"G \odot Y \odot (1 - a)", D=r"G \odot a", V=r"P^\top D", delta=r"P \odot (D V^\top - \operatorname{rowsum}(D \odot O))", Q=r"\delta K", K=r"\delta^\top Q",
    ),
    "instances, pooled": book(
        "H: data[n, d]\nV: parameter[d, k]\nw: parameter[k]\ng: data[d]\nT = tanh(H @ V)\na = softmax(T @ w)\nz = a @ H\nL = g @ z",
        delta=r"a \odot (H g - L)", w=r"T^\top \delta", V=r"H^\top (\delta w^\top \odot (1 - T^{\odot 2}))",
    ),
    "pointer": book(
        "E: data[n, d]\nA: parameter[d, k]\nv: parameter[k]\nq: data[k]\ny: labels[n]\nT = tanh(E @ A + q)\np = softmax(T @ v)\nL = -sum(y*log(p))",
        delta="p - y", v=r"T^\top \delta", A=r"E^\top (\delta v^\top \odot (1 - T^{\odot 2}))",
    ),
    "memory read": book(
        "q: parameter[d]\nM: parameter[n, d]\nC: parameter[n, e]\ng: data[e]\np = softmax(M @ q)\no = C.T @ p\nL = g @ o",
        C=r"p g^\top", delta=r"p \odot (C g - L)", q=r"M^\top \delta", M=r"\delta q^\top",
    ),
    "rotary, one pair": book(
        "W: parameter[2, d]\nx: data[d]\nk: data[2]\nt: data[()]\nR: data[2, 2]\nq = R @ (W @ x)\np = sigmoid(q @ k)\nL = -log(p)",
        W=r"(p - 1) R^\top k x^\top",
    ),
    "cosine attention": book(
        "q: parameter[d]\nK: data[n, d]\nV: data[n, e]\ng: data[e]\ns: positive[()]\nr = sqrt(q @ q)\nu = q/r\np = softmax(s*(K @ u))\no = V.T @ p\nL = g @ o",
        D=r"s K^\top (p \odot (V g - L))", q=r"\frac{1}{r} (D - (u^\top D) u)",
    ),
    "self-attention, tied": book(
        "X: parameter[T, d]\nG: data[T, d]\nP = softmax(X @ X.T)\nO = P @ X\nL = sum(G*O)",
        delta=r"P \odot (G X^\top - \operatorname{rowsum}(G \odot O))", X=r"P^\top G + (\delta + \delta^\top) X",
    ),
    "sigmoid attention": book(
        HEAD + "P = sigmoid(Q @ K.T)\nO = P @ V\nL = sum(G*O)",
        V=r"P^\top G", delta=r"G V^\top \odot P \odot (1 - P)", Q=r"\delta K", K=r"\delta^\top Q",
    ),
    "linear attention, state": book(
        "k: parameter[d]\nv: parameter[e]\nq: parameter[d]\nS: data[e, d]\ng: data[e]\nA = S + outer(v, k)\no = A @ q\nL = g @ o",
        q=r"A^\top g", v=r"k^\top q g", k=r"g^\top v q",
    ),
    "delta rule": book(
        "k: data[d]\nv: data[e]\nb: parameter[()]\nS: parameter[e, d]\ng: data[e]\nq: data[d]\ne_t = v - S @ k\nA = S + b*outer(e_t, k)\nL = g @ (A @ q)",
        b=r"g^\top e_t k^\top q", S=r"g q^\top - b (k^\top q) g k^\top",
    ),
    # Policies
    "REINFORCE with a baseline": book(
        ROWS + "R: data[N]\nb: data[()]\nP = softmax(X @ W)\nL = -sum((R - b)*sum(Y*log(P), axis=1))", W=r"X^\top \operatorname{diag}(R - b) (P - Y)"
    ),
    "PPO, clipped": book(
        "l: parameter[N]\nq: data[N]\nA: data[N]\ne: unit[()]\nr = exp(l - q)\nL = -mean(minimum(r*A, clip(r, 1 - e, 1 + e)*A))",
        l=r"-\frac{1}{N} r \odot A \odot \mathbf{1}[r A \le \operatorname{clip}(r, 1 - e, 1 + e) A]",
    ),
    "Gaussian policy": book(
        "m: parameter[k]\ns: parameter[k] & positive\na: data[k]\nA: data[()]\nz = (a - m)/s\nL = A*sum(0.5*z**2 + log(s))",
        m=r"-A \frac{z}{s}", s=r"A \frac{1 - z^{\odot 2}}{s}",
    ),
    "advantage weighted": book(
        ROWS + "A: data[N]\nb: positive[()]\nv = exp(A/b)\nP = softmax(X @ W)\nL = -sum(v*sum(Y*log(P), axis=1))", W=r"X^\top \operatorname{diag}(v) (P - Y)"
    ),
    "conservative Q": book(
        "Q: parameter[N, k]\nY: labels[N, k]\na: positive[()]\nL = a*sum(logsumexp(Q, axis=1) - sum(Y*Q, axis=1))", Q=r"a (\operatorname{softmax}(Q) - Y)"
    ),
    "deterministic policy": book(
        "s: data[d]\nW: parameter[k, d]\nA: data[k, k]\nb: data[k]\nu = tanh(W @ s)\nL = -(u @ A @ u + b @ u)",
        W=r"-(((A + A^\top) u + b) \odot (1 - u^{\odot 2})) s^\top",
    ),
    "fitted Q": book(
        "X: data[N, d]\nw: parameter[d]\nZ: data[N, d]\nr: data[N]\nc: unit[()]\ne = r + c*(Z @ stop_gradient(w)) - X @ w\nL = 0.5*mean(e**2)", w=r"-\frac{1}{N} X^\top e"
    ),
    "residual gradient": book(
        "X: data[N, d]\nw: parameter[d]\nZ: data[N, d]\nr: data[N]\nc: unit[()]\ne = r + c*(Z @ w) - X @ w\nL = 0.5*sum(e**2)", w=r"(c Z - X)^\top e"
    ),
    "soft value": book(
        "z: parameter[k]\nq: data[k]\na: positive[()]\np = softmax(z)\nL = sum(p*(a*log(p) - q))", z=r"p \odot (a \log(p) - q - L)"
    ),
    # Physics
    "oscillator, residual": book(
        "u: parameter[n]\nD: data[m, n]\nA: data[m, n]\nk: parameter[()]\nr = D @ u + k*(A @ u)\nL = 0.5*(r @ r)",
        u=r"(D + k A)^\top r", k=r"u^\top A^\top r",
    ),
    "Dirichlet energy": book(
        "u: parameter[n]\nK: symmetric[n, n]\nf: data[n]\nL = 0.5*(u @ K @ u) - f @ u", u="K u - f"
    ),
    "Euler step": book(
        "W: parameter[d, d]\nx: data[d]\ny: data[d]\nt: positive[()]\na = tanh(W @ x)\nz = x + t*a\nr = z - y\nL = 0.5*(r @ r)",
        W=r"t (r \odot (1 - a^{\odot 2})) x^\top",
    ),
    "Lagrangian of a spring": book("q: parameter[n]\nv: parameter[n]\nM: symmetric[n, n]\nK: symmetric[n, n]\nL = 0.5*(v @ M @ v) - 0.5*(q @ K @ q)", q="-K q", v="M v"),
    "Gross-Pitaevskii": book(
        "u: parameter[n]\nK: symmetric[n, n]\nV: data[n]\ng: data[()]\nL = 0.5*(u @ K @ u) + 0.5*sum(V*u**2) + g/4*sum(u**4)",
        u=r"K u + V \odot u + g u^{\odot 3}",
    ),
    "assimilation": book(
        "x: parameter[n]\nB: spd[n, n]\nR: spd[m, m]\nH: data[m, n]\nb: data[n]\ny: data[m]\n"
        "L = 0.5*((x - b) @ inv(B) @ (x - b)) + 0.5*((y - H @ x) @ inv(R) @ (y - H @ x))",
        x=r"B^{-1} (x - b) - H^\top R^{-1} (y - H x)",
    ),
}  # fmt: skip
