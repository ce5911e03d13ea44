"""Gradients that people of other fields ask for: econometrics, curves fitted to data, physics, ratings, divergences, preferences.

Each right side was written by hand, as the book or the paper has it, before ours was looked at.
"""

from benchmarks.book import Book, book

CURVE = "t: data[n]\ny: data[n]\n"
FITTED = "X: parameter[n, k]\ny: parameter[n]\n"
PAIR = "p: parameter[n] & positive\nq: parameter[n] & positive\n"

FIELDS: dict[str, Book] = {
    # Econometrics: least squares as a function of the data
    "least squares, the data": book(
        FITTED + "b = inv(X.T @ X) @ X.T @ y\nr = y - X @ b\nL = 0.5*(r @ r)", y="r", X=r"-r b^\top"
    ),
    "generalised least squares, the data": book(
        FITTED + "W: spd[n]\nb = inv(X.T @ W @ X) @ X.T @ W @ y\nr = y - X @ b\nL = 0.5*(r @ W @ r)", y="W r", X=r"-W r b^\top"
    ),
    "ridge, the data": book(
        FITTED + "l: parameter[()] & positive\nb = inv(X.T @ X + l*eye(k)) @ X.T @ y\nr = y - X @ b\nL = 0.5*(r @ r) + 0.5*l*(b @ b)",
        y="r", X=r"-r b^\top", l=r"\frac{1}{2} b^\top b",
    ),
    "Frisch, Waugh and Lovell": book(
        "X: data[n, k]\nz: parameter[n]\ny: data[n]\nP = X @ inv(X.T @ X) @ X.T\nu = z - P @ z\nv = y - P @ y\nb = (u @ v)/(u @ u)\nL = b",
        z=r"\frac{v - 2 b u}{u^\top u}",
    ),
    "variable projection": book(
        "X: parameter[n, k]\nY: data[n, m]\nB = inv(X.T @ X) @ X.T @ Y\nR = Y - X @ B\nL = 0.5*sum(R**2)", X=r"-R B^\top"
    ),
    "trace of a hat matrix": book(
        "X: parameter[n, k]\nA: symmetric[n]\nM = inv(X.T @ X)\nP = X @ M @ X.T\nL = trace(P @ A)", X=r"2 (A - P A) X M"
    ),
    "coefficient of determination": book(
        "X: data[n, k]\ny: data[n]\nw: parameter[k]\nr = y - X @ w\nT = sum((y - mean(y))**2)\nL = 1 - (r @ r)/T",
        w=r"\frac{2}{T} X^\top r",
    ),
    "correlation of two samples": book(
        "x: parameter[n]\ny: data[n]\na = x - mean(x)\nb = y - mean(y)\nu = sqrt(a @ a)\nv = sqrt(b @ b)\nr = (a @ b)/(u*v)\nL = r",
        x=r"\frac{1}{u} (\frac{b}{v} - r \frac{a}{u})",
    ),
    "Gaussian process, the noise": book(
        "C: symmetric[n]\ny: data[n]\ns: parameter[()] & positive\nK = C + s*eye(n)\na = inv(K) @ y\nL = 0.5*(y @ a) + 0.5*logdet(K)",
        s=r"\frac{1}{2} (\operatorname{tr}(K^{-1}) - a^\top a)",
    ),
    "Kalman, the gain": book(
        "K: parameter[n, m]\nH: data[m, n]\nP: symmetric[n]\nR: symmetric[m]\nF = eye(n) - K @ H\nL = trace(F @ P @ F.T + K @ R @ K.T)",
        K=r"2 (K R - F P H^\top)",
    ),
    "Tikhonov, an operator": book(
        "x: parameter[n]\nA: data[m, n]\nb: data[m]\nD: data[p, n]\nl: data[()]\nL = 0.5*sum((A @ x - b)**2) + 0.5*l*sum((D @ x)**2)",
        x=r"A^\top (A x - b) + l D^\top D x",
    ),
    # Powers
    "|Ax-b|_4^4": book("x: parameter[n]\nA: data[m, n]\nb: data[m]\nL = sum((A @ x - b)**4)", x=r"4 A^\top (A x - b)^{\odot 3}"),
    "cubes of lengths": book("x: parameter[n]\nL = sum(abs(x)**3)", x=r"3 x \odot |x|"),
    "double well": book("x: parameter[n]\nL = 0.25*sum((x**2 - 1)**2)", x=r"x \odot (x^{\odot 2} - 1)"),
    "Rosenbrock": book(
        "x: parameter[()]\ny: parameter[()]\na: data[()]\nb: data[()]\nL = (a - x)**2 + b*(y - x**2)**2",
        x=r"-2 (a - x) - 4 b x (y - x^2)", y="2 b (y - x^2)",
    ),
    "winsorised squares": book("x: parameter[n]\na: data[()]\nb: data[()]\nL = 0.5*sum(clip(x, a, b)**2)", x=r"x \odot \mathbf{1}[a \le x \le b]"),
    "barriers of a box": book(
        "x: parameter[n]\na: data[n]\nb: data[n]\nL = -sum(log(x - a) + log(b - x))", x=r"\frac{1}{b - x} - \frac{1}{x - a}"
    ),
    # Physics and curves
    "Morse": book(
        "r: parameter[()]\nc: data[()]\na: data[()]\nD: data[()]\nE = exp(-a*(r - c))\nL = D*(1 - E)**2", r="2 a D E (1 - E)"
    ),
    "Lennard-Jones": book(
        "r: parameter[()] & positive\ns: positive[()]\ne: data[()]\nu = (s/r)**6\nL = 4*e*(u**2 - u)", r=r"\frac{24 e u}{r} (1 - 2 u)"
    ),
    "exponential decay": book(
        CURVE + "a: parameter[()]\nk: parameter[()]\nf = exp(-k*t)\ne = a*f - y\nL = 0.5*(e @ e)", a=r"e^\top f", k=r"-a e^\top (t \odot f)"
    ),
    "logistic growth": book(
        CURVE + "K: parameter[()]\nr: parameter[()]\nm: parameter[()]\ns = sigmoid(r*(t - m))\ne = K*s - y\nL = 0.5*(e @ e)",
        D=r"K e \odot s \odot (1 - s)", K=r"e^\top s", r=r"(t - m)^\top D", m=r"-r \mathbf{1}_n^\top D",
    ),
    "Michaelis and Menten": book(
        "s: positive[n]\ny: data[n]\nV: parameter[()]\nK: parameter[()] & positive\nv = V*s/(K + s)\ne = v - y\nL = 0.5*(e @ e)",
        V=r"e^\top \frac{s}{K + s}", K=r"-e^\top \frac{v}{K + s}",
    ),
    "a peak": book(
        "x: data[n]\ny: data[n]\nA: parameter[()]\nm: parameter[()]\ns: parameter[()] & positive\nz = (x - m)/s\ng = exp(-0.5*z**2)\n"
        "e = A*g - y\nL = 0.5*(e @ e)",
        D=r"\frac{A}{s} e \odot g \odot z", A=r"e^\top g", m=r"D^\top \mathbf{1}_n", s=r"D^\top z",
    ),
    "Fourier features": book(
        "X: data[n, d]\nW: parameter[d, k]\nc: parameter[k]\ny: data[n]\nZ = X @ W\ne = cos(Z) @ c - y\nL = 0.5*(e @ e)",
        W=r"-X^\top (e c^\top \odot \sin(Z))", c=r"\cos(Z)^\top e",
    ),
    "SIREN": book(
        "x: data[d]\ny: data[h]\nw: data[()]\nW: parameter[h, d]\nb: parameter[h]\nz = W @ x + b\ne = sin(w*z) - y\nL = 0.5*(e @ e)",
        D=r"w e \odot \cos(w z)", b="D", W=r"D x^\top",
    ),
    # Distributions
    "log-normal": book(
        "y: positive[n]\nm: parameter[()]\ns: parameter[()] & positive\nz = (log(y) - m)/s\nL = sum(log(y) + log(s) + 0.5*z**2)",
        m=r"-\frac{1}{s} \mathbf{1}_n^\top z", s=r"\frac{n - z^\top z}{s}",
    ),
    "Pareto": book(
        "x: positive[n]\na: parameter[()] & positive\nc: positive[()]\nL = -sum(log(a) + a*log(c) - (a + 1)*log(x))",
        a=r"\mathbf{1}_n^\top \log(x) - \frac{n}{a} - n \log c",
    ),
    "zeros of a Poisson": book(
        "p: parameter[()]\nm: parameter[()]\nu = exp(-m)\nq = p + (1 - p)*u\nL = -log(q)", p=r"-\frac{1 - u}{q}", m=r"\frac{(1 - p) u}{q}"
    ),
    "Hellinger": book(PAIR + "L = 1 - sum(sqrt(p*q))", p=r"-\frac{1}{2} \sqrt{\frac{q}{p}}"),
    "Jensen and Shannon": book(
        PAIR + "m = (p + q)/2\nL = 0.5*sum(p*log(p/m)) + 0.5*sum(q*log(q/m))", p=r"\frac{1}{2} \log(\frac{p}{m})"
    ),
    "chi-squared": book(PAIR + "L = sum((p - q)**2/q)", p=r"2 \frac{p - q}{q}"),
    "generalised relative entropy": book(PAIR + "L = sum(p*log(p/q) - p + q)", p=r"\log(\frac{p}{q})", q=r"1 - \frac{p}{q}"),
    "perplexity": book("p: parameter[n] & positive\nL = exp(-mean(log(p)))", p=r"-\frac{L}{n p}"),
    # Ratings, preferences, representations
    "Elo": book(
        "a: parameter[()]\nb: parameter[()]\nk: data[()]\ns: binary[()]\np = sigmoid(k*(a - b))\nL = -(s*log(p) + (1 - s)*log(1 - p))",
        a="k (p - s)", b="-k (p - s)",
    ),
    "SimPO": book(
        "u: parameter[()]\nv: parameter[()]\nm: positive[()]\nn: positive[()]\nb: positive[()]\ng: data[()]\np = sigmoid(b*(u/m - v/n) - g)\nL = -log(p)",
        u=r"-\frac{b}{m} (1 - p)", v=r"\frac{b}{n} (1 - p)",
    ),
    "KTO": book("r: parameter[()]\nz: data[()]\nb: positive[()]\nl: data[()]\ns = sigmoid(b*(r - z))\nL = l*(1 - s)", r="-b l s (1 - s)"),
    "Gumbel-softmax": book(
        "l: parameter[k]\ng: data[k]\nt: positive[()]\nc: data[k]\ny = softmax((l + g)/t)\nL = c @ y", l=r"\frac{1}{t} y \odot (c - L)"
    ),
    "one step of MAML": book(
        "w: parameter[d]\nX: data[n, d]\ny: data[n]\nZ: data[m, d]\nv: data[m]\na: data[()]\nu = w - a*(X.T @ (X @ w - y))\ne = Z @ u - v\nL = 0.5*(e @ e)",
        D=r"Z^\top e", w=r"D - a X^\top X D",
    ),
    "one step of the power method": book(
        "A: parameter[m, n]\nx: data[n]\nc: data[m]\nv = A @ x\nr = sqrt(v @ v)\ny = v/r\nL = c @ y", A=r"\frac{1}{r} (c - L y) x^\top"
    ),
    "low rank and a diagonal": book(
        "d: parameter[n] & positive\nU: parameter[n, k]\nS = inv(diag(d) + U @ U.T)\nL = logdet(diag(d) + U @ U.T)",
        d=r"\operatorname{diag}(S)", U=r"2 S U",
    ),
    "weighted classes": book(
        "X: data[N, d]\nY: labels[N, c]\nw: data[c]\nW: parameter[d, c]\nP = softmax(X @ W)\nL = -sum(w*Y*log(P))",
        W=r"X^\top (\operatorname{diag}(Y w) P - Y \operatorname{diag}(w))",
    ),
    "mixup": book(
        "z: parameter[c]\na: labels[c]\nb: labels[c]\nl: data[()]\np = softmax(z)\nL = -l*sum(a*log(p)) - (1 - l)*sum(b*log(p))",
        z=r"p - l a - (1 - l) b",
    ),
    "swapped prototypes": book(
        "Z: parameter[N, d]\nC: parameter[k, d]\nQ: labels[N, k]\nt: positive[()]\nP = softmax(Z @ C.T/t)\nL = -mean(sum(Q*log(P), axis=1))",
        D=r"\frac{1}{N t} (P - Q)", Z="D C", C=r"D^\top Z",
    ),
}  # fmt: skip
