"""What computes the functions of a matrix in JAX, which cannot look at a value; not-a-number off their domain."""

from __future__ import annotations

REACH = '''
def reach(x):
    """max(|x^4|^(1/4), |x^5|^(1/5)) by the largest norm of all: it bounds higher powers better than |x|."""
    x4 = x @ x @ (x @ x)
    sizes = [jnp.max(jnp.sum(jnp.abs(y), axis=-1))**(1 / k) for k, y in ((4, x4), (5, x4 @ x))]
    return jnp.maximum(*sizes)
'''
EXPM = '''
def expm(x):
    """The exponential of each matrix: p(x / 2^s) / p(-x / 2^s) with the polynomial p of Pade, squared s times."""
    far = reach(x)
    squarings = jnp.where(jnp.isfinite(far), jnp.ceil(jnp.log2(jnp.maximum(far, 1))), 0)
    x = x / 2**squarings.astype(x.dtype)
    power = above = below = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)
    c = 1.0
    for k in range(1, 9):
        c *= (9 - k) / (k * (17 - k))
        power = x @ power
        above, below = above + c * power, below + (-1)**k * c * power
    y = jnp.linalg.solve(below, above)
    return jax.lax.fori_loop(0, squarings.astype(int), lambda _, y: y @ y, y)
'''
SQRTM = '''
def sqrtm(x):
    """The principal root of each matrix, by the iteration of Denman and Beavers with determinants near 1."""
    n = x.shape[-1]

    def goes_on(state):
        return (state[3] < 60) & ~jnp.all(state[2] < 1e-4 * jnp.finfo(x.dtype).eps**0.25)

    def step(state):
        y, z, _, k = state
        sizes = jnp.linalg.slogdet(y)[1] + jnp.linalg.slogdet(z)[1]
        scale = jnp.exp(-sizes / (2 * n))[..., None, None].astype(x.dtype)
        new = (scale * y + jnp.linalg.inv(z) / scale) / 2
        gap = jnp.max(jnp.abs(new - y), axis=(-2, -1)) / jnp.max(jnp.abs(new), axis=(-2, -1))
        return new, (scale * z + jnp.linalg.inv(y) / scale) / 2, gap, k + 1

    one = jnp.broadcast_to(jnp.eye(n, dtype=x.dtype), x.shape)
    y, _, gap, _ = jax.lax.while_loop(goes_on, step, (x, one, jnp.full(x.shape[:-2], jnp.inf, x.dtype), 0))
    return jnp.where((gap < 1e-4 * jnp.finfo(x.dtype).eps**0.25)[..., None, None], y, jnp.nan)
'''
LOGM = '''
def logm(x):
    """The principal logarithm of each matrix: 2^k that of a root of order 2^k, by a quadrature of a (1 + t a)^-1 with a near 0."""
    eye = jnp.eye(x.shape[-1], dtype=x.dtype)
    x, roots = jax.lax.while_loop(
        lambda state: (state[1] < 60) & (reach(state[0] - eye) > 0.3), lambda state: (sqrtm(state[0]), state[1] + 1), (x, 0)
    )
    a, total = x - eye, 0
    for t, w in (
        (-0.9681602395076261, 0.08127438836157416), (-0.8360311073266358, 0.18064816069485737),
        (-0.6133714327005904, 0.2606106964029356), (-0.3242534234038089, 0.3123470770400029),
        (0.0, 0.33023935500125984), (0.3242534234038089, 0.3123470770400029),
        (0.6133714327005904, 0.2606106964029356), (0.8360311073266358, 0.18064816069485737),
        (0.9681602395076261, 0.08127438836157416),
    ):  # of Gauss and Legendre
        total = total + w / 2 * jnp.linalg.solve(eye + (1 + t) / 2 * a, a)
    return 2.0**roots * total
'''
INVERSE = '''
def inverse(x):
    """The inverse of each matrix; not-a-number where rounding alone makes a matrix regular."""
    y = jnp.linalg.inv(x)
    sizes = jnp.linalg.norm(x, jnp.inf, (-2, -1), True) * jnp.linalg.norm(y, jnp.inf, (-2, -1), True)
    return jnp.where(sizes * jnp.finfo(y.dtype).eps > 0.1, jnp.nan, y)
'''
CHOLESKY = '''
def cholesky(x):
    """The lower triangular factor of the symmetric part of each matrix; not-a-number where it is positive by rounding alone."""
    y = jnp.linalg.cholesky((x + jnp.swapaxes(x, -1, -2)) / 2)
    pivots = jnp.diagonal(y, 0, -2, -1)**2
    least = 10 * y.shape[-1] * jnp.finfo(y.dtype).eps * jnp.max(pivots, -1, initial=0)
    return jnp.where((jnp.min(pivots, -1, initial=jnp.inf) < least)[..., None, None], jnp.nan, y)
'''
GAPS = '''
def gaps(w, power=1):
    """1 / (w[j]^power - w[i]^power) for numbers that differ beyond rounding, and 0 where i = j; else not-a-number."""
    same = jnp.eye(w.shape[-1], dtype=bool)
    near = 10 * w.shape[-1] * jnp.finfo(w.dtype).eps * jnp.max(jnp.abs(w), axis=-1, initial=0)[..., None, None]
    equal = (jnp.abs(w[..., None, :] - w[..., :, None]) <= near) & ~same
    gap = jnp.where(same | equal, 1, w[..., None, :]**power - w[..., :, None]**power)
    return jnp.where(same, 0, jnp.where(equal, jnp.nan, 1 / gap))
'''
OVER = '''
def over(s):
    """1 / s for singular values that are not 0 but for rounding; else not-a-number."""
    near = 10 * s.shape[-1] * jnp.finfo(s.dtype).eps * jnp.max(s, axis=-1, initial=0, keepdims=True)
    return jnp.where(s <= near, jnp.nan, 1 / s)
'''
PINV = '''
def pinv(x):
    """The pseudoinverse of each matrix, by singular values; not-a-number where columns depend on each other up to rounding."""
    u, s, v = jnp.linalg.svd(x, full_matrices=False)
    near = 10 * s.shape[-1] * jnp.finfo(s.dtype).eps * jnp.max(s, axis=-1, initial=0, keepdims=True)
    return jnp.swapaxes(v, -1, -2) / jnp.where(s <= near, jnp.nan, s)[..., None, :] @ jnp.swapaxes(u, -1, -2)
'''
HELPERS = {
    name: text.strip()
    for name, text in {
        "reach": REACH, "expm": EXPM, "sqrtm": SQRTM, "logm": LOGM, "inverse": INVERSE, "cholesky": CHOLESKY, "gaps": GAPS,
        "over": OVER, "pinv": PINV,
    }.items()
}  # fmt: skip
"""The definitions by name."""
