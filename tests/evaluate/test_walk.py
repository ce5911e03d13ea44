"""One walk, several arithmetics: floats, 50 digits and residues agree with the tape on every example."""

import random
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate import tape
from symbackprop.evaluate.arithmetic import MORE_DIGITS
from symbackprop.evaluate.points import PointError, point
from symbackprop.evaluate.residues import CHAINS, DeeperError, RedrawError, drawn, ladders, residues
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.evaluate.walk import walk

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SMALL = (
    "two_layer",
    "gates",
    "softmax",
    "tied",
    "svm",
    "layers/conv1d",
    "layers/gru",
    "layers/layer_norm",
    "layers/embed",
    "layers/max_pool2d",
)


def problem(name: str):
    net = sb.read(EXAMPLES / f"{name}.net", gates="elementary")
    program = differentiate(net.program, net.loss, jacobian=bool(net.program.shape(net.loss))).program
    at = draw_sizes(program)
    return net.program, program, at, point(program, at, 1)


@pytest.mark.parametrize("name", SMALL)
def test_floats_agree_with_the_tape(name: str) -> None:
    _, program, at, where = problem(name)
    ours, taped = walk(program, where, at), tape.forward(program, where, at)
    for output in program.outputs:
        np.testing.assert_allclose(ours[output], taped[output], rtol=1e-11, atol=1e-13)


DIAGONALS = ["trace(A)", "einsum('ii->i', A)", "einsum('iji->j', T)", "einsum('iij->ij', T)", "einsum('jii->ij', T)", "einsum('iii->i', T)", "einsum('ijij->ij', outer(A, A))"]  # fmt: skip


@pytest.mark.parametrize("text", DIAGONALS)
def test_a_letter_may_stand_twice(text: str) -> None:
    text = text.replace("outer(A, A)", "A[:, :, None, None]*A")
    net = sb.read(f"A: parameter[n, n]\nT: parameter[n, n, n]\ny = {text}\nL = sum(sin(y)) + sum(A) + sum(T)")
    program = differentiate(net.program, net.loss).program
    where = point(program, {"n": 3}, 1)
    ours, taped = walk(program, where, {"n": 3}), tape.forward(program, where, {"n": 3})
    for output in ("L", *program.outputs):
        np.testing.assert_allclose(ours[output], taped[output], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["gates", "two_layer", "layers/layer_norm", "layers/conv1d"])
def test_objects_agree_with_floats(name: str) -> None:
    forward, program, at, where = problem(name)
    floats = walk(program, where, at)
    digits = walk(program, {n: MORE_DIGITS.lift(a) for n, a in where.items()}, at, MORE_DIGITS)
    for output in program.outputs:
        np.testing.assert_allclose(digits[output].astype(float), floats[output], rtol=1e-10, atol=1e-12)
    for tower in (*CHAINS, *ladders()):
        inputs = {t.name: drawn(where[t.name], t.kind == "integers", random.Random(1), tower) for t in forward.inputs}
        try:
            found = walk(program, inputs, at, residues(tower))
        except (DeeperError, RedrawError):
            continue
        for output in program.outputs:
            np.testing.assert_allclose(found[output].astype(float), floats[output], rtol=1e-10, atol=1e-12)


def test_functions_of_a_matrix_are_the_same_in_every_arithmetic() -> None:
    program = sb.read("A: data[n, n]\nV = inv(A)\nd = det(A)\nL = log(abs(d)) + sum(V)", gates="elementary").program
    where = {"A": np.array([[0.0, 2.0], [3.0, 1.0]])}
    floats, taped = walk(program, where, {"n": 2}), tape.forward(program, where, {"n": 2})
    digits = walk(program, {"A": MORE_DIGITS.lift(where["A"])}, {"n": 2}, MORE_DIGITS)
    for name in ("V", "d", "L"):
        np.testing.assert_allclose(floats[name], taped[name], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(digits[name].astype(float), taped[name], rtol=1e-13, atol=1e-15)
    with pytest.raises(PointError, match="no inverse"):
        walk(program, {"A": np.ones((2, 2))}, {"n": 2})


def test_numbers_that_a_loop_carries_are_arrays_in_every_arithmetic() -> None:
    text = "x: parameter[T]\nb: parameter\ns[0] = b\nq[0] = b\nfor t in 1..T:\n    s[t] = s[t-1] * tanh(q[t-1] * x[t])\n    q[t] = s[t]\nL = q[T]"
    program, where = sb.read(text).program, {"x": np.array([0.5, -1.5, 2.0]), "b": np.array(0.75)}
    digits = walk(program, {n: MORE_DIGITS.lift(a) for n, a in where.items()}, {"T": 3}, MORE_DIGITS)
    np.testing.assert_allclose(float(digits["L"]), walk(program, where, {"T": 3})["L"], rtol=1e-14)


def test_a_function_of_a_number_is_one_to_any_power() -> None:
    network = sb.read("x: parameter\nL = x * sigmoid(1)**2 + gelu(2)**3")
    at = {"x": np.array(2.0)}
    want = tape.forward(network.program, at, {})["L"]
    for arithmetic in (None, MORE_DIGITS):
        given = walk(network.program, at, {}) if arithmetic is None else walk(network.program, at, {}, arithmetic)
        assert float(given["L"]) == pytest.approx(float(want), rel=1e-14)


def test_comparisons_are_told_in_the_names_of_the_network() -> None:
    seen = []
    program = sb.read("z: data[n]\nh = maximum(0, z)\nL = sum(h)", gates="elementary").program
    walk(program, {"z": np.array([1.0, -2.0])}, {"n": 2}, watch=lambda c, gap, outcome: seen.append((str(c), outcome.tolist())))
    assert len(seen) == 1
    assert "z[i]" in seen[0][0]
    assert sorted(seen[0][1]) == [False, True]


def test_a_missing_input_is_refused() -> None:
    program = sb.read("z: data[n]\nL = sum(z)").program
    with pytest.raises(PointError, match="z is missing"):
        walk(program, {}, {"n": 2})
