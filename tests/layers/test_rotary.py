"""Rotary embedding as people write it, on the halves of a head: its gradient is that of the rotated head, turned back."""

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.notation import NotationError

HEAD = """
x: data[N, T, H, 2*m]
W: parameter[2*m, 2*m]
co: data[T, m]
si: data[T, m]
y: data[N, H, T, 2*m]
"""
SLICES = """
N, T, H, d = x.shape
q = (x @ W).transpose(0, 2, 1, 3)
q_1, q_2 = q[..., :d // 2], q[..., d // 2:]
r = concatenate([q_1*co - q_2*si, q_2*co + q_1*si], axis=-1)
L = sum((r - y)**2)
"""
ROTATE_HALF = """
q = swapaxes(x @ W, 1, 2)
half = concatenate([-q[..., m:], q[..., :m]], axis=-1)
r = q*concatenate([co, co], axis=-1) + half*concatenate([si, si], axis=-1)
L = sum((r - y)**2)
"""


def written(
    x: "data[N, T, H, 2*m]", W: "parameter[2*m, 2*m]", co: "data[T, m]", si: "data[T, m]", y: "data[N, H, T, 2*m]"  # noqa: F821
):  # fmt: skip
    """Rotary embedding."""
    N, T, H, d = x.shape  # noqa: RUF059
    q = np.transpose(x @ W, (0, 2, 1, 3))
    q1, q2 = np.split(q, 2, axis=-1)
    r = np.concatenate([q1 * co - q2 * si, q2 * co + q1 * si], axis=-1)
    return np.sum((r - y) ** 2)


WAYS = {"slices": HEAD + SLICES, "rotate half": HEAD + ROTATE_HALF, "a function": written}


def turned(q: ndarray, co: ndarray, si: ndarray) -> ndarray:
    """Each pair of entries, one from each half, turned by its angle: one complex product."""
    m = q.shape[-1] // 2
    z = (q[..., :m] + 1j * q[..., m:]) * (co + 1j * si)
    return np.concatenate([z.real, z.imag], axis=-1)


@pytest.mark.parametrize("way", WAYS)
def test_the_gradient_is_that_of_the_rotated_head_turned_back(way: str) -> None:
    rng = np.random.default_rng(0)
    n, t, h, m = 2, 5, 3, 2
    x, w, y = rng.standard_normal((n, t, h, 2 * m)), rng.standard_normal((2 * m, 2 * m)), rng.standard_normal((n, h, t, 2 * m))
    angle = np.outer(np.arange(t), 100.0 ** -np.linspace(0, 1, m))
    co, si = np.cos(angle), np.sin(angle)
    value, gradients = sb.compile(sb.derive(WAYS[way])).value_and_grad({"x": x, "W": w, "co": co, "si": si, "y": y})
    error = turned((x @ w).swapaxes(1, 2), co, si) - y
    back = turned(2 * error, co, -si).swapaxes(1, 2)
    assert value == pytest.approx(np.sum(error**2), rel=1e-13)
    np.testing.assert_allclose(gradients["W"], np.einsum("nthd,nthe->de", x, back), rtol=1e-12)


SAID = {
    "text": "∂L/∂W",
    "markdown": r"\frac{\partial L}{\partial W}",
    "latex": r"\frac{\partial L}{\partial W}",
    "html": "<math",
}


@pytest.mark.slow
@pytest.mark.parametrize("format", SAID)
def test_its_report_is_written(format: str) -> None:
    assert SAID[format] in sb.derive(WAYS["slices"]).report(format)


def test_halves_of_a_size_that_may_be_odd_are_refused_with_the_mend() -> None:
    odd = "x: data[T, d]\nc: data[T, d // 2]\nr = x[:, d // 2:]*c\nL = sum(r)"
    with pytest.raises(NotationError, match=r"equal only where it is even: declare it as 2\*m, and its half as m\."):
        sb.read(odd)
    assert sb.check("x: parameter[T, 2*m]\nc: data[T, m]\nr = x[:, m:]*c\nL = sum(r)")
