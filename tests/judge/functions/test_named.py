"""Backward passes of students with the mistakes of a course: which gradient is wrong, and by which mistake, is told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbackprop.judge.functions import verify_function, verify_layer
from symbackprop.judge.functions.verdict import FunctionVerdict

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((5, 4)), np.array([0, 2, 1, 1, 0])
PARAMS = {
    "W1": RNG.standard_normal((4, 3)) / 2, "b1": RNG.standard_normal(3) / 9,
    "W2": RNG.standard_normal((3, 3)) / 2, "b2": RNG.standard_normal(3) / 9,
}  # fmt: skip
RATE = 0.1


def loss(params: Any, X: Any, y: Any) -> Any:
    h = np.maximum(0, X @ params["W1"] + params["b1"])
    s = h @ params["W2"] + params["b2"]
    s = s - s.max(axis=1, keepdims=True)
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean() + RATE * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))


Pass = dict[str, Any]


def grads(params: Any, X: Any, y: Any, wrong: Callable[[str, Any], Any] = lambda at, value: value) -> Pass:
    """The right backward pass; `wrong` may put another value in the place of any that it makes."""
    z = X @ params["W1"] + params["b1"]
    h = np.maximum(0, z)
    s = h @ params["W2"] + params["b2"]
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    d = p - wrong("target", np.eye(3)[y])
    d = wrong("d", d / len(X))
    dh = d @ wrong("W2.T", params["W2"].T)
    dz = dh * wrong("mask", z > 0)
    return {
        "W1": X.T @ dz + 2 * RATE * params["W1"],
        "b1": dz.sum(axis=0),
        "W2": h.T @ d + wrong("penalty", 2 * RATE * params["W2"]),
        "b2": wrong("b2", d.sum(axis=0)),
    }


def judged(at: str, change: Callable[[Any], Any], after: Callable[[Pass], Any] = lambda found: found) -> FunctionVerdict:
    def gradient(params: Any, X: Any, y: Any) -> Any:
        return after(grads(params, X, y, lambda place, value: change(value) if place == at else value))

    return verify_function(loss, gradient, PARAMS, X, Y)


SLIPS = [
    pytest.param("target", lambda y: 0 * y, ("W1", "b1", "W2", "b2"), "path from s", marks=pytest.mark.slow),
    ("d", lambda d: 5 * d, ("W1", "W2"), "1/5 is missing"),
    ("d", lambda d: -d, ("W1", "W2"), "the sign of"),
    ("W2.T", lambda W: W.T, ("W1", "b1"), "stands transposed, or its transpose is missing"),
    ("mask", lambda m: 1, ("W1", "b1"), "the indicator is left out"),
    ("penalty", lambda g: g / 2, ("W2",), "the gradient of the penalty carries a factor 1/2"),
    ("penalty", lambda g: 0, ("W2",), "the gradient of the penalty is left out"),
    ("b2", lambda g: g.sum(), ("b2",), "all its entries are added up"),
    ("b2", lambda g: g * np.nan, ("b2",), "3 of its 3 numbers are not finite"),
    ("b2", lambda g: g.astype(int), ("b2",), "it holds whole numbers (int64)"),
    ("b2", lambda g: PARAMS["b2"] * 0, ("b2",), "it is zero everywhere"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("at", "change", "wrong", "words"), SLIPS)
def test_the_slip_of_a_student_is_named(at: str, change: Any, wrong: tuple[str, ...], words: str) -> None:
    found = judged(at, change)
    for name in PARAMS:
        finding = found[f'params["{name}"]']
        assert finding.ok == (name not in wrong and finding.verdict.startswith("right")), name
        if name in wrong:
            assert words in finding.mistake, finding.mistake


def test_what_was_returned_is_told_where_it_is_something_else() -> None:
    def swapped(g: Pass) -> Pass:
        return {**g, "b1": g["b2"], "b2": g["b1"]}

    found = judged("", lambda value: value, swapped)
    assert found['params["b1"]'].mistake == 'it is the gradient by params["b2"]'
    stepped = verify_function(
        loss, lambda params, X, y: {k: params[k] - 0.01 * g for k, g in grads(params, X, y).items()}, PARAMS, X, Y
    )
    assert all("after a step of 0.01 against the gradient" in finding.mistake for finding in stepped.findings)


def test_a_gradient_that_is_not_returned_is_missed() -> None:
    found = judged("", lambda value: value, lambda g: {n: g[n] for n in g if n != "b1"})
    assert 'no gradient by params["b1"] was returned' in found.notes


@pytest.mark.slow
def test_single_precision_is_right_to_its_digits() -> None:
    found = judged("", lambda value: value, lambda g: {n: v.astype(np.float32) for n, v in g.items()})
    assert found.ok
    assert "float32" in " ".join(found.notes)
    assert not judged("d", lambda d: 1.001 * d, lambda g: {n: v.astype(np.float32) for n, v in g.items()}).ok


def test_an_order_from_the_last_to_the_first_is_found_by_the_shapes() -> None:
    assert judged("", lambda value: value, lambda g: tuple(g.values())[::-1]).ok


def norm(x: Any, gamma: Any, beta: Any) -> Any:
    std = np.sqrt(x.var(axis=0) + 1e-5)
    xhat = (x - x.mean(axis=0)) / std
    return gamma * xhat + beta, (x, xhat, std, gamma)


def back(dout: Any, cache: Any, wrong: str = "") -> Any:
    x, xhat, std, gamma = cache
    d = dout if wrong == "gamma" else dout * gamma
    through = d - (0 if wrong == "mean" else d.mean(0)) - (0 if wrong == "variance" else xhat * (d * xhat).mean(0))
    return through / std, (dout * (x if wrong == "xhat" else xhat)).sum(0), dout.sum(0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "name", "words"),
    [
        ("mean", "x", "is left out; all paths add, where"),
        ("variance", "x", "is left out; all paths add"),
        ("gamma", "x", "the factor γ is missing"),
        ("xhat", "gamma", "x stands for x̂"),
    ],
)
def test_the_terms_that_a_batch_norm_misses_are_named(wrong: str, name: str, words: str) -> None:
    inputs = X[:, :3], RNG.standard_normal(3), RNG.standard_normal(3)
    assert verify_layer(norm, back, *inputs).ok
    found = verify_layer(norm, lambda dout, cache: back(dout, cache, wrong), *inputs)
    assert [finding.name for finding in found.findings if not finding.ok] == [name]
    assert words in found[name].mistake
