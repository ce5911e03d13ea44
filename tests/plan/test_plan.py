"""Plans compute what the readable source computes: every pass on or off, at any sizes, without memory of their own."""

import copy
import math
import os
import pickle
import tracemalloc
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

import symbackprop as sb
from symbackprop.backends.arguments import ArgumentError
from symbackprop.backends.executed import executed
from symbackprop.backends.function import Compiled, with_sizes
from symbackprop.backends.numpy.chosen import LEAST
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Program
from symbackprop.evaluate.points import point
from symbackprop.plan.graph import PASSES, Graph
from symbackprop.plan.handed import GRADIENTS
from symbackprop.plan.lower import lowered
from symbackprop.plan.node import PlanError, Value
from symbackprop.plan.schedule import plan
from symbackprop.plan.statements import Apply, Copy, Product, Window
from symbackprop.plan.tiles import in_tiles
from tests.plan.graph_value import tensor, values
from tests.random_programs import programs

EXAMPLES = Path(__file__).parents[2] / "examples"
LOOPS = EXAMPLES / "loops"  # which tests of loops plan, at each number of steps
NETWORKS = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.net") if path.parent != LOOPS)
TILES = [1, 2, 3, 7, 1000]  # entries; the last is no tile of anything here
WITHOUT_LOSS = {"linear_map.net", "softmax.net"}
TWICE = [n for n in NETWORKS if n.startswith(("derivatives/", "grading/", "verify/", "two_layer_"))]  # others do the same
LENET = """
X: data[n, 1, 12, 12]
Y: labels[n, 5]
K_1: parameter[3, 1, 3, 3]
c_1: parameter[3]
K_2: parameter[4, 3, 3, 3]
c_2: parameter[4]
W: parameter[36, 5]
b: parameter[5]
A = max_pool2d(relu(conv2d(X, K_1, c_1, padding=1)), 2)
B = relu(conv2d(A, K_2, c_2, stride=2, padding=1))
S = reshape(B, (n, 36)) @ W + b
L = -sum(Y * log_softmax(S)) / n
"""
OTHERS = {
    "windows": LENET,
    "look-up": "E: parameter[v, d]\nt: integers[n, v]\nw: parameter[v]\nL = sum(E[t]**2) + sum(w[t])",
    "places of two": "A: parameter[m, k]\ns: integers[n, m]\nt: integers[n, k]\nL = sum(A[s, t]**2) + A[s[0], t[0]]",
    "picked": "S: parameter[n, k]\nt: integers[n, k]\nL = sum(S[range(n), t]**2)",
    "matrices": "A: parameter[n, n]\nB = A @ A.T + eye(n)\nL = logdet(B) + trace(inv(B)) + det(A / 3)",
    "diagonal": "A: parameter[n, n]\nx: parameter[n]\nL = sum(diag(A) * x) + sum(diag(x) @ A)",
    "powers": "x: parameter[n]\nL = sum(x**3) + sum((x**2 + 1)**1.5) + sum(abs(x)**2.5) + sum(1 / (x**2 + 1)**2)",
    "cases": "x: parameter[n]\ny: parameter[n]\nL = sum(where((x > y) & (y > 0) | ~(x > 0), x * y, y)**2)",
    "a causal mask": "S: parameter[n, n]\nP = softmax(where(tril(ones((n, n))) > 0, S, -1e9), axis=1)\nL = sum(P**2)",
    "products": "x: parameter[n]\nA: parameter[n, m]\nL = prod(x) + sum(prod(A, axis=1)) + sum(min(A, axis=0))",
    "numbers": "x: parameter\ny: parameter\nL = (x + y) * exp(-x) / (1 + y**2) + maximum(x, y)",
    "activations": "x: parameter[n]\nL = sum(gelu(x) + elu(x) + softplus(x) + mish(x) + selu(x) + hard_swish(x) + erf(x))",
}  # fmt: skip


def marked(names: Iterable[str], slow: Iterable[str]) -> list[Any]:
    """Those with a loss, some of them slow."""
    return [pytest.param(n, marks=pytest.mark.slow) if n in slow else n for n in names if n not in WITHOUT_LOSS]


@cache
def compiled(name: str) -> Compiled:
    return sb.compile(OTHERS[name] if name in OTHERS else EXAMPLES / name)


