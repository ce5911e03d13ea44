"""What it costs to read a text grows with its length, not with the square of it."""

import ast

import pytest

from symbackprop.notation import read


def layers(count: int) -> str:
    lines = [f"W{k}: parameter[h, h]\nb{k}: parameter[h]\na{k + 1} = tanh(W{k} @ a{k} + b{k})" for k in range(count)]
    return "\n".join(["a0: data[h]", *lines, f"L = sum(a{count}**2)"])


def visited(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many nodes of the syntax are looked at, each time counted."""
    plain, seen = ast.iter_child_nodes, 0

    def counting(node):
        nonlocal seen
        seen += 1
        return plain(node)

    with monkeypatch.context() as patched:
        patched.setattr(ast, "iter_child_nodes", counting)
        read(text)
    return seen


def test_a_text_of_twice_as_many_lines_is_read_by_twice_as_many_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (visited(layers(count), monkeypatch) for count in (20, 40))
    assert few > 200
    assert many < 2.2 * few
