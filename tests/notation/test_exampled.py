"""Shapes of a function's arguments from an example in its file, which is read and never run."""

from pathlib import Path

import pytest

import symbackprop as sb

LOSS = "def loss(W, X, y):\n    return np.mean((X @ W - y) ** 2)\n"
TWO_LAYERS = """\
def loss(W1, b1, W2, b2, X, y, reg):
    scores = np.maximum(0, X.dot(W1) + b1).dot(W2) + b2
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(X.shape[0]), y]).mean() + reg * np.sum(W1 * W1)
def main():
    N, D, H, C = 10, 4, 5, 3
    X = np.random.randn(N, D) * 0.1
    y = np.random.randint(C, size=N)
    W1, b1 = 1e-3 * np.random.randn(D, H), np.zeros(H)
    for it in range(10):
        print(loss(W1, b1, np.random.randn(H, C), np.zeros((C,)), X, y, reg=1e-4))
"""
ATTENTION = """\
def loss(Q, K, V, Y):
    S = Q @ K.swapaxes(-2, -1) / np.sqrt(Q.shape[-1])
    P = np.exp(S) / np.exp(S).sum(axis=-1, keepdims=True)
    return np.sum(P @ V * Y)
rng = np.random.default_rng(0)
B, n = 2, 3
Q = rng.normal(size=(B, n, 4))
loss(Q, rng.standard_normal((B, 5, 4)), rng.uniform(-1, 1, (B, 5, 6)), np.ones((B, n, 6)))
"""
STEPS = """\
def loss(Wx, Wh, x, h0):
    h = h0
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ Wx + h @ Wh)
    return np.sum(h**2)
x, h0 = np.random.randn(2, 5, 3), np.zeros((2, 4))
loss(np.random.randn(3, 4), np.eye(4), x, np.zeros_like(h0))
"""
CASES = {
    "drawn": (
        LOSS + "if __name__ == '__main__':\n    X, y = np.random.randn(5, 3), np.zeros(5)\n    print(loss(np.ones(3), X, y))\n",
        {"X": 2, "y": 1, "W": 1},
    ),
    "in a function": (TWO_LAYERS, {"W1": 2, "b1": 1, "W2": 2, "b2": 1, "X": 2, "y": 1, "reg": 0}),
    "of three axes": (ATTENTION, {"Q": 3, "K": 3, "V": 3, "Y": 3}),
    "in lists": (LOSS + "loss(np.array([[1.0], [2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [0.0]]))\n", {"W": 2, "X": 2, "y": 2}),
    "by steps": (STEPS, {"Wx": 2, "Wh": 2, "x": 3, "h0": 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_shapes_are_those_of_an_example_in_the_file(name: str, tmp_path: Path) -> None:
    text, axes = CASES[name]
    (tmp_path / "file.py").write_text(f"import numpy as np\n{text}")
    net = sb.read(f"{tmp_path / 'file.py'}:loss")
    assert {t.name: len(t.shape) for t in net.program.inputs} == axes
    assert net.notes[0].startswith("Nobody declared the arguments")
    if name == "by steps":
        assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["Wx", "Wh"]


def test_examples_that_differ_say_nothing(tmp_path: Path) -> None:
    text = f"import numpy as np\n{LOSS.replace(' @ ', ' * ')}loss(np.ones(3), np.ones((2, 3)), 1.0)\nloss(np.ones((2, 3)), np.ones(3), 1.0)\n"
    (tmp_path / "file.py").write_text(text)
    with pytest.raises(sb.NotationError, match="not declared"):
        sb.read(f"{tmp_path / 'file.py'}:loss")
