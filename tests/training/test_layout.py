import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import batch_size, checked, lay_out, split

ROWS = """
X: data[n, d]
Y: data[n, c]
W: parameter[d, c]
L = mean((X @ W - Y)**2)
"""
COLUMNS = """
X: data[d, n]
Y: data[c, n]
W: parameter[c, d]
L = mean((W @ X - Y)**2)
"""
ONE = """
x: data[d]
y: data[c]
W: parameter[c, d]
L = sum((W @ x - y)**2)
"""
HIDDEN = """
X: data[n, d]
t: integers[n, c]
W_1: parameter[d, h]
W_2: parameter[h, c]
S = tanh(X @ W_1) @ W_2
L = mean(logsumexp(S, axis=1) - S[arange(n), t])
"""
MASKED = """
X: data[n, T, d]
Y: data[n, T, d]
mask: data[T]
w: parameter[d]
L = sum(mask[:, None] * (X * w - Y)**2)
"""
SEQUENCE = """
X: data[n, T, d]
Y: data[n, T, d]
w: parameter[d]
L = sum((X * w - Y)**2)
"""
GRAPH = """
A: data[n, n]
X: data[n, d]
W: parameter[d, d]
L = sum((A @ X @ W)**2)
"""


def program(text: str):
    return sb.read(text).program


def laid(text: str, sizes=None, start=None, **shapes):
    arrays = {name: np.zeros(shape, int if name == "t" else float) for name, shape in shapes.items()}
    return lay_out(program(text), arrays, sizes or {}, {n: np.zeros(s) for n, s in (start or {}).items()})


@pytest.mark.parametrize(
    ("text", "sizes", "name"),
    [
        (ROWS, {}, "n"), (COLUMNS, {}, "n"), (ONE, {}, "None"), (HIDDEN, {}, "n"), (GRAPH, {}, "None"),
        (MASKED, {"T": 5}, "n"), (MASKED, {"n": 5}, "T"), (SEQUENCE, {}, "n"),
    ],
)  # fmt: skip
def test_the_size_that_counts_samples(text: str, sizes: dict, name: str) -> None:
    assert str(batch_size(program(text), sizes)) == name


def test_where_two_sizes_may_count_samples_a_person_decides() -> None:
    with pytest.raises(TrainingError, match=r"n and T may both count the samples; .* sizes={'n': 8} or sizes={'T': 8}"):
        batch_size(program(MASKED), {})


def test_samples_stand_in_rows_or_in_columns() -> None:
    rows, columns = laid(ROWS, X=(6, 4), Y=(6, 3)), laid(COLUMNS, X=(4, 6), Y=(3, 6))
    assert (rows.axes, columns.axes) == ({"X": 0, "Y": 0}, {"X": 1, "Y": 1})
    assert rows.batch == columns.batch == "n"
    assert rows.samples == columns.samples == 6
    assert rows.sizes == columns.sizes == {"d": 4, "c": 3}


def test_a_network_for_one_sample_takes_one_leading_axis_more() -> None:
    layout = laid(ONE, x=(6, 4), y=(6, 3))
    assert (layout.batch, layout.samples, layout.sizes) == (None, 6, {"d": 4, "c": 3})
    taken = layout.take({"x": np.arange(24).reshape(6, 4), "y": np.zeros((6, 3))}, 2)
    assert taken["x"].tolist() == [8, 9, 10, 11]


def test_samples_are_taken_along_their_axis_and_shared_inputs_whole() -> None:
    layout = laid(MASKED, {"T": 5}, X=(6, 5, 2), Y=(6, 5, 2), mask=(5,))
    arrays = {"X": np.arange(60).reshape(6, 5, 2), "Y": np.zeros((6, 5, 2)), "mask": np.ones(5)}
    taken = layout.take(arrays, np.array([4, 1]))
    assert np.array_equal(taken["X"], arrays["X"][[4, 1]])
    assert taken["mask"] is arrays["mask"]
    columns = laid(COLUMNS, X=(4, 6), Y=(3, 6))
    X = np.arange(24).reshape(4, 6)
    assert np.array_equal(columns.take({"X": X}, np.array([5, 0]))["X"], X[:, [5, 0]])


def test_sizes_come_from_data_settings_class_numbers_and_parameters() -> None:
    assert laid(HIDDEN, {"h": 7}, X=(5, 4), t=(5,)).sizes == {"h": 7, "d": 4, "c": 1}
    assert laid(HIDDEN, start={"W_1": (4, 9), "W_2": (9, 3)}, X=(5, 4), t=(5,)).sizes == {"h": 9, "d": 4, "c": 3}
    layout = lay_out(program(HIDDEN), {"X": np.zeros((3, 4)), "t": np.array([0, 5, 2])}, {"h": 2}, {})
    assert layout.sizes["c"] == 6


