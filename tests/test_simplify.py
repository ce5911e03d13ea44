"""The simplified program: the same values by fewer equations, and nothing merged that is not the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.differentiate import differentiate
from symbackprop.core.grammar import check
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Program, ProgramError, size
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply, arange, reduce
from tests.random_programs import declare, programs

N, C = size("n"), size("c")


@pytest.mark.slow
@settings(max_examples=25)
@given(program=programs(), seed=st.integers(0, 99))
def test_every_output_keeps_its_value(program: Program, seed: int) -> None:
    derived = differentiate(program, "L").program
    small = simplify(derived, ["L"])
    assert len(small.equations) <= len(derived.equations)
    at = draw_sizes(program, seed=seed)
    where = points.point(program, at, seed)
    before, after = tape.forward(derived, where, at), tape.forward(small, where, at)
    for name in (*derived.outputs, "L"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-9, atol=1e-9)


def test_equal_equations_are_computed_once() -> None:
    x = declare("x", (N,))
    program = trace({"L": (apply("exp", x).named("a") * apply("exp", x).named("b")).sum()})
    assert [str(e) for e in simplify(program).equations] == ["a[i] = exp(x[i])", "L = sum_{i} a[i]**2"]


def test_positions_along_axes_of_different_sizes_are_not_the_same() -> None:
    x = declare("x", (3, 5))
    rows, columns = arange(x.shape[0]).named("r"), arange(x.shape[1]).named("s")
    program = trace({"r": rows, "s": columns, "L": (x * rows[:, None] * columns).sum()})
    small = simplify(program)
    values = tape.forward(small, {"x": np.ones((3, 5))}, {})
    assert values["L"] == sum(i * j for i in range(3) for j in range(5))


def test_positions_along_another_axis_are_not_the_same() -> None:
    """T[i j] = i x[i j] and U[j i] = i x[i j] read the same body; so do layers, whose equations are alike but for names."""
    x, rows = declare("x", (N, N)), arange(N)
    down, across = (x * rows[:, None]).named("T"), (x * rows).named("U")
    program = trace({"L": (apply("sin", down) + apply("cos", across.T)).sum()})
    at = {"x": np.arange(1.0, 10.0).reshape(3, 3)}
    k = np.arange(3)
    right = np.sin(at["x"] * k[:, None]) + np.cos((at["x"] * k).T)
    np.testing.assert_allclose(tape.forward(simplify(program), at, {"n": 3})["L"], right.sum(), rtol=1e-12)


def test_an_equation_like_another_is_held_against_its_own_shapes() -> None:
    x, W, V = declare("x", (N,)), declare("W", (N, N)), declare("V", (N, N))
    program = trace({"L": (V @ apply("tanh", (W @ x).named("z")).named("a")).named("b").sum()})
    assert check(program) is program
    wrong = {**program.tensors, "V": replace(program.tensors["V"], shape=(N, C))}
    with pytest.raises(ProgramError, match=r"b\[i\].*: the letter j runs over"):
        check(replace(program, tensors=wrong))


def test_labels_sum_to_one() -> None:
    y, v = declare("Y", (N, C), "labels"), declare("v", (N,))
    program = trace({"L": (y * v[:, None]).sum()})
    assert [str(e) for e in simplify(program).equations] == ["L = sum_{i} v[i]"]


def test_what_nothing_reads_is_dropped_unless_it_is_kept() -> None:
    x = declare("x", (N,))
    program = trace({"a": apply("exp", x), "m": reduce("max", x), "L": x.sum()})
    lone = Program(program.tensors, program.equations, ("L",))
    assert {e.target.name for e in simplify(lone).equations} == {"L"}
    assert {e.target.name for e in simplify(lone, ["m"]).equations} == {"L", "m"}
