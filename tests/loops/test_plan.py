"""Loops in a plan: the numbers of the steps written out, at 1, 2, 3 and 5 steps, with any passes, in NumPy and in C."""

from __future__ import annotations

import random
import shutil
import subprocess
import tracemalloc
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from numpy import ndarray

import symbackprop as sb
from symbackprop.backends.function import Compiled, compile, with_sizes
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops import steps_of
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate.points import point
from symbackprop.evaluate.tape import forward, gradients
from symbackprop.plan.graph import PASSES
from symbackprop.plan.lower import lowered
from symbackprop.plan.schedule import Plan, plan
from symbackprop.plan.statements import Loop, every
from tests.loops.networks import CASES, cases
from tests.loops.test_derivatives import names_of
from tests.loops.test_derivatives import steps_of as numbers_of_steps
from tests.loops.texts import TEXTS
from tests.plan.graph_value import tensor, values
from tests.plan.test_c import STRICT, program_of

BOOKS = {path.stem: path.read_text() for path in sorted((Path(__file__).parents[2] / "examples" / "loops").glob("*.net"))}
ALL = TEXTS | BOOKS
CC = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
LINEAR = "x: data[T, d]\nA: parameter[d, d]\ns[0] = zeros(d)\nfor t in 1..T:\n    s[t] = tanh(A @ s[t-1] + x[t])\n"


@cache
def network(name: str) -> Network:
    return sb.read(ALL[name])


@cache
def compiled(name: str, dtype: str = "float64") -> Compiled:
    return sb.compile(network(name), dtype=dtype)


def sizes_of(program: Program, n: int) -> dict[str, int]:
    """Sizes at which every loop has n steps."""
    sizes = {str(s): 2 for s in program.sizes()}
    for extent in steps_of(program):
        sizes |= {str(s): n - int(sp.Integer(extent.subs(s, 0))) for s in extent.free_symbols}
    return sizes


def at_numbers(program: Program, sizes: dict[str, int]) -> dict[str, ndarray]:
    at = point(program, sizes, seed=sum(sizes.values()))
    return {t.name: at[t.name] for t in program.inputs if t.kind != "constant"}


def step_of(function: Compiled, sizes: dict[str, int], passes: Iterable[str] = PASSES, backend: str = "numpy") -> Step:
    program = with_sizes(function.program, sizes)
    made = plan(program, function.value_name, function.gradients, passes)

    def refused(*_: object) -> None:
        raise AssertionError("the step fell back on the source")

    return Step(made.layout, code_of(made, function.dtype, backend), function.dtype, refused)  # type: ignore[arg-type]


def assert_same(step: Step, arrays: dict[str, ndarray], loss: float, want: dict[str, ndarray], close: float = 1e-11) -> None:
    step.put(arrays)
    step()  # what a first call leaves in memory must not matter
    assert step() == pytest.approx(loss, rel=close, abs=close)
    scale = max(1.0, *(abs(w).max() for w in want.values()))
    for name, gradient in want.items():
        np.testing.assert_allclose(step.gradients[name], gradient, rtol=close, atol=close * scale, err_msg=name)


def written_out(name: str, n: int) -> tuple[dict[str, int], dict[str, ndarray], float, dict[str, ndarray]]:
    """A point, and what the steps written out compute there."""
    own = network(name)
    sizes = sizes_of(own.program, n)
    arrays = at_numbers(own.program, sizes)
    assert own.written_out is not None
    written = own.written_out(numbers=sizes).program
    wrt = [t.name for t in written.inputs if t.kind in ("parameter", "data")]
    return sizes, arrays, float(forward(written, arrays)["L"]), gradients(written, "L", wrt, arrays)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in BOOKS or n in ("kalman", "grid", "corners"))) for n in ALL]
)
def test_a_plan_computes_what_the_steps_written_out_do(name: str) -> None:
    function = compiled(name)
    choose = random.Random(name)
    for n in (1, 2, 3, 5):
        sizes, arrays, loss, every_gradient = written_out(name, n)
        want = {w: every_gradient[w] for w in function.gradients}
        for passes in (PASSES, choose.sample(PASSES, choose.randrange(len(PASSES)))):
            assert_same(step_of(function, sizes, passes), arrays, loss, want)


NESTS = {
    "layers at every step": """
W: parameter[n, h, h]
X: data[T, h]
r = zeros(h)
for t in range(T):
    q = X[t] + r
    for l in range(n):
        q = tanh(W[l] @ q)
    r = 0.9*q + 0.1*r
L = sum(r**2)
""",
    "two are carried": """
W: parameter[n, h, h]
X: data[T, h]
r = X[T-1]
for t in range(T):
    q = r
    p = X[t]
    for l in range(n):
        q = tanh(W[n-1-l] @ q) + p
        p = 0.9*p
    r = q*p
L = sum(r**2)
""",
    "a grid": """
U: parameter[h, h]
V: parameter[h, h]
X: data[T, n, h]
s[0] = zeros((n, h))
for t in 1..T:
    c[t, 0] = zeros(h)
    for j in 1..n:
        c[t, j] = tanh(U @ c[t, j-1] + V @ s[t-1, j] + X[t, j])
    s[t] = c[t]
L = sum(s[T]**2)
""",
}


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("name", NESTS)
def test_loops_of_one_step_in_each_other_have_a_plan(name: str, steps: tuple[int, int]) -> None:
    """A loop of one step holds what it starts from, which the loop around it may carry."""
    function = sb.compile(NESTS[name])
    sizes = {"T": steps[0], "n": steps[1], "h": 2}
    arrays = at_numbers(function.program, sizes)
    program = sb.read(NESTS[name]).program
    wrt = list(function.gradients)
    want = gradients(program, "L", wrt, arrays)
    assert_same(step_of(function, sizes), arrays, float(forward(program, arrays)["L"]), want)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy"] + ["c"] * (CC is not None))
