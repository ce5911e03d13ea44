"""sb.trace: a person's own function, called on traced arrays, is the network that they wrote."""

from __future__ import annotations

import importlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.network import Network
from symbackprop.evaluate import tape
from symbackprop.notation.trace import Subject
from tests.notation.trace.forms import FORMS


def difference(subject: Subject, leaf: str, way: Any, step: float) -> Any:
    """The slope of the function along a way of one leaf, by values one and two steps to either side."""
    given = {name: own.array for name, own in subject.leaves.items()}
    values = [subject.value(given | {leaf: given[leaf] + t * step * way}) for t in (-2, -1, 1, 2)]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


def slopes(network: Network, function: Any, args: tuple[Any, ...]) -> float:
    """How far the gradients are from central differences of the function itself, relative to the largest slope.

    The step is that at which differences agree most with those of steps a tenth as long: the gradients have no say in it.
    """
    names = [t.name for t in network.program.inputs if t.kind == "parameter"]
    named = {leaf.written: name for name, leaf in Subject(function, args).leaves.items()}
    leaf = {name: named[path] for name, path in network.paths.items()}
    derived = sb.derive(network, names)
    values = tape.forward(derived.program, network.example)
    found = {name: values[derived.gradient(name)] for name in names}
    subject = Subject(function, args)
    rng, worst = np.random.default_rng(0), np.float64(0)
    for name in names:
        way = rng.choice([-1.0, 1.0], size=subject.leaves[leaf[name]].array.shape)
        along = [difference(subject, leaf[name], way, step) for step in (1e-3, 1e-4, 1e-5)]
        slope = min(pairwise(along), key=lambda pair: abs(pair[1] - pair[0]))[0]  # steps over a kink do not agree
        apart = abs(slope - np.sum(found[name] * way)) / max(1e-3, float(np.abs(found[name]).sum()))
        worst = np.maximum(worst, apart)  # not a number where one is none, which max would leave out
    return worst


QUICK = ("two_layers_with_softmax", "embedding_lookup", "bound_method", "masked_relu_and_slices", "class_means_by_mask")


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in sorted(FORMS)])
def test_a_form_as_people_write_it_is_traced_unchanged(name: str) -> None:
    function, *args = FORMS[name]()
    before = [leaf.array.copy() for leaf in Subject(function, tuple(args)).leaves.values()]
    network = sb.trace(function, *args)
    assert slopes(network, function, tuple(args)) < 1e-6
    for leaf, array in zip(Subject(function, tuple(args)).leaves.values(), before, strict=True):
        np.testing.assert_array_equal(leaf.array, array)  # nothing that was given has changed


def test_leaves_have_the_names_of_their_paths_and_values_those_of_their_variables() -> None:
    function, *args = FORMS["two_layers_with_softmax"]()
    network = sb.trace(function, *args)
    assert [t.name for t in network.program.inputs] == ["W1", "b1", "W2", "b2", "X", "y"]
    written = [e.target.name for e in network.program.equations]
    assert [n for n in written if not n.startswith("u_")] == ["z", "h1", "scores_1", "scores_2", "probs", "data_loss", "L"]
    assert {str(n) for n in network.program.sizes()} == {"N", "n", "m", "d"}
    assert network.origin == "trace"
    assert set(network.example) == {"W1", "b1", "W2", "b2", "X", "y"}


def test_arrays_of_a_list_have_the_names_that_they_are_unpacked_to() -> None:
    def loss(params: Any, x: Any) -> Any:
        W, b = params
        return np.sum(np.tanh(x @ W + b) ** 2)

    network = sb.trace(loss, [np.ones((2, 3)), np.ones(3)], np.ones((4, 2)), wrt="params_0")
    assert [(t.name, t.kind) for t in network.program.inputs] == [("W", "parameter"), ("b", "data"), ("x", "data")]
    assert network.paths == {"W": "params[0]", "b": "params[1]", "x": "x"}


def test_a_bound_method_traces_the_arrays_of_its_object_and_leaves_it_alone() -> None:
    method, *args = FORMS["bound_method"]()
    network = sb.trace(method, *args)
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == ["W_0", "b_0", "W_1", "b_1"]
    assert method.__self__.calls == 0
    assert not hasattr(method.__self__, "out")


def test_sizes_that_are_equal_by_chance_are_told_apart() -> None:
    def loss(W: Any, V: Any, x: Any) -> Any:
        return np.sum(np.tanh(x @ W) @ V)

    network = sb.trace(loss, np.ones((3, 3)), np.ones((3, 3)), np.ones((3, 3)))
    assert len(network.program.sizes()) == 4


