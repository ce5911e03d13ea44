"""Functions of NumPy that write into what they are given, and diagonals beside the main one, as a person's code has them."""

import numpy as np
import pytest
from scipy.sparse import csr_array

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


def divided_in_part(W, X):
    z = X @ W
    out, again = np.zeros_like(z), np.empty_like(z)
    np.divide(np.sin(z), X[:, :1], out=out, where=np.abs(X[:, :1]) > 0.3)
    np.multiply(out, z, again)
    return np.sum(again + np.tanh(z, out=z))


def of_edges(W, X):
    source, target = np.array([0, 3, 2, 5, 1]), np.array([1, 1, 0, 4, 2])
    messages = X[source] @ W
    added, largest, one = np.zeros((6, 4)), np.full((6, 4), -np.inf), np.full(6, -np.inf)
    np.add.at(added, target, messages)
    np.maximum.at(largest, target, messages)
    np.maximum.at(one, target, messages[:, 0])
    largest = np.where(np.isinf(largest), 0, largest)
    return np.sum(added * largest**2) + np.sum(one[np.isfinite(one)] ** 3)


def counted(W, X):
    z, groups = X @ W, np.array([2, 0, 2, 3, 0, 2])
    means = np.bincount(groups, weights=z[:, 0] * z[:, 1], minlength=5) / np.maximum(np.bincount(groups, minlength=5), 1)
    return np.sum((z[:, 2] - means[groups]) ** 2)


def open_meshes(W, X):
    s, rows, columns = X @ W, np.array([4, 0, 2]), np.array([3, 1])
    t = s.copy()
    t[np.ix_(rows, columns)] = s[np.ix_(rows, columns)] ** 2
    t[rows[:2, None], [0, 2]] += np.cos(s[:2, :2])
    return np.sum(t * np.sin(s))


def of_stacks(W, X):
    z = X.reshape(2, 3, 3).dot(W)
    return np.sum(np.dot(z, np.swapaxes(z, 1, 2)) ** 2)


def pairs(W, X):
    z = np.concatenate([X @ W, X @ W + 1])
    s, n = z @ z.T, len(X)
    return np.sum(np.sin(np.diag(s, n)) + np.cos(np.diag(s, -n)))


@pytest.mark.parametrize(
    "function",
    [masked_diagonal, seen_by_another_name, copied, pairs, divided_in_part, of_edges, counted, open_meshes, of_stacks],
)
def test_what_is_written_is_traced(function) -> None:
    network = sb.trace(function, W, X)
    gradient = sb.compile(sb.derive(network, wrt=["W"])).grad({**network.example, "W": W, "X": X})["W"]
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


def test_what_no_array_of_real_numbers_is_has_its_mend() -> None:
    def norm(W, X):
        return np.sum(np.abs(X @ W) ** 2)

    def spectrum(W, X):
        return np.sum(np.abs(np.fft.rfft(X @ W)) ** 2)

    def turned(W, X):
        return np.sum(np.real(np.exp(1j * (X @ W))))

    unknown = np.where(X > 0.5, np.nan, X)
    cases = [
        (norm, X + 1j, "complex numbers are not traced. Write the real part"),
        (norm, csr_array(X), r"X is a sparse matrix. Give all its entries: X.toarray\(\)"),
        (norm, unknown, r"X holds NaN.* give mask = ~np.isnan\(R\)"),
        (spectrum, X, r"rfft is not traced. Its values are complex: .* np.cos\(2\*np.pi"),
        (turned, X, "complex numbers are not traced"),
        (lambda W, X: np.sum(np.divide(W, W, where=W > 0)), X, "leaves the other entries to chance.*out=np.zeros_like"),
        (lambda W, X: np.sum(np.bincount([1, 0], W[0, :2])), X, "how long np.bincount is depends on values.*minlength"),
    ]
    for function, data, said in cases:
        with pytest.raises(sb.NotationError, match=said):
            sb.trace(function, W, data, wrt="W")
    mask = ~np.isnan(unknown)
    known = sb.trace(
        lambda W, X, mask: np.sum(np.where(mask, X - (X @ W)[:, :3], 0) ** 2), W, np.nan_to_num(unknown), mask, wrt="W"
    )
    assert sb.check(known).ok


@pytest.mark.parametrize("shift", [-1, -2, 1])
def test_a_roll_holds_at_other_sizes(shift: int) -> None:
    network = sb.trace(lambda x: np.sum(x**2 * np.roll(np.sin(x), shift)), X[:, 0])
    x = RNG.normal(size=9)
    assert sb.compile(network).value(x=x) == pytest.approx(np.sum(x**2 * np.roll(np.sin(x), shift)))


@pytest.mark.parametrize("k", [-2, 1])
def test_diagonals_beside_the_main_one(k: int) -> None:
    A, v = RNG.normal(size=(4, 4)), RNG.normal(size=3)
    taken = sb.compile(f"A: parameter[n, n]\nL = sum(np.diag(A, k={k})**2)").value(A=A)
    made = sb.compile(f"v: parameter[n]\nL = sum(sin(np.diag(v, {k})) @ cos(np.diag(v, {k})).T)").value(v=v)
    np.testing.assert_allclose(taken, np.sum(np.diag(A, k) ** 2))
    np.testing.assert_allclose(made, np.sum(np.sin(np.diag(v, k)) @ np.cos(np.diag(v, k)).T))
