"""What computes the primary functions of a matrix in NumPy, and their derivatives along directions, for stacks of matrices.

The derivative of f at X along D, of every order, stands in a corner of f of a larger matrix: [[X, D], [0, X]] for the first. The
steps below are chosen by `reach`, which a large D hardly moves, since a derivative is linear in it.
"""

from __future__ import annotations

REACH = '''
def reach(x):
    """max(|x^4|^(1/4), |x^5|^(1/5)) by the largest norm of all: it bounds higher powers better than |x|."""
    x4 = x @ x @ (x @ x)
    return max(np.max(np.sum(np.abs(y), axis=-1), initial=0)**(1 / k) for k, y in ((4, x4), (5, x4 @ x)))
'''
EXPM = '''
def expm(x):
    """The exponential of each matrix: p(x / 2^s) / p(-x / 2^s) with the polynomial p of Pade, squared s times."""
    far = reach(x)
    if not np.isfinite(far):
        return np.full_like(x, np.nan)
    squarings = int(max(0, np.ceil(np.log2(max(far, 1)))))
    x = x / 2**squarings
    power = above = below = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    c = 1.0
    for k in range(1, 9):
        c *= (9 - k) / (k * (17 - k))
        power = x @ power
        above, below = above + c * power, below + (-1)**k * c * power
    y = np.linalg.solve(below, above)
    for _ in range(squarings):
        y = y @ y
    return y
'''
SQRTM = '''
def sqrtm(x):
    """The principal root of each matrix, by the iteration of Denman and Beavers with determinants near 1."""
    n = x.shape[-1]
    sizes = np.abs(np.linalg.eigvals(x))
    if np.any(np.min(sizes, -1) <= 10 * n * np.finfo(x.dtype).eps * np.max(sizes, -1)):
        raise np.linalg.LinAlgError("a matrix with an eigenvalue that is 0 but for rounding has no principal root")
    y, z = x, np.broadcast_to(np.eye(n, dtype=x.dtype), x.shape)
    for _ in range(60):
        sizes = np.linalg.slogdet(y)[1] + np.linalg.slogdet(z)[1]
        scale = np.exp(-sizes / (2 * n))[..., None, None].astype(x.dtype)
        y, z, before = (scale * y + np.linalg.inv(z) / scale) / 2, (scale * z + np.linalg.inv(y) / scale) / 2, y
        gap = np.max(np.abs(y - before), axis=(-2, -1)) / np.max(np.abs(y), axis=(-2, -1))
        if np.all(gap < 1e-4 * np.finfo(x.dtype).eps**0.25):
            return y
    raise np.linalg.LinAlgError("a matrix with an eigenvalue that is not positive has no principal root")
'''
LOGM = '''
def logm(x):
    """The principal logarithm of each matrix: 2^k that of a root of order 2^k, by a quadrature of a (1 + t a)^-1 with a near 0."""
    eye, roots = np.eye(x.shape[-1], dtype=x.dtype), 0
    while not (far := reach(x - eye)) <= 0.3:
        if not np.isfinite(far) or roots == 60:
            raise np.linalg.LinAlgError("a matrix with an eigenvalue that is not positive has no principal logarithm")
        x, roots = sqrtm(x), roots + 1
    a, total = x - eye, 0
    for t, w in zip(*np.polynomial.legendre.leggauss(9), strict=True):
        total = total + w / 2 * np.linalg.solve(eye + (1 + t) / 2 * a, a)
    return 2**roots * total
'''
ALONG = '''
def along(function, x, *directions):
    """The derivative of a function of matrices at x, by one direction after the other."""
    n = x.shape[-1]
    for d in directions:
        d = np.kron(np.eye(x.shape[-1] // n, dtype=d.dtype), d)
        x, d = np.broadcast_arrays(x, d)
        x = np.concatenate([np.concatenate([x, d], -1), np.concatenate([0 * x, x], -1)], -2)
    return function(x)[..., :n, -n:]
'''
HELPERS = {
    "reach": REACH.strip(),
    "expm": EXPM.strip(),
    "sqrtm": SQRTM.strip(),
    "logm": LOGM.strip(),
    "along": ALONG.strip(),
}
"""The definitions by name."""
