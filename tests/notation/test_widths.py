"""Layers whose widths differ: derived with one, held against themselves at several, and at given ones written out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.loops import has_loops
from symbackprop.core.network import Network
from symbackprop.core.widths import LayerWidths
from symbackprop.evaluate.tape import forward, gradients

TEXT = """
x: data[h[0]]
y: data[h[n]]
W[l]: parameter[h[l], h[l-1]]
b[l]: parameter[h[l]]
z[0] = x
R = 0
for l in 1..n:
    u[l] = W[l] @ z[l-1] + b[l]
    z[l] = tanh(u[l])
    R += sum(W[l]**2)
L = sum((z[n] - y)**2) / 2 + R
"""
TWO = """
x: data[T, g[0]]
W[l]: parameter[g[l-1], g[l]]
U[l]: parameter[g[l], m]
z[0] = x
h = zeros(m)
for l in range(1, K + 1):
    z[l] = sigmoid(z[l-1] @ W[l])
    h = tanh(h + mean(z[l] @ U[l], axis=0))
L = sum(h**2)
"""


FUNCTION = """
def mlp(x: "data[N, h[0]]", y: "data[N, h[n]]", W: "parameter[n, h[l], h[l+1]]", b: "parameter[n, h[l+1]]"):
    z = [x]
    for l in range(n):
        z.append(np.tanh(z[-1] @ W[l] + b[l]))
    return np.sum((z[-1] - y)**2)
