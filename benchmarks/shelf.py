"""Gradients of a shelf of textbooks and papers: Bayesian models, Boyd, Gaussian processes, trees of losses, values and policies, economics,
signals, graphs, diffusion, molecules.

Each right side was written from memory, as its book or paper has it, before ours was looked at.
"""

from benchmarks.book import Book, book

FEATURES = "X: data[N, d]\ny: data[N]\nw: parameter[d]\n"
KERNEL = "D: positive[N, N]\nG: data[N, N]\nl: parameter[()] & positive\n"

SHELF: dict[str, Book] = {
    # Bishop, Murphy
    "posterior of a linear model": book(
        FEATURES + "m: data[d]\nS: spd[d]\nb: positive[()]\nr = y - X @ w\nL = 0.5*b*(r @ r) + 0.5*((w - m) @ inv(S) @ (w - m))",
        w=r"S^{-1} (w - m) - b X^\top r",
    ),
    "posterior of a logistic model": book(
        "X: data[N, d]\nt: binary[N]\nw: parameter[d]\nm: data[d]\nS: spd[d]\ny = sigmoid(X @ w)\n"
        "L = 0.5*((w - m) @ inv(S) @ (w - m)) - sum(t*log(y) + (1 - t)*log(1 - y))",
        w=r"S^{-1} (w - m) + X^\top (y - t)",
    ),
    "mixture density, widths": book(
        "s: parameter[K]\nm: parameter[K]\nq: positive[K]\nt: data[()]\nz = (t - m)*exp(-s)\ng = softmax(log(q) - s - 0.5*z**2)\n"
        "L = -logsumexp(log(q) - s - 0.5*z**2)",
        s=r"g \odot (1 - z^{\odot 2})",
        m=r"-g \odot z \odot \exp(-s)",
    ),
    "expected complete likelihood": book(
        "M: parameter[K, d]\nX: data[N, d]\nR: positive[N, K]\nS: spd[d]\n"
        "L = 0.5*sum(R*sum((X[:, None, :] - M[None, :, :])*((X[:, None, :] - M[None, :, :]) @ inv(S)), axis=2))",
        M=r"(\operatorname{diag}(R^\top \mathbf{1}_N) M - R^\top X) S^{-1}",
    ),
    "mean field of a Gaussian": book(
        "m: parameter[d]\ns: parameter[d]\nA: symmetric[d]\nb: data[d]\na: data[d]\n"
        "L = 0.5*(m @ A @ m) - b @ m + 0.5*(a @ exp(s)) - 0.5*sum(s)",
        m="A m - b",
        s=r"\frac{1}{2} (a \odot \exp(s) - 1)",
    ),
    "counts with a Dirichlet prior": book(
        "e: parameter[K]\nc: data[K]\na: data[K]\nt = softmax(e)\nL = -sum((c + a - 1)*log(t))",
        e=r"\operatorname{sum}(c + a - 1) t - (c + a - 1)",
    ),
    "contrastive divergence": book(
        "W: parameter[m, n]\nb: parameter[m]\nv: data[m]\nh: data[n]\nu: data[m]\ng: data[n]\n"
        "L = u @ W @ g + b @ u - v @ W @ h - b @ v",
        W=r"u g^\top - v h^\top",
        b="u - v",
    ),
    # Goodfellow, Bengio and Courville
    "contractive autoencoder": book(
        "W: parameter[h, d]\nx: data[d]\nl: data[()]\na = sigmoid(W @ x)\nD = a*(1 - a)\ns = sum(W**2, axis=1)\nL = 0.5*l*sum(D**2*s)",
        W=r"l (\operatorname{diag}(D^{\odot 2}) W + (s \odot D^{\odot 2} \odot (1 - 2 a)) x^\top)",
    ),
    "sparse code with a Student prior": book(
        "h: parameter[k]\nW: parameter[d, k]\nx: data[d]\nl: data[()]\nr = W @ h - x\nL = 0.5*(r @ r) + 0.5*l*sum(log(1 + h**2))",
        h=r"W^\top r + l \frac{h}{1 + h^{\odot 2}}",
        W=r"r h^\top",
    ),
    "a layer of softplus": book(
        "W: parameter[h, d]\nV: parameter[c, h]\nx: data[d]\ny: data[c]\nz = W @ x\na = softplus(z)\nr = V @ a - y\nL = 0.5*(r @ r)",
        W=r"(V^\top r \odot \sigma(z)) x^\top",
        V=r"r a^\top",
    ),
    "two layers with decay": book(
        "W: parameter[h, d]\nV: parameter[c, h]\nx: data[d]\ny: data[c]\nl: data[()]\na = tanh(W @ x)\nr = V @ a - y\n"
        "L = 0.5*(r @ r) + 0.5*l*(sum(W**2) + sum(V**2))",
        V=r"r a^\top + l V",
        W=r"(V^\top r \odot (1 - a^{\odot 2})) x^\top + l W",
    ),
    # Boyd and Vandenberghe
    "maximum entropy with a penalty": book(
        "x: parameter[n] & positive\nA: data[m, n]\nb: data[m]\nq: data[()]\nr = A @ x - b\nL = sum(x*log(x)) + 0.5*q*(r @ r)",
        x=r"\log(x) + 1 + q A^\top r",
    ),
    "barrier of a cone": book(
        "x: parameter[n]\nt: parameter[()]\nu = t**2 - x @ x\nL = -log(u)", x=r"\frac{2}{u} x", t=r"-\frac{2 t}{u}"
    ),
    "squares outside a zone": book(
        "x: parameter[n]\nA: data[m, n]\nb: data[m]\na: positive[()]\nr = A @ x - b\nL = 0.5*sum(maximum(abs(r) - a, 0)**2)",
        x=r"A^\top (\operatorname{sign}(r) \odot \max(|r| - a, 0))",
    ),
    "ADMM of the lasso": book(
        "x: parameter[n]\nA: data[m, n]\nb: data[m]\nz: data[n]\nu: data[n]\nq: data[()]\n"
        "L = 0.5*sum((A @ x - b)**2) + 0.5*q*sum((x - z + u)**2)",
        x=r"A^\top (A x - b) + q (x - z + u)",
    ),
    "line search": book(
        "t: parameter[()]\nx: data[n]\nv: data[n]\nA: data[m, n]\nb: data[m]\nr = A @ (x + t*v) - b\nL = 0.5*(r @ r)",
        t=r"r^\top A v",
    ),
    "log tr exp X": book("X: parameter[n, n]\nS = expm(X)\ns = trace(S)\nL = log(s)", X=r"\frac{1}{s} S^\top"),
    # Rasmussen and Williams
    "rational quadratic": book(
        KERNEL + "a: positive[()]\nB = 1 + D/(2*a*l**2)\nK = B**(-a)\nL = sum(G*K)",
        l=r"\frac{1}{l^3} \operatorname{sum}(G \odot D \odot \frac{K}{B})",
    ),
    "a periodic kernel": book(
        KERNEL + "p: positive[()]\nS = sin(pi*D/p)**2\nK = exp(-2*S/l**2)\nL = sum(G*K)",
        l=r"\frac{4}{l^3} \operatorname{sum}(G \odot K \odot S)",
    ),
    "Laplace's objective": book(
        "f: parameter[N]\nK: spd[N]\ny: data[N]\nL = 0.5*(f @ inv(K) @ f) + sum(softplus(-y*f))",
        f=r"K^{-1} f - y \odot \sigma(-y \odot f)",
    ),
    "leaving one out": book(
        "y: parameter[N]\nK: spd[N]\nq = diag(inv(K))\na = inv(K) @ y\nL = 0.5*sum(a**2/q)", y=r"K^{-1} \frac{a}{q}"
    ),
    # Hastie, Tibshirani and Friedman
    "fused lasso": book(
        "b: parameter[n]\ny: data[n]\nD: data[m, n]\nl: data[()]\nL = 0.5*sum((b - y)**2) + l*sum(abs(D @ b))",
        b=r"b - y + l D^\top \operatorname{sign}(D b)",
    ),
    "elastic net, logistic": book(
        "X: data[N, d]\ny: binary[N]\nw: parameter[d]\nl: data[()]\na: data[()]\np = sigmoid(X @ w)\n"
        "L = -mean(y*log(p) + (1 - y)*log(1 - p)) + l*(a*sum(abs(w)) + 0.5*(1 - a)*sum(w**2))",
        w=r"\frac{1}{N} X^\top (p - y) + l (a \operatorname{sign}(w) + (1 - a) w)",
    ),
    "local linear regression": book(
        "a: parameter[()]\nb: parameter[()]\nx: data[N]\ny: data[N]\nk: positive[N]\nc: data[()]\nr = y - a - b*(x - c)\nL = 0.5*sum(k*r**2)",
        a=r"-k^\top r",
        b=r"-k^\top (r \odot (x - c))",
    ),
    # Reinforcement learning
    "actor and critic": book(
        "z: parameter[k]\na: labels[k]\nv: parameter[()]\nR: data[()]\nA: data[()]\nb: data[()]\np = softmax(z)\nH = -sum(p*log(p))\n"
        "L = -A*sum(a*log(p)) - b*H + 0.5*(R - v)**2",
        z=r"A (p - a) + b p \odot (\log(p) + H)",
        v="v - R",
    ),
    "dueling": book(
        "v: parameter[()]\na: parameter[k]\nt: data[k]\nq = v + a - mean(a)\nr = q - t\nL = 0.5*(r @ r)",
        v=r"\mathbf{1}_k^\top r",
        a=r"r - \operatorname{mean}(r)",
    ),
    "projected Bellman error": book(
        "w: parameter[d]\nA: data[d, d]\nb: data[d]\nC: spd[d]\ne = b - A @ w\nL = 0.5*(e @ inv(C) @ e)", w=r"-A^\top C^{-1} e"
    ),
    "successor features": book(
        "W: parameter[k, d]\nf: data[d]\ng: data[d]\nc: data[k]\ng_0: data[()]\ne = c + g_0*(W @ g) - W @ f\nL = 0.5*(e @ e)",
        W=r"e (g_0 g - f)^\top",
    ),
    "maximum entropy, inverse": book(
        "w: parameter[d]\nF: data[k, d]\nm: data[d]\np = softmax(F @ w)\nL = logsumexp(F @ w) - m @ w", w=r"F^\top p - m"
    ),
    # Econometrics
    "a spatial lag": book(
        "q: parameter[()]\nb: parameter[d]\nW: data[n, n]\nX: data[n, d]\ny: data[n]\nA = eye(n) - q*W\nr = A @ y - X @ b\n"
        "L = 0.5*(r @ r) - logdet(A)",
        q=r"\operatorname{tr}(A^{-1} W) - r^\top W y",
        b=r"-X^\top r",
    ),
    "a translog cost": book(
        "x: parameter[n] & positive\nB: symmetric[n]\na: data[n]\nu = log(x)\nL = a @ u + 0.5*(u @ B @ u)", x=r"\frac{a + B u}{x}"
    ),
    "Cobb and Douglas": book(
        "a: parameter[()]\nb: parameter[()]\nc: parameter[()]\nk: positive[N]\nl: positive[N]\ny: positive[N]\n"
        "r = log(y) - c - a*log(k) - b*log(l)\nL = 0.5*(r @ r)",
        a=r"-r^\top \log(k)",
        b=r"-r^\top \log(l)",
        c=r"-\mathbf{1}_N^\top r",
    ),
    "a stochastic frontier": book(
        "b: parameter[d]\nX: data[N, d]\ny: data[N]\nl: positive[()]\ne = y - X @ b\np = normal_cdf(-l*e)\nL = 0.5*(e @ e) - sum(log(p))",
        b=r"-X^\top (e + l \frac{\phi(l e)}{p})",
    ),
    # Signals
    "constant modulus": book("w: parameter[d]\nx: data[d]\ny = w @ x\nL = 0.25*(y**2 - 1)**2", w="y (y^2 - 1) x"),
    "phase retrieval": book(
        "x: parameter[n]\nA: data[m, n]\nb: data[m]\nz = A @ x\nr = z**2 - b\nL = 0.25*(r @ r)", x=r"A^\top (r \odot z)"
    ),
    "least variance without distortion": book(
        "w: parameter[n]\nR: spd[n]\na: data[n]\nc = w @ a\nq = w @ R @ w\nL = q/c**2", w=r"\frac{2}{c^2} (R w - \frac{q}{c} a)"
    ),
    "scale-invariant error": book("x: parameter[n]\ns: data[n]\na = (x @ s)/(s @ s)\ne = x - a*s\nL = 0.5*(e @ e)", x="e"),
    "a mask of a spectrum": book(
        "W: parameter[f, d]\nH: data[d, t]\nX: positive[f, t]\nS: positive[f, t]\nM = sigmoid(W @ H)\nE = M*X - S\nL = 0.5*sum(E**2)",
        W=r"(E \odot X \odot M \odot (1 - M)) H^\top",
    ),
    # Graphs
    "personalised PageRank": book(
        "s: parameter[n]\nA: data[n, n]\na: parameter[()]\ng: data[n]\nM = inv(eye(n) - a*A)\np = M @ s\nL = g @ p",
        s=r"M^\top g",
        a=r"g^\top M A p",
    ),
    "a filter of a graph": book(
        "a: parameter[()]\nb: parameter[()]\nx: data[n]\nA: data[n, n]\ny: data[n]\nr = a*x + b*(A @ x) - y\nL = 0.5*(r @ r)",
        a=r"r^\top x",
        b=r"r^\top A x",
    ),
    "deep graph infomax": book(
        "W: parameter[k, k]\nh: data[k]\ng: data[k]\ns: data[k]\np = sigmoid(h @ W @ s)\nq = sigmoid(g @ W @ s)\nL = -log(p) - log(1 - q)",
        W=r"(q g - (1 - p) h) s^\top",
    ),
    "predict, then propagate": book(
        "W: parameter[d, k]\nX: data[n, d]\nA: symmetric[n]\nY: data[n, k]\na: data[()]\nZ = X @ W\nR = (1 - a)*(A @ Z) + a*Z - Y\nL = 0.5*sum(R**2)",
        W=r"X^\top ((1 - a) A R + a R)",
    ),
    # Diffusion and flows
    "flow matching": book(
        "W: parameter[d, d]\nx: data[d]\ne: data[d]\nt: unit[()]\nz = (1 - t)*e + t*x\nr = W @ z - (x - e)\nL = 0.5*(r @ r)",
        W=r"r z^\top",
    ),
    "preconditioned denoiser": book(
        "W: parameter[d, d]\nx: data[d]\ny: data[d]\na: data[()]\nb: data[()]\nc: data[()]\nl: positive[()]\n"
        "D = a*x + b*(W @ (c*x))\nL = 0.5*l*sum((D - y)**2)",
        W=r"l b c (D - y) x^\top",
    ),
    "guidance": book(
        "u: parameter[d]\nv: parameter[d]\nw: data[()]\ne: data[d]\nr = (1 + w)*u - w*v - e\nL = 0.5*(r @ r)",
        u="(1 + w) r",
        v="-w r",
    ),
    # Molecules
    "Hartree and Fock": book(
        "C: parameter[n, k]\nH: symmetric[n]\nV: data[n, n]\nP = C @ C.T\nL = trace(H @ P) + 0.5*sum(V*P**2)",
        C=r"(2 H + V \odot P + V^\top \odot P) C",
    ),
    "exchange of a density": book(
        "p: parameter[n] & positive\nc: data[()]\nL = -c*sum(p**(4/3))", p=r"-\frac{4}{3} c p^{\odot 1/3}"
    ),
    "occupations": book(
        "f: parameter[n] & unit\ne: data[n]\nb: positive[()]\nL = e @ f + sum(f*log(f) + (1 - f)*log(1 - f))/b",
        f=r"e + \frac{1}{b} (\log(f) - \log(1 - f))",
    ),
    "a bond": book(
        "x: parameter[d]\ny: parameter[d]\nk: data[()]\nl: data[()]\nu = x - y\nr = sqrt(u @ u)\nL = 0.5*k*(r - l)**2",
        x=r"\frac{k (r - l)}{r} u",
        y=r"-\frac{k (r - l)}{r} u",
    ),
    "screened charges": book(
        "r: parameter[()] & positive\nk: positive[()]\nq: data[()]\nE = q*exp(-k*r)/r\nL = E", r=r"-E (k + \frac{1}{r})"
    ),
    "a spring that ends": book(
        "r: parameter[()] & positive\nR: positive[()]\nk: positive[()]\nL = -0.5*k*R**2*log(1 - (r/R)**2)",
        r=r"\frac{k r}{1 - (r/R)^2}",
    ),
    "a Slater determinant": book("A: parameter[n, n]\nL = -log(det(A)**2)", A=r"-2 A^{-\top}"),
}
