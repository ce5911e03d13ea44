"""Gradients that students, engineers and researchers ask for: preferences, experts, self-supervision, diffusion, graphs, tags, regressions,
physics, money, chemistry, signals, programmes.

Each right side was written by hand before ours was looked at.
"""

from benchmarks.book import Book, book

DESK: dict[str, Book] = {
    "DPO, log ratios": book(
        "pw: parameter[N]\npl: parameter[N]\nrw: data[N]\nrl: data[N]\nbeta: positive[()]\n"
        "m = beta*((pw - rw) - (pl - rl))\nL = -mean(log(sigmoid(m)))",
        pw=r"-\frac{\beta}{N} \sigma(-m)",
        pl=r"\frac{\beta}{N} \sigma(-m)",
    ),
    "IPO, a margin": book(
        "a: parameter[N]\nb: parameter[N]\nr: data[N]\ntau: positive[()]\nh = a - b - r\nL = mean((h - 1/(2*tau))**2)",
        a=r"\frac{2}{N} (h - \frac{1}{2 \tau})",
        b=r"-\frac{2}{N} (h - \frac{1}{2 \tau})",
    ),
    "KTO, what is liked": book(
        "r: parameter[N]\nz0: data[()]\nbeta: positive[()]\nlam: positive[()]\nv = sigmoid(beta*(r - z0))\nL = mean(lam*(1 - v))",
        r=r"-\frac{\lambda \beta}{N} v \odot (1 - v)",
    ),
    "ORPO": book(
        "a: parameter[()]\nlam: data[()]\nb: data[()]\no = log(a/(1 - a))\nL = -log(a) - lam*log(sigmoid(o - b))",
        a=r"-\frac{1}{a} - \lambda \frac{\sigma(b - o)}{a (1 - a)}",
    ),
    "leave one out, a policy": book(
        "l: parameter[K]\nR: data[K]\nb = (sum(R) - R)/(K - 1)\nA = R - b\nL = -mean(A*l)",
        l=r"-\frac{1}{K} A",
    ),
    "SigLIP, scale and shift": book(
        "Z: parameter[B, d]\nT: data[B, d]\nt: parameter[()]\nb: parameter[()]\nY: sign[B, B]\n"
        "S = t*(Z @ T.T) + b\nL = -sum(log(sigmoid(Y*S)))/B",
        Z=r"-\frac{t}{B} (Y \odot \sigma(-Y \odot S)) T",
        t=r"-\frac{1}{B} \langle Y \odot \sigma(-Y \odot S), Z T^\top\rangle",
        b=r"-\frac{1}{B} \operatorname{sum}(Y \odot \sigma(-Y \odot S))",
    ),
    "LoRA, scaled": book(
        "W: data[m, n]\nA: parameter[r, n]\nB: parameter[m, r]\nx: data[n]\nalpha: data[()]\ny: data[m]\n"
        "h = W @ x + (alpha/r)*(B @ (A @ x))\nL = 0.5*sum((h - y)**2)",
        A=r"\frac{\alpha}{r} B^\top (h - y) x^\top",
        B=r"\frac{\alpha}{r} (h - y) (A x)^\top",
    ),
    "DoRA, a row": book(
        "V: parameter[m]\nm_0: parameter[()]\ng: data[m]\nc = sqrt(sum(V**2))\nW = m_0*V/c\nL = g @ W",
        V=r"\frac{m_0}{c} (g - \frac{g^\top V}{c^2} V)",
        m_0=r"\frac{g^\top V}{c}",
    ),
    "RMS norm before SwiGLU": book(
        "x: parameter[d]\ng: parameter[d]\neps: positive[()]\nU: parameter[h, d]\nV: parameter[h, d]\n"
        "W: parameter[d, h]\nc: data[d]\ns = sqrt(mean(x**2) + eps)\nn = x/s\ny = g*n\na = U @ y\nb = V @ y\n"
        "L = c @ (W @ (silu(a)*b))",
        W=r"c (\operatorname{silu}(a) \odot b)^\top",
        delta=r"W^\top c",
        U=r"(\delta \odot b \odot \operatorname{silu}'(a)) y^\top",
        V=r"(\delta \odot \operatorname{silu}(a)) y^\top",
        dy=r"U^\top (\delta \odot b \odot \operatorname{silu}'(a)) + V^\top (\delta \odot \operatorname{silu}(a))",
        g=r"dy \odot n",
        x=r"\frac{1}{s} (g \odot dy - \operatorname{mean}(g \odot dy \odot n) n)",
    ),
    "turned queries and keys": book(
        "q: parameter[d]\nk: parameter[d]\nR: data[d, d]\nT: data[d, d]\ns: data[()]\n"
        "z = (R @ q) @ (T @ k)/sqrt(d)\nL = 0.5*(z - s)**2",
        q=r"\frac{z - s}{\sqrt{d}} R^\top T k",
        k=r"\frac{z - s}{\sqrt{d}} T^\top R q",
    ),
    "balance of experts": book(
        "G: parameter[T, E]\nf: data[E]\nP = softmax(G)\nm = mean(P, axis=0)\nL = E*sum(f*m)",
        G=r"\frac{E}{T} P \odot (\mathbf{1} f^\top - P f \mathbf{1}^\top)",
    ),
    "z loss of a router": book(
        "G: parameter[T, E]\nz = logsumexp(G, axis=1)\nL = mean(z**2)",
        G=r"\frac{2}{T} \operatorname{diag}(z) \operatorname{softmax}(G)",
    ),
    "soft router": book(
        "z: parameter[E]\nY: data[E, d]\ng: data[d]\np = softmax(z)\ny = p @ Y\nL = g @ y",
        z=r"p \odot (Y g - g^\top y)",
    ),
    "VICReg, variances": book(
        "Z: parameter[N, d]\neps: positive[()]\nU = Z - mean(Z, axis=0)\nv = sum(U**2, axis=0)/(N - 1)\n"
        "s = sqrt(v + eps)\nL = mean(maximum(0, 1 - s))",
        Z=r"-\frac{1}{d (N - 1)} U \operatorname{diag}(\frac{\mathbf{1}[s < 1]}{s})",
    ),
    "VICReg, covariances": book(
        "Z: parameter[N, d]\nU = Z - mean(Z, axis=0)\nC = U.T @ U/(N - 1)\nO = C*(1 - eye(d))\nL = sum(O**2)/d",
        Z=r"\frac{4}{d (N - 1)} U O",
    ),
    "Barlow Twins, weighted": book(
        "A: parameter[N, d]\nB: data[N, d]\nlam: data[()]\nC = A.T @ B/N\nM = eye(d) + lam*(1 - eye(d))\n"
        "L = sum(M*(C - eye(d))**2)",
        A=r"\frac{2}{N} B (M \odot (C - I))^\top",
    ),
    "BYOL": book(
        "p: parameter[d]\nz: data[d]\na = sqrt(sum(p**2))\nb = sqrt(sum(z**2))\nc = (p @ z)/(a*b)\nL = 2 - 2*c",
        p=r"\frac{2}{a} (c \frac{p}{a} - \frac{z}{b})",
    ),
    "SimCLR, scores": book(
        "z: parameter[K]\nt: labels[K]\ntau: positive[()]\np = softmax(z/tau)\nL = -sum(t*log(p))",
        z=r"\frac{1}{\tau} (p - t)",
    ),
    "uniformity on a sphere": book(
        "X: parameter[N, d]\nt: positive[()]\nD = sum((X[:, None, :] - X[None, :, :])**2, axis=2)\n"
        "K = exp(-t*D)\ns = sum(K)\nL = log(s)",
        X=r"-\frac{4 t}{s} (\operatorname{diag}(K \mathbf{1}) - K) X",
    ),
    "DDPM": book(
        "W: parameter[d, d]\nx0: data[d]\ne: data[d]\nab: unit[()]\nxt = sqrt(ab)*x0 + sqrt(1 - ab)*e\n"
        "r = e - W @ xt\nL = sum(r**2)",
        W=r"-2 r x_t^\top",
    ),
    "DDPM, the clean sample": book(
        "x0: parameter[d]\ne: data[d]\nW: data[d, d]\nab: unit[()]\nxt = sqrt(ab)*x0 + sqrt(1 - ab)*e\n"
        "r = e - W @ xt\nL = sum(r**2)",
        x0=r"-2 \sqrt{ab} W^\top r",
    ),
    "velocity prediction": book(
        "W: parameter[d, d]\nx: data[d]\ne: data[d]\na: data[()]\ns: data[()]\nz = a*x + s*e\nv = a*e - s*x\n"
        "r = W @ z - v\nL = mean(r**2)",
        W=r"\frac{2}{d} r z^\top",
    ),
    "denoising, weighted": book(
        "W: parameter[d, d]\nx: data[d]\ne: data[d]\ns: positive[()]\nz = x + s*e\nr = W @ z + e/s\nL = 0.5*s**2*sum(r**2)",
        W=r"s^2 r z^\top",
    ),
    "sliced scores": book(
        "W: parameter[d, d]\nx: data[d]\nv: data[d]\ns = W @ x\nL = v @ W @ v + 0.5*(v @ s)**2",
        W=r"v v^\top + (v^\top s) v x^\top",
    ),
    "rectified flow, a batch": book(
        "th: parameter[d, d]\nb: parameter[d]\nx0: data[N, d]\nx1: data[N, d]\nt: unit[N]\n"
        "xt = t[:, None]*x1 + (1 - t[:, None])*x0\nR = xt @ th.T + b - (x1 - x0)\nL = sum(R**2)/N",
        th=r"\frac{2}{N} R^\top x_t",
        b=r"\frac{2}{N} R^\top \mathbf{1}_N",
    ),
    "RealNVP": book(
        "x: data[d]\ns: parameter[d]\nt: parameter[d]\nz = x*exp(s) + t\nL = 0.5*sum(z**2) - sum(s)",
        s=r"z \odot x \odot \exp(s) - 1",
        t=r"z",
    ),
    "Glow": book(
        "W: parameter[c, c]\nX: data[N, c]\nZ = X @ W.T\nL = 0.5*sum(Z**2) - N*logdet(W)",
        W=r"Z^\top X - N W^{-\top}",
    ),
    "radial flow, log det": book(
        "a: parameter[()]\nb: parameter[()]\nr: positive[()]\nh = 1/(a + r)\nL = -log(1 + b*h)",
        a=r"\frac{b h^2}{1 + b h}",
        b=r"-\frac{h}{1 + b h}",
    ),
    "neural ODE, an Euler step": book(
        "W: parameter[d, d]\nx: data[d]\ny: data[d]\nh: data[()]\na = tanh(W @ x)\nz = x + h*a\nL = 0.5*sum((z - y)**2)",
        W=r"h ((z - y) \odot (1 - a^{\odot 2})) x^\top",
    ),
    "GCN, labels": book(
        "A: symmetric[n]\nX: data[n, d]\nW: parameter[d, c]\nY: labels[n, c]\nP = softmax(A @ X @ W)\nL = -sum(Y*log(P))",
        W=r"X^\top A (P - Y)",
    ),
    "SAGE, means": book(
        "W: parameter[k, d]\nV: parameter[k, d]\nx: data[d]\nN_x: data[m, d]\nb: data[k]\nm_x = mean(N_x, axis=0)\n"
        "z = W @ x + V @ m_x\nh = relu(z)\nL = 0.5*sum((h - b)**2)",
        W=r"((h - b) \odot \mathbf{1}[h > 0]) x^\top",
        V=r"((h - b) \odot \mathbf{1}[h > 0]) m_x^\top",
    ),
    "GIN, epsilon": book(
        "eps: parameter[()]\nX: data[n, d]\nA: data[n, n]\nW: parameter[d, k]\nY: data[n, k]\n"
        "M = (1 + eps)*X + A @ X\nR = M @ W - Y\nL = 0.5*sum(R**2)",
        eps=r"\langle R W^\top, X\rangle",
        W=r"M^\top R",
    ),
    "links of a graph": book(
        "Z: parameter[n, k]\nA: binary[n, n]\nP = sigmoid(Z @ Z.T)\nL = -sum(A*log(P) + (1 - A)*log(1 - P))",
        Z=r"(2 P - A - A^\top) Z",
    ),
    "labels on a graph": book(
        "f: parameter[n]\ny: data[n]\nW: symmetric[n]\nmu: data[()]\nD = diag(sum(W, axis=1))\n"
        "L = sum((f - y)**2) + mu*(f @ (D - W) @ f)",
        f=r"2 (f - y) + 2 \mu (D - W) f",
    ),
    "CRF of two tags": book(
        "u: parameter[K]\nv: parameter[K]\nT: parameter[K, K]\na: labels[K]\nb: labels[K]\n"
        "S = u[:, None] + T + v[None, :]\nZ = logsumexp(S)\nL = Z - (a @ u + a @ T @ b + b @ v)",
        P=r"\exp(S - Z)",
        u=r"P \mathbf{1} - a",
        v=r"P^\top \mathbf{1} - b",
        T=r"P - a b^\top",
    ),
    "forward pass of two steps": book(
        "p: parameter[K] & positive\nA: parameter[K, K] & positive\nb1: positive[K]\nb2: positive[K]\na1 = p*b1\n"
        "a2 = (A.T @ a1)*b2\ns = sum(a2)\nL = -log(s)",
        p=r"-\frac{1}{s} b_1 \odot A b_2",
        A=r"-\frac{1}{s} a_1 b_2^\top",
    ),
    "innovation, its likelihood": book(
        "F: spd[m]\nv: parameter[m]\nL = 0.5*logdet(F) + 0.5*(v @ inv(F) @ v)",
        v=r"F^{-1} v",
    ),
    "innovation, its covariance": book(
        "S: parameter[m, m]\nv: data[m]\nL = 0.5*logdet(S) + 0.5*(v @ inv(S) @ v)",
        S=r"\frac{1}{2} (S^{-\top} - S^{-\top} v v^\top S^{-\top})",
    ),
    "Cox, risk sets": book(
        "X: data[n, d]\nb: parameter[d]\ne = exp(X @ b)\nR: data[n, n]\nc: data[n]\ns = R @ e\nL = -sum(c*(X @ b - log(s)))",
        b=r"X^\top (e \odot R^\top \frac{c}{s} - c)",
    ),
    "ordinal, a middle class": book(
        "b: parameter[()]\nlo: data[()]\nhi: data[()]\np = sigmoid(hi - b) - sigmoid(lo - b)\nL = -log(p)",
        b=r"\frac{\sigma'(h_i - b) - \sigma'(l_o - b)}{p}",
    ),
    "Poisson with exposure": book(
        "X: data[N, d]\ny: data[N]\nw: parameter[d]\nt: positive[N]\nmu = t*exp(X @ w)\nL = sum(mu - y*log(mu))",
        w=r"X^\top (\mu - y)",
    ),
    "negative binomial, log link": book(
        "X: data[N, d]\ny: positive[N]\nw: parameter[d]\nr: positive[()]\nmu = exp(X @ w)\n"
        "L = sum((y + r)*log(r + mu) - y*log(mu))",
        w=r"X^\top (r \frac{\mu - y}{r + \mu})",
    ),
    "quantile regression": book(
        "X: data[N, d]\ny: data[N]\nw: parameter[d]\nq: unit[()]\nr = y - X @ w\nL = mean(maximum(q*r, (q - 1)*r))",
        w=r"\frac{1}{N} X^\top (\mathbf{1}[r < 0] - q)",
    ),
    "Tweedie, log link": book(
        "X: data[N, d]\ny: data[N]\nw: parameter[d]\np: data[()]\nmu = exp(X @ w)\n"
        "L = sum(mu**(2 - p)/(2 - p) - y*mu**(1 - p)/(1 - p))",
        w=r"X^\top (\mu^{2 - p} - y \odot \mu^{1 - p})",
    ),
    "Weibull, accelerated": book(
        "X: data[N, d]\nw: parameter[d]\ns: positive[()]\nt: positive[N]\nc: data[N]\nz = (log(t) - X @ w)/s\n"
        "L = sum(exp(z) - c*z)",
        w=r"\frac{1}{s} X^\top (c - \exp(z))",
    ),
    "gamma, log link": book(
        "X: data[N, d]\ny: data[N]\nw: parameter[d]\nmu = exp(X @ w)\nL = sum(log(mu) + y/mu)",
        w=r"X^\top (1 - \frac{y}{\mu})",
    ),
    "zeros, inflated": book(
        "l: parameter[()] & positive\np: unit[()]\nq = p + (1 - p)*exp(-l)\nL = -log(q)",
        l=r"\frac{(1 - p) \exp(-l)}{q}",
    ),
    "beta regression, a mean": book(
        "m: parameter[()] & unit\nf: positive[()]\ny: unit[()]\na = m*f\nb = (1 - m)*f\n"
        "L = gammaln(a) + gammaln(b) - (a - 1)*log(y) - (b - 1)*log(1 - y)",
        m=r"f (\psi(a) - \psi(b) - \log(y) + \log(1 - y))",
    ),
    "Huber by where": book(
        "X: data[N, d]\ny: data[N]\nw: parameter[d]\ndelta: positive[()]\nr = y - X @ w\n"
        "L = sum(where(abs(r) <= delta, 0.5*r**2, delta*(abs(r) - 0.5*delta)))",
        w=r"-X^\top \operatorname{clip}(r, -\delta, \delta)",
    ),
    "Tukey's biweight": book(
        "X: data[N, d]\ny: data[N]\nw: parameter[d]\nc: positive[()]\nr = y - X @ w\nu = 1 - (r/c)**2\n"
        "L = c**2/6*sum(where(abs(r) <= c, 1 - u**3, 1))",
        w=r"-X^\top (r \odot u^{\odot 2} \odot \mathbf{1}[|r| \le c])",
    ),
    "ridge, the error by the penalty": book(
        "a: parameter[()]\nX: data[N, d]\ny: data[N]\nA = X.T @ X + a*eye(d)\nb = solve(A, X.T @ y)\nL = 0.5*sum((y - X @ b)**2)",
        a=r"(y - X b)^\top X A^{-1} b",
    ),
    "James and Stein": book(
        "x: parameter[d]\nn = x @ x\nt = (1 - (d - 2)/n)*x\nc: data[d]\nL = c @ t",
        x=r"(1 - \frac{d - 2}{n}) c + \frac{2 (d - 2) c^\top x}{n^2} x",
    ),
    "EM, means": book(
        "m: parameter[K, d]\nX: data[N, d]\nR: positive[N, K]\nL = 0.5*sum(R*sum((X[:, None, :] - m[None, :, :])**2, axis=2))",
        m=r"\operatorname{diag}(R^\top \mathbf{1}) m - R^\top X",
    ),
    "factors with a penalty": book(
        "U: parameter[m, k]\nV: parameter[n, k]\nR: data[m, n]\nW: binary[m, n]\nlam: data[()]\n"
        "E = W*(R - U @ V.T)\nL = 0.5*sum(E**2) + 0.5*lam*(sum(U**2) + sum(V**2))",
        U=r"\lambda U - (W \odot E) V",
        V=r"\lambda V - (W \odot E)^\top U",
    ),
    "NMF, divergence": book(
        "W: parameter[m, k] & positive\nH: parameter[k, n] & positive\nV: positive[m, n]\nY = W @ H\nL = sum(Y - V*log(Y))",
        W=r"(1 - V/Y) H^\top",
        H=r"W^\top (1 - V/Y)",
    ),
    "PCA, a trace": book(
        "W: parameter[d, k]\nS: symmetric[d]\nL = -trace(W.T @ S @ W)",
        W=r"-2 S W",
    ),
    "Fisher, a direction": book(
        "w: parameter[d]\nB: symmetric[d]\nS: symmetric[d]\na = w @ B @ w\nb = w @ S @ w\nL = -a/b",
        w=r"\frac{2}{b} (\frac{a}{b} S w - B w)",
    ),
    "UMAP, attraction": book(
        "x: parameter[d]\ny: data[d]\na: positive[()]\nb: positive[()]\nD = sum((x - y)**2)\nq = 1/(1 + a*D**b)\nL = -log(q)",
        x=r"2 a b D^{b - 1} q (x - y)",
    ),
    "Sinkhorn, both potentials": book(
        "f: parameter[n]\ng: parameter[m]\nC: data[n, m]\na: data[n]\nb: data[m]\neps: positive[()]\n"
        "P = exp((f[:, None] + g[None, :] - C)/eps)\nL = eps*sum(P) - a @ f - b @ g",
        f=r"P \mathbf{1}_m - a",
        g=r"P^\top \mathbf{1}_n - b",
    ),
    "LQR, a gain": book(
        "K: parameter[m, n]\nA: data[n, n]\nB: data[n, m]\nQ: symmetric[n]\nR: symmetric[m]\nx: data[n]\n"
        "u = -K @ x\nz = A @ x + B @ u\nL = z @ Q @ z + u @ R @ u",
        K=r"-2 (B^\top Q z + R u) x^\top",
    ),
    "springs": book(
        "x: parameter[n]\nk: positive[m]\nD: data[m, n]\nl: data[m]\ne = D @ x - l\nL = 0.5*sum(k*e**2)",
        x=r"D^\top (k \odot e)",
    ),
    "Ising, mean field": book(
        "m: parameter[n]\nJ: symmetric[n]\nh: data[n]\nT: positive[()]\n"
        "L = -0.5*(m @ J @ m) - h @ m + T*sum((1 + m)/2*log((1 + m)/2) + (1 - m)/2*log((1 - m)/2))",
        m=r"\frac{T}{2} (\log(\frac{1 + m}{2}) - \log(\frac{1 - m}{2})) - J m - h",
    ),
    "Lennard-Jones, a distance": book(
        "r: parameter[()] & positive\nE: positive[()]\ns: positive[()]\nL = 4*E*((s/r)**12 - (s/r)**6)",
        r=r"\frac{24 E}{r} ((\frac{s}{r})^6 - 2 (\frac{s}{r})^{12})",
    ),
    "Coulomb": book(
        "x: parameter[d]\ny: parameter[d]\nq: data[()]\nu = x - y\nr = norm(u)\nL = q/r",
        x=r"-\frac{q}{r^3} u",
        y=r"\frac{q}{r^3} u",
    ),
    "PINN of decay": book(
        "w: parameter[h]\nv: parameter[h]\nt: data[()]\nu: data[()]\na = tanh(w*t)\ny = v @ a\n"
        "r = v @ ((1 - a**2)*w) + u*y\nL = 0.5*r**2",
        v=r"r ((1 - a^{\odot 2}) \odot w + u a)",
        w=r"r v \odot (1 - a^{\odot 2}) \odot (1 - 2 t a \odot w + u t)",
    ),
    "pendulum, Hamiltonian": book(
        "q: parameter[()]\np: parameter[()]\nm: positive[()]\nl: positive[()]\ng: positive[()]\n"
        "L = p**2/(2*m*l**2) + m*g*l*(1 - cos(q))",
        q=r"m g l \sin(q)",
        p=r"\frac{p}{m l^2}",
    ),
    "Kuramoto": book(
        "o: parameter[n]\nA: symmetric[n]\nL = -0.5*sum(A*cos(o[:, None] - o[None, :]))",
        o=r"\operatorname{rowsum}(A \odot \sin(o \mathbf{1}^\top - \mathbf{1} o^\top))",
    ),
    "Sharpe, weights": book(
        "w: parameter[n]\nm: data[n]\nS: spd[n]\na = w @ m\nb = sqrt(w @ S @ w)\nL = -a/b",
        w=r"\frac{a}{b^3} S w - \frac{m}{b}",
    ),
    "CVaR, scenarios": book(
        "w: parameter[n]\nv: parameter[()]\nR: data[N, n]\na: unit[()]\nl = -R @ w\nL = v + mean(maximum(l - v, 0))/(1 - a)",
        w=r"-\frac{1}{N (1 - a)} R^\top \mathbf{1}[l > v]",
        v=r"1 - \frac{1}{1 - a} \operatorname{mean}(\mathbf{1}[l > v])",
    ),
    "mean and variance with costs": book(
        "w: parameter[n]\nw0: data[n]\nm: data[n]\nS: symmetric[n]\ng: data[()]\nk: data[()]\n"
        "L = 0.5*g*(w @ S @ w) - m @ w + k*sum(abs(w - w0))",
        w=r"g S w - m + k \operatorname{sign}(w - w_0)",
    ),
    "a yield": book(
        "y: parameter[()]\nc: data[n]\nt: data[n]\nP = sum(c*exp(-y*t))\nq: data[()]\nL = 0.5*(P - q)**2",
        y=r"-(P - q) (c \odot t)^\top \exp(-y t)",
    ),
    "Arrhenius": book(
        "E: parameter[()]\nA: parameter[()]\nT: positive[N]\nk: data[N]\nR: positive[()]\nf = A*exp(-E/(R*T))\n"
        "r = f - k\nL = 0.5*sum(r**2)",
        E=r"-\frac{1}{R} r^\top \frac{f}{T}",
        A=r"r^\top \frac{f}{A}",
    ),
    "Hill": book(
        "K: parameter[()] & positive\nV: parameter[()]\nx: positive[N]\ny: data[N]\nn: data[()]\n"
        "s = x**n/(K**n + x**n)\nr = V*s - y\nL = 0.5*sum(r**2)",
        V=r"r^\top s",
        K=r"-\frac{V n}{K} r^\top (s \odot (1 - s))",
    ),
    "magnitudes of a spectrum": book(
        "x: parameter[n]\nC: data[m, n]\nS: data[m, n]\nb: data[m]\nu = C @ x\nv = S @ x\nm_0 = sqrt(u**2 + v**2)\n"
        "r = m_0 - b\nL = 0.5*sum(r**2)",
        x=r"C^\top (r \odot \frac{u}{m_0}) + S^\top (r \odot \frac{v}{m_0})",
    ),
    "a beam with a penalty": book(
        "w: parameter[n]\nR: symmetric[n]\na: data[n]\nmu: data[()]\nL = w @ R @ w + mu*(w @ a - 1)**2",
        w=r"2 R w + 2 \mu (w^\top a - 1) a",
    ),
    "SI-SDR": book(
        "x: parameter[n]\ns: data[n]\na = (x @ s)/(s @ s)\ne = x - a*s\nL = log(sum(e**2)) - log(sum((a*s)**2))",
        x=r"\frac{2 e}{\lVert e\rVert^2} - \frac{2 s}{x^\top s}",
    ),
    "LMS": book(
        "w: parameter[n]\nx: data[n]\nd: data[()]\ne = d - w @ x\nL = 0.5*e**2",
        w=r"-e x",
    ),
    "a filter by least squares": book(
        "h: parameter[k]\nX: data[N, k]\ny: data[N]\nlam: data[()]\nD: data[m, k]\n"
        "L = 0.5*sum((X @ h - y)**2) + 0.5*lam*sum((D @ h)**2)",
        h=r"X^\top (X h - y) + \lambda D^\top D h",
    ),
    "barrier of a linear programme": book(
        "x: parameter[n]\nc: data[n]\nA: data[m, n]\nb: data[m]\nt: positive[()]\ns = b - A @ x\nL = t*(c @ x) - sum(log(s))",
        x=r"t c + A^\top \frac{1}{s}",
    ),
    "augmented Lagrangian of a quadratic": book(
        "x: parameter[n]\nl: parameter[m]\nA: data[m, n]\nb: data[m]\nQ: symmetric[n]\nrho: positive[()]\n"
        "h = A @ x - b\nL = 0.5*(x @ Q @ x) + l @ h + 0.5*rho*(h @ h)",
        x=r"Q x + A^\top (l + \rho h)",
        l=r"h",
    ),
    "barrier of a semidefinite programme": book(
        "X: parameter[n, n]\nC: symmetric[n]\nmu: positive[()]\nL = trace(C @ X) - mu*logdet(X)",
        X=r"C - \mu X^{-\top}",
    ),
    "mirror descent": book(
        "x: parameter[n] & positive\nc: data[n]\neta: positive[()]\ny: positive[n]\nL = c @ x + sum(x*log(x/y) - x + y)/eta",
        x=r"c + \frac{1}{\eta} \log(\frac{x}{y})",
    ),
    "cross attention, projections": book(
        "X: data[T, d]\nM: data[S, d]\nW_q: parameter[d, k]\nW_k: parameter[d, k]\nW_v: parameter[d, e]\n"
        "G: data[T, e]\nQ = X @ W_q\nK = M @ W_k\nV = M @ W_v\nP = softmax(Q @ K.T/sqrt(k))\nO = P @ V\n"
        "L = sum(G*O)",
        D=r"\frac{1}{\sqrt{k}} P \odot (G V^\top - \operatorname{rowsum}(O \odot G))",
        W_q=r"X^\top D K",
        W_k=r"M^\top D^\top Q",
        W_v=r"M^\top P^\top G",
    ),
    "VAE, all of it": book(
        "x: binary[d]\ne: data[k]\nA: parameter[k, d]\nB: parameter[k, d]\nD: parameter[d, k]\nm = A @ x\n"
        "s = B @ x\nz = m + exp(s/2)*e\np = sigmoid(D @ z)\n"
        "L = -sum(x*log(p) + (1 - x)*log(1 - p)) + 0.5*sum(exp(s) + m**2 - 1 - s)",
        D=r"(p - x) z^\top",
        A=r"(D^\top (p - x) + m) x^\top",
        B=r"\frac{1}{2} (D^\top (p - x) \odot e \odot \exp(\frac{s}{2}) + \exp(s) - 1) x^\top",
    ),
    "GAN, a linear critic": book(
        "x: data[N, d]\nz: data[N, d]\nw: parameter[d]\nb: parameter[()]\np = sigmoid(x @ w + b)\n"
        "q = sigmoid(z @ w + b)\nL = -mean(log(p)) - mean(log(1 - q))",
        w=r"\frac{1}{N} (z^\top q - x^\top (1 - p))",
        b=r"\operatorname{mean}(q) + \operatorname{mean}(p) - 1",
    ),
    "WGAN, a linear critic": book(
        "w: parameter[d]\nx: data[N, d]\ny: data[N, d]\nlam: data[()]\nn = sqrt(w @ w)\n"
        "L = mean(y @ w) - mean(x @ w) + lam*(n - 1)**2",
        w=r"\frac{1}{N} (y - x)^\top \mathbf{1}_N + 2 \lambda (n - 1) \frac{w}{n}",
    ),
    "triplets, a batch": book(
        "A: parameter[N, d]\nP: data[N, d]\nQ: data[N, d]\nm: data[()]\nu = sum((A - P)**2, axis=1)\n"
        "v = sum((A - Q)**2, axis=1)\nL = mean(maximum(u - v + m, 0))",
        A=r"\frac{2}{N} \operatorname{diag}(\mathbf{1}[u - v + m > 0]) (Q - P)",
    ),
    "normalised classes": book(
        "W: parameter[c, d]\nx: data[d]\nt: labels[c]\ns: data[()]\nn = sqrt(sum(W**2, axis=1))\nz = s*(W @ x)/n\n"
        "p = softmax(z)\nL = -sum(t*log(p))",
        W=r"s \operatorname{diag}(\frac{p - t}{n}) (\mathbf{1} x^\top - \operatorname{diag}(\frac{W x}{n^2}) W)",
    ),
    "recurrent, two steps": book(
        "x_1: data[d]\nx_2: data[d]\nU: parameter[h, d]\nW: parameter[h, h]\nV: parameter[c, h]\nt: labels[c]\n"
        "h_1 = tanh(U @ x_1)\nh_2 = tanh(U @ x_2 + W @ h_1)\np = softmax(V @ h_2)\nL = -sum(t*log(p))",
        V=r"(p - t) h_2^\top",
        d_2=r"V^\top (p - t) \odot (1 - h_2^{\odot 2})",
        d_1=r"W^\top d_2 \odot (1 - h_1^{\odot 2})",
        W=r"d_2 h_1^\top",
        U=r"d_2 x_2^\top + d_1 x_1^\top",
    ),
    "GRU, candidate": book(
        "x: data[d]\nh: data[k]\ng: data[k]\nW_z: parameter[k, d]\nW_r: parameter[k, d]\nW_h: parameter[k, d]\n"
        "U: parameter[k, k]\nz = sigmoid(W_z @ x)\nr = sigmoid(W_r @ x)\nc = tanh(W_h @ x + U @ (r*h))\n"
        "n = (1 - z)*h + z*c\nL = g @ n",
        W_z=r"(g \odot (c - h) \odot z \odot (1 - z)) x^\top",
        D=r"g \odot z \odot (1 - c^{\odot 2})",
        W_h=r"D x^\top",
        U=r"D (r \odot h)^\top",
        W_r=r"(U^\top D \odot h \odot r \odot (1 - r)) x^\top",
    ),
    "state space, two steps": book(
        "a: parameter[n]\nB: parameter[n, d]\nc: parameter[n]\nx_1: data[d]\nx_2: data[d]\ny: data[()]\n"
        "h_1 = B @ x_1\nh_2 = a*h_1 + B @ x_2\nr = c @ h_2 - y\nL = 0.5*r**2",
        c=r"r h_2",
        a=r"r c \odot h_1",
        B=r"r (c x_2^\top + (a \odot c) x_1^\top)",
    ),
    "log spectrum": book(
        "x: parameter[n]\nF: data[n, n]\nG: data[n, n]\np: data[n]\na = F @ x\nb = G @ x\nE = a**2 + b**2\n"
        "L = sum((log(E) - p)**2)",
        x=r"4 (F^\top \frac{(\log(E) - p) \odot a}{E} + G^\top \frac{(\log(E) - p) \odot b}{E})",
    ),
    "whitening, a penalty": book(
        "W: parameter[d, d]\nS: spd[d]\nC = W @ S @ W.T\nL = sum((C - eye(d))**2)",
        W=r"4 (C - I) W S",
    ),
    "DeepWalk": book(
        "u: parameter[d]\nv: parameter[d]\nN: parameter[k, d]\nL = -log(sigmoid(u @ v)) - sum(log(sigmoid(-N @ u)))",
        u=r"\sigma(-u^\top v) v \cdot (-1) + N^\top \sigma(N u)",
        v=r"-\sigma(-u^\top v) u",
        N=r"\sigma(N u) u^\top",
    ),
    "log probabilities": book(
        "z: parameter[T, K]\nE: data[T, K]\np = log(softmax(z))\nL = -sum(E*p)",
        z=r"\operatorname{diag}(E 1) softmax(z) - E",
    ),
    "label smoothing, scores": book(
        "z: parameter[k]\nt: labels[k]\ne: data[()]\nq = (1 - e)*t + e/k\np = softmax(z)\nL = -sum(q*log(p))",
        z=r"p - q",
    ),
    "distillation, mixed": book(
        "z: parameter[k]\nt: labels[k]\nq: labels[k]\nT: positive[()]\na: data[()]\np = softmax(z)\n"
        "s = softmax(z/T)\nL = -a*sum(t*log(p)) - (1 - a)*T**2*sum(q*log(s))",
        z=r"a (p - t) + (1 - a) T (s - q)",
    ),
    "focal, binary": book(
        "z: parameter[N]\ny: binary[N]\ng: positive[()]\np = sigmoid(z)\nL = -sum(y*(1 - p)**g*log(p) + (1 - y)*p**g*log(1 - p))",
        z=r"y \odot (1 - p)^g \odot (g p \odot \log(p) - (1 - p)) + (1 - y) \odot p^g \odot (p - g (1 - p) \odot \log(1 - p))",
    ),
    "Dice, logits": book(
        "z: parameter[N]\ny: binary[N]\np = sigmoid(z)\nD = sum(p) + sum(y)\nI_0 = p @ y\nL = 1 - 2*I_0/D",
        z=r"\frac{2}{D} (\frac{I_0}{D} - y) \odot p \odot (1 - p)",
    ),
    "DDPG, quadratic": book(
        "W: parameter[a, s]\nx: data[s]\nM: data[a, a]\nb: data[a]\nu = tanh(W @ x)\nL = -(b @ u - 0.5*(u @ M @ u))",
        W=r"((\frac{1}{2} (M + M^\top) u - b) \odot (1 - u^{\odot 2})) x^\top",
    ),
    "item response, two parameters": book(
        "t: parameter[N]\na: parameter[J]\nb: parameter[J]\nY: binary[N, J]\nP = sigmoid(a*(t[:, None] - b))\n"
        "L = -sum(Y*log(P) + (1 - Y)*log(1 - P))",
        t=r"(P - Y) a",
        b=r"-a \odot (P - Y)^\top 1",
        a=r"(P - Y)^\top t - b \odot (P - Y)^\top 1",
    ),
    "GARCH, a step": book(
        "w: parameter[()]\na: parameter[()]\nb: parameter[()]\ne: data[()]\nh: positive[()]\nr: data[()]\n"
        "v = w + a*e**2 + b*h\nL = 0.5*(log(v) + r**2/v)",
        d=r"\frac{v - r^2}{2 v^2}",
        w=r"d",
        a=r"d e^2",
        b=r"d h",
    ),
    "growth of a portfolio": book(
        "z: parameter[n]\nR: data[N, n]\nw = softmax(z)\ng = 1 + R @ w\nL = -mean(log(g))",
        z=r"-\frac{1}{N} w \odot (R^\top \frac{1}{g} - w^\top R^\top \frac{1}{g})",
    ),
    "double pendulum": book(
        "a: parameter[()]\nb: parameter[()]\np: parameter[()]\nq: parameter[()]\n"
        "L = 0.5*p**2 + 0.5*q**2 + p*q*cos(a - b) - cos(a) - cos(b)",
        a=r"\sin(a) - p q \sin(a - b)",
        b=r"p q \sin(a - b) + \sin(b)",
        p=r"p + q \cos(a - b)",
        q=r"q + p \cos(a - b)",
    ),
    "shooting": book(
        "y0: parameter[()]\na: parameter[()]\nh: data[()]\ny: data[()]\ny_1 = y0 + h*(-a*y0)\n"
        "y_2 = y_1 + h*(-a*y_1)\nL = 0.5*(y_2 - y)**2",
        y0=r"(y_2 - y) (1 - h a)^2",
        a=r"-h (y_2 - y) (y_1 + (1 - h a) y0)",
    ),
    "elimination": book(
        "k: parameter[()]\nV: parameter[()] & positive\nD: data[()]\nt: data[N]\ny: data[N]\nc = D/V*exp(-k*t)\n"
        "r = c - y\nL = 0.5*(r @ r)",
        k=r"-(r \odot t)^\top c",
        V=r"-\frac{1}{V} r^\top c",
    ),
    "Nernst": book(
        "z: data[()]\nT: data[()]\na: parameter[()] & positive\nb: parameter[()] & positive\nR: data[()]\n"
        "F: data[()]\nE: data[()]\nV = R*T/(z*F)*log(a/b)\nL = 0.5*(V - E)**2",
        a=r"\frac{R T}{z F a} (V - E)",
        b=r"-\frac{R T}{z F b} (V - E)",
    ),
    "Langmuir": book(
        "K: parameter[()] & positive\nq: parameter[()]\np: positive[N]\ny: data[N]\nt = K*p/(1 + K*p)\n"
        "r = q*t - y\nL = 0.5*(r @ r)",
        q=r"r^\top t",
        K=r"\frac{q}{K} r^\top (t \odot (1 - t))",
    ),
    "Gaussian mixture, means": book(
        "m: parameter[K, d]\nx: data[d]\nw: positive[K]\nD = sum((x - m)**2, axis=1)\n"
        "g = softmax(log(w) - 0.5*D)\nL = -logsumexp(log(w) - 0.5*D)",
        m=r"\operatorname{diag}(g) (m - \mathbf{1} x^\top)",
    ),
    "mixture, weights": book(
        "a: parameter[K]\nl: data[K]\np = softmax(a)\ns = sum(p*exp(l))\nL = -log(s)",
        a=r"p - \frac{1}{s} p \odot \exp(l)",
    ),
    "topics, two softmaxes": book(
        "T: parameter[D, K]\nB: parameter[K, V]\nN: positive[D, V]\nP = softmax(T)\nQ = softmax(B)\nM = P @ Q\nL = -sum(N*log(M))",
        E=r"-\frac{N}{M}",
        T=r"P \odot (E Q^\top - \operatorname{rowsum}(E \odot M))",
        B=r"Q \odot (P^\top E - \operatorname{rowsum}(P^\top E \odot Q))",
    ),
    "CCA, both directions": book(
        "u: parameter[p]\nv: parameter[q]\nA: spd[p]\nB: spd[q]\nC: data[p, q]\na = sqrt(u @ A @ u)\n"
        "b = sqrt(v @ B @ v)\nL = -(u @ C @ v)/(a*b)",
        u=r"-\frac{C v}{a b} - \frac{L}{a^2} A u",
        v=r"-\frac{C^\top u}{a b} - \frac{L}{b^2} B v",
    ),
    "Procrustes with a penalty": book(
        "R: parameter[d, d]\nX: data[N, d]\nY: data[N, d]\nl: data[()]\nE = X @ R - Y\nO = R.T @ R - eye(d)\n"
        "L = 0.5*sum(E**2) + 0.25*l*sum(O**2)",
        R=r"X^\top E + l R O",
    ),
    "subspace": book(
        "U: parameter[d, k]\nX: data[N, d]\nE = X - X @ U @ U.T\nL = 0.5*sum(E**2)",
        U=r"-(X^\top E + E^\top X) U",
    ),
    "PCA with a penalty": book(
        "U: parameter[d, k]\nS: symmetric[d]\nL = -0.5*trace(U.T @ S @ U) + 0.25*sum((U.T @ U - eye(k))**2)",
        U=r"-S U + U (U^\top U - I)",
    ),
    "transport, a row softmax": book(
        "C: parameter[n, m]\ne: positive[()]\na: data[n]\nG: data[n, m]\nP = softmax(-C/e)\nT = a[:, None]*P\nL = sum(G*T)",
        C=r"\frac{1}{e} \operatorname{diag}(a) (P \odot (\operatorname{rowsum}(G \odot P) - G))",
    ),
    "metric, a pair": book(
        "M: parameter[d, d]\nx: data[d]\ny: data[d]\nt: data[()]\nu = x - y\nD = u @ M @ u\nL = 0.5*maximum(D - t, 0)**2",
        M=r"\max(D - t, 0) u u^\top",
    ),
    "RankNet, features": book(
        "w: parameter[d]\nx: data[d]\ny: data[d]\ns = w @ (x - y)\nL = log(1 + exp(-s))",
        w=r"-\sigma(-s) (x - y)",
    ),
    "matched filter": book(
        "h: parameter[n]\ns: data[n]\nR: spd[n]\na = h @ s\nq = h @ R @ h\nL = -a**2/q",
        h=r"\frac{2 a}{q} (\frac{a}{q} R h - s)",
    ),
    "Wiener": book(
        "H: parameter[m, n]\nS: symmetric[n]\nC: data[m, n]\nL = 0.5*trace(H @ S @ H.T) - trace(H @ C.T)",
        H=r"H S - C",
    ),
    "ICA, log cosh": book(
        "W: parameter[n, n]\nx: data[n]\ny = W @ x\nL = sum(log(cosh(y))) - logdet(W)",
        W=r"\tanh(y) x^\top - W^{-\top}",
    ),
    "ESPRIT": book(
        "p: parameter[n, n]\nA: data[m, n]\nB: data[m, n]\nL = 0.5*sum((A @ p - B)**2)",
        p=r"A^\top (A p - B)",
    ),
    "ridge, penalty first": book(
        "w: parameter[d]\nX: data[N, d]\ny: data[N]\nl: data[()]\nr = X @ w - y\nL = 0.5*l*sum(w**2) + 0.5*sum(r**2)",
        w=r"l w + X^\top r",
    ),
    "softmax of columns": book(
        "Z: parameter[n, k]\nG: data[n, k]\nP = softmax(Z.T).T\nL = sum(G*P)",
        Z=r"P \odot (G - \operatorname{colsum}(G \odot P))",
    ),
    "normal, mean and scale": book(
        "x: data[N]\nm: parameter[()]\ns: parameter[()] & positive\nL = -sum(norm.logpdf(x, m, s))",
        m=r"-\frac{1}{s^2} \operatorname{sum}(x - m)",
        s=r"\frac{N}{s} - \frac{1}{s^3} \lVert x - m\rVert^2",
    ),
    "log det of a Kronecker product": book(
        "A: parameter[n, n]\nB: parameter[m, m]\nL = logdet(kron(A, B))",
        A=r"m A^{-\top}",
        B=r"n B^{-\top}",
    ),
    "trace of a Kronecker product": book(
        "A: parameter[n, n]\nB: parameter[m, m]\nL = trace(kron(A, B))",
        A=r"\operatorname{tr}(B) I",
        B=r"\operatorname{tr}(A) I",
    ),
    "a penalty first": book(
        "X: data[N, d]\ny: binary[N]\nw: parameter[d]\nl: data[()]\np = sigmoid(X @ w)\nR = 0.5*l*sum(w**2)\n"
        "E = -mean(y*log(p) + (1 - y)*log(1 - p))\nL = R + E",
        w=r"l w + \frac{1}{N} X^\top (p - y)",
    ),
    "normal, log precision": book(
        "x: data[N]\nm: parameter[()]\nt: parameter[()]\nL = -0.5*N*t + 0.5*exp(t)*sum((x - m)**2)",
        m=r"-\exp(t) \operatorname{sum}(x - m)",
        t=r"\frac{1}{2} (\exp(t) \lVert x - m\rVert^2 - N)",
    ),
    "a line": book(
        "x: data[N]\ny: data[N]\na: parameter[()]\nb: parameter[()]\nL = sum((y - a*x - b)**2)",
        a=r"-2 x^\top (y - a x - b)",
        b=r"-2 \operatorname{sum}(y - a x - b)",
    ),
    "a triangular product": book(
        "A: parameter[n, n]\nb: data[n]\ny: data[n]\nr = tril(A) @ b - y\nL = sum(r**2)",
        A=r"2 \operatorname{tril}(r b^\top)",
    ),
    "a triangular system": book(
        "A: parameter[n, n]\nb: data[n]\ny: data[n]\nx = solve(tril(A), b)\nr = x - y\nL = 0.5*sum(r**2)",
        A=r"-\operatorname{tril}(\operatorname{tril}(A)^{-\top} r x^\top)",
    ),
    "the mean of a square": book("A: parameter[n, n]\nL = 0.5*mean(A**2)", A=r"\frac{1}{n^2} A"),
    "negative binomial, means": book(
        "mu: parameter[N] & positive\ny: data[N]\nr: positive[()]\nL = sum((y + r)*log(mu + r) - y*log(mu))",
        mu=r"\frac{y + r}{\mu + r} - \frac{y}{\mu}",
    ),
    "von Mises, mean and concentration": book(
        "t: data[N]\nm: parameter[()]\nk: parameter[()] & positive\nL = -k*sum(cos(t - m))",
        m=r"-k \operatorname{sum}(\sin(t - m))",
        k=r"-\operatorname{sum}(\cos(t - m))",
    ),
    "an adapter of low rank": book(
        "X: data[N, d]\nW: data[d, k]\nA: parameter[d, r]\nB: parameter[r, k]\nY: data[N, k]\nR = X @ (W + A @ B) - Y\nL = mean(R**2)",
        A=r"\frac{2}{N k} X^\top R B^\top",
        B=r"\frac{2}{N k} (X A)^\top R",
    ),
    "a skew form": book("A: parameter[n, n]\nx: data[n]\ny: data[n]\nL = y @ (A - A.T) @ x", A=r"y x^\top - x y^\top"),
    "risk parity, equal budgets": book(
        "w: parameter[n] & positive\nS: spd[n]\nL = 0.5*(w @ S @ w) - mean(log(w))",
        w=r"S w - \frac{1}{n w}",
    ),
}