"""


def test_it_is_kept_with_one_width() -> None:
    network = sb.read(TEXT)
    assert has_loops(network.program)
    assert {t.name: str(t.shape) for t in network.program.inputs} == {"x": "(h,)", "y": "(h,)", "W": "(n, h, h)", "b": "(n, h)"}
    assert {name: str(last) for name, last in network.widths.items()} == {"h": "n"}


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(0, 99))
def test_gradients_at_given_widths_are_those_of_the_recursion(widths: list[int], seed: int) -> None:
    program = sb.read(TEXT, widths={"h": widths}).program
    rng, n = np.random.default_rng(seed), len(widths) - 1
    at = {t.name: rng.normal(size=[int(s) for s in t.shape]) for t in program.inputs}
    assert [at[f"W_{k}"].shape for k in range(1, n + 1)] == [(widths[k], widths[k - 1]) for k in range(1, n + 1)]
    z = [at["x"]]
    for k in range(1, n + 1):
        z.append(np.tanh(at[f"W_{k}"] @ z[-1] + at[f"b_{k}"]))
    delta, want = (z[n] - at["y"]) * (1 - z[n] ** 2), {}
    for k in range(n, 0, -1):
        want |= {f"W_{k}": np.outer(delta, z[k - 1]) + 2 * at[f"W_{k}"], f"b_{k}": delta}
        delta = at[f"W_{k}"].T @ delta * (1 - z[k - 1] ** 2)
    derived = sb.compile(sb.derive(sb.read(TEXT, widths={"h": widths}), list(want))).value_and_grad(at)[1]
    taped = gradients(program, "L", list(want), at, {})
    for name, gradient in want.items():
        np.testing.assert_allclose(taped[name], gradient, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(derived[name], gradient, rtol=1e-10, atol=1e-12)
    value = forward(program, at, {})["L"]
    np.testing.assert_allclose(value, np.sum((z[n] - at["y"]) ** 2) / 2 + sum(np.sum(at[f"W_{k}"] ** 2) for k in range(1, n + 1)))


@pytest.mark.parametrize("text", [TEXT, TWO])
def test_one_width_is_what_equal_widths_are(text: str) -> None:
    network = sb.read(text)
    (name, last), sizes = next(iter(network.widths.items())), {"T": 2, "m": 2}
    apart = sb.read(text, widths={name: [3, 3, 3]}).program
    kept = {**{s: n for s, n in sizes.items() if s in map(str, network.program.sizes())}, str(last): 2, name: 3}
    rng = np.random.default_rng(0)
    at = {t.name: rng.normal(size=[kept[str(s)] for s in t.shape]) for t in network.program.inputs}
    own = {t.name: at[t.name] if t.name in at else at[t.name[:-2]][int(t.name[-1]) - 1] for t in apart.inputs}
    rest = {s: n for s, n in sizes.items() if s in map(str, apart.sizes())}
    np.testing.assert_allclose(forward(apart, own, rest)["L"], forward(network.program, at, kept)["L"], rtol=1e-12)
    stacked, one = gradients(network.program, "L", ["W"], at, kept), gradients(apart, "L", ["W_1", "W_2"], own, rest)
    np.testing.assert_allclose(np.stack([one["W_1"], one["W_2"]]), stacked["W"], rtol=1e-10)


@pytest.fixture
def function(tmp_path: Path) -> Network:
    path = tmp_path / "mlp.py"
    path.write_text(f"import numpy as np\n\n{FUNCTION}", encoding="utf-8")
    return sb.read(path)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.sampled_from([TEXT, TWO]), st.lists(st.integers(1, 9), min_size=2, max_size=5))
def test_shapes_on_paper_are_those_of_the_layers_written_out(text: str, widths: list[int]) -> None:
    network = sb.read(text)
    (name, last), paper = next(iter(network.widths.items())), LayerWidths(network.program)
    apart = sb.read(text, widths={name: widths}).program
    at: Any = {last: sp.Integer(len(widths) - 1)}
    compared = 0
    for own in apart.tensors:
        stem, number = match.groups() if (match := re.fullmatch(r"(\w+?)_(\d+)", own)) else (own, "0")
        if apart.tensors[own].named and stem in network.program.tensors and (shape := paper.shape(stem, {"l": sp.Integer(number)})):
            found: list[Any] = [w for n in shape for w in n.atoms(sp.Indexed)]
            numbers: Any = {w: sp.Integer(widths[int(w.indices[0].subs(at))]) for w in found}
            assert tuple(n.subs(numbers) for n in shape) == apart.shape(own)
            compared += 1
    assert compared >= 3 * (len(widths) - 1)


@pytest.mark.slow
def test_the_report_says_the_widths_of_each_layer() -> None:
    found = sb.derive(sb.read(TEXT)).markdown()
    assert r"$W^{(l)}$ ($h_{l} \times h_{l-1}$), $b^{(l)}$ ($h_{l}$)" in found
    assert r"data: $x$ ($h_{0}$), $y$ ($h_{n}$)" in found
    assert re.search(r"z\^\{\(l\)\} &= .*h_\{l\}", found)
    assert "The layers differ in width" in found


def test_a_function_declares_its_widths_with_its_stacks(function: Network) -> None:
    shapes = LayerWidths(function.program)
    assert [str(shapes.shape(name)) for name in "xyWb"] == ["(N, h[0])", "(N, h[n])", "(h[l - 1], h[l])", "(h[l],)"]
    apart = sb.read(function, widths={"h": [4, 5, 3]}).program
    own = {t.name: str(t.shape) for t in apart.inputs}
    assert own == {"x": "(N, 4)", "y": "(N, 3)", "W_0": "(4, 5)", "b_0": "(5,)", "W_1": "(5, 3)", "b_1": "(3,)"}


def test_a_function_says_how_many_layers_there_are(tmp_path: Path) -> None:
    path = tmp_path / "mlp.py"
    path.write_text(FUNCTION.replace("n, h[l], h[l+1]", "h[l], h[l+1]"), encoding="utf-8")
    with pytest.raises(sb.SymbackpropError, match=r"nothing tells how many steps there are. Write the number of steps first"):
        sb.read(path)


def test_data_of_other_widths_says_how_to_give_them() -> None:
    with pytest.raises(sb.SymbackpropError, match=r"--widths h=4,5,3 or widths=\{'h': \[4, 5, 3\]\}"):
        sb.derive(sb.read(TEXT)).check(at={"x": np.ones(4), "y": np.ones(3), "W": np.ones((1, 3, 4)), "b": np.ones((1, 3))})


@pytest.mark.slow
def test_the_check_tries_several_widths(function: Network) -> None:
    for network in (sb.read(TEXT), function):
        found = sb.check(network, points=1)
        assert found.ok
        assert found.widths == [{"h": [3, 2]}, {"h": [2, 4, 3]}, {"h": [4, 3, 5, 2]}]
        assert "where the layers are written out at the widths h = [3, 2]; h = [2, 4, 3]" in str(found)


@pytest.mark.slow
def test_what_is_written_out_passes_the_check() -> None:
    assert sb.check(sb.read(TEXT), points=1).ok
    assert sb.check(sb.read(TEXT, widths={"h": [4, 5, 3]}), points=1).ok


REFUSED = {
    ("h[l-1]]", "h[l+1]]"): "W_1 @ z_0: the inner sizes differ: W_1 is (h_1, h_2), z_0 is (h_0,).",
    (
        "b[l]: parameter[h[l]]",
        "b[l]: parameter[h[l-1]]",
    ): "the shapes do not broadcast: (W[l] @ z[l-1]) is (h_1,) and b_1 is (h_0,).",
    ("data[h[n]]", "data[h[n-1]]"): "the shapes do not broadcast: z_3 is (h_3,) and y is (h_2,).",
    ("data[h[0]]", "data[h]"): "h is a size of each step, h[l]. Write h[0] for the first.",
    ("+ R", "+ sum(W**2)"): "W has another shape at each step. Read it step by step in a loop, W[l].",
    ("+ R", "+ sum(z)"): "z has another shape at each step. Read it step by step in a loop, z[l].",
    ("h[l-1]]", "h[l-2]]"): "h[l-2]: there is no width -1. The first is 0.",
    ("h[l-1]]", "h[0.5]]"): "0.5 is no size. Write a number, a size or the letter of the declaration",
}


@pytest.mark.parametrize("change", REFUSED)
def test_widths_that_do_not_fit_are_refused_by_name(change: tuple[str, str]) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.read(TEXT.replace(*change))
    assert REFUSED[change] in str(caught.value)


@pytest.mark.parametrize(
    ("widths", "said"),
    [
        ({"h": [4]}, "h = [4] is h[0] to h[0], and the last width is h[n]. Give one more than there are steps"),
        ({"k": [1, 2]}, "k is no size of each layer. Declare W[l]: parameter[h[l], h[l-1]]"),
        ({"h": [4, 0]}, "h = [4, 0]: widths are whole numbers from 1."),
    ],
)
def test_widths_that_are_none(widths: dict[str, list[int]], said: str) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.read(TEXT, widths=widths)
    assert said in str(caught.value)
