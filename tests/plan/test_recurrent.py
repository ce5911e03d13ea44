"""Recurrent layers as plans: what a step makes of values from outside is made before the loop, and no step is turned in memory."""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.function import Compiled
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.plan.graph import PASSES
from symbackprop.plan.schedule import Plan, plan
from symbackprop.plan.statements import Apply, Copy, Loop, Statement, Window

SIZES = {"N": 3, "d": 2, "h": 4}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def text(layer: str, steps: int) -> str:
    k = GATES[layer]
    return (
        f"X: data[N, {steps}, d]\nY: data[N, h]\nW: parameter[d, {k}*h]\nU: parameter[h, {k}*h]\nb: parameter[{k}*h]\n"
        + (f"c: parameter[{k}*h]\n" if layer == "gru" else "")
        + f"L = sum(({layer}(X, W, U, b{', c' if layer == 'gru' else ''}) - Y)**2) / N\n"
    )


@cache
def compiled(layer: str, steps: int) -> Compiled:
    return sb.compile(text(layer, steps), SIZES)


def planned(layer: str, steps: int, passes: Iterable[str]) -> tuple[Compiled, Plan]:
    function = compiled(layer, steps)
    return function, plan(function.program, function.value_name, function.gradients, passes)


def within(statements: Iterable[Statement]) -> Iterator[Statement]:
    """What is done in loops."""
    for statement in statements:
        if isinstance(statement, Loop):
            yield from statement.body
            yield from within(statement.body)


@pytest.mark.parametrize("layer", GATES)
def test_a_plan_computes_what_the_source_does_with_each_pass_off(layer: str) -> None:
    rng = np.random.default_rng(0)
    for passes in (set(PASSES), set(PASSES) - {"outside"}, set(PASSES) - {"tracks"}, set(PASSES) - {"outside", "tracks", "share"}):
        function, made = planned(layer, 6, passes)
        arrays = {t.name: rng.standard_normal([int(n) for n in t.shape]) for t in function.program.inputs}
        value, gradients = function.value_and_grad(arrays)
        step = Step(made.layout, code_of(made, "float64"), "float64", function._exact)
        step.put(arrays)
        step()
        assert step() == pytest.approx(value, rel=1e-11)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(step.gradients[name], gradient, rtol=1e-9, atol=1e-11)


def test_slopes_of_gates_are_multiplied_for_all_steps_at_once() -> None:
    def products(passes: Iterable[str]) -> int:
        _, made = planned("lstm", 6, passes)
        return sum(isinstance(s, Apply) and s.function == "multiply" for s in within(made.statements))

    assert products(PASSES) == 9  # two of c and one of h forward; one for each gate and two for what is carried, back
    assert products(set(PASSES) - {"outside"}) > 15


@pytest.mark.parametrize("layer", GATES)
def test_arrays_of_steps_are_read_along_their_memory(layer: str) -> None:
    """No operand of a loop has its axes the other way round than another."""
    _, made = planned(layer, 6, PASSES)
    for statement in within(made.statements):
        if isinstance(statement, Apply | Copy):
            for window in (*(statement.operands if isinstance(statement, Apply) else (statement.a,)), statement.out):
                if isinstance(window, Window):
                    steps = [step for n, step in window.dims if n > 1 and step]
                    assert steps == sorted(steps, reverse=True)


def test_weights_of_gates_are_not_copied_side_by_side() -> None:
    """The gradient by the state is a sum of four products, each with weights of its own."""
    gates = "ifgo"
    lines = ["x: data[T, N, d]", *(f"W_{g}: parameter[d, m]\nU_{g}: parameter[m, m]" for g in gates)]
    lines += ["h[0] = zeros((N, m))", "c[0] = zeros((N, m))", "for t in 1..T:"]
    lines += [f"    {g}[t] = {'tanh' if g == 'g' else 'sigmoid'}(x[t] @ W_{g} + h[t-1] @ U_{g})" for g in gates]
    lines += ["    c[t] = f[t] * c[t-1] + i[t] * g[t]", "    h[t] = o[t] * tanh(c[t])", "L = sum(h[T]**2)"]
    function = sb.compile("\n".join(lines), {"T": 6, "N": 2, "d": 3, "m": 5})
    made = plan(function.program, function.value_name, function.gradients)
    assert not [s for s in within(made.statements) if isinstance(s, Copy)]