def at_sizes(function: Compiled, numbers: Iterable[int]) -> tuple[Program, dict[str, ndarray]]:
    program = function.program
    sizes = dict(zip((s.name for s in program.sizes()), numbers, strict=False))
    program = with_sizes(program, sizes)
    arrays = point(program, {}, seed=1)
    return program, {t.name: arrays[t.name] for t in program.inputs if t.kind != "constant"}


def assert_same(function: Compiled, step: Step, arrays: dict[str, ndarray]) -> None:
    step.put(arrays)
    step()  # what a first call leaves in memory must not matter
    found = step()
    value, gradients = function.value_and_grad(arrays)
    assert found == pytest.approx(value, rel=1e-11, abs=1e-11)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(step.gradients[name], gradient, rtol=1e-9, atol=1e-10 * max(1, abs(gradient).max()))


@pytest.mark.parametrize("name", [*marked(NETWORKS, NETWORKS), *OTHERS])
def test_a_graph_has_the_values_of_its_program(name: str) -> None:
    function = compiled(name)
    program, arrays = at_sizes(function, range(3, 20))
    graph = lowered(program)
    found = values(graph, arrays)
    value, gradients = function.value_and_grad(arrays)
    assert tensor(graph, function.value_name, found, ()) == pytest.approx(value, rel=1e-11)
    for name, gradient in gradients.items():
        mine = tensor(graph, function.gradients[name], found, gradient.shape)
        np.testing.assert_allclose(mine, gradient, rtol=1e-9, atol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*marked(NETWORKS, TWICE), *OTHERS])
@settings(max_examples=2)
@given(data=st.data())
def test_a_step_computes_what_the_source_does_at_any_sizes_with_any_passes(name: str, data: st.DataObject) -> None:
    function = compiled(name)
    numbers = data.draw(st.lists(st.integers(1, 5), min_size=12, max_size=12))
    passes = data.draw(st.sets(st.sampled_from(PASSES)))
    program, arrays = at_sizes(function, numbers)
    made = in_tiles(plan(program, function.value_name, function.gradients, passes), data.draw(st.sampled_from(TILES)), 1)
    assert_same(function, Step(made.layout, code_of(made, "float64"), "float64", function._exact), arrays)


@pytest.mark.slow
@settings(max_examples=15)
@given(program=programs(), data=st.data())
def test_random_programs(program: Program, data: st.DataObject) -> None:
    derived = differentiate(program, "L")
    gradients = {w: derived.gradient(w) for w in derived.wrt}
    function = Compiled(derived.program, "L", gradients)
    passes = data.draw(st.sets(st.sampled_from(PASSES)))
    program, arrays = at_sizes(function, data.draw(st.lists(st.integers(2, 4), min_size=4, max_size=4)))
    made = in_tiles(plan(program, function.value_name, function.gradients, passes), data.draw(st.sampled_from(TILES)), 1)
    assert_same(function, Step(made.layout, code_of(made, "float64"), "float64", function._exact), arrays)


@pytest.mark.slow
@settings(max_examples=400)
@given(program=programs(), data=st.data())
def test_many_random_programs(program: Program, data: st.DataObject) -> None:
    test_random_programs.hypothesis.inner_test(program, data)  # type: ignore[attr-defined]


def test_a_step_allocates_nothing() -> None:
    function = sb.compile(LENET, dtype="float32")
    _, arrays = at_sizes(function, [8])
    step = function.bind(arrays)
    step()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        step()
        tracemalloc.reset_peak()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 4096  # numbers, tuples of axes: no array of the network


def test_long_chains_over_large_arrays_are_done_in_tiles_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    function = sb.compile("X: parameter[n, d]\nb: parameter[d]\nL = sum(gelu(X + b)**2)", dtype="float32")
    rng = np.random.default_rng(0)
    arrays = {"X": rng.normal(size=(301, 1003)), "b": rng.normal(size=1003)}
    step = function.bind(arrays)
    monkeypatch.setattr("symbackprop.backends.numpy.step.in_tiles", lambda plan: plan)
    whole = function.bind(arrays)
    assert step() == whole()
    assert (step.flat_gradient == whole.flat_gradient).all()
    assert step.bytes < 0.8 * whole.bytes


