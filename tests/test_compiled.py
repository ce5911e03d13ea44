"""What `compile` returns: values and gradients by name, arrays that are checked first, the words of what is refused."""

import multiprocessing
import os
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError
from symbackprop.backends.function import Compiled, CompileError
from symbackprop.backends.numpy.source import SourceError
from symbackprop.core.machine.files import FileError
from symbackprop.evaluate.arrays import ArrayError
from symbackprop.evaluate.extents import SizeError
from symbackprop.notation import read
from symbackprop.verbs import compile, derive

TWO_LAYERS = """
x: data[d]
y: data[c]
W_1: parameter[h, d]
W_2: parameter[c, h]
a = sigmoid(W_1 @ x)
yhat = W_2 @ a
L = sum((yhat - y)**2)
"""
CLASSES = """
X: data[n, d]
t: integers[n, k]
W: parameter[d, k]
S = X @ W
L = mean(logsumexp(S, axis=1) - S[np.arange(n), t])
"""

MEND = ": reshape the array, or declare it as it is."


def arrays(**shapes: tuple[int, ...]) -> dict[str, ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def two_layers() -> tuple[dict[str, ndarray], dict[str, ndarray]]:
    return arrays(W_1=(4, 3), W_2=(2, 4)), arrays(x=(3,), y=(2,))


def by_hand(params: dict[str, ndarray], data: dict[str, ndarray]) -> tuple[float, dict[str, ndarray]]:
    a = 1 / (1 + np.exp(-params["W_1"] @ data["x"]))
    error = params["W_2"] @ a - data["y"]
    back = params["W_2"].T @ (2 * error) * a * (1 - a)
    return float(np.sum(error**2)), {"W_1": np.outer(back, data["x"]), "W_2": np.outer(2 * error, a)}


@pytest.mark.parametrize("sizes", [None, {"h": 4}, {"h": 4, "d": 3, "c": 2}])
def test_value_and_gradients_are_those_by_hand(sizes: dict[str, int] | None) -> None:
    function = compile(TWO_LAYERS, sizes)
    params, data = two_layers()
    value, gradients = function.value_and_grad(params, data)
    expected, wanted = by_hand(params, data)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, rel=1e-14)
    assert function.value(params, data) == value
    assert list(gradients) == ["W_1", "W_2"]
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-13)


def test_float32_in_and_out() -> None:
    params, data = two_layers()
    function = compile(TWO_LAYERS, dtype="float32")
    value, gradients = function.value_and_grad(params, data)
    assert value == pytest.approx(by_hand(params, data)[0], rel=1e-5)
    assert {g.dtype.name for g in gradients.values()} == {"float32"}
    assert compile(TWO_LAYERS, dtype=np.float32).source == function.source  # type: ignore[arg-type]


def test_whole_numbers_and_lists_are_arrays_as_well() -> None:
    function = compile("p: parameter\nq: data[2]\nL = p * sum(q)**2")
    value, gradients = function.value_and_grad({"p": 3}, {"q": [1, 2]})
    assert value == 27
    assert gradients["p"].shape == ()
    assert gradients["p"] == 9


def test_gradients_are_by_what_was_asked_for() -> None:
    params, data = two_layers()
    _, gradients = compile(TWO_LAYERS, wrt="x, W_2").value_and_grad(params, data)
    assert {name: g.shape for name, g in gradients.items()} == {"x": (3,), "W_2": (2, 4)}


def test_a_derivation_is_compiled_as_it_is() -> None:
    derived = derive(TWO_LAYERS, "yhat")
    params, data = two_layers()
    _, gradients = compile(derived).value_and_grad(params, data)
    assert list(gradients) == ["yhat"]


def test_a_jacobian_has_the_shape_of_both() -> None:
    params, data = two_layers()
    value, gradients = compile(derive(TWO_LAYERS, "x", "yhat")).value_and_grad(params, {"x": data["x"]})
    assert value.shape == (2,)
    assert gradients["x"].shape == (2, 3)


def test_outputs_need_only_what_leads_to_them() -> None:
    params, data = two_layers()
    function = compile(TWO_LAYERS)
    found = function.outputs(params, {"x": data["x"]}, ["a", "yhat"])
    np.testing.assert_allclose(found["yhat"], params["W_2"] @ found["a"])
    assert set(function.outputs(params, data)) == {"a", "yhat", "L"}
    with pytest.raises(ArgumentError, match=r"there is no value yhta; did you mean yhat\?"):
        function.outputs(params, data, ["yhta"])