@pytest.mark.parametrize(
    ("text", "sizes", "shapes", "words"),
    [
        (HIDDEN, {}, {"X": (5, 4), "t": (5,)},
         "the arrays do not tell the size h of W_1; give it: sizes={'h': 32}, on the command line --size h=32"),
        (HIDDEN, {"k": 3}, {"X": (5, 4), "t": (5,)}, "k is no size of this network; there are c, d, h, n"),
        (HIDDEN, {"h": 0}, {"X": (5, 4), "t": (5,)}, "the size h must be a whole number from 1 on, not 0"),
        (HIDDEN, {"h": 3, "d": 9}, {"X": (5, 4), "t": (5,)}, "X has shape (5, 4), but it is declared as (n, d) with d = 9 as given: reshape the array, or declare it as it is"),
        (ROWS, {}, {"X": (5, 4), "Y": (6, 3)}, "different numbers of samples: X has 5, Y has 6"),
        (ROWS, {}, {"X": (5, 2, 2), "Y": (5, 3)}, "X has shape (5, 2, 2), but it is declared as (n, d)"),
        (ROWS, {}, {"X": (0, 4), "Y": (0, 3)}, "X has no samples: its shape is (0, 4)"),
        (ONE, {}, {"x": (4,), "y": (3,)}, "no size counts the samples: none stands alone in a data input and in no parameter. "
         "Declare x: data[n], or give arrays with one leading axis more"),
        ("W: parameter[2]\nL = sum(W)", {}, {}, "the network has no data input"),
        ("X: data[n, 4]\nW: parameter[4]\nL = sum(X @ W)", {}, {"X": (5, 3)},
         "X has shape (5, 3), but it is declared as (n, 4)"),
        ("x: data[4]\nW: parameter[4]\nL = sum(x * W)", {}, {"x": (5, 3)},
         "one sample of x has shape (3,), but it is declared as (4,)"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(text: str, sizes: dict, shapes: dict, words: str) -> None:
    with pytest.raises(SymbackpropError) as refused:
        laid(text, sizes, **shapes)
    assert words in str(refused.value)


def test_class_numbers_for_labels_are_refused_with_the_mend() -> None:
    text = "X: data[n, 4]\nY: labels[n, c]\nW: parameter[4, c]\nL = -mean(sum(Y*log_softmax(X @ W), axis=1))"
    arrays = {"X": np.zeros((5, 4)), "Y": np.zeros(5, int)}
    asked = r"or declare (Y: integers\[n, c\]) and write (one_hot\(Y, c\)) where a formula has Y"
    with pytest.raises(TrainingError, match=rf"Y holds class numbers .* np.eye\(c\)\[Y\], {asked}") as refused:
        lay_out(program(text), arrays, {}, {})
    declared, written = re.search(asked, str(refused.value)).groups()
    mended = program(text.replace("Y: labels[n, c]", declared).replace("Y*", f"{written}*"))
    assert lay_out(mended, arrays, {"c": 3}, {}).samples == 5


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float64, np.float16])
@pytest.mark.parametrize("column", [False, True])
def test_rows_made_as_the_mend_says_are_taken_and_no_class_becomes_another(dtype: type, column: bool) -> None:
    net = program("X: data[n, 4]\nY: labels[n, 3]\nW: parameter[4, 3]\nL = mean((X @ W - Y)**2)")
    X, numbers = np.zeros((6, 4)), np.array([0, 2, 1, 1, 0, 2])
    Y = numbers.astype(dtype)[(slice(None), None) if column else slice(None)]
    with pytest.raises(TrainingError, match="Y holds class numbers") as refused:
        lay_out(net, {"X": X, "Y": Y}, {}, {})
    mend = re.search(r"np\.eye\(3\)\[Y(\[\.\.\., 0\])?(\.astype\(int\))?\]", str(refused.value))
    assert mend is not None
    assert (mend[1] is not None) == column
    assert (mend[2] is not None) == (np.dtype(dtype).kind == "f")
    rows = np.eye(3)[(Y[..., 0] if column else Y).astype(int)]
    assert (rows.argmax(1) == numbers).all()
    lay_out(net, {"X": X, "Y": rows}, {}, {})
    for beyond in (numbers + 1, numbers.astype(float) - 1):  # np.eye(3)[-1] would be another class
        with pytest.raises(TrainingError, match=r"its classes go from .* classes from 0 to 2; np\.unique"):
            lay_out(net, {"X": X, "Y": beyond}, {}, {})


def test_columns_and_rows_with_a_one_are_refused_with_the_mend() -> None:
    net = program("X: data[n, 4]\nt: integers[n, c]\nW: parameter[4, c]\nL = cross_entropy(X @ W, t)")
    with pytest.raises(TrainingError, match=r"give t.argmax\(axis=-1\), or declare rows with a one, t: labels\[n, c\]"):
        lay_out(net, {"X": np.zeros((5, 4)), "t": np.eye(3)[[0, 1, 2, 0, 1]]}, {}, {})
    with pytest.raises(
        TrainingError, match=r"t has shape \(5, 1\), .* as \(n,\): give t\[:, 0\], or declare it as a column, \(n, 1\)"
    ):
        lay_out(net, {"X": np.zeros((5, 4)), "t": np.zeros((5, 1), int)}, {}, {})


@pytest.mark.parametrize(
    ("declared", "value", "words"),
    [
        ("data[n, 2]", np.nan, "X holds NaN at (1, 0)"),
        ("data[n, 2]", np.inf, "X holds an infinite number at (1, 0)"),
        ("positive[n, 2]", 0, "X must hold positive numbers as declared, and holds 0 at (1, 0); mend the data"),
        ("binary[n, 2]", 0.5, "X must hold zeros and ones as declared, and holds 0.5 at (1, 0)"),
        ("binary[n, 2]", 2, "holds 2 at (1, 0); of more than two classes declare X as integers"),
        ("sign[n, 2]", 0, "X must hold numbers -1 and 1 as declared, and holds 0 at (0, 1); give 2*X - 1"),
        ("labels[n, 2]", 0.5, "X is declared as labels: it must sum to one along its last axis"),
    ],
)
def test_entries_outside_their_declaration_are_refused(declared: str, value: float, words: str) -> None:
    net = program(f"X: {declared}\nW: parameter[2]\nL = sum(X @ W)")
    X = np.array([[1.0, 0.0], [1.0, 0.0]]) if declared[0] not in "ps" else np.ones((2, 2))
    assert checked(net, {"X": X}, {}, "float32")["X"].dtype == np.float32
    X[1, 0] = value
    X[0, 1] *= declared[0] != "s"
    with pytest.raises(TrainingError) as refused:
        checked(net, {"X": X}, {}, "float32")
    assert words in str(refused.value)


def test_a_number_stays_a_number() -> None:
    net = program("X: data[n, d]\nlam: data\nw: parameter[d]\nL = mean((X @ w)**2) + lam*sum(w**2)")
    assert checked(net, {"X": np.ones((2, 3)), "lam": np.array(0.5)}, {"d": 3}, "float32")["lam"].shape == ()


def test_class_numbers_that_are_broken_or_too_large_are_refused() -> None:
    net = program(HIDDEN)
    for t in (np.array([0, 3]), np.array([0.5, 1]), np.array([-1, 0])):
        with pytest.raises(TrainingError, match="t must hold whole numbers"):
            checked(net, {"X": np.zeros((2, 4)), "t": t}, {"c": 3, "d": 4, "h": 2}, "float64")


@given(st.lists(st.integers(0, 4), min_size=2, max_size=300), st.floats(0.01, 0.9))
def test_both_parts_have_their_share_of_every_class(classes: list[int], held_out: float) -> None:
    labels = np.array(classes)
    count = max(round(len(labels) * held_out), 1)
    if count == len(labels):
        with pytest.raises(TrainingError, match="leaves none to train on"):
            split(len(labels), held_out, labels)
        return
    train, test = split(len(labels), held_out, labels)
    assert sorted([*train, *test]) == list(range(len(labels)))
    assert 0 < len(test) <= count
    assert len(test) == 1 or set(labels[train]) == set(classes)
    for c in set(classes):
        assert abs((labels[test] == c).sum() - (labels == c).mean() * count) <= 1


def test_the_held_out_part_is_the_same_in_every_run() -> None:
    assert np.array_equal(split(50, 0.2, None)[1], split(50, 0.2, None)[1])
    assert len(split(50, 0.0, None)[1]) == 0


def test_a_number_beyond_float32_is_refused_with_its_place() -> None:
    X = np.ones((4, 2))
    X[2, 1] = 1e200
    with pytest.raises(TrainingError, match=r"X holds 1e\+200 at \(2, 1\), which float32 cannot hold; scale the data"):
        sb.train("X: data[N, 2]\nw: parameter[2]\nL = mean((X @ w)**2)", {"X": X}, dtype="float32", progress=False)
