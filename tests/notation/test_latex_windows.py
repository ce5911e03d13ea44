r"""Windows, strides and differences in LaTeX, x_{i+k-1}, x_{2i}, x_{i+1} - x_i: their values by hand, and what is asked where nothing tells."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.notation import NotationError
from tests.notation.values import value

Sizes = Mapping[str, int]
Formula = tuple[str, tuple[str, ...], Callable[..., float]]

FORMULAS: dict[str, Formula] = {
    "a convolution": (
        r"y_i = \sum_{k=1}^{K} w_k x_{i+k-1} \\ L = \sum_i y_i^2",
        ("w: parameter[K]", "x: data[n]"),
        lambda w, x: sum(np.correlate(x, w) ** 2),
    ),
    "a convolution of images": (
        r"y_{ij} = \sum_{m,n} K_{mn} x_{i+m-1, j+n-1} \\ L = \sum_{i,j} y_{ij}^2",
        ("K: parameter[k, k]", "x: data[n, m]"),
        lambda K, x: sum(
            sum(K[p, q] * x[i + p, j + q] for p in range(len(K)) for q in range(len(K))) ** 2
            for i in range(len(x) - len(K) + 1)
            for j in range(len(x[0]) - len(K) + 1)
        ),
    ),
    "a convolution from 0": (
        r"L = \sum_{i=1}^{n-K+1} \left(\sum_{k=0}^{K-1} w_k x_{i+k} - t_i\right)^2",
        ("w: parameter[K]", "x: data[n]", "t: data[n-K+1]"),
        lambda w, x, t: sum((np.correlate(x, w) - t) ** 2),
    ),
    "a causal convolution": (
        r"h_t = \sum_{s \leq t} a_{t-s+1} x_s \\ L = \sum_t h_t^2",
        ("a: parameter[n]", "x: data[n]"),
        lambda a, x: sum(np.convolve(a, x)[: len(x)] ** 2),
    ),
    "a stride": (
        r"y_i = \sum_{k=1}^{K} w_k x_{2i+k-2} \\ L = \sum_{i=1}^{m} y_i^2",
        ("w: parameter[K]", "x: data[2*m+K-2]"),
        lambda w, x: sum(np.correlate(x, w)[::2] ** 2),
    ),
    "pairs": (r"L = \sum_i (x_{2i} - x_{2i-1})^2", ("x: parameter[2*m]",), lambda x: sum((x[1::2] - x[::2]) ** 2)),
    "total variation": (
        r"L = \sum_{i=1}^n (x_i - y_i)^2 + \lambda \sum_{i=1}^{n-1} |x_{i+1} - x_i|",
        ("x: parameter[n]", "y: data[n]", "lam: data"),
        lambda x, y, lam: sum((x - y) ** 2) + lam * sum(abs(np.diff(x))),
    ),
    "differences without limits": (r"L = \sum_t (x_t - a x_{t-1})^2", ("x: data[n]", "a: parameter"), lambda x, a: sum((x[1:] - a * x[:-1]) ** 2)),
    "differences from 2 on": (
        r"d_i = x_i - x_{i-1}, i = 2, \ldots, n \\ L = \sum_{i=2}^n d_i^2 a_i + d_2",
        ("x: parameter[n]", "a: data[n]"),
        lambda x, a: sum(np.diff(x) ** 2 * a[1:]) + x[1] - x[0],
    ),
    "returns": (
        r"G_t = \sum_{k=t}^{T} \gamma^{k-t} r_k \\ L = \sum_{t=1}^T (v_t - G_t)^2",
        ("v: parameter[T]", "r: data[T]", "gamma: data"),
        lambda v, r, gamma: sum((v[t] - sum(gamma ** (k - t) * r[k] for k in range(t, len(r)))) ** 2 for t in range(len(r))),
    ),
    "a discount from 0": (
        r"L = \sum_{t=0}^{T-1} \gamma^t r_t",
        ("r: parameter[T]", "gamma: data"),
        lambda r, gamma: gamma ** np.arange(len(r)) @ r,
    ),
    "the largest of a window": (
        r"y_i = \max_{k=1,\ldots,K} (x_{i+k-1} + b_k) \\ L = \sum_i y_i^2",
        ("x: parameter[n]", "b: parameter[K]"),
        lambda x, b: sum(max(x[i : i + len(b)] + b) ** 2 for i in range(len(x) - len(b) + 1)),
    ),
    "pairs of words": (
        r"L = -\sum_{t=2}^T \log P_{y_{t-1}, y_t}",
        ("P: parameter[v, v]", "y: integers[T, v]"),
        lambda P, y: -sum(np.log(P[y[:-1], y[1:]])),
    ),
    "a smallest within limits, an inverse": (
        r"L = \sum_{i=1}^n \min_{1 \leq k \leq K} (\tan^{-1} x_i - \mu_k)^2",
        ("x: parameter[n]", "mu: parameter[K]"),
        lambda x, mu: sum(((np.arctan(x)[:, None] - mu) ** 2).min(1)),
    ),
    "a condition that leaves out what has no entry": (
        r"L = \sum_{t=1}^{T} \mathbf{1}[t > 1] (x_t - x_{t-1})^2 + \sum_{t=0}^{T-1} \mathbf{1}[t > 0] (y_t - y_{t-1})^2",
        ("x: parameter[T]", "y: parameter[T]"),
        lambda x, y: sum(np.diff(x) ** 2) + sum(np.diff(y) ** 2),
    ),
    "cases by the place": (
        r"y_t = \begin{cases} x_t - x_{t-1} & t > 1 \\ x_1 & t = 1 \end{cases}, L = \sum_t y_t^2",
        ("x: parameter[n]",),
        lambda x: sum(np.diff(x, prepend=0) ** 2),
    ),
    "from behind, and the last": (
        r"L = \sum_{i=1}^n x_i y_{n-i+1} + x_n",
        ("x: parameter[n]", "y: data[n]"),
        lambda x, y: x @ y[::-1] + x[-1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_all_that_is_read_has_entries(name: str) -> None:
    text, declared, by_hand = FORMULAS[name]
    network = sb.read(text, let=declared)
    rng = np.random.default_rng(0)
    for sizes in ({"n": 6, "m": 4, "K": 3, "k": 2, "T": 5, "v": 3}, {"n": 4, "m": 3, "K": 2, "k": 3, "T": 3, "v": 2}):
        symbols = {s: sizes[str(s)] for s in network.program.sizes()}
        at = {str(s): n for s, n in symbols.items()}
        arrays = {}
        for t in network.program.inputs:
            shape = tuple(int(n.subs(symbols)) for n in t.shape)
            arrays[t.name] = rng.integers(0, at["v"], shape) if t.kind == "integers" else rng.uniform(0.2, 2, shape)
        np.testing.assert_allclose(value(network, arrays, at), by_hand(**arrays), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMULAS)
def test_their_gradients_are_proved(name: str) -> None:
    text, declared, _ = FORMULAS[name]
    assert sb.check(sb.derive(sb.read(text, let=declared))).ok


@pytest.mark.parametrize(("text", "declared", "fault", "mend"), [
    (r"L = \sum_{i=1}^n (x_{i+1} - x_i)^2", "x: parameter[n]", "x_{i+1} reads entry n + 1 of x, which has the entries 1 to n", r"\sum_{i=1}^{n - 1}"),
    (r"L = \sum_{i=1}^m x_{2i}^2 + \sum_j z_j", "x: parameter[n]\nz: data[m]", "x_{2i} reads entry 2*m of x", "Declare x with a size that is made of those of its indices"),
    (r"L = \sum_{i=1}^{n/2} x_{2i}^2", "x: parameter[n]", "the limit n/2 is not read", "half of n entries"),
    (r"L = \sum_{i=1}^m (x_{i+1} - x_i)^2", "x: parameter[n]", "the limit m is not read", "sizes of what is declared"),
    (r"y_i = \sum_k w_k x_{i+k} \\ L = \sum_i y_i^2", "x: parameter[n]\nw: data[K]", "from where i runs is not said", r"\sum_{i=1}^{n}"),
    (r"L = \sum_{i,k} x_{i+k}^2", "x: parameter[n]", "how far i and k runs is not said", r"\sum_{i=1}^{n}"),
    (r"L = \sum_{i=1}^{n-1} x_{i+1} \sum_{i=0}^{n-1} x_i", "x: parameter[n]", "reads entry n of x, which has the entries 0 to n - 1", "Let i run from"),
    (r"L = \sum_i (\sum_{k=1}^K w_k x_{i+k-1} - t_i)^2", "x: parameter[n]\nw: data[K]\nt: data[n]", "how far i runs is not clear|x_{i+k-1} reads entry", r"n - K + 1"),
])  # fmt: skip
def test_what_has_no_entry_is_asked_about(text: str, declared: str, fault: str, mend: str) -> None:
    with pytest.raises(NotationError) as error:
        sb.read(text, let=declared.split("\n"))
    assert any(one in error.value.fault for one in fault.split("|")), error.value
    assert mend in error.value.mend


@pytest.mark.parametrize("told", [r"k = 1, \ldots, 2", "k = 1, 2", r"k \in \{1, 2\}", r"k \in \{1, \ldots, 2\}", "k = 2, 1"])
def test_an_index_that_stops_before_an_axis_ends_says_so(told: str) -> None:
    """The sum was over all five, without a word."""
    network = sb.read(rf"z_k = w_k x, {told}, L = \sum_k z_k^2", let=["x: data", "w: parameter[5]"])
    w = np.arange(1.0, 6.0)
    assert value(network, {"x": np.array(3.0), "w": w}, {}) == pytest.approx(9 * (1 + 4))
    with pytest.raises(NotationError, match="reads entry 7 of w, which has the entries 1 to 5"):
        sb.read(r"z_k = w_k x, k = 1, \ldots, 7, L = \sum_k z_k^2", let=["x: data", "w: parameter[5]"])
