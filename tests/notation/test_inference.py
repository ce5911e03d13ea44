"""Names that nobody declared: what is proposed fits, and obeying it is enough."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb

PROPOSED = {
    "sum((np.dot(W1, X) + b1)**2)": "W1: parameter[h, d]; X: data[d, n]; b1: parameter[h, 1]",
    "sum((W @ x - y)**2)": "W: parameter[h, d]; x: data[d]; y: data[h]",
    "mean((X @ w + b - y)**2) + lam*sum(w**2)": "X: data[n, d]; w: parameter[d]; y: data[n]",
    "sum(softmax(relu(X @ W1 + b1) @ W2 + b2) * Y)": "X: data[n, d]; W1: parameter[d, h]; b1: parameter[h]; W2: parameter[h, m]; "
    "b2: parameter[m]; Y: data[n, m]",
    "mean(np.tanh(np.dot(W2, np.tanh(np.dot(W1, X) + b1)) + b2))": "W2: parameter[h, d]; W1: parameter[d, n]; X: data[n, m]; "
    "b1: parameter[d, 1]; b2: parameter[h, 1]",
    "x @ A @ x / 2": "x: data[n]; A: data[n, n]",
    "logdet(K) + y @ solve(K, y)": "K: data[n, n]; y: data[n]",
    "norm(x - y)": "x: data[n]; y: data[n]",
    "mean(sum((X - C)**2, axis=1))": "X: data[n, d]; C: data[n, d]",
    "X.sum(axis=0, keepdims=True).mean()": "X: data[n, d]",
    "sum(outer(u, v)**2)": "u: parameter[d]; v: parameter[h]",
}


def asked(expression: str) -> list[str]:
    with pytest.raises(sb.NotationError) as refused:
        sb.read(expression)
    found = re.search(r"Declare (?:it|them): (.*) \(on the command line", str(refused.value))
    assert found
    return found[1].split("; ")


@pytest.mark.parametrize("expression", PROPOSED)
def test_shapes_are_proposed_by_how_the_whole_expression_uses_them(expression: str) -> None:
    assert sorted(asked(expression)) == sorted(PROPOSED[expression].split("; "))
    assert sb.check(sb.read(expression, let=asked(expression))).ok


def test_a_name_beside_a_product_is_no_number_in_silence() -> None:
    with pytest.raises(sb.NotationError, match=re.escape("y is used as an array but not declared. Declare it: y: data[h]")):
        sb.read("sum((W @ x - y)**2)", let=["W: parameter[h, d]", "x: data[d]"])


def test_a_number_beside_arrays_is_said() -> None:
    network = sb.read("sum((w*x + c)**2) + lam*sum(w**2)", let=["w: parameter[n]", "x: data[n]"])
    assert "c and lam are not declared, and taken to be numbers." in network.notes
    assert not sb.read("(x + y)*z").notes


def test_arguments_of_a_function_are_asked_for_together(tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    text = "def cost({}):\n    Z = np.dot(W1, X) + b1\n    return np.mean((np.tanh(Z) - Y)**2)\n"
    file.write_text(text.format("W1, b1, X, Y"), encoding="utf-8")
    with pytest.raises(sb.NotationError) as refused:
        sb.read(f"{file}:cost")
    said = 'W1: "parameter[h, d]", X: "data[d, n]", b1: "parameter[h, 1]", Y: "data[h, n]"'
    assert f"Annotate them in def cost(...): {said}; a number is W1: float." in str(refused.value)
    file.write_text(text.format(said), encoding="utf-8")
    assert sb.check(sb.read(f"{file}:cost")).ok


UNDECLARED = {
    "rows": "(xs, ys, w):\n    es = []\n    for x, y in zip(xs, ys):\n        es.append((w @ x - y) ** 2)\n    return sum(es) / len(es)",
    "a bias": "(W, X, b, y):\n    p = softmax(X.dot(W) + b)\n    return -np.log(p[np.arange(X.shape[0]), y]).mean()",
    "a table": "(E, t, w):\n    h = E[t]\n    return np.sum((w @ h) ** 2)",
    "turned": "(Q, K):\n    scores = Q @ K.swapaxes(-2, -1)\n    return np.sum(scores**2)",
    "a dict": "(X, params):\n    for k in range(1, len(params) + 1):\n        X = X @ params[f'W{k}']\n    return np.sum(X)",
    "objects": "(X, layers):\n    for layer in layers:\n        X = layer.forward(X)\n    if len(X) > 2:\n        raise ValueError(float(X[0]))\n    return np.sum(X)",
    "an array beside it": "(w):\n    return np.sum((TABLE @ w) ** 2)",
}


@pytest.mark.parametrize("name", UNDECLARED)
def test_what_a_function_is_told_to_annotate_is_enough_or_it_is_told_to_be_run(name: str, tmp_path: Path) -> None:
    text = f"import numpy as np\nTABLE = np.ones((3, 2))\ndef cost{UNDECLARED[name]}\n"
    file = tmp_path / "nets.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(sb.NotationError) as refused:
        sb.read(f"{file}:cost")
    said, line = str(refused.value).split("\n")[0], text.split("\n")[2]
    assert "et it run: --trace example.npz, which np.savez(" in said
    assert not re.search(r"\b(len|range|float|layer|np|ValueError|es): ", said)  # asked for of what is no argument
    if found := re.search(r"Annotate .* in def cost\(\.\.\.\): (.*); a number", said):
        file.write_text(text.replace(line, f"def cost({found[1]}):"), encoding="utf-8")
        assert sb.check(sb.read(f"{file}:cost")).ok
    assert (found is None) == (name in ("a dict", "objects", "an array beside it"))


ALONE = {
    "labels": (
        "(W, X, y, reg):\n    p = softmax(X.dot(W))\n    L = -np.log(p[np.arange(X.shape[0]), y]).mean()\n    return L + reg * np.sum(W * W)",
        "X: data[n, d]; W: parameter[d, h]; y: integers[n, h]; reg: data",
    ),
    "a bias, described": (
        """(X, y, W, b):
    '''Softmax.

    - X: A numpy array of shape (N, D) containing data.
    - y: labels, of shape (N,); y[i] = c means class c of C
    - b: biases, array_like, shape=(C,)

    Returns:
    - the loss, a float
    '''
    s = X @ W + b
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y])""",
        "X: data[N, D]; W: parameter[D, C]; b: parameter[C]; y: integers[N, C]",
    ),
    "columns, described": (
        """(w, b, X, Y):
    '''
    w -- weights, a numpy array of size (num_px * num_px * 3, 1)
    b -- bias, a scalar
    X -- data of size (num_px * num_px * 3, number of examples)
    Y (np.ndarray): targets, shape [1, number of examples]
    '''
    A = np.dot(w.T, X) + b
    return np.sum(np.multiply(Y, A) - np.log(1 + np.exp(A))) / Y.shape[1]""",
        "w: parameter[h, 1]; X: data[h, d]; b: parameter; Y: data[1, d]",
    ),
    "asserted": (
        "(W, x, y):\n    assert W.shape == (3, d)\n    assert x.shape == (d,)\n    assert y.shape == (3,)\n    return np.sum((np.tanh(W @ x) - y)**2)",
        "W: parameter[3, d]; x: data[d]; y: data[3]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_a_function_whose_arguments_have_one_shape_alone_is_read(name: str, tmp_path: Path) -> None:
    text, shapes = ALONE[name]
    file = tmp_path / "nets.py"
    file.write_text(f"import numpy as np\ndef cost{text}\n", encoding="utf-8")
    network = sb.read(f"{file}:cost")
    found = re.fullmatch(r"Nobody declared the arguments: .* alone fit, (.*)\.", network.notes[0])
    assert found
    assert found[1] == shapes
    assert sb.check(network).ok


def test_a_function_whose_arguments_may_have_several_shapes_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    for text in (
        "(X, w, b, y):\n    return np.mean((X @ w + b - y)**2)",
        "(x, mu):\n    '''x: (n, d)'''\n    return np.sum((x - mu)**2)",
    ):
        file.write_text(f"import numpy as np\ndef cost{text}\n", encoding="utf-8")
        with pytest.raises(sb.NotationError, match="but not declared"):
            sb.read(f"{file}:cost")


def test_in_a_text_every_name_that_is_missing_is_declared_at_once() -> None:
    text = "h = tanh(W @ x + b)\nL = sum((h - y)**2)"
    with pytest.raises(sb.NotationError) as refused:
        sb.read(text)
    found = re.search(r"Declare them: (.*)\.", str(refused.value))
    assert found
    assert found[1] == "W: parameter[n, d]; x: data[d]; b: parameter[n]; y: data[n]"  # h is a value here
    assert sb.check("\n".join([*found[1].split("; "), text])).ok


@pytest.mark.parametrize(
    "text", ["L = sum((w*x - y)**2)/n", "L = sum((X @ w - y)**2)/(2*m) + lam*sum(w**2)", "L = sum(abs(x - mu))/N"]
)
def test_a_number_that_counts_is_the_size_of_the_data(text: str) -> None:
    with pytest.raises(sb.NotationError) as refused:
        sb.read(text)
    found = re.search(r"Declare (?:them|it): (.*)\.", str(refused.value))
    assert found
    network = sb.read("\n".join([*found[1].split("; "), text]))
    assert text[-1] == ")" or str(network.program.inputs[-1].shape[0]) == text[-1]
    assert sb.check(network).ok


def test_what_fits_in_no_way_is_still_refused() -> None:
    with pytest.raises(sb.NotationError):
        sb.read("sum(x @ W @ x @ W.T) + solve(W, x)", let=["W: parameter[3, 4]"])


def test_an_input_of_an_expression_may_have_a_domain() -> None:
    """The words behind & are no size of each layer: it ended in a crash."""
    assert sb.check(sb.read("sum(x * log(x))", let=["x: parameter[n] & positive"])).ok


def test_entries_of_rows_leave_more_than_one_way() -> None:
    def loss(mu, X):
        n = X.shape[0]
        t = 0
        for j in range(3):
            t += np.sum((X - mu[j]) ** 2)
        return t / n

    with pytest.raises(sb.NotationError, match=r"not declared\. Annotate them in def"):
        sb.network(loss)
