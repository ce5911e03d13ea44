"""Where steps of a Python function count from on paper: 1 is the first row of the arrays that the loop reads at its steps."""

from __future__ import annotations

from pathlib import Path

import pytest

import symbackprop as sb

HEAD = 'import numpy as np\n\n\ndef loss(x: "data[T, m]", U: "parameter[m, m]"):\n    T = len(x)\n'
FROM_1 = {
    "carried": ("h = np.tanh(x[0])", "range(1, T)", "h = np.tanh(x[t] + U @ h)", "h"),
    "listed": ("h = [np.tanh(x[0])]", "range(1, T)", "h.append(np.tanh(x[t] + U @ h[-1]))", "h[-1]"),
    "filled": ("h = np.zeros(x.shape)\nh[0] = np.tanh(x[0])", "range(1, T)", "h[t] = np.tanh(x[t] + U @ h[t - 1])", "h[T - 1]"),
    "last": ("h = np.zeros_like(x)\nh[0] = np.tanh(x[0])", "range(1, T)", "h[t] = np.tanh(x[t] + U @ h[t - 1])", "h[-1]"),
    "ahead": ("h = np.tanh(x[0])", "range(T - 1)", "h = np.tanh(x[t + 1] + U @ h)", "h"),
}


def derived(path: Path, above: str, steps: str, body: str, end: str) -> sb.Derivation:
    lines = [*above.split("\n"), f"for t in {steps}:", f"    {body}", f"return np.sum({end}**2)"]
    path.write_text(HEAD + "".join(f"    {line}\n" for line in lines), encoding="utf-8")
    return sb.derive(path)


@pytest.mark.parametrize("name", FROM_1)
def test_a_loop_that_begins_with_the_second_row_begins_at_2(name: str, tmp_path: Path) -> None:
    found = derived(tmp_path / "loss.py", *FROM_1[name])
    state = r"h_{2,t" if name in ("carried", "ahead") else r"h_{t"
    assert (
        found.gradients["U"].latex() == rf"\frac{{\partial L}}{{\partial U}} = \sum_{{t=2}}^{{T}} \delta_{{t}} {state}-1}}^{{\top}}"
    )
    page = found.markdown()
    assert r"\tanh\left(x_{1}\right)" in page
    assert r"\tanh\left(x_{t} + U" in page
    assert "Steps count from 1" in page
    assert "As written" not in page
    assert "1[" not in str(found.box())


@pytest.mark.parametrize(
    ("above", "steps", "body", "end"),
    [
        ("h = np.zeros(x.shape[1])", "range(T)", "h = np.tanh(x[t] + U @ h)", "h"),
        ("h = np.zeros((T + 1, x.shape[1]))", "range(T)", "h[t + 1] = np.tanh(x[t] + U @ h[t])", "h[T]"),
        ("h = np.zeros((T + 1, x.shape[1]))", "range(1, T + 1)", "h[t] = np.tanh(x[t - 1] + U @ h[t - 1])", "h[-1]"),
    ],
)
def test_a_loop_over_all_rows_begins_at_1(above: str, steps: str, body: str, end: str, tmp_path: Path) -> None:
    found = derived(tmp_path / "loss.py", above, steps, body, end)
    assert r"= \sum_{t=1}^{T} \delta_{t} h_{" in found.gradients["U"].latex()
    assert r"\tanh\left(x_{t} + U" in found.markdown()


def test_rows_behind_the_steps_stay(tmp_path: Path) -> None:
    body = "h[t] = np.tanh(x[t] + U @ h[t - 1])"
    found = derived(tmp_path / "loss.py", "h = np.zeros((T + 1, x.shape[1]))\nh[0] = x[0]", "range(1, T)", body, "h")
    assert "h_1" in found.program.tensors
    assert "h_0" not in found.program.tensors