def test_results_share_no_memory_with_arguments_or_each_other() -> None:
    function = compile("x: parameter[n]\ny: parameter[n]\ns: parameter\nL = sum(x * y) + s + sum(x) + s * 2")
    given = {"x": np.ones(3), "y": np.full(3, 2.0), "s": np.asarray(1.0)}
    _, gradients = function.value_and_grad(given)
    for gradient in gradients.values():
        gradient += 100
    np.testing.assert_array_equal(given["x"], 1)
    np.testing.assert_array_equal(given["y"], 2)
    assert given["s"] == 1
    np.testing.assert_array_equal(gradients["x"], 103)


def test_constants_stand_in_the_source_as_numbers_with_names() -> None:
    function = compile("lam = 0.01\nW: parameter[n]\nL = lam * sum(W**2)")
    assert function.value({"W": np.ones(2)}) == pytest.approx(0.02)
    assert "lam = 0.01" in function.source or "0.01 * " in function.source


def test_saved_source_runs_by_itself(tmp_path: Path) -> None:
    function = compile(TWO_LAYERS)
    function.save(tmp_path / "step.py")
    text = (tmp_path / "step.py").read_text(encoding="utf-8")
    assert text == function.source
    names: dict[str, Any] = {}
    exec(text, names)  # what a person does who imports the file
    params, data = two_layers()
    value, gradients = names["value_and_grad"](**params, **data)
    assert value == pytest.approx(by_hand(params, data)[0])
    np.testing.assert_array_equal(gradients["W_1"], function.value_and_grad(params, data)[1]["W_1"])


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"step\.py: there is no folder .*nowhere; make it first"):
        compile(TWO_LAYERS).save(tmp_path / "nowhere" / "step.py")


def test_an_error_in_generated_code_shows_its_line() -> None:
    function = compile(TWO_LAYERS).function
    with pytest.raises(ValueError, match="matmul") as caught:
        function(*[np.ones((2, 3))] * 4)
    assert caught.traceback[-1].statement.lines[0].strip() == "z = W_1 @ x  # (h,)"


def refused(function: Compiled, params: dict[str, Any], data: dict[str, Any] | None = None) -> str:
    with pytest.raises((ArgumentError, ArrayError, SizeError)) as caught:
        function.value_and_grad(params, data)
    return str(caught.value)


def test_what_is_said_of_arrays_that_do_not_fit() -> None:
    function = compile(TWO_LAYERS)
    params, data = two_layers()
    swapped = params | {"W_2": np.ones((4, 2))}
    assert refused(function, swapped, data) == f"W_2 has shape (4, 2), but it is declared as (c, h) with h = 4 by W_1{MEND}"
    assert (
        refused(function, params, data | {"x": np.ones(5)})
        == f"x has shape (5,), but it is declared as (d,) with d = 3 by W_1{MEND}"
    )
    assert refused(function, params, data | {"x": np.ones((3, 1))}) == f"x has shape (3, 1), but it is declared as (d,){MEND}"
    assert refused(function, params, {"x": data["x"]}) == "the array y is missing; it must be (c,)"
    assert refused(function, params | {"W1": 0}, data) == "W1 is no input of this network; did you mean W_1?"
    assert (
        refused(function, params, data | {"x": ["a", "b", "c"]})
        == "x[0] is text, 'a', not a number; write numbers without quotation marks"
    )
    assert (
        refused(function, params, data | {"x": np.ones(3) * 1j}) == "x holds complex128, not real numbers; give an array of numbers"
    )
    assert refused(function, params, data | {"x": [[1], [1, 2], [3]]}) == "x is no array: its rows have different lengths"
    assert refused(function, params, data | {"x": [1.0, np.nan, 2.0]}) == "x holds NaN"
    assert refused(compile(TWO_LAYERS, {"h": 5}), params, data) == f"W_1 has shape (4, 3), but it is declared as (5, d){MEND}"


def test_nan_is_let_in_on_request() -> None:
    params, data = two_layers()
    data["x"][0] = np.nan
    assert np.isnan(compile(TWO_LAYERS, refuse_nan=False).value(params, data))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_infinity_is_no_nan(dtype: str) -> None:
    params, data = two_layers()
    data["x"][:] = [np.inf, -np.inf, 1e300]
    with np.errstate(all="raise"):  # whatever the processor says of an overflow, it is not passed on
        function = compile(TWO_LAYERS, dtype=dtype)
        _, gradients = function.value_and_grad(params, data)
        function.bind(params, data)()
    assert list(gradients) == ["W_1", "W_2"]


