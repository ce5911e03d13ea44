"""Inner loops that begin or end at the outer one, against what Python itself computes and its differences, at several sizes."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate.tape import forward
from tests.loops.test_random_functions import copied, function_of
from tests.loops.uneven_loops import FUNCTIONS, text

QUICK = ("forward substitution", "alignment", "product by hand", "while", "rows twice")
SIZES = ({"n": 3, "m": 2, "d": 2}, {"n": 1, "m": 1, "d": 2}, {"n": 4, "m": 3, "d": 1})


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in FUNCTIONS])
def test_an_uneven_loop_is_what_python_runs(tmp_path: Path, name: str) -> None:
    loss = function_of(tmp_path / "uneven.py", text(name))
    network = sb.read(loss)
    step = sb.compile(network)
    for sizes in SIZES:
        if any(room.subs({s: sizes[str(s)] for s in room.free_symbols}) < 0 for room in network.program.conditions):
            continue  # as range(1, n) of one row
        rng = np.random.default_rng(1)
        shapes = {
            t.name: [int(n.subs({s: sizes[str(s)] for s in n.free_symbols})) for n in t.shape]
            for t in network.program.inputs
            if t.kind != "constant"
        }
        at = {n: rng.normal(size=shape) for n, shape in shapes.items()}
        value, gradients = step.value_and_grad(at)
        np.testing.assert_allclose(value, loss(**copied(at)), rtol=1e-9)
        way = {n: rng.normal(size=g.shape) for n, g in gradients.items()}
        moved = [loss(**copied({**at, **{n: at[n] + k * 1e-5 * v for n, v in way.items()}})) for k in (-1, 1)]
        along = sum(np.sum(gradients[n] * v) for n, v in way.items())
        np.testing.assert_allclose(along, (moved[1] - moved[0]) / 2e-5, rtol=1e-5, atol=1e-6)
        if sizes["n"] > 1 and network.written_out is not None:
            plain = network.written_out(numbers={s: n for s, n in sizes.items() if s in map(str, network.program.sizes())})
            np.testing.assert_allclose(forward(plain.program, at, {})[plain.loss], value, rtol=1e-9)


def test_a_loop_without_a_step_is_checked(tmp_path: Path) -> None:
    loss = function_of(tmp_path / "uneven.py", text("pairs"))
    assert sb.check(sb.read(loss)).ok


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_witness_agrees_on_an_uneven_loop(tmp_path: Path, name: str) -> None:
    assert sb.check(sb.read(function_of(tmp_path / "uneven.py", text(name)))).ok


def test_a_product_by_hand_is_a_product(tmp_path: Path) -> None:
    report = sb.derive(sb.read(function_of(tmp_path / "uneven.py", text("product by hand")))).report("text", detail="brief")
    assert "C = A B,   L = sum(tanh(C))" in report


HEAD = "import numpy as np\n\n\ndef loss(x: 'parameter[n]', w: 'data[n]'):\n    L = 0.0\n"


def test_a_convolution_by_hand_is_one(tmp_path: Path) -> None:
    text = HEAD.replace("data[n]", "parameter[k]") + (
        "    y = np.zeros(len(x) - len(w) + 1)\n    for i in range(len(x) - len(w) + 1):\n"
        "        for a in range(len(w)):\n            y[i] += w[a] * x[i + a]\n    return np.sum(np.tanh(y))\n"
    )
    box = sb.derive(sb.read(function_of(tmp_path / "convolution.py", text))).box()
    assert [str(line.latex()) for line in box.lines][1:] == [
        r"\frac{\partial f}{\partial w} = x \star \delta_{y}",
        r"\frac{\partial f}{\partial x} = \delta_{y} * w",
    ]


def test_an_index_of_two_loops_that_may_be_outside_is_refused(tmp_path: Path) -> None:
    """Python reads from the end there, and a sum over the entries would read nothing."""
    text = HEAD + "    for i in range(len(x)):\n        for j in range(len(x)):\n            L += x[i - j] * w[j]\n    return L\n"
    with pytest.raises(sb.NotationError, match="may be outside: i - j is not known to be from 0 to n - 1"):
        sb.read(function_of(tmp_path / "outside.py", text))


def test_an_array_that_is_filled_is_read_by_its_own_names_alone() -> None:
    with pytest.raises(sb.NotationError, match="used before line"):
        sb.read("x: data[n]\nW: parameter[n]\nfor i in 1..n:\n    z[i] = W[i] * z[i]\nL = sum(z**2)")


@pytest.mark.parametrize("several", ["range(5, 0, -2)", "range(1, 6, 2)", "range(1, 6, 3)"])
def test_a_loop_over_fixed_numbers_in_strides_is_what_python_runs(tmp_path: Path, several: str) -> None:
    """All of its steps in steps of one were taken, and the written-out ones agreed."""
    block = f"    z, h = np.zeros(6), 0.3\n    for t in {several}:\n        h = np.tanh(h + x[t] * x[t - 1])\n        z[t] = h\n"
    loss = function_of(tmp_path / "strides.py", f"import numpy as np\n\n\ndef loss(x: 'parameter[6]'):\n{block}    return z @ x\n")
    network, x = sb.read(loss), np.random.default_rng(2).normal(size=6)
    assert sb.compile(network).value({"x": x}) == pytest.approx(loss(x.copy()), rel=1e-12)
    assert sb.check(network).ok
