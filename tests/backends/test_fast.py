"""The fast style: a file that needs NumPy alone, and gives what the derivation gives."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.executed import executed
from symbackprop.backends.function import CompileError, compile
from symbackprop.backends.numpy.chosen import choose
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate import tape
from symbackprop.evaluate.points import point
from tests.command import Run
from tests.loops.networks import CASES

EXAMPLES = Path(__file__).parents[2] / "examples"
NETWORKS = {
    "dense": ("X: data[n, 3]\nt: integers[n, 4]\nW: parameter[3, 4]\nb: parameter[4]\nL = cross_entropy(tanh(X @ W + b), t)", {"n": 5}),
    "numbers": ("w: parameter\nx: data\nL = sigmoid(w * x) + w**2", {}),
    "loop": ("X: data[N, 12, 3]\nW: parameter[3, 8]\nU: parameter[2, 8]\nb: parameter[8]\nH = lstm(X, W, U, b)\nL = sum(H**2)", {"N": 2}),
    "image": ("x: data[N, 1, 6, 6]\nK: parameter[2, 1, 3, 3]\nc: parameter[2]\nL = sum(max_pool2d(relu(conv2d(x, K, c, padding=1)), 2)**2)", {"N": 2}),
    "matrix": ("A: parameter[3, 3]\nb: data[3]\nL = sum((inv(A @ A.T + 3 * eye(3)) @ b)**2)", {}),
    "lookup": ("t: integers[n, 5]\nE: parameter[5, 2]\nL = sum(E[t]**3)", {"n": 4}),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n == "loop" else ()) for n in NETWORKS])
def test_the_file_gives_what_the_tape_gives(name: str) -> None:
    text, sizes = NETWORKS[name]
    derivation = sb.derive(text)
    function = executed(sb.compile(derivation, sizes).fast_source(), "value_and_grad")
    for seed in range(2):
        where = point(derivation.forward, sizes, seed)
        value, gradients = function(where)
        np.testing.assert_allclose(value, tape.forward(derivation.forward, where, sizes)["L"], rtol=1e-12)
        right = tape.gradients(derivation.forward, "L", derivation.wrt, where, sizes)
        assert gradients.keys() == right.keys()
        for wrt, gradient in gradients.items():
            np.testing.assert_allclose(gradient, right[wrt], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["rnn", "residual tower"])
def test_a_loop(name: str) -> None:
    case = CASES[name]
    sizes = {**case.sizes, **dict.fromkeys(case.steps, 5)}
    derivation = differentiate(case.program, "L", [t.name for t in case.program.parameters])
    source = compile(derivation, sizes).fast_source()
    assert "    for " in source.partition("def step")[2]
    where = point(derivation.forward, sizes)
    _, gradients = executed(source, "value_and_grad")(where)
    right = tape.gradients(derivation.forward, "L", derivation.wrt, where, sizes)
    for wrt, gradient in gradients.items():
        np.testing.assert_allclose(gradient, right[wrt], rtol=1e-9, atol=1e-12)


def test_float32_and_a_wrong_shape() -> None:
    text, sizes = NETWORKS["dense"]
    compiled = sb.compile(text, sizes, dtype="float32")
    where = point(compiled.program, sizes)
    function = executed(compiled.fast_source(), "value_and_grad")
    _, gradients = function(where)
    assert gradients["W"].dtype == np.float32
    with pytest.raises(ValueError, match=r"X has shape \(2, 3\); this file was written for \(5, 3\)"):
        function(where | {"X": np.ones((2, 3))})


def test_the_command(run: Run) -> None:
    sizes = ("--size", "h=3", "--size", "d=2", "--size", "c=2")
    code, out, _ = run("compile", EXAMPLES / "two_layer.net", "--style", "fast", *sizes, "-o", "step.py")
    assert (code, out) == (0, "step.py: written, it depends on NumPy alone\n")
    child = "import step, sys; step.step(); assert not any(m.startswith(('sympy', 'symbackprop')) for m in sys.modules)"
    subprocess.run([sys.executable, "-c", child], check=True, env={"PYTHONPATH": "."})
    code, _, err = run("compile", EXAMPLES / "two_layer.net", "--style", "fast", "-o", "step.py")
    assert (code, "the fast style needs a number for every size: give sizes=" in err) == (2, True)
    code, _, err = run("compile", EXAMPLES / "two_layer.net", "--style", "fast", "-o", "step.c")
    assert (code, "the fast style is NumPy's" in err) == (2, True)


def test_a_size_without_a_number() -> None:
    with pytest.raises(CompileError, match="the fast style needs a number for every size"):
        sb.compile(NETWORKS["dense"][0]).fast_source()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("share", [0.0, 0.005, 0.5, 1.0])
def test_entries_are_chosen_bit_for_bit(dtype: str, share: float) -> None:
    rng = np.random.default_rng(1)
    arrays = {"x": rng.standard_normal((48, 32)).astype(dtype), "m": (rng.random((48, 32)) < share).astype(dtype)}
    arrays["x"][0, :4] = -0.0, np.inf, 1e-40, np.nan
    mask, work = arrays["m"] == 1, np.zeros((48, 32), "int32" if dtype == "float32" else "int64")
    for other in (np.asarray(-0.0, dtype), arrays["x"][::-1].copy(), arrays["x"].T.copy().T):
        out = arrays["x"].copy()
        choose(out, other, mask, work)
        assert out.tobytes() == np.where(mask, other, arrays["x"]).tobytes()
    arrays["x"][0, :4] = 0
    function = sb.compile("x: parameter[48, 32]\nm: data[48, 32]\nL = sum(where(m > 0.5, exp(x), x)**2)", dtype=dtype)
    step = function.bind(arrays)
    assert "choose(" in step.source
    value, gradients = executed(function.fast_source(), "value_and_grad")(arrays)
    assert step() == value == pytest.approx(function.value(arrays), rel=1e-5)
    np.testing.assert_array_equal(step.gradients["x"], gradients["x"])
    np.testing.assert_allclose(gradients["x"], function.grad(arrays)["x"], rtol=1e-5)