def test_a_compiled_function_is_pickled() -> None:
    params, data = two_layers()
    function = compile(TWO_LAYERS.replace("sigmoid", "gelu"), dtype="float32")
    unused = pickle.dumps(function)
    expected = function.value_and_grad(params, data)
    for again in (pickle.loads(unused), pickle.loads(pickle.dumps(function))):
        assert again.source == function.source
        value, gradients = again.value_and_grad(params, data)
        assert value == expected[0]
        assert all(np.array_equal(gradients[name], expected[1][name]) for name in gradients)
        assert list(again.outputs(params, data)) == list(function.outputs(params, data))


def test_what_is_said_of_classes_out_of_bounds() -> None:
    function = compile(CLASSES)
    given = arrays(W=(3, 4), X=(2, 3))
    assert refused(function, given, {"t": [0, 4]}) == "t must hold whole numbers from 0 to below k = 4, it holds 4"
    assert refused(function, given, {"t": [-1, 0]}) == "t must hold whole numbers from 0 to below k = 4, it holds -1"
    assert refused(function, given, {"t": [0.0, 1.0]}) == "t must hold whole numbers, it holds float64; give it as integers"
    assert refused(function, given, {"t": np.zeros(0, int)}).startswith("t has shape (0,), declared as (n,): an axis needs")
    fixed = compile(CLASSES, {"k": 4})
    assert refused(fixed, given, {"t": [0, 9]}) == "t must hold whole numbers from 0 to below 4, it holds 9"


def test_what_is_said_of_empty_arrays_and_of_sizes_that_a_slice_needs() -> None:
    function = compile("x: parameter[n]\nL = sum(x[:3]**2)")
    assert (
        refused(function, {"x": np.ones(0)})
        == "x has shape (0,), declared as (n,): an axis needs at least one entry; give an array that has some"
    )
    assert refused(function, {"x": np.ones(2)}) == "the network needs n - 3 >= 0, which does not hold for n = 2"
    assert function.value({"x": np.ones(3)}) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": {"hh": 3}}, "hh is no size of this network; did you mean h?"),
        ({"sizes": {"h": 0}}, "the size h must be a whole number from 1 on, not 0"),
        ({"sizes": {"h": 1.5}}, "the size h must be a whole number from 1 on, not 1.5"),
        ({"dtype": "float16"}, "dtype='float16': write one of float64, float32"),
    ],
)
def test_what_cannot_be_compiled(options: dict[str, Any], words: str) -> None:
    with pytest.raises((CompileError, SizeError), match=re.escape(words)):
        compile(TWO_LAYERS, **options)


def test_sizes_that_break_a_condition_are_refused() -> None:
    with pytest.raises(SizeError, match=r"the network needs n - 3 >= 0, which does not hold for n = 2"):
        compile("x: parameter[n]\nL = sum(x[:3]**2)", {"n": 2})


def test_errors_are_value_errors() -> None:
    assert all(issubclass(kind, ValueError) for kind in (ArgumentError, ArrayError, CompileError, SizeError, SourceError))


def test_real_sizes() -> None:
    net = (Path(__file__).parent.parent / "examples" / "classifier.net").read_text(encoding="utf-8")
    program = read(net).program
    shapes = {t.name: [{"N": 32}.get(str(e), e) for e in t.shape] for t in program.inputs if t.kind != "constant"}
    given = {name: arrays(**{name: tuple(int(e) for e in shape)})[name] * 0.01 for name, shape in shapes.items()}
    given["Y"] = np.eye(given["Y"].shape[1])[np.arange(len(given["Y"])) % given["Y"].shape[1]]
    value, gradients = compile(net, dtype="float32").value_and_grad(given)
    assert np.isfinite(value)
    assert all(np.isfinite(g).all() and g.dtype == np.float32 for g in gradients.values())


def nudged(function: Compiled, at: dict[str, ndarray], vectors: dict[str, ndarray], by: float = 1e-6) -> Any:
    """The gradients a little further along vectors, less those before: a change by differences."""
    ahead, behind = ({n: a + s * by * vectors.get(n, 0) for n, a in at.items()} for s in (1, -1))
    return {n: (g - function.grad(behind)[n]) / (2 * by) for n, g in function.grad(ahead).items()}


