"""Loops against their steps written out: values, gradients, differences, second derivatives, in every witness."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from numpy import ndarray

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.derivatives.forward_mode import ONES, forward_mode
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.grammar import check
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Program, Signature
from symbackprop.evaluate.arithmetic import MORE_DIGITS
from symbackprop.evaluate.points import point
from symbackprop.evaluate.tape import forward, gradients
from symbackprop.evaluate.walk import walk
from tests.along import directional
from tests.by_hand import Hand
from tests.loops.networks import CASES, Case, cases

STEPS = (1, 2, 3, 5)


def steps_of(case: Case) -> list[tuple[int, ...]]:
    """1, 2, 3 and 5 steps of the first loop, and as many kinds of the others."""
    return [tuple(STEPS[(k + j) % 4] if j else n for j in range(len(case.steps))) for k, n in enumerate(STEPS)]


def close(got: Mapping[str, ndarray], want: Mapping[str, ndarray], rtol: float = 1e-11) -> None:
    scale = max(1.0, *(abs(w).max() for w in want.values()))
    for name, w in want.items():
        np.testing.assert_allclose(got[name], w, rtol=rtol, atol=rtol * scale, err_msg=name)


def names_of(program: Program) -> list[str]:
    return [t.name for t in program.inputs]


@pytest.mark.parametrize("name", cases())
def test_values_and_gradients_are_those_of_the_steps_written_out(name: str) -> None:
    case = CASES[name]
    program = case.program
    names = names_of(program)
    derived = check(chain_rule(program, "L", names))
    small = simplify(derived, ["L"])
    for steps in steps_of(case):
        sizes = case.at(*steps)
        at = point(program, sizes, seed=sum(steps))
        written = case.unrolled(sizes)
        want = {f"dL/d{w}": g for w, g in gradients(written, "L", names, at).items()} | {"L": forward(written, at)["L"]}
        close({f"dL/d{w}": g for w, g in gradients(program, "L", names, at, sizes).items()} | {"L": want["L"]}, want)
        close(forward(derived, at, sizes), want)
        close(walk(small, at, sizes), want)


@pytest.mark.parametrize("name", cases())
def test_differences_agree(name: str) -> None:
    case = CASES[name]
    program = case.program
    sizes = case.at(*[3] * len(case.steps))
    at = point(program, sizes, seed=5)
    names = names_of(program)
    want = gradients(program, "L", names, at, sizes)
    rng = np.random.default_rng(1)
    for w in names:
        v = rng.standard_normal((2, *at[w].shape))
        got = directional(program, "L", at, sizes, {w: v})
        np.testing.assert_allclose(got, v.reshape(2, -1) @ want[w].ravel(), rtol=1e-7, atol=1e-8)


SECOND = {
    "mlp": [("dL/dx", ["W", "b", "y"])],
    "rnn with a loss at every step": [("dL/dh0", ["U", "x", "W"])],
    "residual tower": [("dL/dx", ["x", "V"])],
    "discounted return": [("dL/dr", ["gamma", "r", "V"]), ("dL/dgamma", ["gamma"])],
    "layers over time": [("dL/dy", ["U"])],
    "second order": [("dL/da", ["a", "z1", "x"])],
    "crf": [("dL/dp0", ["A", "p0"])],
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives(name: str) -> None:
    case = CASES[name]
    names = names_of(case.program)
    once = chain_rule(case.program, "L", names)
    for of, wrt in SECOND[name]:
        twice = simplify(check(chain_rule(once, of, wrt)))
        for steps in steps_of(case)[:3]:
            sizes = case.at(*steps)
            at = point(case.program, sizes, seed=sum(steps))
            want = gradients(chain_rule(case.unrolled(sizes), "L", names), of, wrt, at)
            close(forward(twice, at, sizes), {f"d({of})/d{w}": g for w, g in want.items()})


@pytest.mark.parametrize("of", ["z", "p", "u", "v"])
def test_jacobians_of_values_in_a_loop_by_values_in_it(of: str) -> None:
    """What lies in a loop moves what comes after it, itself at later steps included."""
    program = CASES["mlp"].program
    wrt = ["p", "u", "v", "z", "x", "W"]
    jacobian = check(chain_rule(program, of, wrt))
    forwards = {w: check(forward_mode(_with_vector(program, w), of, w, "dir")) for w in wrt}
    for n in (1, 3):
        sizes = CASES["mlp"].at(n)
        at = point(program, sizes, seed=n)
        want = gradients(program, of, wrt, at, sizes)
        close(forward(jacobian, at, sizes), {f"d{of}/d{w}": g for w, g in want.items()})
        for w, onward in forwards.items():
            shape = forward(program, at, sizes)[w].shape
            v = np.random.default_rng(n).standard_normal(shape)
            along = np.tensordot(want[w], v, len(shape))
            np.testing.assert_allclose(forward(onward, {**at, "dir": v}, sizes)[onward.outputs[0]], along, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(directional(program, of, at, sizes, {w: v[None]})[0], along, rtol=1e-10, atol=1e-12)
            ones = forward(check(forward_mode(program, of, w, ONES)), at, sizes)
            np.testing.assert_allclose(ones[f"d{of}/d{w} 1"], want[w].reshape(*along.shape, -1).sum(-1), rtol=1e-10, atol=1e-12)


def _with_vector(program: Program, like: str) -> Program:
    return replace(program, tensors={**program.tensors, "dir": Signature("dir", program.shape(like), "data")})


@pytest.mark.parametrize("of", ["z", "p"])
def test_what_comes_from_above_is_multiplied_by_the_jacobian(of: str) -> None:
    program = CASES["mlp"].program
    program = replace(program, tensors={**program.tensors, "up": Signature("up", program.shape(of), "data")})
    back = check(chain_rule(program, of, ["x", "z"], "up"))
    sizes = CASES["mlp"].at(3)
    at = point(program, sizes)
    want = gradients(program, of, ["x", "z"], at, sizes)
    rows = {f"up d{of}/d{w}": np.tensordot(at["up"], g, at["up"].ndim) for w, g in want.items()}
    close(forward(back, at, sizes), rows)


def test_a_shift_has_its_derivative_and_so_has_a_shift_of_an_input() -> None:
    net = Hand(t="T", k="T", i="d").inputs("data x[t i] s[i]").carry("p[t i]", "x[t i]", "s[i]").carry("q[t i]", "p[t i]", step=-1)
    program = net.sum("L", lambda p, q, x: p * sp.exp(q) * x, "p[t i]", "q[t i]", "x[t i]").program("L")
    derived = check(chain_rule(program, "L", ["x", "s"]))
    for n in (1, 2, 4):
        sizes = {"T": n, "d": 2}
        at = point(program, sizes)
        p = np.concatenate([at["s"][None], at["x"][:-1]])
        q = np.concatenate([p[1:], 0 * p[:1]])
        np.testing.assert_allclose(forward(program, at, sizes)["L"], (p * np.exp(q) * at["x"]).sum())
        np.testing.assert_allclose(walk(program, at, sizes)["L"], (p * np.exp(q) * at["x"]).sum())
        close(forward(derived, at, sizes), {f"dL/d{w}": g for w, g in gradients(program, "L", ["x", "s"], at, sizes).items()})


def test_what_no_derivative_passes_is_zero_in_a_loop_as_well() -> None:
    net = (
        Hand(t="T")
        .inputs("data x[t] s")
        .carry("p[t]", "z[t]", "s")
        .sum("z[t]", lambda p, x: FUNCTIONS["sign"](p) * x, "p[t]", "x[t]")
    )
    program = net.sum("L", lambda z: z**2, "z[t]").program("L")
    at = {"x": np.array([1.0, -2.0, 0.5]), "s": np.array(-2.0)}
    want = {f"dL/d{w}": g for w, g in gradients(program, "L", ["x", "s"], at).items()}
    derived = check(chain_rule(program, "L", ["x", "s"]))
    close(forward(derived, at), want)
    close(forward(simplify(derived), at), want)
    onward = check(forward_mode(program, "L", "s", ONES))
    assert forward(onward, at)["dL/ds 1"] == 0


def test_residues_and_digits_go_step_by_step_as_well() -> None:
    case = CASES["residual tower"]
    sizes = case.at(3)
    at = point(case.program, sizes)
    digits = walk(case.program, {k: MORE_DIGITS.lift(v) for k, v in at.items()}, sizes, MORE_DIGITS)
    written = walk(case.unrolled(sizes), {k: MORE_DIGITS.lift(v) for k, v in at.items()}, sizes, MORE_DIGITS)
    assert abs(float(digits["L"] - written["L"])) < 1e-40
    known = forward(case.program, at, sizes)
    given = walk(case.program, {**at, "a": known["a"]}, sizes)  # what is given is not computed again
    assert given["a"] is known["a"]
    np.testing.assert_allclose(given["L"], known["L"])
