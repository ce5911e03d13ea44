"""What an error message tells a person to write works when it is written: each mend is taken from the message and obeyed."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import shape_text
from tests.notation.values import value


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(SymbackpropError) as caught:
        make()
    return str(caught.value).split("\n")[0]


def taken(pattern: str, message: str) -> tuple[str, ...]:
    """What the message says at the places of the pattern's groups."""
    found = re.search(pattern, message)
    assert found, message
    return found.groups()


VECTOR = np.array([1.5, -2.0, 0.5])
MATRIX = np.array([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0]])


@pytest.mark.parametrize("name", ["max", "min"])
def test_the_larger_of_two_and_the_largest(name: str) -> None:
    head = "x: parameter[n]\n"
    message = refused(lambda: sb.read(f"{head}L = sum({name}(x, 0))"))
    larger, largest = taken(rf"has two meanings. Write ({name}imum\(x, 0\)) entry by entry, or ({name}\(x, axis=0\))", message)
    numpy = getattr(np, f"{name}imum")(VECTOR, 0).sum()
    assert value(sb.read(f"{head}L = sum({larger})"), {"x": VECTOR}) == numpy
    assert value(sb.read(f"{head}L = {largest}"), {"x": VECTOR}) == getattr(VECTOR, name)()
    assert value(sb.read(f"{head}L = np.{name}(x, 0)"), {"x": VECTOR}) == getattr(VECTOR, name)()
    assert value(sb.read(f"{head}L = x.{name}(0)"), {"x": VECTOR}) == getattr(VECTOR, name)()


@pytest.mark.parametrize("text", ["norm(B, ord=3)", "norm(B, -3)", "norm(B, 0)", 'norm(B, "max")', "np.linalg.norm(B, 3)"])
def test_a_norm_of_a_matrix_that_numpy_has_not(text: str) -> None:
    head = "B: parameter[m, n]\nL = "
    frobenius, order = taken(r"write (norm\(B, 'fro'\)), or (ord=1) for the largest sum", refused(lambda: sb.read(head + text)))
    assert value(sb.read(head + frobenius), {"B": MATRIX}) == 5
    assert value(sb.read(f"{head}norm(B, {order})"), {"B": MATRIX}) == 4


@pytest.mark.parametrize(("ord", "right"), [("2", 4.0), ("-2", 3.0), ("'nuc'", 7.0)])
def test_a_norm_of_singular_values(ord: str, right: float) -> None:
    for text in (f"norm(B, {ord})", f"norm(B, ord={ord})", f"np.linalg.norm(B, {ord})"):
        assert value(sb.read(f"B: parameter[m, n]\nL = {text}"), {"B": MATRIX.T}) == pytest.approx(right, rel=1e-14)


def test_a_norm_that_counts() -> None:
    head = "v: parameter[n]\nL = "
    (mend,) = taken(r"write (sum\(.*\)) for", refused(lambda: sb.read(head + "norm(v, 0)")))
    assert value(sb.read(head + mend), {"v": np.array([1.0, 0.0, -2.0])}) == 2
    (mend,) = taken(r"write (norm\(v\))", refused(lambda: sb.read(head + 'norm(v, "nuc")')))
    assert value(sb.read(head + mend), {"v": np.array([3.0, 4.0])}) == 5
    for infinite, right in ((np.inf, 2.0), (-np.inf, 0.5)):
        assert value(sb.network(sb.norm(sb.parameter("v", "n"), infinite)), {"v": VECTOR}) == right


@pytest.mark.parametrize("word", ["inf", "Infinity", "nan", "NaN", "-inf"])
def test_what_is_no_number(word: str) -> None:
    message = refused(lambda: sb.derive(f"{word}*x"))
    assert "Write a" in message
    if "nan" not in word.lower():
        (mend,) = taken(r"such as (\w+)", message)
        assert value(f"{mend}*x", {"x": 2.0}) == 2e9
    assert refused(lambda: sb.read(f"{word.lstrip('-').partition('.')[2] or word.lstrip('-')}: parameter\nL = 2"))


def test_a_literal_axis_of_a_transpose() -> None:
    head = "W: parameter[h, d]\nL = sum("
    (mend,) = taken(r"(transpose\(W, \(1, 0\)\))", refused(lambda: sb.read(f"{head}transpose(W, 1))")))
    assert value(sb.read(f"{head}{mend})"), {"W": MATRIX}) == 7


@pytest.mark.parametrize("taken_names", ["L", "L loss", "L loss total"])
def test_a_loss_that_is_no_scalar(taken_names: str) -> None:
    *others, last = reversed(taken_names.split())
    lines = ["w: parameter[n]", "x: data[n]", *(f"{name} = w + x" for name in others), f"{last} = w*x"]
    text = "\n".join(lines)
    message = refused(lambda: sb.derive(text))
    (mend,) = taken(r"Write (\w+ = sum\(\w+\));", message)
    assert sb.derive(f"{text}\n{mend}").check().ok
    (name,) = taken(r'of="(\w+)"', message)
    assert sb.derive(text, of=name).check().ok