@pytest.mark.parametrize("name", ALL)
def test_single_precision_and_native_code(name: str, backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sizes, arrays, loss, every_gradient = written_out(name, 3)
    for dtype, close in (("float32", 3e-5), ("float64", 1e-11)):
        function = compiled(name, dtype)
        assert_same(
            step_of(function, sizes, PASSES, backend), arrays, loss, {w: every_gradient[w] for w in function.gradients}, close
        )


@pytest.mark.parametrize("name", cases())
def test_programs_with_loops(name: str) -> None:
    """By every input, of networks by hand: nested loops, falling ones, carries of carries."""
    case = CASES[name]
    program, names = case.program, names_of(case.program)
    derived = differentiate(program, "L", names)
    for steps in numbers_of_steps(case):
        sizes = case.at(*steps)
        at = point(program, sizes, seed=sum(steps))
        step = step_of(compile(derived, sizes=sizes), {})
        arrays = {k: a for k, a in at.items() if k in step.parameters or k in step.data}
        assert_same(step, arrays, float(forward(program, at, sizes)["L"]), gradients(program, "L", names, at, sizes))


@pytest.mark.parametrize("name", ["rnn", "grid", "second order", "returns"])
def test_a_graph_with_loops_has_the_values_of_its_program(name: str) -> None:
    function = compiled(name)
    sizes, arrays, loss, want = written_out(name, 3)
    graph = lowered(with_sizes(function.program, sizes))
    found = values(graph, arrays)
    assert float(tensor(graph, "L", found, ())) == pytest.approx(loss)
    for w, gradient in function.gradients.items():
        np.testing.assert_allclose(tensor(graph, gradient, found, want[w].shape), want[w], rtol=1e-9, atol=1e-11)


def loops(made: Plan) -> list[Loop]:
    return [s for s in made.statements if isinstance(s, Loop)]


def at_size(text: str, **sizes: int) -> Plan:
    function = sb.compile(text, sizes=sizes)
    return plan(function.program, function.value_name, function.gradients)


def test_a_plan_is_as_long_at_a_thousand_steps_as_at_ten() -> None:
    few, many = (at_size(LINEAR + "L = sum(s[T]**2)", T=T, d=4) for T in (10, 1000))
    assert [type(s) for s in every(few.statements)] == [type(s) for s in every(many.statements)]
    assert [loop.count for loop in loops(many)] == [1000, 1000]


def test_what_stands_on_no_circle_is_one_product_of_all_steps() -> None:
    made = at_size(LINEAR.replace("x[t])", "B @ x[t])").replace("A:", "B: parameter[d, d]\nA:") + "L = sum(s**2)", T=7, d=4)
    forwards, backwards = loops(made)
    products = [type(s).__name__ for s in made.statements].count("Product")
    assert [[type(s).__name__ for s in loop.body].count("Product") for loop in (forwards, backwards)] == [1, 1]
    assert products == 3  # B x before the loop, and the gradients of A and of B after it


def test_what_nobody_reads_after_the_loop_has_room_for_two_steps() -> None:
    largest = []
    for T in (3, 300):
        function = sb.compile(LINEAR + "L = sum(s[T]**2)", sizes={"T": T, "d": 4})
        forwards = plan(function.program, "L", {})
        largest.append(max(b.length for name, b in forwards.buffers.items() if name.startswith("work")))
    assert largest[0] == largest[1]


def test_a_step_with_loops_allocates_nothing() -> None:
    function = sb.compile(TEXTS["lstm"], dtype="float32")
    step = step_of(function, {"T": 9, "d": 16, "m": 32})
    step()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 4096  # numbers, tuples of rows: no array of the network


def test_turns_that_are_too_many_to_be_made_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbackprop.backends.numpy.windows.MOST", 4)
    for name in ("rnn", "grid", "returns"):
        sizes, arrays, loss, want = written_out(name, 3)
        assert_same(step_of(compiled(name), sizes), arrays, loss, {w: want[w] for w in compiled(name).gradients})


if CC is not None:

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["grid", "lstm", "carried names"])
    def test_exported_c_builds_without_a_warning_and_runs_under_the_sanitizers(name: str, tmp_path: Path) -> None:
        function = compiled(name)
        sizes, arrays, loss, _ = written_out(name, 3)
        step = function.bind(arrays)
        fixed = Compiled(with_sizes(function.program, sizes), function.value_name, function.gradients)
        text = fixed.c_source()
        assert "turn1++" in text
        path = tmp_path / "step.c"
        path.write_text(program_of(function, arrays, step, text), encoding="utf-8")
        checks = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        subprocess.run([str(CC), *STRICT, *checks, "-o", tmp_path / "step", path, "-lm"], check=True)
        done = subprocess.run([tmp_path / "step"], capture_output=True, text=True, check=True)
        value, *gradient = map(float, done.stdout.split())
        step()
        assert value == pytest.approx(loss)
        np.testing.assert_allclose(gradient, step.flat_gradient, rtol=1e-9, atol=1e-10)
