"""Entries in another order, more often or among zeros, and correlations: values as NumPy's, gradients as the witnesses'."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward

DECLARED = {
    "x": "x: parameter[n]", "w": "w: data[n]", "k": "k: parameter[3]", "e": "e: parameter[2]", "X": "X: parameter[n, m]",
    "K": "K: parameter[2, 3]", "u": "u: parameter[b, 3]", "v": "v: parameter[b, 3]", "I": "I: integers[n, 2, m]", "t": "t: integers[n, n]",
}  # fmt: skip
CASES: dict[str, tuple[str, Callable[..., Any]]] = {
    "flip(x)": ("xw", lambda x, w: np.flip(x)),
    "flip(X, axis=1)": ("X", lambda X: np.flip(X, axis=1)),
    "flip(X)": ("X", lambda X: np.flip(X)),
    "roll(x, 1)": ("x", lambda x: np.roll(x, 1)),
    "roll(x, -2)": ("x", lambda x: np.roll(x, -2)),
    "roll(X, 1)": ("X", lambda X: np.roll(X, 1)),
    "roll(X, 1, axis=1)": ("X", lambda X: np.roll(X, 1, axis=1)),
    "diff(x)": ("x", np.diff),
    "diff(x, n=2)": ("x", lambda x: np.diff(x, n=2)),
    "diff(X, axis=0)": ("X", lambda X: np.diff(X, axis=0)),
    "repeat(x, 2)": ("x", lambda x: np.repeat(x, 2)),
    "repeat(X, 3, axis=0)": ("X", lambda X: np.repeat(X, 3, axis=0)),
    "repeat(X, 2)": ("X", lambda X: np.repeat(X, 2)),
    "tile(x, 2)": ("x", lambda x: np.tile(x, 2)),
    "tile(x, (2, 3))": ("x", lambda x: np.tile(x, (2, 3))),
    "tile(X, 2)": ("X", lambda X: np.tile(X, 2)),
    "pad(x, 1)": ("x", lambda x: np.pad(x, 1)),
    "pad(x, (1, 2))": ("x", lambda x: np.pad(x, (1, 2))),
    "pad(X, ((1, 0), (0, 2)), constant_values=2)": ("X", lambda X: np.pad(X, ((1, 0), (0, 2)), constant_values=2)),
    "broadcast_to(x, (3, n))": ("x", lambda x: np.broadcast_to(x, (3, *x.shape))),
    "take(x, t)": ("xt", np.take),
    "take(X, t, axis=0)": ("Xt", lambda X, t: np.take(X, t, axis=0)),
    "take_along_axis(X, I, axis=1)": ("XI", lambda X, I: np.take_along_axis(X, I, axis=1)),  # noqa: E741
    "hstack([x, w, x])": ("xw", lambda x, w: np.hstack([x, w, x])),
    "hstack([X, X])": ("X", lambda X: np.hstack([X, X])),
    "vstack([x, w])": ("xw", lambda x, w: np.vstack([x, w])),
    "outer(X, x)": ("Xx", lambda X, x: np.outer(X, x)),
    "cross(u, v)": ("uv", np.cross),
    "hypot(x, w)": ("xw", np.hypot),
    "average(X, axis=0, weights=w)": ("Xw", lambda X, w: np.average(X, axis=0, weights=w)),
    "average(x, weights=w)": ("xw", lambda x, w: np.average(x, weights=w)),
    "average(X, axis=1)": ("X", lambda X: np.average(X, axis=1)),
    "logical_and(x > 0, w > 0) * x": ("xw", lambda x, w: np.logical_and(x > 0, w > 0) * x),
    "logical_or(x > 0, w > 0) * x": ("xw", lambda x, w: np.logical_or(x > 0, w > 0) * x),
    "logical_xor(x > 0, w > 0) * x": ("xw", lambda x, w: np.logical_xor(x > 0, w > 0) * x),
    "logical_not(logical_or(x, 0)) + x": ("x", lambda x: np.logical_not(np.logical_or(x, 0)) + x),
    "slogdet(X @ X.T + eye(n))[1]": ("X", lambda X: np.linalg.slogdet(X @ X.T + np.eye(len(X)))[1]),
    "slogdet(X @ X.T + eye(n))[0] * sum(X)": ("X", lambda X: np.linalg.slogdet(X @ X.T + np.eye(len(X)))[0] * X.sum()),
    **{
        f"{word}(x, {kernel}, {mode!r})": (f"x{kernel}", lambda x, k, word=word, mode=mode: getattr(np, word)(x, k, mode))
        for word in ("convolve", "correlate") for kernel in "ke" for mode in ("full", "same", "valid")
    },
}  # fmt: skip


def holds(expression: str, names: str, theirs: Callable[..., Any]) -> None:
    derivation = sb.derive("\n".join(DECLARED[name] for name in dict.fromkeys(names)) + f"\nr = {expression}\nL = sum(sin(r) * r)")
    sizes = {str(size): 4 + k for k, size in enumerate(sorted(derivation.program.sizes(), key=str))}
    _, at = defined(derivation.forward, sizes, seed=1)
    np.testing.assert_allclose(forward(derivation.forward, at)["r"], theirs(*(at[name] for name in names)), rtol=1e-12, atol=1e-14)
    assert derivation.check(sizes=sizes), derivation.check(sizes=sizes)


@pytest.mark.parametrize("expression", CASES)
def test_values_are_numpys_and_gradients_the_witnesses(expression: str) -> None:
    holds(expression, *CASES[expression])


@pytest.mark.parametrize("mode", [pytest.param("full", marks=pytest.mark.slow), "same", "valid"])
@pytest.mark.parametrize("word", ["convolve2d", "correlate2d"])
def test_images_are_scipys(word: str, mode: str) -> None:
    from scipy import signal

    holds(f"{word}(X, K, {mode!r})", "XK", lambda X, K: getattr(signal, word)(X, K, mode))


REFUSED = {
    "roll(x, 0.5)": "roll: shift must be a whole number or a size, not",
    "diff(x, n=-1)": "diff: n must be from 0 to 20, not -1",
    "diff(x, n=9**99)": "diff: n must be from 0 to 20, not 2951266543",
    "broadcast_to(x, (n, 3))": "broadcast_to: x, which is (n,), does not broadcast to (n, 3)",
    "broadcast_to(X, (n,))": "broadcast_to: X, which is (n, m), does not broadcast to (n,)",
    "pad(x, (1, 2, 3))": "pad: x is (n,); pad_width is one number, (before, after), or one such pair an axis",
    "pad(X, ((1, 2), 3))": "pad: X is (n, m); pad_width is one number",
    "pad(x, -1)": "pad: a width must be 0 or more, not -1",
    'pad(x, 1, mode="median")': 'pad: mode="median" is not in the language',
    "repeat(x, (1, 2))": "repeat: one number says how often every entry stands; 2 are given",
    "take_along_axis(X, t, axis=1)": "take_along_axis: X is (n, m), t is (n,); all axes but axis 1 must have equal sizes",
    "cross(x, x)": "cross: x is (n,); its last axis must have the size 3",
    "convolve(X, x)": "convolve: X is (n, m), x is (n,); it takes two vectors",
    'convolve(x, k, "wrap")': 'convolve: mode must be "full", "same" or "valid", not \'wrap\'',
    "correlate(e, k)": "correlate: the kernel k, which is (3,), is longer than e; exchange them",
    "average(X, weights=w)": "average: X is (n, m), w is (n,); name the axis that the weights run along",
    "var(e, ddof=2)": "var: 2 entries less ddof=2 are not more than 0",
}


@pytest.mark.parametrize("expression", REFUSED)
def test_the_words_of_a_refusal(expression: str) -> None:
    with pytest.raises(sb.NotationError) as caught:
        sb.read("\n".join(DECLARED.values()) + f"\nL = sum({expression})")
    assert REFUSED[expression] in str(caught.value)