ARRAYS = {
    "np.sum(w**2)": {"w": 1},
    "w.mean()": {"w": 1},
    "np.dot(x, w)": {"x": 1, "w": 2},
    "W @ x": {"W": 2, "x": 1},
    "x.T": {"x": 1},
    "x[0]": {"x": 1},
    "len(x)*x": {"x": 1},
    "norm(x - y)": {"x": 1, "y": 1},
    "reshape(x, (3,))": {"x": 1},
}


@pytest.mark.parametrize("expression", ARRAYS)
def test_names_that_are_used_as_arrays_are_asked_for(expression: str) -> None:
    message = refused(lambda: sb.derive(f"L_1*sum({expression})"))
    (mends,) = taken(r"Declare (?:it|them): (.*) \(on the command line", message)
    declarations = (mends.replace("[n]", "[3]") if "3" in expression else mends).split("; ")
    assert {d.partition(":")[0]: d.count(",") + 1 for d in declarations} == ARRAYS[expression]
    derived = sb.derive("\n".join([*declarations, "L_1: parameter", f"L = L_1*sum({expression})"]), wrt="L_1")
    assert derived.check().ok


def test_arguments_of_a_function_that_are_used_as_arrays_are_asked_for(tmp_path: Path) -> None:
    text = "def predict(weights, inputs):\n    return 1/(1 + np.exp(-np.dot(inputs, weights)))\n"
    file = tmp_path / "nets.py"
    file.write_text(text)
    message = refused(lambda: sb.read(f"{file}:predict"))
    assert message.startswith(f"{file}:2:27: inputs and weights are used as arrays but not declared.")
    inputs, weights = taken(r'in def predict\(...\): (inputs: "[^"]*"), (weights: "[^"]*")', message)
    file.write_text(text.replace("(weights, inputs)", f"({weights}, {inputs})"))
    network = sb.read(f"{file}:predict")
    assert shape_text(network.program.shape(network.loss)) == "(n,)"
    assert [t.kind for t in network.program.inputs] == ["parameter", "data"]
    assert network.program.shape("weights") == network.program.shape("inputs")[1:]


def test_arguments_that_are_said_to_be_numbers_are_numbers(tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text("def f(x: float, w: float):\n    return np.sum(x*w)\n")
    assert sb.derive(f"{file}:f").check().ok


def test_a_column_beside_a_vector_is_noted_and_the_mend_is_a_loss_of_rows() -> None:
    text = "X: data[n, d]\ny: data[n]\nW: parameter[d, 1]\nyhat = X @ W\nL = mean((yhat - y)**2)"
    (note,) = sb.read(text).notes
    assert note.startswith("(yhat - y): yhat is (n, 1) and y is (n,), so that the result is (n, n):")
    (mend,) = taken(r"write (yhat\[:, 0\])\.", note)
    mended = sb.read(text.replace("(yhat -", f"({mend} -"))
    assert mended.notes == ()
    X, y, W = np.eye(3), np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [4.0]])
    assert value(mended, {"X": X, "y": y, "W": W}) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("L = sum(y - X @ W)", 1),
        ("s = sum(X, axis=1, keepdims=True)\nL = sum(s*y)", 1),
        ("L = sum(np.maximum(y, X @ W))", 1),
        ("L = sum(y[:, None] - y)", 0),
        ("c = y[:, None]\nL = sum(exp(c*y))", 0),
        ("L = sum(X @ W - y[:, None])", 0),
        ("L = sum(X - sum(X, axis=1, keepdims=True))", 0),
    ],
)
def test_which_columns_are_noted(text: str, count: int) -> None:
    notes = sb.read(f"X: data[n, d]\ny: data[n]\nW: parameter[d, 1]\n{text}").notes
    assert sum("every entry of one" in note for note in notes) == count


def test_a_parameter_without_axes_is_a_loss() -> None:
    network = sb.read("w: parameter[()]\nL = sum(w)")
    assert str(network) == "w: parameter\nL = w"
    assert sb.derive(network).check().ok
    assert sb.read("w: parameter\nz = w**2\nq = w**3\nL = z").loss == "z"
    assert sb.read("w: parameter\nz = w**2\nL = w").loss == "L"


@pytest.mark.parametrize("thing", [None, 3, b"x", ["x: parameter"]])
def test_what_is_no_text(thing: object) -> None:
    assert "is no network. Give a text, a path, a tensor" in refused(lambda: sb.read(thing))


def test_symbols_that_do_not_commute() -> None:
    a, b = sp.symbols("a b", commutative=False)
    (mend,) = taken(r'Write (Symbol\("a"\))', refused(lambda: sb.from_sympy(a * b - b * a)))
    assert mend == 'Symbol("a")'
    assert str(sb.from_sympy(sp.Symbol("a") * sp.Symbol("b")))


