"""Factors of matrices, solutions, entries in order and what runs along an axis, as people write them in JAX."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb

RNG = np.random.default_rng(0)
A, B, W, S, x = (RNG.standard_normal(shape) for shape in ((3, 3), (4, 3), (2, 5), (3, 3), (3,)))
A = A + 3 * np.eye(3)


def spd(jnp: Any, w: Any) -> Any:
    return w @ w.T + jnp.eye(3)


# of jax and of an array
FORMS: dict[str, tuple[Callable[[Any, Any], Any], np.ndarray]] = {
    "factor": (lambda jax, w: jax.numpy.sum(jax.numpy.sin(jax.numpy.linalg.cholesky(spd(jax.numpy, w)))), A),
    "upper factor": (lambda jax, w: jax.numpy.sum(jax.numpy.sin(jax.numpy.linalg.cholesky(spd(jax.numpy, w), upper=True))), A),
    "inverses of a stack": (lambda jax, w: jax.numpy.sum(jax.numpy.linalg.inv(jax.numpy.stack([w, 2 * w])) ** 3), A),
    "determinants": (lambda jax, w: jax.numpy.sin(jax.numpy.linalg.det(w)) + jax.numpy.linalg.slogdet(w)[1], RNG.standard_normal((5, 5))),
    "solutions": (
        lambda jax, w: jax.numpy.sum(jax.numpy.linalg.solve(w, x) ** 3) + jax.numpy.sum(jax.numpy.linalg.solve(w, S) ** 3), A),
    "eigenvalues": (
        lambda jax, w: jax.numpy.sum(jax.numpy.linalg.eigh(w)[1] ** 4) + jax.numpy.sum(jax.numpy.sin(jax.numpy.linalg.eigvalsh(w))), A),
    "singular values": (
        lambda jax, w: sum(jax.numpy.sum(a**4) for a in jax.numpy.linalg.svd(w, full_matrices=False))
        + jax.numpy.linalg.norm(w, 2) + jax.numpy.linalg.norm(w, "nuc") + jax.numpy.linalg.cond(w), B),
    "triangular factor": (lambda jax, w: sum(jax.numpy.sum(a**3) for a in jax.numpy.linalg.qr(w)), B),
    "pseudoinverse": (lambda jax, w: jax.numpy.sum(jax.numpy.sin(jax.numpy.linalg.pinv(w))), B),
    "exponential": (lambda jax, w: jax.numpy.sum(jax.numpy.sin(jax.scipy.linalg.expm(w / 4))), A),
    "triangular solutions": (
        lambda jax, w: jax.numpy.sum(jax.scipy.linalg.solve_triangular(w, x, lower=True) ** 2)
        + jax.numpy.sum(jax.scipy.linalg.solve_triangular(w, S, trans=1, unit_diagonal=True) ** 2)
        + jax.numpy.sum(jax.lax.linalg.triangular_solve(w, S, left_side=False, lower=True) ** 2), A),
    "solutions by a factor": (lambda jax, w: x @ jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(spd(jax.numpy, w)), x), A),
    "order": (
        lambda jax, w: jax.numpy.sum(jax.numpy.sort(w, axis=0) * S[:2, :1])
        + jax.numpy.sum(w[0][jax.numpy.argsort(w[0])] * jax.numpy.arange(5.0)) + jax.numpy.sum(jax.lax.top_k(w, 2)[0] * S[:2, :2]), W),
    "middle": (lambda jax, w: jax.numpy.median(w) * jax.numpy.quantile(w, 0.3), W),
    "running": (
        lambda jax, w: jax.numpy.sum(
            jax.numpy.cumsum(w, 1) * jax.lax.cummax(w, axis=1) * jax.lax.cummin(w, axis=0) * jax.lax.cumlogsumexp(w, axis=1, reverse=True)
        ), W),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.slow
def test_the_gradients_are_those_of_jax(name: str, jax: ModuleType) -> None:
    from tests.jax_words.traced import run

    form, w = FORMS[name]

    def loss(w):  # type: ignore[no-untyped-def]  # of JAX's arrays
        return form(jax, w)

    net = sb.from_jax(loss, w)
    value, gradients = sb.compile(net).value_and_grad(net.example)
    expected, gradient = run(jax.value_and_grad(loss), w)
    assert value == pytest.approx(float(expected), rel=1e-10)
    np.testing.assert_allclose(gradients["w"], gradient, rtol=1e-9, atol=1e-9)


def test_what_depends_on_a_part_of_the_values_is_refused(jax: ModuleType) -> None:
    with pytest.raises(sb.NotationError, match="vectors beyond the smaller"):
        sb.from_jax(lambda w: jax.numpy.sum(jax.numpy.linalg.svd(w)[0] ** 4), B)
