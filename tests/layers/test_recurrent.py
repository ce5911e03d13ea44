"""Recurrent layers: a few steps are written out, more are one loop; both are the same numbers, and a loop costs the same at any length."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Carry, Program
from symbackprop.evaluate import tape
from symbackprop.language import layers
from symbackprop.language.layers.stepped import FEW, all_written_out
from symbackprop.language.lower.tracing import trace
from symbackprop.verbs import compile
from tests.layers import naive
from tests.layers.test_values import inputs

LSTM = """
X: data[N, {T}, d]
Y: data[N, h]
W: parameter[d, 4*h]
U: parameter[h, 4*h]
b: parameter[4*h]
L = sum((lstm(X, W, U, b) - Y)**2)
"""
RNN = LSTM.replace("4*h", "h").replace("lstm", "rnn")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
STARTS = {"rnn": "h", "lstm": "hc", "gru": "h"}


def network(layer: str, steps: int, started: bool) -> tuple[dict[str, Any], dict[str, ndarray]]:
    """The arguments of a layer, two samples of three numbers a step and two states, with arrays for them."""
    wide = 2 * GATES[layer]
    shapes = {"x": (2, steps, 3), "W": (3, wide), "U": (2, wide), "b": (wide,)} | ({"c": (wide,)} if layer == "gru" else {})
    return inputs(**shapes, **(dict.fromkeys(STARTS[layer], (2, 2)) if started else {}))


def program(layer: str, at: dict[str, Any], sequence: bool) -> Program:
    y = getattr(layers, layer)(**at, sequence=sequence)
    return trace({"y": y, "L": (y * y).sum()})


@pytest.mark.slow
@settings(max_examples=6)
@given(st.sampled_from(sorted(GATES)), st.integers(FEW + 1, FEW + 3), st.booleans(), st.booleans())
def test_a_loop_is_what_its_steps_written_out_are(layer: str, steps: int, started: bool, sequence: bool) -> None:
    at, arrays = network(layer, steps, started)
    looped = program(layer, at, sequence)
    with all_written_out():
        written = program(layer, at, sequence)
    assert has_loops(looped)
    assert not has_loops(written)
    want = tape.forward(written, arrays)["y"]
    np.testing.assert_allclose(tape.forward(looped, arrays)["y"], want, rtol=1e-12, atol=1e-13)
    if sequence and not started and layer != "rnn":
        np.testing.assert_allclose(want, getattr(naive, layer)(**arrays), atol=1e-12)
    derived = differentiate(looped, "L")
    loss, gradients = compile(derived).value_and_grad(arrays)
    np.testing.assert_allclose(loss, (want**2).sum(), rtol=1e-10)
    for name, witness in tape.gradients(written, "L", derived.wrt, arrays).items():
        np.testing.assert_allclose(gradients[name], witness, rtol=1e-9, atol=1e-10 * (1 + abs(witness).max()))


def test_both_directions_are_two_loops() -> None:
    at: dict[str, Any]
    at, arrays = inputs(x=(2, 6, 4), W=(4, 2), U=(2, 2), b=(2,), W_back=(4, 2), U_back=(2, 2), b_back=(2,))
    looped = trace({"y": layers.bidirectional_rnn(**at)})
    with all_written_out():
        written = trace({"y": layers.bidirectional_rnn(**at)})
    assert sorted(e.op.step for e in looped.equations if isinstance(e.op, Carry)) == [-1, 1]
    np.testing.assert_allclose(tape.forward(looped, arrays)["y"], tape.forward(written, arrays)["y"], rtol=1e-12)


def test_few_steps_are_written_out_and_more_are_one_loop_of_any_length() -> None:
    few, many, any_ = (sb.derive(LSTM.format(T=T)).program for T in (FEW, 1_000, "T"))
    assert not has_loops(few)
    assert has_loops(many)
    assert len(many.equations) == len(any_.equations) < len(few.equations)


def test_a_loop_is_told_as_books_tell_it_with_names_that_are_no_sizes() -> None:
    text = str(sb.derive(RNN.format(T="T")).box())
    assert "δₜ = δₜ₊₁ Uᵀ ⊙ (1 − sₜ^(⊙2))" in text
    assert "∂L/∂U = Σ_(t=1)^T sₜ₋₁ᵀ δₜ" in text
