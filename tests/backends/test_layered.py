"""A class for each layer: the numbers of the readable source, in a text as courses write it."""

import inspect
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.executed import executed
from symbackprop.backends.function import Compiled, compile
from symbackprop.backends.numpy.body import SourceError
from symbackprop.core.differentiate import differentiate
from tests.command import Run
from tests.loops.networks import CASES, cases
from tests.plan.test_plan import EXAMPLES, NETWORKS, OTHERS, WITHOUT_LOSS, at_sizes

ALL = [name for name in (*NETWORKS, *OTHERS) if name not in WITHOUT_LOSS]
SOME = ["two_layer.net", "digits.net", "layers/max_pool2d.net", "look-up", "a causal mask", "matrices", "numbers"]
RESIDUAL = "x: data[n]\nW: parameter[n, n]\na = tanh(W @ x)\nb = a + tanh(W @ a)\nL = sum(a * b**2)"


@cache
def compiled(name: str) -> Compiled:
    return sb.compile(OTHERS[name] if name in OTHERS else EXAMPLES / name)


def assert_same(function: Compiled) -> None:
    _, at = at_sizes(function, range(3, 20))
    step = executed(function.layers_source(), "value_and_grad")
    value, gradients = step(**{name: at[name] for name in inspect.signature(step).parameters})
    wanted, same = function.value_and_grad(at)
    np.testing.assert_allclose(value, wanted, rtol=1e-11)
    assert list(gradients) == list(same)
    for name, gradient in same.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-8, atol=1e-10 * max(1, abs(gradient).max()))


@pytest.mark.parametrize("name", [*SOME, *(pytest.param(n, marks=pytest.mark.slow) for n in ALL if n not in SOME)])
def test_layers_compute_what_the_readable_source_does(name: str) -> None:
    assert_same(compiled(name))


def test_a_value_with_several_readers_gets_the_sum() -> None:
    function = sb.compile(RESIDUAL)
    assert_same(function)
    text = function.layers_source()
    assert "da = da + da_via_b" in text
    assert "dW = dW + dW_via_a" in text


def test_the_layers_read_as_a_course_writes_them() -> None:
    text = compiled("two_layer.net").layers_source()
    assert (
        '''
class Layer_yhat:
    """yhat of W_2, a."""

    def forward(self, W_2, a):
        yhat = W_2 @ a  # (c,)

        self.kept = W_2, a
        return yhat

    def backward(self, above):
        W_2, a = self.kept

        dW_2 = above[:, None] * a  # (c, h)
        da = above @ W_2  # (h,)

        return dW_2, da
'''
        in text
    )
    assert (
        """
    def backward(self):
        dL = 1.0
        dyhat = self.L.backward(dL)
        dW_2, da = self.yhat.backward(dyhat)
        dW_1 = self.a.backward(da)
        return {"W_1": dW_1, "W_2": dW_2}
"""
        in text
    )


@pytest.mark.parametrize("name", cases())
def test_a_loop_is_one_layer(name: str) -> None:
    told = {size: 3 for size in ("T", "S") if name in ("sinkhorn", "gradient steps", "three loops")}
    program = CASES[name].program
    assert_same(compile(differentiate(program, "L"), {n: k for n, k in told.items() if n in map(str, program.sizes())}))


@pytest.mark.parametrize(
    "layer", ["lstm", pytest.param("gru", marks=pytest.mark.slow), pytest.param("rnn", marks=pytest.mark.slow)]
)
def test_recurrent_layers_of_any_number_of_steps_are_layers(layer: str) -> None:
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[layer]
    text = f"""X: data[n, 7, d]
W: parameter[d, {gates}*h]
U: parameter[h, {gates}*h]
b: parameter[{gates}*h]
L = sum({layer}(X, W, U, b{", b" * (layer == "gru")}, sequence=True)**2)"""
    assert_same(sb.compile(text))


def test_a_loop_hands_on_all_that_is_read_of_it() -> None:
    text = """x: data[T, d]
A: parameter[d, d]
h[0] = zeros(d)
c[0] = ones(d)
for t in 1..T:
    c[t] = tanh(A @ h[t-1]) * c[t-1] + x[t]
    h[t] = sin(c[t])
P = h.copy()[:-1] * x[1:]
Q = exp(-c**2)
L = sum(P) + sum(Q * h)"""
    function = sb.compile(text)
    assert_same(function)
    assert "c, h = self.c_h.forward(A, c_0, x)" in function.layers_source()
    assert "dA = self.c_h.backward(dc, dh)" in function.layers_source()


def test_what_has_no_layers_is_refused() -> None:
    with pytest.raises(SourceError, match="y has axes, and layers hand back the gradients of a number"):
        sb.compile(sb.derive("W: parameter[h, d]\nx: data[d]\ny = W @ x", of="y")).layers_source()
    with pytest.raises(SourceError, match="b does not lead to L"):
        sb.compile("a: parameter\nb: parameter\nL = a**2", wrt=["a", "b"]).layers_source()


def test_the_command_line_writes_layers(run: Run) -> None:
    code, out, _ = run("compile", EXAMPLES / "two_layer.net", "--style", "layers", "-o", "step.py")
    assert (code, out) == (0, "step.py: written, it depends on NumPy alone\n")
    assert Path("step.py").read_text() == compiled("two_layer.net").layers_source("yhat")
    code, _, err = run("compile", EXAMPLES / "two_layer.net", "--style", "layers", "-o", "step.c")
    assert (code, "C is one function, without classes" in err) == (2, True)