def test_a_size_that_is_counted_out_is_the_number_of_the_example_and_this_is_said() -> None:
    def loss(W: Any, x: Any) -> Any:
        h = x[0]
        for t in range(x.shape[0]):
            h = np.tanh(W @ h + x[t])
        return h @ h

    network = sb.trace(loss, np.eye(2), np.ones((3, 2)))
    assert [str(n) for n in network.program.sizes()] == ["n"]
    assert any("is 3, as in the example" in note for note in network.notes)
    assert not sb.trace(loss, np.eye(2), np.ones((3, 2)), sizes="all").program.sizes()


def test_an_entry_that_is_written_is_seen_through_every_view() -> None:
    def loss(w: Any) -> Any:
        a = np.zeros((2, 3))
        b, c = a.T, a.reshape(-1)
        a[0] = w
        b[2] += w[0] * 2
        c[1] *= w[1]
        np.add.at(a, (np.array([1, 1]), np.array([0, 0])), w[:2])
        return (a**3).sum() + b[0, 1] * c[5]

    w = np.array([0.3, -0.7, 1.1])
    network = sb.trace(loss, w)
    assert slopes(network, loss, (w,)) < 1e-8


def test_the_course_may_depend_on_data_and_this_is_said() -> None:
    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean((X[y == 1] @ w) ** 2)

    network = sb.trace(loss, np.ones(3), np.eye(4, 3), np.array([1, 0, 1, 1]))
    assert any(note.startswith("y: its values decide the course") for note in network.notes)


def test_random_numbers_are_data_and_this_is_said() -> None:
    function, *args = FORMS["dropout_drawn_inside"]()
    network = sb.trace(function, *args)
    assert any("Random numbers are drawn: drop are data" in note for note in network.notes)
    assert network.program.tensors["drop"].domain == "binary"


def of_a_branch(w: Any) -> Any:
    while w[0] > 0:
        return w[0] * 2
    return w[1]


def of_a_plain_number(w: Any) -> Any:
    return w[0].astype(int) * 1.0 + w.sum()


def of_a_leak(w: Any) -> Any:
    scale = np.fromiter(w, float).max()
    return w.sum() / scale


def of_an_array(w: Any) -> Any:
    return w * 2


def of_nothing(w: Any) -> None:
    w.sum()


def of_no_array(w: Any) -> Any:
    return 1.5


def of_positions(w: Any) -> Any:
    return np.unique(w).sum()


def of_a_file(w: Any) -> Any:
    return np.fft.fft(w).sum()


