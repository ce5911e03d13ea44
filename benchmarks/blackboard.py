"""Gradients by hand of determinants, densities, point processes, survival, ranking, transport, tensors, fields, graphs, attention, gates, control.

Each right side was written from memory, as its book or paper has it, before ours was looked at.
"""

from benchmarks.book import Book, book

MIN_GATED = (
    "x: data[d]\nh: data[k]\ny: data[k]\nW: parameter[k, d]\nU: parameter[k, k]\nV: parameter[k, d]\nR: parameter[k, k]\n"
    "f = sigmoid(W @ x + U @ h)\ng = tanh(V @ x + R @ (f*h))\nq = (1 - f)*h + f*g\nL = 0.5*sum((q - y)**2)"
)

BLACKBOARD: dict[str, Book] = {
    # Determinants and inverses
    "tr((X'X)^-1 X'A)": book(
        "X: parameter[m, n]\nA: data[m, n]\nM = inv(X.T @ X)\nL = trace(M @ X.T @ A)", X=r"A M - X M (X^\top A + A^\top X) M"
    ),
    "quotient of determinants": book(
        "X: parameter[m, n]\nA: spd[m]\nL = logdet(X.T @ A @ X) - logdet(X.T @ X)",
        X=r"2 (A X (X^\top A X)^{-1} - X (X^\top X)^{-1})",
    ),
    "quartic": book("x: parameter[n]\nA: symmetric[n]\nL = (x**2) @ A @ (x**2)", x=r"4 x \odot A x^{\odot 2}"),
    "log of a quadratic": book("x: parameter[n]\nA: spd[n]\nq = x @ A @ x\nL = log(q)", x=r"\frac{2}{q} A x"),
    "Cayley": book(
        "A: parameter[n, n]\nG: data[n, n]\nM = inv(eye(n) + A)\nQ = (eye(n) - A) @ M\nL = sum(G*Q)",
        A=r"-(I_n + Q)^\top G M^\top",
    ),
    "transfer function": book(
        "A: parameter[n, n]\nb: parameter[n]\nc: parameter[n]\ns: parameter[()]\nM = inv(s*eye(n) - A)\nx = M @ b\nL = c @ x",
        A=r"M^\top c x^\top",
        b=r"M^\top c",
        c="x",
        s=r"-c^\top M x",
    ),
    "volume": book("X: parameter[m, n]\nL = sqrt(det(X.T @ X))", X=r"L X (X^\top X)^{-1}"),
    "determinant lemma": book("u: parameter[n]\nv: parameter[n]\nq = 1 + u @ v\nL = log(q)", u=r"\frac{v}{q}", v=r"\frac{u}{q}"),
    "Riccati residual": book(
        "P: parameter[n, n] & symmetric\nA: data[n, n]\nS: symmetric[n]\nQ: symmetric[n]\nE = A.T @ P + P @ A - P @ S @ P + Q\nL = 0.5*sum(E**2)",
        P=r"A E + E A^\top - S P E - E P S",
    ),
    # Densities
    "beta-binomial": book(
        "a: parameter[()] & positive\nb: positive[()]\nk: positive[()]\nm: positive[()]\n"
        "L = gammaln(a) - gammaln(a + b) - gammaln(a + k) + gammaln(a + b + m)",
        a=r"\operatorname{digamma}(a) - \operatorname{digamma}(a + b) - \operatorname{digamma}(a + k) + \operatorname{digamma}(a + b + m)",
    ),
    "negative binomial, a size": book(
        "r: parameter[()] & positive\ny: positive[N]\np: unit[()]\nL = N*gammaln(r) - sum(gammaln(y + r)) - N*r*log(p)",
        r=r"N (\operatorname{digamma}(r) - \log(p)) - \mathbf{1}_N^\top \operatorname{digamma}(y + r)",
    ),
    "skew normal": book(
        "a: parameter[()]\nz: data[N]\np = normal_cdf(a*z)\nL = 0.5*(z @ z) - sum(log(p))", a=r"-z^\top \frac{\phi(a z)}{p}"
    ),
    "Gumbel": book(
        "m: parameter[()]\ns: parameter[()] & positive\nx: data[N]\nz = (x - m)/s\ne = exp(-z)\nL = N*log(s) + sum(z + e)",
        m=r"\frac{1}{s} (\mathbf{1}_N^\top e - N)",
        s=r"\frac{1}{s} (N - z^\top (1 - e))",
    ),
    "logistic density": book(
        "m: parameter[()]\ns: positive[()]\nx: data[N]\nz = (x - m)/s\np = sigmoid(z)\nL = sum(z + 2*softplus(-z))",
        m=r"\frac{1}{s} \mathbf{1}_N^\top (1 - 2 p)",
    ),
    "mixture of Bernoullis": book(
        "X: binary[N, d]\nM: parameter[K, d] & unit\nS = X @ log(M).T + (1 - X) @ log(1 - M).T\nR = softmax(S)\nL = -sum(logsumexp(S, axis=1))",
        M=r"\frac{R^\top (1 - X)}{1 - M} - \frac{R^\top X}{M}",
    ),
    "relevance vectors": book(
        "a: parameter[d] & positive\nX: data[N, d]\nA = diag(a) + X.T @ X\nL = 0.5*logdet(A) - 0.5*sum(log(a))",
        a=r"\frac{1}{2} (\operatorname{diag}(A^{-1}) - \frac{1}{a})",
    ),
    "evidence": book(
        "a: parameter[()] & positive\nX: data[N, d]\nm: data[d]\nA = a*eye(d) + X.T @ X\nL = 0.5*a*(m @ m) + 0.5*logdet(A) - 0.5*d*log(a)",
        a=r"\frac{1}{2} (\lVert m\rVert^2 + \operatorname{tr}(A^{-1}) - \frac{d}{a})",
    ),
    "soft k-means": book(
        "C: parameter[K, d]\nX: data[N, d]\nD = sum((X[:, None, :] - C[None, :, :])**2, axis=2)\nR = softmax(-D)\nL = -sum(logsumexp(-D, axis=1))",
        C=r"2 (\operatorname{diag}(R^\top \mathbf{1}_N) C - R^\top X)",
    ),
    "hidden Markov, two steps": book(
        "A: parameter[k, k]\np: data[k]\nb: data[k]\na = A.T @ p\nq = a*b\nz = sum(q)\nL = -log(z)", A=r"-\frac{1}{z} p b^\top"
    ),
    # Econometrics
    "fixed effects": book(
        "Y: data[N, T]\nX: data[N, T]\na: parameter[N]\nb: parameter[()]\nR = Y - a[:, None] - b*X\nL = 0.5*sum(R**2)",
        a=r"-R \mathbf{1}_T",
        b=r"-\operatorname{sum}(X \odot R)",
    ),
    "conditional variance": book(
        "w: parameter[()] & positive\na: parameter[()] & positive\nb: parameter[()] & positive\ne: data[()]\nr: data[()]\nv: positive[()]\n"
        "h = w + a*e**2 + b*v\nL = 0.5*(log(h) + r**2/h)",
        delta=r"\frac{1}{2 h} (1 - \frac{r^2}{h})",
        w=r"\delta",
        a=r"\delta e^2",
        b=r"\delta v",
    ),
    "inclusive value": book(
        "v: parameter[J]\nl: parameter[()] & positive\np = softmax(v/l)\nI = logsumexp(v/l)\nL = l*I",
        v="p",
        l=r"I - \frac{1}{l} p^\top v",
    ),
    "conditional logit": book(
        "X: data[J, d]\nb: parameter[d]\ny: labels[J]\np = softmax(X @ b)\nL = -sum(y*log(p))", b=r"X^\top (p - y)"
    ),
    "constant elasticity": book(
        "k: parameter[()] & positive\nl: positive[()]\na: unit[()]\nr: positive[()]\ns = a*k**r + (1 - a)*l**r\nL = s**(1/r)",
        k=r"\frac{a L}{s} k^{r - 1}",
    ),
    # Point processes, survival
    "self-exciting": book(
        "m: parameter[()] & positive\na: parameter[()] & positive\nr: positive[n]\nT: positive[()]\nc: positive[()]\n"
        "l = m + a*r\nL = m*T + a*c - sum(log(l))",
        m=r"T - \mathbf{1}_n^\top \frac{1}{l}",
        a=r"c - r^\top \frac{1}{l}",
    ),
    "self-exciting, a decay": book(
        "b: parameter[()] & positive\nm: positive[()]\na: positive[()]\nD: positive[n, n]\nM: binary[n, n]\n"
        "K = M*exp(-b*D)\nl = m + a*sum(K, axis=1)\nL = -sum(log(l))",
        b=r"a \mathbf{1}_n^\top (D \odot K)^\top \frac{1}{l}",
    ),
    "log-linear intensity": book(
        "Z: data[m, d]\nv: positive[m]\nX: data[n, d]\nw: parameter[d]\nu = v*exp(Z @ w)\nL = sum(u) - sum(X @ w)",
        w=r"Z^\top u - X^\top \mathbf{1}_n",
    ),
    "determinantal": book(
        "B: parameter[n, k]\nS: data[p, n]\ne: positive[()]\nK = B @ B.T\nL = logdet(eye(n) + K) - logdet(S @ K @ S.T + e*eye(p))",
        B=r"2 ((I_n + K)^{-1} B - S^\top (S K S^\top + e I_p)^{-1} S B)",
    ),
    "Gompertz": book(
        "a: parameter[()] & positive\nb: positive[()]\nt: positive[n]\nL = a/b*sum(exp(b*t) - 1) - sum(log(a) + b*t)",
        a=r"\frac{1}{b} \mathbf{1}_n^\top (\exp(b t) - 1) - \frac{n}{a}",
    ),
    "discrete hazards": book(
        "X: data[N, d]\nw: parameter[d]\ny: positive[N]\nr: positive[N]\nh = sigmoid(X @ w)\nL = -sum(y*log(h) + (r - y)*log(1 - h))",
        w=r"X^\top (r \odot h - y)",
    ),
    # Ranking
    "concordance, exponential": book(
        "s: parameter[n]\nM: binary[n, n]\nt: positive[()]\nE = M*exp((s[None, :] - s[:, None])/t)\nL = sum(E)",
        s=r"\frac{1}{t} (E^\top \mathbf{1}_n - E \mathbf{1}_n)",
    ),
    "LambdaRank": book(
        "s: parameter[n]\nD: positive[n, n]\nP = sigmoid(s[:, None] - s[None, :])\nL = -sum(D*log(P))",
        F=r"D \odot (P - 1)",
        s=r"F \mathbf{1}_n - F^\top \mathbf{1}_n",
    ),
    "soft ranks": book(
        "s: parameter[n]\ny: data[n]\nt: positive[()]\nP = sigmoid((s[:, None] - s[None, :])/t)\nr = sum(P, axis=1)\nL = 0.5*sum((r - y)**2)",
        e="r - y",
        Q=r"\frac{1}{t} P \odot (1 - P)",
        s=r"e \odot Q \mathbf{1}_n - Q e",
    ),
    "hinge of pairs": book(
        "s: parameter[p]\nt: parameter[q]\nM = 1 - s[:, None] + t\nL = sum(relu(M))/(p*q)",
        delta=r"\frac{1}{p q} \mathbf{1}[M > 0]",
        s=r"-\delta \mathbf{1}_q",
        t=r"\delta^\top \mathbf{1}_p",
    ),
    # Transport
    "cost of a plan": book(
        "C: parameter[n, m]\nF: data[n, m]\ne: positive[()]\nP = exp((F - C)/e)\nL = sum(P*C)", C=r"P \odot (1 - \frac{1}{e} C)"
    ),
    "a slice": book(
        "X: parameter[n, d]\nt: parameter[d]\nu: data[n]\nr = X @ t - u\nL = mean(r**2)",
        X=r"\frac{2}{n} r t^\top",
        t=r"\frac{2}{n} X^\top r",
    ),
    "Gromov": book("T: parameter[n, m]\nA: symmetric[n]\nB: symmetric[m]\nL = -2*trace(A @ T @ B @ T.T)", T=r"-4 A T B"),
    "unbalanced": book(
        "T: parameter[n, m] & positive\nC: data[n, m]\np: positive[n]\nl: positive[()]\na = sum(T, axis=1)\nL = sum(C*T) + l*sum(a*log(a/p) - a + p)",
        T=r"C + l \log(\frac{a}{p}) \mathbf{1}_m^\top",
    ),
    "energy distance": book(
        "X: parameter[n, d]\nY: data[m, d]\nD = sqrt(sum((X[:, None, :] - Y[None, :, :])**2, axis=2))\nL = mean(D)",
        K=r"\frac{1}{D}",
        X=r"\frac{1}{n m} (\operatorname{diag}(K \mathbf{1}_m) X - K Y)",
    ),
    "kernel of two samples": book(
        "X: parameter[n, d]\nY: data[m, d]\nh: positive[()]\nK = exp(-sum((X[:, None, :] - Y[None, :, :])**2, axis=2)/(2*h**2))\nL = -sum(K)",
        X=r"\frac{1}{h^2} (\operatorname{diag}(K \mathbf{1}_m) X - K Y)",
    ),
    # Factorisations
    "coupled factors": book(
        "X: data[m, n]\nY: data[m, p]\nU: parameter[m, k]\nV: parameter[n, k]\nW: parameter[p, k]\nR = U @ V.T - X\nS = U @ W.T - Y\n"
        "L = 0.5*sum(R**2) + 0.5*sum(S**2)",
        U="R V + S W",
        V=r"R^\top U",
        W=r"S^\top U",
    ),
    "Hadamard of two factors": book(
        "X: data[m, n]\nU: parameter[m, k]\nV: parameter[n, k]\nA: parameter[m, k]\nB: parameter[n, k]\nM = U @ V.T\nN = A @ B.T\n"
        "E = M*N - X\nL = 0.5*sum(E**2)",
        F=r"E \odot N",
        H=r"E \odot M",
        U="F V",
        V=r"F^\top U",
        A="H B",
        B=r"H^\top A",
    ),
    "side information": book(
        "X: data[m, p]\nY: data[n, q]\nZ: data[m, n]\nW: parameter[p, k]\nH: parameter[q, k]\nR = X @ W @ (Y @ H).T - Z\nL = 0.5*sum(R**2)",
        W=r"X^\top R Y H",
        H=r"Y^\top R^\top X W",
    ),
    "archetypes": book(
        "X: data[n, d]\nA: parameter[n, k]\nB: parameter[k, n]\nZ = B @ X\nR = A @ Z - X\nL = 0.5*sum(R**2)",
        A=r"R Z^\top",
        B=r"A^\top R X^\top",
    ),
    "tensor train": book(
        "T: data[I, J, K]\nA: data[I, p]\nG: parameter[p, J, q]\nB: data[q, K]\nE = einsum('ip,pjq,qk->ijk', A, G, B) - T\nL = 0.5*sum(E**2)",
        G=r"\frac{\partial L}{\partial G_{pjq}} = \sum_i \sum_k A_{ip} E_{ijk} B_{qk}",
    ),
    # Fields
    "Helmholtz": book(
        "u: parameter[n]\nk: parameter[()]\nA: symmetric[n]\nf: data[n]\nr = A @ u + k**2*u - f\nL = 0.5*(r @ r)",
        u="A r + k^2 r",
        k=r"2 k u^\top r",
    ),
    "conductivity": book(
        "m: parameter[k]\nu: parameter[n]\nD: data[k, n]\nf: data[n]\nr = D.T @ (m*(D @ u)) - f\nL = 0.5*(r @ r)",
        m=r"D r \odot D u",
        u=r"D^\top (m \odot D r)",
    ),
    "Burgers": book(
        "u: parameter[n]\nv: parameter[()]\nD: data[n, n]\nA: symmetric[n]\nr = u*(D @ u) - v*(A @ u)\nL = 0.5*(r @ r)",
        u=r"r \odot D u + D^\top (u \odot r) - v A r",
        v=r"-r^\top A u",
    ),
    # Graphs
    "label spreading": book(
        "S: parameter[n, n]\nY: parameter[n, c]\na: unit[()]\nT: data[n, c]\nM = inv(eye(n) - a*S)\nF = M @ Y\nR = F - T\nL = 0.5*sum(R**2)",
        Y=r"M^\top R",
        S=r"a M^\top R F^\top",
    ),
    "pooled graph": book(
        "Z: parameter[n, k]\nA: symmetric[n]\nS = softmax(Z)\nR = S @ S.T - A\nL = 0.25*sum(R**2)",
        D="R S",
        Z=r"S \odot (D - \operatorname{rowsum}(D \odot S))",
    ),
    "relations": book(
        "X: data[n, d]\nA: data[n, n]\nB: data[n, n]\nW: parameter[d, k]\nV: parameter[d, k]\nU: parameter[d, k]\nG: data[n, k]\n"
        "H = tanh(A @ X @ W + B @ X @ V + X @ U)\nL = sum(G*H)",
        delta=r"G \odot (1 - H^{\odot 2})",
        W=r"X^\top A^\top \delta",
        V=r"X^\top B^\top \delta",
        U=r"X^\top \delta",
    ),
    # Attention
    "differential attention": book(
        "P: parameter[T, T]\nR: parameter[T, T]\nl: parameter[()]\nV: parameter[T, e]\nG: data[T, e]\nA = P - l*R\nO = A @ V\nL = sum(G*O)",
        P=r"G V^\top",
        R=r"-l G V^\top",
        V=r"A^\top G",
        l=r"-\operatorname{sum}(R \odot G V^\top)",
    ),
    "retention": book(
        "Q: parameter[T, d]\nK: parameter[T, d]\nV: parameter[T, e]\nD: data[T, T]\nG: data[T, e]\nS = (Q @ K.T)*D\nL = sum(G*(S @ V))",
        V=r"S^\top G",
        delta=r"G V^\top \odot D",
        Q=r"\delta K",
        K=r"\delta^\top Q",
    ),
    "capped scores": book(
        "Q: parameter[T, d]\nK: parameter[T, d]\nV: data[T, e]\nG: data[T, e]\nc: positive[()]\nH = tanh(Q @ K.T/c)\nP = softmax(c*H)\nO = P @ V\nL = sum(G*O)",
        delta=r"P \odot (G V^\top - \operatorname{rowsum}(G \odot O)) \odot (1 - H^{\odot 2})",
        Q=r"\delta K",
        K=r"\delta^\top Q",
    ),
    # Contrast
    "SigLIP": book(
        "U: parameter[N, d]\nV: parameter[N, d]\nt: parameter[()]\nb: parameter[()]\nY: sign[N, N]\nS = U @ V.T\nP = sigmoid(Y*(t*S + b))\nL = -sum(log(P))",
        delta=r"Y \odot (P - 1)",
        U=r"t \delta V",
        V=r"t \delta^\top U",
        t=r"\operatorname{sum}(\delta \odot S)",
        b=r"\operatorname{sum}(\delta)",
    ),
    "spectral contrast": book(
        "U: parameter[N, d]\nV: parameter[N, d]\nS = U @ V.T\nL = sum(S**2)/N**2 - 2*trace(S)/N",
        delta=r"\frac{2}{N} (\frac{1}{N} S - I_N)",
        U=r"\delta V",
        V=r"\delta^\top U",
    ),
    # Normalisations
    "divided by the sum of sizes": book(
        "x: parameter[n]\ng: data[n]\ns = sum(abs(x))\ny = x/s\nL = g @ y", x=r"\frac{1}{s} (g - L \operatorname{sign}(x))"
    ),
    "divisive": book(
        "x: parameter[n]\ng: data[n]\ns: positive[()]\nD = s**2 + sum(x**2)\ny = x**2/D\nL = g @ y",
        x=r"\frac{2}{D} x \odot (g - L)",
    ),
    "dynamic tanh": book(
        "x: parameter[n]\na: parameter[()]\ng: parameter[n]\nc: data[n]\nh = tanh(a*x)\nL = c @ (g*h)",
        delta=r"c \odot g \odot (1 - h^{\odot 2})",
        x=r"a \delta",
        a=r"x^\top \delta",
        g=r"c \odot h",
    ),
    "standardised weights": book(
        "W: parameter[k, d]\nx: data[d]\nc: data[k]\nm = mean(W, axis=1)\ns = sqrt(var(W, axis=1))\nH = (W - m[:, None])/s[:, None]\nL = c @ (H @ x)",
        W=r"\operatorname{diag}(\frac{c}{s}) (\mathbf{1}_k (x - \operatorname{mean}(x))^\top - \frac{1}{d} \operatorname{diag}(H x) H)",
    ),
    # Gates
    "minimal gated unit": book(
        MIN_GATED,
        delta_3="q - y",
        delta_2=r"\delta_3 \odot f \odot (1 - g^{\odot 2})",
        V=r"\delta_2 x^\top",
        R=r"\delta_2 (f \odot h)^\top",
        delta_1=r"(\delta_3 \odot (g - h) + R^\top \delta_2 \odot h) \odot f \odot (1 - f)",
        W=r"\delta_1 x^\top",
        U=r"\delta_1 h^\top",
    ),
    "leaky integrator": book(
        "W: parameter[k, k]\nU: parameter[k, d]\na: parameter[()]\nh: data[k]\nx: data[d]\ny: data[k]\ng = tanh(W @ h + U @ x)\n"
        "q = (1 - a)*h + a*g\nr = q - y\nL = 0.5*(r @ r)",
        delta=r"a r \odot (1 - g^{\odot 2})",
        W=r"\delta h^\top",
        U=r"\delta x^\top",
        a=r"r^\top (g - h)",
    ),
    "selective state": book(
        "a: parameter[n]\nd: parameter[()]\nb: data[n]\nc: data[n]\nh: data[n]\nx: data[()]\ne = exp(d*a)\nq = e*h + d*x*b\nL = c @ q",
        a=r"d c \odot e \odot h",
        d=r"c^\top (a \odot e \odot h + x b)",
    ),
    # Control
    "two steps of a controller": book(
        "A: data[n, n]\nB: data[n, m]\nQ: symmetric[n]\nR: symmetric[m]\nx_0: data[n]\nu_0: parameter[m]\nu_1: parameter[m]\n"
        "x_1 = A @ x_0 + B @ u_0\nx_2 = A @ x_1 + B @ u_1\n"
        "L = 0.5*(x_1 @ Q @ x_1) + 0.5*(x_2 @ Q @ x_2) + 0.5*(u_0 @ R @ u_0) + 0.5*(u_1 @ R @ u_1)",
        l_2="Q x_2",
        u_1=r"R u_1 + B^\top l_2",
        u_0=r"R u_0 + B^\top (Q x_1 + A^\top l_2)",
    ),
    "observer": book(
        "A: parameter[n, n]\nK: parameter[n, m]\nC: data[m, n]\nx: data[n]\ny: data[m]\nt: data[n]\nv = y - C @ x\ne = A @ x + K @ v - t\nL = 0.5*(e @ e)",
        A=r"e x^\top",
        K=r"e v^\top",
    ),
}
