"""Gradients of further sciences: robust losses, survival, econometrics, control, graphs, ranking, policies, flows, diffusion, filters.

Each right side was written from memory of the books before ours was looked at."""

from benchmarks.book import Book, book

LINEAR = "X: data[n, d]\ny: data[n]\nw: parameter[d]\n"

SCIENCES: dict[str, Book] = {
    # robust losses
    "Geman and McClure": book("r: parameter[n]\nL = 0.5*sum(r**2/(1 + r**2))", r=r"\frac{r}{(1 + r^{\odot 2})^{\odot 2}}"),
    "weighted squares": book(LINEAR + "m: data[n]\nr = y - X @ w\nL = 0.5*sum(m*r**2)", w=r"-X^\top (m \odot r)"),
    # survival
    "Weibull scale": book(
        "t: positive[n]\nk: positive[()]\nl: parameter[()] & positive\nu = sum((t/l)**k)\nL = n*k*log(l) + u",
        l=r"\frac{k}{l} (n - u)",
    ),
    "accelerated failure": book(
        "X: data[n, d]\ny: data[n]\nc: binary[n]\nw: parameter[d]\nz = y - X @ w\nL = sum(exp(z) - c*z)", w=r"X^\top (c - \exp(z))"
    ),
    "exponential censored": book(
        "X: data[n, d]\nt: positive[n]\nc: binary[n]\nw: parameter[d]\nl = exp(X @ w)\nL = sum(l*t - c*log(l))",
        w=r"X^\top (l \odot t - c)",
    ),
    # econometrics
    "instrumental variables": book(
        "X: data[n, d]\ny: data[n]\nZ: data[n, m]\nW: spd[m]\nw: parameter[d]\nr = y - X @ w\ng = Z.T @ r\nL = 0.5*(g @ W @ g)",
        w=r"-X^\top Z W g",
    ),
    "seemingly unrelated": book(
        "X: data[n, d]\nY: data[n, m]\nS: spd[m]\nB: parameter[d, m]\nE = Y - X @ B\nL = 0.5*trace(E @ inv(S) @ E.T)",
        B=r"-X^\top E S^{-1}",
    ),
    # information theory
    "cross entropy of densities": book(
        "q: parameter[n] & positive\np: data[n]\nZ = sum(q)\nL = -sum(p*log(q/Z))", q=r"\frac{\mathbf{1}_n^\top p}{Z} - \frac{p}{q}"
    ),
    "Renyi": book(
        "p: parameter[n] & positive\na: positive[()]\ns = sum(p**a)\nL = log(s)/(1 - a)", p=r"\frac{a}{(1 - a) s} p^{\odot a - 1}"
    ),
    "Gaussian channel": book("p: parameter[n] & positive\ns: positive[n]\nL = 0.5*sum(log(1 + p/s))", p=r"\frac{1}{2 (p + s)}"),
    "mutual information, linear Gauss": book("A: parameter[m, n]\nK = eye(m) + A @ A.T\nL = 0.5*logdet(K)", A=r"K^{-1} A"),
    # optimal control
    "one step of LQR": book(
        "u: parameter[m]\nx: data[n]\nA: data[n, n]\nB: data[n, m]\nQ: symmetric[n]\nR: symmetric[m]\nz = A @ x + B @ u\nL = 0.5*(z @ Q @ z) + 0.5*(u @ R @ u)",
        u=r"B^\top Q z + R u",
    ),
    "feedback": book(
        "K: parameter[m, n]\nx: data[n]\nA: data[n, n]\nB: data[n, m]\nP: symmetric[n]\nR: symmetric[m]\nu = -K @ x\nz = A @ x + B @ u\nL = 0.5*(z @ P @ z) + 0.5*(u @ R @ u)",
        K=r"-(B^\top P z + R u) x^\top",
    ),
    "LQR, a covariance": book(
        "K: parameter[m, n]\nA: data[n, n]\nB: data[n, m]\nP: symmetric[n]\nS: symmetric[n]\nF = A - B @ K\nL = trace(F.T @ P @ F @ S)",
        K=r"-2 B^\top P F S",
    ),
    # graphs
    "Laplacian smoothness": book(
        "X: parameter[n, d]\nA: symmetric[n]\nD = diag(sum(A, axis=1))\nL = trace(X.T @ (D - A) @ X)", X=r"2 (D - A) X"
    ),
    # ranking
    "BPR": book(
        "u: parameter[k]\ni: parameter[k]\nj: parameter[k]\nx = u @ i - u @ j\na = sigmoid(x)\nL = -log(a)",
        u=r"(a - 1) (i - j)",
        i=r"(a - 1) u",
        j=r"(1 - a) u",
    ),
    # reinforcement learning
    "TD(0)": book("w: parameter[d]\nx: data[d]\nt: data\nv = w @ x\nd_t = t - v\nL = 0.5*d_t**2", w=r"-d_t x"),
    "REINFORCE": book(
        "T: parameter[k, d]\ns: data[d]\na: labels[k]\nG: data\np = softmax(T @ s)\nL = -G*sum(a*log(p))", T=r"G (p - a) s^\top"
    ),
    # contrastive
    "InfoNCE": book(
        "Z: parameter[n, d]\nV: data[n, d]\nt: positive[()]\nP = softmax(Z @ V.T/t)\nL = -trace(log(P))", Z=r"\frac{1}{t} (P - I) V"
    ),
    "InfoNCE, both": book(
        "Z: parameter[n, d]\nV: parameter[n, d]\nt: positive[()]\nP = softmax(Z @ V.T/t)\nL = -trace(log(P))/n",
        delta=r"\frac{1}{n t} (P - I)",
        Z=r"\delta V",
        V=r"\delta^\top Z",
    ),
    "alignment": book("X: parameter[n, d]\nY: data[n, d]\nL = mean(sum((X - Y)**2, axis=1))", X=r"\frac{2}{n} (X - Y)"),
    # flows
    "planar flow, log det": book(
        "u: parameter[d]\nw: parameter[d]\nz: data[d]\nb: parameter\na = tanh(w @ z + b)\nc = 1 + (1 - a**2)*(u @ w)\nL = -log(c)",
        u=r"\frac{a^2 - 1}{c} w",
    ),
    "a diagonal flow": book(
        "s: parameter[d]\nx: data[d]\nm: parameter[d]\nz = (x - m)*exp(-s)\nL = 0.5*(z @ z) + sum(s)",
        s=r"1 - z^{\odot 2}",
        m=r"-z \odot \exp(-s)",
    ),
    "linear flow": book("W: parameter[d, d]\nx: data[d]\nz = W @ x\nL = 0.5*(z @ z) - logdet(W)", W=r"z x^\top - W^{-\top}"),
    # diffusion
    "denoising score": book(
        "W: parameter[d, d]\nx: data[d]\ne: data[d]\ns: positive[()]\nz = x + s*e\nr = W @ z + e/s\nL = 0.5*s**2*(r @ r)",
        W=r"s^2 r z^\top",
    ),
    # Gaussian processes and Kalman
    "GP mean": book("m: parameter[n]\nK: spd[n]\ny: data[n]\nr = y - m\na = inv(K) @ r\nL = 0.5*(r @ a)", m=r"-a"),
    "GP, the data": book("K: spd[n]\ny: parameter[n]\na = inv(K) @ y\nL = 0.5*(y @ a)", y="a"),
    "GP, a kernel": book(
        "K: parameter[n, n] & spd\ny: data[n]\na = inv(K) @ y\nL = 0.5*(y @ a) + 0.5*logdet(K)",
        K=r"\frac{1}{2} (K^{-1} - a a^\top)",
    ),
    "innovation": book(
        "S: spd[m]\nH: parameter[m, n]\nx: data[n]\ny: data[m]\nv = y - H @ x\nL = 0.5*(v @ inv(S) @ v)", H=r"-S^{-1} v x^\top"
    ),
    "a state": book(
        "x: parameter[n]\nm: data[n]\ny: data[k]\nH: data[k, n]\nP: spd[n]\nR: spd[k]\nL = 0.5*((x - m) @ inv(P) @ (x - m)) + 0.5*((y - H @ x) @ inv(R) @ (y - H @ x))",
        x=r"P^{-1} (x - m) - H^\top R^{-1} (y - H x)",
    ),
    # matrix factorisation
    "NMF, Frobenius": book(
        "V: data[m, n]\nW: parameter[m, k]\nH: parameter[k, n]\nR = W @ H - V\nL = 0.5*sum(R**2)", W=r"R H^\top", H=r"W^\top R"
    ),
    "NMF, Kullback": book(
        "V: positive[m, n]\nW: parameter[m, k] & positive\nH: positive[k, n]\nY = W @ H\nL = sum(Y - V*log(Y))",
        W=r"(1 - \frac{V}{Y}) H^\top",
    ),
    "masked": book(
        "V: data[m, n]\nM: binary[m, n]\nW: parameter[m, k]\nH: parameter[n, k]\nl: data\nE = M*(W @ H.T - V)\nL = 0.5*sum(E**2) + 0.5*l*sum(W**2)",
        W=r"E H + l W",
        H=r"E^\top W",
    ),
    "biased": book(
        "u: parameter[k]\nv: parameter[k]\nb: parameter\nm: data\nr: data\ne = m + b + u @ v - r\nL = 0.5*e**2",
        u="e v",
        v="e u",
        b="e",
    ),
    "symmetric factors": book("A: symmetric[n]\nU: parameter[n, k]\nE = U @ U.T - A\nL = 0.25*sum(E**2)", U="E U"),
    # metric learning
    "Mahalanobis metric": book(
        "M: parameter[k, d]\nx: data[d]\ny: data[d]\nd_x = x - y\nz = M @ d_x\nL = z @ z", M=r"2 z d_x^\top"
    ),
    "NCA, scores": book("A: parameter[k, d]\nX: data[n, d]\nZ = X @ A.T\nG: data[n, k]\nL = sum(G*Z)", A=r"G^\top X"),
    "cosine softmax": book(
        "w: parameter[d]\nx: data[d]\nr = sqrt(w @ w)\nc = (w @ x)/r\nL = -c", w=r"\frac{1}{r} (\frac{c}{r} w - x)"
    ),
    "quadruplet": book(
        "d_1: parameter\nd_2: parameter\nm: data\nL = relu(d_1 - d_2 + m)", d_1=r"\mathbf{1}[L > 0]", d_2=r"-\mathbf{1}[L > 0]"
    ),
    # physics-informed
    "Poisson residual": book("u: parameter[n]\nA: symmetric[n]\nf: data[n]\nr = A @ u - f\nL = 0.5*(r @ r)", u="A r"),
    "boundary and residual": book(
        "u: parameter[n]\nA: data[m, n]\nB: data[k, n]\nf: data[m]\ng: data[k]\nl: data\nr = A @ u - f\nb = B @ u - g\nL = 0.5*(r @ r) + 0.5*l*(b @ b)",
        u=r"A^\top r + l B^\top b",
    ),
    "Ritz energy": book("u: parameter[n]\nA: symmetric[n]\nf: data[n]\nL = 0.5*(u @ A @ u) - f @ u", u="A u - f"),
    "Allen-Cahn energy": book(
        "u: parameter[n]\nA: symmetric[n]\ne: positive[()]\nL = 0.5*e*(u @ A @ u) + sum((1 - u**2)**2)/(4*e)",
        u=r"e A u - \frac{1}{e} u \odot (1 - u^{\odot 2})",
    ),
    "Darcy, adjoint": book(
        "m: parameter[n]\nG: data[n, k]\nu: data[k]\nv: data[k]\na = G @ u\nb = G @ v\nL = sum(exp(m)*a*b)",
        m=r"\exp(m) \odot a \odot b",
    ),
    # mechanics
    "torque": book(
        "r: data[3]\nF: parameter[3]\nt: data[3]\ntau = cross(r, F)\nL = 0.5*sum((tau - t)**2)", F=r"r \times (t - \tau)"
    ),
    "angular momentum": book(
        "r: parameter[3]\np: parameter[3]\nI: spd[3, 3]\nl = cross(r, p)\nL = 0.5*(l @ inv(I) @ l)",
        omega="I^{-1} l",
        r=r"p \times \omega",
        p=r"\omega \times r",
    ),
    "triple product": book(
        "a: parameter[3]\nb: parameter[3]\nc: parameter[3]\nL = a @ cross(b, c)", a=r"b \times c", b=r"c \times a", c=r"a \times b"
    ),
    "area of a triangle": book(
        "a: parameter[3]\nb: parameter[3]\nc: parameter[3]\nn = cross(b - a, c - a)\nL = 0.5*norm(n)",
        delta=r"\frac{n}{2 \lVert n \rVert}",
        a=r"(b - c) \times \delta",
        b=r"(c - a) \times \delta",
        c=r"(a - b) \times \delta",
    ),
    # statistics
    "gamma, a rate": book(
        "b: parameter & positive\na: positive[()]\nx: positive[n]\nL = b*sum(x) - n*a*log(b)",
        b=r"\mathbf{1}_n^\top x - \frac{n a}{b}",
    ),
    "Student": book(
        "m: parameter\nv: positive[()]\nx: data[n]\nr = x - m\nL = 0.5*(v + 1)*sum(log(1 + r**2/v))",
        m=r"-(v + 1) \mathbf{1}_n^\top \frac{r}{v + r^{\odot 2}}",
    ),
    "Laplace, a scale": book(
        "b: parameter & positive\nx: data[n]\ns = sum(abs(x))\nL = n*log(2*b) + s/b", b=r"\frac{1}{b} (n - \frac{s}{b})"
    ),
    "a Gaussian, the precision": book(
        "P: parameter[d, d] & spd\nS: symmetric[d]\nL = 0.5*trace(S @ P) - 0.5*logdet(P)", P=r"\frac{1}{2} (S - P^{-1})"
    ),
}
