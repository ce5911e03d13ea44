"""Functions of NumPy that write into what they are given, and diagonals beside the main one, as a person's code has them."""

import numpy as np
import pytest

import symbackprop as sb

RNG = np.random.default_rng(3)
W, X = RNG.normal(size=(3, 4)), RNG.normal(size=(6, 3))


def masked_diagonal(W, X):
    s = X @ W @ W.T @ X.T
    np.fill_diagonal(s, -1e9)
    return np.mean(np.log(np.sum(np.exp(s), axis=1)))


def seen_by_another_name(W, X):
    s = X @ W @ W.T @ X.T
    other = s
    np.fill_diagonal(s, np.diag(s) * 2)
    return np.sum(other**2)


def copied(W, X):
    z = X @ W
    out = np.zeros_like(z)
    np.copyto(out, z)
    np.copyto(out, 0 * z, where=z < 0)
    return np.sum(out**3)


def pairs(W, X):
    z = np.concatenate([X @ W, X @ W + 1])
    s, n = z @ z.T, len(X)
    return np.sum(np.sin(np.diag(s, n)) + np.cos(np.diag(s, -n)))


@pytest.mark.parametrize("function", [masked_diagonal, seen_by_another_name, copied, pairs])
def test_what_is_written_is_traced(function) -> None:
    network = sb.trace(function, W, X)
    gradient = sb.compile(sb.derive(network, wrt=["W"])).grad(W=W, X=X)["W"]
    change = 1e-6 * RNG.normal(size=W.shape)
    slope = (function(W + change, X) - function(W - change, X)) / 2
    np.testing.assert_allclose(np.sum(gradient * change), slope, rtol=1e-6)


def test_what_is_written_otherwise_is_refused_by_name() -> None:
    def put(W, X):
        z = X @ W
        np.put(z, [0, 1], 0.0)
        return np.sum(z**2)

    with pytest.raises(sb.NotationError, match=r"np.put is not traced. Write x\[mask\] = value"):
        sb.trace(put, W, X)


@pytest.mark.parametrize("k", [-2, 1])
def test_diagonals_beside_the_main_one(k: int) -> None:
    A, v = RNG.normal(size=(4, 4)), RNG.normal(size=3)
    taken = sb.compile(f"A: parameter[n, n]\nL = sum(np.diag(A, k={k})**2)").value(A=A)
    made = sb.compile(f"v: parameter[n]\nL = sum(sin(np.diag(v, {k})) @ cos(np.diag(v, {k})).T)").value(v=v)
    np.testing.assert_allclose(taken, np.sum(np.diag(A, k) ** 2))
    np.testing.assert_allclose(made, np.sum(np.sin(np.diag(v, k)) @ np.cos(np.diag(v, k)).T))
