"""More gradients by hand, derived afresh after the box was built: matrix calculus, estimation, losses, layers, each of another kind."""

from benchmarks.book import REGRESSION, X_MN, X_N, Book, book

LATER: dict[str, Book] = {
    # Matrix calculus
    "x'A'Ax": book("x: parameter[n]\nA: data[m, n]\nL = x @ A.T @ A @ x", x=r"2 A^\top A x"),
    "tr(X'X)^2": book(X_MN + "L = trace(X.T @ X)**2", X=r"4 \lVert X \rVert^2 X"),
    "log tr": book(X_MN + "q = trace(X.T @ X)\nL = log(q)", X=r"\frac{2}{q} X"),
    "tr((X'X)^-1)": book(X_MN + "G = X.T @ X\nL = trace(inv(G))", X=r"-2 X G^{-1} G^{-1}"),
    "tr((X'CX)^-1 A)": book(
        "X: parameter[m, n]\nB: data[m, m]\nC = B @ B.T\nA: symmetric[n, n]\nG = X.T @ C @ X\nL = trace(inv(G) @ A)",
        X=r"-2 C X G^{-1} A G^{-1}",
    ),
    "trace ratio": book(
        "X: parameter[m, n]\nA: symmetric[m, m]\nB: symmetric[m, m]\np = trace(X.T @ A @ X)\nq = trace(X.T @ B @ X)\nL = p/q",
        X=r"\frac{2}{q} (A X - L B X)",
    ),
    "LDA": book(
        "W: parameter[d, k]\nS: spd[d, d]\nB: symmetric[d, d]\nG = W.T @ S @ W\nH = W.T @ B @ W\nL = trace(inv(G) @ H)",
        W=r"2 B W G^{-1} - 2 S W G^{-1} H G^{-1}",
    ),
    "x'x x": book("x: parameter[n]\nA: symmetric[n, n]\na: data[n]\nL = (a @ x)*(x @ A @ x)", x=r"x^\top A x a + 2 a^\top x A x"),
    "det squared": book(X_N + "d = det(X)\nL = d**2", X=r"2 d^2 X^{-\top}"),
    "log det XAX'": book("X: parameter[m, n]\nA: spd[n, n]\nM = X @ A @ X.T\nL = logdet(M)", X=r"2 M^{-1} X A"),
    "hadamard quadratic": book("x: parameter[n]\nA: symmetric[n, n]\nL = (x*x) @ A @ (x*x)", x=r"4 x \odot A x^{\odot 2}"),
    "diag product": book(
        "x: parameter[n]\nA: data[m, n]\nB: data[n, k]\nG: data[m, k]\nL = sum(G*(A @ diag(x) @ B))",
        x=r"\operatorname{diag}(A^\top G B^\top)",
    ),
    "commutator": book("X: parameter[n, n]\nA: data[n, n]\nC = A @ X - X @ A\nL = 0.5*sum(C**2)", X=r"A^\top C - C A^\top"),
    "Sylvester residual": book(
        "X: parameter[m, n]\nA: data[m, m]\nB: data[n, n]\nC: data[m, n]\nR = A @ X + X @ B - C\nL = 0.5*sum(R**2)",
        X=r"A^\top R + R B^\top",
    ),
    "orthogonality penalty": book("W: parameter[m, n]\nL = sum((W.T @ W - eye(n))**2)", W=r"4 W (W^\top W - I_n)"),
    "LQR, one step": book(
        "K: parameter[m, n]\nA: data[n, n]\nB: data[n, m]\nP: symmetric[n, n]\nR: symmetric[m, m]\nX: symmetric[n, n]\n"
        "M = A - B @ K\nL = trace((K.T @ R @ K + M.T @ P @ M) @ X)",
        K=r"2 (R K - B^\top P M) X",
    ),
    "Stiefel penalty": book(
        "X: parameter[n, p]\nA: symmetric[n, n]\nm: data[()]\nG = X.T @ X - eye(p)\nL = -0.5*trace(X.T @ A @ X) + m/4*sum(G**2)",
        X=r"m X G - A X",
    ),
    "kernel alignment": book("K: parameter[n, n]\nY: symmetric[n, n]\nr = sqrt(sum(K**2))\nc = sum(K*Y)/r\nL = c", K=r"\frac{1}{r} (Y - \frac{c}{r} K)"),
    "Kalman gain": book(
        "K: parameter[n, m]\nP: symmetric[n, n]\nH: data[m, n]\nR: symmetric[m, m]\nA = eye(n) - K @ H\n"
        "L = trace(A @ P @ A.T + K @ R @ K.T)",
        K=r"2 K R - 2 A P H^\top",
    ),
    "Wishart": book("S: parameter[n, n] & spd\nV: symmetric[n, n]\nk: data[()]\nL = trace(V @ S) - k*logdet(S)", S=r"V - k S^{-1}"),
    # Estimation
    "probit, many": book(
        "X: data[N, d]\ny: sign[N]\nw: parameter[d]\nz = y*(X @ w)\np = normal_cdf(z)\nL = -sum(log(p))",
        w=r"-X^\top (y \odot \frac{\phi(z)}{p})",
    ),
    "score matching": book(
        "m: parameter[n]\nx: data[n]\nl: parameter[()] & positive\ns = -l*(x - m)\nL = 0.5*sum(s**2) - n*l",
        m=r"l s", l=r"\frac{1}{l} \lVert s\rVert^2 - n",
    ),
    "KL of two Gaussians": book(
        "m: parameter[k]\ns: parameter[k] & positive\nu: data[k]\nt: data[k] & positive\n"
        "L = sum(log(t/s) + (s**2 + (m - u)**2)/(2*t**2) - 0.5)",
        m=r"\frac{m - u}{t^{\odot 2}}", s=r"\frac{s}{t^{\odot 2}} - \frac{1}{s}",
    ),
    "Gaussian, Cholesky precision": book(
        "A: parameter[n, n]\nm: parameter[n]\nx: data[n]\nz = A @ (x - m)\nL = 0.5*(z @ z) - logdet(A)",
        A=r"z (x - m)^\top - A^{-\top}", m=r"-A^\top z",
    ),
    "ELBO, reparametrised": book(
        "m: parameter[k]\ns: parameter[k]\nx: data[d]\ne: data[k]\nV: parameter[d, k]\nz = m + exp(s)*e\nr = V @ z - x\n"
        "L = 0.5*sum(r**2) + 0.5*sum(m**2 + exp(2*s) - 2*s - 1)",
        V=r"r z^\top", m=r"V^\top r + m", s=r"V^\top r \odot \exp(s) \odot e + \exp(2 s) - 1",
    ),
    "normalising flow, planar": book(
        "u: parameter[d]\nw: parameter[d]\nb: parameter[()]\nz: data[d]\nh = tanh(w @ z + b)\ny = z + u*h\n"
        "q = 1 + (1 - h**2)*(u @ w)\nL = 0.5*sum(y**2) - log(q)",
        u=r"h y - \frac{1}{q} (1 - h^2) w", b=r"(1 - h^2) (u^\top y + \frac{2}{q} h u^\top w)",
    ),
    "marginal likelihood, length": book(
        "D: data[n, n]\ny: data[n]\nl: parameter[()] & positive\nC: symmetric[n, n]\nK = l*C + eye(n)\na = inv(K) @ y\n"
        "L = 0.5*(y @ a) + 0.5*logdet(K)",
        l=r"0.5 (\operatorname{tr}(K^{-1} C) - a^\top C a)",
    ),
    "CCA, one pair": book(
        "u: parameter[p]\nv: parameter[q]\nC: data[p, q]\nA: symmetric[p, p]\nB: symmetric[q, q]\ns = sqrt(u @ A @ u)\n"
        "t = sqrt(v @ B @ v)\nr = (u @ C @ v)/(s*t)\nL = r",
        u=r"\frac{1}{s t} C v - \frac{r}{s^2} A u", v=r"\frac{1}{s t} C^\top u - \frac{r}{t^2} B v",
    ),
    "GMM, the weights": book(
        "a: parameter[K]\nl: data[N, K]\nS = a + l\nP = softmax(S)\np = softmax(a)\nL = -sum(logsumexp(S, axis=1)) + N*logsumexp(a)",
        a=r"N p - P^\top \mathbf{1}_N",
    ),
    "mixture density": book(
        "m: parameter[K]\na: parameter[K]\ns: positive[()]\ny: data[()]\nl = log_softmax(a)\np = softmax(a)\n"
        "e = l - (y - m)**2/(2*s**2)\nq = softmax(e)\nL = -logsumexp(e)",
        m=r"\frac{1}{s^2} q \odot (m - y)", a="p - q",
    ),
    "ICA": book("W: parameter[n, n]\nX: data[N, n]\nS = X @ W.T\nL = sum(log(cosh(S))) - N*logdet(W)", W=r"\tanh(S)^\top X - N W^{-\top}"),
    "item response": book(
        "t: parameter[n]\nb: parameter[m]\na: data[m]\nY: binary[n, m]\nP = sigmoid(a*(t[:, None] - b))\n"
        "L = -sum(Y*log(P) + (1 - Y)*log(1 - P))",
        t=r"(P - Y) a", b=r"-a \odot (P - Y)^\top \mathbf{1}_n",
    ),
    "Gamma regression": book(REGRESSION + "e = y*exp(-(X @ w))\nL = sum(e + X @ w)", w=r"X^\top (1 - e)"),
    "Tweedie": book(
        REGRESSION + "q: data[()]\nm = exp(X @ w)\nL = sum(-y*m**(1 - q)/(1 - q) + m**(2 - q)/(2 - q))",
        w=r"X^\top (m^{\odot (1 - q)} \odot (m - y))",
    ),
    "Cox, many": book(
        "b: parameter[d]\nX: data[n, d]\nM: data[n, n]\nt = exp(X @ b)\ns = M @ t\nL = sum(log(s) - X @ b)",
        b=r"X^\top (t \odot M^\top \frac{1}{s} - 1)",
    ),
    "ordinal, cumulative": book(
        "w: parameter[d]\nx: data[d]\nb: parameter[k]\ny: binary[k]\np = sigmoid(b - w @ x)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))",
        b="p - y", w=r"\mathbf{1}_k^\top (y - p) x",
    ),
    "RBM, free energy": book(
        "v: data[d]\nb: parameter[d]\nc: parameter[h]\nW: parameter[h, d]\nz = W @ v + c\np = sigmoid(z)\nL = -b @ v - sum(softplus(z))",
        b="-v", c="-p", W=r"-p v^\top",
    ),
    "IRLS Hessian product": book(
        "X: data[N, d]\nw: parameter[d]\nv: data[d]\ny: binary[N]\np = sigmoid(X @ w)\nL = (p - y) @ (X @ v)",
        w=r"X^\top (p \odot (1 - p) \odot X v)",
    ),
    "NMF, KL": book(
        "W: parameter[m, k] & positive\nH: parameter[k, n] & positive\nX: data[m, n]\nV = W @ H\nL = sum(V - X*log(V))",
        delta=r"1 - \frac{X}{V}", W=r"\delta H^\top", H=r"W^\top \delta",
    ),
    "neighbourhood components": book(
        "A: parameter[k, d]\nx: data[d]\nX: data[N, d]\ny: data[N]\nR = X - x\np = softmax(-sum((R @ A.T)**2, axis=1))\nL = y @ p",
        A=r"-2 A R^\top \operatorname{diag}(p \odot (y - L)) R",
    ),
    "factorisation machine": book(
        "x: data[d]\nw: parameter[d]\nV: parameter[d, k]\nt: data[()]\ns = V.T @ x\n"
        "y = w @ x + 0.5*(s @ s - sum((x**2) @ (V**2)))\nL = 0.5*(y - t)**2",
        delta="y - t", w=r"\delta x", V=r"\delta (x s^\top - \operatorname{diag}(x^{\odot 2}) V)",
    ),
    "soft cluster": book(
        "M: parameter[k, d]\nX: data[N, d]\nR = softmax(X @ M.T)\nE = R @ M - X\nL = 0.5*sum(E**2)",
        D=r"E M^\top", M=r"R^\top E + (R \odot (D - \operatorname{rowsum}(D \odot R)))^\top X",
    ),
    "total variation": book(
        "x: parameter[n]\ne: positive[()]\ny: data[n]\nl: data[()]\nD: data[m, n]\ns = sqrt((D @ x)**2 + e)\n"
        "L = 0.5*sum((x - y)**2) + l*sum(s)",
        x=r"x - y + l D^\top \frac{D x}{s}",
    ),
    "group lasso": book("W: parameter[g, d]\nl: data[()]\nr = sqrt(sum(W**2, axis=1))\nL = l*sum(r)", W=r"l \operatorname{diag}(\frac{1}{r}) W"),
    "graph Laplacian cut": book(
        "x: parameter[n]\nW: symmetric[n, n]\nL = 0.5*sum(W*(x[:, None] - x[None, :])**2)",
        x=r"2 (\operatorname{diag}(W \mathbf{1}_n) - W) x",
    ),
    # Losses
    "epsilon-insensitive": book(
        REGRESSION + "e: positive[()]\nr = X @ w - y\nL = sum(relu(abs(r) - e))",
        w=r"X^\top (\operatorname{sign}(r) \odot \mathbf{1}[\lvert r\rvert > e])",
    ),
    "multi-class hinge": book(
        "x: data[d]\nW: parameter[c, d]\nt: data[c]\ns = W @ x\nm = s - t @ s + 1 - t\nL = sum(relu(m))",
        W=r"(\mathbf{1}[m > 0] - \mathbf{1}_c^\top \mathbf{1}[m > 0] t) x^\top",
    ),
    "contrastive, pairs": book(
        "a: parameter[d]\nb: parameter[d]\ny: binary[()]\nm: data[()]\nD = sqrt(sum((a - b)**2))\n"
        "L = 0.5*y*D**2 + 0.5*(1 - y)*relu(m - D)**2",
        delta=r"(y - \frac{1 - y}{D} \operatorname{relu}(m - D)) (a - b)", a=r"\delta", b=r"-\delta",
    ),
    "Barlow Twins": book(
        "A: parameter[N, d]\nB: data[N, d]\nl: data[()]\nC = A.T @ B/N\nL = sum((1 - diag(C))**2) + l*(sum(C**2) - sum(diag(C)**2))",
        A=r"\frac{2}{N} B (l C^\top + \operatorname{diag}((1 - l) \operatorname{diag}(C) - 1))",
    ),
    "NT-Xent, normalised": book(
        "Z: parameter[n, d]\nt: positive[()]\nV: data[m, d]\nM: labels[n, m]\nr = sqrt(sum(Z**2, axis=1))\n"
        "U = Z/r[:, None]\nP = softmax(U @ V.T/t)\nL = -sum(M*log(P))/n",
        D=r"\frac{1}{n t} (P - M) V", Z=r"\operatorname{diag}(\frac{1}{r}) (D - U \odot \operatorname{rowsum}(D \odot U))",
    ),
    "entropy bonus": book(
        "z: parameter[c]\na: labels[c]\nb: data[()]\nA: data[()]\np = softmax(z)\nH = -sum(p*log(p))\nL = -A*sum(a*log(p)) - b*H",
        z=r"A (p - a) + b p \odot (\log(p) + H)",
    ),
    "Sinkhorn dual": book(
        "f: parameter[n]\ng: parameter[m]\nC: data[n, m]\na: data[n]\nb: data[m]\ne: positive[()]\n"
        "P = exp((f[:, None] + g[None, :] - C)/e)\nL = a @ f + b @ g - e*sum(P)",
        f=r"a - P \mathbf{1}_m", g=r"b - P^\top \mathbf{1}_n",
    ),
    "t-SNE, Student": book(
        "Y: parameter[n, d]\nP: symmetric[n, n]\nK = 1/(1 + sum((Y[:, None, :] - Y[None, :, :])**2, axis=2))\nL = -sum(P*log(K))",
        Y=r"4 (\operatorname{diag}((P \odot K) \mathbf{1}_n) - P \odot K) Y",
    ),
    "cosine embedding": book(
        "A: parameter[N, d]\nB: data[N, d]\na = sqrt(sum(A**2, axis=1))\nb = sqrt(sum(B**2, axis=1))\n"
        "c = sum(A*B, axis=1)/(a*b)\nL = mean(1 - c)",
        A=r"\frac{1}{N} (\operatorname{diag}(\frac{c}{a^{\odot 2}}) A - \operatorname{diag}(\frac{1}{a \odot b}) B)",
    ),
    "Tversky": book(
        "p: parameter[n]\ny: data[n]\na: data[()]\nb: data[()]\nI = p @ y\nD = I + a*(p @ (1 - y)) + b*((1 - p) @ y)\nL = 1 - I/D",
        p=r"\frac{1}{D} (\frac{I}{D} (y + a (1 - y) - b y) - y)",
    ),
    "quantile, two": book(
        "w: parameter[d]\nx: data[d]\ny: data[()]\nq: data[()]\nr = y - w @ x\nL = where(r > 0, q*r, (q - 1)*r)",
        w=r"-\begin{cases} q & \text{if } r > 0 \\ q - 1 & \text{otherwise} \end{cases} x",
    ),
    "unnamed length": book("x: parameter[n]\na: data[n]\nL = (a @ x)/sqrt(x @ x)", x=r"\frac{a}{\lVert x\rVert} - \frac{L}{\lVert x\rVert^2} x"),
    "unnamed two lengths": book(
        "x: parameter[n]\ny: parameter[n]\nL = (x @ y)/(sqrt(x @ x)*sqrt(y @ y))",
        x=r"\frac{y}{\lVert x\rVert \lVert y\rVert} - \frac{L}{\lVert x\rVert^2} x", y=r"\frac{x}{\lVert x\rVert \lVert y\rVert} - \frac{L}{\lVert y\rVert^2} y",
    ),
    "unnamed distances": book(
        "a: parameter[d]\np: parameter[d]\nn: parameter[d]\nL = sqrt(sum((a - p)**2)) - sqrt(sum((a - n)**2))",
        r=r"\lVert a - p\rVert", s=r"\lVert a - n\rVert", a=r"\frac{1}{r} (a - p) - \frac{1}{s} (a - n)", p=r"\frac{1}{r} (p - a)", n=r"\frac{1}{s} (a - n)",
    ),
    "perceptron": book("X: data[N, d]\ny: sign[N]\nw: parameter[d]\nm = y*(X @ w)\nL = sum(relu(-m))", w=r"-X^\top (y \odot \mathbf{1}[m < 0])"),
    "clip": book("x: parameter[n]\ng: data[n]\na: data[()]\nb: data[()]\nL = g @ clip(x, a, b)", x=r"g \odot \mathbf{1}[a \le x \le b]"),
    "soft Q": book(
        "Q: parameter[n, a]\nt: positive[()]\nd: data[n]\nV = t*logsumexp(Q/t, axis=1)\nP = softmax(Q/t)\nL = d @ V",
        Q=r"\operatorname{diag}(d) P",
    ),
    "RBF kernel regression": book(
        "c: parameter[d]\nX: data[N, d]\na: data[N]\ny: data[()]\nk = exp(-sum((X - c)**2, axis=1))\nr = a @ k - y\nL = 0.5*r**2",
        c=r"2 r (X - \mathbf{1}_N c^\top)^\top (a \odot k)",
    ),
    # Layers
    "group norm": book(
        "x: parameter[G, n]\ng: data[G, n]\ne: positive[()]\nm = mean(x, axis=1)\ns = sqrt(var(x, axis=1) + e)\n"
        "h = (x - m[:, None])/s[:, None]\nL = sum(g*h)",
        x=r"\operatorname{diag}(\frac{1}{s}) (g - \operatorname{rowmean}(g) - h \odot \operatorname{rowmean}(g \odot h))",
    ),
    "RMS norm, batch": book(
        "X: parameter[N, d]\nG: data[N, d]\ng: data[d]\ne: positive[()]\ns = sqrt(mean(X**2, axis=1) + e)\n"
        "H = X/s[:, None]\nL = sum(G*(g*H))",
        X=r"\operatorname{diag}(\frac{1}{s}) (G \operatorname{diag}(g) - H \odot \operatorname{rowmean}(G \operatorname{diag}(g) \odot H))",
    ),
    "weight norm, a layer": book(
        "V: parameter[k, d]\ng: parameter[k]\nx: data[d]\nc: data[k]\nr = sqrt(sum(V**2, axis=1))\nu = (V @ x)/r\nL = c @ (g*u)",
        g=r"c \odot u", V=r"\operatorname{diag}(\frac{c \odot g}{r}) (\mathbf{1}_k x^\top - \operatorname{diag}(\frac{u}{r}) V)",
    ),
    "spectral norm": book(
        "W: parameter[m, n]\nu: data[m]\nv: data[n]\nG: data[m, n]\ns = u @ W @ v\nH = W/s\nL = sum(G*H)",
        W=r"\frac{1}{s} (G - L u v^\top)",
    ),
    "SwiGLU, out": book(
        "x: data[d]\nA: parameter[h, d]\nB: parameter[h, d]\nC: parameter[k, h]\ny: data[k]\ng = silu(A @ x)\nu = B @ x\n"
        "a = g*u\nr = C @ a - y\nL = 0.5*sum(r**2)",
        C=r"r a^\top", B=r"(C^\top r \odot g) x^\top",
    ),
    "GeGLU": book(
        "x: data[d]\nA: parameter[h, d]\nB: parameter[h, d]\nc: data[h]\nz = A @ x\nu = B @ x\nL = c @ (gelu(z)*u)",
        A=r"(c \odot u \odot (\Phi(z) + z \odot \phi(z))) x^\top", B=r"(c \odot \operatorname{gelu}(z)) x^\top",
    ),
    "ALiBi": book(
        "Q: parameter[T, d]\nK: parameter[T, d]\nB: data[T, T]\nm: parameter[()]\nV: data[T, e]\nG: data[T, e]\n"
        "P = softmax(Q @ K.T + m*B)\nO = P @ V\nL = sum(G*O)",
        delta=r"P \odot (G V^\top - \operatorname{rowsum}(G \odot O))", Q=r"\delta K", K=r"\delta^\top Q", m=r"\operatorname{sum}(B \odot \delta)",
    ),
    "relative attention": book(
        "Q: parameter[T, d]\nK: data[T, d]\nR: parameter[T, d]\nV: data[T, e]\nG: data[T, e]\nP = softmax(Q @ (K + R).T)\n"
        "O = P @ V\nL = sum(G*O)",
        delta=r"P \odot (G V^\top - \operatorname{rowsum}(G \odot O))", Q=r"\delta (K + R)", R=r"\delta^\top Q",
    ),
    "GCN, two layers": book(
        "S: symmetric[n, n]\nX: data[n, d]\nW: parameter[d, h]\nV: parameter[h, c]\nY: labels[n, c]\nH = relu(S @ X @ W)\n"
        "P = softmax(S @ H @ V)\nL = -sum(Y*log(P))",
        delta=r"S (P - Y)", V=r"H^\top \delta", W=r"X^\top S (\delta V^\top \odot \mathbf{1}[H > 0])",
    ),
    "GAT scores": book(
        "H: data[n, d]\na: parameter[d]\nb: parameter[d]\nG: data[n, d]\nE = (H @ a)[:, None] + (H @ b)[None, :]\n"
        "P = softmax(leaky_relu(E, 0.2))\nO = P @ H\nL = sum(G*O)",
        delta=r"P \odot (G H^\top - \operatorname{rowsum}(G \odot O)) \odot (0.2 + 0.8 \mathbf{1}[E > 0])", a=r"H^\top \delta \mathbf{1}_n", b=r"H^\top \delta^\top \mathbf{1}_n",
    ),
    "MoE, top": book(
        "x: data[d]\nG: parameter[k, d]\nE: data[k, c]\ny: labels[c]\ng = softmax(G @ x)\nq = softmax(E.T @ g)\nL = -sum(y*log(q))",
        delta=r"E (q - y)", G=r"(g \odot (\delta - g^\top \delta)) x^\top",
    ),
    "squeeze": book(
        "X: parameter[T, d]\nW: data[d, d]\nG: data[T, d]\ns = mean(X, axis=0)\na = sigmoid(W @ s)\nL = sum(G*(X*a))",
        X=r"G \operatorname{diag}(a) + \frac{1}{T} \mathbf{1}_T (W^\top (a \odot (1 - a) \odot (G \odot X)^\top \mathbf{1}_T))^\top",
    ),
    "skip-gram softmax": book(
        "E: parameter[V, d]\nU: parameter[V, d]\nx: data[V]\ny: labels[V]\nh = E.T @ x\np = softmax(U @ h)\nL = -sum(y*log(p))",
        delta="p - y", U=r"\delta h^\top", E=r"x (U^\top \delta)^\top",
    ),
    "Luong attention": book(
        "h: parameter[d]\nH: data[T, e]\nW: parameter[d, e]\ng: data[e]\np = softmax(H @ W.T @ h)\nc = H.T @ p\nL = g @ c",
        delta=r"H^\top (p \odot (H g - L))", W=r"h \delta^\top", h=r"W \delta",
    ),
    "linear attention, normalised": book(
        "q: parameter[d]\nK: data[T, d]\nV: data[T, e]\ng: data[e]\ns = sum(K @ q)\no = (V.T @ (K @ q))/s\nL = g @ o",
        q=r"\frac{1}{s} K^\top (V g - L)",
    ),
    "Swish, a slope": book(
        "z: parameter[n]\nb: parameter[()]\ng: data[n]\ns = sigmoid(b*z)\nL = g @ (z*s)",
        z=r"g \odot s \odot (1 + b z \odot (1 - s))", b=r"g^\top (z^{\odot 2} \odot s \odot (1 - s))",
    ),
    "PReLU": book(
        "x: data[d]\nW: parameter[h, d]\na: parameter[()]\ng: data[h]\nz = W @ x\nL = g @ where(z > 0, z, a*z)",
        a=r"g^\top (z \odot \mathbf{1}[z \le 0])", W=r"(g \odot \begin{cases} 1 & \text{if } z > 0 \\ a & \text{otherwise} \end{cases}) x^\top",
    ),
    "cross network": book("x: data[d]\nw: parameter[d]\nb: parameter[d]\ng: data[d]\ny = x*(x @ w) + b + x\nL = g @ y", w=r"g^\top x x", b="g"),
}  # fmt: skip