@pytest.mark.parametrize("loss", ["mean(logsumexp(S, axis=1) - sum(Y*S, axis=1))", "-sum(Y*log(softmax(S)))/n"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_that_are_read_across_twice_are_turned_once(loss: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"X: data[n, d]\nY: data[n, c]\nW: parameter[d, c]\nS = X @ W\nL = {loss}"
    function = sb.compile(text, {"n": 9, "d": 4, "c": 3}, dtype=dtype)
    rng = np.random.default_rng(0)
    arrays = {"X": rng.normal(size=(9, 4)), "Y": rng.normal(size=(9, 3)), "W": rng.normal(size=(4, 3))}
    step = function.bind(arrays)
    monkeypatch.setattr("symbackprop.backends.numpy.step.turned_once", lambda plan: plan)
    plain = function.bind(arrays)
    assert "turned" in str(step.code)
    assert "turned" not in str(plain.code)
    for _ in range(2):  # what is handed in next is turned anew
        assert step() == plain()
        assert (step.flat_gradient == plain.flat_gradient).all()
        step.data["Y"][...] = plain.data["Y"][...] = rng.normal(size=(9, 3))


def test_the_arrays_of_a_step_are_views_of_flat_ones() -> None:
    function = sb.compile(EXAMPLES / "two_layer_biases.net")
    _, arrays = at_sizes(function, range(3, 9))
    step = function.bind(arrays)
    step.flat[...] = 2.0
    assert all((array == 2).all() for array in step.parameters.values())
    step()
    assert all(np.shares_memory(array, step.flat_gradient) for array in step.gradients.values())
    assert list(step.parameters) == list(step.gradients)
    offsets = [array.__array_interface__["data"][0] % 64 for array in step.parameters.values()]
    assert set(offsets) == {0}


def test_steps_at_other_sizes_share_parameters() -> None:
    function = sb.compile(EXAMPLES / "digits.net")
    _, many = at_sizes(function, [5])
    _, few = at_sizes(function, [2])
    first = function.bind(many)
    second = function.bind(many | few, shared=first)
    first.parameters["W_1"][...] = 0.5
    assert (second.parameters["W_1"] == 0.5).all()
    loss = second()
    assert loss == pytest.approx(function.value(second.parameters, second.data))


def test_what_no_plan_holds_is_computed_by_the_source() -> None:
    function = sb.compile("x: parameter[n]\nA: data[k, n]\nL = sum(logsumexp(x + 0 * A, axis=0)**2)")
    arrays = {"x": np.arange(3.0), "A": np.ones((4, 3))}
    program = with_sizes(function.program, {"n": 3, "k": 4})
    with pytest.raises(PlanError, match="logsumexp over an axis that its operand lacks"):
        plan(program, function.value_name, function.gradients)
    step = function.bind(arrays)
    assert step.source == ""
    assert_same(function, step, arrays)


@pytest.mark.parametrize("x", [0.0, -1.0, 1e4, math.inf])
def test_numbers_that_python_refuses_are_what_numpy_makes_of_them(x: float) -> None:
    function = sb.compile("x: parameter\nL = log(x) + exp(x) / x")
    step = function.bind({"x": np.array(1.0)})
    step.parameters["x"][...] = x
    with np.errstate(all="ignore"):
        value, gradients = function.value_and_grad({"x": np.array(x)})
    np.testing.assert_equal([step(), float(step.gradients["x"])], [value, float(gradients["x"])])


@pytest.mark.parametrize("x", [-2.5, -0.0, 0.0, 1.5, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "loss",
    [
        "maximum(x, y)",
        "maximum(y, x)",
        "minimum(x, y)",
        "minimum(y, x)",
        "abs(x) + sign(x)",
        "x**0.3",
        "x**y",
        "floor(x)",
        "where(x > y, x, y)",
    ],
)
def test_python_s_numbers_are_numpy_s_where_they_are_not_finite_as_well(loss: str, x: float) -> None:
    function = sb.compile(f"x: parameter\ny: parameter\nL = {loss}", refuse_nan=False)
    arrays = {"x": np.array(x), "y": np.array(0.75)}
    found = function.bind(arrays)()
    assert isinstance(found, float)
    np.testing.assert_allclose(found, function.value(arrays), rtol=1e-14)


def test_arrays_are_checked_when_they_are_bound() -> None:
    function = sb.compile(EXAMPLES / "two_layer.net")
    _, arrays = at_sizes(function, range(3, 9))
    with pytest.raises(ArgumentError, match="the array x is missing"):
        function.bind({name: array for name, array in arrays.items() if name != "x"})
    with pytest.raises(ArgumentError, match="holds NaN"):
        function.bind(arrays | {"x": arrays["x"] * np.nan})


def test_a_function_that_was_bound_is_pickled_without_its_steps() -> None:
    function = sb.compile(EXAMPLES / "two_layer.net")
    _, arrays = at_sizes(function, range(3, 9))
    function.bind(arrays)
    again = pickle.loads(pickle.dumps(function)).bind(arrays)
    assert again() == function.bind(arrays)()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda step: pickle.loads(pickle.dumps(step))])
def test_a_copy_of_a_step_has_memory_of_its_own(copied: Callable[[Step], Step]) -> None:
    function = sb.compile(EXAMPLES / "two_layer.net")
    step = function.bind(at_sizes(function, range(3, 9))[1])
    value, gradient = step(), step.flat_gradient.copy()
    other = copied(step)
    assert (other.flat_gradient == gradient).all()
    assert other() == value
    other.flat[...] = 0
    assert other() != value
    assert (step.flat_gradient == gradient).all()
    assert step() == value


def test_a_step_that_runs_in_another_thread_is_refused() -> None:
    function = sb.compile(EXAMPLES / "two_layer.net")
    step = function.bind(at_sizes(function, range(3, 9))[1])
    value = step()
    with step._idle, pytest.raises(ArgumentError, match=r"runs in another thread.* bind one for each"):
        step()
    assert step() == value


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_process_that_is_forked_while_another_thread_runs_a_step_has_a_step_of_its_own() -> None:
    function = sb.compile(EXAMPLES / "two_layer.net")
    step = function.bind(at_sizes(function, range(3, 9))[1])
    value = step()
    with step._idle:  # as it is while a thread runs it, which the new process has not
        child = os.fork()
        if child == 0:
            os._exit(0 if step() == value else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_inputs_that_nothing_reads_are_no_part_of_a_step() -> None:
    text = "x: data[n]\ny: parameter[3]\nw: parameter[2]\nL = sum(sin(w)**2)"
    step = sb.compile(text).bind({"w": np.ones(2), "y": np.ones(3)})
    assert step() == pytest.approx(2 * math.sin(1) ** 2)
    assert (step.gradients["y"] == 0).all()
    assert not step.data
    trained = sb.train(text, {"x": np.ones(30)}, epochs=2, progress=False)
    assert trained.losses.training[1] < trained.losses.training[0]


def test_a_number_in_front_of_all_gradients_is_multiplied_once_where_the_least_is() -> None:
    text = "X: data[n, 9]\nY: labels[n, 3]\nW: parameter[9, 8]\nb: parameter[8]\nV: parameter[8, 3]\n"
    loss = "L = -sum(Y * log_softmax(relu(X @ W + b) @ V)) / n"
    derived = sb.derive(text + loss)
    program = with_sizes(derived.program, {"n": 7})
    gradients = {name: derived.gradient(name) for name in derived.wrt}

    def late(passes: Iterable[str]) -> int:
        return sum(isinstance(s, Apply) and s.out.buffer == GRADIENTS for s in plan(program, "L", gradients, passes).statements)

    assert late(PASSES) == 0
    assert late(set(PASSES) - {"scale early"}) == len(gradients)


def test_a_gradient_is_multiplied_by_its_number_in_its_place() -> None:
    """What other gradients are copies of is multiplied after them."""
    text = (
        "x: data[9]\nX: data[20, 9]\nw: parameter[9]\nv: parameter[9]\nu: parameter[4]\nW: parameter[9, 7]\nV: parameter[7, 9]\n"
        "t = tanh(x)\nL = sum(2*w*t) + sum(3*v*t) + sum(5*u*t[2:6]) + 7*sum((X @ W)**2) + 11*sum(cos(V @ X.T))"
    )
    compiled = sb.compile(text)
    arrays = {t.name: np.random.default_rng(0).standard_normal([int(n) for n in t.shape]) for t in compiled.program.inputs}
    value, gradients = compiled.value_and_grad(arrays)
    step = compiled.bind(arrays)
    for _ in range(2):
        assert step() == pytest.approx(value)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(step.gradients[name], gradient, rtol=1e-12)
    made = plan(compiled.program, compiled.value_name, compiled.gradients)
    made_at = {tuple(n for n, _ in s.out.dims): s.out.buffer for s in made.statements if isinstance(s, Product)}
    assert made_at[9, 7] == made_at[7, 9] == GRADIENTS


def test_windows_are_copied_in_runs() -> None:
    """Along the batch, which lies innermost, on both sides of the copy: single entries cost ten times as much."""
    function = sb.compile("X: data[8, 2, 7, 7]\nK: parameter[3, 2, 3, 3]\nL = sum(conv2d(X, K, padding=1)**2)")
    statements = plan(function.program, function.value_name, function.gradients).statements
    copies = [s for s in statements if isinstance(s, Copy) and len(s.a.dims) == 6]
    assert len(copies) == 1  # the product forwards and the one backwards read the same
    assert copies[0].a.dims[-1] == copies[0].out.dims[-1] == (8, 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", ["where(x > t, t, x*t)", "where(x > t, x, t**2) + minimum(x, t)", "where(x > 0, exp(t), x)*x"])
def test_a_number_is_chosen_among_many_entries(loss: str, dtype: str) -> None:
    text = f"x: parameter[n]\nt: parameter\nL = sum(sin({loss}))"
    function = sb.compile(text, dtype=dtype)
    arrays = {"x": np.random.default_rng(0).standard_normal(LEAST + 5), "t": 0.3}
    step = function.bind(arrays)
    assert "choose(" in step.source
    value, gradients = function.value_and_grad(arrays)
    _, fast = executed(sb.compile(text, {"n": LEAST + 5}, dtype=dtype).fast_source(), "value_and_grad")(arrays)
    close = 1e-11 if dtype == "float64" else 1e-4
    assert step() == pytest.approx(value, rel=close)
    for name, gradient in gradients.items():
        for found in (step.gradients[name], fast[name]):
            np.testing.assert_allclose(found, gradient, rtol=close, atol=close * abs(gradient).max())


@pytest.mark.parametrize(
    "words", ["sort(A, axis=0)", "sort(A, axis=1)", "median(A, axis=0)", "A[argsort(A[:, 0])]", "cumsum(A, axis=0)"]
)
def test_axes_of_one_entry(words: str) -> None:
    function = sb.compile(f"A: parameter[n, m]\nL = sum({words}**3)")
    for shape in ((1, 1), (1, 3), (3, 1)):
        arrays = {"A": np.linspace(1, -1, math.prod(shape)).reshape(shape)}
        assert_same(function, function.bind(arrays), arrays)


def test_an_entry_of_each_row_is_looked_up_where_the_rows_stand() -> None:
    text = "s: integers[N, T, 5]\nE: parameter[5, 2]\ny: integers[N, T, 5]\nL = cross_entropy(E[s] @ E.T, y)"
    function = sb.compile(text, {"N": 3, "T": 4})
    copies = [s for s in plan(function.program, "L", function.gradients).statements if isinstance(s, Copy)]
    assert not [s for s in copies if isinstance(s.a, Window) and math.prod(n for n, _ in s.out.dims) == 3 * 4 * 5]


def test_a_function_is_worked_out_once_for_all_that_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """gelu is some thirty functions of entries, which its slope reads again."""
    made = 0
    value = Graph.value

    def counted(self: Graph, *given: Any, **more: Any) -> Value:
        nonlocal made
        made += 1
        return value(self, *given, **more)

    monkeypatch.setattr(Graph, "value", counted)
    function = sb.compile("W: parameter[3, 3]\nx: data[3]\nL = sum(gelu(W @ x)**2)")
    assert made < 1.2 * len(lowered(function.program).graph.nodes)


@pytest.mark.parametrize("row", [[1.0, np.inf, 2.0], [-np.inf] * 3, [np.inf, np.inf, 0.0], [-np.inf, 0.0, 1.0]])
def test_a_bound_step_says_of_what_is_infinite_what_the_source_says(row: list[float]) -> None:
    function = sb.compile("x: parameter[n, m]\nw: parameter[n]\nL = sum(w*logsumexp(x, axis=1))")
    arrays = {"x": np.array([row, [0.0, 1.0, 2.0]]), "w": np.ones(2)}
    step, (value, gradients) = function.bind(arrays), function.value_and_grad(arrays)
    assert step() == pytest.approx(value)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(step.gradients[name], gradient)
