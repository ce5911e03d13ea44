import numpy as np
import pytest

import symbackprop as sb
from symbackprop.training.classes import class_inputs, find_prediction
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import lay_out

EYE = np.eye(3)[[0, 1, 2, 1]]
INTEGERS = np.array([0, 1, 2, 1])
BITS = np.array([0, 1, 1, 0])
X = np.linspace(-1, 1, 8).reshape(4, 2)

ROWS = """
X: data[n, 2]
Y: labels[n, 3]
W: parameter[2, 3]
S = X @ W
{more}
"""
UNIT = """
X: data[n, 2]
y: {kind}[n]
w: parameter[2]
z = X @ w
{more}
"""


def found(text: str, named: str | None = None, **arrays):
    program = sb.read(text).program
    layout = lay_out(program, arrays, {}, {})
    return find_prediction(program, class_inputs(program, arrays, layout.axes), layout.batch, named)


def told(prediction) -> tuple:
    return prediction.name, prediction.classes.name, prediction.classes.kind, prediction.axis


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ("L = mean(logsumexp(S, axis=1) - sum(Y * S, axis=1))", "S"),
        ("P = softmax(S)\nL = -sum(Y * log(P)) / n", "P"),
        ("P = softmax(S)\nD = P - Y\nR = sum(W**2)\nL = sum(D**2) + R", "P"),
    ],
)
def test_the_answer_is_the_last_named_value_with_the_shape_of_the_labels(more: str, name: str) -> None:
    assert told(found(ROWS.format(more=more), X=X, Y=EYE)) == (name, "Y", "one-hot", 1)


def test_integers_are_answered_along_one_axis_more() -> None:
    text = "X: data[n, 2]\nt: integers[n, 3]\nW: parameter[2, 3]\nS = X @ W\nL = mean(logsumexp(S, axis=1) - S[arange(n), t])"
    assert told(found(text, X=X, t=INTEGERS)) == ("S", "t", "integers", 1)


def test_one_hot_columns_are_found_by_what_they_hold() -> None:
    text = "X: data[2, n]\nY: data[3, n]\nW: parameter[3, 2]\nS = W @ X\nL = mean((S - Y)**2)"
    prediction = found(text, X=X.T, Y=EYE.T)
    assert told(prediction) == ("S", "Y", "one-hot", 0)
    assert prediction.right(np.array([[1, 0], [2, 5], [0, 0]]), EYE.T[:, :2]) == (1, 2)
    assert found(text, X=X.T, Y=EYE.T * 0.5) is None


def test_one_sample_at_a_time() -> None:
    text = "x: data[2]\ny: labels[3]\nW: parameter[3, 2]\ns = W @ x\nL = sum((s - y)**2)"
    prediction = found(text, x=X, y=EYE)
    assert told(prediction) == ("s", "y", "one-hot", 0)
    assert prediction.right(np.array([0.1, 0.5, 0.2]), EYE[1]) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "more", "name", "threshold"),
    [
        ("binary", "p = sigmoid(z)\nL = mean((p - y)**2)", "p", 0.5),
        ("binary", "L = mean(softplus(z) - y * z)", "z", 0.0),
        ("binary", "L = mean((sigmoid(z) - y)**2)", "z", 0.0),
        ("binary", "L = mean((z - y)**2)", "z", 0.5),
        ("data", "L = mean((z - y)**2)", "z", 0.5),
        ("sign", "L = mean(maximum(0, 1 - y * z))", "z", 0.0),
    ],
)
def test_a_binary_answer_is_above_its_threshold(kind: str, more: str, name: str, threshold: float) -> None:
    y = 2 * BITS - 1 if kind == "sign" else BITS
    prediction = found(UNIT.format(kind=kind, more=more), X=X, y=y)
    assert (prediction.name, prediction.axis, prediction.threshold) == (name, None, threshold)
    answer = np.where(BITS, threshold + 0.1, threshold - 0.1)
    assert prediction.right(answer, y) == (4, 4)
    answer[0] = threshold + 0.1
    assert prediction.right(answer, y) == (3, 4)


def test_a_regression_has_no_answer() -> None:
    assert found(UNIT.format(kind="data", more="L = mean((z - y)**2)"), X=X, y=np.linspace(0, 2, 4)) is None


def test_a_person_may_name_the_answer() -> None:
    text = ROWS.format(more="P = softmax(S)\nL = -sum(Y * log(P)) / n")
    assert told(found(text, "S", X=X, Y=EYE))[0] == "S"
    with pytest.raises(TrainingError, match="predict: the network computes no Q; there are"):
        found(text, "Q", X=X, Y=EYE)
    with pytest.raises(TrainingError, match=r"predict: L has the shape \(\), and no input of classes"):
        found(text, "L", X=X, Y=EYE)


def test_the_class_of_each_sample_is_known_for_the_split() -> None:
    program = sb.read(ROWS.format(more="L = sum((S - Y)**2)")).program
    first = class_inputs(program, {"X": X, "Y": EYE}, {"X": 0, "Y": 0})[0]
    assert first.each is not None
    assert first.each.tolist() == [0, 1, 2, 1]