REFUSED = {
    of_a_branch: "`if` asks for the truth of a value that depends on w, so the other course would never be seen. Write np.where",
    of_a_plain_number: "whole numbers are made of real ones here",
    of_a_leak: "a plain number is made of what depends on w, and the loss depends on it. Write NumPy's functions there",
    of_an_array: "returns an array (3,), which is no loss. "
    "Trace a function that sums it up: def total(w): return np.sum(of_an_array(w)).",
    of_nothing: "the function returns nothing. Write return",
    of_no_array: "1.5 is returned, which depends on no array that was traced",
    of_positions: "np.unique is not traced",
    of_a_file: "np.fft is not traced",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_is_not_traced_is_refused_with_the_mend(function: Any) -> None:
    with pytest.raises(sb.notation.NotationError) as caught:
        sb.trace(function, np.array([0.5, 2.0, -1.0]))
    assert REFUSED[function] in str(caught.value)


def test_what_the_function_raises_is_told_with_its_line() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum(w @ x)

    with pytest.raises(sb.notation.NotationError, match="loss raised ValueError: matmul: ") as caught:
        sb.trace(loss, np.ones((2, 3)), np.ones(2))
    assert caught.value.line == loss.__code__.co_firstlineno + 1
    assert caught.value.mend == "The shapes in this line are: w (2, 3), x (2,)."

    class Model:
        def __init__(self) -> None:
            self.W, self.p = np.ones((3, 4)), {"b": np.ones(5)}

        def loss(self, X: Any) -> Any:
            return np.sum(X @ self.W.T + self.p["b"])

    with pytest.raises(sb.notation.NotationError) as caught:
        sb.trace(Model().loss, np.ones((2, 3)))
    assert caught.value.mend == """The shapes in this line are: X (2, 3), self.W (3, 4), self.p["b"] (5,)."""


def test_a_refusal_has_the_line_of_the_function() -> None:
    with pytest.raises(sb.notation.NotationError) as caught:
        sb.trace(of_a_branch, np.array([0.5, 2.0]))
    assert caught.value.line == of_a_branch.__code__.co_firstlineno + 1
    assert (caught.value.file or "").endswith("test_trace.py")


def test_what_is_not_needed_for_the_loss_need_not_be_traced() -> None:
    def loss(w: Any) -> Any:
        best = np.argsort(w)[0]
        history = {"best": best, "sorted": np.sort(w)}
        return (w**2).sum(), history

    assert len(sb.trace(loss, np.array([1.0, 3.0, 2.0])).program.equations) == 1


def test_the_loss_is_a_returned_value_by_its_key_or_position() -> None:
    def loss(w: Any) -> Any:
        return {"parts": w, "total": np.sum(w**2)}

    assert sb.trace(loss, np.ones(3), loss="total").loss == "L"
    with pytest.raises(sb.notation.NotationError, match="loss='cost' is nothing that the function returns"):
        sb.trace(loss, np.ones(3), loss="cost")


def test_what_is_learnt_is_named_by_name_or_path() -> None:
    function, *args = FORMS["two_layers_with_softmax"]()

    def learnt(wrt: Any) -> list[str]:
        return [t.name for t in sb.trace(function, *args, wrt=wrt).program.inputs if t.kind == "parameter"]

    assert learnt("W1, X") == ["W1", "X"]
    assert learnt(['params["b2"]']) == ["b2"]
    with pytest.raises(sb.notation.NotationError, match="there is no array of floats 'W3'"):
        learnt("W3")


def test_a_trace_is_checked_drawn_and_trained_from_its_example() -> None:
    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean((X @ w - y) ** 2)

    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 3))
    network = sb.trace(loss, np.zeros(3), X, X @ np.array([1.0, -2.0, 0.5]), wrt="w")
    assert sb.check(network).ok
    assert "<svg" in sb.draw(network)
    trained = sb.train(network, epochs=80, rate=0.3, seed=0)
    np.testing.assert_allclose(trained.parameters["w"], [1.0, -2.0, 0.5], atol=0.1)


def test_of_a_tensor_it_is_the_trace_of_a_matrix() -> None:
    assert str(sb.read(sb.trace(sb.parameter("A", "n n"))).program.equations[0]) == "L = sum_{i} A[i i]"


def test_the_function_is_called_a_few_times() -> None:
    calls: list[int] = []

    def loss(w: Any, X: Any) -> Any:
        calls.append(1)
        return np.sum((X @ w) ** 2)

    sb.trace(loss, np.ones(3), np.ones((4, 3)))
    assert len(calls) <= 6


def test_a_branch_is_taken_as_in_the_example_where_that_is_asked_for() -> None:
    network = sb.trace(of_a_branch, np.array([0.5, 2.0]), branches="example")
    assert str(network.program.equations[0]).startswith("L = sum_{i} 2*w[i]")
    assert any("a branch is taken as in the example" in note for note in network.notes)


def test_the_network_is_the_function_at_other_sizes_too() -> None:
    function, params, X, y, reg = FORMS["two_layers_with_softmax"]()
    network = sb.trace(function, params, X, y, reg)
    rng = np.random.default_rng(1)
    other = {"W1": rng.normal(size=(6, 2)), "b1": rng.normal(size=2), "W2": rng.normal(size=(2, 5)), "b2": rng.normal(size=5)}
    given = rng.normal(size=(3, 6)), np.array([4, 0, 1])
    point = {**other, "X": given[0], "y": given[1]}
    assert tape.forward(network.program, point)[network.loss] == pytest.approx(function(other, *given, reg), rel=1e-12)


def test_infinity_in_a_mask_is_a_large_number_and_this_is_said() -> None:
    def loss(q: Any) -> Any:
        n = q.shape[0]
        s = np.where(np.tril(np.ones((n, n))) == 0, -np.inf, q @ q.T)
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return ((e / e.sum(axis=1, keepdims=True)) @ q).sum()

    q = np.random.default_rng(0).normal(size=(3, 2))
    network = sb.trace(loss, q)
    assert any("is in the place of infinity" in note for note in network.notes)
    assert slopes(network, loss, (q,)) < 1e-8


def test_columns_of_one_array_may_be_positions_on_two_axes() -> None:
    def loss(U: Any, M: Any, idx: Any) -> Any:
        u, m = idx[:, 0], idx[:, 1]
        return (U[u] * M[m]).sum()

    rng = np.random.default_rng(0)
    idx = np.stack([rng.integers(0, 4, 5), rng.integers(0, 6, 5)], 1)
    network = sb.trace(loss, rng.normal(size=(4, 3)), rng.normal(size=(6, 3)), idx)
    assert [t.name for t in network.program.inputs] == ["U", "M", "u", "m"]
    assert len(network.program.sizes()) == 3