def test_changes_along_vectors() -> None:
    function = compile(TWO_LAYERS)
    params, data = two_layers()
    at, vectors = params | data, arrays(W_1=(4, 3), W_2=(2, 4))
    gradients = function.grad(at)
    assert gradients.keys() == {"W_1", "W_2"}
    assert function.jvp(vectors, at) == pytest.approx(sum(np.vdot(gradients[n], v) for n, v in vectors.items()), rel=1e-13)
    for given in (vectors, {"W_2": vectors["W_2"]}):
        found, wanted = function.hvp(given, params, **data), nudged(function, at, given)
        for name, change in found.items():
            np.testing.assert_allclose(change, wanted[name], atol=1e-7)


def test_the_change_of_a_vector_is_the_jacobian_times_the_direction() -> None:
    function = compile(derive("W: parameter[h, d]\nx: data[d]\ny = tanh(W @ x)", of="y"))
    at, v = arrays(W=(4, 3), x=(3,)), arrays(W=(4, 3))["W"]
    np.testing.assert_allclose(function.jvp({"W": v}, at), np.tensordot(function.grad(at)["W"], v, 2), rtol=1e-12)
    with pytest.raises(CompileError, match="hvp: y has axes, and a Hessian is that of a number"):
        function.hvp({"W": v}, at)


def test_arrays_by_keyword_in_dicts_or_both() -> None:
    function = compile(TWO_LAYERS)
    params, data = two_layers()
    value = function.value(params, data)
    assert function.value(**params, **data) == function.value(params | data) == function.value(params, **data) == value
    with pytest.raises(ArgumentError, match="x is given in a dict and as x=; give it once"):
        function.value(params, data, x=data["x"])
    with pytest.raises(ArgumentError, match=r"nothing moves by W1; did you mean W_1\?"):
        function.jvp({"W1": 1.0}, params, data)


def test_threads_a_forked_process_and_a_pickle_compute_the_same() -> None:
    function = compile(CLASSES)
    batches = [arrays(X=(n, 3), W=(3, 2)) | {"t": np.arange(n) % 2} for n in range(1, 90)]  # more shapes than are remembered
    wanted = [function.value_and_grad(at) for at in batches]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(compile(CLASSES).value_and_grad, batches * 3))
    others = [*found, *map(pickle.loads(pickle.dumps(function)).value_and_grad, batches)]
    if hasattr(os, "fork"):
        with multiprocessing.get_context("fork").Pool(1) as forked:
            others += forked.map(function.value_and_grad, batches)
    for k, (value, gradients) in enumerate(others):
        assert value == wanted[k % len(batches)][0]
        np.testing.assert_array_equal(gradients["W"], wanted[k % len(batches)][1]["W"])


def test_a_loss_of_one_vector_is_what_optimisers_ask_for() -> None:
    params, data = two_layers()
    flat = compile(TWO_LAYERS).flat(params, data)
    assert flat.x0.shape == (4 * 3 + 2 * 4,)
    value, gradient = flat(flat.x0)
    wanted, gradients = compile(TWO_LAYERS).value_and_grad(params, data)
    assert value == pytest.approx(wanted, rel=1e-13)
    for name, array in flat.arrays(gradient).items():
        np.testing.assert_allclose(array, gradients[name], rtol=1e-12)
        np.testing.assert_array_equal(flat.arrays(flat.x0)[name], params[name])
    with pytest.raises(ArgumentError, match="W_2 is a parameter or has a gradient, and not both"):
        compile(TWO_LAYERS, wrt=["W_1"]).flat(params, data)


if find_spec("scipy"):

    @pytest.mark.slow
    def test_scipy_descends_to_where_the_gradient_is_zero() -> None:
        from scipy.optimize import minimize

        params, data = two_layers()
        flat = compile(TWO_LAYERS).flat(params, data)
        found = minimize(flat, flat.x0, jac=True, method="L-BFGS-B")
        assert found.success
        assert compile(TWO_LAYERS).value(flat.arrays(found.x), data) < 1e-8


@pytest.mark.parametrize("x", [np.zeros(1), np.zeros((5, 1)), 0.0, np.zeros(6)], ids=lambda x: str(np.shape(x)))
def test_a_vector_of_another_size_is_refused(x: Any) -> None:
    flat = compile("X: data[n, d]\nw: parameter[d]\nb: parameter\nL = mean((X @ w + b)**2)").flat(
        {"w": np.ones(4), "b": 0.0}, {"X": np.ones((3, 4))}
    )
    for call in (flat, flat.arrays):
        with pytest.raises(ArgumentError, match=r"x has shape .*, and the parameters are 5 numbers; give them as flat.x0 is"):
            call(x)