def test_the_step_of_sympy_is_one_half_at_zero() -> None:
    x = sp.Symbol("x")
    for function, right in ((sp.Heaviside(x), 0.5), (sp.Heaviside(x, 0), 0.0), (sp.Heaviside(x, 1), 1.0)):
        network = sb.from_sympy(function)
        assert [float(value(network, {"x": at})) for at in (-2.0, 0.0, 2.0)] == [0.0, right, 1.0]


def test_an_axis_and_a_slice_may_be_numbers_of_numpy() -> None:
    x = sb.parameter("x", 2, 3)
    assert sb.sum(x, axis=np.int64(1)).shape == (2,)  # type: ignore[arg-type]
    assert x[np.int64(0), : np.int64(2)].shape == (2,)


@pytest.mark.parametrize(
    ("line", "flat"),
    [("L = sum(w) == 1", True), ("L = w[0] > 0", True), ("L = sum(w > 0)", False), ("L = (w[0] == 1) * w[1]", False)],
)
def test_a_loss_that_compares_is_told(line: str, flat: bool) -> None:
    said = "L is a comparison, 0 or 1: its slope is 0 everywhere. Write = once to name a value."
    assert (said in sb.read(f"w: parameter[n]\n{line}").notes) == flat


LABELLED = "X: data[n, d]\nW: parameter[d, k]\ny: integers[n, k]\nP = softmax(X @ W)\nL = "
FITTED = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = "


def _at(head: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    targets = np.array([2, 0, 1, 1]) if "k" in head else rng.standard_normal(4)
    return {"X": rng.standard_normal((4, 3)), "y": targets, "W": rng.standard_normal((3, 3)), "w": rng.standard_normal(3)}


@pytest.mark.parametrize(
    "line", ["-sum(log(P[i, y[i]]))", "-sum(log(P[i][y[i]]))", "-sum(X[i] @ W[:, y[i]])", "sum((X[i] @ w - y[i])**2)"]
)
def test_a_letter_that_counts_goes_over_all(line: str) -> None:
    """Never one sample of somebody's choice: a sum of the entries, or the row's own entry of each."""
    head = LABELLED if "P" in line or "W" in line else FITTED
    at = {name: array for name, array in _at(head).items() if f"{name}:" in head}
    message = refused(lambda: sb.read(head + line))
    (over,) = taken(r"sum\(\.\.\.( for i in range\(n\))\) to go over all", message)
    summed = value(sb.read(head + line[:-1] + over + ")"), at)
    X, y, W = at["X"], at["y"], at.get("W", np.eye(3))
    scores = X @ W
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    picked = scores if "W" in line else logs
    expected = ((X @ at["w"] - y) ** 2).sum() if head is FITTED else -picked[np.arange(4), y].sum()
    assert summed == pytest.approx(expected, rel=1e-12)
    if "P[i, y[i]]" in line:
        (rows,) = taken(r"Write (P\[arange\(n\), y\]) for one entry of each row", message)
        assert value(sb.read(head + line.replace("P[i, y[i]]", rows)), at) == pytest.approx(expected, rel=1e-12)


def test_a_letter_that_counts_what_is_written_asks_for_its_loop() -> None:
    message = refused(lambda: sb.read(FITTED.replace("L = ", "r[i] = X[i] @ w - y[i]\nL = sum(r**2)")))
    (head,) = taken(r"Write (for i in range\(n\):) above the line, which is indented", message)
    at = {name: array for name, array in _at("").items() if name != "W"}
    net = sb.read(FITTED.replace("L = ", f"{head}\n    r[i] = X[i] @ w - y[i]\nL = sum(r**2)"))
    assert value(net, at) == pytest.approx(((at["X"] @ at["w"] - at["y"]) ** 2).sum(), rel=1e-12)


def test_a_letter_that_picks_rows_of_parameters_is_asked_for() -> None:
    assert "i: integers[a]" in refused(lambda: sb.read("U: parameter[a, d]\nV: parameter[b, d]\nL = U[i] @ V[j]"))


def test_below_a_loop_all_steps_are_a_sum() -> None:
    head = "x: data[T, m]\ny: data[T, m]\nW: parameter[m, m]\nh[0] = zeros(m)\nfor t in 1..T:\n    h[t] = W @ h[t-1] + x[t]\nL = "
    message = refused(lambda: sb.read(head + "sum((h[t] - y[t])**2)"))
    (over,) = taken(r"sum\(\.\.\.( for t in range\(1, T \+ 1\))\) for all", message)
    x, y, W = MATRIX[:, :2], MATRIX[:, 1:], np.array([[0.5, 1.0], [-1.0, 2.0]])
    states = [x[0], W @ x[0] + x[1]]
    expected = ((np.stack(states) - y) ** 2).sum()
    assert value(sb.read(f"{head}sum(sum((h[t] - y[t])**2){over})"), {"x": x, "y": y, "W": W}) == pytest.approx(expected)