@pytest.mark.parametrize("by_rows", [False, True])
def test_positions_may_be_computed_of_whole_numbers(by_rows: bool) -> None:
    def loss(W: Any, x: Any, lengths: Any) -> Any:
        h = np.tanh(x @ W)
        rows, place = np.arange(len(x)), lengths - 1
        last = np.take_along_axis(h, place[:, None, None], 1)[:, 0] if by_rows else h[rows, place]
        return (last**2).sum()

    rng = np.random.default_rng(0)
    W, x, lengths = rng.normal(size=(3, 4)), rng.normal(size=(5, 6, 3)), np.array([6, 3, 2, 1, 4])
    network = sb.trace(loss, W, x, lengths, wrt="W")
    assert sb.check(network).ok  # at the lengths of the example, which reach the size of the axis
    assert len(network.program.sizes()) == 4
    assert slopes(network, loss, (W, x, lengths)) < 1e-8


def test_sizes_are_found_through_halves_products_and_the_rest_of_a_shape() -> None:
    def loss(W: Any, x: Any, mask: Any) -> Any:
        mean, spread = np.split(x.reshape(-1, W.shape[0]) @ W, 2, axis=1)
        return ((mean**2 + spread) * mask.reshape(-1)[:, None]).sum()

    network = sb.trace(loss, np.ones((6, 8)), np.ones((5, 4, 2, 3)), np.ones((5, 4)))
    shapes = {t.name: len({*map(str, t.shape)}) for t in network.program.inputs}
    assert shapes == {"W": 2, "x": 4, "mask": 2}
    assert len(network.program.sizes()) == 5  # 2 and 3 of x, its first two, and half the columns of W


def test_a_report_shows_the_line_of_the_function_beside_each_value() -> None:
    def loss(w: Any, X: Any) -> Any:
        def helper(z: Any) -> Any:
            return np.tanh(z)

        h = helper(X @ w)
        h = h * 2
        total = np.mean(h**2)
        return total, h

    network = sb.trace(loss, np.array([0.5, 2.0]), np.array([[1.0, 2.0], [0.5, -1.0], [0.1, 0.3]]), wrt="w")
    own = {"h = helper(X @ w)", "return np.tanh(z)", "h = h * 2", "total = np.mean(h**2)"}
    assert network.code["total"] == "total = np.mean(h**2)"
    assert network.code["h_2"] == "h = h * 2"
    assert set(network.code.values()) <= own
    for format_ in ("text", "html"):
        assert "total = np.mean(h**2)" in sb.derive(network).report(format_)


def test_functions_of_another_module_are_traced_as_those_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """import model; sb.trace(lambda W: model.loss(W, X, y), W): the modules of a person's are one program."""
    package = tmp_path / "theirs_of_a_package"
    package.mkdir()
    (package / "__init__.py").write_text("from . import inner\n")
    (package / "inner.py").write_text(
        "import numpy as np\n\ndef loss(W, X, y):\n    N = X.shape[0]\n    p = np.exp(X @ W)\n    p /= p.sum(axis=1, keepdims=True)\n"
        "    return -np.sum(np.log(p[np.arange(N), y])) / N\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    theirs = importlib.import_module(package.name)
    X, W, y = np.random.default_rng(0).standard_normal((6, 5)), np.full((5, 4), 0.25), np.array([0, 3, 1, 1, 2, 0])
    network = sb.trace(lambda W: theirs.inner.loss(W, X, y), W)
    P = np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)
    found = sb.compile(network).value_and_grad(network.example)[1]["W"]
    np.testing.assert_allclose(found, X.T @ (P - np.eye(4)[y]) / 6, rtol=1e-12)


def test_positions_that_fall_below_zero_at_other_data_are_counted_from_the_end() -> None:
    def last(h: Any, lengths: Any) -> Any:
        return (h[np.arange(len(lengths)), lengths - 1] ** 2).sum()

    h = np.random.default_rng(0).normal(size=(4, 5))
    network = sb.trace(last, h, np.array([1, 5, 2, 3]), wrt="h")
    other = {"h": h, "lengths": np.array([0, 5, 2, 0])}
    assert tape.forward(network.program, other)[network.loss] == pytest.approx(last(**other), rel=1e-12)
