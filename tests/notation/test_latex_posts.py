r"""Networks as posts and lecture notes write them: recursions without a start, labels below a sum, layers w^l, divergences by name."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

import symbackprop as sb
from symbackprop.core.network import Network
from symbackprop.evaluate import tape

MENDS = (
    (
        r"Write (\S+) = (?:0, or declare .*|x, of the input\.)\n",
        lambda text, m: f"{text}, {m[1]} = {'x' if 'input' in m[0] else 0}",
    ),
    (
        r"Declare (?:it|them) in (?:a line|lines) of (?:its|their) own: (.*?)\.(?: Or write the function out: .*)?\n",
        lambda text, m: "\n".join([*m[1].split("; "), text]),
    ),
)


def mended(formula: str) -> Network:
    """The network of a formula, with what it asks for written down, as often as it asks."""
    for _ in range(4):
        try:
            return sb.read(formula)
        except sb.NotationError as refused:
            for pattern, write in MENDS:
                if found := re.search(pattern, str(refused)):
                    formula = write(formula, found)
                    break
            else:
                raise
    raise AssertionError(formula)


def stepped(
    x: np.ndarray, y: np.ndarray, W: np.ndarray, U: np.ndarray, V: np.ndarray, loss: Callable[..., float], b: float = 0
) -> float:
    h, total = np.zeros(len(W)), 0.0
    for own, target in zip(x, y, strict=True):
        h = np.tanh(W @ h + U @ own + b)
        total += loss(V @ h, target)
    return total


def layers(w: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    for own, shift in zip(w, b, strict=True):
        x = expit(own @ x + shift)
    return ((y - x) ** 2).sum() / 2


def hinge(s: np.ndarray, y: int) -> float:
    return np.maximum(0, np.delete(s, y) - s[y] + 1).sum()


def beside(x: np.ndarray, y: np.ndarray, **of: np.ndarray) -> float:
    """Gates of what stands below each other, [h, x]."""
    h = c = np.zeros(len(y))
    for own in x:
        f, i, o, g = (of[f"W_{k}"] @ np.concatenate([h, own]) + of[f"b_{k}"] for k in "fioC")
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
    return ((h - y) ** 2).sum()


def updated(W_z: np.ndarray, x: np.ndarray, b_z: np.ndarray, W_h: np.ndarray, b_h: np.ndarray, y: np.ndarray) -> float:
    h = np.zeros(len(y))
    for own in x:
        both = np.concatenate([h, own])
        z = expit(W_z @ both + b_z)
        h = (1 - z) * h + z * np.tanh(W_h @ both + b_h)
    return ((h - y) ** 2).sum() / 2


NETS: dict[str, tuple[str, Callable[..., float]]] = {
    "how far steps run is that of the sum": (
        r"h_t = \tanh(W h_{t-1} + U x_t + b), \quad \hat y_t = V h_t, \quad L = \sum_{t=1}^T \|\hat y_t - y_t\|^2",
        lambda W, U, x, b, V, y: stepped(x, y, W, U, V, lambda s, t: ((s - t) ** 2).sum(), b)),
    "labels of two letters": (
        r"h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t), \quad \hat y_t = \mathrm{softmax}(W_{hy} h_t), "
        r"\quad L = -\sum_{t=1}^T y_t^\top \log \hat y_t",
        lambda W_hh, W_xh, x, W_hy, y: stepped(x, y, W_hh, W_xh, W_hy, lambda s, t: -t @ log_softmax(s))),
    "gates of values below each other": (
        r"\begin{aligned} f_t &= \sigma(W_f [h_{t-1}, x_t] + b_f) \\ i_t &= \sigma(W_i [h_{t-1}, x_t] + b_i) \\ "
        r"\tilde C_t &= \tanh(W_C [h_{t-1}, x_t] + b_C) \\ C_t &= f_t * C_{t-1} + i_t * \tilde C_t \\ "
        r"o_t &= \sigma(W_o [h_{t-1}, x_t] + b_o) \\ h_t &= o_t * \tanh(C_t) \\ L &= \|h_T - y\|^2 \end{aligned}", beside),
    "an update of values below each other": (
        r"z_t = \sigma(W_z \cdot [h_{t-1}; x_t] + b_z), \quad h_t = (1 - z_t) \odot h_{t-1} "
        r"+ z_t \odot \tanh(W_h [h_{t-1}; x_t] + b_h), \quad L = \frac12\|h_T - y\|^2", updated),
    "layers of small letters": (
        r"z^l = w^l a^{l-1} + b^l, \quad a^l = \sigma(z^l), \quad C = \frac{1}{2} \| y - a^L \|^2", layers),
    "layers of one number each": (
        r"a^l = w^l a^{l-1}, \quad C = (a^L - y)^2", lambda w, x, y: (np.prod(w) * x - y) ** 2),
    "a label below a sum": (
        r"s = W x, \quad L = \sum_{j \neq y} \max(0, s_j - s_y + 1)", lambda W, x, y: hinge(W @ x, y)),
    "labels of samples below a sum": (
        r"L = \frac{1}{N} \sum_{i=1}^N \sum_{j \neq y_i} \max(0, w_j^\top x_i - w_{y_i}^\top x_i + \Delta) "
        r"+ \lambda \sum_k \sum_l W_{k,l}^2",
        lambda x, Delta, lam, W, y: sum(np.maximum(0, np.delete(W @ own, c) - W[c] @ own + Delta).sum()
                                        for own, c in zip(x, y, strict=True)) / len(x) + lam * (W**2).sum()),
    "pairs are over both letters": (r"L = \sum_{j \neq k} s_j s_k", lambda s: s.sum() ** 2 - (s**2).sum()),
    "a weight of counts with a largest one": (
        r"J = \sum_{i,j=1}^{V} f(X_{ij}) (w_i^\top \tilde{w}_j + b_i + \tilde{b}_j - \log X_{ij})^2, \quad f(x) = (x/x_{\max})^\alpha",
        lambda X, x_max, w, wtilde, b, btilde, alpha: (
            (X / x_max) ** alpha * (w @ wtilde.T + b[:, None] + btilde - np.log(X)) ** 2).sum()),
    "a matrix for each output, between two vectors": (
        r"y_k = x^\top W_k z + b_k, \quad L = \sum_k (y_k - t_k)^2",
        lambda x, W, z, b, t: ((np.einsum("i,kij,j->k", x, W, z) + b - t) ** 2).sum()),
    "a matrix between the vectors of samples": (
        r"s_{ij} = x_i^\top W z_j, \quad L = \sum_{i,j} (s_{ij} - t_{ij})^2",
        lambda x, W, z, t: ((x @ W @ z.T - t) ** 2).sum()),
    "a divergence": (
        r"L = D_{\mathrm{KL}}\left(p \,\middle\|\, \mathrm{softmax}(W x)\right)",
        lambda p, W, x: p @ (np.log(p) - log_softmax(W @ x))),
    "a divergence of every sample": (
        r"L = \frac{1}{n}\sum_{i=1}^n \mathrm{KL}(p_i \| \mathrm{softmax}(W x_i))",
        lambda p, W, x: (p * (np.log(p) - log_softmax(x @ W.T, axis=1))).sum() / len(x)),
    "a divergence of two temperatures": (
        r"L = T^2 \, \mathrm{KL}[\mathrm{softmax}(v/T) || \mathrm{softmax}(z / T)]",
        lambda T, v, z: T**2 * softmax(v / T) @ (log_softmax(v / T) - log_softmax(z / T))),
    "a logistic regression of one sample": (
        r"p = \sigma(w^\top x + b), L = -y\log p - (1-y)\log(1-p)",
        lambda w, x, b, y: -y * np.log(expit(w @ x + b)) - (1 - y) * np.log(1 - expit(w @ x + b))),
}  # fmt: skip


def drawn(network: Network) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = {size: 2 + k for k, size in enumerate(sorted(network.program.sizes(), key=str))}
    at: dict[str, np.ndarray] = {}
    for t in network.program.inputs:
        shape = [int(n.subs(sizes)) for n in t.shape]
        whole = t.kind == "integers"
        at[t.name] = rng.integers(0, int(t.bound.subs(sizes)), shape) if whole else rng.uniform(0.2, 1, shape)
    return at


SLOW = ["how far steps run is that of the sum", "labels of two letters", "gates of values below each other"]


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NETS])
def test_what_is_asked_for_makes_the_network_of_the_post(name: str) -> None:
    formula, expected = NETS[name]
    network = mended(formula)
    at = drawn(network)
    value = expected(**{n: a if a.shape else a.item() for n, a in at.items()})
    assert tape.forward(network.program, at)[network.loss] == pytest.approx(value, rel=1e-12)


@pytest.mark.slow
def test_what_is_learnt_is_a_parameter() -> None:
    learnt = {
        "a weight of counts with a largest one": ["w", "wtilde", "b", "btilde"],
        "labels of two letters": ["W_hh", "W_xh", "W_hy"],
        "a logistic regression of one sample": ["w", "b"],
    }
    assert {name: [t.name for t in mended(NETS[name][0]).program.parameters] for name in learnt} == learnt


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        (
            r"J = \sum_{i,j=1}^{V} f(X_{ij}) (w_i^\top \tilde{w}_j + b_i + \tilde{b}_j - \log X_{ij})^2",
            ["w", "wtilde", "b", "btilde"],
        ),
        (r"h = \phi(W x + b), \quad L = \|h - y\|^2", ["W", "b"]),
    ],
)
def test_what_stands_before_a_bracket_is_asked_for_as_a_function(formula: str, names: list[str]) -> None:
    """Never as a number that the bracket is multiplied by."""
    assert [t.name for t in mended(formula).program.parameters] == names


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (r"\mathrm{CE}(y, \mathrm{softmax}(W x))", r"CE is no function here. Write it out: -y^\top \log (\mathrm{softmax}(W x))."),
        (r"\text{MSE}(y, W x)", r"MSE is no function here. Write it out: \frac{1}{n} \|y - (W x)\|^2."),
        (r"\mathrm{BCE}(y, p)", r"BCE is no function here. Write it out: -y \log p - (1 - y) \log(1 - p)."),
    ],
)
def test_a_loss_of_several_meanings_is_asked_for_written_out(loss: str, words: str) -> None:
    with pytest.raises(sb.NotationError, match=re.escape(words)):
        sb.read(f"L = {loss}")
    written = words.partition("out: ")[2].removesuffix(".")
    assert mended(f"L = {written}").loss == "L"


def test_a_loss_that_the_text_defines_is_what_it_says() -> None:
    network = mended(r"\mathrm{CE}(y, p) = -\sum_k y_k \log p_k, \quad L = \mathrm{CE}(t, \mathrm{softmax}(z))")
    at = drawn(network)
    assert tape.forward(network.program, at)["L"] == pytest.approx(-at["t"] @ log_softmax(at["z"]), rel=1e-12)
