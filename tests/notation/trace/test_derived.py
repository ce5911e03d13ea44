"""autograd's grad inside a traced loss is a derivative of the network; what stands for autograd here goes by complex steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.trace.test_trace import slopes


def _of_autograd(name: str) -> Callable[..., Any]:
    def word(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
        def derivative(*args: Any) -> Any:
            x = np.asarray(args[argnum], complex)
            found = np.zeros(x.shape)
            for place in np.ndindex(*x.shape):
                moved = x.copy()
                moved[place] += 1e-30j
                found[place] = np.sum(fun(*args[:argnum], moved, *args[argnum + 1 :])).imag / 1e-30
            return (fun(*args), found) if name == "value_and_grad" else found

        return derivative

    word.__name__, word.__module__ = name, "autograd.differential_operators"
    return word


grad, elementwise_grad, value_and_grad = map(_of_autograd, ("grad", "elementwise_grad", "value_and_grad"))


def energy(W: Any, x: Any) -> Any:
    return np.sum(np.tanh(x @ W) ** 2)


def score(W: Any, x: Any) -> Any:
    g = grad(energy, 1)(W, x)
    return np.sum(g**2)


def held_elsewhere(W: Any, x: Any) -> Any:
    return np.sum(grad(lambda z: np.sum(z * x * W))(x) ** 2)


def physics(W: Any, x: Any) -> Any:
    u = lambda t: np.sum(np.tanh(t[:, None] * W[0]), axis=1)  # noqa: E731
    du = elementwise_grad(u)(x)
    return np.mean((du + u(x)) ** 2)


def descended(W: Any, x: Any) -> Any:
    value, step = value_and_grad(energy)(W, x)
    return energy(W - 0.1 * step, x) + value


RNG = np.random.default_rng(0)
CASES = {
    score: (RNG.normal(size=(3, 2)), RNG.normal(size=(4, 3))),
    held_elsewhere: (RNG.normal(size=3), RNG.normal(size=3)),
    physics: (RNG.normal(size=(1, 3)), RNG.normal(size=4)),
    descended: (RNG.normal(size=(3, 2)), RNG.normal(size=(4, 3))),
}


@pytest.mark.parametrize("loss", [score, *(pytest.param(f, marks=pytest.mark.slow) for f in CASES if f is not score)])
def test_a_derivative_inside_a_loss_is_one_of_the_network(loss: Callable[..., Any]) -> None:
    network = sb.trace(loss, *CASES[loss], wrt="W")
    assert network.program.sizes()
    assert slopes(network, loss, CASES[loss]) < 1e-6
    assert sb.check(network).ok


def test_what_is_not_derived_is_refused_by_name() -> None:
    with pytest.raises(sb.NotationError, match=r"grad by 300 entries is not traced\. Give a smaller example"):
        sb.trace(score, RNG.normal(size=(3, 2)), RNG.normal(size=(100, 3)), wrt="W")
