"""Backward passes whose loops go over samples, entries or layers in lists, of networks that have no loop."""

import ast

import pytest

import symbackprop as sb
from symbackprop.judge.texts.sliced import sliced
from tests.judge.backward_passes import LOGIT, RIDGE
from tests.judge.mutants import oracle

DEEP = """X: data[n, d]
Y: data[n, k]
W1: parameter[d, h]
W2: parameter[h, k]
a1 = tanh(X @ W1)
out = a1 @ W2
loss = sum((out - Y)**2)"""
SAMPLES = """dw = np.zeros(d)
db = 0
for i in range(m):
    e = p[i] - y[i]
    dw += X[i] * e
    db += e
dw /= m
db /= m"""
LOOPS = {
    "samples": (LOGIT, SAMPLES),
    "zip": (
        RIDGE,
        "dw = np.zeros(d)\nfor x_i, y_i in zip(X, y):\n    e = x_i @ w + b - y_i\n    dw += 2 * e * x_i / n\ndw += 2 * lam * w",
    ),
    "entries": (
        LOGIT,
        "dw = np.zeros(d)\nfor i in range(m):\n    for j in range(d):\n        dw[j] += X[i, j] * (p[i] - y[i]) / m",
    ),
    "columns": (DEEP, "dW2 = np.zeros((h, k))\nfor j in range(k):\n    dW2[:, j] = 2 * a1.T @ (out[:, j] - Y[:, j])"),
    "a name of the network": (LOGIT, SAMPLES.replace("e = p[i] - y[i]", "z = X[i] @ w + b\n    e = 1/(1 + np.exp(-z)) - y[i]")),
    "a dict": (LOGIT, "grads = {}\n" + SAMPLES.replace("dw", "grads['w']").replace("db", "grads['b']")),
    "layers in lists": (
        DEEP,
        "W, a, dW = [W1, W2], [X, a1], [None] * 2\ndelta = 2 * (out - Y)\nfor l in reversed(range(2)):\n    dW[l] = a[l].T @ delta\n"
        "    if l > 0:\n        delta = delta @ W[l].T * (1 - a[l]**2)\ndW1, dW2 = dW",
    ),
}
SLIPS = [("p[i] - y[i]", "y[i] - p[i]"), ("+= ", "-= "), ("/ n", ""), ("2 *", "3 *"), ("a[l].T", "-a[l].T")]


@pytest.mark.parametrize("way", [pytest.param(w, marks=() if w in ("samples", "a dict") else pytest.mark.slow) for w in LOOPS])
def test_a_loop_of_code_is_read_as_python_runs_it(way: str) -> None:
    network, code = LOOPS[way]
    assert set((oracle(network, code) or {"": False}).values()) == {True}
    found = sb.verify(network, code)
    assert found.ok, str(found)
    right, slip = next((right, slip) for right, slip in SLIPS if right in code)
    wrong = code.replace(right, slip, 1)
    assert not all((oracle(network, wrong) or {"": False}).values())
    assert sb.verify(network, wrong).exit_code == 1


def test_a_function_with_a_loop_is_read_by_its_lines() -> None:
    code = "def backward(X, y, w, b):\n    m, d = X.shape\n" + "".join(f"    {line}\n" for line in SAMPLES.splitlines())
    assert sb.verify(LOGIT, f"{code}    return dw, db").ok


def test_a_fault_in_one_gradient_is_none_of_another() -> None:
    found = sb.verify(LOGIT, SAMPLES.replace("dw += X[i] * e", "dw += X[:, i] * e"))
    assert [one.right for one in found.claims] == [False, True]


@pytest.mark.parametrize(
    ("code", "name", "lines"),
    [
        ("a = 1\nb = 2\nc = a", "c", "a = 1\nc = a"),
        ("a = x\nb = a\nb[0] = 1\nc = a", "c", "a = x\nb = a\nb[0] = 1\nc = a"),  # b is the array of a
        ("for i in r:\n    a += i\n    b += i", "a", "for i in r:\n    a += i"),
        (
            "u = 1\nfor i in r:\n    a += u\n    u = b\n    b += 1\n    q = 2",
            "a",
            "u = 1\nfor i in r:\n    a += u\n    u = b\n    b += 1",
        ),
        ("if t:\n    a = 1\nelse:\n    b = 2", "b", "if t:\n    pass\nelse:\n    b = 2"),
        ("f(a)\nb = 1\nc = a", "c", "f(a)\nc = a"),
    ],
)
def test_the_lines_that_a_name_is_made_of(code: str, name: str, lines: str) -> None:
    assert ast.unparse(ast.Module(sliced(ast.parse(code).body, name), [])) == lines
