"""Loops as NumPy source: against the witness, at 1, 2, 3 and 5 steps."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from symbackprop.backends.function import Compiled, compile
from symbackprop.backends.numpy.body import SourceError
from symbackprop.backends.numpy.source import source
from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import iverson
from symbackprop.core.program import Program, position
from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.points import point
from symbackprop.evaluate.tape import forward, gradients
from tests.by_hand import Hand
from tests.loops.networks import CASES, cases
from tests.loops.test_derivatives import close, names_of, steps_of


@pytest.mark.parametrize("name", cases())
def test_the_compiled_loop_computes_what_the_witness_does(name: str) -> None:
    case = CASES[name]
    program = case.program
    names = names_of(program)
    derived = differentiate(program, "L", names)
    told = {n for t in program.inputs for n in t.shape}
    untold = [str(s) for s in program.sizes() if s not in told]
    compiled = None if untold else compile(derived)
    for steps in steps_of(case):
        sizes = case.at(*steps)
        function = compiled or compile(derived, sizes={s: sizes[s] for s in untold})
        at = point(program, sizes, seed=sum(steps))
        want = gradients(program, "L", names, at, sizes)
        value, got = function.value_and_grad(at)
        np.testing.assert_allclose(value, forward(program, at, sizes)["L"], rtol=1e-12)
        close(got, want)
        np.testing.assert_allclose(function.value(at), value, rtol=1e-12)


def test_a_loop_is_a_loop_over_rows_of_stacks() -> None:
    text = compiled_of("rnn").source
    for line in [
        "h = h_all[1:]",
        "p = h_all[:-1]",
        "for t in range(T):",
        "h[t] = np.tanh(u[t] + v + b)",
        "for t in reversed(range(T)):",
    ]:
        assert line in text
    assert text.count("\n") < 60


def test_what_nobody_reads_after_the_loop_is_a_variable() -> None:
    derived = differentiate(CASES["kalman"].program, "L", ["F"])
    forward_only = source(derived.forward, "L", {}).text
    assert "pp = P0" in forward_only
    assert "        pp = P\n" in forward_only
    assert "P_all" not in forward_only


def test_the_steps_number_may_stand_in_a_guard() -> None:
    """s[t] = a s[t-1] + x[t, t]: the step picks its column."""
    net = Hand(t="T", k="T").inputs("parameter a", "data x[t k]").carry("p[t]", "s[t]")
    here = iverson(sp.Eq(position("k"), position("t")))
    net.sum("c[t]", lambda x: x * here, "x[t k]").sum("y[t]", lambda p, x: p * x * here, "p[t]", "x[t k]")
    program = net.sum("s[t]", lambda a, p, y, c: a * p + y + c, "a", "p[t]", "y[t]", "c[t]").sum("L", sp.sin, "s[t]").program("L")
    agrees(program, {"T": 4})


def test_shifts_alone_and_in_a_loop() -> None:
    net = Hand(l="n", t="T").inputs("parameter x[t] b[l t]", "data e[l]").carry("p[l t]", "z[l t]", "x[t]")
    net.carry("q[l t]", "p[l t]", "e[l]", along="t").carry("r[l t]", "p[l t]", along="t", step=-1)
    net.sum("z[l t]", lambda p, q, r, b: sp.tanh(p - 2 * q + r * b), "p[l t]", "q[l t]", "r[l t]", "b[l t]")
    program = net.carry("o[l t]", "z[l t]", "e[l]", along="t").sum("L", lambda o: o**2, "o[l t]").program("L")
    agrees(program, {"n": 3, "T": 4})
    agrees(program, {"n": 1, "T": 1})


def test_a_value_that_is_asked_for_shares_no_memory() -> None:
    compiled = compiled_of("rnn", of_value="h")
    case = CASES["rnn"]
    at = point(case.program, case.at(3))
    found = compiled.outputs(at, names=["h", "p"])
    want = forward(case.program, at)
    for name in ("h", "p"):
        np.testing.assert_allclose(found[name], want[name])
    assert not np.shares_memory(found["h"], found["p"])


def test_a_number_of_steps_that_no_array_tells_is_asked_for() -> None:
    derived = differentiate(CASES["gradient steps"].program, "L", ["w0"])
    with pytest.raises(SourceError, match=r"no input tells the size T; give it, such as sizes=\{'T': 10\}"):
        compile(derived).source  # noqa: B018
    with pytest.raises(SizeError, match="the arrays do not tell the size T of the network; give it"):
        forward(CASES["gradient steps"].program, point(derived.program, {"N": 4, "d": 2, "T": 3}))


def test_single_precision_stays_single() -> None:
    compiled = compile(differentiate(CASES["rnn"].program, "L", ["U"]), dtype="float32")
    case = CASES["rnn"]
    at = point(case.program, case.at(3))
    _, got = compiled.value_and_grad(at)
    assert got["U"].dtype == np.float32
    np.testing.assert_allclose(got["U"], gradients(case.program, "L", ["U"], at)["U"], rtol=1e-4)


def compiled_of(name: str, of_value: str = "") -> Compiled:
    program = CASES[name].program
    if of_value:
        program = replace(program, outputs=(*program.outputs, of_value))
    return compile(differentiate(program, "L", names_of(program)))


def agrees(program: Program, sizes: dict[str, int]) -> None:
    names = names_of(program)
    at = point(program, sizes, seed=3)
    _, got = compile(differentiate(program, "L", names)).value_and_grad(at)
    close(got, gradients(program, "L", names, at, sizes))


def test_a_start_may_lack_axes_and_a_value_may_be_carried_twice() -> None:
    net = Hand(t="T", k="N", i="m").inputs("parameter x[t k i] s[i]", "data e[k i]")
    net.carry("p[t k i]", "z[t k i]", "s[i]").carry("q[t k i]", "z[t k i]", "e[k i]")
    program = net.sum("z[t k i]", lambda p, q, x: sp.tanh(p * x - q), "p[t k i]", "q[t k i]", "x[t k i]")
    agrees(program.sum("L", lambda z, q: z * sp.cos(q), "z[t k i]", "q[t k i]").program("L"), {"T": 3, "N": 2, "m": 4})


def test_values_that_change_places_from_step_to_step() -> None:
    """p and q are carried into one another, by nothing but Carries."""
    net = Hand(t="T").inputs("parameter a b x[t]").carry("p[t]", "q[t]", "a").carry("q[t]", "p[t]", "b")
    program = net.sum("L", lambda p, q, x: p * x + q**2, "p[t]", "q[t]", "x[t]").program("L")
    for n in (1, 2, 4):
        agrees(program, {"T": n})
